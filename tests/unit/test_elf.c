/* ELF files are read as the dynamic loader would, and hostile ones do no
 * harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dlfcn.h>

#include "base/elf.h"
#include "elf_image.h"
#include "temp_tree.h"

static void expect_error(pjrt_error *error, pjrt_code code, const char *part) {
  assert_int_equal(pjrt_error_code(error), code);
  if (!strstr(pjrt_error_message(error, NULL), part)) {
    fail_msg("\"%s\" lacks \"%s\"", pjrt_error_message(error, NULL), part);
  }
  pjrt_error_free(error);
}

static void build_and_parse(const elf_image_spec *spec, elf_image *image,
                            pjrt_elf *elf) {
  elf_image_build(spec, image);
  assert_null(pjrt_elf_parse("plugin", "x.so", image->bytes, image->size, elf));
}

static size_t count_exports(const pjrt_elf *elf) {
  size_t num = 0;
  for (size_t i = 0; i < pjrt_elf_num_symbols(elf); i++) {
    if (pjrt_elf_export(elf, i)) num++;
  }
  return num;
}

/* ---- Right files -------------------------------------------------------- */

static void finds_functions_by_either_hash(void **state) {
  (void)state;
  for (int sysv = 0; sysv < 2; sysv++) {
    const elf_image_spec spec = {.symbols = {"other", "GetPjrtApi", "third"},
                                 .sysv_hash = sysv};
    elf_image image;
    pjrt_elf elf;
    build_and_parse(&spec, &image, &elf);
    assert_true(pjrt_elf_is_native(&elf));
    assert_true(pjrt_elf_is_shared(&elf));
    assert_true(pjrt_elf_defines(&elf, "GetPjrtApi"));
    assert_true(pjrt_elf_defines(&elf, "other"));
    assert_true(pjrt_elf_defines(&elf, "third"));
    assert_false(pjrt_elf_defines(&elf, "GetPjrtAp"));
    assert_false(pjrt_elf_defines(&elf, "GetPjrtApi2"));
    assert_int_equal(pjrt_elf_num_symbols(&elf), 4);
    assert_int_equal(count_exports(&elf), 3);
    assert_string_equal(pjrt_elf_export(&elf, 2), "GetPjrtApi");
    assert_null(pjrt_elf_export(&elf, 4));
  }
}

static void a_file_without_symbols_defines_none(void **state) {
  (void)state;
  for (int sysv = 0; sysv < 2; sysv++) {
    const elf_image_spec spec = {.sysv_hash = sysv};
    elf_image image;
    pjrt_elf elf;
    build_and_parse(&spec, &image, &elf);
    assert_false(pjrt_elf_defines(&elf, "GetPjrtApi"));
    assert_int_equal(count_exports(&elf), 0);
  }
}

static void only_exported_definitions_count(void **state) {
  (void)state;
  const elf_image_spec specs[] = {
      {.symbols = {"GetPjrtApi"}, .undefined = true},
      {.symbols = {"GetPjrtApi"}, .visibility = STV_HIDDEN},
      {.symbols = {"GetPjrtApi"}, .visibility = STV_INTERNAL},
  };
  for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++) {
    for (int sysv = 0; sysv < 2; sysv++) {
      elf_image_spec spec = specs[i];
      spec.sysv_hash = sysv;
      elf_image image;
      pjrt_elf elf;
      build_and_parse(&spec, &image, &elf);
      assert_false(pjrt_elf_defines(&elf, "GetPjrtApi"));
      assert_int_equal(count_exports(&elf), 0);
    }
  }
}

static void a_variable_is_exported_but_no_function(void **state) {
  (void)state;
  const elf_image_spec spec = {.symbols = {"GetPjrtApi"},
                               .symbol_type = STT_OBJECT};
  elf_image image;
  pjrt_elf elf;
  build_and_parse(&spec, &image, &elf);
  assert_false(pjrt_elf_defines(&elf, "GetPjrtApi"));
  assert_int_equal(count_exports(&elf), 1);
}

static void weak_and_protected_functions_count(void **state) {
  (void)state;
  const elf_image_spec spec = {
      .symbols = {"GetPjrtApi"}, .bind = STB_WEAK, .visibility = STV_PROTECTED};
  elf_image image;
  pjrt_elf elf;
  build_and_parse(&spec, &image, &elf);
  assert_true(pjrt_elf_defines(&elf, "GetPjrtApi"));
}

static void lists_dynamic_strings(void **state) {
  (void)state;
  const elf_image_spec spec = {.needed = {"libone.so", "libtwo.so.2"},
                               .runpath = "$ORIGIN/../lib"};
  elf_image image;
  pjrt_elf elf;
  build_and_parse(&spec, &image, &elf);
  size_t at = 0;
  assert_string_equal(pjrt_elf_next_text(&elf, DT_NEEDED, &at), "libone.so");
  assert_string_equal(pjrt_elf_next_text(&elf, DT_NEEDED, &at), "libtwo.so.2");
  assert_null(pjrt_elf_next_text(&elf, DT_NEEDED, &at));
  at = 0;
  assert_string_equal(pjrt_elf_next_text(&elf, DT_RUNPATH, &at),
                      "$ORIGIN/../lib");
  at = 0;
  assert_null(pjrt_elf_next_text(&elf, DT_RPATH, &at));
}

static void reads_the_build_id(void **state) {
  (void)state;
  elf_image image;
  pjrt_elf elf;
  size_t size = 7;
  build_and_parse(&(elf_image_spec){0}, &image, &elf);
  assert_null(pjrt_elf_build_id(&elf, &size));
  assert_int_equal(size, 0);
  const elf_image_spec spec = {.build_id = "abcdefghijklmnopqrst"};
  build_and_parse(&spec, &image, &elf);
  const unsigned char *id = pjrt_elf_build_id(&elf, &size);
  assert_int_equal(size, 20);
  assert_memory_equal(id, spec.build_id, 20);
}

/* The C library of this process is a real file made by a real linker. */
static void reads_the_c_library(void **state) {
  (void)state;
  void *function = dlsym(RTLD_DEFAULT, "gnu_get_libc_version");
  Dl_info info;
  assert_true(dladdr(function, &info) != 0);
  pjrt_elf_file file;
  assert_null(pjrt_elf_open("library", info.dli_fname, &file));
  assert_true(pjrt_elf_is_native(&file.elf));
  assert_true(pjrt_elf_is_shared(&file.elf));
  assert_true(pjrt_elf_defines(&file.elf, "gnu_get_libc_version"));
  assert_true(pjrt_elf_defines(&file.elf, "malloc"));
  assert_false(pjrt_elf_defines(&file.elf, "GetPjrtApi"));
  assert_true(count_exports(&file.elf) > 500);
  pjrt_elf_close(&file);
}

static void tells_machines_and_types_apart(void **state) {
  (void)state;
  elf_image image;
  pjrt_elf elf;
  uint16_t foreign = elf_image_machine() == EM_AARCH64 ? EM_X86_64 : EM_AARCH64;
  build_and_parse(&(elf_image_spec){.machine = foreign}, &image, &elf);
  assert_false(pjrt_elf_is_native(&elf));
  assert_string_equal(pjrt_elf_machine(&elf),
                      foreign == EM_AARCH64 ? "AArch64" : "x86-64");
  build_and_parse(&(elf_image_spec){.machine = 0x1234}, &image, &elf);
  assert_string_equal(pjrt_elf_machine(&elf), "unknown");

  const struct {
    uint16_t type;
    bool pie;
    const char *name;
  } cases[] = {{ET_DYN, true, "a program"},
               {ET_EXEC, false, "a program"},
               {ET_REL, false, "an object file"},
               {ET_CORE, false, "a core dump"},
               {0x1234, false, "an ELF file of unknown type"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const elf_image_spec spec = {.type = cases[i].type, .pie = cases[i].pie};
    build_and_parse(&spec, &image, &elf);
    assert_false(pjrt_elf_is_shared(&elf));
    assert_string_equal(pjrt_elf_type(&elf), cases[i].name);
  }
}

/* ---- Wrong files -------------------------------------------------------- */

static void names_what_is_no_elf_file(void **state) {
  (void)state;
  const struct {
    const char *data;
    size_t size;
    const char *part;
  } cases[] = {
      {"", 0, "an empty file"},
      {"hello\nworld", 11, "starts with \"hello\""},
      {"\1\2\377\"", 4, "starts with \"???\"\""},
      {"PK\3\4....", 8, "zip archive"},
      {"!<arch>\n//", 10, "static library"},
      {"MZ......", 8, "Windows"},
      {"\xcf\xfa\xed\xfe....", 8, "macOS"},
      {"version https://git-lfs.github.com/spec/v1", 42, "Git LFS"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    pjrt_elf elf;
    expect_error(
        pjrt_elf_parse("plugin", "x.so", cases[i].data, cases[i].size, &elf),
        PJRT_INVALID_ARGUMENT, cases[i].part);
    assert_null(elf.data);
  }
}

static void refuses_other_classes_and_byte_orders(void **state) {
  (void)state;
  elf_image image;
  pjrt_elf elf;
  elf_image_plugin(&image);
  image.bytes[EI_CLASS] = ELFCLASS32;
  expect_error(pjrt_elf_parse("plugin", "x.so", image.bytes, image.size, &elf),
               PJRT_INVALID_ARGUMENT, "a 32-bit one");
  elf_image_plugin(&image);
  image.bytes[EI_DATA] ^= 3;
  expect_error(pjrt_elf_parse("plugin", "x.so", image.bytes, image.size, &elf),
               PJRT_INVALID_ARGUMENT, "byte order");
  elf_image_plugin(&image);
  image.bytes[EI_VERSION] = 9;
  expect_error(pjrt_elf_parse("plugin", "x.so", image.bytes, image.size, &elf),
               PJRT_INVALID_ARGUMENT, "version");
}

/* The one loaded segment covers the file, so that no part may be missing. The
 * copy has exactly the size that is given, for the sanitizers to see. */
static void refuses_every_truncation(void **state) {
  (void)state;
  elf_image image;
  elf_image_plugin(&image);
  for (size_t size = 0; size < image.size; size++) {
    void *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, image.bytes, size);
    pjrt_elf elf;
    expect_error(pjrt_elf_parse("plugin", "x.so", copy, size, &elf),
                 PJRT_INVALID_ARGUMENT, "plugin x.so: ");
    free(copy);
  }
}

static void ask_everything(const void *data, size_t size) {
  pjrt_elf elf;
  pjrt_error *error = pjrt_elf_parse("plugin", "x.so", data, size, &elf);
  if (!error) {
    size_t id_size = 0;
    char identity[PJRT_ELF_IDENTITY_SIZE];
    (void)pjrt_elf_is_shared(&elf);
    (void)pjrt_elf_defines(&elf, "GetPjrtApi");
    (void)count_exports(&elf);
    (void)pjrt_elf_build_id(&elf, &id_size);
    pjrt_elf_identity_of(&elf, identity);
    for (size_t at = 0; pjrt_elf_next_text(&elf, DT_NEEDED, &at);) continue;
  }
  pjrt_error_free(error);
}

static void survives_every_damaged_byte(void **state) {
  (void)state;
  static const unsigned char damage[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
  for (int sysv = 0; sysv < 2; sysv++) {
    const elf_image_spec spec = {.symbols = {"GetPjrtApi", "b"},
                                 .needed = {"libm.so.6"},
                                 .build_id = "12345678",
                                 .sysv_hash = sysv};
    elf_image image;
    elf_image_build(&spec, &image);
    unsigned char *copy = malloc(image.size);
    assert_non_null(copy);
    for (size_t i = 0; i < image.size * sizeof damage; i++) {
      memcpy(copy, image.bytes, image.size);
      copy[i / sizeof damage] = damage[i % sizeof damage];
      ask_everything(copy, image.size);
    }
    free(copy);
  }
}

static void refuses_damaged_tables(void **state) {
  (void)state;
  const elf_image_spec spec = {.symbols = {"GetPjrtApi"}};
  elf_image image;
  pjrt_elf elf;

  elf_image_build(&spec, &image);
  image.bytes[image.strings_end - 1] = 'x';
  expect_error(pjrt_elf_parse("plugin", "x.so", image.bytes, image.size, &elf),
               PJRT_INVALID_ARGUMENT, "do not end with a NUL");

  elf_image_build(&spec, &image);
  memset(image.bytes + image.hash, 0xff, 4); /* four billion buckets */
  expect_error(pjrt_elf_parse("plugin", "x.so", image.bytes, image.size, &elf),
               PJRT_INVALID_ARGUMENT, "symbol hashes");

  elf_image_build(&spec, &image);
  memset(image.bytes + image.hash + 24, 0xff, 4); /* the bucket's symbol */
  expect_error(pjrt_elf_parse("plugin", "x.so", image.bytes, image.size, &elf),
               PJRT_INVALID_ARGUMENT, "symbol hashes");

  elf_image_spec sysv = spec;
  sysv.sysv_hash = true;
  elf_image_build(&sysv, &image);
  memset(image.bytes + image.hash + 4, 0xff, 4); /* four billion symbols */
  expect_error(pjrt_elf_parse("plugin", "x.so", image.bytes, image.size, &elf),
               PJRT_INVALID_ARGUMENT, "dynamic symbols");
}

/* ---- Files on disk ------------------------------------------------------ */

static void opens_only_regular_files(void **state) {
  const temp_tree *tree = *state;
  pjrt_elf_file file;
  temp_path path;
  expect_error(pjrt_elf_open("plugin", temp_at(tree, "none", &path), &file),
               PJRT_NOT_FOUND, path.text);
  expect_error(pjrt_elf_open("plugin", tree->root, &file),
               PJRT_INVALID_ARGUMENT, "found a folder");
  assert_int_equal(mkfifo(temp_at(tree, "fifo", &path), 0600), 0);
  expect_error(pjrt_elf_open("plugin", path.text, &file), PJRT_INVALID_ARGUMENT,
               "found a FIFO");
  expect_error(pjrt_elf_open("plugin", "/dev/null", &file),
               PJRT_INVALID_ARGUMENT, "found a device");
  temp_write_text(tree, "empty", "");
  expect_error(pjrt_elf_open("plugin", temp_at(tree, "empty", &path), &file),
               PJRT_INVALID_ARGUMENT, "an empty file");
}

/* The superuser may read everything, and steps down for a moment. */
static void an_unreadable_file_is_denied(void **state) {
  const temp_tree *tree = *state;
  const uid_t nobody = 65534;
  temp_path path;
  temp_write_text(tree, "secret", "x");
  assert_int_equal(chmod(temp_at(tree, "secret", &path), 0), 0);
  bool stepped_down = geteuid() == 0;
  if (stepped_down && seteuid(nobody) != 0) {
    print_message("skip: root cannot become nobody here\n");
    skip();
  }
  pjrt_elf_file file;
  pjrt_error *error = pjrt_elf_open("plugin", path.text, &file);
  if (stepped_down) assert_int_equal(seteuid(0), 0);
  expect_error(error, PJRT_PERMISSION_DENIED, path.text);
}

static void reads_whole_files_up_to_a_limit(void **state) {
  const temp_tree *tree = *state;
  temp_path path;
  temp_write_text(tree, "text", "12345");
  char *text = NULL;
  size_t size = 0;
  assert_null(
      pjrt_file_read("file", temp_at(tree, "text", &path), 5, &text, &size));
  assert_int_equal(size, 5);
  assert_string_equal(text, "12345");
  free(text);
  expect_error(pjrt_file_read("file", path.text, 4, &text, &size),
               PJRT_OUT_OF_RANGE, "at most 4 bytes, found 5");
  assert_null(text);
}

static void identity_of(const temp_tree *tree, const elf_image_spec *spec,
                        char out[PJRT_ELF_IDENTITY_SIZE]) {
  elf_image image;
  temp_path path;
  elf_image_build(spec, &image);
  temp_write(tree, "identity.so", image.bytes, image.size);
  assert_null(pjrt_elf_identity(temp_at(tree, "identity.so", &path), out));
}

static void identity_follows_the_contents(void **state) {
  const temp_tree *tree = *state;
  char first[PJRT_ELF_IDENTITY_SIZE];
  char second[PJRT_ELF_IDENTITY_SIZE];
  identity_of(tree, &(elf_image_spec){.filler = 1}, first);
  identity_of(tree, &(elf_image_spec){.filler = 1}, second);
  assert_string_equal(first, second);
  assert_memory_equal(first, "sha256:", 7);
  identity_of(tree, &(elf_image_spec){.filler = 2}, second);
  assert_string_not_equal(first, second);
  identity_of(tree, &(elf_image_spec){.build_id = "\1\2\xab"}, second);
  assert_memory_equal(second, "build-id:0102ab:", 16);
  expect_error(pjrt_elf_identity(tree->root, second), PJRT_INVALID_ARGUMENT,
               "found a folder");
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
      cmocka_unit_test(finds_functions_by_either_hash),
      cmocka_unit_test(a_file_without_symbols_defines_none),
      cmocka_unit_test(only_exported_definitions_count),
      cmocka_unit_test(a_variable_is_exported_but_no_function),
      cmocka_unit_test(weak_and_protected_functions_count),
      cmocka_unit_test(lists_dynamic_strings),
      cmocka_unit_test(reads_the_build_id),
      cmocka_unit_test(reads_the_c_library),
      cmocka_unit_test(tells_machines_and_types_apart),
      cmocka_unit_test(names_what_is_no_elf_file),
      cmocka_unit_test(refuses_other_classes_and_byte_orders),
      cmocka_unit_test(refuses_every_truncation),
      cmocka_unit_test(survives_every_damaged_byte),
      cmocka_unit_test(refuses_damaged_tables),
      cmocka_unit_test(opens_only_regular_files),
      cmocka_unit_test(an_unreadable_file_is_denied),
      cmocka_unit_test(reads_whole_files_up_to_a_limit),
      cmocka_unit_test(identity_follows_the_contents),
  };
  return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
