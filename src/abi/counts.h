/* Judging the counts that plugins answer with, before anyone believes them. */
#ifndef PJRT_ABI_COUNTS_H_
#define PJRT_ABI_COUNTS_H_

#include "abi/generated/out_counts.h"
#include "abi/plugin.h"

/* INTERNAL when a count in the outputs of a call that succeeded is absurd, or
 * counts what a NULL points to. `first` is PJRT_FIRST_OUT_COUNT_ of the call,
 * which has counts. */
pjrt_error *pjrt_counts_check(const pjrt_plugin *plugin, int first,
                              const void *args)
    __attribute__((warn_unused_result));

/* For counts inside what a plugin's pointers lead to. */
pjrt_error *pjrt_count_check(const char *name, size_t count, const void *items)
    __attribute__((warn_unused_result));

/* The same for bytes, of which there may be far more. */
pjrt_error *pjrt_bytes_check(const char *name, size_t size, const void *bytes)
    __attribute__((warn_unused_result));

#endif /* PJRT_ABI_COUNTS_H_ */
