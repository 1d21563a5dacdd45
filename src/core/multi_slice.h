/* The inside of a configuration of several slices, which an execution may be
 * told. What makes and asks them is in ext/. */
#ifndef PJRT_CORE_MULTI_SLICE_H_
#define PJRT_CORE_MULTI_SLICE_H_

#include "core/object.h"

struct pjrt_multi_slice_config {
  pjrt_object object;
  PJRT_MultiSlice_Config *raw;
};

#endif /* PJRT_CORE_MULTI_SLICE_H_ */
