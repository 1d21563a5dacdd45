#include "core/unloaded_facts.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "core/opts.h"
#include "core/plugin.h"
#include "core/program.h"
#include "core/raw_values.h"
#include "core/unloaded.h"
#include "core/wire.h"

/* ---- memory kinds -------------------------------------------------------- */

static pjrt_error *copy_kind(const char *text, size_t size,
                             pjrt_text_fact *out) {
  PJRT_TRY(pjrt_count_check("a memory kind's size", size, text));
  return pjrt_text_fact_set(out, text, size);
}

static pjrt_error *copy_kinds(const char *const *texts, const size_t *sizes,
                              size_t num, pjrt_memory_kinds *out) {
  void *kinds;
  PJRT_TRY(pjrt_count_check("a list of memory kinds", num, texts));
  PJRT_TRY(pjrt_count_check("a list of memory kinds' sizes", num, sizes));
  PJRT_TRY(pjrt_alloc(num, sizeof(pjrt_text_fact), &kinds));
  out->kinds = kinds;
  for (; out->num_kinds < num; out->num_kinds++) {
    const size_t i = out->num_kinds;
    PJRT_TRY(copy_kind(texts[i], sizes[i], &out->kinds[i]));
  }
  out->is_known = true;
  return NULL;
}

static pjrt_error *take_kinds(const pjrt_plugin *plugin, const char *call,
                              const char *const *texts, const size_t *sizes,
                              size_t num, pjrt_memory_kinds *out) {
  pjrt_error *error = copy_kinds(texts, sizes, num, out);
  if (!error) return NULL;
  pjrt_memory_kinds_clear(out);
  return pjrt_error_about(error, plugin, call);
}

pjrt_error *pjrt_unloaded_parameter_memory_kinds(const pjrt_plugin *plugin,
                                                 PJRT_Executable *raw,
                                                 pjrt_memory_kinds *out) {
  if (out->is_known) return NULL;
  PJRT_ARGS(PJRT_Executable_ParameterMemoryKinds, args);
  args->executable = raw;
  PJRT_TRY(PJRT_CALL(plugin, PJRT_Executable_ParameterMemoryKinds, args));
  return take_kinds(plugin, "PJRT_Executable_ParameterMemoryKinds",
                    args->memory_kinds, args->memory_kind_sizes,
                    args->num_parameters, out);
}

pjrt_error *pjrt_unloaded_output_memory_kinds(const pjrt_plugin *plugin,
                                              PJRT_Executable *raw,
                                              pjrt_memory_kinds *out) {
  if (out->is_known) return NULL;
  PJRT_ARGS(PJRT_Executable_OutputMemoryKinds, args);
  args->executable = raw;
  PJRT_TRY(PJRT_CALL(plugin, PJRT_Executable_OutputMemoryKinds, args));
  return take_kinds(plugin, "PJRT_Executable_OutputMemoryKinds",
                    args->memory_kinds, args->memory_kind_sizes,
                    args->num_outputs, out);
}

pjrt_error *pjrt_memory_kinds_get(const pjrt_memory_kinds *kinds,
                                  const char *what, size_t i, const char **out,
                                  size_t *out_size) {
  if (i >= kinds->num_kinds) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "there is no %s %zu: the plugin tells the memory "
                             "kinds of %zu",
                             what, i, kinds->num_kinds);
  }
  *out = kinds->kinds[i].data;
  if (out_size) *out_size = kinds->kinds[i].size;
  return NULL;
}

void pjrt_memory_kinds_clear(pjrt_memory_kinds *kinds) {
  for (size_t i = 0; i < kinds->num_kinds; i++) {
    pjrt_text_fact_clear(&kinds->kinds[i]);
  }
  free(kinds->kinds);
  *kinds = (pjrt_memory_kinds){0};
}

/* ---- analyses ------------------------------------------------------------ */

pjrt_error *pjrt_unloaded_cost_analysis(const pjrt_plugin *plugin,
                                        PJRT_Executable *raw,
                                        pjrt_named_values **out) {
  *out = NULL;
  PJRT_ARGS(PJRT_Executable_GetCostAnalysis, args);
  args->executable = raw;
  PJRT_TRY(PJRT_CALL(plugin, PJRT_Executable_GetCostAnalysis, args));
  pjrt_error *error =
      pjrt_named_values_from_raw(args->properties, args->num_properties, out);
  if (!error) return NULL;
  return pjrt_error_about(error, plugin, "PJRT_Executable_GetCostAnalysis");
}

void pjrt_memory_analysis_init(pjrt_memory_analysis *analysis) {
  *analysis = (pjrt_memory_analysis){.struct_size = sizeof *analysis};
}

/* The fields came over many minors, and forks count theirs as they like: what
 * the plugin leaves as it was, it does not tell. */
#define UNTOLD INT64_MIN

#define EACH_FIELD(row)                   \
  row(generated_code_size_in_bytes);      \
  row(argument_size_in_bytes);            \
  row(output_size_in_bytes);              \
  row(alias_size_in_bytes);               \
  row(temp_size_in_bytes);                \
  row(host_generated_code_size_in_bytes); \
  row(host_argument_size_in_bytes);       \
  row(host_output_size_in_bytes);         \
  row(host_alias_size_in_bytes);          \
  row(host_temp_size_in_bytes);           \
  row(peak_memory_in_bytes);              \
  row(total_size_in_bytes);               \
  row(total_allocation_bytes);            \
  row(indefinite_allocations);            \
  row(peak_unpadded_heap_bytes)

static pjrt_optional_int64 told(int64_t value) {
  const bool is_told = value != UNTOLD;
  return (pjrt_optional_int64){is_told ? value : 0, is_told};
}

static pjrt_error *ask_memory(const pjrt_plugin *plugin, PJRT_Executable *raw,
                              pjrt_memory_analysis *out) {
  PJRT_ARGS(PJRT_Executable_GetCompiledMemoryStats, args);
  args->executable = raw;
#define FORGET(field) args->field = UNTOLD
  EACH_FIELD(FORGET);
  PJRT_TRY(PJRT_CALL(plugin, PJRT_Executable_GetCompiledMemoryStats, args));
#define TAKE(field) out->field = told(args->field)
  EACH_FIELD(TAKE);
  return NULL;
}

pjrt_error *pjrt_unloaded_memory_analysis(const pjrt_plugin *plugin,
                                          PJRT_Executable *raw,
                                          pjrt_memory_analysis *out) {
  pjrt_memory_analysis analysis;
  pjrt_memory_analysis_init(&analysis);
  PJRT_TRY(ask_memory(plugin, raw, &analysis));
  return pjrt_opts_write(&analysis, "pjrt_memory_analysis", sizeof analysis,
                         out);
}

/* ---- the optimized program ----------------------------------------------- */

/* Leaves the module of an HloModuleProtoWithConfig, which no plugin compiles
 * as it is. */
static pjrt_error *leave_module(PJRT_Program *program) {
  enum { HLO_MODULE = 1 };
  pjrt_wire_field field;
  pjrt_wire wire = pjrt_wire_start(program->code, program->code_size);
  while (pjrt_wire_next(&wire, &field)) {
    if (field.number != HLO_MODULE || field.type != PJRT_WIRE_BYTES) continue;
    memmove(program->code, field.data, field.size);
    program->code_size = field.size;
    return NULL;
  }
  return pjrt_error_format(PJRT_INTERNAL,
                           "the plugin's optimized program holds no module");
}

static pjrt_error *judge_program(PJRT_Program *program,
                                 pjrt_program_format *out_format) {
  const int shown = program->format_size < 40 ? (int)program->format_size : 40;
  *out_format = PJRT_FORMAT_HLO;
  if (pjrt_program_has_format(program, "hlo_with_config")) {
    PJRT_TRY(leave_module(program));
  } else if (pjrt_program_has_format(program, "mlir")) {
    *out_format = PJRT_FORMAT_MLIR;
  } else if (!pjrt_program_has_format(program, "hlo")) {
    return pjrt_error_format(PJRT_UNIMPLEMENTED,
                             "the plugin tells its optimized program as '%.*s'"
                             ", expected hlo, hlo_with_config or mlir",
                             program->format ? shown : 0,
                             program->format ? program->format : "");
  }
  if (program->code_size) return NULL;
  return pjrt_error_format(PJRT_INTERNAL,
                           "the plugin's optimized program is empty");
}

/* The code is the plugin's own, and is not judged. */
pjrt_error *pjrt_unloaded_optimized_program(const pjrt_plugin *plugin,
                                            PJRT_Executable *raw,
                                            pjrt_program **out) {
  pjrt_program_format format;
  *out = NULL;
  PJRT_STRUCT(plugin, PJRT_Program, program);
  pjrt_error *error = pjrt_unloaded_read_program(plugin, raw, program);
  if (!error) {
    error = judge_program(program, &format);
    if (!error) {
      return pjrt_program_take(format, program->code, program->code_size, out);
    }
    error = pjrt_error_about(error, plugin, "PJRT_Executable_OptimizedProgram");
  }
  free(program->code);
  return error;
}

/* ---- compile options ----------------------------------------------------- */

pjrt_error *pjrt_unloaded_compile_options(const pjrt_plugin *plugin,
                                          PJRT_Executable *raw, void **out,
                                          size_t *out_size) {
  *out = NULL;
  *out_size = 0;
  PJRT_ARGS(PJRT_Executable_GetCompileOptions, args);
  args->executable = raw;
  PJRT_TRY(PJRT_CALL(plugin, PJRT_Executable_GetCompileOptions, args));
  pjrt_error *error = pjrt_alloc_copy(args->serialized_bytes,
                                      args->serialized_bytes_size, 1, out);
  if (!error) *out_size = args->serialized_bytes_size;
  if (args->serialized_compile_options_deleter) {
    args->serialized_compile_options_deleter(args->serialized_compile_options);
  }
  return error;
}
