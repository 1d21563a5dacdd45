/* What must hold before a buffer is made or consumed. */
#include "base/alloc.h"
#include "base/error.h"
#include "core/buffer.h"
#include "core/plugin.h"

/* ---- making: what real plugins crash on or silently accept --------------- */

static pjrt_error *check_device(const pjrt_device *device) {
  if (!device)
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "device is NULL");
  PJRT_TRY(pjrt_client_check(device->client));
  if (device->is_addressable) return NULL;
  return pjrt_error_format(
      PJRT_INVALID_ARGUMENT, "device %d belongs to process %d, not to this one",
      pjrt_device_id(device), pjrt_device_process_index(device));
}

static pjrt_error *check_memory(const pjrt_device *device,
                                const pjrt_memory *memory) {
  if (!memory) return NULL;
  for (size_t i = 0; i < device->num_memories; i++) {
    if (device->memories[i] == memory) return NULL;
  }
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "memory %d (%s) is none of device %d's", memory->id,
                           memory->kind.data, pjrt_device_id(device));
}

pjrt_error *pjrt_buffer_check_shape(const pjrt_device *device,
                                    const pjrt_memory *memory, pjrt_dtype dtype,
                                    const int64_t *dims, size_t num_dims,
                                    size_t *out_num_elements) {
  PJRT_TRY(check_device(device));
  PJRT_TRY(pjrt_plugin_check_dtype(device->client->plugin, dtype));
  PJRT_TRY(check_memory(device, memory));
  if (num_dims && !dims) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "dims is NULL for %zu dimensions", num_dims);
  }
  return pjrt_dims_num_elements(dims, num_dims, pjrt_dtype_host_size(dtype),
                                out_num_elements);
}

/* ---- consuming ----------------------------------------------------------- */

pjrt_error *pjrt_buffer_claim(pjrt_buffer *buffer) {
  unsigned state;
  char text[PJRT_SPEC_TEXT_SIZE];
  PJRT_TRY(pjrt_buffer_check(buffer));
  if (pjrt_buffer_end_live(buffer, PJRT_BUFFER_CLAIMED, &state)) return NULL;
  if (state < PJRT_BUFFER_ONE_MAPPING) return pjrt_buffer_not_live(buffer);
  pjrt_spec_print(buffer->spec, text);
  return pjrt_error_format(PJRT_FAILED_PRECONDITION,
                           "the buffer %s is mapped, and would be consumed; "
                           "unmap it first",
                           text);
}

void pjrt_buffer_settle_consumed(pjrt_buffer *buffer, bool succeeded) {
  bool consumed = succeeded;
  pjrt_error_free(
      pjrt_raw_buffer_is_deleted(buffer->client, buffer->raw, &consumed));
  pjrt_buffer_settle(buffer, consumed ? PJRT_BUFFER_DONATED : PJRT_BUFFER_LIVE);
}
