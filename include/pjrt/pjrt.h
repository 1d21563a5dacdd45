/* Everything: the whole typed API of libpjrt. Start with base.h, which states
 * the conventions, and the first example. */
#ifndef PJRT_PJRT_H_
#define PJRT_PJRT_H_

#include "pjrt/array.h"
#include "pjrt/base.h"
#include "pjrt/buffer.h"
#include "pjrt/client.h"
#include "pjrt/compile.h"
#include "pjrt/device.h"
#include "pjrt/discovery.h"
#include "pjrt/dtype.h"
#include "pjrt/error.h"
#include "pjrt/event.h"
#include "pjrt/executable.h"
#include "pjrt/inspect.h"
#include "pjrt/io/npy.h"
#include "pjrt/layout.h"
#include "pjrt/memory.h"
#include "pjrt/named_values.h"
#include "pjrt/plugin.h"
#include "pjrt/program.h"

#endif /* PJRT_PJRT_H_ */
