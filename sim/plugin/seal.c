/* Text that tells whether it is whole. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/machine.h"

enum { SEAL_SIZE = 18 }; /* " #" and 16 digits */

void sim_append(sim_bytes *out, const char *format, ...) {
  char text[256];
  va_list args;
  va_start(args, format);
  const int size = vsnprintf(text, sizeof(text), format, args);
  va_end(args);
  if (size < 0 || (size_t)size >= sizeof(text)) abort();
  sim_bytes_append(out, text, (size_t)size);
}

/* FNV-1a. */
uint64_t sim_hash(const void *data, size_t size) {
  const unsigned char *bytes = data;
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (size_t i = 0; i < size; i++)
    hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
  return hash;
}

void sim_seal(sim_bytes *text) {
  sim_append(text, " #%016" PRIx64, sim_hash(text->data, text->size));
}

char *sim_unseal(const char *text, size_t size) {
  char seal[SEAL_SIZE + 1];
  if (!text || size < SEAL_SIZE) return NULL;
  size -= SEAL_SIZE;
  snprintf(seal, sizeof(seal), " #%016" PRIx64, sim_hash(text, size));
  if (memcmp(text + size, seal, SEAL_SIZE) != 0) return NULL;
  char *copy = sim_allocate(size + 1);
  memcpy(copy, text, size);
  return copy;
}
