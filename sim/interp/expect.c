/* Checks that rules share. */
#include <string.h>

#include "base/error.h"
#include "interp/program.h"

pjrt_error *sim_expect_counts(const sim_prep *prep, size_t num_operands,
                              size_t num_results) {
  SIM_EXPECT(prep, prep->num_operands == num_operands,
             "expected %zu operands, got %zu", num_operands,
             prep->num_operands);
  SIM_EXPECT(prep, prep->num_results == num_results,
             "expected %zu results, got %zu", num_results, prep->num_results);
  return sim_expect_arrays(prep);
}

bool sim_has_dims(const sim_type *type, const int64_t *dims, size_t num_dims) {
  if (!sim_is_array(type) || type->num_dims != num_dims) return false;
  return num_dims == 0 ||
         memcmp(type->dims, dims, num_dims * sizeof *dims) == 0;
}

bool sim_same_dims(const sim_type *a, const sim_type *b) {
  return sim_has_dims(a, b->dims, b->num_dims) &&
         a->dynamic_dims == b->dynamic_dims;
}

bool sim_is_array(const sim_type *type) {
  return pjrt_dtype_class_of(type->dtype) != PJRT_CLASS_NONE;
}

bool sim_is_scalar(const sim_type *type, pjrt_dtype dtype) {
  return type->dtype == dtype && type->num_dims == 0;
}

bool sim_is_integer(const sim_type *type) {
  pjrt_dtype_class class_of = pjrt_dtype_class_of(type->dtype);
  return class_of == PJRT_CLASS_SIGNED || class_of == PJRT_CLASS_UNSIGNED;
}

pjrt_error *sim_expect_arrays(const sim_prep *prep) {
  for (size_t i = 0; i < prep->num_operands; i++) {
    SIM_EXPECT(prep, sim_is_array(prep->operands[i]),
               "operand %zu must be an array", i);
  }
  for (size_t i = 0; i < prep->num_results; i++) {
    SIM_EXPECT(prep, sim_is_array(&prep->results[i]),
               "result %zu must be an array", i);
  }
  return NULL;
}

pjrt_error *sim_expect_region(const sim_prep *prep, size_t i,
                              const sim_type *const *arguments,
                              size_t num_arguments,
                              const sim_type *const *results,
                              size_t num_results) {
  const pjrt_mlir_op *op = prep->op->source;
  SIM_EXPECT(prep, i < op->num_regions, "expected %zu regions, got %zu", i + 1,
             op->num_regions);
  const pjrt_mlir_block *block = &op->regions[i];
  const sim_type *types = prep->func->types;
  SIM_EXPECT(prep, block->num_arguments == num_arguments,
             "region %zu must have %zu arguments, and has %zu", i,
             num_arguments, block->num_arguments);
  for (size_t k = 0; k < num_arguments; k++) {
    SIM_EXPECT(prep,
               sim_type_equal(&types[block->first_argument + k], arguments[k]),
               "argument %zu of region %zu has the wrong type", k, i);
  }
  const pjrt_mlir_op *end = sim_terminator(&prep->op->regions[i]);
  SIM_EXPECT(prep, end->num_operands == num_results,
             "region %zu must return %zu values, and returns %zu", i,
             num_results, end->num_operands);
  for (size_t k = 0; k < num_results; k++) {
    SIM_EXPECT(prep, sim_type_equal(&types[end->operands[k]], results[k]),
               "value %zu that region %zu returns has the wrong type", k, i);
  }
  return NULL;
}

pjrt_error *sim_expect_ints(const sim_prep *prep, const char *name, size_t num,
                            const int64_t **out) {
  size_t num_ints;
  PJRT_TRY(pjrt_mlir_op_ints(prep->op->source, name, out, &num_ints));
  SIM_EXPECT(prep, num_ints == num, "%s must have %zu elements, and has %zu",
             name, num, num_ints);
  return NULL;
}

pjrt_error *sim_expect_dims(const sim_prep *prep, const char *what,
                            const int64_t *dims, size_t num, size_t num_dims) {
  for (size_t i = 0; i < num; i++) {
    SIM_EXPECT(prep, dims[i] >= 0 && (size_t)dims[i] < num_dims,
               "%s: there is no dimension %lld among %zu", what,
               (long long)dims[i], num_dims);
    for (size_t k = 0; k < i; k++) {
      SIM_EXPECT(prep, dims[k] != dims[i], "%s: dimension %lld is there twice",
                 what, (long long)dims[i]);
    }
  }
  return NULL;
}

static pjrt_error *check_dynamism(const sim_prep *prep, const sim_type *type,
                                  const char *what, size_t i) {
  sim_dynamism dynamism = prep->op->rule->dynamism;
  if (type->dynamic_dims && dynamism == SIM_REFUSES_DYNAMIC) {
    return pjrt_mlir_op_error(prep->op->source, PJRT_UNIMPLEMENTED,
                              "%s %zu has dynamic dimensions, which this "
                              "operation does not support",
                              what, i);
  }
  if (dynamism == SIM_KEEPS_SIZES && prep->num_results && type->num_dims &&
      type->dynamic_dims != prep->results->dynamic_dims) {
    return pjrt_mlir_op_error(prep->op->source, PJRT_UNIMPLEMENTED,
                              "%s %zu and the result differ in what "
                              "dimensions are dynamic",
                              what, i);
  }
  return NULL;
}

pjrt_error *sim_expect_dynamism(const sim_prep *prep) {
  for (size_t i = 0; i < prep->num_operands; i++) {
    PJRT_TRY(check_dynamism(prep, prep->operands[i], "operand", i));
  }
  for (size_t i = 0; i < prep->num_results; i++) {
    PJRT_TRY(check_dynamism(prep, &prep->results[i], "result", i));
  }
  return NULL;
}

pjrt_error *sim_expect_depth(size_t depth) {
  if (depth <= SIM_MAX_DEPTH) return NULL;
  return pjrt_error_format(PJRT_UNIMPLEMENTED,
                           "regions and calls nest deeper than %d",
                           SIM_MAX_DEPTH);
}
