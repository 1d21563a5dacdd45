/* Streams that a program receives from the host, and chunks that it sends. */
#include "plugin/stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "plugin/computation.h"

struct PJRT_CopyToDeviceStream {
  sim_kind kind;
  int64_t total_bytes;
  int64_t granule;
  int64_t bytes;
  unsigned char *data; /* NULL: nobody reads what is sent */
  sim_future *filled;
};

static PJRT_CopyToDeviceStream *stream_create(int64_t total_bytes,
                                              unsigned char *data) {
  PJRT_CopyToDeviceStream *stream = sim_new(SIM_STREAM, sizeof(*stream));
  stream->total_bytes = total_bytes;
  stream->granule = total_bytes % SIM_STREAM_GRANULE ? 1 : SIM_STREAM_GRANULE;
  stream->data = data;
  stream->filled = sim_future_pending();
  return stream;
}

/* ---- callbacks ----------------------------------------------------------- */

static PJRT_Error *callback_error(PJRT_Error_Code code, const char *message,
                                  size_t message_size) {
  return sim_error(code, "%.*s", (int)message_size, message);
}

static void free_chunk(void *data, void *arg) {
  (void)arg;
  free(data);
}

static PJRT_Error *send_chunk(const PJRT_SendCallbackInfo *info,
                              const void *data, size_t size) {
  PJRT_CallbackError make_error = callback_error;
  PJRT_Chunk chunk = {
      .data = sim_allocate(size), .size = size, .deleter = free_chunk};
  if (data && size) memcpy(chunk.data, data, size);
  return info->send_callback(&chunk, &make_error, size, true, info->user_arg);
}

PJRT_Error *sim_run_callbacks(const PJRT_ExecuteOptions *options,
                              size_t num_devices) {
  for (size_t d = 0; d < num_devices; d++) {
    for (size_t i = 0; i < options->num_send_ops; i++)
      SIM_TRY(
          send_chunk(&options->send_callbacks[d][i], NULL, SIM_STREAM_BYTES));
    for (size_t i = 0; i < options->num_recv_ops; i++) {
      const PJRT_RecvCallbackInfo *info = &options->recv_callbacks[d][i];
      info->recv_callback(stream_create(SIM_STREAM_BYTES, NULL),
                          info->user_arg);
    }
  }
  return NULL;
}

/* ---- the transfers of a run ---------------------------------------------- */

/* Of all devices, one after another. */
struct sim_host_transfers {
  size_t num_sends; /* of each device */
  size_t num_receives;
  PJRT_SendCallbackInfo *sends;
  PJRT_RecvCallbackInfo *receives;
};

sim_host_transfers *sim_host_transfers_create(
    const PJRT_ExecuteOptions *options, size_t num_devices) {
  sim_host_transfers *t = sim_allocate(sizeof(*t));
  t->num_sends = options->num_send_ops;
  t->num_receives = options->num_recv_ops;
  t->sends = sim_allocate(num_devices * t->num_sends * sizeof(*t->sends));
  t->receives =
      sim_allocate(num_devices * t->num_receives * sizeof(*t->receives));
  for (size_t d = 0; d < num_devices; d++) {
    for (size_t i = 0; i < t->num_sends; i++)
      t->sends[d * t->num_sends + i] = options->send_callbacks[d][i];
    for (size_t i = 0; i < t->num_receives; i++)
      t->receives[d * t->num_receives + i] = options->recv_callbacks[d][i];
  }
  return t;
}

void sim_host_transfers_free(sim_host_transfers *transfers) {
  free(transfers->sends);
  free(transfers->receives);
  free(transfers);
}

static pjrt_error *no_callback(const char *what, int64_t channel) {
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "no %s callback was given for channel %lld", what,
                           (long long)channel);
}

static size_t size_of(const sim_tensor *tensor) {
  return tensor->type.num_elements * tensor->element_size;
}

pjrt_error *sim_host_send(const sim_host_transfers *transfers, size_t device,
                          int64_t channel, const sim_tensor *value) {
  const PJRT_SendCallbackInfo *info =
      transfers->sends + device * transfers->num_sends;
  for (size_t i = 0; i < transfers->num_sends; i++)
    if (info[i].channel_id == channel)
      return sim_error_to(send_chunk(&info[i], value->data, size_of(value)));
  return no_callback("send", channel);
}

static pjrt_error *receive(const PJRT_RecvCallbackInfo *info,
                           sim_tensor *value) {
  const int64_t size = (int64_t)size_of(value);
  PJRT_CopyToDeviceStream *stream = stream_create(size, value->data);
  sim_future *filled = sim_future_share(stream->filled);
  if (size == 0) sim_future_complete(filled, PJRT_Error_Code_OK, "", 0);
  info->recv_callback(stream, info->user_arg);
  PJRT_Error *error = sim_future_error(filled);
  sim_future_drop(filled);
  return sim_error_to(error);
}

pjrt_error *sim_host_receive(const sim_host_transfers *transfers, size_t device,
                             int64_t channel, sim_tensor *out_value) {
  const PJRT_RecvCallbackInfo *info =
      transfers->receives + device * transfers->num_receives;
  for (size_t i = 0; i < transfers->num_receives; i++)
    if (info[i].channel_id == channel) return receive(&info[i], out_value);
  return no_callback("receive", channel);
}

/* ---- streams ------------------------------------------------------------- */

PJRT_Error *sim_PJRT_CopyToDeviceStream_Destroy(
    PJRT_CopyToDeviceStream_Destroy_Args *args) {
  static const char message[] = "the stream was destroyed before it was full";
  if (!args->stream) return NULL;
  SIM_REQUIRE(args->stream, SIM_STREAM);
  sim_future_complete(args->stream->filled, PJRT_Error_Code_CANCELLED, message,
                      sizeof(message) - 1);
  sim_future_drop(args->stream->filled);
  sim_delete(args->stream, SIM_STREAM);
  return NULL;
}

PJRT_Error *sim_PJRT_CopyToDeviceStream_AddChunk(
    PJRT_CopyToDeviceStream_AddChunk_Args *args) {
  PJRT_CopyToDeviceStream *stream = args->stream;
  PJRT_Chunk *chunk = args->chunk;
  SIM_REQUIRE(stream, SIM_STREAM);
  if (!chunk) return sim_misuse("a NULL chunk");
  const int64_t size = (int64_t)chunk->size;
  const bool fits = size <= stream->total_bytes - stream->bytes &&
                    size % stream->granule == 0;
  if (fits && stream->data && size)
    memcpy(stream->data + stream->bytes, chunk->data, chunk->size);
  chunk->deleter(chunk->data, chunk->deleter_arg);
  if (!fits)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "a chunk of %lld bytes does not fit", (long long)size);
  stream->bytes += size;
  args->transfer_complete = sim_event(sim_future_create());
  if (stream->bytes == stream->total_bytes)
    sim_future_complete(stream->filled, PJRT_Error_Code_OK, "", 0);
  return NULL;
}

PJRT_Error *sim_PJRT_CopyToDeviceStream_TotalBytes(
    PJRT_CopyToDeviceStream_TotalBytes_Args *args) {
  SIM_REQUIRE(args->stream, SIM_STREAM);
  args->total_bytes = args->stream->total_bytes;
  return NULL;
}

PJRT_Error *sim_PJRT_CopyToDeviceStream_GranuleSize(
    PJRT_CopyToDeviceStream_GranuleSize_Args *args) {
  SIM_REQUIRE(args->stream, SIM_STREAM);
  args->granule_size_in_bytes = args->stream->granule;
  return NULL;
}

PJRT_Error *sim_PJRT_CopyToDeviceStream_CurrentBytes(
    PJRT_CopyToDeviceStream_CurrentBytes_Args *args) {
  SIM_REQUIRE(args->stream, SIM_STREAM);
  args->current_bytes = args->stream->bytes;
  return NULL;
}
