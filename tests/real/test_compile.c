/* Compiling: every format, every option, bad programs. */
#include <stdio.h>

#include "real/fixture.h"

/* ---- formats ------------------------------------------------------------- */

static pjrt_buffer *upload_file(fixture *f, const char *name) {
  pjrt_array *array;
  pjrt_buffer *buffer;
  char *path = data_path(name);
  assert_ok(pjrt_npy_read(path, PJRT_NUL_ENDED, NULL, &array));
  assert_ok(pjrt_buffer_from_array(f->device, array, &buffer));
  pjrt_array_free(array);
  free(path);
  return buffer;
}

static void assert_equals_file(pjrt_buffer *buffer, const char *name) {
  pjrt_array *actual, *expected;
  char *path = data_path(name);
  assert_ok(pjrt_npy_read(path, PJRT_NUL_ENDED, NULL, &expected));
  assert_ok(pjrt_buffer_to_array(buffer, &actual));
  assert_ok(pjrt_array_compare(actual, expected, NULL));
  pjrt_array_free(actual);
  pjrt_array_free(expected);
  free(path);
}

static void check_format(fixture *f, const char *name,
                         pjrt_program_format format) {
  pjrt_program *program;
  pjrt_executable *executable;
  pjrt_buffer *outs[2];
  char *path = data_path(name);
  pjrt_buffer *args[] = {upload_file(f, "formats/dense/in0.npy"),
                         upload_file(f, "formats/dense/in1.npy")};
  assert_ok(pjrt_program_read(path, PJRT_NUL_ENDED, &program));
  assert_int_equal(pjrt_program_format_of(program), format);
  assert_ok(pjrt_client_compile(f->client, program, NULL, &executable));
  assert_true(pjrt_executable_is_checked(executable));
  assert_ok(pjrt_executable_execute(executable, args, 2, NULL, outs, 2));
  assert_equals_file(outs[0], "formats/dense/out0.npy");
  assert_equals_file(outs[1], "formats/dense/out1.npy");
  for (int i = 0; i < 2; i++) {
    pjrt_buffer_free(args[i]);
    pjrt_buffer_free(outs[i]);
  }
  pjrt_executable_free(executable);
  pjrt_program_free(program);
  free(path);
}

static void text_compiles(void **state) {
  check_format(*state, "formats/dense/program.mlir", PJRT_FORMAT_MLIR);
}

static void bytecode_compiles(void **state) {
  check_format(*state, "formats/dense/program.bc", PJRT_FORMAT_MLIR);
}

static void portable_artifact_compiles(void **state) {
  check_format(*state, "formats/dense/program.vhlo", PJRT_FORMAT_MLIR);
}

static void hlo_compiles(void **state) {
  check_format(*state, "formats/dense/program.hlo.pb", PJRT_FORMAT_HLO);
}

/* ---- bad programs -------------------------------------------------------- */

static void wrong_mlir_is_the_plugins_error(void **state) {
  fixture *f = *state;
  static const char *const codes[] = {
      "this is no program",
      "func.func @main(",
      "func.func @main() -> tensor<f32> { return %nothing : tensor<f32> }",
      "func.func @other() -> tensor<i32> {\n"
      "  %0 = stablehlo.constant dense<1> : tensor<i32>\n"
      "  return %0 : tensor<i32>\n}",
      "func.func @main(%a: tensor<2xf32>, %b: tensor<3xf32>)"
      " -> tensor<2xf32> {\n"
      "  %0 = stablehlo.add %a, %b : tensor<2xf32>\n"
      "  return %0 : tensor<2xf32>\n}",
      "func.func @main(%a: tensor<?xf32>) -> tensor<?xf32> {\n"
      "  return %a : tensor<?xf32>\n}",
      "func.func @main(%a: tensor<4xf32>) -> tensor<4xf32> {\n"
      "  %0 = stablehlo.custom_call @nobody_knows_it(%a)\n"
      "      : (tensor<4xf32>) -> tensor<4xf32>\n"
      "  return %0 : tensor<4xf32>\n}",
      "\n",
  };
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    assert_plugin_error(try_compile(f, codes[i], NULL));
  }
}

static void check_cut(fixture *f, const void *code, size_t size) {
  pjrt_program *program;
  pjrt_executable *executable;
  pjrt_error *error =
      pjrt_program_create(code, size, PJRT_FORMAT_AUTO, &program);
  if (!error) {
    error = pjrt_client_compile(f->client, program, NULL, &executable);
    pjrt_program_free(program);
  }
  if (!error) fail_msg("%zu bytes of the program compile", size);
  pjrt_error_free(error);
}

static void truncated_programs_are_clean_errors(void **state) {
  static const char *const names[] = {"formats/dense/program.bc",
                                      "formats/dense/program.vhlo",
                                      "formats/dense/program.hlo.pb"};
  for (size_t i = 0; i < 3; i++) {
    size_t size;
    void *code = read_data(names[i], &size);
    check_cut(*state, code, size - 1);
    check_cut(*state, code, size / 2);
    check_cut(*state, code, size / 4);
    check_cut(*state, code, 8);
    free(code);
  }
}

static void nothing_to_compile_is_refused(void **state) {
  fixture *f = *state;
  pjrt_executable *executable;
  pjrt_program *program;
  assert_refused(pjrt_client_compile(f->client, NULL, NULL, &executable),
                 PJRT_INVALID_ARGUMENT, "program is NULL");
  assert_refused(pjrt_program_create("", 0, PJRT_FORMAT_AUTO, &program),
                 PJRT_INVALID_ARGUMENT, "got nothing");
  assert_refused(pjrt_program_create(NULL, 0, PJRT_FORMAT_AUTO, &program),
                 PJRT_INVALID_ARGUMENT, "got nothing");
  assert_ok(pjrt_program_create(add_program, PJRT_NUL_ENDED, PJRT_FORMAT_MLIR,
                                &program));
  assert_refused(pjrt_client_compile(NULL, program, NULL, &executable),
                 PJRT_INVALID_ARGUMENT, "client is NULL");
  pjrt_program_free(program);
}

/* ---- replicas, partitions, devices --------------------------------------- */

static pjrt_compile_opts four_replicas(void) {
  pjrt_compile_opts opts;
  pjrt_compile_opts_init(&opts);
  opts.num_replicas = 4;
  return opts;
}

static void replicas_take_the_default_devices(void **state) {
  fixture *f = *state;
  pjrt_compile_opts opts = four_replicas();
  pjrt_executable *executable = compile_with(f, replicas_program, &opts);
  assert_int_equal(pjrt_executable_num_replicas(executable), 4);
  assert_int_equal(pjrt_executable_num_partitions(executable), 1);
  assert_int_equal(pjrt_executable_num_devices(executable), 4);
  for (size_t i = 0; i < 4; i++) {
    assert_ptr_equal(pjrt_executable_device(executable, i),
                     pjrt_client_device(f->client, i));
  }
  assert_null(pjrt_executable_device(executable, 4));
  pjrt_executable_free(executable);
}

static void devices_can_be_named(void **state) {
  fixture *f = *state;
  const int ids[] = {2};
  pjrt_compile_opts opts;
  pjrt_compile_opts_init(&opts);
  opts.device_ids = ids;
  opts.num_device_ids = 1;
  pjrt_executable *add = compile_with(f, add_program, &opts);
  pjrt_device *device = pjrt_client_device(f->client, 2);
  assert_int_equal(pjrt_executable_num_devices(add), 1);
  assert_ptr_equal(pjrt_executable_device(add, 0), device);
  pjrt_buffer *arg = upload_f32(device, 4, 1.0, 2.0, 3.0, 4.0);
  pjrt_buffer *sum = execute2(add, arg, arg);
  assert_ptr_equal(pjrt_buffer_device(sum), device);
  assert_f32(sum, 4, 2, 4, 6, 8);
  pjrt_buffer_free(sum);
  pjrt_buffer_free(arg);
  pjrt_executable_free(add);
}

static pjrt_error *try_ids(fixture *f, int num_replicas, const int *ids,
                           size_t num_ids) {
  pjrt_compile_opts opts;
  pjrt_compile_opts_init(&opts);
  opts.num_replicas = num_replicas;
  opts.device_ids = ids;
  opts.num_device_ids = num_ids;
  return try_compile(f, add_program, &opts);
}

static void assignment_must_fit(void **state) {
  fixture *f = *state;
  const pjrt_code code = PJRT_INVALID_ARGUMENT;
  assert_refused(try_ids(f, 1, (const int[]){99}, 1), PJRT_NOT_FOUND,
                 "no device 99");
  assert_refused(try_ids(f, 2, (const int[]){1, 1}, 2), code, "twice");
  assert_refused(try_ids(f, 2, (const int[]){1}, 1), code, "");
  assert_refused(try_ids(f, 5, NULL, 0), code,
                 "5 replicas of 1 partitions need 5 devices");
}

/* ---- XLA's options, serialized options ----------------------------------- */

static pjrt_error *try_xla_option(fixture *f, const char *option) {
  pjrt_compile_opts opts;
  pjrt_named_values *values;
  pjrt_compile_opts_init(&opts);
  assert_ok(pjrt_named_values_create(&values));
  assert_ok(pjrt_named_values_parse(values, option, PJRT_NUL_ENDED));
  opts.xla_options = values;
  pjrt_error *error = try_compile(f, add_program, &opts);
  pjrt_named_values_free(values);
  return error;
}

static void xla_options_reach_the_compiler(void **state) {
  fixture *f = *state;
  assert_ok(try_xla_option(f, "xla_cpu_enable_fast_math=true"));
  assert_ok(try_xla_option(f, "xla_backend_optimization_level=0"));
  assert_plugin_error(try_xla_option(f, "xla_nobody_knows_it=true"));
  assert_plugin_error(try_xla_option(f, "xla_cpu_enable_fast_math=abc"));
  assert_refused(try_xla_option(f, "xla_cpu_enable_fast_math=[1,2]"),
                 PJRT_INVALID_ARGUMENT, "xla_cpu_enable_fast_math");
}

static pjrt_error *try_serialized(fixture *f, const void *bytes, size_t size) {
  pjrt_compile_opts opts;
  pjrt_compile_opts_init(&opts);
  opts.serialized = bytes;
  opts.serialized_size = size;
  return try_compile(f, add_program, &opts);
}

static void serialized_options_are_used(void **state) {
  fixture *f = *state;
  assert_ok(try_serialized(f, "\x1a\x04\x20\x01\x28\x01", 6));
  assert_refused(try_serialized(f, "\x1a\x04\x20\x05\x28\x01", 6),
                 PJRT_INVALID_ARGUMENT, "5 replicas");
}

/* The device is not the client's, and only the plugin reads that far. */
static void serialized_assignment_is_the_plugins_matter(void **state) {
  static const char bytes[] =
      "\x1a\x0f\x20\x01\x28\x01\x4a\x09\x08\x01\x10\x01\x1a\x03\x0a\x01\x63";
  assert_plugin_error(try_serialized(*state, bytes, sizeof bytes - 1));
}

/* ---- portable executables ------------------------------------------------ */

static pjrt_executable *portable(fixture *f, const char *code) {
  pjrt_compile_opts opts;
  pjrt_compile_opts_init(&opts);
  opts.compile_portable_executable = true;
  return compile_with(f, code, &opts);
}

static void portable_executable_runs_on_every_device(void **state) {
  fixture *f = *state;
  pjrt_execute_opts opts;
  pjrt_executable *add = portable(f, add_program);
  assert_int_equal(pjrt_executable_num_devices(add), 0);
  assert_null(pjrt_executable_device(add, 0));
  assert_true(pjrt_executable_is_checked(add));
  pjrt_execute_opts_init(&opts);
  for (size_t i = 0; i < 4; i++) {
    pjrt_buffer *sum;
    opts.device = pjrt_client_device(f->client, i);
    pjrt_buffer *arg = upload_f32(opts.device, 4, 1.0, 2.0, 3.0, 4.0);
    pjrt_buffer *args[] = {arg, arg};
    assert_ok(pjrt_executable_execute(add, args, 2, &opts, &sum, 1));
    assert_ptr_equal(pjrt_buffer_device(sum), opts.device);
    assert_f32(sum, 4, 2, 4, 6, 8);
    pjrt_buffer_free(sum);
    pjrt_buffer_free(arg);
  }
  pjrt_executable_free(add);
}

static void portable_executable_needs_its_device(void **state) {
  fixture *f = *state;
  pjrt_execute_opts opts;
  pjrt_buffer *sum;
  pjrt_executable *add = portable(f, add_program);
  pjrt_buffer *arg = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0);
  pjrt_buffer *args[] = {arg, arg};
  assert_refused(pjrt_executable_execute(add, args, 2, NULL, &sum, 1),
                 PJRT_INVALID_ARGUMENT, "none is named");
  pjrt_execute_opts_init(&opts);
  opts.device = pjrt_client_device(f->client, 1);
  assert_refused(pjrt_executable_execute(add, args, 2, &opts, &sum, 1),
                 PJRT_INVALID_ARGUMENT,
                 "expected on device 1, it is on device 0");
  assert_null(sum);
  pjrt_buffer_free(arg);
  pjrt_executable_free(add);
}

static void other_executables_have_their_device(void **state) {
  fixture *f = *state;
  pjrt_execute_opts opts;
  pjrt_buffer *sum;
  pjrt_executable *add = compile(f, add_program);
  pjrt_buffer *arg = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0);
  pjrt_buffer *args[] = {arg, arg};
  pjrt_execute_opts_init(&opts);
  opts.device = pjrt_client_device(f->client, 1);
  assert_refused(pjrt_executable_execute(add, args, 2, &opts, &sum, 1),
                 PJRT_INVALID_ARGUMENT, "device 1 is named");
  opts.device = f->device;
  assert_ok(pjrt_executable_execute(add, args, 2, &opts, &sum, 1));
  assert_f32(sum, 4, 2, 4, 6, 8);
  pjrt_buffer_free(sum);
  pjrt_buffer_free(arg);
  pjrt_executable_free(add);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(text_compiles),
      cmocka_unit_test(bytecode_compiles),
      cmocka_unit_test(portable_artifact_compiles),
      cmocka_unit_test(hlo_compiles),
      cmocka_unit_test(wrong_mlir_is_the_plugins_error),
      cmocka_unit_test(truncated_programs_are_clean_errors),
      cmocka_unit_test(nothing_to_compile_is_refused),
      cmocka_unit_test(replicas_take_the_default_devices),
      cmocka_unit_test(devices_can_be_named),
      cmocka_unit_test(assignment_must_fit),
      cmocka_unit_test(xla_options_reach_the_compiler),
      cmocka_unit_test(serialized_options_are_used),
      cmocka_unit_test(serialized_assignment_is_the_plugins_matter),
      cmocka_unit_test(portable_executable_runs_on_every_device),
      cmocka_unit_test(portable_executable_needs_its_device),
      cmocka_unit_test(other_executables_have_their_device),
  };
  return RUN_REAL_TESTS(tests);
}
