/* get_dimension_size and set_dimension_size. */
#include <string.h>

#include "base/error.h"
#include "interp/rules.h"

static pjrt_error *read_dimension(sim_prep *prep, const int64_t **out) {
  void *memory;
  PJRT_TRY(sim_program_alloc(prep->program, 1, sizeof(int64_t), &memory));
  int64_t *dim = memory;
  *out = dim;
  PJRT_TRY(pjrt_mlir_op_int(prep->op->source, "dimension", dim));
  return sim_expect_dims(prep, "dimension", dim, 1,
                         prep->operands[0]->num_dims);
}

/* --- get_dimension_size --------------------------------------------------- */

pjrt_error *sim_prepare_get_size(sim_prep *prep, const void **out_plan) {
  const int64_t *dim = NULL;
  PJRT_TRY(sim_expect_counts(prep, 1, 1));
  PJRT_TRY(read_dimension(prep, &dim));
  *out_plan = dim;
  SIM_EXPECT(prep, sim_is_scalar(prep->results, PJRT_S32),
             "the result must be one i32");
  SIM_EXPECT(prep, prep->operands[0]->dims[*dim] <= INT32_MAX,
             "dimension %lld does not fit i32", (long long)*dim);
  return NULL;
}

pjrt_error *sim_compute_get_size(const sim_call *call) {
  const int64_t *dim = call->plan;
  const uint64_t size =
      (uint64_t)sim_tensor_size(call->operands[0], (size_t)*dim);
  sim_store_bits(call->results[0], 0, 1, &size);
  return NULL;
}

/* --- set_dimension_size --------------------------------------------------- */

/* The result is the operand with one more dimension that is dynamic, or
 * another size of one that was so before. */
pjrt_error *sim_prepare_set_size(sim_prep *prep, const void **out_plan) {
  const int64_t *dim = NULL;
  PJRT_TRY(sim_expect_counts(prep, 2, 1));
  PJRT_TRY(read_dimension(prep, &dim));
  *out_plan = dim;
  const sim_type *in = prep->operands[0];
  const sim_type *out = prep->results;
  SIM_EXPECT(prep, sim_is_scalar(prep->operands[1], PJRT_S32),
             "the size must be one i32");
  SIM_EXPECT(
      prep,
      out->dtype == in->dtype && sim_has_dims(out, in->dims, in->num_dims),
      "the result must have the operand's element type, and its dimensions as "
      "bounds");
  if (out->dynamic_dims == (in->dynamic_dims | UINT32_C(1) << *dim)) {
    return NULL;
  }
  return pjrt_mlir_op_error(prep->op->source, PJRT_UNIMPLEMENTED,
                            "only results whose dimension %lld is dynamic, and "
                            "others as in the operand, are supported",
                            (long long)*dim);
}

/* What lies behind the size stays as it is, so that a larger size later brings
 * it back. */
pjrt_error *sim_compute_set_size(const sim_call *call) {
  const size_t dim = (size_t)*(const int64_t *)call->plan;
  const sim_tensor *in = call->operands[0];
  sim_tensor *out = call->results[0];
  const int64_t size = sim_tensor_index(call->operands[1]);
  if (size < 0 || size > out->type.dims[dim]) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "size %lld of dimension %zu, whose bound is %lld",
                             (long long)size, dim,
                             (long long)out->type.dims[dim]);
  }
  for (size_t i = 0; i < in->type.num_dims; i++) {
    out->sizes[i] = sim_tensor_size(in, i);
  }
  out->sizes[dim] = size;
  const size_t bytes = in->type.num_elements * in->element_size;
  if (bytes) memcpy(out->data, in->data, bytes);
  return NULL;
}
