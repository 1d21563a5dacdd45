/* Checked sizes and memory. */
#ifndef PJRT_BASE_ALLOC_H_
#define PJRT_BASE_ALLOC_H_

#include "pjrt/error.h"

/* For checked builds (checked/handles.h). Memory is new: what is known of
 * handles that were there is not about it. And a handle that is never freed for
 * good is given out again. */
#ifdef PJRT_CHECKED
void pjrt_handle_forget(const void *memory);
void pjrt_handle_revive(const void *handle);
#else
static inline void pjrt_handle_forget(const void *memory) { (void)memory; }
static inline void pjrt_handle_revive(const void *handle) { (void)handle; }
#endif

/* num * size bytes of zeros, free() it. RESOURCE_EXHAUSTED, also when the
 * product overflows; num or size 0 gives a pointer that may be freed. */
pjrt_error *pjrt_alloc(size_t num, size_t size, void **out)
    __attribute__((warn_unused_result));

/* A copy of num * size bytes; free() it. */
pjrt_error *pjrt_alloc_copy(const void *data, size_t num, size_t size,
                            void **out) __attribute__((warn_unused_result));

/* False on overflow. */
static inline bool pjrt_size_mul(size_t a, size_t b, size_t *out) {
  return !__builtin_mul_overflow(a, b, out);
}
static inline bool pjrt_size_add(size_t a, size_t b, size_t *out) {
  return !__builtin_add_overflow(a, b, out);
}

/* The number of elements of a shape. INVALID_ARGUMENT for a negative dimension
 * or when elements * element_size exceeds PTRDIFF_MAX. Rank 0 has one element.
 * Zeros do not hide other dimensions from the check (NumPy's rule), so that
 * row-major strides of any accepted shape can be computed without overflow. */
pjrt_error *pjrt_dims_num_elements(const int64_t *dims, size_t num_dims,
                                   size_t element_size, size_t *out)
    __attribute__((warn_unused_result));

#endif /* PJRT_BASE_ALLOC_H_ */
