/* Operations on elements, at the values where they are easily wrong. */
#include "interp_fixture.h"

static void test_signs(void **state) {
  (void)state;
  expect_op("abs", "4xf32 -> 4xf32", "-1 2 -0 nan", "1 2 0 nan");
  expect_op("abs", "2xi8 -> 2xi8", "-128 -3", "-128 3");
  expect_op("abs", "2xcomplex<f32> -> 2xf32", "3+4i -1+0i", "5 1");
  expect_op("sign", "4xf32 -> 4xf32", "-7 nan 0 2", "-1 nan 0 1");
  expect_op("sign", "3xi16 -> 3xi16", "-300 0 9", "-1 0 1");
  expect_op("sign", "2xui8 -> 2xui8", "0 200", "0 1");
  expect_op("sign", "2xcomplex<f64> -> 2xcomplex<f64>", "3+4i 0+0i",
            "0.6+0.8i 0+0i");
  expect_op("negate", "3xi8 -> 3xi8", "-128 1 0", "-128 -1 0");
  expect_op("negate", "2xui8 -> 2xui8", "1 0", "255 0");
  expect_op("negate", "2xbf16 -> 2xbf16", "1.5 -inf", "-1.5 inf");
  expect_op("is_finite", "4xf32 -> 4xi1", "1 inf nan -3", "1 0 0 1");
}

static void test_rounding(void **state) {
  (void)state;
  expect_op("floor", "3xf32 -> 3xf32", "-1.5 1.5 -0.0", "-2 1 0");
  expect_op("ceil", "3xf16 -> 3xf16", "-1.5 1.5 inf", "-1 2 inf");
  expect_op("round_nearest_even", "4xf32 -> 4xf32", "0.5 1.5 2.5 -0.5",
            "0 2 2 -0");
  expect_op("round_nearest_afz", "4xf64 -> 4xf64", "0.5 1.5 2.5 -0.5",
            "1 2 3 -1");
}

static void test_bits(void **state) {
  (void)state;
  expect_op("popcnt", "3xi8 -> 3xi8", "-1 0 5", "8 0 2");
  expect_op("count_leading_zeros", "3xi16 -> 3xi16", "1 0 -1", "15 16 0");
  expect_op("count_leading_zeros", "2xui4 -> 2xui4", "1 8", "3 0");
  expect_op("not", "2xi1 -> 2xi1", "1 0", "0 1");
  expect_op("not", "2xui8 -> 2xui8", "0 15", "255 240");
  expect_op("and", "2xi4 2xi4 -> 2xi4", "-1 5;3 4", "3 4");
  expect_op("or", "2xui16 2xui16 -> 2xui16", "1 256;2 1", "3 257");
  expect_op("xor", "2xi1 2xi1 -> 2xi1", "1 1;0 1", "1 0");
}

static void test_shifts(void **state) {
  (void)state;
  expect_op("shift_left", "4xi8 4xi8 -> 4xi8", "1 1 64 -1;7 8 1 -1",
            "-128 0 -128 0");
  expect_op("shift_right_logical", "4xi8 4xi8 -> 4xi8", "-1 -1 -1 4;1 7 8 -1",
            "127 1 0 0");
  expect_op("shift_right_arithmetic", "4xi8 4xi8 -> 4xi8",
            "-128 -128 64 -1;1 100 100 -3", "-64 -1 0 -1");
  expect_op("shift_right_arithmetic", "2xui8 2xui8 -> 2xui8", "128 64;7 6",
            "255 1");
  expect_op("shift_right_arithmetic", "1xi64 1xi64 -> 1xi64",
            "-9223372036854775808;63", "-1");
}

static void test_integers(void **state) {
  (void)state;
  expect_op("add", "2xi32 2xi32 -> 2xi32", "2147483647 -5;1 3",
            "-2147483648 -2");
  expect_op("subtract", "1xui8 1xui8 -> 1xui8", "1;2", "255");
  expect_op("multiply", "2xi4 2xi4 -> 2xi4", "7 3;7 2", "1 6");
  expect_op("add", "1xui64 1xui64 -> 1xui64", "18446744073709551615;2", "1");
  expect_op("divide", "4xi32 4xi32 -> 4xi32", "7 -7 -2147483648 5;2 2 -1 0",
            "3 -3 -2147483648 -1");
  expect_op("divide", "2xui8 2xui8 -> 2xui8", "200 3;7 0", "28 255");
  expect_op("divide", "1xi64 1xi64 -> 1xi64", "-9223372036854775808;-1",
            "-9223372036854775808");
  expect_op("remainder", "4xi32 4xi32 -> 4xi32", "7 -7 -2147483648 5;3 3 -1 0",
            "1 -1 0 5");
  expect_op("power", "4xi32 4xi32 -> 4xi32", "3 -1 2 1;4 -3 -1 -9",
            "81 -1 0 1");
  expect_op("maximum", "2xui8 2xui8 -> 2xui8", "200 1;3 2", "200 2");
  expect_op("minimum", "2xi8 2xi8 -> 2xi8", "-56 1;3 2", "-56 1");
}

static void test_booleans(void **state) {
  (void)state;
  expect_op("add", "4xi1 4xi1 -> 4xi1", "0 0 1 1;0 1 0 1", "0 1 1 1");
  expect_op("multiply", "4xi1 4xi1 -> 4xi1", "0 0 1 1;0 1 0 1", "0 0 0 1");
  expect_op("maximum", "4xi1 4xi1 -> 4xi1", "0 0 1 1;0 1 0 1", "0 1 1 1");
  expect_op("minimum", "4xi1 4xi1 -> 4xi1", "0 0 1 1;0 1 0 1", "0 0 0 1");
}

/* 2049 is not an f16: a sum must round once, to even. */
static void test_floats(void **state) {
  (void)state;
  expect_op("add", "2xf16 2xf16 -> 2xf16", "2048 65504;1 32", "2048 inf");
  expect_op("add", "2xbf16 2xbf16 -> 2xbf16", "256 1;1 0.00390625", "256 1");
  expect_op("add", "1xf8E4M3FN 1xf8E4M3FN -> 1xf8E4M3FN", "448;448", "nan");
  expect_op("multiply", "2xf4E2M1FN 2xf4E2M1FN -> 2xf4E2M1FN", "6 1.5;6 1.5",
            "6 2");
  expect_op("maximum", "3xf32 3xf32 -> 3xf32", "nan 1 -0.0;1 nan 0",
            "nan nan 0");
  expect_op("minimum", "2xf32 2xf32 -> 2xf32", "inf 3;2 4", "2 3");
  expect_op("remainder", "3xf32 3xf32 -> 3xf32", "7 -7 5;3 3 inf", "1 -1 5");
  expect_op("power", "3xf32 3xf32 -> 3xf32", "2 -2 0;10 3 -1", "1024 -8 inf");
  expect_op("atan2", "2xf64 2xf64 -> 2xf64", "1 0;0 -1",
            "1.5707963267948966 3.141592653589793");
  expect_op("rsqrt", "2xf32 -> 2xf32", "4 0", "0.5 inf");
  expect_op("cbrt", "2xf32 -> 2xf32", "-27 8", "-3 2");
  expect_op("logistic", "3xf32 -> 3xf32", "0 -inf inf", "0.5 0 1");
  expect_op("exponential_minus_one", "1xf64 -> 1xf64", "1e-20", "1e-20");
  expect_op("log_plus_one", "1xf64 -> 1xf64", "1e-20", "1e-20");
}

/* Comparisons of arrays do not see the sign of zero; its bits do. */
static void test_zeros(void **state) {
  (void)state;
  expect_results(
      "func.func @main(%a: tensor<2xf32>, %b: tensor<2xf32>) -> "
      "(tensor<2xi32>, tensor<2xi32>, tensor<2xi32>) {\n"
      "  %0 = stablehlo.maximum %a, %b : tensor<2xf32>\n"
      "  %1 = stablehlo.minimum %a, %b : tensor<2xf32>\n"
      "  %2 = stablehlo.sign %a : tensor<2xf32>\n"
      "  %3 = stablehlo.bitcast_convert %0 : (tensor<2xf32>) -> tensor<2xi32>\n"
      "  %4 = stablehlo.bitcast_convert %1 : (tensor<2xf32>) -> tensor<2xi32>\n"
      "  %5 = stablehlo.bitcast_convert %2 : (tensor<2xf32>) -> tensor<2xi32>\n"
      "  return %3, %4, %5 : tensor<2xi32>, tensor<2xi32>, tensor<2xi32>\n}",
      "2xf32=0 -0.0;2xf32=-0.0 0",
      "2xs32=0 0;2xs32=-2147483648 -2147483648;2xs32=0 -2147483648");
}

static void test_complex(void **state) {
  (void)state;
  expect_op("multiply", "1xcomplex<f32> 1xcomplex<f32> -> 1xcomplex<f32>",
            "1+2i;3-1i", "5+5i");
  expect_op("divide", "1xcomplex<f64> 1xcomplex<f64> -> 1xcomplex<f64>",
            "3+4i;0+1i", "4-3i");
  expect_op("sqrt", "2xcomplex<f64> -> 2xcomplex<f64>", "-4+0i 0+2i",
            "0+2i 1+1i");
  expect_op("exponential_minus_one", "1xcomplex<f64> -> 1xcomplex<f64>",
            "1e-20+1e-30i", "1e-20+1e-30i");
  expect_op("log_plus_one", "1xcomplex<f64> -> 1xcomplex<f64>", "1e-20+0i",
            "1e-20+0i");
  expect_op("real", "2xcomplex<f32> -> 2xf32", "1+2i -3+0.5i", "1 -3");
  expect_op("imag", "2xcomplex<f32> -> 2xf32", "1+2i -3+0.5i", "2 0.5");
  expect_op("complex", "2xf64 2xf64 -> 2xcomplex<f64>", "1 2;3 4", "1+3i 2+4i");
}

/* More elements than one chunk, and none. */
static void test_sizes(void **state) {
  (void)state;
  expect_op("add", "1000xi32 1000xi32 -> 1000xi32", "3;4", "7");
  expect_op("sqrt", "777xf16 -> 777xf16", "9", "3");
  expect_op("negate", "300xcomplex<f64> -> 300xcomplex<f64>", "1+1i", "-1-1i");
  expect_op("add", "0x3xf32 0x3xf32 -> 0x3xf32", ";", "");
}

static void test_refusals(void **state) {
  (void)state;
  expect_failure(
      "func.func @main(%a: tensor<i32>) -> tensor<i32> {\n"
      "  %0 = stablehlo.floor %a : tensor<i32>\n"
      "  return %0 : tensor<i32>\n}",
      "s32=1", PJRT_INVALID_ARGUMENT, "stablehlo.floor: not defined");
  expect_failure(
      "func.func @main(%a: tensor<i1>) -> tensor<i1> {\n"
      "  %0 = stablehlo.subtract %a, %a : tensor<i1>\n"
      "  return %0 : tensor<i1>\n}",
      "pred=1", PJRT_INVALID_ARGUMENT, "not defined on pred");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_signs),    cmocka_unit_test(test_rounding),
      cmocka_unit_test(test_bits),     cmocka_unit_test(test_shifts),
      cmocka_unit_test(test_integers), cmocka_unit_test(test_booleans),
      cmocka_unit_test(test_floats),   cmocka_unit_test(test_complex),
      cmocka_unit_test(test_zeros),    cmocka_unit_test(test_sizes),
      cmocka_unit_test(test_refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
