/* Reading an option struct of the caller's, and filling one that is to hold
 * results: one rule for all of them.
 *
 * Option structs grow at their end only, and never into what was padding, so
 * that struct_size tells which fields the caller knew. */
#ifndef PJRT_CORE_OPTS_H_
#define PJRT_CORE_OPTS_H_

#include "pjrt/error.h"

/* Copies the fields that `given` has over the defaults in `out`, a struct of
 * `size` bytes filled by its init function. Both start with struct_size; that
 * of `out` stays `size`. NULL keeps the defaults. `name` is the struct's, for
 * the message.
 * INVALID_ARGUMENT when struct_size cannot be one, which mostly means that the
 * init function was not called. UNIMPLEMENTED when the struct is newer than
 * this library and sets something there. */
pjrt_error *pjrt_opts_read(const void *given, const char *name, size_t size,
                           void *out) __attribute__((warn_unused_result));

/* The other way: writes the fields that `out` has room for, and zeros to those
 * that only the caller knows. `from` is a struct of `size` bytes; struct_size
 * of `out` stays what it is. INVALID_ARGUMENT for NULL, and when struct_size
 * cannot be one. */
pjrt_error *pjrt_opts_write(const void *from, const char *name, size_t size,
                            void *out) __attribute__((warn_unused_result));

#endif /* PJRT_CORE_OPTS_H_ */
