/* The RawBuffer extension, and the device events behind it. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "ext_node.h"
#include "pjrt/ext/raw_buffer.h"

static const float other[] = {7, 8};

static pjrt_raw_buffer *alias(pjrt_buffer *buffer) {
  pjrt_raw_buffer *raw;
  expect_ok(pjrt_raw_buffer_create_alias(buffer, &raw));
  return raw;
}

/* The end of an event that must be there. */
static pjrt_error *finish(pjrt_event *event) {
  pjrt_error *error = pjrt_event_await(event);
  pjrt_event_free(event);
  return error;
}

static void copy_in(pjrt_raw_buffer *raw, size_t offset, const void *src,
                    size_t size) {
  pjrt_event *done;
  expect_ok(
      pjrt_raw_buffer_copy_from_host_async(raw, offset, src, size, &done));
  expect_ok(finish(done));
}

static void copy_out(pjrt_raw_buffer *raw, size_t offset, void *dst,
                     size_t size) {
  pjrt_event *done;
  expect_ok(pjrt_raw_buffer_copy_to_host_async(raw, offset, dst, size, &done));
  expect_ok(finish(done));
}

/* ---- what it does -------------------------------------------------------- */

static void test_facts(void **state) {
  const fixture *f = *state;
  pjrt_memory *memory;
  void *host, *device;
  bool is_mutable;
  pjrt_buffer *buffer = upload_f32(f->device);
  pjrt_raw_buffer *raw = alias(buffer);
  assert_int_equal(pjrt_raw_buffer_size(raw), 16);
  expect_ok(pjrt_raw_buffer_memory(raw, &memory));
  assert_ptr_equal(memory, pjrt_device_default_memory(f->device));
  expect_ok(pjrt_raw_buffer_host_pointer(raw, &host));
  assert_true(*(const float *)host == 1);
  expect_ok(pjrt_raw_buffer_device_pointer(raw, &device));
  assert_non_null(device);
  expect_ok(pjrt_raw_buffer_is_mutable(raw, &is_mutable));
  assert_true(is_mutable);
  pjrt_raw_buffer_free(raw);
  pjrt_buffer_free(buffer);
  pjrt_raw_buffer_free(NULL);
}

static void test_copies(void **state) {
  const fixture *f = *state;
  float read[4] = {0};
  pjrt_buffer *buffer = upload_f32(f->device);
  pjrt_raw_buffer *raw = alias(buffer);
  copy_in(raw, 4, other, sizeof other);
  copy_in(raw, 16, NULL, 0);
  copy_out(raw, 0, read, sizeof read);
  assert_true(read[0] == 1 && read[1] == 7 && read[2] == 8 && read[3] == 4);
  memset(read, 0, sizeof read);
  expect_ok(pjrt_buffer_to_host(buffer, read, sizeof read));
  assert_true(read[1] == 7);
  pjrt_raw_buffer_free(raw);
  pjrt_buffer_free(buffer);
}

/* The memory stays, whatever becomes of the buffer and of the client. */
static void test_outlives_all(void **state) {
  fixture *f = *state;
  float read[4] = {0};
  pjrt_event *done;
  pjrt_buffer *buffer = upload_f32(f->device);
  pjrt_raw_buffer *raw = alias(buffer);
  expect_ok(pjrt_buffer_delete(buffer));
  pjrt_buffer_free(buffer);
  fixture_drop(f);
  expect_ok(pjrt_raw_buffer_copy_to_host_async(raw, 0, read, 16, &done));
  pjrt_raw_buffer_free(raw);
  expect_ok(finish(done));
  assert_true(read[3] == 4);
}

static void free_it(const pjrt_error *error, void *user) {
  (void)error;
  pjrt_raw_buffer_free(user);
}

static void test_freed_in_a_callback(void **state) {
  fixture *f = *state;
  pjrt_event *event;
  pjrt_buffer *buffer = upload_f32(f->device);
  expect_ok(pjrt_event_create(f->client, &event));
  expect_ok(pjrt_event_on_ready(event, free_it, alias(buffer)));
  pjrt_buffer_free(buffer);
  fixture_drop(f);
  expect_ok(pjrt_event_set(event, NULL));
  pjrt_event_free(event);
}

static void test_slices(void **state) {
  const fixture *f = *state;
  pjrt_raw_buffer *half, *quarter;
  pjrt_memory *memory;
  float read[1] = {0};
  pjrt_buffer *buffer = upload_f32(f->device);
  pjrt_raw_buffer *raw = alias(buffer);
  expect_ok(pjrt_raw_buffer_slice(raw, 8, 8, &half));
  pjrt_raw_buffer_free(raw);
  assert_int_equal(pjrt_raw_buffer_size(half), 8);
  expect_ok(pjrt_raw_buffer_memory(half, &memory));
  expect_ok(pjrt_raw_buffer_slice(half, 4, 4, &quarter));
  copy_out(quarter, 0, read, 4);
  assert_true(read[0] == 4);
  expect_error(pjrt_raw_buffer_slice(half, 4, 5, &raw), PJRT_OUT_OF_RANGE,
               "5 bytes from byte 4 on, where the raw buffer has 8");
  assert_null(raw);
  pjrt_raw_buffer_free(quarter);
  pjrt_raw_buffer_free(half);
  pjrt_buffer_free(buffer);
}

/* ---- device events ------------------------------------------------------- */

static void note(const pjrt_error *error, void *user) {
  (void)error;
  atomic_fetch_add((atomic_int *)user, 1);
}

static void *fill(void *user) {
  static const float floats[] = {1, 2, 3, 4};
  expect_ok(pjrt_transfer_literal(user, 0, floats, sizeof floats));
  return NULL;
}

/* Pending until another thread fills the buffer. */
static void test_events_of_pending_buffers(void **state) {
  const fixture *f = *state;
  const int64_t four[] = {4};
  const pjrt_transfer_shape shape = {PJRT_F32, four, 1, NULL};
  pjrt_transfer *transfer;
  pjrt_buffer *buffer;
  pjrt_event *events[2];
  pthread_t filler;
  atomic_int num_calls = 0;
  bool is_ready;
  expect_ok(pjrt_transfer_create(f->device, NULL, &shape, 1, &transfer));
  expect_ok(pjrt_transfer_take_buffer(transfer, 0, &buffer));
  pjrt_raw_buffer *raw = alias(buffer);
  expect_ok(pjrt_raw_buffer_allocation_event(raw, &events[0]));
  expect_ok(pjrt_raw_buffer_async_value_event(raw, &events[1]));
  expect_ok(pjrt_event_is_ready(events[0], &is_ready));
  assert_false(is_ready);
  for (int i = 0; i < 2; i++)
    expect_ok(pjrt_event_on_ready(events[i], note, &num_calls));
  pjrt_raw_buffer_free(raw);
  assert_int_equal(pthread_create(&filler, NULL, fill, transfer), 0);
  for (int i = 0; i < 2; i++) expect_ok(finish(events[i]));
  pthread_join(filler, NULL);
  wait_until(atomic_load(&num_calls) == 2);
  pjrt_buffer_free(buffer);
  pjrt_transfer_free(transfer);
}

static void test_events_of_failed_buffers(void **state) {
  const fixture *f = *state;
  const int64_t four[] = {4};
  pjrt_buffer *buffer;
  pjrt_event *event;
  pjrt_error *reason =
      pjrt_error_create(PJRT_DATA_LOSS, "it is gone", PJRT_NUL_ENDED);
  expect_ok(pjrt_buffer_create_error(f->device, PJRT_F32, four, 1, reason, NULL,
                                     &buffer));
  pjrt_error_free(reason);
  pjrt_raw_buffer *raw = alias(buffer);
  expect_ok(pjrt_raw_buffer_allocation_event(raw, &event));
  expect_error(finish(event), PJRT_DATA_LOSS, "it is gone");
  pjrt_raw_buffer_free(raw);
  pjrt_buffer_free(buffer);
}

/* ---- what is refused, and fails ------------------------------------------ */

static void test_refused(void **state) {
  const pjrt_code bad = PJRT_INVALID_ARGUMENT;
  const fixture *f = *state;
  pjrt_event *done = (pjrt_event *)1;
  pjrt_raw_buffer *raw = (pjrt_raw_buffer *)1, *none;
  pjrt_memory *memory;
  void *pointer;
  bool flag;
  char room[16];
  expect_error(pjrt_raw_buffer_create_alias(NULL, &raw), bad, "buffer is NULL");
  assert_null(raw);
  expect_error(pjrt_raw_buffer_memory(NULL, &memory), bad, "raw is NULL");
  expect_error(pjrt_raw_buffer_host_pointer(NULL, &pointer), bad, "raw is");
  expect_error(pjrt_raw_buffer_device_pointer(NULL, &pointer), bad, "raw is");
  expect_error(pjrt_raw_buffer_is_mutable(NULL, &flag), bad, "raw is NULL");
  expect_error(pjrt_raw_buffer_slice(NULL, 0, 0, &none), bad, "raw is NULL");
  expect_error(pjrt_raw_buffer_allocation_event(NULL, &done), bad, "raw is");
  expect_error(pjrt_raw_buffer_async_value_event(NULL, &done), bad, "raw is");
  expect_error(pjrt_raw_buffer_copy_to_host_async(NULL, 0, room, 1, &done), bad,
               "raw is NULL");
  assert_null(done);
  pjrt_buffer *buffer = upload_f32(f->device);
  raw = alias(buffer);
  expect_error(pjrt_raw_buffer_copy_to_host_async(raw, 0, NULL, 1, &done), bad,
               "dst is NULL for 1 bytes");
  expect_error(pjrt_raw_buffer_copy_from_host_async(raw, 0, NULL, 1, &done),
               bad, "src is NULL for 1 bytes");
  expect_error(pjrt_raw_buffer_copy_from_host_async(raw, 17, room, 0, &done),
               PJRT_OUT_OF_RANGE, "0 bytes from byte 17 on");
  expect_error(
      pjrt_raw_buffer_copy_to_host_async(raw, 8, room, SIZE_MAX, &done),
      PJRT_OUT_OF_RANGE, "where the raw buffer has 16");
  pjrt_raw_buffer_free(raw);
  expect_ok(pjrt_buffer_delete(buffer));
  expect_error(pjrt_raw_buffer_create_alias(buffer, &raw),
               PJRT_FAILED_PRECONDITION, "deleted");
  pjrt_buffer_free(buffer);
}

static void test_faults(void **state) {
  const fixture *f = *state;
  float read[4];
  pjrt_event *done;
  pjrt_raw_buffer *raw;
  pjrt_buffer *buffer = upload_f32(f->device);
  sim_fail("PJRT_RawBuffer_CreateRawAliasOfBuffer", 1, PJRT_Error_Code_ABORTED);
  expect_error(pjrt_raw_buffer_create_alias(buffer, &raw), PJRT_ABORTED, "");
  sim_fail("PJRT_RawBuffer_GetOnDeviceSizeInBytes", 1, PJRT_Error_Code_ABORTED);
  expect_error(pjrt_raw_buffer_create_alias(buffer, &raw), PJRT_ABORTED, "");
  assert_null(raw);
  raw = alias(buffer);
  sim_fail("PJRT_RawBuffer_CopyRawDeviceToHost", 1, PJRT_Error_Code_ABORTED);
  expect_error(pjrt_raw_buffer_copy_to_host_async(raw, 0, read, 16, &done),
               PJRT_ABORTED, "");
  assert_null(done);
  sim_fail_later("PJRT_RawBuffer_CopyRawDeviceToHost",
                 PJRT_Error_Code_DATA_LOSS);
  expect_ok(pjrt_raw_buffer_copy_to_host_async(raw, 0, read, 16, &done));
  expect_error(finish(done), PJRT_DATA_LOSS, "");
  sim_configure_default();
  pjrt_raw_buffer_free(raw);
  pjrt_buffer_free(buffer);
}

/* ---- what plugins lack, and answer --------------------------------------- */

static pjrt_error *make_alias(const fixture *f) {
  pjrt_raw_buffer *raw;
  pjrt_buffer *buffer = upload_f32(f->device);
  pjrt_error *error = pjrt_raw_buffer_create_alias(buffer, &raw);
  pjrt_raw_buffer_free(raw);
  pjrt_buffer_free(buffer);
  return error;
}

static pjrt_error *make_slice(const fixture *f) {
  pjrt_raw_buffer *half;
  pjrt_buffer *buffer = upload_f32(f->device);
  pjrt_raw_buffer *raw = alias(buffer);
  pjrt_error *error = pjrt_raw_buffer_slice(raw, 0, 8, &half);
  pjrt_raw_buffer_free(half);
  pjrt_raw_buffer_free(raw);
  pjrt_buffer_free(buffer);
  return error;
}

static pjrt_error *ask_device_pointer(const fixture *f) {
  void *pointer;
  pjrt_buffer *buffer = upload_f32(f->device);
  pjrt_raw_buffer *raw = alias(buffer);
  pjrt_error *error = pjrt_raw_buffer_device_pointer(raw, &pointer);
  pjrt_raw_buffer_free(raw);
  pjrt_buffer_free(buffer);
  return error;
}

static void test_older_plugins(void **state) {
  const pjrt_code missing = PJRT_UNIMPLEMENTED;
  (void)state;
  expect_error(ext_ask_minor(68, make_alias), missing,
               "the plugin has no extension RawBuffer, which API 0.69 brought");
  expect_ok(ext_ask_minor(69, make_alias));
  expect_error(ext_ask_minor(111, ask_device_pointer), missing,
               "have no opaque_device_memory_data_pointer, which API 0.112 "
               "brought");
  expect_ok(ext_ask_minor(112, ask_device_pointer));
  expect_error(ext_ask_minor(112, make_slice), missing,
               "the plugin's raw buffers have no slice, which API 0.113 "
               "brought");
  expect_ok(ext_ask_minor(113, make_slice));
}

static PJRT_Error *no_alias(PJRT_RawBuffer_CreateRawAliasOfBuffer_Args *args) {
  (void)args;
  return NULL;
}

static PJRT_Error *no_memory(PJRT_RawBuffer_GetMemorySpace_Args *args) {
  (void)args;
  return NULL;
}

static PJRT_Error *absurd_size(
    PJRT_RawBuffer_GetOnDeviceSizeInBytes_Args *args) {
  args->on_device_size_in_bytes = SIZE_MAX;
  return NULL;
}

static void test_odd_plugins(void **state) {
  static PJRT_RawBuffer_Extension node;
  const fixture *f = *state;
  pjrt_memory *memory;
  EXT_TAKE_NODE(f, RawBuffer, &node);
  pjrt_buffer *buffer = upload_f32(f->device);
  pjrt_raw_buffer *raw = alias(buffer);
  node.PJRT_RawBuffer_GetMemorySpace = no_memory;
  expect_error(pjrt_raw_buffer_memory(raw, &memory), PJRT_INTERNAL,
               "none of the client's");
  pjrt_raw_buffer_free(raw);
  node.PJRT_RawBuffer_GetOnDeviceSizeInBytes = absurd_size;
  expect_error(pjrt_raw_buffer_create_alias(buffer, &raw), PJRT_INTERNAL,
               "the plugin tells a size of");
  node.PJRT_RawBuffer_CreateRawAliasOfBuffer = no_alias;
  expect_error(pjrt_raw_buffer_create_alias(buffer, &raw), PJRT_INTERNAL,
               "gives no raw buffer");
  node.PJRT_RawBuffer_CreateRawAliasOfBuffer = NULL;
  expect_error(pjrt_raw_buffer_create_alias(buffer, &raw), PJRT_UNIMPLEMENTED,
               "has no PJRT_RawBuffer_CreateRawAliasOfBuffer");
  pjrt_buffer_free(buffer);
}

/* ---- tables that answer oddly -------------------------------------------- */

static int kind_of_event;
static atomic_int num_dropped;

static void drop(void *event) {
  (void)event;
  num_dropped++;
}

/* Has the client's own thread time to end the event too early. */
static void at_once(void *event, PJRT_DeviceEvent_AndThen callback,
                    void *user) {
  (void)event;
  callback(user);
  for (int i = 0; i < 1000; i++) sched_yield();
  assert_int_equal(num_dropped, 0);
}

static int fail_oddly(void *event, PJRT_Error_Code *code, const char **message,
                      size_t *message_size) {
  (void)event;
  *code = PJRT_Error_Code_OK;
  *message = NULL;
  *message_size = 5;
  return 1;
}

static PJRT_Error *odd_event(PJRT_RawBuffer *raw, PJRT_DeviceEvent *out) {
  static const PJRT_DeviceEvent_FunctionTable whole = {
      .struct_size = sizeof whole,
      .dec_ref = drop,
      .and_then = at_once,
      .get_error_if_present = fail_oddly};
  static const PJRT_DeviceEvent_FunctionTable torn = {
      .struct_size = sizeof torn, .dec_ref = drop, .and_then = at_once};
  static const PJRT_DeviceEvent_FunctionTable small = {.struct_size = 24};
  const PJRT_DeviceEvent_FunctionTable *const tables[] = {&whole, &torn, &small,
                                                          NULL};
  (void)raw;
  *out = (PJRT_DeviceEvent){tables[kind_of_event], &num_dropped};
  return NULL;
}

static PJRT_Error *no_slice(PJRT_RawBuffer *raw, int64_t offset, int64_t size,
                            PJRT_RawBuffer **out) {
  (void)raw, (void)offset, (void)size, (void)out;
  return NULL;
}

static PJRT_RawBuffer_FunctionTable table;
static PJRT_RawBuffer odd = {&table};

static PJRT_Error *give_odd(PJRT_RawBuffer_CreateRawAliasOfBuffer_Args *args) {
  args->raw_buffer = &odd;
  return NULL;
}

static PJRT_Error *four_bytes(
    PJRT_RawBuffer_GetOnDeviceSizeInBytes_Args *args) {
  args->on_device_size_in_bytes = 4;
  return NULL;
}

static PJRT_Error *forget(PJRT_RawBuffer_Destroy_Args *args) {
  (void)args;
  return NULL;
}

static void test_odd_tables(void **state) {
  static PJRT_RawBuffer_Extension node;
  const fixture *f = *state;
  pjrt_event *event;
  pjrt_raw_buffer *none;
  bool flag;
  EXT_TAKE_NODE(f, RawBuffer, &node);
  node.PJRT_RawBuffer_CreateRawAliasOfBuffer = give_odd;
  node.PJRT_RawBuffer_GetOnDeviceSizeInBytes = four_bytes;
  node.PJRT_RawBuffer_Destroy = forget;
  table.struct_size = sizeof table;
  pjrt_buffer *buffer = upload_f32(f->device);
  pjrt_raw_buffer *raw = alias(buffer);
  expect_error(pjrt_raw_buffer_is_mutable(raw, &flag), PJRT_UNIMPLEMENTED,
               "have no is_mutable");
  table.slice = no_slice;
  expect_error(pjrt_raw_buffer_slice(raw, 0, 4, &none), PJRT_INTERNAL,
               "gives no raw buffer");
  table.get_raw_buffer_async_value = odd_event;
  expect_ok(pjrt_raw_buffer_async_value_event(raw, &event));
  expect_error(finish(event), PJRT_UNKNOWN, "the plugin gave no message");
  for (kind_of_event = 1; kind_of_event < 4; kind_of_event++)
    expect_error(pjrt_raw_buffer_async_value_event(raw, &event), PJRT_INTERNAL,
                 "gives no event");
  assert_int_equal(num_dropped, 1);
  odd.vtable = NULL;
  expect_error(pjrt_raw_buffer_is_mutable(raw, &flag), PJRT_UNIMPLEMENTED,
               "have no is_mutable");
  pjrt_raw_buffer_free(raw);
  pjrt_buffer_free(buffer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_facts),
      sim_test(test_copies),
      sim_test(test_outlives_all),
      sim_test(test_freed_in_a_callback),
      sim_test(test_slices),
      sim_test(test_events_of_pending_buffers),
      sim_test(test_events_of_failed_buffers),
      sim_test(test_refused),
      sim_test(test_faults),
      cmocka_unit_test(test_older_plugins),
      sim_test(test_odd_plugins),
      sim_test(test_odd_tables),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
