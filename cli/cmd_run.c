/* pjrt run: compiles a model, runs it on arrays, and prints, writes or checks
 * the results. */
#include "run.h"
#include "supervise.h"

struct run {
  const run_options *options;
  const char *path;
};

/* With everything in hand. What can be told without running is told before:
 * a compile may have taken minutes, and execution may take more. */
static status execute_and_deliver(struct cli *cli, const run_options *options,
                                  pjrt_executable *executable,
                                  const struct given_arrays *inputs,
                                  struct given_arrays *expected) {
  struct results results = {0};
  status code = execute(cli, executable, inputs, &results);
  if (code == STATUS_OK) code = results_deliver(cli, options, &results);
  if (code == STATUS_OK) {
    code = results_compare(cli, options, expected, &results);
  }
  results_free(&results);
  return code;
}

static status save_hlo(struct cli *cli, pjrt_executable *executable,
                       const char *path) {
  pjrt_program *program;
  call_begin(cli, "PJRT_Executable_OptimizedProgram", "asking for the program");
  pjrt_error *error = pjrt_executable_optimized_program(executable, &program);
  call_end(cli);
  return hlo_save(cli, pjrt_executable_name(executable, NULL), program, error,
                  path);
}

static status run_executable(struct cli *cli, const run_options *options,
                             pjrt_executable *executable,
                             const struct given_arrays *inputs,
                             struct given_arrays *expected) {
  status code = STATUS_OK;
  if (options->save_executable) {
    code = executable_save(cli, executable, options->save_executable);
  }
  if (code == STATUS_OK && options->save_hlo) {
    code = save_hlo(cli, executable, options->save_hlo);
  }
  if (code != STATUS_OK || options->compile_only) return code;
  code = results_check_counts(cli, options,
                              pjrt_executable_num_devices(executable),
                              pjrt_executable_num_outputs(executable));
  if (code != STATUS_OK) return code;
  return execute_and_deliver(cli, options, executable, inputs, expected);
}

static status run_model(struct cli *cli, const run_options *options,
                        const struct model *model,
                        const struct given_arrays *inputs,
                        struct given_arrays *expected) {
  struct session session;
  pjrt_executable *executable = NULL;
  status code =
      session_open_plugin(cli, &options->session, false, &session, NULL);
  if (code == STATUS_OK) code = session_create_client(cli, &session, NULL);
  if (code == STATUS_OK) {
    code =
        model_load(cli, model, &options->compile, session.client, &executable);
  }
  if (code == STATUS_OK) {
    code = run_executable(cli, options, executable, inputs, expected);
  }
  pjrt_executable_free(executable);
  session_close(cli, &session);
  return code;
}

/* Files are read before the plugin is touched, so that a wrong name costs
 * nothing. */
static status work(struct cli *cli, void *user) {
  const struct run *run = user;
  const run_options *options = run->options;
  struct model model;
  struct given_arrays inputs = {0}, expected = {0};
  status code = model_read(cli, run->path, &model);
  if (code == STATUS_OK) {
    code = arrays_read(cli, "input", &options->inputs, &inputs);
  }
  if (code == STATUS_OK) {
    code = arrays_read(cli, "expected-output", &options->expected, &expected);
  }
  if (code == STATUS_OK) {
    code = run_model(cli, options, &model, &inputs, &expected);
  }
  arrays_free(&expected);
  arrays_free(&inputs);
  model_free(&model);
  return code;
}

static status run_run(struct cli *cli, const void *options,
                      const texts *operands) {
  struct run run = {.options = options, .path = operands->items[0]};
  return supervise(cli, work, &run).code;
}

static const struct option run_rows[] = {
    {"input", "ARRAY", OPTION_TEXTS, offsetof(run_options, inputs),
     "an argument, in order: 2x2xf32=1,2,3,4 or 4xf32=0 or\n"
     "@x.npy or bf16=@x.npy or 4xf32=@x.bin"},
    {"output", "@FILE", OPTION_TEXTS, offsetof(run_options, outputs),
     "write a result, in order, as .npy; - prints it, nothing\n"
     "drops it; default: print them all"},
    {"expected-output", "ARRAY", OPTION_TEXTS, offsetof(run_options, expected),
     "what a result must be, in order; exit status 1 if not"},
    {"ulps", "N", OPTION_COUNT, offsetof(run_options, ulps),
     "floats may differ by N units in the last place"},
    {"rtol", "X", OPTION_NUMBER, offsetof(run_options, rtol),
     "or by X times the expected magnitude"},
    {"atol", "X", OPTION_NUMBER, offsetof(run_options, atol), "or by X"},
    {"print-max-elements", "N", OPTION_COUNT,
     offsetof(run_options, max_elements),
     "print no more than N elements of a result; 0: all;\n"
     "default: 1024"},
    SESSION_OPTIONS(run_options),
    COMPILE_OPTIONS(run_options),
    CACHE_OPTIONS(run_options),
    {"save-executable", "FILE", OPTION_TEXT,
     offsetof(run_options, save_executable),
     "keep the compiled program; run FILE like a model later,\n"
     "on the same plugin"},
    {"save-hlo", "FILE", OPTION_TEXT, offsetof(run_options, save_hlo),
     "write what the compiler made of the model, as HLO text"},
    {"compile-only", NULL, OPTION_FLAG, offsetof(run_options, compile_only),
     "compile, save if asked to, and stop"},
    COMMON_OPTIONS(run_options),
};

static const run_options run_defaults = {.compile = COMPILE_DEFAULTS,
                                         .max_elements = 1024};

const struct verb verb_run = {
    .name = "run",
    .operands = "MODEL",
    .summary = "run a model on arrays",
    .about =
        "Compiles MODEL, runs it on the --input arrays, and prints the "
        "results, writes\nthem (--output) or checks them "
        "(--expected-output). MODEL is StableHLO as text,\nbytecode or "
        "portable artifact, a serialized HloModuleProto, or a file that\n"
        "--save-executable wrote; - reads it from stdin.\n"
        "\n"
        "On several devices the inputs are either one set, which every device "
        "gets, or\none set for each device after the other. Outputs and "
        "expected outputs come\ndevice after device too.\n"
        "\n"
        "Stdout gets results alone. What the plugin writes is shown when it "
        "fails, or\nwith --verbose. A result file appears whole or not at "
        "all.",
    .examples =
        "  pjrt run add.mlir --input=4xf32=1,2,3,4 --input=4xf32=10\n"
        "  pjrt run net.mlir --input=@image.npy --output=@scores.npy\n"
        "  pjrt run net.mlir --input=@x.npy --expected-output=@y.npy --ulps=4\n"
        "  pjrt run net.mlir --compile-only --save-executable=net.exe &&\n"
        "    pjrt run net.exe --input=@x.npy\n"
        "  pjrt run sum.mlir --replicas=4 --input=f32=1 --input=f32=2 "
        "--input=f32=3 \\\n    --input=f32=4\n",
    .options = run_rows,
    .num_options = sizeof run_rows / sizeof *run_rows,
    .defaults = &run_defaults,
    .options_size = sizeof run_defaults,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_run,
};
