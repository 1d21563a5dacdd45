#include "core/reaper.h"

#include <signal.h>

#include "base/deadline.h"
#include "base/error.h"

/* How long it takes until a plugin is not expected to call back any more. */
#define SETTLE_NS INT64_C(2000000000)

_Thread_local pjrt_thread pjrt_this_thread;

void pjrt_enter_callback(void) { pjrt_this_thread.callback_depth++; }
void pjrt_leave_callback(void) { pjrt_this_thread.callback_depth--; }

void pjrt_reaper_init(pjrt_reaper *reaper, void (*destroy_owner)(void *owner),
                      void *owner) {
  pthread_mutex_init(&reaper->mutex, NULL);
  pthread_cond_init(&reaper->wake, NULL);
  pthread_cond_init(&reaper->settled, NULL);
  reaper->destroy_owner = destroy_owner;
  reaper->owner = owner;
}

/* Waits for graves; NULL when the thread is to stop. */
static pjrt_link *take_all(pjrt_reaper *reaper) {
  pthread_mutex_lock(&reaper->mutex);
  reaper->is_burying = false;
  pthread_cond_broadcast(&reaper->settled);
  while (!reaper->graves && !reaper->stop) {
    pthread_cond_wait(&reaper->wake, &reaper->mutex);
  }
  pjrt_link *graves = reaper->graves;
  reaper->graves = NULL;
  reaper->is_burying = graves != NULL;
  pthread_mutex_unlock(&reaper->mutex);
  return graves;
}

/* True when the owner must be destroyed: nothing can be left then, since every
 * grave keeps it alive. */
static bool bury_all(pjrt_link *link) {
  bool last = false;
  while (link) {
    pjrt_link *next = link->next;
    pjrt_grave *grave = (pjrt_grave *)link;
    last = grave->bury(grave) || last;
    link = next;
  }
  return last;
}

static void *run(void *argument) {
  pjrt_reaper *reaper = argument;
  pjrt_link *graves;
  pjrt_this_thread.is_reaper = true;
  while ((graves = take_all(reaper))) {
    if (!bury_all(graves)) continue;
    reaper->destroy_owner(reaper->owner);
    return NULL;
  }
  return NULL;
}

/* The thread takes no signals: they are the application's. */
static int start_thread(pjrt_reaper *reaper) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int failure = pthread_create(&reaper->thread, NULL, run, reaper);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return failure;
}

pjrt_error *pjrt_reaper_start(pjrt_reaper *reaper) {
  int failure = 0;
  pthread_mutex_lock(&reaper->mutex);
  if (!reaper->is_running) {
    failure = start_thread(reaper);
    reaper->is_running = !failure;
  }
  pthread_mutex_unlock(&reaper->mutex);
  if (!failure) return NULL;
  return pjrt_error_from_errno(failure, "cannot start the client's thread");
}

void pjrt_reaper_stop(pjrt_reaper *reaper) {
  if (reaper->is_running && pthread_equal(reaper->thread, pthread_self())) {
    pthread_detach(reaper->thread);
  } else if (reaper->is_running) {
    pthread_mutex_lock(&reaper->mutex);
    reaper->stop = true;
    pthread_cond_signal(&reaper->wake);
    pthread_mutex_unlock(&reaper->mutex);
    pthread_join(reaper->thread, NULL);
  }
  pthread_cond_destroy(&reaper->settled);
  pthread_cond_destroy(&reaper->wake);
  pthread_mutex_destroy(&reaper->mutex);
}

/* The thread does not run yet when the callback is another client's; if it
 * cannot be started now, the next start finds the grave. Signals before it
 * unlocks: afterwards the object may be buried, and with it the last that kept
 * this reaper alive. */
void pjrt_reaper_push(pjrt_reaper *reaper, pjrt_grave *grave) {
  pthread_mutex_lock(&reaper->mutex);
  grave->link.next = reaper->graves;
  reaper->graves = &grave->link;
  if (!reaper->is_running) reaper->is_running = start_thread(reaper) == 0;
  pthread_cond_signal(&reaper->wake);
  pthread_mutex_unlock(&reaper->mutex);
}

/* ---- callbacks under way ------------------------------------------------- */

void pjrt_reaper_enter_callback(pjrt_reaper *reaper) {
  pthread_mutex_lock(&reaper->mutex);
  reaper->num_callbacks++;
  pthread_mutex_unlock(&reaper->mutex);
  pjrt_enter_callback();
}

void pjrt_reaper_leave_callback(pjrt_reaper *reaper) {
  pjrt_leave_callback();
  pthread_mutex_lock(&reaper->mutex);
  reaper->num_callbacks--;
  pthread_cond_broadcast(&reaper->settled);
  pthread_mutex_unlock(&reaper->mutex);
}

void pjrt_reaper_expect_callback(pjrt_reaper *reaper, int change) {
  pthread_mutex_lock(&reaper->mutex);
  reaper->num_due += (size_t)change;
  pthread_cond_broadcast(&reaper->settled);
  pthread_mutex_unlock(&reaper->mutex);
}

static bool is_settled(const pjrt_reaper *reaper) {
  return !reaper->num_callbacks && !reaper->num_due && !reaper->is_burying &&
         !(reaper->graves && reaper->is_running);
}

void pjrt_reaper_settle(pjrt_reaper *reaper) {
  if (pjrt_in_callback() || pjrt_this_thread.is_reaper) return;
  const int64_t deadline = pjrt_deadline_after(SETTLE_NS);
  pthread_mutex_lock(&reaper->mutex);
  while (!is_settled(reaper) &&
         pjrt_deadline_wait(deadline, &reaper->settled, &reaper->mutex)) {
  }
  pthread_mutex_unlock(&reaper->mutex);
}

void pjrt_reaper_await_callbacks(pjrt_reaper *reaper) {
  pthread_mutex_lock(&reaper->mutex);
  while (reaper->num_callbacks) {
    pthread_cond_wait(&reaper->settled, &reaper->mutex);
  }
  pthread_mutex_unlock(&reaper->mutex);
}
