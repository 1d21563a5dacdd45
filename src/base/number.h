/* Numbers from text and to text, whatever the process's locale. */
#ifndef PJRT_BASE_NUMBER_H_
#define PJRT_BASE_NUMBER_H_

#include "pjrt/base.h"

/* A decimal integer, or a hexadecimal one after 0x, with an optional sign. The
 * whole text must be the number. False when it is not one or does not fit 64
 * bits; -0 is not negative. */
bool pjrt_number_read_integer(const char *text, size_t size, bool *out_negative,
                              uint64_t *out_magnitude);

/* The same for int64. */
bool pjrt_number_read_int64(const char *text, size_t size, int64_t *out);

/* Whatever strtod takes, except blanks: decimal, 0x1p-3, inf, nan. Overflow
 * gives infinity. */
bool pjrt_number_read_double(const char *text, size_t size, double *out);

/* Room for any double in the form below, with its NUL. */
#define PJRT_NUMBER_SIZE 32

/* Writes `value` as printf's %.*g would in the C locale, NaN as "nan". */
void pjrt_number_write_double(double value, int digits,
                              char out[PJRT_NUMBER_SIZE]);

#endif /* PJRT_BASE_NUMBER_H_ */
