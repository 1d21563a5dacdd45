/* What the files of the Megascale extension share. */
#ifndef PJRT_EXT_MEGASCALE_CALLS_H_
#define PJRT_EXT_MEGASCALE_CALLS_H_

#include "core/plugin.h"
#include "ext/extension.h"

#define MEGASCALE_CALL(plugin, slot, fn, args) \
  PJRT_EXT_CALL(plugin, Megascale, PJRT_Megascale_Extension, slot, fn, args)

/* INVALID_ARGUMENT for a number below `first`. */
pjrt_error *pjrt_megascale_check_number(const char *name, int64_t number,
                                        int64_t first)
    __attribute__((warn_unused_result));

/* INVALID_ARGUMENT for bytes that are NULL, or more than a message may have. */
pjrt_error *pjrt_megascale_check_message(const char *name, const void *bytes,
                                         size_t size)
    __attribute__((warn_unused_result));

#endif /* PJRT_EXT_MEGASCALE_CALLS_H_ */
