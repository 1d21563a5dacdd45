/* Plugins: one shared library that exports GetPjrtApi.
 *
 * Opening negotiates the version: API 0.40 to 0.55 and from 0.57 on. Whatever
 * a plugin lacks is the error UNIMPLEMENTED when it is called, naming the
 * function, the plugin, and the minor that brought it. A plugin is never
 * unloaded. Several plugins of different versions live side by side. */
#ifndef PJRT_PLUGIN_H_
#define PJRT_PLUGIN_H_

#include "pjrt/named_values.h"

PJRT_BEGIN_DECLS

typedef struct pjrt_plugin pjrt_plugin;

typedef struct pjrt_plugin_opts {
  size_t struct_size;
  /* The plugin wants every struct_size to be that of its own minor. Found by
   * itself where PJRT_Plugin_Attributes refuses the newest size; this is for
   * plugins that refuse only later. Default false. */
  bool exact_struct_sizes;
  /* Do not call PJRT_Plugin_Initialize: for looking at a plugin without
   * letting it touch hardware or network. No client can be created then.
   * Default false. */
  bool inspect_only;
} pjrt_plugin_opts;

/* @param opts [borrowed: call] */
PJRT_API void pjrt_plugin_opts_init(pjrt_plugin_opts *opts);

/* Loads a plugin from a file, checks that this library can speak to it, and
 * initializes it. Blocks while the library loads.
 * NOT_FOUND: no such file. INVALID_ARGUMENT: not a regular file, not a shared
 * library for this machine, no GetPjrtApi, or GetPjrtApi returned NULL or
 * nonsense. FAILED_PRECONDITION: another major version, 0.56, older than 0.40,
 * or a shared library it needs is missing. Otherwise what the plugin's own
 * PJRT_Plugin_Initialize says.
 * Opening the same file twice gives two handles of one loaded library.
 * PJRT: GetPjrtApi, PJRT_Plugin_Initialize (0.40), PJRT_Plugin_Attributes.
 * @param path [borrowed: call] a file name; see pjrt_plugin_find for names
 * @param opts [borrowed: call] may be NULL
 * @param out [owned: pjrt_plugin_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_plugin_open(
    const char *path, size_t path_size, const pjrt_plugin_opts *opts,
    pjrt_plugin **out);

/* Drops the handle. Clients keep their plugin alive, and the shared library
 * itself stays loaded for the life of the process.
 * @param plugin [taken] */
PJRT_API void pjrt_plugin_free(pjrt_plugin *plugin);

/* The path it was opened by.
 * @param plugin [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: plugin] */
PJRT_API const char *pjrt_plugin_path(const pjrt_plugin *plugin,
                                      size_t *out_size);

/* The API version that the plugin reports.
 * @param plugin [borrowed: call] */
PJRT_API int pjrt_plugin_api_major(const pjrt_plugin *plugin);

/* @param plugin [borrowed: call] */
PJRT_API int pjrt_plugin_api_minor(const pjrt_plugin *plugin);

/* The plugin's attributes, such as xla_version and
 * stablehlo_current_version; empty where it has none.
 * PJRT: PJRT_Plugin_Attributes (0.40), read at open.
 * @param plugin [borrowed: call]
 * @return [borrowed: plugin] never NULL */
PJRT_API const pjrt_named_values *pjrt_plugin_attributes(
    const pjrt_plugin *plugin);

/* Whether the plugin demands the struct sizes of its own minor.
 * @param plugin [borrowed: call] */
PJRT_API bool pjrt_plugin_wants_exact_struct_sizes(const pjrt_plugin *plugin);

/* Whether the plugin has the named PJRT function, such as
 * "PJRT_Client_DmaMap". False for a name that this library does not know. A
 * plugin may still answer UNIMPLEMENTED when it is called.
 * @param plugin [borrowed: call]
 * @param function [borrowed: call] */
PJRT_API bool pjrt_plugin_supports(const pjrt_plugin *plugin,
                                   const char *function, size_t function_size);

/* The minor that brought a field of a PJRT struct, named as in
 * "PJRT_ExecuteOptions.call_location"; 40 means "0.40 or earlier", 0 that this
 * library knows no such field.
 * @param field [borrowed: call] */
PJRT_API int pjrt_field_since(const char *field, size_t field_size);

/* Whether the plugin is new enough to look at the field; of an args struct, it
 * must also have the function. A plugin tells nothing of its fields but its
 * version, so a fork that numbers its minors otherwise may be misjudged.
 * @param plugin [borrowed: call]
 * @param field [borrowed: call] */
PJRT_API bool pjrt_plugin_supports_field(const pjrt_plugin *plugin,
                                         const char *field, size_t field_size);

/* How many core functions this library knows: 138 at API 0.117.
 */
PJRT_API size_t pjrt_num_functions(void);

/* The i-th core function's name in table order; NULL past the end.
 * @return [borrowed: static] */
PJRT_API const char *pjrt_function_name(size_t i);

/* The minor that brought the i-th function; 40 means "0.40 or earlier", 0 is
 * for past the end. */
PJRT_API int pjrt_function_since(size_t i);

/* The size that the plugin declares for its function table, in bytes.
 * @param plugin [borrowed: call] */
PJRT_API size_t pjrt_plugin_table_size(const pjrt_plugin *plugin);

/* The extensions that the plugin offers, in the order of its chain.
 * @param plugin [borrowed: call] */
PJRT_API size_t pjrt_plugin_num_extensions(const pjrt_plugin *plugin);

/* The i-th extension's type number; -1 past the end.
 * @param plugin [borrowed: call] */
PJRT_API int pjrt_plugin_extension_type(const pjrt_plugin *plugin, size_t i);

/* The size that the i-th extension declares, in bytes; 0 where it declares
 * none, as before API 0.45.
 * @param plugin [borrowed: call] */
PJRT_API size_t pjrt_plugin_extension_size(const pjrt_plugin *plugin, size_t i);

/* The name of an extension type, such as "Layouts"; "unknown" for a number
 * newer than this library.
 * @return [borrowed: static] */
PJRT_API const char *pjrt_extension_name(int type);

/* The index of the first extension of a type, or pjrt_plugin_num_extensions
 * when the plugin does not offer it.
 * @param plugin [borrowed: call] */
PJRT_API size_t pjrt_plugin_find_extension(const pjrt_plugin *plugin, int type);

PJRT_END_DECLS

#endif /* PJRT_PLUGIN_H_ */
