/* Registering handlers and types where there is no hardware: it needs no
 * client. CUDA plugins of all ages, and the TPU's.
 * tier: all */
#include <pjrt/ext/ffi.h>

#include "compat/plugins.h"

static pjrt_error *do_nothing(pjrt_ffi_call *call, void *user) {
  (void)call;
  (void)user;
  return NULL;
}
static PJRT_FFI_HANDLER(nothing, do_nothing, NULL);
static PJRT_FFI_HANDLER(other, do_nothing, NULL);

static void release(void *data) { (void)data; }

static pjrt_error *enter(pjrt_plugin *plugin, const char *platform,
                         pjrt_ffi_entry execute, pjrt_ffi_entry instantiate) {
  pjrt_ffi_handler handler;
  pjrt_ffi_handler_init(&handler);
  handler.execute = execute;
  handler.instantiate = instantiate;
  return pjrt_ffi_register_handler(plugin, "compat_handler", PJRT_NUL_ENDED,
                                   platform, PJRT_NUL_ENDED, &handler);
}

static void assert_taken_once(const char *variable, const char *platform) {
  pjrt_plugin *plugin = open_plugin(variable);
  int64_t id = 0;
  assert_ok(enter(plugin, platform, nothing, nothing));
  assert_ok(enter(plugin, platform, nothing, nothing));
  pjrt_error *error = enter(plugin, platform, other, NULL);
  assert_non_null(error);
  assert_non_null(strstr(pjrt_error_message(error, NULL), "compat_handler"));
  pjrt_error_free(error);
  assert_ok(pjrt_ffi_register_type(plugin, "compat_type", PJRT_NUL_ENDED,
                                   release, &id));
  assert_int_not_equal(id, 0);
  pjrt_plugin_free(plugin);
}

static void test_newest_plugins(void **state) {
  (void)state;
  assert_taken_once("PJRT_TEST_PLUGIN_CUDA", "CUDA");
  assert_taken_once("PJRT_TEST_PLUGIN_CUDA_0_114", "CUDA");
}

static void test_tpu(void **state) {
  (void)state;
  setenv("TPU_SKIP_MDS_QUERY", "1", 1);
  setenv("ALLOW_MULTIPLE_LIBTPU_LOAD", "1", 1);
  assert_taken_once("PJRT_TEST_PLUGIN_TPU", "TPU");
}

/* They do not lend their own registration to the handlers that they ask. */
static void test_execute_alone(void **state) {
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_CUDA_0_76");
  int64_t id = 0;
  assert_ok(enter(plugin, "CUDA", nothing, NULL));
  assert_refused(enter(plugin, "CUDA", nothing, nothing), PJRT_UNIMPLEMENTED,
                 "the plugin takes handlers for execute alone");
  assert_refused(pjrt_ffi_register_type(plugin, "compat_type", PJRT_NUL_ENDED,
                                        release, &id),
                 PJRT_UNIMPLEMENTED, "API 0.81 brought it");
  assert_ok(
      pjrt_ffi_register_type(plugin, "compat_type", PJRT_NUL_ENDED, NULL, &id));
  assert_int_not_equal(id, 0);
  pjrt_plugin_free(plugin);
}

static void test_types_alone(void **state) {
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_CUDA_0_57");
  int64_t id = 0;
  assert_refused(enter(plugin, "CUDA", nothing, NULL), PJRT_UNIMPLEMENTED,
                 "PJRT_FFI_Register_Handler, which API 0.74 brought");
  assert_ok(
      pjrt_ffi_register_type(plugin, "compat_type", PJRT_NUL_ENDED, NULL, &id));
  assert_int_not_equal(id, 0);
  pjrt_plugin_free(plugin);
}

/* Its one function adds user data, where types are registered in others. */
static void test_first_form(void **state) {
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_CUDA_0_54");
  int64_t id = 0;
  assert_refused(
      pjrt_ffi_register_type(plugin, "compat_type", PJRT_NUL_ENDED, NULL, &id),
      PJRT_UNIMPLEMENTED, "has no PJRT_FFI_Type_Register");
  assert_int_equal(id, 0);
  pjrt_plugin_free(plugin);
}

static void test_no_extension(void **state) {
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_CUDA_0_47");
  assert_refused(enter(plugin, "CUDA", nothing, NULL), PJRT_UNIMPLEMENTED,
                 "has no extension FFI, which API 0.53 brought");
  pjrt_plugin_free(plugin);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_newest_plugins),
      cmocka_unit_test(test_tpu),
      cmocka_unit_test(test_execute_alone),
      cmocka_unit_test(test_types_alone),
      cmocka_unit_test(test_first_form),
      cmocka_unit_test(test_no_extension),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
