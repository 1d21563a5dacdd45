#include "mpirun.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pjrt/pjrt.h"

enum { MAX_WORDS = 128 };

static const char *const usual[] = {
    "mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none",
    /* The others are to find out by themselves that one is gone. */
    "--enable-recovery", "--mca", "orte_abort_on_non_zero_status", "0",
    /* Nothing leaves this host. */
    "--mca", "plm", "isolated", "--mca", "oob_tcp_if_include", "lo"};

void mpirun_need(void) {
  pjrt_kvstore *store;
  pjrt_error *error =
      pjrt_kvstore_open("pmix:", PJRT_NUL_ENDED, "j", PJRT_NUL_ENDED, &store);
  if (pjrt_error_code(error) == PJRT_UNIMPLEMENTED) {
    pjrt_error_free(error);
    skip_because("the library has no libpmix");
  }
  assert_int_equal(pjrt_error_consume(error), PJRT_FAILED_PRECONDITION);
  if (!program_is_there("mpirun")) {
    skip_because("there is no mpirun on this machine");
  }
}

/* In the child. */
static void become_mpirun(const char *const *words) {
  const char *all[MAX_WORDS];
  const int nothing = open("/dev/null", O_RDONLY);
  size_t num = sizeof usual / sizeof *usual;
  memcpy(all, usual, sizeof usual);
  while (*words && num < MAX_WORDS - 1) all[num++] = *words++;
  all[num] = NULL;
  dup2(nothing, STDIN_FILENO);
  dup2(STDOUT_FILENO, STDERR_FILENO);
  execvp("mpirun", (char **)(uintptr_t)all);
  _exit(127);
}

void mpirun_start(child *c, const char *const *words) {
  if (!child_start(c)) become_mpirun(words);
}
