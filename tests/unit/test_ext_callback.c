/* The Callback extension: what is told, from which threads, and when it ends.
 * The simulated plugin calls back when it is asked to invoke. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ext_node.h"
#include "pjrt/ext/callback.h"

typedef struct log {
  atomic_int num_calls;
  pjrt_slice_failure failure;
  pjrt_code code;
  char message[40];
  pjrt_callback *own; /* to be freed in the call */
} log;

static void note_failure(pjrt_slice_failure failure, void *user) {
  log *l = user;
  l->failure = failure;
  l->num_calls++;
  pjrt_callback_free(l->own);
}

static void note_prefatal(const pjrt_error *error, void *user) {
  log *l = user;
  l->code = pjrt_error_code(error);
  snprintf(l->message, sizeof l->message, "%s",
           pjrt_error_message(error, NULL));
  l->num_calls++;
}

static void count(pjrt_slice_failure failure, void *user) {
  (void)failure;
  ((log *)user)->num_calls++;
}

static void test_what_is_told(void **state) {
  const fixture *f = *state;
  log failures = {0}, prefatal = {0};
  pjrt_callback *first, *second;
  expect_ok(pjrt_callback_on_slice_failure(f->client, note_failure, &failures,
                                           &first));
  expect_ok(
      pjrt_callback_on_prefatal(f->client, note_prefatal, &prefatal, &second));
  expect_ok(pjrt_callback_invoke_slice_failure(
      f->client, PJRT_SLICE_FAILURE_CHIP_DRIVER_ERROR));
  assert_int_equal(failures.num_calls, 1);
  assert_int_equal(failures.failure, PJRT_SLICE_FAILURE_CHIP_DRIVER_ERROR);
  assert_int_equal(prefatal.num_calls, 0);
  pjrt_error *reason =
      pjrt_error_create(PJRT_DATA_LOSS, "the end", PJRT_NUL_ENDED);
  expect_ok(pjrt_callback_invoke_prefatal(f->client, reason));
  expect_ok(pjrt_callback_invoke_prefatal(f->client, reason));
  pjrt_error_free(reason);
  assert_int_equal(prefatal.num_calls, 2);
  assert_int_equal(prefatal.code, PJRT_DATA_LOSS);
  assert_string_equal(prefatal.message, "the end");
  assert_int_equal(failures.num_calls, 1);
  pjrt_callback_free(first);
  pjrt_callback_free(second);
  pjrt_callback_free(NULL);
}

/* The plugin still has it, and calls nobody. */
static void test_freed(void **state) {
  const fixture *f = *state;
  log l = {0};
  pjrt_callback *callback;
  expect_ok(pjrt_callback_on_slice_failure(f->client, count, &l, &callback));
  pjrt_callback_free(callback);
  expect_ok(pjrt_callback_invoke_slice_failure(f->client,
                                               PJRT_SLICE_FAILURE_UNKNOWN));
  assert_int_equal(l.num_calls, 0);
}

static void test_freed_in_itself(void **state) {
  const fixture *f = *state;
  log l = {0};
  expect_ok(
      pjrt_callback_on_slice_failure(f->client, note_failure, &l, &l.own));
  for (int i = 0; i < 2; i++)
    expect_ok(pjrt_callback_invoke_slice_failure(f->client,
                                                 PJRT_SLICE_FAILURE_UNKNOWN));
  assert_int_equal(l.num_calls, 1);
}

/* The client's handle goes first. */
static void test_outlives_its_client(void **state) {
  fixture *f = *state;
  log l = {0};
  pjrt_callback *callback;
  expect_ok(pjrt_callback_on_slice_failure(f->client, count, &l, &callback));
  fixture_drop(f);
  pjrt_callback_free(callback);
}

/* ---- threads ------------------------------------------------------------- */

enum { NUM_THREADS = 4, NUM_CALLS = 200 };

static void *invoke_often(void *client) {
  for (int i = 0; i < NUM_CALLS; i++)
    expect_ok(pjrt_callback_invoke_slice_failure(
        client, PJRT_SLICE_FAILURE_WORKER_UNAVAILABLE));
  return NULL;
}

/* Calls on several threads at once while callbacks come and go; after the
 * freeing there are none. */
static void test_threads(void **state) {
  const fixture *f = *state;
  pthread_t threads[NUM_THREADS];
  log kept = {0};
  pjrt_callback *stays;
  expect_ok(pjrt_callback_on_slice_failure(f->client, count, &kept, &stays));
  for (int i = 0; i < NUM_THREADS; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, invoke_often, f->client),
                     0);
  for (int i = 0; i < 20; i++) {
    log *l = calloc(1, sizeof *l);
    pjrt_callback *goes;
    expect_ok(pjrt_callback_on_slice_failure(f->client, count, l, &goes));
    sched_yield();
    pjrt_callback_free(goes);
    free(l);
  }
  for (int i = 0; i < NUM_THREADS; i++) pthread_join(threads[i], NULL);
  assert_int_equal(kept.num_calls, NUM_THREADS * NUM_CALLS);
  pjrt_callback_free(stays);
}

typedef struct gate {
  atomic_bool is_entered, is_open, is_freed;
  bool was_freed_inside;
  pjrt_callback *callback;
} gate;

static void wait_at(pjrt_slice_failure failure, void *user) {
  gate *g = user;
  (void)failure;
  g->is_entered = true;
  wait_until(g->is_open);
  g->was_freed_inside = g->is_freed;
}

static void *invoke_once(void *client) {
  expect_ok(
      pjrt_callback_invoke_slice_failure(client, PJRT_SLICE_FAILURE_UNKNOWN));
  return NULL;
}

static void *free_callback(void *user) {
  gate *g = user;
  pjrt_callback_free(g->callback);
  g->is_freed = true;
  return NULL;
}

/* Freeing waits for a call that is under way on another thread. */
static void test_freeing_waits(void **state) {
  const fixture *f = *state;
  static gate g;
  pthread_t caller, freer;
  expect_ok(
      pjrt_callback_on_slice_failure(f->client, wait_at, &g, &g.callback));
  assert_int_equal(pthread_create(&caller, NULL, invoke_once, f->client), 0);
  wait_until(g.is_entered);
  assert_int_equal(pthread_create(&freer, NULL, free_callback, &g), 0);
  for (int i = 0; i < 100; i++) sched_yield();
  g.is_open = true;
  pthread_join(caller, NULL);
  pthread_join(freer, NULL);
  assert_false(g.was_freed_inside);
  assert_true(g.is_freed);
}

static void test_forked(void **state) {
  const fixture *f = *state;
  log l = {0};
  int status;
  pjrt_callback *callback, *none;
  expect_ok(pjrt_callback_on_slice_failure(f->client, count, &l, &callback));
  const pid_t child = fork();
  if (child == 0) {
    const pjrt_code code = pjrt_error_consume(
        pjrt_callback_on_slice_failure(f->client, count, &l, &none));
    pjrt_callback_free(callback);
    _exit(code != PJRT_FAILED_PRECONDITION);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  pjrt_callback_free(callback);
}

/* ---- what is refused, lacks, and is answered ----------------------------- */

static void test_refused(void **state) {
  const pjrt_code bad = PJRT_INVALID_ARGUMENT;
  const fixture *f = *state;
  pjrt_callback *callback = (pjrt_callback *)1;
  expect_error(pjrt_callback_on_slice_failure(NULL, count, NULL, &callback),
               bad, "client is NULL");
  assert_null(callback);
  expect_error(pjrt_callback_on_prefatal(f->client, NULL, NULL, &callback), bad,
               "callback is NULL");
  expect_error(
      pjrt_callback_invoke_slice_failure(f->client, (pjrt_slice_failure)6), bad,
      "there is no slice failure 6");
  expect_error(
      pjrt_callback_invoke_slice_failure(NULL, PJRT_SLICE_FAILURE_UNKNOWN), bad,
      "client is NULL");
  expect_error(pjrt_callback_invoke_prefatal(f->client, NULL), bad,
               "error is NULL");
  pjrt_error *reason = pjrt_error_create((pjrt_code)99, "odd", PJRT_NUL_ENDED);
  expect_error(pjrt_callback_invoke_prefatal(f->client, reason), bad,
               "the error has code 99");
  pjrt_error_free(reason);
}

static pjrt_error *register_one(const fixture *f) {
  static log l;
  pjrt_callback *callback;
  pjrt_error *error =
      pjrt_callback_on_slice_failure(f->client, count, &l, &callback);
  assert_true((error == NULL) == (callback != NULL));
  pjrt_callback_free(callback);
  return error;
}

static void test_older_plugins(void **state) {
  (void)state;
  expect_error(ext_ask_minor(77, register_one), PJRT_UNIMPLEMENTED,
               "the plugin has no extension Callback, which API 0.78 brought");
  expect_ok(ext_ask_minor(78, register_one));
}

static void test_faults(void **state) {
  const fixture *f = *state;
  sim_fail("PJRT_Callback_RegisterCallback", 1, PJRT_Error_Code_UNAVAILABLE);
  expect_error(register_one(f), PJRT_UNAVAILABLE, "");
  sim_fail("PJRT_Callback_InvokeCallback", 1, PJRT_Error_Code_UNAVAILABLE);
  expect_error(
      pjrt_callback_invoke_slice_failure(f->client, PJRT_SLICE_FAILURE_UNKNOWN),
      PJRT_UNAVAILABLE, "");
  sim_configure_default();
}

/* Calls back inside the registering call, with args of every kind. */
static PJRT_Error *call_at_once(PJRT_Callback_RegisterCallback_Args *args) {
  static const char text[] = {'s', 'o', 'm', 'e', 'X'};
  PJRT_Callback_PrefatalArgs what = {.struct_size = sizeof what,
                                     .error_code = PJRT_Error_Code_ABORTED,
                                     .error_message = text,
                                     .error_message_size = 4};
  if (args->type == PJRT_Callback_Type_Prefatal) {
    args->callback(&what, args->user_arg);
    what.error_message_size = SIZE_MAX;
    args->callback(&what, args->user_arg);
    what.error_message = NULL;
    args->callback(&what, args->user_arg);
    what.struct_size = 8;
    args->callback(&what, args->user_arg);
  }
  args->callback(NULL, args->user_arg);
  return NULL;
}

static void keep_first(const pjrt_error *error, void *user) {
  log *l = user;
  if (l->num_calls++ == 0) {
    snprintf(l->message, sizeof l->message, "%s",
             pjrt_error_message(error, NULL));
    l->code = pjrt_error_code(error);
  } else {
    assert_string_equal(pjrt_error_message(error, NULL),
                        "the plugin gave no message");
  }
}

static void test_odd_plugins(void **state) {
  static PJRT_Callback_Extension node;
  const fixture *f = *state;
  log l = {0};
  pjrt_callback *callback;
  EXT_TAKE_NODE(f, Callback, &node);
  node.register_callback = call_at_once;
  expect_ok(pjrt_callback_on_prefatal(f->client, keep_first, &l, &callback));
  assert_int_equal(l.num_calls, 5);
  assert_int_equal(l.code, PJRT_ABORTED);
  assert_string_equal(l.message, "some");
  pjrt_callback_free(callback);
  l = (log){.failure = PJRT_SLICE_FAILURE_INIT_ERROR};
  expect_ok(
      pjrt_callback_on_slice_failure(f->client, note_failure, &l, &callback));
  assert_int_equal(l.num_calls, 1);
  assert_int_equal(l.failure, PJRT_SLICE_FAILURE_UNKNOWN);
  pjrt_callback_free(callback);
  node.register_callback = NULL;
  expect_error(register_one(f), PJRT_UNIMPLEMENTED,
               "has no PJRT_Callback_RegisterCallback");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_what_is_told),
      sim_test(test_freed),
      sim_test(test_freed_in_itself),
      sim_test(test_outlives_its_client),
      sim_test(test_threads),
      sim_test(test_freeing_waits),
      sim_test(test_forked),
      sim_test(test_refused),
      cmocka_unit_test(test_older_plugins),
      sim_test(test_faults),
      sim_test(test_odd_plugins),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
