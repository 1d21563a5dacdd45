/* The plugin's own functions, clients, devices, memories, topologies. */
#include "ext_check.h"

static bool is_text(const char *text, size_t size, const char *expected) {
  return text && size == strlen(expected) && !memcmp(text, expected, size);
}

static const PJRT_NamedValue *named(const PJRT_NamedValue *values, size_t num,
                                    const char *name) {
  for (size_t i = 0; i < num; i++)
    if (is_text(values[i].name, values[i].name_size, name)) return &values[i];
  return NULL;
}

/* ---- the plugin ---------------------------------------------------------- */

static int64_t initialized(void) {
  ARGS(PJRT_Plugin_Attributes, .attributes = NULL);
  if (api->PJRT_Plugin_Attributes(&args)) return -1;
  const PJRT_NamedValue *value =
      named(args.attributes, args.num_attributes, "initialized");
  return value && value->type == PJRT_NamedValue_kInt64 ? value->int64_value
                                                        : -2;
}

static void check_plugin(void) {
  ARGS(PJRT_Plugin_Attributes, .attributes = NULL);
  CHECK(!api->PJRT_Plugin_Attributes(&args));
  const PJRT_NamedValue *version =
      named(args.attributes, args.num_attributes, "stablehlo_current_version");
  CHECK(version && version->type == PJRT_NamedValue_kInt64List);
  CHECK(version->value_size == 3 && version->int64_array_value[0] == 1);
  CHECK(initialized() == 0);
  MAKE(initialize, PJRT_Plugin_Initialize, .extension_start = NULL);
  CHECK(!api->PJRT_Plugin_Initialize(&initialize));
  CHECK(initialized() == 1);
}

/* ---- clients ------------------------------------------------------------- */

static void check_client_facts(void) {
  PJRT_Client *client = new_client();
  ARGS(PJRT_Client_PlatformName, .client = client);
  CHECK(!api->PJRT_Client_PlatformName(&args));
  CHECK(is_text(args.platform_name, args.platform_name_size, "sim"));
  MAKE(version, PJRT_Client_PlatformVersion, .client = client);
  CHECK(!api->PJRT_Client_PlatformVersion(&version));
  CHECK(version.platform_version && version.platform_version_size > 3);
  MAKE(process, PJRT_Client_ProcessIndex, .client = client,
       .process_index = -7);
  CHECK(!api->PJRT_Client_ProcessIndex(&process));
  CHECK(process.process_index == 0);
  free_client(client);
}

static void check_client_devices(void) {
  PJRT_Client *client = new_client();
  ARGS(PJRT_Client_Devices, .client = client);
  CHECK(!api->PJRT_Client_Devices(&args));
  CHECK(args.num_devices == 4 && args.devices[3] == device_of(client, 3));
  MAKE(addressable, PJRT_Client_AddressableDevices, .client = client);
  CHECK(!api->PJRT_Client_AddressableDevices(&addressable));
  CHECK(addressable.num_addressable_devices == 4);
  CHECK(addressable.addressable_devices[0] == args.devices[0]);
  MAKE(lookup, PJRT_Client_LookupAddressableDevice, .client = client,
       .local_hardware_id = 2);
  CHECK(!api->PJRT_Client_LookupAddressableDevice(&lookup));
  CHECK(lookup.addressable_device == args.devices[2]);
  lookup.local_hardware_id = 4;
  CHECK(says(api->PJRT_Client_LookupAddressableDevice(&lookup),
             PJRT_Error_Code_INVALID_ARGUMENT, "No matching device"));
  MAKE(wrong, PJRT_Client_LookupDevice, .client = client, .id = 99);
  CHECK(says(api->PJRT_Client_LookupDevice(&wrong),
             PJRT_Error_Code_INVALID_ARGUMENT, "No matching device"));
  free_client(client);
}

static void check_default_assignment(void) {
  int ids[4] = {-1, -1, -1, -1};
  PJRT_Client *client = new_client();
  ARGS(PJRT_Client_DefaultDeviceAssignment, .client = client, .num_replicas = 2,
       .num_partitions = 2, .default_assignment = ids,
       .default_assignment_size = 4);
  CHECK(!api->PJRT_Client_DefaultDeviceAssignment(&args));
  for (int i = 0; i < 4; i++) CHECK(ids[i] == i);
  args.default_assignment_size = 3;
  CHECK(says(api->PJRT_Client_DefaultDeviceAssignment(&args),
             PJRT_Error_Code_FAILED_PRECONDITION, "default_assignment_size"));
  args.num_replicas = 0;
  CHECK(says(api->PJRT_Client_DefaultDeviceAssignment(&args),
             PJRT_Error_Code_INTERNAL, "misuse"));
  free_client(client);
}

/* ---- devices ------------------------------------------------------------- */

static PJRT_DeviceDescription *description_of(PJRT_Device *device) {
  ARGS(PJRT_Device_GetDescription, .device = device);
  return api->PJRT_Device_GetDescription(&args) ? NULL
                                                : args.device_description;
}

static void check_device(void) {
  PJRT_Client *client = new_client();
  PJRT_Device *device = device_of(client, 3);
  ARGS(PJRT_Device_IsAddressable, .device = device);
  CHECK(!api->PJRT_Device_IsAddressable(&args) && args.is_addressable);
  MAKE(hardware, PJRT_Device_LocalHardwareId, .device = device);
  CHECK(!api->PJRT_Device_LocalHardwareId(&hardware));
  CHECK(hardware.local_hardware_id == 3);
  MAKE(memories, PJRT_Device_AddressableMemories, .device = device);
  CHECK(!api->PJRT_Device_AddressableMemories(&memories));
  CHECK(memories.num_memories >= 2);
  MAKE(main, PJRT_Device_DefaultMemory, .device = device);
  CHECK(!api->PJRT_Device_DefaultMemory(&main));
  CHECK(main.memory == memories.memories[0]);
  free_client(client);
}

static void check_description(void) {
  PJRT_Client *client = new_client();
  PJRT_DeviceDescription *description = description_of(device_of(client, 2));
  ARGS(PJRT_DeviceDescription_Id, .device_description = description);
  CHECK(!api->PJRT_DeviceDescription_Id(&args) && args.id == 2);
  MAKE(process, PJRT_DeviceDescription_ProcessIndex,
       .device_description = description, .process_index = -7);
  CHECK(!api->PJRT_DeviceDescription_ProcessIndex(&process));
  CHECK(process.process_index == 0);
  MAKE(kind, PJRT_DeviceDescription_Kind, .device_description = description);
  CHECK(!api->PJRT_DeviceDescription_Kind(&kind));
  CHECK(is_text(kind.device_kind, kind.device_kind_size, "sim device"));
  MAKE(debug, PJRT_DeviceDescription_DebugString,
       .device_description = description);
  CHECK(!api->PJRT_DeviceDescription_DebugString(&debug));
  CHECK(debug.debug_string && debug.debug_string_size > 0);
  MAKE(string, PJRT_DeviceDescription_ToString,
       .device_description = description);
  CHECK(!api->PJRT_DeviceDescription_ToString(&string));
  CHECK(string.to_string && string.to_string_size > 0);
  MAKE(attributes, PJRT_DeviceDescription_Attributes,
       .device_description = description);
  CHECK(!api->PJRT_DeviceDescription_Attributes(&attributes));
  CHECK(named(attributes.attributes, attributes.num_attributes, "coords"));
  free_client(client);
}

/* ---- memories ------------------------------------------------------------ */

static int memory_id(PJRT_Memory *memory) {
  ARGS(PJRT_Memory_Id, .memory = memory, .id = -7);
  return api->PJRT_Memory_Id(&args) ? -8 : args.id;
}

static void check_memory_facts(PJRT_Memory *memory, const char *expected) {
  ARGS(PJRT_Memory_Kind, .memory = memory);
  CHECK(!api->PJRT_Memory_Kind(&args));
  CHECK(is_text(args.kind, args.kind_size, expected));
  MAKE(kind, PJRT_Memory_Kind_Id, .memory = memory);
  CHECK(!api->PJRT_Memory_Kind_Id(&kind) && kind.kind_id != 0);
  MAKE(debug, PJRT_Memory_DebugString, .memory = memory);
  CHECK(!api->PJRT_Memory_DebugString(&debug));
  CHECK(debug.debug_string && debug.debug_string_size > 0);
  MAKE(string, PJRT_Memory_ToString, .memory = memory);
  CHECK(!api->PJRT_Memory_ToString(&string));
  CHECK(string.to_string && string.to_string_size > 0);
}

static void check_memories(void) {
  PJRT_Client *client = new_client();
  ARGS(PJRT_Client_AddressableMemories, .client = client);
  CHECK(!api->PJRT_Client_AddressableMemories(&args));
  CHECK(args.num_addressable_memories >= 8);
  check_memory_facts(args.addressable_memories[0], "device");
  check_memory_facts(args.addressable_memories[1], "pinned_host");
  for (size_t i = 0; i < args.num_addressable_memories; i++) {
    CHECK(memory_id(args.addressable_memories[i]) >= 0);
    for (size_t j = 0; j < i; j++)
      CHECK(memory_id(args.addressable_memories[i]) !=
            memory_id(args.addressable_memories[j]));
  }
  MAKE(devices, PJRT_Memory_AddressableByDevices,
       .memory = args.addressable_memories[0]);
  CHECK(!api->PJRT_Memory_AddressableByDevices(&devices));
  CHECK(devices.num_devices == 1 && devices.devices[0] == device_of(client, 0));
  free_client(client);
}

/* ---- topologies ---------------------------------------------------------- */

static void check_topology(void) {
  PJRT_Client *client = new_client();
  ARGS(PJRT_Client_TopologyDescription, .client = client);
  CHECK(!api->PJRT_Client_TopologyDescription(&args));
  MAKE(name, PJRT_TopologyDescription_PlatformName, .topology = args.topology);
  CHECK(!api->PJRT_TopologyDescription_PlatformName(&name));
  CHECK(is_text(name.platform_name, name.platform_name_size, "sim"));
  MAKE(version, PJRT_TopologyDescription_PlatformVersion,
       .topology = args.topology);
  CHECK(!api->PJRT_TopologyDescription_PlatformVersion(&version));
  CHECK(version.platform_version && version.platform_version_size > 3);
  MAKE(all, PJRT_TopologyDescription_GetDeviceDescriptions,
       .topology = args.topology);
  CHECK(!api->PJRT_TopologyDescription_GetDeviceDescriptions(&all));
  CHECK(all.num_descriptions == 4);
  CHECK(all.descriptions[1] == description_of(device_of(client, 1)));
  MAKE(destroy, PJRT_TopologyDescription_Destroy, .topology = args.topology);
  CHECK(says(api->PJRT_TopologyDescription_Destroy(&destroy),
             PJRT_Error_Code_INTERNAL, "misuse"));
  free_client(client);
}

void check_clients(void) {
  run_check("plugin", check_plugin);
  run_check("client-facts", check_client_facts);
  run_check("client-devices", check_client_devices);
  run_check("default-assignment", check_default_assignment);
  run_check("device", check_device);
  run_check("description", check_description);
  run_check("memories", check_memories);
  run_check("topology", check_topology);
}
