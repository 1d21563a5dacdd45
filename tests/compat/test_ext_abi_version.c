/* The AbiVersion extension of real plugins without hardware: what compiled
 * programs need is told, carried as bytes, and compared with runtimes that are
 * only bytes, too. Asking a client needs one.
 * tier: all */
#include "compat/machines.h"
#include "pjrt/ext/abi_version.h"
#include "unit/wire_writer.h"

/* What a compiled program needs; the program is freed. */
static pjrt_executable_abi_version *needed(pjrt_compiled *compiled) {
  pjrt_executable_abi_version *version;
  assert_ok(pjrt_executable_abi_version_of_compiled(compiled, &version));
  pjrt_compiled_free(compiled);
  return version;
}

/* A runtime of the platform of `version`, in the plugin's own words. */
static pjrt_error *runtime(pjrt_plugin *plugin,
                           const pjrt_executable_abi_version *version,
                           const wire_writer *words,
                           pjrt_runtime_abi_version **out) {
  uint64_t platform;
  wire_writer bytes = {.size = 0};
  assert_ok(pjrt_executable_abi_version_platform_id(version, &platform));
  wire_number(&bytes, 1, platform);
  wire_message(&bytes, 2, words);
  return pjrt_runtime_abi_version_deserialize(plugin, bytes.data, bytes.size,
                                              out);
}

static void check_bytes(pjrt_plugin *plugin,
                        const pjrt_executable_abi_version *version) {
  void *data, *again;
  size_t size, size_again;
  uint64_t platform, other;
  pjrt_executable_abi_version *copy;
  assert_ok(pjrt_executable_abi_version_serialize(version, &data, &size));
  assert_ok(pjrt_executable_abi_version_deserialize(plugin, data, size, &copy));
  assert_ok(pjrt_executable_abi_version_serialize(copy, &again, &size_again));
  assert_int_equal(size, size_again);
  assert_memory_equal(data, again, size);
  assert_ok(pjrt_executable_abi_version_platform_id(version, &platform));
  assert_ok(pjrt_executable_abi_version_platform_id(copy, &other));
  assert_true(platform != 0 && platform == other);
  pjrt_executable_abi_version_free(copy);
  pjrt_host_free(data);
  pjrt_host_free(again);
}

static void check_garbage(pjrt_plugin *plugin) {
  pjrt_runtime_abi_version *version;
  pjrt_executable_abi_version *needed_version;
  assert_code(
      pjrt_runtime_abi_version_deserialize(plugin, "garbage!", 8, &version),
      PJRT_INVALID_ARGUMENT, "Failed to parse");
  assert_code(pjrt_executable_abi_version_deserialize(plugin, "garbage!", 8,
                                                      &needed_version),
              PJRT_INVALID_ARGUMENT, "Failed to parse");
  assert_plugin_error(
      pjrt_runtime_abi_version_deserialize(plugin, "", 0, &version));
}

/* No plugin compares runtimes. */
static void check_runtime(const pjrt_runtime_abi_version *version) {
  void *data;
  size_t size;
  uint64_t platform;
  assert_ok(pjrt_runtime_abi_version_serialize(version, &data, &size));
  assert_true(size > 0);
  pjrt_host_free(data);
  assert_ok(pjrt_runtime_abi_version_platform_id(version, &platform));
  assert_true(platform != 0);
  assert_code(pjrt_runtime_abi_version_check_runtime(version, version),
              PJRT_UNIMPLEMENTED, "not implemented");
}

/* ---- TPUs ---------------------------------------------------------------- */

static pjrt_executable_abi_version *needed_on_tpu(pjrt_plugin *plugin) {
  pjrt_compiled *compiled;
  pjrt_topology *topology = tpu(plugin, "v4:2x2x1");
  assert_ok(try_compile_for(topology, add_program, NULL, &compiled));
  pjrt_topology_free(topology);
  return needed(compiled);
}

static void tpu_tells_what_a_program_needs(void **state) {
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  pjrt_executable_abi_version *version = needed_on_tpu(plugin);
  check_bytes(plugin, version);
  check_garbage(plugin);
  pjrt_executable_abi_version_free(version);
  pjrt_plugin_free(plugin);
}

/* Of the compiler's base version and hash, and no hardware. */
static void tpu_compares(void **state) {
  pjrt_runtime_abi_version *old, *none;
  wire_writer words = {.size = 0};
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  pjrt_executable_abi_version *version = needed_on_tpu(plugin);
  wire_number(&words, 1, 165);
  wire_field(&words, 3, "default", 7);
  assert_ok(runtime(plugin, version, &words, &none));
  check_runtime(none);
  assert_code(pjrt_runtime_abi_version_check_executable(none, version),
              PJRT_NOT_FOUND, "hardware configuration");
  words.size = 0;
  wire_number(&words, 1, 3);
  wire_field(&words, 3, "default", 7);
  assert_ok(runtime(plugin, version, &words, &old));
  assert_code(pjrt_runtime_abi_version_check_executable(old, version),
              PJRT_FAILED_PRECONDITION, "base ABI version");
  pjrt_runtime_abi_version_free(none);
  pjrt_runtime_abi_version_free(old);
  pjrt_executable_abi_version_free(version);
  pjrt_plugin_free(plugin);
}

/* ---- an H100 ------------------------------------------------------------- */

static pjrt_executable_abi_version *needed_on_h100(pjrt_plugin *plugin) {
  pjrt_topology *topology = h100(plugin, "1x1x1");
  pjrt_compiled *compiled = compile_h100_matmul(topology);
  pjrt_topology_free(topology);
  return needed(compiled);
}

static void cuda_tells_what_a_program_needs(void **state) {
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_CUDA");
  pjrt_executable_abi_version *version = needed_on_h100(plugin);
  check_bytes(plugin, version);
  check_garbage(plugin);
  pjrt_executable_abi_version_free(version);
  pjrt_plugin_free(plugin);
}

/* Of the versions of CUDA, and of what comes with it. */
static void cuda_compares(void **state) {
  pjrt_runtime_abi_version *version;
  wire_writer cuda = {.size = 0}, words = {.size = 0};
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_CUDA");
  pjrt_executable_abi_version *needs = needed_on_h100(plugin);
  for (unsigned i = 1; i <= 3; i++) wire_field(&cuda, i, "12.9.0", 6);
  wire_field(&words, 1, "CUDA", 4);
  wire_message(&words, 2, &cuda);
  assert_ok(runtime(plugin, needs, &words, &version));
  check_runtime(version);
  assert_ok(pjrt_runtime_abi_version_check_executable(version, needs));
  pjrt_runtime_abi_version_free(version);
  words.size = 0;
  assert_plugin_error(runtime(plugin, needs, &words, &version));
  pjrt_executable_abi_version_free(needs);
  pjrt_plugin_free(plugin);
}

/* ---- others -------------------------------------------------------------- */

static void cpus_have_no_such_extension(void **state) {
  pjrt_runtime_abi_version *version;
  (void)state;
  fixture *f = fixture_create(plugin_path("PJRT_TEST_PLUGIN_CPU"));
  assert_refused(pjrt_runtime_abi_version_of_client(f->client, &version),
                 PJRT_UNIMPLEMENTED, "the plugin has no extension AbiVersion");
  fixture_free(f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tpu_tells_what_a_program_needs),
      cmocka_unit_test(tpu_compares),
      cmocka_unit_test(cuda_tells_what_a_program_needs),
      cmocka_unit_test(cuda_compares),
      cmocka_unit_test(cpus_have_no_such_extension),
  };
  return cmocka_run_group_tests(tests, spare_the_tpu, NULL);
}
