/* Events that the caller sets, errors of events, and waits that are given up:
 * what plugins end the process on is refused before. */
#include <pthread.h>

#include "real/handlers.h"

static const char failure[] = "the test wants it to fail";
static const char needs[] = "no PJRT_Event_Create, which API 0.89";

static bool has_promises(const fixture *f) { return f->minor >= 89; }

#define skip_without_promises(f) \
  if (!has_promises(f))          \
  skip_because("PJRT_Event_Create came with API 0.89, this is 0.%d", (f)->minor)

/* Refused on a plugin that is too old; the test is over then. */
static pjrt_event *create(fixture *f) {
  pjrt_event *event;
  if (has_promises(f)) {
    assert_ok(pjrt_event_create(f->client, &event));
    return event;
  }
  assert_refused(pjrt_event_create(f->client, &event), PJRT_UNIMPLEMENTED,
                 needs);
  assert_null(event);
  return NULL;
}

typedef struct call {
  int count;
  pjrt_code code;
} call;

static void note_call(const pjrt_error *error, void *user) {
  call *c = user;
  c->code = pjrt_error_code(error);
  __atomic_add_fetch(&c->count, 1, __ATOMIC_SEQ_CST);
}

static bool is_ready(pjrt_event *event) {
  bool ready;
  assert_ok(pjrt_event_is_ready(event, &ready));
  return ready;
}

/* ---- setting ------------------------------------------------------------- */

static void promise_is_kept(void **state) {
  call seen = {0, PJRT_UNKNOWN};
  pjrt_event *event = create(*state);
  if (!event) return;
  assert_false(is_ready(event));
  assert_code(pjrt_event_await_for(event, 1000), PJRT_DEADLINE_EXCEEDED,
              "an event of the caller's is not done");
  assert_refused(pjrt_event_error(event), PJRT_FAILED_PRECONDITION,
                 "is pending");
  assert_ok(pjrt_event_on_ready(event, note_call, &seen));
  assert_ok(pjrt_event_set(event, NULL));
  await_count(&seen.count, 1);
  assert_int_equal(seen.code, PJRT_OK);
  assert_ok(pjrt_event_await(event));
  assert_ok(pjrt_event_error(event));
  assert_refused(pjrt_event_set(event, NULL), PJRT_FAILED_PRECONDITION,
                 "was set before");
  pjrt_event_free(event);
}

static void promise_is_broken(void **state) {
  call seen = {0};
  pjrt_event *join, *event = create(*state);
  if (!event) return;
  pjrt_error *reason = pjrt_error_create(PJRT_ABORTED, "not today", 9);
  assert_ok(pjrt_event_join(&event, 1, &join));
  assert_ok(pjrt_event_on_ready(event, note_call, &seen));
  assert_ok(pjrt_event_set(event, reason));
  for (int i = 0; i < 2; i++) {
    assert_code(pjrt_event_await(event), PJRT_ABORTED, "not today");
    assert_code(pjrt_event_error(event), PJRT_ABORTED, "not today");
    assert_code(pjrt_event_await(join), PJRT_ABORTED, "not today");
  }
  await_count(&seen.count, 1);
  assert_int_equal(seen.code, PJRT_ABORTED);
  pjrt_error_free(reason);
  pjrt_event_free(join);
  pjrt_event_free(event);
}

static void every_code_arrives(void **state) {
  const fixture *f = *state;
  skip_without_promises(f);
  for (int code = PJRT_CANCELLED; code <= PJRT_UNAUTHENTICATED; code++) {
    pjrt_event *event = create(*state);
    pjrt_error *reason = pjrt_error_create((pjrt_code)code, "so it is", 8);
    assert_ok(pjrt_event_set(event, reason));
    assert_code(pjrt_event_await(event), (pjrt_code)code, "so it is");
    pjrt_error_free(reason);
    pjrt_event_free(event);
  }
}

static void promise_that_is_dropped_fails(void **state) {
  call seen = {0};
  pjrt_event *join, *event = create(*state);
  if (!event) return;
  assert_ok(pjrt_event_join(&event, 1, &join));
  assert_ok(pjrt_event_on_ready(event, note_call, &seen));
  pjrt_event_free(event);
  await_count(&seen.count, 1);
  assert_int_equal(seen.code, PJRT_CANCELLED);
  assert_code(pjrt_event_await(join), PJRT_CANCELLED, "before it was set");
  pjrt_event_free(join);
}

static void *set_it(void *event) { return pjrt_event_set(event, NULL); }

static void freed_by_the_one_who_waits(void **state) {
  const fixture *f = *state;
  skip_without_promises(f);
  for (int i = 0; i < 200; i++) {
    pjrt_event *event = create(*state);
    pthread_t thread;
    void *error;
    assert_int_equal(pthread_create(&thread, NULL, set_it, event), 0);
    assert_ok(i % 2 ? pjrt_event_await(event)
                    : pjrt_event_await_for(event, PJRT_NO_DEADLINE));
    pjrt_event_free(event);
    pthread_join(thread, &error);
    assert_ok(error);
  }
}

/* ---- work of the plugin's ------------------------------------------------ */

static void event_of_the_plugin_is_not_ours_to_set(void **state) {
  fixture *f = *state;
  pjrt_executable *gate = compile(f, gate_program);
  pjrt_buffer *arg = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0);
  pending work = start_gate(gate, arg);
  assert_refused(pjrt_event_set(work.done, NULL), PJRT_FAILED_PRECONDITION,
                 "only an event of pjrt_event_create");
  assert_refused(pjrt_event_error(work.done), PJRT_FAILED_PRECONDITION,
                 "PJRT_LoadedExecutable_Execute is pending");
  gate_open();
  assert_ok(pjrt_event_await(work.done));
  assert_ok(pjrt_event_error(work.done));
  assert_refused(pjrt_event_set(work.done, NULL), PJRT_FAILED_PRECONDITION,
                 "only an event of");
  pending_free(&work);
  pjrt_buffer_free(arg);
  pjrt_executable_free(gate);
}

static void error_is_asked_of_a_ready_event(void **state) {
  fixture *f = *state;
  pjrt_executable *failing = compile(f, failing_program);
  pjrt_buffer *arg = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0);
  pending work = start_failing(failing, arg);
  while (!is_ready(work.done)) {
  }
  for (int i = 0; i < 2; i++)
    assert_code(pjrt_event_error(work.done), PJRT_INTERNAL, failure);
  pending_free(&work);
  /* Of the plugin itself, before anything was published here. */
  work = start_failing(failing, arg);
  pjrt_error *error;
  do {
    error = pjrt_event_error(work.done);
  } while (pjrt_error_code(error) == PJRT_FAILED_PRECONDITION &&
           (pjrt_error_free(error), true));
  assert_code(error, PJRT_INTERNAL, failure);
  pending_free(&work);
  pjrt_buffer_free(arg);
  pjrt_executable_free(failing);
}

static void *await_for_ever(void *event) {
  return pjrt_event_await_for(event, PJRT_NO_DEADLINE);
}

static void stalled_wait_is_told_and_given_up(void **state) {
  fixture *f = *state;
  pthread_t thread;
  void *error;
  char *text;
  pjrt_executable *gate = compile(f, gate_program);
  pjrt_buffer *arg = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0);
  pending work = start_gate(gate, arg);
  assert_int_equal(pthread_create(&thread, NULL, await_for_ever, work.done), 0);
  for (bool is_told = false; !is_told; pjrt_host_free(text)) {
    assert_ok(pjrt_event_describe(work.done, PJRT_ALL_LINES, &text, NULL));
    is_told = strstr(text, "pending, first waited for 0.") != NULL;
  }
  assert_ok(pjrt_event_cancel_waits(work.done));
  pthread_join(thread, &error);
  assert_code(error, PJRT_CANCELLED, "waiting for it was given up");
  gate_open();
  while (!is_ready(work.done)) {
  }
  assert_ok(pjrt_event_await_for(work.done, PJRT_NO_DEADLINE));
  assert_f32(work.out, 4, 1, 2, 3, 4);
  assert_ok(pjrt_event_describe(work.done, PJRT_ALL_LINES, &text, NULL));
  assert_non_null(strstr(text, ": ready"));
  pjrt_host_free(text);
  pending_free(&work);
  pjrt_buffer_free(arg);
  pjrt_executable_free(gate);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(promise_is_kept),
      cmocka_unit_test(promise_is_broken),
      cmocka_unit_test(every_code_arrives),
      cmocka_unit_test(promise_that_is_dropped_fails),
      cmocka_unit_test(freed_by_the_one_who_waits),
      cmocka_unit_test(event_of_the_plugin_is_not_ours_to_set),
      cmocka_unit_test(error_is_asked_of_a_ready_event),
      cmocka_unit_test(stalled_wait_is_told_and_given_up),
  };
  return cmocka_run_group_tests(tests, fixture_open_with_handlers,
                                fixture_close);
}
