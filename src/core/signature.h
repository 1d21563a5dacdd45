/* Signatures: what a program takes and gives, per device. */
#ifndef PJRT_CORE_SIGNATURE_H_
#define PJRT_CORE_SIGNATURE_H_

#include "pjrt/dtype.h"

typedef struct pjrt_shape {
  pjrt_dtype dtype;
  size_t num_dims;
  const int64_t *dims;
  const int64_t *minor_to_major; /* num_dims entries; NULL: row-major */
  bool is_tiled;
  bool has_dynamic_dims; /* then dims are upper bounds */
} pjrt_shape;

typedef struct pjrt_signature {
  size_t num_parameters;
  pjrt_shape *parameters;
  bool *is_donated; /* per parameter: aliased to an output, or a donor */
  size_t num_outputs;
  pjrt_shape *outputs;
} pjrt_signature;

/* Copies `shape` into the empty `out`; a row-major layout becomes NULL. Success
 * with *out_known false when it is not a shape that can be checked: an element
 * type that this library does not know, a negative dimension, a layout that is
 * no permutation of the dimensions, more than 64 of them. */
pjrt_error *pjrt_shape_copy(const pjrt_shape *shape, pjrt_shape *out,
                            bool *out_known)
    __attribute__((warn_unused_result));

/* A signature whose shapes are still empty. */
pjrt_error *pjrt_signature_create(size_t num_parameters, size_t num_outputs,
                                  pjrt_signature **out)
    __attribute__((warn_unused_result));

void pjrt_signature_free(pjrt_signature *signature);

/* Reads the signature of a serialized HloModuleProto, or, `with_config`, of an
 * HloModuleProtoWithConfig. Walks over everything else, so that constants cost
 * nothing but the memory they are in.
 * Success with NULL when the program cannot be checked: parameters or nested
 * results that are tuples, shapes that pjrt_shape_copy does not take, no
 * layout, no program shape. INVALID_ARGUMENT when the bytes are damaged. */
pjrt_error *pjrt_signature_from_hlo(const void *code, size_t size,
                                    bool with_config, pjrt_signature **out)
    __attribute__((warn_unused_result));

/* The form that artifacts hold. free() it. */
pjrt_error *pjrt_signature_pack(const pjrt_signature *signature, void **out,
                                size_t *out_size)
    __attribute__((warn_unused_result));

/* INVALID_ARGUMENT when pjrt_signature_pack did not make the bytes. */
pjrt_error *pjrt_signature_unpack(const void *data, size_t size,
                                  pjrt_signature **out)
    __attribute__((warn_unused_result));

#endif /* PJRT_CORE_SIGNATURE_H_ */
