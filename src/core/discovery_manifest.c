/* JSON: JAX's form of naming a plugin, and the manifest files made of it. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "core/discovery.h"

/* ---- One file ----------------------------------------------------------- */

/* What a JSON file says. */
typedef struct manifest {
  char *name; /* NULL: it has none */
  char *library_path;
  pjrt_named_values *options;
} manifest;

#ifdef PJRT_HAVE_JANSSON

#include <jansson.h>

enum { MAX_JSON_SIZE = 1 << 20 };

static const char *json_kind(const json_t *value) {
  switch (json_typeof(value)) {
    case JSON_OBJECT:
      return "an object";
    case JSON_ARRAY:
      return "an array";
    case JSON_STRING:
      return "a string";
    case JSON_INTEGER:
      return "an integer";
    case JSON_REAL:
      return "a number";
    case JSON_NULL:
      return "null";
    default:
      return "a bool";
  }
}

static pjrt_error *set_list(const char *path, pjrt_named_values *options,
                            const char *key, const json_t *array) {
  size_t num = json_array_size(array);
  void *memory = NULL;
  PJRT_TRY(pjrt_alloc(num, sizeof(int64_t), &memory));
  int64_t *list = memory;
  for (size_t i = 0; i < num; i++) {
    const json_t *element = json_array_get(array, i);
    if (!json_is_integer(element)) {
      free(memory);
      return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                               "%s: option \"%s\": expected a list of "
                               "integers, found %s in it",
                               path, key, json_kind(element));
    }
    list[i] = json_integer_value(element);
  }
  pjrt_error *error =
      pjrt_named_values_set_int64_list(options, key, PJRT_NUL_ENDED, list, num);
  free(memory);
  return error;
}

static pjrt_error *set_option(const char *path, pjrt_named_values *options,
                              const char *key, const json_t *value) {
  size_t all = PJRT_NUL_ENDED;
  switch (json_typeof(value)) {
    case JSON_STRING:
      return pjrt_named_values_set_string(options, key, all,
                                          json_string_value(value),
                                          json_string_length(value));
    case JSON_INTEGER:
      return pjrt_named_values_set_int64(options, key, all,
                                         json_integer_value(value));
    case JSON_REAL:
      return pjrt_named_values_set_float(options, key, all,
                                         (float)json_real_value(value));
    case JSON_TRUE:
    case JSON_FALSE:
      return pjrt_named_values_set_bool(options, key, all, json_is_true(value));
    case JSON_ARRAY:
      return set_list(path, options, key, value);
    default:
      return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                               "%s: option \"%s\": expected a string, a "
                               "number, a bool or a list of integers, found "
                               "%s",
                               path, key, json_kind(value));
  }
}

static pjrt_error *read_options(const char *path, json_t *options,
                                manifest *out) {
  PJRT_TRY(pjrt_named_values_create(&out->options));
  if (!options || json_is_null(options)) return NULL;
  if (!json_is_object(options)) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "%s: \"create_options\": expected an object, "
                             "found %s",
                             path, json_kind(options));
  }
  const char *key;
  json_t *value;
  json_object_foreach(options, key, value) {
    PJRT_TRY(set_option(path, out->options, key, value));
  }
  return NULL;
}

/* The text at a key; *out stays NULL where an optional one is missing. */
static pjrt_error *read_text(const char *path, const json_t *root,
                             const char *key, bool required, char **out) {
  const json_t *value = json_object_get(root, key);
  if (!value && !required) return NULL;
  if (!json_is_string(value) || json_string_length(value) == 0) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "%s: \"%s\": expected a text, found %s", path, key,
                             !value                  ? "nothing"
                             : json_is_string(value) ? "an empty one"
                                                     : json_kind(value));
  }
  return pjrt_text_copy(json_string_value(value), PJRT_NUL_ENDED, out);
}

static pjrt_error *read_root(const char *path, const json_t *root,
                             manifest *out) {
  if (!json_is_object(root)) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "%s: expected a JSON object, found %s", path,
                             json_kind(root));
  }
  PJRT_TRY(read_text(path, root, "library_path", true, &out->library_path));
  PJRT_TRY(read_text(path, root, "name", false, &out->name));
  return read_options(path, json_object_get(root, "create_options"), out);
}

static pjrt_error *read_manifest(const char *path, manifest *out) {
  char *text = NULL;
  size_t size = 0;
  PJRT_TRY(pjrt_file_read("file", path, MAX_JSON_SIZE, &text, &size));
  json_error_t where;
  json_t *root = json_loadb(text, size, 0, &where);
  free(text);
  if (!root) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "%s: line %d, column %d: not JSON: %s", path,
                             where.line, where.column, where.text);
  }
  pjrt_error *error = read_root(path, root, out);
  json_decref(root);
  return error;
}

#else /* PJRT_HAVE_JANSSON */

static pjrt_error *read_manifest(const char *path, manifest *out) {
  (void)out;
  return pjrt_error_format(PJRT_UNIMPLEMENTED,
                           "%s: this build of libpjrt reads no JSON: it was "
                           "made without jansson",
                           path);
}

#endif /* PJRT_HAVE_JANSSON */

/* "/x/cpu.json" is called "cpu". */
static pjrt_error *name_of_json(const char *path, char **out) {
  const char *slash = strrchr(path, '/');
  const char *name = slash ? slash + 1 : path;
  return pjrt_text_copy(name, strlen(name) - strlen(".json"), out);
}

/* Fills in what the file left open. */
static pjrt_error *complete(manifest *found, const char *name,
                            const char *json_path, const char *base) {
  if (name || !found->name) {
    free(found->name);
    found->name = NULL;
    PJRT_TRY(name ? pjrt_text_copy(name, PJRT_NUL_ENDED, &found->name)
                  : name_of_json(json_path, &found->name));
  }
  if (!found->library_path) {
    return pjrt_text_copy("", 0, &found->library_path);
  }
  if (!base || found->library_path[0] == '/') return NULL;
  char *path = NULL;
  PJRT_TRY(pjrt_path_format(&path, "%s/%s", base, found->library_path));
  free(found->library_path);
  found->library_path = path;
  return NULL;
}

pjrt_error *pjrt_discover_json(pjrt_plugin_list *list,
                               pjrt_plugin_source source, const char *name,
                               const char *json_path, const char *base,
                               const char *origin) {
  manifest found = {0};
  pjrt_error *verdict = read_manifest(json_path, &found);
  pjrt_error *error = complete(&found, name, json_path, base);
  if (error) {
    pjrt_error_free(verdict);
    pjrt_named_values_free(found.options);
  } else {
    pjrt_candidate candidate = {.source = source,
                                .name = found.name,
                                .path = found.library_path,
                                .origin = origin,
                                .verdict = verdict,
                                .options = found.options};
    error = pjrt_plugin_list_add(list, &candidate);
  }
  free(found.name);
  free(found.library_path);
  return error;
}

/* ---- Folders of them ---------------------------------------------------- */

static pjrt_error *add_manifest(pjrt_plugin_list *list, const char *folder,
                                const char *file) {
  char *path = NULL;
  PJRT_TRY(pjrt_path_format(&path, "%s/%s", folder, file));
  pjrt_error *error =
      pjrt_discover_json(list, PJRT_SOURCE_MANIFEST, NULL, path, folder, path);
  free(path);
  return error;
}

static pjrt_error *search_folder(pjrt_plugin_list *list, const char *path) {
  pjrt_folder folder;
  PJRT_TRY(pjrt_folder_open(path, &folder));
  pjrt_error *error = NULL;
  for (size_t i = 0; i < folder.num && !error; i++) {
    const char *file = folder.entries[i]->d_name;
    if (pjrt_text_has_suffix(file, ".json")) {
      error = add_manifest(list, path, file);
    }
  }
  pjrt_folder_close(&folder);
  return error;
}

static pjrt_error *search_path_variable(pjrt_plugin_list *list,
                                        const pjrt_environment *environment) {
  const char *value = pjrt_environment_get(environment, "PJRT_MANIFEST_PATH");
  if (!value) return NULL;
  char *copy = NULL;
  PJRT_TRY(pjrt_text_copy(value, PJRT_NUL_ENDED, &copy));
  pjrt_error *error = NULL;
  char *rest = copy;
  while (rest && !error) {
    const char *folder = strsep(&rest, ":");
    if (*folder) error = search_folder(list, folder);
  }
  free(copy);
  return error;
}

/* A folder of the XDG base directory specification, by which a relative value
 * does not count. */
static pjrt_error *search_xdg(pjrt_plugin_list *list,
                              const pjrt_environment *environment,
                              const char *variable, const char *below_home) {
  const char *base = pjrt_environment_get(environment, variable);
  const char *home = pjrt_environment_get(environment, "HOME");
  char *folder = NULL;
  if (base && base[0] == '/') {
    PJRT_TRY(pjrt_path_format(&folder, "%s/pjrt/plugins.d", base));
  } else if (home && home[0] == '/') {
    PJRT_TRY(
        pjrt_path_format(&folder, "%s/%s/pjrt/plugins.d", home, below_home));
  } else {
    return NULL;
  }
  pjrt_error *error = search_folder(list, folder);
  free(folder);
  return error;
}

pjrt_error *pjrt_discover_manifests(pjrt_plugin_list *list,
                                    const pjrt_environment *environment,
                                    const char *system_manifests) {
  PJRT_TRY(search_path_variable(list, environment));
  PJRT_TRY(search_xdg(list, environment, "XDG_CONFIG_HOME", ".config"));
  PJRT_TRY(search_folder(list, system_manifests));
  return search_xdg(list, environment, "XDG_DATA_HOME", ".local/share");
}
