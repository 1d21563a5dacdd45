/* TpuExecutable: what is in a serialized executable of this plugin, and what
 * its HLO costs. */
#include "ext/tpu_executable.h"

#include <stdlib.h>
#include <string.h>

#include "ext/wire.h"
#include "plugin/machine.h"

sim_tpu_bytes *sim_tpu_bytes_create(sim_bytes bytes) {
  sim_tpu_bytes *holder = sim_new(SIM_OTHER, sizeof(*holder));
  holder->bytes = bytes;
  return holder;
}

void sim_tpu_bytes_free(sim_tpu_bytes *holder) {
  free(holder->bytes.data);
  sim_delete(holder, SIM_OTHER);
}

PJRT_Error *sim_tpu_check_message(const char *name, const char *bytes,
                                  size_t size) {
  if (size && !bytes) return sim_misuse("NULL %s", name);
  if (sim_wire_is_valid(bytes, size)) return NULL;
  return sim_error(PJRT_Error_Code_INVALID_ARGUMENT, "%s is no protocol buffer",
                   name);
}

/* Appends `part` as a field, and frees it. */
static void write_part(sim_bytes *out, int number, sim_bytes *part) {
  sim_write_bytes(out, number, part->data, part->size);
  free(part->data);
}

/* ---- serialized executables ---------------------------------------------- */

/* Compiles it for the machine of the options; to be dropped. */
static PJRT_Error *read_executable(const char *bytes, size_t size,
                                   sim_compiled **out) {
  PJRT_TopologyDescription *topology;
  SIM_TRY(sim_topology_from_options(sim_options(), &topology));
  PJRT_Error *error = sim_compiled_read(topology, bytes, size, out);
  sim_topology_delete(topology);
  return error;
}

/* What the plugin compiles for: its platform, and how many devices. */
enum { TARGET_PLATFORM = 1, TARGET_REPLICAS = 2, TARGET_PARTITIONS = 3 };
static const char platform[] = "sim";

static void free_target(PJRT_TpuExecutable_TargetArguments *holder) {
  sim_tpu_bytes_free((sim_tpu_bytes *)holder);
}

static PJRT_Error *get_target_arguments(
    PJRT_TpuExecutable_GetTargetArguments_Args *args) {
  sim_bytes bytes = {0};
  sim_compiled *program;
  SIM_EXT_ENTER(args, PJRT_TpuExecutable_GetTargetArguments_Args,
                PJRT_TpuExecutable_GetTargetArguments_Args_STRUCT_SIZE);
  SIM_TRY(read_executable(args->serialized_executable,
                          args->serialized_executable_size, &program));
  sim_write_bytes(&bytes, TARGET_PLATFORM, platform, sizeof(platform) - 1);
  sim_write_number(&bytes, TARGET_REPLICAS,
                   (uint64_t)program->options.num_replicas);
  sim_write_number(&bytes, TARGET_PARTITIONS,
                   (uint64_t)program->options.num_partitions);
  sim_compiled_drop(program);
  args->target_arguments = (const char *)bytes.data;
  args->target_arguments_size = bytes.size;
  args->target_arguments_ptr =
      (PJRT_TpuExecutable_TargetArguments *)sim_tpu_bytes_create(bytes);
  args->target_arguments_deleter = free_target;
  return NULL;
}

static void free_module(PJRT_TpuExecutable_HloModuleWithConfig *holder) {
  sim_tpu_bytes_free((sim_tpu_bytes *)holder);
}

/* HloModuleProtoWithConfig; of the config the numbers of replicas and
 * partitions. */
static PJRT_Error *get_hlo_module(
    PJRT_TpuExecutable_GetHloModuleWithConfig_Args *args) {
  sim_bytes bytes = {0}, config = {0};
  sim_compiled *program;
  SIM_EXT_ENTER(args, PJRT_TpuExecutable_GetHloModuleWithConfig_Args,
                PJRT_TpuExecutable_GetHloModuleWithConfig_Args_STRUCT_SIZE);
  SIM_TRY(read_executable(args->serialized_executable,
                          args->serialized_executable_size, &program));
  sim_write_bytes(&bytes, 1, program->hlo.data, program->hlo.size);
  sim_write_number(&config, 4, (uint64_t)program->options.num_replicas);
  sim_write_number(&config, 5, (uint64_t)program->options.num_partitions);
  write_part(&bytes, 2, &config);
  sim_compiled_drop(program);
  args->hlo_module_with_config = (const char *)bytes.data;
  args->hlo_module_with_config_size = bytes.size;
  args->hlo_module_with_config_ptr =
      (PJRT_TpuExecutable_HloModuleWithConfig *)sim_tpu_bytes_create(bytes);
  args->hlo_module_with_config_deleter = free_module;
  return NULL;
}

static void free_stats(PJRT_TpuExecutable_CompiledMemoryStats *holder) {
  sim_tpu_bytes_free((sim_tpu_bytes *)holder);
}

/* What PJRT_Executable_GetCompiledMemoryStats says. Drops the program. */
static PJRT_Error *read_stats(
    sim_compiled *program, PJRT_Executable_GetCompiledMemoryStats_Args *out) {
  PJRT_Executable *executable = sim_executable_create(program, NULL);
  sim_compiled_drop(program);
  out->executable = executable;
  PJRT_Error *error = sim_PJRT_Executable_GetCompiledMemoryStats(out);
  sim_PJRT_Executable_Destroy(
      &(PJRT_Executable_Destroy_Args){.executable = executable});
  return error;
}

/* CompiledMemoryStatsProto. */
static PJRT_Error *get_memory_stats(
    PJRT_TpuExecutable_GetCompiledMemoryStats_Args *args) {
  sim_bytes bytes = {0};
  sim_compiled *program;
  PJRT_Executable_GetCompiledMemoryStats_Args stats = {0};
  SIM_EXT_ENTER(args, PJRT_TpuExecutable_GetCompiledMemoryStats_Args,
                PJRT_TpuExecutable_GetCompiledMemoryStats_Args_STRUCT_SIZE);
  SIM_TRY(read_executable(args->serialized_executable,
                          args->serialized_executable_size, &program));
  SIM_TRY(read_stats(program, &stats));
  sim_write_number(&bytes, 1, (uint64_t)stats.generated_code_size_in_bytes);
  sim_write_number(&bytes, 2, (uint64_t)stats.argument_size_in_bytes);
  sim_write_number(&bytes, 3, (uint64_t)stats.output_size_in_bytes);
  sim_write_number(&bytes, 4, (uint64_t)stats.alias_size_in_bytes);
  sim_write_number(&bytes, 5, (uint64_t)stats.temp_size_in_bytes);
  args->compiled_memory_stats = (const char *)bytes.data;
  args->compiled_memory_stats_size = bytes.size;
  args->compiled_memory_stats_ptr =
      (PJRT_TpuExecutable_CompiledMemoryStats *)sim_tpu_bytes_create(bytes);
  args->compiled_memory_stats_deleter = free_stats;
  return NULL;
}

/* ---- costs --------------------------------------------------------------- */

/* The element type that ShapeProto gives this number. */
static PJRT_Buffer_Type type_of(uint64_t primitive_type) {
  PJRT_Buffer_Type found = PJRT_Buffer_Type_INVALID;
  for (int i = 1; !found && i <= (int)PJRT_Buffer_Type_F6E3M2FN; i++) {
    sim_bytes written = {0};
    sim_write_shape(&(sim_shape){.type = (PJRT_Buffer_Type)i}, &written);
    if (sim_wire_number(written.data, written.size, 2, 0) == primitive_type)
      found = (PJRT_Buffer_Type)i;
    free(written.data);
  }
  return found;
}

/* The size of what a ShapeProto describes; of a tuple, of its parts. */
static uint64_t size_of_shape(const char *data, size_t size) {
  uint64_t num = 1, parts = 0;
  const PJRT_Buffer_Type type = type_of(sim_wire_number(data, size, 2, 0));
  sim_wire wire = sim_wire_of(data, size);
  sim_wire_field field;
  while (sim_wire_next(&wire, &field)) {
    if (field.number == 3 && !field.is_bytes) num *= field.value;
    if (field.number == 4 && field.is_bytes)
      parts += size_of_shape(field.data, field.size);
  }
  return type ? (num * (uint64_t)sim_type_bits(type) + 7) / 8 : parts;
}

/* Adds the sizes of a module's parameters and of its result. */
static PJRT_Error *add_cost(const char *module, size_t size,
                            uint64_t *parameters, uint64_t *results) {
  sim_wire_field hlo, shape, field;
  SIM_TRY(sim_tpu_check_message("hlo_module", module, size));
  if (!sim_wire_bytes(module, size, 1, &hlo) ||
      !sim_wire_bytes(hlo.data, hlo.size, 4, &shape))
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "hlo_module has no program shape");
  sim_wire wire = sim_wire_of(shape.data, shape.size);
  while (sim_wire_next(&wire, &field)) {
    if (!field.is_bytes) continue;
    const uint64_t bytes = size_of_shape(field.data, field.size);
    if (field.number == 1) *parameters += bytes;
    if (field.number == 2) *results += bytes;
  }
  return NULL;
}

struct PJRT_TpuExecutable_CostAnalysisResult {
  sim_kind kind;
  PJRT_NamedValue values[2];
};

static void free_costs(PJRT_TpuExecutable_CostAnalysisResult *result) {
  sim_delete(result, SIM_OTHER);
}

static PJRT_NamedValue cost(const char *name, size_t name_size,
                            uint64_t value) {
  return (PJRT_NamedValue){.struct_size = PJRT_NamedValue_STRUCT_SIZE,
                           .name = name,
                           .name_size = name_size,
                           .type = PJRT_NamedValue_kFloat,
                           .float_value = (float)value,
                           .value_size = 1};
}

static PJRT_Error *check_target(const char *bytes, size_t size) {
  sim_wire_field name;
  SIM_TRY(sim_tpu_check_message("target_arguments", bytes, size));
  if (sim_wire_bytes(bytes, size, TARGET_PLATFORM, &name) &&
      name.size == sizeof(platform) - 1 &&
      memcmp(name.data, platform, name.size) == 0)
    return NULL;
  return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                   "target_arguments are not of the platform 'sim'");
}

/* Of all modules together: the bytes that they read and write. */
static PJRT_Error *run_cost_analysis(
    PJRT_TpuExecutable_RunHloCostAnalysis_Args *args) {
  uint64_t parameters = 0, results = 0;
  SIM_EXT_ENTER(args, PJRT_TpuExecutable_RunHloCostAnalysis_Args,
                PJRT_TpuExecutable_RunHloCostAnalysis_Args_STRUCT_SIZE);
  SIM_TRY(check_target(args->target_arguments, args->target_arguments_size));
  if (args->num_hlo_modules && (!args->hlo_module || !args->hlo_module_size))
    return sim_misuse("NULL hlo_module");
  for (size_t i = 0; i < args->num_hlo_modules; i++)
    SIM_TRY(add_cost(args->hlo_module[i], args->hlo_module_size[i], &parameters,
                     &results));
  PJRT_TpuExecutable_CostAnalysisResult *result =
      sim_new(SIM_OTHER, sizeof(*result));
  result->values[0] =
      cost(SIM_TEXT("bytes accessed"), 14, parameters + results);
  result->values[1] = cost(SIM_TEXT("bytes accessedout{}"), 19, results);
  args->analysis_results = result->values;
  args->num_analysis_results = 2;
  args->analysis_results_ptr = result;
  args->analysis_results_deleter = free_costs;
  return NULL;
}

static const PJRT_TpuExecutable_Extension node = {
    .get_target_arguments = get_target_arguments,
    .get_hlo_module_with_config = get_hlo_module,
    .get_compiled_memory_stats = get_memory_stats,
    .run_hlo_cost_analysis = run_cost_analysis,
    .set_tpu_compilation_env = sim_tpu_executable_SetTpuCompilationEnv,
    .get_tpu_compilation_env_field_as_string =
        sim_tpu_executable_GetTpuCompilationEnvFieldAsString,
    .is_tpu_predetermined_error = sim_tpu_executable_IsTpuPredeterminedError,
};

const sim_extension sim_ext_tpu_executable = {
    .type = PJRT_Extension_Type_TpuExecutable,
    .name = "TpuExecutable",
    .steps = {{90, 48}, {114, 88}},
    .node = &node,
    .node_size = sizeof(node),
};
