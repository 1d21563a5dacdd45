#include "core/opts.h"

#include <string.h>

#include "base/error.h"

/* No option struct will ever be this large; a greater struct_size is garbage,
 * and the bytes that it promises must not be read. */
#define PJRT_OPTS_MAX_SIZE 4096

static bool pjrt_all_zero(const unsigned char *bytes, size_t size) {
  for (size_t i = 0; i < size; i++) {
    if (bytes[i] != 0) return false;
  }
  return true;
}

static pjrt_error *pjrt_opts_size(const void *given, const char *name,
                                  size_t size, size_t *out) {
  memcpy(out, given, sizeof *out);
  if (*out >= sizeof *out && *out <= PJRT_OPTS_MAX_SIZE &&
      *out % _Alignof(size_t) == 0) {
    return NULL;
  }
  return pjrt_error_format(
      PJRT_INVALID_ARGUMENT,
      "%s.struct_size is %zu, expected %zu: call %s_init first", name, *out,
      size, name);
}

pjrt_error *pjrt_opts_read(const void *given, const char *name, size_t size,
                           void *out) {
  if (!given) return NULL;

  size_t given_size;
  PJRT_TRY(pjrt_opts_size(given, name, size, &given_size));
  if (given_size > size &&
      !pjrt_all_zero((const unsigned char *)given + size, given_size - size)) {
    return pjrt_error_format(
        PJRT_UNIMPLEMENTED,
        "%s is newer than this library (%zu bytes, known are %zu) and sets "
        "options that it does not know",
        name, given_size, size);
  }

  const size_t known = given_size < size ? given_size : size;
  memcpy(out, given, known);
  memcpy(out, &size, sizeof size);
  return NULL;
}

pjrt_error *pjrt_opts_write(const void *from, const char *name, size_t size,
                            void *out) {
  if (!out) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "%s is NULL", name);
  }
  size_t out_size;
  PJRT_TRY(pjrt_opts_size(out, name, size, &out_size));
  memset(out, 0, out_size);
  memcpy(out, from, size < out_size ? size : out_size);
  memcpy(out, &out_size, sizeof out_size);
  return NULL;
}
