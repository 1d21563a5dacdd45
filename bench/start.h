/* What both programs that measure a start share:
 *
 *   start PLUGIN FILE [SAVED]
 *
 * runs FILE, which adds two scalars: a program, or the executable that such a
 * run serialized to SAVED. Prints "3" as soon as it knows, and then, in bytes,
 * how much memory is resident. */
#ifndef PJRT_BENCH_START_H_
#define PJRT_BENCH_START_H_

#include <stdbool.h>
#include <stddef.h>

typedef struct start_request {
  const char *plugin;
  const char *path;
  bool is_program; /* by its name, FILE.mlir */
  const char *saved;
} start_request;

start_request start_read_options(int argc, char **argv);

/* The whole file, which the caller frees. */
char *start_read_file(const char *path, size_t *out_size);
void start_write_file(const char *path, const void *data, size_t size);

/* Prints the line that ends the start, and ends the program unless it is 3. */
void start_report(float value);
void start_report_memory(void);

#endif /* PJRT_BENCH_START_H_ */
