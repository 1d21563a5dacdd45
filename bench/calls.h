/* More bare calls, for what bare.h has no whole operation for. */
#ifndef PJRT_BENCH_CALLS_H_
#define PJRT_BENCH_CALLS_H_

#include "bare.h"

enum { MAX_LAUNCH_DEVICES = 4 };

/* An error ends the program. */
void call_check(const bare *it, PJRT_Error *error);

/* Starts the program on so many devices: it->args holds a group for each, so
 * does `outs`. `done` gets one event per device. */
void call_launch(const bare *it, size_t num_devices, PJRT_Buffer **outs,
                 PJRT_Event **done);
void call_await(const bare *it, PJRT_Event *event); /* and destroys it */
void call_free(const bare *it, PJRT_Buffer *buffer);

/* `done` is when the host memory is no longer read; NULL: nobody asks. */
PJRT_Buffer *call_upload(const bare *it, const float *data, size_t num,
                         PJRT_HostBufferSemantics semantics, PJRT_Event **done);
void call_download(const bare *it, PJRT_Buffer *buffer, void *dst, size_t size);

/* Waits for the buffer and reads it where it is, under a reference that
 * call_end_view gives back. */
const void *call_view(const bare *it, PJRT_Buffer *buffer);
void call_end_view(const bare *it, PJRT_Buffer *buffer);

#endif /* PJRT_BENCH_CALLS_H_ */
