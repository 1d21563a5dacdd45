/* Copies between devices and memories, and of raw bytes to the host. */
#include "abi/plugin.h"
#include "sim_fixture.h"

static const float floats[] = {1, 2, 3, 4, 5, 6};
static const int64_t two_by_three[] = {2, 3};

static pjrt_buffer *upload_matrix(pjrt_device *device) {
  pjrt_buffer *buffer;
  expect_ok(pjrt_buffer_from_host(device, PJRT_F32, two_by_three, 2, floats,
                                  sizeof floats, &buffer));
  return buffer;
}

static void expect_matrix(pjrt_buffer *buffer) {
  float read[6] = {0};
  size_t num_dims;
  assert_memory_equal(pjrt_buffer_dims(buffer, &num_dims), two_by_three,
                      sizeof two_by_three);
  assert_int_equal(num_dims, 2);
  expect_ok(pjrt_buffer_to_host(buffer, read, sizeof read));
  assert_memory_equal(read, floats, sizeof read);
}

/* ---- between devices and memories ---------------------------------------- */

static void test_to_every_device(void **state) {
  const fixture *f = *state;
  pjrt_buffer *buffer = upload_matrix(f->device);
  for (size_t i = 0; i < pjrt_client_num_devices(f->client); i++) {
    pjrt_device *device = pjrt_client_device(f->client, i);
    pjrt_buffer *copy;
    expect_ok(pjrt_buffer_copy_to_device(buffer, device, &copy));
    assert_ptr_equal(pjrt_buffer_device(copy), device);
    expect_matrix(copy);
    pjrt_buffer_free(copy);
    expect_ok(pjrt_buffer_copy_to_device_async(buffer, device, &copy));
    expect_matrix(copy);
    pjrt_buffer_free(copy);
  }
  pjrt_buffer_free(buffer);
}

static void test_to_every_memory(void **state) {
  const fixture *f = *state;
  pjrt_buffer *buffer = upload_matrix(f->device);
  for (size_t i = 0; i < pjrt_client_num_memories(f->client); i++) {
    pjrt_memory *memory = pjrt_client_memory(f->client, i), *found;
    pjrt_buffer *copy;
    expect_ok(pjrt_buffer_copy_to_memory(buffer, memory, &copy));
    expect_ok(pjrt_buffer_memory(copy, &found));
    assert_ptr_equal(found, memory);
    assert_ptr_equal(pjrt_buffer_device(copy), pjrt_memory_device(memory, 0));
    expect_matrix(copy);
    pjrt_buffer_free(copy);
    expect_ok(pjrt_buffer_copy_to_memory_async(buffer, memory, &copy));
    expect_matrix(copy);
    pjrt_buffer_free(copy);
  }
  pjrt_buffer_free(buffer);
}

/* Where a memory does not tell its devices the plugin is asked for the
 * buffer's. */
static void test_memory_without_devices(void **state) {
  const char *const missing[] = {"PJRT_Memory_AddressableByDevices"};
  pjrt_sim_options options;
  pjrt_buffer *copy;
  (void)state;
  sim_path();
  sim.options_init(&options);
  options.null_functions = missing;
  options.num_null_functions = 1;
  fixture *f = fixture_create(&options);
  pjrt_buffer *buffer = upload_matrix(f->device);
  pjrt_device *last = pjrt_client_device(f->client, 3);
  expect_ok(pjrt_buffer_copy_to_memory(buffer, pjrt_device_default_memory(last),
                                       &copy));
  assert_ptr_equal(pjrt_buffer_device(copy), last);
  expect_matrix(copy);
  pjrt_buffer_free(copy);
  sim_fail("PJRT_Buffer_Device", 0, PJRT_Error_Code_INTERNAL);
  expect_error(pjrt_buffer_copy_to_memory(
                   buffer, pjrt_device_default_memory(last), &copy),
               PJRT_INTERNAL, "");
  assert_null(copy);
  pjrt_buffer_free(buffer);
  fixture_drop(f);
  test_free(f);
  expect_nothing_alive();
}

static void expect_no_copy(pjrt_buffer *buffer, pjrt_device *device,
                           pjrt_code code, const char *part) {
  pjrt_buffer *copy = buffer;
  const size_t before = sim.num_calls("PJRT_Buffer_CopyToDevice");
  expect_error(pjrt_buffer_copy_to_device(buffer, device, &copy), code, part);
  assert_null(copy);
  assert_int_equal(sim.num_calls("PJRT_Buffer_CopyToDevice"), before);
}

static void expect_no_copy_in(pjrt_buffer *buffer, pjrt_memory *memory,
                              pjrt_code code, const char *part) {
  pjrt_buffer *copy = buffer;
  const size_t before = sim.num_calls("PJRT_Buffer_CopyToMemory");
  expect_error(pjrt_buffer_copy_to_memory(buffer, memory, &copy), code, part);
  assert_null(copy);
  assert_int_equal(sim.num_calls("PJRT_Buffer_CopyToMemory"), before);
}

static void test_refused(void **state) {
  const fixture *f = *state;
  pjrt_client *other;
  expect_ok(pjrt_client_create(f->plugin, NULL, &other));
  pjrt_buffer *buffer = upload_matrix(f->device);
  pjrt_memory *memory = pjrt_device_default_memory(f->device);
  expect_no_copy(NULL, f->device, PJRT_INVALID_ARGUMENT, "buffer is NULL");
  expect_no_copy(buffer, NULL, PJRT_INVALID_ARGUMENT, "device is NULL");
  expect_no_copy(buffer, pjrt_client_device(other, 0), PJRT_INVALID_ARGUMENT,
                 "another client");
  expect_no_copy_in(NULL, memory, PJRT_INVALID_ARGUMENT, "buffer is NULL");
  expect_no_copy_in(buffer, NULL, PJRT_INVALID_ARGUMENT, "memory is NULL");
  expect_no_copy_in(buffer, pjrt_client_memory(other, 0), PJRT_INVALID_ARGUMENT,
                    "another client");
  expect_ok(pjrt_buffer_delete(buffer));
  expect_no_copy(buffer, f->device, PJRT_FAILED_PRECONDITION, "was deleted");
  expect_no_copy_in(buffer, memory, PJRT_FAILED_PRECONDITION, "was deleted");
  pjrt_buffer_free(buffer);
  pjrt_client_free(other);
}

static void test_device_of_another_process(void **state) {
  pjrt_sim_options options;
  (void)state;
  sim_path();
  sim.options_init(&options);
  options.num_remote_devices = 1;
  fixture *f = fixture_create(&options);
  pjrt_buffer *buffer = upload_matrix(f->device);
  const size_t last = pjrt_client_num_devices(f->client) - 1;
  expect_no_copy(buffer, pjrt_client_device(f->client, last),
                 PJRT_INVALID_ARGUMENT, "not to this one");
  pjrt_buffer_free(buffer);
  fixture_drop(f);
  test_free(f);
  expect_nothing_alive();
}

/* The waiting form tells it, the other one's buffer. */
static void test_copy_fails_later(void **state) {
  const fixture *f = *state;
  pjrt_buffer *copy;
  pjrt_buffer *buffer = upload_matrix(f->device);
  sim_fail_later("PJRT_Buffer_CopyToDevice", PJRT_Error_Code_DATA_LOSS);
  expect_error(pjrt_buffer_copy_to_device(buffer, f->device, &copy),
               PJRT_DATA_LOSS, "");
  assert_null(copy);
  expect_ok(pjrt_buffer_copy_to_device_async(buffer, f->device, &copy));
  expect_error(pjrt_buffer_await(copy), PJRT_DATA_LOSS, "");
  pjrt_buffer_free(copy);
  pjrt_buffer_free(buffer);
}

/* ---- raw bytes to the host ----------------------------------------------- */

static void test_raw(void **state) {
  const fixture *f = *state;
  float read[2] = {0};
  pjrt_event *done;
  pjrt_buffer *buffer = upload_matrix(f->device);
  expect_ok(pjrt_buffer_copy_raw_to_host(buffer, 8, read, sizeof read));
  assert_memory_equal(read, floats + 2, sizeof read);
  expect_ok(
      pjrt_buffer_copy_raw_to_host_async(buffer, 16, read, sizeof read, &done));
  expect_ok(pjrt_event_await(done));
  assert_memory_equal(read, floats + 4, sizeof read);
  pjrt_event_free(done);
  expect_ok(pjrt_buffer_copy_raw_to_host(buffer, 24, NULL, 0));
  pjrt_buffer_free(buffer);
}

/* Ends of ranges, and what would overflow. */
static void test_raw_range(void **state) {
  const fixture *f = *state;
  static const size_t wrong[][2] = {{0, 25},       {24, 1},
                                    {25, 0},       {SIZE_MAX, 1},
                                    {8, SIZE_MAX}, {SIZE_MAX, SIZE_MAX}};
  char read[32];
  pjrt_buffer *buffer = upload_matrix(f->device);
  sim_configure_default();
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    pjrt_event *done = (pjrt_event *)buffer;
    pjrt_raw_copy *copy = (pjrt_raw_copy *)buffer;
    expect_error(
        pjrt_buffer_copy_raw_to_host(buffer, wrong[i][0], read, wrong[i][1]),
        PJRT_OUT_OF_RANGE, "where the buffer has 24");
    expect_error(pjrt_buffer_copy_raw_to_host_async(buffer, wrong[i][0], read,
                                                    wrong[i][1], &done),
                 PJRT_OUT_OF_RANGE, "where the buffer has 24");
    assert_null(done);
    done = (pjrt_event *)buffer;
    expect_error(pjrt_buffer_copy_raw_to_host_future(buffer, wrong[i][0],
                                                     wrong[i][1], &copy, &done),
                 PJRT_OUT_OF_RANGE, "where the buffer has 24");
    assert_null(copy);
    assert_null(done);
  }
  expect_error(pjrt_buffer_copy_raw_to_host(buffer, 0, NULL, 1),
               PJRT_INVALID_ARGUMENT, "dst is NULL");
  expect_error(pjrt_buffer_copy_raw_to_host(NULL, 0, read, 1),
               PJRT_INVALID_ARGUMENT, "buffer is NULL");
  assert_int_equal(sim.num_calls("PJRT_Buffer_CopyRawToHost"), 0);
  assert_int_equal(sim.num_calls("PJRT_Buffer_CopyRawToHostFuture"), 0);
  pjrt_buffer_free(buffer);
}

static void test_raw_fails_later(void **state) {
  const fixture *f = *state;
  float read[6];
  pjrt_buffer *buffer = upload_matrix(f->device);
  sim_fail_later("PJRT_Buffer_CopyRawToHost", PJRT_Error_Code_ABORTED);
  expect_error(pjrt_buffer_copy_raw_to_host(buffer, 0, read, sizeof read),
               PJRT_ABORTED, "");
  pjrt_buffer_free(buffer);
}

/* ---- a destination that comes later -------------------------------------- */

typedef struct future {
  pjrt_raw_copy *copy;
  pjrt_event *done;
} future;

static future announce(pjrt_buffer *buffer, size_t offset, size_t size) {
  future given;
  bool ready;
  expect_ok(pjrt_buffer_copy_raw_to_host_future(buffer, offset, size,
                                                &given.copy, &given.done));
  expect_ok(pjrt_event_is_ready(given.done, &ready));
  assert_false(ready);
  return given;
}

static void drop(future *given) {
  pjrt_raw_copy_free(given->copy);
  pjrt_event_free(given->done);
}

static void test_future_started(void **state) {
  const fixture *f = *state;
  float read[3] = {0};
  pjrt_buffer *buffer = upload_matrix(f->device);
  future given = announce(buffer, 4, sizeof read);
  expect_error(pjrt_raw_copy_start(given.copy, NULL), PJRT_INVALID_ARGUMENT,
               "dst is NULL for 12 bytes");
  expect_ok(pjrt_raw_copy_start(given.copy, read));
  expect_ok(pjrt_event_await(given.done));
  assert_memory_equal(read, floats + 1, sizeof read);
  /* Once only, and the plugin sees no second. */
  pjrt_error *error = pjrt_error_create(PJRT_ABORTED, "no", 2);
  expect_error(pjrt_raw_copy_start(given.copy, read), PJRT_FAILED_PRECONDITION,
               "before");
  expect_error(pjrt_raw_copy_fail(given.copy, error), PJRT_FAILED_PRECONDITION,
               "before");
  pjrt_error_free(error);
  drop(&given);
  pjrt_buffer_free(buffer);
}

static void test_future_failed(void **state) {
  const fixture *f = *state;
  static const char why[] = "the file is full";
  float read[6];
  pjrt_buffer *buffer = upload_matrix(f->device);
  future given = announce(buffer, 0, sizeof read);
  pjrt_error *error =
      pjrt_error_create(PJRT_RESOURCE_EXHAUSTED, why, sizeof why - 1);
  expect_error(pjrt_raw_copy_fail(given.copy, NULL), PJRT_INVALID_ARGUMENT,
               "error is NULL");
  pjrt_error *odd = pjrt_error_create((pjrt_code)99, "odd", 3);
  expect_error(pjrt_raw_copy_fail(given.copy, odd), PJRT_INVALID_ARGUMENT,
               "the error has code 99");
  pjrt_error_free(odd);
  expect_ok(pjrt_raw_copy_fail(given.copy, error));
  expect_error(pjrt_event_await(given.done), PJRT_RESOURCE_EXHAUSTED, why);
  expect_error(pjrt_raw_copy_start(given.copy, read), PJRT_FAILED_PRECONDITION,
               "before");
  pjrt_error_free(error);
  drop(&given);
  pjrt_buffer_free(buffer);
}

/* Nobody waits for ever for a copy that was forgotten. */
static void test_future_dropped(void **state) {
  const fixture *f = *state;
  pjrt_buffer *buffer = upload_matrix(f->device);
  future given = announce(buffer, 0, 4);
  pjrt_raw_copy_free(given.copy);
  expect_error(pjrt_event_await(given.done), PJRT_CANCELLED, "dropped");
  pjrt_event_free(given.done);
  pjrt_buffer_free(buffer);
  pjrt_raw_copy_free(NULL);
  expect_error(pjrt_raw_copy_start(NULL, NULL), PJRT_INVALID_ARGUMENT,
               "copy is NULL");
}

/* The handle keeps its client, and needs neither buffer nor event. */
static void test_future_outlives_all(void **state) {
  fixture *f = *state;
  float read[6] = {0};
  pjrt_buffer *buffer = upload_matrix(f->device);
  future given = announce(buffer, 0, sizeof read);
  pjrt_buffer_free(buffer);
  pjrt_event_free(given.done);
  fixture_drop(f);
  expect_ok(pjrt_raw_copy_start(given.copy, read));
  assert_memory_equal(read, floats, sizeof read);
  pjrt_raw_copy_free(given.copy);
}

/* Freed on a plugin's thread, the handle ends on the library's. */
static void free_copy(const pjrt_error *error, void *copy) {
  (void)error;
  pjrt_raw_copy_free(copy);
}

static void test_future_dropped_in_a_callback(void **state) {
  const fixture *f = *state;
  pjrt_event *held;
  float read[6];
  pjrt_buffer *buffer = upload_matrix(f->device);
  sim_hold("PJRT_Buffer_CopyRawToHost", PJRT_Error_Code_OK);
  future given = announce(buffer, 0, 4);
  expect_ok(
      pjrt_buffer_copy_raw_to_host_async(buffer, 0, read, sizeof read, &held));
  expect_ok(pjrt_event_on_ready(held, free_copy, given.copy));
  sim.release_events();
  expect_error(pjrt_event_await(given.done), PJRT_CANCELLED, "dropped");
  pjrt_event_free(given.done);
  pjrt_event_free(held);
  pjrt_buffer_free(buffer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_to_every_device),
      sim_test(test_to_every_memory),
      cmocka_unit_test(test_memory_without_devices),
      sim_test(test_refused),
      cmocka_unit_test(test_device_of_another_process),
      sim_test(test_copy_fails_later),
      sim_test(test_raw),
      sim_test(test_raw_range),
      sim_test(test_raw_fails_later),
      sim_test(test_future_started),
      sim_test(test_future_failed),
      sim_test(test_future_dropped),
      sim_test(test_future_outlives_all),
      sim_test(test_future_dropped_in_a_callback),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
