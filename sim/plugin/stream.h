/* Send and receive callbacks of an execution. */
#ifndef PJRT_SIM_STREAM_H_
#define PJRT_SIM_STREAM_H_

#include "plugin/slots.h"

/* Calls each send callback with one chunk, and each receive callback with a
 * stream of SIM_STREAM_BYTES to fill. */
PJRT_Error *sim_run_callbacks(const PJRT_ExecuteOptions *options,
                              size_t num_devices);

enum { SIM_STREAM_BYTES = 16, SIM_STREAM_GRANULE = 4 };

#endif /* PJRT_SIM_STREAM_H_ */
