/* Layouts as XLA writes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/text.h"
#include "expect.h"
#include "pjrt/array.h"
#include "pjrt/layout.h"

static pjrt_layout *parse(const char *text) {
  pjrt_layout *layout;
  expect_ok(pjrt_layout_parse(text, PJRT_NUL_ENDED, &layout));
  return layout;
}

static void expect_text(const pjrt_layout *layout, const char *expected) {
  char *text;
  size_t size;
  expect_ok(pjrt_layout_to_text(layout, &text, &size));
  assert_string_equal(text, expected);
  assert_int_equal(size, strlen(expected));
  pjrt_host_free(text);
}

static void test_there_and_back(void **state) {
  static const char *const texts[] = {"{}",
                                      "{0}",
                                      "{0,1}",
                                      "{2,0,1}",
                                      "{1,0:T(8,128)}",
                                      "{1,0:T(8,128)(2,1)}",
                                      "{0:T(*,*,1024)(128)}",
                                      "{1,0:L(1024)}",
                                      "{1,0:E(4)}",
                                      "{1,0:S(5)}",
                                      "{1,0:M(64)}",
                                      "{1,0:T(8,128)(4,1)L(2)E(4)S(1)M(1)}"};
  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    pjrt_layout *layout = parse(texts[i]);
    expect_text(layout, texts[i]);
    pjrt_layout_free(layout);
  }
}

static void test_what_it_says(void **state) {
  size_t num;
  pjrt_layout *layout = parse("{0,1:T(*,8)(2,1)L(16)E(4)S(3)M(32)}");
  (void)state;
  assert_int_equal(pjrt_layout_kind_of(layout), PJRT_LAYOUT_TILED);
  const int64_t *order = pjrt_layout_minor_to_major(layout, &num);
  assert_true(num == 2 && order[0] == 0 && order[1] == 1);
  assert_int_equal(pjrt_layout_num_tiles(layout), 2);
  const int64_t *tile = pjrt_layout_tile(layout, 0, &num);
  assert_true(num == 2 && tile[0] == PJRT_LAYOUT_JOIN && tile[1] == 8);
  tile = pjrt_layout_tile(layout, 1, &num);
  assert_true(num == 2 && tile[0] == 2 && tile[1] == 1);
  assert_int_equal(pjrt_layout_tail_alignment(layout), 16);
  assert_int_equal(pjrt_layout_element_bits(layout), 4);
  assert_int_equal(pjrt_layout_memory_space(layout), 3);
  assert_int_equal(pjrt_layout_prefix_bytes(layout), 32);
  pjrt_layout_free(layout);
}

/* Numbers that say nothing are not printed, as XLA does not. */
static void test_defaults(void **state) {
  pjrt_layout *layout = parse("{1,0:L(1)E(0)S(0)M(0)}");
  (void)state;
  expect_text(layout, "{1,0}");
  assert_true(pjrt_layout_is_row_major(layout));
  assert_int_equal(pjrt_layout_tail_alignment(layout), 1);
  pjrt_layout_free(layout);
}

static void test_refused(void **state) {
  static const struct {
    const char *text, *part;
  } rows[] = {
      {"", "{ expected at byte 0"},
      {"1,0}", "{ expected at byte 0"},
      {"{1,0", "} expected at byte 4"},
      {"{1,0}x", "the end expected at byte 5"},
      {"{1,0,}", "a number expected at byte 5"},
      {"{,0}", "} expected at byte 1"},
      {"{1 ,0}", "names each dimension once"},
      {"{1,1}", "names each dimension once"},
      {"{2,0}", "names each dimension once"},
      {"{-1}", "} expected at byte 1"},
      {"{99999999999999999999}", "a number expected at byte 1"},
      {"{1,0:}", "T(...), L(...), E(...), S(...) or M(...) expected at byte 5"},
      {"{1,0:Q(1)}", "T(...), L(...)"},
      {"{1,0:T}", "( expected at byte 6"},
      {"{1,0:T()}", "a number of at least 1 expected at byte 7"},
      {"{1,0:T(0)}", "a number of at least 1 expected at byte 7"},
      {"{1,0:T(-1)}", "a number of at least 1 expected at byte 7"},
      {"{1,0:T(8,*)}", "not *, as the tile's last dimension"},
      {"{1,0:T(8;)}", "a comma or ) expected at byte 8"},
      {"{1,0:T(8)T(8)}", "} expected at byte 9"},
      {"{1,0:L(0)}", "a number of at least 1"},
      {"{1,0:E(4}", ") expected at byte 8"},
      {"{1,0:E()}", "a number expected at byte 7"},
      {"{1,0:S(1)E(4)}", "} expected at byte 9"},
      {"{1,0:E(4)E(4)}", "} expected at byte 9"}};
  pjrt_layout *layout = (pjrt_layout *)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    expect_error(pjrt_layout_parse(rows[i].text, PJRT_NUL_ENDED, &layout),
                 PJRT_INVALID_ARGUMENT, rows[i].part);
    assert_null(layout);
  }
  expect_error(pjrt_layout_parse(NULL, 0, &layout), PJRT_INVALID_ARGUMENT,
               "{ expected");
  expect_error(pjrt_layout_parse("{1,0}", 4, &layout), PJRT_INVALID_ARGUMENT,
               "} expected at byte 4");
}

static void test_parts_that_are_not_read(void **state) {
  static const struct {
    const char *text, *part;
  } rows[] = {{"{1,0:D(D,C)}", "level types D(...)"},
              {"{1,0:#(u32)}", "an index type #(...)"},
              {"{1,0:T(8)*(u32)}", "a pointer type *(...)"},
              {"{1,0:S(1)SC(0:1)}", "split configurations SC(...) at byte 9"},
              {"{1,0:P(f32[8]{0})}", "a physical shape P(...)"}};
  pjrt_layout *layout;
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    expect_error(pjrt_layout_parse(rows[i].text, PJRT_NUL_ENDED, &layout),
                 PJRT_UNIMPLEMENTED, rows[i].part);
  }
}

/* {0,1,...} of so many dimensions. */
static char *long_order(int num) {
  char *text;
  pjrt_builder builder = {0};
  for (int i = 0; i < num; i++) {
    pjrt_builder_appendf(&builder, "%s%d", i ? "," : "{", i);
  }
  pjrt_builder_append(&builder, "}", 1);
  expect_ok(pjrt_builder_finish(&builder, &text, NULL));
  return text;
}

/* Tiles of one dimension and of two in turn, of so many together. */
static char *long_tiles(int num) {
  char *text;
  pjrt_builder builder = {0};
  pjrt_builder_appendf(&builder, "{:T(1");
  for (int i = 1; i < num; i++) {
    pjrt_builder_appendf(&builder, "%s1", i % 3 == 2 ? "," : ")(");
  }
  pjrt_builder_append(&builder, ")}", 2);
  expect_ok(pjrt_builder_finish(&builder, &text, NULL));
  return text;
}

static void expect_limit(char *whole, char *too_long, const char *part) {
  pjrt_layout *layout = parse(whole);
  expect_text(layout, whole);
  pjrt_layout_free(layout);
  expect_error(pjrt_layout_parse(too_long, PJRT_NUL_ENDED, &layout),
               PJRT_INVALID_ARGUMENT, part);
  free(whole);
  free(too_long);
}

/* Lists of 64 are whole, those of 65 too long, wherever they stand. */
static void test_limits(void **state) {
  (void)state;
  expect_limit(long_order(64), long_order(65),
               "at most 64 dimensions expected");
  expect_limit(long_tiles(64), long_tiles(65),
               "at most 64 dimensions in all tiles");
}

static void test_made_of_lists(void **state) {
  const int64_t order[] = {0, 2, 1}, wrong[] = {0, 2, 2}, many[65] = {0};
  pjrt_layout *layout;
  char *text = (char *)state;
  size_t size = 1;
  expect_ok(pjrt_layout_from_order(order, 3, &layout));
  expect_text(layout, "{0,2,1}");
  pjrt_layout_free(layout);
  expect_ok(pjrt_layout_from_order(NULL, 0, &layout));
  expect_text(layout, "{}");
  pjrt_layout_free(layout);
  expect_ok(pjrt_layout_from_byte_strides(order, 3, &layout));
  expect_error(pjrt_layout_to_text(layout, &text, &size), PJRT_INVALID_ARGUMENT,
               "byte strides has no text form");
  assert_null(text);
  assert_int_equal(size, 0);
  pjrt_layout_free(layout);
  expect_error(pjrt_layout_from_order(wrong, 3, &layout), PJRT_INVALID_ARGUMENT,
               "each of 3 dimensions once");
  expect_error(pjrt_layout_from_order(NULL, 3, &layout), PJRT_INVALID_ARGUMENT,
               "minor_to_major is NULL for 3");
  expect_error(pjrt_layout_from_byte_strides(NULL, 1, &layout),
               PJRT_INVALID_ARGUMENT, "byte_strides is NULL for 1");
  expect_error(pjrt_layout_from_byte_strides(many, 65, &layout),
               PJRT_INVALID_ARGUMENT, "65 dimensions");
  assert_null(layout);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_there_and_back),
      cmocka_unit_test(test_what_it_says),
      cmocka_unit_test(test_defaults),
      cmocka_unit_test(test_refused),
      cmocka_unit_test(test_parts_that_are_not_read),
      cmocka_unit_test(test_limits),
      cmocka_unit_test(test_made_of_lists),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
