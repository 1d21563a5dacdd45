/* Any text as an array. What is accepted prints as text that reads back as an
 * equal array. */
#include <stdlib.h>

#include "pjrt/array.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Large arrays are right, but take the fuzzer's time and memory. */
static bool is_large(const char *text, size_t size) {
  double num = 1;
  double dim = 0;
  for (size_t i = 0; i < size && text[i] != '='; i++) {
    if (text[i] >= '0' && text[i] <= '9') {
      dim = 10 * dim + (text[i] - '0');
    } else {
      if (text[i] == 'x' && dim > 0) num *= dim;
      dim = 0;
    }
  }
  return num > 10000 && num < 0x1p64;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (is_large((const char *)data, size)) return 0;
  pjrt_array *array;
  pjrt_error *error = pjrt_array_parse((const char *)data, size, &array);
  if (error) {
    if (array || pjrt_error_code(error) != PJRT_INVALID_ARGUMENT) abort();
    pjrt_error_free(error);
    return 0;
  }
  char *text = NULL;
  size_t text_size = 0;
  FILE *to = open_memstream(&text, &text_size);
  if (!to || pjrt_array_print(array, 0, to) || fclose(to) != 0) abort();
  pjrt_array *again;
  if (pjrt_array_parse(text, text_size, &again)) abort();
  if (pjrt_array_compare(again, array, NULL)) abort();
  pjrt_array_free(again);
  pjrt_array_free(array);
  free(text);
  return 0;
}
