/* Donation: an argument is consumed once, and only when the launch was. */
#include <pthread.h>

#include "sim_fixture.h"

typedef struct launch {
  pjrt_executable *executable;
  arguments in;
  pjrt_buffer *outs[2];
} launch;

static launch prepare(const fixture *f) {
  return (launch){.executable = compile(f->client, donate_program, NULL),
                  .in = upload_arguments(f->device)};
}

static void end(launch *l) {
  free_buffers(l->in.args, 2);
  free_buffers(l->outs, 2);
  pjrt_executable_free(l->executable);
}

static pjrt_error *run(launch *l, const pjrt_execute_opts *opts) {
  return pjrt_executable_execute(l->executable, l->in.args, 2, opts, l->outs,
                                 2);
}

static bool are_live(const launch *l) {
  return !pjrt_buffer_is_deleted(l->in.args[0]) &&
         !pjrt_buffer_is_deleted(l->in.args[1]);
}

static pjrt_execute_opts keep(const int64_t *indexes, size_t num) {
  pjrt_execute_opts opts;
  pjrt_execute_opts_init(&opts);
  opts.non_donatable_inputs = indexes;
  opts.num_non_donatable_inputs = num;
  return opts;
}

static void test_consumed(void **state) {
  launch l = prepare(*state);
  float read[4];
  assert_true(pjrt_executable_parameter_is_donated(l.executable, 0));
  assert_false(pjrt_executable_parameter_is_donated(l.executable, 2));
  expect_ok(run(&l, NULL));
  assert_true(pjrt_buffer_is_deleted(l.in.args[0]));
  assert_true(pjrt_buffer_is_deleted(l.in.args[1]));
  expect_f32(l.outs[0]);
  free_buffers(l.outs, 2);
  expect_error(run(&l, NULL), PJRT_FAILED_PRECONDITION,
               "argument 0 of main: it was donated");
  expect_error(pjrt_buffer_to_host(l.in.args[0], read, sizeof read),
               PJRT_FAILED_PRECONDITION, "was donated");
  expect_error(pjrt_buffer_delete(l.in.args[0]), PJRT_FAILED_PRECONDITION,
               "was donated");
  end(&l);
}

static void test_kept(void **state) {
  launch l = prepare(*state);
  const int64_t both[] = {0, 1}, second[] = {1};
  pjrt_execute_opts opts = keep(both, 2);
  expect_ok(run(&l, &opts));
  assert_true(are_live(&l));
  free_buffers(l.outs, 2);
  opts = keep(second, 1);
  expect_ok(run(&l, &opts));
  assert_true(pjrt_buffer_is_deleted(l.in.args[0]));
  assert_false(pjrt_buffer_is_deleted(l.in.args[1]));
  end(&l);
}

/* Only the donated arguments are asked for, once each. */
static void test_cost(void **state) {
  const fixture *f = *state;
  launch l = prepare(f);
  sim_configure_default();
  expect_ok(run(&l, NULL));
  assert_int_equal(sim.num_calls("PJRT_Buffer_IsDeleted"), 2);
  end(&l);
}

/* ---- refusals leave everything as it was --------------------------------- */

static void test_mapped(void **state) {
  launch l = prepare(*state);
  const int64_t both[] = {0, 1};
  const pjrt_execute_opts opts = keep(both, 2);
  const void *data;
  expect_ok(pjrt_buffer_map(l.in.args[1], &data, NULL));
  expect_error(run(&l, NULL), PJRT_FAILED_PRECONDITION,
               "argument 1 of main: it is mapped and would be donated");
  assert_true(are_live(&l));
  expect_ok(run(&l, &opts));
  free_buffers(l.outs, 2);
  expect_ok(pjrt_buffer_unmap(l.in.args[1]));
  expect_ok(run(&l, NULL));
  end(&l);
}

static void test_second_is_deleted(void **state) {
  launch l = prepare(*state);
  expect_ok(pjrt_buffer_delete(l.in.args[1]));
  expect_error(run(&l, NULL), PJRT_FAILED_PRECONDITION,
               "argument 1 of main: it was deleted");
  assert_false(pjrt_buffer_is_deleted(l.in.args[0]));
  expect_f32(l.in.args[0]);
  end(&l);
}

/* One buffer in two places, donated in one or in both. */
static void try_twice(const fixture *f, const char *program) {
  pjrt_executable *executable = compile(f->client, program, NULL);
  pjrt_buffer *buffer = upload_f32(f->device), *out;
  pjrt_buffer *args[] = {buffer, buffer};
  expect_error(pjrt_executable_execute(executable, args, 2, NULL, &out, 1),
               PJRT_FAILED_PRECONDITION, "it is being donated");
  assert_null(out);
  assert_false(pjrt_buffer_is_deleted(buffer));
  expect_f32(buffer);
  pjrt_buffer_free(buffer);
  pjrt_executable_free(executable);
}

static void test_same_buffer_twice(void **state) {
  try_twice(*state,
            "func.func @main(%a: tensor<4xf32> {tf.aliasing_output = 0 : i32},"
            " %b: tensor<4xf32> {jax.buffer_donor = true})"
            " -> tensor<4xf32> {}");
  try_twice(*state,
            "func.func @main(%a: tensor<4xf32> {tf.aliasing_output = 0 : i32},"
            " %b: tensor<4xf32>) -> tensor<4xf32> {}");
  try_twice(*state,
            "func.func @main(%a: tensor<4xf32>,"
            " %b: tensor<4xf32> {tf.aliasing_output = 0 : i32})"
            " -> tensor<4xf32> {}");
}

static void test_refused_launch(void **state) {
  launch l = prepare(*state);
  sim_fail("PJRT_LoadedExecutable_Execute", 1, PJRT_Error_Code_DATA_LOSS);
  expect_error(run(&l, NULL), PJRT_DATA_LOSS, "the fault");
  assert_true(are_live(&l));
  expect_ok(run(&l, NULL));
  assert_false(are_live(&l));
  end(&l);
}

/* ---- plugins that do otherwise ------------------------------------------- */

/* A plugin that copied leaves the argument live: an external reference makes
 * the plugin do so. */
static void test_plugin_that_copies(void **state) {
  const fixture *f = *state;
  launch l = prepare(f);
  PJRT_Buffer_IncreaseExternalReferenceCount_Args increase;
  PJRT_Buffer_DecreaseExternalReferenceCount_Args decrease;
  memset(&increase, 0, sizeof increase);
  memset(&decrease, 0, sizeof decrease);
  increase.buffer = decrease.buffer = pjrt_buffer_raw(l.in.args[0]);
  expect_ok(pjrt_raw_PJRT_Buffer_IncreaseExternalReferenceCount(f->plugin,
                                                                &increase));
  expect_ok(run(&l, NULL));
  assert_false(pjrt_buffer_is_deleted(l.in.args[0]));
  assert_true(pjrt_buffer_is_deleted(l.in.args[1]));
  expect_f32(l.in.args[0]);
  expect_ok(pjrt_raw_PJRT_Buffer_DecreaseExternalReferenceCount(f->plugin,
                                                                &decrease));
  end(&l);
}

/* One that does not say counts as one that did what it should. */
static void test_plugin_that_does_not_say(void **state) {
  launch l = prepare(*state);
  sim_fail("PJRT_Buffer_IsDeleted", 0, PJRT_Error_Code_DATA_LOSS);
  expect_ok(run(&l, NULL));
  free_buffers(l.outs, 2);
  expect_error(run(&l, NULL), PJRT_FAILED_PRECONDITION, "it was donated");
  end(&l);
}

/* ---- races --------------------------------------------------------------- */

enum { NUM_THREADS = 8, NUM_ROUNDS = 100 };

typedef struct racer {
  launch *shared;
  pthread_barrier_t *start;
  int num_won;
  bool failed;
} racer;

static void *race(void *user) {
  racer *r = user;
  pjrt_buffer *outs[2];
  pthread_barrier_wait(r->start);
  pjrt_error *error = pjrt_executable_execute(
      r->shared->executable, r->shared->in.args, 2, NULL, outs, 2);
  if (!error) {
    r->num_won++;
    free_buffers(outs, 2);
  } else if (pjrt_error_code(error) != PJRT_FAILED_PRECONDITION) {
    r->failed = true;
  }
  pjrt_error_free(error);
  return NULL;
}

/* All pass the same arguments: one launch gets them. */
static void test_claimed_once(void **state) {
  pthread_barrier_t start;
  pthread_barrier_init(&start, NULL, NUM_THREADS);
  for (int round = 0; round < NUM_ROUNDS; round++) {
    launch l = prepare(*state);
    pthread_t threads[NUM_THREADS];
    racer racers[NUM_THREADS];
    int num_won = 0;
    for (size_t i = 0; i < NUM_THREADS; i++) {
      racers[i] = (racer){&l, &start, 0, false};
      pthread_create(&threads[i], NULL, race, &racers[i]);
    }
    for (size_t i = 0; i < NUM_THREADS; i++) {
      pthread_join(threads[i], NULL);
      num_won += racers[i].num_won;
      assert_false(racers[i].failed);
    }
    assert_int_equal(num_won, 1);
    assert_true(pjrt_buffer_is_deleted(l.in.args[0]));
    end(&l);
  }
  pthread_barrier_destroy(&start);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_consumed),
      sim_test(test_kept),
      sim_test(test_cost),
      sim_test(test_mapped),
      sim_test(test_second_is_deleted),
      sim_test(test_same_buffer_twice),
      sim_test(test_refused_launch),
      sim_test(test_plugin_that_copies),
      sim_test(test_plugin_that_does_not_say),
      sim_test(test_claimed_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
