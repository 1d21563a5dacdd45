/* Streams: what a program and its host send one another while it runs.
 *
 * A program that sends to the host names a channel, and the options of the
 * execution a callback for it, which gets the bytes in chunks. A program that
 * receives gets what a callback puts into a stream. XLA's CPU plugins compile
 * no such programs.
 *
 * All callbacks here run on threads of the plugin's: they must not block and
 * must not wait for events; freeing objects of this library is allowed, since
 * they are then destroyed elsewhere. They and what their `user` points to are
 * needed until the execution is done. */
#ifndef PJRT_STREAM_H_
#define PJRT_STREAM_H_

#include "pjrt/array.h"
#include "pjrt/event.h"

PJRT_BEGIN_DECLS

/* ---- chunks -------------------------------------------------------------- */

/* Bytes, with a way to give them back. */
typedef struct pjrt_chunk pjrt_chunk;

/* Makes a chunk of the caller's memory, without copying it. `release` is called
 * once, when nobody needs the memory any more: by pjrt_chunk_free, or on a
 * thread of the plugin's once a stream has taken the bytes; and also when this
 * call fails.
 * @param data [borrowed: out] until release is called
 * @param release may be NULL: the memory lives as long as the process
 * @param user [borrowed: out] passed to release
 * @param out [owned: pjrt_chunk_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_chunk_create(void *data, size_t size,
                                                     pjrt_release_fn release,
                                                     void *user,
                                                     pjrt_chunk **out);

/* @param chunk [borrowed: call]
 * @param out_size [borrowed: call]
 * @return [borrowed: chunk] */
PJRT_API const void *pjrt_chunk_data(const pjrt_chunk *chunk, size_t *out_size);

/* @param chunk [taken] */
PJRT_API void pjrt_chunk_free(pjrt_chunk *chunk);

/* ---- from the program to the host ---------------------------------------- */

/* Gets a chunk that the program sent; `total_size` is that of all chunks of
 * this send, and `is_last` says that there are no more. An error ends the
 * program with this error.
 * @param chunk [taken] may be kept and freed later
 * @param user [borrowed: call] as it was registered
 * @return [taken] NULL for success */
typedef pjrt_error *(*pjrt_send_fn)(pjrt_chunk *chunk, size_t total_size,
                                    bool is_last, void *user);

typedef struct pjrt_send_callback {
  int64_t channel_id; /* as in the program's channel_handle */
  pjrt_send_fn callback;
  void *user;
} pjrt_send_callback;

/* ---- from the host to the program ---------------------------------------- */

/* What a program waits for: a number of bytes, in chunks. */
typedef struct pjrt_stream pjrt_stream;

/* Gets the stream to fill, here or later, on any thread.
 * @param stream [taken] free it once it is full; the program ends with an error
 *   when it is freed before
 * @param user [borrowed: call] as it was registered */
typedef void (*pjrt_recv_fn)(pjrt_stream *stream, void *user);

typedef struct pjrt_recv_callback {
  int64_t channel_id; /* as in the program's channel_handle */
  pjrt_recv_fn callback;
  void *user;
} pjrt_recv_callback;

/* How many bytes the program wants.
 * PJRT: PJRT_CopyToDeviceStream_TotalBytes (0.40).
 * @param stream [borrowed: call]
 * @param out_size [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_stream_total_size(pjrt_stream *stream,
                                                          size_t *out_size);

/* What the size of every chunk must be a multiple of.
 * PJRT: PJRT_CopyToDeviceStream_GranuleSize (0.40).
 * @param stream [borrowed: call]
 * @param out_size [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_stream_granule_size(pjrt_stream *stream,
                                                            size_t *out_size);

/* How many bytes were added so far.
 * PJRT: PJRT_CopyToDeviceStream_CurrentBytes (0.40).
 * @param stream [borrowed: call]
 * @param out_size [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_stream_current_size(pjrt_stream *stream,
                                                            size_t *out_size);

/* Adds the next bytes. INVALID_ARGUMENT: a chunk that is no multiple of the
 * granule, or is more than the program still wants.
 * PJRT: PJRT_CopyToDeviceStream_AddChunk (0.40).
 * @param stream [borrowed: call]
 * @param chunk [taken]
 * @param out_done [owned: pjrt_event_free] ready when the bytes are there */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_stream_add_chunk_async(
    pjrt_stream *stream, pjrt_chunk *chunk, pjrt_event **out_done);

/* The same, and waits until the bytes are there; so not in a callback.
 * @param stream [borrowed: call]
 * @param chunk [taken] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_stream_add_chunk(pjrt_stream *stream,
                                                         pjrt_chunk *chunk);

/* Drops the handle; chunks under way still arrive.
 * PJRT: PJRT_CopyToDeviceStream_Destroy (0.40).
 * @param stream [taken] */
PJRT_API void pjrt_stream_free(pjrt_stream *stream);

/* ---- values that a program shows on its way ------------------------------ */

/* One operand, on one device. This struct may grow; the library makes it. */
typedef struct pjrt_hlo_output {
  int64_t replica_id;
  int64_t partition_id;
  int64_t operand_index;
  pjrt_dtype dtype;
  const int64_t *dims;
  size_t num_dims;
  const void *data;
} pjrt_hlo_output;

/* @param output [borrowed: call] with all that it points to
 * @param user [borrowed: call] as it was registered */
typedef void (*pjrt_hlo_output_fn)(const pjrt_hlo_output *output, void *user);

typedef struct pjrt_hlo_output_callback {
  int64_t callback_id;
  size_t num_operands;
  pjrt_hlo_output_fn callback;
  void *user;
} pjrt_hlo_output_callback;

PJRT_END_DECLS

#endif /* PJRT_STREAM_H_ */
