/* RECORD and entry_points.txt are read as Python reads them, and hostile ones
 * name nothing outside the packages' folder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/dist_info.h"

static pjrt_span span(const char *text) {
  return (pjrt_span){text, strlen(text)};
}

static void expect_span(pjrt_span actual, const char *expected) {
  if (!pjrt_span_equal(actual, expected)) {
    fail_msg("\"%.*s\" instead of \"%s\"", (int)actual.size, actual.text,
             expected);
  }
}

/* Reads `text` from memory of exactly its size, and expects these paths. */
static void expect_paths(const char *text, const char *const *paths) {
  size_t size = strlen(text);
  char *copy = malloc(size ? size : 1);
  assert_non_null(copy);
  memcpy(copy, text, size);
  pjrt_record record = {.at = copy, .end = copy + size};
  pjrt_span path;
  for (; *paths; paths++) {
    assert_true(pjrt_record_next(&record, &path));
    expect_span(path, *paths);
  }
  assert_false(pjrt_record_next(&record, &path));
  free(copy);
}

static void reads_the_first_field_of_each_row(void **state) {
  (void)state;
  expect_paths("a/b.so,sha256=x,12\nc.py,,\n",
               (const char *const[]){"a/b.so", "c.py", NULL});
  expect_paths("a,,\r\nb,,\r\nc\r\n",
               (const char *const[]){"a", "b", "c", NULL});
  expect_paths("no end", (const char *const[]){"no end", NULL});
  expect_paths("", (const char *const[]){NULL});
  expect_paths("\n\n,,\n,\n", (const char *const[]){NULL});
}

static void unquotes_fields(void **state) {
  (void)state;
  expect_paths("\"a,b.so\",x,1\nc,\"x\ny\",2\nd\n",
               (const char *const[]){"a,b.so", "c", "d", NULL});
  expect_paths("\"say \"\"hi\"\".so\",,\n",
               (const char *const[]){"say \"hi\".so", NULL});
  expect_paths("\"\",,\nnext\n", (const char *const[]){"next", NULL});
  expect_paths("\"ab\"cd,,\n", (const char *const[]){"abcd", NULL});
  expect_paths("a\"b,,\n", (const char *const[]){"a\"b", NULL});
}

static void survives_open_quotes(void **state) {
  (void)state;
  expect_paths("\"", (const char *const[]){NULL});
  expect_paths("\"a", (const char *const[]){"a", NULL});
  expect_paths("\"a\nb,", (const char *const[]){"a\nb,", NULL});
  expect_paths("a,\"", (const char *const[]){"a", NULL});
  expect_paths("\"a\"\"", (const char *const[]){"a\"", NULL});
}

static void accepts_only_paths_inside(void **state) {
  (void)state;
  const char *const inside[] = {"a.so", "a/b/c.so", "a/..b/c.so", "a/b../c.so",
                                ".../x.so"};
  const char *const outside[] = {
      "",   "/abs.so", "../x.so",          "a/../b.so",
      "..", "a/..",    "../../../bin/pip", "//x.so"};
  for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++) {
    assert_true(pjrt_record_path_is_inside(span(inside[i])));
  }
  for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
    assert_false(pjrt_record_path_is_inside(span(outside[i])));
  }
  assert_false(pjrt_record_path_is_inside((pjrt_span){"a\0.so", 5}));
}

static void tells_libraries_from_extension_modules(void **state) {
  (void)state;
  const char *const plain[] = {"x.so", "a/libtpu.so", "cpython-x/y.so",
                               "a.cpython-311.x/y.so"};
  const char *const others[] = {"",
                                "so",
                                "x.py",
                                "x.so.1",
                                "x.abi3.so",
                                "a/x.cpython-311-x86_64-linux-gnu.so",
                                "x.pypy39-pp73-x86_64-linux.so"};
  for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
    assert_true(pjrt_is_plain_library_name(span(plain[i])));
  }
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
    assert_false(pjrt_is_plain_library_name(span(others[i])));
  }
}

static void expect_entry(pjrt_entry_points *reader, const char *group,
                         const char *name, const char *module) {
  pjrt_entry_point entry;
  assert_true(pjrt_entry_points_next(reader, &entry));
  expect_span(entry.group, group);
  expect_span(entry.name, name);
  expect_span(entry.module, module);
}

static pjrt_entry_points open_text(const char *text) {
  return (pjrt_entry_points){.at = text, .end = text + strlen(text)};
}

static void reads_groups_and_entries(void **state) {
  (void)state;
  pjrt_entry_points reader = open_text(
      "lost = before.any:group\n"
      "[console_scripts]\r\n"
      "tool = pkg.tool:main\r\n"
      "\n"
      "  # a comment\n"
      "[jax_plugins]\n"
      "  xla_cuda13 =jax_plugins.xla_cuda13\n"
      "no equals sign\n"
      "two=pkg.mod:init [extra]\n"
      "last = a.b");
  expect_entry(&reader, "console_scripts", "tool", "pkg.tool");
  expect_entry(&reader, "jax_plugins", "xla_cuda13", "jax_plugins.xla_cuda13");
  expect_entry(&reader, "jax_plugins", "two", "pkg.mod");
  expect_entry(&reader, "jax_plugins", "last", "a.b");
  pjrt_entry_point entry;
  assert_false(pjrt_entry_points_next(&reader, &entry));
}

static void a_value_that_is_no_module_has_none(void **state) {
  (void)state;
  pjrt_entry_points reader =
      open_text("[g]\na = ../../x\nb = x/y\nc =\nd = :f\n");
  expect_entry(&reader, "g", "a", "");
  expect_entry(&reader, "g", "b", "");
  expect_entry(&reader, "g", "c", "");
  expect_entry(&reader, "g", "d", "");
}

static void matches_paths_to_modules(void **state) {
  (void)state;
  assert_true(pjrt_module_contains(span("a.b"), span("a/b/c.so")));
  assert_true(pjrt_module_contains(span("a"), span("a/b/c.so")));
  assert_false(pjrt_module_contains(span("a.b"), span("a/bc/d.so")));
  assert_false(pjrt_module_contains(span("a.b"), span("a.b/c.so")));
  assert_false(pjrt_module_contains(span("a.b"), span("a/b")));
  assert_false(pjrt_module_contains(span(""), span("/x")));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_the_first_field_of_each_row),
      cmocka_unit_test(unquotes_fields),
      cmocka_unit_test(survives_open_quotes),
      cmocka_unit_test(accepts_only_paths_inside),
      cmocka_unit_test(tells_libraries_from_extension_modules),
      cmocka_unit_test(reads_groups_and_entries),
      cmocka_unit_test(a_value_that_is_no_module_has_none),
      cmocka_unit_test(matches_paths_to_modules),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
