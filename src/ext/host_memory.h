/* Host memory of the plugin's, from either of the two extensions for it. */
#ifndef PJRT_EXT_HOST_MEMORY_INSIDE_H_
#define PJRT_EXT_HOST_MEMORY_INSIDE_H_

#include "core/client.h"
#include "pjrt/ext/host_memory_allocator.h"

struct pjrt_host_memory {
  pjrt_grave grave;
  pjrt_client *client;
  void *data;
  size_t size;
  /* Gives the memory back. */
  void (*release)(struct pjrt_host_memory *memory);
  void (*deleter)(void *data, void *arg); /* the plugin's, for one of them */
  void *deleter_arg;
};

/* Checks what both are asked for, and makes a handle without memory in it. */
pjrt_error *pjrt_host_memory_create(pjrt_client *client, size_t size,
                                    pjrt_host_memory **out)
    __attribute__((warn_unused_result));

/* Ends the making: hands out memory that is there and as it must be; frees the
 * handle, with the memory, where `error` says otherwise. */
pjrt_error *pjrt_host_memory_finish(pjrt_host_memory *memory, size_t alignment,
                                    const char *call, pjrt_error *error,
                                    pjrt_host_memory **out)
    __attribute__((warn_unused_result));

#endif /* PJRT_EXT_HOST_MEMORY_INSIDE_H_ */
