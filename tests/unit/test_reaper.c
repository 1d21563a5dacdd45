/* What is freed in a callback is destroyed elsewhere: a plugin that ends its
 * client on a thread of its own waits for itself. */
#include <pthread.h>

#include "core/client.h"
#include "sim_fixture.h"

/* Everything there is, to be freed in a callback. */
typedef struct belongings {
  fixture *f;
  pjrt_executable *executable;
  arguments in;
  pjrt_buffer *outs[2];
  pjrt_event *done;
  pthread_t thread; /* that called back */
} belongings;

/* The thread on which the plugin was told to destroy its client. */
static struct {
  PJRT_Client_Destroy *destroy;
  pthread_t thread;
  _Atomic int num_calls;
} seen;

static PJRT_Error *note_and_destroy(PJRT_Client_Destroy_Args *args) {
  seen.thread = pthread_self();
  PJRT_Error *error = seen.destroy(args);
  atomic_fetch_add(&seen.num_calls, 1);
  return error;
}

static belongings start(fixture *f) {
  belongings b = {.f = f};
  seen.destroy = f->plugin->table.PJRT_Client_Destroy;
  atomic_store(&seen.num_calls, 0);
  f->plugin->table.PJRT_Client_Destroy = note_and_destroy;
  sim_hold("PJRT_LoadedExecutable_Execute", PJRT_Error_Code_OK);
  b.executable = compile(f->client, pass_program, NULL);
  b.in = upload_arguments(f->device);
  expect_ok(pjrt_executable_execute_async(b.executable, b.in.args, 2, NULL,
                                          b.outs, 2, &b.done));
  return b;
}

static void free_everything(belongings *b) {
  fixture_drop(b->f);
  pjrt_executable_free(b->executable);
  free_buffers(b->in.args, 2);
  free_buffers(b->outs, 2);
  pjrt_event_free(b->done);
}

static void free_in_callback(const pjrt_error *error, void *user) {
  belongings *b = user;
  assert_null(error);
  b->thread = pthread_self();
  free_everything(b);
}

static void *release(void *nothing) {
  sim.release_events();
  return nothing;
}

static void release_on_another_thread(void) {
  pthread_t plugin;
  assert_int_equal(pthread_create(&plugin, NULL, release, NULL), 0);
  assert_int_equal(pthread_join(plugin, NULL), 0);
}

/* The last of everything goes in a callback: the reaper ends the client. */
static void test_everything_freed_in_a_callback(void **state) {
  belongings b = start(*state);
  expect_ok(pjrt_event_on_ready(b.done, free_in_callback, &b));
  release_on_another_thread();
  wait_until(atomic_load(&seen.num_calls) == 1);
  assert_false(pthread_equal(seen.thread, b.thread));
  assert_false(pthread_equal(seen.thread, pthread_self()));
  expect_nothing_alive();
}

/* The client alone goes in the callback, the rest afterwards: then the thread
 * that frees the last ends the client. */
static void free_client(const pjrt_error *error, void *user) {
  (void)error;
  fixture_drop(((belongings *)user)->f);
}

static void test_client_freed_in_a_callback(void **state) {
  belongings b = start(*state);
  expect_ok(pjrt_event_on_ready(b.done, free_client, &b));
  release_on_another_thread();
  assert_int_equal(atomic_load(&seen.num_calls), 0);
  free_everything(&b);
  wait_until(atomic_load(&seen.num_calls) == 1);
  expect_nothing_alive();
}

/* Without callbacks nothing is put off, and no thread is started. */
static void test_nothing_is_put_off_elsewhere(void **state) {
  belongings b = start(*state);
  sim.release_events();
  assert_false(b.f->client->reaper.is_running);
  free_everything(&b);
  assert_int_equal(atomic_load(&seen.num_calls), 1);
  assert_true(pthread_equal(seen.thread, pthread_self()));
}

/* A callback of one client frees another client, whose reaper sleeps. */
typedef struct stranger {
  pjrt_client *client;
  pjrt_buffer *buffer;
} stranger;

static void free_stranger(const pjrt_error *error, void *user) {
  stranger *other = user;
  (void)error;
  pjrt_buffer_free(other->buffer);
  pjrt_client_free(other->client);
}

static void test_callback_of_another_client(void **state) {
  belongings b = start(*state);
  stranger other;
  expect_ok(pjrt_client_create(b.f->plugin, NULL, &other.client));
  other.buffer = upload_f32(pjrt_client_addressable_device(other.client, 0));
  expect_ok(pjrt_event_on_ready(b.done, free_stranger, &other));
  release_on_another_thread();
  wait_until(atomic_load(&seen.num_calls) == 1);
  assert_false(pthread_equal(seen.thread, pthread_self()));
  free_everything(&b);
}

/* A join belongs to its first event's client, and ends in a callback of the
 * second one's. */
static void test_join_over_two_clients(void **state) {
  belongings b = start(*state);
  pjrt_client *other;
  pjrt_event *ready, *join;
  expect_ok(pjrt_client_create(b.f->plugin, NULL, &other));
  expect_ok(pjrt_event_from_raw(other, NULL, &ready));
  pjrt_event *both[] = {ready, b.done};
  expect_ok(pjrt_event_join(both, 2, &join));
  pjrt_event_free(join);
  pjrt_event_free(ready);
  pjrt_client_free(other);
  free_everything(&b);
  release_on_another_thread();
  wait_until(atomic_load(&seen.num_calls) == 2);
}

/* The caller learns in a callback that all is done, frees everything while that
 * callback has not returned yet, and may end the process next: the plugin's
 * client must be gone by then, or its end meets its static destructors. */
static void tell_and_linger(const pjrt_error *error, void *user) {
  assert_null(error);
  atomic_store((_Atomic bool *)user, true);
  for (int spins = 0; spins < 20; spins++) nap(spins, __FILE__, __LINE__);
}

static void test_client_outlives_a_callback_under_way(void **state) {
  belongings b = start(*state);
  _Atomic bool is_told = false;
  pthread_t plugin;
  expect_ok(pjrt_event_on_ready(b.done, tell_and_linger, (void *)&is_told));
  assert_int_equal(pthread_create(&plugin, NULL, release, NULL), 0);
  wait_until(atomic_load(&is_told));
  pjrt_executable_free(b.executable);
  free_buffers(b.in.args, 2);
  free_buffers(b.outs, 2);
  pjrt_event_free(b.done);
  fixture_drop(b.f);
  assert_int_equal(atomic_load(&seen.num_calls), 1);
  assert_true(pthread_equal(seen.thread, pthread_self()));
  pthread_join(plugin, NULL);
}

/* A plugin that lets those who wait go on before it calls back. */
static PJRT_Event_OnReady_Args asked;

static PJRT_Error *take_callback(PJRT_Event_OnReady_Args *args) {
  asked = *args;
  return NULL;
}

static void *call_back(void *nothing) {
  for (int spins = 0; spins < 20; spins++) nap(spins, __FILE__, __LINE__);
  asked.callback(NULL, asked.user_arg);
  return nothing;
}

static void count_call(const pjrt_error *error, void *user) {
  assert_null(error);
  ++*(int *)user;
}

static int await_before_the_callback(belongings *b) {
  int num_calls = 0;
  b->f->plugin->table.PJRT_Event_OnReady = take_callback;
  expect_ok(pjrt_event_on_ready(b->done, count_call, &num_calls));
  sim.release_events();
  expect_ok(pjrt_event_await(b->done));
  pjrt_event_free(b->done);
  b->done = NULL;
  pjrt_executable_free(b->executable);
  b->executable = NULL;
  free_buffers(b->in.args, 2);
  free_buffers(b->outs, 2);
  return num_calls;
}

static void test_client_outlives_a_callback_that_is_due(void **state) {
  belongings b = start(*state);
  pthread_t plugin;
  assert_int_equal(await_before_the_callback(&b), 1);
  assert_int_equal(pthread_create(&plugin, NULL, call_back, NULL), 0);
  fixture_drop(b.f);
  assert_int_equal(atomic_load(&seen.num_calls), 1);
  assert_true(pthread_equal(seen.thread, pthread_self()));
  pthread_join(plugin, NULL);
}

/* Nobody is kept for ever by a plugin that never calls back. */
static void test_lost_callback_is_not_waited_for(void **state) {
  belongings b = start(*state);
  assert_int_equal(await_before_the_callback(&b), 1);
  fixture_drop(b.f);
  assert_int_equal(atomic_load(&seen.num_calls), 0);
  call_back(NULL);
  wait_until(atomic_load(&seen.num_calls) == 1);
}

/* Memory that was lent comes back on the reaper's thread. */
static void note_thread(void *data, void *user) {
  pjrt_host_free(data);
  *(pthread_t *)user = pthread_self();
  atomic_fetch_add(&seen.num_calls, 1);
}

static void test_lent_memory_comes_back_elsewhere(void **state) {
  fixture *f = *state;
  pjrt_buffer *buffer;
  pthread_t thread;
  void *memory;
  atomic_store(&seen.num_calls, 0);
  sim_hold("PJRT_Client_BufferFromHostBuffer", PJRT_Error_Code_OK);
  expect_ok(pjrt_host_alloc(65, &memory));
  memset(memory, 1, 65);
  /* Not aligned, so that the plugin copies when its transfer completes. */
  expect_ok(pjrt_buffer_adopt_host(f->device, PJRT_U8, (const int64_t[]){64}, 1,
                                   (char *)memory + 1, 64, PJRT_ADOPT_READ_ONLY,
                                   NULL, NULL, &buffer));
  pjrt_buffer_free(buffer);
  sim.release_events();
  expect_ok(pjrt_buffer_adopt_host(f->device, PJRT_U8, (const int64_t[]){65}, 1,
                                   memory, 65, PJRT_ADOPT_READ_ONLY,
                                   note_thread, &thread, &buffer));
  pjrt_event *ready;
  expect_ok(pjrt_buffer_ready_event(buffer, &ready));
  pjrt_buffer_free(buffer);
  release_on_another_thread();
  wait_until(atomic_load(&seen.num_calls) == 1);
  pjrt_event_free(ready);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_everything_freed_in_a_callback),
      sim_test(test_client_freed_in_a_callback),
      sim_test(test_nothing_is_put_off_elsewhere),
      sim_test(test_callback_of_another_client),
      sim_test(test_join_over_two_clients),
      sim_test(test_client_outlives_a_callback_under_way),
      sim_test(test_client_outlives_a_callback_that_is_due),
      sim_test(test_lost_callback_is_not_waited_for),
      sim_test(test_lent_memory_comes_back_elsewhere),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
