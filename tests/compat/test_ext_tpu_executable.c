/* The TpuExecutable extension of libtpu, on programs that were compiled for
 * TPUs without one.
 * tier: all */
#include "compat/machines.h"

/* Needs the header above. */
#include <pjrt/ext/tpu_executable.h>
#include <pjrt/hlo.h>

/* A plugin, a matmul for four TPUs, and what it was serialized to. */
typedef struct compiled {
  pjrt_plugin *plugin;
  pjrt_topology *topology;
  pjrt_compiled *matmul;
  void *data;
  size_t size;
} compiled;

static compiled begin(void) {
  compiled c = {.plugin = open_plugin("PJRT_TEST_PLUGIN_TPU")};
  c.topology = tpu(c.plugin, "v5e:2x2");
  assert_ok(try_compile_for(c.topology, matmul_program, NULL, &c.matmul));
  assert_ok(pjrt_compiled_serialize(c.matmul, &c.data, &c.size));
  return c;
}

static void end(compiled *c) {
  pjrt_host_free(c->data);
  pjrt_compiled_free(c->matmul);
  pjrt_topology_free(c->topology);
  pjrt_plugin_free(c->plugin);
}

/* The module is what the compiler left, and its text is XLA's. */
static void it_holds_the_module(void **state) {
  char *text, *expected;
  pjrt_program *program, *optimized;
  (void)state;
  compiled c = begin();
  assert_ok(pjrt_tpu_executable_hlo(c.plugin, c.data, c.size, &program));
  assert_ok(pjrt_compiled_optimized_program(c.matmul, &optimized));
  assert_ok(pjrt_hlo_print(program, NULL, &text, NULL));
  assert_ok(pjrt_hlo_print(optimized, NULL, &expected, NULL));
  assert_string_equal(text, expected);
  assert_non_null(strstr(text, "f32[1024,1024]{1,0:T(8,128)}"));
  pjrt_host_free(text);
  pjrt_host_free(expected);
  pjrt_program_free(optimized);
  pjrt_program_free(program);
  end(&c);
}

/* What the program tells itself, but for zeros. */
static void it_tells_its_memory(void **state) {
  pjrt_memory_analysis here, there;
  (void)state;
  compiled c = begin();
  pjrt_memory_analysis_init(&here);
  pjrt_memory_analysis_init(&there);
  assert_ok(
      pjrt_tpu_executable_memory_analysis(c.plugin, c.data, c.size, &here));
  assert_ok(pjrt_compiled_memory_analysis(c.matmul, &there));
#define SAME(field) assert_int_equal(here.field.value, there.field.value)
  SAME(generated_code_size_in_bytes);
  SAME(argument_size_in_bytes);
  SAME(output_size_in_bytes);
  SAME(alias_size_in_bytes);
  SAME(temp_size_in_bytes);
  SAME(host_argument_size_in_bytes);
  SAME(peak_memory_in_bytes);
  SAME(total_size_in_bytes);
  SAME(total_allocation_bytes);
  SAME(indefinite_allocations);
  SAME(peak_unpadded_heap_bytes);
#undef SAME
  assert_int_equal(here.argument_size_in_bytes.value, 2 * 4 << 20);
  assert_true(here.peak_memory_in_bytes.has_value);
  end(&c);
}

/* Two operations for each of 1024^3 steps. */
static void it_tells_its_costs(void **state) {
  void *target, *hlo;
  size_t target_size;
  pjrt_hlo_bytes module;
  pjrt_named_values *costs;
  (void)state;
  compiled c = begin();
  assert_ok(pjrt_tpu_executable_target_arguments(c.plugin, c.data, c.size,
                                                 &target, &target_size));
  assert_ok(pjrt_tpu_executable_hlo_with_config(c.plugin, c.data, c.size, &hlo,
                                                &module.size));
  module.data = hlo;
  assert_ok(pjrt_tpu_executable_cost_analysis(c.plugin, target, target_size,
                                              &module, 1, &costs));
  const size_t flops = pjrt_named_values_find(costs, "flops", PJRT_NUL_ENDED);
  assert_true(pjrt_named_values_float(costs, flops) >= 0x1p31f);
  pjrt_named_values_free(costs);
  assert_code(pjrt_tpu_executable_cost_analysis(c.plugin, "garbage!", 8,
                                                &module, 1, &costs),
              PJRT_INVALID_ARGUMENT, "Failed to parse target arguments");
  pjrt_host_free(target);
  pjrt_host_free(hlo);
  end(&c);
}

static void damage_is_a_clean_error(void **state) {
  void *out;
  size_t size;
  const void *raw;
  (void)state;
  compiled c = begin();
  assert_ok(pjrt_executable_serialized_raw(c.data, c.size, &raw, &size));
  assert_plugin_error(pjrt_tpu_executable_hlo_with_config(
      c.plugin, raw, size / 2, &out, &size));
  assert_plugin_error(pjrt_tpu_executable_target_arguments(c.plugin, "garbage!",
                                                           8, &out, &size));
  ((char *)c.data)[c.size / 2] ^= 1;
  assert_refused(pjrt_tpu_executable_target_arguments(c.plugin, c.data, c.size,
                                                      &out, &size),
                 PJRT_INVALID_ARGUMENT, "damaged");
  end(&c);
}

static void environments_tell_their_flags(void **state) {
  void *bytes;
  size_t size;
  char *text;
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  assert_ok(
      pjrt_tpu_executable_add_environment(plugin, NULL, 0, &bytes, &size));
  assert_ok(pjrt_tpu_executable_environment_flag(
      plugin, bytes, size, "xla_enable_async_collective_permute",
      PJRT_NUL_ENDED, &text, NULL));
  assert_string_equal(text, "AUTO");
  pjrt_host_free(text);
  assert_code(pjrt_tpu_executable_environment_flag(
                  plugin, bytes, size, "nonsense", PJRT_NUL_ENDED, &text, NULL),
              PJRT_INVALID_ARGUMENT, "Field nonsense not found");
  pjrt_host_free(bytes);
  assert_code(
      pjrt_tpu_executable_add_environment(plugin, "garbage!", 8, &bytes, &size),
      PJRT_INTERNAL, "Failed to parse CompilationEnvironmentsProto");
  pjrt_plugin_free(plugin);
}

/* None of PJRT's codes alone is one to it. */
static void no_error_is_predetermined(void **state) {
  bool is;
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  assert_ok(pjrt_tpu_executable_is_predetermined(plugin, NULL, &is));
  assert_false(is);
  for (int code = PJRT_CANCELLED; code <= PJRT_UNAUTHENTICATED; code++) {
    pjrt_error *failure =
        pjrt_error_create((pjrt_code)code, "why", PJRT_NUL_ENDED);
    assert_ok(pjrt_tpu_executable_is_predetermined(plugin, failure, &is));
    assert_false(is);
    pjrt_error_free(failure);
  }
  pjrt_plugin_free(plugin);
}

/* ---- other plugins ------------------------------------------------------- */

static void another_plugins_executable_is_refused(void **state) {
  void *out;
  size_t size;
  (void)state;
  pjrt_plugin *cuda = open_plugin("PJRT_TEST_PLUGIN_CUDA");
  compiled c = begin();
  assert_refused(
      pjrt_tpu_executable_target_arguments(cuda, c.data, c.size, &out, &size),
      PJRT_INVALID_ARGUMENT, "made by another plugin");
  assert_code(pjrt_tpu_executable_add_environment(cuda, NULL, 0, &out, &size),
              PJRT_UNIMPLEMENTED, "no extension TpuExecutable");
  end(&c);
  pjrt_plugin_free(cuda);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_holds_the_module),
      cmocka_unit_test(it_tells_its_memory),
      cmocka_unit_test(it_tells_its_costs),
      cmocka_unit_test(damage_is_a_clean_error),
      cmocka_unit_test(environments_tell_their_flags),
      cmocka_unit_test(no_error_is_predetermined),
      cmocka_unit_test(another_plugins_executable_is_refused),
  };
  return cmocka_run_group_tests(tests, spare_the_tpu, NULL);
}
