/* Refuses programs with an operation that is not wanted, here the sine: a
 * transformation that ends such a compilation with an error.
 *
 *   39_forbid_op [PLUGIN] */
#include <pjrt/ext/xla_transform.h>
#include <pjrt/pjrt.h>
#include <stdlib.h>
#include <string.h>

static const char cosine[] =
    "func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {\n"
    "  %y = stablehlo.cosine %x : tensor<4xf32>\n"
    "  return %y : tensor<4xf32>\n"
    "}\n";

static const char sine[] =
    "func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {\n"
    "  %y = stablehlo.sine %x : tensor<4xf32>\n"
    "  return %y : tensor<4xf32>\n"
    "}\n";

/* Comes in the compilation, on its thread. `forbidden` is how the text of an
 * instruction has it: " sine(". */
static pjrt_error *check(const pjrt_program *hlo, void *forbidden,
                         pjrt_program **out) {
  char *text;
  pjrt_error *error = NULL;
  (void)out; /* the program stays as it is */
  PJRT_TRY(pjrt_hlo_print(hlo, NULL, &text, NULL));
  if (strstr(text, forbidden)) {
    error = pjrt_error_create(PJRT_PERMISSION_DENIED,
                              "this program has a forbidden operation",
                              PJRT_NUL_ENDED);
  }
  pjrt_host_free(text);
  return error;
}

/* Prints what becomes of a program. */
static pjrt_error *try_program(pjrt_client *client, const char *name,
                               const char *code) {
  pjrt_program *program;
  pjrt_executable *executable = NULL;
  PJRT_TRY(
      pjrt_program_create(code, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO, &program));
  pjrt_error *error = pjrt_client_compile(client, program, NULL, &executable);
  printf("%s: %s\n", name,
         error ? pjrt_error_message(error, NULL) : "compiled");
  pjrt_executable_free(executable);
  pjrt_program_free(program);
  pjrt_error_free(error);
  return NULL;
}

static pjrt_error *forbid_and_try(pjrt_plugin *plugin, pjrt_client *client) {
  static const char name[] = "forbid_sine";
  static char forbidden[] = " sine(";
  const pjrt_xla_transform_stage stage = PJRT_XLA_TRANSFORM_BEFORE_SCHEDULER;
  PJRT_TRY(pjrt_xla_transform_register(plugin, name, PJRT_NUL_ENDED, stage,
                                       check, forbidden, NULL));
  pjrt_error *error = try_program(client, "cosine", cosine);
  if (!error) error = try_program(client, "sine", sine);
  if (error) return error;
  PJRT_TRY(pjrt_xla_transform_clear(plugin, name, PJRT_NUL_ENDED, stage, NULL));
  return try_program(client, "sine, when it is allowed again", sine);
}

int main(int argc, char **argv) {
  pjrt_plugin *plugin = NULL;
  pjrt_client *client = NULL;
  pjrt_error *error =
      pjrt_plugin_find(argc > 1 ? argv[1] : "", PJRT_NUL_ENDED, NULL, &plugin);
  if (!error) error = pjrt_client_create(plugin, NULL, &client);
  if (!error) error = forbid_and_try(plugin, client);

  if (error) pjrt_error_print(error, stderr);
  int status = error ? EXIT_FAILURE : EXIT_SUCCESS;
  pjrt_error_free(error);
  pjrt_client_free(client);
  pjrt_plugin_free(plugin);
  return status;
}
