/* Shardings as XLA's messages, the other way round than
 * pjrt_sharding_from_proto. */
#ifndef PJRT_EXT_SHARDING_BYTES_H_
#define PJRT_EXT_SHARDING_BYTES_H_

#include "pjrt/ext/shardings.h"

/* A serialized OpSharding; free() it. */
pjrt_error *pjrt_sharding_to_bytes(const pjrt_sharding *sharding, char **out,
                                   size_t *out_size)
    __attribute__((warn_unused_result));

#endif /* PJRT_EXT_SHARDING_BYTES_H_ */
