#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *format_text(const char *format, ...) {
  va_list args;
  va_start(args, format);
  char *text = NULL;
  if (vasprintf(&text, format, args) < 0) text = NULL;
  va_end(args);
  return text;
}

void *read_to_end(FILE *file, size_t *out_size) {
  size_t size = 0, capacity = 1 << 16;
  char *data = malloc(capacity);
  while (data) {
    size += fread(data + size, 1, capacity - size, file);
    if (ferror(file)) break;
    if (size < capacity) { /* the end */
      *out_size = size;
      return data;
    }
    capacity *= 2;
    char *more = realloc(data, capacity);
    if (!more) break;
    data = more;
  }
  free(data);
  return NULL;
}

void *read_whole_file(const char *path, size_t *out_size) {
  FILE *file = fopen(path, "rb");
  if (!file) return NULL;
  void *data = read_to_end(file, out_size);
  int cause = errno;
  fclose(file);
  errno = cause;
  return data;
}

static bool write_all(int fd, const char *data, size_t size) {
  while (size > 0) {
    ssize_t written = write(fd, data, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    data += written;
    size -= (size_t)written;
  }
  return true;
}

/* close() may be the first to tell what went wrong. */
static bool write_and_close(int fd, const void *data, size_t size) {
  bool done = fd >= 0 && write_all(fd, data, size);
  int cause = errno;
  if (fd >= 0 && close(fd) != 0 && done) {
    done = false;
    cause = errno;
  }
  errno = cause;
  return done;
}

static bool write_beside_and_rename(const char *path, const void *data,
                                    size_t size) {
  char *temporary = format_text("%s.%ld.tmp", path, (long)getpid());
  if (!temporary) return false;
  int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  bool done = write_and_close(fd, data, size) && rename(temporary, path) == 0;
  int cause = errno;
  if (fd >= 0 && !done) unlink(temporary);
  free(temporary);
  errno = cause;
  return done;
}

bool write_whole_file(const char *path, const void *data, size_t size) {
  struct stat info;
  bool exists = stat(path, &info) == 0;
  if (exists && !S_ISREG(info.st_mode)) { /* a device or a pipe stays one */
    return write_and_close(open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY), data,
                           size);
  }
  return write_beside_and_rename(path, data, size);
}

bool make_folders(const char *path) {
  char *copy = strdup(path);
  if (!copy) return false;
  bool made = true;
  for (char *slash = copy; made && slash;) {
    slash = strchr(slash + 1, '/');
    if (slash) *slash = '\0';
    made = mkdir(copy, 0777) == 0 || errno == EEXIST;
    if (slash) *slash = '/';
  }
  int cause = errno;
  free(copy);
  errno = cause;
  return made;
}

static int remove_entry(const char *path, const struct stat *stat, int kind,
                        struct FTW *place) {
  (void)stat;
  (void)kind;
  (void)place;
  remove(path);
  return 0;
}

void remove_tree(const char *path) {
  nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}
