#include <complex.h>
#include <math.h>
#include <string.h>

#include "interp/scalar.h"

/* C lays a complex number out as its two parts; CMPLX is not in every libc. */
sim_complex sim_complex_of(double real, double imag) {
  const double parts[2] = {real, imag};
  sim_complex z;
  memcpy(&z, parts, sizeof z);
  return z;
}

sim_complex sim_complex_negate(sim_complex z) { return -z; }

sim_complex sim_complex_sign(sim_complex z) {
  double magnitude = cabs(z);
  if (isnan(magnitude)) return sim_complex_of(magnitude, magnitude);
  if (magnitude == 0) return z;
  return sim_complex_of(creal(z) / magnitude, cimag(z) / magnitude);
}

sim_complex sim_complex_logistic(sim_complex z) {
  return sim_complex_divide(1, 1 + cexp(-z));
}

sim_complex sim_complex_sqrt(sim_complex z) { return csqrt(z); }

sim_complex sim_complex_rsqrt(sim_complex z) {
  return sim_complex_divide(1, csqrt(z));
}

sim_complex sim_complex_cbrt(sim_complex z) {
  return z == 0 ? z : cpow(z, sim_complex_of(1.0 / 3, 0));
}

/* Without the cancellation of exp(z) - 1 near 0. */
sim_complex sim_complex_expm1(sim_complex z) {
  double real = creal(z);
  double half = sin(cimag(z) / 2);
  double imag = cimag(z) == 0 ? cimag(z) : exp(real) * sin(cimag(z));
  return sim_complex_of(expm1(real) * cos(cimag(z)) - 2 * half * half, imag);
}

/* log|1 + z|, also without it. */
sim_complex sim_complex_log1p(sim_complex z) {
  double real = creal(z);
  double imag = cimag(z);
  double magnitude = fabs(real) < 0.5 && fabs(imag) < 0.5
                         ? log1p(real * (2 + real) + imag * imag) / 2
                         : log(hypot(1 + real, imag));
  return sim_complex_of(magnitude, atan2(imag, 1 + real));
}

sim_complex sim_complex_add(sim_complex a, sim_complex b) { return a + b; }
sim_complex sim_complex_subtract(sim_complex a, sim_complex b) { return a - b; }

/* The textbook's formula, as XLA has it: infinities give NaN. */
sim_complex sim_complex_multiply(sim_complex a, sim_complex b) {
  return sim_complex_of(creal(a) * creal(b) - cimag(a) * cimag(b),
                        creal(a) * cimag(b) + cimag(a) * creal(b));
}

sim_complex sim_complex_square(sim_complex z) {
  return sim_complex_multiply(z, z);
}

sim_complex sim_complex_divide(sim_complex a, sim_complex b) { return a / b; }

sim_complex sim_complex_power(sim_complex a, sim_complex b) {
  if (b == 0) return 1;
  if (a == 0 && creal(b) > 0) return 0;
  return cpow(a, b);
}

/* atan2(a, b) = -i log((b + i a) / sqrt(a^2 + b^2)). */
sim_complex sim_complex_atan2(sim_complex a, sim_complex b) {
  sim_complex above = b + sim_complex_multiply(sim_complex_of(0, 1), a);
  sim_complex below =
      csqrt(sim_complex_multiply(a, a) + sim_complex_multiply(b, b));
  sim_complex log = clog(sim_complex_divide(above, below));
  return sim_complex_of(cimag(log), -creal(log));
}
