/* compare, select and clamp. */
#include <complex.h>
#include <string.h>

#include "interp/rules.h"
#include "interp/scalar.h"

/* --- compare -------------------------------------------------------------- */

/* What may come out of a comparison, as a set. */
enum { LESS = 1, EQUAL = 2, GREATER = 4, UNORDERED = 8 };

static const struct direction {
  const char *name;
  unsigned set;
} directions[] = {{"EQ", EQUAL},   {"NE", LESS | GREATER | UNORDERED},
                  {"LT", LESS},    {"LE", LESS | EQUAL},
                  {"GT", GREATER}, {"GE", GREATER | EQUAL}};
enum { NUM_DIRECTIONS = sizeof directions / sizeof *directions };

typedef struct compare_plan {
  unsigned set;
  bool is_total; /* floats in the order of their bits: -NaN, ..., NaN */
} compare_plan;

static pjrt_error *read_direction(const sim_prep *prep, unsigned *out) {
  const char *name;
  PJRT_TRY(pjrt_mlir_op_enum(prep->op->source, "comparison_direction", &name));
  for (size_t i = 0; i < NUM_DIRECTIONS; i++) {
    if (strcmp(directions[i].name, name) == 0) {
      *out = directions[i].set;
      return NULL;
    }
  }
  return pjrt_mlir_op_error(prep->op->source, PJRT_INVALID_ARGUMENT,
                            "there is no direction %s", name);
}

pjrt_error *sim_prepare_compare(sim_prep *prep, const void **out_plan) {
  void *memory;
  PJRT_TRY(sim_program_alloc(prep->program, 1, sizeof(compare_plan), &memory));
  compare_plan *plan = memory;
  *out_plan = plan;
  PJRT_TRY(sim_expect_counts(prep, 2, 1));
  const sim_type *type = prep->operands[0];
  SIM_EXPECT(prep, sim_type_equal(type, prep->operands[1]),
             "operands must have the same type");
  SIM_EXPECT(
      prep,
      prep->results->dtype == PJRT_PRED && sim_same_dims(prep->results, type),
      "the result must be one i1 for every element");
  PJRT_TRY(read_direction(prep, &plan->set));
  const char *kind = "";
  if (pjrt_mlir_op_attr(prep->op->source, "compare_type")) {
    PJRT_TRY(pjrt_mlir_op_enum(prep->op->source, "compare_type", &kind));
  }
  pjrt_dtype_class class_of = pjrt_dtype_class_of(type->dtype);
  plan->is_total =
      strcmp(kind, "TOTALORDER") == 0 && class_of == PJRT_CLASS_FLOAT;
  SIM_EXPECT(prep,
             class_of != PJRT_CLASS_COMPLEX || plan->set == EQUAL ||
                 plan->set == (LESS | GREATER | UNORDERED),
             "complex numbers have no order");
  return NULL;
}

static unsigned compare_bits(uint64_t a, uint64_t b, bool is_signed) {
  if (a == b) return EQUAL;
  return (is_signed ? (int64_t)a < (int64_t)b : a < b) ? LESS : GREATER;
}

static unsigned compare_reals(double a, double b) {
  if (a == b) return EQUAL;
  if (a < b) return LESS;
  return a > b ? GREATER : UNORDERED;
}

static uint64_t total_order(uint64_t bits, unsigned width) {
  uint64_t sign = UINT64_C(1) << (width - 1);
  return bits & sign ? (sign << 1) - 1 - bits : bits | sign;
}

static void compare_chunk(const compare_plan *plan, const sim_tensor *a,
                          const sim_tensor *b, size_t first, size_t num,
                          uint64_t *out) {
  union {
    double reals[2][SIM_CHUNK];
    sim_complex pairs[2][SIM_CHUNK];
    uint64_t bits[2][SIM_CHUNK];
  } x;
  pjrt_dtype_class class_of = pjrt_dtype_class_of(a->type.dtype);
  if (class_of == PJRT_CLASS_FLOAT && !plan->is_total) {
    sim_load_reals(a, first, num, x.reals[0]);
    sim_load_reals(b, first, num, x.reals[1]);
    for (size_t i = 0; i < num; i++) {
      out[i] = compare_reals(x.reals[0][i], x.reals[1][i]);
    }
  } else if (class_of == PJRT_CLASS_COMPLEX) {
    sim_load_complex(a, first, num, x.pairs[0]);
    sim_load_complex(b, first, num, x.pairs[1]);
    for (size_t i = 0; i < num; i++) {
      out[i] = x.pairs[0][i] == x.pairs[1][i] ? EQUAL : UNORDERED;
    }
  } else {
    unsigned width = pjrt_dtype_bit_width(a->type.dtype);
    sim_load_bits(a, first, num, x.bits[0]);
    sim_load_bits(b, first, num, x.bits[1]);
    for (size_t i = 0; i < num; i++) {
      uint64_t p = x.bits[0][i];
      uint64_t q = x.bits[1][i];
      out[i] = plan->is_total
                   ? compare_bits(total_order(p, width), total_order(q, width),
                                  false)
                   : compare_bits(p, q, class_of == PJRT_CLASS_SIGNED);
    }
  }
}

pjrt_error *sim_compute_compare(const sim_call *call) {
  const compare_plan *plan = call->plan;
  sim_tensor *out = call->results[0];
  uint64_t outcomes[SIM_CHUNK];
  for (size_t first = 0; first < out->type.num_elements; first += SIM_CHUNK) {
    size_t left = out->type.num_elements - first;
    size_t num = left < SIM_CHUNK ? left : SIM_CHUNK;
    compare_chunk(plan, call->operands[0], call->operands[1], first, num,
                  outcomes);
    for (size_t i = 0; i < num; i++)
      outcomes[i] = (outcomes[i] & plan->set) != 0;
    sim_store_bits(out, first, num, outcomes);
  }
  return NULL;
}

/* --- select --------------------------------------------------------------- */

pjrt_error *sim_prepare_select(sim_prep *prep, const void **out_plan) {
  *out_plan = NULL;
  PJRT_TRY(sim_expect_counts(prep, 3, 1));
  const sim_type *pred = prep->operands[0];
  for (size_t i = 1; i < 3; i++) {
    SIM_EXPECT(prep, sim_type_equal(prep->operands[i], prep->results),
               "operand %zu must have the result's type", i);
  }
  SIM_EXPECT(prep,
             pred->dtype == PJRT_PRED &&
                 (pred->num_dims == 0 || sim_same_dims(pred, prep->results)),
             "the first operand must be one i1, or one for every element");
  return NULL;
}

pjrt_error *sim_compute_select(const sim_call *call) {
  const sim_tensor *pred = call->operands[0];
  sim_tensor *out = call->results[0];
  size_t size = out->element_size;
  const unsigned char *chosen = pred->data;
  for (size_t i = 0; i < out->type.num_elements; i++) {
    bool first = chosen[pred->type.num_dims ? i : 0] & 1;
    const char *from = call->operands[first ? 1 : 2]->data;
    memcpy((char *)out->data + i * size, from + i * size, size);
  }
  return NULL;
}

/* --- clamp ---------------------------------------------------------------- */

pjrt_error *sim_prepare_clamp(sim_prep *prep, const void **out_plan) {
  *out_plan = NULL;
  PJRT_TRY(sim_expect_counts(prep, 3, 1));
  pjrt_dtype dtype = prep->results->dtype;
  SIM_EXPECT(prep, sim_type_equal(prep->operands[1], prep->results),
             "the operand must have the result's type");
  for (size_t i = 0; i < 3; i += 2) {
    SIM_EXPECT(prep,
               sim_is_scalar(prep->operands[i], dtype) ||
                   sim_type_equal(prep->operands[i], prep->results),
               "bounds must be scalars or have the result's type");
  }
  SIM_EXPECT(prep, sim_binary_takes(sim_binary_of(PJRT_MLIR_MAXIMUM), dtype),
             "not defined on %s", pjrt_dtype_name(dtype));
  return NULL;
}

pjrt_error *sim_compute_clamp(const sim_call *call) {
  sim_tensor *out = call->results[0];
  sim_span low = {call->operands[0], 0, call->operands[0]->type.num_dims == 0};
  sim_span x = {call->operands[1], 0, false};
  sim_span high = {call->operands[2], 0, call->operands[2]->type.num_dims == 0};
  sim_span so_far = {out, 0, false};
  size_t num = out->type.num_elements;
  sim_apply_binary(sim_binary_of(PJRT_MLIR_MAXIMUM), low, x, out, 0, num);
  sim_apply_binary(sim_binary_of(PJRT_MLIR_MINIMUM), so_far, high, out, 0, num);
  return NULL;
}
