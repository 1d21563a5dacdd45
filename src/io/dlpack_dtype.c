#include "io/dlpack_tensor.h"

#include "base/error.h"

/* DLPack's codes. */
enum {
  CODE_INT = 0,
  CODE_UINT = 1,
  CODE_FLOAT = 2,
  CODE_BFLOAT = 4,
  CODE_COMPLEX = 5,
  CODE_BOOL = 6,
  CODE_F8E3M4 = 7,
  CODE_F8E4M3 = 8,
  CODE_F8E4M3B11FNUZ = 9,
  CODE_F8E4M3FN = 10,
  CODE_F8E4M3FNUZ = 11,
  CODE_F8E5M2 = 12,
  CODE_F8E5M2FNUZ = 13,
  CODE_F8E8M0FNU = 14,
  CODE_F6E2M3FN = 15,
  CODE_F6E3M2FN = 16,
  CODE_F4E2M1FN = 17
};

/* Every type but those without elements; `bits` as DLPack counts them. */
static const struct {
  pjrt_dtype dtype;
  uint8_t code;
  uint8_t bits;
} rows[] = {{PJRT_PRED, CODE_BOOL, 8},
            {PJRT_S1, CODE_INT, 1},
            {PJRT_S2, CODE_INT, 2},
            {PJRT_S4, CODE_INT, 4},
            {PJRT_S8, CODE_INT, 8},
            {PJRT_S16, CODE_INT, 16},
            {PJRT_S32, CODE_INT, 32},
            {PJRT_S64, CODE_INT, 64},
            {PJRT_U1, CODE_UINT, 1},
            {PJRT_U2, CODE_UINT, 2},
            {PJRT_U4, CODE_UINT, 4},
            {PJRT_U8, CODE_UINT, 8},
            {PJRT_U16, CODE_UINT, 16},
            {PJRT_U32, CODE_UINT, 32},
            {PJRT_U64, CODE_UINT, 64},
            {PJRT_F16, CODE_FLOAT, 16},
            {PJRT_F32, CODE_FLOAT, 32},
            {PJRT_F64, CODE_FLOAT, 64},
            {PJRT_BF16, CODE_BFLOAT, 16},
            {PJRT_C64, CODE_COMPLEX, 64},
            {PJRT_C128, CODE_COMPLEX, 128},
            {PJRT_F8E3M4, CODE_F8E3M4, 8},
            {PJRT_F8E4M3, CODE_F8E4M3, 8},
            {PJRT_F8E4M3B11FNUZ, CODE_F8E4M3B11FNUZ, 8},
            {PJRT_F8E4M3FN, CODE_F8E4M3FN, 8},
            {PJRT_F8E4M3FNUZ, CODE_F8E4M3FNUZ, 8},
            {PJRT_F8E5M2, CODE_F8E5M2, 8},
            {PJRT_F8E5M2FNUZ, CODE_F8E5M2FNUZ, 8},
            {PJRT_F8E8M0FNU, CODE_F8E8M0FNU, 8},
            {PJRT_F6E2M3FN, CODE_F6E2M3FN, 6},
            {PJRT_F6E3M2FN, CODE_F6E3M2FN, 6},
            {PJRT_F4E2M1FN, CODE_F4E2M1FN, 4}};
enum { num_rows = sizeof rows / sizeof *rows };

bool pjrt_dlpack_dtype_of(pjrt_dtype dtype, pjrt_dlpack_dtype *out) {
  for (size_t i = 0; i < num_rows; i++) {
    if (rows[i].dtype != dtype) continue;
    *out = (pjrt_dlpack_dtype){rows[i].code, rows[i].bits, 1};
    return true;
  }
  return false;
}

bool pjrt_dlpack_dtype_to(pjrt_dlpack_dtype dtype, pjrt_dtype *out) {
  for (size_t i = 0; i < num_rows; i++) {
    if (rows[i].code != dtype.code || rows[i].bits != dtype.bits) continue;
    *out = rows[i].dtype;
    return true;
  }
  return false;
}

pjrt_error *pjrt_dlpack_check_copy(pjrt_dlpack_copy copy) {
  if (copy == PJRT_DLPACK_COPY_IF_NEEDED || copy == PJRT_DLPACK_COPY_NEVER ||
      copy == PJRT_DLPACK_COPY_ALWAYS) {
    return NULL;
  }
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "copy is %d, where 0, 1 and 2 are known", (int)copy);
}
