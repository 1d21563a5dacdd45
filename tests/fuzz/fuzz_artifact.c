/* Any bytes as an artifact, and as a description within a sound frame: no
 * crash, and what was decoded can be encoded and decoded again. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/checksum.h"
#include "base/little_endian.h"
#include "core/artifact.h"
#include "pjrt/array.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void encode_again(const pjrt_artifact *artifact) {
  void *bytes;
  size_t size;
  if (pjrt_error_consume(pjrt_artifact_encode(artifact, &bytes, &size)) !=
      PJRT_OK) {
    return;
  }
  pjrt_artifact again;
  if (pjrt_error_consume(pjrt_artifact_decode(bytes, size, &again)) !=
          PJRT_OK ||
      again.executable.size != artifact->executable.size ||
      again.platform_name.size != artifact->platform_name.size ||
      again.num_replicas != artifact->num_replicas) {
    abort();
  }
  pjrt_host_free(bytes);
}

static void decode(const void *data, size_t size) {
  pjrt_artifact artifact;
  if (pjrt_error_consume(pjrt_artifact_decode(data, size, &artifact)) ==
      PJRT_OK) {
    encode_again(&artifact);
  }
}

/* A fuzzer finds no checksum by itself. The executable is one byte. */
static void decode_framed(const uint8_t *message, size_t size) {
  const uint64_t header[] = {UINT64_C(0x1a0a0d54524a5089),
                             PJRT_ARTIFACT_VERSION, size, 1};
  uint8_t *frame = malloc(41 + size);
  if (!frame) return;
  memcpy(frame, header, 32);
  if (size > 0) memcpy(frame + 40, message, size);
  frame[40 + size] = 0;
  pjrt_put_u64(frame + 32, pjrt_checksum_around(frame, 41 + size, 32));
  decode(frame, 41 + size);
  free(frame);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  decode(data, size);
  decode_framed(data, size);
  return 0;
}
