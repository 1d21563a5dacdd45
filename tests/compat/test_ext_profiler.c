/* Profilers of plugins without their hardware: libtpu records what it does on
 * the host, XLA's CUDA plugins a space without devices, each lending its own
 * memory; the Tenstorrent plugin has stubs.
 * tier: all */
#include <stdlib.h>
#include <string.h>

#include "compat/plugins.h"

/* Needs the headers above. */
#include <pjrt/ext/profiler.h>
#include <pjrt/ext/xspace.h>
#include <pjrt/raw.h>

static int spare_the_tpu(void **state) {
  (void)state;
  setenv("TPU_SKIP_MDS_QUERY", "1", 1);
  setenv("ALLOW_MULTIPLE_LIBTPU_LOAD", "1", 1);
  return 0;
}

typedef pjrt_error *collect_fn(pjrt_profiler *profiler, void **out,
                               size_t *out_size);

/* Starts, has the plugin do something, stops, and reads what it recorded. */
static pjrt_xspace *record(pjrt_plugin *plugin, collect_fn *collect) {
  pjrt_profiler *profiler;
  pjrt_client *client;
  pjrt_xspace *space;
  void *data;
  size_t size;
  assert_ok(pjrt_profiler_create(plugin, NULL, &profiler));
  assert_ok(pjrt_profiler_start(profiler));
  pjrt_error_free(pjrt_client_create(plugin, NULL, &client));
  pjrt_client_free(client);
  assert_ok(pjrt_profiler_stop(profiler));
  assert_ok(collect(profiler, &data, &size));
  assert_ok(pjrt_xspace_parse(data, size, &space));
  pjrt_host_free(data);
  pjrt_profiler_free(profiler);
  return space;
}

static size_t count_events(const pjrt_xspace *space, const char *name) {
  size_t num = 0;
  for (size_t i = 0; i < pjrt_xspace_num_planes(space); i++) {
    const pjrt_xplane *plane = pjrt_xspace_plane(space, i);
    if (strcmp(pjrt_xplane_name(plane, NULL), name) != 0) continue;
    for (size_t l = 0; l < pjrt_xplane_num_lines(plane); l++) {
      num += pjrt_xline_num_events(pjrt_xplane_line(plane, l));
    }
  }
  return num;
}

/* ---- libtpu -------------------------------------------------------------- */

static void tpu_records_its_host(void **state) {
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  pjrt_xspace *space = record(plugin, pjrt_profiler_collect);
  assert_true(count_events(space, "/host:CPU") > 0);
  pjrt_xspace_free(space);
  space = record(plugin, pjrt_profiler_consume);
  assert_true(count_events(space, "/host:CPU") > 0);
  pjrt_xspace_free(space);
  pjrt_plugin_free(plugin);
}

static void tpu_runs_one_profiler(void **state) {
  (void)state;
  pjrt_profiler *first, *second;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  assert_ok(pjrt_profiler_create(plugin, NULL, &first));
  assert_ok(pjrt_profiler_create(plugin, NULL, &second));
  assert_ok(pjrt_profiler_start(first));
  pjrt_error *error = pjrt_profiler_start(second);
  assert_int_equal(pjrt_error_origin(error), PJRT_ORIGIN_PLUGIN);
  assert_string_equal(pjrt_error_call(error), "PLUGIN_Profiler_Start");
  assert_code(error, PJRT_UNAVAILABLE, "already underway");
  pjrt_profiler_free(second);
  pjrt_profiler_free(first);
  pjrt_plugin_free(plugin);
}

/* ---- CUDA ---------------------------------------------------------------- */

static void check_cuda(const char *variable) {
  pjrt_profiler *profiler;
  void *data;
  size_t size;
  pjrt_plugin *plugin = open_plugin(variable);
  pjrt_xspace *space = record(plugin, pjrt_profiler_collect);
  assert_int_equal(count_events(space, "/device:GPU:0"), 0);
  pjrt_xspace_free(space);
  assert_ok(pjrt_profiler_create(plugin, NULL, &profiler));
  assert_ok(pjrt_profiler_start(profiler));
  assert_ok(pjrt_profiler_stop(profiler));
  assert_code(pjrt_profiler_consume(profiler, &data, &size), PJRT_UNIMPLEMENTED,
              "PLUGIN_Profiler_Consume");
  pjrt_profiler_free(profiler);
  pjrt_plugin_free(plugin);
}

#define CUDA_TEST(name, variable)             \
  static void name(void **state) {            \
    (void)state;                              \
    check_cuda("PJRT_TEST_PLUGIN_" variable); \
  }
CUDA_TEST(cuda, "CUDA")
CUDA_TEST(cuda_0_114, "CUDA_0_114")
CUDA_TEST(cuda_0_76, "CUDA_0_76")
CUDA_TEST(cuda_0_57, "CUDA_0_57")
CUDA_TEST(cuda_0_54, "CUDA_0_54")
CUDA_TEST(cuda_0_47, "CUDA_0_47")
CUDA_TEST(cuda_0_40, "CUDA_0_40") /* whose nodes have no size */

/* ---- others -------------------------------------------------------------- */

/* Its functions report success and do nothing. */
static void tt_has_stubs(void **state) {
  (void)state;
  pjrt_profiler *profiler;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TT");
  assert_code(pjrt_profiler_create(plugin, NULL, &profiler), PJRT_INTERNAL,
              "the plugin reports success and gives no profiler");
  pjrt_plugin_free(plugin);
}

static void cpu_has_none(void **state) {
  (void)state;
  static const char *const variables[] = {"PJRT_TEST_PLUGIN_CPU",
                                          "PJRT_TEST_PLUGIN_CPU_0_106",
                                          "PJRT_TEST_PLUGIN_CPU_0_81"};
  for (size_t i = 0; i < 3; i++) {
    pjrt_profiler *profiler;
    pjrt_plugin *plugin = open_plugin(variables[i]);
    assert_code(pjrt_profiler_create(plugin, NULL, &profiler),
                PJRT_UNIMPLEMENTED, "the plugin has no extension Profiler");
    pjrt_plugin_free(plugin);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tpu_records_its_host),
      cmocka_unit_test(tpu_runs_one_profiler),
      cmocka_unit_test(cuda),
      cmocka_unit_test(cuda_0_114),
      cmocka_unit_test(cuda_0_76),
      cmocka_unit_test(cuda_0_57),
      cmocka_unit_test(cuda_0_54),
      cmocka_unit_test(cuda_0_47),
      cmocka_unit_test(cuda_0_40),
      cmocka_unit_test(tt_has_stubs),
      cmocka_unit_test(cpu_has_none),
  };
  return cmocka_run_group_tests(tests, spare_the_tpu, NULL);
}
