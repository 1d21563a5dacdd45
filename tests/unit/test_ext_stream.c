/* The Stream extension on the simulated plugin, whose streams count the buffers
 * that they wait for. */
#include "pjrt/ext/stream.h"

#include <dlfcn.h>

#include "sim_fixture.h"

/* How many buffers a stream of the simulated plugin waits for. */
static size_t num_waits(intptr_t stream) {
  void *library = dlopen(sim_path(), RTLD_NOW | RTLD_NOLOAD);
  union {
    void *symbol;
    size_t (*function)(const pjrt_sim_stream *stream);
  } count = {.symbol = dlsym(library, "pjrt_sim_stream_num_waits")};
  assert_non_null(count.symbol);
  dlclose(library);
  return count.function((const pjrt_sim_stream *)stream);
}

static void test_device_has_one(void **state) {
  const fixture *f = *state;
  intptr_t stream, again, other;
  expect_ok(pjrt_native_stream_of(f->device, &stream));
  expect_ok(pjrt_native_stream_of(f->device, &again));
  expect_ok(pjrt_native_stream_of(pjrt_client_device(f->client, 1), &other));
  assert_true(stream != 0);
  assert_true(stream == again);
  assert_true(stream != other);
  assert_int_equal(num_waits(stream), 0);
}

static void test_waits(void **state) {
  static const float data[4] = {1, 2, 3, 4};
  const fixture *f = *state;
  intptr_t stream;
  pjrt_buffer *buffer;
  pjrt_event *done;
  sim_hold("PJRT_Client_BufferFromHostBuffer", PJRT_Error_Code_OK);
  expect_ok(pjrt_buffer_from_host_async(f->device, PJRT_F32, (int64_t[]){4}, 1,
                                        data, sizeof data, NULL, &buffer,
                                        &done));
  expect_ok(pjrt_native_stream_of(f->device, &stream));
  expect_ok(pjrt_native_stream_wait_for(stream, buffer));
  assert_int_equal(num_waits(stream), 1);
  sim.release_events();
  wait_until(num_waits(stream) == 0);
  expect_ok(pjrt_native_stream_wait_for(stream, buffer));
  assert_int_equal(num_waits(stream), 0);
  pjrt_event_free(done);
  pjrt_buffer_free(buffer);
  sim_configure_default();
}

static void test_refused(void **state) {
  const pjrt_code bad = PJRT_INVALID_ARGUMENT;
  const fixture *f = *state;
  intptr_t stream = 1;
  pjrt_buffer *buffer = upload_f32(f->device);
  expect_error(pjrt_native_stream_of(NULL, &stream), bad, "device is NULL");
  assert_true(stream == 0);
  expect_error(pjrt_native_stream_wait_for(1, NULL), bad, "buffer is NULL");
  expect_error(pjrt_native_stream_wait_for(0, buffer), bad, "stream is 0");
  expect_ok(pjrt_buffer_delete(buffer));
  expect_error(pjrt_native_stream_wait_for(1, buffer), PJRT_FAILED_PRECONDITION,
               "deleted");
  assert_int_equal(sim.num_calls("PJRT_Wait_Until_Buffer_Ready_On_Stream"), 0);
  pjrt_buffer_free(buffer);
}

static void test_the_plugin_fails(void **state) {
  const fixture *f = *state;
  intptr_t stream = 1;
  pjrt_buffer *buffer = upload_f32(f->device);
  sim_fail("PJRT_Get_Stream_For_External_Ready_Events", 1,
           PJRT_Error_Code_ABORTED);
  expect_error(pjrt_native_stream_of(f->device, &stream), PJRT_ABORTED, "");
  assert_true(stream == 0);
  expect_ok(pjrt_native_stream_of(f->device, &stream));
  sim_fail("PJRT_Wait_Until_Buffer_Ready_On_Stream", 1,
           PJRT_Error_Code_ABORTED);
  expect_error(pjrt_native_stream_wait_for(stream, buffer), PJRT_ABORTED, "");
  pjrt_buffer_free(buffer);
  sim_configure_default();
}

/* ---- other machines and plugins ------------------------------------------ */

static void test_device_of_another_process(void **state) {
  pjrt_sim_options options;
  intptr_t stream = 1;
  (void)state;
  sim_path();
  sim.options_init(&options);
  options.num_remote_devices = 1;
  fixture *f = fixture_create(&options);
  pjrt_device *remote = pjrt_client_device(f->client, 4);
  expect_error(pjrt_native_stream_of(remote, &stream), PJRT_INVALID_ARGUMENT,
               "belongs to process 1, not to this one");
  assert_true(stream == 0);
  assert_int_equal(sim.num_calls("PJRT_Get_Stream_For_External_Ready_Events"),
                   0);
  fixture_drop(f);
  test_free(f);
  expect_nothing_alive();
}

static void test_plugins_without_it(void **state) {
  static const char *const name[] = {"Stream"};
  pjrt_sim_options options;
  intptr_t stream;
  (void)state;
  sim_path();
  sim.options_init(&options);
  options.minor = 48;
  fixture *f = fixture_create(&options);
  expect_error(pjrt_native_stream_of(f->device, &stream), PJRT_UNIMPLEMENTED,
               "the plugin has no extension Stream, which API 0.49 brought");
  fixture_drop(f);
  test_free(f);
  sim.options_init(&options);
  options.short_extensions = name;
  options.num_short_extensions = 1;
  f = fixture_create(&options);
  pjrt_buffer *buffer = upload_f32(f->device);
  expect_ok(pjrt_native_stream_of(f->device, &stream));
  expect_error(pjrt_native_stream_wait_for(stream, buffer), PJRT_UNIMPLEMENTED,
               "the plugin's extension Stream has no "
               "PJRT_Wait_Until_Buffer_Ready_On_Stream");
  pjrt_buffer_free(buffer);
  fixture_drop(f);
  test_free(f);
  expect_nothing_alive();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_device_has_one),
      sim_test(test_waits),
      sim_test(test_refused),
      sim_test(test_the_plugin_fails),
      cmocka_unit_test(test_device_of_another_process),
      cmocka_unit_test(test_plugins_without_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
