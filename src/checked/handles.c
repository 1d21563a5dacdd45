#include "checked/handles.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

/* This file is for checked builds alone. */
#ifndef PJRT_CHECKED
#define PJRT_CHECKED 1
#endif
#include "base/alloc.h"

typedef enum handle_state {
  HANDLE_UNKNOWN = 0, /* nothing was seen, or the memory is another's now */
  HANDLE_OWNED = 1,
  HANDLE_LENT = 2,
  HANDLE_FREED = 3
} handle_state;

typedef struct entry {
  uintptr_t address; /* 0: a free slot; slots are never given back */
  handle_state state;
  const char *kind;
  const char *function; /* that made or lent or freed it */
  size_t num_owners;    /* several for the error that stands for no memory */
} entry;

/* The one thing in a checked library that is not constant. Its memory is not
 * from malloc, whose failures tests count. */
static struct {
  pthread_mutex_t mutex;
  pthread_once_t once;
  entry *entries;
  size_t num, capacity; /* a power of two */
} table = {.mutex = PTHREAD_MUTEX_INITIALIZER, .once = PTHREAD_ONCE_INIT};

/* ---- the table ----------------------------------------------------------- */

static void lock(void) { pthread_mutex_lock(&table.mutex); }
static void unlock(void) { pthread_mutex_unlock(&table.mutex); }

/* A child must not find the table locked by a thread that it has not. */
static void keep_over_forks(void) { pthread_atfork(lock, unlock, unlock); }

static void begin(void) {
  pthread_once(&table.once, keep_over_forks);
  lock();
}

static entry *slot_of(uintptr_t address) {
  size_t i = (size_t)(address * UINT64_C(0x9e3779b97f4a7c15) >> 20);
  for (;; i++) {
    entry *e = &table.entries[i & (table.capacity - 1)];
    if (!e->address || e->address == address) return e;
  }
}

/* False when memory is short: what is not noted is not checked. */
static bool make_room(void) {
  const size_t old_capacity = table.capacity;
  entry *old = table.entries;
  if (2 * table.num < table.capacity) return true;
  const size_t capacity = old_capacity ? 2 * old_capacity : 1024;
  entry *entries =
      mmap(NULL, capacity * sizeof *entries, PROT_READ | PROT_WRITE,
           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (entries == MAP_FAILED) return false;
  table.entries = entries;
  table.capacity = capacity;
  for (size_t i = 0; i < old_capacity; i++) {
    if (old[i].address) *slot_of(old[i].address) = old[i];
  }
  if (old) munmap(old, old_capacity * sizeof *old);
  return true;
}

/* NULL for an address of which nothing is known. */
static entry *find(const void *handle) {
  if (!handle || !table.capacity) return NULL;
  entry *e = slot_of((uintptr_t)handle);
  return e->address && e->state != HANDLE_UNKNOWN ? e : NULL;
}

static void note(const char *function, const char *kind, const void *handle,
                 handle_state state) {
  if (!handle || !make_room()) return;
  entry *e = slot_of((uintptr_t)handle);
  if (!e->address) table.num++;
  const bool is_owned = e->address && e->state == HANDLE_OWNED;
  /* A borrowed pointer to what the caller owns is still the caller's. */
  if (is_owned && state == HANDLE_LENT && e->kind == kind) return;
  const size_t num_owners = is_owned && e->kind == kind ? e->num_owners : 0;
  *e = (entry){(uintptr_t)handle, state, kind, function, num_owners + 1};
}

/* ---- checking ------------------------------------------------------------ */

_Noreturn static void die(const char *function, const char *kind,
                          const entry *e) {
  if (e->state == HANDLE_FREED) {
    fprintf(stderr, "libpjrt: %s: the %s %p was freed before, by %s\n",
            function, e->kind, (void *)e->address, e->function);
  } else {
    fprintf(stderr, "libpjrt: %s: %p is no %s, but the %s that %s gave\n",
            function, (void *)e->address, kind, e->kind, e->function);
  }
  abort();
}

static entry *check(const char *function, const char *kind,
                    const void *handle) {
  entry *e = find(handle);
  if (e && (e->state == HANDLE_FREED || e->kind != kind)) {
    die(function, kind, e);
  }
  return e;
}

void pjrt_handle_made(const char *function, const char *kind,
                      const void *handle) {
  begin();
  note(function, kind, handle, HANDLE_OWNED);
  unlock();
}

void pjrt_handle_lent(const char *function, const char *kind,
                      const void *handle) {
  begin();
  note(function, kind, handle, HANDLE_LENT);
  unlock();
}

void pjrt_handle_used(const char *function, const char *kind,
                      const void *handle) {
  begin();
  check(function, kind, handle);
  unlock();
}

void pjrt_handle_taken(const char *function, const char *kind,
                       const void *handle) {
  begin();
  entry *e = check(function, kind, handle);
  if (e && e->state == HANDLE_OWNED && --e->num_owners == 0) {
    e->state = HANDLE_FREED;
    e->function = function;
  }
  unlock();
}

void pjrt_handle_revive(const void *handle) {
  begin();
  entry *e = find(handle);
  if (e && e->state == HANDLE_FREED) e->state = HANDLE_UNKNOWN;
  unlock();
}

void pjrt_handle_forget(const void *memory) {
  begin();
  entry *e = find(memory);
  if (e) e->state = HANDLE_UNKNOWN;
  unlock();
}
