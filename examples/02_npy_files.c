/* Arrays in NumPy's files: writes one, reads it, transposes it on the device,
 * and writes the result beside it.
 *
 *   02_npy_files [PLUGIN]     writes matrix.npy and transposed.npy here */
#include <pjrt/pjrt.h>
#include <stdlib.h>

static const char code[] =
    "func.func @main(%x: tensor<2x3xf32>) -> tensor<3x2xf32> {\n"
    "  %y = stablehlo.transpose %x, dims = [1, 0] :\n"
    "      (tensor<2x3xf32>) -> tensor<3x2xf32>\n"
    "  return %y : tensor<3x2xf32>\n"
    "}\n";

static pjrt_error *write_matrix(void) {
  pjrt_array *array;
  PJRT_TRY(pjrt_array_parse("2x3xf32=[1 2 3][4 5 6]", PJRT_NUL_ENDED, &array));
  pjrt_error *error = pjrt_npy_write("matrix.npy", PJRT_NUL_ENDED, array);
  pjrt_array_free(array);
  return error;
}

static pjrt_error *transpose(pjrt_client *client) {
  pjrt_device *device = pjrt_client_addressable_device(client, 0);
  pjrt_array *matrix = NULL, *transposed = NULL;
  pjrt_program *program = NULL;
  pjrt_executable *executable = NULL;
  pjrt_buffer *arg = NULL, *out = NULL;
  pjrt_error *error;

  if ((error = pjrt_npy_read("matrix.npy", PJRT_NUL_ENDED, NULL, &matrix)))
    goto done;
  if ((error = pjrt_program_create(code, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO,
                                   &program)))
    goto done;
  if ((error = pjrt_client_compile(client, program, NULL, &executable)))
    goto done;
  if ((error = pjrt_buffer_from_array(device, matrix, &arg))) goto done;
  if ((error = pjrt_executable_execute(executable, &arg, 1, NULL, &out, 1)))
    goto done;
  if ((error = pjrt_buffer_to_array(out, &transposed))) goto done;
  if ((error = pjrt_array_print(matrix, 0, stdout))) goto done;
  printf("\n");
  if ((error = pjrt_array_print(transposed, 0, stdout))) goto done;
  printf("\n");
  error = pjrt_npy_write("transposed.npy", PJRT_NUL_ENDED, transposed);

done:
  pjrt_array_free(transposed);
  pjrt_array_free(matrix);
  pjrt_buffer_free(out);
  pjrt_buffer_free(arg);
  pjrt_executable_free(executable);
  pjrt_program_free(program);
  return error;
}

int main(int argc, char **argv) {
  pjrt_plugin *plugin = NULL;
  pjrt_client *client = NULL;

  pjrt_error *error = write_matrix();
  if (!error)
    error = pjrt_plugin_find(argc > 1 ? argv[1] : "", PJRT_NUL_ENDED, NULL,
                             &plugin);
  if (!error) error = pjrt_client_create(plugin, NULL, &client);
  if (!error) error = transpose(client);

  if (error) pjrt_error_print(error, stderr);
  int status = error ? EXIT_FAILURE : EXIT_SUCCESS;
  pjrt_error_free(error);
  pjrt_client_free(client);
  pjrt_plugin_free(plugin);
  return status;
}
