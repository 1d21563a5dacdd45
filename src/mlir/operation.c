/* One operation: its results, its generic form, its regions. */
#include <stdlib.h>

#include "base/number.h"
#include "mlir/reader.h"

/* --- Values -------------------------------------------------------------- */

bool mlir_define_unnamed(mlir_parser *p, const pjrt_mlir_type *type,
                         pjrt_mlir_place place, pjrt_mlir_value *out) {
  *out = (pjrt_mlir_value)p->values.num;
  pjrt_mlir_value_info *info = mlir_push(p, &p->values, sizeof *info);
  if (!info) return false;
  *info = (pjrt_mlir_value_info){type, place};
  return true;
}

/* `num` values from `first` on are called so from here on. */
static bool name_values(mlir_parser *p, const mlir_token *token,
                        pjrt_mlir_value first, uint32_t num) {
  const mlir_name *before =
      mlir_names_find(&p->in_scope, token->text, token->size);
  if (before) {
    return mlir_fail(p, token->place, "%.*s is defined already, at %u:%u",
                     (int)token->size, token->text, before->place.line,
                     before->place.column);
  }
  mlir_name name = {.text = token->text,
                    .size = token->size,
                    .index = first,
                    .num = num,
                    .place = token->place};
  if (mlir_names_add(&p->in_scope, &name)) return true;
  return mlir_out_of_memory(p);
}

bool mlir_define(mlir_parser *p, const mlir_definition *definition,
                 pjrt_mlir_value *out) {
  return mlir_define_unnamed(p, definition->type, definition->name.place,
                             out) &&
         name_values(p, &definition->name, *out, 1);
}

/* "#1" behind a name of several results. */
static bool read_result_number(mlir_parser *p, const mlir_name *name,
                               uint32_t *out) {
  *out = 0;
  if (!mlir_at_kind(p, MLIR_HASH)) return true;
  int64_t number;
  if (!pjrt_number_read_int64(p->token.text + 1, p->token.size - 1, &number) ||
      number >= name->num) {
    return mlir_fail(p, p->token.place, "%.*s has %u results, not %.*s",
                     (int)name->size, name->text, name->num, (int)p->token.size,
                     p->token.text);
  }
  *out = (uint32_t)number;
  return mlir_next(p);
}

bool mlir_read_operand(mlir_parser *p, mlir_op_state *state) {
  mlir_token token;
  if (!mlir_expect_kind(p, MLIR_VALUE, "a value", &token)) return false;
  const mlir_name *name = mlir_names_find(&p->in_scope, token.text, token.size);
  if (!name) {
    return mlir_fail(p, token.place, "%.*s is not defined before this use",
                     (int)token.size, token.text);
  }
  uint32_t number;
  if (!read_result_number(p, name, &number)) return false;
  mlir_operand *operand = mlir_push(p, &state->operands, sizeof *operand);
  if (!operand) return false;
  *operand = (mlir_operand){name->index + number, token.place};
  return true;
}

bool mlir_read_operand_list(mlir_parser *p, mlir_op_state *state) {
  if (!mlir_expect(p, '(')) return false;
  if (mlir_accept(p, ')')) return true;
  do {
    if (!mlir_read_operand(p, state)) return false;
  } while (mlir_accept(p, ','));
  return mlir_expect(p, ')');
}

bool mlir_check_operands(mlir_parser *p, const mlir_op_state *state,
                         const pjrt_mlir_type *const *types, size_t num) {
  const mlir_operand *operands = state->operands.items;
  const pjrt_mlir_value_info *values = p->values.items;
  if (state->operands.num != num) {
    return mlir_fail(p, state->op.place, "%s: %zu operands and %zu types",
                     state->op.name, state->operands.num, num);
  }
  for (size_t i = 0; i < num; i++) {
    const pjrt_mlir_type *type = values[operands[i].value].type;
    if (pjrt_mlir_type_equal(type, types[i])) continue;
    char is[PJRT_MLIR_TYPE_TEXT_SIZE];
    char used_as[PJRT_MLIR_TYPE_TEXT_SIZE];
    return mlir_fail(p, operands[i].place,
                     "%s: operand %zu is %s, its use says %s", state->op.name,
                     i, pjrt_mlir_type_text(type, is, sizeof is),
                     pjrt_mlir_type_text(types[i], used_as, sizeof used_as));
  }
  return true;
}

bool mlir_read_signature(mlir_parser *p, mlir_op_state *state) {
  const pjrt_mlir_type *type;
  if (!mlir_read_function_type(p, &type)) return false;
  state->result_types = type->results;
  state->num_result_types = type->num_results;
  return mlir_check_operands(p, state, type->inputs, type->num_inputs);
}

/* --- Attributes ---------------------------------------------------------- */

bool mlir_state_attr(mlir_parser *p, mlir_op_state *state, const char *name,
                     const pjrt_mlir_attr *attr) {
  return attr && mlir_add_attr(p, &state->attributes, name, attr);
}

bool mlir_state_dict(mlir_parser *p, mlir_op_state *state) {
  return mlir_at(p, '{') ? mlir_read_dict_items(p, &state->attributes)
                         : !p->error;
}

/* --- Regions ------------------------------------------------------------- */

static bool define_arguments(mlir_parser *p, const mlir_definition *arguments,
                             size_t num, pjrt_mlir_block *out) {
  out->first_argument = (pjrt_mlir_value)p->values.num;
  out->num_arguments = num;
  for (size_t i = 0; i < num; i++) {
    pjrt_mlir_value value;
    if (!mlir_define(p, &arguments[i], &value)) return false;
  }
  return true;
}

bool mlir_read_definitions(mlir_parser *p, mlir_list *out) {
  if (!mlir_expect(p, '(')) return false;
  if (mlir_accept(p, ')')) return true;
  do {
    mlir_definition *definition = mlir_push(p, out, sizeof *definition);
    mlir_definition read;
    if (!definition ||
        !mlir_expect_kind(p, MLIR_VALUE, "an argument", &read.name) ||
        !mlir_expect(p, ':') || !mlir_read_type(p, &read.type) ||
        !mlir_skip_location(p)) {
      return false;
    }
    *definition = read;
  } while (mlir_accept(p, ','));
  return mlir_expect(p, ')');
}

/* ^bb0(%a: tensor<f32>): */
static bool read_label(mlir_parser *p, pjrt_mlir_block *out) {
  mlir_list arguments = {0};
  if (!mlir_next(p)) return false;
  if (mlir_at(p, '(') && !mlir_read_definitions(p, &arguments)) return false;
  return mlir_expect(p, ':') &&
         define_arguments(p, arguments.items, arguments.num, out);
}

static bool read_block(mlir_parser *p, const mlir_definition *arguments,
                       size_t num_arguments, pjrt_mlir_block *out) {
  mlir_list ops = {0};
  if (!mlir_expect(p, '{') ||
      !define_arguments(p, arguments, num_arguments, out)) {
    return false;
  }
  if (!arguments && mlir_at_kind(p, MLIR_BLOCK) && !read_label(p, out)) {
    return false;
  }
  while (!mlir_at(p, '}')) {
    if (mlir_at_kind(p, MLIR_BLOCK)) {
      return mlir_unimplemented(p, p->token.place, "regions of several blocks");
    }
    pjrt_mlir_op op;
    if (!mlir_read_op(p, &op)) return false;
    pjrt_mlir_op *added = mlir_push(p, &ops, sizeof *added);
    if (!added) return false;
    *added = op;
  }
  out->ops = ops.items;
  out->num_ops = ops.num;
  return mlir_expect(p, '}');
}

bool mlir_read_region(mlir_parser *p, const mlir_definition *arguments,
                      size_t num_arguments, pjrt_mlir_block *out) {
  size_t outside = p->in_scope.num;
  *out = (pjrt_mlir_block){0};
  if (!mlir_enter(p) || !read_block(p, arguments, num_arguments, out)) {
    return false;
  }
  mlir_leave(p);
  mlir_names_pop(&p->in_scope, outside);
  return true;
}

bool mlir_state_region(mlir_parser *p, mlir_op_state *state,
                       const mlir_definition *arguments, size_t num_arguments) {
  pjrt_mlir_block block;
  if (!mlir_read_region(p, arguments, num_arguments, &block)) return false;
  pjrt_mlir_block *added = mlir_push(p, &state->regions, sizeof *added);
  if (!added) return false;
  *added = block;
  return true;
}

/* --- The generic form ---------------------------------------------------- */

/* ({ ... }, { ... }) */
static bool read_region_list(mlir_parser *p, mlir_op_state *state) {
  if (!mlir_expect(p, '(')) return false;
  do {
    if (!mlir_state_region(p, state, NULL, 0)) return false;
  } while (mlir_accept(p, ','));
  return mlir_expect(p, ')');
}

/* "name"(%a) <{properties}> ({regions}) {attributes} : (A) -> B, behind the
 * name. */
static bool read_generic(mlir_parser *p, mlir_op_state *state) {
  if (!mlir_read_operand_list(p, state)) return false;
  if (mlir_at(p, '[')) {
    return mlir_unimplemented(p, p->token.place, "successor blocks");
  }
  if (mlir_accept(p, '<') &&
      (!mlir_read_dict_items(p, &state->attributes) || !mlir_expect(p, '>'))) {
    return false;
  }
  if (mlir_at(p, '(') && !read_region_list(p, state)) return false;
  return mlir_state_dict(p, state) && mlir_expect(p, ':') &&
         mlir_read_signature(p, state);
}

/* --- One operation ------------------------------------------------------- */

/* Within functions the dialect func needs no prefix. */
static const char *full_name(const char *name) {
  if (strcmp(name, "call") == 0) return "func.call";
  return strcmp(name, "return") == 0 ? "func.return" : name;
}

static bool read_name(mlir_parser *p, mlir_op_state *state) {
  mlir_token token = p->token;
  const char *name;
  size_t size;
  if (token.kind != MLIR_STRING && token.kind != MLIR_WORD) {
    return mlir_expected(p, "an operation");
  }
  if (!mlir_next(p) || !mlir_name_of(p, &token, &name, &size)) return false;
  if (!size || memchr(name, '\0', size)) {
    return mlir_fail(p, token.place,
                     "an operation's name is empty or has a "
                     "NUL byte");
  }
  state->op.place = token.place;
  state->op.name = full_name(name);
  const mlir_name *known =
      mlir_names_find(&p->op_names, state->op.name, strlen(state->op.name));
  if (!known) return true;
  state->op.id = (pjrt_mlir_op_id)known->index;
  state->row = mlir_op_row_of(state->op.id);
  return true;
}

static bool read_form(mlir_parser *p, mlir_op_state *state) {
  bool generic = mlir_at_kind(p, MLIR_STRING);
  if (!read_name(p, state)) return false;
  if (generic) return read_generic(p, state);
  if (state->row && state->row->form) return state->row->form(p, state);
  return mlir_unimplemented(p, state->op.place,
                            "%s in a printed form: only its generic form, "
                            "\"%s\"(...), can be read",
                            state->op.name, state->op.name);
}

typedef struct result_name {
  mlir_token token;
  uint32_t num;
} result_name;

/* %a, %b:2 = */
static bool read_result_names(mlir_parser *p, mlir_list *out) {
  if (!mlir_at_kind(p, MLIR_VALUE)) return !p->error;
  do {
    result_name *name = mlir_push(p, out, sizeof *name);
    int64_t num = 1;
    if (!name || !mlir_expect_kind(p, MLIR_VALUE, "a result", &name->token)) {
      return false;
    }
    if (mlir_accept(p, ':') && !mlir_read_int64(p, &num)) return false;
    if (num < 1 || num > UINT32_MAX) {
      return mlir_fail(p, name->token.place, "%lld results", (long long)num);
    }
    name->num = (uint32_t)num;
  } while (mlir_accept(p, ','));
  return mlir_expect(p, '=');
}

static bool define_results(mlir_parser *p, const mlir_list *names,
                           mlir_op_state *state) {
  const result_name *name = names->items;
  pjrt_mlir_value first = (pjrt_mlir_value)p->values.num;
  uint64_t named = 0;
  for (size_t i = 0; i < names->num; i++) named += name[i].num;
  state->op.first_result = first;
  state->op.num_results = state->num_result_types;
  if (names->num && named != state->num_result_types) {
    return mlir_fail(p, name->token.place, "%s: %zu results, named are %llu",
                     state->op.name, state->num_result_types,
                     (unsigned long long)named);
  }
  for (size_t i = 0; i < state->num_result_types; i++) {
    pjrt_mlir_value value;
    pjrt_mlir_place place = names->num ? name->token.place : state->op.place;
    if (!mlir_define_unnamed(p, state->result_types[i], place, &value)) {
      return false;
    }
  }
  for (size_t i = 0; i < names->num; first += name[i++].num) {
    if (!name_values(p, &name[i].token, first, name[i].num)) return false;
  }
  return true;
}

/* Moves what was gathered into the operation. */
static bool finish(mlir_parser *p, mlir_op_state *state, pjrt_mlir_op *out) {
  const mlir_operand *operands = state->operands.items;
  pjrt_mlir_value *values = mlir_alloc(p, state->operands.num, sizeof *values);
  if (!values) return false;
  for (size_t i = 0; i < state->operands.num; i++) {
    values[i] = operands[i].value;
  }
  state->op.operands = values;
  state->op.num_operands = state->operands.num;
  state->op.regions = state->regions.items;
  state->op.num_regions = state->regions.num;
  *out = state->op;
  return mlir_make_dict(p, &state->attributes, state->op.place,
                        &out->attributes);
}

bool mlir_read_op(mlir_parser *p, pjrt_mlir_op *out) {
  mlir_op_state state = {0};
  mlir_list names = {0};
  return mlir_enter(p) && read_result_names(p, &names) &&
         read_form(p, &state) && mlir_skip_location(p) &&
         define_results(p, &names, &state) && finish(p, &state, out) &&
         (mlir_leave(p), true);
}
