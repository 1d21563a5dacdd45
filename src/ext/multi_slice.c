#include "ext/multi_slice.h"

#include <stdlib.h>

#include "abi/counts.h"
#include "base/error.h"
#include "ext/answer.h"
#include "ext/extension.h"
#include "pjrt/array.h"

#define CALL(plugin, slot, fn, args) \
  PJRT_EXT_CALL(plugin, MultiSlice, PJRT_MultiSlice_Extension, slot, fn, args)

void pjrt_multi_slice_config_end(pjrt_object *object) {
  const pjrt_multi_slice_config *config = (pjrt_multi_slice_config *)object;
  if (!config->raw) return;
  PJRT_ARGS(PJRT_MultiSlice_Config_Destroy, args);
  args->config = config->raw;
  /* Destroying must never be fatal, and nobody is left to tell. */
  pjrt_error_drop(CALL(object->plugin, config_destroy,
                       PJRT_MultiSlice_Config_Destroy, args));
}

void pjrt_multi_slice_config_free(pjrt_multi_slice_config *config) {
  if (config) pjrt_object_release(&config->object);
}

static pjrt_error *check(const pjrt_multi_slice_config *config) {
  return pjrt_object_check(config ? &config->object : NULL, "config");
}

pjrt_error *pjrt_multi_slice_config_num_slices(
    const pjrt_multi_slice_config *config, int32_t *out) {
  *out = 0;
  PJRT_TRY(check(config));
  PJRT_ARGS(PJRT_MultiSlice_Config_NumSlices, args);
  args->config = config->raw;
  PJRT_TRY(CALL(config->object.plugin, config_num_slices,
                PJRT_MultiSlice_Config_NumSlices, args));
  *out = args->num_slices;
  return NULL;
}

pjrt_error *pjrt_multi_slice_config_slice_id(
    const pjrt_multi_slice_config *config, int32_t *out) {
  *out = 0;
  PJRT_TRY(check(config));
  PJRT_ARGS(PJRT_MultiSlice_Config_SliceId, args);
  args->config = config->raw;
  PJRT_TRY(CALL(config->object.plugin, config_slice_id,
                PJRT_MultiSlice_Config_SliceId, args));
  *out = args->slice_id;
  return NULL;
}

/* ---- the devices of each slice ------------------------------------------- */

static int compare(const void *a, const void *b) {
  const int32_t x = ((const pjrt_slice_size *)a)->slice_id;
  const int32_t y = ((const pjrt_slice_size *)b)->slice_id;
  return (x > y) - (x < y);
}

/* Plugins tell them in no order. */
static pjrt_error *sort(pjrt_slice_size *sizes, size_t num) {
  qsort(sizes, num, sizeof *sizes, compare);
  for (size_t i = 1; i < num; i++) {
    if (sizes[i].slice_id != sizes[i - 1].slice_id) continue;
    return pjrt_error_format(PJRT_INTERNAL, "the plugin has two slices %d",
                             sizes[i].slice_id);
  }
  return NULL;
}

static pjrt_error *read_sizes(
    const PJRT_MultiSlice_Config_NumDevicesPerSlice_Args *args,
    pjrt_slice_size **out, size_t *out_num) {
  void *memory;
  const size_t num = args->num_devices_per_slice_map;
  PJRT_TRY(pjrt_count_check("a number of slices", num, args->slice_ids));
  PJRT_TRY(pjrt_count_check("a number of slices", num, args->num_devices));
  PJRT_TRY(pjrt_host_alloc(num * sizeof **out, &memory));
  pjrt_slice_size *sizes = memory;
  for (size_t i = 0; i < num; i++) {
    sizes[i] = (pjrt_slice_size){args->slice_ids[i], args->num_devices[i]};
  }
  pjrt_error *error = sort(sizes, num);
  if (error) {
    pjrt_host_free(memory);
    return error;
  }
  *out = sizes;
  *out_num = num;
  return NULL;
}

pjrt_error *pjrt_multi_slice_config_slice_sizes(
    const pjrt_multi_slice_config *config, pjrt_slice_size **out,
    size_t *out_num) {
  *out = NULL;
  *out_num = 0;
  PJRT_TRY(check(config));
  PJRT_ARGS(PJRT_MultiSlice_Config_NumDevicesPerSlice, args);
  args->config = config->raw;
  PJRT_TRY(CALL(config->object.plugin, config_num_devices_per_slice,
                PJRT_MultiSlice_Config_NumDevicesPerSlice, args));
  pjrt_error *error = read_sizes(args, out, out_num);
  if (args->devices_per_slice_map_deleter) {
    args->devices_per_slice_map_deleter(args->devices_per_slice_map);
  }
  if (!error) return NULL;
  return pjrt_error_about(error, config->object.plugin,
                          "PJRT_MultiSlice_Config_NumDevicesPerSlice");
}

/* ---- as bytes ------------------------------------------------------------ */

pjrt_error *pjrt_multi_slice_config_serialize(
    const pjrt_multi_slice_config *config, void **out, size_t *out_size) {
  *out = NULL;
  *out_size = 0;
  PJRT_TRY(check(config));
  const pjrt_plugin *plugin = config->object.plugin;
  PJRT_ARGS(PJRT_MultiSlice_Config_Serialize, args);
  args->config = config->raw;
  PJRT_TRY(
      CALL(plugin, config_serialize, PJRT_MultiSlice_Config_Serialize, args));
  pjrt_error *error =
      pjrt_ext_copy_bytes(plugin, "PJRT_MultiSlice_Config_Serialize",
                          args->serialized, args->size, out, out_size);
  if (args->serialized_config_deleter) {
    args->serialized_config_deleter(args->serialized_config);
  }
  return error;
}
