/* Layouts, MemoryDescriptions, RawBuffer, Stream, the host allocators and
 * CrossHostTransfers. */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "check.h"

static const float OTHER[] = {5, 6, 7, 8};

/* ---- Layouts ------------------------------------------------------------- */

static void check_layouts(void) {
  static const int64_t dims[] = {2, 3};
  PJRT_Client *client = new_client();
  ARGS(PJRT_Layouts_PJRT_Client_GetDefaultLayout, .client = client,
       .type = PJRT_Buffer_Type_F32, .dims = dims, .num_dims = 2);
  CHECK(!layouts()->PJRT_Layouts_PJRT_Client_GetDefaultLayout(&args));
  CHECK(layout_reads(args.layout, "{1,0}") && !destroy_layout(args.layout));
  args.type = PJRT_Buffer_Type_S4;
  CHECK(!layouts()->PJRT_Layouts_PJRT_Client_GetDefaultLayout(&args));
  CHECK(layout_reads(args.layout, "{1,0:E(4)}") &&
        !destroy_layout(args.layout));

  MAKE(own, PJRT_Client_TopologyDescription, .client = client);
  CHECK(!api->PJRT_Client_TopologyDescription(&own));
  MAKE(topology, PJRT_Layouts_PJRT_Topology_GetDefaultLayout,
       .topology_description = own.topology, .type = PJRT_Buffer_Type_F32,
       .dims = dims, .num_dims = 1);
  CHECK(!layouts()->PJRT_Layouts_PJRT_Topology_GetDefaultLayout(&topology));
  CHECK(layout_reads(topology.layout, "{0}") &&
        !destroy_layout(topology.layout));

  PJRT_Buffer *buffer = upload_floats(client, 0, FOUR, 4);
  MAKE(of_buffer, PJRT_Layouts_PJRT_Buffer_MemoryLayout, .buffer = buffer);
  CHECK(!layouts()->PJRT_Layouts_PJRT_Buffer_MemoryLayout(&of_buffer));
  CHECK(layout_reads(of_buffer.layout, "{0}") &&
        !destroy_layout(of_buffer.layout));
  CHECK(!destroy_layout(NULL));
  free_buffer(buffer);
  free_client(client);
}

static void check_executable_layouts(void) {
  PJRT_Client *client = new_client();
  PJRT_LoadedExecutable *loaded;
  CHECK(!compile(client,
                 "func.func @main(%a: tensor<2x3xf32>, %b: tensor<f32>) -> "
                 "tensor<2x3xf32> { return %a : tensor<2x3xf32> }",
                 1, &loaded));
  PJRT_Executable *executable = executable_of(loaded);
  ARGS(PJRT_Layouts_PJRT_Executable_GetParameterLayouts,
       .executable = executable);
  CHECK(!layouts()->PJRT_Layouts_PJRT_Executable_GetParameterLayouts(&args));
  CHECK(args.num_parameters == 2 && layout_reads(args.layouts[0], "{1,0}") &&
        layout_reads(args.layouts[1], "{}"));
  CHECK(says(destroy_layout(args.layouts[0]), PJRT_Error_Code_INTERNAL,
             "misuse: a layout that belongs to its executable"));
  MAKE(outputs, PJRT_Layouts_PJRT_Executable_GetOutputLayouts,
       .executable = executable);
  CHECK(!layouts()->PJRT_Layouts_PJRT_Executable_GetOutputLayouts(&outputs));
  CHECK(outputs.num_outputs == 1 && layout_reads(outputs.layouts[0], "{1,0}"));
  PJRT_Layouts_MemoryLayout *first = outputs.layouts[0];
  CHECK(!layouts()->PJRT_Layouts_PJRT_Executable_GetOutputLayouts(&outputs));
  CHECK(outputs.layouts[0] == first);
  free_executable(executable);
  free_loaded(loaded);
  free_client(client);
}

/* ---- MemoryDescriptions -------------------------------------------------- */

static void check_memory_descriptions(void) {
  const PJRT_MemoryDescriptions_Extension *extension =
      find_extension(PJRT_Extension_Type_MemoryDescriptions);
  PJRT_Client *client = new_client();
  MAKE(description, PJRT_Device_GetDescription, .device = device_of(client, 1));
  CHECK(!api->PJRT_Device_GetDescription(&description));
  ARGS(PJRT_DeviceDescription_MemoryDescriptions,
       .device_description = description.device_description,
       .default_memory_index = 99);
  CHECK(!extension->PJRT_DeviceDescription_MemoryDescriptions(&args));
  CHECK(args.num_memory_descriptions == 3 && args.default_memory_index == 0);
  MAKE(kind, PJRT_MemoryDescription_Kind,
       .memory_description = args.memory_descriptions[1]);
  CHECK(!extension->PJRT_MemoryDescription_Kind(&kind));
  CHECK(kind.kind_size == 11 && !memcmp(kind.kind, "pinned_host", 11));
  CHECK(kind.kind_id == -9);
  kind.memory_description = args.memory_descriptions[2];
  CHECK(!extension->PJRT_MemoryDescription_Kind(&kind));
  CHECK(kind.kind_size == 13 && !memcmp(kind.kind, "unpinned_host", 13));
  CHECK(kind.kind_id == 23);
  free_client(client);
}

/* ---- RawBuffer ----------------------------------------------------------- */

static const PJRT_RawBuffer_Extension *raw(void) {
  return find_extension(PJRT_Extension_Type_RawBuffer);
}

static PJRT_RawBuffer *alias(PJRT_Buffer *buffer) {
  ARGS(PJRT_RawBuffer_CreateRawAliasOfBuffer, .buffer = buffer);
  return raw()->PJRT_RawBuffer_CreateRawAliasOfBuffer(&args) ? NULL
                                                             : args.raw_buffer;
}

static PJRT_Error *free_raw(PJRT_RawBuffer *buffer) {
  ARGS(PJRT_RawBuffer_Destroy, .buffer = buffer);
  return raw()->PJRT_RawBuffer_Destroy(&args);
}

static void check_raw_buffer(void) {
  float data[4];
  PJRT_Client *client = new_client();
  PJRT_Buffer *buffer = upload_floats(client, 0, FOUR, 4);
  PJRT_RawBuffer *handle = alias(buffer);
  MAKE(size, PJRT_RawBuffer_GetOnDeviceSizeInBytes, .buffer = handle);
  CHECK(!raw()->PJRT_RawBuffer_GetOnDeviceSizeInBytes(&size));
  CHECK(size.on_device_size_in_bytes == 16);
  MAKE(memory, PJRT_RawBuffer_GetMemorySpace, .buffer = handle);
  MAKE(expected, PJRT_Buffer_Memory, .buffer = buffer);
  CHECK(!raw()->PJRT_RawBuffer_GetMemorySpace(&memory));
  CHECK(!api->PJRT_Buffer_Memory(&expected));
  CHECK(memory.memory_space == expected.memory);
  MAKE(in, PJRT_RawBuffer_CopyRawHostToDevice, .buffer = handle, .src = OTHER,
       .offset = 8, .transfer_size = 8);
  CHECK(!raw()->PJRT_RawBuffer_CopyRawHostToDevice(&in));
  CHECK(!await_free(in.event));
  CHECK(holds_floats(buffer, (const float[]){1, 2, 5, 6}, 4));
  MAKE(out, PJRT_RawBuffer_CopyRawDeviceToHost, .buffer = handle, .dst = data,
       .offset = 4, .transfer_size = 12);
  CHECK(!raw()->PJRT_RawBuffer_CopyRawDeviceToHost(&out));
  CHECK(!await_free(out.event) && data[0] == 2 && data[2] == 6);
  out.transfer_size = 13;
  CHECK(says(raw()->PJRT_RawBuffer_CopyRawDeviceToHost(&out),
             PJRT_Error_Code_INVALID_ARGUMENT, "13 bytes from 4 on"));
  MAKE(host, PJRT_RawBuffer_GetHostPointer, .buffer = handle);
  CHECK(!raw()->PJRT_RawBuffer_GetHostPointer(&host));
  CHECK(((const float *)host.host_pointer)[3] == 6);
  free_buffer(buffer);
  CHECK(((const float *)host.host_pointer)[0] == 1);
  CHECK(!free_raw(handle) && !free_raw(NULL));
  free_client(client);
}

/* A copy waits for the buffer. */
static void check_raw_copy_waits(void) {
  float data[4] = {0};
  PJRT_FulfillAliasBufferCallback *promise;
  PJRT_Client *client = new_client();
  PJRT_Buffer *buffer = pending_floats(client, &promise);
  PJRT_RawBuffer *handle = alias(buffer);
  MAKE(out, PJRT_RawBuffer_CopyRawDeviceToHost, .buffer = handle, .dst = data,
       .transfer_size = 16);
  CHECK(!raw()->PJRT_RawBuffer_CopyRawDeviceToHost(&out));
  MAKE(ready, PJRT_Event_IsReady, .event = out.event);
  CHECK(!api->PJRT_Event_IsReady(&ready) && !ready.is_ready);
  PJRT_Buffer *with = upload_floats(client, 0, FOUR, 4);
  CHECK(!fulfill(client, promise, with) && !await_free(out.event));
  CHECK(!free_raw(handle));
  free_buffer(with);
  free_buffer(buffer);
  free_client(client);
}

/* A promise of the caller's, as schedule_copy_to keeps it. */
typedef struct test_promise {
  PJRT_DeviceEventPromise base;
  int refs;
  bool is_ready;
  bool has_error;
} test_promise;

static test_promise *promise_of(PJRT_DeviceEventPromise *promise) {
  return (test_promise *)(void *)promise;
}
static void promise_inc(PJRT_DeviceEventPromise *promise) {
  promise_of(promise)->refs++;
}
static void promise_dec(PJRT_DeviceEventPromise *promise) {
  promise_of(promise)->refs--;
}
static void promise_ready(PJRT_DeviceEventPromise *promise) {
  promise_of(promise)->is_ready = true;
}
static void promise_error(PJRT_DeviceEventPromise *promise, PJRT_Error *error) {
  promise_of(promise)->has_error =
      says(error, PJRT_Error_Code_INVALID_ARGUMENT, "16 bytes do not fit");
}
static void on_allocated(PJRT_Error *error, void *arg) {
  *(bool *)arg = !error;
}

static const PJRT_DeviceEventPromise_FunctionTable promise_table = {
    .struct_size = PJRT_DeviceEventPromise_FunctionTable_STRUCT_SIZE,
    .instance_size = sizeof(test_promise),
    .inc_ref = promise_inc,
    .dec_ref = promise_dec,
    .set_error = promise_error,
    .set_ready = promise_ready,
};

static void count_call(void *arg) { ++*(int *)arg; }

static void check_raw_table(void) {
  float data[4] = {0};
  PJRT_DeviceEvent event;
  PJRT_Error_Code code;
  const char *text;
  size_t size;
  uint64_t sequence = 9;
  int num_calls = 0;
  PJRT_FulfillAliasBufferCallback *promise;
  PJRT_Client *client = new_client();
  PJRT_Buffer *pending = pending_floats(client, &promise);
  PJRT_RawBuffer *handle = alias(pending);
  const PJRT_RawBuffer_FunctionTable *table = handle->vtable;
  CHECK(table->struct_size == 128);
  CHECK(table->get_on_device_size_in_bytes(handle) == 16);
  CHECK(table->get_memory_space(handle) && table->is_mutable(handle));
  CHECK(table->get_host_pointer(handle) ==
        table->opaque_device_memory_data_pointer(handle));
  CHECK(!table->make_allocation_ready_event(handle, &event));
  CHECK(event.vtable->get_state(event.device_event) ==
        PJRT_DeviceEvent_State_Unavailable);
  event.vtable->and_then(event.device_event, count_call, &num_calls);
  PJRT_DeviceEventVector dependencies = {.data = &event, .size = 1};
  PJRT_DeviceEvent copied;
  CHECK(!table->copy_raw_device_to_host_and_return_event(
      handle, data, 0, 16, &dependencies, &copied));
  CHECK(copied.vtable->get_state(copied.device_event) ==
        PJRT_DeviceEvent_State_Unavailable);
  CHECK(num_calls == 0);
  PJRT_Buffer *with = upload_floats(client, 0, FOUR, 4);
  CHECK(!fulfill(client, promise, with));
  CHECK(num_calls == 1);
  CHECK(copied.vtable->get_state(copied.device_event) ==
        PJRT_DeviceEvent_State_Ready);
  CHECK(!copied.vtable->get_error_if_present(copied.device_event, &code, &text,
                                             &size));
  CHECK(!copied.vtable->get_definition_stream(copied.device_event, &sequence) &&
        sequence == 0);
  copied.vtable->inc_ref(copied.device_event);
  copied.vtable->dec_ref(copied.device_event);
  copied.vtable->dec_ref(copied.device_event);
  event.vtable->dec_ref(event.device_event);
  CHECK(!free_raw(handle));
  free_buffer(with);
  free_buffer(pending);
  free_client(client);
}

/* A copy that ends in an error: its event says so. */
static void check_raw_errors(void) {
  float data[4];
  PJRT_DeviceEvent event;
  PJRT_Error_Code code = PJRT_Error_Code_OK;
  const char *text = NULL;
  size_t size = 0;
  static const int64_t dims[] = {4};
  PJRT_Client *client = new_client();
  MAKE(memory, PJRT_Device_DefaultMemory, .device = device_of(client, 0));
  CHECK(!api->PJRT_Device_DefaultMemory(&memory));
  MAKE(broken, PJRT_Client_CreateErrorBuffer, .client = client,
       .error_code = PJRT_Error_Code_DATA_LOSS, .error_message = "lost",
       .error_message_size = 4, .shape_element_type = PJRT_Buffer_Type_F32,
       .shape_dims = dims, .shape_num_dims = 1, .memory = memory.memory);
  CHECK(!api->PJRT_Client_CreateErrorBuffer(&broken));
  PJRT_RawBuffer *handle = alias(broken.buffer);
  CHECK(!handle->vtable->copy_raw_device_to_host_and_return_event(
      handle, data, 0, 16, NULL, &event));
  CHECK(event.vtable->get_state(event.device_event) ==
        PJRT_DeviceEvent_State_Error);
  CHECK(event.vtable->get_error_if_present(event.device_event, &code, &text,
                                           &size));
  CHECK(code == PJRT_Error_Code_DATA_LOSS && size == 4 &&
        !memcmp(text, "lost", 4));
  event.vtable->dec_ref(event.device_event);
  CHECK(!free_raw(handle));
  free_buffer(broken.buffer);
  free_client(client);
}

static void check_raw_slices(void) {
  PJRT_DeviceEvent event;
  PJRT_RawBuffer *half;
  bool was_allocated = false;
  test_promise defined = {.base = {&promise_table}}, used = defined;
  PJRT_Client *client = new_client();
  PJRT_Buffer *a = upload_floats(client, 0, FOUR, 4);
  PJRT_Buffer *b = upload_floats(client, 0, OTHER, 4);
  PJRT_RawBuffer *from = alias(a), *to = alias(b);
  const PJRT_RawBuffer_FunctionTable *table = from->vtable;
  CHECK(!table->slice(from, 8, 8, &half));
  table->schedule_copy_to(half, NULL, to, &defined.base, &used.base,
                          on_allocated, &was_allocated);
  CHECK(defined.is_ready && used.is_ready && was_allocated);
  CHECK(defined.refs == 0 && used.refs == 0);
  CHECK(holds_floats(b, (const float[]){3, 4, 7, 8}, 4));
  table->schedule_copy_to(from, NULL, half, &defined.base, NULL, NULL, NULL);
  CHECK(defined.has_error);
  CHECK(!table->copy_raw_host_to_device_and_return_event(half, OTHER, 4, 4,
                                                         NULL, &event));
  event.vtable->dec_ref(event.device_event);
  CHECK(holds_floats(a, (const float[]){1, 2, 3, 5}, 4));
  CHECK(!table->get_raw_buffer_async_value(half, &event));
  event.vtable->dec_ref(event.device_event);
  const size_t num = num_others();
  table->inc_ref(half);
  table->dec_ref(half);
  CHECK(num_others() == num);
  table->dec_ref(half);
  CHECK(num_others() == num - 1);
  CHECK(!free_raw(from) && !free_raw(to));
  free_buffer(a);
  free_buffer(b);
  free_client(client);
}

/* ---- Stream -------------------------------------------------------------- */

static void check_stream(void) {
  const PJRT_Stream_Extension *extension =
      find_extension(PJRT_Extension_Type_Stream);
  PJRT_FulfillAliasBufferCallback *promise;
  PJRT_Client *client = new_client();
  ARGS(PJRT_Get_Stream_For_External_Ready_Events,
       .device = device_of(client, 0));
  CHECK(!extension->get_stream(&args) && args.stream);
  const intptr_t stream = args.stream;
  CHECK(!extension->get_stream(&args) && args.stream == stream);
  PJRT_Buffer *buffer = pending_floats(client, &promise);
  MAKE(wait, PJRT_Wait_Until_Buffer_Ready_On_Stream, .stream = stream,
       .buffer = buffer);
  CHECK(!extension->wait_stream(&wait));
  CHECK(sim.stream_num_waits((const pjrt_sim_stream *)stream) == 1);
  PJRT_Buffer *with = upload_floats(client, 0, FOUR, 4);
  CHECK(!fulfill(client, promise, with));
  CHECK(sim.stream_num_waits((const pjrt_sim_stream *)stream) == 0);
  free_buffer(with);
  free_buffer(buffer);
  free_client(client);
}

/* ---- host allocators ----------------------------------------------------- */

static void check_host_allocators(void) {
  const PJRT_HostAllocator_Extension *old =
      find_extension(PJRT_Extension_Type_HostAllocator);
  const PJRT_HostMemoryAllocator_Extension *extension =
      find_extension(PJRT_Extension_Type_HostMemoryAllocator);
  PJRT_Client *client = new_client();
  MAKE(preferred, PJRT_HostAllocator_GetPreferredAlignment, .client = client);
  CHECK(!old->get_preferred_alignment(&preferred) &&
        preferred.preferred_alignment == 64);
  MAKE(allocate, PJRT_HostAllocator_Allocate, .client = client, .size = 100,
       .alignment = 256);
  CHECK(!old->allocate(&allocate) && (uintptr_t)allocate.ptr % 256 == 0);
  memset(allocate.ptr, 1, 100);
  MAKE(wrong, PJRT_HostAllocator_Free, .client = client, .ptr = &allocate);
  CHECK(says(old->free(&wrong), PJRT_Error_Code_INTERNAL, "misuse"));
  wrong.ptr = allocate.ptr;
  CHECK(!old->free(&wrong));
  allocate.alignment = 3;
  CHECK(says(old->allocate(&allocate), PJRT_Error_Code_INVALID_ARGUMENT,
             "alignment is 3"));
  ARGS(PJRT_HostMemoryAllocator_Allocate, .client = client, .size = 64,
       .numa_node = -1);
  CHECK(!extension->allocate(&args) && (uintptr_t)args.ptr % 64 == 0);
  memset(args.ptr, 1, 64);
  args.deleter(args.ptr, args.deleter_arg);
  free_client(client);
}

/* ---- CrossHostTransfers -------------------------------------------------- */

static const PJRT_CrossHostTransfers_Extension *transfers(void) {
  return find_extension(PJRT_Extension_Type_CrossHostTransfers);
}

static size_t one_dim = 1;
static const int64_t four[] = {4};
static const int64_t *four_list = four;
static PJRT_Buffer_Type f32 = PJRT_Buffer_Type_F32;

static void check_transfers_by_key(void) {
  const int32_t from = 0, to = 1;
  const int64_t key = 77;
  PJRT_Event *sent;
  PJRT_Buffer *received;
  PJRT_Client *a = new_client(), *b = new_client();
  PJRT_Buffer *buffer = upload_floats(a, 0, FOUR, 4);
  MAKE(receive, PJRT_Transfers_PJRT_Client_CrossHostReceiveBuffers, .client = b,
       .num_shapes = 1, .shape_num_dims = &one_dim, .num_dims = &four_list,
       .element_types = &f32, .device = device_of(b, 1),
       .src_global_device_ids = &from, .transfer_keys = &key,
       .buffers = &received);
  CHECK(!transfers()->PJRT_Transfers_PJRT_Client_CrossHostReceiveBuffers(
      &receive));
  CHECK(!buffer_is_ready(received));
  MAKE(send, PJRT_Transfers_PJRT_Client_CrossHostSendBuffers, .client = a,
       .num_buffers = 1, .buffers = &buffer, .dst_global_device_ids = &to,
       .transfer_keys = &key, .send_events = &sent);
  CHECK(!transfers()->PJRT_Transfers_PJRT_Client_CrossHostSendBuffers(&send));
  CHECK(!await_free(sent) && holds_floats(received, FOUR, 4));
  free_buffer(received);
  free_buffer(buffer);
  free_client(a);
  free_client(b);
}

typedef struct notification {
  atomic_bool is_there;
  char descriptor[64];
  size_t size;
  PJRT_Transfers_CrossHostSendCancelNotifier cancel;
  pthread_t thread;
  int num_destroyed;
  bool was_enqueued;
  bool is_canceled;
} notification;

static void on_notice(PJRT_Error *error, const char **descriptors,
                      size_t *sizes, size_t num, void *arg,
                      PJRT_Transfers_CrossHostSendCancelNotifier cancel,
                      void *cancel_arg) {
  notification *n = arg;
  (void)cancel_arg;
  if (error || num != 1 || sizes[0] > sizeof(n->descriptor)) return;
  memcpy(n->descriptor, descriptors[0], sizes[0]);
  n->size = sizes[0];
  n->cancel = cancel;
  n->thread = pthread_self();
  atomic_store(&n->is_there, true);
}

static PJRT_Buffer *receive_by_notice(PJRT_Client *client, notification *n) {
  PJRT_Buffer *buffer = NULL;
  ARGS(PJRT_Transfers_PJRT_Client_MakeCrossHostReceiveBuffers, .client = client,
       .num_shapes = 1, .shape_num_dims = &one_dim, .num_dims = &four_list,
       .element_types = &f32, .device = device_of(client, 0),
       .notifier = {n, on_notice}, .buffers = &buffer,
       .allow_cancel_notifier = true);
  if (transfers()->PJRT_Transfers_PJRT_Client_MakeCrossHostReceiveBuffers(
          &args) ||
      args.num_buffers != 1)
    return NULL;
  const struct timespec millisecond = {.tv_nsec = 1000000};
  for (int i = 0; i < 5000 && !atomic_load(&n->is_there); i++)
    nanosleep(&millisecond, NULL);
  return buffer;
}

static void on_done(PJRT_Error *error, bool was_enqueued, void *arg) {
  ((notification *)arg)->was_enqueued = !error && was_enqueued;
}

static int num_descriptors_destroyed;
static void destroy_descriptor(char **descriptor, size_t *size) {
  num_descriptors_destroyed += *descriptor != NULL && *size > 0;
}

static void check_transfers_by_descriptor(void) {
  notification n = {0};
  PJRT_Client *client = new_client();
  PJRT_Buffer *received = receive_by_notice(client, &n);
  CHECK(received && atomic_load(&n.is_there) && n.cancel);
  CHECK(!pthread_equal(n.thread, pthread_self()));
  PJRT_Buffer *buffer = upload_floats(client, 0, OTHER, 4);
  char *descriptor = n.descriptor;
  MAKE(known, PJRT_Event_Create, .event = NULL);
  CHECK(!api->PJRT_Event_Create(&known));
  ARGS(PJRT_Transfers_PJRT_Buffer_CopyToRemoteDevice, .buffer = buffer,
       .event = known.event, .serialized_descriptor = &descriptor,
       .serialized_descriptor_size = &n.size, .on_done = {&n, on_done},
       .descriptor_destructor = destroy_descriptor);
  num_descriptors_destroyed = 0;
  transfers()->PJRT_Transfers_PJRT_Buffer_CopyToRemoteDevice(&args);
  CHECK(!n.was_enqueued && !buffer_is_ready(received));
  MAKE(set, PJRT_Event_Set, .event = known.event);
  CHECK(!api->PJRT_Event_Set(&set));
  CHECK(n.was_enqueued && num_descriptors_destroyed == 1);
  CHECK(holds_floats(received, OTHER, 4));
  free_buffer(buffer);
  free_buffer(received);
  free_client(client);
}

static void on_canceled(PJRT_Error *error, void *arg) {
  ((notification *)arg)->is_canceled = !error;
}

static void check_transfers_canceled(void) {
  notification n = {0};
  PJRT_Client *client = new_client();
  PJRT_Buffer *received = receive_by_notice(client, &n);
  CHECK(received && n.cancel);
  n.cancel(n.descriptor, n.size, PJRT_Error_Code_ABORTED, "changed my mind", 15,
           on_canceled, &n, NULL);
  CHECK(n.is_canceled);
  MAKE(ready, PJRT_Buffer_ReadyEvent, .buffer = received);
  CHECK(!api->PJRT_Buffer_ReadyEvent(&ready));
  CHECK(says(await_free(ready.event), PJRT_Error_Code_ABORTED, "changed"));
  free_buffer(received);
  free_client(client);
}

void suite_ext_buffers(void) {
  run_check("layouts", check_layouts);
  run_check("layouts-of-executables", check_executable_layouts);
  run_check("memory-descriptions", check_memory_descriptions);
  run_check("raw-buffer", check_raw_buffer);
  run_check("raw-buffer-waits", check_raw_copy_waits);
  run_check("raw-buffer-table", check_raw_table);
  run_check("raw-buffer-errors", check_raw_errors);
  run_check("raw-buffer-slices", check_raw_slices);
  run_check("stream", check_stream);
  run_check("host-allocators", check_host_allocators);
  run_check("transfers-by-key", check_transfers_by_key);
  run_check("transfers-by-descriptor", check_transfers_by_descriptor);
  run_check("transfers-canceled", check_transfers_canceled);
}
