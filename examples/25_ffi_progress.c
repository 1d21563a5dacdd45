/* A program that tells how far it is: a host callback in its loop, which prints
 * to the stream that the launch hands it.
 *
 *   25_ffi_progress [PLUGIN] */
#include <pjrt/ext/ffi.h>
#include <pjrt/pjrt.h>
#include <stdlib.h>

/* Halves x five times. The call returns x, so that no step overtakes it. */
static const char code[] =
    "func.func @main(%x: tensor<f32>) -> tensor<f32> {\n"
    "  %zero = stablehlo.constant dense<0> : tensor<i32>\n"
    "  %one = stablehlo.constant dense<1> : tensor<i32>\n"
    "  %end = stablehlo.constant dense<5> : tensor<i32>\n"
    "  %half = stablehlo.constant dense<0.5> : tensor<f32>\n"
    "  %r:2 = stablehlo.while(%i = %zero, %v = %x)\n"
    "      : tensor<i32>, tensor<f32>\n"
    "    cond {\n"
    "      %c = stablehlo.compare LT, %i, %end\n"
    "          : (tensor<i32>, tensor<i32>) -> tensor<i1>\n"
    "      stablehlo.return %c : tensor<i1>\n"
    "    } do {\n"
    "      %h = stablehlo.multiply %v, %half : tensor<f32>\n"
    "      %n = stablehlo.add %i, %one : tensor<i32>\n"
    "      %t = stablehlo.custom_call @example_progress(%n, %h) {\n"
    "        api_version = 4 : i32, has_side_effect = true,\n"
    "        backend_config = {label = \"halved\", steps = 5 : i64}\n"
    "      } : (tensor<i32>, tensor<f32>) -> tensor<f32>\n"
    "      stablehlo.return %n, %t : tensor<i32>, tensor<f32>\n"
    "    }\n"
    "  return %r#1 : tensor<f32>\n"
    "}\n";

/* What a launch lends to the handler, by its type. */
static int64_t stream_type;

static pjrt_error *print_progress(pjrt_ffi_call *call, void *user) {
  const pjrt_ffi_attrs *attrs = pjrt_ffi_call_attrs(call);
  pjrt_ffi_buffer step, in, out;
  const char *label;
  size_t label_size;
  int64_t steps;
  void *stream;
  (void)user;
  pjrt_ffi_buffer_init(&step);
  pjrt_ffi_buffer_init(&in);
  pjrt_ffi_buffer_init(&out);
  PJRT_TRY(pjrt_ffi_call_arg(call, 0, &step));
  PJRT_TRY(pjrt_ffi_call_arg(call, 1, &in));
  PJRT_TRY(pjrt_ffi_call_result(call, 0, &out));
  PJRT_TRY(pjrt_ffi_attrs_text(attrs, "label", 5, &label, &label_size));
  PJRT_TRY(pjrt_ffi_attrs_int64(attrs, "steps", 5, &steps));
  PJRT_TRY(pjrt_ffi_call_user_data(call, stream_type, &stream));
  const float value = *(const float *)in.data;
  *(float *)out.data = value;
  fprintf(stream, "%.*s %d/%d: %g\n", (int)label_size, label,
          *(const int32_t *)step.data, (int)steps, value);
  return NULL;
}
static PJRT_FFI_HANDLER(progress_entry, print_progress, NULL);

static pjrt_error *register_progress(pjrt_plugin *plugin) {
  pjrt_ffi_handler handler;
  pjrt_ffi_handler_init(&handler);
  handler.execute = progress_entry;
  PJRT_TRY(pjrt_ffi_register_type(plugin, "example_stream", PJRT_NUL_ENDED,
                                  NULL, &stream_type));
  return pjrt_ffi_register_handler(plugin, "example_progress", PJRT_NUL_ENDED,
                                   NULL, 0, &handler);
}

static pjrt_error *run(pjrt_client *client, pjrt_execute_opts *opts) {
  static const float start = 24;
  pjrt_executable *executable = NULL;
  pjrt_program *program = NULL;
  pjrt_buffer *x = NULL, *y = NULL;
  pjrt_device *device = pjrt_client_addressable_device(client, 0);
  pjrt_error *error =
      pjrt_program_create(code, sizeof code - 1, PJRT_FORMAT_AUTO, &program);
  if (!error) error = pjrt_client_compile(client, program, NULL, &executable);
  if (!error) error = pjrt_execute_context_create(client, &opts->context);
  if (!error)
    error = pjrt_ffi_add_user_data(opts->context, stream_type, stdout);
  if (!error) {
    error = pjrt_buffer_from_host(device, PJRT_F32, NULL, 0, &start,
                                  sizeof start, &x);
  }
  if (!error) error = pjrt_executable_execute(executable, &x, 1, opts, &y, 1);
  if (!error) error = pjrt_buffer_await(y);
  pjrt_execute_context_free(opts->context);
  pjrt_buffer_free(y);
  pjrt_buffer_free(x);
  pjrt_executable_free(executable);
  pjrt_program_free(program);
  return error;
}

int main(int argc, char **argv) {
  pjrt_plugin *plugin = NULL;
  pjrt_client *client = NULL;
  pjrt_execute_opts opts;
  pjrt_execute_opts_init(&opts);
  pjrt_error *error =
      pjrt_plugin_find(argc > 1 ? argv[1] : "", PJRT_NUL_ENDED, NULL, &plugin);
  if (!error) error = register_progress(plugin);
  if (!error) error = pjrt_client_create(plugin, NULL, &client);
  if (!error) error = run(client, &opts);

  if (error) pjrt_error_print(error, stderr);
  int status = error ? EXIT_FAILURE : EXIT_SUCCESS;
  pjrt_error_free(error);
  pjrt_client_free(client);
  pjrt_plugin_free(plugin);
  return status;
}
