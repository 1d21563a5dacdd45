/* Execute contexts: what a caller lends to the custom calls of a launch.
 *
 * A context is empty when it is made; extensions put things into it, such as
 * the user data of FFI handlers. It is named in the options of an execution,
 * and may serve several. */
#ifndef PJRT_CONTEXT_H_
#define PJRT_CONTEXT_H_

#include "pjrt/client.h"

PJRT_BEGIN_DECLS

typedef struct pjrt_execute_context pjrt_execute_context;

/* Makes a context for executions of the client's plugin. UNIMPLEMENTED on TPU
 * plugins, which have none.
 * PJRT: PJRT_ExecuteContext_Create (0.52).
 * @param client [shared]
 * @param out [owned: pjrt_execute_context_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_execute_context_create(
    pjrt_client *client, pjrt_execute_context **out);

/* Drops the handle; executions under way keep the context until they are done.
 * PJRT: PJRT_ExecuteContext_Destroy (0.52).
 * @param context [taken] */
PJRT_API void pjrt_execute_context_free(pjrt_execute_context *context);

PJRT_END_DECLS

#endif /* PJRT_CONTEXT_H_ */
