/* dot_general, and dot as a form of it.
 *
 * Both sides are brought into the order batch, free, contracted, so that an
 * element of the result is the product of two rows. Sums are taken in double
 * (or 64 bits), whatever the types, and round once. */
#include <complex.h>
#include <stdlib.h>

#include "interp/copy.h"
#include "interp/rules.h"
#include "interp/scalar.h"

typedef struct side_plan {
  int64_t order[SIM_MAX_RANK];
  size_t num_free;
} side_plan;

typedef struct dot_plan {
  side_plan sides[2];
  size_t num_batch; /* products of dimensions */
  size_t rows[2];
  size_t depth;
} dot_plan;

typedef struct dim_list {
  const int64_t *dims;
  size_t num;
} dim_list;

static pjrt_error *order_side(const sim_prep *prep, size_t side, dim_list batch,
                              dim_list contracted, side_plan *out) {
  const sim_type *type = prep->operands[side];
  bool used[SIM_MAX_RANK] = {false};
  const dim_list lists[] = {batch, contracted};
  for (size_t i = 0; i < 2; i++) {
    for (size_t k = 0; k < lists[i].num; k++) {
      int64_t dim = lists[i].dims[k];
      SIM_EXPECT(prep, dim >= 0 && (size_t)dim < type->num_dims && !used[dim],
                 "operand %zu has no dimension %lld, or it is used twice", side,
                 (long long)dim);
      used[dim] = true;
    }
  }
  size_t num = 0;
  for (size_t k = 0; k < batch.num; k++) out->order[num++] = batch.dims[k];
  for (size_t k = 0; k < type->num_dims; k++) {
    if (!used[k]) out->order[num++] = (int64_t)k;
  }
  out->num_free = num - batch.num;
  for (size_t k = 0; k < contracted.num; k++) {
    out->order[num++] = contracted.dims[k];
  }
  return NULL;
}

/* Also computes the products; types as large as these have been checked. */
static pjrt_error *expect_result(const sim_prep *prep, size_t num_batch,
                                 dot_plan *plan) {
  const sim_type *out = prep->results;
  const sim_type *left = prep->operands[0];
  const sim_type *right = prep->operands[1];
  const side_plan *sides = plan->sides;
  size_t rank = num_batch + sides[0].num_free + sides[1].num_free;
  size_t num = 0;
  SIM_EXPECT(prep, out->num_dims == rank, "the result must have %zu dimensions",
             rank);
  plan->num_batch = plan->rows[0] = plan->rows[1] = plan->depth = 1;
  for (size_t i = 0; i < left->num_dims; i++) {
    int64_t dim = left->dims[sides[0].order[i]];
    bool is_batch = i < num_batch;
    bool is_free = !is_batch && i < num_batch + sides[0].num_free;
    size_t at = is_batch ? i : i - sides[0].num_free + sides[1].num_free;
    SIM_EXPECT(prep, is_free || dim == right->dims[sides[1].order[at]],
               "the operands differ in a dimension that they share");
    SIM_EXPECT(prep, (!is_batch && !is_free) || dim == out->dims[num++],
               "dimension %zu of the result must be that of the operand", i);
    size_t *product = is_batch  ? &plan->num_batch
                      : is_free ? &plan->rows[0]
                                : &plan->depth;
    *product *= (size_t)dim;
  }
  for (size_t i = 0; i < sides[1].num_free; i++) {
    int64_t dim = right->dims[sides[1].order[num_batch + i]];
    SIM_EXPECT(prep, dim == out->dims[num++],
               "dimension %zu of the result must be that of the operand",
               num - 1);
    plan->rows[1] *= (size_t)dim;
  }
  return NULL;
}

typedef enum form { REALS, COMPLEX, INTEGERS } form;

static form form_of(pjrt_dtype dtype) {
  switch (pjrt_dtype_class_of(dtype)) {
    case PJRT_CLASS_FLOAT:
      return REALS;
    case PJRT_CLASS_COMPLEX:
      return COMPLEX;
    default:
      return INTEGERS;
  }
}

static pjrt_error *prepare_dot(sim_prep *prep, const dim_list *batch,
                               const dim_list *contracted,
                               const void **out_plan) {
  void *memory;
  PJRT_TRY(sim_program_alloc(prep->program, 1, sizeof(dot_plan), &memory));
  dot_plan *plan = memory;
  *out_plan = plan;
  SIM_EXPECT(
      prep,
      batch[0].num == batch[1].num && contracted[0].num == contracted[1].num,
      "the operands must share as many dimensions");
  for (size_t i = 0; i < 2; i++) {
    SIM_EXPECT(
        prep,
        form_of(prep->operands[i]->dtype) == form_of(prep->results->dtype),
        "operands and result must all be integers, or floats, or "
        "complex");
    PJRT_TRY(order_side(prep, i, batch[i], contracted[i], &plan->sides[i]));
  }
  return expect_result(prep, batch[0].num, plan);
}

static pjrt_error *find_list(const sim_prep *prep, const pjrt_mlir_dict *in,
                             const char *name, dim_list *out) {
  const pjrt_mlir_attr *attr = pjrt_mlir_dict_find(in, name);
  *out = (dim_list){NULL, 0};
  SIM_EXPECT(prep, !attr || pjrt_mlir_attr_ints(attr, &out->dims, &out->num),
             "%s must be a list of dimensions", name);
  return NULL;
}

pjrt_error *sim_prepare_dot_general(sim_prep *prep, const void **out_plan) {
  const pjrt_mlir_dict *numbers;
  dim_list batch[2];
  dim_list contracted[2];
  PJRT_TRY(sim_expect_counts(prep, 2, 1));
  PJRT_TRY(
      pjrt_mlir_op_struct(prep->op->source, "dot_dimension_numbers", &numbers));
  PJRT_TRY(find_list(prep, numbers, "lhs_batching_dimensions", &batch[0]));
  PJRT_TRY(find_list(prep, numbers, "rhs_batching_dimensions", &batch[1]));
  PJRT_TRY(
      find_list(prep, numbers, "lhs_contracting_dimensions", &contracted[0]));
  PJRT_TRY(
      find_list(prep, numbers, "rhs_contracting_dimensions", &contracted[1]));
  return prepare_dot(prep, batch, contracted, out_plan);
}

pjrt_error *sim_prepare_dot(sim_prep *prep, const void **out_plan) {
  static const int64_t numbers[] = {0, 1};
  PJRT_TRY(sim_expect_counts(prep, 2, 1));
  for (size_t i = 0; i < 2; i++) {
    size_t rank = prep->operands[i]->num_dims;
    SIM_EXPECT(prep, rank == 1 || rank == 2,
               "operand %zu must be a vector or a matrix", i);
  }
  const dim_list batch[2] = {{NULL, 0}, {NULL, 0}};
  const dim_list contracted[2] = {
      {&numbers[prep->operands[0]->num_dims - 1], 1}, {&numbers[0], 1}};
  return prepare_dot(prep, batch, contracted, out_plan);
}

/* --- Computing ------------------------------------------------------------ */

/* A side in its order, in the widest type of its form. */
static pjrt_error *widen_side(const sim_call *call, size_t side, form form_is,
                              sim_tensor **out) {
  static const pjrt_dtype widest[] = {
      [REALS] = PJRT_F64, [COMPLEX] = PJRT_C128, [INTEGERS] = PJRT_U64};
  const dot_plan *plan = call->plan;
  sim_budget *budget = &call->frame->execution->budget;
  sim_tensor *rows;
  PJRT_TRY(sim_rearrange(budget, call->operands[side], plan->sides[side].order,
                         &rows));
  sim_type type = {.dtype = widest[form_is],
                   .num_elements = rows->type.num_elements};
  pjrt_error *error = sim_tensor_create(budget, &type, out);
  if (!error) {
    size_t num = type.num_elements;
    switch (form_is) {
      case REALS:
        sim_load_reals(rows, 0, num, (*out)->data);
        break;
      case COMPLEX:
        sim_load_complex(rows, 0, num, (*out)->data);
        break;
      default:
        sim_load_bits(rows, 0, num, (*out)->data);
    }
  }
  sim_tensor_release(rows);
  return error;
}

static void dot_reals(const double *a, const double *b, size_t num,
                      sim_tensor *out, size_t at) {
  double sum = 0;
  for (size_t i = 0; i < num; i++) sum += a[i] * b[i];
  sim_store_reals(out, at, 1, &sum);
}

static void dot_complex(const sim_complex *a, const sim_complex *b, size_t num,
                        sim_tensor *out, size_t at) {
  sim_complex sum = 0;
  for (size_t i = 0; i < num; i++) sum += sim_complex_multiply(a[i], b[i]);
  sim_store_complex(out, at, 1, &sum);
}

/* Of booleans, whether any product is true. */
static void dot_integers(const uint64_t *a, const uint64_t *b, size_t num,
                         sim_tensor *out, size_t at) {
  uint64_t sum = 0;
  for (size_t i = 0; i < num; i++) sum += a[i] * b[i];
  if (out->type.dtype == PJRT_PRED) sum = sum != 0;
  sim_store_bits(out, at, 1, &sum);
}

static void dot_rows(form form_is, const sim_tensor *a, size_t a_first,
                     const sim_tensor *b, size_t b_first, size_t num,
                     sim_tensor *out, size_t at) {
  switch (form_is) {
    case REALS:
      dot_reals((const double *)a->data + a_first,
                (const double *)b->data + b_first, num, out, at);
      break;
    case COMPLEX:
      dot_complex((const sim_complex *)a->data + a_first,
                  (const sim_complex *)b->data + b_first, num, out, at);
      break;
    default:
      dot_integers((const uint64_t *)a->data + a_first,
                   (const uint64_t *)b->data + b_first, num, out, at);
  }
}

static pjrt_error *dot_all(const sim_call *call, form form_is,
                           sim_tensor *const *sides) {
  const dot_plan *plan = call->plan;
  size_t at = 0;
  for (size_t i = 0; i < plan->num_batch * plan->rows[0]; i++) {
    size_t batch = i / plan->rows[0];
    PJRT_TRY(sim_poll(call->frame->execution));
    for (size_t k = 0; k < plan->rows[1]; k++) {
      size_t row = batch * plan->rows[1] + k;
      dot_rows(form_is, sides[0], i * plan->depth, sides[1], row * plan->depth,
               plan->depth, call->results[0], at++);
    }
  }
  return NULL;
}

pjrt_error *sim_compute_dot(const sim_call *call) {
  form form_is = form_of(call->results[0]->type.dtype);
  sim_tensor *sides[2] = {NULL, NULL};
  pjrt_error *error = NULL;
  if (call->results[0]->type.num_elements == 0) return NULL;
  for (size_t i = 0; i < 2 && !error; i++) {
    error = widen_side(call, i, form_is, &sides[i]);
  }
  if (!error) error = dot_all(call, form_is, sides);
  for (size_t i = 0; i < 2; i++) sim_tensor_release(sides[i]);
  return error;
}
