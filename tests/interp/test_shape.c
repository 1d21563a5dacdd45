/* Operations that arrange elements, reduce them, or make their products. */
#include "interp_fixture.h"

static void test_makers(void **state) {
  (void)state;
  expect_op("iota dim = 1", "-> 2x3xi32", "", "0 1 2 0 1 2");
  expect_op("iota dim = 0", "-> 2x2xbf16", "", "0 0 1 1");
  expect_op("iota dim = 0", "-> 2xcomplex<f32>", "", "0+0i 1+0i");
}

static void test_constants(void **state) {
  (void)state;
  expect_results(
      "func.func @main() -> (tensor<2x2xi4>, tensor<100xf64>,\n"
      "    tensor<0xf32>, tensor<i1>) {\n"
      "  %0 = stablehlo.constant dense<[[1, -2], [3, -8]]> : "
      "tensor<2x2xi4>\n"
      "  %1 = stablehlo.constant dense<2.5> : tensor<100xf64>\n"
      "  %2 = stablehlo.constant dense<> : tensor<0xf32>\n"
      "  %3 = stablehlo.constant dense<true> : tensor<i1>\n"
      "  return %0, %1, %2, %3 : tensor<2x2xi4>, tensor<100xf64>,"
      " tensor<0xf32>, tensor<i1>\n}",
      "", "2x2xs4=1 -2 3 -8;100xf64=2.5;0xf32=;pred=1");
}

static void test_arranging(void **state) {
  (void)state;
  expect_op("broadcast_in_dim|, dims = [1]", "2xi32 -> 3x2xi32", "1 2",
            "1 2 1 2 1 2");
  expect_op("broadcast_in_dim|, dims = [1, 0]", "2x1xi32 -> 3x2xi32", "1 2",
            "1 2 1 2 1 2");
  expect_op("broadcast_in_dim|, dims = []", "f32 -> 2x2xf32", "7", "7");
  expect_op("reshape", "2x3xi8 -> 3x2xi8", "1 2 3 4 5 6", "1 2 3 4 5 6");
  expect_op("transpose|, dims = [1, 0]", "2x3xi8 -> 3x2xi8", "1 2 3 4 5 6",
            "1 4 2 5 3 6");
  expect_op("transpose|, dims = [2, 0, 1]", "1x2x3xi16 -> 3x1x2xi16",
            "1 2 3 4 5 6", "1 4 2 5 3 6");
  expect_op("reverse|, dims = [0, 1]", "2x3xi8 -> 2x3xi8", "1 2 3 4 5 6",
            "6 5 4 3 2 1");
  expect_op("reverse|, dims = [1]", "2x3xi8 -> 2x3xi8", "1 2 3 4 5 6",
            "3 2 1 6 5 4");
  expect_op("concatenate|, dim = 1", "2x1xi8 2x2xi8 2x0xi8 -> 2x3xi8",
            "1 4;2 3 5 6;", "1 2 3 4 5 6");
}

static void test_padding(void **state) {
  (void)state;
  expect_op("pad|, low = [1], high = [2], interior = [1]", "3xi32 i32 -> 8xi32",
            "1 2 3;9", "9 1 9 2 9 3 9 9");
  expect_op("pad|, low = [-1], high = [-1], interior = [0]",
            "4xi32 i32 -> 2xi32", "1 2 3 4;9", "2 3");
  expect_op("pad|, low = [-1], high = [0], interior = [1]",
            "3xi32 i32 -> 4xi32", "1 2 3;9", "9 2 9 3");
  expect_op("pad|, low = [-4], high = [1], interior = [0]",
            "3xi32 i32 -> 0xi32", "1 2 3;9", "");
  expect_op("pad|, low = [-3], high = [2], interior = [0]",
            "3xi32 i32 -> 2xi32", "1 2 3;9", "9 9");
  expect_op("pad|, low = [0, 1], high = [1, 0], interior = [0, 0]",
            "1x1xi8 i8 -> 2x2xi8", "5;0", "0 5 0 0");
}

static void test_slices(void **state) {
  (void)state;
  expect_op("slice|[1:5:2, 0:1]", "5x2xi32 -> 2x1xi32", "0 1 2 3 4 5 6 7 8 9",
            "2 6");
  expect_op("dynamic_slice|, sizes = [2]", "5xi32 i32 -> 2xi32", "0 1 2 3 4;9",
            "3 4");
  expect_op("dynamic_slice|, sizes = [2]", "5xi32 i8 -> 2xi32", "0 1 2 3 4;-7",
            "0 1");
  expect_op("dynamic_slice|, sizes = [1]", "5xi32 ui64 -> 1xi32",
            "0 1 2 3 4;18446744073709551615", "4");
  expect_op("dynamic_update_slice", "5xi32 2xi32 i32 -> 5xi32",
            "0 1 2 3 4;8 9;2", "0 1 8 9 4");
  expect_op("dynamic_update_slice", "5xi32 2xi32 i32 -> 5xi32",
            "0 1 2 3 4;8 9;7", "0 1 2 8 9");
}

#define REDUCE(body, from, to)                                           \
  "func.func @main(%a: tensor<" from ">, %i: tensor<i32>) -> tensor<" to \
  "> {\n  %0 = " body " : (tensor<" from ">, tensor<i32>) -> tensor<" to \
  ">\n  return %0 : tensor<" to ">\n}"

static void test_reduce(void **state) {
  (void)state;
  expect_results(REDUCE("stablehlo.reduce(%a init: %i) applies stablehlo.add "
                        "across dimensions = [0]",
                        "2x3xi32", "3xi32"),
                 "2x3xs32=1 2 3 4 5 6;s32=10", "3xs32=15 17 19");
  expect_results(REDUCE("stablehlo.reduce(%a init: %i) applies "
                        "stablehlo.maximum across dimensions = [0, 1]",
                        "2x3xi32", "i32"),
                 "2x3xs32=1 2 3 4 5 6;s32=-1", "s32=6");
  expect_results(REDUCE("stablehlo.reduce(%a init: %i) applies stablehlo.add "
                        "across dimensions = [1]",
                        "2x0xi32", "2xi32"),
                 "2x0xs32=;s32=7", "2xs32=7 7");
}

/* A region that is not one operation, in the order of the elements:
 * (((0 * 2 + 1) * 2 + 2) * 2 + 3). */
static void test_reduce_region(void **state) {
  (void)state;
  expect_results(
      "func.func @main(%a: tensor<3x2xi32>, %i: tensor<i32>) -> tensor<2xi32> "
      "{\n"
      "  %two = stablehlo.constant dense<2> : tensor<i32>\n"
      "  %0 = stablehlo.reduce(%a init: %i) across dimensions = [0] : "
      "(tensor<3x2xi32>, tensor<i32>) -> tensor<2xi32>\n"
      "   reducer(%x: tensor<i32>, %y: tensor<i32>) {\n"
      "    %1 = stablehlo.multiply %x, %two : tensor<i32>\n"
      "    %2 = stablehlo.add %1, %y : tensor<i32>\n"
      "    stablehlo.return %2 : tensor<i32>\n"
      "  }\n"
      "  return %0 : tensor<2xi32>\n}",
      "3x2xs32=1 0 2 0 3 1;s32=0", "2xs32=11 1");
}

/* The operands of subtract are in the other order. */
static void test_reduce_swapped(void **state) {
  (void)state;
  expect_results(
      "func.func @main(%a: tensor<3xi32>, %i: tensor<i32>) -> tensor<i32> {\n"
      "  %0 = stablehlo.reduce(%a init: %i) across dimensions = [0] : "
      "(tensor<3xi32>, tensor<i32>) -> tensor<i32>\n"
      "   reducer(%x: tensor<i32>, %y: tensor<i32>) {\n"
      "    %1 = stablehlo.subtract %y, %x : tensor<i32>\n"
      "    stablehlo.return %1 : tensor<i32>\n"
      "  }\n"
      "  return %0 : tensor<i32>\n}",
      "3xs32=1 2 4;s32=0", "s32=3");
}

static void test_dot(void **state) {
  (void)state;
  const char *matrices = "1 2 3 4 5 6;1 0 0 1 1 1";
  expect_op("dot_general|, contracting_dims = [1] x [0]",
            "2x3xf32 3x2xf32 -> 2x2xf32", matrices, "4 5 10 11");
  expect_op("dot_general|, contracting_dims = [1] x [0]",
            "2x3xi8 3x2xi8 -> 2x2xi32", matrices, "4 5 10 11");
  expect_op("dot_general|, contracting_dims = [0] x [1]",
            "3x2xf64 2x3xf64 -> 2x2xf64", "1 4 2 5 3 6;1 0 1 0 1 1",
            "4 5 10 11");
  expect_op(
      "dot_general|, batching_dims = [1] x [0], "
      "contracting_dims = [0] x [1]",
      "2x2xi32 2x2x1xi32 -> 2x1xi32", "1 2 3 4;1 10 1 10", "31 42");
  expect_op("dot_general|, contracting_dims = [] x []",
            "2xi32 2xi32 -> 2x2xi32", "1 2;3 4", "3 4 6 8");
  expect_op("dot_general|, contracting_dims = [0] x [0]",
            "0xf32 0x2xf32 -> 2xf32", ";", "0 0");
  expect_op("dot_general|, contracting_dims = [0] x [0]",
            "2xcomplex<f32> 2xcomplex<f32> -> complex<f32>",
            "1+1i 2+0i;0+1i 3+0i", "5+1i");
  expect_op("dot", "2xi1 2xi1 -> i1", "1 1;1 1", "1");
  expect_op("dot", "2x3xi32 3xi32 -> 2xi32", "1 2 3 4 5 6;1 0 1", "4 10");
}

/* In f16 every 1 would be lost against 2048. */
static void test_dot_rounds_once(void **state) {
  (void)state;
  expect_op("dot_general|, contracting_dims = [0] x [0]", "3xf16 3xf16 -> f16",
            "2048 1 1;1 1 1", "2050");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_constants),
      cmocka_unit_test(test_arranging),
      cmocka_unit_test(test_padding),
      cmocka_unit_test(test_slices),
      cmocka_unit_test(test_reduce),
      cmocka_unit_test(test_reduce_region),
      cmocka_unit_test(test_reduce_swapped),
      cmocka_unit_test(test_dot),
      cmocka_unit_test(test_dot_rounds_once),
      cmocka_unit_test(test_makers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
