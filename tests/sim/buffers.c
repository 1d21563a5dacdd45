/* Buffers, copies of them, and transfers. */
#include "check.h"

static const float VALUES[] = {1, 2, 3, 4, 5, 6};

/* A matrix of 2 by 3 on device 1. */
static PJRT_Buffer *upload_matrix(PJRT_Client *client) {
  static const int64_t dims[] = {2, 3};
  const host_array array = {.client = client,
                            .data = VALUES,
                            .type = PJRT_Buffer_Type_F32,
                            .dims = dims,
                            .num_dims = 2,
                            .device = device_of(client, 1)};
  PJRT_Buffer *buffer;
  return upload(array, &buffer, NULL) ? NULL : buffer;
}

/* ---- facts --------------------------------------------------------------- */

static void check_facts(void) {
  PJRT_Client *client = new_client();
  PJRT_Buffer *buffer = upload_matrix(client);
  ARGS(PJRT_Buffer_ElementType, .buffer = buffer);
  CHECK(!api->PJRT_Buffer_ElementType(&args));
  CHECK(args.type == PJRT_Buffer_Type_F32);
  MAKE(dims, PJRT_Buffer_Dimensions, .buffer = buffer);
  CHECK(!api->PJRT_Buffer_Dimensions(&dims));
  CHECK(dims.num_dims == 2 && dims.dims[0] == 2 && dims.dims[1] == 3);
  MAKE(unpadded, PJRT_Buffer_UnpaddedDimensions, .buffer = buffer);
  CHECK(!api->PJRT_Buffer_UnpaddedDimensions(&unpadded));
  CHECK(unpadded.num_dims == 2 && unpadded.unpadded_dims[1] == 3);
  MAKE(layout, PJRT_Buffer_GetMemoryLayout, .buffer = buffer);
  CHECK(!api->PJRT_Buffer_GetMemoryLayout(&layout));
  CHECK(layout.layout.type == PJRT_Buffer_MemoryLayout_Type_Tiled);
  CHECK(layout.layout.tiled.minor_to_major_size == 2);
  CHECK(layout.layout.tiled.minor_to_major[0] == 1);
  MAKE(size, PJRT_Buffer_OnDeviceSizeInBytes, .buffer = buffer);
  CHECK(!api->PJRT_Buffer_OnDeviceSizeInBytes(&size));
  CHECK(size.on_device_size_in_bytes == 24);
  MAKE(on_cpu, PJRT_Buffer_IsOnCpu, .buffer = buffer);
  CHECK(!api->PJRT_Buffer_IsOnCpu(&on_cpu) && on_cpu.is_on_cpu);
  MAKE(device, PJRT_Buffer_Device, .buffer = buffer);
  CHECK(!api->PJRT_Buffer_Device(&device));
  CHECK(device.device == device_of(client, 1));
  MAKE(memory, PJRT_Buffer_Memory, .buffer = buffer);
  CHECK(!api->PJRT_Buffer_Memory(&memory));
  CHECK(memory.memory == memory_of(device_of(client, 1), 0));
  free_buffer(buffer);
  free_client(client);
}

static bool is_deleted(PJRT_Buffer *buffer) {
  ARGS(PJRT_Buffer_IsDeleted, .buffer = buffer);
  return !api->PJRT_Buffer_IsDeleted(&args) && args.is_deleted;
}

static void check_delete(void) {
  PJRT_Client *client = new_client();
  PJRT_Buffer *buffer = upload_matrix(client);
  CHECK(!is_deleted(buffer));
  ARGS(PJRT_Buffer_Delete, .buffer = buffer);
  CHECK(!api->PJRT_Buffer_Delete(&args));
  CHECK(is_deleted(buffer));
  MAKE(size, PJRT_Buffer_OnDeviceSizeInBytes, .buffer = buffer);
  CHECK(says(api->PJRT_Buffer_OnDeviceSizeInBytes(&size),
             PJRT_Error_Code_INVALID_ARGUMENT, ""));
  free_buffer(buffer);
  free_client(client);
}

static void check_uninitialized(void) {
  static const int64_t dims[] = {2, 3};
  PJRT_Client *client = new_client();
  ARGS(PJRT_Client_CreateUninitializedBuffer, .client = client,
       .shape_dims = dims, .shape_num_dims = 2,
       .shape_element_type = PJRT_Buffer_Type_F32,
       .memory = memory_of(device_of(client, 2), 1));
  CHECK(!api->PJRT_Client_CreateUninitializedBuffer(&args));
  CHECK(args.buffer && buffer_is_ready(args.buffer));
  MAKE(size, PJRT_Buffer_OnDeviceSizeInBytes, .buffer = args.buffer);
  CHECK(!api->PJRT_Buffer_OnDeviceSizeInBytes(&size));
  CHECK(size.on_device_size_in_bytes == 24);
  MAKE(memory, PJRT_Buffer_Memory, .buffer = args.buffer);
  CHECK(!api->PJRT_Buffer_Memory(&memory) && memory.memory == args.memory);
  free_buffer(args.buffer);
  free_client(client);
}

/* ---- donating ------------------------------------------------------------ */

/* What is donated is there for the new buffer when its dependency has ended,
 * with its error if that failed. */
static void check_donation(PJRT_Error_Code code) {
  PJRT_Client *client = new_client();
  PJRT_Buffer *buffer = upload_matrix(client);
  ARGS(PJRT_Buffer_DonateWithControlDependency, .buffer = buffer);
  CHECK(!api->PJRT_Buffer_DonateWithControlDependency(&args));
  CHECK(is_deleted(buffer) && !buffer_is_ready(args.out_buffer));
  MAKE(ended, PJRT_Buffer_DonateWithControlDependency_Callback,
       .callback_data = args.callback_data, .error_code = code,
       .error_message = "stopped?", .error_message_size = 7);
  args.dependency_ready_callback(&ended);
  PJRT_Error *error = await_free(ready_event(args.out_buffer));
  CHECK(code ? says(error, code, "stopped")
             : !error && holds_floats(args.out_buffer, VALUES, 6));
  free_buffer(args.out_buffer);
  free_buffer(buffer);
  free_client(client);
}

static void check_donations(void) {
  check_donation(PJRT_Error_Code_OK);
  check_donation(PJRT_Error_Code_ABORTED);
}

/* ---- pointers ------------------------------------------------------------ */

static void check_pointers(void) {
  PJRT_Client *client = new_client();
  PJRT_Buffer *buffer = upload_matrix(client);
  ARGS(PJRT_Buffer_UnsafePointer, .buffer = buffer);
  CHECK(!api->PJRT_Buffer_UnsafePointer(&args));
  CHECK(!memcmp((const void *)args.buffer_pointer, VALUES, sizeof VALUES));
  MAKE(opaque, PJRT_Buffer_OpaqueDeviceMemoryDataPointer, .buffer = buffer);
  CHECK(!api->PJRT_Buffer_OpaqueDeviceMemoryDataPointer(&opaque));
  CHECK((uintptr_t)opaque.device_memory_ptr == args.buffer_pointer);
  MAKE(take, PJRT_Buffer_IncreaseExternalReferenceCount, .buffer = buffer);
  MAKE(give, PJRT_Buffer_DecreaseExternalReferenceCount, .buffer = buffer);
  CHECK(!api->PJRT_Buffer_IncreaseExternalReferenceCount(&take));
  CHECK(!api->PJRT_Buffer_DecreaseExternalReferenceCount(&give));
  CHECK(says(api->PJRT_Buffer_DecreaseExternalReferenceCount(&give),
             PJRT_Error_Code_INTERNAL, "misuse: more external references"));
  free_buffer(buffer);
  free_client(client);
}

static int num_views_deleted;

static void view_deleted(void *pointer, void *arg) {
  num_views_deleted += pointer == arg;
}

static void check_view(void) {
  _Alignas(64) static float memory[] = {7, 8}; /* as views have to be */
  static const int64_t dims[] = {2};
  PJRT_Client *client = new_client();
  ARGS(PJRT_Client_CreateViewOfDeviceBuffer, .client = client,
       .device_buffer_ptr = memory, .dims = dims, .num_dims = 1,
       .element_type = PJRT_Buffer_Type_F32, .device = device_of(client, 0),
       .on_delete_callback = view_deleted, .on_delete_callback_arg = memory);
  CHECK(!api->PJRT_Client_CreateViewOfDeviceBuffer(&args));
  memory[1] = 9;
  CHECK(holds_floats(args.buffer, memory, 2));
  num_views_deleted = 0;
  free_buffer(args.buffer);
  CHECK(num_views_deleted == 1);
  free_client(client);
}

/* ---- copies -------------------------------------------------------------- */

static void check_copies(void) {
  float read[6] = {0};
  PJRT_Client *client = new_client();
  PJRT_Buffer *buffer = upload_matrix(client);
  PJRT_Memory *pinned = memory_of(device_of(client, 2), 1);
  ARGS(PJRT_Buffer_CopyToMemory, .buffer = buffer, .dst_memory = pinned);
  CHECK(!api->PJRT_Buffer_CopyToMemory(&args));
  MAKE(memory, PJRT_Buffer_Memory, .buffer = args.dst_buffer);
  CHECK(!api->PJRT_Buffer_Memory(&memory) && memory.memory == pinned);
  MAKE(there, PJRT_Buffer_CopyToDevice, .buffer = args.dst_buffer,
       .dst_device = device_of(client, 3));
  CHECK(!api->PJRT_Buffer_CopyToDevice(&there));
  free_buffer(args.dst_buffer);
  MAKE(raw, PJRT_Buffer_CopyRawToHost, .buffer = there.dst_buffer, .dst = read,
       .offset = 8, .transfer_size = 16);
  CHECK(!api->PJRT_Buffer_CopyRawToHost(&raw));
  CHECK(!await_free(raw.event));
  CHECK(!memcmp(read, VALUES + 2, 16));
  raw.offset = 16;
  CHECK(!api->PJRT_Buffer_CopyRawToHost(&raw));
  CHECK(says(await_free(raw.event), PJRT_Error_Code_INVALID_ARGUMENT,
             "bytes 16 to 32 of a buffer of 24"));
  free_buffer(there.dst_buffer);
  free_buffer(buffer);
  free_client(client);
}

/* A copy of what is not there yet is ready, and right, when it is. */
static void check_copy_of_pending(void) {
  static const float values[] = {5, 6, 7, 8};
  PJRT_FulfillAliasBufferCallback *alias;
  PJRT_Client *client = new_client();
  PJRT_Buffer *pending = pending_floats(client, &alias);
  ARGS(PJRT_Buffer_CopyToDevice, .buffer = pending,
       .dst_device = device_of(client, 1));
  CHECK(!api->PJRT_Buffer_CopyToDevice(&args));
  CHECK(!buffer_is_ready(args.dst_buffer));
  PJRT_Buffer *source = upload_floats(client, 0, values, 4);
  CHECK(!fulfill(client, alias, source));
  CHECK(buffer_is_ready(args.dst_buffer));
  CHECK(holds_floats(args.dst_buffer, values, 4));
  free_buffer(args.dst_buffer);
  free_buffer(source);
  free_buffer(pending);
  free_client(client);
}

/* ---- transfer managers --------------------------------------------------- */

/* Two buffers of 2 by 3 and of 4 floats, to be filled on device 1. */
static PJRT_AsyncHostToDeviceTransferManager *new_manager(PJRT_Client *client) {
  static const int64_t matrix[] = {2, 3}, vector[] = {4};
  PJRT_ShapeSpec specs[] = {{.struct_size = PJRT_ShapeSpec_STRUCT_SIZE,
                             .dims = matrix,
                             .num_dims = 2,
                             .element_type = PJRT_Buffer_Type_F32},
                            {.struct_size = PJRT_ShapeSpec_STRUCT_SIZE,
                             .dims = vector,
                             .num_dims = 1,
                             .element_type = PJRT_Buffer_Type_F32}};
  ARGS(PJRT_Client_CreateBuffersForAsyncHostToDevice, .client = client,
       .shape_specs = specs, .num_shape_specs = 2,
       .memory = memory_of(device_of(client, 1), 0));
  return api->PJRT_Client_CreateBuffersForAsyncHostToDevice(&args)
             ? NULL
             : args.transfer_manager;
}

static void free_manager(PJRT_AsyncHostToDeviceTransferManager *manager) {
  ARGS(PJRT_AsyncHostToDeviceTransferManager_Destroy,
       .transfer_manager = manager);
  api->PJRT_AsyncHostToDeviceTransferManager_Destroy(&args);
}

static PJRT_Buffer *retrieve(PJRT_AsyncHostToDeviceTransferManager *manager,
                             int i) {
  ARGS(PJRT_AsyncHostToDeviceTransferManager_RetrieveBuffer,
       .transfer_manager = manager, .buffer_index = i);
  return api->PJRT_AsyncHostToDeviceTransferManager_RetrieveBuffer(&args)
             ? NULL
             : args.buffer_out;
}

static void check_manager_facts(void) {
  PJRT_Client *client = new_client();
  PJRT_AsyncHostToDeviceTransferManager *manager = new_manager(client);
  ARGS(PJRT_AsyncHostToDeviceTransferManager_Device,
       .transfer_manager = manager);
  CHECK(!api->PJRT_AsyncHostToDeviceTransferManager_Device(&args));
  CHECK(args.device_out == device_of(client, 1));
  MAKE(count, PJRT_AsyncHostToDeviceTransferManager_BufferCount,
       .transfer_manager = manager);
  CHECK(!api->PJRT_AsyncHostToDeviceTransferManager_BufferCount(&count));
  CHECK(count.buffer_count == 2);
  MAKE(size, PJRT_AsyncHostToDeviceTransferManager_BufferSize,
       .transfer_manager = manager, .buffer_index = 1);
  CHECK(!api->PJRT_AsyncHostToDeviceTransferManager_BufferSize(&size));
  CHECK(size.buffer_size == 16);
  MAKE(metadata, PJRT_AsyncHostToDeviceTransferManager_AddMetadata,
       .transfer_manager = manager, .transfer_metadata = NULL,
       .num_metadata = 1);
  CHECK(says(api->PJRT_AsyncHostToDeviceTransferManager_AddMetadata(&metadata),
             PJRT_Error_Code_INTERNAL, "misuse"));
  free_manager(manager);
  free_client(client);
}

static PJRT_Error *transfer(PJRT_AsyncHostToDeviceTransferManager *manager,
                            const void *data, int64_t offset, int64_t size,
                            bool is_last) {
  ARGS(PJRT_AsyncHostToDeviceTransferManager_TransferData,
       .transfer_manager = manager, .buffer_index = 0, .data = data,
       .offset = offset, .transfer_size = size, .is_last_transfer = is_last);
  PJRT_Error *error =
      api->PJRT_AsyncHostToDeviceTransferManager_TransferData(&args);
  return error ? error : await_free(args.done_with_h2d_transfer);
}

static void check_transfer_data(void) {
  PJRT_Client *client = new_client();
  PJRT_AsyncHostToDeviceTransferManager *manager = new_manager(client);
  PJRT_Buffer *buffer = retrieve(manager, 0);
  CHECK(buffer && !buffer_is_ready(buffer));
  CHECK(!transfer(manager, VALUES + 2, 8, 16, false));
  CHECK(!buffer_is_ready(buffer));
  CHECK(!transfer(manager, VALUES, 0, 8, true));
  CHECK(buffer_is_ready(buffer) && holds_floats(buffer, VALUES, 6));
  CHECK(says(transfer(manager, VALUES, 20, 8, true),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "bytes 20 to 28 of a buffer of 24"));
  free_buffer(buffer);
  free_manager(manager);
  free_client(client);
}

static void check_transfer_error(void) {
  PJRT_Client *client = new_client();
  PJRT_AsyncHostToDeviceTransferManager *manager = new_manager(client);
  PJRT_Buffer *buffer = retrieve(manager, 1);
  ARGS(PJRT_AsyncHostToDeviceTransferManager_SetBufferError,
       .transfer_manager = manager, .buffer_index = 1,
       .error_code = PJRT_Error_Code_DATA_LOSS, .error_message = "cut off?",
       .error_message_size = 7);
  CHECK(!api->PJRT_AsyncHostToDeviceTransferManager_SetBufferError(&args));
  CHECK(says(await_free(ready_event(buffer)), PJRT_Error_Code_DATA_LOSS,
             "cut off"));
  free_buffer(buffer);
  free_manager(manager);
  free_client(client);
}

static void check_literal(void) {
  static const int64_t dims[] = {2, 3};
  PJRT_Client *client = new_client();
  PJRT_AsyncHostToDeviceTransferManager *manager = new_manager(client);
  PJRT_Buffer *buffer = retrieve(manager, 0);
  ARGS(PJRT_AsyncHostToDeviceTransferManager_TransferLiteral,
       .transfer_manager = manager, .buffer_index = 0, .data = VALUES,
       .shape_dims = dims, .shape_num_dims = 2,
       .shape_element_type = PJRT_Buffer_Type_F32);
  CHECK(!api->PJRT_AsyncHostToDeviceTransferManager_TransferLiteral(&args));
  CHECK(!await_free(args.done_with_h2d_transfer));
  CHECK(holds_floats(buffer, VALUES, 6));
  free_buffer(buffer);
  free_manager(manager);
  free_client(client);
}

/* ---- events -------------------------------------------------------------- */

static void check_event_error(void) {
  ARGS(PJRT_Event_Create, .event = NULL);
  CHECK(!api->PJRT_Event_Create(&args) && !is_ready(args.event));
  MAKE(error, PJRT_Event_Error, .event = args.event);
  CHECK(says(api->PJRT_Event_Error(&error), PJRT_Error_Code_INTERNAL,
             "misuse: PJRT_Event_Error of a pending event"));
  MAKE(set, PJRT_Event_Set, .event = args.event,
       .error_code = PJRT_Error_Code_ABORTED, .error_message = "stopped?",
       .error_message_size = 7);
  CHECK(!api->PJRT_Event_Set(&set));
  CHECK(
      says(api->PJRT_Event_Error(&error), PJRT_Error_Code_ABORTED, "stopped"));
  CHECK(says(api->PJRT_Event_Set(&set), PJRT_Error_Code_INTERNAL, "misuse"));
  CHECK(says(await_free(args.event), PJRT_Error_Code_ABORTED, "stopped"));
}

void suite_buffers(void) {
  run_check("buffer-facts", check_facts);
  run_check("buffer-delete", check_delete);
  run_check("buffer-uninitialized", check_uninitialized);
  run_check("buffer-donations", check_donations);
  run_check("buffer-pointers", check_pointers);
  run_check("buffer-view", check_view);
  run_check("buffer-copies", check_copies);
  run_check("buffer-copy-of-pending", check_copy_of_pending);
  run_check("transfer-manager", check_manager_facts);
  run_check("transfer-data", check_transfer_data);
  run_check("transfer-error", check_transfer_error);
  run_check("transfer-literal", check_literal);
  run_check("event-error", check_event_error);
}
