/* One program on four devices at once: each has a number of its own, and
 * all_reduce gives every device the sum.
 *
 *   04_many_devices [PLUGIN]     the CPU plugin makes as many as asked */
#include <pjrt/pjrt.h>
#include <stdlib.h>

enum { DEVICES = 4 };

static const char code[] =
    "func.func @main(%x: tensor<f32>) -> tensor<f32> {\n"
    "  %sum = \"stablehlo.all_reduce\"(%x) ({\n"
    "  ^bb0(%a: tensor<f32>, %b: tensor<f32>):\n"
    "    %c = stablehlo.add %a, %b : tensor<f32>\n"
    "    stablehlo.return %c : tensor<f32>\n"
    "  }) {replica_groups = dense<[[0, 1, 2, 3]]> : tensor<1x4xi64>} :\n"
    "      (tensor<f32>) -> tensor<f32>\n"
    "  return %sum : tensor<f32>\n"
    "}\n";

static pjrt_error *compile(pjrt_client *client, pjrt_executable **out) {
  pjrt_compile_opts opts;
  pjrt_program *program;
  pjrt_compile_opts_init(&opts);
  opts.num_replicas = DEVICES;
  PJRT_TRY(
      pjrt_program_create(code, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO, &program));
  pjrt_error *error = pjrt_client_compile(client, program, &opts, out);
  pjrt_program_free(program);
  return error;
}

static pjrt_error *run(pjrt_client *client) {
  pjrt_executable *executable = NULL;
  pjrt_buffer *args[DEVICES] = {NULL}, *outs[DEVICES] = {NULL};

  pjrt_error *error = compile(client, &executable);
  for (size_t i = 0; i < DEVICES && !error; i++) {
    pjrt_device *device = pjrt_executable_device(executable, i);
    const float number = (float)(i + 1);
    error = pjrt_buffer_from_host(device, PJRT_F32, NULL, 0, &number,
                                  sizeof number, &args[i]);
  }
  if (!error)
    error = pjrt_executable_execute_sharded(executable, DEVICES, args, 1, NULL,
                                            outs, 1);
  for (size_t i = 0; i < DEVICES && !error; i++) {
    float sum;
    error = pjrt_buffer_to_host(outs[i], &sum, sizeof sum);
    if (!error)
      printf("device %d had %zu, has %g\n",
             pjrt_device_id(pjrt_buffer_device(outs[i])), i + 1, (double)sum);
  }

  for (size_t i = 0; i < DEVICES; i++) pjrt_buffer_free(outs[i]);
  for (size_t i = 0; i < DEVICES; i++) pjrt_buffer_free(args[i]);
  pjrt_executable_free(executable);
  return error;
}

/* Only the CPU plugin can make devices; others take what there is. */
static pjrt_error *create_client(pjrt_plugin *plugin, pjrt_client **out) {
  pjrt_client_opts opts;
  pjrt_named_values *options;
  pjrt_client_opts_init(&opts);
  PJRT_TRY(pjrt_named_values_create(&options));
  pjrt_error *error = pjrt_named_values_set_int64(options, "cpu_device_count",
                                                  PJRT_NUL_ENDED, DEVICES);
  opts.options = options;
  if (!error) error = pjrt_client_create(plugin, &opts, out);
  pjrt_named_values_free(options);
  return error;
}

int main(int argc, char **argv) {
  pjrt_plugin *plugin = NULL;
  pjrt_client *client = NULL;

  pjrt_error *error =
      pjrt_plugin_find(argc > 1 ? argv[1] : "", PJRT_NUL_ENDED, NULL, &plugin);
  if (!error) error = create_client(plugin, &client);
  if (!error) error = run(client);

  if (error) pjrt_error_print(error, stderr);
  int status = error ? EXIT_FAILURE : EXIT_SUCCESS;
  pjrt_error_free(error);
  pjrt_client_free(client);
  pjrt_plugin_free(plugin);
  return status;
}
