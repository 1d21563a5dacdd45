#include "ext/custom_partitioner_call.h"

#include <stdlib.h>

#include "abi/counts.h"
#include "base/alloc.h"
#include "base/error.h"
#include "core/dtype.h"

static pjrt_error *read_shape(const JAX_CustomCallPartitioner_string *bytes,
                              pjrt_partition_value *value,
                              Pjrt__ShapeProto **out) {
  PJRT_TRY(pjrt_count_check("a shape's size", bytes->size, bytes->data));
  Pjrt__ShapeProto *shape = pjrt__shape_proto__unpack(
      NULL, bytes->size, (const uint8_t *)bytes->data);
  if (!shape) {
    return pjrt_error_format(PJRT_INTERNAL, "the plugin's shape is damaged");
  }
  *out = shape;
  value->shape_proto = bytes->data;
  value->shape_proto_size = bytes->size;
  value->dtype = pjrt_dtype_from_xla((uint64_t)shape->element_type);
  value->dims = shape->dimensions;
  value->num_dims = shape->n_dimensions;
  return NULL;
}

/* A sharding of another kind than ours is none of ours, and no error. */
static pjrt_error *read_sharding(const JAX_CustomCallPartitioner_string *bytes,
                                 pjrt_partition_value *value,
                                 pjrt_sharding **out) {
  PJRT_TRY(pjrt_count_check("a sharding's size", bytes->size, bytes->data));
  value->has_sharding = true;
  value->sharding_proto = bytes->data;
  value->sharding_proto_size = bytes->size;
  pjrt_error *error = pjrt_sharding_from_proto(bytes->data, bytes->size, out);
  value->sharding = *out;
  if (pjrt_error_code(error) != PJRT_UNIMPLEMENTED) return error;
  pjrt_error_drop(error);
  return NULL;
}

static pjrt_error *read_value(const JAX_CustomCallPartitioner_aval *from,
                              size_t i, pjrt_partition_reading *reading) {
  pjrt_partition_value *value = &reading->values[i];
  value->struct_size = sizeof *value;
  PJRT_TRY(read_shape(&from->shape, value, &reading->shapes[i]));
  if (!from->has_sharding) return NULL;
  return read_sharding(&from->sharding, value, &reading->shardings[i]);
}

static pjrt_error *make_room(size_t num, pjrt_partition_reading *reading) {
  reading->num_values = num;
  PJRT_TRY(pjrt_alloc(num, sizeof *reading->values, (void **)&reading->values));
  PJRT_TRY(pjrt_alloc(num, sizeof *reading->shapes, (void **)&reading->shapes));
  return pjrt_alloc(num, sizeof *reading->shardings,
                    (void **)&reading->shardings);
}

pjrt_error *pjrt_partition_read(const JAX_CustomCallPartitioner_aval *operands,
                                size_t num_operands,
                                const JAX_CustomCallPartitioner_aval *result,
                                JAX_CustomCallPartitioner_string backend_config,
                                pjrt_partition_reading *out) {
  PJRT_TRY(pjrt_count_check("a number of operands", num_operands, operands));
  PJRT_TRY(pjrt_count_check("a configuration's size", backend_config.size,
                            backend_config.data));
  PJRT_TRY(make_room(num_operands + 1, out));
  for (size_t i = 0; i < num_operands; i++) {
    PJRT_TRY(read_value(&operands[i], i, out));
  }
  PJRT_TRY(read_value(result, num_operands, out));
  out->call = (pjrt_partition_call){
      .struct_size = sizeof out->call,
      .operands = out->values,
      .num_operands = num_operands,
      .result = out->values[num_operands],
      .backend_config = backend_config.size ? backend_config.data : "",
      .backend_config_size = backend_config.size,
  };
  return NULL;
}

void pjrt_partition_reading_end(pjrt_partition_reading *reading) {
  for (size_t i = 0; reading->shapes && i < reading->num_values; i++) {
    if (reading->shapes[i]) {
      pjrt__shape_proto__free_unpacked(reading->shapes[i], NULL);
    }
  }
  for (size_t i = 0; reading->shardings && i < reading->num_values; i++) {
    pjrt_sharding_free(reading->shardings[i]);
  }
  free(reading->values);
  free(reading->shapes);
  free(reading->shardings);
}
