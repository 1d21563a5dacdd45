#include "core/wire.h"

pjrt_wire pjrt_wire_start(const void *data, size_t size) {
  const unsigned char *bytes = data;
  if (size == 0) return (pjrt_wire){NULL, NULL, false};
  return (pjrt_wire){bytes, bytes + size, false};
}

static bool pjrt_wire_varint(pjrt_wire *wire, uint64_t *out) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (wire->at == wire->end) return false;
    const unsigned char byte = *wire->at++;
    value |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80) {
      *out = value;
      return true;
    }
  }
  return false;
}

static bool pjrt_wire_skip(pjrt_wire *wire, uint64_t size,
                           pjrt_wire_field *field) {
  if (size > (size_t)(wire->end - wire->at)) return false;
  field->data = wire->at;
  field->size = (size_t)size;
  wire->at += size;
  return true;
}

static bool pjrt_wire_field_read(pjrt_wire *wire, pjrt_wire_field *field) {
  uint64_t tag;
  if (!pjrt_wire_varint(wire, &tag)) return false;
  if (tag > UINT32_MAX || tag >> 3 == 0) return false;
  *field = (pjrt_wire_field){.number = (uint32_t)(tag >> 3),
                             .type = (pjrt_wire_type)(tag & 7)};

  uint64_t size;
  switch (field->type) {
    case PJRT_WIRE_VARINT:
      return pjrt_wire_varint(wire, &field->value);
    case PJRT_WIRE_FIXED64:
      return pjrt_wire_skip(wire, 8, field);
    case PJRT_WIRE_BYTES:
      return pjrt_wire_varint(wire, &size) && pjrt_wire_skip(wire, size, field);
    case PJRT_WIRE_FIXED32:
      return pjrt_wire_skip(wire, 4, field);
  }
  return false;
}

bool pjrt_wire_next(pjrt_wire *wire, pjrt_wire_field *out) {
  if (wire->malformed || wire->at == wire->end) return false;
  if (pjrt_wire_field_read(wire, out)) return true;
  wire->malformed = true;
  return false;
}

bool pjrt_wire_next_varint(pjrt_wire *wire, uint64_t *out) {
  if (wire->malformed || wire->at == wire->end) return false;
  if (pjrt_wire_varint(wire, out)) return true;
  wire->malformed = true;
  return false;
}

/* ---- writing ------------------------------------------------------------- */

void pjrt_wire_append_varint(pjrt_builder *out, uint64_t value) {
  char bytes[10];
  size_t size = 0;
  while (value >= 0x80) {
    bytes[size++] = (char)(0x80 | (value & 0x7f));
    value >>= 7;
  }
  bytes[size++] = (char)value;
  pjrt_builder_append(out, bytes, size);
}

static void put_tag(pjrt_builder *out, uint32_t number, pjrt_wire_type type) {
  pjrt_wire_append_varint(out, (uint64_t)number << 3 | (uint64_t)type);
}

void pjrt_wire_put_varint(pjrt_builder *out, uint32_t number, uint64_t value) {
  put_tag(out, number, PJRT_WIRE_VARINT);
  pjrt_wire_append_varint(out, value);
}

void pjrt_wire_put_fixed(pjrt_builder *out, uint32_t number,
                         pjrt_wire_type type, uint64_t bits) {
  char bytes[8];
  const size_t size = type == PJRT_WIRE_FIXED64 ? 8 : 4;
  put_tag(out, number, type);
  for (size_t i = 0; i < size; i++) bytes[i] = (char)(bits >> (8 * i) & 0xff);
  pjrt_builder_append(out, bytes, size);
}

void pjrt_wire_put_bytes(pjrt_builder *out, uint32_t number, const void *data,
                         size_t size) {
  put_tag(out, number, PJRT_WIRE_BYTES);
  pjrt_wire_append_varint(out, size);
  pjrt_builder_append(out, data, size);
}
