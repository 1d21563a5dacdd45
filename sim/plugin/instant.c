#include "plugin/instant.h"

#include <stdlib.h>
#include <string.h>

/* ---- shared buffers ------------------------------------------------------ */

enum { NUM_BUCKETS = 4096 };

/* Only ever grows, so that whoever looks needs no lock. */
typedef struct entry {
  struct entry *next;
  PJRT_Buffer *buffer;
} entry;

struct sim_instant {
  _Atomic(entry *) buckets[NUM_BUCKETS];
};

sim_instant *sim_instant_create(void) {
  return sim_allocate(sizeof(sim_instant));
}

static void entry_free(entry *one) {
  one->buffer->is_shared = false;
  sim_buffer_destroy(one->buffer);
  free(one);
}

void sim_instant_free(sim_instant *instant) {
  if (!instant) return;
  for (size_t i = 0; i < NUM_BUCKETS; i++) {
    entry *next;
    for (entry *at = atomic_load(&instant->buckets[i]); at; at = next) {
      next = at->next;
      entry_free(at);
    }
  }
  free(instant);
}

/* What a buffer is found by. */
typedef struct key {
  const PJRT_Memory *memory;
  PJRT_Buffer_Type type;
  size_t num_dims;
  const int64_t *dims;
  uint32_t dynamic_dims;
} key;

static inline bool is_that(const PJRT_Buffer *buffer, const key *k) {
  const sim_shape *shape = &buffer->shape;
  if (buffer->memory != k->memory || shape->type != k->type ||
      shape->num_dims != k->num_dims || shape->dynamic_dims != k->dynamic_dims)
    return false;
  for (size_t i = 0; i < k->num_dims; i++)
    if (shape->dims[i] != k->dims[i]) return false;
  return true;
}

static inline size_t bucket_of(const key *k) {
  const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15); /* spreads all bits */
  uint64_t hash = ((uint64_t)(uintptr_t)k->memory + (uint64_t)k->type) * odd;
  for (size_t i = 0; i < k->num_dims; i++)
    hash = (hash ^ (uint64_t)k->dims[i]) * odd;
  return (size_t)(hash >> 32) % NUM_BUCKETS;
}

static inline PJRT_Buffer *find(const entry *at, const key *k) {
  while (at && !is_that(at->buffer, k)) at = at->next;
  return at ? at->buffer : NULL;
}

static PJRT_Error *entry_create(PJRT_Memory *memory, const sim_shape *shape,
                                entry **out) {
  PJRT_Device *device = ((sim_memory *)(void *)memory)->device;
  entry *one = sim_allocate(sizeof(*one));
  PJRT_Error *error = sim_buffer_allocate(device->client, device, memory, shape,
                                          sim_future_create(), &one->buffer);
  if (error) {
    free(one);
    return error;
  }
  one->buffer->is_shared = true;
  *out = one;
  return NULL;
}

PJRT_Error *sim_instant_buffer(PJRT_Memory *memory, const sim_shape *shape,
                               PJRT_Buffer **out) {
  const key k = {memory, shape->type, shape->num_dims, shape->dims,
                 shape->dynamic_dims};
  sim_instant *instant =
      ((sim_memory *)(void *)memory)->device->client->instant;
  _Atomic(entry *) *bucket = &instant->buckets[bucket_of(&k)];
  entry *fresh = NULL;
  entry *first = atomic_load(bucket);
  /* Another thread may be faster. */
  while ((*out = find(first, &k)) == NULL) {
    if (!fresh) SIM_TRY(entry_create(memory, shape, &fresh));
    fresh->next = first;
    if (!atomic_compare_exchange_weak(bucket, &first, fresh)) continue;
    *out = fresh->buffer;
    return NULL;
  }
  if (fresh) entry_free(fresh);
  return NULL;
}

static inline bool is_shared(const PJRT_Buffer *buffer) {
  return buffer && buffer->is_shared;
}

/* ---- execution ----------------------------------------------------------- */

/* Of a portable executable there is a list for each addressable device, of
 * others for each device that it runs on; NULL until the first execution. */
struct sim_instant_outputs {
  bool is_portable;
  size_t num_lists;
  size_t num_outputs;
  _Atomic(PJRT_Buffer **) lists[];
};

sim_instant_outputs *sim_instant_outputs_create(
    const PJRT_LoadedExecutable *loaded) {
  const bool is_portable = loaded->program->options.is_portable;
  const size_t num =
      is_portable ? loaded->client->num_addressable : loaded->num_devices;
  sim_instant_outputs *outputs =
      sim_allocate(sizeof(*outputs) + num * sizeof(outputs->lists[0]));
  outputs->is_portable = is_portable;
  outputs->num_lists = num;
  outputs->num_outputs = loaded->program->signature.num_outputs;
  return outputs;
}

void sim_instant_outputs_free(sim_instant_outputs *outputs) {
  if (!outputs) return;
  for (size_t i = 0; i < outputs->num_lists; i++)
    free(atomic_load(&outputs->lists[i]));
  free(outputs);
}

static __attribute__((cold, noinline)) PJRT_Error *make_list(
    const PJRT_LoadedExecutable *loaded, size_t i, PJRT_Buffer ***out) {
  const sim_signature *signature = &loaded->program->signature;
  PJRT_Device *device = loaded->instant->is_portable
                            ? loaded->client->addressable[i]
                            : loaded->devices[i];
  PJRT_Buffer **list =
      sim_allocate(signature->num_outputs * sizeof(PJRT_Buffer *));
  PJRT_Error *error = NULL;
  for (size_t n = 0; !error && n < signature->num_outputs; n++)
    error = sim_instant_buffer(device->memories[0], &signature->outputs[n],
                               &list[n]);
  *out = NULL;
  if (!error &&
      atomic_compare_exchange_strong(&loaded->instant->lists[i], out, list)) {
    *out = list;
    return NULL;
  }
  free(list); /* *out is what another thread made meanwhile */
  return error;
}

static PJRT_Error *execute(PJRT_LoadedExecutable_Execute_Args *args) {
  const PJRT_LoadedExecutable *loaded = args->executable;
  sim_instant_outputs *outputs = loaded->instant;
  size_t first = 0;
  if (!outputs || (outputs->is_portable && !args->execute_device))
    return sim_slots.PJRT_LoadedExecutable_Execute(args);
  if (outputs->is_portable)
    first = (size_t)args->execute_device->local_hardware_id;
  for (size_t d = 0; d < args->num_devices; d++) {
    PJRT_Buffer **list =
        atomic_load_explicit(&outputs->lists[first + d], memory_order_acquire);
    if (!list) SIM_TRY(make_list(loaded, first + d, &list));
    PJRT_Buffer **to = args->output_lists[d];
    for (size_t i = 0; i < outputs->num_outputs; i++) to[i] = list[i];
    if (args->device_complete_events)
      args->device_complete_events[d] = &sim_ready_event;
  }
  return NULL;
}

/* ---- events -------------------------------------------------------------- */

static PJRT_Error *event_destroy(PJRT_Event_Destroy_Args *args) {
  if (args->event == &sim_ready_event) return NULL;
  return sim_slots.PJRT_Event_Destroy(args);
}

static PJRT_Error *event_is_ready(PJRT_Event_IsReady_Args *args) {
  if (args->event != &sim_ready_event)
    return sim_slots.PJRT_Event_IsReady(args);
  args->is_ready = true;
  return NULL;
}

static PJRT_Error *event_error(PJRT_Event_Error_Args *args) {
  if (args->event == &sim_ready_event) return NULL;
  return sim_slots.PJRT_Event_Error(args);
}

static PJRT_Error *event_await(PJRT_Event_Await_Args *args) {
  if (args->event == &sim_ready_event) return NULL;
  return sim_slots.PJRT_Event_Await(args);
}

static PJRT_Error *event_on_ready(PJRT_Event_OnReady_Args *args) {
  if (args->event != &sim_ready_event || !args->callback)
    return sim_slots.PJRT_Event_OnReady(args);
  args->callback(NULL, args->user_arg);
  return NULL;
}

/* ---- buffers ------------------------------------------------------------- */

/* What is not shared, such as a view, or is asked for with a layout, goes the
 * usual way. */

static __attribute__((cold, noinline)) PJRT_Error *upload_first(
    PJRT_Client_BufferFromHostBuffer_Args *args, PJRT_Memory *memory) {
  sim_shape shape;
  SIM_TRY(sim_shape_read(args->type, args->dims, args->num_dims, &shape));
  return sim_instant_buffer(memory, &shape, &args->buffer);
}

static PJRT_Error *upload(PJRT_Client_BufferFromHostBuffer_Args *args) {
  const sim_instant *instant = args->client->instant;
  PJRT_Memory *memory = args->memory;
  if (!memory && args->device) memory = args->device->memories[0];
  if (!instant || !memory || args->device_layout)
    return sim_slots.PJRT_Client_BufferFromHostBuffer(args);
  const key k = {memory, args->type, args->num_dims, args->dims, 0};
  args->buffer = find(atomic_load_explicit(&instant->buckets[bucket_of(&k)],
                                           memory_order_acquire),
                      &k);
  args->done_with_host_buffer = &sim_ready_event;
  return args->buffer ? NULL : upload_first(args, memory);
}

static PJRT_Error *transfer_data(
    PJRT_AsyncHostToDeviceTransferManager_TransferData_Args *args) {
  args->done_with_h2d_transfer = &sim_ready_event;
  return NULL;
}

static PJRT_Error *buffer_destroy(PJRT_Buffer_Destroy_Args *args) {
  if (is_shared(args->buffer)) return NULL;
  return sim_slots.PJRT_Buffer_Destroy(args);
}

static PJRT_Error *buffer_delete(PJRT_Buffer_Delete_Args *args) {
  if (is_shared(args->buffer)) return NULL;
  return sim_slots.PJRT_Buffer_Delete(args);
}

static PJRT_Error *buffer_is_deleted(PJRT_Buffer_IsDeleted_Args *args) {
  if (!is_shared(args->buffer)) return sim_slots.PJRT_Buffer_IsDeleted(args);
  args->is_deleted = false;
  return NULL;
}

static PJRT_Error *buffer_ready_event(PJRT_Buffer_ReadyEvent_Args *args) {
  if (!is_shared(args->buffer)) return sim_slots.PJRT_Buffer_ReadyEvent(args);
  args->event = &sim_ready_event;
  return NULL;
}

static PJRT_Error *buffer_is_on_cpu(PJRT_Buffer_IsOnCpu_Args *args) {
  if (!is_shared(args->buffer)) return sim_slots.PJRT_Buffer_IsOnCpu(args);
  args->is_on_cpu = !args->buffer->client->machine.not_on_cpu;
  return NULL;
}

static PJRT_Error *download(PJRT_Buffer_ToHostBuffer_Args *args) {
  if (!is_shared(args->src) || !args->dst)
    return sim_slots.PJRT_Buffer_ToHostBuffer(args);
  args->event = &sim_ready_event;
  return NULL;
}

static PJRT_Error *raw_download(PJRT_Buffer_CopyRawToHost_Args *args) {
  if (!is_shared(args->buffer))
    return sim_slots.PJRT_Buffer_CopyRawToHost(args);
  args->event = &sim_ready_event;
  return NULL;
}

static PJRT_Error *copy_to_device(PJRT_Buffer_CopyToDevice_Args *args) {
  if (!is_shared(args->buffer) || !args->dst_device)
    return sim_slots.PJRT_Buffer_CopyToDevice(args);
  return sim_instant_buffer(args->dst_device->memories[0], &args->buffer->shape,
                            &args->dst_buffer);
}

static PJRT_Error *copy_to_memory(PJRT_Buffer_CopyToMemory_Args *args) {
  if (!is_shared(args->buffer) || !args->dst_memory)
    return sim_slots.PJRT_Buffer_CopyToMemory(args);
  return sim_instant_buffer(args->dst_memory, &args->buffer->shape,
                            &args->dst_buffer);
}

static PJRT_Error *add_reference(
    PJRT_Buffer_IncreaseExternalReferenceCount_Args *args) {
  if (is_shared(args->buffer)) return NULL;
  return sim_slots.PJRT_Buffer_IncreaseExternalReferenceCount(args);
}

static PJRT_Error *drop_reference(
    PJRT_Buffer_DecreaseExternalReferenceCount_Args *args) {
  if (is_shared(args->buffer)) return NULL;
  return sim_slots.PJRT_Buffer_DecreaseExternalReferenceCount(args);
}

static PJRT_Error *unsafe_pointer(PJRT_Buffer_UnsafePointer_Args *args) {
  if (!is_shared(args->buffer))
    return sim_slots.PJRT_Buffer_UnsafePointer(args);
  args->buffer_pointer = (uintptr_t)args->buffer->storage->bytes;
  return NULL;
}

static PJRT_Error *data_pointer(
    PJRT_Buffer_OpaqueDeviceMemoryDataPointer_Args *args) {
  if (!is_shared(args->buffer))
    return sim_slots.PJRT_Buffer_OpaqueDeviceMemoryDataPointer(args);
  args->device_memory_ptr = args->buffer->storage->bytes;
  return NULL;
}

void sim_instant_fill(PJRT_Api *api) {
  api->PJRT_Event_Destroy = event_destroy;
  api->PJRT_Event_IsReady = event_is_ready;
  api->PJRT_Event_Error = event_error;
  api->PJRT_Event_Await = event_await;
  api->PJRT_Event_OnReady = event_on_ready;
  api->PJRT_LoadedExecutable_Execute = execute;
  api->PJRT_Client_BufferFromHostBuffer = upload;
  api->PJRT_AsyncHostToDeviceTransferManager_TransferData = transfer_data;
  api->PJRT_Buffer_Destroy = buffer_destroy;
  api->PJRT_Buffer_Delete = buffer_delete;
  api->PJRT_Buffer_IsDeleted = buffer_is_deleted;
  api->PJRT_Buffer_ReadyEvent = buffer_ready_event;
  api->PJRT_Buffer_IsOnCpu = buffer_is_on_cpu;
  api->PJRT_Buffer_ToHostBuffer = download;
  api->PJRT_Buffer_CopyRawToHost = raw_download;
  api->PJRT_Buffer_CopyToDevice = copy_to_device;
  api->PJRT_Buffer_CopyToMemory = copy_to_memory;
  api->PJRT_Buffer_IncreaseExternalReferenceCount = add_reference;
  api->PJRT_Buffer_DecreaseExternalReferenceCount = drop_reference;
  api->PJRT_Buffer_UnsafePointer = unsafe_pointer;
  api->PJRT_Buffer_OpaqueDeviceMemoryDataPointer = data_pointer;
}
