/* Copies between devices and memories, and of raw bytes to the host. */
#include "real/fixture.h"

static const float floats[] = {1, 2, 3, 4, 5, 6};
static const int64_t two_by_three[] = {2, 3};

enum { FUTURE_SINCE = 84 };

static pjrt_buffer *upload_matrix(fixture *f) {
  return upload(f->device, PJRT_F32, two_by_three, 2, floats);
}

static void assert_matrix(pjrt_buffer *buffer) {
  assert_f32(buffer, 6, 1, 2, 3, 4, 5, 6);
}

static void a_buffer_goes_to_every_device(void **state) {
  fixture *f = *state;
  pjrt_buffer *buffer = upload_matrix(f);
  assert_true(pjrt_client_num_devices(f->client) > 1);
  for (size_t i = 0; i < pjrt_client_num_devices(f->client); i++) {
    pjrt_buffer *copy;
    pjrt_device *device = pjrt_client_device(f->client, i);
    assert_ok(pjrt_buffer_copy_to_device(buffer, device, &copy));
    assert_ptr_equal(pjrt_buffer_device(copy), device);
    assert_matrix(copy);
    pjrt_buffer_free(copy);
  }
  assert_matrix(buffer);
  pjrt_buffer_free(buffer);
}

/* A copy, not another name for the same memory. */
static void a_copy_outlives_what_it_was_made_of(void **state) {
  fixture *f = *state;
  pjrt_buffer *copy;
  pjrt_buffer *buffer = upload_matrix(f);
  assert_ok(pjrt_buffer_copy_to_device_async(buffer, f->device, &copy));
  assert_ok(pjrt_buffer_delete(buffer));
  assert_matrix(copy);
  pjrt_buffer_free(copy);
  pjrt_buffer_free(buffer);
}

static void a_buffer_goes_to_every_memory(void **state) {
  fixture *f = *state;
  pjrt_buffer *buffer = upload_matrix(f);
  assert_true(pjrt_client_num_memories(f->client) > 1);
  for (size_t i = 0; i < pjrt_client_num_memories(f->client); i++) {
    pjrt_buffer *copy;
    pjrt_memory *found, *memory = pjrt_client_memory(f->client, i);
    assert_ok(pjrt_buffer_copy_to_memory(buffer, memory, &copy));
    assert_ok(pjrt_buffer_memory(copy, &found));
    assert_ptr_equal(found, memory);
    assert_matrix(copy);
    pjrt_buffer_free(copy);
  }
  pjrt_buffer_free(buffer);
}

/* Plugins crash or take them. */
static void foreign_devices_are_refused(void **state) {
  fixture *f = *state;
  pjrt_client *other;
  pjrt_buffer *copy;
  pjrt_buffer *buffer = upload_matrix(f);
  assert_ok(pjrt_client_create(f->plugin, NULL, &other));
  assert_refused(
      pjrt_buffer_copy_to_device(buffer, pjrt_client_device(other, 0), &copy),
      PJRT_INVALID_ARGUMENT, "another client");
  assert_refused(
      pjrt_buffer_copy_to_memory(buffer, pjrt_client_memory(other, 0), &copy),
      PJRT_INVALID_ARGUMENT, "another client");
  assert_ok(pjrt_buffer_delete(buffer));
  assert_refused(pjrt_buffer_copy_to_device(buffer, f->device, &copy),
                 PJRT_FAILED_PRECONDITION, "was deleted");
  pjrt_client_free(other);
  pjrt_buffer_free(buffer);
}

/* ---- raw bytes ----------------------------------------------------------- */

static void raw_bytes_come_from_any_offset(void **state) {
  fixture *f = *state;
  float read[2] = {0};
  pjrt_event *done;
  pjrt_buffer *buffer = upload_matrix(f);
  assert_ok(pjrt_buffer_copy_raw_to_host(buffer, 8, read, sizeof read));
  assert_memory_equal(read, floats + 2, sizeof read);
  assert_ok(
      pjrt_buffer_copy_raw_to_host_async(buffer, 16, read, sizeof read, &done));
  assert_ok(pjrt_event_await(done));
  assert_memory_equal(read, floats + 4, sizeof read);
  pjrt_event_free(done);
  pjrt_buffer_free(buffer);
}

/* Two elements in a byte, the first in its low half. */
static void raw_bytes_are_the_device_form(void **state) {
  fixture *f = *state;
  const unsigned char values[] = {1, 2, 3, 4, 5};
  const int64_t dims[] = {5};
  unsigned char read[3] = {0};
  pjrt_buffer *buffer = upload(f->device, PJRT_S4, dims, 1, values);
  assert_ok(pjrt_buffer_copy_raw_to_host(buffer, 0, read, sizeof read));
  const int first = read[0] & 15, second = read[0] >> 4;
  assert_true((first == 1 && second == 2) || (first == 2 && second == 1));
  pjrt_buffer_free(buffer);
}

static void raw_ranges_are_checked(void **state) {
  fixture *f = *state;
  char read[32];
  pjrt_event *done;
  pjrt_buffer *buffer = upload_matrix(f);
  assert_refused(pjrt_buffer_copy_raw_to_host(buffer, 1, read, 24),
                 PJRT_OUT_OF_RANGE, "where the buffer has 24");
  assert_refused(
      pjrt_buffer_copy_raw_to_host_async(buffer, SIZE_MAX, read, 2, &done),
      PJRT_OUT_OF_RANGE, "where the buffer has 24");
  assert_refused(pjrt_buffer_copy_raw_to_host(buffer, 0, NULL, 24),
                 PJRT_INVALID_ARGUMENT, "dst is NULL");
  pjrt_buffer_free(buffer);
}

/* ---- a destination that comes later -------------------------------------- */

static void a_destination_may_come_later(void **state) {
  fixture *f = *state;
  float read[3] = {0};
  pjrt_event *done;
  pjrt_raw_copy *copy;
  bool ready;
  pjrt_buffer *buffer = upload_matrix(f);
  if (f->minor < FUTURE_SINCE) {
    assert_code(
        pjrt_buffer_copy_raw_to_host_future(buffer, 4, 12, &copy, &done),
        PJRT_UNIMPLEMENTED, "PJRT_Buffer_CopyRawToHostFuture");
    pjrt_buffer_free(buffer);
    return;
  }
  assert_ok(pjrt_buffer_copy_raw_to_host_future(buffer, 4, sizeof read, &copy,
                                                &done));
  assert_ok(pjrt_event_is_ready(done, &ready));
  assert_false(ready);
  assert_ok(pjrt_raw_copy_start(copy, read));
  assert_ok(pjrt_event_await(done));
  assert_memory_equal(read, floats + 1, sizeof read);
  assert_refused(pjrt_raw_copy_start(copy, read), PJRT_FAILED_PRECONDITION,
                 "before");
  pjrt_raw_copy_free(copy);
  pjrt_event_free(done);
  pjrt_buffer_free(buffer);
}

static void a_destination_may_never_come(void **state) {
  fixture *f = *state;
  pjrt_event *done;
  pjrt_raw_copy *copy;
  if (f->minor < FUTURE_SINCE) skip_because("API 0.84 brought it");
  pjrt_buffer *buffer = upload_matrix(f);
  assert_ok(pjrt_buffer_copy_raw_to_host_future(buffer, 0, 24, &copy, &done));
  pjrt_error *error = pjrt_error_create(PJRT_ABORTED, "no disk", 7);
  assert_ok(pjrt_raw_copy_fail(copy, error));
  pjrt_error_free(error);
  assert_code(pjrt_event_await(done), PJRT_ABORTED, "no disk");
  pjrt_raw_copy_free(copy);
  pjrt_event_free(done);
  /* Dropped with the buffer: the event ends all the same. */
  assert_ok(pjrt_buffer_copy_raw_to_host_future(buffer, 0, 24, &copy, &done));
  pjrt_buffer_free(buffer);
  pjrt_raw_copy_free(copy);
  assert_code(pjrt_event_await(done), PJRT_CANCELLED, "dropped");
  pjrt_event_free(done);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_buffer_goes_to_every_device),
      cmocka_unit_test(a_copy_outlives_what_it_was_made_of),
      cmocka_unit_test(a_buffer_goes_to_every_memory),
      cmocka_unit_test(foreign_devices_are_refused),
      cmocka_unit_test(raw_bytes_come_from_any_offset),
      cmocka_unit_test(raw_bytes_are_the_device_form),
      cmocka_unit_test(raw_ranges_are_checked),
      cmocka_unit_test(a_destination_may_come_later),
      cmocka_unit_test(a_destination_may_never_come),
  };
  return RUN_REAL_TESTS(tests);
}
