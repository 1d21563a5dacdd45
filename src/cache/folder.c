#include "cache/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/error.h"

#define UNFINISHED ".new"

static pjrt_error *failed(const pjrt_cache_folder *folder, int number,
                          const char *what) {
  return pjrt_error_from_errno(number, "compile cache %s: cannot %s",
                               folder->path, what);
}

/* ---- opening ------------------------------------------------------------- */

/* Whoever can write here runs code in this process. */
static pjrt_error *check_folder(const pjrt_cache_folder *folder) {
  struct stat info;
  if (fstat(folder->fd, &info) != 0) return failed(folder, errno, "open");
  if (info.st_uid != geteuid()) {
    return pjrt_error_format(PJRT_PERMISSION_DENIED,
                             "compile cache %s: it belongs to user %lu, and "
                             "this process is of user %lu",
                             folder->path, (unsigned long)info.st_uid,
                             (unsigned long)geteuid());
  }
  if (!(info.st_mode & (S_IWGRP | S_IWOTH))) return NULL;
  return pjrt_error_format(PJRT_PERMISSION_DENIED,
                           "compile cache %s: others may write to it (mode "
                           "%03o, expected 700), and so run code here",
                           folder->path, (unsigned)info.st_mode & 0777u);
}

pjrt_error *pjrt_cache_folder_open(const char *path, bool create,
                                   pjrt_cache_folder *out) {
  *out = (pjrt_cache_folder){.fd = -1, .patience_ns = INT64_C(10000000000)};
  PJRT_TRY(pjrt_path_format(&out->path, "%s", path));
  if (create && mkdir(path, 0700) != 0 && errno != EEXIST) {
    return failed(out, errno, "create");
  }
  out->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (out->fd < 0) return failed(out, errno, "open");
  return check_folder(out);
}

void pjrt_cache_folder_close(pjrt_cache_folder *folder) {
  if (folder->fd >= 0) close(folder->fd);
  free(folder->path);
  *folder = (pjrt_cache_folder){.fd = -1};
}

/* ---- listing ------------------------------------------------------------- */

static int compare_use(const void *left, const void *right) {
  const pjrt_cache_item *a = left, *b = right;
  if (a->used.tv_sec != b->used.tv_sec) {
    return a->used.tv_sec < b->used.tv_sec ? -1 : 1;
  }
  if (a->used.tv_nsec != b->used.tv_nsec) {
    return a->used.tv_nsec < b->used.tv_nsec ? -1 : 1;
  }
  return strcmp(a->name, b->name);
}

/* False when it is gone by now. What was used while the clock was wrong, and
 * far ahead of today's, was not used since: else it would never go, and what is
 * new would go first. */
static bool read_item(int fd, const char *name, time_t now,
                      pjrt_cache_item *out) {
  enum { CLOCKS_DIFFER = 3600 }; /* of machines that share the folder */
  struct stat info;
  if (fstatat(fd, name, &info, AT_SYMLINK_NOFOLLOW) != 0) return false;
  *out =
      (pjrt_cache_item){.size = (uint64_t)info.st_size, .used = info.st_mtim};
  if (out->used.tv_sec > now + CLOCKS_DIFFER) out->used = (struct timespec){0};
  memcpy(out->name, name, sizeof out->name);
  return true;
}

static pjrt_error *read_items(int fd, DIR *stream, pjrt_cache_item **out,
                              size_t *out_num) {
  size_t capacity = 0;
  const time_t now = time(NULL);
  const struct dirent *entry;
  while ((entry = readdir(stream))) {
    if (!pjrt_cache_is_entry_name(entry->d_name)) continue;
    if (*out_num == capacity) {
      capacity = capacity ? 2 * capacity : 64;
      void *grown = reallocarray(*out, capacity, sizeof **out);
      if (!grown) return pjrt_error_out_of_memory();
      *out = grown;
    }
    *out_num += read_item(fd, entry->d_name, now, *out + *out_num);
  }
  return NULL;
}

pjrt_error *pjrt_cache_folder_list(const pjrt_cache_folder *folder,
                                   pjrt_cache_item **out, size_t *out_num) {
  *out = NULL;
  *out_num = 0;
  const int fd = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *stream = fd < 0 ? NULL : fdopendir(fd);
  if (!stream) {
    pjrt_error *error = failed(folder, errno, "list");
    if (fd >= 0) close(fd);
    return error;
  }
  pjrt_error *error = read_items(fd, stream, out, out_num);
  closedir(stream);
  if (error) {
    free(*out);
    *out = NULL;
    *out_num = 0;
    return error;
  }
  if (*out_num > 0) qsort(*out, *out_num, sizeof **out, compare_use);
  return NULL;
}

/* ---- reading ------------------------------------------------------------- */

/* A file that somebody else put here while that was possible, or changed, is
 * none of ours. */
static pjrt_error *check_file(const struct stat *info) {
  if (!S_ISREG(info->st_mode)) {
    return pjrt_error_format(PJRT_DATA_LOSS, "it is no file");
  }
  if (info->st_uid != geteuid() || (info->st_mode & (S_IWGRP | S_IWOTH))) {
    return pjrt_error_format(
        PJRT_DATA_LOSS, "others may have written it: user %lu, mode %03o",
        (unsigned long)info->st_uid, (unsigned)info->st_mode & 0777u);
  }
  return NULL;
}

static pjrt_error *map_open(const pjrt_cache_folder *folder, int fd,
                            pjrt_cache_file *out) {
  struct stat info;
  if (fstat(fd, &info) != 0) return failed(folder, errno, "read an entry");
  out->inode = info.st_ino;
  PJRT_TRY(check_file(&info));
  if (info.st_size == 0) return NULL; /* which mmap refuses */
  const size_t size = (size_t)info.st_size;
  void *data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (data == MAP_FAILED) return failed(folder, errno, "read an entry");
  out->mapping = (pjrt_mapping){data, size};
  return NULL;
}

pjrt_error *pjrt_cache_folder_map(const pjrt_cache_folder *folder,
                                  const char *name, pjrt_cache_file *out) {
  *out = (pjrt_cache_file){0};
  const int fd =
      openat(folder->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return failed(folder, errno, "read an entry");
  pjrt_error *error = map_open(folder, fd, out);
  close(fd);
  return error;
}

/* With the clock's own nanoseconds, which the kernel's "now" lacks. */
void pjrt_cache_folder_touch(const pjrt_cache_folder *folder,
                             const char *name) {
  struct timespec times[2];
  clock_gettime(CLOCK_REALTIME, &times[0]);
  times[1] = times[0];
  (void)!utimensat(folder->fd, name, times, AT_SYMLINK_NOFOLLOW);
}

/* ---- the lock ------------------------------------------------------------ */

static pjrt_error *await_lock(const pjrt_cache_folder *folder, int fd) {
  const int64_t deadline = pjrt_deadline_after(folder->patience_ns);
  const struct timespec pause = {.tv_nsec = 2000000};
  while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return failed(folder, errno, "lock it");
    }
    if (pjrt_deadline_left(deadline) == 0) {
      return pjrt_error_format(PJRT_DEADLINE_EXCEEDED,
                               "compile cache %s: another process has held "
                               "its lock for %g seconds",
                               folder->path, (double)folder->patience_ns / 1e9);
    }
    nanosleep(&pause, NULL);
  }
  return NULL;
}

pjrt_error *pjrt_cache_folder_lock(const pjrt_cache_folder *folder, int *out) {
  *out = openat(folder->fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
                0600);
  if (*out < 0) return failed(folder, errno, "lock it");
  pjrt_error *error = await_lock(folder, *out);
  if (!error) return NULL;
  close(*out);
  *out = -1;
  return error;
}

void pjrt_cache_folder_unlock(int lock) {
  flock(lock, LOCK_UN);
  close(lock);
}

/* ---- writing ------------------------------------------------------------- */

static pjrt_error *write_all(const pjrt_cache_folder *folder, int fd,
                             const pjrt_file_part *parts, size_t num_parts) {
  for (size_t i = 0; i < num_parts; i++) {
    const char *at = parts[i].data;
    size_t left = parts[i].size;
    while (left > 0) {
      const ssize_t written = write(fd, at, left);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return failed(folder, errno, "write an entry");
      at += written;
      left -= (size_t)written;
    }
  }
  return NULL;
}

/* Not flushed to the disk: what a loss of power leaves of it has no right
 * checksum. */
pjrt_error *pjrt_cache_folder_write(const pjrt_cache_folder *folder,
                                    const char *name,
                                    const pjrt_file_part *parts,
                                    size_t num_parts) {
  pjrt_cache_folder_clean(folder);
  const int fd = openat(folder->fd, UNFINISHED,
                        O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return failed(folder, errno, "write an entry");
  pjrt_error *error = write_all(folder, fd, parts, num_parts);
  if (close(fd) != 0 && !error) error = failed(folder, errno, "write an entry");
  if (!error) pjrt_cache_folder_touch(folder, UNFINISHED);
  if (!error && renameat(folder->fd, UNFINISHED, folder->fd, name) != 0) {
    error = failed(folder, errno, "write an entry");
  }
  if (error) pjrt_cache_folder_clean(folder);
  return error;
}

void pjrt_cache_folder_remove(const pjrt_cache_folder *folder, const char *name,
                              ino_t inode) {
  struct stat info;
  if (inode && (fstatat(folder->fd, name, &info, AT_SYMLINK_NOFOLLOW) != 0 ||
                info.st_ino != inode)) {
    return;
  }
  (void)!unlinkat(folder->fd, name, 0);
}

void pjrt_cache_folder_clean(const pjrt_cache_folder *folder) {
  (void)!unlinkat(folder->fd, UNFINISHED, 0);
}
