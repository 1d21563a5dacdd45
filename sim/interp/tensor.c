#include "interp/tensor.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "pjrt/array.h"

bool sim_type_equal(const sim_type *a, const sim_type *b) {
  if (a->dtype != b->dtype || a->num_dims != b->num_dims) return false;
  if (a->dtype == PJRT_DTYPE_INVALID) {
    for (size_t i = 0; i < a->num_dims; i++) {
      if (!sim_type_equal(&a->parts[i], &b->parts[i])) return false;
    }
    return true;
  }
  if (a->dynamic_dims != b->dynamic_dims) return false;
  return a->num_dims == 0 ||
         memcmp(a->dims, b->dims, a->num_dims * sizeof *a->dims) == 0;
}

static pjrt_error *take_budget(sim_budget *budget, size_t size) {
  if (!budget) return NULL;
  if (size > budget->limit - budget->used) {
    return pjrt_error_format(PJRT_RESOURCE_EXHAUSTED,
                             "a value needs %zu bytes, and %zu of %zu are left",
                             size, budget->limit - budget->used, budget->limit);
  }
  budget->used += size;
  return NULL;
}

/* One block: the tensor, its dims, its sizes if they are dynamic, and its data
 * from an aligned address on. */
static pjrt_error *allocate(sim_budget *budget, const sim_type *type,
                            size_t data_size, sim_tensor **out) {
  const size_t mask = PJRT_HOST_ALIGNMENT - 1;
  size_t dims_size = type->num_dims * sizeof(int64_t);
  size_t sizes_size = type->dynamic_dims ? dims_size : 0;
  size_t data_offset =
      (sizeof(sim_tensor) + dims_size + sizes_size + mask) & ~mask;
  size_t size;
  if (!pjrt_size_add(data_offset, data_size, &size)) size = SIZE_MAX;
  PJRT_TRY(take_budget(budget, size));
  void *memory;
  pjrt_error *error = pjrt_host_alloc(size, &memory);
  if (error) {
    if (budget) budget->used -= size;
    return error;
  }
  memset(memory, 0, data_offset);
  sim_tensor *tensor = memory;
  int64_t *dims = (int64_t *)(tensor + 1);
  tensor->type = *type;
  tensor->data = (char *)memory + data_offset;
  tensor->budget = budget;
  tensor->size = size;
  atomic_init(&tensor->references, 1);
  if (type->dims && dims_size) memcpy(dims, type->dims, dims_size);
  tensor->type.dims = dims;
  if (sizes_size) {
    tensor->sizes = dims + type->num_dims;
    memcpy(tensor->sizes, dims, sizes_size);
  }
  *out = tensor;
  return NULL;
}

pjrt_error *sim_tensor_create(sim_budget *budget, const sim_type *type,
                              sim_tensor **out) {
  *out = NULL;
  size_t element_size = pjrt_dtype_host_size(type->dtype);
  PJRT_TRY(allocate(budget, type, type->num_elements * element_size, out));
  (*out)->element_size = element_size;
  return NULL;
}

pjrt_error *sim_tensor_create_tuple(const sim_type *type,
                                    sim_tensor *const *parts,
                                    sim_tensor **out) {
  *out = NULL;
  PJRT_TRY(allocate(NULL, type, type->num_dims * sizeof *parts, out));
  (*out)->parts = (*out)->data;
  for (size_t i = 0; i < type->num_dims; i++) {
    (*out)->parts[i] = sim_tensor_retain(parts[i]);
  }
  return NULL;
}

int64_t sim_tensor_size(const sim_tensor *tensor, size_t dim) {
  return tensor->sizes ? tensor->sizes[dim] : tensor->type.dims[dim];
}

sim_tensor *sim_tensor_retain(sim_tensor *tensor) {
  atomic_fetch_add_explicit(&tensor->references, 1, memory_order_relaxed);
  return tensor;
}

/* Arguments, which others read meanwhile, have none and are not written. */
void sim_tensor_leave_budget(sim_tensor *tensor) {
  if (tensor->budget) {
    tensor->budget->used -= tensor->size;
    tensor->budget = NULL;
  }
  for (size_t i = 0; tensor->parts && i < tensor->type.num_dims; i++) {
    sim_tensor_leave_budget(tensor->parts[i]);
  }
}

void sim_tensor_release(sim_tensor *tensor) {
  if (!tensor || atomic_fetch_sub_explicit(&tensor->references, 1,
                                           memory_order_acq_rel) > 1) {
    return;
  }
  for (size_t i = 0; tensor->parts && i < tensor->type.num_dims; i++) {
    sim_tensor_release(tensor->parts[i]);
  }
  if (tensor->budget) tensor->budget->used -= tensor->size;
  pjrt_host_free(tensor);
}

int64_t sim_tensor_index(const sim_tensor *tensor) {
  uint64_t bits;
  sim_load_bits(tensor, 0, 1, &bits);
  if (tensor->type.dtype == PJRT_U64 && bits > INT64_MAX) return INT64_MAX;
  return (int64_t)bits;
}
