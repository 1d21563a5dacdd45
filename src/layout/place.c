/* Where elements lie. */
#include "base/error.h"
#include "core/spec.h"
#include "layout/array.h"

static pjrt_error *too_large(void) {
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "the array in this layout has more bits than fit "
                           "63");
}

/* ---- tiles --------------------------------------------------------------- */

/* An array's dimensions from the slowest to the fastest, and an element's
 * place along each. A tile may add twice as many as it has. */
typedef struct axes {
  size_t num;
  struct axis {
    int64_t size;
    int64_t at;
  } list[3 * PJRT_MAX_RANK];
} axes;

static struct axes axes_of(const pjrt_layout *layout,
                           const pjrt_layout_array *array,
                           const int64_t *index) {
  axes a = {.num = array->num_dims};
  for (size_t i = 0; i < a.num; i++) {
    const int64_t dim = layout->numbers[a.num - 1 - i];
    a.list[i] = (struct axis){array->dims[dim], index ? index[dim] : 0};
  }
  return a;
}

/* A tile that has more dimensions than the array takes it for one of more. */
static void pad(axes *a, size_t rank) {
  const size_t more = rank > a->num ? rank - a->num : 0;
  for (size_t i = a->num; more && i-- > 0;) a->list[i + more] = a->list[i];
  for (size_t i = 0; i < more; i++) a->list[i] = (struct axis){1, 0};
  a->num += more;
}

/* Continues an axis by a faster one. False on overflow. */
static bool join(struct axis *slow, struct axis fast) {
  if (__builtin_mul_overflow(slow->size, fast.size, &slow->size)) return false;
  slow->at = slow->at * fast.size + fast.at; /* which is less than the size */
  return true;
}

/* The last axes become tiles, and behind all of them what is in a tile. */
static bool cut(axes *a, const int64_t *tile, size_t rank) {
  struct axis inner[PJRT_MAX_RANK], joined = {1, 0};
  size_t num_inner = 0;
  pad(a, rank);
  const size_t first = a->num - rank;
  a->num = first;
  for (size_t i = 0; i < rank; i++) {
    if (!join(&joined, a->list[first + i])) return false;
    if (tile[i] == PJRT_LAYOUT_JOIN) continue;
    const int64_t size = joined.size / tile[i] + (joined.size % tile[i] != 0);
    a->list[a->num++] = (struct axis){size, joined.at / tile[i]};
    inner[num_inner++] = (struct axis){tile[i], joined.at % tile[i]};
    joined = (struct axis){1, 0};
  }
  for (size_t i = 0; i < num_inner; i++) a->list[a->num++] = inner[i];
  return true;
}

/* The elements that there is room for, and which of them this is. */
static pjrt_error *flatten(const pjrt_layout *layout,
                           const pjrt_layout_array *array, const int64_t *index,
                           struct axis *out) {
  int64_t bits;
  axes a = axes_of(layout, array, index);
  const int64_t *tile = layout->tile_dims;
  for (size_t i = 0; i < layout->num_tiles; i++) {
    if (!cut(&a, tile, layout->tile_ranks[i])) return too_large();
    tile += layout->tile_ranks[i];
  }
  *out = (struct axis){1, 0};
  for (size_t i = 0; i < a.num; i++) {
    if (!join(out, a.list[i])) return too_large();
  }
  const int64_t alignment = pjrt_layout_tail_alignment(layout);
  const int64_t rest = out->size % alignment;
  if ((rest &&
       __builtin_add_overflow(out->size, alignment - rest, &out->size)) ||
      __builtin_mul_overflow(out->size, array->element_bits, &bits)) {
    return too_large();
  }
  return NULL;
}

/* ---- strides ------------------------------------------------------------- */

/* Bytes from element 0, 0, ... to another, or with `apart` those between the
 * farthest two. */
static pjrt_error *walk(const pjrt_layout *layout,
                        const pjrt_layout_array *array, const int64_t *index,
                        bool apart, int64_t *out) {
  *out = 0;
  for (size_t i = 0; i < array->num_dims; i++) {
    int64_t step, steps = apart ? array->dims[i] - 1 : index[i];
    if (__builtin_mul_overflow(layout->numbers[i], steps, &step) ||
        (apart && step < 0 && __builtin_sub_overflow(0, step, &step)) ||
        __builtin_add_overflow(*out, step, out)) {
      return too_large();
    }
  }
  return NULL;
}

/* ---- public -------------------------------------------------------------- */

pjrt_error *pjrt_layout_size(const pjrt_layout *layout, pjrt_dtype dtype,
                             const int64_t *dims, size_t num_dims,
                             size_t *out) {
  pjrt_layout_array array;
  struct axis room;
  int64_t bytes;
  *out = 0;
  PJRT_TRY(pjrt_layout_check_array(layout, dtype, dims, num_dims, &array));
  if (array.num_elements == 0) return NULL;
  if (layout->kind == PJRT_LAYOUT_TILED) {
    PJRT_TRY(flatten(layout, &array, NULL, &room));
    *out = ((size_t)(room.size * array.element_bits) + 7) / 8;
    return NULL;
  }
  PJRT_TRY(walk(layout, &array, NULL, true, &bytes));
  if (__builtin_add_overflow(bytes, array.element_bits / 8, &bytes)) {
    return too_large();
  }
  *out = (size_t)bytes;
  return NULL;
}

static pjrt_error *check_index(const pjrt_layout_array *array,
                               const int64_t *index) {
  if (array->num_dims && !index)
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "index is NULL");
  for (size_t i = 0; i < array->num_dims; i++) {
    if (index[i] >= 0 && index[i] < array->dims[i]) continue;
    return pjrt_error_format(PJRT_OUT_OF_RANGE,
                             "index %lld in dimension %zu, which has %lld",
                             (long long)index[i], i, (long long)array->dims[i]);
  }
  return NULL;
}

pjrt_error *pjrt_layout_element_at(const pjrt_layout *layout, pjrt_dtype dtype,
                                   const int64_t *dims, size_t num_dims,
                                   const int64_t *index, int64_t *out_bit) {
  pjrt_layout_array array;
  struct axis place;
  int64_t byte;
  *out_bit = 0;
  PJRT_TRY(pjrt_layout_check_array(layout, dtype, dims, num_dims, &array));
  PJRT_TRY(check_index(&array, index));
  if (layout->kind == PJRT_LAYOUT_TILED) {
    PJRT_TRY(flatten(layout, &array, index, &place));
    *out_bit = place.at * array.element_bits;
    return NULL;
  }
  PJRT_TRY(walk(layout, &array, index, false, &byte));
  if (!__builtin_mul_overflow(byte, 8, out_bit)) return NULL;
  *out_bit = 0;
  return too_large();
}
