/* Types of values: shapes and how they lie in memory. */
#include <string.h>

#include "core/dtype.h"
#include "hlo/hlo.h"

enum {
  INSTRUCTION_SHAPE = 3,
  SHAPE_ELEMENT_TYPE = 2,
  SHAPE_DIMENSIONS = 3,
  SHAPE_TUPLE_SHAPES = 4,
  SHAPE_LAYOUT = 5,
  SHAPE_IS_DYNAMIC_DIMENSION = 6,
  LAYOUT_MINOR_TO_MAJOR = 1,
  LAYOUT_TILES = 6,
  LAYOUT_ELEMENT_SIZE_IN_BITS = 7,
  LAYOUT_MEMORY_SPACE = 8,
  LAYOUT_PHYSICAL_SHAPE = 10,
  LAYOUT_INDEX_PRIMITIVE_TYPE = 11,
  LAYOUT_POINTER_PRIMITIVE_TYPE = 12,
  LAYOUT_DYNAMIC_SHAPE_METADATA_PREFIX_BYTES = 15,
  LAYOUT_TAIL_PADDING_ALIGNMENT = 16,
  LAYOUT_SPLIT_CONFIGS = 17,
  TILE_DIMENSIONS = 1,
  SPLIT_DIMENSION = 1,
  SPLIT_INDICES = 2,
  TYPE_TUPLE = 13,
  TYPE_OPAQUE = 14,
  TYPE_BUFFER = 34
};

pjrt_dtype pjrt_hlo_dtype(uint64_t type) { return pjrt_dtype_from_xla(type); }

void pjrt_hlo_put_type_name(hlo_printer *p, uint64_t type) {
  const pjrt_dtype dtype = pjrt_hlo_dtype(type);
  if (dtype != PJRT_DTYPE_INVALID) {
    pjrt_hlo_put(p, pjrt_dtype_name(dtype));
  } else if (type == TYPE_OPAQUE) {
    pjrt_hlo_put(p, "opaque");
  } else {
    pjrt_hlo_putf(p, "type%llu", (unsigned long long)type);
    pjrt_hlo_note(p, HLO_UNKNOWN_ELEMENT_TYPE, type,
                  p->instruction ? p->instruction->name : (hlo_bytes){0});
  }
}

uint64_t pjrt_hlo_shape_type(hlo_printer *p, const hlo_instruction *of) {
  return pjrt_hlo_varint(p, pjrt_hlo_bytes(p, of->message, INSTRUCTION_SHAPE),
                         SHAPE_ELEMENT_TYPE);
}

/* ---- layouts ------------------------------------------------------------- */

static void put_tiles(hlo_printer *p, hlo_bytes layout) {
  hlo_bytes tile;
  const char *before = "T";
  hlo_list tiles = pjrt_hlo_list(p, layout, LAYOUT_TILES);
  while (pjrt_hlo_next_bytes(&tiles, &tile)) {
    int64_t dim;
    const char *separator = "(";
    hlo_list dims = pjrt_hlo_list(p, tile, TILE_DIMENSIONS);
    pjrt_hlo_put(p, before);
    before = "";
    while (pjrt_hlo_next_int(&dims, &dim)) {
      pjrt_hlo_put(p, separator);
      separator = ",";
      if (dim == INT64_MIN) {
        pjrt_hlo_put(p, "*"); /* combined with the next one */
      } else {
        pjrt_hlo_put_int(p, dim);
      }
    }
    pjrt_hlo_put(p, *separator == '(' ? "()" : ")");
  }
}

static void put_splits(hlo_printer *p, hlo_bytes layout) {
  hlo_bytes split;
  const char *before = "SC";
  hlo_list splits = pjrt_hlo_list(p, layout, LAYOUT_SPLIT_CONFIGS);
  while (pjrt_hlo_next_bytes(&splits, &split)) {
    pjrt_hlo_put(p, before);
    pjrt_hlo_putf(p,
                  "(%lld:", (long long)pjrt_hlo_int(p, split, SPLIT_DIMENSION));
    pjrt_hlo_put_ints(p, split, SPLIT_INDICES, ",");
    pjrt_hlo_put(p, ")");
    before = "";
  }
}

static void put_wrapped_type(hlo_printer *p, const char *before,
                             uint64_t type) {
  if (type == 0) return;
  pjrt_hlo_put(p, before);
  pjrt_hlo_put_type_name(p, type);
  pjrt_hlo_put(p, ")");
}

static void put_number(hlo_printer *p, char letter, int64_t value,
                       int64_t unsaid) {
  if (value != unsaid) pjrt_hlo_putf(p, "%c(%lld)", letter, (long long)value);
}

/* What follows the order of dimensions, after a colon. */
static void put_layout_details(hlo_printer *p, hlo_bytes layout) {
  put_tiles(p, layout);
  const int64_t tail = pjrt_hlo_int(p, layout, LAYOUT_TAIL_PADDING_ALIGNMENT);
  put_number(p, 'L', tail ? tail : 1, 1);
  put_wrapped_type(p, "#(",
                   pjrt_hlo_varint(p, layout, LAYOUT_INDEX_PRIMITIVE_TYPE));
  put_wrapped_type(p, "*(",
                   pjrt_hlo_varint(p, layout, LAYOUT_POINTER_PRIMITIVE_TYPE));
  put_number(p, 'E', pjrt_hlo_int(p, layout, LAYOUT_ELEMENT_SIZE_IN_BITS), 0);
  put_number(p, 'S', pjrt_hlo_int(p, layout, LAYOUT_MEMORY_SPACE), 0);
  put_splits(p, layout);
  const hlo_bytes physical = pjrt_hlo_bytes(p, layout, LAYOUT_PHYSICAL_SHAPE);
  if (physical.data) {
    pjrt_hlo_put(p, "P(");
    pjrt_hlo_put_shape(p, physical, true);
    pjrt_hlo_put(p, ")");
  }
  put_number(
      p, 'M',
      pjrt_hlo_int(p, layout, LAYOUT_DYNAMIC_SHAPE_METADATA_PREFIX_BYTES), 0);
}

/* A scalar's braces are left out when they hold nothing. */
static void put_layout(hlo_printer *p, hlo_bytes layout, bool is_scalar) {
  const size_t start = p->out.size;
  pjrt_hlo_put(p, "{");
  pjrt_hlo_put_ints(p, layout, LAYOUT_MINOR_TO_MAJOR, ",");
  const size_t colon = p->out.size;
  pjrt_hlo_put(p, ":");
  put_layout_details(p, layout);
  if (pjrt_hlo_is_over(p)) return;
  if (p->out.size == colon + 1) p->out.size = colon;
  if (is_scalar && p->out.size == start + 1) {
    p->out.size = start;
  } else {
    pjrt_hlo_put(p, "}");
  }
}

/* ---- shapes -------------------------------------------------------------- */

static void put_dims(hlo_printer *p, hlo_bytes shape) {
  int64_t dim;
  int64_t is_dynamic;
  const char *before = "";
  hlo_list dims = pjrt_hlo_list(p, shape, SHAPE_DIMENSIONS);
  hlo_list dynamic = pjrt_hlo_list(p, shape, SHAPE_IS_DYNAMIC_DIMENSION);
  pjrt_hlo_put(p, "[");
  while (pjrt_hlo_next_int(&dims, &dim)) {
    if (!pjrt_hlo_next_int(&dynamic, &is_dynamic)) is_dynamic = 0;
    pjrt_hlo_put(p, before);
    before = ",";
    if (dim == INT64_MIN) {
      pjrt_hlo_put(p, "?"); /* without a bound */
    } else {
      pjrt_hlo_put(p, is_dynamic ? "<=" : "");
      pjrt_hlo_put_int(p, dim);
    }
  }
  pjrt_hlo_put(p, "]");
}

static void put_array(hlo_printer *p, hlo_bytes shape, uint64_t type,
                      bool with_layout) {
  pjrt_hlo_put_type_name(p, type);
  put_dims(p, shape);
  const hlo_bytes layout = pjrt_hlo_bytes(p, shape, SHAPE_LAYOUT);
  if (with_layout && layout.data) {
    put_layout(p, layout, pjrt_hlo_is_empty(p, shape, SHAPE_DIMENSIONS));
  }
}

static void put_elements(hlo_printer *p, hlo_bytes shape, bool with_layout) {
  hlo_bytes element;
  hlo_list list = pjrt_hlo_list(p, shape, SHAPE_TUPLE_SHAPES);
  for (size_t i = 0; pjrt_hlo_next_bytes(&list, &element); i++) {
    pjrt_hlo_put_list_separator(p, i);
    pjrt_hlo_put_shape(p, element, with_layout);
  }
}

void pjrt_hlo_put_shape(hlo_printer *p, hlo_bytes shape, bool with_layout) {
  const uint64_t type = pjrt_hlo_varint(p, shape, SHAPE_ELEMENT_TYPE);
  if (!pjrt_hlo_enter(p)) return;
  if (type == TYPE_TUPLE || type == TYPE_BUFFER) {
    pjrt_hlo_put(p, type == TYPE_TUPLE ? "(" : "b(");
    put_elements(p, shape, with_layout);
    pjrt_hlo_put(p, ")");
  } else {
    put_array(p, shape, type, with_layout);
  }
  pjrt_hlo_leave(p);
}
