/* What can be asked of a buffer, and the buffers made from other buffers. */
#include <stdlib.h>
#include <string.h>

#include "plugin/line.h"
#include "plugin/loss.h"
#include "plugin/slots.h"
#include "plugin/tiles.h"

PJRT_Error *sim_PJRT_Buffer_Destroy(PJRT_Buffer_Destroy_Args *args) {
  PJRT_Buffer *buffer = args->buffer;
  if (!buffer) return NULL;
  SIM_REQUIRE(buffer, SIM_BUFFER);
  if (buffer->is_shared) return NULL;
  if (atomic_load(&buffer->external_references))
    sim_note_misuse("PJRT_Buffer_Destroy of a buffer with external references");
  sim_storage_drop(buffer->storage);
  sim_future_drop(buffer->ready);
  sim_delete(buffer, SIM_BUFFER);
  return NULL;
}

PJRT_Error *sim_PJRT_Buffer_Delete(PJRT_Buffer_Delete_Args *args) {
  SIM_REQUIRE(args->buffer, SIM_BUFFER);
  sim_buffer_delete_data(args->buffer);
  return NULL;
}

PJRT_Error *sim_PJRT_Buffer_IsDeleted(PJRT_Buffer_IsDeleted_Args *args) {
  SIM_REQUIRE(args->buffer, SIM_BUFFER);
  args->is_deleted = atomic_load(&args->buffer->is_deleted);
  return NULL;
}

/* ---- facts --------------------------------------------------------------- */

PJRT_Error *sim_PJRT_Buffer_ElementType(PJRT_Buffer_ElementType_Args *args) {
  SIM_REQUIRE(args->buffer, SIM_BUFFER);
  args->type = args->buffer->shape.type;
  return NULL;
}

PJRT_Error *sim_PJRT_Buffer_Dimensions(PJRT_Buffer_Dimensions_Args *args) {
  SIM_REQUIRE(args->buffer, SIM_BUFFER);
  args->dims = args->buffer->shape.dims;
  args->num_dims = args->buffer->shape.num_dims;
  return NULL;
}

/* As a caller waits, which lets a virtual clock go on. */
static PJRT_Error *await_contents(PJRT_Buffer *buffer) {
  PJRT_Event *event = sim_event(sim_future_share(buffer->ready));
  PJRT_Error *error =
      sim_PJRT_Event_Await(&(PJRT_Event_Await_Args){.event = event});
  sim_PJRT_Event_Destroy(&(PJRT_Event_Destroy_Args){.event = event});
  return error;
}

/* Guards what is found out about buffers when it is asked for. */
static pthread_mutex_t facts_lock = PTHREAD_MUTEX_INITIALIZER;

/* Of dynamic dimensions, what the contents say, as on real plugins. */
PJRT_Error *sim_PJRT_Buffer_UnpaddedDimensions(
    PJRT_Buffer_UnpaddedDimensions_Args *args) {
  PJRT_Buffer *buffer = args->buffer;
  SIM_REQUIRE(buffer, SIM_BUFFER);
  args->unpadded_dims = buffer->shape.dims;
  args->num_dims = buffer->shape.num_dims;
  if (!buffer->num_dynamic_dims) return NULL;
  SIM_TRY(sim_buffer_require_data(buffer));
  SIM_TRY(await_contents(buffer));
  pthread_mutex_lock(&facts_lock);
  if (!buffer->has_present_dims)
    sim_present_dims(&buffer->shape, buffer->storage->bytes,
                     buffer->present_dims);
  buffer->has_present_dims = true;
  pthread_mutex_unlock(&facts_lock);
  args->unpadded_dims = buffer->present_dims;
  return NULL;
}

PJRT_Error *sim_PJRT_Buffer_DynamicDimensionIndices(
    PJRT_Buffer_DynamicDimensionIndices_Args *args) {
  SIM_REQUIRE(args->buffer, SIM_BUFFER);
  args->dynamic_dim_indices = args->buffer->dynamic_dims;
  args->num_dynamic_dims = args->buffer->num_dynamic_dims;
  return NULL;
}

PJRT_Error *sim_PJRT_Buffer_GetMemoryLayout(
    PJRT_Buffer_GetMemoryLayout_Args *args) {
  static const int64_t tile[] = {SIM_TILE_ROWS, SIM_TILE_COLUMNS};
  static const size_t tile_ranks[] = {2};
  SIM_REQUIRE(args->buffer, SIM_BUFFER);
  args->layout = (PJRT_Buffer_MemoryLayout){
      .struct_size = PJRT_Buffer_MemoryLayout_STRUCT_SIZE,
      .type = PJRT_Buffer_MemoryLayout_Type_Tiled,
      .tiled = {.struct_size = PJRT_Buffer_MemoryLayout_Tiled_STRUCT_SIZE,
                .minor_to_major = args->buffer->minor_to_major,
                .minor_to_major_size = args->buffer->shape.num_dims},
  };
  if (args->buffer->shape.is_tiled) {
    args->layout.tiled.tile_dims = tile;
    args->layout.tiled.tile_dim_sizes = tile_ranks;
    args->layout.tiled.num_tiles = 1;
  }
  return NULL;
}

PJRT_Error *sim_PJRT_Buffer_OnDeviceSizeInBytes(
    PJRT_Buffer_OnDeviceSizeInBytes_Args *args) {
  SIM_REQUIRE(args->buffer, SIM_BUFFER);
  SIM_TRY(sim_buffer_require_data(args->buffer));
  args->on_device_size_in_bytes = sim_device_size(&args->buffer->shape);
  return NULL;
}

PJRT_Error *sim_PJRT_Buffer_IsOnCpu(PJRT_Buffer_IsOnCpu_Args *args) {
  SIM_REQUIRE(args->buffer, SIM_BUFFER);
  args->is_on_cpu = !args->buffer->client->machine.not_on_cpu;
  return NULL;
}

PJRT_Error *sim_PJRT_Buffer_Device(PJRT_Buffer_Device_Args *args) {
  SIM_REQUIRE(args->buffer, SIM_BUFFER);
  args->device = args->buffer->device;
  return NULL;
}

PJRT_Error *sim_PJRT_Buffer_Memory(PJRT_Buffer_Memory_Args *args) {
  SIM_REQUIRE(args->buffer, SIM_BUFFER);
  args->memory = args->buffer->memory;
  return NULL;
}

PJRT_Error *sim_PJRT_Buffer_ReadyEvent(PJRT_Buffer_ReadyEvent_Args *args) {
  SIM_REQUIRE(args->buffer, SIM_BUFFER);
  SIM_TRY(sim_buffer_require_data(args->buffer));
  args->event = sim_event(sim_future_share(args->buffer->ready));
  return NULL;
}

/* ---- pointers ------------------------------------------------------------ */

PJRT_Error *sim_PJRT_Buffer_UnsafePointer(
    PJRT_Buffer_UnsafePointer_Args *args) {
  SIM_REQUIRE(args->buffer, SIM_BUFFER);
  SIM_TRY(sim_buffer_require_data(args->buffer));
  args->buffer_pointer = (uintptr_t)args->buffer->storage->bytes;
  return NULL;
}

PJRT_Error *sim_PJRT_Buffer_OpaqueDeviceMemoryDataPointer(
    PJRT_Buffer_OpaqueDeviceMemoryDataPointer_Args *args) {
  SIM_REQUIRE(args->buffer, SIM_BUFFER);
  SIM_TRY(sim_buffer_require_data(args->buffer));
  args->device_memory_ptr = args->buffer->storage->bytes;
  return NULL;
}

PJRT_Error *sim_PJRT_Buffer_IncreaseExternalReferenceCount(
    PJRT_Buffer_IncreaseExternalReferenceCount_Args *args) {
  SIM_REQUIRE(args->buffer, SIM_BUFFER);
  SIM_TRY(sim_buffer_require_data(args->buffer));
  atomic_fetch_add(&args->buffer->external_references, 1);
  return NULL;
}

PJRT_Error *sim_PJRT_Buffer_DecreaseExternalReferenceCount(
    PJRT_Buffer_DecreaseExternalReferenceCount_Args *args) {
  SIM_REQUIRE(args->buffer, SIM_BUFFER);
  if (atomic_fetch_sub(&args->buffer->external_references, 1) < 1)
    return sim_misuse("more external references given back than taken");
  return NULL;
}

/* ---- copies and casts ---------------------------------------------------- */

typedef struct copying {
  sim_storage *from;
  sim_storage *to;
  sim_shape from_shape, to_shape; /* memories may differ in layout */
  sim_line *links[2];             /* of both devices */
  sim_future *ready;              /* the original */
  sim_future *call;               /* may be held back by a fault */
  sim_future *transfer;
  sim_future *copied;
} copying;

static void rearrange(const copying *c) {
  int64_t present[SIM_MAX_DIMS], strides[SIM_MAX_DIMS];
  const sim_shape *shape = &c->from_shape;
  unsigned char *host = sim_allocate(sim_host_size(shape));
  sim_present_dims(shape, c->from->bytes, present);
  sim_dense_strides(shape->type, present, NULL, shape->num_dims, strides);
  sim_unpack(shape, present, c->from->bytes, host, strides);
  sim_pack(&c->to_shape, present, host, strides, c->to->bytes);
  free(host);
}

static void finish_copying(void *arg, PJRT_Error_Code code) {
  copying *c = arg;
  (void)code;
  PJRT_Error *error = sim_future_error(c->ready);
  if (!error) error = sim_future_error(c->transfer);
  if (!error && c->from_shape.is_tiled != c->to_shape.is_tiled)
    rearrange(c);
  else if (!error && c->to->size)
    memcpy(c->to->bytes, c->from->bytes, c->to->size);
  sim_future_complete_with(c->copied, error);
  sim_storage_drop(c->from);
  sim_storage_drop(c->to);
  for (int i = 0; i < 2; i++) sim_line_drop(c->links[i]);
  sim_future_drop(c->ready);
  sim_future_drop(c->call);
  sim_future_drop(c->transfer);
  sim_future_drop(c->copied);
  free(c);
}

static void begin_copying(void *arg, PJRT_Error_Code code) {
  copying *c = arg;
  sim_future *call = sim_future_share(c->call);
  if (!code)
    call = sim_future_both(call, sim_lines_use(c->links, 2, c->to->size));
  sim_future_follow(c->transfer, call);
  sim_future_then(c->transfer, finish_copying, c);
}

/* What is still to come into the original is copied when it is there. */
static sim_future *start_copying(const PJRT_Buffer *from, PJRT_Device *device,
                                 sim_storage *to, const sim_shape *to_shape) {
  copying *c = sim_allocate(sizeof(*c));
  sim_future *copied = sim_future_pending();
  *c = (copying){.from = sim_storage_share(from->storage),
                 .to = sim_storage_share(to),
                 .from_shape = from->shape,
                 .to_shape = *to_shape,
                 .links = {sim_line_share(from->device->link),
                           sim_line_share(device->link)},
                 .ready = sim_future_share(from->ready),
                 .call = sim_future_create(),
                 .transfer = sim_device_watch(device, sim_future_pending()),
                 .copied = sim_future_share(copied)};
  sim_future_then(from->ready, begin_copying, c);
  return copied;
}

static PJRT_Error *copy_to(PJRT_Buffer *buffer, PJRT_Device *device,
                           PJRT_Memory *memory, PJRT_Buffer **out) {
  SIM_REQUIRE(buffer, SIM_BUFFER);
  SIM_TRY(sim_buffer_require_data(buffer));
  SIM_TRY(sim_place(buffer->client, &device, &memory));
  sim_storage *storage;
  sim_shape shape = buffer->shape;
  sim_shape_place(&shape, memory);
  SIM_TRY(sim_storage_create(memory, sim_device_size(&shape), &storage));
  *out = sim_buffer_create(buffer->client, device, memory, &shape, storage,
                           start_copying(buffer, device, storage, &shape));
  return NULL;
}

PJRT_Error *sim_PJRT_Buffer_CopyToDevice(PJRT_Buffer_CopyToDevice_Args *args) {
  return copy_to(args->buffer, args->dst_device, NULL, &args->dst_buffer);
}

PJRT_Error *sim_PJRT_Buffer_CopyToMemory(PJRT_Buffer_CopyToMemory_Args *args) {
  return copy_to(args->buffer, NULL, args->dst_memory, &args->dst_buffer);
}

/* Consumes the source. */
PJRT_Error *sim_PJRT_Buffer_Bitcast(PJRT_Buffer_Bitcast_Args *args) {
  PJRT_Buffer *buffer = args->buffer;
  sim_shape shape;
  SIM_REQUIRE(buffer, SIM_BUFFER);
  SIM_TRY(sim_buffer_require_data(buffer));
  SIM_TRY(
      sim_shape_read(args->element_type, args->dims, args->num_dims, &shape));
  sim_shape_place(&shape, buffer->memory);
  SIM_TRY(sim_expect_layout(args->device_layout, &shape));
  if (sim_device_size(&shape) != buffer->storage->size)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "bitcast of %zu bytes to %zu", buffer->storage->size,
                     sim_device_size(&shape));
  args->out_buffer = sim_buffer_create(
      buffer->client, buffer->device, buffer->memory, &shape,
      sim_storage_share(buffer->storage), sim_future_share(buffer->ready));
  sim_buffer_delete_data(buffer);
  return NULL;
}

/* ---- alias buffers ------------------------------------------------------- */

/* Keeps what it fulfills: the buffer itself may be destroyed before. */
struct PJRT_FulfillAliasBufferCallback {
  sim_kind kind;
  sim_storage *storage;
  sim_future *ready;
  bool is_tiled;
};

PJRT_Error *sim_PJRT_Client_CreateAliasBuffer(
    PJRT_Client_CreateAliasBuffer_Args *args) {
  PJRT_Device *device = NULL;
  sim_shape shape;
  SIM_REQUIRE(args->client, SIM_CLIENT);
  SIM_TRY(sim_place(args->client, &device, &args->memory));
  SIM_TRY(sim_shape_read(args->shape_element_type, args->shape_dims,
                         args->shape_num_dims, &shape));
  sim_shape_place(&shape, args->memory);
  SIM_TRY(sim_expect_layout(args->shape_layout, &shape));
  SIM_TRY(sim_buffer_allocate(args->client, device, args->memory, &shape,
                              sim_future_pending(), &args->alias_buffer));
  PJRT_FulfillAliasBufferCallback *callback =
      sim_new(SIM_OTHER, sizeof(*callback));
  callback->storage = sim_storage_share(args->alias_buffer->storage);
  callback->ready = sim_future_share(args->alias_buffer->ready);
  callback->is_tiled = shape.is_tiled;
  args->fulfill_alias_buffer_cb = callback;
  return NULL;
}

typedef struct fulfilment {
  sim_storage *from, *to;
  sim_future *source, *alias;
} fulfilment;

static void finish_fulfilment(void *arg, PJRT_Error_Code code) {
  fulfilment *f = arg;
  (void)code;
  PJRT_Error *error = sim_future_error(f->source);
  if (!error && f->to->size) memcpy(f->to->bytes, f->from->bytes, f->to->size);
  sim_future_complete_with(f->alias, error);
  sim_storage_drop(f->from);
  sim_storage_drop(f->to);
  sim_future_drop(f->source);
  sim_future_drop(f->alias);
  free(f);
}

/* The alias gets the bytes, for whoever waits for it knows its memory already;
 * the source is consumed. */
static void fulfill_with(const PJRT_FulfillAliasBufferCallback *alias,
                         PJRT_Buffer *source) {
  fulfilment *f = sim_allocate(sizeof(*f));
  *f = (fulfilment){
      sim_storage_share(source->storage), sim_storage_share(alias->storage),
      sim_future_share(source->ready), sim_future_share(alias->ready)};
  sim_buffer_delete_data(source);
  sim_future_then(f->source, finish_fulfilment, f);
}

static PJRT_Error *fulfill(const PJRT_FulfillAliasBufferCallback *alias,
                           PJRT_Buffer *source) {
  SIM_REQUIRE(source, SIM_BUFFER);
  SIM_TRY(sim_buffer_require_data(source));
  if (source->storage->size != alias->storage->size ||
      source->shape.is_tiled != alias->is_tiled)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "an alias of another size or layout");
  fulfill_with(alias, source);
  return NULL;
}

/* The callback is used up, whatever comes; a failure is the alias's too. */
PJRT_Error *sim_PJRT_Client_FulfillAliasBuffer(
    PJRT_Client_FulfillAliasBuffer_Args *args) {
  static const char reason[] = "fulfilling the alias failed";
  PJRT_FulfillAliasBufferCallback *callback = args->fulfill_alias_buffer_cb;
  PJRT_Error *error = NULL;
  SIM_REQUIRE(args->client, SIM_CLIENT);
  SIM_REQUIRE(callback, SIM_OTHER);
  if (args->status_code)
    sim_future_complete(callback->ready, args->status_code, args->error_message,
                        args->error_message_size);
  else
    error = fulfill(callback, args->buffer);
  if (error)
    sim_future_complete(callback->ready, PJRT_Error_Code_INTERNAL, reason,
                        sizeof(reason) - 1);
  sim_storage_drop(callback->storage);
  sim_future_drop(callback->ready);
  sim_delete(callback, SIM_OTHER);
  return error;
}

/* ---- donation that waits ------------------------------------------------- */

typedef struct donation {
  sim_kind kind;
  sim_future *ready;
} donation;

static void dependency_ready(
    PJRT_Buffer_DonateWithControlDependency_Callback_Args *args) {
  donation *d = args->callback_data;
  sim_future_complete(d->ready, args->error_code, args->error_message,
                      args->error_message_size);
  sim_future_drop(d->ready);
  sim_delete(d, SIM_OTHER);
}

PJRT_Error *sim_PJRT_Buffer_DonateWithControlDependency(
    PJRT_Buffer_DonateWithControlDependency_Args *args) {
  PJRT_Buffer *buffer = args->buffer;
  SIM_REQUIRE(buffer, SIM_BUFFER);
  SIM_TRY(sim_buffer_require_data(buffer));
  donation *d = sim_new(SIM_OTHER, sizeof(*d));
  d->ready = sim_future_pending();
  args->out_buffer = sim_buffer_create(
      buffer->client, buffer->device, buffer->memory, &buffer->shape,
      sim_storage_share(buffer->storage), sim_future_share(d->ready));
  sim_buffer_delete_data(buffer);
  args->callback_data = d;
  args->dependency_ready_callback = dependency_ready;
  return NULL;
}
