/* What the library knows about element types, as data. */
#ifndef PJRT_CORE_DTYPE_H_
#define PJRT_CORE_DTYPE_H_

#include "core/float_format.h"
#include "pjrt/dtype.h"

typedef struct pjrt_dtype_row {
  char name[14];    /* in place: pointers would be relocated when loading */
  char aliases[24]; /* separated by blanks, in lower case */
  pjrt_dtype_class class_of;
  unsigned bit_width;
  unsigned host_size;
  int since;
  pjrt_float_format format; /* of each part, for complex types */
} pjrt_dtype_row;

/* NULL for a number that the library does not know. */
const pjrt_dtype_row *pjrt_dtype_row_of(pjrt_dtype dtype);

/* An element is one number, or two if it is complex: part 0 is real, part 1
 * imaginary. These take and give the bits of one part, in the low bits; what
 * is above the type's width is cleared. */
uint64_t pjrt_dtype_load_bits(const pjrt_dtype_row *row, const void *element,
                              unsigned part);
void pjrt_dtype_store_bits(const pjrt_dtype_row *row, void *element,
                           unsigned part, uint64_t bits);

/* Bits of an integer type as a number. Only U64 has values that are not the
 * int64 of the same bits. */
int64_t pjrt_dtype_bits_to_int64(const pjrt_dtype_row *row, uint64_t bits);

/* XLA's messages number element types otherwise: as PrimitiveType. INVALID for
 * what is none, such as tuples and numbers that are not known, which is 0. */
pjrt_dtype pjrt_dtype_from_xla(uint64_t type);
uint32_t pjrt_dtype_to_xla(pjrt_dtype dtype);

#endif /* PJRT_CORE_DTYPE_H_ */
