/* What a tree must hold beyond its grammar. */
#include <stdlib.h>

#include "mlir/reader.h"

typedef struct call {
  uint32_t callee;
  pjrt_mlir_place place;
} call;

typedef struct verifier {
  mlir_parser *p;
  const pjrt_mlir_func *func; /* NULL outside of functions */
  mlir_list calls;            /* call; those of one function together */
  uint32_t *first_call;       /* of each function, and one more */
  uint32_t *height;           /* of each function; 0: not known yet */
  bool *active;
} verifier;

static bool fail(const verifier *v, const pjrt_mlir_op *op, const char *what) {
  return mlir_fail(v->p, op->place, "%s: %s", op->name, what);
}

static const pjrt_mlir_type *type_of(const verifier *v, pjrt_mlir_value value) {
  return v->func->values[value].type;
}

/* --- How many of what ---------------------------------------------------- */

/* `rule` is a number, or ~n for n or more. */
static bool check_num(const verifier *v, const pjrt_mlir_op *op,
                      const char *things, size_t num, int64_t rule) {
  bool at_least = rule < 0;
  size_t expected = (size_t)(at_least ? ~rule : rule);
  if (at_least ? num >= expected : num == expected) return true;
  return mlir_fail(v->p, op->place, "%s: expected %s%zu %s, got %zu", op->name,
                   at_least ? "at least " : "", expected, things, num);
}

static bool check_row(const verifier *v, const pjrt_mlir_op *op) {
  const mlir_op_row *row = mlir_op_row_of(op->id);
  return !row ||
         (check_num(v, op, "operands", op->num_operands, row->operands) &&
          check_num(v, op, "results", op->num_results, row->results) &&
          check_num(v, op, "regions", op->num_regions, row->regions));
}

/* --- Regions ------------------------------------------------------------- */

typedef enum count {
  NONE,
  ONE,
  TWO,
  OPERANDS,
  RESULTS,
  TWICE_OPERANDS,
  TWICE_RESULTS,
  TWICE_RESULTS_AND_ONE,
  ANY
} count;

/* Operations whose counts depend on one another. */
static const struct rule {
  pjrt_mlir_op_id id;
  count operands;
  count arguments; /* of each region's block */
  count returned;  /* by each region */
} rules[] = {
    {PJRT_MLIR_ALL_GATHER, RESULTS, NONE, NONE},
    {PJRT_MLIR_ALL_REDUCE, RESULTS, TWO, ONE},
    {PJRT_MLIR_ALL_TO_ALL, RESULTS, NONE, NONE},
    {PJRT_MLIR_CASE, ONE, NONE, RESULTS},
    {PJRT_MLIR_COLLECTIVE_BROADCAST, RESULTS, NONE, NONE},
    {PJRT_MLIR_COLLECTIVE_PERMUTE, RESULTS, NONE, NONE},
    {PJRT_MLIR_IF, ONE, NONE, RESULTS},
    {PJRT_MLIR_MAP, ANY, OPERANDS, ONE},
    {PJRT_MLIR_OPTIMIZATION_BARRIER, RESULTS, NONE, NONE},
    {PJRT_MLIR_REDUCE, TWICE_RESULTS, TWICE_RESULTS, RESULTS},
    {PJRT_MLIR_REDUCE_SCATTER, ONE, TWO, ONE},
    {PJRT_MLIR_REDUCE_WINDOW, TWICE_RESULTS, TWICE_RESULTS, RESULTS},
    {PJRT_MLIR_SCATTER, TWICE_RESULTS_AND_ONE, TWICE_RESULTS, RESULTS},
    {PJRT_MLIR_SDY_MANUAL_COMPUTATION, ANY, OPERANDS, RESULTS},
    {PJRT_MLIR_SELECT_AND_SCATTER, ANY, TWO, ONE},
    {PJRT_MLIR_SORT, RESULTS, TWICE_OPERANDS, ONE},
    {PJRT_MLIR_WHILE, RESULTS, OPERANDS, ANY},
};

static const struct rule *rule_of(const pjrt_mlir_op *op) {
  for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
    if (rules[i].id == op->id) return &rules[i];
  }
  return NULL;
}

static int64_t count_of(const pjrt_mlir_op *op, count counted) {
  int64_t operands = (int64_t)op->num_operands;
  int64_t results = (int64_t)op->num_results;
  switch (counted) {
    case NONE:
      return 0;
    case ONE:
      return 1;
    case TWO:
      return 2;
    case OPERANDS:
      return operands;
    case RESULTS:
      return results;
    case TWICE_OPERANDS:
      return 2 * operands;
    case TWICE_RESULTS:
      return 2 * results;
    case TWICE_RESULTS_AND_ONE:
      return 2 * results + 1;
    default:
      return ~0;
  }
}

static const pjrt_mlir_op *last_op(const pjrt_mlir_block *block) {
  return &block->ops[block->num_ops - 1];
}

static bool check_regions(const verifier *v, const pjrt_mlir_op *op,
                          const struct rule *rule) {
  for (size_t i = 0; i < op->num_regions; i++) {
    const pjrt_mlir_block *block = &op->regions[i];
    if (!check_num(v, op, "block arguments", block->num_arguments,
                   count_of(op, rule->arguments)) ||
        !check_num(v, op, "returned values", last_op(block)->num_operands,
                   count_of(op, rule->returned))) {
      return false;
    }
  }
  return true;
}

/* --- Types --------------------------------------------------------------- */

static bool same_types(const verifier *v, const pjrt_mlir_value *values,
                       pjrt_mlir_value first, size_t num) {
  for (size_t i = 0; i < num; i++) {
    pjrt_mlir_value other = first + (pjrt_mlir_value)i;
    if (!pjrt_mlir_type_equal(type_of(v, values[i]), type_of(v, other))) {
      return false;
    }
  }
  return true;
}

/* Operands, arguments, what the body returns and the results are all of the
 * same types; the condition returns one boolean. */
static bool check_while(const verifier *v, const pjrt_mlir_op *op) {
  size_t num = op->num_operands;
  const pjrt_mlir_op *condition = last_op(&op->regions[0]);
  const pjrt_mlir_op *body = last_op(&op->regions[1]);
  if (condition->num_operands != 1 || body->num_operands != num) {
    return fail(v, op, "its regions return a wrong number of values");
  }
  const pjrt_mlir_type *type = type_of(v, condition->operands[0]);
  if (type->kind != PJRT_MLIR_TYPE_TENSOR || type->dtype != PJRT_PRED ||
      type->num_dims != 0) {
    return fail(v, op, "its condition is not a tensor<i1>");
  }
  for (size_t i = 0; i < 2; i++) {
    if (!same_types(v, op->operands, op->regions[i].first_argument, num)) {
      return fail(v, op, "its operands' types are not its arguments'");
    }
  }
  return (same_types(v, op->operands, op->first_result, num) &&
          same_types(v, body->operands, op->first_result, num)) ||
         fail(v, op, "its operands, results and what it returns differ");
}

static bool check_branches(const verifier *v, const pjrt_mlir_op *op) {
  for (size_t i = 0; i < op->num_regions; i++) {
    if (!same_types(v, last_op(&op->regions[i])->operands, op->first_result,
                    op->num_results)) {
      return fail(v, op, "a region returns other types than its results'");
    }
  }
  return true;
}

static bool check_constant(const verifier *v, const pjrt_mlir_op *op) {
  const pjrt_mlir_attr *value = pjrt_mlir_op_attr(op, "value");
  return (value && value->kind == PJRT_MLIR_ATTR_DENSE &&
          pjrt_mlir_type_equal(value->type, type_of(v, op->first_result))) ||
         fail(v, op, "its value is not of its result's type");
}

static bool check_tuple(const verifier *v, const pjrt_mlir_op *op) {
  const pjrt_mlir_type *type = type_of(v, op->first_result);
  bool good = type->kind == PJRT_MLIR_TYPE_TUPLE &&
              type->num_inputs == op->num_operands;
  for (size_t i = 0; good && i < op->num_operands; i++) {
    good = pjrt_mlir_type_equal(type_of(v, op->operands[i]), type->inputs[i]);
  }
  return good || fail(v, op, "its result is not a tuple of its operands");
}

static bool check_element(const verifier *v, const pjrt_mlir_op *op) {
  const pjrt_mlir_attr *index = pjrt_mlir_op_attr(op, "index");
  const pjrt_mlir_type *type = type_of(v, op->operands[0]);
  return (index && index->kind == PJRT_MLIR_ATTR_INT &&
          type->kind == PJRT_MLIR_TYPE_TUPLE && index->integer >= 0 &&
          (uint64_t)index->integer < type->num_inputs &&
          pjrt_mlir_type_equal(type->inputs[index->integer],
                               type_of(v, op->first_result))) ||
         fail(v, op, "its result is not the element of its operand at index");
}

/* --- Calls --------------------------------------------------------------- */

static bool check_signature(const verifier *v, const pjrt_mlir_op *op,
                            const pjrt_mlir_func *callee) {
  const pjrt_mlir_type *type = callee->type;
  bool good = type->num_inputs == op->num_operands &&
              type->num_results == op->num_results;
  for (size_t i = 0; good && i < op->num_operands; i++) {
    good = pjrt_mlir_type_equal(type_of(v, op->operands[i]), type->inputs[i]);
  }
  for (size_t i = 0; good && i < op->num_results; i++) {
    pjrt_mlir_value result = op->first_result + (pjrt_mlir_value)i;
    good = pjrt_mlir_type_equal(type_of(v, result), type->results[i]);
  }
  if (good) return true;
  return mlir_fail(v->p, op->place, "%s: its types are not those of @%s",
                   op->name, callee->name);
}

/* The tree is constant for its readers; here it is still being made. */
static bool check_call(verifier *v, const pjrt_mlir_op *op,
                       const char *attr_name) {
  const pjrt_mlir_attr *attr = pjrt_mlir_op_attr(op, attr_name);
  if (!attr || attr->kind != PJRT_MLIR_ATTR_SYMBOL) {
    return mlir_fail(v->p, op->place, "%s: %s is not a function's name",
                     op->name, attr_name);
  }
  const mlir_name *name =
      mlir_names_find(&v->p->func_names, attr->text, attr->text_size);
  if (!name) {
    return mlir_fail(v->p, op->place, "%s: there is no function @%s", op->name,
                     attr->text);
  }
  const pjrt_mlir_func *callee = &v->p->module->funcs[name->index];
  if (callee->is_declaration) {
    return mlir_fail(v->p, op->place, "%s: @%s has no body", op->name,
                     callee->name);
  }
  ((pjrt_mlir_op *)op)->callee = callee;
  call *added = mlir_push(v->p, &v->calls, sizeof *added);
  if (!added) return false;
  *added = (call){name->index, op->place};
  return check_signature(v, op, callee);
}

/* How many functions call one another below this one, and it. */
static bool measure(verifier *v, uint32_t func, uint32_t depth) {
  const pjrt_mlir_func *funcs = v->p->module->funcs;
  const call *calls = v->calls.items;
  uint32_t height = 1;
  v->active[func] = true;
  for (uint32_t i = v->first_call[func]; i < v->first_call[func + 1]; i++) {
    uint32_t callee = calls[i].callee;
    if (v->active[callee]) {
      return mlir_fail(v->p, calls[i].place, "@%s calls itself",
                       funcs[callee].name);
    }
    if (depth == PJRT_MLIR_MAX_CALL_DEPTH ||
        (!v->height[callee] && !measure(v, callee, depth + 1))) {
      return mlir_fail(v->p, calls[i].place, "calls more than %d deep",
                       PJRT_MLIR_MAX_CALL_DEPTH);
    }
    if (height <= v->height[callee]) height = v->height[callee] + 1;
  }
  v->active[func] = false;
  v->height[func] = height;
  return height <= PJRT_MLIR_MAX_CALL_DEPTH ||
         mlir_fail(v->p, funcs[func].place, "calls more than %d deep",
                   PJRT_MLIR_MAX_CALL_DEPTH);
}

/* --- Blocks -------------------------------------------------------------- */

static bool is_terminator(pjrt_mlir_op_id id) {
  return id == PJRT_MLIR_RETURN || id == PJRT_MLIR_FUNC_RETURN ||
         id == PJRT_MLIR_SDY_RETURN;
}

/* How the regions of an operation end; PJRT_MLIR_OTHER: however they like. */
static pjrt_mlir_op_id terminator_of(pjrt_mlir_op_id id) {
  if (id == PJRT_MLIR_SDY_MANUAL_COMPUTATION) return PJRT_MLIR_SDY_RETURN;
  return id == PJRT_MLIR_OTHER ? PJRT_MLIR_OTHER : PJRT_MLIR_RETURN;
}

static bool check_details(verifier *v, const pjrt_mlir_op *op) {
  switch (op->id) {
    case PJRT_MLIR_CASE:
    case PJRT_MLIR_IF:
      return check_branches(v, op);
    case PJRT_MLIR_CONSTANT:
      return check_constant(v, op);
    case PJRT_MLIR_WHILE:
      return check_while(v, op);
    case PJRT_MLIR_TUPLE:
      return check_tuple(v, op);
    case PJRT_MLIR_GET_TUPLE_ELEMENT:
      return check_element(v, op);
    case PJRT_MLIR_FUNC_CALL:
      return check_call(v, op, "callee");
    case PJRT_MLIR_COMPOSITE:
      return check_call(v, op, "decomposition");
    default:
      return true;
  }
}

static bool check_block(verifier *v, const pjrt_mlir_block *block,
                        pjrt_mlir_op_id terminator, pjrt_mlir_place place);

static bool check_op(verifier *v, const pjrt_mlir_op *op) {
  const struct rule *rule = rule_of(op);
  if (!check_row(v, op)) return false;
  if (rule && !check_num(v, op, "operands", op->num_operands,
                         count_of(op, rule->operands))) {
    return false;
  }
  for (size_t i = 0; i < op->num_regions; i++) {
    if (!check_block(v, &op->regions[i], terminator_of(op->id), op->place)) {
      return false;
    }
  }
  return (!rule || check_regions(v, op, rule)) && check_details(v, op);
}

static bool check_block(verifier *v, const pjrt_mlir_block *block,
                        pjrt_mlir_op_id terminator, pjrt_mlir_place place) {
  for (size_t i = 0; i < block->num_ops; i++) {
    const pjrt_mlir_op *op = &block->ops[i];
    bool last = i + 1 == block->num_ops;
    if (is_terminator(op->id) && (!last || op->id != terminator) &&
        (terminator != PJRT_MLIR_OTHER || !last)) {
      return fail(v, op, "ends no block here");
    }
    if (!check_op(v, op)) return false;
  }
  if (terminator == PJRT_MLIR_OTHER ||
      (block->num_ops && last_op(block)->id == terminator)) {
    return true;
  }
  return mlir_fail(v->p, place, "a block does not end in %s",
                   pjrt_mlir_op_name(terminator));
}

/* --- Functions ----------------------------------------------------------- */

static bool check_func(verifier *v, const pjrt_mlir_func *func) {
  v->func = func;
  if (func->is_declaration) return true;
  if (!check_block(v, &func->body, PJRT_MLIR_FUNC_RETURN, func->place)) {
    return false;
  }
  const pjrt_mlir_op *end = last_op(&func->body);
  bool good = end->num_operands == func->type->num_results;
  for (size_t i = 0; good && i < end->num_operands; i++) {
    good = pjrt_mlir_type_equal(type_of(v, end->operands[i]),
                                func->type->results[i]);
  }
  if (good) return true;
  return mlir_fail(v->p, end->place, "%s: its types are not the results of @%s",
                   end->name, func->name);
}

bool mlir_verify(mlir_parser *p) {
  const pjrt_mlir_module *module = p->module;
  size_t num = module->num_funcs;
  verifier v = {.p = p,
                .first_call = mlir_alloc(p, num + 1, sizeof(uint32_t)),
                .height = mlir_alloc(p, num, sizeof(uint32_t)),
                .active = mlir_alloc(p, num, sizeof(bool))};
  if (p->error) return false;
  for (size_t i = 0; i < num; i++) {
    if (!check_func(&v, &module->funcs[i])) return false;
    v.first_call[i + 1] = (uint32_t)v.calls.num;
  }
  for (uint32_t i = 0; i < num; i++) {
    if (!v.height[i] && !measure(&v, i, 1)) return false;
  }
  for (size_t i = 0; i < module->num_ops; i++) {
    if (!check_row(&v, &module->ops[i])) return false;
  }
  return true;
}
