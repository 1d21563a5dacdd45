/* Making collectives, and what the files of the extension share. */
#ifndef PJRT_EXT_COLLECTIVES_OBJECTS_H_
#define PJRT_EXT_COLLECTIVES_OBJECTS_H_

#include "core/object.h"
#include "ext/extension.h"
#include "pjrt/ext/collectives.h"

#define COLLECTIVES_CALL(plugin, slot, fn, args) \
  PJRT_EXT_CALL(plugin, Collectives, PJRT_Collectives_Extension, slot, fn, args)

struct pjrt_communicator {
  pjrt_object object;
  PJRT_Collectives_Communicator *raw;
  int64_t *device_ids; /* by rank */
  size_t num_ranks;
  size_t rank;
  int32_t num_local_ranks;
};

/* Collectives that the plugin made of `parent`; ends them when this fails. */
pjrt_error *pjrt_collectives_wrap(pjrt_object *parent, PJRT_Collectives *raw,
                                  pjrt_collectives **out)
    __attribute__((warn_unused_result));

pjrt_error *pjrt_communicator_check(const pjrt_communicator *communicator)
    __attribute__((warn_unused_result));

#endif /* PJRT_EXT_COLLECTIVES_OBJECTS_H_ */
