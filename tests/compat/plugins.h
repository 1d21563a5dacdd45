/* The plugins of these tests by name; the runner gives their paths. */
#ifndef PJRT_TESTS_COMPAT_PLUGINS_H_
#define PJRT_TESTS_COMPAT_PLUGINS_H_

#include "real/fixture.h"

/* The path in the variable, such as PJRT_TEST_PLUGIN_CUDA; skips the test when
 * the plugin is not fetched. */
const char *plugin_path(const char *variable);

/* Opens a plugin that must open. */
pjrt_plugin *open_plugin(const char *variable);

/* The plugin offers these extensions, in this order. */
void assert_extensions(const pjrt_plugin *plugin, const int *types, size_t num);

/* How many of the library's functions the plugin has. */
size_t num_supported(const pjrt_plugin *plugin);

/* Making a client fails with the plugin's own error. Skips the test, and frees
 * the plugin, where there is hardware after all. */
void assert_no_client(pjrt_plugin *plugin, pjrt_code code, const char *why);

#endif /* PJRT_TESTS_COMPAT_PLUGINS_H_ */
