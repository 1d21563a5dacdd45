/* Prints what the compiler made of a program, as XLA's HLO text.
 *
 *   22_hlo_text [PLUGIN] */
#include <pjrt/pjrt.h>
#include <stdlib.h>

static const char code[] =
    "module @scale {\n"
    "  func.func @main(%x: tensor<3xf32>) -> tensor<3xf32> {\n"
    "    %c = stablehlo.constant dense<[1.0, 2.5, 0.1]> : tensor<3xf32>\n"
    "    %y = stablehlo.multiply %x, %c : tensor<3xf32>\n"
    "    return %y : tensor<3xf32>\n"
    "  }\n"
    "}\n";

static pjrt_error *print_hlo(const pjrt_program *program) {
  char *text;
  pjrt_hlo_opts opts;
  pjrt_hlo_opts_init(&opts);
  opts.print_metadata = false;
  PJRT_TRY(pjrt_hlo_print(program, &opts, &text, NULL));
  printf("%s", text);
  pjrt_host_free(text);
  return NULL;
}

static pjrt_error *print_optimized(pjrt_client *client) {
  pjrt_program *program = NULL, *optimized = NULL;
  pjrt_executable *executable = NULL;
  pjrt_error *error =
      pjrt_program_create(code, sizeof code - 1, PJRT_FORMAT_AUTO, &program);
  if (!error) error = pjrt_client_compile(client, program, NULL, &executable);
  if (!error) error = pjrt_executable_optimized_program(executable, &optimized);
  if (!error) error = print_hlo(optimized);
  pjrt_program_free(optimized);
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
  if (!error) error = print_optimized(client);

  if (error) pjrt_error_print(error, stderr);
  int status = error ? EXIT_FAILURE : EXIT_SUCCESS;
  pjrt_error_free(error);
  pjrt_client_free(client);
  pjrt_plugin_free(plugin);
  return status;
}
