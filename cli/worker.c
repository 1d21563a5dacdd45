#include "worker.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "spinner.h"

void call_begin(struct cli *cli, const char *call, const char *doing) {
  board_lock(cli->board);
  cli->board->call = call;
  cli->board->doing = doing;
  cli->board->since_ns = now_ns();
  board_unlock(cli->board);
}

void call_end(struct cli *cli) {
  board_lock(cli->board);
  cli->board->call = NULL;
  spinner_erase(cli, cli->board);
  board_unlock(cli->board);
}

/* ---- in the worker ------------------------------------------------------- */

/* A stream to where `fd` leads now, whatever `fd` is turned into later. */
static FILE *save_stream(int fd) {
  int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  FILE *stream = copy < 0 ? NULL : fdopen(copy, "w");
  if (!stream) _exit(STATUS_SYSTEM);
  return stream;
}

static void divert_streams(struct cli *cli, int chatter) {
  cli->out = save_stream(STDOUT_FILENO);
  cli->err = save_stream(STDERR_FILENO);
  setvbuf(cli->err, NULL, _IOLBF, BUFSIZ);
  if (chatter >= 0) dup2(chatter, STDERR_FILENO);
  dup2(STDERR_FILENO, STDOUT_FILENO);
}

static _Noreturn void work_and_exit(const struct cli *parent, int chatter,
                                    pid_t parent_pid, work_fn work,
                                    void *user) {
  /* An interrupted command must not leave its worker running. */
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent_pid) _exit(STATUS_SYSTEM);
  /* XLA's informational log is of no use to who runs a model. */
  if (!parent->verbose) setenv("TF_CPP_MIN_LOG_LEVEL", "2", 0);
  struct cli cli = *parent;
  divert_streams(&cli, chatter);
  status code = finish_output(&cli, work(&cli, user));
  fflush(cli.err);
  call_begin(&cli, "exit", "ending");
  cli.board->code = (int)code;
  cli.board->is_done = true;
  exit((int)code);
}

/* ---- around it ----------------------------------------------------------- */

static void child_ended(sigset_t *out) {
  sigemptyset(out);
  sigaddset(out, SIGCHLD);
}

void worker_signals_block(sigset_t *out_before) {
  sigset_t signals;
  child_ended(&signals);
  sigprocmask(SIG_BLOCK, &signals, out_before);
}

void worker_signals_restore(const sigset_t *before) {
  sigprocmask(SIG_SETMASK, before, NULL);
}

void worker_signals_await(void) {
  static const struct timespec tick = {.tv_nsec = 100000000};
  sigset_t signals;
  child_ended(&signals);
  sigtimedwait(&signals, NULL, &tick);
}

pid_t worker_start(const struct cli *cli, struct board *board, int chatter,
                   const sigset_t *before, work_fn work, void *user) {
  fflush(NULL); /* or both processes would write what is buffered */
  pid_t self = getpid();
  pid_t worker = fork();
  if (worker != 0) return worker;
  worker_signals_restore(before);
  struct cli own = *cli;
  own.board = board;
  work_and_exit(&own, chatter, self, work, user);
}

/* ---- how it ended -------------------------------------------------------- */

static const char *call_name(const struct board *board) {
  return board->call ? board->call : "no PJRT call";
}

bool worker_is_overdue(const struct cli *cli, const struct board *board,
                       outcome *out) {
  if (cli->timeout_s <= 0 || !board->call) return false;
  if ((double)(now_ns() - board->since_ns) < cli->timeout_s * 1e9) return false;
  out->code = STATUS_TIMEOUT;
  snprintf(out->death, sizeof out->death,
           "%s did not return within %g s (--timeout)", board->call,
           cli->timeout_s);
  return true;
}

static void describe_death(const struct board *board, int wait_status,
                           outcome *out) {
  out->code = STATUS_CRASH;
  if (WIFSIGNALED(wait_status)) {
    int signal_number = WTERMSIG(wait_status);
    const char *name = sigabbrev_np(signal_number);
    snprintf(out->death, sizeof out->death,
             "the plugin ended the process in %s: SIG%s, %s", call_name(board),
             name ? name : "?", strsignal(signal_number));
  } else {
    snprintf(out->death, sizeof out->death,
             "the plugin ended the process in %s: exit status %d",
             call_name(board), WEXITSTATUS(wait_status));
  }
}

outcome worker_outcome(const struct cli *cli, const struct board *board,
                       int wait_status) {
  outcome out = {0};
  if (board->is_done) out.code = (status)board->code;
  bool exited = WIFEXITED(wait_status);
  if (!board->is_done || (exited && WEXITSTATUS(wait_status) != board->code)) {
    describe_death(board, wait_status, &out);
  } else if (!exited) {
    /* The results are out and complete; only the plugin's exit handlers
     * failed. */
    fail(cli, out.code, "warning: the plugin crashed while the process ended");
  }
  return out;
}
