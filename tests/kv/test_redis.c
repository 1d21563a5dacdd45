/* Stores in Redis, on a server that the test starts, stops and kills.
 * tier: all */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job.h"
#include "redis_server.h"
#include "rendezvous.h"
#include "unit/store_checks.h"

static pjrt_error *open_as(const redis_server *server, const char *login,
                           const char *name, pjrt_kvstore **out) {
  char address[128];
  snprintf(address, sizeof address, "redis://%s127.0.0.1:%d", login,
           server->port);
  return pjrt_kvstore_open(address, PJRT_NUL_ENDED, name, PJRT_NUL_ENDED, out);
}

static pjrt_kvstore *open_store(const redis_server *server, const char *name) {
  pjrt_kvstore *store;
  expect_ok(open_as(server, "", name, &store));
  return store;
}

static void test_values(void **state) {
  redis_server server;
  (void)state;
  redis_start(&server, NULL);
  check_store(open_store(&server, "a job"));
  redis_stop(&server);
}

static void test_jobs_do_not_meet(void **state) {
  redis_server server;
  (void)state;
  redis_start(&server, NULL);
  pjrt_kvstore *one = open_store(&server, "a");
  pjrt_kvstore *again = open_store(&server, "a");
  pjrt_kvstore *other = open_store(&server, "a:b");
  expect_ok(put_text(one, "b:k", "v"));
  expect_held(again, "b:k", "v", 1);
  expect_absent(other, "k");
  pjrt_kvstore_free(one);
  pjrt_kvstore_free(again);
  pjrt_kvstore_free(other);
  redis_stop(&server);
}

static void test_large_values(void **state) {
  enum { SIZE = 8 << 20 };
  redis_server server;
  (void)state;
  redis_start(&server, NULL);
  char *large = test_malloc(SIZE);
  for (size_t i = 0; i < SIZE; i++) large[i] = (char)(i * 7 >> 3);
  pjrt_kvstore *store = open_store(&server, "large");
  expect_ok(pjrt_kvstore_put(store, "k", 1, large, SIZE));
  expect_held(store, "k", large, SIZE);
  pjrt_kvstore_free(store);
  test_free(large);
  redis_stop(&server);
}

static void test_passwords(void **state) {
  redis_server server;
  pjrt_kvstore *store;
  (void)state;
  redis_start(&server, "open:se@me");
  expect_error(open_as(&server, "", "j", &store), PJRT_UNAUTHENTICATED,
               "the server says: NOAUTH");
  pjrt_error *error = open_as(&server, ":sesame@", "j", &store);
  assert_null(strstr(pjrt_error_message(error, NULL), "sesame"));
  expect_error(error, PJRT_UNAUTHENTICATED, "WRONGPASS");
  expect_ok(open_as(&server, ":open:se@me@", "j", &store));
  expect_ok(put_text(store, "k", "v"));
  pjrt_kvstore_free(store);
  expect_ok(open_as(&server, "default:open:se@me@", "j", &store));
  expect_held(store, "k", "v", 1);
  error = put_text(store, "k", "w");
  assert_null(strstr(pjrt_error_message(error, NULL), "se@me"));
  expect_error(error, PJRT_ALREADY_EXISTS, "127.0.0.1");
  pjrt_kvstore_free(store);
  redis_stop(&server);
}

/* Who waits is told at once; who comes later finds nobody. */
static void test_a_server_that_dies(void **state) {
  redis_server server;
  waiter w;
  void *value;
  size_t size;
  (void)state;
  redis_start(&server, NULL);
  pjrt_kvstore *store = open_store(&server, "j");
  start_waiting(&w, store, "k");
  nap_ms(100);
  redis_stop(&server);
  pthread_join(w.thread, NULL);
  expect_error(w.error, PJRT_UNAVAILABLE, "cannot get key 'k' in redis://");
  expect_error(put_text(store, "k", "v"), PJRT_UNAVAILABLE,
               "Connection refused");
  expect_error(pjrt_kvstore_try_get(store, "k", 1, &value, &size),
               PJRT_UNAVAILABLE, "Connection refused");
  pjrt_kvstore_free(store);
  expect_error(open_as(&server, "", "j", &store), PJRT_UNAVAILABLE,
               "Connection refused");
}

/* It takes connections, as long as the kernel does that for it. */
static void test_a_server_that_hangs(void **state) {
  redis_server server;
  waiter w;
  void *value;
  size_t size;
  (void)state;
  redis_start(&server, NULL);
  pjrt_kvstore *store = open_store(&server, "j");
  start_waiting(&w, store, "k");
  nap_ms(100);
  assert_int_equal(kill(server.pid, SIGSTOP), 0);
  const int64_t begin = now_ns();
  expect_error(pjrt_kvstore_try_get(store, "k", 1, &value, &size),
               PJRT_UNAVAILABLE, "does not answer");
  assert_true(now_ns() - begin < 60 * SECOND);
  /* A wait can be ended without it. */
  pjrt_kvstore_cancel(store);
  pthread_join(w.thread, NULL);
  expect_error(w.error, PJRT_CANCELLED, "'k'");
  pjrt_kvstore_free(store);
  redis_stop(&server);
}

/* ---- processes ----------------------------------------------------------- */

static int forget_server(void **state) {
  *state = test_calloc(1, sizeof(redis_server));
  return 0;
}

static int stop_server(void **state) {
  redis_server *server = *state;
  if (server->pid) redis_stop(server);
  test_free(server);
  return 0;
}

static const char *start_server(void **state) {
  redis_server *server = *state;
  redis_start(server, NULL);
  return server->address;
}

static void test_all_meet(void **state) {
  check_all_meet(start_server(state), "torchrun");
}

static void test_first_is_killed(void **state) {
  check_first_is_killed(start_server(state));
}

static void test_other_is_killed(void **state) {
  check_other_is_killed(start_server(state));
}

#define server_test(function) \
  cmocka_unit_test_setup_teardown(function, forget_server, stop_server)

int main(int argc, char **argv) {
  if (job_is_process(argc, argv)) return job_run_process(argv);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_values),
      cmocka_unit_test(test_jobs_do_not_meet),
      cmocka_unit_test(test_large_values),
      cmocka_unit_test(test_passwords),
      cmocka_unit_test(test_a_server_that_dies),
      cmocka_unit_test(test_a_server_that_hangs),
      server_test(test_all_meet),
      server_test(test_first_is_killed),
      server_test(test_other_is_killed),
  };
  return cmocka_run_group_tests_name("redis", tests, NULL, NULL);
}
