/* What nobody can check: addresses of device memory, device memory that is not
 * the plugin's, and machine code of unknown origin. Each function states its
 * rules; breaking one is undefined behaviour, here, in the plugin or on the
 * device. Not part of pjrt.h. The same goes for tensors in a device's memory,
 * which io/dlpack.h has in its last part. */
#ifndef PJRT_UNSAFE_H_
#define PJRT_UNSAFE_H_

#include "pjrt/executable.h"

PJRT_BEGIN_DECLS

/* The address of a buffer's memory on its device, as a number, for comparing
 * and printing.
 * Rules: the number means nothing once the buffer is deleted, donated or freed,
 * which does not change it; never read or write through it: that is what
 * pjrt_buffer_map_device is for. UNIMPLEMENTED on some plugins.
 *
 *   Right: two buffers share memory, while both are live.
 *     PJRT_TRY(pjrt_buffer_unsafe_pointer(a, &at));
 *     PJRT_TRY(pjrt_buffer_unsafe_pointer(b, &other));
 *     bool shared = at == other;
 *   Wrong: the memory may be another buffer's by then.
 *     PJRT_TRY(pjrt_buffer_unsafe_pointer(a, &at));
 *     pjrt_buffer_free(a);
 *     memset((void *)at, 0, size);
 *
 * PJRT: PJRT_Buffer_UnsafePointer (0.40).
 * @param buffer [borrowed: call]
 * @param out [borrowed: call] 0 on failure */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_unsafe_pointer(
    pjrt_buffer *buffer, uintptr_t *out);

/* Waits for the buffer and lends its memory on the device, under an external
 * reference: until pjrt_buffer_unmap_device the memory stays, and the buffer
 * can neither be deleted nor donated; when it is freed, it ends with the unmap.
 * Mappings nest, with each other and with pjrt_buffer_map.
 * Rules: the bytes are in the device's layout; on an accelerator the address is
 * the device's and no pointer for the host; who writes must see to it that
 * nothing else uses the buffer meanwhile, such as an execution under way, and
 * that what was written has arrived before the unmap.
 *
 *   Right: a kernel of the program's own reads it, and is over by then.
 *     PJRT_TRY(pjrt_buffer_map_device(buffer, &pointer));
 *     launch_and_wait(pointer);
 *     PJRT_TRY(pjrt_buffer_unmap_device(buffer));
 *   Wrong: the kernel may still run when the memory is somebody else's.
 *     PJRT_TRY(pjrt_buffer_map_device(buffer, &pointer));
 *     launch(pointer);
 *     PJRT_TRY(pjrt_buffer_unmap_device(buffer));
 *     pjrt_buffer_free(buffer);
 *
 * PJRT: PJRT_Buffer_IncreaseExternalReferenceCount (0.40),
 * PJRT_Buffer_OpaqueDeviceMemoryDataPointer (0.40).
 * @param buffer [borrowed: call]
 * @param out_pointer [borrowed: buffer] until unmapped */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_map_device(pjrt_buffer *buffer,
                                                          void **out_pointer);

/* Ends one such mapping. FAILED_PRECONDITION where there is none left.
 * Rules: the mapping is one's own, and the pointer means nothing after it.
 *
 *   Right: as above.
 *   Wrong: the pointer outlives its mapping.
 *     PJRT_TRY(pjrt_buffer_map_device(buffer, &pointer));
 *     PJRT_TRY(pjrt_buffer_unmap_device(buffer));
 *     launch_and_wait(pointer);
 *
 * PJRT: PJRT_Buffer_DecreaseExternalReferenceCount (0.40).
 * @param buffer [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_unmap_device(
    pjrt_buffer *buffer);

/* What is done with lent memory.
 * @param data [borrowed: call]
 * @param user [borrowed: call] */
typedef pjrt_error *(*pjrt_device_memory_fn)(void *data, void *user);

/* Lends the memory for the time of one call: maps, calls `use` on this thread
 * and unmaps, whatever comes of it, so that no mapping can be forgotten.
 * Returns the error of `use`, or that of mapping or unmapping.
 * INVALID_ARGUMENT: `use` is NULL.
 * Rules: those of pjrt_buffer_map_device; all use is over when `use` returns.
 *
 *   Right: what it starts, it waits for.
 *     static pjrt_error *use(void *data, void *stream) {
 *       launch_on(stream, data);
 *       return synchronize(stream);
 *     }
 *   Wrong: the memory may be another's before the kernel runs.
 *     static pjrt_error *use(void *data, void *stream) {
 *       launch_on(stream, data);
 *       return NULL;
 *     }
 *
 * PJRT: PJRT_Buffer_IncreaseExternalReferenceCount (0.40),
 * PJRT_Buffer_OpaqueDeviceMemoryDataPointer (0.40),
 * PJRT_Buffer_DecreaseExternalReferenceCount (0.40).
 * @param buffer [borrowed: call]
 * @param user [borrowed: call] passed to `use` */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_with_device_memory(
    pjrt_buffer *buffer, pjrt_device_memory_fn use, void *user);

typedef struct pjrt_view_opts {
  size_t struct_size;
  /* One of the device's memories, which needs API 0.66; NULL: its default.
   * [borrowed: call] */
  pjrt_memory *memory;
  /* The stream whose work so far must be over before the memory is used, such
   * as a cudaStream_t; 0: none. Some plugins refuse any. */
  intptr_t stream;
} pjrt_view_opts;

/* @param opts [borrowed: call] */
PJRT_API void pjrt_view_opts_init(pjrt_view_opts *opts);

/* Makes a buffer of memory on the device that somebody else manages, without a
 * copy; dense and row-major. `release` is called once, when neither the buffer
 * nor work that uses it needs the memory, on a thread of the library, never of
 * the plugin; also when this call fails.
 * Rules: `data` is memory that the device can address, of at least the shape's
 * bytes in the device's form, aligned as the plugin wants (64 bytes on CPU); it
 * stays, and nobody writes to it, until `release` is called; donating the
 * buffer lets the plugin write to it.
 * INVALID_ARGUMENT: `data` is NULL where there are bytes, and what
 * pjrt_buffer_from_host refuses. UNIMPLEMENTED: a memory, on a plugin older
 * than 0.66.
 *
 *   Right: the memory goes when it is released.
 *     cudaMalloc(&data, size);
 *     PJRT_TRY(pjrt_buffer_view_device_memory(device, PJRT_F32, dims, 1, data,
 *                                             NULL, free_cuda, NULL, &view));
 *     pjrt_buffer_free(view);
 *   Wrong: the buffer is gone, and work that uses it may not be.
 *     pjrt_buffer_free(view);
 *     cudaFree(data);
 *
 * PJRT: PJRT_Client_CreateViewOfDeviceBuffer (0.40).
 * @param device [borrowed: call]
 * @param dims [borrowed: call]
 * @param data [borrowed: out] until release is called
 * @param opts [borrowed: call] may be NULL
 * @param release may be NULL: the memory lives as long as the process
 * @param user [borrowed: out] passed to release
 * @param out [owned: pjrt_buffer_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_view_device_memory(
    pjrt_device *device, pjrt_dtype dtype, const int64_t *dims, size_t num_dims,
    void *data, const pjrt_view_opts *opts, pjrt_release_fn release, void *user,
    pjrt_buffer **out);

/* Loads an artifact as pjrt_executable_load does, whichever plugin made it.
 * Rules: the plugin reads what the maker wrote. A plugin of another version
 * mostly does not: it ends the process, or loads the program without complaint
 * and computes wrong results.
 *
 *   Right: the same plugin, built again, in a test of that plugin.
 *     PJRT_TRY(pjrt_executable_load_unchecked(client, data, size, &loaded));
 *     compare_with_what_is_compiled_now(loaded);
 *   Wrong: to be rid of an error after an update; compile again instead.
 *     error = pjrt_executable_load(client, data, size, &loaded);
 *     if (pjrt_error_consume(error) == PJRT_FAILED_PRECONDITION) {
 *       error = pjrt_executable_load_unchecked(client, data, size, &loaded);
 *     }
 *
 * PJRT: PJRT_Executable_DeserializeAndLoad (0.40).
 * @param client [shared]
 * @param data [borrowed: call]
 * @param out [owned: pjrt_executable_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_executable_load_unchecked(
    pjrt_client *client, const void *data, size_t data_size,
    pjrt_executable **out);

/* Loads what a plugin serialized itself, such as pjrt_executable_serialized_raw
 * gives or another program wrote. INVALID_ARGUMENT for an artifact of this
 * library, or no bytes.
 * Rules: the very same plugin serialized the bytes, and they are whole: there
 * is nothing to check them by, and plugins crash on damage. The signature is
 * learnt anew, where the plugin tells it.
 *
 *   Right: the bytes are kept with what tells the plugin, and a checksum.
 *     if (same_plugin(kept) && checksum(kept->raw, size) == kept->sum) {
 *       PJRT_TRY(pjrt_executable_load_raw(client, kept->raw, size, &out));
 *     }
 *   Wrong: the bytes may be from a plugin before the last update.
 *     PJRT_TRY(pjrt_executable_load_raw(client, file, file_size, &out));
 *
 * PJRT: PJRT_Executable_DeserializeAndLoad (0.40).
 * @param client [shared]
 * @param data [borrowed: call]
 * @param out [owned: pjrt_executable_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_executable_load_raw(
    pjrt_client *client, const void *data, size_t data_size,
    pjrt_executable **out);

PJRT_END_DECLS

#endif /* PJRT_UNSAFE_H_ */
