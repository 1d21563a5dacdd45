/* Compiling a program for a client's devices. */
#ifndef PJRT_COMPILE_H_
#define PJRT_COMPILE_H_

#include "pjrt/device.h"
#include "pjrt/executable.h"
#include "pjrt/program.h"

PJRT_BEGIN_DECLS

typedef struct pjrt_compile_opts {
  size_t struct_size;
  /* Copies of the program that run at once on different data; default 1. */
  int num_replicas;
  /* Parts that one copy is split into; default 1. */
  int num_partitions;
  /* The devices to use, replica-major: num_replicas * num_partitions ids.
   * NULL: the plugin's default assignment. [borrowed: call] */
  const int *device_ids;
  size_t num_device_ids;
  /* Let XLA's SPMD partitioner split the program, as programs from JAX
   * expect; default: true when num_partitions > 1. */
  bool use_spmd_partitioning;
  /* Propagate shardings with Shardy (sdy dialect) instead of GSPMD; default
   * false. */
  bool use_shardy_partitioner;
  /* One executable for any one device, named when it is executed; default
   * false. */
  bool compile_portable_executable;
  /* XLA's flags for this compilation, such as xla_cpu_enable_fast_math;
   * NULL: none. int64 lists are refused. [borrowed: call] */
  const pjrt_named_values *xla_options;
  /* A serialized CompileOptionsProto to use instead of all of the above;
   * INVALID_ARGUMENT unless it holds replica and partition counts of at least
   * 1, since plugins end the process otherwise. NULL: none.
   * [borrowed: call] */
  const void *serialized;
  size_t serialized_size;
} pjrt_compile_opts;

/* @param opts [borrowed: call] */
PJRT_API void pjrt_compile_opts_init(pjrt_compile_opts *opts);

/* Compiles and loads a program. Blocks, often for seconds. The plugin's own
 * error when the program is not valid; INVALID_ARGUMENT for counts below 1 or
 * a device assignment that does not fit or names a device twice or one that
 * does not exist.
 * PJRT: PJRT_Client_Compile (0.40); PJRT_Executable_OptimizedProgram (0.40)
 * for the signature.
 * @param client [shared]
 * @param program [borrowed: call]
 * @param opts [borrowed: call] may be NULL
 * @param out [owned: pjrt_executable_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_client_compile(
    pjrt_client *client, const pjrt_program *program,
    const pjrt_compile_opts *opts, pjrt_executable **out);

PJRT_END_DECLS

#endif /* PJRT_COMPILE_H_ */
