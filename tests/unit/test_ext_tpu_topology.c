/* The TpuTopology extension on the simulated plugin: 4x2x1 chips of two cores,
 * which are the devices, in two processes of 2x2 chips. */
#include "pjrt/ext/tpu_topology.h"

#include <sys/wait.h>
#include <unistd.h>

#include "ext_node.h"

static const pjrt_code bad = PJRT_INVALID_ARGUMENT;

static pjrt_topology *create(const fixture *f, const char *name) {
  pjrt_topology *topology;
  expect_ok(
      pjrt_topology_create(f->plugin, name, PJRT_NUL_ENDED, NULL, &topology));
  return topology;
}

/* Two processes with a box of chips each. */
static pjrt_topology *machine(const fixture *f) {
  const int32_t hosts[] = {2, 1, 1};
  pjrt_topology *box = create(f, "2x2x1x2"), *made;
  expect_ok(pjrt_tpu_topology_with_hosts(box, hosts, 3, &made));
  pjrt_topology_free(box);
  return made;
}

static void expect_dims(const int32_t *dims, size_t num, int32_t x, int32_t y,
                        int32_t z) {
  const int32_t expected[PJRT_TPU_MAX_DIMS] = {x, y, z, 0};
  assert_int_equal(num, 3);
  assert_memory_equal(dims, expected, sizeof expected);
}

/* ---- what it tells ------------------------------------------------------- */

static void test_counts(void **state) {
  static const struct {
    pjrt_error *(*ask)(const pjrt_topology *topology, size_t *out);
    size_t expected;
  } counts[] = {
      {pjrt_tpu_topology_num_processes, 2},
      {pjrt_tpu_topology_num_chips, 8},
      {pjrt_tpu_topology_num_cores, 16},
      {pjrt_tpu_topology_num_devices, 16},
      {pjrt_tpu_topology_num_chips_per_process, 4},
      {pjrt_tpu_topology_num_cores_per_process, 8},
      {pjrt_tpu_topology_num_devices_per_process, 8},
      {pjrt_tpu_topology_num_cores_per_chip, 2},
      {pjrt_tpu_topology_num_devices_per_chip, 2},
  };
  pjrt_topology *topology = machine(*state);
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    size_t count = 77;
    expect_ok(counts[i].ask(topology, &count));
    assert_int_equal(count, counts[i].expected);
    expect_error(counts[i].ask(NULL, &count), bad, "topology is NULL");
    assert_int_equal(count, 0);
  }
  pjrt_topology_free(topology);
}

static void test_bounds(void **state) {
  int32_t dims[PJRT_TPU_MAX_DIMS] = {9, 9, 9, 9};
  size_t num;
  pjrt_topology *topology = machine(*state);
  expect_ok(pjrt_tpu_topology_chip_bounds(topology, dims, &num));
  expect_dims(dims, num, 4, 2, 1);
  expect_ok(pjrt_tpu_topology_chips_per_process_bounds(topology, dims, &num));
  expect_dims(dims, num, 2, 2, 1);
  expect_ok(pjrt_tpu_topology_process_bounds(topology, dims, &num));
  expect_dims(dims, num, 2, 1, 1);
  expect_error(pjrt_tpu_topology_process_bounds(NULL, dims, &num), bad,
               "topology is NULL");
  assert_int_equal(num, 0);
  assert_int_equal(dims[0], 0);
  pjrt_topology_free(topology);
}

static void test_ids(void **state) {
  int32_t *ids, process, index;
  size_t num;
  pjrt_topology *topology = machine(*state);
  expect_ok(pjrt_tpu_topology_process_ids(topology, &ids, &num));
  assert_int_equal(num, 2);
  assert_int_equal(ids[1], 1);
  pjrt_host_free(ids);
  expect_ok(pjrt_tpu_topology_device_ids(topology, 1, &ids, &num));
  assert_int_equal(num, 8);
  assert_int_equal(ids[0], 4);
  pjrt_host_free(ids);
  expect_ok(pjrt_tpu_topology_chip_process(topology, 2, &process, &index));
  assert_int_equal(process, 1);
  assert_int_equal(index, 0);
  expect_ok(pjrt_tpu_topology_device_process(topology, 5, &process, &index));
  assert_int_equal(process, 1);
  assert_int_equal(index, 1);
  pjrt_topology_free(topology);
}

/* Where things are, and what is there. */
static void test_coords(void **state) {
  int32_t at[PJRT_TPU_MAX_DIMS], index, chip, device;
  size_t num;
  pjrt_topology *topology = machine(*state);
  expect_ok(pjrt_tpu_topology_process_coords(topology, 1, at, &num));
  expect_dims(at, num, 1, 0, 0);
  expect_ok(pjrt_tpu_topology_device_coords(topology, 13, at, &num, &index));
  expect_dims(at, num, 2, 1, 0);
  assert_int_equal(index, 1);
  expect_ok(pjrt_tpu_topology_chip_at(topology, at, num, &chip));
  assert_int_equal(chip, 6);
  expect_ok(pjrt_tpu_topology_device_at(topology, at, num, 1, &device));
  assert_int_equal(device, 13);
  pjrt_topology_free(topology);
}

static void test_links(void **state) {
  bool is_so;
  char *strategy;
  size_t size;
  pjrt_topology *topology = machine(*state), *row = create(*state, "4x1x1");
  expect_ok(pjrt_tpu_topology_has_enhanced_barrier(topology, &is_so));
  assert_false(is_so);
  expect_ok(pjrt_tpu_topology_has_limited_ici(topology, &is_so));
  assert_true(is_so);
  expect_ok(pjrt_tpu_topology_has_limited_ici(row, &is_so));
  assert_false(is_so);
  expect_ok(pjrt_tpu_topology_is_reachable(topology, 0, 3, &is_so));
  assert_true(is_so);
  expect_ok(pjrt_tpu_topology_is_reachable(topology, 0, 5, &is_so));
  assert_false(is_so);
  expect_ok(pjrt_tpu_topology_routing_strategy(topology, &strategy, &size));
  assert_string_equal(strategy, "ROUTING_MESH");
  assert_int_equal(size, strlen(strategy));
  pjrt_host_free(strategy);
  expect_ok(pjrt_tpu_topology_routing_strategy(row, &strategy, NULL));
  assert_string_equal(strategy, "ROUTING_DEFAULT");
  pjrt_host_free(strategy);
  pjrt_topology_free(topology);
  pjrt_topology_free(row);
}

/* ---- parts --------------------------------------------------------------- */

static void test_subslice(void **state) {
  const int32_t chips[] = {2, 1, 1}, hosts[] = {1, 1, 1}, origin[] = {1, 1, 0};
  int32_t id;
  bool is_part;
  pjrt_topology *topology = machine(*state), *part;
  expect_ok(pjrt_tpu_topology_subslice(topology, chips, hosts, 3, &part));
  assert_int_equal(pjrt_topology_num_devices(part), 4);
  assert_ptr_equal(pjrt_topology_plugin(part), pjrt_topology_plugin(topology));
  expect_ok(pjrt_tpu_topology_is_subslice(part, &is_part));
  assert_true(is_part);
  expect_ok(pjrt_tpu_topology_is_subslice(topology, &is_part));
  assert_false(is_part);
  expect_ok(
      pjrt_tpu_topology_subslice_device_id(topology, part, origin, 3, 13, &id));
  assert_int_equal(id, 3);
  expect_error(
      pjrt_tpu_topology_subslice_device_id(topology, part, origin, 3, 0, &id),
      bad, "device 0 is outside of the subslice");
  assert_int_equal(id, 0);
  pjrt_topology_free(topology);
  assert_int_equal(pjrt_topology_num_devices(part), 4);
  pjrt_topology_free(part);
}

static void test_bad_parts(void **state) {
  const int32_t one[] = {1, 1, 1}, none[] = {1, 0, 1}, wide[] = {4, 2, 1},
                back[] = {0, -1, 0}, huge[] = {INT32_MAX, 1, 1};
  int32_t id;
  pjrt_topology *topology = machine(*state), *part = topology;
  expect_error(pjrt_tpu_topology_subslice(NULL, one, one, 3, &part), bad,
               "topology is NULL");
  assert_null(part);
  expect_error(pjrt_tpu_topology_subslice(topology, NULL, one, 3, &part), bad,
               "chips_per_host is NULL");
  expect_error(pjrt_tpu_topology_subslice(topology, one, NULL, 3, &part), bad,
               "hosts is NULL");
  expect_error(pjrt_tpu_topology_subslice(topology, one, one, 2, &part), bad,
               "2 dimensions, expected 3");
  expect_error(pjrt_tpu_topology_subslice(topology, one, none, 3, &part), bad,
               "hosts has 0 in direction 1");
  expect_error(pjrt_tpu_topology_subslice(topology, wide, wide, 3, &part), bad,
               "16 chips in direction 0, and the topology has 4");
  expect_error(pjrt_tpu_topology_subslice(topology, huge, huge, 3, &part), bad,
               "4611686014132420609 chips");
  expect_error(pjrt_tpu_topology_with_hosts(topology, none, 3, &part), bad,
               "hosts has 0");
  expect_error(pjrt_tpu_topology_with_hosts(topology, NULL, 3, &part), bad,
               "hosts is NULL");
  assert_int_equal(sim.num_calls("PJRT_TpuTopology_Subslice"), 0);
  expect_error(pjrt_tpu_topology_with_hosts(topology, huge, 3, &part), bad,
               "1024");
  assert_null(part);
  expect_ok(pjrt_tpu_topology_subslice(topology, one, one, 3, &part));
  expect_error(
      pjrt_tpu_topology_subslice_device_id(topology, part, back, 3, 0, &id),
      bad, "origin has -1 in direction 1");
  expect_error(
      pjrt_tpu_topology_subslice_device_id(topology, NULL, back, 3, 0, &id),
      bad, "topology is NULL");
  expect_error(
      pjrt_tpu_topology_subslice_device_id(topology, part, NULL, 3, 0, &id),
      bad, "origin is NULL");
  expect_error(
      pjrt_tpu_topology_subslice_device_id(topology, part, one, 3, 16, &id),
      bad, "no device 16");
  pjrt_topology_free(part);
  pjrt_topology_free(topology);
}

/* A chip of the part has fewer devices than one of the whole. */
static void test_parts_of_other_chips(void **state) {
  const int32_t origin[] = {0, 0, 0};
  int32_t id;
  pjrt_topology *topology = machine(*state), *part = create(*state, "2x2x1");
  expect_ok(
      pjrt_tpu_topology_subslice_device_id(topology, part, origin, 3, 2, &id));
  assert_int_equal(id, 1);
  expect_error(
      pjrt_tpu_topology_subslice_device_id(topology, part, origin, 3, 3, &id),
      bad, "outside");
  pjrt_topology_free(part);
  pjrt_topology_free(topology);
}

static void test_part_of_another_plugin(void **state) {
  const fixture *f = *state;
  const int32_t origin[] = {0, 0, 0};
  int32_t id;
  fixture other = {0};
  pjrt_topology *topology = machine(f);
  expect_ok(pjrt_plugin_open(sim_path(), PJRT_NUL_ENDED, NULL, &other.plugin));
  pjrt_topology *part = create(&other, "2x2x1");
  expect_error(
      pjrt_tpu_topology_subslice_device_id(topology, part, origin, 3, 0, &id),
      bad, "another plugin");
  pjrt_topology_free(part);
  pjrt_topology_free(topology);
  pjrt_plugin_free(other.plugin);
}

/* ---- machines to choose from --------------------------------------------- */

static void test_slices(void **state) {
  const fixture *f = *state;
  pjrt_tpu_slice slice, *slices;
  size_t num;
  int64_t chips, trays;
  expect_ok(pjrt_tpu_slice_find(f->plugin, "sim", 3, "4x2x2", PJRT_NUL_ENDED,
                                &slice));
  expect_dims(slice.dims, slice.num_dims, 4, 2, 2);
  assert_false(slice.wraps[0] || slice.is_twisted);
  expect_ok(pjrt_tpu_slice_list(f->plugin, "sim", 3, &slices, &num));
  assert_int_equal(num, 6);
  expect_dims(slices[5].dims, slices[5].num_dims, 4, 4, 4);
  pjrt_host_free(slices);
  expect_ok(pjrt_tpu_platform_trays(f->plugin, "sim", 3, &chips, &trays));
  assert_int_equal(chips, 4);
  assert_int_equal(trays, 1);
}

static void test_no_such_slices(void **state) {
  const fixture *f = *state;
  pjrt_tpu_slice slice = {.num_dims = 7}, *slices = &slice;
  size_t num = 7;
  int64_t chips = 7, trays = 7;
  expect_error(pjrt_tpu_slice_find(f->plugin, "sim", 3, "9x9", 3, &slice),
               PJRT_NOT_FOUND, "no slice '9x9'");
  assert_int_equal(slice.num_dims, 0);
  expect_error(pjrt_tpu_slice_find(f->plugin, "sin", 3, "1x1x1", 5, &slice),
               PJRT_NOT_FOUND, "no platform 'sin'");
  expect_error(pjrt_tpu_slice_list(f->plugin, "sin", 3, &slices, &num),
               PJRT_NOT_FOUND, "no platform 'sin'");
  assert_null(slices);
  assert_int_equal(num, 0);
  expect_error(pjrt_tpu_platform_trays(f->plugin, "sin", 3, &chips, &trays),
               PJRT_NOT_FOUND, "no platform 'sin'");
  assert_int_equal(chips + trays, 0);
  expect_error(pjrt_tpu_slice_find(NULL, "sim", 3, "1x1x1", 5, &slice), bad,
               "plugin is NULL");
  expect_error(pjrt_tpu_slice_find(f->plugin, NULL, 3, "1x1x1", 5, &slice), bad,
               "the platform is empty");
  expect_error(pjrt_tpu_slice_find(f->plugin, "sim", 3, "", 0, &slice), bad,
               "the slice's name is empty");
  expect_error(pjrt_tpu_slice_list(f->plugin, "", 0, &slices, &num), bad,
               "the platform is empty");
  expect_error(pjrt_tpu_platform_trays(NULL, "sim", 3, &chips, &trays), bad,
               "plugin is NULL");
}

/* ---- refused ------------------------------------------------------------- */

/* Nothing of this reaches the plugin. */
static void test_bad_ids(void **state) {
  static const int32_t ids[] = {-1, 16, INT32_MIN, INT32_MAX};
  int32_t *list, process, index, at[PJRT_TPU_MAX_DIMS];
  size_t num;
  bool is_so;
  pjrt_topology *topology = machine(*state);
  for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
    const int32_t id = ids[i];
    expect_error(pjrt_tpu_topology_device_ids(topology, id, &list, &num), bad,
                 "no process");
    assert_null(list);
    expect_error(pjrt_tpu_topology_chip_process(topology, id, &process, &index),
                 bad, "the topology has 8");
    expect_error(
        pjrt_tpu_topology_device_process(topology, id, &process, &index), bad,
        "the topology has 16");
    expect_error(pjrt_tpu_topology_process_coords(topology, id, at, &num), bad,
                 "no process");
    expect_error(
        pjrt_tpu_topology_device_coords(topology, id, at, &num, &index), bad,
        "no device");
    expect_error(pjrt_tpu_topology_is_reachable(topology, 0, id, &is_so), bad,
                 "no chip");
    expect_error(pjrt_tpu_topology_is_reachable(topology, id, 0, &is_so), bad,
                 "no chip");
  }
  static const char *const unasked[] = {
      "PJRT_TpuTopology_LogiDeviceIdsOnProcess",
      "PJRT_TpuTopology_ProcIdAndIdxOnProcForChip",
      "PJRT_TpuTopology_ProcIdAndIdxOnProcForLogiDevice",
      "PJRT_TpuTopology_ProcessCoordFromId",
      "PJRT_TpuTopology_ChipCoordAndIdxForLogiDevice",
      "PJRT_TpuTopology_IsReachableOverLimitedIci",
  };
  for (size_t i = 0; i < sizeof unasked / sizeof *unasked; i++) {
    assert_int_equal(sim.num_calls(unasked[i]), 0);
  }
  pjrt_topology_free(topology);
}

static void test_bad_coords(void **state) {
  const int32_t inside[] = {0, 0, 0}, below[] = {0, -1, 0}, past[] = {0, 0, 1};
  int32_t id = 7;
  pjrt_topology *topology = machine(*state);
  expect_error(pjrt_tpu_topology_chip_at(topology, NULL, 3, &id), bad,
               "coords is NULL");
  assert_int_equal(id, 0);
  expect_error(pjrt_tpu_topology_chip_at(topology, inside, 2, &id), bad,
               "coords has 2 dimensions, expected 3");
  expect_error(pjrt_tpu_topology_chip_at(topology, below, 3, &id), bad,
               "coordinate 1 is -1");
  expect_error(pjrt_tpu_topology_chip_at(topology, past, 3, &id), bad,
               "coordinate 2 is 1, and the topology has 1");
  expect_error(pjrt_tpu_topology_device_at(topology, past, 3, 0, &id), bad,
               "coordinate 2 is 1");
  expect_error(pjrt_tpu_topology_device_at(topology, inside, 3, 2, &id), bad,
               "no device 2 of a chip: each has 2");
  expect_error(pjrt_tpu_topology_device_at(topology, inside, 3, -1, &id), bad,
               "no device -1");
  assert_int_equal(sim.num_calls("PJRT_TpuTopology_ChipIdFromCoord"), 0);
  pjrt_topology_free(topology);
}

static void test_forked(void **state) {
  size_t num;
  int status;
  pjrt_topology *topology = machine(*state);
  const pid_t child = fork();
  if (child == 0) {
    _exit(pjrt_error_consume(pjrt_tpu_topology_num_chips(topology, &num)) !=
          PJRT_FAILED_PRECONDITION);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  pjrt_topology_free(topology);
}

/* ---- what plugins lack, and answer --------------------------------------- */

static pjrt_error *ask(const fixture *f) {
  pjrt_topology *topology;
  size_t num;
  expect_ok(pjrt_client_topology(f->client, &topology));
  return pjrt_tpu_topology_num_chips(topology, &num);
}

static void test_older_plugins(void **state) {
  (void)state;
  expect_error(ext_ask_minor(89, ask), PJRT_UNIMPLEMENTED,
               "the plugin has no extension TpuTopology, which API 0.90 "
               "brought");
  expect_ok(ext_ask_minor(90, ask));
}

static PJRT_Error *minus_one(PJRT_TpuTopology_ChipCount_Args *args) {
  args->chip_count = -1;
  return NULL;
}

static PJRT_Error *too_many_ids(PJRT_TpuTopology_ProcessIds_Args *args) {
  args->num_process_ids = (size_t)args->max_process_ids + 1;
  return NULL;
}

static PJRT_Error *too_many_devices(
    PJRT_TpuTopology_LogiDeviceIdsOnProcess_Args *args) {
  args->num_logical_device_ids = SIZE_MAX;
  return NULL;
}

static PJRT_Error *five_dims(PJRT_TpuTopology_ChipBounds_Args *args) {
  args->chip_bounds_num_dims = 5;
  return NULL;
}

static PJRT_Error *long_text(PJRT_TpuTopology_GetRoutingStrategy_Args *args) {
  memset(args->routing_strategy, 'x', args->routing_strategy_len++);
  return NULL;
}

static PJRT_Error *full_text(PJRT_TpuTopology_GetRoutingStrategy_Args *args) {
  memset(args->routing_strategy, 'x', args->routing_strategy_len);
  return NULL;
}

static PJRT_Error *no_topology(PJRT_TpuTopology_Subslice_Args *args) {
  (void)args;
  return NULL;
}

static PJRT_Error *five_dims_of_slice(
    PJRT_TpuTopology_GetSliceConfig_Args *args) {
  args->slice_config->dim_size = 5;
  return NULL;
}

static PJRT_Error *wild_slices(PJRT_TpuTopology_GetSliceConfigs_Args *args) {
  args->num_slice_configs = SIZE_MAX;
  return NULL;
}

static PJRT_Error *growing_slices(PJRT_TpuTopology_GetSliceConfigs_Args *args) {
  args->num_slice_configs = args->max_slice_configs + 1;
  return NULL;
}

static void test_answers_are_not_trusted(void **state) {
  fixture *f = *state;
  const int32_t one[] = {1, 1, 1};
  int32_t *ids, dims[PJRT_TPU_MAX_DIMS];
  size_t num;
  char *text;
  pjrt_tpu_slice slice, *slices;
  pjrt_topology *part, *topology = machine(f);
  PJRT_TpuTopology_Extension node;
  EXT_TAKE_NODE(f, TpuTopology, &node);
  node.subslice = no_topology;
  expect_error(pjrt_tpu_topology_subslice(topology, one, one, 3, &part),
               PJRT_INTERNAL, "gives no topology");
  node.chip_count = minus_one;
  expect_error(ask(f), PJRT_INTERNAL, "garbage");
  node.process_ids = too_many_ids;
  expect_error(pjrt_tpu_topology_process_ids(topology, &ids, &num),
               PJRT_INTERNAL, "3 numbers where it had room for 2");
  assert_null(ids);
  assert_int_equal(num, 0);
  node.logical_device_ids_on_process = too_many_devices;
  expect_error(pjrt_tpu_topology_device_ids(topology, 0, &ids, &num),
               PJRT_INTERNAL, "room for 16");
  node.chip_bounds = five_dims;
  expect_error(pjrt_tpu_topology_chip_bounds(topology, dims, &num),
               PJRT_INTERNAL, "5 numbers where it had room for 4");
  assert_int_equal(num, 0);
  node.get_routing_strategy = long_text;
  expect_error(pjrt_tpu_topology_routing_strategy(topology, &text, NULL),
               PJRT_INTERNAL, "had room for 256");
  node.get_routing_strategy = full_text;
  expect_ok(pjrt_tpu_topology_routing_strategy(topology, &text, &num));
  assert_int_equal(num, 256);
  assert_int_equal(text[256], '\0');
  pjrt_host_free(text);
  node.get_slice_config = five_dims_of_slice;
  expect_error(pjrt_tpu_slice_find(f->plugin, "sim", 3, "1x1x1", 5, &slice),
               PJRT_INTERNAL, "5 numbers");
  node.get_slice_configs = wild_slices;
  expect_error(pjrt_tpu_slice_list(f->plugin, "sim", 3, &slices, &num),
               PJRT_INTERNAL, "garbage");
  node.get_slice_configs = growing_slices;
  expect_error(pjrt_tpu_slice_list(f->plugin, "sim", 3, &slices, &num),
               PJRT_INTERNAL, "2 numbers where it had room for 1");
  pjrt_topology_free(topology);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_counts),
      sim_test(test_bounds),
      sim_test(test_ids),
      sim_test(test_coords),
      sim_test(test_links),
      sim_test(test_subslice),
      sim_test(test_bad_parts),
      sim_test(test_parts_of_other_chips),
      sim_test(test_part_of_another_plugin),
      sim_test(test_slices),
      sim_test(test_no_such_slices),
      sim_test(test_bad_ids),
      sim_test(test_bad_coords),
      sim_test(test_forked),
      cmocka_unit_test(test_older_plugins),
      sim_test(test_answers_are_not_trusted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
