#include "core/pool.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/alloc.h"
#include "base/error.h"

/* Before it is closed `num_out` counts what was ever made, and this much more,
 * so that nothing is the last. */
static const int64_t open_bias = INT64_MAX / 2;

pjrt_error *pjrt_pool_create(const pjrt_pooled_kind kinds[PJRT_NUM_POOL_KINDS],
                             void *owner, bool is_plain, pjrt_pool **out) {
  *out = NULL;
  pjrt_pool *pool = mmap(NULL, sizeof *pool, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pool == MAP_FAILED) return pjrt_error_from_errno(errno, "mmap");
  if (madvise(pool, sizeof *pool, MADV_WIPEONFORK) != 0) {
    pjrt_error *error =
        pjrt_error_from_errno(errno, "madvise(MADV_WIPEONFORK)");
    munmap(pool, sizeof *pool);
    return error;
  }
  for (size_t i = 0; i < PJRT_POOL_LANES; i++) {
    pool->lanes[i].pool = pool;
    pool->lanes[i].is_ours = true;
    pool->lanes[i].is_plain = is_plain;
  }
  pool->kinds = kinds;
  pool->owner = owner;
  atomic_init(&pool->num_out, open_bias);
  *out = pool;
  return NULL;
}

static void free_list(uintptr_t head) {
  pjrt_link *object = head == PJRT_POOL_CLOSED ? NULL : (pjrt_link *)head;
  while (object) {
    pjrt_link *next = object->next;
    free(object);
    object = next;
  }
}

void pjrt_pool_destroy(pjrt_pool *pool) {
  if (!pool) return;
  for (size_t i = 0; i < PJRT_POOL_LANES; i++) {
    for (size_t kind = 0; kind < PJRT_NUM_POOL_KINDS; kind++) {
      free_list(atomic_load(&pool->lanes[i].idle[kind]));
      free_list(atomic_load(&pool->lanes[i].idle_when_closed[kind]));
    }
  }
  munmap(pool, sizeof *pool);
}

/* ---- counting ------------------------------------------------------------ */

void pjrt_pool_hold(pjrt_pool *pool) {
  atomic_fetch_add_explicit(&pool->num_out, 1, memory_order_relaxed);
}

bool pjrt_pool_drop(pjrt_pool *pool) {
  return atomic_fetch_sub_explicit(&pool->num_out, 1, memory_order_acq_rel) ==
         1;
}

void pjrt_pool_unhold(pjrt_pool *pool) {
  atomic_fetch_sub_explicit(&pool->num_out, 1, memory_order_release);
}

/* ---- giving -------------------------------------------------------------- */

static bool is_closed(const pjrt_pool_lane *lane, pjrt_pool_kind kind) {
  return atomic_load_explicit(&lane->idle[kind], memory_order_relaxed) ==
         PJRT_POOL_CLOSED;
}

/* Pushes to a list; false when it is closed. */
static bool push(atomic_uintptr_t *list, pjrt_link *object) {
  uintptr_t head = atomic_load_explicit(list, memory_order_relaxed);
  do {
    if (head == PJRT_POOL_CLOSED) return false;
    object->next = (pjrt_link *)head;
  } while (!atomic_compare_exchange_weak_explicit(
      list, &head, (uintptr_t)object, memory_order_release,
      memory_order_relaxed));
  return true;
}

bool pjrt_pool_give_slowly(pjrt_pool_lane *lane, pjrt_pool_kind kind,
                           pjrt_link *object) {
  if (push(&lane->idle[kind], object)) return false;
  push(&lane->idle_when_closed[kind], object);
  return pjrt_pool_drop(lane->pool);
}

/* What nobody else could take since is put back whole. */
static bool put_back(atomic_uintptr_t *list, pjrt_link *objects) {
  uintptr_t empty = 0;
  return !objects || atomic_compare_exchange_strong_explicit(
                         list, &empty, (uintptr_t)objects, memory_order_release,
                         memory_order_relaxed);
}

void pjrt_pool_give_list(pjrt_pool_lane *lane, pjrt_pool_kind kind,
                         pjrt_link *list) {
  if (put_back(&lane->idle[kind], list)) return;
  while (list) {
    pjrt_link *next = list->next;
    /* The caller uses the pool, so these are not the last. */
    (void)!pjrt_pool_give_slowly(lane, kind, list);
    list = next;
  }
}

/* The same for a closed pool's, which are not counted while they are idle. */
static void give_list_when_closed(pjrt_pool_lane *lane, pjrt_pool_kind kind,
                                  pjrt_link *list) {
  if (put_back(&lane->idle_when_closed[kind], list)) return;
  while (list) {
    pjrt_link *next = list->next;
    push(&lane->idle_when_closed[kind], list);
    list = next;
  }
}

/* ---- taking -------------------------------------------------------------- */

static size_t pop(pjrt_link **list, size_t num, void **out) {
  size_t found = 0;
  for (; *list && found < num; *list = (*list)->next) out[found++] = *list;
  return found;
}

static size_t take_idle(pjrt_pool_lane *lane, pjrt_pool_kind kind, size_t num,
                        void **out) {
  if (!is_closed(lane, kind)) {
    pjrt_link *list = pjrt_pool_take_list(lane, kind);
    size_t found = pop(&list, num, out);
    pjrt_pool_give_list(lane, kind, list);
    return found;
  }
  pjrt_link *list = (pjrt_link *)atomic_exchange_explicit(
      &lane->idle_when_closed[kind], 0, memory_order_acquire);
  size_t found = pop(&list, num, out);
  atomic_fetch_add_explicit(&lane->pool->num_out, (int64_t)found,
                            memory_order_relaxed);
  give_list_when_closed(lane, kind, list);
  return found;
}

/* Looks through all lanes, its own first, where it settles what it finds. */
static size_t take_anywhere(pjrt_pool *pool, pjrt_pool_kind kind, size_t num,
                            void **out) {
  const unsigned first = pjrt_this_thread.lane;
  size_t taken = 0;
  for (unsigned i = 0; i < PJRT_POOL_LANES && taken < num; i++) {
    const unsigned at = (first + i) % PJRT_POOL_LANES;
    size_t found = take_idle(&pool->lanes[at], kind, num - taken, out + taken);
    for (size_t k = 0; i > 0 && k < found; k++) {
      pool->kinds[kind].settle(out[taken + k], &pool->lanes[first]);
    }
    taken += found;
  }
  return taken;
}

/* A lane looks empty while another thread holds its list. Threads that often
 * find it so are in each other's way, and must part, lest they make ever
 * more. */
static void note_miss(void) {
  enum { PATIENCE = 4 };
  if (++pjrt_this_thread.num_misses % PATIENCE == 0) pjrt_pool_move_on();
}

static pjrt_error *add_new(pjrt_pool_lane *lane, pjrt_pool_kind kind,
                           void **out) {
  pjrt_pool *pool = lane->pool;
  PJRT_TRY(pjrt_alloc(1, pool->kinds[kind].size, out));
  pool->kinds[kind].make(*out, pool->owner);
  pool->kinds[kind].settle(*out, lane);
  pjrt_pool_hold(pool);
  return NULL;
}

pjrt_error *pjrt_pool_take(pjrt_pool *pool, pjrt_pool_kind kind, size_t num,
                           void **out) {
  if (num == 0) return NULL;
  size_t taken = take_anywhere(pool, kind, num, out);
  if (taken < num) note_miss();
  for (; taken < num; taken++) {
    pjrt_pool_lane *lane = pjrt_pool_lane_here(pool);
    pjrt_error *error = add_new(lane, kind, &out[taken]);
    if (!error) continue;
    while (taken-- > 0) {
      (void)!pjrt_pool_give_slowly(lane, kind, out[taken]);
    }
    return error;
  }
  return NULL;
}

/* ---- closing ------------------------------------------------------------- */

/* Closes a list and says how much was idle there. */
static int64_t close_list(pjrt_pool_lane *lane, pjrt_pool_kind kind) {
  int64_t num = 0;
  pjrt_link *list = (pjrt_link *)atomic_exchange_explicit(
      &lane->idle[kind], PJRT_POOL_CLOSED, memory_order_acq_rel);
  for (pjrt_link *at = list; at; at = at->next) num++;
  give_list_when_closed(lane, kind, list);
  return num;
}

void pjrt_pool_close(pjrt_pool *pool) {
  int64_t num_idle = 0;
  for (size_t i = 0; i < PJRT_POOL_LANES; i++) {
    for (int kind = 0; kind < PJRT_NUM_POOL_KINDS; kind++) {
      num_idle += close_list(&pool->lanes[i], (pjrt_pool_kind)kind);
    }
  }
  atomic_fetch_sub(&pool->num_out, open_bias + num_idle);
}
