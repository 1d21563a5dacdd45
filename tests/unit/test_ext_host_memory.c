/* The HostMemoryAllocator extension and the one that it replaces,
 * HostAllocator. */
#include "ext_node.h"
#include "pjrt/ext/host_allocator.h"
#include "pjrt/ext/host_memory_allocator.h"

enum { ALIGNMENT = 4096 };

/* What a plugin gives can be uploaded from, and downloaded to. */
static void check_use(const fixture *f, pjrt_host_memory *memory) {
  static const float values[] = {1, 2, 3, 4};
  const int64_t four[] = {4};
  pjrt_buffer *buffer;
  float *data = pjrt_host_memory_data(memory);
  assert_int_equal(pjrt_host_memory_size(memory), sizeof values);
  memcpy(data, values, sizeof values);
  expect_ok(pjrt_buffer_from_host(f->device, PJRT_F32, four, 1, data,
                                  sizeof values, &buffer));
  memset(data, 0, sizeof values);
  expect_ok(pjrt_buffer_to_host(buffer, data, sizeof values));
  assert_memory_equal(data, values, sizeof values);
  pjrt_buffer_free(buffer);
}

static void test_memory(void **state) {
  const fixture *f = *state;
  pjrt_host_memory *memory;
  expect_ok(
      pjrt_host_memory_allocate(f->client, 16, PJRT_ANY_NUMA_NODE, &memory));
  check_use(f, memory);
  pjrt_host_memory_free(memory);
  expect_ok(pjrt_host_memory_allocate(f->client, 1, 0, &memory));
  pjrt_host_memory_free(memory);
  pjrt_host_memory_free(NULL);
}

static void test_aligned_memory(void **state) {
  const fixture *f = *state;
  pjrt_host_memory *memory;
  size_t alignment;
  expect_ok(pjrt_host_allocator_preferred_alignment(f->client, &alignment));
  assert_int_equal(alignment, 64);
  expect_ok(pjrt_host_allocator_allocate(f->client, 16, ALIGNMENT, &memory));
  assert_int_equal((uintptr_t)pjrt_host_memory_data(memory) % ALIGNMENT, 0);
  check_use(f, memory);
  pjrt_host_memory_free(memory);
}

/* The client's handle goes first. */
static void test_outlives_its_client(void **state) {
  fixture *f = *state;
  pjrt_host_memory *both[2];
  expect_ok(pjrt_host_memory_allocate(f->client, 8, 0, &both[0]));
  expect_ok(pjrt_host_allocator_allocate(f->client, 8, 8, &both[1]));
  fixture_drop(f);
  for (int i = 0; i < 2; i++) {
    memset(pjrt_host_memory_data(both[i]), 1, 8);
    pjrt_host_memory_free(both[i]);
  }
}

static void free_it(const pjrt_error *error, void *user) {
  (void)error;
  pjrt_host_memory_free(user);
}

/* In a callback, with nothing else left of the client but the event. */
static void test_freed_in_a_callback(void **state) {
  fixture *f = *state;
  pjrt_host_memory *memory;
  pjrt_event *event;
  expect_ok(pjrt_host_memory_allocate(f->client, 8, 0, &memory));
  expect_ok(pjrt_event_create(f->client, &event));
  expect_ok(pjrt_event_on_ready(event, free_it, memory));
  fixture_drop(f);
  expect_ok(pjrt_event_set(event, NULL));
  pjrt_event_free(event);
}

static void test_refused(void **state) {
  const pjrt_code bad = PJRT_INVALID_ARGUMENT;
  const fixture *f = *state;
  pjrt_host_memory *memory = (pjrt_host_memory *)1;
  size_t alignment = 1;
  expect_error(pjrt_host_memory_allocate(NULL, 8, 0, &memory), bad,
               "client is NULL");
  assert_null(memory);
  expect_error(pjrt_host_memory_allocate(f->client, 0, 0, &memory), bad,
               "0 bytes are no memory to allocate");
  expect_error(pjrt_host_memory_allocate(f->client, SIZE_MAX, 0, &memory), bad,
               "are no memory to allocate");
  expect_error(pjrt_host_memory_allocate(f->client, 8, -2, &memory), bad,
               "NUMA node -2");
  expect_error(pjrt_host_memory_allocate(f->client, PTRDIFF_MAX, 0, &memory),
               PJRT_RESOURCE_EXHAUSTED, "bytes of host memory");
  assert_null(memory);
  expect_error(pjrt_host_allocator_preferred_alignment(NULL, &alignment), bad,
               "client is NULL");
  assert_int_equal(alignment, 0);
  expect_error(pjrt_host_allocator_allocate(f->client, 8, 24, &memory), bad,
               "alignment is 24, expected a power of two");
  expect_error(pjrt_host_allocator_allocate(f->client, 8, 0, &memory), bad,
               "alignment is 0");
  expect_error(pjrt_host_allocator_allocate(NULL, 8, 8, &memory), bad,
               "client is NULL");
}

/* ---- what plugins lack, and answer --------------------------------------- */

static pjrt_error *allocate(const fixture *f) {
  pjrt_host_memory *memory;
  pjrt_error *error = pjrt_host_memory_allocate(f->client, 8, 0, &memory);
  assert_true((error == NULL) == (memory != NULL));
  pjrt_host_memory_free(memory);
  return error;
}

static pjrt_error *allocate_aligned(const fixture *f) {
  pjrt_host_memory *memory;
  pjrt_error *error =
      pjrt_host_allocator_allocate(f->client, 8, ALIGNMENT, &memory);
  assert_true((error == NULL) == (memory != NULL));
  pjrt_host_memory_free(memory);
  return error;
}

static void test_older_plugins(void **state) {
  (void)state;
  expect_error(ext_ask_minor(103, allocate), PJRT_UNIMPLEMENTED,
               "the plugin has no extension HostMemoryAllocator, which API "
               "0.104 brought");
  expect_ok(ext_ask_minor(104, allocate));
  expect_error(ext_ask_minor(79, allocate_aligned), PJRT_UNIMPLEMENTED,
               "the plugin has no extension HostAllocator, which API 0.80 "
               "brought");
  expect_ok(ext_ask_minor(80, allocate_aligned));
}

static void test_faults(void **state) {
  const fixture *f = *state;
  size_t alignment;
  sim_fail("PJRT_HostMemoryAllocator_Allocate", 1, PJRT_Error_Code_UNAVAILABLE);
  expect_error(allocate(f), PJRT_UNAVAILABLE, "");
  sim_fail("PJRT_HostAllocator_Allocate", 1, PJRT_Error_Code_UNAVAILABLE);
  expect_error(allocate_aligned(f), PJRT_UNAVAILABLE, "");
  sim_fail("PJRT_HostAllocator_GetPreferredAlignment", 1,
           PJRT_Error_Code_UNAVAILABLE);
  expect_error(pjrt_host_allocator_preferred_alignment(f->client, &alignment),
               PJRT_UNAVAILABLE, "");
  sim_configure_default();
}

static PJRT_Error *no_memory(PJRT_HostMemoryAllocator_Allocate_Args *args) {
  (void)args;
  return NULL;
}

/* Memory that is never freed is the plugin's choice. */
static PJRT_Error *no_deleter(PJRT_HostMemoryAllocator_Allocate_Args *args) {
  static uint8_t memory[8];
  args->ptr = memory;
  return NULL;
}

static PJRT_Error *crooked(PJRT_HostAllocator_Allocate_Args *args) {
  static _Alignas(ALIGNMENT) char memory[16];
  args->ptr = memory + 8;
  return NULL;
}

static int num_freed;

static PJRT_Error *count_free(PJRT_HostAllocator_Free_Args *args) {
  (void)args;
  num_freed++;
  return NULL;
}

static PJRT_Error *odd_alignment(
    PJRT_HostAllocator_GetPreferredAlignment_Args *args) {
  args->preferred_alignment = 48;
  return NULL;
}

static void test_odd_plugins(void **state) {
  static PJRT_HostMemoryAllocator_Extension newer;
  static PJRT_HostAllocator_Extension older;
  const fixture *f = *state;
  size_t alignment;
  EXT_TAKE_NODE(f, HostMemoryAllocator, &newer);
  EXT_TAKE_NODE(f, HostAllocator, &older);
  newer.allocate = no_memory;
  expect_error(allocate(f), PJRT_INTERNAL, "gives no memory");
  newer.allocate = no_deleter;
  expect_ok(allocate(f));
  newer.allocate = NULL;
  expect_error(allocate(f), PJRT_UNIMPLEMENTED,
               "has no PJRT_HostMemoryAllocator_Allocate");
  older.allocate = crooked;
  older.free = count_free;
  expect_error(allocate_aligned(f), PJRT_INTERNAL, "not aligned to 4096 bytes");
  assert_int_equal(num_freed, 1);
  older.allocate = NULL;
  expect_error(allocate_aligned(f), PJRT_UNIMPLEMENTED,
               "has no PJRT_HostAllocator_Allocate");
  older.get_preferred_alignment = odd_alignment;
  expect_error(pjrt_host_allocator_preferred_alignment(f->client, &alignment),
               PJRT_INTERNAL, "an alignment of 48");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_memory),
      sim_test(test_aligned_memory),
      sim_test(test_outlives_its_client),
      sim_test(test_freed_in_a_callback),
      sim_test(test_refused),
      cmocka_unit_test(test_older_plugins),
      sim_test(test_faults),
      sim_test(test_odd_plugins),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
