/* Compiling for a topology, and what can be done with what comes of it. */
#include <sys/wait.h>
#include <unistd.h>

#include "core/plugin.h"
#include "sim_fixture.h"

static pjrt_topology *machine(pjrt_plugin *plugin) {
  pjrt_topology *topology;
  expect_ok(pjrt_topology_create(plugin, "4x1x1", 5, NULL, &topology));
  return topology;
}

static pjrt_error *try_compile_for(pjrt_topology *topology, const char *code,
                                   const pjrt_compile_opts *opts,
                                   pjrt_compiled **out) {
  pjrt_program *program;
  expect_ok(
      pjrt_program_create(code, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO, &program));
  pjrt_error *error = pjrt_topology_compile(topology, program, opts, out);
  pjrt_program_free(program);
  return error;
}

static pjrt_compiled *compile_for(pjrt_topology *topology, const char *code) {
  pjrt_compiled *compiled;
  expect_ok(try_compile_for(topology, code, NULL, &compiled));
  return compiled;
}

/* What the fixture's machine makes of `code`. */
static pjrt_compiled *compile_here(fixture *f, const char *code) {
  pjrt_topology *topology = machine(f->plugin);
  pjrt_compiled *compiled = compile_for(topology, code);
  pjrt_topology_free(topology); /* it lives on in what was compiled */
  return compiled;
}

static void expect_it_runs(fixture *f, pjrt_executable *executable) {
  pjrt_buffer *outs[2];
  arguments in = upload_arguments(f->device);
  assert_true(pjrt_executable_is_checked(executable));
  expect_ok(pjrt_executable_execute(executable, in.args, 2, NULL, outs, 2));
  expect_f32(outs[0]);
  free_buffers(outs, 2);
  free_buffers(in.args, 2);
}

/* ---- facts --------------------------------------------------------------- */

static void test_facts(void **state) {
  pjrt_compiled *compiled = compile_here(*state, donate_program);
  size_t size;
  assert_string_equal(pjrt_compiled_name(compiled, &size), "main");
  assert_int_equal(size, 4);
  assert_int_equal(pjrt_compiled_num_replicas(compiled), 1);
  assert_int_equal(pjrt_compiled_num_partitions(compiled), 1);
  assert_true(pjrt_compiled_is_checked(compiled));
  assert_int_equal(pjrt_compiled_num_parameters(compiled), 2);
  assert_int_equal(pjrt_compiled_parameter_dtype(compiled, 0), PJRT_F32);
  assert_int_equal(pjrt_compiled_parameter_dtype(compiled, 1), PJRT_S32);
  assert_int_equal(pjrt_compiled_parameter_dims(compiled, 1, &size)[0], 2);
  assert_int_equal(size, 1);
  assert_true(pjrt_compiled_parameter_is_donated(compiled, 1));
  assert_int_equal(pjrt_compiled_num_outputs(compiled), 2);
  assert_int_equal(pjrt_compiled_output_dtype(compiled, 1), PJRT_S32);
  assert_int_equal(pjrt_compiled_output_dims(compiled, 0, &size)[0], 4);
  assert_int_equal(size, 1);
  pjrt_compiled_free(compiled);
}

static void test_past_the_end(void **state) {
  pjrt_compiled *compiled = compile_here(*state, donate_program);
  size_t size = 7;
  assert_int_equal(pjrt_compiled_parameter_dtype(compiled, 2),
                   PJRT_DTYPE_INVALID);
  assert_int_equal(pjrt_compiled_output_dtype(compiled, 2), PJRT_DTYPE_INVALID);
  assert_non_null(pjrt_compiled_parameter_dims(compiled, 2, &size));
  assert_int_equal(size, 0);
  size = 7;
  assert_non_null(pjrt_compiled_output_dims(compiled, 2, &size));
  assert_int_equal(size, 0);
  assert_false(pjrt_compiled_parameter_is_donated(compiled, 2));
  pjrt_compiled_free(compiled);
}

static void test_what_is_asked_late(void **state) {
  fixture *f = *state;
  pjrt_compiled *compiled = compile_here(f, pass_program);
  pjrt_executable *executable = compile(f->client, pass_program, NULL);
  const char *expected;
  char *print;
  size_t size;
  int64_t code_size;
  expect_ok(pjrt_executable_fingerprint(executable, &expected, &size));
  expect_ok(pjrt_compiled_fingerprint(compiled, &print, &size));
  assert_string_equal(print, expected);
  assert_int_equal(size, strlen(expected));
  pjrt_host_free(print);
  expect_ok(pjrt_compiled_generated_code_size(compiled, &code_size));
  assert_true(code_size > 0);
  sim_fail("PJRT_Executable_Fingerprint", 1, PJRT_Error_Code_UNIMPLEMENTED);
  expect_error(pjrt_compiled_fingerprint(compiled, &print, NULL),
               PJRT_UNIMPLEMENTED, "the fault");
  assert_null(print);
  pjrt_executable_free(executable);
  pjrt_compiled_free(compiled);
}

/* As an executable tells them, which asks the same functions. */
static void test_analyses(void **state) {
  fixture *f = *state;
  pjrt_compiled *compiled = compile_here(f, pass_program);
  pjrt_named_values *cost;
  pjrt_memory_analysis memory;
  pjrt_program *program;
  void *options;
  size_t size;
  const char *kind;
  expect_ok(pjrt_compiled_cost_analysis(compiled, &cost));
  assert_true(pjrt_named_values_size(cost) > 0);
  pjrt_named_values_free(cost);
  pjrt_memory_analysis_init(&memory);
  expect_ok(pjrt_compiled_memory_analysis(compiled, &memory));
  assert_true(memory.argument_size_in_bytes.has_value);
  expect_ok(pjrt_compiled_optimized_program(compiled, &program));
  assert_int_equal(pjrt_program_format_of(program), PJRT_FORMAT_HLO);
  pjrt_program_free(program);
  expect_ok(pjrt_compiled_compile_options(compiled, &options, &size));
  assert_true(size > 0);
  pjrt_host_free(options);
  expect_ok(pjrt_compiled_parameter_memory_kind(compiled, 1, &kind, &size));
  assert_string_equal(kind, "device");
  assert_int_equal(size, 6);
  expect_ok(pjrt_compiled_output_memory_kind(compiled, 0, &kind, NULL));
  assert_string_equal(kind, "device");
  expect_error(pjrt_compiled_output_memory_kind(compiled, 2, &kind, &size),
               PJRT_INVALID_ARGUMENT, "2");
  assert_null(kind);
  pjrt_compiled_free(compiled);
}

static void test_failures_when_asked_late(void **state) {
  fixture *f = *state;
  pjrt_compiled *compiled = compile_here(f, pass_program);
  pjrt_named_values *cost = (pjrt_named_values *)f;
  pjrt_memory_analysis memory;
  pjrt_program *program = (pjrt_program *)f;
  void *options = f;
  size_t size;
  const char *kind;
  const pjrt_code aborted = PJRT_ABORTED;
  sim_fail("PJRT_Executable_GetCostAnalysis", 1, PJRT_Error_Code_ABORTED);
  expect_error(pjrt_compiled_cost_analysis(compiled, &cost), aborted, "");
  assert_null(cost);
  pjrt_memory_analysis_init(&memory);
  sim_fail("PJRT_Executable_GetCompiledMemoryStats", 1,
           PJRT_Error_Code_ABORTED);
  expect_error(pjrt_compiled_memory_analysis(compiled, &memory), aborted, "");
  assert_false(memory.argument_size_in_bytes.has_value);
  sim_fail("PJRT_Executable_OptimizedProgram", 1, PJRT_Error_Code_ABORTED);
  expect_error(pjrt_compiled_optimized_program(compiled, &program), aborted,
               "");
  assert_null(program);
  sim_fail("PJRT_Executable_GetCompileOptions", 1, PJRT_Error_Code_ABORTED);
  expect_error(pjrt_compiled_compile_options(compiled, &options, &size),
               aborted, "");
  assert_null(options);
  sim_fail("PJRT_Executable_ParameterMemoryKinds", 1, PJRT_Error_Code_ABORTED);
  expect_error(pjrt_compiled_parameter_memory_kind(compiled, 0, &kind, NULL),
               aborted, "");
  sim_fail("PJRT_Executable_OutputMemoryKinds", 1, PJRT_Error_Code_ABORTED);
  expect_error(pjrt_compiled_output_memory_kind(compiled, 0, &kind, NULL),
               aborted, "");
  assert_null(kind);
  pjrt_compiled_free(compiled);
}

static void test_unchecked(void **state) {
  pjrt_sim_options options;
  size_t size = 7;
  (void)state;
  sim_path();
  sim.options_init(&options);
  options.no_optimized_program = true;
  fixture *f = fixture_create(&options);
  pjrt_compiled *compiled = compile_here(f, pass_program);
  pjrt_executable *executable;
  assert_false(pjrt_compiled_is_checked(compiled));
  assert_int_equal(pjrt_compiled_num_parameters(compiled), 0);
  assert_int_equal(pjrt_compiled_num_outputs(compiled), 2);
  assert_int_equal(pjrt_compiled_output_dtype(compiled, 0), PJRT_DTYPE_INVALID);
  assert_non_null(pjrt_compiled_output_dims(compiled, 0, &size));
  assert_int_equal(size, 0);
  expect_ok(pjrt_client_load(f->client, compiled, &executable));
  assert_false(pjrt_executable_is_checked(executable));
  pjrt_executable_free(executable);
  pjrt_compiled_free(compiled);
  fixture_drop(f);
  test_free(f);
  expect_nothing_alive();
}

/* ---- compiling ----------------------------------------------------------- */

static void test_counts_and_devices(void **state) {
  fixture *f = *state;
  pjrt_topology *topology = machine(f->plugin);
  pjrt_compiled *compiled = (pjrt_compiled *)f;
  pjrt_compile_opts opts;
  pjrt_compile_opts_init(&opts);
  opts.num_replicas = 5;
  expect_error(try_compile_for(topology, pass_program, &opts, &compiled),
               PJRT_INVALID_ARGUMENT, "the topology has 4");
  assert_null(compiled);
  opts.num_replicas = 0;
  expect_error(try_compile_for(topology, pass_program, &opts, &compiled),
               PJRT_INVALID_ARGUMENT, "0");
  opts.num_replicas = 2;
  opts.device_ids = (const int[]){3, 4};
  opts.num_device_ids = 2;
  expect_error(try_compile_for(topology, pass_program, &opts, &compiled),
               PJRT_NOT_FOUND, "no device 4: the topology has 4");
  assert_int_equal(sim.num_calls("PJRT_Compile"), 0);
  opts.device_ids = (const int[]){3, 1};
  expect_ok(try_compile_for(topology, pass_program, &opts, &compiled));
  assert_int_equal(pjrt_compiled_num_replicas(compiled), 2);
  pjrt_compiled_free(compiled);
  pjrt_topology_free(topology);
}

static PJRT_Error *no_executable(PJRT_Compile_Args *args) {
  args->executable = NULL;
  return NULL;
}

static void test_refused(void **state) {
  fixture *f = *state;
  pjrt_topology *topology = machine(f->plugin);
  pjrt_compiled *compiled = (pjrt_compiled *)f;
  pjrt_compile_opts opts = {0};
  expect_error(try_compile_for(NULL, pass_program, NULL, &compiled),
               PJRT_INVALID_ARGUMENT, "topology is NULL");
  assert_null(compiled);
  expect_error(pjrt_topology_compile(topology, NULL, NULL, &compiled),
               PJRT_INVALID_ARGUMENT, "program is NULL");
  expect_error(try_compile_for(topology, pass_program, &opts, &compiled),
               PJRT_INVALID_ARGUMENT, "pjrt_compile_opts.struct_size is 0");
  expect_error(try_compile_for(topology, "no program", NULL, &compiled),
               PJRT_INVALID_ARGUMENT, "");
  f->plugin->table.PJRT_Compile = no_executable;
  expect_error(try_compile_for(topology, pass_program, NULL, &compiled),
               PJRT_INTERNAL, "gives no executable");
  assert_null(compiled);
  pjrt_topology_free(topology);
}

/* What was compiled before a fact could not be read is destroyed. */
static void test_failures_while_reading(void **state) {
  static const char *const functions[] = {
      "PJRT_Compile", "PJRT_Executable_Name", "PJRT_Executable_NumOutputs"};
  fixture *f = *state;
  pjrt_topology *topology = machine(f->plugin);
  for (size_t i = 0; i < 3; i++) {
    pjrt_compiled *compiled = (pjrt_compiled *)f;
    pjrt_sim_live live;
    sim_fail(functions[i], 1, PJRT_Error_Code_ABORTED);
    pjrt_error *error =
        try_compile_for(topology, pass_program, NULL, &compiled);
    assert_string_equal(pjrt_error_call(error), functions[i]);
    expect_error(error, PJRT_ABORTED, "the fault");
    assert_null(compiled);
    sim.get_live(&live);
    assert_int_equal(live.executables, 0);
  }
  pjrt_topology_free(topology);
}

/* ---- loading ------------------------------------------------------------- */

static void test_loads_and_runs_twice(void **state) {
  fixture *f = *state;
  pjrt_executable *first, *second;
  pjrt_compiled *compiled = compile_here(f, pass_program);
  expect_ok(pjrt_client_load(f->client, compiled, &first));
  expect_ok(pjrt_client_load(f->client, compiled, &second));
  pjrt_compiled_free(compiled);
  expect_it_runs(f, first);
  expect_it_runs(f, second);
  pjrt_executable_free(first);
  pjrt_executable_free(second);
}

static void test_what_was_loaded_is_an_executable(void **state) {
  fixture *f = *state;
  pjrt_executable *executable, *again;
  void *data;
  size_t size;
  pjrt_compiled *compiled = compile_here(f, pass_program);
  expect_ok(pjrt_client_load(f->client, compiled, &executable));
  assert_ptr_equal(pjrt_executable_device(executable, 0), f->device);
  expect_ok(pjrt_executable_serialize(executable, &data, &size));
  expect_ok(pjrt_executable_load(f->client, data, size, &again));
  expect_it_runs(f, again);
  pjrt_host_free(data);
  pjrt_executable_free(again);
  pjrt_executable_free(executable);
  pjrt_compiled_free(compiled);
}

static void test_serialized_loads_and_runs(void **state) {
  fixture *f = *state;
  pjrt_executable *executable;
  void *data;
  size_t size;
  pjrt_compiled *compiled = compile_here(f, pass_program);
  expect_ok(pjrt_compiled_serialize(compiled, &data, &size));
  pjrt_compiled_free(compiled);
  assert_true(pjrt_executable_is_serialized(data, size));
  expect_ok(pjrt_executable_load(f->client, data, size, &executable));
  pjrt_host_free(data);
  expect_it_runs(f, executable);
  pjrt_executable_free(executable);
}

static PJRT_Error *other_version(
    PJRT_TopologyDescription_PlatformVersion_Args *args) {
  args->platform_version = "a chip";
  args->platform_version_size = 6;
  return NULL;
}

/* As CUDA's is: the topology tells the name of the chip, the client that of
 * the toolkit. */
static void test_platform_version_may_be_another(void **state) {
  fixture *f = *state;
  pjrt_executable *executable;
  void *data;
  size_t size;
  f->plugin->table.PJRT_TopologyDescription_PlatformVersion = other_version;
  pjrt_compiled *compiled = compile_here(f, pass_program);
  expect_ok(pjrt_compiled_serialize(compiled, &data, &size));
  expect_ok(pjrt_executable_load(f->client, data, size, &executable));
  pjrt_host_free(data);
  pjrt_executable_free(executable);
  pjrt_compiled_free(compiled);
}

static void test_load_refused(void **state) {
  fixture *f = *state;
  pjrt_executable *executable = (pjrt_executable *)f;
  pjrt_plugin *other;
  pjrt_client *client;
  void *data = f;
  size_t size = 1;
  int64_t code_size;
  pjrt_compiled *compiled = compile_here(f, pass_program);
  expect_error(pjrt_client_load(NULL, compiled, &executable),
               PJRT_INVALID_ARGUMENT, "client is NULL");
  assert_null(executable);
  expect_error(pjrt_client_load(f->client, NULL, &executable),
               PJRT_INVALID_ARGUMENT, "compiled is NULL");
  expect_error(pjrt_compiled_serialize(NULL, &data, &size),
               PJRT_INVALID_ARGUMENT, "compiled is NULL");
  assert_null(data);
  assert_int_equal(size, 0);
  expect_error(pjrt_compiled_generated_code_size(NULL, &code_size),
               PJRT_INVALID_ARGUMENT, "compiled is NULL");
  expect_ok(pjrt_plugin_open(sim_path(), PJRT_NUL_ENDED, NULL, &other));
  expect_ok(pjrt_client_create(other, NULL, &client));
  expect_error(pjrt_client_load(client, compiled, &executable),
               PJRT_INVALID_ARGUMENT, "serialize it and load that");
  assert_int_equal(sim.num_calls("PJRT_Client_Load"), 0);
  sim_fail("PJRT_Client_Load", 1, PJRT_Error_Code_RESOURCE_EXHAUSTED);
  expect_error(pjrt_client_load(f->client, compiled, &executable),
               PJRT_RESOURCE_EXHAUSTED, "the fault");
  assert_null(executable);
  pjrt_compiled_free(compiled);
  pjrt_client_free(client);
  pjrt_plugin_free(other);
}

/* Before 0.95 what was compiled can be serialized, and loaded from that. */
static void test_old_plugin(void **state) {
  pjrt_sim_options options;
  pjrt_executable *executable;
  void *data;
  size_t size;
  (void)state;
  sim_path();
  sim.options_init(&options);
  options.minor = 94;
  fixture *f = fixture_create(&options);
  pjrt_compiled *compiled = compile_here(f, pass_program);
  expect_error(pjrt_client_load(f->client, compiled, &executable),
               PJRT_UNIMPLEMENTED, "API 0.95");
  expect_ok(pjrt_compiled_serialize(compiled, &data, &size));
  expect_ok(pjrt_executable_load(f->client, data, size, &executable));
  expect_it_runs(f, executable);
  pjrt_host_free(data);
  pjrt_executable_free(executable);
  pjrt_compiled_free(compiled);
  fixture_drop(f);
  test_free(f);
  expect_nothing_alive();
}

/* ---- life ---------------------------------------------------------------- */

/* What is compiled for a client's topology keeps the client. */
static void test_outlives_its_client(void **state) {
  fixture *f = *state;
  pjrt_topology *topology;
  pjrt_sim_live live;
  void *data;
  size_t size;
  expect_ok(pjrt_client_topology(f->client, &topology));
  pjrt_compiled *compiled = compile_for(topology, pass_program);
  fixture_drop(f);
  sim.get_live(&live);
  assert_int_equal(live.clients, 1);
  expect_ok(pjrt_compiled_serialize(compiled, &data, &size));
  pjrt_host_free(data);
  pjrt_compiled_free(compiled);
  sim.get_live(&live);
  assert_int_equal(live.clients, 0);
}

static void test_free_of_nothing(void **state) {
  (void)state;
  pjrt_compiled_free(NULL);
}

static int in_child(pjrt_topology *topology, pjrt_compiled *compiled) {
  pjrt_compiled *more;
  void *data;
  size_t size;
  uint64_t print;
  int wrong = 0;
  wrong += pjrt_error_consume(pjrt_compiled_serialize(
               compiled, &data, &size)) != PJRT_FAILED_PRECONDITION;
  wrong += pjrt_error_consume(pjrt_topology_fingerprint(topology, &print)) !=
           PJRT_FAILED_PRECONDITION;
  wrong +=
      pjrt_error_consume(try_compile_for(topology, pass_program, NULL,
                                         &more)) != PJRT_FAILED_PRECONDITION;
  pjrt_compiled_free(compiled);
  return wrong;
}

static void test_fork(void **state) {
  fixture *f = *state;
  pjrt_topology *topology;
  int status;
  expect_ok(pjrt_client_topology(f->client, &topology));
  pjrt_compiled *compiled = compile_for(topology, pass_program);
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) _exit(in_child(topology, compiled));
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
  pjrt_compiled_free(compiled);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_facts),
      sim_test(test_past_the_end),
      sim_test(test_what_is_asked_late),
      sim_test(test_analyses),
      sim_test(test_failures_when_asked_late),
      cmocka_unit_test(test_unchecked),
      sim_test(test_counts_and_devices),
      sim_test(test_refused),
      sim_test(test_failures_while_reading),
      sim_test(test_loads_and_runs_twice),
      sim_test(test_what_was_loaded_is_an_executable),
      sim_test(test_serialized_loads_and_runs),
      sim_test(test_platform_version_may_be_another),
      sim_test(test_load_refused),
      cmocka_unit_test(test_old_plugin),
      sim_test(test_outlives_its_client),
      cmocka_unit_test(test_free_of_nothing),
      sim_test(test_fork),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
