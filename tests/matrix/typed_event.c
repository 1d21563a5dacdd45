/* Events: that of an upload, which the plugin holds back until it is told. */
#include "typed.h"

#include <poll.h>

static pjrt_error *await(matrix_attempt *a) {
  typed_world *w = typed(a);
  sim.release_events();
  PJRT_TRY(pjrt_event_await(w->event));
  return typed_expect(a, w->args[0], typed_values);
}

/* Not yet, and then at once. */
static pjrt_error *await_for(matrix_attempt *a) {
  typed_world *w = typed(a);
  pjrt_error *error = pjrt_event_await_for(w->event, 1000);
  if (pjrt_error_code(error) != PJRT_DEADLINE_EXCEEDED) {
    MATRIX_EXPECT(a, error);
    return error;
  }
  pjrt_error_free(error);
  sim.release_events();
  return pjrt_event_await_for(w->event, PJRT_NO_DEADLINE);
}

static pjrt_error *is_ready(matrix_attempt *a) {
  bool ready = true;
  PJRT_TRY(pjrt_event_is_ready(typed(a)->event, &ready));
  MATRIX_EXPECT(a, !ready);
  sim.release_events();
  PJRT_TRY(pjrt_event_is_ready(typed(a)->event, &ready));
  MATRIX_EXPECT(a, ready);
  return NULL;
}

static void count_callback(const pjrt_error *error, void *user) {
  if (!error) ++*(int *)user;
}

static pjrt_error *on_ready(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_event_on_ready(w->event, count_callback, &w->num_callbacks));
  MATRIX_EXPECT(a, w->num_callbacks == 0);
  sim.release_events();
  MATRIX_EXPECT(a, w->num_callbacks == 1);
  return NULL;
}

static pjrt_error *fd(matrix_attempt *a) {
  struct pollfd one = {.fd = -1, .events = POLLIN};
  PJRT_TRY(pjrt_event_fd(typed(a)->event, &one.fd));
  MATRIX_EXPECT(a, poll(&one, 1, 0) == 0);
  sim.release_events();
  MATRIX_EXPECT(a, poll(&one, 1, 60000) == 1);
  return NULL;
}

static pjrt_error *join(matrix_attempt *a) {
  typed_world *w = typed(a);
  pjrt_event *events[] = {w->event, w->event};
  bool ready = true;
  PJRT_TRY(pjrt_event_join(events, 2, &w->join));
  PJRT_TRY(pjrt_event_is_ready(w->join, &ready));
  MATRIX_EXPECT(a, !ready);
  sim.release_events();
  return pjrt_event_await(w->join);
}

/* Not known yet, and then at once. */
static pjrt_error *event_error(matrix_attempt *a) {
  pjrt_error *error = pjrt_event_error(typed(a)->event);
  if (pjrt_error_code(error) != PJRT_FAILED_PRECONDITION) {
    MATRIX_EXPECT(a, error);
    return error;
  }
  pjrt_error_free(error);
  sim.release_events();
  return pjrt_event_error(typed(a)->event);
}

static pjrt_error *describe(matrix_attempt *a) {
  char *text;
  PJRT_TRY(pjrt_event_describe(typed(a)->event, PJRT_ALL_LINES, &text, NULL));
  MATRIX_EXPECT(a, strstr(text, ": pending, nobody waited for it yet"));
  pjrt_host_free(text);
  return NULL;
}

/* ---- of the caller's ----------------------------------------------------- */

static pjrt_error *create(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_event_create(w->client, &w->event));
  return pjrt_event_set(w->event, NULL);
}

static pjrt_error *typed_promise(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(typed_client(a));
  return pjrt_event_create(w->client, &w->event);
}

static pjrt_error *set(matrix_attempt *a) {
  typed_world *w = typed(a);
  pjrt_error *reason = pjrt_error_create(PJRT_ABORTED, "not today", 9);
  pjrt_error *error = pjrt_event_set(w->event, reason);
  pjrt_error_free(reason);
  PJRT_TRY(error);
  error = pjrt_event_await(w->event);
  if (pjrt_error_code(error) != PJRT_ABORTED) {
    MATRIX_EXPECT(a, error);
    return error;
  }
  MATRIX_EXPECT(a, !strcmp(pjrt_error_message(error, NULL), "not today"));
  pjrt_error_free(error);
  return NULL;
}

static pjrt_error *free_event(matrix_attempt *a) {
  pjrt_sim_live live;
  pjrt_event_free(typed(a)->event);
  typed(a)->event = NULL;
  sim.get_live(&live);
  if (!a->how->may_leak) MATRIX_EXPECT(a, live.events == 0);
  return NULL;
}

#define HELD "PJRT_Client_BufferFromHostBuffer"
#define EVENT(function, check) \
  {.name = (function), .prepare = typed_event, .run = (check), .held = HELD}

const matrix_case typed_event_cases[] = {
    EVENT("pjrt_event_await", await),
    EVENT("pjrt_event_await_for", await_for),
    {.name = "pjrt_event_is_ready",
     .prepare = typed_event,
     .run = is_ready,
     .spare = "PJRT_Event_Await",
     .held = HELD},
    EVENT("pjrt_event_on_ready", on_ready),
    EVENT("pjrt_event_fd", fd),
    EVENT("pjrt_event_join", join),
    EVENT("pjrt_event_free", free_event),
    EVENT("pjrt_event_error", event_error),
    {.name = "pjrt_event_describe",
     .prepare = typed_event,
     .run = describe,
     .spare = "PJRT_Event_IsReady",
     .held = HELD},
    {.name = "pjrt_event_create", .prepare = typed_client, .run = create},
    {.name = "pjrt_event_set", .prepare = typed_promise, .run = set},
};
const size_t typed_num_event_cases =
    sizeof typed_event_cases / sizeof *typed_event_cases;
