/* FFI and Gpu_Custom_Call: handlers that programs call. */
#include "check.h"

static const PJRT_FFI_Extension *ffi(void) {
  return find_extension(PJRT_Extension_Type_FFI);
}

/* What the handlers saw. */
static int num_metadata_calls;
static int64_t seen_run_id;
static int32_t seen_device;
static int64_t seen_threads;
static bool was_task_run;
static void *seen_user_data;
static XLA_FFI_TypeId user_type;
static XLA_FFI_TypeId state_type;
static int num_states_deleted;
static bool seen_scratch;
static int reported_minor = 1;

/* Answers the question for the version; false for a real call. */
static bool answer_metadata(XLA_FFI_CallFrame *frame) {
  if (!frame->extension_start ||
      frame->extension_start->type != XLA_FFI_Extension_Metadata)
    return false;
  XLA_FFI_Metadata *metadata =
      ((XLA_FFI_Metadata_Extension *)(void *)frame->extension_start)->metadata;
  metadata->api_version.major_version = 0;
  metadata->api_version.minor_version = reported_minor;
  num_metadata_calls++;
  return true;
}

static XLA_FFI_Error *make_error(XLA_FFI_CallFrame *frame, const char *text) {
  ARGS(XLA_FFI_Error_Create, .message = text,
       .errc = XLA_FFI_Error_Code_OUT_OF_RANGE);
  return frame->api->XLA_FFI_Error_Create(&args);
}

/* Whether there is an error of this code; destroys it. */
static bool is_error(XLA_FFI_CallFrame *frame, XLA_FFI_Error *error,
                     XLA_FFI_Error_Code code) {
  MAKE(details, XLA_FFI_Error_GetDetails, .error = error);
  MAKE(destroy, XLA_FFI_Error_Destroy, .error = error);
  if (!error) return false;
  frame->api->XLA_FFI_Error_GetDetails(&details);
  frame->api->XLA_FFI_Error_Destroy(&destroy);
  return details.errc == code && details.message;
}

static void run_task(void *data) { *(bool *)data = true; }

/* Whatever can be asked of the machine. */
static XLA_FFI_Error *look_around(XLA_FFI_CallFrame *frame) {
  const XLA_FFI_Api *table = frame->api;
  MAKE(run, XLA_FFI_RunId_Get, .ctx = frame->ctx);
  MAKE(device, XLA_FFI_DeviceOrdinal_Get, .ctx = frame->ctx,
       .device_ordinal = -1);
  MAKE(threads, XLA_FFI_ThreadPool_NumThreads, .ctx = frame->ctx,
       .num_threads = &seen_threads);
  MAKE(task, XLA_FFI_ThreadPool_Schedule, .ctx = frame->ctx, .task = run_task,
       .data = &was_task_run);
  MAKE(memory, XLA_FFI_DeviceMemory_Allocate, .ctx = frame->ctx, .size = 100,
       .alignment = 64);
  MAKE(stream, XLA_FFI_Stream_Get, .ctx = frame->ctx);
  if (table->XLA_FFI_RunId_Get(&run) ||
      table->XLA_FFI_DeviceOrdinal_Get(&device) ||
      table->XLA_FFI_ThreadPool_NumThreads(&threads) ||
      table->XLA_FFI_ThreadPool_Schedule(&task) ||
      table->XLA_FFI_DeviceMemory_Allocate(&memory))
    return make_error(frame, "the machine does not answer");
  seen_run_id = run.run_id;
  seen_device = device.device_ordinal;
  memset(memory.data, 1, 100);
  MAKE(give_back, XLA_FFI_DeviceMemory_Free, .ctx = frame->ctx, .size = 100,
       .data = memory.data);
  seen_scratch = !table->XLA_FFI_DeviceMemory_Free(&give_back) &&
                 is_error(frame, table->XLA_FFI_DeviceMemory_Free(&give_back),
                          XLA_FFI_Error_Code_INVALID_ARGUMENT) &&
                 !table->XLA_FFI_DeviceMemory_Allocate(&memory);
  return is_error(frame, table->XLA_FFI_Stream_Get(&stream),
                  XLA_FFI_Error_Code_UNIMPLEMENTED)
             ? NULL
             : make_error(frame, "there is a stream");
}

static XLA_FFI_Error *read_user_data(XLA_FFI_CallFrame *frame) {
  MAKE(get, XLA_FFI_InvokeContext_Get, .ctx = frame->ctx,
       .type_id = &user_type);
  const XLA_FFI_Extension unknown = {0};
  MAKE(find, XLA_FFI_InvokeContext_FindExtension, .ctx = frame->ctx,
       .extension = &unknown);
  MAKE(options, XLA_FFI_CustomOptions_Get, .ctx = frame->ctx);
  XLA_FFI_Error *error = frame->api->XLA_FFI_InvokeContext_Get(&get);
  if (error) return error;
  seen_user_data = get.data;
  error = frame->api->XLA_FFI_InvokeContext_FindExtension(&find);
  if (error) return error;
  error = frame->api->XLA_FFI_CustomOptions_Get(&options);
  if (error) return error;
  return options.attrs->size == 0 && !find.extension
             ? NULL
             : make_error(frame, "unexpected options");
}

/* out = in * factor + the first of `offsets`. */
static XLA_FFI_Error *scale(XLA_FFI_CallFrame *frame) {
  if (answer_metadata(frame)) return NULL;
  const XLA_FFI_Attrs *attrs = &frame->attrs;
  if (frame->args.size != 1 || frame->rets.size != 1 || attrs->size != 3 ||
      attrs->types[0] != XLA_FFI_AttrType_SCALAR ||
      attrs->types[1] != XLA_FFI_AttrType_STRING ||
      attrs->types[2] != XLA_FFI_AttrType_ARRAY || attrs->names[0]->len != 6 ||
      memcmp(attrs->names[0]->ptr, "factor", 6))
    return make_error(frame, "unexpected arguments or attributes");
  const XLA_FFI_Scalar *factor = attrs->attrs[0];
  const XLA_FFI_ByteSpan *mode = attrs->attrs[1];
  const XLA_FFI_Array *offsets = attrs->attrs[2];
  const XLA_FFI_Buffer *in = frame->args.args[0], *out = frame->rets.rets[0];
  if (factor->dtype != XLA_FFI_DataType_F32 || mode->len != 4 ||
      memcmp(mode->ptr, "fast", 4) || offsets->size != 2 ||
      offsets->dtype != XLA_FFI_DataType_S32 || in->rank != 1 ||
      in->dims[0] != 4 || in->dtype != XLA_FFI_DataType_F32)
    return make_error(frame, "unexpected values");
  for (int i = 0; i < 4; i++)
    ((float *)out->data)[i] =
        ((const float *)in->data)[i] * *(const float *)factor->value +
        (float)((const int32_t *)offsets->data)[0];
  XLA_FFI_Error *error = read_user_data(frame);
  return error ? error : look_around(frame);
}

static XLA_FFI_Error *refuse(XLA_FFI_CallFrame *frame) {
  return answer_metadata(frame) ? NULL : make_error(frame, "I refuse");
}

/* Completes through a future. */
static XLA_FFI_Error *fail_later(XLA_FFI_CallFrame *frame) {
  if (answer_metadata(frame)) return NULL;
  ARGS(XLA_FFI_Future_Create, .future = NULL);
  XLA_FFI_Error *error = frame->api->XLA_FFI_Future_Create(&args);
  if (error) return error;
  frame->future = args.future;
  MAKE(set, XLA_FFI_Future_SetError, .future = args.future,
       .error = make_error(frame, "later"));
  return frame->api->XLA_FFI_Future_SetError(&set);
}

static XLA_FFI_Error *succeed_later(XLA_FFI_CallFrame *frame) {
  if (answer_metadata(frame)) return NULL;
  ARGS(XLA_FFI_Future_Create, .future = NULL);
  XLA_FFI_Error *error = frame->api->XLA_FFI_Future_Create(&args);
  if (error) return error;
  frame->future = args.future;
  memset(((XLA_FFI_Buffer *)frame->rets.rets[0])->data, 0, 16);
  MAKE(set, XLA_FFI_Future_SetAvailable, .future = args.future);
  return frame->api->XLA_FFI_Future_SetAvailable(&set);
}

/* ---- registering and running --------------------------------------------- */

static PJRT_Error *enter(const char *name, XLA_FFI_Handler *handler) {
  ARGS(PJRT_FFI_Register_Handler, .target_name = name,
       .target_name_size = strlen(name), .platform_name = "Host",
       .platform_name_size = 4);
  memcpy(&args.handler, &handler, sizeof(handler));
  return ffi()->register_handler(&args);
}

static int64_t enter_type(const char *name, int64_t id,
                          PJRT_FFI_Type_Info *info) {
  ARGS(PJRT_FFI_Type_Register, .type_name = name,
       .type_name_size = strlen(name), .type_id = id, .type_info = info);
  return ffi()->type_register(&args) ? 0 : args.type_id;
}

static const char *program_of(const char *target, const char *attributes) {
  static char text[1024];
  snprintf(text, sizeof(text),
           "func.func @main(%%a: tensor<4xf32>) -> tensor<4xf32> {\n"
           "  %%0 = stablehlo.custom_call @%s(%%a) {api_version = 4 : i32%s} "
           ": (tensor<4xf32>) -> tensor<4xf32>\n"
           "  return %%0 : tensor<4xf32>\n}",
           target, attributes);
  return text;
}

/* The run's error, or that of the output; what came out in `out`. */
static PJRT_Error *run(PJRT_Client *client, const char *code,
                       PJRT_ExecuteContext *context, float *out) {
  const PJRT_ExecuteOptions options = {.launch_id = 42, .context = context};
  PJRT_LoadedExecutable *loaded;
  PJRT_Error *error = compile(client, code, 1, &loaded);
  if (error) return error;
  PJRT_Buffer *argument = upload_floats(client, 0, FOUR, 4), *result;
  error = execute_with(options, loaded, &argument, 1, &result, NULL);
  if (!error) {
    error = await_free(download(result, out, 16));
    free_buffer(result);
  }
  free_buffer(argument);
  free_loaded(loaded);
  return error;
}

static PJRT_ExecuteContext *new_context(void) {
  ARGS(PJRT_ExecuteContext_Create, .context = NULL);
  return api->PJRT_ExecuteContext_Create(&args) ? NULL : args.context;
}

static void free_context(PJRT_ExecuteContext *context) {
  ARGS(PJRT_ExecuteContext_Destroy, .context = context);
  api->PJRT_ExecuteContext_Destroy(&args);
}

static void check_types(void) {
  const int64_t id = enter_type("first", 0, NULL);
  CHECK(id > 0 && enter_type("first", id, NULL) == id);
  CHECK(enter_type("second", 777, NULL) == 777);
  ARGS(PJRT_FFI_Type_Register, .type_name = "first", .type_name_size = 5,
       .type_id = 0);
  CHECK(says(ffi()->type_register(&args), PJRT_Error_Code_INTERNAL,
             "type 'first' has another id already"));
}

static void check_handler(void) {
  static const char attributes[] =
      ", backend_config = {mode = \"fast\", offsets = dense<[10, 0]> : "
      "tensor<2xi32>, factor = 2.0 : f32}";
  float out[4];
  int data;
  num_metadata_calls = 0;
  CHECK(!enter("scale", scale) && num_metadata_calls == 1);
  user_type.type_id = enter_type("data", 0, NULL);
  PJRT_Client *client = new_client();
  PJRT_ExecuteContext *context = new_context();
  CHECK(says(run(client, program_of("scale", attributes), context, out),
             PJRT_Error_Code_NOT_FOUND, ""));
  MAKE(add, PJRT_FFI_UserData_Add, .context = context,
       .user_data = {user_type.type_id, &data});
  CHECK(!ffi()->user_data_add(&add));
  CHECK(says(ffi()->user_data_add(&add), PJRT_Error_Code_INTERNAL,
             "the context has user data of type id"));
  CHECK(!run(client, program_of("scale", attributes), context, out));
  CHECK(out[0] == 12 && out[3] == 18);
  CHECK(seen_user_data == &data && seen_run_id == 42 && seen_device == 0);
  CHECK(seen_threads == 1 && was_task_run && seen_scratch);
  add.user_data.type_id = 4711;
  CHECK(says(ffi()->user_data_add(&add), PJRT_Error_Code_INVALID_ARGUMENT,
             "type id 4711 is not registered"));
  free_context(context);
  free_client(client);
}

static void check_handler_errors(void) {
  float out[4];
  PJRT_Client *client = new_client();
  CHECK(!enter("refuse", refuse) && !enter("fail_later", fail_later) &&
        !enter("succeed_later", succeed_later));
  CHECK(says(run(client, program_of("refuse", ""), NULL, out),
             PJRT_Error_Code_OUT_OF_RANGE,
             "2:8: stablehlo.custom_call: I refuse"));
  CHECK(says(run(client, program_of("fail_later", ""), NULL, out),
             PJRT_Error_Code_OUT_OF_RANGE,
             "2:8: stablehlo.custom_call: later"));
  CHECK(!run(client, program_of("succeed_later", ""), NULL, out));
  CHECK(out[0] == 0 && out[3] == 0);
  CHECK(says(run(client, program_of("nobody", ""), NULL, out),
             PJRT_Error_Code_UNIMPLEMENTED, "2:"));
  free_client(client);
}

/* As on real plugins, a handler of a newer version is not registered, and
 * nobody says so. */
static void check_versions(void) {
  float out[4];
  use_minor(106);
  PJRT_Client *client = new_client();
  reported_minor = 4;
  CHECK(!enter("newer", succeed_later));
  CHECK(says(run(client, program_of("newer", ""), NULL, out),
             PJRT_Error_Code_UNIMPLEMENTED, "2:"));
  reported_minor = 3;
  CHECK(!enter("newer", succeed_later));
  CHECK(!run(client, program_of("newer", ""), NULL, out));
  reported_minor = 1;
  free_client(client);
  use_minor(67);
  CHECK(ffi()->base.struct_size == 40);
}

/* ---- stages -------------------------------------------------------------- */

static void delete_state(void *state) {
  num_states_deleted++;
  free(state);
}

static XLA_FFI_Error *instantiate(XLA_FFI_CallFrame *frame) {
  if (answer_metadata(frame)) return NULL;
  float *state = malloc(sizeof(*state));
  *state = 5;
  ARGS(XLA_FFI_State_Set, .ctx = frame->ctx,
       .stage = XLA_FFI_ExecutionStage_INSTANTIATE, .type_id = &state_type,
       .state = state);
  return frame->api->XLA_FFI_State_Set(&args);
}

static XLA_FFI_Error *use_state(XLA_FFI_CallFrame *frame) {
  if (answer_metadata(frame)) return NULL;
  ARGS(XLA_FFI_State_Get, .ctx = frame->ctx,
       .stage = XLA_FFI_ExecutionStage_INSTANTIATE, .type_id = &state_type);
  XLA_FFI_Error *error = frame->api->XLA_FFI_State_Get(&args);
  if (error) return error;
  float *out = ((XLA_FFI_Buffer *)frame->rets.rets[0])->data;
  for (int i = 0; i < 4; i++) out[i] = *(const float *)args.state;
  return NULL;
}

static void check_stages(void) {
  const PJRT_Gpu_Custom_Call *gpu =
      find_extension(PJRT_Extension_Type_Gpu_Custom_Call);
  PJRT_FFI_Type_Info info = {.deleter = delete_state};
  float out[4];
  XLA_FFI_Handler *first = instantiate, *last = use_state;
  CHECK(gpu->base.struct_size == 33 && gpu->custom_call_handles_traits);
  state_type.type_id = enter_type("state", 0, &info);
  ARGS(PJRT_Gpu_Register_Custom_Call, .function_name = "staged",
       .function_name_size = 6, .api_version = 1);
  memcpy(&args.handler_instantiate, &first, sizeof(first));
  memcpy(&args.handler_execute, &last, sizeof(last));
  CHECK(!gpu->custom_call(&args));
  PJRT_Client *client = new_client();
  num_states_deleted = 0;
  CHECK(!run(client, program_of("staged", ""), NULL, out));
  CHECK(out[0] == 5 && out[3] == 5 && num_states_deleted == 1);
  args.api_version = 7;
  CHECK(says(gpu->custom_call(&args), PJRT_Error_Code_UNIMPLEMENTED,
             "API version 7"));
  free_client(client);
}

/* Until 0.3 of FFI the args of the state had no stage, and an error had a
 * message alone. */
typedef struct old_state_args {
  size_t struct_size;
  XLA_FFI_InternalExtension *extension_start;
  XLA_FFI_InvokeContext *ctx;
  XLA_FFI_TypeId *type_id;
  void *state;
} old_state_args;

static XLA_FFI_Error *old_state(XLA_FFI_CallFrame *frame) {
  if (answer_metadata(frame)) return NULL;
  float *state = malloc(sizeof(*state));
  *state = 7;
  old_state_args args = {.struct_size = sizeof(args),
                         .ctx = frame->ctx,
                         .type_id = &state_type,
                         .state = state};
  XLA_FFI_State_Set_Args *in = (void *)&args;
  XLA_FFI_State_Get_Args *out = (void *)&args;
  XLA_FFI_Error *error = frame->api->XLA_FFI_State_Set(in);
  if (error) return error;
  XLA_FFI_Error *again = frame->api->XLA_FFI_State_Set(in);
  args.state = NULL;
  error = frame->api->XLA_FFI_State_Get(out);
  if (error) return error;
  MAKE(details, XLA_FFI_Error_GetDetails, .error = again,
       .errc = XLA_FFI_Error_Code_OK);
  MAKE(destroy, XLA_FFI_Error_Destroy, .error = again);
  frame->api->XLA_FFI_Error_GetDetails(&details);
  float *result = ((XLA_FFI_Buffer *)frame->rets.rets[0])->data;
  result[0] = args.state ? *(const float *)args.state : 0;
  result[1] = details.errc == XLA_FFI_Error_Code_OK && details.message &&
              !strcmp(details.message, "the state is set");
  if (again) frame->api->XLA_FFI_Error_Destroy(&destroy);
  return NULL;
}

static void check_old_states(void) {
  PJRT_FFI_Type_Info info = {.deleter = delete_state};
  float out[4] = {0};
  use_minor(81);
  state_type.type_id = enter_type("old state", 0, &info);
  PJRT_Client *client = new_client();
  CHECK(!enter("old_state", old_state));
  num_states_deleted = 0;
  CHECK(!run(client, program_of("old_state", ""), NULL, out));
  CHECK(out[0] == 7 && out[1] == 1 && num_states_deleted == 1);
  free_client(client);
}

/* ---- registrations through the table ------------------------------------- */

/* Registers a type and a handler from inside a handler. */
static XLA_FFI_Error *enter_more(XLA_FFI_CallFrame *frame) {
  if (answer_metadata(frame)) return NULL;
  XLA_FFI_TypeId id = {0};
  MAKE(type, XLA_FFI_Type_Register, .name = {"inner", 5}, .type_id = &id);
  XLA_FFI_Error *error = frame->api->XLA_FFI_Type_Register(&type);
  if (error) return error;
  if (!id.type_id) return make_error(frame, "no type id");
  MAKE(handler, XLA_FFI_Handler_Register, .name = {"inner", 5},
       .platform = {"cpu", 3}, .bundle = {.execute = refuse});
  error = frame->api->XLA_FFI_Handler_Register(&handler);
  memset(((XLA_FFI_Buffer *)frame->rets.rets[0])->data, 0, 16);
  return error;
}

static void check_inner_registrations(void) {
  float out[4];
  PJRT_Client *client = new_client();
  CHECK(!enter("enter_more", enter_more));
  CHECK(!run(client, program_of("enter_more", ""), NULL, out));
  CHECK(says(run(client, program_of("inner", ""), NULL, out),
             PJRT_Error_Code_OUT_OF_RANGE,
             "2:8: stablehlo.custom_call: I refuse"));
  free_client(client);
}

void suite_ext_ffi(void) {
  run_check("ffi-types", check_types);
  run_check("ffi-handler", check_handler);
  run_check("ffi-errors", check_handler_errors);
  run_check("ffi-versions", check_versions);
  run_check("ffi-stages", check_stages);
  run_check("ffi-old-states", check_old_states);
  run_check("ffi-inner-registrations", check_inner_registrations);
}
