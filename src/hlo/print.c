/* Text of HLO: how its tokens are written, and the end of it at a mistake. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "hlo/hlo.h"

/* ---- trouble ------------------------------------------------------------- */

void pjrt_hlo_fail(hlo_printer *p, pjrt_error *error) {
  if (p->error) {
    pjrt_error_drop(error);
  } else {
    p->error = error;
  }
}

/* For messages, which shall stay short whatever comes. */
static int shown(hlo_bytes name) {
  return name.size < 100 ? (int)name.size : 100;
}

void pjrt_hlo_fail_here(hlo_printer *p, const char *format, ...) {
  if (p->error) return;
  char what[256];
  va_list args;
  va_start(args, format);
  vsnprintf(what, sizeof what, format, args);
  va_end(args);
  pjrt_error *error =
      pjrt_error_format(PJRT_INVALID_ARGUMENT, "HLO module: %s", what);
  if (p->computation) {
    pjrt_error_prefix(error, "computation '%.*s'", shown(p->computation->name),
                      (const char *)p->computation->name.data);
  }
  if (p->instruction) {
    pjrt_error_prefix(error, "instruction '%.*s'", shown(p->instruction->name),
                      (const char *)p->instruction->name.data);
  }
  pjrt_hlo_fail(p, error);
}

void pjrt_hlo_fail_size(hlo_printer *p, const char *what) {
  pjrt_hlo_fail(p, pjrt_error_format(PJRT_RESOURCE_EXHAUSTED,
                                     "an HLO module of %zu bytes takes more "
                                     "than %zu %s",
                                     p->module.size, p->max_size, what));
}

void pjrt_hlo_note(hlo_printer *p, hlo_unknown_kind kind, uint64_t number,
                   hlo_bytes name) {
  for (size_t i = 0; i < p->num_unknown; i++) {
    const hlo_unknown *known = &p->unknown[i];
    if (known->kind == kind && known->number == number) return;
  }
  if (p->num_unknown == HLO_MAX_UNKNOWN) return;
  p->unknown[p->num_unknown++] = (hlo_unknown){kind, number, name};
}

bool pjrt_hlo_is_over(const hlo_printer *p) {
  return p->error || p->out.out_of_memory;
}

bool pjrt_hlo_enter(hlo_printer *p) {
  if (++p->depth > HLO_MAX_DEPTH) {
    pjrt_hlo_fail_here(p, "nested more than %d deep", HLO_MAX_DEPTH);
  }
  return !pjrt_hlo_is_over(p);
}

void pjrt_hlo_leave(hlo_printer *p) { p->depth--; }

/* ---- tokens -------------------------------------------------------------- */

void pjrt_hlo_put_bytes(hlo_printer *p, hlo_bytes text) {
  if (pjrt_hlo_is_over(p)) return;
  if (text.size > p->max_size - p->out.size) {
    pjrt_hlo_fail_size(p, "characters of text");
    return;
  }
  pjrt_builder_append(&p->out, text.data, text.size);
}

void pjrt_hlo_put(hlo_printer *p, const char *text) {
  pjrt_hlo_put_bytes(p, (hlo_bytes){text, strlen(text)});
}

void pjrt_hlo_putf(hlo_printer *p, const char *format, ...) {
  char text[256];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  pjrt_hlo_put(p, text);
}

void pjrt_hlo_put_int(hlo_printer *p, int64_t value) {
  pjrt_hlo_putf(p, "%lld", (long long)value);
}

void pjrt_hlo_put_double(hlo_printer *p, double value, int digits) {
  char text[PJRT_NUMBER_SIZE];
  pjrt_number_write_double(value, digits, text);
  pjrt_hlo_put(p, text);
}

void pjrt_hlo_put_list_separator(hlo_printer *p, size_t i) {
  if (i > 0 && i % 5 == 0) {
    pjrt_hlo_putf(p, ", /*index=%zu*/", i);
  } else if (i > 0) {
    pjrt_hlo_put(p, ", ");
  }
}

static void put_escaped(hlo_printer *p, unsigned char c) {
  switch (c) {
    case '\n':
      pjrt_hlo_put(p, "\\n");
      break;
    case '\r':
      pjrt_hlo_put(p, "\\r");
      break;
    case '\t':
      pjrt_hlo_put(p, "\\t");
      break;
    case '"':
    case '\'':
    case '\\':
      pjrt_hlo_putf(p, "\\%c", c);
      break;
    default:
      pjrt_hlo_putf(p, "\\%03o", c);
  }
}

static bool is_plain(unsigned char c) {
  return c >= 0x20 && c < 0x7f && !strchr("\"'\\", c);
}

void pjrt_hlo_put_quoted(hlo_printer *p, hlo_bytes text) {
  const unsigned char *at = text.data;
  const unsigned char *end = text.size ? at + text.size : at;
  pjrt_hlo_put(p, "\"");
  while (at != end && !pjrt_hlo_is_over(p)) {
    const unsigned char *plain = at;
    while (at != end && is_plain(*at)) at++;
    pjrt_hlo_put_bytes(p, (hlo_bytes){plain, (size_t)(at - plain)});
    if (at != end) put_escaped(p, *at++);
  }
  pjrt_hlo_put(p, "\"");
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Braces around the whole, balanced outside of strings: what XLA takes for a
 * JSON object. */
static bool looks_like_json(hlo_bytes text) {
  const char *at = text.data;
  const char *end = text.size ? at + text.size : at;
  size_t depth = 0;
  bool is_in_string = false;
  while (at != end && is_blank(*at)) at++;
  if (at == end || *at != '{') return false;
  for (; at != end; at++) {
    if (is_in_string && *at == '\\') {
      if (++at == end) return false;
      continue;
    }
    if (*at == '"') is_in_string = !is_in_string;
    if (is_in_string) continue;
    if (*at == '{') depth++;
    if (*at == '}' && --depth == 0) break;
  }
  if (at != end) at++;
  while (at != end && is_blank(*at)) at++;
  return at == end && depth == 0;
}

void pjrt_hlo_put_json(hlo_printer *p, hlo_bytes text) {
  if (looks_like_json(text)) {
    pjrt_hlo_put_bytes(p, text);
  } else {
    pjrt_hlo_put_quoted(p, text);
  }
}
