/* C handlers inside programs of real plugins: what they are called with, what
 * they are lent, and how they fail. */
#include <pjrt/abi.h>
#include <pjrt/ext/ffi.h>
#include <pthread.h>
#include <stdatomic.h>

#include "real/fixture.h"

/* Inside a handler, where the tests' own assertions must not jump: what does
 * not hold becomes the error of the execution. */
#define EXPECT(condition)                                         \
  do {                                                            \
    if (!(condition)) {                                           \
      return pjrt_error_create(PJRT_INTERNAL, "not: " #condition, \
                               PJRT_NUL_ENDED);                   \
    }                                                             \
  } while (0)

/* main(f32[4]) -> f32[4]. */
#define PROGRAM(target, config)                             \
  "func.func @main(%a: tensor<4xf32>) -> tensor<4xf32> {\n" \
  "  %0 = stablehlo.custom_call @" target                   \
  "(%a) {api_version = 4 : i32, backend_config = {" config  \
  "}} : (tensor<4xf32>) -> tensor<4xf32>\n"                 \
  "  return %0 : tensor<4xf32>\n}\n"

static void register_one(fixture *f, const char *target, pjrt_ffi_entry entry) {
  pjrt_ffi_handler handler;
  pjrt_ffi_handler_init(&handler);
  handler.execute = entry;
  assert_ok(pjrt_ffi_register_handler(f->plugin, target, PJRT_NUL_ENDED, NULL,
                                      0, &handler));
}

/* The result is the argument. */
static pjrt_error *copy(pjrt_ffi_call *call) {
  pjrt_ffi_buffer in, out;
  pjrt_ffi_buffer_init(&in);
  pjrt_ffi_buffer_init(&out);
  PJRT_TRY(pjrt_ffi_call_arg(call, 0, &in));
  PJRT_TRY(pjrt_ffi_call_result(call, 0, &out));
  EXPECT(in.size == out.size && in.dtype == out.dtype);
  memcpy(out.data, in.data, in.size);
  return NULL;
}

/* Compiles and runs a program with 1, 2, 3, 4, and expects that back. */
static void expect_runs(fixture *f, const char *code) {
  pjrt_executable *executable = compile(f, code);
  pjrt_buffer *arg = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0);
  pjrt_buffer *result = execute1(executable, arg);
  assert_f32(result, 4, 1.0f, 2.0f, 3.0f, 4.0f);
  pjrt_buffer_free(result);
  pjrt_buffer_free(arg);
  pjrt_executable_free(executable);
}

static pjrt_error *run_with(fixture *f, const char *code,
                            const pjrt_execute_opts *opts) {
  pjrt_executable *executable = compile(f, code);
  pjrt_buffer *arg = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0);
  pjrt_buffer *result;
  pjrt_error *error =
      pjrt_executable_execute(executable, &arg, 1, opts, &result, 1);
  if (!error) error = pjrt_buffer_await(result);
  pjrt_buffer_free(result);
  pjrt_buffer_free(arg);
  pjrt_executable_free(executable);
  return error;
}

/* ---- what a handler is called with --------------------------------------- */

static const char attributes_program[] =
    PROGRAM("ffi_look",
            "flag = true, small = -3 : i8, large = 9000000000 : i64, "
            "unsigned = 200 : ui8, single = 1.5 : f32, double = -2.5 : f64, "
            "name = \"some text\", list = array<i32: 7, 8, 9>, "
            "nested = {deeper = {value = 5 : i32}, other = \"x\"}");

static pjrt_error *look_at_attributes(const pjrt_ffi_attrs *attrs) {
  const pjrt_ffi_attrs *nested, *deeper;
  const char *text;
  pjrt_ffi_attr attr;
  size_t size;
  int64_t number;
  double real;
  bool flag;
  EXPECT(pjrt_ffi_attrs_size(attrs) == 9);
  PJRT_TRY(pjrt_ffi_attrs_bool(attrs, "flag", 4, &flag));
  EXPECT(flag);
  PJRT_TRY(pjrt_ffi_attrs_int64(attrs, "small", 5, &number));
  EXPECT(number == -3);
  PJRT_TRY(pjrt_ffi_attrs_int64(attrs, "large", 5, &number));
  EXPECT(number == 9000000000);
  PJRT_TRY(pjrt_ffi_attrs_int64(attrs, "unsigned", 8, &number));
  EXPECT(number == 200);
  PJRT_TRY(pjrt_ffi_attrs_double(attrs, "single", 6, &real));
  EXPECT(real == 1.5);
  PJRT_TRY(pjrt_ffi_attrs_double(attrs, "double", 6, &real));
  EXPECT(real == -2.5);
  PJRT_TRY(pjrt_ffi_attrs_text(attrs, "name", 4, &text, &size));
  EXPECT(size == 9 && memcmp(text, "some text", 9) == 0);
  pjrt_ffi_attr_init(&attr);
  PJRT_TRY(pjrt_ffi_attrs_find(attrs, "list", 4, &attr));
  EXPECT(attr.kind == PJRT_FFI_ARRAY && attr.dtype == PJRT_S32);
  EXPECT(attr.num == 3 && ((const int32_t *)attr.data)[2] == 9);
  PJRT_TRY(pjrt_ffi_attrs_dictionary(attrs, "nested", 6, &nested));
  PJRT_TRY(pjrt_ffi_attrs_dictionary(nested, "deeper", 6, &deeper));
  PJRT_TRY(pjrt_ffi_attrs_int64(deeper, "value", 5, &number));
  EXPECT(number == 5);
  return NULL;
}

static pjrt_error *look(pjrt_ffi_call *call, void *user) {
  pjrt_ffi_buffer in;
  EXPECT(strcmp(user, "of the entry") == 0);
  EXPECT(pjrt_ffi_call_stage(call) == PJRT_FFI_EXECUTE);
  EXPECT(pjrt_ffi_call_api_minor(call) >= 1);
  EXPECT(pjrt_ffi_call_num_args(call) == 1);
  EXPECT(pjrt_ffi_call_num_results(call) == 1);
  pjrt_ffi_buffer_init(&in);
  PJRT_TRY(pjrt_ffi_call_arg(call, 0, &in));
  EXPECT(in.dtype == PJRT_F32 && in.num_dims == 1 && in.dims[0] == 4);
  PJRT_TRY(look_at_attributes(pjrt_ffi_call_attrs(call)));
  return copy(call);
}
static char of_the_entry[] = "of the entry";
static PJRT_FFI_HANDLER(look_entry, look, of_the_entry);

static void test_what_it_is_called_with(void **state) {
  register_one(*state, "ffi_look", look_entry);
  expect_runs(*state, attributes_program);
}

/* They come packed, and go back so. */
static pjrt_error *reverse_narrow(pjrt_ffi_call *call, void *user) {
  pjrt_ffi_buffer in, out;
  pjrt_array *array;
  (void)user;
  pjrt_ffi_buffer_init(&in);
  pjrt_ffi_buffer_init(&out);
  PJRT_TRY(pjrt_ffi_call_arg(call, 0, &in));
  PJRT_TRY(pjrt_ffi_call_result(call, 0, &out));
  EXPECT(in.dtype == PJRT_S4 && in.num_elements == 3 && in.size == 2);
  PJRT_TRY(pjrt_ffi_buffer_to_array(&in, &array));
  unsigned char *elements = pjrt_array_data(array);
  const unsigned char first = elements[0];
  elements[0] = elements[2];
  elements[2] = first;
  pjrt_error *error = pjrt_ffi_buffer_from_array(&out, array);
  pjrt_array_free(array);
  return error;
}
static PJRT_FFI_HANDLER(narrow_entry, reverse_narrow, NULL);

static void test_narrow_elements(void **state) {
  static const char code[] =
      "func.func @main(%a: tensor<3xi4>) -> tensor<3xi4> {\n"
      "  %0 = stablehlo.custom_call @ffi_narrow(%a) {api_version = 4 : i32}\n"
      "      : (tensor<3xi4>) -> tensor<3xi4>\n"
      "  return %0 : tensor<3xi4>\n}\n";
  fixture *f = *state;
  pjrt_array *array, *expected;
  pjrt_buffer *arg;
  register_one(f, "ffi_narrow", narrow_entry);
  pjrt_executable *executable = compile(f, code);
  assert_ok(pjrt_array_parse("3xs4=1,-2,7", PJRT_NUL_ENDED, &array));
  assert_ok(pjrt_buffer_from_array(f->device, array, &arg));
  pjrt_array_free(array);
  pjrt_buffer *result = execute1(executable, arg);
  assert_ok(pjrt_buffer_to_array(result, &array));
  assert_ok(pjrt_array_parse("3xs4=7,-2,1", PJRT_NUL_ENDED, &expected));
  assert_ok(pjrt_array_compare(array, expected, NULL));
  pjrt_array_free(array);
  pjrt_array_free(expected);
  pjrt_buffer_free(result);
  pjrt_buffer_free(arg);
  pjrt_executable_free(executable);
}

/* ---- errors -------------------------------------------------------------- */

static pjrt_error *refuse(pjrt_ffi_call *call, void *user) {
  (void)call;
  return pjrt_error_create(PJRT_FAILED_PRECONDITION, user, PJRT_NUL_ENDED);
}
static char reason[] = "the handler does not want to";
static PJRT_FFI_HANDLER(fail_entry, refuse, reason);

static void test_error_is_the_executions(void **state) {
  fixture *f = *state;
  register_one(f, "ffi_fail", fail_entry);
  assert_code(run_with(f, PROGRAM("ffi_fail", ""), NULL),
              PJRT_FAILED_PRECONDITION, reason);
}

static pjrt_error *ask_for_what_is_not_there(pjrt_ffi_call *call, void *user) {
  int64_t number;
  (void)user;
  return pjrt_ffi_attrs_int64(pjrt_ffi_call_attrs(call), "absent", 6, &number);
}
static PJRT_FFI_HANDLER(absent_entry, ask_for_what_is_not_there, NULL);

static void test_absent_attribute(void **state) {
  fixture *f = *state;
  register_one(f, "ffi_absent", absent_entry);
  assert_code(run_with(f, PROGRAM("ffi_absent", "one = 1 : i32"), NULL),
              PJRT_NOT_FOUND, "no attribute \"absent\"; there are 1: one");
}

/* ---- user data ----------------------------------------------------------- */

static int64_t data_type;

static pjrt_error *count(pjrt_ffi_call *call, void *user) {
  void *data;
  (void)user;
  PJRT_TRY(pjrt_ffi_call_user_data(call, data_type, &data));
  atomic_fetch_add((atomic_int *)data, 1);
  return copy(call);
}
static PJRT_FFI_HANDLER(count_entry, count, NULL);

static void register_data_type(fixture *f) {
  if (!data_type) {
    assert_ok(pjrt_ffi_register_type(f->plugin, "test_data", PJRT_NUL_ENDED,
                                     NULL, &data_type));
  }
  register_one(f, "ffi_count", count_entry);
}

static void test_user_data(void **state) {
  fixture *f = *state;
  atomic_int counter = 0;
  pjrt_execute_opts opts;
  register_data_type(f);
  pjrt_execute_opts_init(&opts);
  assert_ok(pjrt_execute_context_create(f->client, &opts.context));
  assert_ok(pjrt_ffi_add_user_data(opts.context, data_type, &counter));
  assert_ok(run_with(f, PROGRAM("ffi_count", ""), &opts));
  assert_ok(run_with(f, PROGRAM("ffi_count", ""), &opts));
  assert_int_equal(atomic_load(&counter), 2);
  assert_plugin_error(
      pjrt_ffi_add_user_data(opts.context, data_type, &counter));
  pjrt_execute_context_free(opts.context);
}

/* Without a context the handler would end the process. Launches with options
 * and launches without go different ways. */
static void test_launch_without_user_data(void **state) {
  fixture *f = *state;
  pjrt_execute_opts opts;
  register_data_type(f);
  pjrt_execute_opts_init(&opts);
  pjrt_error *error = run_with(f, PROGRAM("ffi_count", ""), NULL);
  assert_non_null(error);
  pjrt_error_free(error);
  error = run_with(f, PROGRAM("ffi_count", ""), &opts);
  assert_non_null(error);
  pjrt_error_free(error);
}

static void test_types(void **state) {
  fixture *f = *state;
  int64_t id = 0, again = 0, own = 777;
  assert_ok(pjrt_ffi_register_type(f->plugin, "test_type", PJRT_NUL_ENDED, NULL,
                                   &id));
  assert_int_not_equal(id, 0);
  assert_plugin_error(pjrt_ffi_register_type(f->plugin, "test_type",
                                             PJRT_NUL_ENDED, NULL, &again));
  assert_int_equal(again, 0);
  assert_ok(pjrt_ffi_register_type(f->plugin, "test_own_id", PJRT_NUL_ENDED,
                                   NULL, &own));
  assert_int_equal(own, 777);
}

/* ---- what a handler is lent ---------------------------------------------- */

static pjrt_error *use_the_machine(pjrt_ffi_call *call, void *user) {
  int64_t run_id;
  int ordinal;
  void *memory, *stream;
  (void)user;
  PJRT_TRY(pjrt_ffi_call_run_id(call, &run_id));
  EXPECT(run_id != 0 || pjrt_ffi_call_api_minor(call) < 3);
  PJRT_TRY(pjrt_ffi_call_device_ordinal(call, &ordinal));
  EXPECT(ordinal == 0);
  pjrt_error *error = pjrt_ffi_call_stream(call, &stream);
  EXPECT(error && !stream);
  pjrt_error_free(error);
  error = pjrt_ffi_call_allocate(call, 64, 64, &memory);
  EXPECT(error && !memory);
  pjrt_error_free(error);
  return copy(call);
}
static PJRT_FFI_HANDLER(machine_entry, use_the_machine, NULL);

static void test_machine(void **state) {
  register_one(*state, "ffi_machine", machine_entry);
  expect_runs(*state, PROGRAM("ffi_machine", ""));
}

/* Each minor lends more. */
static pjrt_error *use_newer(pjrt_ffi_call *call, void *user) {
  const int minor = pjrt_ffi_call_api_minor(call);
  const pjrt_ffi_attrs *options;
  const void *extension;
  (void)user;
  pjrt_error *error = pjrt_ffi_call_find_extension(call, 12345, &extension);
  EXPECT(!extension);
  EXPECT(minor >= 4 || pjrt_error_code(error) == PJRT_UNIMPLEMENTED);
  pjrt_error_free(error);
  error = pjrt_ffi_call_custom_options(call, &options);
  EXPECT(minor >= 5 || pjrt_error_code(error) == PJRT_UNIMPLEMENTED);
  pjrt_error_free(error);
  return copy(call);
}
static PJRT_FFI_HANDLER(newer_entry, use_newer, NULL);

static void test_newer_functions(void **state) {
  register_one(*state, "ffi_newer", newer_entry);
  expect_runs(*state, PROGRAM("ffi_newer", ""));
}

/* ---- threads ------------------------------------------------------------- */

enum { NUM_TASKS = 16 };

typedef struct scheduled {
  atomic_int num_done;
  pjrt_ffi_future *future;
} scheduled;

static void do_task(void *data) {
  scheduled *it = data;
  if (atomic_fetch_add(&it->num_done, 1) + 1 < NUM_TASKS) return;
  pjrt_ffi_future_set(it->future, NULL);
}

static scheduled work;

static pjrt_error *schedule(pjrt_ffi_call *call, void *user) {
  int64_t num;
  (void)user;
  PJRT_TRY(pjrt_ffi_call_num_threads(call, &num));
  EXPECT(num > 0);
  PJRT_TRY(copy(call));
  PJRT_TRY(pjrt_ffi_call_defer(call, &work.future));
  atomic_store(&work.num_done, 0); /* the tasks see the future */
  for (int i = 0; i < NUM_TASKS; i++) {
    PJRT_TRY(pjrt_ffi_call_schedule(call, do_task, &work));
  }
  return NULL;
}
static PJRT_FFI_HANDLER(schedule_entry, schedule, NULL);

static void test_tasks(void **state) {
  register_one(*state, "ffi_schedule", schedule_entry);
  expect_runs(*state, PROGRAM("ffi_schedule", ""));
  assert_int_equal(atomic_load(&work.num_done), NUM_TASKS);
}

/* ---- results that come later --------------------------------------------- */

static pthread_t setter;

static void *set_error(void *future) {
  pjrt_ffi_future_set(
      future, pjrt_error_create(PJRT_ABORTED, "set later", PJRT_NUL_ENDED));
  return NULL;
}

static pjrt_error *promise(pjrt_ffi_call *call, void *user) {
  pjrt_ffi_future *future, *second;
  (void)user;
  PJRT_TRY(pjrt_ffi_call_defer(call, &future));
  pjrt_error *error = pjrt_ffi_call_defer(call, &second);
  pthread_create(&setter, NULL, set_error, future);
  EXPECT(pjrt_error_code(error) == PJRT_FAILED_PRECONDITION && !second);
  pjrt_error_free(error);
  return NULL;
}
static PJRT_FFI_HANDLER(promise_entry, promise, NULL);

static void test_future_with_error(void **state) {
  fixture *f = *state;
  register_one(f, "ffi_promise", promise_entry);
  assert_code(run_with(f, PROGRAM("ffi_promise", ""), NULL), PJRT_ABORTED,
              "set later");
  pthread_join(setter, NULL);
}

/* The error decides, and the future is still there to be set. */
static pjrt_error *promise_and_fail(pjrt_ffi_call *call, void *user) {
  PJRT_TRY(pjrt_ffi_call_defer(call, user));
  return pjrt_error_create(PJRT_CANCELLED, "after all", PJRT_NUL_ENDED);
}
static pjrt_ffi_future *left_over;
static PJRT_FFI_HANDLER(cancel_entry, promise_and_fail, &left_over);

static void test_error_in_spite_of_a_future(void **state) {
  fixture *f = *state;
  register_one(f, "ffi_cancel", cancel_entry);
  assert_code(run_with(f, PROGRAM("ffi_cancel", ""), NULL), PJRT_CANCELLED,
              "after all");
  pjrt_ffi_future_set(left_over, NULL);
}

/* ---- stages and state ---------------------------------------------------- */

static int64_t state_type;
static atomic_int num_instantiated, num_prepared, num_deleted;

static void delete_state(void *data) {
  free(data);
  atomic_fetch_add(&num_deleted, 1);
}

static pjrt_error *instantiate(pjrt_ffi_call *call) {
  int64_t factor;
  PJRT_TRY(
      pjrt_ffi_attrs_int64(pjrt_ffi_call_attrs(call), "factor", 6, &factor));
  int64_t *kept = malloc(sizeof *kept);
  *kept = factor;
  atomic_fetch_add(&num_instantiated, 1);
  pjrt_error *error = pjrt_ffi_call_set_state(call, state_type, kept);
  if (error) free(kept);
  return error;
}

static pjrt_error *multiply(pjrt_ffi_call *call) {
  void *kept;
  pjrt_ffi_buffer out;
  PJRT_TRY(pjrt_ffi_call_state(call, PJRT_FFI_INSTANTIATE, state_type, &kept));
  PJRT_TRY(copy(call));
  pjrt_ffi_buffer_init(&out);
  PJRT_TRY(pjrt_ffi_call_result(call, 0, &out));
  for (size_t i = 0; i < out.num_elements; i++) {
    ((float *)out.data)[i] *= (float)*(int64_t *)kept;
  }
  return NULL;
}

static pjrt_error *run_stage(pjrt_ffi_call *call, void *user) {
  (void)user;
  switch (pjrt_ffi_call_stage(call)) {
    case PJRT_FFI_INSTANTIATE:
      return instantiate(call);
    case PJRT_FFI_PREPARE:
      atomic_fetch_add(&num_prepared, 1);
      return NULL;
    default:
      return multiply(call);
  }
}
static PJRT_FFI_HANDLER(stages_entry, run_stage, NULL);

static void test_stages(void **state) {
  fixture *f = *state;
  pjrt_ffi_handler handler;
  pjrt_ffi_handler_init(&handler);
  assert_ok(pjrt_ffi_register_type(f->plugin, "test_state", PJRT_NUL_ENDED,
                                   delete_state, &state_type));
  handler.instantiate = handler.prepare = handler.execute = stages_entry;
  handler.state_type = state_type;
  assert_ok(pjrt_ffi_register_handler(f->plugin, "ffi_stages", PJRT_NUL_ENDED,
                                      "cpu", 3, &handler));
  pjrt_executable *executable =
      compile(f, PROGRAM("ffi_stages", "factor = 3 : i32"));
  pjrt_buffer *arg = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0);
  for (int i = 0; i < 2; i++) {
    pjrt_buffer *result = execute1(executable, arg);
    assert_f32(result, 4, 3.0f, 6.0f, 9.0f, 12.0f);
    pjrt_buffer_free(result);
  }
  assert_int_equal(atomic_load(&num_instantiated), 1);
  assert_int_equal(atomic_load(&num_prepared), 0); /* CPUs do without */
  assert_int_equal(atomic_load(&num_deleted), 0);
  pjrt_buffer_free(arg);
  pjrt_executable_free(executable);
  assert_int_equal(atomic_load(&num_deleted), 1);
}

/* ---- versions ------------------------------------------------------------ */

/* As handlers built with other headers answer. */
static XLA_FFI_Error *answer(XLA_FFI_CallFrame *frame, int minor) {
  const XLA_FFI_Metadata_Extension *extension =
      (const XLA_FFI_Metadata_Extension *)frame->extension_start;
  extension->metadata->api_version.major_version = 0;
  extension->metadata->api_version.minor_version = minor;
  return NULL;
}
static XLA_FFI_Error *answer_99(XLA_FFI_CallFrame *frame) {
  return answer(frame, 99);
}
static XLA_FFI_Error *answer_1(XLA_FFI_CallFrame *frame) {
  return answer(frame, 1);
}

static pjrt_error *register_raw(fixture *f, const char *target,
                                XLA_FFI_Handler *raw) {
  pjrt_ffi_handler handler;
  pjrt_ffi_handler_init(&handler);
  memcpy(&handler.execute, &raw, sizeof raw);
  return pjrt_ffi_register_handler(f->plugin, target, PJRT_NUL_ENDED, NULL, 0,
                                   &handler);
}

static void test_versions(void **state) {
  fixture *f = *state;
  pjrt_error *error = register_raw(f, "ffi_newer_than_all", answer_99);
  assert_non_null(strstr(pjrt_error_message(error, NULL), "(0.99)"));
  assert_non_null(strstr(pjrt_error_message(error, NULL), "API version (0."));
  pjrt_error_free(error);
  assert_ok(register_raw(f, "ffi_raw", answer_1));
  assert_ok(register_raw(f, "ffi_raw", answer_1));
}

static void test_target_with_other_entries(void **state) {
  fixture *f = *state;
  register_one(f, "ffi_twice", look_entry);
  register_one(f, "ffi_twice", look_entry);
  pjrt_ffi_handler handler;
  pjrt_ffi_handler_init(&handler);
  handler.execute = fail_entry;
  pjrt_error *error = pjrt_ffi_register_handler(
      f->plugin, "ffi_twice", PJRT_NUL_ENDED, NULL, 0, &handler);
  assert_non_null(strstr(pjrt_error_message(error, NULL), "ffi_twice"));
  pjrt_error_free(error);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_it_is_called_with),
      cmocka_unit_test(test_narrow_elements),
      cmocka_unit_test(test_error_is_the_executions),
      cmocka_unit_test(test_absent_attribute),
      cmocka_unit_test(test_user_data),
      cmocka_unit_test(test_launch_without_user_data),
      cmocka_unit_test(test_types),
      cmocka_unit_test(test_machine),
      cmocka_unit_test(test_newer_functions),
      cmocka_unit_test(test_tasks),
      cmocka_unit_test(test_future_with_error),
      cmocka_unit_test(test_error_in_spite_of_a_future),
      cmocka_unit_test(test_stages),
      cmocka_unit_test(test_versions),
      cmocka_unit_test(test_target_with_other_entries),
  };
  return RUN_REAL_TESTS(tests);
}
