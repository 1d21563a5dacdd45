/* Events: something that will be ready, or fail, later.
 *
 * One kind of event for everything. It can be awaited, awaited with a
 * deadline, polled, given a callback, joined with others, and turned into a
 * file descriptor for poll and epoll. Its error is never lost: every way of
 * waiting returns it, as often as it is asked. */
#ifndef PJRT_EVENT_H_
#define PJRT_EVENT_H_

#include "pjrt/client.h"

PJRT_BEGIN_DECLS

typedef struct pjrt_event pjrt_event;

/* Blocks until the event is ready and returns its error, a copy each time. The
 * plugin does the waiting, so that nothing ends it but the event; one that may
 * have to be given up is pjrt_event_await_for with PJRT_NO_DEADLINE.
 * CANCELLED after pjrt_event_cancel_waits, unless the event is ready.
 * PJRT: PJRT_Event_Await (0.40).
 * @param event [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_event_await(pjrt_event *event);

/* Blocks for at most `timeout_ns` nanoseconds. DEADLINE_EXCEEDED when the
 * event is not ready by then, which leaves the event as it was; it says how
 * long the wait was and what for. 0 or less polls. CANCELLED when
 * pjrt_event_cancel_waits ended the wait, which leaves the event as it was too.
 * PJRT: PJRT_Event_IsReady (0.40), PJRT_Event_OnReady (0.40).
 * @param event [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_event_await_for(pjrt_event *event,
                                                        int64_t timeout_ns);

/* Gives up waiting: every pjrt_event_await_for that is under way for this
 * handle ends with CANCELLED, and so does every wait that begins later, until
 * the event is ready. What the event stands for goes on, and so do its
 * callbacks, descriptor and joins. A pjrt_event_await that blocks already is
 * the plugin's and is not ended.
 * @param event [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_event_cancel_waits(pjrt_event *event);

/* Whether the event is ready, without blocking. Its error, if it has one, is
 * not told here: await does that, and will not block any more.
 * PJRT: PJRT_Event_IsReady (0.40).
 * @param event [borrowed: call]
 * @param out_ready [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_event_is_ready(pjrt_event *event,
                                                       bool *out_ready);

/* The error of an event that is ready, without blocking; NULL for success.
 * FAILED_PRECONDITION while it is pending, where plugins end the process.
 * PJRT: PJRT_Event_Error (0.40), PJRT_Event_IsReady (0.40).
 * @param event [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_event_error(pjrt_event *event);

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

/* ---- events of the caller's ---------------------------------------------- */

/* Makes an event that is ready when the caller says so, on any thread, with
 * pjrt_event_set: for work of the caller's that others wait for, here or, by
 * pjrt_event_raw, in the plugin. It is waited for like any other.
 * PJRT: PJRT_Event_Create (0.89).
 * @param client [shared]
 * @param out [owned: pjrt_event_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_event_create(pjrt_client *client,
                                                     pjrt_event **out);

/* Makes such an event ready: with success for NULL, else with the code and the
 * message of `error`. Whoever waits may free the event from that moment on.
 * Callbacks run before this returns, on this thread or on the plugin's.
 * FAILED_PRECONDITION when it was set before, or was not made by
 * pjrt_event_create; plugins end the process on both. INVALID_ARGUMENT for an
 * error whose code PJRT does not define.
 * PJRT: PJRT_Event_Set (0.89).
 * @param event [borrowed: call]
 * @param error [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_event_set(pjrt_event *event,
                                                  const pjrt_error *error);

/* Drops the handle. Does not wait, and does not cancel what the event stands
 * for. An event of pjrt_event_create that was never set fails with CANCELLED,
 * so that callbacks and joins come to their end.
 * PJRT: PJRT_Event_Destroy (0.40).
 * @param event [taken] */
PJRT_API void pjrt_event_free(pjrt_event *event);

PJRT_END_DECLS

#endif /* PJRT_EVENT_H_ */
