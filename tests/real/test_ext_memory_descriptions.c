/* The MemoryDescriptions extension of XLA's plugins for CPUs, which describe
 * memories in clients alone: there are none, and so there is no default. */
#include "real/fixture.h"

/* Needs the header above. */
#include <pjrt/ext/memory_descriptions.h>

static void devices_describe_no_memories(void **state) {
  fixture *f = *state;
  pjrt_memory_descriptions *all;
  assert_ok(pjrt_memory_descriptions_of_device(f->device, &all));
  assert_int_equal(pjrt_memory_descriptions_size(all), 0);
  assert_int_equal(pjrt_memory_descriptions_default(all), 0);
  assert_string_equal(pjrt_memory_descriptions_kind(all, 0, NULL), "");
  pjrt_memory_descriptions_free(all);
}

static void nor_do_topologies(void **state) {
  fixture *f = *state;
  pjrt_topology *topology;
  pjrt_memory_descriptions *all;
  assert_ok(pjrt_client_topology(f->client, &topology));
  const size_t num = pjrt_topology_num_devices(topology);
  assert_ok(pjrt_memory_descriptions_of_topology(topology, num - 1, &all));
  assert_int_equal(pjrt_memory_descriptions_size(all), 0);
  pjrt_memory_descriptions_free(all);
  assert_refused(pjrt_memory_descriptions_of_topology(topology, num, &all),
                 PJRT_INVALID_ARGUMENT, "of a topology that has");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(devices_describe_no_memories),
      cmocka_unit_test(nor_do_topologies),
  };
  return RUN_REAL_TESTS(tests);
}
