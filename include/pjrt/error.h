/* Errors: an owned pointer, NULL is success.
 *
 * An error holds copies only. It outlives the plugin that caused it and may
 * move between threads. Every accessor accepts NULL and then describes
 * success, so printing an error needs no test. There is no last-error state. */
#ifndef PJRT_ERROR_H_
#define PJRT_ERROR_H_

#include <stdio.h>

#include "pjrt/base.h"

PJRT_BEGIN_DECLS

typedef struct pjrt_error pjrt_error;

/* What kind of failure. The numbers equal PJRT_Error_Code. A plugin may send a
 * code that is not listed; it is kept as it came. */
typedef enum pjrt_code {
  PJRT_OK = 0,
  PJRT_CANCELLED = 1,
  PJRT_UNKNOWN = 2,
  PJRT_INVALID_ARGUMENT = 3,
  PJRT_DEADLINE_EXCEEDED = 4,
  PJRT_NOT_FOUND = 5,
  PJRT_ALREADY_EXISTS = 6,
  PJRT_PERMISSION_DENIED = 7,
  PJRT_RESOURCE_EXHAUSTED = 8,
  PJRT_FAILED_PRECONDITION = 9,
  PJRT_ABORTED = 10,
  PJRT_OUT_OF_RANGE = 11,
  PJRT_UNIMPLEMENTED = 12,
  PJRT_INTERNAL = 13,
  PJRT_UNAVAILABLE = 14,
  PJRT_DATA_LOSS = 15,
  PJRT_UNAUTHENTICATED = 16
} pjrt_code;

/* Who says so. */
typedef enum pjrt_origin {
  PJRT_ORIGIN_LIBRARY = 0, /* this library, before a plugin saw the call */
  PJRT_ORIGIN_PLUGIN = 1,  /* the plugin: message and code are its own */
  PJRT_ORIGIN_LAYER = 2,   /* a layer between library and plugin */
  PJRT_ORIGIN_SYSTEM = 3   /* the operating system: files, memory, threads */
} pjrt_origin;

/* The official name of `code`, such as "INVALID_ARGUMENT"; "UNKNOWN_CODE" for
 * a number that PJRT does not define.
 * @return [borrowed: static] */
PJRT_API const char *pjrt_code_name(pjrt_code code);

/* Makes an error of the caller's own, for callbacks that must return one.
 * When memory is short it returns the static out-of-memory error instead.
 * @param message [borrowed: call]
 * @return [owned: pjrt_error_free] never NULL, unless `code` is PJRT_OK */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_error_create(pjrt_code code,
                                                     const char *message,
                                                     size_t message_size);

/* A copy with the same contents; NULL for NULL.
 * @param error [borrowed: call]
 * @return [owned: pjrt_error_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_error_copy(const pjrt_error *error);

/* PJRT_OK for NULL.
 * PJRT: PJRT_Error_GetCode (0.40), asked beforehand.
 * @param error [borrowed: call] */
PJRT_API pjrt_code pjrt_error_code(const pjrt_error *error);

/* What happened, in one or more lines; "" for NULL.
 * PJRT: PJRT_Error_Message (0.40), asked beforehand.
 * @param error [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: error] never NULL */
PJRT_API const char *pjrt_error_message(const pjrt_error *error,
                                        size_t *out_size);

/* The PJRT function that failed, such as "PJRT_Client_Compile"; "" when the
 * failure did not come from one.
 * @param error [borrowed: call]
 * @return [borrowed: error] never NULL */
PJRT_API const char *pjrt_error_call(const pjrt_error *error);

/* The plugin's file name and API version, such as "libpjrt_cpu.so (API
 * 0.106)"; "" when no plugin was involved.
 * @param error [borrowed: call]
 * @return [borrowed: error] never NULL */
PJRT_API const char *pjrt_error_plugin(const pjrt_error *error);

/* @param error [borrowed: call] */
PJRT_API pjrt_origin pjrt_error_origin(const pjrt_error *error);

/* Payloads: typed details that a plugin attached (API 0.99 and later). 0 for
 * an error without any.
 * PJRT: PJRT_Error_ForEachPayload (0.99), asked beforehand.
 * @param error [borrowed: call] */
PJRT_API size_t pjrt_error_num_payloads(const pjrt_error *error);

/* The i-th payload's key, a type URL; "" past the end.
 * @param error [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: error] never NULL */
PJRT_API const char *pjrt_error_payload_key(const pjrt_error *error, size_t i,
                                            size_t *out_size);

/* The i-th payload's bytes, usually a serialized message; "" past the end.
 * @param error [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: error] never NULL */
PJRT_API const char *pjrt_error_payload_value(const pjrt_error *error, size_t i,
                                              size_t *out_size);

/* Writes one line: code, message, and where it came from. Multi-line messages
 * stay multi-line.
 * @param error [borrowed: call]
 * @param to [borrowed: call] */
PJRT_API void pjrt_error_print(const pjrt_error *error, FILE *to);

/* Frees an error. It holds nothing of the plugin's, whose own error went when
 * it was read.
 * PJRT: PJRT_Error_Destroy (0.40), called beforehand.
 * @param error [taken] NULL is a no-op */
PJRT_API void pjrt_error_free(pjrt_error *error);

/* Frees the error and returns its code, for "try this, and on NOT_FOUND do
 * that".
 * @param error [taken] NULL gives PJRT_OK */
PJRT_API pjrt_code pjrt_error_consume(pjrt_error *error);

/* Returns from the enclosing function when `expr` failed. Only for functions
 * that hold nothing; where there is something to undo, test and goto. */
#define PJRT_TRY(expr)                           \
  do {                                           \
    pjrt_error *pjrt_try_error_ = (expr);        \
    if (pjrt_try_error_) return pjrt_try_error_; \
  } while (0)

PJRT_END_DECLS

#endif /* PJRT_ERROR_H_ */
