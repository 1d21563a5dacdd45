#include "io/npy_header.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

/* What is left to read. */
typedef struct reader {
  const char *at;
  const char *end;
} reader;

static void skip_blanks(reader *r) {
  while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' ||
                            *r->at == '\r')) {
    r->at++;
  }
}

/* Takes `word` after blanks, if it is next. */
static bool take(reader *r, const char *word) {
  skip_blanks(r);
  size_t size = strlen(word);
  if ((size_t)(r->end - r->at) < size || memcmp(r->at, word, size) != 0) {
    return false;
  }
  r->at += size;
  return true;
}

/* Only printable bytes of the file go into messages. */
static pjrt_error *unexpected(const reader *r, const char *expected) {
  char found[24];
  size_t size = 0;
  while (size + 1 < sizeof found && r->at + size < r->end &&
         r->at[size] >= ' ' && r->at[size] <= '~') {
    found[size] = r->at[size];
    size++;
  }
  found[size] = '\0';
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "the header is damaged: expected %s, found %s%s%s",
                           expected, size ? "'" : "",
                           size              ? found
                           : r->at == r->end ? "its end"
                                             : "an unprintable byte",
                           size ? "'" : "");
}

static bool is_plain(const char *text, size_t size) {
  for (size_t i = 0; i < size; i++) {
    if (text[i] < ' ' || text[i] > '~' || text[i] == '\\') return false;
  }
  return true;
}

/* A quoted text without escapes. */
static pjrt_error *read_quoted(reader *r, const char *expected, char *out,
                               size_t capacity) {
  skip_blanks(r);
  reader start = *r;
  char quote = r->at < r->end ? *r->at : '\0';
  if (quote != '\'' && quote != '"') return unexpected(&start, expected);
  const char *text = ++r->at;
  const char *close = memchr(text, quote, (size_t)(r->end - text));
  if (!close || (size_t)(close - text) >= capacity ||
      !is_plain(text, (size_t)(close - text))) {
    return unexpected(&start, expected);
  }
  memcpy(out, text, (size_t)(close - text));
  out[close - text] = '\0';
  r->at = close + 1;
  return NULL;
}

static pjrt_error *read_descr(reader *r, pjrt_npy_header *out) {
  skip_blanks(r);
  if (r->at < r->end && *r->at == '[') {
    return unexpected(r, "one element type such as '<f4', not a structure");
  }
  return read_quoted(r, "an element type such as '<f4'", out->descr,
                     sizeof out->descr);
}

static pjrt_error *read_order(reader *r, pjrt_npy_header *out) {
  out->fortran_order = take(r, "True");
  if (out->fortran_order || take(r, "False")) return NULL;
  return unexpected(r, "True or False for fortran_order");
}

static pjrt_error *read_dimension(reader *r, int64_t *out) {
  static const char expected[] = "a dimension of 0 or more that fits 64 bits";
  reader start = *r;
  *out = 0;
  while (r->at < r->end && *r->at >= '0' && *r->at <= '9') {
    if (__builtin_mul_overflow(*out, 10, out) ||
        __builtin_add_overflow(*out, *r->at - '0', out)) {
      return unexpected(&start, expected);
    }
    r->at++;
  }
  return r->at == start.at ? unexpected(&start, expected) : NULL;
}

/* "()", "(3,)", "(3, 4)" or "(3, 4,)". */
static pjrt_error *read_shape(reader *r, pjrt_npy_header *out) {
  if (!take(r, "(")) return unexpected(r, "a shape such as (3, 4)");
  size_t most = 1;
  for (const char *c = r->at; c < r->end && *c != ')'; c++) most += *c == ',';
  void *dims;
  PJRT_TRY(pjrt_alloc(most, sizeof *out->dims, &dims));
  out->dims = dims;
  bool comma = true;
  while (!take(r, ")")) {
    if (!comma || out->num_dims == most) return unexpected(r, "',' or ')'");
    PJRT_TRY(read_dimension(r, &out->dims[out->num_dims]));
    out->num_dims++;
    comma = take(r, ",");
  }
  if (out->num_dims == 1 && !comma) {
    r->at--;
    return unexpected(r, "',' after the only dimension");
  }
  return NULL;
}

/* One key and its value; `seen` has a bit per key. */
static pjrt_error *read_entry(reader *r, pjrt_npy_header *out, unsigned *seen) {
  static const struct {
    const char *name;
    pjrt_error *(*read)(reader *r, pjrt_npy_header *out);
  } keys[] = {{"descr", read_descr},
              {"fortran_order", read_order},
              {"shape", read_shape}};
  static const char expected[] = "one each of descr, fortran_order and shape";
  char name[16];
  skip_blanks(r);
  reader start = *r;
  PJRT_TRY(read_quoted(r, expected, name, sizeof name));
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    if (strcmp(name, keys[i].name) != 0) continue;
    if (*seen & 1u << i) break;
    *seen |= 1u << i;
    if (!take(r, ":")) return unexpected(r, "':' after a key");
    return keys[i].read(r, out);
  }
  return unexpected(&start, expected);
}

static pjrt_error *read_dictionary(reader *r, pjrt_npy_header *out) {
  enum { all_keys = 7 };
  unsigned seen = 0;
  bool comma = true;
  if (!take(r, "{")) return unexpected(r, "a dictionary in braces");
  while (!take(r, "}")) {
    if (!comma) return unexpected(r, "',' or '}'");
    PJRT_TRY(read_entry(r, out, &seen));
    comma = take(r, ",");
  }
  if (seen != all_keys) {
    return pjrt_error_format(
        PJRT_INVALID_ARGUMENT, "the header is damaged: it lacks%s%s%s",
        seen & 1 ? "" : " descr", seen & 2 ? "" : " fortran_order",
        seen & 4 ? "" : " shape");
  }
  skip_blanks(r);
  return r->at == r->end ? NULL : unexpected(r, "blanks after the braces");
}

pjrt_error *pjrt_npy_header_read(const char *text, size_t size,
                                 pjrt_npy_header *out) {
  *out = (pjrt_npy_header){0};
  reader r = {text, text + size};
  pjrt_error *error = read_dictionary(&r, out);
  if (error) {
    free(out->dims);
    *out = (pjrt_npy_header){0};
  }
  return error;
}

/* What NumPy itself has, and the one type that ml_dtypes gives a name of its
 * own, which NumPy then cannot read. */
static const struct {
  const char *name;
  pjrt_dtype dtype;
} named_types[] = {
    {"b1", PJRT_PRED}, {"i1", PJRT_S8},    {"i2", PJRT_S16},
    {"i4", PJRT_S32},  {"i8", PJRT_S64},   {"u1", PJRT_U8},
    {"u2", PJRT_U16},  {"u4", PJRT_U32},   {"u8", PJRT_U64},
    {"f2", PJRT_F16},  {"f4", PJRT_F32},   {"f8", PJRT_F64},
    {"c8", PJRT_C64},  {"c16", PJRT_C128}, {"f1", PJRT_F8E5M2},
};
enum { num_named_types = sizeof named_types / sizeof *named_types };

/* "V" and the number of bytes; 0 for anything else. */
static size_t raw_size(const char *name) {
  bool raw = name[0] == 'V' && name[1] >= '1' && name[1] <= '9';
  size_t size = 0;
  for (const char *c = name + 1; raw && *c; c++) {
    if (*c < '0' || *c > '9' || size > 1000) return 0;
    size = 10 * size + (size_t)(*c - '0');
  }
  return size;
}

pjrt_error *pjrt_npy_descr_read(const char *descr, pjrt_dtype *out,
                                size_t *out_raw_size) {
  *out = PJRT_DTYPE_INVALID;
  *out_raw_size = 0;
  if (descr[0] == '>') {
    return pjrt_error_format(
        PJRT_INVALID_ARGUMENT,
        "expected little-endian elements, found big-endian '%s'", descr);
  }
  if (descr[0] == '<' || descr[0] == '|') {
    *out_raw_size = raw_size(descr + 1);
    if (*out_raw_size) return NULL;
    for (size_t i = 0; i < num_named_types; i++) {
      if (strcmp(descr + 1, named_types[i].name) != 0) continue;
      if (descr[0] == '|' && pjrt_dtype_host_size(named_types[i].dtype) > 1) {
        break;
      }
      *out = named_types[i].dtype;
      return NULL;
    }
  }
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "expected elements that are numbers, such as '<f4', "
                           "found '%s'%s",
                           descr, strchr(descr, 'O') ? ", Python objects" : "");
}

const char *pjrt_npy_descr_of(pjrt_dtype dtype) {
  /* NumPy marks single bytes as having no byte order. */
  static const char *const descrs[] = {
      [PJRT_PRED] = "|b1", [PJRT_S8] = "|i1",    [PJRT_S16] = "<i2",
      [PJRT_S32] = "<i4",  [PJRT_S64] = "<i8",   [PJRT_U8] = "|u1",
      [PJRT_U16] = "<u2",  [PJRT_U32] = "<u4",   [PJRT_U64] = "<u8",
      [PJRT_F16] = "<f2",  [PJRT_F32] = "<f4",   [PJRT_F64] = "<f8",
      [PJRT_C64] = "<c8",  [PJRT_C128] = "<c16",
  };
  size_t i = (size_t)dtype;
  if (i < sizeof descrs / sizeof *descrs && descrs[i]) return descrs[i];
  return pjrt_dtype_host_size(dtype) == 2 ? "<V2" : "<V1";
}
