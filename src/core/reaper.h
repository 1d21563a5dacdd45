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
  pjrt_link *graves; /* newest first */
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

/* Hands an object over to the reaper's thread. */
void pjrt_reaper_push(pjrt_reaper *reaper, pjrt_grave *grave);

#endif /* PJRT_CORE_REAPER_H_ */
