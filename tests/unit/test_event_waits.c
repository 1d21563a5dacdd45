/* Giving up a wait, asking an event for its error, and what it says of itself
 * to those who look for what a program hangs on. */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "sim_fixture.h"

/* An execution whose event is held back until sim.release_events(). */
typedef struct held {
  pjrt_executable *executable;
  arguments in;
  pjrt_buffer *outs[2];
  pjrt_event *done;
} held;

static held start(const fixture *f, PJRT_Error_Code code) {
  held h;
  sim_hold("PJRT_LoadedExecutable_Execute", code);
  h.executable = compile(f->client, pass_program, NULL);
  h.in = upload_arguments(f->device);
  expect_ok(pjrt_executable_execute_async(h.executable, h.in.args, 2, NULL,
                                          h.outs, 2, &h.done));
  return h;
}

static void end(held *h) {
  sim.release_events();
  free_buffers(h->in.args, 2);
  free_buffers(h->outs, 2);
  pjrt_executable_free(h->executable);
  pjrt_event_free(h->done);
}

static void count(const pjrt_error *error, void *user) {
  (void)error;
  atomic_fetch_add((atomic_int *)user, 1);
}

/* ---- the error of an event ----------------------------------------------- */

static void test_error_of_a_pending_event(void **state) {
  held h = start(*state, PJRT_Error_Code_DATA_LOSS);
  pjrt_event *join;
  expect_ok(pjrt_event_join(&h.done, 1, &join));
  expect_error(pjrt_event_error(NULL), PJRT_INVALID_ARGUMENT, "event is NULL");
  expect_error(pjrt_event_error(join), PJRT_FAILED_PRECONDITION,
               "the join of events is pending");
  pjrt_event_free(join);
  expect_error(pjrt_event_error(h.done), PJRT_FAILED_PRECONDITION,
               "PJRT_LoadedExecutable_Execute is pending");
  assert_int_equal(sim.num_calls("PJRT_Event_Error"), 0);
  end(&h);
}

static void test_error_of_a_ready_event(void **state) {
  held h = start(*state, PJRT_Error_Code_DATA_LOSS);
  sim.release_events();
  for (int i = 0; i < 2; i++)
    expect_error(pjrt_event_error(h.done), PJRT_DATA_LOSS, "the fault");
  assert_int_equal(sim.num_calls("PJRT_Event_Error"), 2);
  expect_error(pjrt_event_await_for(h.done, 0), PJRT_DATA_LOSS, "the fault");
  expect_error(pjrt_event_error(h.done), PJRT_DATA_LOSS, "the fault");
  end(&h);
  h = start(*state, PJRT_Error_Code_OK);
  sim.release_events();
  expect_ok(pjrt_event_error(h.done));
  end(&h);
}

/* An error of the asking is not the event's. */
static void test_error_that_cannot_be_asked(void **state) {
  held h = start(*state, PJRT_Error_Code_OK);
  sim.release_events();
  sim_fail("PJRT_Event_Error", 1, PJRT_Error_Code_UNAVAILABLE);
  expect_error(pjrt_event_error(h.done), PJRT_UNAVAILABLE, "the fault");
  expect_ok(pjrt_event_error(h.done));
  expect_ok(pjrt_event_await(h.done));
  end(&h);
}

/* ---- giving up ----------------------------------------------------------- */

static void *await_for_ever(void *event) {
  return pjrt_event_await_for(event, PJRT_NO_DEADLINE);
}

static void *await_for_long(void *event) {
  return pjrt_event_await_for(event, INT64_C(600000000000));
}

static void test_waits_are_given_up(void **state) {
  held h = start(*state, PJRT_Error_Code_OK);
  pthread_t threads[4];
  atomic_int num_calls = 0;
  expect_ok(pjrt_event_on_ready(h.done, count, &num_calls));
  for (size_t i = 0; i < 4; i++) {
    assert_int_equal(
        pthread_create(&threads[i], NULL,
                       i % 2 ? await_for_ever : await_for_long, h.done),
        0);
  }
  expect_ok(pjrt_event_cancel_waits(h.done));
  for (size_t i = 0; i < 4; i++) {
    void *error;
    assert_int_equal(pthread_join(threads[i], &error), 0);
    expect_error(error, PJRT_CANCELLED, "PJRT_LoadedExecutable_Execute");
  }
  /* Nor does anybody begin to wait. */
  expect_error(pjrt_event_await(h.done), PJRT_CANCELLED, "was given up");
  expect_error(pjrt_event_await_for(h.done, 0), PJRT_CANCELLED, "given up");
  expect_error(await_for_ever(h.done), PJRT_CANCELLED, "given up");
  /* The event itself goes on. */
  assert_int_equal(num_calls, 0);
  sim.release_events();
  assert_int_equal(num_calls, 1);
  expect_ok(pjrt_event_await(h.done));
  expect_ok(pjrt_event_await_for(h.done, 1));
  end(&h);
}

static void test_given_up_when_ready(void **state) {
  held h = start(*state, PJRT_Error_Code_DATA_LOSS);
  expect_error(pjrt_event_cancel_waits(NULL), PJRT_INVALID_ARGUMENT,
               "event is NULL");
  sim.release_events();
  expect_ok(pjrt_event_cancel_waits(h.done));
  expect_error(pjrt_event_await(h.done), PJRT_DATA_LOSS, "the fault");
  end(&h);
}

/* A join is waited for on its own. */
static void test_joins_are_given_up_alone(void **state) {
  held h = start(*state, PJRT_Error_Code_OK);
  pjrt_event *join, *other;
  expect_ok(pjrt_event_join(&h.done, 1, &join));
  expect_ok(pjrt_event_join(&h.done, 1, &other));
  expect_ok(pjrt_event_cancel_waits(join));
  expect_error(pjrt_event_await(join), PJRT_CANCELLED, "the join of events");
  expect_error(pjrt_event_await_for(other, 1), PJRT_DEADLINE_EXCEEDED,
               "1 of 1 are pending, the first is that of "
               "PJRT_LoadedExecutable_Execute");
  sim.release_events();
  expect_ok(pjrt_event_await(join));
  expect_ok(pjrt_event_await(other));
  pjrt_event_free(join);
  pjrt_event_free(other);
  end(&h);
}

/* The wrapper of an event is used again, what was noted in it is not. */
static void test_nothing_is_left_for_the_next(void **state) {
  for (int i = 0; i < 3; i++) {
    held h = start(*state, PJRT_Error_Code_OK);
    char *text;
    expect_ok(pjrt_event_describe(h.done, PJRT_ALL_LINES, &text, NULL));
    assert_non_null(strstr(text, "pending, nobody waited for it yet"));
    assert_null(strstr(text, "given up"));
    pjrt_host_free(text);
    sim.release_events();
    if (i != 1) expect_ok(pjrt_event_cancel_waits(h.done));
    expect_ok(pjrt_event_await(h.done));
    end(&h);
  }
}

/* ---- descriptions -------------------------------------------------------- */

#define ON " on libpjrt_sim.so (API 0.117): "

static void expect_text(pjrt_event *event, const char *expected) {
  char *text;
  size_t size;
  expect_ok(pjrt_event_describe(event, PJRT_ALL_LINES, &text, &size));
  assert_int_equal(strlen(text), size);
  assert_string_equal(text, expected);
  pjrt_host_free(text);
}

/* The seconds in "first waited for %f s ago"; negative when it is not there. */
static double age_of(pjrt_event *event) {
  static const char before[] = "pending, first waited for ";
  char *text;
  expect_ok(pjrt_event_describe(event, PJRT_ALL_LINES, &text, NULL));
  const char *at = strstr(text, before);
  const double age = at ? strtod(at + sizeof before - 1, NULL) : -1;
  pjrt_host_free(text);
  return age;
}

static void test_described(void **state) {
  static const char waiting[] = "PJRT_LoadedExecutable_Execute" ON "pending";
  held h = start(*state, PJRT_Error_Code_DATA_LOSS);
  char *text = (char *)&h;
  size_t size = 7;
  expect_ok(pjrt_event_describe(NULL, PJRT_ONE_LINE, &text, &size));
  assert_string_equal(text, "no event");
  assert_int_equal(size, 8);
  pjrt_host_free(text);
  expect_text(h.done, "PJRT_LoadedExecutable_Execute" ON
                      "pending, nobody waited for it yet");
  expect_error(pjrt_event_await_for(h.done, 0), PJRT_DEADLINE_EXCEEDED, "");
  assert_true(age_of(h.done) < 0); /* that was no wait */
  expect_ok(pjrt_event_cancel_waits(h.done));
  expect_text(h.done, "PJRT_LoadedExecutable_Execute" ON
                      "pending, nobody waited for it yet, waiting was given "
                      "up");
  expect_ok(pjrt_event_describe(h.done, PJRT_ALL_LINES, &text, NULL));
  assert_memory_equal(text, waiting, sizeof waiting - 1);
  pjrt_host_free(text);
  sim.release_events();
  expect_text(h.done, "PJRT_LoadedExecutable_Execute" ON
                      "failed, DATA_LOSS: the fault");
  end(&h);
  h = start(*state, PJRT_Error_Code_OK);
  sim.release_events();
  expect_text(h.done, "PJRT_LoadedExecutable_Execute" ON "ready");
  end(&h);
}

static void sleep_ms(long milliseconds) {
  const struct timespec time = {0, milliseconds * 1000000};
  nanosleep(&time, NULL);
}

static void test_age(void **state) {
  held h = start(*state, PJRT_Error_Code_OK);
  expect_error(pjrt_event_await_for(h.done, 1), PJRT_DEADLINE_EXCEEDED, "");
  const double before = age_of(h.done);
  assert_true(before >= 0 && before < 60);
  sleep_ms(50);
  /* Of the first wait, whatever comes later; the clock ticks in 10 ms at
   * most. */
  expect_error(pjrt_event_await_for(h.done, 1), PJRT_DEADLINE_EXCEEDED, "");
  assert_true(age_of(h.done) >= before + 0.035);
  end(&h);
}

static void *await_it(void *event) { return pjrt_event_await(event); }

/* A thread hangs in the plugin; another one finds out in what. */
static void test_wait_in_the_plugin(void **state) {
  held h = start(*state, PJRT_Error_Code_OK);
  pthread_t thread;
  void *error;
  assert_int_equal(pthread_create(&thread, NULL, await_it, h.done), 0);
  wait_until(age_of(h.done) >= 0);
  sim.release_events();
  assert_int_equal(pthread_join(thread, &error), 0);
  expect_ok(error);
  end(&h);
}

static void test_described_event_of_the_caller(void **state) {
  const fixture *f = *state;
  pjrt_event *event;
  expect_ok(pjrt_event_create(f->client, &event));
  expect_text(
      event, "an event of the caller's" ON "not set, nobody waited for it yet");
  expect_ok(pjrt_event_set(event, NULL));
  expect_text(event, "an event of the caller's" ON "ready");
  pjrt_event_free(event);
}

static void test_described_join(void **state) {
  const fixture *f = *state;
  pjrt_event *events[3], *join, *outer;
  for (size_t i = 0; i < 3; i++)
    expect_ok(pjrt_event_create(f->client, &events[i]));
  expect_ok(pjrt_event_join(events, 3, &join));
  expect_ok(pjrt_event_set(events[1], NULL));
  expect_text(join, "the join of events" ON
                    "pending, 2 of 3, nobody waited for it yet\n"
                    "  an event of the caller's" ON
                    "not set, nobody waited for it yet\n"
                    "  an event of the caller's" ON
                    "ready\n"
                    "  an event of the caller's" ON
                    "not set, nobody waited for it yet");
  expect_ok(pjrt_event_join(&join, 1, &outer));
  expect_text(outer, "the join of events" ON
                     "pending, 1 of 1, nobody waited for it yet\n"
                     "  the join of events" ON
                     "pending, 2 of 3, nobody waited for it yet");
  for (size_t i = 0; i < 3; i++) pjrt_event_free(events[i]);
  expect_error(pjrt_event_await(outer), PJRT_CANCELLED, "freed before");
  pjrt_event_free(join);
  pjrt_event_free(outer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_error_of_a_pending_event),
      sim_test(test_error_of_a_ready_event),
      sim_test(test_error_that_cannot_be_asked),
      sim_test(test_waits_are_given_up),
      sim_test(test_given_up_when_ready),
      sim_test(test_joins_are_given_up_alone),
      sim_test(test_nothing_is_left_for_the_next),
      sim_test(test_described),
      sim_test(test_age),
      sim_test(test_wait_in_the_plugin),
      sim_test(test_described_event_of_the_caller),
      sim_test(test_described_join),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
