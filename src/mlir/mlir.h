/* StableHLO text as a tree.
 *
 * A reader of MLIR's text form for the dialects func, stablehlo and what JAX
 * prints beside them. What it gives is verified: every use has a definition
 * before it, types of uses and definitions agree, calls resolve and do not
 * recurse, blocks end in a terminator, and operations known by number have the
 * operands, results, regions and block arguments that they are to have (their
 * number, not their shapes: what an operation means is for whoever runs it).
 *
 * Printed forms and generic forms of one operation read as the same tree:
 * attributes have the names of the generic form.
 *
 * Everything in a module lives until pjrt_mlir_free, does not change, and may
 * be read by many threads. Texts are followed by a NUL. */
#ifndef PJRT_MLIR_MLIR_H_
#define PJRT_MLIR_MLIR_H_

#include "mlir/ops.h"
#include "pjrt/dtype.h"

typedef struct pjrt_mlir_module pjrt_mlir_module;
typedef struct pjrt_mlir_func pjrt_mlir_func;
typedef struct pjrt_mlir_op pjrt_mlir_op;
typedef struct pjrt_mlir_block pjrt_mlir_block;
typedef struct pjrt_mlir_type pjrt_mlir_type;
typedef struct pjrt_mlir_attr pjrt_mlir_attr;

/* A place in the text, both from 1. */
typedef struct pjrt_mlir_place {
  uint32_t line;
  uint32_t column; /* in bytes */
} pjrt_mlir_place;

/* --- Types --------------------------------------------------------------- */

typedef enum pjrt_mlir_type_kind {
  PJRT_MLIR_TYPE_TENSOR,   /* tensor<2x?xf32> */
  PJRT_MLIR_TYPE_SCALAR,   /* f32: of attributes, never of a StableHLO value */
  PJRT_MLIR_TYPE_INDEX,    /* index */
  PJRT_MLIR_TYPE_NONE,     /* none */
  PJRT_MLIR_TYPE_TOKEN,    /* !stablehlo.token */
  PJRT_MLIR_TYPE_TUPLE,    /* tuple<tensor<f32>, ...> */
  PJRT_MLIR_TYPE_FUNCTION, /* (tensor<f32>, ...) -> tensor<f32> */
  PJRT_MLIR_TYPE_OPAQUE    /* another dialect's, such as !ffi.buffer<...> */
} pjrt_mlir_type_kind;

/* A dimension, or its bound, that is not known: "?". */
#define PJRT_MLIR_DYNAMIC INT64_C(-1)

struct pjrt_mlir_type {
  pjrt_mlir_type_kind kind;
  pjrt_dtype dtype;    /* TENSOR, SCALAR; i1 is PJRT_PRED */
  const int64_t *dims; /* TENSOR: 0 or more, or PJRT_MLIR_DYNAMIC */
  size_t num_dims;
  /* TENSOR: upper bounds of the dynamic dimensions, PJRT_MLIR_DYNAMIC where
   * there is none; NULL without #stablehlo.bounds, else num_dims. */
  const int64_t *bounds;
  const pjrt_mlir_attr *encoding; /* TENSOR: another encoding; mostly NULL */
  const pjrt_mlir_type *const *inputs; /* TUPLE: elements; FUNCTION: inputs */
  size_t num_inputs;
  const pjrt_mlir_type *const *results; /* FUNCTION */
  size_t num_results;
  const char *text; /* OPAQUE: as written */
};

bool pjrt_mlir_type_equal(const pjrt_mlir_type *a, const pjrt_mlir_type *b);

/* The type as MLIR writes it; cut to `size` bytes with the NUL. Gives `out`. */
const char *pjrt_mlir_type_text(const pjrt_mlir_type *type, char *out,
                                size_t size);
#define PJRT_MLIR_TYPE_TEXT_SIZE 160

/* --- Attributes ---------------------------------------------------------- */

typedef enum pjrt_mlir_attr_kind {
  PJRT_MLIR_ATTR_UNIT,   /* unit, or a bare name in a dictionary */
  PJRT_MLIR_ATTR_BOOL,   /* true */
  PJRT_MLIR_ATTR_INT,    /* 1 : i64 */
  PJRT_MLIR_ATTR_FLOAT,  /* 1.0 : f32 */
  PJRT_MLIR_ATTR_STRING, /* "text" */
  PJRT_MLIR_ATTR_ARRAY,  /* [1, "a"] */
  PJRT_MLIR_ATTR_DICT,   /* {a = 1} */
  PJRT_MLIR_ATTR_DENSE,  /* dense<[1, 2]> : tensor<2xi64>; array<i64: 1, 2> */
  PJRT_MLIR_ATTR_SYMBOL, /* @name */
  PJRT_MLIR_ATTR_ENUM,   /* #stablehlo<precision HIGH> */
  PJRT_MLIR_ATTR_STRUCT, /* #stablehlo.dot<lhs_batching_dimensions = [0]> */
  PJRT_MLIR_ATTR_TYPE,   /* tensor<f32> */
  PJRT_MLIR_ATTR_OPAQUE  /* another dialect's, such as #sdy.sharding<...> */
} pjrt_mlir_attr_kind;

typedef struct pjrt_mlir_named_attr {
  const char *name;
  const pjrt_mlir_attr *attr;
} pjrt_mlir_named_attr;

/* Names are unique; in the order of the text. */
typedef struct pjrt_mlir_dict {
  const pjrt_mlir_named_attr *items;
  size_t num_items;
} pjrt_mlir_dict;

struct pjrt_mlir_attr {
  pjrt_mlir_attr_kind kind;
  pjrt_mlir_place place;
  bool boolean;    /* BOOL */
  int64_t integer; /* INT: the bits; of a u64 above INT64_MAX, wrapped */
  double number;   /* FLOAT */
  /* INT, FLOAT: their type, i64 or f64 when none is written; DENSE: a tensor;
   * TYPE: the type. */
  const pjrt_mlir_type *type;
  /* STRING: the text. SYMBOL: the name without @ (nested ones as written after
   * it). ENUM: the value, such as "HIGH". OPAQUE: as written. */
  const char *text;
  size_t text_size;
  /* ENUM: what it is of, such as "precision". STRUCT: its name, such as
   * "stablehlo.dot". */
  const char *name;
  const pjrt_mlir_attr *const *items; /* ARRAY */
  size_t num_items;
  /* DICT, STRUCT. Lists of integers in a STRUCT are DENSE. A STRUCT
   * stablehlo.conv has the fields input_batch_dimension, ... of its
   * constructor, whichever form was written. */
  pjrt_mlir_dict fields;
  /* DENSE: elements in host form, one per byte where they are narrower, row
   * major, aligned to 16. One element only when is_splat, which up to 64
   * elements never is. */
  const void *data;
  size_t num_elements; /* of the tensor, also when is_splat */
  bool is_splat;
};

/* NULL when the dictionary has none of this name. */
const pjrt_mlir_attr *pjrt_mlir_dict_find(const pjrt_mlir_dict *dict,
                                          const char *name);

/* The elements of a DENSE attribute of i64. False for anything else. */
bool pjrt_mlir_attr_ints(const pjrt_mlir_attr *attr, const int64_t **out,
                         size_t *out_num);

/* --- The tree ------------------------------------------------------------ */

/* Values are numbered from 0 within their function, regions included: the
 * function's arguments first. Those of one block or one operation are
 * consecutive. */
typedef uint32_t pjrt_mlir_value;

typedef struct pjrt_mlir_value_info {
  const pjrt_mlir_type *type;
  pjrt_mlir_place place;
} pjrt_mlir_value_info;

struct pjrt_mlir_op {
  pjrt_mlir_op_id id;
  const char *name; /* "stablehlo.add" */
  pjrt_mlir_place place;
  const pjrt_mlir_value *operands;
  size_t num_operands;
  pjrt_mlir_value first_result;
  size_t num_results;
  pjrt_mlir_dict attributes;
  const pjrt_mlir_block *regions; /* StableHLO: one block each */
  size_t num_regions;
  const pjrt_mlir_func *callee; /* func.call, stablehlo.composite; else NULL */
};

struct pjrt_mlir_block {
  pjrt_mlir_value first_argument;
  size_t num_arguments;
  const pjrt_mlir_op *ops; /* the last is the terminator */
  size_t num_ops;
};

struct pjrt_mlir_func {
  const char *name;
  pjrt_mlir_place place;
  bool is_public;
  bool is_declaration;        /* no body: num_values 0 */
  const pjrt_mlir_type *type; /* FUNCTION */
  pjrt_mlir_dict attributes;
  const pjrt_mlir_dict *argument_attributes; /* type->num_inputs of them */
  const pjrt_mlir_dict *result_attributes;   /* type->num_results of them */
  pjrt_mlir_block body;
  const pjrt_mlir_value_info *values; /* every value of the function */
  size_t num_values;
};

struct pjrt_mlir_module {
  const char *name; /* "" without a name */
  pjrt_mlir_dict attributes;
  const pjrt_mlir_func *funcs;
  size_t num_funcs;
  const pjrt_mlir_op *ops; /* the others, such as sdy.mesh */
  size_t num_ops;
  void *arena; /* owns all of it */
};

/* Limits that valid programs do not come near and hostile ones run into. */
enum {
  PJRT_MLIR_MAX_RANK = 64,
  PJRT_MLIR_MAX_NESTING = 100,    /* regions, attributes and types */
  PJRT_MLIR_MAX_CALL_DEPTH = 1000 /* functions calling one another */
};

/* Reads a module, or bare functions. An error is INVALID_ARGUMENT, or
 * UNIMPLEMENTED for what MLIR has and this reader does not, and begins with
 * "LINE:COLUMN: ".
 * The text may lack a NUL. */
pjrt_error *pjrt_mlir_parse(const char *text, size_t size,
                            pjrt_mlir_module **out)
    __attribute__((warn_unused_result));

void pjrt_mlir_free(pjrt_mlir_module *module); /* NULL is legal */

/* NULL when there is no function of this name. */
const pjrt_mlir_func *pjrt_mlir_module_func(const pjrt_mlir_module *module,
                                            const char *name);

/* "stablehlo.add", or "" for PJRT_MLIR_OTHER. */
const char *pjrt_mlir_op_name(pjrt_mlir_op_id id);

/* --- What an operation has ----------------------------------------------- */

/* NULL when the operation has no attribute of this name. */
const pjrt_mlir_attr *pjrt_mlir_op_attr(const pjrt_mlir_op *op,
                                        const char *name);

/* One attribute that must be there and of the right kind: INVALID_ARGUMENT
 * names the operation, its place and the attribute. */
pjrt_error *pjrt_mlir_op_int(const pjrt_mlir_op *op, const char *name,
                             int64_t *out) __attribute__((warn_unused_result));
pjrt_error *pjrt_mlir_op_ints(const pjrt_mlir_op *op, const char *name,
                              const int64_t **out, size_t *out_num)
    __attribute__((warn_unused_result));
pjrt_error *pjrt_mlir_op_enum(const pjrt_mlir_op *op, const char *name,
                              const char **out)
    __attribute__((warn_unused_result));
pjrt_error *pjrt_mlir_op_struct(const pjrt_mlir_op *op, const char *name,
                                const pjrt_mlir_dict **out)
    __attribute__((warn_unused_result));

/* False when it is not there; a unit attribute is true. */
bool pjrt_mlir_op_bool(const pjrt_mlir_op *op, const char *name);

/* An error about an operation: "LINE:COLUMN: NAME: <format>". */
pjrt_error *pjrt_mlir_op_error(const pjrt_mlir_op *op, pjrt_code code,
                               const char *format, ...)
    __attribute__((format(printf, 3, 4), returns_nonnull, warn_unused_result));

#endif /* PJRT_MLIR_MLIR_H_ */
