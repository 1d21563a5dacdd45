/* Records what a plugin does while it computes, and writes that as a trace for
 * ui.perfetto.dev. Plugins for CPUs have no profiler.
 *
 *   30_profile [PLUGIN [TRACE.json]] */
#include <pjrt/ext/profiler.h>
#include <pjrt/ext/xspace.h>
#include <pjrt/pjrt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char code[] =
    "func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {\n"
    "  %y = stablehlo.add %x, %x : tensor<4xf32>\n"
    "  return %y : tensor<4xf32>\n"
    "}\n";

static pjrt_error *run(pjrt_client *client, pjrt_executable *executable) {
  static const int64_t dims[] = {4};
  static const float values[] = {1, 2, 3, 4};
  pjrt_device *device = pjrt_client_addressable_device(client, 0);
  pjrt_buffer *x, *y;
  PJRT_TRY(pjrt_buffer_from_host(device, PJRT_F32, dims, 1, values,
                                 sizeof values, &x));
  pjrt_error *error = pjrt_executable_execute(executable, &x, 1, NULL, &y, 1);
  pjrt_buffer_free(y);
  pjrt_buffer_free(x);
  return error;
}

/* The kinds of events that tell of executing. */
static void print_events(const pjrt_xplane *plane) {
  for (size_t l = 0; l < pjrt_xplane_num_lines(plane); l++) {
    const pjrt_xline *line = pjrt_xplane_line(plane, l);
    for (size_t i = 0; i < pjrt_xline_num_events(line); i++) {
      const pjrt_xevent *event = pjrt_xline_event(line, i);
      const char *name = pjrt_xevent_name(event, NULL);
      if (!strstr(name, "Execute")) continue;
      printf("%s, %s: %s, %lld times\n", pjrt_xplane_name(plane, NULL),
             pjrt_xline_name(line, NULL), name,
             (long long)pjrt_xevent_num_occurrences(event));
    }
  }
}

static pjrt_error *write_piece(const void *data, size_t size, void *file) {
  if (fwrite(data, 1, size, file) == size) return NULL;
  return pjrt_error_create(PJRT_DATA_LOSS, "cannot write", PJRT_NUL_ENDED);
}

static pjrt_error *tell(const void *data, size_t size, const char *path) {
  pjrt_xspace *space;
  PJRT_TRY(pjrt_xspace_parse(data, size, &space));
  for (size_t i = 0; i < pjrt_xspace_num_planes(space); i++) {
    print_events(pjrt_xspace_plane(space, i));
  }
  pjrt_error *error = NULL;
  FILE *file = path ? fopen(path, "w") : NULL;
  if (path && !file) perror(path);
  if (file) error = pjrt_xspace_write_trace(space, write_piece, file);
  if (file && fclose(file) != 0) perror(path);
  pjrt_xspace_free(space);
  return error;
}

typedef pjrt_error *read_fn(pjrt_profiler *profiler, void **out,
                            size_t *out_size);

static pjrt_error *profile(pjrt_client *client, pjrt_executable *executable,
                           read_fn *read, const char *path) {
  pjrt_profiler *profiler;
  void *data = NULL;
  size_t size;
  PJRT_TRY(pjrt_profiler_create(pjrt_client_plugin(client), NULL, &profiler));
  pjrt_error *error = pjrt_profiler_start(profiler);
  for (int i = 0; i < 3 && !error; i++) error = run(client, executable);
  if (!error) error = pjrt_profiler_stop(profiler);
  if (!error) error = read(profiler, &data, &size);
  if (!error) error = tell(data, size, path);
  pjrt_host_free(data);
  pjrt_profiler_free(profiler);
  return error;
}

/* Newer plugins also let go of what they recorded as they give it. */
static pjrt_error *profile_both_ways(pjrt_client *client,
                                     pjrt_executable *executable,
                                     const char *path) {
  PJRT_TRY(profile(client, executable, pjrt_profiler_collect, path));
  return profile(client, executable, pjrt_profiler_consume, NULL);
}

static pjrt_error *compile_and_profile(pjrt_client *client, const char *path) {
  pjrt_program *program;
  pjrt_executable *executable = NULL;
  PJRT_TRY(
      pjrt_program_create(code, sizeof code - 1, PJRT_FORMAT_AUTO, &program));
  pjrt_error *error = pjrt_client_compile(client, program, NULL, &executable);
  if (!error) error = profile_both_ways(client, executable, path);
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
  if (!error) error = compile_and_profile(client, argc > 2 ? argv[2] : NULL);

  if (error) pjrt_error_print(error, stderr);
  int status = error ? EXIT_FAILURE : EXIT_SUCCESS;
  pjrt_error_free(error);
  pjrt_client_free(client);
  pjrt_plugin_free(plugin);
  return status;
}
