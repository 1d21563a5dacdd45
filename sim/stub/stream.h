/* Send and receive callbacks of an execution. */
#ifndef PJRT_STUB_STREAM_H_
#define PJRT_STUB_STREAM_H_

#include "stub/slots.h"

/* Calls each send callback with one chunk, and each receive callback with a
 * stream of STUB_STREAM_BYTES to fill. */
PJRT_Error *stub_run_callbacks(const PJRT_ExecuteOptions *options,
                               size_t num_devices);

enum { STUB_STREAM_BYTES = 16, STUB_STREAM_GRANULE = 4 };

#endif /* PJRT_STUB_STREAM_H_ */
