/* Buffers that are filled from the host piece by piece. */
#include <stdlib.h>
#include <string.h>

#include "plugin/slots.h"

struct PJRT_AsyncHostToDeviceTransferManager {
  sim_kind kind;
  PJRT_Device *device;
  size_t num_buffers;
  PJRT_Buffer **buffers;
  bool *is_retrieved;
};

typedef PJRT_AsyncHostToDeviceTransferManager manager;

static void manager_free(manager *m) {
  for (size_t i = 0; i < m->num_buffers; i++)
    if (!m->is_retrieved[i]) sim_buffer_destroy(m->buffers[i]);
  free(m->buffers);
  free(m->is_retrieved);
  sim_delete(m, SIM_TRANSFER_MANAGER);
}

static PJRT_Error *manager_create(
    const PJRT_Client_CreateBuffersForAsyncHostToDevice_Args *args,
    PJRT_Device *device, const sim_shape *shapes, manager **out) {
  PJRT_Error *error = NULL;
  manager *m = sim_new(SIM_TRANSFER_MANAGER, sizeof(*m));
  m->device = device;
  m->num_buffers = args->num_shape_specs;
  m->buffers = sim_allocate(m->num_buffers * sizeof(PJRT_Buffer *));
  m->is_retrieved = sim_allocate(m->num_buffers);
  for (size_t i = 0; !error && i < m->num_buffers; i++)
    error = sim_buffer_allocate(args->client, device, args->memory, &shapes[i],
                                sim_future_pending(), &m->buffers[i]);
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
    sim_future_complete(m->buffers[i]->ready, PJRT_Error_Code_INTERNAL, message,
                        sizeof(message) - 1);
  }
  manager_free(m);
  return NULL;
}

static PJRT_Error *find(manager *m, int index, PJRT_Buffer **out) {
  SIM_REQUIRE(m, SIM_TRANSFER_MANAGER);
  if (index < 0 || (size_t)index >= m->num_buffers)
    return sim_misuse("buffer %d of a transfer of %zu", index, m->num_buffers);
  *out = m->buffers[index];
  if (!sim_is(*out, SIM_BUFFER))
    return sim_misuse("a transfer to a buffer that is gone");
  return NULL;
}

/* Copies, and completes the buffer after its last piece. */
static PJRT_Error *transfer(PJRT_Buffer *buffer, const void *data,
                            int64_t offset, int64_t size, bool is_last,
                            PJRT_Event **out_event) {
  const int64_t end = (int64_t)buffer->storage->size;
  if (offset < 0 || size < 0 || offset > end || size > end - offset)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "bytes %lld to %lld of a buffer of %lld",
                     (long long)offset, (long long)(offset + size),
                     (long long)end);
  if (size) memcpy(buffer->storage->bytes + offset, data, (size_t)size);
  sim_future *done = sim_future_create();
  if (is_last) sim_future_complete(buffer->ready, PJRT_Error_Code_OK, "", 0);
  *out_event = sim_event(done);
  return NULL;
}

PJRT_Error *sim_PJRT_AsyncHostToDeviceTransferManager_TransferData(
    PJRT_AsyncHostToDeviceTransferManager_TransferData_Args *args) {
  PJRT_Buffer *buffer = NULL;
  SIM_TRY(find(args->transfer_manager, args->buffer_index, &buffer));
  return transfer(buffer, args->data, args->offset, args->transfer_size,
                  args->is_last_transfer, &args->done_with_h2d_transfer);
}

PJRT_Error *sim_PJRT_AsyncHostToDeviceTransferManager_TransferLiteral(
    PJRT_AsyncHostToDeviceTransferManager_TransferLiteral_Args *args) {
  PJRT_Buffer *buffer = NULL;
  SIM_TRY(find(args->transfer_manager, args->buffer_index, &buffer));
  return transfer(buffer, args->data, 0, (int64_t)buffer->storage->size, true,
                  &args->done_with_h2d_transfer);
}

PJRT_Error *sim_PJRT_AsyncHostToDeviceTransferManager_RetrieveBuffer(
    PJRT_AsyncHostToDeviceTransferManager_RetrieveBuffer_Args *args) {
  PJRT_Buffer *buffer = NULL;
  SIM_TRY(find(args->transfer_manager, args->buffer_index, &buffer));
  if (args->transfer_manager->is_retrieved[args->buffer_index])
    return sim_misuse("buffer %d retrieved twice", args->buffer_index);
  args->transfer_manager->is_retrieved[args->buffer_index] = true;
  args->buffer_out = buffer;
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
  PJRT_Buffer *buffer = NULL;
  SIM_TRY(find(args->transfer_manager, args->buffer_index, &buffer));
  args->buffer_size = buffer->storage->size;
  return NULL;
}

PJRT_Error *sim_PJRT_AsyncHostToDeviceTransferManager_SetBufferError(
    PJRT_AsyncHostToDeviceTransferManager_SetBufferError_Args *args) {
  PJRT_Buffer *buffer = NULL;
  SIM_TRY(find(args->transfer_manager, args->buffer_index, &buffer));
  sim_future_complete(buffer->ready, args->error_code, args->error_message,
                      args->error_message_size);
  return NULL;
}

PJRT_Error *sim_PJRT_AsyncHostToDeviceTransferManager_AddMetadata(
    PJRT_AsyncHostToDeviceTransferManager_AddMetadata_Args *args) {
  SIM_REQUIRE(args->transfer_manager, SIM_TRANSFER_MANAGER);
  return NULL;
}
