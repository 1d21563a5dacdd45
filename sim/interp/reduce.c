#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "interp/combine.h"
#include "interp/copy.h"
#include "interp/rules.h"

typedef struct reduce_plan {
  /* The operands' dimensions, first those that go, then those that stay. */
  int64_t order[SIM_MAX_RANK];
  size_t num_reduced;
} reduce_plan;

static pjrt_error *order_dims(const sim_prep *prep, reduce_plan *plan) {
  const int64_t *dims;
  const sim_type *in = prep->operands[0];
  PJRT_TRY(pjrt_mlir_op_ints(prep->op->source, "dimensions", &dims,
                             &plan->num_reduced));
  PJRT_TRY(sim_expect_dims(prep, "dimensions", dims, plan->num_reduced,
                           in->num_dims));
  bool goes[SIM_MAX_RANK] = {false};
  for (size_t i = 0; i < plan->num_reduced; i++) goes[dims[i]] = true;
  size_t num = 0;
  for (int pass = 0; pass < 2; pass++) {
    for (size_t i = 0; i < in->num_dims; i++) {
      if (goes[i] == (pass == 0)) plan->order[num++] = (int64_t)i;
    }
  }
  return NULL;
}

static pjrt_error *expect_results(const sim_prep *prep,
                                  const reduce_plan *plan) {
  int64_t dims[SIM_MAX_RANK];
  const sim_type *in = prep->operands[0];
  size_t num_kept = in->num_dims - plan->num_reduced;
  for (size_t i = 0; i < num_kept; i++) {
    dims[i] = in->dims[plan->order[plan->num_reduced + i]];
  }
  for (size_t i = 0; i < prep->num_results; i++) {
    const sim_type *out = &prep->results[i];
    SIM_EXPECT(prep, sim_has_dims(out, dims, num_kept),
               "result %zu must have the dimensions that are kept", i);
    SIM_EXPECT(prep,
               prep->operands[i]->dtype == out->dtype &&
                   sim_same_dims(prep->operands[i], in),
               "operand %zu must have the result's element type and the first "
               "operand's dimensions",
               i);
    SIM_EXPECT(prep,
               sim_is_scalar(prep->operands[prep->num_results + i], out->dtype),
               "initial value %zu must be a scalar of the result's type", i);
  }
  return NULL;
}

pjrt_error *sim_prepare_reduce(sim_prep *prep, const void **out_plan) {
  void *memory;
  SIM_EXPECT(prep, prep->num_results > 0, "expected results");
  PJRT_TRY(sim_expect_counts(prep, 2 * prep->num_results, prep->num_results));
  PJRT_TRY(sim_program_alloc(prep->program, 1, sizeof(reduce_plan), &memory));
  reduce_plan *plan = memory;
  *out_plan = plan;
  PJRT_TRY(order_dims(prep, plan));
  PJRT_TRY(expect_results(prep, plan));
  return sim_expect_combiner(prep, prep->operands, prep->num_results);
}

static void fill(sim_tensor *out, const sim_tensor *scalar) {
  sim_side from = {.data = scalar->data};
  sim_side to = sim_side_of(out);
  sim_copy_box(out->type.dims, out->type.num_dims, out->element_size, &from,
               &to);
}

/* Row after row of elements that go to different results. */
static pjrt_error *reduce_rows(const sim_call *call, sim_tensor *const *rows) {
  size_t num_arrays = call->op->source->num_results;
  size_t width = call->results[0]->type.num_elements;
  size_t height = width ? rows[0]->type.num_elements / width : 0;
  sim_combination what = {.frame = call->frame,
                          .op = call->op,
                          .lane = call->lane,
                          .num_arrays = num_arrays,
                          .into = call->results,
                          .from = rows,
                          .num = width};
  for (size_t i = 0; i < height; i++) {
    if (i % SIM_CHUNK == 0) PJRT_TRY(sim_poll(call->frame->execution));
    what.from_first = i * width;
    PJRT_TRY(sim_combine(&what));
  }
  return NULL;
}

pjrt_error *sim_compute_reduce(const sim_call *call) {
  const reduce_plan *plan = call->plan;
  size_t num = call->op->source->num_results;
  void *memory;
  PJRT_TRY(pjrt_alloc(num, sizeof(sim_tensor *), &memory));
  sim_tensor **rows = memory;
  pjrt_error *error = NULL;
  for (size_t i = 0; i < num && !error; i++) {
    fill(call->results[i], call->operands[num + i]);
    error = sim_rearrange(&call->frame->execution->budget, call->operands[i],
                          plan->order, &rows[i]);
  }
  if (!error) error = reduce_rows(call, rows);
  for (size_t i = 0; i < num; i++) sim_tensor_release(rows[i]);
  free(rows);
  return error;
}
