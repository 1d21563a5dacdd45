/* Uploading what does not fit in the host's memory: a file in chunks, and then
 * values that are made while they are uploaded.
 *
 *   11_stream_upload [PLUGIN] */
#define _POSIX_C_SOURCE 200809L
#include <pjrt/pjrt.h>
#include <stdlib.h>
#include <unistd.h>

enum { ROWS = 1000, COLUMNS = 1000, CHUNK_SIZE = 64 << 10 };

static const int64_t dims[] = {ROWS, COLUMNS};

static float value_at(size_t row, size_t column) {
  return (float)(row + column);
}

static void make_row(size_t row, float out[COLUMNS]) {
  for (size_t i = 0; i < COLUMNS; i++) out[i] = value_at(row, i);
}

/* Never more than two chunks of the array are in the host's memory. */
static pjrt_writer_opts two_chunks(void) {
  pjrt_writer_opts opts;
  pjrt_writer_opts_init(&opts);
  opts.chunk_size = CHUNK_SIZE;
  opts.num_chunks = 2;
  return opts;
}

static pjrt_error *check(const char *how, pjrt_buffer *buffer) {
  const void *data;
  size_t size, num_right = 0;
  PJRT_TRY(pjrt_buffer_map(buffer, &data, &size));
  const float *values = data;
  for (size_t i = 0; i < ROWS * COLUMNS; i++) {
    num_right += values[i] == value_at(i / COLUMNS, i % COLUMNS);
  }
  printf("%s: %zu bytes through 2 x %d, %zu of %d values are right\n", how,
         size, CHUNK_SIZE, num_right, ROWS * COLUMNS);
  return pjrt_buffer_unmap(buffer);
}

/* ---- from a file --------------------------------------------------------- */

static FILE *make_file(void) {
  float row[COLUMNS];
  FILE *file = tmpfile();
  for (size_t i = 0; file && i < ROWS; i++) {
    make_row(i, row);
    fwrite(row, sizeof row, 1, file);
  }
  if (file && (fflush(file) || lseek(fileno(file), 0, SEEK_SET))) {
    fclose(file);
    return NULL;
  }
  return file;
}

/* The same with a pipe or a socket. */
static pjrt_error *from_file(pjrt_device *device) {
  pjrt_buffer *buffer = NULL;
  const pjrt_writer_opts opts = two_chunks();
  FILE *file = make_file();
  if (!file) {
    return pjrt_error_create(PJRT_UNAVAILABLE, "no temporary file",
                             PJRT_NUL_ENDED);
  }
  pjrt_error *error = pjrt_buffer_from_fd(device, PJRT_F32, dims, 2,
                                          fileno(file), &opts, &buffer);
  if (!error) error = check("file", buffer);
  pjrt_buffer_free(buffer);
  fclose(file);
  return error;
}

/* ---- made on the way ----------------------------------------------------- */

static pjrt_error *write_rows(pjrt_writer *writer) {
  float row[COLUMNS];
  for (size_t i = 0; i < ROWS; i++) {
    make_row(i, row);
    PJRT_TRY(pjrt_writer_write(writer, row, sizeof row));
  }
  return pjrt_writer_finish(writer);
}

/* The buffer is there before its contents, and could be given to an execution,
 * which would wait for them. */
static pjrt_error *made_on_the_way(pjrt_device *device) {
  const pjrt_transfer_shape shape = {PJRT_F32, dims, 2, NULL};
  const pjrt_writer_opts opts = two_chunks();
  pjrt_transfer *transfer = NULL;
  pjrt_writer *writer = NULL;
  pjrt_buffer *buffer = NULL;
  pjrt_error *error = pjrt_transfer_create(device, NULL, &shape, 1, &transfer);
  if (!error) error = pjrt_transfer_take_buffer(transfer, 0, &buffer);
  if (!error) error = pjrt_writer_create(transfer, 0, &opts, &writer);
  if (!error) error = write_rows(writer);
  if (!error) error = check("made on the way", buffer);
  pjrt_writer_free(writer);
  pjrt_buffer_free(buffer);
  pjrt_transfer_free(transfer);
  return error;
}

int main(int argc, char **argv) {
  pjrt_plugin *plugin = NULL;
  pjrt_client *client = NULL;

  pjrt_error *error =
      pjrt_plugin_find(argc > 1 ? argv[1] : "", PJRT_NUL_ENDED, NULL, &plugin);
  if (!error) error = pjrt_client_create(plugin, NULL, &client);
  if (!error) error = from_file(pjrt_client_addressable_device(client, 0));
  if (!error) {
    error = made_on_the_way(pjrt_client_addressable_device(client, 0));
  }

  if (error) pjrt_error_print(error, stderr);
  int status = error ? EXIT_FAILURE : EXIT_SUCCESS;
  pjrt_error_free(error);
  pjrt_client_free(client);
  pjrt_plugin_free(plugin);
  return status;
}
