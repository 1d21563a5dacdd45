/* A compile cache and many processes: several on one folder at once, and one
 * killed at each step of storing an entry. This program, started once more, is
 * such a process. */
#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "cache_fixture.h"

enum { NUM_PROGRAMS = 4, GOOD = 0, BROKEN = 3, DAMAGED = 4 };

/* ---- in such a process --------------------------------------------------- */

static pjrt_error *look_up(pjrt_compile_cache *cache, pjrt_client *client,
                           int number, bool *out_hit, char **out_told) {
  char code[300];
  pjrt_program *program;
  pjrt_executable *executable;
  snprintf(code, sizeof code, "// program %d\n%s", number, pass_program);
  PJRT_TRY(
      pjrt_program_create(code, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO, &program));
  pjrt_error *error = pjrt_compile_cache_compile(
      cache, client, program, NULL, &executable, out_hit, out_told);
  pjrt_executable_free(executable);
  pjrt_program_free(program);
  return error;
}

/* Tells each look-up by one byte on stdout. Stops before the first when it is
 * traced. */
static int look_up_all(pjrt_compile_cache *cache, pjrt_client *client,
                       int num_rounds, bool is_traced) {
  if (is_traced) raise(SIGSTOP);
  for (int i = 0; i < num_rounds; i++) {
    bool was_hit;
    char *told;
    pjrt_error *error =
        look_up(cache, client, i % NUM_PROGRAMS, &was_hit, &told);
    if (error) {
      pjrt_error_print(error, stderr);
      pjrt_error_free(error);
      return BROKEN;
    }
    const bool is_bad = strstr(told, "damaged") || strstr(told, "not stored");
    if (is_bad) fprintf(stderr, "%s\n", told);
    pjrt_host_free(told);
    if (is_bad) return DAMAGED;
    if (write(STDOUT_FILENO, was_hit ? "h" : "m", 1) != 1) return BROKEN;
  }
  return GOOD;
}

/* The words: the folder, its bound, the number of look-ups, and whether to wait
 * to be traced. */
static int run_process(char **words) {
  pjrt_plugin *plugin;
  pjrt_client *client = NULL;
  pjrt_compile_cache *cache = NULL;
  pjrt_compile_cache_opts opts;
  pjrt_compile_cache_opts_init(&opts);
  opts.max_size_in_bytes = strtol(words[1], NULL, 10);
  pjrt_error *error =
      pjrt_plugin_open(getenv("PJRT_TEST_SIM"), PJRT_NUL_ENDED, NULL, &plugin);
  if (!error) error = pjrt_client_create(plugin, NULL, &client);
  if (!error) {
    error = pjrt_compile_cache_open(words[0], PJRT_NUL_ENDED, &opts, &cache);
  }
  if (error) pjrt_error_print(error, stderr);
  int status = error
                   ? BROKEN
                   : look_up_all(cache, client, (int)strtol(words[2], NULL, 10),
                                 strcmp(words[3], "traced") == 0);
  pjrt_error_free(error);
  pjrt_compile_cache_free(cache);
  pjrt_client_free(client);
  pjrt_plugin_free(plugin);
  return status;
}

/* ---- starting and ending them -------------------------------------------- */

typedef struct process {
  pid_t pid;
  int output;
} process;

static process start(const temp_tree *tree, int64_t bound, int num_rounds,
                     bool is_traced) {
  temp_path path;
  char bound_text[24], rounds_text[16];
  int ends[2];
  snprintf(bound_text, sizeof bound_text, "%lld", (long long)bound);
  snprintf(rounds_text, sizeof rounds_text, "%d", num_rounds);
  temp_at(tree, "cache", &path);
  assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
  const pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    dup2(ends[1], STDOUT_FILENO);
    if (is_traced && ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0) _exit(126);
    execl("/proc/self/exe", "process", path.text, bound_text, rounds_text,
          is_traced ? "traced" : "free", (char *)NULL);
    _exit(127);
  }
  close(ends[1]);
  return (process){pid, ends[0]};
}

/* The exit status, -1 when it was killed. */
static int wait_for(const process *p) {
  int status;
  assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
  close(p->output);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* How many bytes it wrote, until its end or `max`. */
static int read_some(const process *p, int max, int *out_hits) {
  int num = 0;
  char byte;
  while (num < max && read(p->output, &byte, 1) == 1) {
    num++;
    *out_hits += byte == 'h';
  }
  return num;
}

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

/* All programs, twice, by a process of its own: in the end each is a hit, and
 * nothing unfinished is left. */
static void expect_sound(const temp_tree *tree) {
  temp_path path;
  int hits = 0;
  const process p = start(tree, 0, 2 * NUM_PROGRAMS, false);
  assert_int_equal(read_some(&p, 2 * NUM_PROGRAMS, &hits), 2 * NUM_PROGRAMS);
  assert_int_equal(wait_for(&p), GOOD);
  assert_true(hits >= NUM_PROGRAMS);
  assert_int_equal(access(temp_at(tree, "cache/.new", &path), F_OK), -1);
}

static int64_t size_of_one(const temp_tree *tree) {
  int hits = 0;
  const process p = start(tree, 0, 1, false);
  assert_int_equal(read_some(&p, 1, &hits), 1);
  assert_int_equal(wait_for(&p), GOOD);
  pjrt_compile_cache *cache = open_at(tree, NULL);
  pjrt_compile_cache_stats stats;
  pjrt_compile_cache_stats_init(&stats);
  expect_ok(pjrt_compile_cache_read_stats(cache, &stats));
  expect_ok(pjrt_compile_cache_clear(cache));
  pjrt_compile_cache_free(cache);
  return stats.size_in_bytes;
}

/* ---- several at once ----------------------------------------------------- */

enum { NUM_PROCESSES = 6, NUM_ROUNDS = 100, NUM_KILLS = 30 };

static void processes_share_a_folder(void **state) {
  const temp_tree *tree = *state;
  process all[NUM_PROCESSES];
  int hits = 0;
  for (int i = 0; i < NUM_PROCESSES; i++) {
    all[i] = start(tree, 0, NUM_ROUNDS, false);
  }
  for (int i = 0; i < NUM_PROCESSES; i++) {
    assert_int_equal(read_some(&all[i], NUM_ROUNDS, &hits), NUM_ROUNDS);
    assert_int_equal(wait_for(&all[i]), GOOD);
  }
  /* Each process meets each program for the first time once. */
  assert_true(hits >= NUM_PROCESSES * (NUM_ROUNDS - NUM_PROGRAMS));
  expect_sound(tree);
}

/* With too little room for all programs, so that all of them store and evict
 * all the time; one after the other is killed somewhere in between. */
static void processes_are_killed_at_work(void **state) {
  const temp_tree *tree = *state;
  process all[NUM_PROCESSES];
  const int64_t bound = size_of_one(tree) * 5 / 2;
  for (int i = 0; i < NUM_PROCESSES; i++) {
    all[i] = start(tree, bound, 1000000, false);
  }
  for (int i = 0; i < NUM_KILLS; i++) {
    process *p = &all[i % NUM_PROCESSES];
    int hits = 0;
    assert_int_equal(read_some(p, 1 + i, &hits), 1 + i);
    kill(p->pid, SIGKILL);
    assert_int_equal(wait_for(p), -1);
    *p = start(tree, bound, 1000000, false);
  }
  for (int i = 0; i < NUM_PROCESSES; i++) {
    kill(all[i].pid, SIGKILL);
    assert_int_equal(wait_for(&all[i]), -1);
  }
  expect_sound(tree);
}

/* ---- killed at each step ------------------------------------------------- */

/* Lets a stopped process go on to its next system call's beginning or end;
 * false when it has ended. */
static bool next_step(pid_t pid) {
  int status;
  if (ptrace(PTRACE_SYSCALL, pid, NULL, NULL) != 0) return false;
  assert_int_equal(waitpid(pid, &status, 0), pid);
  return WIFSTOPPED(status);
}

/* Runs a process up to where it asks to be traced; skips the test where that
 * is forbidden. */
static process start_traced(const temp_tree *tree) {
  const process p = start(tree, 0, 1, true);
  int status;
  for (;;) {
    assert_int_equal(waitpid(p.pid, &status, 0), p.pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 126) {
      print_message("skip: ptrace is forbidden here\n");
      skip();
    }
    assert_true(WIFSTOPPED(status));
    if (WSTOPSIG(status) == SIGSTOP) return p;
    assert_int_equal(ptrace(PTRACE_CONT, p.pid, NULL, NULL), 0);
  }
}

/* Kills it after so many steps. False when it had ended before. */
static bool kill_at_step(const temp_tree *tree, int step) {
  int status;
  const process p = start_traced(tree);
  for (int i = 0; i < step; i++) {
    if (next_step(p.pid)) continue;
    close(p.output);
    return false;
  }
  kill(p.pid, SIGKILL);
  assert_int_equal(waitpid(p.pid, &status, 0), p.pid);
  assert_true(WIFSIGNALED(status));
  close(p.output);
  return true;
}

/* Before each system call of storing an entry, and after it. */
static void process_is_killed_at_each_step(void **state) {
  const temp_tree *tree = *state;
  temp_path path;
  int num_unfinished = 0, num_stored = 0, step = 0;
  while (kill_at_step(tree, step)) {
    pjrt_compile_cache *cache = open_at(tree, NULL);
    num_unfinished += access(temp_at(tree, "cache/.new", &path), F_OK) == 0;
    num_stored += only_entry(tree) != NULL;
    pjrt_compile_cache_free(cache);
    expect_sound(tree);
    cache = open_at(tree, NULL);
    expect_ok(pjrt_compile_cache_clear(cache));
    pjrt_compile_cache_free(cache);
    step++;
  }
  assert_in_range(step, 20, 2000);
  assert_true(num_unfinished > 0);
  assert_true(num_stored > 0 && num_stored < step);
}

#define tree_test(function) \
  cmocka_unit_test_setup_teardown(function, make_tree, remove_tree)

int main(int argc, char **argv) {
  if (argc == 5 && strcmp(argv[0], "process") == 0) {
    return run_process(argv + 1);
  }
  const struct CMUnitTest tests[] = {
      tree_test(processes_share_a_folder),
      tree_test(processes_are_killed_at_work),
      tree_test(process_is_killed_at_each_step),
  };
  return cmocka_run_group_tests_name("compile_cache_processes", tests, NULL,
                                     NULL);
}
