#include "ext/extension.h"

#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "core/plugin.h"
#include "ext/slots.h"

const void *pjrt_ext_find(const pjrt_plugin *plugin, int type, size_t end,
                          const char *function) {
  for (size_t i = 0; i < plugin->num_extensions; i++) {
    const pjrt_extension_node *node = &plugin->extensions[i];
    if (node->type != type) continue;
    if (node->size >= end) return node->node;
    /* Without a size, what is behind it lies that much nearer. */
    if (!node->size && plugin->minor >= pjrt_slot_since(type, function)) {
      return (const char *)node->node - offsetof(PJRT_Extension_Base, type);
    }
  }
  return NULL;
}

/* Those that have grown. */
static const struct {
  const char *args;
  int16_t minor; /* the size is declared from here on */
  int16_t size;
} grown[] = {
#define PJRT_EXTENSION_ARGS_ROW(args, minor, size) {#args, minor, size},
#include "abi/generated/extensions.inc"
};

size_t pjrt_ext_args_size(const pjrt_plugin *plugin, const char *args,
                          size_t newest, size_t size) {
  size_t found = 0;
  if (!plugin->exact_struct_sizes) {
    return pjrt_plugin_is_known(plugin) ? newest : size + PJRT_ARGS_RESERVE;
  }
  for (size_t i = 0; i < sizeof grown / sizeof *grown; i++) {
    /* The first is for all that is older, too. */
    if (strcmp(grown[i].args, args) == 0 &&
        (!found || grown[i].minor <= plugin->minor)) {
      found = (size_t)grown[i].size;
    }
  }
  return found ? found : newest;
}

pjrt_error *pjrt_ext_result(const pjrt_plugin *plugin, const char *function,
                            PJRT_Error *raw) {
  return raw ? pjrt_error_from_function(plugin, function, raw) : NULL;
}

pjrt_error *pjrt_ext_missing(const pjrt_plugin *plugin, int type,
                             const char *function) {
  const bool has_it =
      pjrt_plugin_find_extension(plugin, type) < plugin->num_extensions;
  const char *name = pjrt_extension_name(type);
  pjrt_error *error =
      has_it
          ? pjrt_error_format(PJRT_UNIMPLEMENTED,
                              "the plugin's extension %s has no %s, which "
                              "API 0.%d brought",
                              name, function, pjrt_slot_since(type, function))
          : pjrt_error_format(PJRT_UNIMPLEMENTED,
                              "the plugin has no extension %s, which API "
                              "0.%d brought",
                              name, pjrt_extension_since(type));
  return pjrt_error_about(error, plugin, function);
}
