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
  pjrt_pool_lane *lane;
  int marks;
} object;

static void make(void *made, void *owner) {
  (void)made;
  atomic_fetch_add((atomic_int *)owner, 1);
}

static void settle(void *settled, pjrt_pool_lane *lane) {
  ((object *)settled)->lane = lane;
}

static atomic_int num_made;

static const pjrt_pooled_kind kinds[PJRT_NUM_POOL_KINDS] = {
    [PJRT_POOL_BUFFER] = {sizeof(object), make, settle},
    [PJRT_POOL_EVENT] = {2 * sizeof(object), make, settle}};

static pjrt_pool *create(void) {
  pjrt_pool *pool;
  num_made = 0;
  expect_ok(pjrt_pool_create(kinds, &num_made, true, &pool));
  return pool;
}

static bool give(pjrt_pool_kind kind, void *given) {
  return pjrt_pool_give(((object *)given)->lane, kind, given);
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
  assert_false(give(PJRT_POOL_BUFFER, first));
  /* Another kind has another size. */
  object *event = take(pool, PJRT_POOL_EVENT);
  assert_ptr_not_equal(event, first);
  object *again = take(pool, PJRT_POOL_BUFFER);
  assert_ptr_equal(again, first);
  assert_int_equal(again->marks, 7);
  assert_false(give(PJRT_POOL_BUFFER, again));
  assert_false(give(PJRT_POOL_EVENT, event));
  pjrt_pool_destroy(pool);
}

static void test_many_at_once(void **state) {
  enum { NUM = 100 };
  pjrt_pool *pool = create();
  void *out[NUM], *again[NUM];
  (void)state;
  expect_ok(pjrt_pool_take(pool, PJRT_POOL_BUFFER, NUM, out));
  for (size_t i = 0; i < NUM; i++) ((object *)out[i])->marks = 1;
  for (size_t i = 0; i < NUM; i++) {
    assert_false(give(PJRT_POOL_BUFFER, out[i]));
  }
  expect_ok(pjrt_pool_take(pool, PJRT_POOL_BUFFER, 0, again));
  expect_ok(pjrt_pool_take(pool, PJRT_POOL_BUFFER, NUM, again));
  for (size_t i = 0; i < NUM; i++) {
    assert_int_equal(((object *)again[i])->marks++, 1);
    assert_false(give(PJRT_POOL_BUFFER, again[i]));
  }
  pjrt_pool_destroy(pool);
}

/* All or none: what does not fit leaves the count as it was. */
static void test_no_memory(void **state) {
  static const pjrt_pooled_kind too_large[PJRT_NUM_POOL_KINDS] = {
      [PJRT_POOL_EVENT] = {(size_t)PTRDIFF_MAX + 1, make, settle}};
  pjrt_pool *pool = create();
  void *out[3];
  (void)state;
  pjrt_pool_hold(pool);
  assert_false(give(PJRT_POOL_EVENT, take(pool, PJRT_POOL_EVENT)));
  pool->kinds = too_large;
  expect_error(pjrt_pool_take(pool, PJRT_POOL_EVENT, 3, out),
               PJRT_RESOURCE_EXHAUSTED, "no memory");
  pjrt_pool_close(pool);
  assert_true(pjrt_pool_drop(pool));
  pjrt_pool_destroy(pool);
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
  assert_true(give(PJRT_POOL_BUFFER, buffer));
  pjrt_pool_destroy(pool);
}

/* A closed pool recycles as well, and counts right while it does. */
static void test_closed_pools_recycle(void **state) {
  pjrt_pool *pool = create();
  void *out[3];
  (void)state;
  pjrt_pool_hold(pool);
  expect_ok(pjrt_pool_take(pool, PJRT_POOL_BUFFER, 3, out));
  assert_false(give(PJRT_POOL_BUFFER, out[1]));
  pjrt_pool_close(pool);
  assert_false(pjrt_pool_drop(pool));
  assert_null(pjrt_pool_take_list(((object *)out[1])->lane, PJRT_POOL_BUFFER));
  for (int i = 0; i < 5; i++) {
    object *again = take(pool, PJRT_POOL_BUFFER);
    assert_ptr_equal(again, out[1]);
    assert_false(give(PJRT_POOL_BUFFER, again));
  }
  object *again = take(pool, PJRT_POOL_BUFFER);
  object *new = take(pool, PJRT_POOL_BUFFER);
  assert_int_equal(num_made, 4);
  assert_false(give(PJRT_POOL_BUFFER, new));
  assert_false(give(PJRT_POOL_BUFFER, out[0]));
  assert_false(give(PJRT_POOL_BUFFER, out[2]));
  assert_true(give(PJRT_POOL_BUFFER, again));
  pjrt_pool_destroy(pool);
}

/* A list that was taken whole and not used up: nothing is lost, also when
 * others gave, or closed the pool, in the meantime. */
static void test_lists_are_given_back(void **state) {
  (void)state;
  for (int meanwhile = 0; meanwhile < 3; meanwhile++) {
    pjrt_pool *pool = create();
    void *out[4];
    pjrt_pool_hold(pool);
    expect_ok(pjrt_pool_take(pool, PJRT_POOL_BUFFER, 4, out));
    pjrt_pool_lane *lane = ((object *)out[0])->lane;
    for (int i = 0; i < 3; i++) {
      assert_false(give(PJRT_POOL_BUFFER, out[i]));
    }
    pjrt_link *list = pjrt_pool_take_list(lane, PJRT_POOL_BUFFER);
    assert_non_null(list);
    assert_null(pjrt_pool_take_list(lane, PJRT_POOL_BUFFER));
    if (meanwhile == 1) assert_false(give(PJRT_POOL_BUFFER, out[3]));
    if (meanwhile == 2) pjrt_pool_close(pool);
    pjrt_pool_give_list(lane, PJRT_POOL_BUFFER, list);
    if (meanwhile != 1) assert_false(give(PJRT_POOL_BUFFER, out[3]));
    if (meanwhile != 2) pjrt_pool_close(pool);
    expect_ok(pjrt_pool_take(pool, PJRT_POOL_BUFFER, 4, out));
    assert_int_equal(num_made, 4);
    for (int i = 0; i < 4; i++) {
      assert_false(give(PJRT_POOL_BUFFER, out[i]));
    }
    assert_true(pjrt_pool_drop(pool));
    pjrt_pool_destroy(pool);
  }
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
    w->num_last += give(PJRT_POOL_BUFFER, one);
  }
  for (int i = 0; i < NUM_OBJECTS; i++) {
    w->num_last += give(PJRT_POOL_EVENT, w->objects[i]);
  }
  return NULL;
}

static void *give_in_another_thread(void *produced) {
  (void)!give(PJRT_POOL_BUFFER, produced);
  return NULL;
}

/* A producer finds again what its consumer freed. */
static void test_objects_go_home(void **state) {
  pjrt_pool *pool = create();
  (void)state;
  for (int i = 0; i < 3; i++) {
    pthread_t consumer;
    object *produced = take(pool, PJRT_POOL_BUFFER);
    pthread_create(&consumer, NULL, give_in_another_thread, produced);
    pthread_join(consumer, NULL);
  }
  assert_int_equal(num_made, 1);
  pjrt_pool_destroy(pool);
}

static void *take_and_give(void *pool) {
  for (int i = 0; i < 100000; i++) {
    void *one;
    if (pjrt_error_consume(pjrt_pool_take(pool, PJRT_POOL_BUFFER, 1, &one))) {
      return NULL;
    }
    (void)!give(PJRT_POOL_BUFFER, one);
  }
  return NULL;
}

/* Threads that get in each other's way part; they do not make ever more. */
static void test_threads_part(void **state) {
  enum { ENOUGH = NUM_THREADS * PJRT_POOL_LANES * 2 };
  pthread_t threads[NUM_THREADS];
  pjrt_pool *pool = create();
  (void)state;
  for (size_t i = 0; i < NUM_THREADS; i++) {
    pthread_create(&threads[i], NULL, take_and_give, pool);
  }
  for (size_t i = 0; i < NUM_THREADS; i++) pthread_join(threads[i], NULL);
  assert_in_range(num_made, 1, ENOUGH);
  pjrt_pool_destroy(pool);
}

/* What is idle elsewhere is found before anything is made. */
static void test_other_lanes_are_searched(void **state) {
  enum { NUM = 100 };
  void *objects[NUM];
  pjrt_pool *pool = create();
  (void)state;
  for (int round = 0; round < 2 * PJRT_POOL_LANES; round++) {
    expect_ok(pjrt_pool_take(pool, PJRT_POOL_BUFFER, NUM, objects));
    for (int i = 0; i < NUM; i++) {
      assert_false(give(PJRT_POOL_BUFFER, objects[i]));
    }
    for (int i = 0; i < NUM; i++) { /* all are in this lane now */
      assert_ptr_equal(((object *)objects[i])->lane, pjrt_pool_lane_here(pool));
    }
    pjrt_pool_move_on();
  }
  assert_int_equal(num_made, NUM);
  pjrt_pool_destroy(pool);
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
    pjrt_pool_destroy(pool);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_objects_are_recycled),
      cmocka_unit_test(test_many_at_once),
      cmocka_unit_test(test_no_memory),
      cmocka_unit_test(test_the_last_drop_is_told),
      cmocka_unit_test(test_closed_pools_recycle),
      cmocka_unit_test(test_lists_are_given_back),
      cmocka_unit_test(test_objects_go_home),
      cmocka_unit_test(test_threads_part),
      cmocka_unit_test(test_other_lanes_are_searched),
      cmocka_unit_test(test_one_last_among_threads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
