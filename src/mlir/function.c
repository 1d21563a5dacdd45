/* Functions. */
#include "mlir/reader.h"

/* What a signature says of arguments and results. */
typedef struct signature {
  mlir_list names; /* mlir_definition; of declarations without names */
  bool unnamed;
  mlir_list types;
  mlir_list argument_attributes;
  mlir_list results;
  mlir_list result_attributes;
} signature;

/* A type and what may be said of it, unless a brace would begin the body. */
static bool read_typed(mlir_parser *p, bool may_have_dict, mlir_list *types,
                       mlir_list *attributes) {
  const pjrt_mlir_type **type = mlir_push(p, types, sizeof *type);
  pjrt_mlir_dict *dict = mlir_push(p, attributes, sizeof *dict);
  if (!type || !dict || !mlir_read_type(p, type)) return false;
  if (may_have_dict && !mlir_read_optional_dict(p, dict)) return false;
  return mlir_skip_location(p);
}

/* %a: A {...}, or A {...} in a declaration. */
static bool read_argument(mlir_parser *p, signature *s) {
  mlir_definition *name = mlir_push(p, &s->names, sizeof *name);
  if (!name) return false;
  name->name = p->token;
  if (mlir_at_kind(p, MLIR_VALUE)) {
    if (!mlir_next(p) || !mlir_expect(p, ':')) return false;
  } else {
    s->unnamed = true;
  }
  if (!read_typed(p, true, &s->types, &s->argument_attributes)) return false;
  const pjrt_mlir_type **types = s->types.items;
  name->type = types[s->types.num - 1];
  return true;
}

static bool read_arguments(mlir_parser *p, signature *s) {
  if (!mlir_expect(p, '(')) return false;
  if (mlir_accept(p, ')')) return true;
  do {
    if (!read_argument(p, s)) return false;
  } while (mlir_accept(p, ','));
  return mlir_expect(p, ')');
}

/* -> A, or -> (A {...}, B {...}), or nothing. */
static bool read_results(mlir_parser *p, signature *s) {
  if (!mlir_at_kind(p, MLIR_ARROW)) return !p->error;
  if (!mlir_next(p)) return false;
  if (!mlir_accept(p, '(')) {
    return read_typed(p, false, &s->results, &s->result_attributes);
  }
  if (mlir_accept(p, ')')) return true;
  do {
    if (!read_typed(p, true, &s->results, &s->result_attributes)) return false;
  } while (mlir_accept(p, ','));
  return mlir_expect(p, ')');
}

static bool take_signature(mlir_parser *p, const signature *s,
                           pjrt_mlir_func *out) {
  pjrt_mlir_type *type = mlir_alloc(p, 1, sizeof *type);
  if (!type) return false;
  *type = (pjrt_mlir_type){.kind = PJRT_MLIR_TYPE_FUNCTION,
                           .inputs = s->types.items,
                           .num_inputs = s->types.num,
                           .results = s->results.items,
                           .num_results = s->results.num};
  out->type = type;
  out->argument_attributes = s->argument_attributes.items;
  out->result_attributes = s->result_attributes.items;
  return true;
}

static bool read_body(mlir_parser *p, const signature *s, pjrt_mlir_func *out) {
  /* With arguments that have a place, a label may not name them again. */
  static const mlir_definition none[1];
  if (s->unnamed) return mlir_expected(p, "a function with named arguments");
  const mlir_definition *names = s->names.num ? s->names.items : none;
  if (!mlir_read_region(p, names, s->names.num, &out->body)) return false;
  out->is_declaration = false;
  out->values = p->values.items;
  out->num_values = p->values.num;
  return true;
}

/* Behind "func.func": public @name(...) -> ... attributes {...} {...} */
bool mlir_read_func(mlir_parser *p, pjrt_mlir_func *out) {
  mlir_token name;
  signature s = {0};
  size_t size;
  bool hidden = mlir_accept_word(p, "private") || mlir_accept_word(p, "nested");
  if (!hidden) (void)mlir_accept_word(p, "public");
  *out = (pjrt_mlir_func){
      .is_public = !hidden, .is_declaration = true, .place = p->token.place};
  if (!mlir_expect_kind(p, MLIR_SYMBOL, "a function's name", &name) ||
      !mlir_name_of(p, &name, &out->name, &size) || !read_arguments(p, &s) ||
      !read_results(p, &s)) {
    return false;
  }
  if (mlir_accept_word(p, "attributes") &&
      !mlir_read_optional_dict(p, &out->attributes)) {
    return false;
  }
  if (!take_signature(p, &s, out)) return false;
  if (mlir_at(p, '{') && !read_body(p, &s, out)) return false;
  return mlir_skip_location(p);
}

/* --- From the generic form ----------------------------------------------- */

static const pjrt_mlir_attr *find(const pjrt_mlir_op *op, const char *name,
                                  pjrt_mlir_attr_kind kind) {
  const pjrt_mlir_attr *attr = pjrt_mlir_op_attr(op, name);
  return attr && attr->kind == kind ? attr : NULL;
}

/* arg_attrs or res_attrs: one dictionary for each, or nothing. */
static bool take_dicts(mlir_parser *p, const pjrt_mlir_op *op, const char *name,
                       size_t num, const pjrt_mlir_dict **out) {
  pjrt_mlir_dict *dicts = mlir_alloc(p, num, sizeof *dicts);
  const pjrt_mlir_attr *array = find(op, name, PJRT_MLIR_ATTR_ARRAY);
  *out = dicts;
  if (!dicts || !array) return !p->error;
  bool fits = array->num_items == num;
  for (size_t i = 0; fits && i < num; i++) {
    fits = array->items[i]->kind == PJRT_MLIR_ATTR_DICT;
    dicts[i] = array->items[i]->fields;
  }
  if (fits) return true;
  return mlir_fail(p, array->place, "%s: expected %zu dictionaries", name, num);
}

static bool take_body(mlir_parser *p, const pjrt_mlir_op *op,
                      pjrt_mlir_func *out) {
  out->body = op->regions[0];
  if (out->body.num_ops == 0 && out->body.num_arguments == 0) {
    out->is_declaration = true;
    return true;
  }
  const pjrt_mlir_value_info *values = p->values.items;
  bool fits = out->body.num_arguments == out->type->num_inputs;
  for (size_t i = 0; fits && i < out->type->num_inputs; i++) {
    fits = pjrt_mlir_type_equal(values[i].type, out->type->inputs[i]);
  }
  out->values = values;
  out->num_values = p->values.num;
  if (fits) return true;
  return mlir_fail(p, op->place,
                   "func.func: its block's arguments are not its type's");
}

bool mlir_func_of_op(mlir_parser *p, const pjrt_mlir_op *op,
                     pjrt_mlir_func *out) {
  const pjrt_mlir_attr *name = find(op, "sym_name", PJRT_MLIR_ATTR_STRING);
  const pjrt_mlir_attr *type = find(op, "function_type", PJRT_MLIR_ATTR_TYPE);
  const pjrt_mlir_attr *visibility =
      find(op, "sym_visibility", PJRT_MLIR_ATTR_STRING);
  if (!name || !type || type->type->kind != PJRT_MLIR_TYPE_FUNCTION ||
      op->num_regions != 1 || op->num_operands || op->num_results) {
    return mlir_fail(p, op->place,
                     "func.func: expected sym_name, a function_type and one "
                     "region");
  }
  *out = (pjrt_mlir_func){
      .name = name->text,
      .place = op->place,
      .is_public = !visibility || strcmp(visibility->text, "public") == 0,
      .type = type->type,
      .attributes = op->attributes};
  return take_dicts(p, op, "arg_attrs", out->type->num_inputs,
                    &out->argument_attributes) &&
         take_dicts(p, op, "res_attrs", out->type->num_results,
                    &out->result_attributes) &&
         take_body(p, op, out);
}
