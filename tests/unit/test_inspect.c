/* A plugin's file is looked at without loading it, and the libraries it needs
 * are searched where the dynamic loader searches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/library_search.h"
#include "elf_image.h"
#include "pjrt/discovery.h"
#include "pjrt/inspect.h"
#include "temp_tree.h"

static void write_image(const temp_tree *tree, const char *path,
                        const elf_image_spec *spec) {
  elf_image image;
  elf_image_build(spec, &image);
  temp_write(tree, path, image.bytes, image.size);
}

static const elf_image_spec library = {.symbols = {"f"}};

/* ---- Searching ---------------------------------------------------------- */

/* Searches for liba.so on behalf of bin/x.so. */
static char *search_for(const temp_tree *tree, const elf_image_spec *by,
                        const char *library_path) {
  elf_image image;
  pjrt_elf elf;
  temp_path by_path;
  elf_image_build(by, &image);
  assert_null(pjrt_elf_parse("plugin", "x.so", image.bytes, image.size, &elf));
  char *found = NULL;
  assert_null(pjrt_library_search("liba-of-this-test.so", &elf,
                                  temp_at(tree, "bin/x.so", &by_path),
                                  library_path, &found));
  return found;
}

static void expect_found(const temp_tree *tree, const elf_image_spec *by,
                         const char *library_path, const char *expected) {
  temp_path path;
  char *found = search_for(tree, by, library_path);
  assert_non_null(found);
  assert_string_equal(found, temp_at(tree, expected, &path));
  free(found);
}

static void searches_like_the_loader(void **state) {
  const temp_tree *tree = *state;
  const char *const folders[] = {"bin/rpath", "bin/runpath", "path"};
  for (size_t i = 0; i < 3; i++) {
    char file[64];
    snprintf(file, sizeof file, "%s/liba-of-this-test.so", folders[i]);
    write_image(tree, file, &library);
  }
  temp_path on_path;
  temp_at(tree, "path", &on_path);
  const elf_image_spec none = {0};
  const elf_image_spec runpath = {.runpath = "/no/such:${ORIGIN}/runpath"};
  const elf_image_spec rpath = {.rpath = "$ORIGIN/rpath"};
  const elf_image_spec both = {.runpath = "$ORIGIN/runpath",
                               .rpath = "$ORIGIN/rpath"};
  const elf_image_spec unknown = {.runpath = "$LIB/runpath:$ORIGIN/none"};
  assert_null(search_for(tree, &none, NULL));
  assert_null(search_for(tree, &unknown, NULL));
  expect_found(tree, &none, on_path.text, "path/liba-of-this-test.so");
  expect_found(tree, &runpath, NULL, "bin/runpath/liba-of-this-test.so");
  expect_found(tree, &rpath, on_path.text, "bin/rpath/liba-of-this-test.so");
  expect_found(tree, &both, NULL, "bin/runpath/liba-of-this-test.so");
  expect_found(tree, &both, on_path.text, "path/liba-of-this-test.so");
}

static void passes_over_what_is_no_library_of_this_machine(void **state) {
  const temp_tree *tree = *state;
  const elf_image_spec foreign = {.machine = 0x1234};
  write_image(tree, "first/libb-of-this-test.so", &foreign);
  temp_write_text(tree, "second/libb-of-this-test.so", "text");
  write_image(tree, "third/libb-of-this-test.so", &library);
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/first;%s/second:%s/third", tree->root,
           tree->root, tree->root);
  char *found = NULL;
  assert_null(
      pjrt_library_search("libb-of-this-test.so", NULL, NULL, path, &found));
  assert_non_null(found);
  assert_non_null(strstr(found, "/third/"));
  free(found);
}

static void a_name_with_a_slash_is_a_path(void **state) {
  const temp_tree *tree = *state;
  temp_path path;
  char *found = NULL;
  write_image(tree, "libc-of-this-test.so", &library);
  temp_at(tree, "libc-of-this-test.so", &path);
  assert_null(pjrt_library_search(path.text, NULL, NULL, NULL, &found));
  assert_string_equal(found, path.text);
  free(found);
  temp_at(tree, "none.so", &path);
  assert_null(pjrt_library_search(path.text, NULL, NULL, NULL, &found));
  assert_null(found);
}

static void finds_the_c_library(void **state) {
  (void)state;
  char *found = NULL;
  assert_null(pjrt_library_search("libc.so.6", NULL, NULL, NULL, &found));
  assert_non_null(found);
  free(found);
}

/* Two entries of one name after a head of 48 bytes; the strings follow. */
static void reads_the_loaders_cache(void **state) {
  (void)state;
  unsigned char cache[128] = "glibc-ld.so.cache1.1";
  const uint32_t num = 2;
  const uint32_t entries[2][6] = {{0, 96, 101, 0, 0, 0}, {0, 96, 107, 0, 0, 0}};
  memcpy(cache + 20, &num, sizeof num);
  memcpy(cache + 48, entries, sizeof entries);
  memcpy(cache + 96, "a.so\0/l/a1\0/l/a2", 17);
  size_t next = 0;
  assert_string_equal(
      pjrt_loader_cache_find(cache, sizeof cache, "a.so", 0, &next), "/l/a1");
  assert_string_equal(
      pjrt_loader_cache_find(cache, sizeof cache, "a.so", next, &next),
      "/l/a2");
  assert_null(pjrt_loader_cache_find(cache, sizeof cache, "a.so", next, &next));
  assert_null(pjrt_loader_cache_find(cache, sizeof cache, "b.so", 0, &next));
}

static void survives_every_damaged_cache(void **state) {
  (void)state;
  const char *const names[] = {"a.so", ""};
  for (size_t size = 0; size <= 128; size++) {
    unsigned char *cache = malloc(size ? size : 1);
    assert_non_null(cache);
    for (int fill = 0; fill < 256; fill += 51) {
      memset(cache, fill, size);
      memcpy(cache, "glibc-ld.so.cache1.1", size < 20 ? size : 20);
      size_t next = 0;
      for (size_t i = 0; i < 2; i++) {
        (void)pjrt_loader_cache_find(cache, size, names[i], 0, &next);
      }
    }
    free(cache);
  }
}

/* ---- Judging and inspecting --------------------------------------------- */

static void expect_verdict(const temp_tree *tree, const elf_image_spec *spec,
                           const char *part) {
  temp_path path;
  write_image(tree, "judged.so", spec);
  pjrt_error *verdict =
      pjrt_plugin_judge_file(temp_at(tree, "judged.so", &path), PJRT_NUL_ENDED);
  if (!part) {
    assert_null(verdict);
    return;
  }
  assert_int_equal(pjrt_error_code(verdict), PJRT_INVALID_ARGUMENT);
  if (!strstr(pjrt_error_message(verdict, NULL), part)) {
    fail_msg("\"%s\" lacks \"%s\"", pjrt_error_message(verdict, NULL), part);
  }
  assert_non_null(strstr(pjrt_error_message(verdict, NULL), path.text));
  pjrt_error_free(verdict);
}

static void judges_by_type_machine_and_symbol(void **state) {
  const temp_tree *tree = *state;
  const elf_image_spec plugin = {.symbols = {"GetPjrtApi"}};
  elf_image_spec spec = plugin;
  expect_verdict(tree, &spec, NULL);
  spec.pie = true;
  expect_verdict(tree, &spec, "expected a shared library, found a program");
  spec = plugin;
  spec.machine = 0x1234;
  expect_verdict(tree, &spec, "found one for unknown (ELF machine 4660)");
  spec = plugin;
  spec.undefined = true;
  expect_verdict(tree, &spec, "exports no function GetPjrtApi");
}

static void refuses_bad_paths(void **state) {
  (void)state;
  assert_int_equal(pjrt_error_consume(pjrt_plugin_judge_file("", 0)),
                   PJRT_INVALID_ARGUMENT);
  assert_int_equal(pjrt_error_consume(pjrt_plugin_judge_file("a\0b", 3)),
                   PJRT_INVALID_ARGUMENT);
  pjrt_plugin_file *file = (void *)state;
  assert_int_equal(pjrt_error_consume(pjrt_plugin_file_open(
                       "/no/such/file", PJRT_NUL_ENDED, &file)),
                   PJRT_NOT_FOUND);
  assert_null(file);
}

static void tells_what_a_file_needs_and_exports(void **state) {
  const temp_tree *tree = *state;
  const elf_image_spec spec = {
      .symbols = {"GetPjrtApi", "_ZN4absl3FooEv"},
      .needed = {"libd-of-this-test.so", "none-of-this-test.so"},
      .runpath = "$ORIGIN",
      .build_id = "\x12\x34"};
  temp_path path;
  temp_path needed;
  write_image(tree, "needs.so", &spec);
  write_image(tree, "libd-of-this-test.so", &library);
  pjrt_plugin_file *file = NULL;
  assert_null(pjrt_plugin_file_open(temp_at(tree, "needs.so", &path),
                                    PJRT_NUL_ENDED, &file));
  size_t size = 0;
  assert_string_equal(pjrt_plugin_file_path(file, &size), path.text);
  assert_int_equal(size, strlen(path.text));
  assert_true(pjrt_plugin_file_size(file) > 0);
  assert_null(pjrt_plugin_file_verdict(file));
  assert_memory_equal(pjrt_plugin_file_identity(file, NULL),
                      "build-id:1234:", 14);
  assert_int_equal(pjrt_plugin_file_num_needed(file), 2);
  assert_string_equal(pjrt_plugin_file_needed(file, 0, NULL),
                      "libd-of-this-test.so");
  assert_string_equal(pjrt_plugin_file_needed_path(file, 0, NULL),
                      temp_at(tree, "libd-of-this-test.so", &needed));
  assert_string_equal(pjrt_plugin_file_needed_path(file, 1, &size), "");
  assert_int_equal(size, 0);
  assert_string_equal(pjrt_plugin_file_needed(file, 2, NULL), "");
  assert_int_equal(pjrt_plugin_file_num_exports(file), 2);
  assert_string_equal(pjrt_plugin_file_export(file, 1, &size),
                      "_ZN4absl3FooEv");
  assert_int_equal(size, 14);
  assert_string_equal(pjrt_plugin_file_export(file, 2, NULL), "");
  pjrt_plugin_file_free(file);
  pjrt_plugin_file_free(NULL);
}

static void inspects_a_plugin_for_another_machine(void **state) {
  const temp_tree *tree = *state;
  const elf_image_spec spec = {.symbols = {"GetPjrtApi"}, .machine = EM_ALPHA};
  temp_path path;
  write_image(tree, "alpha.so", &spec);
  pjrt_plugin_file *file = NULL;
  assert_null(pjrt_plugin_file_open(temp_at(tree, "alpha.so", &path),
                                    PJRT_NUL_ENDED, &file));
  assert_string_equal(pjrt_plugin_file_machine(file), "unknown");
  assert_int_equal(pjrt_error_code(pjrt_plugin_file_verdict(file)),
                   PJRT_INVALID_ARGUMENT);
  assert_int_equal(pjrt_plugin_file_num_exports(file), 1);
  pjrt_plugin_file_free(file);
}

static int make_tree(void **state) {
  static temp_tree tree;
  temp_tree_make(&tree);
  *state = &tree;
  return 0;
}

static int remove_tree(void **state) {
  temp_tree_remove(*state);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(searches_like_the_loader),
      cmocka_unit_test(passes_over_what_is_no_library_of_this_machine),
      cmocka_unit_test(a_name_with_a_slash_is_a_path),
      cmocka_unit_test(finds_the_c_library),
      cmocka_unit_test(reads_the_loaders_cache),
      cmocka_unit_test(survives_every_damaged_cache),
      cmocka_unit_test(judges_by_type_machine_and_symbol),
      cmocka_unit_test(refuses_bad_paths),
      cmocka_unit_test(tells_what_a_file_needs_and_exports),
      cmocka_unit_test(inspects_a_plugin_for_another_machine),
  };
  return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
