/* The compatibility matrix of the typed functions of extensions, as
 * test_typed.c is of those of the table.
 * timeout: 1800 */
#include "typed.h"

static matrix_case cases[MATRIX_MAX_CASES];
static size_t num_cases;

static void append(const matrix_case *more, size_t num) {
  memcpy(cases + num_cases, more, num * sizeof *more);
  num_cases += num;
}

int main(int argc, char **argv) {
  append(typed_ext_ffi_cases, typed_num_ext_ffi_cases);
  append(typed_ext_layouts_cases, typed_num_ext_layouts_cases);
  append(typed_ext_profiler_cases, typed_num_ext_profiler_cases);
  append(typed_ext_tpu_a_cases, typed_num_ext_tpu_a_cases);
  append(typed_ext_tpu_b_cases, typed_num_ext_tpu_b_cases);
  append(typed_ext_runtime_cases, typed_num_ext_runtime_cases);
  append(typed_ext_gpu_cases, typed_num_ext_gpu_cases);
  const matrix_program program = {
      .cases = cases,
      .num_cases = num_cases,
      .world_size = sizeof(typed_world),
      .end = typed_end,
      .can_fork = typed_can_fork,
  };
  return matrix_main(argc, argv, &program);
}
