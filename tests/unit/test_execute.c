/* Executing: checks, options, failures, several devices. */
#include <stdio.h>

#include "sim_fixture.h"

static const char *const call = "PJRT_LoadedExecutable_Execute";

/* What a test executes. */
typedef struct launch {
  pjrt_executable *executable;
  arguments in;
  pjrt_buffer *outs[2];
} launch;

static launch prepare(const fixture *f, const char *program) {
  return (launch){.executable = compile(f->client, program, NULL),
                  .in = upload_arguments(f->device)};
}

static void end(launch *l) {
  free_buffers(l->in.args, 2);
  free_buffers(l->outs, 2);
  pjrt_executable_free(l->executable);
}

static pjrt_error *run(launch *l, size_t num_args,
                       const pjrt_execute_opts *opts, size_t num_outs) {
  l->outs[0] = l->outs[1] = l->in.args[0];
  pjrt_error *error = pjrt_executable_execute(
      l->executable, l->in.args, num_args, opts, l->outs, num_outs);
  for (size_t i = 0; i < num_outs && i < 2; i++) {
    if (error) assert_null(l->outs[i]);
  }
  if (num_outs < 2) l->outs[1] = NULL;
  if (num_outs < 1) l->outs[0] = NULL;
  return error;
}

/* Refused before the plugin sees it. */
static void expect_refused(launch *l, size_t num_args,
                           const pjrt_execute_opts *opts, size_t num_outs,
                           pjrt_code code, const char *part) {
  const size_t before = sim.num_calls(call);
  pjrt_error *error = run(l, num_args, opts, num_outs);
  assert_int_equal(pjrt_error_origin(error), PJRT_ORIGIN_LIBRARY);
  expect_error(error, code, part);
  assert_int_equal(sim.num_calls(call), before);
}

/* Puts `arg` in the place of the i-th argument and expects a refusal. */
static void expect_bad_argument(launch *l, size_t i, pjrt_buffer *arg,
                                pjrt_code code, const char *part) {
  pjrt_buffer *good = l->in.args[i];
  l->in.args[i] = arg;
  expect_refused(l, 2, NULL, 2, code, part);
  l->in.args[i] = good;
}

/* ---- success ------------------------------------------------------------- */

static void test_execute(void **state) {
  const fixture *f = *state;
  launch l = prepare(f, pass_program);
  int32_t read[2];
  expect_ok(run(&l, 2, NULL, 2));
  expect_f32(l.outs[0]);
  expect_ok(pjrt_buffer_to_host(l.outs[1], read, sizeof read));
  assert_true(read[0] == 5 && read[1] == 6);
  assert_int_equal(pjrt_buffer_dtype(l.outs[1]), PJRT_S32);
  assert_ptr_equal(pjrt_buffer_device(l.outs[1]), f->device);
  end(&l);
}

/* An output's type and shape come from the signature, not from calls. */
static void test_outputs_are_not_asked(void **state) {
  launch l = prepare(*state, pass_program);
  expect_ok(run(&l, 2, NULL, 2));
  assert_int_equal(sim.num_calls("PJRT_Buffer_ElementType"), 0);
  assert_int_equal(sim.num_calls("PJRT_Buffer_Dimensions"), 0);
  end(&l);
}

static void test_outputs_as_arguments(void **state) {
  launch l = prepare(*state, pass_program);
  expect_ok(run(&l, 2, NULL, 2));
  free_buffers(l.in.args, 2);
  memcpy(l.in.args, l.outs, sizeof l.outs);
  expect_ok(run(&l, 2, NULL, 2));
  expect_f32(l.outs[0]);
  end(&l);
}

static void test_no_arguments(void **state) {
  const fixture *f = *state;
  pjrt_buffer *out;
  pjrt_executable *executable =
      compile(f->client, "func.func @main() -> tensor<3xf32> {}", NULL);
  expect_ok(pjrt_executable_execute(executable, NULL, 0, NULL, &out, 1));
  pjrt_buffer_free(out);
  pjrt_executable_free(executable);
}

/* Beyond what fits on the stack. */
static void test_many_arguments(void **state) {
  const fixture *f = *state;
  enum { NUM = 250 };
  char code[NUM * 40];
  pjrt_buffer *args[NUM], *outs[1];
  size_t at = (size_t)snprintf(code, sizeof code, "func.func @main(");
  for (int i = 0; i < NUM; i++) {
    at += (size_t)snprintf(code + at, sizeof code - at,
                           "%s%%a%d: tensor<4xf32>", i ? ", " : "", i);
    args[i] = upload_f32(f->device);
  }
  snprintf(code + at, sizeof code - at, ") -> tensor<4xf32> {}");
  pjrt_executable *executable = compile(f->client, code, NULL);
  expect_ok(pjrt_executable_execute(executable, args, NUM, NULL, outs, 1));
  expect_f32(outs[0]);
  free_buffers(args, NUM);
  free_buffers(outs, 1);
  pjrt_executable_free(executable);
}

/* ---- wrong calls --------------------------------------------------------- */

static void test_wrong_counts(void **state) {
  launch l = prepare(*state, pass_program);
  pjrt_buffer *out = l.in.args[0];
  expect_refused(&l, 1, NULL, 2, PJRT_INVALID_ARGUMENT, "1 arguments");
  expect_refused(&l, 0, NULL, 2, PJRT_INVALID_ARGUMENT, "0 arguments");
  expect_refused(&l, 2, NULL, 1, PJRT_INVALID_ARGUMENT, "room for 1 outputs");
  expect_refused(&l, 2, NULL, 0, PJRT_INVALID_ARGUMENT, "room for 0 outputs");
  expect_error(pjrt_executable_execute(NULL, l.in.args, 1, NULL, &out, 1),
               PJRT_INVALID_ARGUMENT, "executable is NULL");
  assert_null(out);
  expect_error(pjrt_executable_execute(l.executable, NULL, 2, NULL, l.outs, 2),
               PJRT_INVALID_ARGUMENT, "args is NULL");
  expect_error(
      pjrt_executable_execute(l.executable, l.in.args, 2, NULL, NULL, 2),
      PJRT_INVALID_ARGUMENT, "outs is NULL");
  expect_error(pjrt_executable_execute_sharded(l.executable, 2, l.in.args, 1,
                                               NULL, l.outs, 1),
               PJRT_INVALID_ARGUMENT, "2 devices, where");
  end(&l);
}

static pjrt_buffer *upload(pjrt_device *device, pjrt_dtype dtype, int64_t dim) {
  static const char zeros[64];
  pjrt_buffer *buffer;
  expect_ok(pjrt_buffer_from_host(device, dtype, &dim, 1, zeros,
                                  (size_t)dim * pjrt_dtype_host_size(dtype),
                                  &buffer));
  return buffer;
}

static void test_wrong_arguments(void **state) {
  const fixture *f = *state;
  launch l = prepare(f, pass_program);
  pjrt_client *other;
  expect_ok(pjrt_client_create(f->plugin, NULL, &other));
  pjrt_buffer *bad[] = {
      upload(f->device, PJRT_S32, 4), upload(f->device, PJRT_F32, 5),
      upload(pjrt_client_device(f->client, 1), PJRT_F32, 4),
      upload_f32(pjrt_client_device(other, 0)), upload_f32(f->device)};
  const pjrt_code wrong = PJRT_INVALID_ARGUMENT;
  expect_bad_argument(&l, 0, NULL, wrong, "argument 0 of main: it is NULL");
  expect_bad_argument(&l, 0, bad[0], wrong, "expected f32[4], got s32[4]");
  expect_bad_argument(&l, 0, bad[1], wrong, "expected f32[4], got f32[5]");
  expect_bad_argument(&l, 1, bad[1], wrong, "argument 1 of main");
  expect_bad_argument(&l, 0, bad[2], wrong,
                      "expected on device 0, it is on device 1");
  expect_bad_argument(&l, 0, bad[3], wrong, "belongs to another client");
  expect_ok(pjrt_buffer_delete(bad[4]));
  expect_bad_argument(&l, 0, bad[4], PJRT_FAILED_PRECONDITION,
                      "argument 0 of main: it was deleted");
  free_buffers(bad, 5);
  pjrt_client_free(other);
  expect_ok(run(&l, 2, NULL, 2));
  end(&l);
}

static void test_deleted_executable(void **state) {
  launch l = prepare(*state, pass_program);
  expect_ok(pjrt_executable_delete(l.executable));
  expect_refused(&l, 2, NULL, 2, PJRT_FAILED_PRECONDITION, "main was deleted");
  end(&l);
}

/* ---- options ------------------------------------------------------------- */

static void test_options_arrive(void **state) {
  launch l = prepare(*state, donate_program);
  const int64_t kept[] = {1, 0};
  pjrt_execute_opts opts;
  pjrt_sim_execution seen;
  pjrt_execute_opts_init(&opts);
  assert_int_equal(opts.struct_size, sizeof opts);
  opts.launch_id = 42;
  opts.non_donatable_inputs = kept;
  opts.num_non_donatable_inputs = 2;
  opts.call_location = "model.py:7 and more";
  opts.call_location_size = 10;
  opts.device = pjrt_executable_device(l.executable, 0);
  expect_ok(run(&l, 2, &opts, 2));
  sim.get_execution(&seen);
  assert_int_equal(seen.launch_id, 42);
  assert_int_equal(seen.num_non_donatable, 2);
  assert_string_equal(seen.call_location, "model.py:7");
  assert_true(seen.wants_events);
  assert_int_equal(seen.num_args, 2);
  end(&l);
}

static void test_refused_options(void **state) {
  const fixture *f = *state;
  launch l = prepare(f, pass_program);
  int64_t kept = 2;
  pjrt_execute_opts opts;
  pjrt_execute_opts_init(&opts);
  opts.non_donatable_inputs = &kept;
  opts.num_non_donatable_inputs = 1;
  expect_refused(&l, 2, &opts, 2, PJRT_INVALID_ARGUMENT, "input 2 of 2");
  kept = -1;
  expect_refused(&l, 2, &opts, 2, PJRT_INVALID_ARGUMENT, "input -1 of 2");
  pjrt_execute_opts_init(&opts);
  opts.device = pjrt_client_device(f->client, 2);
  expect_refused(&l, 2, &opts, 2, PJRT_INVALID_ARGUMENT, "device 2 is named");
  opts.struct_size = 5;
  expect_refused(&l, 2, &opts, 2, PJRT_INVALID_ARGUMENT, "struct_size is 5");
  end(&l);
}

static void test_call_location_of_an_old_plugin(void **state) {
  pjrt_sim_options options;
  pjrt_execute_opts opts;
  (void)state;
  sim_path();
  sim.options_init(&options);
  options.minor = 75;
  fixture *f = fixture_create(&options);
  launch l = prepare(f, pass_program);
  pjrt_execute_opts_init(&opts);
  opts.call_location = "here";
  opts.call_location_size = PJRT_NUL_ENDED;
  expect_refused(&l, 2, &opts, 2, PJRT_UNIMPLEMENTED, "API 0.76");
  end(&l);
  fixture_drop(f);
  test_free(f);
  expect_nothing_alive();
}

/* Such a plugin reads and writes behind the structs that the library knows: the
 * wrappers' own args, and options that launches share, must not be passed. */
static void test_newer_plugin(void **state) {
  pjrt_sim_options options;
  (void)state;
  sim_path();
  sim.options_init(&options);
  options.minor += 2;
  fixture *f = fixture_create(&options);
  launch l = prepare(f, pass_program);
  for (int i = 0; i < 3; i++) {
    pjrt_event *done;
    expect_ok(run(&l, 2, NULL, 2));
    free_buffers(l.outs, 2);
    expect_ok(pjrt_executable_execute_async(l.executable, l.in.args, 2, NULL,
                                            l.outs, 2, &done));
    expect_ok(pjrt_event_await(done));
    pjrt_event_free(done);
    free_buffers(l.outs, 2);
  }
  l.outs[0] = l.outs[1] = NULL;
  end(&l);
  fixture_drop(f);
  test_free(f);
  expect_nothing_alive();
  expect_no_misuse();
}

/* The wrappers of a client whose handle is gone are recycled all the same, and
 * the last of them still ends it. */
static void test_client_is_freed_first(void **state) {
  fixture *f = *state;
  launch l = prepare(f, pass_program);
  pjrt_client_free(f->client);
  f->client = NULL;
  for (int i = 0; i < 3; i++) {
    pjrt_event *done;
    expect_ok(pjrt_executable_execute_async(l.executable, l.in.args, 2, NULL,
                                            l.outs, 2, &done));
    pjrt_buffer_free(l.outs[0]);
    expect_ok(pjrt_event_await(done));
    pjrt_event_free(done);
    pjrt_buffer_free(l.outs[1]);
  }
  l.outs[0] = l.outs[1] = NULL;
  end(&l);
  expect_nothing_alive();
}

/* ---- events -------------------------------------------------------------- */

static void test_async(void **state) {
  launch l = prepare(*state, pass_program);
  pjrt_event *done;
  pjrt_sim_execution seen;
  expect_ok(pjrt_executable_execute_async(l.executable, l.in.args, 2, NULL,
                                          l.outs, 2, NULL));
  sim.get_execution(&seen);
  assert_false(seen.wants_events);
  free_buffers(l.outs, 2);
  expect_ok(pjrt_executable_execute_async(l.executable, l.in.args, 2, NULL,
                                          l.outs, 2, &done));
  expect_ok(pjrt_event_await(done));
  pjrt_event_free(done);
  end(&l);
}

/* An execution that fails later: no outputs from the waiting form, and outputs
 * that carry the error from the other. */
static void test_failure_of_the_program(void **state) {
  launch l = prepare(*state, pass_program);
  pjrt_event *done;
  sim_fail_later(call, PJRT_Error_Code_DATA_LOSS);
  pjrt_error *error = run(&l, 2, NULL, 2);
  assert_string_equal(pjrt_error_call(error), call);
  expect_error(error, PJRT_DATA_LOSS, "the fault");
  expect_ok(pjrt_executable_execute_async(l.executable, l.in.args, 2, NULL,
                                          l.outs, 2, &done));
  expect_error(pjrt_event_await(done), PJRT_DATA_LOSS, "the fault");
  expect_error(pjrt_buffer_await(l.outs[0]), PJRT_DATA_LOSS, "the fault");
  pjrt_event_free(done);
  end(&l);
}

/* A failed output poisons what is made of it. */
static void test_failure_travels(void **state) {
  launch l = prepare(*state, pass_program);
  float read[4];
  sim_fail_later(call, PJRT_Error_Code_DATA_LOSS);
  expect_ok(pjrt_executable_execute_async(l.executable, l.in.args, 2, NULL,
                                          l.outs, 2, NULL));
  sim_configure_default();
  free_buffers(l.in.args, 2);
  memcpy(l.in.args, l.outs, sizeof l.outs);
  expect_ok(run(&l, 2, NULL, 2));
  expect_error(pjrt_buffer_to_host(l.outs[0], read, sizeof read),
               PJRT_DATA_LOSS, "the fault");
  end(&l);
}

static void test_refusal_of_the_plugin(void **state) {
  launch l = prepare(*state, donate_program);
  sim_fail(call, 1, PJRT_Error_Code_DATA_LOSS);
  expect_error(run(&l, 2, NULL, 2), PJRT_DATA_LOSS, "the fault");
  assert_false(pjrt_buffer_is_deleted(l.in.args[0]));
  expect_ok(run(&l, 2, NULL, 2));
  end(&l);
}

/* ---- several devices ----------------------------------------------------- */

/* Two replicas and their arguments, device by device. */
typedef struct sharded {
  pjrt_executable *executable;
  pjrt_buffer *args[4];
  pjrt_buffer *outs[4];
} sharded;

static sharded prepare_sharded(const fixture *f, const int *ids) {
  sharded s = {0};
  pjrt_compile_opts opts;
  pjrt_compile_opts_init(&opts);
  opts.num_replicas = 2;
  opts.device_ids = ids;
  opts.num_device_ids = ids ? 2 : 0;
  s.executable = compile(f->client, pass_program, &opts);
  for (size_t d = 0; d < 2; d++) {
    pjrt_device *device = pjrt_executable_device(s.executable, d);
    s.args[2 * d] = upload_f32(device);
    s.args[2 * d + 1] = upload_s32(device);
  }
  return s;
}

static void end_sharded(sharded *s) {
  free_buffers(s->args, 4);
  free_buffers(s->outs, 4);
  pjrt_executable_free(s->executable);
}

static void test_sharded(void **state) {
  const fixture *f = *state;
  const int ids[] = {3, 1};
  sharded s = prepare_sharded(f, ids);
  assert_int_equal(pjrt_executable_num_devices(s.executable), 2);
  expect_ok(pjrt_executable_execute_sharded(s.executable, 2, s.args, 2, NULL,
                                            s.outs, 2));
  for (size_t d = 0; d < 2; d++) {
    expect_f32(s.outs[2 * d]);
    assert_int_equal(pjrt_device_id(pjrt_buffer_device(s.outs[2 * d])), ids[d]);
  }
  end_sharded(&s);
}

static void test_sharded_failures(void **state) {
  sharded s = prepare_sharded(*state, NULL);
  pjrt_buffer *swap = s.args[1];
  s.args[1] = s.args[3];
  expect_error(pjrt_executable_execute_sharded(s.executable, 2, s.args, 2, NULL,
                                               s.outs, 2),
               PJRT_INVALID_ARGUMENT, "argument 1 of main, device 0");
  s.args[1] = swap;
  expect_error(
      pjrt_executable_execute(s.executable, s.args, 2, NULL, s.outs, 2),
      PJRT_INVALID_ARGUMENT, "1 devices, where");
  sim_fail_later(call, PJRT_Error_Code_DATA_LOSS);
  expect_error(pjrt_executable_execute_sharded(s.executable, 2, s.args, 2, NULL,
                                               s.outs, 2),
               PJRT_DATA_LOSS, "the fault");
  for (size_t i = 0; i < 4; i++) assert_null(s.outs[i]);
  end_sharded(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_execute),
      sim_test(test_outputs_are_not_asked),
      sim_test(test_outputs_as_arguments),
      sim_test(test_no_arguments),
      sim_test(test_many_arguments),
      sim_test(test_wrong_counts),
      sim_test(test_wrong_arguments),
      sim_test(test_deleted_executable),
      sim_test(test_options_arrive),
      sim_test(test_refused_options),
      cmocka_unit_test(test_call_location_of_an_old_plugin),
      cmocka_unit_test(test_newer_plugin),
      sim_test(test_client_is_freed_first),
      sim_test(test_async),
      sim_test(test_failure_of_the_program),
      sim_test(test_failure_travels),
      sim_test(test_refusal_of_the_plugin),
      sim_test(test_sharded),
      sim_test(test_sharded_failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
