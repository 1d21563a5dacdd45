/* Events that the caller sets: how they end, and what is refused before a real
 * plugin would end the process. */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

#include "abi/plugin.h"
#include "sim_fixture.h"

static pjrt_event *create(const fixture *f) {
  pjrt_event *event;
  expect_ok(pjrt_event_create(f->client, &event));
  return event;
}

static pjrt_error *aborted(void) {
  return pjrt_error_create(PJRT_ABORTED, "not today", PJRT_NUL_ENDED);
}

static void set(pjrt_event *event, pjrt_error *error) {
  expect_ok(pjrt_event_set(event, error));
  pjrt_error_free(error);
}

static bool is_ready(pjrt_event *event) {
  bool ready = true;
  expect_ok(pjrt_event_is_ready(event, &ready));
  return ready;
}

typedef struct outcome {
  atomic_int num_calls;
  pjrt_code code;
} outcome;

static void note(const pjrt_error *error, void *user) {
  outcome *out = user;
  out->code = pjrt_error_code(error);
  atomic_fetch_add(&out->num_calls, 1);
}

/* ---- setting ------------------------------------------------------------- */

static void test_success(void **state) {
  pjrt_event *event = create(*state);
  outcome out = {0, PJRT_UNKNOWN};
  struct pollfd one = {.events = POLLIN};
  assert_false(is_ready(event));
  expect_error(pjrt_event_await_for(event, 1000), PJRT_DEADLINE_EXCEEDED,
               "an event of the caller's is not done");
  expect_ok(pjrt_event_on_ready(event, note, &out));
  expect_ok(pjrt_event_fd(event, &one.fd));
  assert_int_equal(poll(&one, 1, 0), 0);
  set(event, NULL);
  assert_int_equal(out.num_calls, 1);
  assert_int_equal(out.code, PJRT_OK);
  assert_int_equal(poll(&one, 1, 0), 1);
  assert_true(is_ready(event));
  expect_ok(pjrt_event_await(event));
  expect_ok(pjrt_event_error(event));
  pjrt_event_free(event);
}

static void test_failure(void **state) {
  const fixture *f = *state;
  pjrt_event *event = create(f), *join;
  pjrt_event *both[] = {event, create(f)};
  outcome out = {0};
  expect_ok(pjrt_event_on_ready(event, note, &out));
  expect_ok(pjrt_event_join(both, 2, &join));
  set(event, aborted());
  assert_int_equal(out.code, PJRT_ABORTED);
  for (int i = 0; i < 2; i++) {
    expect_error(pjrt_event_await(event), PJRT_ABORTED, "not today");
    expect_error(pjrt_event_await_for(event, 0), PJRT_ABORTED, "not today");
    expect_error(pjrt_event_error(event), PJRT_ABORTED, "not today");
  }
  assert_false(is_ready(join));
  set(both[1], NULL);
  expect_error(pjrt_event_await(join), PJRT_ABORTED, "not today");
  pjrt_event_free(join);
  pjrt_event_free(both[1]);
  pjrt_event_free(event);
}

static void test_awaited_without_anything_else(void **state) {
  pjrt_event *event = create(*state);
  set(event, aborted());
  expect_error(pjrt_event_await(event), PJRT_ABORTED, "not today");
  pjrt_event_free(event);
}

/* ---- refused ------------------------------------------------------------- */

static void test_nulls(void **state) {
  const fixture *f = *state;
  pjrt_event *event = (pjrt_event *)(uintptr_t)f;
  expect_error(pjrt_event_create(NULL, &event), PJRT_INVALID_ARGUMENT,
               "client is NULL");
  assert_null(event);
  expect_error(pjrt_event_set(NULL, NULL), PJRT_INVALID_ARGUMENT,
               "event is NULL");
}

static void test_set_twice(void **state) {
  pjrt_event *event = create(*state);
  pjrt_error *late = aborted();
  set(event, NULL);
  expect_error(pjrt_event_set(event, NULL), PJRT_FAILED_PRECONDITION,
               "was set before");
  expect_error(pjrt_event_set(event, late), PJRT_FAILED_PRECONDITION,
               "was set before");
  assert_int_equal(sim.num_calls("PJRT_Event_Set"), 1);
  expect_ok(pjrt_event_await(event));
  pjrt_error_free(late);
  pjrt_event_free(event);
}

static void refuse(pjrt_event *event, const char *what) {
  pjrt_error *error = pjrt_event_set(event, NULL);
  assert_string_equal(pjrt_error_call(error), "PJRT_Event_Set");
  assert_non_null(strstr(pjrt_error_message(error, NULL), what));
  expect_error(error, PJRT_FAILED_PRECONDITION, "only an event of");
}

static void test_events_of_others(void **state) {
  const fixture *f = *state;
  pjrt_executable *executable = compile(f->client, pass_program, NULL);
  arguments in = upload_arguments(f->device);
  pjrt_buffer *outs[2];
  pjrt_event *done, *join, *nothing;
  sim_hold("PJRT_LoadedExecutable_Execute", PJRT_Error_Code_OK);
  expect_ok(pjrt_executable_execute_async(executable, in.args, 2, NULL, outs, 2,
                                          &done));
  expect_ok(pjrt_event_join(&done, 1, &join));
  expect_ok(pjrt_event_from_raw(f->client, NULL, &nothing));
  refuse(done, "PJRT_LoadedExecutable_Execute");
  refuse(join, "the join of events");
  refuse(nothing, "");
  assert_int_equal(sim.num_calls("PJRT_Event_Set"), 0);
  sim.release_events();
  expect_ok(pjrt_event_await(join));
  pjrt_event_free(nothing);
  pjrt_event_free(join);
  pjrt_event_free(done);
  free_buffers(in.args, 2);
  free_buffers(outs, 2);
  pjrt_executable_free(executable);
}

static void test_codes_that_are_none(void **state) {
  static const int codes[] = {-1, 17, 99};
  pjrt_event *event = create(*state);
  for (size_t i = 0; i < 3; i++) {
    pjrt_error *error = pjrt_error_create((pjrt_code)codes[i], "odd", 3);
    expect_error(pjrt_event_set(event, error), PJRT_INVALID_ARGUMENT,
                 "expected one from 1 to 16");
    pjrt_error_free(error);
  }
  assert_int_equal(sim.num_calls("PJRT_Event_Set"), 0);
  set(event, NULL);
  pjrt_event_free(event);
}

/* ---- plugins that cannot, or fail ---------------------------------------- */

static void test_old_plugin(void **state) {
  pjrt_sim_options options;
  pjrt_event *event;
  (void)state;
  sim_path();
  sim.options_init(&options);
  options.minor = 88;
  fixture *f = fixture_create(&options);
  expect_error(pjrt_event_create(f->client, &event), PJRT_UNIMPLEMENTED,
               "API 0.89");
  assert_null(event);
  fixture_close((void **)&f);
}

/* An event that nobody could set is not made. */
static void test_plugin_without_set(void **state) {
  fixture *f = *state;
  pjrt_event *event;
  f->plugin->table.PJRT_Event_Set = NULL;
  expect_error(pjrt_event_create(f->client, &event), PJRT_UNIMPLEMENTED,
               "PJRT_Event_Set");
  assert_null(event);
  assert_int_equal(sim.num_calls("PJRT_Event_Create"), 0);
}

static PJRT_Error *no_event(PJRT_Event_Create_Args *args) {
  args->event = NULL;
  return NULL;
}

static void test_failing_create(void **state) {
  fixture *f = *state;
  pjrt_event *event;
  sim_fail("PJRT_Event_Create", 1, PJRT_Error_Code_DATA_LOSS);
  expect_error(pjrt_event_create(f->client, &event), PJRT_DATA_LOSS,
               "the fault");
  assert_null(event);
  f->plugin->table.PJRT_Event_Create = no_event;
  expect_error(pjrt_event_create(f->client, &event), PJRT_INTERNAL,
               "gives no event");
  assert_null(event);
}

/* It may be tried again. */
static void test_failing_set(void **state) {
  const fixture *f = *state;
  sim_fail("PJRT_Event_Set", 1, PJRT_Error_Code_DATA_LOSS);
  pjrt_event *event = create(f);
  expect_error(pjrt_event_set(event, NULL), PJRT_DATA_LOSS, "the fault");
  assert_false(is_ready(event));
  set(event, NULL);
  expect_ok(pjrt_event_await(event));
  pjrt_event_free(event);
}

/* ---- freed unset --------------------------------------------------------- */

static void test_freed_unset(void **state) {
  const fixture *f = *state;
  pjrt_event *event = create(f), *join;
  outcome out = {0};
  expect_ok(pjrt_event_on_ready(event, note, &out));
  expect_ok(pjrt_event_join(&event, 1, &join));
  pjrt_event_free(event);
  assert_int_equal(out.num_calls, 1);
  assert_int_equal(out.code, PJRT_CANCELLED);
  expect_error(pjrt_event_await(join), PJRT_CANCELLED,
               "freed before it was set");
  pjrt_event_free(join);
  pjrt_event_free(create(f));
}

/* What the plugin will not set is over for us nevertheless; the plugin has it
 * until its own event ends. */
static void test_freed_unset_where_set_fails(void **state) {
  const fixture *f = *state;
  outcome out = {0};
  sim_fail("PJRT_Event_Set", 1, PJRT_Error_Code_DATA_LOSS);
  pjrt_event *event = create(f);
  PJRT_Event_Set_Args args = {.event = pjrt_event_raw(event)};
  expect_ok(pjrt_event_on_ready(event, note, &out));
  pjrt_event_free(event);
  assert_int_equal(out.num_calls, 1);
  assert_int_equal(out.code, PJRT_DATA_LOSS);
  expect_ok(pjrt_raw_PJRT_Event_Set(f->plugin, &args));
  assert_int_equal(out.num_calls, 1);
}

static void free_event(const pjrt_error *error, void *user) {
  (void)error;
  pjrt_event_free(user);
}

static void test_freed_in_its_own_callback(void **state) {
  pjrt_event *event = create(*state);
  expect_ok(pjrt_event_on_ready(event, free_event, event));
  expect_ok(pjrt_event_set(event, NULL));
}

static void test_client_first(void **state) {
  fixture *f = *state;
  pjrt_event *event = create(f);
  fixture_drop(f);
  set(event, NULL);
  expect_ok(pjrt_event_await(event));
  pjrt_event_free(event);
  expect_nothing_alive();
}

/* ---- threads ------------------------------------------------------------- */

static void *set_it(void *event) { return pjrt_event_set(event, NULL); }

/* Whoever waits frees the event while it is still being set. */
static void test_freed_by_the_one_who_waits(void **state) {
  for (int i = 0; i < 500; i++) {
    pjrt_event *event = create(*state);
    pthread_t thread;
    void *error;
    assert_int_equal(pthread_create(&thread, NULL, set_it, event), 0);
    expect_ok(i % 2 ? pjrt_event_await(event)
                    : pjrt_event_await_for(event, PJRT_NO_DEADLINE));
    pjrt_event_free(event);
    assert_int_equal(pthread_join(thread, &error), 0);
    expect_ok(error);
  }
}

/* Of many who set it one does. */
static void test_one_sets(void **state) {
  pjrt_event *event = create(*state);
  pthread_t threads[8];
  int num_done = 0;
  for (size_t i = 0; i < 8; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, set_it, event), 0);
  }
  for (size_t i = 0; i < 8; i++) {
    void *error;
    assert_int_equal(pthread_join(threads[i], &error), 0);
    const pjrt_code code = pjrt_error_consume(error);
    num_done += code == PJRT_OK;
    assert_true(code == PJRT_OK || code == PJRT_FAILED_PRECONDITION);
  }
  assert_int_equal(num_done, 1);
  expect_ok(pjrt_event_await(event));
  pjrt_event_free(event);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_success),
      sim_test(test_failure),
      sim_test(test_awaited_without_anything_else),
      sim_test(test_nulls),
      sim_test(test_set_twice),
      sim_test(test_events_of_others),
      sim_test(test_codes_that_are_none),
      cmocka_unit_test(test_old_plugin),
      sim_test(test_plugin_without_set),
      sim_test(test_failing_create),
      sim_test(test_failing_set),
      sim_test(test_freed_unset),
      sim_test(test_freed_unset_where_set_fails),
      sim_test(test_freed_in_its_own_callback),
      sim_test(test_client_first),
      sim_test(test_freed_by_the_one_who_waits),
      sim_test(test_one_sets),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
