/* Since when structs have their fields. */
#include <string.h>

#include "pjrt/plugin.h"
#include "raw/field_names.h"

/* What is behind the NUL that ends a text; there is always something. */
static const char *behind(const char *text) { return text + strlen(text) + 1; }

static bool is(const char *name, const char *text, size_t size) {
  return strlen(name) == size && memcmp(name, text, size) == 0;
}

/* The fields of a struct; NULL when there is none of this name. */
static const char *find_struct(const char *text, size_t size) {
  for (const char *at = pjrt_field_names; *at;) {
    const char *fields = behind(at);
    if (is(at, text, size)) return fields;
    for (at = fields; *at; at = behind(at)) continue;
    at++;
  }
  return NULL;
}

int pjrt_field_since(const char *field, size_t field_size) {
  if (!field) return 0;
  if (field_size == PJRT_NUL_ENDED) field_size = strlen(field);
  const char *dot = memchr(field, '.', field_size);
  if (!dot) return 0;
  const size_t struct_size = (size_t)(dot - field);
  const size_t name_size = field_size - struct_size - 1;
  const char *at = find_struct(field, struct_size);
  for (; at && *at; at = behind(at)) {
    if (is(at + 1, dot + 1, name_size)) return *at;
  }
  return 0;
}

bool pjrt_plugin_supports_field(const pjrt_plugin *plugin, const char *field,
                                size_t field_size) {
  static const char args[] = "_Args";
  const size_t args_size = sizeof args - 1;
  const int since = pjrt_field_since(field, field_size);
  if (!since || pjrt_plugin_api_minor(plugin) < since) return false;
  const size_t size = (size_t)(strchr(field, '.') - field);
  if (size < args_size ||
      memcmp(field + size - args_size, args, args_size) != 0) {
    return true;
  }
  return pjrt_plugin_supports(plugin, field, size - args_size);
}
