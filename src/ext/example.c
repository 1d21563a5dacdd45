#include "pjrt/ext/example.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/plugin.h"
#include "ext/answer.h"
#include "ext/extension.h"

#define CALL(plugin, slot, fn, args) \
  PJRT_EXT_CALL_UNSIZED(plugin, Example, PJRT_Example_Extension, slot, fn, args)

struct pjrt_example {
  pjrt_plugin *plugin;
  PJRT_ExampleExtensionCpp *raw;
  pid_t process;
};

static pjrt_error *check_plugin(const pjrt_plugin *plugin) {
  if (!plugin) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "plugin is NULL");
  }
  if (plugin->is_initialized) return NULL;
  return pjrt_error_about(
      pjrt_error_format(PJRT_FAILED_PRECONDITION,
                        "the plugin was opened with inspect_only"),
      plugin, NULL);
}

/* Not an object that nobody could destroy. */
static pjrt_error *create_raw(const pjrt_plugin *plugin,
                              PJRT_ExampleExtensionCpp **out) {
  static const char call[] = "PJRT_ExampleExtension_CreateExampleExtensionCpp";
  const PJRT_Example_Extension *node =
      PJRT_EXT_FIND(plugin, Example, PJRT_Example_Extension, destroy,
                    PJRT_ExampleExtension_CreateExampleExtensionCpp);
  if (!node || !node->destroy) {
    return pjrt_ext_missing(plugin, PJRT_Extension_Type_Example, call);
  }
  PJRT_ARGS(PJRT_ExampleExtension_CreateExampleExtensionCpp, args);
  PJRT_TRY(CALL(plugin, create, PJRT_ExampleExtension_CreateExampleExtensionCpp,
                args));
  *out = args->extension_cpp;
  return pjrt_ext_check_object(plugin, call, "object", *out);
}

pjrt_error *pjrt_example_create(pjrt_plugin *plugin, pjrt_example **out) {
  void *memory;
  *out = NULL;
  PJRT_TRY(check_plugin(plugin));
  PJRT_TRY(pjrt_alloc(1, sizeof(pjrt_example), &memory));
  pjrt_example *example = memory;
  pjrt_error *error = create_raw(plugin, &example->raw);
  if (error) {
    free(example);
    return error;
  }
  example->plugin = pjrt_plugin_retain(plugin);
  example->process = getpid();
  *out = example;
  return NULL;
}

pjrt_error *pjrt_example_method(pjrt_example *example, int64_t value) {
  if (!example) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "example is NULL");
  }
  if (example->process != getpid()) {
    return pjrt_error_format(PJRT_FAILED_PRECONDITION,
                             "the example was made before this process was "
                             "forked; make another one");
  }
  PJRT_ARGS(PJRT_ExampleExtension_ExampleMethod, args);
  args->extension_cpp = example->raw;
  args->value = value;
  return CALL(example->plugin, example_method,
              PJRT_ExampleExtension_ExampleMethod, args);
}

/* What belongs to the parent of a forked process is left alone. */
void pjrt_example_free(pjrt_example *example) {
  if (!example || example->process != getpid()) return;
  PJRT_ARGS(PJRT_ExampleExtension_CreateExampleExtensionCpp, args);
  args->extension_cpp = example->raw;
  /* Destroying must never be fatal, and nobody is left to tell. */
  pjrt_error_drop(CALL(example->plugin, destroy,
                       PJRT_ExampleExtension_CreateExampleExtensionCpp, args));
  pjrt_plugin_free(example->plugin);
  free(example);
}
