/* Events: every way to wait for work, while it is under way, when it is done,
 * and when it failed. */
#include <poll.h>
#include <pthread.h>

#include "real/handlers.h"

static const char failure[] = "the test wants it to fail";

/* What the tests share: programs, an argument, and a client for them. */
typedef struct events {
  fixture *f;
  pjrt_executable *gate, *failing;
  pjrt_buffer *arg;
} events;

static int events_open(void **state) {
  events *e = calloc(1, sizeof *e);
  if (!e || fixture_open_with_handlers((void **)&e->f)) return -1;
  e->gate = compile(e->f, gate_program);
  e->failing = compile(e->f, failing_program);
  e->arg = upload_f32(e->f->device, 4, 1.0, 2.0, 3.0, 4.0);
  *state = e;
  return 0;
}

static int events_close(void **state) {
  events *e = *state;
  pjrt_buffer_free(e->arg);
  pjrt_executable_free(e->gate);
  pjrt_executable_free(e->failing);
  fixture_close((void **)&e->f);
  free(e);
  return 0;
}

static bool is_ready(pjrt_event *event) {
  bool ready;
  assert_ok(pjrt_event_is_ready(event, &ready));
  return ready;
}

/* ---- waiting ------------------------------------------------------------- */

static void await_can_be_repeated(void **state) {
  events *e = *state;
  pending work = start_gate(e->gate, e->arg);
  gate_open();
  assert_ok(pjrt_event_await(work.done));
  assert_true(is_ready(work.done));
  assert_ok(pjrt_event_await(work.done));
  assert_ok(pjrt_event_await_for(work.done, 0));
  pending_free(&work);
}

static void failure_is_told_as_often_as_asked(void **state) {
  events *e = *state;
  pending work = start_failing(e->failing, e->arg);
  for (int i = 0; i < 3; i++) {
    pjrt_error *error = pjrt_event_await(work.done);
    assert_int_equal(pjrt_error_origin(error), PJRT_ORIGIN_PLUGIN);
    assert_string_equal(pjrt_error_call(error),
                        "PJRT_LoadedExecutable_Execute");
    assert_code(error, PJRT_INTERNAL, failure);
    assert_code(pjrt_event_await_for(work.done, PJRT_NO_DEADLINE),
                PJRT_INTERNAL, failure);
    assert_true(is_ready(work.done));
  }
  pending_free(&work);
}

static void deadline_passes_while_work_is_pending(void **state) {
  static const int64_t timeouts[] = {0, 1, 1000000, -1, INT64_MIN};
  events *e = *state;
  pending work = start_gate(e->gate, e->arg);
  for (size_t i = 0; i < 5; i++) {
    pjrt_error *error = pjrt_event_await_for(work.done, timeouts[i]);
    assert_string_equal(pjrt_error_call(error),
                        "PJRT_LoadedExecutable_Execute");
    assert_code(error, PJRT_DEADLINE_EXCEEDED,
                "PJRT_LoadedExecutable_Execute is not done");
    assert_false(is_ready(work.done));
  }
  gate_open();
  assert_ok(pjrt_event_await_for(work.done, PJRT_NO_DEADLINE));
  assert_f32(work.out, 4, 1, 2, 3, 4);
  pending_free(&work);
}

static void long_deadlines_do_not_overflow(void **state) {
  events *e = *state;
  pending work = start_gate(e->gate, e->arg);
  gate_open();
  assert_ok(pjrt_event_await_for(work.done, INT64_MAX - 1));
  pending_free(&work);
}

static void *await_it(void *event) { return pjrt_event_await(event); }

static void *await_it_with_deadline(void *event) {
  return pjrt_event_await_for(event, INT64_C(60000000000));
}

static void many_threads_await_one_event(void **state) {
  events *e = *state;
  pthread_t threads[8];
  pending work = start_gate(e->gate, e->arg);
  for (int i = 0; i < 8; i++) {
    assert_int_equal(
        pthread_create(&threads[i], NULL,
                       i % 2 ? await_it : await_it_with_deadline, work.done),
        0);
  }
  gate_open();
  for (int i = 0; i < 8; i++) {
    void *error;
    pthread_join(threads[i], &error);
    assert_ok(error);
  }
  pending_free(&work);
}

static void no_event_is_refused(void **state) {
  (void)state;
  bool ready;
  int fd;
  const pjrt_code code = PJRT_INVALID_ARGUMENT;
  assert_refused(pjrt_event_await(NULL), code, "event is NULL");
  assert_refused(pjrt_event_await_for(NULL, 1), code, "event is NULL");
  assert_refused(pjrt_event_is_ready(NULL, &ready), code, "event is NULL");
  assert_refused(pjrt_event_fd(NULL, &fd), code, "event is NULL");
  assert_int_equal(fd, -1);
  pjrt_event_free(NULL);
}

/* ---- callbacks ----------------------------------------------------------- */

typedef struct call {
  int count;
  pthread_t thread;
  pjrt_code code;
} call;

static void note_call(const pjrt_error *error, void *user) {
  call *c = user;
  c->thread = pthread_self();
  c->code = pjrt_error_code(error);
  __atomic_add_fetch(&c->count, 1, __ATOMIC_SEQ_CST);
}

static void callback_runs_once_when_it_is_done(void **state) {
  events *e = *state;
  call calls[3] = {{0}, {0}, {0}};
  pending work = start_gate(e->gate, e->arg);
  for (int i = 0; i < 3; i++) {
    assert_ok(pjrt_event_on_ready(work.done, note_call, &calls[i]));
    assert_int_equal(calls[i].count, 0);
  }
  gate_open();
  assert_ok(pjrt_event_await(work.done));
  for (int i = 0; i < 3; i++) {
    await_count(&calls[i].count, 1);
    assert_int_equal(calls[i].code, PJRT_OK);
  }
  pending_free(&work);
  for (int i = 0; i < 3; i++) assert_int_equal(calls[i].count, 1);
}

static void callback_runs_at_once_when_it_is_ready(void **state) {
  events *e = *state;
  call c = {0};
  pending work = start_failing(e->failing, e->arg);
  assert_code(pjrt_event_await(work.done), PJRT_INTERNAL, failure);
  assert_ok(pjrt_event_on_ready(work.done, note_call, &c));
  assert_int_equal(c.count, 1);
  assert_int_equal(c.code, PJRT_INTERNAL);
  assert_true(pthread_equal(c.thread, pthread_self()));
  pending_free(&work);
}

static void callback_runs_though_the_event_is_gone(void **state) {
  events *e = *state;
  call c = {0};
  pending work = start_gate(e->gate, e->arg);
  assert_ok(pjrt_event_on_ready(work.done, note_call, &c));
  pending_free(&work);
  assert_int_equal(c.count, 0);
  gate_open();
  await_count(&c.count, 1);
}

static void callback_is_told_of_failure(void **state) {
  events *e = *state;
  call c = {0};
  pjrt_event *ready;
  pending work = start_failing(e->failing, e->arg);
  assert_ok(pjrt_buffer_ready_event(work.out, &ready));
  assert_ok(pjrt_event_on_ready(ready, note_call, &c));
  await_count(&c.count, 1);
  assert_int_equal(c.code, PJRT_INTERNAL);
  pjrt_event_free(ready);
  pending_free(&work);
}

/* ---- joins --------------------------------------------------------------- */

static void join_waits_for_all(void **state) {
  events *e = *state;
  pjrt_event *join, *uploaded;
  pending first = start_gate(e->gate, e->arg);
  pending second = start_gate(e->gate, e->arg);
  assert_ok(pjrt_buffer_ready_event(e->arg, &uploaded));
  pjrt_event *all[] = {uploaded, first.done, second.done, first.done};
  assert_ok(pjrt_event_join(all, 4, &join));
  assert_false(is_ready(join));
  assert_code(pjrt_event_await_for(join, 1000), PJRT_DEADLINE_EXCEEDED,
              "the join of events");
  gate_open();
  assert_ok(pjrt_event_await(join));
  assert_true(is_ready(first.done) && is_ready(second.done));
  pjrt_event_free(join);
  pjrt_event_free(uploaded);
  pending_free(&first);
  pending_free(&second);
}

static void join_outlives_its_events(void **state) {
  events *e = *state;
  pjrt_event *join, *outer;
  call c = {0};
  pending work = start_gate(e->gate, e->arg);
  assert_ok(pjrt_event_join(&work.done, 1, &join));
  assert_ok(pjrt_event_join((pjrt_event *[]){join, work.done}, 2, &outer));
  assert_ok(pjrt_event_on_ready(outer, note_call, &c));
  pending_free(&work);
  pjrt_event_free(join);
  assert_false(is_ready(outer));
  gate_open();
  assert_ok(pjrt_event_await_for(outer, PJRT_NO_DEADLINE));
  await_count(&c.count, 1);
  pjrt_event_free(outer);
}

static void join_may_be_freed_first(void **state) {
  events *e = *state;
  pjrt_event *join;
  pending work = start_gate(e->gate, e->arg);
  assert_ok(pjrt_event_join(&work.done, 1, &join));
  pjrt_event_free(join);
  gate_open();
  assert_ok(pjrt_event_await(work.done));
  pending_free(&work);
}

static void join_fails_with_the_first_in_order(void **state) {
  events *e = *state;
  pjrt_event *join, *ready;
  pending good = start_gate(e->gate, e->arg);
  pending bad = start_failing(e->failing, e->arg);
  assert_ok(pjrt_buffer_ready_event(bad.out, &ready));
  pjrt_event *all[] = {good.done, ready, bad.done};
  assert_ok(pjrt_event_join(all, 3, &join));
  gate_open();
  pjrt_error *error = pjrt_event_await(join);
  assert_string_equal(pjrt_error_call(error), "PJRT_Buffer_ReadyEvent");
  assert_code(error, PJRT_INTERNAL, failure);
  assert_ok(pjrt_event_await(good.done));
  pjrt_event_free(join);
  pjrt_event_free(ready);
  pending_free(&good);
  pending_free(&bad);
}

static void join_of_nothing_is_refused(void **state) {
  events *e = *state;
  pjrt_event *join, *uploaded;
  assert_refused(pjrt_event_join(NULL, 0, &join), PJRT_INVALID_ARGUMENT,
                 "no events");
  assert_ok(pjrt_buffer_ready_event(e->arg, &uploaded));
  pjrt_event *with_null[] = {uploaded, NULL};
  assert_refused(pjrt_event_join(with_null, 2, &join), PJRT_INVALID_ARGUMENT,
                 "event is NULL");
  assert_null(join);
  pjrt_event_free(uploaded);
}

/* ---- file descriptors ---------------------------------------------------- */

static bool is_readable(int fd, int timeout_ms) {
  struct pollfd entry = {.fd = fd, .events = POLLIN};
  return poll(&entry, 1, timeout_ms) == 1 && (entry.revents & POLLIN);
}

static void descriptor_turns_readable(void **state) {
  events *e = *state;
  int fd, again;
  pending work = start_gate(e->gate, e->arg);
  assert_ok(pjrt_event_fd(work.done, &fd));
  assert_true(fd >= 0);
  assert_false(is_readable(fd, 0));
  assert_ok(pjrt_event_fd(work.done, &again));
  assert_int_equal(fd, again);
  gate_open();
  assert_true(is_readable(fd, 60000));
  assert_true(is_readable(fd, 0));
  assert_true(is_ready(work.done));
  pending_free(&work);
}

static void descriptor_of_a_ready_event_is_readable(void **state) {
  events *e = *state;
  int fd;
  pending work = start_failing(e->failing, e->arg);
  assert_code(pjrt_event_await(work.done), PJRT_INTERNAL, failure);
  assert_ok(pjrt_event_fd(work.done, &fd));
  assert_true(is_readable(fd, 0));
  pending_free(&work);
}

static void joins_have_descriptors(void **state) {
  events *e = *state;
  pjrt_event *join;
  int fd;
  pending work = start_gate(e->gate, e->arg);
  assert_ok(pjrt_event_join(&work.done, 1, &join));
  assert_ok(pjrt_event_fd(join, &fd));
  assert_false(is_readable(fd, 0));
  gate_open();
  assert_true(is_readable(fd, 60000));
  pjrt_event_free(join);
  pending_free(&work);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(await_can_be_repeated),
      cmocka_unit_test(failure_is_told_as_often_as_asked),
      cmocka_unit_test(deadline_passes_while_work_is_pending),
      cmocka_unit_test(long_deadlines_do_not_overflow),
      cmocka_unit_test(many_threads_await_one_event),
      cmocka_unit_test(no_event_is_refused),
      cmocka_unit_test(callback_runs_once_when_it_is_done),
      cmocka_unit_test(callback_runs_at_once_when_it_is_ready),
      cmocka_unit_test(callback_runs_though_the_event_is_gone),
      cmocka_unit_test(callback_is_told_of_failure),
      cmocka_unit_test(join_waits_for_all),
      cmocka_unit_test(join_outlives_its_events),
      cmocka_unit_test(join_may_be_freed_first),
      cmocka_unit_test(join_fails_with_the_first_in_order),
      cmocka_unit_test(join_of_nothing_is_refused),
      cmocka_unit_test(descriptor_turns_readable),
      cmocka_unit_test(descriptor_of_a_ready_event_is_readable),
      cmocka_unit_test(joins_have_descriptors),
  };
  return cmocka_run_group_tests(tests, events_open, events_close);
}
