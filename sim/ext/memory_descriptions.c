/* MemoryDescriptions: the memories of a device that no client is needed for. */
#include "ext/ext.h"

struct PJRT_MemoryDescription {
  sim_kind kind;
  int kind_id;
  const char *name;
  size_t name_size;
};

static const PJRT_MemoryDescription device_memory = {
    SIM_OTHER, SIM_DEVICE_MEMORY, SIM_TEXT("device"), 6};
static const PJRT_MemoryDescription pinned_host_memory = {
    SIM_OTHER, SIM_PINNED_HOST_MEMORY, SIM_TEXT("pinned_host"), 11};
static const PJRT_MemoryDescription unpinned_host_memory = {
    SIM_OTHER, SIM_UNPINNED_HOST_MEMORY, SIM_TEXT("unpinned_host"), 13};

static PJRT_Error *memory_descriptions(
    PJRT_DeviceDescription_MemoryDescriptions_Args *args) {
  static const PJRT_MemoryDescription *const descriptions[] = {
      &device_memory, &pinned_host_memory, &unpinned_host_memory};
  SIM_EXT_ENTER(args, PJRT_DeviceDescription_MemoryDescriptions_Args, 48);
  SIM_REQUIRE(args->device_description, SIM_DESCRIPTION);
  args->memory_descriptions = descriptions;
  args->num_memory_descriptions = sizeof descriptions / sizeof *descriptions;
  args->default_memory_index = 0;
  return NULL;
}

static PJRT_Error *memory_kind(PJRT_MemoryDescription_Kind_Args *args) {
  SIM_EXT_ENTER(args, PJRT_MemoryDescription_Kind_Args,
                PJRT_MemoryDescription_Kind_Args_STRUCT_SIZE);
  SIM_REQUIRE(args->memory_description, SIM_OTHER);
  args->kind = args->memory_description->name;
  args->kind_size = args->memory_description->name_size;
  args->kind_id = args->memory_description->kind_id;
  return NULL;
}

static const PJRT_MemoryDescriptions_Extension node = {
    .PJRT_DeviceDescription_MemoryDescriptions = memory_descriptions,
    .PJRT_MemoryDescription_Kind = memory_kind,
};

const sim_extension sim_ext_memory_descriptions = {
    .type = PJRT_Extension_Type_MemoryDescriptions,
    .name = "MemoryDescriptions",
    .steps = {{59, 40}},
    .node = &node,
    .node_size = sizeof(node),
};
