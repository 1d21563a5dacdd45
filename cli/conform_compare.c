#include "conform_compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- one number ---------------------------------------------------------- */

/* A real number: an element, or a part of a complex one. */
struct number {
  uint64_t bits;
  double value;
};

static struct number number_at(pjrt_dtype dtype, const void *at) {
  struct number number = {0};
  const unsigned width = pjrt_dtype_bit_width(dtype);
  memcpy(&number.bits, at, pjrt_dtype_host_size(dtype));
  if (width < 64) number.bits &= (UINT64_C(1) << width) - 1;
  pjrt_error_free(pjrt_dtype_to_double(dtype, at, &number.value));
  return number;
}

/* All floats but one have their sign in the highest bit, and below it grow with
 * their bits. */
static uint64_t sign_of(pjrt_dtype dtype) {
  if (dtype == PJRT_F8E8M0FNU) return 0;
  return UINT64_C(1) << (pjrt_dtype_bit_width(dtype) - 1);
}

static uint64_t ulps_between(pjrt_dtype dtype, struct number a,
                             struct number b) {
  if (a.bits == b.bits || (isnan(a.value) && isnan(b.value))) return 0;
  if (!isfinite(a.value) || !isfinite(b.value)) return ULPS_INFINITE;
  const uint64_t sign = sign_of(dtype);
  const uint64_t size_a = a.bits & ~sign;
  const uint64_t size_b = b.bits & ~sign;
  if ((a.bits & sign) != (b.bits & sign)) return size_a + size_b;
  return size_a > size_b ? size_a - size_b : size_b - size_a;
}

static bool is_almost_equal(double actual, double expected, double tolerance) {
  if (!isfinite(actual) || !isfinite(expected)) return false;
  return fabs(actual - expected) <= tolerance * fmax(1, fabs(expected));
}

/* Of two different floats. */
static bool is_near(struct number actual, struct number expected, uint64_t ulps,
                    const struct check_bounds *bounds) {
  if (actual.value == expected.value) return true;
  if (isnan(actual.value) && isnan(expected.value)) return true;
  switch (bounds->rule) {
    case CHECK_EQ:
      return false;
    case CHECK_CLOSE:
      return ulps <= bounds->max_ulps;
    case CHECK_ALMOST_EQ:
      return is_almost_equal(actual.value, expected.value, bounds->tolerance);
  }
  return false;
}

/* ---- elements ------------------------------------------------------------ */

/* What an element consists of: one number, or two. */
struct parts {
  pjrt_dtype dtype;
  size_t num;
  size_t size;
  bool is_float;
};

static struct parts parts_of(pjrt_dtype dtype) {
  struct parts parts = {.dtype = dtype, .num = 1};
  const pjrt_dtype_class class_of = pjrt_dtype_class_of(dtype);
  if (class_of == PJRT_CLASS_COMPLEX) {
    parts.dtype = dtype == PJRT_C64 ? PJRT_F32 : PJRT_F64;
    parts.num = 2;
  }
  parts.size = pjrt_dtype_host_size(parts.dtype);
  parts.is_float =
      class_of == PJRT_CLASS_FLOAT || class_of == PJRT_CLASS_COMPLEX;
  return parts;
}

/* Whether an element is right, and how far off it is. */
static bool compare_element(const struct parts *parts, const char *actual,
                            const char *expected,
                            const struct check_bounds *bounds,
                            uint64_t *out_ulps) {
  bool right = true;
  *out_ulps = 0;
  for (size_t i = 0; i < parts->num; i++) {
    const struct number a = number_at(parts->dtype, actual + i * parts->size);
    const struct number e = number_at(parts->dtype, expected + i * parts->size);
    const uint64_t ulps =
        parts->is_float ? ulps_between(parts->dtype, a, e) : 0;
    right &=
        a.bits == e.bits || (parts->is_float && is_near(a, e, ulps, bounds));
    if (ulps > *out_ulps) *out_ulps = ulps;
  }
  /* A lower bound is for tests of the measure, and on whole elements. */
  const bool is_far_enough =
      bounds->rule != CHECK_CLOSE || *out_ulps >= bounds->min_ulps;
  return right && is_far_enough;
}

static pjrt_error *refuse(const char *reason) {
  return pjrt_error_create(PJRT_INVALID_ARGUMENT, reason, PJRT_NUL_ENDED);
}

static pjrt_error *check_types(const pjrt_array *actual,
                               const pjrt_array *expected,
                               const struct check_bounds *bounds) {
  const pjrt_dtype dtype = pjrt_array_dtype(actual);
  size_t num_actual, num_expected;
  const int64_t *actual_dims = pjrt_array_dims(actual, &num_actual);
  const int64_t *expected_dims = pjrt_array_dims(expected, &num_expected);
  if (dtype != pjrt_array_dtype(expected) || num_actual != num_expected ||
      memcmp(actual_dims, expected_dims, num_actual * sizeof *actual_dims) !=
          0) {
    return refuse("what is compared differs in type or dimensions");
  }
  if (!parts_of(dtype).is_float && bounds->rule != CHECK_EQ) {
    return refuse("only floats can be nearly equal");
  }
  return NULL;
}

static const char *element_at(const pjrt_array *array, size_t i) {
  const char *data = pjrt_array_data(array);
  return data + i * pjrt_dtype_host_size(pjrt_array_dtype(array));
}

pjrt_error *check_compare(const pjrt_array *actual, const pjrt_array *expected,
                          const struct check_bounds *bounds,
                          struct comparison *out) {
  PJRT_TRY(check_types(actual, expected, bounds));
  const struct parts parts = parts_of(pjrt_array_dtype(actual));
  *out = (struct comparison){.num = pjrt_array_num_elements(actual)};
  for (size_t i = 0; i < out->num; i++) {
    uint64_t ulps;
    const bool right = compare_element(&parts, element_at(actual, i),
                                       element_at(expected, i), bounds, &ulps);
    if (ulps > out->max_ulps) out->max_ulps = ulps;
    if (right) continue;
    if (!out->num_wrong++ || ulps > out->worst_ulps) {
      out->worst = i;
      out->worst_ulps = ulps;
    }
  }
  return NULL;
}

/* ---- what is told -------------------------------------------------------- */

static void print_index(FILE *to, const pjrt_array *array, size_t i) {
  size_t num_dims;
  const int64_t *dims = pjrt_array_dims(array, &num_dims);
  size_t inner = pjrt_array_num_elements(array);
  fputc('[', to);
  for (size_t d = 0; d < num_dims; d++) {
    inner /= (size_t)dims[d];
    fprintf(to, "%s%zu", d ? "," : "", i / inner);
    i %= inner;
  }
  fputc(']', to);
}

/* As pjrt_array_print has it, without the type. */
static void print_element(FILE *to, const pjrt_array *array, size_t i) {
  char *text = NULL;
  size_t text_size;
  FILE *all = open_memstream(&text, &text_size);
  if (!all) return;
  pjrt_array *one;
  pjrt_error *error = pjrt_array_wrap(pjrt_array_dtype(array), NULL, 0, NULL,
                                      (char *)(uintptr_t)element_at(array, i),
                                      NULL, NULL, &one);
  if (!error) error = pjrt_array_print(one, 0, all);
  pjrt_array_free(one);
  pjrt_error_free(error);
  fclose(all);
  const char *value = text ? strchr(text, '=') : NULL;
  fputs(value ? value + 1 : "?", to);
  free(text);
}

void check_describe(const pjrt_array *actual, const pjrt_array *expected,
                    const struct comparison *comparison, char *out,
                    size_t out_size) {
  const size_t worst = comparison->worst;
  FILE *to = fmemopen(out, out_size, "w");
  *out = '\0';
  if (!to) return;
  print_index(to, actual, worst);
  fputs(": got ", to);
  print_element(to, actual, worst);
  fputs(", expected ", to);
  print_element(to, expected, worst);
  if (parts_of(pjrt_array_dtype(actual)).is_float &&
      comparison->worst_ulps != ULPS_INFINITE) {
    fprintf(to, " (%llu ulp%s)", (unsigned long long)comparison->worst_ulps,
            comparison->worst_ulps == 1 ? "" : "s");
  }
  fprintf(to, ", %zu of %zu elements", comparison->num_wrong, comparison->num);
  fclose(to);
}
