/* Processes that a test starts. */
#ifndef PJRT_TESTS_KV_CHILD_H_
#define PJRT_TESTS_KV_CHILD_H_

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Needs the headers above. */
#include <cmocka.h>

/* Ends the test as skipped, for the reason given. */
#define skip_because(...)       \
  do {                          \
    print_message("skip: ");    \
    print_message(__VA_ARGS__); \
    print_message("\n");        \
    skip();                     \
  } while (0)

enum { LONG_MS = 120000 };

typedef struct child {
  pid_t pid;
  int output; /* a pipe */
  bool was_killed;
  int status;      /* of its exit */
  char text[4096]; /* what it printed, as far as there is room */
} child;

/* Forks, with a pipe for what the child prints; false in the child. */
bool child_start(child *c);

/* Waits for the end of what it prints and then for its own; false when that
 * takes minutes, and then it is killed. */
bool child_wait(child *c);

/* Whether PATH leads to it. */
bool program_is_there(const char *program);

#endif /* PJRT_TESTS_KV_CHILD_H_ */
