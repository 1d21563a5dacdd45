/* TpuTopology: parts of a topology, and the slices there are to choose from. */
#include <string.h>

#include "ext/tpu_topology.h"

/* ---- topologies from topologies ------------------------------------------ */

enum { MAX_BOUND = 1024 };

/* Bounds that name something; axes that are not given are 1. */
static PJRT_Error *read_bounds(const char *what, const int32_t *values,
                               size_t num, int32_t *out) {
  SIM_TRY(sim_tpu_read_axes(what, values, num, 1, out));
  for (int axis = 0; axis < SIM_TPU_AXES; axis++)
    if (out[axis] < 1 || out[axis] > MAX_BOUND)
      return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                       "%s are %dx%dx%d, expected each from 1 to %d", what,
                       out[0], out[1], out[2], MAX_BOUND);
  return NULL;
}

SIM_TPU_FUNCTION(Subslice) {
  int32_t chips[SIM_TPU_AXES], hosts[SIM_TPU_AXES];
  sim_tpu_mesh mesh;
  SIM_TPU_ENTER(args, Subslice, &mesh);
  SIM_TRY(read_bounds("chips_per_host_bounds", args->chips_per_host_bounds,
                      args->chips_per_host_bounds_num_dims, chips));
  SIM_TRY(read_bounds("host_bounds", args->host_bounds,
                      args->host_bounds_num_dims, hosts));
  for (int axis = 0; axis < SIM_TPU_AXES; axis++)
    if (chips[axis] * hosts[axis] > mesh.chips[axis])
      return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                       "%dx%dx%d hosts of %dx%dx%d chips do not fit into the "
                       "mesh %dx%dx%d",
                       hosts[0], hosts[1], hosts[2], chips[0], chips[1],
                       chips[2], mesh.chips[0], mesh.chips[1], mesh.chips[2]);
  SIM_TRY(sim_tpu_topology_create(chips, hosts, mesh.num_cores,
                                  &args->subslice_topology));
  args->subslice_topology->is_subslice = true;
  return NULL;
}

SIM_TPU_FUNCTION(IsSubsliceTopology) {
  sim_tpu_mesh mesh;
  SIM_TPU_ENTER(args, IsSubsliceTopology, &mesh);
  args->is_subslice_topology = args->topology->is_subslice;
  return NULL;
}

SIM_TPU_FUNCTION(ReplaceHostBounds) {
  int32_t hosts[SIM_TPU_AXES];
  sim_tpu_mesh mesh;
  SIM_TPU_ENTER(args, ReplaceHostBounds, &mesh);
  SIM_TRY(read_bounds("host_bounds", args->host_bounds,
                      args->host_bounds_dim_num, hosts));
  if (!mesh.process_chips[0])
    return sim_error(PJRT_Error_Code_FAILED_PRECONDITION,
                     "the %d hosts of the topology do not have boxes of chips",
                     mesh.num_processes);
  return sim_tpu_topology_create(mesh.process_chips, hosts, mesh.num_cores,
                                 &args->new_topology);
}

/* ---- a device in both ---------------------------------------------------- */

SIM_TPU_FUNCTION(SubsliceDeviceIdFromFullDeviceId) {
  int32_t origin[SIM_TPU_AXES], at[SIM_TPU_AXES];
  sim_tpu_mesh full, part;
  SIM_EXT_ENTER(
      args, PJRT_TpuTopology_SubsliceDeviceIdFromFullDeviceId_Args,
      PJRT_TpuTopology_SubsliceDeviceIdFromFullDeviceId_Args_STRUCT_SIZE);
  SIM_TRY(sim_tpu_mesh_read(args->client_topology, &full));
  SIM_TRY(sim_tpu_mesh_read(args->subslice_topology, &part));
  SIM_TRY(sim_tpu_read_axes("subslice_origin", args->subslice_origin,
                            args->subslice_origin_dim_num, 0, origin));
  SIM_TRY(sim_tpu_check_device(&full, args->full_device_id));
  const sim_tpu_place place =
      sim_tpu_place_of(args->client_topology, args->full_device_id);
  for (int axis = 0; axis < SIM_TPU_AXES; axis++) {
    at[axis] = place.chip[axis] - origin[axis];
    if (at[axis] < 0 || at[axis] >= part.chips[axis])
      return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                       "device %d is outside of the subslice of %dx%dx%d chips "
                       "at %d,%d,%d",
                       args->full_device_id, part.chips[0], part.chips[1],
                       part.chips[2], origin[0], origin[1], origin[2]);
  }
  args->subslice_device_id =
      sim_tpu_number(at, part.chips) * part.num_cores + place.core;
  return NULL;
}

/* ---- slices to choose from ----------------------------------------------- */

/* What PJRT_TopologyDescription_Create has under these names. Nothing wraps
 * around. */
static const struct {
  const char *name;
  PJRT_TpuTopology_SliceConfig config;
} slices[] = {
    {"1x1x1", {.dim_size = 3, .dimensions = {1, 1, 1}}},
    {"2x1x1", {.dim_size = 3, .dimensions = {2, 1, 1}}},
    {"2x2x1", {.dim_size = 3, .dimensions = {2, 2, 1}}},
    {"2x2x2", {.dim_size = 3, .dimensions = {2, 2, 2}}},
    {"4x2x2", {.dim_size = 3, .dimensions = {4, 2, 2}}},
    {"4x4x4", {.dim_size = 3, .dimensions = {4, 4, 4}}},
};
enum { NUM_SLICES = sizeof slices / sizeof *slices };

static bool is_text(const char *text, size_t size, const char *expected) {
  return text && size == strlen(expected) && memcmp(text, expected, size) == 0;
}

static PJRT_Error *check_platform(const char *name, size_t size) {
  if (is_text(name, size, "sim")) return NULL;
  return sim_error(PJRT_Error_Code_NOT_FOUND,
                   "there is no platform '%.*s', expected 'sim'",
                   name ? (int)size : 0, name ? name : "");
}

SIM_TPU_FUNCTION(GetSliceConfig) {
  SIM_EXT_ENTER(args, PJRT_TpuTopology_GetSliceConfig_Args,
                PJRT_TpuTopology_GetSliceConfig_Args_STRUCT_SIZE);
  SIM_TRY(
      check_platform(args->platform_type_name, args->platform_type_name_len));
  if (!args->slice_config) return sim_misuse("NULL slice_config");
  for (size_t i = 0; i < NUM_SLICES; i++)
    if (is_text(args->slice_name, args->slice_name_len, slices[i].name)) {
      *args->slice_config = slices[i].config;
      return NULL;
    }
  return sim_error(PJRT_Error_Code_NOT_FOUND, "there is no slice '%.*s'",
                   args->slice_name ? (int)args->slice_name_len : 0,
                   args->slice_name ? args->slice_name : "");
}

SIM_TPU_FUNCTION(GetSliceConfigs) {
  SIM_EXT_ENTER(args, PJRT_TpuTopology_GetSliceConfigs_Args,
                PJRT_TpuTopology_GetSliceConfigs_Args_STRUCT_SIZE);
  SIM_TRY(
      check_platform(args->platform_type_name, args->platform_type_name_len));
  args->num_slice_configs = NUM_SLICES;
  if (args->max_slice_configs < NUM_SLICES)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "slice configs: needed %d, provided %zu", NUM_SLICES,
                     args->max_slice_configs);
  if (!args->slice_configs) return sim_misuse("NULL slice_configs");
  for (size_t i = 0; i < NUM_SLICES; i++)
    args->slice_configs[i] = slices[i].config;
  return NULL;
}

/* The machine that there is without options. */
SIM_TPU_FUNCTION(GetDefaultPlatformConfig) {
  pjrt_sim_options options;
  SIM_EXT_ENTER(args, PJRT_TpuTopology_GetDefaultPlatformConfig_Args,
                PJRT_TpuTopology_GetDefaultPlatformConfig_Args_STRUCT_SIZE);
  SIM_TRY(
      check_platform(args->platform_type_name, args->platform_type_name_len));
  pjrt_sim_options_init(&options);
  args->num_chips_per_tray = options.num_devices;
  args->num_trays = 1;
  return NULL;
}
