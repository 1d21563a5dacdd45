/* Transfers: buffers that are filled from the host piece by piece.
 *
 * A transfer makes its buffers at once, so that they can be handed on, even to
 * an execution, before their contents are there. Whoever fills one gives its
 * pieces in any order and says which is the last. A buffer is open until then;
 * it is complete afterwards, or failed. Giving more to one that is not open is
 * FAILED_PRECONDITION.
 *
 * Threads: different buffers can be filled by different threads. The pieces of
 * one buffer are given one after the other: of two threads that meet, one gets
 * FAILED_PRECONDITION. */
#ifndef PJRT_TRANSFER_H_
#define PJRT_TRANSFER_H_

#include "pjrt/buffer.h"
#include "pjrt/memory.h"

PJRT_BEGIN_DECLS

typedef struct pjrt_transfer pjrt_transfer;

/* What one buffer of a transfer is to be. This struct does not grow. */
typedef struct pjrt_transfer_shape {
  pjrt_dtype dtype;
  const int64_t *dims; /* [borrowed: call] */
  size_t num_dims;
  /* The order of its elements in device memory; NULL: the plugin's choice.
   * [borrowed: call] */
  const pjrt_layout *layout;
} pjrt_transfer_shape;

/* Makes a transfer with one buffer for each shape, in that order.
 * INVALID_ARGUMENT: NULL where something must be, no shapes, a negative
 * dimension, a type without elements, a layout of another rank, a device of
 * another process, a memory that is not the device's. UNIMPLEMENTED: a type
 * newer than the plugin. RESOURCE_EXHAUSTED: memory is short.
 * PJRT: PJRT_Client_CreateBuffersForAsyncHostToDevice (0.60),
 * PJRT_AsyncHostToDeviceTransferManager_RetrieveBuffer (0.62).
 * @param device [borrowed: call]
 * @param memory [borrowed: call] one of the device's; NULL: its default
 * @param shapes [borrowed: call]
 * @param out [owned: pjrt_transfer_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_transfer_create(
    pjrt_device *device, pjrt_memory *memory, const pjrt_transfer_shape *shapes,
    size_t num_shapes, pjrt_transfer **out);

/* Drops the handle. When the last writer is gone too, buffers that are still
 * open end with CANCELLED; those that are complete become ready as their pieces
 * arrive. May block until the pieces under way are there.
 * PJRT: PJRT_AsyncHostToDeviceTransferManager_Destroy (0.60).
 * @param transfer [taken] */
PJRT_API void pjrt_transfer_free(pjrt_transfer *transfer);

/* ---- facts --------------------------------------------------------------- */

/* The device whose memory is filled.
 * PJRT: PJRT_AsyncHostToDeviceTransferManager_Device (0.62), read at create.
 * @param transfer [borrowed: call]
 * @return [borrowed: transfer] */
PJRT_API pjrt_device *pjrt_transfer_device(const pjrt_transfer *transfer);

/* How many buffers it fills.
 * PJRT: PJRT_AsyncHostToDeviceTransferManager_BufferCount (0.62), read at
 * create.
 * @param transfer [borrowed: call] */
PJRT_API size_t pjrt_transfer_num_buffers(const pjrt_transfer *transfer);

/* Bytes of the i-th buffer as they lie on the device; 0 past the end.
 * PJRT: PJRT_AsyncHostToDeviceTransferManager_BufferSize (0.62), read at
 * create.
 * @param transfer [borrowed: call] */
PJRT_API size_t pjrt_transfer_buffer_size(const pjrt_transfer *transfer,
                                          size_t i);

/* Hands out the i-th buffer, filled or not: whatever uses it waits for its
 * contents. INVALID_ARGUMENT past the end, FAILED_PRECONDITION the second time.
 * @param transfer [borrowed: call]
 * @param out [owned: pjrt_buffer_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_transfer_take_buffer(
    pjrt_transfer *transfer, size_t i, pjrt_buffer **out);

/* ---- filling ------------------------------------------------------------- */

/* Starts to copy a piece to the i-th buffer at `offset`: bytes as they lie on
 * the device, where elements of less than a byte are packed, dimensions in the
 * buffer's own order, and tiles padded. pjrt_transfer_literal takes elements
 * in host form instead. `is_last` completes the buffer, with all that was given
 * before.
 * INVALID_ARGUMENT: a buffer past the end, bytes outside the buffer, a last
 * piece although less than the buffer's bytes were given. FAILED_PRECONDITION:
 * the buffer is not open.
 * PJRT: PJRT_AsyncHostToDeviceTransferManager_TransferData (0.60).
 * @param transfer [borrowed: call]
 * @param data [borrowed: out_done] until the event is ready
 * @param out_done [owned: pjrt_event_free] ready when `data` is no longer
 *   read */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_transfer_data_async(
    pjrt_transfer *transfer, size_t i, const void *data, size_t size,
    size_t offset, bool is_last, pjrt_event **out_done);

/* The same, and waits until `data` is no longer read.
 * @param transfer [borrowed: call]
 * @param data [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_transfer_data(
    pjrt_transfer *transfer, size_t i, const void *data, size_t size,
    size_t offset, bool is_last);

/* Starts to copy all of the i-th buffer's elements, dense, row-major and in
 * host form, and completes the buffer.
 * INVALID_ARGUMENT: a buffer past the end, a data_size that is not
 * pjrt_buffer_host_size of the buffer. FAILED_PRECONDITION: the buffer is not
 * open, or has got a piece.
 * PJRT: PJRT_AsyncHostToDeviceTransferManager_TransferLiteral (0.83).
 * @param transfer [borrowed: call]
 * @param data [borrowed: out_done] until the event is ready
 * @param out_done [owned: pjrt_event_free] ready when `data` is no longer
 *   read */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_transfer_literal_async(
    pjrt_transfer *transfer, size_t i, const void *data, size_t data_size,
    pjrt_event **out_done);

/* The same, and waits until `data` is no longer read.
 * @param transfer [borrowed: call]
 * @param data [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_transfer_literal(
    pjrt_transfer *transfer, size_t i, const void *data, size_t data_size);

/* Fails the i-th buffer instead of completing it: whatever uses it ends with
 * this error. INVALID_ARGUMENT: a buffer past the end, no error, or one whose
 * code PJRT does not define. FAILED_PRECONDITION: the buffer is not open.
 * PJRT: PJRT_AsyncHostToDeviceTransferManager_SetBufferError (0.62).
 * @param transfer [borrowed: call]
 * @param error [borrowed: call] its payloads are not passed on */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_transfer_set_error(
    pjrt_transfer *transfer, size_t i, const pjrt_error *error);

/* Tells the plugin something about the transfer, for its own records. Texts
 * alone: plugins end the process on other kinds, which are INVALID_ARGUMENT.
 * PJRT: PJRT_AsyncHostToDeviceTransferManager_AddMetadata (0.62).
 * @param transfer [borrowed: call]
 * @param metadata [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_transfer_add_metadata(
    pjrt_transfer *transfer, const pjrt_named_values *metadata);

/* ---- streaming -----------------------------------------------------------
 * A writer fills one buffer from a stream of bytes whose whole is never in the
 * host's memory: it copies what it is given to a few chunks, and waits while
 * all of them are under way. The bytes are the elements, dense and row-major;
 * they are written by one thread at a time. */

typedef struct pjrt_writer pjrt_writer;

typedef struct pjrt_writer_opts {
  size_t struct_size;
  /* Bytes of a chunk; default 4 MiB. Never more than the buffer has. */
  size_t chunk_size;
  /* How many chunks there are; default 3. The memory that the writer takes is
   * this times chunk_size. */
  size_t num_chunks;
} pjrt_writer_opts;

/* @param opts [borrowed: call] */
PJRT_API void pjrt_writer_opts_init(pjrt_writer_opts *opts);

/* Makes a writer for the i-th buffer, which must be open and have no piece
 * yet: FAILED_PRECONDITION. Nothing else may fill the buffer from now on.
 * UNIMPLEMENTED where the elements lie on the device in another form than they
 * have on the host. INVALID_ARGUMENT: a buffer past the end, a size or number
 * of chunks of 0.
 * @param transfer [shared]
 * @param opts [borrowed: call] may be NULL
 * @param out [owned: pjrt_writer_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_writer_create(
    pjrt_transfer *transfer, size_t i, const pjrt_writer_opts *opts,
    pjrt_writer **out);

/* Takes the next bytes; blocks while all chunks are under way. OUT_OF_RANGE for
 * more bytes than the buffer still needs, and then takes none. The error of a
 * chunk that failed comes back here or in pjrt_writer_finish; the writer takes
 * nothing more then.
 * PJRT: PJRT_AsyncHostToDeviceTransferManager_TransferData (0.60).
 * @param writer [borrowed: call]
 * @param data [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_writer_write(pjrt_writer *writer,
                                                     const void *data,
                                                     size_t size);

/* Reads the next `size` bytes from a file, pipe or socket that blocks, straight
 * into the chunks. OUT_OF_RANGE as above; DATA_LOSS when the descriptor ends
 * before; else what reading failed with.
 * PJRT: PJRT_AsyncHostToDeviceTransferManager_TransferData (0.60).
 * @param writer [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_writer_write_fd(pjrt_writer *writer,
                                                        int fd, size_t size);

/* Bytes that the buffer still needs.
 * @param writer [borrowed: call] */
PJRT_API size_t pjrt_writer_remaining(const pjrt_writer *writer);

/* Completes the buffer and waits until all chunks are there.
 * FAILED_PRECONDITION while bytes are missing. Finishing twice is no error.
 * PJRT: PJRT_AsyncHostToDeviceTransferManager_TransferData (0.60).
 * @param writer [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_writer_finish(pjrt_writer *writer);

/* Drops the handle. A buffer that was not finished ends with CANCELLED. Blocks
 * until the chunks under way are there, but for a callback.
 * @param writer [taken] */
PJRT_API void pjrt_writer_free(pjrt_writer *writer);

/* Uploads an array from a file, pipe or socket that blocks, chunk by chunk, to
 * the device's default memory. Reads pjrt_buffer_host_size bytes and no more.
 * Errors as pjrt_transfer_create, pjrt_writer_create and pjrt_writer_write_fd.
 * PJRT: PJRT_Client_CreateBuffersForAsyncHostToDevice (0.60),
 * PJRT_AsyncHostToDeviceTransferManager_TransferData (0.60).
 * @param device [borrowed: call]
 * @param dims [borrowed: call]
 * @param opts [borrowed: call] may be NULL
 * @param out [owned: pjrt_buffer_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_buffer_from_fd(
    pjrt_device *device, pjrt_dtype dtype, const int64_t *dims, size_t num_dims,
    int fd, const pjrt_writer_opts *opts, pjrt_buffer **out);

PJRT_END_DECLS

#endif /* PJRT_TRANSFER_H_ */
