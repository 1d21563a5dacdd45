#include "pjrt/ext/host_allocator.h"

#include "base/error.h"
#include "core/plugin.h"
#include "ext/extension.h"
#include "ext/host_memory.h"

#define CALL(plugin, slot, fn, args)                                           \
  PJRT_EXT_CALL(plugin, HostAllocator, PJRT_HostAllocator_Extension, slot, fn, \
                args)

static bool is_power_of_two(size_t n) { return n && (n & (n - 1)) == 0; }

pjrt_error *pjrt_host_allocator_preferred_alignment(pjrt_client *client,
                                                    size_t *out) {
  *out = 0;
  if (!client) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "client is NULL");
  }
  PJRT_TRY(pjrt_client_check(client));
  PJRT_ARGS(PJRT_HostAllocator_GetPreferredAlignment, args);
  args->client = client->raw;
  PJRT_TRY(CALL(client->plugin, get_preferred_alignment,
                PJRT_HostAllocator_GetPreferredAlignment, args));
  if (is_power_of_two(args->preferred_alignment)) {
    *out = args->preferred_alignment;
    return NULL;
  }
  return pjrt_error_about(
      pjrt_error_format(PJRT_INTERNAL,
                        "the plugin prefers an alignment of %zu, which is no "
                        "power of two",
                        args->preferred_alignment),
      client->plugin, "PJRT_HostAllocator_GetPreferredAlignment");
}

static void release(pjrt_host_memory *memory) {
  PJRT_ARGS(PJRT_HostAllocator_Free, args);
  args->client = memory->client->raw;
  args->ptr = memory->data;
  /* Freeing must never be fatal, and nobody is left to tell. */
  pjrt_error_drop(
      CALL(memory->client->plugin, free, PJRT_HostAllocator_Free, args));
}

static pjrt_error *allocate(pjrt_host_memory *memory, size_t alignment) {
  const pjrt_plugin *plugin = memory->client->plugin;
  PJRT_ARGS(PJRT_HostAllocator_Allocate, args);
  args->client = memory->client->raw;
  args->size = memory->size;
  args->alignment = alignment;
  PJRT_TRY(CALL(plugin, allocate, PJRT_HostAllocator_Allocate, args));
  memory->data = args->ptr;
  memory->release = release;
  return NULL;
}

pjrt_error *pjrt_host_allocator_allocate(pjrt_client *client, size_t size,
                                         size_t alignment,
                                         pjrt_host_memory **out) {
  pjrt_host_memory *memory;
  *out = NULL;
  if (!is_power_of_two(alignment)) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "alignment is %zu, expected a power of two",
                             alignment);
  }
  PJRT_TRY(pjrt_host_memory_create(client, size, &memory));
  return pjrt_host_memory_finish(memory, alignment,
                                 "PJRT_HostAllocator_Allocate",
                                 allocate(memory, alignment), out);
}
