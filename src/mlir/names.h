/* Names in nested scopes. */
#ifndef PJRT_MLIR_NAMES_H_
#define PJRT_MLIR_NAMES_H_

#include "mlir/mlir.h"

typedef struct mlir_name {
  const char *text; /* the caller's */
  size_t size;
  uint32_t index; /* what it stands for */
  uint32_t num;   /* how many of them */
  pjrt_mlir_place place;
  uint32_t hash;
  uint32_t next; /* in its bucket, plus 1; 0 ends */
} mlir_name;

/* Zero-initialize. */
typedef struct mlir_names {
  mlir_name *names;
  size_t num;
  size_t capacity;
  uint32_t *buckets; /* first of each, plus 1 */
  size_t num_buckets;
} mlir_names;

const mlir_name *mlir_names_find(const mlir_names *names, const char *text,
                                 size_t size);

/* `name` must not be there yet. False when memory is short. */
bool mlir_names_add(mlir_names *names, const mlir_name *name);

/* Forgets what was added since there were `num`. */
void mlir_names_pop(mlir_names *names, size_t num);

void mlir_names_clear(mlir_names *names);

#endif /* PJRT_MLIR_NAMES_H_ */
