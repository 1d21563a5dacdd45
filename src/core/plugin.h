/* Plugins as the rest of core sees them. */
#ifndef PJRT_CORE_PLUGIN_H_
#define PJRT_CORE_PLUGIN_H_

#include "abi/call.h"

/* Another owner; pjrt_plugin_free drops one. */
pjrt_plugin *pjrt_plugin_retain(pjrt_plugin *plugin);

/* Names the plugin in an error that the library makes about it. Returns the
 * error. */
pjrt_error *pjrt_error_about(pjrt_error *error, const pjrt_plugin *plugin,
                             const char *call);

#endif /* PJRT_CORE_PLUGIN_H_ */
