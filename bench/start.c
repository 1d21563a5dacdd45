#include "start.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void fail(const char *what, const char *path) {
  fprintf(stderr, "start: cannot %s %s\n", what, path);
  exit(EXIT_FAILURE);
}

static bool ends_with(const char *text, const char *end) {
  const size_t size = strlen(text), end_size = strlen(end);
  return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

start_request start_read_options(int argc, char **argv) {
  if (argc < 3 || argc > 4) {
    fprintf(stderr, "usage: start PLUGIN FILE [SAVED]\n");
    exit(EXIT_FAILURE);
  }
  return (start_request){.plugin = argv[1],
                         .path = argv[2],
                         .is_program = ends_with(argv[2], ".mlir"),
                         .saved = argc == 4 ? argv[3] : NULL};
}

char *start_read_file(const char *path, size_t *out_size) {
  FILE *file = fopen(path, "rb");
  if (!file || fseek(file, 0, SEEK_END) != 0) fail("read", path);
  const long size = ftell(file);
  char *data = size > 0 ? malloc((size_t)size) : NULL;
  rewind(file);
  if (!data || fread(data, 1, (size_t)size, file) != (size_t)size) {
    fail("read", path);
  }
  fclose(file);
  *out_size = (size_t)size;
  return data;
}

void start_write_file(const char *path, const void *data, size_t size) {
  FILE *file = fopen(path, "wb");
  const bool written = file && fwrite(data, 1, size, file) == size;
  if ((file && fclose(file) != 0) || !written) fail("write", path);
}

void start_report(float value) {
  printf("%g\n", (double)value);
  fflush(stdout);
  if (value != 3) exit(EXIT_FAILURE);
}

/* Of the second number, pages of which something is in memory. */
void start_report_memory(void) {
  unsigned long pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (!file || fscanf(file, "%*u %lu", &pages) != 1) {
    fail("read", "/proc/self/statm");
  }
  fclose(file);
  printf("%lu\n", pages * (unsigned long)sysconf(_SC_PAGESIZE));
}
