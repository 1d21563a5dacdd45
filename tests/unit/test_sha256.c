/* Hashes against their published test vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/checksum.h"
#include "base/sha256.h"

static void expect_sha256(const void *data, size_t size, size_t step,
                          const char *expected) {
  pjrt_sha256 hash;
  unsigned char digest[PJRT_SHA256_SIZE];
  char text[PJRT_SHA256_TEXT_SIZE];
  pjrt_sha256_init(&hash);
  for (size_t at = 0; at < size; at += step) {
    pjrt_sha256_update(&hash, (const char *)data + at,
                       size - at < step ? size - at : step);
  }
  pjrt_sha256_finish(&hash, digest);
  pjrt_sha256_print(digest, text);
  assert_string_equal(text, expected);
}

/* Those of FIPS 180-4's examples. */
static void sha256_of_the_standard(void **state) {
  (void)state;
  static const char two_blocks[] =
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  for (size_t step = 1; step < 70; step++) {
    expect_sha256("abc", 3, step,
                  "ba7816bf8f01cfea414140de5dae2223"
                  "b00361a396177a9cb410ff61f20015ad");
    expect_sha256(two_blocks, strlen(two_blocks), step,
                  "248d6a61d20638b8e5c026930c3e6039"
                  "a33ce45964ff2167f6ecedd419db06c1");
  }
  expect_sha256(NULL, 0, 1,
                "e3b0c44298fc1c149afbf4c8996fb924"
                "27ae41e4649b934ca495991b7852b855");
  const size_t million = 1000000;
  char *many = malloc(million);
  assert_non_null(many);
  memset(many, 'a', million);
  expect_sha256(many, million, 997,
                "cdc76e5c9914fb9281a1c7e284d73e67"
                "f1809a48a497200e046d39ccc7112cd0");
  free(many);
}

static void sha256_at_the_ends_of_blocks(void **state) {
  (void)state;
  static const struct {
    size_t size;
    const char *digest;
  } rows[] = {
      {55,
       "9f4390f8d30c2dd92ec9f095b65e2b9a"
       "e9b0a925a5258e241c9f1e910f734318"},
      {56,
       "b35439a4ac6f0948b6d6f9e3c6af0f5f"
       "590ce20f1bde7090ef7970686ec6738a"},
      {64,
       "ffe054fe7ae0cb6dc65c3af9b61d5209"
       "f439851db43d0ba5997337df154668eb"},
  };
  char letters[64];
  memset(letters, 'a', sizeof letters);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    expect_sha256(letters, rows[i].size, 64, rows[i].digest);
  }
}

static void digest_of_parts(const char *a, const char *b,
                            unsigned char out[PJRT_SHA256_SIZE]) {
  pjrt_sha256 hash;
  pjrt_sha256_init(&hash);
  pjrt_sha256_update_part(&hash, a, strlen(a));
  pjrt_sha256_update_part(&hash, b, strlen(b));
  pjrt_sha256_finish(&hash, out);
}

static void parts_keep_their_ends(void **state) {
  (void)state;
  unsigned char first[PJRT_SHA256_SIZE], second[PJRT_SHA256_SIZE];
  digest_of_parts("ab", "c", first);
  digest_of_parts("a", "bc", second);
  assert_memory_not_equal(first, second, sizeof first);
}

/* XXH64 with the seed 0. */
static void checksum_is_xxh64(void **state) {
  (void)state;
  static const struct {
    const char *text;
    uint64_t sum;
  } rows[] = {
      {"", UINT64_C(0xef46db3751d8e999)},
      {"a", UINT64_C(0xd24ec4f1a98c6e5b)},
      {"abc", UINT64_C(0x44bc2cf5ad770999)},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       UINT64_C(0xf06103773e8585df)},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    assert_true(pjrt_checksum(rows[i].text, strlen(rows[i].text)) ==
                rows[i].sum);
  }
}

static void checksum_leaves_a_hole(void **state) {
  (void)state;
  unsigned char bytes[40] = {1, 2, 3};
  const uint64_t sum = pjrt_checksum_around(bytes, sizeof bytes, 16);
  for (size_t i = 0; i < sizeof bytes; i++) {
    bytes[i] ^= 1;
    const bool is_same = pjrt_checksum_around(bytes, sizeof bytes, 16) == sum;
    assert_int_equal(is_same, i >= 16 && i < 24);
    bytes[i] ^= 1;
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sha256_of_the_standard),
      cmocka_unit_test(sha256_at_the_ends_of_blocks),
      cmocka_unit_test(parts_keep_their_ends),
      cmocka_unit_test(checksum_is_xxh64),
      cmocka_unit_test(checksum_leaves_a_hole),
  };
  return cmocka_run_group_tests_name("sha256", tests, NULL, NULL);
}
