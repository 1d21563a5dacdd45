#include "json_text.h"

#include <stdlib.h>

json_t *text_json(const char *text, size_t size) {
  json_t *value = json_stringn(text, size);
  if (value) return value;
  char *safe = malloc(size + 1);
  if (!safe) return NULL;
  for (size_t i = 0; i < size; i++) {
    safe[i] = (unsigned char)text[i] < 0x80 ? text[i] : '?';
  }
  value = json_stringn(safe, size);
  free(safe);
  return value;
}
