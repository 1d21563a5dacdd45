/* Objects that are freed on a plugin's thread are destroyed on another one:
 * a plugin that destroys its client on its own thread waits for itself.
 *
 * A client has one reaper. Its thread is started, on a caller's thread, by the
 * first thing that can lead to a callback, or by the first grave, when that
 * comes in a callback of another client's. */
#ifndef PJRT_CORE_REAPER_H_
#define PJRT_CORE_REAPER_H_

#include <pthread.h>

#include "core/pool.h"

/* The first member of whatever can be buried. */
typedef struct pjrt_grave {
  pjrt_link link;
  /* Destroys the object. True when the client must be destroyed next. */
  bool (*bury)(struct pjrt_grave *grave);
} pjrt_grave;

typedef struct pjrt_reaper {
  pthread_mutex_t mutex; /* guards all that follows, but for the owner */
  pthread_cond_t wake;
  pthread_cond_t settled;
  pjrt_link *graves; /* newest first */
  bool is_burying;
  size_t num_callbacks; /* under way */
  size_t num_due;       /* still to come, for what is known to be done */
  bool is_running;
  bool stop;
  pthread_t thread;
  void (*destroy_owner)(void *owner);
  void *owner;
} pjrt_reaper;

/* `destroy_owner` is called, on the reaper's thread, when burying something
 * was the last that kept the owner alive. */
void pjrt_reaper_init(pjrt_reaper *reaper, void (*destroy_owner)(void *owner),
                      void *owner);

/* Starts the thread if it does not run yet. Must come before anything that
 * makes a plugin call back. */
pjrt_error *pjrt_reaper_start(pjrt_reaper *reaper)
    __attribute__((warn_unused_result));

/* Ends the thread. Called on its own thread, it only detaches it, and the
 * reaper must not be touched again. */
void pjrt_reaper_stop(pjrt_reaper *reaper);

/* Around what runs in a callback from a plugin. */
void pjrt_enter_callback(void);
void pjrt_leave_callback(void);

/* The same for a callback that tells the caller's code that something is done,
 * upon which that may free all it has and end the process. */
void pjrt_reaper_enter_callback(pjrt_reaper *reaper);
void pjrt_reaper_leave_callback(pjrt_reaper *reaper);

/* One more callback is due at any moment: the caller was told by other means
 * what it is about. It has come, or will not come, when `change` is -1. */
void pjrt_reaper_expect_callback(pjrt_reaper *reaper, int change);

/* Waits until no callback is under way or due and nothing is left to bury, so
 * that what the caller frees next ends on its own thread. Waits for a few
 * seconds at most, for a plugin may never call back; not at all in a callback
 * or where that could wait for itself. */
void pjrt_reaper_settle(pjrt_reaper *reaper);

/* Waits for the callbacks that are under way: they touch the reaper last. */
void pjrt_reaper_await_callbacks(pjrt_reaper *reaper);

/* Hands an object over to the reaper's thread. */
void pjrt_reaper_push(pjrt_reaper *reaper, pjrt_grave *grave);

#endif /* PJRT_CORE_REAPER_H_ */
