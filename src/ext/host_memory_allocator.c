#include "pjrt/ext/host_memory_allocator.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/plugin.h"
#include "ext/answer.h"
#include "ext/extension.h"
#include "ext/host_memory.h"

/* ---- what both extensions share ------------------------------------------ */

pjrt_error *pjrt_host_memory_create(pjrt_client *client, size_t size,
                                    pjrt_host_memory **out) {
  void *memory;
  if (!client) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "client is NULL");
  }
  PJRT_TRY(pjrt_client_check(client));
  if (size == 0 || size > PTRDIFF_MAX) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "%zu bytes are no memory to allocate", size);
  }
  PJRT_TRY(pjrt_alloc(1, sizeof **out, &memory));
  *out = memory;
  (*out)->client = client;
  (*out)->size = size;
  return NULL;
}

static pjrt_error *check(const pjrt_host_memory *memory, size_t alignment,
                         const char *call) {
  const pjrt_plugin *plugin = memory->client->plugin;
  PJRT_TRY(pjrt_ext_check_object(plugin, call, "memory", memory->data));
  if ((uintptr_t)memory->data % alignment == 0) return NULL;
  return pjrt_error_about(
      pjrt_error_format(PJRT_INTERNAL,
                        "the plugin's memory at 0x%zx is not aligned to %zu "
                        "bytes",
                        (size_t)(uintptr_t)memory->data, alignment),
      plugin, call);
}

pjrt_error *pjrt_host_memory_finish(pjrt_host_memory *memory, size_t alignment,
                                    const char *call, pjrt_error *error,
                                    pjrt_host_memory **out) {
  if (!error) {
    error = check(memory, alignment, call);
    if (error && memory->data) memory->release(memory);
  }
  if (error) {
    free(memory);
    return error;
  }
  pjrt_pool_hold(memory->client->pool);
  *out = memory;
  return NULL;
}

static bool bury(pjrt_grave *grave) {
  pjrt_host_memory *memory = (pjrt_host_memory *)grave;
  pjrt_client *client = memory->client;
  memory->release(memory);
  free(memory);
  return pjrt_pool_drop(client->pool);
}

/* What belongs to the parent of a forked process is left alone. */
void pjrt_host_memory_free(pjrt_host_memory *memory) {
  if (!memory || pjrt_client_is_forked(memory->client)) return;
  memory->grave.bury = bury;
  pjrt_client_bury(memory->client, &memory->grave);
}

void *pjrt_host_memory_data(const pjrt_host_memory *memory) {
  return memory->data;
}

size_t pjrt_host_memory_size(const pjrt_host_memory *memory) {
  return memory->size;
}

/* ---- HostMemoryAllocator ------------------------------------------------- */

/* Without a deleter the plugin wants nothing back. */
static void release(pjrt_host_memory *memory) {
  if (memory->deleter) memory->deleter(memory->data, memory->deleter_arg);
}

static pjrt_error *allocate(pjrt_host_memory *memory, int numa_node) {
  PJRT_ARGS(PJRT_HostMemoryAllocator_Allocate, args);
  args->client = memory->client->raw;
  args->size = memory->size;
  args->numa_node = numa_node;
  PJRT_TRY(PJRT_EXT_CALL(memory->client->plugin, HostMemoryAllocator,
                         PJRT_HostMemoryAllocator_Extension, allocate,
                         PJRT_HostMemoryAllocator_Allocate, args));
  memory->data = args->ptr;
  memory->deleter = args->deleter;
  memory->deleter_arg = args->deleter_arg;
  memory->release = release;
  return NULL;
}

pjrt_error *pjrt_host_memory_allocate(pjrt_client *client, size_t size,
                                      int numa_node, pjrt_host_memory **out) {
  pjrt_host_memory *memory;
  *out = NULL;
  if (numa_node < PJRT_ANY_NUMA_NODE) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "NUMA node %d", numa_node);
  }
  PJRT_TRY(pjrt_host_memory_create(client, size, &memory));
  return pjrt_host_memory_finish(memory, 1, "PJRT_HostMemoryAllocator_Allocate",
                                 allocate(memory, numa_node), out);
}
