#include "compat/machines.h"

#include <unistd.h>

const char matmul_program[] =
    "func.func @main(%a: tensor<1024x1024xf32>, %b: tensor<1024x1024xf32>)\n"
    "    -> tensor<1024x1024xf32> {\n"
    "  %0 = stablehlo.dot_general %a, %b, contracting_dims = [1] x [0]\n"
    "      : (tensor<1024x1024xf32>, tensor<1024x1024xf32>)\n"
    "      -> tensor<1024x1024xf32>\n"
    "  return %0 : tensor<1024x1024xf32>\n"
    "}\n";

int spare_the_tpu(void **state) {
  (void)state;
  setenv("TPU_SKIP_MDS_QUERY", "1", 1);
  setenv("ALLOW_MULTIPLE_LIBTPU_LOAD", "1", 1);
  return 0;
}

pjrt_topology *tpu(pjrt_plugin *plugin, const char *name) {
  pjrt_topology *topology;
  assert_ok(
      pjrt_topology_create(plugin, name, PJRT_NUL_ENDED, NULL, &topology));
  return topology;
}

pjrt_topology *h100(pjrt_plugin *plugin, const char *shape) {
  pjrt_topology *topology;
  pjrt_named_values *options;
  size_t size;
  char *config = read_data("targets/h100.txtpb", &size);
  assert_ok(pjrt_named_values_create(&options));
  assert_ok(pjrt_named_values_set_string(options, "target_config",
                                         PJRT_NUL_ENDED, config, size));
  assert_ok(pjrt_named_values_set_string(options, "topology", PJRT_NUL_ENDED,
                                         shape, PJRT_NUL_ENDED));
  assert_ok(
      pjrt_topology_create(plugin, "cuda", PJRT_NUL_ENDED, options, &topology));
  pjrt_named_values_free(options);
  free(config);
  return topology;
}

void set_path(const char *folder) {
  static const char installed[] = "/usr/local/cuda/bin/ptxas";
  if (access(installed, X_OK) == 0) skip_because("%s is there", installed);
  setenv("PATH", folder, 1);
}

pjrt_error *try_compile_for(pjrt_topology *topology, const char *code,
                            const pjrt_compile_opts *opts,
                            pjrt_compiled **out) {
  pjrt_program *program;
  assert_ok(
      pjrt_program_create(code, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO, &program));
  pjrt_error *error = pjrt_topology_compile(topology, program, opts, out);
  pjrt_program_free(program);
  return error;
}

pjrt_compiled *compile_h100_matmul(pjrt_topology *topology) {
  pjrt_compiled *matmul;
  pjrt_compile_opts opts;
  pjrt_named_values *options;
  set_path(".");
  assert_ok(pjrt_named_values_create(&options));
  assert_ok(pjrt_named_values_set_bool(options, "xla_gpu_enable_triton_gemm",
                                       PJRT_NUL_ENDED, false));
  pjrt_compile_opts_init(&opts);
  opts.xla_options = options;
  assert_ok(try_compile_for(topology, matmul_program, &opts, &matmul));
  pjrt_named_values_free(options);
  return matmul;
}
