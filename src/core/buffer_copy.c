#include "pjrt/buffer_copy.h"

#include "base/error.h"
#include "core/buffer.h"
#include "core/pledge.h"
#include "core/plugin.h"
#include "pjrt/raw.h"

/* ---- between devices and memories ---------------------------------------- */

static pjrt_error *wrong_client(const char *what) {
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "the %s belongs to another client than the buffer",
                           what);
}

static pjrt_error *check_device(const pjrt_buffer *buffer,
                                const pjrt_device *device) {
  PJRT_TRY(pjrt_buffer_check(buffer));
  if (!device)
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "device is NULL");
  if (device->client != buffer->client) return wrong_client("device");
  if (device->is_addressable) return NULL;
  return pjrt_error_format(
      PJRT_INVALID_ARGUMENT, "device %d belongs to process %d, not to this one",
      pjrt_device_id(device), pjrt_device_process_index(device));
}

static pjrt_error *check_memory(const pjrt_buffer *buffer,
                                const pjrt_memory *memory) {
  PJRT_TRY(pjrt_buffer_check(buffer));
  if (!memory)
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "memory is NULL");
  if (memory->client != buffer->client) return wrong_client("memory");
  return NULL;
}

/* A memory may be addressable by several devices, or not tell by which. */
static pjrt_error *device_of(pjrt_client *client, const pjrt_memory *memory,
                             PJRT_Buffer *raw, pjrt_device **out) {
  *out = memory->num_devices == 1 ? memory->devices[0] : NULL;
  if (*out) return NULL;
  if (!raw) {
    return pjrt_error_about(
        pjrt_error_format(PJRT_INTERNAL, "the plugin's buffer is NULL"),
        client->plugin, "PJRT_Buffer_CopyToMemory");
  }
  PJRT_ARGS(PJRT_Buffer_Device, args);
  args->buffer = raw;
  PJRT_TRY(PJRT_CALL(client->plugin, PJRT_Buffer_Device, args));
  *out = pjrt_client_device_of(client, args->device);
  if (*out) return NULL;
  return pjrt_error_about(
      pjrt_error_format(PJRT_INTERNAL,
                        "the plugin names a device that is none of the "
                        "client's %zu",
                        client->num_devices),
      client->plugin, "PJRT_Buffer_Device");
}

pjrt_error *pjrt_buffer_copy_to_device_async(pjrt_buffer *buffer,
                                             pjrt_device *device,
                                             pjrt_buffer **out) {
  *out = NULL;
  PJRT_TRY(check_device(buffer, device));
  PJRT_ARGS(PJRT_Buffer_CopyToDevice, args);
  args->buffer = buffer->raw;
  args->dst_device = device->raw;
  PJRT_TRY(PJRT_CALL(buffer->client->plugin, PJRT_Buffer_CopyToDevice, args));
  return pjrt_buffer_from_raw(device, args->dst_buffer, out);
}

pjrt_error *pjrt_buffer_copy_to_memory_async(pjrt_buffer *buffer,
                                             pjrt_memory *memory,
                                             pjrt_buffer **out) {
  pjrt_device *device;
  *out = NULL;
  PJRT_TRY(check_memory(buffer, memory));
  pjrt_client *client = buffer->client;
  PJRT_ARGS(PJRT_Buffer_CopyToMemory, args);
  args->buffer = buffer->raw;
  args->dst_memory = memory->raw;
  PJRT_TRY(PJRT_CALL(client->plugin, PJRT_Buffer_CopyToMemory, args));
  pjrt_error *error = device_of(client, memory, args->dst_buffer, &device);
  if (!error) return pjrt_buffer_from_raw(device, args->dst_buffer, out);
  pjrt_raw_buffer_destroy(client, args->dst_buffer);
  return error;
}

/* A copy that failed is of no use to anyone. */
static pjrt_error *await_copy(pjrt_buffer **copy) {
  pjrt_error *error = pjrt_buffer_await(*copy);
  if (!error) return NULL;
  pjrt_buffer_free(*copy);
  *copy = NULL;
  return error;
}

pjrt_error *pjrt_buffer_copy_to_device(pjrt_buffer *buffer, pjrt_device *device,
                                       pjrt_buffer **out) {
  PJRT_TRY(pjrt_buffer_copy_to_device_async(buffer, device, out));
  return await_copy(out);
}

pjrt_error *pjrt_buffer_copy_to_memory(pjrt_buffer *buffer, pjrt_memory *memory,
                                       pjrt_buffer **out) {
  PJRT_TRY(pjrt_buffer_copy_to_memory_async(buffer, memory, out));
  return await_copy(out);
}

/* ---- raw bytes to the host ----------------------------------------------- */

/* Plugins tell a wrong range through the event, or not at all. */
static pjrt_error *check_range(pjrt_buffer *buffer, size_t offset,
                               size_t size) {
  size_t end;
  PJRT_TRY(pjrt_buffer_on_device_size(buffer, &end));
  if (offset <= end && size <= end - offset) return NULL;
  return pjrt_error_format(PJRT_OUT_OF_RANGE,
                           "%zu bytes from byte %zu on, where the buffer has "
                           "%zu on its device",
                           size, offset, end);
}

static pjrt_error *check_dst(const void *dst, size_t size) {
  if (dst || size == 0) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT, "dst is NULL for %zu bytes",
                           size);
}

static pjrt_error *start(const pjrt_buffer *buffer, size_t offset, void *dst,
                         size_t size, PJRT_Event **out) {
  PJRT_ARGS(PJRT_Buffer_CopyRawToHost, args);
  args->buffer = buffer->raw;
  args->dst = dst;
  args->offset = (int64_t)offset;
  args->transfer_size = (int64_t)size;
  PJRT_TRY(PJRT_CALL(buffer->client->plugin, PJRT_Buffer_CopyRawToHost, args));
  *out = args->event;
  return NULL;
}

pjrt_error *pjrt_buffer_copy_raw_to_host_async(pjrt_buffer *buffer,
                                               size_t offset, void *dst,
                                               size_t size,
                                               pjrt_event **out_done) {
  static const char what[] = "PJRT_Buffer_CopyRawToHost";
  PJRT_Event *raw = NULL;
  *out_done = NULL;
  PJRT_TRY(check_range(buffer, offset, size));
  PJRT_TRY(check_dst(dst, size));
  PJRT_TRY(pjrt_event_reserve(buffer->client, what, out_done));
  pjrt_error *error = start(buffer, offset, dst, size, &raw);
  return pjrt_event_fill_reserved(out_done, raw, what, error);
}

pjrt_error *pjrt_buffer_copy_raw_to_host(pjrt_buffer *buffer, size_t offset,
                                         void *dst, size_t size) {
  PJRT_Event *raw;
  PJRT_TRY(check_range(buffer, offset, size));
  PJRT_TRY(check_dst(dst, size));
  PJRT_TRY(start(buffer, offset, dst, size, &raw));
  return pjrt_raw_event_finish(buffer->client, raw);
}

/* ---- raw copies whose destination comes later ---------------------------- */

/* Calls the plugin's callback, which may be done once. */
static void answer(const pjrt_raw_copy *copy, void *dst, pjrt_code code,
                   const char *message, size_t message_size) {
  if (!copy->callback) return;
  PJRT_STRUCT(copy->pledge.client->plugin,
              PJRT_Buffer_CopyRawToHostFuture_Callback_Args, args);
  args->callback_data = copy->callback_data;
  args->error_code = (PJRT_Error_Code)code;
  args->error_message = message;
  args->error_message_size = message_size;
  args->dst = dst;
  copy->callback(args);
}

static bool bury_copy(pjrt_grave *grave) {
  static const char reason[] = "the raw copy was dropped without a destination";
  pjrt_raw_copy *copy = (pjrt_raw_copy *)grave;
  if (pjrt_pledge_take(&copy->pledge)) {
    answer(copy, NULL, PJRT_CANCELLED, reason, sizeof reason - 1);
  }
  return pjrt_pledge_end(&copy->pledge);
}

/* The event is there before the call: nothing can fail after it. */
static pjrt_error *announce(pjrt_buffer *buffer, size_t offset,
                            pjrt_raw_copy *copy, pjrt_event **out_done) {
  static const char what[] = "PJRT_Buffer_CopyRawToHostFuture";
  const pjrt_plugin *plugin = buffer->client->plugin;
  PJRT_TRY(pjrt_event_reserve(buffer->client, what, out_done));
  PJRT_ARGS(PJRT_Buffer_CopyRawToHostFuture, args);
  args->buffer = buffer->raw;
  args->offset = (int64_t)offset;
  args->transfer_size = (int64_t)copy->size;
  pjrt_error *error = PJRT_CALL(plugin, PJRT_Buffer_CopyRawToHostFuture, args);
  if (!error) {
    copy->callback_data = args->callback_data;
    copy->callback = args->future_ready_callback;
  }
  return pjrt_event_fill_reserved(out_done, args->event, what, error);
}

pjrt_error *pjrt_buffer_copy_raw_to_host_future(pjrt_buffer *buffer,
                                                size_t offset, size_t size,
                                                pjrt_raw_copy **out,
                                                pjrt_event **out_done) {
  void *memory;
  *out = NULL;
  *out_done = NULL;
  PJRT_TRY(check_range(buffer, offset, size));
  PJRT_TRY(pjrt_pledge_create(buffer->client, sizeof(pjrt_raw_copy), bury_copy,
                              &memory));
  pjrt_raw_copy *copy = memory;
  copy->size = size;
  pjrt_error *error = announce(buffer, offset, copy, out_done);
  if (error) {
    pjrt_raw_copy_free(copy);
    return error;
  }
  *out = copy;
  return NULL;
}

static pjrt_error *check_copy(const pjrt_raw_copy *copy) {
  if (copy) return pjrt_client_check(copy->pledge.client);
  return pjrt_error_format(PJRT_INVALID_ARGUMENT, "copy is NULL");
}

static pjrt_error *take(pjrt_raw_copy *copy) {
  if (pjrt_pledge_take(&copy->pledge)) return NULL;
  return pjrt_error_format(PJRT_FAILED_PRECONDITION,
                           "the raw copy was started or failed before");
}

pjrt_error *pjrt_raw_copy_start(pjrt_raw_copy *copy, void *dst) {
  PJRT_TRY(check_copy(copy));
  PJRT_TRY(check_dst(dst, copy->size));
  PJRT_TRY(take(copy));
  answer(copy, dst, PJRT_OK, NULL, 0);
  return NULL;
}

pjrt_error *pjrt_raw_copy_fail(pjrt_raw_copy *copy, const pjrt_error *error) {
  size_t size;
  PJRT_TRY(check_copy(copy));
  if (!error) return pjrt_error_format(PJRT_INVALID_ARGUMENT, "error is NULL");
  PJRT_TRY(pjrt_reason_check(error));
  PJRT_TRY(take(copy));
  const char *message = pjrt_error_message(error, &size);
  answer(copy, NULL, pjrt_error_code(error), message, size);
  return NULL;
}

void pjrt_raw_copy_free(pjrt_raw_copy *copy) {
  if (copy) pjrt_pledge_free(&copy->pledge);
}
