/* Looking things up in a tree. */
#include <stdarg.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "mlir/mlir.h"

const pjrt_mlir_attr *pjrt_mlir_dict_find(const pjrt_mlir_dict *dict,
                                          const char *name) {
  for (size_t i = 0; i < dict->num_items; i++) {
    if (strcmp(dict->items[i].name, name) == 0) return dict->items[i].attr;
  }
  return NULL;
}

bool pjrt_mlir_attr_ints(const pjrt_mlir_attr *attr, const int64_t **out,
                         size_t *out_num) {
  *out = NULL;
  *out_num = 0;
  if (!attr || attr->kind != PJRT_MLIR_ATTR_DENSE || attr->is_splat ||
      attr->type->dtype != PJRT_S64) {
    return false;
  }
  *out = attr->data;
  *out_num = attr->num_elements;
  return true;
}

const pjrt_mlir_func *pjrt_mlir_module_func(const pjrt_mlir_module *module,
                                            const char *name) {
  for (size_t i = 0; i < module->num_funcs; i++) {
    if (strcmp(module->funcs[i].name, name) == 0) return &module->funcs[i];
  }
  return NULL;
}

const pjrt_mlir_attr *pjrt_mlir_op_attr(const pjrt_mlir_op *op,
                                        const char *name) {
  return pjrt_mlir_dict_find(&op->attributes, name);
}

pjrt_error *pjrt_mlir_op_error(const pjrt_mlir_op *op, pjrt_code code,
                               const char *format, ...) {
  pjrt_builder message = {0};
  pjrt_builder_appendf(&message, "%u:%u: %s: ", op->place.line,
                       op->place.column, op->name);
  va_list args;
  va_start(args, format);
  pjrt_builder_vappendf(&message, format, args);
  va_end(args);
  pjrt_error *error =
      message.out_of_memory
          ? pjrt_error_out_of_memory()
          : pjrt_error_from_text(code, message.data, message.size);
  pjrt_builder_clear(&message);
  return error;
}

static pjrt_error *wrong_kind(const pjrt_mlir_op *op, const char *name,
                              const pjrt_mlir_attr *attr, const char *what) {
  if (attr) {
    return pjrt_mlir_op_error(op, PJRT_INVALID_ARGUMENT,
                              "attribute %s is not %s", name, what);
  }
  return pjrt_mlir_op_error(op, PJRT_INVALID_ARGUMENT,
                            "attribute %s is missing, expected %s", name, what);
}

/* The attribute, when it is of this kind. */
static pjrt_error *find(const pjrt_mlir_op *op, const char *name,
                        pjrt_mlir_attr_kind kind, const char *what,
                        const pjrt_mlir_attr **out) {
  *out = pjrt_mlir_op_attr(op, name);
  if (*out && (*out)->kind == kind) return NULL;
  return wrong_kind(op, name, *out, what);
}

pjrt_error *pjrt_mlir_op_int(const pjrt_mlir_op *op, const char *name,
                             int64_t *out) {
  const pjrt_mlir_attr *attr;
  *out = 0;
  PJRT_TRY(find(op, name, PJRT_MLIR_ATTR_INT, "an integer", &attr));
  *out = attr->integer;
  return NULL;
}

pjrt_error *pjrt_mlir_op_ints(const pjrt_mlir_op *op, const char *name,
                              const int64_t **out, size_t *out_num) {
  const pjrt_mlir_attr *attr = pjrt_mlir_op_attr(op, name);
  if (pjrt_mlir_attr_ints(attr, out, out_num)) return NULL;
  return wrong_kind(op, name, attr, "a list of i64");
}

pjrt_error *pjrt_mlir_op_enum(const pjrt_mlir_op *op, const char *name,
                              const char **out) {
  const pjrt_mlir_attr *attr;
  *out = NULL;
  PJRT_TRY(find(op, name, PJRT_MLIR_ATTR_ENUM, "one of a set", &attr));
  *out = attr->text;
  return NULL;
}

pjrt_error *pjrt_mlir_op_struct(const pjrt_mlir_op *op, const char *name,
                                const pjrt_mlir_dict **out) {
  const pjrt_mlir_attr *attr;
  *out = NULL;
  PJRT_TRY(find(op, name, PJRT_MLIR_ATTR_STRUCT, "a StableHLO struct", &attr));
  *out = &attr->fields;
  return NULL;
}

bool pjrt_mlir_op_bool(const pjrt_mlir_op *op, const char *name) {
  const pjrt_mlir_attr *attr = pjrt_mlir_op_attr(op, name);
  if (!attr) return false;
  return attr->kind == PJRT_MLIR_ATTR_UNIT ||
         (attr->kind == PJRT_MLIR_ATTR_BOOL && attr->boolean);
}
