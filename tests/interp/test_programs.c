/* The programs of tests/data on the interpreter: each gives the results that
 * JAX computed, or is on the list of those that need an operation that the
 * interpreter does not have, and is refused for that. The digits of models/
 * are recognized as they should be.
 *
 * With the argument --list it prints the list as it should be. */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/file.h"
#include "case.h"

typedef struct outside {
  const char *name;
  const char *operation;
} outside;

/* clang-format off */
static const outside list[] = {
#include "outside_subset.inc"
};
/* clang-format on */
enum { NUM_OUTSIDE = sizeof list / sizeof *list };

/* Where XLA itself is further from the right result than the case allows. */
static const struct wider {
  const char *name;
  uint64_t ulps;
} wider[] = {
    {"special_functions_f32", 8}, /* XLA's erfc of f32 is 1 - erf */
};

static uint64_t ulps_of(const char *name) {
  for (size_t i = 0; i < sizeof wider / sizeof *wider; i++) {
    if (strcmp(wider[i].name, name) == 0) return wider[i].ulps;
  }
  return 0;
}

static const outside *find_outside(const char *name) {
  for (size_t i = 0; i < NUM_OUTSIDE; i++) {
    if (strcmp(list[i].name, name) == 0) return &list[i];
  }
  return NULL;
}

static char *programs_folder(void) {
  char *folder = NULL;
  const char *source = getenv("PJRT_TEST_SOURCE_DIR");
  pjrt_error *error = pjrt_path_format(&folder, "%s/tests/data/programs",
                                       source ? source : ".");
  pjrt_error_free(error);
  return folder;
}

static pjrt_error *run_program(const char *name) {
  char *folder = programs_folder();
  char *path = NULL;
  pjrt_error *error = pjrt_path_format(&path, "%s/%s", folder, name);
  if (!error) error = case_run(path, ulps_of(name));
  free(path);
  free(folder);
  return error;
}

static void expect_program(void **state) {
  const char *name = *state;
  const outside *row = find_outside(name);
  pjrt_error *error = run_program(name);
  const char *message = pjrt_error_message(error, NULL);
  if (pjrt_error_code(error) == PJRT_UNAVAILABLE) {
    print_message("%s\n", message);
    pjrt_error_free(error);
    skip();
  }
  if (!row && error) {
    fail_msg("%s", message);
  } else if (row && !error) {
    fail_msg("%s is on the list, and passes", name);
  } else if (row && (pjrt_error_code(error) != PJRT_UNIMPLEMENTED ||
                     !strstr(message, row->operation))) {
    fail_msg("expected to be without %s, got: %s", row->operation, message);
  }
  pjrt_error_free(error);
}

/* Every line of the list must be of a program that there is. */
static void expect_list(void **state) {
  const pjrt_folder *folder = *state;
  for (size_t i = 0; i < NUM_OUTSIDE; i++) {
    bool found = false;
    for (size_t k = 0; k < folder->num; k++) {
      found |= strcmp(folder->entries[k]->d_name, list[i].name) == 0;
    }
    if (!found) fail_msg("there is no program %s", list[i].name);
  }
}

static void expect_digits(void **state) {
  (void)state;
  size_t num_right;
  size_t num;
  pjrt_error *error = case_run_digits(&num_right, &num);
  if (error) fail_msg("%s", pjrt_error_message(error, NULL));
  assert_int_equal(num, 360);
  assert_int_equal(num_right, 349);
}

/* "12:3: stablehlo.fft: ..." */
static void print_row(const char *name) {
  pjrt_error *error = run_program(name);
  const char *start = strstr(pjrt_error_message(error, NULL), ": ");
  start = start ? start + 2 : "?";
  if (pjrt_error_code(error) == PJRT_UNIMPLEMENTED) {
    printf("{\"%s\", \"%.*s\"},\n", name, (int)strcspn(start, ": "), start);
  } else if (error) {
    fprintf(stderr, "%s: %s\n", name, pjrt_error_message(error, NULL));
  }
  pjrt_error_free(error);
}

static int run_all(pjrt_folder *folder) {
  struct CMUnitTest *tests = calloc(folder->num + 2, sizeof *tests);
  if (!tests) return 1;
  for (size_t i = 0; i < folder->num; i++) {
    char *name = folder->entries[i]->d_name;
    tests[i] = (struct CMUnitTest){
        .name = name, .test_func = expect_program, .initial_state = name};
  }
  tests[folder->num] = (struct CMUnitTest){
      .name = "list", .test_func = expect_list, .initial_state = folder};
  tests[folder->num + 1] =
      (struct CMUnitTest){.name = "digits", .test_func = expect_digits};
  int failed = _cmocka_run_group_tests("interp_programs", tests,
                                       folder->num + 2, NULL, NULL);
  free(tests);
  return failed;
}

int main(int argc, char **argv) {
  pjrt_folder folder = {0};
  char *path = programs_folder();
  pjrt_error *error = pjrt_folder_open(path, &folder);
  int status = error || folder.num == 0;
  if (status) {
    fprintf(stderr, "no programs in %s\n", path);
  } else if (argc > 1 && strcmp(argv[1], "--list") == 0) {
    for (size_t i = 0; i < folder.num; i++)
      print_row(folder.entries[i]->d_name);
  } else {
    status = run_all(&folder);
  }
  pjrt_error_free(error);
  pjrt_folder_close(&folder);
  free(path);
  return status;
}
