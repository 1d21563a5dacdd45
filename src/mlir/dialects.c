/* Attributes of dialects: #stablehlo<...>, #stablehlo.dot<...>, and those of
 * others, which are kept as they are written. */
#include "base/number.h"
#include "mlir/reader.h"

/* --- Others -------------------------------------------------------------- */

/* From `start` to behind the brackets at the token, if there are any. */
static bool read_opaque(mlir_parser *p, const mlir_token *start,
                        const pjrt_mlir_attr **out) {
  pjrt_mlir_attr *attr = mlir_make_attr(p, PJRT_MLIR_ATTR_OPAQUE, start->place);
  const char *end = start->text + start->size;
  *out = attr;
  if (!attr) return false;
  if (mlir_at(p, '<') && !mlir_skip_balanced(p, &end)) return false;
  attr->text_size = (size_t)(end - start->text);
  attr->text = mlir_copy_text(p, start->text, attr->text_size);
  return attr->text;
}

/* --- Structs ------------------------------------------------------------- */

/* What stands behind a field's "=": a list of numbers is DENSE here. */
static bool read_field(mlir_parser *p, const pjrt_mlir_attr **out) {
  if (!mlir_at(p, '[')) return mlir_read_attr(p, out);
  mlir_position start = mlir_save(p);
  if (!mlir_next(p)) return false;
  bool numbers =
      mlir_at(p, ']') || mlir_at(p, '-') || mlir_at_kind(p, MLIR_INTEGER);
  mlir_restore(p, &start);
  return numbers ? mlir_read_int_list(p, out) : mlir_read_attr(p, out);
}

/* "a = 1, b = [0]", which may be nothing. */
static bool read_fields(mlir_parser *p, mlir_list *fields) {
  while (!mlir_at(p, '>')) {
    mlir_token name;
    const pjrt_mlir_attr *value;
    if (!mlir_expect_kind(p, MLIR_WORD, "a field's name", &name) ||
        !mlir_expect(p, '=') || !read_field(p, &value)) {
      return false;
    }
    const char *text = mlir_copy_text(p, name.text, name.size);
    if (!text || !mlir_add_attr(p, fields, text, value)) return false;
    if (!mlir_accept(p, ',')) break;
  }
  return !p->error;
}

bool mlir_read_struct(mlir_parser *p, const char *name,
                      const pjrt_mlir_attr **out) {
  pjrt_mlir_place place = p->token.place;
  mlir_list fields = {0};
  if (!mlir_expect(p, '<') || !read_fields(p, &fields) ||
      !mlir_expect(p, '>')) {
    return false;
  }
  *out = mlir_make_struct(p, place, name, &fields);
  return *out;
}

/* <3, ?>, the bounds of a tensor's dimensions. */
static bool read_bounds(mlir_parser *p, pjrt_mlir_place place,
                        const pjrt_mlir_attr **out) {
  int64_t bounds[PJRT_MLIR_MAX_RANK];
  size_t num = 0;
  mlir_list fields = {0};
  if (!mlir_expect(p, '<')) return false;
  do {
    if (num == PJRT_MLIR_MAX_RANK) {
      return mlir_fail(p, place, "more than %d bounds", PJRT_MLIR_MAX_RANK);
    }
    int64_t *bound = &bounds[num++];
    *bound = PJRT_MLIR_DYNAMIC;
    if (mlir_accept(p, '?')) continue;
    if (!mlir_read_int64(p, bound)) return false;
    if (*bound < 0) return mlir_fail(p, place, "a negative bound");
  } while (mlir_accept(p, ','));
  if (!mlir_expect(p, '>') ||
      !mlir_add_attr(p, &fields, "bounds",
                     mlir_make_ints(p, place, bounds, num))) {
    return false;
  }
  *out = mlir_make_struct(p, place, "stablehlo.bounds", &fields);
  return *out;
}

/* --- Convolutions -------------------------------------------------------- */

/* One tensor's dimensions: two letters, and spatial numbers by position. */
typedef struct conv_part {
  const char *letters;
  const char *names[3]; /* of both letters' fields and the spatial ones' */
} conv_part;

static const conv_part conv_parts[] = {
    {"bf",
     {"input_batch_dimension", "input_feature_dimension",
      "input_spatial_dimensions"}},
    {"io",
     {"kernel_input_feature_dimension", "kernel_output_feature_dimension",
      "kernel_spatial_dimensions"}},
    {"bf",
     {"output_batch_dimension", "output_feature_dimension",
      "output_spatial_dimensions"}},
};

typedef struct conv_dims {
  int64_t letters[2];
  int64_t spatial[PJRT_MLIR_MAX_RANK];
  size_t rank;
} conv_dims;

/* Where the token's dimension is kept, or NULL. */
static int64_t *conv_slot(mlir_parser *p, const conv_part *part,
                          conv_dims *dims) {
  const mlir_token *token = &p->token;
  if (token->kind == MLIR_WORD && token->size == 1) {
    const char *letter = strchr(part->letters, *token->text);
    return letter ? &dims->letters[letter - part->letters] : NULL;
  }
  int64_t number;
  if (token->kind != MLIR_INTEGER ||
      !pjrt_number_read_int64(token->text, token->size, &number) ||
      number >= PJRT_MLIR_MAX_RANK) {
    return NULL;
  }
  return &dims->spatial[number];
}

/* [b, 0, 1, f]: which dimension each is. */
static bool read_conv_list(mlir_parser *p, const conv_part *part,
                           conv_dims *dims) {
  memset(dims, 0xff, sizeof *dims); /* all -1 */
  dims->rank = 0;
  if (!mlir_expect(p, '[')) return false;
  do {
    int64_t *slot = conv_slot(p, part, dims);
    if (!slot || *slot >= 0) {
      return mlir_expected(p, "a dimension that is not there yet");
    }
    *slot = (int64_t)dims->rank++;
  } while (mlir_next(p) && mlir_accept(p, ','));
  return mlir_expect(p, ']');
}

static bool add_conv_fields(mlir_parser *p, pjrt_mlir_place place,
                            const conv_part *part, const conv_dims *dims,
                            mlir_list *fields) {
  bool complete = dims->rank >= 2;
  for (size_t i = 0; i < 2; i++) complete = complete && dims->letters[i] >= 0;
  for (size_t i = 0; complete && i < dims->rank - 2; i++) {
    complete = dims->spatial[i] >= 0;
  }
  if (!complete) {
    return mlir_fail(p, place, "a dimension of a convolution is missing");
  }
  for (size_t i = 0; i < 2; i++) {
    if (!mlir_add_attr(p, fields, part->names[i],
                       mlir_make_int(p, place, dims->letters[i]))) {
      return false;
    }
  }
  return mlir_add_attr(p, fields, part->names[2],
                       mlir_make_ints(p, place, dims->spatial, dims->rank - 2));
}

/* "x" between the operands' dimensions, "->" before the result's. */
static bool read_conv_separator(mlir_parser *p, size_t part) {
  if (part == 1) return mlir_expect_word(p, "x");
  return part == 0 || mlir_expect_arrow(p);
}

bool mlir_read_conv_dims(mlir_parser *p, const pjrt_mlir_attr **out) {
  pjrt_mlir_place place = p->token.place;
  mlir_list fields = {0};
  for (size_t i = 0; i < 3; i++) {
    conv_dims dims;
    if (!read_conv_separator(p, i) ||
        !read_conv_list(p, &conv_parts[i], &dims) ||
        !add_conv_fields(p, place, &conv_parts[i], &dims, &fields)) {
      return false;
    }
  }
  *out = mlir_make_struct(p, place, "stablehlo.conv", &fields);
  return *out;
}

/* <[b, f]x[i, o]->[b, f]>, or <raw input_batch_dimension = 0, ...>. */
static bool read_conv(mlir_parser *p, const mlir_position *start,
                      const pjrt_mlir_attr **out) {
  if (!mlir_next(p)) return false;
  if (mlir_at(p, '[')) {
    return mlir_read_conv_dims(p, out) && mlir_expect(p, '>');
  }
  mlir_list fields = {0};
  if (!mlir_expect_word(p, "raw") || !read_fields(p, &fields) ||
      !mlir_expect(p, '>')) {
    return false;
  }
  *out = mlir_make_struct(p, start->token.place, "stablehlo.conv", &fields);
  return *out;
}

/* --- StableHLO ----------------------------------------------------------- */

static const struct {
  const char *name;
  const char *values; /* separated by blanks */
} enums[] = {
    {"comparison_direction", "EQ NE GE GT LE LT"},
    {"comparison_type", "NOTYPE FLOAT TOTALORDER SIGNED UNSIGNED"},
    {"fft_type", "FFT IFFT RFFT IRFFT"},
    {"precision", "DEFAULT HIGH HIGHEST"},
    {"rng_algorithm", "DEFAULT THREE_FRY PHILOX"},
    {"rng_distribution", "UNIFORM NORMAL"},
    {"transpose", "TRANSPOSE_INVALID NO_TRANSPOSE TRANSPOSE ADJOINT"},
};

static bool is_among(const char *words, const mlir_token *token) {
  for (const char *at = words; *at;) {
    size_t size = strcspn(at, " ");
    if (size == token->size && memcmp(at, token->text, size) == 0) return true;
    at += size + (at[size] == ' ');
  }
  return false;
}

static bool check_enum(mlir_parser *p, const char *name,
                       const mlir_token *value) {
  for (size_t i = 0; i < sizeof enums / sizeof *enums; i++) {
    if (strcmp(enums[i].name, name) == 0 && !is_among(enums[i].values, value)) {
      return mlir_fail(p, value->place, "%s: expected one of %s, got '%.*s'",
                       name, enums[i].values, (int)value->size, value->text);
    }
  }
  return true;
}

const pjrt_mlir_attr *mlir_make_enum(mlir_parser *p, const char *name,
                                     const mlir_token *value) {
  if (!check_enum(p, name, value)) return NULL;
  pjrt_mlir_attr *attr = mlir_make_attr(p, PJRT_MLIR_ATTR_ENUM, value->place);
  if (!attr) return NULL;
  attr->name = name;
  attr->text = mlir_copy_text(p, value->text, value->size);
  attr->text_size = value->size;
  return attr;
}

/* #stablehlo<precision HIGH>; anything else between the brackets is kept as
 * text. */
static bool read_enum(mlir_parser *p, const mlir_token *start,
                      const pjrt_mlir_attr **out) {
  mlir_position open = mlir_save(p);
  mlir_token kind = {0};
  mlir_token value = {0};
  if (!mlir_next(p)) return false;
  kind = p->token;
  if (kind.kind == MLIR_WORD && mlir_next(p)) {
    value = p->token;
    if (value.kind == MLIR_WORD && mlir_next(p) && mlir_at(p, '>')) {
      const char *name = mlir_copy_text(p, kind.text, kind.size);
      *out = name ? mlir_make_enum(p, name, &value) : NULL;
      return *out && mlir_next(p);
    }
  }
  if (p->error) return false;
  mlir_restore(p, &open);
  return read_opaque(p, start, out);
}

/* The name of a StableHLO attribute without its "#". */
static const char *struct_name(mlir_parser *p, const mlir_token *token) {
  return mlir_copy_text(p, token->text + 1, token->size - 1);
}

/* #stablehlo.NAME<...>, at its bracket: the first two tokens within say
 * whether it is a struct, or an enum that names its value alone. */
static bool read_named(mlir_parser *p, const mlir_token *token,
                       const pjrt_mlir_attr **out) {
  mlir_position open = mlir_save(p);
  const char *name = struct_name(p, token);
  if (!name) return false;
  if (strcmp(name, "stablehlo.bounds") == 0) {
    return read_bounds(p, token->place, out);
  }
  if (strcmp(name, "stablehlo.conv") == 0) return read_conv(p, &open, out);
  if (!mlir_next(p)) return false;
  mlir_token first = p->token;
  bool is_struct = mlir_at(p, '>');
  if (first.kind == MLIR_WORD && mlir_next(p)) {
    is_struct = mlir_at(p, '=');
    if (mlir_at(p, '>')) {
      *out = mlir_make_enum(p, strchr(name, '.') + 1, &first);
      return *out && mlir_next(p);
    }
  }
  if (p->error) return false;
  mlir_restore(p, &open);
  return is_struct ? mlir_read_struct(p, name, out)
                   : read_opaque(p, token, out);
}

static bool has_prefix(const mlir_token *token, const char *prefix) {
  size_t size = strlen(prefix);
  return token->size > size && memcmp(token->text, prefix, size) == 0;
}

bool mlir_read_dialect_attr(mlir_parser *p, const pjrt_mlir_attr **out) {
  mlir_token token = p->token;
  if (!mlir_next(p)) return false;
  bool body = mlir_at(p, '<');
  if (body &&
      (mlir_token_is(&token, "#stablehlo") || mlir_token_is(&token, "#chlo") ||
       mlir_token_is(&token, "#mhlo"))) {
    return read_enum(p, &token, out);
  }
  if (body && (has_prefix(&token, "#stablehlo.") ||
               has_prefix(&token, "#chlo.") || has_prefix(&token, "#mhlo."))) {
    return read_named(p, &token, out);
  }
  if (body || memchr(token.text, '.', token.size)) {
    return read_opaque(p, &token, out);
  }
  return mlir_fail(p, token.place, "unknown attribute alias %.*s",
                   (int)token.size, token.text);
}
