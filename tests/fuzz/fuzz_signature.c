/* Any bytes as an HLO module or as an artifact's signature: no crash, and what
 * was read survives packing. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "core/signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void repack(const pjrt_signature *signature) {
  void *packed;
  size_t packed_size;
  if (pjrt_error_consume(
          pjrt_signature_pack(signature, &packed, &packed_size)) != PJRT_OK) {
    return;
  }
  pjrt_signature *again;
  if (pjrt_error_consume(pjrt_signature_unpack(packed, packed_size, &again)) !=
          PJRT_OK ||
      again->num_parameters != signature->num_parameters ||
      again->num_outputs != signature->num_outputs) {
    abort();
  }
  pjrt_signature_free(again);
  free(packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  const unsigned mode = data[0] % 3;
  pjrt_signature *signature = NULL;
  pjrt_error *error =
      mode == 2
          ? pjrt_signature_unpack(data + 1, size - 1, &signature)
          : pjrt_signature_from_hlo(data + 1, size - 1, mode == 1, &signature);
  if (error && signature) abort();
  if (signature) repack(signature);
  pjrt_error_free(error);
  pjrt_signature_free(signature);
  return 0;
}
