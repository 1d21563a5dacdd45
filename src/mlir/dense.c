/* Attributes that hold elements: dense<...> and array<...>. */
#include <math.h>

#include "base/number.h"
#include "core/dtype.h"
#include "mlir/reader.h"

/* Splats of up to so many elements are written out. */
enum { max_written_out = 64 };

/* --- One element --------------------------------------------------------- */

static bool does_not_fit(mlir_parser *p, const mlir_token *token, bool negative,
                         pjrt_dtype dtype) {
  return mlir_fail(p, token->place, "%s%.*s does not fit %s",
                   negative ? "-" : "", (int)token->size, token->text,
                   pjrt_dtype_name(dtype));
}

/* Integers without a sign in their type take the values of both kinds, as in
 * MLIR: 255 and -1 are the same i8. */
static bool read_integer(mlir_parser *p, const pjrt_dtype_row *row,
                         pjrt_dtype dtype, uint64_t *out_bits) {
  bool negative = mlir_accept(p, '-');
  mlir_token token;
  if (!mlir_expect_kind(p, MLIR_INTEGER, "an integer", &token)) return false;
  bool sign;
  uint64_t magnitude;
  uint64_t top = UINT64_C(1) << (row->bit_width - 1);
  uint64_t most = negative ? top : top - 1 + top;
  if (negative && row->class_of == PJRT_CLASS_UNSIGNED) most = 0;
  if (!pjrt_number_read_integer(token.text, token.size, &sign, &magnitude) ||
      magnitude > most) {
    return does_not_fit(p, &token, negative, dtype);
  }
  *out_bits = negative ? 0 - magnitude : magnitude;
  return true;
}

/* A float's bits, written as a hexadecimal integer. */
static bool read_float_bits(mlir_parser *p, const pjrt_dtype_row *row,
                            pjrt_dtype dtype, void *out, unsigned part) {
  mlir_token token = p->token;
  unsigned width = row->bit_width;
  if (row->class_of == PJRT_CLASS_COMPLEX) width /= 2;
  bool sign;
  uint64_t bits;
  if (!pjrt_number_read_integer(token.text, token.size, &sign, &bits) ||
      (width < 64 && bits >> width)) {
    return does_not_fit(p, &token, false, dtype);
  }
  pjrt_dtype_store_bits(row, out, part, bits);
  return mlir_next(p);
}

static bool is_hex(const mlir_token *token) {
  return token->kind == MLIR_INTEGER && token->size > 2 &&
         token->text[1] == 'x';
}

/* One part of an element: `part` is 1 for the imaginary one. */
static bool read_float(mlir_parser *p, const pjrt_dtype_row *row,
                       pjrt_dtype dtype, void *out, unsigned part) {
  if (is_hex(&p->token)) return read_float_bits(p, row, dtype, out, part);
  bool negative = mlir_accept(p, '-');
  mlir_token token;
  if (!mlir_expect_kind(p, MLIR_FLOAT, "a number with a point", &token)) {
    return false;
  }
  double value;
  if (!pjrt_number_read_double(token.text, token.size, &value) ||
      isinf(value)) {
    return does_not_fit(p, &token, negative, dtype);
  }
  if (negative) value = -value;
  char element[16];
  pjrt_error *error = row->class_of == PJRT_CLASS_COMPLEX
                          ? pjrt_dtype_from_complex(dtype, value, 0, element)
                          : pjrt_dtype_from_double(dtype, value, element);
  if (error) {
    pjrt_error_free(error);
    return does_not_fit(p, &token, negative, dtype);
  }
  pjrt_dtype_store_bits(row, out, part, pjrt_dtype_load_bits(row, element, 0));
  return true;
}

bool mlir_read_element(mlir_parser *p, pjrt_dtype dtype, void *out) {
  const pjrt_dtype_row *row = pjrt_dtype_row_of(dtype);
  bool is_true = mlir_at_word(p, "true");
  if (dtype == PJRT_PRED && (is_true || mlir_at_word(p, "false"))) {
    pjrt_dtype_store_bits(row, out, 0, is_true);
    return mlir_next(p);
  }
  if (row->class_of == PJRT_CLASS_FLOAT) {
    return read_float(p, row, dtype, out, 0);
  }
  if (row->class_of == PJRT_CLASS_COMPLEX) {
    return mlir_expect(p, '(') && read_float(p, row, dtype, out, 0) &&
           mlir_expect(p, ',') && read_float(p, row, dtype, out, 1) &&
           mlir_expect(p, ')');
  }
  uint64_t bits = 0;
  if (!read_integer(p, row, dtype, &bits)) return false;
  pjrt_dtype_store_bits(row, out, 0, bits);
  return true;
}

/* --- dense<...> ---------------------------------------------------------- */

/* The elements of one dimension and those below it. */
static bool read_nested(mlir_parser *p, const pjrt_mlir_type *type, size_t dim,
                        char **at) {
  if (dim == type->num_dims) {
    bool read = mlir_read_element(p, type->dtype, *at);
    *at += pjrt_dtype_host_size(type->dtype);
    return read;
  }
  if (!mlir_expect(p, '[')) return false;
  for (int64_t i = 0; i < type->dims[dim]; i++) {
    if (i && !mlir_expect(p, ',')) return false;
    if (!read_nested(p, type, dim + 1, at)) return false;
  }
  return mlir_expect(p, ']');
}

/* Writes a splat out where it is small. */
static bool spread(mlir_parser *p, pjrt_mlir_attr *attr) {
  size_t size = pjrt_dtype_host_size(attr->type->dtype);
  attr->is_splat = attr->num_elements > max_written_out;
  if (attr->is_splat || attr->num_elements < 2) return true;
  char *data = mlir_alloc(p, attr->num_elements, size);
  if (!data) return false;
  for (size_t i = 0; i < attr->num_elements; i++) {
    memcpy(data + i * size, attr->data, size);
  }
  attr->data = data;
  return true;
}

/* The bytes of "0x1234" in the order of the text. */
static bool read_blob(mlir_parser *p, char **out, size_t *out_size) {
  mlir_token token;
  if (!mlir_expect_kind(p, MLIR_STRING, "a blob", &token)) return false;
  size_t digits = token.size - 2;
  const char *text = token.text + 1;
  if (digits < 2 || digits % 2 || text[0] != '0' || text[1] != 'x') {
    return mlir_fail(p, token.place,
                     "expected \"0x\" and pairs of hexadecimal digits");
  }
  *out_size = digits / 2 - 1;
  *out = mlir_alloc(p, *out_size, 1);
  if (!*out) return false;
  for (size_t i = 0; i < *out_size; i++) {
    int high = mlir_hex_digit(text[2 * i + 2]);
    int low = mlir_hex_digit(text[2 * i + 3]);
    if (high < 0 || low < 0) {
      return mlir_fail(p, token.place,
                       "a blob has other characters than "
                       "hexadecimal digits");
    }
    (*out)[i] = (char)(high * 16 + low);
  }
  return true;
}

/* Booleans are one byte each, or one bit each, first ones lowest. */
static bool take_bits(mlir_parser *p, pjrt_mlir_attr *attr, const char *blob,
                      bool packed) {
  char *data = mlir_alloc(p, attr->num_elements, 1);
  if (!data) return false;
  for (size_t i = 0; i < attr->num_elements; i++) {
    data[i] = (char)(packed ? blob[i / 8] >> i % 8 & 1 : blob[i] != 0);
  }
  attr->data = data;
  return true;
}

static bool take_blob(mlir_parser *p, pjrt_mlir_place place,
                      pjrt_mlir_attr *attr) {
  char *blob = NULL;
  size_t size = 0;
  if (!read_blob(p, &blob, &size)) return false;
  bool boolean = attr->type->dtype == PJRT_PRED;
  size_t element = pjrt_dtype_host_size(attr->type->dtype);
  size_t num = attr->num_elements;
  attr->data = blob;
  if (boolean && size == num / 8 + (num % 8 != 0) && num > 1) {
    return take_bits(p, attr, blob, true);
  }
  if (boolean && size == 1) blob[0] = blob[0] != 0;
  if (boolean && size == num) return take_bits(p, attr, blob, false);
  if (size == num * element) return true;
  if (size == element && num) return spread(p, attr);
  return mlir_fail(p, place, "a blob of %zu bytes for %zu elements of %zu",
                   size, num, element);
}

/* The literal at the token, now that its type is known. `size` is that of its
 * text: no element takes less than a character. */
static bool read_literal(mlir_parser *p, pjrt_mlir_attr *attr, size_t size) {
  const pjrt_mlir_type *type = attr->type;
  size_t element = pjrt_dtype_host_size(type->dtype);
  pjrt_mlir_place place = p->token.place;
  if (mlir_at_kind(p, MLIR_STRING)) return take_blob(p, place, attr);
  if (mlir_at(p, '>') && attr->num_elements == 0) return true;
  bool list = mlir_at(p, '[');
  if (list && attr->num_elements > size) {
    return mlir_fail(p, place, "expected %zu elements, got fewer",
                     attr->num_elements);
  }
  char *data = mlir_alloc(p, list ? attr->num_elements : 1, element);
  if (!data) return false;
  attr->data = data;
  if (list) return read_nested(p, type, 0, &data);
  return mlir_read_element(p, type->dtype, data) && spread(p, attr);
}

/* : tensor<...>, and what it says of the elements. */
static bool read_dense_type(mlir_parser *p, pjrt_mlir_attr *attr) {
  pjrt_mlir_place place = p->token.place;
  if (!mlir_expect(p, ':') || !mlir_read_type(p, &attr->type)) return false;
  const pjrt_mlir_type *type = attr->type;
  if (type->kind != PJRT_MLIR_TYPE_TENSOR) {
    return mlir_fail(p, place, "expected a tensor type for elements");
  }
  attr->num_elements = 1;
  for (size_t i = 0; i < type->num_dims; i++) {
    if (type->dims[i] < 0) {
      return mlir_fail(p, place, "elements of a tensor of unknown size");
    }
    attr->num_elements *= (size_t)type->dims[i];
  }
  return true;
}

/* The type stands behind the elements: it is read first, then they are. */
bool mlir_read_dense(mlir_parser *p, const pjrt_mlir_attr **out) {
  pjrt_mlir_attr *attr =
      mlir_make_attr(p, PJRT_MLIR_ATTR_DENSE, p->token.place);
  *out = attr;
  if (!attr || !mlir_next(p)) return false;
  if (!mlir_at(p, '<')) return mlir_expected(p, "'<'");
  mlir_position start = mlir_save(p);
  const char *close;
  if (!mlir_skip_balanced(p, &close) || !read_dense_type(p, attr)) return false;
  mlir_position end = mlir_save(p);
  mlir_restore(p, &start);
  if (!mlir_next(p) || !read_literal(p, attr, (size_t)(close - start.cursor)) ||
      !mlir_expect(p, '>')) {
    return false;
  }
  mlir_restore(p, &end);
  return true;
}

/* --- Lists --------------------------------------------------------------- */

static bool take_list(mlir_parser *p, pjrt_mlir_attr *attr, pjrt_dtype dtype,
                      const mlir_list *elements) {
  int64_t dims[1] = {(int64_t)elements->num};
  attr->type = mlir_make_tensor(p, dtype, dims, 1);
  attr->data = elements->num ? elements->items : mlir_alloc(p, 0, 1);
  attr->num_elements = elements->num;
  return !p->error;
}

static bool read_elements(mlir_parser *p, pjrt_dtype dtype, mlir_list *out) {
  size_t size = pjrt_dtype_host_size(dtype);
  do {
    char element[16] = {0};
    if (!mlir_read_element(p, dtype, element)) return false;
    void *item = mlir_push(p, out, size);
    if (!item) return false;
    memcpy(item, element, size);
  } while (mlir_accept(p, ','));
  return !p->error;
}

/* array<i64: 1, 2> or array<i64>. */
bool mlir_read_dense_array(mlir_parser *p, const pjrt_mlir_attr **out) {
  pjrt_mlir_attr *attr =
      mlir_make_attr(p, PJRT_MLIR_ATTR_DENSE, p->token.place);
  const pjrt_mlir_type *type;
  mlir_list elements = {0};
  *out = attr;
  if (!attr || !mlir_next(p) || !mlir_expect(p, '<')) return false;
  pjrt_mlir_place place = p->token.place;
  if (!mlir_read_type(p, &type)) return false;
  if (type->kind != PJRT_MLIR_TYPE_SCALAR) {
    return mlir_fail(p, place, "expected the type of a number");
  }
  if (mlir_accept(p, ':') && !read_elements(p, type->dtype, &elements)) {
    return false;
  }
  return mlir_expect(p, '>') && take_list(p, attr, type->dtype, &elements);
}

bool mlir_read_int_list(mlir_parser *p, const pjrt_mlir_attr **out) {
  pjrt_mlir_attr *attr =
      mlir_make_attr(p, PJRT_MLIR_ATTR_DENSE, p->token.place);
  mlir_list elements = {0};
  *out = attr;
  if (!attr || !mlir_expect(p, '[')) return false;
  if (!mlir_at(p, ']') && !read_elements(p, PJRT_S64, &elements)) return false;
  return mlir_expect(p, ']') && take_list(p, attr, PJRT_S64, &elements);
}
