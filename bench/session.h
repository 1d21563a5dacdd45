/* A program on both sides: through the library, and as bare calls on the very
 * same client, executable and arguments. */
#ifndef PJRT_BENCH_SESSION_H_
#define PJRT_BENCH_SESSION_H_

#include "bare.h"
#include "harness.h"

/* Output i is the sum of arguments i and i + 1, counted around. */
typedef struct program_shape {
  size_t num_args;
  size_t num_outs;
  size_t num_elements; /* of each, f32; 1: a scalar */
} program_shape;

/* The text of such a program. The caller frees it. */
char *program_text(program_shape shape, size_t *out_size);

typedef struct session {
  const bench_setup *setup;
  program_shape shape;
  size_t num_devices;
  pjrt_client *client;
  pjrt_device *device;
  pjrt_executable *executable;
  pjrt_buffer **args; /* argument i is full of i + 1; for each device */
  pjrt_buffer **outs;
  bare bare;
} session;

session *session_open(const bench_setup *setup, program_shape shape,
                      size_t num_devices);
void session_close(session *it);

/* An open client without a program. */
session *session_open_client(const bench_setup *setup, int64_t num_devices);

/* Compiles for the session's client. */
pjrt_executable *session_compile(const session *it, program_shape shape,
                                 size_t num_devices);

pjrt_buffer *session_scalar(const session *it, float value);

/* What output i is full of. */
float session_expected(const session *it, size_t i);

/* Ends the program unless it->outs are right, on every device. */
void session_check_outputs(const session *it);

#endif /* PJRT_BENCH_SESSION_H_ */
