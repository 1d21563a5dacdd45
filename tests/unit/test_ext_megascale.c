/* The Megascale extension on the simulated plugin: contexts, configurations,
 * ids and addresses. Errors have a test of their own. */
#include <unistd.h>

#include "pjrt/ext/megascale.h"
#include "sim_fixture.h"

static const pjrt_code bad = PJRT_INVALID_ARGUMENT;

/* ---- contexts ------------------------------------------------------------ */

static void test_context(void **state) {
  const fixture *f = *state;
  int32_t port = 7;
  pjrt_megascale_context *context;
  expect_ok(pjrt_megascale_context_create(f->client, &context));
  expect_error(pjrt_megascale_context_unblock_pending_work(context, 1, 10),
               PJRT_FAILED_PRECONDITION, "not initialized");
  expect_ok(pjrt_megascale_context_initialize(context));
  expect_ok(pjrt_megascale_context_initialize(context));
  expect_ok(pjrt_megascale_context_unblock_pending_work(context, 1, 10));
  expect_error(pjrt_megascale_context_unblock_pending_work(context, 1, -1), bad,
               "expire_after_ms is -1; at least 0 is needed");
  expect_ok(pjrt_megascale_context_port(context, &port));
  assert_int_equal(port, -1);
  pjrt_megascale_context_free(context);
}

/* It needs no client; the plugin may be closed before. */
static void test_default_context(void **state) {
  pjrt_plugin *plugin;
  pjrt_megascale_context *context;
  (void)state;
  expect_ok(pjrt_plugin_open(sim_path(), PJRT_NUL_ENDED, NULL, &plugin));
  expect_ok(pjrt_megascale_context_create_default(plugin, &context));
  pjrt_plugin_free(plugin);
  expect_ok(pjrt_megascale_context_initialize(context));
  pjrt_megascale_context_free(context);
}

static void test_context_outlives_the_client(void **state) {
  fixture *f = *state;
  pjrt_megascale_context *context;
  expect_ok(pjrt_megascale_context_create(f->client, &context));
  fixture_drop(f);
  expect_ok(pjrt_megascale_context_initialize(context));
  pjrt_megascale_context_free(context);
}

static void test_inspected_plugins_are_refused(void **state) {
  pjrt_plugin *plugin;
  pjrt_plugin_opts opts;
  pjrt_megascale_context *context;
  int64_t id;
  (void)state;
  pjrt_plugin_opts_init(&opts);
  opts.inspect_only = true;
  expect_ok(pjrt_plugin_open(sim_path(), PJRT_NUL_ENDED, &opts, &plugin));
  expect_error(pjrt_megascale_context_create_default(plugin, &context),
               PJRT_FAILED_PRECONDITION, "inspect_only");
  expect_error(pjrt_megascale_id(plugin, 0, 0, &id), PJRT_FAILED_PRECONDITION,
               "inspect_only");
  pjrt_plugin_free(plugin);
}

static void test_context_refused(void **state) {
  int32_t port;
  pjrt_megascale_context *context = (pjrt_megascale_context *)1;
  (void)state;
  expect_error(pjrt_megascale_context_create(NULL, &context), bad,
               "client is NULL");
  assert_null(context);
  expect_error(pjrt_megascale_context_create_default(NULL, &context), bad,
               "plugin is NULL");
  expect_error(pjrt_megascale_context_initialize(NULL), bad, "context is NULL");
  expect_error(pjrt_megascale_context_port(NULL, &port), bad,
               "context is NULL");
  expect_error(pjrt_megascale_context_unblock_pending_work(NULL, 0, 0), bad,
               "context is NULL");
  pjrt_megascale_context_free(NULL);
}

static void test_failures(void **state) {
  const fixture *f = *state;
  pjrt_megascale_context *context;
  sim_fail("PJRT_Megascale_CreateDefaultClientContext", 0,
           PJRT_Error_Code_UNAVAILABLE);
  expect_error(pjrt_megascale_context_create_default(f->plugin, &context),
               PJRT_UNAVAILABLE, "the fault");
  sim_fail("PJRT_Megascale_ClientContext_Initialize", 0,
           PJRT_Error_Code_UNAVAILABLE);
  expect_ok(pjrt_megascale_context_create(f->client, &context));
  expect_error(pjrt_megascale_context_initialize(context), PJRT_UNAVAILABLE,
               "the fault");
  pjrt_megascale_context_free(context);
}

/* ---- configurations ------------------------------------------------------ */

static void test_aot_config(void **state) {
  const fixture *f = *state;
  pjrt_topology *topology, *own;
  pjrt_multi_slice_config *config;
  expect_ok(pjrt_client_topology(f->client, &topology));
  expect_error(pjrt_megascale_aot_config(topology, 0, &config), bad,
               "num_slices is 0; at least 1 is needed");
  expect_error(pjrt_megascale_aot_config(topology, INT32_MAX, &config), bad,
               "at most 1048576 are possible");
  expect_error(pjrt_megascale_aot_config(NULL, 2, &config), bad,
               "topology is NULL");
  sim_fail("PJRT_Megascale_CreateAoTConfig", 0, PJRT_Error_Code_INTERNAL);
  expect_error(pjrt_megascale_aot_config(topology, 2, &config), PJRT_INTERNAL,
               "the fault");
  sim_configure_default();
  /* Of a topology that is nobody's, and gone. */
  expect_ok(
      pjrt_topology_create(f->plugin, "2x1x1", PJRT_NUL_ENDED, NULL, &own));
  expect_ok(pjrt_megascale_aot_config(own, 2, &config));
  pjrt_topology_free(own);
  pjrt_multi_slice_config_free(config);
}

static void test_config(void **state) {
  const fixture *f = *state;
  int32_t id;
  pjrt_topology *topology;
  pjrt_megascale_context *context;
  pjrt_megascale_config_opts opts;
  pjrt_multi_slice_config *config;
  expect_ok(pjrt_client_topology(f->client, &topology));
  expect_ok(pjrt_megascale_context_create_default(f->plugin, &context));
  expect_ok(pjrt_megascale_config(context, topology, NULL, &config));
  pjrt_multi_slice_config_free(config);
  pjrt_megascale_config_opts_init(&opts);
  opts.num_slices = 3;
  opts.local_slice_id = 2;
  expect_ok(pjrt_megascale_config(context, topology, &opts, &config));
  pjrt_megascale_context_free(context); /* the configuration keeps it */
  expect_ok(pjrt_multi_slice_config_slice_id(config, &id));
  assert_int_equal(id, 2);
  pjrt_multi_slice_config_free(config);
}

static void expect_config_refused(const fixture *f,
                                  const pjrt_megascale_config_opts *opts,
                                  const char *message) {
  pjrt_topology *topology;
  pjrt_megascale_context *context;
  pjrt_multi_slice_config *config = (pjrt_multi_slice_config *)1;
  expect_ok(pjrt_client_topology(f->client, &topology));
  expect_ok(pjrt_megascale_context_create(f->client, &context));
  expect_error(pjrt_megascale_config(context, topology, opts, &config), bad,
               message);
  assert_null(config);
  pjrt_megascale_context_free(context);
}

static void test_config_refused(void **state) {
  const fixture *f = *state;
  pjrt_topology *topology;
  pjrt_multi_slice_config *config;
  pjrt_megascale_config_opts opts;
  pjrt_megascale_config_opts_init(&opts);
  expect_ok(pjrt_client_topology(f->client, &topology));
  expect_error(pjrt_megascale_config(NULL, topology, &opts, &config), bad,
               "context is NULL");
  opts.num_slices = 0;
  expect_config_refused(f, &opts, "num_slices is 0");
  opts.num_slices = (1 << 20) + 1;
  expect_config_refused(f, &opts, "num_slices is 1048577; at most 1048576");
  opts.num_slices = 2;
  opts.local_slice_id = 2;
  expect_config_refused(f, &opts, "local_slice_id is 2 of 2 slices");
  opts.local_slice_id = -1;
  expect_config_refused(f, &opts, "local_slice_id is -1");
  opts.local_slice_id = 0;
  opts.local_host_id = -1;
  expect_config_refused(f, &opts, "local_host_id is -1");
  opts.local_host_id = 0;
  opts.dcn_topology_size = 3;
  expect_config_refused(f, &opts, "dcn_topology is NULL for 3 bytes");
  opts.dcn_topology_size = 0;
  opts.endpoint_addresses = "";
  opts.endpoint_addresses_size = (size_t)INT32_MAX + 1;
  expect_config_refused(f, &opts, "endpoint_addresses has 2147483648 bytes");
  opts.struct_size = 0;
  expect_config_refused(f, &opts, "pjrt_megascale_config_opts");
}

static void test_config_of_another_plugin(void **state) {
  const fixture *f = *state;
  pjrt_topology *topology;
  pjrt_megascale_context *context;
  pjrt_multi_slice_config *config;
  fixture *other = fixture_create(NULL);
  expect_ok(pjrt_client_topology(other->client, &topology));
  expect_ok(pjrt_megascale_context_create(f->client, &context));
  expect_error(pjrt_megascale_config(context, topology, NULL, &config), bad,
               "the topology is one of");
  pjrt_megascale_context_free(context);
  fixture_drop(other);
  test_free(other);
}

/* ---- collectives --------------------------------------------------------- */

static void expect_processes_refused(pjrt_megascale_context *context,
                                     const pjrt_megascale_processes *processes,
                                     const char *message) {
  pjrt_collectives *collectives = (pjrt_collectives *)1;
  expect_error(pjrt_megascale_collectives(context, processes, &collectives),
               bad, message);
  assert_null(collectives);
}

static void test_processes_refused(void **state) {
  const fixture *f = *state;
  static const char *const addresses[] = {"127.0.0.1:1", NULL};
  static const int32_t indexes[] = {-1, 0};
  pjrt_megascale_context *context;
  pjrt_megascale_processes processes;
  expect_ok(pjrt_megascale_context_create(f->client, &context));
  expect_ok(pjrt_megascale_context_initialize(context));
  expect_processes_refused(context, NULL, "0 addresses");
  pjrt_megascale_processes_init(&processes);
  processes.num_addresses = 2;
  expect_processes_refused(context, &processes, "2 addresses");
  processes.addresses = addresses;
  expect_processes_refused(context, &processes,
                           "the address of process 1 is NULL");
  processes.num_addresses = 1;
  processes.slice_indexes = indexes;
  expect_processes_refused(context, &processes, "the slice of process 0 is -1");
  processes.slice_indexes = NULL;
  processes.per_slice_indexes = indexes;
  expect_processes_refused(context, &processes, "the place of process 0 is -1");
  processes.per_slice_indexes = NULL;
  processes.num_devices_per_process = 0;
  expect_processes_refused(context, &processes, "num_devices_per_process is 0");
  processes.num_devices_per_process = 1;
  processes.dcn_topology_size = 1;
  expect_processes_refused(context, &processes, "dcn_topology is NULL");
  expect_processes_refused(NULL, &processes, "context is NULL");
  pjrt_megascale_context_free(context);
}

/* ---- ids ----------------------------------------------------------------- */

static void test_ids(void **state) {
  const fixture *f = *state;
  int64_t id;
  int32_t slice, device;
  expect_ok(pjrt_megascale_id(f->plugin, 1, 3, &id));
  assert_int_equal(id, 200003);
  expect_ok(pjrt_megascale_device_of_id(f->plugin, id, &slice, &device));
  assert_int_equal(slice, 1);
  assert_int_equal(device, 3);
  expect_error(pjrt_megascale_id(f->plugin, -1, 0, &id), bad,
               "slice_id is -1; at least 0 is needed");
  expect_error(pjrt_megascale_id(f->plugin, 0, -1, &id), bad,
               "per_slice_device_id is -1");
  expect_error(pjrt_megascale_id(f->plugin, 0, 100000, &id), bad, "100000");
  assert_int_equal(id, 0);
  expect_error(pjrt_megascale_id(NULL, 0, 0, &id), bad, "plugin is NULL");
  expect_error(pjrt_megascale_device_of_id(f->plugin, -1, &slice, &device), bad,
               "megascale_id is -1");
  expect_error(pjrt_megascale_device_of_id(f->plugin, 99999, &slice, &device),
               bad, "99999");
  assert_int_equal(slice, 0);
}

/* ---- addresses ----------------------------------------------------------- */

static void test_addresses(void **state) {
  const fixture *f = *state;
  size_t num;
  pjrt_megascale_address *addresses;
  pjrt_megascale_addresses_opts opts;
  static const char *const prefixes[] = {"nothing", "sim1"};
  expect_ok(
      pjrt_megascale_interface_addresses(f->plugin, NULL, &addresses, &num));
  assert_int_equal(num, 2);
  assert_string_equal(addresses[0].address, "127.0.0.1");
  assert_string_equal(addresses[0].interface_name, "sim0");
  assert_string_equal(addresses[0].host_name, "");
  assert_true(addresses[0].serialized_size > 0);
  assert_string_equal(addresses[1].address, "127.0.0.2");
  assert_true(addresses[1].numa_node.has_value);
  assert_int_equal(addresses[1].numa_node.value, 1);
  pjrt_host_free(addresses);

  pjrt_megascale_addresses_opts_init(&opts);
  opts.port = 8080;
  opts.use_all_interfaces = false;
  opts.interface_prefixes = prefixes;
  opts.num_interface_prefixes = 2;
  expect_ok(
      pjrt_megascale_interface_addresses(f->plugin, &opts, &addresses, &num));
  assert_int_equal(num, 1);
  assert_string_equal(addresses[0].address, "127.0.0.2:8080");
  pjrt_host_free(addresses);
  opts.only_numa_local = true;
  expect_ok(
      pjrt_megascale_interface_addresses(f->plugin, &opts, &addresses, &num));
  assert_int_equal(num, 0);
  pjrt_host_free(addresses);
}

static void test_addresses_refused(void **state) {
  const fixture *f = *state;
  static const char *const prefixes[] = {NULL};
  size_t num;
  pjrt_megascale_address *addresses;
  pjrt_megascale_addresses_opts opts;
  pjrt_megascale_addresses_opts_init(&opts);
  opts.port = 65536;
  expect_error(
      pjrt_megascale_interface_addresses(f->plugin, &opts, &addresses, &num),
      bad, "port is 65536, expected -1 to 65535");
  opts.port = -1;
  opts.num_interface_prefixes = 1;
  expect_error(
      pjrt_megascale_interface_addresses(f->plugin, &opts, &addresses, &num),
      bad, "interface_prefixes is NULL for 1 of them");
  opts.interface_prefixes = prefixes;
  expect_error(
      pjrt_megascale_interface_addresses(f->plugin, &opts, &addresses, &num),
      bad, "prefix 0 of interfaces is NULL");
  expect_error(pjrt_megascale_interface_addresses(NULL, NULL, &addresses, &num),
               bad, "plugin is NULL");
  assert_null(addresses);
}

static void test_counts_are_not_trusted(void **state) {
  const fixture *f = *state;
  size_t num;
  pjrt_megascale_address *addresses;
  pjrt_sim_options options;
  pjrt_sim_fault fault = {
      .function = "PJRT_Megascale_GetInterfaceAddressesHelper",
      .garbage_counts = true};
  sim.options_init(&options);
  options.faults = &fault;
  options.num_faults = 1;
  sim.configure(&options);
  expect_error(
      pjrt_megascale_interface_addresses(f->plugin, NULL, &addresses, &num),
      PJRT_INTERNAL, "a number of addresses");
}

/* ---- what plugins lack --------------------------------------------------- */

static pjrt_error *ask_id(int minor) {
  int64_t id;
  pjrt_sim_options options;
  sim_path();
  sim.options_init(&options);
  options.minor = minor;
  fixture *f = fixture_create(&options);
  pjrt_error *error = pjrt_megascale_id(f->plugin, 0, 0, &id);
  fixture_drop(f);
  test_free(f);
  expect_nothing_alive();
  return error;
}

static void test_older_plugins(void **state) {
  (void)state;
  expect_error(ask_id(89), PJRT_UNIMPLEMENTED,
               "the plugin has no extension Megascale, which API 0.90 brought");
  expect_error(ask_id(113), PJRT_UNIMPLEMENTED,
               "the plugin's extension Megascale has no "
               "PJRT_Megascale_DeviceId_To_MegascaleId, which API 0.114 "
               "brought");
  expect_ok(ask_id(114));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_context),
      sim_test(test_default_context),
      sim_test(test_context_outlives_the_client),
      sim_test(test_inspected_plugins_are_refused),
      sim_test(test_context_refused),
      sim_test(test_failures),
      sim_test(test_aot_config),
      sim_test(test_config),
      sim_test(test_config_refused),
      sim_test(test_config_of_another_plugin),
      sim_test(test_processes_refused),
      sim_test(test_ids),
      sim_test(test_addresses),
      sim_test(test_addresses_refused),
      sim_test(test_counts_are_not_trusted),
      cmocka_unit_test(test_older_plugins),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
