/* What a device is asked and told while it works. */
#include <stddef.h>

#include "abi/plugin.h"
#include "base/error.h"
#include "core/client.h"
#include "sim_fixture.h"

static pjrt_memory_stats stats_of(const pjrt_device *device) {
  pjrt_memory_stats stats;
  pjrt_memory_stats_init(&stats);
  expect_ok(pjrt_device_memory_stats(device, &stats));
  return stats;
}

static fixture *at_minor(int minor) {
  pjrt_sim_options options;
  sim_path();
  sim.options_init(&options);
  options.minor = minor;
  return fixture_create(&options);
}

/* A fixture's device becomes one of another process. */
static pjrt_device *far_device(fixture *f) {
  pjrt_device *device = pjrt_client_device(f->client, 3);
  device->is_addressable = false;
  return device;
}

static const pjrt_code refused = PJRT_FAILED_PRECONDITION;

/* ---- memory -------------------------------------------------------------- */

static bool is_nothing(pjrt_optional_int64 number) {
  return !number.has_value && number.value == 0;
}

static void test_memory_stats(void **state) {
  const fixture *f = *state;
  pjrt_memory_stats before = stats_of(f->device);
  pjrt_buffer *buffer = upload_f32(f->device);
  pjrt_memory_stats with = stats_of(f->device);
  pjrt_buffer_free(buffer);
  pjrt_memory_stats after = stats_of(f->device);
  assert_int_equal(with.struct_size, sizeof with);
  assert_true(with.bytes_in_use >= before.bytes_in_use + 16);
  assert_int_equal(after.bytes_in_use, before.bytes_in_use);
  assert_true(after.peak_bytes_in_use.has_value);
  assert_int_equal(after.peak_bytes_in_use.value, with.bytes_in_use);
  assert_true(with.num_allocs.has_value && with.num_allocs.value == 1);
  assert_true(with.largest_alloc_size.value >= 16);
  assert_true(with.bytes_limit.has_value && with.bytes_limit.value > 0);
  assert_true(is_nothing(with.bytes_reserved));
  assert_true(is_nothing(with.peak_bytes_reserved));
  assert_true(is_nothing(with.bytes_reservable_limit));
  assert_true(is_nothing(with.largest_free_block_bytes));
  assert_true(is_nothing(with.pool_bytes));
  assert_true(is_nothing(with.peak_pool_bytes));
  assert_true(is_nothing(with.peak_allocated_bytes));
}

static PJRT_Error *tell_all(PJRT_Device_MemoryStats_Args *args) {
  args->bytes_in_use = 1;
#define TELL(field, number) \
  args->field = (number);   \
  args->field##_is_set = true
  TELL(peak_bytes_in_use, 2);
  TELL(num_allocs, 3);
  TELL(largest_alloc_size, 4);
  TELL(bytes_limit, 5);
  TELL(bytes_reserved, 6);
  TELL(peak_bytes_reserved, 7);
  TELL(bytes_reservable_limit, 8);
  TELL(largest_free_block_bytes, 9);
  TELL(pool_bytes, 10);
  TELL(peak_pool_bytes, 11);
  TELL(peak_allocated_bytes, 12);
  return NULL;
}

static void expect_number(pjrt_optional_int64 number, int64_t expected) {
  assert_true(number.has_value);
  assert_int_equal(number.value, expected);
}

static void test_every_number_is_told(void **state) {
  fixture *f = *state;
  f->plugin->table.PJRT_Device_MemoryStats = tell_all;
  const pjrt_memory_stats stats = stats_of(f->device);
  assert_int_equal(stats.bytes_in_use, 1);
  expect_number(stats.peak_bytes_in_use, 2);
  expect_number(stats.num_allocs, 3);
  expect_number(stats.largest_alloc_size, 4);
  expect_number(stats.bytes_limit, 5);
  expect_number(stats.bytes_reserved, 6);
  expect_number(stats.peak_bytes_reserved, 7);
  expect_number(stats.bytes_reservable_limit, 8);
  expect_number(stats.largest_free_block_bytes, 9);
  expect_number(stats.pool_bytes, 10);
  expect_number(stats.peak_pool_bytes, 11);
  expect_number(stats.peak_allocated_bytes, 12);
}

/* A caller that was built with an older library has a shorter struct. */
static void test_shorter_struct(void **state) {
  fixture *f = *state;
  pjrt_memory_stats stats;
  memset(&stats, 0x5a, sizeof stats);
  stats.struct_size = offsetof(pjrt_memory_stats, num_allocs);
  f->plugin->table.PJRT_Device_MemoryStats = tell_all;
  expect_ok(pjrt_device_memory_stats(f->device, &stats));
  expect_number(stats.peak_bytes_in_use, 2);
  assert_int_equal(stats.num_allocs.value, 0x5a5a5a5a5a5a5a5a);
}

static void test_refused_structs(void **state) {
  const fixture *f = *state;
  pjrt_memory_stats stats = {.struct_size = 3};
  expect_error(pjrt_device_memory_stats(f->device, NULL), PJRT_INVALID_ARGUMENT,
               "pjrt_memory_stats is NULL");
  expect_error(pjrt_device_memory_stats(f->device, &stats),
               PJRT_INVALID_ARGUMENT, "call pjrt_memory_stats_init first");
  pjrt_memory_stats_init(&stats);
  stats.bytes_in_use = 7;
  expect_error(pjrt_device_memory_stats(NULL, &stats), PJRT_INVALID_ARGUMENT,
               "device is NULL");
  assert_int_equal(stats.bytes_in_use, 0);
  assert_int_equal(sim.num_calls("PJRT_Device_MemoryStats"), 0);
}

static void test_failing_stats(void **state) {
  const fixture *f = *state;
  pjrt_memory_stats stats = stats_of(f->device);
  sim_fail("PJRT_Device_MemoryStats", 1, PJRT_Error_Code_UNIMPLEMENTED);
  expect_error(pjrt_device_memory_stats(f->device, &stats), PJRT_UNIMPLEMENTED,
               "the fault");
  assert_int_equal(stats.struct_size, sizeof stats);
  assert_true(is_nothing(stats.bytes_limit));
}

static void test_clear(void **state) {
  const fixture *f = *state;
  pjrt_buffer_free(upload_f32(f->device));
  assert_true(stats_of(f->device).peak_bytes_in_use.value > 0);
  expect_ok(pjrt_device_clear_memory_stats(f->device));
  const pjrt_memory_stats stats = stats_of(f->device);
  assert_int_equal(stats.peak_bytes_in_use.value, stats.bytes_in_use);
  expect_error(pjrt_device_clear_memory_stats(NULL), PJRT_INVALID_ARGUMENT,
               "device is NULL");
}

static void test_memory_of_another_process(void **state) {
  fixture *f = *state;
  pjrt_memory_stats stats;
  pjrt_memory_stats_init(&stats);
  pjrt_device *device = far_device(f);
  expect_error(pjrt_device_memory_stats(device, &stats), refused,
               "device 3 is of process 0");
  expect_error(pjrt_device_clear_memory_stats(device), refused, "device 3");
  assert_int_equal(sim.num_calls("PJRT_Device_MemoryStats"), 0);
  assert_int_equal(sim.num_calls("PJRT_Device_ClearMemoryStats"), 0);
}

static void test_old_plugins(void **state) {
  fixture *f = at_minor(105);
  pjrt_named_values *values;
  bool poisoned = true;
  pjrt_error *reason = pjrt_error_create(PJRT_ABORTED, "x", 1);
  pjrt_async_tracking_event *event;
  (void)state;
  expect_error(pjrt_device_clear_memory_stats(f->device), PJRT_UNIMPLEMENTED,
               "API 0.106");
  fixture_close((void **)&f);
  f = at_minor(84);
  expect_error(pjrt_device_get_attributes(f->device, &values),
               PJRT_UNIMPLEMENTED, "API 0.92");
  assert_null(values);
  expect_error(pjrt_device_poison_execution(f->device, 1, reason, &poisoned),
               PJRT_UNIMPLEMENTED, "API 0.85");
  assert_false(poisoned);
  expect_error(
      pjrt_device_create_async_tracking_event(f->device, "x", 1, &event),
      PJRT_UNIMPLEMENTED, "API 0.86");
  assert_null(event);
  pjrt_error_free(reason);
  fixture_close((void **)&f);
}

/* ---- attributes ---------------------------------------------------------- */

static size_t num_freed;

static void count_freed(PJRT_Device_Attributes *attributes) {
  assert_ptr_equal(attributes, &num_freed);
  num_freed++;
}

static PJRT_NamedValue attribute;

static PJRT_Error *tell_attribute(PJRT_Device_GetAttributes_Args *args) {
  attribute.struct_size = PJRT_NamedValue_STRUCT_SIZE;
  attribute.type = PJRT_NamedValue_kInt64;
  attribute.int64_value = 7;
  attribute.value_size = 1;
  args->attributes = &attribute;
  args->num_attributes = 1;
  args->device_attributes = (PJRT_Device_Attributes *)&num_freed;
  args->attributes_deleter = count_freed;
  return NULL;
}

static void test_attributes(void **state) {
  fixture *f = *state;
  pjrt_named_values *values;
  expect_ok(pjrt_device_get_attributes(f->device, &values));
  assert_int_equal(pjrt_named_values_size(values), 0);
  pjrt_named_values_free(values);
  /* Devices of other processes have attributes too. */
  f->plugin->table.PJRT_Device_GetAttributes = tell_attribute;
  attribute.name = "heat";
  attribute.name_size = 4;
  num_freed = 0;
  expect_ok(pjrt_device_get_attributes(far_device(f), &values));
  assert_int_equal(num_freed, 1);
  assert_string_equal(pjrt_named_values_name(values, 0, NULL), "heat");
  assert_int_equal(pjrt_named_values_int64(values, 0), 7);
  pjrt_named_values_free(values);
  /* What the plugin gave is freed whatever it is worth. */
  attribute.name_size = SIZE_MAX;
  pjrt_error *error = pjrt_device_get_attributes(f->device, &values);
  assert_string_equal(pjrt_error_call(error), "PJRT_Device_GetAttributes");
  expect_error(error, PJRT_INTERNAL, "name_size");
  assert_null(values);
  assert_int_equal(num_freed, 2);
  expect_error(pjrt_device_get_attributes(NULL, &values), PJRT_INVALID_ARGUMENT,
               "device is NULL");
}

/* ---- poison -------------------------------------------------------------- */

static pjrt_error *overheated(void) {
  return pjrt_error_create(PJRT_UNAVAILABLE, "too hot", PJRT_NUL_ENDED);
}

/* A launch that would take an hour. */
static void test_poison(void **state) {
  pjrt_sim_options options;
  pjrt_execute_opts opts;
  pjrt_buffer *outs[2];
  pjrt_event *done;
  bool poisoned = true;
  (void)state;
  sim_path();
  sim.options_init(&options);
  options.execute_latency_us = INT64_C(3600000000);
  fixture *f = fixture_create(&options);
  pjrt_executable *executable = compile(f->client, pass_program, NULL);
  arguments in = upload_arguments(f->device);
  pjrt_error *reason = overheated();
  pjrt_execute_opts_init(&opts);
  opts.launch_id = 7;
  expect_ok(pjrt_executable_execute_async(executable, in.args, 2, &opts, outs,
                                          2, &done));
  expect_ok(pjrt_device_poison_execution(f->device, 8, reason, &poisoned));
  assert_false(poisoned);
  expect_ok(pjrt_device_poison_execution(f->device, 7, reason, &poisoned));
  assert_true(poisoned);
  expect_error(pjrt_event_await(done), PJRT_UNAVAILABLE, "too hot");
  float read[4];
  expect_error(pjrt_buffer_to_host(outs[0], read, sizeof read),
               PJRT_UNAVAILABLE, "too hot");
  expect_ok(pjrt_device_poison_execution(f->device, 7, reason, &poisoned));
  assert_false(poisoned);
  pjrt_error_free(reason);
  pjrt_event_free(done);
  free_buffers(in.args, 2);
  free_buffers(outs, 2);
  pjrt_executable_free(executable);
  fixture_close((void **)&f);
}

static void test_refused_poison(void **state) {
  fixture *f = *state;
  bool poisoned = true;
  pjrt_error *reason = overheated();
  pjrt_error *odd = pjrt_error_create((pjrt_code)99, "odd", 3);
  expect_error(pjrt_device_poison_execution(NULL, 1, reason, &poisoned),
               PJRT_INVALID_ARGUMENT, "device is NULL");
  assert_false(poisoned);
  expect_error(pjrt_device_poison_execution(f->device, 1, NULL, &poisoned),
               PJRT_INVALID_ARGUMENT, "code 0, expected one from 1 to 16");
  expect_error(pjrt_device_poison_execution(f->device, 1, odd, &poisoned),
               PJRT_INVALID_ARGUMENT, "code 99");
  expect_error(
      pjrt_device_poison_execution(far_device(f), 1, reason, &poisoned),
      refused, "device 3");
  assert_int_equal(sim.num_calls("PJRT_Device_PoisonExecution"), 0);
  sim_fail("PJRT_Device_PoisonExecution", 1, PJRT_Error_Code_INTERNAL);
  expect_error(pjrt_device_poison_execution(f->device, 1, reason, &poisoned),
               PJRT_INTERNAL, "the fault");
  assert_false(poisoned);
  pjrt_error_free(reason);
  pjrt_error_free(odd);
}

static PJRT_Error *expect_payload(PJRT_Device_PoisonExecution_Args *args) {
  assert_int_equal(args->launch_id, -5);
  assert_int_equal(args->error_code, PJRT_UNAVAILABLE);
  assert_int_equal(args->error_message_size, 7);
  assert_memory_equal(args->error_message, "too hot", 7);
  assert_int_equal(args->num_payload, 1);
  assert_int_equal(args->payload[0].type, PJRT_NamedValue_kString);
  assert_int_equal(args->payload[0].name_size, 4);
  assert_memory_equal(args->payload[0].name, "type", 4);
  assert_int_equal(args->payload[0].value_size, 3);
  assert_memory_equal(args->payload[0].string_value, "a\0b", 3);
  args->poisoned = true;
  return NULL;
}

static void test_payloads(void **state) {
  fixture *f = *state;
  bool poisoned;
  pjrt_error *reason = overheated();
  pjrt_error_add_payload(reason, "type", 4, "a\0b", 3);
  f->plugin->table.PJRT_Device_PoisonExecution = expect_payload;
  expect_ok(pjrt_device_poison_execution(f->device, -5, reason, &poisoned));
  assert_true(poisoned);
  fixture *old = at_minor(99);
  expect_error(pjrt_device_poison_execution(old->device, 1, reason, &poisoned),
               PJRT_UNIMPLEMENTED, "payloads of an error are newer");
  assert_int_equal(sim.num_calls("PJRT_Device_PoisonExecution"), 0);
  pjrt_error_free(reason);
  fixture_drop(old);
  test_free(old);
}

/* ---- tracking ------------------------------------------------------------ */

static size_t num_others(void) {
  pjrt_sim_live live;
  sim.get_live(&live);
  return live.others;
}

static pjrt_async_tracking_event *track(const fixture *f) {
  pjrt_async_tracking_event *event;
  expect_ok(pjrt_device_create_async_tracking_event(f->device, "loading",
                                                    PJRT_NUL_ENDED, &event));
  assert_non_null(event);
  return event;
}

/* The plugin's event may not outlive its client, so it keeps it. */
static void test_tracking(void **state) {
  fixture *f = *state;
  const size_t before = num_others();
  pjrt_async_tracking_event *event = track(f);
  pjrt_async_tracking_event *second = track(f);
  assert_int_equal(num_others(), before + 2);
  pjrt_async_tracking_event_free(second);
  assert_int_equal(num_others(), before + 1);
  fixture_drop(f);
  pjrt_async_tracking_event_free(event);
  pjrt_async_tracking_event_free(NULL);
  expect_nothing_alive();
}

static void free_tracking(const pjrt_error *error, void *event) {
  (void)error;
  pjrt_async_tracking_event_free(event);
}

static void test_tracking_freed_in_a_callback(void **state) {
  fixture *f = *state;
  pjrt_async_tracking_event *event = track(f);
  pjrt_event *done;
  expect_ok(pjrt_event_create(f->client, &done));
  expect_ok(pjrt_event_on_ready(done, free_tracking, event));
  fixture_drop(f);
  expect_ok(pjrt_event_set(done, NULL));
  pjrt_event_free(done);
  expect_nothing_alive();
}

static PJRT_Error *nothing_to_show(
    PJRT_Device_CreateAsyncTrackingEvent_Args *args) {
  assert_memory_equal(args->description, "loading", 7);
  assert_int_equal(args->description_size, 7);
  args->event = NULL;
  return NULL;
}

/* As CPU plugins do. */
static void test_tracking_of_nothing(void **state) {
  fixture *f = *state;
  f->plugin->table.PJRT_Device_CreateAsyncTrackingEvent = nothing_to_show;
  pjrt_async_tracking_event_free(track(f));
  assert_int_equal(sim.num_calls("PJRT_AsyncTrackingEvent_Destroy"), 0);
}

static void test_refused_tracking(void **state) {
  fixture *f = *state;
  pjrt_async_tracking_event *event = (pjrt_async_tracking_event *)f;
  expect_error(pjrt_device_create_async_tracking_event(NULL, "x", 1, &event),
               PJRT_INVALID_ARGUMENT, "device is NULL");
  assert_null(event);
  expect_error(
      pjrt_device_create_async_tracking_event(f->device, NULL, 1, &event),
      PJRT_INVALID_ARGUMENT, "description is NULL");
  expect_error(
      pjrt_device_create_async_tracking_event(far_device(f), "x", 1, &event),
      refused, "device 3");
  assert_int_equal(sim.num_calls("PJRT_Device_CreateAsyncTrackingEvent"), 0);
  sim_fail("PJRT_Device_CreateAsyncTrackingEvent", 1,
           PJRT_Error_Code_DATA_LOSS);
  expect_error(
      pjrt_device_create_async_tracking_event(f->device, "x", 1, &event),
      PJRT_DATA_LOSS, "the fault");
  assert_null(event);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_memory_stats),
      sim_test(test_every_number_is_told),
      sim_test(test_shorter_struct),
      sim_test(test_refused_structs),
      sim_test(test_failing_stats),
      sim_test(test_clear),
      sim_test(test_memory_of_another_process),
      cmocka_unit_test(test_old_plugins),
      sim_test(test_attributes),
      cmocka_unit_test(test_poison),
      sim_test(test_refused_poison),
      sim_test(test_payloads),
      sim_test(test_tracking),
      sim_test(test_tracking_freed_in_a_callback),
      sim_test(test_tracking_of_nothing),
      sim_test(test_refused_tracking),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
