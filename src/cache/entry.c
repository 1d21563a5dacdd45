#include "cache/entry.h"

#include <string.h>

#include "base/checksum.h"
#include "base/error.h"
#include "base/little_endian.h"

enum { VERSION_AT = 8, SIZE_AT = 16, CHECKSUM_AT = 24, FIELDS_AT = 32 };

static const unsigned char magic[8] = {0x8a, 'P',  'J',  'R',
                                       'T',  '\r', '\n', 0x1a};

static uint64_t checksum(const unsigned char *header) {
  return pjrt_checksum_around(header, PJRT_CACHE_HEADER_SIZE, CHECKSUM_AT);
}

void pjrt_cache_entry_put_header(const pjrt_cache_key *key,
                                 size_t artifact_size,
                                 unsigned char out[PJRT_CACHE_HEADER_SIZE]) {
  memcpy(out, magic, sizeof magic);
  pjrt_put_u64(out + VERSION_AT, PJRT_CACHE_VERSION);
  pjrt_put_u64(out + SIZE_AT, artifact_size);
  memcpy(out + FIELDS_AT, key->fields, sizeof key->fields);
  pjrt_put_u64(out + CHECKSUM_AT, checksum(out));
}

static pjrt_error *damaged(const char *how) {
  return pjrt_error_format(PJRT_DATA_LOSS, "%s", how);
}

pjrt_error *pjrt_cache_entry_read(const void *data, size_t size,
                                  pjrt_cache_entry *out) {
  const unsigned char *bytes = data;
  *out = (pjrt_cache_entry){0};
  if (size < PJRT_CACHE_HEADER_SIZE) {
    return damaged("it ends within the header");
  }
  if (memcmp(bytes, magic, sizeof magic) != 0) {
    return damaged("it does not begin as an entry does");
  }
  const uint64_t version = pjrt_get_u64(bytes + VERSION_AT);
  if (version != PJRT_CACHE_VERSION) {
    return pjrt_error_format(PJRT_DATA_LOSS, "it is of version %llu, not %d",
                             (unsigned long long)version, PJRT_CACHE_VERSION);
  }
  if (pjrt_get_u64(bytes + CHECKSUM_AT) != checksum(bytes)) {
    return damaged("the checksum of its header does not match");
  }
  const uint64_t artifact_size = pjrt_get_u64(bytes + SIZE_AT);
  if (artifact_size != size - PJRT_CACHE_HEADER_SIZE) {
    return pjrt_error_format(
        PJRT_DATA_LOSS, "it has %zu bytes of code instead of %llu",
        size - PJRT_CACHE_HEADER_SIZE, (unsigned long long)artifact_size);
  }
  out->fields = (const unsigned char(*)[PJRT_SHA256_SIZE])(bytes + FIELDS_AT);
  out->artifact =
      (pjrt_bytes){bytes + PJRT_CACHE_HEADER_SIZE, (size_t)artifact_size};
  return NULL;
}
