/* Copies of buffers: to other devices and memories, and of raw bytes to the
 * host.
 *
 * As everywhere, a buffer that was deleted or donated is FAILED_PRECONDITION
 * before the plugin sees the call. */
#ifndef PJRT_BUFFER_COPY_H_
#define PJRT_BUFFER_COPY_H_

#include "pjrt/buffer.h"

PJRT_BEGIN_DECLS

/* ---- between devices and memories ---------------------------------------- */

/* Starts a copy to a device of the same client. The new buffer can be used at
 * once: whatever uses it waits for the copy, and its ready event carries the
 * error if the copy fails. Some plugins refuse the device that the buffer is on
 * already; CPU devices copy.
 * INVALID_ARGUMENT: a device of another client or another process.
 * PJRT: PJRT_Buffer_CopyToDevice (0.40).
 * @param buffer [borrowed: call]
 * @param device [borrowed: call]
 * @param out [owned: pjrt_buffer_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_copy_to_device_async(
    pjrt_buffer *buffer, pjrt_device *device, pjrt_buffer **out);

/* The same, and waits until the copy is there.
 * @param buffer [borrowed: call]
 * @param device [borrowed: call]
 * @param out [owned: pjrt_buffer_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_copy_to_device(
    pjrt_buffer *buffer, pjrt_device *device, pjrt_buffer **out);

/* Starts a copy to a memory of the same client, such as a device's pinned host
 * memory. INVALID_ARGUMENT: a memory of another client.
 * PJRT: PJRT_Buffer_CopyToMemory (0.40).
 * @param buffer [borrowed: call]
 * @param memory [borrowed: call]
 * @param out [owned: pjrt_buffer_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_copy_to_memory_async(
    pjrt_buffer *buffer, pjrt_memory *memory, pjrt_buffer **out);

/* The same, and waits until the copy is there.
 * @param buffer [borrowed: call]
 * @param memory [borrowed: call]
 * @param out [owned: pjrt_buffer_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_copy_to_memory(
    pjrt_buffer *buffer, pjrt_memory *memory, pjrt_buffer **out);

/* ---- raw bytes to the host ----------------------------------------------- */

/* Copies `size` bytes of the buffer's device memory as they are: in the
 * device's layout, with its padding, types narrower than a byte packed. Begins
 * when the contents are there.
 * OUT_OF_RANGE: bytes past pjrt_buffer_on_device_size.
 * PJRT: PJRT_Buffer_CopyRawToHost (0.56).
 * @param buffer [borrowed: call]
 * @param offset the first byte
 * @param dst [borrowed: out_done] until the event is ready
 * @param out_done [owned: pjrt_event_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_copy_raw_to_host_async(
    pjrt_buffer *buffer, size_t offset, void *dst, size_t size,
    pjrt_event **out_done);

/* The same, and waits for it.
 * @param buffer [borrowed: call]
 * @param dst [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_copy_raw_to_host(
    pjrt_buffer *buffer, size_t offset, void *dst, size_t size);

/* A raw copy whose destination is not known yet. It gets one by
 * pjrt_raw_copy_start, or an error by pjrt_raw_copy_fail; freed without either,
 * it is cancelled. So its event is always ready in the end. */
typedef struct pjrt_raw_copy pjrt_raw_copy;

/* Announces a raw copy, so that the plugin can prepare it while the destination
 * is still being found. Errors as pjrt_buffer_copy_raw_to_host_async.
 * PJRT: PJRT_Buffer_CopyRawToHostFuture (0.84).
 * @param buffer [borrowed: call]
 * @param offset the first byte
 * @param out [owned: pjrt_raw_copy_free]
 * @param out_done [owned: pjrt_event_free] ready when the bytes are at the
 *   destination, or failed */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_copy_raw_to_host_future(
    pjrt_buffer *buffer, size_t offset, size_t size, pjrt_raw_copy **out,
    pjrt_event **out_done);

/* Gives the copy its destination, with room for the announced bytes, which must
 * stay until the copy's event is ready. INVALID_ARGUMENT: NULL where there are
 * bytes. FAILED_PRECONDITION: it was started or failed before.
 * PJRT: PJRT_Buffer_CopyRawToHostFuture (0.84).
 * @param copy [borrowed: call]
 * @param dst [borrowed: copy] until the event of the copy is ready */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_raw_copy_start(pjrt_raw_copy *copy,
                                                       void *dst);

/* Says that there will be no destination: the copy's event fails with `error`.
 * INVALID_ARGUMENT: NULL, which is no error, or a code that PJRT does not
 * define. FAILED_PRECONDITION as above.
 * PJRT: PJRT_Buffer_CopyRawToHostFuture (0.84).
 * @param copy [borrowed: call]
 * @param error [borrowed: call] its code and message */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_raw_copy_fail(pjrt_raw_copy *copy,
                                                      const pjrt_error *error);

/* Drops the handle. A copy that was started goes on; one that was not fails
 * with CANCELLED.
 * @param copy [taken] */
PJRT_API void pjrt_raw_copy_free(pjrt_raw_copy *copy);

PJRT_END_DECLS

#endif /* PJRT_BUFFER_COPY_H_ */
