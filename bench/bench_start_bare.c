/* From nothing to a first result, with bare calls; see start.h. This program
 * does not even load the library. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "start.h"

/* CompileOptionsProto with one replica and one partition. */
static const char compile_options[] = {0x1a, 0x04, 0x20, 0x01, 0x28, 0x01};

static const PJRT_Api *load_plugin(const char *path) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  void *symbol = library ? dlsym(library, "GetPjrtApi") : NULL;
  if (!symbol) {
    fprintf(stderr, "start: %s\n", dlerror());
    exit(EXIT_FAILURE);
  }
  const PJRT_Api *(*get)(void);
  memcpy(&get, &symbol, sizeof get); /* C forbids the cast, POSIX needs it */
  return get();
}

static void create_client(bare *it) {
  PJRT_Plugin_Initialize_Args initialize = {
      .struct_size = PJRT_Plugin_Initialize_Args_STRUCT_SIZE};
  call_check(it, it->api->PJRT_Plugin_Initialize(&initialize));
  PJRT_Client_Create_Args create = {.struct_size =
                                        PJRT_Client_Create_Args_STRUCT_SIZE};
  call_check(it, it->api->PJRT_Client_Create(&create));
  it->client = create.client;
  PJRT_Client_AddressableDevices_Args devices = {
      .struct_size = PJRT_Client_AddressableDevices_Args_STRUCT_SIZE,
      .client = it->client};
  call_check(it, it->api->PJRT_Client_AddressableDevices(&devices));
  it->device = devices.addressable_devices[0];
}

static void compile(bare *it, char *code, size_t size) {
  PJRT_Program program = {.struct_size = PJRT_Program_STRUCT_SIZE,
                          .code = code,
                          .code_size = size,
                          .format = "mlir",
                          .format_size = 4};
  PJRT_Client_Compile_Args args = {
      .struct_size = PJRT_Client_Compile_Args_STRUCT_SIZE,
      .client = it->client,
      .program = &program,
      .compile_options = compile_options,
      .compile_options_size = sizeof compile_options};
  call_check(it, it->api->PJRT_Client_Compile(&args));
  it->executable = args.executable;
}

static void load(bare *it, const char *data, size_t size) {
  PJRT_Executable_DeserializeAndLoad_Args args = {
      .struct_size = PJRT_Executable_DeserializeAndLoad_Args_STRUCT_SIZE,
      .client = it->client,
      .serialized_executable = data,
      .serialized_executable_size = size};
  call_check(it, it->api->PJRT_Executable_DeserializeAndLoad(&args));
  it->executable = args.loaded_executable;
}

static void save(const bare *it, const char *path) {
  PJRT_LoadedExecutable_GetExecutable_Args get = {
      .struct_size = PJRT_LoadedExecutable_GetExecutable_Args_STRUCT_SIZE,
      .loaded_executable = it->executable};
  call_check(it, it->api->PJRT_LoadedExecutable_GetExecutable(&get));
  PJRT_Executable_Serialize_Args args = {
      .struct_size = PJRT_Executable_Serialize_Args_STRUCT_SIZE,
      .executable = get.executable};
  call_check(it, it->api->PJRT_Executable_Serialize(&args));
  start_write_file(path, args.serialized_bytes, args.serialized_bytes_size);
  args.serialized_executable_deleter(args.serialized_executable);
  PJRT_Executable_Destroy_Args destroy = {
      .struct_size = PJRT_Executable_Destroy_Args_STRUCT_SIZE,
      .executable = get.executable};
  call_check(it, it->api->PJRT_Executable_Destroy(&destroy));
}

static void add(bare *it) {
  static const float values[] = {1, 2};
  PJRT_Buffer *args[2], *out;
  PJRT_Event *done;
  float sum;
  for (int i = 0; i < 2; i++) {
    args[i] =
        call_upload(it, &values[i], 1,
                    PJRT_HostBufferSemantics_kImmutableOnlyDuringCall, NULL);
  }
  it->args = args;
  it->num_args = 2;
  it->num_outs = 1;
  call_launch(it, 1, &out, &done);
  call_await(it, done);
  call_download(it, out, &sum, sizeof sum);
  start_report(sum);
  call_free(it, out);
  for (int i = 0; i < 2; i++) call_free(it, args[i]);
}

static void close_all(const bare *it) {
  PJRT_LoadedExecutable_Destroy_Args executable = {
      .struct_size = PJRT_LoadedExecutable_Destroy_Args_STRUCT_SIZE,
      .executable = it->executable};
  call_check(it, it->api->PJRT_LoadedExecutable_Destroy(&executable));
  PJRT_Client_Destroy_Args client = {
      .struct_size = PJRT_Client_Destroy_Args_STRUCT_SIZE,
      .client = it->client};
  call_check(it, it->api->PJRT_Client_Destroy(&client));
}

int main(int argc, char **argv) {
  const start_request request = start_read_options(argc, argv);
  bare it = {.api = load_plugin(request.plugin)};
  create_client(&it);
  size_t size;
  char *data = start_read_file(request.path, &size);
  if (request.is_program) {
    compile(&it, data, size);
  } else {
    load(&it, data, size);
  }
  free(data);
  add(&it);
  start_report_memory();
  if (request.saved) save(&it, request.saved);
  close_all(&it);
  return EXIT_SUCCESS;
}
