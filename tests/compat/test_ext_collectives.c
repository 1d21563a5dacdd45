/* The Collectives extension of libtpu, which needs no TPU: two processes of
 * this machine, each a slice, exchange arrays over the network.
 * tier: all */
#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compat/machines.h"

/* Needs the header above. */
#include <pjrt/ext/megascale.h>

enum { NUM_RANKS = 2, IDS_PER_SLICE = 2048, NUM_SECONDS = 20 };

/* Ports that are free now. */
static void find_ports(int ports[NUM_RANKS]) {
  int sockets[NUM_RANKS];
  for (int i = 0; i < NUM_RANKS; i++) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockets[i] = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(
        bind(sockets[i], (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(
        getsockname(sockets[i], (struct sockaddr *)&address, &size), 0);
    ports[i] = ntohs(address.sin_port);
  }
  for (int i = 0; i < NUM_RANKS; i++) close(sockets[i]);
}

/* ---- one process --------------------------------------------------------- */

/* What a process works with; `step` counts the operations. */
typedef struct process {
  int rank;
  pjrt_communicator *communicator;
  pjrt_collective_opts opts;
  float received[4];
} process;

/* Rank 0 sends {1, 2, 3, 4}, and rank 1 ten times as much. */
static const float sent[NUM_RANKS][4] = {{1, 2, 3, 4}, {10, 20, 30, 40}};

static pjrt_error *finish(process *p, pjrt_event *done, const float *expected) {
  pjrt_error *error = pjrt_event_await(done);
  pjrt_event_free(done);
  p->opts.op_id++;
  if (error || !memcmp(p->received, expected, sizeof p->received)) return error;
  return pjrt_error_create(PJRT_DATA_LOSS, "other numbers came",
                           PJRT_NUL_ENDED);
}

static pjrt_error *reduce(process *p) {
  static const float sums[] = {11, 22, 33, 44};
  pjrt_event *done;
  PJRT_TRY(pjrt_communicator_all_reduce_async(p->communicator, PJRT_REDUCE_SUM,
                                              PJRT_F32, 4, sent[p->rank],
                                              p->received, &p->opts, &done));
  return finish(p, done, sums);
}

static pjrt_error *scatter(process *p) {
  static const float parts[NUM_RANKS][4] = {{11, 22, 33, 44}, {33, 44, 33, 44}};
  pjrt_event *done;
  PJRT_TRY(pjrt_communicator_reduce_scatter_async(
      p->communicator, PJRT_REDUCE_SUM, PJRT_F32, 2, sent[p->rank], p->received,
      &p->opts, &done));
  return finish(p, done, parts[p->rank]);
}

static pjrt_error *gather(process *p) {
  static const float together[] = {1, 2, 10, 20};
  pjrt_event *done;
  PJRT_TRY(pjrt_communicator_all_gather_async(p->communicator, PJRT_F32, 2,
                                              sent[p->rank], p->received,
                                              &p->opts, &done));
  return finish(p, done, together);
}

/* Each sends to the other. */
static pjrt_error *swap(process *p) {
  const int64_t other = 1 - p->rank;
  pjrt_event *done;
  pjrt_permutation permutation;
  pjrt_permutation_init(&permutation);
  permutation.source = other;
  permutation.targets = &other;
  permutation.num_targets = 1;
  PJRT_TRY(pjrt_communicator_permute_async(p->communicator, &permutation,
                                           PJRT_F32, 4, sent[p->rank],
                                           p->received, &p->opts, &done));
  return finish(p, done, sent[other]);
}

static pjrt_error *transpose(process *p) {
  static const float expected[NUM_RANKS][4] = {{1, 2, 10, 20}, {3, 4, 30, 40}};
  const void *const sends[] = {sent[p->rank], sent[p->rank] + 2};
  void *const receives[] = {p->received, p->received + 2};
  pjrt_event *done;
  PJRT_TRY(pjrt_communicator_all_to_all_async(p->communicator, PJRT_F32, 2,
                                              sends, receives, NUM_RANKS,
                                              &p->opts, &done));
  return finish(p, done, expected[p->rank]);
}

static pjrt_error *exchange(process *p) {
  PJRT_TRY(reduce(p));
  PJRT_TRY(scatter(p));
  PJRT_TRY(gather(p));
  PJRT_TRY(swap(p));
  return transpose(p);
}

static pjrt_error *start(pjrt_megascale_context *context, int rank,
                         const int ports[NUM_RANKS], pjrt_collectives **out) {
  static const int32_t slices[NUM_RANKS] = {0, 1};
  static const int32_t places[NUM_RANKS] = {0, 0};
  char text[NUM_RANKS][32];
  const char *addresses[NUM_RANKS];
  int32_t port;
  pjrt_megascale_processes processes;
  for (int i = 0; i < NUM_RANKS; i++) {
    snprintf(text[i], sizeof text[i], "127.0.0.1:%d", ports[i]);
    addresses[i] = text[i];
  }
  PJRT_TRY(pjrt_megascale_context_initialize(context));
  PJRT_TRY(pjrt_megascale_context_port(context, &port));
  if (port != ports[rank]) {
    return pjrt_error_create(PJRT_INTERNAL, "another port", PJRT_NUL_ENDED);
  }
  pjrt_megascale_processes_init(&processes);
  processes.addresses = addresses;
  processes.num_addresses = NUM_RANKS;
  processes.slice_indexes = slices;
  processes.per_slice_indexes = places;
  return pjrt_megascale_collectives(context, &processes, out);
}

static pjrt_error *communicate(pjrt_collectives *collectives, int rank) {
  static const int64_t devices[NUM_RANKS] = {0, IDS_PER_SLICE};
  const int64_t own = rank;
  char *text;
  pjrt_clique clique;
  process p = {.rank = rank};
  pjrt_collective_opts_init(&p.opts);
  p.opts.timeout_ns = NUM_SECONDS * INT64_C(1000000000);
  pjrt_clique_init(&clique);
  clique.device_ids = devices;
  clique.num_device_ids = NUM_RANKS;
  clique.ranks = &own;
  clique.num_ranks = 1;
  PJRT_TRY(pjrt_collectives_create_communicators(collectives, &clique,
                                                 &p.communicator));
  pjrt_error *error = pjrt_communicator_to_string(p.communicator, &text, NULL);
  pjrt_host_free(text);
  if (!error) error = exchange(&p);
  pjrt_communicator_free(p.communicator);
  return error;
}

/* Everything of one process. The plugin reads its flags when it is opened. */
static pjrt_error *run(int rank, const int ports[NUM_RANKS]) {
  char flags[96];
  pjrt_plugin *plugin;
  pjrt_megascale_context *context = NULL;
  pjrt_collectives *collectives = NULL;
  snprintf(flags, sizeof flags,
           "--megascale_port=%d --megascale_transport_type=grpc", ports[rank]);
  setenv("LIBTPU_INIT_ARGS", flags, 1);
  PJRT_TRY(pjrt_plugin_open(getenv("PJRT_TEST_PLUGIN_TPU"), PJRT_NUL_ENDED,
                            NULL, &plugin));
  pjrt_error *error = pjrt_megascale_context_create_default(plugin, &context);
  if (!error) error = start(context, rank, ports, &collectives);
  if (!error) error = communicate(collectives, rank);
  pjrt_collectives_free(collectives);
  pjrt_megascale_context_free(context);
  pjrt_plugin_free(plugin);
  return error;
}

/* ---- the tests ----------------------------------------------------------- */

static pid_t in_child(int rank, const int ports[NUM_RANKS]) {
  const pid_t child = fork();
  assert_int_not_equal(child, -1);
  if (child > 0) return child;
  pjrt_error *error = run(rank, ports);
  if (error) {
    fprintf(stderr, "rank %d: ", rank);
    pjrt_error_print(error, stderr);
  }
  _exit(error ? 1 : 0);
}

static void two_slices_exchange_arrays(void **state) {
  int ports[NUM_RANKS], status;
  pid_t children[NUM_RANKS];
  (void)state;
  plugin_path("PJRT_TEST_PLUGIN_TPU");
  find_ports(ports);
  for (int i = 0; i < NUM_RANKS; i++) children[i] = in_child(i, ports);
  for (int i = 0; i < NUM_RANKS; i++) {
    assert_int_equal(waitpid(children[i], &status, 0), children[i]);
    assert_int_equal(status, 0);
  }
}

/* It has no port without a flag, and says so where one is needed. */
static void without_a_port_there_are_no_communicators(void **state) {
  static const char *const addresses[] = {"127.0.0.1:1"};
  static const int64_t zero[] = {0};
  int32_t port;
  pjrt_clique clique;
  pjrt_communicator *communicator;
  pjrt_collectives *collectives;
  pjrt_megascale_context *context;
  pjrt_megascale_processes processes;
  (void)state;
  unsetenv("LIBTPU_INIT_ARGS");
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  assert_ok(pjrt_megascale_context_create_default(plugin, &context));
  assert_ok(pjrt_megascale_context_initialize(context));
  assert_ok(pjrt_megascale_context_port(context, &port));
  assert_int_equal(port, -1);
  pjrt_megascale_processes_init(&processes);
  processes.addresses = addresses;
  processes.num_addresses = 1;
  assert_ok(pjrt_megascale_collectives(context, &processes, &collectives));
  pjrt_clique_init(&clique);
  clique.device_ids = zero;
  clique.num_device_ids = 1;
  clique.ranks = zero;
  clique.num_ranks = 1;
  assert_code(pjrt_collectives_create_communicators(collectives, &clique,
                                                    &communicator),
              PJRT_INVALID_ARGUMENT, "megascale_port is not set");
  pjrt_collectives_free(collectives);
  pjrt_megascale_context_free(context);
  pjrt_plugin_free(plugin);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(two_slices_exchange_arrays),
      cmocka_unit_test(without_a_port_there_are_no_communicators),
  };
  return cmocka_run_group_tests(tests, spare_the_tpu, NULL);
}
