#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"

static const char *file_kind(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a FIFO";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

static pjrt_error *check_regular(const char *what, const char *path,
                                 const struct stat *info) {
  if (S_ISREG(info->st_mode)) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "%s %s: expected a file, found %s", what, path,
                           file_kind(info->st_mode));
}

/* Looks before opening, because opening a device may already do something,
 * and again afterwards, because the name may have got another meaning. */
static pjrt_error *open_regular(const char *what, const char *path, int *out_fd,
                                size_t *out_size) {
  struct stat info;
  if (stat(path, &info) != 0) {
    return pjrt_error_from_errno(errno, "%s %s", what, path);
  }
  PJRT_TRY(check_regular(what, path, &info));
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return pjrt_error_from_errno(errno, "%s %s", what, path);
  pjrt_error *error = NULL;
  if (fstat(fd, &info) != 0) {
    error = pjrt_error_from_errno(errno, "%s %s", what, path);
  } else {
    error = check_regular(what, path, &info);
  }
  if (error) {
    close(fd);
    return error;
  }
  *out_fd = fd;
  *out_size = (size_t)info.st_size;
  return NULL;
}

pjrt_error *pjrt_file_map(const char *what, const char *path,
                          pjrt_mapping *out) {
  *out = (pjrt_mapping){0};
  int fd = -1;
  size_t size = 0;
  PJRT_TRY(open_regular(what, path, &fd, &size));
  if (size == 0) { /* which mmap refuses */
    close(fd);
    return NULL;
  }
  void *data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
  int number = errno;
  close(fd);
  if (data == MAP_FAILED) {
    return pjrt_error_from_errno(number, "%s %s", what, path);
  }
  *out = (pjrt_mapping){.data = data, .size = size};
  return NULL;
}

void pjrt_file_unmap(pjrt_mapping *mapping) {
  if (mapping->data) munmap((void *)(uintptr_t)mapping->data, mapping->size);
  *mapping = (pjrt_mapping){0};
}

/* Reads up to `size` bytes; fewer when the file has shrunk meanwhile. */
static pjrt_error *read_all(const char *what, const char *path, int fd,
                            char *text, size_t size, size_t *out_size) {
  size_t done = 0;
  while (done < size) {
    ssize_t got = read(fd, text + done, size - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return pjrt_error_from_errno(errno, "%s %s", what, path);
    if (got == 0) break;
    done += (size_t)got;
  }
  *out_size = done;
  return NULL;
}

pjrt_error *pjrt_file_read(const char *what, const char *path, size_t limit,
                           char **out, size_t *out_size) {
  *out = NULL;
  *out_size = 0;
  int fd = -1;
  size_t size = 0;
  PJRT_TRY(open_regular(what, path, &fd, &size));
  void *text = NULL;
  pjrt_error *error = NULL;
  if (size > limit) {
    error = pjrt_error_format(PJRT_OUT_OF_RANGE,
                              "%s %s: expected at most %zu bytes, found %zu",
                              what, path, limit, size);
  } else {
    error = pjrt_alloc(size + 1, 1, &text);
  }
  if (!error) error = read_all(what, path, fd, text, size, out_size);
  close(fd);
  if (error) {
    free(text);
    return error;
  }
  *out = text;
  return NULL;
}

static int is_visible(const struct dirent *entry) {
  return entry->d_name[0] != '.';
}

/* Not alphasort: its order follows the locale. */
static int compare_names(const struct dirent **a, const struct dirent **b) {
  return strcmp((*a)->d_name, (*b)->d_name);
}

pjrt_error *pjrt_folder_open(const char *path, pjrt_folder *out) {
  *out = (pjrt_folder){0};
  int num = scandir(path, &out->entries, is_visible, compare_names);
  if (num >= 0) {
    out->num = (size_t)num;
    return NULL;
  }
  out->entries = NULL;
  return errno == ENOMEM ? pjrt_error_out_of_memory() : NULL;
}

void pjrt_folder_close(pjrt_folder *folder) {
  for (size_t i = 0; i < folder->num; i++) free(folder->entries[i]);
  free(folder->entries);
  *folder = (pjrt_folder){0};
}

bool pjrt_text_has_suffix(const char *text, const char *suffix) {
  size_t size = strlen(text);
  size_t suffix_size = strlen(suffix);
  return size >= suffix_size && strcmp(text + size - suffix_size, suffix) == 0;
}

pjrt_error *pjrt_path_format(char **out, const char *format, ...) {
  pjrt_builder builder = {0};
  va_list args;
  va_start(args, format);
  pjrt_builder_vappendf(&builder, format, args);
  va_end(args);
  return pjrt_builder_finish(&builder, out, NULL);
}
