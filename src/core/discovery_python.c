/* Plugins among the installed Python packages, found by reading files.
 *
 * A wheel may put its plugin anywhere and call it anything. What is reliable:
 * RECORD lists the package's files, and a plugin exports GetPjrtApi. So every
 * plain shared library of every package is looked at, which costs a few pages
 * of it each. A package that declares itself a JAX plugin is held to that: when
 * its library is damaged or missing, it is listed with the reason. */
#include "core/discovery_python.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/dist_info.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

enum {
  MAX_ENTRY_POINTS_SIZE = 1 << 20,
  MAX_RECORD_SIZE = 32 << 20,
  MAX_ENTRIES = 16,    /* plugins that one package declares */
  MAX_LIBRARIES = 4096 /* shared libraries that one package has */
};

/* The groups of entry points that declare a plugin, and at the same time the
 * namespace packages that plugins put themselves into: JAX's own, and one that
 * a CPU plugin uses. */
static const char *const groups[] = {"jax_plugins", "xla_plugins"};
enum { NUM_GROUPS = sizeof groups / sizeof groups[0] };

static const char info_suffix[] = ".dist-info";

/* A package while it is being looked at. */
typedef struct package {
  pjrt_plugin_list *list;
  const char *folder; /* of all packages */
  const char *info;   /* the folder NAME-VERSION.dist-info in it */
  char *name;
  char *origin;
  char *entry_points; /* the text that the entries are parts of */
  pjrt_entry_point entries[MAX_ENTRIES];
  size_t num_entries;
  size_t num_listed;
} package;

/* ---- What a package declares -------------------------------------------- */

/* The name that pip shows: "jax_cuda13_pjrt-0.12.dist-info" belongs to
 * "jax-cuda13-pjrt". Runs of "-", "_" and "." are one "-" (PEP 503). */
static pjrt_error *package_name(const char *info, char **out) {
  size_t size = strlen(info) - strlen(info_suffix);
  const char *dash = memrchr(info, '-', size);
  if (dash) size = (size_t)(dash - info);
  PJRT_TRY(pjrt_text_copy(info, size, out));
  char *to = *out;
  for (const char *from = *out; *from; from++) {
    bool separates = strchr("-_.", *from) != NULL;
    if (separates && to > *out && to[-1] == '-') continue;
    bool upper = *from >= 'A' && *from <= 'Z';
    *to++ = (char)(separates ? '-' : upper ? *from - 'A' + 'a' : *from);
  }
  *to = 0;
  return NULL;
}

static bool is_plugin_group(pjrt_span group) {
  for (size_t i = 0; i < NUM_GROUPS; i++) {
    if (pjrt_span_equal(group, groups[i])) return true;
  }
  return false;
}

/* Reads one of a package's own files; *out is NULL when it has none, or one
 * that cannot be read. */
static pjrt_error *read_info(const package *it, const char *file, size_t limit,
                             char **out, size_t *out_size) {
  char *path = NULL;
  PJRT_TRY(pjrt_path_format(&path, "%s/%s/%s", it->folder, it->info, file));
  pjrt_error *error = pjrt_file_read("package", path, limit, out, out_size);
  free(path);
  if (pjrt_error_code(error) == PJRT_RESOURCE_EXHAUSTED) return error;
  pjrt_error_free(error);
  return NULL;
}

static pjrt_error *read_entry_points(package *it) {
  size_t size = 0;
  PJRT_TRY(read_info(it, "entry_points.txt", MAX_ENTRY_POINTS_SIZE,
                     &it->entry_points, &size));
  if (!it->entry_points) return NULL;
  pjrt_entry_points reader = {.at = it->entry_points,
                              .end = it->entry_points + size};
  pjrt_entry_point entry;
  while (it->num_entries < MAX_ENTRIES &&
         pjrt_entry_points_next(&reader, &entry)) {
    if (is_plugin_group(entry.group) && entry.name.size > 0) {
      it->entries[it->num_entries++] = entry;
    }
  }
  return NULL;
}

/* ---- What a package holds ----------------------------------------------- */

/* A library is called as the entry point whose module's folder it lies in, or
 * as the only entry point, or as the package. */
static pjrt_error *library_name(const package *it, pjrt_span path, char **out) {
  for (size_t i = 0; i < it->num_entries; i++) {
    if (it->num_entries == 1 ||
        pjrt_module_contains(it->entries[i].module, path)) {
      return pjrt_text_copy(it->entries[i].name.text, it->entries[i].name.size,
                            out);
    }
  }
  return pjrt_text_copy(it->name, PJRT_NUL_ENDED, out);
}

/* Lists a library when it is a plugin, or when it cannot be read and is in a
 * package that promises one. */
static pjrt_error *add_library(package *it, pjrt_span path) {
  char *full = NULL;
  PJRT_TRY(pjrt_path_format(&full, "%s/%.*s", it->folder, (int)path.size,
                            path.text));
  pjrt_file_kind kind;
  pjrt_error *verdict = pjrt_plugin_judge(full, &kind);
  pjrt_error *error = NULL;
  bool listed = kind == PJRT_FILE_PLUGIN ||
                (kind == PJRT_FILE_UNREADABLE && it->num_entries > 0);
  char *name = NULL;
  if (listed) error = library_name(it, path, &name);
  if (listed && !error) {
    it->num_listed++;
    pjrt_candidate candidate = {.source = PJRT_SOURCE_PYTHON,
                                .name = name,
                                .path = full,
                                .origin = it->origin,
                                .verdict = verdict};
    verdict = NULL;
    error = pjrt_plugin_list_add(it->list, &candidate);
  }
  pjrt_error_free(verdict);
  free(name);
  free(full);
  return error;
}

static pjrt_error *read_record(package *it) {
  char *text = NULL;
  size_t size = 0;
  PJRT_TRY(read_info(it, "RECORD", MAX_RECORD_SIZE, &text, &size));
  if (!text) return NULL;
  pjrt_record record = {.at = text, .end = text + size};
  pjrt_span path;
  pjrt_error *error = NULL;
  size_t num_libraries = 0;
  while (!error && num_libraries < MAX_LIBRARIES &&
         pjrt_record_next(&record, &path)) {
    if (!pjrt_record_path_is_inside(path) || path.size > PATH_MAX ||
        !pjrt_is_plain_library_name(path)) {
      continue;
    }
    num_libraries++;
    error = add_library(it, path);
  }
  free(text);
  return error;
}

/* Lists a package that declares plugins and has no library of one: a broken
 * install, or one whose files lie elsewhere (pip install --editable). */
static pjrt_error *add_promises(package *it) {
  for (size_t i = 0; i < it->num_entries; i++) {
    char *name = NULL;
    PJRT_TRY(pjrt_text_copy(it->entries[i].name.text, it->entries[i].name.size,
                            &name));
    pjrt_candidate candidate = {
        .source = PJRT_SOURCE_PYTHON,
        .name = name,
        .path = "",
        .origin = it->origin,
        .verdict = pjrt_error_format(
            PJRT_NOT_FOUND,
            "Python package %s declares the plugin %s, but none of the files "
            "in its RECORD is a shared library that exports GetPjrtApi",
            it->name, name)};
    pjrt_error *error = pjrt_plugin_list_add(it->list, &candidate);
    free(name);
    if (error) return error;
  }
  return NULL;
}

static pjrt_error *search_package(package *it) {
  PJRT_TRY(package_name(it->info, &it->name));
  PJRT_TRY(pjrt_path_format(&it->origin, "%.*s in %s",
                            (int)(strlen(it->info) - strlen(info_suffix)),
                            it->info, it->folder));
  PJRT_TRY(read_entry_points(it));
  PJRT_TRY(read_record(it));
  return it->num_listed == 0 ? add_promises(it) : NULL;
}

static pjrt_error *add_package(pjrt_plugin_list *list, const char *folder,
                               const char *info) {
  package it = {.list = list, .folder = folder, .info = info};
  pjrt_error *error = search_package(&it);
  free(it.name);
  free(it.origin);
  free(it.entry_points);
  return error;
}

/* ---- Namespace packages ------------------------------------------------- */

/* The libraries of one package, jax_plugins/NAME, that no RECORD listed: a
 * folder that was copied or made by hand. */
static pjrt_error *search_member(pjrt_plugin_list *list, const char *folder,
                                 const char *member, const char *name) {
  char *path = NULL;
  PJRT_TRY(pjrt_path_format(&path, "%s/%s", folder, member));
  pjrt_folder files = {0};
  pjrt_error *error = pjrt_folder_open(path, &files);
  package it = {.list = list, .folder = folder, .origin = path};
  it.num_entries = 1;
  it.entries[0].name = (pjrt_span){name, strlen(name)};
  for (size_t i = 0; i < files.num && !error; i++) {
    const char *file = files.entries[i]->d_name;
    char *relative = NULL;
    char *full = NULL;
    error = pjrt_path_format(&relative, "%s/%s", member, file);
    if (!error) error = pjrt_path_format(&full, "%s/%s", folder, relative);
    if (!error && !pjrt_plugin_list_has_path(list, full)) {
      pjrt_span span = {relative, strlen(relative)};
      if (pjrt_is_plain_library_name(span)) error = add_library(&it, span);
    }
    free(relative);
    free(full);
  }
  pjrt_folder_close(&files);
  free(path);
  return error;
}

static pjrt_error *search_group(pjrt_plugin_list *list, const char *folder,
                                const char *group) {
  char *path = NULL;
  PJRT_TRY(pjrt_path_format(&path, "%s/%s", folder, group));
  pjrt_folder members = {0};
  pjrt_error *error = pjrt_folder_open(path, &members);
  free(path);
  for (size_t i = 0; i < members.num && !error; i++) {
    const char *name = members.entries[i]->d_name;
    char *member = NULL;
    error = pjrt_path_format(&member, "%s/%s", group, name);
    if (!error) error = search_member(list, folder, member, name);
    free(member);
  }
  pjrt_folder_close(&members);
  return error;
}

/* ---- Folders of packages ------------------------------------------------ */

pjrt_error *pjrt_discover_site(pjrt_plugin_list *list, const char *folder) {
  pjrt_folder infos = {0};
  pjrt_error *error = pjrt_folder_open(folder, &infos);
  for (size_t i = 0; i < infos.num && !error; i++) {
    const char *info = infos.entries[i]->d_name;
    if (pjrt_text_has_suffix(info, info_suffix)) {
      error = add_package(list, folder, info);
    }
  }
  pjrt_folder_close(&infos);
  for (size_t i = 0; i < NUM_GROUPS && !error; i++) {
    error = search_group(list, folder, groups[i]);
  }
  return error;
}

static pjrt_error *visit_site(void *user, const char *folder) {
  return pjrt_discover_site(user, folder);
}

pjrt_error *pjrt_discover_python(pjrt_plugin_list *list,
                                 const pjrt_environment *environment) {
  return pjrt_python_sites(environment, visit_site, list);
}
