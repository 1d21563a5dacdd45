/* XLA's plugins for CPUs publish PhaseCompile without a compiler. */
#include "pjrt/ext/phase_compile.h"

#include "fixture.h"

enum { PHASE_COMPILE = 9 };

static void there_is_no_compiler(void **state) {
  const fixture *f = *state;
  pjrt_phase_compiler *compiler = (pjrt_phase_compiler *)1;
  assert_true(pjrt_plugin_find_extension(f->plugin, PHASE_COMPILE) <
              pjrt_plugin_num_extensions(f->plugin));
  assert_refused(pjrt_phase_compiler_create(f->plugin, &compiler),
                 PJRT_UNIMPLEMENTED,
                 "the plugin's extension PhaseCompile has no "
                 "PJRT_PhaseCompile_Get_Compiler");
  assert_null(compiler);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(there_is_no_compiler)};
  return RUN_REAL_TESTS(tests);
}
