#include "interp/copy.h"

#include <string.h>

sim_side sim_side_of(const sim_tensor *tensor) {
  sim_side side = {.data = tensor->data};
  int64_t stride = 1;
  for (size_t i = tensor->type.num_dims; i-- > 0;) {
    side.strides[i] = stride;
    if (tensor->type.dims[i]) stride *= tensor->type.dims[i];
  }
  return side;
}

void sim_side_move(sim_side *side, size_t dim, int64_t steps,
                   size_t element_size) {
  side->data += steps * side->strides[dim] * (int64_t)element_size;
}

static void copy_row(int64_t num, size_t element_size, const char *from,
                     int64_t from_stride, char *to, int64_t to_stride) {
  if (from_stride == 1 && to_stride == 1) {
    memcpy(to, from, (size_t)num * element_size);
    return;
  }
  int64_t size = (int64_t)element_size;
  for (int64_t i = 0; i < num; i++) {
    memcpy(to + i * to_stride * size, from + i * from_stride * size,
           element_size);
  }
}

static void copy_dim(const int64_t *dims, size_t num_dims, size_t dim,
                     size_t element_size, const sim_side *from,
                     const char *from_data, const sim_side *to, char *to_data) {
  int64_t size = (int64_t)element_size;
  if (dim + 1 == num_dims) {
    copy_row(dims[dim], element_size, from_data, from->strides[dim], to_data,
             to->strides[dim]);
    return;
  }
  for (int64_t i = 0; i < dims[dim]; i++) {
    copy_dim(dims, num_dims, dim + 1, element_size, from,
             from_data + i * from->strides[dim] * size, to,
             to_data + i * to->strides[dim] * size);
  }
}

void sim_copy_box(const int64_t *dims, size_t num_dims, size_t element_size,
                  const sim_side *from, const sim_side *to) {
  for (size_t i = 0; i < num_dims; i++) {
    if (dims[i] <= 0) return;
  }
  if (num_dims == 0) {
    memcpy(to->data, from->data, element_size);
  } else {
    copy_dim(dims, num_dims, 0, element_size, from, from->data, to, to->data);
  }
}

pjrt_error *sim_rearrange(sim_budget *budget, const sim_tensor *from,
                          const int64_t *order, sim_tensor **out) {
  int64_t dims[SIM_MAX_RANK];
  sim_side dense = sim_side_of(from);
  sim_side source = {.data = from->data};
  for (size_t i = 0; i < from->type.num_dims; i++) {
    dims[i] = from->type.dims[order[i]];
    source.strides[i] = dense.strides[order[i]];
  }
  sim_type type = from->type;
  type.dims = dims;
  PJRT_TRY(sim_tensor_create(budget, &type, out));
  sim_side to = sim_side_of(*out);
  sim_copy_box(dims, type.num_dims, from->element_size, &source, &to);
  return NULL;
}
