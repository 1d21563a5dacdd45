/* Transfers, writers, streams: what is on its way. */
#include "core/transfer.h"

#include "core/stream.h"
#include "describe/describe.h"

/* ---- transfers ----------------------------------------------------------- */

static const char *const filling_names[] = {
    [PJRT_FILLING_OPEN] = "open",
    [PJRT_FILLING_BUSY] = "busy",
    [PJRT_FILLING_COMPLETE] = "complete",
    [PJRT_FILLING_FAILED] = "failed"};

static int filling_of(const pjrt_transfer *transfer, size_t i) {
  return atomic_load(&transfer->targets[i].filling);
}

static void append_transfer(pjrt_builder *text, const pjrt_transfer *transfer) {
  size_t num[sizeof filling_names / sizeof *filling_names] = {0};
  pjrt_builder_appendf(text, "transfer of ");
  pjrt_describe_count(text, transfer->num_targets, "buffer");
  pjrt_builder_appendf(text, " to ");
  pjrt_describe_device(text, transfer->device);
  pjrt_describe_client(text, transfer->client);
  for (size_t i = 0; i < transfer->num_targets; i++) {
    num[filling_of(transfer, i)]++;
  }
  for (size_t i = 0; i < sizeof num / sizeof *num; i++) {
    if (num[i]) {
      pjrt_builder_appendf(text, ", %zu %s", num[i], filling_names[i]);
    }
  }
}

static void append_target(pjrt_builder *text, const pjrt_transfer *transfer,
                          size_t i) {
  const pjrt_transfer_target *target = &transfer->targets[i];
  char shape[PJRT_SPEC_TEXT_SIZE];
  pjrt_spec_print(target->spec, shape);
  pjrt_describe_line(text);
  pjrt_builder_appendf(text, "buffer %zu, %s, ", i, shape);
  pjrt_describe_count(text, target->size, "byte");
  pjrt_builder_appendf(text, ", %s%s", filling_names[filling_of(transfer, i)],
                       atomic_load(&target->buffer) ? "" : ", taken");
}

pjrt_error *pjrt_transfer_describe(const pjrt_transfer *transfer,
                                   pjrt_detail detail, char **out,
                                   size_t *out_size) {
  pjrt_builder text;
  if (pjrt_describe_begin(&text, transfer, "transfer")) {
    append_transfer(&text, transfer);
    for (size_t i = 0; detail == PJRT_ALL_LINES && i < transfer->num_targets;
         i++) {
      append_target(&text, transfer, i);
    }
  }
  return pjrt_builder_finish(&text, out, out_size);
}

/* ---- writers ------------------------------------------------------------- */

static void append_writer(pjrt_builder *text, const pjrt_writer *writer) {
  pjrt_builder_appendf(text, "writer of buffer %zu of a transfer",
                       writer->index);
  pjrt_describe_client(text, writer->client);
  pjrt_builder_appendf(text, ", %zu of ", writer->taken);
  pjrt_describe_count(text, writer->size, "byte");
  if (writer->is_finished) pjrt_builder_appendf(text, ", finished");
  if (writer->has_failed) pjrt_builder_appendf(text, ", failed");
}

pjrt_error *pjrt_writer_describe(const pjrt_writer *writer, pjrt_detail detail,
                                 char **out, size_t *out_size) {
  pjrt_builder text;
  if (pjrt_describe_begin(&text, writer, "writer")) {
    append_writer(&text, writer);
    if (detail == PJRT_ALL_LINES) {
      pjrt_describe_line(&text);
      pjrt_describe_count(&text, writer->num_chunks, "chunk");
      pjrt_builder_appendf(&text, " of ");
      pjrt_describe_count(&text, writer->chunk_size, "byte");
      pjrt_builder_appendf(&text, ", %zu in the current one", writer->filled);
    }
  }
  return pjrt_builder_finish(&text, out, out_size);
}

/* ---- chunks and streams -------------------------------------------------- */

pjrt_error *pjrt_chunk_describe(const pjrt_chunk *chunk, pjrt_detail detail,
                                char **out, size_t *out_size) {
  pjrt_builder text;
  size_t size;
  if (pjrt_describe_begin(&text, chunk, "chunk")) {
    const void *data = pjrt_chunk_data(chunk, &size);
    pjrt_builder_appendf(&text, "chunk of ");
    pjrt_describe_count(&text, size, "byte");
    if (detail == PJRT_ALL_LINES) {
      pjrt_describe_line(&text);
      pjrt_builder_appendf(&text, "at %p", data);
    }
  }
  return pjrt_builder_finish(&text, out, out_size);
}

static void append_sizes(pjrt_builder *text, pjrt_stream *stream) {
  size_t current, total;
  if (!pjrt_error_consume(pjrt_stream_current_size(stream, &current)) &&
      !pjrt_error_consume(pjrt_stream_total_size(stream, &total))) {
    pjrt_builder_appendf(text, ", %zu of ", current);
    pjrt_describe_count(text, total, "byte");
  }
}

pjrt_error *pjrt_stream_describe(pjrt_stream *stream, pjrt_detail detail,
                                 char **out, size_t *out_size) {
  pjrt_builder text;
  (void)detail;
  if (pjrt_describe_begin(&text, stream, "stream")) {
    pjrt_builder_appendf(&text, "stream");
    pjrt_describe_client(&text, stream->client);
    append_sizes(&text, stream);
  }
  return pjrt_builder_finish(&text, out, out_size);
}
