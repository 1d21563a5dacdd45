/* Memories: where buffers live. Facts read once, when the client is made.
 *
 * Every memory is borrowed from its client, as devices are. */
#ifndef PJRT_MEMORY_H_
#define PJRT_MEMORY_H_

#include "pjrt/client.h"

PJRT_BEGIN_DECLS

/* @param memory [borrowed: call]
 * @return [borrowed: memory] */
PJRT_API pjrt_client *pjrt_memory_client(const pjrt_memory *memory);

/* The number of the memory, as the plugin counts.
 * PJRT: PJRT_Memory_Id (0.40).
 * @param memory [borrowed: call] */
PJRT_API int pjrt_memory_id(const pjrt_memory *memory);

/* The kind, such as "device", "pinned_host" or "unpinned_host".
 * PJRT: PJRT_Memory_Kind (0.40).
 * @param memory [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: memory] */
PJRT_API const char *pjrt_memory_kind(const pjrt_memory *memory,
                                      size_t *out_size);

/* A number for the kind, a hash in practice; 0 where the plugin has no such
 * function.
 * PJRT: PJRT_Memory_Kind_Id (0.48).
 * @param memory [borrowed: call] */
PJRT_API int pjrt_memory_kind_id(const pjrt_memory *memory);

/* The plugin's own words for it, for logs of the plugin's authors.
 * PJRT: PJRT_Memory_DebugString (0.40).
 * @param memory [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: memory] */
PJRT_API const char *pjrt_memory_debug_string(const pjrt_memory *memory,
                                              size_t *out_size);

/* The plugin's own words for it, for messages to users.
 * PJRT: PJRT_Memory_ToString (0.40).
 * @param memory [borrowed: call]
 * @param out_size [borrowed: call] may be NULL
 * @return [borrowed: memory] */
PJRT_API const char *pjrt_memory_to_string(const pjrt_memory *memory,
                                           size_t *out_size);

/* The devices that can address the memory.
 * PJRT: PJRT_Memory_AddressableByDevices (0.40).
 * @param memory [borrowed: call] */
PJRT_API size_t pjrt_memory_num_devices(const pjrt_memory *memory);

/* NULL past the end.
 * @param memory [borrowed: call]
 * @return [borrowed: memory] */
PJRT_API pjrt_device *pjrt_memory_device(const pjrt_memory *memory, size_t i);

PJRT_END_DECLS

#endif /* PJRT_MEMORY_H_ */
