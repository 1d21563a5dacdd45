/* Regions that combine two values into one: those of reduce, all_reduce and
 * their like. */
#ifndef SIM_INTERP_COMBINE_H_
#define SIM_INTERP_COMBINE_H_

#include "interp/program.h"

/* Checks that region 0 takes `num` scalars twice and returns as many, of these
 * element types. */
pjrt_error *sim_expect_combiner(const sim_prep *prep,
                                const sim_type *const *types, size_t num)
    __attribute__((warn_unused_result));

/* For `num` elements of each of the arrays, applies the region to those of the
 * accumulators from `into_first` on and those of `from` from `from_first` on,
 * and stores what it returns in the accumulators. The region runs on `lane`. */
typedef struct sim_combination {
  sim_frame *frame;
  const sim_op *op;
  size_t lane;
  size_t num_arrays;
  sim_tensor *const *into;
  size_t into_first;
  sim_tensor *const *from;
  size_t from_first;
  size_t num;
} sim_combination;
pjrt_error *sim_combine(const sim_combination *what)
    __attribute__((warn_unused_result));

#endif /* SIM_INTERP_COMBINE_H_ */
