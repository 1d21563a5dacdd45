/* Buffers that no upload makes, and memory of the host that devices reach.
 *
 *   17_memory [PLUGIN] */
#include <inttypes.h>
#include <pjrt/pjrt.h>
#include <pjrt/unsafe.h>
#include <stdlib.h>

static const int64_t dims[] = {4};
static const float values[] = {1, 2, 3, 4};

/* Room on the device, with whatever is in it. */
static pjrt_error *room(pjrt_device *device) {
  pjrt_buffer *buffer;
  pjrt_memory *memory;
  int64_t present = 0;
  PJRT_TRY(pjrt_buffer_create_uninitialized(device, PJRT_F32, dims, 1, NULL,
                                            &buffer));
  pjrt_error *error = pjrt_buffer_memory(buffer, &memory);
  if (!error) error = pjrt_buffer_unpadded_dims(buffer, &present, 1);
  if (!error) {
    printf("room for %" PRId64 " floats in memory of kind %s\n", present,
           pjrt_memory_kind(memory, NULL));
  }
  pjrt_buffer_free(buffer);
  return error;
}

/* What could not be had; whoever reads it hears so. */
static pjrt_error *failure(pjrt_device *device) {
  pjrt_buffer *buffer;
  float read[4];
  pjrt_error *reason =
      pjrt_error_create(PJRT_DATA_LOSS, "the disk is broken", PJRT_NUL_ENDED);
  pjrt_error *error = pjrt_buffer_create_error(device, PJRT_F32, dims, 1,
                                               reason, NULL, &buffer);
  pjrt_error_free(reason);
  if (error) return error;
  error = pjrt_buffer_to_host(buffer, read, sizeof read);
  printf("reading it: %s\n", pjrt_code_name(pjrt_error_consume(error)));
  pjrt_buffer_free(buffer);
  return NULL;
}

/* Can be read only once the caller's own work is done. */
static pjrt_error *held_back(pjrt_device *device) {
  pjrt_buffer *buffer = NULL, *later = NULL;
  pjrt_event *allowed = NULL, *done = NULL;
  float read[4];
  pjrt_error *error = pjrt_event_create(pjrt_device_client(device), &allowed);
  if (!error)
    error = pjrt_buffer_from_host(device, PJRT_F32, dims, 1, values,
                                  sizeof values, &buffer);
  if (!error)
    error = pjrt_buffer_donate_with_dependency(buffer, allowed, &later);
  if (!error)
    error = pjrt_buffer_to_host_async(later, read, sizeof read, &done);
  if (!error) error = pjrt_event_set(allowed, NULL);
  if (!error) error = pjrt_event_await(done);
  if (!error) printf("read after that: %g\n", (double)read[3]);
  pjrt_event_free(done);
  pjrt_event_free(allowed);
  pjrt_buffer_free(later);
  pjrt_buffer_free(buffer);
  return error;
}

/* Memory of the caller's, and two of its elements byte for byte. */
static pjrt_error *view(pjrt_device *device, float *memory) {
  pjrt_buffer *buffer;
  float two[2];
  PJRT_TRY(pjrt_buffer_view_device_memory(device, PJRT_F32, dims, 1, memory,
                                          NULL, NULL, NULL, &buffer));
  pjrt_error *error = pjrt_buffer_copy_raw_to_host(buffer, 8, two, sizeof two);
  if (!error) printf("in the view: %g %g\n", (double)two[0], (double)two[1]);
  pjrt_buffer_free(buffer);
  return error;
}

/* Pinned, so that an accelerator copies without a detour. */
static pjrt_error *pin(pjrt_client *client, void *memory, size_t size) {
  pjrt_dma_mapping *mapping;
  pjrt_error *error = pjrt_dma_map(client, memory, size, &mapping);
  printf("pinned: %s\n", pjrt_code_name(pjrt_error_code(error)));
  if (!error) return pjrt_dma_unmap(mapping);
  if (pjrt_error_code(error) != PJRT_UNIMPLEMENTED) return error;
  pjrt_error_free(error);
  return NULL;
}

static pjrt_error *run(pjrt_client *client) {
  void *memory;
  pjrt_device *device = pjrt_client_addressable_device(client, 0);
  PJRT_TRY(pjrt_host_alloc(sizeof values, &memory));
  for (int i = 0; i < 4; i++) ((float *)memory)[i] = values[i];
  pjrt_error *error = room(device);
  if (!error) error = failure(device);
  if (!error) error = held_back(device);
  if (!error) error = view(device, memory);
  if (!error) error = pin(client, memory, sizeof values);
  pjrt_host_free(memory);
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
