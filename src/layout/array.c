#include "layout/array.h"

#include "base/alloc.h"
#include "base/error.h"
#include "core/spec.h"

/* PRED has one bit of information and a byte in every memory. */
static pjrt_error *find_element_bits(const pjrt_layout *layout,
                                     pjrt_dtype dtype, int64_t *out) {
  const size_t host_size = pjrt_dtype_host_size(dtype);
  const unsigned width = pjrt_dtype_bit_width(dtype);
  const char *name = pjrt_dtype_name(dtype);
  *out = layout->element_bits;
  if (host_size == 0) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "the element type %s has no elements", name);
  }
  if (*out && *out < width) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "the layout's E(%lld) is less than the %u bits of "
                             "%s",
                             (long long)*out, width, name);
  }
  if (*out) return NULL;
  *out = 8 * (int64_t)host_size;
  if (width >= 8 || dtype == PJRT_PRED || layout->kind != PJRT_LAYOUT_TILED) {
    return NULL;
  }
  return pjrt_error_format(PJRT_UNIMPLEMENTED,
                           "the layout does not tell by E(%u) or E(8) whether "
                           "elements of %s are packed",
                           width, name);
}

static pjrt_error *damaged_tile(size_t i) {
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "the layout's tile %zu is damaged", i);
}

static pjrt_error *check_tiles(const pjrt_layout *layout) {
  size_t num = 0;
  for (size_t i = 0; i < layout->num_tiles; i++) {
    const size_t rank = layout->tile_ranks[i];
    if (rank == 0 || rank > PJRT_MAX_RANK - num) return damaged_tile(i);
    for (size_t end = num + rank; num < end; num++) {
      const int64_t dim = layout->tile_dims[num];
      const bool joins = dim == PJRT_LAYOUT_JOIN && num + 1 < end;
      if (dim < 1 && !joins) return damaged_tile(i);
    }
  }
  return NULL;
}

static pjrt_error *check_layout(const pjrt_layout *layout, size_t num_dims) {
  if (layout->prefix_bytes) {
    return pjrt_error_format(PJRT_UNIMPLEMENTED,
                             "the layout has a prefix, M(%lld), and plugins do "
                             "not tell where elements begin then",
                             (long long)layout->prefix_bytes);
  }
  if (layout->num_numbers != num_dims) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "the layout is of %zu dimensions, and the array "
                             "has %zu",
                             layout->num_numbers, num_dims);
  }
  if (num_dims > PJRT_MAX_RANK) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "%zu dimensions, where at most %d are expected",
                             num_dims, PJRT_MAX_RANK);
  }
  if (layout->kind != PJRT_LAYOUT_TILED) return NULL;
  if (pjrt_order_is_valid(layout->numbers, num_dims)) {
    return check_tiles(layout);
  }
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "the layout does not name each of %zu dimensions "
                           "once",
                           num_dims);
}

pjrt_error *pjrt_layout_check_array(const pjrt_layout *layout, pjrt_dtype dtype,
                                    const int64_t *dims, size_t num_dims,
                                    pjrt_layout_array *out) {
  if (!layout)
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "layout is NULL");
  if (num_dims && !dims) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "dims is NULL for %zu dimensions", num_dims);
  }
  *out = (pjrt_layout_array){.dims = dims, .num_dims = num_dims};
  PJRT_TRY(find_element_bits(layout, dtype, &out->element_bits));
  PJRT_TRY(pjrt_dims_num_elements(dims, num_dims, (size_t)out->element_bits,
                                  &out->num_elements));
  return check_layout(layout, num_dims);
}
