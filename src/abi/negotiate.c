/* Version negotiation: from the table that a plugin hands out to one that is
 * safe to use. The rules, with the reason for each:
 *
 *   - Major 0 alone. Minor 0.40 on, without 0.56, which had another order.
 *   - From 0.57 the declared size decides which slots exist. 0.40 to 0.55 all
 *     declare 808 bytes while later slots work: there the minor decides.
 *   - A slot inside the table may still be NULL.
 *   - Extension nodes before 0.45 have no struct_size. */
#include <stdlib.h>
#include <string.h>

#include "abi/call.h"
#include "abi/generated/sizes.h"
#include "base/alloc.h"
#include "base/error.h"

/* The table starts with struct_size, extension_start and the version. */
static const size_t header_size = offsetof(PJRT_Api, PJRT_Error_Destroy);

/* No chain in the wild has more than 18 nodes; one this long is a circle. */
enum { MAX_EXTENSIONS = 1024 };

enum {
  FIRST_MINOR = 40,       /* the oldest that this library supports */
  SIZED_NODES_MINOR = 45, /* extension nodes declare their size from here */
  REORDERED_MINOR = 56,   /* its table had another order */
  SIZED_TABLE_MINOR = 57  /* the declared table size is true from here */
};

static pjrt_error *check_version(int major, int minor) {
  if (major != 0) {
    return pjrt_error_format(
        PJRT_FAILED_PRECONDITION,
        "the plugin speaks PJRT API %d.%d; this library speaks major 0", major,
        minor);
  }
  if (minor < FIRST_MINOR) {
    return pjrt_error_format(
        PJRT_FAILED_PRECONDITION,
        "the plugin speaks PJRT API 0.%d; the oldest supported is 0.%d", minor,
        FIRST_MINOR);
  }
  if (minor == REORDERED_MINOR) {
    return pjrt_error_format(PJRT_FAILED_PRECONDITION,
                             "the plugin speaks PJRT API 0.56, whose function "
                             "table had an order of its own; not supported");
  }
  return NULL;
}

/* How many bytes of the plugin's table are there to be copied. */
static size_t usable_size(size_t declared, int minor) {
  size_t size = declared;
  if (minor < SIZED_TABLE_MINOR) {
    size = header_size + (size_t)pjrt_api_functions_at(minor) * sizeof(void *);
  }
  if (size > sizeof(PJRT_Api)) size = sizeof(PJRT_Api);
  return size - size % sizeof(void *);
}

/* Without these no other function's error could be read. */
static pjrt_error *check_required(const pjrt_plugin *plugin) {
  static const pjrt_call_id required[] = {PJRT_CALL_PJRT_Error_Destroy,
                                          PJRT_CALL_PJRT_Error_Message,
                                          PJRT_CALL_PJRT_Error_GetCode};
  for (size_t i = 0; i < sizeof required / sizeof required[0]; i++) {
    if (pjrt_call_exists(plugin, required[i])) continue;
    return pjrt_error_format(
        PJRT_INVALID_ARGUMENT,
        "the plugin's function table has no %s, which every plugin must have "
        "(table of %zu bytes, API 0.%d)",
        pjrt_call_name(required[i]), plugin->declared_table_size,
        plugin->minor);
  }
  return NULL;
}

/* Before 0.45 a node was {type, next}; since then {struct_size, type, next}. */
static const void *read_node(const void *node, int minor,
                             pjrt_extension_node *out) {
  if (minor >= SIZED_NODES_MINOR) {
    const PJRT_Extension_Base *base = node;
    *out = (pjrt_extension_node){(int)base->type, base->struct_size, node};
    return base->next;
  }
  const struct {
    PJRT_Extension_Type type;
    const void *next;
  } *old = node;
  *out = (pjrt_extension_node){(int)old->type, 0, node};
  return old->next;
}

static pjrt_error *walk_extensions(pjrt_plugin *plugin, const void *start) {
  pjrt_extension_node node;
  size_t num = 0;
  for (const void *at = start; at; num++) {
    if (num == MAX_EXTENSIONS) {
      return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                               "the plugin's chain of extensions does not end "
                               "after %d nodes",
                               MAX_EXTENSIONS);
    }
    at = read_node(at, plugin->minor, &node);
  }
  void *nodes;
  PJRT_TRY(pjrt_alloc(num, sizeof *plugin->extensions, &nodes));
  plugin->extensions = nodes;
  const void *at = start;
  while (plugin->num_extensions < num) {
    at = read_node(at, plugin->minor, &node);
    plugin->extensions[plugin->num_extensions++] = node;
  }
  return NULL;
}

/* A newer plugin may expect structs that have grown; the reserve behind ours
 * is zero, which is every new field's default. */
static size_t grown(size_t newest) {
  size_t rounded =
      (newest + sizeof(void *) - 1) / sizeof(void *) * sizeof(void *);
  return rounded + PJRT_ARGS_RESERVE;
}

bool pjrt_plugin_is_known(const pjrt_plugin *plugin) {
  return plugin->minor <= PJRT_NEWEST_MINOR;
}

void pjrt_plugin_set_sizes(pjrt_plugin *plugin, bool exact) {
  bool newer = !pjrt_plugin_is_known(plugin) && !exact;
  plugin->exact_struct_sizes = exact;
  for (int i = 0; i < PJRT_NUM_CALLS; i++) {
    size_t newest = pjrt_args_size((pjrt_call_id)i);
    plugin->args_size[i] =
        exact   ? pjrt_args_size_at((pjrt_call_id)i, plugin->minor)
        : newer ? grown(newest)
                : newest;
  }
  for (int i = 0; i < PJRT_NUM_STRUCTS; i++) {
    size_t newest = pjrt_struct_size((pjrt_struct_id)i);
    plugin->struct_size[i] =
        exact   ? pjrt_struct_size_at((pjrt_struct_id)i, plugin->minor)
        : newer ? grown(newest)
                : newest;
  }
}

pjrt_error *pjrt_plugin_negotiate(pjrt_plugin *plugin, const PJRT_Api *api) {
  if (!api) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "the plugin's GetPjrtApi returned NULL");
  }
  plugin->declared_table_size = api->struct_size;
  if (api->struct_size < header_size) {
    return pjrt_error_format(
        PJRT_INVALID_ARGUMENT,
        "the plugin's function table declares %zu bytes, too few for a version "
        "(%zu)",
        api->struct_size, header_size);
  }
  plugin->major = api->pjrt_api_version.major_version;
  plugin->minor = api->pjrt_api_version.minor_version;
  PJRT_TRY(check_version(plugin->major, plugin->minor));
  memcpy(&plugin->table, api, usable_size(api->struct_size, plugin->minor));
  PJRT_TRY(check_required(plugin));
  pjrt_plugin_set_sizes(plugin, false);
  return walk_extensions(plugin, api->extension_start);
}
