/* A client's wrappers: buffers and events, recycled and counted.
 *
 * Taking and giving back allocates nothing in steady state and takes no lock.
 * Wrappers lie idle in lanes, each a cache line with one list per kind. A list
 * is pushed to one by one and taken whole, so that a compare-and-swap of its
 * head is all it needs: what an object that others may take points to is never
 * followed. An object goes back to the lane that it was taken from, whichever
 * thread frees it, so that a producer finds again what its consumer freed.
 * Threads begin at the first lane and move on where they meet another one. What
 * is idle in any lane is found before anything is made, and then belongs to the
 * lane of the thread that found it.
 *
 * The objects that are out keep the client alive. While its handle is there
 * too nobody counts them. Closing the pool does: from then on its lists are
 * others, and who takes or gives counts as well.
 *
 * A pool lies on a page that the kernel wipes in a forked child: there, every
 * lane says that it is not of this process. */
#ifndef PJRT_CORE_POOL_H_
#define PJRT_CORE_POOL_H_

#include <stdatomic.h>

#include "core/thread.h"
#include "pjrt/error.h"

/* The first member of everything that lives in a pool or is buried by the
 * reaper: a link, used only while the object is dead. */
typedef struct pjrt_link {
  struct pjrt_link *next;
} pjrt_link;

typedef enum pjrt_pool_kind {
  PJRT_POOL_BUFFER,
  PJRT_POOL_EVENT,
  PJRT_NUM_POOL_KINDS
} pjrt_pool_kind;

enum { PJRT_POOL_LANES = 16 };

/* In place of a list's head: the pool is closed. */
enum { PJRT_POOL_CLOSED = 1 };

typedef struct pjrt_pool_lane {
  /* The address of the newest idle object; 0 for none. */
  _Alignas(64) atomic_uintptr_t idle[PJRT_NUM_POOL_KINDS];
  atomic_uintptr_t idle_when_closed[PJRT_NUM_POOL_KINDS];
  struct pjrt_pool *pool;
  bool is_ours;  /* false in a forked child */
  bool is_plain; /* so is this: whether objects may end the short way */
} pjrt_pool_lane;

typedef struct pjrt_pooled_kind {
  size_t size;
  /* Prepares a new object, all zeros. */
  void (*make)(void *object, void *owner);
  /* Notes the lane that the object goes back to. */
  void (*settle)(void *object, pjrt_pool_lane *lane);
} pjrt_pooled_kind;

typedef struct pjrt_pool {
  pjrt_pool_lane lanes[PJRT_POOL_LANES];
  const pjrt_pooled_kind *kinds;
  void *owner;
  /* Objects out, once the pool is closed. */
  atomic_int_fast64_t num_out;
} pjrt_pool;

pjrt_error *pjrt_pool_create(const pjrt_pooled_kind kinds[PJRT_NUM_POOL_KINDS],
                             void *owner, bool is_plain, pjrt_pool **out)
    __attribute__((warn_unused_result));

/* Frees it with what is idle; NULL is nothing. */
void pjrt_pool_destroy(pjrt_pool *pool);

/* Takes `num` objects: all or none. Their contents are what they were when
 * they were given back. */
pjrt_error *pjrt_pool_take(pjrt_pool *pool, pjrt_pool_kind kind, size_t num,
                           void **out) __attribute__((warn_unused_result));

/* Counts an object from elsewhere, and uncounts it; true when that was the
 * last one in a closed pool: then the caller must destroy the client. */
void pjrt_pool_hold(pjrt_pool *pool);
bool pjrt_pool_drop(pjrt_pool *pool) __attribute__((warn_unused_result));

/* Takes a hold back while something else is still counted: never the last. */
void pjrt_pool_unhold(pjrt_pool *pool);

/* Says that the owner is gone: from here on a drop may be the last. The caller
 * must hold the pool meanwhile. */
void pjrt_pool_close(pjrt_pool *pool);

/* ---- the short way, for the hot path ------------------------------------- */

/* The lane where the calling thread takes. */
static inline pjrt_pool_lane *pjrt_pool_lane_here(pjrt_pool *pool) {
  return &pool->lanes[pjrt_this_thread.lane];
}

static inline void pjrt_pool_move_on(void) {
  pjrt_this_thread.lane = (pjrt_this_thread.lane + 1) % PJRT_POOL_LANES;
}

/* Takes all that is idle in a lane, as a list; NULL when there is nothing, or
 * the pool is closed, or another thread is in the way. */
static inline pjrt_link *pjrt_pool_take_list(pjrt_pool_lane *lane,
                                             pjrt_pool_kind kind) {
  const uintptr_t head =
      atomic_load_explicit(&lane->idle[kind], memory_order_relaxed);
  uintptr_t expected = head;
  if (head <= PJRT_POOL_CLOSED) return NULL;
  if (atomic_compare_exchange_strong_explicit(&lane->idle[kind], &expected, 0,
                                              memory_order_acquire,
                                              memory_order_relaxed)) {
    return (pjrt_link *)head;
  }
  pjrt_pool_move_on();
  return NULL;
}

/* Gives back what is left of such a list. */
void pjrt_pool_give_list(pjrt_pool_lane *lane, pjrt_pool_kind kind,
                         pjrt_link *list);

/* Takes one object; NULL as above. */
static inline void *pjrt_pool_take_one(pjrt_pool *pool, pjrt_pool_kind kind) {
  pjrt_pool_lane *lane = pjrt_pool_lane_here(pool);
  pjrt_link *list = pjrt_pool_take_list(lane, kind);
  if (list && list->next) pjrt_pool_give_list(lane, kind, list->next);
  return list;
}

bool pjrt_pool_give_slowly(pjrt_pool_lane *lane, pjrt_pool_kind kind,
                           pjrt_link *object)
    __attribute__((warn_unused_result));

/* Gives one back to the lane that it belongs to. True when it was the last
 * thing that kept a closed pool alive: then the caller must destroy the
 * client. */
static inline __attribute__((warn_unused_result)) bool pjrt_pool_give(
    pjrt_pool_lane *lane, pjrt_pool_kind kind, pjrt_link *object) {
  uintptr_t head =
      atomic_load_explicit(&lane->idle[kind], memory_order_relaxed);
  if (head != PJRT_POOL_CLOSED) {
    object->next = (pjrt_link *)head;
    if (atomic_compare_exchange_strong_explicit(
            &lane->idle[kind], &head, (uintptr_t)object, memory_order_release,
            memory_order_relaxed)) {
      return false;
    }
  }
  return pjrt_pool_give_slowly(lane, kind, object);
}

#endif /* PJRT_CORE_POOL_H_ */
