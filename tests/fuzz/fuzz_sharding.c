/* Any bytes as a sharding: as text where they begin with a brace, and otherwise
 * as a message. What is accepted prints as text that reads back as the same,
 * every device has a slice within the array, and pictures are drawn. */
#include <stdlib.h>
#include <string.h>

#include "pjrt/ext/shardings.h"

enum { SHOWN = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const pjrt_sharding *sharding) {
  char *text, *text_again;
  size_t text_size;
  pjrt_sharding *again;
  if (pjrt_sharding_to_text(sharding, &text, &text_size)) abort();
  if (pjrt_sharding_parse(text, text_size, &again)) abort();
  if (pjrt_sharding_to_text(again, &text_again, NULL)) abort();
  if (strcmp(text, text_again) != 0) abort();
  pjrt_sharding_free(again);
  pjrt_host_free(text);
  pjrt_host_free(text_again);
}

static void check_slice(const pjrt_sharding *sharding, const int64_t *dims,
                        size_t num_dims, int64_t device) {
  int64_t from[64], sizes[64], shard[64];
  if (pjrt_sharding_shard_dims(sharding, dims, num_dims, shard)) abort();
  if (pjrt_sharding_slice(sharding, dims, num_dims, device, from, sizes)) {
    abort();
  }
  for (size_t d = 0; d < num_dims; d++) {
    if (from[d] < 0 || sizes[d] < 0 || sizes[d] > shard[d]) abort();
    if (from[d] > dims[d] - sizes[d]) abort();
  }
}

static void check_pictures(const pjrt_sharding *sharding, const int64_t *dims,
                           size_t num_dims) {
  char *text, *image;
  const bool is_few = pjrt_sharding_num_devices(sharding) <= SHOWN;
  if (!is_few) return;
  if (pjrt_sharding_picture(sharding, dims, num_dims, 4, &text, NULL)) abort();
  if (pjrt_sharding_svg(sharding, dims, num_dims, 4, &image, NULL)) abort();
  pjrt_host_free(text);
  pjrt_host_free(image);
}

static void check_array(const pjrt_sharding *sharding) {
  int64_t dims[64];
  size_t num_dims;
  const pjrt_sharding_kind kind = pjrt_sharding_kind_of(sharding);
  const size_t num = pjrt_sharding_num_devices(sharding);
  if (kind == PJRT_SHARDING_TUPLE || kind == PJRT_SHARDING_MANUAL ||
      kind == PJRT_SHARDING_UNKNOWN) {
    return;
  }
  pjrt_sharding_tiles(sharding, &num_dims);
  for (size_t d = 0; d < num_dims; d++) dims[d] = d % 8 ? 2 : 5;
  for (size_t i = 0; i < num && i < SHOWN; i++) {
    const int64_t device = pjrt_sharding_device(sharding, num - 1 - i);
    check_slice(sharding, dims, num_dims, device);
  }
  check_pictures(sharding, dims, num_dims);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  pjrt_sharding *sharding;
  pjrt_error *error =
      size && data[0] == '{'
          ? pjrt_sharding_parse((const char *)data, size, &sharding)
          : pjrt_sharding_from_proto(data, size, &sharding);
  if (error) {
    const pjrt_code code = pjrt_error_code(error);
    if (sharding ||
        (code != PJRT_INVALID_ARGUMENT && code != PJRT_UNIMPLEMENTED)) {
      abort();
    }
    pjrt_error_free(error);
    return 0;
  }
  check_text(sharding);
  check_array(sharding);
  pjrt_sharding_free(sharding);
  return 0;
}
