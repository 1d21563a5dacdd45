#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void become(const char *const *argv, int output) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGPIPE, SIG_DFL);
  int nothing = open("/dev/null", O_RDONLY);
  if (nothing >= 0) dup2(nothing, STDIN_FILENO);
  if (output >= 0) dup2(output, STDERR_FILENO);
  dup2(STDERR_FILENO, STDOUT_FILENO);
  execvp(argv[0], (char *const *)argv);
  dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(errno));
  _exit(127);
}

int process_wait(pid_t child) {
  int wait_status = -1;
  while (waitpid(child, &wait_status, 0) < 0 && errno == EINTR) continue;
  return wait_status;
}

/* The end is what counts of a long output. */
static void read_tail(int fd, char *out, size_t size) {
  off_t end = lseek(fd, 0, SEEK_END);
  off_t start = end > (off_t)size - 1 ? end - (off_t)(size - 1) : 0;
  ssize_t got = pread(fd, out, size - 1, start);
  out[got > 0 ? got : 0] = '\0';
}

bool process_run(const char *const *argv, char *out_said, size_t said_size) {
  int output = out_said ? memfd_create("pjrt-output", MFD_CLOEXEC) : -1;
  if (out_said) out_said[0] = '\0';
  if (out_said && output < 0) return false;
  pid_t child = fork();
  if (child == 0) become(argv, output);
  int wait_status = -1;
  if (child > 0) wait_status = process_wait(child);
  if (output >= 0) {
    read_tail(output, out_said, said_size);
    close(output);
  }
  return child > 0 && WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0;
}
