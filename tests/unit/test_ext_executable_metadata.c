/* The ExecutableMetadata extension on the simulated plugin. */
#include "pjrt/ext/executable_metadata.h"

#include "ext_node.h"

/* Field 2 is the number of parameters, field 3 that of outputs. */
static void expect_metadata(pjrt_error *error, void *data, size_t size) {
  static const unsigned char ends[] = {2 << 3, 2, 3 << 3, 2};
  expect_ok(error);
  assert_true(size > sizeof ends);
  assert_memory_equal((char *)data + size - sizeof ends, ends, sizeof ends);
  pjrt_host_free(data);
}

static void test_of_programs(void **state) {
  const fixture *f = *state;
  void *data;
  size_t size;
  pjrt_topology *topology;
  pjrt_program *program;
  pjrt_compiled *compiled;
  pjrt_executable *executable = compile(f->client, pass_program, NULL);
  pjrt_error *error = pjrt_executable_metadata(executable, &data, &size);
  expect_metadata(error, data, size);
  pjrt_executable_free(executable);
  expect_ok(pjrt_client_topology(f->client, &topology));
  expect_ok(pjrt_program_create(pass_program, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO,
                                &program));
  expect_ok(pjrt_topology_compile(topology, program, NULL, &compiled));
  pjrt_program_free(program);
  error = pjrt_compiled_metadata(compiled, &data, &size);
  expect_metadata(error, data, size);
  pjrt_compiled_free(compiled);
}

static void test_refused(void **state) {
  const fixture *f = *state;
  void *data = &data;
  size_t size = 7;
  pjrt_executable *executable = compile(f->client, pass_program, NULL);
  expect_error(pjrt_executable_metadata(NULL, &data, &size),
               PJRT_INVALID_ARGUMENT, "executable is NULL");
  assert_null(data);
  assert_int_equal(size, 0);
  expect_error(pjrt_compiled_metadata(NULL, &data, &size),
               PJRT_INVALID_ARGUMENT, "compiled is NULL");
  expect_ok(pjrt_executable_delete(executable));
  expect_error(pjrt_executable_metadata(executable, &data, &size),
               PJRT_FAILED_PRECONDITION, "deleted");
  pjrt_executable_free(executable);
}

/* ---- what plugins lack, and answer --------------------------------------- */

static pjrt_error *ask(const fixture *f) {
  void *data;
  size_t size;
  pjrt_executable *executable = compile(f->client, pass_program, NULL);
  pjrt_error *error = pjrt_executable_metadata(executable, &data, &size);
  assert_true((error == NULL) == (data != NULL));
  pjrt_host_free(data);
  pjrt_executable_free(executable);
  return error;
}

static void test_older_plugins(void **state) {
  (void)state;
  expect_error(ext_ask_minor(74, ask), PJRT_UNIMPLEMENTED,
               "the plugin has no extension ExecutableMetadata, which API 0.75 "
               "brought");
  expect_ok(ext_ask_minor(75, ask));
}

static void test_fails(void **state) {
  const fixture *f = *state;
  sim_fail("PJRT_ExecutableMetadata_GetExecutableMetadata", 0,
           PJRT_Error_Code_INTERNAL);
  expect_error(ask(f), PJRT_INTERNAL, "");
  sim_configure_default();
}

/* What the plugin answers with next; NULL: no struct. */
static PJRT_ExecutableMetadata *answer;

static PJRT_Error *answer_so(
    PJRT_ExecutableMetadata_GetExecutableMetadata_Args *args) {
  args->metadata = answer;
  return NULL;
}

static int num_destroyed;

static void keep(PJRT_ExecutableMetadata_DestroySerializedMetadata_Args *args) {
  num_destroyed += args->metadata == answer;
}

static void test_answers_are_not_trusted(void **state) {
  fixture *f = *state;
  PJRT_ExecutableMetadata_Extension node;
  PJRT_ExecutableMetadata metadata = {NULL, 5};
  EXT_TAKE_NODE(f, ExecutableMetadata, &node);
  node.destroy_serialized_metadata = keep;
  node.get_executable_metadata = answer_so;
  answer = NULL;
  num_destroyed = 0;
  expect_error(ask(f), PJRT_INTERNAL, "gives no metadata");
  assert_int_equal(num_destroyed, 0);
  answer = &metadata;
  expect_error(ask(f), PJRT_INTERNAL, "5 and a NULL pointer");
  metadata = (PJRT_ExecutableMetadata){"", SIZE_MAX};
  expect_error(ask(f), PJRT_INTERNAL, "garbage");
  assert_int_equal(num_destroyed, 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_of_programs),
      sim_test(test_refused),
      cmocka_unit_test(test_older_plugins),
      sim_test(test_fails),
      sim_test(test_answers_are_not_trusted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
