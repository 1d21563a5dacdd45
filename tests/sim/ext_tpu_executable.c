/* TpuExecutable. */
#include "check.h"

static const PJRT_TpuExecutable_Extension *tpu(void) {
  return find_extension(PJRT_Extension_Type_TpuExecutable);
}

static const char *const PROGRAM =
    "func.func @main(%a: tensor<4xf32>) -> tensor<4xf32> {\n"
    "  %0 = stablehlo.add %a, %a : tensor<4xf32>\n"
    "  return %0 : tensor<4xf32>\n}";

/* The program in serialized form, for two devices. */
static PJRT_Executable_Serialize_Args serialized;

static void serialize(void) {
  PJRT_Client *client = new_client();
  PJRT_LoadedExecutable *loaded;
  CHECK(!compile(client, PROGRAM, 2, &loaded));
  PJRT_Executable *executable = executable_of(loaded);
  serialized = (PJRT_Executable_Serialize_Args){
      .struct_size = PJRT_Executable_Serialize_Args_STRUCT_SIZE,
      .executable = executable};
  CHECK(!api->PJRT_Executable_Serialize(&serialized));
  free_executable(executable);
  free_loaded(loaded);
  free_client(client);
}

static void free_serialized(void) {
  serialized.serialized_executable_deleter(serialized.serialized_executable);
}

#define OF_SERIALIZED                                   \
  .serialized_executable = serialized.serialized_bytes, \
  .serialized_executable_size = serialized.serialized_bytes_size

/* ---- serialized executables ---------------------------------------------- */

static const char TARGET[] = "\x0a\x03sim\x10\x01\x18\x02";

static void check_target_arguments(void) {
  serialize();
  ARGS(PJRT_TpuExecutable_GetTargetArguments, OF_SERIALIZED);
  CHECK(!tpu()->get_target_arguments(&args));
  CHECK(is_bytes(args.target_arguments, args.target_arguments_size, TARGET,
                 sizeof(TARGET) - 1));
  args.target_arguments_deleter(args.target_arguments_ptr);
  args.serialized_executable_size = 9;
  CHECK(says(tpu()->get_target_arguments(&args),
             PJRT_Error_Code_INVALID_ARGUMENT, "truncated executable"));
  args.serialized_executable = NULL;
  CHECK(says(tpu()->get_target_arguments(&args), PJRT_Error_Code_INTERNAL,
             "misuse"));
  args.struct_size = 55;
  CHECK(says(tpu()->get_target_arguments(&args),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "Unexpected PJRT_TpuExecutable_GetTargetArguments_Args size"));
  free_serialized();
}

/* The module of the executable itself, and a config of one replica and two
 * partitions. */
static void check_module(void) {
  static const char config[] = "\x12\x04\x20\x01\x28\x02";
  static const char other[64] = "another plugin's";
  serialize();
  ARGS(PJRT_TpuExecutable_GetHloModuleWithConfig, OF_SERIALIZED);
  CHECK(!tpu()->get_hlo_module_with_config(&args));
  const char *module = args.hlo_module_with_config;
  const size_t size = args.hlo_module_with_config_size;
  const size_t tail = sizeof(config) - 1;
  CHECK(size > 2 + tail && module[0] == 0x0a);
  CHECK((size_t)module[1] == size - 2 - tail);
  CHECK(!memcmp(module + 2, "\x0a\x03sim", 5));
  CHECK(!memcmp(module + size - tail, config, tail));
  args.hlo_module_with_config_deleter(args.hlo_module_with_config_ptr);
  args.serialized_executable = other;
  CHECK(says(tpu()->get_hlo_module_with_config(&args),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "no serialized executable of the plugin"));
  free_serialized();
}

static void check_memory_stats(void) {
  /* 127 bytes of code, 16 of arguments, and 16 of outputs. */
  static const char expected[] = "\x08\x7f\x10\x10\x18\x10";
  serialize();
  ARGS(PJRT_TpuExecutable_GetCompiledMemoryStats, OF_SERIALIZED);
  CHECK(!tpu()->get_compiled_memory_stats(&args));
  CHECK(args.compiled_memory_stats_size > 6);
  CHECK(!memcmp(args.compiled_memory_stats, expected, 6));
  args.compiled_memory_stats_deleter(args.compiled_memory_stats_ptr);
  args.serialized_executable_size--;
  CHECK(says(tpu()->get_compiled_memory_stats(&args),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "no serialized executable of the plugin"));
  free_serialized();
}

/* ---- costs --------------------------------------------------------------- */

static void check_costs(void) {
  serialize();
  MAKE(module, PJRT_TpuExecutable_GetHloModuleWithConfig, OF_SERIALIZED);
  CHECK(!tpu()->get_hlo_module_with_config(&module));
  const char *modules[] = {module.hlo_module_with_config,
                           module.hlo_module_with_config};
  size_t sizes[] = {module.hlo_module_with_config_size,
                    module.hlo_module_with_config_size};
  ARGS(PJRT_TpuExecutable_RunHloCostAnalysis, .target_arguments = TARGET,
       .target_arguments_size = sizeof(TARGET) - 1, .hlo_module = modules,
       .hlo_module_size = sizes, .num_hlo_modules = 2);
  CHECK(!tpu()->run_hlo_cost_analysis(&args));
  CHECK(args.num_analysis_results == 2);
  const PJRT_NamedValue *costs = args.analysis_results;
  CHECK(is_bytes(costs[0].name, costs[0].name_size, "bytes accessed", 14));
  CHECK((int)costs[0].float_value == 64 && (int)costs[1].float_value == 32);
  args.analysis_results_deleter(args.analysis_results_ptr);
  sizes[1] = 3;
  CHECK(says(tpu()->run_hlo_cost_analysis(&args),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "hlo_module is no protocol buffer"));
  sizes[1] = 0;
  CHECK(says(tpu()->run_hlo_cost_analysis(&args),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "hlo_module has no program shape"));
  args.target_arguments = "\x0a\x03tpu";
  args.target_arguments_size = 5;
  CHECK(says(tpu()->run_hlo_cost_analysis(&args),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "target_arguments are not of the platform 'sim'"));
  module.hlo_module_with_config_deleter(module.hlo_module_with_config_ptr);
  free_serialized();
}

/* ---- compilation environments -------------------------------------------- */

/* An environment of somebody else's stays; the plugin's comes behind it, and
 * only once. */
static void check_environment(void) {
  static const char other[] = "\x0a\x03\x0a\x01x";
  ARGS(PJRT_TpuExecutable_SetTpuCompilationEnv,
       .serialized_compilation_environments = other,
       .serialized_compilation_environments_size = 5);
  CHECK(!tpu()->set_tpu_compilation_env(&args));
  CHECK(args.result_compilation_environments_size > 5);
  CHECK(!memcmp(args.result_compilation_environments, other, 5));
  MAKE(again, PJRT_TpuExecutable_SetTpuCompilationEnv,
       .serialized_compilation_environments =
           args.result_compilation_environments,
       .serialized_compilation_environments_size =
           args.result_compilation_environments_size);
  CHECK(!tpu()->set_tpu_compilation_env(&again));
  CHECK(is_bytes(again.result_compilation_environments,
                 again.result_compilation_environments_size,
                 args.result_compilation_environments,
                 args.result_compilation_environments_size));
  again.result_compilation_environments_deleter(
      again.result_compilation_environments_ptr);
  args.result_compilation_environments_deleter(
      args.result_compilation_environments_ptr);
  args.serialized_compilation_environments_size = 4;
  CHECK(says(tpu()->set_tpu_compilation_env(&args),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "serialized_compilation_environments is no protocol buffer"));
}

/* The environment keeps the options of when it was made. */
static void check_environment_field(void) {
  pjrt_sim_options options = default_options();
  MAKE(set, PJRT_TpuExecutable_SetTpuCompilationEnv,
       .serialized_compilation_environments = NULL);
  CHECK(!tpu()->set_tpu_compilation_env(&set));
  options.num_devices = 7;
  use_options(&options);
  ARGS(PJRT_TpuExecutable_GetTpuCompilationEnvFieldAsString,
       .serialized_compilation_environments =
           set.result_compilation_environments,
       .serialized_compilation_environments_size =
           set.result_compilation_environments_size,
       .field_name = "num_devices", .field_name_size = 11);
  CHECK(!tpu()->get_tpu_compilation_env_field_as_string(&args));
  CHECK(is_bytes(args.field_value, args.field_value_size, "4", 1));
  args.field_value_deleter(args.field_value_ptr);
  args.serialized_compilation_environments_size = 0;
  CHECK(!tpu()->get_tpu_compilation_env_field_as_string(&args));
  CHECK(is_bytes(args.field_value, args.field_value_size, "7", 1));
  args.field_value_deleter(args.field_value_ptr);
  args.field_name_size = 3;
  CHECK(says(tpu()->get_tpu_compilation_env_field_as_string(&args),
             PJRT_Error_Code_NOT_FOUND,
             "the compilation environment has no field 'num'"));
  args.field_name = NULL;
  CHECK(says(tpu()->get_tpu_compilation_env_field_as_string(&args),
             PJRT_Error_Code_INTERNAL, "misuse"));
  set.result_compilation_environments_deleter(
      set.result_compilation_environments_ptr);
}

static void check_predetermined(void) {
  static const char unimplemented[] = {8, 12}, unavailable[] = {8, 14};
  ARGS(PJRT_TpuExecutable_IsTpuPredeterminedError,
       .serialized_status = unimplemented, .serialized_status_size = 2);
  CHECK(!tpu()->is_tpu_predetermined_error(&args) && args.is_predetermined);
  args.serialized_status = unavailable;
  CHECK(!tpu()->is_tpu_predetermined_error(&args) && !args.is_predetermined);
  args.serialized_status_size = 1;
  CHECK(says(tpu()->is_tpu_predetermined_error(&args),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "serialized_status is no protocol buffer"));
  args.serialized_status = NULL;
  CHECK(says(tpu()->is_tpu_predetermined_error(&args), PJRT_Error_Code_INTERNAL,
             "misuse"));
}

void suite_ext_tpu_executable(void) {
  run_check("tpu-target-arguments", check_target_arguments);
  run_check("tpu-hlo-module", check_module);
  run_check("tpu-memory-stats", check_memory_stats);
  run_check("tpu-costs", check_costs);
  run_check("tpu-environment", check_environment);
  run_check("tpu-environment-field", check_environment_field);
  run_check("tpu-predetermined-error", check_predetermined);
}
