/* Plugins as the rest of core sees them. */
#ifndef PJRT_CORE_PLUGIN_H_
#define PJRT_CORE_PLUGIN_H_

#include "abi/call.h"
#include "pjrt/dtype.h"

/* Another owner; pjrt_plugin_free drops one. */
pjrt_plugin *pjrt_plugin_retain(pjrt_plugin *plugin);

/* What tells the plugin's file from others, see pjrt_elf_identity; learnt when
 * it is first asked for. FAILED_PRECONDITION when another file has taken its
 * place since it was loaded, whose identity this would be. */
pjrt_error *pjrt_plugin_identity(pjrt_plugin *plugin, const char **out)
    __attribute__((warn_unused_result));

/* Names the plugin in an error that the library makes about it. Returns the
 * error. */
pjrt_error *pjrt_error_about(pjrt_error *error, const pjrt_plugin *plugin,
                             const char *call);

/* INVALID_ARGUMENT for NULL, FAILED_PRECONDITION when it was opened with
 * inspect_only. */
pjrt_error *pjrt_plugin_check(const pjrt_plugin *plugin)
    __attribute__((warn_unused_result));

/* Whether arrays of the type can be spoken of to the plugin: INVALID_ARGUMENT
 * for a type without elements, UNIMPLEMENTED for one newer than the plugin.
 * Real plugins end the process on both. */
pjrt_error *pjrt_plugin_check_dtype(const pjrt_plugin *plugin, pjrt_dtype dtype)
    __attribute__((warn_unused_result));

#endif /* PJRT_CORE_PLUGIN_H_ */
