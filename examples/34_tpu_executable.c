/* Looks into a program that was compiled for TPUs, on a machine without one.
 *   34_tpu_executable PLUGIN [TOPOLOGY FLAG]   (the simulated one; or libtpu,
 *       v5e:2x2 and xla_enable_async_collective_permute) */
#include <pjrt/ext/tpu_executable.h>
#include <pjrt/pjrt.h>
#include <stdlib.h>

static const char code[] =
    "func.func @main(%a: tensor<8x8xf32>, %b: tensor<8x8xf32>)\n"
    "    -> tensor<8x8xf32> {\n"
    "  %0 = stablehlo.dot_general %a, %b, contracting_dims = [1] x [0]\n"
    "      : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>\n"
    "  return %0 : tensor<8x8xf32>\n"
    "}\n";

static pjrt_error *compile(pjrt_plugin *plugin, const char *machine, void **out,
                           size_t *out_size) {
  pjrt_topology *topology = NULL;
  pjrt_program *program = NULL;
  pjrt_compiled *compiled = NULL;
  pjrt_error *error =
      pjrt_topology_create(plugin, machine, PJRT_NUL_ENDED, NULL, &topology);
  if (!error)
    error =
        pjrt_program_create(code, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO, &program);
  if (!error) error = pjrt_topology_compile(topology, program, NULL, &compiled);
  if (!error) error = pjrt_compiled_serialize(compiled, out, out_size);
  pjrt_compiled_free(compiled);
  pjrt_program_free(program);
  pjrt_topology_free(topology);
  return error;
}

static pjrt_error *show_memory(pjrt_plugin *plugin, const void *data,
                               size_t size) {
  pjrt_memory_analysis memory;
  pjrt_memory_analysis_init(&memory);
  PJRT_TRY(pjrt_tpu_executable_memory_analysis(plugin, data, size, &memory));
  printf("arguments: %lld bytes, outputs: %lld bytes\n",
         (long long)memory.argument_size_in_bytes.value,
         (long long)memory.output_size_in_bytes.value);
  return NULL;
}

/* The same module may be reckoned for other machines, too. */
static pjrt_error *show_costs(pjrt_plugin *plugin, const void *data,
                              size_t size) {
  void *target = NULL, *hlo = NULL;
  size_t target_size = 0;
  pjrt_hlo_bytes module = {NULL, 0};
  pjrt_named_values *costs = NULL;
  pjrt_error *error = pjrt_tpu_executable_target_arguments(
      plugin, data, size, &target, &target_size);
  if (!error)
    error = pjrt_tpu_executable_hlo_with_config(plugin, data, size, &hlo,
                                                &module.size);
  module.data = hlo;
  if (!error)
    error = pjrt_tpu_executable_cost_analysis(plugin, target, target_size,
                                              &module, 1, &costs);
  if (!error)
    printf("bytes accessed: %g\n",
           (double)pjrt_named_values_float(
               costs, pjrt_named_values_find(costs, "bytes accessed",
                                             PJRT_NUL_ENDED)));
  pjrt_named_values_free(costs);
  pjrt_host_free(hlo);
  pjrt_host_free(target);
  return error;
}

/* The flags that are in force where it is compiled. */
static pjrt_error *show_flag(pjrt_plugin *plugin, const char *name) {
  void *environments;
  size_t size;
  char *value;
  PJRT_TRY(pjrt_tpu_executable_add_environment(plugin, NULL, 0, &environments,
                                               &size));
  pjrt_error *error = pjrt_tpu_executable_environment_flag(
      plugin, environments, size, name, PJRT_NUL_ENDED, &value, NULL);
  if (!error) printf("flag %s: %s\n", name, value);
  pjrt_host_free(value);
  pjrt_host_free(environments);
  return error;
}

/* Whether to try again what failed so. */
static pjrt_error *judge(pjrt_plugin *plugin, pjrt_code failed_with) {
  bool in_vain;
  pjrt_error *failure = pjrt_error_create(failed_with, "", 0);
  pjrt_error *error =
      pjrt_tpu_executable_is_predetermined(plugin, failure, &in_vain);
  pjrt_error_free(failure);
  if (!error)
    printf("%s: %s\n", pjrt_code_name(failed_with),
           in_vain ? "it would fail again" : "worth another try");
  return error;
}

int main(int argc, char **argv) {
  pjrt_plugin *plugin = NULL;
  void *data = NULL;
  size_t size = 0;

  pjrt_error *error =
      pjrt_plugin_find(argc > 1 ? argv[1] : "", PJRT_NUL_ENDED, NULL, &plugin);
  if (!error) error = compile(plugin, argc > 2 ? argv[2] : "4", &data, &size);
  if (!error) error = show_memory(plugin, data, size);
  if (!error) error = show_costs(plugin, data, size);
  if (!error) error = show_flag(plugin, argc > 3 ? argv[3] : "memory_capacity");
  if (!error) error = judge(plugin, PJRT_INVALID_ARGUMENT);
  if (!error) error = judge(plugin, PJRT_UNAVAILABLE);

  if (error) pjrt_error_print(error, stderr);
  int status = error ? EXIT_FAILURE : EXIT_SUCCESS;
  pjrt_error_free(error);
  pjrt_host_free(data);
  pjrt_plugin_free(plugin);
  return status;
}
