/* The functions of TpuTopology that are not in tpu_topology.c. */
#ifndef PJRT_SIM_EXT_TPU_TOPOLOGY_H_
#define PJRT_SIM_EXT_TPU_TOPOLOGY_H_

#include "ext/tpu_mesh.h"

#define SIM_TPU_FUNCTION(name) \
  PJRT_Error *sim_tpu_##name(PJRT_TpuTopology_##name##_Args *args)

SIM_TPU_FUNCTION(Subslice);
SIM_TPU_FUNCTION(IsSubsliceTopology);
SIM_TPU_FUNCTION(SubsliceDeviceIdFromFullDeviceId);
SIM_TPU_FUNCTION(ReplaceHostBounds);
SIM_TPU_FUNCTION(GetSliceConfig);
SIM_TPU_FUNCTION(GetSliceConfigs);
SIM_TPU_FUNCTION(GetDefaultPlatformConfig);

/* Counts and checks a call, and reads the mesh of args->topology. */
#define SIM_TPU_ENTER(args, name, mesh)                      \
  SIM_EXT_ENTER((args), PJRT_TpuTopology_##name##_Args,      \
                PJRT_TpuTopology_##name##_Args_STRUCT_SIZE); \
  SIM_TRY(sim_tpu_mesh_read((args)->topology, (mesh)))

/* Reads coordinates or bounds of up to three axes; axes that are not given are
 * `otherwise`. */
PJRT_Error *sim_tpu_read_axes(const char *what, const int32_t *values,
                              size_t num, int32_t otherwise, int32_t *out);
PJRT_Error *sim_tpu_check_device(const sim_tpu_mesh *mesh, int32_t device_id);

#endif /* PJRT_SIM_EXT_TPU_TOPOLOGY_H_ */
