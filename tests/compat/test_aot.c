/* Compiling for machines that are not there: TPUs with libtpu, and an H100 with
 * the CUDA plugin.
 * tier: all */
#include <stdio.h>
#include <sys/stat.h>

#include "compat/machines.h"

/* Of f32[1024,1024], two parameters and one output; serialized it is an
 * artifact. */
static void check_matmul(pjrt_compiled *matmul) {
  size_t num;
  void *data;
  assert_true(pjrt_compiled_is_checked(matmul));
  assert_int_equal(pjrt_compiled_num_parameters(matmul), 2);
  assert_int_equal(pjrt_compiled_parameter_dtype(matmul, 1), PJRT_F32);
  assert_int_equal(pjrt_compiled_parameter_dims(matmul, 1, &num)[1], 1024);
  assert_int_equal(num, 2);
  assert_int_equal(pjrt_compiled_num_outputs(matmul), 1);
  assert_int_equal(pjrt_compiled_output_dims(matmul, 0, &num)[0], 1024);
  assert_int_equal(num, 2);
  assert_ok(pjrt_compiled_serialize(matmul, &data, &num));
  assert_true(pjrt_executable_is_serialized(data, num));
  pjrt_host_free(data);
}

/* ---- TPUs ---------------------------------------------------------------- */

static void every_generation_of_tpus(void **state) {
  static const struct {
    const char *name;
    size_t num_devices;
    const char *kind;
  } machines[] = {
      {"v2:2x2", 8, "TPU v2"},        {"v3:2x2", 8, "TPU v3"},
      {"v4:2x2x1", 8, "TPU v4"},      {"v5e:2x2", 4, "TPU v5 lite"},
      {"v5p:2x2x1", 4, "TPU v5"},     {"v6e:2x4", 8, "TPU v6 lite"},
      {"v5e:4x4", 16, "TPU v5 lite"},
  };
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  for (size_t i = 0; i < sizeof machines / sizeof *machines; i++) {
    pjrt_compiled *matmul;
    pjrt_topology *topology = tpu(plugin, machines[i].name);
    assert_string_equal(pjrt_topology_platform_name(topology, NULL), "tpu");
    assert_int_equal(pjrt_topology_num_devices(topology),
                     machines[i].num_devices);
    assert_string_equal(
        pjrt_device_description_kind(pjrt_topology_device(topology, 0), NULL),
        machines[i].kind);
    assert_ok(try_compile_for(topology, matmul_program, NULL, &matmul));
    check_matmul(matmul);
    pjrt_compiled_free(matmul);
    pjrt_topology_free(topology);
  }
  pjrt_plugin_free(plugin);
}

static void tpus_tell_their_facts(void **state) {
  const int64_t dims[] = {16, 256};
  pjrt_layout *layout;
  const int *kinds;
  size_t num;
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  pjrt_topology *topology = tpu(plugin, "v5e:2x2");
  const pjrt_device_description *last = pjrt_topology_device(topology, 3);
  const pjrt_named_values *facts = pjrt_device_description_attributes(last);
  const int64_t *coords = pjrt_named_values_int64_list(
      facts, pjrt_named_values_find(facts, "coords", PJRT_NUL_ENDED), &num);
  assert_int_equal(num, 3);
  assert_int_equal(coords[0], 1);
  assert_int_equal(coords[1], 1);
  facts = pjrt_topology_attributes(topology);
  assert_true(pjrt_named_values_find(facts, "wrap", PJRT_NUL_ENDED) <
              pjrt_named_values_size(facts));
  assert_ok(pjrt_topology_memory_kind_ids(topology, &kinds, &num));
  assert_int_equal(num, 3);
  assert_ok(pjrt_topology_canonical_layout(topology, kinds[0], PJRT_F32, dims,
                                           2, &layout));
  assert_int_equal(pjrt_layout_num_tiles(layout), 1);
  const int64_t *tile = pjrt_layout_tile(layout, 0, &num);
  assert_int_equal(num, 2);
  assert_int_equal(tile[0], 8);
  assert_int_equal(tile[1], 128);
  pjrt_layout_free(layout);
  pjrt_topology_free(topology);
  pjrt_plugin_free(plugin);
}

/* Two operations for each of 1024^3 steps. */
static void tpus_tell_what_programs_cost(void **state) {
  pjrt_compiled *matmul;
  pjrt_named_values *cost;
  pjrt_memory_analysis memory;
  pjrt_program *optimized;
  const char *kind;
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  pjrt_topology *topology = tpu(plugin, "v5e:2x2");
  assert_ok(try_compile_for(topology, matmul_program, NULL, &matmul));
  assert_ok(pjrt_compiled_cost_analysis(matmul, &cost));
  const size_t flops = pjrt_named_values_find(cost, "flops", PJRT_NUL_ENDED);
  assert_true(pjrt_named_values_float(cost, flops) >= 0x1p31f);
  pjrt_named_values_free(cost);
  pjrt_memory_analysis_init(&memory);
  assert_ok(pjrt_compiled_memory_analysis(matmul, &memory));
  assert_true(memory.argument_size_in_bytes.has_value);
  assert_int_equal(memory.argument_size_in_bytes.value, 2 * 4 << 20);
  assert_ok(pjrt_compiled_optimized_program(matmul, &optimized));
  assert_int_equal(pjrt_program_format_of(optimized), PJRT_FORMAT_HLO);
  pjrt_program_free(optimized);
  assert_ok(pjrt_compiled_parameter_memory_kind(matmul, 1, &kind, NULL));
  assert_string_equal(kind, "device");
  assert_ok(pjrt_compiled_output_memory_kind(matmul, 0, &kind, NULL));
  assert_string_equal(kind, "device");
  pjrt_compiled_free(matmul);
  pjrt_topology_free(topology);
  pjrt_plugin_free(plugin);
}

static void tpu_topology_comes_back_from_bytes(void **state) {
  void *data;
  size_t size;
  uint64_t first, second;
  pjrt_topology *copy;
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  pjrt_topology *topology = tpu(plugin, "v4:2x2x1");
  assert_ok(pjrt_topology_serialize(topology, &data, &size));
  assert_ok(pjrt_topology_deserialize(plugin, data, size, &copy));
  pjrt_host_free(data);
  assert_ok(pjrt_topology_fingerprint(topology, &first));
  assert_ok(pjrt_topology_fingerprint(copy, &second));
  assert_true(first == second);
  pjrt_topology_free(topology);
  pjrt_topology_free(copy);
  pjrt_plugin_free(plugin);
}

static pjrt_error *try_tpu_option(pjrt_plugin *plugin, const char *option,
                                  pjrt_topology **out) {
  pjrt_named_values *options;
  assert_ok(pjrt_named_values_create(&options));
  assert_ok(pjrt_named_values_parse(options, option, PJRT_NUL_ENDED));
  pjrt_error *error =
      pjrt_topology_create(plugin, "v5e:2x2", PJRT_NUL_ENDED, options, out);
  pjrt_named_values_free(options);
  return error;
}

static void machines_that_are_none_are_clean_errors(void **state) {
  static const char *const names[] = {"v9:2x2", "v5e:3x3", "nonsense"};
  pjrt_topology *topology;
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    assert_plugin_error(pjrt_topology_create(plugin, names[i], PJRT_NUL_ENDED,
                                             NULL, &topology));
  }
  assert_plugin_error(
      pjrt_topology_deserialize(plugin, "garbage!", 8, &topology));
  assert_code(try_tpu_option(plugin, "nonsense=1", &topology),
              PJRT_INVALID_ARGUMENT, "nonsense");
  assert_ok(try_tpu_option(plugin, "num_slices=2", &topology));
  assert_int_equal(pjrt_topology_num_devices(topology), 8);
  pjrt_topology_free(topology);
  pjrt_plugin_free(plugin);
}

static void several_tpus(void **state) {
  pjrt_compiled *sum;
  pjrt_compile_opts opts;
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  pjrt_topology *topology = tpu(plugin, "v5e:2x2");
  pjrt_compile_opts_init(&opts);
  opts.num_replicas = 4;
  assert_ok(try_compile_for(topology, replicas_program, &opts, &sum));
  assert_int_equal(pjrt_compiled_num_replicas(sum), 4);
  pjrt_compiled_free(sum);
  opts.num_replicas = 5;
  assert_refused(try_compile_for(topology, replicas_program, &opts, &sum),
                 PJRT_INVALID_ARGUMENT, "the topology has 4");
  pjrt_topology_free(topology);
  pjrt_plugin_free(plugin);
}

/* What was compiled for a TPU says so to a plugin that cannot run it. */
static void other_plugins_refuse_the_artifact(void **state) {
  pjrt_compiled *matmul;
  pjrt_executable *executable;
  void *data;
  size_t size;
  (void)state;
  fixture *f = fixture_create(plugin_path("PJRT_TEST_PLUGIN_CPU"));
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  pjrt_topology *topology = tpu(plugin, "v5e:2x2");
  assert_ok(try_compile_for(topology, matmul_program, NULL, &matmul));
  assert_refused(pjrt_client_load(f->client, matmul, &executable),
                 PJRT_INVALID_ARGUMENT, "serialize it and load that");
  assert_ok(pjrt_compiled_serialize(matmul, &data, &size));
  assert_refused(pjrt_executable_load(f->client, data, size, &executable),
                 PJRT_FAILED_PRECONDITION, "another plugin (platform tpu");
  pjrt_host_free(data);
  pjrt_compiled_free(matmul);
  pjrt_topology_free(topology);
  pjrt_plugin_free(plugin);
  fixture_free(f);
}

/* ---- an H100 ------------------------------------------------------------- */

static void an_h100_is_described(void **state) {
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_CUDA");
  pjrt_topology *topology = h100(plugin, "1x1x4");
  assert_string_equal(pjrt_topology_platform_name(topology, NULL), "cuda");
  assert_int_equal(pjrt_topology_num_devices(topology), 4);
  assert_string_equal(
      pjrt_device_description_kind(pjrt_topology_device(topology, 3), NULL),
      "NVIDIA H100 80GB HBM3");
  pjrt_topology_free(topology);
  pjrt_plugin_free(plugin);
}

static void a_matmul_compiles_for_an_h100(void **state) {
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_CUDA");
  pjrt_topology *topology = h100(plugin, "1x1x1");
  pjrt_compiled *matmul = compile_h100_matmul(topology);
  check_matmul(matmul);
  pjrt_compiled_free(matmul);
  pjrt_topology_free(topology);
  pjrt_plugin_free(plugin);
}

static void what_needs_ptxas_says_so(void **state) {
  pjrt_compiled *add;
  (void)state;
  set_path(".");
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_CUDA");
  pjrt_topology *topology = h100(plugin, "1x1x1");
  assert_code(try_compile_for(topology, add_program, NULL, &add),
              PJRT_UNAVAILABLE, "ptxas");
  pjrt_topology_free(topology);
  pjrt_plugin_free(plugin);
}

/* The fetched one is no program yet: a file from a wheel. */
static void install_ptxas(const char *from) {
  char block[1 << 16];
  size_t size;
  assert_int_equal(mkdir("bin", 0777), 0);
  FILE *in = fopen(from, "rb"), *out = fopen("bin/ptxas", "wb");
  assert_true(in && out);
  while ((size = fread(block, 1, sizeof block, in)) > 0) {
    assert_int_equal(fwrite(block, 1, size, out), size);
  }
  assert_int_equal(fclose(in), 0);
  assert_int_equal(fclose(out), 0);
  assert_int_equal(chmod("bin/ptxas", 0755), 0);
}

static void everything_compiles_with_ptxas(void **state) {
  pjrt_compiled *compiled;
  (void)state;
  const char *ptxas = plugin_path("PJRT_TEST_REF_PTXAS");
  install_ptxas(ptxas);
  set_path("./bin");
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_CUDA");
  pjrt_topology *topology = h100(plugin, "1x1x1");
  assert_ok(try_compile_for(topology, add_program, NULL, &compiled));
  assert_true(pjrt_compiled_is_checked(compiled));
  pjrt_compiled_free(compiled);
  assert_ok(try_compile_for(topology, matmul_program, NULL, &compiled));
  check_matmul(compiled);
  pjrt_compiled_free(compiled);
  pjrt_topology_free(topology);
  pjrt_plugin_free(plugin);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_generation_of_tpus),
      cmocka_unit_test(tpus_tell_their_facts),
      cmocka_unit_test(tpus_tell_what_programs_cost),
      cmocka_unit_test(tpu_topology_comes_back_from_bytes),
      cmocka_unit_test(machines_that_are_none_are_clean_errors),
      cmocka_unit_test(several_tpus),
      cmocka_unit_test(other_plugins_refuse_the_artifact),
      cmocka_unit_test(an_h100_is_described),
      cmocka_unit_test(a_matmul_compiles_for_an_h100),
      cmocka_unit_test(what_needs_ptxas_says_so),
      cmocka_unit_test(everything_compiles_with_ptxas),
  };
  return cmocka_run_group_tests(tests, spare_the_tpu, NULL);
}
