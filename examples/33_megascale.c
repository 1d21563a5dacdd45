/* Slices of a job: what there are, and how their hosts reach each other.
 *
 *   33_megascale PLUGIN [TOPOLOGY]   (libtpu and v5e:2x2; or the simulated
 *                                     plugin) */
#include <pjrt/ext/megascale.h>
#include <pjrt/pjrt.h>
#include <stdlib.h>

enum { NUM_SLICES = 2 };

static pjrt_error *show_config(const pjrt_multi_slice_config *config) {
  int32_t num_slices, own;
  size_t num;
  void *bytes;
  pjrt_slice_size *sizes;
  PJRT_TRY(pjrt_multi_slice_config_num_slices(config, &num_slices));
  PJRT_TRY(pjrt_multi_slice_config_slice_id(config, &own));
  printf("slice %d of %d\n", (int)own, (int)num_slices);
  PJRT_TRY(pjrt_multi_slice_config_slice_sizes(config, &sizes, &num));
  for (size_t i = 0; i < num; i++)
    printf("  slice %d has %d devices\n", (int)sizes[i].slice_id,
           (int)sizes[i].num_devices);
  pjrt_host_free(sizes);
  PJRT_TRY(pjrt_multi_slice_config_serialize(config, &bytes, &num));
  printf("  compile option serialized_multi_slice_config: %s\n",
         num ? "some bytes" : "none");
  pjrt_host_free(bytes);
  return NULL;
}

/* To compile with, on any machine, and to execute with in this process. */
static pjrt_error *show_configs(pjrt_megascale_context *context,
                                const pjrt_topology *topology) {
  pjrt_multi_slice_config *config = NULL;
  pjrt_megascale_config_opts opts;
  pjrt_megascale_config_opts_init(&opts);
  opts.num_slices = NUM_SLICES;
  opts.local_slice_id = 1;
  pjrt_error *error = pjrt_megascale_aot_config(topology, NUM_SLICES, &config);
  if (!error) error = show_config(config);
  pjrt_multi_slice_config_free(config);
  config = NULL;
  if (!error) error = pjrt_megascale_config(context, topology, &opts, &config);
  if (!error) error = show_config(config);
  pjrt_multi_slice_config_free(config);
  return error;
}

static pjrt_error *show_ids(const pjrt_plugin *plugin) {
  int64_t id;
  int32_t slice, device;
  PJRT_TRY(pjrt_megascale_id(plugin, 1, 3, &id));
  PJRT_TRY(pjrt_megascale_device_of_id(plugin, id, &slice, &device));
  printf("number %lld is device %d of slice %d\n", (long long)id, (int)device,
         (int)slice);
  return NULL;
}

static pjrt_error *show_network(pjrt_plugin *plugin,
                                pjrt_megascale_context *context) {
  int32_t port;
  size_t num;
  pjrt_megascale_address *addresses;
  PJRT_TRY(pjrt_megascale_context_port(context, &port));
  printf("port %d\n", (int)port);
  PJRT_TRY(pjrt_megascale_interface_addresses(plugin, NULL, &addresses, &num));
  for (size_t i = 0; i < num; i++)
    printf("  %s on %s\n", addresses[i].address, addresses[i].interface_name);
  pjrt_host_free(addresses);
  /* As a launch that hangs is given up, so that the job can go on. */
  return pjrt_megascale_context_unblock_pending_work(context, 17, 1000);
}

/* Where there is hardware, the context is its client's. */
static pjrt_error *make_context(pjrt_plugin *plugin,
                                pjrt_megascale_context **out) {
  pjrt_client *client = NULL;
  pjrt_error *error = pjrt_client_create(plugin, NULL, &client);
  if (error) {
    pjrt_error_free(error);
    return pjrt_megascale_context_create_default(plugin, out);
  }
  error = pjrt_megascale_context_create(client, out);
  pjrt_client_free(client);
  return error;
}

int main(int argc, char **argv) {
  pjrt_plugin *plugin = NULL;
  pjrt_topology *topology = NULL;
  pjrt_megascale_context *context = NULL;

  pjrt_error *error =
      pjrt_plugin_find(argc > 1 ? argv[1] : "", PJRT_NUL_ENDED, NULL, &plugin);
  if (!error) error = make_context(plugin, &context);
  if (!error) error = pjrt_megascale_context_initialize(context);
  if (!error)
    error = pjrt_topology_create(plugin, argc > 2 ? argv[2] : "2x2",
                                 PJRT_NUL_ENDED, NULL, &topology);
  if (!error) error = show_configs(context, topology);
  if (!error) error = show_ids(plugin);
  if (!error) error = show_network(plugin, context);

  if (error) pjrt_error_print(error, stderr);
  int status = error ? EXIT_FAILURE : EXIT_SUCCESS;
  pjrt_error_free(error);
  pjrt_megascale_context_free(context);
  pjrt_topology_free(topology);
  pjrt_plugin_free(plugin);
  return status;
}
