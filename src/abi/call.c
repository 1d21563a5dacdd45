#include "abi/call.h"

#include <stdlib.h>

#include "abi/generated/sizes.h"
#include "base/error.h"
#include "base/text.h"

static const struct {
  const char *name;
  int since;
  size_t offset; /* of the slot in the table */
} calls[] = {
#define PJRT_CALL_ROW(fn, since_minor, kind) \
  {#fn, since_minor, offsetof(PJRT_Api, fn)},
#include "abi/generated/calls.inc"
#undef PJRT_CALL_ROW
};

_Static_assert(sizeof calls / sizeof calls[0] == PJRT_NUM_CALLS,
               "one row per function");

const char *pjrt_call_name(pjrt_call_id id) { return calls[id].name; }

int pjrt_call_since(pjrt_call_id id) { return calls[id].since; }

bool pjrt_call_exists(const pjrt_plugin *plugin, pjrt_call_id id) {
  void (*slot)(void);
  memcpy(&slot, (const char *)&plugin->table + calls[id].offset, sizeof slot);
  return slot != NULL;
}

pjrt_error *pjrt_call_missing(const pjrt_plugin *plugin, pjrt_call_id id) {
  int since = calls[id].since;
  pjrt_error *error = pjrt_error_format(
      PJRT_UNIMPLEMENTED, "the plugin has no %s, which API 0.%d%s brought",
      calls[id].name, since, since == PJRT_OLDEST_MINOR ? " or earlier" : "");
  pjrt_error_set_call(error, calls[id].name);
  pjrt_error_set_plugin(error, plugin->label);
  return error;
}

pjrt_error *pjrt_raw_check(const pjrt_plugin *plugin, const void *args,
                           const char *function) {
  if (plugin && args) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT, "%s: %s is NULL", function,
                           plugin ? "args" : "plugin");
}

/* ---- errors of the plugin ------------------------------------------------ */

/* The calls below convert an error, so an error of theirs is only dropped:
 * converting it too might never end on a plugin that stubs them. */
static void drop(const pjrt_plugin *plugin, PJRT_Error *raw) {
  PJRT_ARGS(PJRT_Error_Destroy, args);
  args->struct_size = plugin->args_size[PJRT_CALL_PJRT_Error_Destroy];
  args->error = raw;
  plugin->table.PJRT_Error_Destroy(args);
}

static pjrt_code code_of(const pjrt_plugin *plugin, PJRT_Error *raw) {
  PJRT_ARGS(PJRT_Error_GetCode, args);
  args->struct_size = plugin->args_size[PJRT_CALL_PJRT_Error_GetCode];
  args->error = raw;
  PJRT_Error *failure = plugin->table.PJRT_Error_GetCode(args);
  if (failure) drop(plugin, failure);
  if (failure || args->code == PJRT_Error_Code_OK) return PJRT_UNKNOWN;
  return (pjrt_code)args->code;
}

static bool is_sane(size_t size, const char *text) {
  pjrt_error *error = pjrt_count_check("a size", size, text);
  const bool is_sane = !error;
  pjrt_error_free(error);
  return is_sane;
}

static void add_payload(const char *key, size_t key_size, const char *value,
                        size_t value_size, void *error) {
  if (!is_sane(key_size, key) || !is_sane(value_size, value)) return;
  pjrt_error_add_payload(error, key, key_size, value, value_size);
}

static void add_payloads(const pjrt_plugin *plugin, PJRT_Error *raw,
                         pjrt_error *error) {
  if (!plugin->table.PJRT_Error_ForEachPayload) return;
  PJRT_ARGS(PJRT_Error_ForEachPayload, args);
  args->struct_size = plugin->args_size[PJRT_CALL_PJRT_Error_ForEachPayload];
  args->error = raw;
  args->visitor = add_payload;
  args->user_arg = error;
  PJRT_Error *failure = plugin->table.PJRT_Error_ForEachPayload(args);
  if (failure) drop(plugin, failure);
}

/* An error of this code with the plugin's words, if it has any: some plugins
 * stub the functions that tell them. */
static pjrt_error *words_of(const pjrt_plugin *plugin, PJRT_Error *raw,
                            pjrt_code code) {
  static const char none[] = "the plugin gave no message";
  PJRT_ARGS(PJRT_Error_Message, args);
  args->struct_size = plugin->args_size[PJRT_CALL_PJRT_Error_Message];
  args->error = raw;
  plugin->table.PJRT_Error_Message(args);
  const size_t size = args->message_size;
  if (!size || !args->message || !is_sane(size, args->message)) {
    return pjrt_error_create(code, none, sizeof none - 1);
  }
  return pjrt_error_create(code, args->message, size);
}

static pjrt_error *copy_of(const pjrt_plugin *plugin, const char *function,
                           PJRT_Error *raw) {
  pjrt_error *error = words_of(plugin, raw, code_of(plugin, raw));
  pjrt_error_set_origin(error, PJRT_ORIGIN_PLUGIN);
  pjrt_error_set_call(error, function);
  pjrt_error_set_plugin(error, plugin->label);
  add_payloads(plugin, raw, error);
  return error;
}

pjrt_error *pjrt_error_from_function(const pjrt_plugin *plugin,
                                     const char *function, PJRT_Error *raw) {
  pjrt_error *error = copy_of(plugin, function, raw);
  drop(plugin, raw);
  return error;
}

/* Stubs say nothing at all, which is no success. */
static bool says_ok(const pjrt_plugin *plugin, PJRT_Error *raw) {
  PJRT_ARGS(PJRT_Error_GetCode, args);
  args->struct_size = plugin->args_size[PJRT_CALL_PJRT_Error_GetCode];
  args->error = raw;
  args->code = PJRT_Error_Code_UNKNOWN;
  PJRT_Error *failure = plugin->table.PJRT_Error_GetCode(args);
  if (failure) drop(plugin, failure);
  return !failure && args->code == PJRT_Error_Code_OK;
}

pjrt_error *pjrt_error_lent_by_plugin(const pjrt_plugin *plugin,
                                      const char *function, PJRT_Error *raw) {
  return !raw || says_ok(plugin, raw) ? NULL : copy_of(plugin, function, raw);
}

pjrt_error *pjrt_error_from_plugin(const pjrt_plugin *plugin, pjrt_call_id id,
                                   PJRT_Error *raw) {
  return pjrt_error_from_function(plugin, calls[id].name, raw);
}

PJRT_Error_Code pjrt_error_code_to_plugin(const pjrt_error *error) {
  const pjrt_code code = pjrt_error_code(error);
  return code >= PJRT_CANCELLED && code <= PJRT_UNAUTHENTICATED
             ? (PJRT_Error_Code)code
             : PJRT_Error_Code_UNKNOWN;
}

PJRT_Error *pjrt_error_to_plugin(pjrt_error *error,
                                 const PJRT_CallbackError *make) {
  size_t size;
  const char *message = pjrt_error_message(error, &size);
  PJRT_Error *raw =
      error && make && *make
          ? (*make)(pjrt_error_code_to_plugin(error), message, size)
          : NULL;
  pjrt_error_free(error);
  return raw;
}

/* ---- public facts about the functions ------------------------------------ */

size_t pjrt_num_functions(void) { return PJRT_NUM_CALLS; }

const char *pjrt_function_name(size_t i) {
  return i < PJRT_NUM_CALLS ? calls[i].name : NULL;
}

int pjrt_function_since(size_t i) {
  return i < PJRT_NUM_CALLS ? calls[i].since : 0;
}

bool pjrt_plugin_supports(const pjrt_plugin *plugin, const char *function,
                          size_t function_size) {
  size_t size = pjrt_text_size(function, function_size);
  for (size_t i = 0; i < PJRT_NUM_CALLS; i++) {
    if (pjrt_text_equal(function, size, calls[i].name)) {
      return pjrt_call_exists(plugin, (pjrt_call_id)i);
    }
  }
  return false;
}
