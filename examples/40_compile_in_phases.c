/* Compiles a program phase by phase, and asks what the plugin notes about one
 * that is compiled.
 *
 *   40_compile_in_phases [PLUGIN]
 *
 * What a phase gives are bytes: they can be kept, and compiling goes on from
 * there. The simulated plugin takes any bytes; libtpu a serialized
 * PjRtPartialProgramProto. */
#include <pjrt/ext/executable_metadata.h>
#include <pjrt/ext/phase_compile.h>
#include <pjrt/pjrt.h>
#include <stdlib.h>

static const char code[] =
    "func.func @main(%x: tensor<3xf32>) -> tensor<3xf32> {\n"
    "  %y = stablehlo.sqrt %x : tensor<3xf32>\n"
    "  return %y : tensor<3xf32>\n"
    "}\n";

/* Runs one phase on what came of the one before. */
static pjrt_error *run_phase(const pjrt_phase_compiler *compiler,
                             const pjrt_topology *topology, const char *phase,
                             pjrt_phase_outputs **outputs) {
  pjrt_phase_program program = {code, sizeof code - 1};
  pjrt_phase_outputs *next;
  size_t size;

  if (*outputs)
    program.data = pjrt_phase_outputs_data(*outputs, 0, &program.size);
  PJRT_TRY(pjrt_phase_compiler_run(compiler, topology, NULL, &program, 1,
                                   &phase, 1, &next));
  pjrt_phase_outputs_data(next, 0, &size);
  printf("%-8s %zu program of %zu bytes\n", phase,
         pjrt_phase_outputs_size(next), size);
  pjrt_phase_outputs_free(*outputs);
  *outputs = next;
  return NULL;
}

static pjrt_error *run_all(pjrt_plugin *plugin, const pjrt_topology *topology) {
  pjrt_phase_compiler *compiler;
  pjrt_phase_outputs *outputs = NULL;

  PJRT_TRY(pjrt_phase_compiler_create(plugin, &compiler));
  pjrt_error *error = NULL;
  for (size_t i = 0; i < pjrt_phase_compiler_num_phases(compiler) && !error;
       i++)
    error = run_phase(compiler, topology,
                      pjrt_phase_compiler_phase(compiler, i, NULL), &outputs);
  pjrt_phase_outputs_free(outputs);
  pjrt_phase_compiler_free(compiler);
  return error;
}

/* All phases at once, as usual. */
static pjrt_error *print_metadata(pjrt_topology *topology) {
  pjrt_program *program = NULL;
  pjrt_compiled *compiled = NULL;
  void *metadata = NULL;
  size_t size = 0;

  pjrt_error *error =
      pjrt_program_create(code, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO, &program);
  if (!error) error = pjrt_topology_compile(topology, program, NULL, &compiled);
  if (!error) error = pjrt_compiled_metadata(compiled, &metadata, &size);
  if (!error) printf("metadata %zu bytes\n", size);
  pjrt_host_free(metadata);
  pjrt_compiled_free(compiled);
  pjrt_program_free(program);
  return error;
}

int main(int argc, char **argv) {
  pjrt_plugin *plugin = NULL;
  pjrt_topology *topology = NULL;

  pjrt_error *error =
      pjrt_plugin_find(argc > 1 ? argv[1] : "", PJRT_NUL_ENDED, NULL, &plugin);
  if (!error)
    error =
        pjrt_topology_create(plugin, "2x2x1", PJRT_NUL_ENDED, NULL, &topology);
  if (!error) error = run_all(plugin, topology);
  if (!error) error = print_metadata(topology);

  if (error) pjrt_error_print(error, stderr);
  int status = error ? EXIT_FAILURE : EXIT_SUCCESS;
  pjrt_error_free(error);
  pjrt_topology_free(topology);
  pjrt_plugin_free(plugin);
  return status;
}
