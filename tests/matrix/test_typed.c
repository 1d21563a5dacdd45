/* The compatibility matrix of the typed functions. Each public function that
 * ends in a call of the plugin has a case; matrix/table says so
 * when one has none. */
#include "typed.h"

static matrix_case cases[MATRIX_MAX_CASES];
static size_t num_cases;

static void append(const matrix_case *more, size_t num) {
  memcpy(cases + num_cases, more, num * sizeof *more);
  num_cases += num;
}

int main(int argc, char **argv) {
  append(typed_fact_cases, typed_num_fact_cases);
  append(typed_buffer_cases, typed_num_buffer_cases);
  append(typed_buffer_copy_cases, typed_num_buffer_copy_cases);
  append(typed_event_cases, typed_num_event_cases);
  append(typed_executable_cases, typed_num_executable_cases);
  append(typed_topology_cases, typed_num_topology_cases);
  append(typed_transfer_cases, typed_num_transfer_cases);
  append(typed_stream_cases, typed_num_stream_cases);
  const matrix_program program = {
      .cases = cases,
      .num_cases = num_cases,
      .world_size = sizeof(typed_world),
      .end = typed_end,
      .can_fork = typed_can_fork,
  };
  return matrix_main(argc, argv, &program);
}
