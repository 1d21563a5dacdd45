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

  /* The call that ends it, ready to be made. */
  PJRT_Event_Destroy *destroy;
  PJRT_ROOM_FOR(PJRT_Event_Destroy_Args) destroy_args;

  pthread_mutex_t mutex; /* guards what follows, and publishing */
  pthread_cond_t published;
  pjrt_error *error;
  bool is_watched; /* the plugin will call back */
  bool is_asking;  /* a thread is asking it to */
  int fd;          /* -1: none */
  pjrt_event_callback *callbacks;

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
