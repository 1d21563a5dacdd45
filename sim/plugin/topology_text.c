/* Topologies as text:
 *   sim topology [tiled ][subslice ][boxes BOX ]MESH SIZE,SIZE,...
 * with the devices of each process at the end. */
#include <stdlib.h>
#include <string.h>

#include "plugin/machine.h"
#include "plugin/slots.h"

static const char magic[] = "sim topology ";
static const char tiled[] = "tiled ";
static const char subslice[] = "subslice ";
static const char boxes[] = "boxes ";

/* ---- writing ------------------------------------------------------------- */

static void write_mesh(const sim_mesh *mesh, sim_bytes *out) {
  char text[SIM_MESH_TEXT_SIZE];
  sim_mesh_format(mesh, text);
  sim_append(out, "%s ", text);
}

static void write_box(const int64_t *box, sim_bytes *out) {
  const sim_mesh mesh = {{box[0], box[1], box[2]}, 1};
  sim_append(out, "%s", boxes);
  write_mesh(&mesh, out);
}

void sim_topology_write(const PJRT_TopologyDescription *topology,
                        sim_bytes *out) {
  sim_append(out, "%s", magic);
  if (topology->tiled_layouts) sim_append(out, "%s", tiled);
  if (topology->is_subslice) sim_append(out, "%s", subslice);
  if (topology->process_box[0]) write_box(topology->process_box, out);
  write_mesh(&topology->mesh, out);
  for (size_t i = 0; i < topology->num_processes; i++)
    sim_append(out, i ? ",%zu" : "%zu", topology->process_sizes[i]);
  sim_seal(out);
}

/* ---- reading ------------------------------------------------------------- */

static bool skip(const char **text, const char *word) {
  const size_t size = strlen(word);
  if (strncmp(*text, word, size)) return false;
  *text += size;
  return true;
}

/* A mesh and the blank behind it; `*is_sound` is false without one. */
static PJRT_Error *read_mesh(const char **text, sim_mesh *out, bool *is_sound) {
  const char *blank = strchr(*text, ' ');
  *is_sound = blank != NULL;
  if (!blank) return NULL;
  SIM_TRY(sim_mesh_parse(*text, (size_t)(blank - *text), out));
  *text = blank + 1;
  return NULL;
}

/* The devices of each process, to be freed; NULL when they make no sense. */
static size_t *read_sizes(const char *text, size_t *out_num) {
  size_t num = 1;
  for (const char *c = text; *c; c++) num += *c == ',';
  size_t *sizes = sim_allocate(num * sizeof(*sizes));
  const char *at = text;
  for (size_t i = 0; i < num; i++) {
    char *end;
    sizes[i] = strtoull(at, &end, 10);
    if (end == at || *end != (i + 1 < num ? ',' : '\0')) {
      free(sizes);
      return NULL;
    }
    at = end + 1;
  }
  *out_num = num;
  return sizes;
}

/* Whether the mesh is made of such boxes, one for each process. */
static bool is_divided(const PJRT_TopologyDescription *topology,
                       const sim_mesh *box) {
  for (int axis = 0; axis < 3; axis++)
    if (topology->mesh.dims[axis] % box->dims[axis]) return false;
  return box->cores_per_chip == 1 &&
         sim_mesh_size(&topology->mesh) ==
             sim_mesh_size(box) * topology->num_processes *
                 (size_t)topology->mesh.cores_per_chip;
}

/* Reads what follows the magic; NULL without an error when it makes no
 * sense. */
static PJRT_Error *parse(const char *text, PJRT_TopologyDescription **out) {
  sim_mesh mesh, box;
  size_t num;
  bool is_sound = true;
  const bool is_tiled = skip(&text, tiled);
  const bool is_subslice = skip(&text, subslice);
  const bool has_boxes = skip(&text, boxes);
  if (has_boxes) SIM_TRY(read_mesh(&text, &box, &is_sound));
  if (is_sound) SIM_TRY(read_mesh(&text, &mesh, &is_sound));
  size_t *sizes = is_sound ? read_sizes(text, &num) : NULL;
  if (!sizes) return NULL;
  PJRT_Error *error = sim_topology_create(&mesh, sizes, num, out);
  free(sizes);
  if (error) return error;
  (*out)->tiled_layouts = is_tiled;
  (*out)->is_subslice = is_subslice;
  if (!has_boxes) return NULL;
  if (is_divided(*out, &box)) {
    sim_topology_assign_boxes(*out, box.dims);
  } else {
    sim_topology_delete(*out);
    *out = NULL;
  }
  return NULL;
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
