/* What a launch leaves with the plugin until its program is done: the callbacks
 * of its options, its context, and its configuration of slices. */
#ifndef PJRT_CORE_HOST_CALLS_H_
#define PJRT_CORE_HOST_CALLS_H_

#include "core/client.h"
#include "pjrt/executable.h"

typedef struct pjrt_host_calls pjrt_host_calls;

/* *out stays NULL where the options ask for none. INVALID_ARGUMENT for a list
 * or a callback that is NULL, or a context of another client. */
pjrt_error *pjrt_host_calls_create(pjrt_client *client, size_t num_devices,
                                   const pjrt_execute_opts *opts,
                                   pjrt_host_calls **out)
    __attribute__((warn_unused_result));

/* Says them to the plugin; points into `calls`. */
void pjrt_host_calls_fill(const pjrt_host_calls *calls,
                          PJRT_ExecuteOptions *options);

/* Ends them when the launch is done. When this fails it waits for that, and
 * they are still the caller's. */
pjrt_error *pjrt_host_calls_end_with(pjrt_host_calls *calls, pjrt_event *done)
    __attribute__((warn_unused_result));

/* Ends them now; NULL is nothing. */
void pjrt_host_calls_end(pjrt_host_calls *calls);

#endif /* PJRT_CORE_HOST_CALLS_H_ */
