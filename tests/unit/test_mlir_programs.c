/* The programs that JAX exported all read, and no part of one is taken for a
 * whole. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "mlir_fixture.h"

/* Calls `visit` with each program's name and text; gives how many there are. */
static size_t each_program(void (*visit)(const char *name, const char *text,
                                         size_t size)) {
  const char *source = getenv("PJRT_TEST_SOURCE_DIR");
  if (!source) {
    print_message("skip: PJRT_TEST_SOURCE_DIR is not set\n");
    skip();
  }
  char path[4096];
  snprintf(path, sizeof path, "%s/tests/data/programs", source);
  DIR *folder = opendir(path);
  assert_non_null(folder);
  size_t num = 0;
  for (struct dirent *entry; (entry = readdir(folder));) {
    if (entry->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "%s/tests/data/programs/%s/program.mlir",
             source, entry->d_name);
    char *text;
    size_t size;
    assert_null(pjrt_file_read("program", path, 1 << 24, &text, &size));
    visit(entry->d_name, text, size);
    free(text);
    num++;
  }
  closedir(folder);
  return num;
}

static void check_program(const char *name, const char *text, size_t size) {
  pjrt_mlir_module *module;
  pjrt_error *error = pjrt_mlir_parse(text, size, &module);
  if (error) fail_msg("%s: %s", name, pjrt_error_message(error, NULL));
  assert_string_equal(module->name, name);
  const pjrt_mlir_func *func = pjrt_mlir_module_func(module, "main");
  assert_non_null(func);
  assert_true(func->is_public);
  assert_int_equal(func->body.num_arguments, func->type->num_inputs);
  for (size_t i = 0; i < module->num_funcs; i++) {
    const pjrt_mlir_block *body = &module->funcs[i].body;
    for (size_t k = 0; k < body->num_ops; k++) {
      assert_int_not_equal(body->ops[k].id, PJRT_MLIR_OTHER);
    }
  }
  pjrt_mlir_free(module);
}

static void test_programs(void **state) {
  (void)state;
  assert_true(each_program(check_program) >= 126);
}

/* A program ends with "}\n": every shorter text is not one. */
static void check_cuts(const char *name, const char *text, size_t size) {
  for (size_t end = 0; end + 2 <= size; end += 1 + size / 50) {
    char *part = malloc(end ? end : 1);
    assert_non_null(part);
    memcpy(part, text, end);
    pjrt_mlir_module *module;
    pjrt_error *error = pjrt_mlir_parse(part, end, &module);
    if (!error) fail_msg("%s: %zu of %zu bytes are accepted", name, end, size);
    pjrt_error_free(error);
    free(part);
  }
}

static void test_cut_programs(void **state) {
  (void)state;
  assert_true(each_program(check_cuts) >= 126);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_programs),
      cmocka_unit_test(test_cut_programs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
