/* What compiling with and without a client have in common. */
#ifndef PJRT_CORE_COMPILE_H_
#define PJRT_CORE_COMPILE_H_

#include "pjrt/compile.h"

/* INVALID_ARGUMENT when complete options ask for more devices than `whose`, as
 * "the client", has. */
pjrt_error *pjrt_compile_check_counts(const pjrt_compile_opts *opts,
                                      const char *whose, size_t num_devices)
    __attribute__((warn_unused_result));

#endif /* PJRT_CORE_COMPILE_H_ */
