#include "chatter.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* How much of the end is shown: what led to a failure stands there. */
#define SHOWN_BYTES 4096

int chatter_create(void) { return memfd_create("pjrt-chatter", MFD_CLOEXEC); }

static void print_lines(FILE *to, const char *text, size_t size) {
  while (size > 0 && text[size - 1] == '\n') size--;
  for (const char *end = text + size; text < end;) {
    const char *newline = memchr(text, '\n', (size_t)(end - text));
    const char *stop = newline ? newline : end;
    fputs("  | ", to);
    for (; text < stop; text++) {
      unsigned char c = (unsigned char)*text;
      fputc(c < ' ' || c == 0x7f ? ' ' : c, to);
    }
    fputc('\n', to);
    text = stop + 1;
  }
}

void chatter_show(int fd, FILE *to) {
  struct stat stat;
  if (fd < 0 || fstat(fd, &stat) != 0) return;
  char tail[SHOWN_BYTES];
  off_t start = stat.st_size > SHOWN_BYTES ? stat.st_size - SHOWN_BYTES : 0;
  ssize_t size = pread(fd, tail, sizeof tail, start);
  if (size <= 0) return;
  const char *text = tail;
  if (start > 0) { /* the first line is cut: leave it out */
    const char *newline = memchr(tail, '\n', (size_t)size);
    if (newline) text = newline + 1;
    fputs("  | ...\n", to);
  }
  print_lines(to, text, (size_t)(tail + size - text));
}

/* Abseil's log marks the line that ends a process: "F0000 00:00:00.0 ...". */
static bool is_fatal(const char *line) {
  return line[0] == 'F' && isdigit((unsigned char)line[1]);
}

void chatter_cause(int fd, char *out, size_t size) {
  char text[SHOWN_BYTES];
  const ssize_t got = fd < 0 ? 0 : pread(fd, text, sizeof text - 1, 0);
  text[got > 0 ? got : 0] = '\0';
  const char *cause = text;
  for (char *line = text; line; line = strchr(line + 1, '\n')) {
    if (!is_fatal(line + (*line == '\n'))) continue;
    cause = line + (*line == '\n');
    break;
  }
  snprintf(out, size, "%.*s", (int)strcspn(cause, "\n"), cause);
  for (char *c = out; *c; c++) {
    if ((unsigned char)*c < ' ' || *c == 0x7f) *c = ' ';
  }
}
