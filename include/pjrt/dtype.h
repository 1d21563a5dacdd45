/* Element types.
 *
 * All 33 of PJRT 0.117, their widths, names, and exact conversions between one
 * element in its host form and double, int64 or complex numbers. The host form
 * of a type narrower than a byte is one element per byte, in the low bits;
 * that is also what upload and download of PJRT mean. */
#ifndef PJRT_DTYPE_H_
#define PJRT_DTYPE_H_

#include "pjrt/error.h"

PJRT_BEGIN_DECLS

/* The numbers equal PJRT_Buffer_Type. */
typedef enum pjrt_dtype {
  PJRT_DTYPE_INVALID = 0,
  PJRT_PRED = 1,
  PJRT_S8 = 2,
  PJRT_S16 = 3,
  PJRT_S32 = 4,
  PJRT_S64 = 5,
  PJRT_U8 = 6,
  PJRT_U16 = 7,
  PJRT_U32 = 8,
  PJRT_U64 = 9,
  PJRT_F16 = 10,
  PJRT_F32 = 11,
  PJRT_F64 = 12,
  PJRT_BF16 = 13,
  PJRT_C64 = 14,
  PJRT_C128 = 15,
  PJRT_F8E5M2 = 16,
  PJRT_F8E4M3FN = 17,
  PJRT_F8E4M3B11FNUZ = 18,
  PJRT_F8E5M2FNUZ = 19,
  PJRT_F8E4M3FNUZ = 20,
  PJRT_S4 = 21,
  PJRT_U4 = 22,
  PJRT_TOKEN = 23,
  PJRT_S2 = 24,
  PJRT_U2 = 25,
  PJRT_F8E4M3 = 26,
  PJRT_F8E3M4 = 27,
  PJRT_F8E8M0FNU = 28,
  PJRT_F4E2M1FN = 29,
  PJRT_S1 = 30,
  PJRT_U1 = 31,
  PJRT_F6E2M3FN = 32,
  PJRT_F6E3M2FN = 33
} pjrt_dtype;

/* How a type's bits are meant. */
typedef enum pjrt_dtype_class {
  PJRT_CLASS_NONE = 0, /* INVALID, TOKEN and unknown numbers: no elements */
  PJRT_CLASS_BOOL = 1,
  PJRT_CLASS_SIGNED = 2,
  PJRT_CLASS_UNSIGNED = 3,
  PJRT_CLASS_FLOAT = 4,
  PJRT_CLASS_COMPLEX = 5
} pjrt_dtype_class;

/* XLA's name in lower case, such as "f32", "bf16", "f8e4m3fn", "s32", "u8",
 * "pred", "c64", "token". "invalid" for anything else.
 * @return [borrowed: static] */
PJRT_API const char *pjrt_dtype_name(pjrt_dtype dtype);

/* Reads a name in any of the spellings of XLA, StableHLO, NumPy and
 * ml_dtypes: "s32", "i32", "si32", "int32"; "pred", "i1" and "bool";
 * "complex64", "complex<f32>"; "float8_e4m3fn"; letter case does not matter.
 * INVALID_ARGUMENT names the text.
 * @param text [borrowed: call]
 * @param out [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_dtype_parse(const char *text,
                                                    size_t text_size,
                                                    pjrt_dtype *out);

/* PJRT_CLASS_NONE for types without elements. */
PJRT_API pjrt_dtype_class pjrt_dtype_class_of(pjrt_dtype dtype);

/* Bits that carry information, such as 4 for S4 and 1 for PRED; 0 for types
 * without elements. */
PJRT_API unsigned pjrt_dtype_bit_width(pjrt_dtype dtype);

/* Bytes of one element in host form; 0 for types without elements. */
PJRT_API size_t pjrt_dtype_host_size(pjrt_dtype dtype);

/* The PJRT minor that brought the type; 40 means "0.40 or earlier", 0 that
 * the number is unknown to this library. */
PJRT_API int pjrt_dtype_since(pjrt_dtype dtype);

/* The value of one element in host form as a double. Exact, except for
 * integers of more than 53 bits, which round to nearest even. Bits above the
 * type's width are ignored. INVALID_ARGUMENT for complex types and types
 * without elements. `element` needs no alignment.
 * @param element [borrowed: call]
 * @param out [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_dtype_to_double(pjrt_dtype dtype,
                                                        const void *element,
                                                        double *out);

/* Stores a double as one element. Floats round to nearest even, once, with the
 * results of ml_dtypes: what is too large gives infinity, or NaN where the type
 * has no infinity, or the largest value where it has neither; NaN gives -0, and
 * -NaN gives 0, where the type has no NaN. F8E8M0FNU has neither mantissa nor
 * zero nor sign: ties round up, what is too small becomes its smallest value,
 * and anything not above 0 is NaN. Integers truncate toward zero and saturate,
 * NaN gives 0. PRED is value != 0. INVALID_ARGUMENT as above.
 * @param out_element [borrowed: call] pjrt_dtype_host_size bytes */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_dtype_from_double(pjrt_dtype dtype,
                                                          double value,
                                                          void *out_element);

/* The value of one element as an int64: floats truncate toward zero.
 * OUT_OF_RANGE when it does not fit (U64 above 2^63-1, floats, NaN).
 * @param element [borrowed: call]
 * @param out [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_dtype_to_int64(pjrt_dtype dtype,
                                                       const void *element,
                                                       int64_t *out);

/* Stores an int64 as one element. Unlike from_double it refuses what does not
 * fit an integer type or PRED: OUT_OF_RANGE. Floats round once, as above.
 * @param out_element [borrowed: call] pjrt_dtype_host_size bytes */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_dtype_from_int64(pjrt_dtype dtype,
                                                         int64_t value,
                                                         void *out_element);

/* Reads a complex element; real types give an imaginary part of 0.
 * @param element [borrowed: call]
 * @param out_real [borrowed: call]
 * @param out_imag [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_dtype_to_complex(pjrt_dtype dtype,
                                                         const void *element,
                                                         double *out_real,
                                                         double *out_imag);

/* Stores a complex element; for real types `imag` must be 0, else
 * INVALID_ARGUMENT.
 * @param out_element [borrowed: call] pjrt_dtype_host_size bytes */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_dtype_from_complex(pjrt_dtype dtype,
                                                           double real,
                                                           double imag,
                                                           void *out_element);

PJRT_END_DECLS

#endif /* PJRT_DTYPE_H_ */
