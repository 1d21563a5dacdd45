/* Which devices a collective operation brings together. */
#ifndef SIM_INTERP_GROUPS_H_
#define SIM_INTERP_GROUPS_H_

#include "interp/program.h"

typedef struct sim_groups {
  const size_t *devices; /* group after group */
  size_t num_groups;
  size_t group_size;
} sim_groups;

/* Reads replica_groups, channel_handle and use_global_device_ids: every device
 * must be in exactly one group, and groups must be of equal size. Without
 * groups all replicas (or with a channel all partitions, where
 * `channel_is_partition` says that the operation means them) are one. */
pjrt_error *sim_read_groups(const sim_prep *prep, bool channel_is_partition,
                            sim_groups *out)
    __attribute__((warn_unused_result));

/* The devices of source_target_pairs: of each device the one that sends to
 * it, SIM_NO_DEVICE for none. */
#define SIM_NO_DEVICE SIZE_MAX
pjrt_error *sim_read_pairs(const sim_prep *prep, const size_t **out_sources)
    __attribute__((warn_unused_result));

#endif /* SIM_INTERP_GROUPS_H_ */
