/* The functions of Megascale that are not in megascale.c. */
#ifndef PJRT_SIM_EXT_MEGASCALE_H_
#define PJRT_SIM_EXT_MEGASCALE_H_

#include "ext/ext.h"

#define SIM_MEGASCALE_FUNCTION(name) \
  PJRT_Error *sim_megascale_##name(PJRT_Megascale_##name##_Args *args)

SIM_MEGASCALE_FUNCTION(RegisterErrorHandler);
SIM_MEGASCALE_FUNCTION(UnregisterErrorHandler);
SIM_MEGASCALE_FUNCTION(GetOrCreateRuntimeError);
SIM_MEGASCALE_FUNCTION(ErrorAggregator_Create);
SIM_MEGASCALE_FUNCTION(ErrorAggregator_Delete);
SIM_MEGASCALE_FUNCTION(ErrorAggregator_AddError);
SIM_MEGASCALE_FUNCTION(ErrorAggregator_ProcessAndShutdown);
SIM_MEGASCALE_FUNCTION(ErrorAggregator_LogErrorDigest);
SIM_MEGASCALE_FUNCTION(ErrorAggregator_Size);
SIM_MEGASCALE_FUNCTION(ErrorAggregator_Active);
SIM_MEGASCALE_FUNCTION(ErrorDigest_Delete);
SIM_MEGASCALE_FUNCTION(GetInterfaceAddressesHelper);

/* Whether a name is there. */
PJRT_Error *sim_megascale_check_name(const char *what, const char *name,
                                     size_t size);

/* Fields and values of MegaScaleRuntimeError. */
enum {
  SIM_ERROR_TYPE = 1,
  SIM_ERROR_MESSAGE = 2,
  SIM_ERROR_START_MS = 3,
  SIM_ERROR_LAUNCH_ID = 5,
  SIM_ERROR_TASK_ID = 9,
  SIM_ERROR_UNRECOVERABLE_TYPE = 12
};
enum { SIM_HANG_DETECTED = 1, SIM_UNRECOVERABLE_ERROR = 2, SIM_CANCELLED = 3 };

#endif /* PJRT_SIM_EXT_MEGASCALE_H_ */
