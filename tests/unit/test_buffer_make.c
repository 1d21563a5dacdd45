/* Buffers without contents, with an error for contents, and of another buffer's
 * memory. */
#include "abi/plugin.h"
#include "sim_fixture.h"

static const int64_t four[] = {4};

/* ---- uninitialized ------------------------------------------------------- */

static void test_uninitialized(void **state) {
  const fixture *f = *state;
  const int64_t dims[] = {3, 5};
  float read[15];
  pjrt_memory *memory;
  pjrt_buffer_opts opts;
  pjrt_buffer *buffer;
  expect_ok(pjrt_buffer_create_uninitialized(f->device, PJRT_F32, dims, 2, NULL,
                                             &buffer));
  assert_ptr_equal(pjrt_buffer_device(buffer), f->device);
  assert_int_equal(pjrt_buffer_host_size(buffer), sizeof read);
  expect_ok(pjrt_buffer_to_host(buffer, read, sizeof read));
  pjrt_buffer_free(buffer);
  pjrt_buffer_opts_init(&opts);
  opts.memory = pjrt_device_memory(f->device, 2);
  expect_ok(pjrt_buffer_create_uninitialized(f->device, PJRT_F32, dims, 2,
                                             &opts, &buffer));
  expect_ok(pjrt_buffer_memory(buffer, &memory));
  assert_ptr_equal(memory, opts.memory);
  pjrt_buffer_free(buffer);
}

static void expect_not_made(pjrt_device *device, pjrt_dtype dtype,
                            const int64_t *dims, const pjrt_buffer_opts *opts,
                            const char *part) {
  pjrt_alias *alias = (pjrt_alias *)device;
  pjrt_buffer *buffer = (pjrt_buffer *)device;
  pjrt_error *error = pjrt_error_create(PJRT_ABORTED, "no", 2);
  expect_error(
      pjrt_buffer_create_uninitialized(device, dtype, dims, 1, opts, &buffer),
      PJRT_INVALID_ARGUMENT, part);
  assert_null(buffer);
  buffer = (pjrt_buffer *)device;
  expect_error(
      pjrt_buffer_create_error(device, dtype, dims, 1, error, opts, &buffer),
      PJRT_INVALID_ARGUMENT, part);
  assert_null(buffer);
  buffer = (pjrt_buffer *)device;
  expect_error(
      pjrt_buffer_create_alias(device, dtype, dims, 1, opts, &buffer, &alias),
      PJRT_INVALID_ARGUMENT, part);
  assert_null(buffer);
  assert_null(alias);
  pjrt_error_free(error);
}

static void test_refused(void **state) {
  const fixture *f = *state;
  const int64_t negative[] = {-1};
  pjrt_buffer_opts opts;
  pjrt_buffer_opts_init(&opts);
  opts.memory = pjrt_device_memory(pjrt_client_device(f->client, 1), 0);
  sim_configure_default();
  expect_not_made(NULL, PJRT_F32, four, NULL, "device is NULL");
  expect_not_made(f->device, PJRT_F32, negative, NULL, "-1");
  expect_not_made(f->device, PJRT_F32, NULL, NULL, "dims is NULL");
  expect_not_made(f->device, PJRT_TOKEN, four, NULL, "no elements");
  expect_not_made(f->device, PJRT_DTYPE_INVALID, four, NULL, "no elements");
  expect_not_made(f->device, PJRT_F32, four, &opts, "none of device 0's");
  opts.struct_size = 0;
  expect_not_made(f->device, PJRT_F32, four, &opts, "pjrt_buffer_opts");
  assert_int_equal(sim.num_calls("PJRT_Client_CreateUninitializedBuffer"), 0);
  assert_int_equal(sim.num_calls("PJRT_Client_CreateErrorBuffer"), 0);
  assert_int_equal(sim.num_calls("PJRT_Client_CreateAliasBuffer"), 0);
}

static void test_out_of_memory(void **state) {
  pjrt_sim_options options;
  pjrt_buffer *buffer;
  const int64_t dims[] = {1025};
  (void)state;
  sim_path();
  sim.options_init(&options);
  options.memory_capacity = 1024;
  fixture *f = fixture_create(&options);
  expect_error(pjrt_buffer_create_uninitialized(f->device, PJRT_S8, dims, 1,
                                                NULL, &buffer),
               PJRT_RESOURCE_EXHAUSTED, "");
  fixture_drop(f);
  test_free(f);
  expect_nothing_alive();
}

/* ---- errors -------------------------------------------------------------- */

static void test_error(void **state) {
  const fixture *f = *state;
  float read[4];
  pjrt_buffer *buffer;
  pjrt_error *error = pjrt_error_create(PJRT_DATA_LOSS, "a bad day", 9);
  expect_ok(pjrt_buffer_create_error(f->device, PJRT_F32, four, 1, error, NULL,
                                     &buffer));
  pjrt_error_free(error);
  expect_error(pjrt_buffer_await(buffer), PJRT_DATA_LOSS, "a bad day");
  expect_error(pjrt_buffer_to_host(buffer, read, sizeof read), PJRT_DATA_LOSS,
               "a bad day");
  pjrt_buffer_free(buffer);
  expect_error(pjrt_buffer_create_error(f->device, PJRT_F32, four, 1, NULL,
                                        NULL, &buffer),
               PJRT_INVALID_ARGUMENT, "error is NULL");
  error = pjrt_error_create((pjrt_code)99, "odd", 3);
  expect_error(pjrt_buffer_create_error(f->device, PJRT_F32, four, 1, error,
                                        NULL, &buffer),
               PJRT_INVALID_ARGUMENT, "the error has code 99");
  pjrt_error_free(error);
}

/* An error of the plugin's, with payloads if it has them. */
static pjrt_error *failure(fixture *f) {
  pjrt_buffer *buffer;
  return pjrt_buffer_create_uninitialized(f->device, PJRT_F32,
                                          (const int64_t[]){INT64_C(1) << 40},
                                          1, NULL, &buffer);
}

static void passes_payloads(int minor, pjrt_code code, const char *part) {
  pjrt_sim_options options;
  pjrt_buffer *buffer;
  sim_path();
  sim.options_init(&options);
  options.num_payloads = 2;
  fixture *newest = fixture_create(&options);
  pjrt_error *error = failure(newest);
  assert_int_equal(pjrt_error_num_payloads(error), 2);
  fixture_drop(newest);
  test_free(newest);
  options.minor = minor;
  fixture *f = fixture_create(&options);
  pjrt_error *refused = pjrt_buffer_create_error(f->device, PJRT_F32, four, 1,
                                                 error, NULL, &buffer);
  if (code) {
    expect_error(refused, code, part);
  } else {
    expect_ok(refused);
    pjrt_buffer_free(buffer);
  }
  pjrt_error_free(error);
  fixture_drop(f);
  test_free(f);
  expect_nothing_alive();
}

static void test_payloads(void **state) {
  (void)state;
  passes_payloads(103, PJRT_OK, NULL);
  passes_payloads(102, PJRT_UNIMPLEMENTED, "2 payloads, which API 0.103");
}

/* ---- of another buffer's memory ------------------------------------------ */

static void test_bitcast(void **state) {
  const fixture *f = *state;
  const int64_t dims[] = {2, 2};
  const float values[] = {1, 2, 3, 4};
  uint32_t read[4];
  size_t num_dims;
  pjrt_buffer *cast;
  pjrt_buffer *buffer = upload_f32(f->device);
  expect_ok(pjrt_buffer_bitcast(buffer, PJRT_U32, dims, 2, &cast));
  expect_error(pjrt_buffer_await(buffer), PJRT_FAILED_PRECONDITION, "donated");
  assert_int_equal(pjrt_buffer_dtype(cast), PJRT_U32);
  assert_memory_equal(pjrt_buffer_dims(cast, &num_dims), dims, sizeof dims);
  assert_int_equal(num_dims, 2);
  expect_ok(pjrt_buffer_to_host(cast, read, sizeof read));
  assert_memory_equal(read, values, sizeof read);
  pjrt_buffer_free(cast);
  pjrt_buffer_free(buffer);
}

static void test_bitcast_refused(void **state) {
  const fixture *f = *state;
  const int64_t negative[] = {-4};
  const void *view;
  pjrt_buffer *cast;
  pjrt_buffer *buffer = upload_f32(f->device);
  expect_error(pjrt_buffer_bitcast(NULL, PJRT_U32, four, 1, &cast),
               PJRT_INVALID_ARGUMENT, "buffer is NULL");
  expect_error(pjrt_buffer_bitcast(buffer, PJRT_U32, negative, 1, &cast),
               PJRT_INVALID_ARGUMENT, "-4");
  expect_error(pjrt_buffer_bitcast(buffer, PJRT_TOKEN, four, 1, &cast),
               PJRT_INVALID_ARGUMENT, "no elements");
  expect_ok(pjrt_buffer_map(buffer, &view, NULL));
  expect_error(pjrt_buffer_bitcast(buffer, PJRT_U32, four, 1, &cast),
               PJRT_FAILED_PRECONDITION, "unmap it first");
  expect_ok(pjrt_buffer_unmap(buffer));
  assert_int_equal(sim.num_calls("PJRT_Buffer_Bitcast"), 0);
  /* The plugin refuses another size, and the buffer stays. */
  expect_error(pjrt_buffer_bitcast(buffer, PJRT_U64, four, 1, &cast),
               PJRT_INVALID_ARGUMENT, "16 bytes to 32");
  assert_null(cast);
  expect_f32(buffer);
  pjrt_buffer_free(buffer);
}

/* ---- donation that waits ------------------------------------------------- */

typedef struct donation {
  pjrt_buffer *before;
  pjrt_alias *alias;
  pjrt_event *dependency;
  pjrt_buffer *buffer;
  pjrt_buffer *given;
} donation;

static donation donate(const fixture *f) {
  donation d;
  expect_ok(pjrt_buffer_create_alias(f->device, PJRT_F32, four, 1, NULL,
                                     &d.before, &d.alias));
  expect_ok(pjrt_buffer_ready_event(d.before, &d.dependency));
  d.buffer = upload_f32(f->device);
  expect_ok(
      pjrt_buffer_donate_with_dependency(d.buffer, d.dependency, &d.given));
  return d;
}

static void drop(donation *d) {
  pjrt_alias_free(d->alias);
  pjrt_event_free(d->dependency);
  pjrt_buffer_free(d->before);
  pjrt_buffer_free(d->buffer);
  pjrt_buffer_free(d->given);
}

static void test_donation_waits(void **state) {
  const fixture *f = *state;
  bool ready;
  pjrt_event *event;
  donation d = donate(f);
  expect_error(pjrt_buffer_await(d.buffer), PJRT_FAILED_PRECONDITION,
               "donated");
  expect_ok(pjrt_buffer_ready_event(d.given, &event));
  expect_ok(pjrt_event_is_ready(event, &ready));
  assert_false(ready);
  pjrt_buffer *first = upload_f32(f->device);
  expect_ok(pjrt_alias_fulfill(d.alias, first));
  expect_ok(pjrt_event_await(event));
  expect_f32(d.given);
  pjrt_event_free(event);
  pjrt_buffer_free(first);
  drop(&d);
}

static void test_donation_fails(void **state) {
  const fixture *f = *state;
  donation d = donate(f);
  pjrt_error *error = pjrt_error_create(PJRT_DATA_LOSS, "a bad day", 9);
  expect_ok(pjrt_alias_fail(d.alias, error));
  expect_error(pjrt_buffer_await(d.given), PJRT_DATA_LOSS, "a bad day");
  pjrt_error_free(error);
  drop(&d);
}

/* Only the promise is left when its answer comes. */
static void test_donation_outlives_all(void **state) {
  fixture *f = *state;
  donation d = donate(f);
  pjrt_event_free(d.dependency);
  pjrt_buffer_free(d.before);
  pjrt_buffer_free(d.buffer);
  pjrt_buffer_free(d.given);
  fixture_drop(f);
  pjrt_alias_free(d.alias);
}

static void test_donation_refused(void **state) {
  const fixture *f = *state;
  pjrt_event *ready;
  pjrt_buffer *given;
  pjrt_buffer *buffer = upload_f32(f->device);
  expect_ok(pjrt_buffer_ready_event(buffer, &ready));
  expect_error(pjrt_buffer_donate_with_dependency(NULL, ready, &given),
               PJRT_INVALID_ARGUMENT, "buffer is NULL");
  expect_error(pjrt_buffer_donate_with_dependency(buffer, NULL, &given),
               PJRT_INVALID_ARGUMENT, "dependency is NULL");
  sim_fail("PJRT_Buffer_DonateWithControlDependency", 0,
           PJRT_Error_Code_INTERNAL);
  expect_error(pjrt_buffer_donate_with_dependency(buffer, ready, &given),
               PJRT_INTERNAL, "");
  assert_null(given);
  expect_f32(buffer);
  pjrt_event_free(ready);
  pjrt_buffer_free(buffer);
}

/* The dependency cannot be waited for: the plugin is told, and nothing waits
 * for ever. */
static void test_dependency_cannot_be_watched(void **state) {
  const fixture *f = *state;
  pjrt_alias *alias;
  pjrt_event *dependency;
  pjrt_buffer *before, *given, *buffer = upload_f32(f->device);
  expect_ok(pjrt_buffer_create_alias(f->device, PJRT_F32, four, 1, NULL,
                                     &before, &alias));
  expect_ok(pjrt_buffer_ready_event(before, &dependency));
  sim_fail("PJRT_Event_OnReady", 0, PJRT_Error_Code_INTERNAL);
  expect_error(pjrt_buffer_donate_with_dependency(buffer, dependency, &given),
               PJRT_INTERNAL, "");
  assert_null(given);
  pjrt_alias_free(alias);
  pjrt_event_free(dependency);
  pjrt_buffer_free(before);
  pjrt_buffer_free(buffer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_uninitialized),
      sim_test(test_refused),
      cmocka_unit_test(test_out_of_memory),
      sim_test(test_error),
      cmocka_unit_test(test_payloads),
      sim_test(test_bitcast),
      sim_test(test_bitcast_refused),
      sim_test(test_donation_waits),
      sim_test(test_donation_fails),
      sim_test(test_donation_outlives_all),
      sim_test(test_donation_refused),
      sim_test(test_dependency_cannot_be_watched),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
