#include "core/layout.h"

#include <stdlib.h>

#include "abi/counts.h"
#include "base/alloc.h"
#include "base/error.h"
#include "core/spec.h"

/* ---- making -------------------------------------------------------------- */

static pjrt_error *copy_lists(const pjrt_layout *from, pjrt_layout *to) {
  void *copy;
  size_t num_dims = 0;
  for (size_t i = 0; i < from->num_tiles; i++) num_dims += from->tile_ranks[i];
  PJRT_TRY(pjrt_alloc_copy(from->numbers, from->num_numbers, sizeof(int64_t),
                           &copy));
  to->numbers = copy;
  PJRT_TRY(pjrt_alloc_copy(from->tile_dims, num_dims, sizeof(int64_t), &copy));
  to->tile_dims = copy;
  PJRT_TRY(pjrt_alloc_copy(from->tile_ranks, from->num_tiles, sizeof(size_t),
                           &copy));
  to->tile_ranks = copy;
  return NULL;
}

pjrt_error *pjrt_layout_copy(const pjrt_layout *layout, pjrt_layout **out) {
  void *memory;
  *out = NULL;
  PJRT_TRY(pjrt_alloc(1, sizeof **out, &memory));
  pjrt_layout *copy = memory;
  *copy = *layout;
  copy->numbers = copy->tile_dims = NULL;
  copy->tile_ranks = NULL;
  pjrt_error *error = copy_lists(layout, copy);
  if (error) {
    pjrt_layout_free(copy);
    return error;
  }
  *out = copy;
  return NULL;
}

static pjrt_error *read_tiled(const PJRT_Buffer_MemoryLayout_Tiled *tiled,
                              pjrt_layout *layout) {
  PJRT_TRY(pjrt_count_check("the layout's rank", tiled->minor_to_major_size,
                            tiled->minor_to_major));
  PJRT_TRY(
      pjrt_count_check("num_tiles", tiled->num_tiles, tiled->tile_dim_sizes));
  for (size_t i = 0; i < tiled->num_tiles; i++) {
    PJRT_TRY(pjrt_count_check("tile_dim_sizes", tiled->tile_dim_sizes[i],
                              tiled->tile_dims));
  }
  *layout = (pjrt_layout){.kind = PJRT_LAYOUT_TILED,
                          .numbers = tiled->minor_to_major,
                          .num_numbers = tiled->minor_to_major_size,
                          .tile_dims = tiled->tile_dims,
                          .tile_ranks = tiled->tile_dim_sizes,
                          .num_tiles = tiled->num_tiles};
  return NULL;
}

static pjrt_error *read_strides(const PJRT_Buffer_MemoryLayout_Strides *strides,
                                pjrt_layout *layout) {
  PJRT_TRY(pjrt_count_check("the layout's rank", strides->num_byte_strides,
                            strides->byte_strides));
  *layout = (pjrt_layout){.kind = PJRT_LAYOUT_STRIDES,
                          .numbers = strides->byte_strides,
                          .num_numbers = strides->num_byte_strides};
  return NULL;
}

static pjrt_error *read_raw(const PJRT_Buffer_MemoryLayout *raw,
                            pjrt_layout *layout) {
  switch (raw->type) {
    case PJRT_Buffer_MemoryLayout_Type_Tiled:
      return read_tiled(&raw->tiled, layout);
    case PJRT_Buffer_MemoryLayout_Type_Strides:
      return read_strides(&raw->strides, layout);
  }
  return pjrt_error_format(PJRT_UNIMPLEMENTED,
                           "the plugin's layout is of kind %d; this library "
                           "knows tiled (0) and strides (1)",
                           (int)raw->type);
}

pjrt_error *pjrt_layout_from_raw(const PJRT_Buffer_MemoryLayout *raw,
                                 pjrt_layout **out) {
  pjrt_layout layout;
  *out = NULL;
  PJRT_TRY(read_raw(raw, &layout));
  return pjrt_layout_copy(&layout, out);
}

static pjrt_error *check_list(const char *what, const int64_t *list,
                              size_t num_dims) {
  if (num_dims > PJRT_MAX_RANK) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "%zu dimensions, where at most %d are expected",
                             num_dims, PJRT_MAX_RANK);
  }
  if (list || num_dims == 0) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "%s is NULL for %zu dimensions", what, num_dims);
}

pjrt_error *pjrt_layout_from_order(const int64_t *minor_to_major,
                                   size_t num_dims, pjrt_layout **out) {
  const pjrt_layout layout = {.kind = PJRT_LAYOUT_TILED,
                              .numbers = minor_to_major,
                              .num_numbers = num_dims};
  *out = NULL;
  PJRT_TRY(check_list("minor_to_major", minor_to_major, num_dims));
  if (pjrt_order_is_valid(minor_to_major, num_dims)) {
    return pjrt_layout_copy(&layout, out);
  }
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "the order does not name each of %zu dimensions "
                           "once",
                           num_dims);
}

pjrt_error *pjrt_layout_from_byte_strides(const int64_t *byte_strides,
                                          size_t num_dims, pjrt_layout **out) {
  const pjrt_layout layout = {.kind = PJRT_LAYOUT_STRIDES,
                              .numbers = byte_strides,
                              .num_numbers = num_dims};
  *out = NULL;
  PJRT_TRY(check_list("byte_strides", byte_strides, num_dims));
  return pjrt_layout_copy(&layout, out);
}

void pjrt_layout_free(pjrt_layout *layout) {
  if (!layout) return;
  free((void *)layout->numbers);
  free((void *)layout->tile_dims);
  free((void *)layout->tile_ranks);
  free(layout);
}

/* ---- for a plugin -------------------------------------------------------- */

static pjrt_error *check_can_be_told(const pjrt_layout *layout) {
  const struct {
    char letter;
    int64_t number, none;
  } parts[] = {{'L', pjrt_layout_tail_alignment(layout), 1},
               {'E', layout->element_bits, 0},
               {'S', layout->memory_space, 0},
               {'M', layout->prefix_bytes, 0}};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    if (parts[i].number == parts[i].none) continue;
    return pjrt_error_format(PJRT_UNIMPLEMENTED,
                             "PJRT_Buffer_MemoryLayout cannot tell the "
                             "layout's %c(%lld)",
                             parts[i].letter, (long long)parts[i].number);
  }
  return NULL;
}

pjrt_error *pjrt_layout_to_raw(const pjrt_layout *layout,
                               const pjrt_plugin *plugin,
                               PJRT_Buffer_MemoryLayout *raw) {
  PJRT_TRY(check_can_be_told(layout));
  if (layout->kind == PJRT_LAYOUT_TILED) {
    pjrt_layout_order_to_raw(layout->numbers, layout->num_numbers, plugin, raw);
    raw->tiled.tile_dims = layout->tile_dims;
    raw->tiled.tile_dim_sizes = layout->tile_ranks;
    raw->tiled.num_tiles = layout->num_tiles;
    return NULL;
  }
  raw->struct_size = plugin->struct_size[PJRT_STRUCT_PJRT_Buffer_MemoryLayout];
  raw->type = PJRT_Buffer_MemoryLayout_Type_Strides;
  raw->strides.struct_size =
      plugin->struct_size[PJRT_STRUCT_PJRT_Buffer_MemoryLayout_Strides];
  raw->strides.byte_strides = layout->numbers;
  raw->strides.num_byte_strides = layout->num_numbers;
  return NULL;
}

/* ---- what it says -------------------------------------------------------- */

pjrt_layout_kind pjrt_layout_kind_of(const pjrt_layout *layout) {
  return layout->kind;
}

static const int64_t *numbers_of(const pjrt_layout *layout,
                                 pjrt_layout_kind kind, size_t *out_num) {
  if (out_num) *out_num = layout->kind == kind ? layout->num_numbers : 0;
  return layout->numbers;
}

const int64_t *pjrt_layout_minor_to_major(const pjrt_layout *layout,
                                          size_t *out_num) {
  return numbers_of(layout, PJRT_LAYOUT_TILED, out_num);
}

const int64_t *pjrt_layout_byte_strides(const pjrt_layout *layout,
                                        size_t *out_num) {
  return numbers_of(layout, PJRT_LAYOUT_STRIDES, out_num);
}

size_t pjrt_layout_num_tiles(const pjrt_layout *layout) {
  return layout->num_tiles;
}

const int64_t *pjrt_layout_tile(const pjrt_layout *layout, size_t i,
                                size_t *out_num) {
  const int64_t *dims = layout->tile_dims;
  if (out_num) *out_num = i < layout->num_tiles ? layout->tile_ranks[i] : 0;
  for (size_t tile = 0; tile < i && tile < layout->num_tiles; tile++) {
    dims += layout->tile_ranks[tile];
  }
  return dims;
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

int64_t pjrt_layout_element_bits(const pjrt_layout *layout) {
  return layout->element_bits;
}

int64_t pjrt_layout_memory_space(const pjrt_layout *layout) {
  return layout->memory_space;
}

int64_t pjrt_layout_tail_alignment(const pjrt_layout *layout) {
  return layout->tail_alignment > 1 ? layout->tail_alignment : 1;
}

int64_t pjrt_layout_prefix_bytes(const pjrt_layout *layout) {
  return layout->prefix_bytes;
}
