#include "ext/tpu_topology.h"
#include "pjrt/array.h"

#define CALL PJRT_TPU_CALL

/* ---- judging arguments --------------------------------------------------- */

static pjrt_error *check_id(const char *what, int32_t id, size_t num) {
  if (id >= 0 && (size_t)id < num) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "there is no %s %d: the topology has %zu", what,
                           (int)id, num);
}

static pjrt_error *check_process(const pjrt_topology *topology, int32_t id) {
  size_t num;
  PJRT_TRY(pjrt_tpu_topology_num_processes(topology, &num));
  return check_id("process", id, num);
}

static pjrt_error *check_chip(const pjrt_topology *topology, int32_t id) {
  size_t num;
  PJRT_TRY(pjrt_tpu_topology_num_chips(topology, &num));
  return check_id("chip", id, num);
}

static pjrt_error *check_device(const pjrt_topology *topology, int32_t id) {
  size_t num;
  PJRT_TRY(pjrt_tpu_topology_num_devices(topology, &num));
  return check_id("device", id, num);
}

pjrt_error *pjrt_tpu_check_dims(const pjrt_topology *topology, const char *what,
                                const int32_t *values, size_t num_dims,
                                pjrt_tpu_dims *out) {
  PJRT_TRY(pjrt_tpu_topology_chip_bounds(topology, out->at, &out->num));
  if (!values) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "%s is NULL", what);
  }
  if (num_dims == out->num) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "%s has %zu dimensions, expected %zu", what,
                           num_dims, out->num);
}

static pjrt_error *check_coords(const pjrt_topology *topology,
                                const int32_t *coords, size_t num_dims) {
  pjrt_tpu_dims bounds;
  PJRT_TRY(pjrt_tpu_check_dims(topology, "coords", coords, num_dims, &bounds));
  for (size_t i = 0; i < num_dims; i++) {
    if (coords[i] >= 0 && coords[i] < bounds.at[i]) continue;
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "coordinate %zu is %d, and the topology has %d "
                             "chips in that direction",
                             i, (int)coords[i], (int)bounds.at[i]);
  }
  return NULL;
}

/* ---- ids ----------------------------------------------------------------- */

/* Room for so many ids, which a plugin fills. */
static pjrt_error *make_room(size_t num, int32_t **out) {
  void *memory;
  PJRT_TRY(pjrt_host_alloc(num * sizeof **out, &memory));
  memset(memory, 0, num * sizeof **out);
  *out = memory;
  return NULL;
}

/* Gives out what a call filled, or frees it. */
static pjrt_error *give(pjrt_error *error, int32_t *ids, size_t num,
                        int32_t **out, size_t *out_num) {
  if (error) {
    pjrt_host_free(ids);
    return error;
  }
  *out = ids;
  *out_num = num;
  return NULL;
}

pjrt_error *pjrt_tpu_topology_process_ids(const pjrt_topology *topology,
                                          int32_t **out, size_t *out_num) {
  int32_t *ids;
  size_t room;
  *out = NULL;
  *out_num = 0;
  PJRT_TRY(pjrt_tpu_topology_num_processes(topology, &room));
  PJRT_TRY(make_room(room, &ids));
  PJRT_ARGS(PJRT_TpuTopology_ProcessIds, args);
  args->topology = topology->raw;
  args->max_process_ids = (int32_t)room;
  args->process_ids = ids;
  pjrt_error *error =
      CALL(topology->plugin, process_ids, PJRT_TpuTopology_ProcessIds, args);
  if (!error) {
    error =
        pjrt_tpu_check_written(topology->plugin, "PJRT_TpuTopology_ProcessIds",
                               args->num_process_ids, room);
  }
  return give(error, ids, args->num_process_ids, out, out_num);
}

/* No process has more devices than there are. */
pjrt_error *pjrt_tpu_topology_device_ids(const pjrt_topology *topology,
                                         int32_t process_id, int32_t **out,
                                         size_t *out_num) {
  int32_t *ids;
  size_t room;
  *out = NULL;
  *out_num = 0;
  PJRT_TRY(check_process(topology, process_id));
  PJRT_TRY(pjrt_tpu_topology_num_devices(topology, &room));
  PJRT_TRY(make_room(room, &ids));
  PJRT_ARGS(PJRT_TpuTopology_LogiDeviceIdsOnProcess, args);
  args->topology = topology->raw;
  args->process_id = process_id;
  args->max_logical_device_ids = (int32_t)room;
  args->logical_device_of_default_type_ids = ids;
  pjrt_error *error = CALL(topology->plugin, logical_device_ids_on_process,
                           PJRT_TpuTopology_LogiDeviceIdsOnProcess, args);
  if (!error) {
    error = pjrt_tpu_check_written(topology->plugin,
                                   "PJRT_TpuTopology_LogiDeviceIdsOnProcess",
                                   args->num_logical_device_ids, room);
  }
  return give(error, ids, args->num_logical_device_ids, out, out_num);
}

pjrt_error *pjrt_tpu_topology_chip_process(const pjrt_topology *topology,
                                           int32_t chip_id,
                                           int32_t *out_process_id,
                                           int32_t *out_index) {
  *out_process_id = *out_index = 0;
  PJRT_TRY(check_chip(topology, chip_id));
  PJRT_ARGS(PJRT_TpuTopology_ProcIdAndIdxOnProcForChip, args);
  args->topology = topology->raw;
  args->chip_id = chip_id;
  PJRT_TRY(CALL(topology->plugin, proc_id_and_idx_on_proc_for_chip,
                PJRT_TpuTopology_ProcIdAndIdxOnProcForChip, args));
  *out_process_id = args->process_id;
  *out_index = args->index_on_process;
  return NULL;
}

pjrt_error *pjrt_tpu_topology_device_process(const pjrt_topology *topology,
                                             int32_t device_id,
                                             int32_t *out_process_id,
                                             int32_t *out_index) {
  *out_process_id = *out_index = 0;
  PJRT_TRY(check_device(topology, device_id));
  PJRT_ARGS(PJRT_TpuTopology_ProcIdAndIdxOnProcForLogiDevice, args);
  args->topology = topology->raw;
  args->device_id = device_id;
  PJRT_TRY(CALL(topology->plugin, proc_id_and_idx_on_proc_for_logi_device,
                PJRT_TpuTopology_ProcIdAndIdxOnProcForLogiDevice, args));
  *out_process_id = args->process_id;
  *out_index = args->index_on_process;
  return NULL;
}

/* ---- coordinates --------------------------------------------------------- */

pjrt_error *pjrt_tpu_topology_process_coords(const pjrt_topology *topology,
                                             int32_t process_id, int32_t *out,
                                             size_t *out_num_dims) {
  pjrt_tpu_clear_dims(out, out_num_dims);
  PJRT_TRY(check_process(topology, process_id));
  PJRT_ARGS(PJRT_TpuTopology_ProcessCoordFromId, args);
  args->topology = topology->raw;
  args->process_id = process_id;
  args->coords_max_dims = PJRT_TPU_MAX_DIMS;
  args->coords = out;
  PJRT_TRY(CALL(topology->plugin, process_coord_from_id,
                PJRT_TpuTopology_ProcessCoordFromId, args));
  return pjrt_tpu_take_dims(topology->plugin,
                            "PJRT_TpuTopology_ProcessCoordFromId",
                            args->coords_num_dims, out, out_num_dims);
}

pjrt_error *pjrt_tpu_topology_chip_at(const pjrt_topology *topology,
                                      const int32_t *coords, size_t num_dims,
                                      int32_t *out_chip_id) {
  *out_chip_id = 0;
  PJRT_TRY(check_coords(topology, coords, num_dims));
  PJRT_ARGS(PJRT_TpuTopology_ChipIdFromCoord, args);
  args->topology = topology->raw;
  args->coords = coords;
  args->coords_num_dims = num_dims;
  PJRT_TRY(CALL(topology->plugin, chip_id_from_coord,
                PJRT_TpuTopology_ChipIdFromCoord, args));
  *out_chip_id = args->chip_id;
  return NULL;
}

pjrt_error *pjrt_tpu_topology_device_at(const pjrt_topology *topology,
                                        const int32_t *coords, size_t num_dims,
                                        int32_t index_on_chip,
                                        int32_t *out_device_id) {
  size_t num_devices;
  *out_device_id = 0;
  PJRT_TRY(check_coords(topology, coords, num_dims));
  PJRT_TRY(pjrt_tpu_topology_num_devices_per_chip(topology, &num_devices));
  if (index_on_chip < 0 || (size_t)index_on_chip >= num_devices) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "there is no device %d of a chip: each has %zu",
                             (int)index_on_chip, num_devices);
  }
  PJRT_ARGS(PJRT_TpuTopology_LogiDeviceIdFromChipCoordAndIdx, args);
  args->topology = topology->raw;
  args->chip_coords = coords;
  args->chip_coords_num_dims = num_dims;
  args->logical_device_index_on_chip = index_on_chip;
  PJRT_TRY(CALL(topology->plugin, logical_device_id_from_chip_coord_and_idx,
                PJRT_TpuTopology_LogiDeviceIdFromChipCoordAndIdx, args));
  *out_device_id = args->logical_device_of_default_type_id;
  return NULL;
}

pjrt_error *pjrt_tpu_topology_device_coords(const pjrt_topology *topology,
                                            int32_t device_id, int32_t *out,
                                            size_t *out_num_dims,
                                            int32_t *out_index_on_chip) {
  pjrt_tpu_clear_dims(out, out_num_dims);
  *out_index_on_chip = 0;
  PJRT_TRY(check_device(topology, device_id));
  PJRT_ARGS(PJRT_TpuTopology_ChipCoordAndIdxForLogiDevice, args);
  args->topology = topology->raw;
  args->device_id = device_id;
  args->chip_coords_max_dims = PJRT_TPU_MAX_DIMS;
  args->chip_coords = out;
  PJRT_TRY(CALL(topology->plugin, chip_coord_and_idx_for_logi_device,
                PJRT_TpuTopology_ChipCoordAndIdxForLogiDevice, args));
  PJRT_TRY(pjrt_tpu_take_dims(topology->plugin,
                              "PJRT_TpuTopology_ChipCoordAndIdxForLogiDevice",
                              args->chip_coords_num_dims, out, out_num_dims));
  *out_index_on_chip = args->device_index_on_chip;
  return NULL;
}

pjrt_error *pjrt_tpu_topology_is_reachable(const pjrt_topology *topology,
                                           int32_t from_chip_id,
                                           int32_t to_chip_id, bool *out) {
  *out = false;
  PJRT_TRY(check_chip(topology, from_chip_id));
  PJRT_TRY(check_chip(topology, to_chip_id));
  PJRT_ARGS(PJRT_TpuTopology_IsReachableOverLimitedIci, args);
  args->topology = topology->raw;
  args->source_chip_id = from_chip_id;
  args->dest_chip_id = to_chip_id;
  PJRT_TRY(CALL(topology->plugin, is_reachable_over_limited_ici,
                PJRT_TpuTopology_IsReachableOverLimitedIci, args));
  *out = args->is_reachable_over_limited_ici;
  return NULL;
}
