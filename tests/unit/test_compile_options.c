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

/* What a compilation does with a caller's struct. */
static pjrt_error *serialize(const pjrt_compile_opts *opts, const int *ids,
                             size_t num_ids, void **out, size_t *out_size) {
  pjrt_compile_opts known;
  *out = NULL;
  *out_size = 0;
  pjrt_error *error = pjrt_compile_opts_read(opts, &known);
  return error
             ? error
             : pjrt_compile_opts_serialize(&known, ids, num_ids, out, out_size);
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
  pjrt_error *error = serialize(opts, ids, num_ids, &bytes, &size);
  assert_string_equal(pjrt_error_message(error, NULL), "");
  assert_int_equal(size, expected_size);
  assert_memory_equal(bytes, expected, size);
  free(bytes);
}

static void expect_refused(const pjrt_compile_opts *opts, const char *part) {
  void *bytes = &bytes;
  size_t size = 1;
  pjrt_error *error = serialize(opts, NULL, 0, &bytes, &size);
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

static void further_fields(void **state) {
  (void)state;
  const bool some[] = {true, false};
  pjrt_compile_opts opts = defaults();
  opts.alias_passthrough_params = true;
  opts.propagate_sharding_to_outputs = some;
  opts.num_propagate_sharding_to_outputs = 1;
  opts.fdo_profile = "ab";
  opts.fdo_profile_size = 2;
  opts.device_memory_size = 1024;
  opts.propagate_sharding_to_parameters = some;
  opts.num_propagate_sharding_to_parameters = 2;
  opts.optimization_level = PJRT_EFFORT_O1;
  opts.memory_fitting_level = PJRT_EFFORT_O3;
  opts.profile_version = 3;
  expect_bytes(&opts, NULL, 0,
               "1a 1b 20 01 28 01 50 01 62 01 01 72 02 61 62 78 80 08"
               "  92 01 02 01 00 c0 01 13 c8 01 27 28 03");
}

static void layouts(void **state) {
  (void)state;
  const int64_t dims[] = {2, 300};
  const int64_t columns[] = {0, 1};
  const pjrt_shape_layout shapes[] = {{PJRT_F32, dims, 2, columns},
                                      {PJRT_BF16, dims, 2, NULL},
                                      {.dtype = PJRT_PRED}};
  pjrt_compile_opts opts = defaults();
  opts.argument_layouts = shapes;
  opts.num_argument_layouts = 2;
  opts.output_layouts = shapes + 2;
  opts.num_output_layouts = 1;
  expect_bytes(&opts, NULL, 0,
               "0a 0d 10 0b 1a 03 02 ac 02 2a 04 0a 02 00 01"
               " 0a 0d 10 10 1a 03 02 ac 02 2a 04 0a 02 01 00"
               " 1a 0a 12 04 10 01 2a 00 20 01 28 01");
  opts.argument_layouts = shapes + 2;
  opts.num_argument_layouts = 1;
  opts.output_layouts = shapes + 1;
  opts.num_output_layouts = 2;
  expect_bytes(&opts, NULL, 0,
               "0a 04 10 01 2a 00"
               " 1a 1d 12 17 10 0d 22 0d 10 10 1a 03 02 ac 02 2a 04 0a 02 01 00"
               "  22 04 10 01 2a 00 20 01 28 01");
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
  expect_refused(&opts, "device_ids is NULL, expected 4 of them");
  opts = defaults();
  opts.device_ids = ids;
  opts.num_device_ids = 1;
  opts.compile_portable_executable = true;
  expect_refused(&opts, "portable");
}

static void lists_and_sizes_that_cannot_be(void **state) {
  (void)state;
  pjrt_compile_opts opts = defaults();
  opts.num_propagate_sharding_to_outputs = 2;
  expect_refused(&opts, "propagate_sharding_to_outputs is NULL");
  opts = defaults();
  opts.num_propagate_sharding_to_parameters = 2;
  expect_refused(&opts, "propagate_sharding_to_parameters is NULL");
  opts = defaults();
  opts.fdo_profile_size = 2;
  expect_refused(&opts, "fdo_profile is NULL, expected 2 of them");
  opts = defaults();
  opts.device_memory_size = -1;
  expect_refused(&opts, "device_memory_size is -1");
}

static void layouts_that_cannot_be(void **state) {
  (void)state;
  const int64_t dims[] = {2, -1};
  const int64_t twice[] = {1, 1};
  const int64_t good[] = {2, 3};
  const pjrt_shape_layout bad[] = {{PJRT_F32, NULL, 1, NULL},
                                   {PJRT_DTYPE_INVALID, NULL, 0, NULL},
                                   {PJRT_F32, good, 2, twice},
                                   {PJRT_F32, dims, 2, NULL}};
  const char *const parts[] = {
      "argument_layouts[0]: expected its dimensions",
      "argument_layouts[0]: expected an element type",
      "argument_layouts[0]: expected every dimension once in minor_to_major",
      "argument_layouts[0]: expected dimensions of at least 0"};
  pjrt_compile_opts opts = defaults();
  opts.num_argument_layouts = 1;
  expect_refused(&opts, "argument_layouts is NULL, expected 1 of them");
  for (size_t i = 0; i < 4; i++) {
    opts.argument_layouts = &bad[i];
    expect_refused(&opts, parts[i]);
  }
  const pjrt_shape_layout scalar = {.dtype = PJRT_F32};
  opts.argument_layouts = &scalar;
  opts.output_layouts = bad;
  opts.num_output_layouts = 1;
  expect_refused(&opts, "output_layouts[0]: expected its dimensions");
  opts.argument_layouts = NULL;
  opts.num_argument_layouts = 0;
  expect_refused(&opts, "no effect without argument_layouts");
}

static void default_ids_are_checked_too(void **state) {
  (void)state;
  const pjrt_compile_opts opts = defaults();
  const int ids[] = {0, 1};
  void *bytes;
  size_t size;
  assert_int_equal(pjrt_error_consume(serialize(&opts, ids, 2, &bytes, &size)),
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

  assert_null(pjrt_named_values_create(&values));
  assert_null(pjrt_named_values_set_string(values, "xla_text", 8, "a\xff", 2));
  opts.xla_options = values;
  expect_refused(&opts,
                 "XLA option xla_text: expected text in UTF-8, got byte 0xff "
                 "at 1");
  pjrt_named_values_free(values);

  assert_null(pjrt_named_values_create(&values));
  assert_null(pjrt_named_values_set_bool(values, "xla\xff", 4, true));
  opts.xla_options = values;
  expect_refused(&opts,
                 "XLA option xla\xff: key: expected text in UTF-8, got byte "
                 "0xff at 3");
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
    assert_null(serialize(&opts, NULL, 0, &bytes, &size));
    assert_int_equal(size, test->size);
    assert_memory_equal(bytes, test->data, size);
    free(bytes);
  }
}

static void counts_of_a_serialized_form(void **state) {
  (void)state;
  pjrt_compile_facts facts;
  assert_null(pjrt_compile_facts_read(kSerialized[1].data, kSerialized[1].size,
                                      &facts));
  assert_true(facts.is_portable);
  assert_int_equal(facts.num_replicas, 3);
  assert_int_equal(facts.num_partitions, 2);
}

static void what_is_written_can_be_read(void **state) {
  (void)state;
  pjrt_compile_opts opts = defaults();
  opts.num_replicas = 2;
  opts.num_partitions = 4;
  const int ids[] = {7, 6, 5, 4, 3, 2, 1, 0};
  void *bytes = NULL;
  size_t size = 0;
  assert_null(serialize(&opts, ids, 8, &bytes, &size));
  pjrt_compile_facts facts;
  assert_null(pjrt_compile_facts_read(bytes, size, &facts));
  assert_false(facts.is_portable);
  assert_int_equal(facts.num_replicas, 2);
  assert_int_equal(facts.num_partitions, 4);
  free(bytes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(defaults_are_the_smallest_valid_form),
      cmocka_unit_test(flags_add_one_field_each),
      cmocka_unit_test(partitions_are_split_by_spmd_unless_told_not_to),
      cmocka_unit_test(device_ids_are_turned_partition_major),
      cmocka_unit_test(further_fields),
      cmocka_unit_test(layouts),
      cmocka_unit_test(layouts_that_cannot_be),
      cmocka_unit_test(portable_executables_have_no_devices),
      cmocka_unit_test(xla_options_of_four_kinds),
      cmocka_unit_test(counts_below_one_or_too_large),
      cmocka_unit_test(device_ids_that_do_not_fit),
      cmocka_unit_test(lists_and_sizes_that_cannot_be),
      cmocka_unit_test(default_ids_are_checked_too),
      cmocka_unit_test(xla_options_that_xla_does_not_take),
      cmocka_unit_test(serialized_forms_are_judged),
      cmocka_unit_test(counts_of_a_serialized_form),
      cmocka_unit_test(what_is_written_can_be_read),
  };
  return cmocka_run_group_tests_name("compile_options", tests, NULL, NULL);
}
