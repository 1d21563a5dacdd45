/* Executables: compiled, asked, run, saved, loaded. */
#include "pjrt/unsafe.h"
#include "typed.h"

/* ---- making and ending --------------------------------------------------- */

/* With the signature, or without where the plugin cannot tell it. */
static pjrt_error *compile_program(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(typed_compile(a, NULL));
  const bool is_told = matrix_has(a, "PJRT_Executable_OptimizedProgram");
  MATRIX_EXPECT(a, pjrt_executable_is_checked(w->executable) == is_told);
  const size_t num = pjrt_executable_num_parameters(w->executable);
  MATRIX_EXPECT(a, num == (is_told ? 2 : 0));
  return NULL;
}

static pjrt_error *delete(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_executable_delete(w->executable));
  MATRIX_EXPECT(a, pjrt_executable_is_deleted(w->executable));
  pjrt_error *error =
      pjrt_executable_execute(w->executable, w->args, 2, NULL, w->outs, 1);
  MATRIX_EXPECT(a, pjrt_error_code(error) == PJRT_FAILED_PRECONDITION);
  pjrt_error_free(error);
  return NULL;
}

static pjrt_error *free_executable(matrix_attempt *a) {
  pjrt_sim_live live;
  pjrt_executable_free(typed(a)->executable);
  typed(a)->executable = NULL;
  sim.get_live(&live);
  if (!a->how->may_leak)
    MATRIX_EXPECT(a, live.executables + live.loaded_executables == 0);
  return NULL;
}

/* ---- asking -------------------------------------------------------------- */

static pjrt_error *name(matrix_attempt *a) {
  size_t size;
  const char *text = pjrt_executable_name(typed(a)->executable, &size);
  matrix_expect_text(a, "PJRT_Executable_Name", text, size, "main");
  return NULL;
}

static pjrt_error *num_replicas(matrix_attempt *a) {
  MATRIX_EXPECT(a, pjrt_executable_num_replicas(typed(a)->executable) == 1);
  return NULL;
}

static pjrt_error *num_partitions(matrix_attempt *a) {
  MATRIX_EXPECT(a, pjrt_executable_num_partitions(typed(a)->executable) == 1);
  return NULL;
}

static pjrt_error *num_devices(matrix_attempt *a) {
  const pjrt_executable *executable = typed(a)->executable;
  MATRIX_EXPECT(a, pjrt_executable_num_devices(executable) == 1);
  MATRIX_EXPECT(a, pjrt_executable_device(executable, 0) == typed(a)->device);
  return NULL;
}

static pjrt_error *num_outputs(matrix_attempt *a) {
  MATRIX_EXPECT(a, pjrt_executable_num_outputs(typed(a)->executable) == 1);
  return NULL;
}

/* From the signature, or else from the plugin. */
static bool tells_outputs(const matrix_attempt *a) {
  return matrix_has(a, "PJRT_Executable_OutputElementTypes") &&
         matrix_has(a, "PJRT_Executable_OutputDimensions");
}

static bool knows_outputs(const matrix_attempt *a) {
  return tells_outputs(a) ||
         (!a->what->variant &&
          matrix_has(a, "PJRT_Executable_OptimizedProgram"));
}

static pjrt_error *output_dtype(matrix_attempt *a) {
  const pjrt_dtype dtype =
      pjrt_executable_output_dtype(typed(a)->executable, 0);
  MATRIX_EXPECT(a, dtype == (knows_outputs(a) ? PJRT_F32 : PJRT_DTYPE_INVALID));
  return NULL;
}

static pjrt_error *output_dims(matrix_attempt *a) {
  size_t num = 7;
  const int64_t *dims =
      pjrt_executable_output_dims(typed(a)->executable, 0, &num);
  MATRIX_EXPECT(a, num == knows_outputs(a));
  if (num == 1) MATRIX_EXPECT(a, dims[0] == 4);
  return NULL;
}

static pjrt_error *fingerprint(matrix_attempt *a) {
  const char *text;
  size_t size;
  PJRT_TRY(pjrt_executable_fingerprint(typed(a)->executable, &text, &size));
  MATRIX_EXPECT(a, size > 0);
  return NULL;
}

static pjrt_error *generated_code_size(matrix_attempt *a) {
  int64_t size = 0;
  PJRT_TRY(pjrt_executable_generated_code_size(typed(a)->executable, &size));
  MATRIX_EXPECT(a, size > 0);
  return NULL;
}

static pjrt_error *is_deleted(matrix_attempt *a) {
  MATRIX_EXPECT(a, !pjrt_executable_is_deleted(typed(a)->executable));
  return NULL;
}

static pjrt_error *optimized_program(matrix_attempt *a) {
  pjrt_program *program;
  size_t size;
  PJRT_TRY(pjrt_executable_optimized_program(typed(a)->executable, &program));
  MATRIX_EXPECT(a, pjrt_program_format_of(program) == PJRT_FORMAT_HLO);
  pjrt_program_code(program, &size);
  MATRIX_EXPECT(a, size > 0);
  pjrt_program_free(program);
  return NULL;
}

static pjrt_error *compile_options(matrix_attempt *a) {
  void *bytes;
  size_t size;
  PJRT_TRY(
      pjrt_executable_compile_options(typed(a)->executable, &bytes, &size));
  MATRIX_EXPECT(a, size > 0);
  pjrt_host_free(bytes);
  return NULL;
}

static pjrt_error *cost_analysis(matrix_attempt *a) {
  pjrt_named_values *costs;
  PJRT_TRY(pjrt_executable_cost_analysis(typed(a)->executable, &costs));
  MATRIX_EXPECT(a, pjrt_named_values_float(costs, 0) == 8.0f);
  pjrt_named_values_free(costs);
  return NULL;
}

/* What the version has is told, and nothing else. */
static pjrt_error *memory_analysis(matrix_attempt *a) {
  const int minor = a->how->options.minor;
  pjrt_memory_analysis analysis;
  pjrt_memory_analysis_init(&analysis);
  PJRT_TRY(pjrt_executable_memory_analysis(typed(a)->executable, &analysis));
  MATRIX_EXPECT(a, analysis.argument_size_in_bytes.value == 32);
  MATRIX_EXPECT(a, analysis.output_size_in_bytes.value == 16);
  MATRIX_EXPECT(a, analysis.temp_size_in_bytes.has_value);
  MATRIX_EXPECT(a, analysis.host_temp_size_in_bytes.has_value == (minor >= 43));
  MATRIX_EXPECT(a, analysis.peak_memory_in_bytes.has_value == (minor >= 72));
  MATRIX_EXPECT(a, analysis.total_size_in_bytes.has_value == (minor >= 90));
  MATRIX_EXPECT(a,
                analysis.peak_unpadded_heap_bytes.has_value == (minor >= 104));
  return NULL;
}

static pjrt_error *parameter_memory_kind(matrix_attempt *a) {
  const char *kind;
  PJRT_TRY(pjrt_executable_parameter_memory_kind(typed(a)->executable, 1, &kind,
                                                 NULL));
  MATRIX_EXPECT(a, !strcmp(kind, "device"));
  return NULL;
}

static pjrt_error *output_memory_kind(matrix_attempt *a) {
  const char *kind;
  PJRT_TRY(
      pjrt_executable_output_memory_kind(typed(a)->executable, 0, &kind, NULL));
  MATRIX_EXPECT(a, !strcmp(kind, "device"));
  return NULL;
}

static pjrt_error *device_assignment(matrix_attempt *a) {
  int id = -1;
  PJRT_TRY(pjrt_executable_device_assignment(typed(a)->executable, &id, 1));
  MATRIX_EXPECT(a, id == 0);
  return NULL;
}

static pjrt_error *device_logical_ids(matrix_attempt *a) {
  int replica = -1, partition = -1;
  PJRT_TRY(pjrt_executable_device_logical_ids(typed(a)->executable, 0, &replica,
                                              &partition));
  MATRIX_EXPECT(a, replica == 0 && partition == 0);
  return NULL;
}

/* ---- executing ----------------------------------------------------------- */

/* The sum is there, and the first argument is gone. */
static pjrt_error *expect_sum(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(typed_expect(a, w->outs[0], typed_sums));
  const bool is_told =
      matrix_has(a, "PJRT_Executable_OptimizedProgram") && !a->what->variant;
  if (is_told) MATRIX_EXPECT(a, pjrt_buffer_is_deleted(w->args[0]));
  MATRIX_EXPECT(a, !pjrt_buffer_is_deleted(w->args[1]));
  return NULL;
}

static pjrt_error *execute_async(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_executable_execute_async(w->executable, w->args, 2, NULL,
                                         w->outs, 1, &w->event));
  PJRT_TRY(pjrt_event_await(w->event));
  return expect_sum(a);
}

/* The error of a launch that nobody waits for arrives with its output. */
static pjrt_error *execute_unawaited(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_executable_execute_async(w->executable, w->args, 2, NULL,
                                         w->outs, 1, NULL));
  return expect_sum(a);
}

static pjrt_error *execute(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(
      pjrt_executable_execute(w->executable, w->args, 2, NULL, w->outs, 1));
  return expect_sum(a);
}

static pjrt_error *execute_located(matrix_attempt *a) {
  typed_world *w = typed(a);
  pjrt_execute_opts opts;
  pjrt_execute_opts_init(&opts);
  opts.call_location = "here";
  opts.call_location_size = 4;
  PJRT_TRY(
      pjrt_executable_execute(w->executable, w->args, 2, &opts, w->outs, 1));
  pjrt_sim_execution execution;
  sim.get_execution(&execution);
  MATRIX_EXPECT(a, !strcmp(execution.call_location, "here"));
  return expect_sum(a);
}

/* On two devices. */
static pjrt_error *sharded(matrix_attempt *a) {
  typed_world *w = typed(a);
  pjrt_compile_opts opts;
  pjrt_compile_opts_init(&opts);
  opts.num_replicas = 2;
  PJRT_TRY(typed_client(a));
  PJRT_TRY(typed_compile(a, &opts));
  for (size_t i = 0; i < 4; i++) {
    pjrt_device *device = pjrt_client_addressable_device(w->client, i / 2);
    PJRT_TRY(typed_upload(a, device, &w->args[i]));
  }
  return NULL;
}

static pjrt_error *execute_sharded(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_executable_execute_sharded(w->executable, 2, w->args, 2, NULL,
                                           w->outs, 1));
  PJRT_TRY(typed_expect(a, w->outs[0], typed_sums));
  return typed_expect(a, w->outs[1], typed_sums);
}

/* Echoed, which is done at once: how the event of several devices is waited
 * for depends on whether it is ready. */
static pjrt_error *execute_sharded_async(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_executable_execute_sharded_async(w->executable, 2, w->args, 2,
                                                 NULL, w->outs, 1, &w->event));
  PJRT_TRY(pjrt_event_await(w->event));
  PJRT_TRY(typed_expect(a, w->outs[0], typed_values));
  return typed_expect(a, w->outs[1], typed_values);
}

/* ---- artifacts ----------------------------------------------------------- */

static pjrt_error *serialize(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_executable_serialize(w->executable, &w->artifact,
                                     &w->artifact_size));
  MATRIX_EXPECT(a,
                pjrt_executable_is_serialized(w->artifact, w->artifact_size));
  return NULL;
}

static pjrt_error *make_artifact(matrix_attempt *a) {
  PJRT_TRY(typed_launch(a));
  return serialize(a);
}

static pjrt_error *load(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_executable_load(w->client, w->artifact, w->artifact_size,
                                &w->loaded));
  PJRT_TRY(pjrt_executable_execute(w->loaded, w->args, 2, NULL, w->outs, 1));
  return expect_sum(a);
}

static pjrt_error *load_unchecked(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_executable_load_unchecked(w->client, w->artifact,
                                          w->artifact_size, &w->loaded));
  PJRT_TRY(pjrt_executable_execute(w->loaded, w->args, 2, NULL, w->outs, 1));
  return expect_sum(a);
}

static pjrt_error *load_raw(matrix_attempt *a) {
  const void *raw;
  size_t size;
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_executable_serialized_raw(w->artifact, w->artifact_size, &raw,
                                          &size));
  PJRT_TRY(pjrt_executable_load_raw(w->client, raw, size, &w->loaded));
  PJRT_TRY(pjrt_executable_execute(w->loaded, w->args, 2, NULL, w->outs, 1));
  return expect_sum(a);
}

/* ---- all ----------------------------------------------------------------- */

/* The plugin does not say what it compiled. */
static void untold(pjrt_sim_options *options) {
  options->no_optimized_program = true;
}

static void echo(pjrt_sim_options *options) {
  options->execution = PJRT_SIM_ECHO;
}

#define ASKING(function, ask, told_by) \
  {.name = (function),                 \
   .prepare = typed_executable,        \
   .run = (ask),                       \
   .fact = (told_by)}
#define RUNNING(function, run_it) \
  {.name = (function), .prepare = typed_launch, .run = (run_it)}
#define UNCHECKED(function, begin, check, told_by) \
  {.name = (function),                             \
   .prepare = (begin),                             \
   .run = (check),                                 \
   .fact = (told_by),                              \
   .variant = "unchecked",                         \
   .configure = untold}

const matrix_case typed_executable_cases[] = {
    {.name = "pjrt_client_compile",
     .prepare = typed_client,
     .run = compile_program},
    ASKING("pjrt_executable_free", free_executable, NULL),
    RUNNING("pjrt_executable_delete", delete),
    ASKING("pjrt_executable_name", name, "PJRT_Executable_Name"),
    ASKING("pjrt_executable_num_replicas", num_replicas,
           "PJRT_Executable_NumReplicas"),
    ASKING("pjrt_executable_num_partitions", num_partitions,
           "PJRT_Executable_NumPartitions"),
    ASKING("pjrt_executable_num_devices", num_devices,
           "PJRT_LoadedExecutable_AddressableDevices"),
    ASKING("pjrt_executable_num_outputs", num_outputs,
           "PJRT_Executable_NumOutputs"),
    ASKING("pjrt_executable_output_dtype", output_dtype, NULL),
    ASKING("pjrt_executable_output_dims", output_dims, NULL),
    UNCHECKED("pjrt_executable_output_dtype", typed_executable, output_dtype,
              "PJRT_Executable_OutputElementTypes"),
    UNCHECKED("pjrt_executable_output_dims", typed_executable, output_dims,
              "PJRT_Executable_OutputDimensions"),
    ASKING("pjrt_executable_fingerprint", fingerprint, NULL),
    ASKING("pjrt_executable_generated_code_size", generated_code_size, NULL),
    ASKING("pjrt_executable_is_deleted", is_deleted, NULL),
    {.name = "pjrt_executable_optimized_program",
     .prepare = typed_executable,
     .run = optimized_program,
     .direct = "PJRT_Executable_OptimizedProgram"},
    ASKING("pjrt_executable_compile_options", compile_options, NULL),
    ASKING("pjrt_executable_cost_analysis", cost_analysis, NULL),
    ASKING("pjrt_executable_memory_analysis", memory_analysis, NULL),
    ASKING("pjrt_executable_parameter_memory_kind", parameter_memory_kind,
           NULL),
    ASKING("pjrt_executable_output_memory_kind", output_memory_kind, NULL),
    ASKING("pjrt_executable_device_assignment", device_assignment, NULL),
    ASKING("pjrt_executable_device_logical_ids", device_logical_ids, NULL),
    RUNNING("pjrt_executable_execute", execute),
    RUNNING("pjrt_executable_execute_async", execute_async),
    {.name = "pjrt_executable_execute_async",
     .prepare = typed_launch,
     .run = execute_unawaited,
     .variant = "without an event"},
    {.name = "pjrt_executable_execute",
     .prepare = typed_launch,
     .run = execute_located,
     .variant = "with call_location",
     .since = 76,
     .before = "call_location is newer than the plugin: API 0.76"},
    UNCHECKED("pjrt_executable_execute", typed_launch, execute, NULL),
    {.name = "pjrt_executable_execute_sharded",
     .prepare = sharded,
     .run = execute_sharded},
    {.name = "pjrt_executable_execute_sharded_async",
     .prepare = sharded,
     .run = execute_sharded_async,
     .configure = echo},
    RUNNING("pjrt_executable_serialize", serialize),
    {.name = "pjrt_executable_load", .prepare = make_artifact, .run = load},
    {.name = "pjrt_executable_load_unchecked",
     .prepare = make_artifact,
     .run = load_unchecked},
    {.name = "pjrt_executable_load_raw",
     .prepare = make_artifact,
     .run = load_raw},
};
const size_t typed_num_executable_cases =
    sizeof typed_executable_cases / sizeof *typed_executable_cases;
