/* Buffers that go from one client to another, as they would from one host to
 * another: by a key that both know, and by a descriptor that the receiver hands
 * to the sender.
 *
 *   36_cross_host PLUGIN   (accelerators, and the simulated one) */
#include <pjrt/ext/cross_host_transfers.h>
#include <pjrt/pjrt.h>
#include <stdlib.h>

static const int64_t dims[] = {4};
static const pjrt_transfer_shape shape = {
    .dtype = PJRT_F32, .dims = dims, .num_dims = 1};

static pjrt_error *upload(pjrt_device *device, float first, pjrt_buffer **out) {
  const float values[] = {first, first + 1, first + 2, first + 3};
  return pjrt_buffer_from_host(device, PJRT_F32, dims, 1, values, sizeof values,
                               out);
}

/* Waits until the buffer is filled. */
static pjrt_error *print(const char *how, pjrt_buffer *received) {
  float values[4];
  PJRT_TRY(pjrt_buffer_to_host(received, values, sizeof values));
  printf("%s: %g %g %g %g\n", how, (double)values[0], (double)values[1],
         (double)values[2], (double)values[3]);
  return NULL;
}

static pjrt_error *finish(pjrt_event *done) {
  pjrt_error *error = pjrt_event_await(done);
  pjrt_event_free(done);
  return error;
}

static pjrt_error *by_key(pjrt_device *from, pjrt_device *to) {
  const int64_t keys[] = {42};
  const int32_t src[] = {pjrt_device_id(from)}, dst[] = {pjrt_device_id(to)};
  pjrt_buffer *sent, *received = NULL;
  pjrt_event *done;
  PJRT_TRY(upload(from, 1, &sent));
  pjrt_error *error =
      pjrt_cross_host_receive(to, &shape, 1, src, keys, NULL, &received);
  if (!error) error = pjrt_cross_host_send(&sent, 1, dst, keys, NULL, &done);
  if (!error) error = finish(done);
  if (!error) error = print("by key", received);
  pjrt_buffer_free(received);
  pjrt_buffer_free(sent);
  return error;
}

/* Elsewhere, a pjrt_kvstore would carry the descriptor. */
static pjrt_error *send_to(pjrt_buffer *buffer,
                           pjrt_cross_host_receiver *receiver) {
  const void *descriptor;
  size_t size;
  pjrt_event *enqueued;
  PJRT_TRY(
      pjrt_cross_host_receiver_descriptor(receiver, 0, &descriptor, &size));
  PJRT_TRY(pjrt_cross_host_copy_to_remote_device(buffer, descriptor, size,
                                                 &enqueued));
  return finish(enqueued);
}

static pjrt_error *by_descriptor(pjrt_device *from, pjrt_device *to) {
  pjrt_buffer *sent, *received = NULL;
  pjrt_cross_host_receiver *receiver = NULL;
  pjrt_event *described;
  PJRT_TRY(upload(from, 5, &sent));
  pjrt_error *error = pjrt_cross_host_receiver_create(
      to, &shape, 1, false, &received, &receiver, &described);
  if (!error) error = finish(described);
  if (!error) error = send_to(sent, receiver);
  if (!error) error = print("by descriptor", received);
  pjrt_cross_host_receiver_free(receiver);
  pjrt_buffer_free(received);
  pjrt_buffer_free(sent);
  return error;
}

int main(int argc, char **argv) {
  pjrt_plugin *plugin = NULL;
  pjrt_client *here = NULL, *there = NULL;

  pjrt_error *error =
      pjrt_plugin_find(argc > 1 ? argv[1] : "", PJRT_NUL_ENDED, NULL, &plugin);
  if (!error) error = pjrt_client_create(plugin, NULL, &here);
  if (!error) error = pjrt_client_create(plugin, NULL, &there);
  if (!error) {
    pjrt_device *from = pjrt_client_addressable_device(here, 0);
    pjrt_device *to = pjrt_client_addressable_device(there, 0);
    error = by_key(from, to);
    if (!error) error = by_descriptor(from, to);
  }

  if (error) pjrt_error_print(error, stderr);
  int status = error ? EXIT_FAILURE : EXIT_SUCCESS;
  pjrt_error_free(error);
  pjrt_client_free(there);
  pjrt_client_free(here);
  pjrt_plugin_free(plugin);
  return status;
}
