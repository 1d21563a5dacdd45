#include "base/sha256.h"

#include <string.h>

enum { BLOCK = 64 };

static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
    0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t rotate(uint32_t word, int by) {
  return word >> by | word << (32 - by);
}

static void schedule(const unsigned char *block, uint32_t words[64]) {
  for (int i = 0; i < 16; i++) {
    const unsigned char *at = block + 4 * i;
    words[i] = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
               (uint32_t)at[2] << 8 | (uint32_t)at[3];
  }
  for (int i = 16; i < 64; i++) {
    const uint32_t a = words[i - 15], b = words[i - 2];
    words[i] = words[i - 16] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) +
               words[i - 7] + (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
  }
}

/* The letters are those of the standard. */
static void add_block(uint32_t state[8], const unsigned char *block) {
  uint32_t words[64];
  schedule(block, words);
  uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
  uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
  for (int i = 0; i < 64; i++) {
    const uint32_t t1 = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +
                        ((e & f) ^ (~e & g)) + round_constants[i] + words[i];
    const uint32_t t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) +
                        ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = d + t1;
    d = c;
    c = b;
    b = a;
    a = t1 + t2;
  }
  const uint32_t added[8] = {a, b, c, d, e, f, g, h};
  for (int i = 0; i < 8; i++) state[i] += added[i];
}

void pjrt_sha256_init(pjrt_sha256 *hash) {
  *hash =
      (pjrt_sha256){.state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                              0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}};
}

void pjrt_sha256_update(pjrt_sha256 *hash, const void *data, size_t size) {
  const unsigned char *bytes = data;
  const size_t pending = hash->size % BLOCK;
  if (size == 0) return;
  hash->size += size;
  if (pending > 0) {
    const size_t room = BLOCK - pending;
    const size_t taken = size < room ? size : room;
    memcpy(hash->block + pending, bytes, taken);
    if (taken < room) return;
    add_block(hash->state, hash->block);
    bytes += taken;
    size -= taken;
  }
  for (; size >= BLOCK; bytes += BLOCK, size -= BLOCK) {
    add_block(hash->state, bytes);
  }
  memcpy(hash->block, bytes, size);
}

static void put_number(uint64_t number, unsigned char out[8]) {
  for (int i = 0; i < 8; i++) out[i] = (unsigned char)(number >> (56 - 8 * i));
}

void pjrt_sha256_update_part(pjrt_sha256 *hash, const void *data, size_t size) {
  unsigned char number[8];
  put_number(size, number);
  pjrt_sha256_update(hash, number, sizeof number);
  pjrt_sha256_update(hash, data, size);
}

void pjrt_sha256_finish(pjrt_sha256 *hash,
                        unsigned char out[PJRT_SHA256_SIZE]) {
  static const unsigned char padding[BLOCK] = {0x80};
  unsigned char num_bits[8];
  put_number(hash->size * 8, num_bits);
  const size_t used = hash->size % BLOCK;
  pjrt_sha256_update(hash, padding,
                     (used < 56 ? 56 : 56 + (size_t)BLOCK) - used);
  pjrt_sha256_update(hash, num_bits, sizeof num_bits);
  for (int i = 0; i < PJRT_SHA256_SIZE; i++) {
    out[i] = (unsigned char)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
  }
}

void pjrt_sha256_print(const unsigned char digest[PJRT_SHA256_SIZE],
                       char out[PJRT_SHA256_TEXT_SIZE]) {
  for (int i = 0; i < PJRT_SHA256_SIZE; i++) {
    out[2 * i] = "0123456789abcdef"[digest[i] >> 4];
    out[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
  }
  out[PJRT_SHA256_TEXT_SIZE - 1] = 0;
}
