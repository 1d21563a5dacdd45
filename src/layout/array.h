/* An array that a layout is asked about. */
#ifndef PJRT_LAYOUT_ARRAY_H_
#define PJRT_LAYOUT_ARRAY_H_

#include "core/layout.h"

typedef struct pjrt_layout_array {
  const int64_t *dims;
  size_t num_dims;
  size_t num_elements;
  int64_t element_bits; /* in memory */
} pjrt_layout_array;

/* Nothing overflows that multiplies dimensions and bits after this, but padding
 * and strides may. */
pjrt_error *pjrt_layout_check_array(const pjrt_layout *layout, pjrt_dtype dtype,
                                    const int64_t *dims, size_t num_dims,
                                    pjrt_layout_array *out)
    __attribute__((warn_unused_result));

#endif /* PJRT_LAYOUT_ARRAY_H_ */
