/* Layouts between a plugin's structs and ours. */
#ifndef PJRT_CORE_LAYOUT_H_
#define PJRT_CORE_LAYOUT_H_

#include "abi/call.h"
#include "pjrt/layout.h"

/* A copy of a plugin's layout. INVALID_ARGUMENT for a kind that this library
 * does not know. */
pjrt_error *pjrt_layout_from_raw(const PJRT_Buffer_MemoryLayout *raw,
                                 pjrt_layout **out)
    __attribute__((warn_unused_result));

#endif /* PJRT_CORE_LAYOUT_H_ */
