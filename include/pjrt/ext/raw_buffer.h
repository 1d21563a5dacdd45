/* The RawBuffer extension: the memory of a buffer without its type and shape.
 * Of the plugins that are known those for TPUs have it.
 *
 * A raw buffer is an alias: it shares the memory of the buffer that it was made
 * of, and keeps that memory when the buffer is freed, deleted or donated. Its
 * copies wait until the buffer is filled, and for nothing else. Who writes
 * while programs read, or reads what a program was given by donation, sees what
 * is there at that moment: the order is the caller's to keep.
 *
 * Offsets and sizes are bytes as they lie on the device: in its layout, with
 * its padding, types narrower than a byte packed. Plugins may want them
 * aligned, and say so.
 *
 * What is here of the table that a raw buffer itself carries is what needs
 * nothing but the buffer. Its copies after other events and between raw buffers
 * take promises, which the ABI has no call to make: they are left out.
 *
 * UNIMPLEMENTED where the plugin has no such extension, or one that lacks the
 * function; pjrt_plugin_find_extension tells before. */
#ifndef PJRT_EXT_RAW_BUFFER_H_
#define PJRT_EXT_RAW_BUFFER_H_

#include "pjrt/buffer.h"
#include "pjrt/memory.h"

PJRT_BEGIN_DECLS

typedef struct pjrt_raw_buffer pjrt_raw_buffer;

/* ---- making and ending --------------------------------------------------- */

/* Makes an alias of the buffer's memory. It keeps the client alive.
 * INVALID_ARGUMENT: buffer is NULL. FAILED_PRECONDITION: the buffer was deleted
 * or donated.
 * PJRT: PJRT_RawBuffer_CreateRawAliasOfBuffer (0.69),
 * PJRT_RawBuffer_GetOnDeviceSizeInBytes (0.69).
 * @param buffer [borrowed: call]
 * @param out [owned: pjrt_raw_buffer_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_raw_buffer_create_alias(
    pjrt_buffer *buffer, pjrt_raw_buffer **out);

/* Drops the handle; copies under way go on. In a callback, the client's own
 * thread does it later.
 * PJRT: PJRT_RawBuffer_Destroy (0.69).
 * @param raw [taken] */
PJRT_API void pjrt_raw_buffer_free(pjrt_raw_buffer *raw);

/* ---- facts --------------------------------------------------------------- */

/* Its bytes on the device.
 * PJRT: PJRT_RawBuffer_GetOnDeviceSizeInBytes (0.69), read when it was made.
 * @param raw [borrowed: call] */
PJRT_API size_t pjrt_raw_buffer_size(const pjrt_raw_buffer *raw);

/* The memory that it lies in. INTERNAL where the plugin names one that is none
 * of the client's.
 * PJRT: PJRT_RawBuffer_GetMemorySpace (0.69).
 * @param raw [borrowed: call]
 * @param out [borrowed: raw] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_raw_buffer_memory(pjrt_raw_buffer *raw,
                                                          pjrt_memory **out);

/* Where the host sees its bytes; NULL where it does not. They are there once
 * the buffer is ready.
 * PJRT: PJRT_RawBuffer_GetHostPointer (0.69).
 * @param raw [borrowed: call]
 * @param out [borrowed: raw] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_raw_buffer_host_pointer(
    pjrt_raw_buffer *raw, void **out);

/* ---- copies -------------------------------------------------------------- */

/* Starts to copy from the host to `size` bytes from `offset` on.
 * INVALID_ARGUMENT: raw is NULL, or src for bytes. OUT_OF_RANGE: bytes past
 * pjrt_raw_buffer_size.
 * PJRT: PJRT_RawBuffer_CopyRawHostToDevice (0.69).
 * @param raw [borrowed: call]
 * @param src [borrowed: out_done] until the event is ready
 * @param out_done [owned: pjrt_event_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_raw_buffer_copy_from_host_async(
    pjrt_raw_buffer *raw, size_t offset, const void *src, size_t size,
    pjrt_event **out_done);

/* Starts to copy `size` bytes from `offset` on to the host. Errors as above.
 * PJRT: PJRT_RawBuffer_CopyRawDeviceToHost (0.69).
 * @param raw [borrowed: call]
 * @param dst [borrowed: out_done] until the event is ready
 * @param out_done [owned: pjrt_event_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_raw_buffer_copy_to_host_async(
    pjrt_raw_buffer *raw, size_t offset, void *dst, size_t size,
    pjrt_event **out_done);

/* ---- the table of newer raw buffers -------------------------------------- */

/* From API 0.112 on a plugin's raw buffers have functions of their own, which
 * no args and no minor describe: a table whose size says what is in it. */

/* Makes a raw buffer of `size` bytes from `offset` on, which shares them.
 * INVALID_ARGUMENT: raw is NULL. OUT_OF_RANGE: bytes past pjrt_raw_buffer_size.
 * Its table has `slice` from API 0.113 on.
 * @param raw [borrowed: call]
 * @param out [owned: pjrt_raw_buffer_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_raw_buffer_slice(pjrt_raw_buffer *raw,
                                                         size_t offset,
                                                         size_t size,
                                                         pjrt_raw_buffer **out);

/* Whether its bytes may be written. Memory that was lent to the plugin
 * read-only may not. Its table has `is_mutable` from API 0.113 on.
 * @param raw [borrowed: call]
 * @param out [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_raw_buffer_is_mutable(
    pjrt_raw_buffer *raw, bool *out);

/* The address of its bytes on the device, as the plugin tells it: for libraries
 * that work on the same device, not for the host. Its table has
 * `opaque_device_memory_data_pointer` from API 0.112 on.
 * @param raw [borrowed: call]
 * @param out [borrowed: raw] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_raw_buffer_device_pointer(
    pjrt_raw_buffer *raw, void **out);

/* An event that is ready when its memory is allocated, or cannot be. Its table
 * has `make_allocation_ready_event` from API 0.113 on.
 * @param raw [borrowed: call]
 * @param out [owned: pjrt_event_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_raw_buffer_allocation_event(
    pjrt_raw_buffer *raw, pjrt_event **out);

/* An event that is ready when the plugin's own object for its memory is, whose
 * error is why there is none. Its table has `get_raw_buffer_async_value` from
 * API 0.113 on.
 * @param raw [borrowed: call]
 * @param out [owned: pjrt_event_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_raw_buffer_async_value_event(
    pjrt_raw_buffer *raw, pjrt_event **out);

PJRT_END_DECLS

#endif /* PJRT_EXT_RAW_BUFFER_H_ */
