/* Programs: what is one, and how others are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "core/program.h"
#include "temp_tree.h"
#include "wire_writer.h"

static const char kText[] = "func.func @main() { return }";
static const char kBytecode[] = "ML\xefR\x0dStableHLO_v1.0.0\0rest";

static wire_writer hlo_module(void) {
  wire_writer module = {.size = 0};
  wire_field(&module, 1, "main", 4);
  wire_field(&module, 3, "\x0a\x04main", 6);
  return module;
}

static void expect_format(const void *code, size_t size,
                          pjrt_program_format asked,
                          pjrt_program_format expected) {
  pjrt_program *program = NULL;
  assert_null(pjrt_program_create(code, size, asked, &program));
  assert_int_equal(pjrt_program_format_of(program), expected);
  size_t kept_size = 0;
  const void *kept = pjrt_program_code(program, &kept_size);
  assert_int_equal(kept_size, size);
  assert_ptr_not_equal(kept, code);
  assert_memory_equal(kept, code, size);
  pjrt_program_free(program);
}

/* Every message names what was expected and what came. */
static void expect_refused(const void *code, size_t size,
                           pjrt_program_format format, const char *expected,
                           const char *came) {
  pjrt_program *program = (pjrt_program *)&program;
  pjrt_error *error = pjrt_program_create(code, size, format, &program);
  assert_int_equal(pjrt_error_code(error), PJRT_INVALID_ARGUMENT);
  assert_int_equal(pjrt_error_origin(error), PJRT_ORIGIN_LIBRARY);
  const char *message = pjrt_error_message(error, NULL);
  if (!strstr(message, expected) || !strstr(message, came)) {
    fail_msg("'%s' lacks '%s' or '%s'", message, expected, came);
  }
  assert_null(strchr(message, '\n'));
  assert_null(program);
  pjrt_error_free(error);
}

/* ---- formats ------------------------------------------------------------- */

static void formats_are_detected(void **state) {
  (void)state;
  const wire_writer hlo = hlo_module();
  expect_format(kText, sizeof kText - 1, PJRT_FORMAT_AUTO, PJRT_FORMAT_MLIR);
  expect_format(kBytecode, sizeof kBytecode, PJRT_FORMAT_AUTO,
                PJRT_FORMAT_MLIR);
  expect_format(hlo.data, hlo.size, PJRT_FORMAT_AUTO, PJRT_FORMAT_HLO);
}

static void named_formats_are_checked(void **state) {
  (void)state;
  const wire_writer hlo = hlo_module();
  expect_format(kText, sizeof kText - 1, PJRT_FORMAT_MLIR, PJRT_FORMAT_MLIR);
  expect_format(kBytecode, sizeof kBytecode, PJRT_FORMAT_MLIR,
                PJRT_FORMAT_MLIR);
  expect_format(hlo.data, hlo.size, PJRT_FORMAT_HLO, PJRT_FORMAT_HLO);
  expect_refused(hlo.data, hlo.size, PJRT_FORMAT_MLIR, "StableHLO",
                 "an HloModuleProto");
  expect_refused(kText, sizeof kText - 1, PJRT_FORMAT_HLO, "HloModuleProto",
                 "text");
  expect_refused(kBytecode, sizeof kBytecode, PJRT_FORMAT_HLO, "HloModuleProto",
                 "MLIR bytecode");
  expect_refused(kText, sizeof kText - 1, (pjrt_program_format)9,
                 "not a program format", "9");
}

static void format_names_are_those_of_pjrt(void **state) {
  (void)state;
  assert_string_equal(pjrt_program_format_name(PJRT_FORMAT_MLIR), "mlir");
  assert_string_equal(pjrt_program_format_name(PJRT_FORMAT_HLO), "hlo");
}

static void size_up_to_the_nul(void **state) {
  (void)state;
  pjrt_program *program = NULL;
  assert_null(
      pjrt_program_create(kText, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO, &program));
  size_t size;
  pjrt_program_code(program, &size);
  assert_int_equal(size, sizeof kText - 1);
  pjrt_program_free(program);
}

/* ---- what is no program -------------------------------------------------- */

static void nothing(void **state) {
  (void)state;
  expect_refused("", 0, PJRT_FORMAT_AUTO, "StableHLO", "nothing");
  expect_refused(NULL, 0, PJRT_FORMAT_MLIR, "StableHLO", "nothing");
  expect_refused(NULL, 7, PJRT_FORMAT_HLO, "StableHLO", "nothing");
  pjrt_program_free(NULL);
}

static void files_of_other_kinds(void **state) {
  (void)state;
  static const struct {
    const char *data;
    size_t size;
    const char *kind;
  } others[] = {
      {"\x7f"
       "ELF\x02\x01\x01\0",
       8, "an ELF file"},
      {"PK\x03\x04zip", 7, "a zip archive"},
      {"\x1f\x8b\x08\0", 4, "a gzip file"},
      {"\x93NUMPY\x01\0", 8, "a .npy file"},
      {"BC\xc0\xde\0", 5, "LLVM bitcode"},
      {"HloModule main, x={}", 20, "the text of HLO"},
      {"text with \0 in it", 17, "17 bytes of data that start 74 65 78 74"},
      {"\xff", 1, "1 bytes of data that start ff"},
  };
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    expect_refused(others[i].data, others[i].size, PJRT_FORMAT_AUTO,
                   "StableHLO", others[i].kind);
  }
}

static void module_with_config_is_named(void **state) {
  (void)state;
  const wire_writer module = hlo_module();
  wire_writer wrapped = {.size = 0};
  wire_message(&wrapped, 1, &module);
  wire_field(&wrapped, 2, "\x08\x01", 2);
  expect_refused(wrapped.data, wrapped.size, PJRT_FORMAT_AUTO,
                 "a serialized HloModuleProto", "an HloModuleProtoWithConfig");
}

static void cut_module(void **state) {
  (void)state;
  const wire_writer hlo = hlo_module();
  for (size_t size = 1; size < hlo.size; size++) {
    expect_refused(hlo.data, size, PJRT_FORMAT_HLO, "HloModuleProto", "");
  }
}

static void texts_are_valid_utf8(void **state) {
  (void)state;
  static const struct {
    const char *text;
    bool is_valid;
  } texts[] = {
      {"// caf\xc3\xa9", true},
      {"// \xe2\x82\xac \xf0\x9f\x98\x80 \xf4\x8f\xbf\xbf", true},
      {"\t\r\n\v\f", true},
      {"a\x01", false},            /* a control character */
      {"\x80", false},             /* starts in the middle */
      {"\xc3", false},             /* ends in the middle */
      {"\xe2\x82", false},         /* the same */
      {"\xc3(", false},            /* breaks off */
      {"\xc0\xaf", false},         /* longer than needed */
      {"\xe0\x9f\xbf", false},     /* the same */
      {"\xf0\x8f\xbf\xbf", false}, /* the same */
      {"\xed\xa0\x80", false},     /* a surrogate */
      {"\xf4\x90\x80\x80", false}, /* past the last code point */
      {"\xf8\x88\x80\x80\x80", false},
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    const size_t size = strlen(texts[i].text);
    if (texts[i].is_valid) {
      expect_format(texts[i].text, size, PJRT_FORMAT_AUTO, PJRT_FORMAT_MLIR);
    } else {
      expect_refused(texts[i].text, size, PJRT_FORMAT_AUTO, "StableHLO",
                     "bytes of data");
    }
  }
}

/* ---- files --------------------------------------------------------------- */

static void expect_unreadable(const char *path, pjrt_code code,
                              const char *part) {
  pjrt_program *program = (pjrt_program *)&program;
  pjrt_error *error = pjrt_program_read(path, PJRT_NUL_ENDED, &program);
  assert_int_equal(pjrt_error_code(error), code);
  const char *message = pjrt_error_message(error, NULL);
  if (!strstr(message, path) || !strstr(message, part)) {
    fail_msg("'%s' lacks '%s' or '%s'", message, path, part);
  }
  assert_null(program);
  pjrt_error_free(error);
}

static void files_are_read(void **state) {
  (void)state;
  temp_tree tree;
  temp_tree_make(&tree);
  temp_write(&tree, "program", kBytecode, sizeof kBytecode);
  temp_path path;
  pjrt_program *program = NULL;
  assert_null(pjrt_program_read(temp_at(&tree, "program", &path),
                                PJRT_NUL_ENDED, &program));
  temp_tree_remove(&tree);
  assert_int_equal(pjrt_program_format_of(program), PJRT_FORMAT_MLIR);
  size_t size = 0;
  const void *code = pjrt_program_code(program, &size);
  assert_int_equal(size, sizeof kBytecode);
  assert_memory_equal(code, kBytecode, size);
  pjrt_program_free(program);
}

static void bad_files_are_named(void **state) {
  (void)state;
  temp_tree tree;
  temp_tree_make(&tree);
  temp_path path;
  temp_write(&tree, "empty", "", 0);
  expect_unreadable(temp_at(&tree, "empty", &path), PJRT_INVALID_ARGUMENT,
                    "nothing");
  temp_write(&tree, "array", "\x93NUMPY", 6);
  expect_unreadable(temp_at(&tree, "array", &path), PJRT_INVALID_ARGUMENT,
                    "a .npy file");
  expect_unreadable(temp_at(&tree, "absent", &path), PJRT_NOT_FOUND,
                    "No such file");
  expect_unreadable(tree.root, PJRT_INVALID_ARGUMENT, "a folder");
  assert_int_equal(mkfifo(temp_at(&tree, "fifo", &path), 0600), 0);
  expect_unreadable(path.text, PJRT_INVALID_ARGUMENT, "a FIFO");
  temp_tree_remove(&tree);
}

static void paths_without_a_name(void **state) {
  (void)state;
  pjrt_program *program = NULL;
  assert_int_equal(pjrt_error_consume(pjrt_program_read("a\0b", 3, &program)),
                   PJRT_INVALID_ARGUMENT);
  assert_int_equal(pjrt_error_consume(pjrt_program_read(NULL, 0, &program)),
                   PJRT_INVALID_ARGUMENT);
}

static void real_programs(void **state) {
  (void)state;
  const char *source = getenv("PJRT_TEST_SOURCE_DIR");
  if (!source) {
    print_message("skip: PJRT_TEST_SOURCE_DIR is not set\n");
    skip();
  }
  static const struct {
    const char *name;
    pjrt_program_format format;
  } files[] = {{"program.mlir", PJRT_FORMAT_MLIR},
               {"program.bc", PJRT_FORMAT_MLIR},
               {"program.vhlo", PJRT_FORMAT_MLIR},
               {"program.hlo.pb", PJRT_FORMAT_HLO}};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    char path[4096];
    snprintf(path, sizeof path, "%s/tests/data/formats/dense/%s", source,
             files[i].name);
    pjrt_program *program = NULL;
    pjrt_error *error = pjrt_program_read(path, PJRT_NUL_ENDED, &program);
    assert_string_equal(pjrt_error_message(error, NULL), "");
    assert_int_equal(pjrt_program_format_of(program), files[i].format);
    pjrt_program_free(program);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(formats_are_detected),
      cmocka_unit_test(named_formats_are_checked),
      cmocka_unit_test(format_names_are_those_of_pjrt),
      cmocka_unit_test(size_up_to_the_nul),
      cmocka_unit_test(nothing),
      cmocka_unit_test(files_of_other_kinds),
      cmocka_unit_test(module_with_config_is_named),
      cmocka_unit_test(cut_module),
      cmocka_unit_test(texts_are_valid_utf8),
      cmocka_unit_test(files_are_read),
      cmocka_unit_test(bad_files_are_named),
      cmocka_unit_test(paths_without_a_name),
      cmocka_unit_test(real_programs),
  };
  return cmocka_run_group_tests_name("program", tests, NULL, NULL);
}
