/* What holds for every key-value store. Include after cmocka.h. */
#ifndef PJRT_TESTS_UNIT_STORE_CHECKS_H_
#define PJRT_TESTS_UNIT_STORE_CHECKS_H_

#include <pthread.h>
#include <time.h>

#include "expect.h"
#include "pjrt/pjrt.h"

#define MS INT64_C(1000000)
#define SECOND (1000 * MS)
#define LONG (60 * SECOND)

static inline int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * SECOND + now.tv_nsec;
}

static inline void expect_held(pjrt_kvstore *store, const char *key,
                               const void *expected, size_t size) {
  void *value;
  size_t value_size;
  expect_ok(
      pjrt_kvstore_get(store, key, PJRT_NUL_ENDED, 0, &value, &value_size));
  assert_int_equal(value_size, size);
  assert_memory_equal(value, expected, size);
  assert_int_equal(((char *)value)[size], 0);
  pjrt_host_free(value);
  expect_ok(
      pjrt_kvstore_try_get(store, key, PJRT_NUL_ENDED, &value, &value_size));
  assert_int_equal(value_size, size);
  pjrt_host_free(value);
}

static inline void expect_absent(pjrt_kvstore *store, const char *key) {
  void *value = store;
  size_t size = 7;
  expect_ok(pjrt_kvstore_try_get(store, key, PJRT_NUL_ENDED, &value, &size));
  assert_null(value);
  assert_int_equal(size, 0);
}

static inline pjrt_error *put_text(pjrt_kvstore *store, const char *key,
                                   const char *value) {
  return pjrt_kvstore_put(store, key, PJRT_NUL_ENDED, value, strlen(value));
}

/* ---- what holds for every store ------------------------------------------ */

typedef struct waiter {
  pthread_t thread;
  pjrt_kvstore *store;
  const char *key;
  void *value;
  size_t size;
  pjrt_error *error;
} waiter;

static inline void *wait_for_key(void *arg) {
  waiter *w = arg;
  w->error = pjrt_kvstore_get(w->store, w->key, PJRT_NUL_ENDED, LONG, &w->value,
                              &w->size);
  return NULL;
}

static inline void start_waiting(waiter *w, pjrt_kvstore *store,
                                 const char *key) {
  w->store = store;
  w->key = key;
  assert_int_equal(pthread_create(&w->thread, NULL, wait_for_key, w), 0);
}

static inline void nap_ms(int ms) {
  const struct timespec time = {ms / 1000, ms % 1000 * 1000000};
  nanosleep(&time, NULL);
}

static inline void check_values(pjrt_kvstore *store) {
  static const char bytes[] = {0, 'x', '\n', 0, (char)0xff};
  char long_key[5000];
  memset(long_key, 'k', sizeof long_key);
  long_key[sizeof long_key - 1] = 0;
  expect_absent(store, "a");
  expect_ok(put_text(store, "a", "1"));
  expect_held(store, "a", "1", 1);
  expect_absent(store, "A");
  expect_ok(pjrt_kvstore_put(store, "/../x y\n%", PJRT_NUL_ENDED, bytes,
                             sizeof bytes));
  expect_held(store, "/../x y\n%", bytes, sizeof bytes);
  expect_ok(pjrt_kvstore_put(store, " empty", PJRT_NUL_ENDED, NULL, 0));
  expect_held(store, " empty", "", 0);
  expect_ok(put_text(store, long_key, "long"));
  expect_held(store, long_key, "long", 4);
  long_key[sizeof long_key - 2] = 'l';
  expect_absent(store, long_key);
}

static inline void check_values_stay(pjrt_kvstore *store) {
  expect_ok(put_text(store, "once", "same"));
  expect_ok(put_text(store, "once", "same"));
  expect_error(put_text(store, "once", "other"), PJRT_ALREADY_EXISTS,
               "cannot put key 'once'");
  expect_held(store, "once", "same", 4);
}

static inline void check_bad_input(pjrt_kvstore *store) {
  void *value = store;
  size_t size = 7;
  expect_error(pjrt_kvstore_get(store, "", 0, 0, &value, &size),
               PJRT_INVALID_ARGUMENT, "the key is empty");
  assert_null(value);
  assert_int_equal(size, 0);
  expect_error(pjrt_kvstore_try_get(store, NULL, 4, &value, &size),
               PJRT_INVALID_ARGUMENT, "the key is empty");
  expect_error(pjrt_kvstore_put(store, "k", 1, NULL, 4), PJRT_INVALID_ARGUMENT,
               "value is NULL for 4 bytes");
  expect_absent(store, "k");
  expect_error(pjrt_kvstore_put(NULL, "k", 1, "v", 1), PJRT_INVALID_ARGUMENT,
               "store is NULL");
}

static inline void check_deadline(pjrt_kvstore *store) {
  void *value;
  size_t size;
  const int64_t begin = now_ns();
  expect_error(pjrt_kvstore_get(store, "never\x1b", PJRT_NUL_ENDED, 50 * MS,
                                &value, &size),
               PJRT_DEADLINE_EXCEEDED, "'never?' in ");
  assert_true(now_ns() - begin >= 50 * MS);
  assert_true(now_ns() - begin < 30 * SECOND);
  expect_error(
      pjrt_kvstore_get(store, "never", PJRT_NUL_ENDED, -5, &value, &size),
      PJRT_DEADLINE_EXCEEDED, "no value within 0 s");
}

/* Several threads wait for one key, and all get it. */
static inline void check_waiting(pjrt_kvstore *store) {
  waiter waiters[4];
  for (int i = 0; i < 4; i++) start_waiting(&waiters[i], store, "awaited");
  nap_ms(30);
  expect_ok(put_text(store, "unrelated", "x"));
  expect_ok(put_text(store, "awaited", "here"));
  for (int i = 0; i < 4; i++) {
    pthread_join(waiters[i].thread, NULL);
    expect_ok(waiters[i].error);
    assert_int_equal(waiters[i].size, 4);
    assert_memory_equal(waiters[i].value, "here", 4);
    pjrt_host_free(waiters[i].value);
  }
}

/* The last thing: a store that is cancelled stays so. */
static inline void check_cancel(pjrt_kvstore *store) {
  waiter waiters[3];
  for (int i = 0; i < 3; i++) start_waiting(&waiters[i], store, "cancelled");
  nap_ms(30);
  pjrt_kvstore_cancel(store);
  for (int i = 0; i < 3; i++) {
    pthread_join(waiters[i].thread, NULL);
    expect_error(waiters[i].error, PJRT_CANCELLED, "'cancelled'");
    assert_null(waiters[i].value);
  }
  start_waiting(&waiters[0], store, "later");
  pthread_join(waiters[0].thread, NULL);
  expect_error(waiters[0].error, PJRT_CANCELLED, "'later'");
  expect_ok(put_text(store, "after", "all"));
  expect_held(store, "after", "all", 3);
}

static inline void check_store(pjrt_kvstore *store) {
  check_values(store);
  check_values_stay(store);
  check_bad_input(store);
  check_deadline(store);
  check_waiting(store);
  check_cancel(store);
  pjrt_kvstore_free(store);
}

#endif /* PJRT_TESTS_UNIT_STORE_CHECKS_H_ */
