/* How the devices of a topology stand in the mesh of their chips, in the
 * numbers of the TPU extensions. */
#ifndef PJRT_SIM_EXT_TPU_MESH_H_
#define PJRT_SIM_EXT_TPU_MESH_H_

#include "ext/ext.h"

enum { SIM_TPU_AXES = 3 };

/* A device is a core of a chip. */
typedef struct sim_tpu_place {
  int32_t process;
  int32_t chip[SIM_TPU_AXES];
  int32_t core;
} sim_tpu_place;

typedef struct sim_tpu_mesh {
  int32_t num_devices;
  int32_t num_chips;
  int32_t num_cores; /* of each chip */
  int32_t num_processes;
  int32_t chips[SIM_TPU_AXES]; /* bounds of the mesh */
  /* Bounds of the box of chips that each process has, and of the processes;
   * zeroes when they have no such boxes. */
  int32_t process_chips[SIM_TPU_AXES];
  int32_t processes[SIM_TPU_AXES];
} sim_tpu_mesh;

/* Refuses topologies without devices. */
PJRT_Error *sim_tpu_mesh_read(const PJRT_TopologyDescription *topology,
                              sim_tpu_mesh *out);
sim_tpu_place sim_tpu_place_of(const PJRT_TopologyDescription *topology,
                               int32_t device_id);

/* The number of a chip in the box of these bounds, axis 0 running fastest; and
 * back. */
int32_t sim_tpu_number(const int32_t *at, const int32_t *bounds);
void sim_tpu_coords(int32_t number, const int32_t *bounds, int32_t *out);

/* A topology of such processes, each with such a box of chips. */
PJRT_Error *sim_tpu_topology_create(const int32_t *process_chips,
                                    const int32_t *processes, int32_t num_cores,
                                    PJRT_TopologyDescription **out);

#endif /* PJRT_SIM_EXT_TPU_MESH_H_ */
