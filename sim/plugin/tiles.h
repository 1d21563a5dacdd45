/* How arrays lie in a memory, and their way from and to the host's form, in
 * which every element has bytes of its own.
 *
 * Where nothing else is said they lie dense: row by row, elements narrower than
 * a byte packed, the first one in the lowest bits.
 *
 * Tiled ones are cut into tiles of 8 by 128 elements over their two minor
 * dimensions, which are padded to whole tiles. A tile's elements lie together,
 * row by row; so do the tiles of one pair of minor dimensions, and so do these.
 *
 * One with dynamic dimensions has room for its bounds. Its elements lie as
 * those of an array of the present sizes would, from the beginning; behind the
 * room come the sizes of all dimensions, as int32. */
#ifndef PJRT_SIM_TILES_H_
#define PJRT_SIM_TILES_H_

#include "plugin/internal.h"

enum { SIM_TILE_ROWS = 8, SIM_TILE_COLUMNS = 128 };

/* Makes the shape that of an array in the devices' own memory. */
void sim_shape_tile(sim_shape *shape, bool tiled_layouts);
/* The same for any memory of a client. */
void sim_shape_place(sim_shape *shape, const PJRT_Memory *memory);

bool sim_shape_equal(const sim_shape *a, const sim_shape *b);

/* Whether the bytes are the same there as on the host. */
bool sim_is_host_form(const sim_shape *shape);

/* The sizes that are present, from an array's bytes; never above the bounds. */
void sim_present_dims(const sim_shape *shape, const unsigned char *bytes,
                      int64_t *out_dims);

/* The strides of a dense array in host form. */
void sim_dense_strides(PJRT_Buffer_Type type, const int64_t *dims,
                       const int64_t *minor_to_major, size_t num_dims,
                       int64_t *out_strides);

/* Writes an array from the host's memory. `dims` are the shape's own, or the
 * present sizes of one with dynamic dimensions. Strides are in bytes; NULL:
 * those of a dense array of the shape's dimensions, row-major. */
void sim_pack(const sim_shape *shape, const int64_t *dims, const void *host,
              const int64_t *strides, unsigned char *bytes);

/* The other way round. */
void sim_unpack(const sim_shape *shape, const int64_t *dims,
                const unsigned char *bytes, void *host, const int64_t *strides);

#endif /* PJRT_SIM_TILES_H_ */
