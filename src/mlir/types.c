/* Types. */
#include <stdarg.h>
#include <stdio.h>

#include "base/alloc.h"
#include "mlir/reader.h"

static const struct {
  const char *name;
  pjrt_dtype dtype;
} scalars[] = {
    {"f32", PJRT_F32},
    {"i32", PJRT_S32},
    {"i64", PJRT_S64},
    {"i1", PJRT_PRED},
    {"bf16", PJRT_BF16},
    {"f16", PJRT_F16},
    {"f64", PJRT_F64},
    {"i2", PJRT_S2},
    {"i4", PJRT_S4},
    {"i8", PJRT_S8},
    {"i16", PJRT_S16},
    {"ui2", PJRT_U2},
    {"ui4", PJRT_U4},
    {"ui8", PJRT_U8},
    {"ui16", PJRT_U16},
    {"ui32", PJRT_U32},
    {"ui64", PJRT_U64},
    {"f4E2M1FN", PJRT_F4E2M1FN},
    {"f6E2M3FN", PJRT_F6E2M3FN},
    {"f6E3M2FN", PJRT_F6E3M2FN},
    {"f8E3M4", PJRT_F8E3M4},
    {"f8E4M3", PJRT_F8E4M3},
    {"f8E4M3B11FNUZ", PJRT_F8E4M3B11FNUZ},
    {"f8E4M3FN", PJRT_F8E4M3FN},
    {"f8E4M3FNUZ", PJRT_F8E4M3FNUZ},
    {"f8E5M2", PJRT_F8E5M2},
    {"f8E5M2FNUZ", PJRT_F8E5M2FNUZ},
    {"f8E8M0FNU", PJRT_F8E8M0FNU},
    {"complex<f32>", PJRT_C64},
    {"complex<f64>", PJRT_C128},
};
enum { num_scalars = sizeof scalars / sizeof *scalars };

static pjrt_dtype scalar_of(const mlir_token *token) {
  for (size_t i = 0; i < num_scalars; i++) {
    if (mlir_token_is(token, scalars[i].name)) return scalars[i].dtype;
  }
  return PJRT_DTYPE_INVALID;
}

static const char *scalar_name(pjrt_dtype dtype) {
  for (size_t i = 0; i < num_scalars; i++) {
    if (scalars[i].dtype == dtype) return scalars[i].name;
  }
  return "?";
}

/* --- Making -------------------------------------------------------------- */

static pjrt_mlir_type *make_type(mlir_parser *p, pjrt_mlir_type_kind kind) {
  pjrt_mlir_type *type = mlir_alloc(p, 1, sizeof *type);
  if (type) type->kind = kind;
  return type;
}

const pjrt_mlir_type *mlir_make_scalar(mlir_parser *p, pjrt_dtype dtype) {
  pjrt_mlir_type *type = make_type(p, PJRT_MLIR_TYPE_SCALAR);
  if (type) type->dtype = dtype;
  return type;
}

const pjrt_mlir_type *mlir_make_tensor(mlir_parser *p, pjrt_dtype dtype,
                                       const int64_t *dims, size_t num_dims) {
  pjrt_mlir_type *type = make_type(p, PJRT_MLIR_TYPE_TENSOR);
  int64_t *copy = mlir_alloc(p, num_dims, sizeof *copy);
  if (!type || !copy) return NULL;
  if (num_dims) memcpy(copy, dims, num_dims * sizeof *copy);
  type->dtype = dtype;
  type->dims = copy;
  type->num_dims = num_dims;
  return type;
}

/* --- Scalars ------------------------------------------------------------- */

/* complex<f32>, behind the word. */
static bool read_complex(mlir_parser *p, pjrt_dtype *out) {
  mlir_token part;
  if (!mlir_expect(p, '<') ||
      !mlir_expect_kind(p, MLIR_WORD, "f32 or f64", &part)) {
    return false;
  }
  pjrt_dtype dtype = scalar_of(&part);
  *out = dtype == PJRT_F32 ? PJRT_C64 : PJRT_C128;
  if (dtype != PJRT_F32 && dtype != PJRT_F64) {
    return mlir_unimplemented(p, part.place, "complex numbers of %.*s",
                              (int)part.size, part.text);
  }
  return mlir_expect(p, '>');
}

/* An element type of tensors. */
static bool read_dtype(mlir_parser *p, pjrt_dtype *out) {
  if (mlir_at_kind(p, MLIR_BANG)) {
    return mlir_unimplemented(p, p->token.place, "tensors of %.*s",
                              (int)p->token.size, p->token.text);
  }
  if (mlir_accept_word(p, "complex")) return read_complex(p, out);
  *out = scalar_of(&p->token);
  if (*out == PJRT_DTYPE_INVALID) return mlir_expected(p, "an element type");
  return mlir_next(p);
}

/* --- Tensors ------------------------------------------------------------- */

/* "12x" or "?x" at the cursor, which moves behind the x. */
static bool read_dim(mlir_parser *p, int64_t *out) {
  const char *at = p->cursor;
  int64_t dim = 0;
  if (*at == '?') {
    dim = PJRT_MLIR_DYNAMIC;
    at++;
  }
  for (; at < p->end && *at >= '0' && *at <= '9'; at++) {
    if (__builtin_mul_overflow(dim, 10, &dim) ||
        __builtin_add_overflow(dim, *at - '0', &dim)) {
      return mlir_fail(p, p->token.place, "a dimension does not fit 64 bits");
    }
  }
  if (at == p->end || *at != 'x') {
    return mlir_fail(p, p->token.place, "expected an 'x' after a dimension");
  }
  p->cursor = at + 1;
  *out = dim;
  return true;
}

/* "2x?x" at the token. A dimension and what follows it are one token to the
 * lexer ("0x1xf32" begins like a hexadecimal number), hence the characters. */
static bool read_dims(mlir_parser *p, mlir_list *out) {
  if (mlir_at(p, '*')) {
    return mlir_unimplemented(p, p->token.place, "tensors of unknown rank");
  }
  p->cursor = p->token.text;
  while (p->cursor < p->end &&
         (*p->cursor == '?' || (*p->cursor >= '0' && *p->cursor <= '9'))) {
    if (out->num == PJRT_MLIR_MAX_RANK) {
      return mlir_fail(p, p->token.place, "a tensor of more than %d dimensions",
                       PJRT_MLIR_MAX_RANK);
    }
    int64_t *dim = mlir_push(p, out, sizeof *dim);
    if (!dim || !read_dim(p, dim)) return false;
  }
  return mlir_next(p);
}

/* What a tensor's encoding says: bounds, or something to keep. */
static bool take_encoding(mlir_parser *p, const pjrt_mlir_attr *encoding,
                          pjrt_mlir_type *type) {
  bool bounds = encoding->kind == PJRT_MLIR_ATTR_STRUCT &&
                strcmp(encoding->name, "stablehlo.bounds") == 0;
  if (!bounds) {
    type->encoding = encoding;
    return true;
  }
  size_t num;
  const pjrt_mlir_attr *list = pjrt_mlir_dict_find(&encoding->fields, "bounds");
  if (!pjrt_mlir_attr_ints(list, &type->bounds, &num)) return false;
  if (num != type->num_dims) {
    return mlir_fail(p, encoding->place, "%zu bounds for %zu dimensions", num,
                     type->num_dims);
  }
  for (size_t i = 0; i < num; i++) {
    if (type->bounds[i] >= 0 && type->dims[i] >= 0) {
      return mlir_fail(p, encoding->place,
                       "dimension %zu has a bound and is not dynamic", i);
    }
  }
  return true;
}

/* Shapes whose elements cannot be counted are of no use to anyone. */
static bool check_size(mlir_parser *p, pjrt_mlir_place place,
                       const pjrt_mlir_type *type) {
  int64_t dims[PJRT_MLIR_MAX_RANK];
  for (size_t i = 0; i < type->num_dims; i++) {
    bool known = type->dims[i] >= 0;
    int64_t bound = type->bounds ? type->bounds[i] : PJRT_MLIR_DYNAMIC;
    dims[i] = known ? type->dims[i] : bound >= 0 ? bound : 1;
  }
  size_t num;
  pjrt_error *error = pjrt_dims_num_elements(
      dims, type->num_dims, pjrt_dtype_host_size(type->dtype), &num);
  if (!error) return true;
  mlir_fail(p, place, "%s", pjrt_error_message(error, NULL));
  pjrt_error_free(error);
  return false;
}

/* <2x3xf32, #encoding>, behind the word. */
static bool read_tensor(mlir_parser *p, pjrt_mlir_place place,
                        const pjrt_mlir_type **out) {
  pjrt_mlir_type *type = make_type(p, PJRT_MLIR_TYPE_TENSOR);
  mlir_list dims = {0};
  if (!type || !mlir_expect(p, '<') || !read_dims(p, &dims) ||
      !read_dtype(p, &type->dtype)) {
    return false;
  }
  type->dims = dims.items;
  type->num_dims = dims.num;
  if (mlir_accept(p, ',')) {
    const pjrt_mlir_attr *encoding;
    if (!mlir_read_attr(p, &encoding) || !take_encoding(p, encoding, type)) {
      return false;
    }
  }
  *out = type;
  return mlir_expect(p, '>') && check_size(p, place, type);
}

/* --- Types of types ------------------------------------------------------ */

bool mlir_read_type_list(mlir_parser *p, mlir_list *out) {
  do {
    const pjrt_mlir_type **type = mlir_push(p, out, sizeof *type);
    const pjrt_mlir_type *read;
    if (!type || !mlir_read_type(p, &read)) return false;
    *type = read;
  } while (mlir_accept(p, ','));
  return !p->error;
}

/* (A, B), with the parentheses. */
static bool read_parenthesized(mlir_parser *p,
                               const pjrt_mlir_type *const **out,
                               size_t *out_num) {
  mlir_list types = {0};
  if (!mlir_expect(p, '(')) return false;
  if (!mlir_at(p, ')') && !mlir_read_type_list(p, &types)) return false;
  *out = types.items;
  *out_num = types.num;
  return mlir_expect(p, ')');
}

bool mlir_read_result_types(mlir_parser *p, const pjrt_mlir_type *const **out,
                            size_t *out_num) {
  if (mlir_at(p, '(')) return read_parenthesized(p, out, out_num);
  const pjrt_mlir_type **type = mlir_alloc(p, 1, sizeof *type);
  if (!type || !mlir_read_type(p, type)) return false;
  *out = type;
  *out_num = 1;
  return true;
}

bool mlir_read_function_type(mlir_parser *p, const pjrt_mlir_type **out) {
  pjrt_mlir_type *type = make_type(p, PJRT_MLIR_TYPE_FUNCTION);
  if (!type || !mlir_enter(p) ||
      !read_parenthesized(p, &type->inputs, &type->num_inputs) ||
      !mlir_expect_arrow(p) ||
      !mlir_read_result_types(p, &type->results, &type->num_results)) {
    return false;
  }
  mlir_leave(p);
  *out = type;
  return true;
}

/* tuple<A, B>, behind the word. */
static bool read_tuple(mlir_parser *p, const pjrt_mlir_type **out) {
  pjrt_mlir_type *type = make_type(p, PJRT_MLIR_TYPE_TUPLE);
  mlir_list types = {0};
  if (!type || !mlir_enter(p) || !mlir_expect(p, '<')) return false;
  if (!mlir_at(p, '>') && !mlir_read_type_list(p, &types)) return false;
  mlir_leave(p);
  type->inputs = types.items;
  type->num_inputs = types.num;
  *out = type;
  return mlir_expect(p, '>');
}

/* !name: an alias, the token, or another dialect's type. */
static bool read_dialect_type(mlir_parser *p, const pjrt_mlir_type **out) {
  mlir_token name = p->token;
  if (!mlir_next(p)) return false;
  *out = mlir_use_alias(p, &name);
  if (*out || p->error) return !p->error;
  if (mlir_token_is(&name, "!stablehlo.token")) {
    *out = make_type(p, PJRT_MLIR_TYPE_TOKEN);
    return *out;
  }
  if (!memchr(name.text, '.', name.size)) {
    return mlir_fail(p, name.place, "unknown type alias %.*s", (int)name.size,
                     name.text);
  }
  const char *end = name.text + name.size;
  if (mlir_at(p, '<') && !mlir_skip_balanced(p, &end)) return false;
  pjrt_mlir_type *type = make_type(p, PJRT_MLIR_TYPE_OPAQUE);
  *out = type;
  return type &&
         (type->text = mlir_copy_text(p, name.text, (size_t)(end - name.text)));
}

static bool read_word_type(mlir_parser *p, const pjrt_mlir_type **out) {
  mlir_token word = p->token;
  pjrt_dtype dtype = scalar_of(&word);
  if (!mlir_at_type(p)) return mlir_expected(p, "a type");
  if (!mlir_next(p)) return false;
  if (mlir_token_is(&word, "tensor")) return read_tensor(p, word.place, out);
  if (mlir_token_is(&word, "tuple")) return read_tuple(p, out);
  if (mlir_token_is(&word, "index")) {
    *out = make_type(p, PJRT_MLIR_TYPE_INDEX);
  } else if (mlir_token_is(&word, "none")) {
    *out = make_type(p, PJRT_MLIR_TYPE_NONE);
  } else if (dtype != PJRT_DTYPE_INVALID) {
    *out = mlir_make_scalar(p, dtype);
  } else if (mlir_token_is(&word, "complex")) {
    if (!read_complex(p, &dtype)) return false;
    *out = mlir_make_scalar(p, dtype);
  } else if (mlir_token_is(&word, "tf32")) {
    pjrt_mlir_type *type = make_type(p, PJRT_MLIR_TYPE_OPAQUE);
    if (type) type->text = "tf32";
    *out = type;
  } else {
    return mlir_unimplemented(p, word.place, "the type %.*s", (int)word.size,
                              word.text);
  }
  return *out;
}

bool mlir_at_type(const mlir_parser *p) {
  static const char *const words[] = {"tensor", "tuple",  "index", "none",
                                      "memref", "vector", "tf32",  "complex"};
  if (mlir_at(p, '(') || mlir_at_kind(p, MLIR_BANG)) return true;
  if (!mlir_at_kind(p, MLIR_WORD)) return false;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (mlir_token_is(&p->token, words[i])) return true;
  }
  return scalar_of(&p->token) != PJRT_DTYPE_INVALID;
}

bool mlir_read_type(mlir_parser *p, const pjrt_mlir_type **out) {
  *out = NULL;
  if (!mlir_enter(p)) return false;
  bool read = mlir_at(p, '(')              ? mlir_read_function_type(p, out)
              : mlir_at_kind(p, MLIR_BANG) ? read_dialect_type(p, out)
              : mlir_at_kind(p, MLIR_WORD) ? read_word_type(p, out)
                                           : mlir_expected(p, "a type");
  mlir_leave(p);
  return read;
}

/* --- Comparing and writing ----------------------------------------------- */

static bool equal_lists(const pjrt_mlir_type *const *a, size_t num_a,
                        const pjrt_mlir_type *const *b, size_t num_b) {
  if (num_a != num_b) return false;
  for (size_t i = 0; i < num_a; i++) {
    if (!pjrt_mlir_type_equal(a[i], b[i])) return false;
  }
  return true;
}

static bool equal_tensors(const pjrt_mlir_type *a, const pjrt_mlir_type *b) {
  size_t bytes = a->num_dims * sizeof *a->dims;
  if (a->dtype != b->dtype || a->num_dims != b->num_dims) return false;
  if (bytes && memcmp(a->dims, b->dims, bytes) != 0) return false;
  if (!a->bounds || !b->bounds) return a->bounds == b->bounds;
  return memcmp(a->bounds, b->bounds, bytes) == 0;
}

bool pjrt_mlir_type_equal(const pjrt_mlir_type *a, const pjrt_mlir_type *b) {
  if (a == b) return true;
  if (a->kind != b->kind) return false;
  switch (a->kind) {
    case PJRT_MLIR_TYPE_TENSOR:
      return equal_tensors(a, b);
    case PJRT_MLIR_TYPE_SCALAR:
      return a->dtype == b->dtype;
    case PJRT_MLIR_TYPE_TUPLE:
    case PJRT_MLIR_TYPE_FUNCTION:
      return equal_lists(a->inputs, a->num_inputs, b->inputs, b->num_inputs) &&
             equal_lists(a->results, a->num_results, b->results,
                         b->num_results);
    case PJRT_MLIR_TYPE_OPAQUE:
      return strcmp(a->text, b->text) == 0;
    default:
      return true;
  }
}

typedef struct writer {
  char *out;
  size_t size;
  size_t used;
} writer;

static void put(writer *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void put(writer *w, const char *format, ...) {
  if (w->used + 1 >= w->size) return;
  va_list args;
  va_start(args, format);
  int written = vsnprintf(w->out + w->used, w->size - w->used, format, args);
  va_end(args);
  if (written > 0) w->used += (size_t)written;
}

static void put_type(writer *w, const pjrt_mlir_type *type);

static void put_list(writer *w, const char *open,
                     const pjrt_mlir_type *const *types, size_t num,
                     const char *close) {
  put(w, "%s", open);
  for (size_t i = 0; i < num && w->used < w->size; i++) {
    if (i) put(w, ", ");
    put_type(w, types[i]);
  }
  put(w, "%s", close);
}

static void put_size(writer *w, int64_t size, const char *behind) {
  if (size < 0) {
    put(w, "?%s", behind);
  } else {
    put(w, "%lld%s", (long long)size, behind);
  }
}

static void put_tensor(writer *w, const pjrt_mlir_type *type) {
  put(w, "tensor<");
  for (size_t i = 0; i < type->num_dims; i++) put_size(w, type->dims[i], "x");
  put(w, "%s", scalar_name(type->dtype));
  if (type->bounds) {
    put(w, ", #stablehlo.bounds<");
    for (size_t i = 0; i < type->num_dims; i++) {
      put_size(w, type->bounds[i], i + 1 < type->num_dims ? ", " : ">");
    }
  }
  put(w, ">");
}

static void put_type(writer *w, const pjrt_mlir_type *type) {
  switch (type->kind) {
    case PJRT_MLIR_TYPE_TENSOR:
      put_tensor(w, type);
      break;
    case PJRT_MLIR_TYPE_SCALAR:
      put(w, "%s", scalar_name(type->dtype));
      break;
    case PJRT_MLIR_TYPE_INDEX:
      put(w, "index");
      break;
    case PJRT_MLIR_TYPE_NONE:
      put(w, "none");
      break;
    case PJRT_MLIR_TYPE_TOKEN:
      put(w, "!stablehlo.token");
      break;
    case PJRT_MLIR_TYPE_TUPLE:
      put_list(w, "tuple<", type->inputs, type->num_inputs, ">");
      break;
    case PJRT_MLIR_TYPE_FUNCTION:
      put_list(w, "(", type->inputs, type->num_inputs, ") -> ");
      put_list(w, "(", type->results, type->num_results, ")");
      break;
    case PJRT_MLIR_TYPE_OPAQUE:
      put(w, "%s", type->text);
      break;
  }
}

const char *pjrt_mlir_type_text(const pjrt_mlir_type *type, char *out,
                                size_t size) {
  writer w = {.out = out, .size = size};
  if (size) out[0] = '\0';
  put_type(&w, type);
  return out;
}
