/* PhaseCompile: compiling one phase at a time. A phase appends its name to the
 * program, so that one can see which ran, and in which order. */
#include <stdlib.h>
#include <string.h>

#include "ext/ext.h"

struct PJRT_PhaseCompiler {
  sim_kind kind;
};

static const char *const phases[] = {"parse", "optimize", "emit"};
enum { NUM_PHASES = sizeof phases / sizeof *phases };

static PJRT_Error *get_compiler(PJRT_PhaseCompile_Get_Compiler_Args *args) {
  SIM_EXT_ENTER(args, PJRT_PhaseCompile_Get_Compiler_Args, 24);
  args->phase_compiler = sim_new(SIM_OTHER, sizeof(*args->phase_compiler));
  return NULL;
}

static void destroy_compiler(PJRT_PhaseCompile_Destroy_Compiler_Args *args) {
  SIM_EXT_ENTER_VOID(args, PJRT_PhaseCompile_Destroy_Compiler_Args);
  if (args->phase_compiler)
    sim_delete((void *)(uintptr_t)args->phase_compiler, SIM_OTHER);
}

/* ---- arrays of bytes ----------------------------------------------------- */

typedef struct byte_arrays {
  const char **bytes;
  size_t *sizes;
  size_t num;
} byte_arrays;

/* What `bytes` points into, counted as alive. */
typedef struct pointers {
  sim_kind kind;
  const char *bytes[];
} pointers;

static byte_arrays arrays_create(size_t num) {
  pointers *made =
      sim_new(SIM_OTHER, sizeof(pointers) + num * sizeof(const char *));
  return (byte_arrays){
      .bytes = made->bytes,
      .sizes = sim_allocate(num * sizeof(size_t)),
      .num = num,
  };
}

static void buffers_destroy(PJRT_PhaseCompile_C_Buffers_Destroy_Args *args) {
  SIM_EXT_ENTER_VOID(args, PJRT_PhaseCompile_C_Buffers_Destroy_Args);
  if (!args->char_buffers) return;
  for (size_t i = 0; i < args->num_char_buffers; i++)
    free((void *)(uintptr_t)args->char_buffers[i]);
  free((void *)(uintptr_t)args->char_buffer_sizes);
  sim_delete((char *)args->char_buffers - offsetof(pointers, bytes), SIM_OTHER);
}

static PJRT_Error *phase_names(PJRT_PhaseCompile_Get_PhaseNames_Args *args) {
  SIM_EXT_ENTER(args, PJRT_PhaseCompile_Get_PhaseNames_Args, 48);
  SIM_REQUIRE(args->phase_compiler, SIM_OTHER);
  byte_arrays names = arrays_create(NUM_PHASES);
  for (size_t i = 0; i < NUM_PHASES; i++) {
    names.sizes[i] = strlen(phases[i]);
    names.bytes[i] = sim_text(phases[i], names.sizes[i]);
  }
  args->phase_names = names.bytes;
  args->phase_names_sizes = names.sizes;
  args->num_phase_names = names.num;
  return NULL;
}

/* ---- running ------------------------------------------------------------- */

static bool is_phase(const char *name, size_t size) {
  for (size_t i = 0; i < NUM_PHASES; i++)
    if (strlen(phases[i]) == size && memcmp(phases[i], name, size) == 0)
      return true;
  return false;
}

static PJRT_Error *check_phases(const PJRT_PhaseCompile_Run_Phase_Args *args) {
  for (size_t i = 0; i < args->num_phases_to_run; i++)
    if (!is_phase(args->phases_to_run[i], args->phases_to_run_sizes[i]))
      return sim_error(
          PJRT_Error_Code_INVALID_ARGUMENT, "there is no phase '%.*s'",
          (int)args->phases_to_run_sizes[i], args->phases_to_run[i]);
  return NULL;
}

static void run_on(const PJRT_PhaseCompile_Run_Phase_Args *args, size_t i,
                   byte_arrays *out) {
  sim_bytes program = {0};
  sim_bytes_append(&program, args->input_programs[i],
                   args->input_programs_sizes[i]);
  for (size_t p = 0; p < args->num_phases_to_run; p++) {
    sim_bytes_append(&program, "\n// ", 4);
    sim_bytes_append(&program, args->phases_to_run[p],
                     args->phases_to_run_sizes[p]);
  }
  out->bytes[i] = (const char *)program.data;
  out->sizes[i] = program.size;
}

static PJRT_Error *run_phases(PJRT_PhaseCompile_Run_Phase_Args *args) {
  SIM_EXT_ENTER(args, PJRT_PhaseCompile_Run_Phase_Args,
                PJRT_PhaseCompile_Run_Phase_Args_STRUCT_SIZE);
  SIM_REQUIRE(args->phase_compiler, SIM_OTHER);
  SIM_REQUIRE(args->topology, SIM_TOPOLOGY);
  SIM_TRY(check_phases(args));
  byte_arrays outputs = arrays_create(args->num_input_programs);
  for (size_t i = 0; i < outputs.num; i++) run_on(args, i, &outputs);
  args->output_programs = outputs.bytes;
  args->output_programs_sizes = outputs.sizes;
  args->num_output_programs = outputs.num;
  return NULL;
}

static const PJRT_PhaseCompile_Extension node = {
    .phase_compile_get_compiler = get_compiler,
    .phase_compile_destroy_compiler = destroy_compiler,
    .phase_compile_run_phases = run_phases,
    .phase_compile_get_phase_names = phase_names,
    .phase_compile_c_buffers_destroy = buffers_destroy,
};

const sim_extension sim_ext_phase_compile = {
    .type = PJRT_Extension_Type_PhaseCompile,
    .name = "PhaseCompile",
    .steps = {{72, 64}},
    .node = &node,
    .node_size = sizeof(node),
};
