/* The pool of wrappers: counting, recycling, the last one. */
#include "core/pool.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"

typedef struct object {
  pjrt_link link;
  int marks;
} object;

static pjrt_pool *create(void) {
  pjrt_pool *pool = aligned_alloc(_Alignof(pjrt_pool), sizeof *pool);
  assert_non_null(pool);
  memset(pool, 0, sizeof *pool);
  pjrt_pool_init(pool, sizeof(object), 2 * sizeof(object));
  return pool;
}

static void destroy(pjrt_pool *pool) {
  pjrt_pool_destroy(pool);
  free(pool);
}

static object *take(pjrt_pool *pool, pjrt_pool_kind kind) {
  void *out;
  expect_ok(pjrt_pool_take(pool, kind, 1, &out));
  return out;
}

static void test_objects_are_recycled(void **state) {
  pjrt_pool *pool = create();
  (void)state;
  object *first = take(pool, PJRT_POOL_BUFFER);
  assert_int_equal(first->marks, 0);
  first->marks = 7;
  assert_false(pjrt_pool_give(pool, PJRT_POOL_BUFFER, first));
  /* Another kind has another size. */
  object *event = take(pool, PJRT_POOL_EVENT);
  assert_ptr_not_equal(event, first);
  object *again = take(pool, PJRT_POOL_BUFFER);
  assert_ptr_equal(again, first);
  assert_int_equal(again->marks, 7);
  assert_false(pjrt_pool_give(pool, PJRT_POOL_BUFFER, again));
  assert_false(pjrt_pool_give(pool, PJRT_POOL_EVENT, event));
  destroy(pool);
}

static void test_many_at_once(void **state) {
  enum { NUM = 100 };
  pjrt_pool *pool = create();
  void *out[NUM], *again[NUM];
  (void)state;
  expect_ok(pjrt_pool_take(pool, PJRT_POOL_BUFFER, NUM, out));
  for (size_t i = 0; i < NUM; i++) ((object *)out[i])->marks = 1;
  for (size_t i = 0; i < NUM; i++) {
    assert_false(pjrt_pool_give(pool, PJRT_POOL_BUFFER, out[i]));
  }
  expect_ok(pjrt_pool_take(pool, PJRT_POOL_BUFFER, 0, again));
  expect_ok(pjrt_pool_take(pool, PJRT_POOL_BUFFER, NUM, again));
  for (size_t i = 0; i < NUM; i++) {
    assert_int_equal(((object *)again[i])->marks++, 1);
    assert_false(pjrt_pool_give(pool, PJRT_POOL_BUFFER, again[i]));
  }
  destroy(pool);
}

/* All or none: what does not fit leaves the count as it was. */
static void test_no_memory(void **state) {
  pjrt_pool *pool = create();
  void *out[3];
  (void)state;
  pjrt_pool_hold(pool);
  pool->object_size[PJRT_POOL_EVENT] = (size_t)PTRDIFF_MAX + 1;
  expect_error(pjrt_pool_take(pool, PJRT_POOL_EVENT, 3, out),
               PJRT_RESOURCE_EXHAUSTED, "no memory");
  pjrt_pool_close(pool);
  assert_true(pjrt_pool_drop(pool));
  destroy(pool);
}

static void test_the_last_drop_is_told(void **state) {
  pjrt_pool *pool = create();
  (void)state;
  pjrt_pool_hold(pool);
  object *buffer = take(pool, PJRT_POOL_BUFFER);
  pjrt_pool_hold(pool);
  assert_false(pjrt_pool_drop(pool));
  pjrt_pool_close(pool);
  assert_false(pjrt_pool_drop(pool));
  assert_true(pjrt_pool_give(pool, PJRT_POOL_BUFFER, buffer));
  destroy(pool);
}

/* ---- threads ------------------------------------------------------------- */

enum { NUM_THREADS = 8, NUM_OBJECTS = 20, NUM_ROUNDS = 100 };

typedef struct worker {
  pjrt_pool *pool;
  void *objects[NUM_OBJECTS];
  int num_last;
} worker;

/* Recycles, then gives back what the main thread took for it. */
static void *work(void *user) {
  worker *w = user;
  for (int i = 0; i < NUM_OBJECTS; i++) {
    void *one;
    if (pjrt_error_consume(
            pjrt_pool_take(w->pool, PJRT_POOL_BUFFER, 1, &one))) {
      return NULL;
    }
    w->num_last += pjrt_pool_give(w->pool, PJRT_POOL_BUFFER, one);
  }
  for (int i = 0; i < NUM_OBJECTS; i++) {
    w->num_last += pjrt_pool_give(w->pool, PJRT_POOL_EVENT, w->objects[i]);
  }
  return NULL;
}

/* The owner goes while the threads give back: one of all drops is the last. */
static void test_one_last_among_threads(void **state) {
  (void)state;
  for (int round = 0; round < NUM_ROUNDS; round++) {
    pjrt_pool *pool = create();
    pthread_t threads[NUM_THREADS];
    worker workers[NUM_THREADS];
    pjrt_pool_hold(pool);
    for (size_t i = 0; i < NUM_THREADS; i++) {
      workers[i] = (worker){.pool = pool};
      expect_ok(pjrt_pool_take(pool, PJRT_POOL_EVENT, NUM_OBJECTS,
                               workers[i].objects));
    }
    for (size_t i = 0; i < NUM_THREADS; i++) {
      pthread_create(&threads[i], NULL, work, &workers[i]);
    }
    pjrt_pool_close(pool);
    int num_last = pjrt_pool_drop(pool);
    for (size_t i = 0; i < NUM_THREADS; i++) {
      pthread_join(threads[i], NULL);
      num_last += workers[i].num_last;
    }
    assert_int_equal(num_last, 1);
    destroy(pool);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_objects_are_recycled),
      cmocka_unit_test(test_many_at_once),
      cmocka_unit_test(test_no_memory),
      cmocka_unit_test(test_the_last_drop_is_told),
      cmocka_unit_test(test_one_last_among_threads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
