/* The MultiSlice extension: programs that run on several slices, each of them a
 * machine of its own, such as TPU pods that a data center's network joins.
 *
 * A configuration says how many slices there are, and which is this process's.
 * ext/megascale.h makes them. Serialized, as compile option
 * serialized_multi_slice_config, one says what to compile for; as execute
 * option multi_slice_config it says where to run.
 *
 * UNIMPLEMENTED where the plugin has no such extension;
 * pjrt_plugin_find_extension tells before. libtpu has it. */
#ifndef PJRT_EXT_MULTI_SLICE_H_
#define PJRT_EXT_MULTI_SLICE_H_

#include "pjrt/executable.h"

PJRT_BEGIN_DECLS

typedef struct pjrt_multi_slice_config pjrt_multi_slice_config;

/* Drops the handle; executions under way keep the configuration until they are
 * done.
 * PJRT: PJRT_MultiSlice_Config_Destroy (0.98).
 * @param config [taken] */
PJRT_API void pjrt_multi_slice_config_free(pjrt_multi_slice_config *config);

/* How many slices there are.
 * PJRT: PJRT_MultiSlice_Config_NumSlices (0.98).
 * @param config [borrowed: call]
 * @param out [borrowed: call] 0 on failure */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_multi_slice_config_num_slices(
    const pjrt_multi_slice_config *config, int32_t *out);

/* Which of them is this process's, from 0.
 * PJRT: PJRT_MultiSlice_Config_SliceId (0.98).
 * @param config [borrowed: call]
 * @param out [borrowed: call] 0 on failure */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_multi_slice_config_slice_id(
    const pjrt_multi_slice_config *config, int32_t *out);

typedef struct pjrt_slice_size {
  int32_t slice_id;
  int32_t num_devices;
} pjrt_slice_size;

/* How many devices each slice has, in the order of their ids. INTERNAL when
 * the plugin names a slice twice.
 * PJRT: PJRT_MultiSlice_Config_NumDevicesPerSlice (0.98).
 * @param config [borrowed: call]
 * @param out [owned: pjrt_host_free]
 * @param out_num [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_multi_slice_config_slice_sizes(
    const pjrt_multi_slice_config *config, pjrt_slice_size **out,
    size_t *out_num);

/* The configuration as the plugin's own protocol buffer.
 * PJRT: PJRT_MultiSlice_Config_Serialize (0.98).
 * @param config [borrowed: call]
 * @param out [owned: pjrt_host_free]
 * @param out_size [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_multi_slice_config_serialize(
    const pjrt_multi_slice_config *config, void **out, size_t *out_size);

PJRT_END_DECLS

#endif /* PJRT_EXT_MULTI_SLICE_H_ */
