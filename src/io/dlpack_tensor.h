/* DLPack's tensors as they lie in memory, and its element types and ours. */
#ifndef PJRT_IO_DLPACK_TENSOR_H_
#define PJRT_IO_DLPACK_TENSOR_H_

#include "pjrt/io/dlpack.h"

/* DLPack's types of devices. */
enum {
  PJRT_DLPACK_CPU = 1,
  PJRT_DLPACK_CUDA = 2,
  PJRT_DLPACK_CUDA_HOST = 3,
  PJRT_DLPACK_ROCM = 10,
  PJRT_DLPACK_ROCM_HOST = 11,
  PJRT_DLPACK_CUDA_MANAGED = 13,
  PJRT_DLPACK_ONEAPI = 14
};

enum { PJRT_DLPACK_MAJOR = 1, PJRT_DLPACK_MINOR = 1 };

/* Flags of versioned tensors. */
enum {
  PJRT_DLPACK_READ_ONLY = 1,
  PJRT_DLPACK_IS_COPIED = 2,
  PJRT_DLPACK_SUBBYTE_PADDED = 4
};

typedef struct pjrt_dlpack_dtype {
  uint8_t code;
  uint8_t bits;
  uint16_t lanes;
} pjrt_dlpack_dtype;

typedef struct pjrt_dlpack_tensor {
  void *data;
  pjrt_dlpack_device device;
  int32_t num_dims;
  pjrt_dlpack_dtype dtype;
  int64_t *dims;
  int64_t *strides; /* in elements; NULL: dense, row-major */
  uint64_t byte_offset;
} pjrt_dlpack_tensor;

struct DLManagedTensor {
  pjrt_dlpack_tensor tensor;
  void *context;
  void (*deleter)(struct DLManagedTensor *self);
};

/* Of another major version only what stands before the flags is known. */
struct DLManagedTensorVersioned {
  uint32_t major;
  uint32_t minor;
  void *context;
  void (*deleter)(struct DLManagedTensorVersioned *self);
  uint64_t flags;
  pjrt_dlpack_tensor tensor;
};

static inline bool pjrt_dlpack_is_subbyte(pjrt_dlpack_dtype dtype) {
  return dtype.bits < 8;
}

/* INVALID_ARGUMENT for what is none of the three. */
pjrt_error *pjrt_dlpack_check_copy(pjrt_dlpack_copy copy)
    __attribute__((warn_unused_result));

/* False when there is no such type on the other side. */
bool pjrt_dlpack_dtype_of(pjrt_dtype dtype, pjrt_dlpack_dtype *out);
bool pjrt_dlpack_dtype_to(pjrt_dlpack_dtype dtype, pjrt_dtype *out);

#endif /* PJRT_IO_DLPACK_TENSOR_H_ */
