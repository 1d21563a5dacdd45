/* A launch in general. Nothing is allocated in steady state, and every check is
 * a compare with what was learnt when the executable was made. */
#include "core/launch.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/buffer.h"
#include "core/event.h"
#include "core/execute_request.h"
#include "core/opts.h"
#include "core/plugin.h"

typedef struct launch {
  pjrt_executable *executable;
  size_t num_devices;
  pjrt_buffer *const *args; /* num_devices groups */
  size_t num_args;
  pjrt_buffer **outs; /* num_devices groups */
  size_t num_outs;
  bool waits; /* instead of handing out an event */
  pjrt_execute_opts opts;
  pjrt_execute_request request;
  pjrt_device *device; /* for a portable executable */

  /* What the plugin sees. */
  PJRT_Buffer **raw_args;
  PJRT_Buffer **raw_outs;
  PJRT_Buffer ***arg_lists;
  PJRT_Buffer ***out_lists;
  PJRT_Event **events; /* NULL: none are asked for */
} launch;

/* ---- checks before anything happens -------------------------------------- */

static pjrt_error *check_counts(const launch *run) {
  const pjrt_executable *executable = run->executable;
  if (run->num_devices != executable->num_devices) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "%zu devices, where the executable %s runs on %zu",
                             run->num_devices, executable->name.data,
                             executable->num_devices);
  }
  if (executable->signature && run->num_args != executable->num_parameters) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "%zu arguments, where the executable %s takes %zu",
                             run->num_args, executable->name.data,
                             executable->num_parameters);
  }
  if (run->num_outs != executable->num_outputs) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "room for %zu outputs, where the executable %s "
                             "has %zu",
                             run->num_outs, executable->name.data,
                             executable->num_outputs);
  }
  if ((run->num_args && !run->args) || (run->num_outs && !run->outs)) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "%s is NULL",
                             run->num_args && !run->args ? "args" : "outs");
  }
  return NULL;
}

static pjrt_error *check_device(launch *run) {
  const pjrt_executable *executable = run->executable;
  pjrt_device *device = run->opts.device;
  if (!executable->is_portable) {
    if (!device || device == executable->devices[0]) return NULL;
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "device %d is named, where the executable %s was "
                             "compiled for device %d",
                             device->description.id, executable->name.data,
                             executable->devices[0]->description.id);
  }
  if (!device || device->client != executable->client ||
      !device->is_addressable) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "the portable executable %s needs a device of "
                             "this process and its own client; %s",
                             executable->name.data,
                             device ? "another one is named" : "none is named");
  }
  run->device = device;
  return NULL;
}

static pjrt_error *check_launch(launch *run) {
  PJRT_TRY(check_counts(run));
  PJRT_TRY(check_device(run));
  return pjrt_execute_request_read(run->executable->client, &run->opts,
                                   run->num_devices, run->num_args,
                                   &run->request);
}

/* ---- arguments ----------------------------------------------------------- */

static pjrt_error *wrong_argument(const launch *run, size_t i, pjrt_code code,
                                  const char *reason) {
  size_t device = run->num_args ? i / run->num_args : 0;
  size_t index = run->num_args ? i % run->num_args : 0;
  if (run->num_devices == 1) {
    return pjrt_error_format(code, "argument %zu of %s: %s", index,
                             run->executable->name.data, reason);
  }
  return pjrt_error_format(code, "argument %zu of %s, device %zu: %s", index,
                           run->executable->name.data, device, reason);
}

static pjrt_error *wrong_spec(const launch *run, size_t i,
                              const pjrt_spec *expected) {
  char reason[2 * PJRT_SPEC_TEXT_SIZE + 64];
  char want[PJRT_SPEC_TEXT_SIZE], got[PJRT_SPEC_TEXT_SIZE];
  const pjrt_spec *actual = run->args[i]->spec;
  const pjrt_device *device = expected->device ? expected->device : run->device;
  if (!pjrt_spec_same_shape(actual, expected)) {
    pjrt_spec_print(expected, want);
    pjrt_spec_print(actual, got);
    snprintf(reason, sizeof reason, "expected %s, got %s", want, got);
  } else {
    snprintf(reason, sizeof reason, "expected on device %d, it is on device %d",
             device->description.id, actual->device->description.id);
  }
  return wrong_argument(run, i, PJRT_INVALID_ARGUMENT, reason);
}

static pjrt_error *wrong_state(const launch *run, size_t i) {
  unsigned state = atomic_load(&run->args[i]->state);
  switch (state & PJRT_BUFFER_KIND_MASK) {
    case PJRT_BUFFER_CLAIMED:
      return wrong_argument(run, i, PJRT_FAILED_PRECONDITION,
                            "it is being donated, by this launch or another");
    case PJRT_BUFFER_DONATED:
      return wrong_argument(run, i, PJRT_FAILED_PRECONDITION, "it was donated");
    case PJRT_BUFFER_DELETED:
      return wrong_argument(run, i, PJRT_FAILED_PRECONDITION, "it was deleted");
    default:
      return wrong_argument(run, i, PJRT_FAILED_PRECONDITION,
                            "it is mapped and would be donated; unmap it, or "
                            "name it in non_donatable_inputs");
  }
}

/* The device that the i-th argument must be on. */
static pjrt_device *device_for(const launch *run, size_t i) {
  return run->device ? run->device
                     : run->executable->devices[i / run->num_args];
}

static pjrt_error *check_unchecked_argument(const launch *run, size_t i) {
  const pjrt_buffer *arg = run->args[i];
  pjrt_device *device = device_for(run, i);
  char reason[80];
  if (arg->spec->device == device) return NULL;
  snprintf(reason, sizeof reason, "expected on device %d, it is on device %d",
           device->description.id, arg->spec->device->description.id);
  return wrong_argument(run, i, PJRT_INVALID_ARGUMENT, reason);
}

static pjrt_error *check_argument(const launch *run, size_t i) {
  const pjrt_executable *executable = run->executable;
  const pjrt_buffer *arg = run->args[i];
  if (!arg) return wrong_argument(run, i, PJRT_INVALID_ARGUMENT, "it is NULL");
  if (arg->client != executable->client) {
    return wrong_argument(run, i, PJRT_INVALID_ARGUMENT,
                          "it belongs to another client");
  }
  if (!executable->signature) return check_unchecked_argument(run, i);
  const pjrt_spec *expected = executable->parameter_specs[i];
  if (arg->spec == expected) return NULL;
  if (pjrt_spec_fits(arg->spec, expected) &&
      (!run->device || arg->spec->device == run->device)) {
    return NULL;
  }
  return wrong_spec(run, i, expected);
}

static pjrt_error *check_arguments(const launch *run) {
  size_t num = run->num_devices * run->num_args;
  for (size_t i = 0; i < num; i++) {
    PJRT_TRY(check_argument(run, i));
    run->raw_args[i] = run->args[i]->raw;
  }
  return NULL;
}

/* ---- donation ------------------------------------------------------------ */

static bool is_kept(const launch *run, size_t index) {
  for (size_t i = 0; i < run->opts.num_non_donatable_inputs; i++) {
    if (run->opts.non_donatable_inputs[i] == (int64_t)index) return true;
  }
  return false;
}

/* Calls `each` for every argument that this launch donates, in order, until it
 * says false. */
static bool for_each_donated(const launch *run, size_t limit,
                             bool (*each)(const launch *run, size_t i)) {
  const pjrt_executable *executable = run->executable;
  for (size_t d = 0; d < run->num_devices; d++) {
    for (size_t k = 0; k < executable->num_donated; k++) {
      size_t i = d * run->num_args + executable->donated[k];
      if (i >= limit) return true;
      if (is_kept(run, executable->donated[k])) continue;
      if (!each(run, i)) return false;
    }
  }
  return true;
}

static bool unclaim(const launch *run, size_t i) {
  pjrt_buffer_settle(run->args[i], PJRT_BUFFER_LIVE);
  return true;
}

/* Says which donated argument could not be claimed; num if all could. */
static size_t claim_all(const launch *run) {
  const pjrt_executable *executable = run->executable;
  for (size_t d = 0; d < run->num_devices; d++) {
    for (size_t k = 0; k < executable->num_donated; k++) {
      size_t i = d * run->num_args + executable->donated[k];
      unsigned state;
      if (is_kept(run, executable->donated[k])) continue;
      if (!pjrt_buffer_end_live(run->args[i], PJRT_BUFFER_CLAIMED, &state)) {
        return i;
      }
    }
  }
  return run->num_devices * run->num_args;
}

/* Whether the plugin did consume it: it may have copied instead. `consumed` is
 * what to believe of a plugin that does not say. */
static bool settle(const launch *run, size_t i, bool consumed) {
  pjrt_buffer *arg = run->args[i];
  pjrt_error_free(pjrt_raw_buffer_is_deleted(arg->client, arg->raw, &consumed));
  pjrt_buffer_settle(arg, consumed ? PJRT_BUFFER_DONATED : PJRT_BUFFER_LIVE);
  return true;
}

static bool settle_launched(const launch *run, size_t i) {
  return settle(run, i, true);
}

static bool settle_refused(const launch *run, size_t i) {
  return settle(run, i, false);
}

/* Is the i-th argument one of those that this launch claimed? */
static bool is_claimed_here(const launch *run, size_t i) {
  size_t index = i % run->num_args;
  return run->executable->signature &&
         run->executable->signature->is_donated[index] && !is_kept(run, index);
}

/* Every argument must be live, but for those that are claimed. */
static pjrt_error *check_states(const launch *run) {
  size_t num = run->num_devices * run->num_args;
  for (size_t i = 0; i < num; i++) {
    if (pjrt_buffer_kind(run->args[i]) == PJRT_BUFFER_LIVE) continue;
    if (run->executable->num_donated && is_claimed_here(run, i)) continue;
    return wrong_state(run, i);
  }
  return NULL;
}

/* Claims what is donated, so that no other thread can pass it as well, and
 * then looks at the rest: an argument given twice shows itself there. */
static pjrt_error *claim(const launch *run) {
  size_t num = run->num_devices * run->num_args;
  size_t claimed = run->executable->num_donated ? claim_all(run) : num;
  pjrt_error *error = claimed < num ? wrong_state(run, claimed) : NULL;
  if (!error) error = check_states(run);
  if (error) for_each_donated(run, claimed, unclaim);
  return error;
}

/* ---- the call ------------------------------------------------------------ */

static pjrt_error *call_plugin(const launch *run) {
  const pjrt_executable *executable = run->executable;
  const pjrt_plugin *plugin = executable->client->plugin;
  PJRT_STRUCT(plugin, PJRT_ExecuteOptions, options);
  options->context = executable->client->plain_options.value.context;
  pjrt_execute_request_fill(&run->request, &run->opts, options);
  PJRT_ARGS(PJRT_LoadedExecutable_Execute, args);
  args->executable = executable->raw;
  args->options = options;
  args->argument_lists = (PJRT_Buffer *const *const *)run->arg_lists;
  args->num_devices = run->num_devices;
  args->num_args = run->num_args;
  args->output_lists = run->out_lists;
  args->device_complete_events = run->events;
  args->execute_device = run->device ? run->device->raw : NULL;
  return PJRT_CALL(plugin, PJRT_LoadedExecutable_Execute, args);
}

/* The spec of an output that just came, from the signature where there is
 * one. */
static pjrt_error *spec_of_output(const launch *run, size_t i,
                                  const pjrt_spec **out) {
  pjrt_client *client = run->executable->client;
  const pjrt_spec *spec = run->executable->output_specs[i];
  *out = spec;
  if (spec && spec->device) return NULL;
  pjrt_device *device =
      run->device ? run->device : run->executable->devices[i / run->num_outs];
  if (!spec) {
    return pjrt_buffer_ask_spec(client, run->raw_outs[i], device, out);
  }
  return pjrt_spec_intern(&client->specs, spec->dtype, spec->dims,
                          spec->num_dims, spec->order, spec->minor_to_major,
                          device, out);
}

static pjrt_error *fill_outputs(const launch *run) {
  size_t num = run->num_devices * run->num_outs;
  pjrt_error *error = NULL;
  for (size_t i = 0; i < num; i++) {
    const pjrt_spec *spec = NULL;
    if (!error) error = spec_of_output(run, i, &spec);
    pjrt_buffer_fill(run->outs[i], run->raw_outs[i], spec);
  }
  return error;
}

/* Where nobody is to get the events. What the plugin calls back until then has
 * to stay. */
static void end_raw_events(const launch *run, size_t first) {
  const pjrt_client *client = run->executable->client;
  for (size_t d = first; run->events && d < run->num_devices; d++) {
    if (run->request.calls) {
      pjrt_error_drop(pjrt_raw_event_finish(client, run->events[d]));
    } else {
      pjrt_raw_event_destroy(client, run->events[d]);
    }
  }
}

static void clear_outputs(const launch *run) {
  size_t num = run->num_devices * run->num_outs;
  for (size_t i = 0; i < num; i++) run->outs[i] = NULL;
}

/* Outputs are wrapped before the launch, so that nothing can fail between the
 * launch and the caller but memory for a shape never seen before. */
static pjrt_error *launch_claimed(const launch *run) {
  size_t num_outs = run->num_devices * run->num_outs;
  pjrt_error *error =
      pjrt_buffers_take(run->executable->client, num_outs, run->outs);
  if (error) {
    for_each_donated(run, SIZE_MAX, unclaim);
    clear_outputs(run);
    return error;
  }
  error = call_plugin(run);
  if (run->executable->num_donated) {
    for_each_donated(run, SIZE_MAX, error ? settle_refused : settle_launched);
  }
  if (!error) error = fill_outputs(run);
  if (error) {
    pjrt_buffers_give_back(run->outs, num_outs);
    clear_outputs(run);
    end_raw_events(run, 0);
  }
  return error;
}

static void point_lists(launch *run, void **scratch) {
  run->raw_args = (PJRT_Buffer **)scratch;
  scratch += run->num_devices * run->num_args;
  run->raw_outs = (PJRT_Buffer **)scratch;
  scratch += run->num_devices * run->num_outs;
  run->arg_lists = (PJRT_Buffer ***)scratch;
  scratch += run->num_devices;
  run->out_lists = (PJRT_Buffer ***)scratch;
  scratch += run->num_devices;
  if (run->events) run->events = (PJRT_Event **)scratch;
  for (size_t d = 0; d < run->num_devices; d++) {
    run->arg_lists[d] = run->raw_args + d * run->num_args;
    run->out_lists[d] = run->raw_outs + d * run->num_outs;
    if (run->events) run->events[d] = NULL;
  }
}

/* ---- the end of a launch ------------------------------------------------- */

/* Frees them, and waits for them before when they have no join to do it. */
static void free_events(pjrt_event **events, size_t num, bool wait) {
  for (size_t i = 0; i < num; i++) {
    if (wait) pjrt_error_free(pjrt_event_await(events[i]));
    pjrt_event_free(events[i]);
  }
}

/* One event for all devices. */
static pjrt_error *join_events(const launch *run, pjrt_event **out) {
  void *memory;
  pjrt_client *client = run->executable->client;
  size_t num = 0;
  pjrt_error *error =
      pjrt_alloc(run->num_devices, sizeof(pjrt_event *), &memory);
  if (error) {
    end_raw_events(run, 0);
    return error;
  }
  pjrt_event **events = memory;
  for (; num < run->num_devices && !error; num += !error) {
    error = pjrt_event_wrap(client, run->events[num],
                            "PJRT_LoadedExecutable_Execute", &events[num]);
  }
  if (error) end_raw_events(run, num + 1);
  if (!error) error = pjrt_event_join(events, num, out);
  free_events(events, num, error && run->request.calls);
  free(events);
  return error;
}

static pjrt_error *wrap_events(const launch *run, pjrt_event **out) {
  if (run->num_devices > 1) return join_events(run, out);
  return pjrt_event_wrap(run->executable->client, run->events[0],
                         "PJRT_LoadedExecutable_Execute", out);
}

/* What the launch left with the plugin ends with it. */
static pjrt_error *hand_over_calls(launch *run, pjrt_event *done) {
  if (!run->request.calls) return NULL;
  PJRT_TRY(pjrt_host_calls_end_with(run->request.calls, done));
  run->request.calls = NULL;
  return NULL;
}

static pjrt_error *give_event(launch *run, pjrt_event **out_done) {
  pjrt_event *done;
  PJRT_TRY(wrap_events(run, &done));
  pjrt_error *error = hand_over_calls(run, done);
  if (error || !out_done) {
    pjrt_event_free(done);
  } else {
    *out_done = done;
  }
  return error;
}

/* Waits for all devices; the error of the first that failed. */
static pjrt_error *finish_events(const launch *run) {
  pjrt_error *first = NULL;
  for (size_t d = 0; d < run->num_devices; d++) {
    pjrt_error *error =
        pjrt_raw_event_finish(run->executable->client, run->events[d]);
    if (first) {
      pjrt_error_drop(error);
    } else {
      first = error;
    }
  }
  if (first) pjrt_error_set_call(first, "PJRT_LoadedExecutable_Execute");
  return first;
}

static pjrt_error *execute(launch *run, void **scratch, pjrt_event **out_done) {
  point_lists(run, scratch);
  PJRT_TRY(check_arguments(run));
  PJRT_TRY(claim(run));
  PJRT_TRY(launch_claimed(run));
  if (!run->events) return NULL;
  pjrt_error *error =
      run->waits ? finish_events(run) : give_event(run, out_done);
  if (error) {
    pjrt_buffers_give_back(run->outs, run->num_devices * run->num_outs);
    clear_outputs(run);
  }
  return error;
}

static pjrt_error *execute_with_scratch(launch *run, pjrt_event **out_done) {
  void *scratch[PJRT_LAUNCH_POINTERS];
  void *memory;
  PJRT_Event *wanted = NULL;
  size_t num = run->num_devices * (run->num_args + run->num_outs + 3);
  bool wanted_events = run->waits || out_done || run->request.calls;
  run->events = wanted_events ? &wanted : NULL;
  if (num <= PJRT_LAUNCH_POINTERS) return execute(run, scratch, out_done);
  PJRT_TRY(pjrt_alloc(num, sizeof(void *), &memory));
  pjrt_error *error = execute(run, memory, out_done);
  free(memory);
  return error;
}

pjrt_error *pjrt_launch(pjrt_executable *executable, size_t num_devices,
                        pjrt_buffer *const *args, size_t num_args,
                        const pjrt_execute_opts *opts, pjrt_buffer **outs,
                        size_t num_outs, bool wait, pjrt_event **out_done) {
  launch run = {.executable = executable,
                .num_devices = num_devices,
                .args = args,
                .num_args = num_args,
                .outs = outs,
                .num_outs = num_outs,
                .waits = wait};
  if (out_done) *out_done = NULL;
  for (size_t i = 0; outs && i < num_devices * num_outs; i++) outs[i] = NULL;
  PJRT_TRY(pjrt_executable_check(executable));
  pjrt_execute_opts_init(&run.opts);
  PJRT_TRY(
      pjrt_opts_read(opts, "pjrt_execute_opts", sizeof run.opts, &run.opts));
  pjrt_error *error = check_launch(&run);
  if (!error) error = execute_with_scratch(&run, out_done);
  pjrt_execute_request_clear(&run.request);
  return error;
}
