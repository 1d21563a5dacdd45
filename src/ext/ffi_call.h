/* What the handler's side of FFI shares: a call, and the one way to call the
 * functions that the plugin lends to handlers.
 *
 *   PJRT_ROOM(XLA_FFI_RunId_Get_Args, args);
 *   args->ctx = call->frame->ctx;
 *   PJRT_TRY(PJRT_FFI_CALL(call->api, XLA_FFI_RunId_Get, args)); */
#ifndef PJRT_EXT_FFI_CALL_H_
#define PJRT_EXT_FFI_CALL_H_

#include "abi/call.h"
#include "pjrt/ext/ffi_handler.h"

struct pjrt_ffi_call {
  XLA_FFI_CallFrame *frame;
  const XLA_FFI_Api *api;
  pjrt_ffi_future *future; /* NULL: the results are there on return */
};

/* What pjrt_ffi_register_handler and the handlers that a plugin calls within
 * it tell each other, through pjrt_this_thread. */
typedef struct pjrt_ffi_registration {
  const XLA_FFI_Api *api; /* from the plugin; NULL on some before API 0.81 */
  int64_t state_type;     /* for the plugin; 0: none */
} pjrt_ffi_registration;

/* Calls a function that handlers are lent; a pjrt_error *. The size that is
 * declared is the true one: official sizes, which stop short of some last
 * fields, are what plugins ask for at least. */
#define PJRT_FFI_CALL(api, fn, args)                                          \
  (PJRT_FFI_HAS(api, fn) ? ((args)->struct_size = sizeof *(args),             \
                            pjrt_ffi_error_take((api), #fn, (api)->fn(args))) \
                         : pjrt_ffi_missing((api), #fn))

#define PJRT_FFI_HAS(api, fn)                                           \
  ((api)->struct_size >= offsetof(XLA_FFI_Api, fn) + sizeof(api)->fn && \
   (api)->fn)

static inline int pjrt_ffi_minor(const XLA_FFI_Api *api) {
  return api->api_version.minor_version;
}

/* UNIMPLEMENTED, naming the function and the plugin's version of the FFI. */
pjrt_error *pjrt_ffi_missing(const XLA_FFI_Api *api, const char *function)
    __attribute__((cold, warn_unused_result, returns_nonnull));

/* Turns what a function returned into an error of ours; NULL for NULL. */
pjrt_error *pjrt_ffi_error_take(const XLA_FFI_Api *api, const char *function,
                                XLA_FFI_Error *raw)
    __attribute__((warn_unused_result));

/* The other way round, for the plugin to own. Takes ours; NULL for NULL. */
XLA_FFI_Error *pjrt_ffi_error_give(const XLA_FFI_Api *api, pjrt_error *error)
    __attribute__((warn_unused_result));

/* The handler has returned: with an error, that is how its future ends. */
void pjrt_ffi_future_return(pjrt_ffi_future *future, pjrt_error *error);

/* The FFI numbers element types otherwise. UNIMPLEMENTED for numbers that are
 * not known. */
pjrt_error *pjrt_ffi_dtype(XLA_FFI_DataType type, pjrt_dtype *out)
    __attribute__((warn_unused_result));

/* INTERNAL unless there are as many attributes as the plugin says. */
pjrt_error *pjrt_ffi_attrs_check(const XLA_FFI_Attrs *raw)
    __attribute__((warn_unused_result));

/* INTERNAL: what the plugin gives a handler cannot be right. */
pjrt_error *pjrt_ffi_broken(const char *what)
    __attribute__((cold, warn_unused_result, returns_nonnull));

#endif /* PJRT_EXT_FFI_CALL_H_ */
