/* Asks whether a program runs here before it is brought here.
 *
 *   32_abi_version [PLUGIN]
 *
 * Where a program is compiled, what it needs of a runtime is written down: a
 * few bytes, which travel faster than the program. Where it is to run, they are
 * compared with what is there. */
#include <pjrt/ext/abi_version.h>
#include <pjrt/pjrt.h>
#include <stdlib.h>

static const char code[] =
    "func.func @main(%x: tensor<3xf32>) -> tensor<3xf32> {\n"
    "  %y = stablehlo.sqrt %x : tensor<3xf32>\n"
    "  return %y : tensor<3xf32>\n"
    "}\n";

/* What is done where programs are compiled. */
static pjrt_error *write_down(pjrt_compiled *compiled, void **out,
                              size_t *out_size) {
  pjrt_executable_abi_version *needed;
  PJRT_TRY(pjrt_executable_abi_version_of_compiled(compiled, &needed));
  pjrt_error *error =
      pjrt_executable_abi_version_serialize(needed, out, out_size);
  pjrt_executable_abi_version_free(needed);
  return error;
}

static pjrt_error *compile(pjrt_client *client, void **out, size_t *out_size) {
  pjrt_topology *topology; /* the client's: not ours to free */
  pjrt_program *program = NULL;
  pjrt_compiled *compiled = NULL;

  PJRT_TRY(pjrt_client_topology(client, &topology));
  pjrt_error *error =
      pjrt_program_create(code, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO, &program);
  if (!error) error = pjrt_topology_compile(topology, program, NULL, &compiled);
  if (!error) error = write_down(compiled, out, out_size);
  pjrt_compiled_free(compiled);
  pjrt_program_free(program);
  return error;
}

/* An error here means "no", or that nobody could tell. */
static void tell(const char *what, pjrt_error *error) {
  printf("%s: %s\n", what, error ? pjrt_error_message(error, NULL) : "yes");
  pjrt_error_free(error);
}

/* A program's needs, as bytes, beside what a runtime has. */
static pjrt_error *compare(const pjrt_runtime_abi_version *runtime,
                           pjrt_plugin *plugin, const char *what,
                           const void *data, size_t size) {
  pjrt_executable_abi_version *needed;
  uint64_t here = 0, there = 0;

  PJRT_TRY(
      pjrt_executable_abi_version_deserialize(plugin, data, size, &needed));
  pjrt_error *error = pjrt_runtime_abi_version_platform_id(runtime, &here);
  if (!error) error = pjrt_executable_abi_version_platform_id(needed, &there);
  if (!error) {
    printf("%s platform. ", here == there ? "Our" : "Another");
    tell(what, pjrt_runtime_abi_version_check_executable(runtime, needed));
  }
  pjrt_executable_abi_version_free(needed);
  return error;
}

/* What a runtime has travels as well. */
static pjrt_error *compare_copy(const pjrt_runtime_abi_version *runtime,
                                pjrt_plugin *plugin) {
  pjrt_runtime_abi_version *copy = NULL;
  void *data;
  size_t size;

  PJRT_TRY(pjrt_runtime_abi_version_serialize(runtime, &data, &size));
  pjrt_error *error =
      pjrt_runtime_abi_version_deserialize(plugin, data, size, &copy);
  if (!error)
    tell("Can a copy stand in for the runtime?",
         pjrt_runtime_abi_version_check_runtime(copy, runtime));
  pjrt_runtime_abi_version_free(copy);
  pjrt_host_free(data);
  return error;
}

static pjrt_error *run(pjrt_plugin *plugin) {
  /* In the simulated plugin's form: platform 5, version 90. */
  static const char foreign[] = {1 << 3, 5, 2 << 3, 90};
  pjrt_client *client = NULL;
  pjrt_runtime_abi_version *runtime = NULL;
  void *needed = NULL;
  size_t size = 0;

  pjrt_error *error = pjrt_client_create(plugin, NULL, &client);
  if (!error) error = compile(client, &needed, &size);
  if (!error) error = pjrt_runtime_abi_version_of_client(client, &runtime);
  if (!error)
    error = compare(runtime, plugin, "Does what we compiled run here?", needed,
                    size);
  if (!error)
    error = compare(runtime, plugin, "Does what others compiled?", foreign,
                    sizeof foreign);
  if (!error) error = compare_copy(runtime, plugin);
  pjrt_runtime_abi_version_free(runtime);
  pjrt_host_free(needed);
  pjrt_client_free(client);
  return error;
}

int main(int argc, char **argv) {
  pjrt_plugin *plugin = NULL;

  pjrt_error *error =
      pjrt_plugin_find(argc > 1 ? argv[1] : "", PJRT_NUL_ENDED, NULL, &plugin);
  if (!error) error = run(plugin);

  if (error) pjrt_error_print(error, stderr);
  int status = error ? EXIT_FAILURE : EXIT_SUCCESS;
  pjrt_error_free(error);
  pjrt_plugin_free(plugin);
  return status;
}
