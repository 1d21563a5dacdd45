/* Where the dynamic loader would find a shared library. */
#ifndef PJRT_BASE_LIBRARY_SEARCH_H_
#define PJRT_BASE_LIBRARY_SEARCH_H_

#include "base/elf.h"

/* Searches as ld.so does: DT_RPATH of the file that needs it, LD_LIBRARY_PATH,
 * DT_RUNPATH, the loader's cache, the system's folders; a file for another
 * machine is passed over. A name with a slash is a path. Not looked at:
 * preloading, RPATHs of programs further up, glibc-hwcaps folders, whose files
 * are better versions of ones in the plain folders.
 * `needed_by` and its path may be NULL; `library_path` is the value of
 * LD_LIBRARY_PATH or NULL. *out is NULL when there is no such library, else
 * free() it. */
pjrt_error *pjrt_library_search(const char *name, const pjrt_elf *needed_by,
                                const char *needed_by_path,
                                const char *library_path, char **out)
    __attribute__((warn_unused_result));

/* The path of `name` in the contents of a loader's cache (ld.so.cache), from
 * `start` on, or NULL; *out_next is where to look for the next one. The path
 * is a part of `data`. */
const char *pjrt_loader_cache_find(const void *data, size_t size,
                                   const char *name, size_t start,
                                   size_t *out_next);

#endif /* PJRT_BASE_LIBRARY_SEARCH_H_ */
