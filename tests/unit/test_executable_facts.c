/* What is asked of an executable when somebody wants to know. */
#include <limits.h>
#include <stddef.h>

#include "abi/plugin.h"
#include "sim_fixture.h"
#include "wire_writer.h"

static fixture *at_minor(int minor) {
  pjrt_sim_options options;
  sim_path();
  sim.options_init(&options);
  options.minor = minor;
  return fixture_create(&options);
}

static pjrt_executable *compile_pass(const fixture *f) {
  return compile(f->client, pass_program, NULL);
}

static pjrt_compile_opts two_replicas(const int *ids) {
  pjrt_compile_opts opts;
  pjrt_compile_opts_init(&opts);
  opts.num_replicas = 2;
  opts.device_ids = ids;
  opts.num_device_ids = 2;
  return opts;
}

/* ---- refused alike ------------------------------------------------------- */

/* Nothing is told of no executable, and of one that was deleted. */
static void expect_refused(pjrt_executable *executable, pjrt_code code,
                           const char *why) {
  void *bytes = &code;
  size_t size = 7;
  const char *text = "x";
  int ids[1], replica = 7, partition = 7;
  pjrt_named_values *costs = (pjrt_named_values *)&code;
  pjrt_program *program = (pjrt_program *)&code;
  pjrt_memory_analysis analysis;
  pjrt_memory_analysis_init(&analysis);
  analysis.temp_size_in_bytes = (pjrt_optional_int64){7, true};
  expect_error(pjrt_executable_cost_analysis(executable, &costs), code, why);
  assert_null(costs);
  expect_error(pjrt_executable_memory_analysis(executable, &analysis), code,
               why);
  assert_false(analysis.temp_size_in_bytes.has_value);
  expect_error(pjrt_executable_optimized_program(executable, &program), code,
               why);
  assert_null(program);
  expect_error(pjrt_executable_compile_options(executable, &bytes, &size), code,
               why);
  assert_true(!bytes && size == 0);
  expect_error(
      pjrt_executable_parameter_memory_kind(executable, 0, &text, &size), code,
      why);
  assert_null(text);
  expect_error(pjrt_executable_output_memory_kind(executable, 0, &text, NULL),
               code, why);
  expect_error(pjrt_executable_device_assignment(executable, ids, 1), code,
               why);
  expect_error(
      pjrt_executable_device_logical_ids(executable, 0, &replica, &partition),
      code, why);
  assert_true(replica == 0 && partition == 0);
}

static void test_refused(void **state) {
  const fixture *f = *state;
  pjrt_executable *executable = compile_pass(f);
  const size_t before = sim.num_calls("PJRT_Executable_OptimizedProgram");
  expect_refused(NULL, PJRT_INVALID_ARGUMENT, "executable is NULL");
  expect_ok(pjrt_executable_delete(executable));
  expect_refused(executable, PJRT_FAILED_PRECONDITION, "was deleted");
  assert_int_equal(sim.num_calls("PJRT_Executable_OptimizedProgram"), before);
  assert_int_equal(sim.num_calls("PJRT_Executable_GetCostAnalysis"), 0);
  pjrt_executable_free(executable);
}

/* ---- deleted ------------------------------------------------------------- */

static PJRT_Error *is_deleted(PJRT_LoadedExecutable_IsDeleted_Args *args) {
  args->is_deleted = true;
  return NULL;
}

static PJRT_Error *is_not_deleted(PJRT_LoadedExecutable_IsDeleted_Args *args) {
  args->is_deleted = false;
  return NULL;
}

/* Plugins forget, and may delete by themselves. */
static void test_is_deleted(void **state) {
  fixture *f = *state;
  pjrt_executable *executable = compile_pass(f);
  assert_false(pjrt_executable_is_deleted(executable));
  assert_int_equal(sim.num_calls("PJRT_LoadedExecutable_IsDeleted"), 1);
  sim_fail("PJRT_LoadedExecutable_IsDeleted", 1, PJRT_Error_Code_INTERNAL);
  assert_false(pjrt_executable_is_deleted(executable));
  f->plugin->table.PJRT_LoadedExecutable_IsDeleted = is_deleted;
  assert_true(pjrt_executable_is_deleted(executable));
  f->plugin->table.PJRT_LoadedExecutable_IsDeleted = is_not_deleted;
  expect_ok(pjrt_executable_delete(executable));
  assert_true(pjrt_executable_is_deleted(executable));
  pjrt_executable_free(executable);
}

/* ---- fingerprints -------------------------------------------------------- */

static PJRT_Error *old_fingerprint(
    PJRT_LoadedExecutable_Fingerprint_Args *args) {
  args->executable_fingerprint = "whorls";
  args->executable_fingerprint_size = 6;
  return NULL;
}

static void test_fingerprint_of_old(void **state) {
  fixture *f = *state;
  pjrt_executable *executable = compile_pass(f);
  const char *text;
  size_t size;
  f->plugin->table.PJRT_Executable_Fingerprint = NULL;
  expect_error(pjrt_executable_fingerprint(executable, &text, &size),
               PJRT_UNIMPLEMENTED, "no PJRT_Executable_Fingerprint");
  assert_int_equal(sim.num_calls("PJRT_LoadedExecutable_Fingerprint"), 1);
  f->plugin->table.PJRT_LoadedExecutable_Fingerprint = old_fingerprint;
  for (int i = 0; i < 2; i++) {
    expect_ok(pjrt_executable_fingerprint(executable, &text, &size));
    assert_int_equal(size, 6);
    assert_string_equal(text, "whorls");
  }
  pjrt_executable_free(executable);
}

/* Only what is not implemented is asked another way. */
static void test_fingerprint_that_fails(void **state) {
  const fixture *f = *state;
  pjrt_executable *executable = compile_pass(f);
  const char *text;
  size_t size;
  sim_fail("PJRT_Executable_Fingerprint", 1, PJRT_Error_Code_DATA_LOSS);
  expect_error(pjrt_executable_fingerprint(executable, &text, &size),
               PJRT_DATA_LOSS, "the fault");
  assert_int_equal(sim.num_calls("PJRT_LoadedExecutable_Fingerprint"), 0);
  pjrt_executable_free(executable);
}

/* ---- analyses ------------------------------------------------------------ */

static void test_cost_analysis(void **state) {
  const fixture *f = *state;
  pjrt_executable *executable = compile_pass(f);
  pjrt_named_values *costs;
  expect_ok(pjrt_executable_cost_analysis(executable, &costs));
  const size_t i = pjrt_named_values_find(costs, "flops", PJRT_NUL_ENDED);
  assert_int_equal(pjrt_named_values_kind(costs, i), PJRT_VALUE_FLOAT);
  assert_true(pjrt_named_values_float(costs, i) == 8.0f);
  sim_fail("PJRT_Executable_GetCostAnalysis", 1, PJRT_Error_Code_UNIMPLEMENTED);
  pjrt_executable_free(executable);
  pjrt_named_values_free(costs); /* lives on its own */
}

static PJRT_Error *nameless_costs(PJRT_Executable_GetCostAnalysis_Args *args) {
  static const PJRT_NamedValue value = {.name = NULL, .name_size = 5};
  args->properties = &value;
  args->num_properties = 1;
  return NULL;
}

static void test_costs_that_are_garbage(void **state) {
  fixture *f = *state;
  pjrt_executable *executable = compile_pass(f);
  pjrt_named_values *costs;
  f->plugin->table.PJRT_Executable_GetCostAnalysis = nameless_costs;
  pjrt_error *error = pjrt_executable_cost_analysis(executable, &costs);
  assert_string_equal(pjrt_error_call(error),
                      "PJRT_Executable_GetCostAnalysis");
  expect_error(error, PJRT_INTERNAL, "name_size 5 and a NULL");
  assert_null(costs);
  pjrt_executable_free(executable);
}

static pjrt_memory_analysis analyze(int minor) {
  fixture *f = at_minor(minor);
  pjrt_executable *executable = compile_pass(f);
  pjrt_memory_analysis analysis;
  pjrt_memory_analysis_init(&analysis);
  expect_ok(pjrt_executable_memory_analysis(executable, &analysis));
  pjrt_executable_free(executable);
  fixture_close((void **)&f);
  return analysis;
}

/* A plugin tells what its version has, and the rest is not known. */
static void test_memory_analysis(void **state) {
  static const int minors[] = {40, 42, 43, 71, 72, 89, 90, 103, 104, 117, 118};
  (void)state;
  for (size_t i = 0; i < sizeof minors / sizeof *minors; i++) {
    const pjrt_memory_analysis a = analyze(minors[i]);
    const int minor = minors[i];
    assert_true(a.generated_code_size_in_bytes.has_value);
    assert_int_equal(a.generated_code_size_in_bytes.value,
                     strlen(pass_program));
    assert_int_equal(a.argument_size_in_bytes.value, 24);
    assert_true(a.output_size_in_bytes.has_value);
    assert_int_equal(a.output_size_in_bytes.value, 24);
    assert_true(a.alias_size_in_bytes.has_value);
    assert_true(a.temp_size_in_bytes.has_value);
    assert_int_equal(a.host_generated_code_size_in_bytes.has_value,
                     minor >= 43);
    assert_int_equal(a.host_argument_size_in_bytes.has_value, minor >= 43);
    assert_int_equal(a.host_output_size_in_bytes.has_value, minor >= 43);
    assert_int_equal(a.host_alias_size_in_bytes.has_value, minor >= 43);
    assert_int_equal(a.host_temp_size_in_bytes.has_value, minor >= 43);
    assert_int_equal(a.peak_memory_in_bytes.has_value, minor >= 72);
    assert_int_equal(a.total_size_in_bytes.has_value, minor >= 90);
    assert_int_equal(a.total_allocation_bytes.has_value, minor >= 104);
    assert_int_equal(a.indefinite_allocations.has_value, minor >= 104);
    assert_int_equal(a.peak_unpadded_heap_bytes.has_value, minor >= 104);
    assert_int_equal(a.peak_unpadded_heap_bytes.value, 0);
  }
}

static PJRT_Error *tell_each(PJRT_Executable_GetCompiledMemoryStats_Args *a) {
  a->generated_code_size_in_bytes = 1;
  a->argument_size_in_bytes = 2;
  a->output_size_in_bytes = 3;
  a->alias_size_in_bytes = 4;
  a->temp_size_in_bytes = 5;
  a->host_generated_code_size_in_bytes = 6;
  a->host_argument_size_in_bytes = 7;
  a->host_output_size_in_bytes = 8;
  a->host_alias_size_in_bytes = 9;
  a->host_temp_size_in_bytes = 10;
  a->peak_memory_in_bytes = 11;
  a->total_size_in_bytes = 12;
  a->total_allocation_bytes = 13;
  a->indefinite_allocations = -1;
  a->peak_unpadded_heap_bytes = 15;
  return NULL;
}

static void test_every_size_is_told(void **state) {
  fixture *f = *state;
  pjrt_executable *executable = compile_pass(f);
  pjrt_memory_analysis a;
  pjrt_memory_analysis_init(&a);
  f->plugin->table.PJRT_Executable_GetCompiledMemoryStats = tell_each;
  expect_ok(pjrt_executable_memory_analysis(executable, &a));
  assert_int_equal(a.generated_code_size_in_bytes.value, 1);
  assert_int_equal(a.argument_size_in_bytes.value, 2);
  assert_int_equal(a.output_size_in_bytes.value, 3);
  assert_int_equal(a.alias_size_in_bytes.value, 4);
  assert_int_equal(a.temp_size_in_bytes.value, 5);
  assert_int_equal(a.host_generated_code_size_in_bytes.value, 6);
  assert_int_equal(a.host_argument_size_in_bytes.value, 7);
  assert_int_equal(a.host_output_size_in_bytes.value, 8);
  assert_int_equal(a.host_alias_size_in_bytes.value, 9);
  assert_int_equal(a.host_temp_size_in_bytes.value, 10);
  assert_int_equal(a.peak_memory_in_bytes.value, 11);
  assert_int_equal(a.total_size_in_bytes.value, 12);
  assert_int_equal(a.total_allocation_bytes.value, 13);
  assert_int_equal(a.indefinite_allocations.value, -1);
  assert_int_equal(a.peak_unpadded_heap_bytes.value, 15);
  /* An older caller's struct ends earlier. */
  memset(&a, 0x5a, sizeof a);
  a.struct_size = offsetof(pjrt_memory_analysis, output_size_in_bytes);
  expect_ok(pjrt_executable_memory_analysis(executable, &a));
  assert_int_equal(a.argument_size_in_bytes.value, 2);
  assert_int_equal(a.output_size_in_bytes.value, 0x5a5a5a5a5a5a5a5a);
  a.struct_size = 0;
  expect_error(pjrt_executable_memory_analysis(executable, &a),
               PJRT_INVALID_ARGUMENT, "call pjrt_memory_analysis_init first");
  expect_error(pjrt_executable_memory_analysis(executable, NULL),
               PJRT_INVALID_ARGUMENT, "pjrt_memory_analysis is NULL");
  pjrt_executable_free(executable);
}

/* ---- the optimized program ----------------------------------------------- */

static PJRT_Program told; /* what the plugin answers with */

static PJRT_Error *tell_program(PJRT_Executable_OptimizedProgram_Args *args) {
  PJRT_Program *out = args->program;
  if (out->code) memcpy(out->code, told.code, told.code_size);
  out->code_size = told.code_size;
  out->format = told.format;
  out->format_size = told.format_size;
  return NULL;
}

static void tell(fixture *f, const char *format, const void *code,
                 size_t size) {
  told = (PJRT_Program){.code = (char *)(uintptr_t)code,
                        .code_size = size,
                        .format = format,
                        .format_size = format ? strlen(format) : 0};
  f->plugin->table.PJRT_Executable_OptimizedProgram = tell_program;
}

static void expect_code(pjrt_executable *executable, pjrt_program_format format,
                        const void *code, size_t size) {
  pjrt_program *program;
  size_t got;
  expect_ok(pjrt_executable_optimized_program(executable, &program));
  assert_int_equal(pjrt_program_format_of(program), format);
  const void *bytes = pjrt_program_code(program, &got);
  assert_int_equal(got, size);
  assert_memory_equal(bytes, code, size);
  pjrt_program_free(program);
}

static void test_optimized_program(void **state) {
  fixture *f = *state;
  static const char mlir[] = "module {}";
  pjrt_executable *executable = compile_pass(f);
  pjrt_program *program;
  wire_writer module = {.size = 0}, with_config = {.size = 0};
  size_t size;
  expect_ok(pjrt_executable_optimized_program(executable, &program));
  assert_int_equal(pjrt_program_format_of(program), PJRT_FORMAT_HLO);
  pjrt_program_code(program, &size);
  assert_true(size > 16);
  pjrt_program_free(program);
  /* The module alone is what plugins compile. */
  wire_field(&module, 1, "main", 4);
  wire_field(&with_config, 2, "config", 6);
  wire_message(&with_config, 1, &module);
  tell(f, "hlo", module.data, module.size);
  expect_code(executable, PJRT_FORMAT_HLO, module.data, module.size);
  tell(f, "hlo_with_config", with_config.data, with_config.size);
  expect_code(executable, PJRT_FORMAT_HLO, module.data, module.size);
  tell(f, "mlir", mlir, sizeof mlir - 1);
  expect_code(executable, PJRT_FORMAT_MLIR, mlir, sizeof mlir - 1);
  pjrt_executable_free(executable);
}

static void expect_no_program(pjrt_executable *executable, pjrt_code code,
                              const char *part) {
  pjrt_program *program = (pjrt_program *)executable;
  pjrt_error *error = pjrt_executable_optimized_program(executable, &program);
  assert_string_equal(pjrt_error_call(error),
                      "PJRT_Executable_OptimizedProgram");
  assert_non_null(strstr(pjrt_error_plugin(error), "libpjrt_sim.so"));
  expect_error(error, code, part);
  assert_null(program);
}

static void test_programs_that_are_none(void **state) {
  fixture *f = *state;
  static const char long_format[] =
      "0123456789012345678901234567890123456789 and more";
  pjrt_executable *executable = compile_pass(f);
  tell(f, "ptx", "x", 1);
  expect_no_program(executable, PJRT_UNIMPLEMENTED, "'ptx', expected hlo");
  tell(f, long_format, "x", 1);
  expect_no_program(executable, PJRT_UNIMPLEMENTED, "56789', expected hlo");
  tell(f, NULL, "x", 1);
  expect_no_program(executable, PJRT_UNIMPLEMENTED, "as '', expected hlo");
  tell(f, "hlo", "", 0);
  expect_no_program(executable, PJRT_INTERNAL, "is empty");
  tell(f, "hlo_with_config", "\x0a", 2);
  expect_no_program(executable, PJRT_INTERNAL, "is empty");
  tell(f, "hlo_with_config", "\x12\x01x", 3);
  expect_no_program(executable, PJRT_INTERNAL, "holds no module");
  tell(f, "hlo_with_config", "\x0a\x7f", 2);
  expect_no_program(executable, PJRT_INTERNAL, "holds no module");
  pjrt_executable_free(executable);
}

/* ---- compile options ----------------------------------------------------- */

/* What comes out compiles the same again. */
static void test_compile_options(void **state) {
  const fixture *f = *state;
  static const int ids[] = {3, 1};
  pjrt_compile_opts opts = two_replicas(ids);
  pjrt_executable *executable = compile(f->client, pass_program, &opts);
  void *first, *second;
  size_t first_size, second_size;
  expect_ok(pjrt_executable_compile_options(executable, &first, &first_size));
  pjrt_executable_free(executable);
  pjrt_compile_opts_init(&opts);
  opts.serialized = first;
  opts.serialized_size = first_size;
  executable = compile(f->client, pass_program, &opts);
  assert_int_equal(pjrt_executable_num_replicas(executable), 2);
  assert_int_equal(pjrt_device_id(pjrt_executable_device(executable, 0)), 3);
  expect_ok(pjrt_executable_compile_options(executable, &second, &second_size));
  assert_int_equal(first_size, second_size);
  assert_memory_equal(first, second, first_size);
  sim_fail("PJRT_Executable_GetCompileOptions", 1, PJRT_Error_Code_DATA_LOSS);
  pjrt_host_free(second);
  expect_error(
      pjrt_executable_compile_options(executable, &second, &second_size),
      PJRT_DATA_LOSS, "the fault");
  assert_true(!second && second_size == 0);
  pjrt_host_free(first);
  pjrt_executable_free(executable);
}

/* ---- memory kinds -------------------------------------------------------- */

static void test_memory_kinds(void **state) {
  const fixture *f = *state;
  pjrt_executable *executable = compile_pass(f);
  const char *first, *again;
  size_t size;
  for (size_t i = 0; i < 2; i++) {
    expect_ok(
        pjrt_executable_parameter_memory_kind(executable, i, &first, &size));
    assert_string_equal(first, "device");
    assert_int_equal(size, 6);
    expect_ok(pjrt_executable_output_memory_kind(executable, i, &first, NULL));
    assert_string_equal(first, "device");
  }
  expect_ok(pjrt_executable_output_memory_kind(executable, 1, &again, NULL));
  assert_ptr_equal(first, again);
  assert_int_equal(sim.num_calls("PJRT_Executable_ParameterMemoryKinds"), 1);
  assert_int_equal(sim.num_calls("PJRT_Executable_OutputMemoryKinds"), 1);
  expect_error(
      pjrt_executable_parameter_memory_kind(executable, 2, &first, &size),
      PJRT_INVALID_ARGUMENT,
      "no parameter 2: the plugin tells the memory "
      "kinds of 2");
  assert_true(!first && size == 0);
  expect_error(
      pjrt_executable_output_memory_kind(executable, SIZE_MAX, &first, NULL),
      PJRT_INVALID_ARGUMENT, "no output");
  pjrt_executable_free(executable);
}

static PJRT_Executable_OutputMemoryKinds_Args kinds;

static PJRT_Error *tell_kinds(PJRT_Executable_OutputMemoryKinds_Args *args) {
  args->num_outputs = kinds.num_outputs;
  args->memory_kinds = kinds.memory_kinds;
  args->memory_kind_sizes = kinds.memory_kind_sizes;
  return NULL;
}

static void test_kinds_that_are_garbage(void **state) {
  fixture *f = *state;
  static const char *const texts[] = {"device", NULL};
  static const size_t sizes[] = {6, 3}, huge[] = {SIZE_MAX, 6};
  pjrt_executable *executable = compile_pass(f);
  const PJRT_Executable_OutputMemoryKinds_Args wrong[] = {
      {.num_outputs = 2, .memory_kinds = texts, .memory_kind_sizes = sizes},
      {.num_outputs = 1, .memory_kinds = texts, .memory_kind_sizes = huge},
      {.num_outputs = 1, .memory_kinds = texts},
      {.num_outputs = 1, .memory_kind_sizes = sizes},
      {.num_outputs = SIZE_MAX,
       .memory_kinds = texts,
       .memory_kind_sizes = sizes}};
  const char *text;
  f->plugin->table.PJRT_Executable_OutputMemoryKinds = tell_kinds;
  for (size_t i = 0; i < 5; i++) {
    kinds = wrong[i];
    pjrt_error *error =
        pjrt_executable_output_memory_kind(executable, 0, &text, NULL);
    assert_string_equal(pjrt_error_call(error),
                        "PJRT_Executable_OutputMemoryKinds");
    expect_error(error, PJRT_INTERNAL, "the plugin answered with");
    assert_null(text);
  }
  kinds = (PJRT_Executable_OutputMemoryKinds_Args){
      .num_outputs = 1, .memory_kinds = texts, .memory_kind_sizes = sizes};
  expect_ok(pjrt_executable_output_memory_kind(executable, 0, &text, NULL));
  assert_string_equal(text, "device");
  pjrt_executable_free(executable);
}

/* ---- devices ------------------------------------------------------------- */

static void test_device_assignment(void **state) {
  const fixture *f = *state;
  static const int wanted[] = {3, 1};
  const pjrt_compile_opts opts = two_replicas(wanted);
  pjrt_executable *executable = compile(f->client, pass_program, &opts);
  int ids[2] = {-1, -1};
  expect_ok(pjrt_executable_device_assignment(executable, ids, 2));
  assert_memory_equal(ids, wanted, sizeof ids);
  expect_error(pjrt_executable_device_assignment(executable, ids, 1),
               PJRT_INVALID_ARGUMENT, "room for 1 device ids, expected 2");
  expect_error(pjrt_executable_device_assignment(executable, NULL, 2),
               PJRT_INVALID_ARGUMENT, "room for 0");
  for (size_t i = 0; i < 2; i++) {
    int replica = -1, partition = -1;
    expect_ok(pjrt_executable_device_logical_ids(executable, i, &replica,
                                                 &partition));
    assert_int_equal(pjrt_device_id(pjrt_executable_device(executable, i)),
                     ids[replica]);
    assert_int_equal(partition, 0);
  }
  pjrt_executable_free(executable);
}

static void test_assignment_of_partitions(void **state) {
  const fixture *f = *state;
  static const int wanted[] = {3, 1, 0, 2};
  pjrt_compile_opts opts = two_replicas(wanted);
  opts.num_partitions = 2;
  opts.num_device_ids = 4;
  pjrt_executable *executable = compile(f->client, pass_program, &opts);
  int ids[4] = {-1, -1, -1, -1}, replica, partition;
  expect_ok(pjrt_executable_device_assignment(executable, ids, 4));
  assert_memory_equal(ids, wanted, sizeof ids);
  for (size_t i = 0; i < 4; i++) {
    expect_ok(pjrt_executable_device_logical_ids(executable, i, &replica,
                                                 &partition));
    assert_int_equal(pjrt_device_id(pjrt_executable_device(executable, i)),
                     wanted[replica * 2 + partition]);
  }
  expect_error(
      pjrt_executable_device_logical_ids(executable, 4, &replica, &partition),
      PJRT_INVALID_ARGUMENT, "no device 4: the executable main has 4");
  pjrt_executable_free(executable);
}

static void test_devices_of_a_portable_one(void **state) {
  const fixture *f = *state;
  pjrt_compile_opts opts;
  int id, replica, partition;
  pjrt_compile_opts_init(&opts);
  opts.compile_portable_executable = true;
  pjrt_executable *executable = compile(f->client, pass_program, &opts);
  expect_error(pjrt_executable_device_assignment(executable, &id, 1),
               PJRT_FAILED_PRECONDITION, "main is portable");
  expect_error(
      pjrt_executable_device_logical_ids(executable, 0, &replica, &partition),
      PJRT_INVALID_ARGUMENT, "has 0 in this process");
  pjrt_executable_free(executable);
}

static wire_writer assignment;
static size_t num_freed;

static void count_freed(PJRT_DeviceAssignmentSerialized *object) {
  assert_ptr_equal(object, &num_freed);
  num_freed++;
}

static PJRT_Error *tell_assignment(
    PJRT_LoadedExecutable_GetDeviceAssignment_Args *args) {
  args->serialized_bytes = (const char *)assignment.data;
  args->serialized_bytes_size = assignment.size;
  args->serialized_device_assignment =
      (PJRT_DeviceAssignmentSerialized *)&num_freed;
  args->serialized_device_assignment_deleter = count_freed;
  return NULL;
}

/* An assignment of one replica per id. */
static void assign(const int64_t *ids, size_t num, size_t num_partitions) {
  assignment.size = 0;
  wire_number(&assignment, 1, num);
  wire_number(&assignment, 2, num_partitions);
  for (size_t p = 0; p < num_partitions; p++) {
    wire_writer devices = {.size = 0};
    for (size_t r = 0; r < num; r++) wire_number(&devices, 1, (uint64_t)ids[r]);
    wire_message(&assignment, 3, &devices);
  }
}

static void expect_no_assignment(pjrt_executable *executable,
                                 const char *part) {
  int id = 7;
  const size_t before = num_freed;
  pjrt_error *error = pjrt_executable_device_assignment(executable, &id, 1);
  assert_string_equal(pjrt_error_call(error),
                      "PJRT_LoadedExecutable_GetDeviceAssignment");
  expect_error(error, PJRT_INTERNAL, part);
  assert_int_equal(num_freed, before + 1);
}

static void test_assignments_that_are_garbage(void **state) {
  fixture *f = *state;
  static const int64_t ids[] = {2, 3}, large[] = {INT64_C(1) << 32};
  pjrt_executable *executable = compile_pass(f);
  int id;
  f->plugin->table.PJRT_LoadedExecutable_GetDeviceAssignment = tell_assignment;
  assign(ids, 1, 1);
  expect_ok(pjrt_executable_device_assignment(executable, &id, 1));
  assert_int_equal(id, 2);
  assign(ids, 2, 1);
  expect_no_assignment(executable, "is not that of 1 replicas");
  assign(ids, 1, 2);
  expect_no_assignment(executable, "is not that of");
  assign(ids, 0, 0);
  expect_no_assignment(executable, "is not that of");
  assign(large, 1, 1);
  expect_no_assignment(executable, "has an id that is none");
  assignment.size--;
  expect_no_assignment(executable, "does not parse");
  pjrt_executable_free(executable);
}

static PJRT_Error *tell_no_ids(
    PJRT_LoadedExecutable_AddressableDeviceLogicalIds_Args *args) {
  args->num_addressable_device_logical_ids = 0;
  return NULL;
}

static void test_logical_ids_that_lack(void **state) {
  fixture *f = *state;
  pjrt_executable *executable = compile_pass(f);
  int replica, partition;
  f->plugin->table.PJRT_LoadedExecutable_AddressableDeviceLogicalIds =
      tell_no_ids;
  expect_error(
      pjrt_executable_device_logical_ids(executable, 0, &replica, &partition),
      PJRT_INTERNAL, "logical ids of 0 devices, expected 1");
  pjrt_executable_free(executable);
}

/* ---- old plugins --------------------------------------------------------- */

static void test_old_plugin(void **state) {
  fixture *f = at_minor(78);
  pjrt_executable *executable = compile_pass(f);
  const char *text;
  void *bytes;
  size_t size;
  int id, replica, partition;
  (void)state;
  const pjrt_code code = PJRT_UNIMPLEMENTED;
  expect_error(pjrt_executable_device_assignment(executable, &id, 1), code,
               "API 0.79");
  expect_error(pjrt_executable_compile_options(executable, &bytes, &size), code,
               "API 0.87");
  expect_error(
      pjrt_executable_device_logical_ids(executable, 0, &replica, &partition),
      code, "API 0.96");
  expect_error(
      pjrt_executable_parameter_memory_kind(executable, 0, &text, NULL), code,
      "API 0.102");
  expect_ok(pjrt_executable_output_memory_kind(executable, 0, &text, NULL));
  pjrt_executable_free(executable);
  fixture_close((void **)&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_refused),
      sim_test(test_is_deleted),
      sim_test(test_fingerprint_of_old),
      sim_test(test_fingerprint_that_fails),
      sim_test(test_cost_analysis),
      sim_test(test_costs_that_are_garbage),
      cmocka_unit_test(test_memory_analysis),
      sim_test(test_every_size_is_told),
      sim_test(test_optimized_program),
      sim_test(test_programs_that_are_none),
      sim_test(test_compile_options),
      sim_test(test_memory_kinds),
      sim_test(test_kinds_that_are_garbage),
      sim_test(test_device_assignment),
      sim_test(test_assignment_of_partitions),
      sim_test(test_devices_of_a_portable_one),
      sim_test(test_assignments_that_are_garbage),
      sim_test(test_logical_ids_that_lack),
      cmocka_unit_test(test_old_plugin),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
