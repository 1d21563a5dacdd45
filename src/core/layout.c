#include "core/layout.h"

#include <stdlib.h>

#include "abi/counts.h"
#include "base/alloc.h"
#include "base/error.h"

struct pjrt_layout {
  pjrt_layout_kind kind;
  int64_t *numbers; /* minor_to_major or byte strides */
  size_t num_numbers;
  int64_t *tile_dims; /* of all tiles, one after the other */
  size_t *tile_ranks;
  size_t num_tiles;
};

static pjrt_error *copy_tiles(pjrt_layout *layout,
                              const PJRT_Buffer_MemoryLayout_Tiled *tiled) {
  void *copy;
  size_t num_dims = 0;
  PJRT_TRY(
      pjrt_count_check("num_tiles", tiled->num_tiles, tiled->tile_dim_sizes));
  for (size_t i = 0; i < tiled->num_tiles; i++) {
    PJRT_TRY(pjrt_count_check("tile_dim_sizes", tiled->tile_dim_sizes[i],
                              tiled->tile_dims));
    num_dims += tiled->tile_dim_sizes[i];
  }
  PJRT_TRY(pjrt_alloc_copy(tiled->tile_dims, num_dims, sizeof(int64_t), &copy));
  layout->tile_dims = copy;
  PJRT_TRY(pjrt_alloc_copy(tiled->tile_dim_sizes, tiled->num_tiles,
                           sizeof(size_t), &copy));
  layout->tile_ranks = copy;
  layout->num_tiles = tiled->num_tiles;
  return NULL;
}

static pjrt_error *copy_numbers(pjrt_layout *layout, const int64_t *numbers,
                                size_t num) {
  void *copy;
  PJRT_TRY(pjrt_count_check("the layout's rank", num, numbers));
  PJRT_TRY(pjrt_alloc_copy(numbers, num, sizeof *numbers, &copy));
  layout->numbers = copy;
  layout->num_numbers = num;
  return NULL;
}

static pjrt_error *copy_layout(pjrt_layout *layout,
                               const PJRT_Buffer_MemoryLayout *raw) {
  switch (raw->type) {
    case PJRT_Buffer_MemoryLayout_Type_Tiled:
      layout->kind = PJRT_LAYOUT_TILED;
      PJRT_TRY(copy_numbers(layout, raw->tiled.minor_to_major,
                            raw->tiled.minor_to_major_size));
      return copy_tiles(layout, &raw->tiled);
    case PJRT_Buffer_MemoryLayout_Type_Strides:
      layout->kind = PJRT_LAYOUT_STRIDES;
      return copy_numbers(layout, raw->strides.byte_strides,
                          raw->strides.num_byte_strides);
  }
  return pjrt_error_format(PJRT_UNIMPLEMENTED,
                           "the plugin's layout is of kind %d; this library "
                           "knows tiled (0) and strides (1)",
                           (int)raw->type);
}

pjrt_error *pjrt_layout_from_raw(const PJRT_Buffer_MemoryLayout *raw,
                                 pjrt_layout **out) {
  void *memory;
  *out = NULL;
  PJRT_TRY(pjrt_alloc(1, sizeof **out, &memory));
  pjrt_error *error = copy_layout(memory, raw);
  if (error) {
    pjrt_layout_free(memory);
    return error;
  }
  *out = memory;
  return NULL;
}

void pjrt_layout_free(pjrt_layout *layout) {
  if (!layout) return;
  free(layout->numbers);
  free(layout->tile_dims);
  free(layout->tile_ranks);
  free(layout);
}

pjrt_layout_kind pjrt_layout_kind_of(const pjrt_layout *layout) {
  return layout->kind;
}

const int64_t *pjrt_layout_minor_to_major(const pjrt_layout *layout,
                                          size_t *out_num) {
  *out_num = layout->kind == PJRT_LAYOUT_TILED ? layout->num_numbers : 0;
  return layout->numbers;
}

size_t pjrt_layout_num_tiles(const pjrt_layout *layout) {
  return layout->num_tiles;
}

const int64_t *pjrt_layout_tile(const pjrt_layout *layout, size_t i,
                                size_t *out_num) {
  const int64_t *dims = layout->tile_dims;
  *out_num = i < layout->num_tiles ? layout->tile_ranks[i] : 0;
  for (size_t tile = 0; tile < i && tile < layout->num_tiles; tile++) {
    dims += layout->tile_ranks[tile];
  }
  return dims;
}

const int64_t *pjrt_layout_byte_strides(const pjrt_layout *layout,
                                        size_t *out_num) {
  *out_num = layout->kind == PJRT_LAYOUT_STRIDES ? layout->num_numbers : 0;
  return layout->numbers;
}

bool pjrt_layout_is_row_major(const pjrt_layout *layout) {
  if (layout->kind != PJRT_LAYOUT_TILED || layout->num_tiles) return false;
  for (size_t i = 0; i < layout->num_numbers; i++) {
    if (layout->numbers[i] != (int64_t)(layout->num_numbers - 1 - i)) {
      return false;
    }
  }
  return true;
}
