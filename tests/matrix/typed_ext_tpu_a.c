/* The extensions TpuTopology, AbiVersion, PhaseCompile and ExecutableMetadata.
 */
#include "pjrt/ext/abi_version.h"
#include "pjrt/ext/executable_metadata.h"
#include "pjrt/ext/phase_compile.h"
#include "pjrt/ext/tpu_topology.h"
#include "typed.h"

/* ---- what the cases start from ------------------------------------------- */

/* 2x2x1 chips of two cores, of one process. */
static pjrt_error *make_topology(matrix_attempt *a) {
  PJRT_TRY(matrix_open(a));
  return pjrt_topology_create(a->plugin, "2x2x1x2", 7, NULL,
                              &typed(a)->topology);
}

static pjrt_error *make_compiled(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(make_topology(a));
  PJRT_TRY(typed_program(a));
  return pjrt_topology_compile(w->topology, w->program, NULL, &w->compiled);
}

/* The object that was kept i-th. */
static void *kept(matrix_attempt *a, size_t i) {
  return typed(a)->kept[i].object;
}

/* Ends what was kept last before the attempt does. */
static pjrt_error *end_kept(matrix_attempt *a) {
  pjrt_sim_live before, after;
  const typed_kept *last = &typed(a)->kept[--typed(a)->num_kept];
  sim.get_live(&before);
  last->free(last->object);
  sim.get_live(&after);
  if (!a->how->may_leak) MATRIX_EXPECT(a, after.others + 1 == before.others);
  return NULL;
}

static pjrt_error *expect_bytes(matrix_attempt *a) {
  MATRIX_EXPECT(a, typed(a)->artifact_size > 0);
  return NULL;
}

/* ---- TpuTopology: counts ------------------------------------------------- */

#define COUNT(function, ask, expected)             \
  static pjrt_error *function(matrix_attempt *a) { \
    size_t count;                                  \
    PJRT_TRY(ask(typed(a)->topology, &count));     \
    MATRIX_EXPECT(a, count == (expected));         \
    return NULL;                                   \
  }

COUNT(num_processes, pjrt_tpu_topology_num_processes, 1)
COUNT(num_chips, pjrt_tpu_topology_num_chips, 4)
COUNT(num_cores, pjrt_tpu_topology_num_cores, 8)
COUNT(num_devices, pjrt_tpu_topology_num_devices, 8)
COUNT(chips_per_process, pjrt_tpu_topology_num_chips_per_process, 4)
COUNT(cores_per_process, pjrt_tpu_topology_num_cores_per_process, 8)
COUNT(devices_per_process, pjrt_tpu_topology_num_devices_per_process, 8)
COUNT(cores_per_chip, pjrt_tpu_topology_num_cores_per_chip, 2)
COUNT(devices_per_chip, pjrt_tpu_topology_num_devices_per_chip, 2)

/* ---- TpuTopology: bounds and places -------------------------------------- */

#define DIMS(function, ask, x, y)                                   \
  static pjrt_error *function(matrix_attempt *a) {                  \
    int32_t dims[PJRT_TPU_MAX_DIMS];                                \
    size_t num;                                                     \
    PJRT_TRY(ask(typed(a)->topology, dims, &num));                  \
    MATRIX_EXPECT(a, num == 3 && dims[0] == (x) && dims[1] == (y)); \
    return NULL;                                                    \
  }

DIMS(chip_bounds, pjrt_tpu_topology_chip_bounds, 2, 2)
DIMS(process_chips, pjrt_tpu_topology_chips_per_process_bounds, 2, 2)
DIMS(process_bounds, pjrt_tpu_topology_process_bounds, 1, 1)

static pjrt_error *process_coords(matrix_attempt *a) {
  int32_t dims[PJRT_TPU_MAX_DIMS];
  size_t num;
  PJRT_TRY(pjrt_tpu_topology_process_coords(typed(a)->topology, 0, dims, &num));
  MATRIX_EXPECT(a, num == 3 && dims[0] == 0);
  return NULL;
}

static const int32_t second[] = {1, 0, 0}, one[] = {1, 1, 1};

static pjrt_error *chip_at(matrix_attempt *a) {
  int32_t id;
  PJRT_TRY(pjrt_tpu_topology_chip_at(typed(a)->topology, second, 3, &id));
  MATRIX_EXPECT(a, id == 1);
  return NULL;
}

static pjrt_error *device_at(matrix_attempt *a) {
  int32_t id;
  PJRT_TRY(pjrt_tpu_topology_device_at(typed(a)->topology, second, 3, 1, &id));
  MATRIX_EXPECT(a, id == 3);
  return NULL;
}

static pjrt_error *device_coords(matrix_attempt *a) {
  int32_t dims[PJRT_TPU_MAX_DIMS], index;
  size_t num;
  PJRT_TRY(pjrt_tpu_topology_device_coords(typed(a)->topology, 3, dims, &num,
                                           &index));
  MATRIX_EXPECT(a, num == 3 && dims[0] == 1 && index == 1);
  return NULL;
}

/* ---- TpuTopology: ids ---------------------------------------------------- */

static pjrt_error *process_ids(matrix_attempt *a) {
  int32_t *ids;
  size_t num;
  PJRT_TRY(pjrt_tpu_topology_process_ids(typed(a)->topology, &ids, &num));
  MATRIX_EXPECT(a, num == 1 && ids[0] == 0);
  pjrt_host_free(ids);
  return NULL;
}

static pjrt_error *device_ids(matrix_attempt *a) {
  int32_t *ids;
  size_t num;
  PJRT_TRY(pjrt_tpu_topology_device_ids(typed(a)->topology, 0, &ids, &num));
  MATRIX_EXPECT(a, num == 8 && ids[7] == 7);
  pjrt_host_free(ids);
  return NULL;
}

static pjrt_error *chip_process(matrix_attempt *a) {
  int32_t process, index;
  PJRT_TRY(
      pjrt_tpu_topology_chip_process(typed(a)->topology, 3, &process, &index));
  MATRIX_EXPECT(a, process == 0 && index == 3);
  return NULL;
}

static pjrt_error *device_process(matrix_attempt *a) {
  int32_t process, index;
  PJRT_TRY(pjrt_tpu_topology_device_process(typed(a)->topology, 5, &process,
                                            &index));
  MATRIX_EXPECT(a, process == 0 && index == 5);
  return NULL;
}

/* ---- TpuTopology: links -------------------------------------------------- */

#define FLAG(function, ask, expected)              \
  static pjrt_error *function(matrix_attempt *a) { \
    bool is_so;                                    \
    PJRT_TRY(ask(typed(a)->topology, &is_so));     \
    MATRIX_EXPECT(a, is_so == (expected));         \
    return NULL;                                   \
  }

FLAG(enhanced_barrier, pjrt_tpu_topology_has_enhanced_barrier, false)
FLAG(limited_ici, pjrt_tpu_topology_has_limited_ici, true)
FLAG(is_subslice, pjrt_tpu_topology_is_subslice, false)

static pjrt_error *is_reachable(matrix_attempt *a) {
  bool is_so;
  PJRT_TRY(pjrt_tpu_topology_is_reachable(typed(a)->topology, 0, 1, &is_so));
  MATRIX_EXPECT(a, is_so);
  return NULL;
}

static pjrt_error *routing_strategy(matrix_attempt *a) {
  char *text;
  PJRT_TRY(pjrt_tpu_topology_routing_strategy(typed(a)->topology, &text, NULL));
  MATRIX_EXPECT(a, !strcmp(text, "ROUTING_MESH"));
  pjrt_host_free(text);
  return NULL;
}

/* ---- TpuTopology: parts -------------------------------------------------- */

static pjrt_error *subslice(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_tpu_topology_subslice(w->topology, one, one, 3, &w->copy));
  MATRIX_EXPECT(a, pjrt_topology_num_devices(w->copy) == 2);
  return NULL;
}

static pjrt_error *with_hosts(matrix_attempt *a) {
  static const int32_t hosts[] = {2, 1, 1};
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_tpu_topology_with_hosts(w->topology, hosts, 3, &w->copy));
  MATRIX_EXPECT(a, pjrt_topology_num_devices(w->copy) == 16);
  return NULL;
}

static pjrt_error *make_subslice(matrix_attempt *a) {
  PJRT_TRY(make_topology(a));
  return subslice(a);
}

static pjrt_error *subslice_device_id(matrix_attempt *a) {
  int32_t id;
  PJRT_TRY(pjrt_tpu_topology_subslice_device_id(
      typed(a)->topology, typed(a)->copy, second, 3, 3, &id));
  MATRIX_EXPECT(a, id == 1);
  return NULL;
}

/* ---- TpuTopology: machines to choose from -------------------------------- */

static pjrt_error *slice_find(matrix_attempt *a) {
  pjrt_tpu_slice slice;
  PJRT_TRY(pjrt_tpu_slice_find(a->plugin, "sim", 3, "4x2x2", 5, &slice));
  MATRIX_EXPECT(a, slice.num_dims == 3 && slice.dims[0] == 4);
  return NULL;
}

static pjrt_error *slice_list(matrix_attempt *a) {
  pjrt_tpu_slice *slices;
  size_t num;
  PJRT_TRY(pjrt_tpu_slice_list(a->plugin, "sim", 3, &slices, &num));
  MATRIX_EXPECT(a, num == 6 && slices[5].dims[0] == 4);
  pjrt_host_free(slices);
  return NULL;
}

static pjrt_error *platform_trays(matrix_attempt *a) {
  int64_t chips, trays;
  PJRT_TRY(pjrt_tpu_platform_trays(a->plugin, "sim", 3, &chips, &trays));
  MATRIX_EXPECT(a, chips == 4 && trays == 1);
  return NULL;
}

/* ---- AbiVersion: runtimes ------------------------------------------------ */

static void free_runtime(void *version) {
  pjrt_runtime_abi_version_free(version);
}

static void free_needed(void *version) {
  pjrt_executable_abi_version_free(version);
}

static pjrt_error *runtime_of_client(matrix_attempt *a) {
  pjrt_runtime_abi_version *version;
  PJRT_TRY(pjrt_runtime_abi_version_of_client(typed(a)->client, &version));
  typed_keep(a, version, free_runtime);
  return NULL;
}

static pjrt_error *make_runtime(matrix_attempt *a) {
  PJRT_TRY(typed_client(a));
  return runtime_of_client(a);
}

/* Of platform 5, at version 90. */
static const char version_bytes[] = {1 << 3, 5, 2 << 3, 90};

static pjrt_error *runtime_from_bytes(matrix_attempt *a) {
  pjrt_runtime_abi_version *version;
  PJRT_TRY(pjrt_runtime_abi_version_deserialize(
      a->plugin, version_bytes, sizeof version_bytes, &version));
  typed_keep(a, version, free_runtime);
  return NULL;
}

static pjrt_error *runtime_to_bytes(matrix_attempt *a) {
  PJRT_TRY(pjrt_runtime_abi_version_serialize(kept(a, 0), &typed(a)->artifact,
                                              &typed(a)->artifact_size));
  return expect_bytes(a);
}

static pjrt_error *runtime_platform(matrix_attempt *a) {
  uint64_t platform;
  PJRT_TRY(pjrt_runtime_abi_version_platform_id(kept(a, 0), &platform));
  MATRIX_EXPECT(a, platform != 0);
  return NULL;
}

static pjrt_error *check_runtime(matrix_attempt *a) {
  return pjrt_runtime_abi_version_check_runtime(kept(a, 0), kept(a, 0));
}

/* ---- AbiVersion: executables --------------------------------------------- */

static pjrt_error *needed_by_executable(matrix_attempt *a) {
  pjrt_executable_abi_version *version;
  PJRT_TRY(pjrt_executable_abi_version_of_executable(typed(a)->executable,
                                                     &version));
  typed_keep(a, version, free_needed);
  return NULL;
}

static pjrt_error *needed_by_compiled(matrix_attempt *a) {
  pjrt_executable_abi_version *version;
  PJRT_TRY(
      pjrt_executable_abi_version_of_compiled(typed(a)->compiled, &version));
  typed_keep(a, version, free_needed);
  return NULL;
}

static pjrt_error *make_needed(matrix_attempt *a) {
  PJRT_TRY(typed_executable(a));
  return needed_by_executable(a);
}

static pjrt_error *make_both(matrix_attempt *a) {
  PJRT_TRY(make_needed(a));
  return runtime_of_client(a);
}

static pjrt_error *check_executable(matrix_attempt *a) {
  return pjrt_runtime_abi_version_check_executable(kept(a, 1), kept(a, 0));
}

static pjrt_error *needed_from_bytes(matrix_attempt *a) {
  pjrt_executable_abi_version *version;
  PJRT_TRY(pjrt_executable_abi_version_deserialize(
      a->plugin, version_bytes, sizeof version_bytes, &version));
  typed_keep(a, version, free_needed);
  return NULL;
}

static pjrt_error *needed_to_bytes(matrix_attempt *a) {
  PJRT_TRY(pjrt_executable_abi_version_serialize(
      kept(a, 0), &typed(a)->artifact, &typed(a)->artifact_size));
  return expect_bytes(a);
}

static pjrt_error *needed_platform(matrix_attempt *a) {
  uint64_t platform;
  PJRT_TRY(pjrt_executable_abi_version_platform_id(kept(a, 0), &platform));
  MATRIX_EXPECT(a, platform != 0);
  return NULL;
}

/* ---- PhaseCompile -------------------------------------------------------- */

static void free_compiler(void *compiler) {
  pjrt_phase_compiler_free(compiler);
}

static pjrt_error *create_compiler(matrix_attempt *a) {
  pjrt_phase_compiler *compiler;
  PJRT_TRY(pjrt_phase_compiler_create(a->plugin, &compiler));
  typed_keep(a, compiler, free_compiler);
  MATRIX_EXPECT(a, pjrt_phase_compiler_num_phases(compiler) == 3);
  return NULL;
}

static pjrt_error *make_compiler(matrix_attempt *a) {
  PJRT_TRY(make_topology(a));
  return create_compiler(a);
}

static pjrt_error *run_phase(matrix_attempt *a) {
  static const pjrt_phase_program program = {"program", 7};
  static const char *const phase = "parse";
  pjrt_phase_outputs *outputs;
  size_t size;
  PJRT_TRY(pjrt_phase_compiler_run(kept(a, 0), typed(a)->topology, NULL,
                                   &program, 1, &phase, 1, &outputs));
  MATRIX_EXPECT(a, pjrt_phase_outputs_size(outputs) == 1);
  const char *data = pjrt_phase_outputs_data(outputs, 0, &size);
  MATRIX_EXPECT(a, size > 7 && !memcmp(data, "program", 7));
  pjrt_phase_outputs_free(outputs);
  return NULL;
}

/* ---- ExecutableMetadata -------------------------------------------------- */

static pjrt_error *metadata(matrix_attempt *a) {
  PJRT_TRY(pjrt_executable_metadata(typed(a)->executable, &typed(a)->artifact,
                                    &typed(a)->artifact_size));
  return expect_bytes(a);
}

static pjrt_error *compiled_metadata(matrix_attempt *a) {
  PJRT_TRY(pjrt_compiled_metadata(typed(a)->compiled, &typed(a)->artifact,
                                  &typed(a)->artifact_size));
  return expect_bytes(a);
}

/* ---- all ----------------------------------------------------------------- */

#define CASE(function, from, check) \
  {.name = (function), .prepare = (from), .run = (check)}
#define TOPOLOGY(function, check) CASE(function, make_topology, check)

const matrix_case typed_ext_tpu_a_cases[] = {
    TOPOLOGY("pjrt_tpu_topology_num_processes", num_processes),
    TOPOLOGY("pjrt_tpu_topology_num_chips", num_chips),
    TOPOLOGY("pjrt_tpu_topology_num_cores", num_cores),
    TOPOLOGY("pjrt_tpu_topology_num_devices", num_devices),
    TOPOLOGY("pjrt_tpu_topology_num_chips_per_process", chips_per_process),
    TOPOLOGY("pjrt_tpu_topology_num_cores_per_process", cores_per_process),
    TOPOLOGY("pjrt_tpu_topology_num_devices_per_process", devices_per_process),
    TOPOLOGY("pjrt_tpu_topology_num_cores_per_chip", cores_per_chip),
    TOPOLOGY("pjrt_tpu_topology_num_devices_per_chip", devices_per_chip),
    TOPOLOGY("pjrt_tpu_topology_chip_bounds", chip_bounds),
    TOPOLOGY("pjrt_tpu_topology_chips_per_process_bounds", process_chips),
    TOPOLOGY("pjrt_tpu_topology_process_bounds", process_bounds),
    TOPOLOGY("pjrt_tpu_topology_process_ids", process_ids),
    TOPOLOGY("pjrt_tpu_topology_device_ids", device_ids),
    TOPOLOGY("pjrt_tpu_topology_chip_process", chip_process),
    TOPOLOGY("pjrt_tpu_topology_device_process", device_process),
    TOPOLOGY("pjrt_tpu_topology_process_coords", process_coords),
    TOPOLOGY("pjrt_tpu_topology_chip_at", chip_at),
    TOPOLOGY("pjrt_tpu_topology_device_at", device_at),
    TOPOLOGY("pjrt_tpu_topology_device_coords", device_coords),
    TOPOLOGY("pjrt_tpu_topology_has_enhanced_barrier", enhanced_barrier),
    TOPOLOGY("pjrt_tpu_topology_has_limited_ici", limited_ici),
    TOPOLOGY("pjrt_tpu_topology_is_reachable", is_reachable),
    TOPOLOGY("pjrt_tpu_topology_routing_strategy", routing_strategy),
    TOPOLOGY("pjrt_tpu_topology_subslice", subslice),
    TOPOLOGY("pjrt_tpu_topology_is_subslice", is_subslice),
    CASE("pjrt_tpu_topology_subslice_device_id", make_subslice,
         subslice_device_id),
    TOPOLOGY("pjrt_tpu_topology_with_hosts", with_hosts),
    CASE("pjrt_tpu_slice_find", matrix_open, slice_find),
    CASE("pjrt_tpu_slice_list", matrix_open, slice_list),
    CASE("pjrt_tpu_platform_trays", matrix_open, platform_trays),
    CASE("pjrt_runtime_abi_version_of_client", typed_client, runtime_of_client),
    CASE("pjrt_runtime_abi_version_deserialize", matrix_open,
         runtime_from_bytes),
    CASE("pjrt_runtime_abi_version_free", make_runtime, end_kept),
    CASE("pjrt_runtime_abi_version_serialize", make_runtime, runtime_to_bytes),
    CASE("pjrt_runtime_abi_version_platform_id", make_runtime,
         runtime_platform),
    CASE("pjrt_runtime_abi_version_check_runtime", make_runtime, check_runtime),
    CASE("pjrt_runtime_abi_version_check_executable", make_both,
         check_executable),
    CASE("pjrt_executable_abi_version_of_executable", typed_executable,
         needed_by_executable),
    CASE("pjrt_executable_abi_version_of_compiled", make_compiled,
         needed_by_compiled),
    CASE("pjrt_executable_abi_version_deserialize", matrix_open,
         needed_from_bytes),
    CASE("pjrt_executable_abi_version_free", make_needed, end_kept),
    CASE("pjrt_executable_abi_version_serialize", make_needed, needed_to_bytes),
    CASE("pjrt_executable_abi_version_platform_id", make_needed,
         needed_platform),
    CASE("pjrt_phase_compiler_create", matrix_open, create_compiler),
    CASE("pjrt_phase_compiler_free", make_compiler, end_kept),
    CASE("pjrt_phase_compiler_run", make_compiler, run_phase),
    CASE("pjrt_executable_metadata", typed_executable, metadata),
    CASE("pjrt_compiled_metadata", make_compiled, compiled_metadata),
};
const size_t typed_num_ext_tpu_a_cases =
    sizeof typed_ext_tpu_a_cases / sizeof *typed_ext_tpu_a_cases;
