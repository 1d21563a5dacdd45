/* Host arrays: memory and strides, text, comparison. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/array.h"
#include "expect.h"

static pjrt_array *parsed(const char *text) {
  pjrt_array *array;
  expect_ok(pjrt_array_parse(text, PJRT_NUL_ENDED, &array));
  return array;
}

/* What pjrt_array_print writes; free() it. */
static char *printed(const pjrt_array *array, size_t max_elements) {
  char *text = NULL;
  size_t size = 0;
  FILE *to = open_memstream(&text, &size);
  assert_non_null(to);
  expect_ok(pjrt_array_print(array, max_elements, to));
  fclose(to);
  return text;
}

static void expect_printed(const pjrt_array *array, size_t max_elements,
                           const char *expected) {
  char *text = printed(array, max_elements);
  assert_string_equal(text, expected);
  free(text);
}

static void count_release(void *data, void *user) {
  (void)data;
  ++*(int *)user;
}

static void test_array_create_is_dense_zeros(void **state) {
  (void)state;
  pjrt_array *array;
  size_t num;
  expect_ok(pjrt_array_create(PJRT_F32, (int64_t[]){2, 3}, 2, &array));
  assert_int_equal(pjrt_array_dtype(array), PJRT_F32);
  const int64_t *dims = pjrt_array_dims(array, &num);
  assert_int_equal(num, 2);
  assert_true(dims[0] == 2 && dims[1] == 3);
  const int64_t *strides = pjrt_array_byte_strides(array, &num);
  assert_int_equal(num, 2);
  assert_true(strides[0] == 12 && strides[1] == 4);
  assert_int_equal(pjrt_array_num_elements(array), 6);
  assert_int_equal(pjrt_array_size(array), 24);
  assert_true(pjrt_array_is_dense(array));
  assert_int_equal((uintptr_t)pjrt_array_data(array) % PJRT_HOST_ALIGNMENT, 0);
  const char zeros[24] = {0};
  assert_memory_equal(pjrt_array_data(array), zeros, 24);
  pjrt_array_free(array);
}

static void test_array_create_scalar_and_empty(void **state) {
  (void)state;
  pjrt_array *array;
  size_t num = 1;
  expect_ok(pjrt_array_create(PJRT_C128, NULL, 0, &array));
  assert_non_null(pjrt_array_dims(array, &num));
  assert_int_equal(num, 0);
  assert_int_equal(pjrt_array_size(array), 16);
  pjrt_array_free(array);
  expect_ok(pjrt_array_create(PJRT_S4, (int64_t[]){3, 0, 2}, 3, &array));
  assert_int_equal(pjrt_array_size(array), 0);
  assert_true(pjrt_array_is_dense(array));
  assert_non_null(pjrt_array_data(array));
  pjrt_array_free(array);
  pjrt_array_free(NULL);
}

static void test_array_create_refuses(void **state) {
  (void)state;
  pjrt_array *array;
  expect_error(pjrt_array_create(PJRT_TOKEN, NULL, 0, &array),
               PJRT_INVALID_ARGUMENT, "got token");
  assert_null(array);
  expect_error(pjrt_array_create((pjrt_dtype)99, NULL, 0, &array),
               PJRT_INVALID_ARGUMENT, "number 99");
  expect_error(pjrt_array_create(PJRT_S8, (int64_t[]){2, -1}, 2, &array),
               PJRT_INVALID_ARGUMENT, "dimension 1 is -1");
  expect_error(
      pjrt_array_create(PJRT_F64, (int64_t[]){INT64_MAX, 1}, 2, &array),
      PJRT_INVALID_ARGUMENT, "does not fit");
  expect_error(pjrt_array_create(PJRT_F64, NULL, 1, &array),
               PJRT_INVALID_ARGUMENT, "got NULL");
}

static void test_host_memory_is_aligned(void **state) {
  (void)state;
  static const size_t sizes[] = {0, 1, 63, 64, 65, 4096};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    void *memory;
    expect_ok(pjrt_host_alloc(sizes[i], &memory));
    assert_int_equal((uintptr_t)memory % PJRT_HOST_ALIGNMENT, 0);
    memset(memory, 1, sizes[i]);
    pjrt_host_free(memory);
  }
  void *memory;
  expect_error(pjrt_host_alloc(SIZE_MAX, &memory), PJRT_RESOURCE_EXHAUSTED,
               "no memory for");
  expect_error(pjrt_host_alloc(SIZE_MAX / 2 + 2, &memory),
               PJRT_RESOURCE_EXHAUSTED, "no memory for");
  assert_null(memory);
  pjrt_host_free(NULL);
}

static void test_array_wrap_releases_once(void **state) {
  (void)state;
  pjrt_array *array;
  int32_t data[6];
  int released = 0;
  expect_ok(pjrt_array_wrap(PJRT_S32, (int64_t[]){2, 3}, 2, NULL, data,
                            count_release, &released, &array));
  assert_ptr_equal(pjrt_array_data(array), data);
  assert_true(pjrt_array_is_dense(array));
  assert_int_equal(released, 0);
  pjrt_array_free(array);
  assert_int_equal(released, 1);
}

static void test_array_wrap_releases_when_it_fails(void **state) {
  (void)state;
  pjrt_array *array;
  char data[8];
  int released = 0;
  expect_error(pjrt_array_wrap(PJRT_S8, (int64_t[]){-1}, 1, NULL, data,
                               count_release, &released, &array),
               PJRT_INVALID_ARGUMENT, "dimension 0");
  assert_int_equal(released, 1);
  expect_error(pjrt_array_wrap(PJRT_S8, (int64_t[]){2}, 1, NULL, NULL,
                               count_release, &released, &array),
               PJRT_INVALID_ARGUMENT, "got NULL");
  assert_int_equal(released, 2);
  expect_error(
      pjrt_array_wrap(PJRT_S8, (int64_t[]){3}, 1, (int64_t[]){INT64_MAX}, data,
                      count_release, &released, &array),
      PJRT_INVALID_ARGUMENT, "stride 0");
  assert_int_equal(released, 3);
  assert_null(array);
  expect_ok(pjrt_array_wrap(PJRT_S8, (int64_t[]){0}, 1, NULL, NULL, NULL, NULL,
                            &array));
  pjrt_array_free(array);
}

/* The array 0 1 2 / 3 4 5 seen through strides. */
static void expect_view(const int64_t *dims, const int64_t *strides,
                        size_t offset, bool dense, const char *expected) {
  int16_t data[] = {0, 1, 2, 3, 4, 5};
  pjrt_array *array;
  pjrt_array *copy;
  expect_ok(pjrt_array_wrap(PJRT_S16, dims, 2, strides, data + offset, NULL,
                            NULL, &array));
  assert_int_equal(pjrt_array_is_dense(array), dense);
  expect_printed(array, 0, expected);
  expect_ok(pjrt_array_copy(array, &copy));
  assert_true(pjrt_array_is_dense(copy));
  expect_printed(copy, 0, expected);
  expect_ok(pjrt_array_compare(array, copy, NULL));
  pjrt_array_free(copy);
  pjrt_array_free(array);
}

static void test_array_strides(void **state) {
  (void)state;
  expect_view((int64_t[]){2, 3}, (int64_t[]){6, 2}, 0, true,
              "2x3xs16=[0 1 2][3 4 5]");
  expect_view((int64_t[]){3, 2}, (int64_t[]){2, 6}, 0, false,
              "3x2xs16=[0 3][1 4][2 5]");
  expect_view((int64_t[]){2, 3}, (int64_t[]){-6, -2}, 5, false,
              "2x3xs16=[5 4 3][2 1 0]");
  expect_view((int64_t[]){2, 2}, (int64_t[]){0, 4}, 1, false,
              "2x2xs16=[1 3][1 3]");
  expect_view((int64_t[]){1, 6}, (int64_t[]){-1000, 2}, 0, true,
              "1x6xs16=[0 1 2 3 4 5]");
  expect_view((int64_t[]){0, 6}, (int64_t[]){3, 5}, 0, true, "0x6xs16=");
}

static void test_array_reinterpret(void **state) {
  (void)state;
  pjrt_array *array = parsed("2xu16=0x3f80,0x4000");
  expect_ok(pjrt_array_reinterpret(array, PJRT_BF16));
  expect_printed(array, 0, "2xbf16=1 2");
  expect_error(pjrt_array_reinterpret(array, PJRT_F32), PJRT_INVALID_ARGUMENT,
               "2 bytes like bf16, got f32 with 4");
  expect_error(pjrt_array_reinterpret(array, PJRT_TOKEN), PJRT_INVALID_ARGUMENT,
               "got token");
  assert_int_equal(pjrt_array_dtype(array), PJRT_BF16);
  pjrt_array_free(array);
}

static void test_array_text_round_trip(void **state) {
  (void)state;
  static const char *const texts[][2] = {
      {"f32=1", "f32=1"},
      {"4xf32=1,2,3,4", "4xf32=1 2 3 4"},
      {"2x2xs32=[[1 2][3 4]]", "2x2xs32=[1 2][3 4]"},
      {"2x1x2xs8=1 2\t3\n-4", "2x1x2xs8=[[1 2]][[3 -4]]"},
      {"2x2xi64=7", "2x2xs64=[7 7][7 7]"},
      {"3xui8", "3xu8=0 0 0"},
      {"0x3xf32=", "0x3xf32="},
      {"0xf32=5", "0xf32="},
      {"1xf64=[[0.1]]", "1xf64=0.1"},
      {"4xf32=0.1,16777216,1e-45,1e10", "4xf32=0.1 16777216 1e-45 1e+10"},
      {"4xf32=inf -inf nan -0", "4xf32=inf -inf nan -0"},
      {"2xbf16=0.1 3.14159", "2xbf16=0.1 3.14"},
      {"f8E4M3FN=0.3", "f8e4m3fn=0.3"},
      {"2xf4E2M1FN=5,100", "2xf4e2m1fn=4 6"},
      {"2xf64=0x1p-3,5e-324", "2xf64=0.125 5e-324"},
      {"u64=18446744073709551615", "u64=18446744073709551615"},
      {"s64=-9223372036854775808", "s64=-9223372036854775808"},
      {"4xi1=true,false,1,0", "4xpred=true false true false"},
      {"2xs4=-8,7", "2xs4=-8 7"},
      {"5xc64=1+2i (3,-4) 5 6i -1.5e+2-2e-1i",
       "5xc64=1+2i 3-4i 5+0i 0+6i -150-0.2i"},
      {"2xc128=(inf,nan)( 1 , 2 )", "2xc128=inf+nani 1+2i"},
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    pjrt_array *array = parsed(texts[i][0]);
    char *text = printed(array, 0);
    assert_string_equal(text, texts[i][1]);
    pjrt_array *again = parsed(text);
    expect_ok(pjrt_array_compare(again, array, NULL));
    pjrt_array_free(again);
    free(text);
    pjrt_array_free(array);
  }
}

static void test_array_print_stops(void **state) {
  (void)state;
  pjrt_array *array = parsed("2x3xs32=1,2,3,4,5,6");
  expect_printed(array, 1, "2x3xs32=[1...");
  expect_printed(array, 4, "2x3xs32=[1 2 3][4...");
  expect_printed(array, 6, "2x3xs32=[1 2 3][4 5 6]");
  expect_printed(array, 7, "2x3xs32=[1 2 3][4 5 6]");
  pjrt_array_free(array);
}

static void test_array_print_reports_a_full_disk(void **state) {
  (void)state;
  FILE *full = fopen("/dev/full", "w");
  if (!full) {
    print_message("skip: no /dev/full here\n");
    skip();
  }
  pjrt_array *array = parsed("100xs32=1");
  expect_error(pjrt_array_print(array, 0, full), PJRT_RESOURCE_EXHAUSTED,
               "cannot write an array");
  pjrt_array_free(array);
  fclose(full);
}

static void test_array_parse_names_what_is_wrong(void **state) {
  (void)state;
  static const struct {
    const char *text;
    const char *part;
  } rows[] = {
      {"", "expected an element type such as f32, got ''"},
      {"4xf33=1", "got 'f33'"},
      {"0X10xf32=1", "such as 4x2xf32"},
      {"4f32=1", "such as 4x2xf32, got '4f32'"},
      {"4x", "expected an element type"},
      {"4=1", "got '4'"},
      {"-4xf32=1", "got '-4xf32'"},
      {"4x-1xf32=1", "got '-1xf32'"},
      {"99999999999999999999xf32", "such as 4x2xf32"},
      {"9223372036854775807xf32", "does not fit in memory"},
      {"3037000500x3037000500xs8=1", "does not fit in memory"},
      {"4xtoken", "got token"},
      {"4xf32=1,2",
       "4xf32: expected 4 elements, or one for all of them, got 2"},
      {"2xf32=1,2,3", "got 3"},
      {"2xf32=", "got 0"},
      {"2x0xf32=1,2", "expected 0 elements"},
      {"2xs8=1,128", "element 1 of type s8: expected an integer that fits"},
      {"u8=-1", "got '-1'"},
      {"u64=18446744073709551616", "expected an integer"},
      {"u64=-1", "got '-1'"},
      {"s32=1.0", "got '1.0'"},
      {"f32=one", "expected a number, got 'one'"},
      {"f32=1e", "got '1e'"},
      {"pred=2", "expected true, false, 1 or 0, got '2'"},
      {"pred=yes", "got 'yes'"},
      {"c64=(1)", "such as 1+2i or (1,2), got '(1)'"},
      {"c64=(1,2", "got '(1'"},
      {"c64=i", "got 'i'"},
      {"c64=1+i", "got '1+i'"},
      {"c64=(1,2,3)", "got '(1,2,3)'"},
      {"c64=()", "got '()'"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    pjrt_array *array = (pjrt_array *)&array;
    expect_error(pjrt_array_parse(rows[i].text, PJRT_NUL_ENDED, &array),
                 PJRT_INVALID_ARGUMENT, rows[i].part);
    assert_null(array);
  }
  pjrt_array *array;
  expect_error(pjrt_array_parse(NULL, 0, &array), PJRT_INVALID_ARGUMENT,
               "expected an element type");
}

/* Compares two arrays given as text; ulps, absolute and relative bounds. */
static pjrt_error *compared(const char *actual, const char *expected,
                            uint64_t ulps, double absolute, double relative) {
  pjrt_tolerance tolerance;
  pjrt_tolerance_init(&tolerance);
  tolerance.ulps = ulps;
  tolerance.absolute = absolute;
  tolerance.relative = relative;
  pjrt_array *a = parsed(actual);
  pjrt_array *e = parsed(expected);
  pjrt_error *error = pjrt_array_compare(a, e, &tolerance);
  pjrt_array_free(a);
  pjrt_array_free(e);
  return error;
}

static void test_array_compare_exact(void **state) {
  (void)state;
  expect_ok(compared("3xf32=1 nan -0", "3xf32=1 nan 0", 0, 0, 0));
  expect_ok(compared("2xf64=inf -inf", "2xf64=inf -inf", 0, 0, 0));
  expect_ok(compared("0xs8=", "0xs8=", 0, 0, 0));
  expect_ok(compared("c64=nan+1i", "c64=nan+1i", 0, 0, 0));
  expect_error(compared("2x2xs32=1,2,3,4", "2x2xs32=1,2,5,9", 0, 0, 0),
               PJRT_DATA_LOSS,
               "2 of 4 elements of 2x2xs32 differ, first at [1,0]: got 3, "
               "expected 5; the largest difference is at [1,1]: got 4, "
               "expected 9");
  expect_error(compared("f32=1", "f32=1.0000001", 0, 0, 0), PJRT_DATA_LOSS,
               "1 of 1 elements of f32 differ, first at []: got 1, expected "
               "1.0000001 (1 ulp)");
  expect_error(compared("pred=true", "pred=false", 0, 0, 0), PJRT_DATA_LOSS,
               "got true, expected false");
  expect_error(compared("u64=18446744073709551615", "u64=0", 0, 0, 0),
               PJRT_DATA_LOSS, "got 18446744073709551615, expected 0");
}

static void test_array_compare_type_and_shape(void **state) {
  (void)state;
  expect_error(compared("4xf32", "2x2xf32", 0, 0, 0), PJRT_INVALID_ARGUMENT,
               "expected 2x2xf32, got 4xf32");
  expect_error(compared("4xf32", "4xs32", 0, 0, 0), PJRT_INVALID_ARGUMENT,
               "expected 4xs32, got 4xf32");
  expect_error(compared("4xf32", "5xf32", 0, 0, 0), PJRT_INVALID_ARGUMENT,
               "expected 5xf32, got 4xf32");
}

static void test_array_compare_ulps(void **state) {
  (void)state;
  expect_ok(compared("f32=1", "f32=0x1.000004p0", 2, 0, 0));
  expect_error(compared("f32=1", "f32=0x1.000006p0", 2, 0, 0), PJRT_DATA_LOSS,
               "(3 ulps)");
  expect_ok(compared("bf16=1", "bf16=1.0078125", 1, 0, 0));
  expect_ok(compared("f32=1e-45", "f32=-1e-45", 2, 0, 0));
  expect_ok(compared("f8e8m0fnu=2", "f8e8m0fnu=4", 1, 0, 0));
  expect_error(compared("s32=1", "s32=2", 9, 9, 9), PJRT_DATA_LOSS, "differ");
}

static void test_array_compare_absolute_and_relative(void **state) {
  (void)state;
  expect_ok(compared("f64=1.5", "f64=1", 0, 0.5, 0));
  expect_error(compared("f64=1.75", "f64=1", 0, 0.5, 0), PJRT_DATA_LOSS,
               "differ");
  expect_ok(compared("f64=110", "f64=100", 0, 0, 0.1));
  expect_error(compared("f64=100", "f64=89", 0, 0, 0.1), PJRT_DATA_LOSS,
               "differ");
  /* The whole number's magnitude counts, not that of the small part. */
  expect_ok(compared("c64=100+1i", "c64=100+2i", 0, 0, 0.1));
  expect_error(compared("c64=100+30i", "c64=100+2i", 0, 0, 0.1), PJRT_DATA_LOSS,
               "got 100+30i, expected 100+2i");
}

static void test_array_compare_infinity_and_nan(void **state) {
  (void)state;
  const uint64_t all = UINT64_MAX;
  expect_error(compared("f32=inf", "f32=3.4028235e38", all, 1e300, 1e300),
               PJRT_DATA_LOSS, "got inf");
  expect_error(compared("f32=1", "f32=inf", all, 1e300, 1e300), PJRT_DATA_LOSS,
               "expected inf");
  expect_error(compared("f32=inf", "f32=-inf", all, 1e300, 1e300),
               PJRT_DATA_LOSS, "expected -inf");
  expect_error(compared("f32=nan", "f32=1", all, 1e300, 1e300), PJRT_DATA_LOSS,
               "got nan, expected 1");
  expect_error(compared("2xf32=1 nan", "2xf32=9 1", 0, 0, 0), PJRT_DATA_LOSS,
               "the largest difference is at [1]: got nan");
}

static void test_array_compare_wants_initialized_tolerance(void **state) {
  (void)state;
  pjrt_tolerance tolerance = {0};
  pjrt_array *array = parsed("f32=1");
  expect_error(pjrt_array_compare(array, array, &tolerance),
               PJRT_INVALID_ARGUMENT, "pjrt_tolerance");
  pjrt_array_free(array);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_array_create_is_dense_zeros),
      cmocka_unit_test(test_array_create_scalar_and_empty),
      cmocka_unit_test(test_array_create_refuses),
      cmocka_unit_test(test_host_memory_is_aligned),
      cmocka_unit_test(test_array_wrap_releases_once),
      cmocka_unit_test(test_array_wrap_releases_when_it_fails),
      cmocka_unit_test(test_array_strides),
      cmocka_unit_test(test_array_reinterpret),
      cmocka_unit_test(test_array_text_round_trip),
      cmocka_unit_test(test_array_print_stops),
      cmocka_unit_test(test_array_print_reports_a_full_disk),
      cmocka_unit_test(test_array_parse_names_what_is_wrong),
      cmocka_unit_test(test_array_compare_exact),
      cmocka_unit_test(test_array_compare_type_and_shape),
      cmocka_unit_test(test_array_compare_ulps),
      cmocka_unit_test(test_array_compare_absolute_and_relative),
      cmocka_unit_test(test_array_compare_infinity_and_nan),
      cmocka_unit_test(test_array_compare_wants_initialized_tolerance),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
