/* slice, dynamic_slice and dynamic_update_slice. */
#include <string.h>

#include "interp/copy.h"
#include "interp/rules.h"

typedef struct slice_plan {
  const int64_t *starts;
  const int64_t *strides;
} slice_plan;

pjrt_error *sim_prepare_slice(sim_prep *prep, const void **out_plan) {
  void *memory;
  const int64_t *limits;
  PJRT_TRY(sim_expect_counts(prep, 1, 1));
  PJRT_TRY(sim_program_alloc(prep->program, 1, sizeof(slice_plan), &memory));
  slice_plan *plan = memory;
  *out_plan = plan;
  const sim_type *in = prep->operands[0];
  const sim_type *out = prep->results;
  size_t rank = in->num_dims;
  PJRT_TRY(sim_expect_ints(prep, "start_indices", rank, &plan->starts));
  PJRT_TRY(sim_expect_ints(prep, "limit_indices", rank, &limits));
  PJRT_TRY(sim_expect_ints(prep, "strides", rank, &plan->strides));
  SIM_EXPECT(prep, out->dtype == in->dtype && out->num_dims == rank,
             "the result must have the operand's element type and rank");
  for (size_t i = 0; i < rank; i++) {
    int64_t start = plan->starts[i];
    int64_t stride = plan->strides[i];
    SIM_EXPECT(prep,
               0 <= start && start <= limits[i] && limits[i] <= in->dims[i] &&
                   stride > 0,
               "there is no slice [%lld:%lld:%lld] of dimension %zu",
               (long long)start, (long long)limits[i], (long long)stride, i);
    int64_t span = limits[i] - start;
    SIM_EXPECT(prep, out->dims[i] == span / stride + (span % stride != 0),
               "dimension %zu of the result is not the slice's", i);
  }
  return NULL;
}

pjrt_error *sim_compute_slice(const sim_call *call) {
  const slice_plan *plan = call->plan;
  sim_tensor *out = call->results[0];
  sim_side from = sim_side_of(call->operands[0]);
  sim_side to = sim_side_of(out);
  if (out->type.num_elements == 0) return NULL;
  for (size_t i = 0; i < out->type.num_dims; i++) {
    sim_side_move(&from, i, plan->starts[i], out->element_size);
    if (out->type.dims[i] > 1) from.strides[i] *= plan->strides[i];
  }
  sim_copy_box(out->type.dims, out->type.num_dims, out->element_size, &from,
               &to);
  return NULL;
}

/* The starts are operands from `first` on, one integer for each dimension. */
static pjrt_error *expect_starts(const sim_prep *prep, size_t first) {
  size_t rank = prep->operands[0]->num_dims;
  PJRT_TRY(sim_expect_counts(prep, first + rank, 1));
  for (size_t i = first; i < first + rank; i++) {
    SIM_EXPECT(
        prep,
        sim_is_integer(prep->operands[i]) && prep->operands[i]->num_dims == 0,
        "operand %zu must be an integer", i);
  }
  return NULL;
}

/* Moves a side to a box of `dims` within a tensor, or as near as it fits. */
static void move_to_box(const sim_call *call, size_t first_start,
                        const sim_tensor *whole, const int64_t *dims,
                        sim_side *side) {
  for (size_t i = 0; i < whole->type.num_dims; i++) {
    int64_t start = sim_tensor_index(call->operands[first_start + i]);
    int64_t last = whole->type.dims[i] - dims[i];
    if (start > last) start = last;
    if (start < 0) start = 0;
    sim_side_move(side, i, start, whole->element_size);
  }
}

pjrt_error *sim_prepare_dynamic_slice(sim_prep *prep, const void **out_plan) {
  const int64_t *sizes;
  *out_plan = NULL;
  SIM_EXPECT(prep, prep->num_operands > 0, "expected operands");
  PJRT_TRY(expect_starts(prep, 1));
  const sim_type *in = prep->operands[0];
  PJRT_TRY(sim_expect_ints(prep, "slice_sizes", in->num_dims, &sizes));
  SIM_EXPECT(prep,
             prep->results->dtype == in->dtype &&
                 sim_has_dims(prep->results, sizes, in->num_dims),
             "the result must have the dimensions of slice_sizes");
  for (size_t i = 0; i < in->num_dims; i++) {
    SIM_EXPECT(prep, sizes[i] <= in->dims[i],
               "the slice exceeds dimension %zu of the operand", i);
  }
  return NULL;
}

pjrt_error *sim_compute_dynamic_slice(const sim_call *call) {
  const sim_tensor *in = call->operands[0];
  sim_tensor *out = call->results[0];
  sim_side from = sim_side_of(in);
  sim_side to = sim_side_of(out);
  move_to_box(call, 1, in, out->type.dims, &from);
  sim_copy_box(out->type.dims, out->type.num_dims, out->element_size, &from,
               &to);
  return NULL;
}

pjrt_error *sim_prepare_dynamic_update_slice(sim_prep *prep,
                                             const void **out_plan) {
  *out_plan = NULL;
  SIM_EXPECT(prep, prep->num_operands > 1, "expected operands");
  PJRT_TRY(expect_starts(prep, 2));
  const sim_type *in = prep->operands[0];
  const sim_type *update = prep->operands[1];
  SIM_EXPECT(prep, sim_type_equal(in, prep->results),
             "operand and result must have the same type");
  SIM_EXPECT(prep,
             update->dtype == in->dtype && update->num_dims == in->num_dims,
             "the update must have the operand's element type and rank");
  for (size_t i = 0; i < in->num_dims; i++) {
    SIM_EXPECT(prep, update->dims[i] <= in->dims[i],
               "the update exceeds dimension %zu of the operand", i);
  }
  return NULL;
}

pjrt_error *sim_compute_dynamic_update_slice(const sim_call *call) {
  const sim_tensor *in = call->operands[0];
  const sim_tensor *update = call->operands[1];
  sim_tensor *out = call->results[0];
  size_t size = out->type.num_elements * out->element_size;
  if (size) memcpy(out->data, in->data, size);
  sim_side from = sim_side_of(update);
  sim_side to = sim_side_of(out);
  move_to_box(call, 2, out, update->type.dims, &to);
  sim_copy_box(update->type.dims, update->type.num_dims, out->element_size,
               &from, &to);
  return NULL;
}
