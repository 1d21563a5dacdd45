/* A custom call as the plugin describes it, read for our callbacks. */
#ifndef PJRT_EXT_CUSTOM_PARTITIONER_CALL_H_
#define PJRT_EXT_CUSTOM_PARTITIONER_CALL_H_

#include "pjrt/abi.h"
#include "pjrt/ext/custom_partitioner.h"
#include "proto/xla.pb-c.h"

/* Zero-initialize; end it also when reading failed. */
typedef struct pjrt_partition_reading {
  pjrt_partition_call call;
  pjrt_partition_value *values; /* the operands, and then the result */
  Pjrt__ShapeProto **shapes;    /* that the dimensions are in */
  pjrt_sharding **shardings;
  size_t num_values;
} pjrt_partition_reading;

pjrt_error *pjrt_partition_read(const JAX_CustomCallPartitioner_aval *operands,
                                size_t num_operands,
                                const JAX_CustomCallPartitioner_aval *result,
                                JAX_CustomCallPartitioner_string backend_config,
                                pjrt_partition_reading *out)
    __attribute__((warn_unused_result));

void pjrt_partition_reading_end(pjrt_partition_reading *reading);

#endif /* PJRT_EXT_CUSTOM_PARTITIONER_CALL_H_ */
