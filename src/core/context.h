/* The inside of an execute context. */
#ifndef PJRT_CORE_CONTEXT_H_
#define PJRT_CORE_CONTEXT_H_

#include "core/client.h"
#include "pjrt/context.h"

struct pjrt_execute_context {
  pjrt_grave grave;
  pjrt_client *client;
  atomic_size_t refs; /* the handle and launches under way */
  PJRT_ExecuteContext *raw;
};

/* Another owner; pjrt_execute_context_free drops one. */
pjrt_execute_context *pjrt_execute_context_retain(
    pjrt_execute_context *context);

/* The context of launches that name none. Handlers of custom calls that ask for
 * user data end the process on real plugins where there is no context, and
 * nothing tells which programs have handlers; so every launch gets one on
 * plugins that have FFI, and it costs nothing: it is in plain_options. */
pjrt_error *pjrt_client_create_context(pjrt_client *client)
    __attribute__((warn_unused_result));
/* After the plugin's client, whose last launches may use it. */
void pjrt_client_destroy_context(pjrt_client *client);

#endif /* PJRT_CORE_CONTEXT_H_ */
