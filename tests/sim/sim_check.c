/* Checks the simulated plugin through the raw ABI, as a client would use it.
 *
 *   sim_check SIM.so           all cases, one line each
 *   sim_check SIM.so version   what the environment configured */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/sim.h"

static struct {
  void (*configure)(const pjrt_sim_options *);
  void (*options_init)(pjrt_sim_options *);
  void (*release_events)(void);
  void (*get_live)(pjrt_sim_live *);
  size_t (*num_calls)(const char *);
  size_t (*last_struct_size)(const char *);
  size_t (*num_misuses)(void);
  const char *(*first_misuse)(void);
  void (*get_execution)(pjrt_sim_execution *);
  const PJRT_Api *(*get_api)(void);
} sim;

static const char *case_name;
static int num_failures;

static void fail(int line, const char *what) {
  num_failures++;
  printf("not ok %s: line %d: %s\n", case_name, line, what);
}

#define CHECK(condition)          \
  do {                            \
    if (!(condition)) {           \
      fail(__LINE__, #condition); \
      return;                     \
    }                             \
  } while (0)

#define ARGS(fn, ...) \
  fn##_Args args = {.struct_size = fn##_Args_STRUCT_SIZE, __VA_ARGS__}

static const PJRT_Api *api;

/* ---- helpers ------------------------------------------------------------- */

static void destroy_error(PJRT_Error *error) {
  ARGS(PJRT_Error_Destroy, .error = error);
  api->PJRT_Error_Destroy(&args);
}

/* Whether `error` has this code and message; destroys it. */
static bool says(PJRT_Error *error, PJRT_Error_Code code,
                 const char *beginning) {
  PJRT_Error_GetCode_Args got = {
      .struct_size = PJRT_Error_GetCode_Args_STRUCT_SIZE, .error = error};
  ARGS(PJRT_Error_Message, .error = error);
  if (!error) return false;
  PJRT_Error *second = api->PJRT_Error_GetCode(&got);
  api->PJRT_Error_Message(&args);
  const bool is_so = !second && got.code == code &&
                     args.message_size >= strlen(beginning) &&
                     !memcmp(args.message, beginning, strlen(beginning)) &&
                     args.message[args.message_size] != '\0';
  destroy_error(error);
  return is_so;
}

static void configure(pjrt_sim_options *options) {
  sim.configure(options);
  api = sim.get_api();
}

/* Most cases are of what happens around a program. */
static void (*plugin_defaults)(pjrt_sim_options *);

static void echo_by_default(pjrt_sim_options *options) {
  plugin_defaults(options);
  options->execution = PJRT_SIM_ECHO;
}

static void defaults(void) {
  pjrt_sim_options options;
  sim.options_init(&options);
  configure(&options);
}

static void one_fault(pjrt_sim_fault fault) {
  pjrt_sim_options options;
  sim.options_init(&options);
  options.faults = &fault;
  options.num_faults = 1;
  configure(&options);
}

static PJRT_Client *new_client(void) {
  ARGS(PJRT_Client_Create, .client = NULL);
  return api->PJRT_Client_Create(&args) ? NULL : args.client;
}

static void free_client(PJRT_Client *client) {
  ARGS(PJRT_Client_Destroy, .client = client);
  api->PJRT_Client_Destroy(&args);
}

static PJRT_Device *device_of(PJRT_Client *client, int id) {
  ARGS(PJRT_Client_LookupDevice, .client = client, .id = id);
  return api->PJRT_Client_LookupDevice(&args) ? NULL : args.device;
}

static void free_event(PJRT_Event *event) {
  ARGS(PJRT_Event_Destroy, .event = event);
  api->PJRT_Event_Destroy(&args);
}

static bool is_ready(PJRT_Event *event) {
  ARGS(PJRT_Event_IsReady, .event = event);
  return !api->PJRT_Event_IsReady(&args) && args.is_ready;
}

static PJRT_Error *await(PJRT_Event *event) {
  ARGS(PJRT_Event_Await, .event = event);
  return api->PJRT_Event_Await(&args);
}

static PJRT_Buffer *upload(PJRT_Client *client, PJRT_Buffer_Type type,
                           const void *data, const int64_t *dims,
                           size_t num_dims, PJRT_HostBufferSemantics semantics,
                           PJRT_Event **out_done) {
  ARGS(PJRT_Client_BufferFromHostBuffer, .client = client, .data = data,
       .type = type, .dims = dims, .num_dims = num_dims,
       .host_buffer_semantics = semantics, .device = device_of(client, 0));
  if (api->PJRT_Client_BufferFromHostBuffer(&args)) return NULL;
  *out_done = args.done_with_host_buffer;
  return args.buffer;
}

static PJRT_Event *download(PJRT_Buffer *buffer, void *dst, size_t size) {
  ARGS(PJRT_Buffer_ToHostBuffer, .src = buffer, .dst = dst, .dst_size = size);
  return api->PJRT_Buffer_ToHostBuffer(&args) ? NULL : args.event;
}

static void free_buffer(PJRT_Buffer *buffer) {
  ARGS(PJRT_Buffer_Destroy, .buffer = buffer);
  api->PJRT_Buffer_Destroy(&args);
}

static const char add_program[] =
    "module @add {\n  func.func public @main(%arg0: tensor<2x3xf32> "
    "{jax.buffer_donor = true, a = \"x)\"}, %arg1: tensor<i8>) -> "
    "(tensor<2x3xf32> {b = 1}, tensor<4xui16>) {\n";
static const char compile_options[] = {0x1a, 4, 0x20, 1, 0x28, 1};

static PJRT_Error *compile(PJRT_Client *client, const char *code,
                           PJRT_LoadedExecutable **out) {
  static const char format[] = "mlir";
  PJRT_Program program = {.struct_size = PJRT_Program_STRUCT_SIZE,
                          .code = (char *)(uintptr_t)code,
                          .code_size = strlen(code),
                          .format = format,
                          .format_size = 4};
  ARGS(PJRT_Client_Compile, .client = client, .program = &program,
       .compile_options = compile_options,
       .compile_options_size = sizeof(compile_options));
  PJRT_Error *error = api->PJRT_Client_Compile(&args);
  *out = args.executable;
  return error;
}

/* ---- cases --------------------------------------------------------------- */

static void check_versions(void) {
  static const struct {
    int minor;
    size_t size;
  } versions[] = {{40, 808}, {55, 808}, {57, 848}, {90, 1064}, {117, 1144}};
  for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
    pjrt_sim_options options;
    sim.options_init(&options);
    options.minor = versions[i].minor;
    configure(&options);
    CHECK(api->struct_size == versions[i].size);
    CHECK(api->pjrt_api_version.minor_version == versions[i].minor);
    PJRT_Client *client = new_client();
    CHECK(client);
    free_client(client);
  }
}

static void check_odd_tables(void) {
  const char *names[] = {"PJRT_Client_DmaMap"};
  pjrt_sim_options options;
  sim.options_init(&options);
  options.null_functions = names;
  options.num_null_functions = 1;
  options.table_size = 120;
  options.major = 3;
  options.num_unknown_extensions = 2;
  options.extension_cycle = true;
  options.absent_extensions = (const char *const[]){"all"};
  options.num_absent_extensions = 1;
  configure(&options);
  CHECK(!api->PJRT_Client_DmaMap && api->PJRT_Client_DmaUnmap);
  CHECK(api->struct_size == 120);
  CHECK(api->pjrt_api_version.major_version == 3);
  const PJRT_Extension_Base *node = api->extension_start;
  CHECK(node && node->next && node->next->next == node);
  CHECK((int)node->type == 900 && node->struct_size == 32);
  options.null_api = true;
  configure(&options);
  CHECK(!api);
}

static void check_struct_sizes(void) {
  pjrt_sim_options options;
  sim.options_init(&options);
  options.minor = 60;
  configure(&options);
  PJRT_Client *client = new_client();
  ARGS(PJRT_Client_PlatformName, .client = client);
  args.struct_size = 39;
  CHECK(says(api->PJRT_Client_PlatformName(&args),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "Unexpected PJRT_Client_PlatformName_Args size: expected 40, got "
             "39."));
  args.struct_size = 400;
  CHECK(!api->PJRT_Client_PlatformName(&args));
  CHECK(args.platform_name_size == 3);
  CHECK(args.platform_name[3] != '\0');
  CHECK(sim.last_struct_size("PJRT_Client_PlatformName") == 400);
  CHECK(sim.num_calls("PJRT_Client_PlatformName") == 2);
  free_client(client);
  options.exact_sizes = true;
  configure(&options);
  PJRT_Client_Create_Args create = {.struct_size = 88};
  CHECK(says(api->PJRT_Client_Create(&create), PJRT_Error_Code_INVALID_ARGUMENT,
             "Unexpected PJRT_Client_Create_Args size: expected 72, got 88."));
}

static void count_payload(const char *key, size_t key_size, const char *value,
                          size_t value_size, void *arg) {
  if (key_size == 18 && value_size == 7 && key[18] && value[7]) ++*(int *)arg;
}

static void check_payloads(void) {
  pjrt_sim_options options;
  int count = 0;
  sim.options_init(&options);
  options.num_payloads = 2;
  configure(&options);
  PJRT_Client_LookupDevice_Args look = {
      .struct_size = PJRT_Client_LookupDevice_Args_STRUCT_SIZE};
  PJRT_Error *error = api->PJRT_Client_LookupDevice(&look);
  ARGS(PJRT_Error_ForEachPayload, .error = error, .visitor = count_payload,
       .user_arg = &count);
  CHECK(error && !api->PJRT_Error_ForEachPayload(&args));
  CHECK(count == 2);
  CHECK(says(error, PJRT_Error_Code_INTERNAL, "misuse: "));
  CHECK(sim.num_misuses() == 1);
}

static void check_create_options(void) {
  const int64_t list[] = {5, 6};
  const PJRT_NamedValue options[] = {
      {.struct_size = PJRT_NamedValue_STRUCT_SIZE,
       .name = "devices?",
       .name_size = 7,
       .type = PJRT_NamedValue_kInt64,
       .int64_value = 2,
       .value_size = 1},
      {.struct_size = PJRT_NamedValue_STRUCT_SIZE,
       .name = "an_int64_list",
       .name_size = 13,
       .type = PJRT_NamedValue_kInt64List,
       .int64_array_value = list,
       .value_size = 2},
  };
  defaults();
  ARGS(PJRT_Client_Create, .create_options = options, .num_options = 2);
  CHECK(!api->PJRT_Client_Create(&args));
  CHECK(device_of(args.client, 1) && !sim.num_misuses());
  PJRT_Device_GetAttributes_Args got = {
      .struct_size = PJRT_Device_GetAttributes_Args_STRUCT_SIZE,
      .device = device_of(args.client, 0)};
  CHECK(!api->PJRT_Device_GetAttributes(&got));
  CHECK(got.num_attributes == 2 && got.attributes[1].int64_array_value[1] == 6);
  got.attributes_deleter(got.device_attributes);
  free_client(args.client);
  PJRT_NamedValue wrong = options[0];
  wrong.type = PJRT_NamedValue_kBool;
  args.create_options = &wrong;
  args.num_options = 1;
  CHECK(says(api->PJRT_Client_Create(&args), PJRT_Error_Code_INVALID_ARGUMENT,
             "Option devices has type 4, expected 1"));
}

static void check_round_trip(PJRT_HostBufferSemantics semantics, size_t shift) {
  _Alignas(64) int32_t memory[32];
  int32_t *data = memory + shift, back[6] = {0};
  const int64_t dims[] = {2, 3};
  PJRT_Event *done;
  PJRT_Client *client = new_client();
  for (int i = 0; i < 6; i++) data[i] = i * 100;
  PJRT_Buffer *buffer =
      upload(client, PJRT_Buffer_Type_S32, data, dims, 2, semantics, &done);
  CHECK(buffer);
  const bool is_view =
      semantics >= PJRT_HostBufferSemantics_kImmutableZeroCopy && shift == 0;
  CHECK(is_ready(done) == !is_view);
  PJRT_Event *event = download(buffer, back, sizeof(back));
  CHECK(event && !await(event));
  CHECK(!memcmp(data, back, sizeof(back)));
  free_buffer(buffer);
  CHECK(is_ready(done));
  free_event(event);
  free_event(done);
  free_client(client);
}

static void check_semantics(void) {
  defaults();
  for (int semantics = 0; semantics < 4; semantics++) {
    check_round_trip((PJRT_HostBufferSemantics)semantics, 0);
    check_round_trip((PJRT_HostBufferSemantics)semantics, 1);
  }
}

static void check_strides(void) {
  const int16_t data[] = {1, 2, 3, 4, 5, 6};
  const int64_t dims[] = {2, 3}, strides[] = {2, 4};
  int16_t back[6], transposed[6];
  const int64_t column_major[] = {0, 1};
  defaults();
  PJRT_Client *client = new_client();
  ARGS(PJRT_Client_BufferFromHostBuffer, .client = client, .data = data,
       .type = PJRT_Buffer_Type_S16, .dims = dims, .num_dims = 2,
       .byte_strides = strides, .num_byte_strides = 2,
       .device = device_of(client, 0));
  CHECK(!api->PJRT_Client_BufferFromHostBuffer(&args));
  PJRT_Event *event = download(args.buffer, back, sizeof(back));
  const int16_t expected[] = {1, 3, 5, 2, 4, 6};
  CHECK(event && !await(event) && !memcmp(back, expected, sizeof(back)));
  free_event(event);
  PJRT_Buffer_MemoryLayout layout = {
      .struct_size = PJRT_Buffer_MemoryLayout_STRUCT_SIZE,
      .tiled = {.struct_size = PJRT_Buffer_MemoryLayout_Tiled_STRUCT_SIZE,
                .minor_to_major = column_major,
                .minor_to_major_size = 2}};
  PJRT_Buffer_ToHostBuffer_Args read = {
      .struct_size = PJRT_Buffer_ToHostBuffer_Args_STRUCT_SIZE,
      .src = args.buffer,
      .host_layout = &layout,
      .dst = transposed,
      .dst_size = sizeof(transposed)};
  CHECK(!api->PJRT_Buffer_ToHostBuffer(&read) && !await(read.event));
  CHECK(!memcmp(transposed, data, sizeof(data)));
  free_event(read.event);
  free_event(args.done_with_host_buffer);
  free_buffer(args.buffer);
  free_client(client);
}

static void check_types(void) {
  const unsigned char data[5] = {1, 0, 1, 0, 1};
  const int64_t dims[] = {5};
  PJRT_Event *done;
  pjrt_sim_options options;
  sim.options_init(&options);
  options.minor = 81;
  configure(&options);
  PJRT_Client *client = new_client();
  PJRT_Buffer *buffer =
      upload(client, PJRT_Buffer_Type_S2, data, dims, 1,
             PJRT_HostBufferSemantics_kMutableZeroCopy, &done);
  CHECK(buffer);
  ARGS(PJRT_Buffer_OnDeviceSizeInBytes, .buffer = buffer);
  CHECK(!api->PJRT_Buffer_OnDeviceSizeInBytes(&args));
  CHECK(args.on_device_size_in_bytes == 2);
  PJRT_Client_BufferFromHostBuffer_Args too_new = {
      .struct_size = PJRT_Client_BufferFromHostBuffer_Args_STRUCT_SIZE,
      .client = client,
      .data = data,
      .type = PJRT_Buffer_Type_S1,
      .dims = dims,
      .num_dims = 1,
      .device = device_of(client, 0)};
  CHECK(says(api->PJRT_Client_BufferFromHostBuffer(&too_new),
             PJRT_Error_Code_INTERNAL, "misuse: element type 30"));
  CHECK(sim.num_misuses() == 1);
  CHECK(!strcmp(sim.first_misuse(), "element type 30"));
  free_buffer(buffer);
  free_event(done);
  free_client(client);
}

static void check_faults(void) {
  one_fault((pjrt_sim_fault){.function = "PJRT_Client_Create",
                             .nth = 2,
                             .code = PJRT_Error_Code_UNAVAILABLE,
                             .message = "gone"});
  ARGS(PJRT_Client_Create, .client = NULL);
  CHECK(!api->PJRT_Client_Create(&args));
  free_client(args.client);
  args.client = (PJRT_Client *)&args;
  CHECK(says(api->PJRT_Client_Create(&args), PJRT_Error_Code_UNAVAILABLE,
             "gone"));
  CHECK(args.client == (PJRT_Client *)&args);
  CHECK(!api->PJRT_Client_Create(&args));
  free_client(args.client);
}

static void on_ready(PJRT_Error *error, void *arg) {
  *(bool *)arg = says(error, PJRT_Error_Code_DATA_LOSS, "lost");
}

static void check_held_events(void) {
  const float data[] = {1, 2};
  float back[2] = {7, 7};
  const int64_t dims[] = {2};
  bool was_called = false;
  PJRT_Event *done;
  one_fault((pjrt_sim_fault){.function = "PJRT_Buffer_ToHostBuffer",
                             .async_code = PJRT_Error_Code_DATA_LOSS,
                             .async_delay_ms = -1,
                             .message = "lost"});
  PJRT_Client *client = new_client();
  PJRT_Buffer *buffer =
      upload(client, PJRT_Buffer_Type_F32, data, dims, 1,
             PJRT_HostBufferSemantics_kImmutableOnlyDuringCall, &done);
  PJRT_Event *event = download(buffer, back, sizeof(back));
  CHECK(event && !is_ready(event));
  ARGS(PJRT_Event_OnReady, .event = event, .callback = on_ready,
       .user_arg = &was_called);
  CHECK(!api->PJRT_Event_OnReady(&args) && !was_called);
  sim.release_events();
  CHECK(is_ready(event) && was_called && back[0] == 7);
  CHECK(says(await(event), PJRT_Error_Code_DATA_LOSS, "lost"));
  free_event(event);
  free_event(done);
  free_buffer(buffer);
  free_client(client);
}

/* The bytes of a held upload are taken when it completes, not before. */
static void check_late_upload(void) {
  int32_t data[] = {1, 2}, back[2];
  const int64_t dims[] = {2};
  PJRT_Event *done;
  one_fault((pjrt_sim_fault){.function = "PJRT_Client_BufferFromHostBuffer",
                             .async_delay_ms = 20});
  PJRT_Client *client = new_client();
  PJRT_Buffer *buffer =
      upload(client, PJRT_Buffer_Type_S32, data, dims, 1,
             PJRT_HostBufferSemantics_kImmutableUntilTransferCompletes, &done);
  data[1] = 5;
  CHECK(buffer && !await(done));
  PJRT_Event *event = download(buffer, back, sizeof(back));
  CHECK(!await(event) && back[0] == 1 && back[1] == 5);
  free_event(event);
  free_event(done);
  free_buffer(buffer);
  free_client(client);
}

static void check_events(void) {
  defaults();
  ARGS(PJRT_Event_Create, .event = NULL);
  CHECK(!api->PJRT_Event_Create(&args) && !is_ready(args.event));
  PJRT_Event_Set_Args set = {.struct_size = PJRT_Event_Set_Args_STRUCT_SIZE,
                             .event = args.event,
                             .error_code = PJRT_Error_Code_ABORTED,
                             .error_message = "stop",
                             .error_message_size = 4};
  CHECK(!api->PJRT_Event_Set(&set));
  CHECK(says(await(args.event), PJRT_Error_Code_ABORTED, "stop"));
  CHECK(says(api->PJRT_Event_Set(&set), PJRT_Error_Code_INTERNAL, "misuse"));
  free_event(args.event);
}

static void check_compile_errors(void) {
  PJRT_LoadedExecutable *executable;
  defaults();
  PJRT_Client *client = new_client();
  CHECK(says(compile(client, "module {}", &executable),
             PJRT_Error_Code_INVALID_ARGUMENT, "the program has no @main"));
  CHECK(says(compile(client, "@main(%a: tensor<?xf32>)", &executable),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "cannot parse the signature of @main"));
  CHECK(!sim.num_misuses());
  free_client(client);
}

/* Executes add_program; the outputs replace the arguments. */
static PJRT_Error *execute(PJRT_LoadedExecutable *executable,
                           PJRT_Buffer *buffers[2], PJRT_Buffer *outputs[2]) {
  PJRT_ExecuteOptions options = {.struct_size = PJRT_ExecuteOptions_STRUCT_SIZE,
                                 .launch_id = 42,
                                 .call_location = "here"};
  PJRT_Buffer *const *argument_list = buffers;
  PJRT_Buffer **output_list = outputs;
  ARGS(PJRT_LoadedExecutable_Execute, .executable = executable,
       .options = &options, .argument_lists = &argument_list, .num_devices = 1,
       .num_args = 2, .output_lists = &output_list);
  return api->PJRT_LoadedExecutable_Execute(&args);
}

static void check_execution(void) {
  const float data[6] = {1, 2, 3, 4, 5, 6};
  const int8_t scalar = 9;
  const int64_t dims[] = {3, 2};
  PJRT_Buffer *arguments[2], *outputs[2];
  PJRT_Event *done[2];
  PJRT_LoadedExecutable *executable;
  pjrt_sim_execution execution;
  float back[6];
  defaults();
  PJRT_Client *client = new_client();
  CHECK(!compile(client, add_program, &executable));
  arguments[0] =
      upload(client, PJRT_Buffer_Type_F32, data, dims, 2,
             PJRT_HostBufferSemantics_kImmutableOnlyDuringCall, &done[0]);
  arguments[1] =
      upload(client, PJRT_Buffer_Type_S8, &scalar, NULL, 0,
             PJRT_HostBufferSemantics_kImmutableOnlyDuringCall, &done[1]);
  CHECK(says(execute(executable, arguments, outputs), PJRT_Error_Code_INTERNAL,
             "misuse: argument 0 has another type or shape"));
  PJRT_Buffer_Bitcast_Args cast = {
      .struct_size = PJRT_Buffer_Bitcast_Args_STRUCT_SIZE,
      .buffer = arguments[0],
      .element_type = PJRT_Buffer_Type_F32,
      .dims = (const int64_t[]){2, 3},
      .num_dims = 2};
  CHECK(!api->PJRT_Buffer_Bitcast(&cast));
  free_buffer(arguments[0]);
  arguments[0] = cast.out_buffer;
  CHECK(!execute(executable, arguments, outputs));
  sim.get_execution(&execution);
  CHECK(execution.launch_id == 42 && !strcmp(execution.call_location, "here"));
  PJRT_Event *event = download(outputs[0], back, sizeof(back));
  CHECK(!await(event) && !memcmp(back, data, sizeof(data)));
  free_event(event);
  CHECK(says(execute(executable, arguments, outputs),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "Buffer has been deleted or donated."));
  for (int i = 0; i < 2; i++) {
    free_event(done[i]);
    free_buffer(arguments[i]);
    free_buffer(outputs[i]);
  }
  ARGS(PJRT_LoadedExecutable_Destroy, .executable = executable);
  CHECK(!api->PJRT_LoadedExecutable_Destroy(&args));
  free_client(client);
}

static void check_executable(void) {
  PJRT_LoadedExecutable *loaded;
  defaults();
  PJRT_Client *client = new_client();
  CHECK(!compile(client, add_program, &loaded));
  ARGS(PJRT_LoadedExecutable_GetExecutable, .loaded_executable = loaded);
  CHECK(!api->PJRT_LoadedExecutable_GetExecutable(&args));
  PJRT_Executable_OutputDimensions_Args dims = {
      .struct_size = PJRT_Executable_OutputDimensions_Args_STRUCT_SIZE,
      .executable = args.executable};
  CHECK(!api->PJRT_Executable_OutputDimensions(&dims));
  CHECK(dims.num_outputs == 2 && dims.dim_sizes[0] == 2 &&
        dims.dim_sizes[1] == 1 && dims.dims[2] == 4);
  PJRT_Executable_Serialize_Args blob = {
      .struct_size = PJRT_Executable_Serialize_Args_STRUCT_SIZE,
      .executable = args.executable};
  CHECK(!api->PJRT_Executable_Serialize(&blob));
  PJRT_Executable_DeserializeAndLoad_Args again = {
      .struct_size = PJRT_Executable_DeserializeAndLoad_Args_STRUCT_SIZE,
      .client = client,
      .serialized_executable = blob.serialized_bytes,
      .serialized_executable_size = blob.serialized_bytes_size};
  CHECK(!api->PJRT_Executable_DeserializeAndLoad(&again));
  blob.serialized_executable_deleter(blob.serialized_executable);
  PJRT_LoadedExecutable_Destroy_Args destroy = {
      .struct_size = PJRT_LoadedExecutable_Destroy_Args_STRUCT_SIZE,
      .executable = again.loaded_executable};
  CHECK(!api->PJRT_LoadedExecutable_Destroy(&destroy));
  destroy.executable = loaded;
  CHECK(!api->PJRT_LoadedExecutable_Destroy(&destroy));
  CHECK(says(api->PJRT_Executable_OutputDimensions(&dims),
             PJRT_Error_Code_INTERNAL, "misuse: an executable outlived"));
  PJRT_Executable_Destroy_Args last = {
      .struct_size = PJRT_Executable_Destroy_Args_STRUCT_SIZE,
      .executable = args.executable};
  CHECK(!api->PJRT_Executable_Destroy(&last));
  free_client(client);
}

/* ---- all slots ----------------------------------------------------------- */

typedef PJRT_Error *any_function(void *args);

/* Every slot is there, counts its call, and refuses struct_size 0 by name. */
static void check_every_slot(void) {
  static const char *const names[] = {
#define PJRT_CALL_ROW(function, since, kind) #function,
#include "abi/generated/calls.inc"
  };
  static char args[1024];
  defaults();
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    any_function *function;
    char expected[128];
    memcpy(&function, (const char *)api + 40 + 8 * i, sizeof(function));
    CHECK(function);
    if (i < 2) continue; /* Error_Destroy and Error_Message return nothing */
    snprintf(expected, sizeof(expected), "Unexpected %s_Args size: expected ",
             names[i]);
    if (!says(function(args), PJRT_Error_Code_INVALID_ARGUMENT, expected)) {
      fail(__LINE__, names[i]);
      return;
    }
    CHECK(sim.num_calls(names[i]) >= 1);
  }
}

static bool uses(PJRT_Device *device, int64_t bytes, int64_t peak) {
  ARGS(PJRT_Device_MemoryStats, .device = device);
  return !api->PJRT_Device_MemoryStats(&args) && args.bytes_limit_is_set &&
         args.bytes_limit == 100 && args.bytes_in_use == bytes &&
         args.peak_bytes_in_use_is_set && args.peak_bytes_in_use == peak;
}

static void check_memory_capacity(void) {
  static const float values[20] = {0};
  const int64_t dims[] = {20};
  pjrt_sim_options options;
  sim.options_init(&options);
  options.memory_capacity = 100;
  configure(&options);
  PJRT_Client *client = new_client();
  PJRT_Device *device = device_of(client, 0);
  PJRT_Event *done = NULL;
  PJRT_Buffer *buffer =
      upload(client, PJRT_Buffer_Type_F32, values, dims, 1,
             PJRT_HostBufferSemantics_kImmutableOnlyDuringCall, &done);
  CHECK(buffer);
  CHECK(uses(device, 80, 80));
  ARGS(PJRT_Buffer_CopyToDevice, .buffer = buffer, .dst_device = device);
  CHECK(says(api->PJRT_Buffer_CopyToDevice(&args),
             PJRT_Error_Code_RESOURCE_EXHAUSTED,
             "Out of memory allocating 80 bytes, 20 are left"));
  /* Each device has a memory of its own. */
  args.dst_device = device_of(client, 1);
  CHECK(!api->PJRT_Buffer_CopyToDevice(&args));
  free_buffer(args.dst_buffer);
  free_buffer(buffer);
  free_event(done);
  CHECK(uses(device, 0, 80));
  PJRT_Device_ClearMemoryStats_Args clear = {
      .struct_size = PJRT_Device_ClearMemoryStats_Args_STRUCT_SIZE,
      .device = device};
  CHECK(!api->PJRT_Device_ClearMemoryStats(&clear));
  CHECK(uses(device, 0, 0));
  free_client(client);
}

/* An execution whose outputs do not fit leaves none of them behind. */
static void check_outputs_that_do_not_fit(void) {
  pjrt_sim_options options;
  PJRT_LoadedExecutable *executable = NULL;
  for (int mode = PJRT_SIM_COMPUTE; mode <= PJRT_SIM_ECHO; mode++) {
    sim.options_init(&options);
    options.execution = (pjrt_sim_execution_mode)mode;
    options.memory_capacity = 100;
    configure(&options);
    PJRT_Client *client = new_client();
    CHECK(!compile(client,
                   "func.func @main() -> (tensor<20xf32>, tensor<20xf32>) {\n"
                   "  %0 = stablehlo.constant dense<1.0> : tensor<20xf32>\n"
                   "  return %0, %0 : tensor<20xf32>, tensor<20xf32>\n}\n",
                   &executable));
    PJRT_Buffer *outputs[2] = {NULL, NULL};
    PJRT_Buffer **output_list = outputs;
    PJRT_Buffer *const *argument_list = outputs;
    PJRT_ExecuteOptions execute_options = {.struct_size =
                                               PJRT_ExecuteOptions_STRUCT_SIZE};
    ARGS(PJRT_LoadedExecutable_Execute, .executable = executable,
         .options = &execute_options, .argument_lists = &argument_list,
         .num_devices = 1, .output_lists = &output_list);
    CHECK(says(api->PJRT_LoadedExecutable_Execute(&args),
               PJRT_Error_Code_RESOURCE_EXHAUSTED, "Out of memory"));
    CHECK(!outputs[0] && !outputs[1]);
    PJRT_LoadedExecutable_Destroy_Args destroy = {
        .struct_size = PJRT_LoadedExecutable_Destroy_Args_STRUCT_SIZE,
        .executable = executable};
    CHECK(!api->PJRT_LoadedExecutable_Destroy(&destroy));
    free_client(client);
  }
}

/* ---- running ------------------------------------------------------------- */

static void *symbol(void *library, const char *name) {
  void *found = dlsym(library, name);
  if (!found) {
    fprintf(stderr, "no symbol %s\n", name);
    exit(2);
  }
  return found;
}

static void load(const char *path) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    fprintf(stderr, "%s\n", dlerror());
    exit(2);
  }
#define LOAD(field, name) *(void **)&sim.field = symbol(library, name)
  LOAD(configure, "pjrt_sim_configure");
  *(void **)&plugin_defaults = symbol(library, "pjrt_sim_options_init");
  sim.options_init = echo_by_default;
  LOAD(release_events, "pjrt_sim_release_events");
  LOAD(get_live, "pjrt_sim_get_live");
  LOAD(num_calls, "pjrt_sim_num_calls");
  LOAD(last_struct_size, "pjrt_sim_last_struct_size");
  LOAD(num_misuses, "pjrt_sim_num_misuses");
  LOAD(first_misuse, "pjrt_sim_first_misuse");
  LOAD(get_execution, "pjrt_sim_get_execution");
  LOAD(get_api, "GetPjrtApi");
}

static void check_no_leaks(void) {
  pjrt_sim_live live, none = {0};
  sim.get_live(&live);
  CHECK(!memcmp(&live, &none, sizeof(live)));
}

static void run(const char *name, void (*test)(void)) {
  const int failures = num_failures;
  case_name = name;
  test();
  if (num_failures == failures) check_no_leaks();
  if (num_failures == failures) printf("ok %s\n", name);
}

static int print_version(void) {
  api = sim.get_api();
  if (!api) return puts("none"), 0;
  PJRT_Client *client = new_client();
  printf("0.%d %zu %s\n", api->pjrt_api_version.minor_version, api->struct_size,
         client ? "client" : "no client");
  return 0;
}

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  load(argv[1]);
  if (argc > 2) return print_version();
  run("every-slot", check_every_slot);
  run("versions", check_versions);
  run("odd-tables", check_odd_tables);
  run("struct-sizes", check_struct_sizes);
  run("payloads", check_payloads);
  run("create-options", check_create_options);
  run("host-buffer-semantics", check_semantics);
  run("strides", check_strides);
  run("element-types", check_types);
  run("faults", check_faults);
  run("held-events", check_held_events);
  run("late-upload", check_late_upload);
  run("events", check_events);
  run("compile-errors", check_compile_errors);
  run("execution", check_execution);
  run("executable", check_executable);
  run("memory-capacity", check_memory_capacity);
  run("outputs-that-do-not-fit", check_outputs_that_do_not_fit);
  return num_failures ? 1 : 0;
}
