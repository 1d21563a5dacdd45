/* Topologies and device descriptions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/slots.h"

/* ---- device descriptions ------------------------------------------------- */

static PJRT_NamedValue named(const char *name, size_t name_size,
                             PJRT_NamedValue_Type type, size_t value_size) {
  return (PJRT_NamedValue){
      .struct_size = PJRT_NamedValue_STRUCT_SIZE,
      .name = name,
      .name_size = name_size,
      .type = type,
      .value_size = value_size,
  };
}
#define NAMED(literal, type, value_size) \
  named(SIM_TEXT(literal), sizeof(literal) - 1, (type), (value_size))

/* JAX ends the process when one of them is a float or a bool. */
static void set_attributes(PJRT_DeviceDescription *description) {
  PJRT_NamedValue *a = description->attributes;
  a[0] = NAMED("maker", PJRT_NamedValue_kString, 4);
  a[0].string_value = SIM_TEXT("sim");
  a[1] = NAMED("ordinal", PJRT_NamedValue_kInt64, 1);
  a[1].int64_value = description->id;
  a[2] = NAMED("coords", PJRT_NamedValue_kInt64List, 2);
  a[2].int64_array_value = description->coords;
}

static PJRT_DeviceDescription *description_create(int id, int process_index) {
  PJRT_DeviceDescription *description = sim_allocate(sizeof(*description));
  char text[32];
  const int size = snprintf(text, sizeof(text), "sim:%d", id);
  description->kind = SIM_DESCRIPTION;
  description->id = id;
  description->process_index = process_index;
  description->coords[0] = id;
  description->coords[1] = process_index;
  description->text = sim_text(text, (size_t)size);
  description->text_size = (size_t)size;
  set_attributes(description);
  return description;
}

PJRT_Error *sim_PJRT_DeviceDescription_Id(
    PJRT_DeviceDescription_Id_Args *args) {
  SIM_REQUIRE(args->device_description, SIM_DESCRIPTION);
  args->id = args->device_description->id;
  return NULL;
}

PJRT_Error *sim_PJRT_DeviceDescription_ProcessIndex(
    PJRT_DeviceDescription_ProcessIndex_Args *args) {
  SIM_REQUIRE(args->device_description, SIM_DESCRIPTION);
  args->process_index = args->device_description->process_index;
  return NULL;
}

PJRT_Error *sim_PJRT_DeviceDescription_Attributes(
    PJRT_DeviceDescription_Attributes_Args *args) {
  SIM_REQUIRE(args->device_description, SIM_DESCRIPTION);
  const PJRT_NamedValue *attributes = args->device_description->attributes;
  args->attributes = attributes;
  args->num_attributes =
      sizeof(args->device_description->attributes) / sizeof(*attributes);
  return NULL;
}

PJRT_Error *sim_PJRT_DeviceDescription_Kind(
    PJRT_DeviceDescription_Kind_Args *args) {
  SIM_REQUIRE(args->device_description, SIM_DESCRIPTION);
  SIM_SET_TEXT(args->device_kind, args->device_kind_size, "sim device");
  return NULL;
}

PJRT_Error *sim_PJRT_DeviceDescription_DebugString(
    PJRT_DeviceDescription_DebugString_Args *args) {
  SIM_REQUIRE(args->device_description, SIM_DESCRIPTION);
  args->debug_string = args->device_description->text;
  args->debug_string_size = args->device_description->text_size;
  return NULL;
}

PJRT_Error *sim_PJRT_DeviceDescription_ToString(
    PJRT_DeviceDescription_ToString_Args *args) {
  SIM_REQUIRE(args->device_description, SIM_DESCRIPTION);
  args->to_string = args->device_description->text;
  args->to_string_size = args->device_description->text_size;
  return NULL;
}

/* ---- topologies ---------------------------------------------------------- */

PJRT_TopologyDescription *sim_topology_create(size_t local, size_t remote) {
  PJRT_TopologyDescription *topology = sim_new(SIM_TOPOLOGY, sizeof(*topology));
  const size_t num = local + remote;
  topology->num_descriptions = num;
  topology->descriptions = sim_allocate(num * sizeof(*topology->descriptions));
  for (size_t i = 0; i < num; i++)
    topology->descriptions[i] = description_create((int)i, i >= local);
  return topology;
}

void sim_topology_delete(PJRT_TopologyDescription *topology) {
  for (size_t i = 0; i < topology->num_descriptions; i++) {
    topology->descriptions[i]->kind = SIM_DEAD;
    free(topology->descriptions[i]->text);
    free(topology->descriptions[i]);
  }
  free(topology->descriptions);
  sim_delete(topology, SIM_TOPOLOGY);
}

PJRT_Error *sim_PJRT_TopologyDescription_Create(
    PJRT_TopologyDescription_Create_Args *args) {
  int64_t devices = sim_options()->num_devices;
  for (size_t i = 0; i < args->num_options; i++) {
    const PJRT_NamedValue *option = &args->create_options[i];
    if (option->type == PJRT_NamedValue_kInt64) devices = option->int64_value;
  }
  if (devices < 0 || devices > 4096)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "a topology of %lld devices", (long long)devices);
  args->topology = sim_topology_create((size_t)devices, 0);
  return NULL;
}

PJRT_Error *sim_PJRT_TopologyDescription_Destroy(
    PJRT_TopologyDescription_Destroy_Args *args) {
  if (!args->topology) return NULL;
  SIM_REQUIRE(args->topology, SIM_TOPOLOGY);
  if (args->topology->is_owned_by_client)
    return sim_misuse("PJRT_TopologyDescription_Destroy of a client's own");
  sim_topology_delete(args->topology);
  return NULL;
}

PJRT_Error *sim_PJRT_TopologyDescription_PlatformName(
    PJRT_TopologyDescription_PlatformName_Args *args) {
  SIM_REQUIRE(args->topology, SIM_TOPOLOGY);
  SIM_SET_TEXT(args->platform_name, args->platform_name_size, "sim");
  return NULL;
}

PJRT_Error *sim_PJRT_TopologyDescription_PlatformVersion(
    PJRT_TopologyDescription_PlatformVersion_Args *args) {
  SIM_REQUIRE(args->topology, SIM_TOPOLOGY);
  SIM_SET_TEXT(args->platform_version, args->platform_version_size, "sim 1.0");
  return NULL;
}

PJRT_Error *sim_PJRT_TopologyDescription_GetDeviceDescriptions(
    PJRT_TopologyDescription_GetDeviceDescriptions_Args *args) {
  SIM_REQUIRE(args->topology, SIM_TOPOLOGY);
  args->descriptions = args->topology->descriptions;
  args->num_descriptions = args->topology->num_descriptions;
  return NULL;
}

PJRT_Error *sim_PJRT_TopologyDescription_Attributes(
    PJRT_TopologyDescription_Attributes_Args *args) {
  SIM_REQUIRE(args->topology, SIM_TOPOLOGY);
  args->attributes = NULL;
  args->num_attributes = 0;
  return NULL;
}

PJRT_Error *sim_PJRT_TopologyDescription_Fingerprint(
    PJRT_TopologyDescription_Fingerprint_Args *args) {
  SIM_REQUIRE(args->topology, SIM_TOPOLOGY);
  args->fingerprint = 0x57ab0000u + args->topology->num_descriptions;
  return NULL;
}

/* ---- serialized ---------------------------------------------------------- */

struct PJRT_SerializedTopology {
  sim_kind kind;
  char *bytes;
};

static const char magic[] = "sim topology ";

static void serialized_free(PJRT_SerializedTopology *serialized) {
  free(serialized->bytes);
  sim_delete(serialized, SIM_OTHER);
}

PJRT_Error *sim_PJRT_TopologyDescription_Serialize(
    PJRT_TopologyDescription_Serialize_Args *args) {
  SIM_REQUIRE(args->topology, SIM_TOPOLOGY);
  char text[64];
  const int size = snprintf(text, sizeof(text), "%s%zu", magic,
                            args->topology->num_descriptions);
  PJRT_SerializedTopology *serialized = sim_new(SIM_OTHER, sizeof(*serialized));
  serialized->bytes = sim_text(text, (size_t)size);
  args->serialized_bytes = serialized->bytes;
  args->serialized_bytes_size = (size_t)size;
  args->serialized_topology = serialized;
  args->serialized_topology_deleter = serialized_free;
  return NULL;
}

PJRT_Error *sim_PJRT_TopologyDescription_Deserialize(
    PJRT_TopologyDescription_Deserialize_Args *args) {
  const size_t prefix = sizeof(magic) - 1;
  const size_t size = args->serialized_topology_size;
  const char *text = args->serialized_topology;
  size_t num = 0;
  bool is_ours =
      size > prefix && size <= prefix + 4 && memcmp(text, magic, prefix) == 0;
  for (size_t i = prefix; is_ours && i < size; i++) {
    is_ours = text[i] >= '0' && text[i] <= '9';
    num = num * 10 + (size_t)(text[i] - '0');
  }
  if (!is_ours)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "no serialized topology of the plugin");
  args->topology = sim_topology_create(num, 0);
  return NULL;
}

/* ---- memory spaces ------------------------------------------------------- */

static void shape_free(const char *shape) { free((void *)(uintptr_t)shape); }

PJRT_Error *sim_PJRT_TopologyDescription_MakeCanonicalShapeForMemorySpace(
    PJRT_TopologyDescription_MakeCanonicalShapeForMemorySpace_Args *args) {
  SIM_REQUIRE(args->topology, SIM_TOPOLOGY);
  sim_shape shape;
  SIM_TRY(
      sim_shape_read(args->element_type, args->dims, args->num_dims, &shape));
  sim_bytes bytes = {0};
  sim_write_shape(&shape, &bytes);
  args->serialized_shape_size = bytes.size;
  args->serialized_shape = (char *)bytes.data;
  args->serialized_shape_deleter = shape_free;
  return NULL;
}

PJRT_Error *sim_PJRT_TopologyDescription_GetMemorySpaceKindIds(
    PJRT_TopologyDescription_GetMemorySpaceKindIds_Args *args) {
  static const int ids[] = {SIM_DEVICE_MEMORY, SIM_PINNED_HOST_MEMORY};
  SIM_REQUIRE(args->topology, SIM_TOPOLOGY);
  args->memory_space_kind_ids = ids;
  args->num_memory_space_kind_ids = sizeof(ids) / sizeof(ids[0]);
  return NULL;
}
