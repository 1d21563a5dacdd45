/* A custom call of the interpreter, as a call frame for its handler. */
#include <stdlib.h>
#include <string.h>

#include "ext/ext.h"

#include "base/error.h"
#include "pjrt/dtype.h"

enum { TYPED_API_VERSION = 4 };

/* Memory that a frame points into, freed with it. */
typedef struct piece {
  struct piece *next;
  max_align_t data[];
} piece;

typedef struct frame {
  piece *pieces;
  const char *problem; /* NULL: none */
} frame;

static void *frame_allocate(frame *f, size_t size) {
  piece *p = sim_allocate(sizeof(*p) + size);
  p->next = f->pieces;
  f->pieces = p;
  return p->data;
}

static void frame_free(frame *f) {
  while (f->pieces) {
    piece *next = f->pieces->next;
    free(f->pieces);
    f->pieces = next;
  }
}

/* The two enumerations number their types differently. */
static XLA_FFI_DataType data_type(frame *f, pjrt_dtype dtype) {
  static const XLA_FFI_DataType types[] = {
#define TYPE(name) [PJRT_##name] = XLA_FFI_DataType_##name
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
  const size_t i = (size_t)dtype;
  if (i < sizeof types / sizeof *types && types[i]) return types[i];
  f->problem = "has a value of a type that FFI does not know";
  return XLA_FFI_DataType_INVALID;
}

/* ---- buffers ------------------------------------------------------------- */

/* The interpreter has one element per byte. Frames have them as real plugins
 * do: those narrower than a byte, but for bools, are packed, the first in the
 * low bits. */
static bool is_packed(const sim_type *type) {
  return pjrt_dtype_bit_width(type->dtype) < 8 && type->dtype != PJRT_PRED &&
         type->dtype != PJRT_TOKEN;
}

static void pack(const sim_tensor *from, unsigned char *packed) {
  const unsigned width = pjrt_dtype_bit_width(from->type.dtype);
  const unsigned char *elements = from->data;
  for (size_t i = 0; i < from->type.num_elements; i++) {
    const unsigned bits = elements[i] & ((1u << width) - 1);
    packed[i * width / 8] |= (unsigned char)(bits << (i * width % 8));
  }
}

static void unpack(const unsigned char *packed, sim_tensor *to) {
  const unsigned width = pjrt_dtype_bit_width(to->type.dtype);
  unsigned char *elements = to->data;
  for (size_t i = 0; i < to->type.num_elements; i++) {
    const unsigned byte = packed[i * width / 8];
    const unsigned bits = byte >> (i * width % 8);
    elements[i] = (unsigned char)(bits & ((1u << width) - 1));
  }
}

static void *packed_copy(frame *f, const sim_tensor *tensor) {
  unsigned char *packed = frame_allocate(f, tensor->type.num_elements);
  pack(tensor, packed);
  return packed;
}

/* What the handler left in packed results. */
static void take_results(const sim_custom_call *from,
                         const sim_ffi_call *call) {
  for (size_t i = 0; i < from->num_results; i++) {
    const XLA_FFI_Buffer *buffer = call->rets.rets[i];
    if (is_packed(&from->results[i]->type))
      unpack(buffer->data, from->results[i]);
  }
}

static void **make_buffers(frame *f, sim_tensor *const *tensors, size_t num) {
  XLA_FFI_Buffer *buffers = frame_allocate(f, num * sizeof(*buffers));
  void **pointers = frame_allocate(f, num * sizeof(*pointers));
  for (size_t i = 0; i < num; i++) {
    const sim_type *type = &tensors[i]->type;
    buffers[i] = (XLA_FFI_Buffer){
        .struct_size = XLA_FFI_Buffer_STRUCT_SIZE,
        .dtype = data_type(f, type->dtype),
        .data = is_packed(type) ? packed_copy(f, tensors[i]) : tensors[i]->data,
        .rank = (int64_t)type->num_dims,
        .dims = (int64_t *)(uintptr_t)type->dims,
    };
    pointers[i] = &buffers[i];
  }
  return pointers;
}

static void set_buffers(frame *f, const sim_custom_call *from,
                        sim_ffi_call *call) {
  XLA_FFI_ArgType *args = frame_allocate(f, from->num_operands * sizeof(*args));
  XLA_FFI_RetType *rets = frame_allocate(f, from->num_results * sizeof(*rets));
  for (size_t i = 0; i < from->num_operands; i++)
    args[i] = XLA_FFI_ArgType_BUFFER;
  for (size_t i = 0; i < from->num_results; i++)
    rets[i] = XLA_FFI_RetType_BUFFER;
  call->args.size = (int64_t)from->num_operands;
  call->args.types = args;
  call->args.args = make_buffers(f, from->operands, from->num_operands);
  call->rets.size = (int64_t)from->num_results;
  call->rets.types = rets;
  call->rets.rets = make_buffers(f, from->results, from->num_results);
}

/* ---- attributes ---------------------------------------------------------- */

static XLA_FFI_Attrs *make_attrs(frame *f, const pjrt_mlir_dict *dict);

static XLA_FFI_ByteSpan *make_span(frame *f, const char *text, size_t size) {
  XLA_FFI_ByteSpan *span = frame_allocate(f, sizeof(*span));
  *span = (XLA_FFI_ByteSpan){text, size};
  return span;
}

static void *make_scalar(frame *f, const pjrt_mlir_attr *attribute) {
  XLA_FFI_Scalar *scalar = frame_allocate(f, sizeof(*scalar));
  scalar->value = frame_allocate(f, sizeof(int64_t));
  if (attribute->kind == PJRT_MLIR_ATTR_BOOL) {
    scalar->dtype = XLA_FFI_DataType_PRED;
    memcpy(scalar->value, &attribute->boolean, sizeof(bool));
    return scalar;
  }
  scalar->dtype = data_type(f, attribute->type->dtype);
  if (attribute->kind == PJRT_MLIR_ATTR_INT) {
    memcpy(scalar->value, &attribute->integer, sizeof(int64_t));
    return scalar;
  }
  pjrt_error *error = pjrt_dtype_from_double(attribute->type->dtype,
                                             attribute->number, scalar->value);
  if (error) f->problem = "has a number of a type that cannot be written";
  pjrt_error_free(error);
  return scalar;
}

static void *make_array(frame *f, const pjrt_mlir_attr *attribute) {
  const size_t element = pjrt_dtype_host_size(attribute->type->dtype);
  XLA_FFI_Array *array = frame_allocate(f, sizeof(*array));
  array->dtype = data_type(f, attribute->type->dtype);
  array->size = attribute->num_elements;
  array->data = (void *)(uintptr_t)attribute->data;
  if (!attribute->is_splat) return array;
  char *data = frame_allocate(f, array->size * element);
  for (size_t i = 0; i < array->size; i++)
    memcpy(data + i * element, attribute->data, element);
  array->data = data;
  return array;
}

static void *make_attr(frame *f, const pjrt_mlir_attr *attribute,
                       XLA_FFI_AttrType *out_type) {
  switch (attribute->kind) {
    case PJRT_MLIR_ATTR_STRING:
      *out_type = XLA_FFI_AttrType_STRING;
      return make_span(f, attribute->text, attribute->text_size);
    case PJRT_MLIR_ATTR_BOOL:
    case PJRT_MLIR_ATTR_INT:
    case PJRT_MLIR_ATTR_FLOAT:
      *out_type = XLA_FFI_AttrType_SCALAR;
      return make_scalar(f, attribute);
    case PJRT_MLIR_ATTR_DENSE:
      *out_type = XLA_FFI_AttrType_ARRAY;
      return make_array(f, attribute);
    case PJRT_MLIR_ATTR_DICT:
      *out_type = XLA_FFI_AttrType_DICTIONARY;
      return make_attrs(f, &attribute->fields);
    default:
      f->problem = "has an attribute of a kind that FFI does not know";
      return NULL;
  }
}

static int compare_names(const void *a, const void *b) {
  const pjrt_mlir_named_attr *x = a, *y = b;
  return strcmp(x->name, y->name);
}

/* Handlers may rely on the order of the names. */
static XLA_FFI_Attrs *make_attrs(frame *f, const pjrt_mlir_dict *dict) {
  const size_t num = dict->num_items;
  XLA_FFI_Attrs *attrs = frame_allocate(f, sizeof(*attrs));
  pjrt_mlir_named_attr *sorted = frame_allocate(f, num * sizeof(*sorted));
  if (num) memcpy(sorted, dict->items, num * sizeof(*sorted));
  qsort(sorted, num, sizeof(*sorted), compare_names);
  attrs->struct_size = XLA_FFI_Attrs_STRUCT_SIZE;
  attrs->size = (int64_t)num;
  attrs->types = frame_allocate(f, num * sizeof(*attrs->types));
  attrs->names = frame_allocate(f, num * sizeof(*attrs->names));
  attrs->attrs = frame_allocate(f, num * sizeof(*attrs->attrs));
  for (size_t i = 0; i < num; i++) {
    attrs->names[i] = make_span(f, sorted[i].name, strlen(sorted[i].name));
    attrs->attrs[i] = make_attr(f, sorted[i].attr, &attrs->types[i]);
  }
  return attrs;
}

static void set_attributes(frame *f, const sim_custom_call *from,
                           sim_ffi_call *call) {
  const pjrt_mlir_attr *config = pjrt_mlir_op_attr(from->op, "backend_config");
  const pjrt_mlir_dict none = {0};
  const pjrt_mlir_dict *dict = &none;
  if (config && config->kind == PJRT_MLIR_ATTR_DICT)
    dict = &config->fields;
  else if (config && config->text_size)
    f->problem = "has a backend_config that is no dictionary";
  call->attrs = *make_attrs(f, dict);
}

/* ---- calling ------------------------------------------------------------- */

bool sim_ffi_knows(void *user, const char *target) {
  (void)user;
  return sim_ffi_find_handler("Host", target) != NULL;
}

/* All stages, one after another: nothing is kept from call to call. */
static PJRT_Error *run_stages(const sim_ffi_handler *handler,
                              sim_ffi_call *call) {
  static const XLA_FFI_ExecutionStage stages[] = {
      XLA_FFI_ExecutionStage_INSTANTIATE, XLA_FFI_ExecutionStage_PREPARE,
      XLA_FFI_ExecutionStage_INITIALIZE, XLA_FFI_ExecutionStage_EXECUTE};
  sim_ffi_state state = {0};
  PJRT_Error *error = NULL;
  call->state = &state;
  for (size_t i = 0; !error && i < sizeof stages / sizeof *stages; i++)
    error = sim_ffi_run(handler, stages[i], call);
  sim_ffi_state_free(&state);
  return error;
}

pjrt_error *sim_ffi_custom_call(PJRT_ExecuteContext *context, int64_t run_id,
                                const sim_custom_call *from) {
  const sim_ffi_handler *handler = sim_ffi_find_handler("Host", from->target);
  sim_ffi_call call = {.context = context,
                       .run_id = run_id,
                       .device_ordinal = (int)from->device};
  int64_t version = 1;
  frame f = {0};
  pjrt_error *error = NULL;
  if (pjrt_mlir_op_attr(from->op, "api_version"))
    error = pjrt_mlir_op_int(from->op, "api_version", &version);
  if (error) return error;
  if (version != TYPED_API_VERSION)
    return pjrt_mlir_op_error(from->op, PJRT_UNIMPLEMENTED,
                              "api_version is %lld, supported is %d",
                              (long long)version, TYPED_API_VERSION);
  set_buffers(&f, from, &call);
  set_attributes(&f, from, &call);
  if (f.problem)
    error = pjrt_mlir_op_error(from->op, PJRT_UNIMPLEMENTED, "\"%s\" %s",
                               from->target, f.problem);
  else
    error = sim_error_to(run_stages(handler, &call));
  if (!error) take_results(from, &call);
  frame_free(&f);
  return error;
}
