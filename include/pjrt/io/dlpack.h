/* DLPack: exchanging arrays with NumPy, JAX, PyTorch and whatever else speaks
 * it, in one process and without a copy where that is possible.
 *
 * The tensors are those of DLPack's own header, dlpack/dlpack.h, which this one
 * does not need and lives with, in either order: struct DLManagedTensor, and
 * struct DLManagedTensorVersioned of major version 1.
 *
 * A tensor that comes in is [taken]: its deleter is called exactly once, when
 * the memory is no longer needed, also when the call fails. A tensor that goes
 * out is its receiver's, who calls its deleter once, on any thread.
 *
 * Memory is the host's: DLPack's CPU, and on the way in also what CUDA and ROCm
 * pin or manage for both sides. INVALID_ARGUMENT for any other device; the
 * memory of devices has functions of its own, below. Elements are in host form:
 * types narrower than a byte need one byte each, which versioned tensors can
 * tell and older ones cannot: UNIMPLEMENTED there. */
#ifndef PJRT_IO_DLPACK_H_
#define PJRT_IO_DLPACK_H_

#include "pjrt/array.h"
#include "pjrt/buffer.h"

PJRT_BEGIN_DECLS

struct DLManagedTensor;
struct DLManagedTensorVersioned;
struct pjrt_view_opts; /* pjrt/unsafe.h */

/* Whether contents are copied: "copy" of Python's array API. */
typedef enum pjrt_dlpack_copy {
  PJRT_DLPACK_COPY_IF_NEEDED = 0, /* None */
  PJRT_DLPACK_COPY_NEVER = 1,     /* False: FAILED_PRECONDITION instead */
  PJRT_DLPACK_COPY_ALWAYS = 2     /* True */
} pjrt_dlpack_copy;

/* ---- out ----------------------------------------------------------------- */

/* Waits for the buffer and gives its contents as a tensor, dense and row-major.
 * Without a copy where pjrt_buffer_map needs none, and then under the same
 * terms: until the tensor is deleted the buffer can neither be deleted nor
 * donated, and when it is freed its memory stays. The tensor says that it is
 * read-only, and whether it is a copy.
 * UNIMPLEMENTED: a type that DLPack has not, or dynamic dimensions.
 * @param buffer [borrowed: call]
 * @param out [owned: free] by calling its deleter */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_to_dlpack(
    pjrt_buffer *buffer, pjrt_dlpack_copy copy,
    struct DLManagedTensorVersioned **out);

/* The same as a tensor of DLPack before 1.0, which cannot say that it is
 * read-only: nobody may write to it.
 * @param buffer [borrowed: call]
 * @param out [owned: free] by calling its deleter */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_to_dlpack_unversioned(
    pjrt_buffer *buffer, pjrt_dlpack_copy copy, struct DLManagedTensor **out);

/* ---- in ------------------------------------------------------------------ */

/* Makes a buffer of a tensor. Dense, row-major memory that is aligned to
 * PJRT_HOST_ALIGNMENT is taken without a copy where pjrt_buffer_adopt_host
 * does; nobody may write to it then while the buffer or work that uses it
 * lives. Any other is copied, whatever its strides.
 * INVALID_ARGUMENT: no tensor, impossible dimensions, memory elsewhere than on
 * the host, several lanes. UNIMPLEMENTED: another major version, a type that
 * PJRT has not, sub-byte types that are packed, and as pjrt_buffer_from_host.
 * FAILED_PRECONDITION: PJRT_DLPACK_COPY_NEVER where a copy is needed.
 * @param device [borrowed: call]
 * @param tensor [taken]
 * @param out [owned: pjrt_buffer_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_from_dlpack(
    pjrt_device *device, struct DLManagedTensorVersioned *tensor,
    pjrt_dlpack_copy copy, pjrt_buffer **out);

/* The same for a tensor of DLPack before 1.0.
 * @param device [borrowed: call]
 * @param tensor [taken]
 * @param out [owned: pjrt_buffer_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_from_dlpack_unversioned(
    pjrt_device *device, struct DLManagedTensor *tensor, pjrt_dlpack_copy copy,
    pjrt_buffer **out);

/* An array over a tensor's memory, with its strides; never a copy. Errors as
 * above. Writing to the array writes to the tensor, which may be read-only.
 * @param tensor [taken]
 * @param out [owned: pjrt_array_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_array_from_dlpack(
    struct DLManagedTensorVersioned *tensor, pjrt_array **out);

/* The same for a tensor of DLPack before 1.0.
 * @param tensor [taken]
 * @param out [owned: pjrt_array_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_array_from_dlpack_unversioned(
    struct DLManagedTensor *tensor, pjrt_array **out);

/* ---- memory of a device -------------------------------------------------- */

/* A device as DLPack numbers it: a DLDeviceType, such as 1 for CPUs, 2 for
 * CUDA, 10 for ROCm and 14 for oneAPI, and which of them. */
typedef struct pjrt_dlpack_device {
  int32_t type;
  int32_t id;
} pjrt_dlpack_device;

/* What DLPack calls a device: by its platform's name, which is "cpu", "cuda",
 * "rocm" or "sycl", and its local hardware id; CPUs are always 1 and 0.
 * UNIMPLEMENTED: another platform, or no such id.
 * @param device [borrowed: call]
 * @param out [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_dlpack_device_of(
    const pjrt_device *device, pjrt_dlpack_device *out);

/* Waits for the buffer and lends its memory on its device as a tensor, never a
 * copy, under the terms of pjrt_buffer_map_device: until the tensor is deleted
 * the buffer can neither be deleted nor donated, and when it is freed its
 * memory stays. The tensor has the strides of the buffer's layout and says that
 * it is read-only. Since the contents are there, its consumer has no stream to
 * wait for, but its own work must be over before it deletes the tensor.
 *
 *   Right: the stream is done with the memory when it goes back.
 *     PJRT_TRY(pjrt_buffer_lend_dlpack(buffer, NULL, &tensor));
 *     launch_on(stream, tensor);
 *     cudaStreamSynchronize(stream);
 *     delete_dlpack(tensor);
 *   Wrong: the kernel may read what is another buffer's by then.
 *     launch_on(stream, tensor);
 *     delete_dlpack(tensor);
 *
 * FAILED_PRECONDITION: a layout that strides cannot tell. UNIMPLEMENTED: as
 * above, types narrower than a byte, and where the plugin lends no memory.
 * @param buffer [borrowed: call]
 * @param as [borrowed: call] NULL: as pjrt_dlpack_device_of says
 * @param out [owned: free] by calling its deleter */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_lend_dlpack(
    pjrt_buffer *buffer, const pjrt_dlpack_device *as,
    struct DLManagedTensorVersioned **out);

/* The same as a tensor of DLPack before 1.0.
 * @param buffer [borrowed: call]
 * @param as [borrowed: call] NULL: as pjrt_dlpack_device_of says
 * @param out [owned: free] by calling its deleter */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_lend_dlpack_unversioned(
    pjrt_buffer *buffer, const pjrt_dlpack_device *as,
    struct DLManagedTensor **out);

/* Makes a buffer of a tensor in the device's own memory, without a copy, under
 * the terms of pjrt_buffer_view_device_memory: nobody may write to it while the
 * buffer or work that uses it lives. What its producer still does with it must
 * be over, or be on the stream of `opts`, which is the one to ask the producer
 * for.
 *
 *   Right: the producer's work comes before the plugin's.
 *     opts.stream = (intptr_t)stream;
 *     tensor = produce_dlpack(array, stream);
 *     PJRT_TRY(pjrt_buffer_view_dlpack(device, tensor, NULL, &opts, &buffer));
 *   Wrong: the plugin reads while a stream that it does not know writes.
 *     fill_on(stream, array);
 *     tensor = produce_dlpack(array, other_stream);
 *     PJRT_TRY(pjrt_buffer_view_dlpack(device, tensor, NULL, NULL, &buffer));
 *
 * INVALID_ARGUMENT: a tensor on another device, and as
 * pjrt_buffer_view_device_memory. FAILED_PRECONDITION: one that is not dense
 * and row-major. UNIMPLEMENTED: types narrower than a byte.
 * @param device [borrowed: call]
 * @param tensor [taken]
 * @param as [borrowed: call] NULL: as pjrt_dlpack_device_of says
 * @param opts [borrowed: call] may be NULL
 * @param out [owned: pjrt_buffer_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_view_dlpack(
    pjrt_device *device, struct DLManagedTensorVersioned *tensor,
    const pjrt_dlpack_device *as, const struct pjrt_view_opts *opts,
    pjrt_buffer **out);

/* The same for a tensor of DLPack before 1.0.
 * @param device [borrowed: call]
 * @param tensor [taken]
 * @param as [borrowed: call] NULL: as pjrt_dlpack_device_of says
 * @param opts [borrowed: call] may be NULL
 * @param out [owned: pjrt_buffer_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_view_dlpack_unversioned(
    pjrt_device *device, struct DLManagedTensor *tensor,
    const pjrt_dlpack_device *as, const struct pjrt_view_opts *opts,
    pjrt_buffer **out);

PJRT_END_DECLS

#endif /* PJRT_IO_DLPACK_H_ */
