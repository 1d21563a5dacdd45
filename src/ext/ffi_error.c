/* Errors of handlers and of what they are lent. */
#include "base/error.h"
#include "ext/ffi_call.h"

enum { FIRST_MINOR_WITH_CODES = 4 };

pjrt_error *pjrt_ffi_missing(const XLA_FFI_Api *api, const char *function) {
  return pjrt_error_format(PJRT_UNIMPLEMENTED,
                           "the plugin's XLA FFI 0.%d has no %s",
                           pjrt_ffi_minor(api), function);
}

pjrt_error *pjrt_ffi_broken(const char *what) {
  return pjrt_error_format(PJRT_INTERNAL, "the plugin calls a handler with %s",
                           what);
}

/* The function was called GetMessage before FFI 0.4, and told no code. */
static pjrt_error *read(const XLA_FFI_Api *api, XLA_FFI_Error *raw) {
  PJRT_ROOM(XLA_FFI_Error_GetDetails_Args, args);
  if (!PJRT_FFI_HAS(api, XLA_FFI_Error_GetDetails)) {
    return pjrt_error_format(PJRT_UNKNOWN, "the plugin does not say why");
  }
  args->struct_size = sizeof *args;
  args->error = raw;
  api->XLA_FFI_Error_GetDetails(args);
  const pjrt_code code = pjrt_ffi_minor(api) >= FIRST_MINOR_WITH_CODES
                             ? (pjrt_code)args->errc
                             : PJRT_UNKNOWN;
  return pjrt_error_format(code, "%s", args->message ? args->message : "");
}

static void destroy(const XLA_FFI_Api *api, XLA_FFI_Error *raw) {
  PJRT_ROOM(XLA_FFI_Error_Destroy_Args, args);
  if (!PJRT_FFI_HAS(api, XLA_FFI_Error_Destroy)) return;
  args->struct_size = sizeof *args;
  args->error = raw;
  api->XLA_FFI_Error_Destroy(args);
}

pjrt_error *pjrt_ffi_error_take(const XLA_FFI_Api *api, const char *function,
                                XLA_FFI_Error *raw) {
  if (!raw) return NULL;
  pjrt_error *error = read(api, raw);
  pjrt_error_set_origin(error, PJRT_ORIGIN_PLUGIN);
  pjrt_error_set_call(error, function);
  destroy(api, raw);
  return error;
}

XLA_FFI_Error *pjrt_ffi_error_give(const XLA_FFI_Api *api, pjrt_error *error) {
  const pjrt_code code = pjrt_error_code(error);
  PJRT_ROOM(XLA_FFI_Error_Create_Args, args);
  if (!error) return NULL;
  args->struct_size = sizeof *args;
  args->message = pjrt_error_message(error, NULL);
  args->errc = code >= PJRT_CANCELLED && code <= PJRT_UNAUTHENTICATED
                   ? (XLA_FFI_Error_Code)code
                   : XLA_FFI_Error_Code_UNKNOWN;
  XLA_FFI_Error *raw = api->XLA_FFI_Error_Create(args);
  pjrt_error_free(error);
  return raw;
}
