#include "pjrt/ext/tpu_executable.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "core/artifact.h"
#include "core/opts.h"
#include "core/plugin.h"
#include "core/program.h"
#include "core/raw_values.h"
#include "core/wire.h"
#include "ext/answer.h"
#include "ext/extension.h"

#define CALL(plugin, slot, fn, args)                                           \
  PJRT_EXT_CALL(plugin, TpuExecutable, PJRT_TpuExecutable_Extension, slot, fn, \
                args)

/* What three functions have in common: they take the plugin's bytes, and lend
 * their own until a deleter is called. */
#define READ_BYTES(plugin, fn, args, bytes, out, out_size)                     \
  __extension__({                                                              \
    pjrt_error *error_ =                                                       \
        pjrt_ext_copy_bytes((plugin), #fn, (args)->bytes,                      \
                            (args)->bytes##_size, (out), (out_size));          \
    if ((args)->bytes##_deleter) (args)->bytes##_deleter((args)->bytes##_ptr); \
    error_;                                                                    \
  })

/* ---- what comes in ------------------------------------------------------- */

/* Plugins read them as protocol buffers, which are no larger. */
static pjrt_error *check_bytes(const char *name, const void *bytes, size_t size,
                               bool may_be_empty) {
  if (size > INT32_MAX || (size && !bytes) || (!size && !may_be_empty)) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "%s: %zu bytes at %p", name,
                             size, bytes);
  }
  return NULL;
}

static pjrt_error *check_maker(pjrt_plugin *plugin,
                               const pjrt_artifact *artifact) {
  const char *own;
  const pjrt_bytes *maker = &artifact->plugin_identity;
  PJRT_TRY(pjrt_plugin_identity(plugin, &own));
  if (pjrt_text_equal(maker->data, maker->size, own)) return NULL;
  return pjrt_error_about(
      pjrt_error_format(PJRT_INVALID_ARGUMENT,
                        "the executable was made by another plugin (%.*s)",
                        (int)maker->size, (const char *)maker->data),
      plugin, NULL);
}

/* The plugin's own bytes of an executable. */
static pjrt_error *find_own(pjrt_plugin *plugin, const void *executable,
                            size_t size, pjrt_bytes *out) {
  pjrt_artifact artifact;
  PJRT_TRY(pjrt_plugin_check(plugin));
  PJRT_TRY(check_bytes("executable", executable, size, false));
  *out = (pjrt_bytes){executable, size};
  if (!pjrt_executable_is_serialized(executable, size)) return NULL;
  PJRT_TRY(pjrt_artifact_decode(executable, size, &artifact));
  PJRT_TRY(check_maker(plugin, &artifact));
  *out = artifact.executable;
  return NULL;
}

/* ---- what is in an executable -------------------------------------------- */

pjrt_error *pjrt_tpu_executable_target_arguments(pjrt_plugin *plugin,
                                                 const void *executable,
                                                 size_t executable_size,
                                                 void **out, size_t *out_size) {
  pjrt_bytes own;
  *out = NULL;
  *out_size = 0;
  PJRT_TRY(find_own(plugin, executable, executable_size, &own));
  PJRT_ARGS(PJRT_TpuExecutable_GetTargetArguments, args);
  args->serialized_executable = own.data;
  args->serialized_executable_size = own.size;
  PJRT_TRY(CALL(plugin, get_target_arguments,
                PJRT_TpuExecutable_GetTargetArguments, args));
  return READ_BYTES(plugin, PJRT_TpuExecutable_GetTargetArguments, args,
                    target_arguments, out, out_size);
}

pjrt_error *pjrt_tpu_executable_hlo_with_config(pjrt_plugin *plugin,
                                                const void *executable,
                                                size_t executable_size,
                                                void **out, size_t *out_size) {
  pjrt_bytes own;
  *out = NULL;
  *out_size = 0;
  PJRT_TRY(find_own(plugin, executable, executable_size, &own));
  PJRT_ARGS(PJRT_TpuExecutable_GetHloModuleWithConfig, args);
  args->serialized_executable = own.data;
  args->serialized_executable_size = own.size;
  PJRT_TRY(CALL(plugin, get_hlo_module_with_config,
                PJRT_TpuExecutable_GetHloModuleWithConfig, args));
  return READ_BYTES(plugin, PJRT_TpuExecutable_GetHloModuleWithConfig, args,
                    hlo_module_with_config, out, out_size);
}

/* The module of an HloModuleProtoWithConfig. */
static pjrt_error *find_module(const void *data, size_t size, pjrt_bytes *out) {
  enum { HLO_MODULE = 1 };
  pjrt_wire wire = pjrt_wire_start(data, size);
  pjrt_wire_field field;
  *out = (pjrt_bytes){0};
  while (pjrt_wire_next(&wire, &field)) {
    if (field.number == HLO_MODULE && field.type == PJRT_WIRE_BYTES) {
      *out = (pjrt_bytes){field.data, field.size};
    }
  }
  if (out->size && !wire.malformed) return NULL;
  return pjrt_error_format(PJRT_INTERNAL,
                           "the plugin's answer holds no module");
}

pjrt_error *pjrt_tpu_executable_hlo(pjrt_plugin *plugin, const void *executable,
                                    size_t executable_size,
                                    pjrt_program **out) {
  void *bytes, *code = NULL;
  size_t size;
  pjrt_bytes module;
  *out = NULL;
  PJRT_TRY(pjrt_tpu_executable_hlo_with_config(plugin, executable,
                                               executable_size, &bytes, &size));
  pjrt_error *error = find_module(bytes, size, &module);
  if (error) {
    error = pjrt_error_about(error, plugin,
                             "PJRT_TpuExecutable_GetHloModuleWithConfig");
  }
  if (!error) error = pjrt_alloc_copy(module.data, 1, module.size, &code);
  if (!error) {
    error = pjrt_program_take(PJRT_FORMAT_HLO, code, module.size, out);
  }
  pjrt_host_free(bytes);
  return error;
}

/* ---- memory -------------------------------------------------------------- */

/* The fields of a CompiledMemoryStatsProto, by number. */
static const struct {
  uint32_t number;
  size_t offset;
} stats[] = {
#define FIELD(number, name) {number, offsetof(pjrt_memory_analysis, name)}
    FIELD(1, generated_code_size_in_bytes),
    FIELD(2, argument_size_in_bytes),
    FIELD(3, output_size_in_bytes),
    FIELD(4, alias_size_in_bytes),
    FIELD(5, temp_size_in_bytes),
    FIELD(7, host_generated_code_size_in_bytes),
    FIELD(8, host_argument_size_in_bytes),
    FIELD(9, host_output_size_in_bytes),
    FIELD(10, host_alias_size_in_bytes),
    FIELD(11, host_temp_size_in_bytes),
    FIELD(14, peak_memory_in_bytes),
    FIELD(15, total_size_in_bytes),
    FIELD(16, total_allocation_bytes),
    FIELD(17, indefinite_allocations),
    FIELD(18, peak_unpadded_heap_bytes),
#undef FIELD
};

static pjrt_error *read_stats(const void *data, size_t size,
                              pjrt_memory_analysis *out) {
  pjrt_wire wire = pjrt_wire_start(data, size);
  pjrt_wire_field field;
  while (pjrt_wire_next(&wire, &field)) {
    if (field.type != PJRT_WIRE_VARINT) continue;
    for (size_t i = 0; i < sizeof stats / sizeof *stats; i++) {
      if (stats[i].number != field.number) continue;
      *(pjrt_optional_int64 *)((char *)out + stats[i].offset) =
          (pjrt_optional_int64){(int64_t)field.value, true};
    }
  }
  if (!wire.malformed) return NULL;
  return pjrt_error_format(
      PJRT_INTERNAL, "the plugin's answer is no CompiledMemoryStatsProto");
}

static pjrt_error *ask_stats(const pjrt_plugin *plugin, pjrt_bytes own,
                             pjrt_memory_analysis *out) {
  static const char call[] = "PJRT_TpuExecutable_GetCompiledMemoryStats";
  void *bytes;
  size_t size;
  PJRT_ARGS(PJRT_TpuExecutable_GetCompiledMemoryStats, args);
  args->serialized_executable = own.data;
  args->serialized_executable_size = own.size;
  PJRT_TRY(CALL(plugin, get_compiled_memory_stats,
                PJRT_TpuExecutable_GetCompiledMemoryStats, args));
  PJRT_TRY(READ_BYTES(plugin, PJRT_TpuExecutable_GetCompiledMemoryStats, args,
                      compiled_memory_stats, &bytes, &size));
  pjrt_error *error = read_stats(bytes, size, out);
  pjrt_host_free(bytes);
  return error ? pjrt_error_about(error, plugin, call) : NULL;
}

pjrt_error *pjrt_tpu_executable_memory_analysis(pjrt_plugin *plugin,
                                                const void *executable,
                                                size_t executable_size,
                                                pjrt_memory_analysis *out) {
  pjrt_bytes own;
  pjrt_memory_analysis analysis;
  pjrt_memory_analysis_init(&analysis);
  PJRT_TRY(
      pjrt_opts_write(&analysis, "pjrt_memory_analysis", sizeof analysis, out));
  PJRT_TRY(find_own(plugin, executable, executable_size, &own));
  PJRT_TRY(ask_stats(plugin, own, &analysis));
  return pjrt_opts_write(&analysis, "pjrt_memory_analysis", sizeof analysis,
                         out);
}

/* ---- costs --------------------------------------------------------------- */

static pjrt_error *read_costs(
    const pjrt_plugin *plugin,
    const PJRT_TpuExecutable_RunHloCostAnalysis_Args *args,
    pjrt_named_values **out) {
  pjrt_error *error = pjrt_named_values_from_raw(
      args->analysis_results, args->num_analysis_results, out);
  if (args->analysis_results_deleter) {
    args->analysis_results_deleter(args->analysis_results_ptr);
  }
  if (!error) return NULL;
  return pjrt_error_about(error, plugin,
                          "PJRT_TpuExecutable_RunHloCostAnalysis");
}

/* As the two lists that the plugin wants. */
static pjrt_error *split(const pjrt_hlo_bytes *modules, size_t num,
                         const char ***out_data, size_t **out_sizes) {
  void *data, *sizes;
  PJRT_TRY(pjrt_alloc(num, sizeof **out_data, &data));
  pjrt_error *error = pjrt_alloc(num, sizeof **out_sizes, &sizes);
  if (error) {
    free(data);
    return error;
  }
  *out_data = data;
  *out_sizes = sizes;
  for (size_t i = 0; i < num; i++) {
    (*out_data)[i] = modules[i].data;
    (*out_sizes)[i] = modules[i].size;
  }
  return NULL;
}

static pjrt_error *check_modules(const pjrt_hlo_bytes *modules, size_t num) {
  if (num == 0 || !modules) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "%zu modules at %p", num,
                             (const void *)modules);
  }
  for (size_t i = 0; i < num; i++) {
    PJRT_TRY(check_bytes("a module", modules[i].data, modules[i].size, false));
  }
  return NULL;
}

pjrt_error *pjrt_tpu_executable_cost_analysis(pjrt_plugin *plugin,
                                              const void *target_arguments,
                                              size_t target_arguments_size,
                                              const pjrt_hlo_bytes *modules,
                                              size_t num_modules,
                                              pjrt_named_values **out) {
  const char **data;
  size_t *sizes;
  *out = NULL;
  PJRT_TRY(pjrt_plugin_check(plugin));
  PJRT_TRY(check_bytes("target_arguments", target_arguments,
                       target_arguments_size, false));
  PJRT_TRY(check_modules(modules, num_modules));
  PJRT_TRY(split(modules, num_modules, &data, &sizes));
  PJRT_ARGS(PJRT_TpuExecutable_RunHloCostAnalysis, args);
  args->target_arguments = target_arguments;
  args->target_arguments_size = target_arguments_size;
  args->hlo_module = data;
  args->hlo_module_size = sizes;
  args->num_hlo_modules = num_modules;
  pjrt_error *error = CALL(plugin, run_hlo_cost_analysis,
                           PJRT_TpuExecutable_RunHloCostAnalysis, args);
  free(data);
  free(sizes);
  return error ? error : read_costs(plugin, args, out);
}

/* ---- compilation environments -------------------------------------------- */

/* Plugins make a string of the bytes, and may not take NULL for an empty one.
 */
static const char *given(const void *bytes) { return bytes ? bytes : ""; }

pjrt_error *pjrt_tpu_executable_add_environment(pjrt_plugin *plugin,
                                                const void *environments,
                                                size_t environments_size,
                                                void **out, size_t *out_size) {
  *out = NULL;
  *out_size = 0;
  PJRT_TRY(pjrt_plugin_check(plugin));
  PJRT_TRY(check_bytes("environments", environments, environments_size, true));
  PJRT_ARGS(PJRT_TpuExecutable_SetTpuCompilationEnv, args);
  args->serialized_compilation_environments = given(environments);
  args->serialized_compilation_environments_size = environments_size;
  PJRT_TRY(CALL(plugin, set_tpu_compilation_env,
                PJRT_TpuExecutable_SetTpuCompilationEnv, args));
  return READ_BYTES(plugin, PJRT_TpuExecutable_SetTpuCompilationEnv, args,
                    result_compilation_environments, out, out_size);
}

pjrt_error *pjrt_tpu_executable_environment_flag(
    pjrt_plugin *plugin, const void *environments, size_t environments_size,
    const char *name, size_t name_size, char **out, size_t *out_size) {
  static const char call[] =
      "PJRT_TpuExecutable_GetTpuCompilationEnvFieldAsString";
  *out = NULL;
  if (out_size) *out_size = 0;
  PJRT_TRY(pjrt_plugin_check(plugin));
  PJRT_TRY(check_bytes("environments", environments, environments_size, false));
  PJRT_ARGS(PJRT_TpuExecutable_GetTpuCompilationEnvFieldAsString, args);
  args->serialized_compilation_environments = environments;
  args->serialized_compilation_environments_size = environments_size;
  args->field_name = name;
  args->field_name_size = pjrt_text_size(name, name_size);
  if (args->field_name_size == 0) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "the flag's name is empty");
  }
  PJRT_TRY(CALL(plugin, get_tpu_compilation_env_field_as_string,
                PJRT_TpuExecutable_GetTpuCompilationEnvFieldAsString, args));
  pjrt_error *error = pjrt_ext_copy_text(plugin, call, args->field_value,
                                         args->field_value_size, out, out_size);
  if (args->field_value_deleter)
    args->field_value_deleter(args->field_value_ptr);
  return error;
}

/* ---- errors -------------------------------------------------------------- */

/* An entry of a map, as a message. */
static pjrt_error *put_payload(pjrt_builder *out, const pjrt_error *failure,
                               size_t i) {
  enum { KEY = 1, VALUE = 2, PAYLOAD = 3 };
  pjrt_builder entry = {0};
  char *bytes;
  size_t size, key_size, value_size;
  const char *key = pjrt_error_payload_key(failure, i, &key_size);
  const char *value = pjrt_error_payload_value(failure, i, &value_size);
  pjrt_wire_put_bytes(&entry, KEY, key, key_size);
  pjrt_wire_put_bytes(&entry, VALUE, value, value_size);
  PJRT_TRY(pjrt_builder_finish(&entry, &bytes, &size));
  pjrt_wire_put_bytes(out, PAYLOAD, bytes, size);
  free(bytes);
  return NULL;
}

/* As a StatusProto. */
static pjrt_error *serialize(const pjrt_error *failure, char **out,
                             size_t *out_size) {
  enum { CODE = 1, MESSAGE = 2 };
  pjrt_builder status = {0};
  size_t size;
  const char *message = pjrt_error_message(failure, &size);
  pjrt_error *error = NULL;
  pjrt_wire_put_varint(&status, CODE, (uint64_t)pjrt_error_code(failure));
  pjrt_wire_put_bytes(&status, MESSAGE, message, size);
  for (size_t i = 0; !error && i < pjrt_error_num_payloads(failure); i++) {
    error = put_payload(&status, failure, i);
  }
  if (!error) return pjrt_builder_finish(&status, out, out_size);
  pjrt_builder_clear(&status);
  return error;
}

pjrt_error *pjrt_tpu_executable_is_predetermined(pjrt_plugin *plugin,
                                                 const pjrt_error *failure,
                                                 bool *out) {
  char *status;
  size_t size;
  *out = false;
  PJRT_TRY(pjrt_plugin_check(plugin));
  PJRT_TRY(serialize(failure, &status, &size));
  PJRT_ARGS(PJRT_TpuExecutable_IsTpuPredeterminedError, args);
  args->serialized_status = status;
  args->serialized_status_size = size;
  pjrt_error *error = CALL(plugin, is_tpu_predetermined_error,
                           PJRT_TpuExecutable_IsTpuPredeterminedError, args);
  if (!error) *out = args->is_predetermined;
  free(status);
  return error;
}
