/* Buffers that come from elsewhere than the host: without contents, with an
 * error for contents, as a stand-in for a buffer that is still to come, and
 * made of another buffer's memory.
 *
 * As everywhere, a device of another process, a memory of another device, a
 * negative dimension and a type without elements are INVALID_ARGUMENT, a type
 * newer than the plugin is UNIMPLEMENTED, and the plugin sees none of them. */
#ifndef PJRT_BUFFER_MAKE_H_
#define PJRT_BUFFER_MAKE_H_

#include "pjrt/buffer.h"

PJRT_BEGIN_DECLS

/* Where such a buffer is made. */
typedef struct pjrt_buffer_opts {
  size_t struct_size;
  /* One of the device's memories; NULL: its default. [borrowed: call] */
  pjrt_memory *memory;
} pjrt_buffer_opts;

/* @param opts [borrowed: call] */
PJRT_API void pjrt_buffer_opts_init(pjrt_buffer_opts *opts);

/* Makes a buffer of a shape, whose contents are whatever the memory held.
 * RESOURCE_EXHAUSTED: memory is short.
 * PJRT: PJRT_Client_CreateUninitializedBuffer (0.69).
 * @param device [borrowed: call]
 * @param dims [borrowed: call]
 * @param opts [borrowed: call] may be NULL
 * @param out [owned: pjrt_buffer_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_create_uninitialized(
    pjrt_device *device, pjrt_dtype dtype, const int64_t *dims, size_t num_dims,
    const pjrt_buffer_opts *opts, pjrt_buffer **out);

/* Makes a buffer that stands for a failure: it is ready, and whoever reads it
 * or executes with it gets the error. INVALID_ARGUMENT: `error` is NULL, or has
 * a code that PJRT does not define. UNIMPLEMENTED: the error has payloads and
 * the plugin is older than 0.103, which brought them, or the client tells no
 * memories.
 * PJRT: PJRT_Client_CreateErrorBuffer (0.82).
 * @param device [borrowed: call]
 * @param dims [borrowed: call]
 * @param error [borrowed: call] its code, message and payloads
 * @param opts [borrowed: call] may be NULL
 * @param out [owned: pjrt_buffer_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_create_error(
    pjrt_device *device, pjrt_dtype dtype, const int64_t *dims, size_t num_dims,
    const pjrt_error *error, const pjrt_buffer_opts *opts, pjrt_buffer **out);

/* ---- aliases ------------------------------------------------------------- */

/* The promise behind an alias buffer. It is kept once, by pjrt_alias_fulfill or
 * pjrt_alias_fail; freed before that, it fails the alias. So an alias buffer is
 * always ready in the end. */
typedef struct pjrt_alias pjrt_alias;

/* Makes a buffer that stands for another one of the same shape that does not
 * exist yet. It can be used at once, also as an argument: whatever uses it
 * waits until the alias is fulfilled. It lies in row-major order.
 * UNIMPLEMENTED: the client tells no memories.
 * PJRT: PJRT_Client_CreateAliasBuffer (0.77).
 * @param device [borrowed: call]
 * @param dims [borrowed: call]
 * @param opts [borrowed: call] may be NULL
 * @param out [owned: pjrt_buffer_free]
 * @param out_alias [owned: pjrt_alias_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_create_alias(
    pjrt_device *device, pjrt_dtype dtype, const int64_t *dims, size_t num_dims,
    const pjrt_buffer_opts *opts, pjrt_buffer **out, pjrt_alias **out_alias);

/* Lets the alias buffer be what `buffer` is, which is consumed: it is donated
 * afterwards, and still has to be freed. An error that `buffer` carries becomes
 * the alias's.
 * INVALID_ARGUMENT: another type, shape, layout, device or client.
 * FAILED_PRECONDITION: `buffer` is mapped, deleted or donated, or the alias was
 * fulfilled or failed before. In these cases nothing has happened.
 * PJRT: PJRT_Client_FulfillAliasBuffer (0.77).
 * @param alias [borrowed: call]
 * @param buffer [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_alias_fulfill(pjrt_alias *alias,
                                                      pjrt_buffer *buffer);

/* Lets the alias buffer fail with `error`. INVALID_ARGUMENT: NULL, which is no
 * error, or a code that PJRT does not define. FAILED_PRECONDITION: the alias
 * was fulfilled or failed before.
 * PJRT: PJRT_Client_FulfillAliasBuffer (0.77).
 * @param alias [borrowed: call]
 * @param error [borrowed: call] its code and message */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_alias_fail(pjrt_alias *alias,
                                                   const pjrt_error *error);

/* Drops the handle. An alias buffer that nothing was promised for fails with
 * CANCELLED.
 * @param alias [taken] */
PJRT_API void pjrt_alias_free(pjrt_alias *alias);

/* ---- of another buffer's memory ------------------------------------------ */

/* Takes a buffer's memory for a buffer of another type and shape, without a
 * copy; the bytes on the device must be as many. `buffer` is consumed: it is
 * donated afterwards, and still has to be freed. FAILED_PRECONDITION: it is
 * mapped, deleted or donated.
 * PJRT: PJRT_Buffer_Bitcast (0.98).
 * @param buffer [borrowed: call]
 * @param dims [borrowed: call]
 * @param out [owned: pjrt_buffer_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_bitcast(pjrt_buffer *buffer,
                                                       pjrt_dtype dtype,
                                                       const int64_t *dims,
                                                       size_t num_dims,
                                                       pjrt_buffer **out);

/* Takes a buffer's memory for a new buffer that is ready when both its contents
 * and `dependency` are; an error of `dependency` becomes its own. `buffer` is
 * consumed, as above. The event may be of any client.
 * PJRT: PJRT_Buffer_DonateWithControlDependency (0.88).
 * @param buffer [borrowed: call]
 * @param dependency [shared]
 * @param out [owned: pjrt_buffer_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_donate_with_dependency(
    pjrt_buffer *buffer, pjrt_event *dependency, pjrt_buffer **out);

PJRT_END_DECLS

#endif /* PJRT_BUFFER_MAKE_H_ */
