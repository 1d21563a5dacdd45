/* The AbiVersion extension on the simulated plugin, whose versions are its
 * platform and its minor. */
#include "pjrt/ext/abi_version.h"

#include <sys/wait.h>
#include <unistd.h>

#include "ext_node.h"
#include "wire_writer.h"

static const pjrt_code bad = PJRT_INVALID_ARGUMENT;

static pjrt_runtime_abi_version *runtime_of(const fixture *f) {
  pjrt_runtime_abi_version *version;
  expect_ok(pjrt_runtime_abi_version_of_client(f->client, &version));
  return version;
}

static pjrt_executable_abi_version *needed_by_program(const fixture *f) {
  pjrt_executable_abi_version *version;
  pjrt_executable *executable = compile(f->client, pass_program, NULL);
  expect_ok(pjrt_executable_abi_version_of_executable(executable, &version));
  pjrt_executable_free(executable);
  return version;
}

/* A version of the plugin's platform and another minor. */
static wire_writer bytes_of(uint64_t platform, uint64_t minor) {
  wire_writer bytes = {.size = 0};
  wire_number(&bytes, 1, platform);
  wire_number(&bytes, 2, minor);
  return bytes;
}

static pjrt_executable_abi_version *needed(const fixture *f, uint64_t platform,
                                           uint64_t minor) {
  pjrt_executable_abi_version *version;
  const wire_writer bytes = bytes_of(platform, minor);
  expect_ok(pjrt_executable_abi_version_deserialize(f->plugin, bytes.data,
                                                    bytes.size, &version));
  return version;
}

/* ---- what they say ------------------------------------------------------- */

static void test_fits(void **state) {
  const fixture *f = *state;
  uint64_t platform, other;
  pjrt_runtime_abi_version *runtime = runtime_of(f);
  pjrt_executable_abi_version *version = needed_by_program(f);
  expect_ok(pjrt_runtime_abi_version_check_executable(runtime, version));
  expect_ok(pjrt_runtime_abi_version_check_runtime(runtime, runtime));
  expect_ok(pjrt_runtime_abi_version_platform_id(runtime, &platform));
  expect_ok(pjrt_executable_abi_version_platform_id(version, &other));
  assert_true(platform != 0 && platform == other);
  pjrt_runtime_abi_version_free(runtime);
  pjrt_executable_abi_version_free(version);
}

static void test_does_not_fit(void **state) {
  const fixture *f = *state;
  uint64_t platform;
  pjrt_runtime_abi_version *newer, *runtime = runtime_of(f);
  expect_ok(pjrt_runtime_abi_version_platform_id(runtime, &platform));
  const wire_writer bytes = bytes_of(platform, 999);
  expect_ok(pjrt_runtime_abi_version_deserialize(f->plugin, bytes.data,
                                                 bytes.size, &newer));
  expect_error(pjrt_runtime_abi_version_check_runtime(runtime, newer),
               PJRT_FAILED_PRECONDITION, "version 999 is newer");
  expect_ok(pjrt_runtime_abi_version_check_runtime(newer, runtime));
  pjrt_runtime_abi_version_free(newer);
  pjrt_executable_abi_version *version = needed(f, platform, 999);
  expect_error(pjrt_runtime_abi_version_check_executable(runtime, version),
               PJRT_FAILED_PRECONDITION, "version 999 is newer");
  pjrt_executable_abi_version_free(version);
  version = needed(f, 5, 90);
  expect_error(pjrt_runtime_abi_version_check_executable(runtime, version),
               PJRT_FAILED_PRECONDITION, "platform 5, expected");
  pjrt_executable_abi_version_free(version);
  pjrt_runtime_abi_version_free(runtime);
}

static void test_as_bytes(void **state) {
  const fixture *f = *state;
  void *data, *again;
  size_t size, size_again;
  pjrt_runtime_abi_version *runtime = runtime_of(f), *copy;
  pjrt_executable_abi_version *version = needed_by_program(f), *copied;
  expect_ok(pjrt_runtime_abi_version_serialize(runtime, &data, &size));
  expect_ok(pjrt_runtime_abi_version_deserialize(f->plugin, data, size, &copy));
  expect_ok(pjrt_runtime_abi_version_check_runtime(copy, runtime));
  pjrt_host_free(data);
  expect_ok(pjrt_executable_abi_version_serialize(version, &data, &size));
  expect_ok(
      pjrt_executable_abi_version_deserialize(f->plugin, data, size, &copied));
  expect_ok(pjrt_executable_abi_version_serialize(copied, &again, &size_again));
  assert_int_equal(size, size_again);
  assert_memory_equal(data, again, size);
  pjrt_host_free(data);
  pjrt_host_free(again);
  pjrt_runtime_abi_version_free(runtime);
  pjrt_runtime_abi_version_free(copy);
  pjrt_executable_abi_version_free(version);
  pjrt_executable_abi_version_free(copied);
}

static void test_of_compiled(void **state) {
  const fixture *f = *state;
  pjrt_topology *topology;
  pjrt_program *program;
  pjrt_compiled *compiled;
  pjrt_executable_abi_version *version;
  pjrt_runtime_abi_version *runtime = runtime_of(f);
  expect_ok(pjrt_client_topology(f->client, &topology));
  expect_ok(pjrt_program_create(pass_program, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO,
                                &program));
  expect_ok(pjrt_topology_compile(topology, program, NULL, &compiled));
  expect_ok(pjrt_executable_abi_version_of_compiled(compiled, &version));
  pjrt_program_free(program);
  pjrt_compiled_free(compiled);
  expect_ok(pjrt_runtime_abi_version_check_executable(runtime, version));
  pjrt_runtime_abi_version_free(runtime);
  pjrt_executable_abi_version_free(version);
}

/* What they were asked of goes first. */
static void test_outlive_all(void **state) {
  fixture *f = *state;
  pjrt_runtime_abi_version *runtime = runtime_of(f);
  pjrt_executable_abi_version *version = needed_by_program(f);
  fixture_drop(f);
  expect_ok(pjrt_runtime_abi_version_check_executable(runtime, version));
  pjrt_runtime_abi_version_free(runtime);
  pjrt_executable_abi_version_free(version);
}

/* ---- refused ------------------------------------------------------------- */

static void test_null(void **state) {
  const fixture *f = *state;
  void *data = &data;
  size_t size = 7;
  uint64_t platform = 7;
  pjrt_runtime_abi_version *runtime = runtime_of(f), *none;
  pjrt_executable_abi_version *version = (pjrt_executable_abi_version *)1;
  expect_error(pjrt_runtime_abi_version_of_client(NULL, &none), bad,
               "client is NULL");
  assert_null(none);
  expect_error(pjrt_executable_abi_version_of_executable(NULL, &version), bad,
               "executable is NULL");
  assert_null(version);
  expect_error(pjrt_executable_abi_version_of_compiled(NULL, &version), bad,
               "compiled is NULL");
  expect_error(pjrt_runtime_abi_version_serialize(NULL, &data, &size), bad,
               "runtime's ABI version is NULL");
  assert_null(data);
  assert_int_equal(size, 0);
  expect_error(pjrt_executable_abi_version_serialize(NULL, &data, &size), bad,
               "executable's ABI version is NULL");
  expect_error(pjrt_runtime_abi_version_platform_id(NULL, &platform), bad,
               "NULL");
  assert_int_equal(platform, 0);
  expect_error(pjrt_executable_abi_version_platform_id(NULL, &platform), bad,
               "NULL");
  expect_error(pjrt_runtime_abi_version_check_runtime(runtime, NULL), bad,
               "NULL");
  expect_error(pjrt_runtime_abi_version_check_runtime(NULL, runtime), bad,
               "NULL");
  expect_error(pjrt_runtime_abi_version_check_executable(runtime, NULL), bad,
               "executable's ABI version is NULL");
  pjrt_runtime_abi_version_free(runtime);
  pjrt_runtime_abi_version_free(NULL);
  pjrt_executable_abi_version_free(NULL);
}

static void test_bytes_that_are_none(void **state) {
  const fixture *f = *state;
  pjrt_runtime_abi_version *runtime;
  pjrt_executable_abi_version *version;
  expect_error(pjrt_runtime_abi_version_deserialize(NULL, "", 0, &runtime), bad,
               "plugin is NULL");
  expect_error(
      pjrt_runtime_abi_version_deserialize(f->plugin, NULL, 0, &runtime), bad,
      "got nothing");
  expect_error(
      pjrt_executable_abi_version_deserialize(f->plugin, NULL, 3, &version),
      bad, "got nothing");
  expect_error(
      pjrt_runtime_abi_version_deserialize(f->plugin, "garbage", 7, &runtime),
      bad, "7 bytes are no ABI version");
  assert_null(runtime);
  expect_error(pjrt_executable_abi_version_deserialize(f->plugin, "garbage", 7,
                                                       &version),
               bad, "7 bytes are no ABI version");
  assert_null(version);
}

/* Two handles of one file are two plugins. */
static void test_of_two_plugins(void **state) {
  const fixture *f = *state;
  pjrt_plugin *plugin;
  pjrt_runtime_abi_version *other, *runtime = runtime_of(f);
  pjrt_executable_abi_version *version = needed_by_program(f);
  const wire_writer bytes = bytes_of(1, 90);
  expect_ok(pjrt_plugin_open(sim_path(), PJRT_NUL_ENDED, NULL, &plugin));
  expect_ok(pjrt_runtime_abi_version_deserialize(plugin, bytes.data, bytes.size,
                                                 &other));
  expect_error(pjrt_runtime_abi_version_check_runtime(runtime, other), bad,
               "of two plugins");
  expect_error(pjrt_runtime_abi_version_check_executable(other, version), bad,
               "of two plugins");
  pjrt_runtime_abi_version_free(other);
  pjrt_plugin_free(plugin);
  pjrt_runtime_abi_version_free(runtime);
  pjrt_executable_abi_version_free(version);
}

static bool are_refused_in_child(const fixture *f,
                                 pjrt_runtime_abi_version *runtime,
                                 pjrt_executable_abi_version *version) {
  uint64_t platform;
  pjrt_runtime_abi_version *another;
  const pjrt_code codes[] = {
      pjrt_error_consume(
          pjrt_runtime_abi_version_platform_id(runtime, &platform)),
      pjrt_error_consume(
          pjrt_executable_abi_version_platform_id(version, &platform)),
      pjrt_error_consume(
          pjrt_runtime_abi_version_of_client(f->client, &another)),
  };
  bool are_refused = true;
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    are_refused = are_refused && codes[i] == PJRT_FAILED_PRECONDITION;
  }
  pjrt_runtime_abi_version_free(runtime);
  pjrt_executable_abi_version_free(version);
  return are_refused;
}

static void test_forked(void **state) {
  const fixture *f = *state;
  int status;
  pjrt_runtime_abi_version *runtime = runtime_of(f);
  pjrt_executable_abi_version *version = needed_by_program(f);
  const pid_t child = fork();
  if (child == 0) _exit(!are_refused_in_child(f, runtime, version));
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  pjrt_runtime_abi_version_free(runtime);
  pjrt_executable_abi_version_free(version);
}

/* ---- what plugins lack, and answer --------------------------------------- */

static pjrt_error *ask(const fixture *f) {
  pjrt_runtime_abi_version *version;
  pjrt_error *error = pjrt_runtime_abi_version_of_client(f->client, &version);
  assert_true((error == NULL) == (version != NULL));
  pjrt_runtime_abi_version_free(version);
  return error;
}

static void test_older_plugins(void **state) {
  (void)state;
  expect_error(ext_ask_minor(93, ask), PJRT_UNIMPLEMENTED,
               "the plugin has no extension AbiVersion, which API 0.94 "
               "brought");
  expect_ok(ext_ask_minor(94, ask));
}

static PJRT_Error *no_version(PJRT_Client_RuntimeAbiVersion_Args *args) {
  (void)args;
  return NULL;
}

static PJRT_Error *no_bytes(PJRT_RuntimeAbiVersion_ToProto_Args *args) {
  args->serialized_proto_size = 3;
  return NULL;
}

static void test_answers_are_not_trusted(void **state) {
  fixture *f = *state;
  void *data;
  size_t size;
  PJRT_AbiVersion_Extension node;
  EXT_TAKE_NODE(f, AbiVersion, &node);
  pjrt_runtime_abi_version *runtime = runtime_of(f);
  node.runtime_abi_version_to_proto = no_bytes;
  expect_error(pjrt_runtime_abi_version_serialize(runtime, &data, &size),
               PJRT_INTERNAL, "3 and a NULL pointer");
  pjrt_runtime_abi_version_free(runtime);
  node.client_runtime_abi_version = no_version;
  expect_error(ask(f), PJRT_INTERNAL, "gives no ABI version");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_fits),
      sim_test(test_does_not_fit),
      sim_test(test_as_bytes),
      sim_test(test_of_compiled),
      sim_test(test_outlive_all),
      sim_test(test_null),
      sim_test(test_bytes_that_are_none),
      sim_test(test_of_two_plugins),
      sim_test(test_forked),
      cmocka_unit_test(test_older_plugins),
      sim_test(test_answers_are_not_trusted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
