/* Programs that the simulated plugin computes, on threads of its own. */
#include <string.h>

#include "sim_fixture.h"

static const char add_program[] =
    "func.func @main(%a: tensor<4xf32>, %b: tensor<2xi32>)\n"
    "    -> (tensor<4xf32>, tensor<2xi32>) {\n"
    "  %0 = stablehlo.add %a, %a : tensor<4xf32>\n"
    "  %1 = stablehlo.multiply %b, %b : tensor<2xi32>\n"
    "  return %0, %1 : tensor<4xf32>, tensor<2xi32>\n"
    "}\n";

/* Computes, 20 ms later; `fault` may be NULL. */
static pjrt_sim_options compute_options(const pjrt_sim_fault *fault) {
  pjrt_sim_options options;
  sim_path();
  sim.options_init(&options);
  options.execution = PJRT_SIM_COMPUTE;
  options.execute_latency_us = 20000;
  options.faults = fault;
  options.num_faults = fault != NULL;
  return options;
}

static int compute_open(void **state) {
  const pjrt_sim_options options = compute_options(NULL);
  *state = fixture_create(&options);
  return 0;
}

static void sim_compute_with(const pjrt_sim_fault *fault) {
  const pjrt_sim_options options = compute_options(fault);
  sim.configure(&options);
}

#define compute_test(function) \
  cmocka_unit_test_setup_teardown(function, compute_open, fixture_close)

static void expect_doubled(pjrt_buffer *buffer) {
  float values[4];
  expect_ok(pjrt_buffer_to_host(buffer, values, sizeof values));
  for (int i = 0; i < 4; i++) assert_true(values[i] == 2.0f * (float)(i + 1));
}

/* Executes without waiting, and says whether the call had ended already. */
static bool start(pjrt_executable *executable, pjrt_buffer *const *args,
                  pjrt_buffer **outs, size_t num_outs, pjrt_event **out_done) {
  bool is_ready = true;
  expect_ok(pjrt_executable_execute_async(executable, args, 2, NULL, outs,
                                          num_outs, out_done));
  expect_ok(pjrt_event_is_ready(*out_done, &is_ready));
  return is_ready;
}

static void test_results(void **state) {
  const fixture *f = *state;
  int32_t squares[2];
  pjrt_executable *executable = compile(f->client, add_program, NULL);
  arguments a = upload_arguments(f->device);
  pjrt_buffer *outs[2];
  pjrt_event *done;
  assert_false(start(executable, a.args, outs, 2, &done));
  /* What the program was given may go while it runs. */
  free_buffers(a.args, 2);
  expect_doubled(outs[0]);
  expect_ok(pjrt_buffer_to_host(outs[1], squares, sizeof squares));
  assert_true(squares[0] == 25 && squares[1] == 36);
  expect_ok(pjrt_event_await(done));
  pjrt_event_free(done);
  free_buffers(outs, 2);
  pjrt_executable_free(executable);
}

static void test_donated_argument(void **state) {
  const fixture *f = *state;
  pjrt_executable *executable = compile(
      f->client,
      "func.func @main(%a: tensor<4xf32> {tf.aliasing_output = 0 : i32},\n"
      "                %b: tensor<2xi32>) -> tensor<4xf32> {\n"
      "  %0 = stablehlo.add %a, %a : tensor<4xf32>\n"
      "  return %0 : tensor<4xf32>\n"
      "}\n",
      NULL);
  arguments a = upload_arguments(f->device);
  pjrt_buffer *out;
  expect_ok(pjrt_executable_execute(executable, a.args, 2, NULL, &out, 1));
  assert_true(pjrt_buffer_is_deleted(a.args[0]));
  assert_false(pjrt_buffer_is_deleted(a.args[1]));
  expect_doubled(out);
  pjrt_buffer_free(out);
  free_buffers(a.args, 2);
  pjrt_executable_free(executable);
}

/* A program that never ends by itself does so with its client. */
static void test_client_goes_while_a_program_runs(void **state) {
  fixture *f = *state;
  pjrt_executable *executable =
      compile(f->client,
              "func.func @main(%a: tensor<4xf32>, %b: tensor<2xi32>)\n"
              "    -> tensor<4xf32> {\n"
              "  %0 = stablehlo.while(%x = %a) : tensor<4xf32>\n"
              "  cond {\n"
              "    %t = stablehlo.constant dense<true> : tensor<i1>\n"
              "    stablehlo.return %t : tensor<i1>\n"
              "  } do {\n"
              "    %y = stablehlo.add %x, %x : tensor<4xf32>\n"
              "    stablehlo.return %y : tensor<4xf32>\n"
              "  }\n"
              "  return %0 : tensor<4xf32>\n"
              "}\n",
              NULL);
  arguments a = upload_arguments(f->device);
  pjrt_buffer *out;
  pjrt_event *done;
  assert_false(start(executable, a.args, &out, 1, &done));
  pjrt_buffer_free(out);
  free_buffers(a.args, 2);
  pjrt_executable_free(executable);
  pjrt_event_free(done);
  fixture_drop(f);
}

/* The error of one execution becomes that of the next. */
static void test_argument_that_fails(void **state) {
  const fixture *f = *state;
  pjrt_executable *executable = compile(f->client, add_program, NULL);
  arguments a = upload_arguments(f->device);
  pjrt_buffer *first[2], *second[2];
  float values[4];
  sim_compute_with(
      &(pjrt_sim_fault){.function = "PJRT_LoadedExecutable_Execute",
                        .nth = 1,
                        .async_code = PJRT_Error_Code_DATA_LOSS,
                        .message = "a broken cable"});
  expect_ok(pjrt_executable_execute_async(executable, a.args, 2, NULL, first, 2,
                                          NULL));
  expect_error(pjrt_executable_execute(executable, first, 2, NULL, second, 2),
               PJRT_DATA_LOSS, "a broken cable");
  expect_error(pjrt_buffer_to_host(first[0], values, sizeof values),
               PJRT_DATA_LOSS, "a broken cable");
  free_buffers(a.args, 2);
  free_buffers(first, 2);
  pjrt_executable_free(executable);
}

static void test_unsupported_operation(void **state) {
  const fixture *f = *state;
  pjrt_executable *executable;
  expect_error(
      try_compile(f->client,
                  "func.func @main(%a: tensor<4xcomplex<f32>>)\n"
                  "    -> tensor<4xcomplex<f32>> {\n"
                  "  %0 = stablehlo.fft %a, type = FFT, length = [4]\n"
                  "      : (tensor<4xcomplex<f32>>) -> tensor<4xcomplex<f32>>\n"
                  "  return %0 : tensor<4xcomplex<f32>>\n"
                  "}\n",
                  NULL, &executable),
      PJRT_UNIMPLEMENTED, "stablehlo.fft");
  expect_error(try_compile(f->client, "func.func @main() { return %x }", NULL,
                           &executable),
               PJRT_INVALID_ARGUMENT, "1:");
}

/* ---- several devices ----------------------------------------------------- */

static const char sum_program[] =
    "module attributes {mhlo.num_replicas = 4 : i32} {\n"
    "func.func @main(%a: tensor<4xf32>) -> tensor<4xf32> {\n"
    "  %0 = \"stablehlo.all_reduce\"(%a) ({\n"
    "  ^bb0(%x: tensor<f32>, %y: tensor<f32>):\n"
    "    %s = stablehlo.add %x, %y : tensor<f32>\n"
    "    stablehlo.return %s : tensor<f32>\n"
    "  }) {replica_groups = dense<[[0, 1, 2, 3]]> : tensor<1x4xi64>}\n"
    "      : (tensor<4xf32>) -> tensor<4xf32>\n"
    "  return %0 : tensor<4xf32>\n"
    "}}\n";

static void test_sum_over_replicas(void **state) {
  const fixture *f = *state;
  pjrt_compile_opts opts;
  pjrt_buffer *args[4], *outs[4];
  float values[4];
  pjrt_compile_opts_init(&opts);
  opts.num_replicas = 4;
  pjrt_executable *executable = compile(f->client, sum_program, &opts);
  for (size_t d = 0; d < 4; d++)
    args[d] = upload_f32(pjrt_client_device(f->client, d));
  expect_ok(
      pjrt_executable_execute_sharded(executable, 4, args, 1, NULL, outs, 1));
  for (size_t d = 0; d < 4; d++) {
    expect_ok(pjrt_buffer_to_host(outs[d], values, sizeof values));
    assert_true(values[0] == 4 && values[3] == 16);
  }
  free_buffers(args, 4);
  free_buffers(outs, 4);
  pjrt_executable_free(executable);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      compute_test(test_results),
      compute_test(test_donated_argument),
      compute_test(test_client_goes_while_a_program_runs),
      compute_test(test_argument_that_fails),
      compute_test(test_unsupported_operation),
      compute_test(test_sum_over_replicas),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
