#include "core/plugin.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>

#include "abi/generated/sizes.h"
#include "base/alloc.h"
#include "base/elf.h"
#include "base/error.h"
#include "base/text.h"
#include "core/opts.h"
#include "core/raw_values.h"
#include "pjrt/discovery.h"

void pjrt_plugin_opts_init(pjrt_plugin_opts *opts) {
  *opts = (pjrt_plugin_opts){.struct_size = sizeof *opts};
}

pjrt_error *pjrt_error_about(pjrt_error *error, const pjrt_plugin *plugin,
                             const char *call) {
  pjrt_error_set_plugin(error, plugin->label);
  if (call) pjrt_error_set_call(error, call);
  return error;
}

pjrt_error *pjrt_plugin_check(const pjrt_plugin *plugin) {
  if (!plugin) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "plugin is NULL");
  }
  if (plugin->is_initialized) return NULL;
  return pjrt_error_about(
      pjrt_error_format(PJRT_FAILED_PRECONDITION,
                        "the plugin was opened with inspect_only"),
      plugin, NULL);
}

pjrt_error *pjrt_plugin_check_dtype(const pjrt_plugin *plugin,
                                    pjrt_dtype dtype) {
  int since = pjrt_dtype_since(dtype);
  if (since == 0 || pjrt_dtype_host_size(dtype) == 0) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "element type %d (%s) has no elements", (int)dtype,
                             pjrt_dtype_name(dtype));
  }
  if (plugin->minor >= since) return NULL;
  return pjrt_error_about(
      pjrt_error_format(PJRT_UNIMPLEMENTED,
                        "element type %s is newer than the plugin: API 0.%d "
                        "brought it",
                        pjrt_dtype_name(dtype), since),
      plugin, NULL);
}

/* ---- loading ------------------------------------------------------------- */

/* A name without a slash would be searched for along the loader's own path. */
static pjrt_error *set_path(pjrt_plugin *plugin, const char *path,
                            size_t path_size) {
  char *copy;
  PJRT_TRY(pjrt_text_copy_path("plugin path", path, path_size, &copy));
  plugin->path = copy;
  plugin->path_size = strlen(copy);
  if (strchr(copy, '/')) return NULL;
  pjrt_builder builder = {0};
  pjrt_builder_appendf(&builder, "./%s", copy);
  free(copy);
  plugin->path = NULL;
  return pjrt_builder_finish(&builder, &plugin->path, &plugin->path_size);
}

static pjrt_error *set_label(pjrt_plugin *plugin) {
  pjrt_builder builder = {0};
  free(plugin->label);
  plugin->label = NULL;
  const char *file = strrchr(plugin->path, '/') + 1;
  if (plugin->major || plugin->minor) {
    pjrt_builder_appendf(&builder, "%s (API %d.%d)", file, plugin->major,
                         plugin->minor);
  } else {
    pjrt_builder_appendf(&builder, "%s", file);
  }
  return pjrt_builder_finish(&builder, &plugin->label, NULL);
}

/* The loader's own words, without the path in front, which the message names
 * already. */
static pjrt_error *load_error(const pjrt_plugin *plugin) {
  const char *reason = dlerror();
  if (!reason) reason = "unknown reason";
  size_t size = strlen(plugin->path);
  if (!strncmp(reason, plugin->path, size) &&
      !strncmp(reason + size, ": ", 2)) {
    reason += size + 2;
  }
  pjrt_error *error =
      pjrt_error_format(PJRT_FAILED_PRECONDITION, "cannot load plugin %s: %s",
                        plugin->path, reason);
  pjrt_error_set_origin(error, PJRT_ORIGIN_SYSTEM);
  return error;
}

static pjrt_error *load(pjrt_plugin *plugin, const PJRT_Api **out) {
  PJRT_TRY(pjrt_plugin_judge_file(plugin->path, plugin->path_size));
  /* Local: two plugins often carry the same symbols. Never closed: plugins keep
   * threads and registries that would point into the unmapped code. */
  void *library = dlopen(plugin->path, RTLD_NOW | RTLD_LOCAL);
  if (!library) return load_error(plugin);
  if (stat(plugin->path, &plugin->file) != 0) {
    return pjrt_error_from_errno(errno, "plugin %s", plugin->path);
  }
  const PJRT_Api *(*get_api)(void);
  void *symbol = dlsym(library, "GetPjrtApi");
  if (!symbol) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "%s is not a PJRT plugin: it has no GetPjrtApi",
                             plugin->path);
  }
  memcpy(&get_api, &symbol, sizeof get_api);
  *out = get_api();
  return NULL;
}

/* ---- speaking to it for the first time ----------------------------------- */

static pjrt_error *ask_attributes(const pjrt_plugin *plugin,
                                  pjrt_named_values **out) {
  PJRT_ARGS(PJRT_Plugin_Attributes, args);
  PJRT_TRY(PJRT_CALL(plugin, PJRT_Plugin_Attributes, args));
  return pjrt_named_values_from_raw(args->attributes, args->num_attributes,
                                    out);
}

/* Reads the attributes with a size that is larger than any plugin's own. The
 * rare plugin that demands its exact size shows itself by refusing that, and
 * by answering to its own. */
static pjrt_error *read_attributes(pjrt_plugin *plugin) {
  size_t *size = &plugin->args_size[PJRT_CALL_PJRT_Plugin_Attributes];
  size_t newest = *size;
  if (!plugin->exact_struct_sizes) {
    *size = sizeof(PJRT_Plugin_Attributes_Args) + PJRT_ARGS_RESERVE;
  }
  pjrt_error *error = ask_attributes(plugin, &plugin->attributes);
  *size = newest;
  if (pjrt_error_code(error) == PJRT_INVALID_ARGUMENT &&
      !plugin->exact_struct_sizes) {
    pjrt_plugin_set_sizes(plugin, true);
    pjrt_error *second = ask_attributes(plugin, &plugin->attributes);
    if (second) {
      pjrt_plugin_set_sizes(plugin, false);
      pjrt_error_free(second);
    } else {
      pjrt_error_free(error);
      error = NULL;
    }
  }
  if (pjrt_error_code(error) == PJRT_UNIMPLEMENTED) {
    pjrt_error_free(error);
    return pjrt_named_values_create(&plugin->attributes);
  }
  if (plugin->minor > PJRT_NEWEST_MINOR) {
    pjrt_error_prefix(error,
                      "the plugin speaks PJRT API 0.%d, this library 0.%d",
                      plugin->minor, PJRT_NEWEST_MINOR);
  }
  return error;
}

static pjrt_error *initialize(pjrt_plugin *plugin) {
  PJRT_ARGS(PJRT_Plugin_Initialize, args);
  pjrt_error *error = PJRT_CALL(plugin, PJRT_Plugin_Initialize, args);
  /* Plugins before the function existed need no initialization. */
  if (!plugin->table.PJRT_Plugin_Initialize) {
    pjrt_error_free(error);
    error = NULL;
  }
  plugin->is_initialized = !error;
  return error;
}

static pjrt_error *open_plugin(pjrt_plugin *plugin, const char *path,
                               size_t path_size, const pjrt_plugin_opts *opts) {
  pjrt_plugin_opts known;
  const PJRT_Api *api = NULL;
  pjrt_plugin_opts_init(&known);
  PJRT_TRY(pjrt_opts_read(opts, "pjrt_plugin_opts", sizeof known, &known));
  PJRT_TRY(set_path(plugin, path, path_size));
  PJRT_TRY(set_label(plugin));
  PJRT_TRY(load(plugin, &api));
  pjrt_error *error = pjrt_plugin_negotiate(plugin, api);
  if (error) return pjrt_error_about(error, plugin, NULL);
  PJRT_TRY(set_label(plugin));
  if (known.exact_struct_sizes) pjrt_plugin_set_sizes(plugin, true);
  PJRT_TRY(read_attributes(plugin));
  return known.inspect_only ? NULL : initialize(plugin);
}

pjrt_error *pjrt_plugin_open(const char *path, size_t path_size,
                             const pjrt_plugin_opts *opts, pjrt_plugin **out) {
  void *memory;
  *out = NULL;
  PJRT_TRY(pjrt_alloc(1, sizeof **out, &memory));
  pjrt_plugin *plugin = memory;
  atomic_init(&plugin->refs, 1);
  pjrt_error *error = open_plugin(plugin, path, path_size, opts);
  if (error) {
    pjrt_plugin_free(plugin);
    return error;
  }
  *out = plugin;
  return NULL;
}

/* ---- life and facts ------------------------------------------------------ */

pjrt_plugin *pjrt_plugin_retain(pjrt_plugin *plugin) {
  atomic_fetch_add_explicit(&plugin->refs, 1, memory_order_relaxed);
  return plugin;
}

void pjrt_plugin_free(pjrt_plugin *plugin) {
  if (!plugin) return;
  if (atomic_fetch_sub_explicit(&plugin->refs, 1, memory_order_acq_rel) != 1) {
    return;
  }
  pjrt_named_values_free(plugin->attributes);
  free(plugin->extensions);
  free(atomic_load(&plugin->identity));
  free(plugin->label);
  free(plugin->path);
  free(plugin);
}

/* An update while the process runs replaces the file, not what is loaded. */
static pjrt_error *check_same_file(const pjrt_plugin *plugin) {
  struct stat now;
  if (stat(plugin->path, &now) != 0) {
    return pjrt_error_from_errno(errno, "plugin %s", plugin->path);
  }
  const struct stat *then = &plugin->file;
  if (now.st_dev == then->st_dev && now.st_ino == then->st_ino &&
      now.st_size == then->st_size &&
      now.st_mtim.tv_sec == then->st_mtim.tv_sec &&
      now.st_mtim.tv_nsec == then->st_mtim.tv_nsec) {
    return NULL;
  }
  return pjrt_error_format(PJRT_FAILED_PRECONDITION,
                           "plugin %s: another file has taken its place since "
                           "it was loaded; start the program again",
                           plugin->path);
}

pjrt_error *pjrt_plugin_identity(pjrt_plugin *plugin, const char **out) {
  char identity[PJRT_ELF_IDENTITY_SIZE];
  char *known = atomic_load(&plugin->identity);
  *out = known;
  if (known) return NULL;
  PJRT_TRY(pjrt_elf_identity(plugin->path, identity));
  PJRT_TRY(check_same_file(plugin));
  char *copy = strdup(identity);
  if (!copy) return pjrt_error_out_of_memory();
  if (!atomic_compare_exchange_strong(&plugin->identity, &known, copy)) {
    free(copy); /* another thread was faster */
    copy = known;
  }
  *out = copy;
  return NULL;
}

const char *pjrt_plugin_path(const pjrt_plugin *plugin, size_t *out_size) {
  if (out_size) *out_size = plugin->path_size;
  return plugin->path;
}

int pjrt_plugin_api_major(const pjrt_plugin *plugin) { return plugin->major; }

int pjrt_plugin_api_minor(const pjrt_plugin *plugin) { return plugin->minor; }

const pjrt_named_values *pjrt_plugin_attributes(const pjrt_plugin *plugin) {
  return plugin->attributes;
}

bool pjrt_plugin_wants_exact_struct_sizes(const pjrt_plugin *plugin) {
  return plugin->exact_struct_sizes;
}

size_t pjrt_plugin_table_size(const pjrt_plugin *plugin) {
  return plugin->declared_table_size;
}
