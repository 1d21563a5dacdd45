/* Any bytes as StableHLO text. An error says where; what is accepted refers to
 * values that exist and holds as many elements as it says. */
#include <stdlib.h>

#include "mlir/mlir.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds) {
  if (!holds) abort();
}

static void check_dict(const pjrt_mlir_dict *dict);

static void check_attr(const pjrt_mlir_attr *attr) {
  if (attr->kind == PJRT_MLIR_ATTR_ARRAY) {
    for (size_t i = 0; i < attr->num_items; i++) check_attr(attr->items[i]);
  } else if (attr->kind == PJRT_MLIR_ATTR_DENSE) {
    const volatile unsigned char *bytes = attr->data;
    size_t num = attr->is_splat ? 1 : attr->num_elements;
    size_t end = num * pjrt_dtype_host_size(attr->type->dtype);
    if (end) (void)(bytes[0] + bytes[end - 1]);
  }
  check_dict(&attr->fields);
}

static void check_dict(const pjrt_mlir_dict *dict) {
  for (size_t i = 0; i < dict->num_items; i++) check_attr(dict->items[i].attr);
}

static void check_block(const pjrt_mlir_func *func,
                        const pjrt_mlir_block *block);

static void check_op(const pjrt_mlir_func *func, const pjrt_mlir_op *op) {
  for (size_t i = 0; i < op->num_operands; i++) {
    check(op->operands[i] < func->num_values);
  }
  check(op->num_results <= func->num_values - op->first_result);
  check_dict(&op->attributes);
  for (size_t i = 0; i < op->num_regions; i++) {
    check_block(func, &op->regions[i]);
  }
}

static void check_block(const pjrt_mlir_func *func,
                        const pjrt_mlir_block *block) {
  check(block->first_argument <= func->num_values);
  check(block->num_arguments <= func->num_values - block->first_argument);
  for (size_t i = 0; i < block->num_ops; i++) check_op(func, &block->ops[i]);
}

static void check_func(const pjrt_mlir_func *func) {
  char text[PJRT_MLIR_TYPE_TEXT_SIZE];
  for (size_t i = 0; i < func->num_values; i++) {
    pjrt_mlir_type_text(func->values[i].type, text, sizeof text);
  }
  check_dict(&func->attributes);
  if (func->is_declaration) return;
  check(func->body.num_arguments == func->type->num_inputs);
  check_block(func, &func->body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  pjrt_mlir_module *module;
  pjrt_error *error = pjrt_mlir_parse((const char *)data, size, &module);
  if (error) {
    const char *message = pjrt_error_message(error, NULL);
    pjrt_code code = pjrt_error_code(error);
    check(!module && message[0] >= '1' && message[0] <= '9');
    check(code == PJRT_INVALID_ARGUMENT || code == PJRT_UNIMPLEMENTED);
    pjrt_error_free(error);
    return 0;
  }
  check_dict(&module->attributes);
  for (size_t i = 0; i < module->num_funcs; i++) {
    check_func(&module->funcs[i]);
  }
  pjrt_mlir_free(module);
  return 0;
}
