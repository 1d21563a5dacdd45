/* The inside of chunks and streams. */
#ifndef PJRT_CORE_STREAM_H_
#define PJRT_CORE_STREAM_H_

#include "core/client.h"
#include "pjrt/stream.h"

struct pjrt_chunk {
  PJRT_Chunk raw; /* the plugin's, or with the caller's release as deleter */
  /* While the chunk is the plugin's: it and the call that gave it away both
   * need this, and whichever of them learns first that it is done gives the
   * memory back. */
  atomic_int refs;
  atomic_bool is_given_back;
};

struct pjrt_stream {
  pjrt_grave grave;
  pjrt_client *client;
  PJRT_CopyToDeviceStream *raw;
};

/* A chunk with these bytes, whoever they are from; their deleter is called even
 * when this fails. */
pjrt_error *pjrt_chunk_from_raw(const PJRT_Chunk *raw, pjrt_chunk **out)
    __attribute__((warn_unused_result));

/* Wraps a stream and owns it from now on; when this fails, it is destroyed. */
pjrt_error *pjrt_stream_wrap(pjrt_client *client, PJRT_CopyToDeviceStream *raw,
                             pjrt_stream **out)
    __attribute__((warn_unused_result));

#endif /* PJRT_CORE_STREAM_H_ */
