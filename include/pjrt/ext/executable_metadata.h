/* The ExecutableMetadata extension: what a plugin notes about a program besides
 * what PJRT asks for. libtpu has it.
 *
 * UNIMPLEMENTED where the plugin has no such extension;
 * pjrt_plugin_find_extension tells before. */
#ifndef PJRT_EXT_EXECUTABLE_METADATA_H_
#define PJRT_EXT_EXECUTABLE_METADATA_H_

#include "pjrt/compiled.h"
#include "pjrt/executable.h"

PJRT_BEGIN_DECLS

/* The metadata of an executable: bytes whose form is the plugin's own, a
 * protocol buffer on libtpu.
 * PJRT: PJRT_ExecutableMetadata_GetExecutableMetadata (0.75),
 * PJRT_ExecutableMetadata_DestroySerializedMetadata (0.75).
 * @param executable [borrowed: call]
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_executable_metadata(
    const pjrt_executable *executable, void **out, size_t *out_size);

/* The same of a program that was compiled ahead of time.
 * PJRT: PJRT_ExecutableMetadata_GetExecutableMetadata (0.75),
 * PJRT_ExecutableMetadata_DestroySerializedMetadata (0.75).
 * @param compiled [borrowed: call]
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_compiled_metadata(
    const pjrt_compiled *compiled, void **out, size_t *out_size);

PJRT_END_DECLS

#endif /* PJRT_EXT_EXECUTABLE_METADATA_H_ */
