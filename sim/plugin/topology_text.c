/* Topologies as text: "sim topology [tiled ]MESH SIZE,SIZE,...", with the
 * devices of each process. */
#include <stdlib.h>
#include <string.h>

#include "plugin/machine.h"
#include "plugin/slots.h"

static const char magic[] = "sim topology ";
static const char tiled[] = "tiled ";

void sim_topology_write(const PJRT_TopologyDescription *topology,
                        sim_bytes *out) {
  char mesh[SIM_MESH_TEXT_SIZE];
  sim_mesh_format(&topology->mesh, mesh);
  sim_append(out, "%s%s%s ", magic, topology->tiled_layouts ? tiled : "", mesh);
  for (size_t i = 0; i < topology->num_processes; i++)
    sim_append(out, i ? ",%zu" : "%zu", topology->process_sizes[i]);
  sim_seal(out);
}

/* Reads what follows the magic; NULL without an error when it makes no
 * sense. */
static PJRT_Error *parse(const char *text, PJRT_TopologyDescription **out) {
  const bool is_tiled = strncmp(text, tiled, strlen(tiled)) == 0;
  if (is_tiled) text += strlen(tiled);
  const char *space = strchr(text, ' ');
  sim_mesh mesh;
  if (!space) return NULL;
  SIM_TRY(sim_mesh_parse(text, (size_t)(space - text), &mesh));
  size_t num = 1;
  for (const char *c = space; *c; c++) num += *c == ',';
  size_t *sizes = sim_allocate(num * sizeof(*sizes));
  char *at = (char *)(uintptr_t)space;
  bool is_sound = true;
  for (size_t i = 0; i < num && is_sound; i++) {
    sizes[i] = strtoull(at + 1, &at, 10);
    is_sound = *at == (i + 1 < num ? ',' : '\0');
  }
  PJRT_Error *error =
      is_sound ? sim_topology_create(&mesh, sizes, num, out) : NULL;
  free(sizes);
  if (*out) (*out)->tiled_layouts = is_tiled;
  return error;
}

PJRT_Error *sim_topology_read(const char *text, size_t size,
                              PJRT_TopologyDescription **out) {
  const size_t prefix = sizeof(magic) - 1;
  char *copy = sim_unseal(text, size);
  PJRT_Error *error = NULL;
  *out = NULL;
  if (copy && strncmp(copy, magic, prefix) == 0)
    error = parse(copy + prefix, out);
  free(copy);
  if (error || *out) return error;
  return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                   "%zu bytes are no serialized topology of the plugin, or "
                   "were changed",
                   size);
}

struct PJRT_SerializedTopology {
  sim_kind kind;
  sim_bytes bytes;
};

static void serialized_free(PJRT_SerializedTopology *serialized) {
  free(serialized->bytes.data);
  sim_delete(serialized, SIM_OTHER);
}

PJRT_Error *sim_PJRT_TopologyDescription_Serialize(
    PJRT_TopologyDescription_Serialize_Args *args) {
  SIM_REQUIRE(args->topology, SIM_TOPOLOGY);
  PJRT_SerializedTopology *serialized = sim_new(SIM_OTHER, sizeof(*serialized));
  sim_topology_write(args->topology, &serialized->bytes);
  args->serialized_bytes = (char *)serialized->bytes.data;
  args->serialized_bytes_size = serialized->bytes.size;
  args->serialized_topology = serialized;
  args->serialized_topology_deleter = serialized_free;
  return NULL;
}

PJRT_Error *sim_PJRT_TopologyDescription_Deserialize(
    PJRT_TopologyDescription_Deserialize_Args *args) {
  return sim_topology_read(args->serialized_topology,
                           args->serialized_topology_size, &args->topology);
}
