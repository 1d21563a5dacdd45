/* What the library knows of a loaded plugin: its function table, normalized,
 * and how it wants to be spoken to. */
#ifndef PJRT_ABI_PLUGIN_H_
#define PJRT_ABI_PLUGIN_H_

#include <stdatomic.h>
#include <sys/stat.h>

#include "abi/generated/call_ids.h"
#include "pjrt/abi.h"
#include "pjrt/plugin.h"

/* One node of the plugin's extension chain, known or not. */
typedef struct pjrt_extension_node {
  int type;
  size_t size; /* as declared; 0 before API 0.45, whose nodes declare none */
  const void *node;
} pjrt_extension_node;

struct pjrt_plugin {
  /* The plugin's table in our own full size: what it lacks reads as NULL. */
  PJRT_Api table;
  /* The struct_size to declare, per call and per struct. */
  size_t args_size[PJRT_NUM_CALLS];
  size_t struct_size[PJRT_NUM_STRUCTS];
  bool exact_struct_sizes;

  int major;
  int minor;
  size_t declared_table_size;
  pjrt_extension_node *extensions;
  size_t num_extensions;

  char *path;
  size_t path_size;
  char *label;              /* "file.so (API 0.115)", for errors */
  struct stat file;         /* as it was when it was loaded */
  _Atomic(char *) identity; /* of the file; NULL until it is asked for */
  pjrt_named_values *attributes;
  bool is_initialized;
  atomic_size_t refs;
};

/* Whether the library knows every field of the plugin's structs. A newer one
 * may leave outputs in the reserve of args, which then serve for one call. */
bool pjrt_plugin_is_known(const pjrt_plugin *plugin);

/* Fills in the table, the version, the sizes and the extensions from what
 * GetPjrtApi returned. INVALID_ARGUMENT or FAILED_PRECONDITION as documented
 * at pjrt_plugin_open; what was filled in so far is freed with the plugin. */
pjrt_error *pjrt_plugin_negotiate(pjrt_plugin *plugin, const PJRT_Api *api)
    __attribute__((warn_unused_result));

/* Chooses the sizes to declare: those of the plugin's own minor, or the newest
 * ones, which every other plugin accepts. */
void pjrt_plugin_set_sizes(pjrt_plugin *plugin, bool exact);

#endif /* PJRT_ABI_PLUGIN_H_ */
