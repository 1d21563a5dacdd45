/* A prepared program, and how a rule of an operation is written.
 *
 * Preparing checks an operation's attributes and types once and turns them
 * into a plan, so that computing need not look at them again and cannot reach
 * outside its operands. */
#ifndef SIM_INTERP_PROGRAM_H_
#define SIM_INTERP_PROGRAM_H_

#include "interp/interp.h"

/* Arrays of more dimensions are not supported, which lets shapes and strides
 * live on the stack. */
enum { SIM_MAX_RANK = 32 };

/* Blocks within one another, through regions and calls, which bounds the stack
 * that preparing and running take. */
enum { SIM_MAX_DEPTH = 1000 };

typedef struct sim_op sim_op;
typedef struct sim_rule sim_rule;
typedef struct sim_func sim_func;
typedef struct sim_sharding sim_sharding;

typedef struct sim_block {
  const pjrt_mlir_block *source;
  sim_op *ops; /* source->num_ops of them */
} sim_block;

struct sim_op {
  const pjrt_mlir_op *source;
  const sim_rule *rule;
  const void *plan;        /* made by the rule */
  sim_block *regions;      /* source->num_regions of them */
  const sim_func *callee;  /* of calls */
  const sim_type *results; /* source->num_results of them */
  uint32_t first_last_use; /* values that end here, see sim_func */
};

struct sim_func {
  const pjrt_mlir_func *source;
  sim_type *types; /* of every value */
  /* Values that are used for the last time by one operation form a list:
   * the operation has the first, and each the next. */
  uint32_t *next_last_use;
  const pjrt_mlir_op **definitions; /* of every value; NULL for arguments */
  sim_block body;
  bool prepared;
};
#define SIM_NO_VALUE UINT32_MAX

/* A parameter or result: what the program computes with, and the part of it
 * that one device is given or gives. Without a sharding they are the same. */
typedef struct sim_port {
  const sim_type *whole;
  sim_type part;
  const sim_sharding *sharding;
} sim_port;

struct sim_program {
  const pjrt_mlir_module *module;
  sim_program_opts opts;
  sim_func *funcs; /* in the order of the module */
  const sim_func *entry;
  const sim_port *parameters;
  const sim_port *results;
  bool has_collectives; /* devices depend on one another */
  size_t depth;         /* while it is prepared */
  struct sim_chunk *arena;
};

/* --- Preparing ------------------------------------------------------------ */

typedef struct sim_prep {
  sim_program *program;
  sim_op *op;
  const sim_type *const *operands;
  size_t num_operands;
  const sim_type *results;
  size_t num_results;
  const sim_func *func;
} sim_prep;

/* Zeroed memory that lives as long as the program. */
pjrt_error *sim_program_alloc(sim_program *program, size_t num, size_t size,
                              void **out) __attribute__((warn_unused_result));

/* INVALID_ARGUMENT about the operation that is being prepared, unless the
 * condition holds. */
#define SIM_EXPECT(prep, condition, ...)                                   \
  do {                                                                     \
    if (!(condition)) {                                                    \
      return pjrt_mlir_op_error((prep)->op->source, PJRT_INVALID_ARGUMENT, \
                                __VA_ARGS__);                              \
    }                                                                      \
  } while (0)

/* The numbers of operands and results. */
pjrt_error *sim_expect_counts(const sim_prep *prep, size_t num_operands,
                              size_t num_results)
    __attribute__((warn_unused_result));
/* Whether a type is an array of these dimensions. */
bool sim_has_dims(const sim_type *type, const int64_t *dims, size_t num_dims);
bool sim_same_dims(const sim_type *a, const sim_type *b);
bool sim_is_array(const sim_type *type);
bool sim_is_scalar(const sim_type *type, pjrt_dtype dtype);
bool sim_is_integer(const sim_type *type); /* not PRED */
pjrt_error *sim_expect_arrays(const sim_prep *prep)
    __attribute__((warn_unused_result));
/* Region i exists, takes values of these types and returns values of those. */
pjrt_error *sim_expect_region(const sim_prep *prep, size_t i,
                              const sim_type *const *arguments,
                              size_t num_arguments,
                              const sim_type *const *results,
                              size_t num_results)
    __attribute__((warn_unused_result));
/* A list of integers of `num` elements. */
pjrt_error *sim_expect_ints(const sim_prep *prep, const char *name, size_t num,
                            const int64_t **out)
    __attribute__((warn_unused_result));
/* A list of different dimensions of an array of `num_dims`. */
pjrt_error *sim_expect_dims(const sim_prep *prep, const char *what,
                            const int64_t *dims, size_t num, size_t num_dims)
    __attribute__((warn_unused_result));

/* UNIMPLEMENTED for dynamic dimensions that the operation's rule does not
 * take. */
pjrt_error *sim_expect_dynamism(const sim_prep *prep)
    __attribute__((warn_unused_result));

/* Refuses a depth above SIM_MAX_DEPTH. */
pjrt_error *sim_expect_depth(size_t depth) __attribute__((warn_unused_result));

/* --- Running -------------------------------------------------------------- */

typedef struct sim_execution {
  const sim_program *program;
  const sim_embedder *embedder;
  sim_budget budget;
  size_t first_device; /* that of lane 0 */
  size_t num_lanes;
  size_t depth;
} sim_execution;

/* The values of one activation of a function, one per device and value. */
typedef struct sim_frame {
  sim_execution *execution;
  const sim_func *func;
  sim_tensor **values;
} sim_frame;

/* The devices that take part: all, but within a region that others do not
 * enter. */
typedef struct sim_lanes {
  const size_t *lanes;
  size_t num;
} sim_lanes;

/* One operation on one device. */
typedef struct sim_call {
  sim_frame *frame;
  const sim_op *op;
  const void *plan;
  size_t lane;
  sim_tensor *const *operands;
  sim_tensor **results;
} sim_call;

/* What an operation does with arrays that have dynamic dimensions. */
typedef enum sim_dynamism {
  SIM_REFUSES_DYNAMIC = 0,
  /* Operands and results, but scalars, have the same dynamic dimensions, and
   * the values the same sizes. */
  SIM_KEEPS_SIZES,
  SIM_TAKES_DYNAMIC
} sim_dynamism;

/* How an operation is prepared and run. `prepare` and one of the others are
 * there. Rules of several operations tell them apart by the source's id. */
struct sim_rule {
  pjrt_error *(*prepare)(sim_prep *prep, const void **out_plan);
  /* One device: the results are made and to be filled. */
  pjrt_error *(*compute)(const sim_call *call);
  /* One device: the results are to be made. */
  pjrt_error *(*produce)(const sim_call *call);
  /* All devices at once. */
  pjrt_error *(*run)(sim_frame *frame, const sim_op *op, sim_lanes lanes);
  bool is_collective;
  sim_dynamism dynamism;
};

/* NULL for what is not supported. */
const sim_rule *sim_rule_of(pjrt_mlir_op_id id);

size_t sim_device_of(const sim_frame *frame, size_t lane);
sim_tensor *sim_frame_get(const sim_frame *frame, pjrt_mlir_value value,
                          size_t lane);
/* Takes over the caller's reference. */
void sim_frame_set(sim_frame *frame, pjrt_mlir_value value, size_t lane,
                   sim_tensor *tensor);

pjrt_error *sim_poll(const sim_execution *execution)
    __attribute__((warn_unused_result));

/* Runs the operations of a block, whose arguments are set, up to its
 * terminator. */
pjrt_error *sim_run_block(sim_frame *frame, const sim_block *block,
                          sim_lanes lanes) __attribute__((warn_unused_result));
const pjrt_mlir_op *sim_terminator(const sim_block *block);

/* Calls a function: `args` and `out` are lane by lane as sim_interpret's, for
 * all lanes, of which only those that take part are read and written. */
pjrt_error *sim_call_func(sim_execution *execution, const sim_func *func,
                          sim_lanes lanes, sim_tensor *const *args,
                          sim_tensor **out) __attribute__((warn_unused_result));

#endif /* SIM_INTERP_PROGRAM_H_ */
