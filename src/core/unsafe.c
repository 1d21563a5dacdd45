#include "pjrt/unsafe.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/buffer.h"
#include "core/opts.h"
#include "core/pledge.h"
#include "core/plugin.h"
#include "pjrt/raw.h"

/* ---- addresses ----------------------------------------------------------- */

pjrt_error *pjrt_buffer_unsafe_pointer(pjrt_buffer *buffer, uintptr_t *out) {
  *out = 0;
  PJRT_TRY(pjrt_buffer_check(buffer));
  PJRT_ARGS(PJRT_Buffer_UnsafePointer, args);
  args->buffer = buffer->raw;
  PJRT_TRY(PJRT_CALL(buffer->client->plugin, PJRT_Buffer_UnsafePointer, args));
  *out = args->buffer_pointer;
  return NULL;
}

/* What could never be given back is not taken. */
static pjrt_error *check_can_unmap(const pjrt_plugin *plugin) {
  if (plugin->table.PJRT_Buffer_DecreaseExternalReferenceCount) return NULL;
  return pjrt_call_missing(
      plugin, PJRT_CALL_PJRT_Buffer_DecreaseExternalReferenceCount);
}

pjrt_error *pjrt_buffer_map_device(pjrt_buffer *buffer, void **out_pointer) {
  *out_pointer = NULL;
  PJRT_TRY(pjrt_buffer_check(buffer));
  PJRT_TRY(check_can_unmap(buffer->client->plugin));
  PJRT_TRY(pjrt_buffer_pin(buffer));
  pjrt_error *error = pjrt_buffer_await(buffer);
  if (!error) error = pjrt_buffer_hold_memory(buffer, out_pointer);
  if (error) {
    *out_pointer = NULL;
    pjrt_buffer_unpin(buffer);
    return error;
  }
  pthread_mutex_lock(&buffer->map_mutex);
  buffer->num_lent++;
  pthread_mutex_unlock(&buffer->map_mutex);
  return NULL;
}

pjrt_error *pjrt_buffer_unmap_device(pjrt_buffer *buffer) {
  if (!buffer)
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "buffer is NULL");
  PJRT_TRY(pjrt_client_check(buffer->client));
  pthread_mutex_lock(&buffer->map_mutex);
  const bool is_lent = buffer->num_lent > 0;
  if (is_lent) buffer->num_lent--;
  pthread_mutex_unlock(&buffer->map_mutex);
  if (!is_lent) {
    return pjrt_error_format(PJRT_FAILED_PRECONDITION,
                             "the buffer's device memory is not mapped");
  }
  pjrt_error *error = pjrt_buffer_drop_memory(buffer);
  pjrt_buffer_unpin(buffer);
  return error;
}

pjrt_error *pjrt_buffer_with_device_memory(pjrt_buffer *buffer,
                                           pjrt_device_memory_fn use,
                                           void *user) {
  void *data;
  if (!use) return pjrt_error_format(PJRT_INVALID_ARGUMENT, "use is NULL");
  PJRT_TRY(pjrt_buffer_map_device(buffer, &data));
  pjrt_error *error = use(data, user);
  pjrt_error *unmapped = pjrt_buffer_unmap_device(buffer);
  if (!error) return unmapped;
  pjrt_error_drop(unmapped);
  return error;
}

/* ---- views of foreign memory --------------------------------------------- */

enum { MEMORY_SINCE = 66 };

void pjrt_view_opts_init(pjrt_view_opts *opts) {
  *opts = (pjrt_view_opts){.struct_size = sizeof *opts};
}

/* Memory that a view lends. The plugin promises to say when it needs it no
 * more. */
typedef struct loan {
  pjrt_pledge pledge;
  /* The plugin's and that of the call that lends: a plugin that refuses may
   * have given the memory back before the call returns. */
  atomic_int refs;
  pjrt_release_fn release;
  void *data;
  void *user;
} loan;

static bool drop_loan(loan *lent) {
  return atomic_fetch_sub(&lent->refs, 1) == 1 &&
         pjrt_pledge_end(&lent->pledge);
}

static bool bury_loan(pjrt_grave *grave) {
  loan *lent = (loan *)grave;
  if (lent->release) lent->release(lent->data, lent->user);
  return drop_loan(lent);
}

/* Wherever the plugin calls this, the caller's code runs on the reaper's
 * thread. */
static void view_is_over(void *data, void *user) {
  loan *lent = user;
  (void)data;
  if (!pjrt_pledge_take(&lent->pledge)) return;
  pjrt_reaper_push(&lent->pledge.client->reaper, &lent->pledge.grave);
}

/* What is viewed. */
typedef struct view {
  pjrt_device *device;
  pjrt_dtype dtype;
  const int64_t *dims;
  size_t num_dims;
  pjrt_view_opts opts;
} view;

static pjrt_error *check(const view *what, const void *data) {
  size_t num_elements;
  const pjrt_memory *memory = what->opts.memory;
  PJRT_TRY(pjrt_buffer_check_shape(what->device, memory, what->dtype,
                                   what->dims, what->num_dims, &num_elements));
  if (!data && num_elements) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "data is NULL for %zu elements", num_elements);
  }
  const pjrt_plugin *plugin = what->device->client->plugin;
  if (!memory || plugin->minor >= MEMORY_SINCE) return NULL;
  return pjrt_error_about(
      pjrt_error_format(PJRT_UNIMPLEMENTED,
                        "a view's memory, which API 0.%d brought",
                        MEMORY_SINCE),
      plugin, "PJRT_Client_CreateViewOfDeviceBuffer");
}

static pjrt_error *call_create_view(const view *what, loan *lent,
                                    PJRT_Buffer **out) {
  static const int64_t no_dims[1];
  const pjrt_client *client = what->device->client;
  const pjrt_memory *memory = what->opts.memory;
  PJRT_ARGS(PJRT_Client_CreateViewOfDeviceBuffer, args);
  args->client = client->raw;
  args->device_buffer_ptr = lent->data;
  args->dims = what->dims ? what->dims : no_dims;
  args->num_dims = what->num_dims;
  args->element_type = (PJRT_Buffer_Type)what->dtype;
  args->device = memory ? NULL : what->device->raw;
  args->memory = memory ? memory->raw : NULL;
  args->on_delete_callback = view_is_over;
  args->on_delete_callback_arg = lent;
  args->stream = what->opts.stream;
  PJRT_TRY(
      PJRT_CALL(client->plugin, PJRT_Client_CreateViewOfDeviceBuffer, args));
  *out = args->buffer;
  return NULL;
}

/* Tells whether the memory is lent: it comes back by itself then. */
static pjrt_error *lend(const view *what, void *data, pjrt_release_fn release,
                        void *user, bool *out_is_lent, PJRT_Buffer **out) {
  void *memory;
  pjrt_client *client = what->device->client;
  PJRT_TRY(pjrt_reaper_start(&client->reaper));
  PJRT_TRY(pjrt_pledge_create(client, sizeof(loan), bury_loan, &memory));
  loan *lent = memory;
  lent->release = release;
  lent->data = data;
  lent->user = user;
  atomic_init(&lent->refs, 2);
  pjrt_error *error = call_create_view(what, lent, out);
  *out_is_lent = !error || !pjrt_pledge_take(&lent->pledge);
  if (!*out_is_lent) {
    lent->release = NULL; /* the caller's own */
    pjrt_pledge_free(&lent->pledge);
  }
  (void)!drop_loan(lent); /* the device's client outlives the call */
  return error;
}

static pjrt_error *make_view(const view *what, const pjrt_view_opts *opts,
                             void *data, pjrt_release_fn release, void *user,
                             bool *out_is_lent, pjrt_buffer **out) {
  PJRT_Buffer *raw;
  view known = *what;
  PJRT_TRY(
      pjrt_opts_read(opts, "pjrt_view_opts", sizeof known.opts, &known.opts));
  PJRT_TRY(check(&known, data));
  PJRT_TRY(lend(&known, data, release, user, out_is_lent, &raw));
  return pjrt_buffer_from_raw(what->device, raw, out);
}

pjrt_error *pjrt_buffer_view_device_memory(
    pjrt_device *device, pjrt_dtype dtype, const int64_t *dims, size_t num_dims,
    void *data, const pjrt_view_opts *opts, pjrt_release_fn release, void *user,
    pjrt_buffer **out) {
  bool is_lent = false;
  view what = {
      .device = device, .dtype = dtype, .dims = dims, .num_dims = num_dims};
  *out = NULL;
  pjrt_view_opts_init(&what.opts);
  pjrt_error *error =
      make_view(&what, opts, data, release, user, &is_lent, out);
  if (error && !is_lent && release) release(data, user);
  return error;
}
