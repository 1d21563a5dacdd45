/* The parts of `pjrt run`. */
#ifndef CLI_RUN_H_
#define CLI_RUN_H_

#include "arrays.h"
#include "cli.h"
#include "launch.h"
#include "model.h"
#include "session.h"

typedef struct run_options {
  common_options common;
  session_options session;
  compile_options compile;
  texts inputs;
  texts outputs;
  texts expected;
  const char *save_executable;
  const char *save_hlo;
  int64_t max_elements;
  int64_t ulps;
  double rtol;
  double atol;
  bool compile_only;
} run_options;

/* What an execution made: num_devices groups of num_outputs, on the host. */
struct results {
  pjrt_array **arrays;
  size_t num_devices;
  size_t num_outputs;
};

/* Uploads the inputs, executes, downloads. Inputs are one set for all devices
 * or one set for each. */
status execute(struct cli *cli, pjrt_executable *executable,
               const struct given_arrays *inputs, struct results *out);
void results_free(struct results *results);

/* Whether there are as many --output and --expected-output as results. */
status results_check_counts(const struct cli *cli, const run_options *options,
                            size_t num_devices, size_t num_outputs);

/* Writes the files, or prints. */
status results_deliver(const struct cli *cli, const run_options *options,
                       const struct results *results);

status results_compare(const struct cli *cli, const run_options *options,
                       struct given_arrays *expected,
                       const struct results *results);

#endif /* CLI_RUN_H_ */
