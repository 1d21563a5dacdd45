/* The TpuTopology extension of libtpu, without a TPU. What ends the process
 * there, the library refuses.
 * tier: all */
#include "compat/machines.h"
#include "pjrt/ext/tpu_topology.h"

static void check_counts(const pjrt_topology *topology,
                         const size_t expected[9]) {
  static pjrt_error *(*const ask[])(const pjrt_topology *, size_t *) = {
      pjrt_tpu_topology_num_processes,
      pjrt_tpu_topology_num_chips,
      pjrt_tpu_topology_num_cores,
      pjrt_tpu_topology_num_devices,
      pjrt_tpu_topology_num_chips_per_process,
      pjrt_tpu_topology_num_cores_per_process,
      pjrt_tpu_topology_num_devices_per_process,
      pjrt_tpu_topology_num_cores_per_chip,
      pjrt_tpu_topology_num_devices_per_chip,
  };
  for (size_t i = 0; i < sizeof ask / sizeof *ask; i++) {
    size_t count;
    assert_ok(ask[i](topology, &count));
    assert_int_equal(count, expected[i]);
  }
}

static void check_dims(const int32_t *dims, size_t num, int32_t x, int32_t y,
                       int32_t z) {
  assert_int_equal(num, 3);
  assert_int_equal(dims[0], x);
  assert_int_equal(dims[1], y);
  assert_int_equal(dims[2], z);
  assert_int_equal(dims[3], 0);
}

static void one_host(void **state) {
  int32_t dims[PJRT_TPU_MAX_DIMS], index;
  size_t num;
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  pjrt_topology *topology = tpu(plugin, "v4:2x2x1");
  check_counts(topology, (const size_t[]){1, 4, 8, 8, 4, 8, 8, 2, 2});
  assert_ok(pjrt_tpu_topology_chip_bounds(topology, dims, &num));
  check_dims(dims, num, 2, 2, 1);
  assert_ok(pjrt_tpu_topology_device_coords(topology, 3, dims, &num, &index));
  check_dims(dims, num, 1, 0, 0);
  assert_int_equal(index, 1);
  pjrt_topology_free(topology);
  pjrt_plugin_free(plugin);
}

static void check_ids(pjrt_topology *topology) {
  static const int32_t of_process_one[] = {2, 3, 6, 7};
  int32_t *ids, process, index;
  size_t num;
  assert_ok(pjrt_tpu_topology_process_ids(topology, &ids, &num));
  assert_int_equal(num, 4);
  assert_int_equal(ids[3], 3);
  pjrt_host_free(ids);
  assert_ok(pjrt_tpu_topology_device_ids(topology, 1, &ids, &num));
  assert_int_equal(num, 4);
  assert_memory_equal(ids, of_process_one, sizeof of_process_one);
  pjrt_host_free(ids);
  assert_ok(pjrt_tpu_topology_device_process(topology, 3, &process, &index));
  assert_int_equal(process, 1);
  assert_int_equal(index, 1);
  assert_ok(pjrt_tpu_topology_chip_process(topology, 1, &process, &index));
  assert_int_equal(process, 0);
  assert_int_equal(index, 1);
}

static void check_places(pjrt_topology *topology) {
  static const int32_t place[] = {1, 1, 0};
  int32_t dims[PJRT_TPU_MAX_DIMS], id;
  size_t num;
  assert_ok(pjrt_tpu_topology_chips_per_process_bounds(topology, dims, &num));
  check_dims(dims, num, 2, 2, 1);
  assert_ok(pjrt_tpu_topology_process_bounds(topology, dims, &num));
  check_dims(dims, num, 2, 2, 1);
  assert_ok(pjrt_tpu_topology_process_coords(topology, 1, dims, &num));
  check_dims(dims, num, 1, 0, 0);
  assert_ok(pjrt_tpu_topology_chip_at(topology, place, 3, &id));
  assert_int_equal(id, 5);
  assert_ok(pjrt_tpu_topology_device_at(topology, place, 3, 0, &id));
  assert_int_equal(id, 5);
}

static void check_links(pjrt_topology *topology) {
  bool is_so;
  char *strategy;
  size_t size;
  assert_ok(pjrt_tpu_topology_has_enhanced_barrier(topology, &is_so));
  assert_true(is_so);
  assert_ok(pjrt_tpu_topology_has_limited_ici(topology, &is_so));
  assert_false(is_so);
  assert_ok(pjrt_tpu_topology_is_reachable(topology, 0, 1, &is_so));
  assert_true(is_so);
  assert_ok(pjrt_tpu_topology_routing_strategy(topology, &strategy, &size));
  assert_string_equal(strategy, "mesh");
  assert_int_equal(size, 4);
  pjrt_host_free(strategy);
}

static void four_hosts(void **state) {
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  pjrt_topology *topology = tpu(plugin, "v5e:4x4");
  check_counts(topology, (const size_t[]){4, 16, 16, 16, 4, 4, 4, 1, 1});
  check_ids(topology);
  check_places(topology);
  check_links(topology);
  pjrt_topology_free(topology);
  pjrt_plugin_free(plugin);
}

/* The lower row of the four chips of a host. */
static void parts(void **state) {
  static const int32_t row[] = {2, 1, 1}, one[] = {1, 1, 1},
                       origin[] = {0, 1, 0};
  pjrt_topology *part;
  pjrt_compiled *compiled;
  bool is_part;
  int32_t id;
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  pjrt_topology *topology = tpu(plugin, "v4:2x2x1");
  assert_ok(pjrt_tpu_topology_subslice(topology, row, one, 3, &part));
  assert_int_equal(pjrt_topology_num_devices(part), 4);
  assert_ok(pjrt_tpu_topology_is_subslice(part, &is_part));
  assert_true(is_part);
  assert_ok(pjrt_tpu_topology_is_subslice(topology, &is_part));
  assert_false(is_part);
  assert_ok(
      pjrt_tpu_topology_subslice_device_id(topology, part, origin, 3, 7, &id));
  assert_int_equal(id, 3);
  assert_refused(
      pjrt_tpu_topology_subslice_device_id(topology, part, origin, 3, 0, &id),
      PJRT_INVALID_ARGUMENT, "outside of the subslice");
  assert_ok(try_compile_for(part, add_program, NULL, &compiled));
  pjrt_compiled_free(compiled);
  pjrt_topology_free(part);
  pjrt_topology_free(topology);
  pjrt_plugin_free(plugin);
}

static void other_hosts(void **state) {
  static const int32_t hosts[] = {2, 1, 1}, wild[] = {1 << 30, 1 << 30, 1};
  pjrt_topology *larger;
  size_t num;
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  pjrt_topology *topology = tpu(plugin, "v4:2x2x1");
  assert_ok(pjrt_tpu_topology_with_hosts(topology, hosts, 3, &larger));
  assert_ok(pjrt_tpu_topology_num_processes(larger, &num));
  assert_int_equal(num, 2);
  assert_int_equal(pjrt_topology_num_devices(larger), 16);
  pjrt_topology_free(larger);
  assert_plugin_error(pjrt_tpu_topology_with_hosts(topology, wild, 3, &larger));
  pjrt_topology_free(topology);
  pjrt_plugin_free(plugin);
}

/* Each of these ends the process when libtpu sees it. */
static void what_crashes_is_refused(void **state) {
  static const int32_t place[] = {1, 1, 0}, far[] = {5, 5, 5};
  int32_t process, index, id, dims[PJRT_TPU_MAX_DIMS];
  size_t num;
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  pjrt_topology *topology = tpu(plugin, "v4:2x2x1");
  const pjrt_code bad = PJRT_INVALID_ARGUMENT;
  assert_refused(pjrt_tpu_topology_chip_process(topology, -1, &process, &index),
                 bad, "no chip -1");
  assert_refused(
      pjrt_tpu_topology_device_process(topology, -1, &process, &index), bad,
      "no device -1");
  assert_refused(
      pjrt_tpu_topology_device_coords(topology, -1, dims, &num, &index), bad,
      "no device -1");
  assert_refused(pjrt_tpu_topology_device_at(topology, place, 3, -1, &id), bad,
                 "no device -1 of a chip");
  assert_refused(pjrt_tpu_topology_subslice_device_id(topology, topology, place,
                                                      2, 0, &id),
                 bad, "2 dimensions, expected 3");
  assert_refused(
      pjrt_tpu_topology_subslice_device_id(topology, topology, far, 3, 0, &id),
      bad, "outside of the subslice");
  assert_refused(pjrt_tpu_topology_subslice_device_id(topology, topology, place,
                                                      3, 999, &id),
                 bad, "no device 999");
  pjrt_topology_free(topology);
  pjrt_plugin_free(plugin);
}

/* Of the platforms it knows the newest alone. */
static void slices(void **state) {
  pjrt_tpu_slice slice, *all;
  size_t num;
  int64_t chips, trays;
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  assert_ok(pjrt_tpu_slice_find(plugin, "tpu7x", PJRT_NUL_ENDED,
                                "4x4x8_twisted", PJRT_NUL_ENDED, &slice));
  check_dims(slice.dims, slice.num_dims, 4, 4, 8);
  assert_true(slice.wraps[0] && slice.wraps[2] && slice.is_twisted);
  assert_ok(pjrt_tpu_slice_list(plugin, "tpu7x", PJRT_NUL_ENDED, &all, &num));
  assert_int_equal(num, 880);
  assert_int_equal(all[num - 1].num_dims, 3);
  pjrt_host_free(all);
  assert_ok(
      pjrt_tpu_platform_trays(plugin, "tpu7x", PJRT_NUL_ENDED, &chips, &trays));
  assert_int_equal(chips, 4);
  assert_int_equal(trays, 1);
  assert_code(pjrt_tpu_slice_find(plugin, "tpu7x", PJRT_NUL_ENDED, "9x9",
                                  PJRT_NUL_ENDED, &slice),
              PJRT_INVALID_ARGUMENT, "Unsupported slice name: 9x9");
  assert_code(pjrt_tpu_slice_list(plugin, "v4", PJRT_NUL_ENDED, &all, &num),
              PJRT_INVALID_ARGUMENT, "Unsupported platform type name: v4");
  assert_code(
      pjrt_tpu_platform_trays(plugin, "v4", PJRT_NUL_ENDED, &chips, &trays),
      PJRT_INVALID_ARGUMENT, "Unsupported platform type name: v4");
  pjrt_plugin_free(plugin);
}

/* libtpu tells nothing of several slices. */
static void several_slices(void **state) {
  pjrt_named_values *options;
  pjrt_topology *topology;
  size_t num;
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  assert_ok(pjrt_named_values_create(&options));
  assert_ok(
      pjrt_named_values_set_int64(options, "num_slices", PJRT_NUL_ENDED, 2));
  assert_ok(pjrt_topology_create(plugin, "v5e:2x2", PJRT_NUL_ENDED, options,
                                 &topology));
  assert_code(pjrt_tpu_topology_num_chips(topology, &num), PJRT_UNIMPLEMENTED,
              "unsupported");
  pjrt_named_values_free(options);
  pjrt_topology_free(topology);
  pjrt_plugin_free(plugin);
}

static void gpus_have_no_such_extension(void **state) {
  size_t num;
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_CUDA");
  pjrt_topology *topology = h100(plugin, "1x1x1");
  assert_refused(pjrt_tpu_topology_num_chips(topology, &num),
                 PJRT_UNIMPLEMENTED, "the plugin has no extension TpuTopology");
  pjrt_topology_free(topology);
  pjrt_plugin_free(plugin);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_host),
      cmocka_unit_test(four_hosts),
      cmocka_unit_test(parts),
      cmocka_unit_test(other_hosts),
      cmocka_unit_test(what_crashes_is_refused),
      cmocka_unit_test(slices),
      cmocka_unit_test(several_slices),
      cmocka_unit_test(gpus_have_no_such_extension),
  };
  return cmocka_run_group_tests(tests, spare_the_tpu, NULL);
}
