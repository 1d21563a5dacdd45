/* A plugin's way to the store of a client. The callbacks come on any of the
 * plugin's threads, several at once, and on the one that creates the client. */
#include <stdlib.h>

#include "abi/call.h"
#include "base/deadline.h"
#include "base/error.h"
#include "core/kvstore.h"
#include "core/reaper.h"

/* Values are what malloc gave: the plugin tells no more than their address. */
static void free_value(char *value) { free(value); }

static int64_t time_to_wait(const pjrt_kvstore_loan *loan, int timeout_ms) {
  const int64_t asked = (int64_t)timeout_ms * 1000000;
  const int64_t left = pjrt_deadline_left(atomic_load(&loan->deadline));
  return asked < left ? asked : left;
}

static PJRT_Error *get(PJRT_KeyValueGetCallback_Args *args) {
  pjrt_kvstore_loan *loan = args->user_arg;
  void *value;
  pjrt_enter_callback();
  pjrt_error *error = pjrt_kvstore_get(loan->store, args->key, args->key_size,
                                       time_to_wait(loan, args->timeout_in_ms),
                                       &value, &args->value_size);
  pjrt_leave_callback();
  args->value = value;
  args->value_deleter_callback = free_value;
  return pjrt_error_to_plugin(error, args->callback_error);
}

/* To plugins a key that is not there is an error. */
static PJRT_Error *try_get(PJRT_KeyValueTryGetCallback_Args *args) {
  pjrt_kvstore_loan *loan = args->user_arg;
  void *value;
  pjrt_enter_callback();
  pjrt_error *error = pjrt_kvstore_try_get(
      loan->store, args->key, args->key_size, &value, &args->value_size);
  pjrt_leave_callback();
  if (!error && !value) {
    error = pjrt_error_format(PJRT_NOT_FOUND, "the key has no value");
  }
  args->value = value;
  args->value_deleter_callback = free_value;
  return pjrt_error_to_plugin(error, args->callback_error);
}

static PJRT_Error *put(PJRT_KeyValuePutCallback_Args *args) {
  pjrt_kvstore_loan *loan = args->user_arg;
  pjrt_enter_callback();
  pjrt_error *error = pjrt_kvstore_put(loan->store, args->key, args->key_size,
                                       args->value, args->value_size);
  pjrt_leave_callback();
  return pjrt_error_to_plugin(error, args->callback_error);
}

void pjrt_kvstore_lend(pjrt_kvstore_loan *loan, PJRT_Client_Create_Args *args) {
  if (!loan->store) return;
  args->kv_get_callback = get;
  args->kv_get_user_arg = loan;
  args->kv_put_callback = put;
  args->kv_put_user_arg = loan;
  args->kv_try_get_callback = try_get;
  args->kv_try_get_user_arg = loan;
}
