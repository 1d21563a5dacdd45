#include "child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

bool child_start(child *c) {
  int ends[2];
  assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
  fflush(NULL);
  *c = (child){.pid = fork(), .output = ends[0]};
  assert_true(c->pid >= 0);
  if (c->pid == 0) {
    dup2(ends[1], STDOUT_FILENO);
    return false;
  }
  close(ends[1]);
  return true;
}

/* What does not fit is dropped, so that nobody is stopped by it. */
static bool read_output(child *c) {
  struct pollfd polled = {.fd = c->output, .events = POLLIN};
  size_t size = 0;
  for (;;) {
    char piece[512];
    if (poll(&polled, 1, 2 * LONG_MS) <= 0) return false;
    const ssize_t got = read(c->output, piece, sizeof piece);
    if (got <= 0) return got == 0;
    const size_t room = sizeof c->text - 1 - size;
    const size_t num = (size_t)got < room ? (size_t)got : room;
    memcpy(c->text + size, piece, num);
    size += num;
  }
}

bool child_wait(child *c) {
  int status;
  const bool has_ended = read_output(c);
  if (!has_ended) kill(c->pid, SIGKILL);
  close(c->output);
  if (waitpid(c->pid, &status, 0) != c->pid) return false;
  c->was_killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  c->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return has_ended;
}

bool program_is_there(const char *program) {
  char *path = strdup(getenv("PATH") ? getenv("PATH") : "");
  bool found = false;
  char *rest = path, *folder;
  while (!found && (folder = strsep(&rest, ":"))) {
    char file[4096];
    snprintf(file, sizeof file, "%s/%s", folder, program);
    found = access(file, X_OK) == 0;
  }
  free(path);
  return found;
}
