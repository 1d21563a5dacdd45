/* Events of ours for what plugins tell by a callback: published once, from
 * whichever thread that comes on. */
#ifndef PJRT_EXT_OWN_EVENT_H_
#define PJRT_EXT_OWN_EVENT_H_

#include "core/event.h"

/* A pending event with two references: the handle's, and the callback's. `call`
 * names what leads to the callback. To be made before the call. */
static inline __attribute__((warn_unused_result)) pjrt_error *
pjrt_own_event_create(pjrt_client *client, const char *call, pjrt_event **out) {
  *out = NULL;
  PJRT_TRY(pjrt_reaper_start(&client->reaper));
  PJRT_TRY(pjrt_event_reserve(client, call, out));
  pjrt_event_fill(*out, NULL, call, PJRT_EVENT_PENDING);
  pjrt_event_retain(*out);
  return NULL;
}

/* There will be no callback, for the call failed: ends both references. */
static inline __attribute__((warn_unused_result)) pjrt_error *
pjrt_own_event_abandon(pjrt_event **event, pjrt_error *error) {
  pjrt_event_release(*event);
  return pjrt_event_drop_reserved(event, error);
}

/* Begins a callback about the event. Pairs with pjrt_event_retain() before the
 * call, see event.c: a race detector cannot see into the plugin. */
static inline pjrt_reaper *pjrt_own_event_enter(const pjrt_event *event) {
  (void)atomic_load_explicit(&event->refs, memory_order_acquire);
  pjrt_reaper_enter_callback(&event->client->reaper);
  return &event->client->reaper;
}

/* Takes `error`, and the callback's reference. */
static inline void pjrt_own_event_end(pjrt_event *event, pjrt_error *error) {
  pjrt_event_publish(event, error);
  pjrt_event_release(event);
}

#endif /* PJRT_EXT_OWN_EVENT_H_ */
