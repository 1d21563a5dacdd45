/* Compile options as the plugins read them: a serialized
 * xla.CompileOptionsProto. */
#ifndef PJRT_CORE_COMPILE_OPTIONS_H_
#define PJRT_CORE_COMPILE_OPTIONS_H_

#include "pjrt/compile.h"

/* Everything about `opts`, a complete struct, that can be judged without a
 * client: counts of at least 1, as many device ids as they ask for, none
 * twice, XLA options of a kind that XLA takes, a serialized form that is whole
 * and has counts. INVALID_ARGUMENT otherwise. */
pjrt_error *pjrt_compile_options_check(const pjrt_compile_opts *opts)
    __attribute__((warn_unused_result));

/* Checks as above and serializes; a form that came serialized is copied.
 * `device_ids` are replicas times partitions, replica-major: those of `opts` or
 * the plugin's default ones; NULL leaves the choice to the plugin. They are
 * not used for a portable executable, which has none. free() the result. */
pjrt_error *pjrt_compile_options_serialize(const pjrt_compile_opts *opts,
                                           const int *device_ids,
                                           size_t num_device_ids, void **out,
                                           size_t *out_size)
    __attribute__((warn_unused_result));

/* The counts in a serialized form. INVALID_ARGUMENT when it is damaged or one
 * of them is missing, below 1 or too large: plugins end the process then. */
pjrt_error *pjrt_compile_options_counts(const void *serialized, size_t size,
                                        int *out_num_replicas,
                                        int *out_num_partitions)
    __attribute__((warn_unused_result));

#endif /* PJRT_CORE_COMPILE_OPTIONS_H_ */
