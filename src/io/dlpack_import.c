/* Tensors as buffers and arrays. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/array.h"
#include "io/dlpack_tensor.h"
#include "pjrt/io/dlpack.h"
#include "pjrt/unsafe.h"

/* A tensor of either kind, and how it is given back. */
typedef struct incoming {
  const pjrt_dlpack_tensor *tensor;
  uint64_t flags;
  pjrt_release_fn release;
  void *managed;
  const pjrt_dlpack_device *expected; /* NULL: the host's memory */
} incoming;

static void release_old(void *data, void *user) {
  struct DLManagedTensor *managed = user;
  (void)data;
  if (managed->deleter) managed->deleter(managed);
}

static void release_versioned(void *data, void *user) {
  struct DLManagedTensorVersioned *managed = user;
  (void)data;
  if (managed->deleter) managed->deleter(managed);
}

static pjrt_error *no_tensor(void) {
  return pjrt_error_format(PJRT_INVALID_ARGUMENT, "tensor is NULL");
}

static pjrt_error *read_old(struct DLManagedTensor *managed, incoming *out) {
  if (!managed) return no_tensor();
  *out = (incoming){&managed->tensor, 0, release_old, managed, NULL};
  return NULL;
}

/* Nothing but the deleter may be touched in a tensor of another version. */
static pjrt_error *read_versioned(struct DLManagedTensorVersioned *managed,
                                  incoming *out) {
  if (!managed) return no_tensor();
  if (managed->major == PJRT_DLPACK_MAJOR) {
    *out = (incoming){&managed->tensor, managed->flags, release_versioned,
                      managed, NULL};
    return NULL;
  }
  pjrt_error *error =
      pjrt_error_format(PJRT_UNIMPLEMENTED,
                        "the tensor is of DLPack %u.%u; this library reads "
                        "1.x",
                        managed->major, managed->minor);
  release_versioned(NULL, managed);
  return error;
}

static pjrt_error *read_dtype(const incoming *in, pjrt_dtype *out) {
  const pjrt_dlpack_dtype dtype = in->tensor->dtype;
  if (dtype.lanes != 1) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "the tensor's elements have %d lanes, where 1 is "
                             "expected",
                             dtype.lanes);
  }
  if (!pjrt_dlpack_dtype_to(dtype, out)) {
    return pjrt_error_format(PJRT_UNIMPLEMENTED,
                             "PJRT has no element type of DLPack's code %d "
                             "with %d bits",
                             dtype.code, dtype.bits);
  }
  if (!pjrt_dlpack_is_subbyte(dtype) || in->flags & PJRT_DLPACK_SUBBYTE_PADDED)
    return NULL;
  return pjrt_error_format(PJRT_UNIMPLEMENTED,
                           "the tensor's elements of %s are packed, where one "
                           "byte each is expected",
                           pjrt_dtype_name(*out));
}

static bool is_readable(int32_t device) {
  return device == PJRT_DLPACK_CPU || device == PJRT_DLPACK_CUDA_HOST ||
         device == PJRT_DLPACK_ROCM_HOST || device == PJRT_DLPACK_CUDA_MANAGED;
}

static pjrt_error *check_device(const pjrt_dlpack_device *given,
                                const pjrt_dlpack_device *expected) {
  if (!expected && is_readable(given->type)) return NULL;
  if (!expected) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "the tensor is on a device of DLPack's type %d, "
                             "where the host's memory (1, 3, 11 or 13) is "
                             "expected",
                             given->type);
  }
  if (given->type == expected->type && given->id == expected->id) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "the tensor is on device %d of DLPack's type %d, "
                           "where device %d of type %d is expected",
                           given->id, given->type, expected->id,
                           expected->type);
}

static pjrt_error *check_tensor(const pjrt_dlpack_tensor *tensor,
                                size_t element_size, size_t *out_num_elements) {
  if (tensor->num_dims < 0 || (tensor->num_dims && !tensor->dims)) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "the tensor has %d dimensions at %p",
                             tensor->num_dims, (void *)tensor->dims);
  }
  PJRT_TRY(pjrt_dims_num_elements(tensor->dims, (size_t)tensor->num_dims,
                                  element_size, out_num_elements));
  if (tensor->data || *out_num_elements == 0) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "the tensor's data is NULL for %zu elements",
                           *out_num_elements);
}

/* Bytes instead of elements. Strides of a dimension that is not stepped along
 * mean nothing, and producers put anything there. */
static pjrt_error *read_strides(const pjrt_dlpack_tensor *tensor,
                                size_t element_size, size_t num_elements,
                                int64_t *out) {
  for (int32_t i = 0; i < tensor->num_dims; i++) {
    out[i] = 0;
    if (num_elements == 0 || tensor->dims[i] == 1) continue;
    if (!__builtin_mul_overflow(tensor->strides[i], (int64_t)element_size,
                                &out[i])) {
      continue;
    }
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "the tensor's stride %lld along dimension %d is "
                             "too large",
                             (long long)tensor->strides[i], i);
  }
  return NULL;
}

/* The type, checked with all the rest, and the strides in bytes; free() them.
 */
static pjrt_error *read_tensor(const incoming *in, pjrt_dtype *out_dtype,
                               void **out_strides) {
  size_t num_elements;
  const pjrt_dlpack_tensor *tensor = in->tensor;
  *out_strides = NULL;
  PJRT_TRY(read_dtype(in, out_dtype));
  const size_t element_size = pjrt_dtype_host_size(*out_dtype);
  PJRT_TRY(check_device(&tensor->device, in->expected));
  PJRT_TRY(check_tensor(tensor, element_size, &num_elements));
  if (!tensor->strides) return NULL;
  PJRT_TRY(pjrt_alloc((size_t)tensor->num_dims, sizeof(int64_t), out_strides));
  pjrt_error *error =
      read_strides(tensor, element_size, num_elements, *out_strides);
  if (error) free(*out_strides);
  return error;
}

/* Takes the tensor, whatever comes. */
static pjrt_error *wrap(const incoming *in, pjrt_array **out) {
  void *strides;
  pjrt_dtype dtype;
  const pjrt_dlpack_tensor *tensor = in->tensor;
  *out = NULL;
  pjrt_error *error = read_tensor(in, &dtype, &strides);
  if (error) {
    in->release(NULL, in->managed);
    return error;
  }
  char *data = tensor->data;
  error = pjrt_array_wrap(dtype, tensor->dims, (size_t)tensor->num_dims,
                          strides, data ? data + tensor->byte_offset : NULL,
                          in->release, in->managed, out);
  free(strides);
  return error;
}

pjrt_error *pjrt_array_from_dlpack(struct DLManagedTensorVersioned *tensor,
                                   pjrt_array **out) {
  incoming in;
  *out = NULL;
  PJRT_TRY(read_versioned(tensor, &in));
  return wrap(&in, out);
}

pjrt_error *pjrt_array_from_dlpack_unversioned(struct DLManagedTensor *tensor,
                                               pjrt_array **out) {
  incoming in;
  *out = NULL;
  PJRT_TRY(read_old(tensor, &in));
  return wrap(&in, out);
}

/* ---- buffers of arrays --------------------------------------------------- */

static void release_array(void *data, void *user) {
  (void)data;
  pjrt_array_free(user);
}

/* Takes the array. */
static pjrt_error *adopt(pjrt_device *device, pjrt_array *array,
                         pjrt_buffer **out) {
  size_t num_dims;
  const int64_t *dims = pjrt_array_dims(array, &num_dims);
  return pjrt_buffer_adopt_host(
      device, pjrt_array_dtype(array), dims, num_dims, pjrt_array_data(array),
      pjrt_array_size(array), PJRT_ADOPT_READ_ONLY, release_array, array, out);
}

static bool is_adoptable(const pjrt_array *array) {
  return pjrt_array_is_dense(array) &&
         (uintptr_t)pjrt_array_data(array) % PJRT_HOST_ALIGNMENT == 0;
}

/* A device with memory of its own has copied. */
static pjrt_error *check_in_place(pjrt_buffer *buffer) {
  bool on_cpu;
  PJRT_TRY(pjrt_buffer_is_on_cpu(buffer, &on_cpu));
  if (on_cpu) return NULL;
  return pjrt_error_format(PJRT_FAILED_PRECONDITION,
                           "the device's memory is not the host's, and a copy "
                           "was not wanted");
}

static pjrt_error *adopt_in_place(pjrt_device *device, pjrt_array *array,
                                  pjrt_buffer **out) {
  PJRT_TRY(adopt(device, array, out));
  pjrt_error *error = check_in_place(*out);
  if (!error) return NULL;
  pjrt_buffer_free(*out);
  *out = NULL;
  return error;
}

static pjrt_error *copy_array(pjrt_device *device, pjrt_array *array,
                              pjrt_buffer **out) {
  pjrt_error *error = pjrt_buffer_from_array(device, array, out);
  pjrt_array_free(array);
  return error;
}

static pjrt_error *import_array(pjrt_device *device, pjrt_array *array,
                                pjrt_dlpack_copy copy, pjrt_buffer **out) {
  pjrt_error *error = pjrt_dlpack_check_copy(copy);
  const bool adoptable = is_adoptable(array);
  if (!error && copy == PJRT_DLPACK_COPY_NEVER && !adoptable) {
    error = pjrt_error_format(PJRT_FAILED_PRECONDITION,
                              "the tensor is not dense, row-major and aligned "
                              "to %d bytes, and a copy was not wanted",
                              PJRT_HOST_ALIGNMENT);
  }
  if (error) {
    pjrt_array_free(array);
    return error;
  }
  if (copy == PJRT_DLPACK_COPY_ALWAYS || !adoptable) {
    return copy_array(device, array, out);
  }
  return copy == PJRT_DLPACK_COPY_NEVER ? adopt_in_place(device, array, out)
                                        : adopt(device, array, out);
}

pjrt_error *pjrt_buffer_from_dlpack(pjrt_device *device,
                                    struct DLManagedTensorVersioned *tensor,
                                    pjrt_dlpack_copy copy, pjrt_buffer **out) {
  pjrt_array *array;
  *out = NULL;
  PJRT_TRY(pjrt_array_from_dlpack(tensor, &array));
  return import_array(device, array, copy, out);
}

pjrt_error *pjrt_buffer_from_dlpack_unversioned(pjrt_device *device,
                                                struct DLManagedTensor *tensor,
                                                pjrt_dlpack_copy copy,
                                                pjrt_buffer **out) {
  pjrt_array *array;
  *out = NULL;
  PJRT_TRY(pjrt_array_from_dlpack_unversioned(tensor, &array));
  return import_array(device, array, copy, out);
}

/* ---- memory of a device -------------------------------------------------- */

static pjrt_error *check_view(const pjrt_array *array) {
  const pjrt_dtype dtype = pjrt_array_dtype(array);
  if (pjrt_dtype_bit_width(dtype) < 8 && dtype != PJRT_PRED) {
    return pjrt_error_format(PJRT_UNIMPLEMENTED,
                             "plugins do not tell whether elements of %s are "
                             "packed on their devices",
                             pjrt_dtype_name(dtype));
  }
  if (pjrt_array_is_dense(array)) return NULL;
  return pjrt_error_format(PJRT_FAILED_PRECONDITION,
                           "the tensor is not dense and row-major");
}

/* Takes the tensor. */
static pjrt_error *view(pjrt_device *device, incoming *in,
                        const pjrt_dlpack_device *as,
                        const pjrt_view_opts *opts, pjrt_buffer **out) {
  size_t num_dims;
  pjrt_array *array;
  pjrt_dlpack_device own;
  pjrt_error *error = as ? NULL : pjrt_dlpack_device_of(device, &own);
  if (error) {
    in->release(NULL, in->managed);
    return error;
  }
  in->expected = as ? as : &own;
  PJRT_TRY(wrap(in, &array));
  error = check_view(array);
  if (error) {
    pjrt_array_free(array);
    return error;
  }
  const int64_t *dims = pjrt_array_dims(array, &num_dims);
  return pjrt_buffer_view_device_memory(device, pjrt_array_dtype(array), dims,
                                        num_dims, pjrt_array_data(array), opts,
                                        release_array, array, out);
}

pjrt_error *pjrt_buffer_view_dlpack(pjrt_device *device,
                                    struct DLManagedTensorVersioned *tensor,
                                    const pjrt_dlpack_device *as,
                                    const pjrt_view_opts *opts,
                                    pjrt_buffer **out) {
  incoming in;
  *out = NULL;
  PJRT_TRY(read_versioned(tensor, &in));
  return view(device, &in, as, opts, out);
}

pjrt_error *pjrt_buffer_view_dlpack_unversioned(pjrt_device *device,
                                                struct DLManagedTensor *tensor,
                                                const pjrt_dlpack_device *as,
                                                const pjrt_view_opts *opts,
                                                pjrt_buffer **out) {
  incoming in;
  *out = NULL;
  PJRT_TRY(read_old(tensor, &in));
  return view(device, &in, as, opts, out);
}
