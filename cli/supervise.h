/* Plugins abort, exit, hang and print as they like. So every call into one is
 * made in a worker: a child process that is watched from outside. The
 * supervisor draws the spinner, enforces --timeout, and turns the worker's
 * death into an error that names the call. A debugger follows the worker with
 * "set follow-fork-mode child". */
#ifndef CLI_SUPERVISE_H_
#define CLI_SUPERVISE_H_

#include "cli.h"

/* Runs in the worker. Its `cli` has streams of its own: what the plugin writes
 * to stdout and stderr goes elsewhere. */
typedef status (*work_fn)(struct cli *cli, void *user);

typedef struct outcome {
  status code;
  /* How the worker died, one line; empty when it ended by itself. */
  char death[256];
} outcome;

/* Runs `work` in a worker and tells how that went. A death is also a failure on
 * stderr; and where the plugin is at fault, what it wrote follows, indented. */
outcome supervise(struct cli *cli, work_fn work, void *user);

/* Brackets a call into the plugin, or another step that may take long. Both
 * texts are literals: `call` is a PJRT function, `doing` completes "pjrt is
 * ..." for the spinner. */
void call_begin(struct cli *cli, const char *call, const char *doing);
void call_end(struct cli *cli);

#endif /* CLI_SUPERVISE_H_ */
