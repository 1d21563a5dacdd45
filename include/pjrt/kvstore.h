/* Key-value stores: how the processes of one job find each other.
 *
 * A plugin that runs on several hosts asks its clients' processes to carry
 * small values between them: each puts what it has under a key of its own and
 * gets what the others put. The library brings stores in one process, in a
 * folder that the hosts share, in Redis, and in the launcher of the job, if it
 * speaks PMIx; a program with a store of its own gives the functions of one.
 * Which process this is tells launch.h.
 *
 *   pjrt_kvstore_open("redis://head:6379", PJRT_NUL_ENDED, job,
 *                     PJRT_NUL_ENDED, &store);
 *   opts.kvstore = store;
 *   pjrt_client_create(plugin, &opts, &client);
 *
 * Keys and values are bytes; a value may be empty, a key may not. A key keeps
 * its value: to put the same value again changes nothing, so that a process
 * may be started again, and another value is ALREADY_EXISTS. */
#ifndef PJRT_KVSTORE_H_
#define PJRT_KVSTORE_H_

#include "pjrt/error.h"

PJRT_BEGIN_DECLS

typedef struct pjrt_kvstore pjrt_kvstore;

/* Opens a store by its address:
 *   file:PATH     a folder that all processes see, such as file:/shared/pjrt.
 *                 It is made if it is not there; its parent must be.
 *   redis://[[USER]:PASSWORD@]HOST[:PORT]
 *                 a server of Redis 6.2 or later, or of its kin; port 6379
 *                 unless another is given, IPv6 addresses in brackets. Values
 *                 stay there for a day. Whoever can reach the server can join
 *                 the job; what goes there is not encrypted.
 *   pmix:         the launcher of this job, by PMIx_Publish and PMIx_Lookup, as
 *                 Open MPI's mpirun has them; Slurm's srun does not. Where it
 *                 lets a key be published twice, two processes that put it at
 *                 the same moment may not be told of each other.
 * All processes of a job name the same one, and no other job does: where a job
 * is started again under its name, processes may meet values of the dead. The
 * launchers give each start a name of its own; see pjrt_launch_job.
 *
 * A folder's values are files that only their owner can read. They stay when
 * the job is over: remove PATH/JOB then.
 *
 * hiredis and libpmix are loaded when such a store is opened.
 *
 * INVALID_ARGUMENT for an address of no such form or an empty job;
 * UNIMPLEMENTED for Redis and PMIx where hiredis or libpmix was not there when
 * the library was built, or is not there now, and where the launcher publishes
 * nothing; FAILED_PRECONDITION for PMIx in a process that such a launcher did
 * not start; PERMISSION_DENIED for a job's folder that is another user's or
 * that others may write to; UNAVAILABLE when the server does not answer. Blocks
 * for a few seconds at most, besides what the system's look-up of the host's
 * name takes.
 * @param address [borrowed: call]
 * @param job [borrowed: call]
 * @param out [owned: pjrt_kvstore_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_kvstore_open(const char *address,
                                                     size_t address_size,
                                                     const char *job,
                                                     size_t job_size,
                                                     pjrt_kvstore **out);

/* Makes an empty store for the threads of this process.
 * @param out [owned: pjrt_kvstore_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_kvstore_create_in_process(
    pjrt_kvstore **out);

/* Drops the handle. The store itself ends when the last client that uses it is
 * gone; no thread may be waiting in a get of this handle.
 * @param store [taken] NULL is a no-op */
PJRT_API void pjrt_kvstore_free(pjrt_kvstore *store);

/* Ends all waiting for keys, now and from now on: a get of a key that is not
 * there is CANCELLED. For a thread that has learnt that the job failed, or
 * that the user wants to stop. What is there can still be had, and put.
 * @param store [borrowed: call] NULL is a no-op */
PJRT_API void pjrt_kvstore_cancel(pjrt_kvstore *store);

/* The value of a key, which is waited for up to `timeout_ns` nanoseconds; 0
 * and less: not at all, PJRT_NO_DEADLINE: for ever. DEADLINE_EXCEEDED names the
 * key, CANCELLED follows pjrt_kvstore_cancel, other errors are the store's own.
 * @param store [borrowed: call]
 * @param key [borrowed: call]
 * @param out [owned: pjrt_host_free] not NULL for an empty value either; a NUL
 *        that the size does not count follows the value
 * @param out_size [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_kvstore_get(
    pjrt_kvstore *store, const char *key, size_t key_size, int64_t timeout_ns,
    void **out, size_t *out_size);

/* The value of a key, or NULL, which is no error, when it has none yet. Does
 * not wait for one.
 * @param store [borrowed: call]
 * @param key [borrowed: call]
 * @param out [owned: pjrt_host_free] as above
 * @param out_size [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_kvstore_try_get(pjrt_kvstore *store,
                                                        const char *key,
                                                        size_t key_size,
                                                        void **out,
                                                        size_t *out_size);

/* Gives a key its value. ALREADY_EXISTS when it has another one, which mostly
 * means that two processes think that they are the same, or that the job's
 * name was used before.
 * @param store [borrowed: call]
 * @param key [borrowed: call]
 * @param value [borrowed: call] may be NULL for an empty one */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_kvstore_put(pjrt_kvstore *store,
                                                    const char *key,
                                                    size_t key_size,
                                                    const void *value,
                                                    size_t value_size);

/* ---- stores of one's own ------------------------------------------------- */

/* Where the function of a store puts the value that it found. */
typedef struct pjrt_kvstore_value pjrt_kvstore_value;

/* Copies the value. RESOURCE_EXHAUSTED when memory is short.
 * @param value [borrowed: call]
 * @param data [borrowed: call] may be NULL for an empty value */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_kvstore_value_set(
    pjrt_kvstore_value *value, const void *data, size_t size);

/* @param value [borrowed: call] */
PJRT_API bool pjrt_kvstore_value_is_set(const pjrt_kvstore_value *value);

/* The functions of a store. They are called from several threads at once, from
 * those of plugins too, with keys that are not empty; a NUL follows the key.
 * Errors that they return become the library's. */
typedef struct pjrt_kvstore_functions {
  size_t struct_size;
  /* Says in messages which store it is. Copied. [borrowed: call] */
  const char *name;
  /* Handed to the functions. [borrowed: kvstore] */
  void *user;
  /* Finds a value and sets it, or leaves it unset. Must not wait for one. */
  pjrt_error *(*try_get)(void *user, const char *key, size_t key_size,
                         pjrt_kvstore_value *value);
  /* Keeps a value, as pjrt_kvstore_put says. */
  pjrt_error *(*put)(void *user, const char *key, size_t key_size,
                     const void *value, size_t value_size);
  /* Waits until there is a value, and sets it; leaves it unset when none came
   * in time or after a cancel. NULL: try_get is called now and then. */
  pjrt_error *(*get)(void *user, const char *key, size_t key_size,
                     int64_t timeout_ns, pjrt_kvstore_value *value);
  /* Makes each get that waits return, and those to come not wait. May be NULL
   * where get is. */
  void (*cancel)(void *user);
  /* Called once, when nothing uses the store any more, also when creating it
   * fails. May be NULL. */
  void (*destroy)(void *user);
} pjrt_kvstore_functions;

/* @param functions [borrowed: call] */
PJRT_API void pjrt_kvstore_functions_init(pjrt_kvstore_functions *functions);

/* Makes a store of functions. INVALID_ARGUMENT when one that is needed is
 * missing.
 * @param functions [borrowed: call]
 * @param out [owned: pjrt_kvstore_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_kvstore_create(
    const pjrt_kvstore_functions *functions, pjrt_kvstore **out);

PJRT_END_DECLS

#endif /* PJRT_KVSTORE_H_ */
