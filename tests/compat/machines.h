/* Machines that are only described, and compiling for them. */
#ifndef PJRT_TESTS_COMPAT_MACHINES_H_
#define PJRT_TESTS_COMPAT_MACHINES_H_

#include "compat/plugins.h"

/* Sets up a group of tests: keeps libtpu from asking the network, and from
 * minding another user's lock file. */
int spare_the_tpu(void **state);

/* A TPU by libtpu's name for it, such as "v4:2x2x1". */
pjrt_topology *tpu(pjrt_plugin *plugin, const char *name);

/* H100s; `shape` is "slices x hosts x devices". */
pjrt_topology *h100(pjrt_plugin *plugin, const char *shape);

/* The folder where the CUDA plugin finds NVIDIA's assembler; skips the test
 * where one is installed that it finds anyway. */
void set_path(const char *folder);

pjrt_error *try_compile_for(pjrt_topology *topology, const char *code,
                            const pjrt_compile_opts *opts, pjrt_compiled **out);

/* A product of two f32[1024,1024]. */
extern const char matmul_program[];

/* Compiles it so that NVIDIA's library computes it, which needs no code of its
 * own and no assembler. */
pjrt_compiled *compile_h100_matmul(pjrt_topology *topology);

#endif /* PJRT_TESTS_COMPAT_MACHINES_H_ */
