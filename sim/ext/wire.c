/* Reading protocol buffers. */
#include "ext/wire.h"

enum { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

sim_wire sim_wire_of(const void *data, size_t size) {
  const unsigned char *at = data ? data : (const unsigned char *)"";
  return (sim_wire){at, at + (data ? size : 0), false};
}

static uint64_t read_varint(sim_wire *wire) {
  uint64_t value = 0;
  for (unsigned shift = 0; wire->at < wire->end && shift < 64; shift += 7) {
    const unsigned char byte = *wire->at++;
    value |= (uint64_t)(byte & 0x7f) << shift;
    if (!(byte & 0x80)) return value;
  }
  wire->is_broken = true;
  return 0;
}

static uint64_t read_fixed(sim_wire *wire, size_t size) {
  uint64_t value = 0;
  if ((size_t)(wire->end - wire->at) < size) {
    wire->is_broken = true;
    return 0;
  }
  for (size_t i = 0; i < size; i++) value |= (uint64_t)wire->at[i] << 8 * i;
  wire->at += size;
  return value;
}

static void read_bytes(sim_wire *wire, sim_wire_field *out) {
  const uint64_t size = read_varint(wire);
  if (wire->is_broken || size > (uint64_t)(wire->end - wire->at)) {
    wire->is_broken = true;
    return;
  }
  out->is_bytes = true;
  out->data = (const char *)wire->at;
  out->size = (size_t)size;
  wire->at += size;
}

bool sim_wire_next(sim_wire *wire, sim_wire_field *out) {
  *out = (sim_wire_field){0};
  if (wire->is_broken || wire->at == wire->end) return false;
  const uint64_t tag = read_varint(wire);
  switch (tag & 7) {
    case VARINT:
      out->value = read_varint(wire);
      break;
    case FIXED64:
      out->value = read_fixed(wire, 8);
      break;
    case BYTES:
      read_bytes(wire, out);
      break;
    case FIXED32:
      out->value = read_fixed(wire, 4);
      break;
    default:
      wire->is_broken = true;
  }
  if (tag >> 3 == 0 || tag >> 3 > 0x1fffffff) wire->is_broken = true;
  out->number = (int)(tag >> 3);
  return !wire->is_broken;
}

bool sim_wire_is_valid(const void *data, size_t size) {
  sim_wire wire = sim_wire_of(data, size);
  sim_wire_field field;
  while (sim_wire_next(&wire, &field)) continue;
  return !wire.is_broken;
}

uint64_t sim_wire_number(const void *data, size_t size, int number,
                         uint64_t otherwise) {
  sim_wire wire = sim_wire_of(data, size);
  sim_wire_field field;
  while (sim_wire_next(&wire, &field))
    if (field.number == number && !field.is_bytes) otherwise = field.value;
  return otherwise;
}

bool sim_wire_bytes(const void *data, size_t size, int number,
                    sim_wire_field *out) {
  sim_wire wire = sim_wire_of(data, size);
  sim_wire_field field;
  *out = (sim_wire_field){0};
  while (sim_wire_next(&wire, &field))
    if (field.number == number && field.is_bytes) *out = field;
  return out->is_bytes;
}
