/* Texts with and without a NUL, the builder, and numbers in any locale. */
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/number.h"
#include "base/text.h"
#include "expect.h"

static void test_size_resolves_nul_ended(void **state) {
  (void)state;
  assert_int_equal(pjrt_text_size("abc", 2), 2);
  assert_int_equal(pjrt_text_size("abc", PJRT_NUL_ENDED), 3);
  assert_int_equal(pjrt_text_size(NULL, 5), 0);
  assert_int_equal(pjrt_text_size(NULL, PJRT_NUL_ENDED), 0);
}

static void test_copy_adds_a_nul(void **state) {
  (void)state;
  char *copy;
  const char unended[] = {'a', 'b'};
  expect_ok(pjrt_text_copy(unended, 2, &copy));
  assert_string_equal(copy, "ab");
  free(copy);
  expect_ok(pjrt_text_copy(NULL, 0, &copy));
  assert_string_equal(copy, "");
  free(copy);
}

static void test_copy_path_refuses_what_is_no_file_name(void **state) {
  (void)state;
  char *copy;
  expect_error(pjrt_text_copy_path("model", "a\0b", 3, &copy),
               PJRT_INVALID_ARGUMENT, "model: expected a file name");
  assert_null(copy);
  expect_error(pjrt_text_copy_path("model", "", 0, &copy),
               PJRT_INVALID_ARGUMENT, "model: expected a file name");
  expect_ok(pjrt_text_copy_path("model", "a/b.c", 3, &copy));
  assert_string_equal(copy, "a/b");
  free(copy);
}

static void test_equal_compares_sizes_too(void **state) {
  (void)state;
  assert_true(pjrt_text_equal("abcd", 3, "abc"));
  assert_false(pjrt_text_equal("abcd", 4, "abc"));
  assert_false(pjrt_text_equal("ab", PJRT_NUL_ENDED, "abc"));
  assert_true(pjrt_text_equal(NULL, 0, ""));
}

static void test_builder_grows(void **state) {
  (void)state;
  pjrt_builder builder = {0};
  char *text;
  size_t size;
  for (int i = 0; i < 1000; i++) pjrt_builder_appendf(&builder, "%03d", i);
  pjrt_builder_append(&builder, "\0end", 4);
  pjrt_builder_append(&builder, NULL, 0);
  expect_ok(pjrt_builder_finish(&builder, &text, &size));
  assert_int_equal(size, 3004);
  assert_memory_equal(text + 2997, "999\0end", 8);
  free(text);
  assert_null(builder.data);
}

static void test_builder_gives_an_empty_text(void **state) {
  (void)state;
  pjrt_builder builder = {0};
  char *text;
  expect_ok(pjrt_builder_finish(&builder, &text, NULL));
  assert_string_equal(text, "");
  free(text);
}

static void test_builder_reports_memory_at_the_end(void **state) {
  (void)state;
  pjrt_builder builder = {0};
  char *text;
  pjrt_builder_append(&builder, "abc", 3);
  pjrt_builder_append(&builder, "abc", SIZE_MAX - 2);
  pjrt_builder_append(&builder, "abc", 3);
  expect_error(pjrt_builder_finish(&builder, &text, NULL),
               PJRT_RESOURCE_EXHAUSTED, "memory");
  assert_null(text);
  assert_null(builder.data);
  assert_false(builder.out_of_memory);
}

static void test_builder_clear_frees(void **state) {
  (void)state;
  pjrt_builder builder = {0};
  pjrt_builder_append(&builder, "abc", 3);
  pjrt_builder_clear(&builder);
  assert_null(builder.data);
  pjrt_builder_clear(&builder);
}

static void expect_int64(const char *text, int64_t expected) {
  int64_t value;
  assert_true(pjrt_number_read_int64(text, strlen(text), &value));
  assert_int_equal(value, expected);
}

static void test_integers_are_read_whole(void **state) {
  (void)state;
  expect_int64("0", 0);
  expect_int64("-0", 0);
  expect_int64("+12", 12);
  expect_int64("0x1F", 31);
  expect_int64("-0x10", -16);
  expect_int64("010", 10);
  expect_int64("9223372036854775807", INT64_MAX);
  expect_int64("-9223372036854775808", INT64_MIN);
  static const char *const wrong[] = {"",
                                      "-",
                                      "+",
                                      "0x",
                                      "1 ",
                                      " 1",
                                      "1.0",
                                      "1e3",
                                      "--1",
                                      "1a",
                                      "0xg",
                                      "a1",
                                      "0x-",
                                      "-+1",
                                      "9223372036854775808",
                                      "-9223372036854775809",
                                      "99999999999999999999"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    int64_t value;
    if (pjrt_number_read_int64(wrong[i], strlen(wrong[i]), &value)) {
      fail_msg("'%s' was read as %lld", wrong[i], (long long)value);
    }
  }
}

static void test_magnitudes_have_64_bits(void **state) {
  (void)state;
  bool negative;
  uint64_t magnitude;
  assert_true(pjrt_number_read_integer("18446744073709551615", 20, &negative,
                                       &magnitude));
  assert_true(magnitude == UINT64_MAX && !negative);
  assert_false(pjrt_number_read_integer("18446744073709551616", 20, &negative,
                                        &magnitude));
  assert_false(pjrt_number_read_integer("0x10000000000000000", 19, &negative,
                                        &magnitude));
}

static void test_doubles_are_read_whole(void **state) {
  (void)state;
  double value;
  assert_true(pjrt_number_read_double("0.5e1x", 5, &value));
  assert_true(value == 5);
  assert_true(pjrt_number_read_double("0x1p-3", 6, &value));
  assert_true(value == 0.125);
  assert_true(pjrt_number_read_double("-inf", 4, &value));
  assert_true(isinf(value) && value < 0);
  assert_true(pjrt_number_read_double("nan", 3, &value));
  assert_true(isnan(value));
  assert_false(pjrt_number_read_double(" 1", 2, &value));
  assert_false(pjrt_number_read_double("1\0", 2, &value));
  assert_false(pjrt_number_read_double("1,5", 3, &value));
  assert_false(pjrt_number_read_double("", 0, &value));
}

static void test_long_doubles_are_read_whole(void **state) {
  (void)state;
  char text[200];
  double value;
  memset(text, '0', sizeof text);
  text[0] = '1';
  text[1] = '.';
  text[sizeof text - 1] = '1';
  assert_true(pjrt_number_read_double(text, sizeof text, &value));
  assert_true(value == 1);
}

static void test_doubles_are_written_with_digits(void **state) {
  (void)state;
  char text[PJRT_NUMBER_SIZE];
  pjrt_number_write_double(0.1, 1, text);
  assert_string_equal(text, "0.1");
  pjrt_number_write_double(0.1, 17, text);
  assert_string_equal(text, "0.10000000000000001");
  pjrt_number_write_double(-2.2250738585072014e-308, 17, text);
  assert_string_equal(text, "-2.2250738585072014e-308");
  pjrt_number_write_double(-(double)INFINITY, 3, text);
  assert_string_equal(text, "-inf");
  pjrt_number_write_double(-(double)NAN, 3, text);
  assert_string_equal(text, "nan");
}

/* A locale that writes 0.5 as 0,5, or skips where none is installed. */
static void test_locale_does_not_matter(void **state) {
  (void)state;
  static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8",
                                      "nl_NL.UTF-8", "ru_RU.UTF-8"};
  char text[PJRT_NUMBER_SIZE];
  double value;
  bool found = false;
  for (size_t i = 0; i < 4 && !found; i++) {
    found = setlocale(LC_ALL, names[i]) != NULL;
  }
  if (!found) {
    print_message("skip: no locale with a decimal comma is installed\n");
    skip();
  }
  pjrt_number_write_double(0.5, 3, text);
  bool right = pjrt_number_read_double("0.5", 3, &value) && value == 0.5;
  setlocale(LC_ALL, "C");
  assert_string_equal(text, "0.5");
  assert_true(right);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_size_resolves_nul_ended),
      cmocka_unit_test(test_copy_adds_a_nul),
      cmocka_unit_test(test_copy_path_refuses_what_is_no_file_name),
      cmocka_unit_test(test_equal_compares_sizes_too),
      cmocka_unit_test(test_builder_grows),
      cmocka_unit_test(test_builder_gives_an_empty_text),
      cmocka_unit_test(test_builder_reports_memory_at_the_end),
      cmocka_unit_test(test_builder_clear_frees),
      cmocka_unit_test(test_integers_are_read_whole),
      cmocka_unit_test(test_magnitudes_have_64_bits),
      cmocka_unit_test(test_doubles_are_read_whole),
      cmocka_unit_test(test_long_doubles_are_read_whole),
      cmocka_unit_test(test_doubles_are_written_with_digits),
      cmocka_unit_test(test_locale_does_not_matter),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
