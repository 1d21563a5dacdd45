/* Pictures of shardings in text: boxes of one width, with the elements' ranges
 * beside them. */
#include <stdio.h>
#include <string.h>

#include "ext/shardings_picture.h"

typedef struct canvas {
  const pjrt_picture *picture;
  pjrt_builder *text;
  int64_t rows, columns;
  int box_width;
  int margin; /* for the ranges of rows */
} canvas;

/* ---- measuring ----------------------------------------------------------- */

enum { RANGE = 2 * sizeof "-9223372036854775808" };

/* "0:4" of the last dimension but `back`. */
static int write_range(const pjrt_picture *p, size_t back, int64_t at,
                       char out[RANGE]) {
  int64_t from, to;
  pjrt_picture_range(p, p->num_dims - 1 - back, at, &from, &to);
  return snprintf(out, RANGE, "%lld:%lld", (long long)from, (long long)to);
}

static int widest_range(const pjrt_picture *p, size_t back) {
  char range[RANGE];
  int widest = 0;
  if (p->num_dims <= back) return 0;
  for (int64_t at = 0; at < pjrt_picture_boxes(p, back); at++) {
    const int width = write_range(p, back, at, range);
    if (width > widest) widest = width;
  }
  return widest;
}

static int widest_label(const canvas *c) {
  pjrt_picture_label label;
  int widest = 0;
  int64_t index[PJRT_MAX_RANK] = {0};
  const size_t rank = c->picture->num_dims;
  do {
    for (int64_t i = 0; i < c->rows * c->columns; i++) {
      if (rank > 1) index[rank - 2] = i / c->columns;
      if (rank > 0) index[rank - 1] = i % c->columns;
      pjrt_picture_label_of(c->picture, index, label);
      if ((int)strlen(label) > widest) widest = (int)strlen(label);
    }
  } while (pjrt_picture_next(c->picture, index));
  return widest;
}

static canvas measure(const pjrt_picture *p, pjrt_builder *text) {
  canvas c = {.picture = p,
              .text = text,
              .rows = pjrt_picture_boxes(p, 1),
              .columns = pjrt_picture_boxes(p, 0)};
  const int label = widest_label(&c), range = widest_range(p, 0);
  c.box_width = (label > range ? label : range) + 2;
  c.margin = widest_range(p, 1);
  return c;
}

/* ---- drawing ------------------------------------------------------------- */

static void put(const canvas *c, const char *text) {
  pjrt_builder_append(c->text, text, strlen(text));
}

static void put_centered(const canvas *c, const char *text) {
  const int left = (c->box_width - (int)strlen(text)) / 2;
  const int right = c->box_width - (int)strlen(text) - left;
  pjrt_builder_appendf(c->text, "%*s%s%*s", left, "", text, right, "");
}

/* Ends a line that may have blanks at its end. */
static void end_line(const canvas *c) {
  while (c->text->size && c->text->data[c->text->size - 1] == ' ') {
    c->text->size--;
  }
  put(c, "\n");
}

static void put_margin(const canvas *c, const char *range) {
  if (c->margin) pjrt_builder_appendf(c->text, "%*s ", c->margin, range);
}

static void draw_ranges(const canvas *c) {
  char range[RANGE];
  if (c->picture->num_dims == 0) return;
  put_margin(c, "");
  for (int64_t at = 0; at < c->columns; at++) {
    write_range(c->picture, 0, at, range);
    put(c, " ");
    put_centered(c, range);
  }
  end_line(c);
}

static void draw_line(const canvas *c, const char *left, const char *middle,
                      const char *right) {
  put_margin(c, "");
  for (int64_t at = 0; at < c->columns; at++) {
    put(c, at ? middle : left);
    for (int i = 0; i < c->box_width; i++) put(c, "─");
  }
  put(c, right);
  put(c, "\n");
}

static void draw_row(const canvas *c, int64_t *index, int64_t row) {
  char range[RANGE] = "";
  pjrt_picture_label label;
  const size_t rank = c->picture->num_dims;
  if (rank > 1) {
    index[rank - 2] = row;
    write_range(c->picture, 1, row, range);
  }
  put_margin(c, range);
  for (int64_t at = 0; at < c->columns; at++) {
    if (rank > 0) index[rank - 1] = at;
    pjrt_picture_label_of(c->picture, index, label);
    put(c, "│");
    put_centered(c, label);
  }
  put(c, "│\n");
}

static void draw_group(const canvas *c, int64_t *index) {
  const size_t before = c->text->size;
  pjrt_picture_put_group(c->picture, index, c->text);
  if (c->text->size > before) put(c, "\n");
  draw_ranges(c);
  draw_line(c, "┌", "┬", "┐");
  for (int64_t row = 0; row < c->rows; row++) {
    if (row) draw_line(c, "├", "┼", "┤");
    draw_row(c, index, row);
  }
  draw_line(c, "└", "┴", "┘");
}

static void draw(const pjrt_picture *picture, pjrt_builder *text) {
  pjrt_picture_label idle;
  int64_t index[PJRT_MAX_RANK] = {0};
  if (picture->num_boxes) {
    const canvas c = measure(picture, text);
    do {
      draw_group(&c, index);
    } while (pjrt_picture_next(picture, index));
  }
  if (pjrt_picture_idle(picture, idle)) {
    pjrt_builder_appendf(text, "nothing of it: %s\n", idle);
  }
}

pjrt_error *pjrt_sharding_picture(const pjrt_sharding *sharding,
                                  const int64_t *dims, size_t num_dims,
                                  size_t num_devices, char **out,
                                  size_t *out_size) {
  pjrt_picture picture;
  pjrt_builder text = {0};
  *out = NULL;
  if (out_size) *out_size = 0;
  PJRT_TRY(pjrt_picture_start(&picture, sharding, dims, num_dims, num_devices));
  draw(&picture, &text);
  pjrt_picture_end(&picture);
  return pjrt_builder_finish(&text, out, out_size);
}
