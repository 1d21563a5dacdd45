#include "pjrt/ext/memory_descriptions.h"

#include <stdlib.h>

#include "abi/counts.h"
#include "base/alloc.h"
#include "base/error.h"
#include "core/client.h"
#include "core/plugin.h"
#include "core/topology.h"
#include "ext/answer.h"
#include "ext/extension.h"

#define CALL(plugin, slot, fn, args)                                           \
  PJRT_EXT_CALL(plugin, MemoryDescriptions, PJRT_MemoryDescriptions_Extension, \
                slot, fn, args)

typedef struct described_memory {
  pjrt_text_fact kind;
  int kind_id;
} described_memory;

struct pjrt_memory_descriptions {
  size_t num_memories;
  size_t default_memory;
  described_memory memories[];
};

/* ---- reading ------------------------------------------------------------- */

static pjrt_error *read_memory(const pjrt_plugin *plugin,
                               const PJRT_MemoryDescription *raw,
                               described_memory *out) {
  static const char call[] = "PJRT_MemoryDescription_Kind";
  PJRT_ARGS(PJRT_MemoryDescription_Kind, args);
  args->memory_description = raw;
  PJRT_TRY(CALL(plugin, PJRT_MemoryDescription_Kind,
                PJRT_MemoryDescription_Kind, args));
  pjrt_error *error =
      pjrt_count_check("a memory kind's size", args->kind_size, args->kind);
  if (!error)
    error = pjrt_text_fact_set(&out->kind, args->kind, args->kind_size);
  if (error) return pjrt_error_about(error, plugin, call);
  out->kind_id = args->kind_id;
  return NULL;
}

static pjrt_error *make(size_t num_memories, size_t default_memory,
                        pjrt_memory_descriptions **out) {
  void *memory;
  const size_t size = num_memories * sizeof(described_memory);
  PJRT_TRY(pjrt_alloc(1, sizeof **out + size, &memory));
  *out = memory;
  (*out)->num_memories = num_memories;
  (*out)->default_memory =
      default_memory < num_memories ? default_memory : num_memories;
  return NULL;
}

/* What `from` gave as a device's description. */
static pjrt_error *read_all(const pjrt_plugin *plugin, const char *from,
                            PJRT_DeviceDescription *raw,
                            pjrt_memory_descriptions **out) {
  static const char call[] = "PJRT_DeviceDescription_MemoryDescriptions";
  PJRT_TRY(pjrt_ext_check_object(plugin, from, "description", raw));
  PJRT_ARGS(PJRT_DeviceDescription_MemoryDescriptions, args);
  args->device_description = raw;
  PJRT_TRY(CALL(plugin, PJRT_DeviceDescription_MemoryDescriptions,
                PJRT_DeviceDescription_MemoryDescriptions, args));
  const size_t num = args->num_memory_descriptions;
  pjrt_error *error = pjrt_count_check("a list of memory descriptions", num,
                                       args->memory_descriptions);
  if (error) return pjrt_error_about(error, plugin, call);
  PJRT_TRY(make(num, args->default_memory_index, out));
  for (size_t i = 0; i < num && !error; i++) {
    const PJRT_MemoryDescription *memory = args->memory_descriptions[i];
    error = memory ? read_memory(plugin, memory, &(*out)->memories[i])
                   : pjrt_error_about(
                         pjrt_error_format(
                             PJRT_INTERNAL,
                             "the plugin gives no memory %zu of %zu", i, num),
                         plugin, call);
  }
  if (!error) return NULL;
  pjrt_memory_descriptions_free(*out);
  *out = NULL;
  return error;
}

/* ---- of devices ---------------------------------------------------------- */

pjrt_error *pjrt_memory_descriptions_of_device(pjrt_device *device,
                                               pjrt_memory_descriptions **out) {
  *out = NULL;
  if (!device) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "device is NULL");
  }
  PJRT_TRY(pjrt_client_check(device->client));
  const pjrt_plugin *plugin = device->client->plugin;
  PJRT_ARGS(PJRT_Device_GetDescription, args);
  args->device = device->raw;
  PJRT_TRY(PJRT_CALL(plugin, PJRT_Device_GetDescription, args));
  return read_all(plugin, "PJRT_Device_GetDescription",
                  args->device_description, out);
}

pjrt_error *pjrt_memory_descriptions_of_topology(
    const pjrt_topology *topology, size_t i, pjrt_memory_descriptions **out) {
  static const char call[] = "PJRT_TopologyDescription_GetDeviceDescriptions";
  *out = NULL;
  PJRT_TRY(pjrt_topology_check(topology));
  const pjrt_plugin *plugin = topology->plugin;
  PJRT_ARGS(PJRT_TopologyDescription_GetDeviceDescriptions, args);
  args->topology = topology->raw;
  PJRT_TRY(
      PJRT_CALL(plugin, PJRT_TopologyDescription_GetDeviceDescriptions, args));
  if (i < args->num_descriptions) {
    return read_all(plugin, call, args->descriptions[i], out);
  }
  return pjrt_error_about(
      pjrt_error_format(PJRT_INVALID_ARGUMENT,
                        "device %zu of a topology that has %zu", i,
                        args->num_descriptions),
      plugin, call);
}

void pjrt_memory_descriptions_free(pjrt_memory_descriptions *descriptions) {
  if (!descriptions) return;
  for (size_t i = 0; i < descriptions->num_memories; i++) {
    pjrt_text_fact_clear(&descriptions->memories[i].kind);
  }
  free(descriptions);
}

/* ---- what they say ------------------------------------------------------- */

size_t pjrt_memory_descriptions_size(
    const pjrt_memory_descriptions *descriptions) {
  return descriptions->num_memories;
}

const char *pjrt_memory_descriptions_kind(
    const pjrt_memory_descriptions *descriptions, size_t i, size_t *out_size) {
  static const pjrt_text_fact none = {(char *)"", 0};
  const pjrt_text_fact *kind =
      i < descriptions->num_memories ? &descriptions->memories[i].kind : &none;
  if (out_size) *out_size = kind->size;
  return kind->data;
}

int pjrt_memory_descriptions_kind_id(
    const pjrt_memory_descriptions *descriptions, size_t i) {
  return i < descriptions->num_memories ? descriptions->memories[i].kind_id : 0;
}

size_t pjrt_memory_descriptions_default(
    const pjrt_memory_descriptions *descriptions) {
  return descriptions->default_memory;
}
