/* Several processes, on several hosts perhaps, that make up one machine.
 *
 *   15_processes [PLUGIN [STORE]]
 *
 * A launcher starts it once for each; without one it is alone. With mpirun,
 * which is a store itself:
 *
 *   mpirun -n 2 15_processes libpjrt_sim.so pmix:
 *
 * By hand:
 *
 *   export WORLD_SIZE=2 TORCHELASTIC_RUN_ID=first
 *   RANK=0 15_processes libpjrt_sim.so file:meeting &
 *   RANK=1 15_processes libpjrt_sim.so file:meeting */
#include <pjrt/pjrt.h>
#include <stdlib.h>

static pjrt_error *open_store(const pjrt_launch *launch, const char *address,
                              pjrt_kvstore **out) {
  /* The name makes sure that nobody meets the processes of another start. */
  return pjrt_kvstore_open(address, PJRT_NUL_ENDED,
                           pjrt_launch_job(launch, NULL), PJRT_NUL_ENDED, out);
}

static pjrt_error *create_client(pjrt_plugin *plugin, const pjrt_launch *launch,
                                 pjrt_kvstore *store, pjrt_client **out) {
  pjrt_client_opts opts;
  pjrt_named_values *options;
  pjrt_client_opts_init(&opts);
  PJRT_TRY(pjrt_named_values_create(&options));
  /* Plugins that know of one process only need not be told. */
  pjrt_error *error = NULL;
  if (pjrt_launch_num_processes(launch) > 1)
    error = pjrt_launch_add_client_options(launch, options);
  opts.options = options;
  opts.kvstore = store;
  opts.kvstore_timeout_ns = INT64_C(60000000000);
  if (!error) error = pjrt_client_create(plugin, &opts, out);
  pjrt_named_values_free(options);
  return error;
}

/* What a watchdog of the job would go on to tell: who is there. */
static pjrt_error *say_it_lives(pjrt_client *client) {
  const pjrt_process_info self = {
      .process_index = pjrt_client_process_index(client),
      .state = PJRT_PROCESS_CONNECTED};
  return pjrt_client_update_process_infos(client, &self, 1);
}

static pjrt_error *run(const char *name, const char *address) {
  pjrt_launch *launch = NULL;
  pjrt_kvstore *store = NULL;
  pjrt_plugin *plugin = NULL;
  pjrt_client *client = NULL;

  pjrt_error *error = pjrt_launch_detect(NULL, &launch);
  if (!error && address) error = open_store(launch, address, &store);
  if (!error) error = pjrt_plugin_find(name, PJRT_NUL_ENDED, NULL, &plugin);
  if (!error) error = create_client(plugin, launch, store, &client);
  if (!error) error = say_it_lives(client);
  if (!error)
    printf("process %d of %d: %zu devices, %zu of them its own\n",
           pjrt_launch_process_id(launch), pjrt_launch_num_processes(launch),
           pjrt_client_num_devices(client),
           pjrt_client_num_addressable_devices(client));

  pjrt_client_free(client);
  pjrt_plugin_free(plugin);
  pjrt_kvstore_free(store);
  pjrt_launch_free(launch);
  return error;
}

int main(int argc, char **argv) {
  pjrt_error *error = run(argc > 1 ? argv[1] : "", argc > 2 ? argv[2] : NULL);
  if (error) pjrt_error_print(error, stderr);
  return pjrt_error_consume(error) ? EXIT_FAILURE : EXIT_SUCCESS;
}
