/* The TpuTopology extension: how a TPU is put together, whether it is there or
 * only described. Chips stand in a mesh of three dimensions, or four; each has
 * an id and one or two cores. A process, one per host, has a box of chips. A
 * device is what programs run on, a core or a whole chip; its id counts from 0
 * within the topology.
 *
 *   pjrt_topology_create(plugin, "v4:2x2x1", PJRT_NUL_ENDED, NULL, &topology);
 *   pjrt_tpu_topology_num_chips(topology, &num_chips);
 *   pjrt_tpu_topology_chip_bounds(topology, bounds, &num_dims);
 *
 * Coordinates and bounds are as many numbers as pjrt_tpu_topology_chip_bounds
 * gives; bounds that come out have room for PJRT_TPU_MAX_DIMS. Ids, coordinates
 * and bounds that the topology has not are INVALID_ARGUMENT, and the plugin
 * does not see them: some end the process on real plugins.
 *
 * Where there is no TPU, libtpu looks for one in the network for a minute when
 * it is opened, unless TPU_SKIP_MDS_QUERY=1 is in the environment before.
 *
 * UNIMPLEMENTED where the plugin has no such extension, which
 * pjrt_plugin_find_extension tells before, and by libtpu itself for a topology
 * of several slices. */
#ifndef PJRT_EXT_TPU_TOPOLOGY_H_
#define PJRT_EXT_TPU_TOPOLOGY_H_

#include "pjrt/topology.h"

PJRT_BEGIN_DECLS

#define PJRT_TPU_MAX_DIMS 4

/* ---- counts -------------------------------------------------------------- */

/* How many processes there are.
 * PJRT: PJRT_TpuTopology_ProcessCount (0.90).
 * @param topology [borrowed: call]
 * @param out [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_tpu_topology_num_processes(
    const pjrt_topology *topology, size_t *out);

/* How many chips there are.
 * PJRT: PJRT_TpuTopology_ChipCount (0.90).
 * @param topology [borrowed: call]
 * @param out [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_tpu_topology_num_chips(
    const pjrt_topology *topology, size_t *out);

/* How many cores there are, of the kind that programs run on by default.
 * PJRT: PJRT_TpuTopology_CoreCount (0.90).
 * @param topology [borrowed: call]
 * @param out [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_tpu_topology_num_cores(
    const pjrt_topology *topology, size_t *out);

/* How many devices there are; pjrt_topology_num_devices without an extension.
 * PJRT: PJRT_TpuTopology_LogiDeviceCount (0.90).
 * @param topology [borrowed: call]
 * @param out [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_tpu_topology_num_devices(
    const pjrt_topology *topology, size_t *out);

/* The chips of each process; the plugin's own error when they differ, as for
 * the next two.
 * PJRT: PJRT_TpuTopology_ChipsPerProcess (0.90).
 * @param topology [borrowed: call]
 * @param out [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_tpu_topology_num_chips_per_process(
    const pjrt_topology *topology, size_t *out);

/* The cores of each process.
 * PJRT: PJRT_TpuTopology_CoreCountPerProcess (0.90).
 * @param topology [borrowed: call]
 * @param out [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_tpu_topology_num_cores_per_process(
    const pjrt_topology *topology, size_t *out);

/* The devices of each process.
 * PJRT: PJRT_TpuTopology_LogiDeviceCountPerProcess (0.90).
 * @param topology [borrowed: call]
 * @param out [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_tpu_topology_num_devices_per_process(
    const pjrt_topology *topology, size_t *out);

/* The cores of each chip.
 * PJRT: PJRT_TpuTopology_CoreCountPerChip (0.90).
 * @param topology [borrowed: call]
 * @param out [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_tpu_topology_num_cores_per_chip(
    const pjrt_topology *topology, size_t *out);

/* The devices of each chip.
 * PJRT: PJRT_TpuTopology_LogiDeviceCountPerChip (0.90).
 * @param topology [borrowed: call]
 * @param out [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_tpu_topology_num_devices_per_chip(
    const pjrt_topology *topology, size_t *out);

/* ---- bounds -------------------------------------------------------------- */

/* How many chips there are along each dimension.
 * PJRT: PJRT_TpuTopology_ChipBounds (0.90).
 * @param topology [borrowed: call]
 * @param out [borrowed: call] room for PJRT_TPU_MAX_DIMS
 * @param out_num_dims [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_tpu_topology_chip_bounds(
    const pjrt_topology *topology, int32_t *out, size_t *out_num_dims);

/* The same of the box of chips that each process has.
 * PJRT: PJRT_TpuTopology_ChipsPerProcessBounds (0.90).
 * @param topology [borrowed: call]
 * @param out [borrowed: call] room for PJRT_TPU_MAX_DIMS
 * @param out_num_dims [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_tpu_topology_chips_per_process_bounds(
    const pjrt_topology *topology, int32_t *out, size_t *out_num_dims);

/* How many processes there are along each dimension.
 * PJRT: PJRT_TpuTopology_ProcessBounds (0.90).
 * @param topology [borrowed: call]
 * @param out [borrowed: call] room for PJRT_TPU_MAX_DIMS
 * @param out_num_dims [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_tpu_topology_process_bounds(
    const pjrt_topology *topology, int32_t *out, size_t *out_num_dims);

/* ---- ids ----------------------------------------------------------------- */

/* The ids of all processes.
 * PJRT: PJRT_TpuTopology_ProcessIds (0.90), PJRT_TpuTopology_ProcessCount
 * (0.90).
 * @param topology [borrowed: call]
 * @param out [owned: pjrt_host_free]
 * @param out_num [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_tpu_topology_process_ids(
    const pjrt_topology *topology, int32_t **out, size_t *out_num);

/* The ids of a process's devices.
 * PJRT: PJRT_TpuTopology_LogiDeviceIdsOnProcess (0.90),
 * PJRT_TpuTopology_ProcessCount (0.90),
 * PJRT_TpuTopology_LogiDeviceCount (0.90).
 * @param topology [borrowed: call]
 * @param out [owned: pjrt_host_free]
 * @param out_num [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_tpu_topology_device_ids(
    const pjrt_topology *topology, int32_t process_id, int32_t **out,
    size_t *out_num);

/* Which process has a chip, and the how-many-th of its chips it is.
 * PJRT: PJRT_TpuTopology_ProcIdAndIdxOnProcForChip (0.90),
 * PJRT_TpuTopology_ChipCount (0.90).
 * @param topology [borrowed: call]
 * @param out_process_id [borrowed: call]
 * @param out_index [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_tpu_topology_chip_process(
    const pjrt_topology *topology, int32_t chip_id, int32_t *out_process_id,
    int32_t *out_index);

/* Which process has a device, and the how-many-th of its devices it is.
 * PJRT: PJRT_TpuTopology_ProcIdAndIdxOnProcForLogiDevice (0.90),
 * PJRT_TpuTopology_LogiDeviceCount (0.90).
 * @param topology [borrowed: call]
 * @param out_process_id [borrowed: call]
 * @param out_index [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_tpu_topology_device_process(
    const pjrt_topology *topology, int32_t device_id, int32_t *out_process_id,
    int32_t *out_index);

/* ---- coordinates --------------------------------------------------------- */

/* Where a process stands among the processes.
 * PJRT: PJRT_TpuTopology_ProcessCoordFromId (0.90),
 * PJRT_TpuTopology_ProcessCount (0.90).
 * @param topology [borrowed: call]
 * @param out [borrowed: call] room for PJRT_TPU_MAX_DIMS
 * @param out_num_dims [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_tpu_topology_process_coords(
    const pjrt_topology *topology, int32_t process_id, int32_t *out,
    size_t *out_num_dims);

/* The chip at a place.
 * PJRT: PJRT_TpuTopology_ChipIdFromCoord (0.90), PJRT_TpuTopology_ChipBounds
 * (0.90).
 * @param topology [borrowed: call]
 * @param coords [borrowed: call]
 * @param out_chip_id [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_tpu_topology_chip_at(
    const pjrt_topology *topology, const int32_t *coords, size_t num_dims,
    int32_t *out_chip_id);

/* The index-th device of the chip at a place.
 * PJRT: PJRT_TpuTopology_LogiDeviceIdFromChipCoordAndIdx (0.90),
 * PJRT_TpuTopology_ChipBounds (0.90), PJRT_TpuTopology_LogiDeviceCountPerChip
 * (0.90).
 * @param topology [borrowed: call]
 * @param coords [borrowed: call]
 * @param out_device_id [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_tpu_topology_device_at(
    const pjrt_topology *topology, const int32_t *coords, size_t num_dims,
    int32_t index_on_chip, int32_t *out_device_id);

/* The place of a device's chip, and the how-many-th of the chip's devices it
 * is.
 * PJRT: PJRT_TpuTopology_ChipCoordAndIdxForLogiDevice (0.90),
 * PJRT_TpuTopology_LogiDeviceCount (0.90).
 * @param topology [borrowed: call]
 * @param out [borrowed: call] room for PJRT_TPU_MAX_DIMS
 * @param out_num_dims [borrowed: call]
 * @param out_index_on_chip [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_tpu_topology_device_coords(
    const pjrt_topology *topology, int32_t device_id, int32_t *out,
    size_t *out_num_dims, int32_t *out_index_on_chip);

/* ---- links --------------------------------------------------------------- */

/* Whether cores can wait for one another by the hardware's faster barrier.
 * PJRT: PJRT_TpuTopology_IsEnhancedBarrierEnabled (0.90).
 * @param topology [borrowed: call]
 * @param out [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_tpu_topology_has_enhanced_barrier(
    const pjrt_topology *topology, bool *out);

/* Whether some chips reach each other only through others, for lack of links
 * (ICI, the network between chips) to route around.
 * PJRT: PJRT_TpuTopology_HasLimitedIciConnectivity (0.90).
 * @param topology [borrowed: call]
 * @param out [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_tpu_topology_has_limited_ici(
    const pjrt_topology *topology, bool *out);

/* Whether one chip reaches another directly where that is so. libtpu says no
 * for a chip and itself.
 * PJRT: PJRT_TpuTopology_IsReachableOverLimitedIci (0.90),
 * PJRT_TpuTopology_ChipCount (0.90).
 * @param topology [borrowed: call]
 * @param out [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_tpu_topology_is_reachable(
    const pjrt_topology *topology, int32_t from_chip_id, int32_t to_chip_id,
    bool *out);

/* How messages find their way between chips, such as "mesh".
 * PJRT: PJRT_TpuTopology_GetRoutingStrategy (0.90).
 * @param topology [borrowed: call]
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_tpu_topology_routing_strategy(
    const pjrt_topology *topology, char **out, size_t *out_size);

/* ---- parts --------------------------------------------------------------- */

/* A part of the topology: so many hosts along each dimension, each with a box
 * of so many chips. INVALID_ARGUMENT when it is not within the topology, or not
 * one that the plugin can cut out.
 * PJRT: PJRT_TpuTopology_Subslice (0.90), PJRT_TpuTopology_ChipBounds (0.90).
 * @param topology [borrowed: call]
 * @param chips_per_host [borrowed: call]
 * @param hosts [borrowed: call]
 * @param out [owned: pjrt_topology_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_tpu_topology_subslice(
    const pjrt_topology *topology, const int32_t *chips_per_host,
    const int32_t *hosts, size_t num_dims, pjrt_topology **out);

/* Whether it is such a part of another.
 * PJRT: PJRT_TpuTopology_IsSubsliceTopology (0.90).
 * @param topology [borrowed: call]
 * @param out [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_tpu_topology_is_subslice(
    const pjrt_topology *topology, bool *out);

/* The id in a subslice, whose first chip is at `origin` of the whole, of what
 * is device `device_id` of the whole. INVALID_ARGUMENT when that device is
 * outside of the subslice.
 * PJRT: PJRT_TpuTopology_SubsliceDeviceIdFromFullDeviceId (0.90),
 * PJRT_TpuTopology_ChipCoordAndIdxForLogiDevice (0.90),
 * PJRT_TpuTopology_LogiDeviceCount (0.90), PJRT_TpuTopology_ChipBounds (0.90),
 * PJRT_TpuTopology_LogiDeviceCountPerChip (0.90).
 * @param topology [borrowed: call] the whole
 * @param subslice [borrowed: call]
 * @param origin [borrowed: call]
 * @param out_device_id [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_tpu_topology_subslice_device_id(
    const pjrt_topology *topology, const pjrt_topology *subslice,
    const int32_t *origin, size_t num_dims, int32_t device_id,
    int32_t *out_device_id);

/* The same machine with another number of hosts along each dimension, each as
 * it was.
 * PJRT: PJRT_TpuTopology_ReplaceHostBounds (0.90), PJRT_TpuTopology_ChipBounds
 * (0.90).
 * @param topology [borrowed: call]
 * @param hosts [borrowed: call]
 * @param out [owned: pjrt_topology_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_tpu_topology_with_hosts(
    const pjrt_topology *topology, const int32_t *hosts, size_t num_dims,
    pjrt_topology **out);

/* ---- machines to choose from --------------------------------------------- */

/* The shape of a machine that can be had. */
typedef struct pjrt_tpu_slice {
  size_t num_dims;
  int32_t dims[PJRT_TPU_MAX_DIMS];
  bool wraps[PJRT_TPU_MAX_DIMS]; /* whether links lead from one end to the other
                                  */
  bool is_twisted;               /* and are offset where they do */
} pjrt_tpu_slice;

/* The shape that a platform, such as "tpu7x", has under a name, such as
 * "2x2x1". The plugin's own error when there is no such platform or shape:
 * libtpu 0.0.52 knows tpu7x alone.
 * PJRT: PJRT_TpuTopology_GetSliceConfig (0.90).
 * @param plugin [borrowed: call]
 * @param platform [borrowed: call]
 * @param name [borrowed: call]
 * @param out [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_tpu_slice_find(
    pjrt_plugin *plugin, const char *platform, size_t platform_size,
    const char *name, size_t name_size, pjrt_tpu_slice *out);

/* All shapes of a platform.
 * PJRT: PJRT_TpuTopology_GetSliceConfigs (0.90).
 * @param plugin [borrowed: call]
 * @param platform [borrowed: call]
 * @param out [owned: pjrt_host_free]
 * @param out_num [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_tpu_slice_list(pjrt_plugin *plugin,
                                                       const char *platform,
                                                       size_t platform_size,
                                                       pjrt_tpu_slice **out,
                                                       size_t *out_num);

/* What a host of the platform has by default.
 * PJRT: PJRT_TpuTopology_GetDefaultPlatformConfig (0.90).
 * @param plugin [borrowed: call]
 * @param platform [borrowed: call]
 * @param out_chips_per_tray [borrowed: call]
 * @param out_num_trays [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_tpu_platform_trays(
    pjrt_plugin *plugin, const char *platform, size_t platform_size,
    int64_t *out_chips_per_tray, int64_t *out_num_trays);

PJRT_END_DECLS

#endif /* PJRT_EXT_TPU_TOPOLOGY_H_ */
