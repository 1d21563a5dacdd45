/* SHA-256 (FIPS 180-4), for names that must not collide. */
#ifndef PJRT_BASE_SHA256_H_
#define PJRT_BASE_SHA256_H_

#include <stddef.h>
#include <stdint.h>

enum { PJRT_SHA256_SIZE = 32, PJRT_SHA256_TEXT_SIZE = 65 };

typedef struct pjrt_sha256 {
  uint32_t state[8];
  uint64_t size; /* of all bytes so far */
  unsigned char block[64];
} pjrt_sha256;

void pjrt_sha256_init(pjrt_sha256 *hash);
void pjrt_sha256_update(pjrt_sha256 *hash, const void *data, size_t size);
void pjrt_sha256_finish(pjrt_sha256 *hash, unsigned char out[PJRT_SHA256_SIZE]);

/* Updates with the size, too, so that the parts of a list keep their ends. */
void pjrt_sha256_update_part(pjrt_sha256 *hash, const void *data, size_t size);

/* In lower-case hexadecimal digits, with a NUL. */
void pjrt_sha256_print(const unsigned char digest[PJRT_SHA256_SIZE],
                       char out[PJRT_SHA256_TEXT_SIZE]);

#endif /* PJRT_BASE_SHA256_H_ */
