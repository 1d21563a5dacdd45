/* Executing: the hot path.
 *
 * Most launches are plain: one device, no options, nothing donated, and every
 * argument exactly what the signature says. They need none of what a general
 * launch keeps in mind. Whatever is not plain, a mistake of the caller's too,
 * goes the general way (launch.c) from its beginning, which says what is
 * wrong. */
#include "base/error.h"
#include "core/buffer.h"
#include "core/event.h"
#include "core/launch.h"

void pjrt_execute_opts_init(pjrt_execute_opts *opts) {
  *opts = (pjrt_execute_opts){.struct_size = sizeof *opts};
}

/* ---- the plain launch ---------------------------------------------------- */

typedef struct plain_launch {
  PJRT_Buffer *raw_args[PJRT_LAUNCH_POINTERS / 2];
  PJRT_Buffer *raw_outs[PJRT_LAUNCH_POINTERS / 2];
} plain_launch;

static inline bool is_plain(const pjrt_executable *executable,
                            pjrt_buffer *const *args, size_t num_args,
                            const pjrt_execute_opts *opts, pjrt_buffer **outs,
                            size_t num_outs) {
  return executable &&
         atomic_load_explicit(&executable->is_plain, memory_order_acquire) &&
         !opts && num_args == executable->num_parameters && args &&
         num_outs == executable->num_outputs && outs &&
         !pjrt_client_is_forked(executable->client);
}

/* False where an argument is not exactly as it should be. A spec belongs to one
 * client, so an equal one says that the client is the same. */
static inline bool read_plain_args(const pjrt_executable *executable,
                                   pjrt_buffer *const *args, size_t num_args,
                                   PJRT_Buffer **raw_args) {
  const pjrt_spec *const *specs = executable->parameter_specs;
  unsigned states = PJRT_BUFFER_LIVE; /* which is 0 */
#pragma GCC unroll 4
  for (size_t i = 0; i < num_args; i++) {
    const pjrt_buffer *arg = args[i];
    if (!arg || arg->spec != specs[i]) return false;
    states |= atomic_load_explicit(&arg->state, memory_order_acquire);
    raw_args[i] = arg->raw;
  }
  return (states & PJRT_BUFFER_KIND_MASK) == PJRT_BUFFER_LIVE;
}

static inline pjrt_error *call_plainly(const pjrt_executable *executable,
                                       plain_launch *run, size_t num_args,
                                       PJRT_Event **event) {
  pjrt_client *client = executable->client;
  PJRT_Buffer *const *arg_lists[] = {run->raw_args};
  PJRT_Buffer **out_lists[] = {run->raw_outs};
  PJRT_ARGS(PJRT_LoadedExecutable_Execute, args);
  args->executable = executable->raw;
  args->options = &client->plain_options.value;
  args->argument_lists = arg_lists;
  args->num_devices = 1;
  args->num_args = num_args;
  args->output_lists = out_lists;
  args->device_complete_events = event;
  return PJRT_CALL_PRESENT(client->plugin, PJRT_LoadedExecutable_Execute, args);
}

/* More wrappers than were idle. Without memory for them the results are gone,
 * and nothing else: none of the arguments was donated. */
static pjrt_error *wrap_the_rest(const pjrt_executable *executable,
                                 PJRT_Buffer *const *raw_outs,
                                 pjrt_buffer **outs, size_t first) {
  pjrt_client *client = executable->client;
  size_t num = executable->num_outputs;
  pjrt_error *error = pjrt_buffers_take(client, num - first, outs + first);
  for (size_t i = first; i < num; i++) {
    if (error) {
      pjrt_raw_buffer_destroy(client, raw_outs[i]);
    } else {
      pjrt_buffer_fill(outs[i], raw_outs[i], executable->output_specs[i]);
    }
  }
  if (error) pjrt_buffers_give_back(outs, first);
  return error;
}

static inline pjrt_error *wrap_plain_outputs(const pjrt_executable *executable,
                                             PJRT_Buffer *const *raw_outs,
                                             pjrt_buffer **outs,
                                             size_t num_outs) {
  pjrt_pool_lane *lane = pjrt_pool_lane_here(executable->client->pool);
  pjrt_link *idle = pjrt_pool_take_list(lane, PJRT_POOL_BUFFER);
  const pjrt_spec *const *specs = executable->output_specs;
#pragma GCC unroll 4
  for (size_t i = 0; i < num_outs; i++) {
    if (!idle) return wrap_the_rest(executable, raw_outs, outs, i);
    outs[i] = (pjrt_buffer *)idle;
    idle = idle->next;
    pjrt_buffer_fill(outs[i], raw_outs[i], specs[i]);
  }
  if (idle) pjrt_pool_give_list(lane, PJRT_POOL_BUFFER, idle);
  return NULL;
}

/* Launches; false when it is not plain, and then nothing was done. */
static inline __attribute__((always_inline)) bool launch_plainly(
    const pjrt_executable *executable, pjrt_buffer *const *args,
    size_t num_args, pjrt_buffer **outs, size_t num_outs, PJRT_Event **event,
    pjrt_error **out_error) {
  plain_launch run;
  if (!read_plain_args(executable, args, num_args, run.raw_args)) return false;
  *out_error = call_plainly(executable, &run, num_args, event);
  if (*out_error) {
    if (event) *event = NULL;
  } else {
    *out_error = wrap_plain_outputs(executable, run.raw_outs, outs, num_outs);
  }
  return true;
}

static pjrt_error *fail_plainly(const pjrt_executable *executable,
                                pjrt_buffer **outs, PJRT_Event *event,
                                pjrt_error *error) __attribute__((cold));

static pjrt_error *fail_plainly(const pjrt_executable *executable,
                                pjrt_buffer **outs, PJRT_Event *event,
                                pjrt_error *error) {
  for (size_t i = 0; i < executable->num_outputs; i++) outs[i] = NULL;
  pjrt_raw_event_destroy(executable->client, event);
  return error;
}

/* pjrt_raw_event_finish in one room: the args of the two calls are alike, and
 * this plugin is not one that writes behind them. */
static inline pjrt_error *finish_plainly(const pjrt_plugin *plugin,
                                         PJRT_Event *event) {
  typedef union await_or_destroy {
    PJRT_Event_Await_Args await;
    PJRT_Event_Destroy_Args destroy;
  } await_or_destroy;
  _Static_assert(offsetof(await_or_destroy, await.event) ==
                     offsetof(await_or_destroy, destroy.event),
                 "nothing of the one is left over in the other");
  if (!event) return NULL;
  PJRT_ROOM(await_or_destroy, args);
  args->await.event = event;
  pjrt_error *error = PJRT_CALL_PRESENT(plugin, PJRT_Event_Await, &args->await);
  args->destroy.event = event;
  pjrt_error_drop(
      PJRT_CALL_PRESENT(plugin, PJRT_Event_Destroy, &args->destroy));
  return error;
}

/* ---- asynchronous forms -------------------------------------------------- */

pjrt_error *pjrt_executable_execute_sharded_async(
    pjrt_executable *executable, size_t num_devices, pjrt_buffer *const *args,
    size_t num_args, const pjrt_execute_opts *opts, pjrt_buffer **outs,
    size_t num_outs, pjrt_event **out_done) {
  return pjrt_launch(executable, num_devices, args, num_args, opts, outs,
                     num_outs, false, out_done);
}

pjrt_error *pjrt_executable_execute_async(pjrt_executable *executable,
                                          pjrt_buffer *const *args,
                                          size_t num_args,
                                          const pjrt_execute_opts *opts,
                                          pjrt_buffer **outs, size_t num_outs,
                                          pjrt_event **out_done) {
  pjrt_error *error;
  PJRT_Event *event = NULL;
  if (!is_plain(executable, args, num_args, opts, outs, num_outs) ||
      !launch_plainly(executable, args, num_args, outs, num_outs,
                      out_done ? &event : NULL, &error)) {
    return pjrt_launch(executable, 1, args, num_args, opts, outs, num_outs,
                       false, out_done);
  }
  if (error) {
    if (out_done) *out_done = NULL;
    return fail_plainly(executable, outs, event, error);
  }
  if (!out_done) return NULL;
  error = pjrt_event_wrap(executable->client, event,
                          "PJRT_LoadedExecutable_Execute", out_done);
  if (!error) return NULL;
  pjrt_buffers_give_back(outs, num_outs);
  return fail_plainly(executable, outs, NULL, error);
}

/* ---- waiting forms ------------------------------------------------------- */

pjrt_error *pjrt_executable_execute_sharded(
    pjrt_executable *executable, size_t num_devices, pjrt_buffer *const *args,
    size_t num_args, const pjrt_execute_opts *opts, pjrt_buffer **outs,
    size_t num_outs) {
  return pjrt_launch(executable, num_devices, args, num_args, opts, outs,
                     num_outs, true, NULL);
}

pjrt_error *pjrt_executable_execute(pjrt_executable *executable,
                                    pjrt_buffer *const *args, size_t num_args,
                                    const pjrt_execute_opts *opts,
                                    pjrt_buffer **outs, size_t num_outs) {
  pjrt_error *error;
  PJRT_Event *event = NULL;
  if (!is_plain(executable, args, num_args, opts, outs, num_outs) ||
      !launch_plainly(executable, args, num_args, outs, num_outs, &event,
                      &error)) {
    return pjrt_launch(executable, 1, args, num_args, opts, outs, num_outs,
                       true, NULL);
  }
  if (error) return fail_plainly(executable, outs, event, error);
  error = finish_plainly(executable->client->plugin, event);
  if (!error) return NULL;
  pjrt_error_set_call(error, "PJRT_LoadedExecutable_Execute");
  pjrt_buffers_give_back(outs, num_outs);
  return fail_plainly(executable, outs, NULL, error);
}
