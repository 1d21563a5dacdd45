/* HostAllocator and its successor HostMemoryAllocator: host memory that the
 * plugin can transfer from without a copy. */
#include <stdlib.h>

#include "ext/ext.h"

enum { ALIGNMENT = 64 };

/* More than a host has. */
#define TOO_MUCH ((size_t)1 << 39)

/* Counted as alive, with the caller's bytes behind a header of ours. */
typedef struct block {
  sim_kind kind;
  const PJRT_Client *client;
  void *bytes;
  struct block *next;
} block;

static block *blocks;

static bool is_power_of_two(size_t n) { return n && (n & (n - 1)) == 0; }

static PJRT_Error *allocate(PJRT_Client *client, size_t size, size_t alignment,
                            block **out) {
  SIM_REQUIRE(client, SIM_CLIENT);
  if (!is_power_of_two(alignment))
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "alignment is %zu, expected a power of two", alignment);
  if (size >= TOO_MUCH)
    return sim_error(PJRT_Error_Code_RESOURCE_EXHAUSTED,
                     "no %zu bytes of host memory", size);
  if (alignment < ALIGNMENT) alignment = ALIGNMENT;
  void *bytes = aligned_alloc(alignment, (size / alignment + 1) * alignment);
  if (!bytes)
    return sim_error(PJRT_Error_Code_RESOURCE_EXHAUSTED,
                     "no %zu bytes of host memory", size);
  *out = sim_new(SIM_OTHER, sizeof(**out));
  (*out)->bytes = bytes;
  (*out)->client = client;
  return NULL;
}

static void block_free(block *b) {
  free(b->bytes);
  sim_delete(b, SIM_OTHER);
}

/* ---- HostAllocator ------------------------------------------------------- */

static PJRT_Error *preferred_alignment(
    PJRT_HostAllocator_GetPreferredAlignment_Args *args) {
  SIM_EXT_ENTER(args, PJRT_HostAllocator_GetPreferredAlignment_Args, 32);
  SIM_REQUIRE(args->client, SIM_CLIENT);
  args->preferred_alignment = ALIGNMENT;
  return NULL;
}

static PJRT_Error *host_allocate(PJRT_HostAllocator_Allocate_Args *args) {
  block *b = NULL;
  SIM_EXT_ENTER(args, PJRT_HostAllocator_Allocate_Args, 48);
  SIM_TRY(allocate(args->client, args->size, args->alignment, &b));
  args->ptr = b->bytes;
  sim_ext_lock();
  b->next = blocks;
  blocks = b;
  sim_ext_unlock();
  return NULL;
}

/* Takes a block out of the list; NULL: there is none of this client. */
static block *take(const PJRT_Client *client, const void *bytes) {
  block *found = NULL;
  sim_ext_lock();
  for (block **at = &blocks; *at && !found; at = &(*at)->next) {
    if ((*at)->bytes != bytes || (*at)->client != client) continue;
    found = *at;
    *at = found->next;
    break;
  }
  sim_ext_unlock();
  return found;
}

static PJRT_Error *host_free(PJRT_HostAllocator_Free_Args *args) {
  SIM_EXT_ENTER(args, PJRT_HostAllocator_Free_Args, 32);
  SIM_REQUIRE(args->client, SIM_CLIENT);
  if (!args->ptr) return NULL;
  block *b = take(args->client, args->ptr);
  if (!b) return sim_misuse("PJRT_HostAllocator_Free of other memory");
  block_free(b);
  return NULL;
}

static const PJRT_HostAllocator_Extension node = {
    .get_preferred_alignment = preferred_alignment,
    .allocate = host_allocate,
    .free = host_free,
};

const sim_extension sim_ext_host_allocator = {
    .type = PJRT_Extension_Type_HostAllocator,
    .name = "HostAllocator",
    .steps = {{80, 48}},
    .node = &node,
    .node_size = sizeof(node),
};

/* ---- HostMemoryAllocator ------------------------------------------------- */

static void memory_free(void *bytes, void *arg) {
  block *b = arg;
  if (!sim_is(b, SIM_OTHER) || b->bytes != bytes)
    sim_note_misuse("a deleter of host memory with other arguments");
  else
    block_free(b);
}

static PJRT_Error *memory_allocate(
    PJRT_HostMemoryAllocator_Allocate_Args *args) {
  block *b = NULL;
  SIM_EXT_ENTER(args, PJRT_HostMemoryAllocator_Allocate_Args, 64);
  if (args->numa_node < -1)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT, "there is no node %d",
                     args->numa_node);
  SIM_TRY(allocate(args->client, args->size, ALIGNMENT, &b));
  args->ptr = b->bytes;
  args->deleter = memory_free;
  args->deleter_arg = b;
  return NULL;
}

static const PJRT_HostMemoryAllocator_Extension memory_node = {
    .allocate = memory_allocate,
};

const sim_extension sim_ext_host_memory_allocator = {
    .type = PJRT_Extension_Type_HostMemoryAllocator,
    .name = "HostMemoryAllocator",
    .steps = {{104, 32}},
    .node = &memory_node,
    .node_size = sizeof(memory_node),
};
