/* The Triton extension: compiles a kernel in Triton's dialect of MLIR for a
 * GPU, which need not be there.
 *
 * UNIMPLEMENTED where the plugin has no such extension: it came with API 0.65,
 * is deprecated since 0.115 and gone from GPU plugins of 0.116 on. */
#ifndef PJRT_EXT_TRITON_H_
#define PJRT_EXT_TRITON_H_

#include "pjrt/plugin.h"

PJRT_BEGIN_DECLS

typedef struct pjrt_triton_opts {
  size_t struct_size;
  int num_warps;  /* default 4 */
  int num_ctas;   /* of a cluster; default 1 */
  int num_stages; /* of pipelined loops; default 3 */
} pjrt_triton_opts;

/* @param opts [borrowed: call] */
PJRT_API void pjrt_triton_opts_init(pjrt_triton_opts *opts);

/* A compiled kernel; all memory of it is the library's. Immutable. */
typedef struct pjrt_triton_kernel pjrt_triton_kernel;

/* Compiles a kernel. Needs no client, no GPU, and no tool of the vendor's: what
 * comes out is assembly. Blocks while it compiles. Thread-safe.
 * INVALID_ARGUMENT: NULL, an empty module, a number in opts that is not from 1
 * to 1024 (plugins end the process on some), and what the plugin says of a
 * module or an architecture that it cannot read. XLA's plugins take an
 * architecture that they do not know for another one.
 * PJRT: PJRT_Triton_Compile (0.65).
 * @param plugin [borrowed: call]
 * @param module [borrowed: call] as text: a module with a tt.func
 * @param arch [borrowed: call] "9.0", the compute capability, for NVIDIA;
 *   "gfx942" for AMD
 * @param opts [borrowed: call] may be NULL
 * @param out [owned: pjrt_triton_kernel_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_triton_compile(
    pjrt_plugin *plugin, const char *module, size_t module_size,
    const char *arch, size_t arch_size, const pjrt_triton_opts *opts,
    pjrt_triton_kernel **out);

/* The assembly, which is PTX for NVIDIA; "" where the plugin gives a file.
 * @param kernel [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: kernel] */
PJRT_API const char *pjrt_triton_kernel_assembly(
    const pjrt_triton_kernel *kernel, size_t *out_size);

/* The file that the plugin wrote, an HSACO, for AMD; "" for others, and before
 * API 0.90.
 * @param kernel [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: kernel] */
PJRT_API const char *pjrt_triton_kernel_path(const pjrt_triton_kernel *kernel,
                                             size_t *out_size);

/* The bytes of shared memory that a launch must give it.
 * @param kernel [borrowed: call] */
PJRT_API int64_t
pjrt_triton_kernel_shared_memory_size(const pjrt_triton_kernel *kernel);

/* How many blocks a cluster has along x, y or z (axis 0, 1, 2); 0 where the
 * plugin does not say: from API 0.85 on, and for other axes.
 * @param kernel [borrowed: call] */
PJRT_API int pjrt_triton_kernel_cluster_dim(const pjrt_triton_kernel *kernel,
                                            size_t axis);

/* @param kernel [taken] */
PJRT_API void pjrt_triton_kernel_free(pjrt_triton_kernel *kernel);

PJRT_END_DECLS

#endif /* PJRT_EXT_TRITON_H_ */
