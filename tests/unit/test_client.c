/* Clients, their devices and memories. */
#include "core/client.h"
#include "sim_fixture.h"

static void expect_no_client(pjrt_plugin *plugin, const pjrt_client_opts *opts,
                             pjrt_code code, const char *part) {
  pjrt_client *client = (pjrt_client *)plugin;
  expect_error(pjrt_client_create(plugin, opts, &client), code, part);
  assert_null(client);
}

static pjrt_client_opts opts_with(const pjrt_named_values *options) {
  pjrt_client_opts opts;
  pjrt_client_opts_init(&opts);
  opts.options = options;
  return opts;
}

static pjrt_named_values *values_of(const char *text) {
  pjrt_named_values *values;
  expect_ok(pjrt_named_values_create(&values));
  expect_ok(pjrt_named_values_parse(values, text, PJRT_NUL_ENDED));
  return values;
}

/* ---- creating ------------------------------------------------------------ */

static void test_nulls_and_opts(void **state) {
  fixture *f = *state;
  pjrt_client *client = (pjrt_client *)f;
  expect_error(pjrt_client_create(NULL, NULL, &client), PJRT_INVALID_ARGUMENT,
               "plugin is NULL");
  assert_null(client);
  pjrt_client_opts opts = opts_with(NULL);
  assert_int_equal(opts.struct_size, sizeof opts);
  expect_ok(pjrt_client_create(f->plugin, &opts, &client));
  pjrt_client_free(client);
  opts.struct_size = 1;
  expect_no_client(f->plugin, &opts, PJRT_INVALID_ARGUMENT,
                   "pjrt_client_opts.struct_size is 1");
}

/* One value of every kind arrives: the plugin's devices give them back. */
static void test_options_of_every_kind(void **state) {
  fixture *f = *state;
  pjrt_client *client;
  pjrt_named_values *options = values_of("devices=2");
  expect_ok(pjrt_named_values_parse(options, "a_string=x y", PJRT_NUL_ENDED));
  expect_ok(pjrt_named_values_parse(options, "an_int64=-7", PJRT_NUL_ENDED));
  expect_ok(
      pjrt_named_values_parse(options, "an_int64_list=[1,2]", PJRT_NUL_ENDED));
  expect_ok(pjrt_named_values_parse(options, "a_float=0.5", PJRT_NUL_ENDED));
  expect_ok(pjrt_named_values_parse(options, "a_bool=true", PJRT_NUL_ENDED));
  const pjrt_client_opts opts = opts_with(options);
  expect_ok(pjrt_client_create(f->plugin, &opts, &client));
  assert_int_equal(pjrt_client_num_devices(client), 2);
  pjrt_client_free(client);
  pjrt_named_values_free(options);
}

static void try_option(pjrt_plugin *plugin, const char *text, pjrt_code code,
                       const char *part) {
  pjrt_named_values *options = values_of(text);
  const pjrt_client_opts opts = opts_with(options);
  expect_no_client(plugin, &opts, code, part);
  pjrt_named_values_free(options);
}

static void test_refused_options(void **state) {
  fixture *f = *state;
  /* The plugin's own words. */
  try_option(f->plugin, "no_such=1", PJRT_INVALID_ARGUMENT, "no_such");
  try_option(f->plugin, "devices=x", PJRT_INVALID_ARGUMENT, "type 0");
  /* The library's: old CPU plugins end the process. */
  const size_t before = sim.num_calls("PJRT_Client_Create");
  try_option(f->plugin, "cpu_device_count=two", PJRT_INVALID_ARGUMENT,
             "cpu_device_count must be an int64");
  assert_int_equal(sim.num_calls("PJRT_Client_Create"), before);
}

static PJRT_Error *no_client(PJRT_Client_Create_Args *args) {
  args->client = NULL;
  return NULL;
}

static void test_success_without_a_client(void **state) {
  fixture *f = *state;
  f->plugin->table.PJRT_Client_Create = no_client;
  expect_no_client(f->plugin, NULL, PJRT_INTERNAL, "gives no client");
}

static PJRT_Error *no_description(PJRT_Device_GetDescription_Args *args) {
  args->device_description = NULL;
  return NULL;
}

static void test_device_without_a_description(void **state) {
  fixture *f = *state;
  f->plugin->table.PJRT_Device_GetDescription = no_description;
  expect_no_client(f->plugin, NULL, PJRT_INTERNAL, "without a description");
}

/* ---- facts --------------------------------------------------------------- */

static void test_facts(void **state) {
  fixture *f = *state;
  size_t size;
  assert_ptr_equal(pjrt_client_plugin(f->client), f->plugin);
  assert_string_equal(pjrt_client_platform_name(f->client, &size), "sim");
  assert_int_equal(size, 3);
  assert_string_equal(pjrt_client_platform_version(f->client, NULL), "sim 1.0");
  assert_int_equal(pjrt_client_process_index(f->client), 0);
  assert_int_equal(pjrt_client_num_devices(f->client), 4);
  assert_int_equal(pjrt_client_num_addressable_devices(f->client), 4);
  assert_int_equal(pjrt_client_num_memories(f->client), 12);
  assert_null(pjrt_client_device(f->client, 4));
  assert_null(pjrt_client_addressable_device(f->client, 4));
  assert_null(pjrt_client_memory(f->client, 12));
}

static void test_devices(void **state) {
  fixture *f = *state;
  size_t size;
  for (size_t i = 0; i < 4; i++) {
    pjrt_device *device = pjrt_client_device(f->client, i);
    assert_ptr_equal(pjrt_device_client(device), f->client);
    assert_int_equal(pjrt_device_process_index(device), 0);
    assert_true(pjrt_device_is_addressable(device));
    assert_int_equal(pjrt_device_local_hardware_id(device), i);
    const char *texts[] = {pjrt_device_kind(device, &size),
                           pjrt_device_debug_string(device, NULL),
                           pjrt_device_to_string(device, NULL)};
    assert_int_equal(size, strlen(texts[0]));
    for (size_t t = 0; t < 3; t++) {
      assert_true(*texts[t] && !strstr(texts[t], "<behind"));
    }
    assert_int_not_equal(pjrt_named_values_size(pjrt_device_attributes(device)),
                         0);
    assert_int_equal(pjrt_device_num_memories(device), 3);
    assert_null(pjrt_device_memory(device, 3));
    assert_ptr_equal(pjrt_device_default_memory(device),
                     pjrt_device_memory(device, 0));
  }
}

static void test_memories(void **state) {
  static const char *const kinds[] = {"device", "pinned_host", "unpinned_host"};
  static const int kind_ids[] = {7, -9, 23};
  fixture *f = *state;
  for (size_t i = 0; i < pjrt_client_num_memories(f->client); i++) {
    pjrt_memory *memory = pjrt_client_memory(f->client, i);
    size_t size;
    assert_ptr_equal(pjrt_memory_client(memory), f->client);
    assert_string_equal(pjrt_memory_kind(memory, &size), kinds[i % 3]);
    assert_int_equal(size, strlen(kinds[i % 3]));
    assert_int_equal(pjrt_memory_kind_id(memory), kind_ids[i % 3]);
    assert_true(*pjrt_memory_debug_string(memory, NULL));
    assert_true(*pjrt_memory_to_string(memory, NULL));
    assert_int_equal(pjrt_memory_num_devices(memory), 1);
    pjrt_device *device = pjrt_memory_device(memory, 0);
    assert_ptr_equal(pjrt_device_memory(device, i % 3), memory);
    assert_null(pjrt_memory_device(memory, 1));
    for (size_t k = 0; k < i; k++) {
      assert_int_not_equal(pjrt_memory_id(pjrt_client_memory(f->client, k)),
                           pjrt_memory_id(memory));
    }
  }
}

static fixture *with_devices(int local, int remote) {
  pjrt_sim_options options;
  sim_path();
  sim.options_init(&options);
  options.num_devices = local;
  options.num_remote_devices = remote;
  return fixture_create(&options);
}

static void drop(fixture *f) {
  fixture_drop(f);
  test_free(f);
  expect_nothing_alive();
}

/* Devices of another process are there, and cannot be used. */
static void test_remote_devices(void **state) {
  fixture *f = with_devices(2, 3);
  pjrt_buffer *buffer = (pjrt_buffer *)f;
  const float zero = 0;
  (void)state;
  assert_int_equal(pjrt_client_num_devices(f->client), 5);
  assert_int_equal(pjrt_client_num_addressable_devices(f->client), 2);
  assert_int_equal(pjrt_client_num_memories(f->client), 6);
  pjrt_device *remote = pjrt_client_device(f->client, 4);
  assert_false(pjrt_device_is_addressable(remote));
  assert_int_equal(pjrt_device_local_hardware_id(remote), -1);
  assert_int_equal(pjrt_device_num_memories(remote), 0);
  assert_null(pjrt_device_default_memory(remote));
  expect_error(
      pjrt_buffer_from_host(remote, PJRT_F32, NULL, 0, &zero, 4, &buffer),
      PJRT_INVALID_ARGUMENT, "belongs to process 1");
  assert_null(buffer);
  drop(f);
}

static void test_no_devices(void **state) {
  fixture *f = with_devices(0, 0);
  pjrt_device *device = (pjrt_device *)f;
  (void)state;
  assert_null(f->device);
  expect_error(pjrt_client_lookup_device(f->client, 0, &device), PJRT_NOT_FOUND,
               "has no devices");
  assert_null(device);
  drop(f);
}

/* ---- looking up ---------------------------------------------------------- */

static void test_look_up(void **state) {
  fixture *f = *state;
  pjrt_device *device;
  for (size_t i = 0; i < 4; i++) {
    pjrt_device *expected = pjrt_client_device(f->client, i);
    expect_ok(pjrt_client_lookup_device(f->client, pjrt_device_id(expected),
                                        &device));
    assert_ptr_equal(device, expected);
    expect_ok(
        pjrt_client_lookup_addressable_device(f->client, (int)i, &device));
    assert_ptr_equal(device, expected);
  }
  expect_error(pjrt_client_lookup_device(f->client, 99, &device),
               PJRT_NOT_FOUND, "no device 99: the client has 4");
  assert_null(device);
  expect_error(pjrt_client_lookup_addressable_device(f->client, -1, &device),
               PJRT_NOT_FOUND, "hardware id -1");
  assert_null(device);
}

static void test_default_device_assignment(void **state) {
  fixture *f = *state;
  int ids[4] = {-1, -1, -1, -1};
  expect_ok(pjrt_client_default_device_assignment(f->client, 2, 2, ids, 4));
  for (int i = 0; i < 4; i++) assert_int_equal(ids[i], i);
  expect_error(pjrt_client_default_device_assignment(f->client, 0, 1, ids, 0),
               PJRT_INVALID_ARGUMENT, "0 replicas");
  expect_error(pjrt_client_default_device_assignment(f->client, 1, -1, ids, 1),
               PJRT_INVALID_ARGUMENT, "-1 partitions");
  expect_error(pjrt_client_default_device_assignment(f->client, 2, 2, ids, 3),
               PJRT_INVALID_ARGUMENT, "room for 3");
  expect_error(pjrt_client_default_device_assignment(f->client, 5, 1, ids, 5),
               PJRT_INVALID_ARGUMENT, "4 devices");
  expect_error(pjrt_client_default_device_assignment(f->client, INT32_MAX,
                                                     INT32_MAX, ids, 1),
               PJRT_INVALID_ARGUMENT, "4 devices");
}

/* ---- a plugin that names what is not there ------------------------------- */

static PJRT_Error *foreign_devices(PJRT_Client_AddressableDevices_Args *args) {
  static char nobody;
  static PJRT_Device *devices[] = {(PJRT_Device *)(void *)&nobody};
  args->addressable_devices = devices;
  args->num_addressable_devices = 1;
  return NULL;
}

static void test_unknown_device(void **state) {
  fixture *f = *state;
  pjrt_client *client = (pjrt_client *)f;
  f->plugin->table.PJRT_Client_AddressableDevices = foreign_devices;
  pjrt_error *error = pjrt_client_create(f->plugin, NULL, &client);
  assert_string_equal(pjrt_error_call(error), "PJRT_Client_AddressableDevices");
  expect_error(error, PJRT_INTERNAL, "none of the client's 4");
  assert_null(client);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_nulls_and_opts),
      sim_test(test_options_of_every_kind),
      sim_test(test_refused_options),
      sim_test(test_success_without_a_client),
      sim_test(test_device_without_a_description),
      sim_test(test_facts),
      sim_test(test_devices),
      sim_test(test_memories),
      cmocka_unit_test(test_remote_devices),
      cmocka_unit_test(test_no_devices),
      sim_test(test_look_up),
      sim_test(test_default_device_assignment),
      sim_test(test_unknown_device),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
