/* Any bytes as an entry of a compile cache, and as one with a sound header: no
 * crash, and what was read is within the bytes. And any two byte strings as
 * compile options that are compared. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cache/entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_entry(const uint8_t *data, size_t size) {
  pjrt_cache_entry entry;
  if (pjrt_error_consume(pjrt_cache_entry_read(data, size, &entry)) !=
      PJRT_OK) {
    return;
  }
  const uint8_t *artifact = entry.artifact.data;
  if (artifact + entry.artifact.size != data + size) abort();
  pjrt_artifact out;
  (void)pjrt_error_consume(
      pjrt_artifact_decode(artifact, entry.artifact.size, &out));
}

static void read_framed(const uint8_t *data, size_t size) {
  static const pjrt_cache_key key;
  uint8_t *entry = malloc(PJRT_CACHE_HEADER_SIZE + size);
  if (!entry) return;
  pjrt_cache_entry_put_header(&key, size, entry);
  if (size > 0) memcpy(entry + PJRT_CACHE_HEADER_SIZE, data, size);
  read_entry(entry, PJRT_CACHE_HEADER_SIZE + size);
  free(entry);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  pjrt_builder text = {0};
  read_entry(data, size);
  read_framed(data, size);
  pjrt_cache_compare_options(data, size / 2, data + size / 2, size - size / 2,
                             &text);
  pjrt_builder_clear(&text);
  return 0;
}
