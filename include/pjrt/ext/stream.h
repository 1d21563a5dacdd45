/* The Stream extension: the native streams of GPUs, for programs that put work
 * of their own, such as CUDA kernels, between a plugin's.
 *
 * A stream is the platform's own handle as a number: a CUstream on CUDA.
 *
 * UNIMPLEMENTED where the plugin has no such extension, as all but GPU plugins
 * do, or the device has no streams. */
#ifndef PJRT_EXT_STREAM_H_
#define PJRT_EXT_STREAM_H_

#include "pjrt/buffer.h"

PJRT_BEGIN_DECLS

/* The stream that a device has for events from outside. It is the plugin's:
 * valid as long as the device's client lives, and not to be destroyed.
 * INVALID_ARGUMENT: NULL, a device of another process.
 * PJRT: PJRT_Get_Stream_For_External_Ready_Events (0.49).
 * @param device [borrowed: call]
 * @param out [borrowed: call] 0 on failure */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_native_stream_of(pjrt_device *device,
                                                         intptr_t *out);

/* Lets a stream wait until a buffer is ready: work that is put into the stream
 * afterwards may read the buffer's memory (pjrt_buffer_device_address). Returns
 * at once, and the stream waits. The buffer may be freed; its memory must be
 * kept by whoever reads it.
 * INVALID_ARGUMENT: NULL, and stream 0, since what that means is the
 * platform's: the default stream of CUDA has the handle CU_STREAM_LEGACY.
 * FAILED_PRECONDITION for a buffer that was deleted or donated.
 * PJRT: PJRT_Wait_Until_Buffer_Ready_On_Stream (0.49).
 * @param stream that of a device, or any of the caller's own on the same
 *   platform; the plugin ends the process, or worse, if it is none
 * @param buffer [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_native_stream_wait_for(
    intptr_t stream, pjrt_buffer *buffer);

PJRT_END_DECLS

#endif /* PJRT_EXT_STREAM_H_ */
