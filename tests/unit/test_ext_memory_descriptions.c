/* The MemoryDescriptions extension on the simulated plugin: the memories of
 * devices that are there and of such as are not, plugins that lack it, and such
 * as tell nonsense. */
#include "core/plugin.h"
#include "pjrt/ext/memory_descriptions.h"
#include "sim_fixture.h"

typedef pjrt_memory_descriptions descriptions;

static void expect_kind(const descriptions *all, size_t i,
                        const char *expected) {
  size_t size;
  const char *kind = pjrt_memory_descriptions_kind(all, i, &size);
  assert_string_equal(kind, expected);
  assert_int_equal(size, strlen(expected));
}

/* Frees them. */
static void expect_three(pjrt_error *error, descriptions *all) {
  expect_ok(error);
  assert_int_equal(pjrt_memory_descriptions_size(all), 3);
  assert_int_equal(pjrt_memory_descriptions_default(all), 0);
  expect_kind(all, 0, "device");
  expect_kind(all, 1, "pinned_host");
  expect_kind(all, 2, "unpinned_host");
  expect_kind(all, 3, "");
  assert_int_equal(pjrt_memory_descriptions_kind_id(all, 3), 0);
  pjrt_memory_descriptions_free(all);
}

static void test_of_a_device(void **state) {
  fixture *f = *state;
  descriptions *all;
  pjrt_error *error = pjrt_memory_descriptions_of_device(f->device, &all);
  const pjrt_memory *memory = pjrt_device_memory(f->device, 1);
  assert_int_equal(pjrt_memory_descriptions_kind_id(all, 1),
                   pjrt_memory_kind_id(memory));
  fixture_drop(f); /* it is a copy */
  expect_three(error, all);
  pjrt_memory_descriptions_free(NULL);
}

static void test_of_a_topology(void **state) {
  const fixture *f = *state;
  descriptions *all;
  pjrt_topology *topology;
  expect_ok(pjrt_topology_create(f->plugin, "2x1x1", 5, NULL, &topology));
  pjrt_error *error = pjrt_memory_descriptions_of_topology(topology, 1, &all);
  expect_three(error, all);
  all = (descriptions *)1;
  expect_error(pjrt_memory_descriptions_of_topology(topology, 2, &all),
               PJRT_INVALID_ARGUMENT, "device 2 of a topology that has 2");
  assert_null(all);
  pjrt_topology_free(topology);
}

static void test_refused(void **state) {
  (void)state;
  descriptions *all = (descriptions *)1;
  expect_error(pjrt_memory_descriptions_of_device(NULL, &all),
               PJRT_INVALID_ARGUMENT, "device is NULL");
  assert_null(all);
  expect_error(pjrt_memory_descriptions_of_topology(NULL, 0, &all),
               PJRT_INVALID_ARGUMENT, "topology is NULL");
}

static pjrt_error *ask(int minor) {
  pjrt_sim_options options;
  descriptions *all;
  sim_path();
  sim.options_init(&options);
  options.minor = minor;
  fixture *f = fixture_create(&options);
  pjrt_error *error = pjrt_memory_descriptions_of_device(f->device, &all);
  pjrt_memory_descriptions_free(all);
  fixture_drop(f);
  test_free(f);
  expect_nothing_alive();
  return error;
}

static void test_older_plugins(void **state) {
  (void)state;
  expect_error(ask(58), PJRT_UNIMPLEMENTED,
               "the plugin has no extension MemoryDescriptions, which API "
               "0.59 brought");
  expect_ok(ask(59));
}

/* ---- what plugins get wrong ---------------------------------------------- */

static void test_failing_calls(void **state) {
  static const char *const functions[] = {
      "PJRT_DeviceDescription_MemoryDescriptions",
      "PJRT_MemoryDescription_Kind", "PJRT_Device_GetDescription"};
  const fixture *f = *state;
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    for (int nth = 1; nth <= (i == 1 ? 3 : 1); nth++) {
      descriptions *all = (descriptions *)1;
      sim_fail(functions[i], nth, PJRT_Error_Code_DATA_LOSS);
      pjrt_error *error = pjrt_memory_descriptions_of_device(f->device, &all);
      assert_string_equal(pjrt_error_call(error), functions[i]);
      expect_error(error, PJRT_DATA_LOSS, "");
      assert_null(all);
    }
  }
}

static PJRT_MemoryDescriptions_Extension *spoil(const fixture *f) {
  static PJRT_MemoryDescriptions_Extension node;
  const size_t i = pjrt_plugin_find_extension(f->plugin, 6);
  node =
      *(const PJRT_MemoryDescriptions_Extension *)f->plugin->extensions[i].node;
  f->plugin->extensions[i].node = &node.base;
  return &node;
}

static struct {
  const PJRT_MemoryDescription *const *list;
  size_t num;
  size_t index;
  const char *kind;
  size_t kind_size;
} told;

static PJRT_Error *tell_list(
    PJRT_DeviceDescription_MemoryDescriptions_Args *args) {
  args->memory_descriptions = told.list;
  args->num_memory_descriptions = told.num;
  args->default_memory_index = told.index;
  return NULL;
}

static PJRT_Error *tell_kind(PJRT_MemoryDescription_Kind_Args *args) {
  args->kind = told.kind;
  args->kind_size = told.kind_size;
  args->kind_id = 7;
  return NULL;
}

static void test_answers_that_are_none(void **state) {
  static const char memory[1];
  const PJRT_MemoryDescription *list[] = {(const void *)memory, NULL};
  const fixture *f = *state;
  descriptions *all;
  PJRT_MemoryDescriptions_Extension *node = spoil(f);
  node->PJRT_DeviceDescription_MemoryDescriptions = tell_list;
  node->PJRT_MemoryDescription_Kind = tell_kind;

  told.num = SIZE_MAX / sizeof(void *);
  expect_error(pjrt_memory_descriptions_of_device(f->device, &all),
               PJRT_INTERNAL, "taken for garbage");
  told.num = 2;
  expect_error(pjrt_memory_descriptions_of_device(f->device, &all),
               PJRT_INTERNAL, "NULL pointer");
  told.list = list;
  expect_error(pjrt_memory_descriptions_of_device(f->device, &all),
               PJRT_INTERNAL, "gives no memory 1 of 2");
  told.num = 1;
  told.kind_size = 3;
  expect_error(pjrt_memory_descriptions_of_device(f->device, &all),
               PJRT_INTERNAL, "NULL pointer");
  assert_null(all);
}

static PJRT_Error *tell_no_description(PJRT_Device_GetDescription_Args *args) {
  args->device_description = NULL;
  return NULL;
}

static PJRT_Error *tell_no_descriptions(
    PJRT_TopologyDescription_GetDeviceDescriptions_Args *args) {
  static PJRT_DeviceDescription *const none[] = {NULL};
  args->descriptions = none;
  args->num_descriptions = 1;
  return NULL;
}

/* The plugin is not asked about a device that it does not describe. */
static void test_devices_without_a_description(void **state) {
  const fixture *f = *state;
  descriptions *all = (descriptions *)1;
  pjrt_topology *topology;
  expect_ok(pjrt_topology_create(f->plugin, "2x1x1", 5, NULL, &topology));
  f->plugin->table.PJRT_Device_GetDescription = tell_no_description;
  f->plugin->table.PJRT_TopologyDescription_GetDeviceDescriptions =
      tell_no_descriptions;
  pjrt_error *error = pjrt_memory_descriptions_of_device(f->device, &all);
  assert_string_equal(pjrt_error_call(error), "PJRT_Device_GetDescription");
  expect_error(error, PJRT_INTERNAL, "gives no description");
  assert_null(all);
  expect_error(pjrt_memory_descriptions_of_topology(topology, 0, &all),
               PJRT_INTERNAL, "gives no description");
  assert_int_equal(sim.num_calls("PJRT_DeviceDescription_MemoryDescriptions"),
                   0);
  pjrt_topology_free(topology);
}

/* As plugins tell it that describe no memories: none of them is the default. */
static void test_no_default(void **state) {
  static const char memory[1];
  const PJRT_MemoryDescription *list[] = {(const void *)memory};
  const fixture *f = *state;
  descriptions *all;
  PJRT_MemoryDescriptions_Extension *node = spoil(f);
  node->PJRT_DeviceDescription_MemoryDescriptions = tell_list;
  node->PJRT_MemoryDescription_Kind = tell_kind;
  told.list = NULL;
  told.num = 0;
  told.index = SIZE_MAX;
  expect_ok(pjrt_memory_descriptions_of_device(f->device, &all));
  assert_int_equal(pjrt_memory_descriptions_size(all), 0);
  assert_int_equal(pjrt_memory_descriptions_default(all), 0);
  pjrt_memory_descriptions_free(all);

  told.list = list;
  told.num = 1;
  told.kind = "fastgarbage";
  told.kind_size = 4;
  expect_ok(pjrt_memory_descriptions_of_device(f->device, &all));
  assert_int_equal(pjrt_memory_descriptions_default(all), 1);
  expect_kind(all, 0, "fast");
  assert_int_equal(pjrt_memory_descriptions_kind_id(all, 0), 7);
  pjrt_memory_descriptions_free(all);

  node->PJRT_MemoryDescription_Kind = NULL;
  expect_error(pjrt_memory_descriptions_of_device(f->device, &all),
               PJRT_UNIMPLEMENTED, "PJRT_MemoryDescription_Kind");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_of_a_device),
      sim_test(test_of_a_topology),
      cmocka_unit_test(test_refused),
      cmocka_unit_test(test_older_plugins),
      sim_test(test_failing_calls),
      sim_test(test_answers_that_are_none),
      sim_test(test_devices_without_a_description),
      sim_test(test_no_default),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
