/* The plugin's own functions, and clients. */
#include <stdlib.h>
#include <string.h>

#include "plugin/pool.h"
#include "plugin/settings.h"
#include "plugin/slots.h"

PJRT_Error *sim_PJRT_Plugin_Initialize(PJRT_Plugin_Initialize_Args *args) {
  (void)args;
  return NULL;
}

PJRT_Error *sim_PJRT_Plugin_Attributes(PJRT_Plugin_Attributes_Args *args) {
  static const int64_t minimum[] = {1, 0, 0};
  static const int64_t current[] = {1, 13, 0};
  static const PJRT_NamedValue attributes[] = {
      {.struct_size = PJRT_NamedValue_STRUCT_SIZE,
       .name = SIM_TEXT("xla_version"),
       .name_size = 11,
       .type = PJRT_NamedValue_kInt64,
       .int64_value = 2,
       .value_size = 1},
      {.struct_size = PJRT_NamedValue_STRUCT_SIZE,
       .name = SIM_TEXT("stablehlo_minimum_version"),
       .name_size = 25,
       .type = PJRT_NamedValue_kInt64List,
       .int64_array_value = minimum,
       .value_size = 3},
      {.struct_size = PJRT_NamedValue_STRUCT_SIZE,
       .name = SIM_TEXT("stablehlo_current_version"),
       .name_size = 25,
       .type = PJRT_NamedValue_kInt64List,
       .int64_array_value = current,
       .value_size = 3},
  };
  args->attributes = attributes;
  args->num_attributes = sizeof(attributes) / sizeof(attributes[0]);
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

static PJRT_Error *read_options(const PJRT_Client_Create_Args *args,
                                pjrt_sim_options *out) {
  *out = *sim_options();
  for (size_t i = 0; i < args->num_options; i++)
    if (!is_idle(&args->create_options[i]))
      SIM_TRY(sim_options_set(out, &args->create_options[i]));
  return NULL;
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

static PJRT_Device *device_create(PJRT_Client *client, size_t i) {
  PJRT_Device *device = sim_allocate(sizeof(*device));
  device->kind = SIM_DEVICE;
  device->client = client;
  device->description = client->topology->descriptions[i];
  device->is_addressable = i < client->num_addressable;
  device->local_hardware_id = device->is_addressable ? (int)i : -1;
  for (int m = 0; m < SIM_MEMORIES_PER_DEVICE; m++) {
    sim_memory_init(&device->memory_storage[m], device, m);
    device->memories[m] = &device->memory_storage[m].base;
    if (device->is_addressable)
      client->memories[client->num_memories++] = device->memories[m];
  }
  return device;
}

static void device_free(PJRT_Device *device) {
  for (int m = 0; m < SIM_MEMORIES_PER_DEVICE; m++) {
    device->memory_storage[m].kind = SIM_DEAD;
    sim_account_drop(device->memory_storage[m].account);
  }
  device->kind = SIM_DEAD;
  free(device);
}

PJRT_Error *sim_PJRT_Client_Create(PJRT_Client_Create_Args *args) {
  pjrt_sim_options machine;
  SIM_TRY(read_options(args, &machine));
  const size_t local = (size_t)machine.num_devices;
  const size_t remote = (size_t)machine.num_remote_devices;
  PJRT_Client *client = sim_new(SIM_CLIENT, sizeof(*client));
  client->machine = machine;
  client->num_addressable = local;
  client->num_devices = local + remote;
  client->topology = sim_topology_create(local, remote);
  client->topology->is_owned_by_client = true;
  client->devices =
      sim_allocate(client->num_devices * sizeof(*client->devices));
  client->memories =
      sim_allocate(local * SIM_MEMORIES_PER_DEVICE * sizeof(*client->memories));
  for (size_t i = 0; i < client->num_devices; i++)
    client->devices[i] = device_create(client, i);
  client->options =
      sim_named_values_copy(args->create_options, args->num_options);
  client->num_options = args->num_options;
  client->pool = sim_pool_create();
  args->client = client;
  return NULL;
}

PJRT_Error *sim_PJRT_Client_Destroy(PJRT_Client_Destroy_Args *args) {
  PJRT_Client *client = args->client;
  if (!client) return NULL;
  SIM_REQUIRE(client, SIM_CLIENT);
  sim_pool_close(client->pool);
  sim_pool_drop(client->pool);
  sim_attachments_release(&client->attachments);
  for (size_t i = 0; i < client->num_devices; i++)
    device_free(client->devices[i]);
  sim_named_values_free(client->options, client->num_options);
  sim_topology_delete(client->topology);
  free(client->devices);
  free(client->memories);
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
  args->process_index = 0;
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
  args->addressable_devices = args->client->devices;
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
  for (size_t i = 0; i < client->num_devices; i++) {
    if (client->devices[i]->description->id != args->id) continue;
    args->device = client->devices[i];
    return NULL;
  }
  return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                   "No matching device found for device_id %d", args->id);
}

PJRT_Error *sim_PJRT_Client_LookupAddressableDevice(
    PJRT_Client_LookupAddressableDevice_Args *args) {
  const PJRT_Client *client = args->client;
  SIM_REQUIRE(client, SIM_CLIENT);
  for (size_t i = 0; i < client->num_addressable; i++) {
    if (client->devices[i]->local_hardware_id != args->local_hardware_id)
      continue;
    args->addressable_device = client->devices[i];
    return NULL;
  }
  return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                   "No matching device found for local_hardware_id %d",
                   args->local_hardware_id);
}

PJRT_Error *sim_PJRT_Client_UpdateGlobalProcessInfo(
    PJRT_Client_UpdateGlobalProcessInfo_Args *args) {
  SIM_REQUIRE(args->client, SIM_CLIENT);
  return NULL;
}

PJRT_Error *sim_PJRT_Client_DefaultDeviceAssignment(
    PJRT_Client_DefaultDeviceAssignment_Args *args) {
  SIM_REQUIRE(args->client, SIM_CLIENT);
  if (args->num_replicas < 1 || args->num_partitions < 1)
    return sim_misuse("a device assignment of %d by %d", args->num_replicas,
                      args->num_partitions);
  const size_t num = (size_t)args->num_replicas * (size_t)args->num_partitions;
  if (args->default_assignment_size < num)
    return sim_error(PJRT_Error_Code_FAILED_PRECONDITION,
                     "default_assignment_size is %zu, expected at least %zu",
                     args->default_assignment_size, num);
  for (size_t i = 0; i < num; i++) args->default_assignment[i] = (int)i;
  return NULL;
}

PJRT_Error *sim_PJRT_Client_DmaMap(PJRT_Client_DmaMap_Args *args) {
  SIM_REQUIRE(args->client, SIM_CLIENT);
  return NULL;
}

PJRT_Error *sim_PJRT_Client_DmaUnmap(PJRT_Client_DmaUnmap_Args *args) {
  SIM_REQUIRE(args->client, SIM_CLIENT);
  return NULL;
}
