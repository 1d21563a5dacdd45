/* Buffers that are filled from the host piece by piece. */
#include <stdlib.h>
#include <string.h>

#include "plugin/instant.h"
#include "plugin/line.h"
#include "plugin/loss.h"
#include "plugin/tiles.h"

/* Where the pieces of one buffer go; it may be gone before they are there. */
typedef struct target {
  atomic_int refs;
  atomic_int missing; /* pieces under way, and one for those still to come */
  sim_shape shape;
  sim_storage *storage;
  sim_future *ready;
} target;

static target *target_create(const PJRT_Buffer *buffer) {
  target *to = sim_allocate(sizeof(*to));
  to->refs = to->missing = 1;
  to->shape = buffer->shape;
  to->storage = sim_storage_share(buffer->storage);
  to->ready = sim_future_share(buffer->ready);
  return to;
}

static void target_drop(target *to) {
  if (atomic_fetch_sub(&to->refs, 1) != 1) return;
  sim_storage_drop(to->storage);
  sim_future_drop(to->ready);
  free(to);
}

struct PJRT_AsyncHostToDeviceTransferManager {
  sim_kind kind;
  PJRT_Device *device;
  size_t num_buffers;
  PJRT_Buffer **buffers;
  target **targets;
  bool *is_retrieved;
};

typedef PJRT_AsyncHostToDeviceTransferManager manager;

static void manager_free(manager *m) {
  for (size_t i = 0; i < m->num_buffers; i++) {
    if (!m->is_retrieved[i]) sim_buffer_destroy(m->buffers[i]);
    if (m->targets[i]) target_drop(m->targets[i]);
  }
  free(m->buffers);
  free(m->targets);
  free(m->is_retrieved);
  sim_delete(m, SIM_TRANSFER_MANAGER);
}

static PJRT_Error *make_buffer(PJRT_Device *device, PJRT_Memory *memory,
                               const sim_shape *shape, PJRT_Buffer **out) {
  if (device->client->instant) return sim_instant_buffer(memory, shape, out);
  return sim_buffer_allocate(device->client, device, memory, shape,
                             sim_device_watch(device, sim_future_pending()),
                             out);
}

static PJRT_Error *manager_create(
    const PJRT_Client_CreateBuffersForAsyncHostToDevice_Args *args,
    PJRT_Device *device, const sim_shape *shapes, manager **out) {
  PJRT_Error *error = NULL;
  manager *m = sim_new(SIM_TRANSFER_MANAGER, sizeof(*m));
  m->device = device;
  m->num_buffers = args->num_shape_specs;
  m->buffers = sim_allocate(m->num_buffers * sizeof(PJRT_Buffer *));
  m->targets = sim_allocate(m->num_buffers * sizeof(target *));
  m->is_retrieved = sim_allocate(m->num_buffers);
  for (size_t i = 0; !error && i < m->num_buffers; i++) {
    error = make_buffer(device, args->memory, &shapes[i], &m->buffers[i]);
    if (!error) m->targets[i] = target_create(m->buffers[i]);
  }
  if (error)
    manager_free(m);
  else
    *out = m;
  return error;
}

PJRT_Error *sim_PJRT_Client_CreateBuffersForAsyncHostToDevice(
    PJRT_Client_CreateBuffersForAsyncHostToDevice_Args *args) {
  PJRT_Device *device = NULL;
  PJRT_Error *error = NULL;
  SIM_REQUIRE(args->client, SIM_CLIENT);
  SIM_TRY(sim_place(args->client, &device, &args->memory));
  sim_shape *shapes = sim_allocate(args->num_shape_specs * sizeof(*shapes));
  for (size_t i = 0; !error && i < args->num_shape_specs; i++) {
    const PJRT_ShapeSpec *spec = &args->shape_specs[i];
    error = sim_shape_read(spec->element_type, spec->dims, spec->num_dims,
                           &shapes[i]);
  }
  if (!error)
    error = manager_create(args, device, shapes, &args->transfer_manager);
  free(shapes);
  return error;
}

PJRT_Error *sim_PJRT_AsyncHostToDeviceTransferManager_Destroy(
    PJRT_AsyncHostToDeviceTransferManager_Destroy_Args *args) {
  const char message[] = "transfer manager destroyed before the transfer ended";
  manager *m = args->transfer_manager;
  if (!m) return NULL;
  SIM_REQUIRE(m, SIM_TRANSFER_MANAGER);
  for (size_t i = 0; i < m->num_buffers; i++) {
    if (m->is_retrieved[i]) continue;
    sim_future_complete(m->targets[i]->ready, PJRT_Error_Code_INTERNAL, message,
                        sizeof(message) - 1);
  }
  manager_free(m);
  return NULL;
}

static PJRT_Error *find(manager *m, int index, target **out) {
  SIM_REQUIRE(m, SIM_TRANSFER_MANAGER);
  SIM_TRY(sim_device_check(m->device));
  if (index < 0 || (size_t)index >= m->num_buffers)
    return sim_misuse("buffer %d of a transfer of %zu", index, m->num_buffers);
  *out = m->targets[index];
  return NULL;
}

/* ---- pieces -------------------------------------------------------------- */

typedef struct piece {
  target *to;
  const void *data; /* the caller's, to be kept until it is there */
  size_t offset;
  size_t size;
  /* The whole array, in host form; else the bytes are as they are to lie. */
  bool is_literal;
} piece;

static void one_less(target *to) {
  if (atomic_fetch_sub(&to->missing, 1) == 1)
    sim_future_complete(to->ready, PJRT_Error_Code_OK, "", 0);
}

static void finish_piece(void *arg, PJRT_Error_Code code) {
  static const char message[] = "a piece of the transfer failed";
  piece *p = arg;
  target *to = p->to;
  if (code)
    sim_future_complete(to->ready, code, message, sizeof(message) - 1);
  else if (p->is_literal)
    sim_pack(&to->shape, to->shape.dims, p->data, NULL, to->storage->bytes);
  else if (p->size)
    memcpy(to->storage->bytes + p->offset, p->data, p->size);
  one_less(to);
  target_drop(to);
  free(p);
}

/* The buffer is ready when its last piece is there, with all before it. */
static PJRT_Event *transfer(const manager *m, const piece *what, bool is_last) {
  target *to = what->to;
  piece *p = sim_allocate(sizeof(*p));
  *p = *what;
  atomic_fetch_add(&to->refs, 1);
  atomic_fetch_add(&to->missing, 1);
  sim_future *done = sim_device_watch(
      m->device,
      sim_future_both(sim_future_create(),
                      sim_line_use_for_piece(m->device->link, p->size)));
  if (is_last) one_less(to);
  sim_future_before(done, finish_piece, p);
  return sim_event(done);
}

PJRT_Error *sim_PJRT_AsyncHostToDeviceTransferManager_TransferData(
    PJRT_AsyncHostToDeviceTransferManager_TransferData_Args *args) {
  target *to = NULL;
  SIM_TRY(find(args->transfer_manager, args->buffer_index, &to));
  const int64_t offset = args->offset, size = args->transfer_size;
  const int64_t end = (int64_t)to->storage->size;
  if (offset < 0 || size < 0 || offset > end || size > end - offset)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "bytes %lld to %lld of a buffer of %lld",
                     (long long)offset, (long long)(offset + size),
                     (long long)end);
  const piece what = {.to = to,
                      .data = args->data,
                      .offset = (size_t)offset,
                      .size = (size_t)size};
  args->done_with_h2d_transfer =
      transfer(args->transfer_manager, &what, args->is_last_transfer);
  return NULL;
}

PJRT_Error *sim_PJRT_AsyncHostToDeviceTransferManager_TransferLiteral(
    PJRT_AsyncHostToDeviceTransferManager_TransferLiteral_Args *args) {
  target *to = NULL;
  SIM_TRY(find(args->transfer_manager, args->buffer_index, &to));
  const piece what = {.to = to,
                      .data = args->data,
                      .size = to->storage->size,
                      .is_literal = true};
  args->done_with_h2d_transfer = transfer(args->transfer_manager, &what, true);
  return NULL;
}

/* ---- what else can be asked ---------------------------------------------- */

PJRT_Error *sim_PJRT_AsyncHostToDeviceTransferManager_RetrieveBuffer(
    PJRT_AsyncHostToDeviceTransferManager_RetrieveBuffer_Args *args) {
  target *to = NULL;
  SIM_TRY(find(args->transfer_manager, args->buffer_index, &to));
  if (args->transfer_manager->is_retrieved[args->buffer_index])
    return sim_misuse("buffer %d retrieved twice", args->buffer_index);
  args->transfer_manager->is_retrieved[args->buffer_index] = true;
  args->buffer_out = args->transfer_manager->buffers[args->buffer_index];
  return NULL;
}

PJRT_Error *sim_PJRT_AsyncHostToDeviceTransferManager_Device(
    PJRT_AsyncHostToDeviceTransferManager_Device_Args *args) {
  SIM_REQUIRE(args->transfer_manager, SIM_TRANSFER_MANAGER);
  args->device_out = args->transfer_manager->device;
  return NULL;
}

PJRT_Error *sim_PJRT_AsyncHostToDeviceTransferManager_BufferCount(
    PJRT_AsyncHostToDeviceTransferManager_BufferCount_Args *args) {
  SIM_REQUIRE(args->transfer_manager, SIM_TRANSFER_MANAGER);
  args->buffer_count = args->transfer_manager->num_buffers;
  return NULL;
}

PJRT_Error *sim_PJRT_AsyncHostToDeviceTransferManager_BufferSize(
    PJRT_AsyncHostToDeviceTransferManager_BufferSize_Args *args) {
  target *to = NULL;
  SIM_TRY(find(args->transfer_manager, args->buffer_index, &to));
  args->buffer_size = to->storage->size;
  return NULL;
}

PJRT_Error *sim_PJRT_AsyncHostToDeviceTransferManager_SetBufferError(
    PJRT_AsyncHostToDeviceTransferManager_SetBufferError_Args *args) {
  target *to = NULL;
  SIM_TRY(find(args->transfer_manager, args->buffer_index, &to));
  sim_future_complete(to->ready, args->error_code, args->error_message,
                      args->error_message_size);
  return NULL;
}

PJRT_Error *sim_PJRT_AsyncHostToDeviceTransferManager_AddMetadata(
    PJRT_AsyncHostToDeviceTransferManager_AddMetadata_Args *args) {
  SIM_REQUIRE(args->transfer_manager, SIM_TRANSFER_MANAGER);
  for (size_t i = 0; i < args->num_metadata; i++)
    if (!args->transfer_metadata || !args->transfer_metadata[i].name)
      return sim_misuse("metadata %zu of a transfer has no name", i);
  return NULL;
}
