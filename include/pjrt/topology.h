/* Topologies: the devices of a machine, which need not be there. A topology is
 * what a program can be compiled for without a client; see compiled.h.
 *
 * The topology of a client belongs to the client; others are yours. Their
 * device descriptions, which hold the facts of a device that is not there, end
 * with them. */
#ifndef PJRT_TOPOLOGY_H_
#define PJRT_TOPOLOGY_H_

#include "pjrt/client.h"
#include "pjrt/dtype.h"
#include "pjrt/layout.h"

PJRT_BEGIN_DECLS

typedef struct pjrt_topology pjrt_topology;
typedef struct pjrt_device_description pjrt_device_description;

/* Describes a machine by the plugin's own name for it, such as "v5e:2x2" for
 * libtpu, and options, such as target_config for CUDA. Needs no hardware. The
 * plugin's own error when it knows no such machine; UNIMPLEMENTED on plugins
 * that describe none, such as XLA's for CPUs.
 * FAILED_PRECONDITION when the plugin was opened with inspect_only.
 * PJRT: PJRT_TopologyDescription_Create (0.40).
 * @param plugin [shared]
 * @param name [borrowed: call] may be NULL: the plugin's choice
 * @param options [borrowed: call] may be NULL
 * @param out [owned: pjrt_topology_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_topology_create(
    pjrt_plugin *plugin, const char *name, size_t name_size,
    const pjrt_named_values *options, pjrt_topology **out);

/* The topology of the machine that the client runs on. Described when it is
 * first asked for.
 * PJRT: PJRT_Client_TopologyDescription (0.40).
 * @param client [borrowed: call]
 * @param out [borrowed: client] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_client_topology(pjrt_client *client,
                                                        pjrt_topology **out);

/* Drops the handle; a client's own topology stays, and nothing happens.
 * PJRT: PJRT_TopologyDescription_Destroy (0.40).
 * @param topology [taken] */
PJRT_API void pjrt_topology_free(pjrt_topology *topology);

/* ---- facts --------------------------------------------------------------- */

/* @param topology [borrowed: call]
 * @return [borrowed: topology] */
PJRT_API pjrt_plugin *pjrt_topology_plugin(const pjrt_topology *topology);

/* Such as "tpu"; empty where the plugin gives no name.
 * PJRT: PJRT_TopologyDescription_PlatformName (0.40).
 * @param topology [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: topology] */
PJRT_API const char *pjrt_topology_platform_name(const pjrt_topology *topology,
                                                 size_t *out_size);

/* Text of the plugin's choice, perhaps of several lines. It need not be the
 * platform version of a client on that machine.
 * PJRT: PJRT_TopologyDescription_PlatformVersion (0.40).
 * @param topology [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: topology] */
PJRT_API const char *pjrt_topology_platform_version(
    const pjrt_topology *topology, size_t *out_size);

/* The devices of all processes.
 * PJRT: PJRT_TopologyDescription_GetDeviceDescriptions (0.40).
 * @param topology [borrowed: call] */
PJRT_API size_t pjrt_topology_num_devices(const pjrt_topology *topology);

/* The i-th device, NULL past the end.
 * @param topology [borrowed: call]
 * @return [borrowed: topology] */
PJRT_API const pjrt_device_description *pjrt_topology_device(
    const pjrt_topology *topology, size_t i);

/* Facts of the plugin's choice, such as wrap and device_memory_bytes_limit.
 * PJRT: PJRT_TopologyDescription_Attributes (0.40).
 * @param topology [borrowed: call]
 * @return [borrowed: topology] never NULL */
PJRT_API const pjrt_named_values *pjrt_topology_attributes(
    const pjrt_topology *topology);

/* A number that is equal for equal topologies of one plugin.
 * PJRT: PJRT_TopologyDescription_Fingerprint (0.101).
 * @param topology [borrowed: call]
 * @param out [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_topology_fingerprint(
    const pjrt_topology *topology, uint64_t *out);

/* The kinds of memory that devices of the topology have, as
 * pjrt_memory_kind_id numbers them.
 * PJRT: PJRT_TopologyDescription_GetMemorySpaceKindIds (0.110).
 * @param topology [borrowed: call]
 * @param out [borrowed: topology]
 * @param out_num [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_topology_memory_kind_ids(
    const pjrt_topology *topology, const int **out, size_t *out_num);

/* The layout that the compiler chooses for an array of this element type and
 * these dimensions in a kind of memory. INVALID_ARGUMENT for an element type
 * without elements or a negative dimension, which end the process on real
 * plugins; UNIMPLEMENTED for an element type newer than the plugin.
 * PJRT: PJRT_TopologyDescription_MakeCanonicalShapeForMemorySpace (0.109).
 * @param topology [borrowed: call]
 * @param dims [borrowed: call]
 * @param out [owned: pjrt_layout_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_topology_canonical_layout(
    const pjrt_topology *topology, int memory_kind_id, pjrt_dtype dtype,
    const int64_t *dims, size_t num_dims, pjrt_layout **out);

/* ---- as bytes ------------------------------------------------------------ */

/* The plugin's own form, for pjrt_topology_deserialize on the same plugin.
 * PJRT: PJRT_TopologyDescription_Serialize (0.40).
 * @param topology [borrowed: call]
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_topology_serialize(
    const pjrt_topology *topology, void **out, size_t *out_size);

/* INVALID_ARGUMENT when there are no bytes; the plugin's own error when it
 * cannot read them, and NOT_FOUND on XLA's plugins for CPUs before 0.107.
 * PJRT: PJRT_TopologyDescription_Deserialize (0.75).
 * @param plugin [shared]
 * @param data [borrowed: call]
 * @param out [owned: pjrt_topology_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_topology_deserialize(
    pjrt_plugin *plugin, const void *data, size_t data_size,
    pjrt_topology **out);

/* ---- device descriptions ------------------------------------------------- */

/* The id that compile options name the device by.
 * PJRT: PJRT_DeviceDescription_Id (0.40).
 * @param description [borrowed: call] */
PJRT_API int pjrt_device_description_id(
    const pjrt_device_description *description);

/* The process that can address the device.
 * PJRT: PJRT_DeviceDescription_ProcessIndex (0.40).
 * @param description [borrowed: call] */
PJRT_API int pjrt_device_description_process_index(
    const pjrt_device_description *description);

/* The kind of hardware, such as "TPU v5 lite".
 * PJRT: PJRT_DeviceDescription_Kind (0.40).
 * @param description [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: description] */
PJRT_API const char *pjrt_device_description_kind(
    const pjrt_device_description *description, size_t *out_size);

/* The plugin's own words for it, for logs of the plugin's authors.
 * PJRT: PJRT_DeviceDescription_DebugString (0.40).
 * @param description [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: description] */
PJRT_API const char *pjrt_device_description_debug_string(
    const pjrt_device_description *description, size_t *out_size);

/* The plugin's own words for it, for messages to users.
 * PJRT: PJRT_DeviceDescription_ToString (0.40).
 * @param description [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: description] */
PJRT_API const char *pjrt_device_description_to_string(
    const pjrt_device_description *description, size_t *out_size);

/* Facts of the plugin's choice, such as coords.
 * PJRT: PJRT_DeviceDescription_Attributes (0.40).
 * @param description [borrowed: call]
 * @return [borrowed: description] never NULL */
PJRT_API const pjrt_named_values *pjrt_device_description_attributes(
    const pjrt_device_description *description);

PJRT_END_DECLS

#endif /* PJRT_TOPOLOGY_H_ */
