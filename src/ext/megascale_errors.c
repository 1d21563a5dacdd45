/* Megascale: what goes wrong, who is told, and what several errors come from.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "core/object.h"
#include "core/opts.h"
#include "ext/answer.h"
#include "ext/megascale.h"
#include "pjrt/ext/megascale.h"

#define CALL MEGASCALE_CALL

static pjrt_error *check_name(const char *what, const char *name,
                              size_t *size) {
  *size = pjrt_text_size(name, *size);
  if (*size) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT, "%s is empty", what);
}

/* ---- failures ------------------------------------------------------------ */

void pjrt_megascale_failure_init(pjrt_megascale_failure *failure) {
  *failure = (pjrt_megascale_failure){.struct_size = sizeof *failure,
                                      .type = PJRT_MEGASCALE_HANG_DETECTED,
                                      .code = PJRT_UNKNOWN};
}

/* libtpu takes any number, and makes nothing of those it does not know. */
static pjrt_error *check_failure(const pjrt_megascale_failure *failure) {
  const int type = (int)failure->type, code = (int)failure->code;
  if (type < PJRT_MEGASCALE_HANG_DETECTED || type > PJRT_MEGASCALE_CANCELLED) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "there is no type %d of Megascale errors", type);
  }
  if (code >= (int)PJRT_OK && code <= (int)PJRT_UNAUTHENTICATED) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT, "there is no code %d", code);
}

static pjrt_error *get_or_create(const pjrt_plugin *plugin,
                                 const pjrt_megascale_failure *failure,
                                 bool *out_is_new, void **out,
                                 size_t *out_size) {
  PJRT_ARGS(PJRT_Megascale_GetOrCreateRuntimeError, args);
  args->error_type = (int32_t)failure->type;
  args->start_time_nanos = failure->start_time_ns;
  args->status_code = (int32_t)failure->code;
  args->status_message = failure->message ? failure->message : "";
  args->status_message_size =
      pjrt_text_size(failure->message, failure->message_size);
  args->launch_id = failure->launch_id;
  args->has_unrecoverable_error_type = failure->has_unrecoverable_type;
  args->unrecoverable_error_type = failure->unrecoverable_type;
  PJRT_TRY(CALL(plugin, get_or_create_runtime_error,
                PJRT_Megascale_GetOrCreateRuntimeError, args));
  *out_is_new = args->is_new_error;
  pjrt_error *error = pjrt_ext_copy_bytes(
      plugin, "PJRT_Megascale_GetOrCreateRuntimeError", args->serialized_error,
      args->serialized_error_size, out, out_size);
  if (args->error_deleter) args->error_deleter(args->error);
  return error;
}

pjrt_error *pjrt_megascale_runtime_error(const pjrt_plugin *plugin,
                                         const pjrt_megascale_failure *failure,
                                         bool *out_is_new, void **out,
                                         size_t *out_size) {
  bool is_new = false;
  pjrt_megascale_failure known;
  *out = NULL;
  *out_size = 0;
  if (out_is_new) *out_is_new = false;
  PJRT_TRY(pjrt_plugin_check(plugin));
  pjrt_megascale_failure_init(&known);
  PJRT_TRY(
      pjrt_opts_read(failure, "pjrt_megascale_failure", sizeof known, &known));
  PJRT_TRY(check_failure(&known));
  PJRT_TRY(get_or_create(plugin, &known, &is_new, out, out_size));
  if (out_is_new) *out_is_new = is_new;
  return NULL;
}

/* ---- handlers ------------------------------------------------------------ */

/* The plugin calls the user's function itself: it never says when it is done
 * with what a function of ours would need to find it. */
pjrt_error *pjrt_megascale_register_error_handler(
    const pjrt_plugin *plugin, const char *name, size_t name_size,
    pjrt_megascale_error_fn handler, void *user) {
  PJRT_TRY(pjrt_plugin_check(plugin));
  PJRT_TRY(check_name("the handler's name", name, &name_size));
  if (!handler) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "handler is NULL");
  }
  PJRT_ARGS(PJRT_Megascale_RegisterErrorHandler, args);
  args->handler_name = name;
  args->handler_name_size = name_size;
  args->handler = handler;
  args->user_data = user;
  return CALL(plugin, register_megascale_error_handler,
              PJRT_Megascale_RegisterErrorHandler, args);
}

pjrt_error *pjrt_megascale_unregister_error_handler(const pjrt_plugin *plugin,
                                                    const char *name,
                                                    size_t name_size) {
  PJRT_TRY(pjrt_plugin_check(plugin));
  PJRT_TRY(check_name("the handler's name", name, &name_size));
  PJRT_ARGS(PJRT_Megascale_UnregisterErrorHandler, args);
  args->handler_name = name;
  args->handler_name_size = name_size;
  return CALL(plugin, unregister_megascale_error_handler,
              PJRT_Megascale_UnregisterErrorHandler, args);
}

/* ---- aggregators --------------------------------------------------------- */

struct pjrt_megascale_aggregator {
  pjrt_object object;
  PJRT_Megascale_ErrorAggregator *raw;
};

static pjrt_error *check(const pjrt_megascale_aggregator *aggregator) {
  return pjrt_object_check(aggregator ? &aggregator->object : NULL,
                           "aggregator");
}

static void end_aggregator(pjrt_object *object) {
  PJRT_ARGS(PJRT_Megascale_ErrorAggregator_Delete, args);
  args->aggregator = ((pjrt_megascale_aggregator *)object)->raw;
  /* Destroying must never be fatal, and nobody is left to tell. */
  pjrt_error_drop(CALL(object->plugin, error_aggregator_delete,
                       PJRT_Megascale_ErrorAggregator_Delete, args));
}

static pjrt_error *create(const pjrt_plugin *plugin, const char *app_type,
                          size_t app_type_size,
                          PJRT_Megascale_ErrorAggregator **out) {
  PJRT_ARGS(PJRT_Megascale_ErrorAggregator_Create, args);
  args->app_type = app_type;
  args->app_type_size = app_type_size;
  PJRT_TRY(CALL(plugin, error_aggregator_create,
                PJRT_Megascale_ErrorAggregator_Create, args));
  *out = args->aggregator;
  return pjrt_ext_check_object(plugin, "PJRT_Megascale_ErrorAggregator_Create",
                               "aggregator", *out);
}

pjrt_error *pjrt_megascale_aggregator_create(pjrt_plugin *plugin,
                                             const char *app_type,
                                             size_t app_type_size,
                                             pjrt_megascale_aggregator **out) {
  void *memory;
  *out = NULL;
  PJRT_TRY(pjrt_plugin_check(plugin));
  PJRT_TRY(check_name("the type of application", app_type, &app_type_size));
  PJRT_TRY(pjrt_alloc(1, sizeof **out, &memory));
  pjrt_megascale_aggregator *aggregator = memory;
  pjrt_error *error = create(plugin, app_type, app_type_size, &aggregator->raw);
  if (error) {
    free(aggregator);
    return error;
  }
  pjrt_object_init(&aggregator->object, plugin, end_aggregator);
  *out = aggregator;
  return NULL;
}

void pjrt_megascale_aggregator_free(pjrt_megascale_aggregator *aggregator) {
  if (aggregator) pjrt_object_release(&aggregator->object);
}

pjrt_error *pjrt_megascale_aggregator_add(pjrt_megascale_aggregator *aggregator,
                                          const char *worker,
                                          size_t worker_size, const void *error,
                                          size_t error_size) {
  PJRT_TRY(check(aggregator));
  PJRT_TRY(check_name("the worker's id", worker, &worker_size));
  PJRT_TRY(pjrt_megascale_check_message("the error", error, error_size));
  if (error_size == 0) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "the error is empty");
  }
  PJRT_ARGS(PJRT_Megascale_ErrorAggregator_AddError, args);
  args->aggregator = aggregator->raw;
  args->worker_id = worker;
  args->worker_id_size = worker_size;
  args->serialized_error = error;
  args->serialized_error_size = error_size;
  return CALL(aggregator->object.plugin, error_aggregator_add_error,
              PJRT_Megascale_ErrorAggregator_AddError, args);
}

pjrt_error *pjrt_megascale_aggregator_size(
    const pjrt_megascale_aggregator *aggregator, size_t *out) {
  *out = 0;
  PJRT_TRY(check(aggregator));
  PJRT_ARGS(PJRT_Megascale_ErrorAggregator_Size, args);
  args->aggregator = aggregator->raw;
  PJRT_TRY(CALL(aggregator->object.plugin, error_aggregator_size,
                PJRT_Megascale_ErrorAggregator_Size, args));
  *out = args->size;
  return NULL;
}

pjrt_error *pjrt_megascale_aggregator_is_active(
    const pjrt_megascale_aggregator *aggregator, bool *out) {
  *out = false;
  PJRT_TRY(check(aggregator));
  PJRT_ARGS(PJRT_Megascale_ErrorAggregator_Active, args);
  args->aggregator = aggregator->raw;
  PJRT_TRY(CALL(aggregator->object.plugin, error_aggregator_active,
                PJRT_Megascale_ErrorAggregator_Active, args));
  *out = args->active;
  return NULL;
}

/* ---- digests ------------------------------------------------------------- */

/* Of its aggregator, which logging needs. */
struct pjrt_megascale_digest {
  pjrt_object object;
  PJRT_Megascale_ErrorDigest *raw;
};

static void end_digest(pjrt_object *object) {
  PJRT_ARGS(PJRT_Megascale_ErrorDigest_Delete, args);
  args->digest = ((pjrt_megascale_digest *)object)->raw;
  /* Destroying must never be fatal, and nobody is left to tell. */
  pjrt_error_drop(CALL(object->plugin, error_digest_delete,
                       PJRT_Megascale_ErrorDigest_Delete, args));
}

static pjrt_error *process(const pjrt_megascale_aggregator *aggregator,
                           PJRT_Megascale_ErrorDigest **out) {
  static const char call[] =
      "PJRT_Megascale_ErrorAggregator_ProcessAndShutdown";
  const pjrt_plugin *plugin = aggregator->object.plugin;
  PJRT_ARGS(PJRT_Megascale_ErrorAggregator_ProcessAndShutdown, args);
  args->aggregator = aggregator->raw;
  PJRT_TRY(CALL(plugin, error_aggregator_process_and_shutdown,
                PJRT_Megascale_ErrorAggregator_ProcessAndShutdown, args));
  *out = args->digest;
  return pjrt_ext_check_object(plugin, call, "digest", *out);
}

pjrt_error *pjrt_megascale_aggregator_process(
    pjrt_megascale_aggregator *aggregator, pjrt_megascale_digest **out) {
  void *memory;
  *out = NULL;
  PJRT_TRY(check(aggregator));
  PJRT_TRY(pjrt_alloc(1, sizeof **out, &memory));
  pjrt_megascale_digest *digest = memory;
  pjrt_error *error = process(aggregator, &digest->raw);
  if (error) {
    free(digest);
    return error;
  }
  pjrt_object_init_of(&digest->object, &aggregator->object, end_digest);
  *out = digest;
  return NULL;
}

pjrt_error *pjrt_megascale_digest_log(pjrt_megascale_digest *digest) {
  PJRT_TRY(pjrt_object_check(digest ? &digest->object : NULL, "digest"));
  const pjrt_object *aggregator = digest->object.parent;
  PJRT_ARGS(PJRT_Megascale_ErrorAggregator_LogErrorDigest, args);
  args->aggregator = ((const pjrt_megascale_aggregator *)aggregator)->raw;
  args->digest = digest->raw;
  return CALL(aggregator->plugin, error_aggregator_log_error_digest,
              PJRT_Megascale_ErrorAggregator_LogErrorDigest, args);
}

void pjrt_megascale_digest_free(pjrt_megascale_digest *digest) {
  if (digest) pjrt_object_release(&digest->object);
}
