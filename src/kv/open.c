#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/error.h"
#include "base/text.h"
#include "kv/stores.h"

/* ---- opening ------------------------------------------------------------- */

static const struct {
  const char *scheme;
  pjrt_error *(*open)(const char *rest, const char *job, pjrt_kvstore **out);
} kinds[] = {
    {"file:", pjrt_folder_store_open},
    {"redis://", pjrt_redis_store_open},
    {"pmix:", pjrt_pmix_store_open},
};

static pjrt_error *open_store(const char *address, const char *job,
                              pjrt_kvstore **out) {
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    const size_t size = strlen(kinds[i].scheme);
    if (strncmp(address, kinds[i].scheme, size) == 0) {
      return kinds[i].open(address + size, job, out);
    }
  }
  /* What follows a scheme may be a password. */
  const char *colon = strchr(address, ':');
  const int shown = colon ? (int)(colon - address) + 1 : INT_MAX;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "a key-value store at '%.*s%s': expected file:PATH, "
                           "redis://HOST or pmix:",
                           shown, address, colon ? "..." : "");
}

/* A NUL-ended copy of a text that may hold no NUL and not be empty. */
static pjrt_error *take(const char *what, const char *text, size_t size,
                        char **out) {
  size = pjrt_text_size(text, size);
  if (!size || memchr(text, '\0', size)) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "the %s of a key-value store: expected a text, "
                             "got %s",
                             what, size ? "one with a NUL byte" : "none");
  }
  return pjrt_text_copy(text, size, out);
}

pjrt_error *pjrt_kvstore_open(const char *address, size_t address_size,
                              const char *job, size_t job_size,
                              pjrt_kvstore **out) {
  char *address_copy, *job_copy;
  *out = NULL;
  PJRT_TRY(take("address", address, address_size, &address_copy));
  pjrt_error *error = take("job", job, job_size, &job_copy);
  if (!error) {
    error = open_store(address_copy, job_copy, out);
    free(job_copy);
  }
  free(address_copy);
  return error;
}

/* ---- what stores share --------------------------------------------------- */

static bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

void pjrt_kv_append_encoded(pjrt_builder *builder, const char *bytes,
                            size_t size) {
  for (size_t i = 0; i < size; i++) {
    if (is_plain(bytes[i]) && (i || bytes[i] != '.')) {
      pjrt_builder_append(builder, &bytes[i], 1);
    } else {
      pjrt_builder_appendf(builder, "%%%02X", (unsigned char)bytes[i]);
    }
  }
}

pjrt_error *pjrt_kv_check_same(const void *old, size_t old_size,
                               const void *value, size_t value_size) {
  if (old_size == value_size &&
      (!value_size || memcmp(old, value, value_size) == 0)) {
    return NULL;
  }
  return pjrt_error_format(PJRT_ALREADY_EXISTS,
                           "it has another value, of %zu bytes, from another "
                           "process or from a job of the same name",
                           old_size);
}

/* ---- bells --------------------------------------------------------------- */

pjrt_error *pjrt_bell_make(int *out_fd) {
  *out_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (*out_fd >= 0) return NULL;
  return pjrt_error_from_errno(errno, "cannot make an eventfd");
}

/* Nobody reads it, so it stays readable. */
void pjrt_bell_ring(int fd) { eventfd_write(fd, 1); }

bool pjrt_bell_has_rung(int fd) {
  struct pollfd bell = {.fd = fd, .events = POLLIN};
  return poll(&bell, 1, 0) == 1;
}
