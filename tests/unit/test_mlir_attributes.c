/* Types, attributes and elements of StableHLO text. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"
#include "mlir_fixture.h"

/* The module of `"my.op"() {a = TEXT} : () -> ()`. */
static pjrt_mlir_module *parse_attr(const char *text,
                                    const pjrt_mlir_attr **out) {
  char body[2048];
  int size =
      snprintf(body, sizeof body, "\"my.op\"() {a = %s} : () -> ()", text);
  assert_in_range(size, 1, sizeof body - 1);
  pjrt_mlir_module *module = mlir_parse_body("", body);
  *out = pjrt_mlir_op_attr(mlir_main_op(module, 0), "a");
  assert_non_null(*out);
  return module;
}

static void refuse_attr(const char *text, pjrt_code code, const char *part) {
  char body[2048];
  snprintf(body, sizeof body,
           "func.func @main() { \"my.op\"() {a = %s} : () -> () return }",
           text);
  mlir_parse_error(body, code, part);
}

/* --- Types --------------------------------------------------------------- */

/* A type reads, and is written as MLIR writes it. */
static void test_types(void **state) {
  (void)state;
  static const char *const texts[] = {
      "tensor<f32>",
      "tensor<0x1x2xi1>",
      "tensor<?x3xcomplex<f64>>",
      "tensor<?x?xbf16, #stablehlo.bounds<4, ?>>",
      "tensor<1x4096xui4>",
      "tensor<2xf8E4M3B11FNUZ>",
      "tensor<2xf4E2M1FN>",
      "tuple<tensor<f32>, tuple<>, !stablehlo.token>",
      "(tensor<i32>, i64) -> (tensor<i8>)",
      "() -> ()",
      "index",
      "none",
      "tf32",
      "complex<f32>",
      "!stablehlo.token",
      "!ffi.thing<\"a>b\", [1 -> 2]>",
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    const pjrt_mlir_attr *attr;
    char text[PJRT_MLIR_TYPE_TEXT_SIZE];
    pjrt_mlir_module *module = parse_attr(texts[i], &attr);
    assert_int_equal(attr->kind, PJRT_MLIR_ATTR_TYPE);
    assert_string_equal(pjrt_mlir_type_text(attr->type, text, sizeof text),
                        texts[i]);
    assert_true(strlen(pjrt_mlir_type_text(attr->type, text, 5)) <= 4);
    pjrt_mlir_free(module);
  }
}

static void test_tensor_type(void **state) {
  (void)state;
  const pjrt_mlir_attr *attr;
  pjrt_mlir_module *module =
      parse_attr("tensor<0x10x?xf16, #stablehlo.bounds<?, ?, 7>>", &attr);
  const pjrt_mlir_type *type = attr->type;
  assert_int_equal(type->kind, PJRT_MLIR_TYPE_TENSOR);
  assert_int_equal(type->dtype, PJRT_F16);
  assert_int_equal(type->num_dims, 3);
  assert_int_equal(type->dims[0], 0);
  assert_int_equal(type->dims[1], 10);
  assert_int_equal(type->dims[2], PJRT_MLIR_DYNAMIC);
  assert_int_equal(type->bounds[1], PJRT_MLIR_DYNAMIC);
  assert_int_equal(type->bounds[2], 7);
  assert_null(type->encoding);
  pjrt_mlir_free(module);
}

/* Types differ in every part that they have. */
static void test_type_equality(void **state) {
  (void)state;
  static const char *const texts[] = {
      "tensor<2xf32>",
      "tensor<3xf32>",
      "tensor<?xf32>",
      "tensor<?xf32, #stablehlo.bounds<2>>",
      "tensor<?xf32, #stablehlo.bounds<3>>",
      "tensor<2x1xf32>",
      "tensor<2xi32>",
      "tensor<2xui32>",
      "f32",
      "i32",
      "index",
      "!stablehlo.token",
      "!a.b",
      "!a.c",
      "tuple<f32>",
      "tuple<f32, f32>",
      "() -> f32",
      "() -> i32",
      "(f32) -> f32",
  };
  enum { num = sizeof texts / sizeof *texts };
  pjrt_mlir_module *modules[num];
  const pjrt_mlir_attr *attrs[num];
  for (size_t i = 0; i < num; i++) modules[i] = parse_attr(texts[i], &attrs[i]);
  for (size_t i = 0; i < num; i++) {
    const pjrt_mlir_attr *again;
    pjrt_mlir_module *module = parse_attr(texts[i], &again);
    for (size_t k = 0; k < num; k++) {
      assert_int_equal(pjrt_mlir_type_equal(attrs[k]->type, again->type),
                       i == k);
    }
    pjrt_mlir_free(module);
  }
  for (size_t i = 0; i < num; i++) pjrt_mlir_free(modules[i]);
}

/* --- Attributes ---------------------------------------------------------- */

static void test_numbers(void **state) {
  (void)state;
  static const struct {
    const char *text;
    pjrt_mlir_attr_kind kind;
    pjrt_dtype dtype;
    int64_t integer;
    double number;
  } cases[] = {
      {"7", PJRT_MLIR_ATTR_INT, PJRT_S64, 7, 0},
      {"-7 : i32", PJRT_MLIR_ATTR_INT, PJRT_S32, -7, 0},
      {"0x1F : i16", PJRT_MLIR_ATTR_INT, PJRT_S16, 31, 0},
      {"255 : i8", PJRT_MLIR_ATTR_INT, PJRT_S8, -1, 0},
      {"255 : ui8", PJRT_MLIR_ATTR_INT, PJRT_U8, 255, 0},
      {"18446744073709551615 : ui64", PJRT_MLIR_ATTR_INT, PJRT_U64, -1, 0},
      {"-9223372036854775808", PJRT_MLIR_ATTR_INT, PJRT_S64, INT64_MIN, 0},
      {"1 : i1", PJRT_MLIR_ATTR_INT, PJRT_PRED, 1, 0},
      {"3 : index", PJRT_MLIR_ATTR_INT, PJRT_DTYPE_INVALID, 3, 0},
      {"1.5", PJRT_MLIR_ATTR_FLOAT, PJRT_F64, 0, 1.5},
      {"-1.25e+01 : f32", PJRT_MLIR_ATTR_FLOAT, PJRT_F32, 0, -12.5},
      {"1.00390625 : bf16", PJRT_MLIR_ATTR_FLOAT, PJRT_BF16, 0, 1.0},
      {"0xFF800000 : f32", PJRT_MLIR_ATTR_FLOAT, PJRT_F32, 0, -INFINITY},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const pjrt_mlir_attr *attr;
    pjrt_mlir_module *module = parse_attr(cases[i].text, &attr);
    assert_int_equal(attr->kind, cases[i].kind);
    assert_int_equal(attr->type->dtype, cases[i].dtype);
    assert_int_equal(attr->integer, cases[i].integer);
    assert_true(attr->number == cases[i].number);
    pjrt_mlir_free(module);
  }
  refuse_attr("256 : i8", PJRT_INVALID_ARGUMENT, "256 does not fit s8");
  refuse_attr("-129 : i8", PJRT_INVALID_ARGUMENT, "-129 does not fit s8");
  refuse_attr("-1 : ui8", PJRT_INVALID_ARGUMENT, "-1 does not fit u8");
  refuse_attr("99999999999999999999", PJRT_INVALID_ARGUMENT, "does not fit");
  refuse_attr("1.0e999", PJRT_INVALID_ARGUMENT, "does not fit f64");
  refuse_attr("1 : f32", PJRT_INVALID_ARGUMENT, "a number with a point");
  refuse_attr("1.0 : i32", PJRT_INVALID_ARGUMENT, "expected an integer");
  refuse_attr("1 : tensor<f32>", PJRT_INVALID_ARGUMENT, "a number's type");
  refuse_attr("0x1FFFFFFFF : f32", PJRT_INVALID_ARGUMENT, "does not fit");
}

static void test_texts(void **state) {
  (void)state;
  const pjrt_mlir_attr *attr;
  pjrt_mlir_module *module =
      parse_attr("\"a\\\"\\\\\\n\\t\\00\\C3\\a9\"", &attr);
  assert_int_equal(attr->kind, PJRT_MLIR_ATTR_STRING);
  assert_int_equal(attr->text_size, 8);
  assert_memory_equal(attr->text, "a\"\\\n\t\0\xC3\xA9", 9);
  pjrt_mlir_free(module);
  module = parse_attr("@\"a b\"", &attr);
  assert_int_equal(attr->kind, PJRT_MLIR_ATTR_SYMBOL);
  assert_string_equal(attr->text, "a b");
  pjrt_mlir_free(module);
  refuse_attr("\"a\\q\"", PJRT_INVALID_ARGUMENT, "unknown escape '\\q'");
  refuse_attr("\"a\n\"", PJRT_INVALID_ARGUMENT, "ends on its line");
  refuse_attr("@a::@b", PJRT_UNIMPLEMENTED, "symbols within symbols");
}

static void test_containers(void **state) {
  (void)state;
  const pjrt_mlir_attr *attr;
  pjrt_mlir_module *module =
      parse_attr("[1, {b, \"c d\" = [], e = unit}, true]", &attr);
  assert_int_equal(attr->kind, PJRT_MLIR_ATTR_ARRAY);
  assert_int_equal(attr->num_items, 3);
  const pjrt_mlir_dict *dict = &attr->items[1]->fields;
  assert_int_equal(attr->items[1]->kind, PJRT_MLIR_ATTR_DICT);
  assert_int_equal(dict->num_items, 3);
  assert_int_equal(pjrt_mlir_dict_find(dict, "b")->kind, PJRT_MLIR_ATTR_UNIT);
  assert_int_equal(pjrt_mlir_dict_find(dict, "e")->kind, PJRT_MLIR_ATTR_UNIT);
  assert_int_equal(pjrt_mlir_dict_find(dict, "c d")->num_items, 0);
  assert_null(pjrt_mlir_dict_find(dict, "a"));
  assert_true(attr->items[2]->boolean);
  pjrt_mlir_free(module);
  refuse_attr("{b, c, b}", PJRT_INVALID_ARGUMENT, "attribute b is there twice");
  refuse_attr("{\"\" = 1}", PJRT_INVALID_ARGUMENT,
              "an attribute's name is empty");
  refuse_attr("-x", PJRT_INVALID_ARGUMENT, "expected a number, got 'x'");
  refuse_attr("[1, ]", PJRT_INVALID_ARGUMENT, "expected an attribute");
  refuse_attr("affine_map<(d0) -> (d0)>", PJRT_UNIMPLEMENTED, "affine_map");
}

static void test_dialects(void **state) {
  (void)state;
  const pjrt_mlir_attr *attr;
  pjrt_mlir_module *module = parse_attr(
      "#stablehlo.gather<offset_dims = [0, 2], index_vector_dim = 1>", &attr);
  const int64_t *ints;
  size_t num;
  assert_int_equal(attr->kind, PJRT_MLIR_ATTR_STRUCT);
  assert_string_equal(attr->name, "stablehlo.gather");
  assert_true(pjrt_mlir_attr_ints(
      pjrt_mlir_dict_find(&attr->fields, "offset_dims"), &ints, &num));
  assert_int_equal(num, 2);
  assert_int_equal(ints[1], 2);
  assert_int_equal(
      pjrt_mlir_dict_find(&attr->fields, "index_vector_dim")->integer, 1);
  pjrt_mlir_free(module);

  module = parse_attr("#stablehlo<rng_algorithm THREE_FRY>", &attr);
  assert_int_equal(attr->kind, PJRT_MLIR_ATTR_ENUM);
  assert_string_equal(attr->name, "rng_algorithm");
  assert_string_equal(attr->text, "THREE_FRY");
  pjrt_mlir_free(module);

  module = parse_attr("#stablehlo.result_accuracy_mode<HIGHEST>", &attr);
  assert_int_equal(attr->kind, PJRT_MLIR_ATTR_ENUM);
  assert_string_equal(attr->name, "result_accuracy_mode");
  assert_string_equal(attr->text, "HIGHEST");
  pjrt_mlir_free(module);

  module = parse_attr("loc(fused[\"a\", unknown])", &attr);
  assert_int_equal(attr->kind, PJRT_MLIR_ATTR_OPAQUE);
  assert_string_equal(attr->text, "loc(fused[\"a\", unknown])");
  pjrt_mlir_free(module);

  module = parse_attr("#sdy.sharding<@m, [{\"]>\"}, {}]>", &attr);
  assert_int_equal(attr->kind, PJRT_MLIR_ATTR_OPAQUE);
  assert_string_equal(attr->text, "#sdy.sharding<@m, [{\"]>\"}, {}]>");
  pjrt_mlir_free(module);

  refuse_attr("#stablehlo<precision BEST>", PJRT_INVALID_ARGUMENT,
              "precision: expected one of DEFAULT HIGH HIGHEST, got 'BEST'");
  refuse_attr("#nothing", PJRT_INVALID_ARGUMENT, "alias #nothing");
  refuse_attr("#a.b<(]>", PJRT_INVALID_ARGUMENT, "closes '<'");
}

/* Both forms of a convolution's dimensions give the same fields. */
static void test_convolution(void **state) {
  (void)state;
  const pjrt_mlir_attr *attr;
  pjrt_mlir_module *module = parse_attr(
      "#stablehlo.conv<[b, 1, 0, f]x[i, 0, 1, o]->[0, 1, b, f]>", &attr);
  const int64_t *ints;
  size_t num;
  assert_string_equal(attr->name, "stablehlo.conv");
  assert_int_equal(
      pjrt_mlir_dict_find(&attr->fields, "output_batch_dimension")->integer, 2);
  assert_true(pjrt_mlir_attr_ints(
      pjrt_mlir_dict_find(&attr->fields, "input_spatial_dimensions"), &ints,
      &num));
  assert_int_equal(num, 2);
  assert_int_equal(ints[0], 2);
  assert_int_equal(ints[1], 1);
  pjrt_mlir_free(module);
  module = parse_attr("#stablehlo.conv<raw input_batch_dimension = 3>", &attr);
  assert_int_equal(
      pjrt_mlir_dict_find(&attr->fields, "input_batch_dimension")->integer, 3);
  pjrt_mlir_free(module);
  refuse_attr("#stablehlo.conv<[b, f, b]x[i, o]->[b, f]>",
              PJRT_INVALID_ARGUMENT, "not there yet, got 'b'");
  refuse_attr("#stablehlo.conv<[b, 1, f]x[i, 0, o]->[b, 0, f]>",
              PJRT_INVALID_ARGUMENT, "is missing");
  refuse_attr("#stablehlo.conv<[b, 0x1, f]x[i, 0, o]->[b, 0, f]>",
              PJRT_INVALID_ARGUMENT, "is missing");
}

/* --- Elements ------------------------------------------------------------ */

/* The elements of `text` are these bytes. */
static void expect_elements(const char *text, size_t num, bool is_splat,
                            const void *bytes, size_t size) {
  const pjrt_mlir_attr *attr;
  pjrt_mlir_module *module = parse_attr(text, &attr);
  assert_int_equal(attr->kind, PJRT_MLIR_ATTR_DENSE);
  assert_int_equal(attr->num_elements, num);
  assert_int_equal(attr->is_splat, is_splat);
  if (size) assert_memory_equal(attr->data, bytes, size);
  pjrt_mlir_free(module);
}

#define ELEMENTS(text, type, ...)                                          \
  do {                                                                     \
    const type elements[] = {__VA_ARGS__};                                 \
    expect_elements(text, sizeof elements / sizeof *elements, 0, elements, \
                    sizeof elements);                                      \
  } while (0)

static void test_elements(void **state) {
  (void)state;
  ELEMENTS("dense<[[1, -2], [0x7F, 4]]> : tensor<2x2xi32>", int32_t, 1, -2, 127,
           4);
  ELEMENTS("dense<5> : tensor<2x2xi64>", int64_t, 5, 5, 5, 5);
  ELEMENTS("dense<-1.5> : tensor<f32>", float, -1.5f);
  ELEMENTS("dense<[0x7FC00000, 1.0]> : tensor<2xf32>", uint32_t, 0x7FC00000u,
           0x3F800000u);
  ELEMENTS("dense<[-1, 7]> : tensor<2xi4>", uint8_t, 15, 7);
  ELEMENTS("dense<[true, false, 1]> : tensor<3xi1>", uint8_t, 1, 0, 1);
  expect_elements(
      "dense<[(1.0, -2.0), (0.5, 0xFFF0000000000000)]> : "
      "tensor<2xcomplex<f64>>",
      2, false, (double[]){1.0, -2.0, 0.5, -INFINITY}, 32);
  ELEMENTS("array<i64: 1, -2>", int64_t, 1, -2);
  ELEMENTS("array<i1: true, false>", uint8_t, 1, 0);
  ELEMENTS("array<f32: 0.5>", float, 0.5f);
  expect_elements("array<i64>", 0, false, NULL, 0);
  expect_elements("dense<> : tensor<0x3xf32>", 0, false, NULL, 0);
  expect_elements("dense<[[], []]> : tensor<2x0xi8>", 0, false, NULL, 0);
  expect_elements("dense<3> : tensor<1000000x1000000xi8>", 1000000000000u, true,
                  "\3", 1);
}
#undef ELEMENTS

static void test_element_errors(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"dense<[1, 2]> : tensor<3xi32>", "expected ',', got ']'"},
      {"dense<[1, 2]> : tensor<1xi32>", "expected ']', got ','"},
      {"dense<[1]> : tensor<i32>", "expected an integer, got '['"},
      {"dense<[1]> : tensor<1000000xi32>", "expected 1000000 elements"},
      {"dense<[1, [2]]> : tensor<2xi32>", "expected an integer, got '['"},
      {"dense<300> : tensor<i8>", "300 does not fit s8"},
      {"dense<2> : tensor<i1>", "2 does not fit pred"},
      {"dense<true> : tensor<i32>", "expected an integer, got 'true'"},
      {"dense<1> : tensor<f32>", "a number with a point, got '1'"},
      {"dense<1.0> : tensor<complex<f32>>", "expected '('"},
      {"dense<1> : tensor<?xi32>", "of unknown size"},
      {"dense<1> : i32", "expected a tensor type"},
      {"dense<> : tensor<2xi32>", "expected an integer, got '>'"},
      {"array<tensor<i32>: 1>", "expected the type of a number"},
      {"dense<1", "the bracket that closes '<'"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    refuse_attr(cases[i][0], PJRT_INVALID_ARGUMENT, cases[i][1]);
  }
  refuse_attr("dense_resource<a> : tensor<i8>", PJRT_UNIMPLEMENTED,
              "the attribute dense_resource");
}

static void test_blobs(void **state) {
  (void)state;
  expect_elements("dense<\"0x0000803F000000C0\"> : tensor<2xf32>", 2, false,
                  (float[]){1, -2}, 8);
  expect_elements("dense<\"0x0A\"> : tensor<3xi8>", 3, false, "\12\12\12", 3);
  expect_elements("dense<\"0x0A000000\"> : tensor<100xi32>", 100, true,
                  "\12\0\0\0", 4);
  expect_elements("dense<\"0x0501\"> : tensor<9xi1>", 9, false,
                  "\1\0\1\0\0\0\0\0\1", 9);
  expect_elements("dense<\"0x000102\"> : tensor<3xi1>", 3, false, "\0\1\1", 3);
  expect_elements("dense<\"0xFF\"> : tensor<i1>", 1, false, "\1", 1);
  expect_elements("dense<\"0xFF\"> : tensor<80xi1>", 80, true, "\1", 1);
  expect_elements("dense<\"0x\"> : tensor<0xi8>", 0, false, NULL, 0);
  refuse_attr("dense<\"0x0102\"> : tensor<3xi8>", PJRT_INVALID_ARGUMENT,
              "a blob of 2 bytes for 3 elements of 1");
  refuse_attr("dense<\"0x012\"> : tensor<1xi8>", PJRT_INVALID_ARGUMENT,
              "pairs of hexadecimal digits");
  refuse_attr("dense<\"0x0G\"> : tensor<1xi8>", PJRT_INVALID_ARGUMENT,
              "other characters");
}

/* --- Asking an operation ------------------------------------------------- */

static void test_accessors(void **state) {
  (void)state;
  pjrt_mlir_module *module = mlir_parse_body(
      "",
      "\"my.op\"() {i = 3 : i32, l = array<i64: 4, 5>, s = #stablehlo.dot<>, "
      "e = #stablehlo<precision HIGH>, u, t = true, f = false} : () -> ()");
  const pjrt_mlir_op *op = mlir_main_op(module, 0);
  int64_t integer;
  const int64_t *ints;
  size_t num;
  const char *text;
  const pjrt_mlir_dict *dict;
  expect_ok(pjrt_mlir_op_int(op, "i", &integer));
  assert_int_equal(integer, 3);
  expect_ok(pjrt_mlir_op_ints(op, "l", &ints, &num));
  assert_int_equal(num, 2);
  assert_int_equal(ints[1], 5);
  expect_ok(pjrt_mlir_op_enum(op, "e", &text));
  assert_string_equal(text, "HIGH");
  expect_ok(pjrt_mlir_op_struct(op, "s", &dict));
  assert_int_equal(dict->num_items, 0);
  assert_true(pjrt_mlir_op_bool(op, "u") && pjrt_mlir_op_bool(op, "t"));
  assert_false(pjrt_mlir_op_bool(op, "f") || pjrt_mlir_op_bool(op, "none"));

  expect_error(pjrt_mlir_op_int(op, "l", &integer), PJRT_INVALID_ARGUMENT,
               "2:1: my.op: attribute l is not an integer");
  expect_error(pjrt_mlir_op_ints(op, "i", &ints, &num), PJRT_INVALID_ARGUMENT,
               "attribute i is not a list of i64");
  expect_error(pjrt_mlir_op_enum(op, "x", &text), PJRT_INVALID_ARGUMENT,
               "attribute x is missing");
  expect_error(pjrt_mlir_op_struct(op, "u", &dict), PJRT_INVALID_ARGUMENT,
               "attribute u is not");
  expect_error(pjrt_mlir_op_error(op, PJRT_UNIMPLEMENTED, "no %d", 7),
               PJRT_UNIMPLEMENTED, "2:1: my.op: no 7");
  pjrt_mlir_free(module);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_types),
      cmocka_unit_test(test_tensor_type),
      cmocka_unit_test(test_type_equality),
      cmocka_unit_test(test_numbers),
      cmocka_unit_test(test_texts),
      cmocka_unit_test(test_containers),
      cmocka_unit_test(test_dialects),
      cmocka_unit_test(test_convolution),
      cmocka_unit_test(test_elements),
      cmocka_unit_test(test_element_errors),
      cmocka_unit_test(test_blobs),
      cmocka_unit_test(test_accessors),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
