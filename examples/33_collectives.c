/* Ranks that exchange arrays between the slices of a job: all call the same
 * operations, each with memory of its own.
 *
 *   33_collectives PLUGIN   (the simulated one, with both ranks here)
 *
 * With libtpu each rank is a process of its own, whose port a flag in
 * LIBTPU_INIT_ARGS names. */
#include <pjrt/ext/megascale.h>
#include <pjrt/pjrt.h>
#include <stdlib.h>

enum { NUM_RANKS = 2 };

static const float sent[NUM_RANKS][2] = {{1, 2}, {10, 20}};

/* Starts one rank's part; the operations are numbered from 0. */
static pjrt_error *start(pjrt_communicator *communicator, int operation,
                         float received[4], pjrt_event **out) {
  const size_t rank = pjrt_communicator_rank(communicator);
  const int64_t other = 1 - (int64_t)rank;
  const void *const sends[NUM_RANKS] = {&sent[rank][0], &sent[rank][1]};
  void *const receives[NUM_RANKS] = {&received[0], &received[1]};
  pjrt_permutation swap;
  pjrt_collective_opts opts;
  pjrt_collective_opts_init(&opts);
  opts.op_id = operation;
  pjrt_permutation_init(&swap);
  swap.source = other;
  swap.targets = &other;
  swap.num_targets = 1;
  switch (operation) {
    case 0:
      return pjrt_communicator_all_reduce_async(communicator, PJRT_REDUCE_SUM,
                                                PJRT_F32, 2, sent[rank],
                                                received, &opts, out);
    case 1:
      return pjrt_communicator_reduce_scatter_async(
          communicator, PJRT_REDUCE_MAX, PJRT_F32, 1, sent[rank], received,
          &opts, out);
    case 2:
      return pjrt_communicator_all_gather_async(
          communicator, PJRT_F32, 2, sent[rank], received, &opts, out);
    case 3:
      return pjrt_communicator_permute_async(communicator, &swap, PJRT_F32, 2,
                                             sent[rank], received, &opts, out);
    default:
      return pjrt_communicator_all_to_all_async(
          communicator, PJRT_F32, 1, sends, receives, NUM_RANKS, &opts, out);
  }
}

static pjrt_error *run(pjrt_communicator *const *ranks, int operation) {
  static const char *const names[] = {"all reduce", "reduce scatter",
                                      "all gather", "permute", "all to all"};
  float received[NUM_RANKS][4] = {{0}};
  pjrt_event *done[NUM_RANKS] = {NULL};
  pjrt_error *error = NULL;
  for (int i = 0; !error && i < NUM_RANKS; i++)
    error = start(ranks[i], operation, received[i], &done[i]);
  for (int i = 0; !error && i < NUM_RANKS; i++) {
    const float *r = received[i];
    error = pjrt_event_await(done[i]);
    if (!error)
      printf("%-15s rank %d of %zu: %g %g %g %g\n", names[operation], i,
             pjrt_communicator_num_ranks(ranks[i]), (double)r[0], (double)r[1],
             (double)r[2], (double)r[3]);
  }
  for (int i = 0; i < NUM_RANKS; i++) pjrt_event_free(done[i]);
  return error;
}

static pjrt_error *exchange(pjrt_collectives *collectives) {
  const int64_t devices[NUM_RANKS] = {0, 2048}, both[NUM_RANKS] = {0, 1};
  pjrt_communicator *ranks[NUM_RANKS] = {NULL};
  pjrt_clique clique;
  char *name;
  pjrt_clique_init(&clique);
  clique.device_ids = devices;
  clique.num_device_ids = NUM_RANKS;
  clique.ranks = both;
  clique.num_ranks = NUM_RANKS;
  PJRT_TRY(pjrt_collectives_create_communicators(collectives, &clique, ranks));
  pjrt_error *error = pjrt_communicator_to_string(ranks[0], &name, NULL);
  if (!error) printf("%s\n", name);
  pjrt_host_free(name);
  for (int i = 0; !error && i < 5; i++) error = run(ranks, i);
  for (int i = 0; i < NUM_RANKS; i++) pjrt_communicator_free(ranks[i]);
  return error;
}

int main(int argc, char **argv) {
  const char *const addresses[NUM_RANKS] = {"127.0.0.1:9001", "127.0.0.1:9002"};
  pjrt_plugin *plugin = NULL;
  pjrt_megascale_context *context = NULL;
  pjrt_collectives *collectives = NULL;
  pjrt_megascale_processes processes;
  pjrt_megascale_processes_init(&processes);
  processes.addresses = addresses;
  processes.num_addresses = NUM_RANKS;

  pjrt_error *error =
      pjrt_plugin_find(argc > 1 ? argv[1] : "", PJRT_NUL_ENDED, NULL, &plugin);
  if (!error) error = pjrt_megascale_context_create_default(plugin, &context);
  if (!error) error = pjrt_megascale_context_initialize(context);
  if (!error)
    error = pjrt_megascale_collectives(context, &processes, &collectives);
  if (!error) error = exchange(collectives);

  if (error) pjrt_error_print(error, stderr);
  int status = error ? EXIT_FAILURE : EXIT_SUCCESS;
  pjrt_error_free(error);
  pjrt_collectives_free(collectives);
  pjrt_megascale_context_free(context);
  pjrt_plugin_free(plugin);
  return status;
}
