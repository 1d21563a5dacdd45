#include <math.h>

#include "interp/scalar.h"

double sim_real_sign(double x) {
  return isnan(x) || x == 0 ? x : copysign(1, x);
}

double sim_real_negate(double x) { return -x; }

double sim_real_logistic(double x) { return 1 / (1 + exp(-x)); }

double sim_real_rsqrt(double x) { return 1 / sqrt(x); }

/* lgamma itself writes a global. */
double sim_real_lgamma(double x) {
  int sign;
  return lgamma_r(x, &sign);
}

double sim_real_square(double x) { return x * x; }

double sim_real_add(double a, double b) { return a + b; }
double sim_real_subtract(double a, double b) { return a - b; }
double sim_real_multiply(double a, double b) { return a * b; }
double sim_real_divide(double a, double b) { return a / b; }

/* Unlike fmax and fmin, NaN wins, and 0 is above -0. */
double sim_real_maximum(double a, double b) {
  if (isnan(a)) return a;
  if (a == b) return signbit(a) ? b : a;
  return a > b ? a : b;
}

double sim_real_minimum(double a, double b) {
  if (isnan(a)) return a;
  if (a == b) return signbit(a) ? a : b;
  return a < b ? a : b;
}
