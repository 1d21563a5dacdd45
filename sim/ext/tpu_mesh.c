/* Meshes, processes and places of topologies. */
#include "ext/tpu_mesh.h"

#include <stdlib.h>
#include <string.h>

#include "plugin/machine.h"

sim_tpu_place sim_tpu_place_of(const PJRT_TopologyDescription *topology,
                               int32_t device_id) {
  const PJRT_DeviceDescription *device = topology->descriptions[device_id];
  sim_tpu_place place = {.process = device->process_index,
                         .core = (int32_t)device->core};
  for (int axis = 0; axis < SIM_TPU_AXES; axis++)
    place.chip[axis] = (int32_t)device->coords[axis];
  return place;
}

int32_t sim_tpu_number(const int32_t *at, const int32_t *bounds) {
  return at[0] + bounds[0] * (at[1] + bounds[1] * at[2]);
}

void sim_tpu_coords(int32_t number, const int32_t *bounds, int32_t *out) {
  for (int axis = 0; axis < SIM_TPU_AXES; axis++) {
    out[axis] = number % bounds[axis];
    number /= bounds[axis];
  }
}

/* ---- the boxes of processes ---------------------------------------------- */

typedef struct box {
  int32_t first[SIM_TPU_AXES];
  int32_t last[SIM_TPU_AXES];
  int32_t num_devices;
} box;

static void grow(box *b, const sim_tpu_place *place) {
  for (int axis = 0; axis < SIM_TPU_AXES; axis++) {
    const int32_t at = place->chip[axis];
    if (!b->num_devices || at < b->first[axis]) b->first[axis] = at;
    if (!b->num_devices || at > b->last[axis]) b->last[axis] = at;
  }
  b->num_devices++;
}

/* Whether the box is full and has these bounds, and where in the grid of such
 * boxes the process of this number should be. */
static bool is_regular(const box *b, const int32_t *bounds,
                       const int32_t *processes, int32_t num_cores,
                       int32_t process) {
  int32_t volume = num_cores, at[SIM_TPU_AXES];
  sim_tpu_coords(process, processes, at);
  for (int axis = 0; axis < SIM_TPU_AXES; axis++) {
    volume *= bounds[axis];
    if (b->first[axis] != at[axis] * bounds[axis] ||
        b->last[axis] != b->first[axis] + bounds[axis] - 1)
      return false;
  }
  return b->num_devices == volume;
}

static void find_boxes(const PJRT_TopologyDescription *topology,
                       sim_tpu_mesh *mesh) {
  const size_t num = (size_t)mesh->num_processes;
  int32_t bounds[SIM_TPU_AXES], processes[SIM_TPU_AXES];
  box *boxes = sim_allocate(num * sizeof(*boxes));
  for (int32_t i = 0; i < mesh->num_devices; i++) {
    const sim_tpu_place place = sim_tpu_place_of(topology, i);
    grow(&boxes[place.process], &place);
  }
  for (int axis = 0; axis < SIM_TPU_AXES; axis++) {
    bounds[axis] = boxes[0].last[axis] - boxes[0].first[axis] + 1;
    processes[axis] = mesh->chips[axis] / bounds[axis];
  }
  bool are_regular = true;
  for (size_t i = 0; are_regular && i < num; i++)
    are_regular =
        is_regular(&boxes[i], bounds, processes, mesh->num_cores, (int32_t)i);
  free(boxes);
  if (!are_regular) return;
  memcpy(mesh->process_chips, bounds, sizeof(bounds));
  memcpy(mesh->processes, processes, sizeof(processes));
}

PJRT_Error *sim_tpu_mesh_read(const PJRT_TopologyDescription *topology,
                              sim_tpu_mesh *out) {
  SIM_REQUIRE(topology, SIM_TOPOLOGY);
  if (!topology->num_descriptions)
    return sim_error(PJRT_Error_Code_FAILED_PRECONDITION,
                     "the topology has no devices");
  *out = (sim_tpu_mesh){
      .num_devices = (int32_t)topology->num_descriptions,
      .num_cores = (int32_t)topology->mesh.cores_per_chip,
      .num_processes = (int32_t)topology->num_processes,
  };
  out->num_chips = out->num_devices / out->num_cores;
  for (int axis = 0; axis < SIM_TPU_AXES; axis++)
    out->chips[axis] = (int32_t)topology->mesh.dims[axis];
  find_boxes(topology, out);
  return NULL;
}

/* ---- making -------------------------------------------------------------- */

PJRT_Error *sim_tpu_topology_create(const int32_t *process_chips,
                                    const int32_t *processes, int32_t num_cores,
                                    PJRT_TopologyDescription **out) {
  sim_mesh mesh = {.cores_per_chip = num_cores};
  int64_t chips[SIM_TPU_AXES];
  size_t num_processes = 1, num_devices = (size_t)num_cores;
  for (int axis = 0; axis < SIM_TPU_AXES; axis++) {
    chips[axis] = process_chips[axis];
    mesh.dims[axis] = chips[axis] * processes[axis];
    num_processes *= (size_t)processes[axis];
    num_devices *= (size_t)process_chips[axis];
  }
  size_t *sizes = sim_allocate(num_processes * sizeof(*sizes));
  for (size_t i = 0; i < num_processes; i++) sizes[i] = num_devices;
  PJRT_Error *error = sim_topology_create(&mesh, sizes, num_processes, out);
  free(sizes);
  if (error) return error;
  sim_topology_assign_boxes(*out, chips);
  return NULL;
}
