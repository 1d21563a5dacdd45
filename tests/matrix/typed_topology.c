/* Topologies, the descriptions of their devices, and compiling for them. */
#include "typed.h"

#define TEXT(a, getter, object, function, expected)                \
  do {                                                             \
    size_t size_ = 7;                                              \
    const char *text_ = getter((object), &size_);                  \
    matrix_expect_text((a), (function), text_, size_, (expected)); \
  } while (0)

/* ---- making and ending --------------------------------------------------- */

static pjrt_error *create(matrix_attempt *a) {
  PJRT_TRY(matrix_open(a));
  PJRT_TRY(
      pjrt_topology_create(a->plugin, "2x1x1", 5, NULL, &typed(a)->topology));
  MATRIX_EXPECT(a, pjrt_topology_num_devices(typed(a)->topology) == 2);
  return NULL;
}

static pjrt_error *of_client(matrix_attempt *a) {
  pjrt_topology *topology;
  PJRT_TRY(pjrt_client_topology(typed(a)->client, &topology));
  MATRIX_EXPECT(a, pjrt_topology_num_devices(topology) == 2);
  return NULL;
}

static pjrt_error *free_topology(matrix_attempt *a) {
  pjrt_sim_live live;
  pjrt_topology_free(typed(a)->topology);
  typed(a)->topology = NULL;
  sim.get_live(&live);
  if (!a->how->may_leak) MATRIX_EXPECT(a, live.topologies == 0);
  return NULL;
}

/* ---- facts --------------------------------------------------------------- */

static pjrt_error *platform_name(matrix_attempt *a) {
  TEXT(a, pjrt_topology_platform_name, typed(a)->topology,
       "PJRT_TopologyDescription_PlatformName", "sim");
  return NULL;
}

static pjrt_error *platform_version(matrix_attempt *a) {
  TEXT(a, pjrt_topology_platform_version, typed(a)->topology,
       "PJRT_TopologyDescription_PlatformVersion", "sim 1.0");
  return NULL;
}

static pjrt_error *num_devices(matrix_attempt *a) {
  MATRIX_EXPECT(a, pjrt_topology_num_devices(typed(a)->topology) == 2);
  return NULL;
}

static pjrt_error *attributes(matrix_attempt *a) {
  const pjrt_named_values *facts = pjrt_topology_attributes(typed(a)->topology);
  const bool is_told = matrix_has(a, "PJRT_TopologyDescription_Attributes");
  MATRIX_EXPECT(a, (pjrt_named_values_size(facts) > 0) == is_told);
  return NULL;
}

static pjrt_error *fingerprint(matrix_attempt *a) {
  uint64_t print;
  PJRT_TRY(pjrt_topology_fingerprint(typed(a)->topology, &print));
  MATRIX_EXPECT(a, print != 0);
  return NULL;
}

static pjrt_error *memory_kind_ids(matrix_attempt *a) {
  const int *ids;
  size_t num;
  PJRT_TRY(pjrt_topology_memory_kind_ids(typed(a)->topology, &ids, &num));
  MATRIX_EXPECT(a, num == 3 && ids[0] == 7);
  return NULL;
}

static pjrt_error *canonical_layout(matrix_attempt *a) {
  PJRT_TRY(pjrt_topology_canonical_layout(typed(a)->topology, 7, PJRT_F32,
                                          (const int64_t[]){4, 2}, 2,
                                          &typed(a)->layout));
  MATRIX_EXPECT(a, pjrt_layout_is_row_major(typed(a)->layout));
  return NULL;
}

/* ---- as bytes ------------------------------------------------------------ */

static pjrt_error *serialize(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(
      pjrt_topology_serialize(w->topology, &w->artifact, &w->artifact_size));
  MATRIX_EXPECT(a, w->artifact_size > 0);
  return NULL;
}

static pjrt_error *make_bytes(matrix_attempt *a) {
  PJRT_TRY(create(a));
  return serialize(a);
}

static pjrt_error *deserialize(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_topology_deserialize(a->plugin, w->artifact, w->artifact_size,
                                     &w->copy));
  MATRIX_EXPECT(a, pjrt_topology_num_devices(w->copy) == 2);
  return NULL;
}

/* ---- device descriptions: the first, which is read first ----------------- */

static const pjrt_device_description *first(matrix_attempt *a) {
  return pjrt_topology_device(typed(a)->topology, 0);
}

static pjrt_error *description_id(matrix_attempt *a) {
  MATRIX_EXPECT(a, pjrt_device_description_id(first(a)) == 0);
  return NULL;
}

static pjrt_error *description_process_index(matrix_attempt *a) {
  MATRIX_EXPECT(a, pjrt_device_description_process_index(first(a)) == 0);
  return NULL;
}

static pjrt_error *description_kind(matrix_attempt *a) {
  TEXT(a, pjrt_device_description_kind, first(a), "PJRT_DeviceDescription_Kind",
       "sim device");
  return NULL;
}

static pjrt_error *description_debug_string(matrix_attempt *a) {
  TEXT(a, pjrt_device_description_debug_string, first(a),
       "PJRT_DeviceDescription_DebugString", NULL);
  return NULL;
}

static pjrt_error *description_to_string(matrix_attempt *a) {
  TEXT(a, pjrt_device_description_to_string, first(a),
       "PJRT_DeviceDescription_ToString", "sim:0");
  return NULL;
}

static pjrt_error *description_attributes(matrix_attempt *a) {
  const pjrt_named_values *facts = pjrt_device_description_attributes(first(a));
  const bool is_told = matrix_has(a, "PJRT_DeviceDescription_Attributes");
  MATRIX_EXPECT(a, (pjrt_named_values_size(facts) > 0) == is_told);
  return NULL;
}

/* ---- compiling ----------------------------------------------------------- */

static pjrt_error *begin_compile(matrix_attempt *a) {
  PJRT_TRY(create(a));
  return typed_program(a);
}

static pjrt_error *compile_it(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_topology_compile(w->topology, w->program, NULL, &w->compiled));
  const bool is_told = matrix_has(a, "PJRT_Executable_OptimizedProgram");
  MATRIX_EXPECT(a, pjrt_compiled_is_checked(w->compiled) == is_told);
  return NULL;
}

static pjrt_error *compiled(matrix_attempt *a) {
  PJRT_TRY(begin_compile(a));
  return compile_it(a);
}

static pjrt_error *free_compiled(matrix_attempt *a) {
  pjrt_sim_live live;
  pjrt_compiled_free(typed(a)->compiled);
  typed(a)->compiled = NULL;
  sim.get_live(&live);
  if (!a->how->may_leak) MATRIX_EXPECT(a, live.executables == 0);
  return NULL;
}

static pjrt_error *compiled_and_buffers(matrix_attempt *a) {
  PJRT_TRY(compiled(a));
  return typed_buffers(a);
}

static pjrt_error *load(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_client_load(w->client, w->compiled, &w->loaded));
  PJRT_TRY(pjrt_executable_execute(w->loaded, w->args, 2, NULL, w->outs, 1));
  return typed_expect(a, w->outs[0], typed_sums);
}

static pjrt_error *serialize_compiled(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(
      pjrt_compiled_serialize(w->compiled, &w->artifact, &w->artifact_size));
  MATRIX_EXPECT(a,
                pjrt_executable_is_serialized(w->artifact, w->artifact_size));
  return NULL;
}

static pjrt_error *compiled_name(matrix_attempt *a) {
  TEXT(a, pjrt_compiled_name, typed(a)->compiled, "PJRT_Executable_Name",
       "main");
  return NULL;
}

static pjrt_error *compiled_num_replicas(matrix_attempt *a) {
  MATRIX_EXPECT(a, pjrt_compiled_num_replicas(typed(a)->compiled) == 1);
  return NULL;
}

static pjrt_error *compiled_num_partitions(matrix_attempt *a) {
  MATRIX_EXPECT(a, pjrt_compiled_num_partitions(typed(a)->compiled) == 1);
  return NULL;
}

static pjrt_error *compiled_num_outputs(matrix_attempt *a) {
  MATRIX_EXPECT(a, pjrt_compiled_num_outputs(typed(a)->compiled) == 1);
  return NULL;
}

static pjrt_error *compiled_code_size(matrix_attempt *a) {
  int64_t size;
  PJRT_TRY(pjrt_compiled_generated_code_size(typed(a)->compiled, &size));
  MATRIX_EXPECT(a, size > 0);
  return NULL;
}

static pjrt_error *compiled_fingerprint(matrix_attempt *a) {
  char *print;
  size_t size;
  PJRT_TRY(pjrt_compiled_fingerprint(typed(a)->compiled, &print, &size));
  MATRIX_EXPECT(a, size > 0 && strlen(print) == size);
  pjrt_host_free(print);
  return NULL;
}

static pjrt_error *compiled_program(matrix_attempt *a) {
  pjrt_program *program;
  PJRT_TRY(pjrt_compiled_optimized_program(typed(a)->compiled, &program));
  MATRIX_EXPECT(a, pjrt_program_format_of(program) == PJRT_FORMAT_HLO);
  pjrt_program_free(program);
  return NULL;
}

static pjrt_error *compiled_options(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_compiled_compile_options(w->compiled, &w->artifact,
                                         &w->artifact_size));
  MATRIX_EXPECT(a, w->artifact_size > 0);
  return NULL;
}

static pjrt_error *compiled_cost(matrix_attempt *a) {
  pjrt_named_values *cost;
  PJRT_TRY(pjrt_compiled_cost_analysis(typed(a)->compiled, &cost));
  MATRIX_EXPECT(a, pjrt_named_values_size(cost) > 0);
  pjrt_named_values_free(cost);
  return NULL;
}

static pjrt_error *compiled_memory(matrix_attempt *a) {
  pjrt_memory_analysis memory;
  pjrt_memory_analysis_init(&memory);
  PJRT_TRY(pjrt_compiled_memory_analysis(typed(a)->compiled, &memory));
  MATRIX_EXPECT(a, memory.argument_size_in_bytes.has_value);
  return NULL;
}

static pjrt_error *expect_device(matrix_attempt *a, const char *kind,
                                 size_t size) {
  MATRIX_EXPECT(a, size == 6 && !strcmp(kind, "device"));
  return NULL;
}

static pjrt_error *parameter_memory_kind(matrix_attempt *a) {
  const char *kind;
  size_t size;
  PJRT_TRY(
      pjrt_compiled_parameter_memory_kind(typed(a)->compiled, 1, &kind, &size));
  return expect_device(a, kind, size);
}

static pjrt_error *output_memory_kind(matrix_attempt *a) {
  const char *kind;
  size_t size;
  PJRT_TRY(
      pjrt_compiled_output_memory_kind(typed(a)->compiled, 0, &kind, &size));
  return expect_device(a, kind, size);
}

/* ---- all ----------------------------------------------------------------- */

#define FACT(function, check, told_by) \
  {.name = (function), .prepare = create, .run = (check), .fact = (told_by)}
#define COMPILED(function, check, told_by) \
  {.name = (function), .prepare = compiled, .run = (check), .fact = (told_by)}

const matrix_case typed_topology_cases[] = {
    {.name = "pjrt_topology_create", .prepare = typed_nothing, .run = create},
    {.name = "pjrt_client_topology", .prepare = typed_client, .run = of_client},
    FACT("pjrt_topology_free", free_topology, NULL),
    FACT("pjrt_topology_platform_name", platform_name,
         "PJRT_TopologyDescription_PlatformName"),
    FACT("pjrt_topology_platform_version", platform_version,
         "PJRT_TopologyDescription_PlatformVersion"),
    FACT("pjrt_topology_num_devices", num_devices,
         "PJRT_TopologyDescription_GetDeviceDescriptions"),
    FACT("pjrt_topology_attributes", attributes,
         "PJRT_TopologyDescription_Attributes"),
    FACT("pjrt_topology_fingerprint", fingerprint, NULL),
    FACT("pjrt_topology_memory_kind_ids", memory_kind_ids, NULL),
    FACT("pjrt_topology_canonical_layout", canonical_layout, NULL),
    FACT("pjrt_topology_serialize", serialize, NULL),
    {.name = "pjrt_topology_deserialize",
     .prepare = make_bytes,
     .run = deserialize,
     .calls_when_forked = true},
    FACT("pjrt_device_description_id", description_id,
         "PJRT_DeviceDescription_Id"),
    FACT("pjrt_device_description_process_index", description_process_index,
         "PJRT_DeviceDescription_ProcessIndex"),
    FACT("pjrt_device_description_kind", description_kind,
         "PJRT_DeviceDescription_Kind"),
    FACT("pjrt_device_description_debug_string", description_debug_string,
         "PJRT_DeviceDescription_DebugString"),
    FACT("pjrt_device_description_to_string", description_to_string,
         "PJRT_DeviceDescription_ToString"),
    FACT("pjrt_device_description_attributes", description_attributes,
         "PJRT_DeviceDescription_Attributes"),
    {.name = "pjrt_topology_compile",
     .prepare = begin_compile,
     .run = compile_it},
    COMPILED("pjrt_compiled_free", free_compiled, NULL),
    {.name = "pjrt_client_load", .prepare = compiled_and_buffers, .run = load},
    COMPILED("pjrt_compiled_serialize", serialize_compiled, NULL),
    COMPILED("pjrt_compiled_name", compiled_name, "PJRT_Executable_Name"),
    COMPILED("pjrt_compiled_num_replicas", compiled_num_replicas,
             "PJRT_Executable_NumReplicas"),
    COMPILED("pjrt_compiled_num_partitions", compiled_num_partitions,
             "PJRT_Executable_NumPartitions"),
    COMPILED("pjrt_compiled_num_outputs", compiled_num_outputs,
             "PJRT_Executable_NumOutputs"),
    COMPILED("pjrt_compiled_generated_code_size", compiled_code_size, NULL),
    COMPILED("pjrt_compiled_fingerprint", compiled_fingerprint, NULL),
    {.name = "pjrt_compiled_optimized_program",
     .prepare = compiled,
     .run = compiled_program,
     .direct = "PJRT_Executable_OptimizedProgram"},
    COMPILED("pjrt_compiled_compile_options", compiled_options, NULL),
    COMPILED("pjrt_compiled_cost_analysis", compiled_cost, NULL),
    COMPILED("pjrt_compiled_memory_analysis", compiled_memory, NULL),
    COMPILED("pjrt_compiled_parameter_memory_kind", parameter_memory_kind,
             NULL),
    COMPILED("pjrt_compiled_output_memory_kind", output_memory_kind, NULL),
};
const size_t typed_num_topology_cases =
    sizeof typed_topology_cases / sizeof *typed_topology_cases;
