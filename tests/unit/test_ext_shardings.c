/* The Shardings extension on the simulated plugin: the shardings of a program
 * of four partitions, plugins that lack the extension, and such as tell
 * nonsense. */
#include "core/plugin.h"
#include "pjrt/ext/shardings.h"
#include "sim_fixture.h"

static const char sharded_program[] =
    "func.func @main(\n"
    "    %a: tensor<8x2xf32> {mhlo.sharding = \"{devices=[4,1]<=[4]}\"},\n"
    "    %b: tensor<8x2xf32> {mhlo.sharding = \"{replicated}\"})\n"
    "    -> (tensor<8x2xf32>\n"
    "    {mhlo.sharding = \"{devices=[2,1,2]<=[4] "
    "last_tile_dim_replicate}\"}) {\n"
    "  %0 = stablehlo.add %a, %b : tensor<8x2xf32>\n"
    "  return %0 : tensor<8x2xf32>\n"
    "}\n";

/* The plugin reads the whole program, which it does to compute it. */
static fixture *make_fixture(int minor) {
  pjrt_sim_options options;
  sim_path();
  sim.options_init(&options);
  if (minor) options.minor = minor;
  options.execution = PJRT_SIM_COMPUTE;
  return fixture_create(&options);
}

static int open_computing(void **state) {
  *state = make_fixture(0);
  return 0;
}

#define computing_test(function) \
  cmocka_unit_test_setup_teardown(function, open_computing, fixture_close)

static void expect_text(pjrt_error *error, pjrt_sharding *sharding,
                        const char *expected) {
  char *text;
  size_t size;
  expect_ok(error);
  expect_ok(pjrt_sharding_to_text(sharding, &text, &size));
  assert_string_equal(text, expected);
  assert_int_equal(size, strlen(expected));
  pjrt_host_free(text);
  pjrt_sharding_free(sharding);
}

static pjrt_executable *compile_sharded(const fixture *f) {
  pjrt_compile_opts opts;
  pjrt_compile_opts_init(&opts);
  opts.num_partitions = 4;
  opts.use_spmd_partitioning = true;
  return compile(f->client, sharded_program, &opts);
}

/* ---- what it tells ------------------------------------------------------- */

static void test_of_an_executable(void **state) {
  const fixture *f = *state;
  pjrt_sharding *sharding = (pjrt_sharding *)1;
  pjrt_executable *executable = compile_sharded(f);
  pjrt_error *error = pjrt_shardings_of_parameter(executable, 0, &sharding);
  expect_text(error, sharding, "{devices=[4,1]<=[4]}");
  error = pjrt_shardings_of_parameter(executable, 1, &sharding);
  expect_text(error, sharding, "{replicated}");
  error = pjrt_shardings_of_output(executable, 0, &sharding);
  expect_text(error, sharding,
              "{devices=[2,1,2]<=[4] last_tile_dim_replicate}");
  expect_error(pjrt_shardings_of_parameter(executable, 2, &sharding),
               PJRT_INVALID_ARGUMENT, "parameter 2 of a program that has 2");
  assert_null(sharding);
  expect_error(pjrt_shardings_of_output(executable, 1, &sharding),
               PJRT_INVALID_ARGUMENT, "output 1 of a program that has 1");
  expect_ok(pjrt_executable_delete(executable));
  expect_error(pjrt_shardings_of_output(executable, 0, &sharding),
               PJRT_FAILED_PRECONDITION, "deleted");
  pjrt_executable_free(executable);
}

static void test_of_a_compiled_program(void **state) {
  const fixture *f = *state;
  pjrt_sharding *sharding;
  pjrt_program *program;
  pjrt_compiled *compiled;
  pjrt_topology *topology;
  pjrt_compile_opts opts;
  pjrt_compile_opts_init(&opts);
  opts.num_partitions = 4;
  opts.use_spmd_partitioning = true;
  expect_ok(pjrt_topology_create(f->plugin, "4x1x1", 5, NULL, &topology));
  expect_ok(pjrt_program_create(sharded_program, PJRT_NUL_ENDED,
                                PJRT_FORMAT_AUTO, &program));
  expect_ok(pjrt_topology_compile(topology, program, &opts, &compiled));
  pjrt_topology_free(topology);
  pjrt_error *error =
      pjrt_shardings_of_compiled_parameter(compiled, 0, &sharding);
  expect_text(error, sharding, "{devices=[4,1]<=[4]}");
  error = pjrt_shardings_of_compiled_output(compiled, 0, &sharding);
  expect_text(error, sharding,
              "{devices=[2,1,2]<=[4] last_tile_dim_replicate}");
  pjrt_compiled_free(compiled);
  pjrt_program_free(program);
}

static void test_one_partition_has_none(void **state) {
  const fixture *f = *state;
  pjrt_sharding *sharding = (pjrt_sharding *)1;
  pjrt_executable *executable = compile(f->client, pass_program, NULL);
  expect_error(pjrt_shardings_of_parameter(executable, 0, &sharding),
               PJRT_NOT_FOUND, "tells no parameter shardings");
  assert_null(sharding);
  expect_error(pjrt_shardings_of_output(executable, 0, &sharding),
               PJRT_NOT_FOUND, "tells no output shardings");
  pjrt_executable_free(executable);
}

static void test_refused(void **state) {
  (void)state;
  pjrt_sharding *sharding = (pjrt_sharding *)1;
  const pjrt_code bad = PJRT_INVALID_ARGUMENT;
  expect_error(pjrt_shardings_of_parameter(NULL, 0, &sharding), bad,
               "executable is NULL");
  assert_null(sharding);
  expect_error(pjrt_shardings_of_output(NULL, 0, &sharding), bad,
               "executable is NULL");
  expect_error(pjrt_shardings_of_compiled_parameter(NULL, 0, &sharding), bad,
               "compiled is NULL");
  expect_error(pjrt_shardings_of_compiled_output(NULL, 0, &sharding), bad,
               "compiled is NULL");
}

static pjrt_error *ask(int minor) {
  pjrt_sharding *sharding;
  fixture *f = make_fixture(minor);
  pjrt_executable *executable = compile_sharded(f);
  pjrt_error *error = pjrt_shardings_of_parameter(executable, 0, &sharding);
  pjrt_sharding_free(sharding);
  pjrt_executable_free(executable);
  fixture_drop(f);
  test_free(f);
  expect_nothing_alive();
  return error;
}

static void test_older_plugins(void **state) {
  (void)state;
  expect_error(ask(90), PJRT_UNIMPLEMENTED,
               "the plugin has no extension Shardings, which API 0.91 brought");
  expect_ok(ask(91));
}

/* ---- what plugins get wrong ---------------------------------------------- */

static void test_failing_calls(void **state) {
  const fixture *f = *state;
  pjrt_sharding *sharding = (pjrt_sharding *)1;
  pjrt_executable *executable = compile_sharded(f);
  sim_fail("PJRT_Shardings_PJRT_Executable_ParameterShardings", 0,
           PJRT_Error_Code_DATA_LOSS);
  pjrt_error *error = pjrt_shardings_of_parameter(executable, 0, &sharding);
  assert_string_equal(pjrt_error_call(error),
                      "PJRT_Shardings_PJRT_Executable_ParameterShardings");
  expect_error(error, PJRT_DATA_LOSS, "");
  assert_null(sharding);
  sim_fail("PJRT_Shardings_PJRT_Executable_OutputShardings", 0,
           PJRT_Error_Code_ABORTED);
  expect_error(pjrt_shardings_of_output(executable, 0, &sharding), PJRT_ABORTED,
               "");
  pjrt_executable_free(executable);
}

static struct {
  const char *const *messages;
  const size_t *sizes;
  size_t num;
} told;

static PJRT_Error *tell(
    PJRT_Shardings_PJRT_Executable_ParameterShardings_Args *args) {
  args->shardings = told.messages;
  args->sharding_sizes = told.sizes;
  args->num_parameters = told.num;
  return NULL;
}

/* A node that tells what a test puts there, and nothing of outputs. */
static void spoil(const fixture *f) {
  static PJRT_Shardings_Extension node;
  const size_t i = pjrt_plugin_find_extension(f->plugin, 19);
  node = *(const PJRT_Shardings_Extension *)f->plugin->extensions[i].node;
  node.PJRT_Shardings_PJRT_Executable_ParameterShardings = tell;
  node.PJRT_Shardings_PJRT_Executable_OutputShardings = NULL;
  f->plugin->extensions[i].node = &node.base;
}

static void test_answers_that_are_none(void **state) {
  static const struct {
    const char *message;
    size_t size;
    pjrt_code code;
    const char *part;
  } cases[] = {
      {"\x08", 1, PJRT_INTERNAL, "cannot be parsed"},
      {"\x08\x63", 2, PJRT_INTERNAL, "no known kind"},
      {"\x08\x03", 2, PJRT_INTERNAL, "tiles and no devices"},
      {"\x08\x01", 2, PJRT_INTERNAL, "another number"},
      {"\x72\x01\x0a", 3, PJRT_UNIMPLEMENTED, "named sharding"},
      {NULL, 4, PJRT_INTERNAL, "NULL pointer"},
      {"", SIZE_MAX, PJRT_INTERNAL, "taken for garbage"},
  };
  const fixture *f = *state;
  pjrt_executable *executable = compile_sharded(f);
  spoil(f);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    pjrt_sharding *sharding = (pjrt_sharding *)1;
    told.messages = &cases[i].message;
    told.sizes = &cases[i].size;
    told.num = 1;
    pjrt_error *error = pjrt_shardings_of_parameter(executable, 0, &sharding);
    assert_string_equal(pjrt_error_call(error),
                        "PJRT_Shardings_PJRT_Executable_ParameterShardings");
    expect_error(error, cases[i].code, cases[i].part);
    assert_null(sharding);
  }
  pjrt_executable_free(executable);
}

static void test_lists_that_are_none(void **state) {
  static const char *const messages[] = {NULL};
  static const size_t sizes[] = {0};
  const fixture *f = *state;
  pjrt_sharding *sharding;
  pjrt_executable *executable = compile_sharded(f);
  spoil(f);
  told.messages = NULL;
  told.sizes = sizes;
  told.num = 1;
  expect_error(pjrt_shardings_of_parameter(executable, 0, &sharding),
               PJRT_INTERNAL, "NULL pointer");
  told.messages = messages;
  told.sizes = NULL;
  expect_error(pjrt_shardings_of_parameter(executable, 0, &sharding),
               PJRT_INTERNAL, "NULL pointer");
  told.num = SIZE_MAX;
  expect_error(pjrt_shardings_of_parameter(executable, 0, &sharding),
               PJRT_INTERNAL, "taken for garbage");
  /* Nothing at all is a message of defaults. */
  told.num = 1;
  told.sizes = sizes;
  pjrt_error *error = pjrt_shardings_of_parameter(executable, 0, &sharding);
  expect_text(error, sharding, "{replicated}");
  expect_error(pjrt_shardings_of_output(executable, 0, &sharding),
               PJRT_UNIMPLEMENTED, "OutputShardings");
  pjrt_executable_free(executable);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      computing_test(test_of_an_executable),
      computing_test(test_of_a_compiled_program),
      computing_test(test_one_partition_has_none),
      cmocka_unit_test(test_refused),
      cmocka_unit_test(test_older_plugins),
      computing_test(test_failing_calls),
      computing_test(test_answers_that_are_none),
      computing_test(test_lists_that_are_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
