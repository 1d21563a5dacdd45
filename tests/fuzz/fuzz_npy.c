/* Any bytes as an .npy file. What is accepted lies within the bytes, and a copy
 * of it equals it. */
#include <stdlib.h>

#include "pjrt/io/npy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte chooses the element type that is asked for. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  pjrt_npy_opts opts;
  pjrt_npy_opts_init(&opts);
  opts.dtype = (pjrt_dtype)(data[0] % (PJRT_F6E3M2FN + 2));
  pjrt_array *array;
  pjrt_error *error = pjrt_npy_read_memory(data + 1, size - 1, &opts, &array);
  if (error) {
    if (array || pjrt_error_code(error) != PJRT_INVALID_ARGUMENT) abort();
    pjrt_error_free(error);
    return 0;
  }
  const uint8_t *elements = pjrt_array_data(array);
  if (elements + pjrt_array_size(array) != data + size) abort();
  pjrt_array *copy;
  if (pjrt_array_copy(array, &copy)) abort();
  if (pjrt_array_compare(copy, array, NULL)) abort();
  pjrt_array_free(copy);
  pjrt_array_free(array);
  return 0;
}
