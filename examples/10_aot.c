/* Compiles ahead of time: for a machine that is only described here, and
 * without a client.
 *
 *   10_aot [PLUGIN [TOPOLOGY]]
 *
 * The machine tells its topology as bytes, which can travel. Whoever has the
 * same plugin compiles from them, and the machine runs what comes back. With a
 * TOPOLOGY, such as v5e:2x2 for libtpu, the plugin describes the machine
 * itself, and nothing is run. */
#include <pjrt/pjrt.h>
#include <stdlib.h>

static const char code[] =
    "func.func @main(%x: tensor<3xf32>) -> tensor<3xf32> {\n"
    "  %y = stablehlo.sqrt %x : tensor<3xf32>\n"
    "  return %y : tensor<3xf32>\n"
    "}\n";

/* What the machine does first. */
static pjrt_error *tell_topology(pjrt_client *client, void **out,
                                 size_t *out_size) {
  pjrt_topology *topology; /* the client's: not ours to free */
  PJRT_TRY(pjrt_client_topology(client, &topology));
  return pjrt_topology_serialize(topology, out, out_size);
}

/* What needs no machine: an artifact for the topology. */
static pjrt_error *compile(pjrt_topology *topology, void **out,
                           size_t *out_size) {
  pjrt_program *program = NULL;
  pjrt_compiled *compiled = NULL;

  printf("machine:  %zu devices of kind %s, platform %s\n",
         pjrt_topology_num_devices(topology),
         pjrt_device_description_kind(pjrt_topology_device(topology, 0), NULL),
         pjrt_topology_platform_name(topology, NULL));
  pjrt_error *error =
      pjrt_program_create(code, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO, &program);
  if (!error) error = pjrt_topology_compile(topology, program, NULL, &compiled);
  if (!error) {
    printf("compiled: %s takes %zu argument and gives %zu result\n",
           pjrt_compiled_name(compiled, NULL),
           pjrt_compiled_num_parameters(compiled),
           pjrt_compiled_num_outputs(compiled));
    error = pjrt_compiled_serialize(compiled, out, out_size);
  }
  pjrt_compiled_free(compiled);
  pjrt_program_free(program);
  return error;
}

/* What the machine does with it: nothing is compiled any more. */
static pjrt_error *load_and_run(pjrt_client *client, const void *artifact,
                                size_t size) {
  const int64_t dims[] = {3};
  float x[] = {4, 9, 16};
  pjrt_executable *executable = NULL;
  pjrt_buffer *arg = NULL, *out = NULL;
  pjrt_error *error = pjrt_executable_load(client, artifact, size, &executable);
  if (!error)
    error = pjrt_buffer_from_host(pjrt_executable_device(executable, 0),
                                  PJRT_F32, dims, 1, x, sizeof x, &arg);
  if (!error)
    error = pjrt_executable_execute(executable, &arg, 1, NULL, &out, 1);
  if (!error) error = pjrt_buffer_to_host(out, x, sizeof x);
  if (!error)
    printf("ran:      %g %g %g\n", (double)x[0], (double)x[1], (double)x[2]);
  pjrt_buffer_free(out);
  pjrt_buffer_free(arg);
  pjrt_executable_free(executable);
  return error;
}

static pjrt_error *for_this_machine(pjrt_plugin *plugin) {
  pjrt_client *client = NULL;
  pjrt_topology *topology = NULL;
  void *description = NULL, *artifact = NULL;
  size_t size = 0, artifact_size = 0;

  pjrt_error *error = pjrt_client_create(plugin, NULL, &client);
  if (!error) error = tell_topology(client, &description, &size);
  if (!error)
    error = pjrt_topology_deserialize(plugin, description, size, &topology);
  if (!error) error = compile(topology, &artifact, &artifact_size);
  if (!error) error = load_and_run(client, artifact, artifact_size);

  pjrt_host_free(artifact);
  pjrt_host_free(description);
  pjrt_topology_free(topology);
  pjrt_client_free(client);
  return error;
}

static pjrt_error *for_another(pjrt_plugin *plugin, const char *name) {
  pjrt_topology *topology = NULL;
  void *artifact = NULL;
  size_t size = 0;
  pjrt_error *error =
      pjrt_topology_create(plugin, name, PJRT_NUL_ENDED, NULL, &topology);
  if (!error) error = compile(topology, &artifact, &size);
  pjrt_host_free(artifact);
  pjrt_topology_free(topology);
  return error;
}

int main(int argc, char **argv) {
  pjrt_plugin *plugin = NULL;

  pjrt_error *error =
      pjrt_plugin_find(argc > 1 ? argv[1] : "", PJRT_NUL_ENDED, NULL, &plugin);
  if (!error)
    error = argc > 2 ? for_another(plugin, argv[2]) : for_this_machine(plugin);

  if (error) pjrt_error_print(error, stderr);
  int status = error ? EXIT_FAILURE : EXIT_SUCCESS;
  pjrt_error_free(error);
  pjrt_plugin_free(plugin);
  return status;
}
