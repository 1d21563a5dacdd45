#include "ext/shardings_picture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

enum { MOST_DEVICES = 1 << 16 };

/* ---- making -------------------------------------------------------------- */

static pjrt_error *count_devices(const pjrt_sharding *sharding,
                                 size_t num_devices, size_t *out) {
  *out = sharding->num_devices ? sharding->num_devices : num_devices;
  if (*out > 0 && *out <= MOST_DEVICES) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "a picture of %zu devices, expected 1 to %d", *out,
                           MOST_DEVICES);
}

/* Of the tiles along a dimension the last ones may have no elements. */
static int64_t count_boxes(int64_t dim, int64_t tiles) {
  int64_t num = tiles;
  while (num && pjrt_sharding_tile_start(dim, tiles, num - 1) == dim) num--;
  return num;
}

pjrt_error *pjrt_picture_start(pjrt_picture *picture,
                               const pjrt_sharding *sharding,
                               const int64_t *dims, size_t num_dims,
                               size_t num_devices) {
  size_t num;
  void *devices;
  PJRT_TRY(pjrt_sharding_check_array(sharding, dims, num_dims));
  PJRT_TRY(count_devices(sharding, num_devices, &num));
  PJRT_TRY(pjrt_alloc(num, sizeof *picture->devices, &devices));
  *picture = (pjrt_picture){.sharding = sharding,
                            .dims = dims,
                            .num_dims = num_dims,
                            .copies = pjrt_sharding_copies(sharding),
                            .num_boxes = 1,
                            .devices = devices};
  if (!sharding->num_devices) picture->copies = num;
  for (size_t d = 0; d < num_dims; d++) {
    picture->boxes[d] =
        count_boxes(dims[d], pjrt_sharding_tiles_along(sharding, d));
    picture->num_boxes *= (size_t)picture->boxes[d];
  }
  return NULL;
}

void pjrt_picture_end(pjrt_picture *picture) { free(picture->devices); }

/* ---- labels -------------------------------------------------------------- */

static int compare(const void *a, const void *b) {
  const int64_t first = *(const int64_t *)a, second = *(const int64_t *)b;
  return (first > second) - (first < second);
}

/* Ranges of devices, and dots where there is no room for another. */
static void write_label(int64_t *devices, size_t num, pjrt_picture_label out) {
  enum { DOTS = sizeof ",..." };
  char part[2 * sizeof "-9223372036854775808"];
  size_t size = 0, end;
  qsort(devices, num, sizeof *devices, compare);
  out[0] = 0;
  for (size_t i = 0; i < num; i = end) {
    end = i + 1;
    while (end < num && devices[end] == devices[end - 1] + 1) end++;
    int length = snprintf(part, sizeof part, "%s%lld", i ? "," : "",
                          (long long)devices[i]);
    if (end > i + 1) {
      length += snprintf(part + length, sizeof part - (size_t)length, "%c%lld",
                         end > i + 2 ? '-' : ',', (long long)devices[end - 1]);
    }
    if (size + (size_t)length + DOTS > PJRT_PICTURE_LABEL) {
      memcpy(out + size, i ? ",..." : "...", i ? 5 : 4);
      return;
    }
    memcpy(out + size, part, (size_t)length + 1);
    size += (size_t)length;
  }
}

/* Appends the devices of a tile. */
static void add_devices(const pjrt_picture *p, size_t tile, size_t *num) {
  for (size_t k = 0; k < p->copies; k++) {
    const size_t i = tile * p->copies + k;
    p->devices[(*num)++] = p->sharding->num_devices
                               ? pjrt_sharding_device(p->sharding, i)
                               : (int64_t)i;
  }
}

int64_t pjrt_picture_label_of(const pjrt_picture *picture, const int64_t *index,
                              pjrt_picture_label out) {
  size_t tile = 0, num = 0;
  for (size_t d = 0; d < picture->num_dims; d++) {
    tile = tile * (size_t)pjrt_sharding_tiles_along(picture->sharding, d) +
           (size_t)index[d];
  }
  add_devices(picture, tile, &num);
  write_label(picture->devices, num, out);
  return picture->devices[0];
}

static bool has_elements(const pjrt_picture *p, size_t tile) {
  bool is_box = true;
  for (size_t d = p->num_dims; d-- > 0;) {
    const int64_t tiles = pjrt_sharding_tiles_along(p->sharding, d);
    is_box = is_box && (int64_t)(tile % (size_t)tiles) < p->boxes[d];
    tile /= (size_t)tiles;
  }
  return is_box;
}

bool pjrt_picture_idle(const pjrt_picture *picture, pjrt_picture_label out) {
  size_t num = 0, num_tiles = 1;
  for (size_t d = 0; d < picture->num_dims; d++) {
    num_tiles *= (size_t)pjrt_sharding_tiles_along(picture->sharding, d);
  }
  for (size_t tile = 0; tile < num_tiles; tile++) {
    if (!has_elements(picture, tile)) add_devices(picture, tile, &num);
  }
  write_label(picture->devices, num, out);
  return num > 0;
}

/* ---- places -------------------------------------------------------------- */

void pjrt_picture_range(const pjrt_picture *picture, size_t d, int64_t at,
                        int64_t *out_from, int64_t *out_to) {
  const int64_t dim = picture->dims[d];
  const int64_t tiles = pjrt_sharding_tiles_along(picture->sharding, d);
  *out_from = pjrt_sharding_tile_start(dim, tiles, at);
  *out_to = pjrt_sharding_tile_start(dim, tiles, at + 1);
}

int64_t pjrt_picture_boxes(const pjrt_picture *picture, size_t back) {
  return back < picture->num_dims ? picture->boxes[picture->num_dims - 1 - back]
                                  : 1;
}

bool pjrt_picture_next(const pjrt_picture *picture, int64_t *index) {
  for (size_t d = picture->num_dims; d-- > 0;) {
    const bool is_leading = d + 2 < picture->num_dims;
    if (is_leading && ++index[d] < picture->boxes[d]) return true;
    index[d] = 0;
  }
  return false;
}

void pjrt_picture_put_group(const pjrt_picture *picture, const int64_t *index,
                            pjrt_builder *text) {
  int64_t from, to;
  if (picture->num_dims < 3) return;
  for (size_t d = 0; d + 2 < picture->num_dims; d++) {
    pjrt_picture_range(picture, d, index[d], &from, &to);
    pjrt_builder_appendf(text, "%s%lld:%lld", d ? "," : "[", (long long)from,
                         (long long)to);
  }
  pjrt_builder_append(text, ",:,:]", 5);
}
