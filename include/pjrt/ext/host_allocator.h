/* The HostAllocator extension, which HostMemoryAllocator replaces: host memory
 * of the plugin's own at an alignment of the caller's choice. No plugin that is
 * known has it but the simulated one.
 *
 * UNIMPLEMENTED where the plugin has no such extension;
 * pjrt_plugin_find_extension tells before. */
#ifndef PJRT_EXT_HOST_ALLOCATOR_H_
#define PJRT_EXT_HOST_ALLOCATOR_H_

#include "pjrt/ext/host_memory_allocator.h"

PJRT_BEGIN_DECLS

/* The alignment, in bytes, at which the client transfers best. INTERNAL where
 * the plugin tells none that is a power of two.
 * PJRT: PJRT_HostAllocator_GetPreferredAlignment (0.80).
 * @param client [borrowed: call]
 * @param out [borrowed: call] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_host_allocator_preferred_alignment(
    pjrt_client *client, size_t *out);

/* Allocates `size` bytes, whose contents are undefined, at a multiple of
 * `alignment`. The memory keeps the client alive.
 * INVALID_ARGUMENT: client is NULL, no bytes or more than there are addresses,
 * an alignment that is no power of two. RESOURCE_EXHAUSTED: memory is short.
 * PJRT: PJRT_HostAllocator_Allocate (0.80).
 * @param client [shared]
 * @param out [owned: pjrt_host_memory_free] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_host_allocator_allocate(
    pjrt_client *client, size_t size, size_t alignment, pjrt_host_memory **out);

PJRT_END_DECLS

#endif /* PJRT_EXT_HOST_ALLOCATOR_H_ */
