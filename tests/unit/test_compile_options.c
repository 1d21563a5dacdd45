/* Compile options: exact bytes, and everything that plugins die of refused. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/compile_options.h"
#include "pjrt/named_values.h"

static pjrt_compile_opts defaults(void) {
  pjrt_compile_opts opts;
  pjrt_compile_opts_init(&opts);
  return opts;
}

/* `hex` is the expected form, blanks between its parts. */
static void expect_bytes(const pjrt_compile_opts *opts, const int *ids,
                         size_t num_ids, const char *hex) {
  unsigned char expected[256];
  size_t expected_size = 0;
  for (char *end; *hex; hex = end) {
    expected[expected_size++] = (unsigned char)strtoul(hex, &end, 16);
  }
  void *bytes = NULL;
  size_t size = 0;
  pjrt_error *error =
      pjrt_compile_options_serialize(opts, ids, num_ids, &bytes, &size);
  assert_string_equal(pjrt_error_message(error, NULL), "");
  assert_int_equal(size, expected_size);
  assert_memory_equal(bytes, expected, size);
  free(bytes);
}

static void expect_refused(const pjrt_compile_opts *opts, const char *part) {
  void *bytes = &bytes;
  size_t size = 1;
  pjrt_error *error =
      pjrt_compile_options_serialize(opts, NULL, 0, &bytes, &size);
  assert_int_equal(pjrt_error_code(error), PJRT_INVALID_ARGUMENT);
  const char *message = pjrt_error_message(error, NULL);
  if (!strstr(message, part)) fail_msg("'%s' lacks '%s'", message, part);
  assert_null(bytes);
  assert_int_equal(size, 0);
  pjrt_error_free(error);
}

/* ---- bytes --------------------------------------------------------------- */

static void defaults_are_the_smallest_valid_form(void **state) {
  (void)state;
  const pjrt_compile_opts opts = defaults();
  expect_bytes(&opts, NULL, 0, "1a 04 20 01 28 01");
}

static void flags_add_one_field_each(void **state) {
  (void)state;
  pjrt_compile_opts opts = defaults();
  opts.use_shardy_partitioner = true;
  expect_bytes(&opts, NULL, 0, "1a 07 20 01 28 01 98 01 01");
  opts = defaults();
  opts.compile_portable_executable = true;
  expect_bytes(&opts, NULL, 0, "1a 04 20 01 28 01 20 01");
}

static void partitions_are_split_by_spmd_unless_told_not_to(void **state) {
  (void)state;
  pjrt_compile_opts opts = defaults();
  opts.num_partitions = 2;
  expect_bytes(&opts, NULL, 0, "1a 06 20 01 28 02 30 01");
  opts.use_spmd_partitioning = false;
  expect_bytes(&opts, NULL, 0, "1a 04 20 01 28 02");
  opts = defaults();
  opts.num_replicas = 300;
  expect_bytes(&opts, NULL, 0, "1a 05 20 ac 02 28 01");
}

static void device_ids_are_turned_partition_major(void **state) {
  (void)state;
  pjrt_compile_opts opts = defaults();
  opts.num_replicas = 3;
  opts.num_partitions = 2;
  const int ids[] = {10, 11, 20, 21, 30, 31};
  expect_bytes(&opts, ids, 6,
               "1a 25 08 ff ff ff ff ff ff ff ff ff 01 20 03 28 02 30 01"
               "  4a 12 08 03 10 02"
               "     1a 05 0a 03 0a 14 1e"
               "     1a 05 0a 03 0b 15 1f");
}

static void portable_executables_have_no_devices(void **state) {
  (void)state;
  pjrt_compile_opts opts = defaults();
  opts.compile_portable_executable = true;
  const int id = 0;
  expect_bytes(&opts, &id, 1, "1a 04 20 01 28 01 20 01");
}

static void xla_options_of_four_kinds(void **state) {
  (void)state;
  pjrt_named_values *values = NULL;
  assert_null(pjrt_named_values_create(&values));
  assert_null(pjrt_named_values_set_string(values, "s", 1, "xy", 2));
  assert_null(pjrt_named_values_set_int64(values, "i", 1, 5));
  assert_null(pjrt_named_values_set_float(values, "f", 1, 0.5f));
  assert_null(pjrt_named_values_set_bool(values, "b", 1, true));
  assert_null(pjrt_named_values_set_bool(values, "n", 1, false));
  pjrt_compile_opts opts = defaults();
  opts.xla_options = values;
  expect_bytes(&opts, NULL, 0,
               "1a 04 20 01 28 01"
               " 3a 09 0a 01 73 12 04 0a 02 78 79"
               " 3a 07 0a 01 69 12 02 18 05"
               " 3a 0e 0a 01 66 12 09 21 00 00 00 00 00 00 e0 3f"
               " 3a 07 0a 01 62 12 02 10 01"
               " 3a 07 0a 01 6e 12 02 10 00");
  pjrt_named_values_free(values);
}

/* ---- refusals ------------------------------------------------------------ */

static void counts_below_one_or_too_large(void **state) {
  (void)state;
  const int bad[] = {0, -1, INT_MIN};
  for (size_t i = 0; i < 3; i++) {
    pjrt_compile_opts opts = defaults();
    opts.num_replicas = bad[i];
    expect_refused(&opts, "num_replicas is");
    opts = defaults();
    opts.num_partitions = bad[i];
    expect_refused(&opts, "num_partitions is");
  }
  pjrt_compile_opts opts = defaults();
  opts.num_replicas = 65536;
  opts.num_partitions = 65536;
  expect_refused(&opts, "65536 replicas of 65536 partitions");
}

static void device_ids_that_do_not_fit(void **state) {
  (void)state;
  const int ids[] = {3, 1, 3, 0};
  pjrt_compile_opts opts = defaults();
  opts.num_replicas = 2;
  opts.device_ids = ids;
  opts.num_device_ids = 3;
  expect_refused(&opts, "need 2 device ids, got 3");
  opts.num_device_ids = 0;
  expect_refused(&opts, "need 2 device ids, got 0");
  opts.num_device_ids = 4;
  opts.num_partitions = 2;
  expect_refused(&opts, "device 3 is named twice");
  opts.device_ids = NULL;
  expect_refused(&opts, "device_ids is NULL, expected 4 ids");
  opts = defaults();
  opts.device_ids = ids;
  opts.num_device_ids = 1;
  opts.compile_portable_executable = true;
  expect_refused(&opts, "portable");
}

static void default_ids_are_checked_too(void **state) {
  (void)state;
  const pjrt_compile_opts opts = defaults();
  const int ids[] = {0, 1};
  void *bytes;
  size_t size;
  assert_int_equal(pjrt_error_consume(pjrt_compile_options_serialize(
                       &opts, ids, 2, &bytes, &size)),
                   PJRT_INVALID_ARGUMENT);
}

static void xla_options_that_xla_does_not_take(void **state) {
  (void)state;
  pjrt_named_values *values = NULL;
  assert_null(pjrt_named_values_create(&values));
  const int64_t list[] = {1, 2};
  assert_null(pjrt_named_values_set_int64_list(values, "xla_list", 8, list, 2));
  pjrt_compile_opts opts = defaults();
  opts.xla_options = values;
  expect_refused(&opts,
                 "xla_list: expected a string, int64, float or bool, "
                 "got a list");
  pjrt_named_values_free(values);

  assert_null(pjrt_named_values_create(&values));
  assert_null(pjrt_named_values_set_string(values, "xla_text", 8, "a\0b", 3));
  opts.xla_options = values;
  expect_refused(&opts, "xla_text: expected text, got a NUL byte");
  pjrt_named_values_free(values);
}

/* ---- the serialized form ------------------------------------------------- */

typedef struct serialized_case {
  const char *data;
  size_t size;
  const char *part; /* of the message; NULL: valid */
} serialized_case;

#define SERIALIZED(text, part) {text, sizeof(text) - 1, part}

static const serialized_case kSerialized[] = {
    SERIALIZED("\x1a\x04\x20\x01\x28\x01", NULL),
    /* in another order, with other fields, and merged from two messages */
    SERIALIZED("\x20\x01\x1a\x02\x28\x02\x1a\x04\x20\x03\x30\x01", NULL),
    /* the second num_replicas is of the wrong wire type: not the field */
    SERIALIZED("\x1a\x09\x20\x01\x28\x01\x25\x00\x00\x00\x00", NULL),
    SERIALIZED("", "num_replicas is 0"),
    SERIALIZED("\x1a\x00", "num_replicas is 0"),
    SERIALIZED("\x20\x01", "num_replicas is 0"),
    SERIALIZED("\x1a\x02\x20\x01", "num_partitions is 0"),
    SERIALIZED("\x1a\x04\x20\x00\x28\x01", "num_replicas is 0"),
    SERIALIZED("\x1a\x04\x20\x01\x28\x00", "num_partitions is 0"),
    SERIALIZED("\x1a\x07\x25\x01\x00\x00\x00\x28\x01", "num_replicas is 0"),
    /* later ones win */
    SERIALIZED("\x1a\x04\x20\x01\x28\x01\x1a\x02\x20\x00", "num_replicas is 0"),
    SERIALIZED("\x1a\x0d\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x28\x01",
               "num_replicas is -1"),
    /* 2^32 + 1, of which a plugin would keep the lower half */
    SERIALIZED("\x1a\x08\x20\x81\x80\x80\x80\x10\x28\x01",
               "num_replicas is 4294967297"),
    SERIALIZED("\x1a\x04\x20\x01\x28", "expected a serialized"),
    SERIALIZED("\x1a\x03\x20\x01\x28", "expected a serialized"),
    SERIALIZED("garbage", "expected a serialized"),
};

static void serialized_forms_are_judged(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof kSerialized / sizeof *kSerialized; i++) {
    const serialized_case *test = &kSerialized[i];
    pjrt_compile_opts opts = defaults();
    opts.serialized = test->data;
    opts.serialized_size = test->size;
    if (test->part) {
      expect_refused(&opts, test->part);
      continue;
    }
    void *bytes = NULL;
    size_t size = 0;
    assert_null(pjrt_compile_options_serialize(&opts, NULL, 0, &bytes, &size));
    assert_int_equal(size, test->size);
    assert_memory_equal(bytes, test->data, size);
    free(bytes);
  }
}

static void counts_of_a_serialized_form(void **state) {
  (void)state;
  int num_replicas = 0;
  int num_partitions = 0;
  assert_null(pjrt_compile_options_counts(kSerialized[1].data,
                                          kSerialized[1].size, &num_replicas,
                                          &num_partitions));
  assert_int_equal(num_replicas, 3);
  assert_int_equal(num_partitions, 2);
}

static void what_is_written_can_be_read(void **state) {
  (void)state;
  pjrt_compile_opts opts = defaults();
  opts.num_replicas = 2;
  opts.num_partitions = 4;
  const int ids[] = {7, 6, 5, 4, 3, 2, 1, 0};
  void *bytes = NULL;
  size_t size = 0;
  assert_null(pjrt_compile_options_serialize(&opts, ids, 8, &bytes, &size));
  int num_replicas = 0;
  int num_partitions = 0;
  assert_null(
      pjrt_compile_options_counts(bytes, size, &num_replicas, &num_partitions));
  assert_int_equal(num_replicas, 2);
  assert_int_equal(num_partitions, 4);
  free(bytes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(defaults_are_the_smallest_valid_form),
      cmocka_unit_test(flags_add_one_field_each),
      cmocka_unit_test(partitions_are_split_by_spmd_unless_told_not_to),
      cmocka_unit_test(device_ids_are_turned_partition_major),
      cmocka_unit_test(portable_executables_have_no_devices),
      cmocka_unit_test(xla_options_of_four_kinds),
      cmocka_unit_test(counts_below_one_or_too_large),
      cmocka_unit_test(device_ids_that_do_not_fit),
      cmocka_unit_test(default_ids_are_checked_too),
      cmocka_unit_test(xla_options_that_xla_does_not_take),
      cmocka_unit_test(serialized_forms_are_judged),
      cmocka_unit_test(counts_of_a_serialized_form),
      cmocka_unit_test(what_is_written_can_be_read),
  };
  return cmocka_run_group_tests_name("compile_options", tests, NULL, NULL);
}
