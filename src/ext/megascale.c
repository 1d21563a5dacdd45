/* Megascale: contexts, and what is made of them. */
#include "ext/megascale.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/opts.h"
#include "core/topology.h"
#include "ext/answer.h"
#include "ext/collectives.h"
#include "ext/multi_slice.h"
#include "pjrt/ext/megascale.h"

#define CALL MEGASCALE_CALL

struct pjrt_megascale_context {
  pjrt_object object;
  PJRT_Megascale_ClientContext *raw;
};

/* ---- checks -------------------------------------------------------------- */

pjrt_error *pjrt_megascale_check_number(const char *name, int64_t number,
                                        int64_t first) {
  if (number >= first) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "%s is %lld; at least %lld is needed", name,
                           (long long)number, (long long)first);
}

pjrt_error *pjrt_megascale_check_message(const char *name, const void *bytes,
                                         size_t size) {
  if (size > INT32_MAX) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "%s has %zu bytes, and no message has", name,
                             size);
  }
  if (bytes || size == 0) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT, "%s is NULL for %zu bytes",
                           name, size);
}

static pjrt_error *check_context(const pjrt_megascale_context *context) {
  return pjrt_object_check(context ? &context->object : NULL, "context");
}

/* ---- contexts ------------------------------------------------------------ */

static void destroy(pjrt_object *object) {
  PJRT_ARGS(PJRT_Megascale_DeleteClientContext, args);
  args->client_context = ((pjrt_megascale_context *)object)->raw;
  /* Once, whatever comes of it: plugins free some of it before they fail. */
  pjrt_error_drop(CALL(object->plugin, delete_client_context,
                       PJRT_Megascale_DeleteClientContext, args));
}

static pjrt_error *create_from_client(pjrt_client *client,
                                      PJRT_Megascale_ClientContext **out) {
  static const char call[] = "PJRT_Megascale_CreateClientContextFromPjRtClient";
  PJRT_ARGS(PJRT_Megascale_CreateClientContextFromPjRtClient, args);
  args->client = client->raw;
  PJRT_TRY(CALL(client->plugin, create_client_context_from_pjrt_client,
                PJRT_Megascale_CreateClientContextFromPjRtClient, args));
  *out = args->client_context;
  return pjrt_ext_check_object(client->plugin, call, "context", *out);
}

static pjrt_error *create_default(pjrt_client *client,
                                  PJRT_Megascale_ClientContext **out) {
  PJRT_ARGS(PJRT_Megascale_CreateDefaultClientContext, args);
  PJRT_TRY(CALL(client->plugin, create_default_client_context,
                PJRT_Megascale_CreateDefaultClientContext, args));
  *out = args->client_context;
  return pjrt_ext_check_object(client->plugin,
                               "PJRT_Megascale_CreateDefaultClientContext",
                               "context", *out);
}

typedef pjrt_error *create_fn(pjrt_client *client,
                              PJRT_Megascale_ClientContext **out);

static pjrt_error *create(pjrt_client *client, create_fn *make,
                          pjrt_megascale_context **out) {
  void *memory;
  PJRT_TRY(pjrt_alloc(1, sizeof **out, &memory));
  pjrt_megascale_context *context = memory;
  pjrt_error *error = make(client, &context->raw);
  if (error) {
    free(context);
    return error;
  }
  pjrt_object_init_of_client(&context->object, client, destroy);
  *out = context;
  return NULL;
}

pjrt_error *pjrt_megascale_context_create(pjrt_client *client,
                                          pjrt_megascale_context **out) {
  *out = NULL;
  if (!client) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "client is NULL");
  }
  PJRT_TRY(pjrt_client_check(client));
  return create(client, create_from_client, out);
}

pjrt_error *pjrt_megascale_context_create_default(
    pjrt_plugin *plugin, pjrt_megascale_context **out) {
  pjrt_client *client;
  *out = NULL;
  PJRT_TRY(pjrt_client_create_hollow(plugin, &client));
  pjrt_error *error = create(client, create_default, out);
  /* From here on the context keeps it. */
  pjrt_client_free(client);
  return error;
}

void pjrt_megascale_context_free(pjrt_megascale_context *context) {
  if (context) pjrt_object_release(&context->object);
}

/* The args have grown by a tail that nobody has published, and newer plugins
 * refuse them without; zero is the default of every field so far. */
pjrt_error *pjrt_megascale_context_initialize(pjrt_megascale_context *context) {
  PJRT_TRY(check_context(context));
  const pjrt_plugin *plugin = context->object.plugin;
  PJRT_ARGS(PJRT_Megascale_ClientContext_Initialize, args);
  args->struct_size =
      plugin->exact_struct_sizes
          ? PJRT_Megascale_ClientContext_Initialize_Args_STRUCT_SIZE
          : sizeof *args + PJRT_ARGS_RESERVE;
  args->client_context = context->raw;
  return PJRT_EXT_CALL_UNSIZED(plugin, Megascale, PJRT_Megascale_Extension,
                               client_context_initialize,
                               PJRT_Megascale_ClientContext_Initialize, args);
}

pjrt_error *pjrt_megascale_context_unblock_pending_work(
    pjrt_megascale_context *context, int32_t launch_id,
    int64_t expire_after_ms) {
  PJRT_TRY(check_context(context));
  PJRT_TRY(pjrt_megascale_check_number("expire_after_ms", expire_after_ms, 0));
  PJRT_ARGS(PJRT_Megascale_ClientContext_UnblockPendingWork, args);
  args->client_context = context->raw;
  args->launch_id = launch_id;
  args->expire_after_ms = expire_after_ms;
  return CALL(context->object.plugin, client_context_unblock_pending_work,
              PJRT_Megascale_ClientContext_UnblockPendingWork, args);
}

pjrt_error *pjrt_megascale_context_port(const pjrt_megascale_context *context,
                                        int32_t *out) {
  *out = 0;
  PJRT_TRY(check_context(context));
  PJRT_ARGS(PJRT_Megascale_ClientContext_MegascalePort, args);
  args->client_context = context->raw;
  PJRT_TRY(CALL(context->object.plugin, client_context_megascale_port,
                PJRT_Megascale_ClientContext_MegascalePort, args));
  *out = args->port;
  return NULL;
}

/* ---- configurations ------------------------------------------------------ */

/* Wraps what a call that succeeded gave. A plugin's configuration needs nothing
 * of what it was made of; where it ends is where that would. */
static void own_config(pjrt_multi_slice_config *config,
                       const pjrt_topology *topology,
                       pjrt_megascale_context *context) {
  if (context) {
    pjrt_object_init_of(&config->object, &context->object,
                        pjrt_multi_slice_config_end);
  } else if (topology->client) {
    pjrt_object_init_of_client(&config->object, topology->client,
                               pjrt_multi_slice_config_end);
  } else {
    pjrt_object_init(&config->object, topology->plugin,
                     pjrt_multi_slice_config_end);
  }
}

/* The slice of a device; 0 where nothing is said of slices. */
static int64_t slice_of(const pjrt_device_description *device) {
  static const char name[] = "slice_index";
  const pjrt_named_values *facts = pjrt_device_description_attributes(device);
  return pjrt_named_values_int64(
      facts, pjrt_named_values_find(facts, name, sizeof name - 1));
}

/* libtpu ends the process on topologies of several slices. */
static pjrt_error *check_slice(const pjrt_topology *topology) {
  PJRT_TRY(pjrt_topology_check(topology));
  const size_t num = pjrt_topology_num_devices(topology);
  const int64_t first = num ? slice_of(pjrt_topology_device(topology, 0)) : 0;
  for (size_t i = 1; i < num; i++) {
    if (slice_of(pjrt_topology_device(topology, i)) == first) continue;
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "the topology is one of several slices; that of "
                             "one slice is needed");
  }
  return NULL;
}

/* libtpu makes something of each. The ids of devices end here: it counts 2048
 * for each slice. */
static pjrt_error *check_num_slices(int32_t num_slices) {
  enum { MOST = 1 << 20 };
  PJRT_TRY(pjrt_megascale_check_number("num_slices", num_slices, 1));
  if (num_slices <= MOST) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "num_slices is %d; at most %d are possible",
                           num_slices, MOST);
}

static pjrt_error *create_aot_config(const pjrt_topology *topology,
                                     int32_t num_slices,
                                     PJRT_MultiSlice_Config **out) {
  PJRT_ARGS(PJRT_Megascale_CreateAoTConfig, args);
  args->topology = topology->raw;
  args->num_slices = num_slices;
  PJRT_TRY(CALL(topology->plugin, create_aot_config,
                PJRT_Megascale_CreateAoTConfig, args));
  *out = args->multi_slice_config;
  return pjrt_ext_check_object(topology->plugin,
                               "PJRT_Megascale_CreateAoTConfig",
                               "configuration", *out);
}

pjrt_error *pjrt_megascale_aot_config(const pjrt_topology *topology,
                                      int32_t num_slices,
                                      pjrt_multi_slice_config **out) {
  void *memory;
  *out = NULL;
  PJRT_TRY(check_slice(topology));
  PJRT_TRY(check_num_slices(num_slices));
  PJRT_TRY(pjrt_alloc(1, sizeof **out, &memory));
  pjrt_multi_slice_config *config = memory;
  pjrt_error *error = create_aot_config(topology, num_slices, &config->raw);
  if (error) {
    free(config);
    return error;
  }
  own_config(config, topology, NULL);
  *out = config;
  return NULL;
}

void pjrt_megascale_config_opts_init(pjrt_megascale_config_opts *opts) {
  *opts = (pjrt_megascale_config_opts){.struct_size = sizeof *opts,
                                       .num_slices = 1};
}

static pjrt_error *check_config(const pjrt_megascale_config_opts *opts) {
  PJRT_TRY(check_num_slices(opts->num_slices));
  PJRT_TRY(
      pjrt_megascale_check_number("local_slice_id", opts->local_slice_id, 0));
  PJRT_TRY(
      pjrt_megascale_check_number("local_host_id", opts->local_host_id, 0));
  PJRT_TRY(pjrt_megascale_check_message("endpoint_addresses",
                                        opts->endpoint_addresses,
                                        opts->endpoint_addresses_size));
  PJRT_TRY(pjrt_megascale_check_message("dcn_topology", opts->dcn_topology,
                                        opts->dcn_topology_size));
  if (opts->local_slice_id < opts->num_slices) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "local_slice_id is %d of %d slices",
                           opts->local_slice_id, opts->num_slices);
}

/* Plugins make a string of the bytes, and may not take NULL for an empty one.
 */
static const char *bytes_of(const void *bytes) { return bytes ? bytes : ""; }

static pjrt_error *create_config(const pjrt_megascale_context *context,
                                 const pjrt_topology *topology,
                                 const pjrt_megascale_config_opts *opts,
                                 PJRT_MultiSlice_Config **out) {
  PJRT_ARGS(PJRT_Megascale_CreateMultiSliceConfig, args);
  args->topology = topology->raw;
  args->num_slices = opts->num_slices;
  args->local_slice_id = opts->local_slice_id;
  args->local_host_id = opts->local_host_id;
  args->endpoint_addresses = bytes_of(opts->endpoint_addresses);
  args->endpoint_addresses_size = (int32_t)opts->endpoint_addresses_size;
  args->dcn_topology = bytes_of(opts->dcn_topology);
  args->dcn_topology_size = (int32_t)opts->dcn_topology_size;
  args->client_context = context->raw;
  PJRT_TRY(CALL(topology->plugin, create_multi_slice_config,
                PJRT_Megascale_CreateMultiSliceConfig, args));
  *out = args->multi_slice_config;
  return pjrt_ext_check_object(topology->plugin,
                               "PJRT_Megascale_CreateMultiSliceConfig",
                               "configuration", *out);
}

static pjrt_error *check_same_plugin(const pjrt_megascale_context *context,
                                     const pjrt_topology *topology) {
  if (context->object.plugin == topology->plugin) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "the topology is one of %s, and the context one of "
                           "%s",
                           topology->plugin->label,
                           context->object.plugin->label);
}

pjrt_error *pjrt_megascale_config(pjrt_megascale_context *context,
                                  const pjrt_topology *topology,
                                  const pjrt_megascale_config_opts *opts,
                                  pjrt_multi_slice_config **out) {
  void *memory;
  pjrt_megascale_config_opts known;
  *out = NULL;
  PJRT_TRY(check_context(context));
  PJRT_TRY(check_slice(topology));
  PJRT_TRY(check_same_plugin(context, topology));
  pjrt_megascale_config_opts_init(&known);
  PJRT_TRY(
      pjrt_opts_read(opts, "pjrt_megascale_config_opts", sizeof known, &known));
  PJRT_TRY(check_config(&known));
  PJRT_TRY(pjrt_alloc(1, sizeof **out, &memory));
  pjrt_multi_slice_config *config = memory;
  pjrt_error *error = create_config(context, topology, &known, &config->raw);
  if (error) {
    free(config);
    return error;
  }
  own_config(config, topology, context);
  *out = config;
  return NULL;
}

/* ---- collectives --------------------------------------------------------- */

void pjrt_megascale_processes_init(pjrt_megascale_processes *processes) {
  *processes = (pjrt_megascale_processes){.struct_size = sizeof *processes,
                                          .num_devices_per_process = 1};
}

static pjrt_error *check_indexes(const char *name, const int32_t *indexes,
                                 size_t num) {
  for (size_t i = 0; indexes && i < num; i++) {
    if (indexes[i] >= 0) continue;
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "%s of process %zu is %d",
                             name, i, indexes[i]);
  }
  return NULL;
}

static pjrt_error *check_processes(const pjrt_megascale_processes *processes) {
  const size_t num = processes->num_addresses;
  if (num == 0 || num > INT32_MAX || !processes->addresses) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "%zu addresses of processes at %p", num,
                             (const void *)processes->addresses);
  }
  for (size_t i = 0; i < num; i++) {
    if (processes->addresses[i]) continue;
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "the address of process %zu is NULL", i);
  }
  PJRT_TRY(check_indexes("the slice", processes->slice_indexes, num));
  PJRT_TRY(check_indexes("the place", processes->per_slice_indexes, num));
  PJRT_TRY(pjrt_megascale_check_number("num_devices_per_process",
                                       processes->num_devices_per_process, 1));
  return pjrt_megascale_check_message("dcn_topology", processes->dcn_topology,
                                      processes->dcn_topology_size);
}

/* Plugins only read the lists. */
static pjrt_error *create_collectives(const pjrt_megascale_context *context,
                                      const pjrt_megascale_processes *processes,
                                      const size_t *sizes,
                                      PJRT_Collectives **out) {
  const size_t num = processes->num_addresses;
  PJRT_ROOM(PJRT_Megascale_ProcessesInfo, info);
  info->addresses = (const char **)(uintptr_t)processes->addresses;
  info->address_sizes = (size_t *)(uintptr_t)sizes;
  info->num_addresses = num;
  info->slice_indexes = (int32_t *)(uintptr_t)processes->slice_indexes;
  info->num_slice_indexes = processes->slice_indexes ? num : 0;
  info->per_slice_indexes = (int32_t *)(uintptr_t)processes->per_slice_indexes;
  info->num_per_slice_indexes = processes->per_slice_indexes ? num : 0;
  info->num_devices_per_process = processes->num_devices_per_process;
  PJRT_ARGS(PJRT_Megascale_CreateMegascaleCollectives, args);
  args->client_context = context->raw;
  args->processes_info = info;
  args->dcn_topology = processes->dcn_topology;
  args->dcn_topology_size = processes->dcn_topology_size;
  PJRT_TRY(CALL(context->object.plugin, create_megascale_collectives,
                PJRT_Megascale_CreateMegascaleCollectives, args));
  *out = args->collectives;
  return pjrt_ext_check_object(context->object.plugin,
                               "PJRT_Megascale_CreateMegascaleCollectives",
                               "collectives", *out);
}

pjrt_error *pjrt_megascale_collectives(
    pjrt_megascale_context *context, const pjrt_megascale_processes *processes,
    pjrt_collectives **out) {
  void *sizes;
  PJRT_Collectives *raw;
  pjrt_megascale_processes known;
  *out = NULL;
  PJRT_TRY(check_context(context));
  pjrt_megascale_processes_init(&known);
  PJRT_TRY(pjrt_opts_read(processes, "pjrt_megascale_processes", sizeof known,
                          &known));
  PJRT_TRY(check_processes(&known));
  PJRT_TRY(pjrt_alloc(known.num_addresses, sizeof(size_t), &sizes));
  for (size_t i = 0; i < known.num_addresses; i++) {
    ((size_t *)sizes)[i] = strlen(known.addresses[i]);
  }
  pjrt_error *error = create_collectives(context, &known, sizes, &raw);
  free(sizes);
  return error ? error : pjrt_collectives_wrap(&context->object, raw, out);
}

/* ---- ids of devices ------------------------------------------------------ */

pjrt_error *pjrt_megascale_id(const pjrt_plugin *plugin, int32_t slice_id,
                              int32_t per_slice_device_id, int64_t *out) {
  *out = 0;
  PJRT_TRY(pjrt_plugin_check(plugin));
  PJRT_TRY(pjrt_megascale_check_number("slice_id", slice_id, 0));
  PJRT_TRY(pjrt_megascale_check_number("per_slice_device_id",
                                       per_slice_device_id, 0));
  PJRT_ARGS(PJRT_Megascale_DeviceId_To_MegascaleId, args);
  args->slice_id = slice_id;
  args->per_slice_device_id = per_slice_device_id;
  PJRT_TRY(CALL(plugin, device_id_to_megascale_id,
                PJRT_Megascale_DeviceId_To_MegascaleId, args));
  *out = args->megascale_id;
  return NULL;
}

/* No device's is what does not lead back to where it came from. */
static pjrt_error *check_way_back(const pjrt_plugin *plugin, int64_t id,
                                  int32_t slice_id,
                                  int32_t per_slice_device_id) {
  int64_t back = -1;
  if (slice_id >= 0 && per_slice_device_id >= 0) {
    PJRT_TRY(pjrt_megascale_id(plugin, slice_id, per_slice_device_id, &back));
  }
  if (back == id) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "%lld is no device's Megascale id", (long long)id);
}

pjrt_error *pjrt_megascale_device_of_id(const pjrt_plugin *plugin,
                                        int64_t megascale_id,
                                        int32_t *out_slice_id,
                                        int32_t *out_per_slice_device_id) {
  *out_slice_id = 0;
  *out_per_slice_device_id = 0;
  PJRT_TRY(pjrt_plugin_check(plugin));
  PJRT_TRY(pjrt_megascale_check_number("megascale_id", megascale_id, 0));
  PJRT_ARGS(PJRT_Megascale_MegascaleId_To_DeviceId, args);
  args->megascale_id = megascale_id;
  PJRT_TRY(CALL(plugin, megascale_id_to_device_id,
                PJRT_Megascale_MegascaleId_To_DeviceId, args));
  PJRT_TRY(check_way_back(plugin, megascale_id, args->slice_id,
                          args->per_slice_device_id));
  *out_slice_id = args->slice_id;
  *out_per_slice_device_id = args->per_slice_device_id;
  return NULL;
}
