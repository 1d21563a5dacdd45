/* Executables: compiled programs, loaded on devices.
 *
 * An executable knows its signature: type, dimensions and layout of every
 * parameter and output, and which parameters are donated. It learns it when it
 * is made, so that a wrong argument is a clear error and not a wrong result.
 * Where a plugin cannot tell it, pjrt_executable_is_checked is false, and
 * the plugin alone judges the arguments. */
#ifndef PJRT_EXECUTABLE_H_
#define PJRT_EXECUTABLE_H_

#include "pjrt/buffer.h"
#include "pjrt/context.h"
#include "pjrt/program.h"
#include "pjrt/stream.h"

PJRT_BEGIN_DECLS

typedef struct pjrt_executable pjrt_executable;

/* Drops the handle; execution under way ends well.
 * PJRT: PJRT_LoadedExecutable_Destroy (0.40).
 * @param executable [taken] */
PJRT_API void pjrt_executable_free(pjrt_executable *executable);

/* Frees the program on the devices and keeps the handle; executing is then
 * FAILED_PRECONDITION. Deleting twice is no error.
 * PJRT: PJRT_LoadedExecutable_Delete (0.40).
 * @param executable [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_executable_delete(
    pjrt_executable *executable);

/* Whether it was deleted, here or by the plugin itself.
 * PJRT: PJRT_LoadedExecutable_IsDeleted (0.40), unless it was deleted here:
 * plugins forget that, and run the program.
 * @param executable [borrowed: call] */
PJRT_API bool pjrt_executable_is_deleted(const pjrt_executable *executable);

/* ---- facts --------------------------------------------------------------- */

/* @param executable [borrowed: call]
 * @return [borrowed: executable] */
PJRT_API pjrt_client *pjrt_executable_client(const pjrt_executable *executable);

/* The name of the program's module.
 * PJRT: PJRT_Executable_Name (0.40).
 * PJRT: PJRT_LoadedExecutable_GetExecutable (0.40), asked beforehand.
 * @param executable [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: executable] */
PJRT_API const char *pjrt_executable_name(const pjrt_executable *executable,
                                          size_t *out_size);

/* How many replicas of the program run together.
 * PJRT: PJRT_Executable_NumReplicas (0.40).
 * @param executable [borrowed: call] */
PJRT_API size_t pjrt_executable_num_replicas(const pjrt_executable *executable);

/* How many devices share the work of one replica.
 * PJRT: PJRT_Executable_NumPartitions (0.40).
 * @param executable [borrowed: call] */
PJRT_API size_t
pjrt_executable_num_partitions(const pjrt_executable *executable);

/* The devices of this process that it runs on; 0 for a portable executable,
 * whose device is named at each execution.
 * PJRT: PJRT_LoadedExecutable_AddressableDevices (0.40).
 * @param executable [borrowed: call] */
PJRT_API size_t pjrt_executable_num_devices(const pjrt_executable *executable);

/* NULL past the end.
 * @param executable [borrowed: call]
 * @return [borrowed: executable] */
PJRT_API pjrt_device *pjrt_executable_device(const pjrt_executable *executable,
                                             size_t i);

/* Whether the signature of the parameters is known, so that arguments are
 * checked. The number of outputs is always known.
 * @param executable [borrowed: call] */
PJRT_API bool pjrt_executable_is_checked(const pjrt_executable *executable);

/* Parameters per device; 0 when unchecked.
 * @param executable [borrowed: call] */
PJRT_API size_t
pjrt_executable_num_parameters(const pjrt_executable *executable);

/* PJRT_DTYPE_INVALID past the end.
 * @param executable [borrowed: call] */
PJRT_API pjrt_dtype
pjrt_executable_parameter_dtype(const pjrt_executable *executable, size_t i);

/* Dimensions of one device's part.
 * @param executable [borrowed: call]
 * @param out_num [borrowed: call]
 * @return [borrowed: executable] an empty list past the end */
PJRT_API const int64_t *pjrt_executable_parameter_dims(
    const pjrt_executable *executable, size_t i, size_t *out_num);

/* Whether executing consumes the argument, unless it is named in
 * non_donatable_inputs.
 * @param executable [borrowed: call] */
PJRT_API bool pjrt_executable_parameter_is_donated(
    const pjrt_executable *executable, size_t i);

/* Outputs per device.
 * PJRT: PJRT_Executable_NumOutputs (0.40).
 * @param executable [borrowed: call] */
PJRT_API size_t pjrt_executable_num_outputs(const pjrt_executable *executable);

/* PJRT_DTYPE_INVALID past the end, and where the plugin cannot tell.
 * PJRT: PJRT_Executable_OutputElementTypes (0.40) when unchecked.
 * @param executable [borrowed: call] */
PJRT_API pjrt_dtype
pjrt_executable_output_dtype(const pjrt_executable *executable, size_t i);

/* Dimensions of one device's part.
 * PJRT: PJRT_Executable_OutputDimensions (0.40) when unchecked.
 * @param executable [borrowed: call]
 * @param out_num [borrowed: call]
 * @return [borrowed: executable] an empty list past the end */
PJRT_API const int64_t *pjrt_executable_output_dims(
    const pjrt_executable *executable, size_t i, size_t *out_num);

/* ---- asked of the plugin ------------------------------------------------- */

/* FAILED_PRECONDITION for all of these once the executable was deleted. */

/* A text that is equal for equal programs on one platform. UNIMPLEMENTED on
 * many plugins, if they do not know the older way of asking either.
 * PJRT: PJRT_Executable_Fingerprint (0.40).
 * PJRT: answered from PJRT_LoadedExecutable_Fingerprint (0.40) where that is
 * missing.
 * @param executable [borrowed: call]
 * @param out_size [borrowed: call]
 * @param out [borrowed: executable] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_executable_fingerprint(
    pjrt_executable *executable, const char **out, size_t *out_size);

/* Bytes of machine code; 0 or -1 on plugins that do not count.
 * PJRT: PJRT_Executable_SizeOfGeneratedCodeInBytes (0.40).
 * @param executable [borrowed: call]
 * @param out_size [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_executable_generated_code_size(
    pjrt_executable *executable, int64_t *out_size);

/* The program as the compiler left it. Plugins tell it as HLO, so that it can
 * be saved and compiled again; UNIMPLEMENTED where one tells it in a form that
 * is none of pjrt_program_format.
 * PJRT: PJRT_Executable_OptimizedProgram (0.40).
 * @param executable [borrowed: call]
 * @param out [owned: pjrt_program_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_executable_optimized_program(
    const pjrt_executable *executable, pjrt_program **out);

/* What it was compiled with, in the plugin's words: a serialized
 * CompileOptionsProto, for pjrt_compile_opts.serialized.
 * PJRT: PJRT_Executable_GetCompileOptions (0.87).
 * @param executable [borrowed: call]
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_executable_compile_options(
    const pjrt_executable *executable, void **out, size_t *out_size);

/* What one execution costs by the compiler's reckoning, such as flops and
 * bytes accessed. UNIMPLEMENTED on many plugins.
 * PJRT: PJRT_Executable_GetCostAnalysis (0.40).
 * @param executable [borrowed: call]
 * @param out [owned: pjrt_named_values_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_executable_cost_analysis(
    const pjrt_executable *executable, pjrt_named_values **out);

/* The memory of one device that a program needs, by the compiler's reckoning;
 * host_ is what it needs of the host's. A plugin tells what its version has:
 * the minors say which API brought the rest. */
typedef struct pjrt_memory_analysis {
  size_t struct_size;
  pjrt_optional_int64 generated_code_size_in_bytes;
  pjrt_optional_int64 argument_size_in_bytes;
  pjrt_optional_int64 output_size_in_bytes;
  /* Bytes of outputs that are arguments' memory. */
  pjrt_optional_int64 alias_size_in_bytes;
  pjrt_optional_int64 temp_size_in_bytes;
  pjrt_optional_int64 host_generated_code_size_in_bytes; /* API 0.43 */
  pjrt_optional_int64 host_argument_size_in_bytes;       /* API 0.43 */
  pjrt_optional_int64 host_output_size_in_bytes;         /* API 0.43 */
  pjrt_optional_int64 host_alias_size_in_bytes;          /* API 0.43 */
  pjrt_optional_int64 host_temp_size_in_bytes;           /* API 0.43 */
  pjrt_optional_int64 peak_memory_in_bytes;              /* API 0.72 */
  pjrt_optional_int64 total_size_in_bytes;               /* API 0.90 */
  pjrt_optional_int64 total_allocation_bytes;            /* API 0.104 */
  pjrt_optional_int64 indefinite_allocations;            /* API 0.104 */
  pjrt_optional_int64 peak_unpadded_heap_bytes;          /* API 0.104 */
} pjrt_memory_analysis;

/* @param analysis [borrowed: call] */
PJRT_API void pjrt_memory_analysis_init(pjrt_memory_analysis *analysis);

/* How much memory the program needs, as far as the plugin tells.
 * PJRT: PJRT_Executable_GetCompiledMemoryStats (0.40).
 * @param executable [borrowed: call]
 * @param out [borrowed: call] initialized; nothing has a value when this
 *   fails */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_executable_memory_analysis(
    const pjrt_executable *executable, pjrt_memory_analysis *out);

/* The kind of memory that the i-th parameter must be in, such as "device".
 * INVALID_ARGUMENT past the end.
 * PJRT: PJRT_Executable_ParameterMemoryKinds (0.102).
 * @param executable [borrowed: call]
 * @param out [borrowed: executable]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_executable_parameter_memory_kind(
    pjrt_executable *executable, size_t i, const char **out, size_t *out_size);

/* The kind of memory that the i-th output comes in. INVALID_ARGUMENT past the
 * end, UNIMPLEMENTED on many plugins.
 * PJRT: PJRT_Executable_OutputMemoryKinds (0.40).
 * @param executable [borrowed: call]
 * @param out [borrowed: executable]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_executable_output_memory_kind(
    pjrt_executable *executable, size_t i, const char **out, size_t *out_size);

/* The ids of the devices it runs on, in all processes, replica-major.
 * INVALID_ARGUMENT unless `num_ids` is num_replicas times num_partitions;
 * FAILED_PRECONDITION for a portable executable, which has no devices.
 * PJRT: PJRT_LoadedExecutable_GetDeviceAssignment (0.79).
 * @param executable [borrowed: call]
 * @param out_ids [borrowed: call] num_ids device ids */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_executable_device_assignment(
    const pjrt_executable *executable, int *out_ids, size_t num_ids);

/* Which replica and partition runs on the device that
 * pjrt_executable_device(executable, i) is. INVALID_ARGUMENT past the end.
 * PJRT: PJRT_LoadedExecutable_AddressableDeviceLogicalIds (0.96).
 * @param executable [borrowed: call]
 * @param out_replica [borrowed: call]
 * @param out_partition [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_executable_device_logical_ids(
    const pjrt_executable *executable, size_t i, int *out_replica,
    int *out_partition);

/* ---- executing ----------------------------------------------------------- */

/* See ext/multi_slice.h. */
struct pjrt_multi_slice_config;

/* An option that is set and newer than the plugin is UNIMPLEMENTED, with its
 * name and the minor that brought it. */
typedef struct pjrt_execute_opts {
  size_t struct_size;
  /* A number for this launch that all devices and hosts share; default 0. */
  int launch_id;
  /* Arguments to keep although the program may donate them. INVALID_ARGUMENT
   * for an index past the parameters. [borrowed: call] */
  const int64_t *non_donatable_inputs;
  size_t num_non_donatable_inputs;
  /* Where the launch comes from, for profiles; since 0.76. [borrowed: call] */
  const char *call_location;
  size_t call_location_size;
  /* The device for a portable executable; NULL otherwise. [borrowed: call] */
  pjrt_device *device;

  /* For custom calls; since 0.64. [shared] */
  pjrt_execute_context *context;
  /* For each channel on which the program sends to the host, or receives from
   * it: num_devices groups, in the order of pjrt_executable_device.
   * [borrowed: call] */
  const pjrt_send_callback *send_callbacks;
  size_t num_send_callbacks; /* of each device */
  const pjrt_recv_callback *recv_callbacks;
  size_t num_recv_callbacks; /* of each device */
  /* The processes that take part, and their incarnations, so that the launch
   * fails when one of them was started anew; since 0.78. [borrowed: call] */
  const int *task_ids;
  const int64_t *incarnation_ids;
  size_t num_tasks;
  /* The slices that take part; since 0.97. INVALID_ARGUMENT for one of another
   * plugin. [shared] */
  const struct pjrt_multi_slice_config *multi_slice_config;
  /* Whether callbacks get and give arrays row-major, instead of in the layout
   * that they have on the device; since 0.108. */
  bool use_major_to_minor_data_layout_for_callbacks;
  /* For values that the program shows on its way; since 0.112.
   * [borrowed: call] */
  const pjrt_hlo_output_callback *hlo_output_callbacks;
  size_t num_hlo_output_callbacks;
  /* The plugin's own; since 0.116. [borrowed: call] */
  const pjrt_named_values *custom_options;
} pjrt_execute_opts;

/* @param opts [borrowed: call] */
PJRT_API void pjrt_execute_opts_init(pjrt_execute_opts *opts);

/* Starts the program on the executable's one device and returns at once. The
 * outputs exist on return; they become ready, or carry the error, later.
 * INVALID_ARGUMENT: a wrong number of arguments or outputs; an argument that
 * is NULL, or of the wrong type, dimensions, layout, device or client.
 * FAILED_PRECONDITION: an argument or the executable was deleted or donated,
 * or a donated argument is mapped or in use by another launch.
 * A failure before the launch leaves all arguments as they were.
 * PJRT: PJRT_LoadedExecutable_Execute (0.40).
 * @param executable [borrowed: call]
 * @param args [shared] donated ones are consumed; their handles stay yours
 * @param opts [borrowed: call] may be NULL
 * @param outs [owned: pjrt_buffer_free] num_outs of them, all or none
 * @param out_done [owned: pjrt_event_free] ready when the program is done; may
 *   be NULL, which is cheaper */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_executable_execute_async(
    pjrt_executable *executable, pjrt_buffer *const *args, size_t num_args,
    const pjrt_execute_opts *opts, pjrt_buffer **outs, size_t num_outs,
    pjrt_event **out_done);

/* The same, and waits until the program is done: its error comes back here,
 * and then there are no outputs.
 * @param executable [borrowed: call]
 * @param args [shared]
 * @param opts [borrowed: call] may be NULL
 * @param outs [owned: pjrt_buffer_free] num_outs of them, all or none */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_executable_execute(
    pjrt_executable *executable, pjrt_buffer *const *args, size_t num_args,
    const pjrt_execute_opts *opts, pjrt_buffer **outs, size_t num_outs);

/* Starts the program on all its devices. `args` holds num_devices groups of
 * num_args, in the order of pjrt_executable_device; `outs` likewise. Errors
 * name the device's index too.
 * @param executable [borrowed: call]
 * @param args [shared]
 * @param opts [borrowed: call] may be NULL
 * @param outs [owned: pjrt_buffer_free] all or none
 * @param out_done [owned: pjrt_event_free] ready when all devices are done; may
 *   be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_executable_execute_sharded_async(
    pjrt_executable *executable, size_t num_devices, pjrt_buffer *const *args,
    size_t num_args, const pjrt_execute_opts *opts, pjrt_buffer **outs,
    size_t num_outs, pjrt_event **out_done);

/* The same, and waits.
 * @param executable [borrowed: call]
 * @param args [shared]
 * @param opts [borrowed: call] may be NULL
 * @param outs [owned: pjrt_buffer_free] all or none */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_executable_execute_sharded(
    pjrt_executable *executable, size_t num_devices, pjrt_buffer *const *args,
    size_t num_args, const pjrt_execute_opts *opts, pjrt_buffer **outs,
    size_t num_outs);

/* ---- artifacts ----------------------------------------------------------- */

/* Serializes the executable with its signature and the identity of the plugin
 * that made it.
 * PJRT: PJRT_Executable_Serialize (0.40).
 * @param executable [borrowed: call]
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_executable_serialize(
    pjrt_executable *executable, void **out, size_t *out_size);

/* The plugin's own bytes within what pjrt_executable_serialize or
 * pjrt_compiled_serialize made, for programs that keep them in a form of their
 * own; pjrt_executable_load_raw in unsafe.h takes them. INVALID_ARGUMENT when
 * `data` is not an artifact of this library, or damaged; UNIMPLEMENTED when it
 * is of another version.
 * @param data [borrowed: out]
 * @param out [borrowed: data]
 * @param out_size [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_executable_serialized_raw(
    const void *data, size_t data_size, const void **out, size_t *out_size);

/* How many bytes are enough for pjrt_executable_is_serialized. */
#define PJRT_EXECUTABLE_MAGIC_SIZE 8

/* Whether bytes begin as those that pjrt_executable_serialize makes, to tell
 * a serialized executable from a program. Says nothing of the rest.
 * @param data [borrowed: call] */
PJRT_API bool pjrt_executable_is_serialized(const void *data, size_t size);

/* Loads what pjrt_executable_serialize made, without compiling.
 * FAILED_PRECONDITION when another plugin file, version or platform made it:
 * plugins run such artifacts and compute wrong results; unsafe.h has a way
 * around that. INVALID_ARGUMENT when the bytes are not an artifact of this
 * library, or damaged; UNIMPLEMENTED when a library with another version of
 * the format made it. An artifact is machine code: load only what you trust.
 * PJRT: PJRT_Executable_DeserializeAndLoad (0.40).
 * @param client [shared]
 * @param data [borrowed: call]
 * @param out [owned: pjrt_executable_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_executable_load(pjrt_client *client,
                                                        const void *data,
                                                        size_t data_size,
                                                        pjrt_executable **out);

PJRT_END_DECLS

#endif /* PJRT_EXECUTABLE_H_ */
