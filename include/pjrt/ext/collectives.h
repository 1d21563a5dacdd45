/* The Collectives extension: operations in which several processes exchange
 * arrays in the memory of their hosts, over the network that joins slices.
 * libtpu has it, and needs no TPU for it.
 *
 * Collectives come from pjrt_megascale_collectives. Of them every process makes
 * communicators, one for each of its ranks; then all ranks call the same
 * operations, each with memory of its own. What one call of all ranks has in
 * common is in pjrt_collective_opts.
 *
 * UNIMPLEMENTED where the plugin has no such extension;
 * pjrt_plugin_find_extension tells before. */
#ifndef PJRT_EXT_COLLECTIVES_H_
#define PJRT_EXT_COLLECTIVES_H_

#include "pjrt/dtype.h"
#include "pjrt/event.h"

PJRT_BEGIN_DECLS

typedef struct pjrt_collectives pjrt_collectives;

/* Drops the handle; communicators that were made of it stay.
 * PJRT: PJRT_Collectives_Destroy (0.94).
 * @param collectives [taken] */
PJRT_API void pjrt_collectives_free(pjrt_collectives *collectives);

/* ---- communicators ------------------------------------------------------- */

/* One rank's part in the exchanges of a clique of devices. */
typedef struct pjrt_communicator pjrt_communicator;

/* The devices that exchange, and which of them are this caller's. */
typedef struct pjrt_clique {
  size_t struct_size;
  /* The global ids of all devices, in the order of their ranks; libtpu counts
   * 2048 for each slice. [borrowed: call] */
  const int64_t *device_ids;
  size_t num_device_ids;
  /* The ranks to make communicators for. [borrowed: call] */
  const int64_t *ranks;
  size_t num_ranks;
  /* What tells cliques of the same devices apart, or lets them meet; NULL:
   * nothing. [borrowed: call] */
  const void *const *ids;
  const size_t *id_sizes;
  size_t num_ids;
} pjrt_clique;

/* @param clique [borrowed: call] */
PJRT_API void pjrt_clique_init(pjrt_clique *clique);

/* Makes a communicator for each of the clique's ranks, in their order. May wait
 * for the network. INVALID_ARGUMENT: no device or no rank; a device or a rank
 * that is there twice; a rank that is not one of the devices'; an id that is
 * NULL.
 * PJRT: PJRT_Collectives_CreateCommunicators (0.94).
 * @param collectives [shared]
 * @param clique [borrowed: call]
 * @param out [owned: pjrt_communicator_free] num_ranks of them, all or none */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_collectives_create_communicators(
    pjrt_collectives *collectives, const pjrt_clique *clique,
    pjrt_communicator **out);

/* Drops the handle; its operations must be done, since plugins give up those
 * under way.
 * PJRT: PJRT_Collectives_Communicator_Destroy (0.94).
 * @param communicator [taken] */
PJRT_API void pjrt_communicator_free(pjrt_communicator *communicator);

/* How the plugin calls it, for logs.
 * PJRT: PJRT_Collectives_Communicator_ToString (0.94).
 * @param communicator [borrowed: call]
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_communicator_to_string(
    const pjrt_communicator *communicator, char **out, size_t *out_size);

/* @param communicator [borrowed: call] */
PJRT_API size_t
pjrt_communicator_num_ranks(const pjrt_communicator *communicator);

/* @param communicator [borrowed: call] */
PJRT_API size_t pjrt_communicator_rank(const pjrt_communicator *communicator);

/* ---- operations ---------------------------------------------------------- */

typedef enum pjrt_reduction {
  PJRT_REDUCE_SUM = 0,
  PJRT_REDUCE_PRODUCT = 1,
  PJRT_REDUCE_MIN = 2,
  PJRT_REDUCE_MAX = 3
} pjrt_reduction;

/* Whose ids the numbers of operations are. */
typedef enum pjrt_collective_kind {
  PJRT_CROSS_MODULE = 0,
  PJRT_CROSS_REPLICA = 1
} pjrt_collective_kind;

/* Ranks whose run, operation and kind are equal meet. */
typedef struct pjrt_collective_opts {
  size_t struct_size;
  int64_t run_id;            /* of the execution; default 0 */
  int64_t op_id;             /* of the operation in it; default 0 */
  pjrt_collective_kind kind; /* default PJRT_CROSS_REPLICA */
  /* How many of the ranks are this process's; default 0: as many as the
   * communicators that were made together with this one. */
  int32_t num_local_ranks;
  /* What a rank waits for the others; default PJRT_NO_DEADLINE. The event then
   * has the plugin's error, DEADLINE_EXCEEDED mostly. */
  int64_t timeout_ns;
} pjrt_collective_opts;

/* @param opts [borrowed: call] */
PJRT_API void pjrt_collective_opts_init(pjrt_collective_opts *opts);

/* All of the following start an operation and return at once. Counts are of
 * elements, each a whole number of bytes as pjrt_dtype_host_size tells, and the
 * memory is what the header of each function says; memory that is sent must not
 * be written, and memory that is filled not be used, until the event is ready.
 *
 * INVALID_ARGUMENT: a type without elements, memory that is NULL where there
 * are elements, a size that overflows, more local ranks than there are, a
 * negative timeout, no event to tell the end. UNIMPLEMENTED: a type newer than
 * the plugin. The plugin's own error, at once or in the event, when the ranks
 * do not agree. */

/* Every rank gets the reduction of what all ranks sent.
 * PJRT: PJRT_Collectives_Communicator_AllReduce (0.94).
 * @param communicator [borrowed: out_done]
 * @param send [borrowed: out_done] count elements
 * @param receive [borrowed: out_done] count elements
 * @param opts [borrowed: call] may be NULL
 * @param out_done [owned: pjrt_event_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_communicator_all_reduce_async(
    pjrt_communicator *communicator, pjrt_reduction reduction, pjrt_dtype dtype,
    size_t count, const void *send, void *receive,
    const pjrt_collective_opts *opts, pjrt_event **out_done);

/* Rank i gets the i-th of num_ranks parts of that reduction.
 * PJRT: PJRT_Collectives_Communicator_ReduceScatter (0.94).
 * @param communicator [borrowed: out_done]
 * @param send [borrowed: out_done] count elements for each rank
 * @param receive [borrowed: out_done] count elements
 * @param opts [borrowed: call] may be NULL
 * @param out_done [owned: pjrt_event_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_communicator_reduce_scatter_async(
    pjrt_communicator *communicator, pjrt_reduction reduction, pjrt_dtype dtype,
    size_t count, const void *send, void *receive,
    const pjrt_collective_opts *opts, pjrt_event **out_done);

/* Every rank gets what all ranks sent, in the order of ranks.
 * PJRT: PJRT_Collectives_Communicator_AllGather (0.94).
 * @param communicator [borrowed: out_done]
 * @param send [borrowed: out_done] count elements
 * @param receive [borrowed: out_done] count elements of each rank
 * @param opts [borrowed: call] may be NULL
 * @param out_done [owned: pjrt_event_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_communicator_all_gather_async(
    pjrt_communicator *communicator, pjrt_dtype dtype, size_t count,
    const void *send, void *receive, const pjrt_collective_opts *opts,
    pjrt_event **out_done);

/* A permutation, as one rank sees it. */
typedef struct pjrt_permutation {
  size_t struct_size;
  int64_t source; /* the rank to receive from; default -1: none */
  /* The ranks to send to. [borrowed: call] */
  const int64_t *targets;
  size_t num_targets;
} pjrt_permutation;

/* @param permutation [borrowed: call] */
PJRT_API void pjrt_permutation_init(pjrt_permutation *permutation);

/* A rank gets what its source sent, and zeros without one. INVALID_ARGUMENT
 * for a rank that is none.
 * PJRT: PJRT_Collectives_Communicator_CollectivePermute (0.94).
 * @param communicator [borrowed: out_done]
 * @param permutation [borrowed: call]
 * @param send [borrowed: out_done] count elements
 * @param receive [borrowed: out_done] count elements
 * @param opts [borrowed: call] may be NULL
 * @param out_done [owned: pjrt_event_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_communicator_permute_async(
    pjrt_communicator *communicator, const pjrt_permutation *permutation,
    pjrt_dtype dtype, size_t count, const void *send, void *receive,
    const pjrt_collective_opts *opts, pjrt_event **out_done);

/* Rank i gets from each rank what that sent to it.
 * PJRT: PJRT_Collectives_Communicator_AllToAll (0.94).
 * @param communicator [borrowed: out_done]
 * @param sends [borrowed: out_done] num_ranks times count elements, the list
 *   itself for the call
 * @param receives [borrowed: out_done] likewise
 * @param opts [borrowed: call] may be NULL
 * @param out_done [owned: pjrt_event_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_communicator_all_to_all_async(
    pjrt_communicator *communicator, pjrt_dtype dtype, size_t count,
    const void *const *sends, void *const *receives, size_t num_ranks,
    const pjrt_collective_opts *opts, pjrt_event **out_done);

PJRT_END_DECLS

#endif /* PJRT_EXT_COLLECTIVES_H_ */
