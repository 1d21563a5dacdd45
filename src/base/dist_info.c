#include "base/dist_info.h"

#include <string.h>

bool pjrt_span_equal(pjrt_span span, const char *nul_ended) {
  return strlen(nul_ended) == span.size &&
         memcmp(span.text, nul_ended, span.size) == 0;
}

static bool starts_with(pjrt_span span, const char *prefix) {
  size_t size = strlen(prefix);
  return span.size >= size && memcmp(span.text, prefix, size) == 0;
}

static bool ends_with(pjrt_span span, const char *suffix) {
  size_t size = strlen(suffix);
  return span.size >= size &&
         memcmp(span.text + span.size - size, suffix, size) == 0;
}

/* ---- RECORD ------------------------------------------------------------- */

/* Reads the field at record->at and leaves record->at at what ends it. A field
 * that starts with a quote ends at the next single one; two in a row are one
 * quote of the text. */
static pjrt_span read_field(pjrt_record *record) {
  char *start = record->at;
  char *from = start;
  char *to = start;
  if (from < record->end && *from == '"') {
    for (from++; from < record->end; from++) {
      if (*from == '"') {
        from++;
        if (from == record->end || *from != '"') break;
      }
      *to++ = *from;
    }
  }
  while (from < record->end && *from != ',' && *from != '\n') *to++ = *from++;
  record->at = from;
  bool last = from == record->end || *from == '\n';
  if (last && to > start && to[-1] == '\r') to--;
  return (pjrt_span){start, (size_t)(to - start)};
}

bool pjrt_record_next(pjrt_record *record, pjrt_span *out_path) {
  *out_path = (pjrt_span){"", 0};
  while (record->at < record->end) {
    pjrt_span path = read_field(record);
    while (record->at < record->end && *record->at == ',') {
      record->at++;
      (void)read_field(record);
    }
    if (record->at < record->end) record->at++; /* the end of the row */
    if (path.size > 0) {
      *out_path = path;
      return true;
    }
  }
  return false;
}

bool pjrt_record_path_is_inside(pjrt_span path) {
  if (path.size == 0 || path.text[0] == '/') return false;
  if (memchr(path.text, 0, path.size)) return false;
  size_t start = 0;
  for (size_t i = 0; i <= path.size; i++) {
    if (i < path.size && path.text[i] != '/') continue;
    pjrt_span part = {path.text + start, i - start};
    if (pjrt_span_equal(part, "..")) return false;
    start = i + 1;
  }
  return true;
}

static bool contains(pjrt_span span, const char *part) {
  return memmem(span.text, span.size, part, strlen(part)) != NULL;
}

bool pjrt_is_plain_library_name(pjrt_span path) {
  const char *slash = path.size ? memrchr(path.text, '/', path.size) : NULL;
  if (slash) {
    path.size -= (size_t)(slash + 1 - path.text);
    path.text = slash + 1;
  }
  return ends_with(path, ".so") && !ends_with(path, ".abi3.so") &&
         !contains(path, ".cpython-") && !contains(path, ".pypy");
}

/* ---- entry_points.txt --------------------------------------------------- */

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

static pjrt_span strip(pjrt_span span) {
  while (span.size > 0 && is_blank(span.text[0])) {
    span.text++;
    span.size--;
  }
  while (span.size > 0 && is_blank(span.text[span.size - 1])) span.size--;
  return span;
}

static pjrt_span read_line(pjrt_entry_points *reader) {
  const char *start = reader->at;
  size_t left = (size_t)(reader->end - start);
  const char *newline = memchr(start, '\n', left);
  size_t size = newline ? (size_t)(newline - start) : left;
  reader->at = newline ? newline + 1 : reader->end;
  return strip((pjrt_span){start, size});
}

static bool is_module_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') || c == '_' || c == '.';
}

/* "module:function [extra]" names the module before the colon. */
static pjrt_span module_of(pjrt_span value) {
  size_t size = 0;
  while (size < value.size && is_module_char(value.text[size])) size++;
  bool ends = size == value.size || value.text[size] == ':' ||
              value.text[size] == '[' || is_blank(value.text[size]);
  return (pjrt_span){value.text, ends ? size : 0};
}

bool pjrt_entry_points_next(pjrt_entry_points *reader, pjrt_entry_point *out) {
  while (reader->at < reader->end) {
    pjrt_span line = read_line(reader);
    if (line.size == 0 || line.text[0] == '#') continue;
    if (starts_with(line, "[") && ends_with(line, "]")) {
      reader->group = (pjrt_span){line.text + 1, line.size - 2};
      continue;
    }
    const char *equals = memchr(line.text, '=', line.size);
    if (!equals || reader->group.size == 0) continue;
    size_t left = (size_t)(equals - line.text);
    pjrt_span name = {line.text, left};
    pjrt_span value = {equals + 1, line.size - left - 1};
    out->group = reader->group;
    out->name = strip(name);
    out->module = module_of(strip(value));
    return true;
  }
  return false;
}

bool pjrt_module_contains(pjrt_span module, pjrt_span path) {
  if (module.size == 0 || path.size <= module.size ||
      path.text[module.size] != '/') {
    return false;
  }
  for (size_t i = 0; i < module.size; i++) {
    char expected = module.text[i] == '.' ? '/' : module.text[i];
    if (path.text[i] != expected) return false;
  }
  return true;
}
