/* Named values from text such as "cpu_device_count=8". */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/number.h"
#include "base/text.h"
#include "pjrt/named_values.h"

/* A piece of the text that is being parsed. */
typedef struct piece {
  const char *text;
  size_t size;
} piece;

static piece trimmed(piece p) {
  while (p.size && p.text[0] == ' ') p.text++, p.size--;
  while (p.size && p.text[p.size - 1] == ' ') p.size--;
  return p;
}

/* "[1, 2]". `list` has room for as many numbers as there are commas, plus 1. */
static bool parse_list(piece text, int64_t *list, size_t *out_num) {
  *out_num = 0;
  if (text.size < 2 || text.text[0] != '[' || text.text[text.size - 1] != ']') {
    return false;
  }
  piece rest = trimmed((piece){text.text + 1, text.size - 2});
  while (rest.size) {
    const char *comma = memchr(rest.text, ',', rest.size);
    size_t size = comma ? (size_t)(comma - rest.text) : rest.size;
    piece number = trimmed((piece){rest.text, size});
    if (!pjrt_number_read_int64(number.text, number.size, &list[*out_num])) {
      return false;
    }
    (*out_num)++;
    if (!comma) return true;
    rest = (piece){comma + 1, rest.size - size - 1};
    if (!rest.size) return false;
  }
  return true;
}

static bool is_bool(piece p, bool *out) {
  *out = pjrt_text_equal(p.text, p.size, "true");
  return *out || pjrt_text_equal(p.text, p.size, "false");
}

/* Only what looks like a decimal number, so that "inf" and "0x1p3" stay text
 * unless the kind says otherwise. */
static bool looks_like_float(piece p) {
  bool digit = false;
  for (size_t i = 0; i < p.size; i++) {
    if (!memchr("+-.eE0123456789", p.text[i], 15)) return false;
    digit = digit || (p.text[i] >= '0' && p.text[i] <= '9');
  }
  return digit && memchr("+-.0123456789", p.text[0], 13);
}

static bool looks_like_integer(piece p) {
  size_t sign = p.size && memchr("+-", p.text[0], 2);
  for (size_t i = sign; i < p.size; i++) {
    if (p.text[i] < '0' || p.text[i] > '9') return false;
  }
  return p.size > sign;
}

static pjrt_value_kind guess_kind(piece value) {
  bool boolean;
  double number;
  if (is_bool(value, &boolean)) return PJRT_VALUE_BOOL;
  if (looks_like_integer(value)) return PJRT_VALUE_INT64;
  if (value.size && value.text[0] == '[') return PJRT_VALUE_INT64_LIST;
  if (looks_like_float(value) &&
      pjrt_number_read_double(value.text, value.size, &number)) {
    return PJRT_VALUE_FLOAT;
  }
  return PJRT_VALUE_STRING;
}

static const char *const kind_names[] = {
    [PJRT_VALUE_STRING] = "string",   [PJRT_VALUE_INT64] = "int64",
    [PJRT_VALUE_INT64_LIST] = "list", [PJRT_VALUE_FLOAT] = "float",
    [PJRT_VALUE_BOOL] = "bool",
};
enum { num_kinds = sizeof kind_names / sizeof *kind_names };

static pjrt_error *bad_value(piece name, pjrt_value_kind kind, piece value) {
  static const char *const expected[num_kinds] = {
      [PJRT_VALUE_STRING] = "text",
      [PJRT_VALUE_INT64] = "an integer of 64 bits",
      [PJRT_VALUE_INT64_LIST] = "integers of 64 bits such as [1,2]",
      [PJRT_VALUE_FLOAT] = "a number",
      [PJRT_VALUE_BOOL] = "true or false",
  };
  return pjrt_error_format(
      PJRT_INVALID_ARGUMENT,
      "%.*s: expected %s, got '%.*s' (%.*s:string=... would make it a text)",
      (int)name.size, name.text, expected[kind], (int)value.size, value.text,
      (int)name.size, name.text);
}

static pjrt_error *set_parsed_list(pjrt_named_values *values, piece name,
                                   piece value) {
  size_t commas = 0;
  for (size_t i = 0; i < value.size; i++) commas += value.text[i] == ',';
  void *list;
  PJRT_TRY(pjrt_alloc(commas + 1, sizeof(int64_t), &list));
  size_t num;
  pjrt_error *error = parse_list(value, list, &num)
                          ? pjrt_named_values_set_int64_list(
                                values, name.text, name.size, list, num)
                          : bad_value(name, PJRT_VALUE_INT64_LIST, value);
  free(list);
  return error;
}

static pjrt_error *set_parsed(pjrt_named_values *values, piece name,
                              pjrt_value_kind kind, piece value) {
  int64_t integer;
  double number;
  bool boolean;
  if (kind == PJRT_VALUE_INT64_LIST)
    return set_parsed_list(values, name, value);
  if (kind == PJRT_VALUE_STRING) {
    return pjrt_named_values_set_string(values, name.text, name.size,
                                        value.text, value.size);
  }
  if (kind == PJRT_VALUE_INT64 &&
      pjrt_number_read_int64(value.text, value.size, &integer)) {
    return pjrt_named_values_set_int64(values, name.text, name.size, integer);
  }
  if (kind == PJRT_VALUE_FLOAT &&
      pjrt_number_read_double(value.text, value.size, &number)) {
    return pjrt_named_values_set_float(values, name.text, name.size,
                                       (float)number);
  }
  if (kind == PJRT_VALUE_BOOL && is_bool(value, &boolean)) {
    return pjrt_named_values_set_bool(values, name.text, name.size, boolean);
  }
  return bad_value(name, kind, value);
}

/* Cuts ":kind" off the name. `out_kind` is num_kinds for an unknown one. */
static void split_kind(piece *name, piece value, pjrt_value_kind *out_kind) {
  const char *colon = name->size ? memrchr(name->text, ':', name->size) : NULL;
  if (!colon) {
    *out_kind = guess_kind(value);
    return;
  }
  size_t name_size = (size_t)(colon - name->text);
  int kind = 0;
  while (kind < num_kinds &&
         !pjrt_text_equal(colon + 1, name->size - name_size - 1,
                          kind_names[kind])) {
    kind++;
  }
  *out_kind = (pjrt_value_kind)kind;
  name->size = name_size;
}

pjrt_error *pjrt_named_values_parse(pjrt_named_values *values, const char *text,
                                    size_t text_size) {
  text_size = pjrt_text_size(text, text_size);
  const char *equals = text_size ? memchr(text, '=', text_size) : NULL;
  if (!equals || equals == text || text_size > INT32_MAX) {
    return pjrt_error_format(
        PJRT_INVALID_ARGUMENT,
        "expected name=value, such as cpu_device_count=8, got '%.*s'",
        (int)(text_size < 100 ? text_size : 100), text ? text : "");
  }
  piece name = {text, (size_t)(equals - text)};
  piece value = {equals + 1, text_size - name.size - 1};
  pjrt_value_kind kind;
  piece whole_name = name;
  split_kind(&name, value, &kind);
  if ((int)kind == num_kinds) {
    return pjrt_error_format(
        PJRT_INVALID_ARGUMENT,
        "expected one of string, int64, list, float and bool after the colon, "
        "got '%.*s'",
        (int)whole_name.size, whole_name.text);
  }
  return set_parsed(values, name, kind, value);
}
