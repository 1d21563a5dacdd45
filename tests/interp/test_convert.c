/* Element types from one another, and choices between elements. */
#include "interp_fixture.h"

static void test_to_integers(void **state) {
  (void)state;
  expect_op("convert", "6xf32 -> 6xi8", "1.9 -1.9 200 -200 nan inf",
            "1 -1 127 -128 0 127");
  expect_op("convert", "4xf32 -> 4xui8", "-3 256 255.9 -inf", "0 255 255 0");
  expect_op("convert", "2xf64 -> 2xi64", "1e30 -1e30",
            "9223372036854775807 -9223372036854775808");
  expect_op("convert", "2xf64 -> 2xui64", "1e30 18446744073709549568",
            "18446744073709551615 18446744073709549568");
  expect_op("convert", "3xi32 -> 3xi8", "300 -129 5", "44 127 5");
  expect_op("convert", "2xi8 -> 2xui32", "-1 7", "4294967295 7");
  expect_op("convert", "3xi32 -> 3xi4", "7 8 -9", "7 -8 7");
  expect_op("convert", "3xf32 -> 3xi1", "0.5 0 nan", "1 0 1");
  expect_op("convert", "3xi32 -> 3xi1", "256 0 -1", "1 0 1");
  expect_op("convert", "2xi1 -> 2xi32", "1 0", "1 0");
  expect_op("convert", "1xcomplex<f32> -> 1xi32", "3.5+9i", "3");
}

/* 2^24+1 and its like are halfway between two f32; 2^60+2^36+1 is just above
 * halfway, which a detour over double would not see. */
static void test_to_floats(void **state) {
  (void)state;
  expect_op("convert", "2xi32 -> 2xf32", "16777217 16777219",
            "16777216 16777220");
  expect_op("convert", "2xi64 -> 2xf32",
            "1152921573326323713 -1152921573326323713",
            "1152921642045800448 -1152921642045800448");
  expect_op("convert", "1xui64 -> 1xf64", "18446744073709551615",
            "18446744073709551616");
  expect_op("convert", "2xi64 -> 2xf64", "9007199254740993 -9007199254740995",
            "9007199254740992 -9007199254740996");
  expect_op("convert", "3xf32 -> 3xf16", "65519 65520 1e-8", "65504 inf 0");
  expect_op("convert", "2xf64 -> 2xbf16", "3.0e38 1.00390625", "3.0e38 1");
  expect_op("convert", "3xf32 -> 3xf8E5M2", "1.125 1e6 nan", "1 inf nan");
  expect_op("convert", "2xf32 -> 2xf8E4M3FNUZ", "240 1e6", "240 nan");
  expect_op("convert", "2xf32 -> 2xcomplex<f64>", "1 -2", "1+0i -2+0i");
  expect_op("convert", "1xcomplex<f64> -> 1xcomplex<f32>", "1+2i", "1+2i");
  expect_op("convert", "2xi1 -> 2xf32", "1 0", "1 0");
  expect_op("convert", "2xi4 -> 2xf8E4M3FN", "-8 7", "-8 7");
}

static void test_bitcast(void **state) {
  (void)state;
  expect_op("bitcast_convert", "2xf32 -> 2xi32", "1 -0.0",
            "1065353216 -2147483648");
  expect_op("bitcast_convert", "1xi32 -> 1x4xui8", "16909060", "4 3 2 1");
  expect_op("bitcast_convert", "1x4xui8 -> 1xi32", "4 3 2 1", "16909060");
  expect_op("bitcast_convert", "2xui8 -> 2x2xui4", "18 255", "2 1 15 15");
  expect_op("bitcast_convert", "1x2xi4 -> 1xi8", "-1 0", "15");
  expect_op("bitcast_convert", "1xcomplex<f32> -> 1x2xf32", "1+2i", "1 2");
  expect_op("bitcast_convert", "1x2xf64 -> 1xcomplex<f64>", "1 2", "1+2i");
  expect_op("bitcast_convert", "1xcomplex<f64> -> 1x4xi32", "1+2i",
            "0 1072693248 0 1073741824");
  expect_failure(
      "func.func @main(%a: tensor<3xi8>) -> tensor<i32> {\n"
      "  %0 = stablehlo.bitcast_convert %a : (tensor<3xi8>) -> "
      "tensor<i32>\n  return %0 : tensor<i32>\n}",
      "3xs8=1", PJRT_INVALID_ARGUMENT, "bitcast_convert");
}

static void test_reduce_precision(void **state) {
  (void)state;
  expect_op("reduce_precision|, format = e5m2", "4xf32 -> 4xf32",
            "1.125 1.126 65536 nan", "1 1.25 inf nan");
  expect_op("reduce_precision|, format = e8m23", "1xf32 -> 1xf32", "0.1",
            "0.1");
}

static void test_compare(void **state) {
  (void)state;
  const char *args = "1 2 nan 3;2 2 1 1";
  expect_op("compare EQ,", "4xf32 4xf32 -> 4xi1", args, "0 1 0 0");
  expect_op("compare NE,", "4xf32 4xf32 -> 4xi1", args, "1 0 1 1");
  expect_op("compare LT,", "4xf32 4xf32 -> 4xi1", args, "1 0 0 0");
  expect_op("compare LE,", "4xf32 4xf32 -> 4xi1", args, "1 1 0 0");
  expect_op("compare GT,", "4xf32 4xf32 -> 4xi1", args, "0 0 0 1");
  expect_op("compare GE,", "4xf32 4xf32 -> 4xi1", args, "0 1 0 1");
  expect_op("compare LT,", "2xi8 2xi8 -> 2xi1", "-1 1;1 -1", "1 0");
  expect_op("compare LT,", "2xui8 2xui8 -> 2xi1", "255 1;1 255", "0 1");
  expect_op("compare GT,", "2xi1 2xi1 -> 2xi1", "1 0;0 1", "1 0");
  expect_op("compare EQ,", "2xcomplex<f32> 2xcomplex<f32> -> 2xi1",
            "1+1i 1+2i;1+1i 1+1i", "1 0");
  expect_op("compare LT,|, TOTALORDER", "4xf32 4xf32 -> 4xi1",
            "-0.0 1 -1 nan;0 nan -inf 1", "1 1 0 0");
}

static void test_choices(void **state) {
  (void)state;
  expect_op("select", "3xi1 3xf32 3xf32 -> 3xf32", "1 0 1;1 2 3;4 5 6",
            "1 5 3");
  expect_op("select", "i1 2xi4 2xi4 -> 2xi4", "0;1 2;3 4", "3 4");
  expect_op("clamp", "f32 3xf32 f32 -> 3xf32", "0;-1 0.5 7;1", "0 0.5 1");
  expect_op("clamp", "3xi8 3xi8 3xi8 -> 3xi8", "-1 -1 -1;-9 0 9;1 1 1",
            "-1 0 1");
  expect_op("clamp", "ui8 600xui8 ui8 -> 600xui8", "7;200;100", "100");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_to_integers),
      cmocka_unit_test(test_to_floats),
      cmocka_unit_test(test_bitcast),
      cmocka_unit_test(test_reduce_precision),
      cmocka_unit_test(test_compare),
      cmocka_unit_test(test_choices),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
