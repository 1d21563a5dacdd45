/* Layouts: the order of a buffer's elements in device memory. */
#ifndef PJRT_LAYOUT_H_
#define PJRT_LAYOUT_H_

#include "pjrt/error.h"

PJRT_BEGIN_DECLS

typedef struct pjrt_layout pjrt_layout;

/* The numbers equal PJRT_Buffer_MemoryLayout_Type. */
typedef enum pjrt_layout_kind {
  PJRT_LAYOUT_TILED = 0,  /* an order of dimensions, and tiles if any */
  PJRT_LAYOUT_STRIDES = 1 /* bytes from one index to the next */
} pjrt_layout_kind;

/* @param layout [taken] */
PJRT_API void pjrt_layout_free(pjrt_layout *layout);

/* @param layout [borrowed: call] */
PJRT_API pjrt_layout_kind pjrt_layout_kind_of(const pjrt_layout *layout);

/* Tiled: the dimensions from the fastest varying to the slowest. Strides: an
 * empty list.
 * @param layout [borrowed: call]
 * @param out_num [borrowed: call]
 * @return [borrowed: layout] */
PJRT_API const int64_t *pjrt_layout_minor_to_major(const pjrt_layout *layout,
                                                   size_t *out_num);

/* Tiled: how many levels of tiles there are; 0 for dense data.
 * @param layout [borrowed: call] */
PJRT_API size_t pjrt_layout_num_tiles(const pjrt_layout *layout);

/* The i-th tile's dimensions; an empty list past the end.
 * @param layout [borrowed: call]
 * @param out_num [borrowed: call]
 * @return [borrowed: layout] */
PJRT_API const int64_t *pjrt_layout_tile(const pjrt_layout *layout, size_t i,
                                         size_t *out_num);

/* Strides: bytes from one index to the next, per dimension. Tiled: an empty
 * list.
 * @param layout [borrowed: call]
 * @param out_num [borrowed: call]
 * @return [borrowed: layout] */
PJRT_API const int64_t *pjrt_layout_byte_strides(const pjrt_layout *layout,
                                                 size_t *out_num);

/* Whether it is tiled without tiles, with the last dimension fastest: C order.
 * @param layout [borrowed: call] */
PJRT_API bool pjrt_layout_is_row_major(const pjrt_layout *layout);

PJRT_END_DECLS

#endif /* PJRT_LAYOUT_H_ */
