#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"
#include "ext/tpu_topology.h"
#include "pjrt/array.h"

#define CALL PJRT_TPU_CALL

/* ---- parts of a topology ------------------------------------------------- */

static pjrt_error *check_positive(const char *what, const int32_t *bounds,
                                  size_t num_dims) {
  for (size_t i = 0; i < num_dims; i++) {
    if (bounds[i] > 0) continue;
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "%s has %d in direction %zu, expected at least 1",
                             what, (int)bounds[i], i);
  }
  return NULL;
}

static pjrt_error *check_part(const pjrt_topology *topology,
                              const int32_t *chips_per_host,
                              const int32_t *hosts, size_t num_dims) {
  pjrt_tpu_dims whole;
  PJRT_TRY(pjrt_tpu_check_dims(topology, "chips_per_host", chips_per_host,
                               num_dims, &whole));
  PJRT_TRY(pjrt_tpu_check_dims(topology, "hosts", hosts, num_dims, &whole));
  PJRT_TRY(check_positive("chips_per_host", chips_per_host, num_dims));
  PJRT_TRY(check_positive("hosts", hosts, num_dims));
  for (size_t i = 0; i < num_dims; i++) {
    const int64_t num_chips = (int64_t)chips_per_host[i] * hosts[i];
    if (num_chips <= whole.at[i]) continue;
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "the part has %" PRId64
                             " chips in direction %zu, and the topology has %d",
                             num_chips, i, (int)whole.at[i]);
  }
  return NULL;
}

pjrt_error *pjrt_tpu_topology_subslice(const pjrt_topology *topology,
                                       const int32_t *chips_per_host,
                                       const int32_t *hosts, size_t num_dims,
                                       pjrt_topology **out) {
  *out = NULL;
  PJRT_TRY(check_part(topology, chips_per_host, hosts, num_dims));
  PJRT_ARGS(PJRT_TpuTopology_Subslice, args);
  args->topology = topology->raw;
  args->chips_per_host_bounds = chips_per_host;
  args->chips_per_host_bounds_num_dims = num_dims;
  args->host_bounds = hosts;
  args->host_bounds_num_dims = num_dims;
  PJRT_TRY(CALL(topology->plugin, subslice, PJRT_TpuTopology_Subslice, args));
  return pjrt_topology_wrap(topology->plugin, "PJRT_TpuTopology_Subslice",
                            args->subslice_topology, out);
}

pjrt_error *pjrt_tpu_topology_with_hosts(const pjrt_topology *topology,
                                         const int32_t *hosts, size_t num_dims,
                                         pjrt_topology **out) {
  pjrt_tpu_dims whole;
  *out = NULL;
  PJRT_TRY(pjrt_tpu_check_dims(topology, "hosts", hosts, num_dims, &whole));
  PJRT_TRY(check_positive("hosts", hosts, num_dims));
  PJRT_ARGS(PJRT_TpuTopology_ReplaceHostBounds, args);
  args->topology = topology->raw;
  args->host_bounds = hosts;
  args->host_bounds_dim_num = num_dims;
  PJRT_TRY(CALL(topology->plugin, replace_host_bounds,
                PJRT_TpuTopology_ReplaceHostBounds, args));
  return pjrt_topology_wrap(topology->plugin,
                            "PJRT_TpuTopology_ReplaceHostBounds",
                            args->new_topology, out);
}

/* ---- a device in both ---------------------------------------------------- */

static pjrt_error *check_origin(const int32_t *origin, size_t num_dims) {
  for (size_t i = 0; i < num_dims; i++) {
    if (origin[i] >= 0) continue;
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "origin has %d in direction %zu", (int)origin[i],
                             i);
  }
  return NULL;
}

/* Real plugins end the process for a device that is not in the part. */
static pjrt_error *check_inside(const pjrt_topology *topology,
                                const pjrt_topology *subslice,
                                const int32_t *origin, int32_t device_id) {
  pjrt_tpu_dims at, part;
  int32_t index;
  size_t num_devices;
  PJRT_TRY(pjrt_tpu_topology_device_coords(topology, device_id, at.at, &at.num,
                                           &index));
  PJRT_TRY(pjrt_tpu_check_dims(subslice, "the subslice", at.at, at.num, &part));
  PJRT_TRY(pjrt_tpu_topology_num_devices_per_chip(subslice, &num_devices));
  bool is_inside = index >= 0 && (size_t)index < num_devices;
  for (size_t i = 0; i < at.num; i++) {
    const int64_t there = (int64_t)at.at[i] - origin[i];
    is_inside = is_inside && there >= 0 && there < part.at[i];
  }
  if (is_inside) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "device %d is outside of the subslice",
                           (int)device_id);
}

pjrt_error *pjrt_tpu_topology_subslice_device_id(const pjrt_topology *topology,
                                                 const pjrt_topology *subslice,
                                                 const int32_t *origin,
                                                 size_t num_dims,
                                                 int32_t device_id,
                                                 int32_t *out_device_id) {
  pjrt_tpu_dims whole;
  *out_device_id = 0;
  PJRT_TRY(pjrt_topology_check(subslice));
  PJRT_TRY(pjrt_tpu_check_dims(topology, "origin", origin, num_dims, &whole));
  if (topology->plugin != subslice->plugin) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "the subslice is one of another plugin");
  }
  PJRT_TRY(check_origin(origin, num_dims));
  PJRT_TRY(check_inside(topology, subslice, origin, device_id));
  PJRT_ARGS(PJRT_TpuTopology_SubsliceDeviceIdFromFullDeviceId, args);
  args->client_topology = topology->raw;
  args->subslice_topology = subslice->raw;
  args->subslice_origin = origin;
  args->subslice_origin_dim_num = num_dims;
  args->full_device_id = device_id;
  PJRT_TRY(CALL(topology->plugin, subslice_device_id_from_full_device_id,
                PJRT_TpuTopology_SubsliceDeviceIdFromFullDeviceId, args));
  *out_device_id = args->subslice_device_id;
  return NULL;
}

/* ---- machines to choose from --------------------------------------------- */

static pjrt_error *check_text(const char *what, const char *text,
                              size_t *size) {
  *size = pjrt_text_size(text, *size);
  if (*size) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT, "%s is empty", what);
}

static pjrt_error *check_platform(const pjrt_plugin *plugin, const char *text,
                                  size_t *size) {
  PJRT_TRY(pjrt_plugin_check(plugin));
  return check_text("the platform", text, size);
}

static pjrt_error *take_slice(const pjrt_plugin *plugin, const char *call,
                              const PJRT_TpuTopology_SliceConfig *raw,
                              pjrt_tpu_slice *out) {
  PJRT_TRY(
      pjrt_tpu_check_written(plugin, call, raw->dim_size, PJRT_TPU_MAX_DIMS));
  *out = (pjrt_tpu_slice){.num_dims = raw->dim_size, .is_twisted = raw->twist};
  for (size_t i = 0; i < raw->dim_size; i++) {
    out->dims[i] = raw->dimensions[i];
    out->wraps[i] = raw->wrap[i];
  }
  return NULL;
}

pjrt_error *pjrt_tpu_slice_find(pjrt_plugin *plugin, const char *platform,
                                size_t platform_size, const char *name,
                                size_t name_size, pjrt_tpu_slice *out) {
  *out = (pjrt_tpu_slice){0};
  PJRT_TRY(check_platform(plugin, platform, &platform_size));
  PJRT_TRY(check_text("the slice's name", name, &name_size));
  PJRT_ROOM(PJRT_TpuTopology_SliceConfig, raw);
  PJRT_ARGS(PJRT_TpuTopology_GetSliceConfig, args);
  args->platform_type_name = platform;
  args->platform_type_name_len = platform_size;
  args->slice_name = name;
  args->slice_name_len = name_size;
  args->slice_config = raw;
  PJRT_TRY(
      CALL(plugin, get_slice_config, PJRT_TpuTopology_GetSliceConfig, args));
  return take_slice(plugin, "PJRT_TpuTopology_GetSliceConfig", raw, out);
}

static pjrt_error *call_list(const pjrt_plugin *plugin, const char *platform,
                             size_t platform_size,
                             PJRT_TpuTopology_SliceConfig *slices, size_t room,
                             size_t *out_num) {
  PJRT_ARGS(PJRT_TpuTopology_GetSliceConfigs, args);
  args->platform_type_name = platform;
  args->platform_type_name_len = platform_size;
  args->slice_configs = slices;
  args->max_slice_configs = room;
  pjrt_error *error =
      CALL(plugin, get_slice_configs, PJRT_TpuTopology_GetSliceConfigs, args);
  *out_num = args->num_slice_configs;
  return error;
}

/* Plugins tell the number by refusing to write where there is no room. */
static pjrt_error *count_slices(const pjrt_plugin *plugin, const char *platform,
                                size_t platform_size, size_t *out) {
  PJRT_ROOM(PJRT_TpuTopology_SliceConfig, none);
  pjrt_error *error = call_list(plugin, platform, platform_size, none, 0, out);
  if (error && (pjrt_error_code(error) != PJRT_INVALID_ARGUMENT || !*out)) {
    return error;
  }
  pjrt_error_drop(error);
  error = pjrt_count_check("a number of slices", *out, out);
  if (!error) return NULL;
  return pjrt_error_about(error, plugin, "PJRT_TpuTopology_GetSliceConfigs");
}

/* One after the other, as far as `num`. */
static pjrt_error *take_slices(const pjrt_plugin *plugin,
                               const PJRT_TpuTopology_SliceConfig *raw,
                               size_t num, pjrt_tpu_slice **out) {
  void *memory;
  pjrt_error *error = NULL;
  PJRT_TRY(pjrt_host_alloc(num * sizeof **out, &memory));
  pjrt_tpu_slice *slices = memory;
  for (size_t i = 0; i < num && !error; i++) {
    error = take_slice(plugin, "PJRT_TpuTopology_GetSliceConfigs", &raw[i],
                       &slices[i]);
  }
  if (error) {
    pjrt_host_free(slices);
    return error;
  }
  *out = slices;
  return NULL;
}

pjrt_error *pjrt_tpu_slice_list(pjrt_plugin *plugin, const char *platform,
                                size_t platform_size, pjrt_tpu_slice **out,
                                size_t *out_num) {
  void *raw;
  size_t room, num;
  *out = NULL;
  *out_num = 0;
  PJRT_TRY(check_platform(plugin, platform, &platform_size));
  PJRT_TRY(count_slices(plugin, platform, platform_size, &room));
  PJRT_TRY(pjrt_alloc(room, sizeof(PJRT_TpuTopology_SliceConfig), &raw));
  pjrt_error *error =
      call_list(plugin, platform, platform_size, raw, room, &num);
  if (!error) {
    error = pjrt_tpu_check_written(plugin, "PJRT_TpuTopology_GetSliceConfigs",
                                   num, room);
  }
  if (!error) error = take_slices(plugin, raw, num, out);
  free(raw);
  if (!error) *out_num = num;
  return error;
}

pjrt_error *pjrt_tpu_platform_trays(pjrt_plugin *plugin, const char *platform,
                                    size_t platform_size,
                                    int64_t *out_chips_per_tray,
                                    int64_t *out_num_trays) {
  *out_chips_per_tray = *out_num_trays = 0;
  PJRT_TRY(check_platform(plugin, platform, &platform_size));
  PJRT_ARGS(PJRT_TpuTopology_GetDefaultPlatformConfig, args);
  args->platform_type_name = platform;
  args->platform_type_name_len = platform_size;
  PJRT_TRY(CALL(plugin, get_default_platform_config,
                PJRT_TpuTopology_GetDefaultPlatformConfig, args));
  *out_chips_per_tray = args->num_chips_per_tray;
  *out_num_trays = args->num_trays;
  return NULL;
}
