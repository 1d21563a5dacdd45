/* The inside of a transfer, for writers. */
#ifndef PJRT_CORE_TRANSFER_H_
#define PJRT_CORE_TRANSFER_H_

#include "core/buffer.h"
#include "pjrt/transfer.h"

/* How far one buffer of a transfer is. */
typedef enum pjrt_filling {
  PJRT_FILLING_OPEN = 0,
  PJRT_FILLING_BUSY = 1, /* a thread is giving it a piece, or ending it */
  PJRT_FILLING_COMPLETE = 2,
  PJRT_FILLING_FAILED = 3
} pjrt_filling;

typedef struct pjrt_transfer_target {
  atomic_int filling; /* pjrt_filling */
  bool is_begun;      /* these two belong to whoever made it busy */
  size_t given;       /* bytes */
  size_t size;        /* bytes on the device */
  const pjrt_spec *spec;
  _Atomic(pjrt_buffer *) buffer; /* NULL once it was taken */
} pjrt_transfer_target;

struct pjrt_transfer {
  pjrt_grave grave;
  pjrt_client *client;
  atomic_size_t refs; /* the handle and writers */
  PJRT_AsyncHostToDeviceTransferManager *raw;
  pjrt_device *device;
  size_t num_targets;
  pjrt_transfer_target targets[];
};

/* What a writer sends at once. */
typedef struct pjrt_writer_chunk {
  char *data;
  pjrt_event *sent; /* NULL: the chunk is free */
} pjrt_writer_chunk;

struct pjrt_writer {
  pjrt_grave grave;
  pjrt_client *client;
  pjrt_transfer *transfer;
  size_t index; /* of the buffer */
  size_t size;  /* bytes of the buffer */
  size_t taken; /* of them, what is in the current chunk included */
  size_t chunk_size;
  size_t num_chunks;
  size_t current; /* the chunk that is being filled */
  size_t filled;  /* bytes in it */
  bool is_begun;  /* the buffer is this writer's to end */
  bool has_failed;
  bool is_finished;
  pjrt_writer_chunk chunks[];
};

/* INVALID_ARGUMENT unless buffers of these shapes can be made on the device. */
pjrt_error *pjrt_transfer_check_shapes(const pjrt_device *device,
                                       const pjrt_memory *memory,
                                       const pjrt_transfer_shape *shapes,
                                       size_t num_shapes)
    __attribute__((warn_unused_result));

/* Another owner; pjrt_transfer_free drops one. */
pjrt_transfer *pjrt_transfer_retain(pjrt_transfer *transfer);

/* INVALID_ARGUMENT for NULL and past the end, FAILED_PRECONDITION in a forked
 * child. */
pjrt_error *pjrt_transfer_check(const pjrt_transfer *transfer, size_t i)
    __attribute__((warn_unused_result));

/* Says that a buffer is filled from its beginning. FAILED_PRECONDITION when it
 * is not open or has got a piece. */
pjrt_error *pjrt_transfer_begin(pjrt_transfer *transfer, size_t i)
    __attribute__((warn_unused_result));

/* The plugin's side of pjrt_transfer_set_error. */
pjrt_error *pjrt_raw_transfer_set_error(const pjrt_transfer *transfer, size_t i,
                                        pjrt_code code, const char *message,
                                        size_t message_size)
    __attribute__((warn_unused_result));

#endif /* PJRT_CORE_TRANSFER_H_ */
