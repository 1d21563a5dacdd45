/* Compiles a kernel in Triton's dialect of MLIR for a GPU that need not be
 * there. GPU plugins of API 0.65 to 0.115 do that; the simulated one does when
 * it plays one of these.
 *
 *   PJRT_SIM_MINOR=114 42_triton [PLUGIN [ARCHITECTURE]] */
#include <pjrt/ext/triton.h>
#include <pjrt/pjrt.h>
#include <stdlib.h>

/* Each program doubles one number. */
static const char kernel_code[] =
    "module {\n"
    "  tt.func public @twice(%x: !tt.ptr<f32>) {\n"
    "    %i = tt.get_program_id x : i32\n"
    "    %p = tt.addptr %x, %i : !tt.ptr<f32>, i32\n"
    "    %v = tt.load %p : !tt.ptr<f32>\n"
    "    %w = arith.addf %v, %v : f32\n"
    "    tt.store %p, %w : !tt.ptr<f32>\n"
    "    tt.return\n"
    "  }\n"
    "}\n";

static pjrt_error *compile(pjrt_plugin *plugin, const char *arch) {
  pjrt_triton_opts opts;
  pjrt_triton_kernel *kernel;
  pjrt_triton_opts_init(&opts);
  opts.num_warps = 1;
  PJRT_TRY(pjrt_triton_compile(plugin, kernel_code, PJRT_NUL_ENDED, arch,
                               PJRT_NUL_ENDED, &opts, &kernel));
  printf("%s", pjrt_triton_kernel_assembly(kernel, NULL));
  printf("to be launched with %d bytes of shared memory\n",
         (int)pjrt_triton_kernel_shared_memory_size(kernel));
  pjrt_triton_kernel_free(kernel);
  return NULL;
}

int main(int argc, char **argv) {
  pjrt_plugin *plugin = NULL;
  pjrt_error *error =
      pjrt_plugin_find(argc > 1 ? argv[1] : "", PJRT_NUL_ENDED, NULL, &plugin);
  if (!error) error = compile(plugin, argc > 2 ? argv[2] : "9.0");

  if (error) pjrt_error_print(error, stderr);
  int status = error ? EXIT_FAILURE : EXIT_SUCCESS;
  pjrt_error_free(error);
  pjrt_plugin_free(plugin);
  return status;
}
