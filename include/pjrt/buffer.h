/* Buffers: arrays in device memory.
 *
 * A buffer is live, deleted (its memory is freed, the handle stays) or donated
 * (an execution consumed it, or a function that made another of it). Everything
 * but its facts needs a live buffer: FAILED_PRECONDITION otherwise, before the
 * plugin sees the call. Its type, dimensions and device are facts that cannot
 * fail and cost nothing.
 *
 * Threads: as stated in base.h; deleting or donating a buffer while another
 * thread uses it gives that thread a clear error or the old contents. */
#ifndef PJRT_BUFFER_H_
#define PJRT_BUFFER_H_

#include "pjrt/array.h"
#include "pjrt/client.h"
#include "pjrt/event.h"
#include "pjrt/layout.h"

PJRT_BEGIN_DECLS

typedef struct pjrt_buffer pjrt_buffer;

/* ---- host to device ------------------------------------------------------ */

/* How long the plugin may read the host memory of a copying upload. */
typedef enum pjrt_host_semantics {
  /* Until the call returns. The default, and the only one in which the memory
   * may be changed at once. */
  PJRT_HOST_ONLY_DURING_CALL = 0,
  /* Until the upload's done event is ready. Saves a copy on many devices. */
  PJRT_HOST_UNTIL_TRANSFER_COMPLETES = 1
} pjrt_host_semantics;

typedef struct pjrt_upload_opts {
  size_t struct_size;
  /* Default PJRT_HOST_ONLY_DURING_CALL. */
  pjrt_host_semantics semantics;
  /* Bytes from one index to the next, one per dimension; may be zero or
   * negative, and the data pointer is the first element's. NULL: dense,
   * row-major. [borrowed: call] */
  const int64_t *byte_strides;
  size_t num_byte_strides;
  /* One of the device's memories; NULL: its default. [borrowed: call] */
  pjrt_memory *memory;
} pjrt_upload_opts;

/* @param opts [borrowed: call] */
PJRT_API void pjrt_upload_opts_init(pjrt_upload_opts *opts);

/* Copies dense, row-major host memory to a device. On return `data` may be
 * reused; the device's own copy may still be under way, which every use of
 * the buffer waits for. `data_size` must be exactly the bytes of the elements
 * in host form.
 * INVALID_ARGUMENT: NULL where something must be, a negative dimension, a
 * wrong data_size, a type without elements, a device of another process.
 * UNIMPLEMENTED: a type newer than the plugin. RESOURCE_EXHAUSTED: memory is
 * short.
 * PJRT: PJRT_Client_BufferFromHostBuffer (0.40).
 * @param device [borrowed: call]
 * @param dims [borrowed: call]
 * @param data [borrowed: call]
 * @param out [owned: pjrt_buffer_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_from_host(
    pjrt_device *device, pjrt_dtype dtype, const int64_t *dims, size_t num_dims,
    const void *data, size_t data_size, pjrt_buffer **out);

/* The general form of a copying upload: chosen semantics, strides, memory.
 * With strides, `data_size` counts the bytes of the elements, as if they were
 * dense; the caller vouches for the memory that the strides reach.
 * Errors and PJRT function as above.
 * @param device [borrowed: call]
 * @param dims [borrowed: call]
 * @param data [borrowed: out_done] until the event is ready, with
 *   PJRT_HOST_UNTIL_TRANSFER_COMPLETES
 * @param opts [borrowed: call] may be NULL
 * @param out [owned: pjrt_buffer_free]
 * @param out_done [owned: pjrt_event_free] ready when `data` is no longer read;
 *   may be NULL with PJRT_HOST_ONLY_DURING_CALL alone */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_from_host_async(
    pjrt_device *device, pjrt_dtype dtype, const int64_t *dims, size_t num_dims,
    const void *data, size_t data_size, const pjrt_upload_opts *opts,
    pjrt_buffer **out, pjrt_event **out_done);

/* Copies a host array to a device, whatever its strides.
 * @param device [borrowed: call]
 * @param array [borrowed: call]
 * @param out [owned: pjrt_buffer_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_from_array(
    pjrt_device *device, const pjrt_array *array, pjrt_buffer **out);

/* What a plugin may do with host memory that it takes without a copy. */
typedef enum pjrt_adopt_mode {
  PJRT_ADOPT_READ_ONLY = 0, /* it only reads; donating the buffer copies */
  PJRT_ADOPT_MUTABLE = 1    /* a donated buffer is overwritten in place */
} pjrt_adopt_mode;

/* Makes a buffer of dense, row-major host memory without copying it, where the
 * plugin can: CPU devices do when `data` is aligned to PJRT_HOST_ALIGNMENT.
 * Elsewhere, and for unaligned memory, the plugin copies. Either way the
 * memory must stay, and stay unchanged in PJRT_ADOPT_READ_ONLY, until
 * `release` is called: once, when neither the buffer nor work that uses it
 * needs the memory, on the thread that frees the last of them or on a thread
 * of the library, never of the plugin; and also when this call fails.
 * Errors as pjrt_buffer_from_host.
 * PJRT: PJRT_Client_BufferFromHostBuffer (0.40).
 * @param device [borrowed: call]
 * @param dims [borrowed: call]
 * @param data [borrowed: out] until release is called
 * @param release may be NULL: the memory lives as long as the process
 * @param user [borrowed: out] passed to release
 * @param out [owned: pjrt_buffer_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_adopt_host(
    pjrt_device *device, pjrt_dtype dtype, const int64_t *dims, size_t num_dims,
    void *data, size_t data_size, pjrt_adopt_mode mode, pjrt_release_fn release,
    void *user, pjrt_buffer **out);

/* ---- facts --------------------------------------------------------------- */

/* @param buffer [borrowed: call]
 * @return [borrowed: buffer] */
PJRT_API pjrt_client *pjrt_buffer_client(const pjrt_buffer *buffer);

/* The device in whose memory it is.
 * PJRT: PJRT_Buffer_Device (0.40), asked beforehand, after a copy to a memory
 * that several devices share.
 * @param buffer [borrowed: call]
 * @return [borrowed: buffer] */
PJRT_API pjrt_device *pjrt_buffer_device(const pjrt_buffer *buffer);

/* The type of its elements.
 * PJRT: PJRT_Buffer_ElementType (0.40), asked beforehand, where no
 * signature tells it.
 * @param buffer [borrowed: call] */
PJRT_API pjrt_dtype pjrt_buffer_dtype(const pjrt_buffer *buffer);

/* The dimensions; bounds where a dimension is dynamic.
 * PJRT: PJRT_Buffer_Dimensions (0.40), asked beforehand, where no signature
 * tells them.
 * @param buffer [borrowed: call]
 * @param out_num [borrowed: call] may be NULL
 * @return [borrowed: buffer] never NULL */
PJRT_API const int64_t *pjrt_buffer_dims(const pjrt_buffer *buffer,
                                         size_t *out_num);

/* Bytes that the elements take in host form, without gaps.
 * @param buffer [borrowed: call] */
PJRT_API size_t pjrt_buffer_host_size(const pjrt_buffer *buffer);

/* The memory that the buffer lives in.
 * PJRT: PJRT_Buffer_Memory (0.40).
 * @param buffer [borrowed: call]
 * @param out [borrowed: buffer] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_memory(pjrt_buffer *buffer,
                                                      pjrt_memory **out);

/* Bytes on the device, with padding.
 * PJRT: PJRT_Buffer_OnDeviceSizeInBytes (0.40).
 * @param buffer [borrowed: call]
 * @param out_size [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_on_device_size(
    pjrt_buffer *buffer, size_t *out_size);

/* The order of the elements in device memory. INVALID_ARGUMENT for a token,
 * which has none.
 * PJRT: PJRT_Buffer_GetMemoryLayout (0.40).
 * @param buffer [borrowed: call]
 * @param out [owned: pjrt_layout_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_layout(pjrt_buffer *buffer,
                                                      pjrt_layout **out);

/* The present dimensions where some are dynamic; pjrt_buffer_dims gives their
 * bounds. May wait for the buffer.
 * PJRT: PJRT_Buffer_UnpaddedDimensions (0.40).
 * @param buffer [borrowed: call]
 * @param out_dims [borrowed: call] one per dimension
 * @param num_dims must be the buffer's rank, else INVALID_ARGUMENT */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_unpadded_dims(
    pjrt_buffer *buffer, int64_t *out_dims, size_t num_dims);

/* Which dimensions are dynamic: out_dynamic[i] for dimension i.
 * PJRT: PJRT_Buffer_DynamicDimensionIndices (0.40).
 * @param buffer [borrowed: call]
 * @param out_dynamic [borrowed: call] one per dimension
 * @param num_dims must be the buffer's rank, else INVALID_ARGUMENT */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_dynamic_dims(pjrt_buffer *buffer,
                                                            bool *out_dynamic,
                                                            size_t num_dims);

/* Whether the buffer's memory is the host's, so that map need not copy.
 * PJRT: PJRT_Buffer_IsOnCpu (0.40).
 * @param buffer [borrowed: call]
 * @param out_on_cpu [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_is_on_cpu(pjrt_buffer *buffer,
                                                         bool *out_on_cpu);

/* ---- readiness and life -------------------------------------------------- */

/* An event for "the buffer's contents are there"; it carries the error of the
 * execution that should have made them.
 * PJRT: PJRT_Buffer_ReadyEvent (0.40).
 * @param buffer [borrowed: call]
 * @param out [owned: pjrt_event_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_ready_event(pjrt_buffer *buffer,
                                                           pjrt_event **out);

/* Waits until the contents are there and returns their error.
 * @param buffer [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_await(pjrt_buffer *buffer);

/* Frees the device memory and keeps the handle. Work under way that uses the
 * buffer still ends well. FAILED_PRECONDITION while it is mapped. Deleting
 * twice is no error.
 * PJRT: PJRT_Buffer_Delete (0.40).
 * @param buffer [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_delete(pjrt_buffer *buffer);

/* Whether the buffer was deleted or donated.
 * PJRT: PJRT_Buffer_IsDeleted (0.40), asked beforehand, after a launch that
 * might have consumed it.
 * @param buffer [borrowed: call] */
PJRT_API bool pjrt_buffer_is_deleted(const pjrt_buffer *buffer);

/* Drops the handle and frees the memory, if that is not done yet; a mapping
 * that is still open keeps it until unmap.
 * PJRT: PJRT_Buffer_Destroy (0.40).
 * @param buffer [taken] */
PJRT_API void pjrt_buffer_free(pjrt_buffer *buffer);

/* ---- device to host ------------------------------------------------------
 * UNIMPLEMENTED for a buffer with dynamic dimensions: plugins pack its elements
 * by the present dimensions. */

/* Waits for the buffer and copies it to dense, row-major host memory, elements
 * in host form. INVALID_ARGUMENT when dst_size is not pjrt_buffer_host_size.
 * PJRT: PJRT_Buffer_ToHostBuffer (0.40), or none where the memory is the
 * host's.
 * @param buffer [borrowed: call]
 * @param dst [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_to_host(pjrt_buffer *buffer,
                                                       void *dst,
                                                       size_t dst_size);

/* The same without waiting. A buffer that is ready and in host memory is
 * copied before this returns, and the event is then ready.
 * @param buffer [borrowed: call]
 * @param dst [borrowed: out_done] until the event is ready
 * @param out_done [owned: pjrt_event_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_to_host_async(
    pjrt_buffer *buffer, void *dst, size_t dst_size, pjrt_event **out_done);

/* Waits for the buffer and copies it to a new host array.
 * @param buffer [borrowed: call]
 * @param out [owned: pjrt_array_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_to_array(pjrt_buffer *buffer,
                                                        pjrt_array **out);

/* A read-only view of the contents: waits for the buffer, then gives dense,
 * row-major data with elements in host form. Where the buffer is in host
 * memory, dense and of whole-byte elements, the view is the buffer's own
 * memory and costs nothing; elsewhere it is a copy, made once for all
 * mappings. Mappings nest; each needs its unmap. A mapped buffer cannot be
 * deleted or donated.
 * PJRT: PJRT_Buffer_IncreaseExternalReferenceCount,
 * PJRT_Buffer_OpaqueDeviceMemoryDataPointer (0.40), or as
 * pjrt_buffer_to_host.
 * @param buffer [borrowed: call]
 * @param out_data [borrowed: buffer] until unmap; not NULL for size 0 either
 * @param out_size [borrowed: call] pjrt_buffer_host_size; may be NULL */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_map(pjrt_buffer *buffer,
                                                   const void **out_data,
                                                   size_t *out_size);

/* Whether the present mapping is the buffer's own memory. False when the
 * buffer is not mapped.
 * @param buffer [borrowed: call] */
PJRT_API bool pjrt_buffer_is_mapped_in_place(const pjrt_buffer *buffer);

/* Ends one mapping. FAILED_PRECONDITION when there is none.
 * PJRT: PJRT_Buffer_DecreaseExternalReferenceCount (0.40), for the last mapping
 * of the buffer's own memory.
 * @param buffer [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_unmap(pjrt_buffer *buffer);

PJRT_END_DECLS

#endif /* PJRT_BUFFER_H_ */
