/* Plugins abort, exit, hang and print as they like. So every call into one is
 * made in a worker: a child process that is watched from outside. The
 * supervisor draws the spinner, enforces --timeout, and turns the worker's
 * death into an error that names the call. A debugger follows the worker with
 * "set follow-fork-mode child". */
#ifndef CLI_SUPERVISE_H_
#define CLI_SUPERVISE_H_

#include "worker.h"

/* Runs `work` in a worker and tells how that went. A death is also a failure on
 * stderr; and where the plugin is at fault, what it wrote follows, indented. */
outcome supervise(struct cli *cli, work_fn work, void *user);

#endif /* CLI_SUPERVISE_H_ */
