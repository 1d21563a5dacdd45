/* The inside of a sharding.
 *
 * A short text may name any number of devices. Nothing here is made per device
 * unless they are listed one by one, but for pictures, which are bounded. */
#ifndef PJRT_EXT_SHARDINGS_INSIDE_H_
#define PJRT_EXT_SHARDINGS_INSIDE_H_

#include "pjrt/ext/shardings.h"

enum { PJRT_SHARDING_MAX_ELEMENTS = 1 << 16 };

/* A device that is listed, and its place in the list. */
typedef struct pjrt_sharding_place {
  int64_t device;
  size_t tile;
} pjrt_sharding_place;

struct pjrt_sharding {
  pjrt_sharding_kind kind;
  pjrt_shard_group group;
  int64_t group_id;

  /* Tiled: those of the array, and then those of the subgroups. */
  const int64_t *tile_dims;
  size_t num_tile_dims;
  const pjrt_sharding_kind *subgroups;
  size_t num_subgroups;

  size_t num_devices;
  const int64_t *devices; /* in the order of the tiles; NULL: an iota */
  const pjrt_sharding_place *places; /* the same, sorted by device */
  const int64_t *iota_dims;
  const int64_t *iota_order;
  size_t num_iota_dims;

  pjrt_sharding **elements;
  size_t num_elements;
};

/* Judges a draft of anything but a tuple, whose lists are the caller's, and
 * makes the sharding that XLA makes of it. INVALID_ARGUMENT, saying what is
 * wrong. */
pjrt_error *pjrt_sharding_make(const pjrt_sharding *draft, pjrt_sharding **out)
    __attribute__((warn_unused_result));

/* A tuple without elements, with room for so many. */
pjrt_error *pjrt_sharding_make_tuple(size_t num_elements, pjrt_sharding **out)
    __attribute__((warn_unused_result));

/* UNIMPLEMENTED. */
pjrt_error *pjrt_sharding_is_named(void)
    __attribute__((cold, warn_unused_result, returns_nonnull));

/* Of the array's dimensions, without the subgroups'. */
static inline size_t pjrt_sharding_rank(const pjrt_sharding *sharding) {
  return sharding->num_tile_dims - sharding->num_subgroups;
}

/* How many devices have one tile. */
size_t pjrt_sharding_copies(const pjrt_sharding *sharding);

/* Into how many tiles dimension d is cut: 1 of what is not tiled. */
int64_t pjrt_sharding_tiles_along(const pjrt_sharding *sharding, size_t d);

/* The first index of tile `at` of so many along a dimension; `dim` past the
 * last. */
int64_t pjrt_sharding_tile_start(int64_t dim, int64_t tiles, int64_t at);

pjrt_error *pjrt_sharding_check_array(const pjrt_sharding *sharding,
                                      const int64_t *dims, size_t num_dims)
    __attribute__((warn_unused_result));

#endif /* PJRT_EXT_SHARDINGS_INSIDE_H_ */
