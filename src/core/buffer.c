/* Buffers: facts, readiness and life. Uploads are in upload.c, downloads and
 * mappings in download.c. */
#include "core/buffer.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/layout.h"
#include "core/plugin.h"

/* ---- wrappers ------------------------------------------------------------ */

/* For a plugin that cannot destroy buffers. */
static PJRT_Error *keep(PJRT_Buffer_Destroy_Args *args) {
  (void)args;
  return NULL;
}

void pjrt_buffer_settle_in(void *buffer, pjrt_pool_lane *lane) {
  ((pjrt_buffer *)buffer)->lane = lane;
}

void pjrt_buffer_make(void *object, void *owner) {
  pjrt_buffer *buffer = object;
  pjrt_client *client = owner;
  const pjrt_plugin *plugin = client->plugin;
  buffer->client = client;
  buffer->destroy = plugin->table.PJRT_Buffer_Destroy;
  if (!buffer->destroy) buffer->destroy = keep;
  buffer->destroy_args.value.struct_size =
      plugin->args_size[PJRT_CALL_PJRT_Buffer_Destroy];
  pthread_mutex_init(&buffer->reference_mutex, NULL);
  pthread_mutex_init(&buffer->map_mutex, NULL);
}

pjrt_error *pjrt_buffers_take(pjrt_client *client, size_t num,
                              pjrt_buffer **out) {
  if (num == 1) {
    *out = pjrt_pool_take_one(client->pool, PJRT_POOL_BUFFER);
    if (*out) {
      (*out)->raw = NULL;
      return NULL;
    }
  }
  PJRT_TRY(pjrt_pool_take(client->pool, PJRT_POOL_BUFFER, num, (void **)out));
  for (size_t i = 0; i < num; i++) out[i]->raw = NULL;
  return NULL;
}

static inline bool give(pjrt_buffer *buffer) {
  return pjrt_pool_give(buffer->lane, PJRT_POOL_BUFFER, &buffer->grave.link);
}

static bool bury(pjrt_grave *grave) {
  pjrt_buffer *buffer = (pjrt_buffer *)grave;
  unsigned state = atomic_load_explicit(&buffer->state, memory_order_relaxed);
  if (buffer->raw) pjrt_raw_buffer_destroy(buffer->client, buffer->raw);
  if (state & PJRT_BUFFER_ADOPTED) {
    pjrt_adoption_end(buffer->client, &buffer->adoption);
  }
  atomic_store_explicit(&buffer->state, PJRT_BUFFER_LIVE, memory_order_relaxed);
  return give(buffer);
}

void pjrt_buffer_destroy(pjrt_buffer *buffer) {
  buffer->grave.bury = bury;
  pjrt_client_bury(buffer->client, &buffer->grave);
}

void pjrt_buffers_give_back(pjrt_buffer **buffers, size_t num) {
  for (size_t i = 0; i < num; i++) pjrt_buffer_destroy(buffers[i]);
}

/* A buffer that is more than its raw handle, or freed in a callback. What
 * belongs to the parent of a forked process is left alone. */
__attribute__((noinline)) static void free_slowly(pjrt_buffer *buffer) {
  if (!buffer->lane->is_ours) return;
  unsigned before = atomic_fetch_or_explicit(&buffer->state, PJRT_BUFFER_FREED,
                                             memory_order_acq_rel);
  if (before < PJRT_BUFFER_ONE_MAPPING) pjrt_buffer_destroy(buffer);
}

/* Destroying must never be fatal, and nobody is left to tell. */
__attribute__((cold, noinline)) static void drop_error(
    const pjrt_buffer *buffer, PJRT_Error *raw) {
  pjrt_error_free(pjrt_error_from_plugin(buffer->client->plugin,
                                         PJRT_CALL_PJRT_Buffer_Destroy, raw));
}

static inline void destroy_raw(pjrt_buffer *buffer) {
  buffer->destroy_args.value.buffer = buffer->raw;
  PJRT_Error *error = buffer->destroy(&buffer->destroy_args.value);
  if (error) drop_error(buffer, error);
}

void pjrt_buffer_free(pjrt_buffer *buffer) {
  if (!buffer) return;
  unsigned state = atomic_load_explicit(&buffer->state, memory_order_acquire);
  if (!buffer->lane->is_plain || state != PJRT_BUFFER_LIVE ||
      pjrt_in_callback()) {
    free_slowly(buffer);
    return;
  }
  destroy_raw(buffer);
  if (give(buffer)) pjrt_client_destroy(buffer->client);
}

/* ---- checks -------------------------------------------------------------- */

pjrt_error *pjrt_buffer_not_live(const pjrt_buffer *buffer) {
  static const char *const reasons[] = {
      [PJRT_BUFFER_LIVE] = "is live",
      [PJRT_BUFFER_CLAIMED] = "is being donated",
      [PJRT_BUFFER_DONATED] = "was donated",
      [PJRT_BUFFER_DELETED] = "was deleted"};
  char text[PJRT_SPEC_TEXT_SIZE];
  pjrt_spec_print(buffer->spec, text);
  return pjrt_error_format(PJRT_FAILED_PRECONDITION, "the buffer %s %s", text,
                           reasons[pjrt_buffer_kind(buffer)]);
}

pjrt_error *pjrt_buffer_check(const pjrt_buffer *buffer) {
  if (!buffer)
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "buffer is NULL");
  PJRT_TRY(pjrt_client_check(buffer->client));
  if (pjrt_buffer_kind(buffer) == PJRT_BUFFER_LIVE) return NULL;
  return pjrt_buffer_not_live(buffer);
}

bool pjrt_buffer_end_live(pjrt_buffer *buffer, unsigned next,
                          unsigned *out_state) {
  pthread_mutex_lock(&buffer->reference_mutex);
  unsigned adopted = atomic_load(&buffer->state) & PJRT_BUFFER_ADOPTED;
  *out_state = adopted | PJRT_BUFFER_LIVE;
  bool ended =
      atomic_compare_exchange_strong(&buffer->state, out_state, adopted | next);
  pthread_mutex_unlock(&buffer->reference_mutex);
  return ended;
}

/* A token: plugins abort when one is asked for its dimensions or layout. */
static bool has_elements(pjrt_dtype dtype) {
  return pjrt_dtype_host_size(dtype) > 0;
}

static pjrt_error *check_has_layout(const pjrt_buffer *buffer) {
  char text[PJRT_SPEC_TEXT_SIZE];
  if (has_elements(buffer->spec->dtype)) return NULL;
  pjrt_spec_print(buffer->spec, text);
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "the buffer %s has no elements, and so no layout",
                           text);
}

/* ---- the plugin's side --------------------------------------------------- */

void pjrt_raw_buffer_destroy(const pjrt_client *client, PJRT_Buffer *raw) {
  if (!raw) return;
  PJRT_ARGS(PJRT_Buffer_Destroy, args);
  args->buffer = raw;
  /* Destroying must never be fatal, and nobody is left to tell. */
  pjrt_error_drop(PJRT_CALL(client->plugin, PJRT_Buffer_Destroy, args));
}

pjrt_error *pjrt_raw_buffer_is_deleted(const pjrt_client *client,
                                       PJRT_Buffer *raw, bool *out) {
  PJRT_ARGS(PJRT_Buffer_IsDeleted, args);
  args->buffer = raw;
  PJRT_TRY(PJRT_CALL(client->plugin, PJRT_Buffer_IsDeleted, args));
  *out = args->is_deleted;
  return NULL;
}

pjrt_error *pjrt_raw_buffer_ready_event(const pjrt_client *client,
                                        PJRT_Buffer *raw, PJRT_Event **out) {
  PJRT_ARGS(PJRT_Buffer_ReadyEvent, args);
  args->buffer = raw;
  PJRT_TRY(PJRT_CALL(client->plugin, PJRT_Buffer_ReadyEvent, args));
  *out = args->event;
  return NULL;
}

bool pjrt_raw_buffer_is_dynamic(const pjrt_client *client, PJRT_Buffer *raw) {
  const pjrt_plugin *plugin = client->plugin;
  PJRT_ARGS(PJRT_Buffer_DynamicDimensionIndices, args);
  if (!plugin->table.PJRT_Buffer_DynamicDimensionIndices) return false;
  args->buffer = raw;
  pjrt_error *error =
      PJRT_CALL(plugin, PJRT_Buffer_DynamicDimensionIndices, args);
  bool dynamic = !error && args->num_dynamic_dims > 0;
  pjrt_error_free(error);
  return dynamic;
}

pjrt_error *pjrt_buffer_ask_spec(pjrt_client *client, PJRT_Buffer *raw,
                                 pjrt_device *device, const pjrt_spec **out) {
  PJRT_ARGS(PJRT_Buffer_ElementType, type);
  type->buffer = raw;
  PJRT_TRY(PJRT_CALL(client->plugin, PJRT_Buffer_ElementType, type));
  PJRT_ARGS(PJRT_Buffer_Dimensions, dims);
  dims->buffer = raw;
  if (has_elements((pjrt_dtype)type->type)) {
    PJRT_TRY(PJRT_CALL(client->plugin, PJRT_Buffer_Dimensions, dims));
  }
  pjrt_spec_order order = PJRT_ORDER_UNKNOWN;
  if (dims->num_dims && pjrt_raw_buffer_is_dynamic(client, raw)) {
    order = PJRT_ORDER_DYNAMIC;
  }
  return pjrt_spec_intern(&client->specs, (pjrt_dtype)type->type, dims->dims,
                          dims->num_dims, order, NULL, device, out);
}

pjrt_error *pjrt_buffer_ask_order(pjrt_client *client, PJRT_Buffer *raw,
                                  const pjrt_spec *unknown,
                                  const pjrt_spec **out) {
  pjrt_spec_order order = PJRT_ORDER_ROW_MAJOR;
  PJRT_ARGS(PJRT_Buffer_GetMemoryLayout, args);
  *out = unknown;
  if (unknown->order == PJRT_ORDER_DYNAMIC) return NULL;
  if (unknown->num_dims > 1) {
    args->buffer = raw;
    pjrt_error *error =
        PJRT_CALL(client->plugin, PJRT_Buffer_GetMemoryLayout, args);
    const PJRT_Buffer_MemoryLayout_Tiled *tiled = &args->layout.tiled;
    bool told = !error &&
                args->layout.type == PJRT_Buffer_MemoryLayout_Type_Tiled &&
                tiled->num_tiles == 0 &&
                tiled->minor_to_major_size == unknown->num_dims &&
                pjrt_order_is_valid(tiled->minor_to_major, unknown->num_dims);
    pjrt_error_free(error); /* a layout that is not told stays unknown */
    if (!told) return NULL;
    order = PJRT_ORDER_GIVEN;
  }
  return pjrt_spec_intern(
      &client->specs, unknown->dtype, unknown->dims, unknown->num_dims, order,
      args->layout.tiled.minor_to_major, unknown->device, out);
}

/* ---- facts --------------------------------------------------------------- */

pjrt_client *pjrt_buffer_client(const pjrt_buffer *buffer) {
  return buffer->client;
}

pjrt_device *pjrt_buffer_device(const pjrt_buffer *buffer) {
  return buffer->spec->device;
}

pjrt_dtype pjrt_buffer_dtype(const pjrt_buffer *buffer) {
  return buffer->spec->dtype;
}

const int64_t *pjrt_buffer_dims(const pjrt_buffer *buffer, size_t *out_num) {
  if (out_num) *out_num = buffer->spec->num_dims;
  return buffer->spec->dims;
}

size_t pjrt_buffer_host_size(const pjrt_buffer *buffer) {
  return buffer->spec->host_size;
}

pjrt_error *pjrt_buffer_memory(pjrt_buffer *buffer, pjrt_memory **out) {
  *out = NULL;
  PJRT_TRY(pjrt_buffer_check(buffer));
  PJRT_ARGS(PJRT_Buffer_Memory, args);
  args->buffer = buffer->raw;
  const pjrt_plugin *plugin = buffer->client->plugin;
  PJRT_TRY(PJRT_CALL(plugin, PJRT_Buffer_Memory, args));
  *out = pjrt_client_memory_of(buffer->client, args->memory);
  if (*out) return NULL;
  if (!plugin->table.PJRT_Client_AddressableMemories) {
    return pjrt_call_missing(plugin, PJRT_CALL_PJRT_Client_AddressableMemories);
  }
  return pjrt_error_about(
      pjrt_error_format(PJRT_INTERNAL,
                        "the plugin names a memory that is none of the "
                        "client's %zu",
                        buffer->client->num_memories),
      plugin, "PJRT_Buffer_Memory");
}

pjrt_error *pjrt_buffer_on_device_size(pjrt_buffer *buffer, size_t *out_size) {
  *out_size = 0;
  PJRT_TRY(pjrt_buffer_check(buffer));
  PJRT_ARGS(PJRT_Buffer_OnDeviceSizeInBytes, args);
  args->buffer = buffer->raw;
  PJRT_TRY(
      PJRT_CALL(buffer->client->plugin, PJRT_Buffer_OnDeviceSizeInBytes, args));
  *out_size = args->on_device_size_in_bytes;
  return NULL;
}

pjrt_error *pjrt_buffer_layout(pjrt_buffer *buffer, pjrt_layout **out) {
  *out = NULL;
  PJRT_TRY(pjrt_buffer_check(buffer));
  PJRT_TRY(check_has_layout(buffer));
  PJRT_ARGS(PJRT_Buffer_GetMemoryLayout, args);
  args->buffer = buffer->raw;
  PJRT_TRY(
      PJRT_CALL(buffer->client->plugin, PJRT_Buffer_GetMemoryLayout, args));
  pjrt_error *error = pjrt_layout_from_raw(&args->layout, out);
  if (!error) return NULL;
  return pjrt_error_about(error, buffer->client->plugin,
                          "PJRT_Buffer_GetMemoryLayout");
}

static pjrt_error *check_rank(const pjrt_buffer *buffer, size_t num_dims) {
  if (buffer->spec->num_dims == num_dims) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "room for %zu dimensions, where the buffer has %zu",
                           num_dims, buffer->spec->num_dims);
}

pjrt_error *pjrt_buffer_unpadded_dims(pjrt_buffer *buffer, int64_t *out_dims,
                                      size_t num_dims) {
  PJRT_TRY(pjrt_buffer_check(buffer));
  PJRT_TRY(check_rank(buffer, num_dims));
  if (num_dims == 0) return NULL; /* a token would abort the plugin */
  PJRT_ARGS(PJRT_Buffer_UnpaddedDimensions, args);
  args->buffer = buffer->raw;
  PJRT_TRY(
      PJRT_CALL(buffer->client->plugin, PJRT_Buffer_UnpaddedDimensions, args));
  for (size_t i = 0; i < num_dims && i < args->num_dims; i++) {
    out_dims[i] = args->unpadded_dims[i];
  }
  return NULL;
}

pjrt_error *pjrt_buffer_dynamic_dims(pjrt_buffer *buffer, bool *out_dynamic,
                                     size_t num_dims) {
  PJRT_TRY(pjrt_buffer_check(buffer));
  PJRT_TRY(check_rank(buffer, num_dims));
  if (num_dims == 0) return NULL; /* a token would abort the plugin */
  PJRT_ARGS(PJRT_Buffer_DynamicDimensionIndices, args);
  args->buffer = buffer->raw;
  PJRT_TRY(PJRT_CALL(buffer->client->plugin,
                     PJRT_Buffer_DynamicDimensionIndices, args));
  for (size_t i = 0; i < num_dims; i++) out_dynamic[i] = false;
  for (size_t i = 0; i < args->num_dynamic_dims; i++) {
    size_t dim = args->dynamic_dim_indices[i];
    if (dim < num_dims) out_dynamic[dim] = true;
  }
  return NULL;
}

pjrt_error *pjrt_buffer_is_on_cpu(pjrt_buffer *buffer, bool *out_on_cpu) {
  *out_on_cpu = false;
  PJRT_TRY(pjrt_buffer_check(buffer));
  PJRT_ARGS(PJRT_Buffer_IsOnCpu, args);
  args->buffer = buffer->raw;
  PJRT_TRY(PJRT_CALL(buffer->client->plugin, PJRT_Buffer_IsOnCpu, args));
  *out_on_cpu = args->is_on_cpu;
  return NULL;
}

/* ---- readiness and life -------------------------------------------------- */

pjrt_error *pjrt_buffer_ready_event(pjrt_buffer *buffer, pjrt_event **out) {
  static const char what[] = "PJRT_Buffer_ReadyEvent";
  PJRT_Event *raw = NULL;
  *out = NULL;
  PJRT_TRY(pjrt_buffer_check(buffer));
  PJRT_TRY(pjrt_event_reserve(buffer->client, what, out));
  pjrt_error *error =
      pjrt_raw_buffer_ready_event(buffer->client, buffer->raw, &raw);
  return pjrt_event_fill_reserved(out, raw, what, error);
}

pjrt_error *pjrt_buffer_await(pjrt_buffer *buffer) {
  PJRT_Event *raw;
  PJRT_TRY(pjrt_buffer_check(buffer));
  PJRT_TRY(pjrt_raw_buffer_ready_event(buffer->client, buffer->raw, &raw));
  return pjrt_raw_event_finish(buffer->client, raw);
}

static pjrt_error *is_mapped(const pjrt_buffer *buffer) {
  char text[PJRT_SPEC_TEXT_SIZE];
  pjrt_spec_print(buffer->spec, text);
  return pjrt_error_format(PJRT_FAILED_PRECONDITION,
                           "the buffer %s is mapped; unmap it first", text);
}

pjrt_error *pjrt_buffer_delete(pjrt_buffer *buffer) {
  unsigned state;
  if (buffer && pjrt_buffer_kind(buffer) == PJRT_BUFFER_DELETED) return NULL;
  PJRT_TRY(pjrt_buffer_check(buffer));
  /* Only one thread may ask the plugin, and none while it is mapped. */
  if (!pjrt_buffer_end_live(buffer, PJRT_BUFFER_DELETED, &state)) {
    if (state >= PJRT_BUFFER_ONE_MAPPING) return is_mapped(buffer);
    return (state & PJRT_BUFFER_KIND_MASK) == PJRT_BUFFER_DELETED
               ? NULL
               : pjrt_buffer_not_live(buffer);
  }
  PJRT_ARGS(PJRT_Buffer_Delete, args);
  args->buffer = buffer->raw;
  return PJRT_CALL(buffer->client->plugin, PJRT_Buffer_Delete, args);
}

bool pjrt_buffer_is_deleted(const pjrt_buffer *buffer) {
  return pjrt_buffer_kind(buffer) >= PJRT_BUFFER_DONATED;
}
