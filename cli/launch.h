/* The buffers of an executable's launches. */
#ifndef CLI_LAUNCH_H_
#define CLI_LAUNCH_H_

#include "arrays.h"
#include "cli.h"

/* num_devices groups of each. */
struct launch {
  size_t num_devices;
  size_t num_args;
  size_t num_outs;
  pjrt_buffer **args;
  pjrt_buffer **outs;
};

/* Uploads the inputs: one set for all devices or one set for each. What does
 * not fit the program is told. launch_free whatever happens. */
status launch_prepare(struct cli *cli, pjrt_executable *executable,
                      const struct given_arrays *inputs, struct launch *out);
void launch_free(struct launch *launch);

#endif /* CLI_LAUNCH_H_ */
