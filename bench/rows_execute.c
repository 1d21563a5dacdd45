/* Executing a tiny program: what a caller waits for besides the work. */
#include <pthread.h>

#include "calls.h"
#include "session.h"

enum { IN_FLIGHT = 8, MAX_THREADS = 4, CALLS_PER_THREAD = 250 };

/* ---- one after the other ------------------------------------------------- */

static void free_outputs(const session *it) {
  const size_t num = it->shape.num_outs * it->num_devices;
  for (size_t i = 0; i < num; i++) pjrt_buffer_free(it->outs[i]);
}

static void lib_execute_await(void *state) {
  session *it = state;
  check(pjrt_executable_execute(it->executable, it->args, it->shape.num_args,
                                NULL, it->outs, it->shape.num_outs));
  free_outputs(it);
}

static void bare_side_execute_await(void *state) {
  session *it = state;
  bare_execute_await(&it->bare);
}

static void lib_execute(void *state) {
  session *it = state;
  check(pjrt_executable_execute_async(it->executable, it->args,
                                      it->shape.num_args, NULL, it->outs,
                                      it->shape.num_outs, NULL));
  free_outputs(it);
}

static void bare_side_execute(void *state) {
  session *it = state;
  bare_execute(&it->bare);
}

/* ---- several at once ----------------------------------------------------- */

static void lib_in_flight(void *state) {
  session *it = state;
  pjrt_buffer *outs[IN_FLIGHT];
  pjrt_event *done[IN_FLIGHT];
  for (int i = 0; i < IN_FLIGHT; i++) {
    check(pjrt_executable_execute_async(it->executable, it->args,
                                        it->shape.num_args, NULL, &outs[i], 1,
                                        &done[i]));
  }
  for (int i = 0; i < IN_FLIGHT; i++) {
    check(pjrt_event_await(done[i]));
    pjrt_event_free(done[i]);
    pjrt_buffer_free(outs[i]);
  }
}

static void bare_in_flight(void *state) {
  session *it = state;
  PJRT_Buffer *outs[IN_FLIGHT];
  PJRT_Event *done[IN_FLIGHT];
  for (int i = 0; i < IN_FLIGHT; i++) {
    call_launch(&it->bare, 1, &outs[i], &done[i]);
  }
  for (int i = 0; i < IN_FLIGHT; i++) {
    call_await(&it->bare, done[i]);
    call_free(&it->bare, outs[i]);
  }
}

static void lib_devices(void *state) {
  session *it = state;
  check(pjrt_executable_execute_sharded(it->executable, it->num_devices,
                                        it->args, it->shape.num_args, NULL,
                                        it->outs, it->shape.num_outs));
  free_outputs(it);
}

static void bare_devices(void *state) {
  session *it = state;
  PJRT_Event *done[MAX_LAUNCH_DEVICES];
  call_launch(&it->bare, it->num_devices, it->bare.outs, done);
  for (size_t i = 0; i < it->num_devices; i++) {
    call_await(&it->bare, done[i]);
    call_free(&it->bare, it->bare.outs[i]);
  }
}

/* ---- several threads ----------------------------------------------------- */

static void *lib_thread(void *state) {
  session *it = state;
  for (int i = 0; i < CALLS_PER_THREAD; i++) {
    pjrt_buffer *out;
    check(pjrt_executable_execute(it->executable, it->args, it->shape.num_args,
                                  NULL, &out, 1));
    pjrt_buffer_free(out);
  }
  return NULL;
}

static void *bare_thread(void *state) {
  session *it = state;
  for (int i = 0; i < CALLS_PER_THREAD; i++) {
    PJRT_Buffer *out;
    PJRT_Event *done;
    call_launch(&it->bare, 1, &out, &done);
    call_await(&it->bare, done);
    call_free(&it->bare, out);
  }
  return NULL;
}

static void run_threads(void *state, void *(*body)(void *), size_t num) {
  pthread_t threads[MAX_THREADS];
  for (size_t i = 0; i < num; i++) {
    if (pthread_create(&threads[i], NULL, body, state) != 0) {
      fail("cannot start a thread");
    }
  }
  for (size_t i = 0; i < num; i++) pthread_join(threads[i], NULL);
}

static void lib_1_thread(void *state) { run_threads(state, lib_thread, 1); }
static void lib_2_threads(void *state) { run_threads(state, lib_thread, 2); }
static void lib_4_threads(void *state) { run_threads(state, lib_thread, 4); }
static void bare_1_thread(void *state) { run_threads(state, bare_thread, 1); }
static void bare_2_threads(void *state) { run_threads(state, bare_thread, 2); }
static void bare_4_threads(void *state) { run_threads(state, bare_thread, 4); }

/* ---- the rows ------------------------------------------------------------ */

/* Both ways once, so that a wrong result ends the program before a number is
 * printed. */
static void check_both(session *it) {
  if (!it->setup->checked) return;
  check(pjrt_executable_execute_sharded(it->executable, it->num_devices,
                                        it->args, it->shape.num_args, NULL,
                                        it->outs, it->shape.num_outs));
  session_check_outputs(it);
  free_outputs(it);
  PJRT_Event *done[MAX_LAUNCH_DEVICES];
  call_launch(&it->bare, it->num_devices, it->bare.outs, done);
  for (size_t i = 0; i < it->num_devices; i++) call_await(&it->bare, done[i]);
  for (size_t i = 0; i < it->num_devices * it->shape.num_outs; i++) {
    const size_t out = i % it->shape.num_outs;
    float value;
    call_download(&it->bare, it->bare.outs[i], &value, sizeof value);
    check_value("a bare call's output", session_expected(it, out), value);
    call_free(&it->bare, it->bare.outs[i]);
  }
}

static void open_with(const bench_setup *setup, const bench_row *row,
                      void **states, program_shape shape, size_t num_devices) {
  session *it = session_open(setup, shape, num_devices);
  check_both(it);
  for (size_t i = 0; i < row_num_sides(row); i++) states[i] = it;
}

static void open_add(const bench_setup *setup, const bench_row *row,
                     void **states) {
  open_with(setup, row, states, (program_shape){2, 1, 1}, 1);
}

static void open_many(const bench_setup *setup, const bench_row *row,
                      void **states) {
  open_with(setup, row, states, (program_shape){row->size, row->size, 1}, 1);
}

static void open_devices(const bench_setup *setup, const bench_row *row,
                         void **states) {
  open_with(setup, row, states, (program_shape){2, 1, 1}, row->size);
}

static void close_row(const bench_row *row, void **states) {
  (void)row;
  session_close(states[0]);
}

const bench_row execute_rows[] = {
    {"execute: await",
     open_add,
     close_row,
     0,
     {{"bare", bare_side_execute_await, 0, 1},
      {"library", lib_execute_await, 0, 1},
      {"bare again", bare_side_execute_await, 0, 1}}},
    {"execute: not waited for",
     open_add,
     close_row,
     0,
     {{"bare", bare_side_execute, 0, 1}, {"library", lib_execute, 0, 1}}},
    {"execute: 8 in flight",
     open_add,
     close_row,
     0,
     {{"bare", bare_in_flight, 0, IN_FLIGHT},
      {"library", lib_in_flight, 0, IN_FLIGHT}}},
    {"execute: 100 inputs, 100 outputs",
     open_many,
     close_row,
     100,
     {{"bare", bare_side_execute_await, 0, 1},
      {"library", lib_execute_await, 0, 1}}},
    {"execute: 4 devices",
     open_devices,
     close_row,
     MAX_LAUNCH_DEVICES,
     {{"bare", bare_devices, 0, 1}, {"library", lib_devices, 0, 1}}},
    {"execute: threads",
     open_add,
     close_row,
     0,
     {{"bare, 1", bare_1_thread, 1, CALLS_PER_THREAD},
      {"library, 1", lib_1_thread, 1, CALLS_PER_THREAD},
      {"bare, 2", bare_2_threads, 2, 2 * CALLS_PER_THREAD},
      {"library, 2", lib_2_threads, 2, 2 * CALLS_PER_THREAD},
      {"bare, 4", bare_4_threads, 4, 4 * CALLS_PER_THREAD},
      {"library, 4", lib_4_threads, 4, 4 * CALLS_PER_THREAD}}},
    {0}};
