#include "kv/record.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "kv/stores.h"

/* The 64 bits of FNV-1a. */
static uint64_t hash_of(const char *bytes, size_t size) {
  uint64_t hash = UINT64_C(14695981039346656037);
  for (size_t i = 0; i < size; i++) {
    hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(1099511628211);
  }
  return hash;
}

void pjrt_record_append_name(pjrt_builder *builder, const char *key,
                             size_t key_size) {
  enum { HASH_SIZE = 17, SHOWN = (PJRT_RECORD_NAME_SIZE - HASH_SIZE) / 3 };
  pjrt_kv_append_encoded(builder, key, key_size < SHOWN ? key_size : SHOWN);
  pjrt_builder_appendf(builder, "-%016" PRIx64, hash_of(key, key_size));
}

/* Of one size, so that reading one is comparing it. */
void pjrt_record_header(size_t key_size, size_t value_size,
                        char out[PJRT_RECORD_HEADER_SIZE + 1]) {
  snprintf(out, PJRT_RECORD_HEADER_SIZE + 1,
           "pjrt-kv 1 %016" PRIx64 " %016" PRIx64 ":", (uint64_t)key_size,
           (uint64_t)value_size);
}

const char *pjrt_record_value(const char *record, size_t size, const char *key,
                              size_t key_size, size_t *out_size) {
  char header[PJRT_RECORD_HEADER_SIZE + 1];
  if (size < PJRT_RECORD_HEADER_SIZE ||
      size - PJRT_RECORD_HEADER_SIZE < key_size) {
    return NULL;
  }
  const size_t value_size = size - PJRT_RECORD_HEADER_SIZE - key_size;
  pjrt_record_header(key_size, value_size, header);
  if (memcmp(record, header, PJRT_RECORD_HEADER_SIZE) != 0 ||
      memcmp(record + PJRT_RECORD_HEADER_SIZE, key, key_size) != 0) {
    return NULL;
  }
  *out_size = value_size;
  return record + PJRT_RECORD_HEADER_SIZE + key_size;
}
