/* Layouts: copies of what a plugin says. */
#include "core/layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "abi/plugin.h"
#include "expect.h"

static PJRT_Buffer_MemoryLayout tiled(const int64_t *minor_to_major,
                                      size_t num) {
  return (PJRT_Buffer_MemoryLayout){
      .type = PJRT_Buffer_MemoryLayout_Type_Tiled,
      .tiled = {.minor_to_major = minor_to_major, .minor_to_major_size = num}};
}

static pjrt_layout *copy(const PJRT_Buffer_MemoryLayout *raw) {
  pjrt_layout *layout;
  expect_ok(pjrt_layout_from_raw(raw, &layout));
  return layout;
}

static void expect_row_major(const int64_t *order, size_t num, bool expected) {
  const PJRT_Buffer_MemoryLayout raw = tiled(order, num);
  pjrt_layout *layout = copy(&raw);
  assert_int_equal(pjrt_layout_is_row_major(layout), expected);
  pjrt_layout_free(layout);
}

static void test_row_major(void **state) {
  (void)state;
  expect_row_major(NULL, 0, true);
  expect_row_major((const int64_t[]){0}, 1, true);
  expect_row_major((const int64_t[]){2, 1, 0}, 3, true);
  expect_row_major((const int64_t[]){1, 2, 0}, 3, false);
}

static void test_tiles(void **state) {
  int64_t order[] = {1, 0}, dims[] = {8, 128, 2, 1, 4};
  size_t ranks[] = {2, 1, 2}, num;
  PJRT_Buffer_MemoryLayout raw = tiled(order, 2);
  (void)state;
  raw.tiled.tile_dims = dims;
  raw.tiled.tile_dim_sizes = ranks;
  raw.tiled.num_tiles = 3;
  pjrt_layout *layout = copy(&raw);
  order[0] = dims[1] = 77; /* it is a copy */
  ranks[0] = 0;
  assert_int_equal(pjrt_layout_kind_of(layout), PJRT_LAYOUT_TILED);
  assert_false(pjrt_layout_is_row_major(layout));
  assert_int_equal(pjrt_layout_num_tiles(layout), 3);
  assert_int_equal(pjrt_layout_tile(layout, 0, &num)[1], 128);
  assert_int_equal(num, 2);
  assert_int_equal(pjrt_layout_tile(layout, 1, &num)[0], 2);
  assert_int_equal(num, 1);
  assert_int_equal(pjrt_layout_tile(layout, 2, &num)[1], 4);
  assert_int_equal(num, 2);
  pjrt_layout_tile(layout, 3, &num);
  assert_int_equal(num, 0);
  assert_int_equal(pjrt_layout_minor_to_major(layout, &num)[0], 1);
  assert_int_equal(num, 2);
  pjrt_layout_byte_strides(layout, &num);
  assert_int_equal(num, 0);
  pjrt_layout_free(layout);
}

static void test_strides(void **state) {
  const int64_t strides[] = {-12, 4};
  const PJRT_Buffer_MemoryLayout raw = {
      .type = PJRT_Buffer_MemoryLayout_Type_Strides,
      .strides = {.byte_strides = strides, .num_byte_strides = 2}};
  size_t num;
  (void)state;
  pjrt_layout *layout = copy(&raw);
  assert_int_equal(pjrt_layout_kind_of(layout), PJRT_LAYOUT_STRIDES);
  assert_memory_equal(pjrt_layout_byte_strides(layout, &num), strides,
                      sizeof strides);
  assert_int_equal(num, 2);
  pjrt_layout_minor_to_major(layout, &num);
  assert_int_equal(num, 0);
  assert_int_equal(pjrt_layout_num_tiles(layout), 0);
  assert_false(pjrt_layout_is_row_major(layout));
  pjrt_layout_free(layout);
}

/* What the struct has no room for is not dropped. */
static void test_what_plugins_cannot_be_told(void **state) {
  static const char *const texts[] = {"L(2)", "E(4)", "S(1)", "M(8)"};
  static pjrt_plugin plugin;
  (void)state;
  for (size_t i = 0; i < 4; i++) {
    char text[32];
    pjrt_layout *layout;
    PJRT_Buffer_MemoryLayout raw = {0};
    snprintf(text, sizeof text, "{1,0:T(8)%s}", texts[i]);
    expect_ok(pjrt_layout_parse(text, PJRT_NUL_ENDED, &layout));
    expect_error(pjrt_layout_to_raw(layout, &plugin, &raw), PJRT_UNIMPLEMENTED,
                 texts[i]);
    pjrt_layout_free(layout);
  }
}

static void test_to_raw(void **state) {
  static pjrt_plugin plugin;
  PJRT_Buffer_MemoryLayout raw = {0};
  pjrt_layout *layout;
  (void)state;
  expect_ok(pjrt_layout_parse("{0,1:T(8,128)(2,1)}", PJRT_NUL_ENDED, &layout));
  expect_ok(pjrt_layout_to_raw(layout, &plugin, &raw));
  assert_int_equal(raw.type, PJRT_Buffer_MemoryLayout_Type_Tiled);
  assert_int_equal(raw.tiled.minor_to_major_size, 2);
  assert_int_equal(raw.tiled.minor_to_major[1], 1);
  assert_int_equal(raw.tiled.num_tiles, 2);
  assert_int_equal(raw.tiled.tile_dim_sizes[1], 2);
  assert_int_equal(raw.tiled.tile_dims[3], 1);
  pjrt_layout_free(layout);
}

static void test_unknown_kind(void **state) {
  const PJRT_Buffer_MemoryLayout raw = {.type =
                                            (PJRT_Buffer_MemoryLayout_Type)7};
  pjrt_layout *layout = (pjrt_layout *)state;
  expect_error(pjrt_layout_from_raw(&raw, &layout), PJRT_UNIMPLEMENTED,
               "of kind 7");
  assert_null(layout);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_row_major),
      cmocka_unit_test(test_tiles),
      cmocka_unit_test(test_strides),
      cmocka_unit_test(test_what_plugins_cannot_be_told),
      cmocka_unit_test(test_to_raw),
      cmocka_unit_test(test_unknown_kind),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
