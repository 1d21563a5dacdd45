/* Which folders the active Python looks for packages in, by the rules of its
 * start (PEP 405, site.py, and Debian's own folders), without starting it. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/elf.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "core/discovery_python.h"

enum { MAX_CONFIG_SIZE = 1 << 16 };

/* The environment that Python runs in. */
typedef struct python {
  char *prefix;     /* its folder; NULL: no Python was found */
  char *home;       /* pyvenv.cfg: the folder of the program it was made of */
  bool is_venv;     /* there is a pyvenv.cfg */
  bool sees_system; /* pyvenv.cfg lets it see the system's packages */
} python;

typedef struct visitor {
  pjrt_site_visit visit;
  void *user;
} visitor;

/* ---- pyvenv.cfg --------------------------------------------------------- */

static char *strip(char *text) {
  text += strspn(text, " \t\r");
  size_t size = strlen(text);
  while (size > 0 && strchr(" \t\r", text[size - 1])) size--;
  text[size] = 0;
  return text;
}

static pjrt_error *read_setting(python *it, char *line) {
  char *equals = strchr(line, '=');
  if (!equals) return NULL;
  *equals = 0;
  const char *key = strip(line);
  const char *value = strip(equals + 1);
  if (strcmp(key, "include-system-site-packages") == 0) {
    it->sees_system = strcasecmp(value, "true") == 0;
  } else if (strcmp(key, "home") == 0 && !it->home) {
    return pjrt_text_copy(value, PJRT_NUL_ENDED, &it->home);
  }
  return NULL;
}

static pjrt_error *read_config(python *it) {
  char *path = NULL;
  PJRT_TRY(pjrt_path_format(&path, "%s/pyvenv.cfg", it->prefix));
  char *text = NULL;
  size_t size = 0;
  pjrt_error *error =
      pjrt_file_read("configuration", path, MAX_CONFIG_SIZE, &text, &size);
  free(path);
  if (error) { /* most often: this is no virtual environment */
    pjrt_error_free(error);
    return NULL;
  }
  it->is_venv = true;
  char *rest = text;
  while (rest && !error) error = read_setting(it, strsep(&rest, "\n"));
  free(text);
  return error;
}

/* ---- The active environment --------------------------------------------- */

/* The folder above the one of a file's name, as in PREFIX/bin/python3; NULL
 * when there is none. */
static pjrt_error *prefix_of(const char *path, char **out) {
  *out = NULL;
  const char *end = strrchr(path, '/');
  while (end && end > path && end[-1] == '/') end--;
  const char *slash = end ? memrchr(path, '/', (size_t)(end - path)) : NULL;
  if (!slash) return NULL;
  size_t size = slash > path ? (size_t)(slash - path) : 1;
  return pjrt_text_copy(path, size, out);
}

/* Sets the prefix that a path of the program python3 means, and reads its
 * pyvenv.cfg. */
static pjrt_error *set_prefix(python *it, const char *program) {
  PJRT_TRY(prefix_of(program, &it->prefix));
  return it->prefix ? read_config(it) : NULL;
}

/* A virtual environment's python3 is a link, and its prefix is where the link
 * is; that of any other Python is where the program is. */
static pjrt_error *follow_program(python *it, const char *program) {
  PJRT_TRY(set_prefix(it, program));
  if (it->is_venv) return NULL;
  free(it->prefix);
  it->prefix = NULL;
  char real[PATH_MAX];
  return realpath(program, real) ? set_prefix(it, real) : NULL;
}

/* A launcher in another language, such as pyenv's shims, would have to be run
 * to know what it means. */
static bool is_program(const char *path) {
  if (access(path, X_OK) != 0) return false;
  pjrt_elf_file file;
  pjrt_error *error = pjrt_elf_open("program", path, &file);
  if (error) {
    pjrt_error_free(error);
    return false;
  }
  pjrt_elf_close(&file);
  return true;
}

static pjrt_error *search_path(python *it, const char *path) {
  while (path && !it->prefix) {
    size_t size = strcspn(path, ":");
    char *program = NULL;
    PJRT_TRY(pjrt_path_format(&program, "%.*s/python3", (int)size, path));
    pjrt_error *error =
        size > 0 && is_program(program) ? follow_program(it, program) : NULL;
    free(program);
    PJRT_TRY(error);
    path = path[size] ? path + size + 1 : NULL;
  }
  return NULL;
}

static pjrt_error *find_python(python *it,
                               const pjrt_environment *environment) {
  static const char *const variables[] = {"VIRTUAL_ENV", "CONDA_PREFIX"};
  for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
    const char *prefix = pjrt_environment_get(environment, variables[i]);
    if (!prefix || access(prefix, F_OK) != 0) continue;
    PJRT_TRY(pjrt_text_copy(prefix, PJRT_NUL_ENDED, &it->prefix));
    return read_config(it);
  }
  return search_path(it, pjrt_environment_get(environment, "PATH"));
}

/* ---- Its folders -------------------------------------------------------- */

static pjrt_error *visit_version(const visitor *to, const char *lib,
                                 const char *version) {
  static const char *const names[] = {"site-packages", "dist-packages"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    char *folder = NULL;
    PJRT_TRY(pjrt_path_format(&folder, "%s/%s/%s", lib, version, names[i]));
    pjrt_error *error =
        access(folder, F_OK) == 0 ? to->visit(to->user, folder) : NULL;
    free(folder);
    PJRT_TRY(error);
  }
  return NULL;
}

/* All versions that have packages here: a plugin does not depend on the
 * version of Python. */
static pjrt_error *visit_lib(const visitor *to, const char *lib) {
  pjrt_folder versions;
  PJRT_TRY(pjrt_folder_open(lib, &versions));
  pjrt_error *error = NULL;
  for (size_t i = 0; i < versions.num && !error; i++) {
    const char *version = versions.entries[i]->d_name;
    if (strncmp(version, "python3", 7) == 0) {
      error = visit_version(to, lib, version);
    }
  }
  pjrt_folder_close(&versions);
  return error;
}

/* lib64 is mostly a link to lib, or missing. */
static pjrt_error *visit_prefix(const visitor *to, const char *prefix) {
  char *lib = NULL;
  char *lib64 = NULL;
  pjrt_error *error = pjrt_path_format(&lib, "%s/lib", prefix);
  if (!error) error = pjrt_path_format(&lib64, "%s/lib64", prefix);
  if (!error) error = visit_lib(to, lib);
  char real[PATH_MAX];
  char real64[PATH_MAX];
  if (!error && realpath(lib64, real64) &&
      !(realpath(lib, real) && strcmp(real, real64) == 0)) {
    error = visit_lib(to, lib64);
  }
  free(lib);
  free(lib64);
  return error;
}

/* Packages of `pip install --user`. */
static pjrt_error *visit_user(const visitor *to,
                              const pjrt_environment *environment) {
  const char *base = pjrt_environment_get(environment, "PYTHONUSERBASE");
  const char *home = pjrt_environment_get(environment, "HOME");
  if (base) return visit_prefix(to, base);
  if (!home) return NULL;
  char *prefix = NULL;
  PJRT_TRY(pjrt_path_format(&prefix, "%s/.local", home));
  pjrt_error *error = visit_prefix(to, prefix);
  free(prefix);
  return error;
}

/* Debian's Python in /usr has what pip installs in /usr/local. */
static pjrt_error *visit_system(const visitor *to, const char *prefix) {
  if (strcmp(prefix, "/usr") == 0) PJRT_TRY(visit_prefix(to, "/usr/local"));
  return visit_prefix(to, prefix);
}

/* The packages of the Python that a virtual environment was made of. */
static pjrt_error *visit_home(const visitor *to, const char *home) {
  char bin[PATH_MAX];
  if (!home || !realpath(home, bin)) return NULL;
  char *slash = strrchr(bin, '/');
  if (slash == bin) slash++;
  *slash = 0;
  return visit_system(to, bin);
}

/* In the order of Python's own search path. */
static pjrt_error *visit_all(const visitor *to, const python *it,
                             const pjrt_environment *environment) {
  if (!it->is_venv) {
    PJRT_TRY(visit_user(to, environment));
    return visit_system(to, it->prefix);
  }
  PJRT_TRY(visit_prefix(to, it->prefix));
  if (!it->sees_system) return NULL;
  PJRT_TRY(visit_user(to, environment));
  return visit_home(to, it->home);
}

pjrt_error *pjrt_python_sites(const pjrt_environment *environment,
                              pjrt_site_visit visit, void *user) {
  python it = {0};
  visitor to = {visit, user};
  pjrt_error *error = find_python(&it, environment);
  if (!error && it.prefix) error = visit_all(&to, &it, environment);
  free(it.prefix);
  free(it.home);
  return error;
}
