/* Operations that arrange elements, and the two that make arrays of nothing:
 * constant and iota. */
#include <stdlib.h>
#include <string.h>

#include "interp/copy.h"
#include "interp/rules.h"
#include "interp/scalar.h"

static pjrt_error *expect_same_dtype(const sim_prep *prep, size_t num) {
  for (size_t i = 0; i < num; i++) {
    SIM_EXPECT(prep, prep->operands[i]->dtype == prep->results->dtype,
               "operand %zu must have the result's element type", i);
  }
  return NULL;
}

/* --- constant ------------------------------------------------------------- */

pjrt_error *sim_prepare_constant(sim_prep *prep, const void **out_plan) {
  PJRT_TRY(sim_expect_counts(prep, 0, 1));
  const pjrt_mlir_attr *value = pjrt_mlir_op_attr(prep->op->source, "value");
  SIM_EXPECT(prep, value && value->kind == PJRT_MLIR_ATTR_DENSE,
             "expected an attribute value with elements");
  SIM_EXPECT(
      prep,
      value->type->dtype == prep->results->dtype &&
          sim_has_dims(prep->results, value->type->dims, value->type->num_dims),
      "the value must have the result's type");
  *out_plan = value;
  return NULL;
}

pjrt_error *sim_compute_constant(const sim_call *call) {
  const pjrt_mlir_attr *value = call->plan;
  sim_tensor *out = call->results[0];
  size_t step = value->is_splat ? 0 : out->element_size;
  for (size_t i = 0; step == 0 && i < out->type.num_elements; i++) {
    memcpy((char *)out->data + i * out->element_size, value->data,
           out->element_size);
  }
  if (step && out->type.num_elements) {
    memcpy(out->data, value->data, out->type.num_elements * step);
  }
  return NULL;
}

/* --- iota ----------------------------------------------------------------- */

pjrt_error *sim_prepare_iota(sim_prep *prep, const void **out_plan) {
  void *memory;
  PJRT_TRY(sim_expect_counts(prep, 0, 1));
  PJRT_TRY(sim_program_alloc(prep->program, 1, sizeof(int64_t), &memory));
  int64_t *dim = memory;
  *out_plan = dim;
  PJRT_TRY(pjrt_mlir_op_int(prep->op->source, "iota_dimension", dim));
  SIM_EXPECT(prep, prep->results->dtype != PJRT_PRED, "not defined on pred");
  return sim_expect_dims(prep, "iota_dimension", dim, 1,
                         prep->results->num_dims);
}

pjrt_error *sim_compute_iota(const sim_call *call) {
  const int64_t *dim = call->plan;
  sim_tensor *out = call->results[0];
  size_t size = (size_t)out->type.dims[*dim];
  size_t inner = 1;
  for (size_t i = (size_t)*dim + 1; i < out->type.num_dims; i++) {
    inner *= (size_t)out->type.dims[i];
  }
  for (size_t i = 0; i < out->type.num_elements; i++) {
    uint64_t index = i / inner % size;
    double real = (double)index;
    sim_complex pair = sim_complex_of(real, 0);
    switch (pjrt_dtype_class_of(out->type.dtype)) {
      case PJRT_CLASS_FLOAT:
        sim_store_reals(out, i, 1, &real);
        break;
      case PJRT_CLASS_COMPLEX:
        sim_store_complex(out, i, 1, &pair);
        break;
      default:
        sim_store_bits(out, i, 1, &index);
    }
  }
  return NULL;
}

/* --- broadcast_in_dim ----------------------------------------------------- */

pjrt_error *sim_prepare_broadcast(sim_prep *prep, const void **out_plan) {
  const int64_t *dims;
  PJRT_TRY(sim_expect_counts(prep, 1, 1));
  PJRT_TRY(expect_same_dtype(prep, 1));
  const sim_type *in = prep->operands[0];
  const sim_type *out = prep->results;
  PJRT_TRY(sim_expect_ints(prep, "broadcast_dimensions", in->num_dims, &dims));
  PJRT_TRY(sim_expect_dims(prep, "broadcast_dimensions", dims, in->num_dims,
                           out->num_dims));
  for (size_t i = 0; i < in->num_dims; i++) {
    SIM_EXPECT(prep, in->dims[i] == 1 || in->dims[i] == out->dims[dims[i]],
               "dimension %zu of the operand must be 1 or that of the result",
               i);
  }
  *out_plan = dims;
  return NULL;
}

pjrt_error *sim_compute_broadcast(const sim_call *call) {
  const int64_t *dims = call->plan;
  const sim_tensor *in = call->operands[0];
  sim_tensor *out = call->results[0];
  sim_side to = sim_side_of(out);
  sim_side dense = sim_side_of(in);
  sim_side from = {.data = in->data};
  for (size_t i = 0; i < in->type.num_dims; i++) {
    if (in->type.dims[i] != 1) from.strides[dims[i]] = dense.strides[i];
  }
  sim_copy_box(out->type.dims, out->type.num_dims, out->element_size, &from,
               &to);
  return NULL;
}

/* --- reshape -------------------------------------------------------------- */

pjrt_error *sim_prepare_reshape(sim_prep *prep, const void **out_plan) {
  *out_plan = NULL;
  PJRT_TRY(sim_expect_counts(prep, 1, 1));
  PJRT_TRY(expect_same_dtype(prep, 1));
  SIM_EXPECT(prep,
             prep->operands[0]->num_elements == prep->results->num_elements,
             "%zu elements cannot become %zu", prep->operands[0]->num_elements,
             prep->results->num_elements);
  return NULL;
}

pjrt_error *sim_compute_reshape(const sim_call *call) {
  sim_tensor *out = call->results[0];
  size_t size = out->type.num_elements * out->element_size;
  if (size) memcpy(out->data, call->operands[0]->data, size);
  return NULL;
}

/* --- transpose, reverse --------------------------------------------------- */

pjrt_error *sim_prepare_transpose(sim_prep *prep, const void **out_plan) {
  const int64_t *order;
  PJRT_TRY(sim_expect_counts(prep, 1, 1));
  PJRT_TRY(expect_same_dtype(prep, 1));
  const sim_type *in = prep->operands[0];
  const sim_type *out = prep->results;
  PJRT_TRY(sim_expect_ints(prep, "permutation", in->num_dims, &order));
  PJRT_TRY(
      sim_expect_dims(prep, "permutation", order, in->num_dims, in->num_dims));
  SIM_EXPECT(prep, out->num_dims == in->num_dims,
             "operand and result must have as many dimensions");
  for (size_t i = 0; i < in->num_dims; i++) {
    SIM_EXPECT(prep, out->dims[i] == in->dims[order[i]],
               "dimension %zu of the result must be %lld of the operand", i,
               (long long)order[i]);
  }
  *out_plan = order;
  return NULL;
}

pjrt_error *sim_produce_transpose(const sim_call *call) {
  return sim_rearrange(&call->frame->execution->budget, call->operands[0],
                       call->plan, &call->results[0]);
}

pjrt_error *sim_prepare_reverse(sim_prep *prep, const void **out_plan) {
  const int64_t *dims;
  size_t num;
  void *memory;
  PJRT_TRY(sim_expect_counts(prep, 1, 1));
  const sim_type *type = prep->results;
  SIM_EXPECT(prep, sim_type_equal(prep->operands[0], type),
             "operand and result must have the same type");
  PJRT_TRY(pjrt_mlir_op_ints(prep->op->source, "dimensions", &dims, &num));
  PJRT_TRY(sim_expect_dims(prep, "dimensions", dims, num, type->num_dims));
  PJRT_TRY(
      sim_program_alloc(prep->program, type->num_dims, sizeof(bool), &memory));
  bool *reversed = memory;
  for (size_t i = 0; i < num; i++) reversed[dims[i]] = true;
  *out_plan = reversed;
  return NULL;
}

pjrt_error *sim_compute_reverse(const sim_call *call) {
  const bool *reversed = call->plan;
  sim_tensor *out = call->results[0];
  sim_side to = sim_side_of(out);
  sim_side from = sim_side_of(call->operands[0]);
  if (out->type.num_elements == 0) return NULL;
  for (size_t i = 0; i < out->type.num_dims; i++) {
    if (!reversed[i]) continue;
    sim_side_move(&from, i, out->type.dims[i] - 1, out->element_size);
    from.strides[i] = -from.strides[i];
  }
  sim_copy_box(out->type.dims, out->type.num_dims, out->element_size, &from,
               &to);
  return NULL;
}

/* --- concatenate ---------------------------------------------------------- */

pjrt_error *sim_prepare_concatenate(sim_prep *prep, const void **out_plan) {
  void *memory;
  SIM_EXPECT(prep, prep->num_operands > 0, "expected operands");
  PJRT_TRY(sim_expect_counts(prep, prep->num_operands, 1));
  PJRT_TRY(expect_same_dtype(prep, prep->num_operands));
  PJRT_TRY(sim_program_alloc(prep->program, 1, sizeof(int64_t), &memory));
  int64_t *dim = memory;
  const sim_type *out = prep->results;
  PJRT_TRY(pjrt_mlir_op_int(prep->op->source, "dimension", dim));
  PJRT_TRY(sim_expect_dims(prep, "dimension", dim, 1, out->num_dims));
  int64_t left = out->dims[*dim];
  for (size_t i = 0; i < prep->num_operands; i++) {
    const sim_type *in = prep->operands[i];
    SIM_EXPECT(prep, in->num_dims == out->num_dims,
               "operand %zu must have as many dimensions as the result", i);
    for (size_t k = 0; k < out->num_dims; k++) {
      SIM_EXPECT(prep, k == (size_t)*dim || in->dims[k] == out->dims[k],
                 "dimension %zu of operand %zu must be that of the result", k,
                 i);
    }
    SIM_EXPECT(prep, in->dims[*dim] <= left,
               "the operands exceed the result's dimension");
    left -= in->dims[*dim];
  }
  SIM_EXPECT(prep, left == 0, "the operands do not fill the result");
  *out_plan = dim;
  return NULL;
}

pjrt_error *sim_compute_concatenate(const sim_call *call) {
  const int64_t *dim = call->plan;
  sim_tensor *out = call->results[0];
  sim_side to = sim_side_of(out);
  for (size_t i = 0; i < call->op->source->num_operands; i++) {
    const sim_tensor *in = call->operands[i];
    sim_side from = sim_side_of(in);
    sim_copy_box(in->type.dims, in->type.num_dims, in->element_size, &from,
                 &to);
    sim_side_move(&to, (size_t)*dim, in->type.dims[*dim], in->element_size);
  }
  return NULL;
}

/* --- pad ------------------------------------------------------------------ */

typedef struct pad_plan {
  const int64_t *low;
  const int64_t *high;
  const int64_t *interior;
} pad_plan;

/* Wide enough for a dimension times any padding. */
__extension__ typedef __int128 wide;

static bool pads_to(int64_t from, int64_t low, int64_t high, int64_t interior,
                    int64_t to) {
  wide gaps = from > 0 ? (wide)(from - 1) * interior : 0;
  return (wide)low + from + gaps + high == to;
}

pjrt_error *sim_prepare_pad(sim_prep *prep, const void **out_plan) {
  void *memory;
  PJRT_TRY(sim_expect_counts(prep, 2, 1));
  PJRT_TRY(expect_same_dtype(prep, 2));
  PJRT_TRY(sim_program_alloc(prep->program, 1, sizeof(pad_plan), &memory));
  pad_plan *plan = memory;
  *out_plan = plan;
  const sim_type *in = prep->operands[0];
  const sim_type *out = prep->results;
  size_t rank = in->num_dims;
  PJRT_TRY(sim_expect_ints(prep, "edge_padding_low", rank, &plan->low));
  PJRT_TRY(sim_expect_ints(prep, "edge_padding_high", rank, &plan->high));
  PJRT_TRY(sim_expect_ints(prep, "interior_padding", rank, &plan->interior));
  SIM_EXPECT(prep, prep->operands[1]->num_dims == 0,
             "the padding value must be a scalar");
  SIM_EXPECT(prep, out->num_dims == rank,
             "operand and result must have as many dimensions");
  for (size_t i = 0; i < rank; i++) {
    SIM_EXPECT(prep, plan->interior[i] >= 0,
               "interior padding must not be negative");
    SIM_EXPECT(prep,
               pads_to(in->dims[i], plan->low[i], plan->high[i],
                       plan->interior[i], out->dims[i]),
               "dimension %zu does not become %lld", i,
               (long long)out->dims[i]);
  }
  return NULL;
}

/* The elements of dimension i that padding of negative width leaves: from
 * *first on, where they come to lie from *to on. */
static int64_t kept(const pad_plan *plan, const sim_tensor *in,
                    const sim_tensor *out, size_t i, int64_t *first,
                    int64_t *to) {
  wide step = (wide)plan->interior[i] + 1;
  wide low = plan->low[i];
  wide from = low < 0 ? (-low + step - 1) / step : 0;
  wide room = (wide)out->type.dims[i] - low;
  wide end = room > 0 ? (room + step - 1) / step : 0;
  if (end > in->type.dims[i]) end = in->type.dims[i];
  if (end <= from) return 0;
  *first = (int64_t)from;
  *to = (int64_t)(low + from * step);
  return (int64_t)(end - from);
}

pjrt_error *sim_compute_pad(const sim_call *call) {
  const pad_plan *plan = call->plan;
  const sim_tensor *in = call->operands[0];
  sim_tensor *out = call->results[0];
  size_t size = out->element_size;
  sim_side from = {.data = call->operands[1]->data};
  sim_side to = sim_side_of(out);
  sim_copy_box(out->type.dims, out->type.num_dims, size, &from, &to);
  from = sim_side_of(in);
  int64_t dims[SIM_MAX_RANK];
  for (size_t i = 0; i < in->type.num_dims; i++) {
    int64_t first;
    int64_t at;
    dims[i] = kept(plan, in, out, i, &first, &at);
    if (dims[i] == 0) return NULL;
    sim_side_move(&from, i, first, size);
    sim_side_move(&to, i, at, size);
    if (dims[i] > 1) to.strides[i] *= plan->interior[i] + 1;
  }
  sim_copy_box(dims, in->type.num_dims, size, &from, &to);
  return NULL;
}
