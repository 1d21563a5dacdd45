/* Operations on the elements of one array, or of two of the same type. */
#include <complex.h>
#include <math.h>

#include "interp/rules.h"
#include "interp/scalar.h"

#define INTEGER(name) sim_integer_##name
#define REAL(name) sim_real_##name
#define COMPLEX(name) sim_complex_##name

/* {real, complex, integer, boolean}. What changes the
 * type, such as abs of complex numbers, is in convert.c. */
/* clang-format off */
static const sim_unary unary[PJRT_MLIR_NUM_OPS] = {
  [PJRT_MLIR_ABS] = {fabs, NULL, INTEGER(abs), NULL},
  [PJRT_MLIR_CBRT] = {cbrt, COMPLEX(cbrt), NULL, NULL},
  [PJRT_MLIR_CEIL] = {ceil, NULL, NULL, NULL},
  [PJRT_MLIR_COSINE] = {cos, ccos, NULL, NULL},
  [PJRT_MLIR_COUNT_LEADING_ZEROS] = {NULL, NULL, INTEGER(clz), NULL},
  [PJRT_MLIR_EXPONENTIAL] = {exp, cexp, NULL, NULL},
  [PJRT_MLIR_EXPONENTIAL_MINUS_ONE] = {expm1, COMPLEX(expm1), NULL, NULL},
  [PJRT_MLIR_FLOOR] = {floor, NULL, NULL, NULL},
  [PJRT_MLIR_LOG] = {log, clog, NULL, NULL},
  [PJRT_MLIR_LOG_PLUS_ONE] = {log1p, COMPLEX(log1p), NULL, NULL},
  [PJRT_MLIR_LOGISTIC] = {REAL(logistic), COMPLEX(logistic), NULL, NULL},
  [PJRT_MLIR_NEGATE] = {REAL(negate), COMPLEX(negate), INTEGER(negate), NULL},
  [PJRT_MLIR_NOT] = {NULL, NULL, INTEGER(not), INTEGER(not)},
  [PJRT_MLIR_POPCNT] = {NULL, NULL, INTEGER(popcnt), NULL},
  [PJRT_MLIR_ROUND_NEAREST_AFZ] = {round, NULL, NULL, NULL},
  [PJRT_MLIR_ROUND_NEAREST_EVEN] = {nearbyint, NULL, NULL, NULL},
  [PJRT_MLIR_RSQRT] = {REAL(rsqrt), COMPLEX(rsqrt), NULL, NULL},
  [PJRT_MLIR_SIGN] = {REAL(sign), COMPLEX(sign), INTEGER(sign), NULL},
  [PJRT_MLIR_SINE] = {sin, csin, NULL, NULL},
  [PJRT_MLIR_SQRT] = {sqrt, COMPLEX(sqrt), NULL, NULL},
  [PJRT_MLIR_TAN] = {tan, ctan, NULL, NULL},
  [PJRT_MLIR_TANH] = {tanh, ctanh, NULL, NULL},

  [PJRT_MLIR_CHLO_ACOS] = {acos, cacos, NULL, NULL},
  [PJRT_MLIR_CHLO_ACOSH] = {acosh, cacosh, NULL, NULL},
  [PJRT_MLIR_CHLO_ASIN] = {asin, casin, NULL, NULL},
  [PJRT_MLIR_CHLO_ASINH] = {asinh, casinh, NULL, NULL},
  [PJRT_MLIR_CHLO_ATAN] = {atan, catan, NULL, NULL},
  [PJRT_MLIR_CHLO_ATANH] = {atanh, catanh, NULL, NULL},
  [PJRT_MLIR_CHLO_COSH] = {cosh, ccosh, NULL, NULL},
  [PJRT_MLIR_CHLO_ERF] = {erf, NULL, NULL, NULL},
  [PJRT_MLIR_CHLO_ERFC] = {erfc, NULL, NULL, NULL},
  [PJRT_MLIR_CHLO_LGAMMA] = {REAL(lgamma), NULL, NULL, NULL},
  [PJRT_MLIR_CHLO_SINH] = {sinh, csinh, NULL, NULL},
  [PJRT_MLIR_CHLO_SQUARE] =
    {REAL(square), COMPLEX(square), INTEGER(square), NULL},
  [PJRT_MLIR_CHLO_TAN] = {tan, ctan, NULL, NULL},
};

static const sim_binary binary[PJRT_MLIR_NUM_OPS] = {
  [PJRT_MLIR_ADD] =
    {REAL(add), COMPLEX(add), INTEGER(add), INTEGER(or)},
  [PJRT_MLIR_AND] = {NULL, NULL, INTEGER(and), INTEGER(and)},
  [PJRT_MLIR_ATAN2] = {atan2, COMPLEX(atan2), NULL, NULL},
  [PJRT_MLIR_DIVIDE] =
    {REAL(divide), COMPLEX(divide), INTEGER(divide), NULL},
  [PJRT_MLIR_MAXIMUM] =
    {REAL(maximum), NULL, INTEGER(maximum), INTEGER(or)},
  [PJRT_MLIR_MINIMUM] =
    {REAL(minimum), NULL, INTEGER(minimum), INTEGER(and)},
  [PJRT_MLIR_MULTIPLY] =
    {REAL(multiply), COMPLEX(multiply), INTEGER(multiply), INTEGER(and)},
  [PJRT_MLIR_OR] = {NULL, NULL, INTEGER(or), INTEGER(or)},
  [PJRT_MLIR_POWER] = {pow, COMPLEX(power), INTEGER(power), NULL},
  [PJRT_MLIR_REMAINDER] = {fmod, NULL, INTEGER(remainder), NULL},
  [PJRT_MLIR_SHIFT_LEFT] = {NULL, NULL, INTEGER(shift_left), NULL},
  [PJRT_MLIR_SHIFT_RIGHT_ARITHMETIC] =
    {NULL, NULL, INTEGER(shift_right_arithmetic), NULL},
  [PJRT_MLIR_SHIFT_RIGHT_LOGICAL] =
    {NULL, NULL, INTEGER(shift_right_logical), NULL},
  [PJRT_MLIR_SUBTRACT] =
    {REAL(subtract), COMPLEX(subtract), INTEGER(subtract), NULL},
  [PJRT_MLIR_XOR] = {NULL, NULL, INTEGER(xor), INTEGER(xor)},
};
/* clang-format on */

const sim_unary *sim_unary_of(pjrt_mlir_op_id id) {
  const sim_unary *row = &unary[id];
  return row->of_real || row->of_integer ? row : NULL;
}

const sim_binary *sim_binary_of(pjrt_mlir_op_id id) {
  const sim_binary *row = &binary[id];
  return row->of_real || row->of_integer ? row : NULL;
}

/* Which of four there is for a type. */
static bool takes(pjrt_dtype dtype, bool reals, bool pairs, bool integers,
                  bool booleans) {
  switch (pjrt_dtype_class_of(dtype)) {
    case PJRT_CLASS_FLOAT:
      return reals;
    case PJRT_CLASS_COMPLEX:
      return pairs;
    case PJRT_CLASS_SIGNED:
    case PJRT_CLASS_UNSIGNED:
      return integers;
    case PJRT_CLASS_BOOL:
      return booleans;
    default:
      return false;
  }
}

bool sim_unary_takes(const sim_unary *row, pjrt_dtype dtype) {
  return takes(dtype, row->of_real, row->of_complex, row->of_integer,
               row->of_boolean);
}

bool sim_binary_takes(const sim_binary *row, pjrt_dtype dtype) {
  return takes(dtype, row->of_real, row->of_complex, row->of_integer,
               row->of_boolean);
}

static pjrt_error *expect_type(const sim_prep *prep, bool takes_type) {
  for (size_t i = 0; i < prep->num_operands; i++) {
    SIM_EXPECT(prep, sim_type_equal(prep->operands[i], prep->results),
               "operand %zu must have the result's type", i);
  }
  SIM_EXPECT(prep, takes_type, "not defined on %s",
             pjrt_dtype_name(prep->results[0].dtype));
  return NULL;
}

/* --- One operand ---------------------------------------------------------- */

pjrt_error *sim_prepare_unary(sim_prep *prep, const void **out_plan) {
  const sim_unary *row = sim_unary_of(prep->op->source->id);
  *out_plan = row;
  PJRT_TRY(sim_expect_counts(prep, 1, 1));
  return expect_type(prep, sim_unary_takes(row, prep->results[0].dtype));
}

static void unary_reals(const sim_unary *row, const sim_tensor *in,
                        size_t first, size_t num, sim_tensor *out) {
  double x[SIM_CHUNK];
  sim_load_reals(in, first, num, x);
  for (size_t i = 0; i < num; i++) x[i] = row->of_real(x[i]);
  sim_store_reals(out, first, num, x);
}

static void unary_complex(const sim_unary *row, const sim_tensor *in,
                          size_t first, size_t num, sim_tensor *out) {
  sim_complex x[SIM_CHUNK];
  sim_load_complex(in, first, num, x);
  for (size_t i = 0; i < num; i++) x[i] = row->of_complex(x[i]);
  sim_store_complex(out, first, num, x);
}

static void unary_bits(const sim_unary *row, const sim_tensor *in, size_t first,
                       size_t num, sim_tensor *out) {
  uint64_t x[SIM_CHUNK];
  sim_integer type = sim_integer_of(in->type.dtype);
  bool is_bool = in->type.dtype == PJRT_PRED;
  uint64_t (*f)(uint64_t, sim_integer) =
      is_bool ? row->of_boolean : row->of_integer;
  sim_load_bits(in, first, num, x);
  for (size_t i = 0; i < num; i++) x[i] = f(x[i], type);
  sim_store_bits(out, first, num, x);
}

pjrt_error *sim_compute_unary(const sim_call *call) {
  const sim_unary *row = call->plan;
  const sim_tensor *in = call->operands[0];
  sim_tensor *out = call->results[0];
  for (size_t first = 0; first < out->type.num_elements; first += SIM_CHUNK) {
    size_t left = out->type.num_elements - first;
    size_t num = left < SIM_CHUNK ? left : SIM_CHUNK;
    switch (pjrt_dtype_class_of(in->type.dtype)) {
      case PJRT_CLASS_FLOAT:
        unary_reals(row, in, first, num, out);
        break;
      case PJRT_CLASS_COMPLEX:
        unary_complex(row, in, first, num, out);
        break;
      default:
        unary_bits(row, in, first, num, out);
    }
  }
  return NULL;
}

/* --- Two operands --------------------------------------------------------- */

pjrt_error *sim_prepare_binary(sim_prep *prep, const void **out_plan) {
  const sim_binary *row = sim_binary_of(prep->op->source->id);
  *out_plan = row;
  PJRT_TRY(sim_expect_counts(prep, 2, 1));
  return expect_type(prep, sim_binary_takes(row, prep->results[0].dtype));
}

static void load_reals(sim_span span, size_t num, double *out) {
  sim_load_reals(span.tensor, span.first, span.repeats ? 1 : num, out);
  for (size_t i = 1; span.repeats && i < num; i++) out[i] = out[0];
}

static void binary_reals(const sim_binary *row, sim_span a, sim_span b,
                         sim_tensor *out, size_t first, size_t num) {
  double x[SIM_CHUNK];
  double y[SIM_CHUNK];
  load_reals(a, num, x);
  load_reals(b, num, y);
  for (size_t i = 0; i < num; i++) x[i] = row->of_real(x[i], y[i]);
  sim_store_reals(out, first, num, x);
}

static void load_complex(sim_span span, size_t num, sim_complex *out) {
  sim_load_complex(span.tensor, span.first, span.repeats ? 1 : num, out);
  for (size_t i = 1; span.repeats && i < num; i++) out[i] = out[0];
}

static void binary_complex(const sim_binary *row, sim_span a, sim_span b,
                           sim_tensor *out, size_t first, size_t num) {
  sim_complex x[SIM_CHUNK];
  sim_complex y[SIM_CHUNK];
  load_complex(a, num, x);
  load_complex(b, num, y);
  for (size_t i = 0; i < num; i++) x[i] = row->of_complex(x[i], y[i]);
  sim_store_complex(out, first, num, x);
}

static void load_bits(sim_span span, size_t num, uint64_t *out) {
  sim_load_bits(span.tensor, span.first, span.repeats ? 1 : num, out);
  for (size_t i = 1; span.repeats && i < num; i++) out[i] = out[0];
}

static void binary_bits(const sim_binary *row, sim_span a, sim_span b,
                        sim_tensor *out, size_t first, size_t num) {
  uint64_t x[SIM_CHUNK];
  uint64_t y[SIM_CHUNK];
  sim_integer type = sim_integer_of(out->type.dtype);
  bool is_bool = out->type.dtype == PJRT_PRED;
  uint64_t (*f)(uint64_t, uint64_t, sim_integer) =
      is_bool ? row->of_boolean : row->of_integer;
  load_bits(a, num, x);
  load_bits(b, num, y);
  for (size_t i = 0; i < num; i++) x[i] = f(x[i], y[i], type);
  sim_store_bits(out, first, num, x);
}

void sim_apply_binary(const sim_binary *row, sim_span a, sim_span b,
                      sim_tensor *out, size_t out_first, size_t num) {
  while (num > 0) {
    size_t step = num < SIM_CHUNK ? num : SIM_CHUNK;
    switch (pjrt_dtype_class_of(out->type.dtype)) {
      case PJRT_CLASS_FLOAT:
        binary_reals(row, a, b, out, out_first, step);
        break;
      case PJRT_CLASS_COMPLEX:
        binary_complex(row, a, b, out, out_first, step);
        break;
      default:
        binary_bits(row, a, b, out, out_first, step);
    }
    if (!a.repeats) a.first += step;
    if (!b.repeats) b.first += step;
    out_first += step;
    num -= step;
  }
}

pjrt_error *sim_compute_binary(const sim_call *call) {
  sim_span a = {call->operands[0], 0, false};
  sim_span b = {call->operands[1], 0, false};
  sim_tensor *out = call->results[0];
  sim_apply_binary(call->plan, a, b, out, 0, out->type.num_elements);
  return NULL;
}
