/* Events: something that will be ready, or fail, later.
 *
 * One kind of event for everything. It can be awaited, awaited with a
 * deadline, polled, given a callback, joined with others, and turned into a
 * file descriptor for poll and epoll. Its error is never lost: every way of
 * waiting returns it, as often as it is asked. */
#ifndef PJRT_EVENT_H_
#define PJRT_EVENT_H_

#include "pjrt/error.h"

PJRT_BEGIN_DECLS

typedef struct pjrt_event pjrt_event;

/* Wait for ever. */
#define PJRT_NO_DEADLINE INT64_MAX

/* Blocks until the event is ready and returns its error, a copy each time.
 * PJRT: PJRT_Event_Await (0.40).
 * @param event [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_event_await(pjrt_event *event);

/* Blocks for at most `timeout_ns` nanoseconds. DEADLINE_EXCEEDED when the
 * event is not ready by then, which leaves the event as it was; it says how
 * long the wait was and what for. 0 or less polls.
 * PJRT: PJRT_Event_IsReady (0.40), PJRT_Event_OnReady (0.40).
 * @param event [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_event_await_for(pjrt_event *event,
                                                        int64_t timeout_ns);

/* Whether the event is ready, without blocking. Its error, if it has one, is
 * not told here: await does that, and will not block any more.
 * PJRT: PJRT_Event_IsReady (0.40).
 * @param event [borrowed: call]
 * @param out_ready [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_event_is_ready(pjrt_event *event,
                                                       bool *out_ready);

/* Called once when the event is ready.
 * @param error [borrowed: call] the event's error, NULL for success
 * @param user [borrowed: call] as it was registered */
typedef void (*pjrt_event_fn)(const pjrt_error *error, void *user);

/* Calls `callback` when the event is ready: on the calling thread, before this
 * returns, if it is ready already, else on a thread of the plugin's. There it
 * must not block and must not wait for other events; freeing objects of this
 * library is allowed, since they are then destroyed elsewhere. The callback
 * is called exactly once if this succeeds, even when the event is freed before.
 * PJRT: PJRT_Event_OnReady (0.40).
 * @param event [borrowed: call]
 * @param user [borrowed: event] until the callback ran */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_event_on_ready(pjrt_event *event,
                                                       pjrt_event_fn callback,
                                                       void *user);

/* Makes an event that is ready when all the given ones are; its error is that
 * of the first of them, in the order given, that failed. INVALID_ARGUMENT for
 * none, which belong to no client.
 * @param events [shared]
 * @param out [owned: pjrt_event_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_event_join(pjrt_event *const *events,
                                                   size_t num_events,
                                                   pjrt_event **out);

/* A file descriptor that is readable once the event is ready. It is made on
 * the first request and stays the same. Never read from it or close it.
 * PJRT: PJRT_Event_OnReady (0.40).
 * @param event [borrowed: call]
 * @param out_fd [borrowed: call] the descriptor itself is borrowed from the
 *   event; -1 on failure */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_event_fd(pjrt_event *event,
                                                 int *out_fd);

/* Drops the handle. Does not wait, and does not cancel what the event stands
 * for.
 * PJRT: PJRT_Event_Destroy (0.40).
 * @param event [taken] */
PJRT_API void pjrt_event_free(pjrt_event *event);

PJRT_END_DECLS

#endif /* PJRT_EVENT_H_ */
