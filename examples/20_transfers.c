/* Two buffers that are used before they are filled: one gets its elements, and
 * the other an error instead.
 *
 *   20_transfers [PLUGIN] */
#include <pjrt/pjrt.h>
#include <stdlib.h>

static const int64_t dims[] = {4};
static const float values[] = {1, 2, 3, 4};

/* Plugins keep such words for their own records. */
static pjrt_error *label(pjrt_transfer *transfer) {
  pjrt_named_values *words = NULL;
  pjrt_error *error = pjrt_named_values_create(&words);
  if (!error)
    error = pjrt_named_values_set_string(words, "what", PJRT_NUL_ENDED,
                                         "weights", PJRT_NUL_ENDED);
  if (!error) error = pjrt_transfer_add_metadata(transfer, words);
  pjrt_named_values_free(words);
  return error;
}

/* The elements as the host has them; pieces of bytes would do, too. */
static pjrt_error *fill(pjrt_transfer *transfer, size_t i) {
  return pjrt_transfer_literal(transfer, i, values, sizeof values);
}

static pjrt_error *give_up(pjrt_transfer *transfer, size_t i) {
  pjrt_error *reason =
      pjrt_error_create(PJRT_UNAVAILABLE, "the sender is gone", PJRT_NUL_ENDED);
  pjrt_error *error = pjrt_transfer_set_error(transfer, i, reason);
  pjrt_error_free(reason);
  return error;
}

/* Whatever uses a buffer waits until it is filled. */
static void read(const char *which, pjrt_buffer *buffer) {
  float out[4] = {0};
  pjrt_error *error = pjrt_buffer_to_host(buffer, out, sizeof out);
  if (error) {
    printf("%s: %s\n", which, pjrt_code_name(pjrt_error_consume(error)));
  } else {
    printf("%s: %g %g %g %g\n", which, (double)out[0], (double)out[1],
           (double)out[2], (double)out[3]);
  }
}

static pjrt_error *transfer_both(pjrt_transfer *transfer) {
  pjrt_buffer *good = NULL, *bad = NULL;
  pjrt_error *error = pjrt_transfer_take_buffer(transfer, 0, &good);
  if (!error) error = pjrt_transfer_take_buffer(transfer, 1, &bad);
  if (!error) error = label(transfer);
  if (!error) error = fill(transfer, 0);
  if (!error) error = give_up(transfer, 1);
  if (!error) {
    read("filled", good);
    read("given up", bad);
  }
  pjrt_buffer_free(bad);
  pjrt_buffer_free(good);
  return error;
}

static pjrt_error *run(pjrt_client *client) {
  const pjrt_transfer_shape shapes[] = {
      {.dtype = PJRT_F32, .dims = dims, .num_dims = 1},
      {.dtype = PJRT_F32, .dims = dims, .num_dims = 1}};
  pjrt_transfer *transfer;
  PJRT_TRY(pjrt_transfer_create(pjrt_client_addressable_device(client, 0), NULL,
                                shapes, 2, &transfer));
  pjrt_error *error = transfer_both(transfer);
  pjrt_transfer_free(transfer);
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
