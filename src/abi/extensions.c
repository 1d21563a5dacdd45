/* The plugin's extensions: what there is, under which name. */
#include "abi/plugin.h"

static const struct {
  int type;
  const char *name;
} names[] = {
#define PJRT_EXTENSION_ROW(type, name, node, since, kind) {type, name},
#include "abi/generated/extensions.inc"
#undef PJRT_EXTENSION_ROW
};

const char *pjrt_extension_name(int type) {
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (names[i].type == type) return names[i].name;
  }
  return "unknown";
}

size_t pjrt_plugin_num_extensions(const pjrt_plugin *plugin) {
  return plugin->num_extensions;
}

int pjrt_plugin_extension_type(const pjrt_plugin *plugin, size_t i) {
  return i < plugin->num_extensions ? plugin->extensions[i].type : -1;
}

size_t pjrt_plugin_extension_size(const pjrt_plugin *plugin, size_t i) {
  return i < plugin->num_extensions ? plugin->extensions[i].size : 0;
}

size_t pjrt_plugin_find_extension(const pjrt_plugin *plugin, int type) {
  size_t i = 0;
  while (i < plugin->num_extensions && plugin->extensions[i].type != type) i++;
  return i;
}
