/* What a client is told of the other processes of its job. */
#include "sim_fixture.h"

/* A client with one device of its own, and one of another process. */
static fixture *two_processes(int minor) {
  pjrt_sim_options options;
  sim_path();
  sim.options_init(&options);
  options.num_devices = 1;
  options.num_remote_devices = 1;
  if (minor) options.minor = minor;
  return fixture_create(&options);
}

static void end(fixture *f) {
  fixture_drop(f);
  test_free(f);
  expect_nothing_alive();
}

static pjrt_error *tell(const fixture *f, int process, pjrt_process_state state,
                        const pjrt_error *error) {
  const pjrt_process_info infos[] = {{0, 7, PJRT_PROCESS_CONNECTED, NULL},
                                     {process, 8, state, error}};
  return pjrt_client_update_process_infos(f->client, infos, 2);
}

static pjrt_error *launch(pjrt_executable *executable, pjrt_buffer **args) {
  pjrt_buffer *outs[2];
  pjrt_error *error =
      pjrt_executable_execute(executable, args, 2, NULL, outs, 2);
  free_buffers(outs, 2);
  return error;
}

/* What needs the process ends with it, and comes back with it. */
static void test_failed_process(void **state) {
  pjrt_compile_opts opts;
  (void)state;
  fixture *f = two_processes(0);
  pjrt_compile_opts_init(&opts);
  opts.num_replicas = 2;
  pjrt_executable *on_both = compile(f->client, pass_program, &opts);
  arguments in = upload_arguments(f->device);
  pjrt_error *reason =
      pjrt_error_create(PJRT_ABORTED, "power cut", PJRT_NUL_ENDED);
  expect_ok(launch(on_both, in.args));
  expect_ok(tell(f, 1, PJRT_PROCESS_FAILED, reason));
  pjrt_error_free(reason);
  expect_error(launch(on_both, in.args), PJRT_UNAVAILABLE,
               "process 1 has failed: power cut");
  expect_ok(tell(f, 1, PJRT_PROCESS_DISCONNECTED, NULL));
  expect_error(launch(on_both, in.args), PJRT_UNAVAILABLE,
               "process 1 is disconnected");
  expect_ok(tell(f, 1, PJRT_PROCESS_CONNECTED, NULL));
  expect_ok(launch(on_both, in.args));
  expect_ok(pjrt_client_update_process_infos(f->client, NULL, 0));
  free_buffers(in.args, 2);
  pjrt_executable_free(on_both);
  end(f);
}

static void test_refused(void **state) {
  const pjrt_code bad = PJRT_INVALID_ARGUMENT;
  fixture *f = *state;
  pjrt_error *reason = pjrt_error_create(PJRT_ABORTED, "", 0);
  expect_error(pjrt_client_update_process_infos(NULL, NULL, 0), bad,
               "client is NULL");
  expect_error(pjrt_client_update_process_infos(f->client, NULL, 1), bad,
               "infos is NULL for 1 of them");
  expect_error(tell(f, -1, PJRT_PROCESS_CONNECTED, NULL), bad,
               "process info 1 has the process index -1");
  expect_error(tell(f, 0, PJRT_PROCESS_CONNECTED, NULL), bad,
               "infos 0 and 1 are both of process 0");
  expect_error(tell(f, 1, (pjrt_process_state)0, NULL), bad,
               "the unknown state 0");
  expect_error(tell(f, 1, (pjrt_process_state)5, NULL), bad,
               "the unknown state 5");
  expect_error(tell(f, 1, PJRT_PROCESS_FAILED, NULL), bad,
               "process info 1 is without an error");
  expect_error(tell(f, 1, PJRT_PROCESS_CONNECTED, reason), bad,
               "process info 1 is with an error");
  assert_int_equal(sim.num_calls("PJRT_Client_UpdateGlobalProcessInfo"), 0);
  /* The plugin's own words: it runs alone. */
  expect_error(tell(f, 1, PJRT_PROCESS_CONNECTED, NULL), bad,
               "expected one of 1 processes");
  pjrt_error_free(reason);
}

static void test_older_plugins(void **state) {
  static const struct {
    int minor;
    const char *message;
  } cases[] = {
      {72, "API 0.73"}, {73, "API 0.76"}, {75, "API 0.76"}, {76, NULL}};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    fixture *f = two_processes(cases[i].minor);
    pjrt_error *error = tell(f, 1, PJRT_PROCESS_CONNECTED, NULL);
    if (cases[i].message) {
      expect_error(error, PJRT_UNIMPLEMENTED, cases[i].message);
    } else {
      expect_ok(error);
    }
    end(f);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_failed_process),
      sim_test(test_refused),
      cmocka_unit_test(test_older_plugins),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
