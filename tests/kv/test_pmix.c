/* Stores in PMIx, under a real mpirun. What is checked inside a process of a
 * job is checked by this program, started once more.
 * tier: all */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "job.h"
#include "mpirun.h"
#include "rendezvous.h"
#include "unit/store_checks.h"

static pjrt_kvstore *open_store(const char *name) {
  pjrt_kvstore *store;
  expect_ok(
      pjrt_kvstore_open("pmix:", PJRT_NUL_ENDED, name, PJRT_NUL_ENDED, &store));
  return store;
}

/* ---- inside -------------------------------------------------------------- */

static void inside_values(void **state) {
  (void)state;
  check_store(open_store("a job"));
}

static void inside_jobs_do_not_meet(void **state) {
  (void)state;
  pjrt_kvstore *one = open_store("a");
  pjrt_kvstore *again = open_store("a");
  pjrt_kvstore *other = open_store("a:b");
  expect_ok(put_text(one, "b:k", "v"));
  expect_held(again, "b:k", "v", 1);
  expect_absent(other, "k");
  expect_error(put_text(again, "b:k", "w"), PJRT_ALREADY_EXISTS,
               "in pmix:, job a: it has another value, of 1 bytes");
  expect_held(one, "b:k", "v", 1);
  pjrt_kvstore_free(one);
  pjrt_kvstore_free(again);
  pjrt_kvstore_free(other);
}

static void inside_large_values(void **state) {
  enum { SIZE = 1 << 20 };
  (void)state;
  char *large = test_malloc(SIZE);
  for (size_t i = 0; i < SIZE; i++) large[i] = (char)(i * 7 >> 3);
  pjrt_kvstore *store = open_store("large");
  expect_ok(pjrt_kvstore_put(store, "k", 1, large, SIZE));
  expect_held(store, "k", large, SIZE);
  pjrt_kvstore_free(store);
  test_free(large);
}

/* Who waits is told at once. */
static void inside_server_dies(void **state) {
  waiter w;
  void *value;
  size_t size;
  (void)state;
  pjrt_kvstore *store = open_store("j");
  start_waiting(&w, store, "k");
  nap_ms(100);
  assert_int_equal(kill(getppid(), SIGKILL), 0);
  pthread_join(w.thread, NULL);
  expect_error(w.error, PJRT_UNAVAILABLE, "cannot get key 'k' in pmix:, job j");
  expect_error(put_text(store, "k", "v"), PJRT_UNAVAILABLE,
               "cannot put key 'k' in pmix:");
  expect_error(pjrt_kvstore_try_get(store, "k", 1, &value, &size),
               PJRT_UNAVAILABLE, "PMIx_Lookup: ");
  pjrt_kvstore_free(store);
}

/* Its answers come when nobody waits for them any more. */
static void inside_server_hangs(void **state) {
  waiter w;
  void *value;
  size_t size;
  (void)state;
  pjrt_kvstore *store = open_store("j");
  const pid_t server = getppid();
  assert_int_equal(kill(server, SIGSTOP), 0);
  const int64_t begin = now_ns();
  start_waiting(&w, store, "k");
  expect_error(pjrt_kvstore_try_get(store, "k", 1, &value, &size),
               PJRT_UNAVAILABLE, "PMIx_Lookup: the server of PMIx does not");
  pthread_join(w.thread, NULL);
  expect_error(w.error, PJRT_UNAVAILABLE, "does not answer");
  expect_error(put_text(store, "k", "v"), PJRT_UNAVAILABLE,
               "cannot put key 'k' in pmix:");
  assert_true(now_ns() - begin < 60 * SECOND);
  assert_int_equal(kill(server, SIGCONT), 0);
  expect_ok(put_text(store, "k", "v"));
  expect_held(store, "k", "v", 1);
  pjrt_kvstore_free(store);
}

static int run_inside(const char *group) {
  const struct CMUnitTest values[] = {
      cmocka_unit_test(inside_values),
      cmocka_unit_test(inside_jobs_do_not_meet),
      cmocka_unit_test(inside_large_values),
  };
  const struct CMUnitTest dies[] = {cmocka_unit_test(inside_server_dies)};
  const struct CMUnitTest hangs[] = {cmocka_unit_test(inside_server_hangs)};
  if (!strcmp(group, "values")) {
    return cmocka_run_group_tests_name(group, values, NULL, NULL);
  }
  return strcmp(group, "dies")
             ? cmocka_run_group_tests_name(group, hangs, NULL, NULL)
             : cmocka_run_group_tests_name(group, dies, NULL, NULL);
}

/* inside GROUP OUTPUT: nobody reads what mpirun forwards when it is dead. */
static int run_inside_with_output(char **argv) {
  if (!freopen(argv[3], "w", stdout) || dup2(fileno(stdout), 2) != 2) return 1;
  const int num_failed = run_inside(argv[2]);
  printf("%d failed\n", num_failed);
  return num_failed;
}

/* ---- outside ------------------------------------------------------------- */

static void read_text(const char *path, char *out, size_t room) {
  FILE *file = fopen(path, "r");
  const size_t size = file ? fread(out, 1, room - 1, file) : 0;
  if (file) fclose(file);
  out[size] = '\0';
}

/* Else the leak detector of a sanitized build does not see that libpmix made
 * what the C library returned to it. It is slow, so only these processes do. */
static void look_at_whole_stacks(char out_usual[256]) {
  char options[300];
  const char *usual = getenv("ASAN_OPTIONS");
  snprintf(out_usual, 256, "%s", usual ? usual : "");
  snprintf(options, sizeof options, "%s:fast_unwind_on_malloc=0", out_usual);
  setenv("ASAN_OPTIONS", options, 1);
}

/* Where mpirun dies first, its process becomes this one's child. */
static void check_inside(const char *group) {
  child mpirun;
  temp_tree tree;
  temp_path output;
  char self[PATH_MAX] = "", text[8192], usual_options[256];
  mpirun_need();
  assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  assert_true(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
  temp_tree_make(&tree);
  temp_at(&tree, "output", &output);
  look_at_whole_stacks(usual_options);
  mpirun_start(&mpirun, (const char *[]){"-n", "1", self, "inside", group,
                                         output.text, NULL});
  setenv("ASAN_OPTIONS", usual_options, 1);
  const bool has_ended = child_wait(&mpirun);
  while (waitpid(-1, NULL, 0) > 0) {
  }
  read_text(output.text, text, sizeof text);
  temp_tree_remove(&tree);
  if (!has_ended || !strstr(text, "\n0 failed\n")) {
    fail_msg("%s\n%s", text, mpirun.text);
  }
}

static void test_values(void **state) {
  (void)state;
  check_inside("values");
}

static void test_a_server_that_dies(void **state) {
  (void)state;
  check_inside("dies");
}

static void test_a_server_that_hangs(void **state) {
  (void)state;
  check_inside("hangs");
}

static pjrt_error *open_here(void) {
  pjrt_kvstore *store;
  return pjrt_kvstore_open("pmix:", PJRT_NUL_ENDED, "j", PJRT_NUL_ENDED,
                           &store);
}

static void test_no_launcher(void **state) {
  (void)state;
  mpirun_need();
  expect_error(open_here(), PJRT_FAILED_PRECONDITION,
               "PMIX_NAMESPACE is not set: this process was not started by");
  setenv("PMIX_NAMESPACE", "gone", 1);
  setenv("PMIX_RANK", "0", 1);
  pjrt_error *error = open_here();
  unsetenv("PMIX_NAMESPACE");
  unsetenv("PMIX_RANK");
  expect_error(error, PJRT_UNAVAILABLE, "PMIx_Init: ");
}

static void test_all_meet(void **state) {
  (void)state;
  mpirun_need();
  check_all_meet("pmix:", "open-mpi");
}

static void test_first_is_killed(void **state) {
  (void)state;
  mpirun_need();
  check_first_is_killed("pmix:");
}

static void test_other_is_killed(void **state) {
  (void)state;
  mpirun_need();
  check_other_is_killed("pmix:");
}

int main(int argc, char **argv) {
  if (job_is_process(argc, argv)) return job_run_process(argv);
  if (argc == 4 && !strcmp(argv[1], "inside")) {
    return run_inside_with_output(argv);
  }
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_values),
      cmocka_unit_test(test_a_server_that_dies),
      cmocka_unit_test(test_a_server_that_hangs),
      cmocka_unit_test(test_no_launcher),
      cmocka_unit_test(test_all_meet),
      cmocka_unit_test(test_first_is_killed),
      cmocka_unit_test(test_other_is_killed),
  };
  return cmocka_run_group_tests_name("pmix", tests, NULL, NULL);
}
