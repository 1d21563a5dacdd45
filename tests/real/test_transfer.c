/* Buffers that are filled piece by piece, on real plugins. */
#include <stdio.h>
#include <unistd.h>

#include "real/fixture.h"

static const int64_t four[] = {4};
static const float floats[] = {1, 2, 3, 4};

static pjrt_transfer *open_transfer(fixture *f, pjrt_dtype dtype,
                                    const int64_t *dims, size_t num_dims,
                                    size_t num) {
  pjrt_transfer_shape shapes[4];
  pjrt_transfer *transfer;
  for (size_t i = 0; i < num; i++) {
    shapes[i] = (pjrt_transfer_shape){dtype, dims, num_dims, NULL};
  }
  assert_ok(pjrt_transfer_create(f->device, NULL, shapes, num, &transfer));
  return transfer;
}

static pjrt_buffer *take(pjrt_transfer *transfer, size_t i) {
  pjrt_buffer *buffer;
  assert_ok(pjrt_transfer_take_buffer(transfer, i, &buffer));
  return buffer;
}

/* Old plugins lack literals, and say so. */
static bool has_literals(fixture *f) {
  return pjrt_plugin_supports(
      f->plugin, "PJRT_AsyncHostToDeviceTransferManager_TransferLiteral",
      PJRT_NUL_ENDED);
}

/* ---- filling ------------------------------------------------------------- */

static void facts_are_those_of_the_shapes(void **state) {
  fixture *f = *state;
  const int64_t dims[] = {2, 3};
  pjrt_transfer *transfer = open_transfer(f, PJRT_S16, dims, 2, 2);
  assert_ptr_equal(pjrt_transfer_device(transfer), f->device);
  assert_int_equal(pjrt_transfer_num_buffers(transfer), 2);
  assert_int_equal(pjrt_transfer_buffer_size(transfer, 1), 12);
  pjrt_buffer *buffer = take(transfer, 1);
  assert_int_equal(pjrt_buffer_dtype(buffer), PJRT_S16);
  assert_int_equal(pjrt_buffer_host_size(buffer), 12);
  pjrt_buffer_free(buffer);
  pjrt_transfer_free(transfer);
}

static void pieces_fill_a_buffer_in_any_order(void **state) {
  fixture *f = *state;
  pjrt_transfer *transfer = open_transfer(f, PJRT_F32, four, 1, 1);
  pjrt_buffer *buffer = take(transfer, 0);
  assert_ok(pjrt_transfer_data(transfer, 0, floats + 2, 8, 8, false));
  assert_ok(pjrt_transfer_data(transfer, 0, floats, 8, 0, true));
  assert_f32(buffer, 4, 1, 2, 3, 4);
  pjrt_transfer_free(transfer);
  pjrt_buffer_free(buffer);
}

static void an_execution_waits_for_its_argument(void **state) {
  fixture *f = *state;
  pjrt_transfer *transfer = open_transfer(f, PJRT_F32, four, 1, 2);
  pjrt_executable *add = compile(f, add_program);
  pjrt_buffer *args[] = {take(transfer, 0), take(transfer, 1)};
  pjrt_buffer *sum;
  assert_ok(pjrt_executable_execute_async(add, args, 2, NULL, &sum, 1, NULL));
  assert_ok(pjrt_transfer_data(transfer, 1, floats, 16, 0, true));
  assert_ok(pjrt_transfer_data(transfer, 0, floats, 16, 0, true));
  assert_f32(sum, 4, 2, 4, 6, 8);
  pjrt_buffer_free(sum);
  pjrt_buffer_free(args[0]);
  pjrt_buffer_free(args[1]);
  pjrt_executable_free(add);
  pjrt_transfer_free(transfer);
}

static void literals_are_in_host_form(void **state) {
  fixture *f = *state;
  const int64_t dims[] = {5};
  unsigned char read[5];
  pjrt_transfer *transfer = open_transfer(f, PJRT_U4, dims, 1, 1);
  assert_int_equal(pjrt_transfer_buffer_size(transfer, 0), 3);
  pjrt_buffer *buffer = take(transfer, 0);
  if (has_literals(f)) {
    assert_ok(pjrt_transfer_literal(transfer, 0, "\1\2\3\4\5", 5));
    assert_ok(pjrt_buffer_to_host(buffer, read, 5));
    assert_memory_equal(read, "\1\2\3\4\5", 5);
  } else {
    assert_code(pjrt_transfer_literal(transfer, 0, "\1\2\3\4\5", 5),
                PJRT_UNIMPLEMENTED, "which API 0.83 brought");
  }
  pjrt_buffer_free(buffer);
  pjrt_transfer_free(transfer);
}

static void literals_have_any_rank(void **state) {
  fixture *f = *state;
  const int64_t dims[] = {2, 2};
  if (!has_literals(f)) skip_because("no literals before API 0.83");
  pjrt_transfer *matrix = open_transfer(f, PJRT_F32, dims, 2, 1);
  pjrt_transfer *scalar = open_transfer(f, PJRT_F32, NULL, 0, 1);
  pjrt_buffer *buffers[] = {take(matrix, 0), take(scalar, 0)};
  assert_ok(pjrt_transfer_literal(matrix, 0, floats, 16));
  assert_ok(pjrt_transfer_literal(scalar, 0, floats + 3, 4));
  assert_f32(buffers[0], 4, 1, 2, 3, 4);
  assert_f32(buffers[1], 1, 4);
  pjrt_buffer_free(buffers[0]);
  pjrt_buffer_free(buffers[1]);
  pjrt_transfer_free(matrix);
  pjrt_transfer_free(scalar);
}

static void empty_buffers_are_completed_too(void **state) {
  fixture *f = *state;
  const int64_t none[] = {0};
  pjrt_transfer *transfer = open_transfer(f, PJRT_F32, none, 1, 1);
  pjrt_buffer *buffer = take(transfer, 0);
  assert_ok(pjrt_transfer_data(transfer, 0, NULL, 0, 0, true));
  assert_ok(pjrt_buffer_await(buffer));
  pjrt_buffer_free(buffer);
  pjrt_transfer_free(transfer);
}

static void other_memories_are_filled(void **state) {
  fixture *f = *state;
  const pjrt_transfer_shape shape = {PJRT_F32, four, 1, NULL};
  for (size_t i = 0; i < pjrt_device_num_memories(f->device); i++) {
    pjrt_memory *memory = pjrt_device_memory(f->device, i), *found;
    pjrt_transfer *transfer;
    assert_ok(pjrt_transfer_create(f->device, memory, &shape, 1, &transfer));
    assert_ok(pjrt_transfer_data(transfer, 0, floats, 16, 0, true));
    pjrt_buffer *buffer = take(transfer, 0);
    assert_ok(pjrt_buffer_memory(buffer, &found));
    assert_ptr_equal(found, memory);
    assert_f32(buffer, 4, 1, 2, 3, 4);
    pjrt_buffer_free(buffer);
    pjrt_transfer_free(transfer);
  }
}

static void metadata_is_taken(void **state) {
  fixture *f = *state;
  pjrt_named_values *metadata;
  pjrt_transfer *transfer = open_transfer(f, PJRT_F32, four, 1, 1);
  assert_ok(pjrt_named_values_create(&metadata));
  assert_ok(pjrt_named_values_set_string(metadata, "source", PJRT_NUL_ENDED,
                                         "test", PJRT_NUL_ENDED));
  assert_ok(pjrt_transfer_add_metadata(transfer, metadata));
  assert_ok(pjrt_named_values_set_int64(metadata, "step", PJRT_NUL_ENDED, 1));
  assert_refused(pjrt_transfer_add_metadata(transfer, metadata),
                 PJRT_INVALID_ARGUMENT, "metadata step is of kind 1");
  pjrt_named_values_free(metadata);
  pjrt_transfer_free(transfer);
}

/* ---- what plugins crash on ----------------------------------------------- */

static void mistakes_are_refused(void **state) {
  fixture *f = *state;
  pjrt_buffer *buffer;
  pjrt_error *reason = pjrt_error_create(PJRT_ABORTED, "no", PJRT_NUL_ENDED);
  pjrt_transfer *transfer = open_transfer(f, PJRT_F32, four, 1, 1);
  assert_refused(pjrt_transfer_data(transfer, 7, floats, 16, 0, true),
                 PJRT_INVALID_ARGUMENT, "buffer 7 of a transfer of 1");
  assert_refused(pjrt_transfer_set_error(transfer, 7, reason),
                 PJRT_INVALID_ARGUMENT, "buffer 7");
  assert_refused(pjrt_transfer_take_buffer(transfer, 7, &buffer),
                 PJRT_INVALID_ARGUMENT, "buffer 7");
  assert_int_equal(pjrt_transfer_buffer_size(transfer, 7), 0);
  assert_refused(pjrt_transfer_data(transfer, 0, floats, 16, 4, true),
                 PJRT_INVALID_ARGUMENT, "16 bytes at 4");
  assert_refused(pjrt_transfer_data(transfer, 0, NULL, 16, 0, true),
                 PJRT_INVALID_ARGUMENT, "data is NULL");
  assert_ok(pjrt_transfer_data(transfer, 0, floats, 16, 0, true));
  assert_refused(pjrt_transfer_data(transfer, 0, floats, 16, 0, true),
                 PJRT_FAILED_PRECONDITION, "has got its last piece");
  assert_refused(pjrt_transfer_set_error(transfer, 0, reason),
                 PJRT_FAILED_PRECONDITION, "has got its last piece");
  pjrt_error_free(reason);
  pjrt_transfer_free(transfer);
}

static void an_error_ends_a_buffer(void **state) {
  fixture *f = *state;
  pjrt_error *reason =
      pjrt_error_create(PJRT_DATA_LOSS, "the file ended", PJRT_NUL_ENDED);
  pjrt_transfer *transfer = open_transfer(f, PJRT_F32, four, 1, 1);
  pjrt_buffer *buffer = take(transfer, 0);
  assert_ok(pjrt_transfer_data(transfer, 0, floats, 8, 0, false));
  assert_ok(pjrt_transfer_set_error(transfer, 0, reason));
  assert_code(pjrt_buffer_await(buffer), PJRT_DATA_LOSS, "the file ended");
  assert_refused(pjrt_transfer_data(transfer, 0, floats, 16, 0, true),
                 PJRT_FAILED_PRECONDITION, "was failed");
  pjrt_error_free(reason);
  pjrt_buffer_free(buffer);
  pjrt_transfer_free(transfer);
}

/* ---- life ---------------------------------------------------------------- */

static void open_buffers_end_with_their_transfer(void **state) {
  fixture *f = *state;
  pjrt_transfer *transfer = open_transfer(f, PJRT_F32, four, 1, 3);
  pjrt_buffer *open = take(transfer, 0);
  pjrt_buffer *begun = take(transfer, 1);
  assert_ok(pjrt_transfer_data(transfer, 1, floats, 8, 0, false));
  pjrt_transfer_free(transfer);
  assert_code(pjrt_buffer_await(open), PJRT_CANCELLED,
              "the transfer was freed before the buffer was complete");
  assert_code(pjrt_buffer_await(begun), PJRT_CANCELLED, "");
  pjrt_buffer_free(open);
  pjrt_buffer_free(begun);
}

static void everything_can_be_freed_under_way(void **state) {
  fixture *f = *state;
  const int64_t dims[] = {1 << 20};
  void *data;
  pjrt_event *done[4];
  assert_ok(pjrt_host_alloc(4 << 20, &data));
  memset(data, 0, 4 << 20);
  pjrt_transfer *transfer = open_transfer(f, PJRT_F32, dims, 1, 4);
  for (size_t i = 0; i < 4; i++) {
    assert_ok(pjrt_transfer_data_async(transfer, i, data, 4 << 20, 0, true,
                                       &done[i]));
  }
  pjrt_buffer *buffer = take(transfer, 2);
  pjrt_transfer_free(transfer);
  pjrt_buffer_free(buffer);
  for (size_t i = 0; i < 4; i++) {
    assert_ok(pjrt_event_await(done[i]));
    pjrt_event_free(done[i]);
  }
  pjrt_host_free(data);
}

/* ---- streaming ----------------------------------------------------------- */

enum { NUM_FLOATS = 100000 };

static FILE *make_file(size_t num) {
  FILE *file = tmpfile();
  assert_non_null(file);
  for (size_t i = 0; i < num; i++) {
    const float value = (float)i;
    assert_int_equal(fwrite(&value, sizeof value, 1, file), 1);
  }
  assert_int_equal(fflush(file), 0);
  assert_int_equal(lseek(fileno(file), 0, SEEK_SET), 0);
  return file;
}

static void a_file_is_uploaded_in_chunks(void **state) {
  fixture *f = *state;
  const int64_t dims[] = {NUM_FLOATS / 100, 100};
  static float read[NUM_FLOATS];
  pjrt_writer_opts opts;
  pjrt_buffer *buffer;
  pjrt_writer_opts_init(&opts);
  opts.chunk_size = 10001;
  FILE *file = make_file(NUM_FLOATS);
  assert_ok(pjrt_buffer_from_fd(f->device, PJRT_F32, dims, 2, fileno(file),
                                &opts, &buffer));
  assert_ok(pjrt_buffer_to_host(buffer, read, sizeof read));
  for (size_t i = 0; i < NUM_FLOATS; i++) assert_true(read[i] == (float)i);
  pjrt_buffer_free(buffer);
  fclose(file);
}

static void a_file_that_ends_early_is_told(void **state) {
  fixture *f = *state;
  const int64_t dims[] = {NUM_FLOATS};
  pjrt_buffer *buffer;
  FILE *file = make_file(10);
  assert_refused(pjrt_buffer_from_fd(f->device, PJRT_F32, dims, 1, fileno(file),
                                     NULL, &buffer),
                 PJRT_DATA_LOSS, "ended 399960 bytes before");
  assert_null(buffer);
  fclose(file);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(facts_are_those_of_the_shapes),
      cmocka_unit_test(pieces_fill_a_buffer_in_any_order),
      cmocka_unit_test(an_execution_waits_for_its_argument),
      cmocka_unit_test(literals_are_in_host_form),
      cmocka_unit_test(literals_have_any_rank),
      cmocka_unit_test(empty_buffers_are_completed_too),
      cmocka_unit_test(other_memories_are_filled),
      cmocka_unit_test(metadata_is_taken),
      cmocka_unit_test(mistakes_are_refused),
      cmocka_unit_test(an_error_ends_a_buffer),
      cmocka_unit_test(open_buffers_end_with_their_transfer),
      cmocka_unit_test(everything_can_be_freed_under_way),
      cmocka_unit_test(a_file_is_uploaded_in_chunks),
      cmocka_unit_test(a_file_that_ends_early_is_told),
  };
  return RUN_REAL_TESTS(tests);
}
