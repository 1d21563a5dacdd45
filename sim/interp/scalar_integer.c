/* Integers are the 64 bits of their number. What these functions leave above
 * the type's width is cut off when it is stored, which is what makes them wrap
 * around; so only the functions that look at high bits need the width. */
#include "interp/scalar.h"

sim_integer sim_integer_of(pjrt_dtype dtype) {
  return (sim_integer){
      .width = pjrt_dtype_bit_width(dtype),
      .is_signed = pjrt_dtype_class_of(dtype) == PJRT_CLASS_SIGNED};
}

static uint64_t bits_of_type(uint64_t x, sim_integer type) {
  return type.width < 64 ? x & ((UINT64_C(1) << type.width) - 1) : x;
}

static bool is_negative(uint64_t x, sim_integer type) {
  return type.is_signed && (int64_t)x < 0;
}

uint64_t sim_integer_abs(uint64_t x, sim_integer type) {
  return is_negative(x, type) ? 0 - x : x;
}

uint64_t sim_integer_sign(uint64_t x, sim_integer type) {
  return is_negative(x, type) ? UINT64_MAX : x != 0;
}

uint64_t sim_integer_negate(uint64_t x, sim_integer type) {
  (void)type;
  return 0 - x;
}

uint64_t sim_integer_not(uint64_t x, sim_integer type) {
  (void)type;
  return ~x;
}

uint64_t sim_integer_square(uint64_t x, sim_integer type) {
  (void)type;
  return x * x;
}

uint64_t sim_integer_popcnt(uint64_t x, sim_integer type) {
  return (uint64_t)__builtin_popcountll(bits_of_type(x, type));
}

uint64_t sim_integer_clz(uint64_t x, sim_integer type) {
  uint64_t bits = bits_of_type(x, type);
  if (bits == 0) return type.width;
  return (uint64_t)__builtin_clzll(bits) - (64 - type.width);
}

uint64_t sim_integer_add(uint64_t a, uint64_t b, sim_integer type) {
  (void)type;
  return a + b;
}

uint64_t sim_integer_subtract(uint64_t a, uint64_t b, sim_integer type) {
  (void)type;
  return a - b;
}

uint64_t sim_integer_multiply(uint64_t a, uint64_t b, sim_integer type) {
  (void)type;
  return a * b;
}

/* As XLA has it: x / 0 is all ones, and the one overflow wraps around. */
uint64_t sim_integer_divide(uint64_t a, uint64_t b, sim_integer type) {
  if (b == 0) return UINT64_MAX;
  if (!type.is_signed) return a / b;
  if (b == UINT64_MAX) return 0 - a;
  return (uint64_t)((int64_t)a / (int64_t)b);
}

uint64_t sim_integer_remainder(uint64_t a, uint64_t b, sim_integer type) {
  if (b == 0) return a;
  if (!type.is_signed) return a % b;
  if (b == UINT64_MAX) return 0;
  return (uint64_t)((int64_t)a % (int64_t)b);
}

static uint64_t power_of_negative(uint64_t a, bool odd) {
  if (a == 1) return 1;
  if (a == UINT64_MAX) return odd ? UINT64_MAX : 1;
  return 0;
}

uint64_t sim_integer_power(uint64_t a, uint64_t b, sim_integer type) {
  if (is_negative(b, type)) return power_of_negative(a, b & 1);
  uint64_t result = 1;
  for (; b; b >>= 1) {
    if (b & 1) result *= a;
    a *= a;
  }
  return result;
}

static bool is_less(uint64_t a, uint64_t b, sim_integer type) {
  return type.is_signed ? (int64_t)a < (int64_t)b : a < b;
}

uint64_t sim_integer_maximum(uint64_t a, uint64_t b, sim_integer type) {
  return is_less(a, b, type) ? b : a;
}

uint64_t sim_integer_minimum(uint64_t a, uint64_t b, sim_integer type) {
  return is_less(b, a, type) ? b : a;
}

uint64_t sim_integer_and(uint64_t a, uint64_t b, sim_integer type) {
  (void)type;
  return a & b;
}

uint64_t sim_integer_or(uint64_t a, uint64_t b, sim_integer type) {
  (void)type;
  return a | b;
}

uint64_t sim_integer_xor(uint64_t a, uint64_t b, sim_integer type) {
  (void)type;
  return a ^ b;
}

/* Shifts by the width or more, which includes negative ones, shift everything
 * out. */
uint64_t sim_integer_shift_left(uint64_t a, uint64_t b, sim_integer type) {
  return bits_of_type(b, type) < type.width ? a << b : 0;
}

uint64_t sim_integer_shift_right_logical(uint64_t a, uint64_t b,
                                         sim_integer type) {
  return bits_of_type(b, type) < type.width ? bits_of_type(a, type) >> b : 0;
}

uint64_t sim_integer_shift_right_arithmetic(uint64_t a, uint64_t b,
                                            sim_integer type) {
  unsigned by = bits_of_type(b, type) < type.width ? (unsigned)b : type.width;
  /* The sign is the type's highest bit, also of an unsigned one. */
  unsigned above = 64 - type.width;
  int64_t high = (int64_t)(a << above);
  by += above;
  return (uint64_t)(high >> (by < 64 ? by : 63));
}
