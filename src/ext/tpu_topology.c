#include "ext/tpu_topology.h"

#include "ext/answer.h"

#define CALL PJRT_TPU_CALL

/* ---- judging answers ----------------------------------------------------- */

pjrt_error *pjrt_tpu_check_written(const pjrt_plugin *plugin, const char *call,
                                   size_t num, size_t room) {
  if (num <= room) return NULL;
  return pjrt_error_about(
      pjrt_error_format(PJRT_INTERNAL,
                        "the plugin claims to have written %zu numbers where "
                        "it had room for %zu",
                        num, room),
      plugin, call);
}

static pjrt_error *take_count(const pjrt_plugin *plugin, const char *call,
                              int32_t count, size_t *out) {
  /* Negative ones are far too large then. */
  pjrt_error *error = pjrt_count_check("a count", (size_t)count, out);
  if (error) return pjrt_error_about(error, plugin, call);
  *out = (size_t)count;
  return NULL;
}

/* ---- functions of a topology alone --------------------------------------- */

#define ASK(topology, slot, fn)            \
  PJRT_TRY(pjrt_topology_check(topology)); \
  PJRT_ARGS(fn, args);                     \
  args->topology = (topology)->raw;        \
  PJRT_TRY(CALL((topology)->plugin, slot, fn, args))

#define COUNT(topology, slot, fn, field, out) \
  *(out) = 0;                                 \
  ASK(topology, slot, fn);                    \
  return take_count((topology)->plugin, #fn, args->field, (out))

#define FLAG(topology, slot, fn, field, out) \
  *(out) = false;                            \
  ASK(topology, slot, fn);                   \
  *(out) = args->field;                      \
  return NULL

/* ---- counts -------------------------------------------------------------- */

pjrt_error *pjrt_tpu_topology_num_processes(const pjrt_topology *topology,
                                            size_t *out) {
  COUNT(topology, process_count, PJRT_TpuTopology_ProcessCount, process_count,
        out);
}

pjrt_error *pjrt_tpu_topology_num_chips(const pjrt_topology *topology,
                                        size_t *out) {
  COUNT(topology, chip_count, PJRT_TpuTopology_ChipCount, chip_count, out);
}

pjrt_error *pjrt_tpu_topology_num_cores(const pjrt_topology *topology,
                                        size_t *out) {
  COUNT(topology, core_count, PJRT_TpuTopology_CoreCount,
        core_count_of_default_type, out);
}

pjrt_error *pjrt_tpu_topology_num_devices(const pjrt_topology *topology,
                                          size_t *out) {
  COUNT(topology, logical_device_count, PJRT_TpuTopology_LogiDeviceCount,
        logical_device_count_of_default_type, out);
}

pjrt_error *pjrt_tpu_topology_num_chips_per_process(
    const pjrt_topology *topology, size_t *out) {
  COUNT(topology, chips_per_process, PJRT_TpuTopology_ChipsPerProcess,
        chips_per_process, out);
}

pjrt_error *pjrt_tpu_topology_num_cores_per_process(
    const pjrt_topology *topology, size_t *out) {
  COUNT(topology, core_count_per_process, PJRT_TpuTopology_CoreCountPerProcess,
        core_count_of_default_type_per_process, out);
}

pjrt_error *pjrt_tpu_topology_num_devices_per_process(
    const pjrt_topology *topology, size_t *out) {
  COUNT(topology, logical_device_count_per_process,
        PJRT_TpuTopology_LogiDeviceCountPerProcess,
        logical_device_count_of_default_type_per_process, out);
}

pjrt_error *pjrt_tpu_topology_num_cores_per_chip(const pjrt_topology *topology,
                                                 size_t *out) {
  COUNT(topology, core_count_per_chip, PJRT_TpuTopology_CoreCountPerChip,
        core_count_of_default_type_per_chip, out);
}

pjrt_error *pjrt_tpu_topology_num_devices_per_chip(
    const pjrt_topology *topology, size_t *out) {
  COUNT(topology, logical_device_count_per_chip,
        PJRT_TpuTopology_LogiDeviceCountPerChip,
        logical_device_count_of_default_type_per_chip, out);
}

/* ---- bounds -------------------------------------------------------------- */

pjrt_error *pjrt_tpu_take_dims(const pjrt_plugin *plugin, const char *call,
                               size_t num, int32_t *out, size_t *out_num) {
  pjrt_error *error =
      pjrt_tpu_check_written(plugin, call, num, PJRT_TPU_MAX_DIMS);
  *out_num = error ? 0 : num;
  for (size_t i = *out_num; i < PJRT_TPU_MAX_DIMS; i++) out[i] = 0;
  return error;
}

void pjrt_tpu_clear_dims(int32_t *out, size_t *out_num) {
  *out_num = 0;
  memset(out, 0, PJRT_TPU_MAX_DIMS * sizeof *out);
}

pjrt_error *pjrt_tpu_topology_chip_bounds(const pjrt_topology *topology,
                                          int32_t *out, size_t *out_num_dims) {
  pjrt_tpu_clear_dims(out, out_num_dims);
  PJRT_TRY(pjrt_topology_check(topology));
  PJRT_ARGS(PJRT_TpuTopology_ChipBounds, args);
  args->topology = topology->raw;
  args->chip_bounds_max_dims = PJRT_TPU_MAX_DIMS;
  args->chip_bounds = out;
  PJRT_TRY(
      CALL(topology->plugin, chip_bounds, PJRT_TpuTopology_ChipBounds, args));
  return pjrt_tpu_take_dims(topology->plugin, "PJRT_TpuTopology_ChipBounds",
                            args->chip_bounds_num_dims, out, out_num_dims);
}

pjrt_error *pjrt_tpu_topology_chips_per_process_bounds(
    const pjrt_topology *topology, int32_t *out, size_t *out_num_dims) {
  pjrt_tpu_clear_dims(out, out_num_dims);
  PJRT_TRY(pjrt_topology_check(topology));
  PJRT_ARGS(PJRT_TpuTopology_ChipsPerProcessBounds, args);
  args->topology = topology->raw;
  args->chip_per_process_bounds_max_dims = PJRT_TPU_MAX_DIMS;
  args->chip_per_process_bounds = out;
  PJRT_TRY(CALL(topology->plugin, chips_per_process_bounds,
                PJRT_TpuTopology_ChipsPerProcessBounds, args));
  return pjrt_tpu_take_dims(
      topology->plugin, "PJRT_TpuTopology_ChipsPerProcessBounds",
      args->chip_per_process_bounds_num_dims, out, out_num_dims);
}

pjrt_error *pjrt_tpu_topology_process_bounds(const pjrt_topology *topology,
                                             int32_t *out,
                                             size_t *out_num_dims) {
  pjrt_tpu_clear_dims(out, out_num_dims);
  PJRT_TRY(pjrt_topology_check(topology));
  PJRT_ARGS(PJRT_TpuTopology_ProcessBounds, args);
  args->topology = topology->raw;
  args->process_bounds_max_dims = PJRT_TPU_MAX_DIMS;
  args->process_bounds = out;
  PJRT_TRY(CALL(topology->plugin, process_bounds,
                PJRT_TpuTopology_ProcessBounds, args));
  return pjrt_tpu_take_dims(topology->plugin, "PJRT_TpuTopology_ProcessBounds",
                            args->process_bounds_num_dims, out, out_num_dims);
}

/* ---- links --------------------------------------------------------------- */

pjrt_error *pjrt_tpu_topology_has_enhanced_barrier(
    const pjrt_topology *topology, bool *out) {
  FLAG(topology, is_enhanced_barrier_enabled,
       PJRT_TpuTopology_IsEnhancedBarrierEnabled, is_enhanced_barrier_enabled,
       out);
}

pjrt_error *pjrt_tpu_topology_has_limited_ici(const pjrt_topology *topology,
                                              bool *out) {
  FLAG(topology, has_limited_ici_connectivity,
       PJRT_TpuTopology_HasLimitedIciConnectivity, has_limited_ici_connectivity,
       out);
}

pjrt_error *pjrt_tpu_topology_is_subslice(const pjrt_topology *topology,
                                          bool *out) {
  FLAG(topology, is_subslice_topology, PJRT_TpuTopology_IsSubsliceTopology,
       is_subslice_topology, out);
}

/* libtpu ends the text with a NUL and leaves the length alone; others say how
 * long it is. */
pjrt_error *pjrt_tpu_topology_routing_strategy(const pjrt_topology *topology,
                                               char **out, size_t *out_size) {
  static const char call[] = "PJRT_TpuTopology_GetRoutingStrategy";
  char text[256] = {0};
  *out = NULL;
  if (out_size) *out_size = 0;
  PJRT_TRY(pjrt_topology_check(topology));
  PJRT_ARGS(PJRT_TpuTopology_GetRoutingStrategy, args);
  args->topology = topology->raw;
  args->routing_strategy = text;
  args->routing_strategy_len = sizeof text;
  PJRT_TRY(CALL(topology->plugin, get_routing_strategy,
                PJRT_TpuTopology_GetRoutingStrategy, args));
  const size_t size = args->routing_strategy_len;
  PJRT_TRY(pjrt_tpu_check_written(topology->plugin, call, size, sizeof text));
  return pjrt_ext_copy_text(topology->plugin, call, text, strnlen(text, size),
                            out, out_size);
}
