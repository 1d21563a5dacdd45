/* Layouts between a plugin's structs and ours. */
#ifndef PJRT_CORE_LAYOUT_H_
#define PJRT_CORE_LAYOUT_H_

#include "abi/call.h"
#include "pjrt/layout.h"

struct pjrt_layout {
  pjrt_layout_kind kind;
  const int64_t *numbers; /* minor_to_major or byte strides */
  size_t num_numbers;
  const int64_t *tile_dims; /* of all tiles, one after the other */
  const size_t *tile_ranks;
  size_t num_tiles;
  /* What XLA's text can tell besides, and PJRT's structs cannot. */
  int64_t tail_alignment; /* 0 and 1: none */
  int64_t element_bits;
  int64_t memory_space;
  int64_t prefix_bytes;
};

/* A copy with lists of its own. */
pjrt_error *pjrt_layout_copy(const pjrt_layout *layout, pjrt_layout **out)
    __attribute__((warn_unused_result));

/* A copy of a plugin's layout. UNIMPLEMENTED for a kind that this library does
 * not know. */
pjrt_error *pjrt_layout_from_raw(const PJRT_Buffer_MemoryLayout *raw,
                                 pjrt_layout **out)
    __attribute__((warn_unused_result));

/* A layout for a plugin, in a zeroed room; points into `layout`. UNIMPLEMENTED
 * for what the struct cannot tell. */
pjrt_error *pjrt_layout_to_raw(const pjrt_layout *layout,
                               const pjrt_plugin *plugin,
                               PJRT_Buffer_MemoryLayout *raw)
    __attribute__((warn_unused_result));

/* The same for an order of dimensions, without tiles. */
static inline void pjrt_layout_order_to_raw(const int64_t *minor_to_major,
                                            size_t num_dims,
                                            const pjrt_plugin *plugin,
                                            PJRT_Buffer_MemoryLayout *raw) {
  raw->struct_size = plugin->struct_size[PJRT_STRUCT_PJRT_Buffer_MemoryLayout];
  raw->type = PJRT_Buffer_MemoryLayout_Type_Tiled;
  raw->tiled.struct_size =
      plugin->struct_size[PJRT_STRUCT_PJRT_Buffer_MemoryLayout_Tiled];
  raw->tiled.minor_to_major = minor_to_major;
  raw->tiled.minor_to_major_size = num_dims;
}

#endif /* PJRT_CORE_LAYOUT_H_ */
