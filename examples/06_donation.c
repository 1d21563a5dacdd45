/* Donation: the program may write its result over an argument, which saves the
 * memory and the time of a second buffer. The argument is gone then.
 *
 *   06_donation [PLUGIN]
 *
 * A training step does this with its weights: out = step(in), in place. */
#include <pjrt/pjrt.h>
#include <stdlib.h>

/* "Output 0 may take the place of this argument." */
static const char code[] =
    "func.func @main(%x: tensor<4xf32> {tf.aliasing_output = 0 : i32})\n"
    "    -> tensor<4xf32> {\n"
    "  %y = stablehlo.add %x, %x : tensor<4xf32>\n"
    "  return %y : tensor<4xf32>\n"
    "}\n";

static void print_state(const char *when, const pjrt_buffer *buffer) {
  printf("%s: %s\n", when, pjrt_buffer_is_deleted(buffer) ? "gone" : "there");
}

/* Ten steps; each consumes the buffer that the one before made. */
static pjrt_error *step(pjrt_executable *executable, pjrt_buffer **state) {
  for (int i = 0; i < 10; i++) {
    pjrt_buffer *next;
    PJRT_TRY(pjrt_executable_execute(executable, state, 1, NULL, &next, 1));
    pjrt_buffer_free(*state);
    *state = next;
  }
  return NULL;
}

/* An argument can be kept although the program would donate it. */
static pjrt_error *keep(pjrt_executable *executable, pjrt_buffer *x) {
  pjrt_execute_opts opts;
  const int64_t kept[] = {0};
  pjrt_buffer *out;
  pjrt_execute_opts_init(&opts);
  opts.non_donatable_inputs = kept;
  opts.num_non_donatable_inputs = 1;
  PJRT_TRY(pjrt_executable_execute(executable, &x, 1, &opts, &out, 1));
  pjrt_buffer_free(out);
  return NULL;
}

static pjrt_error *use(pjrt_executable *executable, pjrt_buffer **x) {
  pjrt_buffer *out = NULL;
  float values[4];
  printf("parameter 0 is donated: %s\n",
         pjrt_executable_parameter_is_donated(executable, 0) ? "yes" : "no");
  PJRT_TRY(keep(executable, *x));
  print_state("after a step that keeps it", *x);
  PJRT_TRY(step(executable, x));
  PJRT_TRY(pjrt_buffer_to_host(*x, values, sizeof values));
  printf("after 10 steps: %g %g %g %g\n", (double)values[0], (double)values[1],
         (double)values[2], (double)values[3]);
  PJRT_TRY(pjrt_executable_execute(executable, x, 1, NULL, &out, 1));
  pjrt_buffer_free(out);
  print_state("after one more", *x);

  /* Using it again is an error, not a crash. */
  pjrt_error *error = pjrt_buffer_to_host(*x, values, sizeof values);
  printf("%s: %s\n", pjrt_code_name(pjrt_error_code(error)),
         pjrt_error_message(error, NULL));
  pjrt_error_free(error);
  return NULL;
}

static pjrt_error *run(pjrt_client *client) {
  const int64_t dims[] = {4};
  const float start[] = {1, 2, 3, 4};
  pjrt_device *device = pjrt_client_addressable_device(client, 0);
  pjrt_program *program = NULL;
  pjrt_executable *executable = NULL;
  pjrt_buffer *x = NULL;

  pjrt_error *error =
      pjrt_program_create(code, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO, &program);
  if (!error) error = pjrt_client_compile(client, program, NULL, &executable);
  if (!error)
    error = pjrt_buffer_from_host(device, PJRT_F32, dims, 1, start,
                                  sizeof start, &x);
  if (!error) error = use(executable, &x);

  pjrt_buffer_free(x);
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
