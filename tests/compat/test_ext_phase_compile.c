/* The PhaseCompile extension of libtpu, without a TPU: from HLO to lowered
 * parts, phase by phase.
 * tier: all */
#include "compat/machines.h"
#include "pjrt/ext/phase_compile.h"

/* Appends a field of bytes of a protocol buffer. */
static void append(unsigned char **at, unsigned field, const void *data,
                   size_t size) {
  size_t rest = size;
  *(*at)++ = (unsigned char)(field << 3 | 2);
  do {
    *(*at)++ = (unsigned char)((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>= 7;
  } while (rest > 0);
  memcpy(*at, data, size);
  *at += size;
}

/* A PjRtPartialProgramProto of an HloModuleProto, for the first phase. */
static pjrt_phase_program partial_program(void) {
  static const char format[] = "unopt_hlo", phase[] = "phase1_hlo_opts";
  size_t size;
  char *hlo = read_data("formats/dense/program.hlo.pb", &size);
  unsigned char *bytes = malloc(size + 100), *at = bytes;
  assert_non_null(bytes);
  append(&at, 1, hlo, size);
  append(&at, 2, format, sizeof format - 1);
  append(&at, 4, phase, sizeof phase - 1);
  free(hlo);
  return (pjrt_phase_program){bytes, (size_t)(at - bytes)};
}

static bool names(const pjrt_phase_program *program, const char *phase) {
  const char *data = program->data;
  for (size_t i = 0; i + strlen(phase) <= program->size; i++) {
    if (!memcmp(data + i, phase, strlen(phase))) return true;
  }
  return false;
}

/* Those of the outputs that say they are for this phase. */
static size_t find_inputs(const pjrt_phase_outputs *outputs, const char *phase,
                          pjrt_phase_program *out, size_t room) {
  size_t num = 0;
  for (size_t i = 0; i < pjrt_phase_outputs_size(outputs); i++) {
    pjrt_phase_program program;
    program.data = pjrt_phase_outputs_data(outputs, i, &program.size);
    if (!names(&program, phase)) continue;
    assert_true(num < room);
    out[num++] = program;
  }
  return num;
}

static pjrt_phase_outputs *run(const pjrt_phase_compiler *compiler,
                               pjrt_topology *topology,
                               const pjrt_phase_program *programs, size_t num,
                               const char *phase) {
  pjrt_phase_outputs *outputs;
  assert_ok(pjrt_phase_compiler_run(compiler, topology, NULL, programs, num,
                                    &phase, 1, &outputs));
  assert_true(pjrt_phase_outputs_size(outputs) > 0);
  return outputs;
}

static void tpu_has_phases(void **state) {
  static const char *const phases[] = {
      "phase1_hlo_opts", "phase2a_tlp_lowering", "phase2b_deduped_lowering",
      "phase3_linking", "phase3_linking_test_only"};
  const size_t num = sizeof phases / sizeof *phases;
  pjrt_phase_compiler *compiler;
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  assert_ok(pjrt_phase_compiler_create(plugin, &compiler));
  assert_int_equal(pjrt_phase_compiler_num_phases(compiler), num);
  for (size_t i = 0; i < num; i++) {
    assert_string_equal(pjrt_phase_compiler_phase(compiler, i, NULL),
                        phases[i]);
  }
  pjrt_phase_compiler_free(compiler);
  pjrt_plugin_free(plugin);
}

static void tpu_compiles_in_phases(void **state) {
  pjrt_phase_program inputs[16];
  pjrt_phase_compiler *compiler;
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  pjrt_topology *topology = tpu(plugin, "v5e:2x2");
  assert_ok(pjrt_phase_compiler_create(plugin, &compiler));
  const pjrt_phase_program program = partial_program();
  pjrt_phase_outputs *optimized =
      run(compiler, topology, &program, 1, "phase1_hlo_opts");
  const size_t num =
      find_inputs(optimized, "phase2b_deduped_lowering", inputs, 16);
  assert_true(num >= 2);
  /* One of the parts that are compiled apart, and the environment of all. */
  const pjrt_phase_program part[] = {inputs[1], inputs[0]};
  pjrt_phase_outputs *lowered =
      run(compiler, topology, part, 2, "phase2b_deduped_lowering");
  pjrt_phase_outputs_free(lowered);
  free((void *)(uintptr_t)program.data);
  pjrt_phase_outputs_free(optimized);
  pjrt_phase_compiler_free(compiler);
  pjrt_topology_free(topology);
  pjrt_plugin_free(plugin);
}

/* libtpu would end the process. */
static void a_program_for_another_phase_is_refused(void **state) {
  static const char *const lowering = "phase2a_tlp_lowering";
  pjrt_phase_compiler *compiler;
  pjrt_phase_outputs *outputs;
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  pjrt_topology *topology = tpu(plugin, "v5e:2x2");
  assert_ok(pjrt_phase_compiler_create(plugin, &compiler));
  const pjrt_phase_program program = partial_program();
  assert_refused(pjrt_phase_compiler_run(compiler, topology, NULL, &program, 1,
                                         &lowering, 1, &outputs),
                 PJRT_INVALID_ARGUMENT, "program 0 is for other phases");
  free((void *)(uintptr_t)program.data);
  pjrt_phase_compiler_free(compiler);
  pjrt_topology_free(topology);
  pjrt_plugin_free(plugin);
}

static void what_is_no_program_is_a_clean_error(void **state) {
  const pjrt_phase_program garbage = {"garbage", 7};
  static const char *const phase = "phase1_hlo_opts";
  pjrt_phase_compiler *compiler;
  pjrt_phase_outputs *outputs;
  (void)state;
  pjrt_plugin *plugin = open_plugin("PJRT_TEST_PLUGIN_TPU");
  pjrt_topology *topology = tpu(plugin, "v5e:2x2");
  assert_ok(pjrt_phase_compiler_create(plugin, &compiler));
  assert_code(pjrt_phase_compiler_run(compiler, topology, NULL, &garbage, 1,
                                      &phase, 1, &outputs),
              PJRT_INVALID_ARGUMENT, "PjRtPartialProgramProto");
  pjrt_phase_compiler_free(compiler);
  pjrt_topology_free(topology);
  pjrt_plugin_free(plugin);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tpu_has_phases),
      cmocka_unit_test(tpu_compiles_in_phases),
      cmocka_unit_test(a_program_for_another_phase_is_refused),
      cmocka_unit_test(what_is_no_program_is_a_clean_error),
  };
  return cmocka_run_group_tests(tests, spare_the_tpu, NULL);
}
