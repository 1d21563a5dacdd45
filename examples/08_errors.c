/* Mistakes that a plugin would answer with a crash, or worse, with a wrong
 * result: the library says what is wrong before the plugin sees it.
 *
 *   08_errors [PLUGIN] */
#include <pjrt/pjrt.h>
#include <stdlib.h>

static const char code[] =
    "func.func @main(%a: tensor<4xf32>, %b: tensor<4xf32>) -> tensor<4xf32> {\n"
    "  %sum = stablehlo.add %a, %b : tensor<4xf32>\n"
    "  return %sum : tensor<4xf32>\n"
    "}\n";

/* Prints an error and frees it. A plugin's own words are not repeated here,
 * since they differ from version to version. */
static void show(const char *mistake, pjrt_error *error) {
  bool own = pjrt_error_origin(error) != PJRT_ORIGIN_PLUGIN;
  printf("%s\n  %s: %s\n", mistake, pjrt_code_name(pjrt_error_code(error)),
         own ? pjrt_error_message(error, NULL) : "in the plugin's words");
  pjrt_error_free(error);
}

/* ---- wrong arguments ----------------------------------------------------- */

static pjrt_error *upload(pjrt_executable *executable, pjrt_dtype dtype,
                          int64_t rows, int64_t columns, pjrt_buffer **out) {
  static const char zeros[64];
  const int64_t dims[] = {rows, columns};
  return pjrt_buffer_from_host(
      pjrt_executable_device(executable, 0), dtype, dims, columns ? 2 : 1,
      zeros, (size_t)(rows * (columns ? columns : 1) * 4), out);
}

/* Executes with `x` as the second argument; the outcome is an error. */
static void execute_with(const char *mistake, pjrt_executable *executable,
                         pjrt_buffer *good, pjrt_buffer *x, size_t num_args) {
  pjrt_buffer *args[] = {good, x}, *out = NULL;
  show(mistake,
       pjrt_executable_execute(executable, args, num_args, NULL, &out, 1));
  pjrt_buffer_free(out);
}

static pjrt_error *wrong_arguments(pjrt_executable *executable) {
  pjrt_buffer *good = NULL, *integers = NULL, *square = NULL;
  pjrt_error *error = upload(executable, PJRT_F32, 4, 0, &good);
  if (!error) error = upload(executable, PJRT_S32, 4, 0, &integers);
  if (!error) error = upload(executable, PJRT_F32, 2, 2, &square);
  if (!error) {
    execute_with("integers of the same size:", executable, good, integers, 2);
    execute_with("another shape of the same size:", executable, good, square,
                 2);
    execute_with("one argument too few:", executable, good, NULL, 1);
    execute_with("NULL:", executable, good, NULL, 2);
    error = pjrt_buffer_delete(good);
  }
  if (!error) execute_with("a deleted buffer:", executable, good, good, 2);
  pjrt_buffer_free(square);
  pjrt_buffer_free(integers);
  pjrt_buffer_free(good);
  return error;
}

/* ---- other mistakes ------------------------------------------------------ */

static void wrong_uploads(pjrt_device *device) {
  const int64_t dims[] = {4};
  const float data[4] = {0};
  pjrt_buffer *out;
  show("fewer bytes than elements:",
       pjrt_buffer_from_host(device, PJRT_F32, dims, 1, data, 8, &out));
  show("a type without elements:",
       pjrt_buffer_from_host(device, PJRT_TOKEN, dims, 1, data, 16, &out));
}

static void wrong_programs(pjrt_client *client) {
  pjrt_program *program = NULL;
  pjrt_executable *executable = NULL;
  pjrt_compile_opts opts;
  show("no program at all:",
       pjrt_program_create("", 0, PJRT_FORMAT_AUTO, &program));
  pjrt_error *error = pjrt_program_create("not a program", PJRT_NUL_ENDED,
                                          PJRT_FORMAT_AUTO, &program);
  if (!error) error = pjrt_client_compile(client, program, NULL, &executable);
  show("a text that is no program:", error);
  pjrt_compile_opts_init(&opts);
  opts.num_replicas = 0;
  show("no replicas:",
       pjrt_client_compile(client, program, &opts, &executable));
  pjrt_program_free(program);
}

static pjrt_error *run(pjrt_client *client) {
  pjrt_program *program;
  pjrt_executable *executable;
  PJRT_TRY(
      pjrt_program_create(code, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO, &program));
  pjrt_error *error = pjrt_client_compile(client, program, NULL, &executable);
  pjrt_program_free(program);
  if (!error) error = wrong_arguments(executable);
  pjrt_executable_free(executable);
  if (error) return error;
  wrong_uploads(pjrt_client_addressable_device(client, 0));
  wrong_programs(client);
  return NULL;
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
