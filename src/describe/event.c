/* Events, and what tools are shown. */
#include "core/event.h"

#include "describe/describe.h"

/* Two clocks of one kind: the age is never negative. */
static void append_age(pjrt_builder *text, const pjrt_event *event) {
  const int64_t since =
      atomic_load_explicit(&event->waited_since, memory_order_relaxed);
  if (since) {
    pjrt_builder_appendf(text, ", first waited for %.3f s ago",
                         (double)(pjrt_event_clock() - since) / 1e9);
  } else {
    pjrt_builder_appendf(text, ", nobody waited for it yet");
  }
  if (atomic_load_explicit(&event->is_given_up, memory_order_relaxed)) {
    pjrt_builder_appendf(text, ", waiting was given up");
  }
}

static void append_pending(pjrt_builder *text, const pjrt_event *event) {
  const pjrt_event *first;
  const bool is_unset = atomic_load(&event->promise) == PJRT_PROMISE_UNSET;
  const size_t num = pjrt_event_num_pending(event, &first);
  pjrt_builder_appendf(text, is_unset ? "not set" : "pending");
  if (num) pjrt_builder_appendf(text, ", %zu of %zu", num, event->num_joined);
  append_age(text, event);
}

static void append_event(pjrt_builder *text, const pjrt_event *event) {
  pjrt_builder_appendf(text, "%s", event->what);
  pjrt_describe_client(text, event->client);
  pjrt_builder_appendf(text, ": ");
  switch (pjrt_event_state_of(event)) {
    case PJRT_EVENT_PENDING:
      append_pending(text, event);
      break;
    case PJRT_EVENT_READY:
      pjrt_builder_appendf(text, "ready");
      break;
    case PJRT_EVENT_FAILED:
      pjrt_builder_appendf(text, "failed, ");
      pjrt_describe_error(text, event->error);
      break;
  }
}

/* What a join joins has one line each, joins too. */
pjrt_error *pjrt_event_describe(pjrt_event *event, pjrt_detail detail,
                                char **out, size_t *out_size) {
  pjrt_builder text;
  if (pjrt_describe_begin(&text, event, "event")) {
    bool ready;
    /* Where it cannot be asked, what is known already is told. */
    if (!pjrt_client_is_forked(event->client)) {
      pjrt_error_drop(pjrt_event_poll(event, &ready));
    }
    append_event(&text, event);
    for (size_t i = 0; detail == PJRT_ALL_LINES && i < event->num_joined; i++) {
      pjrt_describe_line(&text);
      append_event(&text, event->joined[i]);
    }
  }
  return pjrt_builder_finish(&text, out, out_size);
}

pjrt_error *pjrt_async_tracking_event_describe(
    const pjrt_async_tracking_event *event, pjrt_detail detail, char **out,
    size_t *out_size) {
  pjrt_builder text;
  (void)detail;
  if (pjrt_describe_begin(&text, event, "tracking event")) {
    pjrt_builder_appendf(&text, "tracking event");
    pjrt_describe_client(&text, event->client);
    if (!event->raw) {
      pjrt_builder_appendf(&text, ", which shows nothing");
    }
  }
  return pjrt_builder_finish(&text, out, out_size);
}
