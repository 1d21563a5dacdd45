#include "pjrt/ext/phase_compile.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/compile_options.h"
#include "core/compiled.h"
#include "core/facts.h"
#include "core/wire.h"
#include "ext/answer.h"
#include "ext/extension.h"

#define CALL(plugin, slot, fn, args)                                         \
  PJRT_EXT_CALL(plugin, PhaseCompile, PJRT_PhaseCompile_Extension, slot, fn, \
                args)
#define CALL_VOID(plugin, slot, fn, args)                                     \
  PJRT_EXT_CALL_VOID(plugin, PhaseCompile, PJRT_PhaseCompile_Extension, slot, \
                     fn, args)

/* Byte strings of our own. Each is followed by a NUL. */
typedef struct copies {
  pjrt_text_fact *items;
  size_t num;
} copies;

struct pjrt_phase_compiler {
  pjrt_plugin *plugin;
  const PJRT_PhaseCompiler *raw;
  copies phases;
  pid_t process; /* that made it */
};

struct pjrt_phase_outputs {
  copies programs;
};

/* ---- byte strings of the plugin ------------------------------------------ */

static void clear_copies(copies *made) {
  for (size_t i = 0; i < made->num; i++) pjrt_text_fact_clear(&made->items[i]);
  free(made->items);
  *made = (copies){0};
}

static pjrt_error *copy_each(const char **bytes, const size_t *sizes,
                             size_t num, copies *out) {
  void *memory;
  PJRT_TRY(pjrt_count_check("a list", num, bytes));
  PJRT_TRY(pjrt_count_check("a list of sizes", num, sizes));
  PJRT_TRY(pjrt_alloc(num, sizeof *out->items, &memory));
  *out = (copies){memory, num};
  for (size_t i = 0; i < num; i++) {
    PJRT_TRY(pjrt_bytes_check("a number of bytes", sizes[i], bytes[i]));
    PJRT_TRY(pjrt_text_fact_set(&out->items[i], bytes[i], sizes[i]));
  }
  return NULL;
}

/* Copies what `call` gave, and lets the plugin free it. */
static pjrt_error *take(const pjrt_plugin *plugin, const char *call,
                        const char **bytes, const size_t *sizes, size_t num,
                        copies *out) {
  *out = (copies){0};
  pjrt_error *error = copy_each(bytes, sizes, num, out);
  if (error) {
    clear_copies(out);
    error = pjrt_error_about(error, plugin, call);
  }
  /* A count that nobody believes is not for the plugin to walk along. */
  if (!bytes || pjrt_error_code(error) == PJRT_INTERNAL) return error;
  PJRT_ARGS(PJRT_PhaseCompile_C_Buffers_Destroy, args);
  args->char_buffers = bytes;
  args->char_buffer_sizes = sizes;
  args->num_char_buffers = num;
  pjrt_error_drop(CALL_VOID(plugin, phase_compile_c_buffers_destroy,
                            PJRT_PhaseCompile_C_Buffers_Destroy, args));
  return error;
}

/* ---- compilers ----------------------------------------------------------- */

static pjrt_error *get_raw(pjrt_phase_compiler *compiler) {
  PJRT_ARGS(PJRT_PhaseCompile_Get_Compiler, args);
  PJRT_TRY(CALL(compiler->plugin, phase_compile_get_compiler,
                PJRT_PhaseCompile_Get_Compiler, args));
  compiler->raw = args->phase_compiler;
  return pjrt_ext_check_object(compiler->plugin,
                               "PJRT_PhaseCompile_Get_Compiler", "compiler",
                               compiler->raw);
}

static pjrt_error *read_phases(pjrt_phase_compiler *compiler) {
  PJRT_ARGS(PJRT_PhaseCompile_Get_PhaseNames, args);
  args->phase_compiler = compiler->raw;
  PJRT_TRY(CALL(compiler->plugin, phase_compile_get_phase_names,
                PJRT_PhaseCompile_Get_PhaseNames, args));
  return take(compiler->plugin, "PJRT_PhaseCompile_Get_PhaseNames",
              args->phase_names, args->phase_names_sizes, args->num_phase_names,
              &compiler->phases);
}

pjrt_error *pjrt_phase_compiler_create(pjrt_plugin *plugin,
                                       pjrt_phase_compiler **out) {
  void *memory;
  *out = NULL;
  PJRT_TRY(pjrt_plugin_check(plugin));
  PJRT_TRY(pjrt_alloc(1, sizeof **out, &memory));
  pjrt_phase_compiler *compiler = memory;
  compiler->plugin = pjrt_plugin_retain(plugin);
  compiler->process = getpid();
  pjrt_error *error = get_raw(compiler);
  if (!error) error = read_phases(compiler);
  if (error) {
    pjrt_phase_compiler_free(compiler);
    return error;
  }
  *out = compiler;
  return NULL;
}

static bool is_forked(const pjrt_phase_compiler *compiler) {
  return compiler->process != getpid();
}

void pjrt_phase_compiler_free(pjrt_phase_compiler *compiler) {
  if (!compiler || is_forked(compiler)) return;
  if (compiler->raw) {
    PJRT_ARGS(PJRT_PhaseCompile_Destroy_Compiler, args);
    args->phase_compiler = compiler->raw;
    pjrt_error_drop(CALL_VOID(compiler->plugin, phase_compile_destroy_compiler,
                              PJRT_PhaseCompile_Destroy_Compiler, args));
  }
  clear_copies(&compiler->phases);
  pjrt_plugin_free(compiler->plugin);
  free(compiler);
}

size_t pjrt_phase_compiler_num_phases(const pjrt_phase_compiler *compiler) {
  return compiler->phases.num;
}

const char *pjrt_phase_compiler_phase(const pjrt_phase_compiler *compiler,
                                      size_t i, size_t *out_size) {
  const copies *phases = &compiler->phases;
  if (out_size) *out_size = i < phases->num ? phases->items[i].size : 0;
  return i < phases->num ? phases->items[i].data : "";
}

/* ---- checking what goes in ----------------------------------------------- */

static pjrt_error *check_compiler(const pjrt_phase_compiler *compiler,
                                  const pjrt_topology *topology) {
  if (!compiler) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "compiler is NULL");
  }
  if (is_forked(compiler)) {
    return pjrt_error_format(PJRT_FAILED_PRECONDITION,
                             "the compiler was made before this process was "
                             "forked; make another one");
  }
  PJRT_TRY(pjrt_topology_check(topology));
  if (topology->plugin == compiler->plugin) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "the topology is one of %s, and the compiler one of "
                           "%s",
                           topology->plugin->label, compiler->plugin->label);
}

static pjrt_error *check_programs(const pjrt_phase_program *programs,
                                  size_t num) {
  if (!programs || num == 0) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "there are no programs");
  }
  for (size_t i = 0; i < num; i++) {
    if (programs[i].data && programs[i].size) continue;
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "program %zu is empty", i);
  }
  return NULL;
}

static bool has_phase(const pjrt_phase_compiler *compiler, const char *name) {
  const size_t size = strlen(name);
  for (size_t i = 0; i < compiler->phases.num; i++) {
    const pjrt_text_fact *phase = &compiler->phases.items[i];
    if (phase->size == size && !memcmp(phase->data, name, size)) return true;
  }
  return false;
}

static pjrt_error *check_phases(const pjrt_phase_compiler *compiler,
                                const char *const *phases, size_t num) {
  if (!phases || num == 0) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "there are no phases");
  }
  for (size_t i = 0; i < num; i++) {
    if (!phases[i]) {
      return pjrt_error_format(PJRT_INVALID_ARGUMENT, "phase %zu is NULL", i);
    }
    if (has_phase(compiler, phases[i])) continue;
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "the compiler has no phase %s", phases[i]);
  }
  return NULL;
}

/* Whether it says which phases take it, and this is none of them. Programs that
 * say nothing are for the plugin to judge. */
static bool is_for_others(const pjrt_phase_program *program,
                          const char *phase) {
  enum { NEXT_PHASE = 4 };
  bool says_so = false;
  pjrt_wire wire = pjrt_wire_start(program->data, program->size);
  pjrt_wire_field field;
  while (pjrt_wire_next(&wire, &field)) {
    if (field.number != NEXT_PHASE || field.type != PJRT_WIRE_BYTES) continue;
    if (pjrt_text_equal(field.data, field.size, phase)) return false;
    says_so = true;
  }
  return says_so && !wire.malformed;
}

/* Plugins rely on it, and libtpu ends the process without. */
static pjrt_error *check_fit(const pjrt_phase_program *programs, size_t num,
                             const char *phase) {
  for (size_t i = 0; i < num; i++) {
    if (!is_for_others(&programs[i], phase)) continue;
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "program %zu is for other phases than %s", i,
                             phase);
  }
  return NULL;
}

/* ---- running ------------------------------------------------------------- */

/* A list as the plugin takes it. */
typedef struct list {
  const char **bytes;
  size_t *sizes;
} list;

static pjrt_error *make_list(size_t num, list *out) {
  void *bytes, *sizes;
  PJRT_TRY(pjrt_alloc(num, sizeof *out->bytes, &bytes));
  pjrt_error *error = pjrt_alloc(num, sizeof *out->sizes, &sizes);
  if (error) {
    free(bytes);
    return error;
  }
  *out = (list){bytes, sizes};
  return NULL;
}

static void free_list(list *made) {
  free(made->bytes);
  free(made->sizes);
}

/* With the lists in args. */
static pjrt_error *call(const pjrt_phase_compiler *compiler,
                        const pjrt_topology *topology,
                        const pjrt_compile_opts *opts,
                        PJRT_PhaseCompile_Run_Phase_Args *args, copies *out) {
  void *options;
  PJRT_TRY(pjrt_compile_opts_serialize(opts, opts->device_ids,
                                       opts->num_device_ids, &options,
                                       &args->compile_options_size));
  args->phase_compiler = compiler->raw;
  args->topology = topology->raw;
  args->compile_options = options;
  pjrt_error *error = CALL(compiler->plugin, phase_compile_run_phases,
                           PJRT_PhaseCompile_Run_Phase, args);
  free(options);
  if (error) return error;
  return take(compiler->plugin, "PJRT_PhaseCompile_Run_Phase",
              args->output_programs, args->output_programs_sizes,
              args->num_output_programs, out);
}

static pjrt_error *run(const pjrt_phase_compiler *compiler,
                       const pjrt_topology *topology,
                       const pjrt_compile_opts *opts,
                       const pjrt_phase_program *programs, size_t num_programs,
                       const char *const *phases, size_t num_phases,
                       copies *out) {
  list inputs, names;
  PJRT_ARGS(PJRT_PhaseCompile_Run_Phase, args);
  PJRT_TRY(make_list(num_programs, &inputs));
  pjrt_error *error = make_list(num_phases, &names);
  if (error) {
    free_list(&inputs);
    return error;
  }
  for (size_t i = 0; i < num_programs; i++) {
    inputs.bytes[i] = programs[i].data;
    inputs.sizes[i] = programs[i].size;
  }
  for (size_t i = 0; i < num_phases; i++) {
    names.bytes[i] = phases[i];
    names.sizes[i] = strlen(phases[i]);
  }
  args->input_programs = inputs.bytes;
  args->input_programs_sizes = inputs.sizes;
  args->num_input_programs = num_programs;
  args->phases_to_run = names.bytes;
  args->phases_to_run_sizes = names.sizes;
  args->num_phases_to_run = num_phases;
  error = call(compiler, topology, opts, args, out);
  free_list(&inputs);
  free_list(&names);
  return error;
}

pjrt_error *pjrt_phase_compiler_run(
    const pjrt_phase_compiler *compiler, const pjrt_topology *topology,
    const pjrt_compile_opts *opts, const pjrt_phase_program *programs,
    size_t num_programs, const char *const *phases, size_t num_phases,
    pjrt_phase_outputs **out) {
  pjrt_compile_opts known;
  void *memory;
  *out = NULL;
  PJRT_TRY(check_compiler(compiler, topology));
  PJRT_TRY(check_programs(programs, num_programs));
  PJRT_TRY(check_phases(compiler, phases, num_phases));
  PJRT_TRY(check_fit(programs, num_programs, phases[0]));
  PJRT_TRY(pjrt_compile_opts_read(opts, &known));
  PJRT_TRY(pjrt_topology_check_opts(topology, &known));
  PJRT_TRY(pjrt_alloc(1, sizeof **out, &memory));
  pjrt_phase_outputs *outputs = memory;
  pjrt_error *error = run(compiler, topology, &known, programs, num_programs,
                          phases, num_phases, &outputs->programs);
  if (error) {
    pjrt_phase_outputs_free(outputs);
    return error;
  }
  *out = outputs;
  return NULL;
}

/* ---- what came of it ----------------------------------------------------- */

void pjrt_phase_outputs_free(pjrt_phase_outputs *outputs) {
  if (!outputs) return;
  clear_copies(&outputs->programs);
  free(outputs);
}

size_t pjrt_phase_outputs_size(const pjrt_phase_outputs *outputs) {
  return outputs->programs.num;
}

const void *pjrt_phase_outputs_data(const pjrt_phase_outputs *outputs, size_t i,
                                    size_t *out_size) {
  const copies *programs = &outputs->programs;
  *out_size = i < programs->num ? programs->items[i].size : 0;
  return i < programs->num ? programs->items[i].data : NULL;
}
