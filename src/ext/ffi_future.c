/* Results that come later. Two hold a future, the call while its handler runs
 * and whoever is to set it; of both, the first decides how the call ends. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/reaper.h"
#include "ext/ffi_call.h"

struct pjrt_ffi_future {
  const XLA_FFI_Api *api;
  XLA_FFI_Future *raw; /* the plugin frees it once it is set */
  atomic_bool is_set;
  atomic_int refs;
};

static pjrt_error *set_raw(const pjrt_ffi_future *future, pjrt_error *error) {
  if (!error) {
    PJRT_ROOM(XLA_FFI_Future_SetAvailable_Args, args);
    args->future = future->raw;
    return PJRT_FFI_CALL(future->api, XLA_FFI_Future_SetAvailable, args);
  }
  PJRT_ROOM(XLA_FFI_Future_SetError_Args, args);
  args->future = future->raw;
  args->error = pjrt_ffi_error_give(future->api, error);
  return PJRT_FFI_CALL(future->api, XLA_FFI_Future_SetError, args);
}

/* The plugin may go on inside, and call back whatever waits for the call. */
static void set(pjrt_ffi_future *future, pjrt_error *error) {
  if (atomic_exchange(&future->is_set, true)) {
    pjrt_error_drop(error);
    return;
  }
  pjrt_enter_callback();
  /* A plugin that will not have it: nobody is left to tell. */
  pjrt_error_drop(set_raw(future, error));
  pjrt_leave_callback();
}

static void release(pjrt_ffi_future *future) {
  if (atomic_fetch_sub(&future->refs, 1) == 1) free(future);
}

void pjrt_ffi_future_set(pjrt_ffi_future *future, pjrt_error *error) {
  if (!future) {
    pjrt_error_drop(error);
    return;
  }
  set(future, error);
  release(future);
}

void pjrt_ffi_future_return(pjrt_ffi_future *future, pjrt_error *error) {
  if (error) set(future, error);
  release(future);
}

/* Not one that nobody could set. */
static pjrt_error *create_raw(const XLA_FFI_Api *api, XLA_FFI_Future **out) {
  PJRT_ROOM(XLA_FFI_Future_Create_Args, args);
  if (!PJRT_FFI_HAS(api, XLA_FFI_Future_SetAvailable)) {
    return pjrt_ffi_missing(api, "XLA_FFI_Future_SetAvailable");
  }
  if (!PJRT_FFI_HAS(api, XLA_FFI_Future_SetError)) {
    return pjrt_ffi_missing(api, "XLA_FFI_Future_SetError");
  }
  PJRT_TRY(PJRT_FFI_CALL(api, XLA_FFI_Future_Create, args));
  *out = args->future;
  return *out ? NULL
              : pjrt_error_format(PJRT_INTERNAL,
                                  "the plugin reports success and gives no "
                                  "future");
}

pjrt_error *pjrt_ffi_call_defer(pjrt_ffi_call *call, pjrt_ffi_future **out) {
  void *memory;
  *out = NULL;
  if (call->future) {
    return pjrt_error_format(PJRT_FAILED_PRECONDITION,
                             "the call has a future already");
  }
  PJRT_TRY(pjrt_alloc(1, sizeof **out, &memory));
  pjrt_ffi_future *future = memory;
  pjrt_error *error = create_raw(call->api, &future->raw);
  if (error) {
    free(memory);
    return error;
  }
  future->api = call->api;
  atomic_init(&future->is_set, false);
  atomic_init(&future->refs, 2);
  call->frame->future = future->raw;
  call->future = future;
  *out = future;
  return NULL;
}
