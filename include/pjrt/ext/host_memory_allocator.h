/* The HostMemoryAllocator extension: host memory of the plugin's own, which its
 * devices reach directly, so that what is uploaded from there or downloaded to
 * there needs no copy in between. What pjrt_dma_map does to memory that is
 * there already, this does with memory that is not.
 *
 * UNIMPLEMENTED where the plugin has no such extension;
 * pjrt_plugin_find_extension tells before. Of the plugins that are known those
 * for TPUs have it; others may answer UNIMPLEMENTED for one client and not for
 * another. */
#ifndef PJRT_EXT_HOST_MEMORY_ALLOCATOR_H_
#define PJRT_EXT_HOST_MEMORY_ALLOCATOR_H_

#include "pjrt/client.h"

PJRT_BEGIN_DECLS

/* Memory of the plugin's. Any thread may use its bytes and free it. */
typedef struct pjrt_host_memory pjrt_host_memory;

/* In place of a NUMA node: any. */
enum { PJRT_ANY_NUMA_NODE = -1 };

/* Allocates `size` bytes, whose contents are undefined, near a NUMA node of the
 * host. The memory keeps the client alive.
 * INVALID_ARGUMENT: client is NULL, no bytes or more than there are addresses,
 * a node below PJRT_ANY_NUMA_NODE. RESOURCE_EXHAUSTED: memory is short.
 * PJRT: PJRT_HostMemoryAllocator_Allocate (0.104).
 * @param client [shared]
 * @param out [owned: pjrt_host_memory_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_host_memory_allocate(
    pjrt_client *client, size_t size, int numa_node, pjrt_host_memory **out);

/* The bytes.
 * PJRT: PJRT_HostMemoryAllocator_Allocate (0.104), told beforehand.
 * @param memory [borrowed: call]
 * @return [borrowed: memory] */
PJRT_API void *pjrt_host_memory_data(const pjrt_host_memory *memory);

/* How many there are: as many as were asked for.
 * @param memory [borrowed: call] */
PJRT_API size_t pjrt_host_memory_size(const pjrt_host_memory *memory);

/* Gives the memory back to the plugin; transfers that use it must be over. In a
 * callback, the client's own thread does it later.
 * PJRT: PJRT_HostMemoryAllocator_Allocate (0.104), by the deleter that was told
 * beforehand.
 * PJRT: PJRT_HostAllocator_Free (0.80), for memory of that extension.
 * @param memory [taken] */
PJRT_API void pjrt_host_memory_free(pjrt_host_memory *memory);

PJRT_END_DECLS

#endif /* PJRT_EXT_HOST_MEMORY_ALLOCATOR_H_ */
