/* The TpuExecutable extension: what is in a serialized executable, without
 * loading it, and so without a TPU. libtpu has it.
 *
 * An executable is what pjrt_compiled_serialize and pjrt_executable_serialize
 * make, or the plugin's own bytes in it (pjrt_executable_serialized_raw). It is
 * INVALID_ARGUMENT for one of another plugin, as pjrt_executable_load tells;
 * the plugin's own bytes nobody can check, and plugins may end the process on
 * damaged ones.
 *
 * UNIMPLEMENTED where the plugin has no such extension, or an older one that
 * lacks the function; pjrt_plugin_find_extension tells before.
 * FAILED_PRECONDITION for a plugin that was opened with inspect_only. */
#ifndef PJRT_EXT_TPU_EXECUTABLE_H_
#define PJRT_EXT_TPU_EXECUTABLE_H_

#include "pjrt/compiled.h"
#include "pjrt/executable.h"
#include "pjrt/program.h"

PJRT_BEGIN_DECLS

/* What it was compiled for, as the plugin's own protocol buffer, which
 * pjrt_tpu_executable_cost_analysis wants.
 * PJRT: PJRT_TpuExecutable_GetTargetArguments (0.90).
 * @param plugin [borrowed: call]
 * @param executable [borrowed: call]
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_tpu_executable_target_arguments(
    pjrt_plugin *plugin, const void *executable, size_t executable_size,
    void **out, size_t *out_size);

/* Its optimized module as a serialized HloModuleProtoWithConfig, with the
 * options of the compiler that no program of ours has.
 * PJRT: PJRT_TpuExecutable_GetHloModuleWithConfig (0.90).
 * @param plugin [borrowed: call]
 * @param executable [borrowed: call]
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_tpu_executable_hlo_with_config(
    pjrt_plugin *plugin, const void *executable, size_t executable_size,
    void **out, size_t *out_size);

/* The module of that as a program of PJRT_FORMAT_HLO, for pjrt_hlo_print.
 * PJRT: PJRT_TpuExecutable_GetHloModuleWithConfig (0.90).
 * @param plugin [borrowed: call]
 * @param executable [borrowed: call]
 * @param out [owned: pjrt_program_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_tpu_executable_hlo(
    pjrt_plugin *plugin, const void *executable, size_t executable_size,
    pjrt_program **out);

/* The memory of one device that it needs, as pjrt_compiled_memory_analysis
 * tells. A number that is 0 is not in the plugin's message, and so is not told.
 * PJRT: PJRT_TpuExecutable_GetCompiledMemoryStats (0.114).
 * @param plugin [borrowed: call]
 * @param executable [borrowed: call]
 * @param out [borrowed: call] initialized; nothing has a value when this
 *   fails */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_tpu_executable_memory_analysis(
    pjrt_plugin *plugin, const void *executable, size_t executable_size,
    pjrt_memory_analysis *out);

/* Bytes of an HloModuleProtoWithConfig. */
typedef struct pjrt_hlo_bytes {
  const void *data; /* [borrowed: call] */
  size_t size;
} pjrt_hlo_bytes;

/* What modules cost on such a machine by the compiler's reckoning, all
 * together. INVALID_ARGUMENT for no module, or one without bytes.
 * PJRT: PJRT_TpuExecutable_RunHloCostAnalysis (0.114).
 * @param plugin [borrowed: call]
 * @param target_arguments [borrowed: call] as
 *   pjrt_tpu_executable_target_arguments gives them
 * @param modules [borrowed: call] as pjrt_tpu_executable_hlo_with_config gives
 *   them
 * @param out [owned: pjrt_named_values_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_tpu_executable_cost_analysis(
    pjrt_plugin *plugin, const void *target_arguments,
    size_t target_arguments_size, const pjrt_hlo_bytes *modules,
    size_t num_modules, pjrt_named_values **out);

/* ---- compilation environments -------------------------------------------- */

/* Adds the plugin's own environment, with the flags in force, to a serialized
 * CompilationEnvironmentsProto, which may be empty.
 * PJRT: PJRT_TpuExecutable_SetTpuCompilationEnv (0.114).
 * @param plugin [borrowed: call]
 * @param environments [borrowed: call] may be NULL when empty
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_tpu_executable_add_environment(
    pjrt_plugin *plugin, const void *environments, size_t environments_size,
    void **out, size_t *out_size);

/* A flag in such environments, as text. INVALID_ARGUMENT for an empty name or
 * no environments; the plugin's own error for a flag that there is not.
 * PJRT: PJRT_TpuExecutable_GetTpuCompilationEnvFieldAsString (0.114).
 * @param plugin [borrowed: call]
 * @param environments [borrowed: call]
 * @param name [borrowed: call]
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_tpu_executable_environment_flag(
    pjrt_plugin *plugin, const void *environments, size_t environments_size,
    const char *name, size_t name_size, char **out, size_t *out_size);

/* ---- errors -------------------------------------------------------------- */

/* Whether an error, of an execution mostly, is one that the same program with
 * the same arguments would end in again, so that another try is in vain.
 * PJRT: PJRT_TpuExecutable_IsTpuPredeterminedError (0.114).
 * @param plugin [borrowed: call]
 * @param failure [borrowed: call] NULL for success
 * @param out [borrowed: call] false on failure */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_tpu_executable_is_predetermined(
    pjrt_plugin *plugin, const pjrt_error *failure, bool *out);

PJRT_END_DECLS

#endif /* PJRT_EXT_TPU_EXECUTABLE_H_ */
