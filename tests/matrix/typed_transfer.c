/* Transfers, and writers that fill their buffers. */
#include <unistd.h>

#include "typed.h"

/* ---- beginnings ---------------------------------------------------------- */

static const int64_t four[] = {4};

static pjrt_error *create(matrix_attempt *a) {
  typed_world *w = typed(a);
  const pjrt_transfer_shape shape = {PJRT_F32, four, 1, NULL};
  return pjrt_transfer_create(w->device, NULL, &shape, 1, &w->transfer);
}

static pjrt_error *transfer(matrix_attempt *a) {
  PJRT_TRY(typed_client(a));
  return create(a);
}

/* Complete, with its buffer taken. */
static pjrt_error *filled(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(transfer(a));
  PJRT_TRY(pjrt_transfer_data(w->transfer, 0, typed_values, sizeof typed_values,
                              0, true));
  return pjrt_transfer_take_buffer(w->transfer, 0, &w->args[0]);
}

/* In chunks of two values. */
static pjrt_error *writer(matrix_attempt *a) {
  typed_world *w = typed(a);
  pjrt_writer_opts opts;
  pjrt_writer_opts_init(&opts);
  opts.chunk_size = 2 * sizeof *typed_values;
  PJRT_TRY(transfer(a));
  return pjrt_writer_create(w->transfer, 0, &opts, &w->writer);
}

static pjrt_error *written(matrix_attempt *a) {
  PJRT_TRY(writer(a));
  return pjrt_writer_write(typed(a)->writer, typed_values, 4);
}

static pjrt_error *expect_filled(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_transfer_take_buffer(w->transfer, 0, &w->args[0]));
  return typed_expect(a, w->args[0], typed_values);
}

/* A pipe holds so few bytes by itself. */
static int open_pipe(void) {
  int ends[2];
  if (pipe(ends)) return -1;
  if (write(ends[1], typed_values, sizeof typed_values) < 0) {
    close(ends[0]);
    ends[0] = -1;
  }
  close(ends[1]);
  return ends[0];
}

/* ---- the cases ----------------------------------------------------------- */

static pjrt_error *free_transfer(matrix_attempt *a) {
  typed_world *w = typed(a);
  pjrt_sim_live live;
  pjrt_transfer_free(w->transfer);
  w->transfer = NULL;
  sim.get_live(&live);
  if (!a->how->may_leak) MATRIX_EXPECT(a, live.transfer_managers == 0);
  return typed_expect(a, w->args[0], typed_values);
}

static pjrt_error *device(matrix_attempt *a) {
  typed_world *w = typed(a);
  MATRIX_EXPECT(a, pjrt_transfer_device(w->transfer) == w->device);
  return NULL;
}

static pjrt_error *num_buffers(matrix_attempt *a) {
  MATRIX_EXPECT(a, pjrt_transfer_num_buffers(typed(a)->transfer) == 1);
  return NULL;
}

static pjrt_error *buffer_size(matrix_attempt *a) {
  const size_t size = pjrt_transfer_buffer_size(typed(a)->transfer, 0);
  MATRIX_EXPECT(a, size == sizeof typed_values);
  return NULL;
}

static pjrt_error *data_async(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_transfer_data_async(w->transfer, 0, typed_values,
                                    sizeof typed_values, 0, true, &w->event));
  PJRT_TRY(pjrt_event_await(w->event));
  return expect_filled(a);
}

static pjrt_error *literal_async(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_transfer_literal_async(w->transfer, 0, typed_values,
                                       sizeof typed_values, &w->event));
  PJRT_TRY(pjrt_event_await(w->event));
  return expect_filled(a);
}

static pjrt_error *set_error(matrix_attempt *a) {
  typed_world *w = typed(a);
  pjrt_error *reason = pjrt_error_create(PJRT_ABORTED, "why", PJRT_NUL_ENDED);
  pjrt_error *error = pjrt_transfer_set_error(w->transfer, 0, reason);
  pjrt_error_free(reason);
  PJRT_TRY(error);
  PJRT_TRY(pjrt_transfer_take_buffer(w->transfer, 0, &w->args[0]));
  error = pjrt_buffer_await(w->args[0]);
  if (pjrt_error_code(error) != PJRT_ABORTED) {
    MATRIX_EXPECT(a, error);
    return error;
  }
  pjrt_error_free(error);
  return NULL;
}

static pjrt_error *add_metadata(matrix_attempt *a) {
  pjrt_named_values *metadata;
  PJRT_TRY(pjrt_named_values_create(&metadata));
  pjrt_error *error = pjrt_named_values_set_string(
      metadata, "source", PJRT_NUL_ENDED, "matrix", PJRT_NUL_ENDED);
  if (!error) error = pjrt_transfer_add_metadata(typed(a)->transfer, metadata);
  pjrt_named_values_free(metadata);
  return error;
}

/* More than a chunk, so that one is sent. */
static pjrt_error *write_values(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_writer_write(w->writer, typed_values, sizeof typed_values));
  MATRIX_EXPECT(a, pjrt_writer_remaining(w->writer) == 0);
  PJRT_TRY(pjrt_writer_finish(w->writer));
  return expect_filled(a);
}

static pjrt_error *write_fd(matrix_attempt *a) {
  typed_world *w = typed(a);
  const int fd = open_pipe();
  pjrt_error *error = pjrt_writer_write_fd(w->writer, fd, sizeof typed_values);
  close(fd);
  if (!error) error = pjrt_writer_finish(w->writer);
  return error ? error : expect_filled(a);
}

static pjrt_error *finish(matrix_attempt *a) {
  typed_world *w = typed(a);
  PJRT_TRY(pjrt_writer_write(w->writer, typed_values + 1, 12));
  PJRT_TRY(pjrt_writer_finish(w->writer));
  return expect_filled(a);
}

static pjrt_error *from_fd(matrix_attempt *a) {
  typed_world *w = typed(a);
  const int fd = open_pipe();
  pjrt_error *error =
      pjrt_buffer_from_fd(w->device, PJRT_F32, four, 1, fd, NULL, &w->args[0]);
  close(fd);
  return error ? error : typed_expect(a, w->args[0], typed_values);
}

/* ---- all ----------------------------------------------------------------- */

/* The plugin alone can tell the memory that is meant where none is given. */
#define CASE(function, begin, check)                      \
  .name = (function), .prepare = (begin), .run = (check), \
  .direct = "PJRT_Device_DefaultMemory"
#define MANAGER(name) "PJRT_AsyncHostToDeviceTransferManager_" name

const matrix_case typed_transfer_cases[] = {
    {CASE("pjrt_transfer_create", typed_client, create)},
    {CASE("pjrt_transfer_free", filled, free_transfer)},
    {CASE("pjrt_transfer_device", transfer, device), .fact = MANAGER("Device")},
    {CASE("pjrt_transfer_num_buffers", transfer, num_buffers),
     .fact = MANAGER("BufferCount")},
    {CASE("pjrt_transfer_buffer_size", transfer, buffer_size),
     .fact = MANAGER("BufferSize")},
    {CASE("pjrt_transfer_data_async", transfer, data_async)},
    {CASE("pjrt_transfer_literal_async", transfer, literal_async)},
    {CASE("pjrt_transfer_set_error", transfer, set_error)},
    {CASE("pjrt_transfer_add_metadata", transfer, add_metadata)},
    {CASE("pjrt_writer_write", writer, write_values)},
    {CASE("pjrt_writer_write_fd", writer, write_fd)},
    {CASE("pjrt_writer_finish", written, finish)},
    {CASE("pjrt_buffer_from_fd", typed_client, from_fd)},
};
const size_t typed_num_transfer_cases =
    sizeof typed_transfer_cases / sizeof *typed_transfer_cases;
