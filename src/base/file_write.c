#include "base/file_write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

static pjrt_error *write_part(int fd, const char *what, const char *path,
                              pjrt_file_part part) {
  const char *data = part.data;
  while (part.size) {
    ssize_t written = write(fd, data, part.size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      return pjrt_error_from_errno(errno, "%s %s: cannot write", what, path);
    }
    data += written;
    part.size -= (size_t)written;
  }
  return NULL;
}

/* Writes everything, makes it durable where that means something, and closes.
 * close() may be the first to report what a network file system did. */
static pjrt_error *write_and_close(int fd, const char *what, const char *path,
                                   const pjrt_file_part *parts,
                                   size_t num_parts) {
  pjrt_error *error = NULL;
  for (size_t i = 0; i < num_parts && !error; i++) {
    error = write_part(fd, what, path, parts[i]);
  }
  if (!error && fsync(fd) != 0 && errno != EINVAL && errno != EROFS) {
    error = pjrt_error_from_errno(errno, "%s %s: cannot write", what, path);
  }
  if (close(fd) != 0 && !error) {
    error = pjrt_error_from_errno(errno, "%s %s: cannot write", what, path);
  }
  return error;
}

/* Creates a file that was not there; its name starts with `path`. */
static pjrt_error *create_beside(const char *what, const char *path,
                                 char **out_name, int *out_fd) {
  enum { max_attempts = 1000 };
  for (int attempt = 0;; attempt++) {
    PJRT_TRY(pjrt_path_format(out_name, "%s.%ld.%d.tmp", path, (long)getpid(),
                              attempt));
    int fd = open(*out_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0) {
      *out_fd = fd;
      return NULL;
    }
    int number = errno;
    free(*out_name);
    *out_name = NULL;
    if (number != EEXIST || attempt == max_attempts) {
      return pjrt_error_from_errno(number, "%s %s: cannot create", what, path);
    }
  }
}

/* `mode` is that of the file that is replaced, 0 when there was none. */
static pjrt_error *write_beside_and_rename(const char *what, const char *path,
                                           mode_t mode,
                                           const pjrt_file_part *parts,
                                           size_t num_parts) {
  char *temporary;
  int fd;
  PJRT_TRY(create_beside(what, path, &temporary, &fd));
  pjrt_error *error = write_and_close(fd, what, path, parts, num_parts);
  if (!error && ((mode && chmod(temporary, mode & 07777) != 0) ||
                 rename(temporary, path) != 0)) {
    error = pjrt_error_from_errno(errno, "%s %s: cannot replace", what, path);
  }
  if (error) unlink(temporary);
  free(temporary);
  return error;
}

static pjrt_error *write_in_place(const char *what, const char *path,
                                  const pjrt_file_part *parts,
                                  size_t num_parts) {
  int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) {
    return pjrt_error_from_errno(errno, "%s %s: cannot open", what, path);
  }
  return write_and_close(fd, what, path, parts, num_parts);
}

pjrt_error *pjrt_file_write(const char *what, const char *path,
                            const pjrt_file_part *parts, size_t num_parts) {
  struct stat info;
  if (stat(path, &info) != 0) {
    if (errno != ENOENT) {
      return pjrt_error_from_errno(errno, "%s %s: cannot write", what, path);
    }
    return write_beside_and_rename(what, path, 0, parts, num_parts);
  }
  if (S_ISDIR(info.st_mode)) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "%s %s: expected a file, found a folder", what,
                             path);
  }
  if (!S_ISREG(info.st_mode)) {
    return write_in_place(what, path, parts, num_parts);
  }
  /* Renaming asks nobody whether the file itself may be written. */
  char *target = realpath(path, NULL);
  if (!target || faccessat(AT_FDCWD, target, W_OK, AT_EACCESS) != 0) {
    int number = errno;
    free(target);
    return pjrt_error_from_errno(number, "%s %s: cannot write", what, path);
  }
  pjrt_error *error =
      write_beside_and_rename(what, target, info.st_mode, parts, num_parts);
  free(target);
  return error;
}
