/* Writes protocol-buffer wire format, for tests that need exact bytes. */
#ifndef PJRT_TESTS_UNIT_WIRE_WRITER_H_
#define PJRT_TESTS_UNIT_WIRE_WRITER_H_

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct wire_writer {
  unsigned char data[8192];
  size_t size;
} wire_writer;

static inline void wire_bytes(wire_writer *to, const void *data, size_t size) {
  assert(to->size + size <= sizeof to->data);
  if (size > 0) memcpy(to->data + to->size, data, size);
  to->size += size;
}

static inline void wire_varint(wire_writer *to, uint64_t value) {
  do {
    const unsigned char more = value >= 0x80 ? 0x80 : 0;
    const unsigned char byte = (unsigned char)((value & 0x7f) | more);
    wire_bytes(to, &byte, 1);
    value >>= 7;
  } while (value > 0);
}

static inline void wire_number(wire_writer *to, unsigned field,
                               uint64_t value) {
  wire_varint(to, (uint64_t)field << 3);
  wire_varint(to, value);
}

static inline void wire_field(wire_writer *to, unsigned field, const void *data,
                              size_t size) {
  wire_varint(to, (uint64_t)field << 3 | 2);
  wire_varint(to, size);
  wire_bytes(to, data, size);
}

static inline void wire_message(wire_writer *to, unsigned field,
                                const wire_writer *message) {
  wire_field(to, field, message->data, message->size);
}

static inline void wire_packed(wire_writer *to, unsigned field,
                               const int64_t *values, size_t num) {
  wire_writer packed = {.size = 0};
  for (size_t i = 0; i < num; i++) wire_varint(&packed, (uint64_t)values[i]);
  wire_message(to, field, &packed);
}

#endif /* PJRT_TESTS_UNIT_WIRE_WRITER_H_ */
