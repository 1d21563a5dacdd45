/* The plugin's own functions, clients, devices, topologies. */
#include "check.h"

/* ---- the plugin ---------------------------------------------------------- */

static int64_t initialized(void) {
  ARGS(PJRT_Plugin_Attributes, .attributes = NULL);
  if (api->PJRT_Plugin_Attributes(&args)) return -1;
  const PJRT_NamedValue *value =
      named_value(args.attributes, args.num_attributes, "initialized");
  return value && value->type == PJRT_NamedValue_kInt64 ? value->int64_value
                                                        : -2;
}

static void check_plugin(void) {
  ARGS(PJRT_Plugin_Attributes, .attributes = NULL);
  CHECK(!api->PJRT_Plugin_Attributes(&args));
  const PJRT_NamedValue *version = named_value(
      args.attributes, args.num_attributes, "stablehlo_current_version");
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

static void check_create_options(void) {
  const int64_t list[] = {5, 6};
  const PJRT_NamedValue given[] = {
      {.struct_size = PJRT_NamedValue_STRUCT_SIZE,
       .name = "devices?", /* whose size says where it ends */
       .name_size = 7,
       .type = PJRT_NamedValue_kInt64,
       .int64_value = 2,
       .value_size = 1},
      {.struct_size = PJRT_NamedValue_STRUCT_SIZE,
       .name = "an_int64_list",
       .name_size = 13,
       .type = PJRT_NamedValue_kInt64List,
       .int64_array_value = list,
       .value_size = 2},
  };
  ARGS(PJRT_Client_Create, .create_options = given, .num_options = 2);
  CHECK(!api->PJRT_Client_Create(&args));
  CHECK(device_of(args.client, 1) && !sim.num_misuses());
  MAKE(got, PJRT_Device_GetAttributes, .device = device_of(args.client, 0));
  CHECK(!api->PJRT_Device_GetAttributes(&got));
  CHECK(got.num_attributes == 2 && got.attributes[1].int64_array_value[1] == 6);
  got.attributes_deleter(got.device_attributes);
  free_client(args.client);
  PJRT_NamedValue wrong = given[0];
  wrong.type = PJRT_NamedValue_kBool;
  args.create_options = &wrong;
  args.num_options = 1;
  CHECK(says(api->PJRT_Client_Create(&args), PJRT_Error_Code_INVALID_ARGUMENT,
             "Option devices has type 4, expected 1"));
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
  CHECK(
      named_value(attributes.attributes, attributes.num_attributes, "coords"));
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

void suite_clients(void) {
  run_check("plugin", check_plugin);
  run_check("client-facts", check_client_facts);
  run_check("client-devices", check_client_devices);
  run_check("create-options", check_create_options);
  run_check("default-assignment", check_default_assignment);
  run_check("device", check_device);
  run_check("description", check_description);
  run_check("topology", check_topology);
}
