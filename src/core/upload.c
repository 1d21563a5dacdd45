/* Host to device. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/buffer.h"
#include "core/opts.h"
#include "core/plugin.h"

void pjrt_upload_opts_init(pjrt_upload_opts *opts) {
  *opts = (pjrt_upload_opts){.struct_size = sizeof *opts};
}

/* What is uploaded, and how. */
typedef struct upload {
  pjrt_device *device;
  pjrt_dtype dtype;
  const int64_t *dims;
  size_t num_dims;
  const void *data;
  size_t data_size;
  PJRT_HostBufferSemantics semantics;
  const int64_t *byte_strides;
  size_t num_byte_strides;
  pjrt_memory *memory;
} upload;

/* ---- checks: what real plugins crash on or silently accept --------------- */

static pjrt_error *check_data(const upload *up, size_t num_elements) {
  size_t element_size = pjrt_dtype_host_size(up->dtype);
  if (up->data_size != num_elements * element_size) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "%zu bytes of data, where %zu elements of %s take "
                             "%zu",
                             up->data_size, num_elements,
                             pjrt_dtype_name(up->dtype),
                             num_elements * element_size);
  }
  if (!up->data && up->data_size) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "data is NULL for %zu bytes", up->data_size);
  }
  if (up->byte_strides && up->num_byte_strides != up->num_dims) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "%zu byte strides for %zu dimensions",
                             up->num_byte_strides, up->num_dims);
  }
  return NULL;
}

static pjrt_error *check(const upload *up) {
  size_t num_elements;
  PJRT_TRY(pjrt_buffer_check_shape(up->device, up->memory, up->dtype, up->dims,
                                   up->num_dims, &num_elements));
  return check_data(up, num_elements);
}

/* ---- the upload ---------------------------------------------------------- */

/* What the plugin may have begun all the same ends first. */
__attribute__((cold, noinline)) static pjrt_error *no_buffer(
    const pjrt_client *client, PJRT_Event *done) {
  pjrt_error_free(pjrt_raw_event_finish(client, done));
  return pjrt_error_about(
      pjrt_error_format(PJRT_INTERNAL, "the plugin's buffer is NULL"),
      client->plugin, "PJRT_Client_BufferFromHostBuffer");
}

static pjrt_error *call_plugin(const upload *up, PJRT_Buffer **out,
                               PJRT_Event **out_done) {
  static const char nothing[PJRT_HOST_ALIGNMENT]; /* some refuse NULL */
  const pjrt_client *client = up->device->client;
  PJRT_ARGS(PJRT_Client_BufferFromHostBuffer, args);
  args->client = client->raw;
  args->data = up->data ? up->data : nothing;
  args->type = (PJRT_Buffer_Type)up->dtype;
  args->dims = up->dims ? up->dims : (const int64_t *)nothing;
  args->num_dims = up->num_dims;
  args->byte_strides = up->byte_strides;
  args->num_byte_strides = up->byte_strides ? up->num_byte_strides : 0;
  args->host_buffer_semantics = up->semantics;
  args->device = up->memory ? NULL : up->device->raw;
  args->memory = up->memory ? up->memory->raw : NULL;
  PJRT_TRY(PJRT_CALL(client->plugin, PJRT_Client_BufferFromHostBuffer, args));
  *out = args->buffer;
  *out_done = args->done_with_host_buffer;
  return *out ? NULL : no_buffer(client, *out_done);
}

/* The order of uploaded dimensions is the plugin's choice; it is asked for
 * once for each shape and device. Memories may differ in it, and another one
 * than the default is rare enough to be asked for each time. */
static pjrt_error *uploaded_spec(const upload *up, PJRT_Buffer *raw,
                                 const pjrt_spec **out) {
  pjrt_client *client = up->device->client;
  const pjrt_spec *unknown;
  PJRT_TRY(pjrt_spec_intern(&client->specs, up->dtype, up->dims, up->num_dims,
                            PJRT_ORDER_UNKNOWN, NULL, up->device, &unknown));
  if (up->memory && up->memory != up->device->default_memory) {
    return pjrt_buffer_ask_order(client, raw, unknown, out);
  }
  *out = atomic_load_explicit(&unknown->uploaded, memory_order_acquire);
  if (*out) return NULL;
  PJRT_TRY(pjrt_buffer_ask_order(client, raw, unknown, out));
  atomic_store_explicit(&((pjrt_spec *)(uintptr_t)unknown)->uploaded, *out,
                        memory_order_release);
  return NULL;
}

static pjrt_error *run(const upload *up, pjrt_buffer **out,
                       PJRT_Event **out_done) {
  pjrt_buffer *buffer;
  PJRT_Buffer *raw;
  const pjrt_spec *spec;
  pjrt_client *client = up->device->client;
  PJRT_TRY(pjrt_buffers_take(client, 1, &buffer));
  pjrt_error *error = call_plugin(up, &raw, out_done);
  if (error) {
    pjrt_buffer_destroy(buffer);
    return error;
  }
  pjrt_buffer_fill(buffer, raw, NULL);
  error = uploaded_spec(up, raw, &spec);
  if (error) {
    /* In this order: lent memory is done with when its buffer is gone. */
    pjrt_buffer_destroy(buffer);
    pjrt_error_free(pjrt_raw_event_finish(client, *out_done));
    return error;
  }
  buffer->spec = spec;
  *out = buffer;
  return NULL;
}

/* ---- copying ------------------------------------------------------------- */

static pjrt_error *read_opts(const pjrt_upload_opts *opts, upload *up) {
  pjrt_upload_opts known;
  pjrt_upload_opts_init(&known);
  PJRT_TRY(pjrt_opts_read(opts, "pjrt_upload_opts", sizeof known, &known));
  if (known.semantics != PJRT_HOST_ONLY_DURING_CALL &&
      known.semantics != PJRT_HOST_UNTIL_TRANSFER_COMPLETES) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "host semantics %d; a copying upload knows 0 and "
                             "1",
                             (int)known.semantics);
  }
  up->semantics = (PJRT_HostBufferSemantics)known.semantics;
  up->byte_strides = known.byte_strides;
  up->num_byte_strides = known.num_byte_strides;
  up->memory = known.memory;
  return NULL;
}

/* Without an event the caller's memory must be free when this returns. */
static pjrt_error *copying(const upload *up, pjrt_buffer **out,
                           pjrt_event **out_done) {
  PJRT_Event *done = NULL;
  pjrt_client *client = up->device->client;
  PJRT_TRY(run(up, out, &done));
  pjrt_error *error =
      out_done ? pjrt_event_wrap(client, done,
                                 "PJRT_Client_BufferFromHostBuffer", out_done)
               : pjrt_raw_event_finish(client, done);
  if (!error) return NULL;
  pjrt_buffer_free(*out);
  *out = NULL;
  return error;
}

pjrt_error *pjrt_buffer_from_host_async(pjrt_device *device, pjrt_dtype dtype,
                                        const int64_t *dims, size_t num_dims,
                                        const void *data, size_t data_size,
                                        const pjrt_upload_opts *opts,
                                        pjrt_buffer **out,
                                        pjrt_event **out_done) {
  upload up = {.device = device,
               .dtype = dtype,
               .dims = dims,
               .num_dims = num_dims,
               .data = data,
               .data_size = data_size};
  *out = NULL;
  if (out_done) *out_done = NULL;
  PJRT_TRY(read_opts(opts, &up));
  if (!out_done &&
      up.semantics ==
          PJRT_HostBufferSemantics_kImmutableUntilTransferCompletes) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "out_done is NULL, and nothing else would tell "
                             "when the data may be reused");
  }
  PJRT_TRY(check(&up));
  return copying(&up, out, out_done);
}

pjrt_error *pjrt_buffer_from_host(pjrt_device *device, pjrt_dtype dtype,
                                  const int64_t *dims, size_t num_dims,
                                  const void *data, size_t data_size,
                                  pjrt_buffer **out) {
  return pjrt_buffer_from_host_async(device, dtype, dims, num_dims, data,
                                     data_size, NULL, out, NULL);
}

pjrt_error *pjrt_buffer_from_array(pjrt_device *device, const pjrt_array *array,
                                   pjrt_buffer **out) {
  pjrt_upload_opts opts;
  size_t num_dims;
  *out = NULL;
  if (!array) return pjrt_error_format(PJRT_INVALID_ARGUMENT, "array is NULL");
  const int64_t *dims = pjrt_array_dims(array, &num_dims);
  pjrt_upload_opts_init(&opts);
  if (!pjrt_array_is_dense(array)) {
    opts.byte_strides = pjrt_array_byte_strides(array, &opts.num_byte_strides);
  }
  return pjrt_buffer_from_host_async(device, pjrt_array_dtype(array), dims,
                                     num_dims, pjrt_array_data(array),
                                     pjrt_array_size(array), &opts, out, NULL);
}

/* ---- adopting ------------------------------------------------------------ */

/* An adoption whose memory the plugin still needs: waits for the plugin's word
 * with a hold on the client. */
typedef struct ending {
  pjrt_grave grave;
  pjrt_client *client;
  pjrt_adoption adoption;
  atomic_bool is_handed_over; /* orders the fields for race detectors */
} ending;

static void give_memory_back(pjrt_client *client,
                             const pjrt_adoption *adoption) {
  pjrt_raw_event_destroy(client, adoption->done);
  if (adoption->release) adoption->release(adoption->data, adoption->user);
}

static bool bury_ending(pjrt_grave *grave) {
  ending *end = (ending *)grave;
  pjrt_client *client = end->client;
  give_memory_back(client, &end->adoption);
  free(end);
  return pjrt_pool_drop(client->pool);
}

static void memory_is_done(PJRT_Error *raw, void *user) {
  ending *end = user;
  /* Pairs with end_later(), as in event.c. */
  (void)atomic_load_explicit(&end->is_handed_over, memory_order_acquire);
  pjrt_client *client = end->client;
  /* Whether the transfer failed is in the buffer's own event. */
  if (raw) {
    pjrt_error_free(pjrt_error_from_plugin(client->plugin,
                                           PJRT_CALL_PJRT_Event_OnReady, raw));
  }
  end->grave.bury = bury_ending;
  pjrt_reaper_push(&client->reaper, &end->grave);
}

/* False when the plugin cannot be asked to call back. */
static bool end_later(pjrt_client *client, const pjrt_adoption *adoption) {
  ending *end = calloc(1, sizeof *end);
  if (!end) return false;
  pjrt_error *error = pjrt_reaper_start(&client->reaper);
  *end = (ending){.client = client, .adoption = *adoption};
  atomic_store_explicit(&end->is_handed_over, true, memory_order_release);
  pjrt_pool_hold(client->pool);
  if (!error) {
    PJRT_ARGS(PJRT_Event_OnReady, args);
    args->event = adoption->done;
    args->callback = memory_is_done;
    args->user_arg = end;
    error = PJRT_CALL(client->plugin, PJRT_Event_OnReady, args);
  }
  if (!error) return true;
  pjrt_error_free(error);
  free(end);
  pjrt_pool_unhold(client->pool);
  return false;
}

void pjrt_adoption_end(pjrt_client *client, pjrt_adoption *adoption) {
  bool ready = adoption->done == NULL;
  if (!ready) {
    pjrt_error_free(pjrt_raw_event_is_ready(client, adoption->done, &ready));
  }
  if (!ready && end_later(client, adoption)) return;
  if (!ready) {
    /* No callback is to be had, so this thread waits. */
    pjrt_error_free(pjrt_raw_event_finish(client, adoption->done));
    adoption->done = NULL;
  }
  give_memory_back(client, adoption);
}

static pjrt_error *adopt(const upload *up, pjrt_adoption *adoption,
                         pjrt_buffer **out) {
  PJRT_TRY(check(up));
  PJRT_TRY(run(up, out, &adoption->done));
  (*out)->adoption = *adoption;
  atomic_store_explicit(&(*out)->state, PJRT_BUFFER_ADOPTED | PJRT_BUFFER_LIVE,
                        memory_order_relaxed);
  return NULL;
}

pjrt_error *pjrt_buffer_adopt_host(pjrt_device *device, pjrt_dtype dtype,
                                   const int64_t *dims, size_t num_dims,
                                   void *data, size_t data_size,
                                   pjrt_adopt_mode mode,
                                   pjrt_release_fn release, void *user,
                                   pjrt_buffer **out) {
  upload up = {.device = device,
               .dtype = dtype,
               .dims = dims,
               .num_dims = num_dims,
               .data = data,
               .data_size = data_size,
               .semantics = mode == PJRT_ADOPT_MUTABLE
                                ? PJRT_HostBufferSemantics_kMutableZeroCopy
                                : PJRT_HostBufferSemantics_kImmutableZeroCopy};
  pjrt_adoption adoption = {.release = release, .data = data, .user = user};
  *out = NULL;
  pjrt_error *error = adopt(&up, &adoption, out);
  if (error && release) release(data, user);
  return error;
}
