/* Making the configurations of several slices. */
#ifndef PJRT_EXT_MULTI_SLICE_CONFIG_H_
#define PJRT_EXT_MULTI_SLICE_CONFIG_H_

#include "core/multi_slice.h"
#include "pjrt/ext/multi_slice.h"

/* Destroys what the plugin made. */
void pjrt_multi_slice_config_end(pjrt_object *object);

#endif /* PJRT_EXT_MULTI_SLICE_CONFIG_H_ */
