#include "base/checksum.h"
#include "cache/key.h"
#include "options/proto.h"

typedef struct message {
  const void *data;
  size_t size;
} message;

/* All that a message says of one field: a digest of its values, in order, and
 * where the last one is. */
typedef struct said {
  uint64_t sum;
  size_t num;
  message last;
} said;

static said look_up(message in, uint32_t number) {
  said found = {0};
  pjrt_wire_field field;
  pjrt_wire wire = pjrt_wire_start(in.data, in.size);
  while (pjrt_wire_next(&wire, &field)) {
    if (field.number != number) continue;
    const bool is_varint = field.type == PJRT_WIRE_VARINT;
    const uint64_t value =
        is_varint ? field.value : pjrt_checksum(field.data, field.size);
    const uint64_t sums[] = {found.sum, (uint64_t)field.type, value};
    found.sum = pjrt_checksum(sums, sizeof sums);
    found.num++;
    found.last =
        is_varint ? (message){NULL, 0} : (message){field.data, field.size};
  }
  return found;
}

typedef struct comparison {
  pjrt_builder path;
  pjrt_builder *out;
} comparison;

static void compare(comparison *c, const pjrt_proto_type *type, message a,
                    message b, int depth);

static void append_name(comparison *c, const pjrt_proto_field *field,
                        uint32_t number) {
  if (c->path.size > 0) pjrt_builder_appendf(&c->path, ".");
  if (field) {
    pjrt_builder_appendf(&c->path, "%s", PJRT_PROTO_NAME(field));
  } else {
    pjrt_builder_appendf(&c->path, "%u", (unsigned)number);
  }
}

/* One field that differs: named here, or by what differs in it. */
static void compare_field(comparison *c, const pjrt_proto_type *type,
                          uint32_t number, const said *a, const said *b,
                          int depth) {
  const size_t parent = c->path.size;
  const pjrt_proto_field *field = pjrt_proto_field_numbered(type, number);
  append_name(c, field, number);
  const bool is_message =
      field && pjrt_proto_kind_of(field) == PJRT_PROTO_MESSAGE &&
      !pjrt_proto_is_repeated(field) && depth < PJRT_PROTO_MAX_DEPTH;
  if (is_message && a->num <= 1 && b->num <= 1) {
    compare(c, pjrt_proto_type_of(field), a->last, b->last, depth + 1);
  } else if (!c->path.out_of_memory) {
    pjrt_builder_appendf(c->out, "%s%.*s", c->out->size > 0 ? ", " : "",
                         (int)c->path.size, c->path.data);
  }
  c->path.size = parent;
}

/* Whether the field `at` is the first of its number in `in`. */
static bool is_first(message in, const pjrt_wire_field *at,
                     const unsigned char *end) {
  pjrt_wire_field field;
  pjrt_wire wire = pjrt_wire_start(in.data, in.size);
  while (pjrt_wire_next(&wire, &field)) {
    if (field.number == at->number) return wire.at == end;
  }
  return false;
}

static void compare(comparison *c, const pjrt_proto_type *type, message a,
                    message b, int depth) {
  const message sides[] = {a, b};
  for (int i = 0; i < 2; i++) {
    pjrt_wire_field field;
    pjrt_wire wire = pjrt_wire_start(sides[i].data, sides[i].size);
    while (pjrt_wire_next(&wire, &field)) {
      const said in_a = look_up(a, field.number);
      const said in_b = look_up(b, field.number);
      if (in_a.num == in_b.num && in_a.sum == in_b.sum) continue;
      if (i == 1 && in_a.num > 0) continue; /* told already */
      if (!is_first(sides[i], &field, wire.at)) continue;
      compare_field(c, type, field.number, &in_a, &in_b, depth);
    }
  }
}

void pjrt_cache_compare_options(const void *a, size_t a_size, const void *b,
                                size_t b_size, pjrt_builder *out) {
  pjrt_builder names = {0};
  comparison c = {.out = &names};
  compare(&c, pjrt_proto_options(), (message){a, a_size}, (message){b, b_size},
          0);
  pjrt_builder_append(out, names.data, names.size);
  pjrt_builder_clear(&names);
  pjrt_builder_clear(&c.path);
}
