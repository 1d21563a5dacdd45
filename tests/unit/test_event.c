/* Events: every way of waiting, for success and for failure. */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

#include "sim_fixture.h"

/* An execution whose event is held back until sim.release_events(). */
typedef struct held {
  pjrt_executable *executable;
  arguments in;
  pjrt_buffer *outs[2];
  pjrt_event *done;
} held;

static held launch(fixture *f) {
  held h;
  h.executable = compile(f->client, pass_program, NULL);
  h.in = upload_arguments(f->device);
  expect_ok(pjrt_executable_execute_async(h.executable, h.in.args, 2, NULL,
                                          h.outs, 2, &h.done));
  return h;
}

static held start(fixture *f, PJRT_Error_Code code) {
  sim_hold("PJRT_LoadedExecutable_Execute", code);
  return launch(f);
}

static void end(held *h) {
  sim.release_events();
  free_buffers(h->in.args, 2);
  free_buffers(h->outs, 2);
  pjrt_executable_free(h->executable);
  pjrt_event_free(h->done);
}

static void expect_fault(pjrt_error *error) {
  assert_int_equal(pjrt_error_origin(error), PJRT_ORIGIN_PLUGIN);
  assert_string_equal(pjrt_error_call(error), "PJRT_LoadedExecutable_Execute");
  assert_non_null(strstr(pjrt_error_plugin(error), "libpjrt_sim.so"));
  expect_error(error, PJRT_DATA_LOSS, "the fault");
}

static bool is_ready(pjrt_event *event) {
  bool ready = true;
  expect_ok(pjrt_event_is_ready(event, &ready));
  return ready;
}

static bool is_readable(int fd) {
  struct pollfd one = {.fd = fd, .events = POLLIN};
  return poll(&one, 1, 0) == 1 && (one.revents & POLLIN);
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

/* ---- NULLs --------------------------------------------------------------- */

static void test_nulls(void **state) {
  fixture *f = *state;
  bool ready = true;
  int fd = 7;
  pjrt_event *join = (pjrt_event *)f;
  held h = start(f, PJRT_Error_Code_OK);
  pjrt_event *with_null[] = {h.done, NULL};
  expect_error(pjrt_event_await(NULL), PJRT_INVALID_ARGUMENT, "event is NULL");
  expect_error(pjrt_event_await_for(NULL, 5), PJRT_INVALID_ARGUMENT, "NULL");
  expect_error(pjrt_event_is_ready(NULL, &ready), PJRT_INVALID_ARGUMENT, "");
  assert_false(ready);
  expect_error(pjrt_event_fd(NULL, &fd), PJRT_INVALID_ARGUMENT, "NULL");
  assert_int_equal(fd, -1);
  expect_error(pjrt_event_on_ready(NULL, note, NULL), PJRT_INVALID_ARGUMENT,
               "event is NULL");
  expect_error(pjrt_event_on_ready(h.done, NULL, NULL), PJRT_INVALID_ARGUMENT,
               "callback is NULL");
  expect_error(pjrt_event_join(NULL, 0, &join), PJRT_INVALID_ARGUMENT, "no ev");
  assert_null(join);
  expect_error(pjrt_event_join(with_null, 2, &join), PJRT_INVALID_ARGUMENT,
               "event is NULL");
  assert_null(join);
  end(&h);
}

/* ---- deadlines and polling ----------------------------------------------- */

static void test_deadline(void **state) {
  held h = start(*state, PJRT_Error_Code_OK);
  for (int64_t timeout = -1; timeout < 2; timeout++) {
    pjrt_error *error = pjrt_event_await_for(h.done, timeout);
    assert_string_equal(pjrt_error_call(error),
                        "PJRT_LoadedExecutable_Execute");
    expect_error(error, PJRT_DEADLINE_EXCEEDED, "is not done after waiting");
    assert_false(is_ready(h.done));
  }
  sim.release_events();
  expect_ok(pjrt_event_await_for(h.done, 0));
  expect_ok(pjrt_event_await_for(h.done, PJRT_NO_DEADLINE));
  expect_ok(pjrt_event_await(h.done));
  assert_true(is_ready(h.done));
  end(&h);
}

/* The error comes back as often as it is asked for, whoever asks first. */
static void test_failure_is_never_lost(void **state) {
  for (int first = 0; first < 3; first++) {
    held h = start(*state, PJRT_Error_Code_DATA_LOSS);
    outcome out = {0};
    assert_false(is_ready(h.done));
    sim.release_events();
    if (first == 0) expect_fault(pjrt_event_await(h.done));
    if (first == 1) expect_fault(pjrt_event_await_for(h.done, 1));
    if (first == 2) assert_true(is_ready(h.done));
    expect_fault(pjrt_event_await(h.done));
    expect_fault(pjrt_event_await_for(h.done, 0));
    assert_true(is_ready(h.done));
    expect_ok(pjrt_event_on_ready(h.done, note, &out));
    assert_int_equal(out.num_calls, 1);
    assert_int_equal(out.code, PJRT_DATA_LOSS);
    end(&h);
  }
}

static void *await_it(void *event) { return pjrt_event_await(event); }

static void *await_it_long(void *event) {
  return pjrt_event_await_for(event, PJRT_NO_DEADLINE - 1);
}

/* Waiters with and without a deadline, and a callback, at once. */
/* A plain await publishes nothing, and everything else works after it. */
static void test_after_an_await(void **state) {
  held h = launch(*state);
  outcome out = {0};
  int fd;
  for (int i = 0; i < 2; i++) expect_ok(pjrt_event_await(h.done));
  assert_true(is_ready(h.done));
  expect_ok(pjrt_event_await_for(h.done, 0));
  expect_ok(pjrt_event_on_ready(h.done, note, &out));
  assert_int_equal(out.num_calls, 1);
  expect_ok(pjrt_event_fd(h.done, &fd));
  assert_true(is_readable(fd));
  expect_ok(pjrt_event_await(h.done));
  end(&h);
}

static void test_many_waiters(void **state) {
  held h = start(*state, PJRT_Error_Code_DATA_LOSS);
  pthread_t threads[8];
  outcome out = {0};
  void *error;
  for (size_t i = 0; i < 8; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL,
                                    i % 2 ? await_it : await_it_long, h.done),
                     0);
  }
  expect_ok(pjrt_event_on_ready(h.done, note, &out));
  sim.release_events();
  for (size_t i = 0; i < 8; i++) {
    assert_int_equal(pthread_join(threads[i], &error), 0);
    expect_fault(error);
  }
  /* Whoever published runs the callbacks; the plugin may be the last. */
  wait_until(atomic_load(&out.num_calls) == 1);
  assert_int_equal(out.code, PJRT_DATA_LOSS);
  end(&h);
}

/* ---- callbacks ----------------------------------------------------------- */

static void test_callbacks(void **state) {
  held h = start(*state, PJRT_Error_Code_OK);
  outcome out[3] = {{0, PJRT_UNKNOWN}, {0, PJRT_UNKNOWN}, {0, PJRT_UNKNOWN}};
  for (size_t i = 0; i < 3; i++) {
    expect_ok(pjrt_event_on_ready(h.done, note, &out[i]));
    assert_int_equal(out[i].num_calls, 0);
  }
  sim.release_events();
  for (size_t i = 0; i < 3; i++) {
    assert_int_equal(out[i].num_calls, 1);
    assert_int_equal(out[i].code, PJRT_OK);
  }
  end(&h);
}

static void test_callback_outlives_the_handle(void **state) {
  held h = start(*state, PJRT_Error_Code_DATA_LOSS);
  outcome out = {0};
  expect_ok(pjrt_event_on_ready(h.done, note, &out));
  pjrt_event_free(h.done);
  h.done = NULL;
  sim.release_events();
  assert_int_equal(out.num_calls, 1);
  assert_int_equal(out.code, PJRT_DATA_LOSS);
  end(&h);
}

/* The plugin is asked to call back once, however many want it. */
static void test_one_callback_of_the_plugin(void **state) {
  held h = start(*state, PJRT_Error_Code_OK);
  outcome out = {0};
  int fd;
  expect_ok(pjrt_event_on_ready(h.done, note, &out));
  expect_ok(pjrt_event_on_ready(h.done, note, &out));
  expect_ok(pjrt_event_fd(h.done, &fd));
  expect_error(pjrt_event_await_for(h.done, 1), PJRT_DEADLINE_EXCEEDED, "");
  assert_int_equal(sim.num_calls("PJRT_Event_OnReady"), 1);
  end(&h);
  assert_int_equal(out.num_calls, 2);
}

/* ---- descriptors --------------------------------------------------------- */

static void *register_refused(void *event) {
  return pjrt_event_on_ready(event, note, NULL);
}

/* While the plugin is still refusing one thread's callback, another thread asks
 * for its own. */
static void test_refusal_is_not_for_others(void **state) {
  pjrt_sim_fault faults[] = {{.function = "PJRT_LoadedExecutable_Execute",
                              .async_code = PJRT_Error_Code_OK,
                              .async_delay_ms = -1},
                             {.function = "PJRT_Event_OnReady",
                              .nth = 1,
                              .delay_ms = 100,
                              .code = PJRT_Error_Code_UNAVAILABLE}};
  pjrt_sim_options options;
  outcome out = {0};
  pthread_t thread;
  void *error;
  sim.options_init(&options);
  options.faults = faults;
  options.num_faults = 2;
  sim.configure(&options);
  held h = launch(*state);
  pthread_create(&thread, NULL, register_refused, h.done);
  wait_until(sim.num_calls("PJRT_Event_OnReady") == 1);
  expect_ok(pjrt_event_on_ready(h.done, note, &out));
  pthread_join(thread, &error);
  expect_error(error, PJRT_UNAVAILABLE, "");
  sim.release_events();
  wait_until(atomic_load(&out.num_calls) == 1);
  assert_int_equal(out.code, PJRT_OK);
  end(&h);
}

static void test_fd(void **state) {
  static const PJRT_Error_Code codes[] = {PJRT_Error_Code_OK,
                                          PJRT_Error_Code_DATA_LOSS};
  for (size_t i = 0; i < 2; i++) {
    held h = start(*state, codes[i]);
    int fd, again;
    expect_ok(pjrt_event_fd(h.done, &fd));
    assert_false(is_readable(fd));
    expect_ok(pjrt_event_fd(h.done, &again));
    assert_int_equal(fd, again);
    sim.release_events();
    assert_true(is_readable(fd));
    assert_true(is_ready(h.done));
    assert_true(is_readable(fd));
    if (i == 0) expect_ok(pjrt_event_await(h.done));
    if (i == 1) expect_fault(pjrt_event_await(h.done));
    end(&h);
  }
}

static void test_fd_of_a_ready_event(void **state) {
  held h = start(*state, PJRT_Error_Code_OK);
  int fd;
  sim.release_events();
  expect_ok(pjrt_event_fd(h.done, &fd));
  assert_true(is_readable(fd));
  assert_int_equal(sim.num_calls("PJRT_Event_OnReady"), 0);
  end(&h);
}

/* ---- joins --------------------------------------------------------------- */

/* One settable event of the plugin's, through its own calls. */
static PJRT_Event *create_raw(const fixture *f) {
  PJRT_Event_Create_Args args;
  memset(&args, 0, sizeof args);
  expect_ok(pjrt_raw_PJRT_Event_Create(f->plugin, &args));
  return args.event;
}

static void set_raw(const fixture *f, PJRT_Event *event, PJRT_Error_Code code,
                    const char *message) {
  PJRT_Event_Set_Args args;
  memset(&args, 0, sizeof args);
  args.event = event;
  args.error_code = code;
  args.error_message = message;
  args.error_message_size = strlen(message);
  expect_ok(pjrt_raw_PJRT_Event_Set(f->plugin, &args));
}

typedef struct joined {
  PJRT_Event *raw[3];
  pjrt_event *events[3];
  pjrt_event *join;
} joined;

static joined join_three(const fixture *f) {
  joined j;
  for (size_t i = 0; i < 3; i++) {
    j.raw[i] = create_raw(f);
    expect_ok(pjrt_event_from_raw(f->client, j.raw[i], &j.events[i]));
  }
  expect_ok(pjrt_event_join(j.events, 3, &j.join));
  return j;
}

static void free_joined(joined *j) {
  for (size_t i = 0; i < 3; i++) pjrt_event_free(j->events[i]);
  pjrt_event_free(j->join);
}

static void test_join_in_every_order(void **state) {
  static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                   {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
  const fixture *f = *state;
  for (size_t n = 0; n < 6; n++) {
    joined j = join_three(f);
    for (size_t i = 0; i < 3; i++) {
      expect_error(pjrt_event_await_for(j.join, 0), PJRT_DEADLINE_EXCEEDED,
                   "the join of events");
      set_raw(f, j.raw[orders[n][i]], PJRT_Error_Code_OK, "");
    }
    expect_ok(pjrt_event_await(j.join));
    assert_null(pjrt_event_raw(j.join));
    free_joined(&j);
  }
}

/* The first failure in the order given, not in time. */
static void test_join_of_failures(void **state) {
  const fixture *f = *state;
  outcome out = {0};
  joined j = join_three(f);
  expect_ok(pjrt_event_on_ready(j.join, note, &out));
  set_raw(f, j.raw[2], PJRT_Error_Code_ABORTED, "third");
  set_raw(f, j.raw[1], PJRT_Error_Code_DATA_LOSS, "second");
  assert_int_equal(out.num_calls, 0);
  set_raw(f, j.raw[0], PJRT_Error_Code_OK, "");
  expect_error(pjrt_event_await(j.join), PJRT_DATA_LOSS, "second");
  assert_int_equal(out.num_calls, 1);
  assert_int_equal(out.code, PJRT_DATA_LOSS);
  free_joined(&j);
}

/* A join keeps what it joins, and joins can be joined. */
static void test_join_of_joins(void **state) {
  const fixture *f = *state;
  joined j = join_three(f);
  pjrt_event *outer;
  pjrt_event *both[] = {j.join, j.events[0]};
  expect_ok(pjrt_event_join(both, 2, &outer));
  free_joined(&j);
  for (size_t i = 0; i < 3; i++) {
    set_raw(f, j.raw[i], i == 1 ? PJRT_Error_Code_ABORTED : PJRT_Error_Code_OK,
            "inner");
  }
  expect_error(pjrt_event_await(outer), PJRT_ABORTED, "inner");
  pjrt_event_free(outer);
}

static void test_join_dropped_unseen(void **state) {
  const fixture *f = *state;
  joined j = join_three(f);
  int fd;
  expect_ok(pjrt_event_fd(j.join, &fd));
  free_joined(&j);
  for (size_t i = 0; i < 3; i++) set_raw(f, j.raw[i], PJRT_Error_Code_OK, "");
}

/* ---- without an event of the plugin's ------------------------------------ */

static void test_event_of_nothing_is_ready(void **state) {
  const fixture *f = *state;
  pjrt_event *event, *join;
  outcome out = {0, PJRT_UNKNOWN};
  expect_ok(pjrt_event_from_raw(f->client, NULL, &event));
  assert_null(pjrt_event_raw(event));
  assert_true(is_ready(event));
  expect_ok(pjrt_event_await(event));
  expect_ok(pjrt_event_on_ready(event, note, &out));
  assert_int_equal(out.num_calls, 1);
  expect_ok(pjrt_event_join(&event, 1, &join));
  expect_ok(pjrt_event_await(join));
  pjrt_event_free(join);
  pjrt_event_free(event);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_nulls),
      sim_test(test_deadline),
      sim_test(test_failure_is_never_lost),
      sim_test(test_after_an_await),
      sim_test(test_many_waiters),
      sim_test(test_callbacks),
      sim_test(test_callback_outlives_the_handle),
      sim_test(test_one_callback_of_the_plugin),
      sim_test(test_refusal_is_not_for_others),
      sim_test(test_fd),
      sim_test(test_fd_of_a_ready_event),
      sim_test(test_join_in_every_order),
      sim_test(test_join_of_failures),
      sim_test(test_join_of_joins),
      sim_test(test_join_dropped_unseen),
      sim_test(test_event_of_nothing_is_ready),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
