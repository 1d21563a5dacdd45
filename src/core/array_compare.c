#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "core/array.h"
#include "core/dtype.h"
#include "core/opts.h"

void pjrt_tolerance_init(pjrt_tolerance *tolerance) {
  *tolerance = (pjrt_tolerance){.struct_size = sizeof *tolerance};
}

/* The differences found so far. */
typedef struct report {
  size_t num;
  size_t first;
  size_t largest;
  double largest_difference; /* infinite when one of the two is not finite */
} report;

/* Takes over the builder's text as an error's message. */
static pjrt_error *finish_error(pjrt_code code, pjrt_builder *builder) {
  char *text;
  size_t size;
  PJRT_TRY(pjrt_builder_finish(builder, &text, &size));
  pjrt_error *error = pjrt_error_from_text(code, text, size);
  free(text);
  return error;
}

static void append_type_of(pjrt_builder *builder, const pjrt_array *array) {
  size_t num_dims;
  const int64_t *dims = pjrt_array_dims(array, &num_dims);
  pjrt_text_append_type(builder, pjrt_array_dtype(array), dims, num_dims);
}

static pjrt_error *check_same_type(const pjrt_array *actual,
                                   const pjrt_array *expected) {
  size_t num_actual;
  size_t num_expected;
  const int64_t *actual_dims = pjrt_array_dims(actual, &num_actual);
  const int64_t *expected_dims = pjrt_array_dims(expected, &num_expected);
  if (pjrt_array_dtype(actual) == pjrt_array_dtype(expected) &&
      num_actual == num_expected &&
      memcmp(actual_dims, expected_dims, num_actual * sizeof *actual_dims) ==
          0) {
    return NULL;
  }
  pjrt_builder message = {0};
  pjrt_builder_appendf(&message, "expected ");
  append_type_of(&message, expected);
  pjrt_builder_appendf(&message, ", got ");
  append_type_of(&message, actual);
  return finish_error(PJRT_INVALID_ARGUMENT, &message);
}

/* Infinity is close to nothing but itself, whatever the tolerance. */
static bool is_close(const pjrt_float_format *format, uint64_t actual,
                     uint64_t expected, double magnitude,
                     const pjrt_tolerance *tolerance, double *out_difference) {
  double a = pjrt_float_decode(format, actual);
  double e = pjrt_float_decode(format, expected);
  *out_difference = (double)INFINITY;
  if (actual == expected || (isnan(a) && isnan(e))) return true;
  if (!isfinite(a) || !isfinite(e)) return false;
  *out_difference = fabs(a - e);
  return pjrt_float_ulps(format, actual, expected) <= tolerance->ulps ||
         *out_difference <= tolerance->absolute ||
         *out_difference <= tolerance->relative * magnitude;
}

static bool same_integer(const pjrt_dtype_row *row, uint64_t actual,
                         uint64_t expected, double *out_difference) {
  bool is_signed = row->class_of == PJRT_CLASS_SIGNED;
  int64_t a = pjrt_dtype_bits_to_int64(row, actual);
  int64_t e = pjrt_dtype_bits_to_int64(row, expected);
  *out_difference = is_signed ? fabs((double)a - (double)e)
                              : fabs((double)actual - (double)expected);
  return actual == expected;
}

/* The larger of a complex element's two differences counts. */
static bool element_is_close(const pjrt_dtype_row *row, const void *actual,
                             const void *expected,
                             const pjrt_tolerance *tolerance,
                             double *out_difference) {
  const pjrt_float_format *format = &row->format;
  uint64_t a = pjrt_dtype_load_bits(row, actual, 0);
  uint64_t e = pjrt_dtype_load_bits(row, expected, 0);
  if (format->style == PJRT_FLOAT_NONE) {
    return same_integer(row, a, e, out_difference);
  }
  double magnitude = fabs(pjrt_float_decode(format, e));
  if (row->class_of == PJRT_CLASS_FLOAT) {
    return is_close(format, a, e, magnitude, tolerance, out_difference);
  }
  uint64_t imag_a = pjrt_dtype_load_bits(row, actual, 1);
  uint64_t imag_e = pjrt_dtype_load_bits(row, expected, 1);
  double imag_difference;
  magnitude = hypot(magnitude, pjrt_float_decode(format, imag_e));
  bool real = is_close(format, a, e, magnitude, tolerance, out_difference);
  bool imag =
      is_close(format, imag_a, imag_e, magnitude, tolerance, &imag_difference);
  if (!imag && (real || imag_difference > *out_difference)) {
    *out_difference = imag_difference;
  }
  return real && imag;
}

static report find_differences(const pjrt_array *actual,
                               const pjrt_array *expected,
                               const pjrt_tolerance *tolerance) {
  const pjrt_dtype_row *row = pjrt_dtype_row_of(pjrt_array_dtype(actual));
  report found = {.largest_difference = -1};
  size_t num = pjrt_array_num_elements(actual);
  for (size_t i = 0; i < num; i++) {
    double difference;
    if (element_is_close(row, pjrt_array_element(actual, i),
                         pjrt_array_element(expected, i), tolerance,
                         &difference)) {
      continue;
    }
    if (!found.num) found.first = i;
    found.num++;
    if (difference > found.largest_difference) {
      found.largest_difference = difference;
      found.largest = i;
    }
  }
  return found;
}

/* " (3 ulps)" for two finite floats. */
static void append_ulps(pjrt_builder *message, const pjrt_dtype_row *row,
                        const void *actual, const void *expected) {
  uint64_t a = pjrt_dtype_load_bits(row, actual, 0);
  uint64_t e = pjrt_dtype_load_bits(row, expected, 0);
  if (row->class_of != PJRT_CLASS_FLOAT ||
      !isfinite(pjrt_float_decode(&row->format, a)) ||
      !isfinite(pjrt_float_decode(&row->format, e))) {
    return;
  }
  uint64_t ulps = pjrt_float_ulps(&row->format, a, e);
  pjrt_builder_appendf(message, " (%llu ulp%s)", (unsigned long long)ulps,
                       ulps == 1 ? "" : "s");
}

static void append_index(pjrt_builder *message, const pjrt_array *array,
                         size_t i) {
  size_t num_dims;
  const int64_t *dims = pjrt_array_dims(array, &num_dims);
  size_t inner = pjrt_array_num_elements(array);
  pjrt_builder_append(message, "[", 1);
  for (size_t d = 0; d < num_dims; d++) {
    inner /= (size_t)dims[d];
    pjrt_builder_appendf(message, "%s%zu", d ? "," : "", i / inner);
    i %= inner;
  }
  pjrt_builder_append(message, "]", 1);
}

/* "[1,0]: got 2, expected 3 (2097152 ulps)". */
static void append_difference(pjrt_builder *message, const pjrt_array *actual,
                              const pjrt_array *expected, size_t i) {
  const pjrt_dtype dtype = pjrt_array_dtype(actual);
  const char *a = pjrt_array_element(actual, i);
  const char *e = pjrt_array_element(expected, i);
  append_index(message, actual, i);
  pjrt_builder_appendf(message, ": got ");
  pjrt_text_append_element(message, dtype, a);
  pjrt_builder_appendf(message, ", expected ");
  pjrt_text_append_element(message, dtype, e);
  append_ulps(message, pjrt_dtype_row_of(dtype), a, e);
}

static pjrt_error *describe(const pjrt_array *actual,
                            const pjrt_array *expected, const report *found) {
  pjrt_builder message = {0};
  pjrt_builder_appendf(&message, "%zu of %zu elements of ", found->num,
                       pjrt_array_num_elements(actual));
  append_type_of(&message, actual);
  pjrt_builder_appendf(&message, " differ, first at ");
  append_difference(&message, actual, expected, found->first);
  if (found->num > 1) {
    pjrt_builder_appendf(&message, "; the largest difference is at ");
    append_difference(&message, actual, expected, found->largest);
  }
  return finish_error(PJRT_DATA_LOSS, &message);
}

pjrt_error *pjrt_array_compare(const pjrt_array *actual,
                               const pjrt_array *expected,
                               const pjrt_tolerance *tolerance) {
  pjrt_tolerance used;
  pjrt_tolerance_init(&used);
  PJRT_TRY(pjrt_opts_read(tolerance, "pjrt_tolerance", sizeof used, &used));
  PJRT_TRY(check_same_type(actual, expected));
  report found = find_differences(actual, expected, &used);
  return found.num ? describe(actual, expected, &found) : NULL;
}
