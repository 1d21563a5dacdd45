/* The Megascale and MultiSlice extensions of libtpu, which need no TPU.
 * tier: all */
#include "compat/machines.h"

/* Needs the header above. */
#include <pjrt/ext/megascale.h>

/* ---- contexts ------------------------------------------------------------ */

static void contexts_without_a_client(void **state) {
  int32_t port;
  pjrt_megascale_context *context;
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  assert_ok(pjrt_megascale_context_create_default(plugin, &context));
  assert_code(pjrt_megascale_context_port(context, &port),
              PJRT_FAILED_PRECONDITION, "Initialize() must be called");
  assert_code(pjrt_megascale_context_unblock_pending_work(context, 1, 10),
              PJRT_FAILED_PRECONDITION, "Initialize() must be called");
  assert_ok(pjrt_megascale_context_initialize(context));
  assert_ok(pjrt_megascale_context_initialize(context));
  assert_ok(pjrt_megascale_context_port(context, &port));
  assert_int_equal(port, -1);
  assert_ok(pjrt_megascale_context_unblock_pending_work(context, 1, 10));
  pjrt_megascale_context_free(context);
  pjrt_plugin_free(plugin);
}

/* ---- configurations ------------------------------------------------------ */

static void check_config(const pjrt_multi_slice_config *config,
                         int32_t num_slices, int32_t own) {
  int32_t number;
  size_t num;
  void *bytes;
  pjrt_slice_size *sizes;
  assert_ok(pjrt_multi_slice_config_num_slices(config, &number));
  assert_int_equal(number, num_slices);
  assert_ok(pjrt_multi_slice_config_slice_id(config, &number));
  assert_int_equal(number, own);
  assert_ok(pjrt_multi_slice_config_slice_sizes(config, &sizes, &num));
  assert_int_equal(num, num_slices);
  for (int32_t i = 0; i < num_slices; i++) {
    assert_int_equal(sizes[i].slice_id, i);
    assert_int_equal(sizes[i].num_devices, 4);
  }
  pjrt_host_free(sizes);
  assert_ok(pjrt_multi_slice_config_serialize(config, &bytes, &num));
  assert_true(num > 40);
  pjrt_host_free(bytes);
}

/* What it was made of may be gone. */
static void configurations_to_compile_with(void **state) {
  pjrt_multi_slice_config *config;
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  pjrt_topology *topology = tpu(plugin, "v5e:2x2");
  assert_refused(pjrt_megascale_aot_config(topology, 0, &config),
                 PJRT_INVALID_ARGUMENT, "num_slices is 0");
  assert_ok(pjrt_megascale_aot_config(topology, 3, &config));
  pjrt_topology_free(topology);
  pjrt_plugin_free(plugin);
  check_config(config, 3, 0);
  pjrt_multi_slice_config_free(config);
}

static void configurations_to_execute_with(void **state) {
  pjrt_megascale_context *context;
  pjrt_megascale_config_opts opts;
  pjrt_multi_slice_config *config;
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  pjrt_topology *topology = tpu(plugin, "v5e:2x2");
  assert_ok(pjrt_megascale_context_create_default(plugin, &context));
  pjrt_megascale_config_opts_init(&opts);
  opts.num_slices = 2;
  opts.local_slice_id = 1;
  assert_ok(pjrt_megascale_config(context, topology, &opts, &config));
  pjrt_topology_free(topology);
  pjrt_megascale_context_free(context);
  check_config(config, 2, 1);
  pjrt_multi_slice_config_free(config);
  pjrt_plugin_free(plugin);
}

/* libtpu would end the process for the first, and take all memory for the
 * last. */
static void other_configurations_are_refused(void **state) {
  pjrt_named_values *options;
  pjrt_topology *slices, *slice;
  pjrt_megascale_context *context;
  pjrt_multi_slice_config *config;
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  assert_ok(pjrt_megascale_context_create_default(plugin, &context));
  assert_ok(pjrt_named_values_create(&options));
  assert_ok(
      pjrt_named_values_set_int64(options, "num_slices", PJRT_NUL_ENDED, 2));
  assert_ok(pjrt_topology_create(plugin, "v5e:2x2", PJRT_NUL_ENDED, options,
                                 &slices));
  assert_refused(pjrt_megascale_aot_config(slices, 2, &config),
                 PJRT_INVALID_ARGUMENT, "one of several slices");
  assert_refused(pjrt_megascale_config(context, slices, NULL, &config),
                 PJRT_INVALID_ARGUMENT, "one of several slices");
  slice = tpu(plugin, "v5e:2x2");
  assert_refused(pjrt_megascale_aot_config(slice, INT32_MAX, &config),
                 PJRT_INVALID_ARGUMENT, "at most 1048576 are possible");
  pjrt_named_values_free(options);
  pjrt_topology_free(slices);
  pjrt_topology_free(slice);
  pjrt_megascale_context_free(context);
  pjrt_plugin_free(plugin);
}

/* ---- ids and addresses --------------------------------------------------- */

static void ids_lead_there_and_back(void **state) {
  int64_t id;
  int32_t slice, device;
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  assert_ok(pjrt_megascale_id(plugin, 1, 3, &id));
  assert_int_equal(id, 200003);
  assert_ok(pjrt_megascale_device_of_id(plugin, id, &slice, &device));
  assert_int_equal(slice, 1);
  assert_int_equal(device, 3);
  assert_code(pjrt_megascale_id(plugin, 0, 100000, &id), PJRT_OUT_OF_RANGE,
              "bigger than maximum");
  assert_code(pjrt_megascale_device_of_id(plugin, 99999, &slice, &device),
              PJRT_OUT_OF_RANGE, "below minimum");
  /* The plugin names a device for this one. */
  assert_code(
      pjrt_megascale_device_of_id(plugin, INT64_C(1) << 60, &slice, &device),
      PJRT_INVALID_ARGUMENT, "no device's Megascale id");
  pjrt_plugin_free(plugin);
}

/* A machine may have no interface that is fit for it. */
static void addresses_of_this_host(void **state) {
  size_t num;
  pjrt_megascale_address *addresses;
  pjrt_megascale_addresses_opts opts;
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  pjrt_megascale_addresses_opts_init(&opts);
  opts.port = 8080;
  pjrt_error *error =
      pjrt_megascale_interface_addresses(plugin, &opts, &addresses, &num);
  pjrt_plugin_free(plugin);
  if (pjrt_error_code(error) == PJRT_NOT_FOUND) {
    assert_code(error, PJRT_NOT_FOUND, "Cannot find any usable IP addresses");
    skip_because("this machine has no network");
  }
  assert_ok(error);
  assert_true(num > 0);
  for (size_t i = 0; i < num; i++) {
    assert_non_null(strstr(addresses[i].address, ":8080"));
    assert_true(*addresses[i].interface_name);
    assert_true(*addresses[i].host_name);
    assert_true(addresses[i].serialized_size > 0);
  }
  pjrt_host_free(addresses);
}

/* ---- what goes wrong ----------------------------------------------------- */

static void *make_error(const pjrt_plugin *plugin, int32_t launch_id,
                        bool *out_is_new, size_t *out_size) {
  void *bytes;
  pjrt_megascale_failure failure;
  pjrt_megascale_failure_init(&failure);
  failure.launch_id = launch_id;
  failure.code = PJRT_DEADLINE_EXCEEDED;
  failure.message = "nobody came";
  failure.message_size = PJRT_NUL_ENDED;
  assert_ok(pjrt_megascale_runtime_error(plugin, &failure, out_is_new, &bytes,
                                         out_size));
  return bytes;
}

/* Later launches have others, and there is no way back. */
static void a_launch_has_one_error(void **state) {
  bool is_new;
  size_t first_size, second_size;
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  void *first = make_error(plugin, 100, &is_new, &first_size);
  assert_true(is_new);
  void *second = make_error(plugin, 100, &is_new, &second_size);
  assert_false(is_new);
  assert_int_equal(first_size, second_size);
  assert_memory_equal(first, second, first_size);
  pjrt_host_free(second);
  second = make_error(plugin, 101, &is_new, &second_size);
  assert_true(is_new);
  pjrt_host_free(second);
  second = make_error(plugin, 100, &is_new, &second_size);
  assert_false(is_new);
  assert_true(first_size != second_size ||
              memcmp(first, second, first_size) != 0);
  pjrt_host_free(first);
  pjrt_host_free(second);
  pjrt_plugin_free(plugin);
}

static void count(const char *error, size_t error_size, void *user) {
  (void)error;
  (void)error_size;
  ++*(int *)user;
}

/* It tells handlers of what its own runtime reports, and so of nothing here. */
static void handlers_come_and_go(void **state) {
  static int told;
  bool is_new;
  size_t size;
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  assert_ok(
      pjrt_megascale_register_error_handler(plugin, "one", 3, count, &told));
  assert_ok(
      pjrt_megascale_register_error_handler(plugin, "one", 3, count, &told));
  pjrt_host_free(make_error(plugin, 102, &is_new, &size));
  assert_ok(pjrt_megascale_unregister_error_handler(plugin, "one", 3));
  assert_code(pjrt_megascale_unregister_error_handler(plugin, "one", 3),
              PJRT_NOT_FOUND, "has not been registered");
  assert_int_equal(told, 0);
  pjrt_plugin_free(plugin);
}

static void expect_state(const pjrt_megascale_aggregator *aggregator,
                         size_t num, bool is_active) {
  size_t size;
  bool active;
  assert_ok(pjrt_megascale_aggregator_size(aggregator, &size));
  assert_ok(pjrt_megascale_aggregator_is_active(aggregator, &active));
  assert_int_equal(size, num);
  assert_int_equal(active, is_active);
}

/* A digest takes all errors away with it, and outlives its aggregator. */
static void errors_are_aggregated(void **state) {
  bool is_new;
  size_t size;
  pjrt_megascale_aggregator *aggregator;
  pjrt_megascale_digest *digest;
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  void *bytes = make_error(plugin, 103, &is_new, &size);
  assert_ok(pjrt_megascale_aggregator_create(plugin, "test", 4, &aggregator));
  expect_state(aggregator, 0, true);
  assert_ok(pjrt_megascale_aggregator_add(aggregator, "one", 3, bytes, size));
  assert_ok(pjrt_megascale_aggregator_add(aggregator, "two", 3, bytes, size));
  assert_code(pjrt_megascale_aggregator_add(aggregator, "two", 3, "garbage", 7),
              PJRT_INTERNAL, "Failed to parse MegaScaleRuntimeError");
  expect_state(aggregator, 2, true);
  assert_ok(pjrt_megascale_aggregator_process(aggregator, &digest));
  expect_state(aggregator, 0, false);
  assert_ok(pjrt_megascale_aggregator_add(aggregator, "late", 4, bytes, size));
  expect_state(aggregator, 0, false);
  pjrt_host_free(bytes);
  pjrt_megascale_aggregator_free(aggregator);
  assert_ok(pjrt_megascale_digest_log(digest));
  pjrt_megascale_digest_free(digest);
  pjrt_plugin_free(plugin);
}

/* ---- other plugins ------------------------------------------------------- */

static void cuda_has_no_such_extension(void **state) {
  int64_t id;
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_CUDA");
  assert_code(pjrt_megascale_id(plugin, 0, 0, &id), PJRT_UNIMPLEMENTED,
              "no extension Megascale");
  pjrt_plugin_free(plugin);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(contexts_without_a_client),
      cmocka_unit_test(configurations_to_compile_with),
      cmocka_unit_test(configurations_to_execute_with),
      cmocka_unit_test(other_configurations_are_refused),
      cmocka_unit_test(ids_lead_there_and_back),
      cmocka_unit_test(addresses_of_this_host),
      cmocka_unit_test(a_launch_has_one_error),
      cmocka_unit_test(handlers_come_and_go),
      cmocka_unit_test(errors_are_aggregated),
      cmocka_unit_test(cuda_has_no_such_extension),
  };
  return cmocka_run_group_tests(tests, spare_the_tpu, NULL);
}
