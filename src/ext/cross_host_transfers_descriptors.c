/* Transfers by descriptor. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/plugin.h"
#include "ext/cross_host_transfers.h"
#include "ext/own_event.h"

enum { FIRST_MINOR_WITH_CANCEL = 116, FIRST_MINOR_WITH_DESTRUCTOR = 104 };

static const char make_call[] =
    "PJRT_Transfers_PJRT_Client_MakeCrossHostReceiveBuffers";

typedef struct description {
  void *data;
  size_t size;
} description;

/* Written by the plugin's notifier, before `described` is published, and never
 * again. */
struct pjrt_cross_host_receiver {
  pjrt_grave grave;
  pjrt_client *client;
  atomic_size_t refs;    /* the handle, and the notifier until it came */
  atomic_bool was_told;  /* or will not be */
  pjrt_event *described; /* a reference */
  bool can_cancel;
  PJRT_Transfers_CrossHostSendCancelNotifier cancel;
  void *cancel_arg;
  size_t num;
  description descriptors[];
};

/* ---- life ---------------------------------------------------------------- */

static bool bury_receiver(pjrt_grave *grave) {
  pjrt_cross_host_receiver *receiver = (pjrt_cross_host_receiver *)grave;
  pjrt_client *client = receiver->client;
  pjrt_event_release(receiver->described);
  for (size_t i = 0; i < receiver->num; i++) {
    free(receiver->descriptors[i].data);
  }
  free(receiver);
  return pjrt_pool_drop(client->pool);
}

static void release(pjrt_cross_host_receiver *receiver) {
  if (atomic_fetch_sub(&receiver->refs, 1) != 1) return;
  receiver->grave.bury = bury_receiver;
  pjrt_client_bury(receiver->client, &receiver->grave);
}

/* What belongs to the parent of a forked process is left alone. */
void pjrt_cross_host_receiver_free(pjrt_cross_host_receiver *receiver) {
  if (!receiver || pjrt_client_is_forked(receiver->client)) return;
  release(receiver);
}

/* With an event that has a reference for it and one for the notifier. */
static pjrt_error *create(pjrt_client *client, size_t num, bool can_cancel,
                          pjrt_cross_host_receiver **out,
                          pjrt_event **out_described) {
  size_t size;
  void *memory;
  if (!pjrt_size_mul(num, sizeof(description), &size) ||
      !pjrt_size_add(size, sizeof **out, &size)) {
    return pjrt_error_out_of_memory();
  }
  PJRT_TRY(pjrt_alloc(1, size, &memory));
  pjrt_error *error = pjrt_own_event_create(client, make_call, out_described);
  if (error) {
    free(memory);
    return error;
  }
  *out = memory;
  (*out)->client = client;
  (*out)->described = *out_described;
  (*out)->can_cancel = can_cancel;
  (*out)->num = num;
  atomic_init(&(*out)->refs, 2);
  pjrt_event_retain(*out_described);
  pjrt_pool_hold(client->pool);
  return NULL;
}

/* ---- being told ---------------------------------------------------------- */

static pjrt_error *copy_descriptor(const char *data, size_t size,
                                   description *out) {
  PJRT_TRY(pjrt_bytes_check("a descriptor's size", size, data));
  out->size = size;
  return pjrt_alloc_copy(data, size, 1, &out->data);
}

static pjrt_error *copy_descriptors(pjrt_cross_host_receiver *receiver,
                                    const char *const *data,
                                    const size_t *sizes, size_t num) {
  if (num != receiver->num || !data || !sizes) {
    return pjrt_error_format(PJRT_INTERNAL,
                             "the plugin describes %zu of %zu buffers%s", num,
                             receiver->num, data && sizes ? "" : ", with NULL");
  }
  for (size_t i = 0; i < num; i++) {
    PJRT_TRY(copy_descriptor(data[i], sizes[i], &receiver->descriptors[i]));
  }
  return NULL;
}

/* Before API 0.116 the plugin passes no more than five arguments: what the
 * others hold is anything. */
static void on_described(PJRT_Error *raw, const char **data, size_t *sizes,
                         size_t num, void *user,
                         PJRT_Transfers_CrossHostSendCancelNotifier cancel,
                         void *cancel_arg) {
  pjrt_cross_host_receiver *receiver = user;
  if (atomic_exchange(&receiver->was_told, true)) return;
  pjrt_event *described = receiver->described;
  const pjrt_plugin *plugin = receiver->client->plugin;
  pjrt_reaper *reaper = pjrt_own_event_enter(described);
  if (receiver->can_cancel) {
    receiver->cancel = cancel;
    receiver->cancel_arg = cancel_arg;
  }
  pjrt_error *error = pjrt_error_lent_by_plugin(plugin, make_call, raw);
  if (!error) {
    error = copy_descriptors(receiver, data, sizes, num);
    if (error) pjrt_error_about(error, plugin, make_call);
  }
  pjrt_own_event_end(described, error);
  release(receiver);
  pjrt_reaper_leave_callback(reaper);
}

/* ---- receiving ----------------------------------------------------------- */

static pjrt_error *call_make(pjrt_device *device, pjrt_arrivals *arrivals,
                             pjrt_cross_host_receiver *receiver) {
  const pjrt_plugin *plugin = device->client->plugin;
  PJRT_ARGS(PJRT_Transfers_PJRT_Client_MakeCrossHostReceiveBuffers, args);
  args->client = device->client->raw;
  args->num_shapes = arrivals->num;
  args->shape_num_dims = arrivals->num_dims;
  args->num_dims = arrivals->dims;
  args->element_types = arrivals->types;
  args->layouts = arrivals->layout_list;
  args->device = device->raw;
  args->notifier.user_arg = receiver;
  args->notifier.notifier = on_described;
  args->buffers = arrivals->raw;
  args->allow_cancel_notifier = receiver->can_cancel;
  return PJRT_EXT_CALL(
      plugin, CrossHostTransfers, PJRT_CrossHostTransfers_Extension,
      PJRT_Transfers_PJRT_Client_MakeCrossHostReceiveBuffers,
      PJRT_Transfers_PJRT_Client_MakeCrossHostReceiveBuffers, args);
}

/* A plugin that refuses the call does not notify any more; it may have. */
static void give_up(pjrt_cross_host_receiver *receiver) {
  if (atomic_exchange(&receiver->was_told, true)) return;
  pjrt_event_release(receiver->described);
  release(receiver);
}

static pjrt_error *check_cancel(const pjrt_plugin *plugin, bool can_cancel) {
  if (!can_cancel || plugin->minor >= FIRST_MINOR_WITH_CANCEL) return NULL;
  return pjrt_error_about(
      pjrt_error_format(PJRT_UNIMPLEMENTED,
                        "can_cancel is asked for, which API 0.%d brought",
                        FIRST_MINOR_WITH_CANCEL),
      plugin, make_call);
}

static pjrt_error *receive(pjrt_device *device, pjrt_arrivals *arrivals,
                           bool can_cancel, pjrt_buffer **out_buffers,
                           pjrt_cross_host_receiver **out,
                           pjrt_event **out_described) {
  pjrt_cross_host_receiver *receiver;
  PJRT_TRY(check_cancel(device->client->plugin, can_cancel));
  PJRT_TRY(create(device->client, arrivals->num, can_cancel, &receiver,
                  out_described));
  pjrt_error *error = call_make(device, arrivals, receiver);
  if (error) {
    give_up(receiver);
  } else {
    error = pjrt_arrivals_wrap(arrivals, device, out_buffers);
  }
  if (!error) {
    *out = receiver;
    return NULL;
  }
  release(receiver);
  pjrt_event_free(*out_described);
  *out_described = NULL;
  return error;
}

pjrt_error *pjrt_cross_host_receiver_create(pjrt_device *device,
                                            const pjrt_transfer_shape *shapes,
                                            size_t num_shapes, bool can_cancel,
                                            pjrt_buffer **out_buffers,
                                            pjrt_cross_host_receiver **out,
                                            pjrt_event **out_described) {
  pjrt_arrivals arrivals;
  *out = NULL;
  *out_described = NULL;
  pjrt_error *error =
      pjrt_arrivals_fill(device, shapes, num_shapes, out_buffers, &arrivals);
  if (!error) {
    error =
        receive(device, &arrivals, can_cancel, out_buffers, out, out_described);
  }
  pjrt_arrivals_clear(&arrivals);
  return error;
}

static pjrt_error *check_receiver(pjrt_cross_host_receiver *receiver,
                                  size_t i) {
  if (!receiver) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "receiver is NULL");
  }
  PJRT_TRY(pjrt_client_check(receiver->client));
  if (i >= receiver->num) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "buffer %zu of a receiver of %zu", i,
                             receiver->num);
  }
  return pjrt_event_error(receiver->described); /* also while it is pending */
}

pjrt_error *pjrt_cross_host_receiver_descriptor(
    pjrt_cross_host_receiver *receiver, size_t i, const void **out_data,
    size_t *out_size) {
  *out_data = NULL;
  *out_size = 0;
  PJRT_TRY(check_receiver(receiver, i));
  *out_data = receiver->descriptors[i].data;
  *out_size = receiver->descriptors[i].size;
  return NULL;
}

/* ---- canceling ----------------------------------------------------------- */

/* Comes once, on any thread. The error stays the plugin's, and may say that all
 * is well. */
static void on_canceled(PJRT_Error *raw, void *user) {
  pjrt_event *canceled = user;
  pjrt_reaper *reaper = pjrt_own_event_enter(canceled);
  pjrt_own_event_end(
      canceled,
      pjrt_error_lent_by_plugin(canceled->client->plugin, canceled->what, raw));
  pjrt_reaper_leave_callback(reaper);
}

static pjrt_error *check_can_cancel(const pjrt_cross_host_receiver *receiver) {
  if (!receiver->can_cancel) {
    return pjrt_error_format(PJRT_FAILED_PRECONDITION,
                             "the receiver was made without can_cancel");
  }
  if (receiver->cancel) return NULL;
  return pjrt_error_about(
      pjrt_error_format(PJRT_UNIMPLEMENTED, "the plugin gave no way to cancel"),
      receiver->client->plugin, make_call);
}

pjrt_error *pjrt_cross_host_receiver_cancel(pjrt_cross_host_receiver *receiver,
                                            size_t i, const pjrt_error *reason,
                                            pjrt_event **out_canceled) {
  static const char call[] = "PJRT_Transfers_CrossHostSendCancelNotifier";
  size_t size;
  *out_canceled = NULL;
  PJRT_TRY(check_receiver(receiver, i));
  if (!reason) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "reason is NULL");
  }
  PJRT_TRY(pjrt_reason_check(reason));
  PJRT_TRY(check_can_cancel(receiver));
  PJRT_TRY(pjrt_own_event_create(receiver->client, call, out_canceled));
  const char *message = pjrt_error_message(reason, &size);
  receiver->cancel(receiver->descriptors[i].data, receiver->descriptors[i].size,
                   (PJRT_Error_Code)pjrt_error_code(reason), message, size,
                   on_canceled, *out_canceled, receiver->cancel_arg);
  return NULL;
}

/* ---- copying ------------------------------------------------------------- */

/* Lives until the call has returned and the plugin has answered, so that it
 * may read the descriptor at any moment until then. */
typedef struct remote_copy {
  pjrt_grave grave;
  pjrt_client *client;
  atomic_size_t refs;
  pjrt_buffer *buffer; /* pinned */
  pjrt_event *enqueued;
  char *data;
  size_t size;
  char descriptor[];
} remote_copy;

static bool bury_copy(pjrt_grave *grave) {
  remote_copy *copy = (remote_copy *)grave;
  pjrt_client *client = copy->client;
  pjrt_buffer_unpin(copy->buffer);
  free(copy);
  return pjrt_pool_drop(client->pool);
}

static void release_copy(remote_copy *copy) {
  if (atomic_fetch_sub(&copy->refs, 1) != 1) return;
  copy->grave.bury = bury_copy;
  pjrt_client_bury(copy->client, &copy->grave);
}

/* The descriptor goes with the rest, which may be gone by now. */
static void keep_descriptor(char **data, /* NOLINTNEXTLINE: the ABI's type */
                            size_t *size) {
  (void)data;
  (void)size;
}

/* Comes once, on any thread, and maybe before the call has returned. The error
 * stays the plugin's, and may say that all is well. */
static void on_done(PJRT_Error *raw, bool were_enqueued, void *user) {
  static const char key[] = PJRT_CROSS_HOST_SENDS_WERE_ENQUEUED;
  remote_copy *copy = user;
  const char *value = were_enqueued ? "true" : "false";
  pjrt_reaper *reaper = pjrt_own_event_enter(copy->enqueued);
  pjrt_error *error = pjrt_error_lent_by_plugin(copy->client->plugin,
                                                copy->enqueued->what, raw);
  if (error) {
    pjrt_error_add_payload(error, key, sizeof key - 1, value, strlen(value));
  }
  pjrt_own_event_end(copy->enqueued, error);
  release_copy(copy);
  pjrt_reaper_leave_callback(reaper);
}

/* Earlier ones free the descriptor with C++'s delete. */
static pjrt_error *check_plugin(const pjrt_plugin *plugin, const char *call) {
  if (plugin->minor >= FIRST_MINOR_WITH_DESTRUCTOR) return NULL;
  return pjrt_error_about(
      pjrt_error_format(PJRT_UNIMPLEMENTED,
                        "copying to a descriptor needs API 0.%d: earlier "
                        "plugins free the caller's by means of their own",
                        FIRST_MINOR_WITH_DESTRUCTOR),
      plugin, call);
}

static pjrt_error *check_copy(const pjrt_buffer *buffer, const void *data,
                              size_t size) {
  PJRT_TRY(pjrt_buffer_check(buffer));
  if (data && size > 0 && size < PTRDIFF_MAX / 2) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "%zu bytes%s are no descriptor", size,
                           data ? "" : " at NULL");
}

static pjrt_error *create_copy(pjrt_buffer *buffer, const void *data,
                               size_t size, const char *call, remote_copy **out,
                               pjrt_event **out_enqueued) {
  void *memory;
  PJRT_TRY(pjrt_alloc(1, sizeof **out + size, &memory));
  remote_copy *copy = memory;
  pjrt_error *error = pjrt_buffer_pin(buffer);
  if (!error) {
    error = pjrt_own_event_create(buffer->client, call, out_enqueued);
    if (error) pjrt_buffer_unpin(buffer);
  }
  if (error) {
    free(copy);
    return error;
  }
  copy->client = buffer->client;
  copy->buffer = buffer;
  copy->enqueued = *out_enqueued;
  copy->data = copy->descriptor;
  copy->size = size;
  memcpy(copy->descriptor, data, size);
  atomic_init(&copy->refs, 2);
  pjrt_pool_hold(copy->client->pool);
  *out = copy;
  return NULL;
}

pjrt_error *pjrt_cross_host_copy_to_remote_device(pjrt_buffer *buffer,
                                                  const void *descriptor,
                                                  size_t descriptor_size,
                                                  pjrt_event **out_enqueued) {
  static const char call[] = "PJRT_Transfers_PJRT_Buffer_CopyToRemoteDevice";
  remote_copy *copy;
  *out_enqueued = NULL;
  PJRT_TRY(check_copy(buffer, descriptor, descriptor_size));
  PJRT_TRY(check_plugin(buffer->client->plugin, call));
  PJRT_TRY(create_copy(buffer, descriptor, descriptor_size, call, &copy,
                       out_enqueued));
  PJRT_ARGS(PJRT_Transfers_PJRT_Buffer_CopyToRemoteDevice, args);
  args->buffer = buffer->raw;
  args->serialized_descriptor = &copy->data;
  args->serialized_descriptor_size = &copy->size;
  args->on_done.user_arg = copy;
  args->on_done.on_done = on_done;
  args->descriptor_destructor = keep_descriptor;
  pjrt_error *error =
      PJRT_EXT_CALL_VOID(copy->client->plugin, CrossHostTransfers,
                         PJRT_CrossHostTransfers_Extension,
                         PJRT_Transfers_PJRT_Buffer_CopyToRemoteDevice,
                         PJRT_Transfers_PJRT_Buffer_CopyToRemoteDevice, args);
  if (error) { /* no answer will come */
    release_copy(copy);
    error = pjrt_own_event_abandon(out_enqueued, error);
  }
  release_copy(copy);
  return error;
}
