/* The checked raw calls: the official structs, without their sizes. */
#include <pjrt/raw.h>

#include "real/fixture.h"

static void functions_are_counted(void **state) {
  fixture *f = *state;
  size_t num = 0;
  for (size_t i = 0; i < pjrt_num_functions(); i++) {
    if (pjrt_plugin_supports(f->plugin, pjrt_function_name(i),
                             PJRT_NUL_ENDED)) {
      assert_true(pjrt_function_since(i) <= f->minor);
      num++;
    }
  }
  assert_int_equal(num, f->minor >= 115 ? 138 : f->minor >= 106 ? 136 : 118);
}

static void extensions_are_listed(void **state) {
  fixture *f = *state;
  static const int newest[] = {24, 19, 9, 5, 6, 4};
  const int *types = f->minor >= 115   ? newest
                     : f->minor >= 106 ? newest + 1
                                       : newest + 2;
  size_t num = f->minor >= 115 ? 6 : f->minor >= 106 ? 5 : 4;
  assert_int_equal(pjrt_plugin_num_extensions(f->plugin), num);
  for (size_t i = 0; i < num; i++) {
    assert_int_equal(pjrt_plugin_extension_type(f->plugin, i), types[i]);
    assert_int_equal(pjrt_plugin_find_extension(f->plugin, types[i]), i);
    assert_true(pjrt_plugin_extension_size(f->plugin, i) >= 24);
  }
  assert_int_equal(pjrt_plugin_find_extension(f->plugin, 99), num);
  assert_int_equal(pjrt_plugin_extension_type(f->plugin, num), -1);
}

static void raw_client_works(void **state) {
  fixture *f = *state;
  PJRT_Client_Create_Args create = {0};
  assert_ok(pjrt_raw_PJRT_Client_Create(f->plugin, &create));
  PJRT_Client_PlatformName_Args name = {.client = create.client};
  assert_ok(pjrt_raw_PJRT_Client_PlatformName(f->plugin, &name));
  assert_int_equal(name.platform_name_size, 3);
  assert_memory_equal(name.platform_name, "cpu", 3);
  PJRT_Client_LookupDevice_Args lookup = {.client = create.client, .id = 2};
  assert_ok(pjrt_raw_PJRT_Client_LookupDevice(f->plugin, &lookup));
  assert_non_null(lookup.device);
  lookup.id = 99;
  assert_plugin_error(pjrt_raw_PJRT_Client_LookupDevice(f->plugin, &lookup));
  PJRT_Client_Destroy_Args destroy = {.client = create.client};
  assert_ok(pjrt_raw_PJRT_Client_Destroy(f->plugin, &destroy));
}

/* What the plugins have a function for that only says UNIMPLEMENTED. */
static void unimplemented_is_the_plugins_word(void **state) {
  fixture *f = *state;
  PJRT_Client_Create_Args create = {0};
  PJRT_Client_Devices_Args devices = {0};
  PJRT_Device_MemoryStats_Args stats = {0};
  PJRT_Client_DmaMap_Args map = {.data = &create, .size = sizeof create};
  assert_ok(pjrt_raw_PJRT_Client_Create(f->plugin, &create));
  devices.client = map.client = create.client;
  assert_ok(pjrt_raw_PJRT_Client_Devices(f->plugin, &devices));
  assert_int_equal(devices.num_devices, 4);
  stats.device = devices.devices[0];
  pjrt_error *error = pjrt_raw_PJRT_Device_MemoryStats(f->plugin, &stats);
  assert_int_equal(pjrt_error_code(error), PJRT_UNIMPLEMENTED);
  assert_plugin_error(error);
  error = pjrt_raw_PJRT_Client_DmaMap(f->plugin, &map);
  assert_int_equal(pjrt_error_code(error), PJRT_UNIMPLEMENTED);
  assert_plugin_error(error);
  PJRT_Client_Destroy_Args destroy = {.client = create.client};
  assert_ok(pjrt_raw_PJRT_Client_Destroy(f->plugin, &destroy));
  pjrt_executable *add = compile(f, add_program);
  PJRT_LoadedExecutable_Fingerprint_Args fingerprint = {
      .executable = pjrt_executable_raw(add)};
  error = pjrt_raw_PJRT_LoadedExecutable_Fingerprint(f->plugin, &fingerprint);
  assert_int_equal(pjrt_error_code(error), PJRT_UNIMPLEMENTED);
  assert_plugin_error(error);
  pjrt_executable_free(add);
}

static void missing_function_is_named(void **state) {
  fixture *f = *state;
  PJRT_Device_ClearMemoryStats_Args clear = {0};
  PJRT_TopologyDescription_GetMemorySpaceKindIds_Args ids = {0};
  if (f->minor < 106) {
    assert_refused(pjrt_raw_PJRT_Device_ClearMemoryStats(f->plugin, &clear),
                   PJRT_UNIMPLEMENTED,
                   "the plugin has no PJRT_Device_ClearMemoryStats");
  }
  if (f->minor < 115) {
    assert_refused(
        pjrt_raw_PJRT_TopologyDescription_GetMemorySpaceKindIds(f->plugin,
                                                                &ids),
        PJRT_UNIMPLEMENTED,
        "no PJRT_TopologyDescription_GetMemorySpaceKindIds, which API 0.");
  } else {
    assert_false(
        pjrt_plugin_supports(f->plugin, "PJRT_Unheard_Of", PJRT_NUL_ENDED));
  }
}

static void nothing_is_refused(void **state) {
  fixture *f = *state;
  PJRT_Client_Create_Args create = {0};
  assert_refused(pjrt_raw_PJRT_Client_Create(NULL, &create),
                 PJRT_INVALID_ARGUMENT, "plugin is NULL");
  assert_refused(pjrt_raw_PJRT_Client_Create(f->plugin, NULL),
                 PJRT_INVALID_ARGUMENT, "args is NULL");
}

static void await_raw(const fixture *f, PJRT_Event *raw) {
  pjrt_event *event;
  assert_ok(pjrt_event_from_raw(f->client, raw, &event));
  assert_ok(pjrt_event_await(event));
  pjrt_event_free(event);
}

/* f32[2,<=3] of 1 to 6, of which two columns are present. */
static pjrt_buffer *make_dynamic(fixture *f) {
  static const char code[] =
      "func.func @main(%a: tensor<2x3xf32>, %n: tensor<i32>)\n"
      "    -> tensor<2x?xf32, #stablehlo.bounds<?, 3>> {\n"
      "  %0 = stablehlo.set_dimension_size %a, %n, dim = 1\n"
      "      : (tensor<2x3xf32>, tensor<i32>)\n"
      "      -> tensor<2x?xf32, #stablehlo.bounds<?, 3>>\n"
      "  return %0 : tensor<2x?xf32, #stablehlo.bounds<?, 3>>\n"
      "}\n";
  const int64_t dims[] = {2, 3};
  const float values[6] = {1, 2, 3, 4, 5, 6};
  const int32_t two = 2;
  pjrt_buffer *out;
  pjrt_executable *executable = compile(f, code);
  pjrt_buffer *args[] = {upload(f->device, PJRT_F32, dims, 2, values),
                         upload(f->device, PJRT_S32, NULL, 0, &two)};
  assert_ok(pjrt_executable_execute(executable, args, 2, NULL, &out, 1));
  pjrt_buffer_free(args[0]);
  pjrt_buffer_free(args[1]);
  pjrt_executable_free(executable);
  return out;
}

/* What is present comes packed, and lies so; from some minor on the sizes
 * follow the room for the bounds. The simulated plugin does as the newest. */
static void dynamic_outputs_are_packed(void **state) {
  fixture *f = *state;
  const float packed[] = {1, 2, 4, 5};
  const int32_t sizes[] = {2, 2};
  unsigned char read[32] = {0};
  pjrt_buffer *out = make_dynamic(f);
  PJRT_Buffer_ToHostBuffer_Args host = {.src = pjrt_buffer_raw(out)};
  assert_ok(pjrt_raw_PJRT_Buffer_ToHostBuffer(f->plugin, &host));
  assert_int_equal(host.dst_size, sizeof packed);
  host.dst = read;
  assert_ok(pjrt_raw_PJRT_Buffer_ToHostBuffer(f->plugin, &host));
  await_raw(f, host.event);
  assert_memory_equal(read, packed, sizeof packed);
  size_t size;
  assert_ok(pjrt_buffer_on_device_size(out, &size));
  assert_int_equal(size, f->minor >= 115 ? 32 : 24);
  PJRT_Buffer_CopyRawToHost_Args raw = {.buffer = pjrt_buffer_raw(out),
                                        .dst = read,
                                        .transfer_size = (int64_t)size};
  assert_ok(pjrt_raw_PJRT_Buffer_CopyRawToHost(f->plugin, &raw));
  await_raw(f, raw.event);
  assert_memory_equal(read, packed, sizeof packed);
  if (size == 32) assert_memory_equal(read + 24, sizes, sizeof sizes);
  pjrt_buffer_free(out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(functions_are_counted),
      cmocka_unit_test(extensions_are_listed),
      cmocka_unit_test(raw_client_works),
      cmocka_unit_test(unimplemented_is_the_plugins_word),
      cmocka_unit_test(missing_function_is_named),
      cmocka_unit_test(nothing_is_refused),
      cmocka_unit_test(dynamic_outputs_are_packed),
  };
  return RUN_REAL_TESTS(tests);
}
