/* What needs no hardware: errors, plugins, topologies, what is compiled. */
#include <pjrt/raw.h>

#include "real/answers.h"

/* The text is there, and what is expected where that is given. */
static void expect_text(const char *text, size_t size, const char *expected) {
  assert_true(size > 0);
  assert_int_equal(strlen(text), size);
  if (expected) assert_string_equal(text, expected);
}

static const char *platform_of(const answer_world *w) {
  static const char *const names[] = {"cpu", "cpu", "cpu", "cuda", "tpu"};
  return names[w->column];
}

/* ---- errors and plugins -------------------------------------------------- */

/* Bytes that are no topology. */
static pjrt_error *provoke(answer_world *w) {
  pjrt_topology *topology;
  return pjrt_topology_deserialize(w->plugin, "garbage!", 8, &topology);
}

static pjrt_error *error_is_told(answer_world *w) {
  assert_plugin_error(provoke(w));
  return NULL;
}

static pjrt_error *error_has_no_payloads(answer_world *w) {
  PJRT_Error_ForEachPayload_Args args = {0};
  pjrt_error *error = provoke(w);
  assert_int_equal(pjrt_error_num_payloads(error), 0);
  assert_plugin_error(error);
  if (pjrt_plugin_supports(w->plugin, "PJRT_Error_ForEachPayload",
                           PJRT_NUL_ENDED))
    return NULL;
  return pjrt_raw_PJRT_Error_ForEachPayload(w->plugin, &args);
}

static pjrt_error *plugin_is_open(answer_world *w) {
  const pjrt_named_values *facts = pjrt_plugin_attributes(w->plugin);
  assert_true(pjrt_named_values_find(facts, "xla_version", PJRT_NUL_ENDED) <
              pjrt_named_values_size(facts));
  return NULL;
}

/* ---- topologies ---------------------------------------------------------- */

static pjrt_error *create_topology(answer_world *w) {
  if (answer_is_aot(w)) return answer_topology(w);
  return pjrt_topology_create(w->plugin, NULL, 0, NULL, &w->topology);
}

/* Of a copy, since a client keeps its own. */
static pjrt_error *copy_topology(answer_world *w) {
  pjrt_topology *copy;
  void *data;
  size_t size;
  PJRT_TRY(answer_topology(w));
  assert_ok(pjrt_topology_serialize(w->topology, &data, &size));
  assert_true(size > 0);
  pjrt_error *error = pjrt_topology_deserialize(w->plugin, data, size, &copy);
  pjrt_host_free(data);
  if (error) return error;
  assert_int_equal(pjrt_topology_num_devices(copy),
                   pjrt_topology_num_devices(w->topology));
  pjrt_topology_free(copy);
  return NULL;
}

static pjrt_error *serialize_topology(answer_world *w) {
  void *data;
  size_t size;
  PJRT_TRY(answer_topology(w));
  PJRT_TRY(pjrt_topology_serialize(w->topology, &data, &size));
  assert_true(size > 0);
  pjrt_host_free(data);
  return NULL;
}

static pjrt_error *topology_of_client(answer_world *w) {
  PJRT_TRY(answer_client(w));
  PJRT_TRY(pjrt_client_topology(w->client, &w->topology));
  assert_int_equal(pjrt_topology_num_devices(w->topology),
                   pjrt_client_num_devices(w->client));
  return NULL;
}

static pjrt_error *topology_facts(answer_world *w) {
  size_t size;
  PJRT_TRY(answer_topology(w));
  const char *name = pjrt_topology_platform_name(w->topology, &size);
  expect_text(name, size, platform_of(w));
  const char *version = pjrt_topology_platform_version(w->topology, &size);
  expect_text(version, size, answer_is_aot(w) ? NULL : "cpu");
  const size_t num = pjrt_topology_num_devices(w->topology);
  assert_int_equal(num, w->column == ANSWERS_CUDA ? 1 : 4);
  assert_non_null(pjrt_topology_attributes(w->topology));
  return NULL;
}

static pjrt_error *topology_fingerprint(answer_world *w) {
  uint64_t first, second;
  PJRT_TRY(answer_topology(w));
  PJRT_TRY(pjrt_topology_fingerprint(w->topology, &first));
  PJRT_TRY(pjrt_topology_fingerprint(w->topology, &second));
  assert_true(first == second);
  return NULL;
}

static pjrt_error *kind_of_memory(answer_world *w, int *out) {
  const int *kinds;
  size_t num;
  PJRT_TRY(answer_topology(w));
  PJRT_TRY(pjrt_topology_memory_kind_ids(w->topology, &kinds, &num));
  assert_true(num > 0);
  *out = kinds[0];
  return NULL;
}

static pjrt_error *memory_kinds(answer_world *w) {
  int kind;
  return kind_of_memory(w, &kind);
}

static pjrt_error *canonical_shape(answer_world *w) {
  const int64_t dims[] = {16, 256};
  pjrt_layout *layout;
  int kind = 0;
  if (pjrt_plugin_supports(w->plugin,
                           "PJRT_TopologyDescription_GetMemorySpaceKindIds",
                           PJRT_NUL_ENDED))
    PJRT_TRY(kind_of_memory(w, &kind));
  PJRT_TRY(answer_topology(w));
  PJRT_TRY(pjrt_topology_canonical_layout(w->topology, kind, PJRT_F32, dims, 2,
                                          &layout));
  assert_int_equal(pjrt_layout_num_tiles(layout), w->column == ANSWERS_TPU);
  pjrt_layout_free(layout);
  return NULL;
}

static pjrt_error *device_description(answer_world *w) {
  size_t size;
  const char *text;
  PJRT_TRY(answer_topology(w));
  const size_t last = pjrt_topology_num_devices(w->topology) - 1;
  const pjrt_device_description *d = pjrt_topology_device(w->topology, last);
  assert_int_equal(pjrt_device_description_id(d), last);
  assert_int_equal(pjrt_device_description_process_index(d), 0);
  assert_non_null(pjrt_device_description_attributes(d));
  text = pjrt_device_description_kind(d, &size);
  expect_text(text, size, answer_is_aot(w) ? NULL : "cpu");
  text = pjrt_device_description_debug_string(d, &size);
  expect_text(text, size, NULL);
  text = pjrt_device_description_to_string(d, &size);
  expect_text(text, size, NULL);
  return NULL;
}

/* ---- what is compiled ---------------------------------------------------- */

/* Loaded where there is a client; else as it was compiled. */
static pjrt_error *program(answer_world *w) {
  return answer_is_aot(w) ? answer_compiled(w) : answer_executable(w);
}

static pjrt_error *program_facts(answer_world *w) {
  size_t size;
  PJRT_TRY(program(w));
  if (answer_is_aot(w)) {
    const char *name = pjrt_compiled_name(w->compiled, &size);
    expect_text(name, size, NULL);
    assert_int_equal(pjrt_compiled_num_replicas(w->compiled), 1);
    assert_int_equal(pjrt_compiled_num_partitions(w->compiled), 1);
    assert_int_equal(pjrt_compiled_num_outputs(w->compiled), 1);
  } else {
    const char *name = pjrt_executable_name(w->executable, &size);
    expect_text(name, size, NULL);
    assert_int_equal(pjrt_executable_num_replicas(w->executable), 1);
    assert_int_equal(pjrt_executable_num_partitions(w->executable), 1);
    assert_int_equal(pjrt_executable_num_outputs(w->executable), 1);
  }
  return NULL;
}

static pjrt_error *end_program(answer_world *w) {
  PJRT_TRY(program(w));
  pjrt_compiled_free(w->compiled);
  w->compiled = NULL;
  pjrt_executable_free(w->executable);
  w->executable = NULL;
  return NULL;
}

static pjrt_error *code_size(answer_world *w) {
  int64_t size = -1;
  PJRT_TRY(program(w));
  PJRT_TRY(w->compiled
               ? pjrt_compiled_generated_code_size(w->compiled, &size)
               : pjrt_executable_generated_code_size(w->executable, &size));
  assert_true(size >= 0);
  return NULL;
}

static pjrt_error *cost_analysis(answer_world *w) {
  pjrt_named_values *costs;
  PJRT_TRY(program(w));
  PJRT_TRY(w->compiled ? pjrt_compiled_cost_analysis(w->compiled, &costs)
                       : pjrt_executable_cost_analysis(w->executable, &costs));
  const size_t i = pjrt_named_values_find(costs, "flops", PJRT_NUL_ENDED);
  assert_true(pjrt_named_values_float(costs, i) >= 4);
  pjrt_named_values_free(costs);
  return NULL;
}

static pjrt_error *memory_analysis(answer_world *w) {
  pjrt_memory_analysis a;
  pjrt_memory_analysis_init(&a);
  PJRT_TRY(program(w));
  PJRT_TRY(w->compiled ? pjrt_compiled_memory_analysis(w->compiled, &a)
                       : pjrt_executable_memory_analysis(w->executable, &a));
  assert_int_equal(a.argument_size_in_bytes.value, w->compiled ? 8 << 20 : 32);
  return NULL;
}

static pjrt_error *parameter_memory_kind(answer_world *w) {
  const char *kind;
  PJRT_TRY(program(w));
  PJRT_TRY(w->compiled ? pjrt_compiled_parameter_memory_kind(w->compiled, 1,
                                                             &kind, NULL)
                       : pjrt_executable_parameter_memory_kind(w->executable, 1,
                                                               &kind, NULL));
  assert_string_equal(kind, "device");
  return NULL;
}

static pjrt_error *output_memory_kind(answer_world *w) {
  const char *kind;
  PJRT_TRY(program(w));
  PJRT_TRY(
      w->compiled
          ? pjrt_compiled_output_memory_kind(w->compiled, 0, &kind, NULL)
          : pjrt_executable_output_memory_kind(w->executable, 0, &kind, NULL));
  assert_string_equal(kind, "device");
  return NULL;
}

static pjrt_error *optimized_program(answer_world *w) {
  pjrt_program *optimized;
  PJRT_TRY(program(w));
  PJRT_TRY(w->compiled
               ? pjrt_compiled_optimized_program(w->compiled, &optimized)
               : pjrt_executable_optimized_program(w->executable, &optimized));
  assert_int_equal(pjrt_program_format_of(optimized), PJRT_FORMAT_HLO);
  pjrt_program_free(optimized);
  return NULL;
}

static pjrt_error *serialize_program(answer_world *w) {
  void *data;
  size_t size;
  PJRT_TRY(program(w));
  PJRT_TRY(w->compiled
               ? pjrt_compiled_serialize(w->compiled, &data, &size)
               : pjrt_executable_serialize(w->executable, &data, &size));
  assert_true(pjrt_executable_is_serialized(data, size));
  pjrt_host_free(data);
  return NULL;
}

static pjrt_error *compile_options(answer_world *w) {
  void *data;
  size_t size;
  PJRT_TRY(program(w));
  PJRT_TRY(w->compiled
               ? pjrt_compiled_compile_options(w->compiled, &data, &size)
               : pjrt_executable_compile_options(w->executable, &data, &size));
  assert_true(size > 0);
  pjrt_host_free(data);
  return NULL;
}

static pjrt_error *fingerprint(answer_world *w) {
  const char *print;
  char *own = NULL;
  size_t size;
  PJRT_TRY(program(w));
  PJRT_TRY(w->compiled
               ? pjrt_compiled_fingerprint(w->compiled, &own, &size)
               : pjrt_executable_fingerprint(w->executable, &print, &size));
  assert_true(size > 0);
  pjrt_host_free(own);
  return NULL;
}

/* ---- all ----------------------------------------------------------------- */

const answer_check answer_machine_checks[] = {
    {"PJRT_Error_Destroy", error_is_told},
    {"PJRT_Error_Message", error_is_told},
    {"PJRT_Error_GetCode", error_is_told},
    {"PJRT_Error_ForEachPayload", error_has_no_payloads},
    {"PJRT_Plugin_Initialize", plugin_is_open},
    {"PJRT_Plugin_Attributes", plugin_is_open},
    {"PJRT_TopologyDescription_Create", create_topology},
    {"PJRT_TopologyDescription_Destroy", copy_topology},
    {"PJRT_TopologyDescription_PlatformName", topology_facts},
    {"PJRT_TopologyDescription_PlatformVersion", topology_facts},
    {"PJRT_TopologyDescription_GetDeviceDescriptions", topology_facts},
    {"PJRT_TopologyDescription_Serialize", serialize_topology},
    {"PJRT_TopologyDescription_Attributes", topology_facts},
    {"PJRT_TopologyDescription_Deserialize", copy_topology},
    {"PJRT_TopologyDescription_Fingerprint", topology_fingerprint},
    {"PJRT_TopologyDescription_MakeCanonicalShapeForMemorySpace",
     canonical_shape},
    {"PJRT_TopologyDescription_GetMemorySpaceKindIds", memory_kinds},
    {"PJRT_Client_TopologyDescription", topology_of_client},
    {"PJRT_DeviceDescription_Id", device_description},
    {"PJRT_DeviceDescription_ProcessIndex", device_description},
    {"PJRT_DeviceDescription_Attributes", device_description},
    {"PJRT_DeviceDescription_Kind", device_description},
    {"PJRT_DeviceDescription_DebugString", device_description},
    {"PJRT_DeviceDescription_ToString", device_description},
    {"PJRT_Compile", answer_compiled},
    {"PJRT_Executable_Destroy", end_program},
    {"PJRT_Executable_Name", program_facts},
    {"PJRT_Executable_NumReplicas", program_facts},
    {"PJRT_Executable_NumPartitions", program_facts},
    {"PJRT_Executable_NumOutputs", program_facts},
    {"PJRT_Executable_SizeOfGeneratedCodeInBytes", code_size},
    {"PJRT_Executable_GetCostAnalysis", cost_analysis},
    {"PJRT_Executable_OutputMemoryKinds", output_memory_kind},
    {"PJRT_Executable_OptimizedProgram", optimized_program},
    {"PJRT_Executable_Serialize", serialize_program},
    {"PJRT_Executable_Fingerprint", fingerprint},
    {"PJRT_Executable_GetCompiledMemoryStats", memory_analysis},
    {"PJRT_Executable_GetCompileOptions", compile_options},
    {"PJRT_Executable_ParameterMemoryKinds", parameter_memory_kind},
};
const size_t answer_num_machine_checks =
    sizeof answer_machine_checks / sizeof *answer_machine_checks;
