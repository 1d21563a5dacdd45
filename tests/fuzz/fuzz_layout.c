/* Any text as a layout. What is accepted prints as text that reads back as the
 * same, and an element's place is within its array. */
#include <stdlib.h>
#include <string.h>

#include "pjrt/array.h"
#include "pjrt/layout.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const pjrt_layout *layout) {
  char *text, *text_again;
  size_t text_size;
  pjrt_layout *again;
  if (pjrt_layout_to_text(layout, &text, &text_size)) abort();
  if (pjrt_layout_parse(text, text_size, &again)) abort();
  if (pjrt_layout_to_text(again, &text_again, NULL)) abort();
  if (strcmp(text, text_again) != 0) abort();
  pjrt_layout_free(again);
  pjrt_host_free(text);
  pjrt_host_free(text_again);
}

static void check_place(const pjrt_layout *layout) {
  int64_t dims[64], index[64], bit;
  size_t size, num_dims;
  pjrt_layout_minor_to_major(layout, &num_dims);
  for (size_t i = 0; i < num_dims; i++) {
    dims[i] = i % 8 ? 1 : 5;
    index[i] = dims[i] - 1;
  }
  pjrt_error *error = pjrt_layout_size(layout, PJRT_U16, dims, num_dims, &size);
  pjrt_error *other =
      pjrt_layout_element_at(layout, PJRT_U16, dims, num_dims, index, &bit);
  if (!error != !other) abort();
  if (!error && (bit < 0 || (size_t)bit / 8 >= size)) abort();
  pjrt_error_free(error);
  pjrt_error_free(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  pjrt_layout *layout;
  pjrt_error *error = pjrt_layout_parse((const char *)data, size, &layout);
  if (error) {
    const pjrt_code code = pjrt_error_code(error);
    if (layout ||
        (code != PJRT_INVALID_ARGUMENT && code != PJRT_UNIMPLEMENTED)) {
      abort();
    }
    pjrt_error_free(error);
    return 0;
  }
  check_text(layout);
  check_place(layout);
  pjrt_layout_free(layout);
  return 0;
}
