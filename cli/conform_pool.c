#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "chatter.h"
#include "conform.h"
#include "process.h"
#include "worker.h"

/* The place of a worker process, and of those that follow it when it dies. */
struct slot {
  pid_t pid; /* 0: there is none */
  struct board *board;
  struct test_worker worker;
  bool is_off; /* no worker starts here any more */
};

struct pool {
  const struct cli *cli;
  struct ledger *ledger;
  size_t num_programs;
  struct slot *slots;
  size_t num_slots;
  sigset_t signals;
  bool has_begun; /* the first worker got its client */
  status code;    /* why workers could not start */
};

static bool has_work(const struct pool *pool) {
  return atomic_load(&pool->ledger->next) < pool->num_programs;
}

/* ---- starting ------------------------------------------------------------ */

static void slot_clear(struct slot *slot) {
  if (slot->board) board_free(slot->board);
  if (slot->worker.chatter >= 0) close(slot->worker.chatter);
  slot->board = NULL;
  slot->worker.chatter = -1;
}

static void slot_start(struct pool *pool, struct slot *slot) {
  slot_clear(slot);
  atomic_store(&slot->worker.state->has_begun, false);
  slot->board = board_create();
  if (!pool->cli->verbose) slot->worker.chatter = chatter_create();
  slot->worker.is_silent = pool->has_begun;
  slot->pid = -1;
  if (slot->board) {
    slot->pid = worker_start(pool->cli, slot->board, slot->worker.chatter,
                             &pool->signals, test_work, &slot->worker);
  }
  if (slot->pid > 0) return;
  slot->pid = 0;
  slot->is_off = true;
  pool->code = fail_system(pool->cli, "fork");
}

/* The first worker shows whether the plugin has a client for anybody. The
 * others follow; where a device is for one process alone, in vain. */
static void start_workers(struct pool *pool) {
  const size_t num = pool->has_begun ? pool->num_slots : 1;
  for (size_t i = 0; i < num && has_work(pool); i++) {
    struct slot *slot = &pool->slots[i];
    if (!slot->pid && !slot->is_off) slot_start(pool, slot);
  }
}

/* ---- ending -------------------------------------------------------------- */

/* A program that its worker did not survive. */
static void note_death(struct pool *pool, struct slot *slot, size_t program,
                       const outcome *out) {
  struct test_result result = {.verdict = out->code == STATUS_TIMEOUT
                                              ? VERDICT_TIMED_OUT
                                              : VERDICT_CRASHED};
  char said[200];
  chatter_cause(slot->worker.chatter, said, sizeof said);
  snprintf(result.cause, sizeof result.cause, "%s%s%s", out->death,
           *said ? "; it said: " : "", said);
  result.time_ns = now_ns() - slot->board->since_ns;
  pool->ledger->results[program] = result;
  atomic_store(&slot->worker.state->present, 0);
}

/* A worker that never had a client, or that died without a program's doing:
 * others would fare no better. */
static void note_end(struct pool *pool, struct slot *slot, const outcome *out) {
  const struct cli *cli = pool->cli;
  const bool had_begun = atomic_load(&slot->worker.state->has_begun);
  slot->is_off = true;
  pool->code = out->code;
  progress_erase(cli);
  if (out->death[0]) {
    fail(cli, out->code, "%s%s", had_begun ? "warning: " : "", out->death);
  }
  if (had_begun) return;
  if (pool->has_begun) {
    fail(cli, out->code, "warning: one worker less, which has no client");
  }
  chatter_show(slot->worker.chatter, cli->err);
}

static void settle(struct pool *pool, struct slot *slot, const outcome *out) {
  const size_t present = atomic_load(&slot->worker.state->present);
  slot->pid = 0;
  if (present) {
    note_death(pool, slot, present - 1, out);
  } else if (out->code != STATUS_OK) {
    note_end(pool, slot, out);
  }
}

/* Sees whether a worker ended, or is to be ended. */
static void tend(struct pool *pool, struct slot *slot) {
  outcome out = {0};
  int wait_status;
  if (atomic_load(&slot->worker.state->has_begun)) pool->has_begun = true;
  if (waitpid(slot->pid, &wait_status, WNOHANG) > 0) {
    out = worker_outcome(pool->cli, slot->board, wait_status);
    settle(pool, slot, &out);
    return;
  }
  board_lock(slot->board);
  const bool overdue = worker_is_overdue(pool->cli, slot->board, &out);
  board_unlock(slot->board);
  if (!overdue) return;
  kill(slot->pid, SIGKILL);
  process_wait(slot->pid);
  settle(pool, slot, &out);
}

static size_t tend_workers(struct pool *pool) {
  size_t num = 0;
  for (size_t i = 0; i < pool->num_slots; i++) {
    if (pool->slots[i].pid) tend(pool, &pool->slots[i]);
    num += pool->slots[i].pid != 0;
  }
  return num;
}

/* ---- all of it ----------------------------------------------------------- */

static bool can_start(const struct pool *pool) {
  if (!pool->has_begun || !has_work(pool)) return false;
  for (size_t i = 0; i < pool->num_slots; i++) {
    if (!pool->slots[i].pid && !pool->slots[i].is_off) return true;
  }
  return false;
}

static void run_workers(struct pool *pool) {
  worker_signals_block(&pool->signals);
  do {
    start_workers(pool);
    progress_draw(pool->cli, pool->ledger, pool->num_programs);
    worker_signals_await();
  } while (tend_workers(pool) || can_start(pool));
  progress_erase(pool->cli);
  worker_signals_restore(&pool->signals);
}

status pool_run(const struct cli *cli, const conform_options *options,
                const struct test_programs *programs, size_t num_jobs,
                struct ledger *ledger) {
  struct pool pool = {.cli = cli,
                      .ledger = ledger,
                      .num_programs = programs->num,
                      .num_slots = num_jobs};
  pool.slots = calloc(num_jobs, sizeof *pool.slots);
  if (!pool.slots) return fail_system(cli, "calloc");
  for (size_t i = 0; i < num_jobs; i++) {
    pool.slots[i].worker = (struct test_worker){.options = options,
                                                .programs = programs,
                                                .ledger = ledger,
                                                .state = &ledger->workers[i],
                                                .chatter = -1};
  }
  run_workers(&pool);
  for (size_t i = 0; i < num_jobs; i++) slot_clear(&pool.slots[i]);
  free(pool.slots);
  return has_work(&pool) ? pool.code : STATUS_OK;
}
