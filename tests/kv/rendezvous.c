#include "rendezvous.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job.h"

/* ---- all are there ------------------------------------------------------- */

/* It was told by its launcher who it is. */
static void check_launch(const child *p, int id, int num,
                         const char *launcher) {
  char expected[64];
  snprintf(expected, sizeof expected, "process %d of %d, started by %s,", id,
           num, launcher);
  if (!strstr(p->text, expected)) {
    fail_msg("expected '%s', got: %s", expected, p->text);
  }
}

void check_all_meet(const char *address, const char *launcher) {
  for (int num = 2; num <= MAX_PROCESSES; num++) {
    char name[16];
    running_job r = {0};
    snprintf(name, sizeof name, "meet-%d", num);
    job_start(&r, &(job){.address = address,
                         .name = name,
                         .num_processes = num,
                         .deadline_ms = LONG_MS,
                         .victim = -1});
    job_wait(&r);
    for (int i = 0; i < num; i++) {
      if (r.processes[i].status != JOB_DONE) {
        fail_msg("process %d of %d: %s\n%s", i, num, r.processes[i].text,
                 r.mpirun.text);
      }
      check_launch(&r.processes[i], i, num, launcher);
    }
  }
}

/* ---- one is killed ------------------------------------------------------- */

enum { NUM_PROCESSES = 3, DEADLINE_MS = 1000, AT_ONCE = 6, MAX_STEPS = 60 };

/* In each of the two phases a process waits no longer than its deadline; the
 * rest is what a busy machine may take for everything else. */
enum { LATEST_MS = 2 * DEADLINE_MS + 20000 };

static void check_survivor(const running_job *r, int id) {
  const child *p = &r->processes[id];
  const char *killed = r->processes[r->what.victim].text;
  const char *after = strstr(p->text, "after ");
  if (p->was_killed || !after ||
      (p->status != JOB_DONE && p->status != JOB_FAILED)) {
    fail_msg("process %d did not end by itself when %d was %s: %s", id,
             r->what.victim, killed, p->text);
  }
  if (strtol(after + 6, NULL, 10) > LATEST_MS) {
    fail_msg("process %d ended late: %s", id, p->text);
  }
  if (p->status == JOB_FAILED &&
      !(strstr(p->text, "DEADLINE_EXCEEDED: ") &&
        strstr(p->text, "cannot get key '") && strstr(p->text, "no value"))) {
    fail_msg("process %d says nothing clear: %s", id, p->text);
  }
}

static int num_survivors_done(const running_job *r) {
  int num = 0;
  for (int i = 0; i < NUM_PROCESSES; i++) {
    num += i != r->what.victim && r->processes[i].status == JOB_DONE;
  }
  return num;
}

/* A victim that has told the others that it is done is not missed any more. */
static void check_killed(const running_job *r, bool has_client) {
  for (int i = 0; i < NUM_PROCESSES; i++) {
    if (i != r->what.victim) check_survivor(r, i);
  }
  if (!has_client && num_survivors_done(r)) {
    fail_msg("processes are content, though %d was %s", r->what.victim,
             r->processes[r->what.victim].text);
  }
}

typedef struct sweep {
  bool has_client; /* at its last step so far the victim had one */
  bool is_over;    /* the victim came to its end */
  int num_killed;
} sweep;

static void judge(sweep *s, const running_job *r) {
  const child *victim = &r->processes[r->what.victim];
  if (!victim->was_killed) {
    /* The survivors may have given up on it long before. */
    s->is_over = true;
    return;
  }
  check_killed(r, s->has_client);
  s->num_killed++;
  if (strstr(victim->text, "with a client")) s->has_client = true;
}

/* Kills the victim at its first step, at its second, and so on. Several jobs
 * run at the same time on one store, and do not meet. */
static void check_killed_at_each_step(const char *address, int victim,
                                      int least_steps) {
  sweep s = {0};
  for (int begin = 0; !s.is_over && begin < MAX_STEPS; begin += AT_ONCE) {
    running_job jobs[AT_ONCE] = {0};
    char names[AT_ONCE][32];
    for (int i = 0; i < AT_ONCE; i++) {
      snprintf(names[i], sizeof names[i], "kill-%d-at-%d", victim, begin + i);
      job_start(&jobs[i], &(job){.address = address,
                                 .name = names[i],
                                 .num_processes = NUM_PROCESSES,
                                 .deadline_ms = DEADLINE_MS,
                                 .victim = victim,
                                 .step = begin + i});
    }
    for (int i = 0; i < AT_ONCE; i++) job_wait(&jobs[i]);
    for (int i = 0; i < AT_ONCE && !s.is_over; i++) judge(&s, &jobs[i]);
  }
  assert_true(s.has_client);
  if (s.num_killed < least_steps) {
    fail_msg("process %d was killed at %d steps only", victim, s.num_killed);
  }
}

void check_first_is_killed(const char *address) {
  check_killed_at_each_step(address, 0, 13);
}

void check_other_is_killed(const char *address) {
  check_killed_at_each_step(address, 1, 7);
}
