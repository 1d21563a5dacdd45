/* Host memory of the plugin's own, which transfers need no copy from; a
 * callback for what the plugin has to say before it ends the process; and the
 * sample of an extension.
 *
 *   37_host_memory PLUGIN   (the simulated one; TPUs lack the older and the
 *                            sample extension) */
#include <pjrt/ext/callback.h>
#include <pjrt/ext/example.h>
#include <pjrt/ext/host_allocator.h>
#include <pjrt/ext/host_memory_allocator.h>
#include <pjrt/pjrt.h>
#include <stdlib.h>

/* Fills the memory, sends it to the device, and reads it back in place. */
static pjrt_error *use(const char *what, pjrt_device *device,
                       pjrt_host_memory *memory) {
  float *values = pjrt_host_memory_data(memory);
  const size_t size = pjrt_host_memory_size(memory);
  const int64_t dims[] = {(int64_t)(size / sizeof *values)};
  pjrt_buffer *buffer;
  for (int64_t i = 0; i < dims[0]; i++) values[i] = (float)i;
  PJRT_TRY(
      pjrt_buffer_from_host(device, PJRT_F32, dims, 1, values, size, &buffer));
  for (int64_t i = 0; i < dims[0]; i++) values[i] = 0;
  pjrt_error *error = pjrt_buffer_to_host(buffer, values, size);
  pjrt_buffer_free(buffer);
  if (!error) printf("%s: the last is %g\n", what, (double)values[dims[0] - 1]);
  return error;
}

static pjrt_error *allocate(pjrt_client *client) {
  pjrt_device *device = pjrt_client_addressable_device(client, 0);
  pjrt_host_memory *memory;
  size_t alignment;
  PJRT_TRY(
      pjrt_host_memory_allocate(client, 4096, PJRT_ANY_NUMA_NODE, &memory));
  pjrt_error *error = use("host memory", device, memory);
  pjrt_host_memory_free(memory);
  if (error) return error;
  PJRT_TRY(pjrt_host_allocator_preferred_alignment(client, &alignment));
  printf("the older extension prefers an alignment of %zu\n", alignment);
  PJRT_TRY(pjrt_host_allocator_allocate(client, 4096, alignment, &memory));
  error = use("aligned memory", device, memory);
  pjrt_host_memory_free(memory);
  return error;
}

/* Runs on any thread. */
static void last_words(const pjrt_error *error, void *user) {
  printf("%s: %s\n", (const char *)user, pjrt_error_message(error, NULL));
}

static void slice_failed(pjrt_slice_failure failure, void *user) {
  printf("%s: %d\n", (const char *)user, (int)failure);
}

static pjrt_error *invoke(pjrt_client *client) {
  PJRT_TRY(pjrt_callback_invoke_slice_failure(
      client, PJRT_SLICE_FAILURE_WORKER_UNAVAILABLE));
  pjrt_error *reason =
      pjrt_error_create(PJRT_ABORTED, "this is a drill", PJRT_NUL_ENDED);
  pjrt_error *error = pjrt_callback_invoke_prefatal(client, reason);
  pjrt_error_free(reason);
  return error;
}

static pjrt_error *call_back(pjrt_client *client) {
  pjrt_callback *slice, *words = NULL;
  PJRT_TRY(pjrt_callback_on_slice_failure(client, slice_failed, "slice failure",
                                          &slice));
  pjrt_error *error =
      pjrt_callback_on_prefatal(client, last_words, "last words", &words);
  if (!error) error = invoke(client);
  pjrt_callback_free(words);
  pjrt_callback_free(slice);
  return error;
}

static pjrt_error *try_sample(pjrt_plugin *plugin) {
  pjrt_example *example;
  PJRT_TRY(pjrt_example_create(plugin, &example));
  pjrt_error *error = pjrt_example_method(example, 2);
  if (!error) printf("the sample took a number\n");
  pjrt_example_free(example);
  return error;
}

int main(int argc, char **argv) {
  pjrt_plugin *plugin = NULL;
  pjrt_client *client = NULL;

  pjrt_error *error =
      pjrt_plugin_find(argc > 1 ? argv[1] : "", PJRT_NUL_ENDED, NULL, &plugin);
  if (!error) error = pjrt_client_create(plugin, NULL, &client);
  if (!error) error = allocate(client);
  if (!error) error = call_back(client);
  if (!error) error = try_sample(plugin);

  if (error) pjrt_error_print(error, stderr);
  int status = error ? EXIT_FAILURE : EXIT_SUCCESS;
  pjrt_error_free(error);
  pjrt_client_free(client);
  pjrt_plugin_free(plugin);
  return status;
}
