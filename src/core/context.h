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

#endif /* PJRT_CORE_CONTEXT_H_ */
