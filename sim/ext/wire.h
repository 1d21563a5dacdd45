/* Reading protocol buffers, field by field. */
#ifndef PJRT_SIM_EXT_WIRE_H_
#define PJRT_SIM_EXT_WIRE_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct sim_wire {
  const unsigned char *at;
  const unsigned char *end;
  bool is_broken;
} sim_wire;

typedef struct sim_wire_field {
  int number;
  bool is_bytes;
  uint64_t value;   /* of a number */
  const char *data; /* of bytes, inside the message */
  size_t size;
} sim_wire_field;

/* `data` may be NULL when there is none. */
sim_wire sim_wire_of(const void *data, size_t size);

/* False at the end, and where the message is broken. */
bool sim_wire_next(sim_wire *wire, sim_wire_field *out);

/* Whether the bytes are a message at all. */
bool sim_wire_is_valid(const void *data, size_t size);

/* The last field of this number: its value, or `otherwise`. */
uint64_t sim_wire_number(const void *data, size_t size, int number,
                         uint64_t otherwise);
/* The same for bytes; false, and no bytes, when there is none. */
bool sim_wire_bytes(const void *data, size_t size, int number,
                    sim_wire_field *out);

#endif /* PJRT_SIM_EXT_WIRE_H_ */
