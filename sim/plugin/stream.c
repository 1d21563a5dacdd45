/* Streams that a program receives from the host, and chunks that it sends. */
#include "plugin/stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "plugin/computation.h"
#include "plugin/line.h"

/* Where the chunks of a stream go; they may be under way when it is gone. */
typedef struct sink {
  atomic_int refs;
  size_t size;
  atomic_llong missing; /* bytes */
  unsigned char *bytes;
  void *to; /* who gets all of it when it is there; NULL: nobody */
  sim_future *filled;
} sink;

struct PJRT_CopyToDeviceStream {
  sim_kind kind;
  int64_t total_bytes;
  int64_t granule;
  int64_t bytes;
  sim_line *link;
  sink *sink;
};

static PJRT_CopyToDeviceStream *stream_create(sim_line *link,
                                              int64_t total_bytes, void *to) {
  PJRT_CopyToDeviceStream *stream = sim_new(SIM_STREAM, sizeof(*stream));
  stream->total_bytes = total_bytes;
  stream->granule = total_bytes % SIM_STREAM_GRANULE ? 1 : SIM_STREAM_GRANULE;
  stream->link = sim_line_share(link);
  stream->sink = sim_allocate(sizeof(*stream->sink));
  *stream->sink = (sink){.refs = 1,
                         .size = (size_t)total_bytes,
                         .missing = total_bytes,
                         .bytes = sim_allocate((size_t)total_bytes),
                         .to = to,
                         .filled = sim_future_pending()};
  if (total_bytes == 0)
    sim_future_complete(stream->sink->filled, PJRT_Error_Code_OK, "", 0);
  return stream;
}

/* When nothing is left that could fill it, the receiver waits no more. */
static void sink_drop(sink *s) {
  static const char message[] = "the stream was destroyed before it was full";
  if (atomic_fetch_sub(&s->refs, 1) != 1) return;
  sim_future_complete(s->filled, PJRT_Error_Code_CANCELLED, message,
                      sizeof(message) - 1);
  sim_future_drop(s->filled);
  free(s->bytes);
  free(s);
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

static void show_operands(const PJRT_HloOutputCallbackInfo *info,
                          int64_t replica) {
  const int64_t dims[] = {SIM_STREAM_BYTES / sizeof(float)};
  const float values[SIM_STREAM_BYTES / sizeof(float)] = {0};
  for (size_t i = 0; i < info->num_operands; i++)
    info->callback(replica, 0, values, dims, 1, PJRT_Buffer_Type_F32,
                   (int64_t)i, info->user_arg);
}

PJRT_Error *sim_run_callbacks(const PJRT_ExecuteOptions *options,
                              PJRT_Device *const *devices, size_t num_devices) {
  for (size_t d = 0; d < num_devices; d++) {
    for (size_t i = 0; i < options->num_hlo_output_callbacks; i++)
      show_operands(&options->hlo_output_callbacks[i], (int64_t)d);
    for (size_t i = 0; i < options->num_send_ops; i++)
      SIM_TRY(
          send_chunk(&options->send_callbacks[d][i], NULL, SIM_STREAM_BYTES));
    for (size_t i = 0; i < options->num_recv_ops; i++) {
      const PJRT_RecvCallbackInfo *info = &options->recv_callbacks[d][i];
      info->recv_callback(
          stream_create(devices[d]->link, SIM_STREAM_BYTES, NULL),
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
  size_t num_devices;
  sim_line **links;
};

sim_host_transfers *sim_host_transfers_create(
    const PJRT_ExecuteOptions *options, PJRT_Device *const *devices,
    size_t num_devices) {
  sim_host_transfers *t = sim_allocate(sizeof(*t));
  t->num_devices = num_devices;
  t->links = sim_allocate(num_devices * sizeof(sim_line *));
  for (size_t d = 0; d < num_devices; d++)
    t->links[d] = sim_line_share(devices[d]->link);
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
  for (size_t d = 0; d < transfers->num_devices; d++)
    sim_line_drop(transfers->links[d]);
  free(transfers->links);
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

/* The program waits until its value has gone over the link. */
static pjrt_error *send(const PJRT_SendCallbackInfo *info, sim_line *link,
                        const sim_tensor *value) {
  sim_future *sent = sim_lines_use(&link, 1, size_of(value));
  PJRT_Error *error = sim_future_error(sent);
  sim_future_drop(sent);
  if (!error) error = send_chunk(info, value->data, size_of(value));
  return sim_error_to(error);
}

pjrt_error *sim_host_send(const sim_host_transfers *transfers, size_t device,
                          int64_t channel, const sim_tensor *value) {
  const PJRT_SendCallbackInfo *info =
      transfers->sends + device * transfers->num_sends;
  for (size_t i = 0; i < transfers->num_sends; i++)
    if (info[i].channel_id == channel)
      return send(&info[i], transfers->links[device], value);
  return no_callback("send", channel);
}

static pjrt_error *receive(const PJRT_RecvCallbackInfo *info, sim_line *link,
                           sim_tensor *value) {
  PJRT_CopyToDeviceStream *stream =
      stream_create(link, (int64_t)size_of(value), value->data);
  sim_future *filled = sim_future_share(stream->sink->filled);
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
    if (info[i].channel_id == channel)
      return receive(&info[i], transfers->links[device], out_value);
  return no_callback("receive", channel);
}

/* ---- streams ------------------------------------------------------------- */

PJRT_Error *sim_PJRT_CopyToDeviceStream_Destroy(
    PJRT_CopyToDeviceStream_Destroy_Args *args) {
  if (!args->stream) return NULL;
  SIM_REQUIRE(args->stream, SIM_STREAM);
  sink_drop(args->stream->sink);
  sim_line_drop(args->stream->link);
  sim_delete(args->stream, SIM_STREAM);
  return NULL;
}

typedef struct chunk_transfer {
  sink *into;
  int64_t offset;
  PJRT_Chunk chunk;
} chunk_transfer;

static void fill(sink *from) {
  if (from->to && from->size) memcpy(from->to, from->bytes, from->size);
  sim_future_complete(from->filled, PJRT_Error_Code_OK, "", 0);
}

static void finish_chunk(void *arg, PJRT_Error_Code code) {
  static const char message[] = "a chunk failed";
  chunk_transfer *t = arg;
  sink *into = t->into;
  const int64_t size = (int64_t)t->chunk.size;
  if (!code && size)
    memcpy(into->bytes + t->offset, t->chunk.data, t->chunk.size);
  t->chunk.deleter(t->chunk.data, t->chunk.deleter_arg);
  if (code)
    sim_future_complete(into->filled, code, message, sizeof(message) - 1);
  else if (atomic_fetch_sub(&into->missing, size) == size)
    fill(into);
  sink_drop(into);
  free(t);
}

PJRT_Error *sim_PJRT_CopyToDeviceStream_AddChunk(
    PJRT_CopyToDeviceStream_AddChunk_Args *args) {
  PJRT_CopyToDeviceStream *stream = args->stream;
  PJRT_Chunk *chunk = args->chunk;
  SIM_REQUIRE(stream, SIM_STREAM);
  if (!chunk) return sim_misuse("a NULL chunk");
  const int64_t size = (int64_t)chunk->size;
  if (size > stream->total_bytes - stream->bytes || size % stream->granule) {
    chunk->deleter(chunk->data, chunk->deleter_arg);
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "a chunk of %lld bytes does not fit", (long long)size);
  }
  chunk_transfer *t = sim_allocate(sizeof(*t));
  *t = (chunk_transfer){stream->sink, stream->bytes, *chunk};
  atomic_fetch_add(&stream->sink->refs, 1);
  stream->bytes += size;
  sim_future *done = sim_future_both(
      sim_future_create(), sim_line_use_for_piece(stream->link, chunk->size));
  args->transfer_complete = sim_event(sim_future_share(done));
  sim_future_before(done, finish_chunk, t);
  sim_future_drop(done);
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
