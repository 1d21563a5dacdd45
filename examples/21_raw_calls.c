/* The functions of the plugin themselves, where the typed headers are not
 * enough: the library fills in sizes, and turns errors into its own, and what
 * it does not check is the caller's to get right.
 *
 *   21_raw_calls [PLUGIN] */
#include <pjrt/pjrt.h>
#include <pjrt/raw.h>
#include <stdlib.h>

static const char code[] =
    "func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {\n"
    "  return %x : tensor<2x3xf32>\n"
    "}\n";

/* The library answers this without a call, from what it read before. */
static pjrt_error *look_up(pjrt_plugin *plugin, pjrt_client *client) {
  pjrt_device *device = pjrt_client_addressable_device(client, 0);
  PJRT_Client_LookupDevice_Args by_id = {.client = pjrt_client_raw(client),
                                         .id = pjrt_device_id(device)};
  PJRT_Client_LookupAddressableDevice_Args by_number = {
      .client = pjrt_client_raw(client),
      .local_hardware_id = pjrt_device_local_hardware_id(device)};
  PJRT_TRY(pjrt_raw_PJRT_Client_LookupDevice(plugin, &by_id));
  PJRT_TRY(pjrt_raw_PJRT_Client_LookupAddressableDevice(plugin, &by_number));
  printf("the device by its id: %s, by its number: %s\n",
         by_id.device == pjrt_device_raw(device) ? "found" : "another",
         by_number.addressable_device == pjrt_device_raw(device) ? "found"
                                                                 : "another");
  return NULL;
}

static pjrt_error *whose(pjrt_plugin *plugin, pjrt_device *device) {
  const float x = 1;
  pjrt_buffer *buffer;
  PJRT_TRY(
      pjrt_buffer_from_host(device, PJRT_F32, NULL, 0, &x, sizeof x, &buffer));
  PJRT_Buffer_Device_Args args = {.buffer = pjrt_buffer_raw(buffer)};
  pjrt_error *error = pjrt_raw_PJRT_Buffer_Device(plugin, &args);
  if (!error)
    printf(
        "the buffer is on %s\n",
        pjrt_device_from_raw(pjrt_device_client(device), args.device) == device
            ? "its device"
            : "another");
  pjrt_buffer_free(buffer);
  return error;
}

/* Lists belong to the executable, and there is no NUL behind a text. */
static pjrt_error *ask(pjrt_plugin *plugin, pjrt_executable *executable) {
  PJRT_Executable *raw = pjrt_executable_raw_unloaded(executable);
  PJRT_Executable_OutputElementTypes_Args types = {.executable = raw};
  PJRT_Executable_OutputDimensions_Args dims = {.executable = raw};
  PJRT_LoadedExecutable_Fingerprint_Args fingerprint = {
      .executable = pjrt_executable_raw(executable)};
  PJRT_TRY(pjrt_raw_PJRT_Executable_OutputElementTypes(plugin, &types));
  PJRT_TRY(pjrt_raw_PJRT_Executable_OutputDimensions(plugin, &dims));
  printf("%zu output of type %d, %zu dimensions, %lld of the first\n",
         types.num_output_types, (int)types.output_types[0], dims.dim_sizes[0],
         (long long)dims.dims[0]);
  pjrt_error *error =
      pjrt_raw_PJRT_LoadedExecutable_Fingerprint(plugin, &fingerprint);
  printf("the older fingerprint: %s\n",
         pjrt_code_name(pjrt_error_consume(error)));
  return NULL;
}

static pjrt_error *run(pjrt_client *client) {
  pjrt_plugin *plugin = pjrt_client_plugin(client);
  pjrt_program *program = NULL;
  pjrt_executable *executable = NULL;
  PJRT_TRY(look_up(plugin, client));
  PJRT_TRY(whose(plugin, pjrt_client_addressable_device(client, 0)));
  pjrt_error *error =
      pjrt_program_create(code, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO, &program);
  if (!error) error = pjrt_client_compile(client, program, NULL, &executable);
  if (!error) error = ask(plugin, executable);
  pjrt_executable_free(executable);
  pjrt_program_free(program);
  return error;
}

int main(int argc, char **argv) {
  pjrt_plugin *plugin = NULL;
  pjrt_client *client = NULL;

  pjrt_error *error =
      pjrt_plugin_find(argc > 1 ? argv[1] : "", PJRT_NUL_ENDED, NULL, &plugin);
  if (!error) error = pjrt_client_create(plugin, NULL, &client);
  if (!error) error = run(client);

  if (error) pjrt_error_print(error, stderr);
  int status = error ? EXIT_FAILURE : EXIT_SUCCESS;
  pjrt_error_free(error);
  pjrt_client_free(client);
  pjrt_plugin_free(plugin);
  return status;
}
