/* The Layouts extension: XLA's own layouts of buffers, executables and what is
 * not there yet, with all that their text form says. pjrt_buffer_layout, which
 * needs no extension, tells order and tiles alone.
 *
 * UNIMPLEMENTED where the plugin has no such extension, or an older one that
 * lacks the function; pjrt_plugin_find_extension tells before. INTERNAL when
 * the plugin's answer is no layout, and UNIMPLEMENTED when it is one that
 * pjrt_layout_parse does not read. */
#ifndef PJRT_EXT_LAYOUTS_H_
#define PJRT_EXT_LAYOUTS_H_

#include "pjrt/buffer.h"
#include "pjrt/compiled.h"
#include "pjrt/layout.h"

PJRT_BEGIN_DECLS

/* How the buffer lies in its memory. FAILED_PRECONDITION when it was deleted or
 * donated.
 * PJRT: PJRT_Layouts_PJRT_Buffer_MemoryLayout (0.51),
 * PJRT_Layouts_MemoryLayout_Serialize (0.51),
 * PJRT_Layouts_MemoryLayout_Destroy (0.51).
 * @param buffer [borrowed: call]
 * @param out [owned: pjrt_layout_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_layouts_of_buffer(pjrt_buffer *buffer,
                                                          pjrt_layout **out);

/* How the plugin lays out an array that nobody asked for otherwise.
 * INVALID_ARGUMENT: NULL, a type without elements, a negative dimension, or
 * more than 64 of them.
 * PJRT: PJRT_Layouts_PJRT_Client_GetDefaultLayout (0.51),
 * PJRT_Layouts_MemoryLayout_Serialize (0.51),
 * PJRT_Layouts_MemoryLayout_Destroy (0.51).
 * @param client [borrowed: call]
 * @param dims [borrowed: call] may be NULL when num_dims is 0
 * @param out [owned: pjrt_layout_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_layouts_default(pjrt_client *client,
                                                        pjrt_dtype dtype,
                                                        const int64_t *dims,
                                                        size_t num_dims,
                                                        pjrt_layout **out);

/* The same for a machine that need not be there. INVALID_ARGUMENT as above.
 * PJRT: PJRT_Layouts_PJRT_Topology_GetDefaultLayout (0.76),
 * PJRT_Layouts_MemoryLayout_Serialize (0.51),
 * PJRT_Layouts_MemoryLayout_Destroy (0.51).
 * @param topology [borrowed: call]
 * @param dims [borrowed: call] may be NULL when num_dims is 0
 * @param out [owned: pjrt_layout_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_layouts_default_for_topology(
    const pjrt_topology *topology, pjrt_dtype dtype, const int64_t *dims,
    size_t num_dims, pjrt_layout **out);

/* How an executable wants its i-th parameter. INVALID_ARGUMENT past the end.
 * PJRT: PJRT_Layouts_PJRT_Executable_GetParameterLayouts (0.93),
 * PJRT_Layouts_MemoryLayout_Serialize (0.51).
 * @param executable [borrowed: call]
 * @param out [owned: pjrt_layout_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_layouts_of_parameter(
    pjrt_executable *executable, size_t i, pjrt_layout **out);

/* How it gives its i-th output. INVALID_ARGUMENT past the end.
 * PJRT: PJRT_Layouts_PJRT_Executable_GetOutputLayouts (0.81),
 * PJRT_Layouts_MemoryLayout_Serialize (0.51).
 * @param executable [borrowed: call]
 * @param out [owned: pjrt_layout_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_layouts_of_output(
    pjrt_executable *executable, size_t i, pjrt_layout **out);

/* How a program that was compiled ahead of time wants its i-th parameter.
 * INVALID_ARGUMENT past the end.
 * PJRT: PJRT_Layouts_PJRT_Executable_GetParameterLayouts (0.93),
 * PJRT_Layouts_MemoryLayout_Serialize (0.51).
 * @param compiled [borrowed: call]
 * @param out [owned: pjrt_layout_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_layouts_of_compiled_parameter(
    pjrt_compiled *compiled, size_t i, pjrt_layout **out);

/* How it gives its i-th output. INVALID_ARGUMENT past the end.
 * PJRT: PJRT_Layouts_PJRT_Executable_GetOutputLayouts (0.81),
 * PJRT_Layouts_MemoryLayout_Serialize (0.51).
 * @param compiled [borrowed: call]
 * @param out [owned: pjrt_layout_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_layouts_of_compiled_output(
    pjrt_compiled *compiled, size_t i, pjrt_layout **out);

PJRT_END_DECLS

#endif /* PJRT_EXT_LAYOUTS_H_ */
