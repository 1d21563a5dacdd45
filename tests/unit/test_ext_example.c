/* The Example extension, which only the simulated plugin has. */
#include <sys/wait.h>
#include <unistd.h>

#include "ext_node.h"
#include "pjrt/ext/example.h"

static void test_sums(void **state) {
  const fixture *f = *state;
  pjrt_example *example;
  expect_ok(pjrt_example_create(f->plugin, &example));
  expect_ok(pjrt_example_method(example, 5));
  expect_ok(pjrt_example_method(example, -5));
  expect_error(pjrt_example_method(example, -1), PJRT_OUT_OF_RANGE,
               "0 and -1 have no sum");
  pjrt_example_free(example);
}

/* The plugin's handle goes first. */
static void test_outlives_its_plugin(void **state) {
  fixture *f = *state;
  pjrt_example *example;
  expect_ok(pjrt_example_create(f->plugin, &example));
  fixture_drop(f);
  expect_ok(pjrt_example_method(example, 1));
  pjrt_example_free(example);
}

static void test_refused(void **state) {
  const pjrt_plugin_opts inspect = {.struct_size = sizeof inspect,
                                    .inspect_only = true};
  pjrt_example *example = (pjrt_example *)1;
  pjrt_plugin *plugin;
  (void)state;
  expect_error(pjrt_example_create(NULL, &example), PJRT_INVALID_ARGUMENT,
               "plugin is NULL");
  assert_null(example);
  expect_error(pjrt_example_method(NULL, 1), PJRT_INVALID_ARGUMENT,
               "example is NULL");
  expect_ok(pjrt_plugin_open(sim_path(), PJRT_NUL_ENDED, &inspect, &plugin));
  expect_error(pjrt_example_create(plugin, &example), PJRT_FAILED_PRECONDITION,
               "inspect_only");
  pjrt_plugin_free(plugin);
  pjrt_example_free(NULL);
}

static void test_forked(void **state) {
  const fixture *f = *state;
  pjrt_example *example;
  int status;
  expect_ok(pjrt_example_create(f->plugin, &example));
  const pid_t child = fork();
  if (child == 0) {
    const pjrt_code code = pjrt_error_consume(pjrt_example_method(example, 1));
    pjrt_example_free(example);
    _exit(code != PJRT_FAILED_PRECONDITION);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  expect_ok(pjrt_example_method(example, 1));
  pjrt_example_free(example);
}

/* ---- what plugins lack, and answer --------------------------------------- */

static pjrt_error *create(const fixture *f) {
  pjrt_example *example;
  pjrt_error *error = pjrt_example_create(f->plugin, &example);
  assert_true((error == NULL) == (example != NULL));
  pjrt_example_free(example);
  return error;
}

static void test_older_plugins(void **state) {
  (void)state;
  expect_error(ext_ask_minor(71, create), PJRT_UNIMPLEMENTED,
               "the plugin has no extension Example, which API 0.72 brought");
  expect_ok(ext_ask_minor(72, create));
}

static PJRT_Error *no_object(
    PJRT_ExampleExtension_CreateExampleExtensionCpp_Args *args) {
  (void)args;
  return NULL;
}

static void test_odd_plugins(void **state) {
  static PJRT_Example_Extension node;
  const fixture *f = *state;
  EXT_TAKE_NODE(f, Example, &node);
  node.create = no_object;
  expect_error(create(f), PJRT_INTERNAL, "gives no object");
  node.create = NULL;
  expect_error(create(f), PJRT_UNIMPLEMENTED,
               "has no PJRT_ExampleExtension_CreateExampleExtensionCpp");
}

static void test_faults(void **state) {
  const fixture *f = *state;
  pjrt_example *example;
  expect_ok(pjrt_example_create(f->plugin, &example));
  sim_fail("PJRT_ExampleExtension_ExampleMethod", 1, PJRT_Error_Code_ABORTED);
  expect_error(pjrt_example_method(example, 1), PJRT_ABORTED, "");
  sim_configure_default();
  pjrt_example_free(example);
  sim_fail("PJRT_ExampleExtension_CreateExampleExtensionCpp", 1,
           PJRT_Error_Code_ABORTED);
  expect_error(create(f), PJRT_ABORTED, "");
  sim_configure_default();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_sums),
      sim_test(test_outlives_its_plugin),
      sim_test(test_refused),
      sim_test(test_forked),
      cmocka_unit_test(test_older_plugins),
      sim_test(test_odd_plugins),
      sim_test(test_faults),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
