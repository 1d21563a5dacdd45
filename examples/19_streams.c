/* A program that talks to its host while it runs: it sends its argument, and
 * goes on with what the host makes of it.
 *
 *   19_streams PLUGIN   (the simulated one; XLA's for CPUs compiles no such) */
#include <pjrt/pjrt.h>
#include <stdlib.h>
#include <string.h>

static const char code[] =
    "func.func @main(%a: tensor<2xf32>) -> tensor<2xf32> {\n"
    "  %t = stablehlo.create_token : !stablehlo.token\n"
    "  %s = \"stablehlo.send\"(%a, %t) <{channel_handle = "
    "#stablehlo.channel_handle<handle = 5, type = 2>, is_host_transfer = "
    "true}> : (tensor<2xf32>, !stablehlo.token) -> !stablehlo.token\n"
    "  %r:2 = \"stablehlo.recv\"(%s) <{channel_handle = "
    "#stablehlo.channel_handle<handle = 6, type = 3>, is_host_transfer = "
    "true}> : (!stablehlo.token) -> (tensor<2xf32>, !stablehlo.token)\n"
    "  return %r#0 : tensor<2xf32>\n"
    "}\n";

/* What came, which must live until the plugin has taken what goes. The host's
 * side runs on the plugin's threads. */
typedef struct host {
  float values[2];
  pjrt_error *failure;
} host;

static pjrt_error *take(pjrt_chunk *chunk, size_t total_size, bool is_last,
                        void *user) {
  size_t size;
  const void *data = pjrt_chunk_data(chunk, &size);
  bool whole =
      is_last && size == total_size && size == sizeof((host *)user)->values;
  if (whole) memcpy(((host *)user)->values, data, size);
  pjrt_chunk_free(chunk);
  return whole ? NULL
               : pjrt_error_create(PJRT_UNIMPLEMENTED, "more than one chunk",
                                   PJRT_NUL_ENDED);
}

static pjrt_error *answer(host *h, pjrt_stream *stream) {
  size_t wanted, granule, sent;
  pjrt_chunk *chunk;
  pjrt_event *done;
  PJRT_TRY(pjrt_stream_total_size(stream, &wanted));
  PJRT_TRY(pjrt_stream_granule_size(stream, &granule));
  printf("the program wants %zu bytes, in multiples of %zu\n", wanted, granule);
  for (int i = 0; i < 2; i++) h->values[i] += 100;
  PJRT_TRY(pjrt_chunk_create(h->values, sizeof h->values, NULL, NULL, &chunk));
  PJRT_TRY(pjrt_stream_add_chunk_async(stream, chunk, &done));
  pjrt_event_free(done);
  PJRT_TRY(pjrt_stream_current_size(stream, &sent));
  printf("it got %zu\n", sent);
  return NULL;
}

static void give(pjrt_stream *stream, void *user) {
  host *h = user;
  h->failure = answer(h, stream);
  pjrt_stream_free(stream); /* the program fails if it wants more */
}

static pjrt_error *execute(pjrt_executable *executable, pjrt_buffer *arg) {
  host h = {{0, 0}, NULL};
  const pjrt_send_callback send = {5, take, &h};
  const pjrt_recv_callback recv = {6, give, &h};
  float result[2];
  pjrt_buffer *out = NULL;
  pjrt_execute_opts opts;
  pjrt_execute_opts_init(&opts);
  opts.send_callbacks = &send;
  opts.num_send_callbacks = 1;
  opts.recv_callbacks = &recv;
  opts.num_recv_callbacks = 1;
  pjrt_error *error =
      pjrt_executable_execute(executable, &arg, 1, &opts, &out, 1);
  if (!error) error = pjrt_buffer_to_host(out, result, sizeof result);
  if (!error)
    printf("it returned %g, %g\n", (double)*result, (double)result[1]);
  if (h.failure) pjrt_error_print(h.failure, stderr);
  pjrt_error_free(h.failure);
  pjrt_buffer_free(out);
  return error;
}

static pjrt_error *run(pjrt_client *client) {
  const int64_t dims[] = {2};
  const float x[] = {1, 2};
  pjrt_program *program = NULL;
  pjrt_executable *executable = NULL;
  pjrt_buffer *arg = NULL;
  pjrt_error *error =
      pjrt_program_create(code, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO, &program);
  if (!error) error = pjrt_client_compile(client, program, NULL, &executable);
  if (!error)
    error = pjrt_buffer_from_host(pjrt_client_addressable_device(client, 0),
                                  PJRT_F32, dims, 1, x, sizeof x, &arg);
  if (!error) error = execute(executable, arg);
  pjrt_buffer_free(arg);
  pjrt_executable_free(executable);
  pjrt_program_free(program);
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
