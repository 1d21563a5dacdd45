/* Jobs of several processes: this program, started once more for each, by hand
 * or by mpirun; or threads, for the store of one process. */
#ifndef PJRT_TESTS_KV_JOB_H_
#define PJRT_TESTS_KV_JOB_H_

#include <pthread.h>
#include <stdio.h>

#include "child.h"
#include "pjrt/kvstore.h"
#include "unit/temp_tree.h"

enum { MAX_PROCESSES = 8 };

typedef struct job {
  const char *address; /* of the store; NULL: threads with one of their own;
                        * "pmix:": processes that mpirun starts */
  const char *name;    /* mpirun gives another one */
  int num_processes;
  int deadline_ms; /* of all waiting while the client is made, and after */
  int victim;      /* is killed; -1: none. It has time without end. */
  int step;        /* at which it is killed */
} job;

/* What one process, or the thread that stands for it, is to do. */
typedef struct job_part {
  const char *address;
  int64_t deadline_ns;
  int step; /* at which it is killed; -1: none */
  FILE *output;
  /* For threads, which no launcher tells who they are. */
  pjrt_kvstore *shared;
  int id, num_processes;
} job_part;

typedef struct running_job {
  job what;
  child processes[MAX_PROCESSES];
  child mpirun;
  temp_tree outputs; /* a file for each process that mpirun started */
  pthread_t threads[MAX_PROCESSES];
  job_part parts[MAX_PROCESSES];
} running_job;

/* Starts the processes, as torchrun would where mpirun does not. */
void job_start(running_job *r, const job *what);

/* Waits until all have ended; those that do not are killed, and the test
 * fails. */
void job_wait(running_job *r);

enum { JOB_DONE = 0, JOB_FAILED = 3, JOB_KILLED = 4 };

/* Does a part and prints how it went. Only a thread comes back from being
 * killed. */
int job_do(const job_part *part);

/* Whether this program was started as a process of a job; its exit status. */
bool job_is_process(int argc, char **argv);
int job_run_process(char **argv);

#endif /* PJRT_TESTS_KV_JOB_H_ */
