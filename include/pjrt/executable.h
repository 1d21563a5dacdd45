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

/* @param executable [borrowed: call] */
PJRT_API bool pjrt_executable_is_deleted(const pjrt_executable *executable);

/* ---- facts --------------------------------------------------------------- */

/* @param executable [borrowed: call]
 * @return [borrowed: executable] */
PJRT_API pjrt_client *pjrt_executable_client(const pjrt_executable *executable);

/* PJRT: PJRT_Executable_Name (0.40).
 * @param executable [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: executable] */
PJRT_API const char *pjrt_executable_name(const pjrt_executable *executable,
                                          size_t *out_size);

/* PJRT: PJRT_Executable_NumReplicas (0.40).
 * @param executable [borrowed: call] */
PJRT_API size_t pjrt_executable_num_replicas(const pjrt_executable *executable);

/* PJRT: PJRT_Executable_NumPartitions (0.40).
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

/* PJRT: PJRT_Executable_OutputDimensions (0.40) when unchecked.
 * @param executable [borrowed: call]
 * @param out_num [borrowed: call]
 * @return [borrowed: executable] an empty list past the end */
PJRT_API const int64_t *pjrt_executable_output_dims(
    const pjrt_executable *executable, size_t i, size_t *out_num);

/* A text that is equal for equal programs on one platform. UNIMPLEMENTED on
 * many plugins.
 * PJRT: PJRT_Executable_Fingerprint (0.40).
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

/* ---- executing ----------------------------------------------------------- */

typedef struct pjrt_execute_opts {
  size_t struct_size;
  /* A number for this launch that all devices and hosts share; default 0. */
  int launch_id;
  /* Arguments to keep although the program may donate them. INVALID_ARGUMENT
   * for an index past the parameters. [borrowed: call] */
  const int64_t *non_donatable_inputs;
  size_t num_non_donatable_inputs;
  /* Where the launch comes from, for profiles; UNIMPLEMENTED when given to a
   * plugin older than 0.76. [borrowed: call] */
  const char *call_location;
  size_t call_location_size;
  /* The device for a portable executable; NULL otherwise. [borrowed: call] */
  pjrt_device *device;
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

/* How many bytes are enough for pjrt_executable_is_serialized. */
#define PJRT_EXECUTABLE_MAGIC_SIZE 8

/* Whether bytes begin as those that pjrt_executable_serialize makes, to tell
 * a serialized executable from a program. Says nothing of the rest.
 * @param data [borrowed: call] */
PJRT_API bool pjrt_executable_is_serialized(const void *data, size_t size);

/* Loads what pjrt_executable_serialize made, without compiling.
 * FAILED_PRECONDITION when another plugin file, version or platform made it:
 * plugins run such artifacts and compute wrong results. INVALID_ARGUMENT when
 * the bytes are not an artifact of this library, or damaged. An artifact is
 * machine code: load only what you trust.
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
