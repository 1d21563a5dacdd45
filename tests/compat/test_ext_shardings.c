/* The Shardings extension of plugins without hardware: of programs for four
 * TPUs and two GPUs that are not there.
 * tier: all */
#include "compat/machines.h"

/* Needs the header above. */
#include <pjrt/ext/shardings.h>

static const char sharded_program[] =
    "module @sharded attributes {mhlo.num_partitions = 4 : i32} {\n"
    "func.func @main(%a: tensor<8x256xf32>\n"
    "    {mhlo.sharding = \"{devices=[2,2]<=[2,2]T(1,0)}\"},\n"
    "    %b: tensor<8x256xf32> {mhlo.sharding = \"{replicated}\"})\n"
    "    -> (tensor<8x256xf32>\n"
    "    {mhlo.sharding = \"{devices=[4,1]3,2,1,0}\"}) {\n"
    "  %0 = stablehlo.add %a, %b : tensor<8x256xf32>\n"
    "  return %0 : tensor<8x256xf32>\n"
    "}\n"
    "}\n";

static void assert_text(pjrt_error *error, pjrt_sharding *sharding,
                        const char *expected) {
  char *text;
  assert_ok(error);
  assert_ok(pjrt_sharding_to_text(sharding, &text, NULL));
  assert_string_equal(text, expected);
  pjrt_host_free(text);
  pjrt_sharding_free(sharding);
}

static void partitions_have_shardings(void **state) {
  pjrt_compiled *compiled;
  pjrt_sharding *sharding;
  pjrt_compile_opts opts;
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  pjrt_topology *topology = tpu(plugin, "v5e:2x2");
  pjrt_compile_opts_init(&opts);
  opts.num_partitions = 4;
  opts.use_spmd_partitioning = true;
  assert_ok(try_compile_for(topology, sharded_program, &opts, &compiled));
  pjrt_error *error =
      pjrt_shardings_of_compiled_parameter(compiled, 0, &sharding);
  assert_text(error, sharding, "{devices=[2,2]<=[2,2]T(1,0)}");
  error = pjrt_shardings_of_compiled_parameter(compiled, 1, &sharding);
  assert_text(error, sharding, "{replicated}");
  error = pjrt_shardings_of_compiled_output(compiled, 0, &sharding);
  assert_text(error, sharding, "{devices=[4,1]3,2,1,0}");
  assert_code(pjrt_shardings_of_compiled_output(compiled, 1, &sharding),
              PJRT_INVALID_ARGUMENT, "output 1 of a program that has 1");
  pjrt_compiled_free(compiled);
  pjrt_topology_free(topology);
  pjrt_plugin_free(plugin);
}

static void one_partition_has_none(void **state) {
  pjrt_compiled *matmul;
  pjrt_sharding *sharding;
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  pjrt_topology *topology = tpu(plugin, "v5e:2x2");
  assert_ok(try_compile_for(topology, matmul_program, NULL, &matmul));
  assert_code(pjrt_shardings_of_compiled_parameter(matmul, 0, &sharding),
              PJRT_NOT_FOUND, "tells no parameter shardings");
  assert_code(pjrt_shardings_of_compiled_output(matmul, 0, &sharding),
              PJRT_NOT_FOUND, "tells no output shardings");
  pjrt_compiled_free(matmul);
  pjrt_topology_free(topology);
  pjrt_plugin_free(plugin);
}

/* A product that NVIDIA's library computes needs no code of its own. */
static const char sharded_matmul[] =
    "module @sharded attributes {mhlo.num_partitions = 2 : i32} {\n"
    "func.func @main(%a: tensor<1024x1024xf32>\n"
    "    {mhlo.sharding = \"{devices=[2,1]<=[2]}\"},\n"
    "    %b: tensor<1024x1024xf32> {mhlo.sharding = \"{replicated}\"})\n"
    "    -> (tensor<1024x1024xf32>\n"
    "    {mhlo.sharding = \"{devices=[2,1]<=[2]}\"}) {\n"
    "  %0 = stablehlo.dot_general %a, %b, contracting_dims = [1] x [0]\n"
    "      : (tensor<1024x1024xf32>, tensor<1024x1024xf32>)\n"
    "      -> tensor<1024x1024xf32>\n"
    "  return %0 : tensor<1024x1024xf32>\n"
    "}\n"
    "}\n";

static pjrt_compiled *compile_sharded_matmul(pjrt_topology *topology) {
  pjrt_compiled *compiled;
  pjrt_compile_opts opts;
  pjrt_named_values *options;
  assert_ok(pjrt_named_values_create(&options));
  assert_ok(pjrt_named_values_set_bool(options, "xla_gpu_enable_triton_gemm",
                                       PJRT_NUL_ENDED, false));
  pjrt_compile_opts_init(&opts);
  opts.num_partitions = 2;
  opts.use_spmd_partitioning = true;
  opts.xla_options = options;
  assert_ok(try_compile_for(topology, sharded_matmul, &opts, &compiled));
  pjrt_named_values_free(options);
  return compiled;
}

static void so_have_those_of_gpus(void **state) {
  pjrt_sharding *sharding;
  (void)state;
  set_path(".");
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_CUDA");
  pjrt_topology *topology = h100(plugin, "1x1x2");
  pjrt_compiled *compiled = compile_sharded_matmul(topology);
  pjrt_error *error =
      pjrt_shardings_of_compiled_parameter(compiled, 0, &sharding);
  assert_text(error, sharding, "{devices=[2,1]<=[2]}");
  error = pjrt_shardings_of_compiled_parameter(compiled, 1, &sharding);
  assert_text(error, sharding, "{replicated}");
  error = pjrt_shardings_of_compiled_output(compiled, 0, &sharding);
  assert_text(error, sharding, "{devices=[2,1]<=[2]}");
  pjrt_compiled_free(compiled);
  compiled = compile_h100_matmul(topology);
  assert_code(pjrt_shardings_of_compiled_parameter(compiled, 0, &sharding),
              PJRT_NOT_FOUND, "tells no parameter shardings");
  pjrt_compiled_free(compiled);
  pjrt_topology_free(topology);
  pjrt_plugin_free(plugin);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(partitions_have_shardings),
      cmocka_unit_test(one_partition_has_none),
      cmocka_unit_test(so_have_those_of_gpus),
  };
  return cmocka_run_group_tests(tests, spare_the_tpu, NULL);
}
