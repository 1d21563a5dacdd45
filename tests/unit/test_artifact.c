/* Artifacts: what goes in comes out, and damage is found wherever it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/artifact.h"
#include "pjrt/array.h"
#include "pjrt/executable.h"

#define TEXT(text) {text, sizeof(text) - 1}

static pjrt_artifact sample(void) {
  return (pjrt_artifact){.platform_name = TEXT("cpu"),
                         .platform_version = TEXT("version\nwith \0 in it"),
                         .api_minor = 115,
                         .plugin_identity = TEXT("0123abcd"),
                         .num_replicas = 2,
                         .num_partitions = 3,
                         .compile_portable_executable = true,
                         .compile_options = TEXT("\x1a\x04\x20\x02\x28\x03"),
                         .signature = TEXT("signature"),
                         .executable = TEXT("machine \0 code")};
}

typedef struct encoded {
  unsigned char *data;
  size_t size;
} encoded;

static encoded encode(const pjrt_artifact *artifact) {
  void *data = NULL;
  size_t size = 0;
  assert_null(pjrt_artifact_encode(artifact, &data, &size));
  return (encoded){data, size};
}

static void expect_same(pjrt_bytes a, pjrt_bytes b) {
  assert_int_equal(a.size, b.size);
  assert_memory_equal(a.data, b.data, a.size);
}

static pjrt_code decode_code(const void *data, size_t size) {
  pjrt_artifact out = sample();
  pjrt_error *error = pjrt_artifact_decode(data, size, &out);
  if (error) {
    assert_non_null(strstr(pjrt_error_message(error, NULL), "artifact: "));
    assert_null(out.executable.data);
  }
  return pjrt_error_consume(error);
}

static void everything_comes_back(void **state) {
  (void)state;
  const pjrt_artifact in = sample();
  const encoded bytes = encode(&in);
  pjrt_artifact out;
  assert_null(pjrt_artifact_decode(bytes.data, bytes.size, &out));
  expect_same(out.platform_name, in.platform_name);
  expect_same(out.platform_version, in.platform_version);
  assert_int_equal(out.api_major, 0);
  assert_int_equal(out.api_minor, 115);
  expect_same(out.plugin_identity, in.plugin_identity);
  assert_int_equal(out.num_replicas, 2);
  assert_int_equal(out.num_partitions, 3);
  assert_true(out.compile_portable_executable);
  expect_same(out.compile_options, in.compile_options);
  expect_same(out.signature, in.signature);
  expect_same(out.executable, in.executable);
  pjrt_host_free(bytes.data);
}

static void executable_is_borrowed(void **state) {
  (void)state;
  const pjrt_artifact in = sample();
  const encoded bytes = encode(&in);
  pjrt_artifact out;
  assert_null(pjrt_artifact_decode(bytes.data, bytes.size, &out));
  const unsigned char *executable = out.executable.data;
  assert_ptr_equal(executable + out.executable.size, bytes.data + bytes.size);
  pjrt_host_free(bytes.data);
}

static void signature_may_be_absent_or_empty(void **state) {
  (void)state;
  pjrt_artifact in = sample();
  in.signature = (pjrt_bytes){"", 0};
  encoded bytes = encode(&in);
  pjrt_artifact out;
  assert_null(pjrt_artifact_decode(bytes.data, bytes.size, &out));
  assert_non_null(out.signature.data);
  assert_int_equal(out.signature.size, 0);
  pjrt_host_free(bytes.data);

  in.signature = (pjrt_bytes){NULL, 0};
  bytes = encode(&in);
  assert_null(pjrt_artifact_decode(bytes.data, bytes.size, &out));
  assert_null(out.signature.data);
  pjrt_host_free(bytes.data);
}

static void every_cut_is_found(void **state) {
  (void)state;
  const pjrt_artifact in = sample();
  const encoded bytes = encode(&in);
  for (size_t size = 0; size < bytes.size; size++) {
    unsigned char *cut = malloc(size + 1);
    assert_non_null(cut);
    memcpy(cut, bytes.data, size);
    assert_int_equal(decode_code(cut, size), PJRT_INVALID_ARGUMENT);
    free(cut);
  }
  assert_int_equal(decode_code(NULL, 0), PJRT_INVALID_ARGUMENT);
  pjrt_host_free(bytes.data);
}

static void every_flipped_bit_is_found(void **state) {
  (void)state;
  const pjrt_artifact in = sample();
  const encoded bytes = encode(&in);
  for (size_t bit = 0; bit < 8 * bytes.size; bit++) {
    bytes.data[bit / 8] ^= (unsigned char)(1 << bit % 8);
    const pjrt_code expected =
        bit / 64 == 1 ? PJRT_UNIMPLEMENTED : PJRT_INVALID_ARGUMENT;
    assert_int_equal(decode_code(bytes.data, bytes.size), expected);
    bytes.data[bit / 8] ^= (unsigned char)(1 << bit % 8);
  }
  assert_int_equal(decode_code(bytes.data, bytes.size), PJRT_OK);
  pjrt_host_free(bytes.data);
}

static void bytes_after_the_end_are_found(void **state) {
  (void)state;
  const pjrt_artifact in = sample();
  const encoded bytes = encode(&in);
  unsigned char *longer = calloc(1, bytes.size + 1);
  assert_non_null(longer);
  memcpy(longer, bytes.data, bytes.size);
  assert_int_equal(decode_code(longer, bytes.size + 1), PJRT_INVALID_ARGUMENT);
  free(longer);
  pjrt_host_free(bytes.data);
}

static void other_files_are_no_artifacts(void **state) {
  (void)state;
  const char text[] = "func.func @main() { return } // longer than a header";
  pjrt_artifact out;
  pjrt_error *error = pjrt_artifact_decode(text, sizeof text, &out);
  assert_int_equal(pjrt_error_code(error), PJRT_INVALID_ARGUMENT);
  assert_non_null(strstr(pjrt_error_message(error, NULL), "other bytes"));
  pjrt_error_free(error);
}

static void other_versions_are_named(void **state) {
  (void)state;
  const pjrt_artifact in = sample();
  const encoded bytes = encode(&in);
  pjrt_artifact out;
  bytes.data[8] = 1; /* what the first releases wrote */
  pjrt_error *error = pjrt_artifact_decode(bytes.data, bytes.size, &out);
  assert_int_equal(pjrt_error_code(error), PJRT_UNIMPLEMENTED);
  assert_non_null(strstr(pjrt_error_message(error, NULL),
                         "its format is version 1, this library reads version "
                         "2 alone: compile again"));
  pjrt_error_free(error);
  pjrt_host_free(bytes.data);
}

static void plugins_own_bytes_come_out(void **state) {
  (void)state;
  const pjrt_artifact in = sample();
  const encoded bytes = encode(&in);
  const void *raw;
  size_t size;
  assert_null(
      pjrt_executable_serialized_raw(bytes.data, bytes.size, &raw, &size));
  assert_int_equal(size, in.executable.size);
  assert_memory_equal(raw, in.executable.data, size);
  bytes.data[bytes.size - 1] ^= 1;
  pjrt_error *error =
      pjrt_executable_serialized_raw(bytes.data, bytes.size, &raw, &size);
  assert_int_equal(pjrt_error_consume(error), PJRT_INVALID_ARGUMENT);
  assert_null(raw);
  assert_int_equal(size, 0);
  pjrt_host_free(bytes.data);
}

static void serialized_executables_are_told_by_their_start(void **state) {
  (void)state;
  const pjrt_artifact in = sample();
  const encoded bytes = encode(&in);
  assert_true(
      pjrt_executable_is_serialized(bytes.data, PJRT_EXECUTABLE_MAGIC_SIZE));
  assert_false(pjrt_executable_is_serialized(bytes.data,
                                             PJRT_EXECUTABLE_MAGIC_SIZE - 1));
  assert_false(pjrt_executable_is_serialized("func.func @main()", 17));
  assert_false(pjrt_executable_is_serialized(NULL, 0));
  pjrt_host_free(bytes.data);
}

/* Whole and with a good checksum, but of no use. */
static void incomplete_descriptions_are_refused(void **state) {
  (void)state;
  for (int variant = 0; variant < 4; variant++) {
    pjrt_artifact in = sample();
    if (variant == 0) in.plugin_identity.size = 0;
    if (variant == 1) in.num_replicas = 0;
    if (variant == 2) in.num_partitions = -1;
    if (variant == 3) in.executable.size = 0;
    const encoded bytes = encode(&in);
    assert_int_equal(decode_code(bytes.data, bytes.size),
                     PJRT_INVALID_ARGUMENT);
    pjrt_host_free(bytes.data);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(everything_comes_back),
      cmocka_unit_test(executable_is_borrowed),
      cmocka_unit_test(signature_may_be_absent_or_empty),
      cmocka_unit_test(every_cut_is_found),
      cmocka_unit_test(every_flipped_bit_is_found),
      cmocka_unit_test(bytes_after_the_end_are_found),
      cmocka_unit_test(other_files_are_no_artifacts),
      cmocka_unit_test(other_versions_are_named),
      cmocka_unit_test(plugins_own_bytes_come_out),
      cmocka_unit_test(serialized_executables_are_told_by_their_start),
      cmocka_unit_test(incomplete_descriptions_are_refused),
  };
  return cmocka_run_group_tests_name("artifact", tests, NULL, NULL);
}
