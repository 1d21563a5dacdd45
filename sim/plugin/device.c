/* Devices. */
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

static PJRT_Error *account_of(const PJRT_Device *device, sim_account **out) {
  SIM_REQUIRE(device, SIM_DEVICE);
  *out = device->memory_storage[0].account;
  if (*out) return NULL;
  return sim_error(PJRT_Error_Code_FAILED_PRECONDITION,
                   "device %d is of process %d, only that one knows its memory",
                   device->description->id, device->description->process_index);
}

PJRT_Error *sim_PJRT_Device_MemoryStats(PJRT_Device_MemoryStats_Args *args) {
  sim_account *account = NULL;
  SIM_TRY(account_of(args->device, &account));
  const sim_balance balance = sim_account_balance(account);
  *args = (PJRT_Device_MemoryStats_Args){
      .struct_size = args->struct_size,
      .extension_start = args->extension_start,
      .device = args->device,
      .bytes_in_use = balance.in_use,
      .peak_bytes_in_use = balance.peak,
      .peak_bytes_in_use_is_set = true,
      .num_allocs = balance.num_allocations,
      .num_allocs_is_set = true,
      .largest_alloc_size = balance.largest_allocation,
      .largest_alloc_size_is_set = true,
      .bytes_limit = balance.capacity,
      .bytes_limit_is_set = true,
  };
  return NULL;
}

PJRT_Error *sim_PJRT_Device_ClearMemoryStats(
    PJRT_Device_ClearMemoryStats_Args *args) {
  sim_account *account = NULL;
  SIM_TRY(account_of(args->device, &account));
  sim_account_clear(account);
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
