/* Events that the caller sets. */
#include "base/error.h"
#include "core/event.h"
#include "core/plugin.h"

static const char what[] = "an event of the caller's";

pjrt_error *pjrt_reason_check(const pjrt_error *reason) {
  const pjrt_code code = pjrt_error_code(reason);
  if (code >= PJRT_CANCELLED && code <= PJRT_UNAUTHENTICATED) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "the error has code %d, expected one from %d to %d",
                           (int)code, PJRT_CANCELLED, PJRT_UNAUTHENTICATED);
}

/* Not an event that nobody could set. */
static pjrt_error *create_raw(const pjrt_client *client, PJRT_Event **out) {
  const PJRT_Api *table = &client->plugin->table;
  PJRT_ARGS(PJRT_Event_Create, args);
  if (table->PJRT_Event_Create && !table->PJRT_Event_Set) {
    return pjrt_call_missing(client->plugin, PJRT_CALL_PJRT_Event_Set);
  }
  PJRT_TRY(PJRT_CALL(client->plugin, PJRT_Event_Create, args));
  *out = args->event;
  if (*out) return NULL;
  return pjrt_error_about(
      pjrt_error_format(PJRT_INTERNAL,
                        "the plugin reports success and gives no event"),
      client->plugin, "PJRT_Event_Create");
}

/* The wrapper comes first: for want of memory for it, an event of the plugin's
 * would be awaited, and nobody would ever set this one. */
pjrt_error *pjrt_event_create(pjrt_client *client, pjrt_event **out) {
  pjrt_event *event;
  PJRT_Event *raw;
  *out = NULL;
  if (!client) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "client is NULL");
  }
  PJRT_TRY(pjrt_client_check(client));
  PJRT_TRY(pjrt_event_make_ready(client, what, &event));
  pjrt_error *error = create_raw(client, &raw);
  if (error) {
    pjrt_event_free(event);
    return error;
  }
  pjrt_event_fill(event, raw, what, PJRT_EVENT_PENDING);
  atomic_store_explicit(&event->promise, PJRT_PROMISE_UNSET,
                        memory_order_relaxed);
  atomic_store_explicit(&event->has_more, true, memory_order_release);
  *out = event;
  return NULL;
}

static pjrt_error *set_raw(const pjrt_event *event, pjrt_code code,
                           const char *message, size_t message_size) {
  PJRT_ARGS(PJRT_Event_Set, args);
  args->event = event->raw;
  args->error_code = (PJRT_Error_Code)code;
  args->error_message = message;
  args->error_message_size = message_size;
  return PJRT_CALL(event->client->plugin, PJRT_Event_Set, args);
}

/* Of all who want to set the event one may. */
static bool claim(pjrt_event *event) {
  int unset = PJRT_PROMISE_UNSET;
  return atomic_compare_exchange_strong(&event->promise, &unset,
                                        PJRT_PROMISE_SET);
}

static pjrt_error *refuse(const pjrt_event *event) {
  const bool was_set = atomic_load(&event->promise) == PJRT_PROMISE_SET;
  return pjrt_error_about(
      pjrt_error_format(PJRT_FAILED_PRECONDITION,
                        was_set ? "%s was set before"
                                : "%s is not for the caller to set: only an "
                                  "event of pjrt_event_create is",
                        event->what),
      event->client->plugin, "PJRT_Event_Set");
}

/* Whoever waits may free the event before the plugin has returned. */
pjrt_error *pjrt_event_set(pjrt_event *event, const pjrt_error *error) {
  size_t size;
  const char *message = pjrt_error_message(error, &size);
  PJRT_TRY(pjrt_event_check(event));
  if (error) PJRT_TRY(pjrt_reason_check(error));
  if (!claim(event)) return refuse(event);
  pjrt_event_retain(event);
  pjrt_error *failure = set_raw(event, pjrt_error_code(error), message, size);
  if (failure) atomic_store(&event->promise, PJRT_PROMISE_UNSET);
  pjrt_event_release(event);
  return failure;
}

/* Where the plugin will not have it, at least our own waiters learn it. */
void pjrt_promise_break(pjrt_event *event) {
  static const char message[] = "the event was freed before it was set";
  if (!claim(event)) return;
  pjrt_error *failure =
      set_raw(event, PJRT_CANCELLED, message, sizeof message - 1);
  if (failure) pjrt_event_publish(event, failure);
}
