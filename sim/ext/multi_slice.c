/* MultiSlice: what a configuration of several slices says of itself. Megascale
 * makes them. */
#include "ext/multi_slice.h"

#include <stdlib.h>

struct PJRT_MultiSlice_Config {
  sim_kind kind;
  int32_t num_slices;
  int32_t slice_id;
  int32_t host_id;
  sim_tpu_mesh mesh; /* of each slice */
};

PJRT_MultiSlice_Config *sim_multi_slice_create(const sim_tpu_mesh *mesh,
                                               int32_t num_slices,
                                               int32_t slice_id,
                                               int32_t host_id) {
  PJRT_MultiSlice_Config *config = sim_new(SIM_OTHER, sizeof(*config));
  config->num_slices = num_slices;
  config->slice_id = slice_id;
  config->host_id = host_id;
  config->mesh = *mesh;
  return config;
}

static PJRT_Error *destroy(PJRT_MultiSlice_Config_Destroy_Args *args) {
  SIM_EXT_ENTER(args, PJRT_MultiSlice_Config_Destroy_Args,
                PJRT_MultiSlice_Config_Destroy_Args_STRUCT_SIZE);
  if (!args->config) return NULL;
  SIM_REQUIRE(args->config, SIM_OTHER);
  sim_delete(args->config, SIM_OTHER);
  return NULL;
}

static PJRT_Error *num_slices(PJRT_MultiSlice_Config_NumSlices_Args *args) {
  SIM_EXT_ENTER(args, PJRT_MultiSlice_Config_NumSlices_Args,
                PJRT_MultiSlice_Config_NumSlices_Args_STRUCT_SIZE);
  SIM_REQUIRE(args->config, SIM_OTHER);
  args->num_slices = args->config->num_slices;
  return NULL;
}

static PJRT_Error *slice_id(PJRT_MultiSlice_Config_SliceId_Args *args) {
  SIM_EXT_ENTER(args, PJRT_MultiSlice_Config_SliceId_Args,
                PJRT_MultiSlice_Config_SliceId_Args_STRUCT_SIZE);
  SIM_REQUIRE(args->config, SIM_OTHER);
  args->slice_id = args->config->slice_id;
  return NULL;
}

/* The ids of the slices, then their numbers of devices. */
struct PJRT_MultiSlice_NumDevicesPerSlice {
  sim_kind kind;
  int32_t values[];
};

static void map_free(PJRT_MultiSlice_NumDevicesPerSlice *map) {
  sim_delete(map, SIM_OTHER);
}

static PJRT_Error *num_devices_per_slice(
    PJRT_MultiSlice_Config_NumDevicesPerSlice_Args *args) {
  SIM_EXT_ENTER(args, PJRT_MultiSlice_Config_NumDevicesPerSlice_Args,
                PJRT_MultiSlice_Config_NumDevicesPerSlice_Args_STRUCT_SIZE);
  SIM_REQUIRE(args->config, SIM_OTHER);
  const size_t num = (size_t)args->config->num_slices;
  PJRT_MultiSlice_NumDevicesPerSlice *map =
      sim_new(SIM_OTHER, sizeof(*map) + 2 * num * sizeof(*map->values));
  for (size_t i = 0; i < num; i++) {
    map->values[i] = (int32_t)i;
    map->values[num + i] = args->config->mesh.num_devices;
  }
  args->num_devices_per_slice_map = num;
  args->slice_ids = map->values;
  args->num_devices = map->values + num;
  args->devices_per_slice_map = map;
  args->devices_per_slice_map_deleter = map_free;
  return NULL;
}

/* ---- serialized ---------------------------------------------------------- */

struct PJRT_MultiSlice_SerializedConfig {
  sim_kind kind;
  sim_bytes bytes;
};

static void serialized_free(PJRT_MultiSlice_SerializedConfig *serialized) {
  free(serialized->bytes.data);
  sim_delete(serialized, SIM_OTHER);
}

/* Appends `part` as a field, and frees it. */
static void write_part(sim_bytes *out, int number, sim_bytes *part) {
  sim_write_bytes(out, number, part->data, part->size);
  free(part->data);
}

/* TpuDimensionsProto. */
static void write_bounds(sim_bytes *out, int number, const int32_t *bounds) {
  sim_bytes part = {0};
  for (int axis = 0; axis < SIM_TPU_AXES; axis++)
    sim_write_number(&part, axis + 1, (uint64_t)bounds[axis]);
  write_part(out, number, &part);
}

/* SliceInfo: its id, and as TpuTopologyArgsProto its shape. */
static void write_slice(sim_bytes *out, int number, int32_t id,
                        const sim_tpu_mesh *mesh) {
  sim_bytes slice = {0}, shape = {0};
  write_bounds(&shape, 5, mesh->process_chips);
  write_bounds(&shape, 6, mesh->processes);
  sim_write_number(&slice, 1, (uint64_t)id);
  write_part(&slice, 3, &shape);
  write_part(out, number, &slice);
}

/* MultiSliceTopologyAndLocationProto. */
static PJRT_Error *serialize(PJRT_MultiSlice_Config_Serialize_Args *args) {
  SIM_EXT_ENTER(args, PJRT_MultiSlice_Config_Serialize_Args,
                PJRT_MultiSlice_Config_Serialize_Args_STRUCT_SIZE);
  const PJRT_MultiSlice_Config *config = args->config;
  SIM_REQUIRE(config, SIM_OTHER);
  PJRT_MultiSlice_SerializedConfig *serialized =
      sim_new(SIM_OTHER, sizeof(*serialized));
  sim_write_number(&serialized->bytes, 1, (uint64_t)config->slice_id);
  sim_write_number(&serialized->bytes, 2, (uint64_t)config->host_id);
  for (int32_t i = 0; i < config->num_slices; i++)
    write_slice(&serialized->bytes, 3, i, &config->mesh);
  args->serialized = (const char *)serialized->bytes.data;
  args->size = serialized->bytes.size;
  args->serialized_config = serialized;
  args->serialized_config_deleter = serialized_free;
  return NULL;
}

const PJRT_MultiSlice_Extension sim_multi_slice_node = {
    .config_destroy = destroy,
    .config_num_slices = num_slices,
    .config_slice_id = slice_id,
    .config_num_devices_per_slice = num_devices_per_slice,
    .config_serialize = serialize,
};

const sim_extension sim_ext_multi_slice = {
    .type = PJRT_Extension_Type_MultiSlice,
    .name = "MultiSlice",
    .steps = {{SIM_MINOR_WITH_MULTI_SLICE, 64}},
    .node = &sim_multi_slice_node,
    .node_size = sizeof(sim_multi_slice_node),
};
