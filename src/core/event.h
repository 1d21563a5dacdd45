/* The inside of an event. */
#ifndef PJRT_CORE_EVENT_H_
#define PJRT_CORE_EVENT_H_

#include "base/error.h"
#include "core/client.h"
#include "pjrt/event.h"

typedef enum pjrt_event_state {
  PJRT_EVENT_PENDING = 0,
  PJRT_EVENT_READY = 1,
  PJRT_EVENT_FAILED = 2 /* `error` is set and never changes again */
} pjrt_event_state;

/* Whether the caller sets the event, and did. */
typedef enum pjrt_promise {
  PJRT_PROMISE_NONE = 0, /* it is the plugin's, or a join */
  PJRT_PROMISE_UNSET = 1,
  PJRT_PROMISE_SET = 2
} pjrt_promise;

/* The plugin's callback, once somebody else found the event ready. */
typedef enum pjrt_event_call {
  PJRT_EVENT_CALL_UNKNOWN = 0,
  PJRT_EVENT_CALL_DUE = 1, /* the reaper expects it */
  PJRT_EVENT_CALL_CAME = 2
} pjrt_event_call;

typedef struct pjrt_event_callback pjrt_event_callback;

/* Lives in the client's pool. An event either wraps one of the plugin's, or is
 * the join of others, or was ready when it was made. Whoever waits with more
 * than a plain await has the plugin call back, once per event, and that
 * publishes the outcome here. */
struct pjrt_event {
  pjrt_grave grave;
  pjrt_client *client;
  pjrt_pool_lane *lane;
  PJRT_Event *raw;  /* NULL for joins and events made ready */
  const char *what; /* static: "PJRT_LoadedExecutable_Execute" and the like */
  atomic_size_t
      refs;         /* the handle, a callback under way, joins; 1 while idle */
  atomic_int state; /* pjrt_event_state */
  /* Whether what follows `mutex` was ever used, or the outcome published. */
  atomic_bool has_more;
  /* When somebody first began to wait, in nanoseconds on the coarse monotonic
   * clock; 0: nobody did yet. */
  atomic_int_fast64_t waited_since;

  /* The call that ends it, ready to be made. */
  PJRT_Event_Destroy *destroy;
  PJRT_ROOM_FOR(PJRT_Event_Destroy_Args) destroy_args;

  pthread_mutex_t mutex; /* guards what follows, and publishing */
  pthread_cond_t published;
  pjrt_error *error;
  bool is_watched; /* the plugin will call back */
  bool is_asking;  /* a thread is asking it to */
  pjrt_event_call call;
  int fd; /* -1: none */
  pjrt_event_callback *callbacks;
  atomic_bool is_given_up; /* nobody may wait any more */
  atomic_int promise;      /* pjrt_promise */

  pjrt_event **joined; /* a join's events, one reference each */
  size_t num_joined;
  atomic_size_t num_pending;
};

/* For the pool: prepares a new event, and notes its lane. */
void pjrt_event_make(void *object, void *owner);
void pjrt_event_settle_in(void *event, pjrt_pool_lane *lane);

static inline void pjrt_event_fill(pjrt_event *event, PJRT_Event *raw,
                                   const char *what, pjrt_event_state state) {
  event->raw = raw;
  event->what = what;
  atomic_store_explicit(&event->state, state, memory_order_relaxed);
}

pjrt_error *pjrt_event_wrap_slowly(pjrt_client *client, PJRT_Event *raw,
                                   const char *what, pjrt_event **out)
    __attribute__((warn_unused_result));

/* Wraps an event of the plugin's and owns it from now on; when this fails, it
 * is awaited and destroyed. NULL, which some functions answer, becomes a ready
 * event. */
static inline __attribute__((warn_unused_result)) pjrt_error *pjrt_event_wrap(
    pjrt_client *client, PJRT_Event *raw, const char *what, pjrt_event **out) {
  pjrt_event *event =
      raw ? pjrt_pool_take_one(client->pool, PJRT_POOL_EVENT) : NULL;
  if (!event) return pjrt_event_wrap_slowly(client, raw, what, out);
  pjrt_event_fill(event, raw, what, PJRT_EVENT_PENDING);
  *out = event;
  return NULL;
}

/* An event that is ready. */
pjrt_error *pjrt_event_make_ready(pjrt_client *client, const char *what,
                                  pjrt_event **out)
    __attribute__((warn_unused_result));

/* For a call whose event may wait for the caller itself, as that of a promised
 * buffer does: awaiting it where memory for its wrapper is short would never
 * end. So the wrapper is taken before the call. */
static inline __attribute__((warn_unused_result)) pjrt_error *
pjrt_event_reserve(pjrt_client *client, const char *what, pjrt_event **out) {
  *out = pjrt_pool_take_one(client->pool, PJRT_POOL_EVENT);
  return *out ? NULL : pjrt_event_make_ready(client, what, out);
}

pjrt_error *pjrt_event_drop_reserved(pjrt_event **event, pjrt_error *error)
    __attribute__((cold, warn_unused_result, returns_nonnull));

/* The end of such a call: the wrapper gets its event, NULL as above, or is
 * freed where the call failed, whose error is passed on. */
static inline __attribute__((warn_unused_result)) pjrt_error *
pjrt_event_fill_reserved(pjrt_event **event, PJRT_Event *raw, const char *what,
                         pjrt_error *error) {
  if (error) return pjrt_event_drop_reserved(event, error);
  pjrt_event_fill(*event, raw, what,
                  raw ? PJRT_EVENT_PENDING : PJRT_EVENT_READY);
  return NULL;
}

/* ---- for what is built on events ----------------------------------------- */

/* INVALID_ARGUMENT for NULL, FAILED_PRECONDITION in a forked child. */
pjrt_error *pjrt_event_check(const pjrt_event *event)
    __attribute__((warn_unused_result));

/* References beside the handle's. */
void pjrt_event_retain(pjrt_event *event);
void pjrt_event_release(pjrt_event *event);

/* Makes the outcome known, takes `error`, and runs the callbacks. Only the
 * first one to publish counts. */
void pjrt_event_publish(pjrt_event *event, pjrt_error *error);

/* Whether the event is ready now; publishes the outcome if it is. */
pjrt_error *pjrt_event_poll(pjrt_event *event, bool *out_ready)
    __attribute__((warn_unused_result));

static inline pjrt_event_state pjrt_event_state_of(const pjrt_event *event) {
  return (pjrt_event_state)atomic_load_explicit(&event->state,
                                                memory_order_acquire);
}

/* How many of a join's events are pending, and the first of them; 0 and NULL
 * for other events. */
size_t pjrt_event_num_pending(const pjrt_event *join,
                              const pjrt_event **out_first);

/* Now, for waited_since. */
int64_t pjrt_event_clock(void);

/* An event that the caller did not set fails when it is freed (promise.c). */
void pjrt_promise_break(pjrt_event *event);

/* INVALID_ARGUMENT for a code that PJRT does not define, OK included: plugins
 * are given such errors, and do not check. */
pjrt_error *pjrt_reason_check(const pjrt_error *reason)
    __attribute__((warn_unused_result));

/* ---- without a wrapper --------------------------------------------------- */

/* Destroying must never be fatal, and nobody is left to tell. */
static inline void pjrt_raw_event_destroy(const pjrt_client *client,
                                          PJRT_Event *raw) {
  if (!raw) return;
  PJRT_ARGS(PJRT_Event_Destroy, args);
  args->event = raw;
  pjrt_error_drop(PJRT_CALL(client->plugin, PJRT_Event_Destroy, args));
}

static inline __attribute__((warn_unused_result)) pjrt_error *
pjrt_raw_event_await(const pjrt_client *client, PJRT_Event *raw) {
  PJRT_ARGS(PJRT_Event_Await, args);
  args->event = raw;
  return PJRT_CALL(client->plugin, PJRT_Event_Await, args);
}

/* Waits for an event of the plugin's and destroys it, without a wrapper. */
static inline __attribute__((warn_unused_result)) pjrt_error *
pjrt_raw_event_finish(const pjrt_client *client, PJRT_Event *raw) {
  if (!raw) return NULL;
  pjrt_error *error = pjrt_raw_event_await(client, raw);
  pjrt_raw_event_destroy(client, raw);
  return error;
}

/* Without blocking. */
pjrt_error *pjrt_raw_event_is_ready(const pjrt_client *client, PJRT_Event *raw,
                                    bool *out_ready)
    __attribute__((warn_unused_result));

#endif /* PJRT_CORE_EVENT_H_ */
