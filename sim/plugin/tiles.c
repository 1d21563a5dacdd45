#include "plugin/tiles.h"

#include <string.h>

void sim_shape_tile(sim_shape *shape, bool tiled_layouts) {
  shape->is_tiled = tiled_layouts && shape->num_dims >= 2;
}

void sim_shape_place(sim_shape *shape, const PJRT_Memory *memory) {
  const sim_memory *place = (const sim_memory *)(const void *)memory;
  sim_shape_tile(shape, place->kind_id == SIM_DEVICE_MEMORY &&
                            place->device->client->machine.tiled_layouts);
}

bool sim_shape_equal(const sim_shape *a, const sim_shape *b) {
  return a->type == b->type && a->num_dims == b->num_dims &&
         a->dynamic_dims == b->dynamic_dims &&
         memcmp(a->dims, b->dims, a->num_dims * sizeof(*a->dims)) == 0;
}

/* ---- sizes --------------------------------------------------------------- */

static int64_t num_tiles(int64_t size, int64_t tile) {
  return size / tile + (size % tile != 0);
}

/* Elements, with those that only pad. */
static size_t padded_elements(const sim_shape *shape) {
  size_t num = 1;
  for (size_t i = 0; i < shape->num_dims; i++) {
    int64_t size = shape->dims[i];
    if (shape->is_tiled && i + 1 == shape->num_dims)
      size = num_tiles(size, SIM_TILE_COLUMNS) * SIM_TILE_COLUMNS;
    else if (shape->is_tiled && i + 2 == shape->num_dims)
      size = num_tiles(size, SIM_TILE_ROWS) * SIM_TILE_ROWS;
    num *= (size_t)size;
  }
  return num;
}

static size_t size_of_elements(const sim_shape *shape) {
  return (padded_elements(shape) * (size_t)sim_type_bits(shape->type) + 7) / 8;
}

size_t sim_device_size(const sim_shape *shape) {
  const size_t size = size_of_elements(shape);
  return shape->dynamic_dims ? size + shape->num_dims * sizeof(int32_t) : size;
}

bool sim_is_host_form(const sim_shape *shape) {
  return !shape->is_tiled && !shape->dynamic_dims &&
         sim_type_bits(shape->type) >= 8;
}

void sim_dense_strides(PJRT_Buffer_Type type, const int64_t *dims,
                       const int64_t *minor_to_major, size_t num_dims,
                       int64_t *out_strides) {
  int64_t stride = (int64_t)sim_host_size(&(sim_shape){.type = type});
  for (size_t i = 0; i < num_dims; i++) {
    const int64_t dim =
        minor_to_major ? minor_to_major[i] : (int64_t)(num_dims - 1 - i);
    out_strides[dim] = stride;
    stride *= dims[dim];
  }
}

/* ---- present sizes ------------------------------------------------------- */

/* Anyone may have written the bytes. */
void sim_present_dims(const sim_shape *shape, const unsigned char *bytes,
                      int64_t *out_dims) {
  const unsigned char *at = bytes + size_of_elements(shape);
  for (size_t i = 0; i < shape->num_dims; i++) {
    int32_t size;
    out_dims[i] = shape->dims[i];
    if (!(shape->dynamic_dims >> i & 1)) continue;
    memcpy(&size, at + i * sizeof(size), sizeof(size));
    if (size < out_dims[i]) out_dims[i] = size > 0 ? size : 0;
  }
}

static void write_sizes(const sim_shape *shape, const int64_t *dims,
                        unsigned char *bytes) {
  unsigned char *at = bytes + size_of_elements(shape);
  for (size_t i = 0; i < shape->num_dims; i++) {
    const int32_t size = (int32_t)dims[i];
    memcpy(at + i * sizeof(size), &size, sizeof(size));
  }
}

/* ---- elements ------------------------------------------------------------ */

/* A walk over the elements that are present, on both sides at once. */
typedef struct walk {
  const sim_shape *shape;
  const int64_t *dims; /* that are present */
  const int64_t *strides;
  size_t bits;
  unsigned char *bytes;
  unsigned char *host;
  bool packs; /* from the host */
} walk;

/* Where a row begins, in elements; rows are counted over all dimensions but the
 * last. */
static size_t row_offset(const walk *w, size_t row) {
  const size_t last = w->shape->num_dims - 1;
  const size_t columns = (size_t)w->dims[last];
  if (!w->shape->is_tiled) return row * columns;
  const size_t rows = (size_t)w->dims[last - 1];
  const size_t across = (columns + SIM_TILE_COLUMNS - 1) / SIM_TILE_COLUMNS;
  const size_t down = (rows + SIM_TILE_ROWS - 1) / SIM_TILE_ROWS;
  const size_t band = row / rows * down + row % rows / SIM_TILE_ROWS;
  return (band * across * SIM_TILE_ROWS + row % rows % SIM_TILE_ROWS) *
         SIM_TILE_COLUMNS;
}

static size_t column_offset(const walk *w, size_t column) {
  if (!w->shape->is_tiled) return column;
  return column / SIM_TILE_COLUMNS * SIM_TILE_COLUMNS * SIM_TILE_ROWS +
         column % SIM_TILE_COLUMNS;
}

static void move_narrow(const walk *w, size_t at, unsigned char *host) {
  const unsigned mask = (1u << w->bits) - 1;
  const size_t shift = at * w->bits % 8;
  unsigned char *byte = w->bytes + at * w->bits / 8;
  if (w->packs)
    *byte =
        (unsigned char)((*byte & ~(mask << shift)) | (*host & mask) << shift);
  else
    *host = (unsigned char)((unsigned)*byte >> shift & mask);
}

static void move_element(const walk *w, size_t at, unsigned char *host) {
  const size_t size = w->bits / 8;
  if (size == 0)
    move_narrow(w, at, host);
  else if (w->packs)
    memcpy(w->bytes + at * size, host, size);
  else
    memcpy(host, w->bytes + at * size, size);
}

static void move_row(const walk *w, size_t row, unsigned char *host) {
  const size_t last = w->shape->num_dims - 1;
  const size_t begin = row_offset(w, row);
  for (int64_t i = 0; i < w->dims[last]; i++) {
    move_element(w, begin + column_offset(w, (size_t)i), host);
    host += w->strides[last];
  }
}

static void move_rows(const walk *w) {
  const size_t last = w->shape->num_dims - 1;
  int64_t at[SIM_MAX_DIMS] = {0};
  unsigned char *host = w->host;
  size_t num_rows = 1;
  for (size_t i = 0; i <= last; i++) {
    if (w->dims[i] == 0) return;
    if (i < last) num_rows *= (size_t)w->dims[i];
  }
  for (size_t row = 0; row < num_rows; row++) {
    move_row(w, row, host);
    for (size_t i = last; i-- > 0;) {
      host += w->strides[i];
      if (++at[i] < w->dims[i]) break;
      host -= w->strides[i] * w->dims[i];
      at[i] = 0;
    }
  }
}

static void copy_all(const walk *w) {
  const size_t size = sim_host_size(w->shape);
  if (size && w->packs) memcpy(w->bytes, w->host, size);
  if (size && !w->packs) memcpy(w->host, w->bytes, size);
}

static void move(walk *w) {
  int64_t dense[SIM_MAX_DIMS];
  const sim_shape *shape = w->shape;
  w->bits = (size_t)sim_type_bits(shape->type);
  if (shape->num_dims == 0) {
    move_element(w, 0, w->host);
  } else if (w->strides) {
    move_rows(w);
  } else if (sim_is_host_form(shape)) {
    copy_all(w);
  } else {
    sim_dense_strides(shape->type, shape->dims, NULL, shape->num_dims, dense);
    w->strides = dense;
    move_rows(w);
  }
}

void sim_pack(const sim_shape *shape, const int64_t *dims, const void *host,
              const int64_t *strides, unsigned char *bytes) {
  walk w = {.shape = shape,
            .dims = dims,
            .strides = strides,
            .bytes = bytes,
            .host = (unsigned char *)(uintptr_t)host,
            .packs = true};
  move(&w);
  if (shape->dynamic_dims) write_sizes(shape, dims, bytes);
}

void sim_unpack(const sim_shape *shape, const int64_t *dims,
                const unsigned char *bytes, void *host,
                const int64_t *strides) {
  walk w = {.shape = shape,
            .dims = dims,
            .strides = strides,
            .bytes = (unsigned char *)(uintptr_t)bytes,
            .host = host};
  move(&w);
}
