/* pjrt plugin install: a pinned plugin from PyPI, through pip. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "catalogue.h"
#include "cli.h"
#include "files.h"
#include "supervise.h"
#include "wheel.h"

typedef struct install_options {
  common_options common;
  const char *dir;
  bool list;
} install_options;

struct install {
  struct pinned plugin;
  char *base;     /* the folder of plugin folders, absolute */
  char *folder;   /* BASE/NAME */
  char *path;     /* BASE/NAME/FILE */
  char *manifest; /* what discovery reads */
};

/* ---- places -------------------------------------------------------------- */

/* $XDG_DATA_HOME/pjrt, by the rules of discovery. */
static char *data_folder(void) {
  const char *data = getenv("XDG_DATA_HOME");
  const char *home = getenv("HOME");
  if (data && data[0] == '/') return format_text("%s/pjrt", data);
  if (home && home[0] == '/') return format_text("%s/.local/share/pjrt", home);
  return NULL;
}

/* The manifest points there, so the folder must have an absolute name. */
static char *absolute_folder(const char *path) {
  return make_folders(path) ? realpath(path, NULL) : NULL;
}

static status find_places(const struct cli *cli, const char *dir,
                          struct install *install) {
  char *data = data_folder();
  if (!data) {
    return fail(cli, STATUS_PLUGIN,
                "neither XDG_DATA_HOME nor HOME names a folder");
  }
  char *manifests = format_text("%s/plugins.d", data);
  char *plugins = dir ? strdup(dir) : format_text("%s/plugins", data);
  bool made = manifests && plugins && make_folders(manifests);
  if (made) install->base = absolute_folder(plugins);
  status code = STATUS_OK;
  if (!install->base) {
    code = fail(cli, STATUS_PLUGIN, "cannot make the folder %s: %s",
                made ? plugins : manifests, strerror(errno));
  } else {
    const char *name = install->plugin.name;
    const char *slash = strrchr(install->plugin.file, '/');
    install->folder = format_text("%s/%s", install->base, name);
    install->path = format_text("%s/%s", install->folder, slash + 1);
    install->manifest = format_text("%s/%s.json", manifests, name);
  }
  free(plugins);
  free(manifests);
  free(data);
  return code;
}

static void install_free(struct install *install) {
  free(install->base);
  free(install->folder);
  free(install->path);
  free(install->manifest);
}

/* ---- the manifest -------------------------------------------------------- */

/* Written last, it says that the very plugin is completely there. */
static bool is_installed(const struct install *install) {
  json_t *manifest = json_load_file(install->manifest, 0, NULL);
  const char *sha256 =
      json_string_value(json_object_get(manifest, "wheel_sha256"));
  const char *path =
      json_string_value(json_object_get(manifest, "library_path"));
  bool is = sha256 && strcmp(sha256, install->plugin.sha256) == 0 && path &&
            strcmp(path, install->path) == 0 && access(path, R_OK) == 0;
  json_decref(manifest);
  return is;
}

static status write_manifest(const struct cli *cli,
                             const struct install *install) {
  const struct pinned *plugin = &install->plugin;
  json_t *manifest = json_pack(
      "{s:s, s:s, s:s, s:s, s:s, s:s?}", "name", plugin->name, "library_path",
      install->path, "package", plugin->package, "version", plugin->version,
      "wheel_sha256", plugin->sha256, "license", plugin->license);
  char *json = json_dumps(manifest, JSON_INDENT(2));
  json_decref(manifest);
  char *text = json ? format_text("%s\n", json) : NULL;
  free(json);
  if (!text) return fail_system(cli, "json_dumps");
  bool written = write_whole_file(install->manifest, text, strlen(text));
  free(text);
  if (written) return STATUS_OK;
  return fail(cli, STATUS_PLUGIN, "cannot write %s: %s", install->manifest,
              strerror(errno));
}

/* ---- installing ---------------------------------------------------------- */

/* Puts the new folder where an older one may be; that one goes to the staging
 * folder, which is removed. */
static status put_in_place(const struct cli *cli, const char *staging,
                           const struct install *install) {
  char *fresh = format_text("%s/new", staging);
  char *old = format_text("%s/old", staging);
  bool done = fresh && old &&
              (rename(install->folder, old) == 0 || errno == ENOENT) &&
              rename(fresh, install->folder) == 0;
  status code = STATUS_OK;
  if (!done) {
    code = fail(cli, STATUS_PLUGIN, "cannot install into %s: %s",
                install->folder, strerror(errno));
  }
  free(old);
  free(fresh);
  return code;
}

static status fetch_and_place(struct cli *cli, const struct install *install) {
  char *staging = format_text("%s/.staging.XXXXXX", install->base);
  if (!staging || !mkdtemp(staging)) {
    status code = fail(cli, STATUS_PLUGIN, "cannot make a folder in %s: %s",
                       install->base, strerror(errno));
    free(staging);
    return code;
  }
  status code = wheel_fetch(cli, &install->plugin, staging);
  if (code == STATUS_OK) code = put_in_place(cli, staging, install);
  remove_tree(staging);
  free(staging);
  return code;
}

static status work(struct cli *cli, void *user) {
  const struct install *install = user;
  const struct pinned *plugin = &install->plugin;
  if (is_installed(install)) {
    fprintf(cli->err, "%s %s is installed already\n", plugin->package,
            plugin->version);
  } else {
    fprintf(cli->err, "downloading %s %s (%.0f MB) with pip\n", plugin->package,
            plugin->version, plugin->megabytes);
    status code = fetch_and_place(cli, install);
    if (code == STATUS_OK) code = write_manifest(cli, install);
    if (code != STATUS_OK) return code;
    fprintf(cli->err, "licence: %s\n",
            plugin->license ? plugin->license : "the package names none");
  }
  fprintf(cli->out, "%s\n", install->path);
  return STATUS_OK;
}

static status check_machine(const struct cli *cli) {
  struct utsname system;
  if (uname(&system) != 0) return fail_system(cli, "uname");
  if (strcmp(system.sysname, "Linux") == 0 &&
      strcmp(system.machine, "x86_64") == 0) {
    return STATUS_OK;
  }
  return fail(cli, STATUS_PLUGIN,
              "the pinned plugins are for Linux on x86_64, this is %s on %s",
              system.sysname, system.machine);
}

static status install_named(struct cli *cli, const install_options *options,
                            const json_t *catalogue, const char *name) {
  struct install install = {0};
  status code = catalogue_find(cli, catalogue, name, &install.plugin);
  if (code == STATUS_OK) code = check_machine(cli);
  if (code == STATUS_OK) code = find_places(cli, options->dir, &install);
  if (code == STATUS_OK) code = supervise(cli, work, &install).code;
  install_free(&install);
  return code;
}

static status print_catalogue(struct cli *cli, const json_t *catalogue) {
  for (size_t i = 0; i < json_array_size(catalogue); i++) {
    struct pinned plugin = catalogue_at(catalogue, i);
    fprintf(cli->out, "%-10s  %s %s, %.0f MB, licence: %s\n%10s  %s\n",
            plugin.name, plugin.package, plugin.version, plugin.megabytes,
            plugin.license ? plugin.license : "none named", "", plugin.note);
  }
  return STATUS_OK;
}

static status run_install(struct cli *cli, const void *options,
                          const texts *operands) {
  const install_options *given = options;
  if (!given->list && operands->num == 0) {
    return fail(cli, STATUS_USAGE, "NAME is missing; --list shows them");
  }
  json_t *catalogue = catalogue_open();
  if (!catalogue) return fail_system(cli, "json_loadb");
  status code = given->list
                    ? print_catalogue(cli, catalogue)
                    : install_named(cli, given, catalogue, operands->items[0]);
  json_decref(catalogue);
  return code;
}

static const struct option install_rows[] = {
    {"list", NULL, OPTION_FLAG, offsetof(install_options, list),
     "show what can be installed, with licences and sizes"},
    {"dir", "FOLDER", OPTION_TEXT, offsetof(install_options, dir),
     "put the plugin into FOLDER/NAME; default:\n"
     "$XDG_DATA_HOME/pjrt/plugins"},
    COMMON_OPTIONS(install_options),
};

static const install_options install_defaults = {0};

const struct verb verb_plugin_install = {
    .name = "plugin install",
    .operands = "NAME",
    .summary = "install a plugin from PyPI, pinned by hash",
    .about =
        "Downloads a wheel with pip, pinned by version and SHA-256, takes the "
        "plugin and\nits licence files out of it, and writes a manifest, so "
        "that discovery finds the\nplugin. The path of the plugin goes to "
        "stdout. Needs python3 with pip, and\nnothing of either later.\n"
        "\n"
        "pip's own configuration and variables apply: PIP_INDEX_URL for a "
        "mirror,\nPIP_NO_INDEX=1 PIP_FIND_LINKS=FOLDER for wheels that are "
        "on disk.",
    .examples =
        "  pjrt plugin install --list\n"
        "  pjrt plugin install cpu\n"
        "  plugin=$(pjrt plugin install cpu --dir=./plugins)\n",
    .options = install_rows,
    .num_options = sizeof install_rows / sizeof *install_rows,
    .defaults = &install_defaults,
    .options_size = sizeof install_defaults,
    .max_operands = 1,
    .run = run_install,
};
