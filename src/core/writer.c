/* Filling a buffer from a stream of bytes, a few chunks at a time. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/opts.h"
#include "core/transfer.h"

void pjrt_writer_opts_init(pjrt_writer_opts *opts) {
  *opts = (pjrt_writer_opts){.struct_size = sizeof *opts,
                             .chunk_size = (size_t)4 << 20,
                             .num_chunks = 3};
}

/* ---- ending -------------------------------------------------------------- */

static pjrt_error *await_chunk(pjrt_writer_chunk *one) {
  if (!one->sent) return NULL;
  pjrt_error *error = pjrt_event_await(one->sent);
  pjrt_event_free(one->sent);
  one->sent = NULL;
  return error;
}

/* The first failure, after all have ended. */
static pjrt_error *await_all(pjrt_writer *writer) {
  pjrt_error *first = NULL;
  for (size_t i = 0; i < writer->num_chunks; i++) {
    pjrt_error *error = await_chunk(&writer->chunks[i]);
    if (!first) {
      first = error;
    } else {
      pjrt_error_free(error);
    }
  }
  return first;
}

static void cancel(const pjrt_writer *writer) {
  static const char message[] = "the writer was freed before it was finished";
  pjrt_error *reason =
      pjrt_error_create(PJRT_CANCELLED, message, sizeof message - 1);
  pjrt_error_free(
      pjrt_transfer_set_error(writer->transfer, writer->index, reason));
  pjrt_error_free(reason);
}

static bool bury(pjrt_grave *grave) {
  pjrt_writer *writer = (pjrt_writer *)grave;
  pjrt_client *client = writer->client;
  pjrt_error_free(await_all(writer));
  if (writer->is_begun && !writer->is_finished) cancel(writer);
  for (size_t i = 0; i < writer->num_chunks; i++) {
    pjrt_host_free(writer->chunks[i].data);
  }
  pjrt_transfer_free(writer->transfer);
  free(writer);
  return pjrt_pool_drop(client->pool);
}

void pjrt_writer_free(pjrt_writer *writer) {
  if (!writer || pjrt_client_is_forked(writer->client)) return;
  writer->grave.bury = bury;
  pjrt_client_bury(writer->client, &writer->grave);
}

/* ---- making -------------------------------------------------------------- */

static pjrt_error *read_opts(const pjrt_writer_opts *opts,
                             pjrt_writer_opts *out) {
  pjrt_writer_opts_init(out);
  PJRT_TRY(pjrt_opts_read(opts, "pjrt_writer_opts", sizeof *out, out));
  if (out->chunk_size && out->num_chunks) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "%zu chunks of %zu bytes for a writer",
                           out->num_chunks, out->chunk_size);
}

/* Whether the elements lie on the device as they do in a dense array: packed
 * elements and padded tiles take another number of bytes. */
static pjrt_error *check_form(const pjrt_transfer *transfer, size_t i) {
  char text[PJRT_SPEC_TEXT_SIZE];
  const pjrt_spec *spec = transfer->targets[i].spec;
  if (transfer->targets[i].size == spec->host_size &&
      spec->order == PJRT_ORDER_ROW_MAJOR) {
    return NULL;
  }
  pjrt_spec_print(spec, text);
  return pjrt_error_format(PJRT_UNIMPLEMENTED,
                           "buffer %zu of the transfer, %s, lies on the device "
                           "in another form than the host's; use "
                           "pjrt_transfer_literal",
                           i, text);
}

static pjrt_error *make(pjrt_transfer *transfer, size_t i,
                        const pjrt_writer_opts *opts, pjrt_writer **out) {
  void *memory;
  const size_t size = transfer->targets[i].size;
  const size_t chunk_size =
      opts->chunk_size < size ? opts->chunk_size : size + !size;
  const size_t most = size / chunk_size + (size % chunk_size > 0) + !size;
  const size_t num = opts->num_chunks < most ? opts->num_chunks : most;
  PJRT_TRY(pjrt_alloc(1, sizeof(pjrt_writer) + num * sizeof(pjrt_writer_chunk),
                      &memory));
  *out = memory;
  (*out)->client = transfer->client;
  (*out)->transfer = pjrt_transfer_retain(transfer);
  (*out)->index = i;
  (*out)->size = size;
  (*out)->chunk_size = chunk_size;
  pjrt_pool_hold(transfer->client->pool);
  for (; (*out)->num_chunks < num; (*out)->num_chunks++) {
    PJRT_TRY(pjrt_host_alloc(chunk_size, &memory));
    (*out)->chunks[(*out)->num_chunks].data = memory;
  }
  return NULL;
}

pjrt_error *pjrt_writer_create(pjrt_transfer *transfer, size_t i,
                               const pjrt_writer_opts *opts,
                               pjrt_writer **out) {
  pjrt_writer_opts known;
  pjrt_writer *writer = NULL;
  *out = NULL;
  PJRT_TRY(pjrt_transfer_check(transfer, i));
  PJRT_TRY(read_opts(opts, &known));
  PJRT_TRY(check_form(transfer, i));
  pjrt_error *error = make(transfer, i, &known, &writer);
  if (!error) error = pjrt_transfer_begin(transfer, i);
  if (error) {
    pjrt_writer_free(writer);
    return error;
  }
  writer->is_begun = true;
  *out = writer;
  return NULL;
}

/* ---- writing ------------------------------------------------------------- */

size_t pjrt_writer_remaining(const pjrt_writer *writer) {
  return writer->size - writer->taken;
}

static pjrt_error *check(const pjrt_writer *writer, size_t size) {
  if (!writer) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "writer is NULL");
  }
  PJRT_TRY(pjrt_client_check(writer->client));
  if (writer->has_failed) {
    return pjrt_error_format(PJRT_FAILED_PRECONDITION,
                             "the writer failed before");
  }
  if (size <= pjrt_writer_remaining(writer)) return NULL;
  return pjrt_error_format(PJRT_OUT_OF_RANGE,
                           "%zu bytes more, where the buffer needs %zu", size,
                           pjrt_writer_remaining(writer));
}

static pjrt_error *send_chunk(pjrt_writer *writer, bool is_last) {
  pjrt_writer_chunk *one = &writer->chunks[writer->current];
  const size_t offset = writer->taken - writer->filled;
  PJRT_TRY(pjrt_transfer_data_async(writer->transfer, writer->index, one->data,
                                    writer->filled, offset, is_last,
                                    &one->sent));
  writer->current = (writer->current + 1) % writer->num_chunks;
  writer->filled = 0;
  return NULL;
}

/* Room for at most `size` bytes more, at least one. A chunk that is full is
 * sent only now, for it may be the last one. */
static pjrt_error *find_room(pjrt_writer *writer, size_t size, char **out,
                             size_t *out_size) {
  if (writer->filled == writer->chunk_size) {
    PJRT_TRY(send_chunk(writer, false));
  }
  pjrt_writer_chunk *one = &writer->chunks[writer->current];
  PJRT_TRY(await_chunk(one));
  const size_t room = writer->chunk_size - writer->filled;
  *out = one->data + writer->filled;
  *out_size = size < room ? size : room;
  return NULL;
}

static void take(pjrt_writer *writer, size_t size) {
  writer->filled += size;
  writer->taken += size;
}

static pjrt_error *copy(pjrt_writer *writer, const char *data, size_t size) {
  while (size > 0) {
    char *to;
    size_t step;
    PJRT_TRY(find_room(writer, size, &to, &step));
    memcpy(to, data, step);
    take(writer, step);
    data += step;
    size -= step;
  }
  return NULL;
}

static pjrt_error *read_all(pjrt_writer *writer, int fd, size_t size) {
  while (size > 0) {
    char *to;
    size_t step;
    PJRT_TRY(find_room(writer, size, &to, &step));
    const ssize_t num = read(fd, to, step);
    if (num < 0 && errno == EINTR) continue;
    if (num < 0) {
      return pjrt_error_from_errno(errno, "reading descriptor %d", fd);
    }
    if (num == 0) {
      return pjrt_error_format(PJRT_DATA_LOSS,
                               "descriptor %d ended %zu bytes before the "
                               "buffer had all of its %zu",
                               fd, size, writer->size);
    }
    take(writer, (size_t)num);
    size -= (size_t)num;
  }
  return NULL;
}

/* What was taken before a failure is under way, or lost. */
static pjrt_error *note(pjrt_writer *writer, pjrt_error *error) {
  writer->has_failed = error != NULL;
  return error;
}

pjrt_error *pjrt_writer_write(pjrt_writer *writer, const void *data,
                              size_t size) {
  PJRT_TRY(check(writer, size));
  if (!data && size) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "data is NULL for %zu bytes", size);
  }
  return note(writer, copy(writer, data, size));
}

pjrt_error *pjrt_writer_write_fd(pjrt_writer *writer, int fd, size_t size) {
  PJRT_TRY(check(writer, size));
  if (fd < 0) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "descriptor %d to read",
                             fd);
  }
  return note(writer, read_all(writer, fd, size));
}

pjrt_error *pjrt_writer_finish(pjrt_writer *writer) {
  PJRT_TRY(check(writer, 0));
  if (writer->is_finished) return NULL;
  if (pjrt_writer_remaining(writer)) {
    return pjrt_error_format(PJRT_FAILED_PRECONDITION,
                             "the buffer still needs %zu of its %zu bytes",
                             pjrt_writer_remaining(writer), writer->size);
  }
  pjrt_error *error = send_chunk(writer, true);
  writer->is_finished = !error;
  if (!error) error = await_all(writer);
  return note(writer, error);
}

/* ---- all at once --------------------------------------------------------- */

static pjrt_error *fill_from_fd(pjrt_transfer *transfer, int fd,
                                const pjrt_writer_opts *opts) {
  pjrt_writer *writer;
  PJRT_TRY(pjrt_writer_create(transfer, 0, opts, &writer));
  pjrt_error *error =
      pjrt_writer_write_fd(writer, fd, pjrt_writer_remaining(writer));
  if (!error) error = pjrt_writer_finish(writer);
  pjrt_writer_free(writer);
  return error;
}

pjrt_error *pjrt_buffer_from_fd(pjrt_device *device, pjrt_dtype dtype,
                                const int64_t *dims, size_t num_dims, int fd,
                                const pjrt_writer_opts *opts,
                                pjrt_buffer **out) {
  const pjrt_transfer_shape shape = {dtype, dims, num_dims, NULL};
  pjrt_transfer *transfer;
  *out = NULL;
  PJRT_TRY(pjrt_transfer_create(device, NULL, &shape, 1, &transfer));
  pjrt_error *error = fill_from_fd(transfer, fd, opts);
  if (!error) error = pjrt_transfer_take_buffer(transfer, 0, out);
  pjrt_transfer_free(transfer);
  return error;
}
