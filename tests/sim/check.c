#include "check.h"

sim_functions sim;
const PJRT_Api *api;

const float FOUR[4] = {1, 2, 3, 4};
const float TWICE[4] = {2, 4, 6, 8};

const char TWICE_PROGRAM[] =
    "func.func @main(%a: tensor<4xf32>) -> tensor<4xf32> {\n"
    "  %0 = stablehlo.add %a, %a : tensor<4xf32>\n"
    "  return %0 : tensor<4xf32>\n}\n";

/* ---- the plugin ---------------------------------------------------------- */

pjrt_sim_options default_options(void) {
  pjrt_sim_options options;
  sim.options_init(&options);
  return options;
}

void use_options(const pjrt_sim_options *options) {
  sim.configure(options);
  api = sim.get_api();
}

void use_defaults(void) {
  const pjrt_sim_options options = default_options();
  use_options(&options);
}

void use_minor(int minor) {
  pjrt_sim_options options = default_options();
  options.minor = minor;
  use_options(&options);
}

void use_fault(const pjrt_sim_fault *fault, int64_t seed) {
  pjrt_sim_options options = default_options();
  options.faults = fault;
  options.num_faults = 1;
  options.seed = seed;
  use_options(&options);
}

size_t num_others(void) {
  pjrt_sim_live live;
  sim.get_live(&live);
  return live.others;
}

const void *find_extension(PJRT_Extension_Type type) {
  const PJRT_Extension_Base *node = api->extension_start;
  while (node && node->type != type) node = node->next;
  return node;
}

const PJRT_Layouts_Extension *layouts(void) {
  return find_extension(PJRT_Extension_Type_Layouts);
}

const PJRT_Megascale_Extension *megascale(void) {
  return find_extension(PJRT_Extension_Type_Megascale);
}

/* ---- errors, events, texts ----------------------------------------------- */

void free_error(PJRT_Error *error) {
  ARGS(PJRT_Error_Destroy, .error = error);
  api->PJRT_Error_Destroy(&args);
}

bool says(PJRT_Error *error, PJRT_Error_Code code, const char *beginning) {
  MAKE(got, PJRT_Error_GetCode, .error = error);
  MAKE(text, PJRT_Error_Message, .error = error);
  if (!error) return false;
  PJRT_Error *second = api->PJRT_Error_GetCode(&got);
  api->PJRT_Error_Message(&text);
  const size_t size = strlen(beginning);
  const bool is_so = !second && got.code == code && text.message_size >= size &&
                     !memcmp(text.message, beginning, size) &&
                     text.message[text.message_size] != '\0';
  if (!is_so)
    fprintf(stderr, "code %d: %.*s\n", (int)got.code, (int)text.message_size,
            text.message);
  free_error(error);
  return is_so;
}

PJRT_Error *await_free(PJRT_Event *event) {
  ARGS(PJRT_Event_Await, .event = event);
  PJRT_Error *error = api->PJRT_Event_Await(&args);
  free_event(event);
  return error;
}

bool is_ready(PJRT_Event *event) {
  ARGS(PJRT_Event_IsReady, .event = event);
  return !api->PJRT_Event_IsReady(&args) && args.is_ready;
}

void free_event(PJRT_Event *event) {
  ARGS(PJRT_Event_Destroy, .event = event);
  api->PJRT_Event_Destroy(&args);
}

bool is_bytes(const char *bytes, size_t size, const char *expected,
              size_t expected_size) {
  if (bytes && size == expected_size && !memcmp(bytes, expected, size))
    return true;
  fprintf(stderr, "'%.*s', expected '%.*s'\n", (int)size, bytes ? bytes : "",
          (int)expected_size, expected);
  return false;
}

bool is_text(const char *text, size_t size, const char *expected) {
  return is_bytes(text, size, expected, strlen(expected));
}

const PJRT_NamedValue *named_value(const PJRT_NamedValue *values, size_t num,
                                   const char *name) {
  for (size_t i = 0; i < num; i++)
    if (values[i].name_size == strlen(name) &&
        !memcmp(values[i].name, name, strlen(name)))
      return &values[i];
  return NULL;
}

PJRT_NamedValue int64_option(const char *name, int64_t value) {
  return (PJRT_NamedValue){.struct_size = PJRT_NamedValue_STRUCT_SIZE,
                           .name = name,
                           .name_size = strlen(name),
                           .type = PJRT_NamedValue_kInt64,
                           .int64_value = value,
                           .value_size = 1};
}

/* ---- clients, devices, memories ------------------------------------------ */

PJRT_Client *new_client(void) {
  ARGS(PJRT_Client_Create, .client = NULL);
  return api->PJRT_Client_Create(&args) ? NULL : args.client;
}

PJRT_Client *client_with(const pjrt_sim_options *options) {
  use_options(options);
  return new_client();
}

void free_client(PJRT_Client *client) {
  ARGS(PJRT_Client_Destroy, .client = client);
  api->PJRT_Client_Destroy(&args);
}

PJRT_Device *device_of(PJRT_Client *client, int id) {
  ARGS(PJRT_Client_LookupDevice, .client = client, .id = id);
  return api->PJRT_Client_LookupDevice(&args) ? NULL : args.device;
}

PJRT_DeviceDescription *description_of(PJRT_Device *device) {
  ARGS(PJRT_Device_GetDescription, .device = device);
  return api->PJRT_Device_GetDescription(&args) ? NULL
                                                : args.device_description;
}

int process_of(PJRT_DeviceDescription *description) {
  ARGS(PJRT_DeviceDescription_ProcessIndex, .device_description = description,
       .process_index = -7);
  return api->PJRT_DeviceDescription_ProcessIndex(&args) ? -8
                                                         : args.process_index;
}

PJRT_Memory *memory_of(PJRT_Device *device, size_t i) {
  ARGS(PJRT_Device_AddressableMemories, .device = device);
  if (api->PJRT_Device_AddressableMemories(&args)) return NULL;
  return i < args.num_memories ? args.memories[i] : NULL;
}

int memory_id(PJRT_Memory *memory) {
  ARGS(PJRT_Memory_Id, .memory = memory, .id = -7);
  return api->PJRT_Memory_Id(&args) ? -8 : args.id;
}

PJRT_TopologyDescription *topology_of(PJRT_Client *client) {
  ARGS(PJRT_Client_TopologyDescription, .client = client);
  return api->PJRT_Client_TopologyDescription(&args) ? NULL : args.topology;
}

PJRT_TopologyDescription *new_topology(const char *mesh,
                                       int64_t num_processes) {
  const PJRT_NamedValue option = int64_option("num_nodes", num_processes);
  ARGS(PJRT_TopologyDescription_Create, .topology_name = mesh,
       .topology_name_size = strlen(mesh), .create_options = &option,
       .num_options = 1);
  return api->PJRT_TopologyDescription_Create(&args) ? NULL : args.topology;
}

void free_topology(PJRT_TopologyDescription *topology) {
  ARGS(PJRT_TopologyDescription_Destroy, .topology = topology);
  api->PJRT_TopologyDescription_Destroy(&args);
}

uint64_t topology_fingerprint(PJRT_TopologyDescription *topology) {
  ARGS(PJRT_TopologyDescription_Fingerprint, .topology = topology);
  return api->PJRT_TopologyDescription_Fingerprint(&args) ? 0
                                                          : args.fingerprint;
}

/* ---- buffers ------------------------------------------------------------- */

PJRT_Error *upload(host_array array, PJRT_Buffer **out, PJRT_Event **out_done) {
  array.struct_size = PJRT_Client_BufferFromHostBuffer_Args_STRUCT_SIZE;
  PJRT_Error *error = api->PJRT_Client_BufferFromHostBuffer(&array);
  *out = array.buffer;
  if (error) return error;
  if (!out_done) return await_free(array.done_with_host_buffer);
  *out_done = array.done_with_host_buffer;
  return NULL;
}

PJRT_Buffer *upload_floats(PJRT_Client *client, int device, const float *data,
                           size_t num) {
  const int64_t dims[] = {(int64_t)num};
  const host_array array = {.client = client,
                            .data = data,
                            .type = PJRT_Buffer_Type_F32,
                            .dims = dims,
                            .num_dims = 1,
                            .device = device_of(client, device)};
  PJRT_Buffer *buffer;
  return upload(array, &buffer, NULL) ? NULL : buffer;
}

bool holds_floats(PJRT_Buffer *buffer, const float *expected, size_t num) {
  float data[64];
  if (num > 64) return false;
  PJRT_Event *event = download(buffer, data, num * sizeof(float));
  return event && !await_free(event) &&
         !memcmp(data, expected, num * sizeof(float));
}

PJRT_Event *download(PJRT_Buffer *buffer, void *dst, size_t size) {
  ARGS(PJRT_Buffer_ToHostBuffer, .src = buffer, .dst = dst, .dst_size = size);
  return api->PJRT_Buffer_ToHostBuffer(&args) ? NULL : args.event;
}

PJRT_Buffer *pending_floats(PJRT_Client *client,
                            PJRT_FulfillAliasBufferCallback **out_alias) {
  static const int64_t dims[] = {4};
  ARGS(PJRT_Client_CreateAliasBuffer, .client = client,
       .memory = memory_of(device_of(client, 0), 0), .shape_dims = dims,
       .shape_num_dims = 1, .shape_element_type = PJRT_Buffer_Type_F32);
  if (api->PJRT_Client_CreateAliasBuffer(&args)) return NULL;
  *out_alias = args.fulfill_alias_buffer_cb;
  return args.alias_buffer;
}

PJRT_Error *fulfill(PJRT_Client *client, PJRT_FulfillAliasBufferCallback *alias,
                    PJRT_Buffer *with) {
  ARGS(PJRT_Client_FulfillAliasBuffer, .client = client, .buffer = with,
       .fulfill_alias_buffer_cb = alias);
  return api->PJRT_Client_FulfillAliasBuffer(&args);
}

void free_buffer(PJRT_Buffer *buffer) {
  ARGS(PJRT_Buffer_Destroy, .buffer = buffer);
  api->PJRT_Buffer_Destroy(&args);
}

PJRT_Event *ready_event(PJRT_Buffer *buffer) {
  ARGS(PJRT_Buffer_ReadyEvent, .buffer = buffer);
  return api->PJRT_Buffer_ReadyEvent(&args) ? NULL : args.event;
}

bool buffer_is_ready(PJRT_Buffer *buffer) {
  PJRT_Event *event = ready_event(buffer);
  const bool is_so = is_ready(event);
  free_event(event);
  return is_so;
}

/* ---- layouts ------------------------------------------------------------- */

bool layout_reads(PJRT_Layouts_MemoryLayout *layout, const char *expected) {
  ARGS(PJRT_Layouts_MemoryLayout_Serialize, .layout = layout);
  if (layouts()->PJRT_Layouts_MemoryLayout_Serialize(&args)) return false;
  const bool is_so =
      is_text(args.serialized_bytes, args.serialized_bytes_size, expected);
  args.serialized_layout_deleter(args.serialized_layout);
  return is_so;
}

PJRT_Error *destroy_layout(PJRT_Layouts_MemoryLayout *layout) {
  ARGS(PJRT_Layouts_MemoryLayout_Destroy, .layout = layout);
  return layouts()->PJRT_Layouts_MemoryLayout_Destroy(&args);
}

/* ---- programs ------------------------------------------------------------ */

PJRT_Error *compile(PJRT_Client *client, const char *code, int num_partitions,
                    PJRT_LoadedExecutable **out) {
  /* CompileOptionsProto.executable_build_options = 3: num_replicas = 4,
   * num_partitions = 5, use_spmd_partitioning = 6. */
  char options[] = {0x1a, 6, 0x20, 1, 0x28, (char)num_partitions, 0x30, 1};
  PJRT_Program program = {.struct_size = PJRT_Program_STRUCT_SIZE,
                          .code = (char *)(uintptr_t)code,
                          .code_size = strlen(code),
                          .format = "mlir",
                          .format_size = 4};
  ARGS(PJRT_Client_Compile, .client = client, .program = &program,
       .compile_options = options, .compile_options_size = sizeof(options));
  PJRT_Error *error = api->PJRT_Client_Compile(&args);
  *out = args.executable;
  return error;
}

PJRT_LoadedExecutable *load_twice(PJRT_Client *client) {
  PJRT_LoadedExecutable *loaded;
  return compile(client, TWICE_PROGRAM, 1, &loaded) ? NULL : loaded;
}

void free_loaded(PJRT_LoadedExecutable *loaded) {
  ARGS(PJRT_LoadedExecutable_Destroy, .executable = loaded);
  api->PJRT_LoadedExecutable_Destroy(&args);
}

PJRT_Executable *executable_of(PJRT_LoadedExecutable *loaded) {
  ARGS(PJRT_LoadedExecutable_GetExecutable, .loaded_executable = loaded);
  return api->PJRT_LoadedExecutable_GetExecutable(&args) ? NULL
                                                         : args.executable;
}

void free_executable(PJRT_Executable *executable) {
  ARGS(PJRT_Executable_Destroy, .executable = executable);
  api->PJRT_Executable_Destroy(&args);
}

PJRT_Error *execute(PJRT_LoadedExecutable *loaded, PJRT_Buffer *const *in,
                    size_t num_in, PJRT_Buffer **out, PJRT_Event **out_done) {
  return execute_with((PJRT_ExecuteOptions){0}, loaded, in, num_in, out,
                      out_done);
}

PJRT_Error *execute_with(PJRT_ExecuteOptions options,
                         PJRT_LoadedExecutable *loaded, PJRT_Buffer *const *in,
                         size_t num_in, PJRT_Buffer **out,
                         PJRT_Event **out_done) {
  PJRT_Buffer *const *const ins[] = {in};
  PJRT_Buffer **const outs[] = {out};
  options.struct_size = PJRT_ExecuteOptions_STRUCT_SIZE;
  ARGS(PJRT_LoadedExecutable_Execute, .executable = loaded, .options = &options,
       .argument_lists = ins, .num_devices = 1, .num_args = num_in,
       .output_lists = outs, .device_complete_events = out_done);
  return api->PJRT_LoadedExecutable_Execute(&args);
}
