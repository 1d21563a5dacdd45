/* Pictures of shardings as SVG images: boxes in proportion to their elements,
 * one colour for each set of devices. */
#include <stdio.h>
#include <string.h>

#include "ext/shardings_picture.h"

/* In pixels. A box is wide enough for its label on average. */
enum {
  MARGIN = 16,
  LINE = 28,
  LEAST_WIDTH = 320,
  LEAST_HEIGHT = 64,
  CHARACTER = 8
};

typedef struct canvas {
  const pjrt_picture *picture;
  pjrt_builder *text;
  int64_t rows, columns;
  int64_t width, height; /* of a group of boxes */
  int64_t top;           /* of the next */
} canvas;

static void put(const canvas *c, const char *text) {
  pjrt_builder_append(c->text, text, strlen(text));
}

static int64_t largest(int64_t a, int64_t b) { return a > b ? a : b; }

static canvas measure(const pjrt_picture *p, pjrt_builder *text) {
  canvas c = {.picture = p,
              .text = text,
              .rows = pjrt_picture_boxes(p, 1),
              .columns = pjrt_picture_boxes(p, 0),
              .top = MARGIN};
  const int64_t box =
      p->copies > 1 ? PJRT_PICTURE_LABEL * CHARACTER / 2 : 6 * CHARACTER;
  c.width = largest(LEAST_WIDTH, c.columns * box);
  c.height = largest(LEAST_HEIGHT, c.rows * LINE);
  return c;
}

/* Where the elements from `from` up to `to` of a dimension are drawn. */
static void place(const canvas *c, size_t back, int64_t at, int64_t length,
                  int64_t *out_from, int64_t *out_size) {
  const pjrt_picture *p = c->picture;
  int64_t from, to;
  *out_from = 0;
  *out_size = length;
  if (back >= p->num_dims) return;
  const size_t d = p->num_dims - 1 - back;
  const double scale = (double)length / (double)p->dims[d];
  pjrt_picture_range(p, d, at, &from, &to);
  *out_from = (int64_t)((double)from * scale);
  *out_size = (int64_t)((double)to * scale) - *out_from;
}

static void draw_box(const canvas *c, const int64_t *index, int64_t row,
                     int64_t column) {
  enum { HUE = 137 }; /* degrees; neighbours differ, and no two soon repeat */
  int64_t x, y, width, height;
  pjrt_picture_label label;
  const int64_t device = pjrt_picture_label_of(c->picture, index, label);
  place(c, 0, column, c->width, &x, &width);
  place(c, 1, row, c->height, &y, &height);
  x += MARGIN;
  y += c->top;
  pjrt_builder_appendf(
      c->text,
      "<rect x=\"%lld\" y=\"%lld\" width=\"%lld\" height=\"%lld\" "
      "fill=\"hsl(%lld,70%%,80%%)\" stroke=\"black\"/>\n"
      "<text x=\"%lld\" y=\"%lld\">%s</text>\n",
      (long long)x, (long long)y, (long long)width, (long long)height,
      (long long)device % 360 * HUE % 360, (long long)x + width / 2,
      (long long)y + height / 2, label);
}

/* A line of text: the elements of the leading dimensions, or `line`. */
static void put_line(canvas *c, const int64_t *index, const char *line) {
  pjrt_builder_appendf(c->text, "<text x=\"%lld\" y=\"%lld\">%s",
                       (long long)c->width / 2 + MARGIN,
                       (long long)c->top + LINE / 2, line);
  if (index) pjrt_picture_put_group(c->picture, index, c->text);
  put(c, "</text>\n");
  c->top += LINE;
}

static void draw_group(canvas *c, int64_t *index) {
  const size_t rank = c->picture->num_dims;
  if (rank > 2) put_line(c, index, "");
  for (int64_t i = 0; i < c->rows * c->columns; i++) {
    if (rank > 1) index[rank - 2] = i / c->columns;
    if (rank > 0) index[rank - 1] = i % c->columns;
    draw_box(c, index, i / c->columns, i % c->columns);
  }
  c->top += c->height + MARGIN;
}

static int64_t total_height(const canvas *c, bool has_idle) {
  const int64_t boxes = (int64_t)c->picture->num_boxes;
  const int64_t groups = boxes ? boxes / (c->rows * c->columns) : 0;
  const int64_t title = c->picture->num_dims > 2 ? LINE : 0;
  return MARGIN + groups * (title + c->height + MARGIN) +
         (has_idle ? LINE + MARGIN : 0);
}

static void draw(const pjrt_picture *picture, pjrt_builder *text) {
  char line[PJRT_PICTURE_LABEL + 16];
  pjrt_picture_label idle;
  int64_t index[PJRT_MAX_RANK] = {0};
  canvas c = measure(picture, text);
  const bool has_idle = pjrt_picture_idle(picture, idle);
  pjrt_builder_appendf(
      text,
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%lld\" "
      "height=\"%lld\" font-family=\"sans-serif\" font-size=\"12\" "
      "text-anchor=\"middle\" dominant-baseline=\"central\">\n",
      (long long)c.width + 2 * MARGIN, (long long)total_height(&c, has_idle));
  if (picture->num_boxes) {
    do {
      draw_group(&c, index);
    } while (pjrt_picture_next(picture, index));
  }
  snprintf(line, sizeof line, "nothing of it: %s", idle);
  if (has_idle) put_line(&c, NULL, line);
  put(&c, "</svg>\n");
}

pjrt_error *pjrt_sharding_svg(const pjrt_sharding *sharding,
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
