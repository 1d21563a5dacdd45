/* Plugins for hardware that is not there load, are negotiated, and say
 * themselves why they make no client.
 * tier: all */
#include "compat/plugins.h"

/* Keeps libtpu from asking the network, and from minding another user's lock
 * file. */
static int spare_the_tpu(void **state) {
  (void)state;
  setenv("TPU_SKIP_MDS_QUERY", "1", 1);
  setenv("ALLOW_MULTIPLE_LIBTPU_LOAD", "1", 1);
  return 0;
}

static void assert_version(const pjrt_plugin *plugin, int minor) {
  assert_int_equal(pjrt_plugin_api_major(plugin), 0);
  assert_int_equal(pjrt_plugin_api_minor(plugin), minor);
  assert_false(pjrt_plugin_wants_exact_struct_sizes(plugin));
  assert_true(pjrt_named_values_size(pjrt_plugin_attributes(plugin)) > 0);
}

/* The plugin's own error; skips where there is hardware after all. */
static void assert_no_client(pjrt_plugin *plugin, pjrt_code code,
                             const char *why) {
  pjrt_client *client;
  pjrt_error *error = pjrt_client_create(plugin, NULL, &client);
  if (!error) {
    pjrt_client_free(client);
    pjrt_plugin_free(plugin);
    skip_because("this machine has the hardware");
  }
  assert_null(client);
  assert_string_equal(pjrt_error_call(error), "PJRT_Client_Create");
  assert_int_equal(pjrt_error_origin(error), PJRT_ORIGIN_PLUGIN);
  assert_code(error, code, why);
}

static pjrt_error *try_option(pjrt_plugin *plugin, const char *option) {
  pjrt_client_opts opts;
  pjrt_named_values *values;
  pjrt_client *client;
  pjrt_client_opts_init(&opts);
  assert_ok(pjrt_named_values_create(&values));
  assert_ok(pjrt_named_values_parse(values, option, PJRT_NUL_ENDED));
  opts.options = values;
  pjrt_error *error = pjrt_client_create(plugin, &opts, &client);
  pjrt_named_values_free(values);
  return error;
}

/* ---- CUDA 0.116 ---------------------------------------------------------- */

static void cuda_is_negotiated(void **state) {
  (void)state;
  static const int types[] = {20, 24, 19, 12, 6, 5, 4, 0, 3, 2, 1};
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_CUDA");
  assert_version(plugin, 116);
  assert_int_equal(num_supported(plugin), 138);
  assert_extensions(plugin, types, sizeof types / sizeof *types);
  assert_int_equal(pjrt_plugin_extension_size(plugin, 7), 33);
  assert_int_equal(pjrt_plugin_find_extension(plugin, 7), 11);
  pjrt_plugin_free(plugin);
}

static void cuda_says_that_there_is_no_gpu(void **state) {
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_CUDA");
  assert_no_client(plugin, PJRT_FAILED_PRECONDITION, "No visible GPU devices");
  pjrt_plugin_free(plugin);
}

static void cuda_checks_its_options_first(void **state) {
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_CUDA");
  assert_code(try_option(plugin, "unheard_of=1"), PJRT_INVALID_ARGUMENT,
              "unheard_of");
  assert_code(try_option(plugin, "visible_devices:string=a"),
              PJRT_INVALID_ARGUMENT, "visible_devices");
  pjrt_plugin_free(plugin);
}

/* ---- libtpu 0.117 -------------------------------------------------------- */

static void tpu_is_negotiated(void **state) {
  (void)state;
  static const int types[] = {5,  24, 23, 22, 21, 20, 19, 18, 17,
                              16, 14, 9,  12, 13, 6,  4,  8,  1};
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  assert_version(plugin, 117);
  assert_int_equal(num_supported(plugin), 138);
  assert_extensions(plugin, types, sizeof types / sizeof *types);
  assert_int_equal(pjrt_plugin_extension_size(
                       plugin, pjrt_plugin_find_extension(plugin, 16)),
                   280);
  pjrt_plugin_free(plugin);
}

static void tpu_says_that_there_is_no_tpu(void **state) {
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  assert_no_client(plugin, PJRT_NOT_FOUND, "TPU initialization failed");
  pjrt_plugin_free(plugin);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(cuda_is_negotiated),
      cmocka_unit_test(cuda_says_that_there_is_no_gpu),
      cmocka_unit_test(cuda_checks_its_options_first),
      cmocka_unit_test(tpu_is_negotiated),
      cmocka_unit_test(tpu_says_that_there_is_no_tpu),
  };
  return cmocka_run_group_tests(tests, spare_the_tpu, NULL);
}
