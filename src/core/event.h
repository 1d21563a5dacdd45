/* The inside of an event. */
#ifndef PJRT_CORE_EVENT_H_
#define PJRT_CORE_EVENT_H_

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
  PJRT_Event *raw;    /* NULL for joins and events made ready */
  const char *what;   /* static: "PJRT_LoadedExecutable_Execute" and the like */
  atomic_size_t refs; /* the handle, a callback under way, joins */
  atomic_int state;   /* pjrt_event_state */
  pjrt_error *error;

  pthread_mutex_t mutex; /* guards what follows, and publishing */
  pthread_cond_t published;
  bool is_watched; /* the plugin will call back */
  bool is_asking;  /* a thread is asking it to */
  int fd;          /* -1: none */
  pjrt_event_callback *callbacks;

  pjrt_event **joined; /* a join's events, one reference each */
  size_t num_joined;
  atomic_size_t num_pending;
};

/* Wraps an event of the plugin's and owns it from now on; when this fails, it
 * is awaited and destroyed. NULL, which some functions answer, becomes a ready
 * event. */
pjrt_error *pjrt_event_wrap(pjrt_client *client, PJRT_Event *raw,
                            const char *what, pjrt_event **out)
    __attribute__((warn_unused_result));

/* An event that is ready. */
pjrt_error *pjrt_event_make_ready(pjrt_client *client, const char *what,
                                  pjrt_event **out)
    __attribute__((warn_unused_result));

/* Waits for an event of the plugin's and destroys it, without a wrapper. */
pjrt_error *pjrt_raw_event_finish(pjrt_client *client, PJRT_Event *raw)
    __attribute__((warn_unused_result));

void pjrt_raw_event_destroy(const pjrt_client *client, PJRT_Event *raw);

/* Without blocking. */
pjrt_error *pjrt_raw_event_is_ready(const pjrt_client *client, PJRT_Event *raw,
                                    bool *out_ready)
    __attribute__((warn_unused_result));

#endif /* PJRT_CORE_EVENT_H_ */
