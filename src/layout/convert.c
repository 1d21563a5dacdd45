/* Orders of dimensions as byte strides, and back. */
#include "base/error.h"
#include "core/spec.h"
#include "layout/array.h"

/* ---- to strides ---------------------------------------------------------- */

static pjrt_error *check_is_strided(const pjrt_layout *layout,
                                    const pjrt_layout_array *array) {
  const int64_t alignment = pjrt_layout_tail_alignment(layout);
  if (layout->num_tiles) {
    return pjrt_error_format(PJRT_FAILED_PRECONDITION,
                             "the layout has tiles of %zu level%s, which byte "
                             "strides cannot tell",
                             layout->num_tiles,
                             layout->num_tiles == 1 ? "" : "s");
  }
  if (array->element_bits % 8) {
    return pjrt_error_format(PJRT_FAILED_PRECONDITION,
                             "elements have %lld bits, which byte strides "
                             "cannot tell",
                             (long long)array->element_bits);
  }
  if (alignment == 1 && layout->memory_space == 0) return NULL;
  return pjrt_error_format(
      PJRT_FAILED_PRECONDITION,
      "the layout has %c(%lld), which byte strides cannot tell",
      alignment == 1 ? 'S' : 'L',
      (long long)(alignment == 1 ? layout->memory_space : alignment));
}

pjrt_error *pjrt_layout_to_strides(const pjrt_layout *layout, pjrt_dtype dtype,
                                   const int64_t *dims, size_t num_dims,
                                   pjrt_layout **out) {
  pjrt_layout_array array;
  int64_t strides[PJRT_MAX_RANK];
  *out = NULL;
  PJRT_TRY(pjrt_layout_check_array(layout, dtype, dims, num_dims, &array));
  if (layout->kind == PJRT_LAYOUT_STRIDES) return pjrt_layout_copy(layout, out);
  PJRT_TRY(check_is_strided(layout, &array));
  int64_t stride = array.element_bits / 8;
  for (size_t i = 0; i < num_dims; i++) {
    const int64_t dim = layout->numbers[i];
    strides[dim] = stride;
    stride *= dims[dim] ? dims[dim] : 1;
  }
  return pjrt_layout_from_byte_strides(strides, num_dims, out);
}

/* ---- to an order --------------------------------------------------------- */

typedef struct search {
  const pjrt_layout_array *array;
  const int64_t *strides;
  uint64_t found; /* dimensions, as bits */
  int64_t dense;  /* the stride of the next in memory without gaps */
} search;

static bool is_found(const search *s, size_t dim) {
  return s->found >> dim & 1;
}

/* Whatever is stepped along nowhere has any stride. */
static bool fits(const search *s, size_t dim) {
  return s->array->dims[dim] == 1 || s->array->num_elements == 0 ||
         s->strides[dim] == s->dense;
}

/* The last dimension that fits, so that C order stays C order. */
static bool find_next(search *s, int64_t *out) {
  for (size_t dim = s->array->num_dims; dim-- > 0;) {
    if (is_found(s, dim) || !fits(s, dim)) continue;
    const int64_t size = s->array->dims[dim];
    s->found |= UINT64_C(1) << dim;
    s->dense *= size ? size : 1;
    *out = (int64_t)dim;
    return true;
  }
  return false;
}

static uint64_t magnitude(int64_t stride) {
  return stride < 0 ? -(uint64_t)stride : (uint64_t)stride;
}

/* Names the one that would have come next: of those left, the closest. */
static pjrt_error *not_dense(const search *s) {
  size_t worst = s->array->num_dims;
  for (size_t dim = 0; dim < s->array->num_dims; dim++) {
    if (is_found(s, dim)) continue;
    if (worst == s->array->num_dims ||
        magnitude(s->strides[dim]) < magnitude(s->strides[worst])) {
      worst = dim;
    }
  }
  const int64_t stride = s->strides[worst];
  const char *why = stride == 0         ? "its elements are one"
                    : stride < 0        ? "it runs backwards"
                    : stride > s->dense ? "there are gaps"
                                        : "elements overlap";
  return pjrt_error_format(PJRT_FAILED_PRECONDITION,
                           "dimension %zu has a stride of %lld bytes, where "
                           "dense memory has %lld: %s",
                           worst, (long long)stride, (long long)s->dense, why);
}

pjrt_error *pjrt_layout_to_tiled(const pjrt_layout *layout, pjrt_dtype dtype,
                                 const int64_t *dims, size_t num_dims,
                                 pjrt_layout **out) {
  pjrt_layout_array array;
  int64_t order[PJRT_MAX_RANK];
  *out = NULL;
  PJRT_TRY(pjrt_layout_check_array(layout, dtype, dims, num_dims, &array));
  if (layout->kind == PJRT_LAYOUT_TILED) return pjrt_layout_copy(layout, out);
  search s = {.array = &array,
              .strides = layout->numbers,
              .dense = array.element_bits / 8};
  for (size_t i = 0; i < num_dims; i++) {
    if (!find_next(&s, &order[i])) return not_dense(&s);
  }
  const pjrt_layout tiled = {
      .kind = PJRT_LAYOUT_TILED,
      .numbers = order,
      .num_numbers = num_dims,
      .element_bits = pjrt_dtype_bit_width(dtype) < 8 && dtype != PJRT_PRED
                          ? array.element_bits
                          : 0};
  return pjrt_layout_copy(&tiled, out);
}
