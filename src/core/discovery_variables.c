/* The environment, and the variables that name plugins. */
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/error.h"
#include "base/file.h"
#include "base/library_search.h"
#include "base/text.h"
#include "core/discovery.h"
#include "core/named_values.h"

/* ---- The environment ---------------------------------------------------- */

bool pjrt_process_is_privileged(void) { return getauxval(AT_SECURE) != 0; }

pjrt_environment pjrt_environment_choose(const pjrt_discovery_opts *opts,
                                         char *const *own, bool privileged) {
  if (opts->environment) {
    return (pjrt_environment){opts->environment, opts->num_environment};
  }
  pjrt_environment environment = {(const char *const *)own, 0};
  if (privileged || !own) return environment;
  while (own[environment.num]) environment.num++;
  return environment;
}

const char *pjrt_environment_get(const pjrt_environment *environment,
                                 const char *name) {
  size_t size = strlen(name);
  for (size_t i = 0; i < environment->num; i++) {
    const char *variable = environment->variables[i];
    if (variable && strncmp(variable, name, size) == 0 &&
        variable[size] == '=') {
      return variable[size + 1] ? variable + size + 1 : NULL;
    }
  }
  return NULL;
}

/* ---- Paths and names ---------------------------------------------------- */

/* "libpjrt_cpu.so" is called "pjrt_cpu". */
static pjrt_error *name_of_file(const char *path, char **out) {
  const char *slash = strrchr(path, '/');
  const char *name = slash ? slash + 1 : path;
  if (strncmp(name, "lib", 3) == 0 && name[3]) name += 3;
  const char *suffix = strstr(name, ".so");
  size_t size = suffix ? (size_t)(suffix - name) : strlen(name);
  return pjrt_text_copy(name, size, out);
}

/* Adds a file that a variable names. OpenXLA and JAX give it to dlopen, which
 * looks for a name without a slash in the loader's folders; where it is not
 * there, the name is taken for a file of the working folder. `name` NULL: as
 * the file is called. */
static pjrt_error *add_file(pjrt_plugin_list *list,
                            const pjrt_environment *environment,
                            pjrt_plugin_source source, const char *name,
                            const char *path, const char *origin) {
  char *found = NULL;
  char *own_name = NULL;
  pjrt_error *error = NULL;
  if (!strchr(path, '/')) {
    error = pjrt_library_search(
        path, NULL, NULL, pjrt_environment_get(environment, "LD_LIBRARY_PATH"),
        &found);
  }
  if (!error && !found) error = pjrt_path_format(&found, "%s", path);
  if (!error && !name) error = name_of_file(path, &own_name);
  if (!error) {
    pjrt_candidate candidate = {.source = source,
                                .name = name ? name : own_name,
                                .path = found,
                                .origin = origin};
    error = pjrt_plugin_list_add(list, &candidate);
  }
  free(found);
  free(own_name);
  return error;
}

static pjrt_error *add_variable(pjrt_plugin_list *list,
                                const pjrt_environment *environment,
                                pjrt_plugin_source source, const char *variable,
                                const char *name) {
  const char *path = pjrt_environment_get(environment, variable);
  if (!path) return NULL;
  return add_file(list, environment, source, name, path, variable);
}

/* ---- PJRT_NAMES_AND_LIBRARY_PATHS --------------------------------------- */

static const char pairs_variable[] = "PJRT_NAMES_AND_LIBRARY_PATHS";

static pjrt_error *add_json(pjrt_plugin_list *list, const char *name,
                            const char *path) {
  char *origin = NULL;
  PJRT_TRY(pjrt_path_format(&origin, "%s, %s", pairs_variable, path));
  pjrt_error *error = pjrt_discover_json(
      list, PJRT_SOURCE_NAMES_AND_LIBRARY_PATHS, name, path, NULL, origin);
  free(origin);
  return error;
}

/* One "name:path". As in JAX there is exactly one colon, nothing is trimmed,
 * and there is no way to quote; JAX warns of a bad pair where we list it. */
static pjrt_error *add_pair(pjrt_plugin_list *list,
                            const pjrt_environment *environment, char *pair) {
  pjrt_plugin_source source = PJRT_SOURCE_NAMES_AND_LIBRARY_PATHS;
  char *colon = strchr(pair, ':');
  if (!colon || colon == pair || !colon[1] || strchr(colon + 1, ':')) {
    pjrt_candidate bad = {
        .source = source,
        .name = pair,
        .path = "",
        .origin = pairs_variable,
        .verdict = pjrt_error_format(PJRT_INVALID_ARGUMENT,
                                     "%s: expected NAME:PATH, found \"%s\"",
                                     pairs_variable, pair)};
    return pjrt_plugin_list_add(list, &bad);
  }
  *colon = 0;
  const char *path = colon + 1;
  if (pjrt_text_has_suffix(path, ".json")) return add_json(list, pair, path);
  return add_file(list, environment, source, pair, path, pairs_variable);
}

static pjrt_error *add_pairs(pjrt_plugin_list *list,
                             const pjrt_environment *environment) {
  const char *value = pjrt_environment_get(environment, pairs_variable);
  if (!value) return NULL;
  char *copy = NULL;
  PJRT_TRY(pjrt_text_copy(value, PJRT_NUL_ENDED, &copy));
  pjrt_error *error = NULL;
  char *rest = copy;
  while (rest && !error) {
    char *pair = strsep(&rest, ",");
    error = add_pair(list, environment, pair);
  }
  free(copy);
  return error;
}

pjrt_error *pjrt_discover_variables(pjrt_plugin_list *list,
                                    const pjrt_environment *environment) {
  PJRT_TRY(add_pairs(list, environment));
  PJRT_TRY(add_variable(list, environment, PJRT_SOURCE_PLUGIN_LIBRARY_PATH,
                        "PJRT_PLUGIN_LIBRARY_PATH", NULL));
  return add_variable(list, environment, PJRT_SOURCE_TPU_LIBRARY_PATH,
                      "TPU_LIBRARY_PATH", "tpu");
}

/* ---- PJRT_PLUGIN -------------------------------------------------------- */

static const char own_variable[] = "PJRT_PLUGIN";

static pjrt_error *copy_options(const pjrt_named_values *from,
                                pjrt_named_values **out) {
  PJRT_TRY(pjrt_named_values_create(out));
  for (size_t i = 0; i < pjrt_named_values_size(from); i++) {
    pjrt_error *error =
        pjrt_named_values_append(*out, pjrt_named_values_at(from, i));
    if (error) {
      pjrt_named_values_free(*out);
      *out = NULL;
      return error;
    }
  }
  return NULL;
}

/* Adds what the variable's name means among the other places' candidates. */
static pjrt_error *add_named(pjrt_plugin_list *list, const char *name) {
  size_t i = 0;
  pjrt_error *verdict = pjrt_plugin_list_find(list, name, PJRT_NUL_ENDED, &i);
  bool found = !verdict;
  pjrt_named_values *options = NULL;
  if (found) {
    verdict = pjrt_error_copy(pjrt_plugin_list_verdict(list, i));
    pjrt_error *error =
        copy_options(pjrt_plugin_list_options(list, i), &options);
    if (error) {
      pjrt_error_free(verdict);
      return error;
    }
  }
  pjrt_candidate candidate = {
      .source = PJRT_SOURCE_PJRT_PLUGIN,
      .name = found ? pjrt_plugin_list_name(list, i, NULL) : name,
      .path = found ? pjrt_plugin_list_path(list, i, NULL) : "",
      .origin = own_variable,
      .verdict = verdict,
      .options = options};
  return pjrt_plugin_list_add(list, &candidate);
}

pjrt_error *pjrt_discover_own(pjrt_plugin_list *list,
                              const pjrt_environment *environment) {
  const char *value = pjrt_environment_get(environment, own_variable);
  if (!value) return NULL;
  if (strchr(value, '/')) {
    PJRT_TRY(add_file(list, environment, PJRT_SOURCE_PJRT_PLUGIN, NULL, value,
                      own_variable));
  } else {
    PJRT_TRY(add_named(list, value));
  }
  pjrt_plugin_list_last_to_front(list);
  return NULL;
}
