/* Topologies: a machine without a client. */
#include <stdlib.h>
#include <string.h>

#include "plugin/machine.h"
#include "plugin/slots.h"
#include "plugin/tiles.h"

/* ---- making -------------------------------------------------------------- */

static PJRT_NamedValue int64_attribute(const char *name, size_t name_size,
                                       int64_t value) {
  return (PJRT_NamedValue){
      .struct_size = PJRT_NamedValue_STRUCT_SIZE,
      .name = name,
      .name_size = name_size,
      .type = PJRT_NamedValue_kInt64,
      .int64_value = value,
      .value_size = 1,
  };
}

static void set_attributes(PJRT_TopologyDescription *topology) {
  PJRT_NamedValue *a = topology->attributes;
  a[0] = int64_attribute(SIM_TEXT("mesh"), 4, 0);
  a[0].type = PJRT_NamedValue_kInt64List;
  a[0].int64_array_value = topology->mesh.dims;
  a[0].value_size = 3;
  a[1] = int64_attribute(SIM_TEXT("cores_per_chip"), 14,
                         topology->mesh.cores_per_chip);
  a[2] = int64_attribute(SIM_TEXT("num_processes"), 13,
                         (int64_t)topology->num_processes);
}

/* In one block, behind the pointers that PJRT wants. */
static void describe_devices(PJRT_TopologyDescription *topology) {
  const size_t num = topology->num_descriptions;
  PJRT_DeviceDescription *block = sim_allocate(num * sizeof(*block));
  topology->descriptions = sim_allocate((num + 1) * sizeof(block));
  topology->descriptions[0] = block;
  size_t i = 0;
  for (size_t p = 0; p < topology->num_processes; p++)
    for (size_t n = 0; n < topology->process_sizes[p]; n++, i++) {
      topology->descriptions[i] = &block[i];
      sim_description_init(&block[i], (int)i, (int)p, &topology->mesh);
    }
}

static PJRT_Error *check_size(const sim_mesh *mesh, size_t num_devices) {
  char text[SIM_MESH_TEXT_SIZE];
  if (sim_mesh_size(mesh) == num_devices) return NULL;
  sim_mesh_format(mesh, text);
  return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                   "the mesh %s has %zu devices, the machine has %zu", text,
                   sim_mesh_size(mesh), num_devices);
}

static PJRT_Error *count_devices(const size_t *sizes, size_t num_processes,
                                 size_t *out) {
  *out = 0;
  for (size_t i = 0; i < num_processes; i++) {
    if (sizes[i] > SIM_MAX_DEVICES - *out)
      return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                       "a machine of %zu processes has too many devices, "
                       "at most %d are supported",
                       num_processes, SIM_MAX_DEVICES);
    *out += sizes[i];
  }
  return NULL;
}

PJRT_Error *sim_topology_create(const sim_mesh *mesh, const size_t *sizes,
                                size_t num_processes,
                                PJRT_TopologyDescription **out) {
  size_t num_devices;
  SIM_TRY(count_devices(sizes, num_processes, &num_devices));
  const sim_mesh row = sim_mesh_row(num_devices);
  if (!mesh) mesh = &row;
  SIM_TRY(check_size(mesh, num_devices));
  PJRT_TopologyDescription *topology = sim_new(SIM_TOPOLOGY, sizeof(*topology));
  topology->tiled_layouts = sim_options()->tiled_layouts;
  topology->mesh = *mesh;
  topology->num_processes = num_processes;
  topology->process_sizes = sim_allocate(num_processes * sizeof(*sizes));
  memcpy(topology->process_sizes, sizes, num_processes * sizeof(*sizes));
  topology->num_descriptions = num_devices;
  describe_devices(topology);
  set_attributes(topology);
  *out = topology;
  return NULL;
}

void sim_topology_assign_boxes(PJRT_TopologyDescription *topology,
                               const int64_t *box) {
  const int64_t *dims = topology->mesh.dims;
  for (size_t i = 0; i < topology->num_descriptions; i++) {
    PJRT_DeviceDescription *device = topology->descriptions[i];
    int64_t process = 0;
    for (int axis = 2; axis >= 0; axis--)
      process =
          process * (dims[axis] / box[axis]) + device->coords[axis] / box[axis];
    sim_description_clear(device);
    sim_description_init(device, (int)i, (int)process, &topology->mesh);
  }
  memcpy(topology->process_box, box, sizeof(topology->process_box));
}

void sim_topology_delete(PJRT_TopologyDescription *topology) {
  for (size_t i = 0; i < topology->num_descriptions; i++)
    sim_description_clear(topology->descriptions[i]);
  free(topology->descriptions[0]);
  free(topology->descriptions);
  free(topology->process_sizes);
  sim_delete(topology, SIM_TOPOLOGY);
}

/* ---- from options -------------------------------------------------------- */

PJRT_Error *sim_topology_from_options(const pjrt_sim_options *machine,
                                      PJRT_TopologyDescription **out) {
  const size_t local = (size_t)machine->num_devices;
  const size_t remote = (size_t)machine->num_remote_devices;
  const size_t num = remote ? 2 : (size_t)machine->num_nodes;
  sim_mesh mesh;
  if (machine->mesh)
    SIM_TRY(sim_mesh_parse(machine->mesh, strlen(machine->mesh), &mesh));
  if (remote && machine->num_nodes > 1)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "remote_devices is %zu and num_nodes is %d, expected one "
                     "of them alone",
                     remote, machine->num_nodes);
  size_t *sizes = sim_allocate(num * sizeof(*sizes));
  for (size_t i = 0; i < num; i++) sizes[i] = remote && i ? remote : local;
  PJRT_Error *error =
      sim_topology_create(machine->mesh ? &mesh : NULL, sizes, num, out);
  free(sizes);
  return error;
}

static bool names_devices(const PJRT_TopologyDescription_Create_Args *args) {
  static const char name[] = "devices";
  for (size_t i = 0; i < args->num_options; i++)
    if (args->create_options[i].name_size == sizeof(name) - 1 &&
        !memcmp(args->create_options[i].name, name, sizeof(name) - 1))
      return true;
  return false;
}

/* A topology's name is its mesh, perhaps behind that of a kind of chip:
 * "4x2x2", "v4:4x2x2". The processes share it alike unless the options say how
 * many devices each has. */
static PJRT_Error *read_name(const PJRT_TopologyDescription_Create_Args *args,
                             pjrt_sim_options *machine,
                             char text[SIM_MESH_TEXT_SIZE]) {
  const char *name = args->topology_name;
  const char *end = name + args->topology_name_size;
  const char *colon = memchr(name, ':', args->topology_name_size);
  sim_mesh mesh;
  if (colon) name = colon + 1;
  SIM_TRY(sim_mesh_parse(name, (size_t)(end - name), &mesh));
  sim_mesh_format(&mesh, text);
  machine->mesh = text;
  if (names_devices(args)) return NULL;
  const size_t num_nodes = (size_t)machine->num_nodes;
  const size_t num_devices = sim_mesh_size(&mesh) / num_nodes;
  if (num_devices * num_nodes != sim_mesh_size(&mesh))
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "the mesh %s has %zu devices, which %zu processes cannot "
                     "share alike",
                     text, sim_mesh_size(&mesh), num_nodes);
  machine->num_devices = (int)num_devices;
  machine->num_remote_devices = 0;
  return NULL;
}

PJRT_Error *sim_PJRT_TopologyDescription_Create(
    PJRT_TopologyDescription_Create_Args *args) {
  pjrt_sim_options machine;
  char mesh[SIM_MESH_TEXT_SIZE];
  SIM_TRY(sim_machine_read("PJRT_TopologyDescription_Create",
                           args->create_options, args->num_options, &machine));
  if (args->topology_name && args->topology_name_size)
    SIM_TRY(read_name(args, &machine, mesh));
  SIM_TRY(sim_topology_from_options(&machine, &args->topology));
  args->topology->tiled_layouts = machine.tiled_layouts;
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
  args->attributes = args->topology->attributes;
  args->num_attributes = SIM_TOPOLOGY_ATTRIBUTES;
  return NULL;
}

PJRT_Error *sim_PJRT_TopologyDescription_Fingerprint(
    PJRT_TopologyDescription_Fingerprint_Args *args) {
  SIM_REQUIRE(args->topology, SIM_TOPOLOGY);
  sim_bytes text = {0};
  sim_topology_write(args->topology, &text);
  args->fingerprint = sim_hash(text.data, text.size);
  free(text.data);
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
  sim_shape_tile(&shape, args->topology->tiled_layouts &&
                             args->memory_space_kind_id == SIM_DEVICE_MEMORY);
  SIM_TRY(sim_expect_layout(args->layout, &shape));
  sim_bytes bytes = {0};
  sim_write_shape(&shape, &bytes);
  args->serialized_shape_size = bytes.size;
  args->serialized_shape = (char *)bytes.data;
  args->serialized_shape_deleter = shape_free;
  return NULL;
}

PJRT_Error *sim_PJRT_TopologyDescription_GetMemorySpaceKindIds(
    PJRT_TopologyDescription_GetMemorySpaceKindIds_Args *args) {
  static const int ids[] = {SIM_DEVICE_MEMORY, SIM_PINNED_HOST_MEMORY,
                            SIM_UNPINNED_HOST_MEMORY};
  SIM_REQUIRE(args->topology, SIM_TOPOLOGY);
  args->memory_space_kind_ids = ids;
  args->num_memory_space_kind_ids = sizeof(ids) / sizeof(ids[0]);
  return NULL;
}
