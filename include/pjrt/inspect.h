/* Looking at a plugin's file without loading it: why it will not load, what it
 * needs, what it exports. Works for plugins of other machines too. */
#ifndef PJRT_INSPECT_H_
#define PJRT_INSPECT_H_

#include "pjrt/error.h"

PJRT_BEGIN_DECLS

typedef struct pjrt_plugin_file pjrt_plugin_file;

/* Reads the ELF tables of a file. Fails as pjrt_plugin_judge_file does for
 * what is no 64-bit ELF file; what else is wrong with it is its verdict. The
 * file must not be truncated while the handle lives.
 * @param path [borrowed: call]
 * @param out [owned: pjrt_plugin_file_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_plugin_file_open(
    const char *path, size_t path_size, pjrt_plugin_file **out);

/* @param file [taken] */
PJRT_API void pjrt_plugin_file_free(pjrt_plugin_file *file);

/* @param file [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: file] */
PJRT_API const char *pjrt_plugin_file_path(const pjrt_plugin_file *file,
                                           size_t *out_size);

/* The file's size in bytes.
 * @param file [borrowed: call] */
PJRT_API size_t pjrt_plugin_file_size(const pjrt_plugin_file *file);

/* What pjrt_plugin_judge_file says of it; NULL when it looks like a plugin for
 * this machine.
 * @param file [borrowed: call]
 * @return [borrowed: file] */
PJRT_API const pjrt_error *pjrt_plugin_file_verdict(
    const pjrt_plugin_file *file);

/* The machine it is for, such as "x86-64"; "unknown" for a number that this
 * library has no name for.
 * @param file [borrowed: call]
 * @return [borrowed: static] */
PJRT_API const char *pjrt_plugin_file_machine(const pjrt_plugin_file *file);

/* A text that differs between different libraries, for telling by which
 * plugin something was made: the GNU build ID, or a hash of the size, headers,
 * symbols and samples of the contents. It tells a mistake, not an attack.
 * @param file [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: file] */
PJRT_API const char *pjrt_plugin_file_identity(const pjrt_plugin_file *file,
                                               size_t *out_size);

/* The shared libraries that it asks the dynamic loader for.
 * @param file [borrowed: call] */
PJRT_API size_t pjrt_plugin_file_num_needed(const pjrt_plugin_file *file);

/* The i-th of them, such as "libstdc++.so.6"; "" past the end.
 * @param file [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: file] */
PJRT_API const char *pjrt_plugin_file_needed(const pjrt_plugin_file *file,
                                             size_t i, size_t *out_size);

/* Where the dynamic loader will find the i-th of them: the file's RPATH and
 * RUNPATH, LD_LIBRARY_PATH, the loader's cache and the system's folders are
 * searched, for a library of this machine. "" when it is missing.
 * @param file [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: file] */
PJRT_API const char *pjrt_plugin_file_needed_path(const pjrt_plugin_file *file,
                                                  size_t i, size_t *out_size);

/* The symbols that it exports. A plugin needs to export GetPjrtApi alone; what
 * else it exports can meet the same name of another library.
 * @param file [borrowed: call] */
PJRT_API size_t pjrt_plugin_file_num_exports(const pjrt_plugin_file *file);

/* The i-th exported symbol, as the linker spells it; "" past the end.
 * @param file [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: file] */
PJRT_API const char *pjrt_plugin_file_export(const pjrt_plugin_file *file,
                                             size_t i, size_t *out_size);

PJRT_END_DECLS

#endif /* PJRT_INSPECT_H_ */
