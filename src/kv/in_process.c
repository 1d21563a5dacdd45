/* A store for the threads of one process. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/deadline.h"
#include "base/error.h"
#include "kv/stores.h"

typedef struct entry {
  struct entry *next;
  size_t key_size, value_size;
  char *value; /* behind the key */
  char key[];
} entry;

typedef struct memory_store {
  pthread_mutex_t mutex; /* guards what follows */
  pthread_cond_t changed;
  entry *entries;
  bool is_cancelled;
} memory_store;

static const entry *find(const memory_store *store, const char *key,
                         size_t key_size) {
  for (const entry *e = store->entries; e; e = e->next) {
    if (e->key_size == key_size && memcmp(e->key, key, key_size) == 0) return e;
  }
  return NULL;
}

static pjrt_error *get(void *user, const char *key, size_t key_size,
                       int64_t timeout_ns, pjrt_kvstore_value *value) {
  memory_store *store = user;
  const int64_t deadline = pjrt_deadline_after(timeout_ns);
  pthread_mutex_lock(&store->mutex);
  const entry *found;
  while (!(found = find(store, key, key_size)) && !store->is_cancelled &&
         pjrt_deadline_left(deadline)) {
    pjrt_deadline_wait(deadline, &store->changed, &store->mutex);
  }
  pjrt_error *error =
      found ? pjrt_kvstore_value_set(value, found->value, found->value_size)
            : NULL;
  pthread_mutex_unlock(&store->mutex);
  return error;
}

static pjrt_error *try_get(void *user, const char *key, size_t key_size,
                           pjrt_kvstore_value *value) {
  return get(user, key, key_size, 0, value);
}

static entry *make_entry(const char *key, size_t key_size, const void *value,
                         size_t value_size) {
  entry *e = malloc(sizeof *e + key_size + value_size);
  if (!e) return NULL;
  e->key_size = key_size;
  e->value_size = value_size;
  e->value = e->key + key_size;
  memcpy(e->key, key, key_size);
  memcpy(e->value, value, value_size);
  return e;
}

static pjrt_error *add(memory_store *store, entry *e) {
  const entry *old = find(store, e->key, e->key_size);
  if (old) {
    pjrt_error *error = pjrt_kv_check_same(old->value, old->value_size,
                                           e->value, e->value_size);
    free(e);
    return error;
  }
  e->next = store->entries;
  store->entries = e;
  pthread_cond_broadcast(&store->changed);
  return NULL;
}

static pjrt_error *put(void *user, const char *key, size_t key_size,
                       const void *value, size_t value_size) {
  memory_store *store = user;
  entry *e = make_entry(key, key_size, value, value_size);
  if (!e) return pjrt_error_out_of_memory();
  pthread_mutex_lock(&store->mutex);
  pjrt_error *error = add(store, e);
  pthread_mutex_unlock(&store->mutex);
  return error;
}

static void cancel(void *user) {
  memory_store *store = user;
  pthread_mutex_lock(&store->mutex);
  store->is_cancelled = true;
  pthread_cond_broadcast(&store->changed);
  pthread_mutex_unlock(&store->mutex);
}

static void destroy(void *user) {
  memory_store *store = user;
  while (store->entries) {
    entry *e = store->entries;
    store->entries = e->next;
    free(e);
  }
  pthread_cond_destroy(&store->changed);
  pthread_mutex_destroy(&store->mutex);
  free(store);
}

pjrt_error *pjrt_kvstore_create_in_process(pjrt_kvstore **out) {
  pjrt_kvstore_functions functions;
  *out = NULL;
  memory_store *store = calloc(1, sizeof *store);
  if (!store) return pjrt_error_out_of_memory();
  pthread_mutex_init(&store->mutex, NULL);
  pthread_cond_init(&store->changed, NULL);
  pjrt_kvstore_functions_init(&functions);
  functions.name = "this process";
  functions.user = store;
  functions.try_get = try_get;
  functions.put = put;
  functions.get = get;
  functions.cancel = cancel;
  functions.destroy = destroy;
  return pjrt_kvstore_create(&functions, out);
}
