#include "pjrt/ext/layouts.h"

#include "abi/counts.h"
#include "base/alloc.h"
#include "base/error.h"
#include "core/buffer.h"
#include "core/plugin.h"
#include "ext/answer.h"
#include "ext/extension.h"
#include "ext/program.h"

#define CALL(plugin, fn, args) \
  PJRT_EXT_CALL(plugin, Layouts, PJRT_Layouts_Extension, fn, fn, args)

/* ---- the plugin's layouts ------------------------------------------------ */

static void destroy(const pjrt_plugin *plugin, PJRT_Layouts_MemoryLayout *raw) {
  PJRT_ARGS(PJRT_Layouts_MemoryLayout_Destroy, args);
  args->layout = raw;
  /* Destroying must never be fatal, and nobody is left to tell. */
  pjrt_error_drop(CALL(plugin, PJRT_Layouts_MemoryLayout_Destroy, args));
}

/* What the plugin says is not the caller's argument. */
static pjrt_error *parse(const char *text, size_t size, pjrt_layout **out) {
  PJRT_TRY(pjrt_count_check("a layout's size", size, text));
  pjrt_error *error = pjrt_layout_parse(text, size, out);
  if (pjrt_error_code(error) != PJRT_INVALID_ARGUMENT) return error;
  pjrt_error *internal =
      pjrt_error_format(PJRT_INTERNAL, "the plugin's answer is no layout: %s",
                        pjrt_error_message(error, NULL));
  pjrt_error_free(error);
  return internal;
}

/* A layout that the plugin keeps. */
static pjrt_error *read(const pjrt_plugin *plugin,
                        PJRT_Layouts_MemoryLayout *raw, pjrt_layout **out) {
  static const char call[] = "PJRT_Layouts_MemoryLayout_Serialize";
  PJRT_ARGS(PJRT_Layouts_MemoryLayout_Serialize, args);
  args->layout = raw;
  PJRT_TRY(CALL(plugin, PJRT_Layouts_MemoryLayout_Serialize, args));
  pjrt_error *error =
      parse(args->serialized_bytes, args->serialized_bytes_size, out);
  if (args->serialized_layout_deleter) {
    args->serialized_layout_deleter(args->serialized_layout);
  }
  return error ? pjrt_error_about(error, plugin, call) : NULL;
}

/* One that the caller is to destroy. */
static pjrt_error *take(const pjrt_plugin *plugin, const char *call,
                        PJRT_Layouts_MemoryLayout *raw, pjrt_layout **out) {
  PJRT_TRY(pjrt_ext_check_object(plugin, call, "layout", raw));
  pjrt_error *error = read(plugin, raw, out);
  destroy(plugin, raw);
  return error;
}

/* ---- of buffers ---------------------------------------------------------- */

pjrt_error *pjrt_layouts_of_buffer(pjrt_buffer *buffer, pjrt_layout **out) {
  *out = NULL;
  PJRT_TRY(pjrt_buffer_check(buffer));
  const pjrt_plugin *plugin = buffer->client->plugin;
  PJRT_ARGS(PJRT_Layouts_PJRT_Buffer_MemoryLayout, args);
  args->buffer = buffer->raw;
  PJRT_TRY(CALL(plugin, PJRT_Layouts_PJRT_Buffer_MemoryLayout, args));
  return take(plugin, "PJRT_Layouts_PJRT_Buffer_MemoryLayout", args->layout,
              out);
}

/* ---- defaults ------------------------------------------------------------ */

/* What ends the process on real plugins. */
static pjrt_error *check_shape(const pjrt_plugin *plugin, pjrt_dtype dtype,
                               const int64_t *dims, size_t num_dims) {
  size_t num;
  PJRT_TRY(pjrt_plugin_check_dtype(plugin, dtype));
  if (num_dims && !dims) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "dims is NULL for %zu dimensions", num_dims);
  }
  if (num_dims > PJRT_MAX_RANK) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "an array of %zu dimensions, expected at most %d",
                             num_dims, PJRT_MAX_RANK);
  }
  return pjrt_dims_num_elements(dims, num_dims, pjrt_dtype_host_size(dtype),
                                &num);
}

pjrt_error *pjrt_layouts_default(pjrt_client *client, pjrt_dtype dtype,
                                 const int64_t *dims, size_t num_dims,
                                 pjrt_layout **out) {
  *out = NULL;
  if (!client) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "client is NULL");
  }
  PJRT_TRY(pjrt_client_check(client));
  const pjrt_plugin *plugin = client->plugin;
  PJRT_TRY(check_shape(plugin, dtype, dims, num_dims));
  PJRT_ARGS(PJRT_Layouts_PJRT_Client_GetDefaultLayout, args);
  args->client = client->raw;
  args->type = (PJRT_Buffer_Type)dtype;
  args->dims = dims;
  args->num_dims = num_dims;
  PJRT_TRY(CALL(plugin, PJRT_Layouts_PJRT_Client_GetDefaultLayout, args));
  return take(plugin, "PJRT_Layouts_PJRT_Client_GetDefaultLayout", args->layout,
              out);
}

pjrt_error *pjrt_layouts_default_for_topology(const pjrt_topology *topology,
                                              pjrt_dtype dtype,
                                              const int64_t *dims,
                                              size_t num_dims,
                                              pjrt_layout **out) {
  *out = NULL;
  PJRT_TRY(pjrt_topology_check(topology));
  const pjrt_plugin *plugin = topology->plugin;
  PJRT_TRY(check_shape(plugin, dtype, dims, num_dims));
  PJRT_ARGS(PJRT_Layouts_PJRT_Topology_GetDefaultLayout, args);
  args->topology_description = topology->raw;
  args->type = (PJRT_Buffer_Type)dtype;
  args->dims = dims;
  args->num_dims = num_dims;
  PJRT_TRY(CALL(plugin, PJRT_Layouts_PJRT_Topology_GetDefaultLayout, args));
  return take(plugin, "PJRT_Layouts_PJRT_Topology_GetDefaultLayout",
              args->layout, out);
}

/* ---- of programs --------------------------------------------------------- */

/* The i-th of the plugin's, which it keeps. */
static pjrt_error *read_one(const pjrt_plugin *plugin, const char *call,
                            PJRT_Layouts_MemoryLayout *const *all, size_t num,
                            size_t i, pjrt_layout **out) {
  pjrt_error *absurd = pjrt_count_check("a list of layouts", num, all);
  if (absurd) return pjrt_error_about(absurd, plugin, call);
  if (i < num && all[i]) return read(plugin, all[i], out);
  return pjrt_error_about(
      i < num
          ? pjrt_error_format(PJRT_INTERNAL,
                              "the plugin gives no layout %zu of %zu", i, num)
          : pjrt_error_format(PJRT_INVALID_ARGUMENT,
                              "layout %zu of a program that has %zu", i, num),
      plugin, call);
}

static pjrt_error *read_parameter(const pjrt_ext_program *program, size_t i,
                                  pjrt_layout **out) {
  static const char call[] = "PJRT_Layouts_PJRT_Executable_GetParameterLayouts";
  PJRT_ARGS(PJRT_Layouts_PJRT_Executable_GetParameterLayouts, args);
  args->executable = program->raw;
  PJRT_TRY(CALL(program->plugin,
                PJRT_Layouts_PJRT_Executable_GetParameterLayouts, args));
  return read_one(program->plugin, call, args->layouts, args->num_parameters, i,
                  out);
}

static pjrt_error *read_output(const pjrt_ext_program *program, size_t i,
                               pjrt_layout **out) {
  static const char call[] = "PJRT_Layouts_PJRT_Executable_GetOutputLayouts";
  PJRT_ARGS(PJRT_Layouts_PJRT_Executable_GetOutputLayouts, args);
  args->executable = program->raw;
  PJRT_TRY(CALL(program->plugin, PJRT_Layouts_PJRT_Executable_GetOutputLayouts,
                args));
  return read_one(program->plugin, call, args->layouts, args->num_outputs, i,
                  out);
}

pjrt_error *pjrt_layouts_of_parameter(pjrt_executable *executable, size_t i,
                                      pjrt_layout **out) {
  pjrt_ext_program program;
  *out = NULL;
  PJRT_TRY(pjrt_ext_executable(executable, &program));
  return read_parameter(&program, i, out);
}

pjrt_error *pjrt_layouts_of_output(pjrt_executable *executable, size_t i,
                                   pjrt_layout **out) {
  pjrt_ext_program program;
  *out = NULL;
  PJRT_TRY(pjrt_ext_executable(executable, &program));
  return read_output(&program, i, out);
}

pjrt_error *pjrt_layouts_of_compiled_parameter(pjrt_compiled *compiled,
                                               size_t i, pjrt_layout **out) {
  pjrt_ext_program program;
  *out = NULL;
  PJRT_TRY(pjrt_ext_compiled(compiled, &program));
  return read_parameter(&program, i, out);
}

pjrt_error *pjrt_layouts_of_compiled_output(pjrt_compiled *compiled, size_t i,
                                            pjrt_layout **out) {
  pjrt_ext_program program;
  *out = NULL;
  PJRT_TRY(pjrt_ext_compiled(compiled, &program));
  return read_output(&program, i, out);
}
