/* From nothing to a first result, through the library; see start.h. */
#include <pjrt/pjrt.h>
#include <stdlib.h>

#include "start.h"

static void check(pjrt_error *error) {
  if (!error) return;
  pjrt_error_print(error, stderr);
  exit(EXIT_FAILURE);
}

static pjrt_executable *compile(pjrt_client *client, const char *path) {
  pjrt_program *program;
  pjrt_executable *executable;
  check(pjrt_program_read(path, PJRT_NUL_ENDED, &program));
  check(pjrt_client_compile(client, program, NULL, &executable));
  pjrt_program_free(program);
  return executable;
}

static pjrt_executable *load(pjrt_client *client, const char *path) {
  pjrt_executable *executable;
  size_t size;
  char *data = start_read_file(path, &size);
  check(pjrt_executable_load(client, data, size, &executable));
  free(data);
  return executable;
}

static void save(pjrt_executable *executable, const char *path) {
  void *data;
  size_t size;
  check(pjrt_executable_serialize(executable, &data, &size));
  start_write_file(path, data, size);
  pjrt_host_free(data);
}

static void add(pjrt_client *client, pjrt_executable *executable) {
  static const float values[] = {1, 2};
  pjrt_device *device = pjrt_client_addressable_device(client, 0);
  pjrt_buffer *args[2], *out;
  float sum;
  for (int i = 0; i < 2; i++) {
    check(pjrt_buffer_from_host(device, PJRT_F32, NULL, 0, &values[i],
                                sizeof values[i], &args[i]));
  }
  check(pjrt_executable_execute(executable, args, 2, NULL, &out, 1));
  check(pjrt_buffer_to_host(out, &sum, sizeof sum));
  start_report(sum);
  pjrt_buffer_free(out);
  for (int i = 0; i < 2; i++) pjrt_buffer_free(args[i]);
}

int main(int argc, char **argv) {
  const start_request request = start_read_options(argc, argv);
  pjrt_plugin *plugin;
  pjrt_client *client;
  check(pjrt_plugin_open(request.plugin, PJRT_NUL_ENDED, NULL, &plugin));
  check(pjrt_client_create(plugin, NULL, &client));
  pjrt_executable *executable = request.is_program
                                    ? compile(client, request.path)
                                    : load(client, request.path);
  add(client, executable);
  start_report_memory();
  if (request.saved) save(executable, request.saved);
  pjrt_executable_free(executable);
  pjrt_client_free(client);
  pjrt_plugin_free(plugin);
  return EXIT_SUCCESS;
}
