#include "core/pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "base/alloc.h"

void pjrt_pool_init(pjrt_pool *pool, size_t buffer_size, size_t event_size) {
  pool->object_size[PJRT_POOL_BUFFER] = buffer_size;
  pool->object_size[PJRT_POOL_EVENT] = event_size;
  for (size_t i = 0; i < PJRT_POOL_SHARDS; i++) {
    atomic_flag_clear(&pool->shards[i].busy);
  }
}

void pjrt_pool_destroy(pjrt_pool *pool) {
  for (size_t i = 0; i < PJRT_POOL_SHARDS; i++) {
    for (size_t kind = 0; kind < PJRT_NUM_POOL_KINDS; kind++) {
      pjrt_link *object = pool->shards[i].idle[kind];
      while (object) {
        pjrt_link *next = object->next;
        free(object);
        object = next;
      }
    }
  }
}

/* ---- shards -------------------------------------------------------------- */

static bool try_enter(pjrt_pool_shard *shard) {
  return !atomic_flag_test_and_set_explicit(&shard->busy, memory_order_acquire);
}

static void leave(pjrt_pool_shard *shard) {
  atomic_flag_clear_explicit(&shard->busy, memory_order_release);
}

/* A thread starts at a shard of its own choice, by its identity, and moves on
 * when that one is busy. */
static pjrt_pool_shard *enter(pjrt_pool *pool) {
  uintptr_t self = (uintptr_t)pthread_self();
  for (size_t i = (self >> 12) ^ (self >> 20);; i++) {
    pjrt_pool_shard *shard = &pool->shards[i % PJRT_POOL_SHARDS];
    if (try_enter(shard)) return shard;
    if (i % PJRT_POOL_SHARDS == PJRT_POOL_SHARDS - 1) sched_yield();
  }
}

static void enter_all(pjrt_pool *pool) {
  for (size_t i = 0; i < PJRT_POOL_SHARDS; i++) {
    while (!try_enter(&pool->shards[i])) sched_yield();
  }
}

/* Leaves all and says whether anything was still taken. */
static bool leave_all(pjrt_pool *pool) {
  int64_t taken = 0;
  for (size_t i = 0; i < PJRT_POOL_SHARDS; i++) taken += pool->shards[i].taken;
  for (size_t i = 0; i < PJRT_POOL_SHARDS; i++) leave(&pool->shards[i]);
  return taken > 0;
}

/* ---- taking and giving --------------------------------------------------- */

static pjrt_error *add_new(pjrt_pool *pool, pjrt_pool_kind kind, size_t num,
                           void **out) {
  for (size_t i = 0; i < num; i++) {
    pjrt_error *error = pjrt_alloc(1, pool->object_size[kind], &out[i]);
    if (!error) continue;
    while (i-- > 0) free(out[i]);
    return error;
  }
  return NULL;
}

pjrt_error *pjrt_pool_take(pjrt_pool *pool, pjrt_pool_kind kind, size_t num,
                           void **out) {
  size_t found = 0;
  pjrt_pool_shard *shard = enter(pool);
  while (found < num && shard->idle[kind]) {
    pjrt_link *object = shard->idle[kind];
    shard->idle[kind] = object->next;
    out[found++] = object;
  }
  shard->taken += (int64_t)num;
  leave(shard);
  if (found == num) return NULL;

  pjrt_error *error = add_new(pool, kind, num - found, out + found);
  if (!error) return NULL;
  shard = enter(pool);
  shard->taken -= (int64_t)num;
  while (found-- > 0) {
    pjrt_link *object = out[found];
    object->next = shard->idle[kind];
    shard->idle[kind] = object;
  }
  leave(shard);
  return error;
}

/* The sum over all shards is told only when the pool is closing, and then two
 * threads cannot both see it reach zero: each looks after its own drop, under
 * every lock, and only one drop can be the last. */
static bool drop_in(pjrt_pool *pool, pjrt_pool_shard *shard) {
  shard->taken--;
  if (!shard->is_closing) {
    leave(shard);
    return false;
  }
  shard->taken++; /* until every lock is held */
  leave(shard);
  enter_all(pool);
  shard->taken--;
  return !leave_all(pool);
}

bool pjrt_pool_give(pjrt_pool *pool, pjrt_pool_kind kind, void *object) {
  pjrt_link *link = object;
  pjrt_pool_shard *shard = enter(pool);
  link->next = shard->idle[kind];
  shard->idle[kind] = link;
  return drop_in(pool, shard);
}

void pjrt_pool_hold(pjrt_pool *pool) {
  pjrt_pool_shard *shard = enter(pool);
  shard->taken++;
  leave(shard);
}

void pjrt_pool_unhold(pjrt_pool *pool) {
  pjrt_pool_shard *shard = enter(pool);
  shard->taken--;
  leave(shard);
}

bool pjrt_pool_drop(pjrt_pool *pool) { return drop_in(pool, enter(pool)); }

void pjrt_pool_close(pjrt_pool *pool) {
  enter_all(pool);
  for (size_t i = 0; i < PJRT_POOL_SHARDS; i++) {
    pool->shards[i].is_closing = true;
  }
  leave_all(pool);
}
