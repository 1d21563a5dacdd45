/* Meshes of chips, and where in them a device is. */
#include <stdio.h>

#include "plugin/machine.h"

enum { MAX_NUMBERS = 4 };

/* Reads digits; false where there are none or too many. */
static bool read_number(const char **at, const char *end, int64_t *out) {
  const char *begin = *at;
  int64_t value = 0;
  while (*at < end && **at >= '0' && **at <= '9' && value <= SIM_MAX_DEVICES)
    value = value * 10 + (*(*at)++ - '0');
  *out = value;
  return *at > begin && value <= SIM_MAX_DEVICES;
}

static bool read_mesh(const char *text, size_t size, sim_mesh *out) {
  int64_t numbers[MAX_NUMBERS] = {1, 1, 1, 1};
  int64_t product = 1;
  const char *end = text + size;
  for (int i = 0; i < MAX_NUMBERS; i++) {
    if (!read_number(&text, end, &numbers[i])) return false;
    product *= numbers[i];
    if (product > SIM_MAX_DEVICES) return false;
    if (text == end) break;
    if (*text++ != 'x') return false;
  }
  *out = (sim_mesh){{numbers[0], numbers[1], numbers[2]}, numbers[3]};
  return text == end && text[-1] != 'x';
}

PJRT_Error *sim_mesh_parse(const char *text, size_t size, sim_mesh *out) {
  if (read_mesh(text, size, out)) return NULL;
  return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                   "the mesh '%.*s' makes no sense, expected chips per axis "
                   "such as 4x2x2, and then cores of a chip such as 4x2x2x2, "
                   "at most %d in all",
                   (int)size, text, SIM_MAX_DEVICES);
}

sim_mesh sim_mesh_row(size_t num_devices) {
  return (sim_mesh){{(int64_t)num_devices, 1, 1}, 1};
}

size_t sim_mesh_size(const sim_mesh *mesh) {
  return (size_t)(mesh->dims[0] * mesh->dims[1] * mesh->dims[2] *
                  mesh->cores_per_chip);
}

void sim_mesh_format(const sim_mesh *mesh, char out[SIM_MESH_TEXT_SIZE]) {
  const int size = snprintf(out, SIM_MESH_TEXT_SIZE, "%lldx%lldx%lld",
                            (long long)mesh->dims[0], (long long)mesh->dims[1],
                            (long long)mesh->dims[2]);
  if (mesh->cores_per_chip != 1)
    snprintf(out + size, SIM_MESH_TEXT_SIZE - (size_t)size, "x%lld",
             (long long)mesh->cores_per_chip);
}

void sim_mesh_locate(const sim_mesh *mesh, PJRT_DeviceDescription *device) {
  int64_t chip = device->id / mesh->cores_per_chip;
  device->core = device->id % mesh->cores_per_chip;
  for (int axis = 0; axis < 3; axis++) {
    device->coords[axis] = chip % mesh->dims[axis];
    chip /= mesh->dims[axis];
  }
}
