/* What a launch is told besides its arguments, and plugins that are too old to
 * be told it. */
#include <stdio.h>

#include "pjrt/ext/megascale.h"
#include "sim_fixture.h"

/* A launch of pass_program, which is echoed. */
typedef struct launch {
  pjrt_executable *executable;
  arguments in;
  pjrt_buffer *outs[2];
} launch;

static launch prepare(const fixture *f) {
  return (launch){.executable = compile(f->client, pass_program, NULL),
                  .in = upload_arguments(f->device)};
}

static pjrt_error *run(launch *l, const pjrt_execute_opts *opts) {
  pjrt_error *error =
      pjrt_executable_execute(l->executable, l->in.args, 2, opts, l->outs, 2);
  if (!error) expect_f32(l->outs[0]);
  free_buffers(l->outs, 2);
  return error;
}

static void end(launch *l) {
  free_buffers(l->in.args, 2);
  pjrt_executable_free(l->executable);
}

static pjrt_execute_opts defaults(void) {
  pjrt_execute_opts opts;
  pjrt_execute_opts_init(&opts);
  return opts;
}

/* ---- options that the plugin is told ------------------------------------- */

static void test_all_are_told(void **state) {
  static const int task_ids[] = {3, 4};
  static const int64_t incarnation_ids[] = {30, 40};
  const fixture *f = *state;
  pjrt_sim_execution told;
  pjrt_topology *topology;
  pjrt_multi_slice_config *config;
  pjrt_named_values *custom;
  launch l = prepare(*state);
  pjrt_execute_opts opts = defaults();
  expect_ok(pjrt_client_topology(f->client, &topology));
  expect_ok(pjrt_megascale_aot_config(topology, 2, &config));
  expect_ok(pjrt_named_values_create(&custom));
  expect_ok(pjrt_named_values_set_int64(custom, "level", PJRT_NUL_ENDED, 3));
  expect_ok(pjrt_named_values_set_bool(custom, "fast", PJRT_NUL_ENDED, true));
  opts.launch_id = 17;
  opts.call_location = "here";
  opts.call_location_size = 4;
  opts.task_ids = task_ids;
  opts.incarnation_ids = incarnation_ids;
  opts.num_tasks = 2;
  opts.multi_slice_config = config;
  opts.use_major_to_minor_data_layout_for_callbacks = true;
  opts.custom_options = custom;
  expect_ok(run(&l, &opts));
  sim.get_execution(&told);
  assert_int_equal(told.launch_id, 17);
  assert_string_equal(told.call_location, "here");
  assert_int_equal(told.num_tasks, 2);
  assert_int_equal(told.last_task_id, 4);
  assert_int_equal(told.last_incarnation_id, 40);
  assert_true(told.has_multi_slice_config);
  assert_true(told.uses_major_to_minor);
  assert_int_equal(told.num_custom_options, 2);
  pjrt_named_values_free(custom);
  pjrt_multi_slice_config_free(config);
  end(&l);
}

static void test_defaults_say_nothing(void **state) {
  pjrt_sim_execution told;
  launch l = prepare(*state);
  const pjrt_execute_opts opts = defaults();
  expect_ok(run(&l, &opts));
  sim.get_execution(&told);
  assert_int_equal(told.launch_id, 0);
  assert_int_equal(told.num_tasks, 0);
  assert_true(told.has_context); /* the client's, for handlers of FFI */
  assert_false(told.has_multi_slice_config);
  assert_false(told.uses_major_to_minor);
  assert_int_equal(told.num_custom_options, 0);
  end(&l);
}

static void test_lists_refused(void **state) {
  static const int task_id = 1;
  launch l = prepare(*state);
  pjrt_execute_opts opts = defaults();
  opts.num_tasks = 1;
  expect_error(run(&l, &opts), PJRT_INVALID_ARGUMENT,
               "task_ids is NULL for 1 of them");
  opts.task_ids = &task_id;
  expect_error(run(&l, &opts), PJRT_INVALID_ARGUMENT,
               "incarnation_ids is NULL for 1 of them");
  opts = defaults();
  opts.num_non_donatable_inputs = 2;
  expect_error(run(&l, &opts), PJRT_INVALID_ARGUMENT,
               "non_donatable_inputs is NULL for 2 of them");
  opts = defaults();
  opts.num_hlo_output_callbacks = 1;
  expect_error(run(&l, &opts), PJRT_INVALID_ARGUMENT,
               "hlo_output_callbacks is NULL for 1 of them");
  const pjrt_hlo_output_callback nobody = {0, 1, NULL, NULL};
  opts.hlo_output_callbacks = &nobody;
  expect_error(run(&l, &opts), PJRT_INVALID_ARGUMENT,
               "hlo_output_callbacks[0].callback is NULL");
  assert_int_equal(sim.num_calls("PJRT_LoadedExecutable_Execute"), 0);
  end(&l);
}

/* ---- values that a program shows ----------------------------------------- */

typedef struct shown {
  int num;
  bool is_wrong;
} shown;

static void show(const pjrt_hlo_output *output, void *user) {
  shown *s = user;
  s->is_wrong |= output->operand_index != s->num || output->replica_id != 0 ||
                 output->partition_id != 0 || output->dtype != PJRT_F32 ||
                 output->num_dims != 1 || output->dims[0] != 4 ||
                 ((const float *)output->data)[3] != 0;
  s->num++;
}

static void test_hlo_outputs(void **state) {
  shown seen = {0, false};
  const pjrt_hlo_output_callback callback = {
      .callback_id = 5, .num_operands = 3, .callback = show, .user = &seen};
  launch l = prepare(*state);
  pjrt_execute_opts opts = defaults();
  opts.hlo_output_callbacks = &callback;
  opts.num_hlo_output_callbacks = 1;
  expect_ok(run(&l, &opts));
  assert_int_equal(seen.num, 3);
  assert_false(seen.is_wrong);
  end(&l);
}

/* ---- contexts ------------------------------------------------------------ */

/* But for the client's own. */
static size_t num_contexts(void) {
  pjrt_sim_live live;
  sim.get_live(&live);
  return live.contexts - live.clients;
}

static void test_context(void **state) {
  const fixture *f = *state;
  pjrt_sim_execution told;
  launch l = prepare(f);
  pjrt_execute_opts opts = defaults();
  expect_ok(pjrt_execute_context_create(f->client, &opts.context));
  assert_int_equal(num_contexts(), 1);
  expect_ok(run(&l, &opts));
  sim.get_execution(&told);
  assert_true(told.has_context);
  expect_ok(run(&l, &opts));
  pjrt_execute_context_free(opts.context);
  assert_int_equal(num_contexts(), 0);
  pjrt_execute_context_free(NULL);
  end(&l);
}

/* The launch under way keeps it. */
static void test_context_freed_before(void **state) {
  fixture *f = *state;
  pjrt_event *done;
  launch l = prepare(f);
  pjrt_execute_opts opts = defaults();
  expect_ok(pjrt_execute_context_create(f->client, &opts.context));
  sim_hold("PJRT_LoadedExecutable_Execute", PJRT_Error_Code_OK);
  expect_ok(pjrt_executable_execute_async(l.executable, l.in.args, 2, &opts,
                                          l.outs, 2, &done));
  pjrt_execute_context_free(opts.context);
  fixture_drop(f);
  assert_int_equal(num_contexts(), 1);
  sim.release_events();
  expect_ok(pjrt_event_await(done));
  wait_until(num_contexts() == 0);
  pjrt_event_free(done);
  free_buffers(l.outs, 2);
  end(&l);
}

/* A launch that fails keeps nothing. */
static void test_context_of_a_failed_launch(void **state) {
  const fixture *f = *state;
  launch l = prepare(f);
  pjrt_execute_opts opts = defaults();
  expect_ok(pjrt_execute_context_create(f->client, &opts.context));
  sim_fail("PJRT_LoadedExecutable_Execute", 1, PJRT_Error_Code_INTERNAL);
  expect_error(run(&l, &opts), PJRT_INTERNAL, "the fault");
  pjrt_execute_context_free(opts.context);
  assert_int_equal(num_contexts(), 0);
  end(&l);
}

static void test_context_refused(void **state) {
  const fixture *f = *state;
  pjrt_client *other;
  launch l = prepare(f);
  pjrt_execute_opts opts = defaults();
  expect_error(pjrt_execute_context_create(NULL, &opts.context),
               PJRT_INVALID_ARGUMENT, "client is NULL");
  assert_null(opts.context);
  expect_ok(pjrt_client_create(f->plugin, NULL, &other));
  expect_ok(pjrt_execute_context_create(other, &opts.context));
  pjrt_client_free(other);
  expect_error(run(&l, &opts), PJRT_INVALID_ARGUMENT,
               "the context belongs to another client");
  pjrt_execute_context_free(opts.context);
  sim_fail("PJRT_ExecuteContext_Create", 1, PJRT_Error_Code_UNIMPLEMENTED);
  expect_error(pjrt_execute_context_create(f->client, &opts.context),
               PJRT_UNIMPLEMENTED, "the fault");
  assert_null(opts.context);
  end(&l);
}

/* ---- plugins that are too old -------------------------------------------- */

typedef struct option {
  const char *name;
  int since;
  void (*set)(const fixture *f, pjrt_execute_opts *opts);
} option;

static void set_context(const fixture *f, pjrt_execute_opts *opts) {
  expect_ok(pjrt_execute_context_create(f->client, &opts->context));
}

static void set_call_location(const fixture *f, pjrt_execute_opts *opts) {
  (void)f;
  opts->call_location = "here";
  opts->call_location_size = PJRT_NUL_ENDED;
}

static void set_tasks(const fixture *f, pjrt_execute_opts *opts) {
  static const int ids[] = {1};
  static const int64_t incarnations[] = {2};
  (void)f;
  opts->task_ids = ids;
  opts->incarnation_ids = incarnations;
  opts->num_tasks = 1;
}

static void set_slices(const fixture *f, pjrt_execute_opts *opts) {
  static const char nothing;
  pjrt_topology *topology;
  pjrt_multi_slice_config *config = (void *)(uintptr_t)&nothing;
  if (pjrt_plugin_api_minor(f->plugin) > 97) {
    expect_ok(pjrt_client_topology(f->client, &topology));
    expect_ok(pjrt_megascale_aot_config(topology, 2, &config));
  }
  opts->multi_slice_config = config;
}

static void set_layout(const fixture *f, pjrt_execute_opts *opts) {
  (void)f;
  opts->use_major_to_minor_data_layout_for_callbacks = true;
}

static shown last_shown;

static void set_outputs(const fixture *f, pjrt_execute_opts *opts) {
  static const pjrt_hlo_output_callback callback = {1, 1, show, &last_shown};
  (void)f;
  last_shown = (shown){0, false};
  opts->hlo_output_callbacks = &callback;
  opts->num_hlo_output_callbacks = 1;
}

static void set_custom(const fixture *f, pjrt_execute_opts *opts) {
  pjrt_named_values *custom;
  (void)f;
  expect_ok(pjrt_named_values_create(&custom));
  expect_ok(pjrt_named_values_set_int64(custom, "level", PJRT_NUL_ENDED, 3));
  opts->custom_options = custom;
}

static const option options[] = {
    {"context", 64, set_context},
    {"call_location", 76, set_call_location},
    {"num_tasks", 78, set_tasks},
    {"multi_slice_config", 97, set_slices},
    {"use_major_to_minor_data_layout_for_callbacks", 108, set_layout},
    {"num_hlo_output_callbacks", 112, set_outputs},
    {"custom_options", 116, set_custom},
};

static pjrt_error *run_at(const option *one, int minor) {
  pjrt_sim_options how;
  sim_path();
  sim.options_init(&how);
  how.minor = minor;
  fixture *f = fixture_create(&how);
  launch l = prepare(f);
  pjrt_execute_opts opts = defaults();
  one->set(f, &opts);
  pjrt_error *error = run(&l, &opts);
  pjrt_execute_context_free(opts.context);
  pjrt_named_values_free((pjrt_named_values *)(uintptr_t)opts.custom_options);
  if (minor > 97) {
    pjrt_multi_slice_config_free(
        (pjrt_multi_slice_config *)(uintptr_t)opts.multi_slice_config);
  }
  end(&l);
  fixture_drop(f);
  test_free(f);
  return error;
}

/* They are told a minor later: one that is of 0.97 makes configurations of
 * slices which nothing ends yet. */
static void test_too_old(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
    char message[120];
    snprintf(message, sizeof message,
             "%s is newer than the plugin: API 0.%d brought it",
             options[i].name, options[i].since);
    pjrt_error *error = run_at(&options[i], options[i].since - 1);
    assert_string_equal(pjrt_error_call(error),
                        "PJRT_LoadedExecutable_Execute");
    expect_error(error, PJRT_UNIMPLEMENTED, message);
    expect_nothing_alive();
    expect_ok(run_at(&options[i], options[i].since + 1));
    expect_nothing_alive();
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_all_are_told),
      sim_test(test_defaults_say_nothing),
      sim_test(test_lists_refused),
      sim_test(test_hlo_outputs),
      sim_test(test_context),
      sim_test(test_context_freed_before),
      sim_test(test_context_of_a_failed_launch),
      sim_test(test_context_refused),
      cmocka_unit_test(test_too_old),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
