/* Host to device. */
#include <stdatomic.h>

#include "abi/plugin.h"
#include "sim_fixture.h"

static const float floats[] = {1, 2, 3, 4, 5, 6};
static const int64_t two_by_three[] = {2, 3};

/* An upload that must be refused before the plugin sees it. */
typedef struct refusal {
  pjrt_dtype dtype;
  const int64_t *dims;
  size_t num_dims;
  const void *data;
  size_t size;
  pjrt_code code;
  const char *part;
} refusal;

static void expect_refused(pjrt_device *device, const refusal *r) {
  pjrt_buffer *buffer = (pjrt_buffer *)device;
  const size_t before = sim.num_calls("PJRT_Client_BufferFromHostBuffer");
  expect_error(pjrt_buffer_from_host(device, r->dtype, r->dims, r->num_dims,
                                     r->data, r->size, &buffer),
               r->code, r->part);
  assert_null(buffer);
  assert_int_equal(sim.num_calls("PJRT_Client_BufferFromHostBuffer"), before);
}

static void test_refused(void **state) {
  const fixture *f = *state;
  const int64_t negative[] = {2, -1}, huge[] = {INT64_MAX, 3};
  const refusal refusals[] = {
      {PJRT_F32, two_by_three, 2, floats, 23, PJRT_INVALID_ARGUMENT,
       "23 bytes"},
      {PJRT_F32, two_by_three, 2, floats, 48, PJRT_INVALID_ARGUMENT, "take 24"},
      {PJRT_F32, two_by_three, 2, NULL, 24, PJRT_INVALID_ARGUMENT,
       "data is NU"},
      {PJRT_F32, NULL, 2, floats, 24, PJRT_INVALID_ARGUMENT, "dims is NULL"},
      {PJRT_F32, negative, 2, floats, 24, PJRT_INVALID_ARGUMENT, "-1"},
      {PJRT_F32, huge, 2, floats, 24, PJRT_INVALID_ARGUMENT, "memory"},
      {PJRT_DTYPE_INVALID, two_by_three, 2, floats, 24, PJRT_INVALID_ARGUMENT,
       "no elements"},
      {PJRT_TOKEN, NULL, 0, floats, 0, PJRT_INVALID_ARGUMENT, "no elements"},
      {(pjrt_dtype)1000, NULL, 0, floats, 4, PJRT_INVALID_ARGUMENT, "1000"},
      {(pjrt_dtype)-1, NULL, 0, floats, 4, PJRT_INVALID_ARGUMENT, "-1"},
  };
  for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
    expect_refused(f->device, &refusals[i]);
  }
  const refusal no_device = {
      PJRT_F32,        two_by_three, 2, floats, 24, PJRT_INVALID_ARGUMENT,
      "device is NULL"};
  expect_refused(NULL, &no_device);
}

static void test_type_newer_than_the_plugin(void **state) {
  pjrt_sim_options options;
  const int64_t dims[] = {2};
  (void)state;
  sim_path();
  sim.options_init(&options);
  options.minor = 57;
  fixture *f = fixture_create(&options);
  const refusal too_new = {
      PJRT_F8E8M0FNU,         dims, 1, floats, 2, PJRT_UNIMPLEMENTED,
      "newer than the plugin"};
  expect_refused(f->device, &too_new);
  fixture_drop(f);
  test_free(f);
  expect_nothing_alive();
}

/* ---- facts of what was uploaded ------------------------------------------ */

static void test_upload(void **state) {
  const fixture *f = *state;
  pjrt_buffer *buffer;
  size_t num_dims;
  float read[6];
  expect_ok(pjrt_buffer_from_host(f->device, PJRT_F32, two_by_three, 2, floats,
                                  sizeof floats, &buffer));
  assert_ptr_equal(pjrt_buffer_client(buffer), f->client);
  assert_ptr_equal(pjrt_buffer_device(buffer), f->device);
  assert_int_equal(pjrt_buffer_dtype(buffer), PJRT_F32);
  assert_memory_equal(pjrt_buffer_dims(buffer, &num_dims), two_by_three,
                      sizeof two_by_three);
  assert_int_equal(num_dims, 2);
  assert_int_equal(pjrt_buffer_host_size(buffer), 24);
  expect_ok(pjrt_buffer_to_host(buffer, read, sizeof read));
  assert_memory_equal(read, floats, sizeof read);
  pjrt_buffer_free(buffer);
}

static void test_empty_and_scalar(void **state) {
  const fixture *f = *state;
  const int64_t empty[] = {3, 0};
  pjrt_buffer *buffer;
  float read;
  expect_ok(
      pjrt_buffer_from_host(f->device, PJRT_F32, empty, 2, NULL, 0, &buffer));
  expect_ok(pjrt_buffer_to_host(buffer, NULL, 0));
  pjrt_buffer_free(buffer);
  expect_ok(
      pjrt_buffer_from_host(f->device, PJRT_F32, NULL, 0, floats, 4, &buffer));
  expect_ok(pjrt_buffer_to_host(buffer, &read, sizeof read));
  assert_true(read == 1);
  pjrt_buffer_free(buffer);
}

/* The order of uploads is asked for once for each shape and device. */
static void test_layout_is_asked_for_once(void **state) {
  const fixture *f = *state;
  pjrt_buffer *buffer;
  sim_configure_default();
  for (int i = 0; i < 5; i++) {
    expect_ok(pjrt_buffer_from_host(f->device, PJRT_F32, two_by_three, 2,
                                    floats, sizeof floats, &buffer));
    pjrt_buffer_free(buffer);
  }
  assert_int_equal(sim.num_calls("PJRT_Buffer_GetMemoryLayout"), 1);
}

/* ---- options ------------------------------------------------------------- */

static pjrt_error *upload_with(pjrt_device *device,
                               const pjrt_upload_opts *opts, pjrt_buffer **out,
                               pjrt_event **out_done) {
  *out = (pjrt_buffer *)device;
  if (out_done) *out_done = (pjrt_event *)device;
  pjrt_error *error =
      pjrt_buffer_from_host_async(device, PJRT_F32, two_by_three, 2, floats,
                                  sizeof floats, opts, out, out_done);
  if (error) {
    assert_null(*out);
    if (out_done) assert_null(*out_done);
  }
  return error;
}

static void test_refused_options(void **state) {
  const fixture *f = *state;
  pjrt_upload_opts opts;
  pjrt_buffer *buffer;
  pjrt_event *done;
  pjrt_upload_opts_init(&opts);
  opts.struct_size = 2;
  expect_error(upload_with(f->device, &opts, &buffer, &done),
               PJRT_INVALID_ARGUMENT, "pjrt_upload_opts.struct_size is 2");
  pjrt_upload_opts_init(&opts);
  opts.semantics = PJRT_HOST_UNTIL_TRANSFER_COMPLETES;
  expect_error(upload_with(f->device, &opts, &buffer, NULL),
               PJRT_INVALID_ARGUMENT, "out_done is NULL");
  opts.semantics = (pjrt_host_semantics)2;
  expect_error(upload_with(f->device, &opts, &buffer, &done),
               PJRT_INVALID_ARGUMENT, "host semantics 2");
  pjrt_upload_opts_init(&opts);
  opts.byte_strides = two_by_three;
  opts.num_byte_strides = 1;
  expect_error(upload_with(f->device, &opts, &buffer, &done),
               PJRT_INVALID_ARGUMENT, "1 byte strides for 2");
  pjrt_upload_opts_init(&opts);
  opts.memory = pjrt_device_memory(pjrt_client_device(f->client, 1), 0);
  expect_error(upload_with(f->device, &opts, &buffer, &done),
               PJRT_INVALID_ARGUMENT, "none of device 0's");
}

static void test_memory_and_strides(void **state) {
  const fixture *f = *state;
  const int64_t transposed[] = {4, 8};
  const float expected[] = {1, 3, 5, 2, 4, 6};
  pjrt_upload_opts opts;
  pjrt_buffer *buffer;
  pjrt_memory *memory;
  float read[6];
  pjrt_upload_opts_init(&opts);
  opts.byte_strides = transposed;
  opts.num_byte_strides = 2;
  opts.memory = pjrt_device_memory(f->device, 1);
  expect_ok(upload_with(f->device, &opts, &buffer, NULL));
  expect_ok(pjrt_buffer_memory(buffer, &memory));
  assert_ptr_equal(memory, opts.memory);
  expect_ok(pjrt_buffer_to_host(buffer, read, sizeof read));
  assert_memory_equal(read, expected, sizeof read);
  pjrt_buffer_free(buffer);
}

/* An upload that fails later: the done event and the buffer tell it. */
static void test_transfer_that_fails_later(void **state) {
  const fixture *f = *state;
  pjrt_upload_opts opts;
  pjrt_buffer *buffer;
  pjrt_event *done;
  pjrt_upload_opts_init(&opts);
  opts.semantics = PJRT_HOST_UNTIL_TRANSFER_COMPLETES;
  sim_fail_later("PJRT_Client_BufferFromHostBuffer", PJRT_Error_Code_DATA_LOSS);
  expect_ok(upload_with(f->device, &opts, &buffer, &done));
  pjrt_error *error = pjrt_event_await(done);
  assert_string_equal(pjrt_error_call(error),
                      "PJRT_Client_BufferFromHostBuffer");
  expect_error(error, PJRT_DATA_LOSS, "the fault");
  expect_error(pjrt_buffer_await(buffer), PJRT_DATA_LOSS, "the fault");
  pjrt_event_free(done);
  pjrt_buffer_free(buffer);
  /* Without an event the call itself waits. */
  expect_error(upload_with(f->device, NULL, &buffer, NULL), PJRT_DATA_LOSS,
               "the fault");
}

/* ---- arrays -------------------------------------------------------------- */

static void test_from_array(void **state) {
  const fixture *f = *state;
  pjrt_array *array;
  pjrt_buffer *buffer = (pjrt_buffer *)f->device;
  float read[2];
  expect_error(pjrt_buffer_from_array(f->device, NULL, &buffer),
               PJRT_INVALID_ARGUMENT, "array is NULL");
  assert_null(buffer);
  /* Backwards. */
  expect_ok(pjrt_array_wrap(PJRT_F32, (const int64_t[]){2}, 1,
                            (const int64_t[]){-4},
                            (void *)(uintptr_t)&floats[1], NULL, NULL, &array));
  expect_ok(pjrt_buffer_from_array(f->device, array, &buffer));
  pjrt_array_free(array);
  expect_ok(pjrt_buffer_to_host(buffer, read, sizeof read));
  assert_true(read[0] == 2 && read[1] == 1);
  pjrt_buffer_free(buffer);
}

/* ---- adopting ------------------------------------------------------------ */

static void count(void *data, void *user) {
  assert_non_null(data);
  atomic_fetch_add((atomic_int *)user, 1);
}

static void test_adopt(void **state) {
  const fixture *f = *state;
  _Alignas(PJRT_HOST_ALIGNMENT) float own[6];
  pjrt_buffer *buffer;
  const void *view;
  atomic_int released = 0;
  memcpy(own, floats, sizeof own);
  expect_ok(pjrt_buffer_adopt_host(f->device, PJRT_F32, two_by_three, 2, own,
                                   sizeof own, PJRT_ADOPT_READ_ONLY, count,
                                   &released, &buffer));
  expect_ok(pjrt_buffer_map(buffer, &view, NULL));
  assert_ptr_equal(view, own);
  expect_ok(pjrt_buffer_unmap(buffer));
  assert_int_equal(released, 0);
  pjrt_buffer_free(buffer);
  wait_until(atomic_load(&released) == 1);
}

/* Memory that the plugin copied comes back too, when the buffer goes. */
static void test_adopt_unaligned(void **state) {
  const fixture *f = *state;
  _Alignas(PJRT_HOST_ALIGNMENT) float own[7];
  pjrt_buffer *buffer;
  atomic_int released = 0;
  memcpy(own + 1, floats, sizeof floats);
  expect_ok(pjrt_buffer_adopt_host(f->device, PJRT_F32, two_by_three, 2,
                                   own + 1, sizeof floats, PJRT_ADOPT_MUTABLE,
                                   count, &released, &buffer));
  pjrt_buffer_free(buffer);
  wait_until(atomic_load(&released) == 1);
}

/* A failure gives the memory back at once, whoever refuses. */
static void test_adopt_refused(void **state) {
  const fixture *f = *state;
  float own[6] = {0};
  pjrt_buffer *buffer = (pjrt_buffer *)f->device;
  atomic_int released = 0;
  expect_error(
      pjrt_buffer_adopt_host(f->device, PJRT_F32, two_by_three, 2, own, 5,
                             PJRT_ADOPT_MUTABLE, count, &released, &buffer),
      PJRT_INVALID_ARGUMENT, "5 bytes");
  assert_null(buffer);
  assert_int_equal(released, 1);
  sim_fail("PJRT_Client_BufferFromHostBuffer", 0, PJRT_Error_Code_DATA_LOSS);
  expect_error(
      pjrt_buffer_adopt_host(f->device, PJRT_F32, two_by_three, 2, own, 24,
                             PJRT_ADOPT_MUTABLE, count, &released, &buffer),
      PJRT_DATA_LOSS, "the fault");
  assert_int_equal(released, 2);
  expect_error(pjrt_buffer_adopt_host(NULL, PJRT_F32, two_by_three, 2, own, 24,
                                      PJRT_ADOPT_MUTABLE, NULL, NULL, &buffer),
               PJRT_INVALID_ARGUMENT, "device is NULL");
}

/* A plugin that cannot call back is waited for. */
static void test_adopt_without_callbacks(void **state) {
  const fixture *f = *state;
  _Alignas(PJRT_HOST_ALIGNMENT) float own[6] = {0};
  pjrt_buffer *buffer;
  atomic_int released = 0;
  f->plugin->table.PJRT_Event_IsReady = NULL;
  f->plugin->table.PJRT_Event_OnReady = NULL;
  expect_ok(pjrt_buffer_adopt_host(f->device, PJRT_F32, two_by_three, 2, own,
                                   sizeof own, PJRT_ADOPT_READ_ONLY, count,
                                   &released, &buffer));
  pjrt_buffer_free(buffer);
  assert_int_equal(released, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_refused),
      cmocka_unit_test(test_type_newer_than_the_plugin),
      sim_test(test_upload),
      sim_test(test_empty_and_scalar),
      sim_test(test_layout_is_asked_for_once),
      sim_test(test_refused_options),
      sim_test(test_memory_and_strides),
      sim_test(test_transfer_that_fails_later),
      sim_test(test_from_array),
      sim_test(test_adopt),
      sim_test(test_adopt_unaligned),
      sim_test(test_adopt_refused),
      sim_test(test_adopt_without_callbacks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
