/* Operations that run others, values that are passed on, and the limits of a
 * run. */
#include "interp_fixture.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/text.h"
#include "unit/expect.h"

static void test_call(void **state) {
  (void)state;
  expect_results(
      "func.func @main(%a: tensor<i32>) -> (tensor<i32>, tensor<i32>) {\n"
      "  %0:2 = call @both(%a) : (tensor<i32>) -> (tensor<i32>, tensor<i32>)\n"
      "  return %0#1, %0#0 : tensor<i32>, tensor<i32>\n}\n"
      "func.func private @both(%a: tensor<i32>) -> (tensor<i32>, tensor<i32>)"
      " {\n  %0 = stablehlo.add %a, %a : tensor<i32>\n"
      "  return %a, %0 : tensor<i32>, tensor<i32>\n}",
      "s32=3", "s32=6;s32=3");
}

static void test_while(void **state) {
  (void)state;
  expect_results(
      "func.func @main(%n: tensor<i32>) -> (tensor<i32>, tensor<i32>) {\n"
      "  %zero = stablehlo.constant dense<0> : tensor<i32>\n"
      "  %one = stablehlo.constant dense<1> : tensor<i32>\n"
      "  %0:2 = stablehlo.while(%i = %zero, %sum = %zero) : tensor<i32>, "
      "tensor<i32>\n"
      "    cond {\n"
      "      %1 = stablehlo.compare LT, %i, %n : (tensor<i32>, tensor<i32>) ->"
      " tensor<i1>\n"
      "      stablehlo.return %1 : tensor<i1>\n"
      "    } do {\n"
      "      %1 = stablehlo.add %i, %one : tensor<i32>\n"
      "      %2 = stablehlo.add %sum, %1 : tensor<i32>\n"
      "      stablehlo.return %1, %2 : tensor<i32>, tensor<i32>\n"
      "    }\n"
      "  return %0#0, %0#1 : tensor<i32>, tensor<i32>\n}",
      "s32=100", "s32=100;s32=5050");
}

#define CASE                                            \
  "func.func @main(%i: tensor<i32>) -> tensor<i32> {\n" \
  "  %a = stablehlo.constant dense<7> : tensor<i32>\n"  \
  "  %0 = \"stablehlo.case\"(%i) ({\n"                  \
  "    stablehlo.return %a : tensor<i32>\n"             \
  "  }, {\n"                                            \
  "    %1 = stablehlo.negate %a : tensor<i32>\n"        \
  "    stablehlo.return %1 : tensor<i32>\n"             \
  "  }) : (tensor<i32>) -> tensor<i32>\n"               \
  "  return %0 : tensor<i32>\n}"

static void test_case(void **state) {
  (void)state;
  expect_results(CASE, "s32=0", "s32=7");
  expect_results(CASE, "s32=1", "s32=-7");
  expect_results(CASE, "s32=2", "s32=-7");
  expect_results(CASE, "s32=-1", "s32=-7");
}

#define IF                                                              \
  "func.func @main(%p: tensor<i1>, %a: tensor<f32>) -> tensor<f32> {\n" \
  "  %0 = \"stablehlo.if\"(%p) ({\n"                                    \
  "    stablehlo.return %a : tensor<f32>\n"                             \
  "  }, {\n"                                                            \
  "    %1 = stablehlo.negate %a : tensor<f32>\n"                        \
  "    stablehlo.return %1 : tensor<f32>\n"                             \
  "  }) : (tensor<i1>) -> tensor<f32>\n"                                \
  "  return %0 : tensor<f32>\n}"

static void test_if(void **state) {
  (void)state;
  expect_results(IF, "pred=1;f32=2", "f32=2");
  expect_results(IF, "pred=0;f32=2", "f32=-2");
}

static void test_values(void **state) {
  (void)state;
  expect_results(
      "func.func @main(%a: tensor<f32>, %b: tensor<2xi8>) -> (tensor<2xi8>, "
      "tensor<f32>) {\n"
      "  %0 = stablehlo.tuple %a, %b : tuple<tensor<f32>, tensor<2xi8>>\n"
      "  %1 = stablehlo.get_tuple_element %0[1] : (tuple<tensor<f32>, "
      "tensor<2xi8>>) -> tensor<2xi8>\n"
      "  %2 = stablehlo.get_tuple_element %0[0] : (tuple<tensor<f32>, "
      "tensor<2xi8>>) -> tensor<f32>\n"
      "  %t = stablehlo.create_token : !stablehlo.token\n"
      "  %u = stablehlo.after_all %t, %t : !stablehlo.token\n"
      "  %3:2 = stablehlo.optimization_barrier %1, %2 : tensor<2xi8>, "
      "tensor<f32>\n"
      "  return %3#0, %3#1 : tensor<2xi8>, tensor<f32>\n}",
      "f32=3;2xs8=1 2", "2xs8=1 2;f32=3");
}

/* --- Limits --------------------------------------------------------------- */

static const char endless[] =
    "func.func @main() -> tensor<i32> {\n"
    "  %c = stablehlo.constant dense<0> : tensor<i32>\n"
    "  %true = stablehlo.constant dense<true> : tensor<i1>\n"
    "  %0 = stablehlo.while(%i = %c) : tensor<i32>\n"
    "    cond { stablehlo.return %true : tensor<i1> }\n"
    "    do { stablehlo.return %i : tensor<i32> }\n"
    "  return %0 : tensor<i32>\n}";

static pjrt_error *poll_down(void *user) {
  int *left = user;
  return --*left ? NULL : pjrt_error_create(PJRT_CANCELLED, "enough", 6);
}

static void test_endless(void **state) {
  (void)state;
  int left = 1000;
  fixture f = {.embedder = {.user = &left, .poll = poll_down}};
  expect_ok(fixture_prepare(&f, endless));
  expect_error(fixture_run(&f, NULL), PJRT_CANCELLED, "enough");
  fixture_end(&f);
}

/* fixture_expect_failure allows one MiB. */
static void test_memory(void **state) {
  (void)state;
  expect_failure(
      "func.func @main() -> tensor<1000000000000xf32> {\n"
      "  %0 = stablehlo.constant dense<0.0> : "
      "tensor<1000000000000xf32>\n"
      "  return %0 : tensor<1000000000000xf32>\n}",
      "", PJRT_RESOURCE_EXHAUSTED,
      "2:8: stablehlo.constant: a value needs 4000000000");
}

/* Values are given up after their last use: six of 300 kB are too much at
 * once. */
static void test_memory_is_reused(void **state) {
  (void)state;
  fixture f = {.embedder = {.memory_limit = 1 << 20}};
  expect_ok(fixture_prepare(
      &f,
      "func.func @main() -> tensor<75000xf32> {\n"
      "  %0 = stablehlo.constant dense<1.0> : tensor<75000xf32>\n"
      "  %1 = stablehlo.negate %0 : tensor<75000xf32>\n"
      "  %2 = stablehlo.negate %1 : tensor<75000xf32>\n"
      "  %3 = stablehlo.negate %2 : tensor<75000xf32>\n"
      "  %4 = stablehlo.negate %3 : tensor<75000xf32>\n"
      "  %5 = stablehlo.negate %4 : tensor<75000xf32>\n"
      "  return %5 : tensor<75000xf32>\n}"));
  expect_ok(fixture_run(&f, NULL));
  fixture_end(&f);
}

static void test_refusals(void **state) {
  (void)state;
  expect_failure(
      "func.func @main(%a: tensor<4xcomplex<f32>>) -> "
      "tensor<4xcomplex<f32>> {\n"
      "  %0 = stablehlo.fft %a, type = FFT, length = [4] : "
      "(tensor<4xcomplex<f32>>) -> tensor<4xcomplex<f32>>\n"
      "  return %0 : tensor<4xcomplex<f32>>\n}",
      "", PJRT_UNIMPLEMENTED, "2:8: stablehlo.fft");
  expect_failure("func.func @other() { return }", "", PJRT_INVALID_ARGUMENT,
                 "no function @main");
  expect_failure(
      "func.func @main(%a: tensor<?xf32>) -> tensor<?xf32> {\n"
      "  return %a : tensor<?xf32>\n}",
      "", PJRT_UNIMPLEMENTED, "tensor<?xf32>");
  expect_failure(
      "func.func @main(%a: tensor<2xf32>) -> tensor<2xf32> {\n"
      "  %0 = stablehlo.slice %a [0:3] : (tensor<2xf32>) -> "
      "tensor<3xf32>\n"
      "  return %a : tensor<2xf32>\n}",
      "", PJRT_INVALID_ARGUMENT, "stablehlo.slice: there is no");
}

/* 40 functions that call one another from within 40 branches each: neither is
 * much by itself. */
static void write_branches(pjrt_builder *text, int func, bool is_last) {
  enum { BRANCHES = 40 };
  for (int i = 0; i < BRANCHES; i++) {
    pjrt_builder_appendf(text, "%%%d = \"stablehlo.if\"(%%p) ({\n", i);
  }
  if (is_last) {
    pjrt_builder_appendf(text, "%%%d = stablehlo.not %%p : tensor<i1>\n",
                         BRANCHES);
  } else {
    pjrt_builder_appendf(
        text, "%%%d = func.call @f%d(%%p) : (tensor<i1>) -> tensor<i1>\n",
        BRANCHES, func + 1);
  }
  for (int i = BRANCHES; i > 0; i--) {
    pjrt_builder_appendf(text,
                         "stablehlo.return %%%d : tensor<i1>\n"
                         "}, {\nstablehlo.return %%p : tensor<i1>\n"
                         "}) : (tensor<i1>) -> tensor<i1>\n",
                         i);
  }
}

static void test_depth(void **state) {
  (void)state;
  enum { FUNCS = 40 };
  pjrt_builder builder = {0};
  char *text;
  size_t size;
  for (int i = 0; i < FUNCS; i++) {
    if (i == 0) pjrt_builder_appendf(&builder, "func.func @main");
    if (i > 0) pjrt_builder_appendf(&builder, "func.func @f%d", i);
    pjrt_builder_appendf(&builder, "(%%p: tensor<i1>) -> tensor<i1> {\n");
    write_branches(&builder, i, i + 1 == FUNCS);
    pjrt_builder_appendf(&builder, "return %%0 : tensor<i1>\n}\n");
  }
  expect_ok(pjrt_builder_finish(&builder, &text, &size));
  expect_failure(text, "pred=1", PJRT_UNIMPLEMENTED, "nest deeper than 1000");
  pjrt_builder_clear(&builder);
  free(text);
}

/* One program and one argument, on several threads at once. */
typedef struct runner {
  const sim_program *program;
  sim_tensor *arg;
  size_t num_right;
} runner;

static void *run_often(void *user) {
  runner *r = user;
  const sim_embedder embedder = {0};
  for (int i = 0; i < 200; i++) {
    sim_tensor *out[2] = {NULL, NULL};
    pjrt_error *error = sim_interpret(r->program, &r->arg, &embedder, out);
    r->num_right += !error && sim_tensor_index(out[0]) == 10;
    pjrt_error_free(error);
    for (size_t k = 0; k < 2; k++) sim_tensor_release(out[k]);
  }
  return NULL;
}

static void test_threads(void **state) {
  (void)state;
  enum { THREADS = 4 };
  pthread_t threads[THREADS];
  runner runners[THREADS];
  fixture f = {0};
  sim_tensor *arg;
  const int32_t five = 5;
  const sim_type type = {.dtype = PJRT_S32, .num_elements = 1};
  expect_ok(fixture_prepare(
      &f,
      "func.func @main(%a: tensor<i32>) -> (tensor<i32>, tensor<i32>) {\n"
      "  %0 = stablehlo.add %a, %a : tensor<i32>\n"
      "  return %0, %a : tensor<i32>, tensor<i32>\n}"));
  expect_ok(sim_tensor_create(NULL, &type, &arg));
  memcpy(arg->data, &five, sizeof five);
  for (size_t i = 0; i < THREADS; i++) {
    runners[i] = (runner){.program = f.program, .arg = arg};
    assert_int_equal(pthread_create(&threads[i], NULL, run_often, &runners[i]),
                     0);
  }
  for (size_t i = 0; i < THREADS; i++) {
    assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(runners[i].num_right, 200);
  }
  sim_tensor_release(arg);
  fixture_end(&f);
}

static void test_wrong_argument(void **state) {
  (void)state;
  size_t num;
  fixture f = {0};
  pjrt_array **args = fixture_arrays("f64=1", &num);
  expect_ok(
      fixture_prepare(&f,
                      "func.func @main(%a: tensor<f32>) -> tensor<f32> {\n"
                      "  return %a : tensor<f32>\n}"));
  expect_error(fixture_run(&f, args), PJRT_INVALID_ARGUMENT,
               "argument 0 of device 0");
  fixture_end(&f);
  fixture_free_arrays(args, num);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_call),     cmocka_unit_test(test_while),
      cmocka_unit_test(test_case),     cmocka_unit_test(test_if),
      cmocka_unit_test(test_values),   cmocka_unit_test(test_endless),
      cmocka_unit_test(test_memory),   cmocka_unit_test(test_memory_is_reused),
      cmocka_unit_test(test_refusals), cmocka_unit_test(test_depth),
      cmocka_unit_test(test_threads),  cmocka_unit_test(test_wrong_argument),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
