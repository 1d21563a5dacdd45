/* What happens when a plugin calls a handler. */
#include "core/reaper.h"
#include "core/thread.h"
#include "ext/ffi_call.h"

/* ---- the plugin asks what the handler is --------------------------------- */

static XLA_FFI_Metadata *find_metadata(const XLA_FFI_CallFrame *frame) {
  const XLA_FFI_InternalExtension *extension = frame->extension_start;
  while (extension && extension->type != XLA_FFI_Extension_Metadata) {
    extension = extension->next;
  }
  return extension ? ((const XLA_FFI_Metadata_Extension *)extension)->metadata
                   : NULL;
}

/* Handlers are made for the plugin's own minor, since all that depends on it is
 * here. Plugins that do not tell theirs take 0.1. */
static int answered_minor(const XLA_FFI_Api *api) {
  if (!api) return 1;
  const int minor = pjrt_ffi_minor(api);
  return minor < XLA_FFI_API_MINOR ? minor : XLA_FFI_API_MINOR;
}

/* The size that metadata declare never covers the state's type. */
static void answer(const XLA_FFI_CallFrame *frame, XLA_FFI_Metadata *metadata) {
  const pjrt_ffi_registration *registration = pjrt_this_thread.registration;
  metadata->api_version.major_version = XLA_FFI_API_MAJOR;
  metadata->api_version.minor_version = answered_minor(frame->api);
  if (registration && registration->state_type) {
    metadata->state_type_id.type_id = registration->state_type;
  }
}

/* ---- the plugin calls ---------------------------------------------------- */

static bool is_list(int64_t size, const void *types, const void *values) {
  return size == 0 || (size > 0 && types && values);
}

static pjrt_error *check(const XLA_FFI_CallFrame *frame) {
  if (!frame->ctx) return pjrt_ffi_broken("no context");
  if (!is_list(frame->args.size, frame->args.types, frame->args.args)) {
    return pjrt_ffi_broken("no arguments behind their number");
  }
  if (!is_list(frame->rets.size, frame->rets.types, frame->rets.rets)) {
    return pjrt_ffi_broken("no results behind their number");
  }
  return pjrt_ffi_attrs_check(&frame->attrs);
}

static pjrt_error *run(pjrt_ffi_call *call, pjrt_ffi_handler_fn function,
                       void *user) {
  PJRT_TRY(check(call->frame));
  pjrt_enter_callback();
  pjrt_error *error = function(call, user);
  pjrt_leave_callback();
  if (!call->future) return error;
  pjrt_ffi_future_return(call->future, error);
  return NULL;
}

/* A frame that lends no way to say what is wrong is none that can be told. */
static bool is_usable(const XLA_FFI_CallFrame *frame) {
  return frame->struct_size >= XLA_FFI_CallFrame_STRUCT_SIZE && frame->api &&
         PJRT_FFI_HAS(frame->api, XLA_FFI_Error_Create);
}

pjrt_ffi_failure *pjrt_ffi_handle(pjrt_ffi_frame *frame,
                                  pjrt_ffi_handler_fn function, void *user) {
  XLA_FFI_CallFrame *raw = (XLA_FFI_CallFrame *)frame;
  if (!raw) return NULL;
  XLA_FFI_Metadata *metadata = find_metadata(raw);
  if (metadata) {
    answer(raw, metadata);
    return NULL;
  }
  if (!is_usable(raw)) return NULL;
  pjrt_ffi_call call = {.frame = raw, .api = raw->api};
  pjrt_error *error = run(&call, function, user);
  return (pjrt_ffi_failure *)pjrt_ffi_error_give(call.api, error);
}

/* ---- the call ------------------------------------------------------------ */

pjrt_ffi_stage pjrt_ffi_call_stage(const pjrt_ffi_call *call) {
  return (pjrt_ffi_stage)call->frame->stage;
}

int pjrt_ffi_call_api_minor(const pjrt_ffi_call *call) {
  return pjrt_ffi_minor(call->api);
}
