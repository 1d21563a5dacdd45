#include "pjrt/unsafe.h"
#include "scenario_steps.h"

static const int64_t four[] = {4};

static pjrt_device *device(const scenario *s, size_t i) {
  return pjrt_client_addressable_device(s->client, i);
}

/* ---- ahead of time ------------------------------------------------------- */

static pjrt_error *create_topology(scenario *s) {
  return pjrt_topology_create(s->plugin, "4x1x1", PJRT_NUL_ENDED, NULL,
                              &s->topology);
}

static pjrt_error *ask_topology(scenario *s) {
  const int *ids;
  size_t num;
  uint64_t fingerprint;
  pjrt_topology *of_client;
  PJRT_TRY(pjrt_topology_fingerprint(s->topology, &fingerprint));
  PJRT_TRY(pjrt_topology_memory_kind_ids(s->topology, &ids, &num));
  return pjrt_client_topology(s->client, &of_client);
}

static pjrt_error *ask_canonical_layout(scenario *s) {
  return pjrt_topology_canonical_layout(s->topology, 0, PJRT_F32, four, 1,
                                        &s->canonical);
}

static pjrt_error *serialize_topology(scenario *s) {
  return pjrt_topology_serialize(s->topology, &s->description,
                                 &s->description_size);
}

static pjrt_error *deserialize_topology(scenario *s) {
  return pjrt_topology_deserialize(s->plugin, s->description,
                                   s->description_size, &s->again);
}

static pjrt_error *compile_ahead(scenario *s) {
  return pjrt_topology_compile(s->again, s->program, NULL, &s->compiled);
}

static pjrt_error *load_compiled(scenario *s) {
  return pjrt_client_load(s->client, s->compiled, &s->of_compiled);
}

static pjrt_error *serialize_compiled(scenario *s) {
  size_t size;
  return pjrt_compiled_serialize(s->compiled, &s->compiled_artifact, &size);
}

/* ---- facts --------------------------------------------------------------- */

static pjrt_error *ask_program(scenario *s) {
  return pjrt_executable_optimized_program(s->loaded, &s->optimized);
}

static pjrt_error *ask_costs(scenario *s) {
  return pjrt_executable_cost_analysis(s->loaded, &s->costs);
}

static pjrt_error *ask_loaded(scenario *s) {
  const char *kind;
  int ids[2], replica, partition;
  pjrt_memory_analysis memory;
  pjrt_memory_analysis_init(&memory);
  PJRT_TRY(pjrt_executable_memory_analysis(s->loaded, &memory));
  PJRT_TRY(pjrt_executable_parameter_memory_kind(s->loaded, 0, &kind, NULL));
  PJRT_TRY(pjrt_executable_output_memory_kind(s->loaded, 0, &kind, NULL));
  PJRT_TRY(pjrt_executable_device_assignment(s->sharded, ids, 2));
  return pjrt_executable_device_logical_ids(s->sharded, 0, &replica,
                                            &partition);
}

static pjrt_error *ask_compile_options(scenario *s) {
  size_t size;
  return pjrt_executable_compile_options(s->loaded, &s->options, &size);
}

static pjrt_error *ask_device(scenario *s) {
  pjrt_memory_stats stats;
  pjrt_memory_stats_init(&stats);
  PJRT_TRY(pjrt_device_memory_stats(device(s, 0), &stats));
  return pjrt_device_clear_memory_stats(device(s, 0));
}

static pjrt_error *ask_attributes(scenario *s) {
  return pjrt_device_get_attributes(device(s, 0), &s->attributes);
}

static pjrt_error *poison(scenario *s) {
  bool poisoned;
  pjrt_error *reason =
      pjrt_error_create(PJRT_ABORTED, "no more", PJRT_NUL_ENDED);
  pjrt_error *error =
      pjrt_device_poison_execution(device(s, 0), 1, reason, &poisoned);
  /* Without memory the reason is one that no plugin is given. */
  pjrt_error_free(reason);
  return error;
}

static pjrt_error *track(scenario *s) {
  return pjrt_device_create_async_tracking_event(device(s, 0), "work",
                                                 PJRT_NUL_ENDED, &s->tracking);
}

/* ---- buffers ------------------------------------------------------------- */

static pjrt_error *copy_to_device(scenario *s) {
  return pjrt_buffer_copy_to_device(s->transferred, device(s, 1),
                                    &s->copies[0]);
}

/* Plugins may know of no memories. */
static pjrt_error *copy_to_memory(scenario *s) {
  pjrt_memory *memory = pjrt_device_default_memory(device(s, 0));
  if (!memory) {
    return pjrt_buffer_copy_to_device(s->copies[0], device(s, 0),
                                      &s->copies[1]);
  }
  return pjrt_buffer_copy_to_memory(s->copies[0], memory, &s->copies[1]);
}

static pjrt_error *copy_raw(scenario *s) {
  return pjrt_buffer_copy_raw_to_host(s->copies[1], 0, s->read, 16);
}

static pjrt_error *announce_copy(scenario *s) {
  return pjrt_buffer_copy_raw_to_host_future(s->copies[1], 0, 16, &s->raw_copy,
                                             &s->raw_copied);
}

static pjrt_error *start_copy(scenario *s) {
  PJRT_TRY(pjrt_raw_copy_start(s->raw_copy, s->read));
  return pjrt_event_await(s->raw_copied);
}

static pjrt_error *make_uninitialized(scenario *s) {
  return pjrt_buffer_create_uninitialized(device(s, 0), PJRT_F32, four, 1, NULL,
                                          &s->made[0]);
}

static pjrt_error *make_error(scenario *s) {
  pjrt_error *reason =
      pjrt_error_create(PJRT_ABORTED, "no contents", PJRT_NUL_ENDED);
  pjrt_error *error = pjrt_buffer_create_error(device(s, 0), PJRT_F32, four, 1,
                                               reason, NULL, &s->made[1]);
  pjrt_error_free(reason);
  return error;
}

static pjrt_error *make_alias(scenario *s) {
  return pjrt_buffer_create_alias(device(s, 0), PJRT_F32, four, 1, NULL,
                                  &s->made[2], &s->alias);
}

static pjrt_error *fulfill(scenario *s) {
  return pjrt_alias_fulfill(s->alias, s->made[0]);
}

static pjrt_error *bitcast(scenario *s) {
  return pjrt_buffer_bitcast(s->copies[1], PJRT_U32, four, 1, &s->made[3]);
}

static pjrt_error *promise(scenario *s) {
  return pjrt_event_create(s->client, &s->promised);
}

static pjrt_error *donate(scenario *s) {
  return pjrt_buffer_donate_with_dependency(s->copies[0], s->promised,
                                            &s->made[4]);
}

static pjrt_error *keep(scenario *s) {
  PJRT_TRY(pjrt_event_set(s->promised, NULL));
  PJRT_TRY(pjrt_event_error(s->promised));
  return pjrt_buffer_await(s->made[4]);
}

static pjrt_error *map_device(scenario *s) {
  void *data;
  PJRT_TRY(pjrt_buffer_map_device(s->made[4], &data));
  return pjrt_buffer_unmap_device(s->made[4]);
}

static pjrt_error *view(scenario *s) {
  return pjrt_buffer_view_device_memory(device(s, 0), PJRT_F32, four, 1,
                                        s->pinned, NULL, NULL, NULL,
                                        &s->made[5]);
}

static pjrt_error *pin(scenario *s) {
  return pjrt_dma_map(s->client, s->pinned, sizeof s->pinned, &s->mapping);
}

/* The handle ends even when this fails. */
static pjrt_error *unpin(scenario *s) {
  pjrt_error *error = pjrt_dma_unmap(s->mapping);
  s->mapping = NULL;
  return error;
}

static pjrt_error *exchange(scenario *s) {
  struct DLManagedTensorVersioned *tensor;
  s->made[6] = NULL;
  PJRT_TRY(
      pjrt_buffer_to_dlpack(s->made[4], PJRT_DLPACK_COPY_IF_NEEDED, &tensor));
  return pjrt_buffer_from_dlpack(device(s, 0), tensor,
                                 PJRT_DLPACK_COPY_IF_NEEDED, &s->made[6]);
}

/* ---- options ------------------------------------------------------------- */

static pjrt_error *make_options(scenario *s) {
  return pjrt_compile_options_create(NULL, &s->compile_options);
}

static pjrt_error *change_options(scenario *s) {
  return pjrt_compile_options_set_bool(s->compile_options,
                                       "env_option_overrides.xla_some_flag",
                                       PJRT_NUL_ENDED, true);
}

static pjrt_error *print_options(scenario *s) {
  return pjrt_compile_options_to_json(s->compile_options, &s->json, NULL);
}

/* ---- the whole ----------------------------------------------------------- */

const scenario_step scenario_more_steps[] = {
    {"create topology", create_topology, {ONE(topology)}},
    {"ask topology", ask_topology, {{0}}},
    {"ask canonical layout", ask_canonical_layout, {ONE(canonical)}},
    {"serialize topology", serialize_topology, {ONE(description)}},
    {"deserialize topology", deserialize_topology, {ONE(again)}},
    {"compile ahead of time", compile_ahead, {ONE(compiled)}},
    {"load compiled", load_compiled, {ONE(of_compiled)}},
    {"serialize compiled", serialize_compiled, {ONE(compiled_artifact)}},
    {"ask program", ask_program, {ONE(optimized)}},
    {"ask costs", ask_costs, {ONE(costs)}},
    {"ask loaded", ask_loaded, {{0}}},
    {"ask compile options", ask_compile_options, {ONE(options)}},
    {"ask device", ask_device, {{0}}},
    {"ask attributes", ask_attributes, {ONE(attributes)}},
    {"poison", poison, {{0}}},
    {"track", track, {ONE(tracking)}},
    {"copy to device", copy_to_device, {ONE(copies[0])}},
    {"copy to memory", copy_to_memory, {ONE(copies[1])}},
    {"copy raw", copy_raw, {{0}}},
    {"announce copy", announce_copy, {ONE(raw_copy), ONE(raw_copied)}},
    {"start copy", start_copy, {{0}}},
    {"make uninitialized", make_uninitialized, {ONE(made[0])}},
    {"make error", make_error, {ONE(made[1])}},
    {"make alias", make_alias, {ONE(made[2]), ONE(alias)}},
    {"fulfill", fulfill, {{0}}},
    {"bitcast", bitcast, {ONE(made[3])}},
    {"promise", promise, {ONE(promised)}},
    {"donate", donate, {ONE(made[4])}},
    {"keep the promise", keep, {{0}}},
    {"map on the device", map_device, {{0}}},
    {"view", view, {ONE(made[5])}},
    {"pin", pin, {ONE(mapping)}},
    {"unpin", unpin, {{0}}},
    {"exchange", exchange, {ONE(made[6])}},
    {"make options", make_options, {ONE(compile_options)}},
    {"change options", change_options, {{0}}},
    {"print options", print_options, {ONE(json)}},
};
const size_t scenario_num_more_steps =
    sizeof scenario_more_steps / sizeof *scenario_more_steps;

void scenario_end_more(scenario *s) {
  pjrt_topology_free(s->topology);
  pjrt_topology_free(s->again);
  pjrt_layout_free(s->canonical);
  pjrt_host_free(s->description);
  pjrt_compiled_free(s->compiled);
  pjrt_executable_free(s->of_compiled);
  pjrt_host_free(s->compiled_artifact);
  pjrt_program_free(s->optimized);
  pjrt_named_values_free(s->costs);
  pjrt_host_free(s->options);
  pjrt_named_values_free(s->attributes);
  pjrt_async_tracking_event_free(s->tracking);
  free_buffers(s->copies, 2);
  pjrt_raw_copy_free(s->raw_copy);
  pjrt_event_free(s->raw_copied);
  pjrt_alias_free(s->alias);
  free_buffers(s->made, 7);
  pjrt_event_free(s->promised);
  pjrt_error_free(pjrt_dma_unmap(s->mapping));
  pjrt_compile_options_free(s->compile_options);
  pjrt_host_free(s->json);
}
