#include "ext/slots.h"

#include <string.h>

#include "abi/plugin.h"

/* ---- the registry's facts ------------------------------------------------ */

/* A slot, or the extension of all that follow: that one has no name, and its
 * offset is where its node ends. */
static const pjrt_slot rows[] = {
#define PJRT_EXTENSION_ROW(type, name, node, since, kind) \
  {NULL, type, since, sizeof(node), 0},
#define PJRT_EXTENSION_FUNCTION_ROW(node, slot, function, since) \
  {#function, 0, since, offsetof(node, slot), PJRT_SLOT_FUNCTION},
#define PJRT_EXTENSION_UNPUBLISHED_ROW(node, slot) \
  {#slot, 0, 0, offsetof(node, slot), PJRT_SLOT_UNPUBLISHED},
#define PJRT_EXTENSION_NESTED_ROW(table, slot, function, returns, since) \
  {#function, 0, since, offsetof(table, slot), PJRT_SLOT_NESTED},
#include "abi/generated/extensions.inc"
};

enum { NUM_ROWS = sizeof rows / sizeof *rows };

/* From which minor on an extension had which version in its header. */
static const struct {
  int16_t type; /* of an extension; -1 in its versions */
  int16_t minor;
  int16_t version;
} versions[] = {
#define PJRT_EXTENSION_ROW(type, name, node, since, kind) {type, 0, 0},
#define PJRT_EXTENSION_VERSION_ROW(minor, version) {-1, minor, version},
#include "abi/generated/extensions.inc"
};

/* The row of an extension; NUM_ROWS when the type is not known. */
static size_t find_extension(int type) {
  size_t i = 0;
  while (i < NUM_ROWS && (rows[i].name || rows[i].type != type)) i++;
  return i;
}

size_t pjrt_extension_num_slots(int type) {
  const size_t first = find_extension(type) + 1;
  size_t end = first;
  while (end < NUM_ROWS && rows[end].name) end++;
  return end - first;
}

const pjrt_slot *pjrt_slot_at(int type, size_t slot) {
  if (slot >= pjrt_extension_num_slots(type)) return NULL;
  return &rows[find_extension(type) + 1 + slot];
}

int pjrt_extension_since(int type) {
  const size_t i = find_extension(type);
  return i < NUM_ROWS ? rows[i].since : 0;
}

const char *pjrt_extension_slot_name(int type, size_t slot) {
  const pjrt_slot *found = pjrt_slot_at(type, slot);
  return found ? found->name : NULL;
}

int pjrt_extension_slot_since(int type, size_t slot) {
  const pjrt_slot *found = pjrt_slot_at(type, slot);
  if (!found) return 0;
  return found->since ? found->since : pjrt_extension_since(type);
}

int pjrt_slot_since(int type, const char *function) {
  size_t i = 0;
  const pjrt_slot *slot;
  while ((slot = pjrt_slot_at(type, i)) && strcmp(slot->name, function) != 0) {
    i++;
  }
  return slot ? pjrt_extension_slot_since(type, i) : pjrt_extension_since(type);
}

/* ---- what a plugin has --------------------------------------------------- */

int pjrt_plugin_extension_version(const pjrt_plugin *plugin, size_t i) {
  const int type = pjrt_plugin_extension_type(plugin, i);
  const size_t num = sizeof versions / sizeof *versions;
  int version = -1;
  size_t row = 0;
  while (row < num && (versions[row].type != type || type < 0)) row++;
  for (row++; row < num && versions[row].type < 0; row++) {
    if (versions[row].minor <= plugin->minor) version = versions[row].version;
  }
  return version;
}

/* Where a field of the node lies: one without a size lacks that, so that all
 * behind it lies nearer. */
static const char *place_of(const pjrt_extension_node *node, size_t offset) {
  const size_t nearer = node->size ? 0 : offsetof(PJRT_Extension_Base, type);
  return (const char *)node->node + offset - nearer;
}

static void *pointer_at(const char *place) {
  void *pointer;
  memcpy(&pointer, place, sizeof pointer);
  return pointer;
}

/* Whether the node covers what its minor had of it. */
static bool covers(const pjrt_plugin *plugin, const pjrt_extension_node *node,
                   const pjrt_slot *slot) {
  const size_t end = (size_t)slot->offset + sizeof(void *);
  return node->size ? node->size >= end : slot->since <= plugin->minor;
}

static pjrt_slot_state state_in_table(const pjrt_extension_node *node,
                                      const pjrt_slot *slot) {
  const size_t at = offsetof(PJRT_Profiler_Extension, profiler_api);
  const size_t end = (size_t)slot->offset + sizeof(void *);
  if (node->size && node->size < at + sizeof(void *)) return PJRT_SLOT_ABSENT;
  const PLUGIN_Profiler_Api *table = pointer_at(place_of(node, at));
  if (!table || table->struct_size < end) return PJRT_SLOT_ABSENT;
  return pointer_at((const char *)table + slot->offset) ? PJRT_SLOT_PRESENT
                                                        : PJRT_SLOT_NULL;
}

static pjrt_slot_state state_of(const pjrt_plugin *plugin,
                                const pjrt_extension_node *node,
                                const pjrt_slot *slot) {
  if (slot->kind == PJRT_SLOT_NESTED) return state_in_table(node, slot);
  if (!covers(plugin, node, slot)) return PJRT_SLOT_ABSENT;
  if (!pointer_at(place_of(node, (size_t)slot->offset))) return PJRT_SLOT_NULL;
  /* Before the function came, something else may have been there. */
  const bool is_known =
      slot->kind == PJRT_SLOT_FUNCTION && slot->since <= plugin->minor;
  return is_known ? PJRT_SLOT_PRESENT : PJRT_SLOT_UNKNOWN;
}

/* Behind all that is known of this type. A size that cannot be is none. */
static size_t num_unknown(const pjrt_extension_node *node) {
  enum { LARGEST_NODE = 4096 };
  const size_t row = find_extension(node->type);
  if (row == NUM_ROWS || node->size <= (size_t)rows[row].offset ||
      node->size > LARGEST_NODE) {
    return 0;
  }
  return (node->size - (size_t)rows[row].offset) / sizeof(void *);
}

size_t pjrt_plugin_extension_num_slots(const pjrt_plugin *plugin, size_t i) {
  if (i >= plugin->num_extensions) return 0;
  const pjrt_extension_node *node = &plugin->extensions[i];
  return pjrt_extension_num_slots(node->type) + num_unknown(node);
}

pjrt_slot_state pjrt_plugin_extension_slot(const pjrt_plugin *plugin, size_t i,
                                           size_t slot) {
  if (i >= plugin->num_extensions) return PJRT_SLOT_ABSENT;
  const pjrt_extension_node *node = &plugin->extensions[i];
  const size_t num_known = pjrt_extension_num_slots(node->type);
  const pjrt_slot *known = pjrt_slot_at(node->type, slot);
  if (known) return state_of(plugin, node, known);
  if (slot - num_known >= num_unknown(node)) return PJRT_SLOT_ABSENT;
  const size_t end = (size_t)rows[find_extension(node->type)].offset;
  return pointer_at(place_of(node, end + (slot - num_known) * sizeof(void *)))
             ? PJRT_SLOT_UNKNOWN
             : PJRT_SLOT_NULL;
}
