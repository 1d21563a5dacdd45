/* Option structs of any age are read by one rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/opts.h"

typedef struct opts_v1 {
  size_t struct_size;
  int64_t a;
} opts_v1;

typedef struct opts_v2 {
  size_t struct_size;
  int64_t a;
  const char *b;
} opts_v2;

typedef struct opts_v3 {
  size_t struct_size;
  int64_t a;
  const char *b;
  int64_t c;
} opts_v3;

static const char *const kDefault = "default";

/* The library under test knows version 2. */
static pjrt_error *read_opts(const void *given, opts_v2 *out) {
  *out = (opts_v2){sizeof *out, 1, kDefault};
  return pjrt_opts_read(given, "opts", sizeof *out, out);
}

static void expect_error(pjrt_error *error, pjrt_code code, const char *part) {
  assert_int_equal(pjrt_error_code(error), code);
  assert_non_null(strstr(pjrt_error_message(error, NULL), part));
  pjrt_error_free(error);
}

static void null_keeps_the_defaults(void **state) {
  (void)state;
  opts_v2 opts;
  assert_null(read_opts(NULL, &opts));
  assert_int_equal(opts.a, 1);
  assert_ptr_equal(opts.b, kDefault);
}

static void same_version_is_copied(void **state) {
  (void)state;
  const opts_v2 given = {sizeof given, 7, "mine"};
  opts_v2 opts;
  assert_null(read_opts(&given, &opts));
  assert_int_equal(opts.struct_size, sizeof opts);
  assert_int_equal(opts.a, 7);
  assert_string_equal(opts.b, "mine");
}

static void older_struct_keeps_newer_defaults(void **state) {
  (void)state;
  const opts_v1 given = {sizeof given, 7};
  opts_v2 opts;
  assert_null(read_opts(&given, &opts));
  assert_int_equal(opts.struct_size, sizeof opts);
  assert_int_equal(opts.a, 7);
  assert_ptr_equal(opts.b, kDefault);
}

static void struct_size_alone_is_enough(void **state) {
  (void)state;
  const size_t given = sizeof given;
  opts_v2 opts;
  assert_null(read_opts(&given, &opts));
  assert_int_equal(opts.a, 1);
}

static void newer_struct_with_zeros_is_taken(void **state) {
  (void)state;
  const opts_v3 given = {sizeof given, 7, "mine", 0};
  opts_v2 opts;
  assert_null(read_opts(&given, &opts));
  assert_int_equal(opts.struct_size, sizeof opts);
  assert_int_equal(opts.a, 7);
}

static void newer_struct_with_a_value_is_refused(void **state) {
  (void)state;
  const opts_v3 given = {sizeof given, 7, "mine", INT64_C(1) << 56};
  opts_v2 opts;
  expect_error(read_opts(&given, &opts), PJRT_UNIMPLEMENTED, "newer");
  assert_int_equal(opts.a, 1);
}

static void impossible_sizes_are_refused(void **state) {
  (void)state;
  const size_t sizes[] = {
      0,    1,        sizeof(size_t) - 1, sizeof(size_t) + 1,
      4104, SIZE_MAX, SIZE_MAX - 7};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    const opts_v1 given = {sizes[i], 7};
    opts_v2 opts;
    expect_error(read_opts(&given, &opts), PJRT_INVALID_ARGUMENT,
                 "opts.struct_size");
    assert_int_equal(opts.a, 1);
  }
}

/* ---- structs that are filled --------------------------------------------- */

static const opts_v2 filled = {sizeof filled, 7, "filled"};

static void same_version_is_filled(void **state) {
  (void)state;
  opts_v2 out = {.struct_size = sizeof out};
  assert_null(pjrt_opts_write(&filled, "opts", sizeof filled, &out));
  assert_memory_equal(&out, &filled, sizeof out);
}

static void older_struct_gets_what_it_has_room_for(void **state) {
  (void)state;
  opts_v2 out = {sizeof(opts_v1), 1, kDefault};
  assert_null(pjrt_opts_write(&filled, "opts", sizeof filled, &out));
  assert_int_equal(out.struct_size, sizeof(opts_v1));
  assert_int_equal(out.a, 7);
  assert_ptr_equal(out.b, kDefault);
}

static void newer_struct_gets_zeros(void **state) {
  (void)state;
  opts_v3 out = {sizeof out, 1, kDefault, 5};
  assert_null(pjrt_opts_write(&filled, "opts", sizeof filled, &out));
  assert_int_equal(out.struct_size, sizeof out);
  assert_ptr_equal(out.b, filled.b);
  assert_int_equal(out.c, 0);
}

static void nothing_is_filled_of_an_impossible_size(void **state) {
  (void)state;
  opts_v2 out = {SIZE_MAX, 1, kDefault};
  expect_error(pjrt_opts_write(&filled, "opts", sizeof filled, &out),
               PJRT_INVALID_ARGUMENT, "call opts_init first");
  assert_int_equal(out.a, 1);
  expect_error(pjrt_opts_write(&filled, "opts", sizeof filled, NULL),
               PJRT_INVALID_ARGUMENT, "opts is NULL");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(null_keeps_the_defaults),
      cmocka_unit_test(same_version_is_copied),
      cmocka_unit_test(older_struct_keeps_newer_defaults),
      cmocka_unit_test(struct_size_alone_is_enough),
      cmocka_unit_test(newer_struct_with_zeros_is_taken),
      cmocka_unit_test(newer_struct_with_a_value_is_refused),
      cmocka_unit_test(impossible_sizes_are_refused),
      cmocka_unit_test(same_version_is_filled),
      cmocka_unit_test(older_struct_gets_what_it_has_room_for),
      cmocka_unit_test(newer_struct_gets_zeros),
      cmocka_unit_test(nothing_is_filled_of_an_impossible_size),
  };
  return cmocka_run_group_tests_name("opts", tests, NULL, NULL);
}
