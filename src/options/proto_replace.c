/* Changing one field of a serialized message, and nothing else in it. */
#include <string.h>

#include "base/error.h"
#include "options/proto.h"

enum { ENTRY_KEY = 1 };

/* Whether an entry of a map has this key; that of the last one counts. */
static bool has_key(const pjrt_wire_field *entry, const char *key,
                    size_t key_size) {
  pjrt_wire wire = pjrt_wire_start(entry->data, entry->size);
  pjrt_wire_field at;
  bool same = key_size == 0;
  while (pjrt_wire_next(&wire, &at)) {
    if (at.number != ENTRY_KEY || at.type != PJRT_WIRE_BYTES) continue;
    same = at.size == key_size && !memcmp(at.data, key, key_size);
  }
  return same;
}

/* A message that comes in several pieces is what they are when joined; of a
 * oneof's member, another one unsets those before it. */
static void join(const pjrt_proto_type *type, const pjrt_proto_field *field,
                 const void *data, size_t size, pjrt_builder *out) {
  pjrt_wire wire = pjrt_wire_start(data, size);
  pjrt_wire_field at;
  while (pjrt_wire_next(&wire, &at)) {
    const pjrt_proto_field *known = pjrt_proto_field_at(type, &at);
    if (known == field) {
      pjrt_builder_append(out, at.data, at.size);
    } else if (pjrt_proto_same_oneof(known, field)) {
      out->size = 0;
    }
  }
}

/* Whether a field is there, and no other member of its oneof behind it. */
static bool is_set(const pjrt_proto_type *type, const pjrt_proto_field *field,
                   const void *data, size_t size) {
  pjrt_wire wire = pjrt_wire_start(data, size);
  pjrt_wire_field at;
  bool found = false;
  while (pjrt_wire_next(&wire, &at)) {
    const pjrt_proto_field *known = pjrt_proto_field_at(type, &at);
    found = known == field || (found && !pjrt_proto_same_oneof(known, field));
  }
  return found;
}

/* A step on the way to what is replaced: a field of a message of this type. */
typedef struct place {
  const pjrt_proto_type *type;
  const pjrt_proto_target *target;
  size_t step; /* in the target's path */
} place;

/* Copies all that is not replaced; of a map's entries, those of other keys. */
static void copy_others(place it, const void *data, size_t size,
                        pjrt_builder *out) {
  const pjrt_proto_field *field = it.target->path[it.step];
  const bool is_last = it.step + 1 == it.target->num_path;
  const char *key = is_last ? it.target->key : NULL;
  pjrt_wire wire = pjrt_wire_start(data, size);
  pjrt_wire_field at;
  for (const unsigned char *start = wire.at; pjrt_wire_next(&wire, &at);
       start = wire.at) {
    const pjrt_proto_field *known = pjrt_proto_field_at(it.type, &at);
    const bool is_replaced =
        known == field ? !key || has_key(&at, key, it.target->key_size)
                       : pjrt_proto_same_oneof(known, field);
    if (is_replaced) continue;
    pjrt_builder_append(out, (const char *)start, (size_t)(wire.at - start));
  }
}

/* Where the path goes into a message, that is put as it is afterwards. In one
 * that is not there nothing is cleared: that it is there may mean something. */
static void replace(place it, const void *data, size_t size,
                    const pjrt_builder *payload, pjrt_builder *out) {
  const pjrt_proto_field *field = it.target->path[it.step];
  const place inside = {pjrt_proto_type_of(field), it.target, it.step + 1};
  if (payload->size == 0 && !is_set(it.type, field, data, size)) {
    pjrt_builder_append(out, data, size);
    return;
  }
  if (inside.step == it.target->num_path) {
    copy_others(it, data, size, out);
    pjrt_builder_append(out, payload->data, payload->size);
    return;
  }
  pjrt_builder before = {0};
  pjrt_builder after = {0};
  join(it.type, field, data, size, &before);
  replace(inside, before.data, before.size, payload, &after);
  copy_others(it, data, size, out);
  pjrt_wire_put_bytes(out, field->number, after.data, after.size);
  out->out_of_memory |= before.out_of_memory | after.out_of_memory;
  pjrt_builder_clear(&before);
  pjrt_builder_clear(&after);
}

pjrt_error *pjrt_proto_replace(const pjrt_proto_type *type, const void *data,
                               size_t size, const pjrt_proto_target *target,
                               const pjrt_builder *payload, pjrt_builder *out) {
  replace((place){.type = type, .target = target}, data, size, payload, out);
  const bool out_of_memory = out->out_of_memory || payload->out_of_memory;
  return out_of_memory ? pjrt_error_out_of_memory() : NULL;
}
