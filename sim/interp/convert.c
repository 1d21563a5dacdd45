/* Operations that make elements of one type from those of another. */
#include <complex.h>
#include <math.h>
#include <string.h>

#include "interp/rules.h"
#include "interp/scalar.h"

/* --- convert -------------------------------------------------------------- */

pjrt_error *sim_prepare_convert(sim_prep *prep, const void **out_plan) {
  *out_plan = NULL;
  PJRT_TRY(sim_expect_counts(prep, 1, 1));
  SIM_EXPECT(prep, sim_same_dims(prep->operands[0], prep->results),
             "operand and result must have the same dimensions");
  return NULL;
}

/* A double that rounds to any narrower float as the integer would: its lowest
 * bit says whether something was cut off. */
static double integer_to_real(uint64_t bits, bool is_signed) {
  bool negative = is_signed && (int64_t)bits < 0;
  uint64_t magnitude = negative ? 0 - bits : bits;
  if (magnitude >> 53) {
    uint64_t cut = magnitude & 0xFFF;
    magnitude = (magnitude & ~UINT64_C(0xFFF)) | (cut ? 0x1000 : 0);
  }
  return negative ? -(double)magnitude : (double)magnitude;
}

/* Saturates; NaN becomes 0. */
static uint64_t real_to_integer(double x, sim_integer type) {
  if (isnan(x)) return 0;
  unsigned value_bits = type.width - type.is_signed;
  double limit = ldexp(1, (int)value_bits);
  uint64_t largest =
      value_bits == 64 ? UINT64_MAX : (UINT64_C(1) << value_bits) - 1;
  if (x >= limit) return largest;
  if (!type.is_signed) return x > 0 ? (uint64_t)x : 0;
  return x <= -limit ? ~largest : (uint64_t)(int64_t)x;
}

/* Elements of any type as real numbers; the imaginary part is dropped. */
static void load_any_reals(const sim_tensor *in, bool to_f64, size_t first,
                           size_t num, double *out) {
  pjrt_dtype_class class_of = pjrt_dtype_class_of(in->type.dtype);
  if (class_of == PJRT_CLASS_FLOAT) {
    sim_load_reals(in, first, num, out);
  } else if (class_of == PJRT_CLASS_COMPLEX) {
    sim_complex z[SIM_CHUNK];
    sim_load_complex(in, first, num, z);
    for (size_t i = 0; i < num; i++) out[i] = creal(z[i]);
  } else {
    bool is_signed = class_of == PJRT_CLASS_SIGNED;
    uint64_t bits[SIM_CHUNK];
    sim_load_bits(in, first, num, bits);
    for (size_t i = 0; i < num; i++) {
      double exact = is_signed ? (double)(int64_t)bits[i] : (double)bits[i];
      out[i] = to_f64 ? exact : integer_to_real(bits[i], is_signed);
    }
  }
}

static bool is_f64(pjrt_dtype dtype) {
  return dtype == PJRT_F64 || dtype == PJRT_C128;
}

static void convert_to_reals(const sim_tensor *in, sim_tensor *out,
                             size_t first, size_t num) {
  double x[SIM_CHUNK];
  load_any_reals(in, is_f64(out->type.dtype), first, num, x);
  sim_store_reals(out, first, num, x);
}

static void convert_to_complex(const sim_tensor *in, sim_tensor *out,
                               size_t first, size_t num) {
  sim_complex z[SIM_CHUNK];
  if (pjrt_dtype_class_of(in->type.dtype) == PJRT_CLASS_COMPLEX) {
    sim_load_complex(in, first, num, z);
  } else {
    double x[SIM_CHUNK];
    load_any_reals(in, is_f64(out->type.dtype), first, num, x);
    for (size_t i = 0; i < num; i++) z[i] = sim_complex_of(x[i], 0);
  }
  sim_store_complex(out, first, num, z);
}

static void convert_to_integers(const sim_tensor *in, sim_tensor *out,
                                size_t first, size_t num) {
  uint64_t bits[SIM_CHUNK];
  pjrt_dtype_class class_of = pjrt_dtype_class_of(in->type.dtype);
  bool to_pred = out->type.dtype == PJRT_PRED;
  if (class_of == PJRT_CLASS_FLOAT || class_of == PJRT_CLASS_COMPLEX) {
    double x[SIM_CHUNK];
    sim_integer type = sim_integer_of(out->type.dtype);
    load_any_reals(in, true, first, num, x);
    for (size_t i = 0; i < num; i++) {
      bits[i] = to_pred ? x[i] != 0 : real_to_integer(x[i], type);
    }
  } else {
    sim_load_bits(in, first, num, bits);
    for (size_t i = 0; to_pred && i < num; i++) bits[i] = bits[i] != 0;
  }
  sim_store_bits(out, first, num, bits);
}

pjrt_error *sim_compute_convert(const sim_call *call) {
  const sim_tensor *in = call->operands[0];
  sim_tensor *out = call->results[0];
  for (size_t first = 0; first < out->type.num_elements; first += SIM_CHUNK) {
    size_t left = out->type.num_elements - first;
    size_t num = left < SIM_CHUNK ? left : SIM_CHUNK;
    switch (pjrt_dtype_class_of(out->type.dtype)) {
      case PJRT_CLASS_FLOAT:
        convert_to_reals(in, out, first, num);
        break;
      case PJRT_CLASS_COMPLEX:
        convert_to_complex(in, out, first, num);
        break;
      default:
        convert_to_integers(in, out, first, num);
    }
  }
  return NULL;
}

/* --- bitcast_convert ------------------------------------------------------ */

/* How many narrow elements make a wide one; the narrow side has them as its
 * last dimension, lowest bits first. */
pjrt_error *sim_prepare_bitcast(sim_prep *prep, const void **out_plan) {
  *out_plan = NULL;
  PJRT_TRY(sim_expect_counts(prep, 1, 1));
  const sim_type *wide = prep->operands[0];
  const sim_type *narrow = prep->results;
  if (pjrt_dtype_bit_width(wide->dtype) < pjrt_dtype_bit_width(narrow->dtype)) {
    wide = prep->results;
    narrow = prep->operands[0];
  }
  unsigned width = pjrt_dtype_bit_width(narrow->dtype);
  unsigned times = pjrt_dtype_bit_width(wide->dtype) / width;
  SIM_EXPECT(prep, times * width == pjrt_dtype_bit_width(wide->dtype),
             "%s is not a whole number of %s", pjrt_dtype_name(wide->dtype),
             pjrt_dtype_name(narrow->dtype));
  bool right = times == 1
                   ? sim_same_dims(wide, narrow)
                   : narrow->num_dims == wide->num_dims + 1 &&
                         narrow->dims[wide->num_dims] == times &&
                         sim_has_dims(wide, narrow->dims, wide->num_dims);
  SIM_EXPECT(prep, right, "the %s side must have the dimensions of the other%s",
             pjrt_dtype_name(narrow->dtype),
             times == 1 ? "" : " and one of their ratio");
  return NULL;
}

/* The bits of one element, lowest first. */
typedef struct words {
  uint64_t of[2];
} words;

static words load_words(const sim_tensor *in, size_t i) {
  const pjrt_dtype_row *row = pjrt_dtype_row_of(in->type.dtype);
  const char *element = (const char *)in->data + i * in->element_size;
  words bits = {{pjrt_dtype_load_bits(row, element, 0), 0}};
  if (in->type.dtype == PJRT_C64) {
    bits.of[0] |= pjrt_dtype_load_bits(row, element, 1) << 32;
  } else if (in->type.dtype == PJRT_C128) {
    bits.of[1] = pjrt_dtype_load_bits(row, element, 1);
  }
  return bits;
}

static void store_words(sim_tensor *out, size_t i, words bits) {
  const pjrt_dtype_row *row = pjrt_dtype_row_of(out->type.dtype);
  char *element = (char *)out->data + i * out->element_size;
  pjrt_dtype_store_bits(row, element, 0, bits.of[0]);
  if (out->type.dtype == PJRT_C64) {
    pjrt_dtype_store_bits(row, element, 1, bits.of[0] >> 32);
  } else if (out->type.dtype == PJRT_C128) {
    pjrt_dtype_store_bits(row, element, 1, bits.of[1]);
  }
}

pjrt_error *sim_compute_bitcast(const sim_call *call) {
  const sim_tensor *in = call->operands[0];
  sim_tensor *out = call->results[0];
  size_t from = pjrt_dtype_bit_width(in->type.dtype);
  size_t to = pjrt_dtype_bit_width(out->type.dtype);
  if (from >= to) {
    for (size_t i = 0; i < out->type.num_elements; i++) {
      words bits = load_words(in, i * to / from);
      size_t at = i * to % from;
      if (to <= 64) bits.of[0] = bits.of[at / 64] >> at % 64;
      store_words(out, i, bits);
    }
    return NULL;
  }
  for (size_t i = 0; i < out->type.num_elements; i++) {
    words bits = {{0, 0}};
    for (size_t at = 0; at < to; at += from) {
      uint64_t piece = load_words(in, (i * to + at) / from).of[0];
      bits.of[at / 64] |= piece << at % 64;
    }
    store_words(out, i, bits);
  }
  return NULL;
}

/* --- Complex numbers and their parts -------------------------------------- */

static bool is_part_of(pjrt_dtype part, pjrt_dtype whole) {
  return (part == PJRT_F32 && whole == PJRT_C64) ||
         (part == PJRT_F64 && whole == PJRT_C128);
}

pjrt_error *sim_prepare_complex(sim_prep *prep, const void **out_plan) {
  *out_plan = NULL;
  PJRT_TRY(sim_expect_counts(prep, 2, 1));
  for (size_t i = 0; i < 2; i++) {
    SIM_EXPECT(prep,
               is_part_of(prep->operands[i]->dtype, prep->results->dtype) &&
                   sim_same_dims(prep->operands[i], prep->results),
               "operand %zu must be the parts of the result", i);
  }
  return NULL;
}

pjrt_error *sim_compute_complex(const sim_call *call) {
  sim_tensor *out = call->results[0];
  size_t size = out->element_size / 2;
  for (size_t i = 0; i < 2 * out->type.num_elements; i++) {
    const char *part = call->operands[i % 2]->data;
    memcpy((char *)out->data + i * size, part + i / 2 * size, size);
  }
  return NULL;
}

/* real, imag, and abs of complex numbers; of a real number, real is the number
 * and imag is 0. */
pjrt_error *sim_prepare_part(sim_prep *prep, const void **out_plan) {
  *out_plan = NULL;
  PJRT_TRY(sim_expect_counts(prep, 1, 1));
  pjrt_dtype dtype = prep->operands[0]->dtype;
  bool is_real = pjrt_dtype_class_of(dtype) == PJRT_CLASS_FLOAT;
  SIM_EXPECT(prep,
             (is_real ? prep->results->dtype == dtype
                      : is_part_of(prep->results->dtype, dtype)) &&
                 sim_same_dims(prep->operands[0], prep->results),
             "the result must be the parts of the operand");
  return NULL;
}

static double part_of(pjrt_mlir_op_id id, sim_complex z) {
  if (id == PJRT_MLIR_ABS) return cabs(z);
  return id == PJRT_MLIR_REAL ? creal(z) : cimag(z);
}

pjrt_error *sim_compute_part(const sim_call *call) {
  const sim_tensor *in = call->operands[0];
  sim_tensor *out = call->results[0];
  bool is_real = in->type.dtype == out->type.dtype;
  for (size_t i = 0; i < out->type.num_elements; i++) {
    double x;
    sim_complex z;
    if (is_real) {
      sim_load_reals(in, i, 1, &x);
      z = sim_complex_of(x, 0);
    } else {
      sim_load_complex(in, i, 1, &z);
    }
    x = part_of(call->op->source->id, z);
    sim_store_reals(out, i, 1, &x);
  }
  return NULL;
}

/* abs alone changes the type only sometimes. */
pjrt_error *sim_prepare_abs(sim_prep *prep, const void **out_plan) {
  PJRT_TRY(sim_expect_counts(prep, 1, 1));
  bool is_complex =
      pjrt_dtype_class_of(prep->operands[0]->dtype) == PJRT_CLASS_COMPLEX;
  return is_complex ? sim_prepare_part(prep, out_plan)
                    : sim_prepare_unary(prep, out_plan);
}

pjrt_error *sim_compute_abs(const sim_call *call) {
  return call->plan ? sim_compute_unary(call) : sim_compute_part(call);
}

/* --- is_finite, reduce_precision ------------------------------------------ */

pjrt_error *sim_prepare_is_finite(sim_prep *prep, const void **out_plan) {
  *out_plan = NULL;
  PJRT_TRY(sim_expect_counts(prep, 1, 1));
  const sim_type *type = prep->operands[0];
  SIM_EXPECT(prep, pjrt_dtype_class_of(type->dtype) == PJRT_CLASS_FLOAT,
             "not defined on %s", pjrt_dtype_name(type->dtype));
  SIM_EXPECT(
      prep,
      prep->results->dtype == PJRT_PRED && sim_same_dims(type, prep->results),
      "the result must be one i1 for every element");
  return NULL;
}

pjrt_error *sim_compute_is_finite(const sim_call *call) {
  sim_tensor *out = call->results[0];
  for (size_t i = 0; i < out->type.num_elements; i++) {
    double x;
    sim_load_reals(call->operands[0], i, 1, &x);
    uint64_t is_finite = isfinite(x) != 0;
    sim_store_bits(out, i, 1, &is_finite);
  }
  return NULL;
}

pjrt_error *sim_prepare_reduce_precision(sim_prep *prep,
                                         const void **out_plan) {
  int64_t exponent;
  int64_t mantissa;
  void *memory;
  PJRT_TRY(sim_expect_counts(prep, 1, 1));
  PJRT_TRY(pjrt_mlir_op_int(prep->op->source, "exponent_bits", &exponent));
  PJRT_TRY(pjrt_mlir_op_int(prep->op->source, "mantissa_bits", &mantissa));
  SIM_EXPECT(prep,
             sim_type_equal(prep->operands[0], prep->results) &&
                 pjrt_dtype_class_of(prep->results->dtype) == PJRT_CLASS_FLOAT,
             "operand and result must be the same array of floats");
  const pjrt_float_format *own =
      &pjrt_dtype_row_of(prep->results->dtype)->format;
  SIM_EXPECT(prep, exponent >= 1 && mantissa >= 0,
             "there are no floats of %lld and %lld bits", (long long)exponent,
             (long long)mantissa);
  PJRT_TRY(
      sim_program_alloc(prep->program, 1, sizeof(pjrt_float_format), &memory));
  pjrt_float_format *format = memory;
  *format = (pjrt_float_format){.style = PJRT_FLOAT_IEEE};
  format->exponent_bits =
      exponent < own->exponent_bits ? (unsigned)exponent : own->exponent_bits;
  format->mantissa_bits =
      mantissa < own->mantissa_bits ? (unsigned)mantissa : own->mantissa_bits;
  format->bias = (1 << (format->exponent_bits - 1)) - 1;
  *out_plan = format;
  return NULL;
}

pjrt_error *sim_compute_reduce_precision(const sim_call *call) {
  const pjrt_float_format *format = call->plan;
  sim_tensor *out = call->results[0];
  for (size_t i = 0; i < out->type.num_elements; i++) {
    double x;
    sim_load_reals(call->operands[0], i, 1, &x);
    if (!isnan(x)) x = pjrt_float_decode(format, pjrt_float_encode(format, x));
    sim_store_reals(out, i, 1, &x);
  }
  return NULL;
}
