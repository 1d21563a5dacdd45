/* Key-value stores and the CPU plugins, which run in one process and never ask
 * for a key. */
#include <stdatomic.h>

#include "fixture.h"

static pjrt_error *count_get(void *user, const char *key, size_t key_size,
                             pjrt_kvstore_value *value) {
  (void)key;
  (void)key_size;
  (void)value;
  atomic_fetch_add((atomic_int *)user, 1);
  return NULL;
}

static pjrt_error *count_put(void *user, const char *key, size_t key_size,
                             const void *value, size_t value_size) {
  (void)key;
  (void)key_size;
  (void)value;
  (void)value_size;
  atomic_fetch_add((atomic_int *)user, 1);
  return NULL;
}

static atomic_int num_destroyed;

static void count_destroy(void *user) {
  (void)user;
  atomic_fetch_add(&num_destroyed, 1);
}

/* The store is the client's as long as that lives, and no longer. */
static void test_a_store_that_is_not_asked(void **state) {
  fixture *f = *state;
  atomic_int num_calls = 0;
  pjrt_kvstore_functions functions;
  pjrt_kvstore *store;
  pjrt_client_opts opts;
  pjrt_client *client;
  pjrt_kvstore_functions_init(&functions);
  functions.name = "the test's";
  functions.user = &num_calls;
  functions.try_get = count_get;
  functions.put = count_put;
  functions.destroy = count_destroy;
  assert_ok(pjrt_kvstore_create(&functions, &store));
  pjrt_client_opts_init(&opts);
  opts.kvstore = store;
  assert_ok(pjrt_client_create(f->plugin, &opts, &client));
  pjrt_kvstore_free(store);
  assert_int_equal(atomic_load(&num_destroyed), 0);
  assert_true(pjrt_client_num_devices(client) > 0);
  assert_int_equal(pjrt_client_process_index(client), 0);
  pjrt_client_free(client);
  assert_int_equal(atomic_load(&num_destroyed), 1);
  assert_int_equal(atomic_load(&num_calls), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_store_that_is_not_asked)};
  return RUN_REAL_TESTS(tests);
}
