/* Bounded dynamic dimensions: values carry their present sizes. */
#include "interp_fixture.h"

#define ROWS "tensor<?x2xf32, #stablehlo.bounds<3, ?>>"
#define FLAGS "tensor<?x2xi1, #stablehlo.bounds<3, ?>>"
#define BOTH "tensor<?x?xf32, #stablehlo.bounds<3, 2>>"
#define SIZE "tensor<i32>"

/* f32[3,2] of 1 to 6, cut to %n rows as %0. */
#define CUT(results)                                               \
  "func.func @main(%a: tensor<3x2xf32>, %n: " SIZE ") -> " results \
  " {\n"                                                           \
  "  %0 = stablehlo.set_dimension_size %a, %n, dim = 0\n"          \
  "      : (tensor<3x2xf32>, " SIZE ") -> " ROWS "\n"
#define CUT_ARGS(n) "3x2xf32=1 2 3 4 5 6;s32=" n

static void test_sizes(void **state) {
  (void)state;
  static const char set[] = CUT(ROWS) "  return %0 : " ROWS "\n}";
  expect_results(set, CUT_ARGS("2"), "2x2xf32=1 2 3 4");
  expect_results(set, CUT_ARGS("3"), "3x2xf32=1 2 3 4 5 6");
  expect_results(set, CUT_ARGS("0"), "0x2xf32=");
  expect_failure(set, CUT_ARGS("4"), PJRT_INVALID_ARGUMENT,
                 "set_dimension_size: size 4 of dimension 0, whose bound is 3");
  expect_failure(set, CUT_ARGS("-1"), PJRT_INVALID_ARGUMENT, "size -1 of");
  expect_results(
      CUT("(" SIZE ", " SIZE
          ")") "  %1 = stablehlo.get_dimension_size %0, dim = 0 : (" ROWS
               ") -> " SIZE
               "\n  %2 = stablehlo.get_dimension_size %0, dim = 1 : (" ROWS
               ") -> " SIZE "\n  return %1, %2 : " SIZE ", " SIZE "\n}",
      CUT_ARGS("1"), "s32=1;s32=2");
}

static void test_several_dims(void **state) {
  (void)state;
  static const char text[] =
      CUT("(" BOTH ", " BOTH
          ")") "  %one = stablehlo.constant dense<1> : " SIZE
               "\n"
               "  %1 = stablehlo.set_dimension_size %0, %one, dim = 1\n"
               "      : (" ROWS ", " SIZE ") -> " BOTH
               "\n"
               "  %three = stablehlo.constant dense<3> : " SIZE
               "\n"
               "  %2 = stablehlo.set_dimension_size %1, %three, dim = 0\n"
               "      : (" BOTH ", " SIZE ") -> " BOTH
               "\n"
               "  return %1, %2 : " BOTH ", " BOTH "\n}";
  expect_results(text, CUT_ARGS("2"), "2x1xf32=1 3;3x1xf32=1 3 5");
}

/* A parameter's room beyond its size is no part of any result. */
static void test_parameters(void **state) {
  (void)state;
  static const char text[] =
      "func.func @main(%a: " ROWS ", %b: " ROWS ") -> (" ROWS ", " SIZE
      ") {\n"
      "  %0 = stablehlo.add %a, %b : " ROWS
      "\n"
      "  %1 = stablehlo.get_dimension_size %0, dim = 0 : (" ROWS ") -> " SIZE
      "\n  return %0, %1 : " ROWS ", " SIZE "\n}";
  expect_results(text, "2x2xf32=1 2 3 4;2x2xf32=10 20 30 40",
                 "2x2xf32=11 22 33 44;s32=2");
  expect_results(text, "0x2xf32=;0x2xf32=", "0x2xf32=;s32=0");
  expect_failure(text, "2x2xf32=1;1x2xf32=1", PJRT_INVALID_ARGUMENT,
                 "add: dimension 0 of operand 1 has size 1, where another's "
                 "has 2");
}

static void test_elementwise(void **state) {
  (void)state;
  expect_results(
      CUT("(" ROWS ", tensor<?x2xi32, #stablehlo.bounds<3, ?>>)")
      "  %1 = stablehlo.negate %0 : " ROWS "\n"
      "  %low = stablehlo.constant dense<-3.0> : tensor<f32>\n"
      "  %high = stablehlo.constant dense<-2.0> : tensor<f32>\n"
      "  %2 = stablehlo.clamp %low, %1, %high\n"
      "      : (tensor<f32>, " ROWS ", tensor<f32>) -> " ROWS "\n"
      "  %3 = stablehlo.compare GT, %0, %2 : (" ROWS ", " ROWS ") -> " FLAGS
      "\n  %4 = stablehlo.select %3, %2, %0 : " FLAGS ", " ROWS "\n"
      "  %5 = stablehlo.convert %4\n      : (" ROWS
      ") -> tensor<?x2xi32, #stablehlo.bounds<3, ?>>\n"
      "  return %4, %5 : " ROWS
      ", tensor<?x2xi32, #stablehlo.bounds<3, ?>>\n}",
      CUT_ARGS("2"), "2x2xf32=-2 -2 -3 -3;2x2xs32=-2 -2 -3 -3");
}

static void test_passed_on(void **state) {
  (void)state;
  expect_results(CUT(ROWS) "  %1 = stablehlo.optimization_barrier %0 : " ROWS
                           "\n"
                           "  %2 = call @twice(%1) : (" ROWS ") -> " ROWS
                           "\n"
                           "  return %2 : " ROWS
                           "\n}\n"
                           "func.func private @twice(%a: " ROWS ") -> " ROWS
                           " {\n"
                           "  %0 = stablehlo.add %a, %a : " ROWS
                           "\n"
                           "  return %0 : " ROWS "\n}",
                 CUT_ARGS("1"), "1x2xf32=2 4");
}

/* Whatever else meets a dynamic dimension is refused when it is prepared. */
static void test_refused(void **state) {
  (void)state;
  static const char why[] =
      "4:8: stablehlo.slice: operand 0 has dynamic dimensions, which this "
      "operation does not support";
  expect_failure(CUT("tensor<1x2xf32>")
                 "  %1 = stablehlo.slice %0 [0:1, 0:2]\n"
                 "      : (" ROWS ") -> tensor<1x2xf32>\n"
                 "  return %1 : tensor<1x2xf32>\n}",
                 CUT_ARGS("1"), PJRT_UNIMPLEMENTED, why);
  expect_failure(
      "func.func @main(%a: tensor<f32>) -> " ROWS
      " {\n"
      "  %0 = stablehlo.broadcast_in_dim %a, dims = []\n"
      "      : (tensor<f32>) -> " ROWS "\n  return %0 : " ROWS "\n}",
      "f32=1", PJRT_UNIMPLEMENTED,
      "2:8: stablehlo.broadcast_in_dim: result 0 has dynamic dimensions");
  expect_failure(CUT(ROWS) "  %1 = stablehlo.add %0, %a\n      : (" ROWS
                           ", tensor<3x2xf32>) -> " ROWS
                           "\n"
                           "  return %1 : " ROWS "\n}",
                 CUT_ARGS("1"), PJRT_UNIMPLEMENTED,
                 "add: operand 1 and the result differ in what dimensions");
  expect_failure("func.func @main(%a: tensor<3x2xf32>, %n: " SIZE
                 ") -> tensor<3x2xf32> {\n"
                 "  %0 = stablehlo.set_dimension_size %a, %n, dim = 0\n"
                 "      : (tensor<3x2xf32>, " SIZE
                 ") -> tensor<3x2xf32>\n"
                 "  return %0 : tensor<3x2xf32>\n}",
                 CUT_ARGS("1"), PJRT_UNIMPLEMENTED,
                 "only results whose dimension 0");
  expect_failure(
      "func.func @main(%a: tensor<?x2xf32>) -> tensor<?x2xf32> {\n"
      "  return %a : tensor<?x2xf32>\n}",
      "1x2xf32=1", PJRT_UNIMPLEMENTED,
      "values of type tensor<?x2xf32> are not supported");
  expect_failure(
      "func.func @main(%a: tensor<3x2xf32>) -> " SIZE
      " {\n  %0 = stablehlo.get_dimension_size %a, dim = 2\n"
      "      : (tensor<3x2xf32>) -> " SIZE "\n  return %0 : " SIZE "\n}",
      "3x2xf32=1", PJRT_INVALID_ARGUMENT, "there is no dimension 2 among 2");
}

static void test_shardings(void **state) {
  static const char text[] =
      "module attributes {mhlo.num_partitions = 2 : i32} {\n"
      "func.func @main(%a: tensor<?x2xf32, #stablehlo.bounds<4, ?>>\n"
      "    {mhlo.sharding = \"{devices=[2,1]<=[2]}\"})\n"
      "    -> tensor<?x2xf32, #stablehlo.bounds<4, ?>> {\n"
      "  return %a : tensor<?x2xf32, #stablehlo.bounds<4, ?>>\n}\n}";
  fixture f = {.opts = {.num_partitions = 2}};
  (void)state;
  pjrt_error *error = fixture_prepare(&f, text);
  assert_int_equal(pjrt_error_code(error), PJRT_UNIMPLEMENTED);
  assert_non_null(strstr(pjrt_error_message(error, NULL),
                         "of an array with dynamic dimensions"));
  pjrt_error_free(error);
  fixture_end(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_sizes),      cmocka_unit_test(test_several_dims),
      cmocka_unit_test(test_parameters), cmocka_unit_test(test_elementwise),
      cmocka_unit_test(test_passed_on),  cmocka_unit_test(test_refused),
      cmocka_unit_test(test_shardings),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
