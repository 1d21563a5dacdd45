/* The functions behind the slots of PJRT_Api: stub_PJRT_Client_Compile and so
 * on, each in the file of its noun. */
#ifndef PJRT_STUB_SLOTS_H_
#define PJRT_STUB_SLOTS_H_

#include "stub/internal.h"

#define PJRT_CALL_ROW(fn, since, kind) PJRT_Error *stub_##fn(fn##_Args *args);
#define PJRT_CALL_ROW_VOID(fn, since, kind) void stub_##fn(fn##_Args *args);
#include "abi/generated/calls.inc"

#endif /* PJRT_STUB_SLOTS_H_ */
