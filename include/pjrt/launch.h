/* Launches: which process of a job this one is, as its launcher tells.
 *
 * Whatever starts the processes of a job on its hosts says so in the
 * environment, each launcher in variables of its own. They are looked for in
 * this order, so that the innermost wins where one was started by another:
 *
 *   launcher    found by                  process, of how many
 *   torchrun    WORLD_SIZE                RANK, WORLD_SIZE
 *   open-mpi    OMPI_COMM_WORLD_SIZE      OMPI_COMM_WORLD_RANK, _SIZE
 *   slurm       SLURM_STEP_NUM_TASKS      SLURM_PROCID, SLURM_STEP_NUM_TASKS
 *   pmix        PMIX_RANK                 PMIX_RANK, not told
 *   tpu         TPU_WORKER_HOSTNAMES      TPU_WORKER_ID, number of host names;
 *               and TPU_WORKER_ID         times the slices of a multislice job
 *   kubernetes  JOB_COMPLETION_INDEX      the same, not told
 *   none                                  0 of 1
 *
 * A variable that is empty is taken for one that is not there. In a batch
 * script of Slurm there is no step, and a program that is started without srun
 * is alone. */
#ifndef PJRT_LAUNCH_H_
#define PJRT_LAUNCH_H_

#include "pjrt/named_values.h"

PJRT_BEGIN_DECLS

typedef struct pjrt_launch pjrt_launch;

/* What the user says, on a command line for example. Each field that is given
 * wins over what the launcher tells; with process_id and num_processes both
 * given the environment is not asked at all, and the launcher is "flags". */
typedef struct pjrt_launch_opts {
  size_t struct_size;
  int process_id;          /* -1: not given */
  int num_processes;       /* -1 */
  int local_process_id;    /* -1 */
  int num_local_processes; /* -1 */
  const char *coordinator; /* NULL; else up to a NUL. [borrowed: call] */
  const char *job;         /* NULL; else up to a NUL. [borrowed: call] */
  /* Texts like "RANK=3" to look at in place of the process's environment, which
   * NULL stands for. [borrowed: call] */
  const char *const *environment;
  size_t num_environment;
} pjrt_launch_opts;

/* @param opts [borrowed: call] */
PJRT_API void pjrt_launch_opts_init(pjrt_launch_opts *opts);

/* Finds out. INVALID_ARGUMENT for what contradicts itself or makes no sense,
 * naming the variables: a process beyond the number of processes, a rank
 * without a size, two ranks that differ, a text that is no number. It also
 * says so where nothing tells how many processes there are.
 * @param opts [borrowed: call] may be NULL
 * @param out [owned: pjrt_launch_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_launch_detect(
    const pjrt_launch_opts *opts, pjrt_launch **out);

/* @param launch [taken] NULL is a no-op */
PJRT_API void pjrt_launch_free(pjrt_launch *launch);

/* The launcher's name from the table above, or "flags".
 * @param launch [borrowed: call]
 * @return [borrowed: static] */
PJRT_API const char *pjrt_launch_launcher(const pjrt_launch *launch);

/* This process, from 0.
 * @param launch [borrowed: call] */
PJRT_API int pjrt_launch_process_id(const pjrt_launch *launch);

/* At least 1.
 * @param launch [borrowed: call] */
PJRT_API int pjrt_launch_num_processes(const pjrt_launch *launch);

/* This process among those on its host, from 0; -1 where nothing tells it.
 * @param launch [borrowed: call] */
PJRT_API int pjrt_launch_local_process_id(const pjrt_launch *launch);

/* The processes on this host; -1 where nothing tells it.
 * @param launch [borrowed: call] */
PJRT_API int pjrt_launch_num_local_processes(const pjrt_launch *launch);

/* The host that all processes can reach, HOST or HOST:PORT, where a server for
 * them would run: MASTER_ADDR of torchrun, the host of Open MPI's mpirun, the
 * first host of Slurm's and of TPUs. "" where nothing tells it.
 * @param launch [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: launch] */
PJRT_API const char *pjrt_launch_coordinator(const pjrt_launch *launch,
                                             size_t *out_size);

/* A name that this start of the job has and no other one, for
 * pjrt_kvstore_open: the launcher's number of the job with that of its step and
 * restart. "" where nothing tells it, as with Kubernetes, TPUs, and torchrun
 * without --rdzv-id.
 * @param launch [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: launch] */
PJRT_API const char *pjrt_launch_job(const pjrt_launch *launch,
                                     size_t *out_size);

/* Adds the create options by which CUDA's plugin and the simulated one learn
 * who this process is: node_id and num_nodes.
 * @param launch [borrowed: call]
 * @param options [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_launch_add_client_options(
    const pjrt_launch *launch, pjrt_named_values *options);

PJRT_END_DECLS

#endif /* PJRT_LAUNCH_H_ */
