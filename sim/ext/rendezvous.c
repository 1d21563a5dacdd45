/* Meetings of the participants of collective operations. */
#include "ext/rendezvous.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/clock.h"

typedef struct meeting {
  struct meeting *next;
  size_t refs;      /* of the lobby, and of its deadline */
  sim_lobby *lobby; /* a reference */
  sim_bytes clique;
  int64_t run_id;
  int64_t op_id;
  PJRT_Collectives_CollectiveOpKind op_kind;
  sim_exchange what;
  bool is_over;
  size_t num_present;
  size_t num_ranks;
  sim_participant participants[]; /* `done` is NULL while one is absent */
} meeting;

typedef struct unblocked {
  struct unblocked *next;
  int64_t run_id;
  int64_t until_us;
} unblocked;

struct sim_lobby {
  size_t refs; /* of users and meetings */
  size_t num_users;
  pthread_mutex_t lock;
  meeting *meetings;
  unblocked *unblocked;
};

/* ---- the lobby ----------------------------------------------------------- */

sim_lobby *sim_lobby_create(void) {
  sim_lobby *lobby = sim_allocate(sizeof(*lobby));
  lobby->refs = lobby->num_users = 1;
  pthread_mutex_init(&lobby->lock, NULL);
  return lobby;
}

sim_lobby *sim_lobby_enter(sim_lobby *lobby) {
  pthread_mutex_lock(&lobby->lock);
  lobby->refs++;
  lobby->num_users++;
  pthread_mutex_unlock(&lobby->lock);
  return lobby;
}

/* With the lock held, which it gives back. */
static void lobby_drop(sim_lobby *lobby) {
  const bool is_last = --lobby->refs == 0;
  pthread_mutex_unlock(&lobby->lock);
  if (!is_last) return;
  while (lobby->unblocked) {
    unblocked *one = lobby->unblocked;
    lobby->unblocked = one->next;
    free(one);
  }
  pthread_mutex_destroy(&lobby->lock);
  free(lobby);
}

/* ---- meetings ------------------------------------------------------------ */

static void participant_free(sim_participant *participant) {
  free(participant->sends);
  free(participant->receives);
}

static void meeting_drop(meeting *m) {
  sim_lobby *lobby = m->lobby;
  pthread_mutex_lock(&lobby->lock);
  if (--m->refs) {
    pthread_mutex_unlock(&lobby->lock);
    return;
  }
  free(m->clique.data);
  free(m);
  lobby_drop(lobby);
}

/* Takes it out of the list, with the lock held. */
static void close_meeting(meeting *m) {
  meeting **at = &m->lobby->meetings;
  while (*at != m) at = &(*at)->next;
  *at = m->next;
  m->is_over = true;
}

/* Tells all who came, and drops the lobby's reference. Without the lock. */
static void end_meeting(meeting *m, PJRT_Error_Code code, const char *message) {
  for (size_t i = 0; i < m->num_ranks; i++) {
    sim_participant *participant = &m->participants[i];
    if (!participant->done) continue;
    sim_future_complete(participant->done, code, message, strlen(message));
    sim_future_drop(participant->done);
    participant_free(participant);
  }
  meeting_drop(m);
}

/* Closes the meetings of a run, or all, and gives back their list. With the
 * lock held. */
static meeting *close_meetings(sim_lobby *lobby, const int64_t *run_id) {
  meeting *closed = NULL;
  for (meeting *m = lobby->meetings, *next; m; m = next) {
    next = m->next;
    if (run_id && m->run_id != *run_id) continue;
    close_meeting(m);
    m->next = closed;
    closed = m;
  }
  return closed;
}

static void end_meetings(meeting *closed, PJRT_Error_Code code,
                         const char *message) {
  while (closed) {
    meeting *next = closed->next;
    end_meeting(closed, code, message);
    closed = next;
  }
}

void sim_lobby_leave(sim_lobby *lobby) {
  if (!lobby) return;
  pthread_mutex_lock(&lobby->lock);
  const bool is_last = --lobby->num_users == 0;
  meeting *closed = is_last ? close_meetings(lobby, NULL) : NULL;
  pthread_mutex_unlock(&lobby->lock);
  end_meetings(closed, PJRT_Error_Code_CANCELLED,
               "the communicators are destroyed");
  pthread_mutex_lock(&lobby->lock);
  lobby_drop(lobby);
}

/* ---- unblocking ---------------------------------------------------------- */

static bool is_unblocked(const sim_lobby *lobby, int64_t run_id) {
  for (const unblocked *one = lobby->unblocked; one; one = one->next)
    if (one->run_id == run_id && sim_clock_now() < one->until_us) return true;
  return false;
}

void sim_lobby_unblock(sim_lobby *lobby, int64_t run_id,
                       int64_t expire_after_ms) {
  const int64_t ms =
      expire_after_ms < INT64_MAX / 1000 ? expire_after_ms : INT64_MAX / 1000;
  unblocked *one = sim_allocate(sizeof(*one));
  one->run_id = run_id;
  one->until_us = sim_time_after(sim_clock_now(), ms * 1000);
  pthread_mutex_lock(&lobby->lock);
  one->next = lobby->unblocked;
  lobby->unblocked = one;
  meeting *closed = close_meetings(lobby, &run_id);
  pthread_mutex_unlock(&lobby->lock);
  end_meetings(closed, PJRT_Error_Code_ABORTED, "its run was unblocked");
}

/* ---- waiting for those who are late -------------------------------------- */

/* Ends the meeting at its deadline, unless it is over before. */
static void expire(void *arg) {
  meeting *m = arg;
  char message[64];
  pthread_mutex_lock(&m->lobby->lock);
  const bool is_late = !m->is_over;
  if (is_late) close_meeting(m);
  pthread_mutex_unlock(&m->lobby->lock);
  if (is_late) {
    snprintf(message, sizeof(message), "%zu of %zu ranks came in time",
             m->num_present, m->num_ranks);
    end_meeting(m, PJRT_Error_Code_DEADLINE_EXCEEDED, message);
  }
  meeting_drop(m);
}

static void expire_after(meeting *m, int64_t timeout_ns) {
  m->refs++;
  sim_clock_at(sim_time_after(sim_clock_now(), timeout_ns / 1000 + 1), expire,
               m);
}

/* ---- meeting ------------------------------------------------------------- */

static meeting *find(const sim_lobby *lobby, const sim_meeting_key *key) {
  meeting *m = lobby->meetings;
  while (m &&
         (m->run_id != key->run_id || m->op_id != key->op_id ||
          m->op_kind != key->op_kind || m->clique.size != key->clique->size ||
          memcmp(m->clique.data, key->clique->data, m->clique.size) != 0))
    m = m->next;
  return m;
}

static meeting *open_meeting(sim_lobby *lobby, const sim_meeting_key *key,
                             const sim_exchange *what, size_t num_ranks) {
  meeting *m = sim_allocate(sizeof(*m) + num_ranks * sizeof(sim_participant));
  m->refs = 1;
  m->lobby = lobby;
  lobby->refs++;
  sim_bytes_append(&m->clique, key->clique->data, key->clique->size);
  m->run_id = key->run_id;
  m->op_id = key->op_id;
  m->op_kind = key->op_kind;
  m->what = *what;
  m->num_ranks = num_ranks;
  m->next = lobby->meetings;
  lobby->meetings = m;
  return m;
}

static PJRT_Error *check_fit(const meeting *m, const sim_exchange *what,
                             size_t rank) {
  char mine[80], theirs[80];
  if (m->participants[rank].done)
    return sim_error(
        PJRT_Error_Code_ALREADY_EXISTS,
        "rank %zu takes part in operation %lld of run %lld already", rank,
        (long long)m->op_id, (long long)m->run_id);
  if (sim_exchange_equal(&m->what, what)) return NULL;
  sim_exchange_describe(what, mine, sizeof(mine));
  sim_exchange_describe(&m->what, theirs, sizeof(theirs));
  return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                   "rank %zu calls %s, the others call %s", rank, mine, theirs);
}

/* With the lock held. */
static PJRT_Error *join(sim_lobby *lobby, const sim_meeting_key *key,
                        const sim_exchange *what, size_t num_ranks, size_t rank,
                        int64_t timeout_ns, meeting **out) {
  if (is_unblocked(lobby, key->run_id))
    return sim_error(PJRT_Error_Code_ABORTED, "run %lld was unblocked",
                     (long long)key->run_id);
  meeting *m = find(lobby, key);
  if (m) {
    SIM_TRY(check_fit(m, what, rank));
  } else {
    m = open_meeting(lobby, key, what, num_ranks);
    if (timeout_ns > 0 && num_ranks > 1) expire_after(m, timeout_ns);
  }
  *out = m;
  return NULL;
}

PJRT_Error *sim_meet(sim_lobby *lobby, const sim_meeting_key *key,
                     const sim_exchange *what, size_t num_ranks, size_t rank,
                     sim_participant participant, int64_t timeout_ns,
                     PJRT_Event **out_event) {
  meeting *m = NULL;
  bool is_complete = false;
  pthread_mutex_lock(&lobby->lock);
  PJRT_Error *error = join(lobby, key, what, num_ranks, rank, timeout_ns, &m);
  if (!error) {
    participant.done = sim_future_pending();
    *out_event = sim_event(sim_future_share(participant.done));
    m->participants[rank] = participant;
    is_complete = ++m->num_present == num_ranks;
    if (is_complete) close_meeting(m);
  }
  pthread_mutex_unlock(&lobby->lock);
  if (error) participant_free(&participant);
  if (!is_complete) return error;
  sim_exchange_run(what, m->participants, num_ranks);
  end_meeting(m, PJRT_Error_Code_OK, "");
  return NULL;
}
