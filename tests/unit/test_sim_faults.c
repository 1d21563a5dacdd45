/* Plugins that say nothing about their errors, and devices that are lost, as
 * the library's users meet them. */
#include "sim_fixture.h"

/* ---- errors without words ------------------------------------------------ */

static void open_with_stubs(int64_t seed, fixture **out) {
  pjrt_sim_options options;
  sim_path();
  sim.options_init(&options);
  options.stubbed_errors = true;
  options.num_payloads = 2;
  options.seed = seed;
  *out = fixture_create(&options);
}

/* The stubs do nothing with an even seed, and answer with an error that only
 * they could explain with an odd one. */
static void test_stubbed_errors(void **state) {
  (void)state;
  for (int64_t seed = 0; seed < 2; seed++) {
    fixture *f;
    pjrt_executable *executable;
    open_with_stubs(seed, &f);
    pjrt_error *error = try_compile(f->client, "nonsense", NULL, &executable);
    assert_int_equal(pjrt_error_origin(error), PJRT_ORIGIN_PLUGIN);
    assert_string_equal(pjrt_error_call(error), "PJRT_Client_Compile");
    assert_int_equal(pjrt_error_num_payloads(error), 0);
    expect_error(error, PJRT_UNKNOWN, "the plugin gave no message");
    assert_null(executable);
    void *held = f;
    fixture_close(&held);
  }
}

static void test_stubbed_errors_of_events(void **state) {
  const pjrt_sim_fault fault = {.function = "PJRT_LoadedExecutable_Execute",
                                .async_code = PJRT_Error_Code_ABORTED};
  pjrt_sim_options options;
  pjrt_buffer *outs[2];
  (void)state;
  sim_path();
  sim.options_init(&options);
  options.stubbed_errors = true;
  options.seed = 1;
  options.faults = &fault;
  options.num_faults = 1;
  fixture *f = fixture_create(&options);
  pjrt_executable *executable = compile(f->client, pass_program, NULL);
  arguments in = upload_arguments(f->device);
  expect_error(pjrt_executable_execute(executable, in.args, 2, NULL, outs, 2),
               PJRT_UNKNOWN, "the plugin gave no message");
  free_buffers(in.args, 2);
  pjrt_executable_free(executable);
  void *held = f;
  fixture_close(&held);
}

/* ---- lost devices -------------------------------------------------------- */

static void test_lost_device(void **state) {
  const fixture *f = *state;
  pjrt_device *second = pjrt_client_addressable_device(f->client, 1);
  pjrt_executable *executable = compile(f->client, pass_program, NULL);
  arguments in = upload_arguments(f->device);
  pjrt_buffer *kept = upload_f32(second), *none, *outs[2];
  float read[4];
  sim.lose_device(0);
  expect_error(pjrt_buffer_to_host(in.args[0], read, sizeof read),
               PJRT_UNAVAILABLE, "device 0 is lost");
  expect_error(pjrt_executable_execute(executable, in.args, 2, NULL, outs, 2),
               PJRT_UNAVAILABLE, "device 0 is lost");
  expect_error(
      pjrt_buffer_from_host(f->device, PJRT_F32, NULL, 0, read, 4, &none),
      PJRT_UNAVAILABLE, "device 0 is lost");
  expect_f32(kept);
  pjrt_buffer_free(kept);
  free_buffers(in.args, 2);
  pjrt_executable_free(executable);
}

/* Whoever waits for a program learns of the loss. */
static void test_loss_ends_what_is_under_way(void **state) {
  fixture *f = *state;
  pjrt_buffer *outs[2];
  pjrt_event *done;
  float read[4];
  pjrt_executable *executable = compile(f->client, pass_program, NULL);
  arguments in = upload_arguments(f->device);
  sim_hold("PJRT_LoadedExecutable_Execute", PJRT_Error_Code_OK);
  expect_ok(pjrt_executable_execute_async(executable, in.args, 2, NULL, outs, 2,
                                          &done));
  sim.lose_device(0);
  expect_error(pjrt_event_await(done), PJRT_UNAVAILABLE, "device 0 is lost");
  pjrt_event_free(done);
  expect_error(pjrt_buffer_to_host(outs[0], read, sizeof read),
               PJRT_UNAVAILABLE, "device 0 is lost");
  free_buffers(in.args, 2);
  free_buffers(outs, 2);
  pjrt_executable_free(executable);
  sim.release_events();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_stubbed_errors),
      cmocka_unit_test(test_stubbed_errors_of_events),
      sim_test(test_lost_device),
      sim_test(test_loss_ends_what_is_under_way),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
