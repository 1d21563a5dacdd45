/* The parts of `pjrt run`. */
#ifndef CLI_RUN_H_
#define CLI_RUN_H_

#include "arrays.h"
#include "cli.h"
#include "session.h"

typedef struct run_options {
  common_options common;
  session_options session;
  texts inputs;
  texts outputs;
  texts expected;
  texts xla_options;
  const char *device;
  const char *save_executable;
  int64_t num_replicas;
  int64_t num_partitions;
  int64_t max_elements;
  int64_t ulps;
  double rtol;
  double atol;
  bool shardy;
  bool compile_only;
} run_options;

/* A model file's bytes, or what was made of them. */
struct model {
  const char *name; /* for messages */
  pjrt_program *program;
  void *executable; /* one that --save-executable wrote */
  size_t executable_size;
};

/* Reads a program or a saved executable; "-" is stdin. */
status model_read(const struct cli *cli, const char *path, struct model *out);
void model_free(struct model *model);

/* Compiles the program, or loads the saved executable. */
status model_load(struct cli *cli, const struct model *model,
                  const run_options *options, pjrt_client *client,
                  pjrt_executable **out);

status executable_save(struct cli *cli, pjrt_executable *executable,
                       const char *path);

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
