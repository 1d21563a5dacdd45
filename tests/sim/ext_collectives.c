/* Collectives, which Megascale makes. */
#include <pthread.h>

#include "check.h"

enum { MAX_RANKS = 3 };

static const PJRT_Collectives_Extension *collectives(void) {
  return find_extension(PJRT_Extension_Type_Collectives);
}

/* ---- making -------------------------------------------------------------- */

static int64_t device_ids[MAX_RANKS] = {5, 3, 8};

/* What the checks work with: a communicator for each rank. */
typedef struct clique {
  PJRT_Megascale_ClientContext *context;
  PJRT_Collectives *collectives;
  PJRT_Collectives_Communicator *ranks[MAX_RANKS];
  size_t num;
} clique;

static PJRT_Error *make_collectives(PJRT_Megascale_ClientContext *context,
                                    int32_t num_devices,
                                    PJRT_Collectives **out) {
  const char *address = "127.0.0.1";
  size_t size = 9;
  PJRT_Megascale_ProcessesInfo info = {.addresses = &address,
                                       .address_sizes = &size,
                                       .num_addresses = 1,
                                       .num_devices_per_process = num_devices};
  ARGS(PJRT_Megascale_CreateMegascaleCollectives, .client_context = context,
       .processes_info = &info);
  PJRT_Error *error = megascale()->create_megascale_collectives(&args);
  *out = args.collectives;
  return error;
}

static PJRT_Error *make_communicators(const clique *c, const int64_t *ids,
                                      int64_t *ranks, size_t num,
                                      PJRT_Collectives_Communicator **out) {
  ARGS(PJRT_Collectives_CreateCommunicators, .collectives = c->collectives,
       .device_ids = ids, .num_device_ids = c->num, .rank_ids = ranks,
       .num_device_ranks = num);
  PJRT_Error *error = collectives()->collectives_create_communicators(&args);
  if (error || !args.communicators_holder) return error;
  memcpy(out, args.communicators, args.num_communicators * sizeof(*out));
  args.communicators_holder_deleter(args.communicators_holder);
  return NULL;
}

static void initialize(PJRT_Megascale_ClientContext *context) {
  ARGS(PJRT_Megascale_ClientContext_Initialize, .client_context = context);
  CHECK(!megascale()->client_context_initialize(&args));
}

static clique new_clique(size_t num) {
  int64_t ranks[MAX_RANKS] = {0, 1, 2};
  clique c = {.num = num};
  ARGS(PJRT_Megascale_CreateDefaultClientContext, .client_context = NULL);
  if (megascale()->create_default_client_context(&args)) return c;
  c.context = args.client_context;
  initialize(c.context);
  if (make_collectives(c.context, MAX_RANKS, &c.collectives)) return c;
  make_communicators(&c, device_ids, ranks, num, c.ranks);
  return c;
}

static PJRT_Error *destroy_rank(PJRT_Collectives_Communicator *communicator) {
  ARGS(PJRT_Collectives_Communicator_Destroy, .communicator = communicator);
  return collectives()->communicator_destroy(&args);
}

static PJRT_Error *destroy_collectives(PJRT_Collectives *which) {
  ARGS(PJRT_Collectives_Destroy, .collectives = which);
  return collectives()->collectives_destroy(&args);
}

static void free_clique(clique *c) {
  for (size_t i = 0; i < c->num; i++) CHECK(!destroy_rank(c->ranks[i]));
  CHECK(!destroy_collectives(c->collectives));
  ARGS(PJRT_Megascale_DeleteClientContext, .client_context = c->context);
  CHECK(!megascale()->delete_client_context(&args));
}

/* Of one operation of run 7. */
static PJRT_Collectives_CpuExecutor executor_of(const clique *c,
                                                int64_t op_id) {
  return (PJRT_Collectives_CpuExecutor){
      .run_id = 7,
      .global_device_ids = device_ids,
      .num_global_device_ids = c->num,
      .num_local_participants = (int32_t)c->num,
      .op_id = op_id};
}

/* ---- making, and its errors ---------------------------------------------- */

static void check_create(void) {
  clique c = new_clique(2);
  PJRT_Collectives_Communicator *made[2];
  int64_t ranks[] = {1, 2};
  const int64_t twice[] = {4, 4};
  CHECK(c.ranks[1]);
  CHECK(says(make_communicators(&c, device_ids, ranks, 2, made),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "rank 2 of a clique of 2 devices"));
  CHECK(says(make_communicators(&c, twice, ranks, 1, made),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "device 4 is there twice in the clique"));
  c.num = 4;
  CHECK(says(make_communicators(&c, device_ids, ranks, 1, made),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "a clique of 4 devices, expected 1 to 3"));
  c.num = 2;
  CHECK(says(make_communicators(&c, NULL, ranks, 1, made),
             PJRT_Error_Code_INTERNAL, "misuse"));
  CHECK(!destroy_rank(NULL) && !destroy_collectives(NULL));
  free_clique(&c);
}

static void check_create_collectives(void) {
  PJRT_Collectives *made;
  clique c = new_clique(1);
  CHECK(says(make_collectives(c.context, 0, &made),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "num_devices_per_process is 0, expected 1"));
  CHECK(says(make_collectives(NULL, 1, &made), PJRT_Error_Code_INTERNAL,
             "misuse"));
  ARGS(PJRT_Megascale_CreateMegascaleCollectives, .client_context = c.context);
  CHECK(says(megascale()->create_megascale_collectives(&args),
             PJRT_Error_Code_INTERNAL, "misuse"));
  int32_t slice = 0;
  PJRT_Megascale_ProcessesInfo info = {.num_addresses = 2,
                                       .num_devices_per_process = 1,
                                       .slice_indexes = &slice,
                                       .num_slice_indexes = 1};
  args.processes_info = &info;
  CHECK(says(megascale()->create_megascale_collectives(&args),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "1 slice_indexes, expected one for each of 2 processes"));
  free_clique(&c);
}

static void check_to_string(void) {
  static const char expected[] = "sim communicator, rank 1 of 2";
  clique c = new_clique(2);
  ARGS(PJRT_Collectives_Communicator_ToString, .communicator = c.ranks[1]);
  CHECK(!collectives()->communicator_to_string(&args));
  CHECK(args.str_size == sizeof(expected) - 1);
  CHECK(!memcmp(args.str, expected, args.str_size));
  args.str_holder_deleter(args.str_holder);
  free_clique(&c);
  args.communicator = NULL;
  CHECK(says(collectives()->communicator_to_string(&args),
             PJRT_Error_Code_INTERNAL, "misuse"));
}

/* ---- operations ---------------------------------------------------------- */

static PJRT_Error *all_reduce(const clique *c, size_t rank, const float *send,
                              float *receive, size_t count,
                              PJRT_Collectives_ReductionKind kind,
                              PJRT_Collectives_CpuExecutor *executor,
                              PJRT_Event **out) {
  ARGS(PJRT_Collectives_Communicator_AllReduce, .communicator = c->ranks[rank],
       .send_buffer_ptr = (void *)(uintptr_t)send,
       .send_buffer_size = count * sizeof(float), .recv_buffer_ptr = receive,
       .recv_buffer_size = count * sizeof(float),
       .primitive_type = PJRT_Buffer_Type_F32, .count = count,
       .reduction_kind = kind, .cpu_executor = executor);
  PJRT_Error *error = collectives()->communicator_all_reduce(&args);
  *out = args.event;
  return error;
}

/* Nothing is there before all have come; the data may lie where it goes. */
static void check_all_reduce(void) {
  static const float expected[][3] = {
      [PJRT_COLLECTIVES_REDUCTION_SUM] = {9, 0, 4},
      [PJRT_COLLECTIVES_REDUCTION_PRODUCT] = {24, -2, 0},
      [PJRT_COLLECTIVES_REDUCTION_MIN] = {2, -2, 0},
      [PJRT_COLLECTIVES_REDUCTION_MAX] = {4, 1, 4}};
  clique c = new_clique(3);
  for (int kind = 0; kind < 4; kind++) {
    float data[3][3] = {{2, 1, 0}, {3, -2, 4}, {4, 1, 0}};
    PJRT_Event *events[3];
    for (size_t rank = 0; rank < 3; rank++) {
      PJRT_Collectives_CpuExecutor executor = executor_of(&c, kind);
      CHECK(!all_reduce(&c, rank, data[rank], data[rank], 3,
                        (PJRT_Collectives_ReductionKind)kind, &executor,
                        &events[rank]));
      CHECK(events[0] && is_ready(events[0]) == (rank == 2));
    }
    for (size_t rank = 0; rank < 3; rank++) {
      CHECK(!await_free(events[rank]));
      CHECK(!memcmp(data[rank], expected[kind], sizeof(data[rank])));
    }
  }
  free_clique(&c);
}

/* ReduceScatter, AllGather and CollectivePermute take what AllReduce does:
 * `send` and `receive` are in elements. */
#define RUN(name, slot, rank, from, num_sent, to, num_received, num, ...)      \
  do {                                                                         \
    PJRT_Collectives_CpuExecutor executor = executor_of(&c, 1);                \
    MAKE(args, PJRT_Collectives_Communicator_##name,                           \
         .communicator = c.ranks[rank], .send_buffer_ptr = (from),             \
         .send_buffer_size = (num_sent) * sizeof(int16_t),                     \
         .recv_buffer_ptr = (to),                                              \
         .recv_buffer_size = (num_received) * sizeof(int16_t),                 \
         .primitive_type = PJRT_Buffer_Type_S16, .count = (num),               \
         .cpu_executor = &executor, __VA_ARGS__);                              \
    CHECK(!collectives()->slot(&args));                                        \
    events[rank] = args.event;                                                 \
    args.communicator = NULL;                                                  \
    CHECK(                                                                     \
        says(collectives()->slot(&args), PJRT_Error_Code_INTERNAL, "misuse")); \
    args.struct_size--;                                                        \
    CHECK(says(collectives()->slot(&args), PJRT_Error_Code_INVALID_ARGUMENT,   \
               "Unexpected PJRT_Collectives_Communicator_" #name "_Args"));    \
  } while (0)

static void check_reduce_scatter(void) {
  clique c = new_clique(2);
  int16_t data[2][4] = {{1, 2, 3, 4}, {10, 20, 30, 40}}, got[2][2] = {{0}};
  PJRT_Event *events[2];
  for (int rank = 0; rank < 2; rank++)
    RUN(ReduceScatter, communicator_reduce_scatter, rank, data[rank], 4,
        got[rank], 2, 2, .reduction_kind = PJRT_COLLECTIVES_REDUCTION_SUM);
  CHECK(!await_free(events[0]) && !await_free(events[1]));
  CHECK(got[0][0] == 11 && got[0][1] == 22);
  CHECK(got[1][0] == 33 && got[1][1] == 44);
  free_clique(&c);
}

static void check_all_gather(void) {
  static const int16_t expected[] = {1, 2, 10, 20, -1, -2};
  clique c = new_clique(3);
  int16_t data[3][2] = {{1, 2}, {10, 20}, {-1, -2}}, got[3][6] = {{0}};
  PJRT_Event *events[3];
  for (int rank = 2; rank >= 0; rank--)
    RUN(AllGather, communicator_all_gather, rank, data[rank], 2, got[rank], 6,
        2, .event = NULL);
  for (int rank = 0; rank < 3; rank++) {
    CHECK(!await_free(events[rank]));
    CHECK(!memcmp(got[rank], expected, sizeof(expected)));
  }
  free_clique(&c);
}

/* 0 to 1, 1 to 2; nobody to 0, which therefore gets zeroes. */
static void check_permute(void) {
  clique c = new_clique(3);
  int16_t data[3] = {7, 8, 9};
  PJRT_Event *events[3];
  for (int rank = 0; rank < 3; rank++) {
    int64_t target = rank + 1;
    RUN(CollectivePermute, communicator_collective_permute, rank, &data[rank],
        1, &data[rank], 1, 1, .has_source_rank = rank > 0,
        .source_rank = rank - 1, .target_ranks = &target,
        .num_target_ranks = rank < 2);
  }
  for (int rank = 0; rank < 3; rank++) CHECK(!await_free(events[rank]));
  CHECK(data[0] == 0 && data[1] == 7 && data[2] == 8);
  int64_t nowhere = 3;
  ARGS(PJRT_Collectives_Communicator_CollectivePermute,
       .communicator = c.ranks[0], .target_ranks = &nowhere,
       .num_target_ranks = 1);
  CHECK(says(collectives()->communicator_collective_permute(&args),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "target rank 3, the communicator has 3 ranks"));
  args.has_source_rank = true;
  args.source_rank = -1;
  CHECK(says(collectives()->communicator_collective_permute(&args),
             PJRT_Error_Code_INVALID_ARGUMENT, "source rank -1"));
  free_clique(&c);
}

/* What rank 0 has for 1 goes to 1, where it comes from 0. */
static void check_all_to_all(void) {
  clique c = new_clique(2);
  double data[2][2] = {{1, 2}, {3, 4}}, got[2][2] = {{0}};
  const size_t sizes[] = {sizeof(double), sizeof(double)};
  PJRT_Event *events[2];
  for (size_t rank = 0; rank < 2; rank++) {
    PJRT_Collectives_CpuExecutor executor = executor_of(&c, 1);
    void *sends[] = {&data[rank][0], &data[rank][1]};
    void *receives[] = {&got[rank][0], &got[rank][1]};
    ARGS(PJRT_Collectives_Communicator_AllToAll, .communicator = c.ranks[rank],
         .send_buffers_ptrs = sends, .send_buffers_sizes = sizes,
         .num_send_buffers = 1, .recv_buffers_ptrs = receives,
         .recv_buffers_sizes = sizes, .num_recv_buffers = 2,
         .primitive_type = PJRT_Buffer_Type_F64, .count = 1,
         .cpu_executor = &executor);
    CHECK(says(collectives()->communicator_all_to_all(&args),
               PJRT_Error_Code_INVALID_ARGUMENT, "1 send buffers, expected 2"));
    args.num_send_buffers = 2;
    CHECK(!collectives()->communicator_all_to_all(&args));
    events[rank] = args.event;
  }
  CHECK(!await_free(events[0]) && !await_free(events[1]));
  CHECK((int)got[0][0] == 1 && (int)got[0][1] == 3);
  CHECK((int)got[1][0] == 2 && (int)got[1][1] == 4);
  free_clique(&c);
}

/* ---- what does not fit --------------------------------------------------- */

static void check_executors(void) {
  clique c = new_clique(2);
  float data = 1;
  PJRT_Event *event;
  PJRT_Collectives_CpuExecutor executor = executor_of(&c, 1);
#define REFUSED(given, code, text)                                        \
  CHECK(says(all_reduce(&c, 0, &data, &data, 1,                           \
                        PJRT_COLLECTIVES_REDUCTION_SUM, (given), &event), \
             PJRT_Error_Code_##code, text))
  REFUSED(NULL, INVALID_ARGUMENT, "cpu_executor is null");
  executor.num_local_participants = 1;
  REFUSED(&executor, UNIMPLEMENTED, "1 of 2 participants are in this process");
  int64_t others[] = {5, 8};
  executor.global_device_ids = others;
  REFUSED(&executor, INVALID_ARGUMENT,
          "rank 1 is device 3, the executor says 8");
  executor.num_global_device_ids = 3;
  REFUSED(&executor, INVALID_ARGUMENT,
          "the executor names 3 devices, the communicator has 2");
#undef REFUSED
  free_clique(&c);
}

static void check_buffer_sizes(void) {
  clique c = new_clique(2);
  float data[2] = {0};
  PJRT_Collectives_CpuExecutor executor = executor_of(&c, 1);
  ARGS(PJRT_Collectives_Communicator_AllGather, .communicator = c.ranks[0],
       .send_buffer_ptr = data, .send_buffer_size = 4, .recv_buffer_ptr = data,
       .recv_buffer_size = 7, .primitive_type = PJRT_Buffer_Type_F32,
       .count = 1, .cpu_executor = &executor);
#define REFUSED(code, text)                                 \
  CHECK(says(collectives()->communicator_all_gather(&args), \
             PJRT_Error_Code_##code, text))
  REFUSED(INVALID_ARGUMENT, "receive buffer 0 has 7 bytes, expected 8");
  args.send_buffer_size = 3;
  REFUSED(INVALID_ARGUMENT, "send buffer 0 has 3 bytes, expected 4");
  args.send_buffer_ptr = NULL;
  REFUSED(INTERNAL, "misuse");
  args.count = SIZE_MAX;
  REFUSED(INVALID_ARGUMENT, "18446744073709551615 elements");
  args.primitive_type = PJRT_Buffer_Type_INVALID;
  REFUSED(INVALID_ARGUMENT, "there is no element type 0");
#undef REFUSED
  free_clique(&c);
}

/* Complex numbers have no order, and ranks have to agree. */
static void check_disagreement(void) {
  clique c = new_clique(2);
  float data[2] = {1, 2};
  PJRT_Event *event, *other;
  PJRT_Collectives_CpuExecutor executor = executor_of(&c, 1);
  const PJRT_Collectives_ReductionKind sum = PJRT_COLLECTIVES_REDUCTION_SUM;
  CHECK(!all_reduce(&c, 0, data, data, 2, sum, &executor, &event));
  CHECK(says(all_reduce(&c, 0, data, data, 2, sum, &executor, &other),
             PJRT_Error_Code_ALREADY_EXISTS,
             "rank 0 takes part in operation 1 of run 7 already"));
  CHECK(says(all_reduce(&c, 1, data, data, 1, sum, &executor, &other),
             PJRT_Error_Code_INVALID_ARGUMENT,
             "rank 1 calls all_reduce of 1 f32 by sum, the others call "
             "all_reduce of 2 f32 by sum"));
  CHECK(says(all_reduce(&c, 1, data, data, 1, (PJRT_Collectives_ReductionKind)4,
                        &executor, &other),
             PJRT_Error_Code_INVALID_ARGUMENT, "there is no reduction 4"));
  ARGS(PJRT_Collectives_Communicator_AllReduce, .communicator = c.ranks[1],
       .send_buffer_ptr = data, .send_buffer_size = 8, .recv_buffer_ptr = data,
       .recv_buffer_size = 8, .primitive_type = PJRT_Buffer_Type_C64,
       .count = 1, .reduction_kind = PJRT_COLLECTIVES_REDUCTION_MAX,
       .cpu_executor = &executor);
  CHECK(says(collectives()->communicator_all_reduce(&args),
             PJRT_Error_Code_INVALID_ARGUMENT, "max is not defined on c64"));
  free_clique(&c);
  CHECK(says(await_free(event), PJRT_Error_Code_CANCELLED,
             "the communicators are destroyed"));
}

static void check_timeout(void) {
  clique c = new_clique(2);
  float data = 1;
  PJRT_Event *event;
  PJRT_Collectives_CpuExecutor executor = executor_of(&c, 1);
  executor.timeout_in_ns = 1000000;
  CHECK(!all_reduce(&c, 1, &data, &data, 1, PJRT_COLLECTIVES_REDUCTION_SUM,
                    &executor, &event));
  CHECK(says(await_free(event), PJRT_Error_Code_DEADLINE_EXCEEDED,
             "1 of 2 ranks came in time"));
  free_clique(&c);
}

/* What waits for the run ends at once, and so does what comes soon after. */
static void check_unblock(void) {
  clique c = new_clique(2);
  float data = 1;
  PJRT_Event *event;
  PJRT_Collectives_CpuExecutor executor = executor_of(&c, 1);
  const PJRT_Collectives_ReductionKind sum = PJRT_COLLECTIVES_REDUCTION_SUM;
  ARGS(PJRT_Megascale_ClientContext_UnblockPendingWork,
       .client_context = c.context, .launch_id = 7);
  for (int i = 0; i < 2; i++) {
    CHECK(!all_reduce(&c, 0, &data, &data, 1, sum, &executor, &event));
    CHECK(!megascale()->client_context_unblock_pending_work(&args));
    CHECK(says(await_free(event), PJRT_Error_Code_ABORTED,
               "its run was unblocked"));
    args.expire_after_ms = INT64_MAX;
  }
  CHECK(says(all_reduce(&c, 0, &data, &data, 1, sum, &executor, &event),
             PJRT_Error_Code_ABORTED, "run 7 was unblocked"));
  free_clique(&c);
}

/* Contexts of one client know one another's communicators. */
static void check_shared_client(void) {
  PJRT_Client *client = new_client();
  clique c[2] = {{.num = 2}, {.num = 2}};
  float data[2] = {1, 2};
  PJRT_Event *events[2];
  for (int64_t i = 0; i < 2; i++) {
    ARGS(PJRT_Megascale_CreateClientContextFromPjRtClient, .client = client);
    CHECK(!megascale()->create_client_context_from_pjrt_client(&args));
    c[i].context = args.client_context;
    initialize(c[i].context);
    CHECK(!make_collectives(c[i].context, 2, &c[i].collectives));
    CHECK(!make_communicators(&c[i], device_ids, &i, 1, &c[i].ranks[i]));
    PJRT_Collectives_CpuExecutor executor = executor_of(&c[i], 1);
    CHECK(!all_reduce(&c[i], (size_t)i, &data[i], &data[i], 1,
                      PJRT_COLLECTIVES_REDUCTION_SUM, &executor, &events[i]));
  }
  for (int i = 0; i < 2; i++) {
    CHECK(!await_free(events[i]) && (int)data[i] == 3);
    free_clique(&c[i]);
  }
  free_client(client);
}

/* ---- threads ------------------------------------------------------------- */

enum { NUM_ROUNDS = 50 };

typedef struct worker {
  const clique *c;
  size_t rank;
  int num_right;
} worker;

static void *work(void *arg) {
  worker *w = arg;
  for (int round = 0; round < NUM_ROUNDS; round++) {
    float data = (float)(round * (int)(w->rank + 1));
    PJRT_Event *event;
    PJRT_Collectives_CpuExecutor executor = executor_of(w->c, round);
    executor.timeout_in_ns = INT64_C(60000000000);
    if (all_reduce(w->c, w->rank, &data, &data, 1,
                   PJRT_COLLECTIVES_REDUCTION_SUM, &executor, &event) ||
        await_free(event))
      return NULL;
    w->num_right += (int)data == 6 * round;
  }
  return NULL;
}

static void check_threads(void) {
  clique c = new_clique(3);
  pthread_t threads[3];
  worker workers[3];
  for (size_t rank = 0; rank < 3; rank++) {
    workers[rank] = (worker){&c, rank, 0};
    CHECK(!pthread_create(&threads[rank], NULL, work, &workers[rank]));
  }
  for (size_t rank = 0; rank < 3; rank++) {
    pthread_join(threads[rank], NULL);
    CHECK(workers[rank].num_right == NUM_ROUNDS);
  }
  free_clique(&c);
}

void suite_ext_collectives(void) {
  run_check("collectives-communicators", check_create);
  run_check("collectives-processes", check_create_collectives);
  run_check("collectives-to-string", check_to_string);
  run_check("all-reduce", check_all_reduce);
  run_check("reduce-scatter", check_reduce_scatter);
  run_check("all-gather", check_all_gather);
  run_check("collective-permute", check_permute);
  run_check("all-to-all", check_all_to_all);
  run_check("collectives-executors", check_executors);
  run_check("collectives-buffers", check_buffer_sizes);
  run_check("collectives-disagreement", check_disagreement);
  run_check("collectives-timeout", check_timeout);
  run_check("collectives-unblock", check_unblock);
  run_check("collectives-of-one-client", check_shared_client);
  run_check("collectives-on-threads", check_threads);
}
