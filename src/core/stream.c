/* Chunks, and streams that a program receives. */
#include "core/stream.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/event.h"
#include "core/plugin.h"

/* ---- chunks -------------------------------------------------------------- */

static void give_back(const PJRT_Chunk *raw) {
  if (raw->deleter) raw->deleter(raw->data, raw->deleter_arg);
}

pjrt_error *pjrt_chunk_from_raw(const PJRT_Chunk *raw, pjrt_chunk **out) {
  void *memory;
  *out = NULL;
  pjrt_error *error = pjrt_alloc(1, sizeof **out, &memory);
  if (error) {
    give_back(raw);
    return error;
  }
  *out = memory;
  (*out)->raw = *raw;
  return NULL;
}

pjrt_error *pjrt_chunk_create(void *data, size_t size, pjrt_release_fn release,
                              void *user, pjrt_chunk **out) {
  const PJRT_Chunk raw = {data, size, release, user};
  *out = NULL;
  if (data || !size) return pjrt_chunk_from_raw(&raw, out);
  give_back(&raw);
  return pjrt_error_format(PJRT_INVALID_ARGUMENT, "data is NULL for %zu bytes",
                           size);
}

const void *pjrt_chunk_data(const pjrt_chunk *chunk, size_t *out_size) {
  *out_size = chunk->raw.size;
  return chunk->raw.data;
}

void pjrt_chunk_free(pjrt_chunk *chunk) {
  if (!chunk) return;
  give_back(&chunk->raw);
  free(chunk);
}

static void give_back_once(pjrt_chunk *chunk) {
  if (!atomic_exchange(&chunk->is_given_back, true)) give_back(&chunk->raw);
}

static void drop(pjrt_chunk *chunk, int num_refs) {
  if (atomic_fetch_sub(&chunk->refs, num_refs) == num_refs) free(chunk);
}

/* The plugin's deleter of a chunk that it was given. */
static void chunk_is_done(void *data, void *user) {
  pjrt_chunk *chunk = user;
  (void)data;
  pjrt_enter_callback();
  give_back_once(chunk);
  drop(chunk, 1);
  pjrt_leave_callback();
}

/* ---- life ---------------------------------------------------------------- */

static void destroy_raw(const pjrt_client *client,
                        PJRT_CopyToDeviceStream *raw) {
  PJRT_ARGS(PJRT_CopyToDeviceStream_Destroy, args);
  args->stream = raw;
  /* Destroying must never be fatal, and nobody is left to tell. */
  pjrt_error_drop(
      PJRT_CALL(client->plugin, PJRT_CopyToDeviceStream_Destroy, args));
}

static bool bury(pjrt_grave *grave) {
  pjrt_stream *stream = (pjrt_stream *)grave;
  pjrt_client *client = stream->client;
  destroy_raw(client, stream->raw);
  free(stream);
  return pjrt_pool_drop(client->pool);
}

void pjrt_stream_free(pjrt_stream *stream) {
  if (!stream || pjrt_client_is_forked(stream->client)) return;
  stream->grave.bury = bury;
  pjrt_client_bury(stream->client, &stream->grave);
}

pjrt_error *pjrt_stream_wrap(pjrt_client *client, PJRT_CopyToDeviceStream *raw,
                             pjrt_stream **out) {
  void *memory;
  *out = NULL;
  pjrt_error *error = pjrt_alloc(1, sizeof **out, &memory);
  if (error) {
    destroy_raw(client, raw);
    return error;
  }
  *out = memory;
  (*out)->client = client;
  (*out)->raw = raw;
  pjrt_pool_hold(client->pool);
  return NULL;
}

/* ---- facts --------------------------------------------------------------- */

static pjrt_error *check(const pjrt_stream *stream) {
  if (stream) return pjrt_client_check(stream->client);
  return pjrt_error_format(PJRT_INVALID_ARGUMENT, "stream is NULL");
}

static pjrt_error *give_size(const pjrt_stream *stream, const char *call,
                             int64_t size, size_t *out) {
  *out = size < 0 ? 0 : (size_t)size;
  if (size >= 0) return NULL;
  return pjrt_error_about(
      pjrt_error_format(PJRT_INTERNAL, "the plugin tells %lld bytes",
                        (long long)size),
      stream->client->plugin, call);
}

pjrt_error *pjrt_stream_total_size(pjrt_stream *stream, size_t *out_size) {
  *out_size = 0;
  PJRT_TRY(check(stream));
  PJRT_ARGS(PJRT_CopyToDeviceStream_TotalBytes, args);
  args->stream = stream->raw;
  PJRT_TRY(PJRT_CALL(stream->client->plugin, PJRT_CopyToDeviceStream_TotalBytes,
                     args));
  return give_size(stream, "PJRT_CopyToDeviceStream_TotalBytes",
                   args->total_bytes, out_size);
}

pjrt_error *pjrt_stream_granule_size(pjrt_stream *stream, size_t *out_size) {
  *out_size = 0;
  PJRT_TRY(check(stream));
  PJRT_ARGS(PJRT_CopyToDeviceStream_GranuleSize, args);
  args->stream = stream->raw;
  PJRT_TRY(PJRT_CALL(stream->client->plugin,
                     PJRT_CopyToDeviceStream_GranuleSize, args));
  return give_size(stream, "PJRT_CopyToDeviceStream_GranuleSize",
                   args->granule_size_in_bytes, out_size);
}

pjrt_error *pjrt_stream_current_size(pjrt_stream *stream, size_t *out_size) {
  *out_size = 0;
  PJRT_TRY(check(stream));
  PJRT_ARGS(PJRT_CopyToDeviceStream_CurrentBytes, args);
  args->stream = stream->raw;
  PJRT_TRY(PJRT_CALL(stream->client->plugin,
                     PJRT_CopyToDeviceStream_CurrentBytes, args));
  return give_size(stream, "PJRT_CopyToDeviceStream_CurrentBytes",
                   args->current_bytes, out_size);
}

/* ---- adding chunks ------------------------------------------------------- */

static pjrt_error *check_chunk(pjrt_stream *stream, const pjrt_chunk *chunk) {
  size_t total, current, granule;
  PJRT_TRY(check(stream));
  if (!chunk) return pjrt_error_format(PJRT_INVALID_ARGUMENT, "chunk is NULL");
  PJRT_TRY(pjrt_stream_total_size(stream, &total));
  PJRT_TRY(pjrt_stream_current_size(stream, &current));
  PJRT_TRY(pjrt_stream_granule_size(stream, &granule));
  if (current > total || chunk->raw.size > total - current) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "a chunk of %zu bytes for a stream that has %zu "
                             "of %zu",
                             chunk->raw.size, current, total);
  }
  if (granule == 0 || chunk->raw.size % granule == 0) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "a chunk of %zu bytes for a stream in granules of "
                           "%zu",
                           chunk->raw.size, granule);
}

/* Plugins give the memory of a chunk that they refuse back, unless they did not
 * get as far as looking at it. */
static pjrt_error *give_chunk(const pjrt_stream *stream, pjrt_chunk *chunk,
                              PJRT_Event **out) {
  PJRT_ROOM(PJRT_Chunk, raw);
  *raw = (PJRT_Chunk){chunk->raw.data, chunk->raw.size, chunk_is_done, chunk};
  PJRT_ARGS(PJRT_CopyToDeviceStream_AddChunk, args);
  args->stream = stream->raw;
  args->chunk = raw;
  atomic_store(&chunk->refs, 2);
  pjrt_error *error =
      PJRT_CALL(stream->client->plugin, PJRT_CopyToDeviceStream_AddChunk, args);
  const bool is_refused = error && !atomic_load(&chunk->is_given_back);
  if (is_refused) give_back_once(chunk);
  drop(chunk, is_refused ? 2 : 1);
  PJRT_TRY(error);
  *out = args->transfer_complete;
  return NULL;
}

pjrt_error *pjrt_stream_add_chunk_async(pjrt_stream *stream, pjrt_chunk *chunk,
                                        pjrt_event **out_done) {
  PJRT_Event *done;
  *out_done = NULL;
  pjrt_error *error = check_chunk(stream, chunk);
  if (error) {
    pjrt_chunk_free(chunk);
    return error;
  }
  PJRT_TRY(give_chunk(stream, chunk, &done));
  return pjrt_event_wrap(stream->client, done,
                         "PJRT_CopyToDeviceStream_AddChunk", out_done);
}

pjrt_error *pjrt_stream_add_chunk(pjrt_stream *stream, pjrt_chunk *chunk) {
  pjrt_event *done;
  PJRT_TRY(pjrt_stream_add_chunk_async(stream, chunk, &done));
  pjrt_error *error = pjrt_event_await(done);
  pjrt_event_free(done);
  return error;
}
