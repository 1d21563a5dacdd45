/* The callbacks of a launch, between the plugin and the user. */
#include "core/host_calls.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/context.h"
#include "core/event.h"
#include "core/multi_slice.h"
#include "core/stream.h"

/* What one callback of the plugin's leads to. */
typedef struct host_call {
  pjrt_host_calls *calls;
  union {
    pjrt_send_fn send;
    pjrt_recv_fn recv;
    pjrt_hlo_output_fn output;
  };
  void *user;
} host_call;

struct pjrt_host_calls {
  pjrt_grave grave;
  pjrt_client *client;
  atomic_bool is_handed_over; /* orders the fields for race detectors */
  pjrt_execute_context *context;
  pjrt_object *multi_slice_config;
  host_call *all; /* the users' side of the lists below, in that order */
  size_t num_sends, num_recvs; /* of each device */
  size_t num_outputs;
  PJRT_SendCallbackInfo *sends;
  PJRT_RecvCallbackInfo *recvs;
  PJRT_HloOutputCallbackInfo *outputs;
  PJRT_SendCallbackInfo **send_lists; /* of each device */
  PJRT_RecvCallbackInfo **recv_lists;
};

/* ---- from the plugin to the user ----------------------------------------- */

static const host_call *enter(void *user) {
  const host_call *call = user;
  /* Pairs with pjrt_host_calls_create(), as in event.c. */
  (void)atomic_load_explicit(&call->calls->is_handed_over,
                             memory_order_acquire);
  pjrt_enter_callback();
  return call;
}

static PJRT_Error *on_send(PJRT_Chunk *raw, PJRT_CallbackError *make_error,
                           size_t total_size, bool is_last, void *user) {
  pjrt_chunk *chunk;
  const host_call *call = enter(user);
  pjrt_error *error = pjrt_chunk_from_raw(raw, &chunk);
  if (!error) error = call->send(chunk, total_size, is_last, call->user);
  PJRT_Error *answer = pjrt_error_to_plugin(error, make_error);
  pjrt_leave_callback();
  return answer;
}

/* Without memory for the stream it is destroyed, which ends the program. */
static void on_recv(PJRT_CopyToDeviceStream *raw, void *user) {
  pjrt_stream *stream;
  const host_call *call = enter(user);
  pjrt_error *error = pjrt_stream_wrap(call->calls->client, raw, &stream);
  if (!error) call->recv(stream, call->user);
  pjrt_error_free(error);
  pjrt_leave_callback();
}

static void on_output(int64_t replica_id, int64_t partition_id,
                      const void *data, const int64_t *dims, size_t num_dims,
                      PJRT_Buffer_Type type, int64_t operand_index,
                      void *user) {
  const pjrt_hlo_output output = {.replica_id = replica_id,
                                  .partition_id = partition_id,
                                  .operand_index = operand_index,
                                  .dtype = (pjrt_dtype)type,
                                  .dims = dims,
                                  .num_dims = num_dims,
                                  .data = data};
  const host_call *call = enter(user);
  call->output(&output, call->user);
  pjrt_leave_callback();
}

/* ---- ending -------------------------------------------------------------- */

static bool bury(pjrt_grave *grave) {
  pjrt_host_calls *calls = (pjrt_host_calls *)grave;
  pjrt_client *client = calls->client;
  pjrt_execute_context_free(calls->context);
  pjrt_object_release(calls->multi_slice_config);
  free(calls->all);
  free(calls->sends);
  free(calls->recvs);
  free(calls->outputs);
  free(calls->send_lists);
  free(calls->recv_lists);
  free(calls);
  return pjrt_pool_drop(client->pool);
}

void pjrt_host_calls_end(pjrt_host_calls *calls) {
  if (!calls) return;
  calls->grave.bury = bury;
  pjrt_client_bury(calls->client, &calls->grave);
}

static void launch_is_done(const pjrt_error *error, void *user) {
  (void)error;
  pjrt_host_calls_end(user);
}

pjrt_error *pjrt_host_calls_end_with(pjrt_host_calls *calls, pjrt_event *done) {
  pjrt_error *error = pjrt_event_on_ready(done, launch_is_done, calls);
  if (error) pjrt_error_free(pjrt_event_await(done));
  return error;
}

/* ---- making -------------------------------------------------------------- */

static pjrt_error *check_list(const char *name, const void *list, size_t num) {
  if (list || num == 0) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT, "%s is NULL for %zu of them",
                           name, num);
}

static pjrt_error *check_callback(const char *name, size_t i, bool is_there) {
  if (is_there) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT, "%s[%zu].callback is NULL",
                           name, i);
}

/* No more than there is memory for, so that sums of them do not overflow. */
static pjrt_error *check_number(const char *name, size_t num,
                                size_t num_devices) {
  size_t size;
  if (pjrt_size_mul(num, num_devices, &size) && size < PTRDIFF_MAX / 64) {
    return NULL;
  }
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "%zu %s for each of %zu devices", num, name,
                           num_devices);
}

static pjrt_error *check_numbers(size_t num_devices,
                                 const pjrt_execute_opts *opts) {
  PJRT_TRY(
      check_number("send_callbacks", opts->num_send_callbacks, num_devices));
  PJRT_TRY(
      check_number("recv_callbacks", opts->num_recv_callbacks, num_devices));
  return check_number("hlo_output_callbacks", opts->num_hlo_output_callbacks,
                      1);
}

static pjrt_error *check(const pjrt_client *client, size_t num_devices,
                         const pjrt_execute_opts *opts) {
  PJRT_TRY(check_numbers(num_devices, opts));
  const size_t num_sends = num_devices * opts->num_send_callbacks;
  const size_t num_recvs = num_devices * opts->num_recv_callbacks;
  PJRT_TRY(check_list("send_callbacks", opts->send_callbacks, num_sends));
  PJRT_TRY(check_list("recv_callbacks", opts->recv_callbacks, num_recvs));
  PJRT_TRY(check_list("hlo_output_callbacks", opts->hlo_output_callbacks,
                      opts->num_hlo_output_callbacks));
  for (size_t i = 0; i < num_sends; i++) {
    PJRT_TRY(
        check_callback("send_callbacks", i, opts->send_callbacks[i].callback));
  }
  for (size_t i = 0; i < num_recvs; i++) {
    PJRT_TRY(
        check_callback("recv_callbacks", i, opts->recv_callbacks[i].callback));
  }
  for (size_t i = 0; i < opts->num_hlo_output_callbacks; i++) {
    PJRT_TRY(check_callback("hlo_output_callbacks", i,
                            opts->hlo_output_callbacks[i].callback));
  }
  if (!opts->context || opts->context->client == client) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "the context belongs to another client");
}

static void fill_sends(pjrt_host_calls *calls, host_call *call,
                       size_t num_devices, const pjrt_send_callback *from) {
  for (size_t d = 0; d < num_devices; d++) {
    calls->send_lists[d] = calls->sends + d * calls->num_sends;
  }
  for (size_t i = 0; i < num_devices * calls->num_sends; i++) {
    call[i] = (host_call){
        .calls = calls, .send = from[i].callback, .user = from[i].user};
    calls->sends[i] = (PJRT_SendCallbackInfo){.channel_id = from[i].channel_id,
                                              .user_arg = &call[i],
                                              .send_callback = on_send};
  }
}

static void fill_recvs(pjrt_host_calls *calls, host_call *call,
                       size_t num_devices, const pjrt_recv_callback *from) {
  for (size_t d = 0; d < num_devices; d++) {
    calls->recv_lists[d] = calls->recvs + d * calls->num_recvs;
  }
  for (size_t i = 0; i < num_devices * calls->num_recvs; i++) {
    call[i] = (host_call){
        .calls = calls, .recv = from[i].callback, .user = from[i].user};
    calls->recvs[i] = (PJRT_RecvCallbackInfo){.channel_id = from[i].channel_id,
                                              .user_arg = &call[i],
                                              .recv_callback = on_recv};
  }
}

static void fill_outputs(pjrt_host_calls *calls, host_call *call,
                         const pjrt_hlo_output_callback *from) {
  for (size_t i = 0; i < calls->num_outputs; i++) {
    call[i] = (host_call){
        .calls = calls, .output = from[i].callback, .user = from[i].user};
    calls->outputs[i] =
        (PJRT_HloOutputCallbackInfo){.user_arg = &call[i],
                                     .callback = on_output,
                                     .callback_id = from[i].callback_id,
                                     .num_operands = from[i].num_operands};
  }
}

/* One more of each than needed: the zero reserve behind the last one. */
#define ALLOCATE(num, list)                                         \
  do {                                                              \
    void *memory_;                                                  \
    PJRT_TRY(pjrt_alloc((num) + PJRT_ARGS_RESERVE / sizeof *(list), \
                        sizeof *(list), &memory_));                 \
    (list) = memory_;                                               \
  } while (0)

static pjrt_error *fill(pjrt_host_calls *calls, size_t num_devices,
                        const pjrt_execute_opts *opts) {
  const size_t num_sends = num_devices * opts->num_send_callbacks;
  const size_t num_recvs = num_devices * opts->num_recv_callbacks;
  calls->num_sends = opts->num_send_callbacks;
  calls->num_recvs = opts->num_recv_callbacks;
  calls->num_outputs = opts->num_hlo_output_callbacks;
  ALLOCATE(num_sends + num_recvs + calls->num_outputs, calls->all);
  ALLOCATE(num_sends, calls->sends);
  ALLOCATE(num_recvs, calls->recvs);
  ALLOCATE(calls->num_outputs, calls->outputs);
  ALLOCATE(num_devices, calls->send_lists);
  ALLOCATE(num_devices, calls->recv_lists);
  fill_sends(calls, calls->all, num_devices, opts->send_callbacks);
  fill_recvs(calls, calls->all + num_sends, num_devices, opts->recv_callbacks);
  fill_outputs(calls, calls->all + num_sends + num_recvs,
               opts->hlo_output_callbacks);
  if (opts->context) {
    calls->context = pjrt_execute_context_retain(opts->context);
  }
  if (opts->multi_slice_config) {
    /* Counting an owner is no change. */
    calls->multi_slice_config =
        (pjrt_object *)(uintptr_t)&opts->multi_slice_config->object;
    pjrt_object_retain(calls->multi_slice_config);
  }
  return NULL;
}

pjrt_error *pjrt_host_calls_create(pjrt_client *client, size_t num_devices,
                                   const pjrt_execute_opts *opts,
                                   pjrt_host_calls **out) {
  void *memory;
  *out = NULL;
  if (!opts->context && !opts->multi_slice_config &&
      !opts->num_send_callbacks && !opts->num_recv_callbacks &&
      !opts->num_hlo_output_callbacks) {
    return NULL;
  }
  PJRT_TRY(check(client, num_devices, opts));
  PJRT_TRY(pjrt_reaper_start(&client->reaper));
  PJRT_TRY(pjrt_alloc(1, sizeof **out, &memory));
  pjrt_host_calls *calls = memory;
  calls->client = client;
  pjrt_pool_hold(client->pool);
  pjrt_error *error = fill(calls, num_devices, opts);
  if (error) {
    pjrt_host_calls_end(calls);
    return error;
  }
  atomic_store_explicit(&calls->is_handed_over, true, memory_order_release);
  *out = calls;
  return NULL;
}

void pjrt_host_calls_fill(const pjrt_host_calls *calls,
                          PJRT_ExecuteOptions *options) {
  if (!calls) return;
  if (calls->context) options->context = calls->context->raw;
  options->send_callbacks = calls->num_sends ? calls->send_lists : NULL;
  options->num_send_ops = calls->num_sends;
  options->recv_callbacks = calls->num_recvs ? calls->recv_lists : NULL;
  options->num_recv_ops = calls->num_recvs;
  options->hlo_output_callbacks = calls->num_outputs ? calls->outputs : NULL;
  options->num_hlo_output_callbacks = calls->num_outputs;
}
