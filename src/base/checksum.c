#include "base/checksum.h"

#include "base/little_endian.h"

#define PRIME_1 UINT64_C(0x9e3779b185ebca87)
#define PRIME_2 UINT64_C(0xc2b2ae3d27d4eb4f)
#define PRIME_3 UINT64_C(0x165667b19e3779f9)
#define PRIME_4 UINT64_C(0x85ebca77c2b2ae63)
#define PRIME_5 UINT64_C(0x27d4eb2f165667c5)

static uint64_t rotate(uint64_t word, int by) {
  return word << by | word >> (64 - by);
}

static uint32_t get_32(const unsigned char *at) {
  return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
         (uint32_t)at[3] << 24;
}

static uint64_t add(uint64_t lane, uint64_t word) {
  return rotate(lane + word * PRIME_2, 31) * PRIME_1;
}

/* The whole stripes of 32 bytes, in four lanes that run side by side. */
static uint64_t add_stripes(const unsigned char *at, size_t num_stripes) {
  uint64_t lanes[4] = {PRIME_1 + PRIME_2, PRIME_2, 0, 0 - PRIME_1};
  for (; num_stripes > 0; num_stripes--, at += 32) {
    for (int i = 0; i < 4; i++)
      lanes[i] = add(lanes[i], pjrt_get_u64(at + 8 * i));
  }
  uint64_t hash = rotate(lanes[0], 1) + rotate(lanes[1], 7) +
                  rotate(lanes[2], 12) + rotate(lanes[3], 18);
  for (int i = 0; i < 4; i++) {
    hash = (hash ^ add(0, lanes[i])) * PRIME_1 + PRIME_4;
  }
  return hash;
}

static uint64_t add_rest(uint64_t hash, const unsigned char *at, size_t size) {
  for (; size >= 8; at += 8, size -= 8) {
    hash = rotate(hash ^ add(0, pjrt_get_u64(at)), 27) * PRIME_1 + PRIME_4;
  }
  if (size >= 4) {
    hash = rotate(hash ^ get_32(at) * PRIME_1, 23) * PRIME_2 + PRIME_3;
    at += 4;
    size -= 4;
  }
  for (; size > 0; at++, size--) {
    hash = rotate(hash ^ *at * PRIME_5, 11) * PRIME_1;
  }
  return hash;
}

uint64_t pjrt_checksum(const void *data, size_t size) {
  const unsigned char *bytes = data;
  const size_t in_stripes = size / 32 * 32;
  uint64_t hash = in_stripes > 0 ? add_stripes(bytes, size / 32) : PRIME_5;
  hash += size;
  hash = add_rest(hash, bytes + in_stripes, size - in_stripes);
  hash = (hash ^ hash >> 33) * PRIME_2;
  hash = (hash ^ hash >> 29) * PRIME_3;
  return hash ^ hash >> 32;
}

uint64_t pjrt_checksum_around(const void *data, size_t size, size_t at) {
  const unsigned char *bytes = data;
  const size_t behind = at + 8;
  unsigned char sums[16];
  pjrt_put_u64(sums, pjrt_checksum(bytes, at));
  pjrt_put_u64(sums + 8, pjrt_checksum(bytes + behind, size - behind));
  return pjrt_checksum(sums, sizeof sums);
}
