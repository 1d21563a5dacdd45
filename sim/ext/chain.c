/* The chain of extension nodes, as the options ask for it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ext/ext.h"

/* In the order in which real plugins chain them: the newest first. */
static const sim_extension *const extensions[] = {
    &sim_ext_xla_transform,
    &sim_ext_host_memory_allocator,
    &sim_ext_multi_slice,
    &sim_ext_collectives,
    &sim_ext_abi_version,
    &sim_ext_shardings,
    &sim_ext_megascale,
    &sim_ext_tpu_executable,
    &sim_ext_tpu_topology,
    &sim_ext_host_allocator,
    &sim_ext_callback,
    &sim_ext_executable_metadata,
    &sim_ext_cross_host_transfers,
    &sim_ext_example,
    &sim_ext_phase_compile,
    &sim_ext_raw_buffer,
    &sim_ext_triton,
    &sim_ext_memory_descriptions,
    &sim_ext_ffi,
    &sim_ext_layouts,
    &sim_ext_stream,
    &sim_ext_custom_partitioner,
    &sim_ext_profiler,
    &sim_ext_gpu_custom_call,
};

enum {
  NUM_EXTENSIONS = sizeof extensions / sizeof *extensions,
  FIRST_UNKNOWN_TYPE = 900,
  FIRST_MINOR_WITH_NODE_SIZE = 45,
  NUM_LONGER_SLOTS = 2,
  GARBAGE_BYTES = 64
};

/* Stands for every extension. */
static const char all[] = "all";

bool sim_ext_is_known(const char *name) {
  if (strcmp(name, all) == 0) return true;
  for (size_t i = 0; i < NUM_EXTENSIONS; i++)
    if (strcmp(extensions[i]->name, name) == 0) return true;
  return false;
}

static bool is_listed(const sim_extension *extension, const char *const *names,
                      size_t num_names) {
  for (size_t i = 0; i < num_names; i++)
    if (!strcmp(extension->name, names[i]) || !strcmp(names[i], all))
      return true;
  return false;
}

static size_t size_at(const sim_extension *extension, int minor) {
  size_t size = 0;
  for (int i = 0; i < SIM_EXT_MAX_STEPS && extension->steps[i].minor; i++)
    if (extension->steps[i].minor <= minor) size = extension->steps[i].size;
  return size;
}

/* The slots of all extensions: each one's node, and who has it. */
static const struct slot_row {
  const char *args; /* NULL: the extension whose slots follow */
  int type;
  size_t offset;
} slot_rows[] = {
#define PJRT_EXTENSION_ROW(type, name, node, since, kind) {NULL, type, 0},
#define PJRT_EXTENSION_SLOT_ROW(node, slot, args, kind, since) \
  {#args, -1, offsetof(node, slot)},
#include "abi/generated/extensions.inc"
#undef PJRT_EXTENSION_SLOT_ROW
#undef PJRT_EXTENSION_ROW
};

static bool is_args_of(const char *args, const char *function) {
  const size_t size = strlen(function);
  return !strncmp(args, function, size) && !strcmp(args + size, "_Args");
}

static void clear_slots(char *node, int type, const char *function) {
  void *(*const none)(void *) = NULL;
  int owner = -1;
  for (size_t i = 0; i < sizeof slot_rows / sizeof *slot_rows; i++) {
    const struct slot_row *row = &slot_rows[i];
    if (!row->args) {
      owner = row->type;
    } else if (owner == type && is_args_of(row->args, function)) {
      memcpy(node + row->offset, &none, sizeof(none));
    }
  }
}

/* What a newer plugin has behind the slots that are known. */
static void *unknown_slot(void *args) {
  (void)args;
  fputs("pjrt_sim: an unknown slot of an extension was called\n", stderr);
  abort();
}

static void append_slots(char *node, size_t size, size_t num_slots) {
  void *(*slot)(void *) = unknown_slot;
  for (size_t i = 0; i < num_slots; i++)
    memcpy(node + size + i * sizeof(slot), &slot, sizeof(slot));
}

/* Before 0.45 a node began with its type. */
typedef struct old_node {
  int type;
  void *next;
} old_node;

/* Completes a node whose fields behind the header are set: gives it memory of
 * exactly its size, so that sanitizers see who reads on. */
static PJRT_Extension_Base *finish(const void *node, size_t size, int type,
                                   void *next, int minor) {
  if (minor < FIRST_MINOR_WITH_NODE_SIZE) {
    const size_t shift = sizeof(PJRT_Extension_Base) - sizeof(old_node);
    char *old = sim_allocate_forever(size - shift);
    memcpy(old, (const char *)node + shift, size - shift);
    *(old_node *)(void *)old = (old_node){type, next};
    return (PJRT_Extension_Base *)(void *)old;
  }
  PJRT_Extension_Base *made = sim_allocate_forever(size);
  memcpy(made, node, size);
  made->struct_size = size;
  made->type = (PJRT_Extension_Type)type;
  made->next = next;
  return made;
}

/* Without a size nobody can tell that a node is short. */
static bool is_short(const sim_extension *extension,
                     const pjrt_sim_options *options) {
  return options->minor >= FIRST_MINOR_WITH_NODE_SIZE &&
         is_listed(extension, options->short_extensions,
                   options->num_short_extensions);
}

static bool is_long(const sim_extension *extension,
                    const pjrt_sim_options *options) {
  return is_listed(extension, options->long_extensions,
                   options->num_long_extensions);
}

/* The slots behind the last known field; none where that is not there. */
static size_t num_unknown_slots(const sim_extension *extension,
                                const pjrt_sim_options *options) {
  if (is_short(extension, options)) return 0;
  return (size_t)sim_num_new_minors() +
         (is_long(extension, options) ? NUM_LONGER_SLOTS : 0);
}

static size_t round_up(size_t size) {
  const size_t pointer = sizeof(void *);
  return (size + pointer - 1) / pointer * pointer;
}

/* A node that is longer than its minor had it has nothing where newer ones have
 * what is known. */
static size_t lengthen(char *node, size_t size,
                       const sim_extension *extension) {
  const size_t end = round_up(extension->node_size);
  if (size < end) memset(node + size, 0, end - size);
  return size < end ? end : size;
}

/* `next` itself when the options leave the extension out. */
static PJRT_Extension_Base *prepend(const sim_extension *extension,
                                    PJRT_Extension_Base *next,
                                    const pjrt_sim_options *options) {
  const size_t pointer = sizeof(void *);
  const size_t num_slots = num_unknown_slots(extension, options);
  size_t size = size_at(extension, options->minor);
  if (!size || is_listed(extension, options->absent_extensions,
                         options->num_absent_extensions))
    return next;
  char *room = sim_allocate(SIM_EXT_NODE_BYTES + num_slots * pointer);
  memcpy(room, extension->node, extension->node_size);
  if (extension->adapt) extension->adapt(room, options->minor);
  for (size_t i = 0; i < options->num_null_functions; i++)
    clear_slots(room, (int)extension->type, options->null_functions[i]);
  if (is_short(extension, options)) size = round_up(size) - pointer;
  if (is_long(extension, options)) size = lengthen(room, size, extension);
  if (num_slots) {
    size = round_up(size);
    append_slots(room, size, num_slots);
    size += num_slots * pointer;
  }
  next = finish(room, size, (int)extension->type, next, options->minor);
  free(room);
  return next;
}

static PJRT_Extension_Base *prepend_unknown(int i, PJRT_Extension_Base *next,
                                            const pjrt_sim_options *options) {
  max_align_t room[SIM_EXT_NODE_BYTES / sizeof(max_align_t)] = {0};
  size_t size = sizeof(PJRT_Extension_Base) + sizeof(int64_t);
  if (options->garbage_in_unknown_extensions) {
    size += GARBAGE_BYTES;
    memset(room, 0xa5, size);
  }
  return finish(room, size, FIRST_UNKNOWN_TYPE + i, next, options->minor);
}

static void link_last(PJRT_Extension_Base *last, PJRT_Extension_Base *first,
                      int minor) {
  if (minor < FIRST_MINOR_WITH_NODE_SIZE) {
    ((old_node *)(void *)last)->next = first;
  } else {
    last->next = first;
  }
}

/* The unknown ones come first, so that whoever stops there sees nothing. */
PJRT_Extension_Base *sim_ext_chain(const pjrt_sim_options *options) {
  PJRT_Extension_Base *first = NULL, *last = NULL;
  for (size_t i = NUM_EXTENSIONS; i-- > 0;) {
    first = prepend(extensions[i], first, options);
    if (!last) last = first;
  }
  for (int i = options->num_unknown_extensions; i-- > 0;) {
    first = prepend_unknown(i, first, options);
    if (!last) last = first;
  }
  if (last && options->extension_cycle) link_last(last, first, options->minor);
  return first;
}
