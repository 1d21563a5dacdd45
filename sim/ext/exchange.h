/* What collective operations do with the data of their participants. */
#ifndef PJRT_SIM_EXT_EXCHANGE_H_
#define PJRT_SIM_EXT_EXCHANGE_H_

#include "ext/ext.h"

typedef enum sim_exchange_kind {
  SIM_ALL_REDUCE,
  SIM_REDUCE_SCATTER,
  SIM_ALL_GATHER,
  SIM_COLLECTIVE_PERMUTE,
  SIM_ALL_TO_ALL
} sim_exchange_kind;

/* What all participants have to agree on. Data is sent and received in chunks
 * of `count` elements, in host form. */
typedef struct sim_exchange {
  sim_exchange_kind kind;
  PJRT_Buffer_Type type;
  size_t count;
  PJRT_Collectives_ReductionKind reduction; /* of the two that reduce */
} sim_exchange;

#define SIM_NO_RANK SIZE_MAX

/* What one rank brings. Chunks it sends may lie where it receives. */
typedef struct sim_participant {
  const unsigned char **sends; /* sim_exchange_num_sends */
  unsigned char **receives;    /* sim_exchange_num_receives */
  size_t source; /* of a permute; SIM_NO_RANK: zeroes are received */
  sim_future *done;
} sim_participant;

/* Whether there is such an exchange of such elements. */
PJRT_Error *sim_exchange_check(const sim_exchange *what);

bool sim_exchange_equal(const sim_exchange *a, const sim_exchange *b);

/* Such as "all_reduce of 4 f32 by sum". */
void sim_exchange_describe(const sim_exchange *what, char *out, size_t size);

size_t sim_exchange_num_sends(const sim_exchange *what, size_t num_ranks);
size_t sim_exchange_num_receives(const sim_exchange *what, size_t num_ranks);
size_t sim_exchange_element_size(const sim_exchange *what);

/* Moves the data of all participants, who stand in the order of ranks. */
void sim_exchange_run(const sim_exchange *what,
                      const sim_participant *participants, size_t num_ranks);

#endif /* PJRT_SIM_EXT_EXCHANGE_H_ */
