#include "bare.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* CompileOptionsProto with one replica and one partition: plugins end the
 * process when given less. */
static const char compile_options[] = {0x1a, 0x04, 0x20, 0x01, 0x28, 0x01};

static void check(const bare *it, PJRT_Error *error) {
  if (!error) return;
  PJRT_Error_Message_Args message = {
      .struct_size = PJRT_Error_Message_Args_STRUCT_SIZE, .error = error};
  it->api->PJRT_Error_Message(&message);
  fprintf(stderr, "bare call: %.*s\n", (int)message.message_size,
          message.message);
  exit(EXIT_FAILURE);
}

static void destroy_event(const bare *it, PJRT_Event *event) {
  PJRT_Event_Destroy_Args args = {
      .struct_size = PJRT_Event_Destroy_Args_STRUCT_SIZE, .event = event};
  check(it, it->api->PJRT_Event_Destroy(&args));
}

static void await(const bare *it, PJRT_Event *event) {
  PJRT_Event_Await_Args args = {
      .struct_size = PJRT_Event_Await_Args_STRUCT_SIZE, .event = event};
  check(it, it->api->PJRT_Event_Await(&args));
  destroy_event(it, event);
}

static void destroy_buffer(const bare *it, PJRT_Buffer *buffer) {
  PJRT_Buffer_Destroy_Args args = {
      .struct_size = PJRT_Buffer_Destroy_Args_STRUCT_SIZE, .buffer = buffer};
  check(it, it->api->PJRT_Buffer_Destroy(&args));
}

static PJRT_Buffer *upload(const bare *it, const void *data,
                           const int64_t *dims, size_t num_dims,
                           PJRT_HostBufferSemantics semantics) {
  PJRT_Client_BufferFromHostBuffer_Args args = {
      .struct_size = PJRT_Client_BufferFromHostBuffer_Args_STRUCT_SIZE,
      .client = it->client,
      .data = data,
      .type = PJRT_Buffer_Type_F32,
      .dims = dims,
      .num_dims = num_dims,
      .host_buffer_semantics = semantics,
      .device = it->device};
  check(it, it->api->PJRT_Client_BufferFromHostBuffer(&args));
  destroy_event(it, args.done_with_host_buffer);
  return args.buffer;
}

static void execute(bare *it, PJRT_Event **done) {
  PJRT_ExecuteOptions options = {.struct_size =
                                     PJRT_ExecuteOptions_STRUCT_SIZE};
  PJRT_Buffer *const *argument_lists[] = {it->args};
  PJRT_Buffer **output_lists[] = {it->outs};
  PJRT_LoadedExecutable_Execute_Args args = {
      .struct_size = PJRT_LoadedExecutable_Execute_Args_STRUCT_SIZE,
      .executable = it->executable,
      .options = &options,
      .argument_lists = argument_lists,
      .num_devices = 1,
      .num_args = it->num_args,
      .output_lists = output_lists,
      .device_complete_events = done};
  check(it, it->api->PJRT_LoadedExecutable_Execute(&args));
}

static void destroy_outputs(const bare *it) {
  for (size_t i = 0; i < it->num_outs; i++) destroy_buffer(it, it->outs[i]);
}

static void download(const bare *it, PJRT_Buffer *buffer, void *dst,
                     size_t size) {
  PJRT_Buffer_ToHostBuffer_Args args = {
      .struct_size = PJRT_Buffer_ToHostBuffer_Args_STRUCT_SIZE,
      .src = buffer,
      .dst = dst,
      .dst_size = size};
  check(it, it->api->PJRT_Buffer_ToHostBuffer(&args));
  await(it, args.event);
}

static const PJRT_Api *load(const char *path) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  void *symbol = library ? dlsym(library, "GetPjrtApi") : NULL;
  if (!symbol) {
    fprintf(stderr, "bare call: %s\n", dlerror());
    exit(EXIT_FAILURE);
  }
  const PJRT_Api *(*get)(void);
  memcpy(&get, &symbol, sizeof get); /* C forbids the cast, POSIX needs it */
  return get();
}

static void create_client(bare *it) {
  PJRT_Client_Create_Args create = {.struct_size =
                                        PJRT_Client_Create_Args_STRUCT_SIZE};
  check(it, it->api->PJRT_Client_Create(&create));
  it->client = create.client;
  PJRT_Client_AddressableDevices_Args devices = {
      .struct_size = PJRT_Client_AddressableDevices_Args_STRUCT_SIZE,
      .client = it->client};
  check(it, it->api->PJRT_Client_AddressableDevices(&devices));
  it->device = devices.addressable_devices[0];
}

static void compile(bare *it, const char *code) {
  char *text = strdup(code); /* the ABI's field is not const */
  PJRT_Program program = {.struct_size = PJRT_Program_STRUCT_SIZE,
                          .code = text,
                          .code_size = strlen(code),
                          .format = "mlir",
                          .format_size = 4};
  PJRT_Client_Compile_Args args = {
      .struct_size = PJRT_Client_Compile_Args_STRUCT_SIZE,
      .client = it->client,
      .program = &program,
      .compile_options = compile_options,
      .compile_options_size = sizeof compile_options};
  check(it, it->api->PJRT_Client_Compile(&args));
  it->executable = args.executable;
  free(text);
}

static void *allocate(size_t num) {
  void *array = calloc(num, sizeof(void *));
  if (array) return array;
  fprintf(stderr, "bare call: out of memory\n");
  exit(EXIT_FAILURE);
}

void bare_open(const char *plugin_path, const char *code, size_t num_args,
               size_t num_outs, bare *out) {
  static const float one = 1;
  *out = (bare){.api = load(plugin_path),
                .num_args = num_args,
                .args = allocate(num_args),
                .num_outs = num_outs,
                .outs = allocate(num_outs)};
  create_client(out);
  compile(out, code);
  for (size_t i = 0; i < num_args; i++) {
    out->args[i] = upload(out, &one, NULL, 0,
                          PJRT_HostBufferSemantics_kImmutableOnlyDuringCall);
  }
}

void bare_close(bare *it) {
  for (size_t i = 0; i < it->num_args; i++) destroy_buffer(it, it->args[i]);
  free(it->args);
  free(it->outs);
  PJRT_LoadedExecutable_Destroy_Args executable = {
      .struct_size = PJRT_LoadedExecutable_Destroy_Args_STRUCT_SIZE,
      .executable = it->executable};
  check(it, it->api->PJRT_LoadedExecutable_Destroy(&executable));
  PJRT_Client_Destroy_Args client = {
      .struct_size = PJRT_Client_Destroy_Args_STRUCT_SIZE,
      .client = it->client};
  check(it, it->api->PJRT_Client_Destroy(&client));
}

void bare_execute(bare *it) {
  execute(it, NULL);
  destroy_outputs(it);
}

void bare_execute_await(bare *it) {
  PJRT_Event *done = NULL;
  execute(it, &done);
  await(it, done);
  destroy_outputs(it);
}

void bare_ready(bare *it) {
  PJRT_Buffer_ReadyEvent_Args args = {
      .struct_size = PJRT_Buffer_ReadyEvent_Args_STRUCT_SIZE,
      .buffer = it->args[0]};
  check(it, it->api->PJRT_Buffer_ReadyEvent(&args));
  await(it, args.event);
}

void bare_upload(bare *it, const void *data, const int64_t *dims,
                 size_t num_dims) {
  destroy_buffer(it, upload(it, data, dims, num_dims,
                            PJRT_HostBufferSemantics_kImmutableOnlyDuringCall));
}

void bare_upload_in_place(bare *it, const void *data, size_t size) {
  const int64_t num = (int64_t)(size / sizeof(float));
  destroy_buffer(
      it, upload(it, data, &num, 1, PJRT_HostBufferSemantics_kMutableZeroCopy));
}

void bare_download(bare *it, void *dst, size_t size) {
  download(it, it->args[0], dst, size);
}

void bare_round_trip(bare *it, float *value) {
  PJRT_Buffer *kept = it->args[0];
  it->args[0] = upload(it, value, NULL, 0,
                       PJRT_HostBufferSemantics_kImmutableOnlyDuringCall);
  execute(it, NULL);
  download(it, it->outs[0], value, sizeof *value);
  destroy_outputs(it);
  destroy_buffer(it, it->args[0]);
  it->args[0] = kept;
}
