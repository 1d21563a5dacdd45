#include "mlir_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"

pjrt_error *mlir_parse(const char *text, pjrt_mlir_module **out) {
  size_t size = strlen(text);
  char *copy = malloc(size ? size : 1);
  assert_non_null(copy);
  memcpy(copy, text, size);
  pjrt_error *error = pjrt_mlir_parse(copy, size, out);
  memset(copy, '?', size); /* the tree keeps nothing of the text */
  free(copy);
  return error;
}

pjrt_mlir_module *mlir_parse_ok(const char *text) {
  pjrt_mlir_module *module;
  pjrt_error *error = mlir_parse(text, &module);
  if (error) {
    fail_msg("%s\nin:\n%s", pjrt_error_message(error, NULL), text);
  }
  return module;
}

void mlir_parse_error(const char *text, pjrt_code code, const char *part) {
  pjrt_mlir_module *module;
  pjrt_error *error = mlir_parse(text, &module);
  assert_null(module);
  const char *message = pjrt_error_message(error, NULL);
  if (pjrt_error_code(error) != code || !strstr(message, part)) {
    fail_msg("expected %s with '%s', got %s: %s\nfor:\n%s",
             pjrt_code_name(code), part, pjrt_code_name(pjrt_error_code(error)),
             message, text);
  }
  pjrt_error_free(error);
}

pjrt_mlir_module *mlir_parse_body(const char *arguments, const char *body) {
  static const char format[] = "func.func @main(%s) {\n%s\nreturn\n}";
  size_t size = sizeof format + strlen(arguments) + strlen(body);
  char *text = malloc(size);
  assert_non_null(text);
  snprintf(text, size, format, arguments, body);
  pjrt_mlir_module *module = mlir_parse_ok(text);
  free(text);
  return module;
}

const pjrt_mlir_op *mlir_main_op(const pjrt_mlir_module *module, size_t index) {
  const pjrt_mlir_func *func = pjrt_mlir_module_func(module, "main");
  assert_non_null(func);
  assert_true(index < func->body.num_ops);
  return &func->body.ops[index];
}

/* --- Comparing ----------------------------------------------------------- */

static void same_types(const pjrt_mlir_type *a, const pjrt_mlir_type *b) {
  char text_a[PJRT_MLIR_TYPE_TEXT_SIZE];
  char text_b[PJRT_MLIR_TYPE_TEXT_SIZE];
  if (!a || !b) {
    assert_ptr_equal(a, b);
  } else if (!pjrt_mlir_type_equal(a, b)) {
    fail_msg("%s and %s", pjrt_mlir_type_text(a, text_a, sizeof text_a),
             pjrt_mlir_type_text(b, text_b, sizeof text_b));
  }
}

static void same_texts(const char *a, const char *b) {
  if (!a || !b) {
    assert_ptr_equal(a, b);
  } else {
    assert_string_equal(a, b);
  }
}

static void same_dicts(const pjrt_mlir_dict *a, const pjrt_mlir_dict *b);

static void same_attrs(const pjrt_mlir_attr *a, const pjrt_mlir_attr *b) {
  assert_int_equal(a->kind, b->kind);
  same_types(a->type, b->type);
  same_texts(a->text, b->text);
  same_texts(a->name, b->name);
  assert_int_equal(a->text_size, b->text_size);
  assert_int_equal(a->boolean, b->boolean);
  assert_int_equal(a->integer, b->integer);
  assert_memory_equal(&a->number, &b->number, sizeof a->number);
  assert_int_equal(a->num_items, b->num_items);
  for (size_t i = 0; i < a->num_items; i++) {
    same_attrs(a->items[i], b->items[i]);
  }
  same_dicts(&a->fields, &b->fields);
  assert_int_equal(a->num_elements, b->num_elements);
  assert_int_equal(a->is_splat, b->is_splat);
  if (a->kind == PJRT_MLIR_ATTR_DENSE && a->num_elements) {
    size_t num = a->is_splat ? 1 : a->num_elements;
    assert_memory_equal(a->data, b->data,
                        num * pjrt_dtype_host_size(a->type->dtype));
  }
}

/* The order of attributes has no meaning. */
static void same_dicts(const pjrt_mlir_dict *a, const pjrt_mlir_dict *b) {
  for (size_t i = 0; i < a->num_items; i++) {
    const char *name = a->items[i].name;
    const pjrt_mlir_attr *other = pjrt_mlir_dict_find(b, name);
    if (!other) fail_msg("only one has the attribute %s", name);
    same_attrs(a->items[i].attr, other);
  }
  assert_int_equal(a->num_items, b->num_items);
}

static void same_blocks(const pjrt_mlir_block *a, const pjrt_mlir_block *b);

static void same_ops(const pjrt_mlir_op *a, const pjrt_mlir_op *b) {
  assert_string_equal(a->name, b->name);
  assert_int_equal(a->id, b->id);
  assert_int_equal(a->num_operands, b->num_operands);
  for (size_t i = 0; i < a->num_operands; i++) {
    assert_int_equal(a->operands[i], b->operands[i]);
  }
  assert_int_equal(a->first_result, b->first_result);
  assert_int_equal(a->num_results, b->num_results);
  same_dicts(&a->attributes, &b->attributes);
  assert_int_equal(a->num_regions, b->num_regions);
  for (size_t i = 0; i < a->num_regions; i++) {
    same_blocks(&a->regions[i], &b->regions[i]);
  }
  same_texts(a->callee ? a->callee->name : NULL,
             b->callee ? b->callee->name : NULL);
}

static void same_blocks(const pjrt_mlir_block *a, const pjrt_mlir_block *b) {
  assert_int_equal(a->first_argument, b->first_argument);
  assert_int_equal(a->num_arguments, b->num_arguments);
  assert_int_equal(a->num_ops, b->num_ops);
  for (size_t i = 0; i < a->num_ops; i++) same_ops(&a->ops[i], &b->ops[i]);
}

static void same_funcs(const pjrt_mlir_func *a, const pjrt_mlir_func *b) {
  assert_string_equal(a->name, b->name);
  assert_int_equal(a->is_public, b->is_public);
  assert_int_equal(a->is_declaration, b->is_declaration);
  same_types(a->type, b->type);
  for (size_t i = 0; i < a->type->num_inputs; i++) {
    same_dicts(&a->argument_attributes[i], &b->argument_attributes[i]);
  }
  for (size_t i = 0; i < a->type->num_results; i++) {
    same_dicts(&a->result_attributes[i], &b->result_attributes[i]);
  }
  same_blocks(&a->body, &b->body);
  assert_int_equal(a->num_values, b->num_values);
  for (size_t i = 0; i < a->num_values; i++) {
    same_types(a->values[i].type, b->values[i].type);
  }
}

void mlir_expect_same(const pjrt_mlir_module *a, const pjrt_mlir_module *b) {
  assert_string_equal(a->name, b->name);
  same_dicts(&a->attributes, &b->attributes);
  assert_int_equal(a->num_funcs, b->num_funcs);
  for (size_t i = 0; i < a->num_funcs; i++) {
    same_funcs(&a->funcs[i], &b->funcs[i]);
  }
  assert_int_equal(a->num_ops, b->num_ops);
  for (size_t i = 0; i < a->num_ops; i++) same_ops(&a->ops[i], &b->ops[i]);
}
