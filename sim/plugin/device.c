/* Devices and memories. */
#include <stdlib.h>

#include "plugin/slots.h"

PJRT_Error *sim_PJRT_Device_GetDescription(
    PJRT_Device_GetDescription_Args *args) {
  SIM_REQUIRE(args->device, SIM_DEVICE);
  args->device_description = args->device->description;
  return NULL;
}

PJRT_Error *sim_PJRT_Device_IsAddressable(
    PJRT_Device_IsAddressable_Args *args) {
  SIM_REQUIRE(args->device, SIM_DEVICE);
  args->is_addressable = args->device->is_addressable;
  return NULL;
}

PJRT_Error *sim_PJRT_Device_LocalHardwareId(
    PJRT_Device_LocalHardwareId_Args *args) {
  SIM_REQUIRE(args->device, SIM_DEVICE);
  args->local_hardware_id = args->device->local_hardware_id;
  return NULL;
}

PJRT_Error *sim_PJRT_Device_AddressableMemories(
    PJRT_Device_AddressableMemories_Args *args) {
  SIM_REQUIRE(args->device, SIM_DEVICE);
  args->memories = args->device->memories;
  args->num_memories =
      args->device->is_addressable ? SIM_MEMORIES_PER_DEVICE : 0;
  return NULL;
}

PJRT_Error *sim_PJRT_Device_DefaultMemory(
    PJRT_Device_DefaultMemory_Args *args) {
  SIM_REQUIRE(args->device, SIM_DEVICE);
  args->memory = args->device->memories[0];
  return NULL;
}

PJRT_Error *sim_PJRT_Device_MemoryStats(PJRT_Device_MemoryStats_Args *args) {
  SIM_REQUIRE(args->device, SIM_DEVICE);
  const sim_balance balance =
      sim_account_balance(args->device->memory_storage[0].account);
  args->bytes_in_use = balance.in_use;
  args->peak_bytes_in_use = balance.peak;
  args->peak_bytes_in_use_is_set = true;
  args->num_allocs = balance.num_allocations;
  args->num_allocs_is_set = true;
  args->largest_alloc_size = balance.largest_allocation;
  args->largest_alloc_size_is_set = true;
  args->bytes_limit = balance.capacity;
  args->bytes_limit_is_set = true;
  return NULL;
}

PJRT_Error *sim_PJRT_Device_ClearMemoryStats(
    PJRT_Device_ClearMemoryStats_Args *args) {
  SIM_REQUIRE(args->device, SIM_DEVICE);
  sim_account_clear(args->device->memory_storage[0].account);
  return NULL;
}

PJRT_Error *sim_PJRT_Device_PoisonExecution(
    PJRT_Device_PoisonExecution_Args *args) {
  SIM_REQUIRE(args->device, SIM_DEVICE);
  args->poisoned = false;
  return NULL;
}

struct PJRT_Device_Attributes {
  sim_kind kind;
};

static void attributes_free(PJRT_Device_Attributes *attributes) {
  sim_delete(attributes, SIM_OTHER);
}

/* The options that the client was created with. */
PJRT_Error *sim_PJRT_Device_GetAttributes(
    PJRT_Device_GetAttributes_Args *args) {
  SIM_REQUIRE(args->device, SIM_DEVICE);
  args->attributes = args->device->client->options;
  args->num_attributes = args->device->client->num_options;
  args->device_attributes =
      sim_new(SIM_OTHER, sizeof(*args->device_attributes));
  args->attributes_deleter = attributes_free;
  return NULL;
}

struct PJRT_AsyncTrackingEvent {
  sim_kind kind;
};

PJRT_Error *sim_PJRT_Device_CreateAsyncTrackingEvent(
    PJRT_Device_CreateAsyncTrackingEvent_Args *args) {
  SIM_REQUIRE(args->device, SIM_DEVICE);
  args->event = sim_new(SIM_OTHER, sizeof(*args->event));
  return NULL;
}

PJRT_Error *sim_PJRT_AsyncTrackingEvent_Destroy(
    PJRT_AsyncTrackingEvent_Destroy_Args *args) {
  if (!args->event) return NULL;
  SIM_REQUIRE(args->event, SIM_OTHER);
  sim_delete(args->event, SIM_OTHER);
  return NULL;
}

/* ---- memories ------------------------------------------------------------ */

static const sim_memory *memory_of(const PJRT_Memory *memory) {
  return (const sim_memory *)memory;
}

void sim_memory_init(sim_memory *memory, PJRT_Device *device, int index) {
  memory->account = sim_account_create(
      index == 0 ? device->client->machine.memory_capacity
                 : device->client->machine.pinned_host_capacity);
  memory->kind = SIM_MEMORY;
  memory->id = device->description->id * SIM_MEMORIES_PER_DEVICE + index;
  memory->device = device;
  if (index == 0) {
    memory->kind_id = SIM_DEVICE_MEMORY;
    SIM_SET_TEXT(memory->kind_name, memory->kind_name_size, "device");
  } else {
    memory->kind_id = SIM_PINNED_HOST_MEMORY;
    SIM_SET_TEXT(memory->kind_name, memory->kind_name_size, "pinned_host");
  }
}

PJRT_Error *sim_PJRT_Memory_Id(PJRT_Memory_Id_Args *args) {
  SIM_REQUIRE(args->memory, SIM_MEMORY);
  args->id = memory_of(args->memory)->id;
  return NULL;
}

PJRT_Error *sim_PJRT_Memory_Kind(PJRT_Memory_Kind_Args *args) {
  SIM_REQUIRE(args->memory, SIM_MEMORY);
  args->kind = memory_of(args->memory)->kind_name;
  args->kind_size = memory_of(args->memory)->kind_name_size;
  return NULL;
}

PJRT_Error *sim_PJRT_Memory_Kind_Id(PJRT_Memory_Kind_Id_Args *args) {
  SIM_REQUIRE(args->memory, SIM_MEMORY);
  args->kind_id = memory_of(args->memory)->kind_id;
  return NULL;
}

PJRT_Error *sim_PJRT_Memory_DebugString(PJRT_Memory_DebugString_Args *args) {
  SIM_REQUIRE(args->memory, SIM_MEMORY);
  SIM_SET_TEXT(args->debug_string, args->debug_string_size, "sim memory");
  return NULL;
}

PJRT_Error *sim_PJRT_Memory_ToString(PJRT_Memory_ToString_Args *args) {
  SIM_REQUIRE(args->memory, SIM_MEMORY);
  SIM_SET_TEXT(args->to_string, args->to_string_size, "sim memory");
  return NULL;
}

PJRT_Error *sim_PJRT_Memory_AddressableByDevices(
    PJRT_Memory_AddressableByDevices_Args *args) {
  SIM_REQUIRE(args->memory, SIM_MEMORY);
  args->devices = &memory_of(args->memory)->device;
  args->num_devices = 1;
  return NULL;
}
