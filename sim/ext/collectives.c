/* Collectives: communicators whose ranks are threads of this process. An
 * operation is done when all its ranks have called it; their data is then
 * moved from the one's memory to the other's. */
#include "ext/collectives.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct PJRT_Collectives {
  sim_kind kind;
  size_t num_devices;
  sim_lobby *lobby;
};

struct PJRT_Collectives_Communicator {
  sim_kind kind;
  size_t rank;
  size_t num_ranks;
  int64_t *device_ids; /* by rank */
  sim_bytes clique;    /* the device ids and the clique's own ids */
  sim_lobby *lobby;
};

struct PJRT_Collectives_Communicators {
  sim_kind kind;
  PJRT_Collectives_Communicator *list[];
};

PJRT_Collectives *sim_collectives_create(sim_lobby *lobby, size_t num_devices) {
  PJRT_Collectives *collectives = sim_new(SIM_OTHER, sizeof(*collectives));
  collectives->num_devices = num_devices;
  collectives->lobby = sim_lobby_enter(lobby);
  return collectives;
}

static PJRT_Error *destroy(PJRT_Collectives_Destroy_Args *args) {
  SIM_EXT_ENTER(args, PJRT_Collectives_Destroy_Args,
                PJRT_Collectives_Destroy_Args_STRUCT_SIZE);
  if (!args->collectives) return NULL;
  SIM_REQUIRE(args->collectives, SIM_OTHER);
  sim_lobby_leave(args->collectives->lobby);
  sim_delete(args->collectives, SIM_OTHER);
  return NULL;
}

/* ---- communicators ------------------------------------------------------- */

static PJRT_Error *check_devices(
    const PJRT_Collectives_CreateCommunicators_Args *args) {
  const size_t num = args->num_device_ids;
  if (num && !args->device_ids) return sim_misuse("NULL device_ids");
  if (num == 0 || num > args->collectives->num_devices)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "a clique of %zu devices, expected 1 to %zu", num,
                     args->collectives->num_devices);
  for (size_t i = 0; i < num; i++)
    for (size_t k = 0; k < i; k++)
      if (args->device_ids[i] == args->device_ids[k])
        return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                         "device %lld is there twice in the clique",
                         (long long)args->device_ids[i]);
  return NULL;
}

static PJRT_Error *check_ranks(
    const PJRT_Collectives_CreateCommunicators_Args *args) {
  if (args->num_device_ranks && !args->rank_ids)
    return sim_misuse("NULL rank_ids");
  for (size_t i = 0; i < args->num_device_ranks; i++) {
    const int64_t rank = args->rank_ids[i];
    if (rank < 0 || (size_t)rank >= args->num_device_ids)
      return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                       "rank %lld of a clique of %zu devices", (long long)rank,
                       args->num_device_ids);
  }
  return NULL;
}

static PJRT_Collectives_Communicator *communicator_create(
    const PJRT_Collectives_CreateCommunicators_Args *args, int64_t rank) {
  PJRT_Collectives_Communicator *c = sim_new(SIM_OTHER, sizeof(*c));
  const size_t ids_size = args->num_device_ids * sizeof(int64_t);
  c->rank = (size_t)rank;
  c->num_ranks = args->num_device_ids;
  c->device_ids = sim_allocate(ids_size);
  memcpy(c->device_ids, args->device_ids, ids_size);
  sim_bytes_append(&c->clique, args->device_ids, ids_size);
  for (size_t i = 0; args->clique_ids && i < args->num_clique_ids; i++)
    sim_write_bytes(&c->clique, 1, args->clique_ids[i],
                    args->clique_id_sizes[i]);
  c->lobby = sim_lobby_enter(args->collectives->lobby);
  return c;
}

static void communicators_free(PJRT_Collectives_Communicators *holder) {
  sim_delete(holder, SIM_OTHER);
}

static PJRT_Error *create_communicators(
    PJRT_Collectives_CreateCommunicators_Args *args) {
  SIM_EXT_ENTER(args, PJRT_Collectives_CreateCommunicators_Args,
                PJRT_Collectives_CreateCommunicators_Args_STRUCT_SIZE);
  SIM_REQUIRE(args->collectives, SIM_OTHER);
  SIM_TRY(check_devices(args));
  SIM_TRY(check_ranks(args));
  const size_t num = args->num_device_ranks;
  PJRT_Collectives_Communicators *holder =
      sim_new(SIM_OTHER, sizeof(*holder) + num * sizeof(*holder->list));
  for (size_t i = 0; i < num; i++)
    holder->list[i] = communicator_create(args, args->rank_ids[i]);
  args->communicators = holder->list;
  args->num_communicators = num;
  args->communicators_holder = holder;
  args->communicators_holder_deleter = communicators_free;
  return NULL;
}

static PJRT_Error *destroy_communicator(
    PJRT_Collectives_Communicator_Destroy_Args *args) {
  PJRT_Collectives_Communicator *communicator;
  SIM_EXT_ENTER(args, PJRT_Collectives_Communicator_Destroy_Args,
                PJRT_Collectives_Communicator_Destroy_Args_STRUCT_SIZE);
  communicator = args->communicator;
  if (!communicator) return NULL;
  SIM_REQUIRE(communicator, SIM_OTHER);
  sim_lobby_leave(communicator->lobby);
  free(communicator->device_ids);
  free(communicator->clique.data);
  sim_delete(communicator, SIM_OTHER);
  return NULL;
}

struct PJRT_Collectives_ToString_Holder {
  sim_holder text;
};

static void text_free(PJRT_Collectives_ToString_Holder *holder) {
  sim_holder_free(&holder->text);
}

static PJRT_Error *to_string(
    PJRT_Collectives_Communicator_ToString_Args *args) {
  char text[80];
  SIM_EXT_ENTER(args, PJRT_Collectives_Communicator_ToString_Args,
                PJRT_Collectives_Communicator_ToString_Args_STRUCT_SIZE);
  SIM_REQUIRE(args->communicator, SIM_OTHER);
  const int size =
      snprintf(text, sizeof(text), "sim communicator, rank %zu of %zu",
               args->communicator->rank, args->communicator->num_ranks);
  sim_holder *holder = sim_holder_create(text, (size_t)size);
  args->str = holder->bytes;
  args->str_size = (size_t)size;
  args->str_holder = (PJRT_Collectives_ToString_Holder *)holder;
  args->str_holder_deleter = text_free;
  return NULL;
}

/* ---- operations ---------------------------------------------------------- */

/* The executor names the meeting, and who comes. All are in this process. */
static PJRT_Error *check_executor(
    const PJRT_Collectives_Communicator *c,
    const PJRT_Collectives_CpuExecutor *executor) {
  if (!executor)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT, "cpu_executor is null");
  if (executor->num_global_device_ids != c->num_ranks)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "the executor names %zu devices, the communicator has %zu",
                     executor->num_global_device_ids, c->num_ranks);
  if (!executor->global_device_ids) return sim_misuse("NULL global_device_ids");
  for (size_t i = 0; i < c->num_ranks; i++)
    if (executor->global_device_ids[i] != c->device_ids[i])
      return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                       "rank %zu is device %lld, the executor says %lld", i,
                       (long long)c->device_ids[i],
                       (long long)executor->global_device_ids[i]);
  if (executor->num_local_participants < 0 ||
      (size_t)executor->num_local_participants != c->num_ranks)
    return sim_error(PJRT_Error_Code_UNIMPLEMENTED,
                     "%d of %zu participants are in this process, expected all",
                     executor->num_local_participants, c->num_ranks);
  return NULL;
}

/* Buffers of the caller: one of all chunks, or one for each. */
typedef struct buffers {
  const char *role;
  void *const *pointers;
  const size_t *sizes;
  size_t num;
} buffers;

/* Where the chunks begin. */
static PJRT_Error *split(const buffers *from, size_t num_chunks,
                         size_t chunk_size, unsigned char ***out) {
  const size_t per_buffer = num_chunks / from->num;
  if (!from->pointers || !from->sizes)
    return sim_misuse("NULL %s buffers", from->role);
  for (size_t i = 0; i < from->num; i++) {
    if (!from->pointers[i] && chunk_size)
      return sim_misuse("%s buffer %zu is NULL", from->role, i);
    if (from->sizes[i] / per_buffer < chunk_size)
      return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                       "%s buffer %zu has %zu bytes, expected %zu", from->role,
                       i, from->sizes[i], chunk_size * per_buffer);
  }
  *out = sim_allocate(num_chunks * sizeof(**out));
  for (size_t i = 0; chunk_size && i < num_chunks; i++)
    (*out)[i] = (unsigned char *)from->pointers[i / per_buffer] +
                i % per_buffer * chunk_size;
  return NULL;
}

static PJRT_Error *split_both(const sim_exchange *what, size_t num_ranks,
                              const buffers *send, const buffers *receive,
                              sim_participant *out) {
  unsigned char **sends = NULL;
  const size_t element_size = sim_exchange_element_size(what);
  if (what->count > SIZE_MAX / element_size / num_ranks)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT, "%zu elements",
                     what->count);
  const size_t size = what->count * element_size;
  SIM_TRY(split(send, sim_exchange_num_sends(what, num_ranks), size, &sends));
  PJRT_Error *error = split(receive, sim_exchange_num_receives(what, num_ranks),
                            size, &out->receives);
  if (error)
    free(sends);
  else
    out->sends = (const unsigned char **)sends;
  return error;
}

static PJRT_Error *start(const PJRT_Collectives_Communicator *communicator,
                         const PJRT_Collectives_CpuExecutor *executor,
                         const sim_exchange *what, const buffers *send,
                         const buffers *receive, size_t source,
                         PJRT_Event **out_event) {
  sim_participant participant = {.source = source};
  SIM_REQUIRE(communicator, SIM_OTHER);
  SIM_TRY(check_executor(communicator, executor));
  SIM_TRY(sim_exchange_check(what));
  SIM_TRY(
      split_both(what, communicator->num_ranks, send, receive, &participant));
  const sim_meeting_key key = {&communicator->clique, executor->run_id,
                               executor->op_id, executor->collective_op_kind};
  const int64_t timeout =
      executor->timeout_in_ns == INT64_MAX ? 0 : executor->timeout_in_ns;
  return sim_meet(communicator->lobby, &key, what, communicator->num_ranks,
                  communicator->rank, participant, timeout, out_event);
}

/* What four of the five operations have in common. */
#define START_ONE(args, exchange, source)                        \
  start((args)->communicator, (args)->cpu_executor, &(exchange), \
        &(buffers){"send", &(args)->send_buffer_ptr,             \
                   &(args)->send_buffer_size, 1},                \
        &(buffers){"receive", &(args)->recv_buffer_ptr,          \
                   &(args)->recv_buffer_size, 1},                \
        (source), &(args)->event)

static PJRT_Error *all_reduce(
    PJRT_Collectives_Communicator_AllReduce_Args *args) {
  SIM_EXT_ENTER(args, PJRT_Collectives_Communicator_AllReduce_Args,
                PJRT_Collectives_Communicator_AllReduce_Args_STRUCT_SIZE);
  const sim_exchange what = {SIM_ALL_REDUCE, args->primitive_type, args->count,
                             args->reduction_kind};
  return START_ONE(args, what, SIM_NO_RANK);
}

static PJRT_Error *reduce_scatter(
    PJRT_Collectives_Communicator_ReduceScatter_Args *args) {
  SIM_EXT_ENTER(args, PJRT_Collectives_Communicator_ReduceScatter_Args,
                PJRT_Collectives_Communicator_ReduceScatter_Args_STRUCT_SIZE);
  const sim_exchange what = {SIM_REDUCE_SCATTER, args->primitive_type,
                             args->count, args->reduction_kind};
  return START_ONE(args, what, SIM_NO_RANK);
}

static PJRT_Error *all_gather(
    PJRT_Collectives_Communicator_AllGather_Args *args) {
  SIM_EXT_ENTER(args, PJRT_Collectives_Communicator_AllGather_Args,
                PJRT_Collectives_Communicator_AllGather_Args_STRUCT_SIZE);
  const sim_exchange what = {.kind = SIM_ALL_GATHER,
                             .type = args->primitive_type,
                             .count = args->count};
  return START_ONE(args, what, SIM_NO_RANK);
}

static PJRT_Error *check_rank(const char *role, int64_t rank,
                              size_t num_ranks) {
  if (rank >= 0 && (size_t)rank < num_ranks) return NULL;
  return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                   "%s rank %lld, the communicator has %zu ranks", role,
                   (long long)rank, num_ranks);
}

static PJRT_Error *permute(
    PJRT_Collectives_Communicator_CollectivePermute_Args *args) {
  SIM_EXT_ENTER(
      args, PJRT_Collectives_Communicator_CollectivePermute_Args,
      PJRT_Collectives_Communicator_CollectivePermute_Args_STRUCT_SIZE);
  SIM_REQUIRE(args->communicator, SIM_OTHER);
  const size_t num_ranks = args->communicator->num_ranks;
  const sim_exchange what = {.kind = SIM_COLLECTIVE_PERMUTE,
                             .type = args->primitive_type,
                             .count = args->count};
  if (args->has_source_rank)
    SIM_TRY(check_rank("source", args->source_rank, num_ranks));
  if (args->num_target_ranks && !args->target_ranks)
    return sim_misuse("NULL target_ranks");
  for (size_t i = 0; i < args->num_target_ranks; i++)
    SIM_TRY(check_rank("target", args->target_ranks[i], num_ranks));
  return START_ONE(
      args, what,
      args->has_source_rank ? (size_t)args->source_rank : SIM_NO_RANK);
}

static PJRT_Error *check_num(const char *role, size_t num, size_t expected) {
  if (num == expected) return NULL;
  return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                   "%zu %s buffers, expected %zu", num, role, expected);
}

static PJRT_Error *all_to_all(
    PJRT_Collectives_Communicator_AllToAll_Args *args) {
  SIM_EXT_ENTER(args, PJRT_Collectives_Communicator_AllToAll_Args,
                PJRT_Collectives_Communicator_AllToAll_Args_STRUCT_SIZE);
  SIM_REQUIRE(args->communicator, SIM_OTHER);
  const size_t num_ranks = args->communicator->num_ranks;
  SIM_TRY(check_num("send", args->num_send_buffers, num_ranks));
  SIM_TRY(check_num("receive", args->num_recv_buffers, num_ranks));
  const sim_exchange what = {.kind = SIM_ALL_TO_ALL,
                             .type = args->primitive_type,
                             .count = args->count};
  return start(args->communicator, args->cpu_executor, &what,
               &(buffers){"send", args->send_buffers_ptrs,
                          args->send_buffers_sizes, args->num_send_buffers},
               &(buffers){"receive", args->recv_buffers_ptrs,
                          args->recv_buffers_sizes, args->num_recv_buffers},
               SIM_NO_RANK, &args->event);
}

static const PJRT_Collectives_Extension node = {
    .collectives_destroy = destroy,
    .collectives_create_communicators = create_communicators,
    .communicator_destroy = destroy_communicator,
    .communicator_all_reduce = all_reduce,
    .communicator_reduce_scatter = reduce_scatter,
    .communicator_all_gather = all_gather,
    .communicator_collective_permute = permute,
    .communicator_all_to_all = all_to_all,
    .communicator_to_string = to_string,
};

/* Nothing made collectives before 0.114. */
const sim_extension sim_ext_collectives = {
    .type = PJRT_Extension_Type_Collectives,
    .name = "Collectives",
    .steps = {{114, 96}},
    .node = &node,
    .node_size = sizeof(node),
};
