/* The header of an .npy file: a Python dictionary as text. */
#ifndef PJRT_IO_NPY_HEADER_H_
#define PJRT_IO_NPY_HEADER_H_

#include "pjrt/dtype.h"

typedef struct pjrt_npy_header {
  char descr[16]; /* the element type as it is spelt, such as "<f4" */
  bool fortran_order;
  int64_t *dims; /* free() it */
  size_t num_dims;
} pjrt_npy_header;

/* Reads the dictionary. It must have the three keys that NumPy writes, each
 * once, and nothing else. INVALID_ARGUMENT says what was expected and what
 * came. On failure `out` holds nothing. */
pjrt_error *pjrt_npy_header_read(const char *text, size_t size,
                                 pjrt_npy_header *out)
    __attribute__((warn_unused_result));

/* The element type of a descriptor. A descriptor of raw bytes, such as "|V2",
 * gives INVALID and the bytes per element in `out_raw_size`. INVALID_ARGUMENT
 * for what no array of ours can hold: other byte orders, Python objects, text,
 * dates and so on. */
pjrt_error *pjrt_npy_descr_read(const char *descr, pjrt_dtype *out,
                                size_t *out_raw_size)
    __attribute__((warn_unused_result));

/* The descriptor to write for a type. */
const char *pjrt_npy_descr_of(pjrt_dtype dtype);

#endif /* PJRT_IO_NPY_HEADER_H_ */
