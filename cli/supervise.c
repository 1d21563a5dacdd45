#include "supervise.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "chatter.h"
#include "process.h"
#include "spinner.h"

/* Watches the worker until it ends, or ends it. */
static outcome watch(struct cli *cli, pid_t worker, struct board *board) {
  spinner_style style =
      cli->verbose ? SPINNER_NONE : spinner_style_for(cli->err);
  outcome out = {0};
  int wait_status;
  while (waitpid(worker, &wait_status, WNOHANG) == 0) {
    board_lock(board);
    bool overdue = worker_is_overdue(cli, board, &out);
    if (!overdue) spinner_tick(cli, board, style);
    board_unlock(board);
    if (overdue) {
      kill(worker, SIGKILL);
      process_wait(worker);
      break;
    }
    worker_signals_await();
  }
  board_lock(board);
  spinner_erase(cli, board);
  board_unlock(board);
  return out.code == STATUS_TIMEOUT ? out
                                    : worker_outcome(cli, board, wait_status);
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
  sigset_t before;
  worker_signals_block(&before);
  pid_t worker = worker_start(cli, board, chatter, &before, work, user);
  outcome out =
      worker < 0 ? system_failure(cli, "fork") : watch(cli, worker, board);
  worker_signals_restore(&before);
  if (out.death[0]) fail(cli, out.code, "%s", out.death);
  if (is_plugin_failure(out.code)) chatter_show(chatter, cli->err);
  if (chatter >= 0) close(chatter);
  board_free(board);
  return out;
}
