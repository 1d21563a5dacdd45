/* Plugins that answer with absurd counts and sizes: nothing may crash, hang or
 * be believed. */
#include "abi/counts.h"
#include "scenario.h"

static void configure_garbage(const char *function, int64_t seed) {
  pjrt_sim_options options;
  const pjrt_sim_fault faults[] = {
      {.function = function, .garbage_counts = true},
      /* As the scenario wants it. */
      {.function = "PJRT_LoadedExecutable_Execute",
       .nth = 1,
       .async_delay_ms = -1}};
  sim_path();
  sim.options_init(&options);
  options.seed = seed;
  options.faults = faults;
  options.num_faults = 2;
  sim.configure(&options);
}

/* What the function answers with is not looked at, or refused by name. */
static void live_with_garbage(const char *function, int64_t seed) {
  scenario s;
  configure_garbage(function, seed);
  pjrt_error *error = scenario_run(&s);
  const char *call = pjrt_error_call(error);
  if (error && (pjrt_error_code(error) != PJRT_INTERNAL || !call ||
                strcmp(call, function) != 0)) {
    fail_msg("%s, seed %d, step %s: %s", function, (int)seed, s.step,
             pjrt_error_message(error, NULL));
  }
  pjrt_error_free(error);
  scenario_end(&s);
  expect_nothing_alive();
}

/* Memory that a refused answer would have had to free is the plugin's fault. */
static bool leaks_by_nature(const char *function) {
  static const char *const leaking[] = {
      "PJRT_Executable_Serialize",
      "PJRT_Executable_GetCompileOptions",
      "PJRT_LoadedExecutable_GetDeviceAssignment",
      "PJRT_TopologyDescription_Serialize",
      "PJRT_TopologyDescription_MakeCanonicalShapeForMemorySpace",
      "PJRT_Device_GetAttributes"};
  for (size_t i = 0; i < sizeof leaking / sizeof *leaking; i++) {
    if (strcmp(function, leaking[i]) == 0) return true;
  }
  return false;
}

static void test_garbage_from_each_function(void **state) {
  enum { NUM_SEEDS = 8 };
  (void)state;
  for (size_t i = 0; i < pjrt_num_functions(); i++) {
    const char *function = pjrt_function_name(i);
    if (leaks_by_nature(function)) continue;
    for (int64_t seed = 0; seed < NUM_SEEDS; seed++) {
      live_with_garbage(function, seed);
    }
  }
}

static void test_refusal_names_the_count(void **state) {
  scenario s;
  (void)state;
  configure_garbage("PJRT_Client_Devices", 1);
  pjrt_error *error = scenario_run(&s);
  assert_string_equal(s.step, "create client");
  assert_string_equal(pjrt_error_call(error), "PJRT_Client_Devices");
  expect_error(error, PJRT_INTERNAL, "the plugin answered with num_devices ");
  scenario_end(&s);
  expect_nothing_alive();
}

static void test_limits(void **state) {
  const int item = 0;
  (void)state;
  expect_ok(pjrt_count_check("num", 0, NULL));
  expect_ok(pjrt_count_check("num", 1 << 24, &item));
  expect_error(pjrt_count_check("num", (1 << 24) + 1, &item), PJRT_INTERNAL,
               "num 16777217; more than 16777216 is taken for garbage");
  expect_error(pjrt_count_check("num", 1, NULL), PJRT_INTERNAL,
               "num 1 and a NULL pointer to them");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_garbage_from_each_function),
      cmocka_unit_test(test_refusal_names_the_count),
      cmocka_unit_test(test_limits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
