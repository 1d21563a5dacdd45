#include "pjrt/ext/raw_buffer.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/buffer.h"
#include "core/plugin.h"
#include "ext/answer.h"
#include "ext/device_event.h"
#include "ext/extension.h"

#define CALL(plugin, fn, args) \
  PJRT_EXT_CALL(plugin, RawBuffer, PJRT_RawBuffer_Extension, fn, fn, args)

struct pjrt_raw_buffer {
  pjrt_grave grave;
  pjrt_client *client;
  PJRT_RawBuffer *raw;
  size_t size;
};

/* ---- making and ending --------------------------------------------------- */

static bool bury(pjrt_grave *grave) {
  pjrt_raw_buffer *raw = (pjrt_raw_buffer *)grave;
  pjrt_client *client = raw->client;
  PJRT_ARGS(PJRT_RawBuffer_Destroy, args);
  args->buffer = raw->raw;
  /* Destroying must never be fatal, and nobody is left to tell. */
  pjrt_error_drop(CALL(client->plugin, PJRT_RawBuffer_Destroy, args));
  free(raw);
  return pjrt_pool_drop(client->pool);
}

/* What belongs to the parent of a forked process is left alone. */
void pjrt_raw_buffer_free(pjrt_raw_buffer *raw) {
  if (!raw || pjrt_client_is_forked(raw->client)) return;
  raw->grave.bury = bury;
  pjrt_client_bury(raw->client, &raw->grave);
}

/* A handle without a raw buffer yet. */
static pjrt_error *make(pjrt_client *client, pjrt_raw_buffer **out) {
  void *memory;
  PJRT_TRY(pjrt_alloc(1, sizeof **out, &memory));
  *out = memory;
  (*out)->client = client;
  pjrt_pool_hold(client->pool);
  return NULL;
}

static pjrt_error *create_raw(const pjrt_buffer *buffer, PJRT_RawBuffer **out) {
  const pjrt_plugin *plugin = buffer->client->plugin;
  PJRT_ARGS(PJRT_RawBuffer_CreateRawAliasOfBuffer, args);
  args->buffer = buffer->raw;
  PJRT_TRY(CALL(plugin, PJRT_RawBuffer_CreateRawAliasOfBuffer, args));
  *out = args->raw_buffer;
  return pjrt_ext_check_object(plugin, "PJRT_RawBuffer_CreateRawAliasOfBuffer",
                               "raw buffer", *out);
}

static pjrt_error *read_size(pjrt_raw_buffer *raw) {
  const pjrt_plugin *plugin = raw->client->plugin;
  PJRT_ARGS(PJRT_RawBuffer_GetOnDeviceSizeInBytes, args);
  args->buffer = raw->raw;
  PJRT_TRY(CALL(plugin, PJRT_RawBuffer_GetOnDeviceSizeInBytes, args));
  raw->size = args->on_device_size_in_bytes;
  if (raw->size <= PTRDIFF_MAX) return NULL;
  return pjrt_error_about(
      pjrt_error_format(PJRT_INTERNAL, "the plugin tells a size of %zu",
                        raw->size),
      plugin, "PJRT_RawBuffer_GetOnDeviceSizeInBytes");
}

pjrt_error *pjrt_raw_buffer_create_alias(pjrt_buffer *buffer,
                                         pjrt_raw_buffer **out) {
  pjrt_raw_buffer *raw;
  PJRT_RawBuffer *alias;
  *out = NULL;
  PJRT_TRY(pjrt_buffer_check(buffer));
  PJRT_TRY(create_raw(buffer, &alias));
  pjrt_error *error = make(buffer->client, &raw);
  if (error) {
    PJRT_ARGS(PJRT_RawBuffer_Destroy, args);
    args->buffer = alias;
    pjrt_error_drop(CALL(buffer->client->plugin, PJRT_RawBuffer_Destroy, args));
    return error;
  }
  raw->raw = alias;
  error = read_size(raw);
  if (error) {
    pjrt_raw_buffer_free(raw);
    return error;
  }
  *out = raw;
  return NULL;
}

static pjrt_error *check(const pjrt_raw_buffer *raw) {
  if (raw) return pjrt_client_check(raw->client);
  return pjrt_error_format(PJRT_INVALID_ARGUMENT, "raw is NULL");
}

/* ---- facts --------------------------------------------------------------- */

size_t pjrt_raw_buffer_size(const pjrt_raw_buffer *raw) { return raw->size; }

pjrt_error *pjrt_raw_buffer_memory(pjrt_raw_buffer *raw, pjrt_memory **out) {
  *out = NULL;
  PJRT_TRY(check(raw));
  const pjrt_plugin *plugin = raw->client->plugin;
  PJRT_ARGS(PJRT_RawBuffer_GetMemorySpace, args);
  args->buffer = raw->raw;
  PJRT_TRY(CALL(plugin, PJRT_RawBuffer_GetMemorySpace, args));
  *out = pjrt_client_memory_of(raw->client, args->memory_space);
  if (*out) return NULL;
  if (!pjrt_call_exists(plugin, PJRT_CALL_PJRT_Client_AddressableMemories)) {
    return pjrt_call_missing(plugin, PJRT_CALL_PJRT_Client_AddressableMemories);
  }
  return pjrt_error_about(
      pjrt_error_format(PJRT_INTERNAL,
                        "the plugin names a memory that is none of the "
                        "client's"),
      plugin, "PJRT_RawBuffer_GetMemorySpace");
}

pjrt_error *pjrt_raw_buffer_host_pointer(pjrt_raw_buffer *raw, void **out) {
  *out = NULL;
  PJRT_TRY(check(raw));
  PJRT_ARGS(PJRT_RawBuffer_GetHostPointer, args);
  args->buffer = raw->raw;
  PJRT_TRY(CALL(raw->client->plugin, PJRT_RawBuffer_GetHostPointer, args));
  *out = args->host_pointer;
  return NULL;
}

/* ---- copies -------------------------------------------------------------- */

static pjrt_error *check_range(const pjrt_raw_buffer *raw, size_t offset,
                               size_t size) {
  PJRT_TRY(check(raw));
  if (offset <= raw->size && size <= raw->size - offset) return NULL;
  return pjrt_error_format(PJRT_OUT_OF_RANGE,
                           "%zu bytes from byte %zu on, where the raw buffer "
                           "has %zu",
                           size, offset, raw->size);
}

static pjrt_error *check_copy(const pjrt_raw_buffer *raw, size_t offset,
                              const char *name, const void *host, size_t size) {
  PJRT_TRY(check_range(raw, offset, size));
  if (host || size == 0) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT, "%s is NULL for %zu bytes",
                           name, size);
}

/* The event comes first: nothing can fail after the call. */
pjrt_error *pjrt_raw_buffer_copy_from_host_async(pjrt_raw_buffer *raw,
                                                 size_t offset, const void *src,
                                                 size_t size,
                                                 pjrt_event **out_done) {
  static const char call[] = "PJRT_RawBuffer_CopyRawHostToDevice";
  *out_done = NULL;
  PJRT_TRY(check_copy(raw, offset, "src", src, size));
  PJRT_TRY(pjrt_event_reserve(raw->client, call, out_done));
  PJRT_ARGS(PJRT_RawBuffer_CopyRawHostToDevice, args);
  args->buffer = raw->raw;
  args->src = src;
  args->offset = (int64_t)offset;
  args->transfer_size = (int64_t)size;
  pjrt_error *error =
      CALL(raw->client->plugin, PJRT_RawBuffer_CopyRawHostToDevice, args);
  return pjrt_event_fill_reserved(out_done, args->event, call, error);
}

pjrt_error *pjrt_raw_buffer_copy_to_host_async(pjrt_raw_buffer *raw,
                                               size_t offset, void *dst,
                                               size_t size,
                                               pjrt_event **out_done) {
  static const char call[] = "PJRT_RawBuffer_CopyRawDeviceToHost";
  *out_done = NULL;
  PJRT_TRY(check_copy(raw, offset, "dst", dst, size));
  PJRT_TRY(pjrt_event_reserve(raw->client, call, out_done));
  PJRT_ARGS(PJRT_RawBuffer_CopyRawDeviceToHost, args);
  args->buffer = raw->raw;
  args->dst = dst;
  args->offset = (int64_t)offset;
  args->transfer_size = (int64_t)size;
  pjrt_error *error =
      CALL(raw->client->plugin, PJRT_RawBuffer_CopyRawDeviceToHost, args);
  return pjrt_event_fill_reserved(out_done, args->event, call, error);
}

/* ---- the table of newer raw buffers -------------------------------------- */

/* Before, the handle was opaque. */
enum { FIRST_MINOR_WITH_TABLE = 112 };

/* The raw buffer's table where it has the slot; NULL elsewhere. */
#define TABLE_WITH(raw, slot)                                     \
  table_with((raw), offsetof(PJRT_RawBuffer_FunctionTable, slot), \
             sizeof((PJRT_RawBuffer_FunctionTable *)0)->slot)

static const PJRT_RawBuffer_FunctionTable *table_with(
    const pjrt_raw_buffer *raw, size_t offset, size_t size) {
  static const char empty[sizeof(void (*)(void))];
  if (raw->client->plugin->minor < FIRST_MINOR_WITH_TABLE) return NULL;
  const PJRT_RawBuffer_FunctionTable *table = raw->raw->vtable;
  if (!table || table->struct_size < offset + size) return NULL;
  return memcmp((const char *)table + offset, empty, size) ? table : NULL;
}

static pjrt_error *missing(const pjrt_raw_buffer *raw, const char *slot,
                           int since) {
  return pjrt_error_about(
      pjrt_error_format(PJRT_UNIMPLEMENTED,
                        "the plugin's raw buffers have no %s, which API 0.%d "
                        "brought",
                        slot, since),
      raw->client->plugin, slot);
}

pjrt_error *pjrt_raw_buffer_slice(pjrt_raw_buffer *raw, size_t offset,
                                  size_t size, pjrt_raw_buffer **out) {
  static const char call[] = "slice";
  pjrt_raw_buffer *made;
  *out = NULL;
  PJRT_TRY(check_range(raw, offset, size));
  const PJRT_RawBuffer_FunctionTable *table = TABLE_WITH(raw, slice);
  if (!table) return missing(raw, call, 113);
  PJRT_TRY(make(raw->client, &made));
  pjrt_error *error = pjrt_ext_result(
      raw->client->plugin, call,
      table->slice(raw->raw, (int64_t)offset, (int64_t)size, &made->raw));
  if (!error) {
    error = pjrt_ext_check_object(raw->client->plugin, call, "raw buffer",
                                  made->raw);
  }
  if (error) {
    pjrt_pool_unhold(raw->client->pool);
    free(made);
    return error;
  }
  made->size = size;
  *out = made;
  return NULL;
}

pjrt_error *pjrt_raw_buffer_is_mutable(pjrt_raw_buffer *raw, bool *out) {
  *out = false;
  PJRT_TRY(check(raw));
  const PJRT_RawBuffer_FunctionTable *table = TABLE_WITH(raw, is_mutable);
  if (!table) return missing(raw, "is_mutable", 113);
  *out = table->is_mutable(raw->raw);
  return NULL;
}

pjrt_error *pjrt_raw_buffer_device_pointer(pjrt_raw_buffer *raw, void **out) {
  *out = NULL;
  PJRT_TRY(check(raw));
  const PJRT_RawBuffer_FunctionTable *table =
      TABLE_WITH(raw, opaque_device_memory_data_pointer);
  if (!table) return missing(raw, "opaque_device_memory_data_pointer", 112);
  *out = table->opaque_device_memory_data_pointer(raw->raw);
  return NULL;
}

pjrt_error *pjrt_raw_buffer_allocation_event(pjrt_raw_buffer *raw,
                                             pjrt_event **out) {
  static const char call[] = "make_allocation_ready_event";
  pjrt_device_event_watch *watch;
  *out = NULL;
  PJRT_TRY(check(raw));
  const PJRT_RawBuffer_FunctionTable *table =
      TABLE_WITH(raw, make_allocation_ready_event);
  if (!table) return missing(raw, call, 113);
  PJRT_TRY(pjrt_device_event_reserve(raw->client, call, &watch, out));
  pjrt_error *error = pjrt_ext_result(
      raw->client->plugin, call,
      table->make_allocation_ready_event(raw->raw, &watch->raw));
  return pjrt_device_event_start(watch, error, out);
}

pjrt_error *pjrt_raw_buffer_async_value_event(pjrt_raw_buffer *raw,
                                              pjrt_event **out) {
  static const char call[] = "get_raw_buffer_async_value";
  pjrt_device_event_watch *watch;
  *out = NULL;
  PJRT_TRY(check(raw));
  const PJRT_RawBuffer_FunctionTable *table =
      TABLE_WITH(raw, get_raw_buffer_async_value);
  if (!table) return missing(raw, call, 113);
  PJRT_TRY(pjrt_device_event_reserve(raw->client, call, &watch, out));
  pjrt_error *error =
      pjrt_ext_result(raw->client->plugin, call,
                      table->get_raw_buffer_async_value(raw->raw, &watch->raw));
  return pjrt_device_event_start(watch, error, out);
}
