/* From a topology to a program that runs: what the machine is like, where its
 * programs go, and what becomes of them.
 *
 *   18_programs [PLUGIN] */
#include <pjrt/pjrt.h>
#include <stdlib.h>

static const char code[] =
    "func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {\n"
    "  %y = stablehlo.multiply %x, %x : tensor<4xf32>\n"
    "  return %y : tensor<4xf32>\n"
    "}\n";

static pjrt_error *print_layout(const pjrt_topology *topology, int kind) {
  const int64_t dims[] = {8, 128};
  pjrt_layout *layout;
  char *text;
  PJRT_TRY(pjrt_topology_canonical_layout(topology, kind, PJRT_F32, dims, 2,
                                          &layout));
  pjrt_error *error = pjrt_layout_to_text(layout, &text, NULL);
  if (!error) printf("8x128xf32 lies as %s\n", text);
  pjrt_host_free(text);
  pjrt_layout_free(layout);
  return error;
}

static pjrt_error *look_at(const pjrt_topology *topology) {
  uint64_t fingerprint;
  const int *kinds;
  size_t num_kinds;
  PJRT_TRY(pjrt_topology_fingerprint(topology, &fingerprint));
  printf("the machine has %zu devices and a fingerprint\n",
         pjrt_topology_num_devices(topology));
  PJRT_TRY(pjrt_topology_memory_kind_ids(topology, &kinds, &num_kinds));
  return num_kinds ? print_layout(topology, kinds[0]) : NULL;
}

/* Compiled once, it can be loaded by any client of the plugin. */
static pjrt_error *load(pjrt_client *client, pjrt_topology *topology,
                        pjrt_executable **out) {
  pjrt_program *program;
  pjrt_compiled *compiled = NULL;
  PJRT_TRY(
      pjrt_program_create(code, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO, &program));
  pjrt_error *error = pjrt_topology_compile(topology, program, NULL, &compiled);
  if (!error) error = pjrt_client_load(client, compiled, out);
  pjrt_compiled_free(compiled);
  pjrt_program_free(program);
  return error;
}

static pjrt_error *ask(pjrt_client *client, pjrt_executable *executable) {
  const char *fingerprint;
  size_t size;
  int64_t code_size;
  int id;
  PJRT_TRY(pjrt_client_default_device_assignment(client, 1, 1, &id, 1));
  printf("a program of one device goes to device %d\n", id);
  PJRT_TRY(pjrt_executable_fingerprint(executable, &fingerprint, &size));
  printf("its fingerprint is %s\n", size ? "known" : "empty");
  PJRT_TRY(pjrt_executable_generated_code_size(executable, &code_size));
  printf("its code is %s\n", code_size > 0 ? "counted" : "not counted");
  return NULL;
}

/* A context lends things to custom calls; here there are none. */
static pjrt_error *execute(pjrt_client *client, pjrt_executable *executable) {
  const int64_t dims[] = {4};
  float x[] = {1, 2, 3, 4};
  pjrt_buffer *arg = NULL, *out = NULL;
  pjrt_execute_opts opts;
  pjrt_execute_opts_init(&opts);
  pjrt_error *error = pjrt_execute_context_create(client, &opts.context);
  if (!error)
    error = pjrt_buffer_from_host(pjrt_executable_device(executable, 0),
                                  PJRT_F32, dims, 1, x, sizeof x, &arg);
  if (!error)
    error = pjrt_executable_execute(executable, &arg, 1, &opts, &out, 1);
  if (!error) error = pjrt_buffer_to_host(out, x, sizeof x);
  if (!error) printf("4 squared is %g\n", (double)x[3]);
  pjrt_buffer_free(out);
  pjrt_buffer_free(arg);
  pjrt_execute_context_free(opts.context);
  return error;
}

static pjrt_error *run(pjrt_client *client) {
  pjrt_topology *topology; /* the client's */
  pjrt_executable *executable = NULL;
  PJRT_TRY(pjrt_client_topology(client, &topology));
  PJRT_TRY(look_at(topology));
  pjrt_error *error = load(client, topology, &executable);
  if (!error) error = ask(client, executable);
  if (!error) error = execute(client, executable);
  if (!error) error = pjrt_executable_delete(executable);
  if (!error) printf("deleted: %d\n", pjrt_executable_is_deleted(executable));
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
