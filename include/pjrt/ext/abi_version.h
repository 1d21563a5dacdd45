/* The AbiVersion extension: whether a program that was compiled at one place
 * runs at another, told before it is carried there. A runtime's version says
 * what a plugin with its hardware runs, an executable's what a program needs.
 *
 *   pjrt_executable_abi_version_of_compiled(compiled, &needed);
 *   pjrt_runtime_abi_version_of_client(client, &runtime);
 *   error = pjrt_runtime_abi_version_check_executable(runtime, needed);
 *
 * Both are values of their own, which outlive what they were asked of, belong
 * to one plugin, and travel as bytes. They are immutable: any number of threads
 * may use one.
 *
 * UNIMPLEMENTED where the plugin has no such extension;
 * pjrt_plugin_find_extension tells before. */
#ifndef PJRT_EXT_ABI_VERSION_H_
#define PJRT_EXT_ABI_VERSION_H_

#include "pjrt/compiled.h"
#include "pjrt/executable.h"

PJRT_BEGIN_DECLS

typedef struct pjrt_runtime_abi_version pjrt_runtime_abi_version;
typedef struct pjrt_executable_abi_version pjrt_executable_abi_version;

/* ---- of runtimes --------------------------------------------------------- */

/* The version of the plugin as the client runs it.
 * PJRT: PJRT_Client_RuntimeAbiVersion (0.94).
 * @param client [borrowed: call]
 * @param out [owned: pjrt_runtime_abi_version_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_runtime_abi_version_of_client(
    pjrt_client *client, pjrt_runtime_abi_version **out);

/* From the bytes of pjrt_runtime_abi_version_serialize: needs no client. The
 * plugin's own error when it cannot read them; INVALID_ARGUMENT when data is
 * NULL. Bytes of an executable's version may be taken for a runtime's: nothing
 * in them tells the two apart.
 * PJRT: PJRT_RuntimeAbiVersion_FromProto (0.94).
 * @param plugin [shared]
 * @param data [borrowed: call]
 * @param out [owned: pjrt_runtime_abi_version_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_runtime_abi_version_deserialize(
    pjrt_plugin *plugin, const void *data, size_t data_size,
    pjrt_runtime_abi_version **out);

/* Drops the handle.
 * PJRT: PJRT_RuntimeAbiVersion_Destroy (0.94).
 * @param version [taken] */
PJRT_API void pjrt_runtime_abi_version_free(pjrt_runtime_abi_version *version);

/* As bytes: a serialized PjRtRuntimeAbiVersionProto.
 * PJRT: PJRT_RuntimeAbiVersion_ToProto (0.94).
 * @param version [borrowed: call]
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_runtime_abi_version_serialize(
    const pjrt_runtime_abi_version *version, void **out, size_t *out_size);

/* The number of the platform, such as CUDA, that the version is one of.
 * PJRT: PJRT_RuntimeAbiVersion_PlatformId (0.94).
 * @param version [borrowed: call]
 * @param out [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_runtime_abi_version_platform_id(
    const pjrt_runtime_abi_version *version, uint64_t *out);

/* Success when this runtime can stand in for the other; else the plugin's own
 * error, which says why not. INVALID_ARGUMENT when they are not versions of one
 * plugin.
 * PJRT: PJRT_RuntimeAbiVersion_IsCompatibleWithRuntime (0.94).
 * @param version [borrowed: call]
 * @param other [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_runtime_abi_version_check_runtime(
    const pjrt_runtime_abi_version *version,
    const pjrt_runtime_abi_version *other);

/* Success when the runtime runs such executables; else the plugin's own error,
 * which says why not. INVALID_ARGUMENT when they are not versions of one
 * plugin.
 * PJRT: PJRT_RuntimeAbiVersion_IsCompatibleWithExecutable (0.94).
 * @param version [borrowed: call]
 * @param executable [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_runtime_abi_version_check_executable(
    const pjrt_runtime_abi_version *version,
    const pjrt_executable_abi_version *executable);

/* ---- of executables ------------------------------------------------------ */

/* What an executable needs.
 * PJRT: PJRT_Executable_GetAbiVersion (0.94).
 * @param executable [borrowed: call]
 * @param out [owned: pjrt_executable_abi_version_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_executable_abi_version_of_executable(
    const pjrt_executable *executable, pjrt_executable_abi_version **out);

/* The same of a program that was compiled ahead of time.
 * PJRT: PJRT_Executable_GetAbiVersion (0.94).
 * @param compiled [borrowed: call]
 * @param out [owned: pjrt_executable_abi_version_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_executable_abi_version_of_compiled(
    const pjrt_compiled *compiled, pjrt_executable_abi_version **out);

/* From the bytes of pjrt_executable_abi_version_serialize. The plugin's own
 * error when it cannot read them; INVALID_ARGUMENT when data is NULL.
 * PJRT: PJRT_ExecutableAbiVersion_FromProto (0.94).
 * @param plugin [shared]
 * @param data [borrowed: call]
 * @param out [owned: pjrt_executable_abi_version_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_executable_abi_version_deserialize(
    pjrt_plugin *plugin, const void *data, size_t data_size,
    pjrt_executable_abi_version **out);

/* Drops the handle.
 * PJRT: PJRT_ExecutableAbiVersion_Destroy (0.94).
 * @param version [taken] */
PJRT_API void pjrt_executable_abi_version_free(
    pjrt_executable_abi_version *version);

/* As bytes: a serialized PjRtExecutableAbiVersionProto.
 * PJRT: PJRT_ExecutableAbiVersion_ToProto (0.94).
 * @param version [borrowed: call]
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_executable_abi_version_serialize(
    const pjrt_executable_abi_version *version, void **out, size_t *out_size);

/* The number of the platform, such as CUDA, that the version is one of.
 * PJRT: PJRT_ExecutableAbiVersion_PlatformId (0.94).
 * @param version [borrowed: call]
 * @param out [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_executable_abi_version_platform_id(
    const pjrt_executable_abi_version *version, uint64_t *out);

PJRT_END_DECLS

#endif /* PJRT_EXT_ABI_VERSION_H_ */
