#include "pjrt/ext/profiler.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/plugin.h"
#include "core/wire.h"
#include "ext/answer.h"
#include "ext/extension.h"
#include "ext/profiler_options.h"
#include "pjrt/array.h"

typedef enum profiler_state {
  IS_NEW,
  IS_RUNNING,
  IS_STOPPED,
  IS_TAKEN /* what it recorded */
} profiler_state;

struct pjrt_profiler {
  pjrt_plugin *plugin;
  PLUGIN_Profiler *raw;
  pid_t process;        /* which made it */
  pthread_mutex_t lock; /* of the state, held while the plugin is called */
  profiler_state state;
};

/* A serialized XSpace, for pjrt_host_free. */
typedef struct recording {
  void *data;
  size_t size;
} recording;

/* ---- calling ------------------------------------------------------------- */

/* The extension leads to a table of its own, whose functions have errors of
 * their own. Some plugins leave slots empty, those about errors too. */
#define CALL(plugin, slot, fn, args)                                 \
  __extension__({                                                    \
    const PLUGIN_Profiler_Api *api_ = table_of((plugin), #fn);       \
    (args)->struct_size = PJRT_EXT_ARGS_SIZE(plugin, fn, args);      \
    HAS(api_, slot)                                                  \
    ? result((plugin), api_, #fn, api_->slot(args))                  \
    : pjrt_ext_missing((plugin), PJRT_Extension_Type_Profiler, #fn); \
  })
#define HAS(api, slot)                                                 \
  ((api) &&                                                            \
   (api)->struct_size >= offsetof(PLUGIN_Profiler_Api, slot) +         \
                             sizeof((PLUGIN_Profiler_Api *)0)->slot && \
   (api)->slot)

static const PLUGIN_Profiler_Api *table_of(const pjrt_plugin *plugin,
                                           const char *function) {
  const PJRT_Profiler_Extension *node = pjrt_ext_find(
      plugin, PJRT_Extension_Type_Profiler,
      offsetof(PJRT_Profiler_Extension, profiler_api) + sizeof(void *),
      function);
  return node ? node->profiler_api : NULL;
}

static void drop(const pjrt_plugin *plugin, const PLUGIN_Profiler_Api *api,
                 PLUGIN_Profiler_Error *raw) {
  if (!HAS(api, error_destroy)) return;
  PJRT_ARGS(PLUGIN_Profiler_Error_Destroy, args);
  args->struct_size =
      PJRT_EXT_ARGS_SIZE(plugin, PLUGIN_Profiler_Error_Destroy, args);
  args->error = raw;
  api->error_destroy(args);
}

/* Some plugins answer 0 to whatever happened. */
static pjrt_code code_of(const pjrt_plugin *plugin,
                         const PLUGIN_Profiler_Api *api,
                         PLUGIN_Profiler_Error *raw) {
  if (!HAS(api, error_get_code)) return PJRT_UNKNOWN;
  PJRT_ARGS(PLUGIN_Profiler_Error_GetCode, args);
  args->struct_size =
      PJRT_EXT_ARGS_SIZE(plugin, PLUGIN_Profiler_Error_GetCode, args);
  args->error = raw;
  PLUGIN_Profiler_Error *failure = api->error_get_code(args);
  if (failure) drop(plugin, api, failure);
  return failure || !args->code ? PJRT_UNKNOWN : (pjrt_code)args->code;
}

static pjrt_error *words_of(const pjrt_plugin *plugin,
                            const PLUGIN_Profiler_Api *api,
                            PLUGIN_Profiler_Error *raw, pjrt_code code) {
  static const char none[] = "the plugin gave no message";
  PJRT_ARGS(PLUGIN_Profiler_Error_Message, args);
  if (HAS(api, error_message)) {
    args->struct_size =
        PJRT_EXT_ARGS_SIZE(plugin, PLUGIN_Profiler_Error_Message, args);
    args->error = raw;
    api->error_message(args);
  }
  pjrt_error *absurd =
      pjrt_count_check("a size", args->message_size, args->message);
  const bool is_told = !absurd && args->message_size > 0;
  pjrt_error_free(absurd);
  return is_told ? pjrt_error_create(code, args->message, args->message_size)
                 : pjrt_error_create(code, none, sizeof none - 1);
}

static pjrt_error *result(const pjrt_plugin *plugin,
                          const PLUGIN_Profiler_Api *api, const char *function,
                          PLUGIN_Profiler_Error *raw) {
  if (!raw) return NULL;
  const pjrt_code code = code_of(plugin, api, raw);
  pjrt_error *error = words_of(plugin, api, raw, code);
  drop(plugin, api, raw);
  pjrt_error_set_origin(error, PJRT_ORIGIN_PLUGIN);
  return pjrt_error_about(error, plugin, function);
}

/* ---- life ---------------------------------------------------------------- */

static pjrt_error *create_raw(pjrt_profiler *profiler, const char *options,
                              size_t options_size) {
  static const char call[] = "PLUGIN_Profiler_Create";
  const pjrt_plugin *plugin = profiler->plugin;
  PJRT_ARGS(PLUGIN_Profiler_Create, args);
  args->options = options;
  args->options_size = options_size;
  PJRT_TRY(CALL(plugin, create, PLUGIN_Profiler_Create, args));
  profiler->raw = args->profiler;
  return pjrt_ext_check_object(plugin, call, "profiler", profiler->raw);
}

static pjrt_error *stop_raw(const pjrt_profiler *profiler) {
  PJRT_ARGS(PLUGIN_Profiler_Stop, args);
  args->profiler = profiler->raw;
  return CALL(profiler->plugin, stop, PLUGIN_Profiler_Stop, args);
}

/* Nobody is left to tell what fails here. */
static void end(pjrt_profiler *profiler) {
  if (profiler->state == IS_RUNNING) pjrt_error_drop(stop_raw(profiler));
  if (profiler->raw) {
    PJRT_ARGS(PLUGIN_Profiler_Destroy, args);
    args->profiler = profiler->raw;
    pjrt_error_drop(
        CALL(profiler->plugin, destroy, PLUGIN_Profiler_Destroy, args));
  }
  pthread_mutex_destroy(&profiler->lock);
  pjrt_plugin_free(profiler->plugin);
  free(profiler);
}

static pjrt_error *allocate(pjrt_plugin *plugin, pjrt_profiler **out) {
  void *memory;
  PJRT_TRY(pjrt_alloc(1, sizeof **out, &memory));
  *out = memory;
  (*out)->plugin = pjrt_plugin_retain(plugin);
  (*out)->process = getpid();
  pthread_mutex_init(&(*out)->lock, NULL);
  return NULL;
}

pjrt_error *pjrt_profiler_create(pjrt_plugin *plugin,
                                 const pjrt_profiler_opts *opts,
                                 pjrt_profiler **out) {
  char *options;
  size_t options_size;
  pjrt_profiler *profiler = NULL;
  *out = NULL;
  PJRT_TRY(pjrt_plugin_check(plugin));
  PJRT_TRY(pjrt_profiler_options_pack(opts, &options, &options_size));
  pjrt_error *error = allocate(plugin, &profiler);
  if (!error) error = create_raw(profiler, options, options_size);
  free(options);
  if (error) {
    if (profiler) end(profiler);
    return error;
  }
  *out = profiler;
  return NULL;
}

void pjrt_profiler_free(pjrt_profiler *profiler) {
  if (!profiler || profiler->process != getpid()) return;
  end(profiler);
}

/* ---- the states ---------------------------------------------------------- */

static pjrt_error *check(const pjrt_profiler *profiler) {
  if (!profiler) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "profiler is NULL");
  }
  if (profiler->process == getpid()) return NULL;
  return pjrt_error_about(
      pjrt_error_format(PJRT_FAILED_PRECONDITION,
                        "the profiler was made before this process was "
                        "forked; make another one"),
      profiler->plugin, NULL);
}

/* Plugins answer such calls with success, nothing, or stale data. */
static pjrt_error *wrong_state(const pjrt_profiler *profiler,
                               const char *function) {
  static const char *const reasons[] = {
      [IS_NEW] = "the profiler was not started",
      [IS_RUNNING] = "the profiler runs",
      [IS_STOPPED] = "the profiler was stopped; to record again, make another",
      [IS_TAKEN] =
          ("what the profiler recorded was collected; to record again, "
           "make another"),
  };
  return pjrt_error_about(pjrt_error_format(PJRT_FAILED_PRECONDITION, "%s",
                                            reasons[profiler->state]),
                          profiler->plugin, function);
}

/* Goes from one state to the next by what `step` does. */
static pjrt_error *advance(pjrt_profiler *profiler, profiler_state from,
                           const char *function,
                           pjrt_error *(*step)(const pjrt_profiler *profiler,
                                               recording *out),
                           recording *out) {
  PJRT_TRY(check(profiler));
  pthread_mutex_lock(&profiler->lock);
  pjrt_error *error = profiler->state == from ? step(profiler, out)
                                              : wrong_state(profiler, function);
  if (!error) profiler->state = from + 1;
  pthread_mutex_unlock(&profiler->lock);
  return error;
}

static pjrt_error *start(const pjrt_profiler *profiler, recording *out) {
  (void)out;
  PJRT_ARGS(PLUGIN_Profiler_Start, args);
  args->profiler = profiler->raw;
  return CALL(profiler->plugin, start, PLUGIN_Profiler_Start, args);
}

pjrt_error *pjrt_profiler_start(pjrt_profiler *profiler) {
  return advance(profiler, IS_NEW, "PLUGIN_Profiler_Start", start, NULL);
}

static pjrt_error *stop(const pjrt_profiler *profiler, recording *out) {
  (void)out;
  return stop_raw(profiler);
}

pjrt_error *pjrt_profiler_stop(pjrt_profiler *profiler) {
  return advance(profiler, IS_RUNNING, "PLUGIN_Profiler_Stop", stop, NULL);
}

/* ---- what was recorded --------------------------------------------------- */

/* Real plugins put a zero behind the message, which no field begins with. */
static size_t size_of_message(const void *data, size_t size) {
  pjrt_wire_field field;
  pjrt_wire wire = pjrt_wire_start(data, size);
  do {
    if (wire.end - wire.at == 1 && *wire.at == 0) return size - 1;
  } while (pjrt_wire_next(&wire, &field));
  return size;
}

static pjrt_error *keep(const pjrt_profiler *profiler, const char *call,
                        const void *data, size_t size, recording *out) {
  PJRT_TRY(pjrt_ext_copy_bytes(profiler->plugin, call, data, size, &out->data,
                               &out->size));
  out->size = size_of_message(out->data, out->size);
  return NULL;
}

/* Lets the plugin fill memory of ours. */
static pjrt_error *fill(const pjrt_profiler *profiler, size_t size,
                        recording *out) {
  static const char call[] = "PLUGIN_Profiler_CollectData";
  PJRT_ARGS(PLUGIN_Profiler_CollectData, args);
  pjrt_error *error = pjrt_bytes_check("a number of bytes", size, "");
  if (error) return pjrt_error_about(error, profiler->plugin, call);
  PJRT_TRY(pjrt_host_alloc(size, &out->data));
  memset(out->data, 0, size);
  args->profiler = profiler->raw;
  args->buffer = out->data;
  args->buffer_size_in_bytes = size;
  error =
      CALL(profiler->plugin, collect_data, PLUGIN_Profiler_CollectData, args);
  if (!error && args->buffer_size_in_bytes > size) {
    error = pjrt_error_about(
        pjrt_error_format(PJRT_INTERNAL,
                          "the plugin put %zu bytes where it asked for %zu",
                          args->buffer_size_in_bytes, size),
        profiler->plugin, call);
  }
  if (error) {
    pjrt_host_free(out->data);
    out->data = NULL;
    return error;
  }
  out->size = size_of_message(out->data, args->buffer_size_in_bytes);
  return NULL;
}

/* Asked for the size, XLA's plugins lend what they have, and fill nothing when
 * they are asked again; others fill the caller's memory then. */
static pjrt_error *collect(const pjrt_profiler *profiler, recording *out) {
  static const char call[] = "PLUGIN_Profiler_CollectData";
  PJRT_ARGS(PLUGIN_Profiler_CollectData, args);
  args->profiler = profiler->raw;
  PJRT_TRY(
      CALL(profiler->plugin, collect_data, PLUGIN_Profiler_CollectData, args));
  const size_t size = args->buffer_size_in_bytes;
  if (args->buffer || size == 0) {
    return keep(profiler, call, args->buffer, size, out);
  }
  return fill(profiler, size, out);
}

static pjrt_error *serialize(const pjrt_profiler *profiler,
                             PLUGIN_Profiler_ConsumeResult *raw,
                             recording *out) {
  static const char call[] = "PLUGIN_Profiler_Serialize";
  const pjrt_plugin *plugin = profiler->plugin;
  PJRT_ARGS(PLUGIN_Profiler_Serialize, args);
  args->profiler = profiler->raw;
  args->consume_result = raw;
  PJRT_TRY(CALL(plugin, serialize, PLUGIN_Profiler_Serialize, args));
  return keep(profiler, call, args->serialized_bytes, args->serialized_size,
              out);
}

static void destroy_result(const pjrt_plugin *plugin,
                           PLUGIN_Profiler_ConsumeResult *raw) {
  const PLUGIN_Profiler_Api *api =
      table_of(plugin, "PLUGIN_Profiler_ConsumeResult_Destroy");
  if (!HAS(api, consume_result_destroy)) return;
  PJRT_ARGS(PLUGIN_Profiler_ConsumeResult_Destroy, args);
  args->struct_size =
      PJRT_EXT_ARGS_SIZE(plugin, PLUGIN_Profiler_ConsumeResult_Destroy, args);
  args->consume_result = raw;
  api->consume_result_destroy(args);
}

static pjrt_error *consume(const pjrt_profiler *profiler, recording *out) {
  static const char call[] = "PLUGIN_Profiler_Consume";
  const pjrt_plugin *plugin = profiler->plugin;
  PJRT_ARGS(PLUGIN_Profiler_Consume, args);
  args->profiler = profiler->raw;
  PJRT_TRY(CALL(plugin, consume, PLUGIN_Profiler_Consume, args));
  PJRT_TRY(pjrt_ext_check_object(plugin, call, "result", args->result));
  pjrt_error *error = serialize(profiler, args->result, out);
  destroy_result(plugin, args->result);
  return error;
}

static pjrt_error *hand_out(pjrt_error *error, const recording *from,
                            void **out, size_t *out_size) {
  *out = from->data;
  *out_size = from->size;
  return error;
}

pjrt_error *pjrt_profiler_collect(pjrt_profiler *profiler, void **out,
                                  size_t *out_size) {
  recording found = {0};
  pjrt_error *error = advance(profiler, IS_STOPPED,
                              "PLUGIN_Profiler_CollectData", collect, &found);
  return hand_out(error, &found, out, out_size);
}

pjrt_error *pjrt_profiler_consume(pjrt_profiler *profiler, void **out,
                                  size_t *out_size) {
  recording found = {0};
  pjrt_error *error =
      advance(profiler, IS_STOPPED, "PLUGIN_Profiler_Consume", consume, &found);
  return hand_out(error, &found, out, out_size);
}
