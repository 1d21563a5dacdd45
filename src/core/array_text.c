/* Arrays as text: "2x2xs32=[1 2][3 4]". */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/number.h"
#include "core/array.h"
#include "core/dtype.h"

/* The largest element: a complex number of two doubles. */
enum { max_element_size = 16 };

/* A piece of the text that is read. */
typedef struct piece {
  const char *text;
  size_t size;
} piece;

/* For messages, which shall stay short whatever comes. */
static int shown(piece p) { return p.size < 60 ? (int)p.size : 60; }

static bool is_separator(char c) {
  return c == ',' || c == '[' || c == ']' || c == ' ' || c == '\t' ||
         c == '\n' || c == '\r';
}

static piece without_blanks(piece p) {
  while (p.size && p.text[0] == ' ') p.text++, p.size--;
  while (p.size && p.text[p.size - 1] == ' ') p.size--;
  return p;
}

/* Cuts the next element off `rest`; an empty piece at the end. */
static piece next_element(piece *rest) {
  while (rest->size && is_separator(rest->text[0])) rest->text++, rest->size--;
  size_t size = 0;
  const char *end = NULL;
  if (rest->size && rest->text[0] == '(') {
    end = memchr(rest->text, ')', rest->size);
  }
  if (end) size = (size_t)(end - rest->text) + 1;
  while (!end && size < rest->size && !is_separator(rest->text[size])) size++;
  piece element = {rest->text, size};
  rest->text += size;
  rest->size -= size;
  return element;
}

static bool read_double(piece p, double *out) {
  p = without_blanks(p);
  return pjrt_number_read_double(p.text, p.size, out);
}

/* The sign between the parts of "1e+2-3i"; 0 when there is one part. */
static size_t find_imaginary(piece p) {
  for (size_t i = p.size; i-- > 1;) {
    bool sign = p.text[i] == '+' || p.text[i] == '-';
    if (sign && !memchr("eEpP", p.text[i - 1], 4)) return i;
  }
  return 0;
}

/* "(1,2)", "1+2i", "1" or "2i". */
static bool read_complex(piece p, double *out_real, double *out_imag) {
  *out_real = 0;
  *out_imag = 0;
  if (p.size > 2 && p.text[0] == '(' && p.text[p.size - 1] == ')') {
    const char *comma = memchr(p.text, ',', p.size);
    if (!comma) return false;
    size_t left = (size_t)(comma - p.text) - 1;
    return read_double((piece){p.text + 1, left}, out_real) &&
           read_double((piece){comma + 1, p.size - left - 3}, out_imag);
  }
  if (p.size < 2 || p.text[p.size - 1] != 'i') return read_double(p, out_real);
  p.size--;
  size_t imaginary = find_imaginary(p);
  return (imaginary == 0 ||
          read_double((piece){p.text, imaginary}, out_real)) &&
         read_double((piece){p.text + imaginary, p.size - imaginary}, out_imag);
}

static bool read_integer(const pjrt_dtype_row *row, pjrt_dtype dtype, piece p,
                         void *out) {
  bool negative;
  uint64_t magnitude;
  int64_t value;
  if (row->class_of == PJRT_CLASS_UNSIGNED && row->bit_width == 64) {
    if (!pjrt_number_read_integer(p.text, p.size, &negative, &magnitude) ||
        negative) {
      return false;
    }
    pjrt_dtype_store_bits(row, out, 0, magnitude);
    return true;
  }
  return pjrt_number_read_int64(p.text, p.size, &value) &&
         pjrt_error_consume(pjrt_dtype_from_int64(dtype, value, out)) ==
             PJRT_OK;
}

static bool read_bool(piece p, void *out) {
  bool yes = pjrt_text_equal(p.text, p.size, "true") ||
             pjrt_text_equal(p.text, p.size, "1");
  memset(out, yes, 1);
  return yes || pjrt_text_equal(p.text, p.size, "false") ||
         pjrt_text_equal(p.text, p.size, "0");
}

static bool read_element(pjrt_dtype dtype, piece p, void *out) {
  const pjrt_dtype_row *row = pjrt_dtype_row_of(dtype);
  double real;
  double imag = 0;
  switch (row->class_of) {
    case PJRT_CLASS_BOOL:
      return read_bool(p, out);
    case PJRT_CLASS_SIGNED:
    case PJRT_CLASS_UNSIGNED:
      return read_integer(row, dtype, p, out);
    case PJRT_CLASS_COMPLEX:
      if (!read_complex(p, &real, &imag)) return false;
      break;
    default:
      if (!pjrt_number_read_double(p.text, p.size, &real)) return false;
  }
  return pjrt_error_consume(pjrt_dtype_from_complex(dtype, real, imag, out)) ==
         PJRT_OK;
}

static pjrt_error *bad_element(pjrt_dtype dtype, size_t i, piece p) {
  static const char *const expected[] = {
      [PJRT_CLASS_BOOL] = "true, false, 1 or 0",
      [PJRT_CLASS_SIGNED] = "an integer that fits the type",
      [PJRT_CLASS_UNSIGNED] = "an integer that fits the type",
      [PJRT_CLASS_FLOAT] = "a number",
      [PJRT_CLASS_COMPLEX] = "a complex number such as 1+2i or (1,2)",
  };
  return pjrt_error_format(
      PJRT_INVALID_ARGUMENT, "element %zu of type %s: expected %s, got '%.*s'",
      i, pjrt_dtype_name(dtype), expected[pjrt_dtype_class_of(dtype)], shown(p),
      p.text);
}

/* Not 0X10: what may separate dimensions is no part of one. */
static bool read_dim(const char *text, size_t size, int64_t *out) {
  for (size_t i = 0; i < size; i++) {
    if (text[i] < '0' || text[i] > '9') return false;
  }
  return pjrt_number_read_int64(text, size, out);
}

/* "4x2xf32". `dims` has room for all dimensions that the text can have. */
static pjrt_error *read_type(piece text, int64_t *dims, size_t *out_num_dims,
                             pjrt_dtype *out_dtype) {
  piece rest = text;
  *out_num_dims = 0;
  while (rest.size && rest.text[0] >= '0' && rest.text[0] <= '9') {
    const char *x = memchr(rest.text, 'x', rest.size);
    size_t size = x ? (size_t)(x - rest.text) : rest.size;
    if (!x || !read_dim(rest.text, size, &dims[*out_num_dims])) {
      return pjrt_error_format(
          PJRT_INVALID_ARGUMENT,
          "expected dimensions and an element type such as 4x2xf32, got '%.*s'",
          shown(text), text.text);
    }
    (*out_num_dims)++;
    rest = (piece){x + 1, rest.size - size - 1};
  }
  return pjrt_dtype_parse(rest.text, rest.size, out_dtype);
}

static pjrt_error *create_from_type(piece text, pjrt_array **out) {
  void *dims;
  size_t num_dims;
  pjrt_dtype dtype;
  PJRT_TRY(pjrt_alloc(text.size / 2 + 1, sizeof(int64_t), &dims));
  pjrt_error *error = read_type(text, dims, &num_dims, &dtype);
  if (!error) error = pjrt_array_create(dtype, dims, num_dims, out);
  free(dims);
  return error;
}

static pjrt_error *wrong_number(const pjrt_array *array, size_t got) {
  size_t num_dims;
  const int64_t *dims = pjrt_array_dims(array, &num_dims);
  pjrt_builder type = {0};
  pjrt_text_append_type(&type, pjrt_array_dtype(array), dims, num_dims);
  char *text;
  PJRT_TRY(pjrt_builder_finish(&type, &text, NULL));
  pjrt_error *error =
      pjrt_error_format(PJRT_INVALID_ARGUMENT,
                        "%s: expected %zu elements, or one for all of "
                        "them, got %zu",
                        text, pjrt_array_num_elements(array), got);
  free(text);
  return error;
}

static pjrt_error *read_elements(piece rest, pjrt_array *array) {
  const pjrt_dtype dtype = pjrt_array_dtype(array);
  const size_t size = pjrt_dtype_host_size(dtype);
  const size_t num = pjrt_array_num_elements(array);
  char *data = pjrt_array_data(array);
  char element[max_element_size] = {0};
  size_t got = 0;
  for (piece p = next_element(&rest); p.size; p = next_element(&rest)) {
    if (!read_element(dtype, p, element)) return bad_element(dtype, got, p);
    if (got < num) memcpy(data + got * size, element, size);
    got++;
  }
  if (got == num) return NULL;
  if (got != 1) return wrong_number(array, got);
  for (size_t i = 1; i < num; i++) memcpy(data + i * size, data, size);
  return NULL;
}

pjrt_error *pjrt_array_parse(const char *text, size_t text_size,
                             pjrt_array **out) {
  *out = NULL;
  piece whole = {text, pjrt_text_size(text, text_size)};
  const char *equals = whole.size ? memchr(text, '=', whole.size) : NULL;
  piece type = {text, equals ? (size_t)(equals - text) : whole.size};
  PJRT_TRY(create_from_type(type, out));
  if (!equals) return NULL;
  pjrt_error *error =
      read_elements((piece){equals + 1, whole.size - type.size - 1}, *out);
  if (error) {
    pjrt_array_free(*out);
    *out = NULL;
  }
  return error;
}

void pjrt_text_append_type(pjrt_builder *builder, pjrt_dtype dtype,
                           const int64_t *dims, size_t num_dims) {
  for (size_t i = 0; i < num_dims; i++) {
    pjrt_builder_appendf(builder, "%lldx", (long long)dims[i]);
  }
  pjrt_builder_append(builder, pjrt_dtype_name(dtype), PJRT_NUL_ENDED);
}

/* The fewest digits that read back as the same bits; but 100 rather than 1e+02,
 * as long as the digits before the point are few. */
static void write_float(const pjrt_float_format *format, uint64_t bits,
                        char out[PJRT_NUMBER_SIZE]) {
  enum { enough_digits = 17 };
  double value = pjrt_float_decode(format, bits);
  int digits = 1;
  if (fabs(value) < 1e9) {
    for (uint64_t n = (uint64_t)fabs(value) / 10; n; n /= 10) digits++;
  }
  for (; digits <= enough_digits; digits++) {
    double back;
    pjrt_number_write_double(value, digits, out);
    if (pjrt_number_read_double(out, strlen(out), &back) &&
        pjrt_float_encode(format, back) == bits) {
      break;
    }
  }
}

void pjrt_text_append_element(pjrt_builder *builder, pjrt_dtype dtype,
                              const void *element) {
  const pjrt_dtype_row *row = pjrt_dtype_row_of(dtype);
  uint64_t bits = pjrt_dtype_load_bits(row, element, 0);
  char number[PJRT_NUMBER_SIZE];
  switch (row->class_of) {
    case PJRT_CLASS_BOOL:
      pjrt_builder_append(builder, bits ? "true" : "false", PJRT_NUL_ENDED);
      break;
    case PJRT_CLASS_SIGNED:
      pjrt_builder_appendf(builder, "%lld",
                           (long long)pjrt_dtype_bits_to_int64(row, bits));
      break;
    case PJRT_CLASS_UNSIGNED:
      pjrt_builder_appendf(builder, "%llu", (unsigned long long)bits);
      break;
    default:
      write_float(&row->format, bits, number);
      pjrt_builder_append(builder, number, PJRT_NUL_ENDED);
  }
  if (row->class_of == PJRT_CLASS_COMPLEX) {
    write_float(&row->format, pjrt_dtype_load_bits(row, element, 1), number);
    pjrt_builder_appendf(builder, "%s%si", number[0] == '-' ? "" : "+", number);
  }
}

/* The brackets between element i - 1 and i: each dimension but the first puts
 * its rows in brackets. One element is between two in the same row. */
static void append_before(pjrt_builder *builder, const int64_t *dims,
                          size_t num_dims, size_t i) {
  size_t row = 1;
  size_t starts = 0;
  for (size_t d = num_dims; d-- > 1;) {
    row *= (size_t)dims[d];
    if (i % row) break;
    starts++;
  }
  for (size_t k = 0; k < starts && i; k++) pjrt_builder_append(builder, "]", 1);
  if (i && !starts) pjrt_builder_append(builder, " ", 1);
  for (size_t k = 0; k < starts; k++) pjrt_builder_append(builder, "[", 1);
}

/* Writes what the builder holds and empties it, keeping its memory. */
static pjrt_error *flush_to(pjrt_builder *builder, FILE *to) {
  if (builder->out_of_memory) return pjrt_error_out_of_memory();
  size_t size = builder->size;
  builder->size = 0;
  if (size == 0 || fwrite(builder->data, 1, size, to) == size) return NULL;
  return pjrt_error_from_errno(errno, "cannot write an array to a stream");
}

static pjrt_error *print_elements(const pjrt_array *array, size_t max_elements,
                                  pjrt_builder *builder, FILE *to) {
  const pjrt_dtype dtype = pjrt_array_dtype(array);
  const size_t num = pjrt_array_num_elements(array);
  const size_t shown_num =
      max_elements && max_elements < num ? max_elements : num;
  size_t num_dims;
  const int64_t *dims = pjrt_array_dims(array, &num_dims);
  pjrt_text_append_type(builder, dtype, dims, num_dims);
  pjrt_builder_append(builder, "=", 1);
  for (size_t i = 0; i < shown_num; i++) {
    append_before(builder, dims, num_dims, i);
    pjrt_text_append_element(builder, dtype, pjrt_array_element(array, i));
    PJRT_TRY(flush_to(builder, to));
  }
  if (shown_num < num) {
    pjrt_builder_append(builder, "...", 3);
  } else {
    for (size_t d = 1; d < num_dims && num; d++) {
      pjrt_builder_append(builder, "]", 1);
    }
  }
  PJRT_TRY(flush_to(builder, to));
  if (fflush(to) == 0) return NULL;
  return pjrt_error_from_errno(errno, "cannot write an array to a stream");
}

pjrt_error *pjrt_array_print(const pjrt_array *array, size_t max_elements,
                             FILE *to) {
  pjrt_builder builder = {0};
  pjrt_error *error = print_elements(array, max_elements, &builder, to);
  pjrt_builder_clear(&builder);
  return error;
}
