#include "compat/plugins.h"

const char *plugin_path(const char *variable) {
  const char *path = getenv(variable);
  if (!path || !*path) skip_because("%s is not set", variable);
  return path;
}

pjrt_plugin *open_plugin(const char *variable) {
  pjrt_plugin *plugin;
  assert_ok(
      pjrt_plugin_open(plugin_path(variable), PJRT_NUL_ENDED, NULL, &plugin));
  return plugin;
}

void assert_extensions(const pjrt_plugin *plugin, const int *types,
                       size_t num) {
  for (size_t i = 0; i < num && i < pjrt_plugin_num_extensions(plugin); i++) {
    assert_int_equal(pjrt_plugin_extension_type(plugin, i), types[i]);
    assert_int_equal(pjrt_plugin_find_extension(plugin, types[i]), i);
    assert_string_not_equal(pjrt_extension_name(types[i]), "unknown");
  }
  assert_int_equal(pjrt_plugin_num_extensions(plugin), num);
}

size_t num_supported(const pjrt_plugin *plugin) {
  size_t num = 0;
  for (size_t i = 0; i < pjrt_num_functions(); i++) {
    if (pjrt_plugin_supports(plugin, pjrt_function_name(i), PJRT_NUL_ENDED)) {
      num++;
    }
  }
  return num;
}

void assert_no_client(pjrt_plugin *plugin, pjrt_code code, const char *why) {
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
