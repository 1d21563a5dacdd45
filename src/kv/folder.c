/* A store in a folder that all processes see: a file for each key.
 *
 * A value is written beside its place and linked there when it is whole, which
 * fails when there is one. Each file is a record: what is not whole, as a copy
 * that is under way, counts as not there yet. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/error.h"
#include "base/file.h"
#include "base/file_write.h"
#include "kv/record.h"
#include "kv/stores.h"

enum { MAX_JOB = 200 }; /* bytes of a job's name, encoded */
#define MAX_FILE ((size_t)1 << 30)

typedef struct folder_store {
  char *path; /* of the job's folder */
  int bell;
} folder_store;

/* ---- files --------------------------------------------------------------- */

static pjrt_error *path_of(const folder_store *store, const char *key,
                           size_t key_size, char **out) {
  pjrt_builder path = {0};
  pjrt_builder_appendf(&path, "%s/", store->path);
  pjrt_record_append_name(&path, key, key_size);
  return pjrt_builder_finish(&path, out, NULL);
}

static pjrt_error *read_value(const folder_store *store, const char *key,
                              size_t key_size, pjrt_kvstore_value *value) {
  char *path, *file;
  size_t size, found_size;
  PJRT_TRY(path_of(store, key, key_size, &path));
  pjrt_error *error = pjrt_file_read("key", path, MAX_FILE, &file, &size);
  free(path);
  if (pjrt_error_code(error) == PJRT_NOT_FOUND) {
    pjrt_error_free(error);
    return NULL;
  }
  PJRT_TRY(error);
  const char *found = pjrt_record_value(file, size, key, key_size, &found_size);
  if (found) error = pjrt_kvstore_value_set(value, found, found_size);
  free(file);
  return error;
}

/* ---- getting ------------------------------------------------------------- */

static pjrt_error *try_get(void *user, const char *key, size_t key_size,
                           pjrt_kvstore_value *value) {
  return read_value(user, key, key_size, value);
}

/* Waits for news of the folder, a bell, or the time. */
static void wait_for_news(const folder_store *store, int news,
                          int64_t pause_ns) {
  char dropped[4096];
  struct pollfd polled[] = {{.fd = store->bell, .events = POLLIN},
                            {.fd = news, .events = POLLIN}};
  poll(polled, 2, pjrt_poll_timeout(pause_ns));
  while (news >= 0 && read(news, dropped, sizeof dropped) > 0) {
  }
}

/* Network file systems believe for a while that a file is not there; opening
 * the folder makes them look again. */
static void look_again(const folder_store *store) {
  const int fd = open(store->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0) close(fd);
}

static pjrt_error *wait_for_value(const folder_store *store, int news,
                                  const char *key, size_t key_size,
                                  int64_t timeout_ns,
                                  pjrt_kvstore_value *value) {
  const int64_t longest_pause_ns = 500000000;
  const int64_t deadline = pjrt_deadline_after(timeout_ns);
  for (int64_t pause_ns = 10000000;;) {
    const int64_t left = pjrt_deadline_left(deadline);
    const bool is_last = left == 0 || pjrt_bell_has_rung(store->bell);
    PJRT_TRY(read_value(store, key, key_size, value));
    if (is_last || pjrt_kvstore_value_is_set(value)) return NULL;
    wait_for_news(store, news, left < pause_ns ? left : pause_ns);
    look_again(store);
    pause_ns =
        pause_ns * 2 < longest_pause_ns ? pause_ns * 2 : longest_pause_ns;
  }
}

/* The kernel tells what happens in the folder, if this host does it; what other
 * hosts do is seen after a pause. */
static pjrt_error *get(void *user, const char *key, size_t key_size,
                       int64_t timeout_ns, pjrt_kvstore_value *value) {
  folder_store *store = user;
  const int news = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (news >= 0) {
    inotify_add_watch(news, store->path, IN_CREATE | IN_MOVED_TO);
  }
  pjrt_error *error =
      wait_for_value(store, news, key, key_size, timeout_ns, value);
  if (news >= 0) close(news);
  return error;
}

/* ---- putting ------------------------------------------------------------- */

static pjrt_error *check_old(folder_store *store, const char *key,
                             size_t key_size, const void *value,
                             size_t value_size) {
  char *path, *file;
  size_t size, old_size;
  PJRT_TRY(path_of(store, key, key_size, &path));
  pjrt_error *error = pjrt_file_read("key", path, MAX_FILE, &file, &size);
  if (!error) {
    const char *old = pjrt_record_value(file, size, key, key_size, &old_size);
    error = old ? pjrt_kv_check_same(old, old_size, value, value_size)
                : pjrt_error_format(PJRT_DATA_LOSS,
                                    "%s is there and holds no whole value of "
                                    "this key",
                                    path);
    free(file);
  }
  free(path);
  return error;
}

/* Gives a whole file its name, unless that is taken; *out_taken says so. Some
 * file systems have no links, and there two processes that put the same key
 * at the same moment are not told of each other. */
static pjrt_error *name_file(const char *whole, const char *path,
                             bool *out_taken) {
  *out_taken = false;
  int failure = link(whole, path) == 0 ? 0 : errno;
  if (failure == EPERM || failure == EOPNOTSUPP || failure == ENOSYS) {
    failure = access(path, F_OK) == 0    ? EEXIST
              : rename(whole, path) == 0 ? 0
                                         : errno;
  }
  *out_taken = failure == EEXIST;
  if (!failure || *out_taken) return NULL;
  return pjrt_error_from_errno(failure, "%s: cannot create", path);
}

static pjrt_error *write_file(const folder_store *store, const char *path,
                              const pjrt_file_part parts[3], bool *out_taken) {
  uint64_t unique;
  char *whole;
  if (getrandom(&unique, sizeof unique, 0) != (ssize_t)sizeof unique) {
    return pjrt_error_from_errno(errno, "cannot draw a file name");
  }
  PJRT_TRY(pjrt_path_format(&whole, "%s/.%016llx", store->path,
                            (unsigned long long)unique));
  pjrt_error *error = pjrt_file_write("key", whole, parts, 3);
  if (!error) {
    error = name_file(whole, path, out_taken);
    unlink(whole);
  }
  free(whole);
  return error;
}

static pjrt_error *put(void *user, const char *key, size_t key_size,
                       const void *value, size_t value_size) {
  folder_store *store = user;
  char header[PJRT_RECORD_HEADER_SIZE + 1];
  char *path;
  bool is_taken;
  const pjrt_file_part parts[] = {
      {header, PJRT_RECORD_HEADER_SIZE}, {key, key_size}, {value, value_size}};
  if (value_size > MAX_FILE / 2 || key_size > MAX_FILE / 4) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "a key of %zu and a value of %zu bytes are too "
                             "large for a folder",
                             key_size, value_size);
  }
  pjrt_record_header(key_size, value_size, header);
  PJRT_TRY(path_of(store, key, key_size, &path));
  pjrt_error *error = write_file(store, path, parts, &is_taken);
  free(path);
  if (error || !is_taken) return error;
  return check_old(store, key, key_size, value, value_size);
}

/* ---- life ---------------------------------------------------------------- */

static void cancel(void *user) { pjrt_bell_ring(((folder_store *)user)->bell); }

static void destroy(void *user) {
  folder_store *store = user;
  if (store->bell >= 0) close(store->bell);
  free(store->path);
  free(store);
}

static pjrt_error *make_folder(const char *path) {
  if (mkdir(path, 0700) == 0 || errno == EEXIST) return NULL;
  return pjrt_error_from_errno(errno, "folder %s: cannot create", path);
}

/* A plugin trusts what the others say, so only they may say it. */
static pjrt_error *check_folder(const char *path) {
  struct stat info;
  if (lstat(path, &info) != 0) {
    return pjrt_error_from_errno(errno, "folder %s", path);
  }
  if (!S_ISDIR(info.st_mode)) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "%s is no folder", path);
  }
  if (info.st_uid != geteuid()) {
    return pjrt_error_format(PJRT_PERMISSION_DENIED,
                             "folder %s: it belongs to user %lu, and this "
                             "process is of user %lu",
                             path, (unsigned long)info.st_uid,
                             (unsigned long)geteuid());
  }
  if (!(info.st_mode & (S_IWGRP | S_IWOTH))) return NULL;
  return pjrt_error_format(PJRT_PERMISSION_DENIED,
                           "folder %s: others may write to it (mode %03o)",
                           path, (unsigned)info.st_mode & 0777u);
}

/* The folder of a job in that of all jobs. */
static pjrt_error *job_path(const char *path, const char *job, char **out) {
  pjrt_builder builder = {0};
  pjrt_builder_appendf(&builder, "%s/", path);
  const size_t before = builder.size;
  pjrt_kv_append_encoded(&builder, job, strlen(job));
  if (builder.size - before <= MAX_JOB) {
    return pjrt_builder_finish(&builder, out, NULL);
  }
  pjrt_builder_clear(&builder);
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "the job's name is too long for a folder: %.40s...",
                           job);
}

static pjrt_error *prepare(folder_store *store, const char *path,
                           const char *job) {
  PJRT_TRY(pjrt_bell_make(&store->bell));
  PJRT_TRY(job_path(path, job, &store->path));
  PJRT_TRY(make_folder(path));
  PJRT_TRY(make_folder(store->path));
  return check_folder(store->path);
}

pjrt_error *pjrt_folder_store_open(const char *path, const char *job,
                                   pjrt_kvstore **out) {
  pjrt_kvstore_functions functions;
  if (!*path) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "file: is followed by no path");
  }
  folder_store *store = calloc(1, sizeof *store);
  if (!store) return pjrt_error_out_of_memory();
  store->bell = -1;
  pjrt_error *error = prepare(store, path, job);
  if (error) {
    destroy(store);
    return error;
  }
  pjrt_kvstore_functions_init(&functions);
  functions.name = store->path;
  functions.user = store;
  functions.try_get = try_get;
  functions.put = put;
  functions.get = get;
  functions.cancel = cancel;
  functions.destroy = destroy;
  return pjrt_kvstore_create(&functions, out);
}
