/* What the plugin lends to a handler for one call: what belongs to the launch,
 * to the device and to the executable. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "core/reaper.h"
#include "ext/ffi_call.h"

#define ARGS(fn, name)        \
  PJRT_ROOM(fn##_Args, name); \
  name->ctx = call->frame->ctx
#define CALL(fn, args) PJRT_FFI_CALL(call->api, fn, args)

/* ---- the launch ---------------------------------------------------------- */

pjrt_error *pjrt_ffi_call_user_data(pjrt_ffi_call *call, int64_t type_id,
                                    void **out) {
  XLA_FFI_TypeId type = {.type_id = type_id};
  *out = NULL;
  ARGS(XLA_FFI_InvokeContext_Get, args);
  args->type_id = &type;
  PJRT_TRY(CALL(XLA_FFI_InvokeContext_Get, args));
  *out = args->data;
  return NULL;
}

pjrt_error *pjrt_ffi_call_custom_options(pjrt_ffi_call *call,
                                         const pjrt_ffi_attrs **out) {
  *out = NULL;
  ARGS(XLA_FFI_CustomOptions_Get, args);
  PJRT_TRY(CALL(XLA_FFI_CustomOptions_Get, args));
  if (args->attrs) PJRT_TRY(pjrt_ffi_attrs_check(args->attrs));
  *out = (const pjrt_ffi_attrs *)args->attrs;
  return NULL;
}

pjrt_error *pjrt_ffi_call_run_id(pjrt_ffi_call *call, int64_t *out) {
  *out = 0;
  ARGS(XLA_FFI_RunId_Get, args);
  PJRT_TRY(CALL(XLA_FFI_RunId_Get, args));
  *out = args->run_id;
  return NULL;
}

pjrt_error *pjrt_ffi_call_find_extension(pjrt_ffi_call *call, int64_t type,
                                         const void **out) {
  *out = NULL;
  ARGS(XLA_FFI_InvokeContext_FindExtension, args);
  args->extension_type = type;
  PJRT_TRY(CALL(XLA_FFI_InvokeContext_FindExtension, args));
  *out = args->extension;
  return NULL;
}

/* ---- the device ---------------------------------------------------------- */

pjrt_error *pjrt_ffi_call_stream(pjrt_ffi_call *call, void **out) {
  *out = NULL;
  ARGS(XLA_FFI_Stream_Get, args);
  PJRT_TRY(CALL(XLA_FFI_Stream_Get, args));
  *out = args->stream;
  return NULL;
}

pjrt_error *pjrt_ffi_call_device_ordinal(pjrt_ffi_call *call, int *out) {
  *out = 0;
  ARGS(XLA_FFI_DeviceOrdinal_Get, args);
  PJRT_TRY(CALL(XLA_FFI_DeviceOrdinal_Get, args));
  *out = args->device_ordinal;
  return NULL;
}

pjrt_error *pjrt_ffi_call_allocate(pjrt_ffi_call *call, size_t size,
                                   size_t alignment, void **out) {
  *out = NULL;
  if (!alignment || (alignment & (alignment - 1))) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "alignment %zu is no power of two", alignment);
  }
  ARGS(XLA_FFI_DeviceMemory_Allocate, args);
  args->size = size;
  args->alignment = alignment;
  PJRT_TRY(CALL(XLA_FFI_DeviceMemory_Allocate, args));
  *out = args->data;
  return NULL;
}

pjrt_error *pjrt_ffi_call_deallocate(pjrt_ffi_call *call, void *data,
                                     size_t size) {
  ARGS(XLA_FFI_DeviceMemory_Free, args);
  args->size = size;
  args->data = data;
  return CALL(XLA_FFI_DeviceMemory_Free, args);
}

/* ---- threads ------------------------------------------------------------- */

pjrt_error *pjrt_ffi_call_num_threads(pjrt_ffi_call *call, int64_t *out) {
  int64_t num = 0;
  *out = 0;
  ARGS(XLA_FFI_ThreadPool_NumThreads, args);
  args->num_threads = &num;
  PJRT_TRY(CALL(XLA_FFI_ThreadPool_NumThreads, args));
  *out = num;
  return NULL;
}

typedef struct scheduled {
  atomic_bool is_handed_over; /* orders the fields for race detectors */
  pjrt_ffi_task_fn task;
  void *data;
} scheduled;

static void run(void *data) {
  scheduled *it = data;
  (void)atomic_load_explicit(&it->is_handed_over, memory_order_acquire);
  const pjrt_ffi_task_fn task = it->task;
  void *task_data = it->data;
  free(it);
  pjrt_enter_callback();
  task(task_data);
  pjrt_leave_callback();
}

pjrt_error *pjrt_ffi_call_schedule(pjrt_ffi_call *call, pjrt_ffi_task_fn task,
                                   void *data) {
  void *memory;
  if (!task) return pjrt_error_format(PJRT_INVALID_ARGUMENT, "task is NULL");
  PJRT_TRY(pjrt_alloc(1, sizeof(scheduled), &memory));
  scheduled *it = memory;
  it->task = task;
  it->data = data;
  atomic_store_explicit(&it->is_handed_over, true, memory_order_release);
  ARGS(XLA_FFI_ThreadPool_Schedule, args);
  args->task = run;
  args->data = memory;
  pjrt_error *error = CALL(XLA_FFI_ThreadPool_Schedule, args);
  if (error) free(memory);
  return error;
}

/* ---- state --------------------------------------------------------------- */

enum { FIRST_MINOR_WITH_STAGES = 3, FIRST_MINOR_WITH_TYPE_INFO = 2 };

/* As State_Set and State_Get had it before FFI 0.3. */
typedef struct old_state_args {
  size_t struct_size;
  XLA_FFI_InternalExtension *extension_start;
  XLA_FFI_InvokeContext *ctx;
  XLA_FFI_TypeId *type_id;
  void *state;
} old_state_args;

static bool has_stages(const pjrt_ffi_call *call) {
  return pjrt_ffi_minor(call->api) >= FIRST_MINOR_WITH_STAGES;
}

/* The args of the two functions are the same, and each fills what it can. */
_Static_assert(sizeof(XLA_FFI_State_Set_Args) ==
                       sizeof(XLA_FFI_State_Get_Args) &&
                   offsetof(XLA_FFI_State_Set_Args, state) ==
                       offsetof(XLA_FFI_State_Get_Args, state),
               "state args are alike");
typedef union state_args {
  XLA_FFI_State_Set_Args set;
  XLA_FFI_State_Get_Args get;
  old_state_args old;
} state_args;

static void fill(const pjrt_ffi_call *call, XLA_FFI_ExecutionStage stage,
                 XLA_FFI_TypeId *type, void *state, state_args *out) {
  if (has_stages(call)) {
    out->set.ctx = call->frame->ctx;
    out->set.stage = stage;
    out->set.type_id = type;
    out->set.state = state;
  } else {
    out->old.ctx = call->frame->ctx;
    out->old.type_id = type;
    out->old.state = state;
  }
}

pjrt_error *pjrt_ffi_call_set_state(pjrt_ffi_call *call, int64_t type_id,
                                    void *state) {
  XLA_FFI_TypeId type = {.type_id = type_id};
  PJRT_ROOM(state_args, args);
  fill(call, call->frame->stage, &type, state, args);
  return CALL(XLA_FFI_State_Set, &args->set);
}

pjrt_error *pjrt_ffi_call_state(pjrt_ffi_call *call, pjrt_ffi_stage stage,
                                int64_t type_id, void **out) {
  XLA_FFI_TypeId type = {.type_id = type_id};
  *out = NULL;
  if (!has_stages(call) && stage != PJRT_FFI_INSTANTIATE) {
    return pjrt_error_format(PJRT_UNIMPLEMENTED,
                             "the plugin's XLA FFI 0.%d keeps the state of "
                             "instantiate alone",
                             pjrt_ffi_minor(call->api));
  }
  PJRT_ROOM(state_args, args);
  fill(call, (XLA_FFI_ExecutionStage)stage, &type, NULL, args);
  PJRT_TRY(CALL(XLA_FFI_State_Get, &args->get));
  *out = has_stages(call) ? args->get.state : args->old.state;
  return NULL;
}

pjrt_error *pjrt_ffi_call_register_type(pjrt_ffi_call *call, const char *name,
                                        size_t name_size,
                                        pjrt_ffi_delete_fn deleter,
                                        int64_t *inout_type_id) {
  const size_t size = pjrt_text_size(name, name_size);
  XLA_FFI_TypeId type = {.type_id = *inout_type_id};
  if (!size) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "a type without a name");
  }
  if (deleter && pjrt_ffi_minor(call->api) < FIRST_MINOR_WITH_TYPE_INFO) {
    return pjrt_error_format(PJRT_UNIMPLEMENTED,
                             "types have a deleter since FFI 0.%d; the plugin "
                             "speaks 0.%d",
                             FIRST_MINOR_WITH_TYPE_INFO,
                             pjrt_ffi_minor(call->api));
  }
  PJRT_ROOM(XLA_FFI_TypeInfo, info);
  info->struct_size = sizeof *info;
  info->deleter = deleter;
  PJRT_ROOM(XLA_FFI_Type_Register_Args, args);
  args->name = (XLA_FFI_ByteSpan){name, size};
  args->type_id = &type;
  args->type_info = info;
  PJRT_TRY(CALL(XLA_FFI_Type_Register, args));
  *inout_type_id = type.type_id;
  return NULL;
}
