/* What can be asked of an executable. */
#include <stdlib.h>
#include <string.h>

#include "plugin/executable.h"

/* The program behind an executable whose parent is still there. */
static PJRT_Error *program_of(const PJRT_Executable *executable,
                              const sim_compiled **out) {
  SIM_REQUIRE(executable, SIM_EXECUTABLE);
  if (executable->parent && atomic_load(&executable->parent->is_over))
    return sim_misuse("an executable outlived its loaded executable");
  *out = executable->program;
  return NULL;
}

PJRT_Error *sim_PJRT_Executable_Name(PJRT_Executable_Name_Args *args) {
  const sim_compiled *program = NULL;
  SIM_TRY(program_of(args->executable, &program));
  SIM_SET_TEXT(args->executable_name, args->executable_name_size, "main");
  return NULL;
}

PJRT_Error *sim_PJRT_Executable_NumReplicas(
    PJRT_Executable_NumReplicas_Args *args) {
  const sim_compiled *program = NULL;
  SIM_TRY(program_of(args->executable, &program));
  args->num_replicas = (size_t)program->options.num_replicas;
  return NULL;
}

PJRT_Error *sim_PJRT_Executable_NumPartitions(
    PJRT_Executable_NumPartitions_Args *args) {
  const sim_compiled *program = NULL;
  SIM_TRY(program_of(args->executable, &program));
  args->num_partitions = (size_t)program->options.num_partitions;
  return NULL;
}

PJRT_Error *sim_PJRT_Executable_NumOutputs(
    PJRT_Executable_NumOutputs_Args *args) {
  const sim_compiled *program = NULL;
  SIM_TRY(program_of(args->executable, &program));
  args->num_outputs = program->signature.num_outputs;
  return NULL;
}

PJRT_Error *sim_PJRT_Executable_SizeOfGeneratedCodeInBytes(
    PJRT_Executable_SizeOfGeneratedCodeInBytes_Args *args) {
  const sim_compiled *program = NULL;
  SIM_TRY(program_of(args->executable, &program));
  args->size_in_bytes = (int64_t)program->code.size;
  return NULL;
}

PJRT_Error *sim_PJRT_Executable_Fingerprint(
    PJRT_Executable_Fingerprint_Args *args) {
  const sim_compiled *program = NULL;
  SIM_TRY(program_of(args->executable, &program));
  args->executable_fingerprint = program->fingerprint;
  args->executable_fingerprint_size = 2 * 16;
  return NULL;
}

PJRT_Error *sim_PJRT_LoadedExecutable_Fingerprint(
    PJRT_LoadedExecutable_Fingerprint_Args *args) {
  SIM_REQUIRE(args->executable, SIM_LOADED_EXECUTABLE);
  return sim_error(PJRT_Error_Code_UNIMPLEMENTED,
                   "use PJRT_Executable_Fingerprint");
}

PJRT_Error *sim_PJRT_Executable_GetCostAnalysis(
    PJRT_Executable_GetCostAnalysis_Args *args) {
  static const PJRT_NamedValue properties[] = {
      {.struct_size = PJRT_NamedValue_STRUCT_SIZE,
       .name = SIM_TEXT("flops"),
       .name_size = 5,
       .type = PJRT_NamedValue_kFloat,
       .float_value = 8.0f,
       .value_size = 1}};
  const sim_compiled *program = NULL;
  SIM_TRY(program_of(args->executable, &program));
  args->properties = properties;
  args->num_properties = 1;
  return NULL;
}

static int64_t total_size(const sim_shape *shapes, size_t num) {
  size_t total = 0;
  for (size_t i = 0; i < num; i++) total += sim_device_size(&shapes[i]);
  return (int64_t)total;
}

PJRT_Error *sim_PJRT_Executable_GetCompiledMemoryStats(
    PJRT_Executable_GetCompiledMemoryStats_Args *args) {
  const sim_compiled *program = NULL;
  SIM_TRY(program_of(args->executable, &program));
  const sim_signature *signature = &program->signature;
  *args = (PJRT_Executable_GetCompiledMemoryStats_Args){
      .struct_size = args->struct_size,
      .extension_start = args->extension_start,
      .executable = args->executable,
      .generated_code_size_in_bytes = (int64_t)program->code.size,
      .argument_size_in_bytes =
          total_size(signature->parameters, signature->num_parameters),
      .output_size_in_bytes =
          total_size(signature->outputs, signature->num_outputs),
  };
  return NULL;
}

PJRT_Error *sim_PJRT_Executable_OutputElementTypes(
    PJRT_Executable_OutputElementTypes_Args *args) {
  const sim_compiled *program = NULL;
  SIM_TRY(program_of(args->executable, &program));
  args->output_types = (PJRT_Buffer_Type *)(uintptr_t)program->output_types;
  args->num_output_types = program->signature.num_outputs;
  return NULL;
}

PJRT_Error *sim_PJRT_Executable_OutputDimensions(
    PJRT_Executable_OutputDimensions_Args *args) {
  const sim_compiled *program = NULL;
  SIM_TRY(program_of(args->executable, &program));
  args->num_outputs = program->signature.num_outputs;
  args->dims = program->output_dims;
  args->dim_sizes = program->output_dim_sizes;
  return NULL;
}

PJRT_Error *sim_PJRT_Executable_ParameterMemoryKinds(
    PJRT_Executable_ParameterMemoryKinds_Args *args) {
  const sim_compiled *program = NULL;
  SIM_TRY(program_of(args->executable, &program));
  args->num_parameters = program->signature.num_parameters;
  args->memory_kinds = program->memory_kinds;
  args->memory_kind_sizes = program->memory_kind_sizes;
  return NULL;
}

PJRT_Error *sim_PJRT_Executable_OutputMemoryKinds(
    PJRT_Executable_OutputMemoryKinds_Args *args) {
  const sim_compiled *program = NULL;
  SIM_TRY(program_of(args->executable, &program));
  args->num_outputs = program->signature.num_outputs;
  args->memory_kinds = program->memory_kinds;
  args->memory_kind_sizes = program->memory_kind_sizes;
  return NULL;
}

/* Called twice: for the size, then for the code. */
PJRT_Error *sim_PJRT_Executable_OptimizedProgram(
    PJRT_Executable_OptimizedProgram_Args *args) {
  const sim_compiled *program = NULL;
  PJRT_Program copy;
  SIM_TRY(program_of(args->executable, &program));
  if (sim_options()->no_optimized_program)
    return sim_error(PJRT_Error_Code_UNIMPLEMENTED, "no optimized program");
  SIM_TRY(SIM_READ_STRUCT(PJRT_Program, args->program, &copy));
  SIM_SET_TEXT(args->program->format, args->program->format_size, "hlo");
  args->program->code_size = program->hlo.size;
  if (!copy.code) return NULL;
  if (copy.code_size < program->hlo.size)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "code_size is %zu, expected at least %zu", copy.code_size,
                     program->hlo.size);
  memcpy(copy.code, program->hlo.data, program->hlo.size);
  return NULL;
}

struct PJRT_SerializedCompileOptions {
  sim_kind kind;
  char *bytes;
};

static void options_free(PJRT_SerializedCompileOptions *options) {
  free(options->bytes);
  sim_delete(options, SIM_OTHER);
}

PJRT_Error *sim_PJRT_Executable_GetCompileOptions(
    PJRT_Executable_GetCompileOptions_Args *args) {
  const sim_compiled *program = NULL;
  SIM_TRY(program_of(args->executable, &program));
  PJRT_SerializedCompileOptions *options = sim_new(SIM_OTHER, sizeof(*options));
  options->bytes = sim_text((char *)program->options_bytes.data,
                            program->options_bytes.size);
  args->serialized_bytes = options->bytes;
  args->serialized_bytes_size = program->options_bytes.size;
  args->serialized_compile_options = options;
  args->serialized_compile_options_deleter = options_free;
  return NULL;
}

/* ---- loaded executables -------------------------------------------------- */

PJRT_Error *sim_PJRT_LoadedExecutable_GetExecutable(
    PJRT_LoadedExecutable_GetExecutable_Args *args) {
  PJRT_LoadedExecutable *loaded = args->loaded_executable;
  SIM_REQUIRE(loaded, SIM_LOADED_EXECUTABLE);
  args->executable = sim_executable_create(loaded->program, loaded->lifetime);
  return NULL;
}

PJRT_Error *sim_PJRT_LoadedExecutable_AddressableDevices(
    PJRT_LoadedExecutable_AddressableDevices_Args *args) {
  SIM_REQUIRE(args->executable, SIM_LOADED_EXECUTABLE);
  args->addressable_devices = args->executable->devices;
  args->num_addressable_devices = args->executable->num_devices;
  return NULL;
}

PJRT_Error *sim_PJRT_LoadedExecutable_AddressableDeviceLogicalIds(
    PJRT_LoadedExecutable_AddressableDeviceLogicalIds_Args *args) {
  SIM_REQUIRE(args->executable, SIM_LOADED_EXECUTABLE);
  args->addressable_device_logical_ids = args->executable->logical_ids;
  args->num_addressable_device_logical_ids = args->executable->num_devices;
  return NULL;
}

PJRT_Error *sim_PJRT_LoadedExecutable_Delete(
    PJRT_LoadedExecutable_Delete_Args *args) {
  SIM_REQUIRE(args->executable, SIM_LOADED_EXECUTABLE);
  atomic_store(&args->executable->is_deleted, true);
  return NULL;
}

PJRT_Error *sim_PJRT_LoadedExecutable_IsDeleted(
    PJRT_LoadedExecutable_IsDeleted_Args *args) {
  SIM_REQUIRE(args->executable, SIM_LOADED_EXECUTABLE);
  args->is_deleted = atomic_load(&args->executable->is_deleted);
  return NULL;
}
