/* Which device has which tile, and where tiles lie in an array. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/spec.h"
#include "ext/shardings.h"

/* ---- devices ------------------------------------------------------------- */

/* An iota is an array of all devices in order, of `iota_dims`, transposed by
 * `iota_order`; what it is reshaped to then does not move anything. */
static int64_t iota_device(const pjrt_sharding *s, size_t tile) {
  size_t index[PJRT_MAX_RANK];
  size_t device = 0;
  for (size_t i = s->num_iota_dims; i-- > 0;) {
    const size_t d = (size_t)s->iota_order[i];
    index[d] = tile % (size_t)s->iota_dims[d];
    tile /= (size_t)s->iota_dims[d];
  }
  for (size_t d = 0; d < s->num_iota_dims; d++) {
    device = device * (size_t)s->iota_dims[d] + index[d];
  }
  return (int64_t)device;
}

static size_t iota_tile(const pjrt_sharding *s, size_t device) {
  size_t index[PJRT_MAX_RANK];
  size_t tile = 0;
  for (size_t d = s->num_iota_dims; d-- > 0;) {
    index[d] = device % (size_t)s->iota_dims[d];
    device /= (size_t)s->iota_dims[d];
  }
  for (size_t i = 0; i < s->num_iota_dims; i++) {
    const size_t d = (size_t)s->iota_order[i];
    tile = tile * (size_t)s->iota_dims[d] + index[d];
  }
  return tile;
}

int64_t pjrt_sharding_device(const pjrt_sharding *sharding, size_t i) {
  if (i >= sharding->num_devices) return -1;
  return sharding->devices ? sharding->devices[i] : iota_device(sharding, i);
}

static int compare_device(const void *key, const void *place) {
  const int64_t device = *(const int64_t *)key;
  const int64_t other = ((const pjrt_sharding_place *)place)->device;
  return (device > other) - (device < other);
}

/* False: the sharding does not name the device. */
static bool find_tile(const pjrt_sharding *s, int64_t device, size_t *out) {
  if (s->devices) {
    const pjrt_sharding_place *place = bsearch(
        &device, s->places, s->num_devices, sizeof *place, compare_device);
    if (place) *out = place->tile;
    return place != NULL;
  }
  if (device < 0 || (uint64_t)device >= s->num_devices) return false;
  *out = iota_tile(s, (size_t)device);
  return true;
}

/* ---- arrays -------------------------------------------------------------- */

size_t pjrt_sharding_copies(const pjrt_sharding *sharding) {
  size_t copies = 1;
  const size_t rank = pjrt_sharding_rank(sharding);
  for (size_t i = rank; i < sharding->num_tile_dims; i++) {
    copies *= (size_t)sharding->tile_dims[i];
  }
  return copies;
}

int64_t pjrt_sharding_tiles_along(const pjrt_sharding *sharding, size_t d) {
  return sharding->kind == PJRT_SHARDING_TILED ? sharding->tile_dims[d] : 1;
}

static int64_t tile_size(int64_t dim, int64_t tiles) {
  return dim / tiles + (dim % tiles != 0);
}

int64_t pjrt_sharding_tile_start(int64_t dim, int64_t tiles, int64_t at) {
  int64_t start;
  if (__builtin_mul_overflow(tile_size(dim, tiles), at, &start)) return dim;
  return start < dim ? start : dim;
}

pjrt_error *pjrt_sharding_check_array(const pjrt_sharding *sharding,
                                      const int64_t *dims, size_t num_dims) {
  size_t num;
  if (!sharding) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "sharding is NULL");
  }
  if (num_dims && !dims) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "dims is NULL for %zu dimensions", num_dims);
  }
  if (sharding->kind == PJRT_SHARDING_TUPLE) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "the sharding is that of a tuple: ask its "
                             "elements");
  }
  if (sharding->kind == PJRT_SHARDING_MANUAL ||
      sharding->kind == PJRT_SHARDING_UNKNOWN) {
    return pjrt_error_format(
        PJRT_FAILED_PRECONDITION,
        "the sharding is %s: it does not say which device "
        "has what",
        sharding->kind == PJRT_SHARDING_MANUAL ? "manual" : "unknown");
  }
  const size_t rank = pjrt_sharding_rank(sharding);
  const bool is_tiled = sharding->kind == PJRT_SHARDING_TILED;
  if (num_dims > PJRT_MAX_RANK || (is_tiled && num_dims != rank)) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "an array of %zu dimensions, expected %s%zu",
                             num_dims, is_tiled ? "" : "at most ",
                             is_tiled ? rank : (size_t)PJRT_MAX_RANK);
  }
  return pjrt_dims_num_elements(dims, num_dims, 1, &num);
}

pjrt_error *pjrt_sharding_shard_dims(const pjrt_sharding *sharding,
                                     const int64_t *dims, size_t num_dims,
                                     int64_t *out) {
  PJRT_TRY(pjrt_sharding_check_array(sharding, dims, num_dims));
  for (size_t d = 0; d < num_dims; d++) {
    out[d] = tile_size(dims[d], pjrt_sharding_tiles_along(sharding, d));
  }
  return NULL;
}

static pjrt_error *check_device(const pjrt_sharding *sharding, int64_t device,
                                size_t *out_tile) {
  const bool names_devices = sharding->num_devices > 0;
  *out_tile = 0;
  if (names_devices ? find_tile(sharding, device, out_tile) : device >= 0) {
    return NULL;
  }
  return pjrt_error_format(PJRT_NOT_FOUND,
                           "device %lld has nothing of the array",
                           (long long)device);
}

pjrt_error *pjrt_sharding_slice(const pjrt_sharding *sharding,
                                const int64_t *dims, size_t num_dims,
                                int64_t device, int64_t *out_offsets,
                                int64_t *out_sizes) {
  size_t tile;
  PJRT_TRY(pjrt_sharding_check_array(sharding, dims, num_dims));
  PJRT_TRY(check_device(sharding, device, &tile));
  tile /= pjrt_sharding_copies(sharding);
  for (size_t d = num_dims; d-- > 0;) {
    const int64_t tiles = pjrt_sharding_tiles_along(sharding, d);
    const int64_t at = (int64_t)(tile % (size_t)tiles);
    tile /= (size_t)tiles;
    out_offsets[d] = pjrt_sharding_tile_start(dims[d], tiles, at);
    out_sizes[d] =
        pjrt_sharding_tile_start(dims[d], tiles, at + 1) - out_offsets[d];
  }
  return NULL;
}
