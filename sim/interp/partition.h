/* The edges of a partitioned program. */
#ifndef SIM_INTERP_PARTITION_H_
#define SIM_INTERP_PARTITION_H_

#include "interp/sharding.h"

/* Finds the shardings of the entry's parameters and results. */
pjrt_error *sim_prepare_ports(sim_program *program)
    __attribute__((warn_unused_result));

/* Replace references to parts by such to wholes, and the other way round, for
 * all lanes of an execution. */
pjrt_error *sim_join_arguments(sim_execution *execution, sim_tensor **args)
    __attribute__((warn_unused_result));
pjrt_error *sim_cut_results(sim_execution *execution, sim_tensor **results)
    __attribute__((warn_unused_result));

/* The custom calls Sharding, SPMDFullToShardShape and SPMDShardToFullShape.
 * Preparing one gives the operation a rule of its own. */
bool sim_is_sharding_call(const char *target);
pjrt_error *sim_prepare_sharding_call(sim_prep *prep, const char *target,
                                      const void **out_plan)
    __attribute__((warn_unused_result));

#endif /* SIM_INTERP_PARTITION_H_ */
