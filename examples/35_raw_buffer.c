/* The memory of a buffer without its type and shape: written, read and cut in
 * two, also after the buffer is gone.
 *
 *   35_raw_buffer PLUGIN   (TPUs, and the simulated one) */
#include <pjrt/ext/raw_buffer.h>
#include <pjrt/pjrt.h>
#include <stdlib.h>

static void print(const char *what, const float *values, size_t num) {
  printf("%s:", what);
  for (size_t i = 0; i < num; i++) printf(" %g", (double)values[i]);
  printf("\n");
}

/* The end of a copy. */
static pjrt_error *finish(pjrt_event *done) {
  pjrt_error *error = pjrt_event_await(done);
  pjrt_event_free(done);
  return error;
}

static pjrt_error *read(const char *what, pjrt_raw_buffer *raw) {
  float values[4];
  pjrt_event *done;
  const size_t size = pjrt_raw_buffer_size(raw);
  PJRT_TRY(pjrt_raw_buffer_copy_to_host_async(raw, 0, values, size, &done));
  PJRT_TRY(finish(done));
  print(what, values, size / sizeof *values);
  return NULL;
}

static pjrt_error *write_second(pjrt_raw_buffer *raw) {
  const float value = 20;
  pjrt_event *done;
  PJRT_TRY(pjrt_raw_buffer_copy_from_host_async(raw, sizeof value, &value,
                                                sizeof value, &done));
  return finish(done);
}

static pjrt_error *describe(pjrt_raw_buffer *raw) {
  pjrt_memory *memory;
  void *host;
  bool is_mutable;
  pjrt_event *allocated;
  PJRT_TRY(pjrt_raw_buffer_memory(raw, &memory));
  PJRT_TRY(pjrt_raw_buffer_host_pointer(raw, &host));
  PJRT_TRY(pjrt_raw_buffer_is_mutable(raw, &is_mutable));
  PJRT_TRY(pjrt_raw_buffer_allocation_event(raw, &allocated));
  PJRT_TRY(finish(allocated));
  printf("%zu bytes of memory %s, %s, %s\n", pjrt_raw_buffer_size(raw),
         pjrt_memory_kind(memory, NULL),
         host ? "which the host sees" : "which the host does not see",
         is_mutable ? "for writing" : "for reading alone");
  return NULL;
}

static pjrt_error *use_second_half(pjrt_raw_buffer *raw) {
  pjrt_raw_buffer *half;
  const size_t size = pjrt_raw_buffer_size(raw) / 2;
  PJRT_TRY(pjrt_raw_buffer_slice(raw, size, size, &half));
  pjrt_error *error = read("second half", half);
  pjrt_raw_buffer_free(half);
  return error;
}

static pjrt_error *run(pjrt_client *client) {
  const float values[] = {1, 2, 3, 4};
  const int64_t dims[] = {4};
  pjrt_buffer *buffer;
  pjrt_raw_buffer *raw = NULL;
  PJRT_TRY(pjrt_buffer_from_host(pjrt_client_addressable_device(client, 0),
                                 PJRT_F32, dims, 1, values, sizeof values,
                                 &buffer));
  pjrt_error *error = pjrt_raw_buffer_create_alias(buffer, &raw);
  if (!error) error = describe(raw);
  if (!error) error = write_second(raw);
  pjrt_buffer_free(buffer); /* the memory stays */
  if (!error) error = read("all", raw);
  if (!error) error = use_second_half(raw);
  pjrt_raw_buffer_free(raw);
  return error;
}

int main(int argc, char **argv) {
  pjrt_plugin *plugin = NULL;
  pjrt_client *client = NULL;

  pjrt_error *error =
      pjrt_plugin_find(argc > 1 ? argv[1] : "", PJRT_NUL_ENDED, NULL, &plugin);
  if (!error) error = pjrt_client_create(plugin, NULL, &client);
  if (!error) error = run(client);

  if (error) pjrt_error_print(error, stderr);
  int status = error ? EXIT_FAILURE : EXIT_SUCCESS;
  pjrt_error_free(error);
  pjrt_client_free(client);
  pjrt_plugin_free(plugin);
  return status;
}
