#include "pjrt/ext/stream.h"

#include "base/error.h"
#include "core/buffer.h"
#include "core/plugin.h"
#include "ext/extension.h"

#define CALL(plugin, slot, fn, args) \
  PJRT_EXT_CALL(plugin, Stream, PJRT_Stream_Extension, slot, fn, args)

static pjrt_error *check_device(const pjrt_device *device) {
  if (!device) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "device is NULL");
  }
  PJRT_TRY(pjrt_client_check(device->client));
  if (device->is_addressable) return NULL;
  return pjrt_error_format(
      PJRT_INVALID_ARGUMENT, "device %d belongs to process %d, not to this one",
      pjrt_device_id(device), pjrt_device_process_index(device));
}

pjrt_error *pjrt_native_stream_of(pjrt_device *device, intptr_t *out) {
  *out = 0;
  PJRT_TRY(check_device(device));
  PJRT_ARGS(PJRT_Get_Stream_For_External_Ready_Events, args);
  args->device = device->raw;
  PJRT_TRY(CALL(device->client->plugin, get_stream,
                PJRT_Get_Stream_For_External_Ready_Events, args));
  *out = args->stream;
  return NULL;
}

/* Plugins take an external reference to the buffer meanwhile, which must not
 * meet another thread that ends it. */
static pjrt_error *wait_for(intptr_t stream, pjrt_buffer *buffer) {
  if (pjrt_buffer_kind(buffer) != PJRT_BUFFER_LIVE) {
    return pjrt_buffer_not_live(buffer);
  }
  PJRT_ARGS(PJRT_Wait_Until_Buffer_Ready_On_Stream, args);
  args->stream = stream;
  args->buffer = buffer->raw;
  return CALL(buffer->client->plugin, wait_stream,
              PJRT_Wait_Until_Buffer_Ready_On_Stream, args);
}

pjrt_error *pjrt_native_stream_wait_for(intptr_t stream, pjrt_buffer *buffer) {
  PJRT_TRY(pjrt_buffer_check(buffer));
  if (!stream) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "stream is 0");
  }
  pthread_mutex_lock(&buffer->reference_mutex);
  pjrt_error *error = wait_for(stream, buffer);
  pthread_mutex_unlock(&buffer->reference_mutex);
  return error;
}
