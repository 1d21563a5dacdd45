/* Shardings from XLA's messages. */
#include "base/error.h"
#include "core/spec.h"
#include "ext/shardings.h"
#include "proto/xla.pb-c.h"

static pjrt_error *damaged(const char *what) {
  return pjrt_error_format(PJRT_INVALID_ARGUMENT, "not an OpSharding: %s",
                           what);
}

/* ---- one array ----------------------------------------------------------- */

static pjrt_error *set_subgroups(const Pjrt__OpSharding *message,
                                 pjrt_sharding_kind subgroups[PJRT_MAX_RANK],
                                 pjrt_sharding *draft) {
  if (message->n_last_tile_dims > PJRT_MAX_RANK) {
    return damaged("it has more than 64 subgroups");
  }
  for (size_t i = 0; i < message->n_last_tile_dims; i++) {
    subgroups[i] = (pjrt_sharding_kind)message->last_tile_dims[i];
  }
  draft->subgroups = subgroups;
  draft->num_subgroups = message->n_last_tile_dims;
  if (draft->num_subgroups == 0 && message->replicate_on_last_tile_dim) {
    subgroups[0] = PJRT_SHARDING_REPLICATED;
    draft->num_subgroups = 1;
  }
  return NULL;
}

static pjrt_error *set_iota(const Pjrt__OpSharding *message,
                            int64_t order[PJRT_MAX_RANK],
                            pjrt_sharding *draft) {
  const size_t num = message->n_iota_reshape_dims;
  if (num > PJRT_MAX_RANK || num != message->n_iota_transpose_perm) {
    return damaged("its transposition has another rank than its devices");
  }
  for (size_t i = 0; i < num; i++) order[i] = message->iota_transpose_perm[i];
  draft->iota_dims = message->iota_reshape_dims;
  draft->iota_order = order;
  draft->num_iota_dims = num;
  return NULL;
}

static void set_group(const Pjrt__OpSharding *message, pjrt_sharding *draft) {
  if (!message->is_shard_group) return;
  draft->group =
      message->shard_group_type ? PJRT_SHARD_GROUP_LIKE : PJRT_SHARD_GROUP_AS;
  draft->group_id = message->shard_group_id;
}

static pjrt_error *make_leaf(const Pjrt__OpSharding *message,
                             pjrt_sharding **out) {
  pjrt_sharding_kind subgroups[PJRT_MAX_RANK];
  int64_t order[PJRT_MAX_RANK];
  pjrt_sharding draft = {
      .kind = (pjrt_sharding_kind)message->type,
      .tile_dims = message->tile_assignment_dimensions,
      .num_tile_dims = message->n_tile_assignment_dimensions};
  if (message->named_sharding.len) return pjrt_sharding_is_named();
  PJRT_TRY(set_subgroups(message, subgroups, &draft));
  if (message->n_iota_reshape_dims) {
    PJRT_TRY(set_iota(message, order, &draft));
  } else if (message->n_tile_assignment_devices) {
    draft.devices = message->tile_assignment_devices;
    draft.num_devices = message->n_tile_assignment_devices;
  } else if (draft.kind == PJRT_SHARDING_TILED) {
    return damaged("it has tiles and no devices");
  }
  set_group(message, &draft);
  return pjrt_sharding_make(&draft, out);
}

/* ---- messages ------------------------------------------------------------ */

/* A list takes eight times as much when it is unpacked. */
enum { MOST_BYTES = 1 << 24 };

static pjrt_error *unpack(const void *data, size_t size,
                          Pjrt__OpSharding **out) {
  if (size > MOST_BYTES) return damaged("it is larger than 16 MiB");
  *out = pjrt__op_sharding__unpack(NULL, size, data);
  return *out ? NULL : damaged("it cannot be parsed");
}

static pjrt_error *make_element(const ProtobufCBinaryData *bytes,
                                pjrt_sharding **out) {
  Pjrt__OpSharding *message;
  PJRT_TRY(unpack(bytes->data, bytes->len, &message));
  pjrt_error *error = make_leaf(message, out);
  pjrt__op_sharding__free_unpacked(message, NULL);
  return error;
}

static pjrt_error *make_tuple(const Pjrt__OpSharding *message,
                              pjrt_sharding **out) {
  pjrt_sharding *tuple;
  pjrt_error *error = NULL;
  const size_t num = message->n_tuple_shardings;
  PJRT_TRY(pjrt_sharding_make_tuple(num, &tuple));
  for (size_t i = 0; i < num && !error; i++) {
    error = make_element(&message->tuple_shardings[i], &tuple->elements[i]);
    if (!error) tuple->num_elements++;
  }
  if (error) {
    pjrt_sharding_free(tuple);
    return error;
  }
  *out = tuple;
  return NULL;
}

pjrt_error *pjrt_sharding_from_proto(const void *data, size_t size,
                                     pjrt_sharding **out) {
  Pjrt__OpSharding *message;
  *out = NULL;
  if (size && !data) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "data is NULL for %zu bytes", size);
  }
  PJRT_TRY(unpack(data, size, &message));
  pjrt_error *error = message->type == PJRT__OP_SHARDING__TYPE__TUPLE
                          ? make_tuple(message, out)
                          : make_leaf(message, out);
  pjrt__op_sharding__free_unpacked(message, NULL);
  return error;
}
