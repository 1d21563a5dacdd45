#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "board.h"
#include "supervise.h"

/* One run that was launched and not yet awaited. */
struct flight {
  pjrt_event *done;
  pjrt_buffer **outs;
  int64_t launched_ns;
};

struct bench {
  struct cli *cli;
  const bench_options *options;
  pjrt_executable *executable;
  const struct given_arrays *inputs;
  struct launch launch;
  int64_t *kept; /* every argument: the program may donate none */
  struct flight *flights;
  struct timings *timings;
  size_t capacity; /* of timings->run_ns */
  int64_t reported_ns;
};

/* A call may be no longer than --timeout, all of them together may: the board
 * is told often, and not so often that it would be measured. */
static void tell_board(struct bench *b, int64_t now) {
  const int64_t interval_ns = 100000000;
  if (b->reported_ns && now - b->reported_ns < interval_ns) return;
  if (b->reported_ns) call_end(b->cli);
  call_begin(b->cli, "PJRT_LoadedExecutable_Execute", "measuring");
  b->reported_ns = now;
}

static status keep_time(struct bench *b, int64_t ns) {
  struct timings *t = b->timings;
  if (t->num_runs == b->capacity) {
    b->capacity = b->capacity ? 2 * b->capacity : 1024;
    int64_t *grown = realloc(t->run_ns, b->capacity * sizeof *grown);
    if (!grown) return fail_system(b->cli, "realloc");
    t->run_ns = grown;
  }
  t->run_ns[t->num_runs++] = ns;
  return STATUS_OK;
}

static status tell_error(struct bench *b, pjrt_error *error) {
  return fail_error(b->cli, STATUS_EXECUTE, error, "cannot run %s",
                    pjrt_executable_name(b->executable, NULL));
}

/* ---- one run after the other, or several in flight ----------------------- */

static size_t num_outs(const struct bench *b) {
  return b->launch.num_devices * b->launch.num_outs;
}

static void free_outs(struct bench *b, struct flight *flight) {
  for (size_t i = 0; i < num_outs(b); i++) {
    pjrt_buffer_free(flight->outs[i]);
    flight->outs[i] = NULL;
  }
}

static pjrt_error *take_off(struct bench *b, struct flight *flight) {
  const struct launch *launch = &b->launch;
  pjrt_execute_opts opts;
  pjrt_execute_opts_init(&opts);
  opts.non_donatable_inputs = b->kept;
  opts.num_non_donatable_inputs = launch->num_args;
  flight->launched_ns = now_ns();
  return pjrt_executable_execute_sharded_async(
      b->executable, launch->num_devices, launch->args, launch->num_args, &opts,
      flight->outs, launch->num_outs, &flight->done);
}

/* Does nothing for one that is not in flight. */
static pjrt_error *land(struct bench *b, struct flight *flight,
                        int64_t *out_ns) {
  *out_ns = -1;
  if (!flight->done) return NULL;
  pjrt_error *error = pjrt_event_await(flight->done);
  *out_ns = now_ns() - flight->launched_ns;
  pjrt_event_free(flight->done);
  flight->done = NULL;
  free_outs(b, flight);
  return error;
}

/* ---- runs with transfers ------------------------------------------------- */

static pjrt_error *upload_again(struct bench *b) {
  const struct launch *launch = &b->launch;
  for (size_t i = 0; i < launch->num_devices * launch->num_args; i++) {
    pjrt_device *device =
        pjrt_executable_device(b->executable, i / launch->num_args);
    pjrt_buffer_free(launch->args[i]);
    PJRT_TRY(pjrt_buffer_from_array(
        device, b->inputs->items[i % b->inputs->num].array, &launch->args[i]));
  }
  return NULL;
}

static pjrt_error *download(struct bench *b, const struct flight *flight) {
  for (size_t i = 0; i < num_outs(b); i++) {
    pjrt_array *array;
    PJRT_TRY(pjrt_buffer_to_array(flight->outs[i], &array));
    pjrt_array_free(array);
  }
  return NULL;
}

static pjrt_error *round_trip(struct bench *b, int64_t *out_ns) {
  struct flight *flight = b->flights;
  int64_t ignored;
  const int64_t begin = now_ns();
  PJRT_TRY(upload_again(b));
  PJRT_TRY(take_off(b, flight));
  pjrt_error *error = download(b, flight);
  *out_ns = now_ns() - begin;
  pjrt_error *late = land(b, flight, &ignored);
  if (!error) return late;
  pjrt_error_free(late);
  return error;
}

/* ---- the loop ------------------------------------------------------------ */

static bool is_enough(const struct bench *b, int64_t num, int64_t begin) {
  if (b->options->runs) return num >= b->options->runs;
  return (double)(now_ns() - begin) >= 1e9 * b->options->seconds;
}

/* A run; `*out_ns` is the time of one that ended, -1 if none did. */
static pjrt_error *run_once(struct bench *b, int64_t i, int64_t *out_ns) {
  if (b->options->transfers) return round_trip(b, out_ns);
  struct flight *flight = &b->flights[i % b->options->in_flight];
  PJRT_TRY(land(b, flight, out_ns));
  return take_off(b, flight);
}

static status finish(struct bench *b, bool is_warm) {
  status code = STATUS_OK;
  for (int64_t i = 0; i < b->options->in_flight; i++) {
    int64_t ns;
    pjrt_error *error = land(b, &b->flights[i], &ns);
    if (error) return tell_error(b, error);
    if (ns >= 0 && is_warm) code = keep_time(b, ns);
    if (code != STATUS_OK) return code;
  }
  return code;
}

static status warm_up(struct bench *b) {
  for (int64_t i = 0; i < b->options->warmup; i++) {
    int64_t ns;
    tell_board(b, now_ns());
    pjrt_error *error = run_once(b, i, &ns);
    if (error) return tell_error(b, error);
  }
  return finish(b, false);
}

static status run_all(struct bench *b) {
  status code = warm_up(b);
  if (code != STATUS_OK) return code;
  const int64_t begin = now_ns();
  for (int64_t i = 0; i == 0 || !is_enough(b, i, begin); i++) {
    int64_t ns;
    tell_board(b, now_ns());
    pjrt_error *error = run_once(b, i, &ns);
    if (error) return tell_error(b, error);
    if (ns >= 0) code = keep_time(b, ns);
    if (code != STATUS_OK) return code;
  }
  code = finish(b, true);
  b->timings->total_ns = now_ns() - begin;
  return code;
}

/* ---- the whole ----------------------------------------------------------- */

static bool allocate(struct bench *b) {
  const size_t num = (size_t)b->options->in_flight;
  b->flights = calloc(num, sizeof *b->flights);
  b->kept = calloc(b->launch.num_args + 1, sizeof *b->kept);
  if (!b->flights || !b->kept) return false;
  for (size_t i = 0; i < num; i++) {
    b->flights[i].outs = calloc(num_outs(b) + 1, sizeof(pjrt_buffer *));
    if (!b->flights[i].outs) return false;
  }
  for (size_t i = 0; i < b->launch.num_args; i++) b->kept[i] = (int64_t)i;
  return true;
}

static void release(struct bench *b) {
  for (int64_t i = 0; b->flights && i < b->options->in_flight; i++) {
    pjrt_event_free(b->flights[i].done);
    if (b->flights[i].outs) free_outs(b, &b->flights[i]);
    free(b->flights[i].outs);
  }
  if (b->reported_ns) call_end(b->cli);
  free(b->flights);
  free(b->kept);
  launch_free(&b->launch);
}

static int compare_times(const void *a, const void *b) {
  const int64_t first = *(const int64_t *)a, second = *(const int64_t *)b;
  return (first > second) - (first < second);
}

status bench_measure(struct cli *cli, const bench_options *options,
                     pjrt_executable *executable,
                     const struct given_arrays *inputs, struct timings *out) {
  struct bench b = {.cli = cli,
                    .options = options,
                    .executable = executable,
                    .inputs = inputs,
                    .timings = out};
  const int64_t begin = now_ns();
  status code = launch_prepare(cli, executable, inputs, &b.launch);
  out->upload_ns = now_ns() - begin;
  if (code == STATUS_OK && !allocate(&b)) code = fail_system(cli, "calloc");
  if (code == STATUS_OK) code = run_all(&b);
  release(&b);
  if (out->num_runs) {
    qsort(out->run_ns, out->num_runs, sizeof *out->run_ns, compare_times);
  }
  return code;
}

void timings_free(struct timings *timings) { free(timings->run_ns); }
