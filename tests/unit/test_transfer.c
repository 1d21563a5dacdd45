/* Buffers that are filled piece by piece, and writers of streams. */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "sim_fixture.h"

static const int64_t four[] = {4};
static const int64_t two[] = {2};
static const float floats[] = {1, 2, 3, 4};
static const pjrt_transfer_shape f32_4 = {PJRT_F32, four, 1, NULL};

/* f32[4] and s32[2], in the default memory. */
static pjrt_transfer *open_two(const fixture *f) {
  const pjrt_transfer_shape shapes[] = {f32_4, {PJRT_S32, two, 1, NULL}};
  pjrt_transfer *transfer;
  expect_ok(pjrt_transfer_create(f->device, NULL, shapes, 2, &transfer));
  return transfer;
}

static pjrt_transfer *open_one(const fixture *f,
                               const pjrt_transfer_shape *shape) {
  pjrt_transfer *transfer;
  expect_ok(pjrt_transfer_create(f->device, NULL, shape, 1, &transfer));
  return transfer;
}

static pjrt_buffer *take(pjrt_transfer *transfer, size_t i) {
  pjrt_buffer *buffer;
  expect_ok(pjrt_transfer_take_buffer(transfer, i, &buffer));
  return buffer;
}

/* ---- filling ------------------------------------------------------------- */

static void test_facts(void **state) {
  const fixture *f = *state;
  pjrt_transfer *transfer = open_two(f);
  assert_ptr_equal(pjrt_transfer_device(transfer), f->device);
  assert_int_equal(pjrt_transfer_num_buffers(transfer), 2);
  assert_int_equal(pjrt_transfer_buffer_size(transfer, 0), 16);
  assert_int_equal(pjrt_transfer_buffer_size(transfer, 1), 8);
  assert_int_equal(pjrt_transfer_buffer_size(transfer, 2), 0);
  pjrt_buffer *buffer = take(transfer, 1);
  assert_int_equal(pjrt_buffer_dtype(buffer), PJRT_S32);
  assert_int_equal(pjrt_buffer_host_size(buffer), 8);
  assert_ptr_equal(pjrt_buffer_device(buffer), f->device);
  pjrt_buffer_free(buffer);
  pjrt_transfer_free(transfer);
}

/* In any order, from the middle, with the buffer in use already. */
static void test_pieces(void **state) {
  const fixture *f = *state;
  bool is_ready = true;
  pjrt_event *ready, *done;
  pjrt_transfer *transfer = open_two(f);
  pjrt_buffer *buffer = take(transfer, 0);
  expect_ok(pjrt_buffer_ready_event(buffer, &ready));
  expect_ok(pjrt_transfer_data(transfer, 0, floats + 2, 8, 8, false));
  expect_ok(pjrt_transfer_data(transfer, 0, floats, 4, 0, false));
  expect_ok(pjrt_event_is_ready(ready, &is_ready));
  assert_false(is_ready);
  expect_ok(
      pjrt_transfer_data_async(transfer, 0, floats + 1, 4, 4, true, &done));
  expect_ok(pjrt_event_await(done));
  expect_ok(pjrt_event_await(ready));
  pjrt_event_free(done);
  pjrt_event_free(ready);
  expect_f32(buffer);
  pjrt_buffer_free(buffer);
  pjrt_transfer_free(transfer);
}

static void test_used_before_it_is_filled(void **state) {
  const fixture *f = *state;
  pjrt_transfer *transfer = open_two(f);
  pjrt_executable *pass = compile(f->client, pass_program, NULL);
  pjrt_buffer *args[] = {take(transfer, 0), take(transfer, 1)};
  pjrt_buffer *outs[2];
  expect_ok(pjrt_executable_execute_async(pass, args, 2, NULL, outs, 2, NULL));
  expect_ok(pjrt_transfer_data(transfer, 1, "\5\0\0\0\6\0\0\0", 8, 0, true));
  expect_ok(pjrt_transfer_data(transfer, 0, floats, 16, 0, true));
  expect_f32(outs[0]);
  free_buffers(args, 2);
  free_buffers(outs, 2);
  pjrt_executable_free(pass);
  pjrt_transfer_free(transfer);
}

static void test_literal(void **state) {
  const fixture *f = *state;
  const int64_t five[] = {5};
  const pjrt_transfer_shape shapes[] = {f32_4, {PJRT_U4, five, 1, NULL}};
  pjrt_transfer *transfer;
  unsigned char read[5];
  expect_ok(pjrt_transfer_create(f->device, pjrt_device_memory(f->device, 1),
                                 shapes, 2, &transfer));
  assert_int_equal(pjrt_transfer_buffer_size(transfer, 1), 3);
  expect_ok(pjrt_transfer_literal(transfer, 0, floats, sizeof floats));
  expect_ok(pjrt_transfer_literal(transfer, 1, "\1\2\3\4\5", 5));
  pjrt_buffer *buffers[] = {take(transfer, 0), take(transfer, 1)};
  expect_f32(buffers[0]);
  expect_ok(pjrt_buffer_to_host(buffers[1], read, sizeof read));
  assert_memory_equal(read, "\1\2\3\4\5", 5);
  free_buffers(buffers, 2);
  pjrt_transfer_free(transfer);
}

static void test_empty(void **state) {
  const fixture *f = *state;
  const int64_t none[] = {0, 3};
  const pjrt_transfer_shape shapes[] = {{PJRT_F32, none, 2, NULL},
                                        {PJRT_F32, none, 2, NULL}};
  pjrt_transfer *transfer;
  expect_ok(pjrt_transfer_create(f->device, NULL, shapes, 2, &transfer));
  expect_ok(pjrt_transfer_data(transfer, 0, NULL, 0, 0, true));
  expect_ok(pjrt_transfer_literal(transfer, 1, NULL, 0));
  pjrt_buffer *buffers[] = {take(transfer, 0), take(transfer, 1)};
  expect_ok(pjrt_buffer_await(buffers[0]));
  expect_ok(pjrt_buffer_await(buffers[1]));
  free_buffers(buffers, 2);
  pjrt_transfer_free(transfer);
}

/* A layout goes to the plugin, padded with NULL for those that have none. */
static void test_layouts(void **state) {
  const fixture *f = *state;
  const int64_t dims[] = {2, 3};
  const float values[6] = {0};
  pjrt_buffer *model, *buffer;
  pjrt_layout *layout;
  pjrt_transfer *transfer;
  expect_ok(pjrt_buffer_from_host(f->device, PJRT_F32, dims, 2, values,
                                  sizeof values, &model));
  expect_ok(pjrt_buffer_layout(model, &layout));
  const pjrt_transfer_shape shapes[] = {f32_4, {PJRT_F32, dims, 2, layout}};
  expect_ok(pjrt_transfer_create(f->device, NULL, shapes, 2, &transfer));
  buffer = take(transfer, 1);
  assert_int_equal(pjrt_buffer_host_size(buffer), 24);
  pjrt_buffer_free(buffer);
  pjrt_transfer_free(transfer);
  const pjrt_transfer_shape wrong = {PJRT_F32, four, 1, layout};
  expect_error(pjrt_transfer_create(f->device, NULL, &wrong, 1, &transfer),
               PJRT_INVALID_ARGUMENT,
               "shape 0 of the transfer: the layout does not order 1 "
               "dimensions");
  assert_null(transfer);
  pjrt_layout_free(layout);
  pjrt_buffer_free(model);
}

static void test_metadata(void **state) {
  const fixture *f = *state;
  pjrt_named_values *metadata;
  pjrt_transfer *transfer = open_one(f, &f32_4);
  expect_ok(pjrt_named_values_create(&metadata));
  expect_ok(pjrt_named_values_set_string(metadata, "source", PJRT_NUL_ENDED,
                                         "weights", PJRT_NUL_ENDED));
  expect_ok(pjrt_transfer_add_metadata(transfer, metadata));
  expect_ok(pjrt_transfer_add_metadata(transfer, NULL));
  assert_int_equal(
      sim.num_calls("PJRT_AsyncHostToDeviceTransferManager_AddMetadata"), 2);
  expect_ok(pjrt_named_values_set_int64(metadata, "step", PJRT_NUL_ENDED, 7));
  expect_error(pjrt_transfer_add_metadata(transfer, metadata),
               PJRT_INVALID_ARGUMENT, "metadata step is of kind 1");
  assert_int_equal(
      sim.num_calls("PJRT_AsyncHostToDeviceTransferManager_AddMetadata"), 2);
  expect_error(pjrt_transfer_add_metadata(NULL, metadata),
               PJRT_INVALID_ARGUMENT, "transfer is NULL");
  pjrt_named_values_free(metadata);
  pjrt_transfer_free(transfer);
}

/* ---- refused ------------------------------------------------------------- */

static pjrt_error *try_create(const fixture *f, pjrt_memory *memory,
                              pjrt_transfer_shape shape) {
  pjrt_transfer *transfer = (pjrt_transfer *)1;
  pjrt_error *error =
      pjrt_transfer_create(f->device, memory, &shape, 1, &transfer);
  assert_null(transfer);
  return error;
}

static void test_shapes_refused(void **state) {
  const fixture *f = *state;
  const int64_t negative[] = {-1};
  pjrt_transfer *transfer;
  pjrt_device *other = pjrt_client_addressable_device(f->client, 1);
  expect_error(pjrt_transfer_create(f->device, NULL, NULL, 1, &transfer),
               PJRT_INVALID_ARGUMENT, "1 shapes for a transfer, and they");
  expect_error(pjrt_transfer_create(f->device, NULL, &f32_4, 0, &transfer),
               PJRT_INVALID_ARGUMENT, "0 shapes for a transfer");
  expect_error(pjrt_transfer_create(NULL, NULL, &f32_4, 1, &transfer),
               PJRT_INVALID_ARGUMENT, "device is NULL");
  expect_error(try_create(f, pjrt_device_memory(other, 0), f32_4),
               PJRT_INVALID_ARGUMENT, "shape 0 of the transfer: ");
  expect_error(
      try_create(f, NULL, (pjrt_transfer_shape){PJRT_F32, negative, 1, NULL}),
      PJRT_INVALID_ARGUMENT, "shape 0 of the transfer: ");
  expect_error(
      try_create(f, NULL, (pjrt_transfer_shape){PJRT_F32, NULL, 1, NULL}),
      PJRT_INVALID_ARGUMENT, "shape 0 of the transfer: ");
  expect_error(
      try_create(f, NULL, (pjrt_transfer_shape){PJRT_TOKEN, NULL, 0, NULL}),
      PJRT_INVALID_ARGUMENT, "shape 0 of the transfer: ");
  assert_int_equal(
      sim.num_calls("PJRT_Client_CreateBuffersForAsyncHostToDevice"), 0);
}

static void test_indexes_refused(void **state) {
  pjrt_transfer *transfer = open_two(*state);
  pjrt_buffer *buffer;
  pjrt_event *done;
  pjrt_error *reason = pjrt_error_create(PJRT_ABORTED, "no", PJRT_NUL_ENDED);
  const char *past = "buffer 2 of a transfer of 2";
  expect_error(pjrt_transfer_take_buffer(transfer, 2, &buffer),
               PJRT_INVALID_ARGUMENT, past);
  assert_null(buffer);
  expect_error(pjrt_transfer_data_async(transfer, 2, "", 1, 0, false, &done),
               PJRT_INVALID_ARGUMENT, past);
  assert_null(done);
  expect_error(pjrt_transfer_data(transfer, SIZE_MAX, "", 1, 0, false),
               PJRT_INVALID_ARGUMENT, "of a transfer of 2");
  expect_error(pjrt_transfer_literal(transfer, 2, floats, 16),
               PJRT_INVALID_ARGUMENT, past);
  expect_error(pjrt_transfer_set_error(transfer, 2, reason),
               PJRT_INVALID_ARGUMENT, past);
  expect_error(pjrt_transfer_data(NULL, 0, "", 1, 0, false),
               PJRT_INVALID_ARGUMENT, "transfer is NULL");
  pjrt_error_free(reason);
  pjrt_transfer_free(transfer);
}

static void test_pieces_refused(void **state) {
  pjrt_transfer *transfer = open_two(*state);
  expect_error(pjrt_transfer_data(transfer, 0, floats, 16, 1, false),
               PJRT_INVALID_ARGUMENT,
               "16 bytes at 1, where buffer 0 of the transfer has 16");
  expect_error(pjrt_transfer_data(transfer, 0, floats, 1, SIZE_MAX, false),
               PJRT_INVALID_ARGUMENT, "where buffer 0");
  expect_error(pjrt_transfer_data(transfer, 0, NULL, 4, 0, false),
               PJRT_INVALID_ARGUMENT, "data is NULL for 4 bytes");
  expect_error(pjrt_transfer_data(transfer, 0, floats, 12, 0, true),
               PJRT_INVALID_ARGUMENT,
               "the last piece leaves 4 bytes of buffer 0");
  expect_error(pjrt_transfer_literal(transfer, 0, floats, 12),
               PJRT_INVALID_ARGUMENT,
               "12 bytes of data, where buffer 0 of the transfer, f32[4], "
               "takes 16");
  expect_error(pjrt_transfer_literal(transfer, 0, NULL, 16),
               PJRT_INVALID_ARGUMENT, "data is NULL for 16 bytes");
  assert_int_equal(
      sim.num_calls("PJRT_AsyncHostToDeviceTransferManager_TransferData"), 0);
  /* It is still open. */
  expect_ok(pjrt_transfer_data(transfer, 0, floats, 16, 0, true));
  pjrt_transfer_free(transfer);
}

static void test_more_after_the_end(void **state) {
  pjrt_transfer *transfer = open_two(*state);
  const char *last = "buffer 0 of the transfer has got its last piece";
  pjrt_error *reason = pjrt_error_create(PJRT_ABORTED, "no", PJRT_NUL_ENDED);
  expect_ok(pjrt_transfer_data(transfer, 0, floats, 8, 0, false));
  expect_error(pjrt_transfer_literal(transfer, 0, floats, 16),
               PJRT_FAILED_PRECONDITION, "is being filled piece by piece");
  expect_ok(pjrt_transfer_data(transfer, 0, floats + 2, 8, 8, true));
  expect_error(pjrt_transfer_data(transfer, 0, floats, 16, 0, true),
               PJRT_FAILED_PRECONDITION, last);
  expect_error(pjrt_transfer_literal(transfer, 0, floats, 16),
               PJRT_FAILED_PRECONDITION, last);
  expect_error(pjrt_transfer_set_error(transfer, 0, reason),
               PJRT_FAILED_PRECONDITION, last);
  pjrt_buffer *buffer = take(transfer, 0);
  expect_f32(buffer);
  pjrt_buffer_free(buffer);
  expect_error(pjrt_transfer_take_buffer(transfer, 0, &buffer),
               PJRT_FAILED_PRECONDITION, "was taken before");
  assert_null(buffer);
  pjrt_error_free(reason);
  pjrt_transfer_free(transfer);
}

/* ---- errors -------------------------------------------------------------- */

static void test_set_error(void **state) {
  pjrt_transfer *transfer = open_two(*state);
  pjrt_buffer *buffer = take(transfer, 0);
  pjrt_error *reason =
      pjrt_error_create(PJRT_DATA_LOSS, "the file ended", PJRT_NUL_ENDED);
  pjrt_error *odd = pjrt_error_create((pjrt_code)77, "odd", PJRT_NUL_ENDED);
  expect_ok(pjrt_transfer_data(transfer, 0, floats, 8, 0, false));
  expect_error(pjrt_transfer_set_error(transfer, 0, NULL),
               PJRT_INVALID_ARGUMENT, "code 0");
  expect_error(pjrt_transfer_set_error(transfer, 0, odd), PJRT_INVALID_ARGUMENT,
               "code 77");
  expect_ok(pjrt_transfer_set_error(transfer, 0, reason));
  expect_error(pjrt_buffer_await(buffer), PJRT_DATA_LOSS, "the file ended");
  expect_error(pjrt_transfer_data(transfer, 0, floats, 8, 8, true),
               PJRT_FAILED_PRECONDITION, "buffer 0 of the transfer was failed");
  expect_error(pjrt_transfer_set_error(transfer, 0, reason),
               PJRT_FAILED_PRECONDITION, "was failed");
  pjrt_error_free(odd);
  pjrt_error_free(reason);
  pjrt_buffer_free(buffer);
  pjrt_transfer_free(transfer);
}

/* The plugin refuses a piece: the buffer is as it was. */
static void test_refused_by_plugin(void **state) {
  static const char function[] =
      "PJRT_AsyncHostToDeviceTransferManager_TransferData";
  (void)state;
  sim_fail(function, 1, PJRT_Error_Code_RESOURCE_EXHAUSTED);
  fixture *f = fixture_create(NULL);
  pjrt_transfer *transfer = open_one(f, &f32_4);
  pjrt_buffer *buffer = take(transfer, 0);
  sim_fail(function, 1, PJRT_Error_Code_RESOURCE_EXHAUSTED);
  expect_error(pjrt_transfer_data(transfer, 0, floats, 16, 0, true),
               PJRT_RESOURCE_EXHAUSTED, "the fault");
  expect_ok(pjrt_transfer_data(transfer, 0, floats, 16, 0, true));
  expect_f32(buffer);
  pjrt_buffer_free(buffer);
  pjrt_transfer_free(transfer);
  fixture_drop(f);
  test_free(f);
  expect_nothing_alive();
}

static void test_piece_that_fails_later(void **state) {
  const fixture *f = *state;
  pjrt_transfer *transfer = open_one(f, &f32_4);
  sim_fail_later("PJRT_AsyncHostToDeviceTransferManager_TransferData",
                 PJRT_Error_Code_DATA_LOSS);
  expect_error(pjrt_transfer_data(transfer, 0, floats, 16, 0, true),
               PJRT_DATA_LOSS, "the fault");
  pjrt_transfer_free(transfer);
}

/* Whatever fails while it is made, nothing is left. */
static void test_creation_that_fails(void **state) {
  static const char *const functions[] = {
      "PJRT_Device_DefaultMemory",
      "PJRT_Client_CreateBuffersForAsyncHostToDevice",
      "PJRT_AsyncHostToDeviceTransferManager_Device",
      "PJRT_AsyncHostToDeviceTransferManager_BufferCount",
      "PJRT_AsyncHostToDeviceTransferManager_BufferSize",
      "PJRT_AsyncHostToDeviceTransferManager_RetrieveBuffer"};
  const fixture *f = *state;
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    pjrt_transfer *transfer = (pjrt_transfer *)1;
    const pjrt_transfer_shape shapes[] = {f32_4, f32_4};
    sim_fail(functions[i], 0, PJRT_Error_Code_INTERNAL);
    expect_error(pjrt_transfer_create(f->device, NULL, shapes, 2, &transfer),
                 PJRT_INTERNAL, "the fault");
    assert_null(transfer);
  }
}

/* ---- life ---------------------------------------------------------------- */

static void test_freed_while_open(void **state) {
  const fixture *f = *state;
  pjrt_transfer *transfer = open_two(f);
  pjrt_buffer *buffer = take(transfer, 0);
  expect_ok(pjrt_transfer_data(transfer, 0, floats, 8, 0, false));
  pjrt_transfer_free(transfer);
  expect_error(pjrt_buffer_await(buffer), PJRT_CANCELLED,
               "the transfer was freed before the buffer was complete");
  pjrt_buffer_free(buffer);
}

/* The parent first, and the pieces held back until all are gone. */
static void test_freed_with_pieces_under_way(void **state) {
  fixture *f = *state;
  pjrt_event *done;
  sim_hold("PJRT_AsyncHostToDeviceTransferManager_TransferData",
           PJRT_Error_Code_OK);
  pjrt_transfer *transfer = open_one(f, &f32_4);
  pjrt_buffer *buffer = take(transfer, 0);
  expect_ok(pjrt_transfer_data_async(transfer, 0, floats, 16, 0, true, &done));
  fixture_drop(f);
  pjrt_transfer_free(transfer);
  sim.release_events();
  expect_f32(buffer);
  pjrt_buffer_free(buffer);
  expect_ok(pjrt_event_await(done));
  pjrt_event_free(done);
}

typedef struct dying {
  pjrt_transfer *transfer;
  pjrt_writer *writer;
  bool was_called;
} dying;

static void free_here(const pjrt_error *error, void *user) {
  dying *objects = user;
  (void)error;
  pjrt_writer_free(objects->writer);
  pjrt_transfer_free(objects->transfer);
  objects->was_called = true;
}

/* In a callback nothing of the plugin's is destroyed: its own thread may be
 * the one that is here. */
static void test_freed_in_a_callback(void **state) {
  const fixture *f = *state;
  pjrt_event *done;
  dying objects = {.transfer = open_two(f)};
  expect_ok(pjrt_writer_create(objects.transfer, 1, NULL, &objects.writer));
  sim_hold("PJRT_AsyncHostToDeviceTransferManager_TransferData",
           PJRT_Error_Code_OK);
  expect_ok(pjrt_transfer_data_async(objects.transfer, 0, floats, 16, 0, true,
                                     &done));
  expect_ok(pjrt_event_on_ready(done, free_here, &objects));
  sim.release_events();
  assert_true(objects.was_called);
  pjrt_event_free(done);
}

/* ---- threads ------------------------------------------------------------- */

enum { NUM_PIECES = 200 };

typedef struct filler {
  pjrt_transfer *transfer;
  size_t index;
} filler;

static void *fill_bytes(void *user) {
  const filler *me = user;
  for (size_t i = 0; i < NUM_PIECES; i++) {
    const char byte = (char)(i + me->index);
    pjrt_error_free(pjrt_transfer_data(me->transfer, me->index, &byte, 1, i,
                                       i == NUM_PIECES - 1));
  }
  return NULL;
}

static void test_threads(void **state) {
  const fixture *f = *state;
  const int64_t dims[] = {NUM_PIECES};
  const pjrt_transfer_shape one = {PJRT_S8, dims, 1, NULL};
  const pjrt_transfer_shape shapes[] = {one, one, one, one};
  pjrt_transfer *transfer;
  pthread_t threads[4];
  filler fillers[4];
  expect_ok(pjrt_transfer_create(f->device, NULL, shapes, 4, &transfer));
  for (size_t i = 0; i < 4; i++) {
    fillers[i] = (filler){transfer, i};
    assert_int_equal(pthread_create(&threads[i], NULL, fill_bytes, &fillers[i]),
                     0);
  }
  for (size_t i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  for (size_t i = 0; i < 4; i++) {
    signed char read[NUM_PIECES];
    pjrt_buffer *buffer = take(transfer, i);
    expect_ok(pjrt_buffer_to_host(buffer, read, sizeof read));
    assert_int_equal(read[5], (signed char)(5 + i));
    assert_int_equal(read[NUM_PIECES - 1], (signed char)(NUM_PIECES - 1 + i));
    pjrt_buffer_free(buffer);
  }
  pjrt_transfer_free(transfer);
}

/* ---- writers ------------------------------------------------------------- */

enum { NUM_BYTES = 1000 };
static const int64_t thousand[] = {NUM_BYTES};
static const pjrt_transfer_shape bytes_1000 = {PJRT_U8, thousand, 1, NULL};

static pjrt_writer_opts small_chunks(void) {
  pjrt_writer_opts opts;
  pjrt_writer_opts_init(&opts);
  opts.chunk_size = 64;
  opts.num_chunks = 2;
  return opts;
}

static unsigned char byte_at(size_t i) { return (unsigned char)(i * 7); }

static void expect_bytes(pjrt_buffer *buffer) {
  unsigned char read[NUM_BYTES];
  expect_ok(pjrt_buffer_to_host(buffer, read, sizeof read));
  for (size_t i = 0; i < NUM_BYTES; i++) {
    assert_int_equal(read[i], byte_at(i));
  }
}

static void fill(unsigned char bytes[NUM_BYTES]) {
  for (size_t i = 0; i < NUM_BYTES; i++) bytes[i] = byte_at(i);
}

static void test_writer(void **state) {
  unsigned char bytes[NUM_BYTES];
  pjrt_writer *writer;
  const pjrt_writer_opts opts = small_chunks();
  pjrt_transfer *transfer = open_one(*state, &bytes_1000);
  fill(bytes);
  expect_ok(pjrt_writer_create(transfer, 0, &opts, &writer));
  for (size_t at = 0, step = 1; at < NUM_BYTES; at += step, step += 13) {
    if (step > NUM_BYTES - at) step = NUM_BYTES - at;
    assert_int_equal(pjrt_writer_remaining(writer), NUM_BYTES - at);
    expect_ok(pjrt_writer_write(writer, bytes + at, step));
  }
  expect_error(pjrt_writer_write(writer, bytes, 1), PJRT_OUT_OF_RANGE,
               "1 bytes more, where the buffer needs 0");
  expect_ok(pjrt_writer_finish(writer));
  expect_ok(pjrt_writer_finish(writer));
  assert_int_equal(
      sim.num_calls("PJRT_AsyncHostToDeviceTransferManager_TransferData"), 16);
  pjrt_writer_free(writer);
  pjrt_buffer *buffer = take(transfer, 0);
  expect_bytes(buffer);
  pjrt_buffer_free(buffer);
  pjrt_transfer_free(transfer);
}

/* With nothing arriving, no more than the chunks can be written: the next one
 * waits. */
static void *write_all(void *writer) {
  unsigned char bytes[NUM_BYTES];
  fill(bytes);
  pjrt_error *error = pjrt_writer_write(writer, bytes, sizeof bytes);
  return error ? error : pjrt_writer_finish(writer);
}

static void test_memory_is_bounded(void **state) {
  static const char function[] =
      "PJRT_AsyncHostToDeviceTransferManager_TransferData";
  const pjrt_writer_opts opts = small_chunks();
  pjrt_writer *writer;
  pthread_t thread;
  void *error;
  pjrt_transfer *transfer = open_one(*state, &bytes_1000);
  pjrt_buffer *buffer = take(transfer, 0);
  expect_ok(pjrt_writer_create(transfer, 0, &opts, &writer));
  sim_hold(function, PJRT_Error_Code_OK);
  assert_int_equal(pthread_create(&thread, NULL, write_all, writer), 0);
  wait_until(sim.num_calls(function) == 2);
  nap(0, __FILE__, __LINE__);
  assert_int_equal(sim.num_calls(function), 2);
  for (size_t sent = 2; sent < 16; sent++) {
    sim.release_events();
    wait_until((sim.release_events(), sim.num_calls(function) > sent));
  }
  for (bool is_ready = false; !is_ready;) {
    pjrt_event *ready;
    sim.release_events();
    expect_ok(pjrt_buffer_ready_event(buffer, &ready));
    expect_ok(pjrt_event_is_ready(ready, &is_ready));
    pjrt_event_free(ready);
  }
  pthread_join(thread, &error);
  expect_ok(error);
  expect_bytes(buffer);
  pjrt_buffer_free(buffer);
  pjrt_writer_free(writer);
  pjrt_transfer_free(transfer);
}

static void test_writer_refused(void **state) {
  const fixture *f = *state;
  const int64_t five[] = {5};
  pjrt_writer_opts opts = small_chunks();
  pjrt_writer *writer = (pjrt_writer *)1, *other;
  const pjrt_transfer_shape shapes[] = {bytes_1000, {PJRT_U4, five, 1, NULL}};
  pjrt_transfer *transfer;
  expect_ok(pjrt_transfer_create(f->device, NULL, shapes, 2, &transfer));
  opts.num_chunks = 0;
  expect_error(pjrt_writer_create(transfer, 0, &opts, &writer),
               PJRT_INVALID_ARGUMENT, "0 chunks of 64 bytes");
  assert_null(writer);
  expect_error(pjrt_writer_create(transfer, 2, NULL, &writer),
               PJRT_INVALID_ARGUMENT, "buffer 2 of a transfer of 2");
  expect_error(pjrt_writer_create(NULL, 0, NULL, &writer),
               PJRT_INVALID_ARGUMENT, "transfer is NULL");
  expect_error(pjrt_writer_create(transfer, 1, NULL, &writer),
               PJRT_UNIMPLEMENTED, "u4[5], lies on the device in another form");
  expect_ok(pjrt_writer_create(transfer, 0, NULL, &writer));
  expect_error(pjrt_writer_create(transfer, 0, NULL, &other),
               PJRT_FAILED_PRECONDITION, "is being filled piece by piece");
  expect_error(pjrt_writer_finish(writer), PJRT_FAILED_PRECONDITION,
               "the buffer still needs 1000 of its 1000 bytes");
  expect_error(pjrt_writer_write(writer, NULL, 1), PJRT_INVALID_ARGUMENT,
               "data is NULL for 1 bytes");
  expect_error(pjrt_writer_write(NULL, "", 1), PJRT_INVALID_ARGUMENT,
               "writer is NULL");
  /* The writer outlives its transfer, and its end is the buffer's. */
  pjrt_buffer *buffer = take(transfer, 0);
  pjrt_transfer_free(transfer);
  pjrt_writer_free(writer);
  expect_error(pjrt_buffer_await(buffer), PJRT_CANCELLED,
               "the writer was freed before it was finished");
  pjrt_buffer_free(buffer);
}

static void test_chunk_that_fails(void **state) {
  unsigned char bytes[NUM_BYTES];
  const pjrt_writer_opts opts = small_chunks();
  pjrt_writer *writer;
  pjrt_transfer *transfer = open_one(*state, &bytes_1000);
  fill(bytes);
  expect_ok(pjrt_writer_create(transfer, 0, &opts, &writer));
  sim_fail_later("PJRT_AsyncHostToDeviceTransferManager_TransferData",
                 PJRT_Error_Code_ABORTED);
  expect_error(pjrt_writer_write(writer, bytes, NUM_BYTES), PJRT_ABORTED,
               "the fault");
  expect_error(pjrt_writer_write(writer, bytes, 1), PJRT_FAILED_PRECONDITION,
               "the writer failed before");
  expect_error(pjrt_writer_finish(writer), PJRT_FAILED_PRECONDITION,
               "the writer failed before");
  pjrt_writer_free(writer);
  pjrt_transfer_free(transfer);
}

/* ---- descriptors --------------------------------------------------------- */

typedef struct source {
  int fd; /* to write to, closed at the end */
  size_t size;
} source;

static void *feed(void *user) {
  const source *from = user;
  unsigned char bytes[NUM_BYTES];
  fill(bytes);
  for (size_t at = 0; at < from->size;) {
    const size_t step = from->size - at < 77 ? from->size - at : 77;
    const ssize_t num = write(from->fd, bytes + at, step);
    if (num <= 0) break;
    at += (size_t)num;
  }
  close(from->fd);
  return NULL;
}

/* Uploads what a pipe gives, in bits that fit no chunk. */
static pjrt_error *upload_from_pipe(const fixture *f, size_t size,
                                    pjrt_buffer **out) {
  int ends[2];
  pthread_t thread;
  const pjrt_writer_opts opts = small_chunks();
  assert_int_equal(pipe(ends), 0);
  source from = {ends[1], size};
  assert_int_equal(pthread_create(&thread, NULL, feed, &from), 0);
  pjrt_error *error =
      pjrt_buffer_from_fd(f->device, PJRT_U8, thousand, 1, ends[0], &opts, out);
  pthread_join(thread, NULL);
  close(ends[0]);
  return error;
}

static void test_from_fd(void **state) {
  const fixture *f = *state;
  pjrt_buffer *buffer;
  expect_ok(upload_from_pipe(f, NUM_BYTES, &buffer));
  expect_bytes(buffer);
  pjrt_buffer_free(buffer);
  expect_error(upload_from_pipe(f, 900, &buffer), PJRT_DATA_LOSS,
               "ended 100 bytes before the buffer had all of its 1000");
  assert_null(buffer);
  expect_error(
      pjrt_buffer_from_fd(f->device, PJRT_U8, thousand, 1, -1, NULL, &buffer),
      PJRT_INVALID_ARGUMENT, "descriptor -1 to read");
  assert_null(buffer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(test_facts),
      sim_test(test_pieces),
      sim_test(test_used_before_it_is_filled),
      sim_test(test_literal),
      sim_test(test_empty),
      sim_test(test_layouts),
      sim_test(test_metadata),
      sim_test(test_shapes_refused),
      sim_test(test_indexes_refused),
      sim_test(test_pieces_refused),
      sim_test(test_more_after_the_end),
      sim_test(test_set_error),
      cmocka_unit_test(test_refused_by_plugin),
      sim_test(test_piece_that_fails_later),
      sim_test(test_creation_that_fails),
      sim_test(test_freed_while_open),
      sim_test(test_freed_with_pieces_under_way),
      sim_test(test_freed_in_a_callback),
      sim_test(test_threads),
      sim_test(test_writer),
      sim_test(test_memory_is_bounded),
      sim_test(test_writer_refused),
      sim_test(test_chunk_that_fails),
      sim_test(test_from_fd),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
