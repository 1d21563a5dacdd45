/* What the library keeps per thread. It belongs to no client, since functions
 * that free get nothing but the object. */
#ifndef PJRT_CORE_THREAD_H_
#define PJRT_CORE_THREAD_H_

#include <stdbool.h>

typedef struct pjrt_thread {
  int callback_depth;  /* whether a plugin is calling back */
  bool is_reaper;      /* whether it destroys for others; see reaper.h */
  unsigned lane;       /* where it takes from pools; see pool.h */
  unsigned num_misses; /* how often it found nothing there */
  /* What FFI handlers that a plugin asks while one is registered on this
   * thread look at; see ext/ffi_call.h. */
  struct pjrt_ffi_registration *registration;
} pjrt_thread;

/* The model spares a call to the loader on each access; the few bytes fit in
 * what it sets aside for libraries that are loaded late. */
extern _Thread_local pjrt_thread pjrt_this_thread
    __attribute__((tls_model("initial-exec")));

/* Whether the calling thread is inside a callback from a plugin. */
static inline bool pjrt_in_callback(void) {
  return pjrt_this_thread.callback_depth != 0;
}

#endif /* PJRT_CORE_THREAD_H_ */
