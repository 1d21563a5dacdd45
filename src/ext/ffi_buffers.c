/* Arguments and results of a call. */
#include <limits.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/opts.h"
#include "ext/ffi_call.h"

pjrt_error *pjrt_ffi_dtype(XLA_FFI_DataType type, pjrt_dtype *out) {
  static const unsigned char types[] = {
#define TYPE(name) [XLA_FFI_DataType_##name] = PJRT_##name
      TYPE(PRED),       TYPE(S1),         TYPE(S2),
      TYPE(S4),         TYPE(S8),         TYPE(S16),
      TYPE(S32),        TYPE(S64),        TYPE(U1),
      TYPE(U2),         TYPE(U4),         TYPE(U8),
      TYPE(U16),        TYPE(U32),        TYPE(U64),
      TYPE(F16),        TYPE(F32),        TYPE(F64),
      TYPE(BF16),       TYPE(C64),        TYPE(C128),
      TYPE(TOKEN),      TYPE(F8E5M2),     TYPE(F8E3M4),
      TYPE(F8E4M3),     TYPE(F8E4M3FN),   TYPE(F8E4M3B11FNUZ),
      TYPE(F8E5M2FNUZ), TYPE(F8E4M3FNUZ), TYPE(F4E2M1FN),
      TYPE(F8E8M0FNU),
#undef TYPE
  };
  const size_t i = (size_t)type;
  *out = i < sizeof types ? (pjrt_dtype)types[i] : PJRT_DTYPE_INVALID;
  if (*out) return NULL;
  return pjrt_error_format(PJRT_UNIMPLEMENTED,
                           "elements of type %d of XLA's FFI, which is not "
                           "known",
                           (int)type);
}

void pjrt_ffi_buffer_init(pjrt_ffi_buffer *buffer) {
  *buffer = (pjrt_ffi_buffer){.struct_size = sizeof *buffer};
}

size_t pjrt_ffi_call_num_args(const pjrt_ffi_call *call) {
  return (size_t)call->frame->args.size;
}

size_t pjrt_ffi_call_num_results(const pjrt_ffi_call *call) {
  return (size_t)call->frame->rets.size;
}

static bool is_packed(const pjrt_ffi_buffer *buffer) {
  const unsigned width = pjrt_dtype_bit_width(buffer->dtype);
  return width > 0 && width < CHAR_BIT && buffer->dtype != PJRT_PRED;
}

/* No element lies across the end of a byte: the FFI has no types of 6 bits. */
static size_t num_per_byte(const pjrt_ffi_buffer *buffer) {
  return CHAR_BIT / pjrt_dtype_bit_width(buffer->dtype);
}

static size_t size_of(const pjrt_ffi_buffer *buffer, size_t host_size) {
  if (!is_packed(buffer)) return buffer->num_elements * host_size;
  const size_t per_byte = num_per_byte(buffer);
  return buffer->num_elements / per_byte +
         (buffer->num_elements % per_byte != 0);
}

/* What is recorded are the addresses. */
static bool has_contents(const pjrt_ffi_call *call) {
  return call->frame->stage == XLA_FFI_ExecutionStage_EXECUTE ||
         call->frame->stage == XLA_FFI_ExecutionStage_RECORD;
}

static pjrt_error *read(const pjrt_ffi_call *call, const XLA_FFI_Buffer *raw,
                        pjrt_ffi_buffer *out) {
  pjrt_ffi_buffer buffer;
  pjrt_ffi_buffer_init(&buffer);
  if (!raw || raw->struct_size < XLA_FFI_Buffer_STRUCT_SIZE || raw->rank < 0 ||
      (raw->rank && !raw->dims)) {
    return pjrt_ffi_broken("a buffer that is not described");
  }
  PJRT_TRY(pjrt_ffi_dtype(raw->dtype, &buffer.dtype));
  buffer.dims = raw->dims;
  buffer.num_dims = (size_t)raw->rank;
  const size_t host_size = pjrt_dtype_host_size(buffer.dtype);
  pjrt_error *error =
      pjrt_dims_num_elements(raw->dims, buffer.num_dims,
                             host_size ? host_size : 1, &buffer.num_elements);
  if (error) {
    pjrt_error_free(error);
    return pjrt_ffi_broken("a buffer of impossible dimensions");
  }
  buffer.size = size_of(&buffer, host_size);
  if (has_contents(call)) {
    if (buffer.size && !raw->data) {
      return pjrt_ffi_broken("a buffer that has no memory");
    }
    buffer.data = raw->data;
  }
  return pjrt_opts_write(&buffer, "pjrt_ffi_buffer", sizeof buffer, out);
}

/* The i-th of a list, all of whose values are of kind 1, a buffer, so far. */
static pjrt_error *read_one(const pjrt_ffi_call *call, const char *what,
                            size_t i, size_t num, const int *kinds,
                            void *const *values, pjrt_ffi_buffer *out) {
  if (i >= num) {
    return pjrt_error_format(PJRT_OUT_OF_RANGE, "%s %zu of a call with %zu",
                             what, i, num);
  }
  if (kinds[i] != XLA_FFI_ArgType_BUFFER) {
    return pjrt_error_format(PJRT_UNIMPLEMENTED,
                             "%s %zu is of kind %d, which is not known: "
                             "buffers are %d",
                             what, i, kinds[i], XLA_FFI_ArgType_BUFFER);
  }
  pjrt_error *error = read(call, values[i], out);
  if (error) pjrt_error_prefix(error, "%s %zu", what, i);
  return error;
}

_Static_assert((int)XLA_FFI_ArgType_BUFFER == (int)XLA_FFI_RetType_BUFFER &&
                   sizeof(XLA_FFI_ArgType) == sizeof(int) &&
                   sizeof(XLA_FFI_RetType) == sizeof(int),
               "the kinds of arguments and results are alike");

pjrt_error *pjrt_ffi_call_arg(const pjrt_ffi_call *call, size_t i,
                              pjrt_ffi_buffer *out) {
  const XLA_FFI_Args *args = &call->frame->args;
  return read_one(call, "argument", i, pjrt_ffi_call_num_args(call),
                  (const int *)args->types, args->args, out);
}

pjrt_error *pjrt_ffi_call_result(const pjrt_ffi_call *call, size_t i,
                                 pjrt_ffi_buffer *out) {
  const XLA_FFI_Rets *rets = &call->frame->rets;
  return read_one(call, "result", i, pjrt_ffi_call_num_results(call),
                  (const int *)rets->types, rets->rets, out);
}

/* ---- as arrays ----------------------------------------------------------- */

static pjrt_error *check_contents(const pjrt_ffi_buffer *buffer) {
  if (buffer && (buffer->data || !buffer->size)) return NULL;
  return pjrt_error_format(
      PJRT_INVALID_ARGUMENT,
      buffer ? "the buffer has no contents in this stage" : "buffer is NULL");
}

static void unpack(const pjrt_ffi_buffer *buffer, unsigned char *elements) {
  const unsigned width = pjrt_dtype_bit_width(buffer->dtype);
  const size_t per_byte = num_per_byte(buffer);
  const unsigned char *packed = buffer->data;
  for (size_t i = 0; i < buffer->num_elements; i++) {
    const unsigned byte = packed[i / per_byte];
    const unsigned bits = byte >> (i % per_byte * width);
    elements[i] = (unsigned char)(bits & ((1u << width) - 1));
  }
}

static void pack(const pjrt_ffi_buffer *buffer, const unsigned char *elements) {
  const unsigned width = pjrt_dtype_bit_width(buffer->dtype);
  const size_t per_byte = num_per_byte(buffer);
  unsigned char *packed = buffer->data;
  if (buffer->size) memset(packed, 0, buffer->size);
  for (size_t i = 0; i < buffer->num_elements; i++) {
    const unsigned bits = elements[i] & ((1u << width) - 1);
    packed[i / per_byte] |= (unsigned char)(bits << (i % per_byte * width));
  }
}

pjrt_error *pjrt_ffi_buffer_to_array(const pjrt_ffi_buffer *buffer,
                                     pjrt_array **out) {
  *out = NULL;
  PJRT_TRY(check_contents(buffer));
  if (!is_packed(buffer)) {
    return pjrt_array_wrap(buffer->dtype, buffer->dims, buffer->num_dims, NULL,
                           buffer->data, NULL, NULL, out);
  }
  PJRT_TRY(
      pjrt_array_create(buffer->dtype, buffer->dims, buffer->num_dims, out));
  unpack(buffer, pjrt_array_data(*out));
  return NULL;
}

static bool fits(const pjrt_ffi_buffer *buffer, const pjrt_array *array) {
  size_t num_dims;
  const int64_t *dims = pjrt_array_dims(array, &num_dims);
  if (pjrt_array_dtype(array) != buffer->dtype ||
      num_dims != buffer->num_dims) {
    return false;
  }
  return num_dims == 0 ||
         memcmp(dims, buffer->dims, num_dims * sizeof *dims) == 0;
}

static void write_dense(const pjrt_ffi_buffer *buffer,
                        const pjrt_array *array) {
  if (is_packed(buffer)) {
    pack(buffer, pjrt_array_data(array));
  } else if (buffer->size) {
    memcpy(buffer->data, pjrt_array_data(array), buffer->size);
  }
}

pjrt_error *pjrt_ffi_buffer_from_array(const pjrt_ffi_buffer *buffer,
                                       const pjrt_array *array) {
  pjrt_array *dense;
  PJRT_TRY(check_contents(buffer));
  if (!array || !fits(buffer, array)) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             array ? "the array's type or dimensions are not "
                                     "those of the buffer"
                                   : "array is NULL");
  }
  if (pjrt_array_is_dense(array)) {
    write_dense(buffer, array);
    return NULL;
  }
  PJRT_TRY(pjrt_array_copy(array, &dense));
  write_dense(buffer, dense);
  pjrt_array_free(dense);
  return NULL;
}
