/* Threads and processes find each other through stores that are always there;
 * those of Redis and PMIx have tests of their own. */
#include <stdio.h>

#include "job.h"
#include "rendezvous.h"

static void test_threads_all_meet(void **state) {
  (void)state;
  check_all_meet(NULL, "flags");
}

static void test_threads_first_is_killed(void **state) {
  (void)state;
  check_first_is_killed(NULL);
}

static void test_threads_other_is_killed(void **state) {
  (void)state;
  check_other_is_killed(NULL);
}

/* ---- a folder ------------------------------------------------------------ */

static int make_tree(void **state) {
  temp_tree *tree = test_malloc(sizeof *tree);
  temp_tree_make(tree);
  *state = tree;
  return 0;
}

static int remove_tree(void **state) {
  temp_tree_remove(*state);
  test_free(*state);
  return 0;
}

static const char *folder(void **state, char address[PATH_MAX]) {
  const temp_tree *tree = *state;
  snprintf(address, PATH_MAX, "file:%s/kv", tree->root);
  return address;
}

static void test_folder_all_meet(void **state) {
  char address[PATH_MAX];
  check_all_meet(folder(state, address), "torchrun");
}

static void test_folder_first_is_killed(void **state) {
  char address[PATH_MAX];
  check_first_is_killed(folder(state, address));
}

static void test_folder_other_is_killed(void **state) {
  char address[PATH_MAX];
  check_other_is_killed(folder(state, address));
}

#define folder_test(function) \
  cmocka_unit_test_setup_teardown(function, make_tree, remove_tree)

int main(int argc, char **argv) {
  if (job_is_process(argc, argv)) return job_run_process(argv);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_threads_all_meet),
      cmocka_unit_test(test_threads_first_is_killed),
      cmocka_unit_test(test_threads_other_is_killed),
      folder_test(test_folder_all_meet),
      folder_test(test_folder_first_is_killed),
      folder_test(test_folder_other_is_killed),
  };
  return cmocka_run_group_tests_name("rendezvous", tests, NULL, NULL);
}
