/* The Layouts extension of plugins without hardware: the layouts of machines
 * that are not there, and of programs that are compiled for them.
 * tier: all */
#include "compat/machines.h"

/* Needs the header above. */
#include <pjrt/ext/layouts.h>

static const int64_t dims[] = {16, 256};

static void assert_text(pjrt_error *error, pjrt_layout *layout,
                        const char *expected) {
  char *text;
  assert_ok(error);
  assert_ok(pjrt_layout_to_text(layout, &text, NULL));
  assert_string_equal(text, expected);
  pjrt_host_free(text);
  pjrt_layout_free(layout);
}

/* Tiles of 8 by 128, which hold twice the rows of types half as wide. */
static void tpus_have_tiles(void **state) {
  pjrt_layout *layout;
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  pjrt_topology *topology = tpu(plugin, "v5e:2x2");
  pjrt_error *error =
      pjrt_layouts_default_for_topology(topology, PJRT_F32, dims, 2, &layout);
  assert_text(error, layout, "{1,0:T(8,128)}");
  error =
      pjrt_layouts_default_for_topology(topology, PJRT_BF16, dims, 2, &layout);
  assert_text(error, layout, "{1,0:T(8,128)(2,1)}");
  error =
      pjrt_layouts_default_for_topology(topology, PJRT_F32, dims, 0, &layout);
  assert_text(error, layout, "{:T(128)}");
  pjrt_topology_free(topology);
  pjrt_plugin_free(plugin);
}

static void programs_for_tpus_tell_theirs(void **state) {
  pjrt_compiled *matmul;
  pjrt_layout *layout;
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  pjrt_topology *topology = tpu(plugin, "v5e:2x2");
  assert_ok(try_compile_for(topology, matmul_program, NULL, &matmul));
  pjrt_error *error = pjrt_layouts_of_compiled_parameter(matmul, 1, &layout);
  assert_text(error, layout, "{1,0:T(8,128)}");
  error = pjrt_layouts_of_compiled_output(matmul, 0, &layout);
  assert_text(error, layout, "{1,0:T(8,128)}");
  assert_code(pjrt_layouts_of_compiled_output(matmul, 1, &layout),
              PJRT_INVALID_ARGUMENT, "layout 1 of a program that has 1");
  assert_null(layout);
  pjrt_compiled_free(matmul);
  pjrt_topology_free(topology);
  pjrt_plugin_free(plugin);
}

static void an_h100_has_none(void **state) {
  pjrt_layout *layout;
  (void)state;
  set_path(".");
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_CUDA");
  pjrt_topology *topology = h100(plugin, "1x1x1");
  pjrt_error *error =
      pjrt_layouts_default_for_topology(topology, PJRT_F32, dims, 2, &layout);
  assert_text(error, layout, "{1,0}");
  pjrt_compiled *matmul = compile_h100_matmul(topology);
  error = pjrt_layouts_of_compiled_parameter(matmul, 1, &layout);
  assert_text(error, layout, "{1,0}");
  error = pjrt_layouts_of_compiled_output(matmul, 0, &layout);
  assert_text(error, layout, "{1,0}");
  pjrt_compiled_free(matmul);
  pjrt_topology_free(topology);
  pjrt_plugin_free(plugin);
}

/* Layouts of topologies came with 0.76. */
static void older_plugins_have_less(void **state) {
  static const struct {
    const char *variable;
    bool has_it;
  } plugins[] = {{"PJRT_TEST_PLUGIN_CUDA_0_57", false},
                 {"PJRT_TEST_PLUGIN_CUDA_0_76", true}};
  (void)state;
  for (size_t i = 0; i < sizeof plugins / sizeof *plugins; i++) {
    pjrt_layout *layout;
    pjrt_plugin *plugin = open_plugin(plugins[i].variable);
    pjrt_topology *topology = h100(plugin, "1x1x1");
    pjrt_error *error =
        pjrt_layouts_default_for_topology(topology, PJRT_F32, dims, 2, &layout);
    if (plugins[i].has_it) {
      assert_text(error, layout, "{1,0}");
    } else {
      assert_refused(error, PJRT_UNIMPLEMENTED,
                     "PJRT_Layouts_PJRT_Topology_GetDefaultLayout, which API "
                     "0.76 brought");
      assert_null(layout);
    }
    pjrt_topology_free(topology);
    pjrt_plugin_free(plugin);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tpus_have_tiles),
      cmocka_unit_test(programs_for_tpus_tell_theirs),
      cmocka_unit_test(an_h100_has_none),
      cmocka_unit_test(older_plugins_have_less),
  };
  return cmocka_run_group_tests(tests, spare_the_tpu, NULL);
}
