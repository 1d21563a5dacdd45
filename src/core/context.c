#include "core/context.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/plugin.h"

enum { FIRST_MINOR_OF_THE_OPTION = 64 };

static pjrt_error *create_raw(const pjrt_plugin *plugin,
                              PJRT_ExecuteContext **out) {
  PJRT_ARGS(PJRT_ExecuteContext_Create, args);
  PJRT_TRY(PJRT_CALL(plugin, PJRT_ExecuteContext_Create, args));
  *out = args->context;
  if (*out) return NULL;
  return pjrt_error_about(
      pjrt_error_format(PJRT_INTERNAL,
                        "the plugin reports success and gives no context"),
      plugin, "PJRT_ExecuteContext_Create");
}

/* Destroying must never be fatal, and nobody is left to tell. */
static void destroy_raw(const pjrt_plugin *plugin, PJRT_ExecuteContext *raw) {
  PJRT_ARGS(PJRT_ExecuteContext_Destroy, args);
  args->context = raw;
  pjrt_error_drop(PJRT_CALL(plugin, PJRT_ExecuteContext_Destroy, args));
}

/* ---- the client's own ---------------------------------------------------- */

pjrt_error *pjrt_client_create_context(pjrt_client *client) {
  const pjrt_plugin *plugin = client->plugin;
  const bool has_handlers =
      pjrt_plugin_find_extension(plugin, PJRT_Extension_Type_FFI) <
      plugin->num_extensions;
  if (!has_handlers || plugin->minor < FIRST_MINOR_OF_THE_OPTION) return NULL;
  pjrt_error *error = create_raw(plugin, &client->plain_options.value.context);
  if (pjrt_error_code(error) != PJRT_UNIMPLEMENTED) return error;
  pjrt_error_free(error);
  return NULL;
}

void pjrt_client_destroy_context(pjrt_client *client) {
  PJRT_ExecuteContext *raw = client->plain_options.value.context;
  if (raw) destroy_raw(client->plugin, raw);
}

/* ---- the caller's -------------------------------------------------------- */

static bool bury(pjrt_grave *grave) {
  pjrt_execute_context *context = (pjrt_execute_context *)grave;
  pjrt_client *client = context->client;
  destroy_raw(client->plugin, context->raw);
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
  PJRT_ExecuteContext *raw;
  pjrt_error *error = create_raw(client->plugin, &raw);
  if (error) {
    free(memory);
    return error;
  }
  *out = memory;
  (*out)->client = client;
  (*out)->raw = raw;
  atomic_init(&(*out)->refs, 1);
  pjrt_pool_hold(client->pool);
  return NULL;
}
