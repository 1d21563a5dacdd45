/* The Collectives extension on the simulated plugin, where all ranks are in
 * this process: what each operation moves, what is refused, and how long things
 * live. */
#include <pthread.h>

#include "ext_node.h"
#include "pjrt/ext/megascale.h"

enum { NUM_RANKS = 2 };

static const pjrt_code bad = PJRT_INVALID_ARGUMENT;
static const int64_t device_ids[NUM_RANKS] = {0, 2048};
static const int64_t ranks[NUM_RANKS] = {0, 1};

static pjrt_collectives *make_collectives(const fixture *f) {
  static const char *const addresses[NUM_RANKS] = {"127.0.0.1:1",
                                                   "127.0.0.1:2"};
  static const int32_t slices[NUM_RANKS] = {0, 1};
  static const int32_t places[NUM_RANKS] = {0, 0};
  pjrt_megascale_context *context;
  pjrt_collectives *collectives;
  pjrt_megascale_processes processes;
  pjrt_megascale_processes_init(&processes);
  processes.addresses = addresses;
  processes.num_addresses = NUM_RANKS;
  processes.slice_indexes = slices;
  processes.per_slice_indexes = places;
  expect_ok(pjrt_megascale_context_create_default(f->plugin, &context));
  expect_ok(pjrt_megascale_context_initialize(context));
  expect_ok(pjrt_megascale_collectives(context, &processes, &collectives));
  pjrt_megascale_context_free(context); /* they keep it */
  return collectives;
}

static pjrt_clique make_clique(void) {
  pjrt_clique clique;
  pjrt_clique_init(&clique);
  clique.device_ids = device_ids;
  clique.num_device_ids = NUM_RANKS;
  clique.ranks = ranks;
  clique.num_ranks = NUM_RANKS;
  return clique;
}

static void make(const fixture *f, pjrt_communicator *out[NUM_RANKS]) {
  pjrt_collectives *collectives = make_collectives(f);
  const pjrt_clique clique = make_clique();
  expect_ok(pjrt_collectives_create_communicators(collectives, &clique, out));
  pjrt_collectives_free(collectives);
}

static void free_all(pjrt_communicator *all[NUM_RANKS]) {
  for (int i = 0; i < NUM_RANKS; i++) pjrt_communicator_free(all[i]);
}

static void finish(pjrt_event *events[NUM_RANKS]) {
  for (int i = 0; i < NUM_RANKS; i++) {
    expect_ok(pjrt_event_await(events[i]));
    pjrt_event_free(events[i]);
  }
}

/* ---- communicators ------------------------------------------------------- */

static void test_communicators(void **state) {
  size_t size;
  char *text;
  pjrt_communicator *all[NUM_RANKS];
  make(*state, all);
  assert_int_equal(pjrt_communicator_num_ranks(all[1]), NUM_RANKS);
  assert_int_equal(pjrt_communicator_rank(all[1]), 1);
  expect_ok(pjrt_communicator_to_string(all[1], &text, &size));
  assert_string_equal(text, "sim communicator, rank 1 of 2");
  assert_int_equal(size, strlen(text));
  pjrt_host_free(text);
  expect_error(pjrt_communicator_to_string(NULL, &text, NULL), bad,
               "communicator is NULL");
  free_all(all);
  pjrt_communicator_free(NULL);
  pjrt_collectives_free(NULL);
}

static void expect_clique_refused(pjrt_collectives *collectives,
                                  pjrt_clique clique, const char *message) {
  pjrt_communicator *out[NUM_RANKS] = {(void *)1, (void *)1};
  expect_error(pjrt_collectives_create_communicators(collectives, &clique, out),
               bad, message);
  if (clique.num_ranks) assert_null(out[0]);
}

static void test_clique_refused(void **state) {
  static const int64_t twice[NUM_RANKS] = {1, 1};
  static const int64_t far[NUM_RANKS] = {0, 2};
  static const void *const ids[1] = {NULL};
  static const size_t sizes[1] = {3};
  pjrt_clique clique = make_clique();
  expect_clique_refused(NULL, clique, "collectives is NULL");
  pjrt_collectives *collectives = make_collectives(*state);
  clique.num_device_ids = 0;
  expect_clique_refused(collectives, clique, "a clique of 0 devices");
  clique = make_clique();
  clique.device_ids = twice;
  expect_clique_refused(collectives, clique, "device 1 is there twice");
  clique = make_clique();
  clique.num_ranks = 0;
  expect_clique_refused(collectives, clique, "a clique of 0 ranks");
  clique = make_clique();
  clique.ranks = twice;
  expect_clique_refused(collectives, clique, "rank 1 is there twice");
  clique.ranks = far;
  expect_clique_refused(collectives, clique, "rank 2 of a clique of 2 devices");
  clique = make_clique();
  clique.num_ids = 1;
  expect_clique_refused(collectives, clique, "the clique's 1 ids");
  clique.ids = ids;
  clique.id_sizes = sizes;
  expect_clique_refused(collectives, clique, "id 0 of the clique is NULL");
  pjrt_collectives_free(collectives);
}

static void test_cliques_of_their_own(void **state) {
  static const void *const ids[1] = {"abc"};
  static const size_t sizes[1] = {3};
  pjrt_communicator *all[NUM_RANKS];
  pjrt_clique clique = make_clique();
  pjrt_collectives *collectives = make_collectives(*state);
  clique.ids = ids;
  clique.id_sizes = sizes;
  clique.num_ids = 1;
  expect_ok(pjrt_collectives_create_communicators(collectives, &clique, all));
  pjrt_collectives_free(collectives);
  free_all(all);
}

/* What is left of the plugin's answer goes on to its own function. */
static const PJRT_Collectives_Extension *honest;

static void destroy_honestly(PJRT_Collectives_Communicator *raw) {
  PJRT_Collectives_Communicator_Destroy_Args args = {
      .struct_size = PJRT_Collectives_Communicator_Destroy_Args_STRUCT_SIZE,
      .communicator = raw};
  assert_null(honest->communicator_destroy(&args));
}

static PJRT_Error *one_is_missing(
    PJRT_Collectives_CreateCommunicators_Args *args) {
  assert_null(honest->collectives_create_communicators(args));
  destroy_honestly(args->communicators[1]);
  args->communicators[1] = NULL;
  return NULL;
}

static PJRT_Error *one_less(PJRT_Collectives_CreateCommunicators_Args *args) {
  assert_null(one_is_missing(args));
  args->num_communicators = 1;
  return NULL;
}

static PJRT_Error *far_too_many(
    PJRT_Collectives_CreateCommunicators_Args *args) {
  assert_null(one_is_missing(args));
  destroy_honestly(args->communicators[0]);
  args->num_communicators = SIZE_MAX;
  return NULL;
}

/* All that came of it is destroyed. */
static void expect_create_fails(pjrt_collectives *collectives, pjrt_code code,
                                const char *message) {
  pjrt_communicator *all[NUM_RANKS] = {(void *)1, (void *)1};
  const pjrt_clique clique = make_clique();
  expect_error(pjrt_collectives_create_communicators(collectives, &clique, all),
               code, message);
  assert_null(all[0]);
  assert_null(all[1]);
}

static void test_answers_are_not_trusted(void **state) {
  fixture *f = *state;
  PJRT_Collectives_Extension node;
  pjrt_collectives *collectives = make_collectives(f);
  const size_t i =
      pjrt_plugin_find_extension(f->plugin, PJRT_Extension_Type_Collectives);
  honest = f->plugin->extensions[i].node;
  EXT_TAKE_NODE(f, Collectives, &node);
  node.collectives_create_communicators = one_is_missing;
  expect_create_fails(collectives, PJRT_INTERNAL,
                      "2 communicators, or less, for 2 ranks");
  node.collectives_create_communicators = one_less;
  expect_create_fails(collectives, PJRT_INTERNAL,
                      "1 communicators, or less, for 2 ranks");
  node.collectives_create_communicators = far_too_many;
  expect_create_fails(collectives, PJRT_INTERNAL, "garbage");
  node.collectives_create_communicators =
      honest->collectives_create_communicators;
  sim_fail("PJRT_Collectives_CreateCommunicators", 0,
           PJRT_Error_Code_UNAVAILABLE);
  expect_create_fails(collectives, PJRT_UNAVAILABLE, "the fault");
  pjrt_collectives_free(collectives);
}

/* ---- operations ---------------------------------------------------------- */

/* Rank i sends {1, 2, 3, 4} times 10^i. */
static const float sent[NUM_RANKS][4] = {{1, 2, 3, 4}, {10, 20, 30, 40}};

static void expect_floats(const float *got, const float *expected, size_t num) {
  for (size_t i = 0; i < num; i++) assert_float_equal(got[i], expected[i], 0);
}

static void test_all_reduce(void **state) {
  static const float sums[] = {11, 22, 33, 44}, maxima[] = {10, 20, 30, 40};
  float got[NUM_RANKS][4];
  pjrt_event *done[NUM_RANKS];
  pjrt_communicator *all[NUM_RANKS];
  make(*state, all);
  for (int i = 0; i < NUM_RANKS; i++) {
    expect_ok(pjrt_communicator_all_reduce_async(
        all[i], PJRT_REDUCE_SUM, PJRT_F32, 4, sent[i], got[i], NULL, &done[i]));
  }
  finish(done);
  for (int i = 0; i < NUM_RANKS; i++) expect_floats(got[i], sums, 4);
  for (int i = 0; i < NUM_RANKS; i++) {
    expect_ok(pjrt_communicator_all_reduce_async(
        all[i], PJRT_REDUCE_MAX, PJRT_F32, 4, sent[i], got[i], NULL, &done[i]));
  }
  finish(done);
  expect_floats(got[0], maxima, 4);
  free_all(all);
}

static void test_reduce_scatter(void **state) {
  static const float parts[NUM_RANKS][2] = {{11, 22}, {33, 44}};
  float got[NUM_RANKS][2];
  pjrt_event *done[NUM_RANKS];
  pjrt_communicator *all[NUM_RANKS];
  make(*state, all);
  for (int i = 0; i < NUM_RANKS; i++) {
    expect_ok(pjrt_communicator_reduce_scatter_async(
        all[i], PJRT_REDUCE_SUM, PJRT_F32, 2, sent[i], got[i], NULL, &done[i]));
  }
  finish(done);
  for (int i = 0; i < NUM_RANKS; i++) expect_floats(got[i], parts[i], 2);
  free_all(all);
}

static void test_all_gather(void **state) {
  static const float together[] = {1, 2, 10, 20};
  float got[NUM_RANKS][4];
  pjrt_event *done[NUM_RANKS];
  pjrt_communicator *all[NUM_RANKS];
  make(*state, all);
  for (int i = 0; i < NUM_RANKS; i++) {
    expect_ok(pjrt_communicator_all_gather_async(all[i], PJRT_F32, 2, sent[i],
                                                 got[i], NULL, &done[i]));
  }
  finish(done);
  for (int i = 0; i < NUM_RANKS; i++) expect_floats(got[i], together, 4);
  free_all(all);
}

/* Rank 0 sends to rank 1, which sends to nobody. */
static void test_permute(void **state) {
  static const int64_t target[] = {1};
  static const float zeros[2] = {0};
  float got[NUM_RANKS][2] = {{7, 7}, {7, 7}};
  pjrt_event *done[NUM_RANKS];
  pjrt_permutation from[NUM_RANKS];
  pjrt_communicator *all[NUM_RANKS];
  make(*state, all);
  for (int i = 0; i < NUM_RANKS; i++) pjrt_permutation_init(&from[i]);
  from[0].targets = target;
  from[0].num_targets = 1;
  from[1].source = 0;
  for (int i = 0; i < NUM_RANKS; i++) {
    expect_ok(pjrt_communicator_permute_async(all[i], &from[i], PJRT_F32, 2,
                                              sent[i], got[i], NULL, &done[i]));
  }
  finish(done);
  expect_floats(got[0], zeros, 2);
  expect_floats(got[1], sent[0], 2);
  free_all(all);
}

static void test_all_to_all(void **state) {
  static const float expected[NUM_RANKS][4] = {{1, 2, 10, 20}, {3, 4, 30, 40}};
  float got[NUM_RANKS][4];
  pjrt_event *done[NUM_RANKS];
  pjrt_communicator *all[NUM_RANKS];
  make(*state, all);
  for (int i = 0; i < NUM_RANKS; i++) {
    const void *const sends[] = {sent[i], sent[i] + 2};
    void *const receives[] = {got[i], got[i] + 2};
    expect_ok(pjrt_communicator_all_to_all_async(
        all[i], PJRT_F32, 2, sends, receives, NUM_RANKS, NULL, &done[i]));
  }
  finish(done);
  for (int i = 0; i < NUM_RANKS; i++) expect_floats(got[i], expected[i], 4);
  free_all(all);
}

/* Each rank on a thread of its own, many operations under way at once. */
enum { NUM_OPERATIONS = 20 };

static void *reduce_often(void *argument) {
  float got[NUM_OPERATIONS];
  pjrt_event *done[NUM_OPERATIONS];
  pjrt_communicator *communicator = argument;
  const float one = 1;
  for (int i = 0; i < NUM_OPERATIONS; i++) {
    pjrt_collective_opts opts;
    pjrt_collective_opts_init(&opts);
    opts.op_id = i;
    expect_ok(pjrt_communicator_all_reduce_async(communicator, PJRT_REDUCE_SUM,
                                                 PJRT_F32, 1, &one, &got[i],
                                                 &opts, &done[i]));
  }
  for (int i = 0; i < NUM_OPERATIONS; i++) {
    expect_ok(pjrt_event_await(done[i]));
    pjrt_event_free(done[i]);
    assert_float_equal(got[i], NUM_RANKS, 0);
  }
  return NULL;
}

static void test_threads(void **state) {
  pthread_t threads[NUM_RANKS];
  pjrt_communicator *all[NUM_RANKS];
  make(*state, all);
  for (int i = 0; i < NUM_RANKS; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, reduce_often, all[i]),
                     0);
  }
  for (int i = 0; i < NUM_RANKS; i++) pthread_join(threads[i], NULL);
  free_all(all);
}

/* ---- what goes wrong ----------------------------------------------------- */

static void expect_reduce_refused(pjrt_communicator *communicator,
                                  pjrt_dtype dtype, size_t count,
                                  const void *send, pjrt_code code,
                                  const char *message) {
  float got[4];
  pjrt_event *done = (pjrt_event *)1;
  expect_error(
      pjrt_communicator_all_reduce_async(communicator, PJRT_REDUCE_SUM, dtype,
                                         count, send, got, NULL, &done),
      code, message);
  assert_null(done);
}

static void test_refused(void **state) {
  pjrt_event *done;
  float got[8];
  pjrt_communicator *all[NUM_RANKS];
  make(*state, all);
  expect_reduce_refused(NULL, PJRT_F32, 4, sent[0], bad,
                        "communicator is NULL");
  expect_reduce_refused(all[0], PJRT_TOKEN, 4, sent[0], bad, "token");
  expect_reduce_refused(all[0], PJRT_F32, 4, NULL, bad,
                        "send is NULL for 16 bytes");
  expect_reduce_refused(all[0], PJRT_F32, SIZE_MAX / 2, sent[0], bad,
                        "are too many");
  expect_error(
      pjrt_communicator_all_reduce_async(all[0], (pjrt_reduction)4, PJRT_F32, 4,
                                         sent[0], got, NULL, &done),
      bad, "there is no reduction 4");
  expect_error(pjrt_communicator_all_gather_async(all[0], PJRT_F32, 4, sent[0],
                                                  got, NULL, NULL),
               bad, "out_done is NULL");
  expect_error(
      pjrt_communicator_reduce_scatter_async(all[0], PJRT_REDUCE_SUM, PJRT_F32,
                                             4, sent[0], NULL, NULL, &done),
      bad, "receive is NULL for 16 bytes");
  expect_error(pjrt_communicator_all_to_all_async(all[0], PJRT_F32, 4, NULL,
                                                  NULL, NUM_RANKS, NULL, &done),
               bad, "where there are 2");
  free_all(all);
}

static void expect_opts_refused(pjrt_communicator *communicator,
                                const pjrt_collective_opts *opts,
                                const char *message) {
  float got[4];
  pjrt_event *done;
  expect_error(pjrt_communicator_all_reduce_async(communicator, PJRT_REDUCE_SUM,
                                                  PJRT_F32, 4, sent[0], got,
                                                  opts, &done),
               bad, message);
}

static void test_opts_refused(void **state) {
  pjrt_collective_opts opts;
  pjrt_communicator *all[NUM_RANKS];
  make(*state, all);
  pjrt_collective_opts_init(&opts);
  opts.kind = (pjrt_collective_kind)2;
  expect_opts_refused(all[0], &opts, "there is no kind 2 of operations");
  pjrt_collective_opts_init(&opts);
  opts.timeout_ns = -1;
  expect_opts_refused(all[0], &opts, "timeout_ns is -1");
  pjrt_collective_opts_init(&opts);
  opts.num_local_ranks = 3;
  expect_opts_refused(all[0], &opts, "3 local ranks of 2");
  opts.num_local_ranks = -1;
  expect_opts_refused(all[0], &opts, "-1 local ranks of 2");
  free_all(all);
}

static void test_permutation_refused(void **state) {
  static const int64_t far[] = {2};
  float got[2];
  pjrt_event *done;
  pjrt_permutation permutation;
  pjrt_communicator *all[NUM_RANKS];
  make(*state, all);
  pjrt_permutation_init(&permutation);
  permutation.source = 2;
  expect_error(pjrt_communicator_permute_async(all[0], &permutation, PJRT_F32,
                                               2, sent[0], got, NULL, &done),
               bad, "the source is rank 2 of 2");
  pjrt_permutation_init(&permutation);
  permutation.num_targets = 1;
  expect_error(pjrt_communicator_permute_async(all[0], &permutation, PJRT_F32,
                                               2, sent[0], got, NULL, &done),
               bad, "1 targets at");
  permutation.targets = far;
  expect_error(pjrt_communicator_permute_async(all[0], &permutation, PJRT_F32,
                                               2, sent[0], got, NULL, &done),
               bad, "a target is rank 2 of 2");
  free_all(all);
}

/* Nobody else comes; the event says so, and can be freed after all else. */
static void test_timeout(void **state) {
  fixture *f = *state;
  float got[4];
  pjrt_event *done;
  pjrt_collective_opts opts;
  pjrt_communicator *all[NUM_RANKS];
  make(f, all);
  pjrt_collective_opts_init(&opts);
  opts.timeout_ns = 1000000;
  expect_ok(pjrt_communicator_all_reduce_async(
      all[0], PJRT_REDUCE_SUM, PJRT_F32, 4, sent[0], got, &opts, &done));
  expect_error(pjrt_event_await(done), PJRT_DEADLINE_EXCEEDED,
               "1 of 2 ranks came in time");
  free_all(all);
  fixture_drop(f);
  pjrt_event_free(done);
}

/* The others are told of what a rank cannot do, when their time is over. */
static void test_disagreement(void **state) {
  float got[NUM_RANKS][4];
  pjrt_event *done, *none;
  pjrt_communicator *all[NUM_RANKS];
  make(*state, all);
  expect_ok(pjrt_communicator_all_reduce_async(
      all[0], PJRT_REDUCE_SUM, PJRT_F32, 4, sent[0], got[0], NULL, &done));
  expect_error(
      pjrt_communicator_all_reduce_async(all[1], PJRT_REDUCE_SUM, PJRT_F32, 3,
                                         sent[1], got[1], NULL, &none),
      bad, "the others call all_reduce of 4 f32");
  assert_null(none);
  free_all(all);
  expect_error(pjrt_event_await(done), PJRT_CANCELLED, "destroyed");
  pjrt_event_free(done);
}

/* A last release in a callback ends on a thread that is not the plugin's. */
static void free_in_callback(const pjrt_error *error, void *user) {
  assert_null(error);
  pjrt_communicator_free(user);
}

static void test_freed_in_a_callback(void **state) {
  float got[NUM_RANKS][4];
  pjrt_event *done[NUM_RANKS];
  pjrt_communicator *all[NUM_RANKS];
  make(*state, all);
  for (int i = 0; i < NUM_RANKS; i++) {
    expect_ok(pjrt_communicator_all_reduce_async(
        all[i], PJRT_REDUCE_SUM, PJRT_F32, 4, sent[i], got[i], NULL, &done[i]));
    expect_ok(pjrt_event_on_ready(done[i], free_in_callback, all[i]));
  }
  finish(done);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_communicators),
      sim_test(test_clique_refused),
      sim_test(test_cliques_of_their_own),
      sim_test(test_answers_are_not_trusted),
      sim_test(test_all_reduce),
      sim_test(test_reduce_scatter),
      sim_test(test_all_gather),
      sim_test(test_permute),
      sim_test(test_all_to_all),
      sim_test(test_threads),
      sim_test(test_refused),
      sim_test(test_opts_refused),
      sim_test(test_permutation_refused),
      sim_test(test_timeout),
      sim_test(test_disagreement),
      sim_test(test_freed_in_a_callback),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
