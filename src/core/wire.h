/* Walking protocol-buffer wire format in place: no copies, no recursion, and
 * never past the end. For messages that are too large or too little trusted to
 * be unpacked whole. And writing it, a field at a time. */
#ifndef PJRT_CORE_WIRE_H_
#define PJRT_CORE_WIRE_H_

#include "base/text.h"

typedef enum pjrt_wire_type {
  PJRT_WIRE_VARINT = 0,
  PJRT_WIRE_FIXED64 = 1,
  PJRT_WIRE_BYTES = 2,
  PJRT_WIRE_FIXED32 = 5
} pjrt_wire_type;

typedef struct pjrt_wire {
  const unsigned char *at;
  const unsigned char *end;
  bool malformed; /* the walk ended early */
} pjrt_wire;

typedef struct pjrt_wire_field {
  uint32_t number;
  pjrt_wire_type type;
  uint64_t value;   /* of a varint */
  const void *data; /* of the other types: the bytes, in place */
  size_t size;
} pjrt_wire_field;

pjrt_wire pjrt_wire_start(const void *data, size_t size);

/* The next field. False at the end, and at the first byte that does not parse,
 * which sets `malformed`; groups, which proto3 does not have, count as such. */
bool pjrt_wire_next(pjrt_wire *wire, pjrt_wire_field *out);

/* The next bare varint, as in a packed list; false as above. */
bool pjrt_wire_next_varint(pjrt_wire *wire, uint64_t *out);

/* Appends one field; the builder remembers when memory is short. `type` is one
 * of the two fixed sizes, and `bits` are the value's. */
void pjrt_wire_append_varint(pjrt_builder *out, uint64_t value); /* bare */
void pjrt_wire_put_varint(pjrt_builder *out, uint32_t number, uint64_t value);
void pjrt_wire_put_fixed(pjrt_builder *out, uint32_t number,
                         pjrt_wire_type type, uint64_t bits);
void pjrt_wire_put_bytes(pjrt_builder *out, uint32_t number, const void *data,
                         size_t size);

#endif /* PJRT_CORE_WIRE_H_ */
