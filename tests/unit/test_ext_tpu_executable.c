/* The TpuExecutable extension on the simulated plugin: what is in a serialized
 * executable, its environments, and plugins that lack it or parts of it. */
#include "pjrt/ext/tpu_executable.h"
#include "sim_fixture.h"

static const pjrt_code bad = PJRT_INVALID_ARGUMENT;

typedef struct bytes {
  void *data;
  size_t size;
} bytes;

static bytes serialize(const fixture *f) {
  bytes artifact;
  pjrt_executable *executable = compile(f->client, pass_program, NULL);
  expect_ok(
      pjrt_executable_serialize(executable, &artifact.data, &artifact.size));
  pjrt_executable_free(executable);
  return artifact;
}

static bytes target_of(const fixture *f, bytes artifact) {
  bytes target;
  expect_ok(pjrt_tpu_executable_target_arguments(
      f->plugin, artifact.data, artifact.size, &target.data, &target.size));
  return target;
}

static bytes hlo_of(const fixture *f, bytes artifact) {
  bytes hlo;
  expect_ok(pjrt_tpu_executable_hlo_with_config(
      f->plugin, artifact.data, artifact.size, &hlo.data, &hlo.size));
  return hlo;
}

/* ---- what is in an executable -------------------------------------------- */

/* The plugin's own bytes, with or without ours around them. */
static void test_target_arguments(void **state) {
  const fixture *f = *state;
  bytes own;
  const void *raw;
  const bytes artifact = serialize(f);
  const bytes target = target_of(f, artifact);
  assert_true(target.size > 0);
  expect_ok(pjrt_executable_serialized_raw(artifact.data, artifact.size, &raw,
                                           &own.size));
  expect_ok(pjrt_tpu_executable_target_arguments(f->plugin, raw, own.size,
                                                 &own.data, &own.size));
  assert_int_equal(own.size, target.size);
  assert_memory_equal(own.data, target.data, target.size);
  pjrt_host_free(own.data);
  pjrt_host_free(target.data);
  pjrt_host_free(artifact.data);
}

/* The module is what the executable itself tells. */
static void test_hlo(void **state) {
  const fixture *f = *state;
  size_t size, expected_size;
  pjrt_program *program, *expected;
  const bytes artifact = serialize(f);
  const bytes hlo = hlo_of(f, artifact);
  pjrt_executable *executable = compile(f->client, pass_program, NULL);
  expect_ok(pjrt_executable_optimized_program(executable, &expected));
  expect_ok(pjrt_tpu_executable_hlo(f->plugin, artifact.data, artifact.size,
                                    &program));
  assert_int_equal(pjrt_program_format_of(program), PJRT_FORMAT_HLO);
  const void *code = pjrt_program_code(program, &size);
  const void *expected_code = pjrt_program_code(expected, &expected_size);
  assert_int_equal(size, expected_size);
  assert_memory_equal(code, expected_code, size);
  assert_true(hlo.size > size);
  pjrt_program_free(program);
  pjrt_program_free(expected);
  pjrt_executable_free(executable);
  pjrt_host_free(hlo.data);
  pjrt_host_free(artifact.data);
}

/* The same that the executable itself tells. */
static void test_memory_analysis(void **state) {
  const fixture *f = *state;
  pjrt_memory_analysis here, there;
  const bytes artifact = serialize(f);
  pjrt_executable *executable = compile(f->client, pass_program, NULL);
  pjrt_memory_analysis_init(&here);
  pjrt_memory_analysis_init(&there);
  expect_ok(pjrt_executable_memory_analysis(executable, &there));
  expect_ok(pjrt_tpu_executable_memory_analysis(f->plugin, artifact.data,
                                                artifact.size, &here));
  assert_true(here.argument_size_in_bytes.has_value);
  assert_int_equal(here.argument_size_in_bytes.value,
                   there.argument_size_in_bytes.value);
  assert_int_equal(here.output_size_in_bytes.value,
                   there.output_size_in_bytes.value);
  assert_false(here.peak_memory_in_bytes.has_value);
  here.struct_size = 0;
  expect_error(pjrt_tpu_executable_memory_analysis(f->plugin, artifact.data,
                                                   artifact.size, &here),
               bad, "pjrt_memory_analysis");
  pjrt_executable_free(executable);
  pjrt_host_free(artifact.data);
}

static void test_cost_analysis(void **state) {
  const fixture *f = *state;
  pjrt_named_values *one, *both;
  const bytes artifact = serialize(f);
  const bytes target = target_of(f, artifact), hlo = hlo_of(f, artifact);
  const pjrt_hlo_bytes modules[2] = {{hlo.data, hlo.size},
                                     {hlo.data, hlo.size}};
  expect_ok(pjrt_tpu_executable_cost_analysis(f->plugin, target.data,
                                              target.size, modules, 1, &one));
  expect_ok(pjrt_tpu_executable_cost_analysis(f->plugin, target.data,
                                              target.size, modules, 2, &both));
  const size_t at =
      pjrt_named_values_find(one, "bytes accessed", PJRT_NUL_ENDED);
  assert_float_equal(pjrt_named_values_float(one, at), 48, 0);
  assert_float_equal(pjrt_named_values_float(both, at), 96, 0);
  pjrt_named_values_free(one);
  pjrt_named_values_free(both);
  pjrt_host_free(hlo.data);
  pjrt_host_free(target.data);
  pjrt_host_free(artifact.data);
}

/* ---- environments -------------------------------------------------------- */

static void test_environments(void **state) {
  const fixture *f = *state;
  bytes made, again;
  char *text;
  size_t size;
  expect_ok(pjrt_tpu_executable_add_environment(f->plugin, NULL, 0, &made.data,
                                                &made.size));
  expect_ok(pjrt_tpu_executable_add_environment(f->plugin, made.data, made.size,
                                                &again.data, &again.size));
  assert_int_equal(made.size, again.size); /* it is there already */
  expect_ok(pjrt_tpu_executable_environment_flag(f->plugin, made.data,
                                                 made.size, "num_devices",
                                                 PJRT_NUL_ENDED, &text, &size));
  assert_string_equal(text, "4");
  assert_int_equal(size, 1);
  pjrt_host_free(text);
  expect_error(pjrt_tpu_executable_environment_flag(
                   f->plugin, made.data, made.size, "nonsense", 8, &text, NULL),
               PJRT_NOT_FOUND, "'nonsense'");
  assert_null(text);
  pjrt_host_free(made.data);
  pjrt_host_free(again.data);
}

/* ---- errors -------------------------------------------------------------- */

static void test_predetermined(void **state) {
  const fixture *f = *state;
  static const struct {
    pjrt_code code;
    bool expected;
  } codes[] = {{PJRT_INVALID_ARGUMENT, true}, {PJRT_UNAVAILABLE, false}};
  bool is;
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    pjrt_error *failure =
        pjrt_error_create(codes[i].code, "why", PJRT_NUL_ENDED);
    expect_ok(pjrt_tpu_executable_is_predetermined(f->plugin, failure, &is));
    assert_int_equal(is, codes[i].expected);
    pjrt_error_free(failure);
  }
  expect_ok(pjrt_tpu_executable_is_predetermined(f->plugin, NULL, &is));
  assert_false(is);
}

/* With what plugins attach to their errors. */
static void test_predetermined_with_payloads(void **state) {
  const fixture *f = *state;
  bool is = false;
  pjrt_sim_options options;
  pjrt_executable *executable;
  pjrt_sim_fault fault = {.function = "PJRT_Client_Compile",
                          .code = PJRT_Error_Code_FAILED_PRECONDITION,
                          .message = "the fault"};
  sim.options_init(&options);
  options.num_payloads = 2;
  options.faults = &fault;
  options.num_faults = 1;
  sim.configure(&options);
  pjrt_error *failure = try_compile(f->client, pass_program, NULL, &executable);
  assert_int_equal(pjrt_error_num_payloads(failure), 2);
  expect_ok(pjrt_tpu_executable_is_predetermined(f->plugin, failure, &is));
  assert_true(is);
  pjrt_error_free(failure);
}

/* ---- what is refused ----------------------------------------------------- */

static void test_refused(void **state) {
  const fixture *f = *state;
  bytes out = {&out, 7};
  char *text;
  bool is;
  pjrt_program *program;
  pjrt_named_values *costs;
  pjrt_memory_analysis memory;
  const pjrt_hlo_bytes empty = {NULL, 0};
  pjrt_memory_analysis_init(&memory);
  expect_error(pjrt_tpu_executable_target_arguments(f->plugin, NULL, 8,
                                                    &out.data, &out.size),
               bad, "executable: 8 bytes at (nil)");
  assert_null(out.data);
  assert_int_equal(out.size, 0);
  expect_error(pjrt_tpu_executable_hlo_with_config(f->plugin, "", 0, &out.data,
                                                   &out.size),
               bad, "executable: 0 bytes");
  expect_error(pjrt_tpu_executable_hlo(NULL, "a", 1, &program), bad,
               "plugin is NULL");
  expect_error(pjrt_tpu_executable_memory_analysis(f->plugin, NULL, 0, &memory),
               bad, "executable: 0 bytes");
  expect_error(
      pjrt_tpu_executable_cost_analysis(f->plugin, "a", 1, NULL, 1, &costs),
      bad, "1 modules at");
  expect_error(
      pjrt_tpu_executable_cost_analysis(f->plugin, "a", 1, &empty, 1, &costs),
      bad, "a module: 0 bytes");
  expect_error(
      pjrt_tpu_executable_cost_analysis(f->plugin, NULL, 0, &empty, 1, &costs),
      bad, "target_arguments: 0 bytes");
  expect_error(pjrt_tpu_executable_add_environment(f->plugin, NULL, 3,
                                                   &out.data, &out.size),
               bad, "environments: 3 bytes");
  expect_error(pjrt_tpu_executable_environment_flag(f->plugin, "a", 1, "", 0,
                                                    &text, NULL),
               bad, "the flag's name is empty");
  expect_error(pjrt_tpu_executable_environment_flag(f->plugin, NULL, 0, "a", 1,
                                                    &text, NULL),
               bad, "environments: 0 bytes");
  expect_error(pjrt_tpu_executable_is_predetermined(NULL, NULL, &is), bad,
               "plugin is NULL");
}

/* Our frame finds damage; a plugin's own bytes are for the plugin to judge. */
static void test_damage(void **state) {
  const fixture *f = *state;
  bytes out;
  const bytes artifact = serialize(f);
  ((char *)artifact.data)[artifact.size / 2] ^= 1;
  expect_error(
      pjrt_tpu_executable_hlo_with_config(f->plugin, artifact.data,
                                          artifact.size, &out.data, &out.size),
      bad, "damaged");
  expect_error(pjrt_tpu_executable_hlo_with_config(f->plugin, "garbage!", 8,
                                                   &out.data, &out.size),
               bad, "");
  pjrt_host_free(artifact.data);
}

static void test_counts_are_not_trusted(void **state) {
  const fixture *f = *state;
  bytes out;
  const bytes artifact = serialize(f);
  pjrt_sim_options options;
  pjrt_sim_fault fault = {.function = "PJRT_TpuExecutable_GetTargetArguments",
                          .garbage_counts = true};
  sim.options_init(&options);
  options.faults = &fault;
  options.num_faults = 1;
  sim.configure(&options);
  expect_error(
      pjrt_tpu_executable_target_arguments(f->plugin, artifact.data,
                                           artifact.size, &out.data, &out.size),
      PJRT_INTERNAL, "a number of bytes");
  pjrt_host_free(artifact.data);
}

static void test_inspected_plugins_are_refused(void **state) {
  bytes out;
  pjrt_plugin *plugin;
  pjrt_plugin_opts opts;
  (void)state;
  pjrt_plugin_opts_init(&opts);
  opts.inspect_only = true;
  expect_ok(pjrt_plugin_open(sim_path(), PJRT_NUL_ENDED, &opts, &plugin));
  expect_error(pjrt_tpu_executable_add_environment(plugin, NULL, 0, &out.data,
                                                   &out.size),
               PJRT_FAILED_PRECONDITION, "inspect_only");
  pjrt_plugin_free(plugin);
}

/* ---- what plugins lack --------------------------------------------------- */

static pjrt_error *ask_environment(int minor) {
  bytes out;
  pjrt_sim_options options;
  sim_path();
  sim.options_init(&options);
  options.minor = minor;
  fixture *f = fixture_create(&options);
  pjrt_error *error = pjrt_tpu_executable_add_environment(f->plugin, NULL, 0,
                                                          &out.data, &out.size);
  pjrt_host_free(out.data);
  fixture_drop(f);
  test_free(f);
  expect_nothing_alive();
  return error;
}

static void test_older_plugins(void **state) {
  (void)state;
  expect_error(
      ask_environment(89), PJRT_UNIMPLEMENTED,
      "the plugin has no extension TpuExecutable, which API 0.90 brought");
  expect_error(ask_environment(113), PJRT_UNIMPLEMENTED,
               "the plugin's extension TpuExecutable has no "
               "PJRT_TpuExecutable_SetTpuCompilationEnv, which API 0.114 "
               "brought");
  expect_ok(ask_environment(114));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_target_arguments),
      sim_test(test_hlo),
      sim_test(test_memory_analysis),
      sim_test(test_cost_analysis),
      sim_test(test_environments),
      sim_test(test_predetermined),
      sim_test(test_predetermined_with_payloads),
      sim_test(test_refused),
      sim_test(test_damage),
      sim_test(test_counts_are_not_trusted),
      sim_test(test_inspected_plugins_are_refused),
      cmocka_unit_test(test_older_plugins),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
