#include "core/array.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

struct pjrt_array {
  pjrt_dtype dtype;
  bool dense;
  size_t num_dims;
  size_t num_elements;
  size_t element_size;
  void *data;
  pjrt_release_fn release; /* NULL: nothing to give back */
  void *user;
  int64_t dims_and_strides[]; /* num_dims of each */
};

pjrt_error *pjrt_host_alloc(size_t size, void **out) {
  const size_t mask = PJRT_HOST_ALIGNMENT - 1;
  *out = NULL;
  /* aligned_alloc wants whole units; an empty one shall be a pointer too. */
  size_t rounded = size ? (size + mask) & ~mask : PJRT_HOST_ALIGNMENT;
  if (rounded >= size && rounded <= PTRDIFF_MAX) {
    *out = aligned_alloc(PJRT_HOST_ALIGNMENT, rounded);
  }
  if (*out) return NULL;
  return pjrt_error_format(PJRT_RESOURCE_EXHAUSTED,
                           "no memory for %zu bytes of host data", size);
}

void pjrt_host_free(void *memory) { free(memory); }

static void release_host_memory(void *data, void *user) {
  (void)user;
  pjrt_host_free(data);
}

static int64_t *strides_of(pjrt_array *array) {
  return array->dims_and_strides + array->num_dims;
}

/* Zeros count as ones, as they did when the product was checked. */
static void set_dense_strides(pjrt_array *array) {
  int64_t stride = (int64_t)array->element_size;
  for (size_t i = array->num_dims; i-- > 0;) {
    strides_of(array)[i] = stride;
    if (array->dims_and_strides[i]) stride *= array->dims_and_strides[i];
  }
}

static bool has_dense_strides(const pjrt_array *array) {
  const int64_t *dims = array->dims_and_strides;
  const int64_t *strides = dims + array->num_dims;
  if (array->num_elements == 0) return true;
  int64_t stride = (int64_t)array->element_size;
  for (size_t i = array->num_dims; i-- > 0;) {
    if (dims[i] != 1 && strides[i] != stride) return false;
    stride *= dims[i];
  }
  return true;
}

/* Every element must be a ptrdiff_t away from the first one. */
static pjrt_error *check_strides(const int64_t *dims, const int64_t *strides,
                                 size_t num_dims) {
  int64_t above = 0;
  int64_t below = 0;
  for (size_t i = 0; i < num_dims; i++) {
    int64_t reach;
    int64_t *side = strides[i] < 0 ? &below : &above;
    if (dims[i] > 0 &&
        (__builtin_mul_overflow(dims[i] - 1, strides[i], &reach) ||
         __builtin_add_overflow(*side, reach, side))) {
      return pjrt_error_format(
          PJRT_INVALID_ARGUMENT,
          "stride %zu of %lld bytes reaches out of the address space", i,
          (long long)strides[i]);
    }
  }
  return NULL;
}

static pjrt_error *check_dtype(pjrt_dtype dtype) {
  if (pjrt_dtype_host_size(dtype)) return NULL;
  return pjrt_error_format(
      PJRT_INVALID_ARGUMENT,
      "expected an element type with a value, got %s (number %d)",
      pjrt_dtype_name(dtype), (int)dtype);
}

/* An array without data. `strides` NULL means dense. */
static pjrt_error *make_array(pjrt_dtype dtype, const int64_t *dims,
                              size_t num_dims, const int64_t *strides,
                              pjrt_array **out) {
  PJRT_TRY(check_dtype(dtype));
  if (num_dims && !dims) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "expected %zu dimensions, got NULL", num_dims);
  }
  size_t element_size = pjrt_dtype_host_size(dtype);
  size_t num_elements;
  PJRT_TRY(pjrt_dims_num_elements(dims, num_dims, element_size, &num_elements));
  if (strides) PJRT_TRY(check_strides(dims, strides, num_dims));
  void *memory;
  PJRT_TRY(pjrt_alloc(1, sizeof **out + 2 * num_dims * sizeof *dims, &memory));
  pjrt_array *array = memory;
  array->dtype = dtype;
  array->num_dims = num_dims;
  array->num_elements = num_elements;
  array->element_size = element_size;
  if (num_dims) {
    memcpy(array->dims_and_strides, dims, num_dims * sizeof *dims);
  }
  set_dense_strides(array);
  if (strides && num_dims) {
    memcpy(strides_of(array), strides, num_dims * sizeof *strides);
  }
  array->dense = has_dense_strides(array);
  *out = array;
  return NULL;
}

pjrt_error *pjrt_array_create_uncleared(pjrt_dtype dtype, const int64_t *dims,
                                        size_t num_dims, pjrt_array **out) {
  *out = NULL;
  pjrt_array *array;
  PJRT_TRY(make_array(dtype, dims, num_dims, NULL, &array));
  pjrt_error *error = pjrt_host_alloc(pjrt_array_size(array), &array->data);
  if (error) {
    free(array);
    return error;
  }
  array->release = release_host_memory;
  *out = array;
  return NULL;
}

pjrt_error *pjrt_array_create(pjrt_dtype dtype, const int64_t *dims,
                              size_t num_dims, pjrt_array **out) {
  PJRT_TRY(pjrt_array_create_uncleared(dtype, dims, num_dims, out));
  memset((*out)->data, 0, pjrt_array_size(*out));
  return NULL;
}

pjrt_error *pjrt_array_wrap(pjrt_dtype dtype, const int64_t *dims,
                            size_t num_dims, const int64_t *byte_strides,
                            void *data, pjrt_release_fn release, void *user,
                            pjrt_array **out) {
  *out = NULL;
  pjrt_array *array = NULL;
  pjrt_error *error = make_array(dtype, dims, num_dims, byte_strides, &array);
  if (!error && !data && array->num_elements) {
    error = pjrt_error_format(PJRT_INVALID_ARGUMENT,
                              "expected the memory of %zu elements, got NULL",
                              array->num_elements);
  }
  if (error) {
    free(array);
    if (release) release(data, user);
    return error;
  }
  array->data = data;
  array->release = release;
  array->user = user;
  *out = array;
  return NULL;
}

void pjrt_array_free(pjrt_array *array) {
  if (!array) return;
  if (array->release) array->release(array->data, array->user);
  free(array);
}

char *pjrt_array_element(const pjrt_array *array, size_t i) {
  if (array->dense) return (char *)array->data + i * array->element_size;
  const int64_t *dims = array->dims_and_strides;
  const int64_t *strides = dims + array->num_dims;
  int64_t offset = 0;
  for (size_t d = array->num_dims; d-- > 0;) {
    offset += (int64_t)(i % (size_t)dims[d]) * strides[d];
    i /= (size_t)dims[d];
  }
  return (char *)array->data + offset;
}

/* Copies the elements row by row: along the last dimension the address only
 * grows by its stride. */
static void copy_strided(const pjrt_array *from, char *to) {
  const size_t last = from->num_dims - 1;
  const size_t row = (size_t)from->dims_and_strides[last];
  const int64_t stride = from->dims_and_strides[from->num_dims + last];
  for (size_t i = 0; i < from->num_elements; i += row) {
    const char *element = pjrt_array_element(from, i);
    for (size_t j = 0; j < row; j++) {
      memcpy(to, element + (int64_t)j * stride, from->element_size);
      to += from->element_size;
    }
  }
}

void pjrt_array_copy_dense(const pjrt_array *array, void *to) {
  if (!array->dense) {
    copy_strided(array, to);
  } else if (array->num_elements) {
    memcpy(to, array->data, pjrt_array_size(array));
  }
}

pjrt_error *pjrt_array_copy(const pjrt_array *array, pjrt_array **out) {
  PJRT_TRY(pjrt_array_create_uncleared(array->dtype, array->dims_and_strides,
                                       array->num_dims, out));
  pjrt_array_copy_dense(array, (*out)->data);
  return NULL;
}

pjrt_dtype pjrt_array_dtype(const pjrt_array *array) { return array->dtype; }

const int64_t *pjrt_array_dims(const pjrt_array *array, size_t *out_num) {
  if (out_num) *out_num = array->num_dims;
  return array->dims_and_strides;
}

const int64_t *pjrt_array_byte_strides(const pjrt_array *array,
                                       size_t *out_num) {
  if (out_num) *out_num = array->num_dims;
  return array->dims_and_strides + array->num_dims;
}

size_t pjrt_array_num_elements(const pjrt_array *array) {
  return array->num_elements;
}

size_t pjrt_array_size(const pjrt_array *array) {
  return array->num_elements * array->element_size;
}

bool pjrt_array_is_dense(const pjrt_array *array) { return array->dense; }

void *pjrt_array_data(const pjrt_array *array) { return array->data; }

pjrt_error *pjrt_array_reinterpret(pjrt_array *array, pjrt_dtype dtype) {
  PJRT_TRY(check_dtype(dtype));
  if (pjrt_dtype_host_size(dtype) != array->element_size) {
    return pjrt_error_format(
        PJRT_INVALID_ARGUMENT,
        "expected a type with elements of %zu bytes like %s, got %s with %zu",
        array->element_size, pjrt_dtype_name(array->dtype),
        pjrt_dtype_name(dtype), pjrt_dtype_host_size(dtype));
  }
  array->dtype = dtype;
  return NULL;
}
