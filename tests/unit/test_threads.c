/* Many threads on one client, doing everything at once. Meant for
 * ThreadSanitizer, and for whatever else breaks when calls cross. */
#include <pthread.h>
#include <stdatomic.h>

#include "sim_fixture.h"

enum { NUM_THREADS = 16, NUM_ROUNDS = 25 };

/* What all threads share. */
typedef struct shared {
  const fixture *f;
  pjrt_executable *pass;
  pjrt_executable *donate;
  pjrt_buffer *common[2]; /* arguments that nobody donates */
  atomic_int num_callbacks;
  atomic_int num_failures;
} shared;

static void note(const pjrt_error *error, void *user) {
  shared *s = user;
  if (error) atomic_fetch_add(&s->num_failures, 1);
  atomic_fetch_add(&s->num_callbacks, 1);
}

static const float floats[] = {1, 2, 3, 4};
static const int32_t integers[] = {5, 6};

static pjrt_error *upload_own(const shared *s, pjrt_buffer **args) {
  PJRT_TRY(pjrt_buffer_from_host(s->f->device, PJRT_F32, (const int64_t[]){4},
                                 1, floats, sizeof floats, &args[0]));
  return pjrt_buffer_from_host(s->f->device, PJRT_S32, (const int64_t[]){2}, 1,
                               integers, sizeof integers, &args[1]);
}

static pjrt_error *wrong(const char *what) {
  return pjrt_error_create(PJRT_INTERNAL, what, PJRT_NUL_ENDED);
}

/* Waits in a way that the round chooses. */
static pjrt_error *wait_for(shared *s, pjrt_event *done, int round) {
  pjrt_event *join;
  int fd;
  if (round % 3 == 0) PJRT_TRY(pjrt_event_on_ready(done, note, s));
  if (round % 3 == 1) PJRT_TRY(pjrt_event_fd(done, &fd));
  if (round % 2) return pjrt_event_await(done);
  PJRT_TRY(pjrt_event_join(&done, 1, &join));
  pjrt_error *error = pjrt_event_await_for(join, PJRT_NO_DEADLINE - 1);
  pjrt_event_free(join);
  return error;
}

static pjrt_error *look_at(pjrt_buffer *buffer, int round) {
  float read[4] = {0};
  const void *view;
  if (round % 2) {
    PJRT_TRY(pjrt_buffer_to_host(buffer, read, sizeof read));
    return memcmp(read, floats, sizeof read) ? wrong("download") : NULL;
  }
  PJRT_TRY(pjrt_buffer_map(buffer, &view, NULL));
  const bool differs = memcmp(view, floats, sizeof floats) != 0;
  PJRT_TRY(pjrt_buffer_unmap(buffer));
  return differs ? wrong("mapping") : NULL;
}

/* One launch of one's own arguments, donated, and one of the common ones. */
static pjrt_error *work(shared *s, int round, pjrt_buffer **args,
                        pjrt_buffer **outs, pjrt_event **done) {
  PJRT_TRY(upload_own(s, args));
  PJRT_TRY(pjrt_executable_execute_async(s->donate, args, 2, NULL, outs, 2,
                                         &done[0]));
  PJRT_TRY(pjrt_executable_execute_async(s->pass, s->common, 2, NULL, outs + 2,
                                         2, &done[1]));
  PJRT_TRY(wait_for(s, done[0], round));
  PJRT_TRY(wait_for(s, done[1], round + 1));
  PJRT_TRY(look_at(outs[0], round));
  PJRT_TRY(look_at(outs[2], round + 1));
  PJRT_TRY(look_at(s->common[0], round));
  return pjrt_buffer_delete(outs[2]);
}

static void *run(void *user) {
  shared *s = user;
  for (int round = 0; round < NUM_ROUNDS; round++) {
    pjrt_buffer *args[2] = {NULL}, *outs[4] = {NULL};
    pjrt_event *done[2] = {NULL};
    pjrt_error *error = work(s, round, args, outs, done);
    if (error) {
      pjrt_error_print(error, stderr);
      pjrt_error_free(error);
      atomic_fetch_add(&s->num_failures, 1);
    }
    free_buffers(args, 2);
    free_buffers(outs, 4);
    pjrt_event_free(done[0]);
    pjrt_event_free(done[1]);
  }
  return NULL;
}

/* Execution ends a little later, on the plugin's own threads. */
static void configure_late_events(void) {
  pjrt_sim_options options;
  const pjrt_sim_fault late = {.function = "PJRT_LoadedExecutable_Execute",
                               .async_delay_ms = 1};
  sim_path();
  sim.options_init(&options);
  options.faults = &late;
  options.num_faults = 1;
  sim.configure(&options);
}

static void run_all(const fixture *f) {
  pthread_t threads[NUM_THREADS];
  shared s = {.f = f,
              .pass = compile(f->client, pass_program, NULL),
              .donate = compile(f->client, donate_program, NULL)};
  arguments common = upload_arguments(f->device);
  memcpy(s.common, common.args, sizeof s.common);
  for (size_t i = 0; i < NUM_THREADS; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, run, &s), 0);
  }
  for (size_t i = 0; i < NUM_THREADS; i++) pthread_join(threads[i], NULL);
  /* Rounds 0, 3, ... ask for one callback, and so do rounds 2, 5, ... */
  int expected = 0;
  for (int round = 0; round < NUM_ROUNDS; round++) {
    expected += (round % 3 == 0) + ((round + 1) % 3 == 0);
  }
  wait_until(atomic_load(&s.num_callbacks) == expected * NUM_THREADS);
  assert_int_equal(atomic_load(&s.num_failures), 0);
  free_buffers(s.common, 2);
  pjrt_executable_free(s.pass);
  pjrt_executable_free(s.donate);
}

static void test_everything_at_once(void **state) { run_all(*state); }

static void test_with_late_events(void **state) {
  configure_late_events();
  run_all(*state);
}

/* ---- the end of a client, from many threads ------------------------------ */

static void *free_buffer(void *buffer) {
  pjrt_buffer_free(buffer);
  return NULL;
}

/* Whoever frees the last buffer ends the client, once. */
static void test_last_one_ends_the_client(void **state) {
  (void)state;
  for (int round = 0; round < NUM_ROUNDS; round++) {
    fixture *f = fixture_create(NULL);
    pthread_t threads[NUM_THREADS];
    for (size_t i = 0; i < NUM_THREADS; i++) {
      assert_int_equal(
          pthread_create(&threads[i], NULL, free_buffer, upload_f32(f->device)),
          0);
    }
    fixture_drop(f);
    for (size_t i = 0; i < NUM_THREADS; i++) pthread_join(threads[i], NULL);
    test_free(f);
    assert_int_equal(sim.num_calls("PJRT_Client_Destroy"), 1);
    expect_nothing_alive();
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_everything_at_once),
      sim_test(test_with_late_events),
      cmocka_unit_test(test_last_one_ends_the_client),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
