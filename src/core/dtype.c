#include "core/dtype.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "base/text.h"

/* Elements are in the byte order of the machine, and moved as such. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "elements are read as little-endian");

#define NONE PJRT_CLASS_NONE
#define BOOL PJRT_CLASS_BOOL
#define SIGNED PJRT_CLASS_SIGNED
#define UNSIGNED PJRT_CLASS_UNSIGNED
#define FLOAT PJRT_CLASS_FLOAT
#define COMPLEX PJRT_CLASS_COMPLEX

#define IEEE PJRT_FLOAT_IEEE
#define FN PJRT_FLOAT_FN
#define FNUZ PJRT_FLOAT_FNUZ
#define FINITE PJRT_FLOAT_FINITE
#define E8M0 PJRT_FLOAT_E8M0

/* {name, aliases, class, bits, host bytes, since minor,
 *  and for floats {style, exponent bits, mantissa bits, bias}} */
/* clang-format off */
static const pjrt_dtype_row rows[] = {
  [PJRT_DTYPE_INVALID] = {"invalid", "", NONE, 0, 0, 40, {0}},
  [PJRT_PRED] = {"pred", "bool i1", BOOL, 1, 1, 40, {0}},
  [PJRT_S8] = {"s8", "i8 si8 int8", SIGNED, 8, 1, 40, {0}},
  [PJRT_S16] = {"s16", "i16 si16 int16", SIGNED, 16, 2, 40, {0}},
  [PJRT_S32] = {"s32", "i32 si32 int32", SIGNED, 32, 4, 40, {0}},
  [PJRT_S64] = {"s64", "i64 si64 int64", SIGNED, 64, 8, 40, {0}},
  [PJRT_U8] = {"u8", "ui8 uint8", UNSIGNED, 8, 1, 40, {0}},
  [PJRT_U16] = {"u16", "ui16 uint16", UNSIGNED, 16, 2, 40, {0}},
  [PJRT_U32] = {"u32", "ui32 uint32", UNSIGNED, 32, 4, 40, {0}},
  [PJRT_U64] = {"u64", "ui64 uint64", UNSIGNED, 64, 8, 40, {0}},
  [PJRT_F16] = {"f16", "float16", FLOAT, 16, 2, 40, {IEEE, 5, 10, 15}},
  [PJRT_F32] = {"f32", "float32", FLOAT, 32, 4, 40, {IEEE, 8, 23, 127}},
  [PJRT_F64] = {"f64", "float64", FLOAT, 64, 8, 40, {IEEE, 11, 52, 1023}},
  [PJRT_BF16] = {"bf16", "bfloat16", FLOAT, 16, 2, 40, {IEEE, 8, 7, 127}},
  [PJRT_C64] = {"c64", "complex64 complex<f32>",
    COMPLEX, 64, 8, 40, {IEEE, 8, 23, 127}},
  [PJRT_C128] = {"c128", "complex128 complex<f64>",
    COMPLEX, 128, 16, 40, {IEEE, 11, 52, 1023}},
  [PJRT_F8E5M2] = {"f8e5m2", "float8_e5m2", FLOAT, 8, 1, 40, {IEEE, 5, 2, 15}},
  [PJRT_F8E4M3FN] = {"f8e4m3fn", "float8_e4m3fn",
    FLOAT, 8, 1, 40, {FN, 4, 3, 7}},
  [PJRT_F8E4M3B11FNUZ] = {"f8e4m3b11fnuz", "float8_e4m3b11fnuz",
    FLOAT, 8, 1, 40, {FNUZ, 4, 3, 11}},
  [PJRT_F8E5M2FNUZ] = {"f8e5m2fnuz", "float8_e5m2fnuz",
    FLOAT, 8, 1, 40, {FNUZ, 5, 2, 16}},
  [PJRT_F8E4M3FNUZ] = {"f8e4m3fnuz", "float8_e4m3fnuz",
    FLOAT, 8, 1, 40, {FNUZ, 4, 3, 8}},
  [PJRT_S4] = {"s4", "i4 si4 int4", SIGNED, 4, 1, 40, {0}},
  [PJRT_U4] = {"u4", "ui4 uint4", UNSIGNED, 4, 1, 40, {0}},
  [PJRT_TOKEN] = {"token", "", NONE, 0, 0, 50, {0}},
  [PJRT_S2] = {"s2", "i2 si2 int2", SIGNED, 2, 1, 54, {0}},
  [PJRT_U2] = {"u2", "ui2 uint2", UNSIGNED, 2, 1, 54, {0}},
  [PJRT_F8E4M3] = {"f8e4m3", "float8_e4m3", FLOAT, 8, 1, 55, {IEEE, 4, 3, 7}},
  [PJRT_F8E3M4] = {"f8e3m4", "float8_e3m4", FLOAT, 8, 1, 55, {IEEE, 3, 4, 3}},
  [PJRT_F8E8M0FNU] = {"f8e8m0fnu", "float8_e8m0fnu",
    FLOAT, 8, 1, 63, {E8M0, 8, 0, 127}},
  [PJRT_F4E2M1FN] = {"f4e2m1fn", "float4_e2m1fn",
    FLOAT, 4, 1, 63, {FINITE, 2, 1, 1}},
  [PJRT_S1] = {"s1", "si1 int1", SIGNED, 1, 1, 94, {0}},
  [PJRT_U1] = {"u1", "ui1 uint1", UNSIGNED, 1, 1, 94, {0}},
  [PJRT_F6E2M3FN] = {"f6e2m3fn", "float6_e2m3fn",
    FLOAT, 6, 1, 114, {FINITE, 2, 3, 1}},
  [PJRT_F6E3M2FN] = {"f6e3m2fn", "float6_e3m2fn",
    FLOAT, 6, 1, 114, {FINITE, 3, 2, 3}},
};
/* clang-format on */
enum { num_rows = sizeof rows / sizeof *rows };

const pjrt_dtype_row *pjrt_dtype_row_of(pjrt_dtype dtype) {
  return (size_t)dtype < num_rows ? &rows[dtype] : NULL;
}

const char *pjrt_dtype_name(pjrt_dtype dtype) {
  const pjrt_dtype_row *row = pjrt_dtype_row_of(dtype);
  return row ? row->name : "invalid";
}

pjrt_dtype_class pjrt_dtype_class_of(pjrt_dtype dtype) {
  const pjrt_dtype_row *row = pjrt_dtype_row_of(dtype);
  return row ? row->class_of : PJRT_CLASS_NONE;
}

unsigned pjrt_dtype_bit_width(pjrt_dtype dtype) {
  const pjrt_dtype_row *row = pjrt_dtype_row_of(dtype);
  return row ? row->bit_width : 0;
}

size_t pjrt_dtype_host_size(pjrt_dtype dtype) {
  const pjrt_dtype_row *row = pjrt_dtype_row_of(dtype);
  return row ? row->host_size : 0;
}

int pjrt_dtype_since(pjrt_dtype dtype) {
  const pjrt_dtype_row *row = pjrt_dtype_row_of(dtype);
  return row ? row->since : 0;
}

/* ASCII alone: what the locale calls a lower-case letter must not matter. */
static char lower(char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same_word(const char *word, size_t word_size, const char *text,
                      size_t size) {
  if (word_size != size) return false;
  for (size_t i = 0; i < size; i++) {
    if (word[i] != lower(text[i])) return false;
  }
  return true;
}

static bool has_name(const pjrt_dtype_row *row, const char *text, size_t size) {
  if (same_word(row->name, strlen(row->name), text, size)) return true;
  for (const char *word = row->aliases; *word;) {
    size_t word_size = strcspn(word, " ");
    if (same_word(word, word_size, text, size)) return true;
    word += word_size + (word[word_size] == ' ');
  }
  return false;
}

pjrt_error *pjrt_dtype_parse(const char *text, size_t text_size,
                             pjrt_dtype *out) {
  *out = PJRT_DTYPE_INVALID;
  size_t size = pjrt_text_size(text, text_size);
  for (int i = PJRT_DTYPE_INVALID + 1; i < num_rows; i++) {
    if (has_name(&rows[i], text, size)) {
      *out = (pjrt_dtype)i;
      return NULL;
    }
  }
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "expected an element type such as f32, got '%.*s'",
                           (int)(size < 100 ? size : 100), text ? text : "");
}

/* The row of a type that has elements. */
static pjrt_error *row_with_elements(pjrt_dtype dtype,
                                     const pjrt_dtype_row **out) {
  *out = pjrt_dtype_row_of(dtype);
  if (*out && (*out)->class_of != PJRT_CLASS_NONE) return NULL;
  return pjrt_error_format(
      PJRT_INVALID_ARGUMENT,
      "expected an element type with a value, got %s (number %d)",
      pjrt_dtype_name(dtype), (int)dtype);
}

/* The row of a type whose elements are real numbers. */
static pjrt_error *real_row(pjrt_dtype dtype, const pjrt_dtype_row **out) {
  PJRT_TRY(row_with_elements(dtype, out));
  if ((*out)->class_of != PJRT_CLASS_COMPLEX) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "expected a real element type, got %s",
                           (*out)->name);
}

/* Real types have one part, complex types two. */
static unsigned num_parts(const pjrt_dtype_row *row) {
  return row->class_of == PJRT_CLASS_COMPLEX ? 2 : 1;
}

static uint64_t ones(unsigned num) {
  return num ? UINT64_MAX >> (64 - num) : 0;
}

uint64_t pjrt_dtype_load_bits(const pjrt_dtype_row *row, const void *element,
                              unsigned part) {
  size_t size = row->host_size / num_parts(row);
  unsigned width = row->bit_width / num_parts(row);
  uint64_t bits = 0;
  memcpy(&bits, (const char *)element + part * size, size);
  return bits & ones(width);
}

void pjrt_dtype_store_bits(const pjrt_dtype_row *row, void *element,
                           unsigned part, uint64_t bits) {
  size_t size = row->host_size / num_parts(row);
  unsigned width = row->bit_width / num_parts(row);
  bits &= ones(width);
  memcpy((char *)element + part * size, &bits, size);
}

int64_t pjrt_dtype_bits_to_int64(const pjrt_dtype_row *row, uint64_t bits) {
  if (row->class_of != PJRT_CLASS_SIGNED) return (int64_t)bits;
  uint64_t sign = ones(row->bit_width) & ~(ones(row->bit_width) >> 1);
  return (int64_t)((bits ^ sign) - sign);
}

static double load_double(const pjrt_dtype_row *row, const void *element,
                          unsigned part) {
  uint64_t bits = pjrt_dtype_load_bits(row, element, part);
  if (row->format.style != PJRT_FLOAT_NONE) {
    return pjrt_float_decode(&row->format, bits);
  }
  if (row->class_of == PJRT_CLASS_SIGNED) {
    return (double)pjrt_dtype_bits_to_int64(row, bits);
  }
  return (double)bits;
}

/* The largest and the smallest value of an integer type. */
static uint64_t max_integer(const pjrt_dtype_row *row) {
  return ones(row->bit_width - (row->class_of == PJRT_CLASS_SIGNED));
}

static int64_t min_integer(const pjrt_dtype_row *row) {
  if (row->class_of != PJRT_CLASS_SIGNED) return 0;
  return -(int64_t)max_integer(row) - 1;
}

/* Truncates toward zero and saturates; NaN gives 0. */
static uint64_t double_to_integer(const pjrt_dtype_row *row, double value) {
  if (isnan(value)) return 0;
  /* As a double, the largest value may round up to the power of two above it,
   * which is the first that does not fit. */
  if (value >= (double)max_integer(row)) return max_integer(row);
  if (value <= (double)min_integer(row)) return (uint64_t)min_integer(row);
  return value < 0 ? (uint64_t)(int64_t)value : (uint64_t)value;
}

static void store_double(const pjrt_dtype_row *row, void *element,
                         unsigned part, double value) {
  uint64_t bits;
  if (row->format.style != PJRT_FLOAT_NONE) {
    bits = pjrt_float_encode(&row->format, value);
  } else if (row->class_of == PJRT_CLASS_BOOL) {
    bits = value != 0;
  } else {
    bits = double_to_integer(row, value);
  }
  pjrt_dtype_store_bits(row, element, part, bits);
}

pjrt_error *pjrt_dtype_to_double(pjrt_dtype dtype, const void *element,
                                 double *out) {
  *out = 0;
  const pjrt_dtype_row *row;
  PJRT_TRY(real_row(dtype, &row));
  *out = load_double(row, element, 0);
  return NULL;
}

pjrt_error *pjrt_dtype_from_double(pjrt_dtype dtype, double value,
                                   void *out_element) {
  const pjrt_dtype_row *row;
  PJRT_TRY(real_row(dtype, &row));
  store_double(row, out_element, 0, value);
  return NULL;
}

static pjrt_error *float_to_int64(double value, int64_t *out) {
  double whole = trunc(value);
  if (whole >= -0x1p63 && whole < 0x1p63) {
    *out = (int64_t)whole;
    return NULL;
  }
  char text[PJRT_NUMBER_SIZE];
  pjrt_number_write_double(value, 17, text);
  return pjrt_error_format(PJRT_OUT_OF_RANGE, "%s does not fit s64", text);
}

pjrt_error *pjrt_dtype_to_int64(pjrt_dtype dtype, const void *element,
                                int64_t *out) {
  *out = 0;
  const pjrt_dtype_row *row;
  PJRT_TRY(real_row(dtype, &row));
  if (row->class_of == PJRT_CLASS_FLOAT) {
    return float_to_int64(load_double(row, element, 0), out);
  }
  uint64_t bits = pjrt_dtype_load_bits(row, element, 0);
  if (row->class_of != PJRT_CLASS_SIGNED && bits > INT64_MAX) {
    return pjrt_error_format(PJRT_OUT_OF_RANGE, "%llu does not fit s64",
                             (unsigned long long)bits);
  }
  *out = pjrt_dtype_bits_to_int64(row, bits);
  return NULL;
}

pjrt_error *pjrt_dtype_from_int64(pjrt_dtype dtype, int64_t value,
                                  void *out_element) {
  const pjrt_dtype_row *row;
  PJRT_TRY(real_row(dtype, &row));
  uint64_t bits = (uint64_t)value;
  if (row->class_of == PJRT_CLASS_FLOAT) {
    bits = pjrt_float_encode_int64(&row->format, value);
  } else if (value < min_integer(row) ||
             (value > 0 && (uint64_t)value > max_integer(row))) {
    return pjrt_error_format(PJRT_OUT_OF_RANGE, "%lld does not fit %s",
                             (long long)value, row->name);
  }
  pjrt_dtype_store_bits(row, out_element, 0, bits);
  return NULL;
}

pjrt_error *pjrt_dtype_to_complex(pjrt_dtype dtype, const void *element,
                                  double *out_real, double *out_imag) {
  *out_real = 0;
  *out_imag = 0;
  const pjrt_dtype_row *row;
  PJRT_TRY(row_with_elements(dtype, &row));
  *out_real = load_double(row, element, 0);
  if (num_parts(row) == 2) *out_imag = load_double(row, element, 1);
  return NULL;
}

pjrt_error *pjrt_dtype_from_complex(pjrt_dtype dtype, double real, double imag,
                                    void *out_element) {
  const pjrt_dtype_row *row;
  PJRT_TRY(row_with_elements(dtype, &row));
  if (num_parts(row) == 2) {
    store_double(row, out_element, 1, imag);
  } else if (imag != 0) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "%s has no imaginary part to store", row->name);
  }
  store_double(row, out_element, 0, real);
  return NULL;
}
