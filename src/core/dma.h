/* The host memory that is mapped for a client. */
#ifndef PJRT_CORE_DMA_H_
#define PJRT_CORE_DMA_H_

#include "core/reaper.h"
#include "pjrt/dma.h"

struct pjrt_dma_mapping {
  pjrt_grave grave;
  pjrt_client *client;
  uintptr_t begin;
  size_t size;
  pjrt_dma_mapping *next; /* in the client's list */
};

typedef struct pjrt_dma_list {
  pthread_mutex_t mutex;
  pjrt_dma_mapping *first;
} pjrt_dma_list;

void pjrt_dma_list_init(pjrt_dma_list *list);
void pjrt_dma_list_destroy(pjrt_dma_list *list);

#endif /* PJRT_CORE_DMA_H_ */
