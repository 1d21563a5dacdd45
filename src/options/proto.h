/* Serialized messages, read and changed by the names of their fields.
 *
 * A message stays as it came, in wire format, and is only ever walked: what
 * this library does not know, or what is written in another way than it would
 * write it, is carried along untouched. Names, numbers and types come from a
 * table that tools/options_table.py makes of a .proto file. */
#ifndef PJRT_OPTIONS_PROTO_H_
#define PJRT_OPTIONS_PROTO_H_

#include "base/text.h"
#include "core/wire.h"

/* Messages may stand in each other this deep, as in Google's own readers. */
#define PJRT_PROTO_MAX_DEPTH 100

/* ---- types --------------------------------------------------------------- */

typedef enum pjrt_proto_kind {
  PJRT_PROTO_INT32,
  PJRT_PROTO_INT64,
  PJRT_PROTO_UINT32,
  PJRT_PROTO_UINT64,
  PJRT_PROTO_FLOAT,
  PJRT_PROTO_DOUBLE,
  PJRT_PROTO_BOOL,
  PJRT_PROTO_STRING,
  PJRT_PROTO_BYTES,
  PJRT_PROTO_ENUM,
  PJRT_PROTO_MESSAGE
} pjrt_proto_kind;

/* The members of a message's first oneof have the form PJRT_PROTO_ONEOF, those
 * of its second one the next number. */
typedef enum pjrt_proto_form {
  PJRT_PROTO_SINGLE,
  PJRT_PROTO_REPEATED,
  PJRT_PROTO_MAP,
  PJRT_PROTO_ONEOF
} pjrt_proto_form;

/* A row has no pointers, so that the loader has nothing to relocate. */
typedef struct pjrt_proto_type {
  uint16_t name;
  uint16_t kind;
  uint16_t first; /* of its fields, by number; or of an enum's values */
  uint16_t num_fields;
} pjrt_proto_type;

/* A field of a message; or a value of an enum, which has no type. */
typedef struct pjrt_proto_field {
  uint16_t name;
  uint16_t number;
  uint8_t type;
  uint8_t form;
} pjrt_proto_field;

/* CompileOptionsProto. */
const pjrt_proto_type *pjrt_proto_options(void);

/* With room for a NUL. */
#define PJRT_PROTO_NAME_SIZE 80

/* Unpacks a name into `out`, of PJRT_PROTO_NAME_SIZE, and returns that. */
const char *pjrt_proto_name(uint16_t name, char *out);

/* The name of a type or a field, until the end of the block. */
#define PJRT_PROTO_NAME(it) \
  pjrt_proto_name((it)->name, (char[PJRT_PROTO_NAME_SIZE]){0})

const pjrt_proto_type *pjrt_proto_type_of(const pjrt_proto_field *field);
pjrt_proto_kind pjrt_proto_kind_of(const pjrt_proto_field *field);

/* What a field takes, for messages: "bool", "int64", "ShapeProto". */
#define PJRT_PROTO_TYPE_NAME(field) PJRT_PROTO_NAME(pjrt_proto_type_of(field))

/* type->num_fields of them. */
const pjrt_proto_field *pjrt_proto_fields(const pjrt_proto_type *type);

/* An entry of a map is a message of two fields. */
const pjrt_proto_field *pjrt_proto_entry_key(const pjrt_proto_field *map);
const pjrt_proto_field *pjrt_proto_entry_value(const pjrt_proto_field *map);

/* NULL when there is none. */
const pjrt_proto_field *pjrt_proto_field_named(const pjrt_proto_type *type,
                                               const char *name, size_t size);
const pjrt_proto_field *pjrt_proto_field_numbered(const pjrt_proto_type *type,
                                                  uint32_t number);

bool pjrt_proto_is_map(const pjrt_proto_field *field);
bool pjrt_proto_is_repeated(const pjrt_proto_field *field);

/* Whether setting `b`, a field of the same message, unsets `a`. NULL is a field
 * that is not known. */
bool pjrt_proto_same_oneof(const pjrt_proto_field *a,
                           const pjrt_proto_field *b);

/* How one value of a field is written. */
pjrt_wire_type pjrt_proto_wire_type(const pjrt_proto_field *field);

/* Whether a field came in a wire type that its type can have. */
bool pjrt_proto_fits(const pjrt_proto_field *field, const pjrt_wire_field *at);

/* The field that stands at `at`; NULL when it is unknown or does not fit. */
const pjrt_proto_field *pjrt_proto_field_at(const pjrt_proto_type *type,
                                            const pjrt_wire_field *at);

/* ---- messages ------------------------------------------------------------ */

/* INVALID_ARGUMENT unless `data` is a message that Google's readers accept as
 * far as its structure goes. */
pjrt_error *pjrt_proto_check(const pjrt_proto_type *type, const void *data,
                             size_t size) __attribute__((warn_unused_result));

/* The error of a message that stands deeper than it may. */
pjrt_error *pjrt_proto_too_deep(const pjrt_proto_type *type)
    __attribute__((warn_unused_result));

/* What a path such as "env_option_overrides.xla_dump_to" leads to. */
typedef struct pjrt_proto_target {
  /* From the outermost field to the one that it is about. */
  const pjrt_proto_field *path[PJRT_PROTO_MAX_DEPTH];
  size_t num_path;
  const char *key; /* in the map that the path ends with; NULL: none */
  size_t key_size;
} pjrt_proto_target;

/* Follows a path of field names with dots between them. INVALID_ARGUMENT names
 * the first part that leads nowhere, and where such a field is, if there is
 * one. The key is in the text of the path. */
pjrt_error *pjrt_proto_find(const pjrt_proto_type *type, const char *path,
                            size_t size, pjrt_proto_target *out)
    __attribute__((warn_unused_result));

/* The field that the path ends with; and the one that takes a value, which with
 * a key is in the entries of that map. */
const pjrt_proto_field *pjrt_proto_target_last(const pjrt_proto_target *target);
const pjrt_proto_field *pjrt_proto_target_field(
    const pjrt_proto_target *target);

/* INVALID_ARGUMENT for a name that is none, with where it is one. */
pjrt_error *pjrt_proto_unknown_field(const pjrt_proto_type *type,
                                     const char *name, size_t size)
    __attribute__((warn_unused_result));

/* A scalar to be put into a field of any type that can hold it. */
typedef struct pjrt_proto_value {
  pjrt_proto_kind kind; /* one of those below */
  union {
    bool boolean;     /* BOOL */
    int64_t int64;    /* INT64 */
    double number;    /* DOUBLE */
    const char *text; /* STRING: also bytes, digits, the name of a value */
  };
  size_t text_size;
} pjrt_proto_value;

/* Appends one value of a field. INVALID_ARGUMENT when it does not fit. */
pjrt_error *pjrt_proto_put(const pjrt_proto_field *field,
                           const pjrt_proto_value *value, pjrt_builder *out)
    __attribute__((warn_unused_result));

/* The same for what a path leads to: of a map, a whole entry. */
pjrt_error *pjrt_proto_put_target(const pjrt_proto_target *target,
                                  const pjrt_proto_value *value,
                                  pjrt_builder *out)
    __attribute__((warn_unused_result));

/* Appends a map's entry, whose value stands serialized in `value`. */
pjrt_error *pjrt_proto_put_entry(const pjrt_proto_field *map, const char *key,
                                 size_t key_size, const pjrt_builder *value,
                                 pjrt_builder *out)
    __attribute__((warn_unused_result));

/* Appends the message with what a path leads to replaced by `payload`, which is
 * whole fields; an empty one clears. Everything else is kept. */
pjrt_error *pjrt_proto_replace(const pjrt_proto_type *type, const void *data,
                               size_t size, const pjrt_proto_target *target,
                               const pjrt_builder *payload, pjrt_builder *out)
    __attribute__((warn_unused_result));

/* Appends the message as JSON, field by field in the order of their numbers.
 * The message has passed the check. */
pjrt_error *pjrt_proto_print(const pjrt_proto_type *type, const void *data,
                             size_t size, pjrt_builder *out)
    __attribute__((warn_unused_result));

/* Appends the fields that a JSON object names; or what a path leads to, from
 * any JSON value. UNIMPLEMENTED in a library that was built without jansson. */
pjrt_error *pjrt_proto_parse(const pjrt_proto_type *type, const char *json,
                             size_t json_size, pjrt_builder *out)
    __attribute__((warn_unused_result));
pjrt_error *pjrt_proto_parse_target(const pjrt_proto_target *target,
                                    const char *json, size_t json_size,
                                    pjrt_builder *out)
    __attribute__((warn_unused_result));

#endif /* PJRT_OPTIONS_PROTO_H_ */
