/* Named values: five kinds, unknown kinds, and reading from text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/named_values.h"
#include "expect.h"

static int make(void **state) {
  pjrt_named_values *values;
  expect_ok(pjrt_named_values_create(&values));
  *state = values;
  return 0;
}

static int unmake(void **state) {
  pjrt_named_values_free(*state);
  return 0;
}

static void test_all_kinds_are_kept(void **state) {
  pjrt_named_values *values = *state;
  int64_t list[] = {-1, 2};
  char text[] = "t\0xt";
  size_t size;
  expect_ok(pjrt_named_values_set_string(values, "s", 1, text, 4));
  expect_ok(pjrt_named_values_set_int64(values, "i", PJRT_NUL_ENDED, -7));
  expect_ok(pjrt_named_values_set_int64_list(values, "l", 1, list, 2));
  expect_ok(pjrt_named_values_set_float(values, "f", 1, 0.5f));
  expect_ok(pjrt_named_values_set_bool(values, "b", 1, true));
  memset(list, 0, sizeof list);
  memset(text, 'x', sizeof text);
  assert_int_equal(pjrt_named_values_size(values), 5);
  assert_memory_equal(pjrt_named_values_string(values, 0, &size), "t\0xt", 5);
  assert_int_equal(size, 4);
  assert_int_equal(pjrt_named_values_int64(values, 1), -7);
  const int64_t *kept = pjrt_named_values_int64_list(values, 2, &size);
  assert_int_equal(size, 2);
  assert_int_equal(kept[0], -1);
  assert_int_equal(kept[1], 2);
  assert_true(pjrt_named_values_float(values, 3) == 0.5f);
  assert_true(pjrt_named_values_bool(values, 4));
  for (unsigned i = 0; i < 5; i++) {
    assert_int_equal(pjrt_named_values_kind(values, i), i);
  }
  assert_string_equal(pjrt_named_values_name(values, 2, &size), "l");
  assert_int_equal(size, 1);
}

static void test_other_kinds_read_as_nothing(void **state) {
  pjrt_named_values *values = *state;
  size_t size = 1;
  expect_ok(pjrt_named_values_set_int64(values, "i", 1, 3));
  expect_ok(pjrt_named_values_set_string(values, "s", 1, "true", 4));
  assert_string_equal(pjrt_named_values_string(values, 0, &size), "");
  assert_int_equal(size, 0);
  assert_int_equal(pjrt_named_values_int64(values, 1), 0);
  assert_true(pjrt_named_values_float(values, 0) == 0);
  assert_false(pjrt_named_values_bool(values, 1));
  size = 1;
  pjrt_named_values_int64_list(values, 0, &size);
  assert_int_equal(size, 0);
}

static void test_past_the_end_is_nothing(void **state) {
  pjrt_named_values *values = *state;
  assert_string_equal(pjrt_named_values_name(values, 0, NULL), "");
  assert_string_equal(pjrt_named_values_string(values, 0, NULL), "");
  assert_true((int)pjrt_named_values_kind(values, 0) == -1);
  assert_null(pjrt_named_values_at(values, 0));
  assert_int_equal(pjrt_named_values_size(NULL), 0);
  assert_int_equal(pjrt_named_values_find(NULL, "a", 1), 0);
  pjrt_named_values_free(NULL);
}

static void test_setting_again_replaces(void **state) {
  pjrt_named_values *values = *state;
  expect_ok(pjrt_named_values_set_string(values, "a", 1, "old", 3));
  expect_ok(pjrt_named_values_set_int64(values, "b", 1, 2));
  expect_ok(pjrt_named_values_set_int64_list(values, "a", 1, NULL, 0));
  assert_int_equal(pjrt_named_values_size(values), 2);
  assert_int_equal(pjrt_named_values_kind(values, 0), PJRT_VALUE_INT64_LIST);
  assert_int_equal(pjrt_named_values_find(values, "b", 1), 1);
  assert_int_equal(pjrt_named_values_find(values, "bb", 2), 2);
}

static void test_empty_names_are_refused(void **state) {
  pjrt_named_values *values = *state;
  expect_error(pjrt_named_values_set_int64(values, "", 0, 1),
               PJRT_INVALID_ARGUMENT, "needs a name");
  expect_error(pjrt_named_values_set_bool(values, NULL, 3, true),
               PJRT_INVALID_ARGUMENT, "needs a name");
  assert_int_equal(pjrt_named_values_size(values), 0);
}

static void test_append_keeps_what_a_plugin_sends(void **state) {
  pjrt_named_values *values = *state;
  const pjrt_named_value unknown = {
      .name = "new", .name_size = 3, .kind = (pjrt_value_kind)42};
  const pjrt_named_value nameless = {.kind = PJRT_VALUE_STRING,
                                     .value_size = 8};
  const pjrt_named_value listless = {.name = "new",
                                     .name_size = 3,
                                     .kind = PJRT_VALUE_INT64_LIST,
                                     .value_size = 8};
  expect_ok(pjrt_named_values_append(values, &unknown));
  expect_ok(pjrt_named_values_append(values, &nameless));
  expect_ok(pjrt_named_values_append(values, &listless));
  assert_int_equal(pjrt_named_values_size(values), 3);
  assert_int_equal(pjrt_named_values_kind(values, 0), 42);
  assert_string_equal(pjrt_named_values_name(values, 0, NULL), "new");
  assert_string_equal(pjrt_named_values_string(values, 0, NULL), "");
  assert_string_equal(pjrt_named_values_name(values, 1, NULL), "");
  assert_string_equal(pjrt_named_values_string(values, 1, NULL), "");
  assert_int_equal(pjrt_named_values_at(values, 2)->value_size, 0);
}

static void test_growing_keeps_everything(void **state) {
  pjrt_named_values *values = *state;
  for (int i = 0; i < 100; i++) {
    const char name = (char)(i + 1);
    expect_ok(pjrt_named_values_set_int64(values, &name, 1, i));
  }
  for (unsigned i = 0; i < 100; i++) {
    assert_int_equal(pjrt_named_values_int64(values, i), i);
  }
}

static void parse(pjrt_named_values *values, const char *text) {
  expect_ok(pjrt_named_values_parse(values, text, PJRT_NUL_ENDED));
}

static void test_parse_guesses_the_kind(void **state) {
  static const struct {
    const char *text;
    pjrt_value_kind kind;
  } rows[] = {
      {"v=true", PJRT_VALUE_BOOL},       {"v=false", PJRT_VALUE_BOOL},
      {"v=8", PJRT_VALUE_INT64},         {"v=-8", PJRT_VALUE_INT64},
      {"v=0.5", PJRT_VALUE_FLOAT},       {"v=1e3", PJRT_VALUE_FLOAT},
      {"v=-.5", PJRT_VALUE_FLOAT},       {"v=[1,2]", PJRT_VALUE_INT64_LIST},
      {"v=[]", PJRT_VALUE_INT64_LIST},   {"v=", PJRT_VALUE_STRING},
      {"v=True", PJRT_VALUE_STRING},     {"v=1.2.3", PJRT_VALUE_STRING},
      {"v=e3", PJRT_VALUE_STRING},       {"v=inf", PJRT_VALUE_STRING},
      {"v=0x10", PJRT_VALUE_STRING},     {"v=-", PJRT_VALUE_STRING},
      {"v=a=b", PJRT_VALUE_STRING},      {"v=8 ", PJRT_VALUE_STRING},
      {"v:string=8", PJRT_VALUE_STRING}, {"v:float=8", PJRT_VALUE_FLOAT},
      {"v:int64=8", PJRT_VALUE_INT64},   {"v:list=[8]", PJRT_VALUE_INT64_LIST},
      {"v:bool=true", PJRT_VALUE_BOOL},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    parse(*state, rows[i].text);
    if (pjrt_named_values_kind(*state, 0) != rows[i].kind) {
      fail_msg("'%s' has kind %d", rows[i].text,
               (int)pjrt_named_values_kind(*state, 0));
    }
  }
  assert_int_equal(pjrt_named_values_size(*state), 1);
}

static void test_parse_reads_values(void **state) {
  pjrt_named_values *values = *state;
  size_t size;
  parse(values, "i=-9223372036854775808");
  parse(values, "f=-1.5e-3");
  parse(values, "l=[ 1, -2 ,3]");
  parse(values, "s=a=[b],c");
  parse(values, "name:with:colons:string=x");
  assert_true(pjrt_named_values_int64(values, 0) == INT64_MIN);
  assert_true(pjrt_named_values_float(values, 1) == -1.5e-3f);
  const int64_t *list = pjrt_named_values_int64_list(values, 2, &size);
  assert_int_equal(size, 3);
  assert_int_equal(list[0], 1);
  assert_int_equal(list[1], -2);
  assert_int_equal(list[2], 3);
  assert_string_equal(pjrt_named_values_string(values, 3, NULL), "a=[b],c");
  assert_string_equal(pjrt_named_values_name(values, 4, NULL),
                      "name:with:colons");
}

static void test_parse_names_what_is_wrong(void **state) {
  static const struct {
    const char *text;
    const char *part;
  } rows[] = {
      {"", "expected name=value"},
      {"name", "got 'name'"},
      {"=8", "got '=8'"},
      {":int64=8", "needs a name"},
      {"v:int=8", "got 'v:int'"},
      {"v=99999999999999999999", "v: expected an integer of 64 bits"},
      {"v:int64=x", "got 'x'"},
      {"v:bool=1", "expected true or false, got '1'"},
      {"v:float=x", "expected a number"},
      {"v=[1,x]", "such as [1,2], got '[1,x]'"},
      {"v=[1,]", "got '[1,]'"},
      {"v=[1", "got '[1'"},
      {"v:list=1", "got '1'"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    expect_error(pjrt_named_values_parse(*state, rows[i].text, PJRT_NUL_ENDED),
                 PJRT_INVALID_ARGUMENT, rows[i].part);
  }
  expect_error(pjrt_named_values_parse(*state, NULL, 0), PJRT_INVALID_ARGUMENT,
               "expected name=value");
  assert_int_equal(pjrt_named_values_size(*state), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_all_kinds_are_kept, make, unmake),
      cmocka_unit_test_setup_teardown(test_other_kinds_read_as_nothing, make,
                                      unmake),
      cmocka_unit_test_setup_teardown(test_past_the_end_is_nothing, make,
                                      unmake),
      cmocka_unit_test_setup_teardown(test_setting_again_replaces, make,
                                      unmake),
      cmocka_unit_test_setup_teardown(test_empty_names_are_refused, make,
                                      unmake),
      cmocka_unit_test_setup_teardown(test_append_keeps_what_a_plugin_sends,
                                      make, unmake),
      cmocka_unit_test_setup_teardown(test_growing_keeps_everything, make,
                                      unmake),
      cmocka_unit_test_setup_teardown(test_parse_guesses_the_kind, make,
                                      unmake),
      cmocka_unit_test_setup_teardown(test_parse_reads_values, make, unmake),
      cmocka_unit_test_setup_teardown(test_parse_names_what_is_wrong, make,
                                      unmake),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
