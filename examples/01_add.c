/* Adds two vectors on the first device of the first plugin that is found.
 *
 *   01_add [PLUGIN]     a path, or a name that `pjrt plugin list` shows */
#include <pjrt/pjrt.h>
#include <stdlib.h>

static const char code[] =
    "func.func @main(%a: tensor<4xf32>, %b: tensor<4xf32>) -> tensor<4xf32> {\n"
    "  %sum = stablehlo.add %a, %b : tensor<4xf32>\n"
    "  return %sum : tensor<4xf32>\n"
    "}\n";

/* Every free accepts NULL, and the order does not matter. */
static pjrt_error *add(pjrt_client *client, const float a[4], const float b[4],
                       float sum[4]) {
  const int64_t dims[] = {4};
  pjrt_device *device = pjrt_client_addressable_device(client, 0);
  pjrt_program *program = NULL;
  pjrt_executable *executable = NULL;
  pjrt_buffer *args[2] = {NULL, NULL}, *out = NULL;
  pjrt_error *error;

  if ((error = pjrt_program_create(code, sizeof code - 1, PJRT_FORMAT_AUTO,
                                   &program)))
    goto done;
  if ((error = pjrt_client_compile(client, program, NULL, &executable)))
    goto done;
  if ((error =
           pjrt_buffer_from_host(device, PJRT_F32, dims, 1, a, 16, &args[0])))
    goto done;
  if ((error =
           pjrt_buffer_from_host(device, PJRT_F32, dims, 1, b, 16, &args[1])))
    goto done;
  if ((error = pjrt_executable_execute(executable, args, 2, NULL, &out, 1)))
    goto done;
  error = pjrt_buffer_to_host(out, sum, 16);

done:
  pjrt_buffer_free(out);
  pjrt_buffer_free(args[0]);
  pjrt_buffer_free(args[1]);
  pjrt_executable_free(executable);
  pjrt_program_free(program);
  return error;
}

int main(int argc, char **argv) {
  const float a[] = {1, 2, 3, 4}, b[] = {10, 20, 30, 40};
  float sum[4];
  pjrt_plugin *plugin = NULL;
  pjrt_client *client = NULL;

  pjrt_error *error =
      pjrt_plugin_find(argc > 1 ? argv[1] : "", PJRT_NUL_ENDED, NULL, &plugin);
  if (!error) error = pjrt_client_create(plugin, NULL, &client);
  if (!error) error = add(client, a, b, sum);
  if (!error) printf("%g %g %g %g\n", sum[0], sum[1], sum[2], sum[3]);

  if (error) pjrt_error_print(error, stderr);
  int status = error ? EXIT_FAILURE : EXIT_SUCCESS;
  pjrt_error_free(error);
  pjrt_client_free(client);
  pjrt_plugin_free(plugin);
  return status;
}
