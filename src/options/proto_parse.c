/* JSON to a serialized message: what proto_print.c writes, and Google's mapping
 * with the names of the .proto files. */
#include "base/error.h"
#include "options/proto.h"

#ifdef PJRT_HAVE_JANSSON

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/number.h"

/* jansson stops at 2048 levels, objects and lists together. */

static const char *kind_of(const json_t *value) {
  switch (json_typeof(value)) {
    case JSON_OBJECT:
      return "an object";
    case JSON_ARRAY:
      return "a list";
    case JSON_STRING:
      return "a string";
    case JSON_INTEGER:
      return "an integer";
    case JSON_REAL:
      return "a number";
    case JSON_NULL:
      return "null";
    default:
      return "a bool";
  }
}

/* ---- base64 -------------------------------------------------------------- */

static int base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  return c == '/' || c == '_' ? 63 : -1;
}

/* Either alphabet, with or without the padding. */
static pjrt_error *read_base64(const json_t *value, pjrt_builder *out) {
  if (!json_is_string(value)) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "expected bytes as a string in base64, got %s",
                             kind_of(value));
  }
  const char *text = json_string_value(value);
  size_t size = json_string_length(value);
  while (size > 0 && size % 4 != 1 && text[size - 1] == '=') size--;
  uint32_t bits = 0;
  for (size_t i = 0; i < size; i++) {
    const int digit = base64_digit(text[i]);
    if (digit < 0 || size % 4 == 1) {
      return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                               "expected bytes in base64, got \"%.64s\"", text);
    }
    bits = bits << 6 | (uint32_t)digit;
    const char byte = (char)(bits >> (6 - 2 * (i % 4)) & 0xff);
    if (i % 4 != 0) pjrt_builder_append(out, &byte, 1);
  }
  return NULL;
}

/* ---- values -------------------------------------------------------------- */

static pjrt_error *put_object(const pjrt_proto_type *type, json_t *object,
                              int depth, pjrt_builder *out);

static bool to_value(const json_t *json, pjrt_proto_value *out) {
  switch (json_typeof(json)) {
    case JSON_TRUE:
    case JSON_FALSE:
      out->kind = PJRT_PROTO_BOOL;
      out->boolean = json_is_true(json);
      return true;
    case JSON_INTEGER:
      out->kind = PJRT_PROTO_INT64;
      out->int64 = json_integer_value(json);
      return true;
    case JSON_REAL:
      out->kind = PJRT_PROTO_DOUBLE;
      out->number = json_real_value(json);
      return true;
    case JSON_STRING:
      out->kind = PJRT_PROTO_STRING;
      out->text = json_string_value(json);
      out->text_size = json_string_length(json);
      return true;
    default:
      return false;
  }
}

static pjrt_error *wrong_kind(const pjrt_proto_field *field, const char *form,
                              const json_t *json) {
  return pjrt_error_format(PJRT_INVALID_ARGUMENT, "expected %s%s, got %s", form,
                           PJRT_PROTO_TYPE_NAME(field), kind_of(json));
}

static pjrt_error *put_bytes(uint32_t number, const json_t *json,
                             pjrt_builder *out) {
  pjrt_builder bytes = {0};
  pjrt_error *error = read_base64(json, &bytes);
  if (!error) pjrt_wire_put_bytes(out, number, bytes.data, bytes.size);
  out->out_of_memory |= bytes.out_of_memory;
  pjrt_builder_clear(&bytes);
  return error;
}

static pjrt_error *put_message(const pjrt_proto_field *field, json_t *json,
                               int depth, pjrt_builder *out) {
  pjrt_builder message = {0};
  pjrt_error *error =
      put_object(pjrt_proto_type_of(field), json, depth + 1, &message);
  if (!error)
    pjrt_wire_put_bytes(out, field->number, message.data, message.size);
  out->out_of_memory |= message.out_of_memory;
  pjrt_builder_clear(&message);
  return error;
}

/* One value, also of a repeated field. */
static pjrt_error *put_value(const pjrt_proto_field *field, json_t *json,
                             int depth, pjrt_builder *out) {
  pjrt_proto_value value = {0};
  const pjrt_proto_kind kind = pjrt_proto_kind_of(field);
  if (kind == PJRT_PROTO_BYTES) return put_bytes(field->number, json, out);
  if (json_is_object(json) && kind == PJRT_PROTO_MESSAGE) {
    return put_message(field, json, depth, out);
  }
  if (!to_value(json, &value)) return wrong_kind(field, "", json);
  return pjrt_proto_put(field, &value, out);
}

static pjrt_error *put_entry(const pjrt_proto_field *map, const char *key,
                             size_t key_size, json_t *json, int depth,
                             pjrt_builder *out) {
  pjrt_builder value = {0};
  pjrt_error *error =
      put_value(pjrt_proto_entry_value(map), json, depth + 1, &value);
  if (!error) error = pjrt_proto_put_entry(map, key, key_size, &value, out);
  pjrt_builder_clear(&value);
  return error;
}

static pjrt_error *put_map(const pjrt_proto_field *field, json_t *json,
                           int depth, pjrt_builder *out) {
  if (!json_is_object(json)) return wrong_kind(field, "an object of ", json);
  const char *key;
  json_t *value;
  json_object_foreach(json, key, value) {
    pjrt_error *error = put_entry(field, key, strlen(key), value, depth, out);
    if (error) {
      pjrt_error_prefix(error, "%s", key);
      return error;
    }
  }
  return NULL;
}

static pjrt_error *put_field(const pjrt_proto_field *field, json_t *json,
                             int depth, pjrt_builder *out) {
  if (json_is_null(json)) return NULL; /* as if it were not there */
  if (pjrt_proto_is_map(field)) return put_map(field, json, depth, out);
  if (!pjrt_proto_is_repeated(field)) return put_value(field, json, depth, out);
  if (!json_is_array(json)) return wrong_kind(field, "a list of ", json);
  for (size_t i = 0; i < json_array_size(json); i++) {
    pjrt_error *error = put_value(field, json_array_get(json, i), depth, out);
    if (error) {
      pjrt_error_prefix(error, "[%zu]", i);
      return error;
    }
  }
  return NULL;
}

/* ---- fields by number ---------------------------------------------------- */

static pjrt_error *put_unknown(uint32_t number, json_t *json,
                               pjrt_builder *out) {
  const json_t *fixed32 = json_object_get(json, "fixed32");
  const json_t *fixed64 = json_object_get(json, "fixed64");
  const json_t *fixed = fixed32 ? fixed32 : fixed64;
  if (json_is_integer(json)) {
    pjrt_wire_put_varint(out, number, (uint64_t)json_integer_value(json));
    return NULL;
  }
  if (json_is_integer(fixed) && json_object_size(json) == 1) {
    pjrt_wire_put_fixed(out, number,
                        fixed32 ? PJRT_WIRE_FIXED32 : PJRT_WIRE_FIXED64,
                        (uint64_t)json_integer_value(fixed));
    return NULL;
  }
  if (!json_is_string(json)) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "a field by its number: expected an integer, a "
                             "string in base64, or {\"fixed64\": INTEGER}, "
                             "got %s",
                             kind_of(json));
  }
  return put_bytes(number, json, out);
}

static pjrt_error *put_numbered(uint32_t number, json_t *json,
                                pjrt_builder *out) {
  if (!json_is_array(json)) return put_unknown(number, json, out);
  for (size_t i = 0; i < json_array_size(json); i++) {
    PJRT_TRY(put_unknown(number, json_array_get(json, i), out));
  }
  return NULL;
}

/* The largest number is the wire format's. */
static bool is_number(const char *key, uint32_t *out) {
  int64_t number;
  if (key[0] < '0' || key[0] > '9' ||
      !pjrt_number_read_int64(key, strlen(key), &number) || number < 1 ||
      number >= 1 << 29) {
    return false;
  }
  *out = (uint32_t)number;
  return true;
}

/* ---- objects ------------------------------------------------------------- */

static pjrt_error *put_named(const pjrt_proto_type *type, const char *key,
                             json_t *value, int depth, pjrt_builder *out) {
  uint32_t number;
  if (is_number(key, &number)) return put_numbered(number, value, out);
  const pjrt_proto_field *field =
      pjrt_proto_field_named(type, key, strlen(key));
  if (!field) return pjrt_proto_unknown_field(type, key, strlen(key));
  return put_field(field, value, depth, out);
}

static bool has_member(const json_t *object, const pjrt_proto_field *field) {
  if (field->form < PJRT_PROTO_ONEOF) return false;
  const json_t *value = json_object_get(object, PJRT_PROTO_NAME(field));
  return value && !json_is_null(value);
}

/* The last member of a oneof would win silently. */
static pjrt_error *check_oneofs(const pjrt_proto_type *type,
                                const json_t *object) {
  const pjrt_proto_field *fields = pjrt_proto_fields(type);
  for (size_t i = 0; i < type->num_fields; i++) {
    if (!has_member(object, &fields[i])) continue;
    for (size_t j = 0; j < i; j++) {
      if (!pjrt_proto_same_oneof(&fields[j], &fields[i]) ||
          !has_member(object, &fields[j])) {
        continue;
      }
      return pjrt_error_format(
          PJRT_INVALID_ARGUMENT, "expected one of %s and %s, got both",
          PJRT_PROTO_NAME(&fields[j]), PJRT_PROTO_NAME(&fields[i]));
    }
  }
  return NULL;
}

static pjrt_error *put_object(const pjrt_proto_type *type, json_t *object,
                              int depth, pjrt_builder *out) {
  if (depth > PJRT_PROTO_MAX_DEPTH) return pjrt_proto_too_deep(type);
  PJRT_TRY(check_oneofs(type, object));
  const char *key;
  json_t *value;
  json_object_foreach(object, key, value) {
    pjrt_error *error = put_named(type, key, value, depth, out);
    if (error) {
      if (pjrt_proto_field_named(type, key, strlen(key))) {
        pjrt_error_prefix(error, "%s", key);
      }
      return error;
    }
  }
  return NULL;
}

static pjrt_error *load(const char *json, size_t size, json_t **out) {
  json_error_t where;
  *out = json_loadb(json, size,
                    JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL,
                    &where);
  if (*out) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "line %d, column %d: not JSON: %s", where.line,
                           where.column, where.text);
}

pjrt_error *pjrt_proto_parse(const pjrt_proto_type *type, const char *json,
                             size_t json_size, pjrt_builder *out) {
  json_t *root;
  PJRT_TRY(load(json, json_size, &root));
  pjrt_error *error =
      json_is_object(root)
          ? put_object(type, root, 0, out)
          : pjrt_error_format(PJRT_INVALID_ARGUMENT,
                              "expected a JSON object, got %s", kind_of(root));
  json_decref(root);
  if (!error && out->out_of_memory) error = pjrt_error_out_of_memory();
  return error;
}

static pjrt_error *put_target(const pjrt_proto_target *target, json_t *json,
                              pjrt_builder *out) {
  const pjrt_proto_field *field = pjrt_proto_target_last(target);
  const int depth = (int)target->num_path - 1;
  return target->key
             ? put_entry(field, target->key, target->key_size, json, depth, out)
             : put_field(field, json, depth, out);
}

pjrt_error *pjrt_proto_parse_target(const pjrt_proto_target *target,
                                    const char *json, size_t json_size,
                                    pjrt_builder *out) {
  json_t *root;
  PJRT_TRY(load(json, json_size, &root));
  pjrt_error *error = put_target(target, root, out);
  json_decref(root);
  if (!error && out->out_of_memory) error = pjrt_error_out_of_memory();
  return error;
}

#else /* PJRT_HAVE_JANSSON */

static pjrt_error *no_json(void) {
  return pjrt_error_format(PJRT_UNIMPLEMENTED,
                           "this build of libpjrt reads no JSON: it was made "
                           "without jansson");
}

pjrt_error *pjrt_proto_parse(const pjrt_proto_type *type, const char *json,
                             size_t json_size, pjrt_builder *out) {
  (void)type, (void)json, (void)json_size, (void)out;
  return no_json();
}

pjrt_error *pjrt_proto_parse_target(const pjrt_proto_target *target,
                                    const char *json, size_t json_size,
                                    pjrt_builder *out) {
  (void)target, (void)json, (void)json_size, (void)out;
  return no_json();
}

#endif /* PJRT_HAVE_JANSSON */
