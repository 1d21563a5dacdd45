#include "pjrt/ext/callback.h"

#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/client.h"
#include "core/event.h"
#include "core/plugin.h"
#include "ext/extension.h"

#define CALL(plugin, slot, fn, args) \
  PJRT_EXT_CALL(plugin, Callback, PJRT_Callback_Extension, slot, fn, args)

/* Lies in a page of its own, which is never unmapped once the plugin has it:
 * nobody says when the plugin forgets it. */
struct pjrt_callback {
  pjrt_grave grave;
  pjrt_client *client; /* while it is not stopped, or a call is under way */
  union {
    pjrt_slice_failure_fn slice_failure;
    pjrt_prefatal_fn prefatal;
  };
  void *user;
  pthread_mutex_t mutex; /* guards the rest */
  pthread_cond_t returned;
  bool is_stopped;
  size_t num_calls; /* under way */
};

/* ---- from the plugin to the user ----------------------------------------- */

/* Whether the user is to be called; then leave() must follow. */
static bool enter(pjrt_callback *callback) {
  pthread_mutex_lock(&callback->mutex);
  const bool is_wanted = !callback->is_stopped;
  if (is_wanted) {
    callback->num_calls++;
    pjrt_reaper_enter_callback(&callback->client->reaper);
  }
  pthread_mutex_unlock(&callback->mutex);
  return is_wanted;
}

/* The client ends no earlier than its reaper is left; see reaper.h. */
static void leave(pjrt_callback *callback) {
  pjrt_reaper *reaper = &callback->client->reaper;
  pthread_mutex_lock(&callback->mutex);
  callback->num_calls--;
  pthread_cond_broadcast(&callback->returned);
  pthread_mutex_unlock(&callback->mutex);
  pjrt_reaper_leave_callback(reaper);
}

static void on_slice_failure(void *raw, void *user) {
  const PJRT_Callback_Tpu_SliceBuilderArgs *args = raw;
  pjrt_callback *callback = user;
  if (!enter(callback)) return;
  const bool is_told =
      args &&
      args->struct_size >= PJRT_Callback_Tpu_SliceBuilderArgs_STRUCT_SIZE;
  callback->slice_failure(is_told ? (pjrt_slice_failure)args->failure_type
                                  : PJRT_SLICE_FAILURE_UNKNOWN,
                          callback->user);
  leave(callback);
}

/* What the plugin tells, as far as it can be believed. */
static pjrt_error *prefatal_error(const pjrt_plugin *plugin,
                                  const PJRT_Callback_PrefatalArgs *args) {
  static const char none[] = "the plugin gave no message";
  const bool is_told =
      args && args->struct_size >= PJRT_Callback_PrefatalArgs_STRUCT_SIZE;
  const pjrt_code code = is_told ? (pjrt_code)args->error_code : PJRT_UNKNOWN;
  const size_t size = is_told ? args->error_message_size : 0;
  const char *message = is_told ? args->error_message : NULL;
  pjrt_error *absurd = pjrt_count_check("a message's size", size, message);
  const bool has_message = !absurd && size > 0;
  pjrt_error_drop(absurd);
  pjrt_error *error = has_message
                          ? pjrt_error_from_text(code, message, size)
                          : pjrt_error_from_text(code, none, sizeof none - 1);
  pjrt_error_set_origin(error, PJRT_ORIGIN_PLUGIN);
  return pjrt_error_about(error, plugin, "PJRT_Callback_RegisterCallback");
}

static void on_prefatal(void *args, void *user) {
  pjrt_callback *callback = user;
  if (!enter(callback)) return;
  pjrt_error *error = prefatal_error(callback->client->plugin, args);
  callback->prefatal(error, callback->user);
  pjrt_error_free(error);
  leave(callback);
}

/* ---- registering --------------------------------------------------------- */

static pjrt_error *check_client(const pjrt_client *client) {
  if (client) return pjrt_client_check(client);
  return pjrt_error_format(PJRT_INVALID_ARGUMENT, "client is NULL");
}

static pjrt_error *create(pjrt_client *client, bool has_function, void *user,
                          pjrt_callback **out) {
  PJRT_TRY(check_client(client));
  if (!has_function) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "callback is NULL");
  }
  PJRT_TRY(pjrt_reaper_start(&client->reaper));
  pjrt_callback *callback = mmap(NULL, sizeof *callback, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (callback == MAP_FAILED) return pjrt_error_from_errno(errno, "mmap");
  pjrt_handle_forget(callback);
  callback->client = client;
  callback->user = user;
  pthread_mutex_init(&callback->mutex, NULL);
  pthread_cond_init(&callback->returned, NULL);
  *out = callback;
  return NULL;
}

/* The callback may run at any moment from here on. */
static pjrt_error *hand_over(pjrt_callback *callback, PJRT_Callback_Type type,
                             PJRT_Callback_Function *function,
                             pjrt_callback **out) {
  pjrt_client *client = callback->client;
  PJRT_ARGS(PJRT_Callback_RegisterCallback, args);
  args->client = client->raw;
  args->type = type;
  args->callback = function;
  args->user_arg = callback;
  pjrt_pool_hold(client->pool);
  pjrt_error *error = CALL(client->plugin, register_callback,
                           PJRT_Callback_RegisterCallback, args);
  if (error) { /* the plugin does not have it */
    pjrt_pool_unhold(client->pool);
    munmap(callback, sizeof *callback);
    return error;
  }
  *out = callback;
  return NULL;
}

pjrt_error *pjrt_callback_on_slice_failure(pjrt_client *client,
                                           pjrt_slice_failure_fn function,
                                           void *user, pjrt_callback **out) {
  pjrt_callback *callback;
  *out = NULL;
  PJRT_TRY(create(client, function != NULL, user, &callback));
  callback->slice_failure = function;
  return hand_over(callback, PJRT_Callback_Type_Tpu_SliceBuilder,
                   on_slice_failure, out);
}

pjrt_error *pjrt_callback_on_prefatal(pjrt_client *client,
                                      pjrt_prefatal_fn function, void *user,
                                      pjrt_callback **out) {
  pjrt_callback *callback;
  *out = NULL;
  PJRT_TRY(create(client, function != NULL, user, &callback));
  callback->prefatal = function;
  return hand_over(callback, PJRT_Callback_Type_Prefatal, on_prefatal, out);
}

static bool bury(pjrt_grave *grave) {
  return pjrt_pool_drop(((pjrt_callback *)grave)->client->pool);
}

/* What belongs to the parent of a forked process is left alone. */
void pjrt_callback_free(pjrt_callback *callback) {
  if (!callback || pjrt_client_is_forked(callback->client)) return;
  pthread_mutex_lock(&callback->mutex);
  callback->is_stopped = true;
  while (callback->num_calls && !pjrt_in_callback()) {
    pthread_cond_wait(&callback->returned, &callback->mutex);
  }
  pthread_mutex_unlock(&callback->mutex);
  callback->grave.bury = bury;
  pjrt_client_bury(callback->client, &callback->grave);
}

/* ---- invoking ------------------------------------------------------------ */

static pjrt_error *invoke(const pjrt_client *client, PJRT_Callback_Type type,
                          void *what) {
  PJRT_ARGS(PJRT_Callback_InvokeCallback, args);
  args->client = client->raw;
  args->type = type;
  args->args = what;
  return CALL(client->plugin, invoke_callback, PJRT_Callback_InvokeCallback,
              args);
}

pjrt_error *pjrt_callback_invoke_slice_failure(pjrt_client *client,
                                               pjrt_slice_failure failure) {
  PJRT_TRY(check_client(client));
  if ((int)failure < PJRT_SLICE_FAILURE_UNKNOWN ||
      failure > PJRT_SLICE_FAILURE_CHIP_DRIVER_ERROR) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "there is no slice failure %d", (int)failure);
  }
  PJRT_ROOM(PJRT_Callback_Tpu_SliceBuilderArgs, what);
  what->struct_size = PJRT_Callback_Tpu_SliceBuilderArgs_STRUCT_SIZE;
  what->failure_type = (PJRT_Callback_Tpu_SliceFailureType)failure;
  return invoke(client, PJRT_Callback_Type_Tpu_SliceBuilder, what);
}

pjrt_error *pjrt_callback_invoke_prefatal(pjrt_client *client,
                                          const pjrt_error *error) {
  PJRT_TRY(check_client(client));
  if (!error) return pjrt_error_format(PJRT_INVALID_ARGUMENT, "error is NULL");
  PJRT_TRY(pjrt_reason_check(error));
  PJRT_ROOM(PJRT_Callback_PrefatalArgs, what);
  what->struct_size = PJRT_Callback_PrefatalArgs_STRUCT_SIZE;
  what->error_code = (PJRT_Error_Code)pjrt_error_code(error);
  what->error_message = pjrt_error_message(error, &what->error_message_size);
  return invoke(client, PJRT_Callback_Type_Prefatal, what);
}
