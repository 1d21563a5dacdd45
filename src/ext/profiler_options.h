/* XLA's ProfileOptions as a message. */
#ifndef PJRT_EXT_PROFILER_OPTIONS_H_
#define PJRT_EXT_PROFILER_OPTIONS_H_

#include "pjrt/ext/profiler.h"

/* What the caller's options, or none, mean; free() it. */
pjrt_error *pjrt_profiler_options_pack(const pjrt_profiler_opts *given,
                                       char **out, size_t *out_size)
    __attribute__((warn_unused_result));

#endif /* PJRT_EXT_PROFILER_OPTIONS_H_ */
