/* Custom_Partitioner: how custom calls are cut into partitions. */
#include <stdlib.h>
#include <string.h>

#include "ext/ext.h"

/* As JAX numbers its callbacks. */
enum { VERSION = 0 };

/* One name and how its calls are partitioned; NULL: along the batch. */
typedef struct partitioner {
  struct partitioner *next;
  JAX_CustomCallPartitioner_Callbacks *callbacks;
  size_t name_size;
  char name[];
} partitioner;

static partitioner *partitioners;

/* Replaces what was registered under the name, and lets it go. */
static void add(const char *name, size_t size,
                JAX_CustomCallPartitioner_Callbacks *callbacks) {
  JAX_CustomCallPartitioner_Callbacks *old = NULL;
  sim_ext_lock();
  partitioner *p = partitioners;
  while (p && (p->name_size != size || memcmp(p->name, name, size) != 0))
    p = p->next;
  if (p) {
    old = p->callbacks;
  } else {
    p = sim_allocate_forever(sizeof(*p) + size);
    p->name_size = size;
    memcpy(p->name, name, size);
    p->next = partitioners;
    partitioners = p;
  }
  p->callbacks = callbacks;
  sim_ext_unlock();
  if (old && old != callbacks && old->dtor) old->dtor(old);
}

static PJRT_Error *register_partitioner(
    PJRT_Register_Custom_Partitioner_Args *args) {
  SIM_EXT_ENTER(args, PJRT_Register_Custom_Partitioner_Args, 32);
  if (!args->name || !args->name_size)
    return sim_misuse("a partitioner without a name");
  if (!args->callbacks) return sim_misuse("NULL callbacks of a partitioner");
  if (args->callbacks->version != VERSION)
    return sim_error(PJRT_Error_Code_INVALID_ARGUMENT,
                     "callbacks of version %lld, expected %d",
                     (long long)args->callbacks->version, VERSION);
  add(args->name, args->name_size, args->callbacks);
  return NULL;
}

static PJRT_Error *register_batch(
    PJRT_Register_Batch_Partitionable_Args *args) {
  SIM_EXT_ENTER(args, PJRT_Register_Batch_Partitionable_Args, 24);
  if (!args->name || !args->name_size)
    return sim_misuse("a partitioner without a name");
  add(args->name, args->name_size, NULL);
  return NULL;
}

static const PJRT_Custom_Partitioner_Extension node = {
    .register_custom_partitioner = register_partitioner,
    .register_batch_partitionable = register_batch,
};

const sim_extension sim_ext_custom_partitioner = {
    .type = PJRT_Extension_Type_Custom_Partitioner,
    .name = "Custom_Partitioner",
    .steps = {{47, 32}, {67, 40}},
    .node = &node,
    .node_size = sizeof(node),
};
