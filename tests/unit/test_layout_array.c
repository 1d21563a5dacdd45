/* Layouts for an array: byte strides, sizes, and where elements lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/layout.h"
#include "expect.h"
#include "pjrt/array.h"

#define DIMS(...) \
  (const int64_t[]){__VA_ARGS__}, sizeof(int64_t[]){__VA_ARGS__} / 8

static pjrt_layout *parse(const char *text) {
  pjrt_layout *layout;
  expect_ok(pjrt_layout_parse(text, PJRT_NUL_ENDED, &layout));
  return layout;
}

static pjrt_layout *strided(const int64_t *strides, size_t num) {
  pjrt_layout *layout;
  expect_ok(pjrt_layout_from_byte_strides(strides, num, &layout));
  return layout;
}

/* ---- strides ------------------------------------------------------------- */

static void expect_strides(const char *text, pjrt_dtype dtype,
                           const int64_t *dims, size_t num_dims,
                           const int64_t *expected) {
  size_t num;
  char *back;
  pjrt_layout *layout = parse(text), *strides, *again, *tiled;
  expect_ok(pjrt_layout_to_strides(layout, dtype, dims, num_dims, &strides));
  const int64_t *actual = pjrt_layout_byte_strides(strides, &num);
  assert_int_equal(num, num_dims);
  assert_memory_equal(actual, expected, num * sizeof *expected);
  expect_ok(pjrt_layout_to_strides(strides, dtype, dims, num_dims, &again));
  assert_int_equal(pjrt_layout_kind_of(again), PJRT_LAYOUT_STRIDES);
  expect_ok(pjrt_layout_to_tiled(again, dtype, dims, num_dims, &tiled));
  expect_ok(pjrt_layout_to_text(tiled, &back, NULL));
  assert_string_equal(back, text);
  pjrt_host_free(back);
  pjrt_layout_free(layout);
  pjrt_layout_free(strides);
  pjrt_layout_free(again);
  pjrt_layout_free(tiled);
}

static void test_strides_and_back(void **state) {
  (void)state;
  expect_strides("{}", PJRT_F32, NULL, 0, NULL);
  expect_strides("{0}", PJRT_PRED, DIMS(7), (const int64_t[]){1});
  expect_strides("{1,0}", PJRT_F32, DIMS(3, 5), (const int64_t[]){20, 4});
  expect_strides("{0,1}", PJRT_F32, DIMS(3, 5), (const int64_t[]){4, 12});
  expect_strides("{0,2,1}", PJRT_C128, DIMS(2, 3, 5),
                 (const int64_t[]){16, 160, 32});
  expect_strides("{1,0:E(8)}", PJRT_S4, DIMS(3, 5), (const int64_t[]){5, 1});
  /* No elements, and some dimensions of one. */
  expect_strides("{2,1,0}", PJRT_F32, DIMS(3, 0, 5),
                 (const int64_t[]){20, 20, 4});
  expect_strides("{2,1,0}", PJRT_F32, DIMS(1, 3, 1),
                 (const int64_t[]){12, 4, 4});
}

static void expect_order(const int64_t *strides, const int64_t *dims,
                         size_t num_dims, const char *expected) {
  char *text;
  pjrt_layout *layout = strided(strides, num_dims), *tiled;
  expect_ok(pjrt_layout_to_tiled(layout, PJRT_F32, dims, num_dims, &tiled));
  expect_ok(pjrt_layout_to_text(tiled, &text, NULL));
  assert_string_equal(text, expected);
  pjrt_host_free(text);
  pjrt_layout_free(tiled);
  pjrt_layout_free(layout);
}

/* What is not stepped along does not matter. */
static void test_strides_that_mean_nothing(void **state) {
  (void)state;
  expect_order((const int64_t[]){-7, 4, 0}, DIMS(1, 3, 1), "{2,1,0}");
  expect_order((const int64_t[]){-7, 0}, DIMS(3, 0), "{1,0}");
  expect_order((const int64_t[]){4, 77}, DIMS(3, 1), "{1,0}");
}

static void expect_no_order(const int64_t *strides, const int64_t *dims,
                            size_t num_dims, const char *part) {
  pjrt_layout *layout = strided(strides, num_dims), *out = layout;
  expect_error(pjrt_layout_to_tiled(layout, PJRT_F32, dims, num_dims, &out),
               PJRT_FAILED_PRECONDITION, part);
  assert_null(out);
  pjrt_layout_free(layout);
}

static void test_strides_of_no_dense_array(void **state) {
  (void)state;
  expect_no_order((const int64_t[]){0, 4}, DIMS(3, 5),
                  "dimension 0 has a stride of 0 bytes, where dense memory has "
                  "20: its elements are one");
  expect_no_order((const int64_t[]){20, -4}, DIMS(3, 5),
                  "dimension 1 has a stride of -4 bytes, where dense memory "
                  "has 4: it runs backwards");
  expect_no_order((const int64_t[]){24, 4}, DIMS(3, 5),
                  "dimension 0 has a stride of 24 bytes, where dense memory "
                  "has 20: there are gaps");
  expect_no_order((const int64_t[]){8, 4}, DIMS(3, 5),
                  "dimension 0 has a stride of 8 bytes, where dense memory has "
                  "20: elements overlap");
  expect_no_order((const int64_t[]){INT64_MIN}, DIMS(2), "backwards");
}

static void expect_no_strides(const char *text, pjrt_dtype dtype,
                              const char *part) {
  pjrt_layout *layout = parse(text), *out = layout;
  expect_error(pjrt_layout_to_strides(layout, dtype, DIMS(16, 128), &out),
               PJRT_FAILED_PRECONDITION, part);
  assert_null(out);
  pjrt_layout_free(layout);
}

static void test_what_strides_cannot_tell(void **state) {
  (void)state;
  expect_no_strides("{1,0:T(8,128)(2,1)}", PJRT_BF16, "tiles of 2 levels");
  expect_no_strides("{1,0:E(4)}", PJRT_S4, "elements have 4 bits");
  expect_no_strides("{1,0:L(1024)}", PJRT_F32, "L(1024)");
  expect_no_strides("{1,0:S(5)}", PJRT_F32, "S(5)");
}

/* ---- sizes and places ---------------------------------------------------- */

static void expect_size(const char *text, pjrt_dtype dtype, const int64_t *dims,
                        size_t num_dims, size_t expected) {
  size_t size;
  pjrt_layout *layout = parse(text);
  expect_ok(pjrt_layout_size(layout, dtype, dims, num_dims, &size));
  assert_int_equal(size, expected);
  pjrt_layout_free(layout);
}

/* By XLA's rules: tiles pad, and tail alignment pads what they gave. */
static void test_sizes(void **state) {
  (void)state;
  expect_size("{}", PJRT_F64, NULL, 0, 8);
  expect_size("{0,1}", PJRT_F32, DIMS(3, 5), 60);
  expect_size("{1,0:T(8,128)}", PJRT_F32, DIMS(3, 5), 4096);
  expect_size("{1,0:T(8,128)(2,1)}", PJRT_BF16, DIMS(9, 129), 8192);
  expect_size("{0:T(1024)}", PJRT_F32, DIMS(1025), 8192);
  expect_size("{:T(256)}", PJRT_F32, NULL, 0, 1024);
  expect_size("{0:T(8,128)}", PJRT_F32, DIMS(3), 4096);
  expect_size("{2,1,0:T(*,128)}", PJRT_F32, DIMS(2, 3, 50), 2 * 256 * 4);
  expect_size("{1,0:L(16)}", PJRT_F32, DIMS(3, 5), 64);
  expect_size("{1,0:E(4)}", PJRT_S4, DIMS(3, 5), 8);
  expect_size("{1,0:E(8)}", PJRT_S4, DIMS(3, 5), 15);
  expect_size("{1,0:T(8,128)}", PJRT_F32, DIMS(0, 5), 0);
}

static int64_t bit_of(const pjrt_layout *layout, pjrt_dtype dtype,
                      const int64_t *dims, size_t num_dims,
                      const int64_t *index) {
  int64_t bit;
  expect_ok(pjrt_layout_element_at(layout, dtype, dims, num_dims, index, &bit));
  return bit;
}

/* Each element has its own place in what the size says. */
static void expect_distinct(const char *text, const int64_t *dims) {
  static bool taken[1 << 16];
  size_t size;
  pjrt_layout *layout = parse(text);
  expect_ok(pjrt_layout_size(layout, PJRT_U8, dims, 2, &size));
  assert_true(size <= sizeof taken);
  memset(taken, 0, sizeof taken);
  for (int64_t i = 0; i < dims[0]; i++) {
    for (int64_t j = 0; j < dims[1]; j++) {
      const int64_t at =
          bit_of(layout, PJRT_U8, dims, 2, (const int64_t[]){i, j}) / 8;
      assert_true(at >= 0 && (size_t)at < size && !taken[at]);
      taken[at] = true;
    }
  }
  pjrt_layout_free(layout);
}

static void test_places(void **state) {
  const int64_t dims[] = {9, 130};
  (void)state;
  expect_distinct("{1,0}", dims);
  expect_distinct("{0,1}", dims);
  expect_distinct("{1,0:T(8,128)}", dims);
  expect_distinct("{0,1:T(4,4)(2,1)}", dims);
  expect_distinct("{1,0:T(*,16)(4)}", dims);
  expect_distinct("{1,0:T(2,8,128)}", dims);
}

/* The example of XLA's own guide: f32[3,5] in tiles of 2 by 2, where element
 * 2, 3 is in tile 1, 1 at 0, 1. */
static void test_known_places(void **state) {
  pjrt_layout *layout = parse("{1,0:T(2,2)}");
  (void)state;
  assert_int_equal(
      bit_of(layout, PJRT_F32, DIMS(3, 5), (const int64_t[]){2, 3}), 17 * 32);
  pjrt_layout_free(layout);
  /* Two rows of bf16 share the words of a tile. */
  layout = parse("{1,0:T(8,128)(2,1)}");
  assert_int_equal(
      bit_of(layout, PJRT_BF16, DIMS(16, 256), (const int64_t[]){0, 1}), 32);
  assert_int_equal(
      bit_of(layout, PJRT_BF16, DIMS(16, 256), (const int64_t[]){1, 0}), 16);
  assert_int_equal(
      bit_of(layout, PJRT_BF16, DIMS(16, 256), (const int64_t[]){8, 0}),
      2 * 1024 * 16);
  pjrt_layout_free(layout);
  layout = parse("{1,0:E(4)}");
  assert_int_equal(bit_of(layout, PJRT_S4, DIMS(3, 5), (const int64_t[]){1, 2}),
                   28);
  pjrt_layout_free(layout);
}

static void test_strided_places(void **state) {
  const int64_t strides[] = {-32, 8};
  size_t size;
  pjrt_layout *layout = strided(strides, 2);
  (void)state;
  assert_int_equal(
      bit_of(layout, PJRT_F32, DIMS(3, 4), (const int64_t[]){2, 1}), -56 * 8);
  expect_ok(pjrt_layout_size(layout, PJRT_F32, DIMS(3, 4), &size));
  assert_int_equal(size, 2 * 32 + 3 * 8 + 4);
  expect_ok(pjrt_layout_size(layout, PJRT_F32, DIMS(0, 4), &size));
  assert_int_equal(size, 0);
  pjrt_layout_free(layout);
}

/* ---- refused ------------------------------------------------------------- */

static void expect_refused(const pjrt_layout *layout, pjrt_dtype dtype,
                           const int64_t *dims, size_t num_dims, pjrt_code code,
                           const char *part) {
  const int64_t zeros[64] = {0};
  size_t size = 1;
  int64_t bit = 1;
  pjrt_layout *out = (pjrt_layout *)zeros;
  expect_error(pjrt_layout_size(layout, dtype, dims, num_dims, &size), code,
               part);
  expect_error(
      pjrt_layout_element_at(layout, dtype, dims, num_dims, zeros, &bit), code,
      part);
  expect_error(pjrt_layout_to_strides(layout, dtype, dims, num_dims, &out),
               code, part);
  assert_null(out);
  expect_error(pjrt_layout_to_tiled(layout, dtype, dims, num_dims, &out), code,
               part);
  assert_true(size == 0 && bit == 0 && !out);
}

static void test_refused(void **state) {
  const int64_t dims[] = {3, 5}, negative[] = {3, -5}, large[] = {1, 1L << 60};
  pjrt_layout *plain = parse("{1,0}"), *bits = parse("{1,0:E(16)}"),
              *prefix = parse("{1,0:M(8)}");
  (void)state;
  expect_refused(NULL, PJRT_F32, dims, 2, PJRT_INVALID_ARGUMENT,
                 "layout is NULL");
  expect_refused(plain, PJRT_F32, NULL, 2, PJRT_INVALID_ARGUMENT,
                 "dims is NULL for 2");
  expect_refused(plain, PJRT_F32, dims, 1, PJRT_INVALID_ARGUMENT,
                 "of 2 dimensions, and the array has 1");
  expect_refused(plain, PJRT_F32, negative, 2, PJRT_INVALID_ARGUMENT, "-5");
  expect_refused(plain, PJRT_F32, large, 2, PJRT_INVALID_ARGUMENT, "");
  expect_refused(plain, PJRT_TOKEN, dims, 2, PJRT_INVALID_ARGUMENT,
                 "token has no elements");
  expect_refused(plain, PJRT_S4, dims, 2, PJRT_UNIMPLEMENTED,
                 "E(4) or E(8) whether elements of s4 are packed");
  expect_refused(bits, PJRT_F32, dims, 2, PJRT_INVALID_ARGUMENT,
                 "E(16) is less than the 32 bits of f32");
  expect_refused(prefix, PJRT_F32, dims, 2, PJRT_UNIMPLEMENTED,
                 "a prefix, M(8)");
  pjrt_layout_free(plain);
  pjrt_layout_free(bits);
  pjrt_layout_free(prefix);
}

/* A plugin may tell anything. */
static void test_damaged(void **state) {
  const int64_t dims[] = {3, 5}, order[] = {1, 0}, twice[] = {1, 1};
  const int64_t tiles[] = {8, 0, 8, PJRT_LAYOUT_JOIN, 8};
  const size_t two[] = {2}, four[] = {2, 2}, none[] = {0}, many[] = {1, 64};
  pjrt_layout layout = {.numbers = twice, .num_numbers = 2};
  (void)state;
  expect_refused(&layout, PJRT_F32, dims, 2, PJRT_INVALID_ARGUMENT,
                 "does not name each of 2 dimensions once");
  layout = (pjrt_layout){.numbers = order,
                         .num_numbers = 2,
                         .tile_dims = tiles,
                         .tile_ranks = two,
                         .num_tiles = 1};
  expect_refused(&layout, PJRT_F32, dims, 2, PJRT_INVALID_ARGUMENT,
                 "tile 0 is damaged");
  layout.tile_dims = tiles + 2; /* a join at the end */
  expect_refused(&layout, PJRT_F32, dims, 2, PJRT_INVALID_ARGUMENT,
                 "tile 0 is damaged");
  layout.tile_ranks = none;
  expect_refused(&layout, PJRT_F32, dims, 2, PJRT_INVALID_ARGUMENT,
                 "tile 0 is damaged");
  layout.tile_dims = (const int64_t[]){8, 8, 8, PJRT_LAYOUT_JOIN};
  layout.tile_ranks = four;
  layout.num_tiles = 2;
  expect_refused(&layout, PJRT_F32, dims, 2, PJRT_INVALID_ARGUMENT,
                 "tile 1 is damaged");
  layout.tile_ranks = many;
  expect_refused(&layout, PJRT_F32, dims, 2, PJRT_INVALID_ARGUMENT,
                 "tile 1 is damaged");
}

static void test_padding_that_does_not_fit(void **state) {
  static const char *const texts[] = {
      "{0:T(9223372036854775807)}", "{0:L(9223372036854775807)}",
      "{0:T(4294967296,4294967296)}", "{0:T(2147483648)(2147483648,8)}"};
  size_t size;
  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    pjrt_layout *layout = parse(texts[i]);
    expect_error(pjrt_layout_size(layout, PJRT_F32, DIMS(3), &size),
                 PJRT_INVALID_ARGUMENT, "more bits than fit");
    pjrt_layout_free(layout);
  }
  int64_t bit = 1;
  pjrt_layout *layout = parse("{1,0:T(4611686018427387904)}");
  expect_error(pjrt_layout_element_at(layout, PJRT_F32, DIMS(4, 4),
                                      (const int64_t[]){3, 0}, &bit),
               PJRT_INVALID_ARGUMENT, "more bits than fit");
  assert_int_equal(bit, 0);
  pjrt_layout_free(layout);
  layout = strided((const int64_t[]){INT64_MAX / 2, INT64_MIN}, 2);
  bit = 1;
  expect_error(pjrt_layout_size(layout, PJRT_F32, DIMS(3, 2), &size),
               PJRT_INVALID_ARGUMENT, "more bits than fit");
  expect_error(pjrt_layout_element_at(layout, PJRT_F32, DIMS(3, 2),
                                      (const int64_t[]){2, 0}, &bit),
               PJRT_INVALID_ARGUMENT, "more bits than fit");
  assert_int_equal(bit, 0);
  pjrt_layout_free(layout);
}

static void test_index_out_of_range(void **state) {
  int64_t bit = 1;
  pjrt_layout *layout = parse("{1,0}");
  (void)state;
  expect_error(pjrt_layout_element_at(layout, PJRT_F32, DIMS(3, 5),
                                      (const int64_t[]){0, 5}, &bit),
               PJRT_OUT_OF_RANGE, "index 5 in dimension 1, which has 5");
  expect_error(pjrt_layout_element_at(layout, PJRT_F32, DIMS(3, 5),
                                      (const int64_t[]){-1, 0}, &bit),
               PJRT_OUT_OF_RANGE, "index -1 in dimension 0");
  expect_error(pjrt_layout_element_at(layout, PJRT_F32, DIMS(3, 5), NULL, &bit),
               PJRT_INVALID_ARGUMENT, "index is NULL");
  assert_int_equal(bit, 0);
  pjrt_layout_free(layout);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_strides_and_back),
      cmocka_unit_test(test_strides_that_mean_nothing),
      cmocka_unit_test(test_strides_of_no_dense_array),
      cmocka_unit_test(test_what_strides_cannot_tell),
      cmocka_unit_test(test_sizes),
      cmocka_unit_test(test_places),
      cmocka_unit_test(test_known_places),
      cmocka_unit_test(test_strided_places),
      cmocka_unit_test(test_refused),
      cmocka_unit_test(test_damaged),
      cmocka_unit_test(test_padding_that_does_not_fit),
      cmocka_unit_test(test_index_out_of_range),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
