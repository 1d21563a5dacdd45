/* One codec for every float format, from 4 to 64 bits. */
#ifndef PJRT_CORE_FLOAT_FORMAT_H_
#define PJRT_CORE_FLOAT_FORMAT_H_

#include "pjrt/base.h"

/* What a format does with the codes that IEEE 754 gives to infinity, NaN and
 * negative zero. */
typedef enum pjrt_float_style {
  PJRT_FLOAT_NONE = 0, /* not a float format */
  PJRT_FLOAT_IEEE,     /* the highest exponent: infinity and NaNs */
  PJRT_FLOAT_FN,       /* no infinity; NaN is all ones */
  PJRT_FLOAT_FNUZ,     /* no infinity, no -0; NaN is what -0 would be */
  PJRT_FLOAT_FINITE,   /* neither infinity nor NaN */
  PJRT_FLOAT_E8M0      /* powers of two; no sign, no zero; NaN is all ones */
} pjrt_float_style;

/* Sign (but for E8M0), exponent, mantissa without the implicit one. */
typedef struct pjrt_float_format {
  pjrt_float_style style;
  unsigned exponent_bits;
  unsigned mantissa_bits;
  int bias;
} pjrt_float_format;

/* Exact, but for the payload of a NaN. */
double pjrt_float_decode(const pjrt_float_format *format, uint64_t bits);

/* Both round once, to nearest, ties to the even code. What is too large becomes
 * infinity, or NaN without one, or the largest value without either. In E8M0,
 * which has no mantissa to be even, ties go up, zero and negative values are
 * NaN, and what is too small becomes the smallest value. NaN without a code for
 * it becomes -0, and -NaN 0, as in ml_dtypes. */
uint64_t pjrt_float_encode(const pjrt_float_format *format, double value);
uint64_t pjrt_float_encode_int64(const pjrt_float_format *format,
                                 int64_t value);

/* How many representable values apart two codes are, neither of them NaN; 0 and
 * -0 are the same, infinity follows the largest value. */
uint64_t pjrt_float_ulps(const pjrt_float_format *format, uint64_t a,
                         uint64_t b);

#endif /* PJRT_CORE_FLOAT_FORMAT_H_ */
