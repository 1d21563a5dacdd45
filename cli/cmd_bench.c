/* pjrt bench: how long a model takes. */
#include <string.h>

#include "bench.h"
#include "board.h"
#include "supervise.h"

struct bench_request {
  const bench_options *options;
  const char *path;
};

static status bench_executable(struct cli *cli, const bench_options *options,
                               const char *path, pjrt_executable *executable,
                               struct given_arrays *inputs,
                               struct timings *timings) {
  status code = STATUS_OK;
  if (inputs->num == 0) code = arrays_of_zeros(cli, executable, inputs);
  if (code == STATUS_OK) {
    code = bench_measure(cli, options, executable, inputs, timings);
  }
  if (code != STATUS_OK) return code;
  return bench_report(cli, options, path, executable, timings);
}

static status bench_model(struct cli *cli, const bench_options *options,
                          const struct model *model,
                          struct given_arrays *inputs) {
  struct session session;
  struct timings timings = {0};
  pjrt_executable *executable = NULL;
  status code =
      session_open_plugin(cli, &options->session, false, &session, NULL);
  if (code == STATUS_OK) code = session_create_client(cli, &session, NULL);
  if (code == STATUS_OK) {
    const int64_t begin = now_ns();
    code =
        model_load(cli, model, &options->compile, session.client, &executable);
    timings.compile_ns = now_ns() - begin;
  }
  if (code == STATUS_OK) {
    code = bench_executable(cli, options, model->name, executable, inputs,
                            &timings);
  }
  timings_free(&timings);
  pjrt_executable_free(executable);
  session_close(cli, &session);
  return code;
}

static status work(struct cli *cli, void *user) {
  const struct bench_request *request = user;
  struct model model;
  struct given_arrays inputs = {0};
  status code = model_read(cli, request->path, &model);
  if (code == STATUS_OK) {
    code = arrays_read(cli, "input", &request->options->inputs, &inputs);
  }
  if (code == STATUS_OK) {
    code = bench_model(cli, request->options, &model, &inputs);
  }
  arrays_free(&inputs);
  model_free(&model);
  return code;
}

enum { MAX_IN_FLIGHT = 100000 };

static status run_bench(struct cli *cli, const void *options,
                        const texts *operands) {
  struct bench_request request = {.options = options,
                                  .path = operands->items[0]};
  const int64_t in_flight = request.options->in_flight;
  if (in_flight < 1 || in_flight > MAX_IN_FLIGHT) {
    return fail(cli, STATUS_USAGE, "--in-flight wants 1 to %d, not %lld",
                MAX_IN_FLIGHT, (long long)in_flight);
  }
  if (request.options->transfers && in_flight > 1) {
    return fail(cli, STATUS_USAGE,
                "--transfers measures one run at a time, --in-flight several");
  }
  return supervise(cli, work, &request).code;
}

static const struct option bench_rows[] = {
    {"input", "ARRAY", OPTION_TEXTS, offsetof(bench_options, inputs),
     "an argument, in order, as for `pjrt run`; default: zeros"},
    {"runs", "N", OPTION_COUNT, offsetof(bench_options, runs),
     "measure so many runs; default: what --seconds allows"},
    {"seconds", "S", OPTION_NUMBER, offsetof(bench_options, seconds),
     "measure for so long; default: 2"},
    {"warmup", "N", OPTION_COUNT, offsetof(bench_options, warmup),
     "runs before, which do not count; default: 10"},
    {"in-flight", "N", OPTION_COUNT, offsetof(bench_options, in_flight),
     "launch so many before waiting for the first; default: 1"},
    {"transfers", NULL, OPTION_FLAG, offsetof(bench_options, transfers),
     "upload the inputs and download the results in each run"},
    {"json", NULL, OPTION_FLAG, offsetof(bench_options, json),
     "print one JSON object, with times in nanoseconds"},
    SESSION_OPTIONS(bench_options),
    COMPILE_OPTIONS(bench_options),
    CACHE_OPTIONS(bench_options),
    COMMON_OPTIONS(bench_options),
};

static const bench_options bench_defaults = {
    .compile = COMPILE_DEFAULTS, .warmup = 10, .in_flight = 1, .seconds = 2};

const struct verb verb_bench = {
    .name = "bench",
    .operands = "MODEL",
    .summary = "measure how long a model takes",
    .about =
        "Compiles MODEL and runs it again and again: how long the compilation "
        "took, the\nupload of the inputs, and a run, from its launch until it "
        "is done. The inputs\nstay on the device, and nothing is donated. "
        "MODEL and ARRAY are what `pjrt run`\ntakes.\n"
        "\n"
        "The median is what to compare; the minimum shows what is possible, "
        "and p99 what\nto expect. With several runs in flight a run's time "
        "includes its wait for those\nbefore it, and the throughput shows "
        "what overlapping brings.",
    .examples =
        "  pjrt bench net.mlir --input=@image.npy\n"
        "  pjrt bench net.mlir --in-flight=8 --seconds=10\n"
        "  pjrt bench net.mlir --transfers\n"
        "  pjrt bench net.mlir --json | jq .run_ns.median\n",
    .options = bench_rows,
    .num_options = sizeof bench_rows / sizeof *bench_rows,
    .defaults = &bench_defaults,
    .options_size = sizeof bench_defaults,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_bench,
};
