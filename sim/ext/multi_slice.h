/* Making the configurations of the MultiSlice extension. */
#ifndef PJRT_SIM_EXT_MULTI_SLICE_H_
#define PJRT_SIM_EXT_MULTI_SLICE_H_

#include "ext/ext.h"
#include "ext/tpu_mesh.h"

/* The slices all look like the mesh. The caller is on host `host_id` of slice
 * `slice_id`. */
PJRT_MultiSlice_Config *sim_multi_slice_create(const sim_tpu_mesh *mesh,
                                               int32_t num_slices,
                                               int32_t slice_id,
                                               int32_t host_id);

/* Megascale had these functions before there was the extension. */
extern const PJRT_MultiSlice_Extension sim_multi_slice_node;
enum { SIM_MINOR_WITH_MULTI_SLICE = 98 };

#endif /* PJRT_SIM_EXT_MULTI_SLICE_H_ */
