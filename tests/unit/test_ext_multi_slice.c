/* The MultiSlice extension on the simulated plugin: what a configuration tells,
 * and how long it lives. Plugins without it, on which nothing ends what
 * Megascale makes, are in the compatibility matrix. */
#include "pjrt/ext/megascale.h"
#include "sim_fixture.h"

static pjrt_multi_slice_config *make(const fixture *f, int32_t num_slices) {
  pjrt_topology *topology;
  pjrt_multi_slice_config *config;
  expect_ok(pjrt_client_topology(f->client, &topology));
  expect_ok(pjrt_megascale_aot_config(topology, num_slices, &config));
  return config;
}

static void test_facts(void **state) {
  int32_t num_slices, id;
  size_t num;
  pjrt_slice_size *sizes;
  pjrt_multi_slice_config *config = make(*state, 3);
  expect_ok(pjrt_multi_slice_config_num_slices(config, &num_slices));
  assert_int_equal(num_slices, 3);
  expect_ok(pjrt_multi_slice_config_slice_id(config, &id));
  assert_int_equal(id, 0);
  expect_ok(pjrt_multi_slice_config_slice_sizes(config, &sizes, &num));
  assert_int_equal(num, 3);
  for (int32_t i = 0; i < 3; i++) {
    assert_int_equal(sizes[i].slice_id, i);
    assert_int_equal(sizes[i].num_devices, 4);
  }
  pjrt_host_free(sizes);
  pjrt_multi_slice_config_free(config);
}

/* The more slices, the more bytes; the same slices, the same bytes. */
static void test_serialize(void **state) {
  void *two, *again, *three;
  size_t two_size, again_size, three_size;
  pjrt_multi_slice_config *config = make(*state, 2);
  expect_ok(pjrt_multi_slice_config_serialize(config, &two, &two_size));
  expect_ok(pjrt_multi_slice_config_serialize(config, &again, &again_size));
  assert_true(two_size > 0);
  assert_int_equal(two_size, again_size);
  assert_memory_equal(two, again, two_size);
  pjrt_multi_slice_config_free(config);
  config = make(*state, 3);
  expect_ok(pjrt_multi_slice_config_serialize(config, &three, &three_size));
  assert_true(three_size > two_size);
  pjrt_multi_slice_config_free(config);
  pjrt_host_free(two);
  pjrt_host_free(again);
  pjrt_host_free(three);
}

static void test_null(void **state) {
  const pjrt_code bad = PJRT_INVALID_ARGUMENT;
  int32_t number = 7;
  size_t size = 7;
  void *bytes = &size;
  pjrt_slice_size *sizes;
  (void)state;
  expect_error(pjrt_multi_slice_config_num_slices(NULL, &number), bad,
               "config is NULL");
  assert_int_equal(number, 0);
  expect_error(pjrt_multi_slice_config_slice_id(NULL, &number), bad,
               "config is NULL");
  expect_error(pjrt_multi_slice_config_slice_sizes(NULL, &sizes, &size), bad,
               "config is NULL");
  expect_error(pjrt_multi_slice_config_serialize(NULL, &bytes, &size), bad,
               "config is NULL");
  assert_null(bytes);
  assert_int_equal(size, 0);
  pjrt_multi_slice_config_free(NULL);
}

/* The last that is freed ends the client. */
static void test_outlives_the_client(void **state) {
  fixture *f = *state;
  int32_t num_slices;
  pjrt_multi_slice_config *config = make(f, 2);
  fixture_drop(f);
  expect_ok(pjrt_multi_slice_config_num_slices(config, &num_slices));
  assert_int_equal(num_slices, 2);
  pjrt_multi_slice_config_free(config);
}

static void test_counts_are_not_trusted(void **state) {
  size_t size;
  void *bytes;
  pjrt_slice_size *sizes;
  pjrt_sim_options options;
  pjrt_sim_fault faults[] = {
      {.function = "PJRT_MultiSlice_Config_NumDevicesPerSlice",
       .garbage_counts = true},
      {.function = "PJRT_MultiSlice_Config_Serialize", .garbage_counts = true}};
  pjrt_multi_slice_config *config = make(*state, 2);
  sim.options_init(&options);
  options.faults = faults;
  options.num_faults = 2;
  sim.configure(&options);
  expect_error(pjrt_multi_slice_config_slice_sizes(config, &sizes, &size),
               PJRT_INTERNAL, "a number of slices");
  expect_error(pjrt_multi_slice_config_serialize(config, &bytes, &size),
               PJRT_INTERNAL, "a number of bytes");
  pjrt_multi_slice_config_free(config);
}

/* A launch is told it, and refuses what is another plugin's: opened once more,
 * the same file is another one. */
static void test_in_a_launch(void **state) {
  const fixture *f = *state;
  pjrt_execute_opts opts;
  pjrt_sim_execution told;
  pjrt_buffer *outs[2];
  arguments in = upload_arguments(f->device);
  pjrt_executable *executable = compile(f->client, pass_program, NULL);
  pjrt_execute_opts_init(&opts);
  pjrt_multi_slice_config *config = make(f, 2);
  opts.multi_slice_config = config;
  expect_ok(pjrt_executable_execute(executable, in.args, 2, &opts, outs, 2));
  sim.get_execution(&told);
  assert_true(told.has_multi_slice_config);
  free_buffers(outs, 2);
  pjrt_multi_slice_config_free(config);

  fixture *other = fixture_create(NULL);
  config = make(other, 2);
  opts.multi_slice_config = config;
  expect_error(pjrt_executable_execute(executable, in.args, 2, &opts, outs, 2),
               PJRT_INVALID_ARGUMENT, "another plugin's");
  pjrt_multi_slice_config_free(config);
  fixture_drop(other);
  test_free(other);
  free_buffers(in.args, 2);
  pjrt_executable_free(executable);
}

/* The launch under way keeps it, also where nobody asked for its end. */
static void test_freed_before_the_launch_is_done(void **state) {
  static const char destroy[] = "PJRT_MultiSlice_Config_Destroy";
  fixture *f = *state;
  pjrt_execute_opts opts;
  pjrt_buffer *outs[2];
  arguments in = upload_arguments(f->device);
  pjrt_executable *executable = compile(f->client, pass_program, NULL);
  pjrt_execute_opts_init(&opts);
  pjrt_multi_slice_config *config = make(f, 2);
  opts.multi_slice_config = config;
  sim_hold("PJRT_LoadedExecutable_Execute", PJRT_Error_Code_OK);
  expect_ok(pjrt_executable_execute_async(executable, in.args, 2, &opts, outs,
                                          2, NULL));
  pjrt_multi_slice_config_free(config);
  assert_int_equal(sim.num_calls(destroy), 0);
  sim.release_events();
  wait_until(sim.num_calls(destroy) == 1);
  free_buffers(outs, 2);
  free_buffers(in.args, 2);
  pjrt_executable_free(executable);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_facts),
      sim_test(test_serialize),
      sim_test(test_null),
      sim_test(test_outlives_the_client),
      sim_test(test_counts_are_not_trusted),
      sim_test(test_in_a_launch),
      sim_test(test_freed_before_the_launch_is_done),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
