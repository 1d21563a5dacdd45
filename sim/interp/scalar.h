/* The arithmetic of single elements, in the three forms of tensor.h.
 *
 * A table row gives an operation's function for each form, NULL where the
 * operation is not defined on it. Most of the functions are libm's. */
#ifndef SIM_INTERP_SCALAR_H_
#define SIM_INTERP_SCALAR_H_

#include "interp/tensor.h"
#include "mlir/ops.h"

/* The width of an integer type, which bits alone do not tell. */
typedef struct sim_integer {
  unsigned width;
  bool is_signed;
} sim_integer;
sim_integer sim_integer_of(pjrt_dtype dtype);

typedef struct sim_unary {
  double (*of_real)(double);
  sim_complex (*of_complex)(sim_complex);
  uint64_t (*of_integer)(uint64_t, sim_integer);
  uint64_t (*of_boolean)(uint64_t, sim_integer);
} sim_unary;

typedef struct sim_binary {
  double (*of_real)(double, double);
  sim_complex (*of_complex)(sim_complex, sim_complex);
  uint64_t (*of_integer)(uint64_t, uint64_t, sim_integer);
  uint64_t (*of_boolean)(uint64_t, uint64_t, sim_integer);
} sim_binary;

/* NULL for operations of another kind. */
const sim_unary *sim_unary_of(pjrt_mlir_op_id id);
const sim_binary *sim_binary_of(pjrt_mlir_op_id id);

/* Whether the row has a function for elements of this type. */
bool sim_unary_takes(const sim_unary *row, pjrt_dtype dtype);
bool sim_binary_takes(const sim_binary *row, pjrt_dtype dtype);

/* A run of elements from `first` on, or one element again and again. */
typedef struct sim_span {
  const sim_tensor *tensor;
  size_t first;
  bool repeats;
} sim_span;

/* out[i] = row(a[i], b[i]) for three tensors of one element type. `out` may be
 * one of the others at the same place. */
void sim_apply_binary(const sim_binary *row, sim_span a, sim_span b,
                      sim_tensor *out, size_t out_first, size_t num);

/* --- The functions that libm does not have -------------------------------- */

sim_complex sim_complex_of(double real, double imag);

double sim_real_sign(double x);
double sim_real_negate(double x);
double sim_real_logistic(double x);
double sim_real_rsqrt(double x);
double sim_real_lgamma(double x);
double sim_real_square(double x);
double sim_real_add(double a, double b);
double sim_real_subtract(double a, double b);
double sim_real_multiply(double a, double b);
double sim_real_divide(double a, double b);
double sim_real_maximum(double a, double b);
double sim_real_minimum(double a, double b);

sim_complex sim_complex_negate(sim_complex z);
sim_complex sim_complex_sign(sim_complex z);
sim_complex sim_complex_logistic(sim_complex z);
sim_complex sim_complex_sqrt(sim_complex z);
sim_complex sim_complex_rsqrt(sim_complex z);
sim_complex sim_complex_cbrt(sim_complex z);
sim_complex sim_complex_expm1(sim_complex z);
sim_complex sim_complex_log1p(sim_complex z);
sim_complex sim_complex_square(sim_complex z);
sim_complex sim_complex_add(sim_complex a, sim_complex b);
sim_complex sim_complex_subtract(sim_complex a, sim_complex b);
sim_complex sim_complex_multiply(sim_complex a, sim_complex b);
sim_complex sim_complex_divide(sim_complex a, sim_complex b);
sim_complex sim_complex_power(sim_complex a, sim_complex b);
sim_complex sim_complex_atan2(sim_complex a, sim_complex b);

uint64_t sim_integer_abs(uint64_t x, sim_integer type);
uint64_t sim_integer_sign(uint64_t x, sim_integer type);
uint64_t sim_integer_negate(uint64_t x, sim_integer type);
uint64_t sim_integer_not(uint64_t x, sim_integer type);
uint64_t sim_integer_popcnt(uint64_t x, sim_integer type);
uint64_t sim_integer_clz(uint64_t x, sim_integer type);
uint64_t sim_integer_square(uint64_t x, sim_integer type);
uint64_t sim_integer_add(uint64_t a, uint64_t b, sim_integer type);
uint64_t sim_integer_subtract(uint64_t a, uint64_t b, sim_integer type);
uint64_t sim_integer_multiply(uint64_t a, uint64_t b, sim_integer type);
uint64_t sim_integer_divide(uint64_t a, uint64_t b, sim_integer type);
uint64_t sim_integer_remainder(uint64_t a, uint64_t b, sim_integer type);
uint64_t sim_integer_power(uint64_t a, uint64_t b, sim_integer type);
uint64_t sim_integer_maximum(uint64_t a, uint64_t b, sim_integer type);
uint64_t sim_integer_minimum(uint64_t a, uint64_t b, sim_integer type);
uint64_t sim_integer_and(uint64_t a, uint64_t b, sim_integer type);
uint64_t sim_integer_or(uint64_t a, uint64_t b, sim_integer type);
uint64_t sim_integer_xor(uint64_t a, uint64_t b, sim_integer type);
uint64_t sim_integer_shift_left(uint64_t a, uint64_t b, sim_integer type);
uint64_t sim_integer_shift_right_logical(uint64_t a, uint64_t b,
                                         sim_integer type);
uint64_t sim_integer_shift_right_arithmetic(uint64_t a, uint64_t b,
                                            sim_integer type);

#endif /* SIM_INTERP_SCALAR_H_ */
