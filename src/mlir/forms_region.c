/* The printed forms that have regions: reduce, while, manual_computation. */
#include "mlir/reader.h"

/* --- reduce -------------------------------------------------------------- */

/* (%a init: %b), ...: the operands are all inputs, then all initial values. */
static bool read_reduce_operands(mlir_parser *p, mlir_op_state *state) {
  mlir_op_state inits = {.op = state->op};
  do {
    if (!mlir_expect(p, '(') || !mlir_read_operand(p, state) ||
        !mlir_expect_word(p, "init") || !mlir_expect(p, ':') ||
        !mlir_read_operand(p, &inits) || !mlir_expect(p, ')')) {
      return false;
    }
  } while (mlir_accept(p, ','));
  const mlir_operand *items = inits.operands.items;
  for (size_t i = 0; i < inits.operands.num; i++) {
    mlir_operand *operand = mlir_push(p, &state->operands, sizeof *operand);
    if (!operand) return false;
    *operand = items[i];
  }
  return !p->error;
}

/* "applies stablehlo.add": the operation of two values and one result. */
static bool read_applied(mlir_parser *p, pjrt_mlir_op_id *out) {
  mlir_token token;
  if (!mlir_expect_kind(p, MLIR_WORD, "an operation", &token)) return false;
  const mlir_name *name = mlir_names_find(&p->op_names, token.text, token.size);
  *out = name ? (pjrt_mlir_op_id)name->index : PJRT_MLIR_OTHER;
  const mlir_op_row *row = mlir_op_row_of(*out);
  if (row && row->operands == 2 && row->results == 1 && row->types &&
      row->form == mlir_form_regular && !row->clauses[0].key) {
    return true;
  }
  return mlir_fail(p, token.place,
                   "expected an operation of two values, got '%.*s'",
                   (int)token.size, token.text);
}

/* The region that "applies OP" stands for: { ^bb0(%0, %1): %2 = OP %0, %1;
 * return %2 }. */
static bool make_reducer(mlir_parser *p, mlir_op_state *state,
                         pjrt_mlir_op_id id) {
  const mlir_operand *operands = state->operands.items;
  const pjrt_mlir_value_info *values = p->values.items;
  pjrt_mlir_place place = state->op.place;
  if (state->operands.num != 2) {
    return mlir_fail(p, place, "%s: 'applies' reduces one operand, got %zu",
                     state->op.name, state->operands.num / 2);
  }
  const pjrt_mlir_type *type = values[operands[1].value].type;
  pjrt_mlir_op *ops = mlir_alloc(p, 2, sizeof *ops);
  pjrt_mlir_value *value = mlir_alloc(p, 3, sizeof *value);
  pjrt_mlir_block *block = mlir_push(p, &state->regions, sizeof *block);
  if (!ops || !value || !block) return false;
  for (size_t i = 0; i < 3; i++) {
    if (!mlir_define_unnamed(p, type, place, &value[i])) return false;
  }
  ops[0] = (pjrt_mlir_op){.id = id,
                          .name = mlir_op_row_of(id)->name,
                          .place = place,
                          .operands = value,
                          .num_operands = 2,
                          .first_result = value[2],
                          .num_results = 1};
  ops[1] = (pjrt_mlir_op){.id = PJRT_MLIR_RETURN,
                          .name = mlir_op_row_of(PJRT_MLIR_RETURN)->name,
                          .place = place,
                          .operands = &value[2],
                          .num_operands = 1,
                          .first_result = value[2] + 1};
  *block = (pjrt_mlir_block){value[0], 2, ops, 2};
  return true;
}

/* reducer(%a: A, %b: A) (%c: C, %d: C) {...}: the block's arguments are the
 * first of each pair, then the second of each. */
static bool read_reducer(mlir_parser *p, mlir_op_state *state) {
  mlir_list pairs = {0};
  while (mlir_at(p, '(')) {
    pjrt_mlir_place place = p->token.place;
    size_t before = pairs.num;
    if (!mlir_read_definitions(p, &pairs)) return false;
    if (pairs.num != before + 2) {
      return mlir_fail(p, place, "a reducer takes pairs of arguments");
    }
  }
  const mlir_definition *pair = pairs.items;
  mlir_definition *arguments = mlir_alloc(p, pairs.num, sizeof *arguments);
  if (!arguments) return false;
  for (size_t i = 0; i < pairs.num; i++) {
    arguments[i % 2 * (pairs.num / 2) + i / 2] = pair[i];
  }
  return mlir_state_region(p, state, arguments, pairs.num);
}

static bool read_dimensions(mlir_parser *p, mlir_op_state *state) {
  return mlir_expect_word(p, "across") && mlir_expect_word(p, "dimensions") &&
         mlir_expect(p, '=') && mlir_state_ints(p, state, "dimensions");
}

/* reduce(%a init: %b) applies stablehlo.add across dimensions = [0] : ...
 * reduce(%a init: %b) across dimensions = [0] : ... reducer(...) {...} */
bool mlir_form_reduce(mlir_parser *p, mlir_op_state *state) {
  pjrt_mlir_op_id applied = PJRT_MLIR_OTHER;
  if (!read_reduce_operands(p, state)) return false;
  bool applies = mlir_accept_word(p, "applies");
  if (applies && !read_applied(p, &applied)) return false;
  if (!read_dimensions(p, state) || !mlir_state_dict(p, state) ||
      !mlir_expect(p, ':') || !mlir_read_signature(p, state)) {
    return false;
  }
  if (applies) return make_reducer(p, state, applied);
  return mlir_expect_word(p, "reducer") && read_reducer(p, state);
}

/* --- while --------------------------------------------------------------- */

/* (%name = %value, ...) */
static bool read_assignments(mlir_parser *p, mlir_op_state *state,
                             mlir_list *names) {
  if (!mlir_expect(p, '(')) return false;
  if (mlir_accept(p, ')')) return true;
  do {
    mlir_definition *name = mlir_push(p, names, sizeof *name);
    if (!name || !mlir_expect_kind(p, MLIR_VALUE, "an argument", &name->name) ||
        !mlir_expect(p, '=') || !mlir_read_operand(p, state)) {
      return false;
    }
  } while (mlir_accept(p, ','));
  return mlir_expect(p, ')');
}

/* The types of the operands, which are the arguments' and the results'. */
static bool read_while_types(mlir_parser *p, mlir_op_state *state,
                             mlir_list *names) {
  mlir_list types = {0};
  mlir_definition *name = names->items;
  if (names->num == 0) return !p->error;
  if (!mlir_expect(p, ':') || !mlir_read_type_list(p, &types) ||
      !mlir_check_operands(p, state, types.items, types.num)) {
    return false;
  }
  state->result_types = types.items;
  state->num_result_types = types.num;
  for (size_t i = 0; i < names->num; i++) {
    name[i].type = state->result_types[i];
  }
  return true;
}

/* while(%a = %0) : A attributes {...} cond {...} do {...} */
bool mlir_form_while(mlir_parser *p, mlir_op_state *state) {
  mlir_list names = {0};
  if (!read_assignments(p, state, &names) ||
      !read_while_types(p, state, &names)) {
    return false;
  }
  if (mlir_accept_word(p, "attributes") &&
      !mlir_read_dict_items(p, &state->attributes)) {
    return false;
  }
  return mlir_expect_word(p, "cond") &&
         mlir_state_region(p, state, names.items, names.num) &&
         mlir_expect_word(p, "do") &&
         mlir_state_region(p, state, names.items, names.num);
}

/* --- sdy.manual_computation ---------------------------------------------- */

static bool read_kept(mlir_parser *p, mlir_op_state *state, const char *name) {
  return mlir_expect_word(p, name) && mlir_expect(p, '=') &&
         mlir_state_opaque(p, state, name);
}

/* manual_computation(%a) in_shardings=[...] out_shardings=[...]
 * manual_axes={...} (%b: B) {...} : (A) -> C */
bool mlir_form_manual_computation(mlir_parser *p, mlir_op_state *state) {
  mlir_list arguments = {0};
  return mlir_read_operand_list(p, state) &&
         read_kept(p, state, "in_shardings") &&
         read_kept(p, state, "out_shardings") &&
         read_kept(p, state, "manual_axes") &&
         mlir_read_definitions(p, &arguments) &&
         mlir_state_region(p, state, arguments.items, arguments.num) &&
         mlir_state_dict(p, state) && mlir_expect(p, ':') &&
         mlir_read_signature(p, state);
}
