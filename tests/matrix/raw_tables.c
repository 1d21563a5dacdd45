/* What raw calls take and give, and what is special about some. */
#include "raw.h"

#include <stdalign.h>

/* ---- inputs -------------------------------------------------------------- */

static const int64_t dims[] = {RAW_NUM_VALUES};
static alignas(64) float values[RAW_NUM_VALUES] = {1, 2, 3, 4};
/* One replica, one partition. */
static const char compile_options[] = {0x1a, 4, 0x20, 1, 0x28, 1};

const raw_input raw_inputs[] = {
    {NULL, "id", 0, NULL},
    {NULL, "local_hardware_id", 0, NULL},
    {NULL, "dims", 0, dims},
    {NULL, "shape_dims", 0, dims},
    {NULL, "num_dims", 1, NULL},
    {NULL, "shape_num_dims", 1, NULL},
    {NULL, "type", PJRT_Buffer_Type_F32, NULL},
    {NULL, "element_type", PJRT_Buffer_Type_F32, NULL},
    {NULL, "shape_element_type", PJRT_Buffer_Type_F32, NULL},
    {NULL, "data", 0, values},
    {NULL, "size", sizeof values, NULL},
    {NULL, "device_buffer_ptr", 0, values},
    {NULL, "transfer_size", sizeof values, NULL},
    {NULL, "dst_size", sizeof values, NULL},
    {NULL, "is_last_transfer", true, NULL},
    {NULL, "compile_options", 0, compile_options},
    {NULL, "compile_options_size", sizeof compile_options, NULL},
    {NULL, "error_code", PJRT_Error_Code_ABORTED, NULL},
    {NULL, "error_message", 0, "stop"},
    {NULL, "error_message_size", 4, NULL},
    {NULL, "description", 0, "work"},
    {NULL, "description_size", 4, NULL},
    {NULL, "num_replicas", 2, NULL},
    {NULL, "num_partitions", 1, NULL},
    {NULL, "default_assignment_size", 2, NULL},
    {NULL, "num_shape_specs", 1, NULL},
    {NULL, "num_process_infos", 1, NULL},
    {"PJRT_LoadedExecutable_Execute", "num_devices", 1, NULL},
    {"PJRT_LoadedExecutable_Execute", "num_args", 2, NULL},
    /* For portable executables alone. */
    {"PJRT_LoadedExecutable_Execute", "execute_device", 0, NULL},
};
const size_t raw_num_inputs = sizeof raw_inputs / sizeof *raw_inputs;

/* ---- outputs ------------------------------------------------------------- */

const raw_output raw_outputs[] = {
    {"PJRT_Error_Message", "message", 0, "how it ends"},
    {"PJRT_Error_GetCode", "code", PJRT_Error_Code_DATA_LOSS, NULL},
    {"PJRT_Event_IsReady", "is_ready", true, NULL},
    {"PJRT_Client_PlatformName", "platform_name", 0, "sim"},
    {"PJRT_Client_PlatformVersion", "platform_version", 0, "sim 1.0"},
    {"PJRT_Client_ProcessIndex", "process_index", 0, NULL},
    {"PJRT_Client_Devices", "num_devices", 2, NULL},
    {"PJRT_Client_AddressableDevices", "num_addressable_devices", 2, NULL},
    {"PJRT_DeviceDescription_Id", "id", 0, NULL},
    {"PJRT_DeviceDescription_ProcessIndex", "process_index", 0, NULL},
    {"PJRT_DeviceDescription_Kind", "device_kind", 0, "sim device"},
    {"PJRT_DeviceDescription_ToString", "to_string", 0, "sim:0"},
    {"PJRT_Device_IsAddressable", "is_addressable", true, NULL},
    {"PJRT_Device_LocalHardwareId", "local_hardware_id", 0, NULL},
    {"PJRT_Device_MemoryStats", "bytes_in_use", 0, NULL},
    {"PJRT_Memory_Id", "id", 0, NULL},
    {"PJRT_Memory_Kind", "kind", 0, "device"},
    {"PJRT_Memory_AddressableByDevices", "num_devices", 1, NULL},
    {"PJRT_Executable_Name", "executable_name", 0, "main"},
    {"PJRT_Executable_NumReplicas", "num_replicas", 1, NULL},
    {"PJRT_Executable_NumPartitions", "num_partitions", 1, NULL},
    {"PJRT_Executable_NumOutputs", "num_outputs", 1, NULL},
    {"PJRT_Executable_OutputMemoryKinds", "num_outputs", 1, NULL},
    {"PJRT_Executable_OutputElementTypes", "num_output_types", 1, NULL},
    {"PJRT_Executable_OutputDimensions", "num_outputs", 1, NULL},
    {"PJRT_Executable_ParameterMemoryKinds", "num_parameters", 2, NULL},
    {"PJRT_Executable_GetCompiledMemoryStats", "argument_size_in_bytes",
     2 * sizeof values, NULL},
    {"PJRT_Executable_GetCompiledMemoryStats", "output_size_in_bytes",
     sizeof values, NULL},
    {"PJRT_LoadedExecutable_AddressableDevices", "num_addressable_devices", 1,
     NULL},
    {"PJRT_LoadedExecutable_AddressableDeviceLogicalIds",
     "num_addressable_device_logical_ids", 1, NULL},
    {"PJRT_LoadedExecutable_IsDeleted", "is_deleted", false, NULL},
    {"PJRT_Buffer_ElementType", "type", PJRT_Buffer_Type_F32, NULL},
    {"PJRT_Buffer_Dimensions", "num_dims", 1, NULL},
    {"PJRT_Buffer_UnpaddedDimensions", "num_dims", 1, NULL},
    {"PJRT_Buffer_DynamicDimensionIndices", "num_dynamic_dims", 0, NULL},
    {"PJRT_Buffer_OnDeviceSizeInBytes", "on_device_size_in_bytes",
     sizeof values, NULL},
    {"PJRT_Buffer_IsDeleted", "is_deleted", false, NULL},
    {"PJRT_Buffer_ToHostBuffer", "dst_size", sizeof values, NULL},
    {"PJRT_Buffer_IsOnCpu", "is_on_cpu", true, NULL},
    {"PJRT_CopyToDeviceStream_CurrentBytes", "current_bytes", 0, NULL},
    {"PJRT_TopologyDescription_PlatformName", "platform_name", 0, "sim"},
    {"PJRT_TopologyDescription_GetDeviceDescriptions", "num_descriptions", 2,
     NULL},
    {"PJRT_AsyncHostToDeviceTransferManager_BufferCount", "buffer_count", 1,
     NULL},
    {"PJRT_AsyncHostToDeviceTransferManager_BufferSize", "buffer_size",
     sizeof values, NULL},
};
const size_t raw_num_outputs = sizeof raw_outputs / sizeof *raw_outputs;

const char *raw_refusal(const char *function) {
  if (!strcmp(function, "PJRT_LoadedExecutable_Fingerprint"))
    return "PJRT_Executable_Fingerprint";
  return NULL;
}

/* ---- errors and events --------------------------------------------------- */

static void catch_error(PJRT_Error *error, void *user) {
  matrix_attempt *a = user;
  raw(a)->num_callbacks++;
  if (error) raw_remember(a, "PJRT_Error *", error, "PJRT_Event_OnReady");
}

/* An error of the plugin's own: that of an event, which only a callback gets
 * as it is. */
static pjrt_error *make_error(matrix_attempt *a, void *args) {
  max_align_t room[RAW_ARGS_SIZE / sizeof(max_align_t)];
  PJRT_Error_Destroy_Args *about = args; /* all begin alike */
  PJRT_TRY(raw_call(a, "PJRT_Event_OnReady", room));
  sim.release_events();
  if (raw(a)->num_callbacks != 1) {
    matrix_wrong(a, "no error came");
    return NULL;
  }
  return raw_get(a, "PJRT_Error *", &about->error);
}

static pjrt_error *ask_for_callback(matrix_attempt *a, void *room) {
  PJRT_Event_OnReady_Args *args = room;
  args->callback = catch_error;
  args->user_arg = a;
  return NULL;
}

static pjrt_error *expect_callback(matrix_attempt *a, void *room) {
  (void)room;
  MATRIX_EXPECT(a, raw(a)->num_callbacks == 1);
  return NULL;
}

static void count_payload(const char *key, size_t key_size, const char *value,
                          size_t value_size, void *user) {
  (void)key, (void)value;
  if (key_size && value_size) raw((matrix_attempt *)user)->num_payloads++;
}

static pjrt_error *visit_payloads(matrix_attempt *a, void *room) {
  PJRT_Error_ForEachPayload_Args *args = room;
  args->visitor = count_payload;
  args->user_arg = a;
  return make_error(a, room);
}

static pjrt_error *expect_payload(matrix_attempt *a, void *room) {
  (void)room;
  MATRIX_EXPECT(a, raw(a)->num_payloads == 1);
  return NULL;
}

static void with_payload(pjrt_sim_options *options) {
  options->num_payloads = 1;
}

/* The error must be `code`, and is then dropped. */
static pjrt_error *expect_end(matrix_attempt *a, pjrt_error *error) {
  const bool is_expected = pjrt_error_code(error) == PJRT_ABORTED &&
                           !strcmp(pjrt_error_message(error, NULL), "stop");
  if (error && !is_expected) return error;
  MATRIX_EXPECT(a, is_expected);
  pjrt_error_free(error);
  return NULL;
}

static pjrt_error *set_created_event(matrix_attempt *a, void *room) {
  const PJRT_Event_Create_Args *created = room;
  PJRT_Event_Set_Args args;
  memset(&args, 0, sizeof args);
  args.event = created->event;
  return pjrt_raw_PJRT_Event_Set(a->plugin, &args);
}

static pjrt_error *create_event(matrix_attempt *a, void *room) {
  max_align_t created[RAW_ARGS_SIZE / sizeof(max_align_t)];
  PJRT_Event_Set_Args *args = room;
  PJRT_TRY(raw_call(a, "PJRT_Event_Create", created));
  return raw_get(a, "PJRT_Event *", &args->event);
}

static pjrt_error *expect_set_event(matrix_attempt *a, void *room) {
  const PJRT_Event_Set_Args *args = room;
  return expect_end(a, raw_await(a, args->event));
}

/* ---- programs ------------------------------------------------------------ */

static pjrt_error *give_program(matrix_attempt *a, void *room) {
  PJRT_Client_Compile_Args *args = room;
  args->program = &raw(a)->program.value;
  return NULL;
}

static pjrt_error *give_program_for_topology(matrix_attempt *a, void *room) {
  PJRT_Compile_Args *args = room;
  args->program = &raw(a)->program.value;
  return NULL;
}

static pjrt_error *give_room_for_program(matrix_attempt *a, void *room) {
  PJRT_Executable_OptimizedProgram_Args *args = room;
  args->program = &raw(a)->program.value;
  args->program->code = raw(a)->code;
  args->program->code_size = sizeof raw(a)->code;
  return NULL;
}

static pjrt_error *expect_program(matrix_attempt *a, void *room) {
  const PJRT_Executable_OptimizedProgram_Args *args = room;
  MATRIX_EXPECT(a, args->program->code_size > 0 &&
                       args->program->code_size < sizeof raw(a)->code);
  MATRIX_EXPECT(a, args->program->format_size > 0);
  return NULL;
}

static pjrt_error *give_arguments(matrix_attempt *a, void *room) {
  raw_world *w = raw(a);
  PJRT_LoadedExecutable_Execute_Args *args = room;
  max_align_t uploaded[RAW_ARGS_SIZE / sizeof(max_align_t)];
  for (size_t i = 0; i < 2; i++) {
    PJRT_TRY(raw_call(a, "PJRT_Client_BufferFromHostBuffer", uploaded));
    PJRT_TRY(raw_get(a, "PJRT_Buffer *", &w->arguments[i]));
  }
  w->argument_list = w->arguments;
  w->output_list = w->outputs;
  args->argument_lists = &w->argument_list;
  args->output_lists = &w->output_list;
  args->device_complete_events = w->complete;
  args->options = &w->options.value;
  return NULL;
}

static pjrt_error *expect_outputs(matrix_attempt *a, void *room) {
  raw_world *w = raw(a);
  (void)room;
  raw_remember(a, "PJRT_Buffer *", w->outputs[0],
               "PJRT_LoadedExecutable_Execute");
  raw_remember(a, "PJRT_Event *", w->complete[0],
               "PJRT_LoadedExecutable_Execute");
  PJRT_TRY(raw_await(a, w->complete[0]));
  return raw_expect(a, w->outputs[0], 2);
}

/* An executable is right when it computes what it should. */
static pjrt_error *expect_it_runs(matrix_attempt *a, void *room) {
  max_align_t args[RAW_ARGS_SIZE / sizeof(max_align_t)];
  (void)room;
  PJRT_TRY(raw_call(a, "PJRT_LoadedExecutable_Execute", args));
  return expect_outputs(a, args);
}

static pjrt_error *give_artifact(matrix_attempt *a, void *room) {
  max_align_t made[RAW_ARGS_SIZE / sizeof(max_align_t)];
  PJRT_Executable_DeserializeAndLoad_Args *args = room;
  const PJRT_Executable_Serialize_Args *serialized = (void *)made;
  PJRT_TRY(raw_call(a, "PJRT_Executable_Serialize", made));
  if (serialized->serialized_bytes_size > sizeof raw(a)->code) abort();
  args->serialized_executable = raw(a)->code;
  args->serialized_executable_size = serialized->serialized_bytes_size;
  memcpy(raw(a)->code, serialized->serialized_bytes,
         serialized->serialized_bytes_size);
  serialized->serialized_executable_deleter(serialized->serialized_executable);
  return NULL;
}

static pjrt_error *give_assignment(matrix_attempt *a, void *room) {
  PJRT_Client_DefaultDeviceAssignment_Args *args = room;
  args->default_assignment = raw(a)->ids;
  raw(a)->ids[0] = raw(a)->ids[1] = -1;
  return NULL;
}

static pjrt_error *expect_assignment(matrix_attempt *a, void *room) {
  (void)room;
  MATRIX_EXPECT(a, raw(a)->ids[0] == 0 && raw(a)->ids[1] == 1);
  return NULL;
}

static pjrt_error *expect_deleted_executable(matrix_attempt *a, void *room) {
  const PJRT_LoadedExecutable_Delete_Args *deleted = room;
  PJRT_LoadedExecutable_IsDeleted_Args args;
  memset(&args, 0, sizeof args);
  args.executable = deleted->executable;
  PJRT_TRY(pjrt_raw_PJRT_LoadedExecutable_IsDeleted(a->plugin, &args));
  MATRIX_EXPECT(a, args.is_deleted);
  return NULL;
}

/* ---- buffers ------------------------------------------------------------- */

static pjrt_error *expect_deleted(matrix_attempt *a, void *room) {
  const PJRT_Buffer_Delete_Args *deleted = room;
  PJRT_Buffer_IsDeleted_Args args;
  memset(&args, 0, sizeof args);
  args.buffer = deleted->buffer;
  PJRT_TRY(pjrt_raw_PJRT_Buffer_IsDeleted(a->plugin, &args));
  MATRIX_EXPECT(a, args.is_deleted);
  return NULL;
}

/* The latest buffer, which is the one that was made. */
static pjrt_error *expect_values(matrix_attempt *a, void *room) {
  PJRT_Buffer *buffer;
  (void)room;
  PJRT_TRY(raw_get(a, "PJRT_Buffer *", &buffer));
  return raw_expect(a, buffer, 1);
}

static pjrt_error *expect_error_in_buffer(matrix_attempt *a, void *room) {
  PJRT_Buffer_ReadyEvent_Args args;
  (void)room;
  memset(&args, 0, sizeof args);
  PJRT_TRY(raw_get(a, "PJRT_Buffer *", &args.buffer));
  PJRT_TRY(pjrt_raw_PJRT_Buffer_ReadyEvent(a->plugin, &args));
  raw_remember(a, "PJRT_Event *", args.event, "PJRT_Buffer_ReadyEvent");
  return expect_end(a, raw_await(a, args.event));
}

static pjrt_error *expect_pointer(matrix_attempt *a, void *room) {
  const PJRT_Buffer_UnsafePointer_Args *args = room; /* both are alike */
  const void *data;
  memcpy(&data, &args->buffer_pointer, sizeof data);
  MATRIX_EXPECT(a, !memcmp(data, raw_values, sizeof raw_values));
  return NULL;
}

static pjrt_error *give_back_reference(matrix_attempt *a, void *room) {
  const PJRT_Buffer_IncreaseExternalReferenceCount_Args *taken = room;
  PJRT_Buffer_DecreaseExternalReferenceCount_Args args;
  memset(&args, 0, sizeof args);
  args.buffer = taken->buffer;
  return pjrt_raw_PJRT_Buffer_DecreaseExternalReferenceCount(a->plugin, &args);
}

static pjrt_error *take_reference(matrix_attempt *a, void *room) {
  PJRT_Buffer_DecreaseExternalReferenceCount_Args *given = room;
  PJRT_Buffer_IncreaseExternalReferenceCount_Args args;
  memset(&args, 0, sizeof args);
  args.buffer = given->buffer;
  return pjrt_raw_PJRT_Buffer_IncreaseExternalReferenceCount(a->plugin, &args);
}

static pjrt_error *give_destination(matrix_attempt *a, void *room) {
  PJRT_Buffer_ToHostBuffer_Args *args = room;
  args->dst = raw(a)->read;
  return NULL;
}

static pjrt_error *give_raw_destination(matrix_attempt *a, void *room) {
  PJRT_Buffer_CopyRawToHost_Args *args = room;
  args->dst = raw(a)->read;
  return NULL;
}

static pjrt_error *expect_read(matrix_attempt *a, PJRT_Event *event) {
  PJRT_TRY(raw_await(a, event));
  MATRIX_EXPECT(a, !memcmp(raw(a)->read, raw_values, sizeof raw_values));
  return NULL;
}

static pjrt_error *expect_destination(matrix_attempt *a, void *room) {
  return expect_read(a, ((PJRT_Buffer_ToHostBuffer_Args *)room)->event);
}

static pjrt_error *expect_raw_destination(matrix_attempt *a, void *room) {
  return expect_read(a, ((PJRT_Buffer_CopyRawToHost_Args *)room)->event);
}

static pjrt_error *say_destination(matrix_attempt *a, void *room) {
  const PJRT_Buffer_CopyRawToHostFuture_Args *args = room;
  PJRT_Buffer_CopyRawToHostFuture_Callback_Args known = {
      .struct_size = PJRT_Buffer_CopyRawToHostFuture_Callback_Args_STRUCT_SIZE,
      .callback_data = args->callback_data,
      .dst = raw(a)->read};
  args->future_ready_callback(&known);
  return expect_read(a, args->event);
}

static pjrt_error *say_donated(matrix_attempt *a, void *room) {
  const PJRT_Buffer_DonateWithControlDependency_Args *args = room;
  PJRT_Buffer_DonateWithControlDependency_Callback_Args known = {
      .struct_size =
          PJRT_Buffer_DonateWithControlDependency_Callback_Args_STRUCT_SIZE,
      .callback_data = args->callback_data};
  args->dependency_ready_callback(&known);
  return raw_expect(a, args->out_buffer, 1);
}

/* First, for an alias that is never fulfilled stays for ever. */
static pjrt_error *upload_for_alias(matrix_attempt *a, void *room) {
  max_align_t uploaded[RAW_ARGS_SIZE / sizeof(max_align_t)];
  (void)room;
  PJRT_TRY(raw_call(a, "PJRT_Client_BufferFromHostBuffer", uploaded));
  return raw_get(a, "PJRT_Buffer *", &raw(a)->arguments[0]);
}

/* The alias becomes a buffer of the values. */
static pjrt_error *fulfil_alias(matrix_attempt *a, void *room) {
  const PJRT_Client_CreateAliasBuffer_Args *made = room;
  PJRT_Client_FulfillAliasBuffer_Args args;
  memset(&args, 0, sizeof args);
  args.client = made->client;
  args.buffer = raw(a)->arguments[0];
  args.fulfill_alias_buffer_cb = made->fulfill_alias_buffer_cb;
  PJRT_TRY(pjrt_raw_PJRT_Client_FulfillAliasBuffer(a->plugin, &args));
  return raw_expect(a, made->alias_buffer, 1);
}

static pjrt_error *map_memory(matrix_attempt *a, void *room) {
  const PJRT_Client_DmaUnmap_Args *mapped = room;
  PJRT_Client_DmaMap_Args args;
  memset(&args, 0, sizeof args);
  args.client = mapped->client;
  args.data = mapped->data;
  args.size = sizeof values;
  return pjrt_raw_PJRT_Client_DmaMap(a->plugin, &args);
}

static pjrt_error *unmap_memory(matrix_attempt *a, void *room) {
  const PJRT_Client_DmaMap_Args *mapped = room;
  PJRT_Client_DmaUnmap_Args args;
  memset(&args, 0, sizeof args);
  args.client = mapped->client;
  args.data = mapped->data;
  return pjrt_raw_PJRT_Client_DmaUnmap(a->plugin, &args);
}

/* ---- transfers ----------------------------------------------------------- */

static pjrt_error *give_shape(matrix_attempt *a, void *room) {
  PJRT_Client_CreateBuffersForAsyncHostToDevice_Args *args = room;
  args->shape_specs = &raw(a)->shape.value;
  return NULL;
}

static pjrt_error *transfer_first(matrix_attempt *a, void *room) {
  max_align_t args[RAW_ARGS_SIZE / sizeof(max_align_t)];
  (void)room;
  return raw_call(a, "PJRT_AsyncHostToDeviceTransferManager_TransferData",
                  args);
}

static pjrt_error *retrieve(matrix_attempt *a, void *room) {
  const PJRT_AsyncHostToDeviceTransferManager_TransferData_Args *done = room;
  PJRT_AsyncHostToDeviceTransferManager_RetrieveBuffer_Args args;
  memset(&args, 0, sizeof args);
  args.transfer_manager = done->transfer_manager;
  PJRT_TRY(pjrt_raw_PJRT_AsyncHostToDeviceTransferManager_RetrieveBuffer(
      a->plugin, &args));
  raw_remember(a, "PJRT_Buffer *", args.buffer_out,
               "PJRT_AsyncHostToDeviceTransferManager_RetrieveBuffer");
  return NULL;
}

static pjrt_error *expect_literal(matrix_attempt *a, void *room) {
  const PJRT_AsyncHostToDeviceTransferManager_TransferLiteral_Args *args = room;
  PJRT_TRY(raw_await(a, args->done_with_h2d_transfer));
  PJRT_TRY(retrieve(a, room));
  return expect_values(a, room);
}

static pjrt_error *expect_buffer_error(matrix_attempt *a, void *room) {
  PJRT_TRY(retrieve(a, room));
  return expect_error_in_buffer(a, room);
}

/* ---- streams ------------------------------------------------------------- */

static void catch_stream(PJRT_CopyToDeviceStream *stream, void *user) {
  raw_remember(user, "PJRT_CopyToDeviceStream *", stream,
               "PJRT_LoadedExecutable_Execute");
}

/* Echoed programs hand out a stream for each callback, used or not. */
static void echo(pjrt_sim_options *options) {
  options->execution = PJRT_SIM_ECHO;
}

static pjrt_error *make_stream(matrix_attempt *a, void *room) {
  raw_world *w = raw(a);
  max_align_t args[RAW_ARGS_SIZE / sizeof(max_align_t)];
  PJRT_CopyToDeviceStream_Destroy_Args *about = room; /* all begin alike */
  w->receive =
      (PJRT_RecvCallbackInfo){.user_arg = a, .recv_callback = catch_stream};
  w->receives = &w->receive;
  w->options.value.num_recv_ops = 1;
  w->options.value.recv_callbacks = &w->receives;
  PJRT_TRY(raw_call(a, "PJRT_LoadedExecutable_Execute", args));
  raw_remember(a, "PJRT_Buffer *", w->outputs[0],
               "PJRT_LoadedExecutable_Execute");
  raw_remember(a, "PJRT_Event *", w->complete[0],
               "PJRT_LoadedExecutable_Execute");
  return raw_get(a, "PJRT_CopyToDeviceStream *", &about->stream);
}

static void keep_chunk(void *data, void *user) {
  (void)data;
  raw((matrix_attempt *)user)->num_callbacks++;
}

/* As much as the stream takes at a time. */
static pjrt_error *give_chunk(matrix_attempt *a, void *room) {
  PJRT_CopyToDeviceStream_AddChunk_Args *args = room;
  PJRT_CopyToDeviceStream_GranuleSize_Args granule;
  memset(&granule, 0, sizeof granule);
  PJRT_TRY(make_stream(a, room));
  granule.stream = args->stream;
  PJRT_TRY(pjrt_raw_PJRT_CopyToDeviceStream_GranuleSize(a->plugin, &granule));
  raw(a)->chunk = (PJRT_Chunk){.data = raw(a)->code,
                               .size = (size_t)granule.granule_size_in_bytes,
                               .deleter = keep_chunk,
                               .deleter_arg = a};
  args->chunk = &raw(a)->chunk;
  return NULL;
}

/* The chunk is given back when it was taken. */
static pjrt_error *expect_chunk(matrix_attempt *a, void *room) {
  const PJRT_CopyToDeviceStream_AddChunk_Args *args = room;
  PJRT_TRY(raw_await(a, args->transfer_complete));
  return expect_callback(a, room);
}

/* ---- topologies ---------------------------------------------------------- */

static pjrt_error *make_own_topology(matrix_attempt *a, void *room) {
  max_align_t made[RAW_ARGS_SIZE / sizeof(max_align_t)];
  PJRT_TopologyDescription_Destroy_Args *args = room;
  PJRT_TRY(raw_call(a, "PJRT_TopologyDescription_Create", made));
  return raw_get(a, "PJRT_TopologyDescription *", &args->topology);
}

static pjrt_error *give_topology(matrix_attempt *a, void *room) {
  max_align_t made[RAW_ARGS_SIZE / sizeof(max_align_t)];
  PJRT_TopologyDescription_Deserialize_Args *args = room;
  const PJRT_TopologyDescription_Serialize_Args *serialized = (void *)made;
  PJRT_TRY(raw_call(a, "PJRT_TopologyDescription_Serialize", made));
  if (serialized->serialized_bytes_size > sizeof raw(a)->code) abort();
  args->serialized_topology = raw(a)->code;
  args->serialized_topology_size = serialized->serialized_bytes_size;
  memcpy(raw(a)->code, serialized->serialized_bytes,
         serialized->serialized_bytes_size);
  serialized->serialized_topology_deleter(serialized->serialized_topology);
  return NULL;
}

static pjrt_error *give_process(matrix_attempt *a, void *room) {
  PJRT_Client_UpdateGlobalProcessInfo_Args *args = room;
  args->process_infos = &raw(a)->process.value;
  return NULL;
}

/* ---- all ----------------------------------------------------------------- */

#define UPLOAD "PJRT_Client_BufferFromHostBuffer"
#define MANAGER "PJRT_AsyncHostToDeviceTransferManager_"
#define STREAM "PJRT_CopyToDeviceStream_"

const raw_hook raw_hooks[] = {
    {"PJRT_Error_Destroy", make_error, NULL, NULL, UPLOAD},
    {"PJRT_Error_Message", make_error, NULL, NULL, UPLOAD},
    {"PJRT_Error_GetCode", make_error, NULL, NULL, UPLOAD},
    {"PJRT_Error_ForEachPayload", visit_payloads, expect_payload, with_payload,
     UPLOAD},
    {"PJRT_Event_OnReady", ask_for_callback, expect_callback, NULL, NULL},
    {"PJRT_Event_Create", NULL, set_created_event, NULL, NULL},
    {"PJRT_Event_Set", create_event, expect_set_event, NULL, NULL},
    {"PJRT_Client_Compile", give_program, expect_it_runs, NULL, NULL},
    {"PJRT_Compile", give_program_for_topology, NULL, NULL, NULL},
    {"PJRT_Client_Load", NULL, expect_it_runs, NULL, NULL},
    {"PJRT_Executable_OptimizedProgram", give_room_for_program, expect_program,
     NULL, NULL},
    {"PJRT_Executable_DeserializeAndLoad", give_artifact, expect_it_runs, NULL,
     NULL},
    {"PJRT_LoadedExecutable_Execute", give_arguments, expect_outputs, NULL,
     NULL},
    {"PJRT_LoadedExecutable_Delete", NULL, expect_deleted_executable, NULL,
     NULL},
    {"PJRT_Client_DefaultDeviceAssignment", give_assignment, expect_assignment,
     NULL, NULL},
    {"PJRT_Client_BufferFromHostBuffer", NULL, expect_values, NULL, NULL},
    {"PJRT_Client_CreateViewOfDeviceBuffer", NULL, expect_values, NULL, NULL},
    {"PJRT_Client_CreateErrorBuffer", NULL, expect_error_in_buffer, NULL, NULL},
    {"PJRT_Client_CreateAliasBuffer", upload_for_alias, fulfil_alias, NULL,
     NULL},
    {"PJRT_Client_FulfillAliasBuffer", NULL, expect_values, NULL, NULL},
    {"PJRT_Client_DmaMap", NULL, unmap_memory, NULL, NULL},
    {"PJRT_Client_DmaUnmap", map_memory, NULL, NULL, NULL},
    {"PJRT_Client_UpdateGlobalProcessInfo", give_process, NULL, NULL, NULL},
    {"PJRT_Client_CreateBuffersForAsyncHostToDevice", give_shape, NULL, NULL,
     NULL},
    {MANAGER "RetrieveBuffer", transfer_first, expect_values, NULL, NULL},
    {MANAGER "TransferLiteral", NULL, expect_literal, NULL, NULL},
    {MANAGER "SetBufferError", NULL, expect_buffer_error, NULL, NULL},
    {"PJRT_Buffer_Delete", NULL, expect_deleted, NULL, NULL},
    {"PJRT_Buffer_CopyToDevice", NULL, expect_values, NULL, NULL},
    {"PJRT_Buffer_CopyToMemory", NULL, expect_values, NULL, NULL},
    {"PJRT_Buffer_Bitcast", NULL, expect_values, NULL, NULL},
    {"PJRT_Buffer_UnsafePointer", NULL, expect_pointer, NULL, NULL},
    {"PJRT_Buffer_OpaqueDeviceMemoryDataPointer", NULL, expect_pointer, NULL,
     NULL},
    {"PJRT_Buffer_IncreaseExternalReferenceCount", NULL, give_back_reference,
     NULL, NULL},
    {"PJRT_Buffer_DecreaseExternalReferenceCount", take_reference, NULL, NULL,
     NULL},
    {"PJRT_Buffer_ToHostBuffer", give_destination, expect_destination, NULL,
     NULL},
    {"PJRT_Buffer_CopyRawToHost", give_raw_destination, expect_raw_destination,
     NULL, NULL},
    {"PJRT_Buffer_CopyRawToHostFuture", NULL, say_destination, NULL, NULL},
    {"PJRT_Buffer_DonateWithControlDependency", NULL, say_donated, NULL, NULL},
    {STREAM "Destroy", make_stream, NULL, echo, NULL},
    {STREAM "AddChunk", give_chunk, expect_chunk, echo, NULL},
    {STREAM "TotalBytes", make_stream, NULL, echo, NULL},
    {STREAM "GranuleSize", make_stream, NULL, echo, NULL},
    {STREAM "CurrentBytes", make_stream, NULL, echo, NULL},
    {"PJRT_TopologyDescription_Destroy", make_own_topology, NULL, NULL, NULL},
    {"PJRT_TopologyDescription_Deserialize", give_topology, NULL, NULL, NULL},
};
const size_t raw_num_hooks = sizeof raw_hooks / sizeof *raw_hooks;

const raw_hook *raw_find_hook(const char *function) {
  for (size_t i = 0; i < raw_num_hooks; i++) {
    if (!strcmp(raw_hooks[i].function, function)) return &raw_hooks[i];
  }
  return NULL;
}
