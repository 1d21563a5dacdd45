/* pjrt compile: compiles a model for a machine that need not be there. */
#include <stdlib.h>

#include "model.h"
#include "session.h"
#include "supervise.h"
#include "target.h"

typedef struct compile_verb_options {
  common_options common;
  session_options session;
  target_options target;
  compile_options compile;
  const char *output;
  const char *save_hlo;
} compile_verb_options;

struct job {
  const compile_verb_options *options;
  const char *path;
};

static status save(struct cli *cli, const pjrt_compiled *compiled,
                   const char *path) {
  void *data;
  size_t size;
  call_begin(cli, "PJRT_Executable_Serialize", "serializing");
  pjrt_error *error = pjrt_compiled_serialize(compiled, &data, &size);
  call_end(cli);
  if (error) {
    return fail_error(cli, STATUS_COMPILE, error, "cannot serialize %s",
                      pjrt_compiled_name(compiled, NULL));
  }
  status code = artifact_write(cli, path, data, size);
  pjrt_host_free(data);
  return code;
}

static status save_hlo(struct cli *cli, const pjrt_compiled *compiled,
                       const char *path) {
  pjrt_program *program;
  call_begin(cli, "PJRT_Executable_OptimizedProgram", "asking for the program");
  pjrt_error *error = pjrt_compiled_optimized_program(compiled, &program);
  call_end(cli);
  return hlo_save(cli, pjrt_compiled_name(compiled, NULL), program, error,
                  path);
}

static status compile_and_save(struct cli *cli,
                               const compile_verb_options *options,
                               const struct model *model,
                               pjrt_topology *topology) {
  struct compile_request request;
  pjrt_compiled *compiled = NULL;
  status code = compile_request_make(cli, &options->compile, &request);
  if (code == STATUS_OK) {
    call_begin(cli, "PJRT_Compile", "compiling");
    pjrt_error *error = pjrt_topology_compile(topology, model->program,
                                              &request.opts, &compiled);
    call_end(cli);
    if (error) {
      code = fail_error(cli, STATUS_COMPILE, error, "cannot compile %s",
                        model->name);
    }
  }
  if (code == STATUS_OK) code = save(cli, compiled, options->output);
  if (code == STATUS_OK && options->save_hlo) {
    code = save_hlo(cli, compiled, options->save_hlo);
  }
  pjrt_compiled_free(compiled);
  compile_request_free(&request);
  return code;
}

/* The plugin of the target's platform, unless another is named. */
static status compile_model(struct cli *cli,
                            const compile_verb_options *options,
                            const struct model *model) {
  struct session session = {0};
  pjrt_topology *topology = NULL;
  session_options chosen = options->session;
  char *platform = target_platform(options->target.name);
  if (!platform) return fail_system(cli, "strndup");
  if (!chosen.plugin) chosen.plugin = platform;
  status code = session_open_plugin(cli, &chosen, false, &session, NULL);
  if (code == STATUS_OK) {
    code = target_describe(cli, &options->target, session.plugin, &topology);
  }
  if (code == STATUS_OK) {
    code = compile_and_save(cli, options, model, topology);
  }
  pjrt_topology_free(topology);
  session_close(cli, &session);
  free(platform);
  return code;
}

static status work(struct cli *cli, void *user) {
  const struct job *job = user;
  struct model model;
  status code = model_read(cli, job->path, &model);
  if (code == STATUS_OK && model.executable) {
    code = fail(cli, STATUS_INPUT, "%s is compiled already", model.name);
  }
  if (code == STATUS_OK) code = compile_model(cli, job->options, &model);
  model_free(&model);
  return code;
}

static status run_compile(struct cli *cli, const void *options,
                          const texts *operands) {
  struct job job = {.options = options, .path = operands->items[0]};
  if (!job.options->target.name) {
    return fail(cli, STATUS_USAGE,
                "--target is missing: --target=PLATFORM[:NAME]");
  }
  if (!job.options->output) {
    return fail(cli, STATUS_USAGE, "--output is missing: --output=FILE");
  }
  return supervise(cli, work, &job).code;
}

static const struct option compile_rows[] = {
    TARGET_OPTIONS(compile_verb_options),
    {"output", "FILE", OPTION_TEXT, offsetof(compile_verb_options, output),
     "where the compiled program goes; run FILE like a model on\n"
     "the machine, with the same plugin"},
    {"save-hlo", "FILE", OPTION_TEXT, offsetof(compile_verb_options, save_hlo),
     "write what the compiler made of the model, as HLO text"},
    {"plugin", "NAME|PATH", OPTION_TEXT,
     offsetof(compile_verb_options, session.plugin),
     "a name from `pjrt plugin list`, or a file; default: the\n"
     "plugin named as the platform"},
    COMPILE_OPTIONS(compile_verb_options),
    COMMON_OPTIONS(compile_verb_options),
};

static const compile_verb_options compile_defaults = {.compile =
                                                          COMPILE_DEFAULTS};

const struct verb verb_compile = {
    .name = "compile",
    .operands = "MODEL",
    .summary = "compile a model for a machine that is not there",
    .about =
        "Compiles MODEL for the --target and writes what `pjrt run` runs on "
        "that machine,\nwith the very plugin that compiled it. No such "
        "hardware is needed here. MODEL is\nStableHLO as text, bytecode or "
        "portable artifact, or a serialized HloModuleProto;\n- reads it from "
        "stdin.\n"
        "\n"
        "What follows the platform's name is the plugin's own name for a "
        "topology: libtpu\nknows v2 to v6e with the chips along each axis. "
        "The CUDA plugin wants the options\ntopology, slices by hosts by "
        "devices, and target_config, a GpuTargetConfigProto\nas text; most "
        "programs need NVIDIA's ptxas on PATH as well. XLA's CPU plugin\n"
        "describes no machine.",
    .examples =
        "  pjrt compile net.mlir --target=tpu:v5e:2x2 --output=net.exe\n"
        "  pjrt compile net.mlir --target=tpu:v4:2x2x1 --replicas=8 "
        "--output=net.exe\n"
        "  pjrt compile net.mlir --target=cuda --output=net.exe \\\n"
        "    --topology-option=topology=1x1x1 \\\n"
        "    --topology-option=target_config=@h100.txtpb\n",
    .options = compile_rows,
    .num_options = sizeof compile_rows / sizeof *compile_rows,
    .defaults = &compile_defaults,
    .options_size = sizeof compile_defaults,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_compile,
};
