/* Mappings: in place where the memory is the host's, a copy elsewhere. */
#include <pthread.h>

#include "sim_fixture.h"

static void expect_view(pjrt_buffer *buffer, bool in_place) {
  const float expected[] = {1, 2, 3, 4};
  const void *data;
  size_t size;
  assert_false(pjrt_buffer_is_mapped_in_place(buffer));
  expect_ok(pjrt_buffer_map(buffer, &data, &size));
  assert_int_equal(size, sizeof expected);
  assert_memory_equal(data, expected, sizeof expected);
  assert_int_equal(pjrt_buffer_is_mapped_in_place(buffer), in_place);
  expect_ok(pjrt_buffer_unmap(buffer));
  assert_false(pjrt_buffer_is_mapped_in_place(buffer));
}

static void test_in_place(void **state) {
  const fixture *f = *state;
  pjrt_buffer *buffer = upload_f32(f->device);
  expect_view(buffer, true);
  expect_view(buffer, true);
  assert_int_equal(sim.num_calls("PJRT_Buffer_ToHostBuffer"), 0);
  pjrt_buffer_free(buffer);
}

static void test_copy(void **state) {
  pjrt_sim_options options;
  (void)state;
  sim_path();
  sim.options_init(&options);
  options.not_on_cpu = true;
  fixture *f = fixture_create(&options);
  pjrt_buffer *buffer = upload_f32(f->device);
  expect_view(buffer, false);
  assert_int_equal(sim.num_calls("PJRT_Buffer_ToHostBuffer"), 1);
  pjrt_buffer_free(buffer);
  fixture_drop(f);
  test_free(f);
  expect_nothing_alive();
}

/* Sub-byte types have one element per byte in host form, whose other bits are
 * nobody's. */
static void test_sub_byte_types_are_copied(void **state) {
  const fixture *f = *state;
  const int8_t fours[] = {-8, 7, 1}, expected[] = {8, 7, 1};
  pjrt_buffer *buffer;
  const void *data;
  size_t size;
  expect_ok(pjrt_buffer_from_host(f->device, PJRT_S4, (const int64_t[]){3}, 1,
                                  fours, sizeof fours, &buffer));
  expect_ok(pjrt_buffer_map(buffer, &data, &size));
  assert_int_equal(size, 3);
  assert_memory_equal(data, expected, sizeof expected);
  assert_false(pjrt_buffer_is_mapped_in_place(buffer));
  expect_ok(pjrt_buffer_unmap(buffer));
  pjrt_buffer_free(buffer);
}

static void test_empty(void **state) {
  const fixture *f = *state;
  pjrt_buffer *buffer;
  const void *data;
  size_t size = 5;
  expect_ok(pjrt_buffer_from_host(f->device, PJRT_F32, (const int64_t[]){0}, 1,
                                  NULL, 0, &buffer));
  expect_ok(pjrt_buffer_map(buffer, &data, &size));
  assert_non_null(data);
  assert_int_equal(size, 0);
  expect_ok(pjrt_buffer_unmap(buffer));
  pjrt_buffer_free(buffer);
}

/* ---- nesting and ending -------------------------------------------------- */

static void test_nesting(void **state) {
  const fixture *f = *state;
  pjrt_buffer *buffer = upload_f32(f->device);
  const void *first, *second;
  expect_error(pjrt_buffer_unmap(buffer), PJRT_FAILED_PRECONDITION,
               "not mapped");
  expect_ok(pjrt_buffer_map(buffer, &first, NULL));
  expect_ok(pjrt_buffer_map(buffer, &second, NULL));
  assert_ptr_equal(first, second);
  expect_ok(pjrt_buffer_unmap(buffer));
  assert_true(pjrt_buffer_is_mapped_in_place(buffer));
  expect_error(pjrt_buffer_delete(buffer), PJRT_FAILED_PRECONDITION,
               "f32[4] is mapped");
  expect_ok(pjrt_buffer_unmap(buffer));
  expect_error(pjrt_buffer_unmap(buffer), PJRT_FAILED_PRECONDITION,
               "not mapped");
  expect_ok(pjrt_buffer_delete(buffer));
  pjrt_buffer_free(buffer);
}

/* The handle may go first: the mapping keeps the memory. */
static void test_freed_while_mapped(void **state) {
  const fixture *f = *state;
  pjrt_buffer *buffer = upload_f32(f->device);
  const void *data;
  expect_ok(pjrt_buffer_map(buffer, &data, NULL));
  pjrt_buffer_free(buffer);
  assert_int_equal(sim.num_calls("PJRT_Buffer_Destroy"), 0);
  assert_true(((const float *)data)[3] == 4);
  expect_ok(pjrt_buffer_unmap(buffer));
  assert_int_equal(sim.num_calls("PJRT_Buffer_Destroy"), 1);
}

/* Failures leave the buffer as it was. */
static void test_failed_mapping(void **state) {
  const fixture *f = *state;
  pjrt_buffer *buffer = upload_f32(f->device);
  const void *data = buffer;
  sim_fail("PJRT_Buffer_OpaqueDeviceMemoryDataPointer", 1,
           PJRT_Error_Code_DATA_LOSS);
  expect_error(pjrt_buffer_map(buffer, &data, NULL), PJRT_DATA_LOSS, "fault");
  assert_null(data);
  expect_error(pjrt_buffer_unmap(buffer), PJRT_FAILED_PRECONDITION, "not map");
  expect_view(buffer, true);
  expect_ok(pjrt_buffer_delete(buffer));
  pjrt_buffer_free(buffer);
}

/* ---- threads ------------------------------------------------------------- */

enum { NUM_THREADS = 8, NUM_ROUNDS = 200 };

static void *map_and_unmap(void *buffer) {
  for (int i = 0; i < NUM_ROUNDS; i++) {
    const void *data;
    pjrt_error *error = pjrt_buffer_map(buffer, &data, NULL);
    bool wrong = error || ((const float *)data)[3] != 4;
    if (!error) error = pjrt_buffer_unmap(buffer);
    wrong = wrong || error;
    pjrt_error_free(error);
    if (wrong) return buffer;
  }
  return NULL;
}

static void test_many_threads_map(void **state) {
  const fixture *f = *state;
  pjrt_buffer *buffer = upload_f32(f->device);
  pthread_t threads[NUM_THREADS];
  void *failure;
  for (size_t i = 0; i < NUM_THREADS; i++) {
    pthread_create(&threads[i], NULL, map_and_unmap, buffer);
  }
  for (size_t i = 0; i < NUM_THREADS; i++) {
    pthread_join(threads[i], &failure);
    assert_null(failure);
  }
  assert_false(pjrt_buffer_is_mapped_in_place(buffer));
  pjrt_buffer_free(buffer);
}

static void *unmap(void *buffer) { return pjrt_buffer_unmap(buffer); }

/* One thread drops the handle while others end the mappings. */
static void test_freed_while_others_unmap(void **state) {
  const fixture *f = *state;
  for (int round = 0; round < NUM_ROUNDS; round++) {
    pjrt_buffer *buffer = upload_f32(f->device);
    pthread_t threads[2];
    void *error;
    const void *data;
    for (size_t i = 0; i < 2; i++)
      expect_ok(pjrt_buffer_map(buffer, &data, NULL));
    for (size_t i = 0; i < 2; i++)
      pthread_create(&threads[i], NULL, unmap, buffer);
    pjrt_buffer_free(buffer);
    for (size_t i = 0; i < 2; i++) {
      pthread_join(threads[i], &error);
      expect_ok(error);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_in_place),
      cmocka_unit_test(test_copy),
      sim_test(test_sub_byte_types_are_copied),
      sim_test(test_empty),
      sim_test(test_nesting),
      sim_test(test_freed_while_mapped),
      sim_test(test_failed_mapping),
      sim_test(test_many_threads_map),
      sim_test(test_freed_while_others_unmap),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
