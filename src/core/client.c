#include "core/client.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/deadline.h"
#include "base/error.h"
#include "base/text.h"
#include "core/buffer.h"
#include "core/context.h"
#include "core/event.h"
#include "core/named_values.h"
#include "core/opts.h"
#include "core/plugin.h"
#include "core/raw_values.h"

void pjrt_client_opts_init(pjrt_client_opts *opts) {
  *opts = (pjrt_client_opts){.struct_size = sizeof *opts,
                             .kvstore_timeout_ns = PJRT_NO_DEADLINE};
}

pjrt_error *pjrt_client_forked(const pjrt_client *client) {
  return pjrt_error_about(
      pjrt_error_format(PJRT_FAILED_PRECONDITION,
                        "the client was made before this process was forked; "
                        "make one after fork()"),
      client->plugin, NULL);
}

/* ---- life ---------------------------------------------------------------- */

static void destroy_raw(pjrt_client *client) {
  if (!client->raw) return;
  PJRT_ARGS(PJRT_Client_Destroy, args);
  args->client = client->raw;
  /* Nobody is left to tell: a client that cannot be destroyed is leaked. */
  pjrt_error_free(PJRT_CALL(client->plugin, PJRT_Client_Destroy, args));
}

void pjrt_client_destroy(pjrt_client *client) {
  pjrt_reaper_await_callbacks(&client->reaper);
  destroy_raw(client);
  pjrt_client_destroy_context(client);
  pjrt_reaper_stop(&client->reaper);
  pjrt_pool_destroy(client->pool);
  pjrt_spec_table_destroy(&client->specs);
  pjrt_dma_list_destroy(&client->dma);
  pjrt_client_clear_facts(client);
  pjrt_kvstore_free(client->kvstore.store);
  pjrt_plugin_free(client->plugin);
  free(client);
}

static void destroy_owner(void *client) { pjrt_client_destroy(client); }

static bool bury_handle(pjrt_grave *grave) {
  return pjrt_pool_drop(((pjrt_client *)grave)->pool);
}

void pjrt_client_bury(pjrt_client *client, pjrt_grave *grave) {
  if (pjrt_in_callback()) {
    pjrt_reaper_push(&client->reaper, grave);
  } else if (grave->bury(grave)) {
    pjrt_client_destroy(client);
  }
}

/* The handle counts as one object of the pool, so that freeing it is like
 * freeing any other. A callback in which the caller learnt that all is done may
 * not have returned yet: without waiting for it, the plugin's client would be
 * destroyed on the reaper's thread while the caller ends the process. */
void pjrt_client_free(pjrt_client *client) {
  if (!client || pjrt_client_is_forked(client)) return;
  pjrt_reaper_settle(&client->reaper);
  pjrt_pool_close(client->pool);
  client->grave.bury = bury_handle;
  pjrt_client_bury(client, &client->grave);
}

/* ---- creating ------------------------------------------------------------ */

/* Plugins before 0.107 end the process when this option is not an int64; so
 * every plugin that calls itself a CPU is spared the surprise. */
static pjrt_error *check_options(const pjrt_named_values *options) {
  size_t i =
      pjrt_named_values_find(options, "cpu_device_count", PJRT_NUL_ENDED);
  const pjrt_named_value *value = pjrt_named_values_at(options, i);
  if (!value || value->kind == PJRT_VALUE_INT64) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "client option cpu_device_count must be an int64; "
                           "it is of kind %d",
                           (int)value->kind);
}

static pjrt_error *create_raw(pjrt_client *client,
                              const pjrt_named_values *options) {
  PJRT_ARGS(PJRT_Client_Create, args);
  PJRT_NamedValue *raw_options;
  PJRT_TRY(pjrt_named_values_to_raw(options, client->plugin, &raw_options,
                                    &args->num_options));
  args->create_options = raw_options;
  pjrt_kvstore_lend(&client->kvstore, args);
  pjrt_error *error = PJRT_CALL(client->plugin, PJRT_Client_Create, args);
  free(raw_options);
  PJRT_TRY(error);
  client->raw = args->client;
  if (client->raw) return NULL;
  return pjrt_error_about(
      pjrt_error_format(PJRT_INTERNAL,
                        "the plugin reports success and gives no client"),
      client->plugin, "PJRT_Client_Create");
}

static const pjrt_pooled_kind pooled_kinds[PJRT_NUM_POOL_KINDS] = {
    [PJRT_POOL_BUFFER] = {sizeof(pjrt_buffer), pjrt_buffer_make,
                          pjrt_buffer_settle_in},
    [PJRT_POOL_EVENT] = {sizeof(pjrt_event), pjrt_event_make,
                         pjrt_event_settle_in}};

static pjrt_error *create_pool(pjrt_client *client) {
  if (!client->plugin->is_initialized) {
    return pjrt_error_about(
        pjrt_error_format(PJRT_FAILED_PRECONDITION,
                          "the plugin was opened with inspect_only"),
        client->plugin, NULL);
  }
  PJRT_TRY(pjrt_pool_create(pooled_kinds, client,
                            pjrt_plugin_is_known(client->plugin),
                            &client->pool));
  pjrt_pool_hold(client->pool);
  return NULL;
}

pjrt_error *pjrt_client_create_hollow(pjrt_plugin *plugin, pjrt_client **out) {
  *out = NULL;
  if (!plugin) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "plugin is NULL");
  }
  pjrt_client *client = calloc(1, sizeof *client);
  if (!client) return pjrt_error_out_of_memory();
  client->plugin = pjrt_plugin_retain(plugin);
  client->plain_options.value.struct_size =
      plugin->struct_size[PJRT_STRUCT_PJRT_ExecuteOptions];
  pjrt_reaper_init(&client->reaper, destroy_owner, client);
  pjrt_spec_table_init(&client->specs);
  pjrt_dma_list_init(&client->dma);
  pjrt_error *error = create_pool(client);
  if (error) {
    pjrt_client_destroy(client);
    return error;
  }
  *out = client;
  return NULL;
}

static pjrt_error *fill_client(pjrt_client *client,
                               const pjrt_client_opts *opts) {
  pjrt_client_opts known;
  pjrt_client_opts_init(&known);
  PJRT_TRY(pjrt_opts_read(opts, "pjrt_client_opts", sizeof known, &known));
  if (known.options) PJRT_TRY(check_options(known.options));
  client->kvstore.store = pjrt_kvstore_retain(known.kvstore);
  atomic_init(&client->kvstore.deadline,
              pjrt_deadline_after(known.kvstore_timeout_ns));
  PJRT_TRY(create_raw(client, known.options));
  atomic_store(&client->kvstore.deadline, PJRT_NO_DEADLINE);
  PJRT_TRY(pjrt_client_create_context(client));
  return pjrt_client_read_facts(client);
}

pjrt_error *pjrt_client_create(pjrt_plugin *plugin,
                               const pjrt_client_opts *opts,
                               pjrt_client **out) {
  pjrt_client *client;
  *out = NULL;
  PJRT_TRY(pjrt_client_create_hollow(plugin, &client));
  pjrt_error *error = fill_client(client, opts);
  if (error) {
    pjrt_client_destroy(client);
    return error;
  }
  *out = client;
  return NULL;
}

/* ---- facts --------------------------------------------------------------- */

pjrt_plugin *pjrt_client_plugin(const pjrt_client *client) {
  return client->plugin;
}

const char *pjrt_client_platform_name(const pjrt_client *client,
                                      size_t *out_size) {
  if (out_size) *out_size = client->platform_name.size;
  return client->platform_name.data;
}

const char *pjrt_client_platform_version(const pjrt_client *client,
                                         size_t *out_size) {
  if (out_size) *out_size = client->platform_version.size;
  return client->platform_version.data;
}

int pjrt_client_process_index(const pjrt_client *client) {
  return client->process_index;
}

size_t pjrt_client_num_devices(const pjrt_client *client) {
  return client->num_devices;
}

pjrt_device *pjrt_client_device(const pjrt_client *client, size_t i) {
  return i < client->num_devices ? &client->devices[i] : NULL;
}

size_t pjrt_client_num_addressable_devices(const pjrt_client *client) {
  return client->num_addressable_devices;
}

pjrt_device *pjrt_client_addressable_device(const pjrt_client *client,
                                            size_t i) {
  return i < client->num_addressable_devices ? client->addressable_devices[i]
                                             : NULL;
}

size_t pjrt_client_num_memories(const pjrt_client *client) {
  return client->num_memories;
}

pjrt_memory *pjrt_client_memory(const pjrt_client *client, size_t i) {
  return i < client->num_memories ? &client->memories[i] : NULL;
}

/* ---- look-ups ------------------------------------------------------------ */

static int compare_id(const void *key, const void *element) {
  int id = *(const int *)key;
  int other = (*(pjrt_device *const *)element)->description.id;
  return (id > other) - (id < other);
}

/* Ids mostly have no gaps, and then the first one tells the place. */
static pjrt_device **find_id(const pjrt_client *client, int id) {
  pjrt_device **sorted = client->devices_by_id;
  const size_t num = client->num_devices;
  if (num == 0) return NULL;
  const size_t guess = (size_t)((int64_t)id - sorted[0]->description.id);
  if (guess < num && sorted[guess]->description.id == id) return &sorted[guess];
  return bsearch(&id, sorted, num, sizeof *sorted, compare_id);
}

pjrt_error *pjrt_client_lookup_device(const pjrt_client *client, int id,
                                      pjrt_device **out) {
  *out = NULL;
  size_t num = client->num_devices;
  pjrt_device **sorted = client->devices_by_id;
  pjrt_device **found = find_id(client, id);
  if (found) {
    *out = *found;
    return NULL;
  }
  if (num == 0) {
    return pjrt_error_format(PJRT_NOT_FOUND,
                             "no device %d: the client has no devices", id);
  }
  return pjrt_error_format(PJRT_NOT_FOUND,
                           "no device %d: the client has %zu, with ids %d to "
                           "%d",
                           id, num, sorted[0]->description.id,
                           sorted[num - 1]->description.id);
}

pjrt_error *pjrt_client_lookup_addressable_device(const pjrt_client *client,
                                                  int local_hardware_id,
                                                  pjrt_device **out) {
  *out = NULL;
  for (size_t i = 0; i < client->num_addressable_devices; i++) {
    pjrt_device *device = client->addressable_devices[i];
    if (device->local_hardware_id != local_hardware_id) continue;
    *out = device;
    return NULL;
  }
  return pjrt_error_format(PJRT_NOT_FOUND,
                           "no addressable device with local hardware id %d "
                           "among the client's %zu",
                           local_hardware_id, client->num_addressable_devices);
}

static pjrt_error *check_assignment(const pjrt_client *client, int num_replicas,
                                    int num_partitions, size_t num_ids) {
  size_t num;
  if (num_replicas < 1 || num_partitions < 1) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "%d replicas and %d partitions: at least 1 of "
                             "each is needed",
                             num_replicas, num_partitions);
  }
  if (!pjrt_size_mul((size_t)num_replicas, (size_t)num_partitions, &num) ||
      num > client->num_devices) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "%d replicas of %d partitions need more than the "
                             "client's %zu devices",
                             num_replicas, num_partitions, client->num_devices);
  }
  if (num == num_ids) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "room for %zu device ids, where %d replicas of %d "
                           "partitions have %zu",
                           num_ids, num_replicas, num_partitions, num);
}

pjrt_error *pjrt_client_default_device_assignment(const pjrt_client *client,
                                                  int num_replicas,
                                                  int num_partitions,
                                                  int *out_ids,
                                                  size_t num_ids) {
  PJRT_TRY(pjrt_client_check(client));
  PJRT_TRY(check_assignment(client, num_replicas, num_partitions, num_ids));
  PJRT_ARGS(PJRT_Client_DefaultDeviceAssignment, args);
  args->client = client->raw;
  args->num_replicas = num_replicas;
  args->num_partitions = num_partitions;
  args->default_assignment_size = num_ids;
  args->default_assignment = out_ids;
  return PJRT_CALL(client->plugin, PJRT_Client_DefaultDeviceAssignment, args);
}
