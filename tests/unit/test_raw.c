/* Raw calls, and conversions between the library's handles and a plugin's. */
#include "abi/generated/sizes.h"
#include "sim_fixture.h"

/* ---- calls --------------------------------------------------------------- */

/* The library chooses the size, whatever the caller left there, and gives the
 * outputs back. */
static void test_call(void **state) {
  const fixture *f = *state;
  PJRT_Client_PlatformName_Args args;
  memset(&args, 0, sizeof args);
  args.client = pjrt_client_raw(f->client);
  expect_ok(pjrt_raw_PJRT_Client_PlatformName(f->plugin, &args));
  assert_int_equal(args.platform_name_size, 3);
  assert_memory_equal(args.platform_name, "sim", 3);
  assert_int_equal(sim.last_struct_size("PJRT_Client_PlatformName"),
                   pjrt_args_size(PJRT_CALL_PJRT_Client_PlatformName));
}

/* What the library answers from facts: the plugin says the same. */
static void test_lookups(void **state) {
  const fixture *f = *state;
  PJRT_Client_LookupDevice_Args by_id;
  PJRT_Client_LookupAddressableDevice_Args by_number;
  memset(&by_id, 0, sizeof by_id);
  memset(&by_number, 0, sizeof by_number);
  by_id.client = by_number.client = pjrt_client_raw(f->client);
  by_id.id = pjrt_device_id(f->device);
  by_number.local_hardware_id = pjrt_device_local_hardware_id(f->device);
  expect_ok(pjrt_raw_PJRT_Client_LookupDevice(f->plugin, &by_id));
  assert_ptr_equal(by_id.device, pjrt_device_raw(f->device));
  expect_ok(
      pjrt_raw_PJRT_Client_LookupAddressableDevice(f->plugin, &by_number));
  assert_ptr_equal(by_number.addressable_device, pjrt_device_raw(f->device));
  by_number.local_hardware_id = 99;
  expect_error(
      pjrt_raw_PJRT_Client_LookupAddressableDevice(f->plugin, &by_number),
      PJRT_INVALID_ARGUMENT, "99");
}

static void test_failing_call(void **state) {
  const fixture *f = *state;
  PJRT_Client_LookupDevice_Args args;
  memset(&args, 0, sizeof args);
  args.client = pjrt_client_raw(f->client);
  args.id = 99;
  pjrt_error *error = pjrt_raw_PJRT_Client_LookupDevice(f->plugin, &args);
  assert_string_equal(pjrt_error_call(error), "PJRT_Client_LookupDevice");
  assert_int_equal(pjrt_error_origin(error), PJRT_ORIGIN_PLUGIN);
  expect_error(error, PJRT_INVALID_ARGUMENT, "device_id 99");
}

static void test_nulls(void **state) {
  const fixture *f = *state;
  PJRT_Buffer_Delete_Args args;
  memset(&args, 0, sizeof args);
  expect_error(pjrt_raw_PJRT_Buffer_Delete(NULL, &args), PJRT_INVALID_ARGUMENT,
               "PJRT_Buffer_Delete: plugin is NULL");
  expect_error(pjrt_raw_PJRT_Buffer_Delete(f->plugin, NULL),
               PJRT_INVALID_ARGUMENT, "PJRT_Buffer_Delete: args is NULL");
  expect_error(pjrt_raw_PJRT_Error_Message(f->plugin, NULL),
               PJRT_INVALID_ARGUMENT, "PJRT_Error_Message: args is NULL");
}

/* The two that return nothing cannot fail, but may be called. */
static void test_void_calls(void **state) {
  const fixture *f = *state;
  PJRT_Error_Destroy_Args args;
  memset(&args, 0, sizeof args);
  expect_ok(pjrt_raw_PJRT_Error_Destroy(f->plugin, &args));
  assert_int_equal(sim.num_calls("PJRT_Error_Destroy"), 1);
}

static void test_missing_function(void **state) {
  const char *missing = "PJRT_Client_DmaMap";
  pjrt_sim_options options;
  PJRT_Client_DmaMap_Args args;
  (void)state;
  sim_path();
  sim.options_init(&options);
  options.null_functions = &missing;
  options.num_null_functions = 1;
  fixture *f = fixture_create(&options);
  memset(&args, 0, sizeof args);
  args.client = pjrt_client_raw(f->client);
  expect_error(pjrt_raw_PJRT_Client_DmaMap(f->plugin, &args),
               PJRT_UNIMPLEMENTED, "no PJRT_Client_DmaMap, which API 0.67");
  fixture_drop(f);
  test_free(f);
  expect_nothing_alive();
}

/* A plugin that writes past a struct of an older client finds room. */
static void test_reserve(void **state) {
  pjrt_sim_options options;
  PJRT_Client_Devices_Args args[2];
  (void)state;
  sim_path();
  sim.options_init(&options);
  options.minor = PJRT_API_MINOR + 8; /* as many as there is room for */
  options.no_size_checks = true;
  fixture *f = fixture_create(&options);
  memset(args, 0x5a, sizeof args);
  args[0].client = pjrt_client_raw(f->client);
  args[0].extension_start = NULL;
  expect_ok(pjrt_raw_PJRT_Client_Devices(f->plugin, &args[0]));
  assert_int_equal(args[0].num_devices, 4);
  for (size_t i = 0; i < sizeof args[1]; i++) {
    assert_int_equal(((const unsigned char *)&args[1])[i], 0x5a);
  }
  fixture_drop(f);
  test_free(f);
  expect_nothing_alive();
}

/* ---- handles ------------------------------------------------------------- */

static void test_plugin(void **state) {
  const fixture *f = *state;
  const PJRT_Api *table = pjrt_plugin_raw(f->plugin);
  assert_non_null(table->PJRT_Client_Create);
  const PJRT_Extension_Base *first = pjrt_plugin_extension_raw(f->plugin, 0);
  assert_ptr_equal(first, table->extension_start);
  assert_null(pjrt_plugin_extension_raw(f->plugin,
                                        pjrt_plugin_num_extensions(f->plugin)));
}

static void test_devices_and_memories(void **state) {
  const fixture *f = *state;
  for (size_t i = 0; i < 4; i++) {
    pjrt_device *device = pjrt_client_device(f->client, i);
    assert_ptr_equal(pjrt_device_from_raw(f->client, pjrt_device_raw(device)),
                     device);
  }
  for (size_t i = 0; i < 8; i++) {
    pjrt_memory *memory = pjrt_client_memory(f->client, i);
    assert_ptr_equal(pjrt_memory_from_raw(f->client, pjrt_memory_raw(memory)),
                     memory);
  }
  assert_null(pjrt_device_from_raw(f->client, NULL));
  assert_null(pjrt_memory_from_raw(f->client, NULL));
}

static void test_executable(void **state) {
  const fixture *f = *state;
  pjrt_executable *executable = compile(f->client, pass_program, NULL);
  PJRT_LoadedExecutable_IsDeleted_Args deleted;
  PJRT_Executable_NumOutputs_Args outputs;
  memset(&deleted, 0, sizeof deleted);
  memset(&outputs, 0, sizeof outputs);
  deleted.executable = pjrt_executable_raw(executable);
  outputs.executable = pjrt_executable_raw_unloaded(executable);
  expect_ok(pjrt_raw_PJRT_LoadedExecutable_IsDeleted(f->plugin, &deleted));
  assert_false(deleted.is_deleted);
  expect_ok(pjrt_raw_PJRT_Executable_NumOutputs(f->plugin, &outputs));
  assert_int_equal(outputs.num_outputs, 2);
  pjrt_executable_free(executable);
}

static PJRT_Buffer *copy_raw(const fixture *f, pjrt_buffer *buffer,
                             pjrt_device *device) {
  PJRT_Buffer_CopyToDevice_Args args;
  memset(&args, 0, sizeof args);
  args.buffer = pjrt_buffer_raw(buffer);
  args.dst_device = pjrt_device_raw(device);
  expect_ok(pjrt_raw_PJRT_Buffer_CopyToDevice(f->plugin, &args));
  return args.dst_buffer;
}

/* A buffer that a raw call made is as good as any. */
static void test_buffer(void **state) {
  const fixture *f = *state;
  pjrt_device *third = pjrt_client_device(f->client, 2);
  pjrt_buffer *buffer = upload_f32(f->device), *copy;
  expect_ok(pjrt_buffer_from_raw(third, copy_raw(f, buffer, third), &copy));
  pjrt_buffer_free(buffer);
  assert_ptr_equal(pjrt_buffer_device(copy), third);
  assert_int_equal(pjrt_buffer_dtype(copy), PJRT_F32);
  expect_f32(copy);
  pjrt_buffer_free(copy);
}

/* When it cannot be wrapped, the buffer is destroyed: it was taken. */
static void test_buffer_that_cannot_be_asked(void **state) {
  static const char *const asked[] = {"PJRT_Buffer_ElementType",
                                      "PJRT_Buffer_Dimensions"};
  const fixture *f = *state;
  for (size_t i = 0; i < 2; i++) {
    pjrt_buffer *buffer = upload_f32(f->device), *copy = buffer;
    sim_fail(asked[i], 1, PJRT_Error_Code_DATA_LOSS);
    expect_error(
        pjrt_buffer_from_raw(f->device, copy_raw(f, buffer, f->device), &copy),
        PJRT_DATA_LOSS, "the fault");
    assert_null(copy);
    pjrt_buffer_free(buffer);
  }
}

static void test_event(void **state) {
  const fixture *f = *state;
  PJRT_Buffer_ReadyEvent_Args args;
  pjrt_buffer *buffer = upload_f32(f->device);
  pjrt_event *event;
  memset(&args, 0, sizeof args);
  args.buffer = pjrt_buffer_raw(buffer);
  expect_ok(pjrt_raw_PJRT_Buffer_ReadyEvent(f->plugin, &args));
  expect_ok(pjrt_event_from_raw(f->client, args.event, &event));
  assert_ptr_equal(pjrt_event_raw(event), args.event);
  expect_ok(pjrt_event_await(event));
  pjrt_event_free(event);
  pjrt_buffer_free(buffer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_call),
      sim_test(test_lookups),
      sim_test(test_failing_call),
      sim_test(test_nulls),
      sim_test(test_void_calls),
      cmocka_unit_test(test_missing_function),
      cmocka_unit_test(test_reserve),
      sim_test(test_plugin),
      sim_test(test_devices_and_memories),
      sim_test(test_executable),
      sim_test(test_buffer),
      sim_test(test_buffer_that_cannot_be_asked),
      sim_test(test_event),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
