#include "core/topology.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "abi/counts.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "core/client.h"
#include "core/layout.h"
#include "core/plugin.h"
#include "core/raw_values.h"
#include "pjrt/array.h"
#include "proto/xla.pb-c.h"

/* ---- life ---------------------------------------------------------------- */

static void destroy_raw(const pjrt_plugin *plugin,
                        PJRT_TopologyDescription *raw) {
  PJRT_ARGS(PJRT_TopologyDescription_Destroy, args);
  args->topology = raw;
  pjrt_error_free(PJRT_CALL(plugin, PJRT_TopologyDescription_Destroy, args));
}

void pjrt_topology_end(pjrt_topology *topology) {
  if (!topology) return;
  if (topology->raw && !topology->client) {
    destroy_raw(topology->plugin, topology->raw);
  }
  for (size_t i = 0; i < topology->num_devices; i++) {
    pjrt_device_description_clear(&topology->devices[i]);
  }
  free(topology->devices);
  pjrt_named_values_free(topology->attributes);
  pjrt_text_fact_clear(&topology->platform_name);
  pjrt_text_fact_clear(&topology->platform_version);
  pjrt_plugin_free(topology->plugin);
  free(topology);
}

pjrt_topology *pjrt_topology_retain(pjrt_topology *topology) {
  if (topology->client) {
    pjrt_pool_hold(topology->client->pool);
  } else {
    atomic_fetch_add_explicit(&topology->refs, 1, memory_order_relaxed);
  }
  return topology;
}

bool pjrt_topology_release(pjrt_topology *topology) {
  if (topology->client) return pjrt_pool_drop(topology->client->pool);
  if (atomic_fetch_sub_explicit(&topology->refs, 1, memory_order_acq_rel) ==
      1) {
    pjrt_topology_end(topology);
  }
  return false;
}

void pjrt_topology_free(pjrt_topology *topology) {
  if (!topology || topology->client || pjrt_topology_is_forked(topology)) {
    return;
  }
  (void)!pjrt_topology_release(topology); /* it has no client */
}

/* ---- reading ------------------------------------------------------------- */

static pjrt_error *read_devices(pjrt_topology *topology) {
  void *devices;
  PJRT_ARGS(PJRT_TopologyDescription_GetDeviceDescriptions, args);
  args->topology = topology->raw;
  PJRT_TRY(PJRT_CALL(topology->plugin,
                     PJRT_TopologyDescription_GetDeviceDescriptions, args));
  PJRT_TRY(
      pjrt_alloc(args->num_descriptions, sizeof *topology->devices, &devices));
  topology->devices = devices;
  while (topology->num_devices < args->num_descriptions) {
    size_t i = topology->num_devices++;
    PJRT_TRY(pjrt_device_description_read(
        topology->plugin, args->descriptions[i], &topology->devices[i]));
  }
  return NULL;
}

static pjrt_error *read_attributes(pjrt_topology *topology) {
  PJRT_ARGS(PJRT_TopologyDescription_Attributes, args);
  args->topology = topology->raw;
  PJRT_TRY(pjrt_fact_optional(
      PJRT_CALL(topology->plugin, PJRT_TopologyDescription_Attributes, args)));
  pjrt_error *error = pjrt_named_values_from_raw(
      args->attributes, args->num_attributes, &topology->attributes);
  if (!error) return NULL;
  return pjrt_error_about(error, topology->plugin,
                          "PJRT_TopologyDescription_Attributes");
}

static pjrt_error *read_facts(pjrt_topology *topology) {
  PJRT_READ_TEXT(topology->plugin, PJRT_TopologyDescription_PlatformName,
                 topology, topology->raw, platform_name,
                 &topology->platform_name);
  PJRT_READ_TEXT(topology->plugin, PJRT_TopologyDescription_PlatformVersion,
                 topology, topology->raw, platform_version,
                 &topology->platform_version);
  PJRT_TRY(read_devices(topology));
  return read_attributes(topology);
}

/* ---- making -------------------------------------------------------------- */

static pjrt_error *start(pjrt_plugin *plugin, pjrt_client *client,
                         pjrt_topology **out) {
  void *memory;
  PJRT_TRY(pjrt_alloc(1, sizeof **out, &memory));
  *out = memory;
  (*out)->plugin = pjrt_plugin_retain(plugin);
  (*out)->client = client;
  (*out)->process = getpid();
  atomic_init(&(*out)->refs, 1);
  return NULL;
}

/* With what came of the call that gives the plugin's object. */
static pjrt_error *finish(pjrt_topology *topology, const char *call,
                          pjrt_error *error, pjrt_topology **out) {
  if (!error && !topology->raw) {
    error = pjrt_error_about(
        pjrt_error_format(PJRT_INTERNAL,
                          "the plugin reports success and gives no topology"),
        topology->plugin, call);
  }
  if (!error) error = read_facts(topology);
  if (error) {
    pjrt_topology_end(topology);
    return error;
  }
  *out = topology;
  return NULL;
}

static pjrt_error *create_raw(pjrt_topology *topology, const char *name,
                              size_t name_size,
                              const pjrt_named_values *options) {
  PJRT_NamedValue *raw_options;
  PJRT_ARGS(PJRT_TopologyDescription_Create, args);
  args->topology_name = name ? name : "";
  args->topology_name_size = pjrt_text_size(name, name_size);
  PJRT_TRY(pjrt_named_values_to_raw(options, topology->plugin, &raw_options,
                                    &args->num_options));
  args->create_options = raw_options;
  pjrt_error *error =
      PJRT_CALL(topology->plugin, PJRT_TopologyDescription_Create, args);
  free(raw_options);
  if (!error) topology->raw = args->topology;
  return error;
}

pjrt_error *pjrt_topology_create(pjrt_plugin *plugin, const char *name,
                                 size_t name_size,
                                 const pjrt_named_values *options,
                                 pjrt_topology **out) {
  pjrt_topology *topology;
  *out = NULL;
  PJRT_TRY(pjrt_plugin_check(plugin));
  PJRT_TRY(start(plugin, NULL, &topology));
  pjrt_error *error = create_raw(topology, name, name_size, options);
  return finish(topology, "PJRT_TopologyDescription_Create", error, out);
}

static pjrt_error *deserialize_raw(pjrt_topology *topology, const void *data,
                                   size_t data_size) {
  PJRT_ARGS(PJRT_TopologyDescription_Deserialize, args);
  args->serialized_topology = data;
  args->serialized_topology_size = data_size;
  PJRT_TRY(
      PJRT_CALL(topology->plugin, PJRT_TopologyDescription_Deserialize, args));
  topology->raw = args->topology;
  return NULL;
}

pjrt_error *pjrt_topology_deserialize(pjrt_plugin *plugin, const void *data,
                                      size_t data_size, pjrt_topology **out) {
  pjrt_topology *topology;
  *out = NULL;
  PJRT_TRY(pjrt_plugin_check(plugin));
  if (!data || data_size == 0) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "expected a serialized topology, got nothing");
  }
  PJRT_TRY(start(plugin, NULL, &topology));
  pjrt_error *error = deserialize_raw(topology, data, data_size);
  return finish(topology, "PJRT_TopologyDescription_Deserialize", error, out);
}

pjrt_error *pjrt_topology_wrap(pjrt_plugin *plugin, const char *call,
                               PJRT_TopologyDescription *raw,
                               pjrt_topology **out) {
  pjrt_topology *topology;
  *out = NULL;
  pjrt_error *error = start(plugin, NULL, &topology);
  if (error) {
    if (raw) destroy_raw(plugin, raw);
    return error;
  }
  topology->raw = raw;
  return finish(topology, call, NULL, out);
}

static pjrt_error *ask_client(pjrt_topology *topology) {
  PJRT_ARGS(PJRT_Client_TopologyDescription, args);
  args->client = topology->client->raw;
  PJRT_TRY(PJRT_CALL(topology->plugin, PJRT_Client_TopologyDescription, args));
  topology->raw = args->topology;
  return NULL;
}

/* Two threads that ask at once both read it, and one of the two is kept. */
pjrt_error *pjrt_client_topology(pjrt_client *client, pjrt_topology **out) {
  pjrt_topology *made;
  *out = NULL;
  if (!client) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "client is NULL");
  }
  PJRT_TRY(pjrt_client_check(client));
  *out = atomic_load(&client->topology);
  if (*out) return NULL;
  PJRT_TRY(start(client->plugin, client, &made));
  pjrt_error *error = ask_client(made);
  PJRT_TRY(finish(made, "PJRT_Client_TopologyDescription", error, &made));
  if (atomic_compare_exchange_strong(&client->topology, out, made)) {
    *out = made;
  } else {
    pjrt_topology_end(made);
  }
  return NULL;
}

/* ---- facts --------------------------------------------------------------- */

pjrt_plugin *pjrt_topology_plugin(const pjrt_topology *topology) {
  return topology->plugin;
}

static const char *text_of(const pjrt_text_fact *fact, size_t *out_size) {
  if (out_size) *out_size = fact->size;
  return fact->data;
}

const char *pjrt_topology_platform_name(const pjrt_topology *topology,
                                        size_t *out_size) {
  return text_of(&topology->platform_name, out_size);
}

const char *pjrt_topology_platform_version(const pjrt_topology *topology,
                                           size_t *out_size) {
  return text_of(&topology->platform_version, out_size);
}

size_t pjrt_topology_num_devices(const pjrt_topology *topology) {
  return topology->num_devices;
}

const pjrt_device_description *pjrt_topology_device(
    const pjrt_topology *topology, size_t i) {
  return i < topology->num_devices ? &topology->devices[i] : NULL;
}

const pjrt_named_values *pjrt_topology_attributes(
    const pjrt_topology *topology) {
  return topology->attributes;
}

bool pjrt_topology_is_forked(const pjrt_topology *topology) {
  if (topology->client) return pjrt_client_is_forked(topology->client);
  return topology->process != getpid();
}

pjrt_error *pjrt_topology_check(const pjrt_topology *topology) {
  if (!topology) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "topology is NULL");
  }
  if (topology->client) return pjrt_client_check(topology->client);
  if (!pjrt_topology_is_forked(topology)) return NULL;
  return pjrt_error_format(PJRT_FAILED_PRECONDITION,
                           "the topology was made before this process was "
                           "forked; make another one");
}

pjrt_error *pjrt_topology_fingerprint(const pjrt_topology *topology,
                                      uint64_t *out) {
  *out = 0;
  PJRT_TRY(pjrt_topology_check(topology));
  PJRT_ARGS(PJRT_TopologyDescription_Fingerprint, args);
  args->topology = topology->raw;
  PJRT_TRY(
      PJRT_CALL(topology->plugin, PJRT_TopologyDescription_Fingerprint, args));
  *out = args->fingerprint;
  return NULL;
}

pjrt_error *pjrt_topology_memory_kind_ids(const pjrt_topology *topology,
                                          const int **out, size_t *out_num) {
  *out = NULL;
  *out_num = 0;
  PJRT_TRY(pjrt_topology_check(topology));
  PJRT_ARGS(PJRT_TopologyDescription_GetMemorySpaceKindIds, args);
  args->topology = topology->raw;
  PJRT_TRY(PJRT_CALL(topology->plugin,
                     PJRT_TopologyDescription_GetMemorySpaceKindIds, args));
  *out = args->memory_space_kind_ids;
  *out_num = args->num_memory_space_kind_ids;
  return NULL;
}

/* ---- canonical layouts --------------------------------------------------- */

/* What ends the process on real plugins. */
static pjrt_error *check_shape(const pjrt_plugin *plugin, pjrt_dtype dtype,
                               const int64_t *dims, size_t num_dims) {
  size_t num;
  PJRT_TRY(pjrt_plugin_check_dtype(plugin, dtype));
  if (num_dims && !dims) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "dims is NULL for %zu dimensions", num_dims);
  }
  return pjrt_dims_num_elements(dims, num_dims, pjrt_dtype_host_size(dtype),
                                &num);
}

/* As the struct that plugins give layouts in. */
static pjrt_error *layout_from_proto(const Pjrt__LayoutProto *proto,
                                     pjrt_layout **out) {
  size_t num_tile_dims = 0;
  for (size_t i = 0; i < proto->n_tiles; i++) {
    num_tile_dims += proto->tiles[i]->n_dimensions;
  }
  void *tile_dims, *tile_ranks;
  PJRT_TRY(pjrt_alloc(num_tile_dims, sizeof(int64_t), &tile_dims));
  pjrt_error *error = pjrt_alloc(proto->n_tiles, sizeof(size_t), &tile_ranks);
  if (error) {
    free(tile_dims);
    return error;
  }
  int64_t *at = tile_dims;
  for (size_t i = 0; i < proto->n_tiles; i++) {
    const Pjrt__TileProto *tile = proto->tiles[i];
    for (size_t d = 0; d < tile->n_dimensions; d++) *at++ = tile->dimensions[d];
    ((size_t *)tile_ranks)[i] = tile->n_dimensions;
  }
  const PJRT_Buffer_MemoryLayout raw = {
      .type = PJRT_Buffer_MemoryLayout_Type_Tiled,
      .tiled = {.minor_to_major = proto->minor_to_major,
                .minor_to_major_size = proto->n_minor_to_major,
                .tile_dims = tile_dims,
                .tile_dim_sizes = tile_ranks,
                .num_tiles = proto->n_tiles}};
  error = pjrt_layout_from_raw(&raw, out);
  free(tile_dims);
  free(tile_ranks);
  return error;
}

static pjrt_error *layout_of_shape(const void *bytes, size_t size,
                                   size_t num_dims, pjrt_layout **out) {
  Pjrt__ShapeProto *shape =
      size <= INT_MAX ? pjrt__shape_proto__unpack(NULL, size, bytes) : NULL;
  pjrt_error *error;
  if (shape && shape->layout && shape->layout->n_minor_to_major == num_dims) {
    error = layout_from_proto(shape->layout, out);
  } else {
    error = pjrt_error_format(PJRT_INTERNAL,
                              "the plugin's %zu bytes are no shape of %zu "
                              "dimensions with a layout",
                              size, num_dims);
  }
  pjrt__shape_proto__free_unpacked(shape, NULL);
  return error;
}

pjrt_error *pjrt_topology_canonical_layout(const pjrt_topology *topology,
                                           int memory_kind_id, pjrt_dtype dtype,
                                           const int64_t *dims, size_t num_dims,
                                           pjrt_layout **out) {
  *out = NULL;
  PJRT_TRY(pjrt_topology_check(topology));
  PJRT_TRY(check_shape(topology->plugin, dtype, dims, num_dims));
  PJRT_ARGS(PJRT_TopologyDescription_MakeCanonicalShapeForMemorySpace, args);
  args->topology = topology->raw;
  args->memory_space_kind_id = memory_kind_id;
  args->element_type = (PJRT_Buffer_Type)dtype;
  args->dims = dims;
  args->num_dims = num_dims;
  PJRT_TRY(PJRT_CALL(topology->plugin,
                     PJRT_TopologyDescription_MakeCanonicalShapeForMemorySpace,
                     args));
  pjrt_error *error = layout_of_shape(
      args->serialized_shape, args->serialized_shape_size, num_dims, out);
  if (args->serialized_shape_deleter) {
    args->serialized_shape_deleter(args->serialized_shape);
  }
  if (!error) return NULL;
  return pjrt_error_about(
      error, topology->plugin,
      "PJRT_TopologyDescription_MakeCanonicalShapeForMemorySpace");
}

/* ---- as bytes ------------------------------------------------------------ */

pjrt_error *pjrt_topology_serialize(const pjrt_topology *topology, void **out,
                                    size_t *out_size) {
  *out = NULL;
  *out_size = 0;
  PJRT_TRY(pjrt_topology_check(topology));
  PJRT_ARGS(PJRT_TopologyDescription_Serialize, args);
  args->topology = topology->raw;
  PJRT_TRY(
      PJRT_CALL(topology->plugin, PJRT_TopologyDescription_Serialize, args));
  const size_t size = args->serialized_bytes_size;
  pjrt_error *error = pjrt_host_alloc(size, out);
  if (!error) {
    if (size > 0) memcpy(*out, args->serialized_bytes, size);
    *out_size = size;
  }
  if (args->serialized_topology_deleter) {
    args->serialized_topology_deleter(args->serialized_topology);
  }
  return error;
}

/* ---- device descriptions ------------------------------------------------- */

int pjrt_device_description_id(const pjrt_device_description *description) {
  return description->id;
}

int pjrt_device_description_process_index(
    const pjrt_device_description *description) {
  return description->process_index;
}

const char *pjrt_device_description_kind(
    const pjrt_device_description *description, size_t *out_size) {
  return text_of(&description->kind, out_size);
}

const char *pjrt_device_description_debug_string(
    const pjrt_device_description *description, size_t *out_size) {
  return text_of(&description->debug_string, out_size);
}

const char *pjrt_device_description_to_string(
    const pjrt_device_description *description, size_t *out_size) {
  return text_of(&description->to_string, out_size);
}

const pjrt_named_values *pjrt_device_description_attributes(
    const pjrt_device_description *description) {
  return description->attributes;
}
