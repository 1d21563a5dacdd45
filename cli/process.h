/* Other programs, started by argument vector and never through a shell. */
#ifndef CLI_PROCESS_H_
#define CLI_PROCESS_H_

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Runs a program to its end, looked up in PATH. What it prints goes to
 * `out_said`, cut to its size, or to stderr when that is NULL. True when it
 * ended with status 0. */
bool process_run(const char *const *argv, char *out_said, size_t said_size);

/* Waits for a child's end and returns its wait status, as waitpid tells it. */
int process_wait(pid_t child);

#endif /* CLI_PROCESS_H_ */
