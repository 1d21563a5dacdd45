#include "supervise.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "board.h"
#include "chatter.h"
#include "process.h"
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

/* ---- the worker ---------------------------------------------------------- */

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

/* ---- the supervisor ------------------------------------------------------ */

static const char *call_name(const struct board *board) {
  return board->call ? board->call : "no PJRT call";
}

/* Whether the present call is over its time; says so in `out`. */
static bool is_overdue(const struct cli *cli, const struct board *board,
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

static outcome judge(const struct cli *cli, const struct board *board,
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

/* Watches the worker until it ends, or ends it. */
static outcome watch(struct cli *cli, pid_t worker, const sigset_t *child_ended,
                     struct board *board) {
  spinner_style style =
      cli->verbose ? SPINNER_NONE : spinner_style_for(cli->err);
  static const struct timespec tick = {.tv_nsec = 100000000};
  outcome out = {0};
  int wait_status;
  while (waitpid(worker, &wait_status, WNOHANG) == 0) {
    board_lock(board);
    bool overdue = is_overdue(cli, board, &out);
    if (!overdue) spinner_tick(cli, board, style);
    board_unlock(board);
    if (overdue) {
      kill(worker, SIGKILL);
      process_wait(worker);
      break;
    }
    sigtimedwait(child_ended, NULL, &tick);
  }
  board_lock(board);
  spinner_erase(cli, board);
  board_unlock(board);
  return out.code == STATUS_TIMEOUT ? out : judge(cli, board, wait_status);
}

static outcome system_failure(const struct cli *cli, const char *operation) {
  return (outcome){.code = fail_system(cli, operation)};
}

/* Whether the failure is the plugin's, so that its words may explain it. */
static bool is_plugin_failure(status code) {
  return code == STATUS_PLUGIN || code == STATUS_COMPILE ||
         code == STATUS_EXECUTE || code == STATUS_CRASH ||
         code == STATUS_TIMEOUT;
}

outcome supervise(struct cli *cli, work_fn work, void *user) {
  struct board *board = board_create();
  if (!board) return system_failure(cli, "mmap");
  int chatter = cli->verbose ? -1 : chatter_create();
  fflush(NULL); /* or both processes would write what is buffered */
  sigset_t child_ended, before;
  sigemptyset(&child_ended);
  sigaddset(&child_ended, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child_ended, &before);
  cli->board = board;
  pid_t self = getpid();
  pid_t worker = fork();
  if (worker == 0) {
    sigprocmask(SIG_SETMASK, &before, NULL);
    work_and_exit(cli, chatter, self, work, user);
  }
  outcome out = worker < 0 ? system_failure(cli, "fork")
                           : watch(cli, worker, &child_ended, board);
  sigprocmask(SIG_SETMASK, &before, NULL);
  if (out.death[0]) fail(cli, out.code, "%s", out.death);
  if (is_plugin_failure(out.code)) chatter_show(chatter, cli->err);
  if (chatter >= 0) close(chatter);
  cli->board = NULL;
  board_free(board);
  return out;
}
