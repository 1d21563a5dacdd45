/* What is supported: one row for each operation. */
#include "interp/rules.h"

#define ELEMENTWISE(prepare_fn, compute_fn) \
  {.prepare = sim_prepare_##prepare_fn,     \
   .compute = sim_compute_##compute_fn,     \
   .dynamism = SIM_KEEPS_SIZES}
#define UNARY ELEMENTWISE(unary, unary)
#define BINARY ELEMENTWISE(binary, binary)
#define COMPUTE(prepare_fn, compute_fn) \
  {.prepare = sim_prepare_##prepare_fn, .compute = sim_compute_##compute_fn}
#define PRODUCE(prepare_fn, produce_fn) \
  {.prepare = sim_prepare_##prepare_fn, .produce = sim_produce_##produce_fn}
#define RUN(prepare_fn, run_fn) \
  {.prepare = sim_prepare_##prepare_fn, .run = sim_run_##run_fn}
#define COLLECTIVE(name) \
  {.prepare = sim_prepare_##name, .run = sim_run_##name, .is_collective = true}
/* What only passes values on, or is about sizes itself. */
#define ANY_SIZES(kind, prepare_fn, fn) \
  {.prepare = sim_prepare_##prepare_fn, \
   .kind = sim_##kind##_##fn,           \
   .dynamism = SIM_TAKES_DYNAMIC}

/* clang-format off */
static const sim_rule rules[PJRT_MLIR_NUM_OPS] = {
  /* Elements of one array. */
  [PJRT_MLIR_ABS] = ELEMENTWISE(abs, abs),
  [PJRT_MLIR_CBRT] = UNARY,
  [PJRT_MLIR_CEIL] = UNARY,
  [PJRT_MLIR_COSINE] = UNARY,
  [PJRT_MLIR_COUNT_LEADING_ZEROS] = UNARY,
  [PJRT_MLIR_EXPONENTIAL] = UNARY,
  [PJRT_MLIR_EXPONENTIAL_MINUS_ONE] = UNARY,
  [PJRT_MLIR_FLOOR] = UNARY,
  [PJRT_MLIR_LOG] = UNARY,
  [PJRT_MLIR_LOG_PLUS_ONE] = UNARY,
  [PJRT_MLIR_LOGISTIC] = UNARY,
  [PJRT_MLIR_NEGATE] = UNARY,
  [PJRT_MLIR_NOT] = UNARY,
  [PJRT_MLIR_POPCNT] = UNARY,
  [PJRT_MLIR_ROUND_NEAREST_AFZ] = UNARY,
  [PJRT_MLIR_ROUND_NEAREST_EVEN] = UNARY,
  [PJRT_MLIR_RSQRT] = UNARY,
  [PJRT_MLIR_SIGN] = UNARY,
  [PJRT_MLIR_SINE] = UNARY,
  [PJRT_MLIR_SQRT] = UNARY,
  [PJRT_MLIR_TAN] = UNARY,
  [PJRT_MLIR_TANH] = UNARY,
  [PJRT_MLIR_CHLO_ACOS] = UNARY,
  [PJRT_MLIR_CHLO_ACOSH] = UNARY,
  [PJRT_MLIR_CHLO_ASIN] = UNARY,
  [PJRT_MLIR_CHLO_ASINH] = UNARY,
  [PJRT_MLIR_CHLO_ATAN] = UNARY,
  [PJRT_MLIR_CHLO_ATANH] = UNARY,
  [PJRT_MLIR_CHLO_COSH] = UNARY,
  [PJRT_MLIR_CHLO_ERF] = UNARY,
  [PJRT_MLIR_CHLO_ERFC] = UNARY,
  [PJRT_MLIR_CHLO_LGAMMA] = UNARY,
  [PJRT_MLIR_CHLO_SINH] = UNARY,
  [PJRT_MLIR_CHLO_SQUARE] = UNARY,
  [PJRT_MLIR_CHLO_TAN] = UNARY,

  /* Elements of two. */
  [PJRT_MLIR_ADD] = BINARY,
  [PJRT_MLIR_AND] = BINARY,
  [PJRT_MLIR_ATAN2] = BINARY,
  [PJRT_MLIR_DIVIDE] = BINARY,
  [PJRT_MLIR_MAXIMUM] = BINARY,
  [PJRT_MLIR_MINIMUM] = BINARY,
  [PJRT_MLIR_MULTIPLY] = BINARY,
  [PJRT_MLIR_OR] = BINARY,
  [PJRT_MLIR_POWER] = BINARY,
  [PJRT_MLIR_REMAINDER] = BINARY,
  [PJRT_MLIR_SHIFT_LEFT] = BINARY,
  [PJRT_MLIR_SHIFT_RIGHT_ARITHMETIC] = BINARY,
  [PJRT_MLIR_SHIFT_RIGHT_LOGICAL] = BINARY,
  [PJRT_MLIR_SUBTRACT] = BINARY,
  [PJRT_MLIR_XOR] = BINARY,

  /* Choices and changes of the element type. */
  [PJRT_MLIR_BITCAST_CONVERT] = COMPUTE(bitcast, bitcast),
  [PJRT_MLIR_CLAMP] = ELEMENTWISE(clamp, clamp),
  [PJRT_MLIR_COMPARE] = ELEMENTWISE(compare, compare),
  [PJRT_MLIR_COMPLEX] = ELEMENTWISE(complex, complex),
  [PJRT_MLIR_CONVERT] = ELEMENTWISE(convert, convert),
  [PJRT_MLIR_IMAG] = ELEMENTWISE(part, part),
  [PJRT_MLIR_IS_FINITE] = ELEMENTWISE(is_finite, is_finite),
  [PJRT_MLIR_REAL] = ELEMENTWISE(part, part),
  [PJRT_MLIR_REDUCE_PRECISION] =
    ELEMENTWISE(reduce_precision, reduce_precision),
  [PJRT_MLIR_SELECT] = ELEMENTWISE(select, select),

  /* Shapes. */
  [PJRT_MLIR_BROADCAST_IN_DIM] = COMPUTE(broadcast, broadcast),
  [PJRT_MLIR_CONCATENATE] = COMPUTE(concatenate, concatenate),
  [PJRT_MLIR_CONSTANT] = COMPUTE(constant, constant),
  [PJRT_MLIR_DYNAMIC_SLICE] = COMPUTE(dynamic_slice, dynamic_slice),
  [PJRT_MLIR_DYNAMIC_UPDATE_SLICE] =
    COMPUTE(dynamic_update_slice, dynamic_update_slice),
  [PJRT_MLIR_IOTA] = COMPUTE(iota, iota),
  [PJRT_MLIR_PAD] = COMPUTE(pad, pad),
  [PJRT_MLIR_RESHAPE] = COMPUTE(reshape, reshape),
  [PJRT_MLIR_REVERSE] = COMPUTE(reverse, reverse),
  [PJRT_MLIR_SLICE] = COMPUTE(slice, slice),
  [PJRT_MLIR_TRANSPOSE] = PRODUCE(transpose, transpose),

  /* The sizes of dynamic dimensions. */
  [PJRT_MLIR_GET_DIMENSION_SIZE] = ANY_SIZES(compute, get_size, get_size),
  [PJRT_MLIR_SET_DIMENSION_SIZE] = ANY_SIZES(compute, set_size, set_size),

  /* Many elements to one. */
  [PJRT_MLIR_DOT] = COMPUTE(dot, dot),
  [PJRT_MLIR_DOT_GENERAL] = COMPUTE(dot_general, dot),
  [PJRT_MLIR_REDUCE] = COMPUTE(reduce, reduce),

  /* Control and values. */
  [PJRT_MLIR_AFTER_ALL] = COMPUTE(token, nothing),
  [PJRT_MLIR_CASE] = RUN(case, branch),
  [PJRT_MLIR_COMPOSITE] = RUN(call, call),
  [PJRT_MLIR_CREATE_TOKEN] = COMPUTE(token, nothing),
  [PJRT_MLIR_FUNC_CALL] = ANY_SIZES(run, call, call),
  [PJRT_MLIR_GET_TUPLE_ELEMENT] = PRODUCE(tuple_element, tuple_element),
  [PJRT_MLIR_IF] = RUN(if, branch),
  [PJRT_MLIR_OPTIMIZATION_BARRIER] = ANY_SIZES(produce, barrier, operands),
  [PJRT_MLIR_TUPLE] = PRODUCE(tuple, tuple),
  [PJRT_MLIR_WHILE] = RUN(while, while),

  /* Other devices and the host. */
  [PJRT_MLIR_ALL_GATHER] = COLLECTIVE(all_gather),
  [PJRT_MLIR_ALL_REDUCE] = COLLECTIVE(all_reduce),
  [PJRT_MLIR_ALL_TO_ALL] = COLLECTIVE(all_to_all),
  [PJRT_MLIR_COLLECTIVE_BROADCAST] = COLLECTIVE(collective_broadcast),
  [PJRT_MLIR_COLLECTIVE_PERMUTE] = COLLECTIVE(permute),
  [PJRT_MLIR_CUSTOM_CALL] = COMPUTE(custom_call, custom_call),
  [PJRT_MLIR_PARTITION_ID] = COMPUTE(id, id),
  [PJRT_MLIR_RECV] = COMPUTE(recv, recv),
  [PJRT_MLIR_REDUCE_SCATTER] = COLLECTIVE(reduce_scatter),
  [PJRT_MLIR_REPLICA_ID] = COMPUTE(id, id),
  [PJRT_MLIR_SDY_MANUAL_COMPUTATION] = COLLECTIVE(manual),
  [PJRT_MLIR_SEND] = COMPUTE(send, send),
};
/* clang-format on */

const sim_rule *sim_rule_of(pjrt_mlir_op_id id) {
  return rules[id].prepare ? &rules[id] : NULL;
}
