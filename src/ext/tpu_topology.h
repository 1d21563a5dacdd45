/* What the files of the TpuTopology extension share. */
#ifndef PJRT_EXT_TPU_TOPOLOGY_INSIDE_H_
#define PJRT_EXT_TPU_TOPOLOGY_INSIDE_H_

#include "base/error.h"
#include "core/plugin.h"
#include "core/topology.h"
#include "ext/extension.h"
#include "pjrt/ext/tpu_topology.h"

#define PJRT_TPU_CALL(plugin, slot, fn, args) \
  PJRT_EXT_CALL(plugin, TpuTopology, PJRT_TpuTopology_Extension, slot, fn, args)

/* Coordinates or bounds. */
typedef struct pjrt_tpu_dims {
  int32_t at[PJRT_TPU_MAX_DIMS];
  size_t num;
} pjrt_tpu_dims;

/* INTERNAL when the plugin claims to have written more than it had room for. */
pjrt_error *pjrt_tpu_check_written(const pjrt_plugin *plugin, const char *call,
                                   size_t num, size_t room)
    __attribute__((warn_unused_result));

/* For coordinates and bounds that a call fills: zeroes beforehand; afterwards,
 * whatever the call left there, as many numbers as it says and zeroes. */
void pjrt_tpu_clear_dims(int32_t *out, size_t *out_num);
pjrt_error *pjrt_tpu_take_dims(const pjrt_plugin *plugin, const char *call,
                               size_t num, int32_t *out, size_t *out_num)
    __attribute__((warn_unused_result));

/* INVALID_ARGUMENT for NULL, and for another number of dimensions than the
 * topology has; `out` are the bounds of its chips. */
pjrt_error *pjrt_tpu_check_dims(const pjrt_topology *topology, const char *what,
                                const int32_t *values, size_t num_dims,
                                pjrt_tpu_dims *out)
    __attribute__((warn_unused_result));

#endif /* PJRT_EXT_TPU_TOPOLOGY_INSIDE_H_ */
