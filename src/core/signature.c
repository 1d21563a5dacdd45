#include "core/signature.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "core/spec.h"

static bool is_row_major(const int64_t *minor_to_major, size_t num) {
  for (size_t i = 0; i < num; i++) {
    if (minor_to_major[i] != (int64_t)(num - 1 - i)) return false;
  }
  return true;
}

static bool is_known(const pjrt_shape *shape) {
  if (shape->dtype == PJRT_DTYPE_INVALID) return false;
  if (pjrt_dtype_since(shape->dtype) == 0) return false;
  if (shape->dtype == PJRT_TOKEN && shape->num_dims > 0) return false;
  if (shape->num_dims > PJRT_MAX_RANK) return false;
  for (size_t i = 0; i < shape->num_dims; i++) {
    if (shape->dims[i] < 0) return false;
  }
  return !shape->minor_to_major ||
         pjrt_order_is_valid(shape->minor_to_major, shape->num_dims);
}

pjrt_error *pjrt_shape_copy(const pjrt_shape *shape, pjrt_shape *out,
                            bool *out_known) {
  *out_known = is_known(shape);
  if (!*out_known) return NULL;
  *out = *shape;
  out->dims = out->minor_to_major = NULL;
  const size_t num = shape->num_dims;
  if (num == 0) return NULL;

  int64_t *numbers;
  PJRT_TRY(pjrt_alloc(2 * num, sizeof *numbers, (void **)&numbers));
  memcpy(numbers, shape->dims, num * sizeof *numbers);
  out->dims = numbers;
  if (shape->minor_to_major && !is_row_major(shape->minor_to_major, num)) {
    memcpy(numbers + num, shape->minor_to_major, num * sizeof *numbers);
    out->minor_to_major = numbers + num;
  }
  return NULL;
}

pjrt_error *pjrt_signature_create(size_t num_parameters, size_t num_outputs,
                                  pjrt_signature **out) {
  *out = NULL;
  pjrt_signature *made;
  PJRT_TRY(pjrt_alloc(1, sizeof *made, (void **)&made));
  made->num_parameters = num_parameters;
  made->num_outputs = num_outputs;

  pjrt_error *error = pjrt_alloc(num_parameters, sizeof *made->parameters,
                                 (void **)&made->parameters);
  if (!error) {
    error = pjrt_alloc(num_parameters, sizeof *made->is_donated,
                       (void **)&made->is_donated);
  }
  if (!error) {
    error =
        pjrt_alloc(num_outputs, sizeof *made->outputs, (void **)&made->outputs);
  }
  if (error) {
    made->num_parameters = made->num_outputs = 0;
    pjrt_signature_free(made);
    return error;
  }
  *out = made;
  return NULL;
}

/* dims and minor_to_major share one allocation. */
static void free_shapes(pjrt_shape *shapes, size_t num) {
  for (size_t i = 0; i < num; i++) free((void *)shapes[i].dims);
  free(shapes);
}

void pjrt_signature_free(pjrt_signature *signature) {
  if (!signature) return;
  free_shapes(signature->parameters, signature->num_parameters);
  free_shapes(signature->outputs, signature->num_outputs);
  free(signature->is_donated);
  free(signature);
}
