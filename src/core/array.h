/* The inside of host arrays. */
#ifndef PJRT_CORE_ARRAY_H_
#define PJRT_CORE_ARRAY_H_

#include "base/text.h"
#include "pjrt/array.h"

/* Like pjrt_array_create, but the memory is not cleared: for whoever fills it
 * at once. */
pjrt_error *pjrt_array_create_uncleared(pjrt_dtype dtype, const int64_t *dims,
                                        size_t num_dims, pjrt_array **out)
    __attribute__((warn_unused_result));

/* The address of the i-th element in row-major order, whatever the strides. */
char *pjrt_array_element(const pjrt_array *array, size_t i);

/* Copies all elements to dense, row-major memory of pjrt_array_size bytes. */
void pjrt_array_copy_dense(const pjrt_array *array, void *to);

/* Appends a type as text, such as "4x2xf32". */
void pjrt_text_append_type(pjrt_builder *builder, pjrt_dtype dtype,
                           const int64_t *dims, size_t num_dims);

/* Appends an element such that the text reads back as an equal one, with the
 * fewest digits. */
void pjrt_text_append_element(pjrt_builder *builder, pjrt_dtype dtype,
                              const void *element);

#endif /* PJRT_CORE_ARRAY_H_ */
