/* Lists every fusion that XLA makes in programs: a transformation that looks at
 * each compilation and changes nothing.
 *
 *   38_list_fusions [PLUGIN] */
#define _GNU_SOURCE /* strtok_r */
#include <pjrt/ext/xla_transform.h>
#include <pjrt/pjrt.h>
#include <stdlib.h>
#include <string.h>

static const char *const programs[] = {
    "module @softplus {\n"
    "  func.func @main(%x: tensor<64x64xf32>) -> tensor<64x64xf32> {\n"
    "    %e = stablehlo.exponential %x : tensor<64x64xf32>\n"
    "    %y = stablehlo.log_plus_one %e : tensor<64x64xf32>\n"
    "    return %y : tensor<64x64xf32>\n"
    "  }\n"
    "}\n",
    "module @symmetric {\n"
    "  func.func @main(%x: tensor<64x64xf32>) -> tensor<64x64xf32> {\n"
    "    %t = stablehlo.transpose %x, dims = [1, 0]\n"
    "        : (tensor<64x64xf32>) -> tensor<64x64xf32>\n"
    "    %y = stablehlo.add %x, %t : tensor<64x64xf32>\n"
    "    %z = stablehlo.negate %y : tensor<64x64xf32>\n"
    "    return %z : tensor<64x64xf32>\n"
    "  }\n"
    "}\n",
    "module @negative {\n"
    "  func.func @main(%x: tensor<64x64xf32>) -> tensor<64x64xf32> {\n"
    "    %y = stablehlo.negate %x : tensor<64x64xf32>\n"
    "    return %y : tensor<64x64xf32>\n"
    "  }\n"
    "}\n",
};

/* "HloModule name, ..." comes first, and then lines such as
 * "  %name = f32[64,64]{1,0} fusion(%x), kind=kLoop, calls=%computation". */
static void print_fusions(char *text) {
  char *rest = text;
  for (char *line; (line = strtok_r(rest, "\n", &rest));) {
    if (strncmp(line, "HloModule ", 10) == 0) {
      printf("%.*s\n", (int)strcspn(line, ","), line);
    } else if (strstr(line, " fusion(")) {
      printf("%s\n", line);
    }
  }
}

/* Comes in the compilation, on its thread. */
static pjrt_error *list_fusions(const pjrt_program *hlo, void *user,
                                pjrt_program **out) {
  char *text;
  pjrt_hlo_opts opts;
  (void)user;
  (void)out; /* the program stays as it is */
  pjrt_hlo_opts_init(&opts);
  opts.print_metadata = false;
  opts.print_backend_config = false;
  PJRT_TRY(pjrt_hlo_print(hlo, &opts, &text, NULL));
  print_fusions(text);
  pjrt_host_free(text);
  return NULL;
}

static pjrt_error *compile(pjrt_client *client, const char *code) {
  pjrt_program *program;
  pjrt_executable *executable = NULL;
  PJRT_TRY(
      pjrt_program_create(code, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO, &program));
  pjrt_error *error = pjrt_client_compile(client, program, NULL, &executable);
  pjrt_executable_free(executable);
  pjrt_program_free(program);
  return error;
}

int main(int argc, char **argv) {
  static const char name[] = "list_fusions";
  const pjrt_xla_transform_stage stage = PJRT_XLA_TRANSFORM_AFTER_SCHEDULER;
  pjrt_plugin *plugin = NULL;
  pjrt_client *client = NULL;
  pjrt_error *error =
      pjrt_plugin_find(argc > 1 ? argv[1] : "", PJRT_NUL_ENDED, NULL, &plugin);
  if (!error) error = pjrt_client_create(plugin, NULL, &client);
  if (!error) {
    error = pjrt_xla_transform_register(plugin, name, PJRT_NUL_ENDED, stage,
                                        list_fusions, NULL, NULL);
  }
  for (size_t i = 0; !error && i < sizeof programs / sizeof *programs; i++) {
    error = compile(client, programs[i]);
  }
  if (!error) {
    error = pjrt_xla_transform_clear(plugin, name, PJRT_NUL_ENDED, stage, NULL);
  }

  if (error) pjrt_error_print(error, stderr);
  int status = error ? EXIT_FAILURE : EXIT_SUCCESS;
  pjrt_error_free(error);
  pjrt_client_free(client);
  pjrt_plugin_free(plugin);
  return status;
}
