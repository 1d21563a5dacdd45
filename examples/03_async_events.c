/* Everything that takes time has an event. Four ways to wait for one: with a
 * deadline, in a callback, through a file descriptor, and plainly.
 *
 *   03_async_events [PLUGIN] */
#define _POSIX_C_SOURCE 200809L
#include <pjrt/pjrt.h>
#include <poll.h>
#include <semaphore.h>
#include <stdlib.h>

/* Multiplies a large matrix with itself, which takes a while, and gives the
 * largest element. */
static const char code[] =
    "func.func @main(%x: tensor<2048x2048xf32>) -> tensor<f32> {\n"
    "  %zero = stablehlo.constant dense<0.0> : tensor<f32>\n"
    "  %y = stablehlo.dot_general %x, %x, contracting_dims = [1] x [0] :\n"
    "      (tensor<2048x2048xf32>, tensor<2048x2048xf32>)\n"
    "      -> tensor<2048x2048xf32>\n"
    "  %max = stablehlo.reduce(%y init: %zero)\n"
    "      applies stablehlo.maximum across dimensions = [0, 1] :\n"
    "      (tensor<2048x2048xf32>, tensor<f32>) -> tensor<f32>\n"
    "  return %max : tensor<f32>\n"
    "}\n";

/* ---- four ways to wait --------------------------------------------------- */

static pjrt_error *with_deadline(pjrt_event *event) {
  pjrt_error *error = pjrt_event_await_for(event, 1000000);
  printf("deadline: after 1 ms %s\n", pjrt_code_name(pjrt_error_code(error)));
  if (pjrt_error_consume(error) != PJRT_DEADLINE_EXCEEDED) return NULL;
  return pjrt_event_await(event);
}

typedef struct callback {
  pjrt_code code;
  sem_t called;
} callback;

/* Called on a thread of the plugin's, where it must not block. */
static void on_ready(const pjrt_error *error, void *user) {
  callback *seen = user;
  seen->code = pjrt_error_code(error);
  sem_post(&seen->called);
}

static pjrt_error *in_callback(pjrt_event *event) {
  callback seen;
  sem_init(&seen.called, 0, 0);
  pjrt_error *error = pjrt_event_on_ready(event, on_ready, &seen);
  while (!error && sem_wait(&seen.called) != 0) {
  }
  if (!error) printf("callback: %s\n", pjrt_code_name(seen.code));
  sem_destroy(&seen.called);
  return error;
}

static pjrt_error *in_event_loop(pjrt_event *event) {
  struct pollfd loop = {.events = POLLIN};
  PJRT_TRY(pjrt_event_fd(event, &loop.fd));
  int num_ready = poll(&loop, 1, -1);
  printf("poll: %d descriptor is readable\n", num_ready);
  return pjrt_event_await(event); /* does not block any more */
}

static pjrt_error *plainly(pjrt_event *event) {
  PJRT_TRY(pjrt_event_await(event));
  printf("await: done\n");
  return NULL;
}

/* ---- something to wait for ----------------------------------------------- */

typedef pjrt_error *(*wait_fn)(pjrt_event *event);

static pjrt_error *multiply(pjrt_executable *executable, pjrt_buffer *matrix,
                            wait_fn wait) {
  float largest;
  pjrt_buffer *out = NULL;
  pjrt_event *done = NULL;
  pjrt_error *error = pjrt_executable_execute_async(executable, &matrix, 1,
                                                    NULL, &out, 1, &done);
  if (!error) error = wait(done);
  if (!error) error = pjrt_buffer_to_host(out, &largest, sizeof largest);
  if (!error) printf("  the largest element is %g\n", (double)largest);
  pjrt_event_free(done);
  pjrt_buffer_free(out);
  return error;
}

static pjrt_error *run(pjrt_client *client) {
  static const wait_fn ways[] = {with_deadline, in_callback, in_event_loop,
                                 plainly};
  pjrt_device *device = pjrt_client_addressable_device(client, 0);
  pjrt_program *program = NULL;
  pjrt_executable *executable = NULL;
  pjrt_array *twos = NULL;
  pjrt_buffer *matrix = NULL;

  pjrt_error *error =
      pjrt_program_create(code, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO, &program);
  if (!error) error = pjrt_client_compile(client, program, NULL, &executable);
  if (!error)
    error = pjrt_array_parse("2048x2048xf32=2", PJRT_NUL_ENDED, &twos);
  if (!error) error = pjrt_buffer_from_array(device, twos, &matrix);
  for (size_t i = 0; i < sizeof ways / sizeof ways[0] && !error; i++)
    error = multiply(executable, matrix, ways[i]);

  pjrt_buffer_free(matrix);
  pjrt_array_free(twos);
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
