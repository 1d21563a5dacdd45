/* XLA's text form of layouts, such as {1,0:T(8,128)(2,1)S(1)}. */
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "base/text.h"
#include "core/layout.h"
#include "core/spec.h"

/* ---- printing ------------------------------------------------------------ */

static void print_list(pjrt_builder *builder, const int64_t *list, size_t num) {
  for (size_t i = 0; i < num; i++) {
    if (i) pjrt_builder_append(builder, ",", 1);
    if (list[i] == PJRT_LAYOUT_JOIN) {
      pjrt_builder_append(builder, "*", 1);
    } else {
      pjrt_builder_appendf(builder, "%lld", (long long)list[i]);
    }
  }
}

static void print_tiles(pjrt_builder *builder, const pjrt_layout *layout) {
  const int64_t *dims = layout->tile_dims;
  if (layout->num_tiles) pjrt_builder_append(builder, "T", 1);
  for (size_t i = 0; i < layout->num_tiles; i++) {
    pjrt_builder_append(builder, "(", 1);
    print_list(builder, dims, layout->tile_ranks[i]);
    pjrt_builder_append(builder, ")", 1);
    dims += layout->tile_ranks[i];
  }
}

static void print_number(pjrt_builder *builder, char letter, int64_t number,
                         int64_t none) {
  if (number == none) return;
  pjrt_builder_appendf(builder, "%c(%lld)", letter, (long long)number);
}

pjrt_error *pjrt_layout_to_text(const pjrt_layout *layout, char **out,
                                size_t *out_size) {
  pjrt_builder builder = {0};
  *out = NULL;
  if (out_size) *out_size = 0;
  if (layout->kind != PJRT_LAYOUT_TILED) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "a layout of byte strides has no text form");
  }
  pjrt_builder_append(&builder, "{", 1);
  print_list(&builder, layout->numbers, layout->num_numbers);
  pjrt_builder_append(&builder, ":", 1);
  const size_t without_parts = builder.size;
  print_tiles(&builder, layout);
  print_number(&builder, 'L', pjrt_layout_tail_alignment(layout), 1);
  print_number(&builder, 'E', layout->element_bits, 0);
  print_number(&builder, 'S', layout->memory_space, 0);
  print_number(&builder, 'M', layout->prefix_bytes, 0);
  if (builder.size == without_parts && !builder.out_of_memory) builder.size--;
  pjrt_builder_append(&builder, "}", 1);
  return pjrt_builder_finish(&builder, out, out_size);
}

/* ---- parsing ------------------------------------------------------------- */

typedef struct reader {
  const char *text;
  size_t size;
  size_t at;
  int64_t order[PJRT_MAX_RANK];
  int64_t tile_dims[PJRT_MAX_RANK];
  size_t tile_ranks[PJRT_MAX_RANK];
  size_t num_tile_dims;
  pjrt_layout layout; /* points to the lists above */
} reader;

static pjrt_error *unexpected(const reader *r, const char *expected) {
  enum { SHOWN = 80 };
  const int shown = r->size < SHOWN ? (int)r->size : SHOWN;
  return pjrt_error_format(
      PJRT_INVALID_ARGUMENT, "the layout \"%.*s\"%s: %s expected at byte %zu",
      shown, r->text, r->size > SHOWN ? "..." : "", expected, r->at);
}

static bool is_next(const reader *r, const char *token) {
  const size_t size = strlen(token);
  return size <= r->size - r->at && memcmp(r->text + r->at, token, size) == 0;
}

static bool accept(reader *r, const char *token) {
  if (!is_next(r, token)) return false;
  r->at += strlen(token);
  return true;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static pjrt_error *read_number(reader *r, int64_t smallest, int64_t *out) {
  size_t end = r->at;
  while (end < r->size && is_digit(r->text[end])) end++;
  if (end > r->at &&
      pjrt_number_read_int64(r->text + r->at, end - r->at, out) &&
      *out >= smallest) {
    r->at = end;
    return NULL;
  }
  return unexpected(r, smallest ? "a number of at least 1" : "a number");
}

/* Ends behind the closing character. */
static pjrt_error *read_order(reader *r) {
  size_t num = 0;
  if (!accept(r, "{")) return unexpected(r, "{");
  while (r->at < r->size && is_digit(r->text[r->at])) {
    if (num == PJRT_MAX_RANK) return unexpected(r, "at most 64 dimensions");
    PJRT_TRY(read_number(r, 0, &r->order[num++]));
    if (!accept(r, ",")) break;
    if (r->at == r->size || !is_digit(r->text[r->at])) {
      return unexpected(r, "a number");
    }
  }
  r->layout.numbers = r->order;
  r->layout.num_numbers = num;
  if (pjrt_order_is_valid(r->order, num)) return NULL;
  return unexpected(r, "an order that names each dimension once was");
}

static pjrt_error *read_tile(reader *r) {
  const size_t first = r->num_tile_dims;
  do {
    if (r->num_tile_dims == PJRT_MAX_RANK) {
      return unexpected(r, "at most 64 dimensions in all tiles");
    }
    int64_t *dim = &r->tile_dims[r->num_tile_dims++];
    if (accept(r, "*")) {
      *dim = PJRT_LAYOUT_JOIN;
    } else {
      PJRT_TRY(read_number(r, 1, dim));
    }
  } while (accept(r, ","));
  r->tile_ranks[r->layout.num_tiles++] = r->num_tile_dims - first;
  if (r->tile_dims[r->num_tile_dims - 1] == PJRT_LAYOUT_JOIN) {
    return unexpected(r, "a number, not *, as the tile's last dimension was");
  }
  return accept(r, ")") ? NULL : unexpected(r, "a comma or )");
}

static pjrt_error *read_tiles(reader *r) {
  r->layout.tile_dims = r->tile_dims;
  r->layout.tile_ranks = r->tile_ranks;
  if (!accept(r, "T")) return NULL;
  if (!is_next(r, "(")) return unexpected(r, "(");
  while (accept(r, "(")) PJRT_TRY(read_tile(r));
  return NULL;
}

static pjrt_error *read_part(reader *r, const char *letter, int64_t smallest,
                             int64_t *out) {
  if (!accept(r, letter)) return NULL;
  PJRT_TRY(read_number(r, smallest, out));
  return accept(r, ")") ? NULL : unexpected(r, ")");
}

/* What XLA writes for arrays that no plugin here has. */
static pjrt_error *refuse_others(const reader *r) {
  static const struct {
    const char *token, *name;
  } others[] = {{"D(", "level types D(...)"},
                {"#(", "an index type #(...)"},
                {"*(", "a pointer type *(...)"},
                {"SC(", "split configurations SC(...)"},
                {"P(", "a physical shape P(...)"}};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    if (!is_next(r, others[i].token)) continue;
    return pjrt_error_format(PJRT_UNIMPLEMENTED,
                             "the layout has %s at byte %zu, which this "
                             "library does not read",
                             others[i].name, r->at);
  }
  return NULL;
}

static pjrt_error *read_parts(reader *r) {
  if (!accept(r, ":")) return NULL;
  const size_t first = r->at;
  PJRT_TRY(read_tiles(r));
  PJRT_TRY(read_part(r, "L(", 1, &r->layout.tail_alignment));
  PJRT_TRY(read_part(r, "E(", 0, &r->layout.element_bits));
  PJRT_TRY(read_part(r, "S(", 0, &r->layout.memory_space));
  PJRT_TRY(read_part(r, "M(", 0, &r->layout.prefix_bytes));
  PJRT_TRY(refuse_others(r));
  if (r->at > first) return NULL;
  return unexpected(r, "T(...), L(...), E(...), S(...) or M(...)");
}

pjrt_error *pjrt_layout_parse(const char *text, size_t text_size,
                              pjrt_layout **out) {
  reader r = {.text = text, .size = pjrt_text_size(text, text_size)};
  *out = NULL;
  PJRT_TRY(read_order(&r));
  PJRT_TRY(read_parts(&r));
  if (!accept(&r, "}")) return unexpected(&r, "}");
  if (r.at < r.size) return unexpected(&r, "the end");
  return pjrt_layout_copy(&r.layout, out);
}
