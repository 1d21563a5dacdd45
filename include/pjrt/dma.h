/* Host memory that devices can reach directly, for faster transfers. */
#ifndef PJRT_DMA_H_
#define PJRT_DMA_H_

#include "pjrt/client.h"

PJRT_BEGIN_DECLS

/* A range of host memory that is mapped for a client's devices. */
typedef struct pjrt_dma_mapping pjrt_dma_mapping;

/* Maps (pins) host memory, which must stay until it is unmapped. The mapping
 * keeps the client alive. Most plugins have this for accelerators alone; CPU
 * plugins answer UNIMPLEMENTED.
 * INVALID_ARGUMENT: NULL, no bytes, or more than there are addresses.
 * ALREADY_EXISTS: the range overlaps one that is mapped for this client.
 * PJRT: PJRT_Client_DmaMap (0.67).
 * @param client [shared]
 * @param data [borrowed: out]
 * @param out [owned: pjrt_dma_unmap] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_dma_map(pjrt_client *client, void *data,
                                                size_t size,
                                                pjrt_dma_mapping **out);

/* Ends the mapping; transfers that use the memory must be over. When the plugin
 * fails to unmap, the mapping is gone for this library all the same. NULL is
 * nothing.
 * PJRT: PJRT_Client_DmaUnmap (0.67).
 * @param mapping [taken] */
PJRT_API PJRT_MUST_USE pjrt_error *pjrt_dma_unmap(pjrt_dma_mapping *mapping);

PJRT_END_DECLS

#endif /* PJRT_DMA_H_ */
