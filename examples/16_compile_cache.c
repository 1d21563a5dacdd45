/* Compiles a program at the first start, and finds it in a folder at the next.
 *
 *   16_compile_cache [PLUGIN]     keeps compiled programs in ./compiled
 *
 * The folder holds machine code that this program runs, so it is made for its
 * owner alone, and one that others may write to is refused. */
#include <pjrt/pjrt.h>
#include <stdlib.h>
#include <string.h>

static const char code[] =
    "func.func @main(%x: tensor<3xf32>) -> tensor<3xf32> {\n"
    "  %y = stablehlo.multiply %x, %x : tensor<3xf32>\n"
    "  return %y : tensor<3xf32>\n"
    "}\n";

static pjrt_error *execute(pjrt_executable *executable) {
  const int64_t dims[] = {3};
  const float x[] = {1, 2, 3};
  float y[3];
  pjrt_buffer *arg = NULL, *out = NULL;
  pjrt_error *error =
      pjrt_buffer_from_host(pjrt_executable_device(executable, 0), PJRT_F32,
                            dims, 1, x, sizeof x, &arg);
  if (!error)
    error = pjrt_executable_execute(executable, &arg, 1, NULL, &out, 1);
  if (!error) error = pjrt_buffer_to_host(out, y, sizeof y);
  if (!error)
    printf("squares: %g %g %g\n", (double)y[0], (double)y[1], (double)y[2]);
  pjrt_buffer_free(out);
  pjrt_buffer_free(arg);
  return error;
}

/* What a start of a program does. */
static pjrt_error *start(pjrt_compile_cache *cache, pjrt_client *client,
                         const pjrt_program *program) {
  pjrt_executable *executable;
  char *told;
  bool was_hit;
  PJRT_TRY(pjrt_compile_cache_compile(cache, client, program, NULL, &executable,
                                      &was_hit, &told));
  if (was_hit) {
    printf("loaded\n"); /* told has the file's name and size */
  } else {
    printf("compiled: %.*s\n", (int)strcspn(told, ";"), told);
  }
  pjrt_host_free(told);
  pjrt_error *error = execute(executable);
  pjrt_executable_free(executable);
  return error;
}

/* Another option, another machine code. */
static pjrt_error *explain(pjrt_compile_cache *cache, pjrt_client *client,
                           const pjrt_program *program) {
  pjrt_compile_opts opts;
  char *told;
  pjrt_compile_opts_init(&opts);
  opts.optimization_level = PJRT_EFFORT_O1;
  PJRT_TRY(
      pjrt_compile_cache_explain(cache, client, program, &opts, &told, NULL));
  printf("with O1: %s\n", told);
  pjrt_host_free(told);
  return NULL;
}

static pjrt_error *use(pjrt_compile_cache *cache, pjrt_client *client) {
  pjrt_program *program;
  pjrt_compile_cache_stats stats;
  PJRT_TRY(pjrt_compile_cache_clear(cache)); /* for the same output each time */
  PJRT_TRY(
      pjrt_program_create(code, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO, &program));
  pjrt_error *error = start(cache, client, program);
  if (!error) error = start(cache, client, program);
  if (!error) error = explain(cache, client, program);
  pjrt_program_free(program);
  pjrt_compile_cache_stats_init(&stats);
  if (!error) error = pjrt_compile_cache_read_stats(cache, &stats);
  if (!error)
    printf("%d entry, %d hit, %d miss\n", (int)stats.num_entries,
           (int)stats.num_hits, (int)stats.num_misses);
  return error;
}

int main(int argc, char **argv) {
  pjrt_plugin *plugin = NULL;
  pjrt_client *client = NULL;
  pjrt_compile_cache *cache = NULL;

  pjrt_error *error =
      pjrt_plugin_find(argc > 1 ? argv[1] : "", PJRT_NUL_ENDED, NULL, &plugin);
  if (!error) error = pjrt_client_create(plugin, NULL, &client);
  if (!error)
    error = pjrt_compile_cache_open("compiled", PJRT_NUL_ENDED, NULL, &cache);
  if (!error) error = use(cache, client);

  if (error) pjrt_error_print(error, stderr);
  int status = error ? EXIT_FAILURE : EXIT_SUCCESS;
  pjrt_error_free(error);
  pjrt_compile_cache_free(cache);
  pjrt_client_free(client);
  pjrt_plugin_free(plugin);
  return status;
}
