/* Signatures in artifacts. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/signature.h"
#include "proto/artifact.pb-c.h"

/* ---- packing ------------------------------------------------------------- */

static Pjrt__SignatureShape pack_shape(const pjrt_shape *shape) {
  Pjrt__SignatureShape proto = PJRT__SIGNATURE_SHAPE__INIT;
  proto.dtype = (int32_t)shape->dtype;
  proto.n_dims = shape->num_dims;
  proto.dims = (int64_t *)shape->dims;
  proto.n_minor_to_major = shape->minor_to_major ? shape->num_dims : 0;
  proto.minor_to_major = (int64_t *)shape->minor_to_major;
  proto.is_tiled = shape->is_tiled;
  proto.has_dynamic_dims = shape->has_dynamic_dims;
  return proto;
}

/* What a message points to while it is packed. */
typedef struct pack_memory {
  Pjrt__SignatureShape *shapes;
  Pjrt__SignatureShape **pointers;
  protobuf_c_boolean *is_donated;
} pack_memory;

static pjrt_error *packing_create(const pjrt_signature *from,
                                  pack_memory *out) {
  const size_t num_parameters = from->num_parameters;
  const size_t num = num_parameters + from->num_outputs;
  PJRT_TRY(pjrt_alloc(num, sizeof *out->shapes, (void **)&out->shapes));
  PJRT_TRY(pjrt_alloc(num, sizeof *out->pointers, (void **)&out->pointers));
  PJRT_TRY(pjrt_alloc(num_parameters, sizeof *out->is_donated,
                      (void **)&out->is_donated));
  for (size_t i = 0; i < num; i++) {
    out->shapes[i] =
        pack_shape(i < num_parameters ? &from->parameters[i]
                                      : &from->outputs[i - num_parameters]);
    out->pointers[i] = &out->shapes[i];
  }
  for (size_t i = 0; i < num_parameters; i++) {
    out->is_donated[i] = from->is_donated[i];
  }
  return NULL;
}

static void packing_clear(pack_memory *packing) {
  free(packing->shapes);
  free(packing->pointers);
  free(packing->is_donated);
}

static pjrt_error *pack_message(const Pjrt__Signature *proto, void **out,
                                size_t *out_size) {
  const size_t size = pjrt__signature__get_packed_size(proto);
  PJRT_TRY(pjrt_alloc(size, 1, out));
  *out_size = pjrt__signature__pack(proto, *out);
  return NULL;
}

pjrt_error *pjrt_signature_pack(const pjrt_signature *signature, void **out,
                                size_t *out_size) {
  *out = NULL;
  *out_size = 0;
  pack_memory packing = {0};
  pjrt_error *error = packing_create(signature, &packing);
  if (!error) {
    Pjrt__Signature proto = PJRT__SIGNATURE__INIT;
    proto.n_parameters = proto.n_is_donated = signature->num_parameters;
    proto.parameters = packing.pointers;
    proto.is_donated = packing.is_donated;
    proto.n_outputs = signature->num_outputs;
    proto.outputs = packing.pointers + signature->num_parameters;
    error = pack_message(&proto, out, out_size);
  }
  packing_clear(&packing);
  return error;
}

/* ---- unpacking ----------------------------------------------------------- */

static pjrt_error *damaged(void) {
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "the artifact's signature is damaged");
}

static pjrt_error *unpack_shape(const Pjrt__SignatureShape *proto,
                                pjrt_shape *out) {
  const bool has_layout = proto->n_minor_to_major > 0;
  if (has_layout && proto->n_minor_to_major != proto->n_dims) return damaged();
  const pjrt_shape shape = {
      .dtype = (pjrt_dtype)proto->dtype,
      .num_dims = proto->n_dims,
      .dims = proto->dims,
      .minor_to_major = has_layout ? proto->minor_to_major : NULL,
      .is_tiled = proto->is_tiled != 0,
      .has_dynamic_dims = proto->has_dynamic_dims != 0};
  bool known;
  PJRT_TRY(pjrt_shape_copy(&shape, out, &known));
  return known ? NULL : damaged();
}

static pjrt_error *unpack_message(const Pjrt__Signature *proto,
                                  pjrt_signature *out) {
  for (size_t i = 0; i < out->num_parameters; i++) {
    PJRT_TRY(unpack_shape(proto->parameters[i], &out->parameters[i]));
    out->is_donated[i] = proto->is_donated[i] != 0;
  }
  for (size_t i = 0; i < out->num_outputs; i++) {
    PJRT_TRY(unpack_shape(proto->outputs[i], &out->outputs[i]));
  }
  return NULL;
}

static pjrt_error *unpack_new(const Pjrt__Signature *proto,
                              pjrt_signature **out) {
  if (proto->n_is_donated != proto->n_parameters) return damaged();
  PJRT_TRY(pjrt_signature_create(proto->n_parameters, proto->n_outputs, out));
  pjrt_error *error = unpack_message(proto, *out);
  if (error) {
    pjrt_signature_free(*out);
    *out = NULL;
  }
  return error;
}

pjrt_error *pjrt_signature_unpack(const void *data, size_t size,
                                  pjrt_signature **out) {
  *out = NULL;
  Pjrt__Signature *proto = pjrt__signature__unpack(NULL, size, data);
  if (!proto) return damaged();
  pjrt_error *error = unpack_new(proto, out);
  pjrt__signature__free_unpacked(proto, NULL);
  return error;
}
