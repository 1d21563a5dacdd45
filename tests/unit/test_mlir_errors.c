/* StableHLO text that is refused, and what the error says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "expect.h"
#include "mlir_fixture.h"

typedef struct refusal {
  const char *text;
  const char *part; /* of the message */
} refusal;

static void refuse_all(const refusal *cases, size_t num, pjrt_code code,
                       const char *before, const char *behind) {
  for (size_t i = 0; i < num; i++) {
    pjrt_builder text = {0};
    pjrt_builder_appendf(&text, "%s%s%s", before, cases[i].text, behind);
    mlir_parse_error(text.data, code, cases[i].part);
    pjrt_builder_clear(&text);
  }
}

#define REFUSE(cases, code, before, behind) \
  refuse_all(cases, sizeof(cases) / sizeof *(cases), code, before, behind)

/* Of a function with the arguments %x: tensor<f32> and %i: tensor<i1>. */
#define BEFORE \
  "func.func @main(%x: tensor<f32>, %i: tensor<i1>) -> tensor<f32> {\n"
#define BEHIND "\nreturn %x : tensor<f32> }"

static void test_tokens(void **state) {
  (void)state;
  static const refusal cases[] = {
      {"", "1:1: expected a module or a function, got the end of the text"},
      {"// nothing\n", "2:1: expected a module or a function"},
      {"&", "1:1: unexpected character '&'"},
      {"\x01", "1:1: unexpected byte 0x01"},
      {"\xC3\xA9", "1:1: unexpected byte 0xc3"},
      {"module @", "1:8: expected a name after '@'"},
      {"module {", "1:9: expected an operation, got the end of the text"},
      {"module {} x", "1:11: expected nothing after the module, got 'x'"},
      {"func.func main", "1:11: expected a function's name, got 'main'"},
      {"func.func @f(\n\n  %x tensor<f32>", "3:6: expected ':', got 'tensor'"},
      {"#a.b = 1", "an alias has no '.'"},
      {"#a = 1 #a = 2", "1:8: alias #a is defined already"},
      {"func.func @f(%x: !t)", "1:18: unknown type alias !t"},
  };
  REFUSE(cases, PJRT_INVALID_ARGUMENT, "", "");
  pjrt_mlir_module *module;
  expect_error(pjrt_mlir_parse(NULL, 0, &module), PJRT_INVALID_ARGUMENT,
               "1:1: expected a module");
  expect_error(pjrt_mlir_parse("module\0{}", 9, &module), PJRT_INVALID_ARGUMENT,
               "1:7: unexpected byte 0x00");
}

static void test_types(void **state) {
  (void)state;
  static const refusal cases[] = {
      {"tensor<2f32>", "expected an 'x' after a dimension"},
      {"tensor<-1xf32>", "expected an element type, got '-'"},
      {"tensor<99999999999999999999xf32>", "does not fit 64 bits"},
      {"tensor<4000000000x4000000000xf32>", "does not fit in memory"},
      {"tensor<2xs32>", "expected an element type, got 's32'"},
      {"tensor<2xf32", "expected '>', got ')'"},
      {"tensor<?xf32, #stablehlo.bounds<1, 2>>", "2 bounds for 1 dimensions"},
      {"tensor<3xf32, #stablehlo.bounds<4>>", "is not dynamic"},
      {"float", "expected a type, got 'float'"},
  };
  REFUSE(cases, PJRT_INVALID_ARGUMENT, "func.func private @f(", ")");
  static const refusal unknown[] = {
      {"tensor<*xf32>", "1:29: tensors of unknown rank"},
      {"tensor<2x!quant.uniform<i8:f32, 0.1>>", "tensors of !quant.uniform"},
      {"tensor<complex<f16>>", "complex numbers of f16"},
      {"memref<2xf32>", "the type memref"},
      {"vector<2xf32>", "the type vector"},
  };
  REFUSE(unknown, PJRT_UNIMPLEMENTED, "func.func private @f(", ")");
}

static void test_values(void **state) {
  (void)state;
  static const refusal cases[] = {
      {"%0 = stablehlo.abs %1 : tensor<f32>\n%1 = stablehlo.abs %x : "
       "tensor<f32>",
       "2:20: %1 is not defined before this use"},
      {"%x = stablehlo.abs %x : tensor<f32>",
       "2:1: %x is defined already, at 1:17"},
      {"%0 = stablehlo.abs %x#1 : tensor<f32>", "%x has 1 results, not #1"},
      {"%0 = stablehlo.abs %x : tensor<f64>",
       "2:20: stablehlo.abs: operand 0 is tensor<f32>, its use says "
       "tensor<f64>"},
      {"%0 = stablehlo.add %x, %i : tensor<f32>",
       "2:24: stablehlo.add: operand 1 is tensor<i1>"},
      {"%0 = \"stablehlo.add\"(%x) : (tensor<f32>, tensor<f32>) -> "
       "tensor<f32>",
       "stablehlo.add: 1 operands and 2 types"},
      {"%0:2 = stablehlo.abs %x : tensor<f32>",
       "stablehlo.abs: 1 results, named are 2"},
      {"%0:0 = stablehlo.abs %x : tensor<f32>", "0 results"},
      {"\"my.op\"() ({ ^bb0(%a: tensor<f32>): }) : () -> ()\n"
       "\"my.op\"(%a) : (tensor<f32>) -> ()",
       "3:9: %a is not defined"},
      {"\"my.op\"() ({ ^bb0(%x: tensor<f32>): }) : () -> ()",
       "%x is defined already"},
  };
  REFUSE(cases, PJRT_INVALID_ARGUMENT, BEFORE, BEHIND);
}

static void test_printed_forms(void **state) {
  (void)state;
  static const refusal cases[] = {
      {"%0 = stablehlo.broadcast_in_dim %x : (tensor<f32>) -> tensor<2xf32>",
       "expected dims, got ':'"},
      {"%0 = stablehlo.broadcast_in_dim %x, axes = [] : (tensor<f32>) -> "
       "tensor<2xf32>",
       "expected dims, got 'axes'"},
      {"%0 = stablehlo.iota dim = x : tensor<2xf32>", "expected an integer"},
      {"%0 = stablehlo.abs %x, dims = [0] : tensor<f32>",
       "expected an operand, got 'dims'"},
      {"%0 = stablehlo.compare SAME, %x, %x : (tensor<f32>, tensor<f32>) -> "
       "tensor<i1>",
       "comparison_direction: expected one of EQ NE GE GT LE LT, got 'SAME'"},
      {"%0 = stablehlo.constant 1 : i32", "expected dense<...>"},
      {"%0 = stablehlo.reduce_precision %x, format = f32 : tensor<f32>",
       "a float format such as e5m10"},
      {"%0 = stablehlo.complex %x, %x : tensor<f32>",
       "expected a complex tensor type"},
      {"%0 = stablehlo.tuple %x : tensor<f32>", "expected a tuple type"},
      {"%0 = stablehlo.reduce(%x init: %x) applies stablehlo.abs across "
       "dimensions = [] : (tensor<f32>, tensor<f32>) -> tensor<f32>",
       "expected an operation of two values, got 'stablehlo.abs'"},
      {"%0 = stablehlo.reduce(%x init: %x) across dimensions = [] : "
       "(tensor<f32>, tensor<f32>) -> tensor<f32> reducer(%a: tensor<f32>) {}",
       "pairs of arguments"},
      {"%0 = stablehlo.dot_general %x, %x, precision = [] : (tensor<f32>, "
       "tensor<f32>) -> tensor<f32>",
       "expected contracting_dims, got 'precision'"},
      {"%0:2 = stablehlo.reduce(%x init: %x), (%x init: %x) applies "
       "stablehlo.add across dimensions = [] : (tensor<f32>, tensor<f32>, "
       "tensor<f32>, tensor<f32>) -> (tensor<f32>, tensor<f32>)",
       "'applies' reduces one operand, got 2"},
      {"%0 = stablehlo.cholesky %x, lower = 1 : tensor<f32>",
       "expected true or false, got '1'"},
      {"%0 = stablehlo.convolution(%x, %x) dim_numbers = [b, f]x[i, o]->[b, f],"
       " window = {strides = []} : (tensor<f32>, tensor<f32>) -> tensor<f32>",
       "lhs_dilate, rhs_dilate or reverse, got 'strides'"},
      {"%0 = stablehlo.abs %x {a, a} : tensor<f32>",
       "attribute a is there twice"},
      {"%0 = \"stablehlo.abs\"(%x) <{a}> {a} : (tensor<f32>) -> tensor<f32>",
       "attribute a is there twice"},
  };
  REFUSE(cases, PJRT_INVALID_ARGUMENT, BEFORE, BEHIND);
  static const refusal unknown[] = {
      {"%0 = arith.addf %x, %x : f32",
       "2:6: arith.addf in a printed form: only its generic form"},
      {"%0 = stablehlo.uniform_quantize %x : (tensor<f32>) -> tensor<f32>",
       "stablehlo.uniform_quantize in a printed form"},
      {"\"my.op\"() [^bb1] : () -> ()", "successor blocks"},
      {"\"my.op\"() ({ ^a: \"my.end\"() : () -> () ^b: }) : () -> ()",
       "regions of several blocks"},
  };
  REFUSE(unknown, PJRT_UNIMPLEMENTED, BEFORE, BEHIND);
}

#define ADD_TWO                              \
  "^bb0(%a: tensor<f32>, %b: tensor<f32>): " \
  "stablehlo.return %a : tensor<f32>"

static void test_counts(void **state) {
  (void)state;
  static const refusal cases[] = {
      {"%0 = \"stablehlo.add\"(%x) : (tensor<f32>) -> tensor<f32>",
       "2:6: stablehlo.add: expected 2 operands, got 1"},
      {"\"stablehlo.abs\"(%x) : (tensor<f32>) -> ()",
       "stablehlo.abs: expected 1 results, got 0"},
      {"%0 = \"stablehlo.concatenate\"() : () -> tensor<f32>",
       "stablehlo.concatenate: expected at least 1 operands, got 0"},
      {"%0 = \"stablehlo.reduce\"(%x, %x) : (tensor<f32>, tensor<f32>) -> "
       "tensor<f32>",
       "stablehlo.reduce: expected 1 regions, got 0"},
      {"%0:2 = \"stablehlo.reduce\"(%x, %x) ({" ADD_TWO
       "}) : (tensor<f32>, tensor<f32>) -> (tensor<f32>, tensor<f32>)",
       "stablehlo.reduce: expected 4 operands, got 2"},
      {"%0 = \"stablehlo.reduce\"(%x, %x) ({^bb0(%a: tensor<f32>): "
       "stablehlo.return %a : tensor<f32>}) : (tensor<f32>, tensor<f32>) -> "
       "tensor<f32>",
       "stablehlo.reduce: expected 2 block arguments, got 1"},
      {"%0 = \"stablehlo.reduce\"(%x, %x) ({^bb0(%a: tensor<f32>, %b: "
       "tensor<f32>): stablehlo.return}) : (tensor<f32>, tensor<f32>) -> "
       "tensor<f32>",
       "stablehlo.reduce: expected 1 returned values, got 0"},
      {"%0 = \"stablehlo.sort\"(%x) ({^bb0: stablehlo.return %i : "
       "tensor<i1>}) : (tensor<f32>) -> tensor<f32>",
       "stablehlo.sort: expected 2 block arguments, got 0"},
      {"%0 = \"stablehlo.scatter\"(%x, %x, %x, %x) ({" ADD_TWO
       "}) : (tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>) -> "
       "tensor<f32>",
       "stablehlo.scatter: expected 3 operands, got 4"},
      {"%0 = \"stablehlo.case\"(%i) : (tensor<i1>) -> tensor<f32>",
       "stablehlo.case: expected at least 1 regions, got 0"},
  };
  REFUSE(cases, PJRT_INVALID_ARGUMENT, BEFORE, BEHIND);
}

static void test_terminators(void **state) {
  (void)state;
  static const refusal cases[] = {
      {"return %x : tensor<f32>", "2:1: func.return: ends no block here"},
      {"stablehlo.return %x : tensor<f32>", "ends no block here"},
      {"%0 = \"stablehlo.all_reduce\"(%x) ({^bb0(%a: tensor<f32>, %b: "
       "tensor<f32>):}) : (tensor<f32>) -> tensor<f32>",
       "a block does not end in stablehlo.return"},
      {"%0 = \"stablehlo.all_reduce\"(%x) ({^bb0(%a: tensor<f32>, %b: "
       "tensor<f32>): func.return %a : tensor<f32>}) : (tensor<f32>) -> "
       "tensor<f32>",
       "func.return: ends no block here"},
  };
  REFUSE(cases, PJRT_INVALID_ARGUMENT, BEFORE, BEHIND);
  mlir_parse_error("func.func @f() {}", PJRT_INVALID_ARGUMENT,
                   "1:11: a block does not end in func.return");
  mlir_parse_error("func.func @f() -> tensor<f32> { return }",
                   PJRT_INVALID_ARGUMENT,
                   "func.return: its types are not the results of @f");
}

static void test_details(void **state) {
  (void)state;
  static const refusal cases[] = {
      {"%0 = stablehlo.while(%a = %x) : tensor<f32> cond { stablehlo.return "
       "%a : tensor<f32> } do { stablehlo.return %a : tensor<f32> }",
       "stablehlo.while: its condition is not a tensor<i1>"},
      {"%0 = stablehlo.while(%a = %x) : tensor<f32> cond { stablehlo.return "
       "%i : tensor<i1> } do { stablehlo.return %i : tensor<i1> }",
       "stablehlo.while: its operands, results and what it returns differ"},
      {"%0 = stablehlo.while(%a = %x) : tensor<f32> cond { stablehlo.return "
       "%i : tensor<i1> } do { stablehlo.return }",
       "return a wrong number of values"},
      {"%0 = \"stablehlo.while\"(%x) ({^bb0(%a: tensor<i1>): "
       "stablehlo.return %i : tensor<i1>}, {^bb0(%a: tensor<f32>): "
       "stablehlo.return %a : tensor<f32>}) : (tensor<f32>) -> tensor<f32>",
       "its operands' types are not its arguments'"},
      {"%0 = \"stablehlo.if\"(%i) ({stablehlo.return %x : tensor<f32>}, "
       "{stablehlo.return %i : tensor<i1>}) : (tensor<i1>) -> tensor<f32>",
       "a region returns other types than its results'"},
      {"%0 = \"stablehlo.constant\"() <{value = dense<1> : tensor<i32>}> : () "
       "-> tensor<i64>",
       "its value is not of its result's type"},
      {"%0 = \"stablehlo.constant\"() : () -> tensor<i64>",
       "its value is not of its result's type"},
      {"%0 = \"stablehlo.tuple\"(%x) : (tensor<f32>) -> tuple<tensor<i1>>",
       "not a tuple of its operands"},
      {"%0 = stablehlo.tuple %x : tuple<tensor<f32>>\n"
       "%1 = stablehlo.get_tuple_element %0[1] : (tuple<tensor<f32>>) -> "
       "tensor<f32>",
       "3:6: stablehlo.get_tuple_element: its result is not the element"},
  };
  REFUSE(cases, PJRT_INVALID_ARGUMENT, BEFORE, BEHIND);
}

static void test_functions(void **state) {
  (void)state;
  static const refusal cases[] = {
      {"func.func @f() { return } func.func @f() { return }",
       "1:37: @f is defined already"},
      {"func.func @f() { call @g() : () -> () return }",
       "func.call: there is no function @g"},
      {"func.func private @g() func.func @f() { call @g() : () -> () return }",
       "func.call: @g has no body"},
      {"func.func @f() { %0 = call @g() : () -> tensor<f32> return }"
       "func.func @g() { return }",
       "func.call: its types are not those of @g"},
      {"func.func @f() { \"func.call\"() : () -> () return }",
       "func.call: callee is not a function's name"},
      {"func.func @f() { call @f() : () -> () return }",
       "1:18: @f calls itself"},
      {"func.func @f() { call @g() : () -> () return }"
       "func.func @g() { call @f() : () -> () return }",
       "@f calls itself"},
      {"func.func @f(tensor<f32>) { return }",
       "expected a function with named arguments"},
      {"\"func.func\"() ({}) {sym_name = \"f\"} : () -> ()",
       "func.func: expected sym_name, a function_type and one region"},
      {"\"func.func\"() ({}) {sym_name = \"f\", function_type = () -> (), "
       "arg_attrs = [{}]} : () -> ()",
       "arg_attrs: expected 0 dictionaries"},
      {"\"func.func\"() ({^bb0: func.return}) {sym_name = \"f\", "
       "function_type = (tensor<f32>) -> ()} : () -> ()",
       "its block's arguments are not its type's"},
  };
  REFUSE(cases, PJRT_INVALID_ARGUMENT, "", "");
  static const refusal unknown[] = {
      {"module { module {} }", "1:10: modules within modules"},
      {"{-# dialect_resources: {} #-}", "1:1: resources"},
      {"!t = tuple<tensor<f32>>", "aliases of tuple and function types"},
      {"%0 = \"my.op\"() : () -> f32", "my.op outside of a function"},
  };
  REFUSE(unknown, PJRT_UNIMPLEMENTED, "", "");
}

/* --- Limits -------------------------------------------------------------- */

/* `num` times `text` behind `before`, then `behind`. */
static void refuse_repeated(const char *before, const char *text, size_t num,
                            const char *behind, const char *part) {
  pjrt_builder all = {0};
  pjrt_builder_appendf(&all, "%s", before);
  for (size_t i = 0; i < num; i++) pjrt_builder_appendf(&all, "%s", text);
  pjrt_builder_appendf(&all, "%s", behind);
  mlir_parse_error(all.data, PJRT_INVALID_ARGUMENT, part);
  pjrt_builder_clear(&all);
}

static void test_nesting(void **state) {
  (void)state;
  enum { many = 100000 };
  const char *deep = "nested more than 100 deep";
  refuse_repeated("#a = ", "[", many, "", deep);
  refuse_repeated("#a = ", "{a=", many, "", deep);
  refuse_repeated("!a = ", "tuple<", many, "", deep);
  refuse_repeated("!a = ", "(", many, "", deep);
  refuse_repeated("!a = ", "() -> (", many, "", deep);
  refuse_repeated("#a = #b.c", "<", many, "", "closes '<'");
  refuse_repeated("func.func @f() {", "\"a\"() ({", many, "", deep);
  refuse_repeated("func.func @f() {", "stablehlo.while() cond {", many, "",
                  deep);
  refuse_repeated("!a = tensor<", "1x", PJRT_MLIR_MAX_RANK + 1, "f32>",
                  "more than 64 dimensions");
}

/* Aliases that double, or deepen, what they stand for. */
static void test_aliases(void **state) {
  (void)state;
  pjrt_builder wide = {0};
  pjrt_builder deep = {0};
  pjrt_builder_appendf(&wide, "#a0 = 1\n");
  pjrt_builder_appendf(&deep, "#a0 = 1\n");
  for (int i = 0; i < 90; i++) {
    pjrt_builder_appendf(&wide, "#a%d = [#a%d, #a%d]\n", i + 1, i, i);
  }
  for (int i = 0; i < 200; i++) {
    pjrt_builder_appendf(&deep, "#a%d = [#a%d]\n", i + 1, i);
  }
  mlir_parse_error(wide.data, PJRT_INVALID_ARGUMENT,
                   "aliases stand for more than 1000000 things");
  mlir_parse_error(deep.data, PJRT_INVALID_ARGUMENT,
                   "nested more than 100 deep");
  pjrt_builder_clear(&wide);
  pjrt_builder_clear(&deep);
}

/* Functions 0 to num - 1, each calling the next. */
static char *make_chain(int num) {
  pjrt_builder text = {0};
  for (int i = 0; i < num - 1; i++) {
    pjrt_builder_appendf(&text,
                         "func.func @f%d() { call @f%d() : () -> () return }\n",
                         i, i + 1);
  }
  pjrt_builder_appendf(&text, "func.func @f%d() { return }\n", num - 1);
  assert_false(text.out_of_memory);
  return text.data;
}

static void test_calls(void **state) {
  (void)state;
  char *good = make_chain(PJRT_MLIR_MAX_CALL_DEPTH);
  pjrt_mlir_free(mlir_parse_ok(good));
  free(good);
  char *bad = make_chain(PJRT_MLIR_MAX_CALL_DEPTH + 1);
  mlir_parse_error(bad, PJRT_INVALID_ARGUMENT, "calls more than 1000 deep");
  free(bad);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_tokens),  cmocka_unit_test(test_types),
      cmocka_unit_test(test_values),  cmocka_unit_test(test_printed_forms),
      cmocka_unit_test(test_counts),  cmocka_unit_test(test_terminators),
      cmocka_unit_test(test_details), cmocka_unit_test(test_functions),
      cmocka_unit_test(test_nesting), cmocka_unit_test(test_aliases),
      cmocka_unit_test(test_calls),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
