#include "core/context.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/plugin.h"

static bool bury(pjrt_grave *grave) {
  pjrt_execute_context *context = (pjrt_execute_context *)grave;
  pjrt_client *client = context->client;
  PJRT_ARGS(PJRT_ExecuteContext_Destroy, args);
  args->context = context->raw;
  /* Destroying must never be fatal, and nobody is left to tell. */
  pjrt_error_drop(PJRT_CALL(client->plugin, PJRT_ExecuteContext_Destroy, args));
  free(context);
  return pjrt_pool_drop(client->pool);
}

pjrt_execute_context *pjrt_execute_context_retain(
    pjrt_execute_context *context) {
  atomic_fetch_add(&context->refs, 1);
  return context;
}

void pjrt_execute_context_free(pjrt_execute_context *context) {
  if (!context || pjrt_client_is_forked(context->client)) return;
  if (atomic_fetch_sub(&context->refs, 1) != 1) return;
  context->grave.bury = bury;
  pjrt_client_bury(context->client, &context->grave);
}

pjrt_error *pjrt_execute_context_create(pjrt_client *client,
                                        pjrt_execute_context **out) {
  void *memory;
  *out = NULL;
  if (!client) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "client is NULL");
  }
  PJRT_TRY(pjrt_client_check(client));
  PJRT_TRY(pjrt_alloc(1, sizeof **out, &memory));
  PJRT_ARGS(PJRT_ExecuteContext_Create, args);
  pjrt_error *error =
      PJRT_CALL(client->plugin, PJRT_ExecuteContext_Create, args);
  if (!error && !args->context) {
    error = pjrt_error_about(
        pjrt_error_format(PJRT_INTERNAL,
                          "the plugin reports success and gives no context"),
        client->plugin, "PJRT_ExecuteContext_Create");
  }
  if (error) {
    free(memory);
    return error;
  }
  *out = memory;
  (*out)->client = client;
  (*out)->raw = args->context;
  atomic_init(&(*out)->refs, 1);
  pjrt_pool_hold(client->pool);
  return NULL;
}
