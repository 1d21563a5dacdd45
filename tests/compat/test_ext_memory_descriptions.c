/* The MemoryDescriptions extension of plugins without hardware: three memories
 * of every TPU, and none of GPUs, whose clients alone describe them.
 * tier: all */
#include "compat/machines.h"

/* Needs the header above. */
#include <pjrt/ext/memory_descriptions.h>

static void tpus_have_three_memories(void **state) {
  static const char *const kinds[] = {"device", "pinned_host", "unpinned_host"};
  pjrt_memory_descriptions *all;
  const int *ids;
  size_t num;
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  pjrt_topology *topology = tpu(plugin, "v5e:2x2");
  assert_ok(pjrt_topology_memory_kind_ids(topology, &ids, &num));
  assert_int_equal(num, 3);
  for (size_t device = 0; device < 4; device++) {
    assert_ok(pjrt_memory_descriptions_of_topology(topology, device, &all));
    assert_int_equal(pjrt_memory_descriptions_size(all), 3);
    assert_int_equal(pjrt_memory_descriptions_default(all), 0);
    for (size_t i = 0; i < 3; i++) {
      assert_string_equal(pjrt_memory_descriptions_kind(all, i, NULL),
                          kinds[i]);
    }
    /* Those of the topology are of memories inside TPUs, but for the first. */
    assert_int_equal(pjrt_memory_descriptions_kind_id(all, 0), ids[0]);
    assert_int_not_equal(pjrt_memory_descriptions_kind_id(all, 1), ids[0]);
    assert_int_not_equal(pjrt_memory_descriptions_kind_id(all, 2),
                         pjrt_memory_descriptions_kind_id(all, 1));
    pjrt_memory_descriptions_free(all);
  }
  assert_refused(pjrt_memory_descriptions_of_topology(topology, 4, &all),
                 PJRT_INVALID_ARGUMENT, "device 4 of a topology that has 4");
  pjrt_topology_free(topology);
  pjrt_plugin_free(plugin);
}

static void an_h100_describes_none(void **state) {
  pjrt_memory_descriptions *all;
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_CUDA");
  pjrt_topology *topology = h100(plugin, "1x1x1");
  assert_ok(pjrt_memory_descriptions_of_topology(topology, 0, &all));
  assert_int_equal(pjrt_memory_descriptions_size(all), 0);
  assert_int_equal(pjrt_memory_descriptions_default(all), 0);
  pjrt_memory_descriptions_free(all);
  pjrt_topology_free(topology);
  pjrt_plugin_free(plugin);
}

static void older_plugins_lack_it(void **state) {
  pjrt_memory_descriptions *all;
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_CUDA_0_57");
  pjrt_topology *topology = h100(plugin, "1x1x1");
  assert_refused(pjrt_memory_descriptions_of_topology(topology, 0, &all),
                 PJRT_UNIMPLEMENTED,
                 "no extension MemoryDescriptions, which API 0.59 brought");
  pjrt_topology_free(topology);
  pjrt_plugin_free(plugin);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tpus_have_three_memories),
      cmocka_unit_test(an_h100_describes_none),
      cmocka_unit_test(older_plugins_lack_it),
  };
  return cmocka_run_group_tests(tests, spare_the_tpu, NULL);
}
