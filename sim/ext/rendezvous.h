/* Where the participants of collective operations meet. */
#ifndef PJRT_SIM_EXT_RENDEZVOUS_H_
#define PJRT_SIM_EXT_RENDEZVOUS_H_

#include "ext/exchange.h"

/* Counted by its users: contexts, collectives and communicators. */
typedef struct sim_lobby sim_lobby;

sim_lobby *sim_lobby_create(void);
sim_lobby *sim_lobby_enter(sim_lobby *lobby);
/* The last one to leave cancels what is still pending. NULL is a no-op. */
void sim_lobby_leave(sim_lobby *lobby);

/* Aborts what is pending of a run, and for so long whatever else comes. */
void sim_lobby_unblock(sim_lobby *lobby, int64_t run_id,
                       int64_t expire_after_ms);

/* Those who call with the same key meet. */
typedef struct sim_meeting_key {
  const sim_bytes *clique;
  int64_t run_id;
  int64_t op_id;
  PJRT_Collectives_CollectiveOpKind op_kind;
} sim_meeting_key;

/* Takes over the chunk lists of the participant, also when it fails. The last
 * of `num_ranks` to come moves the data; the events of all complete then, or
 * with an error when not all have come within `timeout_ns` of the first
 * (without limit when it is not positive). */
PJRT_Error *sim_meet(sim_lobby *lobby, const sim_meeting_key *key,
                     const sim_exchange *what, size_t num_ranks, size_t rank,
                     sim_participant participant, int64_t timeout_ns,
                     PJRT_Event **out_event);

#endif /* PJRT_SIM_EXT_RENDEZVOUS_H_ */
