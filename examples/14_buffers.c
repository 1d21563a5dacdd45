/* Buffers from buffers: copied to another device, taken for other bits, started
 * with before they are there, and lent to another library.
 *
 *   14_buffers [PLUGIN] */
#include <inttypes.h>
#include <pjrt/pjrt.h>
#include <pjrt/unsafe.h>
#include <stdlib.h>

static const int64_t dims[] = {4};
static const float values[] = {1, 2, 3, 4};

static pjrt_error *upload(pjrt_device *device, pjrt_buffer **out) {
  return pjrt_buffer_from_host(device, PJRT_F32, dims, 1, values, sizeof values,
                               out);
}

static pjrt_error *print(const char *what, pjrt_buffer *buffer) {
  const void *data;
  PJRT_TRY(pjrt_buffer_map(buffer, &data, NULL));
  printf("%s:", what);
  for (int i = 0; i < 4; i++) printf(" %g", (double)((const float *)data)[i]);
  printf("\n");
  return pjrt_buffer_unmap(buffer);
}

/* A copy on the last device, and from there to any memory of the first. */
static pjrt_error *copied(pjrt_client *client, pjrt_buffer *buffer) {
  pjrt_buffer *there = NULL, *back = NULL;
  const size_t last = pjrt_client_num_addressable_devices(client) - 1;
  pjrt_memory *memory = pjrt_device_default_memory(pjrt_buffer_device(buffer));
  pjrt_error *error = pjrt_buffer_copy_to_device_async(
      buffer, pjrt_client_addressable_device(client, last), &there);
  if (!error) error = pjrt_buffer_copy_to_memory(there, memory, &back);
  if (!error) error = print("there and back", back);
  pjrt_buffer_free(there);
  pjrt_buffer_free(back);
  return error;
}

/* Two of the four elements, read as they lie on the device into memory that is
 * found only once the copy is announced. */
static pjrt_error *read_later(pjrt_buffer *buffer) {
  pjrt_raw_copy *copy;
  pjrt_event *done;
  float two[2];
  PJRT_TRY(
      pjrt_buffer_copy_raw_to_host_future(buffer, 8, sizeof two, &copy, &done));
  pjrt_error *error = pjrt_raw_copy_start(copy, two);
  pjrt_raw_copy_free(copy);
  if (!error) error = pjrt_event_await(done);
  if (!error) printf("the last two: %g %g\n", (double)two[0], (double)two[1]);
  pjrt_event_free(done);
  return error;
}

/* The stand-in could be given to an execution, which would wait for it. */
static pjrt_error *promised(pjrt_device *device) {
  pjrt_buffer *buffer = NULL, *stand_in = NULL;
  pjrt_alias *alias = NULL;
  pjrt_error *error = pjrt_buffer_create_alias(device, PJRT_F32, dims, 1, NULL,
                                               &stand_in, &alias);
  if (!error) error = upload(device, &buffer);
  if (!error) error = pjrt_alias_fulfill(alias, buffer);
  if (!error) error = print("promised", stand_in);
  pjrt_alias_free(alias);
  pjrt_buffer_free(buffer);
  pjrt_buffer_free(stand_in);
  return error;
}

/* How the elements lie in memory, as XLA writes it and as strides. */
static pjrt_error *laid_out(pjrt_buffer *buffer) {
  char *text = NULL;
  pjrt_layout *layout = NULL, *strides = NULL;
  pjrt_error *error = pjrt_buffer_layout(buffer, &layout);
  if (!error) error = pjrt_layout_to_text(layout, &text, NULL);
  if (!error)
    error = pjrt_layout_to_strides(layout, PJRT_F32, dims, 1, &strides);
  if (!error) {
    printf("laid out as %s, %" PRId64 " bytes apart\n", text,
           pjrt_layout_byte_strides(strides, NULL)[0]);
  }
  pjrt_host_free(text);
  pjrt_layout_free(layout);
  pjrt_layout_free(strides);
  return error;
}

/* The bits of floats as integers, in the same memory. */
static pjrt_error *taken_for_others(pjrt_device *device) {
  pjrt_buffer *buffer = NULL, *bits = NULL;
  uintptr_t before = 0, after = 0;
  uint32_t first[4];
  pjrt_error *error = upload(device, &buffer);
  if (!error) error = pjrt_buffer_unsafe_pointer(buffer, &before);
  if (!error) error = pjrt_buffer_bitcast(buffer, PJRT_U32, dims, 1, &bits);
  if (!error) error = pjrt_buffer_unsafe_pointer(bits, &after);
  if (!error) error = pjrt_buffer_to_host(bits, first, sizeof first);
  if (!error) {
    printf("the bits of 1: 0x%" PRIx32 ", %s\n", first[0],
           before == after ? "in place" : "copied");
  }
  pjrt_buffer_free(buffer);
  pjrt_buffer_free(bits);
  return error;
}

static pjrt_error *print_first(void *data, void *user) {
  (void)user;
  printf("first on the device: %g\n", (double)*(const float *)data);
  return NULL;
}

/* What goes out as a tensor comes in as a buffer, and no byte moves. */
static pjrt_error *exchanged(pjrt_buffer *buffer) {
  struct DLManagedTensorVersioned *tensor;
  pjrt_buffer *back;
  PJRT_TRY(pjrt_buffer_to_dlpack(buffer, PJRT_DLPACK_COPY_NEVER, &tensor));
  PJRT_TRY(pjrt_buffer_from_dlpack(pjrt_buffer_device(buffer), tensor,
                                   PJRT_DLPACK_COPY_NEVER, &back));
  pjrt_error *error = print("through DLPack", back);
  pjrt_buffer_free(back);
  return error;
}

static pjrt_error *run(pjrt_client *client) {
  pjrt_buffer *buffer;
  pjrt_device *device = pjrt_client_addressable_device(client, 0);
  PJRT_TRY(upload(device, &buffer));
  pjrt_error *error = copied(client, buffer);
  if (!error) error = read_later(buffer);
  if (!error) error = laid_out(buffer);
  if (!error) error = promised(device);
  if (!error) error = taken_for_others(device);
  if (!error) error = pjrt_buffer_with_device_memory(buffer, print_first, NULL);
  if (!error) error = exchanged(buffer);
  pjrt_buffer_free(buffer);
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
