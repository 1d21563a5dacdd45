#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

pjrt_error *pjrt_alloc(size_t num, size_t size, void **out) {
  size_t bytes;
  *out = NULL;
  if (pjrt_size_mul(num, size, &bytes) && bytes <= PTRDIFF_MAX) {
    *out = calloc(bytes ? bytes : 1, 1);
  }
  pjrt_handle_forget(*out);
  if (*out) return NULL;
  return pjrt_error_format(PJRT_RESOURCE_EXHAUSTED,
                           "no memory for %zu elements of %zu bytes", num,
                           size);
}

pjrt_error *pjrt_alloc_copy(const void *data, size_t num, size_t size,
                            void **out) {
  PJRT_TRY(pjrt_alloc(num, size, out));
  if (num && size) memcpy(*out, data, num * size);
  return NULL;
}

pjrt_error *pjrt_dims_num_elements(const int64_t *dims, size_t num_dims,
                                   size_t element_size, size_t *out) {
  *out = 0;
  size_t elements = 1;
  size_t bytes = element_size;
  bool empty = false;
  for (size_t i = 0; i < num_dims; i++) {
    if (dims[i] < 0) {
      return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                               "dimension %zu is %lld, expected 0 or more", i,
                               (long long)dims[i]);
    }
    if (dims[i] == 0) {
      empty = true;
      continue;
    }
    if (!pjrt_size_mul(elements, (size_t)dims[i], &elements) ||
        !pjrt_size_mul(bytes, (size_t)dims[i], &bytes) ||
        elements > PTRDIFF_MAX || bytes > PTRDIFF_MAX) {
      return pjrt_error_format(
          PJRT_INVALID_ARGUMENT,
          "an array with a dimension of %lld does not fit in memory",
          (long long)dims[i]);
    }
  }
  *out = empty ? 0 : elements;
  return NULL;
}
