/* A kernel in C inside a compiled program: a fused softmax, which finds the
 * largest value and the sum in one pass, called as a custom call.
 *
 *   24_ffi_softmax [PLUGIN] */
#include <math.h>
#include <pjrt/ext/ffi.h>
#include <pjrt/pjrt.h>
#include <stdlib.h>

static const char code[] =
    "func.func @main(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {\n"
    "  %doubled = stablehlo.add %x, %x : tensor<2x4xf32>\n"
    "  %y = stablehlo.custom_call @example_softmax(%doubled) {\n"
    "    api_version = 4 : i32,\n"
    "    backend_config = {temperature = 2.0 : f32}\n"
    "  } : (tensor<2x4xf32>) -> tensor<2x4xf32>\n"
    "  return %y : tensor<2x4xf32>\n"
    "}\n";

/* The largest value and the sum of powers so far go along together: when the
 * largest grows, the sum shrinks with it. */
static void softmax_row(const float *x, float *y, int64_t num, float scale) {
  float largest = -INFINITY, sum = 0;
  for (int64_t i = 0; i < num; i++) {
    const float value = x[i] * scale;
    const float grown = fmaxf(largest, value);
    sum = sum * expf(largest - grown) + expf(value - grown);
    largest = grown;
  }
  for (int64_t i = 0; i < num; i++) y[i] = expf(x[i] * scale - largest) / sum;
}

static pjrt_error *softmax(pjrt_ffi_call *call, void *user) {
  pjrt_ffi_buffer x, y;
  double temperature;
  (void)user;
  pjrt_ffi_buffer_init(&x);
  pjrt_ffi_buffer_init(&y);
  PJRT_TRY(pjrt_ffi_call_arg(call, 0, &x));
  PJRT_TRY(pjrt_ffi_call_result(call, 0, &y));
  PJRT_TRY(pjrt_ffi_attrs_double(pjrt_ffi_call_attrs(call), "temperature",
                                 PJRT_NUL_ENDED, &temperature));
  if (x.dtype != PJRT_F32 || x.num_dims != 2 || x.size != y.size) {
    return pjrt_error_create(PJRT_INVALID_ARGUMENT,
                             "softmax is for matrices of f32", PJRT_NUL_ENDED);
  }
  for (int64_t row = 0; row < x.dims[0]; row++) {
    const int64_t at = row * x.dims[1];
    softmax_row((const float *)x.data + at, (float *)y.data + at, x.dims[1],
                (float)(1 / temperature));
  }
  return NULL;
}
static PJRT_FFI_HANDLER(softmax_entry, softmax, NULL);

static pjrt_error *run(pjrt_client *client) {
  static const char values[] = "2x4xf32=[0 1 2 3][5 5 5 5]";
  pjrt_executable *executable = NULL;
  pjrt_program *program = NULL;
  pjrt_buffer *x = NULL, *y = NULL;
  pjrt_array *in = NULL, *out = NULL;
  pjrt_error *error =
      pjrt_program_create(code, sizeof code - 1, PJRT_FORMAT_AUTO, &program);
  if (!error) error = pjrt_client_compile(client, program, NULL, &executable);
  if (!error) error = pjrt_array_parse(values, sizeof values - 1, &in);
  if (!error) {
    error = pjrt_buffer_from_array(pjrt_client_addressable_device(client, 0),
                                   in, &x);
  }
  if (!error) error = pjrt_executable_execute(executable, &x, 1, NULL, &y, 1);
  if (!error) error = pjrt_buffer_to_array(y, &out);
  for (size_t i = 0; !error && i < 8; i++) {
    printf("%.4f%c", ((const float *)pjrt_array_data(out))[i],
           i % 4 < 3 ? ' ' : '\n');
  }
  pjrt_array_free(out);
  pjrt_array_free(in);
  pjrt_buffer_free(y);
  pjrt_buffer_free(x);
  pjrt_executable_free(executable);
  pjrt_program_free(program);
  return error;
}

/* Before the program is compiled, and once for the process. */
static pjrt_error *register_softmax(pjrt_plugin *plugin) {
  pjrt_ffi_handler handler;
  pjrt_ffi_handler_init(&handler);
  handler.execute = softmax_entry;
  return pjrt_ffi_register_handler(plugin, "example_softmax", PJRT_NUL_ENDED,
                                   NULL, 0, &handler);
}

int main(int argc, char **argv) {
  pjrt_plugin *plugin = NULL;
  pjrt_client *client = NULL;
  pjrt_error *error =
      pjrt_plugin_find(argc > 1 ? argv[1] : "", PJRT_NUL_ENDED, NULL, &plugin);
  if (!error) error = register_softmax(plugin);
  if (!error) error = pjrt_client_create(plugin, NULL, &client);
  if (!error) error = run(client);

  if (error) pjrt_error_print(error, stderr);
  int status = error ? EXIT_FAILURE : EXIT_SUCCESS;
  pjrt_error_free(error);
  pjrt_client_free(client);
  pjrt_plugin_free(plugin);
  return status;
}
