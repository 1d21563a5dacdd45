/* A worker: a child process that calls into a plugin, watched from outside. Its
 * board says what it is doing. supervise.h runs one; conform_pool.h several. */
#ifndef CLI_WORKER_H_
#define CLI_WORKER_H_

#include <signal.h>
#include <sys/types.h>

#include "board.h"
#include "cli.h"

/* Runs in the worker. Its `cli` has streams of its own: what the plugin writes
 * to stdout and stderr goes elsewhere. */
typedef status (*work_fn)(struct cli *cli, void *user);

typedef struct outcome {
  status code;
  /* How the worker died, one line; empty when it ended by itself. */
  char death[256];
} outcome;

/* Keeps SIGCHLD back, to be waited for, until worker_signals_restore. */
void worker_signals_block(sigset_t *out_before);
void worker_signals_restore(const sigset_t *before);

/* Waits until a worker ends, or for a tenth of a second. */
void worker_signals_await(void);

/* Starts a worker; -1 with errno set when that fails. `before` is what
 * worker_signals_block gave.
 * @param chatter where to what the plugin writes goes; -1: to stderr */
pid_t worker_start(const struct cli *cli, struct board *board, int chatter,
                   const sigset_t *before, work_fn work, void *user);

/* Whether the present call is over its time; says so in `out`. The board is
 * locked. */
bool worker_is_overdue(const struct cli *cli, const struct board *board,
                       outcome *out);

/* How a worker ended whose wait status this is. */
outcome worker_outcome(const struct cli *cli, const struct board *board,
                       int wait_status);

/* Brackets a call into the plugin, or another step that may take long. Both
 * texts are literals: `call` is a PJRT function, `doing` completes "pjrt is
 * ..." for the spinner. */
void call_begin(struct cli *cli, const char *call, const char *doing);
void call_end(struct cli *cli);

#endif /* CLI_WORKER_H_ */
