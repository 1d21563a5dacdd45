/* What is there: a plugin's devices, their memories and their attributes.
 *
 *   09_devices [PLUGIN [NAME=VALUE...]]
 *
 * NAME=VALUE are options of the plugin's, such as cpu_device_count=2. */
#include <inttypes.h>
#include <pjrt/pjrt.h>
#include <stdlib.h>

/* Every kind of value; one that is newer than this library has only a name. */
static void print_values(const pjrt_named_values *values, const char *indent) {
  for (size_t i = 0; i < pjrt_named_values_size(values); i++) {
    size_t num = 0;
    printf("%s%s = ", indent, pjrt_named_values_name(values, i, NULL));
    switch (pjrt_named_values_kind(values, i)) {
      case PJRT_VALUE_STRING:
        printf("%s", pjrt_named_values_string(values, i, NULL));
        break;
      case PJRT_VALUE_INT64:
        printf("%" PRId64, pjrt_named_values_int64(values, i));
        break;
      case PJRT_VALUE_INT64_LIST: {
        const int64_t *list = pjrt_named_values_int64_list(values, i, &num);
        for (size_t j = 0; j < num; j++)
          printf("%s%" PRId64, j ? "." : "", list[j]);
        break;
      }
      case PJRT_VALUE_FLOAT:
        printf("%g", (double)pjrt_named_values_float(values, i));
        break;
      case PJRT_VALUE_BOOL:
        printf(pjrt_named_values_bool(values, i) ? "true" : "false");
        break;
      default:
        printf("?");
    }
    printf("\n");
  }
}

static void print_device(const pjrt_device *device) {
  pjrt_memory *own = pjrt_device_default_memory(device);
  printf("device %d: %s, kind %s\n", pjrt_device_id(device),
         pjrt_device_to_string(device, NULL), pjrt_device_kind(device, NULL));
  for (size_t i = 0; i < pjrt_device_num_memories(device); i++) {
    pjrt_memory *memory = pjrt_device_memory(device, i);
    printf("  memory %d: %s%s\n", pjrt_memory_id(memory),
           pjrt_memory_kind(memory, NULL), memory == own ? " (default)" : "");
  }
  print_values(pjrt_device_attributes(device), "  ");
}

static void print_client(const pjrt_client *client) {
  const pjrt_plugin *plugin = pjrt_client_plugin(client);
  printf("platform %s, PJRT API %d.%d\n",
         pjrt_client_platform_name(client, NULL), pjrt_plugin_api_major(plugin),
         pjrt_plugin_api_minor(plugin));
  print_values(pjrt_plugin_attributes(plugin), "  ");
  for (size_t i = 0; i < pjrt_client_num_devices(client); i++)
    print_device(pjrt_client_device(client, i));
}

static pjrt_error *create_client(pjrt_plugin *plugin, char **options,
                                 int num_options, pjrt_client **out) {
  pjrt_client_opts opts;
  pjrt_named_values *values;
  pjrt_error *error = NULL;
  pjrt_client_opts_init(&opts);
  PJRT_TRY(pjrt_named_values_create(&values));
  for (int i = 0; i < num_options && !error; i++)
    error = pjrt_named_values_parse(values, options[i], PJRT_NUL_ENDED);
  opts.options = values;
  if (!error) error = pjrt_client_create(plugin, &opts, out);
  pjrt_named_values_free(values);
  return error;
}

int main(int argc, char **argv) {
  pjrt_plugin *plugin = NULL;
  pjrt_client *client = NULL;

  pjrt_error *error =
      pjrt_plugin_find(argc > 1 ? argv[1] : "", PJRT_NUL_ENDED, NULL, &plugin);
  if (!error)
    error = create_client(plugin, argv + 2, argc > 2 ? argc - 2 : 0, &client);
  if (!error) print_client(client);

  if (error) pjrt_error_print(error, stderr);
  int status = error ? EXIT_FAILURE : EXIT_SUCCESS;
  pjrt_error_free(error);
  pjrt_client_free(client);
  pjrt_plugin_free(plugin);
  return status;
}
