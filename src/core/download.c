/* Device to host: downloads and mappings.
 *
 * A read-back through the plugin costs a hop to one of its threads, however
 * small the buffer is. Where the memory is the host's, it is read in place. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/array.h"
#include "core/buffer.h"
#include "core/layout.h"

/* ---- reading the buffer's own memory ------------------------------------- */

/* Elements of whole bytes without gaps are in host form on the device too.
 * PRED has one bit of information and a byte to itself. */
static bool is_host_form(const pjrt_spec *spec) {
  return (spec->order == PJRT_ORDER_ROW_MAJOR ||
          spec->order == PJRT_ORDER_GIVEN) &&
         spec->host_size > 0 &&
         (spec->dtype == PJRT_PRED ||
          pjrt_dtype_bit_width(spec->dtype) ==
              8 * pjrt_dtype_host_size(spec->dtype));
}

/* Whether the contents can be read without the plugin's help. */
static pjrt_error *is_readable(pjrt_buffer *buffer, bool *out) {
  const PJRT_Api *table = &buffer->client->plugin->table;
  *out = false;
  if (!is_host_form(buffer->spec) || !table->PJRT_Buffer_IsOnCpu ||
      !table->PJRT_Buffer_OpaqueDeviceMemoryDataPointer ||
      !table->PJRT_Buffer_IncreaseExternalReferenceCount ||
      !table->PJRT_Buffer_DecreaseExternalReferenceCount) {
    return NULL;
  }
  PJRT_ARGS(PJRT_Buffer_IsOnCpu, args);
  args->buffer = buffer->raw;
  PJRT_TRY(PJRT_CALL(buffer->client->plugin, PJRT_Buffer_IsOnCpu, args));
  *out = args->is_on_cpu;
  return NULL;
}

pjrt_error *pjrt_buffer_drop_memory(pjrt_buffer *buffer) {
  PJRT_ARGS(PJRT_Buffer_DecreaseExternalReferenceCount, args);
  args->buffer = buffer->raw;
  pthread_mutex_lock(&buffer->reference_mutex);
  pjrt_error *error = PJRT_CALL(
      buffer->client->plugin, PJRT_Buffer_DecreaseExternalReferenceCount, args);
  pthread_mutex_unlock(&buffer->reference_mutex);
  return error;
}

/* It can fail only when the count is wrong, and then nothing is held. */
static void drop_memory(pjrt_buffer *buffer) {
  pjrt_error_drop(pjrt_buffer_drop_memory(buffer));
}

/* With the lock held. */
static pjrt_error *add_reference(pjrt_buffer *buffer) {
  if (pjrt_buffer_kind(buffer) != PJRT_BUFFER_LIVE) {
    return pjrt_buffer_not_live(buffer);
  }
  PJRT_ARGS(PJRT_Buffer_IncreaseExternalReferenceCount, args);
  args->buffer = buffer->raw;
  return PJRT_CALL(buffer->client->plugin,
                   PJRT_Buffer_IncreaseExternalReferenceCount, args);
}

pjrt_error *pjrt_buffer_hold_memory(pjrt_buffer *buffer, void **out_data) {
  PJRT_ARGS(PJRT_Buffer_OpaqueDeviceMemoryDataPointer, args);
  args->buffer = buffer->raw;
  pthread_mutex_lock(&buffer->reference_mutex);
  pjrt_error *error = add_reference(buffer);
  bool held = !error;
  if (held) {
    error = PJRT_CALL(buffer->client->plugin,
                      PJRT_Buffer_OpaqueDeviceMemoryDataPointer, args);
  }
  pthread_mutex_unlock(&buffer->reference_mutex);
  *out_data = args->device_memory_ptr;
  if (error && held) drop_memory(buffer);
  return error;
}

/* Copies elements that are in another order than row-major. */
static pjrt_error *reorder(const pjrt_spec *spec, const void *data, void *dst) {
  void *strides;
  pjrt_array *array;
  int64_t stride = (int64_t)pjrt_dtype_host_size(spec->dtype);
  PJRT_TRY(pjrt_alloc(spec->num_dims, sizeof(int64_t), &strides));
  for (size_t i = 0; i < spec->num_dims; i++) {
    ((int64_t *)strides)[spec->minor_to_major[i]] = stride;
    stride *= spec->dims[spec->minor_to_major[i]];
  }
  pjrt_error *error =
      pjrt_array_wrap(spec->dtype, spec->dims, spec->num_dims, strides,
                      (void *)(uintptr_t)data, NULL, NULL, &array);
  free(strides);
  PJRT_TRY(error);
  pjrt_array_copy_dense(array, dst);
  pjrt_array_free(array);
  return NULL;
}

/* The contents must be ready. */
static pjrt_error *copy_memory(pjrt_buffer *buffer, void *dst) {
  void *data;
  pjrt_error *error = NULL;
  PJRT_TRY(pjrt_buffer_hold_memory(buffer, &data));
  if (buffer->spec->order == PJRT_ORDER_ROW_MAJOR) {
    memcpy(dst, data, buffer->spec->host_size);
  } else {
    error = reorder(buffer->spec, data, dst);
  }
  drop_memory(buffer);
  return error;
}

/* ---- downloads ----------------------------------------------------------- */

/* The order is always spelt out: without it plugins answer in the buffer's
 * own. */
static pjrt_error *call_plugin(pjrt_buffer *buffer, void *dst,
                               PJRT_Event **out) {
  const pjrt_spec *spec = buffer->spec;
  const pjrt_plugin *plugin = buffer->client->plugin;
  PJRT_STRUCT(plugin, PJRT_Buffer_MemoryLayout, layout);
  pjrt_layout_order_to_raw(spec->row_major, spec->num_dims, plugin, layout);
  PJRT_ARGS(PJRT_Buffer_ToHostBuffer, args);
  args->src = buffer->raw;
  args->host_layout = spec->num_dims > 1 ? layout : NULL;
  args->dst = dst;
  args->dst_size = spec->host_size;
  PJRT_TRY(PJRT_CALL(plugin, PJRT_Buffer_ToHostBuffer, args));
  *out = args->event;
  return NULL;
}

/* Copies at once where the contents are ready and readable, which leaves *out
 * NULL; else starts the plugin's own copy. */
static pjrt_error *start(pjrt_buffer *buffer, void *dst, PJRT_Event **out) {
  bool now;
  PJRT_Event *contents;
  *out = NULL;
  PJRT_TRY(is_readable(buffer, &now));
  if (!now && buffer->spec->host_size) return call_plugin(buffer, dst, out);
  PJRT_TRY(pjrt_raw_buffer_ready_event(buffer->client, buffer->raw, &contents));
  if (!now) { /* nothing to copy, but the error of what made it */
    *out = contents;
    return NULL;
  }
  pjrt_error *error = pjrt_raw_event_is_ready(buffer->client, contents, &now);
  if (error || !now) {
    pjrt_raw_event_destroy(buffer->client, contents);
    return error ? error : call_plugin(buffer, dst, out);
  }
  PJRT_TRY(pjrt_raw_event_finish(buffer->client, contents));
  return copy_memory(buffer, dst);
}

/* What an unchecked executable gave may be so without its spec saying it. */
static bool is_dynamic(const pjrt_buffer *buffer) {
  const pjrt_spec *spec = buffer->spec;
  return spec->order == PJRT_ORDER_DYNAMIC ||
         (spec->order == PJRT_ORDER_UNKNOWN && spec->num_dims &&
          pjrt_raw_buffer_is_dynamic(buffer->client, buffer->raw));
}

static pjrt_error *check(const pjrt_buffer *buffer, const void *dst,
                         size_t dst_size) {
  char text[PJRT_SPEC_TEXT_SIZE];
  PJRT_TRY(pjrt_buffer_check(buffer));
  if (is_dynamic(buffer)) {
    pjrt_spec_print(buffer->spec, text);
    return pjrt_error_format(PJRT_UNIMPLEMENTED,
                             "the buffer %s cannot be read: plugins give as "
                             "many elements as there are, and not the bounds",
                             text);
  }
  if (dst_size != buffer->spec->host_size) {
    pjrt_spec_print(buffer->spec, text);
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "room for %zu bytes, where the buffer %s has %zu",
                             dst_size, text, buffer->spec->host_size);
  }
  if (dst || dst_size == 0) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT, "dst is NULL for %zu bytes",
                           dst_size);
}

pjrt_error *pjrt_buffer_to_host_async(pjrt_buffer *buffer, void *dst,
                                      size_t dst_size, pjrt_event **out_done) {
  static const char what[] = "PJRT_Buffer_ToHostBuffer";
  PJRT_Event *raw = NULL;
  *out_done = NULL;
  PJRT_TRY(check(buffer, dst, dst_size));
  PJRT_TRY(pjrt_event_reserve(buffer->client, what, out_done));
  pjrt_error *error = start(buffer, dst, &raw);
  return pjrt_event_fill_reserved(out_done, raw, what, error);
}

/* Waiting first lets the contents be read in place. */
pjrt_error *pjrt_buffer_to_host(pjrt_buffer *buffer, void *dst,
                                size_t dst_size) {
  bool readable;
  PJRT_Event *raw;
  PJRT_TRY(check(buffer, dst, dst_size));
  PJRT_TRY(is_readable(buffer, &readable));
  if (readable) {
    PJRT_TRY(pjrt_buffer_await(buffer));
    return copy_memory(buffer, dst);
  }
  PJRT_TRY(start(buffer, dst, &raw));
  return pjrt_raw_event_finish(buffer->client, raw);
}

pjrt_error *pjrt_buffer_to_array(pjrt_buffer *buffer, pjrt_array **out) {
  pjrt_array *array;
  *out = NULL;
  PJRT_TRY(pjrt_buffer_check(buffer));
  const pjrt_spec *spec = buffer->spec;
  PJRT_TRY(pjrt_array_create_uncleared(spec->dtype, spec->dims, spec->num_dims,
                                       &array));
  pjrt_error *error = pjrt_buffer_to_host(buffer, pjrt_array_data(array),
                                          pjrt_array_size(array));
  if (error) {
    pjrt_array_free(array);
    return error;
  }
  *out = array;
  return NULL;
}

/* ---- mappings ------------------------------------------------------------ */

pjrt_error *pjrt_buffer_pin(pjrt_buffer *buffer) {
  unsigned state = atomic_load(&buffer->state);
  do {
    if ((state & PJRT_BUFFER_KIND_MASK) != PJRT_BUFFER_LIVE) {
      return pjrt_buffer_not_live(buffer);
    }
  } while (!atomic_compare_exchange_weak(&buffer->state, &state,
                                         state + PJRT_BUFFER_ONE_MAPPING));
  return NULL;
}

void pjrt_buffer_unpin(pjrt_buffer *buffer) {
  unsigned left = atomic_fetch_sub(&buffer->state, PJRT_BUFFER_ONE_MAPPING) -
                  PJRT_BUFFER_ONE_MAPPING;
  if (left < PJRT_BUFFER_ONE_MAPPING && (left & PJRT_BUFFER_FREED)) {
    pjrt_buffer_destroy(buffer);
  }
}

/* With the lock held. */
static void drop_view(pjrt_buffer *buffer) {
  if (!buffer->converted) drop_memory(buffer);
  pjrt_host_free(buffer->converted);
  buffer->converted = NULL;
  buffer->view = NULL;
}

static pjrt_error *make_view(pjrt_buffer *buffer) {
  bool readable;
  PJRT_TRY(is_readable(buffer, &readable));
  if (readable && buffer->spec->order == PJRT_ORDER_ROW_MAJOR) {
    PJRT_TRY(pjrt_buffer_await(buffer));
    void *data;
    PJRT_TRY(pjrt_buffer_hold_memory(buffer, &data));
    buffer->view = data;
    return NULL;
  }
  void *copy;
  PJRT_TRY(pjrt_host_alloc(buffer->spec->host_size, &copy));
  pjrt_error *error =
      pjrt_buffer_to_host(buffer, copy, buffer->spec->host_size);
  if (error) {
    pjrt_host_free(copy);
    return error;
  }
  buffer->converted = copy;
  buffer->view = copy;
  return NULL;
}

pjrt_error *pjrt_buffer_map(pjrt_buffer *buffer, const void **out_data,
                            size_t *out_size) {
  pjrt_error *error = NULL;
  *out_data = NULL;
  if (out_size) *out_size = 0;
  PJRT_TRY(pjrt_buffer_check(buffer));
  PJRT_TRY(pjrt_buffer_pin(buffer));
  pthread_mutex_lock(&buffer->map_mutex);
  if (!buffer->view) error = make_view(buffer);
  if (!error) buffer->num_views++;
  *out_data = buffer->view;
  pthread_mutex_unlock(&buffer->map_mutex);
  if (!error && out_size) *out_size = buffer->spec->host_size;
  if (error) pjrt_buffer_unpin(buffer);
  return error;
}

bool pjrt_buffer_is_mapped_in_place(const pjrt_buffer *buffer) {
  pthread_mutex_t *mutex = (pthread_mutex_t *)(uintptr_t)&buffer->map_mutex;
  pthread_mutex_lock(mutex);
  bool in_place = buffer->view && !buffer->converted;
  pthread_mutex_unlock(mutex);
  return in_place;
}

pjrt_error *pjrt_buffer_unmap(pjrt_buffer *buffer) {
  if (!buffer)
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "buffer is NULL");
  PJRT_TRY(pjrt_client_check(buffer->client));
  pthread_mutex_lock(&buffer->map_mutex);
  bool mapped = buffer->num_views > 0;
  if (mapped && --buffer->num_views == 0) drop_view(buffer);
  pthread_mutex_unlock(&buffer->map_mutex);
  if (!mapped) {
    return pjrt_error_format(PJRT_FAILED_PRECONDITION,
                             "the buffer is not mapped");
  }
  pjrt_buffer_unpin(buffer);
  return NULL;
}
