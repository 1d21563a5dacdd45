/* The MemoryDescriptions extension: the kinds of memory that a device has,
 * also one that is not there. The memories of a client's devices, which need no
 * extension, are those of pjrt_device_memory.
 *
 * UNIMPLEMENTED where the plugin has no such extension;
 * pjrt_plugin_find_extension tells before. */
#ifndef PJRT_EXT_MEMORY_DESCRIPTIONS_H_
#define PJRT_EXT_MEMORY_DESCRIPTIONS_H_

#include "pjrt/device.h"
#include "pjrt/topology.h"

PJRT_BEGIN_DECLS

/* What is told of one device's memories: a copy, which outlives the device. */
typedef struct pjrt_memory_descriptions pjrt_memory_descriptions;

/* Those of a client's device. There may be none: XLA's plugins for CPUs and
 * GPUs describe memories in clients alone.
 * PJRT: PJRT_DeviceDescription_MemoryDescriptions (0.59),
 * PJRT_MemoryDescription_Kind (0.59), PJRT_Device_GetDescription (0.40).
 * @param device [borrowed: call]
 * @param out [owned: pjrt_memory_descriptions_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_memory_descriptions_of_device(
    pjrt_device *device, pjrt_memory_descriptions **out);

/* Those of the i-th device of a machine that need not be there, as
 * pjrt_topology_device counts. INVALID_ARGUMENT past the end.
 * PJRT: PJRT_DeviceDescription_MemoryDescriptions (0.59),
 * PJRT_MemoryDescription_Kind (0.59),
 * PJRT_TopologyDescription_GetDeviceDescriptions (0.40).
 * @param topology [borrowed: call]
 * @param out [owned: pjrt_memory_descriptions_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_memory_descriptions_of_topology(
    const pjrt_topology *topology, size_t i, pjrt_memory_descriptions **out);

/* @param descriptions [taken] */
PJRT_API void pjrt_memory_descriptions_free(
    pjrt_memory_descriptions *descriptions);

/* How many memories there are.
 * @param descriptions [borrowed: call] */
PJRT_API size_t
pjrt_memory_descriptions_size(const pjrt_memory_descriptions *descriptions);

/* The kind of the i-th memory, such as "device", "pinned_host" or
 * "unpinned_host"; empty past the end.
 * @param descriptions [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: descriptions] */
PJRT_API const char *pjrt_memory_descriptions_kind(
    const pjrt_memory_descriptions *descriptions, size_t i, size_t *out_size);

/* The number of that kind, as pjrt_memory_kind_id tells it; 0 past the end.
 * @param descriptions [borrowed: call] */
PJRT_API int pjrt_memory_descriptions_kind_id(
    const pjrt_memory_descriptions *descriptions, size_t i);

/* Which memory buffers go to when nobody names one; the number of memories
 * where the plugin names none.
 * @param descriptions [borrowed: call] */
PJRT_API size_t
pjrt_memory_descriptions_default(const pjrt_memory_descriptions *descriptions);

PJRT_END_DECLS

#endif /* PJRT_EXT_MEMORY_DESCRIPTIONS_H_ */
