/* CrossHostTransfers. The hosts are the clients of one process: a buffer that
 * waits to be received and one that is sent meet in a table, by a key or by the
 * descriptor that the receiver handed out. Errors that callbacks are told stay
 * the plugin's, as in OpenXLA's. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ext/ext.h"
#include "plugin/line.h"

enum { FIRST_MINOR_WITH_TASKS = 117, MAX_DESCRIPTOR = 40 };

/* A transfer that waits for its other end. */
typedef struct transfer {
  struct transfer *next;
  const PJRT_Client *client; /* of this end */
  bool is_send;
  int64_t key;
  int32_t device_id; /* of the receiver; -1: it is named by descriptor */
  sim_storage *storage;
  sim_future *ready; /* of the buffer: the sender's, or the receiver's to be */
  sim_future *sent;  /* of sends */
  sim_line *link;    /* of the buffer's device */
} transfer;

static transfer *transfers;
static int64_t last_descriptor;

static void transfer_free(transfer *t) {
  sim_storage_drop(t->storage);
  sim_future_drop(t->ready);
  if (t->sent) sim_future_drop(t->sent);
  sim_line_drop(t->link);
  free(t);
}

/* Takes one that waits for the client out of the table; NULL: none does. */
static transfer *take_of(const PJRT_Client *client) {
  transfer *found = NULL;
  sim_ext_lock();
  for (transfer **at = &transfers; *at && !found; at = &(*at)->next) {
    if ((*at)->client != client) continue;
    found = *at;
    *at = found->next;
    break;
  }
  sim_ext_unlock();
  return found;
}

/* What still waits when its client ends is called off. */
static void call_off(void *data) {
  static const char message[] = "the transfer's client is gone";
  transfer *t;
  while ((t = take_of(*(const PJRT_Client **)data))) {
    sim_future_complete(t->is_send ? t->sent : t->ready,
                        PJRT_Error_Code_CANCELLED, message,
                        sizeof(message) - 1);
    transfer_free(t);
  }
}

static void call_off_with(PJRT_Client *client) {
  static const char key;
  const PJRT_Client **whose =
      sim_attached(&client->attachments, &key, sizeof(client), call_off);
  sim_ext_lock();
  *whose = client;
  sim_ext_unlock();
}

static transfer *transfer_create(bool is_send, int64_t key, int32_t device_id,
                                 const PJRT_Buffer *buffer) {
  transfer *t = sim_allocate(sizeof(*t));
  call_off_with(buffer->client);
  *t = (transfer){.client = buffer->client,
                  .is_send = is_send,
                  .key = key,
                  .device_id = device_id,
                  .storage = sim_storage_share(buffer->storage),
                  .ready = sim_future_share(buffer->ready),
                  .link = sim_line_share(buffer->device->link)};
  if (is_send) t->sent = sim_future_pending();
  return t;
}

/* Takes the transfer at the other end out of the table. */
static transfer *take(bool is_send, int64_t key, int32_t device_id) {
  for (transfer **at = &transfers; *at; at = &(*at)->next) {
    transfer *t = *at;
    if (t->is_send != is_send || t->key != key || t->device_id != device_id)
      continue;
    *at = t->next;
    return t;
  }
  return NULL;
}

static PJRT_Error *outcome(const transfer *send, const transfer *receive) {
  SIM_TRY(sim_future_error(send->ready));
  if (send->storage->size != receive->storage->size)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "%zu bytes are sent and %zu are awaited",
                     send->storage->size, receive->storage->size);
  if (send->storage->size)
    memcpy(receive->storage->bytes, send->storage->bytes, send->storage->size);
  return NULL;
}

typedef struct pair {
  transfer *send;
  transfer *receive;
} pair;

/* Runs when the links have carried it, or the sender's buffer has failed. */
static void finish(void *arg, PJRT_Error_Code code) {
  pair *p = arg;
  (void)code;
  sim_future_complete_with(p->receive->ready, outcome(p->send, p->receive));
  sim_future_complete_with(p->send->sent, sim_future_error(p->receive->ready));
  transfer_free(p->send);
  transfer_free(p->receive);
  free(p);
}

/* Runs when the sender's buffer is ready. */
static void begin(void *arg, PJRT_Error_Code code) {
  pair *p = arg;
  sim_line *const links[] = {p->send->link, p->receive->link};
  if (code) {
    finish(p, code);
    return;
  }
  sim_future *carried = sim_lines_use(links, 2, p->send->storage->size);
  sim_future_then(carried, finish, p);
  sim_future_drop(carried);
}

/* Lets a transfer meet its other end, or puts it into the table. */
static void meet(transfer *t) {
  sim_ext_lock();
  transfer *other = take(!t->is_send, t->key, t->device_id);
  if (!other) {
    t->next = transfers;
    transfers = t;
  }
  sim_ext_unlock();
  if (!other) return;
  pair *p = sim_allocate(sizeof(*p));
  *p = t->is_send ? (pair){t, other} : (pair){other, t};
  sim_future_then(p->send->ready, begin, p);
}

/* ---- by key -------------------------------------------------------------- */

static PJRT_Error *send_buffers(
    PJRT_Transfers_PJRT_Client_CrossHostSendBuffers_Args *args) {
  SIM_EXT_ENTER(args, PJRT_Transfers_PJRT_Client_CrossHostSendBuffers_Args,
                sim_options()->minor < FIRST_MINOR_WITH_TASKS ? 64 : 88);
  SIM_REQUIRE(args->client, SIM_CLIENT);
  for (size_t i = 0; i < args->num_buffers; i++) {
    SIM_REQUIRE(args->buffers[i], SIM_BUFFER);
    SIM_TRY(sim_buffer_require_data(args->buffers[i]));
  }
  for (size_t i = 0; i < args->num_buffers; i++) {
    transfer *t =
        transfer_create(true, args->transfer_keys[i],
                        args->dst_global_device_ids[i], args->buffers[i]);
    args->send_events[i] = sim_event(sim_future_share(t->sent));
    meet(t);
  }
  return NULL;
}

/* The empty buffers that arrive later. */
static PJRT_Error *make_buffers(PJRT_Client *client, PJRT_Device *device,
                                size_t num, const size_t *num_dims,
                                const int64_t *const *dims,
                                const PJRT_Buffer_Type *types,
                                PJRT_Buffer **out) {
  PJRT_Memory *memory = NULL;
  sim_shape shape;
  SIM_REQUIRE(client, SIM_CLIENT);
  SIM_TRY(sim_place(client, &device, &memory));
  for (size_t i = 0; i < num; i++)
    SIM_TRY(sim_shape_read(types[i], dims[i], num_dims[i], &shape));
  for (size_t i = 0; i < num; i++) {
    SIM_TRY(sim_shape_read(types[i], dims[i], num_dims[i], &shape));
    out[i] = NULL;
    PJRT_Error *error = sim_buffer_allocate(client, device, memory, &shape,
                                            sim_future_pending(), &out[i]);
    if (!error) continue;
    while (i > 0) sim_buffer_destroy(out[--i]);
    return error;
  }
  return NULL;
}

static PJRT_Error *receive_buffers(
    PJRT_Transfers_PJRT_Client_CrossHostReceiveBuffers_Args *args) {
  SIM_EXT_ENTER(args, PJRT_Transfers_PJRT_Client_CrossHostReceiveBuffers_Args,
                sim_options()->minor < FIRST_MINOR_WITH_TASKS ? 96 : 120);
  SIM_TRY(make_buffers(args->client, args->device, args->num_shapes,
                       args->shape_num_dims, args->num_dims,
                       args->element_types, args->buffers));
  for (size_t i = 0; i < args->num_shapes; i++)
    meet(transfer_create(false, args->transfer_keys[i],
                         args->device->description->id, args->buffers[i]));
  return NULL;
}

/* ---- by descriptor ------------------------------------------------------- */

enum { BY_DESCRIPTOR = -1 };

static const char prefix[] = "sim transfer ";

static size_t write_descriptor(int64_t key, char *out) {
  return (size_t)snprintf(out, MAX_DESCRIPTOR, "%s%" PRId64, prefix, key);
}

static bool read_descriptor(const char *text, size_t size, int64_t *out) {
  char copy[MAX_DESCRIPTOR] = {0}, again[MAX_DESCRIPTOR];
  if (!text || size >= sizeof(copy) || size < sizeof(prefix)) return false;
  memcpy(copy, text, size);
  *out = strtoll(copy + sizeof(prefix) - 1, NULL, 10);
  return write_descriptor(*out, again) == size &&
         memcmp(again, copy, size) == 0;
}

/* The receiver gives up: its buffer ends in an error. */
static void cancel(const char *descriptor, size_t descriptor_size,
                   PJRT_Error_Code reason, const char *message,
                   size_t message_size,
                   PJRT_Transfers_CrossHostOnCanceledCallback on_canceled,
                   void *on_canceled_arg, void *user_arg) {
  int64_t key = 0;
  transfer *receive = NULL;
  (void)user_arg;
  if (read_descriptor(descriptor, descriptor_size, &key)) {
    sim_ext_lock();
    receive = take(false, key, BY_DESCRIPTOR);
    sim_ext_unlock();
  }
  if (receive) {
    sim_future_complete(receive->ready, reason, message, message_size);
    transfer_free(receive);
  }
  PJRT_Error *error = receive
                          ? NULL
                          : sim_error(PJRT_Error_Code_NOT_FOUND,
                                      "no transfer of this descriptor waits");
  if (on_canceled) on_canceled(error, on_canceled_arg);
  sim_PJRT_Error_Destroy(&(PJRT_Error_Destroy_Args){.error = error});
}

/* What the notifier is told, on a thread of its own. */
typedef struct notice {
  PJRT_Transfers_CrossHostRecvNotifierInfo notifier;
  bool may_cancel;
  size_t num;
  int64_t first_key;
} notice;

static void *notify(void *arg) {
  notice *n = arg;
  const char **texts = sim_allocate(n->num * sizeof(*texts));
  size_t *sizes = sim_allocate(n->num * sizeof(*sizes));
  char descriptor[MAX_DESCRIPTOR];
  for (size_t i = 0; i < n->num; i++) {
    sizes[i] = write_descriptor(n->first_key + (int64_t)i, descriptor);
    texts[i] = sim_text(descriptor, sizes[i]);
  }
  n->notifier.notifier(NULL, texts, sizes, n->num, n->notifier.user_arg,
                       n->may_cancel ? cancel : NULL, NULL);
  for (size_t i = 0; i < n->num; i++) free((void *)(uintptr_t)texts[i]);
  free(texts);
  free(sizes);
  free(n);
  return NULL;
}

static PJRT_Error *make_receive_buffers(
    PJRT_Transfers_PJRT_Client_MakeCrossHostReceiveBuffers_Args *args) {
  const bool has_cancel = sim_options()->minor >= 116;
  pthread_t thread;
  SIM_EXT_ENTER(args,
                PJRT_Transfers_PJRT_Client_MakeCrossHostReceiveBuffers_Args,
                has_cancel ? 105 : 104);
  if (!args->notifier.notifier) return sim_misuse("a NULL notifier");
  SIM_TRY(make_buffers(args->client, args->device, args->num_shapes,
                       args->shape_num_dims, args->num_dims,
                       args->element_types, args->buffers));
  notice *n = sim_allocate(sizeof(*n));
  sim_ext_lock();
  *n = (notice){args->notifier, has_cancel && args->allow_cancel_notifier,
                args->num_shapes, last_descriptor + 1};
  last_descriptor += (int64_t)args->num_shapes;
  sim_ext_unlock();
  for (size_t i = 0; i < args->num_shapes; i++)
    meet(transfer_create(false, n->first_key + (int64_t)i, BY_DESCRIPTOR,
                         args->buffers[i]));
  args->num_buffers = args->num_shapes;
  if (pthread_create(&thread, NULL, notify, n)) abort();
  pthread_detach(thread);
  return NULL;
}

/* A send whose descriptor may still be on its way. */
typedef struct remote_copy {
  transfer *send;
  PJRT_Event *event;
  char **descriptor;
  size_t *descriptor_size;
  PJRT_Transfers_CrossHostRemoteSendCallbackInfo on_done;
  PJRT_Transfers_DescriptorDestructor destructor;
} remote_copy;

static void report(const remote_copy *c, PJRT_Error *error,
                   bool were_enqueued) {
  if (c->on_done.on_done)
    c->on_done.on_done(error, were_enqueued, c->on_done.user_arg);
  sim_PJRT_Error_Destroy(&(PJRT_Error_Destroy_Args){.error = error});
}

static void descriptor_known(PJRT_Error *error, void *arg) {
  remote_copy *c = arg;
  int64_t key = 0;
  if (!error && !read_descriptor(*c->descriptor, *c->descriptor_size, &key))
    error = sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                      "the descriptor is none of this plugin's");
  if (error) {
    transfer_free(c->send);
    report(c, error, false);
  } else {
    c->send->key = key;
    meet(c->send);
    report(c, NULL, true);
  }
  if (c->destructor) c->destructor(c->descriptor, c->descriptor_size);
  sim_PJRT_Event_Destroy(&(PJRT_Event_Destroy_Args){.event = c->event});
  free(c);
}

static void copy_to_remote(
    PJRT_Transfers_PJRT_Buffer_CopyToRemoteDevice_Args *args) {
  const bool has_destructor = sim_options()->minor >= 104;
  remote_copy fail = {.on_done = args->on_done};
  SIM_EXT_CALL(args, PJRT_Transfers_PJRT_Buffer_CopyToRemoteDevice_Args,
               has_destructor ? 72 : 64);
  PJRT_Error *error = sim_ext_enter(&ext_call);
  if (sim_is_mutant("PJRT_Transfers_PJRT_Buffer_CopyToRemoteDevice_Args"))
    return;
  if (!error && !sim_is(args->buffer, SIM_BUFFER))
    error = sim_misuse("no living buffer is copied");
  if (!error) error = sim_buffer_require_data(args->buffer);
  if (error) {
    report(&fail, error, false);
    return;
  }
  remote_copy *c = sim_allocate(sizeof(*c));
  *c = (remote_copy){
      .send = transfer_create(true, 0, BY_DESCRIPTOR, args->buffer),
      .event = args->event,
      .descriptor = args->serialized_descriptor,
      .descriptor_size = args->serialized_descriptor_size,
      .on_done = args->on_done,
      .destructor = has_destructor ? args->descriptor_destructor : NULL,
  };
  if (!c->event) {
    descriptor_known(NULL, c);
    return;
  }
  error = sim_PJRT_Event_OnReady(&(PJRT_Event_OnReady_Args){
      .event = c->event, .callback = descriptor_known, .user_arg = c});
  if (error) descriptor_known(error, c);
}

static const PJRT_CrossHostTransfers_Extension node = {
    .PJRT_Transfers_PJRT_Client_MakeCrossHostReceiveBuffers =
        make_receive_buffers,
    .PJRT_Transfers_PJRT_Buffer_CopyToRemoteDevice = copy_to_remote,
    .PJRT_Transfers_PJRT_Client_CrossHostReceiveBuffers = receive_buffers,
    .PJRT_Transfers_PJRT_Client_CrossHostSendBuffers = send_buffers,
};

const sim_extension sim_ext_cross_host_transfers = {
    .type = PJRT_Extension_Type_CrossHostTransfers,
    .name = "CrossHostTransfers",
    .steps = {{74, 40}, {81, 56}},
    .node = &node,
    .node_size = sizeof(node),
};
