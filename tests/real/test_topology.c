/* Topologies of real plugins, and compiling for them. CPU plugins describe no
 * machine but their client's; those before 0.107 compile for none. */
#include "real/fixture.h"

enum { COMPILES_FROM = 107 };

static pjrt_topology *topology_of(fixture *f) {
  pjrt_topology *topology;
  assert_ok(pjrt_client_topology(f->client, &topology));
  return topology;
}

static void client_tells_its_topology(void **state) {
  fixture *f = *state;
  pjrt_topology *topology = topology_of(f);
  assert_ptr_equal(topology, topology_of(f));
  assert_string_equal(pjrt_topology_platform_name(topology, NULL), "cpu");
  assert_string_equal(pjrt_topology_platform_version(topology, NULL), "cpu");
  assert_int_equal(pjrt_named_values_size(pjrt_topology_attributes(topology)),
                   0);
  assert_int_equal(pjrt_topology_num_devices(topology),
                   pjrt_client_num_devices(f->client));
  for (size_t i = 0; i < pjrt_topology_num_devices(topology); i++) {
    const pjrt_device_description *described =
        pjrt_topology_device(topology, i);
    const pjrt_device *device = pjrt_client_device(f->client, i);
    assert_int_equal(pjrt_device_description_id(described),
                     pjrt_device_id(device));
    assert_int_equal(pjrt_device_description_process_index(described), 0);
    assert_string_equal(pjrt_device_description_kind(described, NULL),
                        pjrt_device_kind(device, NULL));
    assert_string_equal(pjrt_device_description_to_string(described, NULL),
                        pjrt_device_to_string(device, NULL));
    assert_string_equal(pjrt_device_description_debug_string(described, NULL),
                        pjrt_device_debug_string(device, NULL));
  }
  pjrt_topology_free(topology); /* nothing: plugins crash if it is destroyed */
  assert_ptr_equal(topology, topology_of(f));
}

static void no_machine_can_be_named(void **state) {
  fixture *f = *state;
  pjrt_topology *topology;
  assert_code(
      pjrt_topology_create(f->plugin, "cpu", PJRT_NUL_ENDED, NULL, &topology),
      PJRT_UNIMPLEMENTED, "Topology not supported for CPU");
}

static void fingerprints_are_equal_for_equal_machines(void **state) {
  fixture *f = *state;
  uint64_t first, second;
  pjrt_client *client;
  pjrt_topology *topology;
  assert_ok(pjrt_client_create(f->plugin, NULL, &client));
  assert_ok(pjrt_client_topology(client, &topology));
  if (f->minor < 101) {
    assert_refused(pjrt_topology_fingerprint(topology, &first),
                   PJRT_UNIMPLEMENTED, "API 0.101");
  } else {
    assert_ok(pjrt_topology_fingerprint(topology, &first));
    assert_ok(pjrt_topology_fingerprint(topology_of(f), &second));
    assert_true(first == second);
    assert_true(first != 0);
  }
  pjrt_client_free(client);
}

static void memory_kinds_are_those_of_the_memories(void **state) {
  fixture *f = *state;
  const int *ids;
  size_t num;
  pjrt_topology *topology = topology_of(f);
  if (f->minor < 110) {
    assert_refused(pjrt_topology_memory_kind_ids(topology, &ids, &num),
                   PJRT_UNIMPLEMENTED, "API 0.110");
    return;
  }
  assert_ok(pjrt_topology_memory_kind_ids(topology, &ids, &num));
  assert_int_equal(num, pjrt_device_num_memories(f->device));
  for (size_t i = 0; i < num; i++) {
    bool found = false;
    for (size_t m = 0; m < num; m++) {
      pjrt_memory *memory = pjrt_device_memory(f->device, m);
      found = found || pjrt_memory_kind_id(memory) == ids[i];
    }
    if (!found) fail_msg("no memory of the device has kind %d", ids[i]);
  }
}

static void layouts_are_row_major(void **state) {
  fixture *f = *state;
  const int64_t dims[] = {3, 5, 7}, negative[] = {3, -5, 7};
  const int kind = pjrt_memory_kind_id(pjrt_device_default_memory(f->device));
  pjrt_topology *topology = topology_of(f);
  pjrt_layout *layout;
  if (f->minor < 109) {
    assert_refused(pjrt_topology_canonical_layout(topology, kind, PJRT_F32,
                                                  dims, 3, &layout),
                   PJRT_UNIMPLEMENTED, "API 0.109");
    return;
  }
  for (int dtype = 1; dtype <= PJRT_F6E3M2FN; dtype++) {
    if (dtype == PJRT_TOKEN) continue;
    assert_ok(pjrt_topology_canonical_layout(topology, kind, (pjrt_dtype)dtype,
                                             dims, 3, &layout));
    assert_true(pjrt_layout_is_row_major(layout));
    pjrt_layout_free(layout);
  }
  assert_ok(pjrt_topology_canonical_layout(topology, kind, PJRT_F32, NULL, 0,
                                           &layout));
  pjrt_layout_free(layout);
  /* These end the process when the plugin sees them. */
  assert_refused(pjrt_topology_canonical_layout(topology, kind, PJRT_F32,
                                                negative, 3, &layout),
                 PJRT_INVALID_ARGUMENT, "-5");
  assert_refused(pjrt_topology_canonical_layout(topology, kind, PJRT_TOKEN,
                                                dims, 3, &layout),
                 PJRT_INVALID_ARGUMENT, "has no elements");
  assert_refused(pjrt_topology_canonical_layout(
                     topology, kind, PJRT_DTYPE_INVALID, dims, 3, &layout),
                 PJRT_INVALID_ARGUMENT, "has no elements");
}

static void topology_comes_back_from_bytes(void **state) {
  fixture *f = *state;
  pjrt_topology *copy;
  void *data;
  size_t size;
  uint64_t first, second;
  assert_ok(pjrt_topology_serialize(topology_of(f), &data, &size));
  assert_true(size > 0);
  pjrt_error *error = pjrt_topology_deserialize(f->plugin, data, size, &copy);
  pjrt_host_free(data);
  if (f->minor < COMPILES_FROM) {
    assert_code(error, PJRT_NOT_FOUND, "platform");
    return;
  }
  assert_ok(error);
  assert_int_equal(pjrt_topology_num_devices(copy),
                   pjrt_client_num_devices(f->client));
  assert_ok(pjrt_topology_fingerprint(topology_of(f), &first));
  assert_ok(pjrt_topology_fingerprint(copy, &second));
  assert_true(first == second);
  pjrt_topology_free(copy);
}

static void bytes_that_are_none_are_clean_errors(void **state) {
  fixture *f = *state;
  pjrt_topology *topology;
  assert_plugin_error(
      pjrt_topology_deserialize(f->plugin, "garbage!", 8, &topology));
  assert_refused(pjrt_topology_deserialize(f->plugin, "", 0, &topology),
                 PJRT_INVALID_ARGUMENT, "got nothing");
}

/* ---- compiling ----------------------------------------------------------- */

static pjrt_error *try_compile_for(pjrt_topology *topology, const char *code,
                                   const pjrt_compile_opts *opts,
                                   pjrt_compiled **out) {
  pjrt_program *program;
  assert_ok(
      pjrt_program_create(code, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO, &program));
  pjrt_error *error = pjrt_topology_compile(topology, program, opts, out);
  pjrt_program_free(program);
  return error;
}

/* NULL, having checked the plugin's words, where it compiles for no
 * topology. */
static pjrt_compiled *compile_add(fixture *f) {
  pjrt_compiled *compiled;
  pjrt_error *error =
      try_compile_for(topology_of(f), add_program, NULL, &compiled);
  if (f->minor < COMPILES_FROM) {
    assert_code(error, PJRT_NOT_FOUND, "cpu");
    return NULL;
  }
  assert_ok(error);
  return compiled;
}

static void assert_adds(fixture *f, pjrt_executable *add) {
  pjrt_buffer *arg = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0);
  assert_true(pjrt_executable_is_checked(add));
  pjrt_buffer *sum = execute2(add, arg, arg);
  assert_f32(sum, 4, 2, 4, 6, 8);
  pjrt_buffer_free(sum);
  pjrt_buffer_free(arg);
}

static void check_analyses(pjrt_compiled *add) {
  pjrt_named_values *cost;
  pjrt_memory_analysis memory;
  pjrt_program *program;
  void *options;
  size_t size;
  const char *kind;
  assert_code(pjrt_compiled_cost_analysis(add, &cost), PJRT_UNIMPLEMENTED, "");
  pjrt_memory_analysis_init(&memory);
  assert_ok(pjrt_compiled_memory_analysis(add, &memory));
  assert_int_equal(memory.argument_size_in_bytes.value, 2 * 4 * 4);
  assert_ok(pjrt_compiled_optimized_program(add, &program));
  pjrt_program_free(program);
  assert_ok(pjrt_compiled_compile_options(add, &options, &size));
  assert_true(size > 0);
  pjrt_host_free(options);
  assert_ok(pjrt_compiled_parameter_memory_kind(add, 1, &kind, NULL));
  assert_string_equal(kind, "device");
  assert_ok(pjrt_compiled_output_memory_kind(add, 0, &kind, NULL));
  assert_string_equal(kind, "device");
}

static void what_is_compiled_tells_its_facts(void **state) {
  size_t size;
  int64_t code_size;
  char *print;
  pjrt_compiled *add = compile_add(*state);
  if (!add) return;
  assert_int_equal(pjrt_compiled_num_replicas(add), 1);
  assert_int_equal(pjrt_compiled_num_partitions(add), 1);
  assert_true(pjrt_compiled_is_checked(add));
  assert_int_equal(pjrt_compiled_num_parameters(add), 2);
  assert_int_equal(pjrt_compiled_parameter_dtype(add, 1), PJRT_F32);
  assert_int_equal(pjrt_compiled_parameter_dims(add, 1, &size)[0], 4);
  assert_int_equal(size, 1);
  assert_int_equal(pjrt_compiled_num_outputs(add), 1);
  assert_int_equal(pjrt_compiled_output_dtype(add, 0), PJRT_F32);
  assert_ok(pjrt_compiled_generated_code_size(add, &code_size));
  assert_ok(pjrt_compiled_fingerprint(add, &print, &size));
  assert_true(size > 0);
  pjrt_host_free(print);
  check_analyses(add);
  pjrt_compiled_free(add);
}

static void what_is_compiled_loads_and_runs(void **state) {
  fixture *f = *state;
  pjrt_executable *first, *second;
  pjrt_compiled *add = compile_add(f);
  if (!add) return;
  assert_ok(pjrt_client_load(f->client, add, &first));
  assert_ok(pjrt_client_load(f->client, add, &second));
  pjrt_compiled_free(add);
  assert_adds(f, first);
  assert_adds(f, second);
  pjrt_executable_free(first);
  pjrt_executable_free(second);
}

static void what_is_serialized_loads_and_runs(void **state) {
  fixture *f = *state;
  pjrt_executable *executable;
  void *data;
  size_t size;
  pjrt_compiled *add = compile_add(f);
  if (!add) return;
  assert_ok(pjrt_compiled_serialize(add, &data, &size));
  pjrt_compiled_free(add);
  assert_ok(pjrt_executable_load(f->client, data, size, &executable));
  pjrt_host_free(data);
  assert_adds(f, executable);
  pjrt_executable_free(executable);
}

/* Compiled for a topology that is not the client's own, but a copy. */
static void a_copy_of_the_topology_will_do(void **state) {
  fixture *f = *state;
  pjrt_topology *copy;
  pjrt_compiled *add;
  pjrt_executable *executable;
  void *data;
  size_t size;
  if (f->minor < COMPILES_FROM)
    skip_because("0.%d reads no topology", f->minor);
  assert_ok(pjrt_topology_serialize(topology_of(f), &data, &size));
  assert_ok(pjrt_topology_deserialize(f->plugin, data, size, &copy));
  pjrt_host_free(data);
  assert_ok(try_compile_for(copy, add_program, NULL, &add));
  pjrt_topology_free(copy);
  assert_ok(pjrt_client_load(f->client, add, &executable));
  assert_adds(f, executable);
  pjrt_executable_free(executable);
  pjrt_compiled_free(add);
}

static void wrong_programs_are_clean_errors(void **state) {
  fixture *f = *state;
  pjrt_topology *topology = topology_of(f);
  pjrt_compiled *compiled;
  pjrt_compile_opts opts;
  pjrt_compile_opts_init(&opts);
  assert_plugin_error(
      try_compile_for(topology, "func.func @main(", NULL, &compiled));
  opts.num_replicas = 5;
  assert_refused(try_compile_for(topology, add_program, &opts, &compiled),
                 PJRT_INVALID_ARGUMENT, "the topology has 4");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(client_tells_its_topology),
      cmocka_unit_test(no_machine_can_be_named),
      cmocka_unit_test(fingerprints_are_equal_for_equal_machines),
      cmocka_unit_test(memory_kinds_are_those_of_the_memories),
      cmocka_unit_test(layouts_are_row_major),
      cmocka_unit_test(topology_comes_back_from_bytes),
      cmocka_unit_test(bytes_that_are_none_are_clean_errors),
      cmocka_unit_test(what_is_compiled_tells_its_facts),
      cmocka_unit_test(what_is_compiled_loads_and_runs),
      cmocka_unit_test(what_is_serialized_loads_and_runs),
      cmocka_unit_test(a_copy_of_the_topology_will_do),
      cmocka_unit_test(wrong_programs_are_clean_errors),
  };
  return RUN_REAL_TESTS(tests);
}
