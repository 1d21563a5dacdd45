/* Buffers as tensors. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/array.h"
#include "core/buffer.h"
#include "io/dlpack_tensor.h"
#include "pjrt/io/dlpack.h"
#include "pjrt/unsafe.h"

/* What a tensor of ours keeps; the tensor is in it, and behind it are its
 * dimensions and strides. */
typedef struct outgoing {
  union {
    struct DLManagedTensor old;
    struct DLManagedTensorVersioned versioned;
  };
  pjrt_buffer *mapped; /* for the host, or */
  pjrt_buffer *lent;   /* on its device, or */
  void *copied;
  int64_t dims_and_strides[];
} outgoing;

static void end_export(outgoing *given) {
  /* In a forked child a mapping cannot be ended, and need not be. */
  if (given->mapped) pjrt_error_free(pjrt_buffer_unmap(given->mapped));
  if (given->lent) pjrt_error_free(pjrt_buffer_unmap_device(given->lent));
  pjrt_host_free(given->copied);
  free(given);
}

static void delete_old(struct DLManagedTensor *tensor) {
  end_export(tensor->context);
}

static void delete_versioned(struct DLManagedTensorVersioned *tensor) {
  end_export(tensor->context);
}

static pjrt_error *check_export(const pjrt_buffer *buffer, bool is_versioned,
                                pjrt_dlpack_dtype *out) {
  if (!buffer)
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "buffer is NULL");
  const char *name = pjrt_dtype_name(pjrt_buffer_dtype(buffer));
  if (!pjrt_dlpack_dtype_of(pjrt_buffer_dtype(buffer), out)) {
    return pjrt_error_format(PJRT_UNIMPLEMENTED,
                             "DLPack has no element type %s", name);
  }
  if (is_versioned || !pjrt_dlpack_is_subbyte(*out)) return NULL;
  return pjrt_error_format(PJRT_UNIMPLEMENTED,
                           "DLPack before 1.0 takes elements of %s to be "
                           "packed, and they have a byte each",
                           name);
}

/* Room for a tensor of the buffer's dimensions. Strides are always told: newer
 * consumers want them. */
static pjrt_error *start_export(pjrt_buffer *buffer, pjrt_dlpack_dtype dtype,
                                pjrt_dlpack_tensor *out, outgoing **out_given) {
  size_t num_dims;
  void *memory;
  const int64_t *dims = pjrt_buffer_dims(buffer, &num_dims);
  PJRT_TRY(pjrt_alloc(1, sizeof(outgoing) + 2 * num_dims * sizeof(int64_t),
                      &memory));
  outgoing *given = memory;
  for (size_t i = 0; i < num_dims; i++) given->dims_and_strides[i] = dims[i];
  *out = (pjrt_dlpack_tensor){.device = {PJRT_DLPACK_CPU, 0},
                              .num_dims = (int32_t)num_dims,
                              .dtype = dtype,
                              .dims = given->dims_and_strides,
                              .strides = given->dims_and_strides + num_dims};
  *out_given = given;
  return NULL;
}

/* ---- for the host -------------------------------------------------------- */

/* Finds the contents, in place or not. */
static pjrt_error *fetch(pjrt_buffer *buffer, pjrt_dlpack_copy copy,
                         outgoing *given, const void **out) {
  if (copy == PJRT_DLPACK_COPY_ALWAYS) {
    const size_t size = pjrt_buffer_host_size(buffer);
    PJRT_TRY(pjrt_host_alloc(size, &given->copied));
    *out = given->copied;
    return pjrt_buffer_to_host(buffer, given->copied, size);
  }
  PJRT_TRY(pjrt_buffer_map(buffer, out, NULL));
  given->mapped = buffer;
  if (copy == PJRT_DLPACK_COPY_IF_NEEDED ||
      pjrt_buffer_is_mapped_in_place(buffer)) {
    return NULL;
  }
  return pjrt_error_format(PJRT_FAILED_PRECONDITION,
                           "the host cannot read the buffer of %s in place, "
                           "and a copy was not wanted",
                           pjrt_dtype_name(pjrt_buffer_dtype(buffer)));
}

static void set_row_major(pjrt_dlpack_tensor *tensor) {
  int64_t stride = 1;
  for (int32_t i = tensor->num_dims; i-- > 0;) {
    tensor->strides[i] = stride;
    stride *= tensor->dims[i] ? tensor->dims[i] : 1;
  }
}

static pjrt_error *export_buffer(pjrt_buffer *buffer, pjrt_dlpack_copy copy,
                                 bool is_versioned, pjrt_dlpack_tensor *out,
                                 outgoing **out_given) {
  const void *data;
  pjrt_dlpack_dtype dtype;
  PJRT_TRY(pjrt_dlpack_check_copy(copy));
  PJRT_TRY(check_export(buffer, is_versioned, &dtype));
  PJRT_TRY(start_export(buffer, dtype, out, out_given));
  pjrt_error *error = fetch(buffer, copy, *out_given, &data);
  if (error) {
    end_export(*out_given);
    return error;
  }
  out->data = (void *)(uintptr_t)data;
  set_row_major(out);
  return NULL;
}

/* ---- on the device ------------------------------------------------------- */

/* DLPack's numbers for what plugins call their platforms. */
static const struct {
  const char *platform;
  int32_t type;
} device_types[] = {{"cpu", PJRT_DLPACK_CPU},
                    {"cuda", PJRT_DLPACK_CUDA},
                    {"rocm", PJRT_DLPACK_ROCM},
                    {"sycl", PJRT_DLPACK_ONEAPI}};

pjrt_error *pjrt_dlpack_device_of(const pjrt_device *device,
                                  pjrt_dlpack_device *out) {
  *out = (pjrt_dlpack_device){0};
  if (!device)
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "device is NULL");
  const char *platform = pjrt_client_platform_name(device->client, NULL);
  const int id = pjrt_device_local_hardware_id(device);
  for (size_t i = 0; i < sizeof device_types / sizeof *device_types; i++) {
    const int32_t type = device_types[i].type;
    if (strcmp(device_types[i].platform, platform) != 0) continue;
    if (type == PJRT_DLPACK_CPU || id >= 0) {
      *out = (pjrt_dlpack_device){type, type == PJRT_DLPACK_CPU ? 0 : id};
      return NULL;
    }
    return pjrt_error_format(PJRT_UNIMPLEMENTED,
                             "device %d has no number on its host",
                             pjrt_device_id(device));
  }
  return pjrt_error_format(PJRT_UNIMPLEMENTED,
                           "DLPack has no number for devices of the platform "
                           "%s; tell one",
                           platform);
}

static pjrt_error *check_is_static(const pjrt_buffer *buffer) {
  if (!pjrt_raw_buffer_is_dynamic(buffer->client, buffer->raw)) return NULL;
  return pjrt_error_format(PJRT_UNIMPLEMENTED,
                           "the buffer has dynamic dimensions, which DLPack "
                           "cannot tell");
}

/* The strides of the buffer's own layout, in elements. */
static pjrt_error *read_layout(pjrt_buffer *buffer, pjrt_dlpack_tensor *out) {
  pjrt_layout *layout, *strides;
  const size_t num_dims = (size_t)out->num_dims;
  const pjrt_dtype dtype = pjrt_buffer_dtype(buffer);
  PJRT_TRY(pjrt_buffer_layout(buffer, &layout));
  pjrt_error *error =
      pjrt_layout_to_strides(layout, dtype, out->dims, num_dims, &strides);
  pjrt_layout_free(layout);
  PJRT_TRY(error);
  const int64_t size = (int64_t)pjrt_dtype_host_size(dtype);
  size_t num;
  const int64_t *bytes = pjrt_layout_byte_strides(strides, &num);
  for (size_t i = 0; i < num_dims; i++) out->strides[i] = bytes[i] / size;
  pjrt_layout_free(strides);
  return NULL;
}

static pjrt_error *lend(pjrt_buffer *buffer, outgoing *given,
                        pjrt_dlpack_tensor *out) {
  PJRT_TRY(check_is_static(buffer));
  PJRT_TRY(read_layout(buffer, out));
  PJRT_TRY(pjrt_buffer_map_device(buffer, &out->data));
  given->lent = buffer;
  return NULL;
}

static pjrt_error *lend_buffer(pjrt_buffer *buffer,
                               const pjrt_dlpack_device *as, bool is_versioned,
                               pjrt_dlpack_tensor *out, outgoing **out_given) {
  pjrt_dlpack_dtype dtype;
  pjrt_dlpack_device device;
  PJRT_TRY(check_export(buffer, is_versioned, &dtype));
  PJRT_TRY(pjrt_buffer_check(buffer));
  if (as) {
    device = *as;
  } else {
    PJRT_TRY(pjrt_dlpack_device_of(pjrt_buffer_device(buffer), &device));
  }
  PJRT_TRY(start_export(buffer, dtype, out, out_given));
  out->device = device;
  pjrt_error *error = lend(buffer, *out_given, out);
  if (error) end_export(*out_given);
  return error;
}

/* ---- public -------------------------------------------------------------- */

static struct DLManagedTensorVersioned *finish(outgoing *given,
                                               const pjrt_dlpack_tensor *tensor,
                                               int flags) {
  if (pjrt_dlpack_is_subbyte(tensor->dtype)) {
    flags |= PJRT_DLPACK_SUBBYTE_PADDED;
  }
  given->versioned =
      (struct DLManagedTensorVersioned){.major = PJRT_DLPACK_MAJOR,
                                        .minor = PJRT_DLPACK_MINOR,
                                        .context = given,
                                        .deleter = delete_versioned,
                                        .flags = (uint64_t)flags,
                                        .tensor = *tensor};
  return &given->versioned;
}

static struct DLManagedTensor *finish_old(outgoing *given,
                                          const pjrt_dlpack_tensor *tensor) {
  given->old = (struct DLManagedTensor){
      .tensor = *tensor, .context = given, .deleter = delete_old};
  return &given->old;
}

pjrt_error *pjrt_buffer_to_dlpack(pjrt_buffer *buffer, pjrt_dlpack_copy copy,
                                  struct DLManagedTensorVersioned **out) {
  outgoing *given;
  pjrt_dlpack_tensor tensor;
  *out = NULL;
  PJRT_TRY(export_buffer(buffer, copy, true, &tensor, &given));
  /* A copy that the buffer keeps for all its mappings is not its receiver's
   * alone. */
  const bool is_copied =
      !given->mapped || !pjrt_buffer_is_mapped_in_place(given->mapped);
  *out = finish(given, &tensor,
                (given->mapped ? PJRT_DLPACK_READ_ONLY : 0) |
                    (is_copied ? PJRT_DLPACK_IS_COPIED : 0));
  return NULL;
}

pjrt_error *pjrt_buffer_to_dlpack_unversioned(pjrt_buffer *buffer,
                                              pjrt_dlpack_copy copy,
                                              struct DLManagedTensor **out) {
  outgoing *given;
  pjrt_dlpack_tensor tensor;
  *out = NULL;
  PJRT_TRY(export_buffer(buffer, copy, false, &tensor, &given));
  *out = finish_old(given, &tensor);
  return NULL;
}

pjrt_error *pjrt_buffer_lend_dlpack(pjrt_buffer *buffer,
                                    const pjrt_dlpack_device *as,
                                    struct DLManagedTensorVersioned **out) {
  outgoing *given;
  pjrt_dlpack_tensor tensor;
  *out = NULL;
  PJRT_TRY(lend_buffer(buffer, as, true, &tensor, &given));
  *out = finish(given, &tensor, PJRT_DLPACK_READ_ONLY);
  return NULL;
}

pjrt_error *pjrt_buffer_lend_dlpack_unversioned(pjrt_buffer *buffer,
                                                const pjrt_dlpack_device *as,
                                                struct DLManagedTensor **out) {
  outgoing *given;
  pjrt_dlpack_tensor tensor;
  *out = NULL;
  PJRT_TRY(lend_buffer(buffer, as, false, &tensor, &given));
  *out = finish_old(given, &tensor);
  return NULL;
}
