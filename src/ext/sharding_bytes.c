#include "ext/sharding_bytes.h"

#include <stdlib.h>

#include "core/wire.h"
#include "ext/shardings.h"

enum {
  TYPE = 1,
  TILE_ASSIGNMENT_DIMENSIONS = 3,
  TILE_ASSIGNMENT_DEVICES = 4,
  TUPLE_SHARDINGS = 5,
  LAST_TILE_DIMS = 8,
  IOTA_RESHAPE_DIMS = 9,
  IOTA_TRANSPOSE_PERM = 10,
  IS_SHARD_GROUP = 11,
  SHARD_GROUP_ID = 12,
  SHARD_GROUP_TYPE = 13
};

static void put_list(pjrt_builder *out, uint32_t number, const int64_t *values,
                     size_t num) {
  pjrt_builder list = {0};
  for (size_t i = 0; i < num; i++) {
    pjrt_wire_append_varint(&list, (uint64_t)values[i]);
  }
  if (list.out_of_memory) out->out_of_memory = true;
  if (num) pjrt_wire_put_bytes(out, number, list.data, list.size);
  pjrt_builder_clear(&list);
}

static void put_devices(pjrt_builder *out, const pjrt_sharding *sharding) {
  if (sharding->devices) {
    put_list(out, TILE_ASSIGNMENT_DEVICES, sharding->devices,
             sharding->num_devices);
    return;
  }
  put_list(out, IOTA_RESHAPE_DIMS, sharding->iota_dims,
           sharding->num_iota_dims);
  put_list(out, IOTA_TRANSPOSE_PERM, sharding->iota_order,
           sharding->num_iota_dims);
}

static void put_group(pjrt_builder *out, const pjrt_sharding *sharding) {
  if (sharding->group == PJRT_SHARD_GROUP_NONE) return;
  pjrt_wire_put_varint(out, IS_SHARD_GROUP, 1);
  pjrt_wire_put_varint(out, SHARD_GROUP_ID, (uint64_t)sharding->group_id);
  pjrt_wire_put_varint(out, SHARD_GROUP_TYPE,
                       sharding->group == PJRT_SHARD_GROUP_LIKE);
}

static void put_leaf(pjrt_builder *out, const pjrt_sharding *sharding) {
  pjrt_wire_put_varint(out, TYPE, (uint64_t)sharding->kind);
  if (sharding->kind == PJRT_SHARDING_MAXIMAL) {
    const int64_t one = 1, device = pjrt_sharding_device(sharding, 0);
    put_list(out, TILE_ASSIGNMENT_DIMENSIONS, &one, 1);
    put_list(out, TILE_ASSIGNMENT_DEVICES, &device, 1);
  } else if (sharding->kind == PJRT_SHARDING_TILED) {
    put_list(out, TILE_ASSIGNMENT_DIMENSIONS, sharding->tile_dims,
             sharding->num_tile_dims);
    put_devices(out, sharding);
    for (size_t i = 0; i < sharding->num_subgroups; i++) {
      pjrt_wire_put_varint(out, LAST_TILE_DIMS,
                           (uint64_t)sharding->subgroups[i]);
    }
  }
  put_group(out, sharding);
}

/* Tuples hold no tuples. */
static void put_tuple(pjrt_builder *out, const pjrt_sharding *tuple) {
  pjrt_wire_put_varint(out, TYPE, PJRT_SHARDING_TUPLE);
  for (size_t i = 0; i < tuple->num_elements; i++) {
    pjrt_builder element = {0};
    put_leaf(&element, tuple->elements[i]);
    if (element.out_of_memory) out->out_of_memory = true;
    pjrt_wire_put_bytes(out, TUPLE_SHARDINGS, element.data, element.size);
    pjrt_builder_clear(&element);
  }
}

pjrt_error *pjrt_sharding_to_bytes(const pjrt_sharding *sharding, char **out,
                                   size_t *out_size) {
  pjrt_builder builder = {0};
  if (sharding->kind == PJRT_SHARDING_TUPLE) {
    put_tuple(&builder, sharding);
  } else {
    put_leaf(&builder, sharding);
  }
  return pjrt_builder_finish(&builder, out, out_size);
}
