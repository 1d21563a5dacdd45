/* Donation: what an execution consumes, and who may no longer use it. */
#include <pthread.h>

#include "real/handlers.h"

static pjrt_buffer *one_to_four(fixture *f) {
  return upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0);
}

static pjrt_error *try_execute(pjrt_executable *executable, pjrt_buffer *a,
                               pjrt_buffer *b, const pjrt_execute_opts *opts) {
  pjrt_buffer *out, *args[] = {a, b};
  pjrt_error *error =
      pjrt_executable_execute(executable, args, 2, opts, &out, 1);
  assert_true(error ? out == NULL : out != NULL);
  pjrt_buffer_free(out);
  return error;
}

/* ---- consumed ------------------------------------------------------------ */

static const void *address_of(pjrt_buffer *buffer) {
  const void *view;
  assert_ok(pjrt_buffer_map(buffer, &view, NULL));
  assert_ok(pjrt_buffer_unmap(buffer));
  return view;
}

static void check_consumed(fixture *f, const char *code) {
  float read[4];
  pjrt_executable *add = compile(f, code);
  pjrt_buffer *a = one_to_four(f), *b = one_to_four(f);
  const void *memory = address_of(a);
  pjrt_buffer *sum = execute2(add, a, b);
  assert_f32(sum, 4, 2, 4, 6, 8);
  assert_ptr_equal(address_of(sum), memory);
  assert_true(pjrt_buffer_is_deleted(a));
  assert_false(pjrt_buffer_is_deleted(b));
  assert_refused(pjrt_buffer_to_host(a, read, 16), PJRT_FAILED_PRECONDITION,
                 "the buffer f32[4] was donated");
  assert_refused(try_execute(add, a, b, NULL), PJRT_FAILED_PRECONDITION,
                 "argument 0 of main: it was donated");
  assert_refused(try_execute(add, b, a, NULL), PJRT_FAILED_PRECONDITION,
                 "argument 1 of main: it was donated");
  assert_f32(b, 4, 1, 2, 3, 4);
  pjrt_buffer_free(sum);
  pjrt_buffer_free(a);
  pjrt_buffer_free(b);
  pjrt_executable_free(add);
}

static void aliased_argument_is_consumed(void **state) {
  check_consumed(*state, donate_program);
}

static void donor_is_consumed(void **state) {
  check_consumed(*state,
                 "func.func @main(%a: tensor<4xf32>\n"
                 "    {jax.buffer_donor = true}, %b: tensor<4xf32>)\n"
                 "    -> tensor<4xf32> {\n"
                 "  %0 = stablehlo.add %a, %b : tensor<4xf32>\n"
                 "  return %0 : tensor<4xf32>\n"
                 "}\n");
}

/* A loop that feeds each result to the next step, as training does. */
static void donation_chains(void **state) {
  fixture *f = *state;
  pjrt_executable *add = compile(f, donate_program);
  pjrt_buffer *x = one_to_four(f), *one = one_to_four(f);
  for (int i = 0; i < 50; i++) {
    pjrt_buffer *next = execute2(add, x, one);
    pjrt_buffer_free(x);
    x = next;
  }
  assert_f32(x, 4, 51, 102, 153, 204);
  pjrt_buffer_free(x);
  pjrt_buffer_free(one);
  pjrt_executable_free(add);
}

static void pending_donation_refuses_at_once(void **state) {
  fixture *f = *state;
  const void *view;
  pjrt_executable *gate = compile(f, donating_gate_program);
  pjrt_buffer *arg = one_to_four(f);
  pending work = start_gate(gate, arg);
  assert_true(pjrt_buffer_is_deleted(arg));
  assert_refused(pjrt_buffer_map(arg, &view, NULL), PJRT_FAILED_PRECONDITION,
                 "was donated");
  gate_open();
  assert_f32(work.out, 4, 1, 2, 3, 4);
  pending_free(&work);
  pjrt_buffer_free(arg);
  pjrt_executable_free(gate);
}

/* ---- refused, and nothing changed ---------------------------------------- */

static void argument_given_twice_is_refused(void **state) {
  fixture *f = *state;
  static const char both_donated[] =
      "func.func @main(%a: tensor<4xf32> {tf.aliasing_output = 0 : i32},\n"
      "                %b: tensor<4xf32> {tf.aliasing_output = 1 : i32})\n"
      "    -> (tensor<4xf32>, tensor<4xf32>) {\n"
      "  %0 = stablehlo.add %a, %b : tensor<4xf32>\n"
      "  %1 = stablehlo.subtract %a, %b : tensor<4xf32>\n"
      "  return %0, %1 : tensor<4xf32>, tensor<4xf32>\n"
      "}\n";
  pjrt_buffer *outs[2];
  const char *why = "it is being donated, by this launch or another";
  pjrt_executable *one = compile(f, donate_program);
  pjrt_executable *two = compile(f, both_donated);
  pjrt_buffer *a = one_to_four(f), *args[] = {a, a};
  assert_refused(try_execute(one, a, a, NULL), PJRT_FAILED_PRECONDITION, why);
  assert_refused(pjrt_executable_execute(two, args, 2, NULL, outs, 2),
                 PJRT_FAILED_PRECONDITION, why);
  assert_null(outs[0]);
  assert_false(pjrt_buffer_is_deleted(a));
  assert_f32(a, 4, 1, 2, 3, 4);
  pjrt_buffer_free(a);
  pjrt_executable_free(one);
  pjrt_executable_free(two);
}

static void refused_launch_leaves_its_arguments(void **state) {
  fixture *f = *state;
  pjrt_executable *add = compile(f, donate_program);
  pjrt_buffer *a = one_to_four(f), *gone = one_to_four(f);
  pjrt_buffer *wrong = upload_f32(f->device, 2, 1.0, 2.0);
  assert_ok(pjrt_buffer_delete(gone));
  assert_refused(try_execute(add, a, gone, NULL), PJRT_FAILED_PRECONDITION,
                 "argument 1 of main: it was deleted");
  assert_refused(try_execute(add, a, wrong, NULL), PJRT_INVALID_ARGUMENT,
                 "argument 1 of main: expected f32[4], got f32[2]");
  assert_refused(try_execute(add, a, NULL, NULL), PJRT_INVALID_ARGUMENT,
                 "argument 1 of main: it is NULL");
  assert_false(pjrt_buffer_is_deleted(a));
  assert_f32(a, 4, 1, 2, 3, 4);
  pjrt_buffer_free(a);
  pjrt_buffer_free(gone);
  pjrt_buffer_free(wrong);
  pjrt_executable_free(add);
}

static void mapped_buffer_cannot_be_donated(void **state) {
  fixture *f = *state;
  const void *view;
  pjrt_executable *add = compile(f, donate_program);
  pjrt_buffer *a = one_to_four(f), *b = one_to_four(f);
  assert_ok(pjrt_buffer_map(a, &view, NULL));
  assert_refused(try_execute(add, a, b, NULL), PJRT_FAILED_PRECONDITION,
                 "it is mapped and would be donated");
  assert_true(((const float *)view)[3] == 4);
  assert_ok(try_execute(add, b, a, NULL)); /* not donated: no harm */
  assert_true(((const float *)view)[3] == 4);
  assert_ok(pjrt_buffer_unmap(a));
  pjrt_buffer *c = one_to_four(f);
  assert_ok(try_execute(add, a, c, NULL));
  assert_true(pjrt_buffer_is_deleted(a));
  pjrt_buffer_free(a);
  pjrt_buffer_free(b);
  pjrt_buffer_free(c);
  pjrt_executable_free(add);
}

/* ---- kept by option ------------------------------------------------------ */

static void non_donatable_inputs_are_kept(void **state) {
  fixture *f = *state;
  static const int64_t kept[] = {0};
  const void *view;
  pjrt_execute_opts opts;
  pjrt_executable *add = compile(f, donate_program);
  pjrt_buffer *a = one_to_four(f);
  pjrt_execute_opts_init(&opts);
  opts.non_donatable_inputs = kept;
  opts.num_non_donatable_inputs = 1;
  assert_ok(pjrt_buffer_map(a, &view, NULL));
  assert_ok(try_execute(add, a, a, &opts));
  assert_true(((const float *)view)[3] == 4);
  assert_ok(pjrt_buffer_unmap(a));
  assert_false(pjrt_buffer_is_deleted(a));
  assert_f32(a, 4, 1, 2, 3, 4);
  pjrt_buffer_free(a);
  pjrt_executable_free(add);
}

static void non_donatable_inputs_must_exist(void **state) {
  fixture *f = *state;
  static const int64_t wrong[] = {2, -1, 99, INT64_MIN};
  pjrt_execute_opts opts;
  pjrt_executable *add = compile(f, donate_program);
  pjrt_buffer *a = one_to_four(f), *b = one_to_four(f);
  pjrt_execute_opts_init(&opts);
  for (size_t i = 0; i < 4; i++) {
    opts.non_donatable_inputs = &wrong[i];
    opts.num_non_donatable_inputs = 1;
    assert_refused(try_execute(add, a, b, &opts), PJRT_INVALID_ARGUMENT,
                   "non-donatable input");
  }
  assert_false(pjrt_buffer_is_deleted(a));
  pjrt_buffer_free(a);
  pjrt_buffer_free(b);
  pjrt_executable_free(add);
}

/* ---- four devices -------------------------------------------------------- */

static void donation_works_on_four_devices(void **state) {
  fixture *f = *state;
  pjrt_compile_opts opts;
  pjrt_buffer *args[8], *outs[4];
  pjrt_compile_opts_init(&opts);
  opts.num_replicas = 4;
  pjrt_executable *add = compile_with(f, donate_program, &opts);
  for (size_t i = 0; i < 8; i++) {
    args[i] = upload_f32(pjrt_client_device(f->client, i / 2), 4, 1.0, 2.0, 3.0,
                         (double)i);
  }
  assert_ok(pjrt_executable_execute_sharded(add, 4, args, 2, NULL, outs, 1));
  for (size_t i = 0; i < 4; i++) {
    assert_f32(outs[i], 4, 2, 4, 6, (float)(4 * i + 1));
    assert_true(pjrt_buffer_is_deleted(args[2 * i]));
    assert_false(pjrt_buffer_is_deleted(args[2 * i + 1]));
    pjrt_buffer_free(outs[i]);
  }
  assert_refused(
      pjrt_executable_execute_sharded(add, 4, args, 2, NULL, outs, 1),
      PJRT_FAILED_PRECONDITION, "argument 0 of main, device 0: it was donated");
  for (size_t i = 0; i < 8; i++) pjrt_buffer_free(args[i]);
  pjrt_executable_free(add);
}

/* ---- a race -------------------------------------------------------------- */

typedef struct racer {
  pjrt_executable *add;
  pjrt_buffer *a, *b;
  pthread_barrier_t *start;
  pjrt_error *error;
} racer;

static void *race(void *argument) {
  racer *me = argument;
  pjrt_buffer *out, *args[] = {me->a, me->b};
  pthread_barrier_wait(me->start);
  me->error = pjrt_executable_execute(me->add, args, 2, NULL, &out, 1);
  pjrt_buffer_free(out);
  return NULL;
}

static void check_race(fixture *f, pjrt_executable *add) {
  pthread_barrier_t start;
  pthread_t threads[2];
  racer racers[2];
  int num_winners = 0;
  pjrt_buffer *a = one_to_four(f), *b = one_to_four(f);
  pthread_barrier_init(&start, NULL, 2);
  for (int i = 0; i < 2; i++) {
    racers[i] = (racer){add, a, b, &start, NULL};
    assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
  }
  for (int i = 0; i < 2; i++) {
    pthread_join(threads[i], NULL);
    if (!racers[i].error) num_winners++;
    if (racers[i].error) {
      assert_refused(racers[i].error, PJRT_FAILED_PRECONDITION, "argument 0");
    }
  }
  assert_int_equal(num_winners, 1);
  assert_true(pjrt_buffer_is_deleted(a));
  pthread_barrier_destroy(&start);
  pjrt_buffer_free(a);
  pjrt_buffer_free(b);
}

static void exactly_one_of_two_threads_donates(void **state) {
  fixture *f = *state;
  pjrt_executable *add = compile(f, donate_program);
  for (int i = 0; i < 200; i++) check_race(f, add);
  pjrt_executable_free(add);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(aliased_argument_is_consumed),
      cmocka_unit_test(donor_is_consumed),
      cmocka_unit_test(donation_chains),
      cmocka_unit_test(pending_donation_refuses_at_once),
      cmocka_unit_test(argument_given_twice_is_refused),
      cmocka_unit_test(refused_launch_leaves_its_arguments),
      cmocka_unit_test(mapped_buffer_cannot_be_donated),
      cmocka_unit_test(non_donatable_inputs_are_kept),
      cmocka_unit_test(non_donatable_inputs_must_exist),
      cmocka_unit_test(donation_works_on_four_devices),
      cmocka_unit_test(exactly_one_of_two_threads_donates),
  };
  return RUN_REAL_TESTS_WITH_HANDLERS(tests);
}
