/* Host memory that is mapped for devices. */
#include "abi/plugin.h"
#include "sim_fixture.h"

static char memory[4096];

static void test_map_and_unmap(void **state) {
  const fixture *f = *state;
  pjrt_dma_mapping *first, *second;
  expect_ok(pjrt_dma_map(f->client, memory, 1024, &first));
  expect_ok(pjrt_dma_map(f->client, memory + 1024, 1024, &second));
  expect_ok(pjrt_dma_unmap(first));
  expect_ok(pjrt_dma_map(f->client, memory, 1024, &first));
  expect_ok(pjrt_dma_unmap(second));
  expect_ok(pjrt_dma_unmap(first));
  expect_ok(pjrt_dma_unmap(NULL));
}

static void expect_not_mapped(pjrt_client *client, void *data, size_t size,
                              pjrt_code code, const char *part) {
  pjrt_dma_mapping *mapping = (pjrt_dma_mapping *)client;
  const size_t before = sim.num_calls("PJRT_Client_DmaMap");
  expect_error(pjrt_dma_map(client, data, size, &mapping), code, part);
  assert_null(mapping);
  assert_int_equal(sim.num_calls("PJRT_Client_DmaMap"), before);
}

static void test_refused(void **state) {
  const fixture *f = *state;
  pjrt_dma_mapping *mapping;
  expect_not_mapped(NULL, memory, 1, PJRT_INVALID_ARGUMENT, "client is NULL");
  expect_not_mapped(f->client, NULL, 1, PJRT_INVALID_ARGUMENT, "no memory");
  expect_not_mapped(f->client, memory, 0, PJRT_INVALID_ARGUMENT, "no memory");
  expect_not_mapped(f->client, memory, SIZE_MAX, PJRT_INVALID_ARGUMENT,
                    "no memory");
  expect_ok(pjrt_dma_map(f->client, memory + 100, 100, &mapping));
  expect_not_mapped(f->client, memory + 100, 100, PJRT_ALREADY_EXISTS,
                    "overlap 100 at");
  expect_not_mapped(f->client, memory, 101, PJRT_ALREADY_EXISTS, "overlap");
  expect_not_mapped(f->client, memory + 199, 1, PJRT_ALREADY_EXISTS, "overlap");
  expect_not_mapped(f->client, memory, 4096, PJRT_ALREADY_EXISTS, "overlap");
  expect_ok(pjrt_dma_unmap(mapping));
}

/* Another client's devices may have the same memory. */
static void test_two_clients(void **state) {
  const fixture *f = *state;
  pjrt_client *other;
  pjrt_dma_mapping *first, *second;
  expect_ok(pjrt_client_create(f->plugin, NULL, &other));
  expect_ok(pjrt_dma_map(f->client, memory, 1024, &first));
  expect_ok(pjrt_dma_map(other, memory, 1024, &second));
  pjrt_client_free(other);
  expect_ok(pjrt_dma_unmap(second));
  expect_ok(pjrt_dma_unmap(first));
}

/* The client waits for its mappings. */
static void test_client_freed_while_mapped(void **state) {
  fixture *f = *state;
  pjrt_sim_live live;
  pjrt_dma_mapping *mapping;
  expect_ok(pjrt_dma_map(f->client, memory, sizeof memory, &mapping));
  fixture_drop(f);
  sim.get_live(&live);
  assert_int_equal(live.clients, 1);
  expect_ok(pjrt_dma_unmap(mapping));
  sim.get_live(&live);
  assert_int_equal(live.clients, 0);
}

static void test_plugin_fails(void **state) {
  const fixture *f = *state;
  pjrt_dma_mapping *mapping;
  sim_fail("PJRT_Client_DmaMap", 1, PJRT_Error_Code_RESOURCE_EXHAUSTED);
  expect_error(pjrt_dma_map(f->client, memory, 8, &mapping),
               PJRT_RESOURCE_EXHAUSTED, "");
  assert_null(mapping);
  expect_ok(pjrt_dma_map(f->client, memory, 8, &mapping));
  sim_fail("PJRT_Client_DmaUnmap", 0, PJRT_Error_Code_INTERNAL);
  expect_error(pjrt_dma_unmap(mapping), PJRT_INTERNAL, "");
  /* The library has forgotten it; the plugin has not. */
  sim_configure_default();
  PJRT_Client_DmaUnmap_Args args = {.client = pjrt_client_raw(f->client),
                                    .data = memory};
  expect_ok(pjrt_raw_PJRT_Client_DmaUnmap(f->plugin, &args));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_map_and_unmap), sim_test(test_refused),
      sim_test(test_two_clients),   sim_test(test_client_freed_while_mapped),
      sim_test(test_plugin_fails),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
