#include "interp/combine.h"

#include <stdlib.h>
#include <string.h>

#include "interp/scalar.h"

static sim_type scalar_of(const sim_type *type) {
  return (sim_type){.dtype = type->dtype, .num_elements = 1};
}

pjrt_error *sim_expect_combiner(const sim_prep *prep,
                                const sim_type *const *types, size_t num) {
  void *memory;
  PJRT_TRY(sim_program_alloc(prep->program, num, sizeof(sim_type), &memory));
  sim_type *scalars = memory;
  PJRT_TRY(
      sim_program_alloc(prep->program, 2 * num, sizeof(sim_type *), &memory));
  const sim_type **arguments = memory;
  for (size_t i = 0; i < num; i++) {
    scalars[i] = scalar_of(types[i]);
    arguments[i] = arguments[num + i] = &scalars[i];
  }
  return sim_expect_region(prep, 0, arguments, 2 * num, arguments, num);
}

/* The operation of a region that is nothing but one operation on its two
 * arguments, such as add. */
static const sim_binary *only_operation(const sim_block *region,
                                        bool *out_swapped) {
  const pjrt_mlir_block *block = region->source;
  if (block->num_ops != 2 || block->num_arguments != 2) return NULL;
  const pjrt_mlir_op *op = &block->ops[0];
  const sim_binary *row = sim_binary_of(op->id);
  if (!row || block->ops[1].operands[0] != op->first_result) return NULL;
  pjrt_mlir_value a = block->first_argument;
  pjrt_mlir_value b = a + 1;
  *out_swapped = op->operands[0] == b && op->operands[1] == a;
  bool straight = op->operands[0] == a && op->operands[1] == b;
  return straight || *out_swapped ? row : NULL;
}

static void *element_of(const sim_tensor *tensor, size_t i) {
  return (char *)tensor->data + i * tensor->element_size;
}

static pjrt_error *set_scalar(const sim_combination *what,
                              pjrt_mlir_value argument, const sim_tensor *from,
                              size_t i) {
  sim_tensor *scalar;
  sim_type type = scalar_of(&from->type);
  PJRT_TRY(sim_tensor_create(&what->frame->execution->budget, &type, &scalar));
  memcpy(scalar->data, element_of(from, i), from->element_size);
  sim_frame_set(what->frame, argument, what->lane, scalar);
  return NULL;
}

static pjrt_error *combine_element(const sim_combination *what, size_t i) {
  const sim_block *region = &what->op->regions[0];
  pjrt_mlir_value argument = region->source->first_argument;
  sim_lanes lanes = {&what->lane, 1};
  for (size_t k = 0; k < what->num_arrays; k++) {
    pjrt_mlir_value left = argument + (pjrt_mlir_value)k;
    pjrt_mlir_value right = left + (pjrt_mlir_value)what->num_arrays;
    PJRT_TRY(set_scalar(what, left, what->into[k], what->into_first + i));
    PJRT_TRY(set_scalar(what, right, what->from[k], what->from_first + i));
  }
  PJRT_TRY(sim_run_block(what->frame, region, lanes));
  const pjrt_mlir_op *end = sim_terminator(region);
  for (size_t k = 0; k < what->num_arrays; k++) {
    const sim_tensor *result =
        sim_frame_get(what->frame, end->operands[k], what->lane);
    memcpy(element_of(what->into[k], what->into_first + i), result->data,
           result->element_size);
  }
  return NULL;
}

pjrt_error *sim_combine(const sim_combination *what) {
  bool swapped = false;
  const sim_binary *row = only_operation(&what->op->regions[0], &swapped);
  if (row && what->num_arrays == 1) {
    sim_span into = {what->into[0], what->into_first, false};
    sim_span from = {what->from[0], what->from_first, false};
    sim_apply_binary(row, swapped ? from : into, swapped ? into : from,
                     what->into[0], what->into_first, what->num);
    return NULL;
  }
  for (size_t i = 0; i < what->num; i++) PJRT_TRY(combine_element(what, i));
  return NULL;
}
