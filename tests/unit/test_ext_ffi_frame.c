/* What handlers make of the frames that a plugin calls them with, whatever is
 * in them: frames made here, since no plugin makes such. */
#include "pjrt/ext/ffi_handler.h"

#include <pthread.h>

#include "sim_fixture.h"

/* ---- a plugin's side ----------------------------------------------------- */

struct XLA_FFI_Error {
  XLA_FFI_Error_Code code;
  char message[200];
};

/* The latest, for one handler is called at a time. */
static struct XLA_FFI_Error made;

static XLA_FFI_Error *error_create(XLA_FFI_Error_Create_Args *args) {
  made.code = args->errc;
  strncpy(made.message, args->message, sizeof made.message - 1);
  return &made;
}

static void error_get_details(XLA_FFI_Error_GetDetails_Args *args) {
  args->message = args->error->message;
  args->errc = args->error->code;
}

static int num_destroyed;
static void error_destroy(XLA_FFI_Error_Destroy_Args *args) {
  (void)args;
  num_destroyed++;
}

static XLA_FFI_Error *refuse_run_id(XLA_FFI_RunId_Get_Args *args) {
  static struct XLA_FFI_Error refused = {XLA_FFI_Error_Code_UNAVAILABLE,
                                         "no run"};
  (void)args;
  return &refused;
}

static XLA_FFI_Error *give_no_future(XLA_FFI_Future_Create_Args *args) {
  (void)args;
  return NULL;
}

static int num_available;
static XLA_FFI_Error *give_future(XLA_FFI_Future_Create_Args *args) {
  args->future = (XLA_FFI_Future *)(void *)&num_available;
  return NULL;
}

static XLA_FFI_Error *set_available(XLA_FFI_Future_SetAvailable_Args *args) {
  ++*(int *)(void *)args->future;
  return NULL;
}

static XLA_FFI_Error *set_error(XLA_FFI_Future_SetError_Args *args) {
  (void)args;
  return NULL;
}

/* A frame without arguments, results and attributes. */
typedef struct world {
  XLA_FFI_Api api;
  XLA_FFI_CallFrame frame;
  pjrt_error *(*look)(pjrt_ffi_call *call);
  int num_calls;
} world;

static void init(world *w) {
  memset(w, 0, sizeof *w);
  w->api.struct_size = sizeof w->api;
  w->api.api_version.minor_version = XLA_FFI_API_MINOR;
  w->api.XLA_FFI_Error_Create = error_create;
  w->api.XLA_FFI_Error_GetDetails = error_get_details;
  w->api.XLA_FFI_Error_Destroy = error_destroy;
  w->frame.struct_size = XLA_FFI_CallFrame_STRUCT_SIZE;
  w->frame.api = &w->api;
  w->frame.ctx = (XLA_FFI_InvokeContext *)w;
  w->frame.stage = XLA_FFI_ExecutionStage_EXECUTE;
  w->frame.args.struct_size = XLA_FFI_Args_STRUCT_SIZE;
  w->frame.rets.struct_size = XLA_FFI_Rets_STRUCT_SIZE;
  w->frame.attrs.struct_size = XLA_FFI_Attrs_STRUCT_SIZE;
}

static pjrt_error *count(pjrt_ffi_call *call, void *user) {
  world *w = user;
  w->num_calls++;
  return w->look ? w->look(call) : NULL;
}

static bool handle(world *w) {
  return pjrt_ffi_handle((pjrt_ffi_frame *)&w->frame, count, w) == NULL;
}

/* The handler fails so, in the plugin's eyes. */
static void expect_failure(world *w, pjrt_code code, const char *part) {
  assert_false(handle(w));
  if ((pjrt_code)made.code != code || !strstr(made.message, part)) {
    fail_msg("expected %s with '%s', got %d: %s", pjrt_code_name(code), part,
             (int)made.code, made.message);
  }
}

/* ---- frames -------------------------------------------------------------- */

static void test_broken_frames(void **state) {
  world w;
  (void)state;
  init(&w);
  assert_true(handle(&w));
  assert_int_equal(w.num_calls, 1);
  w.frame.args.size = -1;
  expect_failure(&w, PJRT_INTERNAL, "no arguments behind their number");
  w.frame.args.size = 1;
  expect_failure(&w, PJRT_INTERNAL, "no arguments behind their number");
  w.frame.args.size = 0;
  w.frame.rets.size = 2;
  expect_failure(&w, PJRT_INTERNAL, "no results behind their number");
  w.frame.rets.size = 0;
  w.frame.attrs.size = 3;
  expect_failure(&w, PJRT_INTERNAL, "no attributes behind their number");
  w.frame.attrs.size = 0;
  w.frame.ctx = NULL;
  expect_failure(&w, PJRT_INTERNAL, "no context");
  assert_int_equal(w.num_calls, 1);
}

/* Nobody could be told what is wrong. */
static void test_frames_without_functions(void **state) {
  world w;
  (void)state;
  init(&w);
  assert_null(pjrt_ffi_handle(NULL, count, &w));
  w.frame.struct_size = 8;
  assert_true(handle(&w));
  w.frame.struct_size = XLA_FFI_CallFrame_STRUCT_SIZE;
  w.api.XLA_FFI_Error_Create = NULL;
  assert_true(handle(&w));
  w.frame.api = NULL;
  assert_true(handle(&w));
  assert_int_equal(w.num_calls, 0);
}

/* ---- versions ------------------------------------------------------------ */

static int answered_minor(const XLA_FFI_Api *api) {
  world w;
  XLA_FFI_Metadata metadata = {.struct_size = XLA_FFI_Metadata_STRUCT_SIZE};
  XLA_FFI_Metadata_Extension question = {
      .extension_base = {.type = XLA_FFI_Extension_Metadata},
      .metadata = &metadata};
  XLA_FFI_InternalExtension other = {.type = (XLA_FFI_InternalExtension_Type)77,
                                     .next = &question.extension_base};
  init(&w);
  w.frame.api = api;
  w.frame.ctx = NULL;
  w.frame.extension_start = &other;
  assert_true(handle(&w));
  assert_int_equal(w.num_calls, 0);
  assert_int_equal(metadata.api_version.major_version, 0);
  assert_int_equal(metadata.state_type_id.type_id, 0);
  return metadata.api_version.minor_version;
}

static void test_answered_versions(void **state) {
  world w;
  (void)state;
  init(&w);
  assert_int_equal(answered_minor(NULL), 1);
  assert_int_equal(answered_minor(&w.api), XLA_FFI_API_MINOR);
  w.api.api_version.minor_version = 3;
  assert_int_equal(answered_minor(&w.api), 3);
  w.api.api_version.minor_version = XLA_FFI_API_MINOR + 4;
  assert_int_equal(answered_minor(&w.api), XLA_FFI_API_MINOR);
}

/* ---- buffers ------------------------------------------------------------- */

static size_t wanted;
static pjrt_ffi_buffer seen;

static pjrt_error *look_at_argument(pjrt_ffi_call *call) {
  pjrt_ffi_buffer_init(&seen);
  return pjrt_ffi_call_arg(call, wanted, &seen);
}

static pjrt_error *look_at_result(pjrt_ffi_call *call) {
  pjrt_ffi_buffer_init(&seen);
  return pjrt_ffi_call_result(call, wanted, &seen);
}

static void test_buffers(void **state) {
  int64_t dims[] = {2, 3};
  float data[6];
  XLA_FFI_Buffer buffer = {.struct_size = XLA_FFI_Buffer_STRUCT_SIZE,
                           .dtype = XLA_FFI_DataType_BF16,
                           .data = data,
                           .rank = 2,
                           .dims = dims};
  XLA_FFI_ArgType kind = XLA_FFI_ArgType_BUFFER;
  XLA_FFI_RetType ret_kind = XLA_FFI_RetType_BUFFER;
  void *value = &buffer;
  world w;
  (void)state;
  init(&w);
  w.frame.args.size = w.frame.rets.size = 1;
  w.frame.args.types = &kind;
  w.frame.args.args = w.frame.rets.rets = &value;
  w.frame.rets.types = &ret_kind;
  w.look = look_at_result;
  wanted = 0;
  assert_true(handle(&w));
  assert_true(seen.dtype == PJRT_BF16 && seen.num_dims == 2);
  assert_true(seen.dims == dims && seen.data == data);
  assert_true(seen.num_elements == 6 && seen.size == 12);
  w.look = look_at_argument;
  buffer.dtype = XLA_FFI_DataType_U2;
  assert_true(handle(&w));
  assert_true(seen.num_elements == 6 && seen.size == 2);
  w.frame.stage = XLA_FFI_ExecutionStage_INITIALIZE;
  assert_true(handle(&w));
  assert_null(seen.data);
  w.frame.stage = XLA_FFI_ExecutionStage_RECORD;
  assert_true(handle(&w));
  assert_ptr_equal(seen.data, data);
  w.frame.stage = XLA_FFI_ExecutionStage_EXECUTE;
  buffer.dtype = XLA_FFI_DataType_TOKEN;
  buffer.rank = 0;
  buffer.data = NULL;
  assert_true(handle(&w));
  assert_true(seen.dtype == PJRT_TOKEN && seen.size == 0);
  wanted = 1;
  expect_failure(&w, PJRT_OUT_OF_RANGE, "argument 1 of a call with 1");
}

static void test_broken_buffers(void **state) {
  int64_t dims[] = {2, -3};
  XLA_FFI_Buffer buffer = {.struct_size = XLA_FFI_Buffer_STRUCT_SIZE,
                           .dtype = XLA_FFI_DataType_F32,
                           .data = dims,
                           .rank = 2,
                           .dims = dims};
  XLA_FFI_ArgType kind = XLA_FFI_ArgType_BUFFER;
  void *value = &buffer;
  world w;
  (void)state;
  init(&w);
  w.frame.args.size = 1;
  w.frame.args.types = &kind;
  w.frame.args.args = &value;
  w.look = look_at_argument;
  wanted = 0;
  expect_failure(&w, PJRT_INTERNAL, "a buffer of impossible dimensions");
  dims[1] = INT64_MAX / 2;
  expect_failure(&w, PJRT_INTERNAL, "argument 0: ");
  dims[1] = 3;
  buffer.dtype = (XLA_FFI_DataType)99;
  expect_failure(&w, PJRT_UNIMPLEMENTED, "type 99");
  buffer.dtype = XLA_FFI_DataType_F32;
  buffer.data = NULL;
  expect_failure(&w, PJRT_INTERNAL, "a buffer that has no memory");
  buffer.rank = -1;
  expect_failure(&w, PJRT_INTERNAL, "a buffer that is not described");
  buffer.rank = 2;
  buffer.dims = NULL;
  expect_failure(&w, PJRT_INTERNAL, "a buffer that is not described");
  value = NULL;
  expect_failure(&w, PJRT_INTERNAL, "a buffer that is not described");
  kind = (XLA_FFI_ArgType)5;
  expect_failure(&w, PJRT_UNIMPLEMENTED, "argument 0 is of kind 5");
}

static void test_arrays(void **state) {
  static const int64_t dims[] = {3};
  unsigned char packed[2] = {0xe1, 0xf7};
  pjrt_ffi_buffer buffer = {.struct_size = sizeof buffer,
                            .dtype = PJRT_S4,
                            .data = packed,
                            .size = 2,
                            .dims = dims,
                            .num_dims = 1,
                            .num_elements = 3};
  pjrt_array *array, *other;
  (void)state;
  expect_ok(pjrt_ffi_buffer_to_array(&buffer, &array));
  expect_ok(pjrt_array_parse("3xs4=1,-2,7", PJRT_NUL_ENDED, &other));
  expect_ok(pjrt_array_compare(array, other, NULL));
  memset(packed, 0xff, sizeof packed);
  expect_ok(pjrt_ffi_buffer_from_array(&buffer, array));
  assert_int_equal(packed[0], 0xe1);
  assert_int_equal(packed[1], 0x07);
  buffer.dtype = PJRT_U4;
  expect_error(pjrt_ffi_buffer_from_array(&buffer, array),
               PJRT_INVALID_ARGUMENT, "not those of the buffer");
  expect_error(pjrt_ffi_buffer_from_array(&buffer, NULL), PJRT_INVALID_ARGUMENT,
               "array is NULL");
  pjrt_array_free(array);
  pjrt_array_free(other);
  buffer.data = NULL;
  expect_error(pjrt_ffi_buffer_to_array(&buffer, &array), PJRT_INVALID_ARGUMENT,
               "no contents");
  assert_null(array);
  expect_error(pjrt_ffi_buffer_to_array(NULL, &array), PJRT_INVALID_ARGUMENT,
               "buffer is NULL");
}

/* Over the buffer's memory, or with strides. */
static void test_arrays_of_whole_bytes(void **state) {
  static const int64_t dims[] = {2};
  static const int64_t backwards[] = {-4};
  float data[2] = {1, 2};
  float values[2] = {3, 4};
  const pjrt_ffi_buffer buffer = {.struct_size = sizeof buffer,
                                  .dtype = PJRT_F32,
                                  .data = data,
                                  .size = sizeof data,
                                  .dims = dims,
                                  .num_dims = 1,
                                  .num_elements = 2};
  pjrt_array *array;
  (void)state;
  expect_ok(pjrt_ffi_buffer_to_array(&buffer, &array));
  assert_ptr_equal(pjrt_array_data(array), data);
  pjrt_array_free(array);
  expect_ok(pjrt_array_wrap(PJRT_F32, dims, 1, backwards, &values[1], NULL,
                            NULL, &array));
  expect_ok(pjrt_ffi_buffer_from_array(&buffer, array));
  assert_true(data[0] == 4 && data[1] == 3);
  pjrt_array_free(array);
}

/* ---- attributes ---------------------------------------------------------- */

enum { MAX_ATTRS = 8 };

/* Attributes under construction. */
typedef struct attributes {
  XLA_FFI_Attrs raw;
  XLA_FFI_AttrType types[MAX_ATTRS];
  XLA_FFI_ByteSpan names[MAX_ATTRS];
  XLA_FFI_ByteSpan *name_pointers[MAX_ATTRS];
  void *values[MAX_ATTRS];
} attributes;

static void attributes_init(attributes *a) {
  memset(a, 0, sizeof *a);
  a->raw = (XLA_FFI_Attrs){.struct_size = XLA_FFI_Attrs_STRUCT_SIZE,
                           .types = a->types,
                           .names = a->name_pointers,
                           .attrs = a->values};
}

static void add(attributes *a, const char *name, int type, void *value) {
  const int64_t i = a->raw.size++;
  a->types[i] = (XLA_FFI_AttrType)type;
  a->names[i] = (XLA_FFI_ByteSpan){name, strlen(name)};
  a->name_pointers[i] = &a->names[i];
  a->values[i] = value;
}

static const pjrt_ffi_attrs *attrs_of(const attributes *a) {
  return (const pjrt_ffi_attrs *)&a->raw;
}

static void test_scalars(void **state) {
  uint64_t large = UINT64_MAX;
  int8_t small = -5;
  double half = 0.5;
  bool yes = true;
  float parts[2] = {1, 2};
  XLA_FFI_Scalar scalars[] = {{XLA_FFI_DataType_U64, &large},
                              {XLA_FFI_DataType_S8, &small},
                              {XLA_FFI_DataType_F64, &half},
                              {XLA_FFI_DataType_PRED, &yes},
                              {XLA_FFI_DataType_C64, parts}};
  static const char *const names[] = {"large", "small", "half", "yes", "parts"};
  attributes a;
  int64_t integer;
  double real;
  bool flag;
  (void)state;
  attributes_init(&a);
  for (int i = 0; i < 5; i++) {
    add(&a, names[i], XLA_FFI_AttrType_SCALAR, &scalars[i]);
  }
  const pjrt_ffi_attrs *attrs = attrs_of(&a);
  assert_int_equal(pjrt_ffi_attrs_size(attrs), 5);
  expect_ok(pjrt_ffi_attrs_int64(attrs, "small", PJRT_NUL_ENDED, &integer));
  assert_int_equal(integer, -5);
  expect_ok(pjrt_ffi_attrs_int64(attrs, "yes", 3, &integer));
  assert_int_equal(integer, 1);
  expect_error(pjrt_ffi_attrs_int64(attrs, "large", 5, &integer),
               PJRT_INVALID_ARGUMENT,
               "attribute \"large\" is a scalar of u64, expected an integer "
               "that fits into an int64");
  assert_int_equal(integer, 0);
  expect_error(pjrt_ffi_attrs_int64(attrs, "half", 4, &integer),
               PJRT_INVALID_ARGUMENT, "scalar of f64");
  expect_ok(pjrt_ffi_attrs_double(attrs, "half", 4, &real));
  assert_true(real == 0.5);
  expect_ok(pjrt_ffi_attrs_double(attrs, "small", 5, &real));
  assert_true(real == -5);
  expect_error(pjrt_ffi_attrs_double(attrs, "parts", 5, &real),
               PJRT_INVALID_ARGUMENT, "scalar of c64, expected a real number");
  expect_ok(pjrt_ffi_attrs_bool(attrs, "yes", 3, &flag));
  assert_true(flag);
  expect_error(pjrt_ffi_attrs_bool(attrs, "small", 5, &flag),
               PJRT_INVALID_ARGUMENT, "expected a bool");
}

static void test_other_kinds(void **state) {
  int32_t list[] = {1, 2};
  XLA_FFI_ByteSpan text = {"text", 4}, none = {NULL, 0};
  XLA_FFI_Array array = {XLA_FFI_DataType_S32, 2, list};
  attributes a, inner;
  const pjrt_ffi_attrs *fields;
  const char *bytes;
  size_t size;
  pjrt_ffi_attr attr;
  (void)state;
  attributes_init(&inner);
  add(&inner, "x", XLA_FFI_AttrType_STRING, &text);
  attributes_init(&a);
  add(&a, "z", XLA_FFI_AttrType_STRING, &text); /* plugins sort */
  add(&a, "empty", XLA_FFI_AttrType_STRING, &none);
  add(&a, "list", XLA_FFI_AttrType_ARRAY, &array);
  add(&a, "inner", XLA_FFI_AttrType_DICTIONARY, &inner.raw);
  add(&a, "new", 42, &text);
  const pjrt_ffi_attrs *attrs = attrs_of(&a);
  expect_ok(pjrt_ffi_attrs_text(attrs, "z", 1, &bytes, &size));
  assert_true(size == 4 && memcmp(bytes, "text", 4) == 0);
  expect_ok(pjrt_ffi_attrs_text(attrs, "empty", 5, &bytes, &size));
  assert_true(size == 0 && bytes);
  expect_ok(pjrt_ffi_attrs_dictionary(attrs, "inner", 5, &fields));
  expect_ok(pjrt_ffi_attrs_text(fields, "x", 1, &bytes, &size));
  pjrt_ffi_attr_init(&attr);
  expect_ok(pjrt_ffi_attrs_find(attrs, "list", 4, &attr));
  assert_true(attr.kind == PJRT_FFI_ARRAY && attr.dtype == PJRT_S32);
  assert_true(attr.num == 2 && attr.data == list);
  expect_ok(pjrt_ffi_attrs_find(attrs, "new", 3, &attr));
  assert_true((int)attr.kind == 42 && attr.data == &text);
  expect_error(pjrt_ffi_attrs_text(attrs, "new", 3, &bytes, &size),
               PJRT_INVALID_ARGUMENT, "a value of an unknown kind");
  expect_error(pjrt_ffi_attrs_text(attrs, "list", 4, &bytes, &size),
               PJRT_INVALID_ARGUMENT, "is an array of s32, expected a string");
  expect_error(pjrt_ffi_attrs_find(attrs, "zz", 2, &attr), PJRT_NOT_FOUND,
               "no attribute \"zz\"; there are 5: z, empty, list, inner, new");
  expect_error(pjrt_ffi_attrs_at(attrs, 5, &attr), PJRT_OUT_OF_RANGE,
               "attribute 5 of 5");
  expect_error(pjrt_ffi_attrs_find(NULL, "zz", 2, &attr), PJRT_NOT_FOUND,
               "there are 0");
}

static void test_broken_attributes(void **state) {
  XLA_FFI_Scalar scalar = {XLA_FFI_DataType_S32, NULL};
  XLA_FFI_Array array = {XLA_FFI_DataType_S32, 2, NULL};
  XLA_FFI_ByteSpan text = {NULL, 9};
  XLA_FFI_Attrs inner = {.struct_size = XLA_FFI_Attrs_STRUCT_SIZE, .size = 1};
  attributes a;
  pjrt_ffi_attr attr;
  (void)state;
  pjrt_ffi_attr_init(&attr);
  attributes_init(&a);
  add(&a, "scalar", XLA_FFI_AttrType_SCALAR, &scalar);
  add(&a, "array", XLA_FFI_AttrType_ARRAY, &array);
  add(&a, "text", XLA_FFI_AttrType_STRING, &text);
  add(&a, "inner", XLA_FFI_AttrType_DICTIONARY, &inner);
  add(&a, "none", XLA_FFI_AttrType_SCALAR, NULL);
  add(&a, "lost", XLA_FFI_AttrType_STRING, &text);
  a.name_pointers[5] = NULL;
  static const char *const messages[] = {
      "attribute \"scalar\": the plugin calls a handler with a scalar without",
      "an array without elements",
      "a string without bytes",
      "no attributes behind their number",
      "an attribute without a value",
      "attribute \"\""};
  for (size_t i = 0; i < 6; i++) {
    expect_error(pjrt_ffi_attrs_at(attrs_of(&a), i, &attr), PJRT_INTERNAL,
                 messages[i]);
  }
  scalar.value = &array;
  scalar.dtype = (XLA_FFI_DataType)99;
  expect_error(pjrt_ffi_attrs_at(attrs_of(&a), 0, &attr), PJRT_UNIMPLEMENTED,
               "attribute \"scalar\": elements of type 99");
  a.raw.size = -1;
  assert_int_equal(pjrt_ffi_attrs_size(attrs_of(&a)), 0);
}

/* ---- functions that a plugin lends --------------------------------------- */

static pjrt_error *look_for_run_id(pjrt_ffi_call *call) {
  int64_t id = 1;
  pjrt_error *error = pjrt_ffi_call_run_id(call, &id);
  assert_int_equal(id, 0);
  return error;
}

static pjrt_error *look_for_future(pjrt_ffi_call *call) {
  pjrt_ffi_future *future = (pjrt_ffi_future *)1;
  pjrt_error *error = pjrt_ffi_call_defer(call, &future);
  assert_null(future);
  return error;
}

static void test_lent_functions(void **state) {
  world w;
  (void)state;
  init(&w);
  w.look = look_for_run_id;
  expect_failure(&w, PJRT_UNIMPLEMENTED,
                 "the plugin's XLA FFI 0.5 has no XLA_FFI_RunId_Get");
  w.api.XLA_FFI_RunId_Get = refuse_run_id;
  num_destroyed = 0;
  expect_failure(&w, PJRT_UNAVAILABLE, "no run");
  assert_int_equal(num_destroyed, 1);
  w.api.api_version.minor_version = 3; /* whose errors have no code */
  expect_failure(&w, PJRT_UNKNOWN, "no run");
  w.api.XLA_FFI_Error_GetDetails = NULL;
  w.api.XLA_FFI_Error_Destroy = NULL;
  expect_failure(&w, PJRT_UNKNOWN, "the plugin does not say why");
  w.api.struct_size = offsetof(XLA_FFI_Api, XLA_FFI_RunId_Get);
  expect_failure(&w, PJRT_UNIMPLEMENTED, "has no XLA_FFI_RunId_Get");
}

/* ---- threads ------------------------------------------------------------- */

static pthread_t pool;
static pjrt_ffi_future *to_set;

typedef struct job {
  XLA_FFI_Task *task;
  void *data;
} job;

static void *run_job(void *data) {
  const job it = *(job *)data;
  free(data);
  it.task(it.data);
  return NULL;
}

static XLA_FFI_Error *schedule(XLA_FFI_ThreadPool_Schedule_Args *args) {
  job *it = malloc(sizeof *it);
  assert_non_null(it);
  *it = (job){args->task, args->data};
  pthread_create(&pool, NULL, run_job, it);
  return NULL;
}

static int num_ended;

static void end_call(void *data) {
  (*(int *)data)++;
  pjrt_ffi_future_set(to_set, NULL);
}

static pjrt_error *look_for_threads(pjrt_ffi_call *call) {
  PJRT_TRY(pjrt_ffi_call_defer(call, &to_set));
  return pjrt_ffi_call_schedule(call, end_call, &num_ended);
}

/* The task runs on a thread of the plugin's, while the handler returns. */
static void test_tasks(void **state) {
  world w;
  (void)state;
  init(&w);
  w.api.XLA_FFI_Future_Create = give_future;
  w.api.XLA_FFI_Future_SetAvailable = set_available;
  w.api.XLA_FFI_Future_SetError = set_error;
  w.api.XLA_FFI_ThreadPool_Schedule = schedule;
  w.look = look_for_threads;
  for (int i = 1; i <= 50; i++) {
    num_available = 0;
    assert_true(handle(&w));
    pthread_join(pool, NULL);
    assert_int_equal(num_ended, i);
    assert_int_equal(num_available, 1);
    assert_ptr_equal(w.frame.future, &num_available);
  }
}

static void test_futures_that_are_none(void **state) {
  world w;
  (void)state;
  init(&w);
  w.look = look_for_future;
  expect_failure(&w, PJRT_UNIMPLEMENTED, "XLA_FFI_Future_SetAvailable");
  w.api.XLA_FFI_Future_SetAvailable = set_available;
  expect_failure(&w, PJRT_UNIMPLEMENTED, "XLA_FFI_Future_SetError");
  w.api.XLA_FFI_Future_SetError = set_error;
  expect_failure(&w, PJRT_UNIMPLEMENTED, "XLA_FFI_Future_Create");
  w.api.XLA_FFI_Future_Create = give_no_future;
  expect_failure(&w, PJRT_INTERNAL, "gives no future");
  pjrt_ffi_future_set(NULL, NULL);
}

/* Fields that this library does not know are zero. */
static XLA_FFI_Error *read_further(XLA_FFI_Type_Register_Args *args) {
  const XLA_FFI_TypeInfo *info = args->type_info;
  const unsigned char *end = (const unsigned char *)(info + 1);
  assert_int_equal(info->struct_size, sizeof *info);
  for (size_t i = 0; i < 64; i++) assert_int_equal(end[i], 0);
  args->type_id->type_id = 5;
  return NULL;
}

static pjrt_error *look_for_type(pjrt_ffi_call *call) {
  int64_t id = 0;
  PJRT_TRY(pjrt_ffi_call_register_type(call, "t", 1, free, &id));
  assert_int_equal(id, 5);
  return NULL;
}

static void test_types_of_newer_plugins(void **state) {
  world w;
  (void)state;
  init(&w);
  w.api.XLA_FFI_Type_Register = read_further;
  w.look = look_for_type;
  assert_true(handle(&w));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_broken_frames),
      cmocka_unit_test(test_frames_without_functions),
      cmocka_unit_test(test_answered_versions),
      cmocka_unit_test(test_buffers),
      cmocka_unit_test(test_broken_buffers),
      cmocka_unit_test(test_arrays),
      cmocka_unit_test(test_arrays_of_whole_bytes),
      cmocka_unit_test(test_scalars),
      cmocka_unit_test(test_other_kinds),
      cmocka_unit_test(test_broken_attributes),
      cmocka_unit_test(test_lent_functions),
      cmocka_unit_test(test_tasks),
      cmocka_unit_test(test_futures_that_are_none),
      cmocka_unit_test(test_types_of_newer_plugins),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
