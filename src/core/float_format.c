#include "core/float_format.h"

#include <math.h>

/* Below, a code is the bits without the sign. */

static uint64_t sign_bit(const pjrt_float_format *format) {
  return UINT64_C(1) << (format->exponent_bits + format->mantissa_bits);
}

static uint64_t all_ones(const pjrt_float_format *format) {
  return sign_bit(format) - 1;
}

static uint64_t ieee_infinity(const pjrt_float_format *format) {
  uint64_t exponent = (UINT64_C(1) << format->exponent_bits) - 1;
  return exponent << format->mantissa_bits;
}

static uint64_t largest_code(const pjrt_float_format *format) {
  switch (format->style) {
    case PJRT_FLOAT_IEEE:
      return ieee_infinity(format) - 1;
    case PJRT_FLOAT_FN:
    case PJRT_FLOAT_E8M0:
      return all_ones(format) - 1;
    default:
      return all_ones(format);
  }
}

static uint64_t with_sign(const pjrt_float_format *format, bool negative,
                          uint64_t code) {
  if (!negative || format->style == PJRT_FLOAT_E8M0) return code;
  /* In FNUZ, neither 0 nor NaN has a negative twin. */
  if (format->style == PJRT_FLOAT_FNUZ &&
      (code == 0 || code == sign_bit(format))) {
    return code;
  }
  return code ^ sign_bit(format);
}

static uint64_t encode_nan(const pjrt_float_format *format, bool negative) {
  uint64_t code;
  switch (format->style) {
    case PJRT_FLOAT_IEEE:
      code = ieee_infinity(format) | UINT64_C(1) << (format->mantissa_bits - 1);
      break;
    case PJRT_FLOAT_FNUZ:
    case PJRT_FLOAT_FINITE:
      code = sign_bit(format);
      break;
    default:
      code = all_ones(format);
  }
  return with_sign(format, negative, code);
}

static uint64_t encode_overflow(const pjrt_float_format *format,
                                bool negative) {
  switch (format->style) {
    case PJRT_FLOAT_IEEE:
      return with_sign(format, negative, ieee_infinity(format));
    case PJRT_FLOAT_FINITE:
      return with_sign(format, negative, largest_code(format));
    default:
      return encode_nan(format, negative);
  }
}

/* The code of magnitude * 2^exponent, not yet limited to what there is. */
static uint64_t round_to_code(const pjrt_float_format *format,
                              uint64_t magnitude, int exponent) {
  const bool e8m0 = format->style == PJRT_FLOAT_E8M0;
  const int lowest = (e8m0 ? 0 : 1) - format->bias;
  int power = 63 - __builtin_clzll(magnitude) + exponent;
  if (power < lowest) {
    if (e8m0) return 0;
    power = lowest;
  }
  /* Adding, not or-ing: the implicit one of a normal number carries into the
   * exponent field, a subnormal one has none. */
  uint64_t code = (uint64_t)(power - lowest) << format->mantissa_bits;
  if (e8m0) code -= 1;
  int shift = power - (int)format->mantissa_bits - exponent;
  if (shift <= 0) return code + (magnitude << -shift);
  if (shift > 64) return code;
  if (shift < 64) code += magnitude >> shift;
  uint64_t half = UINT64_C(1) << (shift - 1);
  uint64_t rest = magnitude & (half | (half - 1));
  bool tie_goes_up = e8m0 || (code & 1);
  return code + (rest > half || (rest == half && tie_goes_up));
}

static uint64_t encode_number(const pjrt_float_format *format, bool negative,
                              uint64_t magnitude, int exponent) {
  if (format->style == PJRT_FLOAT_E8M0 && (negative || magnitude == 0)) {
    return encode_nan(format, false);
  }
  if (magnitude == 0) return with_sign(format, negative, 0);
  uint64_t code = round_to_code(format, magnitude, exponent);
  if (code > largest_code(format)) return encode_overflow(format, negative);
  return with_sign(format, negative, code);
}

uint64_t pjrt_float_encode(const pjrt_float_format *format, double value) {
  bool negative = signbit(value);
  if (isnan(value)) return encode_nan(format, negative);
  if (isinf(value)) return encode_overflow(format, negative);
  int exponent;
  double fraction = frexp(fabs(value), &exponent);
  return encode_number(format, negative, (uint64_t)ldexp(fraction, 53),
                       exponent - 53);
}

uint64_t pjrt_float_encode_int64(const pjrt_float_format *format,
                                 int64_t value) {
  uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  return encode_number(format, value < 0, magnitude, 0);
}

static bool is_nan(const pjrt_float_format *format, uint64_t bits) {
  uint64_t code = bits & all_ones(format);
  switch (format->style) {
    case PJRT_FLOAT_IEEE:
      return code > ieee_infinity(format);
    case PJRT_FLOAT_FNUZ:
      return bits == sign_bit(format);
    case PJRT_FLOAT_FINITE:
      return false;
    default:
      return code == all_ones(format);
  }
}

double pjrt_float_decode(const pjrt_float_format *format, uint64_t bits) {
  const int mantissa_bits = (int)format->mantissa_bits;
  const uint64_t code = bits & all_ones(format);
  const uint64_t implicit_one = UINT64_C(1) << mantissa_bits;
  const int exponent = (int)(code >> mantissa_bits);
  const uint64_t mantissa = code & (implicit_one - 1);
  double value;
  if (is_nan(format, bits)) {
    value = (double)NAN;
  } else if (format->style == PJRT_FLOAT_IEEE &&
             code == ieee_infinity(format)) {
    value = (double)INFINITY;
  } else if (exponent == 0 && format->style != PJRT_FLOAT_E8M0) {
    value = ldexp((double)mantissa, 1 - format->bias - mantissa_bits);
  } else {
    value = ldexp((double)(mantissa | implicit_one),
                  exponent - format->bias - mantissa_bits);
  }
  bool negative = format->style != PJRT_FLOAT_E8M0 && (bits & sign_bit(format));
  return negative ? -value : value;
}

/* Maps bits to integers in the order of the values. */
static int64_t rank_of(const pjrt_float_format *format, uint64_t bits) {
  int64_t code = (int64_t)(bits & all_ones(format));
  bool negative = format->style != PJRT_FLOAT_E8M0 && (bits & sign_bit(format));
  return negative ? -code : code;
}

uint64_t pjrt_float_ulps(const pjrt_float_format *format, uint64_t a,
                         uint64_t b) {
  int64_t rank_a = rank_of(format, a);
  int64_t rank_b = rank_of(format, b);
  return rank_a > rank_b ? (uint64_t)rank_a - (uint64_t)rank_b
                         : (uint64_t)rank_b - (uint64_t)rank_a;
}
