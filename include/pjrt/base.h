/* Conventions of the whole library, and the few macros that all headers use.
 *
 * Ownership. Every pointer in a public prototype carries one of these tags in
 * the function's comment, and no other word is used for ownership:
 *   [owned: FN]        it is yours; give it to FN exactly once
 *   [borrowed: WHAT]   it is not yours, and stays valid while WHAT lives;
 *                      "call": for the duration of the call only
 *                      "static": for the life of the process
 *   [taken]            the callee owns it from now on, even when it fails
 *   [shared]           the callee keeps a reference of its own as long as it
 *                      needs one; you still free yours
 * Children keep their parents alive, so objects may be freed in any order, and
 * every free function accepts NULL.
 *
 * Errors. A function that can fail returns pjrt_error *, NULL for success, and
 * sets its outputs to NULL or zero when it fails. Outputs come last and are
 * named out or out_WHAT. See error.h.
 *
 * Text. Text that goes in is a pointer and a size in bytes; PJRT_NUL_ENDED as
 * the size means "up to the first NUL". Text that comes out is the library's
 * own copy, followed by a NUL that its size does not count; where the size
 * goes to an out_size parameter, NULL may be given for it.
 *
 * Arrays. Always the pair (things, num_things), in that order.
 *
 * Option structs start with struct_size and have an init function; NULL for a
 * pointer to options means the defaults. So do structs that a function fills:
 * what the caller's struct has no room for is left out.
 *
 * Threads. Unless a comment says otherwise, a function may be called from any
 * thread, and two threads may use the same object at the same time; freeing an
 * object while another thread still uses that handle is the caller's error. */
#ifndef PJRT_BASE_H_
#define PJRT_BASE_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__) || defined(__clang__)
#define PJRT_API __attribute__((visibility("default")))
#define PJRT_MUST_USE __attribute__((warn_unused_result))
#else
#define PJRT_API
#define PJRT_MUST_USE
#endif

#ifdef __cplusplus
#define PJRT_BEGIN_DECLS extern "C" {
#define PJRT_END_DECLS }
#else
#define PJRT_BEGIN_DECLS
#define PJRT_END_DECLS
#endif

/* The library's own version; pjrt_version() gives that of the loaded one. */
#define PJRT_VERSION_MAJOR 0
#define PJRT_VERSION_MINOR 1
#define PJRT_VERSION_PATCH 0

/* As the size of a text: the text ends at its first NUL. */
#define PJRT_NUL_ENDED ((size_t)-1)

/* As a time to wait, in nanoseconds: for ever. */
#define PJRT_NO_DEADLINE INT64_MAX

PJRT_BEGIN_DECLS

/* A number that a plugin may not tell. */
typedef struct pjrt_optional_int64 {
  int64_t value; /* 0 when there is none */
  bool has_value;
} pjrt_optional_int64;

/* The version of the library in use, such as "0.1.0".
 * @return [borrowed: static] */
PJRT_API const char *pjrt_version(void);

PJRT_END_DECLS

#endif /* PJRT_BASE_H_ */
