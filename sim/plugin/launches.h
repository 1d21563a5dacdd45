/* What is under way on a client's devices: executions, which can be poisoned,
 * and transfers. */
#ifndef PJRT_SIM_LAUNCHES_H_
#define PJRT_SIM_LAUNCHES_H_

#include <limits.h>

#include "plugin/internal.h"

/* Counted, for an execution may outlive its client. */
typedef struct sim_launches sim_launches;

sim_launches *sim_launches_create(void);
sim_launches *sim_launches_share(sim_launches *launches);
void sim_launches_drop(sim_launches *launches);

/* Knows the execution, or transfer, until `end` is done. */
enum { SIM_NO_LAUNCH = INT_MIN };
void sim_launches_add(sim_launches *launches, int launch_id,
                      PJRT_Device *const *devices, size_t num_devices,
                      sim_future *end);

/* What is under way on the device, to be dropped; NULL: nothing is. */
sim_future *sim_launches_find(sim_launches *launches,
                              const PJRT_Device *device);

#endif /* PJRT_SIM_LAUNCHES_H_ */
