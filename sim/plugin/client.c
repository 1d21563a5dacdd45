/* The plugin's own functions, and clients. */
#include <stdlib.h>
#include <string.h>

#include "plugin/instant.h"
#include "plugin/launches.h"
#include "plugin/line.h"
#include "plugin/loss.h"
#include "plugin/machine.h"
#include "plugin/pool.h"
#include "plugin/settings.h"
#include "plugin/slots.h"

/* Whether the plugin was initialized, which one of its attributes tells. */
static atomic_bool is_initialized;

PJRT_Error *sim_PJRT_Plugin_Initialize(PJRT_Plugin_Initialize_Args *args) {
  (void)args;
  atomic_store(&is_initialized, true);
  return NULL;
}

#define ATTRIBUTE(literal, kind, size)                                   \
  .struct_size = PJRT_NamedValue_STRUCT_SIZE, .name = SIM_TEXT(literal), \
  .name_size = sizeof(literal) - 1, .type = PJRT_NamedValue_k##kind,     \
  .value_size = (size)

PJRT_Error *sim_PJRT_Plugin_Attributes(PJRT_Plugin_Attributes_Args *args) {
  static const int64_t minimum[] = {1, 0, 0};
  static const int64_t current[] = {1, 13, 0};
#define ATTRIBUTES(initialized)                                           \
  {                                                                       \
      {ATTRIBUTE("xla_version", Int64, 1), .int64_value = 2},             \
      {ATTRIBUTE("stablehlo_minimum_version", Int64List, 3),              \
       .int64_array_value = minimum},                                     \
      {ATTRIBUTE("stablehlo_current_version", Int64List, 3),              \
       .int64_array_value = current},                                     \
      {ATTRIBUTE("initialized", Int64, 1), .int64_value = (initialized)}, \
  }
  enum { NUM_ATTRIBUTES = 4 };
  static const PJRT_NamedValue attributes[][NUM_ATTRIBUTES] = {ATTRIBUTES(0),
                                                               ATTRIBUTES(1)};
  args->attributes = attributes[atomic_load(&is_initialized)];
  args->num_attributes = NUM_ATTRIBUTES;
  return NULL;
}

/* ---- create options ------------------------------------------------------ */

/* Options without any effect, one of every kind, so that tests can pass each
 * through; a client's devices give them back as attributes. */
static const struct {
  const char *name;
  PJRT_NamedValue_Type type;
} idle_options[] = {
    {"a_string", PJRT_NamedValue_kString},
    {"an_int64", PJRT_NamedValue_kInt64},
    {"an_int64_list", PJRT_NamedValue_kInt64List},
    {"a_float", PJRT_NamedValue_kFloat},
    {"a_bool", PJRT_NamedValue_kBool},
    /* What clients set where they find the extensions of a GPU. */
    {"preallocate", PJRT_NamedValue_kBool},
    {"memory_fraction", PJRT_NamedValue_kFloat},
};

static bool is_idle(const PJRT_NamedValue *option) {
  for (size_t i = 0; i < sizeof idle_options / sizeof *idle_options; i++)
    if (option->type == idle_options[i].type &&
        option->name_size == strlen(idle_options[i].name) &&
        !memcmp(option->name, idle_options[i].name, option->name_size))
      return true;
  return false;
}

PJRT_Error *sim_machine_read(const char *function,
                             const PJRT_NamedValue *options, size_t num_options,
                             pjrt_sim_options *out) {
  *out = *sim_options();
  for (size_t i = 0; i < num_options; i++)
    if (!is_idle(&options[i]))
      SIM_TRY(sim_options_set(function, out, &options[i]));
  if (out->node_id < out->num_nodes) return NULL;
  return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                   "node_id is %d, expected less than num_nodes, which is %d",
                   out->node_id, out->num_nodes);
}

static size_t payload_size(const PJRT_NamedValue *value) {
  if (value->type == PJRT_NamedValue_kString) return value->value_size;
  return value->value_size * sizeof(int64_t);
}

PJRT_NamedValue *sim_named_values_copy(const PJRT_NamedValue *values,
                                       size_t num_values) {
  PJRT_NamedValue *copies = sim_allocate(num_values * sizeof(*copies));
  for (size_t i = 0; i < num_values; i++) {
    copies[i] = values[i];
    copies[i].name = sim_text(values[i].name, values[i].name_size);
    if (values[i].type == PJRT_NamedValue_kString ||
        values[i].type == PJRT_NamedValue_kInt64List)
      copies[i].string_value =
          sim_text(values[i].string_value, payload_size(&values[i]));
  }
  return copies;
}

void sim_named_values_free(PJRT_NamedValue *values, size_t num_values) {
  for (size_t i = 0; i < num_values; i++) {
    free((void *)(uintptr_t)values[i].name);
    if (values[i].type == PJRT_NamedValue_kString ||
        values[i].type == PJRT_NamedValue_kInt64List)
      free((void *)(uintptr_t)values[i].string_value);
  }
  free(values);
}

/* ---- clients ------------------------------------------------------------- */

static void device_init(PJRT_Device *device, PJRT_Client *client, size_t i) {
  const size_t own = i - (size_t)(client->addressable - client->devices);
  device->kind = SIM_DEVICE;
  device->client = client;
  device->description = client->topology->descriptions[i];
  device->is_addressable = own < client->num_addressable;
  device->local_hardware_id = device->is_addressable ? (int)own : -1;
  if (device->is_addressable) {
    const pjrt_sim_options *machine = &client->machine;
    device->programs = sim_line_create(machine->execute_latency_us, 0);
    device->link = sim_line_create(machine->transfer_latency_us,
                                   machine->transfer_bytes_per_s);
  }
  for (int m = 0; m < SIM_MEMORIES_PER_DEVICE; m++) {
    sim_memory_init(&device->memory_storage[m], device, m);
    device->memories[m] = &device->memory_storage[m].base;
    if (device->is_addressable)
      client->memories[client->num_memories++] = device->memories[m];
  }
}

static void device_clear(PJRT_Device *device) {
  for (int m = 0; m < SIM_MEMORIES_PER_DEVICE; m++)
    sim_memory_clear(&device->memory_storage[m]);
  if (device->is_addressable) {
    sim_line_drop(device->programs);
    sim_line_drop(device->link);
  }
  device->kind = SIM_DEAD;
}

/* In one block, behind the pointers that PJRT wants. */
static void make_devices(PJRT_Client *client) {
  const PJRT_TopologyDescription *topology = client->topology;
  const size_t num = topology->num_descriptions;
  PJRT_Device *block = sim_allocate(num * sizeof(*block));
  client->num_devices = num;
  client->devices = sim_allocate((num + 1) * sizeof(block));
  client->devices[0] = block;
  client->addressable = client->devices;
  for (int i = 0; i < client->process_index; i++)
    client->addressable += topology->process_sizes[i];
  client->num_addressable = topology->process_sizes[client->process_index];
  client->memories =
      sim_allocate(client->num_addressable * SIM_MEMORIES_PER_DEVICE *
                   sizeof(PJRT_Memory *));
  for (size_t i = 0; i < num; i++) {
    client->devices[i] = &block[i];
    device_init(&block[i], client, i);
  }
}

static void free_devices(PJRT_Client *client) {
  for (size_t i = 0; i < client->num_devices; i++)
    device_clear(client->devices[i]);
  free(client->devices[0]);
  free(client->devices);
  free(client->memories);
}

PJRT_Error *sim_PJRT_Client_Create(PJRT_Client_Create_Args *args) {
  pjrt_sim_options machine;
  PJRT_TopologyDescription *topology;
  SIM_TRY(sim_machine_read("PJRT_Client_Create", args->create_options,
                           args->num_options, &machine));
  SIM_TRY(machine.num_nodes > 1
              ? sim_processes_meet(args, &machine, &topology)
              : sim_topology_from_options(&machine, &topology));
  PJRT_Client *client = sim_new(SIM_CLIENT, sizeof(*client));
  client->machine = machine;
  client->process_index = machine.node_id;
  client->topology = topology;
  topology->is_owned_by_client = true;
  topology->tiled_layouts = machine.tiled_layouts;
  pthread_mutex_init(&client->lock, NULL);
  client->failures =
      sim_allocate(topology->num_processes * sizeof(*client->failures));
  make_devices(client);
  client->options =
      sim_named_values_copy(args->create_options, args->num_options);
  client->num_options = args->num_options;
  client->launches = sim_launches_create();
  client->pool = sim_pool_create();
  if (machine.execution == PJRT_SIM_INSTANT)
    client->instant = sim_instant_create();
  sim_loss_add_client(client);
  args->client = client;
  return NULL;
}

PJRT_Error *sim_PJRT_Client_Destroy(PJRT_Client_Destroy_Args *args) {
  PJRT_Client *client = args->client;
  if (!client) return NULL;
  SIM_REQUIRE(client, SIM_CLIENT);
  sim_loss_remove_client(client);
  sim_pool_close(client->pool);
  sim_pool_drop(client->pool);
  sim_launches_drop(client->launches);
  sim_attachments_release(&client->attachments);
  sim_instant_free(client->instant);
  sim_mappings_clear(client);
  sim_trackings_clear(client);
  sim_processes_clear(client);
  free_devices(client);
  sim_named_values_free(client->options, client->num_options);
  sim_topology_delete(client->topology);
  pthread_mutex_destroy(&client->lock);
  sim_delete(client, SIM_CLIENT);
  return NULL;
}

PJRT_Error *sim_PJRT_Client_PlatformName(PJRT_Client_PlatformName_Args *args) {
  SIM_REQUIRE(args->client, SIM_CLIENT);
  SIM_SET_TEXT(args->platform_name, args->platform_name_size, "sim");
  return NULL;
}

PJRT_Error *sim_PJRT_Client_PlatformVersion(
    PJRT_Client_PlatformVersion_Args *args) {
  SIM_REQUIRE(args->client, SIM_CLIENT);
  SIM_SET_TEXT(args->platform_version, args->platform_version_size, "sim 1.0");
  return NULL;
}

PJRT_Error *sim_PJRT_Client_ProcessIndex(PJRT_Client_ProcessIndex_Args *args) {
  SIM_REQUIRE(args->client, SIM_CLIENT);
  args->process_index = args->client->process_index;
  return NULL;
}

PJRT_Error *sim_PJRT_Client_TopologyDescription(
    PJRT_Client_TopologyDescription_Args *args) {
  SIM_REQUIRE(args->client, SIM_CLIENT);
  args->topology = args->client->topology;
  return NULL;
}

PJRT_Error *sim_PJRT_Client_Devices(PJRT_Client_Devices_Args *args) {
  SIM_REQUIRE(args->client, SIM_CLIENT);
  args->devices = args->client->devices;
  args->num_devices = args->client->num_devices;
  return NULL;
}

PJRT_Error *sim_PJRT_Client_AddressableDevices(
    PJRT_Client_AddressableDevices_Args *args) {
  SIM_REQUIRE(args->client, SIM_CLIENT);
  args->addressable_devices = args->client->addressable;
  args->num_addressable_devices = args->client->num_addressable;
  return NULL;
}

PJRT_Error *sim_PJRT_Client_AddressableMemories(
    PJRT_Client_AddressableMemories_Args *args) {
  SIM_REQUIRE(args->client, SIM_CLIENT);
  args->addressable_memories = args->client->memories;
  args->num_addressable_memories = args->client->num_memories;
  return NULL;
}

PJRT_Error *sim_PJRT_Client_LookupDevice(PJRT_Client_LookupDevice_Args *args) {
  const PJRT_Client *client = args->client;
  SIM_REQUIRE(client, SIM_CLIENT);
  if (args->id >= 0 && (size_t)args->id < client->num_devices) {
    args->device = client->devices[args->id];
    return NULL;
  }
  return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                   "No matching device found for device_id %d", args->id);
}

PJRT_Error *sim_PJRT_Client_LookupAddressableDevice(
    PJRT_Client_LookupAddressableDevice_Args *args) {
  const PJRT_Client *client = args->client;
  SIM_REQUIRE(client, SIM_CLIENT);
  const int id = args->local_hardware_id;
  if (id >= 0 && (size_t)id < client->num_addressable) {
    args->addressable_device = client->addressable[id];
    return NULL;
  }
  return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                   "No matching device found for local_hardware_id %d", id);
}
