/* Printed forms read as the same tree as the generic forms that MLIR's own
 * printer gives for them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mlir_fixture.h"

/* Both are the body of a function with these arguments. */
typedef struct pair {
  const char *arguments;
  const char *printed;
  const char *generic;
} pair;

#define F "tensor<2x3xf32>"
#define I "tensor<2x3xi32>"
#define B "tensor<2x3xi1>"
#define S "tensor<f32>"
#define X "%x: " F
#define XY "%x: " F ", %y: " F

static const pair elementwise[] = {
    {XY, "%0 = stablehlo.add %x, %y : " F,
     "%0 = \"stablehlo.add\"(%x, %y) : (" F ", " F ") -> " F},
    {XY, "%0 = stablehlo.add %x, %y {a = 1 : i32, b} : " F " loc(\"here\")",
     "%0 = \"stablehlo.add\"(%x, %y) {b, a = 1 : i32} : (" F ", " F ") -> " F},
    {"%x: tensor<?xf32>, %y: tensor<4xf32>",
     "%0 = stablehlo.maximum %x, %y : (tensor<?xf32>, tensor<4xf32>) -> "
     "tensor<4xf32>",
     "%0 = \"stablehlo.maximum\"(%x, %y) : (tensor<?xf32>, tensor<4xf32>) -> "
     "tensor<4xf32>"},
    {X, "%0 = stablehlo.exponential %x : " F,
     "%0 = \"stablehlo.exponential\"(%x) : (" F ") -> " F},
    {X, "%0 = stablehlo.is_finite %x : (" F ") -> " B,
     "%0 = \"stablehlo.is_finite\"(%x) : (" F ") -> " B},
    {X, "%0 = stablehlo.convert %x : (" F ") -> " I,
     "%0 = \"stablehlo.convert\"(%x) : (" F ") -> " I},
    {X, "%0 = stablehlo.bitcast_convert %x : (" F ") -> " I,
     "%0 = \"stablehlo.bitcast_convert\"(%x) : (" F ") -> " I},
    {XY, "%0 = stablehlo.complex %x, %y : tensor<2x3xcomplex<f32>>",
     "%0 = \"stablehlo.complex\"(%x, %y) : (" F ", " F
     ") -> tensor<2x3xcomplex<f32>>"},
    {XY ", %p: " B, "%0 = stablehlo.select %p, %x, %y : " B ", " F,
     "%0 = \"stablehlo.select\"(%p, %x, %y) : (" B ", " F ", " F ") -> " F},
    {XY ", %p: tensor<i1>",
     "%0 = stablehlo.select %p, %x, %y : (tensor<i1>, " F ", " F ") -> " F,
     "%0 = \"stablehlo.select\"(%p, %x, %y) : (tensor<i1>, " F ", " F
     ") -> " F},
    {X ", %l: " S,
     "%0 = stablehlo.clamp %l, %x, %l : (" S ", " F ", " S ") -> " F,
     "%0 = \"stablehlo.clamp\"(%l, %x, %l) : (" S ", " F ", " S ") -> " F},
    {XY, "%0 = stablehlo.compare LT, %x, %y, FLOAT : (" F ", " F ") -> " B,
     "%0 = \"stablehlo.compare\"(%x, %y) <{compare_type = "
     "#stablehlo<comparison_type FLOAT>, comparison_direction = "
     "#stablehlo<comparison_direction LT>}> : (" F ", " F ") -> " B},
    {XY, "%0 = stablehlo.compare  EQ, %x, %y : (" F ", " F ") -> " B,
     "%0 = \"stablehlo.compare\"(%x, %y) {comparison_direction = "
     "#stablehlo<comparison_direction EQ>} : (" F ", " F ") -> " B},
    {X, "%0 = stablehlo.reduce_precision %x, format = e5m10 : " F,
     "%0 = \"stablehlo.reduce_precision\"(%x) <{exponent_bits = 5 : i64, "
     "mantissa_bits = 10 : i64}> : (" F ") -> " F},
    {XY, "%0 = chlo.next_after %x, %y : " F ", " F " -> " F,
     "%0 = \"chlo.next_after\"(%x, %y) : (" F ", " F ") -> " F},
    {X,
     "%0:2 = chlo.top_k(%x, k = 2) : " F " -> (tensor<2x2xf32>, "
     "tensor<2x2xi32>)",
     "%0:2 = \"chlo.top_k\"(%x) <{k = 2 : i64}> : (" F
     ") -> (tensor<2x2xf32>, tensor<2x2xi32>)"},
};

static const pair shapes[] = {
    {"", "%0 = stablehlo.constant dense<[1, 2]> : tensor<2xi64>",
     "%0 = \"stablehlo.constant\"() <{value = dense<[1, 2]> : tensor<2xi64>}> "
     ": () -> tensor<2xi64>"},
    {"", "%0 = stablehlo.iota dim = 1 : " F,
     "%0 = \"stablehlo.iota\"() <{iota_dimension = 1 : i64}> : () -> " F},
    {"%s: tensor<2xi64>",
     "%0 = stablehlo.dynamic_iota %s, dim = 0 : (tensor<2xi64>) -> "
     "tensor<?x3xf32>",
     "%0 = \"stablehlo.dynamic_iota\"(%s) <{iota_dimension = 0 : i64}> : "
     "(tensor<2xi64>) -> tensor<?x3xf32>"},
    {X,
     "%0 = stablehlo.broadcast_in_dim %x, dims = [1, 2] : (" F
     ") -> tensor<4x2x3xf32>",
     "%0 = \"stablehlo.broadcast_in_dim\"(%x) <{broadcast_dimensions = "
     "array<i64: 1, 2>}> : (" F ") -> tensor<4x2x3xf32>"},
    {"%x: " S, "%0 = stablehlo.broadcast_in_dim %x, dims = [] : (" S ") -> " F,
     "%0 = \"stablehlo.broadcast_in_dim\"(%x) {broadcast_dimensions = "
     "dense<> : tensor<0xi64>} : (" S ") -> " F},
    {X, "%0 = stablehlo.reshape %x : (" F ") -> tensor<6xf32>",
     "%0 = \"stablehlo.reshape\"(%x) : (" F ") -> tensor<6xf32>"},
    {X,
     "%0 = stablehlo.transpose %x, dims = [1, 0] : (" F ") -> tensor<3x2xf32>",
     "%0 = \"stablehlo.transpose\"(%x) <{permutation = array<i64: 1, 0>}> : (" F
     ") -> tensor<3x2xf32>"},
    {X, "%0 = stablehlo.reverse %x, dims = [0] : " F,
     "%0 = \"stablehlo.reverse\"(%x) <{dimensions = array<i64: 0>}> : (" F
     ") -> " F},
    {X, "%0 = stablehlo.slice %x [0:2, 1:3:2] : (" F ") -> tensor<2x1xf32>",
     "%0 = \"stablehlo.slice\"(%x) <{start_indices = array<i64: 0, 1>, "
     "limit_indices = array<i64: 2, 3>, strides = array<i64: 1, 2>}> : (" F
     ") -> tensor<2x1xf32>"},
    {"%x: " S, "%0 = stablehlo.slice %x [] : (" S ") -> " S,
     "%0 = \"stablehlo.slice\"(%x) <{start_indices = array<i64>, "
     "limit_indices = array<i64>, strides = array<i64>}> : (" S ") -> " S},
    {XY,
     "%0 = stablehlo.concatenate %x, %y, dim = 0 : (" F ", " F
     ") -> tensor<4x3xf32>",
     "%0 = \"stablehlo.concatenate\"(%x, %y) <{dimension = 0 : i64}> : (" F
     ", " F ") -> tensor<4x3xf32>"},
    {X ", %v: " S,
     "%0 = stablehlo.pad %x, %v, low = [0, -1], high = [1, 0], interior = "
     "[0, 2] : (" F ", " S ") -> tensor<3x6xf32>",
     "%0 = \"stablehlo.pad\"(%x, %v) <{edge_padding_low = array<i64: 0, -1>, "
     "edge_padding_high = array<i64: 1, 0>, interior_padding = "
     "array<i64: 0, 2>}> : (" F ", " S ") -> tensor<3x6xf32>"},
    {X ", %i: tensor<i32>",
     "%0 = stablehlo.dynamic_slice %x, %i, %i, sizes = [1, 3] : (" F
     ", tensor<i32>, tensor<i32>) -> tensor<1x3xf32>",
     "%0 = \"stablehlo.dynamic_slice\"(%x, %i, %i) <{slice_sizes = "
     "array<i64: 1, 3>}> : (" F ", tensor<i32>, tensor<i32>) -> "
     "tensor<1x3xf32>"},
    {XY ", %i: tensor<i32>",
     "%0 = stablehlo.dynamic_update_slice %x, %y, %i, %i : (" F ", " F
     ", tensor<i32>, tensor<i32>) -> " F,
     "%0 = \"stablehlo.dynamic_update_slice\"(%x, %y, %i, %i) : (" F ", " F
     ", tensor<i32>, tensor<i32>) -> " F},
    {X,
     "%0 = stablehlo.get_dimension_size %x, dim = 1 : (" F ") -> tensor<i32>",
     "%0 = \"stablehlo.get_dimension_size\"(%x) <{dimension = 1 : i64}> : (" F
     ") -> tensor<i32>"},
    {X, "%0 = stablehlo.cholesky %x, lower = true : " F,
     "%0 = \"stablehlo.cholesky\"(%x) <{lower = true}> : (" F ") -> " F},
    {"%x: tensor<8xcomplex<f32>>",
     "%0 = stablehlo.fft %x, type = IRFFT, length = [14] : "
     "(tensor<8xcomplex<f32>>) -> tensor<14xf32>",
     "%0 = \"stablehlo.fft\"(%x) <{fft_length = array<i64: 14>, fft_type = "
     "#stablehlo<fft_type IRFFT>}> : (tensor<8xcomplex<f32>>) -> "
     "tensor<14xf32>"},
    {"%s: tensor<2xui64>",
     "%a, %b = stablehlo.rng_bit_generator %s, algorithm = PHILOX : "
     "(tensor<2xui64>) -> (tensor<2xui64>, tensor<4xui32>)",
     "%a:2 = \"stablehlo.rng_bit_generator\"(%s) <{rng_algorithm = "
     "#stablehlo<rng_algorithm PHILOX>}> : (tensor<2xui64>) -> "
     "(tensor<2xui64>, tensor<4xui32>)"},
};

static const pair contractions[] = {
    {"%x: tensor<4x2x3xf32>, %y: tensor<4x3x5xf32>",
     "%0 = stablehlo.dot_general %x, %y, batching_dims = [0] x [0], "
     "contracting_dims = [2] x [1], precision = [DEFAULT, HIGHEST] : "
     "(tensor<4x2x3xf32>, tensor<4x3x5xf32>) -> tensor<4x2x5xf32>",
     "%0 = \"stablehlo.dot_general\"(%x, %y) <{dot_dimension_numbers = "
     "#stablehlo.dot<lhs_batching_dimensions = [0], rhs_batching_dimensions = "
     "[0], lhs_contracting_dimensions = [2], rhs_contracting_dimensions = "
     "[1]>, precision_config = [#stablehlo<precision DEFAULT>, "
     "#stablehlo<precision HIGHEST>]}> : (tensor<4x2x3xf32>, "
     "tensor<4x3x5xf32>) -> tensor<4x2x5xf32>"},
    {"%x: tensor<2x3xf32>, %y: tensor<3x5xf32>",
     "%0 = stablehlo.dot_general %x, %y, contracting_dims = [1] x [0], "
     "precision = [DEFAULT, DEFAULT], algorithm = <lhs_precision_type = tf32, "
     "num_primitive_operations = 3, allow_imprecise_accumulation = false> : "
     "(tensor<2x3xf32>, tensor<3x5xf32>) -> tensor<2x5xf32>",
     "%0 = \"stablehlo.dot_general\"(%x, %y) <{algorithm = "
     "#stablehlo.dot_algorithm<lhs_precision_type = tf32, "
     "num_primitive_operations = 3, allow_imprecise_accumulation = false>, "
     "dot_dimension_numbers = #stablehlo.dot<lhs_batching_dimensions = [], "
     "rhs_batching_dimensions = [], lhs_contracting_dimensions = [1], "
     "rhs_contracting_dimensions = [0]>, precision_config = "
     "[#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>]}> : "
     "(tensor<2x3xf32>, tensor<3x5xf32>) -> tensor<2x5xf32>"},
    {"%x: tensor<2x3xf32>, %y: tensor<3x5xf32>",
     "%0 = stablehlo.dot %x, %y, precision = [HIGH] : (tensor<2x3xf32>, "
     "tensor<3x5xf32>) -> tensor<2x5xf32>",
     "%0 = \"stablehlo.dot\"(%x, %y) <{precision_config = "
     "[#stablehlo<precision HIGH>]}> : (tensor<2x3xf32>, tensor<3x5xf32>) -> "
     "tensor<2x5xf32>"},
    {"%x: tensor<1x9x2xf32>, %y: tensor<3x2x4xf32>",
     "%0 = stablehlo.convolution(%x, %y) dim_numbers = [b, 0, f]x[0, i, o]->"
     "[b, 0, f], window = {stride = [2], pad = [[1, 2]], lhs_dilate = [1], "
     "rhs_dilate = [3], reverse = [true]} {batch_group_count = 1 : i64, "
     "feature_group_count = 1 : i64} : (tensor<1x9x2xf32>, tensor<3x2x4xf32>) "
     "-> tensor<1x3x4xf32>",
     "%0 = \"stablehlo.convolution\"(%x, %y) <{batch_group_count = 1 : i64, "
     "dimension_numbers = #stablehlo.conv<[b, 0, f]x[0, i, o]->[b, 0, f]>, "
     "feature_group_count = 1 : i64, lhs_dilation = array<i64: 1>, padding = "
     "dense<[[1, 2]]> : tensor<1x2xi64>, rhs_dilation = array<i64: 3>, "
     "window_reversal = array<i1: true>, window_strides = array<i64: 2>}> : "
     "(tensor<1x9x2xf32>, tensor<3x2x4xf32>) -> tensor<1x3x4xf32>"},
};

static const pair regions[] = {
    {X ", %i: " S,
     "%0 = stablehlo.reduce(%x init: %i) applies stablehlo.add across "
     "dimensions = [1] : (" F ", " S ") -> tensor<2xf32>",
     "%0 = \"stablehlo.reduce\"(%x, %i) <{dimensions = array<i64: 1>}> ({\n"
     "^bb0(%a: " S ", %b: " S "):\n"
     "  %1 = \"stablehlo.add\"(%a, %b) : (" S ", " S ") -> " S "\n"
     "  \"stablehlo.return\"(%1) : (" S ") -> ()\n"
     "}) : (" F ", " S ") -> tensor<2xf32>"},
    {X ", %y: " I ", %i: " S ", %j: tensor<i32>",
     "%0:2 = stablehlo.reduce(%x init: %i), (%y init: %j) across dimensions = "
     "[0, 1] : (" F ", " I ", " S ", tensor<i32>) -> (" S ", tensor<i32>)\n"
     " reducer(%a: " S ", %b: " S ") (%c: tensor<i32>, %d: tensor<i32>)  {\n"
     "  stablehlo.return %b, %c : " S ", tensor<i32>\n"
     "}",
     "%0:2 = \"stablehlo.reduce\"(%x, %y, %i, %j) <{dimensions = "
     "array<i64: 0, 1>}> ({\n"
     "^bb0(%a: " S ", %c: tensor<i32>, %b: " S ", %d: tensor<i32>):\n"
     "  stablehlo.return %b, %c : " S ", tensor<i32>\n"
     "}) : (" F ", " I ", " S ", tensor<i32>) -> (" S ", tensor<i32>)"},
    {"%x: tensor<i32>, %y: " F,
     "%0:2 = stablehlo.while(%a = %x, %b = %y) : tensor<i32>, " F
     " attributes {n = 1}\n"
     "cond {\n"
     "  %1 = stablehlo.compare LT, %a, %x : (tensor<i32>, tensor<i32>) -> "
     "tensor<i1>\n"
     "  stablehlo.return %1 : tensor<i1>\n"
     "} do {\n"
     "  stablehlo.return %x, %b : tensor<i32>, " F "\n"
     "}",
     "%0:2 = \"stablehlo.while\"(%x, %y) ({\n"
     "^bb0(%a: tensor<i32>, %b: " F "):\n"
     "  %1 = stablehlo.compare LT, %a, %x : (tensor<i32>, tensor<i32>) -> "
     "tensor<i1>\n"
     "  stablehlo.return %1 : tensor<i1>\n"
     "}, {\n"
     "^bb0(%a: tensor<i32>, %b: " F "):\n"
     "  stablehlo.return %x, %b : tensor<i32>, " F "\n"
     "}) {n = 1} : (tensor<i32>, " F ") -> (tensor<i32>, " F ")"},
    {X,
     "%0 = sdy.manual_computation(%x) in_shardings=[<@m, [{\"i\"}, {}]>] "
     "out_shardings=[<@m, [{}, {}]>] manual_axes={\"i\"} "
     "(%a: tensor<1x3xf32>) {\n"
     "  sdy.return %a : tensor<1x3xf32>\n"
     "} : (" F ") -> tensor<1x3xf32>",
     NULL},
};

static const pair others[] = {
    {X,
     "%0:2 = stablehlo.custom_call @f(%x) {backend_config = \"\"} : (" F
     ") -> (" F ", " S ")",
     "%0:2 = \"stablehlo.custom_call\"(%x) <{call_target_name = \"f\", "
     "backend_config = \"\"}> : (" F ") -> (" F ", " S ")"},
    {"", "stablehlo.custom_call @\"a b\"() : () -> ()",
     "\"stablehlo.custom_call\"() <{call_target_name = \"a b\"}> : () -> ()"},
    {X ", %y: " I, "%0 = stablehlo.tuple %x, %y : tuple<" F ", " I ">",
     "%0 = \"stablehlo.tuple\"(%x, %y) : (" F ", " I ") -> tuple<" F ", " I
     ">"},
    {"%x: tuple<" F ", " I ">",
     "%0 = stablehlo.get_tuple_element %x[1] : (tuple<" F ", " I ">) -> " I,
     "%0 = \"stablehlo.get_tuple_element\"(%x) <{index = 1 : i64}> : "
     "(tuple<" F ", " I ">) -> " I},
    {"", "%0 = stablehlo.create_token : !stablehlo.token",
     "%0 = \"stablehlo.create_token\"() : () -> !stablehlo.token"},
    {"%x: !stablehlo.token",
     "%0 = stablehlo.after_all %x, %x : !stablehlo.token",
     "%0 = \"stablehlo.after_all\"(%x, %x) : (!stablehlo.token, "
     "!stablehlo.token) -> !stablehlo.token"},
    {"", "%0 = stablehlo.partition_id : tensor<ui32>",
     "%0 = \"stablehlo.partition_id\"() : () -> tensor<ui32>"},
    {XY, "%0:2 = stablehlo.optimization_barrier %x, %y : " F ", " F,
     "%0:2 = \"stablehlo.optimization_barrier\"(%x, %y) : (" F ", " F ") -> (" F
     ", " F ")"},
};

static void compare_pairs(const pair *pairs, size_t num) {
  for (size_t i = 0; i < num; i++) {
    pjrt_mlir_module *a = mlir_parse_body(pairs[i].arguments, pairs[i].printed);
    if (pairs[i].generic) {
      pjrt_mlir_module *b =
          mlir_parse_body(pairs[i].arguments, pairs[i].generic);
      mlir_expect_same(a, b);
      pjrt_mlir_free(b);
    }
    pjrt_mlir_free(a);
  }
}

#define COMPARE(pairs) compare_pairs(pairs, sizeof(pairs) / sizeof *(pairs))

static void test_elementwise(void **state) {
  (void)state;
  COMPARE(elementwise);
}

static void test_shapes(void **state) {
  (void)state;
  COMPARE(shapes);
}

static void test_contractions(void **state) {
  (void)state;
  COMPARE(contractions);
}

static void test_regions(void **state) {
  (void)state;
  COMPARE(regions);
}

static void test_others(void **state) {
  (void)state;
  COMPARE(others);
}

/* Every operation of the table that takes some values and gives one of their
 * type, by its name. */
static void test_every_regular_name(void **state) {
  (void)state;
  char printed[256];
  char generic[256];
  const pjrt_mlir_op_id binary[] = {
      PJRT_MLIR_AND,        PJRT_MLIR_ATAN2,
      PJRT_MLIR_DIVIDE,     PJRT_MLIR_MINIMUM,
      PJRT_MLIR_MULTIPLY,   PJRT_MLIR_OR,
      PJRT_MLIR_POWER,      PJRT_MLIR_REMAINDER,
      PJRT_MLIR_SHIFT_LEFT, PJRT_MLIR_SHIFT_RIGHT_ARITHMETIC,
      PJRT_MLIR_SUBTRACT,   PJRT_MLIR_SHIFT_RIGHT_LOGICAL,
      PJRT_MLIR_XOR};
  for (size_t i = 0; i < sizeof binary / sizeof *binary; i++) {
    const char *name = pjrt_mlir_op_name(binary[i]);
    snprintf(printed, sizeof printed, "%%0 = %s %%x, %%y : " I, name);
    snprintf(generic, sizeof generic,
             "%%0 = \"%s\"(%%x, %%y) : (" I ", " I ") -> " I, name);
    pair both = {"%x: " I ", %y: " I, printed, generic};
    compare_pairs(&both, 1);
    pjrt_mlir_module *module = mlir_parse_body(both.arguments, printed);
    assert_int_equal(mlir_main_op(module, 0)->id, binary[i]);
    pjrt_mlir_free(module);
  }
}

/* The names of the table are all there, and each is its own. */
static void test_names(void **state) {
  (void)state;
  assert_string_equal(pjrt_mlir_op_name(PJRT_MLIR_OTHER), "");
  assert_string_equal(pjrt_mlir_op_name(PJRT_MLIR_NUM_OPS), "");
  for (int i = PJRT_MLIR_OTHER + 1; i < PJRT_MLIR_NUM_OPS; i++) {
    const char *name = pjrt_mlir_op_name((pjrt_mlir_op_id)i);
    assert_non_null(name);
    assert_non_null(strchr(name, '.'));
    for (int k = i + 1; k < PJRT_MLIR_NUM_OPS; k++) {
      assert_string_not_equal(name, pjrt_mlir_op_name((pjrt_mlir_op_id)k));
    }
  }
}

/* A whole module in the generic form is the same as in the printed one. */
static void test_generic_module(void **state) {
  (void)state;
  pjrt_mlir_module *printed = mlir_parse_ok(
      "module @m attributes {n = 2 : i32} {\n"
      "  func.func public @main(%x: " S " {a = 1 : i64}) -> (" S
      " {b}) {\n"
      "    %0:2 = call @f(%x) : (" S ") -> (" S ", " S
      ")\n"
      "    return %0#1 : " S
      "\n"
      "  }\n"
      "  func.func private @f(%x: " S ") -> (" S ", " S
      ") {\n"
      "    return %x, %x : " S ", " S
      "\n"
      "  }\n"
      "}");
  pjrt_mlir_module *generic = mlir_parse_ok(
      "\"builtin.module\"() <{sym_name = \"m\"}> ({\n"
      "  \"func.func\"() <{arg_attrs = [{a = 1 : i64}], function_type = (" S
      ") -> " S
      ", res_attrs = [{b}], sym_name = \"main\"}> ({\n"
      "  ^bb0(%x: " S
      "):\n"
      "    %0:2 = \"func.call\"(%x) <{callee = @f}> : (" S ") -> (" S ", " S
      ")\n"
      "    \"func.return\"(%0#1) : (" S
      ") -> ()\n"
      "  }) : () -> ()\n"
      "  \"func.func\"() <{function_type = (" S ") -> (" S ", " S
      "), sym_name = \"f\", sym_visibility = \"private\"}> ({\n"
      "  ^bb0(%x: " S
      "):\n"
      "    \"func.return\"(%x, %x) : (" S ", " S
      ") -> ()\n"
      "  }) : () -> ()\n"
      "}) {n = 2 : i32} : () -> ()");
  assert_string_equal(generic->name, "m");
  assert_non_null(pjrt_mlir_dict_find(&generic->attributes, "n"));
  mlir_expect_same(
      &(pjrt_mlir_module){
          .name = "", .funcs = printed->funcs, .num_funcs = printed->num_funcs},
      &(pjrt_mlir_module){.name = "",
                          .funcs = generic->funcs,
                          .num_funcs = generic->num_funcs});
  pjrt_mlir_free(printed);
  pjrt_mlir_free(generic);
}

/* A composite names its decomposition, as a call its callee. */
static void test_composite(void **state) {
  (void)state;
  static const char format[] =
      "func.func @main(%%x: " S ") -> " S
      " {\n"
      "  %%0 = %s : (" S ", " S ") -> " S
      "\n"
      "  return %%0 : " S
      "\n"
      "}\n"
      "func.func private @f(%%x: " S ", %%y: " S ") -> " S
      " {\n"
      "  return %%y : " S
      "\n"
      "}\n";
  char text[1024];
  snprintf(text, sizeof text, format,
           "stablehlo.composite \"a.b\" %x, %x {decomposition = @f, version = "
           "1 : i32}");
  pjrt_mlir_module *printed = mlir_parse_ok(text);
  snprintf(text, sizeof text, format,
           "\"stablehlo.composite\"(%x, %x) <{name = \"a.b\", decomposition = "
           "@f, version = 1 : i32}>");
  pjrt_mlir_module *generic = mlir_parse_ok(text);
  mlir_expect_same(printed, generic);
  assert_ptr_equal(mlir_main_op(printed, 0)->callee,
                   pjrt_mlir_module_func(printed, "f"));
  pjrt_mlir_free(printed);
  pjrt_mlir_free(generic);
}

/* A function without a body, in both forms. */
static void test_declaration(void **state) {
  (void)state;
  pjrt_mlir_module *printed =
      mlir_parse_ok("func.func private @f(" S ") -> " S);
  pjrt_mlir_module *generic = mlir_parse_ok(
      "\"func.func\"() ({}) {function_type = (" S ") -> " S
      ", sym_name = \"f\", sym_visibility = \"private\"} : () -> ()");
  mlir_expect_same(printed, generic);
  pjrt_mlir_free(printed);
  pjrt_mlir_free(generic);
}

/* What is outside the module's functions and what it says of them. */
static void test_module(void **state) {
  (void)state;
  pjrt_mlir_module *module = mlir_parse_ok(
      "#loc = loc(\"a.py\":1:2)\n"
      "#shard = \"{replicated}\"\n"
      "!t = tensor<4xf32>\n"
      "module @\"my module\" attributes {mhlo.num_replicas = 2 : i32} {\n"
      "  sdy.mesh @mesh = <[\"i\"=4]> {n}\n"
      "  func.func public @main(%x: !t {tf.aliasing_output = 0 : i32} loc(#l),"
      " %y: !t {jax.buffer_donor = true, mhlo.sharding = #shard}) -> !t"
      " attributes {k = 1.5 : f32} {\n"
      "    return %x : !t loc(#loc)\n"
      "  } loc(#loc)\n"
      "  func.func private @outside(!t, f32) -> (!t {a})\n"
      "} loc(#loc)\n"
      "#l = loc(callsite(\"f\"(#loc) at \"g)\"(#loc)))\n");
  assert_string_equal(module->name, "my module");
  const pjrt_mlir_attr *replicas =
      pjrt_mlir_dict_find(&module->attributes, "mhlo.num_replicas");
  assert_int_equal(replicas->integer, 2);
  assert_int_equal(replicas->type->dtype, PJRT_S32);
  assert_int_equal(module->num_ops, 1);
  assert_int_equal(module->ops[0].id, PJRT_MLIR_SDY_MESH);
  assert_string_equal(pjrt_mlir_op_attr(&module->ops[0], "mesh")->text,
                      "<[\"i\"=4]>");

  const pjrt_mlir_func *func = pjrt_mlir_module_func(module, "main");
  assert_true(func->is_public);
  assert_int_equal(func->type->num_inputs, 2);
  assert_int_equal(
      pjrt_mlir_dict_find(&func->argument_attributes[0], "tf.aliasing_output")
          ->integer,
      0);
  assert_true(
      pjrt_mlir_dict_find(&func->argument_attributes[1], "jax.buffer_donor")
          ->boolean);
  assert_string_equal(
      pjrt_mlir_dict_find(&func->argument_attributes[1], "mhlo.sharding")->text,
      "{replicated}");
  assert_true(pjrt_mlir_dict_find(&func->attributes, "k")->number == 1.5);

  const pjrt_mlir_func *outside = pjrt_mlir_module_func(module, "outside");
  assert_true(outside->is_declaration && !outside->is_public);
  assert_int_equal(outside->num_values, 0);
  assert_null(pjrt_mlir_module_func(module, "other"));
  pjrt_mlir_free(module);
  pjrt_mlir_free(NULL);
}

/* Values are numbered by definition, places are where the text says. */
static void test_values(void **state) {
  (void)state;
  pjrt_mlir_module *module =
      mlir_parse_ok("func.func @main(%x: " S ") -> " S
                    " {\n"
                    "  %a, %b:2 = \"my.op\"(%x) ({\n"
                    "    ^bb0(%y: " S
                    "):\n"
                    "    \"my.end\"(%y, %x) : (" S ", " S
                    ") -> ()\n"
                    "  }) : (" S ") -> (tensor<1xf32>, tensor<2xf32>, " S
                    ")\n"
                    "  return %b#1 : " S
                    "\n"
                    "}");
  const pjrt_mlir_func *func = pjrt_mlir_module_func(module, "main");
  const pjrt_mlir_op *op = mlir_main_op(module, 0);
  assert_int_equal(func->num_values, 5);
  assert_int_equal(op->id, PJRT_MLIR_OTHER);
  assert_string_equal(op->name, "my.op");
  assert_int_equal(op->place.line, 2);
  assert_int_equal(op->place.column, 14);
  assert_int_equal(op->regions[0].first_argument, 1);
  assert_int_equal(op->regions[0].ops[0].operands[0], 1);
  assert_int_equal(op->regions[0].ops[0].operands[1], 0);
  assert_int_equal(op->first_result, 2);
  assert_int_equal(op->num_results, 3);
  assert_int_equal(mlir_main_op(module, 1)->operands[0], 4);
  pjrt_mlir_free(module);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_elementwise),
      cmocka_unit_test(test_shapes),
      cmocka_unit_test(test_contractions),
      cmocka_unit_test(test_regions),
      cmocka_unit_test(test_others),
      cmocka_unit_test(test_every_regular_name),
      cmocka_unit_test(test_names),
      cmocka_unit_test(test_generic_module),
      cmocka_unit_test(test_composite),
      cmocka_unit_test(test_declaration),
      cmocka_unit_test(test_module),
      cmocka_unit_test(test_values),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
