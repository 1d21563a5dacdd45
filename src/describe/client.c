/* Clients, devices, memories, topologies. */
#include "core/topology.h"
#include "describe/describe.h"

/* ---- clients ------------------------------------------------------------- */

static void append_platform(pjrt_builder *text, const pjrt_text_fact *name,
                            const pjrt_text_fact *version) {
  pjrt_describe_fact(text, name);
  if (!version->size) return;
  pjrt_builder_appendf(text, " (");
  pjrt_describe_fact(text, version);
  pjrt_builder_appendf(text, ")");
}

static void append_client(pjrt_builder *text, const pjrt_client *client) {
  pjrt_builder_appendf(text, "client of ");
  append_platform(text, &client->platform_name, &client->platform_version);
  pjrt_describe_client(text, client);
  pjrt_builder_appendf(text, ", process %d, ", client->process_index);
  pjrt_describe_count(text, client->num_devices, "device");
  pjrt_builder_appendf(text, ", %zu addressable",
                       client->num_addressable_devices);
}

static void append_client_rest(pjrt_builder *text, const pjrt_client *client) {
  for (size_t i = 0; i < client->num_devices; i++) {
    pjrt_describe_line(text);
    pjrt_describe_device(text, &client->devices[i]);
  }
  for (size_t i = 0; i < client->num_memories; i++) {
    pjrt_describe_line(text);
    pjrt_describe_memory(text, &client->memories[i]);
  }
}

pjrt_error *pjrt_client_describe(const pjrt_client *client, pjrt_detail detail,
                                 char **out, size_t *out_size) {
  pjrt_builder text;
  if (pjrt_describe_begin(&text, client, "client")) {
    append_client(&text, client);
    if (detail == PJRT_ALL_LINES) append_client_rest(&text, client);
  }
  return pjrt_builder_finish(&text, out, out_size);
}

/* ---- memories ------------------------------------------------------------ */

void pjrt_describe_memory(pjrt_builder *text, const pjrt_memory *memory) {
  pjrt_builder_appendf(text, "memory %d, ", memory->id);
  pjrt_describe_fact(text, &memory->kind);
  pjrt_builder_appendf(text, ", of ");
  pjrt_describe_count(text, memory->num_devices, "device");
}

pjrt_error *pjrt_memory_describe(const pjrt_memory *memory, pjrt_detail detail,
                                 char **out, size_t *out_size) {
  pjrt_builder text;
  if (pjrt_describe_begin(&text, memory, "memory")) {
    pjrt_describe_memory(&text, memory);
    pjrt_describe_client(&text, memory->client);
    for (size_t i = 0; detail == PJRT_ALL_LINES && i < memory->num_devices;
         i++) {
      pjrt_describe_line(&text);
      pjrt_describe_device(&text, memory->devices[i]);
    }
  }
  return pjrt_builder_finish(&text, out, out_size);
}

/* ---- devices ------------------------------------------------------------- */

/* The kind and where it is, behind whatever names the device. */
static void append_description(pjrt_builder *text,
                               const pjrt_device_description *known) {
  if (known->kind.size) {
    pjrt_builder_appendf(text, ", ");
    pjrt_describe_fact(text, &known->kind);
  }
  pjrt_builder_appendf(text, ", process %d", known->process_index);
}

static void append_device_rest(pjrt_builder *text, const pjrt_device *device) {
  for (size_t i = 0; i < device->num_memories; i++) {
    pjrt_describe_line(text);
    pjrt_describe_memory(text, device->memories[i]);
    if (device->memories[i] == device->default_memory) {
      pjrt_builder_appendf(text, ", the default");
    }
  }
  pjrt_describe_values(text, device->description.attributes);
}

pjrt_error *pjrt_device_describe(const pjrt_device *device, pjrt_detail detail,
                                 char **out, size_t *out_size) {
  pjrt_builder text;
  if (pjrt_describe_begin(&text, device, "device")) {
    pjrt_describe_device(&text, device);
    pjrt_describe_client(&text, device->client);
    append_description(&text, &device->description);
    if (!device->is_addressable) {
      pjrt_builder_appendf(&text, ", not addressable");
    }
    if (detail == PJRT_ALL_LINES) append_device_rest(&text, device);
  }
  return pjrt_builder_finish(&text, out, out_size);
}

/* ---- topologies ---------------------------------------------------------- */

static void append_described_device(pjrt_builder *text,
                                    const pjrt_device_description *known) {
  pjrt_builder_appendf(text, "description of device %d", known->id);
  append_description(text, known);
}

pjrt_error *pjrt_device_description_describe(
    const pjrt_device_description *description, pjrt_detail detail, char **out,
    size_t *out_size) {
  pjrt_builder text;
  if (pjrt_describe_begin(&text, description, "device description")) {
    append_described_device(&text, description);
    if (detail == PJRT_ALL_LINES) {
      pjrt_describe_values(&text, description->attributes);
    }
  }
  return pjrt_builder_finish(&text, out, out_size);
}

static void append_topology(pjrt_builder *text, const pjrt_topology *topology) {
  pjrt_builder_appendf(text, "topology of ");
  append_platform(text, &topology->platform_name, &topology->platform_version);
  if (topology->client) {
    pjrt_describe_client(text, topology->client);
  } else {
    pjrt_describe_plugin(text, topology->plugin);
  }
  pjrt_builder_appendf(text, ", ");
  pjrt_describe_count(text, topology->num_devices, "device");
  if (topology->client) pjrt_builder_appendf(text, ", a client's");
}

static void append_topology_rest(pjrt_builder *text,
                                 const pjrt_topology *topology) {
  pjrt_describe_values(text, topology->attributes);
  for (size_t i = 0; i < topology->num_devices; i++) {
    pjrt_describe_line(text);
    append_described_device(text, &topology->devices[i]);
  }
}

pjrt_error *pjrt_topology_describe(const pjrt_topology *topology,
                                   pjrt_detail detail, char **out,
                                   size_t *out_size) {
  pjrt_builder text;
  if (pjrt_describe_begin(&text, topology, "topology")) {
    append_topology(&text, topology);
    if (detail == PJRT_ALL_LINES) append_topology_rest(&text, topology);
  }
  return pjrt_builder_finish(&text, out, out_size);
}
