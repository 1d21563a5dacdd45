/* The table that handlers call back through, and the running of a handler. */
#include <stdlib.h>
#include <string.h>

#include "ext/ffi.h"

enum { NUM_THREADS = 1, MAX_ALIGNMENT = 4096 };

/* What handlers get as their context: one run of one custom call. */
struct XLA_FFI_InvokeContext {
  const sim_ffi_call *call;
  void *allocations[64]; /* scratch memory that was not given back */
};

/* ---- errors -------------------------------------------------------------- */

struct XLA_FFI_Error {
  sim_kind kind;
  XLA_FFI_Error_Code code;
  char message[256]; /* NUL-ended: so the API wants it */
};

static XLA_FFI_Error *failed(XLA_FFI_Error_Code code, const char *message) {
  XLA_FFI_Error *error = sim_new(SIM_OTHER, sizeof(*error));
  error->code = code;
  strncpy(error->message, message, sizeof(error->message) - 1);
  return error;
}

void sim_ffi_error_free(XLA_FFI_Error *error) { sim_delete(error, SIM_OTHER); }

/* The first line of every function; official size macros stop short of some
 * last fields, so that only the context is checked for. */
#define REQUIRE_SIZE(args, size)                         \
  do {                                                   \
    if ((args)->struct_size < (size))                    \
      return failed(XLA_FFI_Error_Code_INVALID_ARGUMENT, \
                    "args are too short");               \
  } while (0)

static XLA_FFI_Error *error_create(XLA_FFI_Error_Create_Args *args) {
  return failed(args->errc, args->message ? args->message : "");
}

static void error_get_details(XLA_FFI_Error_GetDetails_Args *args) {
  args->message = args->error->message;
  args->errc = args->error->code;
}

/* Before 0.4 the args ended with the message. */
static void error_get_message(XLA_FFI_Error_GetDetails_Args *args) {
  args->message = args->error->message;
}

static void error_destroy(XLA_FFI_Error_Destroy_Args *args) {
  if (args->error) sim_ffi_error_free(args->error);
}

/* ---- registrations ------------------------------------------------------- */

static XLA_FFI_Error *handler_register(XLA_FFI_Handler_Register_Args *args) {
  /* The record handler came with 0.4, in front of the traits. */
  const bool has_record =
      sim_ffi_minor() >= 4 &&
      args->struct_size >= XLA_FFI_Handler_Register_Args_STRUCT_SIZE;
  XLA_FFI_Handler *stages[SIM_FFI_NUM_STAGES] = {
      args->bundle.instantiate, args->bundle.prepare, args->bundle.initialize,
      args->bundle.execute, has_record ? args->bundle.record : NULL};
  XLA_FFI_Handler_Traits traits;
  const char *end = (const char *)&args->traits;
  memcpy(&traits, has_record ? end : end - sizeof(XLA_FFI_Handler *),
         sizeof(traits));
  pjrt_error *error = sim_error_to(
      sim_ffi_register(args->name.ptr, args->name.len, args->platform.ptr,
                       args->platform.len, stages, traits));
  if (!error) return NULL;
  XLA_FFI_Error *made = failed((XLA_FFI_Error_Code)pjrt_error_code(error),
                               pjrt_error_message(error, NULL));
  pjrt_error_free(error);
  return made;
}

static XLA_FFI_Error *type_register(XLA_FFI_Type_Register_Args *args) {
  REQUIRE_SIZE(args, XLA_FFI_Type_Register_Args_STRUCT_SIZE);
  const bool has_info = sim_ffi_minor() >= 2 && args->type_info;
  const char *problem = sim_ffi_type_register(
      args->name.ptr, args->name.len, &args->type_id->type_id,
      has_info ? args->type_info->deleter : NULL);
  return problem ? failed(XLA_FFI_Error_Code_INTERNAL, problem) : NULL;
}

/* ---- context and state --------------------------------------------------- */

static XLA_FFI_Error *context_get(XLA_FFI_InvokeContext_Get_Args *args) {
  REQUIRE_SIZE(args, XLA_FFI_InvokeContext_Get_Args_STRUCT_SIZE);
  if (sim_ffi_user_data(args->ctx->call->context, args->type_id->type_id,
                        &args->data))
    return NULL;
  return failed(XLA_FFI_Error_Code_NOT_FOUND,
                "the execution has no user data of this type");
}

/* Until 0.3 the args had no stage, and one state was kept. */
static XLA_FFI_Error *set_state(const XLA_FFI_InvokeContext *context,
                                XLA_FFI_ExecutionStage stage,
                                const XLA_FFI_TypeId *type, void *value) {
  sim_ffi_state *state = context->call->state;
  if (!state || (int)stage < 0 || (int)stage >= SIM_FFI_NUM_STAGES)
    return failed(XLA_FFI_Error_Code_INVALID_ARGUMENT,
                  "no state can be kept here");
  if (state->value[stage])
    return failed(XLA_FFI_Error_Code_ALREADY_EXISTS, "the state is set");
  state->type[stage] = *type;
  state->value[stage] = value;
  return NULL;
}

static XLA_FFI_Error *get_state(const XLA_FFI_InvokeContext *context,
                                XLA_FFI_ExecutionStage stage,
                                const XLA_FFI_TypeId *type, void **out) {
  const sim_ffi_state *state = context->call->state;
  if (!state || (int)stage < 0 || (int)stage >= SIM_FFI_NUM_STAGES ||
      !state->value[stage])
    return failed(XLA_FFI_Error_Code_NOT_FOUND, "no state is set");
  if (state->type[stage].type_id != type->type_id)
    return failed(XLA_FFI_Error_Code_INVALID_ARGUMENT,
                  "the state has another type");
  *out = state->value[stage];
  return NULL;
}

static XLA_FFI_Error *state_set(XLA_FFI_State_Set_Args *args) {
  REQUIRE_SIZE(args, XLA_FFI_State_Set_Args_STRUCT_SIZE);
  return set_state(args->ctx, args->stage, args->type_id, args->state);
}

static XLA_FFI_Error *state_get(XLA_FFI_State_Get_Args *args) {
  REQUIRE_SIZE(args, XLA_FFI_State_Get_Args_STRUCT_SIZE);
  return get_state(args->ctx, args->stage, args->type_id, &args->state);
}

typedef struct old_state_args {
  size_t struct_size;
  XLA_FFI_InternalExtension *extension_start;
  XLA_FFI_InvokeContext *ctx;
  XLA_FFI_TypeId *type_id;
  void *state;
} old_state_args;

static XLA_FFI_Error *old_state_set(XLA_FFI_State_Set_Args *args) {
  const old_state_args *old = (const old_state_args *)(const void *)args;
  REQUIRE_SIZE(args, sizeof(*old));
  return set_state(old->ctx, XLA_FFI_ExecutionStage_INSTANTIATE, old->type_id,
                   old->state);
}

static XLA_FFI_Error *old_state_get(XLA_FFI_State_Get_Args *args) {
  old_state_args *old = (old_state_args *)(void *)args;
  REQUIRE_SIZE(args, sizeof(*old));
  return get_state(old->ctx, XLA_FFI_ExecutionStage_INSTANTIATE, old->type_id,
                   &old->state);
}

void sim_ffi_state_free(sim_ffi_state *state) {
  for (int i = 0; i < SIM_FFI_NUM_STAGES; i++) {
    sim_ffi_type_delete(state->type[i].type_id, state->value[i]);
    state->value[i] = NULL;
  }
}

static XLA_FFI_Error *find_extension(
    XLA_FFI_InvokeContext_FindExtension_Args *args) {
  REQUIRE_SIZE(args, XLA_FFI_InvokeContext_FindExtension_Args_STRUCT_SIZE);
  args->extension = NULL;
  return NULL;
}

static XLA_FFI_Error *custom_options(XLA_FFI_CustomOptions_Get_Args *args) {
  static const XLA_FFI_Attrs none = {.struct_size = XLA_FFI_Attrs_STRUCT_SIZE};
  REQUIRE_SIZE(args, XLA_FFI_CustomOptions_Get_Args_STRUCT_SIZE);
  args->attrs = &none;
  return NULL;
}

/* ---- the machine --------------------------------------------------------- */

static XLA_FFI_Error *stream_get(XLA_FFI_Stream_Get_Args *args) {
  REQUIRE_SIZE(args, XLA_FFI_Stream_Get_Args_STRUCT_SIZE);
  return failed(XLA_FFI_Error_Code_UNIMPLEMENTED,
                "handlers run on the host here, without a stream");
}

static XLA_FFI_Error *memory_allocate(
    XLA_FFI_DeviceMemory_Allocate_Args *args) {
  REQUIRE_SIZE(args, XLA_FFI_DeviceMemory_Allocate_Args_STRUCT_SIZE);
  XLA_FFI_InvokeContext *context = args->ctx;
  const size_t room =
      sizeof context->allocations / sizeof *context->allocations;
  const size_t alignment = args->alignment < 64 ? 64 : args->alignment;
  size_t i = 0;
  while (i < room && context->allocations[i]) i++;
  if (i == room || args->size > SIZE_MAX / 2 || alignment > MAX_ALIGNMENT ||
      (alignment & (alignment - 1)))
    return failed(XLA_FFI_Error_Code_RESOURCE_EXHAUSTED,
                  "no such scratch memory");
  args->data =
      aligned_alloc(alignment, (args->size / alignment + 1) * alignment);
  if (!args->data)
    return failed(XLA_FFI_Error_Code_RESOURCE_EXHAUSTED, "no scratch memory");
  context->allocations[i] = args->data;
  return NULL;
}

static XLA_FFI_Error *memory_free(XLA_FFI_DeviceMemory_Free_Args *args) {
  REQUIRE_SIZE(args, XLA_FFI_DeviceMemory_Free_Args_STRUCT_SIZE);
  XLA_FFI_InvokeContext *context = args->ctx;
  const size_t room =
      sizeof context->allocations / sizeof *context->allocations;
  for (size_t i = 0; i < room; i++) {
    if (!args->data || context->allocations[i] != args->data) continue;
    free(args->data);
    context->allocations[i] = NULL;
    return NULL;
  }
  return failed(XLA_FFI_Error_Code_INVALID_ARGUMENT,
                "no scratch memory of this call");
}

/* The pool is the calling thread. */
static XLA_FFI_Error *pool_schedule(XLA_FFI_ThreadPool_Schedule_Args *args) {
  REQUIRE_SIZE(args, XLA_FFI_ThreadPool_Schedule_Args_STRUCT_SIZE);
  args->task(args->data);
  return NULL;
}

static XLA_FFI_Error *pool_num_threads(
    XLA_FFI_ThreadPool_NumThreads_Args *args) {
  REQUIRE_SIZE(args, XLA_FFI_ThreadPool_NumThreads_Args_STRUCT_SIZE);
  *args->num_threads = NUM_THREADS;
  return NULL;
}

static XLA_FFI_Error *run_id(XLA_FFI_RunId_Get_Args *args) {
  REQUIRE_SIZE(args, XLA_FFI_RunId_Get_Args_STRUCT_SIZE);
  args->run_id = args->ctx->call->run_id;
  return NULL;
}

static XLA_FFI_Error *device_ordinal(XLA_FFI_DeviceOrdinal_Get_Args *args) {
  REQUIRE_SIZE(args, XLA_FFI_DeviceOrdinal_Get_Args_STRUCT_SIZE);
  args->device_ordinal = args->ctx->call->device_ordinal;
  return NULL;
}

/* ---- results that come later --------------------------------------------- */

struct XLA_FFI_Future {
  sim_kind kind;
  sim_future *done;
};

static XLA_FFI_Error *future_create(XLA_FFI_Future_Create_Args *args) {
  args->future = sim_new(SIM_OTHER, sizeof(*args->future));
  args->future->done = sim_future_pending();
  return NULL;
}

static XLA_FFI_Error *complete(XLA_FFI_Future *future, PJRT_Error_Code code,
                               const char *message) {
  if (!sim_is(future, SIM_OTHER))
    return failed(XLA_FFI_Error_Code_INTERNAL, "no living future");
  if (sim_future_is_done(future->done))
    return failed(XLA_FFI_Error_Code_INTERNAL, "the future is set twice");
  sim_future_complete(future->done, code, message, strlen(message));
  return NULL;
}

static XLA_FFI_Error *future_set_available(
    XLA_FFI_Future_SetAvailable_Args *args) {
  REQUIRE_SIZE(args, XLA_FFI_Future_SetAvailable_Args_STRUCT_SIZE);
  return complete(args->future, PJRT_Error_Code_OK, "");
}

static XLA_FFI_Error *future_set_error(XLA_FFI_Future_SetError_Args *args) {
  REQUIRE_SIZE(args, XLA_FFI_Future_SetError_Args_STRUCT_SIZE);
  XLA_FFI_Error *problem = complete(
      args->future, (PJRT_Error_Code)args->error->code, args->error->message);
  sim_ffi_error_free(args->error);
  return problem;
}

/* ---- the table ----------------------------------------------------------- */

static XLA_FFI_Api newest_api(int minor) {
  return (XLA_FFI_Api){
      .api_version = {.struct_size = XLA_FFI_Api_Version_STRUCT_SIZE,
                      .major_version = XLA_FFI_API_MAJOR,
                      .minor_version = minor},
      .XLA_FFI_Error_Create = error_create,
      .XLA_FFI_Error_GetDetails =
          minor < 4 ? error_get_message : error_get_details,
      .XLA_FFI_Error_Destroy = error_destroy,
      .XLA_FFI_Handler_Register = handler_register,
      .XLA_FFI_Stream_Get = stream_get,
      .XLA_FFI_Type_Register = type_register,
      .XLA_FFI_InvokeContext_Get = context_get,
      .XLA_FFI_State_Set = minor < 3 ? old_state_set : state_set,
      .XLA_FFI_State_Get = minor < 3 ? old_state_get : state_get,
      .XLA_FFI_DeviceMemory_Allocate = memory_allocate,
      .XLA_FFI_DeviceMemory_Free = memory_free,
      .XLA_FFI_ThreadPool_Schedule = pool_schedule,
      .XLA_FFI_ThreadPool_NumThreads = pool_num_threads,
      .XLA_FFI_Future_Create = future_create,
      .XLA_FFI_Future_SetAvailable = future_set_available,
      .XLA_FFI_Future_SetError = future_set_error,
      .XLA_FFI_RunId_Get = run_id,
      .XLA_FFI_DeviceOrdinal_Get = device_ordinal,
      .XLA_FFI_InvokeContext_FindExtension = find_extension,
      .XLA_FFI_CustomOptions_Get = custom_options,
  };
}

enum { NUM_MINORS = 6 };

/* 0.0, which had another order, lives in plugins that offer no way to register
 * a handler; it gets the table of 0.1. Each table has exactly the size that it
 * declares. */
const XLA_FFI_Api *sim_ffi_api(void) {
  static const size_t sizes[NUM_MINORS] = {192, 192, 192, 192, 200, 208};
  static const XLA_FFI_Api *tables[NUM_MINORS];
  const int minor = sim_ffi_minor();
  sim_ext_lock();
  if (!tables[minor]) {
    XLA_FFI_Api api = newest_api(minor);
    api.struct_size = sizes[minor];
    XLA_FFI_Api *made = sim_allocate_forever(api.struct_size);
    memcpy(made, &api, api.struct_size);
    tables[minor] = SIM_TABLE(XLA_FFI_Api, made);
  }
  sim_ext_unlock();
  return tables[minor];
}

/* ---- running ------------------------------------------------------------- */

static PJRT_Error *error_from(XLA_FFI_Error *error) {
  PJRT_Error *made =
      sim_error((PJRT_Error_Code)error->code, "%s", error->message);
  sim_ffi_error_free(error);
  return made;
}

/* The handler's error, or that of the future it left. */
static PJRT_Error *outcome(XLA_FFI_Error *error, XLA_FFI_Future *future) {
  PJRT_Error *result = NULL;
  if (error) result = error_from(error);
  if (!future) return result;
  if (!result) result = sim_future_error(future->done);
  sim_future_drop(future->done);
  sim_delete(future, SIM_OTHER);
  return result;
}

PJRT_Error *sim_ffi_run(const sim_ffi_handler *handler,
                        XLA_FFI_ExecutionStage stage,
                        const sim_ffi_call *call) {
  XLA_FFI_InvokeContext context = {.call = call};
  XLA_FFI_CallFrame frame = {
      .struct_size = sizeof(frame),
      .ctx = &context,
      .stage = stage,
      .args = call->args,
      .rets = call->rets,
      .attrs = call->attrs,
  };
  if (!handler->stages[stage]) return NULL;
  frame.api = sim_ffi_api();
  frame.args.struct_size = XLA_FFI_Args_STRUCT_SIZE;
  frame.rets.struct_size = XLA_FFI_Rets_STRUCT_SIZE;
  frame.attrs.struct_size = XLA_FFI_Attrs_STRUCT_SIZE;
  XLA_FFI_Error *error = handler->stages[stage](&frame);
  PJRT_Error *result = outcome(error, frame.future);
  for (size_t i = 0; i < sizeof context.allocations / sizeof(void *); i++)
    free(context.allocations[i]);
  return result;
}
