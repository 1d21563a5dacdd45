/* The extensions of several slices, and of serialized executables. */
#include <stdio.h>

#include "pjrt/ext/megascale.h"
#include "pjrt/ext/tpu_executable.h"
#include "typed.h"

static void free_context(void *o) { pjrt_megascale_context_free(o); }
static void free_config(void *o) { pjrt_multi_slice_config_free(o); }
static void free_collectives(void *o) { pjrt_collectives_free(o); }
static void free_communicator(void *o) { pjrt_communicator_free(o); }
static void free_aggregator(void *o) { pjrt_megascale_aggregator_free(o); }
static void free_digest(void *o) { pjrt_megascale_digest_free(o); }
static void free_bytes(void *o) { pjrt_host_free(o); }

/* What was kept last. */
static void *newest(matrix_attempt *a) {
  return typed(a)->kept[typed(a)->num_kept - 1].object;
}

/* Frees it as part of the case, which knows then what nothing ends. */
static pjrt_error *free_newest(matrix_attempt *a) {
  typed_kept *kept = &typed(a)->kept[typed(a)->num_kept - 1];
  kept->free(kept->object);
  kept->object = NULL;
  return NULL;
}

/* Likewise with all that is kept. */
static pjrt_error *free_kept(matrix_attempt *a) {
  typed_world *w = typed(a);
  while (w->num_kept > 0) {
    const typed_kept *kept = &w->kept[--w->num_kept];
    kept->free(kept->object);
  }
  return NULL;
}

/* ---- contexts ------------------------------------------------------------ */

static pjrt_error *make_context(matrix_attempt *a) {
  pjrt_megascale_context *context;
  PJRT_TRY(pjrt_megascale_context_create(typed(a)->client, &context));
  typed_keep(a, context, free_context);
  return NULL;
}

static pjrt_error *context(matrix_attempt *a) {
  PJRT_TRY(typed_client(a));
  return make_context(a);
}

static pjrt_error *default_context(matrix_attempt *a) {
  pjrt_megascale_context *made;
  PJRT_TRY(pjrt_megascale_context_create_default(a->plugin, &made));
  typed_keep(a, made, free_context);
  return NULL;
}

static pjrt_error *initialize(matrix_attempt *a) {
  return pjrt_megascale_context_initialize(newest(a));
}

static pjrt_error *ready_context(matrix_attempt *a) {
  PJRT_TRY(context(a));
  return initialize(a);
}

static pjrt_error *unblock(matrix_attempt *a) {
  return pjrt_megascale_context_unblock_pending_work(newest(a), 1, 10);
}

static pjrt_error *port(matrix_attempt *a) {
  int32_t number = 0;
  PJRT_TRY(pjrt_megascale_context_port(newest(a), &number));
  MATRIX_EXPECT(a, number == -1);
  return NULL;
}

/* ---- configurations ------------------------------------------------------ */

static pjrt_error *topology(matrix_attempt *a) {
  PJRT_TRY(matrix_open(a));
  return pjrt_topology_create(a->plugin, "2x1x1", 5, NULL, &typed(a)->topology);
}

static pjrt_error *make_aot_config(matrix_attempt *a) {
  pjrt_multi_slice_config *config;
  PJRT_TRY(pjrt_megascale_aot_config(typed(a)->topology, 2, &config));
  typed_keep(a, config, free_config);
  return NULL;
}

static pjrt_error *config(matrix_attempt *a) {
  PJRT_TRY(topology(a));
  return make_aot_config(a);
}

static pjrt_error *aot_config(matrix_attempt *a) {
  PJRT_TRY(make_aot_config(a));
  return free_newest(a);
}

static pjrt_error *context_and_topology(matrix_attempt *a) {
  PJRT_TRY(context(a));
  return pjrt_topology_create(a->plugin, "2x1x1", 5, NULL, &typed(a)->topology);
}

static pjrt_error *make_config(matrix_attempt *a) {
  pjrt_multi_slice_config *made;
  PJRT_TRY(pjrt_megascale_config(newest(a), typed(a)->topology, NULL, &made));
  typed_keep(a, made, free_config);
  return free_newest(a);
}

static pjrt_error *num_slices(matrix_attempt *a) {
  int32_t num = 0;
  PJRT_TRY(pjrt_multi_slice_config_num_slices(newest(a), &num));
  MATRIX_EXPECT(a, num == 2);
  return free_newest(a);
}

static pjrt_error *slice_id(matrix_attempt *a) {
  int32_t id = 7;
  PJRT_TRY(pjrt_multi_slice_config_slice_id(newest(a), &id));
  MATRIX_EXPECT(a, id == 0);
  return free_newest(a);
}

static pjrt_error *slice_sizes(matrix_attempt *a) {
  size_t num = 0;
  pjrt_slice_size *sizes;
  PJRT_TRY(pjrt_multi_slice_config_slice_sizes(newest(a), &sizes, &num));
  MATRIX_EXPECT(a, num == 2 && sizes[1].slice_id == 1);
  MATRIX_EXPECT(a, num == 2 && sizes[1].num_devices == 2);
  pjrt_host_free(sizes);
  return free_newest(a);
}

static pjrt_error *serialize_config(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_multi_slice_config_serialize(newest(a), &w->artifact,
                                             &w->artifact_size));
  MATRIX_EXPECT(a, w->artifact_size > 0);
  return free_newest(a);
}

/* ---- collectives, with one rank that needs nobody else ------------------- */

static pjrt_error *make_collectives(matrix_attempt *a) {
  static const char *const addresses[] = {"127.0.0.1:1"};
  pjrt_collectives *collectives;
  pjrt_megascale_processes processes;
  pjrt_megascale_processes_init(&processes);
  processes.addresses = addresses;
  processes.num_addresses = 1;
  PJRT_TRY(pjrt_megascale_collectives(newest(a), &processes, &collectives));
  typed_keep(a, collectives, free_collectives);
  return NULL;
}

static pjrt_error *collectives(matrix_attempt *a) {
  PJRT_TRY(ready_context(a));
  return make_collectives(a);
}

static pjrt_error *make_communicators(matrix_attempt *a) {
  static const int64_t zero[] = {0};
  pjrt_clique clique;
  pjrt_communicator *made[1];
  pjrt_clique_init(&clique);
  clique.device_ids = zero;
  clique.num_device_ids = 1;
  clique.ranks = zero;
  clique.num_ranks = 1;
  PJRT_TRY(pjrt_collectives_create_communicators(newest(a), &clique, made));
  typed_keep(a, made[0], free_communicator);
  return NULL;
}

static pjrt_error *communicator(matrix_attempt *a) {
  PJRT_TRY(collectives(a));
  return make_communicators(a);
}

static pjrt_error *collectives_alone(matrix_attempt *a) {
  PJRT_TRY(make_collectives(a));
  return free_kept(a);
}

static pjrt_error *communicators_alone(matrix_attempt *a) {
  PJRT_TRY(make_communicators(a));
  return free_kept(a);
}

static pjrt_error *to_string(matrix_attempt *a) {
  char *text;
  PJRT_TRY(pjrt_communicator_to_string(newest(a), &text, NULL));
  typed_keep(a, text, free_bytes);
  MATRIX_EXPECT(a, strstr(text, "rank 0 of 1") != NULL);
  return free_kept(a);
}

/* The end of each operation: alone, a rank receives what it sent. */
static pjrt_error *expect_values(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_event_await(w->event));
  for (int i = 0; i < 4; i++) MATRIX_EXPECT(a, w->read[i] == typed_values[i]);
  return free_kept(a);
}

static pjrt_error *all_reduce(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_communicator_all_reduce_async(newest(a), PJRT_REDUCE_SUM,
                                              PJRT_F32, 4, typed_values,
                                              w->read, NULL, &w->event));
  return expect_values(a);
}

static pjrt_error *reduce_scatter(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_communicator_reduce_scatter_async(newest(a), PJRT_REDUCE_SUM,
                                                  PJRT_F32, 4, typed_values,
                                                  w->read, NULL, &w->event));
  return expect_values(a);
}

static pjrt_error *all_gather(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_communicator_all_gather_async(
      newest(a), PJRT_F32, 4, typed_values, w->read, NULL, &w->event));
  return expect_values(a);
}

static pjrt_error *permute(matrix_attempt *a) {
  static const int64_t zero[] = {0};
  typed_world *w = typed(a);
  pjrt_permutation permutation;
  pjrt_permutation_init(&permutation);
  permutation.source = 0;
  permutation.targets = zero;
  permutation.num_targets = 1;
  PJRT_TRY(pjrt_communicator_permute_async(newest(a), &permutation, PJRT_F32, 4,
                                           typed_values, w->read, NULL,
                                           &w->event));
  return expect_values(a);
}

static pjrt_error *all_to_all(matrix_attempt *a) {
  typed_world *w = typed(a);
  const void *const sends[] = {typed_values};
  void *const receives[] = {w->read};
  PJRT_TRY(pjrt_communicator_all_to_all_async(newest(a), PJRT_F32, 4, sends,
                                              receives, 1, NULL, &w->event));
  return expect_values(a);
}

/* ---- ids and addresses --------------------------------------------------- */

static pjrt_error *id_of_device(matrix_attempt *a) {
  int64_t id = 0;
  PJRT_TRY(pjrt_megascale_id(a->plugin, 1, 3, &id));
  MATRIX_EXPECT(a, id == 200003);
  return NULL;
}

static pjrt_error *device_of_id(matrix_attempt *a) {
  int32_t slice = 0, device = 0;
  PJRT_TRY(pjrt_megascale_device_of_id(a->plugin, 200003, &slice, &device));
  MATRIX_EXPECT(a, slice == 1 && device == 3);
  return NULL;
}

static pjrt_error *addresses(matrix_attempt *a) {
  size_t num = 0;
  pjrt_megascale_address *list;
  PJRT_TRY(pjrt_megascale_interface_addresses(a->plugin, NULL, &list, &num));
  MATRIX_EXPECT(a, num == 2 && !strcmp(list[1].interface_name, "sim1"));
  pjrt_host_free(list);
  return NULL;
}

/* ---- what goes wrong ----------------------------------------------------- */

static pjrt_error *runtime_error(matrix_attempt *a) {
  typed_world *w = typed(a);
  pjrt_megascale_failure failure;
  pjrt_megascale_failure_init(&failure);
  PJRT_TRY(pjrt_megascale_runtime_error(a->plugin, &failure, NULL, &w->artifact,
                                        &w->artifact_size));
  MATRIX_EXPECT(a, w->artifact_size > 0);
  return NULL;
}

static void ignore(const char *error, size_t error_size, void *user) {
  (void)error;
  (void)error_size;
  (void)user;
}

/* Handlers are the process's, and stay where nothing takes them off: each gets
 * a name of its own. */
static pjrt_error *register_handler(matrix_attempt *a) {
  static int num_handlers;
  char name[32];
  snprintf(name, sizeof name, "matrix %d", num_handlers++);
  PJRT_TRY(pjrt_megascale_register_error_handler(a->plugin, name,
                                                 PJRT_NUL_ENDED, ignore, NULL));
  return pjrt_megascale_unregister_error_handler(a->plugin, name,
                                                 PJRT_NUL_ENDED);
}

static pjrt_error *make_aggregator(matrix_attempt *a) {
  pjrt_megascale_aggregator *aggregator;
  PJRT_TRY(
      pjrt_megascale_aggregator_create(a->plugin, "matrix", 6, &aggregator));
  typed_keep(a, aggregator, free_aggregator);
  return NULL;
}

static pjrt_error *aggregator(matrix_attempt *a) {
  PJRT_TRY(matrix_open(a));
  return make_aggregator(a);
}

/* A MegaScaleRuntimeError whose type is HANG_DETECTED. */
static pjrt_error *add(matrix_attempt *a) {
  return pjrt_megascale_aggregator_add(newest(a), "worker", 6, "\x08\x01", 2);
}

static pjrt_error *aggregator_size(matrix_attempt *a) {
  size_t size = 7;
  PJRT_TRY(pjrt_megascale_aggregator_size(newest(a), &size));
  MATRIX_EXPECT(a, size == 0);
  return NULL;
}

static pjrt_error *is_active(matrix_attempt *a) {
  bool active = false;
  PJRT_TRY(pjrt_megascale_aggregator_is_active(newest(a), &active));
  MATRIX_EXPECT(a, active);
  return NULL;
}

static pjrt_error *process(matrix_attempt *a) {
  pjrt_megascale_digest *made;
  PJRT_TRY(pjrt_megascale_aggregator_process(newest(a), &made));
  typed_keep(a, made, free_digest);
  return NULL;
}

static pjrt_error *digest(matrix_attempt *a) {
  PJRT_TRY(aggregator(a));
  return process(a);
}

static pjrt_error *log_digest(matrix_attempt *a) {
  return pjrt_megascale_digest_log(newest(a));
}

/* ---- serialized executables ---------------------------------------------- */

static pjrt_error *artifact(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(typed_executable(a));
  return pjrt_executable_serialize(w->executable, &w->artifact,
                                   &w->artifact_size);
}

static pjrt_error *keep_bytes(matrix_attempt *a, void *bytes, size_t size) {
  typed_keep(a, bytes, free_bytes);
  MATRIX_EXPECT(a, size > 0);
  return NULL;
}

static pjrt_error *target_arguments(matrix_attempt *a) {
  typed_world *w = typed(a);
  void *bytes;
  size_t size;
  PJRT_TRY(pjrt_tpu_executable_target_arguments(
      a->plugin, w->artifact, w->artifact_size, &bytes, &size));
  return keep_bytes(a, bytes, size);
}

static pjrt_error *hlo_with_config(matrix_attempt *a) {
  typed_world *w = typed(a);
  void *bytes;
  size_t size;
  PJRT_TRY(pjrt_tpu_executable_hlo_with_config(
      a->plugin, w->artifact, w->artifact_size, &bytes, &size));
  return keep_bytes(a, bytes, size);
}

static pjrt_error *hlo(matrix_attempt *a) {
  typed_world *w = typed(a);
  pjrt_program *program;
  PJRT_TRY(pjrt_tpu_executable_hlo(a->plugin, w->artifact, w->artifact_size,
                                   &program));
  MATRIX_EXPECT(a, pjrt_program_format_of(program) == PJRT_FORMAT_HLO);
  pjrt_program_free(program);
  return NULL;
}

static pjrt_error *memory_analysis(matrix_attempt *a) {
  typed_world *w = typed(a);
  pjrt_memory_analysis memory;
  pjrt_memory_analysis_init(&memory);
  PJRT_TRY(pjrt_tpu_executable_memory_analysis(a->plugin, w->artifact,
                                               w->artifact_size, &memory));
  MATRIX_EXPECT(a, memory.argument_size_in_bytes.value == 32);
  return NULL;
}

/* Messages by hand: of the target its platform, and a module whose one
 * parameter is f32[4]. */
static pjrt_error *cost_analysis(matrix_attempt *a) {
  static const char target[] = "\x0a\x03sim";
  static const char module[] = "\x0a\x09\x22\x07\x0a\x05\x10\x0b\x1a\x01\x04";
  const pjrt_hlo_bytes modules[] = {{module, sizeof module - 1}};
  pjrt_named_values *costs;
  PJRT_TRY(pjrt_tpu_executable_cost_analysis(
      a->plugin, target, sizeof target - 1, modules, 1, &costs));
  MATRIX_EXPECT(a, pjrt_named_values_size(costs) == 2);
  pjrt_named_values_free(costs);
  return NULL;
}

static pjrt_error *add_environment(matrix_attempt *a) {
  void *bytes;
  size_t size;
  PJRT_TRY(
      pjrt_tpu_executable_add_environment(a->plugin, NULL, 0, &bytes, &size));
  return keep_bytes(a, bytes, size);
}

/* Environments with nothing of the plugin's: the flags in force. */
static pjrt_error *environment_flag(matrix_attempt *a) {
  char *text;
  PJRT_TRY(pjrt_tpu_executable_environment_flag(
      a->plugin, "\x0a\x00", 2, "num_devices", 11, &text, NULL));
  typed_keep(a, text, free_bytes);
  MATRIX_EXPECT(a, !strcmp(text, "2"));
  return NULL;
}

static pjrt_error *is_predetermined(matrix_attempt *a) {
  bool is = true;
  PJRT_TRY(pjrt_tpu_executable_is_predetermined(a->plugin, NULL, &is));
  MATRIX_EXPECT(a, !is);
  return NULL;
}

/* ---- all ----------------------------------------------------------------- */

#define CASE(function, from, check) \
  {.name = (function), .prepare = (from), .run = (check)}

/* Bytes are nobody's: a forked child may have the plugin read them. */
#define OF_BYTES(function, check) \
  {.name = (function),            \
   .prepare = artifact,           \
   .run = (check),                \
   .calls_when_forked = true}

const matrix_case typed_ext_tpu_b_cases[] = {
    CASE("pjrt_megascale_context_create", typed_client, make_context),
    CASE("pjrt_megascale_context_create_default", matrix_open, default_context),
    CASE("pjrt_megascale_context_free", context, free_newest),
    CASE("pjrt_megascale_context_initialize", context, initialize),
    CASE("pjrt_megascale_context_unblock_pending_work", ready_context, unblock),
    CASE("pjrt_megascale_context_port", context, port),
    CASE("pjrt_megascale_aot_config", topology, aot_config),
    CASE("pjrt_megascale_config", context_and_topology, make_config),
    CASE("pjrt_multi_slice_config_free", config, free_newest),
    CASE("pjrt_multi_slice_config_num_slices", config, num_slices),
    CASE("pjrt_multi_slice_config_slice_id", config, slice_id),
    CASE("pjrt_multi_slice_config_slice_sizes", config, slice_sizes),
    CASE("pjrt_multi_slice_config_serialize", config, serialize_config),
    CASE("pjrt_megascale_collectives", ready_context, collectives_alone),
    CASE("pjrt_collectives_free", collectives, free_newest),
    CASE("pjrt_collectives_create_communicators", collectives,
         communicators_alone),
    CASE("pjrt_communicator_free", communicator, free_kept),
    CASE("pjrt_communicator_to_string", communicator, to_string),
    CASE("pjrt_communicator_all_reduce_async", communicator, all_reduce),
    CASE("pjrt_communicator_reduce_scatter_async", communicator,
         reduce_scatter),
    CASE("pjrt_communicator_all_gather_async", communicator, all_gather),
    CASE("pjrt_communicator_permute_async", communicator, permute),
    CASE("pjrt_communicator_all_to_all_async", communicator, all_to_all),
    CASE("pjrt_megascale_id", matrix_open, id_of_device),
    CASE("pjrt_megascale_device_of_id", matrix_open, device_of_id),
    CASE("pjrt_megascale_interface_addresses", matrix_open, addresses),
    CASE("pjrt_megascale_runtime_error", matrix_open, runtime_error),
    CASE("pjrt_megascale_register_error_handler", matrix_open,
         register_handler),
    CASE("pjrt_megascale_unregister_error_handler", matrix_open,
         register_handler),
    CASE("pjrt_megascale_aggregator_create", matrix_open, make_aggregator),
    CASE("pjrt_megascale_aggregator_free", aggregator, free_newest),
    CASE("pjrt_megascale_aggregator_add", aggregator, add),
    CASE("pjrt_megascale_aggregator_size", aggregator, aggregator_size),
    CASE("pjrt_megascale_aggregator_is_active", aggregator, is_active),
    CASE("pjrt_megascale_aggregator_process", aggregator, process),
    CASE("pjrt_megascale_digest_log", digest, log_digest),
    CASE("pjrt_megascale_digest_free", digest, free_newest),
    OF_BYTES("pjrt_tpu_executable_target_arguments", target_arguments),
    OF_BYTES("pjrt_tpu_executable_hlo_with_config", hlo_with_config),
    OF_BYTES("pjrt_tpu_executable_hlo", hlo),
    OF_BYTES("pjrt_tpu_executable_memory_analysis", memory_analysis),
    CASE("pjrt_tpu_executable_cost_analysis", matrix_open, cost_analysis),
    CASE("pjrt_tpu_executable_add_environment", matrix_open, add_environment),
    CASE("pjrt_tpu_executable_environment_flag", matrix_open, environment_flag),
    CASE("pjrt_tpu_executable_is_predetermined", matrix_open, is_predetermined),
};
const size_t typed_num_ext_tpu_b_cases =
    sizeof typed_ext_tpu_b_cases / sizeof *typed_ext_tpu_b_cases;
