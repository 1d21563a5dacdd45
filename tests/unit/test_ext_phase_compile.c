/* The PhaseCompile extension on the simulated plugin, whose phases append their
 * names to the programs. */
#include "pjrt/ext/phase_compile.h"

#include <sys/wait.h>
#include <unistd.h>

#include "ext_node.h"
#include "wire_writer.h"

static const pjrt_code bad = PJRT_INVALID_ARGUMENT;
static const pjrt_phase_program two[] = {{"first", 5}, {"second", 6}};
static const char *const parse_and_emit[] = {"parse", "emit"};

static pjrt_phase_compiler *compiler_of(const fixture *f) {
  pjrt_phase_compiler *compiler;
  expect_ok(pjrt_phase_compiler_create(f->plugin, &compiler));
  return compiler;
}

static pjrt_topology *topology_of(const fixture *f) {
  pjrt_topology *topology;
  expect_ok(pjrt_client_topology(f->client, &topology));
  return topology;
}

static void expect_output(const pjrt_phase_outputs *outputs, size_t i,
                          const char *expected) {
  size_t size;
  const void *data = pjrt_phase_outputs_data(outputs, i, &size);
  assert_int_equal(size, strlen(expected));
  assert_memory_equal(data, expected, size);
}

/* ---- what it does -------------------------------------------------------- */

static void test_phases(void **state) {
  const fixture *f = *state;
  size_t size;
  pjrt_phase_compiler *compiler = compiler_of(f);
  assert_int_equal(pjrt_phase_compiler_num_phases(compiler), 3);
  assert_string_equal(pjrt_phase_compiler_phase(compiler, 0, &size), "parse");
  assert_int_equal(size, 5);
  assert_string_equal(pjrt_phase_compiler_phase(compiler, 2, NULL), "emit");
  assert_string_equal(pjrt_phase_compiler_phase(compiler, 3, &size), "");
  assert_int_equal(size, 0);
  pjrt_phase_compiler_free(compiler);
}

/* What the run gave outlives the compiler, and the plugin's handle. */
static void test_run(void **state) {
  fixture *f = *state;
  size_t size;
  pjrt_phase_outputs *outputs;
  pjrt_phase_compiler *compiler = compiler_of(f);
  expect_ok(pjrt_phase_compiler_run(compiler, topology_of(f), NULL, two, 2,
                                    parse_and_emit, 2, &outputs));
  pjrt_phase_compiler_free(compiler);
  fixture_drop(f);
  assert_int_equal(pjrt_phase_outputs_size(outputs), 2);
  expect_output(outputs, 0, "first\n// parse\n// emit");
  expect_output(outputs, 1, "second\n// parse\n// emit");
  assert_null(pjrt_phase_outputs_data(outputs, 2, &size));
  assert_int_equal(size, 0);
  pjrt_phase_outputs_free(outputs);
}

static void test_goes_on(void **state) {
  const fixture *f = *state;
  pjrt_phase_program program;
  pjrt_phase_outputs *parsed, *emitted;
  pjrt_phase_compiler *compiler = compiler_of(f);
  expect_ok(pjrt_phase_compiler_run(compiler, topology_of(f), NULL, two, 1,
                                    parse_and_emit, 1, &parsed));
  program.data = pjrt_phase_outputs_data(parsed, 0, &program.size);
  expect_ok(pjrt_phase_compiler_run(compiler, topology_of(f), NULL, &program, 1,
                                    parse_and_emit + 1, 1, &emitted));
  expect_output(emitted, 0, "first\n// parse\n// emit");
  pjrt_phase_outputs_free(parsed);
  pjrt_phase_outputs_free(emitted);
  pjrt_phase_compiler_free(compiler);
}

/* ---- refused ------------------------------------------------------------- */

static void test_null(void **state) {
  const fixture *f = *state;
  pjrt_phase_outputs *outputs = (pjrt_phase_outputs *)1;
  pjrt_phase_compiler *compiler = (pjrt_phase_compiler *)1;
  expect_error(pjrt_phase_compiler_create(NULL, &compiler), bad,
               "plugin is NULL");
  assert_null(compiler);
  expect_error(pjrt_phase_compiler_run(NULL, topology_of(f), NULL, two, 2,
                                       parse_and_emit, 2, &outputs),
               bad, "compiler is NULL");
  assert_null(outputs);
  compiler = compiler_of(f);
  expect_error(pjrt_phase_compiler_run(compiler, NULL, NULL, two, 2,
                                       parse_and_emit, 2, &outputs),
               bad, "topology is NULL");
  pjrt_phase_compiler_free(compiler);
  pjrt_phase_compiler_free(NULL);
  pjrt_phase_outputs_free(NULL);
}

static void test_bad_input(void **state) {
  const fixture *f = *state;
  static const pjrt_phase_program empty[] = {{"a", 1}, {NULL, 4}};
  static const char *const unknown[] = {"parse", "pars"};
  static const char *const missing[] = {NULL};
  pjrt_compile_opts opts;
  pjrt_phase_outputs *outputs;
  pjrt_topology *topology = topology_of(f);
  pjrt_phase_compiler *compiler = compiler_of(f);
  pjrt_compile_opts_init(&opts);
  opts.num_replicas = 5;
#define RUN(opts, programs, num_programs, phases, num_phases)               \
  pjrt_phase_compiler_run(compiler, topology, opts, programs, num_programs, \
                          phases, num_phases, &outputs)
  expect_error(RUN(NULL, NULL, 1, parse_and_emit, 1), bad, "no programs");
  expect_error(RUN(NULL, two, 0, parse_and_emit, 1), bad, "no programs");
  expect_error(RUN(NULL, empty, 2, parse_and_emit, 1), bad,
               "program 1 is empty");
  expect_error(RUN(NULL, two, 2, NULL, 1), bad, "no phases");
  expect_error(RUN(NULL, two, 2, parse_and_emit, 0), bad, "no phases");
  expect_error(RUN(NULL, two, 2, missing, 1), bad, "phase 0 is NULL");
  expect_error(RUN(NULL, two, 2, unknown, 2), bad, "no phase pars");
  expect_error(RUN(&opts, two, 2, parse_and_emit, 2), bad,
               "the topology has 4");
#undef RUN
  assert_int_equal(sim.num_calls("PJRT_PhaseCompile_Run_Phase"), 0);
  pjrt_phase_compiler_free(compiler);
}

/* A message says in field 4 which phases take it. */
static void test_programs_for_other_phases(void **state) {
  const fixture *f = *state;
  pjrt_phase_outputs *outputs;
  pjrt_phase_compiler *compiler = compiler_of(f);
  wire_writer bytes = {.size = 0};
  wire_field(&bytes, 1, "code", 4);
  wire_field(&bytes, 4, "par", 3);
  wire_field(&bytes, 4, "emit", 4);
  pjrt_phase_program programs[] = {{"first", 5}, {bytes.data, bytes.size}};
  expect_error(pjrt_phase_compiler_run(compiler, topology_of(f), NULL, programs,
                                       2, parse_and_emit, 2, &outputs),
               bad, "program 1 is for other phases than parse");
  assert_null(outputs);
  assert_int_equal(sim.num_calls("PJRT_PhaseCompile_Run_Phase"), 0);
  expect_ok(pjrt_phase_compiler_run(compiler, topology_of(f), NULL, programs, 2,
                                    parse_and_emit + 1, 1, &outputs));
  pjrt_phase_outputs_free(outputs);
  pjrt_phase_compiler_free(compiler);
}

static void test_topology_of_another_plugin(void **state) {
  const fixture *f = *state;
  pjrt_plugin *plugin;
  pjrt_phase_compiler *compiler;
  pjrt_phase_outputs *outputs;
  expect_ok(pjrt_plugin_open(sim_path(), PJRT_NUL_ENDED, NULL, &plugin));
  expect_ok(pjrt_phase_compiler_create(plugin, &compiler));
  expect_error(pjrt_phase_compiler_run(compiler, topology_of(f), NULL, two, 2,
                                       parse_and_emit, 2, &outputs),
               bad, "the topology is one of");
  pjrt_phase_compiler_free(compiler);
  pjrt_plugin_free(plugin);
}

static void test_forked(void **state) {
  const fixture *f = *state;
  int status;
  pjrt_topology *topology = topology_of(f);
  pjrt_phase_compiler *compiler = compiler_of(f);
  const pid_t child = fork();
  if (child == 0) {
    pjrt_phase_outputs *outputs;
    const pjrt_code code = pjrt_error_consume(pjrt_phase_compiler_run(
        compiler, topology, NULL, two, 2, parse_and_emit, 2, &outputs));
    pjrt_phase_compiler_free(compiler);
    _exit(code != PJRT_FAILED_PRECONDITION);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  pjrt_phase_compiler_free(compiler);
}

/* ---- what plugins lack, and answer --------------------------------------- */

static pjrt_error *create(const fixture *f) {
  pjrt_phase_compiler *compiler;
  pjrt_error *error = pjrt_phase_compiler_create(f->plugin, &compiler);
  assert_true((error == NULL) == (compiler != NULL));
  pjrt_phase_compiler_free(compiler);
  return error;
}

static pjrt_error *run(const fixture *f) {
  pjrt_phase_outputs *outputs;
  pjrt_phase_compiler *compiler = compiler_of(f);
  pjrt_error *error = pjrt_phase_compiler_run(
      compiler, topology_of(f), NULL, two, 2, parse_and_emit, 2, &outputs);
  assert_true((error == NULL) == (outputs != NULL));
  pjrt_phase_outputs_free(outputs);
  pjrt_phase_compiler_free(compiler);
  return error;
}

static void test_older_plugins(void **state) {
  (void)state;
  expect_error(ext_ask_minor(71, create), PJRT_UNIMPLEMENTED,
               "the plugin has no extension PhaseCompile, which API 0.72 "
               "brought");
  expect_ok(ext_ask_minor(72, run));
}

/* As XLA's plugins for CPUs are. */
static void test_no_compiler(void **state) {
  fixture *f = *state;
  PJRT_PhaseCompile_Extension node;
  EXT_TAKE_NODE(f, PhaseCompile, &node);
  node.phase_compile_get_compiler = NULL;
  node.phase_compile_destroy_compiler = NULL;
  expect_error(create(f), PJRT_UNIMPLEMENTED,
               "the plugin's extension PhaseCompile has no "
               "PJRT_PhaseCompile_Get_Compiler");
}

/* What failed leaves nothing. */
static void test_fails(void **state) {
  const fixture *f = *state;
  static const char *const functions[] = {"PJRT_PhaseCompile_Get_Compiler",
                                          "PJRT_PhaseCompile_Get_PhaseNames"};
  for (size_t i = 0; i < 2; i++) {
    sim_fail(functions[i], 0, PJRT_Error_Code_ABORTED);
    expect_error(create(f), PJRT_ABORTED, "");
  }
  sim_fail("PJRT_PhaseCompile_Run_Phase", 0, PJRT_Error_Code_ABORTED);
  expect_error(run(f), PJRT_ABORTED, "");
  sim_configure_default();
}

static PJRT_Error *no_compiler(PJRT_PhaseCompile_Get_Compiler_Args *args) {
  (void)args;
  return NULL;
}

/* What the plugin answers with next. */
static struct {
  const char **bytes;
  const size_t *sizes;
  size_t num;
} answer;

static PJRT_Error *answer_so(PJRT_PhaseCompile_Run_Phase_Args *args) {
  args->output_programs = answer.bytes;
  args->output_programs_sizes = answer.sizes;
  args->num_output_programs = answer.num;
  return NULL;
}

static int num_destroyed;

static void count_destroyed(PJRT_PhaseCompile_C_Buffers_Destroy_Args *args) {
  (void)args;
  num_destroyed++;
}

static void test_answers_are_not_trusted(void **state) {
  fixture *f = *state;
  PJRT_PhaseCompile_Extension node;
  const char *bytes[] = {"a", NULL};
  const size_t sizes[] = {1, 3}, huge[] = {1, SIZE_MAX}, none[] = {1, 0};
  pjrt_phase_compiler *compiler = compiler_of(f);
  pjrt_phase_outputs *outputs;
  EXT_TAKE_NODE(f, PhaseCompile, &node);
#define EXPECT(code, part, ...)                                                \
  memcpy(&answer, &(__typeof__(answer)){__VA_ARGS__}, sizeof answer);          \
  expect_error(pjrt_phase_compiler_run(compiler, topology_of(f), NULL, two, 2, \
                                       parse_and_emit, 2, &outputs),           \
               code, part)
  node.phase_compile_run_phases = answer_so;
  node.phase_compile_c_buffers_destroy = count_destroyed;
  EXPECT(PJRT_INTERNAL, "3 and a NULL pointer", bytes, sizes, 2);
  EXPECT(PJRT_INTERNAL, "garbage", bytes, huge, 2);
  EXPECT(PJRT_INTERNAL, "garbage", bytes, sizes, SIZE_MAX);
  EXPECT(PJRT_INTERNAL, "NULL pointer", NULL, sizes, 2);
  EXPECT(PJRT_INTERNAL, "NULL pointer", bytes, NULL, 2);
  assert_int_equal(num_destroyed, 0);
  EXPECT(PJRT_OK, "", bytes, none, 2);
  assert_int_equal(pjrt_phase_outputs_size(outputs), 2);
  expect_output(outputs, 1, "");
  pjrt_phase_outputs_free(outputs);
  EXPECT(PJRT_OK, "", NULL, NULL, 0);
  assert_int_equal(pjrt_phase_outputs_size(outputs), 0);
  pjrt_phase_outputs_free(outputs);
#undef EXPECT
  assert_int_equal(num_destroyed, 1);
  pjrt_phase_compiler_free(compiler);
  node.phase_compile_get_compiler = no_compiler;
  expect_error(create(f), PJRT_INTERNAL, "gives no compiler");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_phases),
      sim_test(test_run),
      sim_test(test_goes_on),
      sim_test(test_null),
      sim_test(test_bad_input),
      sim_test(test_programs_for_other_phases),
      sim_test(test_topology_of_another_plugin),
      sim_test(test_forked),
      cmocka_unit_test(test_older_plugins),
      sim_test(test_no_compiler),
      sim_test(test_fails),
      sim_test(test_answers_are_not_trusted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
