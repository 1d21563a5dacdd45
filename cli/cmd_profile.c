/* pjrt profile: runs a model under the plugin's profiler. */
#include <stdlib.h>

#include "profile.h"
#include "supervise.h"

struct profile_request {
  const profile_options *options;
  const char *path;
};

static status work(struct cli *cli, void *user) {
  const struct profile_request *request = user;
  const profile_options *options = request->options;
  struct model model;
  struct given_arrays inputs = {0};
  struct profile profile = {0};
  status code = model_read(cli, request->path, &model);
  if (code == STATUS_OK) {
    code = arrays_read(cli, "input", &options->inputs, &inputs);
  }
  if (code == STATUS_OK) {
    code = profile_record(cli, options, &model, &inputs, &profile);
  }
  if (code == STATUS_OK) code = profile_deliver(cli, options, &profile);
  free(profile.data);
  arrays_free(&inputs);
  model_free(&model);
  return code;
}

static status run_profile(struct cli *cli, const void *options,
                          const texts *operands) {
  struct profile_request request = {.options = options,
                                    .path = operands->items[0]};
  return supervise(cli, work, &request).code;
}

static const struct option profile_rows[] = {
    {"input", "ARRAY", OPTION_TEXTS, offsetof(profile_options, inputs),
     "an argument, in order, as for `pjrt run`; default: zeros"},
    {"runs", "N", OPTION_COUNT, offsetof(profile_options, runs),
     "record so many runs; default: 1"},
    {"warmup", "N", OPTION_COUNT, offsetof(profile_options, warmup),
     "runs before, which are not recorded; default: 1"},
    {"with-compile", NULL, OPTION_FLAG, offsetof(profile_options, with_compile),
     "record the compilation, the upload and the warm-up too"},
    {"out", "DIR", OPTION_TEXT, offsetof(profile_options, out),
     "write DIR/plugins/profile/TIME/HOST.xplane.pb, for xprof\n"
     "and TensorBoard"},
    {"trace", "FILE.json", OPTION_TEXT, offsetof(profile_options, trace),
     "write a trace for ui.perfetto.dev and chrome://tracing"},
    {"top", "N", OPTION_COUNT, offsetof(profile_options, top),
     "print so many kinds of events of a line; default: 10"},
    {"host", NULL, OPTION_FLAG, offsetof(profile_options, host),
     "leave the plugin's profiler alone and record only the\n"
     "steps of this command, which any plugin allows"},
    SESSION_OPTIONS(profile_options),
    COMPILE_OPTIONS(profile_options),
    CACHE_OPTIONS(profile_options),
    COMMON_OPTIONS(profile_options),
};

static const profile_options profile_defaults = {
    .compile = COMPILE_DEFAULTS, .runs = 1, .warmup = 1, .top = 10};

const struct verb verb_profile = {
    .name = "profile",
    .operands = "MODEL",
    .summary = "record what a plugin does while a model runs",
    .about =
        "Compiles MODEL and runs it under the plugin's own profiler. Prints "
        "what took\nlongest, for each plane (a device, or the host) and each "
        "of its lines (a stream,\nor a thread): the times of all events of a "
        "kind, those inside them included.\nMODEL and ARRAY are what `pjrt "
        "run` takes.\n"
        "\n"
        "The plane /host:pjrt is the command's own: compile, upload, launch, "
        "await and\ndownload. Plugins for CPUs have no profiler; with --host "
        "that plane is all.",
    .examples =
        "  pjrt profile net.mlir --plugin=cuda --runs=10 --trace=net.json\n"
        "  pjrt profile net.mlir --plugin=tpu --out=logs\n"
        "  pjrt profile net.mlir --plugin=cpu --host --trace=net.json\n",
    .options = profile_rows,
    .num_options = sizeof profile_rows / sizeof *profile_rows,
    .defaults = &profile_defaults,
    .options_size = sizeof profile_defaults,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_profile,
};
