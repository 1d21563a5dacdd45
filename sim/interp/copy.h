/* Copies between boxes of elements, which is what most operations on shapes
 * come down to. */
#ifndef SIM_INTERP_COPY_H_
#define SIM_INTERP_COPY_H_

#include "interp/program.h"

/* One side of a copy: the first element, and how far apart elements are along
 * each dimension, in elements. 0 repeats, negative numbers go backwards. */
typedef struct sim_side {
  char *data;
  int64_t strides[SIM_MAX_RANK];
} sim_side;

/* Both sides as a tensor lies in memory, to be adjusted. */
sim_side sim_side_of(const sim_tensor *tensor);

/* Moves a side's first element by `steps` along dimension `dim`. */
void sim_side_move(sim_side *side, size_t dim, int64_t steps,
                   size_t element_size);

/* Copies a box of dims. */
void sim_copy_box(const int64_t *dims, size_t num_dims, size_t element_size,
                  const sim_side *from, const sim_side *to);

/* A copy whose dimension i is dimension order[i] of the original. */
pjrt_error *sim_rearrange(sim_budget *budget, const sim_tensor *from,
                          const int64_t *order, sim_tensor **out)
    __attribute__((warn_unused_result));

#endif /* SIM_INTERP_COPY_H_ */
