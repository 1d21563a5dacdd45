/* The Megascale extension: the network that joins the slices of several TPU
 * pods, and what goes wrong on it. libtpu has it, and most of it works without
 * a TPU.
 *
 * Messages that go in and out as bytes are XLA's protocol buffers: a
 * DCNTopology says which slices the network joins how, EndpointAddresses where
 * the hosts of all slices are to be reached, a MegaScaleRuntimeError what
 * failed where.
 *
 * UNIMPLEMENTED where the plugin has no such extension, or an older one that
 * lacks the function; pjrt_plugin_find_extension tells before.
 * FAILED_PRECONDITION for a plugin that was opened with inspect_only. */
#ifndef PJRT_EXT_MEGASCALE_H_
#define PJRT_EXT_MEGASCALE_H_

#include "pjrt/client.h"
#include "pjrt/ext/collectives.h"
#include "pjrt/ext/multi_slice.h"
#include "pjrt/topology.h"

PJRT_BEGIN_DECLS

/* ---- contexts ------------------------------------------------------------ */

/* A process's part in the network. */
typedef struct pjrt_megascale_context pjrt_megascale_context;

/* Makes the context of a client.
 * PJRT: PJRT_Megascale_CreateClientContextFromPjRtClient (0.90).
 * @param client [shared]
 * @param out [owned: pjrt_megascale_context_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_megascale_context_create(
    pjrt_client *client, pjrt_megascale_context **out);

/* Makes a context without a client, and so without a TPU. libtpu's options are
 * flags in the environment, LIBTPU_INIT_ARGS, which it reads when it is opened:
 * collectives need --megascale_port and --megascale_transport_type=grpc.
 * PJRT: PJRT_Megascale_CreateDefaultClientContext (0.90).
 * @param plugin [shared]
 * @param out [owned: pjrt_megascale_context_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_megascale_context_create_default(
    pjrt_plugin *plugin, pjrt_megascale_context **out);

/* Drops the handle; collectives and configurations that were made of it stay,
 * and keep it.
 * PJRT: PJRT_Megascale_DeleteClientContext (0.90).
 * @param context [taken] */
PJRT_API void pjrt_megascale_context_free(pjrt_megascale_context *context);

/* Starts the network, which may block; again is no error. What follows needs
 * it, and says FAILED_PRECONDITION before.
 * PJRT: PJRT_Megascale_ClientContext_Initialize (0.90).
 * @param context [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_megascale_context_initialize(
    pjrt_megascale_context *context);

/* Cancels what waits for other slices in a launch, and for `expire_after_ms`
 * milliseconds whatever else comes of that launch. Blocks, on libtpu for 15
 * seconds. INVALID_ARGUMENT for a negative time.
 * PJRT: PJRT_Megascale_ClientContext_UnblockPendingWork (0.90).
 * @param context [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_megascale_context_unblock_pending_work(
    pjrt_megascale_context *context, int32_t launch_id,
    int64_t expire_after_ms);

/* The port on which it listens; -1 where it does not.
 * PJRT: PJRT_Megascale_ClientContext_MegascalePort (0.90).
 * @param context [borrowed: call]
 * @param out [borrowed: call] 0 on failure */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_megascale_context_port(
    const pjrt_megascale_context *context, int32_t *out);

/* ---- configurations ------------------------------------------------------ */

/* The configuration to compile with for `num_slices` machines of this topology.
 * INVALID_ARGUMENT for fewer than one or more than 2^20, or a topology of
 * several slices already.
 * PJRT: PJRT_Megascale_CreateAoTConfig (0.90).
 * @param topology [borrowed: call]
 * @param out [owned: pjrt_multi_slice_config_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_megascale_aot_config(
    const pjrt_topology *topology, int32_t num_slices,
    pjrt_multi_slice_config **out);

typedef struct pjrt_megascale_config_opts {
  size_t struct_size;
  int32_t num_slices;     /* default 1 */
  int32_t local_slice_id; /* this process's; default 0 */
  int32_t local_host_id;  /* its place in the slice; default 0 */
  /* Serialized EndpointAddresses. [borrowed: call] */
  const void *endpoint_addresses;
  size_t endpoint_addresses_size;
  /* A serialized DCNTopology. [borrowed: call] */
  const void *dcn_topology;
  size_t dcn_topology_size;
} pjrt_megascale_config_opts;

/* @param opts [borrowed: call] */
PJRT_API void pjrt_megascale_config_opts_init(pjrt_megascale_config_opts *opts);

/* The configuration to execute with in this process. INVALID_ARGUMENT for
 * fewer slices than one or more than 2^20, a slice or host that is negative, a
 * slice that is not there, bytes that are NULL or of 2 GiB and more, or a
 * topology of another plugin or of several slices already.
 * PJRT: PJRT_Megascale_CreateMultiSliceConfig (0.90).
 * @param context [shared]
 * @param topology [borrowed: call]
 * @param opts [borrowed: call] may be NULL
 * @param out [owned: pjrt_multi_slice_config_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_megascale_config(
    pjrt_megascale_context *context, const pjrt_topology *topology,
    const pjrt_megascale_config_opts *opts, pjrt_multi_slice_config **out);

/* ---- collectives --------------------------------------------------------- */

/* The processes that are to communicate. */
typedef struct pjrt_megascale_processes {
  size_t struct_size;
  /* Where each is to be reached, such as "10.0.0.1:8080", NUL-ended.
   * [borrowed: call] */
  const char *const *addresses;
  size_t num_addresses;
  /* The slice of each, and its place in it; NULL: the plugin counts them out.
   * [borrowed: call] */
  const int32_t *slice_indexes;
  const int32_t *per_slice_indexes;
  int32_t num_devices_per_process; /* default 1 */
  /* A serialized DCNTopology; NULL: none. [borrowed: call] */
  const void *dcn_topology;
  size_t dcn_topology_size;
} pjrt_megascale_processes;

/* @param processes [borrowed: call] */
PJRT_API void pjrt_megascale_processes_init(
    pjrt_megascale_processes *processes);

/* Makes the collectives of these processes. INVALID_ARGUMENT for none of them,
 * an address that is NULL, a negative index, or fewer devices than one.
 * PJRT: PJRT_Megascale_CreateMegascaleCollectives (0.114).
 * @param context [shared]
 * @param processes [borrowed: call]
 * @param out [owned: pjrt_collectives_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_megascale_collectives(
    pjrt_megascale_context *context, const pjrt_megascale_processes *processes,
    pjrt_collectives **out);

/* ---- ids of devices ------------------------------------------------------ */

/* The number by which Megascale knows a device of a slice. INVALID_ARGUMENT
 * for a negative one; the plugin's own error for one too large.
 * PJRT: PJRT_Megascale_DeviceId_To_MegascaleId (0.114).
 * @param plugin [borrowed: call]
 * @param out [borrowed: call] 0 on failure */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_megascale_id(
    const pjrt_plugin *plugin, int32_t slice_id, int32_t per_slice_device_id,
    int64_t *out);

/* The way back. INVALID_ARGUMENT for a number that no device has: libtpu
 * answers some of them with whatever fits in an int32_t.
 * PJRT: PJRT_Megascale_MegascaleId_To_DeviceId (0.114).
 * PJRT: PJRT_Megascale_DeviceId_To_MegascaleId (0.114), to compare.
 * @param plugin [borrowed: call]
 * @param out_slice_id [borrowed: call] 0 on failure
 * @param out_per_slice_device_id [borrowed: call] 0 on failure */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_megascale_device_of_id(
    const pjrt_plugin *plugin, int64_t megascale_id, int32_t *out_slice_id,
    int32_t *out_per_slice_device_id);

/* ---- addresses ----------------------------------------------------------- */

typedef struct pjrt_megascale_addresses_opts {
  size_t struct_size;
  /* What the port is called, for the plugin's port registry. [borrowed: call]
   */
  const char *port_name;
  size_t port_name_size;
  int32_t port; /* default -1: the plugin chooses */
  /* How the names of the wanted interfaces begin, such as "eth", NUL-ended.
   * [borrowed: call] */
  const char *const *interface_prefixes;
  size_t num_interface_prefixes;
  bool use_all_interfaces; /* default true, whatever the prefixes */
  /* Only those that are near the processor that this process runs on. */
  bool only_numa_local;
} pjrt_megascale_addresses_opts;

/* @param opts [borrowed: call] */
PJRT_API void pjrt_megascale_addresses_opts_init(
    pjrt_megascale_addresses_opts *opts);

/* How others reach this host on one of its interfaces. Texts end with a NUL,
 * and are "" where the plugin tells nothing. */
typedef struct pjrt_megascale_address {
  const char *address; /* "10.0.0.1:8080" */
  const char *interface_name;
  const char *host_name;
  pjrt_optional_int64 numa_node;
  /* A HostNetworkAddress, to be part of EndpointAddresses. */
  const void *serialized;
  size_t serialized_size;
} pjrt_megascale_address;

/* The addresses of this host. INVALID_ARGUMENT for a port that is none, or a
 * prefix that is NULL; NOT_FOUND on libtpu when no interface is usable.
 * PJRT: PJRT_Megascale_GetInterfaceAddressesHelper (0.114).
 * @param plugin [borrowed: call]
 * @param opts [borrowed: call] may be NULL
 * @param out [owned: pjrt_host_free] one block with all that it points to
 * @param out_num [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_megascale_interface_addresses(
    const pjrt_plugin *plugin, const pjrt_megascale_addresses_opts *opts,
    pjrt_megascale_address **out, size_t *out_num);

/* ---- what goes wrong ----------------------------------------------------- */

/* Of a MegaScaleRuntimeError. */
typedef enum pjrt_megascale_error_type {
  PJRT_MEGASCALE_HANG_DETECTED = 1,
  PJRT_MEGASCALE_UNRECOVERABLE_ERROR = 2,
  PJRT_MEGASCALE_CANCELLED = 3
} pjrt_megascale_error_type;

typedef struct pjrt_megascale_failure {
  size_t struct_size;
  pjrt_megascale_error_type type; /* default PJRT_MEGASCALE_HANG_DETECTED */
  pjrt_code code;                 /* default PJRT_UNKNOWN */
  const char *message;            /* [borrowed: call] may be NULL */
  size_t message_size;
  int32_t launch_id;
  int64_t start_time_ns; /* since 1970 */
  /* Why it is unrecoverable, a number of Megascale's own. */
  bool has_unrecoverable_type;
  int32_t unrecoverable_type;
} pjrt_megascale_failure;

/* @param failure [borrowed: call] */
PJRT_API void pjrt_megascale_failure_init(pjrt_megascale_failure *failure);

/* The process's serialized MegaScaleRuntimeError for such a failure: one that
 * is made of it, or, with `out_is_new` false, of an earlier one that it belongs
 * to. Which that is the plugin decides: libtpu has one error at a time, that of
 * the latest launch. INVALID_ARGUMENT for a type or code that there is not.
 * PJRT: PJRT_Megascale_GetOrCreateRuntimeError (0.114).
 * @param plugin [borrowed: call]
 * @param failure [borrowed: call]
 * @param out_is_new [borrowed: call] may be NULL
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_megascale_runtime_error(
    const pjrt_plugin *plugin, const pjrt_megascale_failure *failure,
    bool *out_is_new, void **out, size_t *out_size);

/* Is told a serialized MegaScaleRuntimeError. Called on any thread, the
 * plugin's or one that calls the plugin, any number of times and on several
 * threads at once; never inside the registering call. It must not block, nor
 * free handles of this library: it has no thread of its own to do that on.
 * Setting a flag, writing to a pipe, or pjrt_megascale_unregister_error_handler
 * is all right.
 * @param error [borrowed: call]
 * @param user [borrowed: static] as it was registered */
typedef void (*pjrt_megascale_error_fn)(const char *error, size_t error_size,
                                        void *user);

/* Has `handler` told of what goes wrong in the process, until the name is
 * unregistered. The plugin keeps it: the library does not, and no client needs
 * to be there. INVALID_ARGUMENT for an empty name or no handler. Registering a
 * name twice is ALREADY_EXISTS on the simulated plugin, and no error on libtpu.
 * PJRT: PJRT_Megascale_RegisterErrorHandler (0.114).
 * @param plugin [borrowed: call]
 * @param name [borrowed: call]
 * @param user [borrowed: static] since nobody can say when the last call of the
 *   handler is over */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_megascale_register_error_handler(
    const pjrt_plugin *plugin, const char *name, size_t name_size,
    pjrt_megascale_error_fn handler, void *user);

/* Takes the name off, and waits for nothing: what goes wrong meanwhile may
 * still be told to the handler, on other threads also after this has returned.
 * NOT_FOUND when there is none of this name.
 * PJRT: PJRT_Megascale_UnregisterErrorHandler (0.114).
 * @param plugin [borrowed: call]
 * @param name [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_megascale_unregister_error_handler(
    const pjrt_plugin *plugin, const char *name, size_t name_size);

/* ---- the errors of several workers together ------------------------------ */

/* Collects errors, and finds out what they come from. */
typedef struct pjrt_megascale_aggregator pjrt_megascale_aggregator;

/* What came of it. */
typedef struct pjrt_megascale_digest pjrt_megascale_digest;

/* Makes an aggregator for an application of this kind, such as "jax".
 * INVALID_ARGUMENT for an empty one.
 * PJRT: PJRT_Megascale_ErrorAggregator_Create (0.114).
 * @param plugin [shared]
 * @param app_type [borrowed: call]
 * @param out [owned: pjrt_megascale_aggregator_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_megascale_aggregator_create(
    pjrt_plugin *plugin, const char *app_type, size_t app_type_size,
    pjrt_megascale_aggregator **out);

/* Drops the handle; digests keep what they need.
 * PJRT: PJRT_Megascale_ErrorAggregator_Delete (0.114).
 * @param aggregator [taken] */
PJRT_API void pjrt_megascale_aggregator_free(
    pjrt_megascale_aggregator *aggregator);

/* Adds a worker's serialized MegaScaleRuntimeError. INVALID_ARGUMENT for an
 * empty worker or no bytes, the plugin's own error for bytes that are none.
 * After the aggregator was processed, errors are taken and forgotten.
 * PJRT: PJRT_Megascale_ErrorAggregator_AddError (0.114).
 * @param aggregator [borrowed: call]
 * @param worker [borrowed: call] the worker's id
 * @param error [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_megascale_aggregator_add(
    pjrt_megascale_aggregator *aggregator, const char *worker,
    size_t worker_size, const void *error, size_t error_size);

/* How many errors it holds.
 * PJRT: PJRT_Megascale_ErrorAggregator_Size (0.114).
 * @param aggregator [borrowed: call]
 * @param out [borrowed: call] 0 on failure */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_megascale_aggregator_size(
    const pjrt_megascale_aggregator *aggregator, size_t *out);

/* Whether it still collects.
 * PJRT: PJRT_Megascale_ErrorAggregator_Active (0.114).
 * @param aggregator [borrowed: call]
 * @param out [borrowed: call] false on failure */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_megascale_aggregator_is_active(
    const pjrt_megascale_aggregator *aggregator, bool *out);

/* Ends collecting, and finds out the cause.
 * PJRT: PJRT_Megascale_ErrorAggregator_ProcessAndShutdown (0.114).
 * @param aggregator [shared]
 * @param out [owned: pjrt_megascale_digest_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_megascale_aggregator_process(
    pjrt_megascale_aggregator *aggregator, pjrt_megascale_digest **out);

/* Has the plugin write the digest to its own log, stderr mostly.
 * PJRT: PJRT_Megascale_ErrorAggregator_LogErrorDigest (0.114).
 * @param digest [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_megascale_digest_log(
    pjrt_megascale_digest *digest);

/* Drops the handle.
 * PJRT: PJRT_Megascale_ErrorDigest_Delete (0.114).
 * @param digest [taken] */
PJRT_API void pjrt_megascale_digest_free(pjrt_megascale_digest *digest);

PJRT_END_DECLS

#endif /* PJRT_EXT_MEGASCALE_H_ */
