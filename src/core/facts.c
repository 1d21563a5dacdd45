/* Reading what a plugin says of itself, once, when a client is made. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "core/client.h"
#include "core/plugin.h"
#include "core/raw_values.h"
#include "core/topology.h"

pjrt_error *pjrt_fact_optional(pjrt_error *error) {
  if (pjrt_error_code(error) != PJRT_UNIMPLEMENTED) return error;
  pjrt_error_free(error);
  return NULL;
}

pjrt_error *pjrt_text_fact_set(pjrt_text_fact *fact, const char *text,
                               size_t size) {
  pjrt_text_fact_clear(fact);
  PJRT_TRY(pjrt_text_copy(text ? text : "", text ? size : 0, &fact->data));
  fact->size = text ? size : 0;
  return NULL;
}

void pjrt_text_fact_clear(pjrt_text_fact *fact) {
  free(fact->data);
  *fact = (pjrt_text_fact){0};
}

/* ---- looking up by raw pointer or id ------------------------------------- */

static int compare_addresses(const void *a, const void *b) {
  return ((uintptr_t)a > (uintptr_t)b) - ((uintptr_t)a < (uintptr_t)b);
}

static int by_raw_device(const void *a, const void *b) {
  return compare_addresses((*(pjrt_device *const *)a)->raw,
                           (*(pjrt_device *const *)b)->raw);
}

static int by_raw_memory(const void *a, const void *b) {
  return compare_addresses((*(pjrt_memory *const *)a)->raw,
                           (*(pjrt_memory *const *)b)->raw);
}

static int by_id(const void *a, const void *b) {
  int first = (*(pjrt_device *const *)a)->description.id;
  int second = (*(pjrt_device *const *)b)->description.id;
  return (first > second) - (first < second);
}

pjrt_device *pjrt_client_device_of(const pjrt_client *client,
                                   const PJRT_Device *raw) {
  pjrt_device key = {.raw = (PJRT_Device *)(uintptr_t)raw}, *wanted = &key;
  if (client->num_devices == 0) return NULL;
  pjrt_device **found =
      bsearch(&wanted, client->devices_by_raw, client->num_devices,
              sizeof wanted, by_raw_device);
  return found ? *found : NULL;
}

pjrt_memory *pjrt_client_memory_of(const pjrt_client *client,
                                   const PJRT_Memory *raw) {
  pjrt_memory key = {.raw = (PJRT_Memory *)(uintptr_t)raw}, *wanted = &key;
  if (client->num_memories == 0) return NULL;
  pjrt_memory **found =
      bsearch(&wanted, client->memories_by_raw, client->num_memories,
              sizeof wanted, by_raw_memory);
  return found ? *found : NULL;
}

static pjrt_error *index_devices(pjrt_client *client) {
  void *by_raw, *sorted_by_id;
  size_t num = client->num_devices;
  PJRT_TRY(pjrt_alloc(num, sizeof(pjrt_device *), &by_raw));
  client->devices_by_raw = by_raw;
  PJRT_TRY(pjrt_alloc(num, sizeof(pjrt_device *), &sorted_by_id));
  client->devices_by_id = sorted_by_id;
  for (size_t i = 0; i < num; i++) {
    client->devices_by_raw[i] = &client->devices[i];
    client->devices_by_id[i] = &client->devices[i];
  }
  qsort(client->devices_by_raw, num, sizeof(pjrt_device *), by_raw_device);
  qsort(client->devices_by_id, num, sizeof(pjrt_device *), by_id);
  return NULL;
}

static pjrt_error *index_memories(pjrt_client *client) {
  void *by_raw;
  size_t num = client->num_memories;
  PJRT_TRY(pjrt_alloc(num, sizeof(pjrt_memory *), &by_raw));
  client->memories_by_raw = by_raw;
  for (size_t i = 0; i < num; i++) {
    client->memories_by_raw[i] = &client->memories[i];
  }
  qsort(client->memories_by_raw, num, sizeof(pjrt_memory *), by_raw_memory);
  return NULL;
}

/* ---- devices ------------------------------------------------------------- */

pjrt_error *pjrt_device_description_read(const pjrt_plugin *plugin,
                                         PJRT_DeviceDescription *raw,
                                         pjrt_device_description *out) {
  if (!raw) {
    return pjrt_error_about(
        pjrt_error_format(PJRT_INTERNAL,
                          "the plugin has a device without a description"),
        plugin, NULL);
  }
  PJRT_ARGS(PJRT_DeviceDescription_Id, id);
  id->device_description = raw;
  PJRT_TRY(PJRT_CALL(plugin, PJRT_DeviceDescription_Id, id));
  out->id = id->id;
  PJRT_ARGS(PJRT_DeviceDescription_ProcessIndex, process);
  process->device_description = raw;
  PJRT_TRY(pjrt_fact_optional(
      PJRT_CALL(plugin, PJRT_DeviceDescription_ProcessIndex, process)));
  out->process_index = process->process_index;
  PJRT_READ_TEXT(plugin, PJRT_DeviceDescription_Kind, device_description, raw,
                 device_kind, &out->kind);
  PJRT_READ_TEXT(plugin, PJRT_DeviceDescription_DebugString, device_description,
                 raw, debug_string, &out->debug_string);
  PJRT_READ_TEXT(plugin, PJRT_DeviceDescription_ToString, device_description,
                 raw, to_string, &out->to_string);
  PJRT_ARGS(PJRT_DeviceDescription_Attributes, attributes);
  attributes->device_description = raw;
  PJRT_TRY(pjrt_fact_optional(
      PJRT_CALL(plugin, PJRT_DeviceDescription_Attributes, attributes)));
  pjrt_error *error = pjrt_named_values_from_raw(
      attributes->attributes, attributes->num_attributes, &out->attributes);
  if (!error) return NULL;
  return pjrt_error_about(error, plugin, "PJRT_DeviceDescription_Attributes");
}

void pjrt_device_description_clear(pjrt_device_description *description) {
  pjrt_text_fact_clear(&description->kind);
  pjrt_text_fact_clear(&description->debug_string);
  pjrt_text_fact_clear(&description->to_string);
  pjrt_named_values_free(description->attributes);
}

static pjrt_error *read_device(pjrt_device *device) {
  const pjrt_plugin *plugin = device->client->plugin;
  PJRT_ARGS(PJRT_Device_GetDescription, description);
  description->device = device->raw;
  PJRT_TRY(PJRT_CALL(plugin, PJRT_Device_GetDescription, description));
  PJRT_TRY(pjrt_device_description_read(plugin, description->device_description,
                                        &device->description));
  PJRT_ARGS(PJRT_Device_IsAddressable, addressable);
  addressable->device = device->raw;
  PJRT_TRY(PJRT_CALL(plugin, PJRT_Device_IsAddressable, addressable));
  device->is_addressable = addressable->is_addressable;
  device->local_hardware_id = -1;
  if (!device->is_addressable) return NULL;
  PJRT_ARGS(PJRT_Device_LocalHardwareId, hardware);
  hardware->device = device->raw;
  hardware->local_hardware_id = -1;
  PJRT_TRY(pjrt_fact_optional(
      PJRT_CALL(plugin, PJRT_Device_LocalHardwareId, hardware)));
  device->local_hardware_id = hardware->local_hardware_id;
  return NULL;
}

static pjrt_error *read_devices(pjrt_client *client) {
  void *devices;
  PJRT_ARGS(PJRT_Client_Devices, args);
  args->client = client->raw;
  PJRT_TRY(PJRT_CALL(client->plugin, PJRT_Client_Devices, args));
  PJRT_TRY(pjrt_alloc(args->num_devices, sizeof *client->devices, &devices));
  client->devices = devices;
  while (client->num_devices < args->num_devices) {
    pjrt_device *device = &client->devices[client->num_devices];
    device->client = client;
    device->raw = args->devices[client->num_devices++];
    PJRT_TRY(read_device(device));
  }
  return index_devices(client);
}

static pjrt_error *unknown_device(const pjrt_client *client, const char *call) {
  return pjrt_error_about(
      pjrt_error_format(PJRT_INTERNAL,
                        "the plugin names a device that is none of the "
                        "client's %zu",
                        client->num_devices),
      client->plugin, call);
}

static pjrt_error *read_addressable_devices(pjrt_client *client) {
  void *devices;
  PJRT_ARGS(PJRT_Client_AddressableDevices, args);
  args->client = client->raw;
  PJRT_TRY(PJRT_CALL(client->plugin, PJRT_Client_AddressableDevices, args));
  PJRT_TRY(pjrt_alloc(args->num_addressable_devices,
                      sizeof *client->addressable_devices, &devices));
  client->addressable_devices = devices;
  for (size_t i = 0; i < args->num_addressable_devices; i++) {
    pjrt_device *device =
        pjrt_client_device_of(client, args->addressable_devices[i]);
    if (!device)
      return unknown_device(client, "PJRT_Client_AddressableDevices");
    client->addressable_devices[client->num_addressable_devices++] = device;
  }
  return NULL;
}

/* ---- memories ------------------------------------------------------------ */

static pjrt_error *read_memory_devices(pjrt_memory *memory) {
  void *devices;
  PJRT_ARGS(PJRT_Memory_AddressableByDevices, args);
  args->memory = memory->raw;
  PJRT_TRY(pjrt_fact_optional(PJRT_CALL(
      memory->client->plugin, PJRT_Memory_AddressableByDevices, args)));
  PJRT_TRY(pjrt_alloc(args->num_devices, sizeof *memory->devices, &devices));
  memory->devices = devices;
  for (size_t i = 0; i < args->num_devices; i++) {
    pjrt_device *device =
        pjrt_client_device_of(memory->client, args->devices[i]);
    if (!device) {
      return unknown_device(memory->client, "PJRT_Memory_AddressableByDevices");
    }
    memory->devices[memory->num_devices++] = device;
  }
  return NULL;
}

static pjrt_error *read_memory(pjrt_memory *memory) {
  const pjrt_plugin *plugin = memory->client->plugin;
  PJRT_ARGS(PJRT_Memory_Id, id);
  id->memory = memory->raw;
  PJRT_TRY(PJRT_CALL(plugin, PJRT_Memory_Id, id));
  memory->id = id->id;
  PJRT_ARGS(PJRT_Memory_Kind_Id, kind_id);
  kind_id->memory = memory->raw;
  PJRT_TRY(pjrt_fact_optional(PJRT_CALL(plugin, PJRT_Memory_Kind_Id, kind_id)));
  memory->kind_id = kind_id->kind_id;
  PJRT_READ_TEXT(plugin, PJRT_Memory_Kind, memory, memory->raw, kind,
                 &memory->kind);
  PJRT_READ_TEXT(plugin, PJRT_Memory_DebugString, memory, memory->raw,
                 debug_string, &memory->debug_string);
  PJRT_READ_TEXT(plugin, PJRT_Memory_ToString, memory, memory->raw, to_string,
                 &memory->to_string);
  return read_memory_devices(memory);
}

static pjrt_error *read_memories(pjrt_client *client) {
  void *memories;
  PJRT_ARGS(PJRT_Client_AddressableMemories, args);
  args->client = client->raw;
  PJRT_TRY(pjrt_fact_optional(
      PJRT_CALL(client->plugin, PJRT_Client_AddressableMemories, args)));
  size_t num = args->num_addressable_memories;
  PJRT_TRY(pjrt_alloc(num, sizeof *client->memories, &memories));
  client->memories = memories;
  while (client->num_memories < num) {
    pjrt_memory *memory = &client->memories[client->num_memories];
    memory->client = client;
    memory->raw = args->addressable_memories[client->num_memories++];
    PJRT_TRY(read_memory(memory));
  }
  return index_memories(client);
}

/* A memory that the client did not list is left out: nothing could be done
 * with it. */
static pjrt_error *read_device_memories(pjrt_device *device) {
  void *memories;
  const pjrt_client *client = device->client;
  if (!device->is_addressable) return NULL;
  PJRT_ARGS(PJRT_Device_AddressableMemories, args);
  args->device = device->raw;
  PJRT_TRY(pjrt_fact_optional(
      PJRT_CALL(client->plugin, PJRT_Device_AddressableMemories, args)));
  PJRT_TRY(pjrt_alloc(args->num_memories, sizeof *device->memories, &memories));
  device->memories = memories;
  for (size_t i = 0; i < args->num_memories; i++) {
    pjrt_memory *memory = pjrt_client_memory_of(client, args->memories[i]);
    if (memory) device->memories[device->num_memories++] = memory;
  }
  if (device->num_memories == 0) return NULL;
  PJRT_ARGS(PJRT_Device_DefaultMemory, by_default);
  by_default->device = device->raw;
  PJRT_TRY(pjrt_fact_optional(
      PJRT_CALL(client->plugin, PJRT_Device_DefaultMemory, by_default)));
  device->default_memory = pjrt_client_memory_of(client, by_default->memory);
  return NULL;
}

/* ---- the client ---------------------------------------------------------- */

pjrt_error *pjrt_client_read_facts(pjrt_client *client) {
  const pjrt_plugin *plugin = client->plugin;
  PJRT_READ_TEXT(plugin, PJRT_Client_PlatformName, client, client->raw,
                 platform_name, &client->platform_name);
  PJRT_READ_TEXT(plugin, PJRT_Client_PlatformVersion, client, client->raw,
                 platform_version, &client->platform_version);
  PJRT_ARGS(PJRT_Client_ProcessIndex, process);
  process->client = client->raw;
  PJRT_TRY(
      pjrt_fact_optional(PJRT_CALL(plugin, PJRT_Client_ProcessIndex, process)));
  client->process_index = process->process_index;
  PJRT_TRY(read_devices(client));
  PJRT_TRY(read_addressable_devices(client));
  PJRT_TRY(read_memories(client));
  for (size_t i = 0; i < client->num_devices; i++) {
    PJRT_TRY(read_device_memories(&client->devices[i]));
  }
  return NULL;
}

static void clear_device(pjrt_device *device) {
  pjrt_device_description_clear(&device->description);
  free(device->memories);
}

static void clear_memory(pjrt_memory *memory) {
  pjrt_text_fact_clear(&memory->kind);
  pjrt_text_fact_clear(&memory->debug_string);
  pjrt_text_fact_clear(&memory->to_string);
  free(memory->devices);
}

void pjrt_client_clear_facts(pjrt_client *client) {
  pjrt_topology_end(client->topology);
  for (size_t i = 0; i < client->num_devices; i++) {
    clear_device(&client->devices[i]);
  }
  for (size_t i = 0; i < client->num_memories; i++) {
    clear_memory(&client->memories[i]);
  }
  free(client->devices);
  free(client->devices_by_raw);
  free(client->devices_by_id);
  free(client->addressable_devices);
  free(client->memories);
  free(client->memories_by_raw);
  pjrt_text_fact_clear(&client->platform_name);
  pjrt_text_fact_clear(&client->platform_version);
}
