#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

size_t pjrt_text_size(const char *text, size_t size) {
  if (!text) return 0;
  return size == PJRT_NUL_ENDED ? strlen(text) : size;
}

pjrt_error *pjrt_text_copy(const char *text, size_t size, char **out) {
  *out = NULL;
  size = pjrt_text_size(text, size);
  size_t capacity;
  if (!pjrt_size_add(size, 1, &capacity)) return pjrt_error_out_of_memory();
  char *copy = malloc(capacity);
  if (!copy) return pjrt_error_out_of_memory();
  if (size) memcpy(copy, text, size);
  copy[size] = '\0';
  *out = copy;
  return NULL;
}

pjrt_error *pjrt_text_copy_path(const char *what, const char *text, size_t size,
                                char **out) {
  *out = NULL;
  size = pjrt_text_size(text, size);
  if (!size) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "%s: expected a file name, got no text", what);
  }
  const char *nul = memchr(text, '\0', size);
  if (nul) {
    return pjrt_error_format(
        PJRT_INVALID_ARGUMENT,
        "%s: expected a file name, got text with a NUL byte after '%s'", what,
        text);
  }
  return pjrt_text_copy(text, size, out);
}

size_t pjrt_text_utf8_size(const unsigned char *text, size_t left) {
  const unsigned char first = text[0];
  if (first < 0x80) return 1;
  const size_t size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (first < 0xc2 || first > 0xf4 || size > left) return 0;

  uint32_t code_point = first & (0xffu >> (size + 1));
  for (size_t i = 1; i < size; i++) {
    if ((text[i] & 0xc0) != 0x80) return 0;
    code_point = code_point << 6 | (text[i] & 0x3f);
  }
  static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool is_surrogate = code_point >= 0xd800 && code_point <= 0xdfff;
  return code_point < smallest[size] || code_point > 0x10ffff || is_surrogate
             ? 0
             : size;
}

pjrt_error *pjrt_text_check_utf8(const char *text, size_t size) {
  const unsigned char *bytes = (const unsigned char *)text;
  for (size_t i = 0, step; i < size; i += step) {
    step = pjrt_text_utf8_size(bytes + i, size - i);
    if (step == 0) {
      return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                               "expected text in UTF-8, got byte 0x%02x at %zu",
                               bytes[i], i);
    }
  }
  return NULL;
}

bool pjrt_text_equal(const char *text, size_t size, const char *nul_ended) {
  size = pjrt_text_size(text, size);
  return size == strlen(nul_ended) &&
         (size == 0 || memcmp(text, nul_ended, size) == 0);
}

/* Makes room for `size` more bytes and the final NUL. */
static bool reserve(pjrt_builder *builder, size_t size) {
  if (builder->out_of_memory) return false;
  size_t needed = 0;
  if (pjrt_size_add(builder->size, size, &needed) &&
      pjrt_size_add(needed, 1, &needed)) {
    if (needed <= builder->capacity) return true;
    size_t capacity = needed < 64 ? 64 : needed;
    (void)pjrt_size_add(capacity, capacity / 2, &capacity);
    char *data = realloc(builder->data, capacity < needed ? needed : capacity);
    if (data) {
      builder->data = data;
      builder->capacity = capacity;
      return true;
    }
  }
  builder->out_of_memory = true;
  return false;
}

void pjrt_builder_append(pjrt_builder *builder, const char *text, size_t size) {
  size = pjrt_text_size(text, size);
  if (!size || !reserve(builder, size)) return;
  memcpy(builder->data + builder->size, text, size);
  builder->size += size;
  builder->data[builder->size] = '\0';
}

void pjrt_builder_vappendf(pjrt_builder *builder, const char *format,
                           va_list args) {
  va_list again;
  va_copy(again, args);
  int size = vsnprintf(NULL, 0, format, args);
  if (size < 0) {
    builder->out_of_memory = true;
  } else if (reserve(builder, (size_t)size)) {
    vsnprintf(builder->data + builder->size, (size_t)size + 1, format, again);
    builder->size += (size_t)size;
  }
  va_end(again);
}

void pjrt_builder_appendf(pjrt_builder *builder, const char *format, ...) {
  va_list args;
  va_start(args, format);
  pjrt_builder_vappendf(builder, format, args);
  va_end(args);
}

pjrt_error *pjrt_builder_finish(pjrt_builder *builder, char **out,
                                size_t *out_size) {
  *out = NULL;
  if (out_size) *out_size = 0;
  if (!reserve(builder, 0)) {
    pjrt_builder_clear(builder);
    return pjrt_error_out_of_memory();
  }
  builder->data[builder->size] = '\0';
  *out = builder->data;
  if (out_size) *out_size = builder->size;
  *builder = (pjrt_builder){0};
  return NULL;
}

void pjrt_builder_clear(pjrt_builder *builder) {
  free(builder->data);
  *builder = (pjrt_builder){0};
}
