/* What a program and its host send one another while it runs. */
#ifndef PJRT_SIM_STREAM_H_
#define PJRT_SIM_STREAM_H_

#include "interp/tensor.h"
#include "plugin/slots.h"

/* Calls each send callback with one chunk, each receive callback with a stream
 * of SIM_STREAM_BYTES to fill, and each callback for HLO outputs with as many
 * bytes of zeroes for each operand, whatever the program is. */
PJRT_Error *sim_run_callbacks(const PJRT_ExecuteOptions *options,
                              PJRT_Device *const *devices, size_t num_devices);

enum { SIM_STREAM_BYTES = 16, SIM_STREAM_GRANULE = 4 };

/* The callbacks of one run, which outlive the call that brought them. */
typedef struct sim_host_transfers sim_host_transfers;

sim_host_transfers *sim_host_transfers_create(
    const PJRT_ExecuteOptions *options, PJRT_Device *const *devices,
    size_t num_devices);
void sim_host_transfers_free(sim_host_transfers *transfers);

/* One value, in one chunk; blocks for as long as the link takes. */
pjrt_error *sim_host_send(const sim_host_transfers *transfers, size_t device,
                          int64_t channel, const sim_tensor *value);
/* Blocks until the host has sent it all. */
pjrt_error *sim_host_receive(const sim_host_transfers *transfers, size_t device,
                             int64_t channel, sim_tensor *out_value);

#endif /* PJRT_SIM_STREAM_H_ */
