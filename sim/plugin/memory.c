/* Memories. */
#include <stdio.h>
#include <stdlib.h>

#include "plugin/machine.h"
#include "plugin/slots.h"

static const struct {
  int kind_id;
  const char *name;
  size_t name_size;
} kinds[SIM_MEMORIES_PER_DEVICE] = {
    {SIM_DEVICE_MEMORY, SIM_TEXT("device"), 6},
    {SIM_PINNED_HOST_MEMORY, SIM_TEXT("pinned_host"), 11},
    {SIM_UNPINNED_HOST_MEMORY, SIM_TEXT("unpinned_host"), 13},
};

static int64_t capacity_of(const pjrt_sim_options *machine, int index) {
  const int64_t capacities[SIM_MEMORIES_PER_DEVICE] = {
      machine->memory_capacity, machine->pinned_host_capacity,
      machine->unpinned_host_capacity};
  return capacities[index];
}

void sim_memory_init(sim_memory *memory, PJRT_Device *device, int index) {
  char text[64];
  if (device->is_addressable)
    memory->account =
        sim_account_create(capacity_of(&device->client->machine, index));
  memory->kind = SIM_MEMORY;
  memory->id = device->description->id * SIM_MEMORIES_PER_DEVICE + index;
  memory->device = device;
  memory->kind_id = kinds[index].kind_id;
  memory->kind_name = kinds[index].name;
  memory->kind_name_size = kinds[index].name_size;
  const int size = snprintf(text, sizeof(text), "%.*s memory %d of sim:%d",
                            (int)memory->kind_name_size, memory->kind_name,
                            memory->id, device->description->id);
  memory->text_size = (size_t)size;
  memory->text = sim_text(text, memory->text_size);
}

void sim_memory_clear(sim_memory *memory) {
  memory->kind = SIM_DEAD;
  free(memory->text);
  if (memory->account) sim_account_drop(memory->account);
}

static const sim_memory *memory_of(const PJRT_Memory *memory) {
  return (const sim_memory *)memory;
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
  args->debug_string = memory_of(args->memory)->text;
  args->debug_string_size = memory_of(args->memory)->text_size;
  return NULL;
}

PJRT_Error *sim_PJRT_Memory_ToString(PJRT_Memory_ToString_Args *args) {
  SIM_REQUIRE(args->memory, SIM_MEMORY);
  args->to_string = memory_of(args->memory)->text;
  args->to_string_size = memory_of(args->memory)->text_size;
  return NULL;
}

PJRT_Error *sim_PJRT_Memory_AddressableByDevices(
    PJRT_Memory_AddressableByDevices_Args *args) {
  SIM_REQUIRE(args->memory, SIM_MEMORY);
  args->devices = &memory_of(args->memory)->device;
  args->num_devices = 1;
  return NULL;
}
