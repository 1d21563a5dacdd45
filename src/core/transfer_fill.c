/* Filling the buffers of a transfer. Real plugins answer a wrong index with
 * garbage or end the process, and end it as well when a buffer gets more after
 * its end: so the library keeps count of what each has got. */
#include <stdlib.h>

#include "base/error.h"
#include "core/layout.h"
#include "core/named_values.h"
#include "core/plugin.h"
#include "core/raw_values.h"
#include "core/transfer.h"

/* ---- claiming ------------------------------------------------------------ */

/* Makes an open buffer the calling thread's, until settle(). */
static pjrt_error *claim(pjrt_transfer *transfer, size_t i,
                         pjrt_transfer_target **out) {
  static const char *const reasons[] = {
      [PJRT_FILLING_BUSY] = "is being given a piece by another thread",
      [PJRT_FILLING_COMPLETE] = "has got its last piece",
      [PJRT_FILLING_FAILED] = "was failed"};
  int filling = PJRT_FILLING_OPEN;
  PJRT_TRY(pjrt_transfer_check(transfer, i));
  *out = &transfer->targets[i];
  if (atomic_compare_exchange_strong(&(*out)->filling, &filling,
                                     PJRT_FILLING_BUSY)) {
    return NULL;
  }
  return pjrt_error_format(PJRT_FAILED_PRECONDITION,
                           "buffer %zu of the transfer %s", i,
                           reasons[filling]);
}

static void settle(pjrt_transfer_target *target, pjrt_filling filling) {
  atomic_store(&target->filling, filling);
}

static pjrt_error *check_not_begun(const pjrt_transfer_target *target,
                                   size_t i) {
  if (!target->is_begun) return NULL;
  return pjrt_error_format(PJRT_FAILED_PRECONDITION,
                           "buffer %zu of the transfer is being filled piece "
                           "by piece",
                           i);
}

pjrt_error *pjrt_transfer_begin(pjrt_transfer *transfer, size_t i) {
  pjrt_transfer_target *target;
  PJRT_TRY(claim(transfer, i, &target));
  pjrt_error *error = check_not_begun(target, i);
  target->is_begun = true;
  settle(target, PJRT_FILLING_OPEN);
  return error;
}

/* ---- pieces -------------------------------------------------------------- */

typedef struct piece {
  const void *data;
  size_t size;
  size_t offset;
  bool is_last;
} piece;

static pjrt_error *check_piece(const pjrt_transfer_target *target, size_t i,
                               const piece *what) {
  if (what->offset > target->size || what->size > target->size - what->offset) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "%zu bytes at %zu, where buffer %zu of the "
                             "transfer has %zu",
                             what->size, what->offset, i, target->size);
  }
  if (!what->data && what->size) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "data is NULL for %zu bytes", what->size);
  }
  /* Less than the size is left over, so nothing overflows. */
  if (!what->is_last || target->given >= target->size - what->size) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "the last piece leaves %zu bytes of buffer %zu of "
                           "the transfer unset",
                           target->size - what->size - target->given, i);
}

static pjrt_error *give_piece(const pjrt_transfer *transfer, size_t i,
                              const piece *what, PJRT_Event **out) {
  static const char nothing[1];
  PJRT_ARGS(PJRT_AsyncHostToDeviceTransferManager_TransferData, args);
  args->transfer_manager = transfer->raw;
  args->buffer_index = (int)i;
  args->data = what->data ? what->data : nothing;
  args->offset = (int64_t)what->offset;
  args->transfer_size = (int64_t)what->size;
  args->is_last_transfer = what->is_last;
  PJRT_TRY(PJRT_CALL(transfer->client->plugin,
                     PJRT_AsyncHostToDeviceTransferManager_TransferData, args));
  *out = args->done_with_h2d_transfer;
  return NULL;
}

/* Pieces may overlap: what counts stops at the whole. */
static void count_piece(pjrt_transfer_target *target, const piece *what) {
  const size_t missing = target->size - target->given;
  target->given += what->size < missing ? what->size : missing;
  target->is_begun = true;
}

pjrt_error *pjrt_transfer_data_async(pjrt_transfer *transfer, size_t i,
                                     const void *data, size_t size,
                                     size_t offset, bool is_last,
                                     pjrt_event **out_done) {
  pjrt_transfer_target *target;
  PJRT_Event *done;
  const piece what = {data, size, offset, is_last};
  *out_done = NULL;
  PJRT_TRY(claim(transfer, i, &target));
  pjrt_error *error = check_piece(target, i, &what);
  if (!error) error = give_piece(transfer, i, &what, &done);
  if (error) {
    settle(target, PJRT_FILLING_OPEN);
    return error;
  }
  count_piece(target, &what);
  settle(target, is_last ? PJRT_FILLING_COMPLETE : PJRT_FILLING_OPEN);
  return pjrt_event_wrap(transfer->client, done,
                         "PJRT_AsyncHostToDeviceTransferManager_TransferData",
                         out_done);
}

static pjrt_error *finish(pjrt_event *event) {
  pjrt_error *error = pjrt_event_await(event);
  pjrt_event_free(event);
  return error;
}

pjrt_error *pjrt_transfer_data(pjrt_transfer *transfer, size_t i,
                               const void *data, size_t size, size_t offset,
                               bool is_last) {
  pjrt_event *done;
  PJRT_TRY(pjrt_transfer_data_async(transfer, i, data, size, offset, is_last,
                                    &done));
  return finish(done);
}

/* ---- literals ------------------------------------------------------------ */

static pjrt_error *check_literal(const pjrt_transfer_target *target, size_t i,
                                 const void *data, size_t data_size) {
  char text[PJRT_SPEC_TEXT_SIZE];
  PJRT_TRY(check_not_begun(target, i));
  pjrt_spec_print(target->spec, text);
  if (data_size != target->spec->host_size) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "%zu bytes of data, where buffer %zu of the "
                             "transfer, %s, takes %zu",
                             data_size, i, text, target->spec->host_size);
  }
  if (data || !data_size) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT, "data is NULL for %zu bytes",
                           data_size);
}

/* Plugins end the process where the layout is not spelt out. */
static pjrt_error *give_literal(const pjrt_transfer *transfer, size_t i,
                                const void *data, PJRT_Event **out) {
  static const char nothing[1];
  const pjrt_plugin *plugin = transfer->client->plugin;
  const pjrt_spec *spec = transfer->targets[i].spec;
  PJRT_STRUCT(plugin, PJRT_Buffer_MemoryLayout, layout);
  pjrt_layout_order_to_raw(spec->row_major, spec->num_dims, plugin, layout);
  PJRT_ARGS(PJRT_AsyncHostToDeviceTransferManager_TransferLiteral, args);
  args->transfer_manager = transfer->raw;
  args->buffer_index = (int)i;
  args->data = data ? data : nothing;
  args->shape_dims = spec->dims;
  args->shape_num_dims = spec->num_dims;
  args->shape_element_type = (PJRT_Buffer_Type)spec->dtype;
  args->shape_layout = layout;
  PJRT_TRY(PJRT_CALL(
      plugin, PJRT_AsyncHostToDeviceTransferManager_TransferLiteral, args));
  *out = args->done_with_h2d_transfer;
  return NULL;
}

pjrt_error *pjrt_transfer_literal_async(pjrt_transfer *transfer, size_t i,
                                        const void *data, size_t data_size,
                                        pjrt_event **out_done) {
  pjrt_transfer_target *target;
  PJRT_Event *done;
  *out_done = NULL;
  PJRT_TRY(claim(transfer, i, &target));
  pjrt_error *error = check_literal(target, i, data, data_size);
  if (!error) error = give_literal(transfer, i, data, &done);
  settle(target, error ? PJRT_FILLING_OPEN : PJRT_FILLING_COMPLETE);
  PJRT_TRY(error);
  return pjrt_event_wrap(
      transfer->client, done,
      "PJRT_AsyncHostToDeviceTransferManager_TransferLiteral", out_done);
}

pjrt_error *pjrt_transfer_literal(pjrt_transfer *transfer, size_t i,
                                  const void *data, size_t data_size) {
  pjrt_event *done;
  PJRT_TRY(pjrt_transfer_literal_async(transfer, i, data, data_size, &done));
  return finish(done);
}

/* ---- errors and metadata ------------------------------------------------- */

pjrt_error *pjrt_raw_transfer_set_error(const pjrt_transfer *transfer, size_t i,
                                        pjrt_code code, const char *message,
                                        size_t message_size) {
  PJRT_ARGS(PJRT_AsyncHostToDeviceTransferManager_SetBufferError, args);
  args->transfer_manager = transfer->raw;
  args->buffer_index = (int)i;
  args->error_code = (PJRT_Error_Code)code;
  args->error_message = message;
  args->error_message_size = message_size;
  return PJRT_CALL(transfer->client->plugin,
                   PJRT_AsyncHostToDeviceTransferManager_SetBufferError, args);
}

pjrt_error *pjrt_transfer_set_error(pjrt_transfer *transfer, size_t i,
                                    const pjrt_error *error) {
  pjrt_transfer_target *target;
  size_t size;
  const char *message = pjrt_error_message(error, &size);
  PJRT_TRY(pjrt_transfer_check(transfer, i));
  PJRT_TRY(pjrt_reason_check(error));
  PJRT_TRY(claim(transfer, i, &target));
  pjrt_error *failure = pjrt_raw_transfer_set_error(
      transfer, i, pjrt_error_code(error), message, size);
  settle(target, failure ? PJRT_FILLING_OPEN : PJRT_FILLING_FAILED);
  return failure;
}

static pjrt_error *check_metadata(const pjrt_named_values *metadata) {
  const size_t num = pjrt_named_values_size(metadata);
  for (size_t i = 0; i < num; i++) {
    const pjrt_named_value *value = pjrt_named_values_at(metadata, i);
    if (value->kind == PJRT_VALUE_STRING) continue;
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "metadata %s is of kind %d; plugins take texts "
                             "alone (kind %d)",
                             value->name, (int)value->kind, PJRT_VALUE_STRING);
  }
  return NULL;
}

pjrt_error *pjrt_transfer_add_metadata(pjrt_transfer *transfer,
                                       const pjrt_named_values *metadata) {
  PJRT_NamedValue *raw;
  PJRT_TRY(pjrt_transfer_check(transfer, 0));
  PJRT_TRY(check_metadata(metadata));
  const pjrt_plugin *plugin = transfer->client->plugin;
  PJRT_ARGS(PJRT_AsyncHostToDeviceTransferManager_AddMetadata, args);
  PJRT_TRY(
      pjrt_named_values_to_raw(metadata, plugin, &raw, &args->num_metadata));
  args->transfer_manager = transfer->raw;
  args->transfer_metadata = raw;
  pjrt_error *error = PJRT_CALL(
      plugin, PJRT_AsyncHostToDeviceTransferManager_AddMetadata, args);
  free(raw);
  return error;
}
