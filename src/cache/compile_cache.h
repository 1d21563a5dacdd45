/* The inside of a compile cache. */
#ifndef PJRT_CACHE_COMPILE_CACHE_H_
#define PJRT_CACHE_COMPILE_CACHE_H_

#include <stdatomic.h>

#include "cache/entry.h"
#include "cache/folder.h"
#include "pjrt/compile_cache.h"

struct pjrt_compile_cache {
  pjrt_cache_folder folder;
  uint64_t max_size; /* UINT64_MAX: none */
  bool read_only;
  atomic_llong hits, misses, stored, evicted, damaged;
};

/* Maps an entry and finds its parts. NOT_FOUND when there is none, DATA_LOSS
 * when it is damaged, as far as the header tells. Unmap the file, also when
 * this fails. */
pjrt_error *pjrt_cache_open_entry(const pjrt_cache_folder *folder,
                                  const char *name, pjrt_cache_file *file,
                                  pjrt_cache_entry *out)
    __attribute__((warn_unused_result));

/* Appends why an entry is not there: what is remembered of it, or else in what
 * the nearest entry of the same program differs. */
void pjrt_cache_explain_absence(const pjrt_compile_cache *cache,
                                const pjrt_cache_key *key, pjrt_builder *out);

#endif /* PJRT_CACHE_COMPILE_CACHE_H_ */
