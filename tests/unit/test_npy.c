/* Files in .npy form: what is read, what is refused, what a failed write
 * leaves behind. */
#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "expect.h"
#include "pjrt/io/npy.h"
#include "temp_tree.h"

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

/* An .npy image with this header text and data. */
typedef struct npy_image {
  char bytes[1024];
  size_t size;
} npy_image;

static npy_image make_image(const char *header, const void *data,
                            size_t data_size) {
  npy_image image = {.bytes = "\x93NUMPY\x01"};
  size_t header_size = strlen(header);
  image.bytes[8] = (char)(header_size & 0xff);
  image.bytes[9] = (char)(header_size >> 8);
  memcpy(image.bytes + 10, header, header_size);
  if (data_size) memcpy(image.bytes + 10 + header_size, data, data_size);
  image.size = 10 + header_size + data_size;
  return image;
}

static pjrt_error *read_image(const npy_image *image, pjrt_dtype dtype,
                              pjrt_array **out) {
  pjrt_npy_opts opts;
  pjrt_npy_opts_init(&opts);
  opts.dtype = dtype;
  return pjrt_npy_read_memory(image->bytes, image->size, &opts, out);
}

static void expect_equal(const pjrt_array *actual, const char *expected) {
  pjrt_array *array;
  expect_ok(pjrt_array_parse(expected, PJRT_NUL_ENDED, &array));
  expect_ok(pjrt_array_compare(actual, array, NULL));
  pjrt_array_free(array);
}

static void test_npy_reads_memory(void **state) {
  (void)state;
  const float data[] = {1, 2, 3, 4, 5, 6};
  npy_image image = make_image(
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }  \n", data,
      sizeof data);
  pjrt_array *array;
  expect_ok(pjrt_npy_read_memory(image.bytes, image.size, NULL, &array));
  expect_equal(array, "2x3xf32=1,2,3,4,5,6");
  assert_ptr_equal(pjrt_array_data(array),
                   image.bytes + image.size - sizeof data);
  pjrt_array_free(array);
}

static void test_npy_reads_fortran_order(void **state) {
  (void)state;
  const char data[] = {1, 2, 3, 4, 5, 6};
  npy_image image = make_image(
      "{\"shape\":(2,3),\"fortran_order\":True,\"descr\":\"|i1\"}", data, 6);
  pjrt_array *array;
  expect_ok(read_image(&image, PJRT_S8, &array));
  assert_false(pjrt_array_is_dense(array));
  expect_equal(array, "2x3xs8=1,3,5,2,4,6");
  pjrt_array_free(array);
}

static void test_npy_reads_scalars_and_empty_arrays(void **state) {
  (void)state;
  pjrt_array *array;
  npy_image image = make_image(
      "{'descr': '<u2', 'fortran_order': True, 'shape': ()}", "\1\2", 2);
  expect_ok(read_image(&image, PJRT_DTYPE_INVALID, &array));
  expect_equal(array, "u16=513");
  pjrt_array_free(array);
  image = make_image(
      "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 0, 2,)}", NULL, 0);
  expect_ok(read_image(&image, PJRT_DTYPE_INVALID, &array));
  expect_equal(array, "3x0x2xf64");
  pjrt_array_free(array);
}

static void test_npy_reads_raw_elements_as_told(void **state) {
  (void)state;
  pjrt_array *array;
  npy_image image = make_image(
      "{'descr': '|V2', 'fortran_order': False, 'shape': (1,)}", "\x80\x3f", 2);
  expect_ok(read_image(&image, PJRT_BF16, &array));
  expect_equal(array, "1xbf16=1");
  pjrt_array_free(array);
  expect_error(read_image(&image, PJRT_DTYPE_INVALID, &array),
               PJRT_INVALID_ARGUMENT, "'|V2' names no element type");
  expect_error(read_image(&image, PJRT_F8E5M2, &array), PJRT_INVALID_ARGUMENT,
               "expected elements of type f8e5m2, found '|V2' of 2 bytes each");
  assert_null(array);
  image = make_image("{'descr': '<f1', 'fortran_order': False, 'shape': (1,)}",
                     "\x3c", 1);
  expect_ok(read_image(&image, PJRT_DTYPE_INVALID, &array));
  expect_equal(array, "1xf8e5m2=1");
  pjrt_array_free(array);
}

static void test_npy_requires_the_wanted_type(void **state) {
  (void)state;
  pjrt_array *array;
  npy_image image = make_image(
      "{'descr': '<i4', 'fortran_order': False, 'shape': (1,)}", "\1\0\0\0", 4);
  expect_error(read_image(&image, PJRT_F32, &array), PJRT_INVALID_ARGUMENT,
               "npy: expected elements of type f32, found s32 ('<i4')");
}

/* A file of one s8 with this header. */
static void expect_bad_header(const char *header, const char *part) {
  npy_image image = make_image(header, "\1", 1);
  pjrt_array *array = (pjrt_array *)&image;
  expect_error(read_image(&image, PJRT_DTYPE_INVALID, &array),
               PJRT_INVALID_ARGUMENT, part);
  assert_null(array);
}

#define ORDER "'fortran_order': False, "
#define DESCR "'descr': '|i1', "
#define SHAPE "'shape': (1,)"

static void test_npy_refuses_damaged_headers(void **state) {
  (void)state;
  static const char *const rows[][2] = {
      {"", "expected a dictionary in braces, found its end"},
      {"\t \n", "found its end"},
      {"[1, 2]", "expected a dictionary in braces, found '[1, 2]'"},
      {"{", "found its end"},
      {"{}", "it lacks descr fortran_order shape"},
      {"{" DESCR SHAPE "}", "it lacks fortran_order"},
      {"{" DESCR ORDER SHAPE, "',' or '}', found its end"},
      {"{" DESCR ORDER SHAPE "} x", "blanks after the braces, found 'x'"},
      {"{" DESCR ORDER SHAPE "}}", "blanks after the braces, found '}'"},
      {"{" DESCR DESCR ORDER SHAPE "}", "one each of descr"},
      {"{" DESCR ORDER SHAPE ", 'more': 1}", "found ''more': 1}'"},
      {"{'descr' '|i1'}", "':' after a key"},
      {"{descr: '|i1'}", "found 'descr: '|i1'}'"},
      {"{'descr': '|i1}", "expected an element type such as '<f4'"},
      {"{'descr': '|i1\\x'}", "an element type such as '<f4'"},
      {"{'descr': '|i1\1'}", "an element type such as '<f4'"},
      {"{'descr': '<f444444444444444444'}", "an element type such as '<f4'"},
      {"{'descr': 4}", "an element type such as '<f4', found '4}'"},
      {"{'descr': [('a', '<f4')]}", "not a structure, found '[('a', '<f4')]}'"},
      {"{'fortran_order': 0}", "True or False"},
      {"{'fortran_order': Falsee}", "',' or '}', found 'e}'"},
      {"{'shape': 1}", "a shape such as (3, 4), found '1}'"},
      {"{'shape': (1)}", "',' after the only dimension, found ')}'"},
      {"{'shape': (1 2)}", "',' or ')', found '2)}'"},
      {"{'shape': (,)}", "a dimension of 0 or more that fits 64 bits"},
      {"{'shape': (-1,)}",
       "a dimension of 0 or more that fits 64 bits, found "
       "'-1,)}'"},
      {"{'shape': (1.5,)}", "',' or ')', found '.5,)}'"},
      {"{'shape': (9223372036854775808,)}", "found '9223372036854775808,)}'"},
      {"{'shape': (\xff,)}", "found an unprintable byte"},
      {"{'shape': (1,", "a dimension of 0 or more"},
      {"{'shape': (", "a dimension of 0 or more"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    expect_bad_header(rows[i][0], rows[i][1]);
  }
}

static void test_npy_refuses_other_elements(void **state) {
  (void)state;
  static const char *const rows[][2] = {
      {">f4", "expected little-endian elements, found big-endian '>f4'"},
      {"|O", "found '|O', Python objects"},
      {"|S1", "found '|S1'"},
      {"<U1", "found '<U1'"},
      {"<M8[ns]", "found '<M8[ns]'"},
      {"=f4", "found '=f4'"},
      {"|f4", "found '|f4'"},
      {"f4", "found 'f4'"},
      {"", "found ''"},
      {"<f16", "found '<f16'"},
      {"<i", "found '<i'"},
      {"|V", "found '|V'"},
      {"|V0", "found '|V0'"},
      {"|V1x", "found '|V1x'"},
      {"|V99999999999", "found '|V99999999999'"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char header[200];
    snprintf(header, sizeof header, "{'descr': '%s', " ORDER SHAPE "}",
             rows[i][0]);
    expect_bad_header(header, rows[i][1]);
  }
}

static void test_npy_refuses_sizes_that_do_not_fit(void **state) {
  (void)state;
  static const char *const rows[][2] = {
      {"(2,)", "expected 2 bytes of data for 2 elements of s8, found 1"},
      {"(0,)", "expected 0 bytes of data for 0 elements of s8, found 1"},
      {"(9223372036854775807,)", "expected 9223372036854775807 bytes"},
      {"(9223372036854775807, 2)", "does not fit in memory"},
      {"(4294967296, 4294967296)", "does not fit in memory"},
      {"(0, 4294967296, 4294967296)", "does not fit in memory"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char header[200];
    snprintf(header, sizeof header, "{" DESCR ORDER "'shape': %s}", rows[i][0]);
    expect_bad_header(header, rows[i][1]);
  }
}

/* Every shorter image of a good one is refused, and a longer one too. */
static void test_npy_refuses_truncation_and_surplus(void **state) {
  (void)state;
  npy_image image = make_image("{" DESCR ORDER SHAPE "}", "\1\2", 2);
  pjrt_array *array;
  for (size_t size = 0; size <= image.size; size++) {
    /* A copy of exactly this size, so that reading past it is noticed. */
    char *copy = malloc(size + 1);
    assert_non_null(copy);
    memcpy(copy + 1, image.bytes, size);
    pjrt_error *error = pjrt_npy_read_memory(copy + 1, size, NULL, &array);
    if (size == image.size - 1) {
      expect_ok(error);
      pjrt_array_free(array);
    } else {
      expect_error(error, PJRT_INVALID_ARGUMENT, "npy: ");
      assert_null(array);
    }
    free(copy);
  }
}

static void test_npy_refuses_other_files(void **state) {
  (void)state;
  pjrt_array *array;
  npy_image image = make_image("{" DESCR ORDER SHAPE "}", "\1", 1);
  image.bytes[6] = 4;
  expect_error(read_image(&image, PJRT_S8, &array), PJRT_INVALID_ARGUMENT,
               "expected version 1.0, 2.0 or 3.0, found 4.0");
  image.bytes[6] = 1;
  image.bytes[9] = 1;
  expect_error(read_image(&image, PJRT_S8, &array), PJRT_INVALID_ARGUMENT,
               "the header says it has 3");
  image.bytes[0] = 'x';
  expect_error(read_image(&image, PJRT_S8, &array), PJRT_INVALID_ARGUMENT,
               "expected an .npy file");
  expect_error(pjrt_npy_read_memory(NULL, 0, NULL, &array),
               PJRT_INVALID_ARGUMENT, "found 0 bytes");
  const char huge_header[12] = "\x93NUMPY\x02\0\xff\xff\xff\xff";
  expect_error(pjrt_npy_read_memory(huge_header, 12, NULL, &array),
               PJRT_INVALID_ARGUMENT, "the header says it has 4294967295");
  assert_null(array);
}

static void test_npy_wants_initialized_opts(void **state) {
  (void)state;
  pjrt_npy_opts opts = {0};
  pjrt_array *array;
  expect_error(pjrt_npy_read_memory("x", 1, &opts, &array),
               PJRT_INVALID_ARGUMENT, "pjrt_npy_opts");
}

static pjrt_error *read_path(const temp_tree *tree, const char *name,
                             pjrt_array **out) {
  temp_path path;
  temp_at(tree, name, &path);
  return pjrt_npy_read(path.text, PJRT_NUL_ENDED, NULL, out);
}

static void test_npy_refuses_what_is_no_file(void **state) {
  const temp_tree *tree = *state;
  pjrt_array *array;
  temp_path fifo;
  temp_folder(tree, "folder");
  temp_write(tree, "empty", "", 0);
  temp_write_text(tree, "text", "This is a text, not an array.");
  assert_int_equal(mkfifo(temp_at(tree, "fifo", &fifo), 0600), 0);
  alarm(60); /* Opening a FIFO must not wait for a writer. */
  expect_error(read_path(tree, "absent.npy", &array), PJRT_NOT_FOUND,
               "/absent.npy: No such file");
  expect_error(read_path(tree, "folder", &array), PJRT_INVALID_ARGUMENT,
               "/folder: expected a file, found a folder");
  expect_error(read_path(tree, "fifo", &array), PJRT_INVALID_ARGUMENT,
               "/fifo: expected a file, found a FIFO");
  expect_error(read_path(tree, "empty", &array), PJRT_INVALID_ARGUMENT,
               "/empty: expected an .npy file, found 0 bytes");
  expect_error(read_path(tree, "text", &array), PJRT_INVALID_ARGUMENT,
               "/text: expected an .npy file, found 29 bytes");
  expect_error(pjrt_npy_read("/dev/zero", 9, NULL, &array),
               PJRT_INVALID_ARGUMENT,
               "/dev/zero: expected a file, found a dev");
  expect_error(pjrt_npy_read("a\0b", 3, NULL, &array), PJRT_INVALID_ARGUMENT,
               "NUL");
  expect_error(pjrt_npy_read(NULL, 0, NULL, &array), PJRT_INVALID_ARGUMENT,
               "expected a file name");
  alarm(0);
  assert_null(array);
}

/* Root may read and write everything, so act as nobody. */
static bool become_nobody(void) {
  return geteuid() != 0 || seteuid(65534) == 0;
}

static void become_root_again(void) {
  if (getuid() == 0) assert_int_equal(seteuid(0), 0);
}

static void test_npy_reports_missing_permission(void **state) {
  const temp_tree *tree = *state;
  pjrt_array *array;
  temp_path path;
  temp_write_text(tree, "secret.npy", "x");
  chmod(temp_at(tree, "secret.npy", &path), 0);
  chmod(tree->root, 0755);
  expect_ok(pjrt_array_parse("s8=1", PJRT_NUL_ENDED, &array));
  pjrt_array *read = NULL;
  if (!become_nobody()) {
    print_message("skip: root cannot become nobody here\n");
    skip();
  }
  pjrt_error *reading = read_path(tree, "secret.npy", &read);
  pjrt_error *writing = pjrt_npy_write(path.text, PJRT_NUL_ENDED, array);
  become_root_again();
  expect_error(reading, PJRT_PERMISSION_DENIED, "/secret.npy: Permission");
  expect_error(writing, PJRT_PERMISSION_DENIED,
               "/secret.npy: cannot write: Permission");
  pjrt_array_free(array);
}

/* How many files a folder has, hidden ones too. */
static size_t num_files(const temp_tree *tree) {
  DIR *folder = opendir(tree->root);
  assert_non_null(folder);
  size_t num = 0;
  for (struct dirent *entry; (entry = readdir(folder));) {
    num += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
  }
  closedir(folder);
  return num;
}

static pjrt_error *write_path(const temp_tree *tree, const char *name,
                              const char *text) {
  pjrt_array *array;
  temp_path path;
  expect_ok(pjrt_array_parse(text, PJRT_NUL_ENDED, &array));
  temp_at(tree, name, &path);
  pjrt_error *error = pjrt_npy_write(path.text, PJRT_NUL_ENDED, array);
  pjrt_array_free(array);
  return error;
}

static void expect_file(const temp_tree *tree, const char *name,
                        const char *expected) {
  pjrt_array *array;
  expect_ok(read_path(tree, name, &array));
  expect_equal(array, expected);
  assert_int_equal((uintptr_t)pjrt_array_data(array) % PJRT_HOST_ALIGNMENT, 0);
  pjrt_array_free(array);
}

static void test_npy_writes_what_it_reads(void **state) {
  const temp_tree *tree = *state;
  static const char *const texts[] = {
      "f32=1.5",           "3xs8=1,2,3",         "2x3xf64=1,2,3,4,5,6",
      "2xc128=1+2i,3-4i",  "3x0x2xu16",          "2xpred=true,false",
      "1x1x1x1x1x1xu64=7", "1000000000000x0xs8",
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    expect_ok(write_path(tree, "a.npy", texts[i]));
    expect_file(tree, "a.npy", texts[i]);
  }
  assert_int_equal(num_files(tree), 1);
}

static void test_npy_write_keeps_mode_and_links(void **state) {
  const temp_tree *tree = *state;
  temp_path path;
  struct stat info;
  temp_write_text(tree, "real.npy", "old");
  temp_link(tree, "link.npy", "real.npy");
  chmod(temp_at(tree, "real.npy", &path), 0640);
  expect_ok(write_path(tree, "link.npy", "s32=7"));
  expect_file(tree, "real.npy", "s32=7");
  assert_int_equal(stat(path.text, &info), 0);
  assert_int_equal(info.st_mode & 07777, 0640);
  assert_int_equal(lstat(temp_at(tree, "link.npy", &path), &info), 0);
  assert_true(S_ISLNK(info.st_mode));
  assert_int_equal(num_files(tree), 2);
}

static void test_npy_write_reports_bad_targets(void **state) {
  const temp_tree *tree = *state;
  temp_folder(tree, "folder");
  temp_write_text(tree, "text", "x");
  expect_error(write_path(tree, "folder", "s8=1"), PJRT_INVALID_ARGUMENT,
               "/folder: expected a file, found a folder");
  expect_error(write_path(tree, "absent/a.npy", "s8=1"), PJRT_NOT_FOUND,
               "/absent/a.npy: cannot create: No such file");
  expect_error(write_path(tree, "text/a.npy", "s8=1"), PJRT_INVALID_ARGUMENT,
               "/text/a.npy: cannot write: Not a directory");
  assert_int_equal(num_files(tree), 2);
}

/* A limit on file sizes stands for a disk that is full after the header. */
static void test_npy_write_leaves_nothing_half_written(void **state) {
  const temp_tree *tree = *state;
  struct rlimit before;
  temp_write_text(tree, "old.npy", "precious");
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  const struct rlimit small = {.rlim_cur = 1000, .rlim_max = before.rlim_max};
  void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
  pjrt_error *fresh = write_path(tree, "new.npy", "10000xf64=1");
  pjrt_error *over = write_path(tree, "old.npy", "10000xf64=1");
  setrlimit(RLIMIT_FSIZE, &before);
  signal(SIGXFSZ, handler);
  expect_error(fresh, PJRT_RESOURCE_EXHAUSTED, "/new.npy: cannot write: ");
  expect_error(over, PJRT_RESOURCE_EXHAUSTED, "/old.npy: cannot write: ");
  assert_int_equal(num_files(tree), 1);
  temp_path path;
  FILE *file = fopen(temp_at(tree, "old.npy", &path), "r");
  char text[20] = {0};
  assert_int_equal(fread(text, 1, sizeof text, file), 8);
  fclose(file);
  assert_string_equal(text, "precious");
}

static void test_npy_writes_devices_in_place(void **state) {
  (void)state;
  pjrt_array *array;
  struct stat info;
  expect_ok(pjrt_array_parse("100000xs32=1", PJRT_NUL_ENDED, &array));
  expect_ok(pjrt_npy_write("/dev/null", PJRT_NUL_ENDED, array));
  expect_error(pjrt_npy_write("/dev/full", PJRT_NUL_ENDED, array),
               PJRT_RESOURCE_EXHAUSTED, "/dev/full: cannot write: No space");
  assert_int_equal(stat("/dev/null", &info), 0);
  assert_true(S_ISCHR(info.st_mode));
  pjrt_array_free(array);
}

#define WITH_TREE(test) \
  cmocka_unit_test_setup_teardown(test, make_tree, remove_tree)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_npy_reads_memory),
      cmocka_unit_test(test_npy_reads_fortran_order),
      cmocka_unit_test(test_npy_reads_scalars_and_empty_arrays),
      cmocka_unit_test(test_npy_reads_raw_elements_as_told),
      cmocka_unit_test(test_npy_requires_the_wanted_type),
      cmocka_unit_test(test_npy_refuses_damaged_headers),
      cmocka_unit_test(test_npy_refuses_other_elements),
      cmocka_unit_test(test_npy_refuses_sizes_that_do_not_fit),
      cmocka_unit_test(test_npy_refuses_truncation_and_surplus),
      cmocka_unit_test(test_npy_refuses_other_files),
      cmocka_unit_test(test_npy_wants_initialized_opts),
      WITH_TREE(test_npy_refuses_what_is_no_file),
      WITH_TREE(test_npy_reports_missing_permission),
      WITH_TREE(test_npy_writes_what_it_reads),
      WITH_TREE(test_npy_write_keeps_mode_and_links),
      WITH_TREE(test_npy_write_reports_bad_targets),
      WITH_TREE(test_npy_write_leaves_nothing_half_written),
      cmocka_unit_test(test_npy_writes_devices_in_place),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
