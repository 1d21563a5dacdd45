/* TpuTopology: the mesh of chips behind a topology. Each chip has the devices
 * that are its cores; ids of chips run along axis 0 first. */
#include "ext/tpu_topology.h"

#include <stdlib.h>
#include <string.h>

/* ---- checking and answering ---------------------------------------------- */

PJRT_Error *sim_tpu_read_axes(const char *what, const int32_t *values,
                              size_t num, int32_t otherwise, int32_t *out) {
  if (num < 1 || num > SIM_TPU_AXES)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "%s of %zu dimensions, expected 1 to %d", what, num,
                     SIM_TPU_AXES);
  if (!values) return sim_misuse("NULL %s", what);
  for (size_t axis = 0; axis < SIM_TPU_AXES; axis++)
    out[axis] = axis < num ? values[axis] : otherwise;
  return NULL;
}

static PJRT_Error *check_id(const char *what, int32_t id, int32_t num) {
  if (id >= 0 && id < num) return NULL;
  return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                   "%s is %d, expected 0 to %d", what, id, num - 1);
}

PJRT_Error *sim_tpu_check_device(const sim_tpu_mesh *mesh, int32_t device_id) {
  return check_id("the device id", device_id, mesh->num_devices);
}

/* Fills the caller's array; says how many there are also when it is too
 * short. */
static PJRT_Error *answer(const char *what, const int32_t *values, size_t num,
                          size_t capacity, int32_t *out, size_t *out_num) {
  *out_num = num;
  if (capacity < num)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "%s: needed %zu, provided %zu", what, num, capacity);
  if (!out) return sim_misuse("NULL for %s", what);
  memcpy(out, values, num * sizeof(*out));
  return NULL;
}

/* ---- counts -------------------------------------------------------------- */

#define COUNT(function, name, field, value)                           \
  static PJRT_Error *function(PJRT_TpuTopology_##name##_Args *args) { \
    sim_tpu_mesh mesh;                                                \
    SIM_TPU_ENTER(args, name, &mesh);                                 \
    args->field = (value);                                            \
    return NULL;                                                      \
  }

COUNT(process_count, ProcessCount, process_count, mesh.num_processes)
COUNT(core_count_per_chip, CoreCountPerChip,
      core_count_of_default_type_per_chip, mesh.num_cores)
COUNT(chip_count, ChipCount, chip_count, mesh.num_chips)
COUNT(core_count, CoreCount, core_count_of_default_type, mesh.num_devices)
COUNT(device_count, LogiDeviceCount, logical_device_count_of_default_type,
      mesh.num_devices)
COUNT(device_count_per_chip, LogiDeviceCountPerChip,
      logical_device_count_of_default_type_per_chip, mesh.num_cores)

/* How many chips, cores or devices every process has. */
static PJRT_Error *per_process(const PJRT_TopologyDescription *topology,
                               const char *what, size_t devices_per_thing,
                               int32_t *out) {
  const size_t *sizes = topology->process_sizes;
  for (size_t i = 0; i < topology->num_processes; i++)
    if (sizes[i] != sizes[0] || sizes[i] % devices_per_thing)
      return sim_error(PJRT_Error_Code_FAILED_PRECONDITION,
                       "the processes have no common number of %s: process 0 "
                       "has %zu devices, process %zu has %zu",
                       what, sizes[0], i, sizes[i]);
  *out = (int32_t)(sizes[0] / devices_per_thing);
  return NULL;
}

static PJRT_Error *chips_per_process(
    PJRT_TpuTopology_ChipsPerProcess_Args *args) {
  sim_tpu_mesh mesh;
  SIM_TPU_ENTER(args, ChipsPerProcess, &mesh);
  return per_process(args->topology, "chips", (size_t)mesh.num_cores,
                     &args->chips_per_process);
}

static PJRT_Error *core_count_per_process(
    PJRT_TpuTopology_CoreCountPerProcess_Args *args) {
  sim_tpu_mesh mesh;
  SIM_TPU_ENTER(args, CoreCountPerProcess, &mesh);
  return per_process(args->topology, "cores", 1,
                     &args->core_count_of_default_type_per_process);
}

static PJRT_Error *device_count_per_process(
    PJRT_TpuTopology_LogiDeviceCountPerProcess_Args *args) {
  sim_tpu_mesh mesh;
  SIM_TPU_ENTER(args, LogiDeviceCountPerProcess, &mesh);
  return per_process(args->topology, "devices", 1,
                     &args->logical_device_count_of_default_type_per_process);
}

/* ---- processes ----------------------------------------------------------- */

static size_t room(int32_t capacity) {
  return capacity > 0 ? (size_t)capacity : 0;
}

static PJRT_Error *process_ids(PJRT_TpuTopology_ProcessIds_Args *args) {
  sim_tpu_mesh mesh;
  SIM_TPU_ENTER(args, ProcessIds, &mesh);
  const size_t num = (size_t)mesh.num_processes;
  int32_t *ids = sim_allocate(num * sizeof(*ids));
  for (size_t i = 0; i < num; i++) ids[i] = (int32_t)i;
  PJRT_Error *error =
      answer("process ids", ids, num, room(args->max_process_ids),
             args->process_ids, &args->num_process_ids);
  free(ids);
  return error;
}

static PJRT_Error *device_ids_on_process(
    PJRT_TpuTopology_LogiDeviceIdsOnProcess_Args *args) {
  sim_tpu_mesh mesh;
  SIM_TPU_ENTER(args, LogiDeviceIdsOnProcess, &mesh);
  SIM_TRY(check_id("process_id", args->process_id, mesh.num_processes));
  size_t num = 0;
  int32_t *ids = sim_allocate((size_t)mesh.num_devices * sizeof(*ids));
  for (int32_t i = 0; i < mesh.num_devices; i++)
    if (sim_tpu_place_of(args->topology, i).process == args->process_id)
      ids[num++] = i;
  PJRT_Error *error = answer(
      "device ids", ids, num, room(args->max_logical_device_ids),
      args->logical_device_of_default_type_ids, &args->num_logical_device_ids);
  free(ids);
  return error;
}

/* How many devices of the same process have lower ids. */
static int32_t index_on_process(const PJRT_TopologyDescription *topology,
                                int32_t device_id) {
  const int32_t process = sim_tpu_place_of(topology, device_id).process;
  int32_t index = 0;
  for (int32_t i = 0; i < device_id; i++)
    index += sim_tpu_place_of(topology, i).process == process;
  return index;
}

static PJRT_Error *process_of_chip(
    PJRT_TpuTopology_ProcIdAndIdxOnProcForChip_Args *args) {
  sim_tpu_mesh mesh;
  SIM_TPU_ENTER(args, ProcIdAndIdxOnProcForChip, &mesh);
  SIM_TRY(check_id("chip_id", args->chip_id, mesh.num_chips));
  const int32_t device = args->chip_id * mesh.num_cores;
  args->process_id = sim_tpu_place_of(args->topology, device).process;
  args->index_on_process =
      index_on_process(args->topology, device) / mesh.num_cores;
  return NULL;
}

static PJRT_Error *process_of_device(
    PJRT_TpuTopology_ProcIdAndIdxOnProcForLogiDevice_Args *args) {
  sim_tpu_mesh mesh;
  SIM_TPU_ENTER(args, ProcIdAndIdxOnProcForLogiDevice, &mesh);
  SIM_TRY(sim_tpu_check_device(&mesh, args->device_id));
  args->process_id = sim_tpu_place_of(args->topology, args->device_id).process;
  args->index_on_process = index_on_process(args->topology, args->device_id);
  return NULL;
}

static PJRT_Error *require_boxes(const sim_tpu_mesh *mesh) {
  if (mesh->process_chips[0]) return NULL;
  return sim_error(PJRT_Error_Code_FAILED_PRECONDITION,
                   "the %d processes do not have boxes of chips in the mesh "
                   "%dx%dx%d",
                   mesh->num_processes, mesh->chips[0], mesh->chips[1],
                   mesh->chips[2]);
}

static PJRT_Error *process_coords(
    PJRT_TpuTopology_ProcessCoordFromId_Args *args) {
  int32_t at[SIM_TPU_AXES];
  sim_tpu_mesh mesh;
  SIM_TPU_ENTER(args, ProcessCoordFromId, &mesh);
  SIM_TRY(check_id("process_id", args->process_id, mesh.num_processes));
  SIM_TRY(require_boxes(&mesh));
  sim_tpu_coords(args->process_id, mesh.processes, at);
  return answer("coords", at, SIM_TPU_AXES, args->coords_max_dims, args->coords,
                &args->coords_num_dims);
}

/* ---- chips --------------------------------------------------------------- */

static PJRT_Error *read_chip(const sim_tpu_mesh *mesh, const int32_t *coords,
                             size_t num_dims, int32_t *out_id) {
  int32_t at[SIM_TPU_AXES];
  SIM_TRY(sim_tpu_read_axes("chip coords", coords, num_dims, 0, at));
  for (int axis = 0; axis < SIM_TPU_AXES; axis++)
    if (at[axis] < 0 || at[axis] >= mesh->chips[axis])
      return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                       "there is no chip at %d,%d,%d, the mesh is %dx%dx%d",
                       at[0], at[1], at[2], mesh->chips[0], mesh->chips[1],
                       mesh->chips[2]);
  *out_id = sim_tpu_number(at, mesh->chips);
  return NULL;
}

static PJRT_Error *chip_of_coords(PJRT_TpuTopology_ChipIdFromCoord_Args *args) {
  sim_tpu_mesh mesh;
  SIM_TPU_ENTER(args, ChipIdFromCoord, &mesh);
  return read_chip(&mesh, args->coords, args->coords_num_dims, &args->chip_id);
}

static PJRT_Error *device_of_coords(
    PJRT_TpuTopology_LogiDeviceIdFromChipCoordAndIdx_Args *args) {
  int32_t chip;
  sim_tpu_mesh mesh;
  SIM_TPU_ENTER(args, LogiDeviceIdFromChipCoordAndIdx, &mesh);
  SIM_TRY(
      read_chip(&mesh, args->chip_coords, args->chip_coords_num_dims, &chip));
  SIM_TRY(check_id("logical_device_index_on_chip",
                   args->logical_device_index_on_chip, mesh.num_cores));
  args->logical_device_of_default_type_id =
      chip * mesh.num_cores + args->logical_device_index_on_chip;
  return NULL;
}

static PJRT_Error *coords_of_device(
    PJRT_TpuTopology_ChipCoordAndIdxForLogiDevice_Args *args) {
  sim_tpu_mesh mesh;
  SIM_TPU_ENTER(args, ChipCoordAndIdxForLogiDevice, &mesh);
  SIM_TRY(sim_tpu_check_device(&mesh, args->device_id));
  const sim_tpu_place place = sim_tpu_place_of(args->topology, args->device_id);
  args->device_index_on_chip = place.core;
  return answer("chip coords", place.chip, SIM_TPU_AXES,
                args->chip_coords_max_dims, args->chip_coords,
                &args->chip_coords_num_dims);
}

/* ---- bounds -------------------------------------------------------------- */

static PJRT_Error *chips_per_process_bounds(
    PJRT_TpuTopology_ChipsPerProcessBounds_Args *args) {
  sim_tpu_mesh mesh;
  SIM_TPU_ENTER(args, ChipsPerProcessBounds, &mesh);
  SIM_TRY(require_boxes(&mesh));
  return answer("bounds", mesh.process_chips, SIM_TPU_AXES,
                args->chip_per_process_bounds_max_dims,
                args->chip_per_process_bounds,
                &args->chip_per_process_bounds_num_dims);
}

static PJRT_Error *chip_bounds(PJRT_TpuTopology_ChipBounds_Args *args) {
  sim_tpu_mesh mesh;
  SIM_TPU_ENTER(args, ChipBounds, &mesh);
  return answer("bounds", mesh.chips, SIM_TPU_AXES, args->chip_bounds_max_dims,
                args->chip_bounds, &args->chip_bounds_num_dims);
}

static PJRT_Error *process_bounds(PJRT_TpuTopology_ProcessBounds_Args *args) {
  sim_tpu_mesh mesh;
  SIM_TPU_ENTER(args, ProcessBounds, &mesh);
  SIM_TRY(require_boxes(&mesh));
  return answer("bounds", mesh.processes, SIM_TPU_AXES,
                args->process_bounds_max_dims, args->process_bounds,
                &args->process_bounds_num_dims);
}

/* ---- links --------------------------------------------------------------- */

/* Chips reach one another directly along one axis. That is all of them in a
 * row; in a mesh of more axes the links are limited. */
static bool is_limited(const sim_tpu_mesh *mesh) {
  int num_axes = 0;
  for (int axis = 0; axis < SIM_TPU_AXES; axis++)
    num_axes += mesh->chips[axis] > 1;
  return num_axes > 1;
}

/* The cores of a program wait for one another in the interpreter alone. */
COUNT(is_enhanced_barrier_enabled, IsEnhancedBarrierEnabled,
      is_enhanced_barrier_enabled, false)
COUNT(has_limited_ici, HasLimitedIciConnectivity, has_limited_ici_connectivity,
      is_limited(&mesh))

static PJRT_Error *is_reachable(
    PJRT_TpuTopology_IsReachableOverLimitedIci_Args *args) {
  int num_axes = 0;
  int32_t from[SIM_TPU_AXES], to[SIM_TPU_AXES];
  sim_tpu_mesh mesh;
  SIM_TPU_ENTER(args, IsReachableOverLimitedIci, &mesh);
  SIM_TRY(check_id("source_chip_id", args->source_chip_id, mesh.num_chips));
  SIM_TRY(check_id("dest_chip_id", args->dest_chip_id, mesh.num_chips));
  sim_tpu_coords(args->source_chip_id, mesh.chips, from);
  sim_tpu_coords(args->dest_chip_id, mesh.chips, to);
  for (int axis = 0; axis < SIM_TPU_AXES; axis++)
    num_axes += from[axis] != to[axis];
  args->is_reachable_over_limited_ici = num_axes <= 1;
  return NULL;
}

static PJRT_Error *routing_strategy(
    PJRT_TpuTopology_GetRoutingStrategy_Args *args) {
  sim_tpu_mesh mesh;
  SIM_TPU_ENTER(args, GetRoutingStrategy, &mesh);
  const char *name = is_limited(&mesh) ? "ROUTING_MESH" : "ROUTING_DEFAULT";
  const size_t size = strlen(name), capacity = args->routing_strategy_len;
  args->routing_strategy_len = size;
  if (capacity < size)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "routing strategy: needed %zu, provided %zu", size,
                     capacity);
  if (!args->routing_strategy) return sim_misuse("NULL routing_strategy");
  memcpy(args->routing_strategy, name, size);
  return NULL;
}

static const PJRT_TpuTopology_Extension node = {
    .subslice = sim_tpu_Subslice,
    .is_subslice_topology = sim_tpu_IsSubsliceTopology,
    .subslice_device_id_from_full_device_id =
        sim_tpu_SubsliceDeviceIdFromFullDeviceId,
    .replace_host_bounds = sim_tpu_ReplaceHostBounds,
    .is_enhanced_barrier_enabled = is_enhanced_barrier_enabled,
    .has_limited_ici_connectivity = has_limited_ici,
    .is_reachable_over_limited_ici = is_reachable,
    .process_count = process_count,
    .chips_per_process = chips_per_process,
    .core_count_per_chip = core_count_per_chip,
    .chip_count = chip_count,
    .core_count = core_count,
    .logical_device_count_per_process = device_count_per_process,
    .logical_device_count = device_count,
    .logical_device_count_per_chip = device_count_per_chip,
    .core_count_per_process = core_count_per_process,
    .process_ids = process_ids,
    .logical_device_ids_on_process = device_ids_on_process,
    .proc_id_and_idx_on_proc_for_chip = process_of_chip,
    .proc_id_and_idx_on_proc_for_logi_device = process_of_device,
    .process_coord_from_id = process_coords,
    .chip_id_from_coord = chip_of_coords,
    .logical_device_id_from_chip_coord_and_idx = device_of_coords,
    .chip_coord_and_idx_for_logi_device = coords_of_device,
    .chips_per_process_bounds = chips_per_process_bounds,
    .chip_bounds = chip_bounds,
    .process_bounds = process_bounds,
    .get_routing_strategy = routing_strategy,
    .get_slice_config = sim_tpu_GetSliceConfig,
    .get_slice_configs = sim_tpu_GetSliceConfigs,
    .get_default_platform_config = sim_tpu_GetDefaultPlatformConfig,
};

const sim_extension sim_ext_tpu_topology = {
    .type = PJRT_Extension_Type_TpuTopology,
    .name = "TpuTopology",
    .steps = {{90, 272}},
    .node = &node,
    .node_size = sizeof(node),
};
