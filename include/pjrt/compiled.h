/* Compiling ahead of time: for a machine that is described by a topology, and
 * without a client.
 *
 *   pjrt_topology_create(plugin, "v5e:2x2", PJRT_NUL_ENDED, NULL, &topology);
 *   pjrt_topology_compile(topology, program, NULL, &compiled);
 *   pjrt_compiled_serialize(compiled, &data, &size);
 *
 * and on the machine itself, with the same plugin:
 *
 *   pjrt_executable_load(client, data, size, &executable);
 *
 * A compiled program is an executable that is not loaded: it can be asked and
 * serialized, and it runs once a client has loaded it. */
#ifndef PJRT_COMPILED_H_
#define PJRT_COMPILED_H_

#include "pjrt/compile.h"
#include "pjrt/topology.h"

PJRT_BEGIN_DECLS

typedef struct pjrt_compiled pjrt_compiled;

/* Compiles a program for a topology. Blocks, often for seconds. The plugin's
 * own error when it cannot compile the program; INVALID_ARGUMENT for counts
 * below 1 or a device assignment that does not fit, names a device twice or
 * one that the topology has not.
 * PJRT: PJRT_Compile (0.40); PJRT_Executable_OptimizedProgram (0.40) for the
 * signature.
 * @param topology [shared]
 * @param program [borrowed: call]
 * @param opts [borrowed: call] may be NULL
 * @param out [owned: pjrt_compiled_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_topology_compile(
    pjrt_topology *topology, const pjrt_program *program,
    const pjrt_compile_opts *opts, pjrt_compiled **out);

/* Drops the handle; executables that were loaded from it stay.
 * PJRT: PJRT_Executable_Destroy (0.40).
 * @param compiled [taken] */
PJRT_API void pjrt_compiled_free(pjrt_compiled *compiled);

/* Loads a compiled program on the devices of a client of the same plugin;
 * INVALID_ARGUMENT when it is another plugin's. The compiled program stays, and
 * can be loaded again.
 * PJRT: PJRT_Client_Load (0.95).
 * @param client [shared]
 * @param compiled [borrowed: call]
 * @param out [owned: pjrt_executable_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_client_load(
    pjrt_client *client, const pjrt_compiled *compiled, pjrt_executable **out);

/* Serializes for pjrt_executable_load, with the signature and the identity of
 * the plugin, as pjrt_executable_serialize does.
 * PJRT: PJRT_Executable_Serialize (0.40).
 * @param compiled [borrowed: call]
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_compiled_serialize(
    const pjrt_compiled *compiled, void **out, size_t *out_size);

/* ---- facts --------------------------------------------------------------- */

/* The name of the program's module.
 * PJRT: PJRT_Executable_Name (0.40).
 * @param compiled [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: compiled] */
PJRT_API const char *pjrt_compiled_name(const pjrt_compiled *compiled,
                                        size_t *out_size);

/* How many replicas of the program run together.
 * PJRT: PJRT_Executable_NumReplicas (0.40).
 * @param compiled [borrowed: call] */
PJRT_API size_t pjrt_compiled_num_replicas(const pjrt_compiled *compiled);

/* How many devices share the work of one replica.
 * PJRT: PJRT_Executable_NumPartitions (0.40).
 * @param compiled [borrowed: call] */
PJRT_API size_t pjrt_compiled_num_partitions(const pjrt_compiled *compiled);

/* Whether the signature is known; without it there are no parameters to ask
 * for, and of the outputs only their number.
 * @param compiled [borrowed: call] */
PJRT_API bool pjrt_compiled_is_checked(const pjrt_compiled *compiled);

/* Parameters per device; 0 when unchecked.
 * @param compiled [borrowed: call] */
PJRT_API size_t pjrt_compiled_num_parameters(const pjrt_compiled *compiled);

/* PJRT_DTYPE_INVALID past the end.
 * @param compiled [borrowed: call] */
PJRT_API pjrt_dtype pjrt_compiled_parameter_dtype(const pjrt_compiled *compiled,
                                                  size_t i);

/* Dimensions of one device's part.
 * @param compiled [borrowed: call]
 * @param out_num [borrowed: call]
 * @return [borrowed: compiled] an empty list past the end */
PJRT_API const int64_t *pjrt_compiled_parameter_dims(
    const pjrt_compiled *compiled, size_t i, size_t *out_num);

/* Whether executing consumes the argument.
 * @param compiled [borrowed: call] */
PJRT_API bool pjrt_compiled_parameter_is_donated(const pjrt_compiled *compiled,
                                                 size_t i);

/* Outputs per device.
 * PJRT: PJRT_Executable_NumOutputs (0.40).
 * @param compiled [borrowed: call] */
PJRT_API size_t pjrt_compiled_num_outputs(const pjrt_compiled *compiled);

/* PJRT_DTYPE_INVALID past the end, and when unchecked.
 * @param compiled [borrowed: call] */
PJRT_API pjrt_dtype pjrt_compiled_output_dtype(const pjrt_compiled *compiled,
                                               size_t i);

/* @param compiled [borrowed: call]
 * @param out_num [borrowed: call]
 * @return [borrowed: compiled] an empty list past the end, and when unchecked
 */
PJRT_API const int64_t *pjrt_compiled_output_dims(const pjrt_compiled *compiled,
                                                  size_t i, size_t *out_num);

/* Bytes of machine code; 0 or -1 on plugins that do not count.
 * PJRT: PJRT_Executable_SizeOfGeneratedCodeInBytes (0.40).
 * @param compiled [borrowed: call]
 * @param out_size [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_compiled_generated_code_size(
    const pjrt_compiled *compiled, int64_t *out_size);

/* A copy of the text that pjrt_executable_fingerprint tells. UNIMPLEMENTED on
 * many plugins.
 * PJRT: PJRT_Executable_Fingerprint (0.40).
 * @param compiled [borrowed: call]
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_compiled_fingerprint(
    const pjrt_compiled *compiled, char **out, size_t *out_size);

/* The program as the compiler left it; as pjrt_executable_optimized_program.
 * PJRT: PJRT_Executable_OptimizedProgram (0.40).
 * @param compiled [borrowed: call]
 * @param out [owned: pjrt_program_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_compiled_optimized_program(
    const pjrt_compiled *compiled, pjrt_program **out);

/* What it was compiled with, in the plugin's words: a serialized
 * CompileOptionsProto.
 * PJRT: PJRT_Executable_GetCompileOptions (0.87).
 * @param compiled [borrowed: call]
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_compiled_compile_options(
    const pjrt_compiled *compiled, void **out, size_t *out_size);

/* What one execution costs by the compiler's reckoning, such as flops.
 * UNIMPLEMENTED on many plugins; libtpu tells much.
 * PJRT: PJRT_Executable_GetCostAnalysis (0.40).
 * @param compiled [borrowed: call]
 * @param out [owned: pjrt_named_values_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_compiled_cost_analysis(
    const pjrt_compiled *compiled, pjrt_named_values **out);

/* The memory of one device that the program needs.
 * PJRT: PJRT_Executable_GetCompiledMemoryStats (0.40).
 * @param compiled [borrowed: call]
 * @param out [borrowed: call] initialized; nothing has a value when this
 *   fails */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_compiled_memory_analysis(
    const pjrt_compiled *compiled, pjrt_memory_analysis *out);

/* The kind of memory that the i-th parameter must be in, such as "device".
 * INVALID_ARGUMENT past the end.
 * PJRT: PJRT_Executable_ParameterMemoryKinds (0.102).
 * @param compiled [borrowed: call]
 * @param out [borrowed: compiled]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_compiled_parameter_memory_kind(
    pjrt_compiled *compiled, size_t i, const char **out, size_t *out_size);

/* The kind of memory that the i-th output comes in. INVALID_ARGUMENT past the
 * end, UNIMPLEMENTED on many plugins.
 * PJRT: PJRT_Executable_OutputMemoryKinds (0.40).
 * @param compiled [borrowed: call]
 * @param out [borrowed: compiled]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_compiled_output_memory_kind(
    pjrt_compiled *compiled, size_t i, const char **out, size_t *out_size);

PJRT_END_DECLS

#endif /* PJRT_COMPILED_H_ */
