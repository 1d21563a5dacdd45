/* A client's wrappers: buffers and events, recycled and counted.
 *
 * Taking and giving back allocates nothing in steady state. Threads meet in
 * different shards, so that no lock is shared between them. Each shard counts
 * what was taken from it less what was given back to it; the sum over all of
 * them is the number of objects that keep the client alive, which is why
 * objects made elsewhere (executables) are counted here too. */
#ifndef PJRT_CORE_POOL_H_
#define PJRT_CORE_POOL_H_

#include <stdatomic.h>

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

enum { PJRT_POOL_SHARDS = 8 };

typedef struct pjrt_pool_shard {
  _Alignas(64) atomic_flag busy; /* a cache line of its own */
  bool is_closing;               /* the client's handle is gone */
  int64_t taken;
  pjrt_link *idle[PJRT_NUM_POOL_KINDS];
} pjrt_pool_shard;

typedef struct pjrt_pool {
  pjrt_pool_shard shards[PJRT_POOL_SHARDS];
  size_t object_size[PJRT_NUM_POOL_KINDS];
} pjrt_pool;

void pjrt_pool_init(pjrt_pool *pool, size_t buffer_size, size_t event_size);

/* Frees what is idle. */
void pjrt_pool_destroy(pjrt_pool *pool);

/* Takes `num` objects: all or none. Their contents are what they were when
 * they were given back; zeros when they are new. */
pjrt_error *pjrt_pool_take(pjrt_pool *pool, pjrt_pool_kind kind, size_t num,
                           void **out) __attribute__((warn_unused_result));

/* Gives one back. True when it was the last thing that kept a closed pool
 * alive: then the caller must destroy the client. */
bool pjrt_pool_give(pjrt_pool *pool, pjrt_pool_kind kind, void *object)
    __attribute__((warn_unused_result));

/* Counts an object from elsewhere, and uncounts it; as above. */
void pjrt_pool_hold(pjrt_pool *pool);
bool pjrt_pool_drop(pjrt_pool *pool) __attribute__((warn_unused_result));

/* Takes a hold back while something else is still counted: never the last. */
void pjrt_pool_unhold(pjrt_pool *pool);

/* Says that the owner is gone: from here on a drop may be the last. The caller
 * must hold the pool meanwhile. */
void pjrt_pool_close(pjrt_pool *pool);

#endif /* PJRT_CORE_POOL_H_ */
