/* Which device has which part of an array: the shardings of a program that
 * runs on four devices, as text, as pictures and as slices.
 *
 *   28_shardings [PLUGIN [FILE]]     FILE: gets the first as an SVG image
 *
 * Shardings are XLA's text, such as {devices=[2,2]<=[4]}. */
#include <inttypes.h>
#include <pjrt/ext/shardings.h>
#include <pjrt/pjrt.h>
#include <stdlib.h>

enum { DEVICES = 4 };

static const int64_t dims[] = {8, 6}; /* of each whole array */

static const char code[] =
    "func.func @main(\n"
    "    %x: tensor<8x6xf32> {mhlo.sharding = \"{devices=[2,2]<=[4]}\"},\n"
    "    %w: tensor<8x6xf32> {mhlo.sharding = \"{devices=[2,1,2]<=[4] "
    "last_tile_dim_replicate}\"})\n"
    "    -> (tensor<8x6xf32> {mhlo.sharding = \"{devices=[4,1]<=[4]}\"}) {\n"
    "  %y = stablehlo.multiply %x, %w : tensor<8x6xf32>\n"
    "  return %y : tensor<8x6xf32>\n"
    "}\n";

static pjrt_error *draw(const char *name, const pjrt_sharding *sharding) {
  char *text, *picture;
  PJRT_TRY(pjrt_sharding_to_text(sharding, &text, NULL));
  printf("%s %s\n", name, text);
  pjrt_host_free(text);
  PJRT_TRY(pjrt_sharding_picture(sharding, dims, 2, DEVICES, &picture, NULL));
  printf("%s", picture);
  pjrt_host_free(picture);
  return NULL;
}

/* The same as numbers: what to upload to a device. */
static pjrt_error *print_slices(const pjrt_sharding *sharding) {
  int64_t from[2], size[2];
  for (int64_t device = 0; device < DEVICES; device++) {
    PJRT_TRY(pjrt_sharding_slice(sharding, dims, 2, device, from, size));
    printf("device %" PRId64 ": [%" PRId64 ":%" PRId64 ", %" PRId64 ":%" PRId64
           "]\n",
           device, from[0], from[0] + size[0], from[1], from[1] + size[1]);
  }
  return NULL;
}

static pjrt_error *write_image(const pjrt_sharding *sharding,
                               const char *path) {
  char *image;
  PJRT_TRY(pjrt_sharding_svg(sharding, dims, 2, DEVICES, &image, NULL));
  FILE *file = fopen(path, "w");
  if (!file || fputs(image, file) < 0) perror(path);
  if (file && fclose(file) != 0) perror(path);
  pjrt_host_free(image);
  return NULL;
}

static pjrt_error *print_program(pjrt_executable *executable,
                                 const char *path) {
  static const char *const names[] = {"x", "w", "result"};
  for (size_t i = 0; i < 3; i++) {
    pjrt_sharding *sharding;
    PJRT_TRY(i < 2 ? pjrt_shardings_of_parameter(executable, i, &sharding)
                   : pjrt_shardings_of_output(executable, 0, &sharding));
    pjrt_error *error = draw(names[i], sharding);
    if (!error && i == 0) error = print_slices(sharding);
    if (!error && i == 0 && path) error = write_image(sharding, path);
    pjrt_sharding_free(sharding);
    PJRT_TRY(error);
  }
  return NULL;
}

static pjrt_error *run(pjrt_plugin *plugin, const char *path) {
  pjrt_client_opts client_opts;
  pjrt_compile_opts compile_opts;
  pjrt_named_values *options = NULL;
  pjrt_client *client = NULL;
  pjrt_program *program = NULL;
  pjrt_executable *executable = NULL;
  pjrt_client_opts_init(&client_opts);
  pjrt_compile_opts_init(&compile_opts);
  compile_opts.num_partitions = DEVICES;
  compile_opts.use_spmd_partitioning = true;

  pjrt_error *error = pjrt_named_values_create(&options);
  if (!error) /* the CPU plugin makes as many as asked */
    error = pjrt_named_values_set_int64(options, "cpu_device_count",
                                        PJRT_NUL_ENDED, DEVICES);
  client_opts.options = options;
  if (!error) error = pjrt_client_create(plugin, &client_opts, &client);
  if (!error)
    error =
        pjrt_program_create(code, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO, &program);
  if (!error)
    error = pjrt_client_compile(client, program, &compile_opts, &executable);
  if (!error) error = print_program(executable, path);
  pjrt_executable_free(executable);
  pjrt_program_free(program);
  pjrt_client_free(client);
  pjrt_named_values_free(options);
  return error;
}

int main(int argc, char **argv) {
  pjrt_plugin *plugin = NULL;
  pjrt_error *error =
      pjrt_plugin_find(argc > 1 ? argv[1] : "", PJRT_NUL_ENDED, NULL, &plugin);
  if (!error) error = run(plugin, argc > 2 ? argv[2] : NULL);
  if (error) pjrt_error_print(error, stderr);
  int status = error ? EXIT_FAILURE : EXIT_SUCCESS;
  pjrt_error_free(error);
  pjrt_plugin_free(plugin);
  return status;
}
