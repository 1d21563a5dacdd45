/* Topologies and the descriptions of their devices. */
#include <pthread.h>

#include "core/plugin.h"
#include "sim_fixture.h"

static pjrt_topology *create(pjrt_plugin *plugin, const char *name) {
  pjrt_topology *topology;
  expect_ok(
      pjrt_topology_create(plugin, name, PJRT_NUL_ENDED, NULL, &topology));
  return topology;
}

static pjrt_error *try_option(pjrt_plugin *plugin, const char *name,
                              const char *option, pjrt_topology **out) {
  pjrt_named_values *options;
  expect_ok(pjrt_named_values_create(&options));
  expect_ok(pjrt_named_values_parse(options, option, PJRT_NUL_ENDED));
  pjrt_error *error =
      pjrt_topology_create(plugin, name, PJRT_NUL_ENDED, options, out);
  pjrt_named_values_free(options);
  return error;
}

static size_t num_topologies(void) {
  pjrt_sim_live live;
  sim.get_live(&live);
  return live.topologies;
}

/* ---- making -------------------------------------------------------------- */

static void test_by_name(void **state) {
  fixture *f = *state;
  pjrt_topology *topology = create(f->plugin, "v4:2x2x2");
  size_t size;
  assert_ptr_equal(pjrt_topology_plugin(topology), f->plugin);
  assert_string_equal(pjrt_topology_platform_name(topology, &size), "sim");
  assert_int_equal(size, 3);
  assert_string_equal(pjrt_topology_platform_version(topology, NULL),
                      "sim 1.0");
  assert_int_equal(pjrt_topology_num_devices(topology), 8);
  assert_null(pjrt_topology_device(topology, 8));
  const pjrt_named_values *facts = pjrt_topology_attributes(topology);
  const size_t mesh = pjrt_named_values_find(facts, "mesh", PJRT_NUL_ENDED);
  const int64_t *dims = pjrt_named_values_int64_list(facts, mesh, &size);
  assert_int_equal(size, 3);
  assert_int_equal(dims[2], 2);
  pjrt_topology_free(topology);
}

/* A name is bytes with a size, as all text. */
static void test_name_is_not_read_past_its_size(void **state) {
  fixture *f = *state;
  pjrt_topology *topology;
  expect_ok(
      pjrt_topology_create(f->plugin, "4x1x1 and more", 5, NULL, &topology));
  assert_int_equal(pjrt_topology_num_devices(topology), 4);
  pjrt_topology_free(topology);
}

static void test_by_options(void **state) {
  fixture *f = *state;
  pjrt_topology *topology;
  expect_ok(try_option(f->plugin, NULL, "devices=3", &topology));
  assert_int_equal(pjrt_topology_num_devices(topology), 3);
  pjrt_topology_free(topology);
  expect_ok(try_option(f->plugin, "4x1x1", "num_nodes=2", &topology));
  for (int i = 0; i < 4; i++) {
    const pjrt_device_description *device =
        pjrt_topology_device(topology, (size_t)i);
    assert_int_equal(pjrt_device_description_id(device), i);
    assert_int_equal(pjrt_device_description_process_index(device), i / 2);
  }
  pjrt_topology_free(topology);
}

static void test_device_descriptions(void **state) {
  fixture *f = *state;
  pjrt_topology *topology = create(f->plugin, "2x2x1");
  const pjrt_device_description *device = pjrt_topology_device(topology, 3);
  size_t size;
  assert_string_equal(pjrt_device_description_kind(device, &size),
                      "sim device");
  assert_int_equal(size, strlen("sim device"));
  assert_string_equal(pjrt_device_description_to_string(device, &size),
                      "sim:3");
  assert_int_equal(size, 5);
  assert_true(*pjrt_device_description_debug_string(device, &size));
  const pjrt_named_values *facts = pjrt_device_description_attributes(device);
  const size_t at = pjrt_named_values_find(facts, "coords", PJRT_NUL_ENDED);
  const int64_t *coords = pjrt_named_values_int64_list(facts, at, &size);
  assert_int_equal(size, 3);
  assert_int_equal(coords[0], 1);
  assert_int_equal(coords[1], 1);
  pjrt_topology_free(topology);
}

static PJRT_Error *nothing_created(PJRT_TopologyDescription_Create_Args *args) {
  args->topology = NULL;
  return NULL;
}

static void test_refused(void **state) {
  fixture *f = *state;
  pjrt_topology *topology = (pjrt_topology *)f;
  expect_error(pjrt_topology_create(NULL, "", 0, NULL, &topology),
               PJRT_INVALID_ARGUMENT, "plugin is NULL");
  assert_null(topology);
  /* The plugin's own words. */
  expect_error(pjrt_topology_create(f->plugin, "v4:none", PJRT_NUL_ENDED, NULL,
                                    &topology),
               PJRT_INVALID_ARGUMENT, "none");
  expect_error(try_option(f->plugin, "", "no_such=1", &topology),
               PJRT_INVALID_ARGUMENT, "no_such");
  assert_null(topology);
  f->plugin->table.PJRT_TopologyDescription_Create = nothing_created;
  expect_error(pjrt_topology_create(f->plugin, "", 0, NULL, &topology),
               PJRT_INTERNAL, "gives no topology");
  assert_null(topology);
}

static void test_inspected_plugin(void **state) {
  pjrt_plugin_opts opts;
  pjrt_plugin *plugin;
  pjrt_topology *topology;
  (void)state;
  sim_configure_default();
  pjrt_plugin_opts_init(&opts);
  opts.inspect_only = true;
  expect_ok(pjrt_plugin_open(sim_path(), PJRT_NUL_ENDED, &opts, &plugin));
  expect_error(pjrt_topology_create(plugin, "", 0, NULL, &topology),
               PJRT_FAILED_PRECONDITION, "inspect_only");
  expect_error(pjrt_topology_deserialize(plugin, "x", 1, &topology),
               PJRT_FAILED_PRECONDITION, "inspect_only");
  pjrt_plugin_free(plugin);
}

/* What was made before a fact could not be read is destroyed. */
static void test_failures_while_reading(void **state) {
  static const char *const functions[] = {
      "PJRT_TopologyDescription_PlatformName",
      "PJRT_TopologyDescription_GetDeviceDescriptions",
      "PJRT_TopologyDescription_Attributes",
      "PJRT_DeviceDescription_Id",
      "PJRT_DeviceDescription_Attributes",
  };
  fixture *f = *state;
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    pjrt_topology *topology = (pjrt_topology *)f;
    const size_t before = num_topologies();
    sim_fail(functions[i], 1, PJRT_Error_Code_ABORTED);
    pjrt_error *error =
        pjrt_topology_create(f->plugin, "4x1x1", 5, NULL, &topology);
    assert_string_equal(pjrt_error_call(error), functions[i]);
    expect_error(error, PJRT_ABORTED, "the fault");
    assert_null(topology);
    assert_int_equal(num_topologies(), before);
  }
}

/* ---- a client's ---------------------------------------------------------- */

static void test_of_a_client(void **state) {
  fixture *f = *state;
  pjrt_topology *topology, *again;
  const size_t before = num_topologies();
  expect_ok(pjrt_client_topology(f->client, &topology));
  expect_ok(pjrt_client_topology(f->client, &again));
  assert_ptr_equal(topology, again);
  assert_int_equal(sim.num_calls("PJRT_Client_TopologyDescription"), 1);
  assert_int_equal(pjrt_topology_num_devices(topology), 4);
  for (size_t i = 0; i < 4; i++) {
    assert_int_equal(
        pjrt_device_description_id(pjrt_topology_device(topology, i)),
        pjrt_device_id(pjrt_client_device(f->client, i)));
  }
  pjrt_topology_free(topology); /* nothing: it is the client's */
  assert_int_equal(pjrt_topology_num_devices(again), 4);
  assert_int_equal(sim.num_calls("PJRT_TopologyDescription_Destroy"), 0);
  assert_int_equal(num_topologies(), before);
}

static void *ask_client(void *client) {
  pjrt_topology *topology;
  return pjrt_error_consume(pjrt_client_topology(client, &topology)) == PJRT_OK
             ? topology
             : NULL;
}

/* All who ask at once get the same one. */
static void test_asked_by_many_threads(void **state) {
  enum { NUM_THREADS = 8 };
  fixture *f = *state;
  pthread_t threads[NUM_THREADS];
  pjrt_topology *topology;
  for (int i = 0; i < NUM_THREADS; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, ask_client, f->client),
                     0);
  }
  expect_ok(pjrt_client_topology(f->client, &topology));
  for (int i = 0; i < NUM_THREADS; i++) {
    void *answer;
    assert_int_equal(pthread_join(threads[i], &answer), 0);
    assert_ptr_equal(answer, topology);
  }
}

static void test_failure_of_a_client(void **state) {
  fixture *f = *state;
  pjrt_topology *topology = (pjrt_topology *)f;
  sim_fail("PJRT_Client_TopologyDescription", 1, PJRT_Error_Code_UNAVAILABLE);
  expect_error(pjrt_client_topology(f->client, &topology), PJRT_UNAVAILABLE,
               "the fault");
  assert_null(topology);
  expect_error(pjrt_client_topology(NULL, &topology), PJRT_INVALID_ARGUMENT,
               "client is NULL");
  expect_ok(pjrt_client_topology(f->client, &topology));
  assert_non_null(topology);
}

/* ---- what is asked ------------------------------------------------------- */

static void test_fingerprint(void **state) {
  fixture *f = *state;
  pjrt_topology *topologies[] = {create(f->plugin, "2x2x2"),
                                 create(f->plugin, "2x2x2"),
                                 create(f->plugin, "4x2x1")};
  uint64_t prints[3];
  for (int i = 0; i < 3; i++) {
    expect_ok(pjrt_topology_fingerprint(topologies[i], &prints[i]));
    pjrt_topology_free(topologies[i]);
  }
  assert_true(prints[0] == prints[1]);
  assert_true(prints[0] != prints[2]);
  expect_error(pjrt_topology_fingerprint(NULL, prints), PJRT_INVALID_ARGUMENT,
               "topology is NULL");
  assert_true(prints[0] == 0);
}

static void test_memory_kind_ids(void **state) {
  fixture *f = *state;
  pjrt_topology *topology = create(f->plugin, "2x1x1");
  const int *ids;
  size_t num;
  expect_ok(pjrt_topology_memory_kind_ids(topology, &ids, &num));
  assert_int_equal(num, 3);
  for (size_t i = 0; i < num; i++) {
    assert_int_equal(ids[i],
                     pjrt_memory_kind_id(pjrt_client_memory(f->client, i)));
  }
  sim_fail("PJRT_TopologyDescription_GetMemorySpaceKindIds", 1,
           PJRT_Error_Code_INTERNAL);
  expect_error(pjrt_topology_memory_kind_ids(topology, &ids, &num),
               PJRT_INTERNAL, "the fault");
  assert_null(ids);
  assert_int_equal(num, 0);
  pjrt_topology_free(topology);
}

/* In tiles where the plugin has such memory, dense elsewhere. */
static void test_canonical_layouts(void **state) {
  const int64_t dims[] = {16, 256};
  pjrt_sim_options options;
  (void)state;
  sim_path();
  sim.options_init(&options);
  options.tiled_layouts = true;
  fixture *f = fixture_create(&options);
  pjrt_topology *topology = create(f->plugin, "2x1x1");
  const int *kinds;
  size_t num;
  expect_ok(pjrt_topology_memory_kind_ids(topology, &kinds, &num));
  for (size_t i = 0; i < num; i++) {
    pjrt_layout *layout;
    expect_ok(pjrt_topology_canonical_layout(topology, kinds[i], PJRT_F32, dims,
                                             2, &layout));
    assert_int_equal(pjrt_layout_num_tiles(layout), i == 0);
    assert_true(pjrt_layout_is_row_major(layout) == (i != 0));
    size_t rank;
    const int64_t *order = pjrt_layout_minor_to_major(layout, &rank);
    assert_int_equal(rank, 2);
    assert_int_equal(order[0], 1);
    if (i == 0) {
      const int64_t *tile = pjrt_layout_tile(layout, 0, &rank);
      assert_int_equal(rank, 2);
      assert_int_equal(tile[0], 8);
      assert_int_equal(tile[1], 128);
    }
    pjrt_layout_free(layout);
  }
  pjrt_topology_free(topology);
  fixture_drop(f);
  test_free(f);
  expect_nothing_alive();
}

static void test_canonical_layouts_refused(void **state) {
  static const char function[] =
      "PJRT_TopologyDescription_MakeCanonicalShapeForMemorySpace";
  const int64_t dims[] = {2, 3}, negative[] = {2, -3};
  const pjrt_code invalid = PJRT_INVALID_ARGUMENT;
  fixture *f = *state;
  pjrt_topology *topology = create(f->plugin, "2x1x1");
  pjrt_layout *layout = (pjrt_layout *)f;
  expect_error(pjrt_topology_canonical_layout(topology, 7, PJRT_DTYPE_INVALID,
                                              dims, 2, &layout),
               invalid, "has no elements");
  assert_null(layout);
  expect_error(
      pjrt_topology_canonical_layout(topology, 7, PJRT_TOKEN, NULL, 0, &layout),
      invalid, "has no elements");
  expect_error(pjrt_topology_canonical_layout(topology, 7, (pjrt_dtype)999,
                                              dims, 2, &layout),
               invalid, "has no elements");
  expect_error(pjrt_topology_canonical_layout(topology, 7, PJRT_F32, negative,
                                              2, &layout),
               invalid, "-3");
  expect_error(
      pjrt_topology_canonical_layout(topology, 7, PJRT_F32, NULL, 2, &layout),
      invalid, "dims is NULL");
  assert_int_equal(sim.num_calls(function), 0);
  pjrt_topology_free(topology);
}

static char no_shape[] = "\x0a";

static PJRT_Error *give_no_shape(
    PJRT_TopologyDescription_MakeCanonicalShapeForMemorySpace_Args *args) {
  args->serialized_shape = no_shape;
  args->serialized_shape_size = 1;
  args->serialized_shape_deleter = NULL;
  return NULL;
}

/* Bytes that do not parse, and a scalar's shape for a matrix. */
static void test_shapes_that_are_none(void **state) {
  const int64_t dims[] = {2, 3};
  fixture *f = *state;
  pjrt_topology *topology = create(f->plugin, "2x1x1");
  pjrt_layout *layout = (pjrt_layout *)f;
  f->plugin->table.PJRT_TopologyDescription_MakeCanonicalShapeForMemorySpace =
      give_no_shape;
  expect_error(
      pjrt_topology_canonical_layout(topology, 7, PJRT_F32, dims, 2, &layout),
      PJRT_INTERNAL, "are no shape of 2 dimensions");
  assert_null(layout);
  pjrt_topology_free(topology);
}

/* ---- as bytes ------------------------------------------------------------ */

static void test_round_trip(void **state) {
  fixture *f = *state;
  pjrt_topology *topology = create(f->plugin, "4x2x1"), *copy;
  void *data;
  size_t size;
  uint64_t prints[2];
  expect_ok(pjrt_topology_serialize(topology, &data, &size));
  assert_true(size > 0);
  expect_ok(pjrt_topology_deserialize(f->plugin, data, size, &copy));
  pjrt_host_free(data);
  expect_ok(pjrt_topology_fingerprint(topology, &prints[0]));
  expect_ok(pjrt_topology_fingerprint(copy, &prints[1]));
  assert_true(prints[0] == prints[1]);
  assert_int_equal(pjrt_topology_num_devices(copy), 8);
  pjrt_topology_free(copy);
  pjrt_topology_free(topology);
}

static void test_round_trip_of_a_clients(void **state) {
  fixture *f = *state;
  pjrt_topology *topology, *copy;
  void *data;
  size_t size;
  expect_ok(pjrt_client_topology(f->client, &topology));
  expect_ok(pjrt_topology_serialize(topology, &data, &size));
  expect_ok(pjrt_topology_deserialize(f->plugin, data, size, &copy));
  pjrt_host_free(data);
  pjrt_client_free(f->client);
  f->client = NULL;
  assert_int_equal(pjrt_topology_num_devices(copy), 4);
  pjrt_topology_free(copy);
}

static void test_bytes_refused(void **state) {
  fixture *f = *state;
  pjrt_topology *topology = (pjrt_topology *)f;
  void *data = f;
  size_t size = 1;
  expect_error(pjrt_topology_deserialize(f->plugin, NULL, 4, &topology),
               PJRT_INVALID_ARGUMENT, "got nothing");
  expect_error(pjrt_topology_deserialize(f->plugin, "", 0, &topology),
               PJRT_INVALID_ARGUMENT, "got nothing");
  expect_error(pjrt_topology_deserialize(NULL, "x", 1, &topology),
               PJRT_INVALID_ARGUMENT, "plugin is NULL");
  assert_int_equal(sim.num_calls("PJRT_TopologyDescription_Deserialize"), 0);
  expect_error(pjrt_topology_deserialize(f->plugin, "garbage", 7, &topology),
               PJRT_INVALID_ARGUMENT, "");
  assert_null(topology);
  expect_error(pjrt_topology_serialize(NULL, &data, &size),
               PJRT_INVALID_ARGUMENT, "topology is NULL");
  assert_null(data);
  assert_int_equal(size, 0);
}

/* ---- life ---------------------------------------------------------------- */

static void test_freed_in_any_order(void **state) {
  fixture *f = *state;
  pjrt_topology *topology = create(f->plugin, "2x1x1");
  pjrt_topology_free(NULL);
  fixture_drop(f); /* a topology keeps its plugin */
  assert_int_equal(pjrt_topology_num_devices(topology), 2);
  uint64_t print;
  expect_ok(pjrt_topology_fingerprint(topology, &print));
  pjrt_topology_free(topology);
}

static void test_old_plugin(void **state) {
  pjrt_sim_options options;
  pjrt_topology *topology = NULL, *copy;
  pjrt_layout *layout;
  const int *ids;
  size_t num;
  uint64_t print;
  (void)state;
  sim_path();
  sim.options_init(&options);
  options.minor = 74;
  fixture *f = fixture_create(&options);
  topology = create(f->plugin, "2x1x1");
  expect_error(pjrt_topology_deserialize(f->plugin, "x", 1, &copy),
               PJRT_UNIMPLEMENTED, "API 0.75");
  expect_error(pjrt_topology_fingerprint(topology, &print), PJRT_UNIMPLEMENTED,
               "API 0.101");
  expect_error(pjrt_topology_memory_kind_ids(topology, &ids, &num),
               PJRT_UNIMPLEMENTED, "API 0.110");
  expect_error(
      pjrt_topology_canonical_layout(topology, 7, PJRT_F32, NULL, 0, &layout),
      PJRT_UNIMPLEMENTED, "API 0.109");
  expect_error(
      pjrt_topology_canonical_layout(topology, 7, PJRT_S1, NULL, 0, &layout),
      PJRT_UNIMPLEMENTED, "s1 is newer than the plugin");
  pjrt_topology_free(topology);
  fixture_drop(f);
  test_free(f);
  expect_nothing_alive();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_by_name),
      sim_test(test_name_is_not_read_past_its_size),
      sim_test(test_by_options),
      sim_test(test_device_descriptions),
      sim_test(test_refused),
      cmocka_unit_test(test_inspected_plugin),
      sim_test(test_failures_while_reading),
      sim_test(test_of_a_client),
      sim_test(test_asked_by_many_threads),
      sim_test(test_failure_of_a_client),
      sim_test(test_fingerprint),
      sim_test(test_memory_kind_ids),
      cmocka_unit_test(test_canonical_layouts),
      sim_test(test_canonical_layouts_refused),
      sim_test(test_shapes_that_are_none),
      sim_test(test_round_trip),
      sim_test(test_round_trip_of_a_clients),
      sim_test(test_bytes_refused),
      sim_test(test_freed_in_any_order),
      cmocka_unit_test(test_old_plugin),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
