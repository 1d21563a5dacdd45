/* What the messages are: lookups in the generated table. */
#include "options/proto.h"

#include <string.h>

#include "options/generated/table.inc"

_Static_assert(LONGEST_NAME < PJRT_PROTO_NAME_SIZE, "a name has no room");

/* ---- names --------------------------------------------------------------- */

/* The names stand in alphabetical order, in blocks. Each starts with a byte
 * that says, above NAME_START, how many characters it shares with the one
 * before it in its block; only the others follow, which are ASCII. This makes
 * one of that before it, and returns where the next one is. */
static const char *next_name(const char *at, char *name) {
  size_t size = (unsigned char)*at++ - (size_t)NAME_START;
  while (*at != '\0' && (unsigned char)*at < NAME_START) name[size++] = *at++;
  name[size] = '\0';
  return at;
}

const char *pjrt_proto_name(uint16_t name, char *out) {
  const char *at = names[name / BLOCK_NAMES];
  for (int i = 0; i <= name % BLOCK_NAMES; i++) at = next_name(at, out);
  return out;
}

static bool is_before(const char *text, size_t size, const char *name) {
  const size_t name_size = strlen(name);
  const int order = memcmp(text, name, size < name_size ? size : name_size);
  return order < 0 || (order == 0 && size < name_size);
}

/* Looks in the last block that does not start after the name. */
static bool find_name(const char *text, size_t size, size_t *out) {
  char name[PJRT_PROTO_NAME_SIZE];
  size_t block = sizeof names / sizeof *names - 1;
  for (; block > 0; block--) {
    next_name(names[block], name);
    if (!is_before(text, size, name)) break;
  }
  const char *at = names[block];
  for (*out = block * BLOCK_NAMES; *at != '\0'; ++*out) {
    at = next_name(at, name);
    if (pjrt_text_equal(text, size, name)) return true;
  }
  return false;
}

/* ---- types and fields ---------------------------------------------------- */

const pjrt_proto_type *pjrt_proto_options(void) {
  return &types[FIRST_MESSAGE];
}

const pjrt_proto_type *pjrt_proto_type_of(const pjrt_proto_field *field) {
  return &types[field->type];
}

pjrt_proto_kind pjrt_proto_kind_of(const pjrt_proto_field *field) {
  return (pjrt_proto_kind)types[field->type].kind;
}

const pjrt_proto_field *pjrt_proto_fields(const pjrt_proto_type *type) {
  return &fields[type->first];
}

const pjrt_proto_field *pjrt_proto_entry_key(const pjrt_proto_field *map) {
  return &pjrt_proto_fields(pjrt_proto_type_of(map))[0];
}

const pjrt_proto_field *pjrt_proto_entry_value(const pjrt_proto_field *map) {
  return &pjrt_proto_fields(pjrt_proto_type_of(map))[1];
}

const pjrt_proto_field *pjrt_proto_field_named(const pjrt_proto_type *type,
                                               const char *name, size_t size) {
  size_t known;
  size = pjrt_text_size(name, size);
  if (size == 0 || !find_name(name, size, &known)) return NULL;
  for (size_t i = 0; i < type->num_fields; i++) {
    const pjrt_proto_field *field = &fields[type->first + i];
    if (field->name == known) return field;
  }
  return NULL;
}

const pjrt_proto_field *pjrt_proto_field_numbered(const pjrt_proto_type *type,
                                                  uint32_t number) {
  size_t first = type->first;
  size_t end = first + type->num_fields;
  while (first < end) {
    const size_t middle = first + (end - first) / 2;
    if (fields[middle].number == number) return &fields[middle];
    if (fields[middle].number < number) {
      first = middle + 1;
    } else {
      end = middle;
    }
  }
  return NULL;
}

bool pjrt_proto_is_map(const pjrt_proto_field *field) {
  return field->form == PJRT_PROTO_MAP;
}

bool pjrt_proto_is_repeated(const pjrt_proto_field *field) {
  return field->form == PJRT_PROTO_REPEATED || field->form == PJRT_PROTO_MAP;
}

bool pjrt_proto_same_oneof(const pjrt_proto_field *a,
                           const pjrt_proto_field *b) {
  return a && b && a->form >= PJRT_PROTO_ONEOF && a->form == b->form;
}

pjrt_wire_type pjrt_proto_wire_type(const pjrt_proto_field *field) {
  switch (pjrt_proto_kind_of(field)) {
    case PJRT_PROTO_FLOAT:
      return PJRT_WIRE_FIXED32;
    case PJRT_PROTO_DOUBLE:
      return PJRT_WIRE_FIXED64;
    case PJRT_PROTO_STRING:
    case PJRT_PROTO_BYTES:
    case PJRT_PROTO_MESSAGE:
      return PJRT_WIRE_BYTES;
    default:
      return PJRT_WIRE_VARINT;
  }
}

bool pjrt_proto_fits(const pjrt_proto_field *field, const pjrt_wire_field *at) {
  return at->type == pjrt_proto_wire_type(field) ||
         (at->type == PJRT_WIRE_BYTES && pjrt_proto_is_repeated(field));
}

const pjrt_proto_field *pjrt_proto_field_at(const pjrt_proto_type *type,
                                            const pjrt_wire_field *at) {
  const pjrt_proto_field *field = pjrt_proto_field_numbered(type, at->number);
  return field && pjrt_proto_fits(field, at) ? field : NULL;
}
