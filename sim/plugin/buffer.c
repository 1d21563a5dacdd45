/* Making, filling and reading buffers. */
#include <stdlib.h>
#include <string.h>

#include "plugin/line.h"
#include "plugin/loss.h"
#include "plugin/slots.h"
#include "plugin/tiles.h"

/* ---- layouts ------------------------------------------------------------- */

/* The order of a layout without tiles, minor to major; row-major for NULL. */
static PJRT_Error *read_order(const PJRT_Buffer_MemoryLayout_Tiled *tiled,
                              size_t num_dims, int64_t *out_order) {
  if (tiled->minor_to_major_size != num_dims)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "a layout of %zu dimensions for %zu",
                     tiled->minor_to_major_size, num_dims);
  uint32_t seen = 0;
  for (size_t i = 0; i < num_dims; i++) {
    const int64_t dim = tiled->minor_to_major[i];
    if (dim < 0 || (size_t)dim >= num_dims || seen >> dim & 1)
      return sim_error(PJRT_Error_Code_INVALID_ARGUMENT, "a broken layout");
    seen |= UINT32_C(1) << dim;
    out_order[i] = dim;
  }
  return NULL;
}

static bool is_row_major(const int64_t *order, size_t num_dims) {
  for (size_t i = 0; i < num_dims; i++)
    if (order[i] != (int64_t)(num_dims - 1 - i)) return false;
  return true;
}

/* Only dense layouts without tiles; `out_order` is minor to major. */
static PJRT_Error *read_host_layout(const PJRT_Buffer_MemoryLayout *layout,
                                    size_t num_dims, int64_t *out_order) {
  PJRT_Buffer_MemoryLayout copy;
  for (size_t i = 0; i < num_dims; i++)
    out_order[i] = (int64_t)(num_dims - 1 - i);
  if (!layout) return NULL;
  SIM_TRY(SIM_READ_STRUCT(PJRT_Buffer_MemoryLayout, layout, &copy));
  if (copy.type != PJRT_Buffer_MemoryLayout_Type_Tiled || copy.tiled.num_tiles)
    return sim_error(PJRT_Error_Code_UNIMPLEMENTED,
                     "only dense layouts without tiles");
  return read_order(&copy.tiled, num_dims, out_order);
}

static bool has_tiles(const PJRT_Buffer_MemoryLayout_Tiled *tiled,
                      bool expected) {
  if (!expected) return tiled->num_tiles == 0;
  return tiled->num_tiles == 1 && tiled->tile_dim_sizes && tiled->tile_dims &&
         tiled->tile_dim_sizes[0] == 2 &&
         tiled->tile_dims[0] == SIM_TILE_ROWS &&
         tiled->tile_dims[1] == SIM_TILE_COLUMNS;
}

PJRT_Error *sim_expect_layout(const PJRT_Buffer_MemoryLayout *layout,
                              const sim_shape *shape) {
  int64_t order[SIM_MAX_DIMS];
  PJRT_Buffer_MemoryLayout copy;
  if (!layout) return NULL;
  SIM_TRY(SIM_READ_STRUCT(PJRT_Buffer_MemoryLayout, layout, &copy));
  if (copy.type != PJRT_Buffer_MemoryLayout_Type_Tiled)
    return sim_error(PJRT_Error_Code_UNIMPLEMENTED,
                     "device layouts given by strides");
  SIM_TRY(read_order(&copy.tiled, shape->num_dims, order));
  if (!is_row_major(order, shape->num_dims))
    return sim_error(PJRT_Error_Code_UNIMPLEMENTED,
                     "device layouts other than row-major");
  if (has_tiles(&copy.tiled, shape->is_tiled)) return NULL;
  return sim_error(PJRT_Error_Code_UNIMPLEMENTED,
                   shape->is_tiled ? "this memory holds tiles of 8 by 128 "
                                     "alone"
                                   : "this memory holds no tiles");
}

/* ---- placing and making -------------------------------------------------- */

PJRT_Error *sim_place(PJRT_Client *client, PJRT_Device **device,
                      PJRT_Memory **memory) {
  if (*memory) {
    SIM_REQUIRE(*memory, SIM_MEMORY);
    *device = ((sim_memory *)(void *)*memory)->device;
  } else if (*device) {
    SIM_REQUIRE(*device, SIM_DEVICE);
    *memory = (*device)->memories[0];
  } else {
    return sim_misuse("neither device nor memory");
  }
  if ((*device)->client != client)
    return sim_misuse("a device or memory of another client");
  if (!(*device)->is_addressable)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "Cannot make a buffer on a device of another process");
  return sim_device_check(*device);
}

PJRT_Buffer *sim_buffer_create(PJRT_Client *client, PJRT_Device *device,
                               PJRT_Memory *memory, const sim_shape *shape,
                               sim_storage *storage, sim_future *ready) {
  PJRT_Buffer *buffer = sim_new(SIM_BUFFER, sizeof(*buffer));
  buffer->client = client;
  buffer->device = device;
  buffer->memory = memory;
  buffer->shape = *shape;
  sim_shape_place(&buffer->shape, memory);
  buffer->storage = storage;
  buffer->ready = ready;
  for (size_t i = 0; i < shape->num_dims; i++) {
    buffer->minor_to_major[i] = (int64_t)(shape->num_dims - 1 - i);
    if (shape->dynamic_dims >> i & 1)
      buffer->dynamic_dims[buffer->num_dynamic_dims++] = i;
  }
  return buffer;
}

PJRT_Error *sim_buffer_allocate(PJRT_Client *client, PJRT_Device *device,
                                PJRT_Memory *memory, const sim_shape *shape,
                                sim_future *ready, PJRT_Buffer **out) {
  sim_storage *storage;
  sim_shape placed = *shape;
  sim_shape_place(&placed, memory);
  PJRT_Error *error =
      sim_storage_create(memory, sim_device_size(&placed), &storage);
  if (error)
    sim_future_drop(ready);
  else
    *out = sim_buffer_create(client, device, memory, shape, storage, ready);
  return error;
}

void sim_buffer_destroy(PJRT_Buffer *buffer) {
  PJRT_Buffer_Destroy_Args args = {.buffer = buffer};
  sim_PJRT_Buffer_Destroy(&args);
}

/* What every function that makes a buffer from args does first. */
static PJRT_Error *prepare(PJRT_Client *client, PJRT_Device **device,
                           PJRT_Memory **memory, PJRT_Buffer_Type type,
                           const int64_t *dims, size_t num_dims,
                           const PJRT_Buffer_MemoryLayout *layout,
                           sim_shape *out) {
  SIM_REQUIRE(client, SIM_CLIENT);
  SIM_TRY(sim_place(client, device, memory));
  SIM_TRY(sim_shape_read(type, dims, num_dims, out));
  sim_shape_place(out, *memory);
  return sim_expect_layout(layout, out);
}

void sim_buffer_delete_data(PJRT_Buffer *buffer) {
  if (!buffer->is_shared) atomic_store(&buffer->is_deleted, true);
}

PJRT_Error *sim_buffer_require_data(const PJRT_Buffer *buffer) {
  if (!atomic_load(&buffer->is_deleted))
    return sim_device_check(buffer->device);
  return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                   "Buffer has been deleted or donated.");
}

/* ---- host to device ------------------------------------------------------ */

static void copy_in(const PJRT_Client_BufferFromHostBuffer_Args *args,
                    const sim_shape *shape, sim_storage *storage) {
  sim_pack(shape, shape->dims, args->data,
           args->num_byte_strides ? args->byte_strides : NULL, storage->bytes);
}

/* A copy that is made when the transfer completes: until then the caller has
 * to keep its memory. */
typedef struct late_copy {
  sim_storage *storage;
  sim_shape shape;
  PJRT_Client_BufferFromHostBuffer_Args args;
  int64_t strides[SIM_MAX_DIMS];
} late_copy;

static void finish_late_copy(void *arg, PJRT_Error_Code code) {
  late_copy *late = arg;
  if (!code) copy_in(&late->args, &late->shape, late->storage);
  sim_storage_drop(late->storage);
  free(late);
}

static void copy_late(const PJRT_Client_BufferFromHostBuffer_Args *args,
                      const sim_shape *shape, sim_storage *storage,
                      sim_future *transfer) {
  late_copy *late = sim_allocate(sizeof(*late));
  late->storage = sim_storage_share(storage);
  late->shape = *shape;
  late->args = *args;
  for (size_t i = 0; i < args->num_byte_strides; i++)
    late->strides[i] = args->byte_strides[i];
  late->args.byte_strides = late->strides;
  sim_future_before(transfer, finish_late_copy, late);
}

static void host_memory_released(void *bytes, void *future) {
  (void)bytes;
  sim_future_complete(future, PJRT_Error_Code_OK, "", 0);
  sim_future_drop(future);
}

/* Whether the plugin works in the caller's memory, as real ones do when it is
 * aligned and dense. */
static bool is_zero_copy(const PJRT_Client_BufferFromHostBuffer_Args *args,
                         const sim_shape *shape) {
  return sim_is_host_form(shape) &&
         args->host_buffer_semantics >=
             PJRT_HostBufferSemantics_kImmutableZeroCopy &&
         (uintptr_t)args->data % 64 == 0 && args->num_byte_strides == 0;
}

static sim_storage *storage_in_place(
    const PJRT_Client_BufferFromHostBuffer_Args *args, const sim_shape *shape,
    sim_future *released) {
  sim_storage *storage = sim_allocate(sizeof(*storage));
  storage->refs = 1;
  storage->size = sim_host_size(shape);
  storage->bytes = (unsigned char *)(uintptr_t)args->data;
  storage->on_delete = host_memory_released;
  storage->on_delete_arg = sim_future_share(released);
  return storage;
}

static PJRT_Error *check_upload(
    const PJRT_Client_BufferFromHostBuffer_Args *args, const sim_shape *shape) {
  if (!args->data && sim_num_elements(shape)) return sim_misuse("NULL data");
  if (args->num_byte_strides && args->num_byte_strides != args->num_dims)
    return sim_misuse("%zu strides for %zu dimensions", args->num_byte_strides,
                      args->num_dims);
  return NULL;
}

/* Sends the bytes over the link, which `*transfer` comes to include. Returns
 * what is done when the host's memory is needed no more. */
static sim_future *start_upload(
    const PJRT_Client_BufferFromHostBuffer_Args *args, const sim_shape *shape,
    sim_storage *storage, sim_future **transfer) {
  sim_future *call = sim_future_share(*transfer);
  *transfer = sim_device_watch(
      args->device,
      sim_future_both(*transfer,
                      sim_lines_use(&args->device->link, 1, storage->size)));
  if (args->host_buffer_semantics ==
      PJRT_HostBufferSemantics_kImmutableOnlyDuringCall) {
    copy_in(args, shape, storage);
    return call;
  }
  sim_future_drop(call);
  copy_late(args, shape, storage, *transfer);
  return sim_future_share(*transfer);
}

PJRT_Error *sim_PJRT_Client_BufferFromHostBuffer(
    PJRT_Client_BufferFromHostBuffer_Args *args) {
  sim_shape shape;
  SIM_TRY(prepare(args->client, &args->device, &args->memory, args->type,
                  args->dims, args->num_dims, args->device_layout, &shape));
  SIM_TRY(check_upload(args, &shape));
  sim_storage *storage;
  sim_future *released = NULL;
  if (is_zero_copy(args, &shape)) {
    released = sim_future_pending();
    storage = storage_in_place(args, &shape, released);
  } else {
    SIM_TRY(
        sim_storage_create(args->memory, sim_device_size(&shape), &storage));
  }
  sim_future *transfer = sim_device_watch(args->device, sim_future_create());
  if (!released) released = start_upload(args, &shape, storage, &transfer);
  args->buffer = sim_buffer_create(args->client, args->device, args->memory,
                                   &shape, storage, transfer);
  args->done_with_host_buffer = sim_event(released);
  return NULL;
}

PJRT_Error *sim_PJRT_Client_CreateUninitializedBuffer(
    PJRT_Client_CreateUninitializedBuffer_Args *args) {
  sim_shape shape;
  SIM_TRY(prepare(args->client, &args->device, &args->memory,
                  args->shape_element_type, args->shape_dims,
                  args->shape_num_dims, args->shape_layout, &shape));
  return sim_buffer_allocate(args->client, args->device, args->memory, &shape,
                             sim_future_create(), &args->buffer);
}

PJRT_Error *sim_PJRT_Client_CreateErrorBuffer(
    PJRT_Client_CreateErrorBuffer_Args *args) {
  PJRT_Device *device = NULL;
  sim_shape shape;
  SIM_TRY(prepare(args->client, &device, &args->memory,
                  args->shape_element_type, args->shape_dims,
                  args->shape_num_dims, args->device_layout, &shape));
  sim_future *failed = sim_future_pending();
  sim_future_complete(failed, args->error_code, args->error_message,
                      args->error_message_size);
  return sim_buffer_allocate(args->client, device, args->memory, &shape, failed,
                             &args->buffer);
}

PJRT_Error *sim_PJRT_Client_CreateViewOfDeviceBuffer(
    PJRT_Client_CreateViewOfDeviceBuffer_Args *args) {
  sim_shape shape;
  SIM_TRY(prepare(args->client, &args->device, &args->memory,
                  args->element_type, args->dims, args->num_dims, args->layout,
                  &shape));
  if ((uintptr_t)args->device_buffer_ptr % 64)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "device_buffer_ptr is not aligned to 64 bytes");
  if (!args->device_buffer_ptr && sim_num_elements(&shape))
    return sim_misuse("NULL device_buffer_ptr");
  sim_storage *storage = sim_allocate(sizeof(*storage));
  storage->refs = 1;
  storage->size = sim_device_size(&shape);
  storage->bytes = args->device_buffer_ptr;
  storage->on_delete = args->on_delete_callback;
  storage->on_delete_arg = args->on_delete_callback_arg;
  args->buffer = sim_buffer_create(args->client, args->device, args->memory,
                                   &shape, storage, sim_future_create());
  return NULL;
}

/* ---- device to host ------------------------------------------------------ */

/* Reading: the bytes arrive when both the buffer is ready and the transfer is
 * over, and whoever looks earlier sees none of them. */
typedef struct reading {
  sim_storage *storage;
  sim_future *ready; /* of the buffer */
  sim_future *call;  /* may be held back by a fault */
  sim_future *transfer;
  sim_future *result;
  sim_line *link;
  sim_shape shape;
  int64_t dims[SIM_MAX_DIMS];  /* that are present */
  int64_t order[SIM_MAX_DIMS]; /* on the host, minor to major */
  bool is_raw;
  size_t offset, size; /* when raw */
  unsigned char *dst;
} reading;

static void read_bytes(const reading *r) {
  const sim_shape *shape = &r->shape;
  int64_t strides[SIM_MAX_DIMS];
  if (r->is_raw) {
    if (r->size) memcpy(r->dst, r->storage->bytes + r->offset, r->size);
    return;
  }
  sim_dense_strides(shape->type, r->dims, r->order, shape->num_dims, strides);
  const bool is_usual =
      !shape->dynamic_dims && is_row_major(r->order, shape->num_dims);
  sim_unpack(shape, r->dims, r->storage->bytes, r->dst,
             is_usual ? NULL : strides);
}

static void reading_free(reading *r) {
  sim_storage_drop(r->storage);
  sim_future_drop(r->ready);
  sim_future_drop(r->call);
  sim_future_drop(r->transfer);
  sim_future_drop(r->result);
  sim_line_drop(r->link);
  free(r);
}

static void finish_reading(void *arg, PJRT_Error_Code code) {
  reading *r = arg;
  (void)code;
  PJRT_Error *error = sim_future_error(r->ready);
  if (!error) error = sim_future_error(r->transfer);
  if (!error) read_bytes(r);
  sim_future_complete_with(r->result, error);
  reading_free(r);
}

/* The buffer is ready, or has failed. */
static void transfer_reading(void *arg, PJRT_Error_Code code) {
  reading *r = arg;
  sim_future *call = sim_future_share(r->call);
  if (!code && r->is_raw)
    call = sim_future_both(call, sim_line_use_for_piece(r->link, r->size));
  else if (!code)
    call = sim_future_both(call, sim_lines_use(&r->link, 1, r->storage->size));
  sim_future_follow(r->transfer, call);
  sim_future_then(r->transfer, finish_reading, r);
}

static reading *reading_create(PJRT_Buffer *buffer, const reading *what) {
  reading *r = sim_allocate(sizeof(*r));
  *r = *what;
  r->storage = sim_storage_share(buffer->storage);
  r->ready = sim_future_share(buffer->ready);
  r->call = sim_future_create();
  r->transfer = sim_device_watch(buffer->device, sim_future_pending());
  r->result = sim_future_pending();
  r->link = sim_line_share(buffer->device->link);
  return r;
}

static PJRT_Event *start_reading(PJRT_Buffer *buffer, const reading *what) {
  reading *r = reading_create(buffer, what);
  PJRT_Event *event = sim_event(sim_future_share(r->result));
  sim_future_then(r->ready, transfer_reading, r);
  return event;
}

/* Of dynamic dimensions, what is present comes dense; how much that is shows
 * when the buffer is ready. */
static PJRT_Error *present_size(PJRT_Buffer *buffer, int64_t *out_dims,
                                size_t *out_size) {
  PJRT_Buffer_UnpaddedDimensions_Args args = {.buffer = buffer};
  sim_shape present = buffer->shape;
  SIM_TRY(sim_PJRT_Buffer_UnpaddedDimensions(&args));
  for (size_t i = 0; i < args.num_dims; i++)
    out_dims[i] = present.dims[i] = args.unpadded_dims[i];
  *out_size = sim_host_size(&present);
  return NULL;
}

PJRT_Error *sim_PJRT_Buffer_ToHostBuffer(PJRT_Buffer_ToHostBuffer_Args *args) {
  PJRT_Buffer *buffer = args->src;
  SIM_REQUIRE(buffer, SIM_BUFFER);
  SIM_TRY(sim_buffer_require_data(buffer));
  reading what = {.shape = buffer->shape, .dst = args->dst};
  size_t size = 0;
  SIM_TRY(
      read_host_layout(args->host_layout, buffer->shape.num_dims, what.order));
  SIM_TRY(present_size(buffer, what.dims, &size));
  if (!args->dst) {
    args->dst_size = size;
    return NULL;
  }
  if (args->dst_size < size)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "invalid dst_size %zu, need %zu", args->dst_size, size);
  args->event = start_reading(buffer, &what);
  return NULL;
}

static PJRT_Error *check_raw_range(const PJRT_Buffer *buffer, int64_t offset,
                                   int64_t size) {
  SIM_REQUIRE(buffer, SIM_BUFFER);
  SIM_TRY(sim_buffer_require_data(buffer));
  const int64_t end = (int64_t)buffer->storage->size;
  if (offset < 0 || size < 0 || offset > end || size > end - offset)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "bytes %lld to %lld of a buffer of %lld",
                     (long long)offset, (long long)(offset + size),
                     (long long)end);
  return NULL;
}

/* As real plugins do, this reports a wrong range through its event. */
PJRT_Error *sim_PJRT_Buffer_CopyRawToHost(
    PJRT_Buffer_CopyRawToHost_Args *args) {
  SIM_REQUIRE(args->buffer, SIM_BUFFER);
  PJRT_Error *error =
      check_raw_range(args->buffer, args->offset, args->transfer_size);
  if (error) {
    sim_future *failed = sim_future_pending();
    sim_future_complete_with(failed, error);
    args->event = sim_event(failed);
    return NULL;
  }
  const reading what = {.is_raw = true,
                        .offset = (size_t)args->offset,
                        .size = (size_t)args->transfer_size,
                        .dst = args->dst};
  args->event = start_reading(args->buffer, &what);
  return NULL;
}

/* ---- a copy whose destination comes later -------------------------------- */

typedef struct future_copy {
  sim_kind kind;
  reading *what;
} future_copy;

static void destination_known(
    PJRT_Buffer_CopyRawToHostFuture_Callback_Args *args) {
  future_copy *copy = args->callback_data;
  reading *what = copy->what;
  sim_delete(copy, SIM_OTHER);
  if (args->error_code) {
    sim_future_complete(what->result, args->error_code, args->error_message,
                        args->error_message_size);
    /* Nothing will move: what watches the transfer lets go of it. */
    sim_future_complete(what->transfer, PJRT_Error_Code_OK, NULL, 0);
    reading_free(what);
  } else {
    what->dst = args->dst;
    sim_future_then(what->ready, transfer_reading, what);
  }
}

PJRT_Error *sim_PJRT_Buffer_CopyRawToHostFuture(
    PJRT_Buffer_CopyRawToHostFuture_Args *args) {
  SIM_TRY(check_raw_range(args->buffer, args->offset, args->transfer_size));
  const reading what = {.is_raw = true,
                        .offset = (size_t)args->offset,
                        .size = (size_t)args->transfer_size};
  future_copy *copy = sim_new(SIM_OTHER, sizeof(*copy));
  copy->what = reading_create(args->buffer, &what);
  args->event = sim_event(sim_future_share(copy->what->result));
  args->callback_data = copy;
  args->future_ready_callback = destination_known;
  return NULL;
}
