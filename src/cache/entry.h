/* The frame of an entry, all numbers little-endian:
 *
 *   0    8   magic
 *   8    8   version
 *  16    8   size of the artifact
 *  24    8   checksum of the header but for this
 *  32  224   the digests of the key, field by field
 * 256        an artifact, to the end, which has a checksum of its own */
#ifndef PJRT_CACHE_ENTRY_H_
#define PJRT_CACHE_ENTRY_H_

#include "cache/key.h"
#include "core/artifact.h"

#define PJRT_CACHE_VERSION 1

enum { PJRT_CACHE_HEADER_SIZE = 32 + PJRT_CACHE_NUM_FIELDS * PJRT_SHA256_SIZE };

void pjrt_cache_entry_put_header(const pjrt_cache_key *key,
                                 size_t artifact_size,
                                 unsigned char out[PJRT_CACHE_HEADER_SIZE]);

typedef struct pjrt_cache_entry {
  const unsigned char (*fields)[PJRT_SHA256_SIZE];
  pjrt_bytes artifact; /* not looked into */
} pjrt_cache_entry;

/* Finds the parts of `data`, which `out` then borrows. DATA_LOSS when it is
 * damaged or of another version. */
pjrt_error *pjrt_cache_entry_read(const void *data, size_t size,
                                  pjrt_cache_entry *out)
    __attribute__((warn_unused_result));

#endif /* PJRT_CACHE_ENTRY_H_ */
