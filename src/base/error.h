/* How the library makes errors. The public side is pjrt/error.h. */
#ifndef PJRT_BASE_ERROR_H_
#define PJRT_BASE_ERROR_H_

#include <stdarg.h>

#include "pjrt/error.h"

/* An error with a formatted message and origin "library". Falls back to the
 * static out-of-memory error. Never NULL: the code PJRT_OK, which only a
 * confused plugin sends with an error, becomes PJRT_UNKNOWN. */
pjrt_error *pjrt_error_format(pjrt_code code, const char *format, ...)
    __attribute__((format(printf, 2, 3), returns_nonnull, warn_unused_result));

/* The same from a text that may hold NUL bytes, such as a plugin's. */
pjrt_error *pjrt_error_from_text(pjrt_code code, const char *message,
                                 size_t message_size)
    __attribute__((returns_nonnull, warn_unused_result));

/* An error from an errno value, origin "system": "<format>: <strerror>". The
 * code follows the errno (ENOENT: NOT_FOUND, EACCES: PERMISSION_DENIED, ENOMEM
 * and ENOSPC: RESOURCE_EXHAUSTED, ...). */
pjrt_error *pjrt_error_from_errno(int number, const char *format, ...)
    __attribute__((format(printf, 2, 3), returns_nonnull, warn_unused_result));

/* Drops an error that nobody is left to tell. */
static inline void pjrt_error_drop(pjrt_error *error) {
  if (error) pjrt_error_free(error);
}

/* The static error for "memory is short". */
pjrt_error *pjrt_error_out_of_memory(void)
    __attribute__((returns_nonnull, warn_unused_result));

/* Setters for an error that is being made; each is a no-op on the static
 * error, and leaves the error as it was when memory is short. */
void pjrt_error_set_origin(pjrt_error *error, pjrt_origin origin);
void pjrt_error_set_call(pjrt_error *error, const char *call);
void pjrt_error_set_plugin(pjrt_error *error, const char *plugin);
void pjrt_error_prefix(pjrt_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3))); /* "<format>: <message>" */
void pjrt_error_add_payload(pjrt_error *error, const char *key, size_t key_size,
                            const char *value, size_t value_size);

#endif /* PJRT_BASE_ERROR_H_ */
