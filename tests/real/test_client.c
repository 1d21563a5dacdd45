/* Clients, their devices and memories, and the options they are made with. */
#include <stdio.h>

#include "real/fixture.h"

/* ---- facts --------------------------------------------------------------- */

static void platform_is_cpu(void **state) {
  fixture *f = *state;
  size_t size;
  assert_string_equal(pjrt_client_platform_name(f->client, &size), "cpu");
  assert_int_equal(size, 3);
  assert_string_equal(pjrt_client_platform_version(f->client, NULL), "cpu");
  assert_int_equal(pjrt_client_process_index(f->client), 0);
  assert_ptr_equal(pjrt_client_plugin(f->client), f->plugin);
}

static void plugin_tells_its_versions(void **state) {
  fixture *f = *state;
  const pjrt_named_values *values = pjrt_plugin_attributes(f->plugin);
  size_t num;
  size_t i = pjrt_named_values_find(values, "xla_version", PJRT_NUL_ENDED);
  assert_int_equal(pjrt_named_values_kind(values, i), PJRT_VALUE_INT64);
  assert_true(pjrt_named_values_int64(values, i) > 0);
  i = pjrt_named_values_find(values, "stablehlo_current_version",
                             PJRT_NUL_ENDED);
  assert_int_equal(pjrt_named_values_kind(values, i), PJRT_VALUE_INT64_LIST);
  assert_int_equal(pjrt_named_values_int64_list(values, i, &num)[0], 1);
  assert_int_equal(num, 3);
  assert_false(pjrt_plugin_wants_exact_struct_sizes(f->plugin));
}

static void four_devices_have_their_facts(void **state) {
  fixture *f = *state;
  assert_int_equal(pjrt_client_num_devices(f->client), 4);
  assert_int_equal(pjrt_client_num_addressable_devices(f->client), 4);
  for (size_t i = 0; i < 4; i++) {
    pjrt_device *device = pjrt_client_device(f->client, i);
    assert_ptr_equal(device, pjrt_client_addressable_device(f->client, i));
    assert_ptr_equal(pjrt_device_client(device), f->client);
    assert_int_equal(pjrt_device_id(device), i);
    assert_int_equal(pjrt_device_local_hardware_id(device), i);
    assert_int_equal(pjrt_device_process_index(device), 0);
    assert_true(pjrt_device_is_addressable(device));
    assert_string_equal(pjrt_device_kind(device, NULL), "cpu");
    assert_string_not_equal(pjrt_device_debug_string(device, NULL), "");
    assert_string_not_equal(pjrt_device_to_string(device, NULL), "");
    assert_int_equal(pjrt_named_values_size(pjrt_device_attributes(device)), 0);
  }
  assert_null(pjrt_client_device(f->client, 4));
  assert_null(pjrt_client_addressable_device(f->client, 4));
}

static void devices_are_found_by_id(void **state) {
  fixture *f = *state;
  pjrt_device *device;
  for (int id = 0; id < 4; id++) {
    assert_ok(pjrt_client_lookup_device(f->client, id, &device));
    assert_int_equal(pjrt_device_id(device), id);
    assert_ok(pjrt_client_lookup_addressable_device(f->client, id, &device));
    assert_int_equal(pjrt_device_local_hardware_id(device), id);
  }
  assert_refused(pjrt_client_lookup_device(f->client, 99, &device),
                 PJRT_NOT_FOUND, "no device 99: the client has 4");
  assert_null(device);
  assert_refused(pjrt_client_lookup_device(f->client, -1, &device),
                 PJRT_NOT_FOUND, "no device -1");
  assert_refused(pjrt_client_lookup_addressable_device(f->client, 4, &device),
                 PJRT_NOT_FOUND, "local hardware id 4");
  assert_null(device);
}

static bool has_memory(const pjrt_device *device, const char *kind) {
  for (size_t i = 0; i < pjrt_device_num_memories(device); i++) {
    if (!strcmp(pjrt_memory_kind(pjrt_device_memory(device, i), NULL), kind)) {
      return true;
    }
  }
  return false;
}

static void every_device_has_three_memories(void **state) {
  fixture *f = *state;
  assert_int_equal(pjrt_client_num_memories(f->client), 12);
  for (size_t i = 0; i < 4; i++) {
    const pjrt_device *device = pjrt_client_device(f->client, i);
    assert_int_equal(pjrt_device_num_memories(device), 3);
    assert_null(pjrt_device_memory(device, 3));
    assert_true(has_memory(device, "device"));
    assert_true(has_memory(device, "pinned_host"));
    assert_true(has_memory(device, "unpinned_host"));
    assert_string_equal(
        pjrt_memory_kind(pjrt_device_default_memory(device), NULL), "device");
  }
}

static void memories_have_their_facts(void **state) {
  fixture *f = *state;
  for (size_t i = 0; i < 12; i++) {
    pjrt_memory *memory = pjrt_client_memory(f->client, i);
    assert_ptr_equal(pjrt_memory_client(memory), f->client);
    assert_string_not_equal(pjrt_memory_debug_string(memory, NULL), "");
    assert_string_not_equal(pjrt_memory_to_string(memory, NULL), "");
    assert_int_equal(pjrt_memory_num_devices(memory), 1);
    assert_non_null(pjrt_memory_device(memory, 0));
    assert_null(pjrt_memory_device(memory, 1));
    for (size_t j = 0; j < i; j++) {
      const pjrt_memory *other = pjrt_client_memory(f->client, j);
      bool same = !strcmp(pjrt_memory_kind(memory, NULL),
                          pjrt_memory_kind(other, NULL));
      assert_int_not_equal(pjrt_memory_id(memory), pjrt_memory_id(other));
      assert_int_equal(
          pjrt_memory_kind_id(memory) == pjrt_memory_kind_id(other), same);
    }
  }
  assert_null(pjrt_client_memory(f->client, 12));
}

/* ---- default device assignment ------------------------------------------- */

static void default_assignment_is_row_major(void **state) {
  fixture *f = *state;
  int ids[4] = {-1, -1, -1, -1};
  assert_ok(pjrt_client_default_device_assignment(f->client, 2, 2, ids, 4));
  for (int i = 0; i < 4; i++) assert_int_equal(ids[i], i);
  assert_ok(pjrt_client_default_device_assignment(f->client, 1, 1, ids, 1));
  assert_int_equal(ids[0], 0);
}

static void default_assignment_beyond_the_devices_is_refused(void **state) {
  fixture *f = *state;
  int ids[8];
  pjrt_client *client = f->client;
  assert_refused(pjrt_client_default_device_assignment(client, 8, 1, ids, 8),
                 PJRT_INVALID_ARGUMENT, "more than the client's 4 devices");
  assert_refused(
      pjrt_client_default_device_assignment(client, 1 << 30, 1 << 30, ids, 8),
      PJRT_INVALID_ARGUMENT, "more than the client's 4 devices");
  assert_refused(pjrt_client_default_device_assignment(client, 2, 1, ids, 1),
                 PJRT_INVALID_ARGUMENT, "room for 1 device ids");
}

/* ---- create options ------------------------------------------------------ */

static pjrt_error *create_with(fixture *f, const char *option,
                               pjrt_client **out) {
  pjrt_client_opts opts;
  pjrt_named_values *values;
  pjrt_client_opts_init(&opts);
  assert_ok(pjrt_named_values_create(&values));
  assert_ok(pjrt_named_values_parse(values, option, PJRT_NUL_ENDED));
  opts.options = values;
  pjrt_error *error = pjrt_client_create(f->plugin, &opts, out);
  pjrt_named_values_free(values);
  return error;
}

static void device_count_is_an_option(void **state) {
  static const size_t counts[] = {1, 2, 8, 1000};
  for (size_t i = 0; i < 4; i++) {
    char option[40];
    pjrt_client *client;
    snprintf(option, sizeof option, "cpu_device_count=%zu", counts[i]);
    assert_ok(create_with(*state, option, &client));
    assert_int_equal(pjrt_client_num_devices(client), counts[i]);
    assert_int_equal(pjrt_client_num_memories(client), 3 * counts[i]);
    pjrt_client_free(client);
  }
}

static void client_without_devices_can_be_asked(void **state) {
  pjrt_client *client;
  pjrt_device *device;
  int id;
  assert_ok(create_with(*state, "cpu_device_count=0", &client));
  assert_int_equal(pjrt_client_num_devices(client), 0);
  assert_null(pjrt_client_device(client, 0));
  assert_refused(pjrt_client_lookup_device(client, 0, &device), PJRT_NOT_FOUND,
                 "the client has no devices");
  assert_refused(pjrt_client_default_device_assignment(client, 1, 1, &id, 1),
                 PJRT_INVALID_ARGUMENT, "the client's 0 devices");
  pjrt_client_free(client);
}

static void device_count_of_another_kind_is_refused(void **state) {
  static const char *const options[] = {
      "cpu_device_count:string=4", "cpu_device_count=4.5",
      "cpu_device_count=true", "cpu_device_count=[4]"};
  for (size_t i = 0; i < 4; i++) {
    pjrt_client *client;
    assert_refused(create_with(*state, options[i], &client),
                   PJRT_INVALID_ARGUMENT, "cpu_device_count must be an int64");
    assert_null(client);
  }
}

/* Plugins before 0.107 ignore names they do not know. */
static void unknown_options_never_crash(void **state) {
  static const char *const options[] = {"unheard_of:string=a", "unheard_of=1",
                                        "unheard_of=[1,2]", "unheard_of=0.5",
                                        "unheard_of=true"};
  fixture *f = *state;
  for (size_t i = 0; i < 5; i++) {
    pjrt_client *client;
    pjrt_error *error = create_with(f, options[i], &client);
    if (f->minor < 107) {
      assert_ok(error);
      pjrt_client_free(client);
    } else {
      assert_code(error, PJRT_INVALID_ARGUMENT, "unheard_of");
      assert_null(client);
    }
  }
}

/* Plugins before 0.107 ignore the option. */
static void process_id_shifts_the_device_ids(void **state) {
  fixture *f = *state;
  pjrt_client *client;
  int process_id = f->minor < 107 ? 0 : 1;
  assert_ok(create_with(f, "process_id=1", &client));
  const pjrt_device *device = pjrt_client_device(client, 0);
  assert_int_equal(pjrt_client_process_index(client), process_id);
  assert_int_equal(pjrt_device_process_index(device), process_id);
  assert_int_equal(pjrt_device_id(device), process_id * 2048);
  pjrt_client_free(client);
}

static void inspected_plugin_makes_no_client(void **state) {
  fixture *f = *state;
  pjrt_plugin *plugin;
  pjrt_client *client;
  pjrt_plugin_opts opts;
  pjrt_plugin_opts_init(&opts);
  opts.inspect_only = true;
  assert_ok(pjrt_plugin_open(pjrt_plugin_path(f->plugin, NULL), PJRT_NUL_ENDED,
                             &opts, &plugin));
  assert_int_equal(pjrt_plugin_api_minor(plugin), f->minor);
  assert_refused(pjrt_client_create(plugin, NULL, &client),
                 PJRT_FAILED_PRECONDITION, "inspect_only");
  assert_null(client);
  pjrt_plugin_free(plugin);
}

/* CPU plugins run alone, and take it. */
static void process_infos_are_taken(void **state) {
  fixture *f = *state;
  const pjrt_process_info info = {0, 1, PJRT_PROCESS_CONNECTED, NULL};
  assert_ok(pjrt_client_update_process_infos(f->client, &info, 1));
}

static void no_plugin_is_refused(void **state) {
  (void)state;
  pjrt_client *client;
  assert_refused(pjrt_client_create(NULL, NULL, &client), PJRT_INVALID_ARGUMENT,
                 "plugin is NULL");
  pjrt_client_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(platform_is_cpu),
      cmocka_unit_test(plugin_tells_its_versions),
      cmocka_unit_test(four_devices_have_their_facts),
      cmocka_unit_test(devices_are_found_by_id),
      cmocka_unit_test(every_device_has_three_memories),
      cmocka_unit_test(memories_have_their_facts),
      cmocka_unit_test(default_assignment_is_row_major),
      cmocka_unit_test(default_assignment_beyond_the_devices_is_refused),
      cmocka_unit_test(device_count_is_an_option),
      cmocka_unit_test(client_without_devices_can_be_asked),
      cmocka_unit_test(device_count_of_another_kind_is_refused),
      cmocka_unit_test(unknown_options_never_crash),
      cmocka_unit_test(process_id_shifts_the_device_ids),
      cmocka_unit_test(inspected_plugin_makes_no_client),
      cmocka_unit_test(process_infos_are_taken),
      cmocka_unit_test(no_plugin_is_refused),
  };
  return RUN_REAL_TESTS(tests);
}
