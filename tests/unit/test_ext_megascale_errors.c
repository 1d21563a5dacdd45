/* The Megascale extension on the simulated plugin: what goes wrong, who hears
 * of it, and what several errors say together. */
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pjrt/ext/megascale.h"
#include "sim_fixture.h"

static const pjrt_code bad = PJRT_INVALID_ARGUMENT;

/* Errors are the process's: each test, and each repetition of it, needs
 * launches that nothing has failed in before. */
static atomic_int next_launch;

static pjrt_megascale_failure fresh_failure(void) {
  pjrt_megascale_failure failure;
  pjrt_megascale_failure_init(&failure);
  failure.launch_id = atomic_fetch_add(&next_launch, 1);
  failure.code = PJRT_DEADLINE_EXCEEDED;
  failure.message = "nobody came";
  failure.message_size = PJRT_NUL_ENDED;
  return failure;
}

/* ---- failures ------------------------------------------------------------ */

static void test_first_of_a_launch(void **state) {
  const fixture *f = *state;
  bool is_new;
  void *first, *second;
  size_t first_size, second_size;
  pjrt_megascale_failure failure = fresh_failure();
  expect_ok(pjrt_megascale_runtime_error(f->plugin, &failure, &is_new, &first,
                                         &first_size));
  assert_true(is_new);
  failure.message = "and nobody will";
  expect_ok(pjrt_megascale_runtime_error(f->plugin, &failure, &is_new, &second,
                                         &second_size));
  assert_false(is_new);
  assert_int_equal(first_size, second_size);
  assert_memory_equal(first, second, first_size);
  pjrt_host_free(first);
  pjrt_host_free(second);
  failure.type = PJRT_MEGASCALE_UNRECOVERABLE_ERROR;
  failure.has_unrecoverable_type = true;
  failure.unrecoverable_type = 1;
  expect_ok(pjrt_megascale_runtime_error(f->plugin, &failure, NULL, &first,
                                         &first_size));
  pjrt_host_free(first);
}

static void test_failure_refused(void **state) {
  const fixture *f = *state;
  void *bytes = &bytes;
  size_t size;
  pjrt_megascale_failure failure = fresh_failure();
  failure.type = (pjrt_megascale_error_type)4;
  expect_error(
      pjrt_megascale_runtime_error(f->plugin, &failure, NULL, &bytes, &size),
      bad, "there is no type 4");
  assert_null(bytes);
  failure = fresh_failure();
  failure.code = (pjrt_code)17;
  expect_error(
      pjrt_megascale_runtime_error(f->plugin, &failure, NULL, &bytes, &size),
      bad, "there is no code 17");
  expect_error(
      pjrt_megascale_runtime_error(NULL, &failure, NULL, &bytes, &size), bad,
      "plugin is NULL");
}

/* ---- handlers ------------------------------------------------------------ */

static void count(const char *error, size_t error_size, void *user) {
  assert_non_null(error);
  assert_true(error_size > 0);
  atomic_fetch_add((atomic_int *)user, 1);
}

static void fail_once(const fixture *f) {
  void *bytes;
  size_t size;
  const pjrt_megascale_failure failure = fresh_failure();
  expect_ok(
      pjrt_megascale_runtime_error(f->plugin, &failure, NULL, &bytes, &size));
  pjrt_host_free(bytes);
}

static void test_handlers(void **state) {
  const fixture *f = *state;
  static atomic_int told;
  atomic_store(&told, 0);
  expect_ok(
      pjrt_megascale_register_error_handler(f->plugin, "one", 3, count, &told));
  expect_ok(pjrt_megascale_register_error_handler(
      f->plugin, "two", PJRT_NUL_ENDED, count, &told));
  expect_error(
      pjrt_megascale_register_error_handler(f->plugin, "one", 3, count, &told),
      PJRT_ALREADY_EXISTS, "'one'");
  fail_once(f);
  assert_int_equal(atomic_load(&told), 2);
  expect_ok(pjrt_megascale_unregister_error_handler(f->plugin, "one", 3));
  fail_once(f);
  assert_int_equal(atomic_load(&told), 3);
  expect_ok(pjrt_megascale_unregister_error_handler(f->plugin, "two", 3));
  expect_error(pjrt_megascale_unregister_error_handler(f->plugin, "two", 3),
               PJRT_NOT_FOUND, "'two'");
  fail_once(f);
  assert_int_equal(atomic_load(&told), 3);
}

static void test_handlers_refused(void **state) {
  const fixture *f = *state;
  expect_error(
      pjrt_megascale_register_error_handler(f->plugin, "", 0, count, NULL), bad,
      "the handler's name is empty");
  expect_error(
      pjrt_megascale_register_error_handler(f->plugin, "a", 1, NULL, NULL), bad,
      "handler is NULL");
  expect_error(pjrt_megascale_register_error_handler(NULL, "a", 1, count, NULL),
               bad, "plugin is NULL");
  expect_error(pjrt_megascale_unregister_error_handler(f->plugin, NULL, 0), bad,
               "the handler's name is empty");
}

/* A handler may take itself off, in the very call that tells it. */
typedef struct shy {
  const pjrt_plugin *plugin;
  atomic_int told;
} shy;

static void leave(const char *error, size_t error_size, void *user) {
  shy *s = user;
  (void)error;
  (void)error_size;
  atomic_fetch_add(&s->told, 1);
  expect_ok(pjrt_megascale_unregister_error_handler(s->plugin, "shy", 3));
}

static void test_handler_unregisters_itself(void **state) {
  const fixture *f = *state;
  shy s = {.plugin = f->plugin};
  expect_ok(
      pjrt_megascale_register_error_handler(f->plugin, "shy", 3, leave, &s));
  fail_once(f);
  fail_once(f);
  assert_int_equal(atomic_load(&s.told), 1);
}

/* One that runs is not waited for. */
typedef struct slow {
  const fixture *f;
  sem_t is_inside, may_leave;
  atomic_bool has_left;
} slow;

static void stay(const char *error, size_t error_size, void *user) {
  slow *s = user;
  (void)error;
  (void)error_size;
  sem_post(&s->is_inside);
  sem_wait(&s->may_leave);
  atomic_store(&s->has_left, true);
}

static void *fail_for(void *argument) {
  fail_once(((const slow *)argument)->f);
  return NULL;
}

static void test_unregistered_while_it_runs(void **state) {
  slow s = {.f = *state};
  pthread_t thread;
  sem_init(&s.is_inside, 0, 0);
  sem_init(&s.may_leave, 0, 0);
  expect_ok(
      pjrt_megascale_register_error_handler(s.f->plugin, "slow", 4, stay, &s));
  assert_int_equal(pthread_create(&thread, NULL, fail_for, &s), 0);
  sem_wait(&s.is_inside);
  expect_ok(pjrt_megascale_unregister_error_handler(s.f->plugin, "slow", 4));
  assert_false(atomic_load(&s.has_left));
  sem_post(&s.may_leave);
  pthread_join(thread, NULL);
  assert_true(atomic_load(&s.has_left));
  sem_destroy(&s.is_inside);
  sem_destroy(&s.may_leave);
}

/* Errors on many threads, while handlers come and go: for ThreadSanitizer. What
 * a handler is given outlives all its calls. */
enum { NUM_THREADS = 4, NUM_ROUNDS = 50 };

static atomic_int heard;

static void *fail_often(void *argument) {
  for (int i = 0; i < NUM_ROUNDS; i++) fail_once(argument);
  return NULL;
}

static void *come_and_go(void *argument) {
  const fixture *f = argument;
  for (int i = 0; i < NUM_ROUNDS; i++) {
    expect_ok(pjrt_megascale_register_error_handler(f->plugin, "guest", 5,
                                                    count, &heard));
    expect_ok(pjrt_megascale_unregister_error_handler(f->plugin, "guest", 5));
  }
  return NULL;
}

static void test_threads(void **state) {
  fixture *f = *state;
  static atomic_int told;
  pthread_t threads[NUM_THREADS + 1];
  atomic_store(&told, 0);
  expect_ok(pjrt_megascale_register_error_handler(f->plugin, "host", 4, count,
                                                  &told));
  for (int i = 0; i < NUM_THREADS; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, fail_often, f), 0);
  }
  assert_int_equal(pthread_create(&threads[NUM_THREADS], NULL, come_and_go, f),
                   0);
  for (int i = 0; i <= NUM_THREADS; i++) pthread_join(threads[i], NULL);
  expect_ok(pjrt_megascale_unregister_error_handler(f->plugin, "host", 4));
  assert_int_equal(atomic_load(&told), NUM_THREADS * NUM_ROUNDS);
}

/* ---- aggregators --------------------------------------------------------- */

static pjrt_megascale_aggregator *aggregate(const fixture *f) {
  pjrt_megascale_aggregator *aggregator;
  expect_ok(pjrt_megascale_aggregator_create(f->plugin, "test", PJRT_NUL_ENDED,
                                             &aggregator));
  return aggregator;
}

static void add(const fixture *f, pjrt_megascale_aggregator *aggregator,
                const char *worker) {
  void *bytes;
  size_t size;
  const pjrt_megascale_failure failure = fresh_failure();
  expect_ok(
      pjrt_megascale_runtime_error(f->plugin, &failure, NULL, &bytes, &size));
  expect_ok(pjrt_megascale_aggregator_add(aggregator, worker, PJRT_NUL_ENDED,
                                          bytes, size));
  pjrt_host_free(bytes);
}

static void expect_state(const pjrt_megascale_aggregator *aggregator,
                         size_t num, bool is_active) {
  size_t size = 77;
  bool active = !is_active;
  expect_ok(pjrt_megascale_aggregator_size(aggregator, &size));
  expect_ok(pjrt_megascale_aggregator_is_active(aggregator, &active));
  assert_int_equal(size, num);
  assert_int_equal(active, is_active);
}

static void test_aggregate(void **state) {
  fixture *f = *state;
  pjrt_megascale_digest *digest;
  pjrt_megascale_aggregator *aggregator = aggregate(f);
  expect_state(aggregator, 0, true);
  add(f, aggregator, "first");
  add(f, aggregator, "second");
  expect_state(aggregator, 2, true);
  expect_ok(pjrt_megascale_aggregator_process(aggregator, &digest));
  expect_state(aggregator, 2, false);
  add(f, aggregator, "late");
  expect_state(aggregator, 2, false);
  pjrt_megascale_aggregator_free(aggregator);
  fixture_drop(f); /* the digest keeps what it needs */
  expect_ok(pjrt_megascale_digest_log(digest));
  pjrt_megascale_digest_free(digest);
}

static void test_aggregate_refused(void **state) {
  const fixture *f = *state;
  size_t size;
  bool active;
  pjrt_megascale_digest *digest;
  pjrt_megascale_aggregator *aggregator = (pjrt_megascale_aggregator *)1;
  expect_error(pjrt_megascale_aggregator_create(f->plugin, "", 0, &aggregator),
               bad, "the type of application is empty");
  assert_null(aggregator);
  expect_error(pjrt_megascale_aggregator_create(NULL, "a", 1, &aggregator), bad,
               "plugin is NULL");
  expect_error(pjrt_megascale_aggregator_size(NULL, &size), bad,
               "aggregator is NULL");
  expect_error(pjrt_megascale_aggregator_is_active(NULL, &active), bad,
               "aggregator is NULL");
  expect_error(pjrt_megascale_aggregator_process(NULL, &digest), bad,
               "aggregator is NULL");
  expect_error(pjrt_megascale_digest_log(NULL), bad, "digest is NULL");
  expect_error(pjrt_megascale_aggregator_add(NULL, "w", 1, "", 0), bad,
               "aggregator is NULL");
  aggregator = aggregate(f);
  expect_error(pjrt_megascale_aggregator_add(aggregator, "", 0, "a", 1), bad,
               "the worker's id is empty");
  expect_error(pjrt_megascale_aggregator_add(aggregator, "w", 1, NULL, 1), bad,
               "the error is NULL for 1 bytes");
  expect_error(pjrt_megascale_aggregator_add(aggregator, "w", 1, NULL, 0), bad,
               "the error is empty");
  expect_error(pjrt_megascale_aggregator_add(aggregator, "w", 1, "garbage", 7),
               bad, "no MegaScaleRuntimeError");
  pjrt_megascale_aggregator_free(aggregator);
  pjrt_megascale_aggregator_free(NULL);
  pjrt_megascale_digest_free(NULL);
}

static void test_failing_plugin(void **state) {
  const fixture *f = *state;
  pjrt_megascale_digest *digest;
  pjrt_megascale_aggregator *aggregator;
  sim_fail("PJRT_Megascale_ErrorAggregator_Create", 0,
           PJRT_Error_Code_UNAVAILABLE);
  expect_error(pjrt_megascale_aggregator_create(f->plugin, "a", 1, &aggregator),
               PJRT_UNAVAILABLE, "the fault");
  sim_fail("PJRT_Megascale_ErrorAggregator_ProcessAndShutdown", 0,
           PJRT_Error_Code_UNAVAILABLE);
  aggregator = aggregate(f);
  expect_error(pjrt_megascale_aggregator_process(aggregator, &digest),
               PJRT_UNAVAILABLE, "the fault");
  assert_null(digest);
  pjrt_megascale_aggregator_free(aggregator);
}

/* What was made before fork is refused in the child, and freed for nothing. */
static void test_forked_child(void **state) {
  int status;
  size_t size;
  pjrt_megascale_aggregator *aggregator = aggregate(*state);
  const pid_t child = fork();
  if (child == 0) {
    pjrt_error *error = pjrt_megascale_aggregator_size(aggregator, &size);
    pjrt_megascale_aggregator_free(aggregator);
    _exit(pjrt_error_consume(error) == PJRT_FAILED_PRECONDITION ? 0 : 1);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  pjrt_megascale_aggregator_free(aggregator);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_first_of_a_launch),
      sim_test(test_failure_refused),
      sim_test(test_handlers),
      sim_test(test_handlers_refused),
      sim_test(test_handler_unregisters_itself),
      sim_test(test_unregistered_while_it_runs),
      sim_test(test_threads),
      sim_test(test_aggregate),
      sim_test(test_aggregate_refused),
      sim_test(test_failing_plugin),
      sim_test(test_forked_child),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
