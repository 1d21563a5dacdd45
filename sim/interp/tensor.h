/* Values of a running program: dense arrays in host form, tokens and tuples.
 *
 * A tensor is counted, so that values are shared instead of copied; whoever
 * holds the only reference may write it. Counting is atomic, since arguments
 * and constants are shared by executions on several threads; everything else
 * belongs to one thread. */
#ifndef SIM_INTERP_TENSOR_H_
#define SIM_INTERP_TENSOR_H_

#include <stdatomic.h>

#include "core/dtype.h"
#include "pjrt/error.h"

/* What a value is: an array (dtype and dims), a token (PJRT_TOKEN), or a tuple
 * (PJRT_DTYPE_INVALID, with the types of its parts). */
typedef struct sim_type {
  pjrt_dtype dtype;
  size_t num_dims; /* of an array; of a tuple the number of parts */
  const int64_t *dims;
  const struct sim_type *parts;
  size_t num_elements; /* 0 for tokens and tuples */
  /* Bit i: dimension i of an array is dynamic. Its `dims` is a bound, for which
   * there is room, and how much of it there is shows in each value. */
  uint32_t dynamic_dims;
} sim_type;

bool sim_type_equal(const sim_type *a, const sim_type *b);

/* How much memory the values of one execution may take together. */
typedef struct sim_budget {
  size_t limit;
  size_t used;
} sim_budget;

typedef struct sim_tensor {
  sim_type type;
  size_t element_size;
  void *data;                /* aligned to PJRT_HOST_ALIGNMENT */
  int64_t *sizes;            /* that are present; NULL unless dynamic */
  struct sim_tensor **parts; /* of a tuple, each a counted reference */
  atomic_size_t references;
  sim_budget *budget; /* what `size` was taken from; NULL: nothing */
  size_t size;
} sim_tensor;

/* A tensor of `type`, of which it keeps a copy, not cleared; the sizes of one
 * with dynamic dimensions are the bounds. With a budget,
 * RESOURCE_EXHAUSTED when its size exceeds what is left. `parts` of a tuple
 * are given separately, see below. */
pjrt_error *sim_tensor_create(sim_budget *budget, const sim_type *type,
                              sim_tensor **out)
    __attribute__((warn_unused_result));

/* A tuple of values, each of which gains a reference. */
pjrt_error *sim_tensor_create_tuple(const sim_type *type,
                                    sim_tensor *const *parts, sim_tensor **out)
    __attribute__((warn_unused_result));

/* How much there is of a dimension. */
int64_t sim_tensor_size(const sim_tensor *tensor, size_t dim);

sim_tensor *sim_tensor_retain(sim_tensor *tensor);
void sim_tensor_release(sim_tensor *tensor); /* NULL is a no-op */

/* Gives the memory of a value back to its budget, which it then may outlive. */
void sim_tensor_leave_budget(sim_tensor *tensor);

/* The element of a scalar, or the first one, as an index. Values that do not
 * fit int64 become the nearest that do. */
int64_t sim_tensor_index(const sim_tensor *tensor);

/* Elements are computed on in three forms, a chunk at a time: floats as
 * double, complex numbers as pairs of double, and everything else as the 64
 * bits of the number, sign- or zero-extended. Storing rounds once, or keeps
 * the low bits. */
enum { SIM_CHUNK = 256 };

typedef double _Complex sim_complex;

void sim_load_reals(const sim_tensor *from, size_t first, size_t num,
                    double *out);
void sim_store_reals(sim_tensor *to, size_t first, size_t num,
                     const double *values);
void sim_load_complex(const sim_tensor *from, size_t first, size_t num,
                      sim_complex *out);
void sim_store_complex(sim_tensor *to, size_t first, size_t num,
                       const sim_complex *values);
void sim_load_bits(const sim_tensor *from, size_t first, size_t num,
                   uint64_t *out);
void sim_store_bits(sim_tensor *to, size_t first, size_t num,
                    const uint64_t *values);

#endif /* SIM_INTERP_TENSOR_H_ */
