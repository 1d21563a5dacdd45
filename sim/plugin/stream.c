/* Streams that a program receives from the host, and chunks that it sends. */
#include "plugin/stream.h"

#include <stdlib.h>

struct PJRT_CopyToDeviceStream {
  sim_kind kind;
  int64_t bytes;
};

/* ---- callbacks ----------------------------------------------------------- */

static PJRT_Error *callback_error(PJRT_Error_Code code, const char *message,
                                  size_t message_size) {
  return sim_error(code, "%.*s", (int)message_size, message);
}

static void free_chunk(void *data, void *arg) {
  (void)arg;
  free(data);
}

static PJRT_Error *send_chunk(const PJRT_SendCallbackInfo *info) {
  PJRT_CallbackError make_error = callback_error;
  PJRT_Chunk chunk = {
      .data = sim_allocate(SIM_STREAM_BYTES),
      .size = SIM_STREAM_BYTES,
      .deleter = free_chunk,
  };
  return info->send_callback(&chunk, &make_error, chunk.size, true,
                             info->user_arg);
}

static void receive_stream(const PJRT_RecvCallbackInfo *info) {
  PJRT_CopyToDeviceStream *stream = sim_new(SIM_STREAM, sizeof(*stream));
  info->recv_callback(stream, info->user_arg);
}

PJRT_Error *sim_run_callbacks(const PJRT_ExecuteOptions *options,
                              size_t num_devices) {
  for (size_t d = 0; d < num_devices; d++) {
    for (size_t i = 0; i < options->num_send_ops; i++)
      SIM_TRY(send_chunk(&options->send_callbacks[d][i]));
    for (size_t i = 0; i < options->num_recv_ops; i++)
      receive_stream(&options->recv_callbacks[d][i]);
  }
  return NULL;
}

/* ---- streams ------------------------------------------------------------- */

PJRT_Error *sim_PJRT_CopyToDeviceStream_Destroy(
    PJRT_CopyToDeviceStream_Destroy_Args *args) {
  if (!args->stream) return NULL;
  SIM_REQUIRE(args->stream, SIM_STREAM);
  sim_delete(args->stream, SIM_STREAM);
  return NULL;
}

PJRT_Error *sim_PJRT_CopyToDeviceStream_AddChunk(
    PJRT_CopyToDeviceStream_AddChunk_Args *args) {
  SIM_REQUIRE(args->stream, SIM_STREAM);
  if (!args->chunk) return sim_misuse("a NULL chunk");
  const int64_t size = (int64_t)args->chunk->size;
  const bool fits = args->stream->bytes + size <= SIM_STREAM_BYTES &&
                    size % SIM_STREAM_GRANULE == 0;
  args->chunk->deleter(args->chunk->data, args->chunk->deleter_arg);
  if (!fits)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "a chunk of %lld bytes does not fit", (long long)size);
  args->stream->bytes += size;
  args->transfer_complete = sim_event(sim_future_create());
  return NULL;
}

PJRT_Error *sim_PJRT_CopyToDeviceStream_TotalBytes(
    PJRT_CopyToDeviceStream_TotalBytes_Args *args) {
  SIM_REQUIRE(args->stream, SIM_STREAM);
  args->total_bytes = SIM_STREAM_BYTES;
  return NULL;
}

PJRT_Error *sim_PJRT_CopyToDeviceStream_GranuleSize(
    PJRT_CopyToDeviceStream_GranuleSize_Args *args) {
  SIM_REQUIRE(args->stream, SIM_STREAM);
  args->granule_size_in_bytes = SIM_STREAM_GRANULE;
  return NULL;
}

PJRT_Error *sim_PJRT_CopyToDeviceStream_CurrentBytes(
    PJRT_CopyToDeviceStream_CurrentBytes_Args *args) {
  SIM_REQUIRE(args->stream, SIM_STREAM);
  args->current_bytes = args->stream->bytes;
  return NULL;
}
