/* Plugins that call back where one would not expect it: each time on a thread
 * of its own, or before PJRT_Event_OnReady returns. */
#include <stdatomic.h>
#include <stdio.h>

#include "sim_fixture.h"

static const pjrt_sim_callback_mode modes[] = {
    PJRT_SIM_CALLBACKS_AS_COMPLETED, PJRT_SIM_CALLBACKS_ON_FOREIGN_THREADS,
    PJRT_SIM_CALLBACKS_IN_REGISTERING_CALL};

/* Executions end a moment later, with this code. */
static fixture *open_with(pjrt_sim_callback_mode mode, PJRT_Error_Code code) {
  pjrt_sim_options options;
  const pjrt_sim_fault later = {.function = "PJRT_LoadedExecutable_Execute",
                                .async_code = code,
                                .async_delay_ms = 3,
                                .message = "the fault"};
  sim_path();
  sim.options_init(&options);
  options.callbacks = mode;
  options.faults = &later;
  options.num_faults = 1;
  return fixture_create(&options);
}

static void close_with(fixture *f) {
  fixture_drop(f);
  test_free(f);
  expect_nothing_alive();
  expect_no_misuse();
}

typedef struct launch {
  pjrt_executable *executable;
  arguments in;
  pjrt_buffer *outs[2];
  pjrt_event *done;
} launch;

static launch start(fixture *f) {
  launch l;
  l.executable = compile(f->client, pass_program, NULL);
  l.in = upload_arguments(f->device);
  expect_ok(pjrt_executable_execute_async(l.executable, l.in.args, 2, NULL,
                                          l.outs, 2, &l.done));
  return l;
}

static void end(launch *l) {
  pjrt_event_free(l->done);
  pjrt_executable_free(l->executable);
  free_buffers(l->in.args, 2);
  free_buffers(l->outs, 2);
}

static atomic_int num_calls[2]; /* without and with an error */

static void count(const pjrt_error *error, void *user) {
  (void)user;
  atomic_fetch_add(&num_calls[error != NULL], 1);
}

/* Every way of waiting, one after the other on one event. */
static void wait_in_all_ways(fixture *f, pjrt_code expected) {
  launch l = start(f);
  pjrt_event *ready, *join;
  int fd;
  num_calls[0] = num_calls[1] = 0;
  expect_ok(pjrt_event_on_ready(l.done, count, NULL));
  expect_ok(pjrt_event_fd(l.done, &fd));
  expect_ok(pjrt_buffer_ready_event(l.outs[0], &ready));
  expect_ok(pjrt_event_join((pjrt_event *[]){l.done, ready}, 2, &join));
  expect_ok(pjrt_event_on_ready(join, count, NULL));
  pjrt_error *error = pjrt_event_await_for(join, INT64_C(60000000000));
  assert_int_equal(pjrt_error_code(error), expected);
  pjrt_error_free(error);
  error = pjrt_event_await(l.done);
  assert_int_equal(pjrt_error_code(error), expected);
  pjrt_error_free(error);
  wait_until(atomic_load(&num_calls[expected != PJRT_OK]) == 2);
  assert_int_equal(num_calls[expected == PJRT_OK], 0);
  pjrt_event_free(join);
  pjrt_event_free(ready);
  end(&l);
}

static void test_waiting(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
    fixture *f = open_with(modes[i], PJRT_Error_Code_OK);
    wait_in_all_ways(f, PJRT_OK);
    close_with(f);
    f = open_with(modes[i], PJRT_Error_Code_DATA_LOSS);
    wait_in_all_ways(f, PJRT_DATA_LOSS);
    close_with(f);
  }
}

/* What a callback frees is destroyed elsewhere. */
static void free_all(const pjrt_error *error, void *user) {
  launch *l = user;
  (void)error;
  end(l);
  atomic_fetch_add(&num_calls[0], 1);
}

static void test_freeing_in_callbacks(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
    fixture *f = open_with(modes[i], PJRT_Error_Code_OK);
    launch l = start(f);
    num_calls[0] = 0;
    expect_ok(pjrt_event_on_ready(l.done, free_all, &l));
    wait_until(atomic_load(&num_calls[0]) == 1);
    close_with(f);
  }
}

static void released(void *data, void *user) {
  (void)data;
  atomic_fetch_add((atomic_int *)user, 1);
}

/* Lent memory comes back once, whoever says that it is done with. */
static void test_adopted_memory_comes_back(void **state) {
  static _Alignas(64) float lent[4] = {1, 2, 3, 4};
  (void)state;
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
    fixture *f = open_with(modes[i], PJRT_Error_Code_OK);
    atomic_int num_released = 0;
    pjrt_buffer *buffer;
    expect_ok(pjrt_buffer_adopt_host(f->device, PJRT_F32, (const int64_t[]){4},
                                     1, lent, sizeof lent, PJRT_ADOPT_MUTABLE,
                                     released, &num_released, &buffer));
    pjrt_buffer_free(buffer);
    wait_until(atomic_load(&num_released) == 1);
    close_with(f);
    assert_int_equal(num_released, 1);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_waiting),
      cmocka_unit_test(test_freeing_in_callbacks),
      cmocka_unit_test(test_adopted_memory_comes_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
