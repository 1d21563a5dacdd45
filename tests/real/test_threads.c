/* Many threads at once. Run under ThreadSanitizer too. Threads only count what
 * went wrong: cmocka's assertions belong to the main thread. */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "real/fixture.h"

enum { NUM_THREADS = 8 };

typedef struct crew {
  fixture *f;
  pjrt_executable *add;
  pjrt_buffer *shared;
  atomic_int num_wrong;
  atomic_bool stop;
} crew;

static void run_threads(crew *c, void *(*work)(void *crew), int num) {
  pthread_t threads[NUM_THREADS];
  for (int i = 0; i < num; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, work, c), 0);
  }
  for (int i = 0; i < num; i++) pthread_join(threads[i], NULL);
  assert_int_equal(atomic_load(&c->num_wrong), 0);
}

static crew make_crew(fixture *f) {
  return (crew){.f = f,
                .add = compile(f, add_program),
                .shared = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0)};
}

static void free_crew(crew *c) {
  pjrt_buffer_free(c->shared);
  pjrt_executable_free(c->add);
}

/* ---- executing ----------------------------------------------------------- */

/* Adds the shared vector and the thread's own. */
static bool add_once(crew *c, float mine) {
  const int64_t dims[] = {4};
  const float values[] = {mine, mine, mine, mine};
  float read[4] = {0};
  pjrt_buffer *own = NULL, *sum = NULL;
  pjrt_error *error = pjrt_buffer_from_host(c->f->device, PJRT_F32, dims, 1,
                                            values, sizeof values, &own);
  pjrt_buffer *args[] = {c->shared, own};
  if (!error) error = pjrt_executable_execute(c->add, args, 2, NULL, &sum, 1);
  if (!error) error = pjrt_buffer_to_host(sum, read, sizeof read);
  pjrt_buffer_free(own);
  pjrt_buffer_free(sum);
  if (error) pjrt_error_print(error, stdout);
  return pjrt_error_consume(error) == PJRT_OK && read[0] == mine + 1 &&
         read[3] == mine + 4;
}

static void *add_often(void *argument) {
  crew *c = argument;
  for (int i = 0; i < 300; i++) {
    if (!add_once(c, (float)i)) atomic_fetch_add(&c->num_wrong, 1);
  }
  return NULL;
}

static void eight_threads_execute_300_times(void **state) {
  crew c = make_crew(*state);
  run_threads(&c, add_often, NUM_THREADS);
  free_crew(&c);
}

static void count_event(const pjrt_error *error, void *count) {
  if (!error) atomic_fetch_add((atomic_int *)count, 1);
}

/* Starts many, waits for none but the last. */
static void *launch_often(void *argument) {
  crew *c = argument;
  atomic_int num_done = 0;
  pjrt_buffer *args[] = {c->shared, c->shared};
  for (int i = 0; i < 100; i++) {
    pjrt_buffer *sum = NULL;
    pjrt_event *done = NULL;
    pjrt_error *error =
        pjrt_executable_execute_async(c->add, args, 2, NULL, &sum, 1, &done);
    if (!error) error = pjrt_event_on_ready(done, count_event, &num_done);
    pjrt_event_free(done);
    pjrt_buffer_free(sum);
    if (pjrt_error_consume(error)) atomic_fetch_add(&c->num_wrong, 1);
  }
  while (atomic_load(&num_done) < 100 && !atomic_load(&c->num_wrong)) {
    sched_yield();
  }
  return NULL;
}

static void eight_threads_launch_with_callbacks(void **state) {
  crew c = make_crew(*state);
  run_threads(&c, launch_often, NUM_THREADS);
  free_crew(&c);
}

static void *compile_often(void *argument) {
  crew *c = argument;
  for (int i = 0; i < 3; i++) {
    pjrt_program *program = NULL;
    pjrt_executable *executable = NULL;
    pjrt_error *error = pjrt_program_create(add_program, PJRT_NUL_ENDED,
                                            PJRT_FORMAT_MLIR, &program);
    if (!error) {
      error = pjrt_client_compile(c->f->client, program, NULL, &executable);
    }
    pjrt_program_free(program);
    pjrt_executable_free(executable);
    if (pjrt_error_consume(error)) atomic_fetch_add(&c->num_wrong, 1);
  }
  return NULL;
}

static void threads_compile_at_once(void **state) {
  crew c = make_crew(*state);
  run_threads(&c, compile_often, 4);
  free_crew(&c);
}

/* ---- two plugins --------------------------------------------------------- */

/* Half of the threads use the real plugin, half the simulated one. */
static void two_plugins_execute_at_once(void **state) {
  const char *path = getenv("PJRT_TEST_SIM");
  pthread_t threads[NUM_THREADS];
  if (!path || !*path) skip_because("there is no simulated plugin");
  fixture *sim = fixture_create(path);
  crew crews[2] = {make_crew(*state), make_crew(sim)};
  for (int i = 0; i < NUM_THREADS; i++) {
    assert_int_equal(
        pthread_create(&threads[i], NULL, add_often, &crews[i % 2]), 0);
  }
  for (int i = 0; i < NUM_THREADS; i++) pthread_join(threads[i], NULL);
  for (int i = 0; i < 2; i++) {
    assert_int_equal(atomic_load(&crews[i].num_wrong), 0);
    free_crew(&crews[i]);
  }
  fixture_free(sim);
}

/* ---- one buffer ---------------------------------------------------------- */

static void *map_often(void *argument) {
  crew *c = argument;
  for (int i = 0; i < 1000; i++) {
    const void *view;
    pjrt_error *error = pjrt_buffer_map(c->shared, &view, NULL);
    bool wrong = error || ((const float *)view)[3] != 4;
    if (!error) error = pjrt_buffer_unmap(c->shared);
    if (pjrt_error_consume(error) || wrong) atomic_fetch_add(&c->num_wrong, 1);
  }
  return NULL;
}

static void eight_threads_map_one_buffer(void **state) {
  crew c = make_crew(*state);
  run_threads(&c, map_often, NUM_THREADS);
  free_crew(&c);
}

/* Whoever is too late is told so, by the library, or by the plugin while the
 * library is still about to note it; whoever is not sees the old contents. */
static bool is_too_late(const crew *c, const pjrt_error *error) {
  if (pjrt_error_code(error) == PJRT_FAILED_PRECONDITION) return true;
  for (int i = 0; i < 10000 && !pjrt_buffer_is_deleted(c->shared); i++) {
    nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
  }
  return pjrt_buffer_is_deleted(c->shared);
}

static void *read_until_deleted(void *argument) {
  crew *c = argument;
  while (!atomic_load(&c->stop)) {
    float read[4];
    pjrt_error *error = pjrt_buffer_to_host(c->shared, read, sizeof read);
    if (error ? !is_too_late(c, error) : read[3] != 4) {
      atomic_fetch_add(&c->num_wrong, 1);
    }
    pjrt_error_free(error);
  }
  return NULL;
}

/* Everything that asks the plugin, but for the contents. */
static void *ask_until_deleted(void *argument) {
  crew *c = argument;
  while (!atomic_load(&c->stop)) {
    pjrt_layout *layout = NULL;
    pjrt_event *ready = NULL;
    pjrt_memory *memory;
    int64_t dim;
    size_t size;
    bool flag;
    pjrt_error *errors[] = {pjrt_buffer_layout(c->shared, &layout),
                            pjrt_buffer_ready_event(c->shared, &ready),
                            pjrt_buffer_memory(c->shared, &memory),
                            pjrt_buffer_on_device_size(c->shared, &size),
                            pjrt_buffer_unpadded_dims(c->shared, &dim, 1),
                            pjrt_buffer_dynamic_dims(c->shared, &flag, 1),
                            pjrt_buffer_await(c->shared)};
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
      if (errors[i] && !is_too_late(c, errors[i])) {
        atomic_fetch_add(&c->num_wrong, 1);
      }
      pjrt_error_free(errors[i]);
    }
    pjrt_layout_free(layout);
    pjrt_event_free(ready);
  }
  return NULL;
}

static void *execute_until_deleted(void *argument) {
  crew *c = argument;
  while (!atomic_load(&c->stop)) {
    float read[4] = {0};
    pjrt_buffer *sum = NULL, *args[] = {c->shared, c->shared};
    pjrt_error *error = pjrt_executable_execute(c->add, args, 2, NULL, &sum, 1);
    if (!error) error = pjrt_buffer_to_host(sum, read, sizeof read);
    if (error ? !is_too_late(c, error) : read[3] != 8) {
      atomic_fetch_add(&c->num_wrong, 1);
    }
    pjrt_buffer_free(sum);
    pjrt_error_free(error);
  }
  return NULL;
}

static void *map_until_deleted(void *argument) {
  crew *c = argument;
  while (!atomic_load(&c->stop)) {
    const void *view;
    pjrt_error *error = pjrt_buffer_map(c->shared, &view, NULL);
    if (!error && ((const float *)view)[3] != 4) {
      atomic_fetch_add(&c->num_wrong, 1);
    }
    if (!error) error = pjrt_buffer_unmap(c->shared);
    pjrt_error_free(error);
    nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
  }
  return NULL;
}

/* Refused while it is mapped, which ends some time. */
static void *delete_it(void *argument) {
  crew *c = argument;
  pjrt_error *error;
  while ((error = pjrt_buffer_delete(c->shared))) {
    if (pjrt_error_consume(error) != PJRT_FAILED_PRECONDITION) {
      atomic_fetch_add(&c->num_wrong, 1);
    }
  }
  atomic_store(&c->stop, true);
  return NULL;
}

/* A plugin copies, and consumes nothing, while someone reads. */
static void *donate_it(void *argument) {
  crew *c = argument;
  const float values[] = {1, 1, 1, 1};
  const int64_t dims[] = {4};
  while (!pjrt_buffer_is_deleted(c->shared)) {
    pjrt_buffer *sum = NULL, *own = NULL;
    pjrt_error *error = pjrt_buffer_from_host(c->f->device, PJRT_F32, dims, 1,
                                              values, sizeof values, &own);
    pjrt_buffer *args[] = {c->shared, own};
    if (!error) error = pjrt_executable_execute(c->add, args, 2, NULL, &sum, 1);
    pjrt_buffer_free(sum);
    pjrt_buffer_free(own);
    if (error && pjrt_error_code(error) != PJRT_FAILED_PRECONDITION) {
      atomic_fetch_add(&c->num_wrong, 1);
    }
    pjrt_error_free(error);
  }
  atomic_store(&c->stop, true);
  return NULL;
}

static void check_end(fixture *f, void *(*use)(void *crew),
                      void *(*end)(void *crew), const char *code) {
  pjrt_executable *add = compile(f, code);
  for (int i = 0; i < 50; i++) {
    pthread_t threads[3];
    crew c = {.f = f,
              .add = add,
              .shared = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0)};
    pthread_create(&threads[0], NULL, use, &c);
    pthread_create(&threads[1], NULL, use, &c);
    pthread_create(&threads[2], NULL, end, &c);
    for (int t = 0; t < 3; t++) pthread_join(threads[t], NULL);
    assert_int_equal(atomic_load(&c.num_wrong), 0);
    assert_true(pjrt_buffer_is_deleted(c.shared));
    pjrt_buffer_free(c.shared);
  }
  pjrt_executable_free(add);
}

static void deleting_while_others_read(void **state) {
  check_end(*state, read_until_deleted, delete_it, add_program);
}

static void deleting_while_others_ask(void **state) {
  check_end(*state, ask_until_deleted, delete_it, add_program);
}

static void deleting_while_others_execute(void **state) {
  check_end(*state, execute_until_deleted, delete_it, add_program);
}

static void deleting_while_others_map(void **state) {
  check_end(*state, map_until_deleted, delete_it, add_program);
}

static void donating_while_others_read(void **state) {
  check_end(*state, read_until_deleted, donate_it, donate_program);
}

static void donating_while_others_ask(void **state) {
  check_end(*state, ask_until_deleted, donate_it, donate_program);
}

static void donating_while_others_map(void **state) {
  check_end(*state, map_until_deleted, donate_it, donate_program);
}

/* ---- freeing ------------------------------------------------------------- */

static void *free_own_client(void *argument) {
  crew *c = argument;
  for (int i = 0; i < 5; i++) {
    pjrt_client *client;
    pjrt_error *error = pjrt_client_create(c->f->plugin, NULL, &client);
    if (!error) pjrt_client_free(client);
    if (pjrt_error_consume(error)) atomic_fetch_add(&c->num_wrong, 1);
  }
  return NULL;
}

static void threads_make_and_free_clients(void **state) {
  crew c = make_crew(*state);
  run_threads(&c, free_own_client, 4);
  free_crew(&c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(eight_threads_execute_300_times),
      cmocka_unit_test(eight_threads_launch_with_callbacks),
      cmocka_unit_test(threads_compile_at_once),
      cmocka_unit_test(two_plugins_execute_at_once),
      cmocka_unit_test(eight_threads_map_one_buffer),
      cmocka_unit_test(deleting_while_others_read),
      cmocka_unit_test(deleting_while_others_ask),
      cmocka_unit_test(deleting_while_others_execute),
      cmocka_unit_test(deleting_while_others_map),
      cmocka_unit_test(donating_while_others_read),
      cmocka_unit_test(donating_while_others_ask),
      cmocka_unit_test(donating_while_others_map),
      cmocka_unit_test(threads_make_and_free_clients),
  };
  return RUN_REAL_TESTS(tests);
}
