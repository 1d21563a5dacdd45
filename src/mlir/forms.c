/* Printed forms without regions. */
#include "base/number.h"
#include "mlir/reader.h"

/* --- Behind the colon ---------------------------------------------------- */

static bool take_results(mlir_parser *p, mlir_op_state *state,
                         const mlir_list *types) {
  state->result_types = types->items;
  state->num_result_types = types->num;
  return !p->error;
}

static bool take_result(mlir_parser *p, mlir_op_state *state,
                        const pjrt_mlir_type *type) {
  mlir_list types = {0};
  const pjrt_mlir_type **item = mlir_push(p, &types, sizeof *item);
  if (!item) return false;
  *item = type;
  return take_results(p, state, &types);
}

/* One type for all operands and the result, or (A, B) -> C. */
bool mlir_types_same(mlir_parser *p, mlir_op_state *state) {
  if (mlir_at(p, '(')) return mlir_read_signature(p, state);
  const pjrt_mlir_type *type;
  size_t num = state->operands.num;
  const pjrt_mlir_type **types = mlir_alloc(p, num, sizeof *types);
  if (!types || !mlir_read_type(p, &type)) return false;
  for (size_t i = 0; i < num; i++) types[i] = type;
  return mlir_check_operands(p, state, types, num) &&
         take_result(p, state, type);
}

bool mlir_types_results(mlir_parser *p, mlir_op_state *state) {
  mlir_list types = {0};
  return mlir_check_operands(p, state, NULL, 0) &&
         mlir_read_type_list(p, &types) && take_results(p, state, &types);
}

bool mlir_types_operands(mlir_parser *p, mlir_op_state *state) {
  mlir_list types = {0};
  return mlir_read_type_list(p, &types) &&
         mlir_check_operands(p, state, types.items, types.num);
}

/* The types of the predicate and of the result, or (A, B, B) -> B. */
bool mlir_types_select(mlir_parser *p, mlir_op_state *state) {
  if (mlir_at(p, '(')) return mlir_read_signature(p, state);
  const pjrt_mlir_type *types[3];
  if (!mlir_read_type(p, &types[0]) || !mlir_expect(p, ',') ||
      !mlir_read_type(p, &types[1])) {
    return false;
  }
  types[2] = types[1];
  return mlir_check_operands(p, state, types, 3) &&
         take_result(p, state, types[1]);
}

/* The complex type of the result, or (A, A) -> B. */
bool mlir_types_complex(mlir_parser *p, mlir_op_state *state) {
  if (mlir_at(p, '(')) return mlir_read_signature(p, state);
  pjrt_mlir_place place = p->token.place;
  const pjrt_mlir_type *type;
  if (!mlir_read_type(p, &type)) return false;
  if (type->kind != PJRT_MLIR_TYPE_TENSOR ||
      pjrt_dtype_class_of(type->dtype) != PJRT_CLASS_COMPLEX) {
    return mlir_fail(p, place, "expected a complex tensor type");
  }
  pjrt_mlir_type *part = mlir_alloc(p, 1, sizeof *part);
  if (!part) return false;
  *part = *type;
  part->dtype = type->dtype == PJRT_C64 ? PJRT_F32 : PJRT_F64;
  const pjrt_mlir_type *types[] = {part, part};
  return mlir_check_operands(p, state, types, 2) && take_result(p, state, type);
}

bool mlir_types_tuple(mlir_parser *p, mlir_op_state *state) {
  pjrt_mlir_place place = p->token.place;
  const pjrt_mlir_type *type;
  if (!mlir_read_type(p, &type)) return false;
  if (type->kind != PJRT_MLIR_TYPE_TUPLE) {
    return mlir_fail(p, place, "expected a tuple type");
  }
  return mlir_check_operands(p, state, type->inputs, type->num_inputs) &&
         take_result(p, state, type);
}

/* The operands' types are the results'. */
bool mlir_types_pairwise(mlir_parser *p, mlir_op_state *state) {
  mlir_list types = {0};
  if (mlir_at(p, '(')) return mlir_read_signature(p, state);
  return mlir_read_type_list(p, &types) &&
         mlir_check_operands(p, state, types.items, types.num) &&
         take_results(p, state, &types);
}

/* A, B -> C: no parentheses around the operands' types. */
bool mlir_types_arrow(mlir_parser *p, mlir_op_state *state) {
  mlir_list types = {0};
  if (mlir_at(p, '(')) return mlir_read_signature(p, state);
  return mlir_read_type_list(p, &types) &&
         mlir_check_operands(p, state, types.items, types.num) &&
         mlir_expect_arrow(p) &&
         mlir_read_result_types(p, &state->result_types,
                                &state->num_result_types);
}

/* What most forms end with: {attributes} : types. */
bool mlir_read_end(mlir_parser *p, mlir_op_state *state) {
  return mlir_state_dict(p, state) && mlir_expect(p, ':') &&
         state->row->types(p, state);
}

/* --- Operands and ", key = value" ---------------------------------------- */

static bool state_enum(mlir_parser *p, mlir_op_state *state, const char *attr,
                       const char *kind) {
  mlir_token value;
  return mlir_expect_kind(p, MLIR_WORD, kind, &value) &&
         mlir_state_attr(p, state, attr, mlir_make_enum(p, kind, &value));
}

static bool state_int(mlir_parser *p, mlir_op_state *state, const char *attr) {
  pjrt_mlir_place place = p->token.place;
  int64_t value;
  return mlir_read_int64(p, &value) &&
         mlir_state_attr(p, state, attr, mlir_make_int(p, place, value));
}

bool mlir_state_ints(mlir_parser *p, mlir_op_state *state, const char *attr) {
  const pjrt_mlir_attr *value;
  return mlir_read_int_list(p, &value) &&
         mlir_state_attr(p, state, attr, value);
}

static bool state_bool(mlir_parser *p, mlir_op_state *state, const char *attr) {
  pjrt_mlir_place place = p->token.place;
  bool value = mlir_at_word(p, "true");
  if (!value && !mlir_at_word(p, "false")) {
    return mlir_expected(p, "true or false");
  }
  return mlir_next(p) &&
         mlir_state_attr(p, state, attr, mlir_make_bool(p, place, value));
}

/* [DEFAULT, HIGHEST] */
bool mlir_state_precisions(mlir_parser *p, mlir_op_state *state) {
  pjrt_mlir_attr *array =
      mlir_make_attr(p, PJRT_MLIR_ATTR_ARRAY, p->token.place);
  mlir_list items = {0};
  if (!array || !mlir_expect(p, '[')) return false;
  while (!mlir_at(p, ']')) {
    mlir_token value;
    const pjrt_mlir_attr **item = mlir_push(p, &items, sizeof *item);
    if (!item || !mlir_expect_kind(p, MLIR_WORD, "a precision", &value) ||
        !(*item = mlir_make_enum(p, "precision", &value))) {
      return false;
    }
    if (!mlir_accept(p, ',')) break;
  }
  array->items = items.items;
  array->num_items = items.num;
  return mlir_expect(p, ']') &&
         mlir_state_attr(p, state, "precision_config", array);
}

static bool read_clause(mlir_parser *p, mlir_op_state *state,
                        const mlir_clause *clause) {
  if (!mlir_next(p) || !mlir_expect(p, '=')) return false;
  switch (clause->kind) {
    case MLIR_CLAUSE_INT:
      return state_int(p, state, clause->attr);
    case MLIR_CLAUSE_INTS:
      return mlir_state_ints(p, state, clause->attr);
    case MLIR_CLAUSE_BOOL:
      return state_bool(p, state, clause->attr);
    case MLIR_CLAUSE_ENUM:
      return state_enum(p, state, clause->attr, clause->attr);
    case MLIR_CLAUSE_PRECISIONS:
      return mlir_state_precisions(p, state);
    default:
      return false;
  }
}

/* The clauses of a row end at the first empty one. */
static const mlir_clause *clause_at(const mlir_op_row *row, size_t i) {
  static const mlir_clause none = {0};
  return i < MLIR_MAX_CLAUSES ? &row->clauses[i] : &none;
}

/* Operands, then the row's clauses in their order. */
static bool read_regular(mlir_parser *p, mlir_op_state *state) {
  size_t next = 0;
  bool first = true;
  while (first ? !mlir_at(p, ':') && !mlir_at(p, '{') : mlir_accept(p, ',')) {
    const mlir_clause *clause = clause_at(state->row, next);
    first = false;
    if (next == 0 && mlir_at_kind(p, MLIR_VALUE)) {
      if (!mlir_read_operand(p, state)) return false;
    } else if (clause->key && mlir_at_word(p, clause->key)) {
      if (!read_clause(p, state, clause)) return false;
      next++;
    } else {
      return mlir_expected(p, clause->key ? clause->key : "an operand");
    }
  }
  const mlir_clause *left = clause_at(state->row, next);
  if (left->key && left->kind != MLIR_CLAUSE_PRECISIONS) {
    return mlir_expected(p, left->key);
  }
  return !p->error;
}

bool mlir_form_regular(mlir_parser *p, mlir_op_state *state) {
  return read_regular(p, state) && mlir_read_end(p, state);
}

/* --- Forms of their own -------------------------------------------------- */

static bool state_symbol(mlir_parser *p, mlir_op_state *state, const char *attr,
                         pjrt_mlir_attr_kind kind) {
  mlir_token name;
  if (!mlir_expect_kind(p, MLIR_SYMBOL, "a symbol", &name)) return false;
  pjrt_mlir_attr *value = mlir_make_attr(p, kind, name.place);
  return value && mlir_name_of(p, &name, &value->text, &value->text_size) &&
         mlir_state_attr(p, state, attr, value);
}

/* call @f(%a) : (A) -> B */
bool mlir_form_call(mlir_parser *p, mlir_op_state *state) {
  return state_symbol(p, state, "callee", PJRT_MLIR_ATTR_SYMBOL) &&
         mlir_read_operand_list(p, state) && mlir_read_end(p, state);
}

/* custom_call @target(%a) {...} : (A) -> B */
bool mlir_form_custom_call(mlir_parser *p, mlir_op_state *state) {
  return state_symbol(p, state, "call_target_name", PJRT_MLIR_ATTR_STRING) &&
         mlir_read_operand_list(p, state) && mlir_read_end(p, state);
}

/* compare LT, %a, %b, FLOAT : (A, A) -> B */
bool mlir_form_compare(mlir_parser *p, mlir_op_state *state) {
  if (!state_enum(p, state, "comparison_direction", "comparison_direction") ||
      !mlir_expect(p, ',') || !mlir_read_operand(p, state) ||
      !mlir_expect(p, ',') || !mlir_read_operand(p, state)) {
    return false;
  }
  if (mlir_accept(p, ',') &&
      !state_enum(p, state, "compare_type", "comparison_type")) {
    return false;
  }
  return mlir_read_end(p, state);
}

/* composite "name" %a, %b {...} : (A, B) -> C */
bool mlir_form_composite(mlir_parser *p, mlir_op_state *state) {
  const pjrt_mlir_attr *name;
  if (!mlir_at_kind(p, MLIR_STRING)) return mlir_expected(p, "a string");
  return mlir_read_attr(p, &name) && mlir_state_attr(p, state, "name", name) &&
         read_regular(p, state) && mlir_read_end(p, state);
}

/* constant dense<...> : A, whose type is the attribute's. */
bool mlir_form_constant(mlir_parser *p, mlir_op_state *state) {
  const pjrt_mlir_attr *value;
  if (!mlir_state_dict(p, state)) return false;
  pjrt_mlir_place place = p->token.place;
  if (!mlir_read_attr(p, &value)) return false;
  if (value->kind != PJRT_MLIR_ATTR_DENSE) {
    return mlir_fail(p, place, "expected dense<...>");
  }
  return mlir_state_attr(p, state, "value", value) &&
         take_result(p, state, value->type);
}

/* get_tuple_element %a[0] : (tuple<A>) -> A */
bool mlir_form_get_tuple_element(mlir_parser *p, mlir_op_state *state) {
  return mlir_read_operand(p, state) && mlir_expect(p, '[') &&
         state_int(p, state, "index") && mlir_expect(p, ']') &&
         mlir_read_end(p, state);
}

/* "e5m10" */
static bool read_float_format(mlir_parser *p, int64_t *out_exponent,
                              int64_t *out_mantissa) {
  const char *text = p->token.text;
  size_t size = p->token.size;
  const char *m = memchr(text, 'm', size);
  if (!mlir_at_kind(p, MLIR_WORD) || *text != 'e' || !m ||
      !pjrt_number_read_int64(text + 1, (size_t)(m - text - 1), out_exponent) ||
      !pjrt_number_read_int64(m + 1, (size_t)(text + size - m - 1),
                              out_mantissa)) {
    return mlir_expected(p, "a float format such as e5m10");
  }
  return mlir_next(p);
}

/* reduce_precision %a, format = e5m10 : A */
bool mlir_form_reduce_precision(mlir_parser *p, mlir_op_state *state) {
  if (!mlir_read_operand(p, state) || !mlir_expect(p, ',') ||
      !mlir_expect_word(p, "format") || !mlir_expect(p, '=')) {
    return false;
  }
  pjrt_mlir_place place = p->token.place;
  int64_t exponent = 0;
  int64_t mantissa = 0;
  return read_float_format(p, &exponent, &mantissa) &&
         mlir_state_attr(p, state, "exponent_bits",
                         mlir_make_int(p, place, exponent)) &&
         mlir_state_attr(p, state, "mantissa_bits",
                         mlir_make_int(p, place, mantissa)) &&
         mlir_read_end(p, state);
}

/* return %a, %b : A, B, or return alone. */
bool mlir_form_return(mlir_parser *p, mlir_op_state *state) {
  if (!mlir_at_kind(p, MLIR_VALUE)) return mlir_state_dict(p, state);
  do {
    if (!mlir_read_operand(p, state)) return false;
  } while (mlir_accept(p, ','));
  return mlir_read_end(p, state);
}

/* 0:8 or 0:8:2 */
static bool read_range(mlir_parser *p, int64_t *start, int64_t *limit,
                       int64_t *stride) {
  *stride = 1;
  if (!mlir_read_int64(p, start) || !mlir_expect(p, ':') ||
      !mlir_read_int64(p, limit)) {
    return false;
  }
  return mlir_accept(p, ':') ? mlir_read_int64(p, stride) : !p->error;
}

/* slice %a [0:2, 1:4:2] : (A) -> B */
bool mlir_form_slice(mlir_parser *p, mlir_op_state *state) {
  static const char *const names[] = {"start_indices", "limit_indices",
                                      "strides"};
  int64_t indices[3][PJRT_MLIR_MAX_RANK];
  size_t num = 0;
  if (!mlir_read_operand(p, state)) return false;
  pjrt_mlir_place place = p->token.place;
  if (!mlir_expect(p, '[')) return false;
  while (!mlir_at(p, ']')) {
    if (num == PJRT_MLIR_MAX_RANK) return mlir_expected(p, "']'");
    if (!read_range(p, &indices[0][num], &indices[1][num], &indices[2][num])) {
      return false;
    }
    num++;
    if (!mlir_accept(p, ',')) break;
  }
  for (size_t i = 0; i < 3; i++) {
    if (!mlir_state_attr(p, state, names[i],
                         mlir_make_ints(p, place, indices[i], num))) {
      return false;
    }
  }
  return mlir_expect(p, ']') && mlir_read_end(p, state);
}

/* chlo.top_k(%a, k = 5) : A -> (B, C) */
bool mlir_form_top_k(mlir_parser *p, mlir_op_state *state) {
  return mlir_expect(p, '(') && mlir_read_operand(p, state) &&
         mlir_expect(p, ',') && mlir_expect_word(p, "k") &&
         mlir_expect(p, '=') && state_int(p, state, "k") &&
         mlir_expect(p, ')') && mlir_read_end(p, state);
}

/* mesh @name = <["x"=2]> {...} */
bool mlir_form_mesh(mlir_parser *p, mlir_op_state *state) {
  if (!state_symbol(p, state, "sym_name", PJRT_MLIR_ATTR_STRING) ||
      !mlir_expect(p, '=')) {
    return false;
  }
  if (!mlir_at(p, '<')) return mlir_expected(p, "'<'");
  return mlir_state_opaque(p, state, "mesh") && mlir_state_dict(p, state);
}

bool mlir_state_opaque(mlir_parser *p, mlir_op_state *state, const char *attr) {
  pjrt_mlir_attr *value =
      mlir_make_attr(p, PJRT_MLIR_ATTR_OPAQUE, p->token.place);
  const char *start = p->token.text;
  const char *end;
  if (!value || !mlir_skip_balanced(p, &end)) return false;
  value->text_size = (size_t)(end - start);
  value->text = mlir_copy_text(p, start, value->text_size);
  return value->text && mlir_state_attr(p, state, attr, value);
}
