/* The ExecutableMetadata extension of libtpu, without a TPU.
 * tier: all */
#include "compat/machines.h"
#include "pjrt/ext/executable_metadata.h"

static void tpu_has_metadata(void **state) {
  void *data, *again;
  size_t size, size_again;
  pjrt_compiled *compiled;
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  pjrt_topology *topology = tpu(plugin, "v5e:2x2");
  assert_ok(try_compile_for(topology, add_program, NULL, &compiled));
  assert_ok(pjrt_compiled_metadata(compiled, &data, &size));
  assert_true(size > 100);
  assert_ok(pjrt_compiled_metadata(compiled, &again, &size_again));
  assert_int_equal(size, size_again);
  pjrt_host_free(data);
  pjrt_host_free(again);
  pjrt_compiled_free(compiled);
  pjrt_topology_free(topology);
  pjrt_plugin_free(plugin);
}

static void cpus_have_no_such_extension(void **state) {
  void *data;
  size_t size;
  (void)state;
  fixture *f = fixture_create(plugin_path("PJRT_TEST_PLUGIN_CPU"));
  pjrt_executable *executable = compile(f, add_program);
  assert_refused(pjrt_executable_metadata(executable, &data, &size),
                 PJRT_UNIMPLEMENTED,
                 "the plugin has no extension ExecutableMetadata");
  pjrt_executable_free(executable);
  fixture_free(f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tpu_has_metadata),
      cmocka_unit_test(cpus_have_no_such_extension),
  };
  return cmocka_run_group_tests(tests, spare_the_tpu, NULL);
}
