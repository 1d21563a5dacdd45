/* The FFI extension on the simulated plugin: handlers in programs, what they
 * are lent, and plugins that lack parts of it. */
#include "pjrt/ext/ffi.h"

#include <pthread.h>

#include "ext_node.h"
#include "sim_fixture.h"

/* Inside a handler: what does not hold is its error. */
#define EXPECT(condition)                                         \
  do {                                                            \
    if (!(condition)) {                                           \
      return pjrt_error_create(PJRT_INTERNAL, "not: " #condition, \
                               PJRT_NUL_ENDED);                   \
    }                                                             \
  } while (0)

#define PROGRAM(target)                                                 \
  "func.func @main(%a: tensor<4xf32>) -> tensor<4xf32> {\n"             \
  "  %0 = stablehlo.custom_call @" target                               \
  "(%a) {api_version = 4 : i32, backend_config = {factor = 3 : i32}}\n" \
  "      : (tensor<4xf32>) -> tensor<4xf32>\n"                          \
  "  return %0 : tensor<4xf32>\n}\n"

/* ---- a plugin that computes ---------------------------------------------- */

static fixture *create(int minor) {
  pjrt_sim_options options;
  sim_path();
  sim.options_init(&options);
  options.minor = minor;
  options.execution = PJRT_SIM_COMPUTE;
  return fixture_create(&options);
}

enum { NEWEST = 117 };

static int open_computing(void **state) {
  *state = create(NEWEST);
  return 0;
}

static void drop(fixture *f) {
  fixture_drop(f);
  test_free(f);
  expect_nothing_alive();
}

#define ffi_test(function) \
  cmocka_unit_test_setup_teardown(function, open_computing, fixture_close)

static pjrt_error *register_entry(pjrt_plugin *plugin, const char *target,
                                  pjrt_ffi_entry entry) {
  pjrt_ffi_handler handler;
  pjrt_ffi_handler_init(&handler);
  handler.execute = entry;
  return pjrt_ffi_register_handler(plugin, target, PJRT_NUL_ENDED, NULL, 0,
                                   &handler);
}

/* Runs a program on 1, 2, 3, 4; the error of launch or result. */
static pjrt_error *run(fixture *f, const char *code,
                       const pjrt_execute_opts *opts, pjrt_buffer **out) {
  pjrt_executable *executable = compile(f->client, code, NULL);
  pjrt_buffer *arg = upload_f32(f->device);
  pjrt_error *error =
      pjrt_executable_execute(executable, &arg, 1, opts, out, 1);
  if (!error) error = pjrt_buffer_await(*out);
  pjrt_buffer_free(arg);
  pjrt_executable_free(executable);
  if (error) {
    pjrt_buffer_free(*out);
    *out = NULL;
  }
  return error;
}

static void expect_same(fixture *f, const char *code,
                        const pjrt_execute_opts *opts) {
  pjrt_buffer *result;
  expect_ok(run(f, code, opts, &result));
  expect_f32(result);
  pjrt_buffer_free(result);
}

static pjrt_error *copy(pjrt_ffi_call *call) {
  pjrt_ffi_buffer in, out;
  pjrt_ffi_buffer_init(&in);
  pjrt_ffi_buffer_init(&out);
  PJRT_TRY(pjrt_ffi_call_arg(call, 0, &in));
  PJRT_TRY(pjrt_ffi_call_result(call, 0, &out));
  memcpy(out.data, in.data, in.size);
  return NULL;
}

/* ---- handlers ------------------------------------------------------------ */

static pjrt_error *look(pjrt_ffi_call *call, void *user) {
  int64_t factor;
  EXPECT(!strcmp(user, "user"));
  EXPECT(pjrt_ffi_call_stage(call) == PJRT_FFI_EXECUTE);
  EXPECT(pjrt_ffi_call_num_args(call) == 1);
  EXPECT(pjrt_ffi_call_num_results(call) == 1);
  PJRT_TRY(
      pjrt_ffi_attrs_int64(pjrt_ffi_call_attrs(call), "factor", 6, &factor));
  EXPECT(factor == 3);
  return copy(call);
}
static char user_text[] = "user";
static PJRT_FFI_HANDLER(look_entry, look, user_text);

static pjrt_error *refuse(pjrt_ffi_call *call, void *user) {
  (void)call;
  (void)user;
  return pjrt_error_create(PJRT_DATA_LOSS, "the handler refuses",
                           PJRT_NUL_ENDED);
}
static PJRT_FFI_HANDLER(refuse_entry, refuse, NULL);

/* A code that XLA has not. */
static pjrt_error *refuse_oddly(pjrt_ffi_call *call, void *user) {
  (void)call;
  (void)user;
  return pjrt_error_create((pjrt_code)77, "oddly", PJRT_NUL_ENDED);
}
static PJRT_FFI_HANDLER(odd_entry, refuse_oddly, NULL);

static void test_runs(void **state) {
  fixture *f = *state;
  pjrt_buffer *result;
  expect_ok(register_entry(f->plugin, "unit_look", look_entry));
  expect_same(f, PROGRAM("unit_look"), NULL);
  expect_ok(register_entry(f->plugin, "unit_refuse", refuse_entry));
  expect_error(run(f, PROGRAM("unit_refuse"), NULL, &result), PJRT_DATA_LOSS,
               "the handler refuses");
  expect_ok(register_entry(f->plugin, "unit_odd", odd_entry));
  expect_error(run(f, PROGRAM("unit_odd"), NULL, &result), PJRT_UNKNOWN,
               "oddly");
}

static void test_registered_twice(void **state) {
  const fixture *f = *state;
  expect_ok(register_entry(f->plugin, "unit_twice", look_entry));
  expect_ok(register_entry(f->plugin, "unit_twice", look_entry));
  expect_error(register_entry(f->plugin, "unit_twice", refuse_entry),
               PJRT_INVALID_ARGUMENT, "unit_twice");
}

static XLA_FFI_Error *answer_99(XLA_FFI_CallFrame *frame) {
  ((const XLA_FFI_Metadata_Extension *)frame->extension_start)
      ->metadata->api_version.minor_version = 99;
  return NULL;
}

static void test_wrong_version(void **state) {
  const fixture *f = *state;
  XLA_FFI_Handler *raw = answer_99;
  pjrt_ffi_entry entry;
  memcpy(&entry, &raw, sizeof entry);
  expect_error(register_entry(f->plugin, "unit_version", entry),
               PJRT_INVALID_ARGUMENT, "of FFI 0.99, and not of 0.1 to 0.5");
}

static void test_refused(void **state) {
  const pjrt_code bad = PJRT_INVALID_ARGUMENT;
  const fixture *f = *state;
  pjrt_ffi_handler handler;
  int64_t id = 0;
  pjrt_ffi_handler_init(&handler);
  expect_error(pjrt_ffi_register_handler(f->plugin, "x", 1, NULL, 0, &handler),
               bad, "the handler has no execute");
  expect_error(pjrt_ffi_register_handler(f->plugin, "x", 1, NULL, 0, NULL), bad,
               "the handler has no execute");
  handler.execute = look_entry;
  expect_error(pjrt_ffi_register_handler(NULL, "x", 1, NULL, 0, &handler), bad,
               "plugin is NULL");
  expect_error(pjrt_ffi_register_handler(f->plugin, NULL, 1, NULL, 0, &handler),
               bad, "target is NULL");
  expect_error(pjrt_ffi_register_handler(f->plugin, "", 0, NULL, 0, &handler),
               bad, "target is empty");
  expect_error(pjrt_ffi_register_handler(f->plugin, "x", 1, "", 0, &handler),
               bad, "platform is empty");
  handler.struct_size = 3;
  expect_error(pjrt_ffi_register_handler(f->plugin, "x", 1, NULL, 0, &handler),
               bad, "pjrt_ffi_handler");
  expect_error(pjrt_ffi_register_type(NULL, "x", 1, NULL, &id), bad,
               "plugin is NULL");
  expect_error(pjrt_ffi_register_type(f->plugin, NULL, 1, NULL, &id), bad,
               "name is NULL");
  expect_error(pjrt_ffi_add_user_data(NULL, 1, NULL), bad, "context is NULL");
}

static PJRT_FFI_Register_Handler *honest_register;

/* The first of a name stays, and a second is told so. */
static PJRT_Error *register_loudly(PJRT_FFI_Register_Handler_Args *args) {
  PJRT_Error *error = honest_register(args);
  sim_fail("PJRT_FFI_Register_Handler", 0, PJRT_Error_Code_ALREADY_EXISTS);
  return error ? error : honest_register(args);
}

/* As with a second copy of the library in the process, where the plugin tells
 * of it. */
static void test_another_copy_of_the_library(void **state) {
  const fixture *f = *state;
  PJRT_FFI_Extension node;
  EXT_TAKE_NODE(f, FFI, &node);
  honest_register = node.register_handler;
  node.register_handler = register_loudly;
  expect_ok(register_entry(f->plugin, "unit_copy", look_entry));
  sim_configure_default();
  expect_same(*state, PROGRAM("unit_copy"), NULL);
}

/* Fields that this library does not know are zero. */
static PJRT_Error *read_further(PJRT_FFI_Type_Register_Args *args) {
  const unsigned char *end = (const unsigned char *)(args->type_info + 1);
  for (size_t i = 0; i < 64; i++) assert_int_equal(end[i], 0);
  args->type_id = 5;
  return NULL;
}

static void test_types_of_newer_plugins(void **state) {
  const fixture *f = *state;
  PJRT_FFI_Extension node;
  int64_t id = 0;
  EXT_TAKE_NODE(f, FFI, &node);
  node.type_register = read_further;
  expect_ok(pjrt_ffi_register_type(f->plugin, "unit_new", 8, free, &id));
  assert_int_equal(id, 5);
}

static void test_faults(void **state) {
  const fixture *f = *state;
  int64_t id = 0;
  sim_fail("PJRT_FFI_Register_Handler", 0, PJRT_Error_Code_ABORTED);
  expect_error(register_entry(f->plugin, "unit_fault", look_entry),
               PJRT_ABORTED, "");
  sim_fail("PJRT_FFI_Type_Register", 0, PJRT_Error_Code_ABORTED);
  expect_error(pjrt_ffi_register_type(f->plugin, "unit_fault", 10, NULL, &id),
               PJRT_ABORTED, "");
  assert_int_equal(id, 0);
  sim_configure_default();
}

/* ---- types and user data ------------------------------------------------- */

static int64_t data_type;

static pjrt_error *read_data(pjrt_ffi_call *call, void *user) {
  const pjrt_ffi_attrs *options;
  const void *extension;
  void *data;
  (void)user;
  PJRT_TRY(pjrt_ffi_call_user_data(call, data_type, &data));
  EXPECT(data == &data_type);
  PJRT_TRY(pjrt_ffi_call_custom_options(call, &options));
  EXPECT(pjrt_ffi_attrs_size(options) == 0);
  PJRT_TRY(pjrt_ffi_call_find_extension(call, 7, &extension));
  EXPECT(!extension);
  return copy(call);
}
static PJRT_FFI_HANDLER(data_entry, read_data, NULL);

/* Types are the process's: each test run registers the name once. */
static void register_data_type(const fixture *f) {
  if (data_type) return;
  expect_ok(pjrt_ffi_register_type(f->plugin, "unit_data", PJRT_NUL_ENDED, NULL,
                                   &data_type));
  assert_int_not_equal(data_type, 0);
}

static void test_user_data(void **state) {
  fixture *f = *state;
  pjrt_execute_opts opts;
  pjrt_sim_execution execution;
  pjrt_buffer *result;
  int64_t again = 0;
  register_data_type(f);
  expect_error(pjrt_ffi_register_type(f->plugin, "unit_data", PJRT_NUL_ENDED,
                                      NULL, &again),
               PJRT_INTERNAL, "unit_data");
  expect_ok(register_entry(f->plugin, "unit_user_data", data_entry));
  pjrt_execute_opts_init(&opts);
  expect_ok(pjrt_execute_context_create(f->client, &opts.context));
  expect_ok(pjrt_ffi_add_user_data(opts.context, data_type, &data_type));
  expect_error(pjrt_ffi_add_user_data(opts.context, data_type, NULL),
               PJRT_INTERNAL, "already");
  expect_error(pjrt_ffi_add_user_data(opts.context, 98765, NULL),
               PJRT_INVALID_ARGUMENT, "98765");
  expect_same(f, PROGRAM("unit_user_data"), &opts);
  pjrt_execute_context_free(opts.context);
  /* Every launch has a context, so that a handler that asks fails cleanly. */
  opts.context = NULL;
  expect_error(run(f, PROGRAM("unit_user_data"), NULL, &result), PJRT_NOT_FOUND,
               "no user data");
  sim.get_execution(&execution);
  assert_true(execution.has_context);
  expect_error(run(f, PROGRAM("unit_user_data"), &opts, &result),
               PJRT_NOT_FOUND, "no user data");
  sim.get_execution(&execution);
  assert_true(execution.has_context);
}

/* ---- what a handler is lent ---------------------------------------------- */

static pjrt_error *use_the_machine(pjrt_ffi_call *call, void *user) {
  int64_t run_id, num_threads;
  int ordinal;
  void *memory, *stream;
  (void)user;
  PJRT_TRY(pjrt_ffi_call_run_id(call, &run_id));
  PJRT_TRY(pjrt_ffi_call_device_ordinal(call, &ordinal));
  EXPECT(ordinal == 0);
  PJRT_TRY(pjrt_ffi_call_num_threads(call, &num_threads));
  EXPECT(num_threads == 1);
  PJRT_TRY(pjrt_ffi_call_allocate(call, 100, 128, &memory));
  EXPECT((uintptr_t)memory % 128 == 0);
  PJRT_TRY(pjrt_ffi_call_deallocate(call, memory, 100));
  pjrt_error *error = pjrt_ffi_call_allocate(call, 100, 24, &memory);
  EXPECT(pjrt_error_consume(error) == PJRT_INVALID_ARGUMENT && !memory);
  error = pjrt_ffi_call_stream(call, &stream);
  EXPECT(pjrt_error_consume(error) == PJRT_UNIMPLEMENTED && !stream);
  error = pjrt_ffi_call_schedule(call, NULL, NULL);
  EXPECT(pjrt_error_consume(error) == PJRT_INVALID_ARGUMENT);
  return copy(call);
}
static PJRT_FFI_HANDLER(machine_entry, use_the_machine, NULL);

static void test_machine(void **state) {
  fixture *f = *state;
  expect_ok(register_entry(f->plugin, "unit_machine", machine_entry));
  expect_same(f, PROGRAM("unit_machine"), NULL);
}

/* ---- results that come later --------------------------------------------- */

typedef struct later {
  pthread_t thread;
  pjrt_ffi_future *future;
  pjrt_error *error;
} later;

static void *set(void *data) {
  later *it = data;
  pjrt_ffi_future_set(it->future, it->error);
  return NULL;
}

/* Another thread sets it, before the handler returns or after. */
static pjrt_error *defer(pjrt_ffi_call *call, void *user) {
  later *it = user;
  pjrt_ffi_future *second;
  PJRT_TRY(copy(call));
  PJRT_TRY(pjrt_ffi_call_defer(call, &it->future));
  pjrt_error *error = pjrt_ffi_call_defer(call, &second);
  pthread_create(&it->thread, NULL, set, it);
  EXPECT(pjrt_error_consume(error) == PJRT_FAILED_PRECONDITION && !second);
  return NULL;
}
static later succeeding, failing;
static PJRT_FFI_HANDLER(succeed_entry, defer, &succeeding);
static PJRT_FFI_HANDLER(fail_entry, defer, &failing);

static void test_futures(void **state) {
  fixture *f = *state;
  pjrt_buffer *result;
  expect_ok(register_entry(f->plugin, "unit_succeed_later", succeed_entry));
  expect_ok(register_entry(f->plugin, "unit_fail_later", fail_entry));
  for (int i = 0; i < 20; i++) {
    expect_same(f, PROGRAM("unit_succeed_later"), NULL);
    pthread_join(succeeding.thread, NULL);
    failing.error =
        pjrt_error_create(PJRT_CANCELLED, "on purpose", PJRT_NUL_ENDED);
    expect_error(run(f, PROGRAM("unit_fail_later"), NULL, &result),
                 PJRT_CANCELLED, "on purpose");
    pthread_join(failing.thread, NULL);
  }
}

static pjrt_error *defer_and_fail(pjrt_ffi_call *call, void *user) {
  PJRT_TRY(pjrt_ffi_call_defer(call, &((later *)user)->future));
  return pjrt_error_create(PJRT_ABORTED, "after all", PJRT_NUL_ENDED);
}
static later left_over;
static PJRT_FFI_HANDLER(left_over_entry, defer_and_fail, &left_over);

static void test_error_in_spite_of_a_future(void **state) {
  fixture *f = *state;
  pjrt_buffer *result;
  expect_ok(register_entry(f->plugin, "unit_left_over", left_over_entry));
  expect_error(run(f, PROGRAM("unit_left_over"), NULL, &result), PJRT_ABORTED,
               "after all");
  left_over.error = pjrt_error_create(PJRT_UNKNOWN, "late", PJRT_NUL_ENDED);
  set(&left_over);
}

static void end_call(void *future) { pjrt_ffi_future_set(future, NULL); }

static pjrt_error *schedule(pjrt_ffi_call *call, void *user) {
  pjrt_ffi_future *future;
  (void)user;
  PJRT_TRY(copy(call));
  PJRT_TRY(pjrt_ffi_call_defer(call, &future));
  return pjrt_ffi_call_schedule(call, end_call, future);
}
static PJRT_FFI_HANDLER(schedule_entry, schedule, NULL);

static void test_tasks(void **state) {
  fixture *f = *state;
  expect_ok(register_entry(f->plugin, "unit_schedule", schedule_entry));
  expect_same(f, PROGRAM("unit_schedule"), NULL);
}

/* ---- objects of the library ---------------------------------------------- */

/* Freed in a handler, on a plugin's thread: the last buffer of the client. */
static pjrt_buffer *to_free;
static pjrt_error *free_in_handler(pjrt_ffi_call *call, void *user) {
  (void)user;
  pjrt_buffer_free(to_free);
  to_free = NULL;
  return copy(call);
}
static PJRT_FFI_HANDLER(free_entry, free_in_handler, NULL);

static void test_free_in_handler(void **state) {
  fixture *f = *state;
  expect_ok(register_entry(f->plugin, "unit_free", free_entry));
  to_free = upload_f32(f->device);
  expect_same(f, PROGRAM("unit_free"), NULL);
  assert_null(to_free);
}

/* Launches from several threads at once. */
static void *run_many(void *state) {
  for (int i = 0; i < 10; i++) {
    pjrt_buffer *result;
    expect_ok(run(state, PROGRAM("unit_parallel"), NULL, &result));
    pjrt_buffer_free(result);
  }
  return NULL;
}

static void test_parallel_launches(void **state) {
  fixture *f = *state;
  pthread_t threads[4];
  expect_ok(register_entry(f->plugin, "unit_parallel", look_entry));
  for (int i = 0; i < 4; i++) {
    pthread_create(&threads[i], NULL, run_many, f);
  }
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
}

/* ---- stages and states --------------------------------------------------- */

static int64_t state_type;
static int num_deleted;

static void delete_state(void *data) {
  free(data);
  num_deleted++;
}

static pjrt_error *keep_factor(pjrt_ffi_call *call) {
  int64_t *kept = malloc(sizeof *kept);
  pjrt_error *error =
      pjrt_ffi_attrs_int64(pjrt_ffi_call_attrs(call), "factor", 6, kept);
  if (!error) error = pjrt_ffi_call_set_state(call, state_type, kept);
  if (error) free(kept);
  return error;
}

static pjrt_error *run_stage(pjrt_ffi_call *call, void *user) {
  void *kept = NULL, *none;
  pjrt_ffi_buffer in;
  (void)user;
  pjrt_ffi_buffer_init(&in);
  PJRT_TRY(pjrt_ffi_call_arg(call, 0, &in));
  if (pjrt_ffi_call_stage(call) == PJRT_FFI_INSTANTIATE) {
    EXPECT(!in.data);
    return keep_factor(call);
  }
  if (pjrt_ffi_call_stage(call) != PJRT_FFI_EXECUTE) return NULL;
  EXPECT(in.data);
  PJRT_TRY(pjrt_ffi_call_state(call, PJRT_FFI_INSTANTIATE, state_type, &kept));
  EXPECT(*(int64_t *)kept == 3);
  pjrt_error *error =
      pjrt_ffi_call_state(call, PJRT_FFI_PREPARE, state_type, &none);
  EXPECT(error && !none);
  pjrt_error_free(error);
  return copy(call);
}
static PJRT_FFI_HANDLER(stages_entry, run_stage, NULL);

static pjrt_error *register_stages(const fixture *f, const char *target) {
  pjrt_ffi_handler handler;
  pjrt_ffi_handler_init(&handler);
  handler.execute = handler.instantiate = handler.prepare = stages_entry;
  handler.initialize = stages_entry;
  handler.is_command_buffer_compatible = true;
  handler.state_type = state_type;
  return pjrt_ffi_register_handler(f->plugin, target, PJRT_NUL_ENDED, "CPU", 3,
                                   &handler);
}

/* Each minor of the FFI has states of its own. */
static void test_stages(void **state) {
  static const struct {
    int minor;
    const char *type, *target;
    const char *program;
  } plugins[] = {
      {81, "type_81", "unit_stages_81", PROGRAM("unit_stages_81")},
      {94, "type_94", "unit_stages_94", PROGRAM("unit_stages_94")},
      {NEWEST, "type_new", "unit_stages_new", PROGRAM("unit_stages_new")},
  };
  (void)state;
  for (size_t i = 0; i < 3; i++) {
    fixture *f = create(plugins[i].minor);
    state_type = 0;
    expect_ok(pjrt_ffi_register_type(f->plugin, plugins[i].type, PJRT_NUL_ENDED,
                                     delete_state, &state_type));
    num_deleted = 0;
    expect_ok(register_stages(f, plugins[i].target));
    expect_same(f, plugins[i].program, NULL);
    assert_int_equal(num_deleted, 1);
    drop(f);
  }
}

/* A handler may register its own types. */
static pjrt_error *register_types(pjrt_ffi_call *call, void *user) {
  int64_t id = 0, same = 0;
  (void)user;
  PJRT_TRY(
      pjrt_ffi_call_register_type(call, "unit_own", PJRT_NUL_ENDED, NULL, &id));
  EXPECT(id != 0);
  pjrt_error *error = pjrt_ffi_call_register_type(call, "unit_own",
                                                  PJRT_NUL_ENDED, NULL, &same);
  EXPECT(error && same == 0);
  pjrt_error_free(error);
  error = pjrt_ffi_call_register_type(call, "", 0, NULL, &same);
  EXPECT(pjrt_error_consume(error) == PJRT_INVALID_ARGUMENT);
  return copy(call);
}
static PJRT_FFI_HANDLER(types_entry, register_types, NULL);

static void test_types_of_handlers(void **state) {
  fixture *f = *state;
  expect_ok(register_entry(f->plugin, "unit_types", types_entry));
  expect_same(f, PROGRAM("unit_types"), NULL);
}

/* ---- what plugins lack --------------------------------------------------- */

static pjrt_error *register_on(int minor, pjrt_ffi_handler *handler) {
  fixture *f = create(minor);
  pjrt_error *error = pjrt_ffi_register_handler(
      f->plugin, "unit_old", PJRT_NUL_ENDED, NULL, 0, handler);
  drop(f);
  return error;
}

static void test_older_plugins(void **state) {
  pjrt_ffi_handler handler;
  (void)state;
  pjrt_ffi_handler_init(&handler);
  handler.execute = look_entry;
  expect_error(register_on(52, &handler), PJRT_UNIMPLEMENTED,
               "the plugin has no extension FFI, which API 0.53 brought");
  expect_error(register_on(73, &handler), PJRT_UNIMPLEMENTED,
               "has no PJRT_FFI_Register_Handler, which API 0.74 brought");
  expect_ok(register_on(74, &handler));
  expect_ok(register_on(81, &handler));
  handler.record = look_entry;
  expect_error(register_on(113, &handler), PJRT_UNIMPLEMENTED,
               "the stage record is newer than the plugin: XLA FFI 0.4 brought "
               "it, and the plugin speaks 0.3");
  handler.record = NULL;
  handler.instantiate = look_entry;
  expect_error(register_on(74, &handler), PJRT_UNIMPLEMENTED,
               "the plugin takes handlers for execute alone");
}

static pjrt_error *try_types(int minor, const char *name,
                             void (*deleter)(void *), int64_t *out_id) {
  fixture *f = create(minor);
  *out_id = 0;
  pjrt_error *error =
      pjrt_ffi_register_type(f->plugin, name, PJRT_NUL_ENDED, deleter, out_id);
  drop(f);
  return error;
}

static void test_types_of_older_plugins(void **state) {
  int64_t id;
  (void)state;
  expect_error(try_types(53, "old_53", NULL, &id), PJRT_UNIMPLEMENTED,
               "has no PJRT_FFI_Type_Register");
  expect_ok(try_types(54, "old_54", NULL, &id));
  assert_int_not_equal(id, 0);
  expect_error(try_types(80, "old_80", delete_state, &id), PJRT_UNIMPLEMENTED,
               "a deleter is newer than the plugin: API 0.81 brought it");
  expect_ok(try_types(81, "old_81", delete_state, &id));
}

static void test_user_data_of_older_plugins(void **state) {
  static const int minors[] = {53, 54, 80, 81};
  int64_t id;
  (void)state;
  expect_ok(try_types(54, "old_data", NULL, &id));
  for (size_t i = 0; i < 4; i++) {
    pjrt_execute_context *context;
    fixture *f = create(minors[i]);
    expect_ok(pjrt_execute_context_create(f->client, &context));
    expect_ok(pjrt_ffi_add_user_data(context, id, &id));
    pjrt_execute_context_free(context);
    drop(f);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      ffi_test(test_runs),
      ffi_test(test_registered_twice),
      ffi_test(test_wrong_version),
      ffi_test(test_refused),
      ffi_test(test_faults),
      ffi_test(test_another_copy_of_the_library),
      ffi_test(test_types_of_newer_plugins),
      ffi_test(test_user_data),
      ffi_test(test_machine),
      ffi_test(test_futures),
      ffi_test(test_error_in_spite_of_a_future),
      ffi_test(test_tasks),
      ffi_test(test_free_in_handler),
      ffi_test(test_parallel_launches),
      cmocka_unit_test(test_stages),
      ffi_test(test_types_of_handlers),
      cmocka_unit_test(test_older_plugins),
      cmocka_unit_test(test_types_of_older_plugins),
      cmocka_unit_test(test_user_data_of_older_plugins),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
