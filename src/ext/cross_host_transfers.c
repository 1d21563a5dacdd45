/* Transfers by key. */
#include "ext/cross_host_transfers.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/layout.h"
#include "core/opts.h"
#include "core/plugin.h"
#include "core/transfer.h"
#include "pjrt/raw.h"

#define CALL(plugin, fn, args)                                                 \
  PJRT_EXT_CALL(plugin, CrossHostTransfers, PJRT_CrossHostTransfers_Extension, \
                fn, fn, args)

enum { FIRST_MINOR_WITH_TASKS = 117 };

/* ---- what arrives -------------------------------------------------------- */

typedef PJRT_ROOM_FOR(PJRT_Buffer_MemoryLayout) layout_room;

static pjrt_error *allocate(pjrt_arrivals *a) {
  void *memory;
  PJRT_TRY(pjrt_alloc(a->num, sizeof *a->num_dims, &memory));
  a->num_dims = memory;
  PJRT_TRY(pjrt_alloc(a->num, sizeof *a->dims, &memory));
  a->dims = memory;
  PJRT_TRY(pjrt_alloc(a->num, sizeof *a->types, &memory));
  a->types = memory;
  PJRT_TRY(pjrt_alloc(a->num, sizeof(layout_room), &a->layouts));
  PJRT_TRY(pjrt_alloc(a->num, sizeof *a->layout_list, &memory));
  a->layout_list = memory;
  PJRT_TRY(pjrt_alloc(a->num, sizeof *a->raw, &memory));
  a->raw = memory;
  return NULL;
}

pjrt_error *pjrt_arrivals_fill(const pjrt_device *device,
                               const pjrt_transfer_shape *shapes,
                               size_t num_shapes, pjrt_buffer **out_buffers,
                               pjrt_arrivals *out) {
  static const int64_t no_dims[1];
  *out = (pjrt_arrivals){.num = num_shapes};
  if (!out_buffers) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "out_buffers is NULL");
  }
  PJRT_TRY(pjrt_transfer_check_shapes(device, NULL, shapes, num_shapes));
  for (size_t i = 0; i < num_shapes; i++) out_buffers[i] = NULL;
  PJRT_TRY(allocate(out));
  for (size_t i = 0; i < num_shapes; i++) {
    out->num_dims[i] = shapes[i].num_dims;
    out->dims[i] = shapes[i].dims ? shapes[i].dims : no_dims;
    out->types[i] = (PJRT_Buffer_Type)shapes[i].dtype;
    if (!shapes[i].layout) continue;
    out->layout_list[i] = &((layout_room *)out->layouts)[i].value;
    PJRT_TRY(pjrt_layout_to_raw(shapes[i].layout, device->client->plugin,
                                out->layout_list[i]));
  }
  return NULL;
}

void pjrt_arrivals_clear(pjrt_arrivals *arrivals) {
  free(arrivals->num_dims);
  free(arrivals->dims);
  free(arrivals->types);
  free(arrivals->layouts);
  free(arrivals->layout_list);
  free(arrivals->raw);
}

pjrt_error *pjrt_arrivals_wrap(const pjrt_arrivals *arrivals,
                               pjrt_device *device, pjrt_buffer **out_buffers) {
  size_t num = 0;
  pjrt_error *error = NULL;
  while (num < arrivals->num && !error) {
    error = pjrt_buffer_from_raw(device, arrivals->raw[num], &out_buffers[num]);
    num++;
  }
  if (!error) return NULL;
  for (size_t i = 0; i < num; i++) {
    pjrt_buffer_free(out_buffers[i]);
    out_buffers[i] = NULL;
  }
  for (size_t i = num; i < arrivals->num; i++) {
    if (!arrivals->raw[i]) continue;
    pjrt_raw_buffer_destroy(device->client, arrivals->raw[i]);
  }
  return error;
}

/* ---- options ------------------------------------------------------------- */

void pjrt_cross_host_opts_init(pjrt_cross_host_opts *opts) {
  *opts = (pjrt_cross_host_opts){.struct_size = sizeof *opts};
}

static pjrt_error *read_opts(const pjrt_plugin *plugin, const char *call,
                             const pjrt_cross_host_opts *opts,
                             pjrt_cross_host_opts *out) {
  pjrt_cross_host_opts_init(out);
  PJRT_TRY(pjrt_opts_read(opts, "pjrt_cross_host_opts", sizeof *out, out));
  if (out->num_tasks == 0) return NULL;
  if (!out->task_ids || !out->incarnation_ids) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "%s is NULL for %zu tasks",
                             out->task_ids ? "incarnation_ids" : "task_ids",
                             out->num_tasks);
  }
  if (plugin->minor >= FIRST_MINOR_WITH_TASKS) return NULL;
  return pjrt_error_about(
      pjrt_error_format(PJRT_UNIMPLEMENTED,
                        "%zu tasks are named, which API 0.%d brought",
                        out->num_tasks, FIRST_MINOR_WITH_TASKS),
      plugin, call);
}

static pjrt_error *check_ends(const int32_t *ids, const int64_t *keys) {
  if (ids && keys) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT, "%s is NULL",
                           ids ? "keys" : "device_ids");
}

/* ---- receiving ----------------------------------------------------------- */

static pjrt_error *receive(pjrt_device *device, const pjrt_arrivals *arrivals,
                           const int32_t *src_device_ids, const int64_t *keys,
                           const pjrt_cross_host_opts *opts) {
  PJRT_ARGS(PJRT_Transfers_PJRT_Client_CrossHostReceiveBuffers, args);
  args->client = device->client->raw;
  args->num_shapes = arrivals->num;
  args->shape_num_dims = arrivals->num_dims;
  args->num_dims = arrivals->dims;
  args->element_types = arrivals->types;
  args->layouts = arrivals->layout_list;
  args->device = device->raw;
  args->src_global_device_ids = src_device_ids;
  args->transfer_keys = keys;
  args->buffers = arrivals->raw;
  args->num_tasks = opts->num_tasks;
  args->task_ids = opts->task_ids;
  args->incarnation_ids = opts->incarnation_ids;
  return CALL(device->client->plugin,
              PJRT_Transfers_PJRT_Client_CrossHostReceiveBuffers, args);
}

pjrt_error *pjrt_cross_host_receive(
    pjrt_device *device, const pjrt_transfer_shape *shapes, size_t num_shapes,
    const int32_t *src_device_ids, const int64_t *keys,
    const pjrt_cross_host_opts *opts, pjrt_buffer **out_buffers) {
  pjrt_arrivals arrivals;
  pjrt_cross_host_opts known;
  pjrt_error *error =
      pjrt_arrivals_fill(device, shapes, num_shapes, out_buffers, &arrivals);
  if (!error) error = check_ends(src_device_ids, keys);
  if (!error) {
    error = read_opts(device->client->plugin,
                      "PJRT_Transfers_PJRT_Client_CrossHostReceiveBuffers",
                      opts, &known);
  }
  if (!error) error = receive(device, &arrivals, src_device_ids, keys, &known);
  if (!error) error = pjrt_arrivals_wrap(&arrivals, device, out_buffers);
  pjrt_arrivals_clear(&arrivals);
  return error;
}

/* ---- sending ------------------------------------------------------------- */

/* Buffers that are kept from their ends, and what becomes of them. */
typedef struct departures {
  size_t num;
  size_t num_pinned;
  pjrt_buffer *const *buffers;
  PJRT_Buffer **raw;
  PJRT_Event **raw_sent;
  pjrt_event **sent;
} departures;

static pjrt_error *check_buffers(pjrt_buffer *const *buffers, size_t num) {
  if (!buffers || num == 0) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "%zu buffers to send%s",
                             num, buffers ? "" : ", and they are NULL");
  }
  for (size_t i = 0; i < num; i++) {
    PJRT_TRY(pjrt_buffer_check(buffers[i]));
    if (buffers[i]->client == buffers[0]->client) continue;
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "buffer %zu belongs to another client than the "
                             "first",
                             i);
  }
  return NULL;
}

static void is_sent(const pjrt_error *error, void *user) {
  (void)error;
  pjrt_buffer_unpin(user);
}

/* Lets the buffer go when the event is ready. */
static void unpin_with(pjrt_buffer *buffer, pjrt_event *sent) {
  pjrt_error *error = pjrt_event_on_ready(sent, is_sent, buffer);
  if (!error) return;
  pjrt_error_free(error);
  pjrt_error_drop(pjrt_event_await(sent));
  pjrt_buffer_unpin(buffer);
}

/* The events come first: nothing can fail after the call. */
static pjrt_error *prepare(departures *d) {
  static const char call[] = "PJRT_Transfers_PJRT_Client_CrossHostSendBuffers";
  void *memory;
  PJRT_TRY(pjrt_alloc(d->num, sizeof *d->raw, &memory));
  d->raw = memory;
  PJRT_TRY(pjrt_alloc(d->num, sizeof *d->raw_sent, &memory));
  d->raw_sent = memory;
  for (size_t i = 0; i < d->num; i++) {
    pjrt_buffer *buffer = d->buffers[i];
    PJRT_TRY(pjrt_event_reserve(buffer->client, call, &d->sent[i]));
    pjrt_event_fill(d->sent[i], NULL, call, PJRT_EVENT_READY);
    PJRT_TRY(pjrt_buffer_pin(buffer));
    d->num_pinned++;
    d->raw[i] = buffer->raw;
  }
  return NULL;
}

static pjrt_error *send(const departures *d, const int32_t *dst_device_ids,
                        const int64_t *keys, const pjrt_cross_host_opts *opts) {
  const pjrt_client *client = d->buffers[0]->client;
  PJRT_ARGS(PJRT_Transfers_PJRT_Client_CrossHostSendBuffers, args);
  args->client = client->raw;
  args->num_buffers = d->num;
  args->buffers = d->raw;
  args->dst_global_device_ids = dst_device_ids;
  args->transfer_keys = keys;
  args->send_events = d->raw_sent;
  args->num_tasks = opts->num_tasks;
  args->task_ids = opts->task_ids;
  args->incarnation_ids = opts->incarnation_ids;
  return CALL(client->plugin, PJRT_Transfers_PJRT_Client_CrossHostSendBuffers,
              args);
}

/* Passes `error` on. */
static pjrt_error *depart(departures *d, pjrt_error *error) {
  for (size_t i = 0; i < d->num && error; i++) {
    if (i < d->num_pinned) pjrt_buffer_unpin(d->buffers[i]);
    pjrt_event_free(d->sent[i]);
    d->sent[i] = NULL;
  }
  for (size_t i = 0; i < d->num && !error; i++) {
    if (d->raw_sent[i]) {
      pjrt_event_fill(d->sent[i], d->raw_sent[i], d->sent[i]->what,
                      PJRT_EVENT_PENDING);
    }
    unpin_with(d->buffers[i], d->sent[i]);
  }
  free(d->raw);
  free(d->raw_sent);
  return error;
}

pjrt_error *pjrt_cross_host_send(pjrt_buffer *const *buffers,
                                 size_t num_buffers,
                                 const int32_t *dst_device_ids,
                                 const int64_t *keys,
                                 const pjrt_cross_host_opts *opts,
                                 pjrt_event **out_sent) {
  pjrt_cross_host_opts known;
  departures d = {.num = num_buffers, .buffers = buffers, .sent = out_sent};
  if (!out_sent) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "out_sent is NULL");
  }
  PJRT_TRY(check_buffers(buffers, num_buffers));
  for (size_t i = 0; i < num_buffers; i++) out_sent[i] = NULL;
  PJRT_TRY(check_ends(dst_device_ids, keys));
  PJRT_TRY(read_opts(buffers[0]->client->plugin,
                     "PJRT_Transfers_PJRT_Client_CrossHostSendBuffers", opts,
                     &known));
  pjrt_error *error = prepare(&d);
  if (!error) error = send(&d, dst_device_ids, keys, &known);
  return depart(&d, error);
}
