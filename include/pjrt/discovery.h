/* Finding plugins that are installed, without loading any of them.
 *
 * Places, in the order in which they are searched; all are listed, and the
 * first usable one wins:
 *   1. an explicit path (a name with a slash in it)
 *   2. PJRT_PLUGIN: a path, or the name of a plugin in one of the places below;
 *      this library's own variable, whose choice is never passed over
 *   3. PJRT_NAMES_AND_LIBRARY_PATHS: "name:path,name:path", as JAX reads it:
 *      exactly one colon in a pair, no blanks trimmed; a path that ends in
 *      .json is a JSON file (below)
 *   4. PJRT_PLUGIN_LIBRARY_PATH: a path, as OpenXLA's own tools read it
 *   5. TPU_LIBRARY_PATH: a path
 *   6. manifests, JSON files NAME.json in $PJRT_MANIFEST_PATH (folders with
 *      colons between), $XDG_CONFIG_HOME/pjrt/plugins.d, /etc/pjrt/plugins.d,
 *      and $XDG_DATA_HOME/pjrt/plugins.d, where `pjrt plugin install` writes
 *   7. the active Python environment ($VIRTUAL_ENV, $CONDA_PREFIX, or the
 *      python3 in $PATH): its site-packages' entry_points.txt and RECORD are
 *      read, Python is not started
 * Candidates are judged by their ELF header and symbol table. Environment
 * variables are ignored in a privileged process (set-user-ID and the like).
 *
 * A JSON file, in JAX's form, is an object with the keys
 *   library_path    the plugin's file; relative to the manifest's folder, or,
 *                   where PJRT_NAMES_AND_LIBRARY_PATHS names the file, to the
 *                   working folder, as in JAX
 *   create_options  optional object: strings, integers, numbers, bools and
 *                   lists of integers, for creating a client
 *   name            optional, for manifests; else the file's name is the name
 * Other keys are ignored. A build without jansson cannot read them: such
 * candidates are listed with an UNIMPLEMENTED verdict. */
#ifndef PJRT_DISCOVERY_H_
#define PJRT_DISCOVERY_H_

#include "pjrt/plugin.h"

PJRT_BEGIN_DECLS

typedef struct pjrt_plugin_list pjrt_plugin_list;

/* Which of the places above named a candidate. */
typedef enum pjrt_plugin_source {
  PJRT_SOURCE_NONE = 0,
  PJRT_SOURCE_PATH = 1,
  PJRT_SOURCE_PJRT_PLUGIN = 2,
  PJRT_SOURCE_NAMES_AND_LIBRARY_PATHS = 3,
  PJRT_SOURCE_PLUGIN_LIBRARY_PATH = 4,
  PJRT_SOURCE_TPU_LIBRARY_PATH = 5,
  PJRT_SOURCE_MANIFEST = 6,
  PJRT_SOURCE_PYTHON = 7
} pjrt_plugin_source;

typedef struct pjrt_discovery_opts {
  size_t struct_size;
  /* The environment to read, as "NAME=value" strings; NULL: the process's own,
   * unless the process is privileged. [borrowed: call] */
  const char *const *environment;
  size_t num_environment;
} pjrt_discovery_opts;

/* @param opts [borrowed: call] */
PJRT_API void pjrt_discovery_opts_init(pjrt_discovery_opts *opts);

/* Lists every candidate, usable or not. Reads files, loads nothing. Fails only
 * when memory is short; an empty list is no error.
 * @param opts [borrowed: call] may be NULL
 * @param out [owned: pjrt_plugin_list_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_plugin_discover(
    const pjrt_discovery_opts *opts, pjrt_plugin_list **out);

/* @param list [taken] */
PJRT_API void pjrt_plugin_list_free(pjrt_plugin_list *list);

/* @param list [borrowed: call] */
PJRT_API size_t pjrt_plugin_list_size(const pjrt_plugin_list *list);

/* The name a user types for it, such as "cpu" or "xla_cuda12".
 * @param list [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: list] "" past the end */
PJRT_API const char *pjrt_plugin_list_name(const pjrt_plugin_list *list,
                                           size_t i, size_t *out_size);

/* @param list [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: list] "" past the end */
PJRT_API const char *pjrt_plugin_list_path(const pjrt_plugin_list *list,
                                           size_t i, size_t *out_size);

/* PJRT_SOURCE_NONE past the end.
 * @param list [borrowed: call] */
PJRT_API pjrt_plugin_source
pjrt_plugin_list_source(const pjrt_plugin_list *list, size_t i);

/* What named it, in words: a variable, a manifest file, a Python package.
 * @param list [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: list] "" past the end */
PJRT_API const char *pjrt_plugin_list_origin(const pjrt_plugin_list *list,
                                             size_t i, size_t *out_size);

/* Why it cannot be used, or NULL when its file looks like a plugin for this
 * machine.
 * @param list [borrowed: call]
 * @return [borrowed: list] */
PJRT_API const pjrt_error *pjrt_plugin_list_verdict(
    const pjrt_plugin_list *list, size_t i);

/* The client options that a JSON file gave for it; empty for others.
 * @param list [borrowed: call]
 * @return [borrowed: list] NULL past the end */
PJRT_API const pjrt_named_values *pjrt_plugin_list_options(
    const pjrt_plugin_list *list, size_t i);

/* Judges one file by its ELF header and symbol table, as discovery does. The
 * errors are those of pjrt_plugin_open that can be told without loading.
 * @param path [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_plugin_judge_file(const char *path,
                                                          size_t path_size);

/* The index in the list of what `name` means: the candidate of that name, or
 * else the only file that has it in its name ("cpu" finds "my-cpu-plugin"); a
 * usable one before an unusable one. For "" it is what PJRT_PLUGIN names, or
 * else the first usable one. NOT_FOUND, also for a name that means several
 * files, lists what there is.
 * @param list [borrowed: call]
 * @param name [borrowed: call]
 * @param out [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_plugin_list_find(
    const pjrt_plugin_list *list, const char *name, size_t name_size,
    size_t *out);

/* Discovers, finds and opens in one step. A name with a slash is a path; an
 * unusable candidate fails with its verdict. The client options of JSON files
 * are not used: discover, find and open to get those.
 * PJRT: as pjrt_plugin_open.
 * @param name [borrowed: call] NULL or "": as for pjrt_plugin_list_find
 * @param opts [borrowed: call] may be NULL
 * @param out [owned: pjrt_plugin_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_plugin_find(
    const char *name, size_t name_size, const pjrt_plugin_opts *opts,
    pjrt_plugin **out);

PJRT_END_DECLS

#endif /* PJRT_DISCOVERY_H_ */
