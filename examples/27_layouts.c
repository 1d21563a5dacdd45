/* How arrays lie in memory, and which memories there are.
 *
 *   27_layouts [PLUGIN [TOPOLOGY]]
 *
 * Layouts are XLA's text: {1,0} has the last dimension fastest, T(8,128) cuts
 * rows and columns into tiles, E(4) says that an element has 4 bits. With a
 * TOPOLOGY, such as v5e:2x2 for libtpu, they are those of a machine that need
 * not be there. */
#include <pjrt/ext/layouts.h>
#include <pjrt/ext/memory_descriptions.h>
#include <pjrt/pjrt.h>
#include <stdlib.h>

static const int64_t dims[] = {16, 256};

static pjrt_error *print_layout(const char *what, pjrt_layout *layout) {
  char *text;
  pjrt_error *error = pjrt_layout_to_text(layout, &text, NULL);
  if (!error) {
    printf("  %-8s %s\n", what, text);
    pjrt_host_free(text);
  }
  pjrt_layout_free(layout);
  return error;
}

/* What the plugin chooses where nobody asks for anything. */
static pjrt_error *print_defaults(const pjrt_topology *topology) {
  static const pjrt_dtype types[] = {PJRT_F32, PJRT_BF16, PJRT_S8, PJRT_S4};
  printf("[16,256] by default:\n");
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    pjrt_layout *layout;
    PJRT_TRY(pjrt_layouts_default_for_topology(topology, types[i], dims, 2,
                                               &layout));
    PJRT_TRY(print_layout(pjrt_dtype_name(types[i]), layout));
  }
  return NULL;
}

static pjrt_error *print_memories(const pjrt_topology *topology) {
  pjrt_memory_descriptions *all;
  PJRT_TRY(pjrt_memory_descriptions_of_topology(topology, 0, &all));
  const size_t num = pjrt_memory_descriptions_size(all);
  printf("memories of a device:%s\n", num ? "" : " not described");
  for (size_t i = 0; i < num; i++) {
    printf("  %s%s\n", pjrt_memory_descriptions_kind(all, i, NULL),
           i == pjrt_memory_descriptions_default(all) ? " (default)" : "");
  }
  pjrt_memory_descriptions_free(all);
  return NULL;
}

/* What an array has that is there, and what a program takes and gives. */
static const char code[] =
    "func.func @main(%x: tensor<2x3xf32>) -> tensor<3x2xf32> {\n"
    "  %y = stablehlo.transpose %x, dims = [1, 0]\n"
    "      : (tensor<2x3xf32>) -> tensor<3x2xf32>\n"
    "  return %y : tensor<3x2xf32>\n"
    "}\n";

static pjrt_error *print_program(pjrt_client *client,
                                 pjrt_executable *executable) {
  const int64_t shape[] = {2, 3};
  const float data[6] = {0};
  pjrt_buffer *buffer;
  pjrt_layout *layout = NULL;
  printf("a program:\n");
  PJRT_TRY(pjrt_layouts_default(client, PJRT_F32, shape, 2, &layout));
  PJRT_TRY(print_layout("default", layout));
  PJRT_TRY(pjrt_buffer_from_host(pjrt_client_device(client, 0), PJRT_F32, shape,
                                 2, data, sizeof data, &buffer));
  pjrt_error *error = pjrt_layouts_of_buffer(buffer, &layout);
  pjrt_buffer_free(buffer);
  PJRT_TRY(error);
  PJRT_TRY(print_layout("argument", layout));
  PJRT_TRY(pjrt_layouts_of_parameter(executable, 0, &layout));
  PJRT_TRY(print_layout("takes", layout));
  PJRT_TRY(pjrt_layouts_of_output(executable, 0, &layout));
  return print_layout("gives", layout);
}

static pjrt_error *on_this_machine(pjrt_plugin *plugin) {
  pjrt_client *client = NULL;
  pjrt_topology *topology = NULL;
  pjrt_program *program = NULL;
  pjrt_executable *executable = NULL;
  pjrt_error *error = pjrt_client_create(plugin, NULL, &client);
  if (!error) error = pjrt_client_topology(client, &topology);
  if (!error) error = print_defaults(topology);
  if (!error) error = print_memories(topology);
  if (!error)
    error =
        pjrt_program_create(code, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO, &program);
  if (!error) error = pjrt_client_compile(client, program, NULL, &executable);
  if (!error) error = print_program(client, executable);
  pjrt_executable_free(executable);
  pjrt_program_free(program);
  pjrt_client_free(client);
  return error;
}

static pjrt_error *on_another(pjrt_plugin *plugin, const char *name) {
  pjrt_topology *topology;
  PJRT_TRY(pjrt_topology_create(plugin, name, PJRT_NUL_ENDED, NULL, &topology));
  pjrt_error *error = print_defaults(topology);
  if (!error) error = print_memories(topology);
  pjrt_topology_free(topology);
  return error;
}

int main(int argc, char **argv) {
  pjrt_plugin *plugin = NULL;
  pjrt_error *error =
      pjrt_plugin_find(argc > 1 ? argv[1] : "", PJRT_NUL_ENDED, NULL, &plugin);
  if (!error)
    error = argc > 2 ? on_another(plugin, argv[2]) : on_this_machine(plugin);
  if (error) pjrt_error_print(error, stderr);
  int status = error ? EXIT_FAILURE : EXIT_SUCCESS;
  pjrt_error_free(error);
  pjrt_plugin_free(plugin);
  return status;
}
