/* A launch in general: any number of devices, options, donation, parameters of
 * unknown shape; and every mistake that a caller can make. */
#ifndef PJRT_CORE_LAUNCH_H_
#define PJRT_CORE_LAUNCH_H_

#include "core/executable.h"

/* As pjrt_executable_execute_sharded_async; with `wait`, and then without
 * out_done, as the form that waits. */
pjrt_error *pjrt_launch(pjrt_executable *executable, size_t num_devices,
                        pjrt_buffer *const *args, size_t num_args,
                        const pjrt_execute_opts *opts, pjrt_buffer **outs,
                        size_t num_outs, bool wait, pjrt_event **out_done)
    __attribute__((warn_unused_result));

#endif /* PJRT_CORE_LAUNCH_H_ */
