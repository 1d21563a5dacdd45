/* The Gpu_Custom_Call extension on the simulated plugin: handlers that programs
 * call, functions without FFI, and the forms of older plugins. */
#include "pjrt/ext/gpu_custom_call.h"

#include <stdatomic.h>

#include "sim_fixture.h"

static atomic_int num_executions, num_instantiations;

/* The result is the argument. */
static pjrt_error *copy(pjrt_ffi_call *call, void *user) {
  pjrt_ffi_buffer from, to;
  (void)user;
  if (pjrt_ffi_call_stage(call) == PJRT_FFI_INSTANTIATE) {
    atomic_fetch_add(&num_instantiations, 1);
    return NULL;
  }
  pjrt_ffi_buffer_init(&from);
  pjrt_ffi_buffer_init(&to);
  PJRT_TRY(pjrt_ffi_call_arg(call, 0, &from));
  PJRT_TRY(pjrt_ffi_call_result(call, 0, &to));
  memcpy(to.data, from.data, 4 * sizeof(float));
  atomic_fetch_add(&num_executions, 1);
  return NULL;
}
static PJRT_FFI_HANDLER(copy_entry, copy, NULL);

static void untyped(void) {}

static const char program[] =
    "func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {\n"
    "  %y = stablehlo.custom_call @gpu_copy(%x) {api_version = 4 : i32}\n"
    "      : (tensor<4xf32>) -> tensor<4xf32>\n"
    "  return %y : tensor<4xf32>\n"
    "}\n";

static pjrt_ffi_handler handler_of(pjrt_ffi_entry execute) {
  pjrt_ffi_handler handler;
  pjrt_ffi_handler_init(&handler);
  handler.execute = execute;
  return handler;
}

static pjrt_error *enter(fixture *f, const pjrt_ffi_handler *handler) {
  return pjrt_gpu_custom_call_register(f->plugin, "gpu_copy", PJRT_NUL_ENDED,
                                       handler);
}

static void execute(fixture *f) {
  pjrt_buffer *out;
  pjrt_buffer *x = upload_f32(f->device);
  pjrt_executable *executable = compile(f->client, program, NULL);
  expect_ok(pjrt_executable_execute(executable, &x, 1, NULL, &out, 1));
  expect_f32(out);
  pjrt_buffer_free(out);
  pjrt_buffer_free(x);
  pjrt_executable_free(executable);
}

static fixture *create(int minor) {
  pjrt_sim_options options;
  sim_path();
  sim.options_init(&options);
  options.minor = minor;
  return fixture_create(&options);
}

static void drop(fixture *f) {
  fixture_drop(f);
  test_free(f);
  expect_nothing_alive();
}

/* ---- handlers ------------------------------------------------------------ */

static void test_programs_call_handlers(void **state) {
  pjrt_sim_options options;
  pjrt_ffi_handler handler = handler_of(copy_entry);
  (void)state;
  sim_path();
  sim.options_init(&options);
  options.execution = PJRT_SIM_COMPUTE;
  fixture *f = fixture_create(&options);
  handler.instantiate = copy_entry;
  handler.is_command_buffer_compatible = true;
  expect_ok(enter(f, &handler));
  execute(f);
  assert_int_equal(num_executions, 1);
  assert_int_equal(num_instantiations, 1);
  drop(f);
}

static void test_untyped(void **state) {
  static const int minors[] = {40, 46, 47, 54, 55, 114, 117};
  (void)state;
  for (size_t i = 0; i < sizeof minors / sizeof *minors; i++) {
    fixture *f = create(minors[i]);
    expect_ok(pjrt_gpu_custom_call_register_untyped(f->plugin, "untyped",
                                                    PJRT_NUL_ENDED, untyped));
    drop(f);
  }
}

/* ---- older plugins ------------------------------------------------------- */

static void expect_unknown(fixture *f, const pjrt_ffi_handler *handler,
                           const char *what) {
  expect_error(enter(f, handler), PJRT_UNIMPLEMENTED, what);
}

static void test_what_there_is_no_place_for(void **state) {
  pjrt_ffi_handler plain = handler_of(copy_entry);
  pjrt_ffi_handler stages = plain, traits = plain, record = plain, type = plain;
  (void)state;
  stages.prepare = copy_entry;
  traits.is_command_buffer_compatible = true;
  record.record = copy_entry;
  type.state_type = 7;
  fixture *f = create(117);
  expect_unknown(f, &record, "no place for the stage record");
  expect_unknown(f, &type, "no place for a type of the state");
  assert_int_equal(sim.num_calls("PJRT_Gpu_Register_Custom_Call"), 0);
  drop(f);
  f = create(113);
  expect_unknown(f, &traits, "no place for is_command_buffer_compatible");
  expect_ok(enter(f, &stages));
  drop(f);
  f = create(54);
  expect_unknown(f, &stages, "no place for stages beside execute");
  expect_ok(enter(f, &plain));
  drop(f);
  f = create(46);
  expect_unknown(f, &plain, "no place for handlers");
  drop(f);
}

static void test_plugins_without_it(void **state) {
  static const char *const name[] = {"Gpu_Custom_Call"};
  pjrt_ffi_handler handler = handler_of(copy_entry);
  pjrt_sim_options options;
  (void)state;
  sim_path();
  sim.options_init(&options);
  options.absent_extensions = name;
  options.num_absent_extensions = 1;
  fixture *f = fixture_create(&options);
  expect_error(enter(f, &handler), PJRT_UNIMPLEMENTED,
               "the plugin has no extension Gpu_Custom_Call");
  expect_error(
      pjrt_gpu_custom_call_register_untyped(f->plugin, "u", 1, untyped),
      PJRT_UNIMPLEMENTED, "the plugin has no extension Gpu_Custom_Call");
  drop(f);
}

/* ---- what is refused ----------------------------------------------------- */

static void test_refused(void **state) {
  const pjrt_code bad = PJRT_INVALID_ARGUMENT;
  const pjrt_ffi_handler handler = handler_of(copy_entry),
                         empty = handler_of(NULL);
  fixture *f = *state;
  expect_error(pjrt_gpu_custom_call_register(NULL, "a", 1, &handler), bad,
               "plugin is NULL");
  expect_error(pjrt_gpu_custom_call_register(f->plugin, "", 0, &handler), bad,
               "the target is empty");
  expect_error(pjrt_gpu_custom_call_register(f->plugin, "a", 1, &empty), bad,
               "the handler has no execute");
  expect_error(pjrt_gpu_custom_call_register(f->plugin, "a", 1, NULL), bad,
               "the handler has no execute");
  expect_error(pjrt_gpu_custom_call_register_untyped(NULL, "a", 1, untyped),
               bad, "plugin is NULL");
  expect_error(
      pjrt_gpu_custom_call_register_untyped(f->plugin, NULL, 1, untyped), bad,
      "the target is empty");
  expect_error(pjrt_gpu_custom_call_register_untyped(f->plugin, "a", 1, NULL),
               bad, "function is NULL");
  assert_int_equal(sim.num_calls("PJRT_Gpu_Register_Custom_Call"), 0);
}

static void test_the_plugin_fails(void **state) {
  const pjrt_ffi_handler handler = handler_of(copy_entry);
  fixture *f = *state;
  sim_fail("PJRT_Gpu_Register_Custom_Call", 1, PJRT_Error_Code_ABORTED);
  expect_error(enter(f, &handler), PJRT_ABORTED, "");
  sim_configure_default();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_programs_call_handlers),
      cmocka_unit_test(test_untyped),
      cmocka_unit_test(test_what_there_is_no_place_for),
      cmocka_unit_test(test_plugins_without_it),
      sim_test(test_refused),
      sim_test(test_the_plugin_fails),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
