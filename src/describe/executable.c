/* Programs, their options, and what is compiled from them. */
#include "core/executable.h"
#include "core/compiled.h"
#include "core/context.h"
#include "describe/describe.h"
#include "pjrt/array.h"

static void append_shapes(pjrt_builder *text, const pjrt_signature *signature) {
  for (size_t i = 0; signature && i < signature->num_parameters; i++) {
    const pjrt_shape *shape = &signature->parameters[i];
    pjrt_describe_line(text);
    pjrt_builder_appendf(text, "parameter %zu, ", i);
    pjrt_describe_shape(text, shape->dtype, shape->dims, shape->num_dims);
    if (signature->is_donated[i]) pjrt_builder_appendf(text, ", donated");
  }
  for (size_t i = 0; signature && i < signature->num_outputs; i++) {
    const pjrt_shape *shape = &signature->outputs[i];
    pjrt_describe_line(text);
    pjrt_builder_appendf(text, "output %zu, ", i);
    pjrt_describe_shape(text, shape->dtype, shape->dims, shape->num_dims);
  }
}

/* ", 2 replicas of 1 partition, 2 parameters, 1 output" */
static void append_counts(pjrt_builder *text, size_t num_replicas,
                          size_t num_partitions,
                          const pjrt_signature *signature, size_t num_outputs) {
  pjrt_builder_appendf(text, ", ");
  pjrt_describe_count(text, num_replicas, "replica");
  pjrt_builder_appendf(text, " of ");
  pjrt_describe_count(text, num_partitions, "partition");
  pjrt_builder_appendf(text, ", ");
  if (signature) {
    pjrt_describe_count(text, signature->num_parameters, "parameter");
  } else {
    pjrt_builder_appendf(text, "unchecked parameters");
  }
  pjrt_builder_appendf(text, ", ");
  pjrt_describe_count(text, num_outputs, "output");
}

/* ---- loaded -------------------------------------------------------------- */

static void append_executable(pjrt_builder *text,
                              const pjrt_executable *executable) {
  pjrt_builder_appendf(text, "executable ");
  pjrt_describe_fact(text, &executable->name);
  pjrt_describe_client(text, executable->client);
  append_counts(text, executable->num_replicas, executable->num_partitions,
                executable->signature, executable->num_outputs);
  if (executable->is_portable) pjrt_builder_appendf(text, ", portable");
  if (pjrt_executable_is_deleted(executable)) {
    pjrt_builder_appendf(text, ", deleted");
  }
}

pjrt_error *pjrt_executable_describe(const pjrt_executable *executable,
                                     pjrt_detail detail, char **out,
                                     size_t *out_size) {
  pjrt_builder text;
  if (pjrt_describe_begin(&text, executable, "executable")) {
    append_executable(&text, executable);
    if (detail == PJRT_ALL_LINES) {
      append_shapes(&text, executable->signature);
      for (size_t i = 0; i < executable->num_devices; i++) {
        if (!executable->devices[i]) continue; /* a portable one has none */
        pjrt_describe_line(&text);
        pjrt_describe_device(&text, executable->devices[i]);
      }
    }
  }
  return pjrt_builder_finish(&text, out, out_size);
}

/* ---- not loaded ---------------------------------------------------------- */

static void append_compiled(pjrt_builder *text, const pjrt_compiled *compiled) {
  const pjrt_unloaded_facts *facts = &compiled->facts;
  pjrt_builder_appendf(text, "compiled program ");
  pjrt_describe_fact(text, &facts->name);
  pjrt_builder_appendf(text, " for ");
  pjrt_describe_fact(text, &compiled->topology->platform_name);
  pjrt_describe_plugin(text, compiled->topology->plugin);
  append_counts(text, facts->num_replicas, facts->num_partitions,
                compiled->signature, facts->num_outputs);
  if (compiled->is_portable) pjrt_builder_appendf(text, ", portable");
}

pjrt_error *pjrt_compiled_describe(const pjrt_compiled *compiled,
                                   pjrt_detail detail, char **out,
                                   size_t *out_size) {
  pjrt_builder text;
  if (pjrt_describe_begin(&text, compiled, "compiled program")) {
    append_compiled(&text, compiled);
    if (detail == PJRT_ALL_LINES) append_shapes(&text, compiled->signature);
  }
  return pjrt_builder_finish(&text, out, out_size);
}

/* ---- programs and options ------------------------------------------------ */

pjrt_error *pjrt_program_describe(const pjrt_program *program,
                                  pjrt_detail detail, char **out,
                                  size_t *out_size) {
  pjrt_builder text;
  size_t size;
  (void)detail;
  if (pjrt_describe_begin(&text, program, "program")) {
    const bool is_hlo = pjrt_program_format_of(program) == PJRT_FORMAT_HLO;
    (void)pjrt_program_code(program, &size);
    pjrt_builder_appendf(&text, "program in %s, ", is_hlo ? "HLO" : "MLIR");
    pjrt_describe_count(&text, size, "byte");
  }
  return pjrt_builder_finish(&text, out, out_size);
}

/* A build without JSON has no text for them. */
static pjrt_error *append_fields(pjrt_builder *text,
                                 const pjrt_compile_options *options) {
  char *json;
  size_t size;
  pjrt_error *error = pjrt_compile_options_to_json(options, &json, &size);
  if (pjrt_error_code(error) == PJRT_UNIMPLEMENTED) {
    pjrt_error_free(error);
    return NULL;
  }
  if (error) return error;
  pjrt_describe_line(text);
  for (size_t i = 0; i < size; i++) {
    if (json[i] == '\n') {
      pjrt_describe_line(text);
    } else {
      pjrt_builder_append(text, json + i, 1);
    }
  }
  pjrt_host_free(json);
  return NULL;
}

pjrt_error *pjrt_compile_options_describe(const pjrt_compile_options *options,
                                          pjrt_detail detail, char **out,
                                          size_t *out_size) {
  pjrt_builder text;
  pjrt_error *error = NULL;
  void *serialized = NULL;
  size_t size = 0;
  if (pjrt_describe_begin(&text, options, "compile options")) {
    error = pjrt_compile_options_serialize(options, &serialized, &size);
    pjrt_host_free(serialized);
    pjrt_builder_appendf(&text, "compile options, ");
    pjrt_describe_count(&text, size, "byte");
    if (!error && detail == PJRT_ALL_LINES) {
      error = append_fields(&text, options);
    }
  }
  if (!error) return pjrt_builder_finish(&text, out, out_size);
  pjrt_builder_clear(&text);
  *out = NULL;
  if (out_size) *out_size = 0;
  return error;
}

/* ---- contexts ------------------------------------------------------------ */

pjrt_error *pjrt_execute_context_describe(const pjrt_execute_context *context,
                                          pjrt_detail detail, char **out,
                                          size_t *out_size) {
  pjrt_builder text;
  (void)detail;
  if (pjrt_describe_begin(&text, context, "execute context")) {
    pjrt_builder_appendf(&text, "execute context");
    pjrt_describe_client(&text, context->client);
    if (atomic_load(&context->refs) > 1) {
      pjrt_builder_appendf(&text, ", in use");
    }
  }
  return pjrt_builder_finish(&text, out, out_size);
}
