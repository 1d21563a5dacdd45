#include "options/proto.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"

static bool is_message(const pjrt_proto_field *field) {
  return pjrt_proto_kind_of(field) == PJRT_PROTO_MESSAGE;
}

/* ---- checking ------------------------------------------------------------ */

pjrt_error *pjrt_proto_too_deep(const pjrt_proto_type *type) {
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "a %s stands deeper than %d messages",
                           PJRT_PROTO_NAME(type), PJRT_PROTO_MAX_DEPTH);
}

static pjrt_error *malformed(const pjrt_proto_type *type, size_t size) {
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "expected a serialized %s, got %zu other bytes",
                           PJRT_PROTO_NAME(type), size);
}

/* Numbers that stand one behind the other. */
static bool is_packed(const pjrt_proto_field *field, const void *data,
                      size_t size) {
  const pjrt_wire_type type = pjrt_proto_wire_type(field);
  if (type == PJRT_WIRE_FIXED32) return size % 4 == 0;
  if (type == PJRT_WIRE_FIXED64) return size % 8 == 0;
  pjrt_wire wire = pjrt_wire_start(data, size);
  uint64_t value;
  while (pjrt_wire_next_varint(&wire, &value)) continue;
  return !wire.malformed;
}

static pjrt_error *check(const pjrt_proto_type *type, const void *data,
                         size_t size, int depth) {
  if (depth > PJRT_PROTO_MAX_DEPTH) return pjrt_proto_too_deep(type);
  pjrt_wire wire = pjrt_wire_start(data, size);
  pjrt_wire_field at;
  while (pjrt_wire_next(&wire, &at)) {
    const pjrt_proto_field *field = pjrt_proto_field_at(type, &at);
    if (!field || at.type != PJRT_WIRE_BYTES) continue;
    if (is_message(field)) {
      pjrt_error *error =
          check(pjrt_proto_type_of(field), at.data, at.size, depth + 1);
      if (error) {
        pjrt_error_prefix(error, "%s", PJRT_PROTO_NAME(field));
        return error;
      }
    } else if (pjrt_proto_wire_type(field) != PJRT_WIRE_BYTES &&
               !is_packed(field, at.data, at.size)) {
      return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                               "%s: expected a list of %s, got %zu other bytes",
                               PJRT_PROTO_NAME(field),
                               PJRT_PROTO_TYPE_NAME(field), at.size);
    }
  }
  return wire.malformed ? malformed(type, size) : NULL;
}

pjrt_error *pjrt_proto_check(const pjrt_proto_type *type, const void *data,
                             size_t size) {
  return check(type, data, size, 0);
}

/* ---- paths --------------------------------------------------------------- */

/* Takes the part of a path before its first dot. Afterwards `path` is NULL when
 * that was the last one. */
static const char *take_part(const char **path, size_t *size,
                             size_t *out_size) {
  const char *part = *path;
  const char *dot = *size ? memchr(part, '.', *size) : NULL;
  *out_size = dot ? (size_t)(dot - part) : *size;
  *path = dot ? dot + 1 : NULL;
  *size = dot ? *size - *out_size - 1 : 0;
  return part;
}

/* Where in the messages inside `type` a field of this name is: the path of the
 * message with a dot, or nothing. */
static bool find_inside(const pjrt_proto_type *type, const char *name,
                        size_t size, int depth, pjrt_builder *out) {
  for (size_t i = 0; depth > 0 && i < type->num_fields; i++) {
    const pjrt_proto_field *field = &pjrt_proto_fields(type)[i];
    if (!is_message(field) || pjrt_proto_is_repeated(field)) continue;
    const size_t start = out->size;
    pjrt_builder_appendf(out, "%s.", PJRT_PROTO_NAME(field));
    if (pjrt_proto_field_named(pjrt_proto_type_of(field), name, size) ||
        find_inside(pjrt_proto_type_of(field), name, size, depth - 1, out)) {
      return true;
    }
    out->size = out->out_of_memory ? out->size : start;
  }
  return false;
}

pjrt_error *pjrt_proto_unknown_field(const pjrt_proto_type *type,
                                     const char *name, size_t size) {
  pjrt_builder text = {0};
  pjrt_builder_appendf(&text, "%s has no field \"%.*s\"", PJRT_PROTO_NAME(type),
                       (int)size, name);
  pjrt_builder place = {0};
  if (find_inside(type, name, size, 2, &place)) {
    pjrt_builder_appendf(&text, "; did you mean %.*s%.*s?", (int)place.size,
                         place.data, (int)size, name);
  }
  pjrt_builder_clear(&place);
  char *message;
  PJRT_TRY(pjrt_builder_finish(&text, &message, NULL));
  pjrt_error *error = pjrt_error_format(PJRT_INVALID_ARGUMENT, "%s", message);
  free(message);
  return error;
}

/* The field that a path starts with; the rest of the path stays. */
static pjrt_error *step(const pjrt_proto_type *type, const char **path,
                        size_t *size, const pjrt_proto_field **out) {
  size_t part_size;
  const char *part = take_part(path, size, &part_size);
  *out = pjrt_proto_field_named(type, part, part_size);
  if (!*out) return pjrt_proto_unknown_field(type, part, part_size);
  const bool is_message_alone =
      is_message(*out) && !pjrt_proto_is_repeated(*out);
  if (!*path || is_message_alone || pjrt_proto_is_map(*out)) return NULL;
  return pjrt_error_format(
      PJRT_INVALID_ARGUMENT, "%s is %s%s, nothing in it has the name \"%.*s\"",
      PJRT_PROTO_NAME(*out), pjrt_proto_is_repeated(*out) ? "a list of " : "",
      PJRT_PROTO_TYPE_NAME(*out), (int)*size, *path);
}

pjrt_error *pjrt_proto_find(const pjrt_proto_type *type, const char *path,
                            size_t size, pjrt_proto_target *out) {
  const pjrt_proto_field *field = NULL;
  *out = (pjrt_proto_target){0};
  while (path && (!field || !pjrt_proto_is_map(field))) {
    if (out->num_path == PJRT_PROTO_MAX_DEPTH) return pjrt_proto_too_deep(type);
    PJRT_TRY(step(type, &path, &size, &field));
    out->path[out->num_path++] = field;
    type = pjrt_proto_type_of(field);
  }
  if (!path) return NULL;
  if (pjrt_proto_kind_of(pjrt_proto_entry_key(field)) != PJRT_PROTO_STRING) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "%s is no map by names: it is set whole",
                             PJRT_PROTO_NAME(field));
  }
  out->key = path;
  out->key_size = size;
  return NULL;
}

const pjrt_proto_field *pjrt_proto_target_last(
    const pjrt_proto_target *target) {
  return target->path[target->num_path - 1];
}

const pjrt_proto_field *pjrt_proto_target_field(
    const pjrt_proto_target *target) {
  const pjrt_proto_field *last = pjrt_proto_target_last(target);
  return target->key ? pjrt_proto_entry_value(last) : last;
}

/* ---- values -------------------------------------------------------------- */

static pjrt_error *wrong_value(const pjrt_proto_field *field,
                               const pjrt_proto_value *value) {
  const char *wanted = PJRT_PROTO_TYPE_NAME(field);
  switch (value->kind) {
    case PJRT_PROTO_BOOL:
      return pjrt_error_format(PJRT_INVALID_ARGUMENT, "expected %s, got %s",
                               wanted, value->boolean ? "true" : "false");
    case PJRT_PROTO_INT64:
      return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                               "expected %s, got %" PRId64, wanted,
                               value->int64);
    case PJRT_PROTO_DOUBLE:
      return pjrt_error_format(PJRT_INVALID_ARGUMENT, "expected %s, got %g",
                               wanted, value->number);
    default:
      return pjrt_error_format(
          PJRT_INVALID_ARGUMENT, "expected %s, got \"%.*s\"", wanted,
          value->text_size < 64 ? (int)value->text_size : 64, value->text);
  }
}

typedef struct integer_range {
  int64_t smallest;
  uint64_t largest;
} integer_range;

static integer_range range_of(pjrt_proto_kind kind) {
  switch (kind) {
    case PJRT_PROTO_UINT32:
      return (integer_range){0, UINT32_MAX};
    case PJRT_PROTO_UINT64:
      return (integer_range){0, UINT64_MAX};
    case PJRT_PROTO_INT64:
      return (integer_range){INT64_MIN, INT64_MAX};
    default:
      return (integer_range){INT32_MIN, INT32_MAX};
  }
}

/* An integer from a number or its digits, as two's complement. */
static bool read_integer(const pjrt_proto_value *value, integer_range range,
                         uint64_t *out) {
  bool negative = value->int64 < 0;
  uint64_t magnitude = (uint64_t)value->int64;
  if (negative) magnitude = 0 - magnitude;
  if (value->kind == PJRT_PROTO_STRING &&
      !pjrt_number_read_integer(value->text, value->text_size, &negative,
                                &magnitude)) {
    return false;
  }
  *out = negative ? 0 - magnitude : magnitude;
  return negative ? magnitude <= 0 - (uint64_t)range.smallest
                  : magnitude <= range.largest;
}

static pjrt_error *put_integer(const pjrt_proto_field *field,
                               const pjrt_proto_value *value,
                               pjrt_builder *out) {
  uint64_t bits;
  if ((value->kind != PJRT_PROTO_INT64 && value->kind != PJRT_PROTO_STRING) ||
      !read_integer(value, range_of(pjrt_proto_kind_of(field)), &bits)) {
    return wrong_value(field, value);
  }
  pjrt_wire_put_varint(out, field->number, bits);
  return NULL;
}

static pjrt_error *wrong_name(const pjrt_proto_type *named,
                              const pjrt_proto_value *value) {
  pjrt_builder text = {0};
  for (size_t i = 0; i < named->num_fields; i++) {
    pjrt_builder_appendf(&text, "%s%s", i ? ", " : "",
                         PJRT_PROTO_NAME(&pjrt_proto_fields(named)[i]));
  }
  char *names;
  PJRT_TRY(pjrt_builder_finish(&text, &names, NULL));
  pjrt_error *error = pjrt_error_format(
      PJRT_INVALID_ARGUMENT, "expected one of %s, got \"%.*s\"", names,
      value->text_size < 64 ? (int)value->text_size : 64, value->text);
  free(names);
  return error;
}

static pjrt_error *put_enum(const pjrt_proto_field *field,
                            const pjrt_proto_value *value, pjrt_builder *out) {
  const pjrt_proto_type *named = pjrt_proto_type_of(field);
  if (value->kind != PJRT_PROTO_STRING) return put_integer(field, value, out);
  const pjrt_proto_field *known =
      pjrt_proto_field_named(named, value->text, value->text_size);
  if (!known) return wrong_name(named, value);
  pjrt_wire_put_varint(out, field->number, known->number);
  return NULL;
}

static bool read_number(const pjrt_proto_value *value, double *out) {
  if (value->kind == PJRT_PROTO_STRING) {
    return pjrt_number_read_double(value->text, value->text_size, out);
  }
  *out = value->kind == PJRT_PROTO_INT64 ? (double)value->int64 : value->number;
  return value->kind != PJRT_PROTO_BOOL;
}

static pjrt_error *put_number(const pjrt_proto_field *field,
                              const pjrt_proto_value *value,
                              pjrt_builder *out) {
  double number;
  if (!read_number(value, &number)) return wrong_value(field, value);
  uint64_t bits = 0;
  if (pjrt_proto_kind_of(field) == PJRT_PROTO_DOUBLE) {
    memcpy(&bits, &number, sizeof number);
  } else {
    if (isfinite(number) && fabs(number) > FLT_MAX) {
      return wrong_value(field, value);
    }
    const float narrow = (float)number;
    uint32_t narrow_bits;
    memcpy(&narrow_bits, &narrow, sizeof narrow);
    bits = narrow_bits;
  }
  pjrt_wire_put_fixed(out, field->number, pjrt_proto_wire_type(field), bits);
  return NULL;
}

/* A string that is not UTF-8 makes Google's readers refuse all options. */
static pjrt_error *put_text(const pjrt_proto_field *field,
                            const pjrt_proto_value *value, pjrt_builder *out) {
  if (value->kind != PJRT_PROTO_STRING) return wrong_value(field, value);
  if (pjrt_proto_kind_of(field) == PJRT_PROTO_STRING) {
    PJRT_TRY(pjrt_text_check_utf8(value->text, value->text_size));
  }
  pjrt_wire_put_bytes(out, field->number, value->text, value->text_size);
  return NULL;
}

/* The member of a oneof that a plain value goes to. */
static const pjrt_proto_field *member_for(const pjrt_proto_type *type,
                                          pjrt_proto_kind kind) {
  for (size_t i = 0; i < type->num_fields; i++) {
    const pjrt_proto_field *field = &pjrt_proto_fields(type)[i];
    if (field->form < PJRT_PROTO_ONEOF) return NULL;
    if (pjrt_proto_kind_of(field) == kind) return field;
  }
  return NULL;
}

/* A message that is one value of several types takes that value plainly. */
static pjrt_error *put_member(const pjrt_proto_field *field,
                              const pjrt_proto_value *value,
                              pjrt_builder *out) {
  const pjrt_proto_field *member =
      member_for(pjrt_proto_type_of(field), value->kind);
  if (!member) return wrong_value(field, value);
  pjrt_builder message = {0};
  pjrt_error *error = pjrt_proto_put(member, value, &message);
  if (!error) {
    pjrt_wire_put_bytes(out, field->number, message.data, message.size);
    out->out_of_memory |= message.out_of_memory;
  }
  pjrt_builder_clear(&message);
  return error;
}

pjrt_error *pjrt_proto_put(const pjrt_proto_field *field,
                           const pjrt_proto_value *value, pjrt_builder *out) {
  switch (pjrt_proto_kind_of(field)) {
    case PJRT_PROTO_BOOL:
      if (value->kind != PJRT_PROTO_BOOL) return wrong_value(field, value);
      pjrt_wire_put_varint(out, field->number, value->boolean);
      return NULL;
    case PJRT_PROTO_ENUM:
      return put_enum(field, value, out);
    case PJRT_PROTO_FLOAT:
    case PJRT_PROTO_DOUBLE:
      return put_number(field, value, out);
    case PJRT_PROTO_STRING:
    case PJRT_PROTO_BYTES:
      return put_text(field, value, out);
    case PJRT_PROTO_MESSAGE:
      return put_member(field, value, out);
    default:
      return put_integer(field, value, out);
  }
}

pjrt_error *pjrt_proto_put_entry(const pjrt_proto_field *map, const char *key,
                                 size_t key_size, const pjrt_builder *value,
                                 pjrt_builder *out) {
  const pjrt_proto_value name = {
      .kind = PJRT_PROTO_STRING, .text = key, .text_size = key_size};
  pjrt_builder entry = {0};
  pjrt_error *error = pjrt_proto_put(pjrt_proto_entry_key(map), &name, &entry);
  if (error) {
    pjrt_error_prefix(error, "key");
  } else {
    pjrt_builder_append(&entry, value->data, value->size);
    pjrt_wire_put_bytes(out, map->number, entry.data, entry.size);
    out->out_of_memory |= entry.out_of_memory | value->out_of_memory;
  }
  pjrt_builder_clear(&entry);
  return error;
}

pjrt_error *pjrt_proto_put_target(const pjrt_proto_target *target,
                                  const pjrt_proto_value *value,
                                  pjrt_builder *out) {
  const pjrt_proto_field *field = pjrt_proto_target_field(target);
  if (!target->key) return pjrt_proto_put(field, value, out);
  pjrt_builder bytes = {0};
  pjrt_error *error = pjrt_proto_put(field, value, &bytes);
  if (!error) {
    error = pjrt_proto_put_entry(pjrt_proto_target_last(target), target->key,
                                 target->key_size, &bytes, out);
  }
  pjrt_builder_clear(&bytes);
  return error;
}
