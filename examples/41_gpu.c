/* What GPU plugins take besides programs: a handler and a plain function for
 * custom calls, how a custom call is cut into partitions, and the native stream
 * of a device.
 *
 *   41_gpu [PLUGIN] */
#include <pjrt/ext/custom_partitioner.h>
#include <pjrt/ext/gpu_custom_call.h>
#include <pjrt/ext/stream.h>
#include <pjrt/pjrt.h>
#include <stdlib.h>

/* With a GPU this would put a kernel into the call's stream. */
static pjrt_error *scale(pjrt_ffi_call *call, void *user) {
  void *stream;
  (void)user;
  return pjrt_ffi_call_stream(call, &stream);
}
static PJRT_FFI_HANDLER(scale_entry, scale, NULL);

static void old_scale(void *stream, void **buffers, const char *opaque,
                      size_t size) {
  (void)stream;
  (void)buffers;
  (void)opaque;
  (void)size;
}

static pjrt_error *register_calls(pjrt_plugin *plugin) {
  pjrt_ffi_handler handler;
  pjrt_ffi_handler_init(&handler);
  handler.execute = scale_entry;
  PJRT_TRY(
      pjrt_gpu_custom_call_register(plugin, "scale", PJRT_NUL_ENDED, &handler));
  return pjrt_gpu_custom_call_register_untyped(
      plugin, "old_scale", PJRT_NUL_ENDED, (pjrt_gpu_untyped_fn)old_scale);
}

/* Each device scales its own rows: a shard in, a shard out. */
static pjrt_error *cut(const pjrt_partition_call *call, void *user,
                       pjrt_partition *out) {
  static const char code[] =
      "func.func @main(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {\n"
      "  %y = stablehlo.custom_call @scale(%x) {api_version = 4 : i32}\n"
      "      : (tensor<4x4xf32>) -> tensor<4x4xf32>\n"
      "  return %y : tensor<4x4xf32>\n"
      "}\n";
  const pjrt_partition_value *operand = &call->operands[0];
  char *text;
  (void)user;
  PJRT_TRY(pjrt_sharding_to_text(operand->sharding, &text, NULL));
  printf("cuts [%d,%d], split as %s\n", (int)operand->dims[0],
         (int)operand->dims[1], text);
  pjrt_host_free(text);
  return pjrt_program_create(code, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO,
                             &out->program);
}

static pjrt_error *register_partitioners(pjrt_plugin *plugin) {
  pjrt_custom_partitioner partitioner;
  pjrt_custom_partitioner_init(&partitioner);
  partitioner.partition = cut;
  PJRT_TRY(pjrt_custom_partitioner_register(plugin, "scale", PJRT_NUL_ENDED,
                                            &partitioner));
  return pjrt_custom_partitioner_register_batch(plugin, "old_scale",
                                                PJRT_NUL_ENDED);
}

static pjrt_error *compile_for_two(pjrt_client *client) {
  static const char code[] =
      "func.func @main(%x: tensor<8x4xf32>) -> tensor<8x4xf32> {\n"
      "  %y = stablehlo.custom_call @scale(%x) {api_version = 4 : i32}\n"
      "      : (tensor<8x4xf32>) -> tensor<8x4xf32>\n"
      "  return %y : tensor<8x4xf32>\n"
      "}\n";
  pjrt_program *program;
  pjrt_executable *executable = NULL;
  pjrt_compile_opts opts;
  pjrt_compile_opts_init(&opts);
  opts.num_partitions = 2;
  PJRT_TRY(
      pjrt_program_create(code, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO, &program));
  pjrt_error *error = pjrt_client_compile(client, program, &opts, &executable);
  pjrt_executable_free(executable);
  pjrt_program_free(program);
  return error;
}

static pjrt_error *wait_on_stream(pjrt_client *client) {
  const float data[4] = {1, 2, 3, 4};
  const int64_t dims[] = {4};
  pjrt_device *device = pjrt_client_device(client, 0);
  pjrt_buffer *buffer;
  intptr_t stream;
  PJRT_TRY(pjrt_native_stream_of(device, &stream));
  PJRT_TRY(pjrt_buffer_from_host(device, PJRT_F32, dims, 1, data, sizeof data,
                                 &buffer));
  pjrt_error *error = pjrt_native_stream_wait_for(stream, buffer);
  if (!error) printf("what comes next on the stream may read the buffer\n");
  pjrt_buffer_free(buffer);
  return error;
}

int main(int argc, char **argv) {
  pjrt_plugin *plugin = NULL;
  pjrt_client *client = NULL;
  pjrt_error *error =
      pjrt_plugin_find(argc > 1 ? argv[1] : "", PJRT_NUL_ENDED, NULL, &plugin);
  if (!error) error = register_calls(plugin);
  if (!error) error = register_partitioners(plugin);
  if (!error) error = pjrt_client_create(plugin, NULL, &client);
  if (!error) error = compile_for_two(client);
  if (!error) error = wait_on_stream(client);

  if (error) pjrt_error_print(error, stderr);
  int status = error ? EXIT_FAILURE : EXIT_SUCCESS;
  pjrt_error_free(error);
  pjrt_client_free(client);
  pjrt_plugin_free(plugin);
  return status;
}
