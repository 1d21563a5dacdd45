/* Errors hold copies, print as one line, and NULL means success everywhere. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/error.h"
#include "expect.h"

/* What pjrt_error_print writes; free() it. */
static char *printed(const pjrt_error *error) {
  char *text = NULL;
  size_t size = 0;
  FILE *to = open_memstream(&text, &size);
  assert_non_null(to);
  pjrt_error_print(error, to);
  fclose(to);
  return text;
}

static void expect_printed(const pjrt_error *error, const char *expected) {
  char *text = printed(error);
  assert_string_equal(text, expected);
  free(text);
}

static void test_null_describes_success(void **state) {
  (void)state;
  size_t size = 1;
  assert_int_equal(pjrt_error_code(NULL), PJRT_OK);
  assert_string_equal(pjrt_error_message(NULL, &size), "");
  assert_int_equal(size, 0);
  assert_string_equal(pjrt_error_call(NULL), "");
  assert_string_equal(pjrt_error_plugin(NULL), "");
  assert_int_equal(pjrt_error_num_payloads(NULL), 0);
  assert_string_equal(pjrt_error_payload_key(NULL, 0, &size), "");
  assert_string_equal(pjrt_error_payload_value(NULL, 0, NULL), "");
  assert_null(pjrt_error_copy(NULL));
  assert_int_equal(pjrt_error_consume(NULL), PJRT_OK);
  pjrt_error_free(NULL);
  expect_printed(NULL, "OK\n");
}

static void test_create_copies_the_message(void **state) {
  (void)state;
  char message[] = "first\0second";
  size_t size;
  pjrt_error *error =
      pjrt_error_create(PJRT_NOT_FOUND, message, sizeof message - 1);
  memset(message, 'x', sizeof message);
  const char *copy = pjrt_error_message(error, &size);
  assert_int_equal(size, 12);
  assert_memory_equal(copy, "first\0second", 13);
  assert_int_equal(pjrt_error_code(error), PJRT_NOT_FOUND);
  assert_int_equal(pjrt_error_origin(error), PJRT_ORIGIN_LIBRARY);
  assert_int_equal(pjrt_error_consume(error), PJRT_NOT_FOUND);
  assert_null(pjrt_error_create(PJRT_OK, "fine", PJRT_NUL_ENDED));
}

static void test_create_takes_nul_ended_and_absent_text(void **state) {
  (void)state;
  pjrt_error *error = pjrt_error_create(PJRT_ABORTED, "why", PJRT_NUL_ENDED);
  assert_string_equal(pjrt_error_message(error, NULL), "why");
  pjrt_error_free(error);
  error = pjrt_error_create(PJRT_ABORTED, NULL, 9);
  assert_string_equal(pjrt_error_message(error, NULL), "");
  pjrt_error_free(error);
}

static void test_ok_is_never_an_error_code(void **state) {
  (void)state;
  pjrt_error *error = pjrt_error_from_text(PJRT_OK, "odd", 3);
  assert_int_equal(pjrt_error_consume(error), PJRT_UNKNOWN);
}

static void test_print_says_where_it_came_from(void **state) {
  (void)state;
  pjrt_error *error = pjrt_error_format(PJRT_INVALID_ARGUMENT, "bad %d", 7);
  expect_printed(error, "INVALID_ARGUMENT: bad 7\n");
  pjrt_error_set_call(error, "PJRT_Client_Compile");
  expect_printed(error, "INVALID_ARGUMENT: bad 7 (PJRT_Client_Compile)\n");
  pjrt_error_set_plugin(error, "libpjrt_cpu.so (API 0.106)");
  expect_printed(error,
                 "INVALID_ARGUMENT: bad 7 (PJRT_Client_Compile on "
                 "libpjrt_cpu.so (API 0.106))\n");
  pjrt_error_free(error);
}

static void test_unknown_codes_are_kept(void **state) {
  (void)state;
  assert_string_equal(pjrt_code_name(PJRT_UNAUTHENTICATED), "UNAUTHENTICATED");
  assert_string_equal(pjrt_code_name((pjrt_code)17), "UNKNOWN_CODE");
  assert_string_equal(pjrt_code_name((pjrt_code)-1), "UNKNOWN_CODE");
  pjrt_error *error = pjrt_error_format((pjrt_code)77, "new");
  assert_int_equal(pjrt_error_code(error), 77);
  expect_printed(error, "UNKNOWN_CODE 77: new\n");
  pjrt_error_free(error);
}

static void test_copy_has_everything(void **state) {
  (void)state;
  size_t size;
  pjrt_error *error = pjrt_error_format(PJRT_INTERNAL, "message");
  pjrt_error_set_origin(error, PJRT_ORIGIN_PLUGIN);
  pjrt_error_set_call(error, "call");
  pjrt_error_set_call(error, "PJRT_Client_Create");
  pjrt_error_set_plugin(error, "plugin");
  pjrt_error_add_payload(error, "url", 3, "\0\1\2", 3);
  pjrt_error_add_payload(error, "", 0, NULL, 0);
  pjrt_error *copy = pjrt_error_copy(error);
  pjrt_error_free(error);
  assert_int_equal(pjrt_error_code(copy), PJRT_INTERNAL);
  assert_int_equal(pjrt_error_origin(copy), PJRT_ORIGIN_PLUGIN);
  assert_string_equal(pjrt_error_message(copy, NULL), "message");
  assert_string_equal(pjrt_error_call(copy), "PJRT_Client_Create");
  assert_string_equal(pjrt_error_plugin(copy), "plugin");
  assert_int_equal(pjrt_error_num_payloads(copy), 2);
  assert_string_equal(pjrt_error_payload_key(copy, 0, NULL), "url");
  assert_memory_equal(pjrt_error_payload_value(copy, 0, &size), "\0\1\2", 4);
  assert_int_equal(size, 3);
  assert_string_equal(pjrt_error_payload_value(copy, 1, &size), "");
  assert_string_equal(pjrt_error_payload_key(copy, 2, &size), "");
  assert_int_equal(size, 0);
  pjrt_error_free(copy);
}

static void test_prefix_goes_before_the_message(void **state) {
  (void)state;
  pjrt_error *error = pjrt_error_format(PJRT_NOT_FOUND, "absent");
  pjrt_error_prefix(error, "file %d", 3);
  assert_string_equal(pjrt_error_message(error, NULL), "file 3: absent");
  pjrt_error_free(error);
  pjrt_error_prefix(NULL, "nothing");
}

static void test_errno_gives_code_and_text(void **state) {
  (void)state;
  static const struct {
    int number;
    pjrt_code code;
  } rows[] = {{ENOENT, PJRT_NOT_FOUND},
              {EACCES, PJRT_PERMISSION_DENIED},
              {ENOMEM, PJRT_RESOURCE_EXHAUSTED},
              {ENOSPC, PJRT_RESOURCE_EXHAUSTED},
              {EEXIST, PJRT_ALREADY_EXISTS},
              {EISDIR, PJRT_INVALID_ARGUMENT},
              {ETIMEDOUT, PJRT_DEADLINE_EXCEEDED},
              {EIO, PJRT_DATA_LOSS},
              {12345, PJRT_UNKNOWN}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    pjrt_error *error = pjrt_error_from_errno(rows[i].number, "file %s", "x");
    assert_int_equal(pjrt_error_origin(error), PJRT_ORIGIN_SYSTEM);
    expect_error(error, rows[i].code, "file x: ");
  }
  expect_error(pjrt_error_from_errno(ENOENT, "x"), PJRT_NOT_FOUND,
               "x: No such file or directory");
}

static void test_out_of_memory_is_static_and_immutable(void **state) {
  (void)state;
  pjrt_error *error = pjrt_error_out_of_memory();
  pjrt_error_set_origin(error, PJRT_ORIGIN_PLUGIN);
  pjrt_error_set_call(error, "call");
  pjrt_error_set_plugin(error, "plugin");
  pjrt_error_add_payload(error, "key", 3, "value", 5);
  pjrt_error_prefix(error, "prefix");
  assert_ptr_equal(pjrt_error_copy(error), error);
  pjrt_error_free(error);
  error = pjrt_error_out_of_memory(); /* as it was */
  assert_int_equal(pjrt_error_origin(error), PJRT_ORIGIN_SYSTEM);
  assert_int_equal(pjrt_error_num_payloads(error), 0);
  expect_printed(error, "RESOURCE_EXHAUSTED: out of memory\n");
  assert_int_equal(pjrt_error_consume(error), PJRT_RESOURCE_EXHAUSTED);
}

static pjrt_error *returns_early(pjrt_error *error, bool *out_went_on) {
  *out_went_on = false;
  PJRT_TRY(error);
  *out_went_on = true;
  return NULL;
}

static void test_try_returns_the_error(void **state) {
  (void)state;
  bool went_on;
  assert_null(returns_early(NULL, &went_on));
  assert_true(went_on);
  expect_error(returns_early(pjrt_error_format(PJRT_ABORTED, "no"), &went_on),
               PJRT_ABORTED, "no");
  assert_false(went_on);
}

static void test_alloc_reports_what_is_too_large(void **state) {
  (void)state;
  void *memory;
  expect_error(pjrt_alloc(SIZE_MAX, 2, &memory), PJRT_RESOURCE_EXHAUSTED,
               "elements of 2 bytes");
  assert_null(memory);
  expect_ok(pjrt_alloc(0, 8, &memory));
  assert_non_null(memory);
  free(memory);
  expect_ok(pjrt_alloc_copy("abc", 2, 2, &memory));
  assert_memory_equal(memory, "abc", 4);
  free(memory);
  expect_ok(pjrt_alloc_copy(NULL, 0, 2, &memory));
  free(memory);
}

static void test_dims_give_the_number_of_elements(void **state) {
  (void)state;
  size_t num;
  expect_ok(pjrt_dims_num_elements(NULL, 0, 4, &num));
  assert_int_equal(num, 1);
  expect_ok(pjrt_dims_num_elements((int64_t[]){2, 3}, 2, 4, &num));
  assert_int_equal(num, 6);
  expect_ok(pjrt_dims_num_elements((int64_t[]){2, 0, 3}, 3, 4, &num));
  assert_int_equal(num, 0);
  expect_error(pjrt_dims_num_elements((int64_t[]){2, -3}, 2, 4, &num),
               PJRT_INVALID_ARGUMENT, "dimension 1 is -3");
  expect_error(pjrt_dims_num_elements((int64_t[]){INT64_MAX, 3}, 2, 1, &num),
               PJRT_INVALID_ARGUMENT, "does not fit");
  expect_error(pjrt_dims_num_elements((int64_t[]){INT64_MAX / 2}, 1, 4, &num),
               PJRT_INVALID_ARGUMENT, "does not fit");
  expect_error(pjrt_dims_num_elements((int64_t[]){0, INT64_MAX, 3}, 3, 1, &num),
               PJRT_INVALID_ARGUMENT, "does not fit");
  expect_ok(pjrt_dims_num_elements((int64_t[]){INT64_MAX / 4}, 1, 4, &num));
  assert_int_equal(num, INT64_MAX / 4);
}

static void test_version_is_that_of_the_header(void **state) {
  (void)state;
  char expected[32];
  snprintf(expected, sizeof expected, "%d.%d.%d", PJRT_VERSION_MAJOR,
           PJRT_VERSION_MINOR, PJRT_VERSION_PATCH);
  assert_string_equal(pjrt_version(), expected);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_null_describes_success),
      cmocka_unit_test(test_create_copies_the_message),
      cmocka_unit_test(test_create_takes_nul_ended_and_absent_text),
      cmocka_unit_test(test_ok_is_never_an_error_code),
      cmocka_unit_test(test_print_says_where_it_came_from),
      cmocka_unit_test(test_unknown_codes_are_kept),
      cmocka_unit_test(test_copy_has_everything),
      cmocka_unit_test(test_prefix_goes_before_the_message),
      cmocka_unit_test(test_errno_gives_code_and_text),
      cmocka_unit_test(test_out_of_memory_is_static_and_immutable),
      cmocka_unit_test(test_try_returns_the_error),
      cmocka_unit_test(test_alloc_reports_what_is_too_large),
      cmocka_unit_test(test_dims_give_the_number_of_elements),
      cmocka_unit_test(test_version_is_that_of_the_header),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
