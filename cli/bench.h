/* The parts of `pjrt bench`. */
#ifndef CLI_BENCH_H_
#define CLI_BENCH_H_

#include "launch.h"
#include "model.h"
#include "session.h"

typedef struct bench_options {
  common_options common;
  session_options session;
  compile_options compile;
  texts inputs;
  int64_t warmup;
  int64_t runs;
  int64_t in_flight;
  double seconds;
  bool transfers;
  bool json;
} bench_options;

/* What was measured, in nanoseconds. */
struct timings {
  int64_t compile_ns;
  int64_t upload_ns;
  int64_t *run_ns; /* of each run, ascending */
  size_t num_runs;
  int64_t total_ns; /* of all runs, which overlap when several are in flight */
};

/* Runs the program until enough runs were measured. timings_free whatever
 * happens. */
status bench_measure(struct cli *cli, const bench_options *options,
                     pjrt_executable *executable,
                     const struct given_arrays *inputs, struct timings *out);
void timings_free(struct timings *timings);

status bench_report(const struct cli *cli, const bench_options *options,
                    const char *model, const pjrt_executable *executable,
                    const struct timings *timings);

#endif /* CLI_BENCH_H_ */
