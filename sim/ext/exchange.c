/* The data movement of collective operations. */
#include "ext/exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "interp/scalar.h"

/* How many chunks a rank sends and receives: one, or one per rank. */
static const struct {
  const char *name;
  bool sends_to_each;
  bool receives_from_each;
  bool reduces;
} kinds[] = {
    [SIM_ALL_REDUCE] = {"all_reduce", false, false, true},
    [SIM_REDUCE_SCATTER] = {"reduce_scatter", true, false, true},
    [SIM_ALL_GATHER] = {"all_gather", false, true, false},
    [SIM_COLLECTIVE_PERMUTE] = {"collective_permute", false, false, false},
    [SIM_ALL_TO_ALL] = {"all_to_all", true, true, false},
};

static const struct {
  const char *name;
  pjrt_mlir_op_id op;
} reductions[] = {
    [PJRT_COLLECTIVES_REDUCTION_SUM] = {"sum", PJRT_MLIR_ADD},
    [PJRT_COLLECTIVES_REDUCTION_PRODUCT] = {"product", PJRT_MLIR_MULTIPLY},
    [PJRT_COLLECTIVES_REDUCTION_MIN] = {"min", PJRT_MLIR_MINIMUM},
    [PJRT_COLLECTIVES_REDUCTION_MAX] = {"max", PJRT_MLIR_MAXIMUM},
};

static const sim_binary *reduction_of(const sim_exchange *what) {
  return sim_binary_of(reductions[what->reduction].op);
}

PJRT_Error *sim_exchange_check(const sim_exchange *what) {
  const size_t reduction = (size_t)what->reduction;
  if (sim_type_bits(what->type) == 0)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "there is no element type %d", (int)what->type);
  if (!kinds[what->kind].reduces) return NULL;
  if (reduction >= sizeof(reductions) / sizeof(*reductions))
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "there is no reduction %d", (int)what->reduction);
  if (!sim_binary_takes(reduction_of(what), (pjrt_dtype)what->type))
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "%s is not defined on %s", reductions[reduction].name,
                     pjrt_dtype_name((pjrt_dtype)what->type));
  return NULL;
}

bool sim_exchange_equal(const sim_exchange *a, const sim_exchange *b) {
  return a->kind == b->kind && a->type == b->type && a->count == b->count &&
         a->reduction == b->reduction;
}

void sim_exchange_describe(const sim_exchange *what, char *out, size_t size) {
  const bool reduces = kinds[what->kind].reduces;
  snprintf(out, size, "%s of %zu %s%s%s", kinds[what->kind].name, what->count,
           pjrt_dtype_name((pjrt_dtype)what->type), reduces ? " by " : "",
           reduces ? reductions[what->reduction].name : "");
}

size_t sim_exchange_num_sends(const sim_exchange *what, size_t num_ranks) {
  return kinds[what->kind].sends_to_each ? num_ranks : 1;
}

size_t sim_exchange_num_receives(const sim_exchange *what, size_t num_ranks) {
  return kinds[what->kind].receives_from_each ? num_ranks : 1;
}

size_t sim_exchange_element_size(const sim_exchange *what) {
  return sim_host_size(&(sim_shape){.type = what->type});
}

/* Reduces what all ranks sent into what the first one did. */
static void reduce(const sim_exchange *what, unsigned char *sent,
                   size_t num_elements, size_t num_ranks) {
  const size_t element_size = sim_exchange_element_size(what);
  const int64_t dim = (int64_t)num_elements;
  const sim_type type = {.dtype = (pjrt_dtype)what->type,
                         .num_dims = 1,
                         .dims = &dim,
                         .num_elements = num_elements};
  sim_tensor into = {.type = type, .element_size = element_size, .data = sent};
  for (size_t rank = 1; rank < num_ranks; rank++) {
    const sim_tensor from = {.type = type,
                             .element_size = element_size,
                             .data = sent + rank * num_elements * element_size};
    sim_apply_binary(reduction_of(what), (sim_span){&into, 0, false},
                     (sim_span){&from, 0, false}, &into, 0, num_elements);
  }
}

/* Which rank's chunk, of those it sent, arrives as chunk `i` of `rank`. */
typedef struct origin {
  size_t rank; /* SIM_NO_RANK: none */
  size_t chunk;
} origin;

static origin origin_of(const sim_exchange *what, const sim_participant *to,
                        size_t rank, size_t i) {
  switch (what->kind) {
    case SIM_ALL_REDUCE:
      return (origin){0, 0};
    case SIM_REDUCE_SCATTER:
      return (origin){0, rank};
    case SIM_ALL_GATHER:
      return (origin){i, 0};
    case SIM_COLLECTIVE_PERMUTE:
      return (origin){to->source, 0};
    case SIM_ALL_TO_ALL:
      return (origin){i, rank};
  }
  return (origin){SIM_NO_RANK, 0};
}

void sim_exchange_run(const sim_exchange *what,
                      const sim_participant *participants, size_t num_ranks) {
  const size_t num_sends = sim_exchange_num_sends(what, num_ranks);
  const size_t num_receives = sim_exchange_num_receives(what, num_ranks);
  const size_t size = what->count * sim_exchange_element_size(what);
  unsigned char *sent = sim_allocate(num_ranks * num_sends * size);
  for (size_t rank = 0; rank < num_ranks; rank++)
    for (size_t i = 0; size && i < num_sends; i++)
      memcpy(sent + (rank * num_sends + i) * size, participants[rank].sends[i],
             size);
  if (kinds[what->kind].reduces)
    reduce(what, sent, num_sends * what->count, num_ranks);
  for (size_t rank = 0; rank < num_ranks; rank++) {
    const sim_participant *to = &participants[rank];
    for (size_t i = 0; size && i < num_receives; i++) {
      const origin from = origin_of(what, to, rank, i);
      if (from.rank == SIM_NO_RANK)
        memset(to->receives[i], 0, size);
      else
        memcpy(to->receives[i],
               sent + (from.rank * num_sends + from.chunk) * size, size);
    }
  }
  free(sent);
}
