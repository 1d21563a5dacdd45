/* What is told of extensions without calling them, on plugins of many versions
 * and with many oddities. */
#include "abi/generated/sizes.h"
#include "abi/plugin.h"
#include "pjrt/ext/extensions.h"
#include "sim_fixture.h"

static const char default_layout[] =
    "PJRT_Layouts_PJRT_Client_GetDefaultLayout";
static const char topology_layout[] =
    "PJRT_Layouts_PJRT_Topology_GetDefaultLayout";

static int type_named(const char *name) {
  int type = 0;
  while (type < 64 && strcmp(pjrt_extension_name(type), name)) type++;
  return type;
}

static size_t slot_named(int type, const char *name) {
  size_t slot = 0;
  const char *found;
  while ((found = pjrt_extension_slot_name(type, slot)) && strcmp(found, name))
    slot++;
  return slot;
}

/* ---- the registry -------------------------------------------------------- */

static void test_names(void **state) {
  (void)state;
  const int layouts = type_named("Layouts");
  assert_int_equal(pjrt_extension_num_slots(layouts), 7);
  assert_string_equal(pjrt_extension_slot_name(layouts, 0),
                      "PJRT_Layouts_MemoryLayout_Destroy");
  assert_int_equal(pjrt_extension_slot_since(layouts, 0), 51);
  assert_int_equal(
      pjrt_extension_slot_since(layouts, slot_named(layouts, topology_layout)),
      76);
  assert_null(pjrt_extension_slot_name(layouts, 7));
  assert_int_equal(pjrt_extension_slot_since(layouts, 7), 0);
  assert_int_equal(pjrt_extension_num_slots(12345), 0);
  assert_null(pjrt_extension_slot_name(-1, 0));
}

static void test_every_extension_has_slots(void **state) {
  size_t num = 0;
  (void)state;
  for (int type = 0; type <= 24; type++) num += pjrt_extension_num_slots(type);
  /* 136 in nodes, 6 whose arguments nobody has published, 11 of Profiler. */
  assert_int_equal(num, 136 + 6 + 11);
}

/* ---- plugins ------------------------------------------------------------- */

static pjrt_plugin *open_with(const pjrt_sim_options *options) {
  pjrt_plugin *plugin;
  sim_path();
  sim.configure(options);
  expect_ok(pjrt_plugin_open(sim_path(), PJRT_NUL_ENDED, NULL, &plugin));
  return plugin;
}

static pjrt_plugin *open_minor(int minor) {
  pjrt_sim_options options;
  sim_path();
  sim.options_init(&options);
  options.minor = minor;
  return open_with(&options);
}

static pjrt_slot_state state_in(const pjrt_plugin *plugin,
                                const char *extension, const char *function) {
  const int type = type_named(extension);
  const size_t i = pjrt_plugin_find_extension(plugin, type);
  assert_true(i < pjrt_plugin_num_extensions(plugin));
  return pjrt_plugin_extension_slot(plugin, i, slot_named(type, function));
}

static void test_newest(void **state) {
  (void)state;
  pjrt_plugin *plugin = open_minor(PJRT_NEWEST_MINOR);
  for (size_t i = 0; i < pjrt_plugin_num_extensions(plugin); i++) {
    const int type = pjrt_plugin_extension_type(plugin, i);
    const size_t num = pjrt_plugin_extension_num_slots(plugin, i);
    assert_int_equal(num, pjrt_extension_num_slots(type));
    for (size_t n = 0; n < num; n++) {
      const char *name = pjrt_extension_slot_name(type, n);
      const bool is_published =
          !strncmp(name, "PJRT_", 5) || !strncmp(name, "PLUGIN_", 7);
      if (!is_published)
        assert_int_equal(pjrt_plugin_extension_slot(plugin, i, n),
                         PJRT_SLOT_NULL);
      else
        assert_int_equal(pjrt_plugin_extension_slot(plugin, i, n),
                         PJRT_SLOT_PRESENT);
    }
    assert_int_equal(pjrt_plugin_extension_slot(plugin, i, num),
                     PJRT_SLOT_ABSENT);
  }
  pjrt_plugin_free(plugin);
}

static void test_versions(void **state) {
  static const struct {
    int minor, version;
  } rows[] = {{53, -1}, {54, 1}, {90, 3}, {93, 3}, {94, 4}, {117, 4}};
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    pjrt_plugin *plugin = open_minor(rows[i].minor);
    assert_int_equal(
        pjrt_plugin_extension_version(
            plugin, pjrt_plugin_find_extension(plugin, type_named("Layouts"))),
        rows[i].version);
    assert_int_equal(pjrt_plugin_extension_version(plugin, 1000), -1);
    pjrt_plugin_free(plugin);
  }
}

static void test_older(void **state) {
  (void)state;
  pjrt_plugin *plugin = open_minor(75);
  assert_int_equal(state_in(plugin, "Layouts", default_layout),
                   PJRT_SLOT_PRESENT);
  assert_int_equal(state_in(plugin, "Layouts", topology_layout),
                   PJRT_SLOT_ABSENT);
  pjrt_plugin_free(plugin);
}

/* Nodes without a size begin with their type, so that all lies nearer. */
static void test_nodes_without_a_size(void **state) {
  (void)state;
  pjrt_plugin *plugin = open_minor(44);
  assert_int_equal(
      state_in(plugin, "Gpu_Custom_Call", "PJRT_Gpu_Register_Custom_Call"),
      PJRT_SLOT_PRESENT);
  assert_int_equal(state_in(plugin, "Profiler", "PLUGIN_Profiler_Create"),
                   PJRT_SLOT_PRESENT);
  assert_int_equal(state_in(plugin, "Profiler", "PLUGIN_Profiler_Serialize"),
                   PJRT_SLOT_ABSENT);
  pjrt_plugin_free(plugin);
}

static void test_empty_slot(void **state) {
  const char *function = default_layout;
  pjrt_sim_options options;
  (void)state;
  sim_path();
  sim.options_init(&options);
  options.null_functions = &function;
  options.num_null_functions = 1;
  pjrt_plugin *plugin = open_with(&options);
  assert_int_equal(state_in(plugin, "Layouts", default_layout), PJRT_SLOT_NULL);
  assert_int_equal(state_in(plugin, "Layouts", topology_layout),
                   PJRT_SLOT_PRESENT);
  pjrt_plugin_free(plugin);
}

/* A newer plugin has slots that nobody here knows. */
static void test_longer(void **state) {
  static const char *const name = "Layouts";
  pjrt_sim_options options;
  (void)state;
  sim_path();
  sim.options_init(&options);
  options.long_extensions = &name;
  options.num_long_extensions = 1;
  pjrt_plugin *plugin = open_with(&options);
  const size_t i = pjrt_plugin_find_extension(plugin, type_named(name));
  assert_int_equal(pjrt_plugin_extension_num_slots(plugin, i), 7 + 2);
  assert_int_equal(pjrt_plugin_extension_slot(plugin, i, 6), PJRT_SLOT_PRESENT);
  assert_int_equal(pjrt_plugin_extension_slot(plugin, i, 7), PJRT_SLOT_UNKNOWN);
  assert_int_equal(pjrt_plugin_extension_slot(plugin, i, 8), PJRT_SLOT_UNKNOWN);
  assert_int_equal(pjrt_plugin_extension_slot(plugin, i, 9), PJRT_SLOT_ABSENT);
  pjrt_plugin_free(plugin);
}

/* Whatever its size says, nothing is read of an extension of unknown type. */
static void test_unknown_type(void **state) {
  pjrt_sim_options options;
  (void)state;
  sim_path();
  sim.options_init(&options);
  options.num_unknown_extensions = 1;
  options.garbage_in_unknown_extensions = true;
  pjrt_plugin *plugin = open_with(&options);
  assert_string_equal(
      pjrt_extension_name(pjrt_plugin_extension_type(plugin, 0)), "unknown");
  assert_int_equal(pjrt_plugin_extension_num_slots(plugin, 0), 0);
  assert_int_equal(pjrt_plugin_extension_slot(plugin, 0, 0), PJRT_SLOT_ABSENT);
  assert_int_equal(pjrt_plugin_extension_version(plugin, 0), -1);
  pjrt_plugin_free(plugin);
}

/* Nothing is read as far as a size goes that no extension has. */
static void test_absurd_size(void **state) {
  (void)state;
  pjrt_plugin *plugin = open_minor(PJRT_NEWEST_MINOR);
  const size_t i = pjrt_plugin_find_extension(plugin, type_named("Layouts"));
  plugin->extensions[i].size = (size_t)1 << 40;
  assert_int_equal(pjrt_plugin_extension_num_slots(plugin, i), 7);
  assert_int_equal(pjrt_plugin_extension_slot(plugin, i, 6), PJRT_SLOT_PRESENT);
  assert_int_equal(pjrt_plugin_extension_slot(plugin, i, 7), PJRT_SLOT_ABSENT);
  pjrt_plugin_free(plugin);
}

static void test_past_the_end(void **state) {
  (void)state;
  pjrt_plugin *plugin = open_minor(PJRT_NEWEST_MINOR);
  const size_t num = pjrt_plugin_num_extensions(plugin);
  assert_int_equal(pjrt_plugin_extension_num_slots(plugin, num), 0);
  assert_int_equal(pjrt_plugin_extension_slot(plugin, num, 0),
                   PJRT_SLOT_ABSENT);
  pjrt_plugin_free(plugin);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names),
      cmocka_unit_test(test_every_extension_has_slots),
      cmocka_unit_test(test_newest),
      cmocka_unit_test(test_versions),
      cmocka_unit_test(test_older),
      cmocka_unit_test(test_nodes_without_a_size),
      cmocka_unit_test(test_empty_slot),
      cmocka_unit_test(test_longer),
      cmocka_unit_test(test_unknown_type),
      cmocka_unit_test(test_absurd_size),
      cmocka_unit_test(test_past_the_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
