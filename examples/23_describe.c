/* What objects say of themselves: a line each for a log, or all that is known
 * for somebody who looks for a mistake. Nothing here waits.
 *
 *   23_describe [PLUGIN] */
#include <pjrt/pjrt.h>
#include <stdlib.h>

static const char code[] =
    "func.func @main(%x: tensor<2x3xf32> {tf.aliasing_output = 0 : i32},\n"
    "                %y: tensor<2x3xf32>) -> tensor<2x3xf32> {\n"
    "  %sum = stablehlo.add %x, %y : tensor<2x3xf32>\n"
    "  return %sum : tensor<2x3xf32>\n"
    "}\n";

static pjrt_error *print_buffer(const char *what, pjrt_buffer *buffer) {
  char *text;
  PJRT_TRY(pjrt_buffer_describe(buffer, PJRT_ONE_LINE, &text, NULL));
  printf("%s: %s\n", what, text);
  pjrt_host_free(text);
  return NULL;
}

static pjrt_error *upload(pjrt_device *device, pjrt_buffer **out) {
  static const int64_t dims[] = {2, 3};
  static const float values[] = {1, 2, 3, 4, 5, 6};
  return pjrt_buffer_from_host(device, PJRT_F32, dims, 2, values, sizeof values,
                               out);
}

/* Before and after a launch that takes the first argument. */
static pjrt_error *follow(pjrt_executable *add, pjrt_buffer **args) {
  pjrt_buffer *sum;
  PJRT_TRY(print_buffer("an argument", args[0]));
  PJRT_TRY(pjrt_executable_execute(add, args, 2, NULL, &sum, 1));
  pjrt_error *error = print_buffer("the same, donated", args[0]);
  if (!error) error = print_buffer("the sum", sum);
  if (!error) error = pjrt_buffer_delete(sum);
  if (!error) error = print_buffer("the sum, deleted", sum);
  if (!error) error = print_buffer("none", NULL);
  pjrt_buffer_free(sum);
  return error;
}

static pjrt_error *execute(pjrt_client *client, pjrt_executable *add) {
  pjrt_device *device = pjrt_client_addressable_device(client, 0);
  pjrt_buffer *args[2] = {NULL, NULL};
  pjrt_error *error = upload(device, &args[0]);
  if (!error) error = upload(device, &args[1]);
  if (!error) error = follow(add, args);
  pjrt_buffer_free(args[0]);
  pjrt_buffer_free(args[1]);
  return error;
}

static pjrt_error *print_executable(const pjrt_executable *executable) {
  char *text;
  PJRT_TRY(pjrt_executable_describe(executable, PJRT_ALL_LINES, &text, NULL));
  printf("%s\n", text);
  pjrt_host_free(text);
  return NULL;
}

static pjrt_error *run(pjrt_client *client) {
  pjrt_program *program = NULL;
  pjrt_executable *add = NULL;
  pjrt_error *error =
      pjrt_program_create(code, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO, &program);
  if (!error) error = pjrt_client_compile(client, program, NULL, &add);
  if (!error) error = print_executable(add);
  if (!error) error = execute(client, add);
  pjrt_executable_free(add);
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
