/* Compiles once, saves the machine code, and loads it without compiling.
 *
 *   07_save_and_load [PLUGIN]     writes program.pjrt here
 *
 * The saved program knows its signature and the plugin that made it: another
 * plugin, or another version, refuses it instead of computing nonsense. */
#include <pjrt/pjrt.h>
#include <stdlib.h>

static const char path[] = "program.pjrt";

static const char code[] =
    "func.func @main(%x: tensor<3xf32>) -> tensor<3xf32> {\n"
    "  %y = stablehlo.sqrt %x : tensor<3xf32>\n"
    "  return %y : tensor<3xf32>\n"
    "}\n";

static pjrt_error *failed(const char *what) {
  return pjrt_error_create(PJRT_UNKNOWN, what, PJRT_NUL_ENDED);
}

static pjrt_error *write_file(const void *data, size_t size) {
  FILE *file = fopen(path, "wb");
  if (!file) return failed("cannot make program.pjrt");
  bool written = fwrite(data, 1, size, file) == size;
  written = fclose(file) == 0 && written;
  return written ? NULL : failed("cannot write program.pjrt");
}

static pjrt_error *save(pjrt_client *client) {
  pjrt_program *program = NULL;
  pjrt_executable *executable = NULL;
  void *artifact = NULL;
  size_t size;

  pjrt_error *error =
      pjrt_program_create(code, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO, &program);
  if (!error) error = pjrt_client_compile(client, program, NULL, &executable);
  if (!error) error = pjrt_executable_serialize(executable, &artifact, &size);
  if (!error) error = write_file(artifact, size);
  if (!error) printf("compiled and saved %s\n", path);

  pjrt_host_free(artifact);
  pjrt_executable_free(executable);
  pjrt_program_free(program);
  return error;
}

static pjrt_error *load(pjrt_client *client, pjrt_executable **out) {
  static unsigned char bytes[1 << 20];
  FILE *file = fopen(path, "rb");
  if (!file) return failed("cannot open program.pjrt");
  size_t size = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  return pjrt_executable_load(client, bytes, size, out);
}

static pjrt_error *execute(pjrt_executable *executable) {
  const int64_t dims[] = {3};
  const float x[] = {4, 9, 16};
  float y[3];
  pjrt_buffer *arg = NULL, *out = NULL;
  pjrt_error *error =
      pjrt_buffer_from_host(pjrt_executable_device(executable, 0), PJRT_F32,
                            dims, 1, x, sizeof x, &arg);
  if (!error)
    error = pjrt_executable_execute(executable, &arg, 1, NULL, &out, 1);
  if (!error) error = pjrt_buffer_to_host(out, y, sizeof y);
  if (!error)
    printf("square roots: %g %g %g\n", (double)y[0], (double)y[1],
           (double)y[2]);
  pjrt_buffer_free(out);
  pjrt_buffer_free(arg);
  return error;
}

static pjrt_error *run(pjrt_client *client) {
  pjrt_executable *executable = NULL;
  PJRT_TRY(save(client));
  PJRT_TRY(load(client, &executable));
  printf("loaded it; arguments are checked: %s\n",
         pjrt_executable_is_checked(executable) ? "yes" : "no");
  pjrt_error *error = execute(executable);
  pjrt_executable_free(executable);
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
