/* How an array is spread over the partitions of a program.
 *
 * Nothing is partitioned here. Where a program speaks of whole arrays, every
 * device computes with them whole; arguments and results, and what enters and
 * leaves regions that are written for one device, are put together and cut. */
#ifndef SIM_INTERP_SHARDING_H_
#define SIM_INTERP_SHARDING_H_

#include "interp/program.h"

struct sim_sharding {
  size_t num_dims;
  int64_t tiles[SIM_MAX_RANK]; /* how many parts each dimension has */
  const size_t *tile_of; /* of each partition, counted row-major */
};

/* The mhlo.sharding or sdy.sharding of a dictionary, for an array of this
 * type; NULL when there is none, or it leaves the array whole. */
pjrt_error *sim_sharding_find(sim_program *program,
                              const pjrt_mlir_dict *attributes,
                              const sim_type *type, const sim_sharding **out)
    __attribute__((warn_unused_result));

/* One of the shardings in a list such as [<@mesh, [{"x"}]>, ...]; moves *text
 * past it. */
pjrt_error *sim_sharding_next(sim_program *program, const char **text,
                              const sim_type *type, const sim_sharding **out)
    __attribute__((warn_unused_result));

/* The type of one part; of `whole` itself without a sharding. */
pjrt_error *sim_sharding_part(sim_program *program, const sim_type *whole,
                              const sim_sharding *sharding, sim_type *out)
    __attribute__((warn_unused_result));

/* The part of a partition. Without a sharding, another reference. */
pjrt_error *sim_sharding_cut(sim_budget *budget, sim_tensor *whole,
                             const sim_sharding *sharding, const sim_type *part,
                             size_t partition, sim_tensor **out)
    __attribute__((warn_unused_result));

/* The whole of the parts of all partitions. */
pjrt_error *sim_sharding_join(sim_budget *budget, sim_tensor *const *parts,
                              const sim_sharding *sharding,
                              const sim_type *whole, size_t num_partitions,
                              sim_tensor **out)
    __attribute__((warn_unused_result));

#endif /* SIM_INTERP_SHARDING_H_ */
