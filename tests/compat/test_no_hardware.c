/* The TPU's plugin without a TPU loads, is negotiated, and says itself why it
 * makes no client.
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

static void tpu_is_negotiated(void **state) {
  (void)state;
  static const int types[] = {5,  24, 23, 22, 21, 20, 19, 18, 17,
                              16, 14, 9,  12, 13, 6,  4,  8,  1};
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  assert_int_equal(pjrt_plugin_api_major(plugin), 0);
  assert_int_equal(pjrt_plugin_api_minor(plugin), 117);
  assert_false(pjrt_plugin_wants_exact_struct_sizes(plugin));
  assert_true(pjrt_named_values_size(pjrt_plugin_attributes(plugin)) > 0);
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
      cmocka_unit_test(tpu_is_negotiated),
      cmocka_unit_test(tpu_says_that_there_is_no_tpu),
  };
  return cmocka_run_group_tests(tests, spare_the_tpu, NULL);
}
