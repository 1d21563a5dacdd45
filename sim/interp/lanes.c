/* Elements to the forms that are computed on, and back. F32, F64 and the whole
 * bytes of integers go straight; every other type through the codec. */
#include <complex.h>
#include <string.h>

#include "interp/scalar.h"

static const char *element(const sim_tensor *tensor, size_t i) {
  return (const char *)tensor->data + i * tensor->element_size;
}

static double load_part(const pjrt_dtype_row *row, const char *from,
                        unsigned part) {
  return pjrt_float_decode(&row->format, pjrt_dtype_load_bits(row, from, part));
}

static void store_part(const pjrt_dtype_row *row, char *to, unsigned part,
                       double value) {
  pjrt_dtype_store_bits(row, to, part, pjrt_float_encode(&row->format, value));
}

void sim_load_reals(const sim_tensor *from, size_t first, size_t num,
                    double *out) {
  if (num == 0) return;
  if (from->type.dtype == PJRT_F64) {
    memcpy(out, element(from, first), num * sizeof *out);
  } else if (from->type.dtype == PJRT_F32) {
    const float *values = (const float *)from->data + first;
    for (size_t i = 0; i < num; i++) out[i] = (double)values[i];
  } else {
    const pjrt_dtype_row *row = pjrt_dtype_row_of(from->type.dtype);
    for (size_t i = 0; i < num; i++) {
      out[i] = load_part(row, element(from, first + i), 0);
    }
  }
}

void sim_store_reals(sim_tensor *to, size_t first, size_t num,
                     const double *values) {
  if (num == 0) return;
  if (to->type.dtype == PJRT_F64) {
    memcpy((double *)to->data + first, values, num * sizeof *values);
  } else if (to->type.dtype == PJRT_F32) {
    float *out = (float *)to->data + first;
    for (size_t i = 0; i < num; i++) out[i] = (float)values[i];
  } else {
    const pjrt_dtype_row *row = pjrt_dtype_row_of(to->type.dtype);
    char *out = (char *)to->data + first * to->element_size;
    for (size_t i = 0; i < num; i++) {
      store_part(row, out + i * to->element_size, 0, values[i]);
    }
  }
}

void sim_load_complex(const sim_tensor *from, size_t first, size_t num,
                      sim_complex *out) {
  const pjrt_dtype_row *row = pjrt_dtype_row_of(from->type.dtype);
  for (size_t i = 0; i < num; i++) {
    out[i] = sim_complex_of(load_part(row, element(from, first + i), 0),
                            load_part(row, element(from, first + i), 1));
  }
}

void sim_store_complex(sim_tensor *to, size_t first, size_t num,
                       const sim_complex *values) {
  const pjrt_dtype_row *row = pjrt_dtype_row_of(to->type.dtype);
  char *out = (char *)to->data + first * to->element_size;
  for (size_t i = 0; i < num; i++) {
    store_part(row, out + i * to->element_size, 0, creal(values[i]));
    store_part(row, out + i * to->element_size, 1, cimag(values[i]));
  }
}

void sim_load_bits(const sim_tensor *from, size_t first, size_t num,
                   uint64_t *out) {
  const pjrt_dtype_row *row = pjrt_dtype_row_of(from->type.dtype);
  for (size_t i = 0; i < num; i++) {
    uint64_t bits = pjrt_dtype_load_bits(row, element(from, first + i), 0);
    out[i] = row->class_of == PJRT_CLASS_SIGNED
                 ? (uint64_t)pjrt_dtype_bits_to_int64(row, bits)
                 : bits;
  }
}

void sim_store_bits(sim_tensor *to, size_t first, size_t num,
                    const uint64_t *values) {
  const pjrt_dtype_row *row = pjrt_dtype_row_of(to->type.dtype);
  char *out = (char *)to->data + first * to->element_size;
  for (size_t i = 0; i < num; i++) {
    pjrt_dtype_store_bits(row, out + i * to->element_size, 0, values[i]);
  }
}
