/* Executables: compiling, facts, artifacts. */
#include "abi/plugin.h"
#include "sim_fixture.h"

static void expect_compile_error(const fixture *f,
                                 const pjrt_compile_opts *opts, pjrt_code code,
                                 const char *part) {
  pjrt_executable *executable = (pjrt_executable *)(uintptr_t)f;
  expect_error(try_compile(f->client, pass_program, opts, &executable), code,
               part);
  assert_null(executable);
}

static pjrt_compile_opts defaults(void) {
  pjrt_compile_opts opts;
  pjrt_compile_opts_init(&opts);
  return opts;
}

/* ---- compiling ----------------------------------------------------------- */

static void test_nulls(void **state) {
  const fixture *f = *state;
  pjrt_program *program;
  pjrt_executable *executable = (pjrt_executable *)(uintptr_t)f;
  expect_ok(pjrt_program_create(pass_program, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO,
                                &program));
  expect_error(pjrt_client_compile(NULL, program, NULL, &executable),
               PJRT_INVALID_ARGUMENT, "client is NULL");
  assert_null(executable);
  expect_error(pjrt_client_compile(f->client, NULL, NULL, &executable),
               PJRT_INVALID_ARGUMENT, "program is NULL");
  expect_error(pjrt_executable_load(NULL, "x", 1, &executable),
               PJRT_INVALID_ARGUMENT, "client is NULL");
  expect_error(pjrt_executable_load(f->client, NULL, 1, &executable),
               PJRT_INVALID_ARGUMENT, "data is NULL");
  pjrt_program_free(program);
}

static void test_executable_null(void **state) {
  const char *text = "x";
  void *artifact = state;
  size_t size = 1;
  int64_t code_size = 1;
  expect_error(pjrt_executable_fingerprint(NULL, &text, &size),
               PJRT_INVALID_ARGUMENT, "executable is NULL");
  assert_true(!text && size == 0);
  expect_error(pjrt_executable_generated_code_size(NULL, &code_size),
               PJRT_INVALID_ARGUMENT, "executable is NULL");
  assert_int_equal(code_size, 0);
  size = 1;
  expect_error(pjrt_executable_serialize(NULL, &artifact, &size),
               PJRT_INVALID_ARGUMENT, "executable is NULL");
  assert_true(!artifact && size == 0);
  expect_error(pjrt_executable_delete(NULL), PJRT_INVALID_ARGUMENT,
               "executable is NULL");
}

static void test_refused_options(void **state) {
  const fixture *f = *state;
  const int ids[] = {0, 0}, unknown[] = {7};
  pjrt_compile_opts opts = defaults();
  opts.struct_size = 0;
  expect_compile_error(f, &opts, PJRT_INVALID_ARGUMENT, "struct_size is 0");
  opts = defaults();
  opts.num_replicas = 0;
  expect_compile_error(f, &opts, PJRT_INVALID_ARGUMENT, "0");
  opts = defaults();
  opts.num_partitions = -2;
  expect_compile_error(f, &opts, PJRT_INVALID_ARGUMENT, "-2");
  opts = defaults();
  opts.num_replicas = 5;
  expect_compile_error(f, &opts, PJRT_INVALID_ARGUMENT, "need 5 devices");
  opts = defaults();
  opts.num_replicas = 2;
  opts.device_ids = ids;
  opts.num_device_ids = 2;
  expect_compile_error(f, &opts, PJRT_INVALID_ARGUMENT, "0");
  opts.num_device_ids = 1;
  expect_compile_error(f, &opts, PJRT_INVALID_ARGUMENT, "1");
  opts = defaults();
  opts.device_ids = unknown;
  opts.num_device_ids = 1;
  expect_compile_error(f, &opts, PJRT_NOT_FOUND, "no device 7");
  opts = defaults();
  opts.serialized = "\x08\x01";
  opts.serialized_size = 2;
  expect_compile_error(f, &opts, PJRT_INVALID_ARGUMENT, "");
  assert_int_equal(sim.num_calls("PJRT_Client_Compile"), 0);
}

static void test_program_that_the_plugin_refuses(void **state) {
  const fixture *f = *state;
  pjrt_executable *executable;
  pjrt_error *error =
      try_compile(f->client, "func.func @other() {}", NULL, &executable);
  assert_int_equal(pjrt_error_origin(error), PJRT_ORIGIN_PLUGIN);
  assert_string_equal(pjrt_error_call(error), "PJRT_Client_Compile");
  expect_error(error, PJRT_INVALID_ARGUMENT, "no @main");
  assert_null(executable);
}

/* ---- facts --------------------------------------------------------------- */

static void expect_dims(const int64_t *dims, const size_t *num,
                        int64_t expected) {
  assert_int_equal(*num, 1);
  assert_int_equal(dims[0], expected);
}

static void expect_signature(const pjrt_executable *executable) {
  size_t num;
  assert_true(pjrt_executable_is_checked(executable));
  assert_int_equal(pjrt_executable_num_parameters(executable), 2);
  assert_int_equal(pjrt_executable_num_outputs(executable), 2);
  assert_int_equal(pjrt_executable_parameter_dtype(executable, 1), PJRT_S32);
  assert_int_equal(pjrt_executable_output_dtype(executable, 0), PJRT_F32);
  expect_dims(pjrt_executable_parameter_dims(executable, 0, &num), &num, 4);
  expect_dims(pjrt_executable_output_dims(executable, 1, &num), &num, 2);
  assert_int_equal(pjrt_executable_parameter_dtype(executable, 2),
                   PJRT_DTYPE_INVALID);
  assert_int_equal(pjrt_executable_output_dtype(executable, 2),
                   PJRT_DTYPE_INVALID);
  assert_non_null(pjrt_executable_output_dims(executable, 2, &num));
  assert_int_equal(num, 0);
}

static void test_facts(void **state) {
  const fixture *f = *state;
  pjrt_executable *executable = compile(f->client, donate_program, NULL);
  const char *text;
  size_t size;
  int64_t code_size;
  expect_signature(executable);
  assert_ptr_equal(pjrt_executable_client(executable), f->client);
  assert_string_equal(pjrt_executable_name(executable, &size), "main");
  assert_int_equal(size, 4);
  assert_int_equal(pjrt_executable_num_replicas(executable), 1);
  assert_int_equal(pjrt_executable_num_partitions(executable), 1);
  assert_int_equal(pjrt_executable_num_devices(executable), 1);
  assert_ptr_equal(pjrt_executable_device(executable, 0), f->device);
  assert_null(pjrt_executable_device(executable, 1));
  for (int i = 0; i < 2; i++) {
    expect_ok(pjrt_executable_fingerprint(executable, &text, &size));
    assert_int_equal(size, 32);
    assert_int_equal(strlen(text), 32);
  }
  assert_int_equal(sim.num_calls("PJRT_Executable_Fingerprint"), 1);
  expect_ok(pjrt_executable_generated_code_size(executable, &code_size));
  assert_int_equal(code_size, strlen(donate_program));
  pjrt_executable_free(executable);
}

static void test_delete(void **state) {
  const fixture *f = *state;
  pjrt_executable *executable = compile(f->client, pass_program, NULL);
  const char *text;
  size_t size;
  int64_t code_size;
  void *artifact;
  assert_false(pjrt_executable_is_deleted(executable));
  expect_ok(pjrt_executable_delete(executable));
  expect_ok(pjrt_executable_delete(executable));
  assert_int_equal(sim.num_calls("PJRT_LoadedExecutable_Delete"), 1);
  assert_true(pjrt_executable_is_deleted(executable));
  const pjrt_code code = PJRT_FAILED_PRECONDITION;
  expect_error(pjrt_executable_fingerprint(executable, &text, &size), code,
               "main was deleted");
  expect_error(pjrt_executable_generated_code_size(executable, &code_size),
               code, "deleted");
  expect_error(pjrt_executable_serialize(executable, &artifact, &size), code,
               "deleted");
  expect_signature(executable);
  pjrt_executable_free(executable);
}

static void test_parents_first(void **state) {
  fixture *f = *state;
  pjrt_executable *executable = compile(f->client, pass_program, NULL);
  arguments in = upload_arguments(f->device);
  pjrt_buffer *outs[2];
  fixture_drop(f);
  expect_ok(pjrt_executable_execute(executable, in.args, 2, NULL, outs, 2));
  pjrt_executable_free(executable);
  free_buffers(in.args, 2);
  expect_f32(outs[0]);
  free_buffers(outs, 2);
  expect_nothing_alive();
}

/* ---- without a signature ------------------------------------------------- */

static fixture *without_optimized_program(void) {
  pjrt_sim_options options;
  sim_path();
  sim.options_init(&options);
  options.no_optimized_program = true;
  return fixture_create(&options);
}

static void drop(fixture *f) {
  fixture_drop(f);
  test_free(f);
  expect_nothing_alive();
}

static void test_unchecked(void **state) {
  fixture *f = without_optimized_program();
  pjrt_executable *executable = compile(f->client, pass_program, NULL);
  arguments in = upload_arguments(f->device);
  pjrt_buffer *outs[2], *swapped[] = {in.args[1], in.args[0]};
  pjrt_buffer *elsewhere[] = {upload_f32(pjrt_client_device(f->client, 1)),
                              in.args[1]};
  size_t num;
  (void)state;
  assert_false(pjrt_executable_is_checked(executable));
  assert_int_equal(pjrt_executable_num_parameters(executable), 0);
  assert_int_equal(pjrt_executable_num_outputs(executable), 2);
  assert_int_equal(pjrt_executable_output_dtype(executable, 1), PJRT_S32);
  expect_dims(pjrt_executable_output_dims(executable, 0, &num), &num, 4);
  expect_ok(pjrt_executable_execute(executable, in.args, 2, NULL, outs, 2));
  expect_f32(outs[0]);
  free_buffers(outs, 2);
  /* The plugin judges, but not of devices and clients. */
  expect_error(pjrt_executable_execute(executable, swapped, 2, NULL, outs, 2),
               PJRT_INVALID_ARGUMENT, "8 bytes, expected 16");
  expect_error(pjrt_executable_execute(executable, elsewhere, 2, NULL, outs, 2),
               PJRT_INVALID_ARGUMENT, "it is on device 1");
  free_buffers(elsewhere, 1);
  free_buffers(in.args, 2);
  pjrt_executable_free(executable);
  drop(f);
}

/* Where the plugin does not even tell its outputs, each is asked; when that
 * fails after the launch, nothing of the launch is left. */
static void test_outputs_that_must_be_asked(void **state) {
  fixture *f = without_optimized_program();
  f->plugin->table.PJRT_Executable_OutputElementTypes = NULL;
  pjrt_executable *executable = compile(f->client, pass_program, NULL);
  arguments in = upload_arguments(f->device);
  pjrt_buffer *outs[2];
  (void)state;
  assert_int_equal(pjrt_executable_output_dtype(executable, 0),
                   PJRT_DTYPE_INVALID);
  expect_ok(pjrt_executable_execute(executable, in.args, 2, NULL, outs, 2));
  assert_int_equal(pjrt_buffer_dtype(outs[1]), PJRT_S32);
  expect_f32(outs[0]);
  free_buffers(outs, 2);
  sim_fail("PJRT_Buffer_Dimensions", 2, PJRT_Error_Code_DATA_LOSS);
  expect_error(pjrt_executable_execute(executable, in.args, 2, NULL, outs, 2),
               PJRT_DATA_LOSS, "the fault");
  assert_true(!outs[0] && !outs[1]);
  free_buffers(in.args, 2);
  pjrt_executable_free(executable);
  drop(f);
}

/* ---- portable ------------------------------------------------------------ */

static void test_portable(void **state) {
  const fixture *f = *state;
  pjrt_compile_opts opts = defaults();
  pjrt_execute_opts on;
  pjrt_buffer *outs[2];
  opts.compile_portable_executable = true;
  pjrt_executable *executable = compile(f->client, pass_program, &opts);
  pjrt_device *third = pjrt_client_device(f->client, 2);
  arguments in = upload_arguments(third);
  assert_int_equal(pjrt_executable_num_devices(executable), 0);
  expect_error(pjrt_executable_execute(executable, in.args, 2, NULL, outs, 2),
               PJRT_INVALID_ARGUMENT, "none is named");
  pjrt_execute_opts_init(&on);
  on.device = f->device;
  expect_error(pjrt_executable_execute(executable, in.args, 2, &on, outs, 2),
               PJRT_INVALID_ARGUMENT, "expected on device 0");
  on.device = third;
  expect_ok(pjrt_executable_execute(executable, in.args, 2, &on, outs, 2));
  assert_ptr_equal(pjrt_buffer_device(outs[1]), third);
  expect_f32(outs[0]);
  free_buffers(outs, 2);
  free_buffers(in.args, 2);
  pjrt_executable_free(executable);
}

/* ---- artifacts ----------------------------------------------------------- */

static pjrt_error *reload(const fixture *f, const char *program,
                          pjrt_executable **out) {
  void *artifact;
  size_t size;
  pjrt_executable *executable = compile(f->client, program, NULL);
  expect_ok(pjrt_executable_serialize(executable, &artifact, &size));
  pjrt_executable_free(executable);
  pjrt_error *error = pjrt_executable_load(f->client, artifact, size, out);
  pjrt_host_free(artifact);
  return error;
}

/* Loading asks nothing: the artifact has the signature. */
static void test_artifact(void **state) {
  const fixture *f = *state;
  pjrt_executable *loaded;
  arguments in = upload_arguments(f->device);
  pjrt_buffer *outs[2];
  expect_ok(reload(f, donate_program, &loaded));
  assert_int_equal(sim.num_calls("PJRT_Executable_OptimizedProgram"), 2);
  assert_int_equal(sim.num_calls("PJRT_Client_Compile"), 1);
  expect_signature(loaded);
  assert_true(pjrt_executable_parameter_is_donated(loaded, 1));
  expect_ok(pjrt_executable_execute(loaded, in.args, 2, NULL, outs, 2));
  expect_f32(outs[0]);
  free_buffers(in.args, 2);
  free_buffers(outs, 2);
  pjrt_executable_free(loaded);
}

static void test_unchecked_artifact(void **state) {
  fixture *f = without_optimized_program();
  pjrt_executable *loaded;
  (void)state;
  expect_ok(reload(f, donate_program, &loaded));
  assert_false(pjrt_executable_is_checked(loaded));
  pjrt_executable_free(loaded);
  drop(f);
}

static void test_artifact_of_another_version(void **state) {
  const fixture *f = *state;
  void *artifact;
  size_t size;
  pjrt_sim_options options;
  pjrt_executable *executable = compile(f->client, pass_program, NULL);
  expect_ok(pjrt_executable_serialize(executable, &artifact, &size));
  pjrt_executable_free(executable);
  sim.options_init(&options);
  options.minor = 110;
  fixture *older = fixture_create(&options);
  executable = (pjrt_executable *)older;
  expect_error(pjrt_executable_load(older->client, artifact, size, &executable),
               PJRT_FAILED_PRECONDITION, "compile again");
  assert_null(executable);
  assert_int_equal(sim.num_calls("PJRT_Executable_DeserializeAndLoad"), 0);
  fixture_drop(older);
  test_free(older);
  pjrt_host_free(artifact);
  sim_configure_default();
}

static void test_damaged_artifact(void **state) {
  const fixture *f = *state;
  pjrt_executable *executable = (pjrt_executable *)(uintptr_t)f;
  expect_error(pjrt_executable_load(f->client, "no artifact", 11, &executable),
               PJRT_INVALID_ARGUMENT, "11 other bytes");
  assert_null(executable);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_nulls),
      cmocka_unit_test(test_executable_null),
      sim_test(test_refused_options),
      sim_test(test_program_that_the_plugin_refuses),
      sim_test(test_facts),
      sim_test(test_delete),
      sim_test(test_parents_first),
      cmocka_unit_test(test_unchecked),
      cmocka_unit_test(test_outputs_that_must_be_asked),
      sim_test(test_portable),
      sim_test(test_artifact),
      cmocka_unit_test(test_unchecked_artifact),
      sim_test(test_artifact_of_another_version),
      sim_test(test_damaged_artifact),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
