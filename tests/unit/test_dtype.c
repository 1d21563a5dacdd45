/* Element types: the table, names, and conversions at their edges. That every
 * bit pattern converts as it should is checked against ml_dtypes elsewhere. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/dtype.h"
#include "expect.h"

enum { num_dtypes = PJRT_F6E3M2FN + 1 };

/* What the ABI says, written down a second time. */
static const struct {
  const char *name;
  pjrt_dtype_class class_of;
  unsigned bits;
  size_t size;
  int since;
} facts[num_dtypes] = {
    {"invalid", PJRT_CLASS_NONE, 0, 0, 40},
    {"pred", PJRT_CLASS_BOOL, 1, 1, 40},
    {"s8", PJRT_CLASS_SIGNED, 8, 1, 40},
    {"s16", PJRT_CLASS_SIGNED, 16, 2, 40},
    {"s32", PJRT_CLASS_SIGNED, 32, 4, 40},
    {"s64", PJRT_CLASS_SIGNED, 64, 8, 40},
    {"u8", PJRT_CLASS_UNSIGNED, 8, 1, 40},
    {"u16", PJRT_CLASS_UNSIGNED, 16, 2, 40},
    {"u32", PJRT_CLASS_UNSIGNED, 32, 4, 40},
    {"u64", PJRT_CLASS_UNSIGNED, 64, 8, 40},
    {"f16", PJRT_CLASS_FLOAT, 16, 2, 40},
    {"f32", PJRT_CLASS_FLOAT, 32, 4, 40},
    {"f64", PJRT_CLASS_FLOAT, 64, 8, 40},
    {"bf16", PJRT_CLASS_FLOAT, 16, 2, 40},
    {"c64", PJRT_CLASS_COMPLEX, 64, 8, 40},
    {"c128", PJRT_CLASS_COMPLEX, 128, 16, 40},
    {"f8e5m2", PJRT_CLASS_FLOAT, 8, 1, 40},
    {"f8e4m3fn", PJRT_CLASS_FLOAT, 8, 1, 40},
    {"f8e4m3b11fnuz", PJRT_CLASS_FLOAT, 8, 1, 40},
    {"f8e5m2fnuz", PJRT_CLASS_FLOAT, 8, 1, 40},
    {"f8e4m3fnuz", PJRT_CLASS_FLOAT, 8, 1, 40},
    {"s4", PJRT_CLASS_SIGNED, 4, 1, 40},
    {"u4", PJRT_CLASS_UNSIGNED, 4, 1, 40},
    {"token", PJRT_CLASS_NONE, 0, 0, 50},
    {"s2", PJRT_CLASS_SIGNED, 2, 1, 54},
    {"u2", PJRT_CLASS_UNSIGNED, 2, 1, 54},
    {"f8e4m3", PJRT_CLASS_FLOAT, 8, 1, 55},
    {"f8e3m4", PJRT_CLASS_FLOAT, 8, 1, 55},
    {"f8e8m0fnu", PJRT_CLASS_FLOAT, 8, 1, 63},
    {"f4e2m1fn", PJRT_CLASS_FLOAT, 4, 1, 63},
    {"s1", PJRT_CLASS_SIGNED, 1, 1, 94},
    {"u1", PJRT_CLASS_UNSIGNED, 1, 1, 94},
    {"f6e2m3fn", PJRT_CLASS_FLOAT, 6, 1, 114},
    {"f6e3m2fn", PJRT_CLASS_FLOAT, 6, 1, 114},
};

static void test_dtype_facts(void **state) {
  (void)state;
  for (int i = 0; i < num_dtypes; i++) {
    pjrt_dtype dtype = (pjrt_dtype)i;
    assert_string_equal(pjrt_dtype_name(dtype), facts[i].name);
    assert_int_equal(pjrt_dtype_class_of(dtype), facts[i].class_of);
    assert_int_equal(pjrt_dtype_bit_width(dtype), facts[i].bits);
    assert_int_equal(pjrt_dtype_host_size(dtype), facts[i].size);
    assert_int_equal(pjrt_dtype_since(dtype), facts[i].since);
  }
}

static void test_dtype_unknown_numbers(void **state) {
  (void)state;
  const pjrt_dtype unknown[] = {(pjrt_dtype)num_dtypes, (pjrt_dtype)-1,
                                (pjrt_dtype)1000000};
  for (size_t i = 0; i < 3; i++) {
    double value;
    assert_string_equal(pjrt_dtype_name(unknown[i]), "invalid");
    assert_int_equal(pjrt_dtype_class_of(unknown[i]), PJRT_CLASS_NONE);
    assert_int_equal(pjrt_dtype_bit_width(unknown[i]), 0);
    assert_int_equal(pjrt_dtype_host_size(unknown[i]), 0);
    assert_int_equal(pjrt_dtype_since(unknown[i]), 0);
    expect_error(pjrt_dtype_to_double(unknown[i], "x", &value),
                 PJRT_INVALID_ARGUMENT, "got invalid (number");
  }
}

/* The format's fields and the widths of the table agree. */
static void test_dtype_formats_fill_the_width(void **state) {
  (void)state;
  for (int i = 0; i < num_dtypes; i++) {
    const pjrt_dtype_row *row = pjrt_dtype_row_of((pjrt_dtype)i);
    bool is_float = row->class_of == PJRT_CLASS_FLOAT ||
                    row->class_of == PJRT_CLASS_COMPLEX;
    assert_int_equal(is_float, row->format.style != PJRT_FLOAT_NONE);
    if (!is_float) continue;
    unsigned bits = row->format.exponent_bits + row->format.mantissa_bits +
                    (row->format.style != PJRT_FLOAT_E8M0);
    unsigned parts = row->class_of == PJRT_CLASS_COMPLEX ? 2 : 1;
    assert_int_equal(bits * parts, row->bit_width);
  }
}

static void test_dtype_parse_round_trip(void **state) {
  (void)state;
  for (int i = 1; i < num_dtypes; i++) {
    pjrt_dtype dtype;
    expect_ok(pjrt_dtype_parse(facts[i].name, PJRT_NUL_ENDED, &dtype));
    assert_int_equal(dtype, i);
  }
}

static void test_dtype_parse_spellings(void **state) {
  (void)state;
  static const struct {
    const char *text;
    pjrt_dtype dtype;
  } rows[] = {
      {"i1", PJRT_PRED},           {"bool", PJRT_PRED},
      {"int8", PJRT_S8},           {"si32", PJRT_S32},
      {"i64", PJRT_S64},           {"ui8", PJRT_U8},
      {"uint64", PJRT_U64},        {"float16", PJRT_F16},
      {"bfloat16", PJRT_BF16},     {"F32", PJRT_F32},
      {"Complex64", PJRT_C64},     {"complex<f32>", PJRT_C64},
      {"complex128", PJRT_C128},   {"complex<f64>", PJRT_C128},
      {"f8E4M3FN", PJRT_F8E4M3FN}, {"float8_e4m3b11fnuz", PJRT_F8E4M3B11FNUZ},
      {"int4", PJRT_S4},           {"ui2", PJRT_U2},
      {"int1", PJRT_S1},           {"f4E2M1FN", PJRT_F4E2M1FN},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    pjrt_dtype dtype;
    expect_ok(pjrt_dtype_parse(rows[i].text, PJRT_NUL_ENDED, &dtype));
    assert_int_equal(dtype, rows[i].dtype);
  }
}

static void test_dtype_parse_refuses(void **state) {
  (void)state;
  static const char *const wrong[] = {
      "", "f33", "f3", "f320", " f32", "bool i1", "i1 ", "invalid", "complex"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    pjrt_dtype dtype = PJRT_F32;
    expect_error(pjrt_dtype_parse(wrong[i], PJRT_NUL_ENDED, &dtype),
                 PJRT_INVALID_ARGUMENT, wrong[i]);
    assert_int_equal(dtype, PJRT_DTYPE_INVALID);
  }
  pjrt_dtype dtype;
  expect_error(pjrt_dtype_parse(NULL, 3, &dtype), PJRT_INVALID_ARGUMENT,
               "got ''");
}

static uint64_t stored_double(pjrt_dtype dtype, double value) {
  uint64_t bits = 0;
  expect_ok(pjrt_dtype_from_double(dtype, value, &bits));
  return bits;
}

static double loaded_double(pjrt_dtype dtype, uint64_t bits) {
  double value;
  expect_ok(pjrt_dtype_to_double(dtype, &bits, &value));
  return value;
}

static void test_dtype_float_edges(void **state) {
  (void)state;
  const double inf = (double)INFINITY;
  const double nan = (double)NAN;
  static const struct {
    pjrt_dtype dtype;
    double value;
    uint64_t bits;
  } rows[] = {
      {PJRT_F32, 1, 0x3f800000},
      {PJRT_F32, 0x1.000001p0, 0x3f800000}, /* a tie, to even */
      {PJRT_F32, 0x1.000003p0, 0x3f800002},
      {PJRT_F32, 0x1p-150, 0},
      {PJRT_F32, 0x1.8p-149, 2},
      {PJRT_F32, 0x1.ffffffp127, 0x7f800000},
      {PJRT_F64, -0x1p-1074, 0x8000000000000001},
      {PJRT_BF16, 0x1.fep127, 0x7f7f},
      {PJRT_F16, 65519.99, 0x7bff},
      {PJRT_F16, 65520, 0x7c00},
      {PJRT_F8E5M2, 57344, 0x7b},
      {PJRT_F8E4M3FN, 448, 0x7e},
      {PJRT_F8E4M3FN, 464, 0x7e},
      {PJRT_F8E4M3FN, 465, 0x7f},
      {PJRT_F8E4M3FNUZ, 240, 0x7f},
      {PJRT_F8E4M3FNUZ, -248, 0x80},
      {PJRT_F8E4M3FNUZ, -0.0, 0},
      {PJRT_F4E2M1FN, 100, 7},
      {PJRT_F4E2M1FN, -100, 15},
      {PJRT_F6E2M3FN, -0.0, 0x20},
      {PJRT_F8E8M0FNU, 1, 127},
      {PJRT_F8E8M0FNU, 3, 129},
      {PJRT_F8E8M0FNU, 0, 255},
      {PJRT_F8E8M0FNU, -1, 255},
      {PJRT_F8E8M0FNU, 1e-300, 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    assert_int_equal(stored_double(rows[i].dtype, rows[i].value), rows[i].bits);
  }
  assert_int_equal(stored_double(PJRT_F32, -inf), 0xff800000);
  assert_int_equal(stored_double(PJRT_F8E4M3FN, inf), 0x7f);
  assert_int_equal(stored_double(PJRT_F6E3M2FN, inf), 0x1f);
  assert_int_equal(stored_double(PJRT_F8E8M0FNU, inf), 0xff);
  assert_int_equal(stored_double(PJRT_F4E2M1FN, nan), 8);
  assert_true(isnan(loaded_double(PJRT_F8E8M0FNU, 0xff)));
  assert_true(loaded_double(PJRT_F8E8M0FNU, 0) == 0x1p-127);
  assert_true(loaded_double(PJRT_F64, 1) == 0x1p-1074);
  assert_true(loaded_double(PJRT_F4E2M1FN, 0xf4) == 2);
}

static void test_dtype_upper_bits_are_ignored(void **state) {
  (void)state;
  assert_true(loaded_double(PJRT_S4, 0x7f) == -1);
  assert_true(loaded_double(PJRT_U4, 0x7f) == 15);
  assert_true(loaded_double(PJRT_U2, 0xfd) == 1);
  assert_true(loaded_double(PJRT_S1, 0x01) == -1);
  assert_true(loaded_double(PJRT_PRED, 0xff) == 1);
  assert_int_equal(stored_double(PJRT_S4, -1), 0x0f);
}

static void test_dtype_integers_saturate(void **state) {
  (void)state;
  assert_int_equal(stored_double(PJRT_S8, 1e9), 0x7f);
  assert_int_equal(stored_double(PJRT_S8, -1e9), 0x80);
  assert_int_equal(stored_double(PJRT_U8, -0.9), 0);
  assert_int_equal(stored_double(PJRT_U8, 3.99), 3);
  assert_true(stored_double(PJRT_U64, 0x1p64) == UINT64_MAX);
  assert_true(stored_double(PJRT_U64, 0x1p63) == UINT64_C(1) << 63);
  assert_true(stored_double(PJRT_S64, 0x1p63) == INT64_MAX);
  assert_int_equal(stored_double(PJRT_S32, (double)NAN), 0);
  assert_int_equal(stored_double(PJRT_PRED, 0.1), 1);
  assert_int_equal(stored_double(PJRT_PRED, -0.0), 0);
}

static void test_dtype_int64_is_exact_or_refused(void **state) {
  (void)state;
  uint64_t bits = 0;
  int64_t value;
  expect_error(pjrt_dtype_from_int64(PJRT_S8, 128, &bits), PJRT_OUT_OF_RANGE,
               "128 does not fit s8");
  expect_error(pjrt_dtype_from_int64(PJRT_U64, -1, &bits), PJRT_OUT_OF_RANGE,
               "-1 does not fit u64");
  expect_error(pjrt_dtype_from_int64(PJRT_PRED, 2, &bits), PJRT_OUT_OF_RANGE,
               "2 does not fit pred");
  expect_ok(pjrt_dtype_from_int64(PJRT_U64, INT64_MAX, &bits));
  expect_ok(pjrt_dtype_to_int64(PJRT_U64, &bits, &value));
  assert_true(value == INT64_MAX);
  bits = UINT64_MAX;
  expect_error(pjrt_dtype_to_int64(PJRT_U64, &bits, &value), PJRT_OUT_OF_RANGE,
               "18446744073709551615 does not fit s64");
  assert_true(value == 0);
  expect_ok(pjrt_dtype_from_int64(PJRT_S64, INT64_MIN, &bits));
  expect_ok(pjrt_dtype_to_int64(PJRT_S64, &bits, &value));
  assert_true(value == INT64_MIN);
}

static void test_dtype_int64_and_floats(void **state) {
  (void)state;
  uint64_t bits = 0;
  int64_t value;
  /* Just above a tie, which is all that would be left of it in a double. */
  expect_ok(pjrt_dtype_from_int64(PJRT_F32, 0x4000004000000001, &bits));
  assert_int_equal(bits, 0x5e800001);
  bits = stored_double(PJRT_F64, -2.75);
  expect_ok(pjrt_dtype_to_int64(PJRT_F64, &bits, &value));
  assert_int_equal(value, -2);
  bits = stored_double(PJRT_F64, -0x1p63);
  expect_ok(pjrt_dtype_to_int64(PJRT_F64, &bits, &value));
  assert_true(value == INT64_MIN);
  bits = stored_double(PJRT_F64, 0x1p63);
  expect_error(pjrt_dtype_to_int64(PJRT_F64, &bits, &value), PJRT_OUT_OF_RANGE,
               "9.2233720368547758e+18 does not fit");
  bits = stored_double(PJRT_F32, (double)NAN);
  expect_error(pjrt_dtype_to_int64(PJRT_F32, &bits, &value), PJRT_OUT_OF_RANGE,
               "nan does not fit");
}

static void test_dtype_complex(void **state) {
  (void)state;
  double element[2] = {0, 0};
  double real;
  double imag;
  expect_ok(pjrt_dtype_from_complex(PJRT_C128, 1.5, -2.5, element));
  assert_true(element[0] == 1.5 && element[1] == -2.5);
  expect_ok(pjrt_dtype_to_complex(PJRT_C128, element, &real, &imag));
  assert_true(real == 1.5 && imag == -2.5);
  expect_ok(pjrt_dtype_from_complex(PJRT_S32, 7, 0, element));
  expect_ok(pjrt_dtype_to_complex(PJRT_S32, element, &real, &imag));
  assert_true(real == 7 && imag == 0);
  expect_error(pjrt_dtype_from_complex(PJRT_F32, 1, 2, element),
               PJRT_INVALID_ARGUMENT, "f32 has no imaginary part");
  expect_error(pjrt_dtype_to_double(PJRT_C64, element, &real),
               PJRT_INVALID_ARGUMENT, "expected a real element type, got c64");
  expect_error(pjrt_dtype_from_int64(PJRT_C64, 1, element),
               PJRT_INVALID_ARGUMENT, "got c64");
}

static void test_dtype_token_has_no_value(void **state) {
  (void)state;
  double value;
  int64_t integer;
  char element[16] = {0};
  expect_error(pjrt_dtype_to_double(PJRT_TOKEN, element, &value),
               PJRT_INVALID_ARGUMENT, "got token");
  expect_error(pjrt_dtype_from_double(PJRT_TOKEN, 0, element),
               PJRT_INVALID_ARGUMENT, "got token");
  expect_error(pjrt_dtype_to_int64(PJRT_DTYPE_INVALID, element, &integer),
               PJRT_INVALID_ARGUMENT, "got invalid");
  expect_error(pjrt_dtype_from_complex(PJRT_TOKEN, 0, 0, element),
               PJRT_INVALID_ARGUMENT, "got token");
}

static void test_dtype_ulps(void **state) {
  (void)state;
  const pjrt_float_format *f32 = &pjrt_dtype_row_of(PJRT_F32)->format;
  const pjrt_float_format *e8m0 = &pjrt_dtype_row_of(PJRT_F8E8M0FNU)->format;
  const pjrt_float_format *f64 = &pjrt_dtype_row_of(PJRT_F64)->format;
  assert_int_equal(pjrt_float_ulps(f32, 0, 0x80000000), 0);
  assert_int_equal(pjrt_float_ulps(f32, 1, 0x80000001), 2);
  assert_int_equal(pjrt_float_ulps(f32, 0x3f800000, 0x3f7fffff), 1);
  assert_int_equal(pjrt_float_ulps(e8m0, 0xf0, 0x10), 0xe0);
  assert_true(pjrt_float_ulps(f64, 0x7fefffffffffffff, 0xffefffffffffffff) ==
              0xffdffffffffffffe);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_dtype_facts),
      cmocka_unit_test(test_dtype_unknown_numbers),
      cmocka_unit_test(test_dtype_formats_fill_the_width),
      cmocka_unit_test(test_dtype_parse_round_trip),
      cmocka_unit_test(test_dtype_parse_spellings),
      cmocka_unit_test(test_dtype_parse_refuses),
      cmocka_unit_test(test_dtype_float_edges),
      cmocka_unit_test(test_dtype_upper_bits_are_ignored),
      cmocka_unit_test(test_dtype_integers_saturate),
      cmocka_unit_test(test_dtype_int64_is_exact_or_refused),
      cmocka_unit_test(test_dtype_int64_and_floats),
      cmocka_unit_test(test_dtype_complex),
      cmocka_unit_test(test_dtype_token_has_no_value),
      cmocka_unit_test(test_dtype_ulps),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
