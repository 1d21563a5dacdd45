/* Plugins, loaded or not, and which process of a job this is. */
#include <string.h>

#include "describe/describe.h"

/* ---- loaded -------------------------------------------------------------- */

static size_t num_supported(const pjrt_plugin *plugin) {
  size_t num = 0;
  for (size_t i = 0; i < pjrt_num_functions(); i++) {
    num += pjrt_plugin_supports(plugin, pjrt_function_name(i), PJRT_NUL_ENDED);
  }
  return num;
}

static void append_plugin(pjrt_builder *text, const pjrt_plugin *plugin) {
  pjrt_builder_appendf(text, "plugin ");
  pjrt_describe_text(text, plugin->label, strlen(plugin->label));
  pjrt_builder_appendf(text, ", %zu of %zu functions, ", num_supported(plugin),
                       pjrt_num_functions());
  pjrt_describe_count(text, plugin->num_extensions, "extension");
  if (!plugin->is_initialized) {
    pjrt_builder_appendf(text, ", not initialized");
  }
}

static void append_plugin_rest(pjrt_builder *text, const pjrt_plugin *plugin) {
  pjrt_describe_line(text);
  pjrt_builder_appendf(text, "path ");
  pjrt_describe_text(text, plugin->path, plugin->path_size);
  pjrt_describe_line(text);
  pjrt_builder_appendf(
      text, "table of %zu bytes, %s struct sizes", plugin->declared_table_size,
      plugin->exact_struct_sizes ? "its own version's" : "the newest");
  pjrt_describe_values(text, plugin->attributes);
  for (size_t i = 0; i < plugin->num_extensions; i++) {
    const int type = plugin->extensions[i].type;
    pjrt_describe_line(text);
    pjrt_builder_appendf(text, "extension %d, %s, %zu bytes", type,
                         pjrt_extension_name(type), plugin->extensions[i].size);
  }
}

pjrt_error *pjrt_plugin_describe(const pjrt_plugin *plugin, pjrt_detail detail,
                                 char **out, size_t *out_size) {
  pjrt_builder text;
  if (pjrt_describe_begin(&text, plugin, "plugin")) {
    append_plugin(&text, plugin);
    if (detail == PJRT_ALL_LINES) append_plugin_rest(&text, plugin);
  }
  return pjrt_builder_finish(&text, out, out_size);
}

/* ---- files --------------------------------------------------------------- */

static void append_verdict(pjrt_builder *text, const pjrt_error *verdict) {
  size_t size;
  const char *message = pjrt_error_message(verdict, &size);
  pjrt_builder_appendf(text, verdict ? ", unusable: " : ", usable");
  pjrt_describe_text(text, message, size);
}

static void append_file(pjrt_builder *text, const pjrt_plugin_file *file) {
  size_t size;
  const char *path = pjrt_plugin_file_path(file, &size);
  pjrt_builder_appendf(text, "plugin file ");
  pjrt_describe_text(text, path, size);
  pjrt_builder_appendf(text, ", %zu bytes for %s", pjrt_plugin_file_size(file),
                       pjrt_plugin_file_machine(file));
  append_verdict(text, pjrt_plugin_file_verdict(file));
}

static void append_file_rest(pjrt_builder *text, const pjrt_plugin_file *file) {
  size_t size;
  const char *identity = pjrt_plugin_file_identity(file, &size);
  pjrt_describe_line(text);
  pjrt_builder_appendf(text, "identity ");
  pjrt_describe_text(text, identity, size);
  for (size_t i = 0; i < pjrt_plugin_file_num_needed(file); i++) {
    const char *needed = pjrt_plugin_file_needed(file, i, &size);
    pjrt_describe_line(text);
    pjrt_builder_appendf(text, "needs ");
    pjrt_describe_text(text, needed, size);
  }
  pjrt_describe_line(text);
  pjrt_builder_appendf(text, "exports ");
  pjrt_describe_count(text, pjrt_plugin_file_num_exports(file), "symbol");
}

pjrt_error *pjrt_plugin_file_describe(const pjrt_plugin_file *file,
                                      pjrt_detail detail, char **out,
                                      size_t *out_size) {
  pjrt_builder text;
  if (pjrt_describe_begin(&text, file, "plugin file")) {
    append_file(&text, file);
    if (detail == PJRT_ALL_LINES) append_file_rest(&text, file);
  }
  return pjrt_builder_finish(&text, out, out_size);
}

/* ---- lists --------------------------------------------------------------- */

static void append_candidate(pjrt_builder *text, const pjrt_plugin_list *list,
                             size_t i) {
  size_t size;
  const char *part = pjrt_plugin_list_name(list, i, &size);
  pjrt_describe_line(text);
  pjrt_describe_text(text, part, size);
  part = pjrt_plugin_list_path(list, i, &size);
  pjrt_builder_appendf(text, ": ");
  pjrt_describe_text(text, part, size);
  part = pjrt_plugin_list_origin(list, i, &size);
  pjrt_builder_appendf(text, ", named by ");
  pjrt_describe_text(text, part, size);
  append_verdict(text, pjrt_plugin_list_verdict(list, i));
}

pjrt_error *pjrt_plugin_list_describe(const pjrt_plugin_list *list,
                                      pjrt_detail detail, char **out,
                                      size_t *out_size) {
  pjrt_builder text;
  if (pjrt_describe_begin(&text, list, "list of plugins")) {
    const size_t num = pjrt_plugin_list_size(list);
    size_t num_usable = 0;
    for (size_t i = 0; i < num; i++) {
      num_usable += !pjrt_plugin_list_verdict(list, i);
    }
    pjrt_describe_count(&text, num, "plugin");
    pjrt_builder_appendf(&text, ", %zu usable", num_usable);
    if (detail == PJRT_ALL_LINES) {
      for (size_t i = 0; i < num; i++) append_candidate(&text, list, i);
    }
  }
  return pjrt_builder_finish(&text, out, out_size);
}

/* ---- launches ------------------------------------------------------------ */

static void append_launch(pjrt_builder *text, const pjrt_launch *launch) {
  size_t size;
  const int local = pjrt_launch_local_process_id(launch);
  const int num_local = pjrt_launch_num_local_processes(launch);
  pjrt_builder_appendf(text, "process %d of %d", pjrt_launch_process_id(launch),
                       pjrt_launch_num_processes(launch));
  if (local >= 0 && num_local >= 0) {
    pjrt_builder_appendf(text, ", %d of %d on its host", local, num_local);
  }
  pjrt_builder_appendf(text, ", started by %s", pjrt_launch_launcher(launch));
  const char *part = pjrt_launch_job(launch, &size);
  if (size) pjrt_builder_appendf(text, ", job ");
  pjrt_describe_text(text, part, size);
  part = pjrt_launch_coordinator(launch, &size);
  if (size) pjrt_builder_appendf(text, ", coordinator ");
  pjrt_describe_text(text, part, size);
}

pjrt_error *pjrt_launch_describe(const pjrt_launch *launch, pjrt_detail detail,
                                 char **out, size_t *out_size) {
  pjrt_builder text;
  (void)detail;
  if (pjrt_describe_begin(&text, launch, "launch")) {
    append_launch(&text, launch);
  }
  return pjrt_builder_finish(&text, out, out_size);
}
