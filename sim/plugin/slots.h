/* The functions behind the slots of PJRT_Api: sim_PJRT_Client_Compile and so
 * on, each in the file of its noun. */
#ifndef PJRT_SIM_SLOTS_H_
#define PJRT_SIM_SLOTS_H_

#include "plugin/internal.h"

#define PJRT_CALL_ROW(fn, since, kind) PJRT_Error *sim_##fn(fn##_Args *args);
#define PJRT_CALL_ROW_VOID(fn, since, kind) void sim_##fn(fn##_Args *args);
#include "abi/generated/calls.inc"

/* The same with their checks, counts and faults. */
extern const PJRT_Api sim_slots;

/* Puts stubs where errors are read. */
void sim_stub_errors(PJRT_Api *api);

#endif /* PJRT_SIM_SLOTS_H_ */
