/* Numbers in files: little-endian, on every machine, and at any address. */
#ifndef PJRT_BASE_LITTLE_ENDIAN_H_
#define PJRT_BASE_LITTLE_ENDIAN_H_

#include <endian.h>
#include <stdint.h>
#include <string.h>

static inline void pjrt_put_u64(unsigned char *at, uint64_t number) {
  number = htole64(number);
  memcpy(at, &number, sizeof number);
}

static inline uint64_t pjrt_get_u64(const unsigned char *at) {
  uint64_t number;
  memcpy(&number, at, sizeof number);
  return le64toh(number);
}

#endif /* PJRT_BASE_LITTLE_ENDIAN_H_ */
