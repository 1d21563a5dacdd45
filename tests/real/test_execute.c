/* Executing, on one device and on four: arguments, outputs, options. */
#include <stdio.h>

#include "real/handlers.h"

/* ---- one device ---------------------------------------------------------- */

static void outputs_have_their_types_and_shapes(void **state) {
  fixture *f = *state;
  static const char code[] =
      "func.func @main(%a: tensor<2x3xf32>)\n"
      "    -> (tensor<3x2xf32>, tensor<2x3xi32>, tensor<f32>) {\n"
      "  %0 = stablehlo.transpose %a, dims = [1, 0]\n"
      "      : (tensor<2x3xf32>) -> tensor<3x2xf32>\n"
      "  %1 = stablehlo.convert %a : (tensor<2x3xf32>) -> tensor<2x3xi32>\n"
      "  %2 = stablehlo.constant dense<7.0> : tensor<f32>\n"
      "  return %0, %1, %2\n"
      "      : tensor<3x2xf32>, tensor<2x3xi32>, tensor<f32>\n"
      "}\n";
  const int64_t dims[] = {2, 3};
  const float values[] = {1, 2, 3, 4, 5, 6};
  const int32_t integers[] = {1, 2, 3, 4, 5, 6};
  int32_t read[6];
  size_t num;
  pjrt_buffer *outs[3];
  pjrt_executable *executable = compile(f, code);
  pjrt_buffer *arg = upload(f->device, PJRT_F32, dims, 2, values);
  assert_ok(pjrt_executable_execute(executable, &arg, 1, NULL, outs, 3));
  assert_int_equal(pjrt_buffer_dims(outs[0], &num)[0], 3);
  assert_int_equal(num, 2);
  assert_f32(outs[0], 6, 1, 4, 2, 5, 3, 6);
  assert_int_equal(pjrt_buffer_dtype(outs[1]), PJRT_S32);
  assert_ok(pjrt_buffer_to_host(outs[1], read, sizeof read));
  assert_memory_equal(read, integers, sizeof read);
  pjrt_buffer_dims(outs[2], &num);
  assert_int_equal(num, 0);
  assert_f32(outs[2], 1, 7);
  for (int i = 0; i < 3; i++) pjrt_buffer_free(outs[i]);
  pjrt_buffer_free(arg);
  pjrt_executable_free(executable);
}

static void outputs_are_arguments_again(void **state) {
  fixture *f = *state;
  pjrt_executable *add = compile(f, add_program);
  pjrt_buffer *x = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0);
  for (int i = 0; i < 10; i++) {
    pjrt_buffer *next = execute2(add, x, x);
    pjrt_buffer_free(x);
    x = next;
  }
  assert_f32(x, 4, 1024, 2048, 3072, 4096);
  pjrt_buffer_free(x);
  pjrt_executable_free(add);
}

static void pending_outputs_are_arguments(void **state) {
  fixture *f = *state;
  pjrt_buffer *sum;
  pjrt_event *done;
  bool ready;
  pjrt_executable *add = compile(f, add_program);
  pjrt_executable *gate = compile(f, gate_program);
  pjrt_buffer *arg = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0);
  pending work = start_gate(gate, arg);
  pjrt_buffer *args[] = {work.out, arg};
  assert_ok(pjrt_executable_execute_async(add, args, 2, NULL, &sum, 1, &done));
  assert_ok(pjrt_event_is_ready(done, &ready));
  assert_false(ready);
  gate_open();
  assert_f32(sum, 4, 2, 4, 6, 8);
  assert_ok(pjrt_event_await(done));
  pjrt_event_free(done);
  pjrt_buffer_free(sum);
  pending_free(&work);
  pjrt_buffer_free(arg);
  pjrt_executable_free(gate);
  pjrt_executable_free(add);
}

static void no_inputs_and_no_outputs_work(void **state) {
  fixture *f = *state;
  static const char nothing_in[] =
      "func.func @main() -> tensor<2xf32> {\n"
      "  %0 = stablehlo.constant dense<[1.0, 2.0]> : tensor<2xf32>\n"
      "  return %0 : tensor<2xf32>\n"
      "}\n";
  static const char nothing_out[] =
      "func.func @main(%a: tensor<2xf32>) { return }\n";
  pjrt_buffer *out;
  pjrt_executable *source = compile(f, nothing_in);
  pjrt_executable *sink = compile(f, nothing_out);
  assert_int_equal(pjrt_executable_num_parameters(source), 0);
  assert_ok(pjrt_executable_execute(source, NULL, 0, NULL, &out, 1));
  assert_f32(out, 2, 1, 2);
  assert_int_equal(pjrt_executable_num_outputs(sink), 0);
  assert_ok(pjrt_executable_execute(sink, &out, 1, NULL, NULL, 0));
  pjrt_buffer_free(out);
  pjrt_executable_free(source);
  pjrt_executable_free(sink);
}

static void zero_size_arguments_work(void **state) {
  fixture *f = *state;
  static const char code[] =
      "func.func @main(%a: tensor<0x3xf32>, %b: tensor<2x3xf32>)\n"
      "    -> (tensor<2x3xf32>, tensor<0x3xf32>) {\n"
      "  %0 = stablehlo.concatenate %a, %b, dim = 0\n"
      "      : (tensor<0x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>\n"
      "  return %0, %a : tensor<2x3xf32>, tensor<0x3xf32>\n"
      "}\n";
  const int64_t empty[] = {0, 3}, full[] = {2, 3};
  const float values[] = {1, 2, 3, 4, 5, 6};
  pjrt_buffer *outs[2];
  pjrt_executable *executable = compile(f, code);
  pjrt_buffer *args[] = {upload(f->device, PJRT_F32, empty, 2, NULL),
                         upload(f->device, PJRT_F32, full, 2, values)};
  assert_ok(pjrt_executable_execute(executable, args, 2, NULL, outs, 2));
  assert_f32(outs[0], 6, 1, 2, 3, 4, 5, 6);
  assert_int_equal(pjrt_buffer_host_size(outs[1]), 0);
  assert_ok(pjrt_buffer_to_host(outs[1], NULL, 0));
  for (int i = 0; i < 2; i++) {
    pjrt_buffer_free(args[i]);
    pjrt_buffer_free(outs[i]);
  }
  pjrt_executable_free(executable);
}

/* Plugins abort when a token is asked for its dimensions or layout, and some
 * when it is read. */
static void tokens_go_out_and_in(void **state) {
  fixture *f = *state;
  static const char source_code[] =
      "func.func @main() -> !stablehlo.token {\n"
      "  %0 = stablehlo.create_token : !stablehlo.token\n"
      "  return %0 : !stablehlo.token\n"
      "}\n";
  static const char sink_code[] =
      "func.func @main(%t: !stablehlo.token) -> tensor<f32> {\n"
      "  %0 = stablehlo.constant dense<2.0> : tensor<f32>\n"
      "  return %0 : tensor<f32>\n"
      "}\n";
  pjrt_buffer *token;
  pjrt_layout *layout;
  pjrt_array *array;
  const void *view;
  bool dynamic;
  int64_t dim;
  size_t num;
  pjrt_executable *source = compile(f, source_code);
  pjrt_executable *sink = compile(f, sink_code);
  assert_ok(pjrt_executable_execute(source, NULL, 0, NULL, &token, 1));
  assert_int_equal(pjrt_buffer_dtype(token), PJRT_TOKEN);
  assert_int_equal(pjrt_buffer_host_size(token), 0);
  pjrt_buffer_dims(token, &num);
  assert_int_equal(num, 0);
  assert_ok(pjrt_buffer_await(token));
  assert_ok(pjrt_buffer_to_host(token, NULL, 0));
  assert_ok(pjrt_buffer_map(token, &view, NULL));
  assert_ok(pjrt_buffer_unmap(token));
  assert_ok(pjrt_buffer_on_device_size(token, &num));
  assert_ok(pjrt_buffer_unpadded_dims(token, &dim, 0));
  assert_ok(pjrt_buffer_dynamic_dims(token, &dynamic, 0));
  assert_refused(pjrt_buffer_layout(token, &layout), PJRT_INVALID_ARGUMENT,
                 "the buffer token[] has no elements");
  assert_refused(pjrt_buffer_to_array(token, &array), PJRT_INVALID_ARGUMENT,
                 "token");
  pjrt_buffer *two = execute1(sink, token);
  assert_f32(two, 1, 2);
  pjrt_buffer_free(two);
  pjrt_buffer_free(token);
  pjrt_executable_free(source);
  pjrt_executable_free(sink);
}

/* Plugins pack the elements by the present dimensions, so that reading them by
 * the bounds would give wrong numbers. */
static void dynamic_outputs_are_not_misread(void **state) {
  fixture *f = *state;
  static const char code[] =
      "func.func @main(%a: tensor<2x3xf32>, %n: tensor<i32>)\n"
      "    -> tensor<2x?xf32, #stablehlo.bounds<?, 3>> {\n"
      "  %0 = stablehlo.set_dimension_size %a, %n, dim = 1\n"
      "      : (tensor<2x3xf32>, tensor<i32>)\n"
      "      -> tensor<2x?xf32, #stablehlo.bounds<?, 3>>\n"
      "  return %0 : tensor<2x?xf32, #stablehlo.bounds<?, 3>>\n"
      "}\n";
  const int64_t dims[] = {2, 3};
  const float values[6] = {1, 2, 3, 4, 5, 6};
  const int32_t two = 2;
  int64_t present[2];
  bool dynamic[2];
  float read[6];
  const void *view;
  pjrt_array *array;
  pjrt_buffer *out;
  const char *why = "the buffer f32[2,3] (dynamic) cannot be read";
  pjrt_executable *executable = compile(f, code);
  pjrt_buffer *args[] = {upload(f->device, PJRT_F32, dims, 2, values),
                         upload(f->device, PJRT_S32, NULL, 0, &two)};
  assert_ok(pjrt_executable_execute(executable, args, 2, NULL, &out, 1));
  assert_ok(pjrt_buffer_unpadded_dims(out, present, 2));
  assert_true(present[0] == 2 && present[1] == 2);
  assert_ok(pjrt_buffer_dynamic_dims(out, dynamic, 2));
  assert_true(!dynamic[0] && dynamic[1]);
  assert_refused(pjrt_buffer_to_host(out, read, sizeof read),
                 PJRT_UNIMPLEMENTED, why);
  assert_refused(pjrt_buffer_map(out, &view, NULL), PJRT_UNIMPLEMENTED, why);
  assert_refused(pjrt_buffer_to_array(out, &array), PJRT_UNIMPLEMENTED, why);
  pjrt_buffer_free(out);
  pjrt_buffer_free(args[0]);
  pjrt_buffer_free(args[1]);
  pjrt_executable_free(executable);
}

/* ---- many arguments ------------------------------------------------------ */

/* main(num x f32[]) -> num x f32[], each doubled. */
static char *write_wide_program(size_t num) {
  char *code = NULL;
  size_t size;
  FILE *out = open_memstream(&code, &size);
  assert_non_null(out);
  fprintf(out, "func.func @main(");
  for (size_t i = 0; i < num; i++) {
    fprintf(out, "%s%%a%zu: tensor<f32>", i ? ", " : "", i);
  }
  fprintf(out, ") -> (");
  for (size_t i = 0; i < num; i++) fprintf(out, "%stensor<f32>", i ? ", " : "");
  fprintf(out, ") {\n");
  for (size_t i = 0; i < num; i++) {
    fprintf(out, "%%r%zu = stablehlo.add %%a%zu, %%a%zu : tensor<f32>\n", i, i,
            i);
  }
  fprintf(out, "return ");
  for (size_t i = 0; i < num; i++) fprintf(out, "%s%%r%zu", i ? ", " : "", i);
  fprintf(out, " : ");
  for (size_t i = 0; i < num; i++) fprintf(out, "%stensor<f32>", i ? ", " : "");
  fprintf(out, "\n}\n");
  assert_int_equal(fclose(out), 0);
  return code;
}

static void check_wide(fixture *f, size_t num) {
  pjrt_buffer **args = calloc(num, sizeof *args);
  pjrt_buffer **outs = calloc(num, sizeof *outs);
  char *code = write_wide_program(num);
  assert_true(args && outs);
  pjrt_executable *executable = compile(f, code);
  assert_int_equal(pjrt_executable_num_parameters(executable), num);
  assert_int_equal(pjrt_executable_num_outputs(executable), num);
  for (size_t i = 0; i < num; i++) {
    float value = (float)i;
    args[i] = upload(f->device, PJRT_F32, NULL, 0, &value);
  }
  assert_ok(pjrt_executable_execute(executable, args, num, NULL, outs, num));
  for (size_t i = 0; i < num; i++) {
    assert_f32(outs[i], 1, (float)(2 * i));
    pjrt_buffer_free(args[i]);
    pjrt_buffer_free(outs[i]);
  }
  pjrt_executable_free(executable);
  free(code);
  free(args);
  free(outs);
}

static void a_hundred_inputs_and_outputs_work(void **state) {
  check_wide(*state, 100);
}

/* More pointers than a launch keeps on the stack. */
static void four_hundred_inputs_and_outputs_work(void **state) {
  check_wide(*state, 400);
}

/* ---- four devices -------------------------------------------------------- */

static void upload_to_all(fixture *f, pjrt_buffer *args[4]) {
  const int64_t dims[] = {2, 3};
  for (int i = 0; i < 4; i++) {
    float values[6];
    for (int k = 0; k < 6; k++) values[k] = (float)(k + 10 * i);
    args[i] = upload(pjrt_client_device(f->client, (size_t)i), PJRT_F32, dims,
                     2, values);
  }
}

static void check_sums(fixture *f, pjrt_buffer *outs[4]) {
  for (size_t i = 0; i < 4; i++) {
    assert_ptr_equal(pjrt_buffer_device(outs[i]),
                     pjrt_client_device(f->client, i));
    assert_f32(outs[i], 6, 60, 64, 68, 72, 76, 80);
    pjrt_buffer_free(outs[i]);
  }
}

static pjrt_executable *compile_replicas(fixture *f) {
  pjrt_compile_opts opts;
  pjrt_compile_opts_init(&opts);
  opts.num_replicas = 4;
  return compile_with(f, replicas_program, &opts);
}

static void replicas_sum_over_four_devices(void **state) {
  fixture *f = *state;
  pjrt_buffer *args[4], *outs[4];
  pjrt_event *done;
  pjrt_executable *sum = compile_replicas(f);
  upload_to_all(f, args);
  assert_ok(pjrt_executable_execute_sharded(sum, 4, args, 1, NULL, outs, 1));
  check_sums(f, outs);
  assert_ok(pjrt_executable_execute_sharded_async(sum, 4, args, 1, NULL, outs,
                                                  1, &done));
  assert_ok(pjrt_event_await(done));
  check_sums(f, outs);
  assert_ok(pjrt_executable_execute_sharded_async(sum, 4, args, 1, NULL, outs,
                                                  1, NULL));
  check_sums(f, outs);
  pjrt_event_free(done);
  for (int i = 0; i < 4; i++) pjrt_buffer_free(args[i]);
  pjrt_executable_free(sum);
}

/* Runs a program of four partitions of f32[2,3]. */
static void run_partitions(fixture *f, const char *name, bool shardy,
                           pjrt_buffer *outs[4]) {
  size_t size;
  pjrt_program *program;
  pjrt_executable *executable;
  pjrt_compile_opts opts;
  pjrt_buffer *args[4];
  void *code = read_data(name, &size);
  pjrt_compile_opts_init(&opts);
  opts.num_partitions = 4;
  opts.use_shardy_partitioner = shardy;
  assert_ok(pjrt_program_create(code, size, PJRT_FORMAT_AUTO, &program));
  assert_ok(pjrt_client_compile(f->client, program, &opts, &executable));
  upload_to_all(f, args);
  assert_ok(
      pjrt_executable_execute_sharded(executable, 4, args, 1, NULL, outs, 1));
  for (int i = 0; i < 4; i++) pjrt_buffer_free(args[i]);
  pjrt_executable_free(executable);
  pjrt_program_free(program);
  free(code);
}

static void partitions_sum_over_four_devices(void **state) {
  pjrt_buffer *outs[4];
  run_partitions(*state, "programs/partitions_all_reduce/program.mlir", false,
                 outs);
  check_sums(*state, outs);
}

/* The program takes the mean over the devices away. */
static void shardy_partitions_work_together(void **state) {
  pjrt_buffer *outs[4];
  run_partitions(*state, "programs/shardy_all_reduce/program.mlir", true, outs);
  for (int i = 0; i < 4; i++) {
    float rest = (float)(10 * i - 15);
    assert_f32(outs[i], 6, rest, rest, rest, rest, rest, rest);
    pjrt_buffer_free(outs[i]);
  }
}

static void sharded_arguments_are_checked_per_device(void **state) {
  fixture *f = *state;
  pjrt_buffer *args[4], *outs[4];
  pjrt_executable *sum = compile_replicas(f);
  upload_to_all(f, args);
  pjrt_buffer *right = args[2];
  args[2] = args[1];
  assert_refused(
      pjrt_executable_execute_sharded(sum, 4, args, 1, NULL, outs, 1),
      PJRT_INVALID_ARGUMENT,
      "device 2: expected on device 2, it is on device 1");
  for (int i = 0; i < 4; i++) assert_null(outs[i]);
  args[2] = right;
  assert_refused(
      pjrt_executable_execute_sharded(sum, 3, args, 1, NULL, outs, 1),
      PJRT_INVALID_ARGUMENT, "3 devices, where the executable");
  assert_refused(pjrt_executable_execute(sum, args, 1, NULL, outs, 1),
                 PJRT_INVALID_ARGUMENT, "1 devices, where the executable");
  for (int i = 0; i < 4; i++) pjrt_buffer_free(args[i]);
  pjrt_executable_free(sum);
}

/* ---- options ------------------------------------------------------------- */

static void launch_options_are_taken(void **state) {
  fixture *f = *state;
  static const int ids[] = {0, 1, -1, INT32_MAX};
  pjrt_execute_opts opts;
  pjrt_executable *add = compile(f, add_program);
  pjrt_buffer *arg = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0);
  pjrt_buffer *args[] = {arg, arg};
  pjrt_execute_opts_init(&opts);
  opts.call_location = "model.py:12:main";
  opts.call_location_size = PJRT_NUL_ENDED;
  for (size_t i = 0; i < 4; i++) {
    pjrt_buffer *sum;
    opts.launch_id = ids[i];
    assert_ok(pjrt_executable_execute(add, args, 2, &opts, &sum, 1));
    assert_f32(sum, 4, 2, 4, 6, 8);
    pjrt_buffer_free(sum);
  }
  pjrt_buffer_free(arg);
  pjrt_executable_free(add);
}

/* ---- failing ------------------------------------------------------------- */

static void failed_execution_gives_no_outputs(void **state) {
  fixture *f = *state;
  pjrt_buffer *out;
  pjrt_executable *failing = compile(f, failing_program);
  pjrt_buffer *arg = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0);
  pjrt_error *error = pjrt_executable_execute(failing, &arg, 1, NULL, &out, 1);
  assert_null(out);
  assert_int_equal(pjrt_error_origin(error), PJRT_ORIGIN_PLUGIN);
  assert_string_equal(pjrt_error_call(error), "PJRT_LoadedExecutable_Execute");
  assert_code(error, PJRT_INTERNAL, "the test wants it to fail");
  assert_f32(arg, 4, 1, 2, 3, 4);
  pjrt_buffer_free(arg);
  pjrt_executable_free(failing);
}

static void failed_output_fails_who_uses_it(void **state) {
  fixture *f = *state;
  pjrt_buffer *out;
  pjrt_executable *add = compile(f, add_program);
  pjrt_executable *failing = compile(f, failing_program);
  pjrt_buffer *arg = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0);
  pending work = start_failing(failing, arg);
  pjrt_buffer *args[] = {arg, work.out};
  assert_code(pjrt_executable_execute(add, args, 2, NULL, &out, 1),
              PJRT_INTERNAL, "the test wants it to fail");
  assert_null(out);
  pending_free(&work);
  pjrt_buffer_free(arg);
  pjrt_executable_free(failing);
  pjrt_executable_free(add);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(outputs_have_their_types_and_shapes),
      cmocka_unit_test(outputs_are_arguments_again),
      cmocka_unit_test(pending_outputs_are_arguments),
      cmocka_unit_test(no_inputs_and_no_outputs_work),
      cmocka_unit_test(zero_size_arguments_work),
      cmocka_unit_test(tokens_go_out_and_in),
      cmocka_unit_test(dynamic_outputs_are_not_misread),
      cmocka_unit_test(a_hundred_inputs_and_outputs_work),
      cmocka_unit_test(four_hundred_inputs_and_outputs_work),
      cmocka_unit_test(replicas_sum_over_four_devices),
      cmocka_unit_test(partitions_sum_over_four_devices),
      cmocka_unit_test(shardy_partitions_work_together),
      cmocka_unit_test(sharded_arguments_are_checked_per_device),
      cmocka_unit_test(launch_options_are_taken),
      cmocka_unit_test(failed_execution_gives_no_outputs),
      cmocka_unit_test(failed_output_fails_who_uses_it),
  };
  return RUN_REAL_TESTS_WITH_HANDLERS(tests);
}
