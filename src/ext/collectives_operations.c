/* The operations of communicators. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/event.h"
#include "core/opts.h"
#include "core/plugin.h"
#include "ext/collectives.h"

#define CALL COLLECTIVES_CALL

void pjrt_collective_opts_init(pjrt_collective_opts *opts) {
  *opts = (pjrt_collective_opts){.struct_size = sizeof *opts,
                                 .kind = PJRT_CROSS_REPLICA,
                                 .timeout_ns = PJRT_NO_DEADLINE};
}

/* ---- what an operation says besides its memory --------------------------- */

static pjrt_error *check_opts(const pjrt_communicator *communicator,
                              const pjrt_collective_opts *opts) {
  const int kind = (int)opts->kind;
  if (kind != PJRT_CROSS_MODULE && kind != PJRT_CROSS_REPLICA) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "there is no kind %d of operations", kind);
  }
  if (opts->timeout_ns < 0) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "timeout_ns is %lld",
                             (long long)opts->timeout_ns);
  }
  if (opts->num_local_ranks >= 0 &&
      (size_t)opts->num_local_ranks <= communicator->num_ranks) {
    return NULL;
  }
  return pjrt_error_format(PJRT_INVALID_ARGUMENT, "%d local ranks of %zu",
                           opts->num_local_ranks, communicator->num_ranks);
}

/* Plugins only read the ids. */
static pjrt_error *read_executor(const pjrt_communicator *communicator,
                                 const pjrt_collective_opts *opts,
                                 PJRT_Collectives_CpuExecutor *out) {
  pjrt_collective_opts known;
  pjrt_collective_opts_init(&known);
  PJRT_TRY(pjrt_opts_read(opts, "pjrt_collective_opts", sizeof known, &known));
  PJRT_TRY(check_opts(communicator, &known));
  out->run_id = known.run_id;
  out->global_device_ids = communicator->device_ids;
  out->num_global_device_ids = communicator->num_ranks;
  out->num_local_participants = known.num_local_ranks
                                    ? known.num_local_ranks
                                    : communicator->num_local_ranks;
  out->collective_op_kind = (PJRT_Collectives_CollectiveOpKind)known.kind;
  out->op_id = known.op_id;
  out->timeout_in_ns = known.timeout_ns;
  return NULL;
}

static pjrt_error *check_reduction(pjrt_reduction reduction) {
  if ((int)reduction >= PJRT_REDUCE_SUM && (int)reduction <= PJRT_REDUCE_MAX) {
    return NULL;
  }
  return pjrt_error_format(PJRT_INVALID_ARGUMENT, "there is no reduction %d",
                           (int)reduction);
}

/* ---- memory -------------------------------------------------------------- */

/* The bytes of the elements, once for each of `num` ranks. */
static pjrt_error *measure(const pjrt_communicator *communicator,
                           pjrt_dtype dtype, size_t count, size_t num,
                           size_t *out) {
  PJRT_TRY(pjrt_plugin_check_dtype(communicator->object.plugin, dtype));
  if (pjrt_size_mul(count, pjrt_dtype_host_size(dtype), out) &&
      pjrt_size_mul(*out, num, out) && *out <= PTRDIFF_MAX) {
    return NULL;
  }
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "%zu elements of %s for %zu ranks are too many",
                           count, pjrt_dtype_name(dtype), num);
}

static pjrt_error *check_memory(const char *name, const void *memory,
                                size_t size) {
  if (memory || size == 0) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT, "%s is NULL for %zu bytes",
                           name, size);
}

/* One piece to send and one to receive, in times of `count` elements. */
typedef struct pieces {
  pjrt_dtype dtype;
  size_t count;
  const void *send;
  size_t num_sent;
  void *receive;
  size_t num_received;
  size_t send_size, receive_size; /* in bytes */
} pieces;

static pjrt_error *measure_pieces(const pjrt_communicator *communicator,
                                  pieces *what) {
  PJRT_TRY(measure(communicator, what->dtype, what->count, what->num_sent,
                   &what->send_size));
  PJRT_TRY(measure(communicator, what->dtype, what->count, what->num_received,
                   &what->receive_size));
  PJRT_TRY(check_memory("send", what->send, what->send_size));
  return check_memory("receive", what->receive, what->receive_size);
}

/* All that can be wrong before the plugin is called. */
static pjrt_error *check(const pjrt_communicator *communicator, pieces *what,
                         const pjrt_collective_opts *opts,
                         PJRT_Collectives_CpuExecutor *out_executor,
                         pjrt_event **out_done) {
  if (!out_done) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "out_done is NULL: nothing would tell when the "
                             "memory is free again");
  }
  *out_done = NULL;
  PJRT_TRY(pjrt_communicator_check(communicator));
  if (what) PJRT_TRY(measure_pieces(communicator, what));
  return read_executor(communicator, opts, out_executor);
}

/* What four of the five operations have in common. */
#define FILL(args, c, pieces, x)                                 \
  do {                                                           \
    (args)->communicator = (c)->raw;                             \
    (args)->send_buffer_ptr = (void *)(uintptr_t)(pieces)->send; \
    (args)->send_buffer_size = (pieces)->send_size;              \
    (args)->recv_buffer_ptr = (pieces)->receive;                 \
    (args)->recv_buffer_size = (pieces)->receive_size;           \
    (args)->primitive_type = (PJRT_Buffer_Type)(pieces)->dtype;  \
    (args)->count = (pieces)->count;                             \
    (args)->cpu_executor = (x);                                  \
  } while (0)

/* Calls, with a wrapper for the event that is there before: other ranks may be
 * this very thread's, so that nothing here can wait for them. */
#define START(c, slot, fn, args, out_done)                                  \
  __extension__({                                                           \
    pjrt_client *client_ = (c)->object.client;                              \
    pjrt_error *error_ = pjrt_event_reserve(client_, #fn, (out_done));      \
    if (!error_) {                                                          \
      error_ = CALL(client_->plugin, slot, fn, args);                       \
      error_ =                                                              \
          pjrt_event_fill_reserved((out_done), (args)->event, #fn, error_); \
    }                                                                       \
    error_;                                                                 \
  })

/* ---- operations ---------------------------------------------------------- */

pjrt_error *pjrt_communicator_all_reduce_async(pjrt_communicator *communicator,
                                               pjrt_reduction reduction,
                                               pjrt_dtype dtype, size_t count,
                                               const void *send, void *receive,
                                               const pjrt_collective_opts *opts,
                                               pjrt_event **out_done) {
  pieces what = {.dtype = dtype,
                 .count = count,
                 .send = send,
                 .num_sent = 1,
                 .receive = receive,
                 .num_received = 1};
  PJRT_ROOM(PJRT_Collectives_CpuExecutor, executor);
  PJRT_TRY(check(communicator, &what, opts, executor, out_done));
  PJRT_TRY(check_reduction(reduction));
  PJRT_ARGS(PJRT_Collectives_Communicator_AllReduce, args);
  FILL(args, communicator, &what, executor);
  args->reduction_kind = (PJRT_Collectives_ReductionKind)reduction;
  return START(communicator, communicator_all_reduce,
               PJRT_Collectives_Communicator_AllReduce, args, out_done);
}

static size_t ranks_of(const pjrt_communicator *communicator) {
  return communicator ? communicator->num_ranks : 0;
}

pjrt_error *pjrt_communicator_reduce_scatter_async(
    pjrt_communicator *communicator, pjrt_reduction reduction, pjrt_dtype dtype,
    size_t count, const void *send, void *receive,
    const pjrt_collective_opts *opts, pjrt_event **out_done) {
  pieces what = {.dtype = dtype,
                 .count = count,
                 .send = send,
                 .num_sent = ranks_of(communicator),
                 .receive = receive,
                 .num_received = 1};
  PJRT_ROOM(PJRT_Collectives_CpuExecutor, executor);
  PJRT_TRY(check(communicator, &what, opts, executor, out_done));
  PJRT_TRY(check_reduction(reduction));
  PJRT_ARGS(PJRT_Collectives_Communicator_ReduceScatter, args);
  FILL(args, communicator, &what, executor);
  args->reduction_kind = (PJRT_Collectives_ReductionKind)reduction;
  return START(communicator, communicator_reduce_scatter,
               PJRT_Collectives_Communicator_ReduceScatter, args, out_done);
}

pjrt_error *pjrt_communicator_all_gather_async(pjrt_communicator *communicator,
                                               pjrt_dtype dtype, size_t count,
                                               const void *send, void *receive,
                                               const pjrt_collective_opts *opts,
                                               pjrt_event **out_done) {
  pieces what = {.dtype = dtype,
                 .count = count,
                 .send = send,
                 .num_sent = 1,
                 .receive = receive,
                 .num_received = ranks_of(communicator)};
  PJRT_ROOM(PJRT_Collectives_CpuExecutor, executor);
  PJRT_TRY(check(communicator, &what, opts, executor, out_done));
  PJRT_ARGS(PJRT_Collectives_Communicator_AllGather, args);
  FILL(args, communicator, &what, executor);
  return START(communicator, communicator_all_gather,
               PJRT_Collectives_Communicator_AllGather, args, out_done);
}

/* ---- permutations -------------------------------------------------------- */

void pjrt_permutation_init(pjrt_permutation *permutation) {
  *permutation =
      (pjrt_permutation){.struct_size = sizeof *permutation, .source = -1};
}

static pjrt_error *check_rank(const char *role, int64_t rank,
                              const pjrt_communicator *communicator) {
  if (rank >= 0 && (uint64_t)rank < communicator->num_ranks) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT, "%s is rank %lld of %zu",
                           role, (long long)rank, communicator->num_ranks);
}

static pjrt_error *read_permutation(const pjrt_communicator *communicator,
                                    const pjrt_permutation *permutation,
                                    pjrt_permutation *out) {
  pjrt_permutation_init(out);
  PJRT_TRY(pjrt_opts_read(permutation, "pjrt_permutation", sizeof *out, out));
  if (out->source != -1) {
    PJRT_TRY(check_rank("the source", out->source, communicator));
  }
  if (out->num_targets > communicator->num_ranks ||
      (out->num_targets && !out->targets)) {
    return pjrt_error_format(
        PJRT_INVALID_ARGUMENT, "%zu targets at %p for %zu ranks",
        out->num_targets, (const void *)out->targets, communicator->num_ranks);
  }
  for (size_t i = 0; i < out->num_targets; i++) {
    PJRT_TRY(check_rank("a target", out->targets[i], communicator));
  }
  return NULL;
}

pjrt_error *pjrt_communicator_permute_async(pjrt_communicator *communicator,
                                            const pjrt_permutation *permutation,
                                            pjrt_dtype dtype, size_t count,
                                            const void *send, void *receive,
                                            const pjrt_collective_opts *opts,
                                            pjrt_event **out_done) {
  pjrt_permutation known;
  pieces what = {.dtype = dtype,
                 .count = count,
                 .send = send,
                 .num_sent = 1,
                 .receive = receive,
                 .num_received = 1};
  PJRT_ROOM(PJRT_Collectives_CpuExecutor, executor);
  PJRT_TRY(check(communicator, &what, opts, executor, out_done));
  PJRT_TRY(read_permutation(communicator, permutation, &known));
  PJRT_ARGS(PJRT_Collectives_Communicator_CollectivePermute, args);
  FILL(args, communicator, &what, executor);
  args->has_source_rank = known.source >= 0;
  args->source_rank = known.source >= 0 ? known.source : 0;
  args->target_ranks = (int64_t *)(uintptr_t)known.targets; /* only read */
  args->num_target_ranks = known.num_targets;
  return START(communicator, communicator_collective_permute,
               PJRT_Collectives_Communicator_CollectivePermute, args, out_done);
}

/* ---- from all to all ----------------------------------------------------- */

static pjrt_error *check_lists(const pjrt_communicator *communicator,
                               const void *const *sends, void *const *receives,
                               size_t num, size_t size) {
  if (num != communicator->num_ranks || !sends || !receives) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "memory for %zu ranks at %p and %p, where there "
                             "are %zu",
                             num, (const void *)sends, (const void *)receives,
                             communicator->num_ranks);
  }
  for (size_t i = 0; i < num; i++) {
    PJRT_TRY(check_memory("what is sent to a rank", sends[i], size));
    PJRT_TRY(check_memory("what is received of a rank", receives[i], size));
  }
  return NULL;
}

pjrt_error *pjrt_communicator_all_to_all_async(
    pjrt_communicator *communicator, pjrt_dtype dtype, size_t count,
    const void *const *sends, void *const *receives, size_t num_ranks,
    const pjrt_collective_opts *opts, pjrt_event **out_done) {
  size_t size;
  void *sizes;
  PJRT_ROOM(PJRT_Collectives_CpuExecutor, executor);
  PJRT_TRY(check(communicator, NULL, opts, executor, out_done));
  PJRT_TRY(measure(communicator, dtype, count, 1, &size));
  PJRT_TRY(check_lists(communicator, sends, receives, num_ranks, size));
  PJRT_TRY(pjrt_alloc(num_ranks, sizeof size, &sizes));
  for (size_t i = 0; i < num_ranks; i++) ((size_t *)sizes)[i] = size;
  PJRT_ARGS(PJRT_Collectives_Communicator_AllToAll, args);
  args->communicator = communicator->raw;
  args->send_buffers_ptrs = (void **)(uintptr_t)sends;
  args->send_buffers_sizes = sizes;
  args->num_send_buffers = num_ranks;
  args->recv_buffers_ptrs = (void **)(uintptr_t)receives;
  args->recv_buffers_sizes = sizes;
  args->num_recv_buffers = num_ranks;
  args->primitive_type = (PJRT_Buffer_Type)dtype;
  args->count = count;
  args->cpu_executor = executor;
  pjrt_error *error =
      START(communicator, communicator_all_to_all,
            PJRT_Collectives_Communicator_AllToAll, args, out_done);
  free(sizes);
  return error;
}
